"""Criteria decided patient by patient in plain Python, as the records' docstrings say, word by word.

A patient is a dict of column values (None, an absent key or NaN is unknown) and a list of events (dicts with
the keys of `EVENT_SCHEMA` but for the patient). Answers are True, False or None for unknown. Limits and
multiples are compared as decimals, exactly, because a threshold decides about patients. Written without
the code that screens.
"""

import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from unburden.domain.cohort import Column
from unburden.domain.criteria import (
    INDEX,
    AllOf,
    AnyOf,
    AtLeast,
    Between,
    Compare,
    CompareToLimit,
    CountEvents,
    CriterionRule,
    EventSet,
    Expression,
    LatestValue,
    Not,
    OneOf,
    Unless,
    Unread,
    Window,
)
from unburden.domain.units import PLAIN_UNITS, convert_value

Answer = bool | None
Row = Mapping[str, object]
Event = Mapping[str, object]
COMPARE = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True)
class Patient:
    """One row of a cohort's table and the events of its timeline in the order of the table."""

    row: Row
    events: Sequence[Event] = ()


def answer_expression(expression: Expression, patient: Patient, columns: Mapping[str, Column]) -> Answer:
    """Whether the expression holds for the patient."""
    match expression:
        case AllOf(parts=parts):
            return answer_and([answer_expression(part, patient, columns) for part in parts])
        case AnyOf(parts=parts):
            return answer_or([answer_expression(part, patient, columns) for part in parts])
        case Not(part=part):
            return answer_not(answer_expression(part, patient, columns))
        case AtLeast(count=count, parts=parts):
            answers = [answer_expression(part, patient, columns) for part in parts]
            if sum(1 for answer in answers if answer is True) >= count:
                return True
            if sum(1 for answer in answers if answer is not False) < count:
                return False
            return None
        case Unless(part=part, exception=exception):
            excepted = answer_expression(exception, patient, columns)
            return answer_and([answer_expression(part, patient, columns), answer_not(excepted)])
        case Unread():
            return None
        case CountEvents():
            return _answer_count(expression, patient)
        case LatestValue():
            return _answer_latest(expression, patient)
        case _:
            return _answer_column(expression, patient, columns)


def answer_and(answers: Sequence[Answer]) -> Answer:
    """Kleene and: False beats unknown; of nothing True."""
    if any(answer is False for answer in answers):
        return False
    return None if any(answer is None for answer in answers) else True


def answer_or(answers: Sequence[Answer]) -> Answer:
    """Kleene or: True beats unknown; of nothing False."""
    if any(answer is True for answer in answers):
        return True
    return None if any(answer is None for answer in answers) else False


def answer_not(answer: Answer) -> Answer:
    """Kleene not."""
    return None if answer is None else not answer


def _answer_column(leaf, patient: Patient, columns: Mapping[str, Column]) -> Answer:
    """`Compare`, `Between`, `OneOf` and `CompareToLimit`: the value against thresholds in its own unit."""
    value, unit = _get(patient.row, leaf.column), columns[leaf.column].unit
    if value is None:
        return None
    match leaf:
        case Compare(operator=sign, value=threshold, unit=asked):
            return COMPARE[sign](value, _convert(threshold, asked, unit))
        case Between(low=low, high=high, unit=asked):
            return _convert(low, asked, unit) <= value <= _convert(high, asked, unit)
        case OneOf(values=values):
            return any(value == wanted for wanted in values)
        case CompareToLimit(operator=sign, multiple=multiple, limit=limit):
            column = columns[leaf.column]
            declared = column.upper_limit if limit == "ULN" else column.lower_limit
            if declared is None:
                raise KeyError(f"column {leaf.column} declares no {limit}")
            normal = _get(patient.row, declared) if isinstance(declared, str) else declared
            if normal is None:
                return None
            return COMPARE[sign](_exact(value), _exact(multiple) * _exact(normal))
    raise TypeError(f"{leaf} is no leaf")


def _get(row: Row, name: str):
    value = row.get(name)
    return None if isinstance(value, float) and math.isnan(value) else value


def _exact(number) -> Fraction | float:
    """The decimal that the number is written as; infinity as it is."""
    return Fraction(repr(float(number))) if math.isfinite(number) else float(number)


def _convert(value, asked: str, unit: str):
    """A threshold in the unit of what it is compared with; words, flags and plain numbers as they are."""
    if isinstance(value, str | bool) or asked == unit or (asked in PLAIN_UNITS and unit in PLAIN_UNITS):
        return value
    return convert_value(value, asked, unit)


def list_events_within(events: EventSet, window: Window, timeline: Sequence[Event]) -> list[Event] | None:
    """The timeline's events of the set within the window; None where the window's anchor never happened."""
    anchor = 0.0
    if window.relative_to != INDEX:
        days = [event["day"] for event in timeline if event["kind"] == window.relative_to]
        if not days:
            return None
        anchor = min(days)
    found = []
    for event in timeline:
        if event["kind"] != events.kind:
            continue
        if events.codes and event["code"] not in events.codes:
            continue
        if events.system and event["system"] != events.system:
            continue
        if window.from_days is not None and event["day"] < anchor + window.from_days:
            continue
        if window.to_days is not None and event["day"] > anchor + window.to_days:
            continue
        found.append(event)
    return found


def _answer_count(leaf: CountEvents, patient: Patient) -> Answer:
    found = list_events_within(leaf.events, leaf.window, patient.events)
    if found is None or (not found and leaf.absence == "unknown"):
        return None
    return COMPARE[leaf.operator](len(found), leaf.count)


def _answer_latest(leaf: LatestValue, patient: Patient) -> Answer:
    """The last event by day, of one day the last in the table; without value or unit it is unknown."""
    found = list_events_within(leaf.events, leaf.window, patient.events)
    if not found:
        return None
    last = found[0]
    for event in found[1:]:
        if event["day"] >= last["day"]:
            last = event
    value, unit = _get(last, "value"), last["unit"]
    if value is None or (unit is None and leaf.unit not in PLAIN_UNITS):
        return None
    return COMPARE[leaf.operator](_convert(value, unit or "", leaf.unit), leaf.value)


def answer_rule(rule: CriterionRule, patient: Patient, columns: Mapping[str, Column]) -> Answer:
    """Whether the patient meets the criterion: holds for an inclusion, does not hold for an exclusion."""
    answer = answer_expression(rule.expression, patient, columns)
    return answer if rule.is_inclusion else answer_not(answer)


def is_let_through(rule: CriterionRule, answer: Answer) -> bool:
    """Whether a patient with this answer goes on: unknown as the criterion's policy says."""
    return rule.unknown == "keep" if answer is None else answer


@dataclass(frozen=True)
class Step:
    """One criterion's counts, named as in `AttritionStep`; `alone_not_met` leaves out the unknown."""

    criterion_id: str
    entering: int
    met: int
    not_met: int
    unknown: int
    leaving: int
    alone: int
    alone_not_met: int
    only: int


def screen_by_hand(
    rules: Sequence[CriterionRule], patients: Sequence[Patient], columns: Mapping[str, Column]
) -> tuple[list[Step], list[int]]:
    """Each criterion's step and the row numbers of those who pass all.

    `alone` counts everyone whom the criterion keeps out under its policy for unknown; `only` everyone
    whom it keeps out and all others let through.
    """
    answers = [[answer_rule(rule, patient, columns) for rule in rules] for patient in patients]
    passes = [[is_let_through(r, a) for r, a in zip(rules, row, strict=True)] for row in answers]
    steps, present = [], list(range(len(patients)))
    for j, rule in enumerate(rules):
        column = [answers[i][j] for i in present]
        staying = [i for i in present if passes[i][j]]
        only = 0
        for row in passes:
            others = [let for k, let in enumerate(row) if k != j]
            only += 1 if all(others) and not row[j] else 0
        steps.append(
            Step(
                criterion_id=rule.criterion_id,
                entering=len(present),
                met=sum(1 for answer in column if answer is True),
                not_met=sum(1 for answer in column if answer is False),
                unknown=sum(1 for answer in column if answer is None),
                leaving=len(staying),
                alone=sum(1 for row in passes if not row[j]),
                alone_not_met=sum(1 for row in answers if row[j] is False),
                only=only,
            )
        )
        present = staying
    return steps, present


def read_patients(frame, events=None) -> list[Patient]:
    """A cohort's polars tables as patients."""
    timelines: list[list[Event]] = [[] for _ in range(frame.height)]
    if events is not None:
        for event in events.to_dicts():
            timelines[event["patient"]].append(event)
    return [Patient(row, timeline) for row, timeline in zip(frame.to_dicts(), timelines, strict=True)]

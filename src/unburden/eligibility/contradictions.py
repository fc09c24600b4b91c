"""Criteria that contradict each other: by their own words, or on the patients of a cohort."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import combinations
from typing import TypeAlias

import numpy as np

from unburden.domain.cohort import Cohort
from unburden.domain.criteria import (
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
    Leaf,
    Not,
    OneOf,
    Operator,
    Unless,
    Unread,
    Value,
    Window,
)
from unburden.domain.errors import InvalidCriterion, Problems
from unburden.domain.units import DIMENSION_BY_UNIT, PLAIN_UNITS, convert_value
from unburden.eligibility.columns import kind_of_value
from unburden.eligibility.evaluate import evaluate_expression
from unburden.eligibility.problems import find_form_problems
from unburden.eligibility.value_sets import FLAGS, Numbers, ValueSet, Words, make_range, make_whole_range

MOST_CASES = 4000
"""A rule, or a pair of rules, with more alternatives than this is not looked into and never accused."""

_NEGATED: dict[Operator, Operator] = {
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "==": "!=",
    "!=": "==",
}


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A criterion, or two criteria together, that nobody can pass.

    `only_unknown_pass` says that a patient could still pass for whom a leaf of the criteria is
    unknown, because of their policy. `about` names what cannot be: columns, counts, values.
    """

    criterion_ids: tuple[str, ...]
    only_unknown_pass: bool
    about: tuple[str, ...]

    def __str__(self) -> str:
        who = "no patient" if not self.only_unknown_pass else "no patient of whom enough is known"
        both = "both " if len(self.criterion_ids) > 1 else ""
        return f"{who} can pass {both}{' and '.join(self.criterion_ids)}: {', '.join(self.about)}"


@dataclass(frozen=True, slots=True)
class EmptyPair:
    """Two criteria that some patients of a cohort pass each, and none passes both."""

    criterion_ids: tuple[str, str]
    passing: tuple[int, int]
    patients: int

    def __str__(self) -> str:
        (one, other), (first, second) = self.criterion_ids, self.passing
        return (
            f"of {self.patients} patients {first} pass {one} and {second} pass {other}, but none passes both"
        )


def find_contradictions(rules: Sequence[CriterionRule]) -> tuple[Contradiction, ...]:
    """The criteria that nobody can pass, and the pairs of the others that nobody can pass together.

    Each rule is put into disjunctive normal form, which Kleene's logic allows, over sets of values
    of each measure; a pair is accused if every combination of its alternatives leaves some measure
    without a value. Units are converted in exact decimals. Nothing is accused wrongly, whatever
    the patients: measures are taken as independent of each other, except that a narrower count of
    events is at most a wider one, and that limits of normal are above 0. So not every contradiction
    is found: three criteria that contradict each other only together, whole numbers in columns,
    rules with more than `MOST_CASES` alternatives.

    Raises `InvalidCriterion` for rules that can be evaluated on no cohort.

    >>> rules = (
    ...     CriterionRule("IN01", "Adults", True, Compare("age", ">=", 18, "year"), "exclude"),
    ...     CriterionRule("EX01", "Over 12", False, Compare("age", ">", 144, "month"), "keep"),
    ... )
    >>> print(find_contradictions(rules)[0])
    no patient can pass both IN01 and EX01: column 'age'
    """
    problems = Problems("criteria")
    for rule in rules:
        label = f"criterion {rule.criterion_id!r}"
        problems.extend(f"{label}: {found}" for found in find_form_problems(rule.expression))
    problems.raise_if_any(InvalidCriterion)
    found: list[Contradiction] = []
    cases: list[tuple[str, tuple[_Case, ...]]] = []
    for rule in rules:
        own = _list_cases(rule)
        if own is None:
            continue
        clash = _find_clash([own], (rule.criterion_id,))
        if clash is None:
            cases.append((rule.criterion_id, own))
        else:
            found.append(clash)
    for (one, first), (other, second) in combinations(cases, 2):
        if len(first) * len(second) <= MOST_CASES and (clash := _find_clash([first, second], (one, other))):
            found.append(clash)
    return tuple(found)


def find_empty_pairs(rules: Sequence[CriterionRule], cohort: Cohort) -> tuple[EmptyPair, ...]:
    """The pairs of criteria that no patient of the cohort passes together, though each alone some do.

    This is evidence from these patients, unlike `find_contradictions`, which holds for all. A
    patient of whom it is unknown passes under the policy "keep". Raises `InvalidCriterion`.
    """
    if not rules:
        return ()
    truths = [evaluate_expression(rule.expression, cohort) for rule in rules]
    passing = np.array(
        [
            (truth if rule.is_inclusion else ~truth).fill_null(rule.unknown == "keep").to_numpy()
            for rule, truth in zip(rules, truths, strict=True)
        ],
        dtype=np.float64,
    )
    together = passing @ passing.T
    alone = together.diagonal()
    return tuple(
        EmptyPair(
            (rules[one].criterion_id, rules[other].criterion_id),
            (int(alone[one]), int(alone[other])),
            cohort.patients,
        )
        for one, other in combinations(range(len(rules)), 2)
        if together[one, other] == 0 and alone[one] > 0 and alone[other] > 0
    )


@dataclass(frozen=True, slots=True)
class _Measure:
    """What a literal speaks of; `kind` is "column", "limit", "count", "latest" or "unread".

    A patient's column has one value or is unknown, for every literal alike. Of events ("count",
    "latest") a patient may have several possible values at once, of which some meet a literal.
    """

    kind: str
    name: str
    values: str = ""
    events: EventSet | None = None
    window: Window | None = None

    @property
    def is_vague(self) -> bool:
        return self.events is not None

    def __str__(self) -> str:
        match self.kind:
            case "column":
                return f"column {self.name!r}"
            case "limit":
                return f"column {self.name!r} against its {self.values}"
            case "unread":
                return f"words that no data answer ({self.name!r})"
        return f"{'number' if self.kind == 'count' else 'latest value'} of {self.name}"


@dataclass(frozen=True, slots=True)
class _Literal:
    """A measure within a set; `is_strict` if unknown does not do. `values` None is any value."""

    measure: _Measure
    values: ValueSet | None
    is_strict: bool


_Case: TypeAlias = tuple[_Literal, ...]


class _TooMany(Exception):
    """More alternatives than are looked into."""


def _list_cases(rule: CriterionRule) -> tuple[_Case, ...] | None:
    """The alternatives under which a patient passes the rule; None if there are too many."""
    try:
        return tuple(_expand(rule.expression, rule.is_inclusion, rule.unknown == "exclude"))
    except _TooMany:
        return None


def _expand(expression: Expression, wanted: bool, is_strict: bool) -> list[_Case]:
    """The disjunctive normal form of an expression, or of its negation."""
    match expression:
        case AllOf(parts=parts):
            at_least = len(parts) if wanted else 1
        case AnyOf(parts=parts):
            at_least = 1 if wanted else len(parts)
        case AtLeast(count=count, parts=parts):
            at_least = count if wanted else len(parts) - count + 1
        case Not(part=part):
            return _expand(part, not wanted, is_strict)
        case Unless(part=part, exception=exception):
            return _expand(AllOf((part, Not(exception))), wanted, is_strict)
        case leaf:
            return [(_read_literal(leaf, wanted, is_strict),)]
    return _choose([_expand(part, wanted, is_strict) for part in parts], at_least)


def _choose(parts: list[list[_Case]], at_least: int) -> list[_Case]:
    """Every way to meet so many of the parts."""
    cases: list[_Case] = []
    for chosen in combinations(parts, at_least):
        joined: list[_Case] = [()]
        for part in chosen:
            if len(joined) * len(part) > MOST_CASES:
                raise _TooMany
            joined = [(*case, *more) for case in joined for more in part]
        cases.extend(joined)
        if len(cases) > MOST_CASES:
            raise _TooMany
    return list(dict.fromkeys(cases))


def _read_literal(leaf: Leaf, wanted: bool, is_strict: bool) -> _Literal:
    match leaf:
        case Compare() | Between() | OneOf():
            return _read_column(leaf, wanted, is_strict)
        case CompareToLimit(column=column, operator=operator, multiple=multiple, limit=limit):
            values = make_range(_turn(operator, wanted), _exact(multiple))
            return _Literal(_Measure("limit", column, limit), values, is_strict)
        case CountEvents(events=events, operator=operator, count=count, window=window, absence=absence):
            measure = _Measure("count", _show_events(events, window), absence, events, window)
            return _Literal(measure, make_whole_range(_turn(operator, wanted), count), is_strict)
        case LatestValue(events=events, operator=operator, value=value, unit=unit, window=window):
            dimension, number = _convert(value, unit)
            measure = _Measure("latest", _show_events(events, window), dimension, events, window)
            return _Literal(measure, make_range(_turn(operator, wanted), number), is_strict)
        case Unread(text=text):
            return _Literal(_Measure("unread", text), None, is_strict)


def _read_column(leaf: Compare | Between | OneOf, wanted: bool, is_strict: bool) -> _Literal:
    """A literal over a column; the column's kind and dimension tell measures apart."""
    match leaf:
        case Compare(column=column, operator=operator, value=value, unit=unit):
            if kind_of_value(value) == "number":
                dimension, number = _convert(value, unit)
                values = make_range(_turn(operator, wanted), number)
                return _Literal(_Measure("column", column, dimension), values, is_strict)
            is_same = (operator == "==") == wanted
            return _list_words(column, (value,), is_same, is_strict)
        case Between(column=column, low=low, high=high, unit=unit):
            dimension, first = _convert(low, unit)
            inside = make_range(">=", first).intersect(make_range("<=", _convert(high, unit)[1]))
            values = inside if wanted else inside.complement()
            return _Literal(_Measure("column", column, dimension), values, is_strict)
        case OneOf(column=column, values=listed):
            kinds = {kind_of_value(value) for value in listed}
            if kinds == {"number"}:
                ends = tuple((_exact(value), 0) for value in listed)
                points = Numbers(tuple((end, end) for end in ends))
                dimension, _ = _convert(0, "")
                values = points if wanted else points.complement()
                return _Literal(_Measure("column", column, dimension), values, is_strict)
            if len(kinds) > 1:
                return _Literal(_Measure("column", column, "mixed"), None, is_strict)
            return _list_words(column, listed, wanted, is_strict)


def _list_words(column: str, listed: tuple[Value, ...], is_same: bool, is_strict: bool) -> _Literal:
    kind = kind_of_value(listed[0])
    held = frozenset(value for value in listed if isinstance(value, str | bool))
    words = Words(held, not is_same, FLAGS if kind == "flag" else None)
    return _Literal(_Measure("column", column, kind), words, is_strict)


def _turn(operator: Operator, wanted: bool) -> Operator:
    return operator if wanted else _NEGATED[operator]


def _exact(value: Value) -> Fraction:
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


def _convert(value: Value, unit: str) -> tuple[str, Fraction]:
    """The dimension and the number in its smallest unit, exact."""
    number = _exact(value)
    if unit in PLAIN_UNITS or unit == "%":
        return "number", number / 100 if unit == "%" else number
    if unit not in DIMENSION_BY_UNIT:
        return unit, number
    dimension = DIMENSION_BY_UNIT[unit]
    # In the smallest unit every factor is a whole number, which no rounding touches.
    return dimension, number * Fraction(convert_value(1.0, unit, _find_smallest_unit(dimension)))


@cache
def _find_smallest_unit(dimension: str) -> str:
    units = [unit for unit, held in DIMENSION_BY_UNIT.items() if held == dimension]
    return min(units, key=lambda unit: convert_value(1.0, unit, units[0]))


def _show_events(events: EventSet, window: Window) -> str:
    codes = f" ({', '.join(events.codes)})" if events.codes else ""
    days = [window.from_days, window.to_days]
    within = "" if days == [None, None] else f" within days {days[0]} to {days[1]} of {window.relative_to}"
    return f"{events.kind!r} events{codes}{within}"


def _find_clash(cases: list[tuple[_Case, ...]], ids: tuple[str, ...]) -> Contradiction | None:
    """The contradiction of one or two rules' alternatives; None if some patient may pass."""
    for is_known in (False, True):
        about = _find_failures(cases, is_known=is_known)
        if about is not None:
            return Contradiction(ids, is_known, about)
    return None


def _find_failures(cases: list[tuple[_Case, ...]], *, is_known: bool) -> tuple[str, ...] | None:
    """What each combination of alternatives fails at; None if one does not fail."""
    about: dict[str, None] = {}
    for case in _combine(cases):
        failing = _find_impossible(case, is_known)
        if failing is None:
            return None
        about.setdefault(str(failing))
    return tuple(about)


def _combine(cases: list[tuple[_Case, ...]]) -> Iterator[_Case]:
    if len(cases) == 1:
        yield from cases[0]
        return
    for one in cases[0]:
        for other in cases[1]:
            yield (*one, *other)


def _find_impossible(case: _Case, is_known: bool) -> _Measure | None:
    """A measure that leaves no value for a patient under all literals together."""
    by_measure: dict[_Measure, list[_Literal]] = {}
    for literal in case:
        by_measure.setdefault(literal.measure, []).append(literal)
    for measure, literals in by_measure.items():
        if not _can_meet(measure, literals, is_known):
            return measure
    return _find_impossible_counts(by_measure, is_known)


def _can_meet(measure: _Measure, literals: list[_Literal], is_known: bool) -> bool:
    if measure.kind == "unread":
        # Always unknown: a patient of whom all is known does not exist, so nothing can be said of one.
        return is_known or not any(literal.is_strict for literal in literals)
    strict = [held.values for held in literals if held.values and (held.is_strict or is_known)]
    lenient = [held.values for held in literals if held.values and not (held.is_strict or is_known)]
    if not strict:
        return True
    core = _intersect(strict)
    if core.is_empty:
        return False
    if measure.is_vague:
        return not any(_intersect([core, held]).is_empty for held in lenient)
    return not _intersect([core, *lenient]).is_empty


def _intersect(sets: list[ValueSet]) -> ValueSet:
    """What all sets hold; those of one measure are of one type."""
    core = sets[0]
    for other in sets[1:]:
        match core, other:
            case (Numbers(), Numbers()) | (Words(), Words()):
                core = core.intersect(other)  # type: ignore[arg-type]
    return core


def _find_impossible_counts(by_measure: dict[_Measure, list[_Literal]], is_known: bool) -> _Measure | None:
    """A count of events that a count of events among them exceeds."""
    counts = {measure: held for measure, held in by_measure.items() if measure.kind == "count"}
    for narrow, literals in counts.items():
        sure = [held.values for held in literals if held.values and (held.is_strict or is_known)]
        lowest = _intersect(sure) if sure else None
        for wide, others in counts.items():
            if lowest is None or wide is narrow or not _is_within(narrow, wide):
                continue
            for held in others:
                if (
                    isinstance(lowest, Numbers)
                    and isinstance(held.values, Numbers)
                    and lowest.lowest > held.values.highest
                ):
                    return wide
    return None


def _is_within(narrow: _Measure, wide: _Measure) -> bool:
    """Whether every event that one counts is surely counted by the other."""
    one, other, inner, outer = narrow.events, wide.events, narrow.window, wide.window
    if one is None or other is None or inner is None or outer is None:
        return False
    same = one.kind == other.kind and inner.relative_to == outer.relative_to
    codes = not other.codes or (bool(one.codes) and set(one.codes) <= set(other.codes))
    system = not other.system or one.system == other.system
    starts = outer.from_days is None or (inner.from_days is not None and inner.from_days >= outer.from_days)
    ends = outer.to_days is None or (inner.to_days is not None and inner.to_days <= outer.to_days)
    return same and codes and system and starts and ends

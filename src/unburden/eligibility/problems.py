"""Why an expression cannot be evaluated on a cohort, in words that say what to do."""

import math
from typing import Any, get_args

import polars as pl

from unburden.domain.cohort import Cohort, Column
from unburden.domain.criteria import (
    INDEX,
    AllOf,
    AnyOf,
    AtLeast,
    Between,
    Compare,
    CompareToLimit,
    CountEvents,
    EventSet,
    Expression,
    LatestValue,
    Leaf,
    Limit,
    Not,
    OneOf,
    Operator,
    Unless,
    Unread,
    Window,
    iterate_leaves,
)
from unburden.domain.errors import InvalidCohort, Problems
from unburden.domain.units import KNOWN_UNITS, PLAIN_UNITS, describe_unknown_unit, find_unit_problems
from unburden.eligibility.columns import ColumnLeaf, kind_of_column, kind_of_value, limit_of, values_of
from unburden.eligibility.timelines import find_unconvertible

EVENT_KINDS = ("condition", "procedure", "drug", "measurement")
"""The kinds of event that a timeline may lack; another kind must be in it."""
MOST_SHOWN = 5
_ARTICLES = {"number": "a number", "text": "text", "flag": "true or false"}
_ABSENCES = ("none", "unknown")


def find_problems(expression: Expression, cohort: Cohort) -> list[str]:
    """Every reason why the expression cannot be evaluated on the cohort; empty if it can."""
    found = find_form_problems(expression)
    for leaf in iterate_leaves(expression):
        found.extend(_find_cohort_problems(leaf, cohort))
    return list(dict.fromkeys(found))


def find_form_problems(expression: Expression) -> list[str]:
    """Every reason why the expression can be evaluated on no cohort; empty if there is none."""
    found: list[str] = []
    match expression:
        case AllOf(parts=parts) | AnyOf(parts=parts) | AtLeast(parts=parts):
            found.extend(_find_node_problems(expression))
            for part in parts:
                found.extend(find_form_problems(part))
        case Not(part=part):
            found = find_form_problems(part)
        case Unless(part=part, exception=exception):
            found = [*find_form_problems(part), *find_form_problems(exception)]
        case _:
            found = _find_leaf_problems(expression)
    return list(dict.fromkeys(found))


def check_patients(cohort: Cohort, column: str) -> None:
    """Raise `InvalidCohort` unless the column names every patient, and each only once.

    >>> import polars as pl
    >>> frame = pl.DataFrame({"id": ["a", "b", "a", None]})
    >>> check_patients(Cohort("c", frame, (Column("id"),), "observed:doctest"), "id")
    Traceback (most recent call last):
    unburden.domain.errors.InvalidCohort: InvalidCohort: cohort 'c': 2 problems
      - 1 of 4 rows has no 'id'; give each patient one
      - 1 patient has more than one row, told by 'id': 'a' (2 rows); keep one row a patient
    """
    problems = Problems(f"cohort {cohort.name!r}")
    if column not in cohort.frame.columns:
        problems.add(f"there is no column {column!r}; its columns are {', '.join(cohort.frame.columns)}")
        problems.raise_now(InvalidCohort)
    ids = cohort.frame.get_column(column)
    unnamed = ids.null_count()
    rows = f"{unnamed} of {cohort.patients} rows {'has' if unnamed == 1 else 'have'}"
    problems.check(unnamed == 0, f"{rows} no {column!r}; give each patient one")
    counts = ids.drop_nulls().value_counts(sort=False, name="rows")
    repeated = counts.filter(counts.get_column("rows") > 1).sort(column).rows()
    shown = ", ".join(f"{held!r} ({rows} rows)" for held, rows in repeated[:MOST_SHOWN])
    more = len(repeated) - MOST_SHOWN
    problems.check(
        not repeated,
        f"{len(repeated)} patient{' has' if len(repeated) == 1 else 's have'} more than one row, told by "
        f"{column!r}: {shown}{f' and {more} more' if more > 0 else ''}; keep one row a patient",
    )
    problems.raise_if_any(InvalidCohort)


def _find_node_problems(node: AllOf | AnyOf | AtLeast) -> list[str]:
    word = "all" if isinstance(node, AllOf) else "any" if isinstance(node, AnyOf) else "at least"
    if not node.parts:
        return [f"'{word}' has no parts; give at least one"]
    if not isinstance(node, AtLeast):
        return []
    count, most = node.count, len(node.parts)
    if _is_whole(count) and 1 <= count <= most:
        return []
    return [f"'at least' asks for {count!r} of {most} parts; give a whole number from 1 to {most}"]


def _find_leaf_problems(leaf: Leaf) -> list[str]:
    match leaf:
        case Compare() | Between() | OneOf():
            return _find_column_form_problems(leaf)
        case CompareToLimit():
            return _find_limit_form_problems(leaf)
        case CountEvents():
            return _find_count_form_problems(leaf)
        case LatestValue():
            return _find_latest_form_problems(leaf)
        case Unread():
            return []


def _find_cohort_problems(leaf: Leaf, cohort: Cohort) -> list[str]:
    match leaf:
        case Compare() | Between() | OneOf():
            return _find_column_problems(leaf, cohort)
        case CompareToLimit():
            return _find_limit_problems(leaf, cohort)
        case CountEvents(events=events, window=window):
            return _find_timeline_problems(events, window, cohort)
        case LatestValue(events=events, window=window):
            found = _find_timeline_problems(events, window, cohort)
            return found or _find_value_unit_problems(leaf, cohort)
        case Unread():
            return []


def _find_missing_column(name: str, cohort: Cohort) -> list[str]:
    units = cohort.unit_by_column
    if name in units:
        return []
    known = ", ".join(units) or "none"
    if name in cohort.frame.columns:
        return [
            f"column {name!r} is in the table of cohort {cohort.name!r} but has no declared unit; "
            f"declare it. Declared columns: {known}"
        ]
    return [f"there is no column {name!r} in cohort {cohort.name!r}; its columns are {known}"]


def _find_column_problems(leaf: ColumnLeaf, cohort: Cohort) -> list[str]:
    name = leaf.column
    missing = _find_missing_column(name, cohort)
    if missing:
        return missing
    series = cohort.frame.get_column(name)
    kind = kind_of_column(series)
    if kind == "other":
        return [f"column {name!r} holds {series.dtype}; use numbers, text or true and false"]
    problems: list[str] = []
    kinds = dict.fromkeys(kind_of_value(value) for value in values_of(leaf))
    for value_kind in kinds:
        if kind not in ("unknown", value_kind):
            shown = ", ".join(repr(v) for v in values_of(leaf) if kind_of_value(v) == value_kind)
            problems.append(
                f"column {name!r} holds {_ARTICLES[kind]}, so it cannot be compared with {shown}, "
                f"which is {_ARTICLES[value_kind]}"
            )
    if "number" in kinds and kind in ("unknown", "number"):
        problems.extend(_find_threshold_unit_problems(leaf, cohort.unit_by_column[name]))
    return problems


def _find_column_form_problems(leaf: ColumnLeaf) -> list[str]:
    problems = [
        f"column {leaf.column!r} is compared with {value}; give a finite number"
        for value in values_of(leaf)
        if isinstance(value, float) and not math.isfinite(value)
    ]
    match leaf:
        case Compare(column=name, operator=operator, value=value, unit=unit):
            words = kind_of_value(value) != "number"
            wrong = _find_operator_problems(operator, f"on column {name!r}")
            problems.extend(wrong)
            if not wrong and words and operator not in ("==", "!="):
                problems.append(f"column {name!r} {operator} {value!r} orders words; use == or !=")
            if words and unit:
                problems.append(f"column {name!r}: {value!r} is no number; remove its unit {unit!r}")
        case Between(column=name, low=low, high=high):
            if any(kind_of_value(bound) != "number" for bound in (low, high)):
                problems.append(f"column {name!r} is between {low!r} and {high!r}; give two numbers")
            elif low > high:
                problems.append(f"column {name!r} is between {low} and {high}; give the lower first")
        case OneOf(column=name, values=values):
            if not values:
                problems.append(f"column {name!r} is one of no values; give at least one")
    return problems


def _find_threshold_unit_problems(leaf: ColumnLeaf, column_unit: str) -> list[str]:
    """Why the leaf's numbers cannot be put into the column's unit."""
    unit = "" if isinstance(leaf, OneOf) else leaf.unit
    if unit == column_unit or ("" in (unit, column_unit) and {unit, column_unit} <= set(PLAIN_UNITS)):
        return []
    if not unit:
        remedy = "use between or == with a unit" if isinstance(leaf, OneOf) else "give the number a unit"
        return [f"column {leaf.column!r} is in {column_unit}; {remedy}"]
    if not column_unit:
        return [f"column {leaf.column!r} has no unit; remove {unit!r} or declare the column's unit"]
    return [f"column {leaf.column!r}: {problem}" for problem in find_unit_problems(unit, column_unit)]


def _find_limit_form_problems(leaf: CompareToLimit) -> list[str]:
    place = f"on column {leaf.column!r}"
    problems = _find_operator_problems(leaf.operator, place)
    if leaf.limit not in get_args(Limit):
        problems.append(f"limit {leaf.limit!r} {place} is not one of {', '.join(get_args(Limit))}")
    if not (_is_number(leaf.multiple) and leaf.multiple > 0):
        problems.append(
            f"column {leaf.column!r} is compared with {leaf.multiple} times its {leaf.limit}; "
            "give a number above 0"
        )
    return problems


def _find_limit_problems(leaf: CompareToLimit, cohort: Cohort) -> list[str]:
    missing = _find_missing_column(leaf.column, cohort)
    if missing:
        return missing
    problems: list[str] = []
    kind = kind_of_column(cohort.frame.get_column(leaf.column))
    if kind not in ("unknown", "number"):
        held = "something else" if kind == "other" else _ARTICLES[kind]
        problems.append(
            f"column {leaf.column!r} holds {held}, so it cannot be compared with its {leaf.limit}; "
            "name a column of numbers"
        )
    column = next(column for column in cohort.columns if column.name == leaf.column)
    limit = limit_of(column, leaf)
    word = "upper_limit" if leaf.limit == "ULN" else "lower_limit"
    if limit is None:
        problems.append(
            f"column {leaf.column!r} declares no {word}, so nothing can be compared with its {leaf.limit}; "
            f"declare {word} as a number or as the name of a column that holds each patient's"
        )
    elif isinstance(limit, str):
        problems.extend(_find_limit_column_problems(column, limit, word, cohort))
    elif not _is_number(limit):
        problems.append(f"column {leaf.column!r} has {word} {limit}; give a finite number")
    if leaf.multiple != 1 and limit is not None and not problems:
        problems.extend(_find_low_limits(leaf, limit, word, cohort))
    return problems


def _find_low_limits(leaf: CompareToLimit, limit: float | str, word: str, cohort: Cohort) -> list[str]:
    """Limits at or below 0, of which a multiple says nothing."""
    held = cohort.frame.get_column(limit) if isinstance(limit, str) else pl.Series([limit])
    count = int((held.cast(pl.Float64) <= 0).sum() or 0)
    if not count:
        return []
    return [
        f"column {leaf.column!r} has {count} {word}{'s' * (count > 1)} at or below 0, of which "
        f"{leaf.multiple:g} times says nothing; correct the limit, leave it unknown or compare with 1 times"
    ]


def _find_limit_column_problems(column: Column, limit: str, word: str, cohort: Cohort) -> list[str]:
    place = f"column {column.name!r} has {word} {limit!r}"
    if limit not in cohort.frame.columns:
        known = ", ".join(cohort.frame.columns)
        return [f"{place}, which is no column of cohort {cohort.name!r}; its table has {known}"]
    kind = kind_of_column(cohort.frame.get_column(limit))
    if kind not in ("unknown", "number"):
        return [f"{place}, which holds no numbers; name a column of numbers"]
    own = cohort.unit_by_column.get(limit, column.unit)
    if own == column.unit or {own, column.unit} <= set(PLAIN_UNITS):
        return []
    if "" in (own, column.unit):
        lacking = limit if not own else column.name
        return [f"{place}, but {lacking!r} is declared without a unit; declare both in one unit"]
    return [f"{place}: {problem}" for problem in find_unit_problems(own, column.unit)]


def _find_count_form_problems(leaf: CountEvents) -> list[str]:
    place = f"on the count of {_show_events(leaf.events)}"
    problems = _find_operator_problems(leaf.operator, place)
    if not _is_whole(leaf.count) or leaf.count < 0:
        problems.append(
            f"{_show_events(leaf.events)} are counted against {leaf.count!r}; give a whole number from 0 on"
        )
    if leaf.absence not in _ABSENCES:
        problems.append(
            f"absence of {_show_events(leaf.events)} is {leaf.absence!r}; use 'none' or 'unknown'"
        )
    return [*problems, *_find_event_form_problems(leaf.events, leaf.window)]


def _find_latest_form_problems(leaf: LatestValue) -> list[str]:
    place = f"on the latest value of {_show_events(leaf.events)}"
    problems = _find_operator_problems(leaf.operator, place)
    if not _is_number(leaf.value):
        problems.append(
            f"the latest value of {_show_events(leaf.events)} is compared with {leaf.value!r}; "
            "give a finite number"
        )
    if leaf.unit and leaf.unit not in KNOWN_UNITS:
        problems.append(
            f"the latest value of {_show_events(leaf.events)}: {describe_unknown_unit(leaf.unit)}"
        )
    return [*problems, *_find_event_form_problems(leaf.events, leaf.window)]


def _find_event_form_problems(events: EventSet, window: Window) -> list[str]:
    problems: list[str] = []
    if not events.kind:
        problems.append(f"events have no kind; give one, such as {', '.join(EVENT_KINDS)}")
    place = f"the window of {_show_events(events)}"
    bounds = (window.from_days, window.to_days)
    bad = [bound for bound in bounds if bound is not None and not _is_number(bound)]
    problems.extend(f"{place} has the bound {bound!r}; give a number of days or none" for bound in bad)
    first, last = bounds
    if not bad and first is not None and last is not None and first > last:
        problems.append(f"{place} runs from day {first:g} to day {last:g}; give the earlier day first")
    if not window.relative_to:
        problems.append(f"{place} is relative to nothing; give {INDEX!r} or a kind of event")
    return problems


def _find_timeline_problems(events: EventSet, window: Window, cohort: Cohort) -> list[str]:
    if cohort.events is None:
        return [
            f"cohort {cohort.name!r} has no timelines, so {_show_events(events)} cannot be looked up; "
            "give it events"
        ]
    asked = [kind for kind in (events.kind, window.relative_to) if kind not in (*EVENT_KINDS, INDEX, "")]
    if not asked:
        return []
    held = cohort.events.get_column("kind").drop_nulls().unique().sort().to_list()
    shown = ", ".join(map(str, held[:20])) or "none"
    return [
        f"there is no event of kind {kind!r} in the timelines of cohort {cohort.name!r}; "
        f"their kinds are {shown}"
        for kind in asked
        if kind not in held
    ]


def _find_value_unit_problems(leaf: LatestValue, cohort: Cohort) -> list[str]:
    wrong = find_unconvertible(leaf, cohort)
    if not wrong:
        return []
    shown = ", ".join(
        f"{unit or 'no unit'} ({events} event{'s' * (events > 1)})" for unit, events, _ in wrong[:MOST_SHOWN]
    )
    more = len(wrong) - MOST_SHOWN
    return [
        f"values of {_show_events(leaf.events)} are in units that cannot be compared with "
        f"{leaf.value:g} {leaf.unit or '(no unit)'}: {shown}{f' and {more} more units' if more > 0 else ''}. "
        f"The first: {wrong[0][2]}"
    ]


def _find_operator_problems(operator: str, place: str) -> list[str]:
    if operator in get_args(Operator):
        return []
    return [f"operator {operator!r} {place} is not one of {', '.join(get_args(Operator))}"]


def _show_events(events: EventSet) -> str:
    codes = ", ".join(events.codes[:MOST_SHOWN]) + (", …" if len(events.codes) > MOST_SHOWN else "")
    system = f"{events.system} " if events.system else ""
    return f"{events.kind!r} events" + (f" ({system}{codes})" if codes else f" ({system})" if system else "")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)

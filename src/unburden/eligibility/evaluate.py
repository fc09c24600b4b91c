"""Whether each patient meets an expression: yes, no or unknown (Kleene's strong logic)."""

import math
from functools import reduce
from typing import get_args

import numpy as np
import polars as pl

from unburden.domain.cohort import Cohort
from unburden.domain.criteria import AllOf, AnyOf, Between, Compare, Expression, Not, OneOf, Operator, Value
from unburden.domain.errors import InvalidCriterion
from unburden.domain.units import PLAIN_UNITS, convert_value, find_unit_problems

_ARTICLES = {"number": "a number", "text": "text", "flag": "true or false"}


def evaluate_expression(expression: Expression, cohort: Cohort) -> pl.Series:
    """One Boolean per patient: true (met), false (not met), null (unknown).

    Thresholds are converted into the column's declared unit. A null or NaN in the column is
    unknown; "and" is false as soon as one part is false and "or" true as soon as one part is
    true, whatever is unknown (Kleene 1952, Introduction to Metamathematics, section 64).

    Raises `InvalidCriterion` with every problem of the expression.

    >>> from unburden.domain.cohort import Column
    >>> frame = pl.DataFrame({"age": [17.0, 18.0, None]})
    >>> cohort = Cohort("c", frame, (Column("age", "year"),), "observed:doctest")
    >>> evaluate_expression(Compare("age", ">=", 216, "month"), cohort).to_list()
    [False, True, None]
    """
    problems = find_problems(expression, cohort)
    if problems:
        raise InvalidCriterion(f"cohort {cohort.name!r}", problems)
    return _evaluate(expression, cohort)


def find_problems(expression: Expression, cohort: Cohort) -> list[str]:
    """Every reason why the expression cannot be evaluated on the cohort; empty if it can."""
    match expression:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            if not parts:
                word = "all" if isinstance(expression, AllOf) else "any"
                return [f"'{word}' has no parts; give at least one"]
            found = [problem for part in parts for problem in find_problems(part, cohort)]
            return list(dict.fromkeys(found))
        case Not(part=part):
            return find_problems(part, cohort)
        case Compare() | Between() | OneOf():
            return _find_leaf_problems(expression, cohort)


def _find_leaf_problems(leaf: Compare | Between | OneOf, cohort: Cohort) -> list[str]:
    name = leaf.column
    units = cohort.unit_by_column
    problems = _find_form_problems(leaf)
    if name not in units:
        known = ", ".join(units) or "none"
        missing = (
            f"column {name!r} is in the table of cohort {cohort.name!r} but has no declared unit; "
            f"declare it. Declared columns: {known}"
            if name in cohort.frame.columns
            else f"there is no column {name!r} in cohort {cohort.name!r}; its columns are {known}"
        )
        return [*problems, missing]
    series = cohort.frame.get_column(name)
    kind = _kind_of_column(series)
    if kind == "other":
        return [*problems, f"column {name!r} holds {series.dtype}; use numbers, text or true and false"]
    kinds = dict.fromkeys(_kind_of_value(value) for value in _values_of(leaf))
    for value_kind in kinds:
        if kind not in ("unknown", value_kind):
            shown = ", ".join(repr(v) for v in _values_of(leaf) if _kind_of_value(v) == value_kind)
            problems.append(
                f"column {name!r} holds {_ARTICLES[kind]}, so it cannot be compared with {shown}, "
                f"which is {_ARTICLES[value_kind]}"
            )
    if "number" in kinds and kind in ("unknown", "number"):
        problems.extend(_find_threshold_unit_problems(leaf, units[name]))
    return problems


def _find_form_problems(leaf: Compare | Between | OneOf) -> list[str]:
    """Problems of the leaf by itself, whatever the cohort."""
    problems = [
        f"column {leaf.column!r} is compared with {value}; give a finite number"
        for value in _values_of(leaf)
        if isinstance(value, float) and not math.isfinite(value)
    ]
    match leaf:
        case Compare(column=name, operator=operator, value=value, unit=unit):
            words = _kind_of_value(value) != "number"
            if operator not in get_args(Operator):
                allowed = ", ".join(get_args(Operator))
                problems.append(f"operator {operator!r} on column {name!r} is not one of {allowed}")
            elif words and operator not in ("==", "!="):
                problems.append(f"column {name!r} {operator} {value!r} orders words; use == or !=")
            if words and unit:
                problems.append(f"column {name!r}: {value!r} is no number; remove its unit {unit!r}")
        case Between(column=name, low=low, high=high):
            if any(_kind_of_value(bound) != "number" for bound in (low, high)):
                problems.append(f"column {name!r} is between {low!r} and {high!r}; give two numbers")
            elif low > high:
                problems.append(f"column {name!r} is between {low} and {high}; give the lower first")
        case OneOf(column=name, values=values):
            if not values:
                problems.append(f"column {name!r} is one of no values; give at least one")
    return problems


def _find_threshold_unit_problems(leaf: Compare | Between | OneOf, column_unit: str) -> list[str]:
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


def _values_of(leaf: Compare | Between | OneOf) -> tuple[Value, ...]:
    match leaf:
        case Compare(value=value):
            return (value,)
        case Between(low=low, high=high):
            return (low, high)
        case OneOf(values=values):
            return values


def _kind_of_value(value: Value) -> str:
    if isinstance(value, bool):
        return "flag"
    return "text" if isinstance(value, str) else "number"


def _kind_of_column(series: pl.Series) -> str:
    """`number`, `text` or `flag`; `unknown` where every value is null; `other` for the rest."""
    dtype = series.dtype
    if series.null_count() == series.len():
        return "unknown"
    if dtype.is_numeric():
        return "number"
    if dtype == pl.Boolean:
        return "flag"
    return "text" if dtype in (pl.String, pl.Categorical, pl.Enum) else "other"


def _evaluate(expression: Expression, cohort: Cohort) -> pl.Series:
    """The expression's truth; its problems have been checked."""
    match expression:
        case AllOf(parts=parts):
            return reduce(lambda a, b: a & b, (_evaluate(part, cohort) for part in parts))
        case AnyOf(parts=parts):
            return reduce(lambda a, b: a | b, (_evaluate(part, cohort) for part in parts))
        case Not(part=part):
            return ~_evaluate(part, cohort)
        case Compare() | Between() | OneOf():
            return _evaluate_leaf(expression, cohort)


def _evaluate_leaf(leaf: Compare | Between | OneOf, cohort: Cohort) -> pl.Series:
    series = cohort.frame.get_column(leaf.column)
    kind = _kind_of_column(series)
    if kind == "unknown":
        return pl.Series(leaf.column, [None] * series.len(), dtype=pl.Boolean)
    if kind == "number":
        values = [_threshold(value, leaf, cohort) for value in _values_of(leaf)]
        # NaN is unknown; polars alone would hold it larger than every number.
        column = series.cast(pl.Float64).fill_nan(None)
    else:
        values = list(_values_of(leaf))
        column = series.cast(pl.String) if kind == "text" else series
    match leaf:
        case Compare(operator=operator):
            return _compare(column, operator, values[0])
        case Between():
            return (column >= values[0]) & (column <= values[1])
        case OneOf():
            return reduce(lambda a, b: a | b, (column == value for value in values))


def _threshold(value: Value, leaf: Compare | Between | OneOf, cohort: Cohort) -> float:
    """The number in the column's unit, rounded as the column's numbers are."""
    unit = "" if isinstance(leaf, OneOf) else leaf.unit
    column_unit = cohort.unit_by_column[leaf.column]
    number = float(value)
    if "" not in (unit, column_unit):
        number = convert_value(number, unit, column_unit)
    is_single = cohort.frame.get_column(leaf.column).dtype == pl.Float32
    return float(np.float32(number)) if is_single else number


def _compare(column: pl.Series, operator: Operator, value: Value) -> pl.Series:
    match operator:
        case "<":
            return column < value
        case "<=":
            return column <= value
        case ">":
            return column > value
        case ">=":
            return column >= value
        case "==":
            return column == value
        case "!=":
            return column != value

"""Whether each patient's columns meet a leaf of an expression: yes, no or unknown."""

from fractions import Fraction
from functools import reduce
from typing import TypeAlias

import numpy as np
import polars as pl

from unburden.domain.cohort import Cohort, Column
from unburden.domain.criteria import Between, Compare, CompareToLimit, OneOf, Operator, Value
from unburden.domain.units import convert_value

ColumnLeaf: TypeAlias = Compare | Between | OneOf

_NEAR = 1e-6
"""How near, in its own size, a value must be to a limit for rounding to decide; single precision included."""


def evaluate_column(leaf: ColumnLeaf, cohort: Cohort) -> pl.Series:
    """The truth of a leaf over a column, whose problems have been checked; null is unknown."""
    series = cohort.frame.get_column(leaf.column)
    kind = kind_of_column(series)
    if kind == "unknown":
        return make_unknown(cohort)
    if kind == "number":
        values = [_threshold(value, leaf, cohort) for value in values_of(leaf)]
        # NaN is unknown; polars alone would hold it larger than every number.
        column = series.cast(pl.Float64).fill_nan(None)
    else:
        values = list(values_of(leaf))
        column = series.cast(pl.String) if kind == "text" else series
    match leaf:
        case Compare(operator=operator):
            return compare(column, operator, values[0])
        case Between():
            return (column >= values[0]) & (column <= values[1])
        case OneOf():
            return reduce(lambda a, b: a | b, (column == value for value in values))


def evaluate_limit(leaf: CompareToLimit, cohort: Cohort) -> pl.Series:
    """The truth of a comparison with a multiple of a limit of normal; unknown without value or limit."""
    series = cohort.frame.get_column(leaf.column)
    if kind_of_column(series) == "unknown":
        return make_unknown(cohort)
    column = series.cast(pl.Float64).fill_nan(None)
    limits = _read_limits(leaf, column, cohort)
    if series.dtype == pl.Float32:
        limits = limits.cast(pl.Float32).cast(pl.Float64)
    return compare(column, leaf.operator, limits)


def limit_of(column: Column, leaf: CompareToLimit) -> float | str | None:
    """What the column declares as the limit that the leaf asks for."""
    return column.upper_limit if leaf.limit == "ULN" else column.lower_limit


def _read_limits(leaf: CompareToLimit, column: pl.Series, cohort: Cohort) -> pl.Series:
    """The multiple of each patient's limit in the column's unit; exact in decimals where it decides."""
    declared = {column.name: column for column in cohort.columns}
    limit = limit_of(declared[leaf.column], leaf)
    if not isinstance(limit, str):
        number = _multiply(leaf.multiple, float(limit or 0.0))
        return pl.Series(leaf.column, [number], dtype=pl.Float64).new_from_index(0, cohort.patients)
    held = cohort.frame.get_column(limit)
    if kind_of_column(held) == "unknown":
        return pl.Series(limit, [None] * cohort.patients, dtype=pl.Float64)
    unit = declared[leaf.column].unit
    own = declared[limit].unit if limit in declared else unit
    own, unit = (own, unit) if "" not in (own, unit) else ("1", "1")
    held = (held if held.dtype.is_float() else held.cast(pl.Float64)).fill_nan(None)
    rough = held.cast(pl.Float64) * (leaf.multiple * convert_value(1.0, own, unit))
    is_near = ((column - rough).abs() <= _NEAR * rough.abs()).fill_null(False)
    near = held.filter(is_near).unique()
    # str() of a NumPy number gives the shortest decimal in the column's own precision.
    shown = (convert_value(float(str(value)), own, unit) for value in near.to_numpy())
    exact = pl.Series([_multiply(leaf.multiple, value) for value in shown], dtype=pl.Float64)
    if near.is_empty():
        return rough
    return held.replace_strict(near, exact, default=rough, return_dtype=pl.Float64)


def _multiply(multiple: float, limit: float) -> float:
    """The product of two decimals, rounded once: 1.1 times 30 is 33."""
    if not np.isfinite(limit):
        return limit
    return float(Fraction(repr(float(multiple))) * Fraction(repr(float(limit))))


def values_of(leaf: ColumnLeaf) -> tuple[Value, ...]:
    """The values that the leaf compares its column with."""
    match leaf:
        case Compare(value=value):
            return (value,)
        case Between(low=low, high=high):
            return (low, high)
        case OneOf(values=values):
            return values


def kind_of_value(value: Value) -> str:
    """`number`, `text` or `flag`."""
    if isinstance(value, bool):
        return "flag"
    return "text" if isinstance(value, str) else "number"


def kind_of_column(series: pl.Series) -> str:
    """`number`, `text` or `flag`; `unknown` where every value is null; `other` for the rest."""
    dtype = series.dtype
    if series.null_count() == series.len():
        return "unknown"
    if dtype.is_numeric():
        return "number"
    if dtype == pl.Boolean:
        return "flag"
    return "text" if dtype in (pl.String, pl.Categorical, pl.Enum) else "other"


def make_unknown(cohort: Cohort) -> pl.Series:
    """Unknown for every patient."""
    return pl.Series("unknown", [None], dtype=pl.Boolean).new_from_index(0, cohort.patients)


def compare(column: pl.Series, operator: Operator, value: Value | pl.Series) -> pl.Series:
    """The column against a value or, row by row, against values; null on either side is unknown."""
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


def _threshold(value: Value, leaf: ColumnLeaf, cohort: Cohort) -> float:
    """The number in the column's unit, rounded as the column's numbers are."""
    unit = "" if isinstance(leaf, OneOf) else leaf.unit
    column_unit = cohort.unit_by_column[leaf.column]
    number = float(value)
    if "" not in (unit, column_unit):
        number = convert_value(number, unit, column_unit)
    is_single = cohort.frame.get_column(leaf.column).dtype == pl.Float32
    return float(np.float32(number)) if is_single else number

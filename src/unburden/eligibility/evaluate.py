"""Whether each patient meets an expression: yes, no or unknown (Kleene's strong logic)."""

from functools import reduce

import polars as pl

from unburden.domain.cohort import Cohort
from unburden.domain.criteria import (
    AllOf,
    AnyOf,
    AtLeast,
    Between,
    Compare,
    CompareToLimit,
    CountEvents,
    Expression,
    LatestValue,
    Leaf,
    Not,
    OneOf,
    Unless,
    Unread,
)
from unburden.domain.errors import InvalidCriterion
from unburden.eligibility.columns import evaluate_column, evaluate_limit, make_unknown
from unburden.eligibility.problems import find_problems
from unburden.eligibility.timelines import compare_latest, count_events

__all__ = ["evaluate_expression", "find_problems"]


def evaluate_expression(expression: Expression, cohort: Cohort) -> pl.Series:
    """One Boolean per patient: true (met), false (not met), null (unknown).

    Thresholds are converted into the column's declared unit, or into the unit of each event. A null
    or NaN in the column, a limit of normal that is not known, a window without its anchor and words
    that nobody read are unknown; "and" is false as soon as one part is false and "or" true as soon
    as one part is true, whatever is unknown (Kleene 1952, Introduction to Metamathematics, section
    64). "At least k of" is the disjunction over all k parts of their conjunctions; "unless" is the
    part and not the exception.

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


def _evaluate(expression: Expression, cohort: Cohort) -> pl.Series:
    """The expression's truth; its problems have been checked."""
    match expression:
        case AllOf(parts=parts):
            return reduce(lambda a, b: a & b, (_evaluate(part, cohort) for part in parts))
        case AnyOf(parts=parts):
            return reduce(lambda a, b: a | b, (_evaluate(part, cohort) for part in parts))
        case Not(part=part):
            return ~_evaluate(part, cohort)
        case AtLeast(count=count, parts=parts):
            return _count_met([_evaluate(part, cohort) for part in parts], count)
        case Unless(part=part, exception=exception):
            return _evaluate(part, cohort) & ~_evaluate(exception, cohort)
        case _:
            return _evaluate_leaf(expression, cohort)


def _evaluate_leaf(leaf: Leaf, cohort: Cohort) -> pl.Series:
    match leaf:
        case Compare() | Between() | OneOf():
            return evaluate_column(leaf, cohort)
        case CompareToLimit():
            return evaluate_limit(leaf, cohort)
        case CountEvents():
            return count_events(leaf, cohort)
        case LatestValue():
            return compare_latest(leaf, cohort)
        case Unread():
            return make_unknown(cohort)


def _count_met(truths: list[pl.Series], count: int) -> pl.Series:
    """True once so many are true, false once too few can be, else unknown."""
    table = pl.DataFrame([truth.alias(str(number)) for number, truth in enumerate(truths)])
    met = table.select(pl.sum_horizontal(pl.all().fill_null(False).cast(pl.Int64))).to_series()
    possible = table.select(pl.sum_horizontal(pl.all().fill_null(True).cast(pl.Int64))).to_series()
    enough, unknown = met >= count, pl.Series([None], dtype=pl.Boolean)
    return enough.zip_with(enough | (possible < count), unknown.new_from_index(0, met.len()))

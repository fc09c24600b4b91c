"""Three-valued logic and screening against a brute-force evaluator in plain Python."""

from fractions import Fraction
from operator import eq, ge, gt, le, lt, ne

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from unburden.domain.cohort import Cohort, Column
from unburden.domain.criteria import AllOf, AnyOf, Between, Compare, CriterionRule, Not, OneOf
from unburden.eligibility.evaluate import evaluate_expression
from unburden.eligibility.screen import screen_cohort

OPERATORS = {"<": lt, "<=": le, ">": gt, ">=": ge, "==": eq, "!=": ne}
WORDS = ("F", "M", "other")
# By hand: how many of the column's unit (month, mm, a plain count) one of the threshold's unit is.
IN_COLUMN_UNIT = {"year": 12, "month": 1, "m": 1000, "cm": 10, "mm": 1, "": 1, "count": 1}
UNITS = {"age": ("year", "month"), "size": ("m", "cm", "mm"), "nodes": ("", "count")}
COLUMNS = (
    Column("age", "month"),
    Column("size", "mm"),
    Column("nodes", "count"),
    Column("sex"),
    Column("treated"),
)
SCHEMA = {"age": pl.Int64, "size": pl.Float64, "nodes": pl.Int64, "sex": pl.String, "treated": pl.Boolean}

small = st.integers(0, 40)
tenths = small.map(lambda n: n / 10)
rows = st.fixed_dictionaries(
    {
        "age": st.none() | small,
        "size": st.none() | st.just(float("nan")) | tenths,
        "nodes": st.none() | small,
        "sex": st.none() | st.sampled_from(WORDS),
        "treated": st.none() | st.booleans(),
    }
)
tables = st.lists(rows, min_size=1, max_size=12)


@st.composite
def number_leaves(draw):
    column = draw(st.sampled_from(tuple(UNITS)))
    unit = draw(st.sampled_from(UNITS[column]))
    if draw(st.booleans()):
        return Compare(column, draw(st.sampled_from(tuple(OPERATORS))), draw(tenths | small), unit)
    low, high = sorted((draw(tenths), draw(tenths)))
    return Between(column, low, high, unit)


word_leaves = st.builds(
    Compare, st.just("sex"), st.sampled_from(("==", "!=")), st.sampled_from(WORDS)
) | st.builds(OneOf, st.just("sex"), st.lists(st.sampled_from(WORDS), min_size=1).map(tuple))
flag_leaves = st.builds(Compare, st.just("treated"), st.sampled_from(("==", "!=")), st.booleans())
count_leaves = st.builds(OneOf, st.just("nodes"), st.lists(small, min_size=1, max_size=5).map(tuple))
leaves = number_leaves() | word_leaves | flag_leaves | count_leaves


def nest(inner):
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.builds(AllOf, parts) | st.builds(AnyOf, parts) | st.builds(Not, inner)


expressions = st.recursive(leaves, nest, max_leaves=8)


@st.composite
def rule_sets(draw):
    bodies = draw(
        st.lists(st.tuples(st.booleans(), expressions, st.sampled_from(("keep", "exclude"))), max_size=4)
    )
    return tuple(
        CriterionRule(f"C{i}", "", inc, body, policy) for i, (inc, body, policy) in enumerate(bodies)
    )


def cohort_of(table):
    return Cohort("drawn", pl.DataFrame(table, schema=SCHEMA), COLUMNS, "observed:drawn")


def truth_of(expression, row):
    """Kleene's tables, spelled out: True, False or None."""
    match expression:
        case AllOf(parts=parts):
            truths = [truth_of(part, row) for part in parts]
            return False if False in truths else None if None in truths else True
        case AnyOf(parts=parts):
            truths = [truth_of(part, row) for part in parts]
            return True if True in truths else None if None in truths else False
        case Not(part=part):
            return {True: False, False: True, None: None}[truth_of(part, row)]
    found = row[expression.column]
    if found is None or found != found:
        return None
    if isinstance(expression, OneOf):
        return found in expression.values
    if isinstance(found, str | bool):
        return OPERATORS[expression.operator](found, expression.value)
    exact = Fraction(str(found))
    scale = IN_COLUMN_UNIT[expression.unit]
    if isinstance(expression, Between):
        return Fraction(str(expression.low)) * scale <= exact <= Fraction(str(expression.high)) * scale
    return OPERATORS[expression.operator](exact, Fraction(str(expression.value)) * scale)


@given(tables, expressions)
def test_evaluation_agrees_with_brute_force(table, expression):
    found = evaluate_expression(expression, cohort_of(table))
    assert found.dtype == pl.Boolean
    assert found.to_list() == [truth_of(expression, row) for row in table]


@given(tables, st.lists(expressions, min_size=1, max_size=3).map(tuple))
def test_de_morgan_and_double_negation(table, parts):
    cohort = cohort_of(table)
    negated = tuple(Not(part) for part in parts)

    def values(expression):
        return evaluate_expression(expression, cohort).to_list()

    assert values(Not(AllOf(parts))) == values(AnyOf(negated))
    assert values(Not(AnyOf(parts))) == values(AllOf(negated))
    assert values(Not(Not(parts[0]))) == values(parts[0])


@given(tables, rule_sets())
def test_screening_counts_sum_and_agree_with_brute_force(table, rules):
    found = screen_cohort(rules, cohort_of(table))
    passing = []
    for rule in rules:
        truths = [truth_of(rule.expression, row) for row in table]
        passing.append([rule.unknown == "keep" if t is None else t is rule.is_inclusion for t in truths])
    entering = len(table)
    for step, rule, passes in zip(found.steps, rules, passing, strict=True):
        assert step.entering == entering
        assert step.met + step.not_met + step.unknown == step.entering
        assert step.leaving == step.met + (step.unknown if rule.unknown == "keep" else 0)
        assert 0 <= step.only <= step.alone == passes.count(False)
        others = [p for p in passing if p is not passes]
        assert step.only == sum(not passes[i] and all(p[i] for p in others) for i in range(len(table)))
        entering = step.leaving
    assert found.eligible == entering == len(found.eligible_rows)
    assert found.eligible_rows == tuple(i for i in range(len(table)) if all(p[i] for p in passing))


@given(tables, rule_sets())
def test_the_order_of_rules_does_not_change_who_is_eligible(table, rules):
    forward, backward = (screen_cohort(r, cohort_of(table)) for r in (rules, rules[::-1]))
    assert forward.eligible_rows == backward.eligible_rows
    assert {(s.criterion_id, s.alone, s.only) for s in forward.steps} == {
        (s.criterion_id, s.alone, s.only) for s in backward.steps
    }

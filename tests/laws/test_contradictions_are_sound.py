"""Contradictions against every patient of a grid: nobody is accused wrongly, and what is plain is found."""

from itertools import product

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from unburden.domain.cohort import EVENT_SCHEMA, Cohort, Column
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
    LatestValue,
    Not,
    OneOf,
    Unless,
    Unread,
    Window,
    iterate_leaves,
)
from unburden.eligibility.contradictions import find_contradictions
from unburden.eligibility.evaluate import evaluate_expression

# Every threshold below is one of 1, 2, 3 (cm or mm); the grid has a point at, between and beyond all.
SIZES = (None, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0)
SEXES = (None, "F", "M", "X", "named by no rule")
FLAGS = (None, True, False)
ALTS = (None, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)


def event(day, code, value=None, unit=None, kind="drug"):
    return {"day": day, "kind": kind, "system": "S", "code": code, "value": value, "unit": unit}


TIMELINES = (
    (),
    (event(-20, "a"),),
    (event(-5, "a"),),
    (event(-5, "b"),),
    (event(-5, None),),
    (event(-5, "a"), event(-20, "b")),
    (event(-5, "a"), event(-4, None)),
    (event(-5, "a"), event(-4, "a"), event(-20, "a")),
    (event(-5, "a"), event(-4, "b"), event(-3, "a"), event(-2, "a")),
    (event(-1, "hb", 1.0, "g/dL", "measurement"),),
    (event(-1, "hb", 20.0, "g/L", "measurement"), event(-1, "hb", 3.0, "g/dL", "measurement")),
    (event(-1, "hb", 25.0, "g/L", "measurement"), event(-5, "a"), event(-3, "b")),
    (event(-1, "hb", None, "g/L", "measurement"),),
)
ROWS = [
    {"size": size, "sex": sex, "flag": flag, "alt": alt, "timeline": timeline}
    for size, sex, flag, alt, timeline in [
        *product(SIZES, SEXES, FLAGS, (None, 1.5), (0, 2)),
        *product((None, 15.0), SEXES, (None, True), ALTS, range(len(TIMELINES))),
        *product(SIZES, ("F", None), (None, False), ALTS, (0, 6, 10)),
    ]
]
FRAME = pl.DataFrame(
    [{name: row[name] for name in ("size", "sex", "flag", "alt")} for row in ROWS],
    schema={"size": pl.Float64, "sex": pl.String, "flag": pl.Boolean, "alt": pl.Float64},
)
EVENTS = pl.DataFrame(
    [{"patient": i, **held} for i, row in enumerate(ROWS) for held in TIMELINES[row["timeline"]]],
    schema=EVENT_SCHEMA,
)
COLUMNS = (Column("size", "mm"), Column("sex"), Column("flag"), Column("alt", "U/L", upper_limit=1.0))
GRID = Cohort("grid", FRAME, COLUMNS, "observed:grid", EVENTS)
operators = st.sampled_from(("<", "<=", ">", ">=", "==", "!="))
steps = st.integers(1, 3)
units = st.sampled_from(("mm", "cm"))


@st.composite
def betweens(draw):
    low, high = sorted((draw(steps), draw(steps)))
    return Between("size", low, high, draw(units))


sizes = st.builds(Compare, st.just("size"), operators, steps, units) | betweens()
words = st.builds(Compare, st.just("sex"), st.sampled_from(("==", "!=")), st.sampled_from("FMX")) | st.builds(
    OneOf, st.just("sex"), st.lists(st.sampled_from("FMX"), min_size=1, max_size=3).map(tuple)
)
flags = st.builds(Compare, st.just("flag"), st.sampled_from(("==", "!=")), st.booleans())
limits = st.builds(CompareToLimit, st.just("alt"), operators, steps, st.just("ULN"))
drugs = st.builds(EventSet, st.just("drug"), st.sampled_from(((), ("a",), ("b",), ("a", "b"))))
windows = st.sampled_from((Window(), Window(-10, None), Window(-10, -4), Window(None, -15)))
absences = st.sampled_from(("none", "unknown"))
counts = st.builds(CountEvents, drugs, operators, st.integers(0, 3), windows, absences)
latest = st.builds(
    LatestValue, st.just(EventSet("measurement", ("hb",))), operators, steps, st.just("g/dL"), windows
)
leaves = sizes | words | flags | limits | counts | latest | st.just(Unread("a", "b"))


def nest(inner):
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    some = parts.flatmap(lambda held: st.builds(AtLeast, st.integers(1, len(held)), st.just(held)))
    return (
        st.builds(AllOf, parts)
        | st.builds(AnyOf, parts)
        | st.builds(Not, inner)
        | some
        | st.builds(Unless, inner, inner)
    )


def rules_over(expressions):
    rules = st.builds(
        CriterionRule,
        st.just(""),
        st.just(""),
        st.booleans(),
        expressions,
        st.sampled_from(("keep", "exclude")),
    )
    return st.lists(rules, min_size=1, max_size=3).map(
        lambda held: tuple(
            CriterionRule(f"C{i}", "", r.is_inclusion, r.expression, r.unknown) for i, r in enumerate(held)
        )
    )


def passes_of(rule):
    truth = evaluate_expression(rule.expression, GRID)
    return (truth if rule.is_inclusion else ~truth).fill_null(rule.unknown == "keep").to_list()


def who_passes(rules, ids):
    passing = [passes_of(rule) for rule in rules if rule.criterion_id in ids]
    return [i for i, held in enumerate(zip(*passing, strict=True)) if all(held)]


def known_among(passing, rules, ids):
    """Those for whom every leaf of the rules is known; words that no data answer apart."""
    for rule in rules:
        for leaf in iterate_leaves(rule.expression):
            if rule.criterion_id in ids and not isinstance(leaf, Unread):
                truth = evaluate_expression(leaf, GRID).to_list()
                passing = [i for i in passing if truth[i] is not None]
    return passing


@settings(deadline=None, max_examples=300)
@given(rules_over(leaves) | rules_over(st.recursive(leaves, nest, max_leaves=5)))
def test_nobody_passes_what_is_called_a_contradiction(rules):
    for found in find_contradictions(rules):
        passing = who_passes(rules, found.criterion_ids)
        if found.only_unknown_pass:
            passing = known_among(passing, rules, found.criterion_ids)
        assert not passing, found


@settings(deadline=None, max_examples=200)
@given(rules_over(st.recursive(sizes | words | flags, nest, max_leaves=4)))
def test_whatever_columns_make_impossible_is_found(rules):
    """Over columns alone the grid holds every case, so that nobody passing means a contradiction."""
    found = {held.criterion_ids: held for held in find_contradictions(rules)}
    alone = {rule.criterion_id for rule in rules if not who_passes(rules, {rule.criterion_id})}
    for rule in rules:
        ids = (rule.criterion_id,)
        known = known_among(who_passes(rules, ids), rules, ids)
        assert (rule.criterion_id in alone) == (ids in found and not found[ids].only_unknown_pass)
        assert (not known) == (ids in found)
    clear = [rule.criterion_id for rule in rules if (rule.criterion_id,) not in found]
    for at, one in enumerate(clear):
        for other in clear[at + 1 :]:
            passing = who_passes(rules, {one, other})
            pair = found.get((one, other))
            assert (not passing) == (pair is not None and not pair.only_unknown_pass)
            assert (not known_among(passing, rules, {one, other})) == (pair is not None)

"""Laws of screening: what dropping, adding and reordering criteria can never do."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from unburden.domain.cohort import Cohort, Column
from unburden.domain.criteria import Compare, CriterionRule
from unburden.eligibility.passing import derive_passing, find_contradictions
from unburden.eligibility.screen import screen_cohort

NAMES = tuple("abcde")
tables = st.lists(
    st.fixed_dictionaries({name: st.none() | st.booleans() for name in NAMES}), min_size=1, max_size=12
)


@st.composite
def rule_sets(draw):
    chosen = draw(st.lists(st.sampled_from(NAMES), unique=True))
    kinds = [(draw(st.booleans()), draw(st.sampled_from(("keep", "exclude")))) for _ in chosen]
    return tuple(
        CriterionRule(name, "", is_inclusion, Compare(name, "==", True), policy)
        for name, (is_inclusion, policy) in zip(chosen, kinds, strict=True)
    )


def cohort_of(table):
    frame = pl.DataFrame(table, schema=dict.fromkeys(NAMES, pl.Boolean))
    return Cohort("drawn", frame, tuple(Column(name) for name in NAMES), "observed:drawn")


@settings(deadline=None)
@given(tables, rule_sets())
def test_leave_one_out_is_the_pool_without_the_rule_and_never_smaller(table, rules):
    found = screen_cohort(rules, cohort_of(table))
    for number, step in enumerate(found.steps):
        without = screen_cohort(rules[:number] + rules[number + 1 :], cohort_of(table))
        assert step.leave_one_out == without.eligible >= found.eligible
        assert (
            step.alone_share.value * len(table) == step.alone
            or abs(step.alone_share.value * len(table) - step.alone) < 1e-9
        )


@settings(deadline=None)
@given(tables, rule_sets())
def test_adding_a_criterion_never_enlarges_the_cohort(table, rules):
    sizes = [screen_cohort(rules[:n], cohort_of(table)).eligible for n in range(len(rules) + 1)]
    assert sizes == sorted(sizes, reverse=True)


@settings(deadline=None)
@given(tables, rule_sets())
def test_contradictions_are_named_exactly_where_nobody_is_eligible(table, rules):
    passing = derive_passing(rules, cohort_of(table))
    found = find_contradictions(passing)
    assert bool(found) == (not passing.eligible.any())
    for contradiction in found:
        columns = [passing.criterion_ids.index(i) for i in contradiction.criterion_ids]
        assert not passing.passing[:, columns].all(axis=1).any()
        for left_out in columns:
            others = [c for c in columns if c != left_out]
            assert passing.passing[:, others].all(axis=1).any()


@settings(deadline=None)
@given(tables, rule_sets())
def test_masks_say_who_fails_what(table, rules):
    passing = derive_passing(rules, cohort_of(table))
    bits = (passing.failing_masks[:, None] >> np.arange(len(rules))) & 1
    assert (bits.astype(bool) == ~passing.passing).all()

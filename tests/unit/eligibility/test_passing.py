"""Passing tables, leave-one-out counts and contradictions that can be counted by hand."""

import numpy as np
import polars as pl
import pytest

from unburden.domain.cohort import Cohort, Column
from unburden.domain.criteria import Compare, CriterionRule
from unburden.domain.errors import InvalidCriterion
from unburden.domain.passing import PassingTable
from unburden.eligibility.passing import check_somebody_passes, derive_passing, find_contradictions
from unburden.eligibility.screen import screen_cohort

COHORT = Cohort(
    "hand",
    pl.DataFrame({"age": [17, 30, 50, 80, None], "ecog": [0, 1, 2, 1, 0]}),
    (Column("age", "year"), Column("ecog")),
    "observed:hand",
)


def age(identifier, operator, value, policy="exclude", is_inclusion=True):
    return CriterionRule(identifier, "", is_inclusion, Compare("age", operator, value, "year"), policy)


ADULT, FIT = age("IN01", ">=", 18), CriterionRule("IN02", "", True, Compare("ecog", "<=", 1), "exclude")
OLD = age("EX01", ">", 75, "keep", is_inclusion=False)


def table_of(*passing, ids=None):
    array = np.array(passing, dtype=bool)
    names = ids or tuple(f"C{i}" for i in range(array.shape[1]))
    return PassingTable("hand", names, array, np.zeros_like(array), "observed:hand")


def test_passing_applies_the_policy_and_keeps_what_was_unknown():
    table = derive_passing((ADULT, FIT, OLD), COHORT)
    assert table.passing.astype(int).tolist() == [[0, 1, 1], [1, 1, 1], [1, 0, 1], [1, 1, 0], [0, 1, 1]]
    assert table.unknown.astype(int).tolist() == [[0, 0, 0]] * 4 + [[1, 0, 1]]
    assert table.failing_masks.tolist() == [1, 0, 2, 4, 1]


def test_leave_one_out_and_shares():
    """IN01 alone keeps out patients 0 and 4, IN02 patient 2, EX01 patient 3; patient 1 is eligible."""
    steps = screen_cohort((ADULT, FIT, OLD), COHORT).steps
    assert [s.leave_one_out for s in steps] == [3, 2, 2]
    assert [s.alone_share.value for s in steps] == [0.4, 0.2, 0.2]
    assert [s.only_share.value for s in steps] == [0.4, 0.2, 0.2]
    assert [s.pool_share.value for s in steps] == pytest.approx([2 / 3, 1 / 2, 1 / 2])
    assert all(s.alone_share.low < s.alone_share.value < s.alone_share.high for s in steps)


def test_a_pair_that_contradicts_is_named():
    found = screen_cohort((age("IN01", ">=", 60), age("IN03", "<", 40), FIT), COHORT)
    assert found.eligible == 0
    assert [c.criterion_ids for c in found.contradictions] == [("IN01", "IN03")]
    assert found.steps[2].pool_share is None, "without IN02 nobody is left either"
    assert found.contradictions[0].text() == (
        "IN01 and IN03 together let nobody in, though they pass 1 and 2 alone; change one of them"
    )


def test_a_criterion_that_nobody_meets_is_named_alone():
    found = screen_cohort((age("IN00", ">=", 200), ADULT), COHORT)
    assert [c.text() for c in found.contradictions] == [
        "IN00 lets nobody in; check its column, unit and policy for unknown"
    ]


def test_three_criteria_may_contradict_where_no_pair_does():
    table = table_of([0, 1, 1, 1], [1, 0, 1, 1], [1, 1, 0, 1])
    (found,) = find_contradictions(table)
    assert found.criterion_ids == ("C0", "C1", "C2")
    with pytest.raises(InvalidCriterion, match="C0, C1 and C2 together let nobody in, though they pass 2, 2"):
        check_somebody_passes(table)


def test_somebody_who_passes_is_no_contradiction():
    assert find_contradictions(derive_passing((ADULT,), COHORT)) == ()
    check_somebody_passes(derive_passing((), COHORT))


def test_an_absent_column_is_refused():
    rule = CriterionRule("IN09", "", True, Compare("weight", ">", 3, "kg"), "keep")
    with pytest.raises(InvalidCriterion, match="criterion 'IN09': there is no column 'weight'"):
        derive_passing((rule,), COHORT)


def test_a_table_that_does_not_fit_is_refused_with_every_problem():
    with pytest.raises(InvalidCriterion) as caught:
        PassingTable("c", ("A", "A"), np.ones((2, 1), bool), np.ones((2, 2), int), "hearsay")
    assert str(caught.value).splitlines() == [
        "InvalidCriterion: passing table of cohort 'c': 4 problems",
        "  - passing has shape (2, 1) of bool; give Booleans, patients × criteria",
        "  - unknown has shape (2, 2) of int64; give Booleans, patients × criteria",
        "  - criteria A stand twice; give each its own id",
        "  - source 'hearsay' must start with one of observed:, published:, assumed:, model:, simulated:",
    ]


def test_masks_end_at_63_criteria():
    assert table_of([0] * 63).failing_masks.tolist() == [2**63 - 1]
    with pytest.raises(InvalidCriterion, match="has 64 criteria; masks hold up to 63"):
        _ = table_of([0] * 64).failing_masks

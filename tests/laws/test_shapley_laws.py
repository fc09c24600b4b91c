"""What holds of every Shapley value: efficiency, symmetry, dummy, additivity; and of every cohort."""

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.independent.emulated_cohorts import draw_patients, make_plan

from unburden.eligibility.cohorts import find_sets
from unburden.eligibility.worth import compute_shapley_coefficients, find_joint_quantile, weigh_criteria

SEEDS = st.integers(0, 100_000)


def weigh(passing, data, **changes):
    worth = weigh_criteria(passing, data, make_plan(**changes), threads=1)
    assume(not worth.refused)
    return worth


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(2, 6))
def test_values_add_up_to_what_all_criteria_change(seed, k):
    worth = weigh(*draw_patients(seed, 500, k))
    for found in worth.outcomes.values():
        scale = max(1.0, abs(found.with_none))
        assert abs(found.values.sum() - (found.with_all - found.with_none)) < 1e-12 * scale * k


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_a_criterion_that_keeps_nobody_out_is_worth_nothing(seed):
    passing, data = draw_patients(seed, 500, 4)
    passing[:, 2] = True
    worth = weigh(passing, data)
    for found in worth.outcomes.values():
        assert found.values[2] == 0 and found.standard_errors[2] == 0 and found.p_values[2] == 1
        assert found.low[2] == found.joint_high[2] == 0


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_two_criteria_of_one_effect_are_worth_the_same(seed):
    passing, data = draw_patients(seed, 500, 4)
    passing[:, 3] = passing[:, 0]
    for found in weigh(passing, data).outcomes.values():
        assert found.values[3] == pytest.approx(found.values[0], rel=1e-11, abs=1e-13)
        assert found.standard_errors[3] == pytest.approx(found.standard_errors[0], rel=1e-9)


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.permutations(range(4)))
def test_the_order_of_criteria_and_of_patients_is_of_no_account(seed, order):
    passing, data = draw_patients(seed, 500, 4)
    plain = weigh(passing, data)
    rows = np.random.default_rng(seed).permutation(500)
    turned = weigh(passing[rows][:, order], data.take(rows))
    for name, found in plain.outcomes.items():
        np.testing.assert_allclose(turned.outcomes[name].values, found.values[order], rtol=1e-7, atol=1e-8)
        np.testing.assert_allclose(
            turned.outcomes[name].standard_errors, found.standard_errors[order], rtol=1e-5, atol=1e-9
        )


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 10), SEEDS)
def test_the_value_of_a_sum_is_the_sum_of_the_values(k, seed):
    one, two = np.random.default_rng(seed).normal(size=(2, 1 << k))
    coefficients = compute_shapley_coefficients(k)
    np.testing.assert_allclose(
        coefficients.T @ (one + two), coefficients.T @ one + coefficients.T @ two, atol=1e-12
    )
    np.testing.assert_allclose((coefficients.T @ one).sum(), one[-1] - one[0], atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_one_more_criterion_never_enlarges_a_cohort(seed):
    passing, data = draw_patients(seed, 400, 5)
    size = weigh_criteria(passing, data, make_plan(), threads=1).cohorts["patients"].to_numpy()
    masks = np.arange(32)
    for j in range(5):
        assert np.all(size[masks | 1 << j] <= size)


@settings(max_examples=50, deadline=None)
@given(SEEDS, st.integers(1, 8))
def test_masks_are_joined_exactly_when_they_select_the_same_patients(seed, k):
    random = np.random.default_rng(seed)
    failing = (random.random((30, k)) < 0.15) @ (1 << np.arange(k))
    failing = failing.astype(np.uint32)
    masks = random.permutation(1 << k).astype(np.uint32)
    sets = find_sets(masks, failing, k)
    cohorts = [tuple(np.flatnonzero((failing & mask) == 0)) for mask in masks]
    least = {}
    for mask, cohort in sorted(zip(masks.tolist(), cohorts, strict=True)):
        least.setdefault(cohort, mask)
    assert [int(sets.unique[p]) for p in sets.place] == [least[cohort] for cohort in cohorts]
    assert np.all(np.diff(sets.unique.astype(int)) > 0)
    shift = np.uint32(22 - k)
    wide = find_sets(masks << shift, failing << shift, 22)
    assert np.array_equal(wide.place, sets.place)
    assert np.array_equal(wide.unique, sets.unique << shift)


def test_the_answer_is_the_same_on_any_number_of_threads():
    passing, data = draw_patients(77, 900, 7)
    one = weigh_criteria(passing, data, make_plan(replicates=20), threads=1)
    two = weigh_criteria(passing, data, make_plan(replicates=20), threads=2)
    assert one.cohorts.equals(two.cohorts) and isinstance(one.cohorts, pl.DataFrame)
    for name, found in one.outcomes.items():
        for part in ("values", "standard_errors", "bootstrap_errors", "joint_low", "p_values"):
            assert np.array_equal(getattr(found, part), getattr(two.outcomes[name], part))


def test_intervals_for_all_at_once_lie_between_one_and_bonferroni():
    random = np.random.default_rng(3)
    part = random.normal(size=(6, 6))
    found = find_joint_quantile(part @ part.T, 0.95, 5)
    assert 1.96 < found < 2.638 + 0.03
    assert find_joint_quantile(np.ones((6, 6)), 0.95, 5) == pytest.approx(1.96, abs=0.04)
    assert find_joint_quantile(np.eye(6), 0.95, 5) == pytest.approx(2.631, abs=0.04)

"""Cohorts against lifelines and statsmodels, influences against refits, Shapley values against orders."""

import itertools
import warnings

import numpy as np
import pytest
from tests.independent.emulated_cohorts import compute_cohort, draw_patients, make_plan

from unburden.domain.criteria_worth import EmulationData
from unburden.domain.emulation_plan import Truncation
from unburden.eligibility.cohorts import (
    estimate_cohorts,
    estimate_replicate,
    find_neighbours,
    find_sets,
    make_settings,
    order_patients,
)
from unburden.eligibility.worth import weigh_criteria
from unburden.kernels import cohort_desk as kernel

PLANS = {
    "stabilised": make_plan(),
    "probability": make_plan(truncation=Truncation("probabilities", 0.2, 0.75)),
    "quantile": make_plan(truncation=Truncation("quantiles", 0.02, 0.97)),
    "overlap": make_plan(weighting="overlap"),
    "unweighted": make_plan(weighting="unweighted"),
}


@pytest.mark.parametrize("name", PLANS)
def test_every_cohort_equals_statsmodels_and_lifelines(name):
    passing, data = draw_patients(3, 900, 4)
    table = weigh_criteria(passing, data, PLANS[name]).cohorts
    for row in table.iter_rows(named=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = compute_cohort(passing, data, row["mask"], PLANS[name])
        assert row["patients"] == expected["patients"]
        for outcome in ("log_hazard_ratio", "rmst_difference", "risk_difference"):
            assert row[outcome] == pytest.approx(expected[outcome], abs=1e-6), (row["mask"], outcome)


def test_unweighted_standard_error_equals_lifelines_robust_one():
    passing, data = draw_patients(5, 600, 3, has_ties=False)
    for row in weigh_criteria(passing, data, PLANS["unweighted"]).cohorts.iter_rows(named=True):
        expected = compute_cohort(passing, data, row["mask"], PLANS["unweighted"])
        assert row["log_hazard_ratio_se"] == pytest.approx(expected["robust"], abs=1e-8)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("name", ["stabilised", "probability", "overlap", "unweighted"])
def test_influence_is_the_change_when_a_patient_counts_a_little_more(name, ties):
    """Of every outcome, the propensity and the share of treated estimated anew."""
    passing, data = draw_patients(11, 220, 2)
    plan = make_plan(weighting=PLANS[name].weighting, truncation=PLANS[name].truncation, ties=ties)
    patients, _ = order_patients(passing, data)
    settings = make_settings(data, plan)
    sets = find_sets(np.array([2], np.uint32), patients.failing, 2)
    found = estimate_cohorts(sets, patients, settings, np.ones((1, 1)), threads=1)
    step = 1e-4
    for i in range(0, data.patients, 9):
        ends = []
        for sign in (1, -1):
            counts = patients.counts.copy()
            counts[i] += sign * step
            moved = patients._replace(counts=counts)
            ends.append(
                estimate_cohorts(sets, moved, settings, None, threads=1).results[0, kernel.VALUES :][:3]
            )
        change = (ends[0] - ends[1]) / (2 * step)
        np.testing.assert_allclose(found.influence[i, 0, :3], change, atol=3e-6)


def test_shapley_values_equal_the_mean_over_all_orders():
    passing, data = draw_patients(8, 700, 4)
    worth = weigh_criteria(passing, data, make_plan())
    for outcome, found in worth.outcomes.items():
        value = dict(zip(worth.cohorts["mask"], worth.cohorts[outcome], strict=True))
        gains = []
        for order in itertools.permutations(range(4)):
            gain, mask = np.zeros(4), 0
            for j in order:
                gain[j] = value[mask | 1 << j] - value[mask]
                mask |= 1 << j
            gains.append(gain)
        np.testing.assert_allclose(found.values, np.mean(gains, axis=0), rtol=1e-12, atol=1e-12)


def test_sampled_orders_agree_with_all_sets_within_their_error():
    """Sixteen criteria of which six keep nobody out: the same values as the ten others alone, exactly."""
    passing, data = draw_patients(21, 600, 10)
    exact = weigh_criteria(passing, data, make_plan())
    wide = np.hstack([passing, np.ones((600, 6), bool)])
    sampled = weigh_criteria(wide, data, make_plan(permutations=400))
    assert exact.is_exact and not sampled.is_exact
    for outcome in ("log_hazard_ratio", "rmst_difference", "patients"):
        mine, theirs = sampled.get_outcome(outcome), exact.get_outcome(outcome)
        z = (mine.values[:10] - theirs.values) / mine.monte_carlo_errors[:10]
        assert np.abs(z).max() < 4
        assert np.all(mine.values[10:] == 0)
        assert mine.values.sum() == pytest.approx(mine.with_all - mine.with_none, abs=1e-10)
        np.testing.assert_allclose(mine.standard_errors[:10], theirs.standard_errors, rtol=0.25)


def test_bootstrap_and_influence_agree():
    passing, data = draw_patients(31, 1500, 4)
    worth = weigh_criteria(passing, data, make_plan(replicates=400))
    assert worth.replicates_used == 400
    for outcome in worth.outcomes.values():
        np.testing.assert_allclose(outcome.bootstrap_errors, outcome.standard_errors, rtol=0.15)


def test_a_bootstrap_replicate_equals_patients_repeated():
    """Breslow's rule, for which counting twice and being there twice are the same."""
    passing, data = draw_patients(41, 300, 3)
    counts = np.random.default_rng(1).multinomial(300, np.full(300, 1 / 300))
    patients, order = order_patients(passing, data)
    settings = make_settings(data, make_plan(ties="breslow"))
    masks = np.arange(8, dtype=np.uint32)
    sets = find_sets(masks, patients.failing, 3)
    counted = estimate_cohorts(sets, patients._replace(counts=counts[order].astype(float)), settings, None)
    rows = np.repeat(np.arange(300), counts)
    twice = EmulationData(
        data.times[rows], data.events[rows], data.treated[rows], data.covariates[rows], data.source,
        adverse=data.adverse[rows],
    )  # fmt: skip
    again, _ = order_patients(passing[rows], twice)
    repeated = estimate_cohorts(find_sets(masks, again.failing, 3), again, settings, None)
    np.testing.assert_allclose(counted.results[:, :8], repeated.results[:, :8], atol=1e-8)


def test_the_short_cut_of_the_bootstrap_ends_where_a_full_fit_does():
    passing, data = draw_patients(43, 1200, 5)
    patients, _ = order_patients(passing, data)
    settings = make_settings(data, make_plan())
    sets = find_sets(np.arange(32, dtype=np.uint32), patients.failing, 5)
    base = estimate_cohorts(sets, patients, settings, None).solutions
    for replicate in range(5):
        counts = np.random.default_rng(replicate).multinomial(1200, np.full(1200, 1 / 1200)).astype(float)
        near = find_neighbours(sets.unique, sets)
        short, _ = estimate_replicate(sets, near, patients, settings, base, counts)
        full = estimate_cohorts(sets, patients._replace(counts=counts), settings, None).results
        np.testing.assert_allclose(short[:, :8], full[:, :8], atol=2e-8)

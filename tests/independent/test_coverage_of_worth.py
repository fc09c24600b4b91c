"""The short form of revalidation/test_coverage_of_worth.py."""

import numpy as np
import pytest
from tests.independent.coverage_of_worth import draw_study, find_truth, measure_coverage
from tests.independent.emulated_cohorts import make_plan

from unburden.eligibility.cohorts import (
    estimate_cohorts,
    estimate_replicate,
    find_sets,
    make_settings,
    order_patients,
)
from unburden.eligibility.worth import weigh_criteria
from unburden.kernels import cohort_desk as kernel
from unburden.kernels.resampling import draw_counts

LIMIT = 4 * np.sqrt(0.95 * 0.05 / 600)


def test_intervals_hold_the_truth_where_nobody_has_an_effect():
    found = measure_coverage(600, 800, 0.0, np.zeros((3, 3)))
    assert np.all(np.abs(found.covered - 0.95) < LIMIT) and np.all(np.abs(found.joint - 0.95) < LIMIT)
    assert np.all(np.abs(found.error_ratio - 1) < 0.13)


def test_intervals_hold_the_truth_with_an_effect():
    truth = find_truth(-0.6, 1_000_000, make_plan())
    found = measure_coverage(600, 800, -0.6, truth)
    assert np.all(np.abs(found.covered - 0.95) < LIMIT)
    assert np.all(np.abs(found.bias) < 0.25)


@pytest.mark.parametrize("is_left_out", [False, True])
def test_a_confounder_left_out_makes_an_effect_where_there_is_none(is_left_out):
    """In all patients the treated are older; nobody has an effect."""
    held, values = [], []
    for seed in range(200):
        study = draw_study(seed, 800, effect=0.0, is_confounder_left_out=is_left_out)
        row = weigh_criteria(*study, make_plan(), threads=1).cohorts.row(0, named=True)
        values.append(row["log_hazard_ratio"])
        held.append(abs(values[-1]) <= 1.96 * row["log_hazard_ratio_se"])
    if is_left_out:
        assert np.mean(held) < 0.5 and np.mean(values) > 0.15
    else:
        assert np.mean(held) > 0.90 and abs(np.mean(values)) < 0.03


def test_weights_taken_as_known_overstate_the_error_of_an_adjusted_effect():
    """Estimating the propensity takes error away (Robins, Rotnitzky & Zhao 1994), also by bootstrap."""
    passing, data = draw_study(1, 3000, effect=0.0)
    patients, _ = order_patients(passing, data)
    sets, settings = (
        find_sets(np.array([0], np.uint32), patients.failing, 3),
        make_settings(data, make_plan()),
    )
    one = np.ones((1, 1))
    full = estimate_cohorts(sets, patients, settings, one).results[0, kernel.ERRORS :]
    fixed = estimate_cohorts(sets, patients, settings, one, is_fixed=True).results[0, kernel.ERRORS :]
    counts, base = np.empty(3000), estimate_cohorts(sets, patients, settings, None).solutions
    boots = []
    for replicate in range(300):
        draw_counts(np.uint64(5), np.uint64(replicate), counts)
        near = np.full((1, 3), -1)
        results, _ = estimate_replicate(sets, near, patients, settings, base, counts)
        boots.append(results[0, kernel.VALUES : kernel.VALUES + 3])
    spread = np.std(boots, axis=0, ddof=1)
    np.testing.assert_allclose(full, spread, rtol=0.13)
    assert fixed[kernel.HAZARD] > 1.05 * full[kernel.HAZARD]

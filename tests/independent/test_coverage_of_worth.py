"""The short form of revalidation/test_coverage_of_worth.py."""

import numpy as np

from tests.independent.coverage_of_worth import find_truth, measure_coverage
from tests.independent.emulated_cohorts import make_plan

LIMIT = 4 * np.sqrt(0.95 * 0.05 / 600)


def test_intervals_hold_the_truth_where_nobody_has_an_effect():
    found = measure_coverage(600, 800, 0.0, np.zeros((3, 3)))
    assert np.all(np.abs(found.covered - 0.95) < LIMIT) and np.all(np.abs(found.joint - 0.95) < LIMIT)
    assert np.all(np.abs(found.error_ratio - 1) < 0.13)


def test_intervals_hold_the_truth_with_an_effect_and_miss_it_with_a_confounder_left_out():
    """The hazard ratio of every cohort is biased alike, so its Shapley values less; the cohort's own much."""
    truth = find_truth(-0.6, 1_000_000, make_plan())
    found = measure_coverage(600, 800, -0.6, truth)
    assert np.all(np.abs(found.covered - 0.95) < LIMIT)
    assert np.all(np.abs(found.bias) < 0.25)

"""Failures of screening beside scipy's distribution and beside simulated trials."""

import numpy as np
import pytest
from scipy import stats

from unburden.eligibility.screen_failures import compute_failure_interval


@pytest.mark.parametrize("enrolled", [1, 10, 400])
@pytest.mark.parametrize(("passing", "patients"), [(50, 100), (3, 1000), (700, 2982), (20, 20)])
def test_the_interval_is_that_of_the_beta_negative_binomial(passing, patients, enrolled):
    law = stats.betanbinom(enrolled, passing + 0.5, patients - passing + 0.5)
    low, high = compute_failure_interval(passing, patients, enrolled)
    assert law.cdf(low) >= 0.025 - 1e-6 and (low == 0 or law.cdf(low - 1) < 0.025 + 1e-6)
    assert law.cdf(high) >= 0.975 - 1e-6 and (high == 0 or law.cdf(high - 1) < 0.975 + 1e-6)


def test_the_interval_holds_what_happens():
    """A cohort is drawn, then a trial is screened from the same patients: 95 % of trials lie inside."""
    rng = np.random.default_rng(11)
    truth, patients, enrolled, runs = 0.3, 150, 60, 3000
    held = 0
    for _ in range(runs):
        low, high = compute_failure_interval(int(rng.binomial(patients, truth)), patients, enrolled)
        held += low <= rng.negative_binomial(enrolled, truth) <= high
    assert 0.935 < held / runs < 0.965

"""Coverage of the intervals of Shapley values in 2,000 studies, with and without an effect."""

import numpy as np
import pytest
from tests.independent.coverage_of_worth import find_truth, measure_coverage
from tests.independent.emulated_cohorts import make_plan

from unburden.domain.emulation_plan import Truncation

STUDIES, PATIENTS = 2000, 1200
PLANS = {
    "stabilised": make_plan(),
    "overlap": make_plan(weighting="overlap"),
    "truncated at quantiles": make_plan(truncation=Truncation("quantiles", 0.01, 0.99)),
}


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("effect", [0.0, -0.6])
def test_intervals_hold_the_truth_as_often_as_they_say(effect, name):
    """The truth is 0 without an effect, else that of 2,000,000 patients (a 40th of the error)."""
    truth = find_truth(effect, 2_000_000, PLANS[name])
    found = measure_coverage(STUDIES, PATIENTS, effect, truth, PLANS[name])
    print(name, effect, found)
    assert np.all(np.abs(found.covered - 0.95) < 0.02)
    assert np.all(np.abs(found.joint - 0.95) < 0.025)
    assert np.all(np.abs(found.error_ratio - 1) < 0.06)

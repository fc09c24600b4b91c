"""Bounds given by other software, and the multivariate normal integral of SciPy."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from unburden.domain.errors import InvalidDesign
from unburden.simulation.boundaries import compute_critical_values, compute_rejections

RPACT_OBF_TYPE = [
    # rpact 3.3.4, getDesignGroupSequential(typeOfDesign = "asOF"), one-sided alpha
    (0.025, (0.5, 1.0), (2.96258804272755, 1.96859564632177)),
    (0.025, (1 / 3, 2 / 3, 1.0), (3.7103028732625, 2.51142748445272, 1.9930474832654)),
    (
        0.025,
        (0.25, 0.5, 0.75, 1.0),
        (4.33263364604956, 2.96313159912825, 2.35904427617788, 2.01409014314413),
    ),
    (0.025, (0.5, 0.75, 1.0), (2.96258804272755, 2.35901770740747, 2.01408366113901)),
    (0.01, (1 / 3, 2 / 3, 1.0), (4.31061546451637, 2.94717136770487, 2.34606619924307)),
]


@pytest.mark.parametrize(("alpha", "rates", "expected"), RPACT_OBF_TYPE)
def test_bounds_agree_with_rpact(alpha, rates, expected):
    assert compute_critical_values(rates, alpha) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("rates", [(0.5, 1.0), (0.25, 0.6, 1.0), (0.2, 0.4, 0.7, 1.0)])
@pytest.mark.parametrize("drift", [0.0, 3.24])
def test_going_on_agrees_with_the_multivariate_normal_integral(rates, drift):
    bounds = compute_critical_values(rates, 0.025)
    times = np.array(rates)
    correlation = np.sqrt(np.minimum.outer(times, times) / np.maximum.outer(times, times))
    below = multivariate_normal(drift * np.sqrt(times), correlation, abseps=1e-10, releps=1e-10)
    expected = 1 - below.cdf(np.array(bounds), rng=np.random.default_rng(1))
    assert sum(compute_rejections(bounds, rates, drift)) == pytest.approx(expected, abs=2e-6)


def test_every_problem_is_listed_at_once():
    with pytest.raises(InvalidDesign) as caught:
        compute_critical_values((0.5, 0.4), 0.7)
    assert str(caught.value).splitlines()[1:] == [
        "  - information_rates [0.5, 0.4] must rise from above 0 to 1",
        "  - alpha is 0.7; give a number between 0 and 0.5",
    ]

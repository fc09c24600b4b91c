"""Clopper-Pearson against SciPy, the tilt bound against exact errors, certificates over ranges."""

import math

import numpy as np
import pytest
from scipy import stats

from unburden.domain.design import Design, Events
from unburden.domain.errors import InvalidDesign
from unburden.domain.scenario import Accrual, Binary, PiecewiseHazard, Scenario, TimeToEvent, WeibullHazard
from unburden.kernels.trials import compute_shares_z
from unburden.simulation.certifying import _tilt, bound_share, certify_error
from unburden.simulation.sizes import compute_proportions_power
from unburden.simulation.trials import simulate_trials

ACCRUAL = Accrual((0.0,), (20.0,))


def make(control: float, treatment: float) -> Scenario:
    return Scenario("b", ACCRUAL, Binary("response", control, treatment, 3.0), 0.0, ("assumed:test",))


@pytest.mark.parametrize(("count", "trials"), [(0, 50), (3, 100), (25, 1000), (2600, 100_000), (999, 1000)])
@pytest.mark.parametrize("doubt", [0.05, 1e-5])
def test_clopper_pearson(count, trials, doubt):
    assert bound_share(count, trials, doubt) == pytest.approx(
        stats.beta.ppf(1 - doubt, count + 1, trials - count), rel=1e-9
    )


@pytest.mark.parametrize("seed", range(20))
def test_shares_are_pearsons_chi_square(seed):
    rng = np.random.default_rng(seed)
    outcome, treated = (rng.random(80) < 0.4).astype(float), rng.random(80) < 0.5
    table = [[outcome[treated].sum(), (~treated[outcome == 1]).sum()],
             [(treated & (outcome == 0)).sum(), (~treated & (outcome == 0)).sum()]]  # fmt: skip
    z = compute_shares_z(outcome, np.ones(80, np.bool_), treated)
    assert z**2 == pytest.approx(stats.chi2_contingency(table, correction=False).statistic)


def test_binary_power():
    found = simulate_trials(Design(360, 1.0, 0.025, (1.0,), None), make(0.3, 0.45), trials=40_000, seed=1)
    closed = compute_proportions_power(0.45, 0.3, 180, 180, 0.025, sided=1)
    assert found.power.value == pytest.approx(closed, abs=0.01)


def exact_error(n: int, share: float, bound: float = 1.959963984540054) -> float:
    """Error of the pooled z test with n in each arm, by enumeration."""
    mass = stats.binom.pmf(np.arange(n + 1), n, share)
    x, y = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    pooled = (x + y) / (2 * n)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (x - y) / n / np.sqrt(pooled * (1 - pooled) * 2 / n)
    return float((np.outer(mass, mass) * (np.nan_to_num(z) >= bound - 1e-12)).sum())


@pytest.mark.parametrize("share", [0.2, 0.5])
@pytest.mark.parametrize("move", [-0.02, 0.01, 0.05])
def test_the_tilt_bound_holds_and_is_near(share, move):
    n = 30

    def partition(eta: float) -> float:
        return 2 * n * math.log1p(math.exp(eta))

    eta = math.log(share / (1 - share))
    v = math.log((share + move) / (1 - share - move)) - eta
    bound = _tilt(exact_error(n, share), partition, eta, v)
    assert exact_error(n, share + move) <= bound
    assert bound <= _tilt(exact_error(n, share), partition, eta, 2 * v)
    assert _tilt(exact_error(n, share), partition, eta, 1e-12) == pytest.approx(
        exact_error(n, share), rel=1e-3
    )


def test_a_certificate_covers_the_exact_error_between_its_points():
    design = Design(60, 1.0, 0.025, (1.0,), None)
    found = certify_error(
        design, make(0.3, 0.3), low=0.28, high=0.32, target=0.045, trials=20_000, seed=1, most_tiles=60
    )
    assert found.bound <= 0.045
    assert found.tiles[0].low == 0.28 and found.tiles[-1].high == 0.32
    assert all(a.high == b.low for a, b in zip(found.tiles, found.tiles[1:], strict=False))
    for tile in found.tiles:
        for share in np.linspace(tile.low, tile.high, 5):
            assert exact_error(30, float(share)) <= tile.bound


def test_a_survival_certificate():
    hazard = PiecewiseHazard((0.0,), (0.05,))
    world = Scenario("s", ACCRUAL, TimeToEvent("death", hazard, hazard), 0.0, ("assumed:test",))
    design = Design(60, 1.0, 0.025, (1.0,), Events(40))
    found = certify_error(
        design, world, low=0.0495, high=0.0505, target=0.04, trials=20_000, seed=1, most_tiles=20
    )
    assert found.parameter == "hazard per month"
    assert 0.025 < found.bound < 0.04


def test_what_cannot_be_certified_is_told():
    with pytest.raises(InvalidDesign, match="4 problems"):
        certify_error(
            Design(60, 1.0, 0.025, (1.0,), None), make(0.3, 0.3),
            low=0.4, high=0.3, target=0.02, trials=100, seed=1, confidence=2.0, most_tiles=0,
        )  # fmt: skip
    weibull = TimeToEvent("x", WeibullHazard(1.0, 20.0), WeibullHazard(1.0, 20.0))
    with pytest.raises(InvalidDesign, match="one parameter"):
        certify_error(
            Design(60, 1.0, 0.025, (1.0,), Events(40)),
            Scenario("w", ACCRUAL, weibull, 0.0, ("assumed:test",)),
            low=0.1, high=0.2, target=0.1, trials=100, seed=1,
        )  # fmt: skip

"""Clopper-Pearson against SciPy, moments of likelihood ratios against integrals and simulation, certificates
against exact errors and fresh simulation."""

import math
from itertools import product

import numpy as np
import pytest
from scipy import integrate, stats

from unburden.domain.design import Design, Events
from unburden.domain.errors import InvalidDesign
from unburden.domain.scenario import Accrual, Binary, PiecewiseHazard, Scenario, TimeToEvent, WeibullHazard
from unburden.kernels.trials import compute_shares_z
from unburden.simulation.certifying import bound_share, certify_error
from unburden.simulation.sizes import compute_proportions_power
from unburden.simulation.tilting import (
    bound_tile,
    compute_event_moment,
    compute_patient_moment,
    compute_share_moment,
)
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


def exact_error(n: int, control: float, treatment: float, bound: float = 1.959963984540054) -> float:
    """Share of pooled z tests with n in each arm that reject, by enumeration."""
    counts = np.arange(n + 1)
    x, y = np.meshgrid(counts, counts, indexing="ij")
    pooled = (x + y) / (2 * n)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (x - y) / n / np.sqrt(pooled * (1 - pooled) * 2 / n)
    mass = np.outer(stats.binom.pmf(counts, n, treatment), stats.binom.pmf(counts, n, control))
    return float((mass * (np.nan_to_num(z) >= bound - 1e-12)).sum())


@pytest.mark.parametrize("share", [0.2, 0.5])
@pytest.mark.parametrize("move", [-0.02, 0.01, 0.05])
def test_the_tilt_bound_is_that_of_sklar(share, move):
    """Against the formula for exponential families, by its log-partition, minimised on a fine grid of q."""
    n, there, error = 30, share + move, exact_error(30, share, share)

    def partition(eta):
        return 2 * n * np.logaddexp(0, eta)

    eta, v = math.log(share / (1 - share)), math.log(there / (1 - there) * (1 - share) / share)
    q = 1 + np.exp(np.linspace(-6, 10, 20_001))
    rise = (partition(eta + q * v) - partition(eta)) / q - (partition(eta + v) - partition(eta))
    theirs = np.exp((1 - 1 / q) * math.log(error) + rise).min()
    ours = bound_tile(
        error, lambda a, b, q: [2 * n * compute_share_moment(a[0], b[0], q)], (share,), [(there,)]
    )
    assert ours == pytest.approx(theirs, rel=1e-5)
    assert exact_error(n, there, there) <= ours


HAZARDS = [((0.05, 0.01), (0.06, 0.008)), ((0.05, 0.01), (0.04, 0.02)), ((0.05, 0.01), (0.055, 0.0))]


@pytest.mark.parametrize(("start", "end"), HAZARDS)
@pytest.mark.parametrize("q", [1.5, 3.0])
def test_a_patients_moment_is_the_integral(start, end, q):
    def integrand(time: float, kind: int) -> float:
        before = start[kind] * math.exp(-sum(start) * time)
        after = end[kind] * math.exp(-sum(end) * time)
        return before * (after / before) ** q

    exact = sum(integrate.quad(integrand, 0, 2000, args=(kind,), limit=500)[0] for kind in (0, 1))
    assert compute_patient_moment(start, end, q) == pytest.approx(math.log(exact), abs=1e-7)


@pytest.mark.parametrize(
    ("start", "end"),
    [((0.05, 0.003), (0.055, 0.0025)), ((0.05, 0.003), (0.045, 0.0035)), ((0.05, 0.001), (0.055, 0.0))],
)
def test_a_trial_by_events_has_a_smaller_moment(start, end):
    """Trials of 40 patients with staggered entry and dropout, ended at 20 events or when nobody is left."""
    rng, n, d, q, trials = np.random.default_rng(1), 40, 20, 2.0, 40_000
    entry = np.cumsum(rng.exponential(0.5, (trials, n)), axis=1)
    event, dropout = rng.exponential(1 / start[0], (trials, n)), rng.exponential(1 / start[1], (trials, n))
    time, has_event = np.minimum(event, dropout), event < dropout
    calendar = np.where(has_event, entry + time, np.inf)
    last = np.sort(calendar, axis=1)[:, d - 1 : d]
    followed = np.clip(last - entry, 0, time)
    seen = (entry + time <= last) | np.isinf(last)
    events = (has_event & seen).sum(axis=1)
    dropouts = (~has_event & seen).sum(axis=1)
    with np.errstate(divide="ignore"):
        ratio = (end[0] / start[0]) ** events * (end[1] / start[1]) ** dropouts
    ratio = ratio * np.exp(-(sum(end) - sum(start)) * followed.sum(axis=1))
    assert ratio.mean() == pytest.approx(1.0, abs=5 * ratio.std() / math.sqrt(trials))
    moment, error = (ratio**q).mean(), (ratio**q).std() / math.sqrt(trials)
    by_events = math.exp(d * compute_event_moment(start, end, q))
    assert moment <= by_events + 4 * error
    assert moment >= 0.9 * by_events - 4 * error  # few trials lack the events: the bound is near
    assert moment <= math.exp(n * compute_patient_moment(start, end, q)) + 4 * error


def test_certificates_of_a_common_share_cover_the_exact_error():
    design = Design(60, 1.0, 0.025, (1.0,), None)
    found = certify_error(
        design, make(0.3, 0.3), nuisance={"share": (0.28, 0.32)}, target=0.045, trials=20_000, seed=1,
        most_tiles=60,
    )  # fmt: skip
    assert found.is_reached and found.bound <= 0.045
    assert found.tiles[0].low == (0.28,) and found.tiles[-1].high == (0.32,)
    assert all(a.high == b.low for a, b in zip(found.tiles, found.tiles[1:], strict=False))
    for tile in found.tiles:
        for share in np.linspace(tile.low[0], tile.high[0], 5):
            assert exact_error(30, share, share) <= tile.bound


def test_certificates_of_two_shares_cover_the_exact_error_of_the_composite_null():
    design = Design(60, 1.0, 0.025, (1.0,), None)
    region = {"treatment_share": (0.25, 0.34), "control_share": (0.2, 0.4)}
    found = certify_error(
        design, make(0.3, 0.3), nuisance=region, target=0.045, trials=20_000, seed=2, most_tiles=200
    )
    assert found.parameters == ("control_share", "treatment_share")
    assert found.is_reached and found.simulations < 2 * len(found.tiles)
    for control, treatment in product(np.linspace(0.2, 0.4, 41), np.linspace(0.25, 0.34, 37)):
        if treatment > control:
            continue
        error = exact_error(30, control, treatment)
        tiles = [tile for tile in found.tiles if tile.holds((control, treatment))]
        assert tiles and all(error <= tile.bound for tile in tiles)
    assert any(tile.centre[0] == tile.centre[1] for tile in found.tiles)
    assert all(tile.centre[1] <= tile.centre[0] for tile in found.tiles)


def test_certificates_of_share_and_dropout_cover_the_exact_error():
    design = Design(60, 1.0, 0.025, (1.0,), None)
    found = certify_error(
        design, make(0.3, 0.3), nuisance={"share": (0.295, 0.305), "dropout_hazard_per_month": (0.0, 0.002)},
        target=0.05, trials=20_000, seed=3, most_tiles=100,
    )  # fmt: skip
    assert found.is_reached
    rng = np.random.default_rng(4)
    for tile in found.tiles[::4]:
        share, hazard = rng.uniform(tile.low, tile.high)
        world = Scenario("b", ACCRUAL, Binary("response", share, share, 3.0), -math.expm1(-12 * hazard),
                         ("assumed:test",))  # fmt: skip
        fresh = simulate_trials(design, world, trials=20_000, seed=77).power.value
        assert fresh <= tile.bound + 4 * math.sqrt(fresh / 20_000)
    closed = exact_error(30, 0.3, 0.3)  # where nobody drops out
    assert all(closed <= tile.bound for tile in found.tiles if tile.holds((0.3, 0.0)))


def make_survival(hazard: float, dropout: float) -> Scenario:
    steps = PiecewiseHazard((0.0,), (hazard,))
    return Scenario("s", ACCRUAL, TimeToEvent("death", steps, steps), -math.expm1(-12 * dropout),
                    ("assumed:test",))  # fmt: skip


def test_a_certificate_of_one_hazard():
    design = Design(60, 1.0, 0.025, (1.0,), Events(40))
    found = certify_error(
        design, make_survival(0.05, 0.0), nuisance={"hazard_per_month": (0.0495, 0.0505)}, target=0.04,
        trials=20_000, seed=1, most_tiles=20,
    )  # fmt: skip
    assert found.parameters == ("hazard_per_month",)
    assert 0.025 < found.bound < 0.04


def test_a_certificate_of_hazard_and_dropout_holds_for_fresh_trials():
    design = Design(60, 1.0, 0.025, (0.5, 1.0), Events(30))
    region = {"hazard_per_month": (0.045, 0.05), "dropout_hazard_per_month": (0.0, 0.002)}
    found = certify_error(
        design, make_survival(0.05, 0.0), nuisance=region, target=0.05, trials=20_000, seed=5, most_tiles=150
    )
    assert found.is_reached
    area = sum(math.prod(np.subtract(tile.high, tile.low)) for tile in found.tiles)
    assert area == pytest.approx(0.005 * 0.002)
    rng = np.random.default_rng(6)
    for tile in found.tiles[:: max(1, len(found.tiles) // 12)]:
        hazard, dropout = rng.uniform(tile.low, tile.high)
        fresh = simulate_trials(design, make_survival(hazard, dropout), trials=40_000, seed=99).power.value
        assert fresh <= tile.bound + 4 * math.sqrt(fresh / 40_000)


def test_a_target_that_is_not_reached_is_told_with_what_was_proven():
    design = Design(60, 1.0, 0.025, (1.0,), None)
    found = certify_error(
        design, make(0.3, 0.3), nuisance={"control_share": (0.2, 0.4), "treatment_share": (0.2, 0.4)},
        target=0.03, trials=2000, seed=1, most_tiles=7,
    )  # fmt: skip
    assert not found.is_reached and len(found.tiles) == 7
    assert found.bound == found.worst.bound > 0.03
    again = simulate_trials(design, make(*found.worst.centre), trials=2000, seed=found.worst.seed)
    assert round(again.power.value * 2000) == found.worst.rejections


def test_what_cannot_be_certified_is_told():
    design = Design(60, 1.0, 0.025, (1.0,), None)
    with pytest.raises(InvalidDesign, match="4 problems"):
        certify_error(
            design, make(0.3, 0.3), nuisance={"share": (0.4, 0.3)}, target=0.02, trials=100, seed=1,
            confidence=2.0, most_tiles=0,
        )  # fmt: skip
    with pytest.raises(InvalidDesign, match="share or share with dropout_hazard_per_month or control_share"):
        certify_error(design, make(0.3, 0.3), nuisance={"hazard": (0.1, 0.2)}, target=0.1, trials=100, seed=1)
    with pytest.raises(InvalidDesign, match="no point is null"):
        certify_error(
            design, make(0.3, 0.3), nuisance={"control_share": (0.1, 0.2), "treatment_share": (0.3, 0.4)},
            target=0.1, trials=100, seed=1,
        )  # fmt: skip
    by_events = Design(60, 1.0, 0.025, (1.0,), Events(50))
    with pytest.raises(InvalidDesign, match=r"never expected at hazard_per_month 0\.02, .*month 0\.02"):
        certify_error(
            by_events, make_survival(0.05, 0.0), target=0.1, trials=100, seed=1,
            nuisance={"hazard_per_month": (0.02, 0.05), "dropout_hazard_per_month": (0.0, 0.02)},
        )  # fmt: skip
    weibull = TimeToEvent("x", WeibullHazard(1.0, 20.0), WeibullHazard(1.0, 20.0))
    with pytest.raises(InvalidDesign, match="without strata can be certified"):
        certify_error(
            by_events, Scenario("w", ACCRUAL, weibull, 0.0, ("assumed:test",)), target=0.1, trials=100,
            seed=1, nuisance={"hazard_per_month": (0.1, 0.2)},
        )  # fmt: skip

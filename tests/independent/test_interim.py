"""What is said at a look, against simulated Brownian motion and against closed forms."""

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from unburden.domain.errors import InvalidDesign
from unburden.domain.sequential import (
    POCOCK,
    FixedFutility,
    HaybittlePeto,
    HwangShihDeCani,
    KimDeMets,
    OBrienFlemingSpending,
    SequentialPlan,
    UserSpending,
    WangTsiatis,
)
from unburden.simulation.boundaries import compute_rejections, derive_bounds
from unburden.simulation.interim import assess_outlook, compute_conditional_power, infer_effect, update_bounds

RATES = (0.3, 0.7, 1.0)
OBF = SequentialPlan(0.025, 1, RATES, OBrienFlemingSpending(), beta=0.1)


def walk(drift: float, paths: int, rates=RATES, seed: int = 1) -> np.ndarray:
    """z at each look of `paths` trials."""
    rng = np.random.default_rng(seed)
    steps = np.diff(rates, prepend=0.0)
    sums = np.cumsum(rng.normal(drift * steps, np.sqrt(steps), (paths, len(rates))), axis=1)
    return sums / np.sqrt(rates)


@pytest.mark.parametrize("drift", [0.0, 2.0, 3.3])
@pytest.mark.parametrize("z", [-0.5, 1.2, 2.5])
def test_conditional_power_against_brownian_motion(drift, z):
    plan = SequentialPlan(0.025, 1, RATES, OBrienFlemingSpending(), FixedFutility((0.0, 0.5)))
    bounds = derive_bounds(plan)
    rng = np.random.default_rng(2)
    n = 400_000
    s = z * math.sqrt(0.3) + rng.normal(drift * 0.4, math.sqrt(0.4), n)
    second = s / math.sqrt(0.7)
    third = s + rng.normal(drift * 0.3, math.sqrt(0.3), n)
    rejects = (second >= bounds.efficacy[1]) | ((second > 0.5) & (third >= bounds.efficacy[2]))
    error = 4.5 * math.sqrt(0.25 / n)
    assert compute_conditional_power(bounds, 1, z, drift) == pytest.approx(rejects.mean(), abs=error)


@pytest.mark.parametrize("z", [0.0, 1.0, 2.2])
def test_predictive_power_of_one_look_to_come_in_closed_form(z):
    """Spiegelhalter et al.: Φ((z - b √t) / √(1 - t)) with a flat prior."""
    bounds = derive_bounds(SequentialPlan(0.025, 1, (0.6, 1.0), OBrienFlemingSpending(), beta=0.1))
    closed = norm.cdf((z - bounds.efficacy[1] * math.sqrt(0.6)) / math.sqrt(0.4))
    found = assess_outlook(bounds, 1, z)
    assert found.predictive == pytest.approx(closed, abs=1e-9)
    assert found.null < found.planned
    assert (found.observed < found.planned) == (z / math.sqrt(0.6) < bounds.drift)


@pytest.mark.parametrize("z2", [1.0, 2.4, 3.0])
def test_stagewise_p_value_against_the_joint_normal(z2):
    bounds = derive_bounds(OBF)
    corr = math.sqrt(0.3 / 0.7)
    both = multivariate_normal([0, 0], [[1, corr], [corr, 1]]).cdf([bounds.efficacy[0], z2])
    expected = norm.sf(bounds.efficacy[0]) + norm.cdf(bounds.efficacy[0]) - both
    assert infer_effect(bounds, 2, z2, 70.0).p_value == pytest.approx(expected, abs=1e-7)


def test_at_the_bound_the_stagewise_p_value_is_the_alpha_spent():
    bounds = derive_bounds(OBF)
    for look in (1, 2, 3):
        found = infer_effect(bounds, look, bounds.efficacy[look - 1], 100.0 * RATES[look - 1])
        assert found.p_value == pytest.approx(bounds.alpha_spent[look - 1], abs=1e-10)
        assert found.repeated_low == pytest.approx(0.0, abs=1e-9)
        assert found.repeated_p_value == pytest.approx(0.025, rel=1e-6)


@pytest.mark.parametrize("drift", [0.0, 1.5, 3.24])
def test_coverage_and_median(drift):
    """Intervals of trials that stopped hold the drift 95 % of the time; half of the estimates exceed it."""
    bounds = derive_bounds(OBF)
    paths = 4000
    z = walk(drift, paths, seed=3)
    crossed = z >= np.array(bounds.efficacy)
    look = np.where(crossed.any(axis=1), crossed.argmax(axis=1), 2)
    found = [infer_effect(bounds, k + 1, z[i, k], 100.0 * RATES[k]) for i, k in enumerate(look)]
    effect = drift / 10.0
    inside = np.mean([f.low <= effect <= f.high for f in found])
    above = np.mean([f.estimate > effect for f in found])
    repeated = np.mean([f.repeated_low <= effect <= f.repeated_high for f in found])
    assert inside == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / paths))
    assert above == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(paths))
    assert repeated >= 0.95 - 4 * math.sqrt(0.95 * 0.05 / paths)


@pytest.mark.parametrize(
    "efficacy",
    [
        OBrienFlemingSpending(),
        HwangShihDeCani(-2.0),
        KimDeMets(2.0),
        POCOCK,
        WangTsiatis(0.25),
        HaybittlePeto(3.0),
    ],
)
def test_bounds_for_the_information_seen_keep_alpha(efficacy):
    plan = SequentialPlan(0.025, 1, (0.25, 0.5, 0.75, 1.0), efficacy)
    found = update_bounds(plan, [31.0, 52.0], 100.0)
    rates = found.bounds.plan.information_rates
    assert sum(compute_rejections(found.bounds.efficacy, rates, 0.0)) == pytest.approx(0.025, abs=1e-9)
    assert found.fractions == (0.31, 0.52, 0.75, 1.0)


def test_as_planned_changes_nothing():
    for efficacy in (OBrienFlemingSpending(), POCOCK, UserSpending((0.001, 0.01, 0.025))):
        plan = SequentialPlan(0.025, 1, (0.3, 0.7, 1.0), efficacy)
        found = update_bounds(plan, [30.0, 70.0], 100.0).bounds.efficacy
        assert found == pytest.approx(derive_bounds(plan).efficacy, abs=1e-9)


@pytest.mark.parametrize("last", [90.0, 100.0, 120.0])
def test_the_last_look_spends_what_is_left(last):
    found = update_bounds(OBF, [30.0, 70.0, last], 100.0, is_last=True)
    rates = found.bounds.plan.information_rates
    assert sum(compute_rejections(found.bounds.efficacy, rates, 0.0)) == pytest.approx(0.025, abs=1e-9)
    assert found.bounds.efficacy[:2] == pytest.approx(derive_bounds(OBF).efficacy[:2], abs=1e-9)


def test_two_looks_more_than_planned_fit_a_spending_function():
    found = update_bounds(OBF, [20.0, 30.0, 50.0, 60.0], 100.0)
    assert found.fractions == (0.2, 0.3, 0.5, 0.6, 0.7, 1.0)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: compute_conditional_power(derive_bounds(OBF), 3, 1.0, 2.0), "look is 3; give 1 to 2"),
        (lambda: infer_effect(derive_bounds(OBF), 4, math.nan, 10.0), "z is nan"),
        (lambda: infer_effect(derive_bounds(OBF), 1, 2.0, -1.0), "information is -1.0"),
        (lambda: update_bounds(OBF, [50.0, 40.0], 100.0), "must rise"),
        (lambda: update_bounds(OBF, [50.0, 100.0], 100.0), "must be the last"),
        (lambda: update_bounds(OBF, [], 100.0), "must rise"),
    ],
)
def test_bad_input_is_told(call, told):
    with pytest.raises(InvalidDesign, match=told):
        call()

"""The long part: type I error of every default design at 1,000,000 trials."""

import math

import pytest

from unburden.domain.analysis import (
    CoxWald,
    FlemingHarrington,
    MaxCombo,
    Milestone,
    ModestlyWeighted,
    RestrictedMean,
)
from unburden.domain.design import Design, Events
from unburden.domain.repeated import Counts, Longitudinal
from unburden.domain.scenario import Accrual, Continuous, PiecewiseHazard, Scenario, TimeToEvent
from unburden.simulation.trials import simulate_trials

TRIALS = 1_000_000
LIMIT = 4 * math.sqrt(0.025 * 0.975 / TRIALS)


@pytest.mark.parametrize("rates", [(1.0,), (0.5, 1.0), (1 / 3, 2 / 3, 1.0)])
def test_log_rank(rates):
    flat = PiecewiseHazard((0.0, 12.0), (0.02, 0.04))
    world = Scenario("null", Accrual((0.0,), (20.0,)), TimeToEvent("os", flat, flat), 0.05, ("assumed:null",))
    found = simulate_trials(Design(500, 1.0, 0.025, rates, Events(300)), world, trials=TRIALS, seed=11)
    assert found.power.value == pytest.approx(0.025, abs=LIMIT)


@pytest.mark.parametrize(
    ("test", "most"),
    [
        (CoxWald(), 0.025),
        (FlemingHarrington(0, 1), 0.025),
        (ModestlyWeighted(12.0), 0.025),
        (MaxCombo(), 0.025),
        (RestrictedMean(24.0), 0.0258),  # Greenwood's variance is a little small; docs/guides say so
        (Milestone(18.0), 0.0261),
    ],
)
def test_other_tests_at_one_look(test, most):
    flat = PiecewiseHazard((0.0,), (0.0577622650466621,))
    outcome = TimeToEvent("os", flat, flat)
    world = Scenario("null", Accrual((0.0,), (500 / 24,)), outcome, 0.05, ("assumed:null",))
    design = Design(500, 1.0, 0.025, (1.0,), Events(300), test=test)
    found = simulate_trials(design, world, trials=TRIALS, seed=11).power.value
    assert 0.025 - LIMIT <= found <= most + LIMIT


@pytest.mark.parametrize("patients", [60, 200])
def test_t(patients):
    world = Scenario("null", Accrual((0.0,), (20.0,)), Continuous("x", 0.0, 1.0, 6.0), 0.1, ("assumed:null",))
    found = simulate_trials(Design(patients, 1.0, 0.025, (1.0,), None), world, trials=TRIALS, seed=12)
    assert found.power.value == pytest.approx(0.025, abs=LIMIT)


@pytest.mark.parametrize("rates", [(1.0,), (0.5, 1.0)])
def test_mixed_model(rates):
    """The information at a look is not quite its share of patients, so that alpha is kept to 0.0005."""
    visits = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
    covariance = tuple(tuple(0.7 ** abs(i - j) for j in range(6)) for i in range(6))
    outcome = Longitudinal("x", visits, (0.0,) * 6, (0.0,) * 6, covariance)
    world = Scenario("null", Accrual((0.0,), (20.0,)), outcome, 0.2, ("assumed:null",))
    found = simulate_trials(Design(300, 1.0, 0.025, rates, None), world, trials=TRIALS, seed=13)
    assert found.power.value == pytest.approx(0.025, abs=LIMIT + 0.0003)


@pytest.mark.parametrize("rates", [(1.0,), (0.5, 1.0)])
def test_counts(rates):
    outcome = Counts("x", 0.12, 0.12, 0.6, 12.0)
    world = Scenario("null", Accrual((0.0,), (20.0,)), outcome, 0.2, ("assumed:null",))
    found = simulate_trials(Design(300, 1.0, 0.025, rates, None), world, trials=TRIALS, seed=14)
    assert found.power.value == pytest.approx(0.025, abs=LIMIT + 0.0003)

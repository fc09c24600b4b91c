"""Simulated power against Schoenfeld (1981), the exact t test, and exact group-sequential power."""

import math

import numpy as np
import pytest
from scipy import stats

from unburden.domain.design import Design, Events
from unburden.domain.scenario import Accrual, Continuous, PiecewiseHazard, Scenario, TimeToEvent
from unburden.kernels.trials import normalise_t
from unburden.simulation.boundaries import compute_critical_values, compute_rejections
from unburden.simulation.formulas import compute_schoenfeld_power
from unburden.simulation.trials import simulate_trials

TRIALS = 20_000
SE = 0.5 / math.sqrt(TRIALS)


def make_survival(hazard_ratio: float, dropout: float = 0.05) -> Scenario:
    control, treated = PiecewiseHazard((0.0,), (0.03,)), PiecewiseHazard((0.0,), (0.03 * hazard_ratio,))
    return Scenario(
        "s", Accrual((0.0,), (25.0,)), TimeToEvent("os", control, treated), dropout, ("assumed:test",)
    )


@pytest.mark.parametrize("hazard_ratio", [0.7, 0.8])
@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_fixed_design_against_schoenfeld(hazard_ratio, ratio):
    design = Design(600, ratio, 0.025, (1.0,), Events(300))
    found = simulate_trials(design, make_survival(hazard_ratio), trials=TRIALS, seed=5)
    expected = compute_schoenfeld_power(300, hazard_ratio, ratio, 0.025)
    # Schoenfeld's formula is first-order in the log hazard ratio: allow 0.015 beyond Monte Carlo.
    assert found.power.value == pytest.approx(expected, abs=3 * SE + 0.015)


def test_sequential_design_against_exact_integration():
    rates = (1 / 3, 2 / 3, 1.0)
    design = Design(600, 1.0, 0.025, rates, Events(300))
    found = simulate_trials(design, make_survival(0.75), trials=TRIALS, seed=6)
    drift = -math.log(0.75) * math.sqrt(300 / 4)
    expected = compute_rejections(compute_critical_values(rates, 0.025), rates, drift)
    assert np.cumsum(found.rejected_by_look) == pytest.approx(np.cumsum(expected), abs=3 * SE + 0.01)


@pytest.mark.parametrize("rates", [(1.0,), (0.5, 1.0), (1 / 3, 2 / 3, 1.0)])
def test_type_one_error_of_the_log_rank_test(rates):
    found = simulate_trials(
        Design(400, 1.0, 0.025, rates, Events(250)), make_survival(1.0), trials=100_000, seed=7
    )
    assert found.power.value == pytest.approx(0.025, abs=4 * math.sqrt(0.025 * 0.975 / 100_000))


@pytest.mark.parametrize("patients", [20, 60, 200])
def test_continuous_outcome_against_the_noncentral_t(patients):
    outcome = Continuous("score", 3.0, 6.5, 6.0)
    world = Scenario("c", Accrual((0.0,), (10.0,)), outcome, 0.0, ("assumed:test",))
    found = simulate_trials(Design(patients, 1.0, 0.025, (1.0,), None), world, trials=TRIALS, seed=8)
    noncentrality = 3.0 / (6.5 * math.sqrt(4 / patients))
    degrees = patients - 2
    expected = stats.nct.sf(stats.t.isf(0.025, degrees), degrees, noncentrality)
    assert found.power.value == pytest.approx(expected, abs=3.5 * SE)


def test_type_one_error_of_the_t_test():
    world = Scenario(
        "c", Accrual((0.0,), (10.0,)), Continuous("score", 0.0, 6.5, 6.0), 0.1, ("assumed:test",)
    )
    found = simulate_trials(Design(60, 1.0, 0.025, (0.5, 1.0), None), world, trials=100_000, seed=9)
    assert found.power.value == pytest.approx(0.025, abs=4 * math.sqrt(0.025 * 0.975 / 100_000))


@pytest.mark.parametrize("degrees", [20, 50, 200])
@pytest.mark.parametrize("t", [-3.0, -0.5, 0.0, 1.0, 2.0, 4.0])
def test_normal_deviate_of_t(t, degrees):
    assert normalise_t(t, degrees) == pytest.approx(stats.norm.isf(stats.t.sf(t, degrees)), abs=0.003)

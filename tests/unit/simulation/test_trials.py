from dataclasses import replace

import numpy as np
import pytest

from unburden.domain.analysis import (
    CoxWald,
    FlemingHarrington,
    LogRank,
    MaxCombo,
    Milestone,
    RestrictedMean,
)
from unburden.domain.design import Design, Events, Months
from unburden.domain.errors import InvalidDesign
from unburden.domain.scenario import Accrual, Continuous, PiecewiseHazard, Scenario, TimeToEvent
from unburden.domain.sequential import FixedFutility
from unburden.simulation.trials import compare_tests, make_world, simulate_trials

FLAT = PiecewiseHazard((0.0,), (0.05,))
LOWER = PiecewiseHazard((0.0, 6.0), (0.05, 0.03))
DESIGN = Design(200, 1.0, 0.025, (0.5, 1.0), Events(120))


def make_scenario(outcome=None, dropout: float = 0.05) -> Scenario:
    outcome = outcome or TimeToEvent("death", FLAT, LOWER)
    return Scenario("test", Accrual((0.0, 6.0), (5.0, 20.0)), outcome, dropout, ("assumed:test",))


@pytest.mark.parametrize(
    ("design", "outcome"),
    [
        (DESIGN, None),
        (Design(200, 2.0, 0.025, (1.0,), Months(30)), None),
        (Design(80, 1.0, 0.025, (0.5, 1.0), None), Continuous("score", 2.0, 5.0, 6.0)),
    ],
)
def test_one_and_two_threads_give_the_same_answer(design, outcome):
    answers = [simulate_trials(design, make_scenario(outcome), trials=500, seed=7, threads=n) for n in (1, 2)]
    assert answers[0] == answers[1]


def test_events_that_never_come_end_the_trial_with_the_last_patient():
    design = Design(40, 1.0, 0.025, (1.0,), Events(33))
    found = simulate_trials(design, make_scenario(dropout=0.07), trials=400, seed=1)
    assert found.events is not None
    assert 30 < found.events.value < 33
    assert found.patients.value == 40


def test_a_target_that_is_never_expected_is_refused():
    with pytest.raises(
        InvalidDesign, match="events of the last look are never expected from 200 patients; about"
    ):
        simulate_trials(replace(DESIGN, stopping=Events(199)), make_scenario(), trials=100, seed=1)
    simulate_trials(replace(DESIGN, stopping=Events(199, 40.0)), make_scenario(), trials=100, seed=1)


def test_a_calendar_stop_lasts_that_long():
    found = simulate_trials(Design(200, 1.0, 0.025, (1.0,), Months(30)), make_scenario(), trials=50, seed=1)
    assert found.months.value == 30


def test_allocation_keeps_its_ratio():
    treated = make_world(Design(300, 2.0, 0.025, (1.0,), Events(100)), make_scenario()).treated
    assert treated.sum() == 200
    assert all(abs(treated[:n].sum() - n * 2 / 3) < 1 for n in range(1, 301))


def test_futility_stops_some_trials():
    null = make_scenario(TimeToEvent("death", FLAT, FLAT))
    design = Design(200, 1.0, 0.025, (0.5, 1.0), Events(120), futility=FixedFutility((0.0,)))
    found = simulate_trials(design, null, trials=4000, seed=2)
    assert found.stopped_by_look[0] == pytest.approx(0.5, abs=0.04)
    assert found.futility_values == (0.0, -np.inf)


def test_no_look_is_later_than_the_latest_month():
    found = simulate_trials(replace(DESIGN, stopping=Events(120, 12.0)), make_scenario(), trials=200, seed=2)
    assert found.months.high <= 12.0


def test_looks_by_calendar():
    design = replace(DESIGN, stopping=Months(30.0, (15.0,)))
    found = simulate_trials(design, make_scenario(), trials=2000, seed=2)
    first = found.stopped_by_look[0]
    assert found.months.value == pytest.approx(15 * first + 30 * (1 - first))


def test_tests_are_compared_on_the_same_patients():
    tests = (LogRank(), FlemingHarrington(0, 1), MaxCombo(), RestrictedMean(12.0), Milestone(9.0), CoxWald())
    together = compare_tests(DESIGN, make_scenario(), tests, trials=400, seed=3)
    for test, found in zip(tests, together, strict=True):
        alone = simulate_trials(replace(DESIGN, test=test), make_scenario(), trials=400, seed=3)
        assert alone == found


def test_every_problem_is_listed_at_once():
    with pytest.raises(InvalidDesign) as caught:
        simulate_trials(Design(100, 1.0, 0.025, (1.0,), None), make_scenario(), trials=1, seed=-1, threads=0)
    lines = str(caught.value).splitlines()
    assert lines[0] == "InvalidDesign: design in scenario 'test': 4 problems"
    assert lines[1:3] == [
        "  - trials is 1; give at least 2",
        "  - seed is -1; give a whole number from 0 to 2**64 - 1",
    ]
    assert lines[4] == "  - a time-to-event outcome needs stopping=Events(...) or Months(...)"


def test_a_cured_arm_without_dropout_is_refused():
    cured = TimeToEvent("death", FLAT, PiecewiseHazard((0.0, 6.0), (0.05, 0.0)))
    with pytest.raises(InvalidDesign, match="treatment hazard ends at 0"):
        simulate_trials(DESIGN, make_scenario(cured, dropout=0.0), trials=10, seed=1)

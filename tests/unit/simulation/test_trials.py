import numpy as np
import pytest

from unburden.domain.design import (
    Accrual,
    Continuous,
    Design,
    Events,
    Months,
    PiecewiseHazard,
    Scenario,
    TimeToEvent,
)
from unburden.domain.errors import InvalidDesign
from unburden.kernels.trials import run_survival_trial, simulate_follow_up
from unburden.simulation.trials import simulate_trials

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


def test_kernels_agree_with_plain_python():
    arrays = (np.array([[0.0], [20.0]]), np.array([[0.0], [0.05]]), np.array([[0.0, 6.0], [0.05, 0.03]]))
    args = (np.uint64(3), np.uint64(11), *arrays, 0.004, 0.5, 60)
    compiled = simulate_follow_up(*args)
    with np.errstate(over="ignore"):
        plain = simulate_follow_up.py_func(*args)
    for one, other in zip(compiled, plain, strict=True):
        np.testing.assert_array_equal(one, other)
    rest = (np.array([10, 20]), np.array([2.96, 1.97]), np.inf)
    assert run_survival_trial(*compiled, *rest) == run_survival_trial.py_func(*plain, *rest)


def test_events_that_never_come_end_the_trial_with_the_last_patient():
    design = Design(40, 1.0, 0.025, (1.0,), Events(40))
    found = simulate_trials(design, make_scenario(dropout=0.9), trials=200, seed=1)
    assert found.events is not None
    assert found.events.value < 40
    assert found.patients.value == 40


def test_a_calendar_stop_lasts_that_long():
    found = simulate_trials(Design(200, 1.0, 0.025, (1.0,), Months(30)), make_scenario(), trials=50, seed=1)
    assert found.months.value == 30


def test_allocation_keeps_its_ratio():
    arrays = (np.array([[0.0], [20.0]]), np.array([[0.0], [0.05]]), np.array([[0.0], [0.05]]))
    *_, is_treated = simulate_follow_up(np.uint64(1), np.uint64(0), *arrays, 0.0, 2 / 3, 300)
    assert is_treated.sum() == 200
    assert all(abs(is_treated[:n].sum() - n * 2 / 3) < 1 for n in range(1, 301))


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

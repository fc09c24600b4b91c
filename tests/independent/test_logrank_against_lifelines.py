import math

import numpy as np
import pytest
from lifelines.statistics import logrank_test

from unburden.kernels.logrank import compute_logrank_z
from unburden.kernels.trials import compute_cut_z, simulate_follow_up


def make_trial(seed: int, is_tied: bool):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 300))
    treated = rng.random(n) < 0.5
    time = rng.exponential(np.where(treated, 14.0, 10.0))
    cut = rng.uniform(2.0, 25.0, n)
    follow_up = np.minimum(time, cut)
    return (np.ceil(follow_up) if is_tied else follow_up), time <= cut, treated


@pytest.mark.parametrize("is_tied", [False, True])
@pytest.mark.parametrize("seed", range(100))
def test_statistic_of_each_trial(seed, is_tied):
    follow_up, event, treated = make_trial(seed, is_tied)
    theirs = logrank_test(follow_up[treated], follow_up[~treated], event[treated], event[~treated])
    ours = compute_logrank_z(follow_up, event, treated)
    assert ours**2 == pytest.approx(theirs.test_statistic, rel=1e-9, abs=1e-10)
    assert compute_logrank_z.py_func(follow_up, event, treated) == ours


def test_fewer_treated_events_is_positive():
    follow_up = np.array([1.0, 2.0, 3.0, 4.0])
    event = np.array([True, True, False, False])
    assert compute_logrank_z(follow_up, event, np.array([False, False, True, True])) > 0


def test_nothing_to_tell_is_zero():
    assert compute_logrank_z(np.ones(2), np.zeros(2, np.bool_), np.array([True, False])) == 0.0
    assert not math.isnan(compute_logrank_z(np.ones(1), np.ones(1, np.bool_), np.array([True])))


@pytest.mark.parametrize("trial", range(60))
def test_statistic_at_each_event_driven_look(trial):
    hazards = np.array([[0.0], [0.05]]), np.array([[0.0, 6.0], [0.05, 0.03]])
    accrual = np.array([[0.0, 4.0], [10.0, 25.0]])
    entry, time, is_event, is_treated = simulate_follow_up(
        np.uint64(2), np.uint64(trial), accrual, *hazards, 0.005, 0.5, 150
    )
    calendar = np.sort((entry + time)[is_event])
    for look in (20, 50, 90):
        cut = calendar[look - 1]
        z, entered, events = compute_cut_z(np.argsort(time), entry, time, is_event, is_treated, cut)
        here = entry <= cut
        seen = is_event[here] & ((entry + time)[here] <= cut)
        follow_up = np.where((entry + time)[here] <= cut, time[here], cut - entry[here])
        arm = is_treated[here]
        theirs = logrank_test(follow_up[arm], follow_up[~arm], seen[arm], seen[~arm])
        assert (entered, events) == (here.sum(), look)
        assert z**2 == pytest.approx(theirs.test_statistic, rel=1e-9, abs=1e-10)

"""The stream of a scenario: same stream, same numbers; another stream, independent ones."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unburden.domain.analysis import LOG_RANK
from unburden.domain.design import Design, Events
from unburden.domain.errors import InvalidDesign
from unburden.domain.scenario import (
    LAST_STREAM,
    Accrual,
    Binary,
    Continuous,
    PiecewiseHazard,
    Scenario,
    TimeToEvent,
    WeibullHazard,
)
from unburden.domain.shards import Shard
from unburden.simulation.trials import simulate_shard, simulate_trials

FLAT = PiecewiseHazard((0.0,), (0.05,))
BY_EVENTS = Design(60, 1.0, 0.025, (0.5, 1.0), Events(40))
AT_END = Design(60, 1.0, 0.025, (0.5, 1.0), None)
CASES = {
    "steps": (BY_EVENTS, TimeToEvent("death", FLAT, FLAT)),
    "courses": (BY_EVENTS, TimeToEvent("death", FLAT, WeibullHazard(1.2, 20.0), switching_per_month=0.02)),
    "normal": (AT_END, Continuous("score", 1.0, 5.0, 3.0)),
    "binary": (AT_END, Binary("response", 0.3, 0.4, 3.0)),
}


def make_scenario(outcome, stream: int) -> Scenario:
    return Scenario("law", Accrual((0.0,), (10.0,)), outcome, 0.05, ("assumed:law",), stream)


def sum_months(case: str, stream: int, *, seed: int = 1, first: int = 0, trials: int = 40) -> float:
    design, outcome = CASES[case]
    shard = Shard(design, make_scenario(outcome, stream), (LOG_RANK,), seed, first, trials, "law")
    return simulate_shard(shard).sums[0][0]


@pytest.mark.parametrize("case", CASES)
@settings(max_examples=15, deadline=None)
@given(streams=st.lists(st.integers(0, LAST_STREAM), min_size=2, max_size=2, unique=True))
def test_two_streams_differ_and_one_agrees_with_itself(case, streams):
    here, there = (sum_months(case, stream) for stream in streams)
    assert here != there
    assert sum_months(case, streams[0]) == here


@pytest.mark.parametrize("case", CASES)
def test_the_order_of_trials_and_the_number_of_threads_do_not_matter(case):
    design, outcome = CASES[case]
    world = make_scenario(outcome, 7)
    one = [sum_months(case, 7, first=k, trials=1) for k in reversed(range(10))]
    assert sum_months(case, 7, trials=10) == pytest.approx(sum(one), rel=1e-12)
    answers = [simulate_trials(design, world, trials=300, seed=3, threads=n) for n in (1, 2)]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("case", CASES)
def test_a_stream_is_no_shift_of_another_and_trials_do_not_follow_one_another_across_streams(case):
    months = np.array([[sum_months(case, s, first=k, trials=1) for k in range(60)] for s in (0, 1)])
    assert len(np.unique(months)) == months.size
    assert abs(np.corrcoef(months)[0, 1]) < 0.5


@pytest.mark.parametrize("stream", [-1, 2**32])
def test_a_stream_that_does_not_fit_the_counter_is_refused(stream):
    with pytest.raises(InvalidDesign, match=f"stream is {stream}; give a whole number from 0 to 2"):
        replace(make_scenario(CASES["steps"][1], 0), stream=stream)

"""Simulated patients against closed forms and a plain second writing of their courses."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import expon, kstest, weibull_min

from unburden.domain.analysis import FlemingHarrington
from unburden.domain.design import Design, Events
from unburden.domain.scenario import (
    Accrual,
    PiecewiseHazard,
    Scenario,
    Stratum,
    TimeToEvent,
    WeibullHazard,
)
from unburden.kernels import courses, patients
from unburden.simulation.trials import make_world, simulate_trials

FLAT, LOWER = PiecewiseHazard((0.0,), (0.05,)), PiecewiseHazard((0.0,), (0.03,))
STEPS = PiecewiseHazard((0.0, 6.0, 18.0), (0.05, 0.02, 0.04))
DESIGN = Design(400, 1.0, 0.025, (1.0,), Events(200))
ACCRUAL = Accrual((0.0, 4.0), (10.0, 25.0))


def draw(outcome: TimeToEvent, *, design: Design = DESIGN, dropout: float = 0.0, trials: int = 40):
    """Every patient of some trials: entry, time, event, arm, calendar month, stratum by place."""
    world = make_world(design, Scenario("test", ACCRUAL, outcome, dropout, ("assumed:test",)))
    rows = []
    for number in range(trials):
        trial, scratch = patients.allocate_trial(world)
        courses.draw_trial(np.uint64(5), np.uint64(0), np.uint64(number), world, trial, scratch)
        for start, end in zip((0, *world.analysed_ends[:-1]), world.analysed_ends, strict=True):
            by_calendar = np.argsort(trial.calendar[start:end], kind="stable")
            by_entry = np.argsort(trial.calendar_by_entry[start:end], kind="stable")
            entry = np.empty(end - start)
            entry[by_calendar] = trial.entry[start:end][by_entry]
            mark = trial.mark[start:end]
            rows.append(
                np.column_stack(
                    [entry, trial.time[start:end], mark >> np.uint64(1), mark & np.uint64(1),
                     trial.calendar[start:end]]
                )
            )  # fmt: skip
    return np.concatenate(rows)


def test_plain_and_general_patients_have_the_same_law():
    plain = draw(TimeToEvent("death", STEPS, LOWER), dropout=0.1)
    general = draw(TimeToEvent("death", STEPS, LOWER, cured_shares=(0.0, 1e-12)), dropout=0.1)
    for arm in (0, 1):
        one, other = plain[plain[:, 3] == arm], general[general[:, 3] == arm]
        assert kstest(one[:, 1], other[:, 1]).pvalue > 0.001
        assert one[:, 2].mean() == pytest.approx(other[:, 2].mean(), abs=0.02)


@pytest.mark.parametrize("extra", [0.0, 1e-12])
def test_piecewise_times(extra):
    rows = draw(TimeToEvent("death", STEPS, STEPS, cured_shares=(extra, extra)))
    edges = np.array([0.0, 6.0, 18.0])
    cumulative = np.interp(rows[:, 1], [0, 6, 18, 1000], [0, 0.3, 0.54, 0.54 + 0.04 * 982])
    assert kstest(cumulative, expon.cdf).pvalue > 0.001
    assert edges[0] == 0


def test_weibull_times():
    rows = draw(TimeToEvent("death", WeibullHazard(1.5, 20.0), WeibullHazard(0.7, 30.0)))
    for arm, (shape, scale) in enumerate([(1.5, 20.0), (0.7, 30.0)]):
        times = rows[rows[:, 3] == arm, 1]
        assert kstest(times, weibull_min(shape, scale=scale).cdf).pvalue > 0.001


def test_cured_patients_never_have_the_event():
    rows = draw(TimeToEvent("death", FLAT, LOWER, cured_shares=(0.2, 0.4)))
    for arm, share in ((0, 0.2), (1, 0.4)):
        cured = np.isinf(rows[rows[:, 3] == arm, 1]).mean()
        assert cured == pytest.approx(share, abs=4 * math.sqrt(0.25 / 8000))


def test_competing_events_end_follow_up_or_count():
    hazards = (PiecewiseHazard((0.0,), (0.02,)), PiecewiseHazard((0.0,), (0.01,)))
    apart = draw(TimeToEvent("progression", FLAT, LOWER, competing=hazards))
    counted = draw(TimeToEvent("progression", FLAT, LOWER, competing=hazards, competing_counts=True))
    for arm, (own, other) in enumerate([(0.05, 0.02), (0.03, 0.01)]):
        rows = apart[apart[:, 3] == arm]
        assert rows[:, 2].mean() == pytest.approx(own / (own + other), abs=0.025)
        assert kstest(rows[:, 1], expon(scale=1 / (own + other)).cdf).pvalue > 0.001
        assert counted[counted[:, 3] == arm][:, 2].all()


@pytest.mark.parametrize(("strategy", "share"), [("hypothetical", 0.05 / 0.12), ("composite", 1.0)])
def test_switching_ends_follow_up_or_counts(strategy, share):
    """The first of two exponential times; the treated arm never switches."""
    outcome = TimeToEvent("death", FLAT, LOWER, switching_per_month=0.07, switching_strategy=strategy)
    rows = draw(outcome)
    controls, treated = rows[rows[:, 3] == 0], rows[rows[:, 3] == 1]
    assert kstest(controls[:, 1], expon(scale=1 / 0.12).cdf).pvalue > 0.001
    assert controls[:, 2].mean() == pytest.approx(share, abs=0.025)
    assert kstest(treated[:, 1], expon(scale=1 / 0.03).cdf).pvalue > 0.001
    assert treated[:, 2].all()


def test_switching_gives_controls_the_treatment_hazard_later():
    """Survival with exponential switching at rate s and hazards a, b in closed form."""
    a, b, s = 0.05, 0.02, 0.04
    rows = draw(TimeToEvent("death", FLAT, PiecewiseHazard((0.0,), (b,)), switching_per_month=s))
    times = rows[rows[:, 3] == 0, 1]

    def cdf(t):
        stayed = np.exp(-(a + s) * t)
        switched = s / (a + s - b) * (np.exp(-b * t) - np.exp(-(a + s) * t))
        return 1 - stayed - switched

    assert kstest(times, cdf).pvalue > 0.001


def test_progression_is_seen_at_visits_only():
    months = (2.0, 4.0, 8.0)
    rows = draw(TimeToEvent("progression", FLAT, LOWER, assessment_months=months), dropout=0.2)
    allowed = np.concatenate([[0.0, 2.0, 4.0], np.arange(8.0, 2000.0, 4.0)])
    assert np.isin(rows[:, 1], allowed).all()
    first = rows[rows[:, 3] == 0]
    hazard = -math.log(0.8) / 12
    expected = (1 - math.exp(-0.05 * 2)) * math.exp(-hazard * 2)
    assert ((first[:, 1] == 2.0) & (first[:, 2] == 1)).mean() == pytest.approx(expected, abs=0.015)


def test_arms_may_be_looked_at_at_different_times():
    outcome = TimeToEvent(
        "progression", FLAT, LOWER, assessment_months=(2.0, 4.0), treatment_assessment_months=(3.0,)
    )
    rows = draw(outcome)
    for arm, gap, hazard in ((0, 2.0, 0.05), (1, 3.0, 0.03)):
        times = rows[rows[:, 3] == arm, 1]
        assert np.allclose(times % gap, 0)
        assert (times == gap).mean() == pytest.approx(1 - math.exp(-hazard * gap), abs=0.015)


def test_events_are_known_later():
    rows = draw(TimeToEvent("death", FLAT, LOWER, reporting_delay_months=1.5), dropout=0.1)
    late = rows[:, 4] - rows[:, 0] - rows[:, 1]
    assert np.allclose(late, np.where(rows[:, 2] == 1, 1.5, 0.0))


def test_strata_have_their_own_hazards_and_accrual():
    strata = (Stratum("low", 0.25, LOWER, LOWER), Stratum("high", 0.75, FLAT, FLAT))
    outcome = TimeToEvent("death", FLAT, FLAT, strata=strata)
    rows = draw(outcome, trials=20)
    low = np.concatenate([rows[i : i + 100] for i in range(0, len(rows), 400)])
    high = np.concatenate([rows[i + 100 : i + 400] for i in range(0, len(rows), 400)])
    assert kstest(low[:, 1], expon(scale=1 / 0.03).cdf).pvalue > 0.001
    assert kstest(high[:, 1], expon(scale=1 / 0.05).cdf).pvalue > 0.001
    assert low[:, 0].max() == pytest.approx(high[:, 0].max(), abs=5)


def test_a_stratified_analysis_gains_where_strata_differ():
    strata = tuple(
        Stratum(str(rate), 0.5, PiecewiseHazard((0.0,), (rate,)), PiecewiseHazard((0.0,), (0.6 * rate,)))
        for rate in (0.01, 0.2)
    )
    world = Scenario(
        "test", ACCRUAL, TimeToEvent("death", FLAT, LOWER, strata=strata), 0.05, ("assumed:test",)
    )
    design = Design(300, 1.0, 0.025, (1.0,), Events(150))
    apart = simulate_trials(design, world, trials=4000, seed=1).power
    pooled = simulate_trials(replace(design, is_stratified=False), world, trials=4000, seed=1).power
    assert apart.low > pooled.high


@pytest.mark.parametrize("is_stratified", [True, False])
def test_general_patients_on_one_and_two_threads(is_stratified):
    strata = (Stratum("low", 0.25, LOWER, LOWER), Stratum("high", 0.75, FLAT, WeibullHazard(1.2, 30.0)))
    outcome = TimeToEvent(
        "progression", FLAT, LOWER, strata, (0.05, 0.1), (LOWER, LOWER), True, 0.02, (2.0, 4.0), 0.5
    )
    world = Scenario("test", ACCRUAL, outcome, 0.05, ("assumed:test",))
    design = replace(DESIGN, is_stratified=is_stratified, test=FlemingHarrington(0, 1))
    one, two = (simulate_trials(design, world, trials=300, seed=1, threads=n) for n in (1, 2))
    assert one == two


def test_type_one_error_of_a_rich_world():
    outcome = TimeToEvent(
        "progression", STEPS, STEPS, (), (0.1, 0.1), (LOWER, LOWER), True, 0.02, (2.0, 4.0), 0.5
    )
    world = Scenario("null", ACCRUAL, outcome, 0.05, ("assumed:test",))
    found = simulate_trials(replace(DESIGN, information_rates=(0.5, 1.0)), world, trials=20_000, seed=4)
    assert found.power.low <= 0.025 <= found.power.high

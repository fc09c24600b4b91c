"""Events seen at scans: closed forms, the engine, and a plain second writing in numpy."""

import math
from dataclasses import replace

import numpy as np
import pytest
from statsmodels.duration.hazard_regression import PHReg

from unburden.domain.design import Design, Events, Months
from unburden.domain.scans import ScanSchedule, make_regular_schedule, make_thinning_schedule
from unburden.domain.scenario import (
    DAYS_PER_MONTH,
    Accrual,
    PiecewiseHazard,
    Scenario,
    TimeToEvent,
    WeibullHazard,
)
from unburden.simulation.power import predict_power
from unburden.simulation.scan_information import (
    compute_grouping_efficiency,
    compute_mean_delay,
    compute_observed_survival,
    evaluate_schedules,
    predict_evaluation_bias,
    predict_scan_information,
)
from unburden.simulation.trials import simulate_trials

SOURCES = ("assumed:test",)
FLAT, LOWER = PiecewiseHazard((0.0,), (0.10,)), PiecewiseHazard((0.0,), (0.07,))
DEATHS = PiecewiseHazard((0.0, 8.0), (0.015, 0.025)), PiecewiseHazard((0.0, 8.0), (0.012, 0.02))
PFS = TimeToEvent("PFS", FLAT, LOWER, competing=DEATHS, competing_counts=True)
ALONE = TimeToEvent("TTP", FLAT, LOWER)
WEIBULL = TimeToEvent(
    "PFS", WeibullHazard(1.3, 11.0), WeibullHazard(1.3, 14.5), competing=DEATHS, competing_counts=True
)
DELAYED = replace(PFS, treatment=PiecewiseHazard((0.0, 4.0), (0.10, 0.055)))
BY_EVENTS = Design(400, 1.0, 0.025, (1.0,), Events(280))
EIGHT = make_regular_schedule(8)
TRIALS = 8_000


def make(outcome: TimeToEvent, dropout: float = 0.1, rate: float = 20.0) -> Scenario:
    return Scenario("test", Accrual((0.0,), (rate,)), outcome, dropout, SOURCES)


def simulate(design: Design, scenario: Scenario, control: ScanSchedule, treatment: ScanSchedule, seed: int):
    assert isinstance(scenario.outcome, TimeToEvent)
    outcome = replace(
        scenario.outcome,
        assessment_months=control.list_months(400.0),
        treatment_assessment_months=treatment.list_months(400.0),
    )
    return simulate_trials(design, replace(scenario, outcome=outcome), trials=TRIALS, seed=seed)


@pytest.mark.parametrize("schedule", [make_regular_schedule(6), make_regular_schedule(12),
                                      make_regular_schedule(16), make_thinning_schedule(6, 4, 12)],
                         ids=lambda schedule: schedule.name)  # fmt: skip
@pytest.mark.parametrize("outcome", [ALONE, PFS, WEIBULL, DELAYED],
                         ids=["progression", "with deaths", "Weibull", "delayed"])  # fmt: skip
def test_power_agrees_with_the_engine(outcome, schedule):
    """Within 3.3 standard errors, on 16 pairs of schedule and world."""
    scenario = make(outcome)
    told = predict_scan_information(BY_EVENTS, scenario, schedule, reference=EIGHT)
    seed = 1 + sum(map(ord, schedule.name)) + int(1000 * outcome.is_plain) + len(repr(outcome))
    seen = simulate(BY_EVENTS, scenario, schedule, schedule, seed)
    error = math.sqrt(seen.power.value * (1 - seen.power.value) / TRIALS)
    assert abs(told.power.value - seen.power.value) < 3.3 * error
    assert told.months.value == pytest.approx(seen.months.value, abs=0.15)


@pytest.mark.parametrize("looks", [(0.6, 1.0), (0.4, 0.7, 1.0)])
def test_power_with_interim_looks_agrees_with_the_engine(looks):
    design = replace(BY_EVENTS, information_rates=looks)
    told = predict_scan_information(design, make(PFS), make_regular_schedule(9), reference=EIGHT)
    seen = simulate(design, make(PFS), make_regular_schedule(9), make_regular_schedule(9), 77)
    error = math.sqrt(seen.power.value * (1 - seen.power.value) / TRIALS)
    assert abs(told.power.value - seen.power.value) < 3.3 * error


@pytest.mark.parametrize(("control", "treatment"), [(8, 8), (8, 9), (6, 9), (12, 8)])
@pytest.mark.parametrize("stopping", [Events(280), Months(26.0)], ids=["events", "month"])
def test_type_one_error_agrees_with_the_engine_when_schedules_differ(control, treatment, stopping):
    """Within 3.3 standard errors and 0.001 (the normal law far out in the tail)."""
    design, pair = replace(BY_EVENTS, stopping=stopping), map(make_regular_schedule, (control, treatment))
    one, other = pair
    scenario = make(replace(PFS, treatment=FLAT, competing=(DEATHS[0], DEATHS[0])))
    told = predict_evaluation_bias(design, scenario, one, other)
    seen = simulate(design, scenario, one, other, 100 * control + treatment)
    error = math.sqrt(seen.power.value * (1 - seen.power.value) / TRIALS)
    assert abs(told.favours_treatment.value - seen.power.value) < 3.3 * error + 0.001


def draw_trial(rng, n: int, schedules, cut: float, rate: float, hazards, deaths, dropout: float):
    """One trial written plainly: entry one after the other, arms by turns, exponential times."""
    arm = np.arange(n) % 2
    entry = np.cumsum(rng.exponential(1 / rate, n))
    true = rng.exponential(1.0, n) / np.array(hazards)[arm]
    death = rng.exponential(1.0, n) / np.array(deaths)[arm]
    out = rng.exponential(1.0, n) / dropout
    gap = np.array(schedules)[arm]
    seen = np.ceil(true / gap) * gap
    event = np.minimum(seen, death)
    time = np.where(event <= out, event, np.floor(out / gap) * gap)
    is_event = event <= out
    late = entry + time > cut
    time = np.where(late, cut - entry, time)
    keep = (entry < cut) & (time > 0)
    made = np.floor(np.minimum(time, cut - entry) / gap + 1e-9)
    return time[keep], (is_event & ~late)[keep], arm[keep], made[keep].sum()


def test_hazard_ratio_and_scans_agree_with_a_plain_writing():
    """Breslow's Cox fit (statsmodels) and scans counted, in a trial of 120,000 written in numpy."""
    rng, n = np.random.default_rng(8), 120_000
    schedules = np.array([56.0, 63.0]) / DAYS_PER_MONTH
    drop = -math.log(0.9) / 12
    time, event, arm, made = draw_trial(rng, n, schedules, 24.0, 6000.0, (0.1, 0.07), (0.02, 0.015), drop)
    outcome = replace(PFS, competing=tuple(PiecewiseHazard((0.0,), (h,)) for h in (0.02, 0.015)))
    design = Design(n, 1.0, 0.025, (1.0,), Months(24.0))
    told = predict_scan_information(
        design, make(outcome, rate=6000.0), EIGHT, reference=EIGHT,
        treatment_schedule=make_regular_schedule(9),
    )  # fmt: skip
    fit = PHReg(time, arm[:, None], status=event, ties="breslow").fit()
    assert abs(math.log(told.hazard_ratio.value) - fit.params[0]) < 3.5 * fit.bse[0]
    assert told.scans_per_patient.value == pytest.approx(made / n, rel=0.005)
    assert told.events.value == pytest.approx(event.sum(), rel=0.01)


def test_seen_at_once_is_the_expected_power_of_plain_trials():
    """Scans a day apart come to `predict_power`, which integrates the same score differently."""
    scenario = make(ALONE)
    daily = ScanSchedule("daily", (1.0,))
    told = predict_scan_information(BY_EVENTS, scenario, daily, reference=EIGHT)
    at_once = predict_power(BY_EVENTS, scenario)
    assert told.mean_z.value == pytest.approx(at_once.looks[-1].mean_z, rel=2e-3)
    assert told.months.value == pytest.approx(at_once.looks[-1].month, abs=0.05)
    assert told.continuous_information.value == pytest.approx(1, abs=2e-3)


def test_hazard_ratio_tends_to_the_ratio_of_interval_probabilities():
    """Constant hazards, equal schedules, no deaths: (1 - exp(-rλL)) / (1 - exp(-λL)), nearer to 1."""
    scenario = make(ALONE)
    for weeks in (6, 12, 24, 48):
        gap = weeks * 7 / DAYS_PER_MONTH
        schedule = make_regular_schedule(weeks)
        design = replace(BY_EVENTS, stopping=Months(40.0))
        told = predict_scan_information(design, scenario, schedule, reference=EIGHT)
        expected = math.expm1(-0.07 * gap) / math.expm1(-0.1 * gap)
        assert told.hazard_ratio.value == pytest.approx(expected, abs=1e-9)
        assert told.true_hazard_ratio.value == pytest.approx(0.7, abs=1e-4)


@pytest.mark.parametrize("weeks", [4, 12, 26])
def test_information_lost_is_that_of_grouping(weeks):
    """Small constant effect, everybody followed to the event: (1 - p) log²(1 - p) / p² of it is left."""
    near = TimeToEvent("PFS", FLAT, PiecewiseHazard((0.0,), (0.0999,)))
    design = Design(100_000, 1.0, 0.025, (1.0,), Months(400.0))
    told = predict_scan_information(
        design, make(near, dropout=0.0, rate=1e6), make_regular_schedule(weeks), reference=EIGHT
    )
    p = -math.expm1(-0.1 * weeks * 7 / DAYS_PER_MONTH)
    assert told.continuous_information.value == pytest.approx(compute_grouping_efficiency(p), rel=1e-3)


@pytest.mark.parametrize("weeks", [4, 8, 16])
def test_mean_delay_of_a_constant_hazard(weeks):
    gap = weeks * 7 / DAYS_PER_MONTH
    told = compute_mean_delay(FLAT, None, make_regular_schedule(weeks), horizon_months=400.0)
    assert told == pytest.approx(gap / -math.expm1(-0.1 * gap) - 10, abs=1e-9)


def test_median_bias_lies_between_nothing_and_a_gap():
    """Against the curve in closed form; over many gaps the bias is half a gap on average."""
    biases = []
    for days in np.linspace(40, 70, 61):
        schedule = ScanSchedule("test", (float(days),))
        scenario = make(TimeToEvent("PFS", FLAT, LOWER), dropout=0.0)
        design = Design(400, 1.0, 0.025, (1.0,), Months(60.0))
        told = predict_scan_information(design, scenario, schedule, reference=EIGHT)
        bias = told.median_biases[0].value
        median = math.log(2) / 0.1 + bias
        assert compute_observed_survival(FLAT, None, schedule, median + 1e-9) <= 0.5
        assert compute_observed_survival(FLAT, None, schedule, median - 1e-9) > 0.5
        biases.append(bias * DAYS_PER_MONTH / days)
    assert min(biases) >= 0 and max(biases) <= 1
    assert np.mean(biases) == pytest.approx(0.5, abs=0.1)


def test_observed_survival_agrees_with_a_plain_writing():
    rng = np.random.default_rng(3)
    gap, n = 63 / DAYS_PER_MONTH, 400_000
    progression = 11.0 * rng.exponential(1.0, n) ** (1 / 1.3)
    death = rng.exponential(1.0, n) / 0.02
    observed = np.minimum(np.ceil(progression / gap) * gap, death)
    deaths = PiecewiseHazard((0.0,), (0.02,))
    for month in (1.0, 3.0, 9.5, 20.0):
        told = compute_observed_survival(WeibullHazard(1.3, 11.0), deaths, make_regular_schedule(9), month)
        assert abs(told - (observed > month).mean()) < 4 * math.sqrt(told * (1 - told) / n)


def test_numerical_error_covers_finer_cells(monkeypatch):
    """The interval holds the figures of cells eight times finer."""
    from unburden.simulation import scan_information as module

    told = predict_scan_information(BY_EVENTS, make(PFS), make_regular_schedule(9), reference=EIGHT)
    monkeypatch.setattr(module, "_CELLS", (1 / 16, 1 / 32))
    finer = predict_scan_information(BY_EVENTS, make(PFS), make_regular_schedule(9), reference=EIGHT)
    for name in ("power", "months", "mean_z", "continuous_information", "hazard_ratio", "scans_per_patient"):
        one, other = getattr(told, name), getattr(finer, name)
        assert one.low - 1e-9 <= other.value <= one.high + 1e-9, name


def test_kernels_agree_as_plain_python():
    from unburden.kernels import scans as kernels
    from unburden.simulation import scan_information as module

    atoms = module._make_atoms(make(PFS), (EIGHT, make_regular_schedule(9)), 1.0, 24.0)
    world = np.array([0.0, 5.0]), np.array([10.0, 25.0]), 400, 0.5
    weights = np.array([0.2, -0.01, 0.003])
    for kernel, more in (
        (kernels.count_events, (20.0,)),
        (kernels.find_month_of_events, (50.0, 24.0)),
        (kernels.sum_expected_score, (20.0,)),
        (kernels.compute_variance, (20.0, weights)),
        (kernels.solve_log_ratio, (20.0,)),
    ):
        assert kernel(atoms, *world, *more) == pytest.approx(kernel.py_func(atoms, *world, *more), rel=1e-10)
    found = kernels.find_observed_median(atoms, 0, 24.0)
    assert found == pytest.approx(kernels.find_observed_median.py_func(atoms, 0, 24.0), rel=1e-10)
    edges, hazard = np.linspace(0.0, 12.0, 13), np.linspace(0.0, 1.2, 13)
    is_scan = np.arange(13) % 3 == 0
    for kernel, own in (
        (kernels.fill_scan_atoms, (is_scan, hazard, hazard / 5, (hazard[1:] + hazard[:-1]) / 10)),
        (kernels.fill_continuous_atoms, (hazard, (hazard[1:] + hazard[:-1]) / 2)),
    ):
        one, other = kernels.allocate_atoms(12), kernels.allocate_atoms.py_func(12)
        kernel(edges, *own, 0.01, 0, one)
        kernel.py_func(edges, *own, 0.01, 0, other)
        assert np.allclose(one.events, other.events, rtol=1e-12)
        assert np.allclose(one.at_risk, other.at_risk, rtol=1e-12)


def test_many_schedules_at_once_are_those_one_by_one():
    schedules = [make_regular_schedule(6), make_thinning_schedule(6, 4, 12)]
    many = evaluate_schedules(BY_EVENTS, make(PFS), schedules, reference=EIGHT)
    for schedule, told in zip(schedules, many, strict=True):
        assert told == predict_scan_information(BY_EVENTS, make(PFS), schedule, reference=EIGHT)

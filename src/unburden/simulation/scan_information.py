"""What scans at given times tell about an event that only they show: power, bias, scans, no random numbers.

Progression is seen at the next scan, death at once, and who drops out counts until the last scan
before. The expected log-rank score and its variances are sums over the scans plus an integral over
the deaths between them; its own variance is that of Lin & Wei (1989, JASA 84:1074), which holds
without proportional hazards and with different schedules in the arms.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from unburden.domain.analysis import LogRank
from unburden.domain.design import Design, Events, Months
from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.scans import EvaluationBias, ScanInformation, ScanSchedule
from unburden.domain.scenario import (
    DAYS_PER_MONTH,
    Hazard,
    PiecewiseHazard,
    Scenario,
    TimeToEvent,
    WeibullHazard,
)
from unburden.kernels import scans as kernels
from unburden.simulation.boundaries import derive_bounds, sum_exits
from unburden.simulation.distributions import compute_normal_quantile, compute_normal_upper
from unburden.simulation.follow_up import find_accrual_end

SOURCE = "model:log-rank test of events seen at scans"
_World: TypeAlias = tuple[np.ndarray, np.ndarray, int, float]
"""Accrual's starts and rates, patients, and the share of them who are treated."""

_CELL_MONTHS = 0.5
_MOST_MONTHS = 2400.0
_FARTHEST_RATIO = 1e6
_LEAST_SPREAD = 1e-3
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(24)


def compute_grouping_efficiency(event_probability: float) -> float:
    """Information of the log-rank test when events are seen together, over that if seen at once.

    For an interval in which a patient has the event with this probability, hazards proportional and
    near to each other: (1 - p) log²(1 - p) / p², about 1 - p² / 12. The score is that of the two
    binomials, and the integral of the continuous one over the interval is p.

    >>> round(compute_grouping_efficiency(0.3), 4)
    0.9895
    """
    problems = Problems("grouping of events")
    fits = 0 < event_probability < 1
    problems.check(fits, f"event_probability is {event_probability}; give a number between 0 and 1")
    problems.raise_if_any(InvalidDesign)
    return (1 - event_probability) * (math.log1p(-event_probability) / event_probability) ** 2


def compute_observed_survival(
    progression: Hazard, death: PiecewiseHazard | None, schedule: ScanSchedule, month: float
) -> float:
    """Share without an observed event `month` months after entry, nobody dropping out (closed form).

    No progression at the last scan, and alive now. Without scans yet, only deaths are seen.

    >>> hazard = PiecewiseHazard((0.0,), (0.1,))
    >>> scans = ScanSchedule("2 monthly", (60.875,))
    >>> round(compute_observed_survival(hazard, None, scans, 3.9), 6) == round(math.exp(-0.2), 6)
    True
    """
    months = [m for m in schedule.list_months(month) if m <= month]
    hidden = accumulate_hazard(progression, np.array(months[-1:] or [0.0]))[0]
    died = accumulate_hazard(death, np.array([month]))[0] if death else 0.0
    return math.exp(-hidden - died)


def compute_mean_delay(
    progression: Hazard, death: PiecewiseHazard | None, schedule: ScanSchedule, *, horizon_months: float
) -> float:
    """Months by which the observed event comes later than the true one, both cut at the horizon, on average.

    The area between the observed and the true curve. For a constant hazard λ, a gap L, no deaths and a
    far horizon it is L / (1 - exp(-λL)) - 1 / λ, which is L / 2 + λL² / 12 and more.
    """
    scans = [m for m in schedule.list_months(horizon_months) if m < horizon_months]
    starts = [*progression.start_months] if isinstance(progression, PiecewiseHazard) else []
    starts += death.start_months if death else ()
    edges = np.unique([0.0, horizon_months, *scans, *(s for s in starts if s < horizon_months)])
    edges = np.unique(np.concatenate([edges, np.arange(0.0, horizon_months, 1.0)]))
    half = np.diff(edges) / 2
    nodes = edges[:-1, None] + half[:, None] * (_POINTS + 1)
    died = accumulate_hazard(death, nodes) if death else np.zeros_like(nodes)
    at_scans = accumulate_hazard(progression, np.array([0.0, *scans]))
    hidden = at_scans[np.searchsorted(scans, edges[:-1], side="right")]
    gap = np.exp(-died) * (np.exp(-hidden)[:, None] - np.exp(-accumulate_hazard(progression, nodes)))
    return float((gap * _WEIGHTS).sum(axis=1) @ half)


def predict_scan_information(
    design: Design,
    scenario: Scenario,
    schedule: ScanSchedule,
    *,
    reference: ScanSchedule,
    treatment_schedule: ScanSchedule | None = None,
) -> ScanInformation:
    """Power, information, bias and scans under a schedule, that of both arms unless treatment has its own.

    The scenario's outcome gives progression by `control` and `treatment`, death by `competing` with
    `competing_counts`; its `assessment_months` must be empty, for the schedule stands in their place.
    Errors of power against simulation are those of the normal law of z. Raises `InvalidDesign`.

    >>> from unburden.domain.scans import make_regular_schedule
    >>> from unburden.domain.scenario import Accrual
    >>> hazards = PiecewiseHazard((0.0,), (0.1,)), PiecewiseHazard((0.0,), (0.07,))
    >>> world = Scenario("doctest", Accrual((0.0,), (20.0,)), TimeToEvent("PFS", *hazards), 0.05,
    ...                  ("assumed:doctest",))
    >>> plan = Design(400, 1.0, 0.025, (1.0,), Events(280))
    >>> sparse = predict_scan_information(plan, world, make_regular_schedule(16),
    ...                                   reference=make_regular_schedule(8))
    >>> 0.98 < sparse.relative_information.value < 1
    True
    """
    return _evaluate(design, scenario, [(schedule, treatment_schedule or schedule)], reference)[0]


def evaluate_schedules(
    design: Design, scenario: Scenario, schedules: Sequence[ScanSchedule], *, reference: ScanSchedule
) -> tuple[ScanInformation, ...]:
    """As `predict_scan_information` for many schedules, each in both arms; about 1 ms a schedule."""
    return _evaluate(design, scenario, [(schedule, schedule) for schedule in schedules], reference)


def predict_evaluation_bias(
    design: Design, scenario: Scenario, control: ScanSchedule, treatment: ScanSchedule
) -> EvaluationBias:
    """Type I error of the log-rank test when equal arms are scanned at different times.

    Both arms have the scenario's control hazards of progression and death; one look, at the end.
    """
    problems = Problems("evaluation-time bias")
    problems.check(len(design.information_rates) == 1, "several looks; give a design with one")
    problems.raise_if_any(InvalidDesign)
    outcome = scenario.outcome
    if isinstance(outcome, TimeToEvent):
        competing = (outcome.competing[0],) * 2 if outcome.competing else None
        outcome = replace(outcome, treatment=outcome.control, competing=competing)
        scenario = replace(scenario, outcome=outcome)
    _check(design, scenario)
    coarse, fine = (_run(design, scenario, (control, treatment), cell) for cell in _CELLS)
    bound = compute_normal_quantile(design.alpha)
    sources = (SOURCE, *scenario.sources)

    def tell(of: str, unit: str) -> Estimate:
        return _estimate(getattr(coarse, of), getattr(fine, of), unit, sources)

    def reject(run: "_Run", sign: int) -> float:
        return compute_normal_upper((bound - sign * run.mean_z) / run.spread)

    return EvaluationBias(
        control=control,
        treatment=treatment,
        alpha=design.alpha,
        mean_z=tell("mean_z", "1"),
        favours_treatment=_estimate(reject(coarse, 1), reject(fine, 1), "1", sources),
        favours_control=_estimate(reject(coarse, -1), reject(fine, -1), "1", sources),
        hazard_ratio=_tell_ratio((coarse, fine), sources),
        medians=_tell_medians(coarse, fine, (0.0, 0.0), sources),
    )


_CELLS = (_CELL_MONTHS, _CELL_MONTHS / 2)


@dataclass(frozen=True, slots=True)
class _Run:
    """The figures of one pair of schedules (None: seen at once) with cells of one width."""

    power: float
    months: float
    patients: float
    events: float
    mean_z: float
    spread: float
    hazard_ratio: float
    medians: tuple[float, float]
    scans: float


def accumulate_hazard(hazard: Hazard, months: np.ndarray) -> np.ndarray:
    """Cumulative hazard at each of the months, any shape."""
    if isinstance(hazard, WeibullHazard):
        return (months / hazard.scale_months) ** hazard.shape
    starts, rates = np.array(hazard.start_months), np.array(hazard.per_month)
    if starts.size == 1:
        return rates[0] * months
    sums = np.concatenate([[0.0], np.cumsum(np.diff(starts) * rates[:-1])])
    return np.interp(months, starts, sums) + rates[-1] * np.maximum(months - starts[-1], 0.0)


def _evaluate(
    design: Design,
    scenario: Scenario,
    pairs: Sequence[tuple[ScanSchedule, ScanSchedule]],
    reference: ScanSchedule,
) -> tuple[ScanInformation, ...]:
    outcome = _check(design, scenario)
    base = [_run(design, scenario, (reference, reference), cell) for cell in _CELLS]
    at_once = [_run(design, scenario, None, cell) for cell in _CELLS]
    problems = Problems("scan information")
    told = "control and treatment do not differ, so that no information about a difference can be told; give "
    problems.check(abs(at_once[1].mean_z) > 1e-6, f"{told}the hazards that the trial hopes for")
    told = f"under the reference {reference.name!r} nothing is told about the difference; scan earlier in it"
    problems.check(all(abs(run.mean_z) > 1e-6 for run in base), told)
    problems.raise_if_any(InvalidDesign)
    truths = tuple(_find_true_median(outcome, arm) for arm in range(2))
    sources = (SOURCE, *scenario.sources)
    found = []
    for pair in pairs:
        runs = [_run(design, scenario, pair, cell) for cell in _CELLS]
        found.append(_summarise(pair, runs, base, at_once, truths, sources))
    return tuple(found)


def _summarise(
    pair: tuple[ScanSchedule, ScanSchedule],
    runs: Sequence[_Run],
    base: Sequence[_Run],
    at_once: Sequence[_Run],
    truths: Sequence[float],
    sources: tuple[str, ...],
) -> ScanInformation:
    def tell(of: str, unit: str) -> Estimate:
        return _estimate(getattr(runs[0], of), getattr(runs[1], of), unit, sources)

    def compare(others: Sequence[_Run]) -> Estimate:
        ratios = [(run.mean_z / other.mean_z) ** 2 for run, other in zip(runs, others, strict=True)]
        return _estimate(ratios[0], ratios[1], "1", sources)

    per_patient = [run.scans / run.patients for run in runs]
    return ScanInformation(
        control=pair[0],
        treatment=pair[1],
        power=tell("power", "1"),
        months=tell("months", "month"),
        patients=tell("patients", "patient"),
        events=tell("events", "event"),
        mean_z=tell("mean_z", "1"),
        relative_information=compare(base),
        continuous_information=compare(at_once),
        hazard_ratio=_tell_ratio(runs, sources),
        true_hazard_ratio=_tell_ratio(at_once, sources),
        median_biases=_tell_medians(runs[0], runs[1], truths, sources),
        scans_per_patient=_estimate(per_patient[0], per_patient[1], "scan", sources),
    )


def _estimate(coarse: float, fine: float, unit: str, sources: tuple[str, ...]) -> Estimate:
    error = abs(fine - coarse) + 1e-12 * abs(fine)
    return Estimate(fine, fine - error, fine + error, unit, sources)


def _tell_ratio(runs: Sequence[_Run], sources: tuple[str, ...]) -> Estimate | None:
    """The hazard ratio, or None where Cox's likelihood has no maximum."""
    ratios = [run.hazard_ratio for run in runs]
    has_limit = all(1 / _FARTHEST_RATIO < ratio < _FARTHEST_RATIO for ratio in ratios)
    return _estimate(ratios[0], ratios[1], "1", sources) if has_limit else None


def _tell_medians(
    coarse: _Run, fine: _Run, truths: Sequence[float], sources: tuple[str, ...]
) -> tuple[Estimate | None, Estimate | None]:
    found: list[Estimate | None] = []
    for one, two, truth in zip(coarse.medians, fine.medians, truths, strict=True):
        is_known = math.isfinite(one + two + truth)
        found.append(_estimate(one - truth, two - truth, "month", sources) if is_known else None)
    return found[0], found[1]


def _run(
    design: Design, scenario: Scenario, pair: tuple[ScanSchedule, ScanSchedule] | None, cell: float
) -> _Run:
    """All figures at the expected looks, with cells at most `cell` months wide."""
    share = design.allocation_ratio / (1 + design.allocation_ratio)
    starts, rates = np.array(scenario.accrual.start_months), np.array(scenario.accrual.per_month)
    world = (starts, rates, design.patients, share)
    atoms, months = _place_looks(design, scenario, pair, cell, world)
    sums = [kernels.sum_expected_score(atoms, *world, month) for month in months]
    _check_looks(months, [null for _, null, *_ in sums])
    means = [score / math.sqrt(null) for score, null, *_ in sums]
    spreads = [_find_spread(atoms, world, month, isinstance(design.stopping, Events)) for month in months]
    problems = Problems("looks")
    told = "nearly all patients of both arms have the event by one scan, so that nothing varies; scan earlier"
    problems.check(min(spreads) > _LEAST_SPREAD, told)
    problems.raise_if_any(InvalidDesign)
    last, (*_, events, scans) = months[-1], sums[-1]
    return _Run(
        power=_sum_power(design, means, spreads, [null for _, null, *_ in sums]),
        months=last,
        patients=kernels.count_entered(starts, rates, design.patients, last),
        events=events,
        mean_z=means[-1],
        spread=spreads[-1],
        hazard_ratio=math.exp(kernels.solve_log_ratio(atoms, *world, last)),
        medians=(
            kernels.find_observed_median(atoms, 0, last),
            kernels.find_observed_median(atoms, 1, last),
        ),
        scans=scans,
    )


def _find_spread(atoms: kernels.Atoms, world: _World, month: float, by_events: bool) -> float:
    """Standard deviation of z = score / √variance: both vary, and so does the month of a look by events.

    Delta method on the patients' terms. A look by events moves with the events seen, by the slope of z.
    """
    score, null, *_ = kernels.sum_expected_score(atoms, *world, month)
    slope = 0.0
    if by_events:
        near = [kernels.sum_expected_score(atoms, *world, month * k) for k in (0.98, 1.02)]
        z = [u / math.sqrt(v) if v > 0 else 0.0 for u, v, *_ in near]
        slope = (z[1] - z[0]) / (near[1][2] - near[0][2]) if near[1][2] > near[0][2] else 0.0
    weights = np.array([null**-0.5, -score / 2 * null**-1.5, -slope])
    return math.sqrt(kernels.compute_variance(atoms, *world, month, weights))


def _check_looks(months: Sequence[float], nulls: Sequence[float]) -> None:
    problems = Problems("looks")
    for month, null in zip(months, nulls, strict=True):
        told = f"no event is expected to be seen by the look at month {month:.1f}; scan earlier or look later"
        problems.check(null > 0, told)
    rises = all(a < b for a, b in pairwise(nulls))
    problems.check(rises, "a look brings no event that the one before had not; let looks be further apart")
    problems.raise_if_any(InvalidDesign)


def _sum_power(
    design: Design, means: Sequence[float], spreads: Sequence[float], information: Sequence[float]
) -> float:
    """Probability of rejecting at any look; z has the given means and standard deviations."""
    bounds = derive_bounds(design.plan)
    if len(means) == 1:
        return compute_normal_upper((bounds.efficacy[0] - means[0]) / spreads[0])
    mean, spread = np.array(means), np.array(spreads)
    upper = (np.array(bounds.efficacy) - mean) / spread
    lower = (np.array([*bounds.futility[:-1], bounds.efficacy[-1]]) - mean) / spread
    above, _, _ = sum_exits([i / information[-1] for i in information], upper, lower, 0.0)
    return min(1.0, max(0.0, float(above.sum())))


def _place_looks(
    design: Design,
    scenario: Scenario,
    pair: tuple[ScanSchedule, ScanSchedule] | None,
    cell: float,
    world: _World,
) -> tuple[kernels.Atoms, list[float]]:
    """Atoms that reach the last look, and the looks' expected months."""
    match design.stopping:
        case Months(month, interim):
            return _make_atoms(scenario, pair, cell, month), [*interim, month]
        case Events(count, latest):
            wanted = [rate * count for rate in design.information_rates]
            horizon = 2 * find_accrual_end(scenario.accrual, design.patients) + 12.0
            while True:
                reach = min(horizon, latest)
                atoms = _make_atoms(scenario, pair, cell * max(1.0, reach / 240), reach)
                months = [kernels.find_month_of_events(atoms, *world, events, reach) for events in wanted]
                if reach == latest or math.isfinite(months[-1]):
                    return atoms, [min(month, latest) for month in months]
                horizon *= 2
                if horizon > _MOST_MONTHS:
                    most = kernels.count_events(atoms, *world, reach)
                    told = f"{count} events are never expected from {design.patients} patients; at most "
                    told += f"{most:.1f} are seen; take fewer events, more patients or less dropout"
                    raise InvalidDesign("looks", [told])
        case None:
            raise AssertionError("checked before")


def _make_atoms(
    scenario: Scenario, pair: tuple[ScanSchedule, ScanSchedule] | None, cell: float, horizon: float
) -> kernels.Atoms:
    """Where events are seen up to the horizon and one gap beyond, of both arms."""
    outcome = scenario.outcome
    assert isinstance(outcome, TimeToEvent)
    arms = [outcome.control, outcome.treatment]
    deaths = outcome.competing or (None, None)
    gap = max((max(np.diff([0.0, *s.days])) for s in pair), default=0.0) / DAYS_PER_MONTH if pair else 0.0
    reach = horizon + gap
    scans = [np.array([m for m in s.list_months(reach) if m <= reach]) for s in pair or ()]
    kinks = [h.start_months for h in (*arms, *deaths) if isinstance(h, PiecewiseHazard)]
    count = math.ceil(reach / cell)
    parts = [np.linspace(0.0, reach, count + 1), *scans, *(np.array(k) for k in kinks)]
    edges = np.unique(np.concatenate(parts))
    edges = edges[edges <= reach]
    middle = (edges[1:] + edges[:-1]) / 2
    atoms = kernels.allocate_atoms(middle.size)
    atoms.month[0::2], atoms.month[1::2] = middle, edges[1:]
    dropout = scenario.dropout_hazard_per_month
    for arm, (hazard, death) in enumerate(zip(arms, deaths, strict=True)):
        progressed = accumulate_hazard(hazard, edges)
        died = accumulate_hazard(death, edges) if death else np.zeros(edges.size)
        died_middle = accumulate_hazard(death, middle) if death else np.zeros(middle.size)
        if pair is None:
            whole = accumulate_hazard(hazard, middle) + died_middle
            kernels.fill_continuous_atoms(edges, progressed + died, whole, dropout, arm, atoms)
            continue
        is_scan = np.zeros(edges.size, dtype=bool)
        is_scan[np.searchsorted(edges, scans[arm])] = True
        kernels.fill_scan_atoms(edges, is_scan, progressed, died, died_middle, dropout, arm, atoms)
    atoms.is_tied[:] = atoms.is_scan.any(axis=0)
    return atoms


def _find_true_median(outcome: TimeToEvent, arm: int) -> float:
    """Month at which progression or death has come to half of an arm; infinite if it never does."""
    hazard = (outcome.control, outcome.treatment)[arm]
    death = outcome.competing[arm] if outcome.competing else None

    def total(month: float) -> float:
        at = np.array([month])
        return float(accumulate_hazard(hazard, at)[0] + (accumulate_hazard(death, at)[0] if death else 0.0))

    low, high = 0.0, 1.0
    while total(high) < math.log(2):
        high *= 2
        if high > 1e9:
            return math.inf
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if total(middle) < math.log(2) else (low, middle)
    return (low + high) / 2


def _check(design: Design, scenario: Scenario) -> TimeToEvent:
    outcome = scenario.outcome
    problems = Problems(f"scans in scenario {scenario.name!r}")
    if not isinstance(outcome, TimeToEvent):
        problems.add(f"the outcome {outcome.name!r} is no time to an event; scans need one")
        problems.raise_now(InvalidDesign)
    problems.check(design.stopping is not None, "the design has no stopping; give Events(...) or Months(...)")
    problems.check(
        isinstance(design.test, LogRank), f"the test is {design.test}; only the log-rank test is known here"
    )
    for holds, told in (
        (not outcome.strata, "strata; give an outcome without"),
        (outcome.cured_shares == (0.0, 0.0), "cured shares; give a hazard that ends at 0 instead"),
        (outcome.switching_per_month == 0, "switching; simulate it"),
        (outcome.reporting_delay_months == 0, "a reporting delay; simulate it"),
        (not outcome.assessment_months, "assessment_months; leave them out, the schedule says when"),
        (outcome.competing is None or outcome.competing_counts,
         "competing hazards that do not count; set competing_counts, so that death is an event"),
    ):  # fmt: skip
        problems.check(holds, f"the outcome has {told}")
    problems.raise_if_any(InvalidDesign)
    return outcome

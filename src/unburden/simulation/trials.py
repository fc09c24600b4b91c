"""How a design behaves in a scenario, by simulating whole trials."""

import math

import numba
import numpy as np

from unburden.domain.design import (
    Continuous,
    Design,
    Events,
    Months,
    OperatingCharacteristics,
    PiecewiseHazard,
    Scenario,
    TimeToEvent,
)
from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.estimate import Estimate
from unburden.kernels.trials import simulate_means_trials, simulate_survival_trials
from unburden.simulation.boundaries import compute_critical_values

_Z = 1.959963984540054


def simulate_trials(
    design: Design, scenario: Scenario, *, trials: int, seed: int, threads: int | None = None
) -> OperatingCharacteristics:
    """Power, duration, patients and events of a design, with their Monte Carlo error.

    Looks: O'Brien-Fleming-type Lan-DeMets bounds at the design's information rates, tested
    one-sided (log-rank for times to events, t for a continuous outcome). The same seed gives the
    same patients to every design, and the same answer on any number of `threads` (None: all).
    Raises `InvalidDesign` where the design and the scenario do not fit.

    >>> from unburden.domain.design import Accrual
    >>> hazards = PiecewiseHazard((0.0,), (0.05,)), PiecewiseHazard((0.0,), (0.03,))
    >>> world = Scenario("doctest", Accrual((0.0,), (20.0,)), TimeToEvent("death", *hazards), 0.05,
    ...                  ("assumed:doctest",))
    >>> plan = Design(200, 1.0, 0.025, (0.5, 1.0), Events(120))
    >>> simulate_trials(plan, world, trials=2000, seed=1).power.value > 0.7
    True
    """
    _check(design, scenario, trials, seed, threads)
    bounds = np.array(compute_critical_values(design.information_rates, design.alpha))
    before = numba.get_num_threads()
    if threads is not None:
        numba.set_num_threads(threads)
    try:
        rows = _run(design, scenario, trials, seed, bounds)
    finally:
        numba.set_num_threads(before)
    return _summarise(design, scenario, trials, seed, bounds, rows)


def _run(design: Design, scenario: Scenario, trials: int, seed: int, bounds: np.ndarray) -> np.ndarray:
    accrual = np.array([scenario.accrual.start_months, scenario.accrual.per_month], dtype=float)
    treated_share = design.allocation_ratio / (1 + design.allocation_ratio)
    dropout = scenario.dropout_hazard_per_month
    key = np.uint64(seed)
    match scenario.outcome:
        case TimeToEvent(control=control, treatment=treatment):
            looks, month = _derive_looks(design)
            return simulate_survival_trials(
                key, 0, trials, accrual, _to_array(control), _to_array(treatment), dropout,
                treated_share, design.patients, looks, bounds, month,
            )  # fmt: skip
        case Continuous(mean_difference=difference, sd=sd, assessed_month=month):
            looks = np.array([math.ceil(r * design.patients - 1e-9) for r in design.information_rates])
            return simulate_means_trials(
                key, 0, trials, accrual, difference, sd, month, dropout, treated_share, looks, bounds
            )


def _derive_looks(design: Design) -> tuple[np.ndarray, float]:
    match design.stopping:
        case Events(count):
            return np.array([math.ceil(r * count - 1e-9) for r in design.information_rates]), math.inf
        case Months(month):
            return np.empty(0, dtype=np.int64), month
        case None:
            raise AssertionError("checked before")


def _to_array(hazard: PiecewiseHazard) -> np.ndarray:
    return np.array([hazard.start_months, hazard.per_month], dtype=float)


def _check(design: Design, scenario: Scenario, trials: int, seed: int, threads: int | None) -> None:
    problems = Problems(f"design in scenario {scenario.name!r}")
    problems.check(trials >= 2, f"trials is {trials}; give at least 2")
    problems.check(0 <= seed < 2**64, f"seed is {seed}; give a whole number from 0 to 2**64 - 1")
    most = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    problems.check(
        threads is None or 1 <= threads <= most, f"threads is {threads}; give 1 to {most} on this machine"
    )
    is_survival = isinstance(scenario.outcome, TimeToEvent)
    problems.check(
        not is_survival or design.stopping is not None,
        "a time-to-event outcome needs stopping=Events(...) or Months(...)",
    )
    problems.check(
        is_survival or design.stopping is None,
        f"the outcome {scenario.outcome.name!r} is awaited for every patient; give stopping=None",
    )
    if isinstance(scenario.outcome, TimeToEvent):
        for arm, hazard in (("control", scenario.outcome.control), ("treatment", scenario.outcome.treatment)):
            is_cured = hazard.per_month[-1] == 0 and scenario.dropout_per_year == 0
            problems.check(
                not is_cured,
                f"the {arm} hazard ends at 0 and nobody drops out, so follow-up never ends; "
                "give a last hazard above 0 or some dropout",
            )
    problems.raise_if_any(InvalidDesign)


def _summarise(
    design: Design, scenario: Scenario, trials: int, seed: int, bounds: np.ndarray, rows: np.ndarray
) -> OperatingCharacteristics:
    source = f"simulated:n={trials},seed={seed}"
    stage, rejects = rows[:, 0].astype(int), rows[:, 1] > 0.5
    looks = range(len(bounds))
    is_survival = isinstance(scenario.outcome, TimeToEvent)
    return OperatingCharacteristics(
        design=design,
        scenario_name=scenario.name,
        trials=trials,
        seed=seed,
        power=estimate_share(int(rejects.sum()), trials, source),
        months=_estimate_mean(rows[:, 2], "month", source),
        patients=_estimate_mean(rows[:, 3], "patient", source),
        events=_estimate_mean(rows[:, 4], "event", source) if is_survival else None,
        rejected_by_look=tuple(float((rejects & (stage == look)).mean()) for look in looks),
        stopped_by_look=tuple(float((stage == look).mean()) for look in looks),
        critical_values=tuple(float(bound) for bound in bounds),
    )


def estimate_share(count: int, trials: int, source: str) -> Estimate:
    """A share with its 95 % interval (Wilson 1927).

    >>> estimate_share(0, 100, "simulated:n=100").low
    0.0
    """
    share = count / trials
    scale = 1 + _Z**2 / trials
    centre = (share + _Z**2 / (2 * trials)) / scale
    half = _Z * math.sqrt(share * (1 - share) / trials + _Z**2 / (4 * trials**2)) / scale
    return Estimate(share, min(share, max(0.0, centre - half)), max(share, centre + half), "1", (source,))


def _estimate_mean(values: np.ndarray, unit: str, source: str) -> Estimate:
    mean = float(values.mean())
    half = _Z * float(values.std(ddof=1)) / math.sqrt(len(values))
    return Estimate(mean, mean - half, mean + half, unit, (source,))

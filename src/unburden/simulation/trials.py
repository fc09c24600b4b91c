"""How a design behaves in a scenario, by simulating whole trials."""

import math
from collections.abc import Sequence
from dataclasses import astuple, replace

import numba
import numpy as np

from unburden.domain.analysis import (
    CoxWald,
    FlemingHarrington,
    LogRank,
    MaxCombo,
    Milestone,
    ModestlyWeighted,
    RestrictedMean,
    SurvivalTest,
)
from unburden.domain.design import (
    Design,
    Events,
    Months,
    OperatingCharacteristics,
    Scenario,
    TimeToEvent,
)
from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.sequential import SequentialBounds
from unburden.kernels import survival_tests
from unburden.kernels.patients import World
from unburden.kernels.trials import (
    Looks,
    simulate_means_trials,
    simulate_survival_trials,
)
from unburden.simulation.boundaries import derive_bounds

_Z = 1.959963984540054
_CODE_BY_TEST = {
    LogRank: survival_tests.LOG_RANK,
    FlemingHarrington: survival_tests.FLEMING_HARRINGTON,
    ModestlyWeighted: survival_tests.MODESTLY_WEIGHTED,
    MaxCombo: survival_tests.MAX_COMBO,
    RestrictedMean: survival_tests.RESTRICTED_MEAN,
    Milestone: survival_tests.MILESTONE,
    CoxWald: survival_tests.COX,
}
_BIT_BY_WEIGHT = {(0, 0): 1, (1, 0): 2, (0, 1): 4, (1, 1): 8}
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(24)


def simulate_trials(
    design: Design, scenario: Scenario, *, trials: int, seed: int, threads: int | None = None
) -> OperatingCharacteristics:
    """Power, duration, patients and events of a design, with their Monte Carlo error.

    Bounds as the design asks for (O'Brien-Fleming-type Lan-DeMets unless it says otherwise), tested
    one-sided: the design's test for times to events, t for a continuous outcome. Patients enter as
    a Poisson process and are allocated alternately, keeping the ratio. The same seed gives the same
    random numbers to every design, and the same answer on any number of `threads` (None: all).
    Raises `InvalidDesign` where the design and the scenario do not fit.

    >>> from unburden.domain.design import Accrual, PiecewiseHazard
    >>> hazards = PiecewiseHazard((0.0,), (0.05,)), PiecewiseHazard((0.0,), (0.03,))
    >>> world = Scenario("doctest", Accrual((0.0,), (20.0,)), TimeToEvent("death", *hazards), 0.05,
    ...                  ("assumed:doctest",))
    >>> plan = Design(200, 1.0, 0.025, (0.5, 1.0), Events(120))
    >>> simulate_trials(plan, world, trials=2000, seed=1).power.value > 0.7
    True
    """
    return compare_tests(design, scenario, (design.test,), trials=trials, seed=seed, threads=threads)[0]


def compare_tests(
    design: Design,
    scenario: Scenario,
    tests: Sequence[SurvivalTest],
    *,
    trials: int,
    seed: int,
    threads: int | None = None,
) -> tuple[OperatingCharacteristics, ...]:
    """As `simulate_trials`, once for each test, all on the same simulated patients.

    A continuous outcome knows the t test only and answers once.
    """
    _check(design, scenario, trials, seed, threads)
    bounds = derive_bounds(design.plan)
    before = numba.get_num_threads()
    if threads is not None:
        numba.set_num_threads(threads)
    try:
        runs = _run(design, scenario, tests, trials, seed, bounds)
    finally:
        numba.set_num_threads(before)
    return tuple(
        _summarise(replace(design, test=test), scenario, trials, seed, bounds, rows)
        for test, rows in zip(tests, runs, strict=False)
    )


def _run(
    design: Design,
    scenario: Scenario,
    tests: Sequence[SurvivalTest],
    trials: int,
    seed: int,
    bounds: SequentialBounds,
) -> list[np.ndarray]:
    """Rows (trials, 5) of each test."""
    key = np.uint64(seed)
    if isinstance(scenario.outcome, TimeToEvent):
        looks, world = make_looks(design, tests, bounds), make_world(design, scenario)
        found = simulate_survival_trials(key, np.uint64(0), 0, trials, world, looks, _POINTS, _WEIGHTS)
        return [found[:, k] for k in range(len(tests))]
    outcome = scenario.outcome
    accrual = np.array([scenario.accrual.start_months, scenario.accrual.per_month], dtype=float)
    looks = np.array([math.ceil(r * design.patients - 1e-9) for r in design.information_rates])
    limits = np.array([bounds.efficacy, bounds.futility])
    rows = simulate_means_trials(
        key, 0, trials, accrual, outcome.mean_difference, outcome.sd, outcome.assessed_month,
        scenario.dropout_hazard_per_month, _find_treated_share(design), looks, limits,
    )  # fmt: skip
    return [rows]


def make_looks(design: Design, tests: Sequence[SurvivalTest], bounds: SequentialBounds) -> Looks:
    """The looks of a time-to-event design as the kernels take them."""
    count = len(design.information_rates)
    events, months, latest = np.zeros(count, dtype=np.int64), np.zeros(count), math.inf
    match design.stopping:
        case Events(last, latest_month):
            events = np.array([math.ceil(r * last - 1e-9) for r in design.information_rates])
            latest = latest_month
        case Months(month, interim):
            months = np.array((*interim, month))
        case None:
            raise AssertionError("checked before")
    codes = np.array([encode_test(test) for test in tests])
    return Looks(events, months, latest, np.array(bounds.efficacy), np.array(bounds.futility), codes)


def encode_test(test: SurvivalTest) -> tuple[float, ...]:
    """A test as four numbers: which, and its own."""
    if isinstance(test, MaxCombo):
        own: tuple[float, ...] = (sum(_BIT_BY_WEIGHT[pair] for pair in test.weights),)
    else:
        own = astuple(test)
    return (_CODE_BY_TEST[type(test)], *own, *(0.0,) * (3 - len(own)))


def make_world(design: Design, scenario: Scenario) -> World:
    """The patients of a scenario with a time-to-event outcome as the kernels take them."""
    outcome = scenario.outcome
    assert isinstance(outcome, TimeToEvent)
    accrual, dropout = scenario.accrual, scenario.dropout_hazard_per_month
    share = _find_treated_share(design)
    due = np.floor(np.arange(design.patients + 1) * share + 1e-9)
    treated = np.diff(due).astype(np.uint64)
    places = np.argsort(treated, kind="stable").astype(np.uint64)
    rows: list[tuple[Sequence[float], ...]] = [(accrual.start_months, accrual.per_month, accrual.per_month)]
    for hazard in (outcome.control, outcome.treatment):
        totals = [rate + dropout for rate in hazard.per_month]
        shares = [
            rate / total if total else 0.0 for rate, total in zip(hazard.per_month, totals, strict=True)
        ]
        rows.append((hazard.start_months, totals, shares))
    pieces = np.array([[len(starts) for starts, *_ in rows]])
    steps = np.zeros((1, 3, 3, int(pieces.max())))
    for kind, row in enumerate(rows):
        steps[0, kind, :, : len(row[0])] = row
    controls = np.array([int((treated == 0).sum())])
    return World(np.array([design.patients]), controls, places, treated, steps, pieces)


def _find_treated_share(design: Design) -> float:
    return design.allocation_ratio / (1 + design.allocation_ratio)


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
    design: Design, scenario: Scenario, trials: int, seed: int, bounds: SequentialBounds, rows: np.ndarray
) -> OperatingCharacteristics:
    source = f"simulated:n={trials},seed={seed}"
    stage, rejects = rows[:, 0].astype(int), rows[:, 1] > 0.5
    looks = range(len(bounds.efficacy))
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
        critical_values=bounds.efficacy,
        futility_values=bounds.futility,
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

"""How a design behaves in a scenario, by simulating whole trials."""

import math
from collections.abc import Sequence
from dataclasses import astuple, replace
from itertools import accumulate

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
from unburden.domain.design import MOST_TRIALS, Design, Events, Months, OperatingCharacteristics
from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.repeated import Counts
from unburden.domain.scenario import (
    PiecewiseHazard,
    Scenario,
    Stratum,
    TimeToEvent,
    WeibullHazard,
)
from unburden.domain.sequential import SequentialBounds
from unburden.domain.shards import Histogram, Shard, ShardSums
from unburden.kernels import courses, survival_tests
from unburden.kernels.patients import World
from unburden.kernels.trials import EVENTS, MONTH, PATIENTS, REJECTS, STAGE, Looks, simulate_survival_trials
from unburden.simulation.boundaries import derive_bounds
from unburden.simulation.follow_up import compute_event_probability
from unburden.simulation.outcomes import find_treated_share, run_outcome_trials
from unburden.simulation.summaries import Z_95, estimate_mean, estimate_share

_CODE_BY_TEST = {
    LogRank: survival_tests.LOG_RANK,
    FlemingHarrington: survival_tests.FLEMING_HARRINGTON,
    ModestlyWeighted: survival_tests.MODESTLY_WEIGHTED,
    MaxCombo: survival_tests.MAX_COMBO,
    RestrictedMean: survival_tests.RESTRICTED_MEAN,
    Milestone: survival_tests.MILESTONE,
    CoxWald: survival_tests.COX,
}
_CODE_BY_STRATEGY = {
    "treatment-policy": courses.IGNORED,
    "hypothetical": courses.CENSORED,
    "composite": courses.COUNTED,
}
_BIT_BY_WEIGHT = {(0, 0): 1, (1, 0): 2, (0, 1): 4, (1, 1): 8}
_EVER = 1e6
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(24)


def simulate_trials(
    design: Design, scenario: Scenario, *, trials: int, seed: int, threads: int | None = None
) -> OperatingCharacteristics:
    """Power, duration, patients and events of a design, with their Monte Carlo error.

    Bounds as the design asks for (O'Brien-Fleming-type Lan-DeMets unless it says otherwise), tested
    one-sided: the design's test for times to events, t for a continuous outcome, Pearson's χ²
    (pooled z) for a binary one, negative-binomial regression for counts, the mixed model for
    repeated measures (whatever happened before a value; after death none). Patients enter as a
    Poisson process and are allocated alternately, keeping the ratio. The same seed and
    stream (of the scenario) give the same random numbers to every design, and the same answer on any
    number of `threads` (None: all).
    Raises `InvalidDesign` where the design and the scenario do not fit.

    >>> from unburden.domain.scenario import Accrual, PiecewiseHazard
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

    Outcomes other than times to events know one test each and answer once.
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


def simulate_shard(shard: Shard, threads: int | None = None) -> ShardSums:
    """The sufficient statistics of one shard; the same whoever runs it, on any number of threads."""
    design, scenario = shard.design, shard.scenario
    _check(design, scenario, max(2, shard.trials), shard.seed, threads)
    before = numba.get_num_threads()
    if threads is not None:
        numba.set_num_threads(threads)
    try:
        runs = _run(
            design, scenario, shard.tests, shard.trials, shard.seed, derive_bounds(design.plan), shard.first
        )
    finally:
        numba.set_num_threads(before)
    looks = range(len(design.information_rates))
    stages = [rows[:, STAGE].astype(int) for rows in runs]
    rejects = [rows[:, REJECTS] > 0.5 for rows in runs]
    return ShardSums(
        shard.trials,
        tuple(tuple(int((stage == k).sum()) for k in looks) for stage in stages),
        tuple(
            tuple(int(((stage == k) & hit).sum()) for k in looks)
            for stage, hit in zip(stages, rejects, strict=True)
        ),
        tuple(tuple(math.fsum(rows[:, k]) for k in (MONTH, PATIENTS, EVENTS)) for rows in runs),
        tuple(tuple(math.fsum(rows[:, k] ** 2) for k in (MONTH, PATIENTS, EVENTS)) for rows in runs),
        tuple(
            tuple(_count_values(rows[:, k] * scale) for k, scale in ((MONTH, 10), (PATIENTS, 1), (EVENTS, 1)))
            for rows in runs
        ),
    )


def _count_values(values: np.ndarray) -> Histogram:
    found, counts = np.unique(np.rint(values).astype(np.int64), return_counts=True)
    return tuple(zip(found.tolist(), counts.tolist(), strict=True))


def summarise_sums(
    design: Design, scenario: Scenario, tests: Sequence[SurvivalTest], seed: int, sums: ShardSums
) -> tuple[OperatingCharacteristics, ...]:
    """Operating characteristics of each test from the sums of all shards."""
    source = f"simulated:n={sums.trials},seed={seed}"
    bounds = derive_bounds(design.plan)
    counts_events = isinstance(scenario.outcome, TimeToEvent | Counts)
    found = []
    for k, test in enumerate(tests[: len(sums.stopped)]):
        months, patients, events = (
            _estimate_from_sums(total, square, sums.trials, unit, source)
            for total, square, unit in zip(
                sums.sums[k], sums.squares[k], ("month", "patient", "event"), strict=True
            )
        )
        found.append(
            OperatingCharacteristics(
                design=replace(design, test=test),
                scenario_name=scenario.name,
                trials=sums.trials,
                seed=seed,
                power=estimate_share(sum(sums.rejected[k]), sums.trials, source),
                months=months,
                patients=patients,
                events=events if counts_events else None,
                rejected_by_look=tuple(count / sums.trials for count in sums.rejected[k]),
                stopped_by_look=tuple(count / sums.trials for count in sums.stopped[k]),
                critical_values=bounds.efficacy,
                futility_values=bounds.futility,
            )
        )
    return tuple(found)


def _estimate_from_sums(total: float, square: float, count: int, unit: str, source: str) -> Estimate:
    mean = total / count
    variance = max(0.0, square - total * mean) / max(count - 1, 1)
    half = Z_95 * math.sqrt(variance / count)
    return Estimate(mean, mean - half, mean + half, unit, (source,))


def _run(
    design: Design,
    scenario: Scenario,
    tests: Sequence[SurvivalTest],
    trials: int,
    seed: int,
    bounds: SequentialBounds,
    first: int = 0,
) -> list[np.ndarray]:
    """Rows (trials, 5) of each test."""
    key, stream = np.uint64(seed), np.uint64(scenario.stream)
    if isinstance(scenario.outcome, TimeToEvent):
        looks, world = make_looks(design, tests, bounds), make_world(design, scenario)
        found = simulate_survival_trials(key, stream, first, trials, world, looks, _POINTS, _WEIGHTS)
        return [found[:, k] for k in range(len(tests))]
    return [run_outcome_trials(design, scenario, bounds, trials, seed, first)]


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
    strata = outcome.strata or (Stratum("all", 1.0, outcome.control, outcome.treatment),)
    ends = np.array(
        [round(design.patients * share) for share in accumulate(stratum.share for stratum in strata)]
    )
    sizes = np.diff(ends, prepend=0)
    share = find_treated_share(design)
    treated = [np.diff(np.floor(np.arange(size + 1) * share + 1e-9)).astype(np.uint64) for size in sizes]
    rows = [_list_steps(scenario, stratum) for stratum in strata]
    widest = max(len(starts) for group in rows for starts, *_ in group)
    steps, pieces = np.zeros((len(strata), 5, 3, widest)), np.zeros((len(strata), 5), dtype=np.int64)
    for s, group in enumerate(rows):
        for kind, row in enumerate(group):
            pieces[s, kind] = len(row[0])
            steps[s, kind, :, : len(row[0])] = row
    return World(
        ends=ends,
        controls=np.array([int((arms == 0).sum()) for arms in treated]),
        places=np.concatenate([np.argsort(arms, kind="stable") for arms in treated]).astype(np.uint64),
        treated=np.concatenate(treated),
        steps=steps,
        pieces=pieces,
        is_plain=outcome.is_plain,
        courses=np.array([_list_courses(scenario, stratum) for stratum in strata]),
        visits=np.array(outcome.assessment_months, dtype=float),
        treatment_visits=np.array(
            outcome.treatment_assessment_months or outcome.assessment_months, dtype=float
        ),
        analysed_ends=ends if design.is_stratified else ends[-1:],
    )


def _list_steps(scenario: Scenario, stratum: Stratum) -> list[tuple[Sequence[float], ...]]:
    """Starts, rates and shares of accrual, the two arms and their competing events."""
    outcome, accrual, dropout = scenario.outcome, scenario.accrual, scenario.dropout_hazard_per_month
    assert isinstance(outcome, TimeToEvent)
    rates = [rate * stratum.share for rate in accrual.per_month]
    rows: list[tuple[Sequence[float], ...]] = [(accrual.start_months, rates, rates)]
    for hazard in (stratum.control, stratum.treatment):
        if isinstance(hazard, WeibullHazard):
            rows.append(((), (), ()))
        elif not outcome.is_plain:
            rows.append((hazard.start_months, hazard.per_month, [1.0] * len(hazard.per_month)))
        else:
            totals = [rate + dropout for rate in hazard.per_month]
            shares = [rate / t if t else 0.0 for rate, t in zip(hazard.per_month, totals, strict=True)]
            rows.append((hazard.start_months, totals, shares))
    for hazard in outcome.competing or ():
        counts = [float(outcome.competing_counts)] * len(hazard.per_month)
        rows.append((hazard.start_months, hazard.per_month, counts))
    return rows


def _list_courses(scenario: Scenario, stratum: Stratum) -> list[list[float]]:
    """Cured share, Weibull shape and scale, switching, delay, dropout and strategy of the two arms."""
    outcome = scenario.outcome
    assert isinstance(outcome, TimeToEvent)
    rows = []
    for arm, hazard in enumerate((stratum.control, stratum.treatment)):
        shape, scale = (
            (hazard.shape, hazard.scale_months) if isinstance(hazard, WeibullHazard) else (1.0, 0.0)
        )
        switching = outcome.switching_per_month if arm == 0 else 0.0
        delay, dropout = outcome.reporting_delay_months, scenario.dropout_hazard_per_month
        after = _CODE_BY_STRATEGY[outcome.switching_strategy]
        rows.append([outcome.cured_shares[arm], shape, scale, switching, delay, dropout, after])
    return rows


def _check(design: Design, scenario: Scenario, trials: int, seed: int, threads: int | None) -> None:
    problems = Problems(f"design in scenario {scenario.name!r}")
    problems.check(trials >= 2, f"trials is {trials}; give at least 2")
    problems.check(trials <= MOST_TRIALS, f"trials is {trials}; give at most {MOST_TRIALS:,}")
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
            ends_at_0 = isinstance(hazard, PiecewiseHazard) and hazard.per_month[-1] == 0
            problems.check(
                not ends_at_0 or scenario.dropout_per_year > 0,
                f"the {arm} hazard ends at 0 and nobody drops out, so follow-up never ends; "
                "give a last hazard above 0, some dropout or a cured share",
            )
        problems.check(
            is_reachable(design, scenario),
            f"the events of the last look are never expected from {design.patients} patients; about "
            f"{count_expected_events(design, scenario):.0f} are. Take fewer events, more patients, less "
            "dropout or a latest_month",
        )
        smallest = min((stratum.share for stratum in scenario.outcome.strata), default=1.0)
        problems.check(
            design.patients * smallest >= 4,
            f"a stratum of share {smallest} of {design.patients} patients is too small; let each have 4",
        )
    problems.raise_if_any(InvalidDesign)


def count_expected_events(design: Design, scenario: Scenario) -> float:
    """Events expected if everybody is followed to event or dropout; infinite where only simulation tells."""
    outcome = scenario.outcome
    if not isinstance(outcome, TimeToEvent) or not outcome.is_plain:
        return math.inf
    share = find_treated_share(design)
    strata = outcome.strata or (Stratum("all", 1.0, outcome.control, outcome.treatment),)
    expected = 0.0
    for stratum in strata:
        for part, hazard in ((1 - share, stratum.control), (share, stratum.treatment)):
            assert isinstance(hazard, PiecewiseHazard)
            ever = compute_event_probability(hazard, scenario.dropout_hazard_per_month, _EVER)
            expected += design.patients * stratum.share * part * ever
    return expected


def is_reachable(design: Design, scenario: Scenario) -> bool:
    """Whether the last look's events are ever expected, or a latest month ends the wait."""
    if not isinstance(design.stopping, Events) or math.isfinite(design.stopping.latest_month):
        return True
    return design.stopping.count <= count_expected_events(design, scenario)


def _summarise(
    design: Design, scenario: Scenario, trials: int, seed: int, bounds: SequentialBounds, rows: np.ndarray
) -> OperatingCharacteristics:
    source = f"simulated:n={trials},seed={seed}"
    stage, rejects = rows[:, 0].astype(int), rows[:, 1] > 0.5
    looks = range(len(bounds.efficacy))
    counts_events = isinstance(scenario.outcome, TimeToEvent | Counts)
    return OperatingCharacteristics(
        design=design,
        scenario_name=scenario.name,
        trials=trials,
        seed=seed,
        power=estimate_share(int(rejects.sum()), trials, source),
        months=estimate_mean(rows[:, 2], "month", source),
        patients=estimate_mean(rows[:, 3], "patient", source),
        events=estimate_mean(rows[:, 4], "event", source) if counts_events else None,
        rejected_by_look=tuple(float((rejects & (stage == look)).mean()) for look in looks),
        stopped_by_look=tuple(float((stage == look).mean()) for look in looks),
        critical_values=bounds.efficacy,
        futility_values=bounds.futility,
    )

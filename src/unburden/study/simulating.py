"""A design file simulated: every scenario, every test and alternative design, held against what is known."""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path

from unburden import __version__
from unburden.domain.analysis import LogRank, SurvivalTest
from unburden.domain.design import Design
from unburden.domain.errors import InvalidDesign
from unburden.domain.estimate import Estimate
from unburden.domain.shards import ShardSums, cut_run, find_quantile, hash_sums
from unburden.domain.simulation_report import (
    AlphaCheck,
    Measure,
    PlannedScenario,
    PowerCheck,
    ScenarioResult,
    SimulatedLook,
    SimulatedRun,
)
from unburden.simulation.boundaries import derive_bounds
from unburden.simulation.power import predict_power
from unburden.simulation.trials import estimate_share, summarise_sums
from unburden.study.design_files import DesignFile
from unburden.study.expecting import is_predictable
from unburden.study.sharding import SHARD_TRIALS, count_trials, run_shards

MOST_ERRORS = 4.0
"""Standard errors between formula and simulation beyond which a report flags the difference."""
QUANTILES = (0.05, 0.5, 0.95)
_Z = 1.959963984540054
_MEASURES = (("months", "month", 10), ("patients", "patient", 1), ("events", "event", 1))


@dataclass(frozen=True, slots=True)
class Job:
    """How shards are run; none of it changes a number."""

    ledger: Path | None = None
    executor: Executor | None = None
    threads: int | None = None
    progress: Callable[[str, int, int], None] | None = None


def simulate_scenarios(
    record: DesignFile,
    *,
    trials: int | None,
    seed: int,
    error: float | None = None,
    job: Job = Job(),
) -> tuple[ScenarioResult, ...]:
    """Every scenario of the file with `trials` each (None: as the file says), its tests on the same patients.

    With `error` a scenario gets as many more trials as the standard error of its share of rejections
    needs. Alternative designs meet the same random numbers. Raises `InvalidDesign`.
    """
    return tuple(
        _simulate_scenario(record, planned, trials, seed, error, job or Job()) for planned in record.scenarios
    )


def _simulate_scenario(
    record: DesignFile,
    planned: PlannedScenario,
    trials: int | None,
    seed: int,
    error: float | None,
    job: Job,
) -> ScenarioResult:
    name, tests = planned.scenario.name, record.tests or (record.design.test,)
    asked = record.trials if trials is None else trials
    chosen = asked

    def simulate(design: Design, tests: Sequence[SurvivalTest], label: str) -> ShardSums:
        return _simulate(design, planned, tests, chosen, seed, job, label)

    sums = simulate(record.design, tests, name)
    if error is not None:
        shares = [sum(rejected) / sums.trials for rejected in sums.rejected]
        chosen = max(chosen, count_trials(min(shares, key=lambda share: abs(share - 0.5)), error))
        sums = sums if chosen == asked else simulate(record.design, tests, name)
    unobeyed = _drop_futility(record.design) if planned.purpose == "null" else None
    ignored = simulate(unobeyed, tests, f"{name}, futility ignored") if unobeyed else None
    alternatives = tuple(
        run
        for other in record.alternatives
        for run in _derive_runs(
            other.name,
            other.design,
            planned,
            (other.design.test,),
            seed,
            simulate(other.design, (other.design.test,), f"{name}, {other.name}"),
        )
    )
    return ScenarioResult(
        planned,
        chosen,
        _tell_trials(record, trials, error, asked),
        _derive_runs("", record.design, planned, tests, seed, sums, ignored),
        alternatives,
    )


def _simulate(
    design: Design,
    planned: PlannedScenario,
    tests: Sequence[SurvivalTest],
    trials: int,
    seed: int,
    job: Job,
    label: str,
) -> ShardSums:
    shards = cut_run(
        design, planned.scenario, tuple(tests),
        trials=trials, seed=seed, shard_trials=SHARD_TRIALS, version=__version__,
    )  # fmt: skip
    return run_shards(
        shards,
        ledger=job.ledger,
        executor=job.executor,
        threads=job.threads,
        progress=job.progress,
        label=label,
    )


def _tell_trials(record: DesignFile, trials: int | None, error: float | None, asked: int) -> str:
    """How the number of trials was chosen; the file's own reason only where its own number was run."""
    why = f"{asked:,} asked for by {'the design file' if trials is None else '--trials'}"
    if error is not None:
        return f"{why}, then more until the standard error of the share of successes is about {error:g}"
    return f"{why}. {record.trials_why}" if record.trials_why and trials is None else why


def _drop_futility(design: Design) -> Design | None:
    """The design whose non-binding futility bounds nobody obeys; None where that is no other design."""
    if design.futility is None or design.is_binding:
        return None
    without = replace(design, futility=None)
    kept, left = derive_bounds(design.plan).efficacy, derive_bounds(without.plan).efficacy
    same = all(math.isclose(a, b, rel_tol=1e-9) for a, b in zip(kept, left, strict=True))
    return without if same else None


def _derive_runs(
    name: str,
    design: Design,
    planned: PlannedScenario,
    tests: Sequence[SurvivalTest],
    seed: int,
    sums: ShardSums,
    ignored: ShardSums | None = None,
) -> tuple[SimulatedRun, ...]:
    """What the sums say of each test."""
    source = f"simulated:n={sums.trials},seed={seed},stream={planned.scenario.stream}"
    runs = []
    for k, operating in enumerate(summarise_sums(design, planned.scenario, tests, seed, sums)):
        rejection = measure_share(sum(sums.rejected[k]), sums.trials, source)
        left = None if ignored is None else measure_share(sum(ignored.rejected[k]), ignored.trials, source)
        is_null = planned.purpose == "null"
        runs.append(
            SimulatedRun(
                design_name=name,
                operating=operating,
                rejection=rejection,
                looks=_derive_looks(sums, k, source),
                averages=_derive_averages(operating),
                spread=_derive_spread(sums, k, source, operating.events is not None),
                sha256=hash_sums(sums),
                alpha_check=check_alpha(rejection, design.alpha, sums.trials) if is_null else None,
                power_check=_check_power(operating.design, planned, rejection, sums.trials),
                without_futility=left,
                without_futility_check=check_alpha(left, design.alpha, sums.trials) if left else None,
            )
        )
    return tuple(runs)


def measure_share(count: int, trials: int, source: str) -> Measure:
    """A share of trials with Wilson's interval and its standard error.

    >>> round(measure_share(10, 100, "simulated:n=100").standard_error, 6)
    0.03
    """
    share = count / trials
    return Measure(estimate_share(count, trials, source), math.sqrt(share * (1 - share) / trials))


def _derive_looks(sums: ShardSums, k: int, source: str) -> tuple[SimulatedLook, ...]:
    return tuple(
        SimulatedLook(
            measure_share(rejected, sums.trials, source),
            measure_share(stopped - rejected, sums.trials, source),
        )
        for stopped, rejected in zip(sums.stopped[k], sums.rejected[k], strict=True)
    )


def _derive_averages(operating) -> dict[str, Measure]:
    found = {"months": operating.months, "patients": operating.patients, "events": operating.events}
    return {name: Measure(e, (e.high - e.low) / (2 * _Z)) for name, e in found.items() if e is not None}


def _derive_spread(sums: ShardSums, k: int, source: str, has_events: bool):
    spread = {}
    for (name, unit, scale), histogram in zip(_MEASURES, sums.counts[k], strict=True):
        if name == "events" and not has_events:
            continue
        found = [find_quantile(histogram, share) for share in QUANTILES]
        spread[name] = tuple(
            Estimate(value / scale, low / scale, high / scale, unit, (source,)) for value, low, high in found
        )
    return spread


def check_alpha(found: Measure, alpha: float, trials: int) -> AlphaCheck:
    """A simulated type I error beside the nominal one.

    >>> found = measure_share(300, 10_000, "simulated:n=10000")
    >>> check = check_alpha(found, 0.025, 10_000)
    >>> round(check.distance, 2), check.is_above
    (3.2, True)
    """
    error = math.sqrt(alpha * (1 - alpha) / trials)
    estimate = found.estimate
    return AlphaCheck(alpha, (estimate.value - alpha) / error, estimate.low > alpha, estimate.high < alpha)


def _check_power(design: Design, planned: PlannedScenario, found: Measure, trials: int) -> PowerCheck | None:
    """The log-rank power of the formula beside the simulated one; None where there is no formula."""
    scenario = planned.scenario
    if not isinstance(design.test, LogRank) or not is_predictable(design, scenario):
        return None
    if getattr(scenario.outcome, "strata", ()) and not design.is_stratified:
        return None
    try:
        predicted = predict_power(design, scenario).power
    except InvalidDesign:
        return None
    share = min(max(predicted, 1 / trials), 1 - 1 / trials)
    distance = (found.estimate.value - predicted) / math.sqrt(share * (1 - share) / trials)
    return PowerCheck(predicted, distance, abs(distance) > MOST_ERRORS)

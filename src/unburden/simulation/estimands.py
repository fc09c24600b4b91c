"""Estimands with intercurrent events: what is true, and the bias and coverage of each analysis."""

import math
from collections.abc import Sequence

import numpy as np

from unburden.domain.design import MOST_TRIALS, Design
from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.estimands import Estimand, EstimandPerformance
from unburden.domain.estimate import Estimate
from unburden.domain.repeated import Longitudinal, check_strategies
from unburden.domain.scenario import Scenario, TimeToEvent
from unburden.kernels.longitudinal import (
    ANCOVA,
    COMPOSITE,
    CONTROL,
    HYPOTHETICAL,
    MIXED_MODEL,
    TREATMENT,
    TREATMENT_POLICY,
    WHILE_ON_TREATMENT,
    WITHDRAWAL,
    draw_true_differences,
    simulate_estimand_trials,
)
from unburden.kernels.trials import normalise_each
from unburden.simulation.distributions import compute_normal_quantile
from unburden.simulation.outcomes import make_course
from unburden.simulation.summaries import Z_95, estimate_mean, estimate_share
from unburden.simulation.survival_estimands import (
    check_survival_estimand,
    find_survival_truth,
    fit_survival_estimand,
)

_CODES = {
    "treatment-policy": TREATMENT_POLICY,
    "hypothetical": HYPOTHETICAL,
    "composite": COMPOSITE,
    "while-on-treatment": WHILE_ON_TREATMENT,
}
_ANALYSES = {"mixed-model": MIXED_MODEL, "ancova": ANCOVA}
TRUTH_PAIRS = 400_000
_TRUTH_STREAM = np.uint64(0xFFFFFFFF)


def simulate_estimands(
    design: Design, scenario: Scenario, estimands: Sequence[Estimand], *, trials: int, seed: int
) -> tuple[EstimandPerformance, ...]:
    """Truth, bias, coverage and power of each estimand's analysis, all on the same simulated trials.

    One analysis: when all `design.patients` have come to their last visit, or at the last look of a
    time to an event; 95 % intervals, power one-sided at `design.alpha`. The truth is simulated too,
    with none lost to follow-up and hypothetical events taken out of the world: in 400,000 pairs of
    patients who share their random numbers, one in each arm, or in 4 million patients with times to
    events. Raises `InvalidDesign`.
    """
    _check(design, scenario, estimands, trials, seed)
    if isinstance(scenario.outcome, Longitudinal):
        fits = _fit_longitudinal(design, scenario, estimands, trials, seed)
        unit = "1"
    else:
        fits = [
            fit_survival_estimand(design, scenario, estimand, trials=trials, seed=seed)
            for estimand in estimands
        ]
        unit = "month"
    found = []
    for estimand, rows in zip(estimands, fits, strict=True):
        truth = find_truth(design, scenario, estimand, seed=seed)
        found.append(_judge(estimand, truth, rows, design.alpha, unit, trials, seed))
    return tuple(found)


def _fit_longitudinal(
    design: Design, scenario: Scenario, estimands: Sequence[Estimand], trials: int, seed: int
) -> list[np.ndarray]:
    """Effect, standard error and degrees of freedom of each trial (trials, 3), for each estimand."""
    outcome = scenario.outcome
    assert isinstance(outcome, Longitudinal)
    codes = np.array([_encode(estimand, outcome) for estimand in estimands], dtype=np.int64)
    failures = np.array([estimand.failure_value or 0.0 for estimand in estimands])
    analyses = np.array([_ANALYSES[estimand.analysis] for estimand in estimands], dtype=np.int64)
    fits = simulate_estimand_trials(
        np.uint64(seed), np.uint64(scenario.stream), trials, make_course(design, scenario),
        codes.reshape(len(estimands), len(outcome.intercurrent_events)), failures, analyses, design.patients,
    )  # fmt: skip
    return [fits[:, k] for k in range(len(estimands))]


def find_truth(design: Design, scenario: Scenario, estimand: Estimand, *, seed: int) -> Estimate:
    """The estimand's true difference in a scenario, with nobody lost to follow-up."""
    outcome = scenario.outcome
    if isinstance(outcome, TimeToEvent):
        return find_survival_truth(design, scenario, estimand, seed=seed, stream=int(_TRUTH_STREAM))
    assert isinstance(outcome, Longitudinal)
    course = make_course(design, scenario)
    strategies = np.array(_encode(estimand, outcome), dtype=np.int64)
    events = course.events.copy()
    events[:, WITHDRAWAL] = 0.0
    events[np.ix_(strategies == HYPOTHETICAL, (CONTROL, TREATMENT))] = 0.0
    ideal = course._replace(events=events, dropout=0.0)
    differences = draw_true_differences(
        np.uint64(seed), _TRUTH_STREAM, TRUTH_PAIRS, ideal, strategies, estimand.failure_value or 0.0
    )
    known = differences[np.isfinite(differences)]
    return estimate_mean(known, "1", f"simulated:n={len(known)} pairs,seed={seed}")


def _judge(
    estimand: Estimand, truth: Estimate, fits: np.ndarray, alpha: float, unit: str, trials: int, seed: int
) -> EstimandPerformance:
    is_told = np.isfinite(fits).all(axis=1)
    told = fits[is_told]
    problems = Problems(f"estimand {estimand.name!r}")
    problems.check(
        len(told) >= 2,
        f"the {estimand.analysis} gave no answer in {trials - len(told)} of {trials} trials; take more "
        "patients, fewer visits, an earlier month or another analysis",
    )
    problems.raise_if_any(InvalidDesign)
    source = f"simulated:n={len(told)},seed={seed}"
    effect, error, degrees = told.T
    mean = estimate_mean(effect, unit, source)
    half = math.hypot(mean.high - mean.value, truth.high - truth.value)
    bias = mean.value - truth.value
    deviation = float(effect.std(ddof=1))
    doubt = Z_95 * deviation / math.sqrt(2 * (len(told) - 1))
    distance = normalise_each((effect - truth.value) / error, degrees)
    z = normalise_each(effect / error, degrees)
    rejects = int((z >= compute_normal_quantile(alpha)).sum())
    return EstimandPerformance(
        estimand=estimand,
        truth=truth,
        mean=mean,
        bias=Estimate(bias, bias - half, bias + half, unit, (source, *truth.sources)),
        spread=Estimate(deviation, deviation - doubt, deviation + doubt, unit, (source,)),
        standard_error=estimate_mean(error, unit, source),
        coverage=estimate_share(int((np.abs(distance) <= Z_95).sum()), len(told), source),
        power=estimate_share(rejects, len(told), source),
        estimable=estimate_share(len(told), trials, f"simulated:n={trials},seed={seed}"),
        trials=trials,
        seed=seed,
    )


def _encode(estimand: Estimand, outcome: Longitudinal) -> list[int]:
    return [_CODES[estimand.strategies[event.name]] for event in outcome.intercurrent_events]


def _check(design: Design, scenario: Scenario, estimands: Sequence[Estimand], trials: int, seed: int) -> None:
    outcome = scenario.outcome
    problems = Problems(f"estimands in scenario {scenario.name!r}")
    problems.check(bool(estimands), "no estimand is given; give at least one")
    names = [estimand.name for estimand in estimands]
    problems.check(len(set(names)) == len(names), f"two estimands of one name in {names}")
    problems.check(2 <= trials <= MOST_TRIALS, f"trials is {trials}; give 2 to {MOST_TRIALS:,}")
    problems.check(0 <= seed < 2**64, f"seed is {seed}; give a whole number from 0 to 2**64 - 1")
    told = f"estimands need a longitudinal outcome or a time to an event; {outcome.name!r} is neither"
    problems.check(isinstance(outcome, Longitudinal | TimeToEvent), told)
    is_time = isinstance(outcome, TimeToEvent)
    told = "a time to an event needs stopping=Events(...) or Months(...)"
    problems.check(not is_time or design.stopping is not None, told)
    for estimand in estimands:
        own = Problems(f"estimand {estimand.name!r}")
        if isinstance(outcome, TimeToEvent):
            check_survival_estimand(estimand, outcome, own)
        elif isinstance(outcome, Longitudinal):
            _check_longitudinal(estimand, outcome, own)
        problems.extend(f"{own.where}: {problem}" for problem in own.found)
    problems.raise_if_any(InvalidDesign)


def _check_longitudinal(estimand: Estimand, outcome: Longitudinal, problems: Problems) -> None:
    told = f"analysis is {estimand.analysis!r}; repeated measures take {' or '.join(_ANALYSES)}"
    problems.check(estimand.analysis in _ANALYSES, told)
    check_strategies(estimand.strategies, outcome, problems)
    for event in outcome.intercurrent_events:
        if event.kind == "death":
            problems.check(
                estimand.strategies.get(event.name) != "treatment-policy",
                f"after {event.name!r} there is no value to count; treatment-policy cannot be its "
                "strategy, use composite, while-on-treatment or (rarely sensible) hypothetical",
            )

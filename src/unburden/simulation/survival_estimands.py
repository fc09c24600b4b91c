"""Estimands of times to events: the true difference of restricted means, and estimates of it."""

import math
from dataclasses import replace

import numpy as np

from unburden.domain.analysis import LOG_RANK
from unburden.domain.design import Design
from unburden.domain.errors import Problems
from unburden.domain.estimands import Estimand
from unburden.domain.estimate import Estimate
from unburden.domain.scenario import Scenario, TimeToEvent
from unburden.kernels.courses import draw_trial
from unburden.kernels.patients import allocate_trial
from unburden.kernels.trials import fit_restricted_means
from unburden.simulation.boundaries import derive_bounds
from unburden.simulation.summaries import Z_95
from unburden.simulation.trials import make_looks, make_world

ALLOWED = {
    "switching": ("treatment-policy", "hypothetical", "composite"),
    "competing": ("hypothetical", "composite"),
}
TRUTH_PATIENTS, TRUTH_PARTS = 1_000_000, 4
_MANY_DEGREES = 1e9


def fit_survival_estimand(
    design: Design, scenario: Scenario, estimand: Estimand, *, trials: int, seed: int
) -> np.ndarray:
    """Difference of restricted means, standard error and degrees of freedom of each trial; (trials, 3)."""
    outcome = scenario.outcome
    assert isinstance(outcome, TimeToEvent) and estimand.month is not None
    world = make_world(design, replace(scenario, outcome=apply_strategies(outcome, estimand)))
    looks = make_looks(design, (LOG_RANK,), derive_bounds(design.plan))
    found = fit_restricted_means(
        np.uint64(seed), np.uint64(scenario.stream), trials, world, looks, float(estimand.month)
    )
    return np.column_stack([found, np.full(trials, _MANY_DEGREES)])


def apply_strategies(outcome: TimeToEvent, estimand: Estimand) -> TimeToEvent:
    """The outcome as the estimand's analysis sees it: ends of follow-up and what counts as the event."""
    return replace(
        outcome,
        switching_strategy=estimand.strategies.get("switching", "treatment-policy"),
        competing_counts=estimand.strategies.get("competing") == "composite",
    )


def find_survival_truth(
    design: Design, scenario: Scenario, estimand: Estimand, *, seed: int, stream: int
) -> Estimate:
    """The true difference in 4 million patients, none lost, hypothetical events taken out of the world."""
    outcome = scenario.outcome
    assert isinstance(outcome, TimeToEvent) and estimand.month is not None
    ideal = replace(apply_strategies(outcome, estimand), reporting_delay_months=0.0)
    if estimand.strategies.get("switching") == "hypothetical":
        ideal = replace(ideal, switching_per_month=0.0)
    if estimand.strategies.get("competing") == "hypothetical":
        ideal = replace(ideal, competing=None)
    many = replace(design, patients=TRUTH_PATIENTS)
    world = make_world(many, replace(scenario, outcome=ideal, dropout_per_year=0.0))
    trial, scratch = allocate_trial(world)
    differences, variances = [], []
    for part in range(TRUTH_PARTS):
        draw_trial(np.uint64(seed), np.uint64(stream), np.uint64(part), world, trial, scratch)
        times, is_treated = np.minimum(trial.time, estimand.month), (trial.mark & np.uint64(1)) == 1
        arms = times[is_treated], times[~is_treated]
        differences.append(float(arms[0].mean() - arms[1].mean()))
        variances.append(sum(float(arm.var(ddof=1)) / len(arm) for arm in arms))
    value = math.fsum(differences) / TRUTH_PARTS
    half = Z_95 * math.sqrt(math.fsum(variances)) / TRUTH_PARTS
    source = f"simulated:n={TRUTH_PARTS * TRUTH_PATIENTS} patients,seed={seed}"
    return Estimate(value, value - half, value + half, "month", (source,))


def check_survival_estimand(estimand: Estimand, outcome: TimeToEvent, problems: Problems) -> None:
    """Add a problem for each strategy that is missing, has no event or cannot be for times to events."""
    happening = {"switching": outcome.switching_per_month > 0, "competing": outcome.competing is not None}
    told = f'analysis is {estimand.analysis!r}; a time to an event takes "restricted-mean"'
    problems.check(estimand.analysis == "restricted-mean", told)
    for event, is_there in happening.items():
        strategy = estimand.strategies.get(event)
        problems.check(
            strategy is not None or not is_there, f"{event!r} happens but has no strategy; give one"
        )
        problems.check(
            strategy is None or is_there, f"a strategy is given for {event!r}, which never happens"
        )
        told = f"the strategy for {event!r} is {strategy!r}; use one of {', '.join(ALLOWED[event])}"
        problems.check(strategy is None or strategy in ALLOWED[event], told)
    for event in sorted(set(estimand.strategies) - set(happening)):
        problems.add(f"a strategy is given for {event!r}; times to events know switching and competing")

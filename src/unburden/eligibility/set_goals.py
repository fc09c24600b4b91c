"""The value of every set of criteria on the goals that screening alone can tell."""

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from unburden.domain.criteria_sets import SET_GOALS, GoalValues
from unburden.domain.errors import InvalidCriterion, Problems
from unburden.domain.frontier import Goal
from unburden.domain.representation import Strata, TargetPopulation
from unburden.eligibility.check_order import SetCosts
from unburden.eligibility.proportions import LEVEL, compute_wilson
from unburden.eligibility.representation import find_stratum_problems, sort_as_target

_NORMAL = NormalDist()
Z_95 = 1.959963984540054


def derive_pool_values(pools: NDArray, patients: int, source: str) -> GoalValues:
    """How many of the cohort's `patients` each set lets in; Wilson's interval of the share, times them.

    `pools` are those of `derive_set_counts`.
    """
    low, high = compute_wilson(np.asarray(pools, dtype=float), np.full(len(pools), float(patients)))
    values = pools.astype(float)
    return GoalValues(SET_GOALS["pool"], values, low * patients, high * patients, (source,))


def derive_power_values(
    events: NDArray,
    pools: NDArray,
    *,
    planned_patients: int,
    hazard_ratio: float,
    allocation_ratio: float,
    alpha: float,
    sources: tuple[str, ...],
) -> GoalValues:
    """Power of the planned trial if it enrols as each set lets in (Schoenfeld 1981, one-sided log-rank).

    The trial's events are `planned_patients` times the set's share of patients with the event in
    the cohort's follow-up (`events` and `pools` by set); that share's Wilson interval makes the
    power's. So it answers what the set does to power by whom it lets in, at the planned hazard
    ratio (below 1 favours treatment) and the cohort's length of follow-up. NaN where nobody passes.
    """
    problems = Problems("power of the criteria sets")
    problems.check(planned_patients > 0, f"planned patients are {planned_patients}; give at least 1")
    problems.check(0 < hazard_ratio < 1, f"hazard ratio is {hazard_ratio}; give one between 0 and 1")
    problems.check(allocation_ratio > 0, f"allocation ratio is {allocation_ratio}; give one above 0")
    problems.check(0 < alpha < 0.5, f"alpha is {alpha}; give one-sided alpha between 0 and 0.5")
    outside = (events < 0) | (events > pools)
    problems.check(not outside.any(), "some sets have more events than patients, or fewer than 0")
    problems.raise_if_any(InvalidCriterion)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(pools > 0, np.asarray(events, dtype=float) / pools, np.nan)
    low, high = compute_wilson(np.asarray(events, dtype=float), np.asarray(pools, dtype=float))
    treated = allocation_ratio / (1 + allocation_ratio)
    unit = -math.log(hazard_ratio) * math.sqrt(planned_patients * treated * (1 - treated))
    bound = _NORMAL.inv_cdf(1 - alpha)
    powers = [_compute_normal(unit * np.sqrt(x) - bound) for x in (share, low, high)]
    return GoalValues(SET_GOALS["power"], powers[0], powers[1], powers[2], sources)


def derive_needed_values(
    events: NDArray, pools: NDArray, *, planned_events: int, sources: tuple[str, ...]
) -> GoalValues:
    """How many patients the planned trial must follow to see its events, if it enrols as each set lets in.

    A trial that ends with a number of events has the same power whoever joins; who joins decides how many
    patients it takes: `planned_events` over the set's share of patients with the event in the cohort's
    follow-up, by whose Wilson interval it has its own. NaN where nobody passes or nobody has the event.
    """
    problems = Problems("patients needed by the criteria sets")
    problems.check(planned_events > 0, f"planned events are {planned_events}; give at least 1")
    outside = (events < 0) | (events > pools)
    problems.check(not outside.any(), "some sets have more events than patients, or fewer than 0")
    problems.raise_if_any(InvalidCriterion)
    counts, sizes = np.asarray(events, dtype=float), np.asarray(pools, dtype=float)
    low, high = compute_wilson(counts, sizes)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = [np.where(counts > 0, planned_events / x, np.nan) for x in (counts / sizes, high, low)]
    return GoalValues(SET_GOALS["patients_needed"], found[0], found[1], found[2], sources)


def _compute_normal(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """The standard normal distribution function; NaN stays NaN."""
    return np.array([0.5 * math.erfc(-x / math.sqrt(2)) for x in z.tolist()])


def derive_distance_values(
    counts: Sequence[NDArray], strata: Sequence[Strata], targets: Sequence[TargetPopulation]
) -> GoalValues:
    """How far each set's pool is from the target population: the mean total variation over stratifications.

    `counts` has for each stratification the patients by set and stratum (`derive_set_strata`), as
    `strata` and `targets` have theirs. The interval is ± the mean of ½ Σ √(p (1 - p) / n) + √(ln(20 m) /
    2n) over the m stratifications: the mean of d(p̂, p) is at most the first term and passes it by the
    second in at most 1 of 20 m samples (McDiarmid 1989), so that it is wider than need be. NaN where
    a stratification has nobody of a known stratum.
    """
    problems = Problems("distance of the criteria sets to the target population")
    sizes = {len(counts), len(strata), len(targets)}
    told = "counts, strata and targets must be as many, at least one; give one of each by stratification"
    if problems.check(len(sizes) == 1 and min(sizes) > 0, told):
        for one, target in zip(strata, targets, strict=True):
            told = f"strata of {one.name!r} meet the target by {target.stratification!r}; sort them alike"
            problems.check(one.name == target.stratification, told)
            problems.extend(find_stratum_problems(one, target))
    problems.raise_if_any(InvalidCriterion)
    distances, reaches = [], []
    for table, one, target in zip(counts, strata, targets, strict=True):
        known = table.sum(axis=1).astype(float)
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = sort_as_target(table, one, target) / known[:, None]
            spread = 0.5 * np.sqrt(shares * (1 - shares) / known[:, None]).sum(axis=1)
            reach = spread + np.sqrt(math.log(len(targets) / (1 - LEVEL)) / (2 * known))
        distances.append(0.5 * np.abs(shares - target.shares).sum(axis=1))
        reaches.append(reach)
    values, reach = np.mean(distances, axis=0), np.mean(reaches, axis=0)
    found = dict.fromkeys(one.source for one in strata)
    found |= dict.fromkeys(x for target in targets for s in target.strata for x in s.share.sources)
    low, high = np.maximum(0.0, values - reach), np.minimum(1.0, values + reach)
    return GoalValues(SET_GOALS["target_distance"], values, low, high, tuple(found))


def derive_burden_values(
    costs: SetCosts, pools: NDArray, patients: int, *, unit: str, sources: tuple[str, ...]
) -> GoalValues:
    """What screening asks for each patient enrolled: cost of a patient screened over the pass share.

    `costs` are those of `derive_set_costs`, each set in its best order of checks. The interval
    combines that of the amounts and Wilson's of the pass share (in squares on the log scale). NaN where
    nobody passes.
    """
    low, high = compute_wilson(np.asarray(pools, dtype=float), np.full(len(pools), float(patients)))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(pools > 0, pools / patients, np.nan)
        values = costs.values / share
        below = np.hypot(_log_ratio(costs.values, costs.low), np.log(high / share))
        above = np.hypot(_log_ratio(costs.high, costs.values), np.log(share / low))
    goal = Goal("screening_burden", unit, True)
    return GoalValues(goal, values, values * np.exp(-below), values * np.exp(above), sources)


def _log_ratio(larger: NDArray[np.float64], smaller: NDArray[np.float64]) -> NDArray[np.float64]:
    """ln(larger / smaller), 0 where both are 0 and infinite where only the smaller is."""
    return np.where(larger == smaller, 0.0, np.log(larger) - np.log(smaller))


def make_goal_values(
    goal: Goal, values: NDArray, standard_errors: NDArray, *, sources: tuple[str, ...]
) -> GoalValues:
    """A goal estimated elsewhere for each set (log hazard ratio, RMST difference) with normal intervals.

    NaN in either array is no value: an estimate that does not exist.
    """
    error = np.asarray(standard_errors, dtype=float)
    found = np.where(np.isnan(error), np.nan, np.asarray(values, dtype=float))
    return GoalValues(goal, found, found - Z_95 * error, found + Z_95 * error, sources)

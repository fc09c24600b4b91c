"""How well a group of patients fits the population that a trial is for."""

import math
from collections.abc import Iterable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unburden.domain.errors import InvalidStudy, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.representation import (
    Representation,
    Strata,
    StratumRepresentation,
    TargetPopulation,
)
from unburden.eligibility.proportions import LEVEL, estimate_share, widen_level

LEAST_REPLICATES = 200
"""With fewer, a bootstrap interval is little but chance."""


def evaluate_representation(
    strata: Strata,
    target: TargetPopulation,
    is_member: NDArray[np.bool_],
    *,
    group: str,
    planned_patients: int,
    replicates: int,
    seed: int,
) -> Representation:
    """The members of a group (eligible, enrolled) beside the target population, stratum by stratum.

    `planned_patients` is the size of the trial whose expected enrolment and gaps are told; for
    goals see `TargetPopulation`. The distance is the total variation d(p, t) = ½ Σ |p - t|. Its
    interval is d ± q, q the 95 % quantile of d(p*, p) over bootstrap samples p* of the members:
    by the triangle inequality d lies within d(p̂, p) of the truth, so that the interval covers at
    least as often as said, even where d is near 0 and a percentile interval of it would not hold it.

    Raises `InvalidStudy` where strata and target differ, nobody with a known stratum is a member, or
    the arguments cannot be.
    """
    _check_arguments(strata, target, is_member, planned_patients, replicates, seed)
    codes = strata.codes[is_member]
    by_code = np.bincount(codes[codes >= 0], minlength=len(strata.labels))
    counts = sort_as_target(by_code, strata, target)
    known = int(counts.sum())
    rows = tuple(
        _evaluate_stratum(target, place, int(count), known, planned_patients, strata.source)
        for place, count in enumerate(counts)
    )
    distance, by_chance = _estimate_distance(counts, target, strata.source, replicates, seed)
    return Representation(
        stratification=target.stratification,
        group=group,
        strata=rows,
        known=known,
        unknown=int((codes < 0).sum()),
        distance=distance,
        distance_by_chance=by_chance,
        planned_patients=planned_patients,
    )


def _check_arguments(
    strata: Strata,
    target: TargetPopulation,
    is_member: NDArray[np.bool_],
    planned_patients: int,
    replicates: int,
    seed: int,
) -> None:
    problems = Problems(f"representation by {target.stratification!r} in cohort {strata.cohort_name!r}")
    told = f"the strata are those of {strata.name!r}; give the target population of the same name"
    problems.check(strata.name == target.stratification, told)
    problems.extend(find_stratum_problems(strata, target))
    told = f"the group marks {len(is_member)} of {len(strata.codes)} patients; mark each"
    if problems.check(len(is_member) == len(strata.codes), told):
        told = "no member of the group has a known stratum; there is no share to compare"
        problems.check(bool((strata.codes[is_member] >= 0).any()), told)
    problems.check(planned_patients > 0, f"planned patients are {planned_patients}; give at least 1")
    told = f"replicates are {replicates}; give at least {LEAST_REPLICATES}"
    problems.check(replicates >= LEAST_REPLICATES, told)
    problems.check(0 <= seed < 2**63, f"seed is {seed}; give a number from 0 to below 2**63")
    problems.raise_if_any(InvalidStudy)


def find_stratum_problems(strata: Strata, target: TargetPopulation) -> list[str]:
    """Why a cohort's strata do not fit the target population; empty if they do.

    A stratum of the target that no patient has is no problem: it counts 0.
    """
    named = [stratum.stratum for stratum in target.strata]
    return [
        f"patients of stratum {label!r} have no target share; the target has {', '.join(named)}"
        for label in strata.labels
        if label not in named
    ]


def sort_as_target(counts: NDArray, strata: Strata, target: TargetPopulation) -> NDArray:
    """Counts by stratum along the last axis in the target's order, 0 for strata that no patient has."""
    found = np.zeros((*counts.shape[:-1], len(target.strata)), dtype=counts.dtype)
    for place, stratum in enumerate(target.strata):
        if stratum.stratum in strata.labels:
            found[..., place] = counts[..., strata.labels.index(stratum.stratum)]
    return found


def _evaluate_stratum(
    target: TargetPopulation, place: int, count: int, known: int, planned: int, source: str
) -> StratumRepresentation:
    stratum, goal = target.strata[place], target.goals[place]
    share = estimate_share(count, known, source)
    together = estimate_share(count, known, source, widen_level(len(target.strata)))
    assert share is not None and together is not None
    scale = math.fsum(s.share.value for s in target.strata)
    sources = tuple(dict.fromkeys((source, *stratum.share.sources)))
    expected, low, high = (planned * x for x in share.bounds())
    gap, most, least = (max(0.0, planned * goal - x) for x in (expected, low, high))
    return StratumRepresentation(
        stratum=stratum.stratum,
        prevalence=stratum.share,
        goal=goal,
        patients=count,
        share=share,
        simultaneous_share=together,
        ratio=_divide_estimates(share, stratum.share, scale, sources),
        goal_patients=math.ceil(planned * goal - 1e-9),
        expected=Estimate(expected, low, high, "patient", (source,), LEVEL),
        gap=Estimate(gap, least, most, "patient", sources, LEVEL),
        rationale=stratum.rationale,
    )


def _divide_estimates(
    share: Estimate, prevalence: Estimate, scale: float, sources: tuple[str, ...]
) -> Estimate | None:
    """Participation-to-prevalence ratio; the interval combines both (MOVER, Donner & Zou 2012).

    For a prevalence without interval it is the share's interval over the prevalence. None where the
    prevalence or its low end is 0, so that the ratio has no upper end.
    """
    p, p_low, p_high = share.bounds()
    q, q_low, q_high = (x / scale for x in prevalence.bounds())
    if q_low <= 0:
        return None
    if prevalence.is_exact:
        return Estimate(p / q, p_low / q, p_high / q, "1", sources, LEVEL)
    low = _combine_ratio(p, q, p_low, q_high, sign=-1)
    high = _combine_ratio(p, q, p_high, q_low, sign=1)
    return Estimate(p / q, min(low, p / q), max(high, p / q), "1", sources, LEVEL)


def _combine_ratio(p: float, q: float, p_end: float, q_end: float, *, sign: int) -> float:
    """One end of MOVER's interval for p / q from the ends of p and of q that count for it."""
    below = q_end * (2 * q - q_end)
    inner = (p * q) ** 2 - p_end * (2 * p - p_end) * below
    if below <= 0:
        return p_end / q_end
    return max(0.0, (p * q + sign * math.sqrt(max(inner, 0.0))) / below)


def _estimate_distance(
    counts: NDArray[np.int64], target: TargetPopulation, source: str, replicates: int, seed: int
) -> tuple[Estimate, float]:
    """Distance with interval, and the mean distance of samples of this size drawn from the target."""
    known, shares = int(counts.sum()), target.shares
    found = counts / known
    value = compute_distance(found, shares)
    random = np.random.Generator(np.random.Philox(key=seed))
    drawn = random.multinomial(known, found, replicates) / known
    reach = float(np.quantile(0.5 * np.abs(drawn - found).sum(axis=1), LEVEL))
    faithful = random.multinomial(known, shares, replicates) / known
    by_chance = float(np.mean(0.5 * np.abs(faithful - shares).sum(axis=1)))
    sources = tuple(dict.fromkeys((source, *(x for s in target.strata for x in s.share.sources))))
    low, high = max(0.0, value - reach), min(1.0, value + reach)
    return Estimate(value, low, high, "1", sources, LEVEL), by_chance


def compute_distance(shares: NDArray[np.float64], target: NDArray[np.float64]) -> float:
    """Total variation of two sets of shares: half the sum of absolute differences.

    >>> compute_distance(np.array([0.5, 0.5]), np.array([0.25, 0.75]))
    0.25
    """
    return float(0.5 * np.abs(shares - target).sum())


def derive_diversity_plan(representations: Iterable[Representation]) -> pl.DataFrame:
    """The table of a diversity action plan: goal, prevalence, expected enrolment, gap, rationale.

    One row a stratum, in the form of FDA's draft guidance "Diversity Action Plans" (June 2024):
    goals by stratum beside the population's share, what enrolment is expected, and why the goal is set.
    Shares lie between 0 and 1; patients are those of the planned trial.
    """
    return pl.DataFrame(
        [_tell_row(found, stratum) for found in representations for stratum in found.strata],
        infer_schema_length=None,
    )


def _tell_row(found: Representation, stratum: StratumRepresentation) -> dict[str, object]:
    ratio = stratum.ratio
    return {
        "stratification": found.stratification,
        "stratum": stratum.stratum,
        "population_prevalence": stratum.prevalence.value,
        "enrolment_goal": stratum.goal,
        "goal_patients": stratum.goal_patients,
        "group": found.group,
        "group_patients": stratum.patients,
        "group_share": stratum.share.value,
        "group_share_low": stratum.share.low,
        "group_share_high": stratum.share.high,
        "expected_patients": stratum.expected.value,
        "expected_low": stratum.expected.low,
        "expected_high": stratum.expected.high,
        "gap_patients": stratum.gap.value,
        "participation_to_prevalence": ratio.value if ratio else None,
        "ratio_low": ratio.low if ratio else None,
        "ratio_high": ratio.high if ratio else None,
        "rationale": stratum.rationale,
        "sources": "; ".join(stratum.prevalence.sources),
    }

"""Sensitivity to values that are missing not at random, by delta adjustment.

A dropout's missing values are those that MAR would give, less delta at the first missed visit, 2 delta at
the second and so on (Carpenter & Kenward 2013, chapter 10; ICH E9(R1)). An arm's mean then falls by delta
times the expected number of missed visits, so that bias, truth and the adjusted estimate are known in
closed form. Visits are those of the course, kept or not: a thinner schedule does not make dropouts worse.
"""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from unburden.domain.delta import DeltaPoint, DeltaSensitivity
from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.measured_course import EffectModel, MeasuredCourse
from unburden.simulation.distributions import compute_t_quantile, compute_t_upper
from unburden.simulation.longitudinal_information import (
    check_power,
    compute_trial_variances,
    compute_variances,
    count_degrees,
    mark_visits,
)

Arms = Literal["treatment", "both"]


def evaluate_deltas(
    course: MeasuredCourse,
    model: EffectModel,
    kept: Sequence[str],
    worse_per_visit: Sequence[float],
    *,
    arms: Arms,
    patients: int,
    difference: float,
    alpha: float,
) -> DeltaSensitivity:
    """Bias, true effect and power for each value of `worse_per_visit` (at least 0, rising).

    `difference` (positive: better) is the effect had nobody dropped out or MAR held. `arms`: whose dropouts
    go on worse, those of treatment or of "both". The adjusted estimate is the mixed model's less
    delta × (mean missed visits of treatment, less those of control for "both"); its variance adds
    delta² Var(missed visits) / patients of each such arm. One-sided t test at `alpha` with the degrees of
    `compute_visits_power`. Raises `InvalidDesign`.
    """
    subset = mark_visits(course, kept)[None]
    check_power(patients, difference, alpha)
    _check(course, model, kept, worse_per_visit, arms, float(compute_variances(course, model, subset)[0]))
    variance = float(compute_trial_variances(course, model, subset, patients)[0]) / patients
    degrees = count_degrees(course, model, subset, patients)[0]
    bound = compute_t_quantile(alpha, degrees)
    missed, spread = _sum_missed(course, model, arms, patients)
    error = math.sqrt(variance)
    points = []
    for delta in map(float, worse_per_visit):
        bias, adjusted = delta * missed, math.sqrt(variance + delta**2 * spread)
        effect = difference - bias
        power = compute_t_upper(bound, degrees, effect / adjusted)
        points.append(
            DeltaPoint(delta, bias, effect, adjusted, power, compute_t_upper(bound, degrees, bias / error))
        )
    return DeltaSensitivity(tuple(points), _find_tipping(difference, bound, variance, missed, spread))


def count_missed_visits(course: MeasuredCourse, weights: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance (2,) over patients of Σ_t weight_t × (visits missed until t), by arm.

    >>> ones = ((1, 0.5), (1, 1))
    >>> course = MeasuredCourse("x", ("a", "b"), (0, 4), ((1, 0), (0, 1)), ones, "1", ("assumed:x",))
    >>> mean, variance = count_missed_visits(course, (0, 1))
    >>> mean.tolist(), variance.tolist()
    ([0.5, 0.0], [0.25, 0.0])
    """
    retained, visits = np.array(course.retained, dtype=float), len(course.visits)
    ends = np.hstack([np.ones((2, 1)), retained, np.zeros((2, 1))])
    shares = ends[:, :-1] - ends[:, 1:]  # last seen before all visits, at 0, 1, …
    places = np.arange(-1, visits)
    missed = np.maximum(np.arange(visits)[None, :] - places[:, None], 0) @ np.array(weights, dtype=float)
    mean = shares @ missed
    return mean, shares @ missed**2 - mean**2


def _sum_missed(course: MeasuredCourse, model: EffectModel, arms: Arms, patients: int) -> tuple[float, float]:
    """What a delta of 1 takes from the effect, and the variance of its estimate."""
    mean, variance = count_missed_visits(course, model.weights)
    share = model.treated_share
    spread = variance[1] / (share * patients)
    if arms == "treatment":
        return float(mean[1]), float(spread)
    return float(mean[1] - mean[0]), float(spread + variance[0] / ((1 - share) * patients))


def _find_tipping(difference: float, bound: float, variance: float, missed: float, spread: float) -> float:
    """The least delta with difference - delta × missed = bound × √(variance + delta² × spread)."""
    if difference <= bound * math.sqrt(variance):
        return 0.0
    square = missed**2 - bound**2 * spread
    half, constant = -difference * missed, difference**2 - bound**2 * variance
    if abs(square) < 1e-300:
        return constant / (-2 * half) if half < 0 else math.inf
    inside = half**2 - square * constant
    if inside < 0:
        return math.inf
    roots = [(-half - math.sqrt(inside)) / square, (-half + math.sqrt(inside)) / square]
    fitting = [root for root in roots if root > 0 and difference - root * missed >= 0]
    return min(fitting, default=math.inf)


def _check(
    course: MeasuredCourse,
    model: EffectModel,
    kept: Sequence[str],
    worse_per_visit: Sequence[float],
    arms: Arms,
    variance: float,
) -> None:
    problems = Problems(f"delta adjustment of {course.name!r}")
    deltas = list(worse_per_visit)
    rises = bool(deltas) and all(a <= b < math.inf for a, b in zip((0.0, *deltas), deltas, strict=False))
    problems.check(
        rises, f"worse_per_visit {deltas} must be numbers of at least 0 that rise; give one or more"
    )
    problems.check(arms in ("treatment", "both"), f"arms is {arms!r}; use treatment or both")
    told = f"the visits {', '.join(kept) or 'none'} do not tell the effect; keep each visit that has a weight"
    problems.check(math.isfinite(variance), told)
    told = f"the difference is {model.difference}; a delta needs means of visits that are free (unstructured)"
    problems.check(model.difference == "unstructured", told)
    problems.raise_if_any(InvalidDesign)

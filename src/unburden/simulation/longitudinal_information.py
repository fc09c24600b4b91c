"""What any subset of visits tells about the treatment effect in a mixed model for repeated measures.

Var = c'(Σ_i X_i' V_i⁻¹ X_i)⁻¹ c with patient i's own seen visits, the covariance V taken as known. With
free means at each visit an intermediate visit helps in two ways only: through dropout (those who were
lost are told of by what they had before) and, with a shared baseline, through its correlation with the
baseline and the last visit. Without dropout it adds nothing to the last visit beyond the baseline.
"""

import math
from collections.abc import Sequence

import numpy as np

from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.information import Information
from unburden.domain.measured_course import EffectModel, EstimatedCourse, MeasuredCourse
from unburden.kernels.visit_subsets import fill_variances
from unburden.simulation.distributions import compute_t_quantile, compute_t_uppers


def weigh_last(course: MeasuredCourse) -> tuple[float, ...]:
    """Weights of the effect at the last visit.

    >>> ones = ((1, 1), (1, 1))
    >>> course = MeasuredCourse("x", ("a", "b"), (0, 4), ((1, 0), (0, 1)), ones, "1", ("assumed:x",))
    >>> weigh_last(course)
    (0.0, 1.0)
    """
    return (0.0,) * (len(course.visits) - 1) + (1.0,)


def weigh_average(course: MeasuredCourse, visits: Sequence[str]) -> tuple[float, ...]:
    """Weights of the mean effect over `visits`; raises `InvalidDesign` for unknown names."""
    problems = Problems(f"course {course.name!r}")
    problems.check(bool(visits), "no visits are given to average over; give at least one")
    for name in visits:
        problems.check(name in course.visits, f"there is no visit {name!r}; use {', '.join(course.visits)}")
    problems.raise_if_any(InvalidDesign)
    return tuple(1 / len(visits) if name in visits else 0.0 for name in course.visits)


def mark_visits(course: MeasuredCourse, kept: Sequence[str]) -> np.ndarray:
    """Which visits are kept, as bool (v,); raises `InvalidDesign` for unknown names."""
    problems = Problems(f"course {course.name!r}")
    for name in kept:
        problems.check(name in course.visits, f"there is no visit {name!r}; use {', '.join(course.visits)}")
    problems.raise_if_any(InvalidDesign)
    return np.array([name in kept for name in course.visits])


def compute_variances(course: MeasuredCourse, model: EffectModel, subsets: np.ndarray) -> np.ndarray:
    """Variance of the effect's estimate times the number of patients, for each row of `subsets`.

    `subsets` (m, v) of bool: which visits are kept. Infinite where they do not tell the effect: with a
    free difference every visit that has a weight must be kept. Raises `InvalidDesign`.
    """
    subsets = np.ascontiguousarray(subsets, dtype=bool)
    _check(course, model, subsets)
    covariance = np.array(course.covariance, dtype=float)
    return _compute(course, model, covariance, np.array(course.retained, dtype=float), subsets)


def compute_relative_information(
    course: MeasuredCourse, model: EffectModel, subsets: np.ndarray
) -> np.ndarray:
    """Information of each subset over that of all visits, from 0 to 1; see `compute_variances`.

    Raises `InvalidDesign`, also where all visits together do not tell the effect.
    """
    full = float(compute_variances(course, model, np.ones((1, len(course.visits)), dtype=bool))[0])
    if not math.isfinite(full):
        told = f"all visits together do not tell a difference that is {model.difference}; simplify it"
        raise InvalidDesign(f"effect model of {course.name!r}", [told])
    return full / compute_variances(course, model, subsets)


def estimate_information(
    estimated: EstimatedCourse, model: EffectModel, kept: Sequence[str], *, level: float
) -> Information:
    """Information of the visits `kept` relative to all, its interval from the draws of the course.

    The interval says how well the covariance and the dropout are known, not how a new trial will
    vary. Raises `InvalidDesign`, also where the visits kept do not tell the effect.
    """
    course = estimated.course
    subsets = np.array([mark_visits(course, kept), np.ones(len(course.visits), dtype=bool)])
    _check(course, model, subsets)
    point = compute_variances(course, model, subsets)
    problems = Problems(f"course {course.name!r}")
    told = f"the visits {', '.join(kept) or 'none'} do not tell the effect; keep each visit that has a weight"
    problems.check(bool(np.isfinite(point[0])), told)
    problems.check(0 < level < 1, f"level is {level}; give a number between 0 and 1")
    problems.raise_if_any(InvalidDesign)
    ratios = np.empty(len(estimated.covariances))
    for k, (covariance, retained) in enumerate(zip(estimated.covariances, estimated.retained, strict=True)):
        whole = _compute(course, model, covariance, retained, subsets)
        ratios[k] = whole[1] / whole[0]
    value = float(point[1] / point[0])
    low, high = np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2])
    relative = Estimate(value, min(value, float(low)), max(value, float(high)), "1", course.sources, level)
    return Information(relative, None, course.sources, (*estimated.notes, *_describe(model)))


def compute_visits_power(
    course: MeasuredCourse,
    model: EffectModel,
    subsets: np.ndarray,
    *,
    patients: int,
    difference: float,
    alpha: float,
) -> np.ndarray:
    """One-sided power of each subset for a true effect of `difference` (positive: better), shape (m,).

    The t test with as many degrees of freedom as patients are expected at the last kept visit that has
    a weight (the last kept one, where none has), less the means fitted there; the variance allows for the
    chance in who drops out and for the fitted baseline. 0 where the effect is not told. Raises
    `InvalidDesign`.
    """
    check_power(patients, difference, alpha)
    subsets = np.ascontiguousarray(subsets, dtype=bool)
    _check(course, model, subsets)
    variances = compute_trial_variances(course, model, subsets, patients)
    degrees = np.array(count_degrees(course, model, subsets, patients))
    power = np.zeros(len(subsets))
    for n in set(degrees):
        rows = np.flatnonzero((degrees == n) & np.isfinite(variances))
        centres = difference / np.sqrt(variances[rows] / patients)
        power[rows] = compute_t_uppers(compute_t_quantile(alpha, n), n, centres)
    return power


def compute_trial_variances(
    course: MeasuredCourse, model: EffectModel, subsets: np.ndarray, patients: int
) -> np.ndarray:
    """As `compute_variances`, for a number of patients that is not large; the arguments must be checked.

    The number N still seen in an arm varies: E(1/N) ≈ (1 + (1 - r)/E(N)) / E(N); and a baseline as covariate
    costs its coefficient: 1 + 1/(N - 4), N of both arms (Snedecor & Cochran 1989, section 18.2).
    """
    retained, covariance = np.array(course.retained, dtype=float), np.array(course.covariance, dtype=float)
    sizes = patients * np.array([[1 - model.treated_share], [model.treated_share]]) * retained
    inflated = retained / (1 + (1 - retained) / sizes)
    adjusts = subsets[:, 0] & (model.baseline == "shared")
    out = np.empty(len(subsets))
    for flag in (False, True):
        rows = np.flatnonzero(adjusts == flag)
        cost = 1 + flag / np.maximum(sizes.sum(axis=0) - 4, 1)
        out[rows] = _compute(course, model, covariance, inflated / cost, subsets[rows])
    return out


def check_power(patients: int, difference: float, alpha: float) -> None:
    """Raise `InvalidDesign` with every problem of a trial's size, effect and error."""
    problems = Problems("power of visits")
    problems.check(patients >= 8, f"patients is {patients}; give at least 8")
    problems.check(math.isfinite(difference), f"difference is {difference}; give a number")
    problems.check(0 < alpha < 0.5, f"alpha is {alpha}; give a number between 0 and 0.5")
    problems.raise_if_any(InvalidDesign)


def count_degrees(
    course: MeasuredCourse, model: EffectModel, subsets: np.ndarray, patients: int
) -> list[float]:
    """Patients expected at the last kept visit with a weight, less the means fitted there."""
    shares, has_weight = (1 - model.treated_share, model.treated_share), np.array(model.weights) != 0
    seen = patients * np.dot(shares, np.array(course.retained))
    found = []
    for kept in subsets:
        weighted = kept & has_weight
        places = np.flatnonzero(weighted if weighted.any() else kept)
        fitted = 2 + (model.baseline == "shared" and bool(kept[0]))
        found.append(max(1.0, float(seen[places[-1]]) - fitted) if len(places) else 1.0)
    return found


def make_difference_basis(course: MeasuredCourse, model: EffectModel) -> np.ndarray:
    """Columns of the difference between arms over the visits, (v, q); q = 0 where it is free.

    The spline is natural: linear beyond the end knots (truncated powers, Harrell 2015, section 2.4.5).
    With a shared baseline it is 0 at week 0; with separate ones it has an intercept.
    """
    weeks, visits = np.array(course.visit_weeks, dtype=float), len(course.visits)
    if model.difference == "unstructured":
        return np.zeros((visits, 0))
    if model.difference == "constant":
        after = (weeks > 0).astype(float)
        return np.column_stack([1 - after, after])[:, int(model.baseline == "shared") :].copy()
    scale = max(weeks[-1], 1e-300)
    columns = [weeks / scale]
    if model.difference == "spline":
        columns += _list_spline_columns(weeks / scale, np.array(model.knot_weeks) / scale)
    if model.baseline == "shared":
        columns = [column - column[0] for column in columns]
    else:
        columns.insert(0, np.ones(visits))
    return np.ascontiguousarray(np.column_stack(columns))


def _list_spline_columns(t: np.ndarray, knots: np.ndarray) -> list[np.ndarray]:
    def cube(knot: float) -> np.ndarray:
        return np.maximum(t - knot, 0.0) ** 3

    last, before = float(knots[-1]), float(knots[-2])
    return [
        cube(k) - cube(before) * (last - k) / (last - before) + cube(last) * (before - k) / (last - before)
        for k in map(float, knots[:-2])
    ]


def _compute(
    course: MeasuredCourse,
    model: EffectModel,
    covariance: np.ndarray,
    retained: np.ndarray,
    subsets: np.ndarray,
) -> np.ndarray:
    share = model.treated_share
    rates = 1 / (1 / ((1 - share) * retained[0]) + 1 / (share * retained[1]))
    out = np.empty(len(subsets))
    fill_variances(
        np.ascontiguousarray(covariance, dtype=float),
        rates,
        subsets,
        np.array(model.weights, dtype=float),
        make_difference_basis(course, model),
        model.baseline == "shared",
        out,
    )
    return out


def _check(course: MeasuredCourse, model: EffectModel, subsets: np.ndarray) -> None:
    problems = Problems(f"effect model of {course.name!r}")
    visits = len(course.visits)
    right = len(model.weights) == visits
    problems.check(right, f"{len(model.weights)} weights for {visits} visits; give one a visit")
    shape = subsets.ndim == 2 and subsets.shape[1] == visits
    problems.check(shape, f"subsets have the shape {subsets.shape}; give (subsets, {visits})")
    if model.baseline == "shared":
        told = "baseline is shared, but the first visit is not at week 0; use separate"
        if problems.check(course.has_baseline, told) and right:
            told = "the baseline has a weight, but the arms share it; give it the weight 0"
            problems.check(model.weights[0] == 0, told)
    problems.raise_if_any(InvalidDesign)


def _describe(model: EffectModel) -> tuple[str, ...]:
    notes = ["dropout is for good and depends on nothing unseen (MAR); a visit that is left out is unseen"]
    if model.difference == "unstructured":
        notes.append("other visits help only through dropout and correlation; the means of visits are free")
    else:
        notes.append(f"assumes that the difference between the arms over the weeks is {model.difference}")
    return tuple(notes)

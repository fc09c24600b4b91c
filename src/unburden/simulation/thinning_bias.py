"""Bias of a mixed model where patients drop out because of visits that a thinner schedule leaves out.

With all visits kept such dropout is at random (MAR) and the mixed model is right. Without them it is not.
"""

import numpy as np

from unburden.domain.errors import InvalidDesign, NoEstimate, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.measured_course import EffectModel, MeasuredCourse
from unburden.kernels.covariances import estimate_effects
from unburden.kernels.resampling import NORMALS, draw_normals, draw_uniforms
from unburden.simulation.longitudinal_information import compute_variances, mark_visits
from unburden.simulation.summaries import estimate_mean

_DROPOUT = np.uint64(NORMALS + np.uint64(100))


def simulate_thinning_bias(
    course: MeasuredCourse,
    model: EffectModel,
    kept: tuple[str, ...],
    *,
    dependence: tuple[float, float],
    patients: int,
    batches: int,
    seed: int,
) -> Estimate:
    """Expected estimate of the effect minus the true effect with the visits `kept`, by simulation.

    After each visit of the course, kept or not, a patient of control or treatment drops out with the hazard
    of the course times exp(-`dependence` × the value's standardised deviation): above 0, those with low
    values leave sooner, most where one treatment's failures do. The means of visits are free, so the true
    effect does not matter. `batches` trials of `patients` each, fitted by restricted maximum likelihood; the
    95 % interval is that of their mean. Raises `InvalidDesign`; `NoEstimate` where batches cannot be fitted.
    """
    subset = mark_visits(course, kept)
    _check(course, model, subset, dependence, patients, batches)
    if not 0 <= seed < 2**64:
        raise InvalidDesign("bias of thinned visits", [f"seed is {seed}; give a whole number below 2**64"])
    treated = (np.arange(patients) * model.treated_share % 1 + model.treated_share >= 1 - 1e-12).astype(int)
    visits = len(course.visits)
    normals, uniforms = np.empty((batches * patients, visits)), np.empty((batches * patients, visits))
    draw_normals(np.uint64(seed), normals)
    draw_uniforms(np.uint64(seed), np.uint64(0), _DROPOUT, uniforms)
    covariance = np.array(course.covariance)
    values = normals @ np.linalg.cholesky(covariance).T
    seen = _draw_seen(
        course, values / np.sqrt(np.diag(covariance)), uniforms, np.tile(treated, batches), dependence
    )
    found = []
    for k in range(batches):
        rows = slice(k * patients, (k + 1) * patients)
        effect = _fit(model, subset, values[rows], seen[rows], treated)
        if effect is not None:
            found.append(effect)
    if len(found) < batches:
        told = f"{batches - len(found)} of {batches} batches cannot be fitted; give more patients"
        raise NoEstimate(f"bias of thinned visits of {course.name!r}", [told])
    return estimate_mean(np.array(found), course.unit, f"simulated:n={batches}x{patients},seed={seed}")


def _draw_seen(
    course: MeasuredCourse,
    deviations: np.ndarray,
    uniforms: np.ndarray,
    treated: np.ndarray,
    dependence: tuple[float, float],
) -> np.ndarray:
    retained = np.array(course.retained)[treated]
    slope = np.array(dependence)[treated]
    seen = np.empty(deviations.shape, dtype=bool)
    still = uniforms[:, 0] < retained[:, 0]
    seen[:, 0] = still
    for t in range(1, seen.shape[1]):
        hazard = -np.log(retained[:, t] / retained[:, t - 1])
        still = still & (uniforms[:, t] < np.exp(-hazard * np.exp(-slope * deviations[:, t - 1])))
        seen[:, t] = still
    return seen


def _fit(
    model: EffectModel, subset: np.ndarray, values: np.ndarray, seen: np.ndarray, treated: np.ndarray
) -> float | None:
    """The effect; a baseline that is kept and shared is a covariate, else all kept visits are outcomes."""
    after, columns = subset.copy(), [np.ones(len(values)), treated]
    if model.baseline == "shared" and subset[0]:
        after[0] = False
        columns.append(values[:, 0])
    outcomes = np.where(seen, values, 0.0)[:, after].copy()
    covariates = np.column_stack(columns).astype(float)
    visits = outcomes.shape[1]
    covariance, effects = np.empty((visits, visits)), np.empty((visits, covariates.shape[1]))
    if not estimate_effects(outcomes, seen[:, after].copy(), covariates, covariance, effects):
        return None
    return float(np.array(model.weights)[after] @ effects[:, 1])


def _check(
    course: MeasuredCourse,
    model: EffectModel,
    subset: np.ndarray,
    dependence: tuple[float, float],
    patients: int,
    batches: int,
) -> None:
    problems = Problems(f"bias of thinned visits of {course.name!r}")
    told = f"the difference is {model.difference}; the simulation fits means of visits that are free"
    if problems.check(model.difference == "unstructured", told):
        variance = compute_variances(course, model, subset[None])[0]
        problems.check(
            bool(np.isfinite(variance)), "the visits kept do not tell the effect; keep those with a weight"
        )
    fits = len(dependence) == 2 and all(abs(d) <= 5 for d in dependence)
    problems.check(fits, f"dependence is {dependence}; give two numbers from -5 to 5: control, treatment")
    sees_all = min(row[0] for row in course.retained) == 1
    told = "some have no value at the first visit; a shared baseline needs everybody's (retained 1)"
    problems.check(model.baseline != "shared" or sees_all, told)
    problems.check(patients >= 50, f"patients is {patients}; give at least 50")
    problems.check(batches >= 2, f"batches is {batches}; give at least 2")
    problems.raise_if_any(InvalidDesign)

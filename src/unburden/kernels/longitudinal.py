"""Patients measured again and again, with intercurrent events; what each estimand makes of their values.

Values are normal about the arm's means with a given covariance. Between two visits an intercurrent
event comes with a constant hazard, higher or lower by exp(-dependence × standardised deviation at
the visit before): patients who do badly stop more often. After Permutt (2016), ICH E9(R1).
"""

import math
from typing import NamedTuple

import numba
import numpy as np

from unburden.kernels.courses import invert_step
from unburden.kernels.draws import draw_normals
from unburden.kernels.mixed_models import Fit, allocate_patterns, fit_mixed_model, gather_patterns
from unburden.kernels.random import draw_two_uniforms
from unburden.kernels.trials import is_allocated_to_treatment, normalise_t

STOP, RESCUE, DEATH = range(3)
TREATMENT_POLICY, HYPOTHETICAL, COMPOSITE, WHILE_ON_TREATMENT = range(4)
MIXED_MODEL, ANCOVA = range(2)
KIND, CONTROL, TREATMENT, DEPENDENCE, KEPT, GAIN, WITHDRAWAL = range(7)
_ACCRUAL, _VALUES, _EVENTS = np.uint64(1), np.uint64(256), np.uint64(512)


class Course(NamedTuple):
    """What longitudinal patients are drawn from.

    `months` (d,): visits, the first 0 where there is a baseline; `means` (2, d); `root` (d, d):
    Cholesky factor of the covariance; `sds` (d,); `events` (k, 7): kind, hazards of the arms,
    dependence, share of the effect kept, gain, probability of leaving the study with it; `dropout`
    hazard; `accrual` (2, pieces); `treated_share`.
    """

    months: np.ndarray
    means: np.ndarray
    root: np.ndarray
    sds: np.ndarray
    events: np.ndarray
    dropout: float
    accrual: np.ndarray
    treated_share: float


class Patients(NamedTuple):
    """`entry` (n,), `arms` (n,), `values` (n, d), months of intercurrent `events` (n, k), `out` (n,)."""

    entry: np.ndarray
    arms: np.ndarray
    values: np.ndarray
    events: np.ndarray
    out: np.ndarray


@numba.njit(cache=True)
def allocate_patients(n, visits, kinds):
    """Room for n patients."""
    return Patients(
        np.empty(n), np.empty(n, np.int64), np.empty((n, visits)), np.empty((n, kinds)), np.empty(n)
    )


@numba.njit(cache=True, error_model="numpy")
def draw_patient(seed, key, number, course, arm, i, patients):
    """Values, intercurrent events and leaving of one patient, whose random numbers are those of `number`."""
    visits = course.months.shape[0]
    deviations = patients.values[i]
    normals = np.empty(visits + 1)
    for j in range(0, visits, 2):
        normals[j], normals[j + 1] = draw_normals(seed, key, number, _VALUES + np.uint64(j))
    for t in range(visits - 1, -1, -1):
        total = 0.0
        for s in range(t + 1):
            total += course.root[t, s] * normals[s]
        deviations[t] = total
    patients.arms[i] = arm
    _, for_dropout = draw_two_uniforms(seed, key, number, _ACCRUAL)
    out = -math.log(for_dropout) / course.dropout if course.dropout > 0.0 else math.inf
    for k in range(course.events.shape[0]):
        target, for_withdrawal = draw_two_uniforms(seed, key, number, _EVENTS + np.uint64(k))
        month = find_event_month(course, arm, k, deviations, -math.log(target))
        patients.events[i, k] = month
        if course.events[k, KIND] == DEATH or for_withdrawal < course.events[k, WITHDRAWAL]:
            out = min(out, month)
    patients.out[i] = out
    for t in range(visits):
        effect = course.means[1, t] - course.means[0, t] if arm == 1 else 0.0
        gain = 0.0
        for k in range(course.events.shape[0]):
            if patients.events[i, k] <= course.months[t]:
                effect *= course.events[k, KEPT]
                gain += course.events[k, GAIN]
        patients.values[i, t] += course.means[0, t] + effect + gain


@numba.njit(cache=True, error_model="numpy")
def find_event_month(course, arm, k, deviations, target):
    """When the cumulative hazard of an intercurrent event reaches `target`; infinite where it never does."""
    hazard = course.events[k, CONTROL + arm]
    dependence = course.events[k, DEPENDENCE]
    last = course.months.shape[0] - 1
    start, total, factor = 0.0, 0.0, 1.0
    for t in range(last + 1):
        end = course.months[t]
        piece = hazard * factor * (end - start)
        if total + piece >= target and piece > 0.0:
            return start + (target - total) / (hazard * factor)
        total += piece
        start = end
        factor = math.exp(-dependence * deviations[t] / course.sds[t])
    return math.inf if hazard <= 0.0 else start + (target - total) / (hazard * factor)


@numba.njit(cache=True, error_model="numpy")
def apply_estimand(course, strategies, failure, patients, i, t, cut):
    """The value of patient i at visit t that an estimand's analysis takes, and whether it is known.

    `strategies` (k,) for the intercurrent events; the earliest one that is not left alone governs.
    `cut` is the patient's month at which data are taken.
    """
    month = course.months[t]
    if month > cut:
        return 0.0, False
    governing, earliest = -1, math.inf
    for k in range(strategies.shape[0]):
        when = patients.events[i, k]
        if strategies[k] != TREATMENT_POLICY and when <= month and when < earliest:
            governing, earliest = k, when
    if governing < 0:
        return patients.values[i, t], month < patients.out[i]
    if strategies[governing] == HYPOTHETICAL or earliest > patients.out[i]:
        return 0.0, False
    if strategies[governing] == COMPOSITE:
        return failure, True
    for s in range(t, -1, -1):
        if course.months[s] < earliest:
            return patients.values[i, s], course.months[s] < patients.out[i]
    return 0.0, False


@numba.njit(cache=True, error_model="numpy")
def fit_ancova(outcomes, is_seen, covariates):
    """Effect of treatment by least squares among those seen at the last visit, exact t."""
    last = outcomes.shape[1] - 1
    kept = 0
    for i in range(outcomes.shape[0]):
        kept += is_seen[i, last]
    only, only_seen, only_x = (
        np.empty((kept, 1)),
        np.ones((kept, 1), np.bool_),
        np.empty((kept, covariates.shape[1])),
    )
    place = 0
    for i in range(outcomes.shape[0]):
        if is_seen[i, last]:
            only[place, 0] = outcomes[i, last]
            only_x[place] = covariates[i]
            place += 1
    patterns = allocate_patterns(1, covariates.shape[1], 1)
    gather_patterns(only, only_seen, only_x, patterns)
    if kept <= covariates.shape[1]:
        return Fit(math.nan, math.nan, math.nan)
    return fit_mixed_model(patterns, 1, covariates.shape[1])


@numba.njit(cache=True, error_model="numpy")
def analyse(course, strategies, failure, analysis, patients, entered, cut):
    """Effect at the last visit under one estimand, from the first `entered` patients at calendar `cut`."""
    visits = course.months.shape[0]
    has_baseline = 1 if course.months[0] == 0.0 else 0
    outcomes = np.zeros((entered, visits - has_baseline))
    is_seen = np.zeros((entered, visits - has_baseline), np.bool_)
    covariates = np.ones((entered, 2 + has_baseline))
    for i in range(entered):
        covariates[i, 1] = patients.arms[i]
        if has_baseline:
            covariates[i, 2] = patients.values[i, 0]
        for t in range(has_baseline, visits):
            value, known = apply_estimand(
                course, strategies, failure, patients, i, t, cut - patients.entry[i]
            )
            outcomes[i, t - has_baseline] = value
            is_seen[i, t - has_baseline] = known
    if analysis == ANCOVA:
        return fit_ancova(outcomes, is_seen, covariates)
    patterns = allocate_patterns(visits - has_baseline, 2 + has_baseline, entered)
    gather_patterns(outcomes, is_seen, covariates, patterns)
    return fit_mixed_model(patterns, visits - has_baseline, 2 + has_baseline)


@numba.njit(cache=True)
def draw_patients_of_trial(seed, key, course, patients):
    """Everybody who could enter, in the order of entry."""
    intensity = 0.0
    for i in range(patients.entry.shape[0]):
        gap, _ = draw_two_uniforms(seed, key, np.uint64(i), _ACCRUAL)
        intensity -= math.log(gap)
        patients.entry[i] = invert_step(intensity, course.accrual[0], course.accrual[1])
        arm = 1 if is_allocated_to_treatment(i, course.treated_share) else 0
        draw_patient(seed, key, np.uint64(i), course, arm, i, patients)


@numba.njit(cache=True)
def run_longitudinal_trial(seed, key, course, strategies, looks, limits, patients):
    """One trial by the mixed model: look that stopped, rejection, month, patients, last outcomes.

    A look happens when `looks[k]` patients have come to their last visit; all that is known then is used.
    """
    draw_patients_of_trial(seed, key, course, patients)
    last = course.months[-1]
    stages = looks.shape[0]
    for stage in range(stages):
        cut = patients.entry[looks[stage] - 1] + last
        entered = np.searchsorted(patients.entry, cut, side="right")
        fit = analyse(course, strategies, 0.0, MIXED_MODEL, patients, entered, cut)
        z = normalise_t(fit.effect / fit.error, fit.degrees) if fit.error > 0.0 else 0.0
        if z >= limits[0, stage] or z <= limits[1, stage] or stage == stages - 1:
            seen = 0
            for i in range(looks[stage]):
                seen += patients.out[i] > last
            return stage, z >= limits[0, stage], cut, entered, seen
    return stages - 1, False, 0.0, 0, 0


@numba.njit(cache=True, parallel=True)
def simulate_longitudinal_trials(seed, scenario, first, trials, course, strategies, looks, limits):
    """As `simulate_survival_trials`, for repeated measures; shape (trials, 5)."""
    out = np.empty((trials, 5))
    for t in numba.prange(trials):
        patients = allocate_patients(looks[-1], course.months.shape[0], course.events.shape[0])
        key = np.uint64(first + t) | (scenario << np.uint64(32))
        stage, rejects, cut, entered, seen = run_longitudinal_trial(
            seed, key, course, strategies, looks, limits, patients
        )
        out[t, 0] = stage
        out[t, 1] = rejects
        out[t, 2] = cut
        out[t, 3] = entered
        out[t, 4] = seen
    return out


@numba.njit(cache=True, parallel=True)
def simulate_estimand_trials(seed, scenario, trials, course, estimands, failures, analyses, n):
    """Effect, standard error and degrees of freedom of each estimand's analysis, all on the same trials.

    `estimands` (e, k) strategies, `failures` (e,) values for composite ones, `analyses` (e,). All n
    patients are awaited. Shape (trials, e, 3).
    """
    out = np.empty((trials, estimands.shape[0], 3))
    for t in numba.prange(trials):
        patients = allocate_patients(n, course.months.shape[0], course.events.shape[0])
        draw_patients_of_trial(seed, np.uint64(t) | (scenario << np.uint64(32)), course, patients)
        for e in range(estimands.shape[0]):
            fit = analyse(course, estimands[e], failures[e], analyses[e], patients, n, math.inf)
            out[t, e, 0] = fit.effect
            out[t, e, 1] = fit.error
            out[t, e, 2] = fit.degrees
    return out


@numba.njit(cache=True, parallel=True)
def draw_true_differences(seed, scenario, pairs, course, strategies, failure):
    """Treatment minus control at the last visit in `pairs` of patients who share their random numbers.

    Nobody drops out or leaves; the caller has taken hypothetical events out of the world. nan where
    the estimand gives no value.
    """
    out = np.empty(pairs)
    last = course.months.shape[0] - 1
    for p in numba.prange(pairs):
        patients = allocate_patients(2, course.months.shape[0], course.events.shape[0])
        patients.entry[:] = 0.0
        difference = 0.0
        for arm in range(2):
            draw_patient(
                seed, np.uint64(p) | (scenario << np.uint64(32)), np.uint64(0), course, arm, arm, patients
            )
            value, known = apply_estimand(course, strategies, failure, patients, arm, last, math.inf)
            difference += (value if known else math.nan) * (1.0 if arm == 1 else -1.0)
        out[p] = difference
    return out

"""Covariance over visits and dropout of repeated measures, from the patients of an earlier trial."""

from collections.abc import Sequence

import numpy as np

from unburden.domain.errors import InvalidCohort, NoEstimate, Problems
from unburden.domain.measured_course import EstimatedCourse, MeasuredCourse, RepeatedMeasures
from unburden.kernels.covariances import bootstrap_courses, estimate_covariance, fill_retained

MOST_VISITS = 16
LEAST_FOUND = 0.95
"""Share of bootstrap samples whose covariance must be found."""


def estimate_course(
    measures: RepeatedMeasures, *, control: str, treated: Sequence[str], samples: int, seed: int
) -> EstimatedCourse:
    """Covariance by restricted maximum likelihood (REML), retained shares, and bootstrap draws of both.

    The covariance is unstructured and the same in all arms; each arm has its own mean at each visit.
    All values seen are used, those before a gap too. `control` and the `treated` arms (one retained
    share for all of them) are used, other arms left out, and so is who has no value. Retained at a visit
    is who is seen there or later: gaps count as seen, and a note says how many there are. Bootstrap
    `samples` are drawn within arms. Raises `InvalidCohort`; `NoEstimate` where the likelihood does not
    tell the covariance, in the patients or in over 5 % of the samples.
    """
    arms = (control, *treated)
    _check(measures, arms, samples, seed)
    order = [i for arm in arms for i in range(len(measures.arms)) if measures.arms[i] == arm]
    order = [i for i in order if not np.isnan(measures.values[i]).all()]
    names = np.array([measures.arms[i] for i in order])
    values = measures.values[order]
    seen = ~np.isnan(values)
    outcomes = np.where(seen, values, 0.0)
    covariates = np.column_stack([np.ones(len(order)), *(names == arm for arm in treated)]).astype(float)
    starts = np.append(0, np.cumsum([np.sum(names == arm) for arm in arms]))
    visits = len(measures.visits)
    covariance, retained = np.empty((visits, visits)), np.empty((2, visits))
    if not estimate_covariance(outcomes, seen, covariates, covariance):
        told = "the values do not tell the covariance of the visits; leave out visits that few came to"
        raise NoEstimate(f"repeated measures {measures.name!r}", [told])
    fill_retained(seen, names != control, retained)
    drawn, kept = np.empty((samples, visits, visits)), np.empty((samples, 2, visits))
    found = bootstrap_courses(
        np.uint64(seed), outcomes, seen, covariates, names != control, starts, drawn, kept
    )
    _check_found(measures, found & (kept > 0).all(axis=(1, 2)))
    found &= (kept > 0).all(axis=(1, 2))
    return EstimatedCourse(
        MeasuredCourse(
            measures.name,
            measures.visits,
            measures.visit_weeks,
            tuple(map(tuple, (covariance + covariance.T) / 2)),
            (tuple(retained[0]), tuple(retained[1])),
            measures.unit,
            (measures.source,),
        ),
        drawn[found],
        kept[found],
        len(order),
        _describe(measures, seen, found),
    )


def _check(measures: RepeatedMeasures, arms: Sequence[str], samples: int, seed: int) -> None:
    problems = Problems(f"repeated measures {measures.name!r}")
    known = sorted(set(measures.arms))
    problems.check(len(arms) >= 2, "there is no treated arm; give at least one")
    problems.check(len(set(arms)) == len(arms), f"an arm is named twice in {list(arms)}")
    has_value = ~np.isnan(measures.values).all(axis=1)
    for arm in arms:
        count = sum(a == arm and bool(has) for a, has in zip(measures.arms, has_value, strict=True))
        if problems.check(arm in known, f"there is no arm {arm!r}; use {', '.join(known)}"):
            problems.check(count >= 2, f"arm {arm!r} has {count} patients with a value; it needs at least 2")
    visits = len(measures.visits)
    problems.check(visits <= MOST_VISITS, f"{visits} visits; give at most {MOST_VISITS}")
    for t, visit in enumerate(measures.visits):
        count = int((~np.isnan(measures.values[:, t])).sum())
        problems.check(count > len(arms), f"visit {visit!r} has {count} values; leave it out")
    problems.check(samples >= 20, f"samples is {samples}; give at least 20")
    problems.check(0 <= seed < 2**64, f"seed is {seed}; give a whole number from 0 to 2**64 - 1")
    problems.raise_if_any(InvalidCohort)


def _check_found(measures: RepeatedMeasures, found: np.ndarray) -> None:
    share = float(found.mean())
    if share < LEAST_FOUND:
        told = f"only {share:.0%} of bootstrap samples tell the covariance; leave out visits that few came to"
        raise NoEstimate(f"repeated measures {measures.name!r}", [told])


def _describe(measures: RepeatedMeasures, seen: np.ndarray, found: np.ndarray) -> tuple[str, ...]:
    later = np.cumsum(seen[:, ::-1], axis=1)[:, ::-1] > 0
    gaps = float((later & ~seen).sum() / later.sum())
    without = int(np.isnan(measures.values).all(axis=1).sum())
    notes = [f"covariance and dropout from {len(seen)} patients, {len(found)} bootstrap samples"]
    if gaps:
        notes.append(f"{gaps:.1%} of the values until a patient's last one are missing; counted as seen")
    if without:
        notes.append(f"{without} patients without a value are left out")
    if not found.all():
        notes.append(f"{int((~found).sum())} bootstrap samples without a covariance are left out")
    return tuple(notes)

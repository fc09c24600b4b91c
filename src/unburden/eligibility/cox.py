"""Weighted Cox regression with robust errors; an estimate that does not exist is refused."""

from typing import get_args

import numpy as np

from unburden.domain.cox import CoxFit, Ties
from unburden.domain.errors import InvalidCohort, NoEstimate, Problems
from unburden.kernels.cox import (
    CONVERGED,
    SINGULAR,
    fill_score_residuals,
    find_monotone,
    fit_coefficients,
)


def fit_weighted_cox(
    times: np.ndarray,
    events: np.ndarray,
    covariates: np.ndarray,
    weights: np.ndarray,
    *,
    ties: Ties = "efron",
    clusters: np.ndarray | None = None,
    names: tuple[str, ...] | None = None,
) -> CoxFit:
    """Log hazard ratios of weighted patients, with robust covariance (Lin & Wei 1989; Binder 1992).

    `times` (n), `events` (n, true where the event was seen), `covariates` (n) or (n, p) and `weights`
    (n, positive) have one row a patient, in any order. Patients of one value of `clusters` (n) count
    as one in the robust covariance. `names` (p) are the covariates' names in messages. Ties by
    Efron (1977) or Breslow (1974); tied events share their mean weight (Therneau & Grambsch 2000,
    section 7.1). The robust covariance with ties is the derivative of the estimate by the weights,
    as in R's survival; lifelines' depends on the order of tied rows (docs/decisions/weighted-cox.md).

    Raises `InvalidCohort` for rows that do not fit, numbers that are not finite and weights that are
    not positive; `NoEstimate` where no patient has the event, all events are in one arm, a covariate
    is constant or a combination of others, or the likelihood rises for ever (separation).

    >>> fit = fit_weighted_cox(
    ...     np.array([1.0, 2, 3, 4]), np.ones(4, bool), np.array([1.0, 0, 1, 0]), np.array([1.0, 1, 1, 1])
    ... )
    >>> fit.events, round(float(fit.coefficients[0]), 6)
    (4, 0.940614)
    """
    times, weights = np.asarray(times, float), np.asarray(weights, float)
    has_event, table = np.asarray(events, bool), np.asarray(covariates, float)
    table = table[:, None] if table.ndim == 1 else table
    names = names or tuple(f"covariate {j + 1}" for j in range(table.shape[-1]))
    _check_rows(times, has_event, table, weights, names, ties)
    _check_existence(has_event, table, names)
    order = np.argsort(times, kind="stable")
    center = np.average(table, axis=0, weights=weights)
    spread = np.sqrt(np.average((table - center) ** 2, axis=0, weights=weights))
    scaled = np.ascontiguousarray(((table - center) / spread)[order])
    rows = (times[order], has_event[order], scaled, weights[order])
    _check_separation(times[order], has_event[order], table[order], names)
    p = table.shape[1]
    solution, score, information = np.zeros(p), np.empty(p), np.empty((p, p))
    is_efron = ties == "efron"
    end, likelihood, iterations = fit_coefficients(*rows, is_efron, solution, score, information)
    _check_end(end, solution / spread, names)
    inverse = np.linalg.inv(np.tril(information) + np.tril(information, -1).T)
    residuals = np.empty_like(scaled)
    fill_score_residuals(*rows, solution, is_efron, residuals)
    influence = np.empty_like(scaled)
    influence[order] = (rows[3][:, None] * residuals) @ inverse / spread
    robust = _sum_squares(influence, clusters)
    return CoxFit(
        coefficients=solution / spread,
        standard_errors=np.sqrt(np.diag(robust)),
        naive_errors=np.sqrt(np.diag(inverse)) / spread,
        robust_covariance=robust,
        log_likelihood=float(likelihood),
        influence=influence,
        iterations=int(iterations),
        patients=len(times),
        events=int(has_event.sum()),
        ties=ties,
    )


def _sum_squares(influence: np.ndarray, clusters: np.ndarray | None) -> np.ndarray:
    """The sum of outer products of the influences of patients or clusters."""
    if clusters is None:
        return influence.T @ influence
    _, place = np.unique(np.asarray(clusters), return_inverse=True)
    sums = np.zeros((int(place.max()) + 1, influence.shape[1]))
    np.add.at(sums, place, influence)
    return sums.T @ sums


def _check_rows(
    times: np.ndarray,
    events: np.ndarray,
    table: np.ndarray,
    weights: np.ndarray,
    names: tuple[str, ...],
    ties: str,
) -> None:
    """Refuse arrays that do not fit each other or hold numbers without meaning."""
    problems = Problems("weighted Cox regression")
    lengths = {len(times), len(events), len(table), len(weights)}
    if not problems.check(
        len(lengths) == 1 and table.ndim == 2 and times.ndim == weights.ndim == events.ndim == 1,
        f"times {times.shape}, events {events.shape}, covariates {table.shape} and weights {weights.shape} "
        "differ in rows; give one row a patient in each",
    ):
        problems.raise_now(InvalidCohort)
    problems.check(ties in get_args(Ties), f"ties is {ties!r}; give one of {', '.join(get_args(Ties))}")
    problems.check(len(times) > 0, "there are no patients; give at least two")
    problems.check(
        table.shape[1] == len(names) > 0, f"{len(names)} names for {table.shape[1]} covariates; give one each"
    )
    for what, values in (("times", times), ("weights", weights), *zip(names, table.T, strict=False)):
        count = int((~np.isfinite(values)).sum())
        problems.check(
            count == 0, f"{what}: {count} of {len(values)} are not finite; leave those patients out or impute"
        )
    problems.check(
        not (times < 0).any(), f"times: {int((times < 0).sum())} are negative; count from time zero"
    )
    problems.check(
        not (weights <= 0).any(),
        f"weights: {int((weights <= 0).sum())} are not positive; leave those patients out",
    )
    problems.raise_if_any(InvalidCohort)


def _check_existence(events: np.ndarray, table: np.ndarray, names: tuple[str, ...]) -> None:
    """Refuse data without events, constant covariates and arms of which only one has events."""
    problems = Problems("weighted Cox regression")
    problems.check(
        bool(events.any()), f"none of the {len(events)} patients has the event; there is no hazard ratio"
    )
    for name, values in zip(names, table.T, strict=True):
        levels = np.unique(values)
        if len(levels) == 1:
            problems.add(f"{name} is {levels[0]:g} in every patient; leave it out or give both arms")
        elif len(levels) == 2 and events.any():
            counts = [int((events & (values == level)).sum()) for level in levels]
            if 0 in counts:
                at, other = (levels[1], levels[0]) if counts[0] == 0 else (levels[0], levels[1])
                problems.add(
                    f"all {sum(counts)} events are where {name} is {at:g}, none where it is {other:g}: the "
                    "hazard ratio is 0 or infinite; follow up longer, widen the cohort or compare risks"
                )
    problems.raise_if_any(NoEstimate)


def _check_separation(
    times: np.ndarray, events: np.ndarray, table: np.ndarray, names: tuple[str, ...]
) -> None:
    """Refuse a covariate that alone puts the patients in the order of their events."""
    problems = Problems("weighted Cox regression")
    for name, values in zip(names, table.T, strict=True):
        sign = find_monotone(times, events, np.ascontiguousarray(values))
        if sign:
            most = "highest" if sign > 0 else "lowest"
            problems.add(
                f"{name} separates: every event falls on the {most} value at risk, "
                "so its coefficient grows for ever; leave it out or join its levels"
            )
    problems.raise_if_any(NoEstimate)


def _check_end(end: int, coefficients: np.ndarray, names: tuple[str, ...]) -> None:
    """Refuse a fit without a finite, single solution."""
    if end == CONVERGED:
        return
    where = "weighted Cox regression"
    listed = ", ".join(f"{name} {value:.3g}" for name, value in zip(names, coefficients, strict=True))
    if end == SINGULAR:
        reason = "a covariate is a combination of the others among those at risk, or the likelihood is flat"
    else:
        reason = "the likelihood rises for ever (separation by a combination of covariates)"
    raise NoEstimate(
        where, [f"{reason}; the last coefficients were {listed}; leave covariates out or join levels"]
    )

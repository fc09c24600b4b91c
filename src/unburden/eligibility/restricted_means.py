"""Restricted mean times of weighted patients, with each patient's influence."""

import numpy as np

from unburden.domain.errors import NoEstimate


def compute_restricted_mean(
    times: np.ndarray, events: np.ndarray, weights: np.ndarray, horizon: float, *, arm: str
) -> tuple[float, np.ndarray]:
    """The area under the weighted Kaplan–Meier curve up to the horizon, and its derivative by each weight.

    `times` (n) in the horizon's unit, `events` (n), `weights` (n, positive). With Y(s) the weight at risk
    and h(s) the weighted share of events at s, S = Π (1 − h) (Xie & Liu 2005, Stat Med 24:3089); the
    derivative by the weight of patient j is −Σ R(s) (dN_j(s) − Y_j(s) h(s)) / (Y(s) (1 − h(s))), R(s) the
    area from s on. Times the weights it is the infinitesimal jackknife; its squares sum to the variance with
    weights as known.

    Raises `NoEstimate` where the arm is empty or its follow-up ends before the horizon.

    >>> mean, slopes = compute_restricted_mean(
    ...     np.array([1.0, 3, 5]), np.array([True, False, False]), np.ones(3), 4.0, arm="a"
    ... )
    >>> round(mean, 12), abs(float(slopes.sum())) < 1e-12
    (3.0, True)
    """
    _check_follow_up(times, events, horizon, arm)
    grid, place, at_risk, hazard = _compute_hazard(times, events, weights)
    hazard = hazard * (grid <= horizon)
    survival = np.cumprod(1 - hazard)
    ends = np.minimum(np.append(grid[1:], np.inf), horizon)
    areas = survival * np.maximum(ends - np.minimum(grid, horizon), 0.0)
    rest = np.cumsum(areas[::-1])[::-1]
    mean = float(min(grid[0], horizon) + rest[0])
    # Where h is 1 nothing survives to be changed: R is 0 and so is the derivative.
    slope = np.divide(rest, at_risk * (1 - hazard), out=np.zeros_like(rest), where=hazard < 1)
    slope *= grid <= horizon
    derivative = np.cumsum(slope * hazard)[place] - np.where(events, slope[place], 0.0)
    return mean, derivative


def compute_survival(
    times: np.ndarray, events: np.ndarray, weights: np.ndarray, days: np.ndarray
) -> np.ndarray:
    """The weighted Kaplan–Meier curve at each of `days`; NaN where nobody is followed that long.

    >>> times, events = np.array([1.0, 3, 5]), np.array([True, False, True])
    >>> compute_survival(times, events, np.array([2.0, 1, 1]), np.array([0.0, 1, 5, 6])).tolist()
    [1.0, 0.5, 0.0, nan]
    """
    grid, _, _, hazard = _compute_hazard(times, events, weights)
    survival = np.append(1.0, np.cumprod(1 - hazard))
    return np.where(days <= grid[-1], survival[np.searchsorted(grid, days, side="right")], np.nan)


def _compute_hazard(
    times: np.ndarray, events: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Distinct times, each patient's place among them, weight at risk and weighted share of events."""
    grid, place = np.unique(times, return_inverse=True)
    at_risk = np.cumsum(np.bincount(place, weights)[::-1])[::-1]
    died = np.bincount(place, weights * events)
    # A share of exactly 1 where everybody left has the event: a rounding error must not leave a survivor.
    deaths, everyone = np.bincount(place, events), np.cumsum(np.bincount(place)[::-1])[::-1]
    return grid, place, at_risk, np.where(deaths == everyone, 1.0, died / at_risk)


def _check_follow_up(times: np.ndarray, events: np.ndarray, horizon: float, arm: str) -> None:
    where = f"restricted mean of the {arm} arm"
    if not len(times):
        raise NoEstimate(where, ["the arm has no patients; widen the criteria"])
    last = float(times.max())
    if last < horizon and not events[times == last].all():
        raise NoEstimate(
            where,
            [
                f"its follow-up ends on day {last:g}, before the horizon of {horizon:g} days, so the curve "
                f"is not known there; give horizon_days of at most {last:g}"
            ],
        )

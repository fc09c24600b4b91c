"""Step hazards of one arm, by Cox regression or without covariates, for the doubly robust estimate."""

from dataclasses import dataclass

import numpy as np

from unburden.domain.emulation_plan import Ties
from unburden.domain.errors import NoEstimate
from unburden.eligibility.cox import fit_weighted_cox

LARGEST_LOG_RISK = 50.0


@dataclass(frozen=True)
class StepHazards:
    """Cumulative hazard = sum of `increments` (m) at jumps up to a time, times exp((x − center) · "
    "coefficients)."""

    jump_times: np.ndarray
    increments: np.ndarray
    coefficients: np.ndarray
    center: np.ndarray

    def predict_risks(self, values: np.ndarray) -> np.ndarray:
        """Each patient's relative risk (n); `NoEstimate` for one so far off that no curve is left."""
        if not len(self.coefficients):
            return np.ones(len(values))
        logs = (values - self.center) @ self.coefficients
        furthest = float(np.abs(logs).max(initial=0.0))
        if not furthest < LARGEST_LOG_RISK:
            raise NoEstimate(
                "predicted risks",
                [
                    f"a patient's hazard is exp(±{furthest:.3g}) times the average: the regression reaches "
                    "far beyond the patients that it was fitted to"
                ],
            )
        return np.exp(logs)

    def sum_before(self, times: np.ndarray) -> np.ndarray:
        """The baseline cumulative hazard just before each time."""
        sums = np.append(0.0, np.cumsum(self.increments))
        return sums[np.searchsorted(self.jump_times, times, side="left")]


def fit_event_hazards(
    times: np.ndarray, events: np.ndarray, values: np.ndarray, terms: tuple[str, ...], *, ties: Ties
) -> StepHazards:
    """Hazards of the event by Cox regression on `values` (n, p), with Breslow's baseline (1974).

    Raises `NoEstimate` where the regression has no solution.
    """
    fit = fit_weighted_cox(times, events, values, np.ones(len(times)), ties=ties, names=terms)
    center = values.mean(axis=0)
    jumps, increments = _sum_baseline(times, events, np.exp((values - center) @ fit.coefficients))
    return StepHazards(jumps, increments, fit.coefficients, center)


def fit_censoring_hazards(
    times: np.ndarray,
    events: np.ndarray,
    values: np.ndarray,
    terms: tuple[str, ...],
    *,
    ties: Ties,
    has_covariates: bool,
) -> StepHazards:
    """Hazards of censoring, by Cox regression or, without covariates, the same for the whole arm.

    At equal times events come first: who has the event is not at risk of censoring at that time. Without
    covariates exp(−cumulative hazard) is the Kaplan–Meier curve of censoring.
    """
    grid, place = np.unique(times, return_inverse=True)
    ranks = 2.0 * place + ~events
    if has_covariates and not events.all():
        fit = fit_weighted_cox(ranks, ~events, values, np.ones(len(times)), ties=ties, names=terms)
        center = values.mean(axis=0)
        jumps, increments = _sum_baseline(ranks, ~events, np.exp((values - center) @ fit.coefficients))
        coefficients = fit.coefficients
    else:
        jumps, shares = _sum_baseline(ranks, ~events, np.ones(len(times)))
        center, coefficients = np.empty(0), np.empty(0)
        # Where the last one at risk is censored the jump is endless, but nobody is seen after it.
        increments = -np.log1p(-np.minimum(shares, 1 - 1e-12))
    return StepHazards(grid[(jumps // 2).astype(np.int64)], increments, coefficients, center)


def _sum_baseline(times: np.ndarray, flags: np.ndarray, risks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct times with a flag, and flags at each over the risk at it."""
    grid, place = np.unique(times, return_inverse=True)
    at_risk = np.cumsum(np.bincount(place, risks)[::-1])[::-1]
    counts = np.bincount(place, flags)
    kept = counts > 0
    return grid[kept], counts[kept] / at_risk[kept]

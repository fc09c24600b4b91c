"""Doubly robust difference of restricted means: right if either the propensity or the outcome model is."""

from dataclasses import dataclass

import numpy as np

from unburden.domain.emulation_plan import AnalysisPlan
from unburden.domain.errors import NoEstimate
from unburden.eligibility.hazards import StepHazards, fit_censoring_hazards, fit_event_hazards
from unburden.kernels.restricted_means import fill_means, fill_residuals
from unburden.models.propensity import assign_folds

SMALLEST_UNCENSORED = 0.01
"""Below this chance to be uncensored a single patient would stand for over 100."""


@dataclass(frozen=True)
class FollowUp:
    """Days (n) from time zero, whether they end with the event (n), and who is treated (n)."""

    days: np.ndarray
    has_event: np.ndarray
    treated: np.ndarray


@dataclass(frozen=True)
class ArmPredictions:
    """Predicted mean (n) of every patient under one arm, and what the arm's own patients lived beyond it (n).

    `residuals` are 0 for the other arm's patients.
    """

    means: np.ndarray
    residuals: np.ndarray


def predict_arm(
    follow_up: FollowUp,
    is_treated: bool,
    values: np.ndarray,
    terms: tuple[str, ...],
    plan: AnalysisPlan,
    *,
    seed: int,
) -> ArmPredictions:
    """What every patient's mean time under an arm would be by Cox regression in it, cross-fitted over folds.

    With `plan.folds` over 1, nobody is predicted by a model that saw them.
    """
    in_arm = follow_up.treated == is_treated
    strata = 2 * in_arm.astype(np.int64) + follow_up.has_event
    fold_of = assign_folds(strata, folds=plan.folds, seed=seed)
    means, residuals = np.empty(len(in_arm)), np.zeros(len(in_arm))
    for fold in range(plan.folds):
        learning = in_arm & ((fold_of != fold) | (plan.folds == 1))
        data = (follow_up.days[learning], follow_up.has_event[learning], values[learning], terms)
        events = fit_event_hazards(*data, ties=plan.ties)
        has_covariates = plan.censoring == "covariates"
        censoring = fit_censoring_hazards(*data, ties=plan.ties, has_covariates=has_covariates)
        inside = fold_of == fold
        means[inside] = _predict_means(events, values[inside], plan.horizon_days)
        rows = np.flatnonzero(inside & in_arm)
        residuals[rows] = _compute_residuals(
            events,
            censoring,
            follow_up.days[rows],
            follow_up.has_event[rows],
            values[rows],
            plan.horizon_days,
        )
    return ArmPredictions(means, residuals)


def _predict_means(hazards: StepHazards, values: np.ndarray, horizon: float) -> np.ndarray:
    kept = hazards.jump_times <= horizon
    means = np.empty(len(values))
    fill_means(
        hazards.predict_risks(values), hazards.jump_times[kept], hazards.increments[kept], horizon, means
    )
    return means


def _compute_residuals(
    events: StepHazards,
    censoring: StepHazards,
    days: np.ndarray,
    has_event: np.ndarray,
    values: np.ndarray,
    horizon: float,
) -> np.ndarray:
    kept = events.jump_times <= horizon
    jumps = events.jump_times[kept]
    ends = np.minimum(days, horizon)
    risks = censoring.predict_risks(values)
    at_ends = censoring.sum_before(ends)
    _check_uncensored(np.exp(-at_ends * risks), horizon)
    residuals = np.empty(len(days))
    fill_residuals(
        events.predict_risks(values),
        jumps,
        events.increments[kept],
        horizon,
        ends,
        has_event & (days <= horizon),
        risks,
        censoring.sum_before(jumps),
        at_ends,
        residuals,
    )
    return residuals


def _check_uncensored(chances: np.ndarray, horizon: float) -> None:
    few = int((chances < SMALLEST_UNCENSORED).sum())
    if few:
        raise NoEstimate(
            "doubly robust difference",
            [
                f"{few} patients had a chance below {SMALLEST_UNCENSORED:.0%} to be followed as long as "
                f"they were, so each would stand for over 100; give horizon_days below {horizon:g}, or "
                "censoring = 'arm'"
            ],
        )


def compute_doubly_robust_difference(
    treated: np.ndarray,
    weights: np.ndarray,
    arms: tuple[ArmPredictions, ArmPredictions],
    *,
    is_att: bool,
) -> tuple[float, np.ndarray]:
    """The difference of restricted means (treated less control) and each patient's influence on it (n).

    `arms` are treated and control, `weights` plain propensity weights. For all patients (ATE), with means μ,
    residuals D and weights w, the average of μ₁ − μ₀ + a w D₁ − (1 − a) w D₀ (Robins, Rotnitzky & Zhao 1994;
    with D from the martingale of the event, Díaz et al. 2019; Westling et al. 2024, J Am Stat Assoc
    119:1541); for the treated (ATT), the average over the treated of μ₁ + D₁ − μ₀, less the controls' w D₀
    over the number treated. The squares of the influence sum to the variance, which holds if both models are
    right.
    """
    n = len(treated)
    one, zero = arms
    gap = one.means - zero.means
    if not is_att:
        terms = gap + np.where(treated, weights * one.residuals, -weights * zero.residuals)
        return float(terms.mean()), (terms - terms.mean()) / n
    count = treated.sum()
    terms = np.where(treated, gap + one.residuals, -weights * zero.residuals)
    value = terms.sum() / count
    return float(value), (terms - value * treated) / count

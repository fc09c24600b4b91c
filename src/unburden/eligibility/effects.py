"""Effects of treatment in weighted patients, with intervals that allow for the estimated weights."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import polars as pl

from unburden.domain.emulation import EmulatedCurve
from unburden.domain.emulation_plan import EmulatedOutcome, EmulationPlan
from unburden.domain.errors import NoEstimate
from unburden.domain.estimate import Estimate
from unburden.domain.units import convert_value
from unburden.eligibility.cox import fit_weighted_cox
from unburden.eligibility.doubly_robust import (
    FollowUp,
    compute_doubly_robust_difference,
    predict_arm,
)
from unburden.eligibility.restricted_means import compute_restricted_mean, compute_survival
from unburden.eligibility.time_zero import find_arm
from unburden.eligibility.weights import PropensityWeights, derive_weights, sum_influence
from unburden.models.covariates import EncodedCovariates, encode_covariates
from unburden.models.propensity import PropensityFit, fit_boosted_propensity, fit_logistic_propensity

CURVE_STEPS = 200
LARGEST_LOG_RATIO = 50.0


@dataclass(frozen=True)
class WeightedPatients:
    """Eligible patients with what decided about their treatment, and the weights that come of it."""

    treated: np.ndarray
    covariates: EncodedCovariates
    propensity: PropensityFit
    weights: PropensityWeights
    sources: tuple[str, ...]


def weigh_patients(frame: pl.DataFrame, plan: EmulationPlan, source: str) -> WeightedPatients:
    """The plan's propensity and weights of each row; raises `InvalidEmulation` or `NoEstimate`."""
    analysis = plan.analysis
    treated = find_arm(frame.get_column(plan.treatment.column), plan.treatment.treated_value).to_numpy()
    covariates = encode_covariates(frame, plan.covariates, missing=analysis.missing)
    if analysis.propensity == "boosted":
        propensity = fit_boosted_propensity(
            covariates.values, treated, covariates.terms, folds=analysis.folds, seed=analysis.seed
        )
    else:
        propensity = fit_logistic_propensity(covariates.values, treated, covariates.terms)
    weights = derive_weights(
        propensity.probabilities,
        treated,
        population=plan.population,
        is_stabilised=analysis.is_stabilised,
        truncation=analysis.truncation,
    )
    used = f"model:{analysis.propensity} propensity, {plan.population} weights"
    return WeightedPatients(treated, covariates, propensity, weights, (source, used))


def read_follow_up(
    frame: pl.DataFrame, outcome: EmulatedOutcome, treated: np.ndarray, follow_up_days: float
) -> FollowUp:
    """Days and events of an outcome, everybody's follow-up ending after `follow_up_days` at the latest."""
    factor = convert_value(1.0, outcome.unit, "day")
    days = frame.get_column(outcome.time_column).cast(pl.Float64).to_numpy() * factor
    events = frame.get_column(outcome.event_column).cast(pl.Boolean).to_numpy()
    return FollowUp(np.minimum(days, follow_up_days), events & (days <= follow_up_days), treated)


def estimate_hazard_ratio(
    follow_up: FollowUp, patients: WeightedPatients | None, plan: EmulationPlan, source: str
) -> Estimate:
    """The hazard ratio of treated to control by (weighted) Cox regression on treatment alone.

    With `patients` None every weight is 1. Raises `NoEstimate` where it does not exist.
    """
    treated = follow_up.treated
    weights = np.ones(len(treated)) if patients is None else patients.weights.values
    fit = fit_weighted_cox(
        follow_up.days,
        follow_up.has_event,
        treated.astype(np.float64),
        weights,
        ties=plan.analysis.ties,
        names=(plan.treatment.column,),
    )
    influence = fit.influence[:, 0]
    if patients is not None:
        influence = sum_influence(influence / weights, patients.weights, patients.propensity, treated)
    log_ratio = float(fit.coefficients[0])
    width = _find_quantile(plan) * float(np.sqrt(influence @ influence))
    if not abs(log_ratio) + width < LARGEST_LOG_RATIO:
        raise NoEstimate(
            "hazard ratio",
            [
                f"its logarithm is {log_ratio:.3g} with an interval of ± {width:.3g}, which says nothing; "
                "widen the criteria, follow up longer or use overlap weights"
            ],
        )
    return Estimate(
        float(np.exp(log_ratio)),
        float(np.exp(log_ratio - width)),
        float(np.exp(log_ratio + width)),
        "1",
        _name_sources(patients, source, f"Cox regression, robust variance, ties by {plan.analysis.ties}"),
        plan.analysis.level,
    )


def estimate_means(
    follow_up: FollowUp, patients: WeightedPatients | None, plan: EmulationPlan, source: str
) -> tuple[Estimate, Estimate, Estimate]:
    """Restricted means of treated and control, and their difference, in days up to the plan's horizon."""
    treated = follow_up.treated
    weights = np.ones(len(treated)) if patients is None else patients.weights.values
    values, influences = [], []
    for arm, word in ((treated, "treated"), (~treated, "control")):
        value, slopes_in_arm = compute_restricted_mean(
            follow_up.days[arm],
            follow_up.has_event[arm],
            weights[arm],
            plan.analysis.horizon_days,
            arm=word,
        )
        slopes = np.zeros(len(treated))
        slopes[arm] = slopes_in_arm
        influence = slopes
        if patients is not None:
            influence = sum_influence(slopes, patients.weights, patients.propensity, treated)
        values.append(value)
        influences.append(influence)
    sources = _name_sources(patients, source, "restricted mean by Kaplan-Meier, influence-function variance")
    one, zero = (_to_days(v, i, sources, plan) for v, i in zip(values, influences, strict=True))
    return one, zero, _to_days(values[0] - values[1], influences[0] - influences[1], sources, plan)


def draw_curve(
    follow_up: FollowUp, patients: WeightedPatients, plan: EmulationPlan, arm: str
) -> EmulatedCurve:
    """The curve of an arm ("treated" or "control") at `CURVE_STEPS` + 1 days from time zero on."""
    inside = follow_up.treated == (arm == "treated")
    times, events = follow_up.days[inside], follow_up.has_event[inside]
    days = np.linspace(0.0, min(plan.analysis.follow_up_days, float(times.max())), CURVE_STEPS + 1)
    weighted = compute_survival(times, events, patients.weights.values[inside], days)
    crude = compute_survival(times, events, np.ones(len(times)), days)
    at_risk = len(times) - np.searchsorted(np.sort(times), days, side="left")
    return EmulatedCurve(arm, *(tuple(values.tolist()) for values in (days, weighted, crude, at_risk)))


def estimate_doubly_robust_difference(
    frame: pl.DataFrame, follow_up: FollowUp, patients: WeightedPatients, plan: EmulationPlan, source: str
) -> Estimate | None:
    """The augmented difference of restricted means in days; None for overlap weights.

    The overlap population is defined by the propensity, so no outcome model can make good a wrong one.
    Raises `NoEstimate` where a regression in an arm has no solution.
    """
    if plan.population == "ATO":
        return None
    analysis = plan.analysis
    covariates = patients.covariates
    if analysis.outcome_covariates:
        covariates = encode_covariates(frame, analysis.outcome_covariates, missing=analysis.missing)
    arms = []
    for is_treated in (True, False):
        try:
            arm = predict_arm(
                follow_up, is_treated, covariates.values, covariates.terms, analysis, seed=analysis.seed
            )
        except NoEstimate as error:
            word = "treated" if is_treated else "control"
            remedy = "give fewer outcome_covariates or folds, or censoring = 'arm'"
            where = f"doubly robust difference, models of the {word} arm"
            raise NoEstimate(where, [f"{problem}; {remedy}" for problem in error.problems]) from None
        arms.append(arm)
    weights = derive_weights(
        patients.propensity.probabilities,
        follow_up.treated,
        population=plan.population,
        is_stabilised=False,
        truncation=analysis.truncation,
    )
    value, influence = compute_doubly_robust_difference(
        follow_up.treated, weights.values, (arms[0], arms[1]), is_att=plan.population == "ATT"
    )
    cross = f"{analysis.folds}-fold cross-fitted" if analysis.folds > 1 else "not cross-fitted"
    words = f"augmented inverse probability weighting, Cox regression in each arm, {cross}"
    return _to_days(value, influence, _name_sources(patients, source, words), plan)


def _find_quantile(plan: EmulationPlan) -> float:
    return NormalDist().inv_cdf((1 + plan.analysis.level) / 2)


def _to_days(value: float, influence: np.ndarray, sources: tuple[str, ...], plan: EmulationPlan) -> Estimate:
    width = _find_quantile(plan) * float(np.sqrt(influence @ influence))
    return Estimate(value, value - width, value + width, "day", sources, plan.analysis.level)


def _name_sources(patients: WeightedPatients | None, source: str, words: str) -> tuple[str, ...]:
    if patients is None:
        return (source, f"model:unweighted {words}")
    return (*patients.sources, f"model:weighted {words}")

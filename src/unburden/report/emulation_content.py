"""An emulated trial, arranged for readers: the target trial, balance, weights, estimates and doubts."""

from typing import Any

from unburden.domain.emulation import ArmWeights, EmulatedTrial, Positivity
from unburden.domain.emulation_plan import POPULATION_WORDS, EmulationPlan
from unburden.domain.estimate import Estimate
from unburden.report.numbers import tell

IMBALANCED = 0.1
"""A standardised difference beyond this is usually called imbalance (Austin 2009, Stat Med 28:3083)."""


def tell_trial(trial: EmulatedTrial) -> dict[str, Any]:
    """The emulated trial, ready for JSON and for the page."""
    plan = trial.plan
    return {
        "name": plan.name,
        "patients": trial.patients,
        "eligible": trial.eligible_patients,
        "target": _tell_target(plan),
        "estimates": _tell_estimates(trial),
        "hazard_ratio": tell_ratio(trial.hazard_ratio),
        "curves": [
            {
                "arm": curve.arm,
                "days": list(curve.days),
                "weighted": list(curve.weighted),
                "crude": list(curve.crude),
                "at_risk": list(curve.at_risk),
            }
            for curve in trial.curves
        ],
        "outcome": plan.outcome.name,
        "people": _tell_people(trial),
        "arms": [_tell_arm(arm) for arm in trial.weights],
        "balance": [
            {
                "name": each.name,
                "treated": f"{each.treated_mean:.3g}",
                "control": f"{each.control_mean:.3g}",
                "before": each.difference_before,
                "after": each.difference_after,
                "is_imbalanced": abs(each.difference_after) > IMBALANCED,
            }
            for each in trial.balance
        ],
        "largest_before": f"{trial.largest_difference_before:.2f}",
        "largest_after": f"{trial.largest_difference_after:.2f}",
        "positivity": _tell_positivity(trial.positivity),
        "propensity": {
            "words": trial.propensity.words,
            "area_under_curve": f"{trial.propensity.area_under_curve:.2f}",
            "references": list(trial.propensity.references),
            "missing": list(trial.propensity.missing_words),
        },
        "e_value": {
            "estimate": f"{trial.e_value.estimate:.2f}",
            "limit": f"{trial.e_value.limit:.2f}",
            "words": trial.e_value.words,
        },
        "negative_controls": [
            {
                "name": each.name,
                "kind": each.kind,
                "reason": each.reason,
                "hazard_ratio": tell_ratio(each.hazard_ratio),
                "is_alarming": each.is_alarming,
                "verdict": each.verdict,
            }
            for each in trial.negative_controls
        ],
        "warnings": list(trial.warnings),
        "assumptions": list(trial.assumptions),
        "notes": list(trial.notes),
    }


def _tell_estimates(trial: EmulatedTrial) -> list[dict[str, Any]]:
    """Hazard ratios and restricted means, crude beside weighted."""
    plan = trial.plan
    estimates = [
        ("Hazard ratio, unadjusted", tell_ratio(trial.crude_hazard_ratio)),
        ("Hazard ratio, weighted", tell_ratio(trial.hazard_ratio)),
        (
            f"Days without event up to day {plan.analysis.horizon_days:g}, treated",
            _tell_days(trial.treated_mean),
        ),
        (
            f"Days without event up to day {plan.analysis.horizon_days:g}, control",
            _tell_days(trial.control_mean),
        ),
        ("Difference in days, weighted", _tell_days(trial.mean_difference)),
        ("Difference in days, unadjusted", _tell_days(trial.crude_mean_difference)),
    ]
    if trial.doubly_robust_difference:
        estimates.append(("Difference in days, doubly robust", _tell_days(trial.doubly_robust_difference)))
    return [{"what": what, **told} for what, told in estimates]


def _tell_positivity(positivity: Positivity) -> dict[str, Any]:
    return {
        "low": positivity.low,
        "high": positivity.high,
        "share_outside": f"{100 * positivity.share_outside:.0f} %",
        "outside_support": positivity.patients_outside_support,
        "extreme": positivity.patients_with_extreme_weight,
        "edges": list(positivity.edges),
        "treated": list(positivity.treated_counts),
        "control": list(positivity.control_counts),
    }


def _tell_people(trial: EmulatedTrial) -> str:
    """The arms' shares with the event at the horizon, in people."""
    day = trial.plan.analysis.horizon_days
    counts = []
    for curve in trial.curves:
        free = [share for d, share in zip(curve.days, curve.weighted, strict=True) if d <= day]
        counts.append(100 * (1 - free[-1]) if free else 0.0)
    treated, control = counts
    return (
        f"Read off the weighted curves, without interval: of 100 such patients about {control:.0f} had the "
        f"event within {day / 365.25:.1f} years without it, about {treated:.0f} with it."
    )


def tell_ratio(ratio: Estimate) -> dict[str, Any]:
    """A ratio with two decimals and its interval."""
    return tell(ratio) | {"text": f"{ratio.value:.2f}", "interval": f"{ratio.low:.2f} to {ratio.high:.2f}"}


def _tell_days(days: Estimate) -> dict[str, Any]:
    return tell(days) | {"text": f"{days.value:,.0f}", "interval": f"{days.low:,.0f} to {days.high:,.0f}"}


def _tell_arm(arm: ArmWeights) -> dict[str, Any]:
    return {
        "arm": arm.arm,
        "patients": arm.patients,
        "events": arm.events,
        "effective": f"{arm.effective_patients:,.0f}",
        "smallest": arm.smallest,
        "mean": arm.mean,
        "largest": arm.largest,
        "truncated": arm.truncated_patients,
        "edges": list(arm.edges),
        "counts": list(arm.counts),
    }


def _tell_target(plan: EmulationPlan) -> list[dict[str, str]]:
    """The target trial part by part (Hernán & Robins 2016)."""
    zero, analysis = plan.time_zero, plan.analysis
    days = (
        f"days compared: {zero.day_column}, {zero.eligibility_column}, {zero.assignment_column}"
        if zero.has_days
        else zero.reason
    )
    parts = [
        ("Treatment strategies", f"{plan.treatment.treated_strategy}, or {plan.treatment.control_strategy}"),
        ("Time zero", f"{zero.event}. {days}"),
        ("Follow-up", f"to the event, the end of the records, or day {analysis.follow_up_days:g}"),
        ("Outcome", plan.outcome.name),
        ("Contrast", f"{plan.contrast}, among {POPULATION_WORDS[plan.population]}"),
        ("Taken into account", ", ".join(covariate.column for covariate in plan.covariates)),
        ("Analysis", f"{analysis.propensity} propensity, {plan.population} weights; Cox regression"),
    ]
    return [{"part": part, "text": text} for part, text in parts]

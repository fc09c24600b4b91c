"""What screening found, arranged for readers: the flow, who is shut out and enrolled, what it costs."""

from collections.abc import Mapping
from typing import Any

from unburden.domain.burden import PATIENT_MINUTES
from unburden.domain.cohort import AttritionStep
from unburden.domain.estimate import Estimate
from unburden.domain.representation import Representation
from unburden.domain.screening import CheckOrder, ScreeningForecast, StratumExclusion
from unburden.domain.weighing import ScreeningReport
from unburden.report.numbers import WORDS_BY_DIMENSION, say, tell

ALL_TOGETHER = "all criteria"

_FAILED_FIRST = ("contact_days", "site_minutes", "travel_minutes", "travel_km", "caregiver_minutes")


def tell_screening(
    found: ScreeningReport, names: Mapping[str, str], texts: Mapping[str, str]
) -> dict[str, Any]:
    """The screening of a cohort, ready for JSON and for the page."""
    attrition = found.attrition
    steps = [_tell_step(step, attrition.patients, names, texts) for step in attrition.steps]
    return {
        "cohort": attrition.cohort_name,
        "source": attrition.source,
        "patients": attrition.patients,
        "eligible": attrition.eligible,
        "eligible_share": _percent(attrition.eligible / attrition.patients),
        "steps": steps,
        "flow": _tell_flow(steps, attrition.patients),
        "uncomputed": [
            {"criterion": names.get(i, i), "text": texts.get(i, "")} for i in attrition.uncomputed
        ],
        "contradictions": [each.text() for each in attrition.contradictions],
        "exclusions": [_tell_exclusion(each, names) for each in found.exclusions],
        "representations": [
            _tell_representation(each, before)
            for each, before in zip(found.representations, found.before, strict=True)
        ],
        "order": _tell_order(found.order, names) if found.order else None,
        "forecast": _tell_forecast(found.forecast) if found.forecast else None,
    }


def _percent(share: float) -> str:
    """A share in per cent; small ones with a decimal.

    >>> _percent(0.1234), _percent(0.012)
    ('12 %', '1.2 %')
    """
    return f"{100 * share:.0f} %" if share >= 0.1 or share == 0 else f"{100 * share:.1f} %"


def tell_share(share: Estimate | None) -> dict[str, Any] | None:
    """A share in per cent with its interval; None stays None."""
    if share is None:
        return None
    interval = f"{_percent(share.low)} to {_percent(share.high)}"
    return tell(share) | {"text": _percent(share.value), "interval": interval}


def _tell_step(
    step: AttritionStep, patients: int, names: Mapping[str, str], texts: Mapping[str, str]
) -> dict[str, Any]:
    policy = "counted as passing" if step.unknown_policy == "keep" else "counted as kept out"
    return {
        "id": step.criterion_id,
        "criterion": names.get(step.criterion_id, step.criterion_id),
        "text": step.text or texts.get(step.criterion_id, ""),
        "kind": "inclusion" if step.is_inclusion else "exclusion",
        "entering": step.entering,
        "met": step.met,
        "not_met": step.not_met,
        "unknown": step.unknown,
        "unknown_policy": policy,
        "leaving": step.leaving,
        "kept_out_here": step.entering - step.leaving,
        "alone": step.alone,
        "alone_share": tell_share(step.alone_share),
        "last": step.only,
        "last_share": tell_share(step.only_share),
        "leave_one_out": step.leave_one_out,
        "patients": patients,
    }


def _tell_flow(steps: list[dict[str, Any]], patients: int) -> list[dict[str, Any]]:
    """Boxes of the flow diagram from top to bottom."""
    boxes = [{"left": f"{patients:,} patients assessed", "right": "", "note": ""}]
    for step in steps:
        unknown = f"{step['unknown']:,} unknown, {step['unknown_policy']}" if step["unknown"] else ""
        boxes.append(
            {
                "left": f"{step['leaving']:,} go on",
                "right": f"{step['kept_out_here']:,} kept out by {step['criterion']}",
                "note": "; ".join(part for part in (step["text"], unknown) if part),
            }
        )
    boxes[-1]["left"] = f"{steps[-1]['leaving']:,} could join" if steps else boxes[-1]["left"]
    return boxes


def _tell_exclusion(found: StratumExclusion, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "criterion": ALL_TOGETHER
        if found.criterion_id is None
        else names.get(found.criterion_id, found.criterion_id),
        "by": found.stratification,
        "stratum": found.stratum,
        "patients": found.patients,
        "kept_out": found.kept_out,
        "last": found.last,
        "share": tell_share(found.kept_out_share),
        "ratio": tell(found.ratio) if found.ratio else None,
    }


def _tell_representation(found: Representation, before: Representation) -> dict[str, Any]:
    """A group beside the target population, and the whole cohort before any criterion beside both."""
    return {
        "before_distance": tell_share(before.distance),
        "by": found.stratification,
        "group": found.group,
        "planned_patients": found.planned_patients,
        "known": found.known,
        "unknown": found.unknown,
        "distance": tell_share(found.distance),
        "by_chance": _percent(found.distance_by_chance),
        "strata": [
            {
                "stratum": each.stratum,
                "prevalence": tell_share(each.prevalence),
                "goal": _percent(each.goal),
                "goal_patients": each.goal_patients,
                "patients": each.patients,
                "share": tell_share(each.share),
                "simultaneous": tell_share(each.simultaneous_share),
                "ratio": tell(each.ratio) if each.ratio else None,
                "expected": tell(each.expected),
                "gap": tell(each.gap),
                "gap_text": _say_gap(each.gap),
                "rationale": each.rationale,
                "before": tell_share(whole.share),
            }
            for each, whole in zip(found.strata, before.strata, strict=True)
        ],
    }


def _say_gap(gap: Estimate) -> str:
    """Patients still missing from the goal, in words.

    >>> _say_gap(Estimate(-3.0, -5.0, -1.0, "patient", ("assumed:doctest",)))
    'none (3 more than the goal)'
    """
    if gap.value <= 0:
        return f"none ({-gap.value:,.0f} more than the goal)" if gap.value < -0.5 else "none"
    return f"{gap.value:,.0f} too few ({max(gap.low, 0):,.0f} to {gap.high:,.0f})"


def _tell_order(order: CheckOrder, names: Mapping[str, str]) -> dict[str, Any]:
    minutes = ("site_minutes", "home_minutes", "travel_minutes")
    return {
        "minimised": WORDS_BY_DIMENSION.get(order.minimised, order.minimised).lower(),
        "method": order.method,
        "steps": [
            {
                "id": step.criterion_id,
                "criterion": names.get(step.criterion_id, step.criterion_id),
                "reaching": tell_share(step.reaching),
                "failing": tell_share(step.failing),
                "adds": _say_minutes(step.amounts, minutes),
                "alone": _say_minutes(step.alone, minutes),
                "in_vain": _say_minutes(step.in_vain, minutes),
                "amounts": {name: tell(value) for name, value in step.amounts.items()},
            }
            for step in order.steps
        ],
        "each": _say_each(order.per_failure),
        "expected": {name: tell(value) for name, value in order.expected.items()},
        "per_failure": {name: tell(value) for name, value in order.per_failure.items()},
    }


def _say_each(amounts: Mapping[str, Estimate]) -> str:
    """What one patient who fails goes through, in a few words."""
    parts = []
    for name, words in (
        (PATIENT_MINUTES, "of her or his time"),
        ("travel_km", "on the way"),
        ("out_of_pocket_usd", ""),
    ):
        if name in amounts and amounts[name].high > 0:
            value = amounts[name]
            low, high = say(value.low, value.unit), say(value.high, value.unit)
            parts.append(f"{say(value.value, value.unit)} {words} ({low} to {high})".replace("  ", " "))
    return ", ".join(parts)


def _say_minutes(amounts: Mapping[str, Estimate], names: tuple[str, ...]) -> str:
    """The patient's time in an order's amounts."""
    minutes = sum(amounts[name].value for name in names if name in amounts)
    return f"{minutes:,.0f} minutes" if minutes >= 0.5 else "nothing more"


def _tell_forecast(found: ScreeningForecast) -> dict[str, Any]:
    first = [name for name in _FAILED_FIRST if name in found.in_vain]
    rest = [name for name in found.in_vain if name not in first and name != PATIENT_MINUTES]
    return {
        "enrolled": found.enrolled,
        "pass_share": tell_share(found.pass_share),
        "screened": tell(found.screened) | {"text": f"{found.screened.value:,.0f}"},
        "failures": tell(found.failures) | {"text": f"{found.failures.value:,.0f}"},
        "failures_interval": f"{found.failures.low:,.0f} to {found.failures.high:,.0f}",
        "in_vain": [
            {"dimension": name, "words": WORDS_BY_DIMENSION.get(name, name), **tell(found.in_vain[name])}
            for name in (*first, *rest)
            if found.in_vain[name].high > 0
        ],
        "note": found.note,
    }

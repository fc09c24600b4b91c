"""Numbers in words, for every page alike."""

from collections.abc import Mapping
from typing import Any

from unburden.domain.burden import PATIENT_MINUTES, BurdenScore, compute_amount
from unburden.domain.estimate import Estimate

WORDS_BY_DIMENSION: Mapping[str, str] = {
    PATIENT_MINUTES: "Time in all (at the site, at home, travelling)",
    "contact_days": "Days with contact outside home",
    "site_minutes": "Time at the site",
    "home_minutes": "Time at home or on the telephone",
    "travel_minutes": "Travel time",
    "travel_km": "Distance travelled",
    "blood_ml": "Blood taken",
    "radiation_msv": "Radiation (effective dose)",
    "invasive_procedures": "Invasive procedures (needles, biopsies)",
    "questionnaire_items": "Questions answered",
    "questionnaire_minutes": "Time with questionnaires (part of the times above)",
    "fasting_hours": "Fasting before tests",
    "diary_days": "Days of keeping a diary or wearing a device",
    "caregiver_minutes": "Time of a caregiver",
    "out_of_pocket_usd": "Own money spent on journeys",
}


def tell(estimate: Estimate) -> dict[str, Any]:
    """A number for readers and for machines: `text` says it with its unit."""
    low, high = say(estimate.low, estimate.unit), say(estimate.high, estimate.unit)
    interval = "" if estimate.is_exact else f"{estimate.level:.0%} interval {low} to {high}"
    if interval and all(source.startswith("simulated:") for source in estimate.sources):
        interval += ": error of the simulation only; real recruitment, event rates and effect may differ"
    return {
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "level": estimate.level,
        "unit": estimate.unit,
        "sources": list(estimate.sources),
        "text": say(estimate.value, estimate.unit),
        "interval": interval,
    }


def say(value: float, unit: str) -> str:
    """A number in words: minutes over two hours in hours, three figures, large ones with commas.

    >>> say(150.0, "minute"), say(0.9, "1"), say(12345.6, "hour"), say(3.0, "day")
    ('2.5 hours', '0.9', '12,346 hours', '3 days')
    """
    if unit == "minute" and abs(value) >= 120:
        value, unit = value / 60, "hour"
    number = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    if unit == "1":
        return number
    is_word = unit.isalpha() and unit not in ("km", "mL", "mSv", "USD")
    return f"{number} {unit}{'s' if is_word and number != '1' else ''}"


def count_procedures(score: BurdenScore) -> dict[str, float]:
    """Expected invasive procedures by class ("venepuncture"), most frequent first."""
    counts: dict[str, float] = {}
    for line in score.lines:
        if line.dimension == "invasive_procedures":
            counts[line.detail] = counts.get(line.detail, 0.0) + compute_amount(line, score.evidence)
    return dict(sorted(counts.items(), key=lambda item: -item[1]))

"""What a trial asks of you: the page for patients, arranged from the asks; nothing computed anew."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from unburden.domain.asks import Asks, PersonaAsk
from unburden.domain.burden import PATIENT_MINUTES, BurdenScore
from unburden.domain.estimate import Estimate
from unburden.domain.footnotes import NOT_UNDERSTOOD
from unburden.domain.study import StudyResult
from unburden.report.numbers import count_procedures, tell
from unburden.report.plain_words import (
    say_about,
    say_background,
    say_miles,
    say_period,
    say_plainly,
    say_range,
    say_share,
    say_teaspoons,
)

ROWS: Mapping[str, str] = {
    "contact_days": "Days away from home",
    PATIENT_MINUTES: "Your time in all",
    "travel_km": "Trips, there and back",
    "invasive_procedures": "Needles",
    "blood_ml": "Blood taken",
    "radiation_msv": "Scans and X-rays",
    "questionnaire_items": "Questions to answer",
    "fasting_hours": "Going without food before a test",
    "diary_days": "Days with a diary or a device to wear",
    "caregiver_minutes": "Time of a person who comes with you",
    "out_of_pocket_usd": "Your own money for trips",
}
"""What stands in a card, in this order; time at the site, on the road and at home are parts of the second."""

PROCEDURES: Mapping[str, tuple[str, str]] = {
    "venepuncture": ("blood draw", "blood draws"),
    "arterial puncture": ("blood draw from an artery", "blood draws from an artery"),
    "tracer injection": ("needle for a scan", "needles for scans"),
    "infusion line": ("drip", "drips"),
    "injection": ("injection", "injections"),
    "infusion line or injection": ("drip or injection", "drips or injections"),
    "lumbar puncture": ("needle in the lower back", "needles in the lower back"),
    "biopsy": ("tissue sample", "tissue samples"),
    "endoscopy": ("look inside with a tube", "looks inside with a tube"),
}
_NO_NEEDLES = {"biopsy", "endoscopy"}


def derive_ask_content(result: StudyResult) -> dict[str, Any] | None:
    """The page for patients: a card for each kind of patient, and what no number holds."""
    asks = result.asks
    if asks is None:
        return None
    cards = list(_merge_arms(result, asks))
    peaks = [ask.peak_blood for ask in asks.by_persona if ask.peak_blood]
    care = result.study.standard_of_care
    return {
        "cards": cards,
        "standard_care": {"title": care.title, "source": care.source} if care else None,
        "peak_blood": _tell_about(max(peaks, key=lambda peak: peak.value)) if peaks else None,
        "blood_limit": _tell_limit(asks),
        "unscheduled": _tell_unscheduled(result),
        "footnotes": {
            "all": len(asks.footnotes),
            "unread": sum(effect.kind == NOT_UNDERSTOOD for effect in asks.footnotes),
        },
    }


def _merge_arms(result: StudyResult, asks: Asks) -> Iterator[dict[str, Any]]:
    """A card for each persona and each group of arms that ask the same of it."""
    names = {arm.id: arm.name for arm in result.study.protocol.arms}
    shares = {persona.name: persona.share for persona in result.study.personas}
    told = {persona.name: persona.description for persona in result.study.personas}
    for name, share in shares.items():
        groups: list[tuple[dict[str, Any], list[str]]] = []
        own = [ask for ask in asks.by_persona if ask.persona == name]
        for ask in own:
            card, arm = _tell_ask(ask), names.get(ask.arm_id or "", "")
            same = [arms for other, arms in groups if other == card]
            if same:
                same[0].append(arm)
            else:
                groups.append((card, [arm]))
        for card, arms in groups:
            who = {"persona": name, "description": told[name], "share": say_share(share)}
            yield who | {"arms": [] if len(groups) == 1 else arms} | card


def _tell_ask(ask: PersonaAsk) -> dict[str, Any]:
    """What is asked of one kind of patient: sentences, rows, and what is not asked at all."""
    rows, absent = [], []
    for dimension, label in ROWS.items():
        care = ask.standard_care.totals[dimension].value if ask.standard_care else 0.0
        if ask.score.totals[dimension].value or care:
            rows.append(_tell_row(ask, dimension, label))
        else:
            absent.append(label[0].lower() + label[1:])
    return {"lead": list(_say_lead(ask)), "rows": rows, "absent": absent}


def _tell_row(ask: PersonaAsk, dimension: str, label: str) -> dict[str, Any]:
    total, spread = ask.score.totals[dimension], ask.spread.get(dimension)
    care = ask.standard_care.totals[dimension] if ask.standard_care else None
    more = ask.increment.get(dimension)
    unsure = "counted" if total.is_exact else say_range(total.low, total.high, total.unit)
    if spread is None:
        people = most = "not known"
    elif spread.tenth == spread.ninetieth:
        people = most = "the same for all"
    else:
        people = say_range(spread.tenth, spread.ninetieth, spread.unit)
        most = say_about(spread.worst_tenth, spread.unit)
    return {
        "dimension": dimension,
        "label": _name_procedures(ask.score) if dimension == "invasive_procedures" else label,
        "about": _tell_about(total),
        "detail": _DETAILS[dimension](ask, total) if total.value and dimension in _DETAILS else "",
        "people": people,
        "unsure": unsure,
        "most": most,
        "care": _tell_about(care) if care else None,
        "adds": _tell_more(more) if more else None,
    }


def _tell_about(estimate: Estimate) -> dict[str, Any]:
    text = say_about(estimate.value, estimate.unit, is_counted=estimate.is_exact)
    return tell(estimate) | {"text": text if estimate.value else "nothing"}


def _tell_more(estimate: Estimate) -> dict[str, Any]:
    """What comes on top of standard care; less where the trial replaces some of it."""
    less = " less" if estimate.value < 0 else ""
    size = say_about(abs(estimate.value), estimate.unit, is_counted=estimate.is_exact)
    return tell(estimate) | {"text": f"{size}{less}" if estimate.value else "nothing"}


def _say_lead(ask: PersonaAsk) -> Iterator[str]:
    """The main figures in sentences."""
    totals, times = ask.score.totals, ask.score.patient_times
    days = say_about(totals["contact_days"].value, "day", is_counted=totals["contact_days"].is_exact)
    over = ""
    if times is not None and times.is_dated and times.end_day >= 1:
        whole, period = say_plainly(times.end_day, "day"), say_period(times.end_day)
        over = f" out of {whole}" + (f" ({period})" if period != whole else "")
    yield f"You would be away from home on {days}{over}."
    hours = say_about(totals[PATIENT_MINUTES].value, "minute")
    yield f"It would take {hours} of your time: {_say_parts(ask.score)}."
    if ask.standard_care is not None:
        care, more = ask.standard_care.totals[PATIENT_MINUTES], ask.increment[PATIENT_MINUTES]
        yield (
            f"Normal care would take {_tell_about(care)['text']} anyway. "
            f"So the trial adds {_tell_more(more)['text']}."
        )
    if needles := totals["invasive_procedures"].value:
        what = _name_procedures(ask.score).lower()
        yield f"{what.capitalize()}: {say_about(needles, 'procedure', is_counted=True)}."
    if blood := totals["blood_ml"].value:
        yield f"The blood that is taken adds up to about {say_teaspoons(blood)}."


def _say_parts(score: BurdenScore) -> str:
    words = {
        "site_minutes": "at the clinic",
        "travel_minutes": "on the road",
        "home_minutes": "at home or on the phone",
    }
    parts = [
        f"{say_plainly(score.totals[name].value, 'minute')} {where}"
        for name, where in words.items()
        if score.totals[name].value
    ]
    return _join(parts)


def _say_blood(ask: PersonaAsk, total: Estimate) -> str:
    peak = ask.peak_blood
    most = f"; at most {say_about(peak.value, 'mL')} in any 8 weeks" if peak else ""
    return f"about {say_teaspoons(total.value)}{most}"


def _say_answering(ask: PersonaAsk, total: Estimate) -> str:
    minutes = ask.score.totals["questionnaire_minutes"].value
    return f"about {say_plainly(minutes, 'minute')}, part of your time" if minutes else ""


_DETAILS: Mapping[str, Callable[[PersonaAsk, Estimate], str]] = {
    PATIENT_MINUTES: lambda ask, total: _say_parts(ask.score),
    "travel_km": lambda ask, total: f"about {say_miles(total.value)}",
    "invasive_procedures": lambda ask, total: _say_procedures(ask.score),
    "blood_ml": _say_blood,
    "radiation_msv": lambda ask, total: f"as much as nature gives you in about {say_background(total.value)}",
    "questionnaire_items": _say_answering,
    "caregiver_minutes": lambda ask, total: "on average; some people come alone",
    "out_of_pocket_usd": lambda ask, total: "fuel, parking and meals, before any refund",
}
"""A second look at a row: its parts, or an everyday thing beside it."""


def _say_procedures(score: BurdenScore) -> str:
    told = []
    for name, count in count_procedures(score).items():
        one, many = PROCEDURES.get(name, (name, name))
        number = say_plainly(count, "procedure").rpartition(" ")[0]
        told.append(f"{number} {one if number in ('1', 'less than 1') else many}")
    return _join(told)


def _name_procedures(score: BurdenScore) -> str:
    found = _NO_NEEDLES & count_procedures(score).keys()
    return "Needles, tissue samples and looks inside" if found else "Needles"


def _tell_limit(asks: Asks) -> dict[str, Any] | None:
    limit = asks.blood_limit
    if limit is None:
        return None
    return {
        "blood": tell(limit.blood_ml) | {"text": say_plainly(limit.blood_ml.value, "mL")},
        "weeks": round(limit.days / 7),
        "rule": limit.rule,
    }


def _tell_unscheduled(result: StudyResult) -> dict[str, Any] | None:
    declared = result.study.conduct.unscheduled
    if declared is None:
        return None
    rate = declared.rate
    often = "1 extra visit"
    if rate.value >= 1:
        often = f"{say_plainly(rate.value, 'extra visit')}{'s' if rate.value >= 1.5 else ''}"
    days = 100 if rate.value >= 1 or rate.value == 0 else 100 / rate.value
    return tell(Estimate(rate.value, rate.low, rate.high, rate.unit, (rate.source,))) | {
        "text": f"about {often} in {say_plainly(days, 'day')}" if rate.value else "none"
    }


def _join(parts: Sequence[str]) -> str:
    """Words in a row: "a, b and c"."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)

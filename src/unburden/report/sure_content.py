"""How sure a report is of what the trial asks, arranged for professionals; nothing computed anew."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from unburden.domain.asks import Asks, Override, ScheduleChange
from unburden.domain.burden import PATIENT_MINUTES, PERSONA_MARK, Evidence
from unburden.domain.burden_draws import Driver
from unburden.domain.estimate import Estimate
from unburden.domain.footnotes import NOT_UNDERSTOOD, NOTE_KINDS
from unburden.domain.study import StudyResult
from unburden.report.numbers import WORDS_BY_DIMENSION, say, tell

WORDS_BY_EFFECT = {
    "restricts-population": "some patients only",
    "restricts-visits": "some visits only",
    "repeats": "several times",
    "alternative-place": "elsewhere",
    "timing": "when",
    "no-effect": "asks nothing more or less",
    NOT_UNDERSTOOD: "not understood",
}
_LEAST_DRIVER = 0.03
"""Inputs that explain less of the variance are left out."""


def derive_sure_content(result: StudyResult) -> dict[str, Any] | None:
    """Drivers, intervals by draws, the tenth with most, overrides, views and footnotes."""
    asks = result.asks
    if asks is None:
        return None
    return {
        "draws": asks.draws,
        "seed": asks.seed,
        "dimensions": list(_tell_dimensions(result, asks)),
        "overrides": [_tell_override(override) for override in asks.overridden],
        "views": [
            {
                "name": view.name,
                "unit": view.unit,
                "source": view.source,
                "weights": [
                    {"words": WORDS_BY_DIMENSION[name], "weight": weight}
                    for name, weight in view.weights.items()
                ],
                "all": tell(asks.views[view.name]),
                "by_persona": _tell_view(asks, view.name),
            }
            for view in result.study.views
        ],
        "footnotes": _tell_footnotes(result, asks),
        "standard_care": result.study.standard_of_care.title if result.study.standard_of_care else "",
    }


def _tell_dimensions(result: StudyResult, asks: Asks) -> Iterator[dict[str, Any]]:
    order = [PATIENT_MINUTES, *(name for name in asks.mean if name != PATIENT_MINUTES)]
    for name in order:
        mean = asks.mean[name]
        if mean.value == 0:
            continue
        yield {
            "dimension": name,
            "words": WORDS_BY_DIMENSION[name],
            "mean": tell(mean),
            "interval": _say_interval(mean),
            "worst_tenth": _tell_worst(asks, name),
            "drivers": [_tell_driver(d, result.overall.evidence) for d in asks.drivers[name] if _is_main(d)],
        }


def _say_interval(mean: Estimate) -> str:
    """From where to where; "" where both are the same but for rounding."""
    low, high = say(mean.low, mean.unit), say(mean.high, mean.unit)
    return "" if low == high else f"{low} to {high}"


def _tell_worst(asks: Asks, name: str) -> dict[str, Any]:
    value, mean = asks.worst_tenth[name], asks.mean[name]
    return tell(Estimate(value, value, value, mean.unit, mean.sources))


def _is_main(driver: Driver) -> bool:
    return driver.total >= _LEAST_DRIVER


def _tell_driver(driver: Driver, evidence: Any) -> dict[str, Any]:
    """An input with the words of its entry; a persona's own one where no other is used."""
    entry = evidence.get(driver.name) or next(
        (e for key, e in evidence.items() if key.partition(PERSONA_MARK)[0] == driver.name), None
    )
    return {
        "id": driver.name,
        "description": entry.description if entry else driver.name,
        "grade": entry.grade if entry else "",
        "source": entry.source if entry else "",
        "first": driver.first,
        "total": driver.total,
        "text": _say_shares(driver),
    }


def _say_shares(driver: Driver) -> str:
    """First-order and total index in per cent, once where they are alike."""
    first, total = f"{100 * driver.first:.0f} %", f"{100 * driver.total:.0f} %"
    return first if first == total else f"{first} / {total}"


def _tell_override(override: Override) -> dict[str, Any]:
    return {
        "id": override.id,
        "persona": override.persona,
        "new": _tell_entry(override.entry),
        "old": _tell_entry(override.replaced),
    }


def _tell_entry(entry: Evidence) -> dict[str, Any]:
    estimate = Estimate(entry.value, entry.low, entry.high, entry.unit, (entry.source,))
    return tell(estimate) | {"description": entry.description, "grade": entry.grade}


def _tell_view(asks: Asks, name: str) -> list[dict[str, Any]]:
    """A declared scalar by persona; arms that give the same share one entry."""
    told: dict[str, dict[str, Any]] = {}
    for ask in asks.by_persona:
        entry = {"persona": ask.persona, "arm": ask.arm_id, "value": tell(ask.views[name])}
        same = told.get(ask.persona)
        if same is None:
            told[ask.persona] = entry | {"arm": ""}
        elif same["value"] != entry["value"]:
            told[f"{ask.persona}, {ask.arm_id}"] = entry
    return list(told.values())


def _tell_footnotes(result: StudyResult, asks: Asks) -> dict[str, Any] | None:
    """How many footnotes were read, and the words of those that were not; None without any."""
    if not asks.footnotes:
        return None
    counts = Counter(effect.kind for effect in asks.footnotes)
    known = {note.id: note for note in result.study.protocol.conditions}
    unread = [effect.note_id for effect in asks.footnotes if effect.kind == NOT_UNDERSTOOD]
    return {
        "all": len(asks.footnotes),
        "read": len(asks.footnotes) - len(unread),
        "effects": [
            {"words": WORDS_BY_EFFECT[kind], "count": counts[kind]} for kind in NOTE_KINDS if counts[kind]
        ],
        "unread": [{"mark": known[i].mark or i, "text": known[i].text} for i in unread],
    }


def tell_change(change: ScheduleChange | None) -> dict[str, Any] | None:
    """What a design changes for whom, how sure that is, and whether anybody is worse off for it."""
    if change is None:
        return None
    people: dict[str, list[dict[str, Any]]] = {}
    for each in change.by_persona:
        entry = {
            "persona": each.persona,
            "arm": each.arm_id,
            "share": each.share,
            "saving": tell(each.saving),
            "asks_less": tell_order(each.asks_less),
        }
        same = people.setdefault(each.persona, [])
        if not any(entry["saving"] == other["saving"] for other in same):
            same.append(entry)
    for found in people.values():
        if len(found) == 1:
            found[0]["arm"] = ""
    return {
        "saving": tell(change.saving),
        "asks_less": tell_order(change.asks_less),
        "by_persona": [entry for found in people.values() for entry in found],
        "verdict": say_verdict(change),
        "is_bad": change.saving.value < 0 or bool(change.hurt) or change.is_worst_tenth_hurt,
        "hurt": list(dict.fromkeys(each.persona for each in change.hurt)),
        "is_worst_tenth_hurt": change.is_worst_tenth_hurt,
        "worst_tenth": say(change.worst_tenth, change.saving.unit),
        "written_worst_tenth": say(change.written_worst_tenth, change.saving.unit),
        "more": [
            {"words": WORDS_BY_DIMENSION[name], "by": say(-saving.value, saving.unit)}
            for name, saving in change.savings.items()
            if saving.value < 0
        ],
        "increment": {name: tell(more) for name, more in change.increment.items()},
    }


def say_verdict(change: ScheduleChange) -> str:
    """Who is asked for more, if anybody."""
    more = list(dict.fromkeys(each.persona for each in change.hurt))
    more += ["the tenth with most"] if change.is_worst_tenth_hurt else []
    if change.saving.value < 0:
        return "More on average."
    if more:
        return f"Less on average, but more of: {' and '.join(more)}."
    if change.saving.value == 0 and not any(each.saving.value for each in change.by_persona):
        return "The same of everybody."
    return "No kind of patient is asked for more, nor is the tenth with most."


def tell_orders(result: StudyResult) -> list[dict[str, Any]]:
    """The highlighted designs beside the written one, those of one schedule together."""
    told: list[dict[str, Any]] = []
    for highlight in result.highlights:
        order = tell_change(result.changes.get(highlight.design_id))
        if order is None:
            continue
        same = [entry for entry in told if entry["order"] == order]
        if same:
            same[0]["designs"].append(highlight.design_id)
        else:
            told.append({"designs": [highlight.design_id], "order": order})
    return told


def tell_order(asks_less: Estimate) -> dict[str, Any]:
    """A probability that one asks less than the other, in words where the schedules alone say it."""
    certain = {0.0: "certainly not", 0.5: "the same", 1.0: "certain"}
    value = asks_less.value
    if asks_less.is_exact and value in certain:
        text = certain[value]
    elif value > 0.995:
        text = "over 99 %"
    elif value < 0.005:
        text = "under 1 %"
    else:
        text = f"{100 * value:.0f} %"
    return tell(asks_less) | {"text": text}

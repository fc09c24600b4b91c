"""Days in a CDISC USDM v4 document: durations in ISO 8601, and timings that lead to day 0."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from unburden.data.formats.usdm_checks import DESIGN, find_circles, shorten, walk
from unburden.domain.protocol import LESS_DAYS, MOST_DAYS

DURATION = re.compile(
    r"([+-]?)P(?:(?P<Y>[\d.,]+)Y)?(?:(?P<M>[\d.,]+)M)?(?:(?P<W>[\d.,]+)W)?(?:(?P<D>[\d.,]+)D)?"
    r"(?:T(?:(?P<h>[\d.,]+)H)?(?:(?P<m>[\d.,]+)M)?(?:(?P<s>[\d.,]+)S)?)?"
)
PARTS_PER_DAY = {"h": 24, "m": 1440, "s": 86400}
DAYS_PER_PART = {"Y": 365.25, "M": 30.4375, "W": 7, "D": 1}
TIMING_SIGNS = {"C201356": 1, "C201357": -1, "C201358": 0}


def read_days(text: str) -> float | None:
    """The days of an ISO 8601 duration; None where it is none.

    >>> read_days("P2W"), read_days("PT36H"), read_days("-P1DT12H"), read_days("2 weeks")
    (14.0, 1.5, -1.5, None)
    """
    found = DURATION.fullmatch(text.strip())
    parts = {unit: held for unit, held in found.groupdict().items() if held} if found else {}
    if not found or not parts:
        return None
    try:
        numbers = {unit: float(held.replace(",", ".")) for unit, held in parts.items()}
    except ValueError:
        return None
    days = sum(n * DAYS_PER_PART[unit] for unit, n in numbers.items() if unit in DAYS_PER_PART)
    days += sum(n / PARTS_PER_DAY[unit] for unit, n in numbers.items() if unit in PARTS_PER_DAY)
    return -days if found[1] == "-" else float(days)


def write_duration(days: float) -> str:
    """The ISO 8601 duration of at least 0 days.

    >>> write_duration(14.0), write_duration(15 / 1440), write_duration(0.3)
    ('P14D', 'PT15M', 'PT432M')
    """
    minutes = round(days * 1440)
    if float(days).is_integer():
        return f"P{int(days)}D"
    if minutes / 1440 == days:
        return f"PT{minutes}M"
    return f"P{Decimal(repr(float(days))):f}D"


def read_sign(timing: Mapping[str, Any]) -> int | None:
    """1 for After, -1 for Before, 0 for Fixed Reference, None for another type."""
    code, decode = timing["type"]["code"], timing["type"]["decode"].lower()
    named = {"after": 1, "before": -1, "fixed reference": 0}
    return TIMING_SIGNS.get(code, named.get(decode))


def find_timing_problems(document: object) -> Iterator[str]:
    """Every timing of the design that is read which gives no day, or more than one, with the remedy.

    A timing without value and target only carries a window: its visit has no day, and need not.
    Timings that break the schema are left to the schema's own words.
    """
    for path, timeline in walk(document):
        if not path.startswith(f"{DESIGN}.scheduleTimelines[") or "timings" not in timeline:
            continue
        held = timeline["timings"] if isinstance(timeline["timings"], list) else []
        timings = {at: timing for at, timing in enumerate(held) if _is_timing(timing)}
        for at, timing in timings.items():
            yield from _find_type_problems(f"{path}.timings[{at}]", timing)
            yield from _find_duration_problems(f"{path}.timings[{at}]", timing)
        yield from _find_reference_problems(f"{path}.timings", timings)


def _is_timing(node: object) -> bool:
    """Whether a node has what the schema asks of a timing, as far as it is read here."""
    kind = node.get("type") if isinstance(node, dict) else None
    if not isinstance(node, dict) or not isinstance(kind, dict):
        return False
    texts = (kind.get("code"), kind.get("decode"), node.get("value"))
    return all(isinstance(text, str) for text in (*texts, node.get("relativeFromScheduledInstanceId")))


def _is_dated(timing: Mapping[str, Any]) -> bool:
    """Whether a timing that is no Fixed Reference means to give a day."""
    return bool(timing["value"] or timing.get("relativeToScheduledInstanceId"))


def _find_type_problems(path: str, timing: Mapping[str, Any]) -> Iterator[str]:
    sign = read_sign(timing)
    if sign is None:
        held = shorten(repr(timing["type"]["decode"]))
        yield f"{path}.type is {held}; give Before, After or Fixed Reference"
    if sign != 0 and timing["value"] and not timing.get("relativeToScheduledInstanceId"):
        yield f"{path} counts from nothing; give relativeToScheduledInstanceId"


def _find_duration_problems(path: str, timing: Mapping[str, Any]) -> Iterator[str]:
    for key in ("value", "windowLower", "windowUpper"):
        text = timing.get(key)
        is_needed = key == "value" and read_sign(timing) != 0 and _is_dated(timing)
        if not isinstance(text, str) or not (text or is_needed):
            continue
        days, where = read_days(text), f"{path}.{key} is {shorten(repr(text))}"
        if days is None:
            yield f"{where}; give a duration as in ISO 8601, such as P2W or PT30M"
        elif not abs(days) <= MOST_DAYS:
            yield f"{where}; {LESS_DAYS}"


def _find_reference_problems(path: str, timings: Mapping[int, Mapping[str, Any]]) -> Iterator[str]:
    fixed = [at for at, timing in timings.items() if read_sign(timing) == 0]
    if len(fixed) > 1:
        places = " and ".join(map(str, fixed))
        yield f"{path} hold {len(fixed)} Fixed References, at {places}; days count from one, so keep one"
    if not fixed and any(map(_is_dated, timings.values())):
        yield f"{path} hold no Fixed Reference; make the timing of day 0 one"
    following: dict[str, Any] = {}
    for timing in timings.values():
        start = timing["relativeFromScheduledInstanceId"]
        following.setdefault(start, timing.get("relativeToScheduledInstanceId"))
        if read_sign(timing) == 0:
            following[start] = None
    for circle in find_circles(following):
        shown = " → ".join([*circle, circle[0]])
        yield f"{path} run in a circle ({shown}); let one of them count from the Fixed Reference"

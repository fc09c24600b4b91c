"""The times that an endpoint's text names, and the visits that they mean."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from unburden.domain.protocol import Visit

DAYS_PER_UNIT = {"day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}

_SLACK_DAYS = {"day": 0.5, "week": 3.0, "month": 15.0, "year": 45.0}
"""A visit this near to a named time is the one that is meant."""

_UNIT = r"(?:day|week|wk|month|year)s?\.?"
_LINK = r"\s{0,3}(?:,|;|and|or|&|to|through|thru|until|-)\s{0,3}"
_NAMED = re.compile(
    rf"(?P<lead>\b(?:through|up to|until|over|during)\s+)?\b(?P<unit>{_UNIT})\s{{1,3}}"
    rf"(?P<list>-?\d{{1,4}}(?:{_LINK}(?:and\s)?(?:{_UNIT}\s)?-?\d{{1,4}}\b){{0,40}})",
    re.IGNORECASE,
)
_PIECES = re.compile(
    r"(?P<join>\bto\b|through|thru|until|(?<=\d)\s{0,2}-\s{1,3}(?=-?\d)|(?<=\d)-(?=\d))|(?P<number>-?\d+)",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    rf"\b(?P<lead>at|after|by|through|up to|until|over|during)\s+(?:the\s)?(?P<number>\d{{1,4}})[\s-]"
    rf"(?P<unit>{_UNIT})\b",
    re.IGNORECASE,
)
_EVERY = re.compile(r"\b(?:each|every|all) (?:scheduled |study )?visits?\b|\bthroughout\b|\bcycles?\b", re.I)
"""Words that speak of all visits, or of cycles, whose days are not counted from the reference."""

_EVENT = re.compile(r"\bsurvival\b|\btime to\b|\b(?:[DPE]FS|OS)\b|\bincidence\b|\brate of\b", re.I)
"""An event is looked for all the way to the named time."""


@dataclass(frozen=True, slots=True)
class NamedTime:
    """A time, or a span of times, in one unit ("week" 4 to 24); `is_span` where all between count."""

    unit: str
    first: int
    last: int
    is_span: bool

    def days(self) -> tuple[float, float]:
        """First and last day from the reference; study day 1 is the reference day, as in SDTM."""
        return _count_days(self.unit, self.first), _count_days(self.unit, self.last)

    def text(self) -> str:
        """As a reader would say it."""
        return f"{self.unit} {self.first}" + (f" to {self.last}" if self.last != self.first else "")


def _count_days(unit: str, number: int) -> float:
    if unit == "day":
        return float(number - 1 if number > 0 else number)
    return number * DAYS_PER_UNIT[unit]


def find_times(text: str) -> tuple[NamedTime, ...]:
    """The times that a text names, in its order; () where it names none or speaks of every visit.

    Durations ("within 30 days", "for 6 months") name no visit and are passed over.

    >>> [time.text() for time in find_times("Score at Weeks 8 and 16")]
    ['week 8', 'week 16']
    >>> [time.text() for time in find_times("Mean score from Week 4 to Week 24")]
    ['week 4 to 24']
    """
    plain = re.sub(r"[\u2010-\u2015\u2212]", "-", text)
    if _EVERY.search(plain):
        return ()
    found = [*_find_named(plain), *_find_counted(plain)]
    if _EVENT.search(plain):
        found = [NamedTime(t.unit, min(0, t.first), t.last, True) for t in found]
    return tuple(dict.fromkeys(found))


def _find_named(plain: str) -> Iterator[NamedTime]:
    for match in _NAMED.finditer(plain):
        numbers: list[int] = []
        joined: list[bool] = []
        is_joined = False
        for piece in _PIECES.finditer(match["list"]):
            if piece["join"]:
                is_joined = True
                continue
            numbers.append(int(piece["number"]))
            joined.append(is_joined and len(numbers) > 1)
            is_joined = False
        yield from _join_numbers(_read_unit(match["unit"]), numbers, joined, bool(match["lead"]))


def _join_numbers(
    unit: str, numbers: Sequence[int], joined: Sequence[bool], has_lead: bool
) -> Iterator[NamedTime]:
    for at, number in enumerate(numbers):
        if joined[at]:
            yield NamedTime(unit, *sorted((numbers[at - 1], number)), is_span=True)
        elif not any(joined[at + 1 : at + 2]):
            yield NamedTime(unit, min(0, number) if has_lead else number, number, has_lead)


def _find_counted(plain: str) -> Iterator[NamedTime]:
    for match in _COUNTED.finditer(plain):
        is_point = match["lead"].lower() in ("at", "after", "by")
        number = int(match["number"])
        yield NamedTime(_read_unit(match["unit"]), number if is_point else 0, number, not is_point)


def _read_unit(word: str) -> str:
    unit = word.lower().rstrip(".").removesuffix("s")
    return "week" if unit == "wk" else unit


def choose_visits(times: Sequence[NamedTime], visits: Sequence[Visit]) -> frozenset[str]:
    """The ids of the visits that the times mean.

    A span means every visit within it; a time means the visits that bear its name, else those
    nearest to its day, within half a day, 3 days of a week, 15 of a month, 45 of a year.
    """
    found: set[str] = set()
    for time in times:
        low, high = time.days()
        slack = _SLACK_DAYS[time.unit]
        near = {v.id: v.offset_days for v in visits if v.offset_days is not None}
        if time.is_span:
            found |= {key for key, day in near.items() if low - slack <= int(day // 1) <= high + slack}
            continue
        bearing = {v.id for v in visits if _read_name(v.name) == (time.unit, time.first)}
        gaps = {key: abs(day // 1 - low) for key, day in near.items() if abs(day // 1 - low) <= slack}
        found |= bearing or {key for key, gap in gaps.items() if gap == min(gaps.values())}
    return frozenset(found)


def _read_name(name: str) -> tuple[str, int] | None:
    match = re.fullmatch(rf"\s*({_UNIT})\s*(-?\d{{1,4}})\s*", name, re.IGNORECASE)
    return (_read_unit(match[1]), int(match[2])) if match else None

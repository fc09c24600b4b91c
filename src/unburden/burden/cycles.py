"""Words such as "Cycle 2 and beyond", "q3w" or "every 2 cycles thereafter", read into recurrences."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from unburden.domain.cycles import Clock, Recurrence
from unburden.domain.protocol import Cell, Protocol, Visit

DAYS_PER_UNIT: Mapping[str, float] = {"day": 1, "week": 7, "month": 30.4375, "year": 365.25}

_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "twelve": 12}
_ORDINALS = {"other": 2, "second": 2, "third": 3, "fourth": 4, "sixth": 6}
_COUNT = r"(\d{1,3}|one|two|three|four|five|six|eight|twelve)"
_UNIT = r"(day|wk|week|month|mo|year)s?"
_INTERVAL = rf"(?:every|each)\s+(?:{_COUNT}\s*(?:±\s*\d+\s*)?)?[\s-]?{_UNIT}\b"
_Q_NOTATION = r"\bq\s?(\d{1,2})\s?(d|w|wk|m|mo)\b"

_CYCLE_LENGTHS = (
    ("length-stated", rf"\bcycles?\s*(?:=|is|are|of|:)\s*{_COUNT}[\s-]*{_UNIT}"),
    ("length-as-adjective", rf"\b{_COUNT}-(day|week)\s+cycles?\b"),
    ("length-in-brackets", rf"\bcycles?(?:\s*\d{{1,3}})?\s*\(\s*{_COUNT}[\s-]*{_UNIT}"),
)
_CYCLES_AND_WEEKS = re.compile(
    rf"every\s+{_COUNT}\s+cycles?\s*\(?[^()]{{0,20}}every\s+{_COUNT}\s+{_UNIT}", re.IGNORECASE
)
_OPEN_CYCLES = re.compile(
    r"\bcycles?\s*(\d{1,3})\s*(?:(?:and|&)\s*(?:beyond|subsequent|later|onwards?|all)|\+|-\s*n\b|onwards?\b)",
    re.IGNORECASE,
)
_CYCLE_RANGE = re.compile(
    r"\bcycles?\s*(\d{1,3})\s*(?:-|to|through)\s*(\d{1,3})(?:\s*/\s*(\d{1,3}))?", re.IGNORECASE
)
_EACH_CYCLE = re.compile(r"\b(?:every|each|all)\s+cycles?\b", re.IGNORECASE)
_EVERY_NTH = re.compile(
    rf"\bevery\s+(?:{_COUNT}\s+|(other|second|third|fourth|sixth)\s+)cycles?\b", re.IGNORECASE
)
_CYCLE_LIST = re.compile(r"\bcycles?\s*(\d{1,3}(?:\s*(?:,|and|&|or)\s*\d{1,3})*)\b", re.IGNORECASE)
_THEREAFTER = re.compile(
    rf"\bevery\s+(?:{_COUNT}\s+|(other|second|third|fourth|sixth)\s+)cycles?\s+(?:thereafter|after)",
    re.IGNORECASE,
)
_WEEK_LIST = re.compile(r"\bweeks?\s*(\d{1,3}(?:\s*(?:,|and|&)\s*\d{1,3})*)", re.IGNORECASE)
_ONE_CYCLE = re.compile(r"\bcycle\s*(\d{1,3})\b", re.IGNORECASE)
_CYCLE_COUNT = re.compile(r"(?<!every )(?<!each )\b(\d{1,3})\s+cycles\b", re.IGNORECASE)
_DAY = re.compile(r"\b(?:day|d)\s*(\d{1,3})\b(?!\s*(?:-|to)\s*\d)", re.IGNORECASE)
_DAY_SPAN = re.compile(r"\b(?:day|d)\s*(\d{1,3})\s*-\s*(\d{1,3})\b", re.IGNORECASE)
_FIRST_PART = re.compile(
    rf"{_INTERVAL}[^.]{{0,60}}?\b(?:first|up to)\s+(\d{{1,3}})\s+{_UNIT}"
    rf"[^.]{{0,20}}?\bthen\s+(?:approximately\s+)?{_INTERVAL}",
    re.IGNORECASE,
)
_FOLLOW_UP = re.compile(
    r"\bfollow[- ]?up\b|\bpost[- ]?(?:treatment|study)\b|\bafter (?:the )?(?:last|end)", re.IGNORECASE
)
_MAINTENANCE = re.compile(r"\bmaintenance\b|\bextension\b|\bcontinuation\b", re.IGNORECASE)
_IMAGING = re.compile(
    r"\btumou?r|\bimaging|\bscan|\bCT\b|\bMRI\b|\bPET\b|\bRECIST\b|\bprogression\b", re.IGNORECASE
)

_SHORTEST_MARK = 6
"""A shorter mark, such as "X" or "(X)", says nothing of when."""


@dataclass(frozen=True)
class CycleReader:
    """Reads the recurrences of one protocol.

    `cycle_days` is the length of a cycle where the study declares it; else the one that the words
    state, of the visit itself or, where they agree, of the whole protocol. `declared` holds
    recurrences that the study declares by visit id; they win.
    """

    protocol: Protocol
    cycle_days: float | None = None
    declared: Mapping[str, Recurrence] = field(default_factory=dict)
    common_days: float | None = field(init=False)
    last_bounded_day: float | None = field(init=False)

    def __post_init__(self) -> None:
        lengths = {length for visit in self.protocol.visits if (length := find_cycle_days(visit.name))}
        if not lengths:
            texts = (condition.text for condition in self.protocol.conditions)
            lengths = {length for text in texts if (length := find_cycle_days(text))}
        common = self.cycle_days or (lengths.pop() if len(lengths) == 1 else None)
        object.__setattr__(self, "common_days", common)
        object.__setattr__(self, "last_bounded_day", None)
        ends = [self._find_bounded_end(visit) for visit in self.protocol.main_visits]
        object.__setattr__(
            self, "last_bounded_day", max((end for end in ends if end is not None), default=None)
        )

    def read_visit(self, visit: Visit) -> Recurrence | None:
        """When the column happens; None where its words tell no more than its own day."""
        if visit.id in self.declared:
            return self.declared[visit.id]
        if visit.offset_days is not None and not visit.repeat:
            return None
        words = plain(visit.name if visit.repeat in visit.name else f"{visit.name} / {visit.repeat}")
        return self._read_cycles(words, visit) or self._read_interval(words, visit)

    def read_cell(self, cell: Cell, visit: Visit, recurrence: Recurrence | None) -> Recurrence | None:
        """When the cell happens, where its own mark says so within a column that recurs; else None.

        A mark in calendar weeks stays with the calendar though the column goes by cycles; that of
        imaging ("every 9 weeks from start of treatment") also in a column that is one day of a cycle.
        """
        if visit.id in self.declared or len(cell.mark) < _SHORTEST_MARK:
            return None
        mark = plain(cell.mark)
        title = self.protocol.activity_by_id[cell.activity_id].title
        if recurrence is None or recurrence.every_days is None:
            return self._read_imaging(mark, title, visit)
        return self._read_weeks(mark, title, recurrence) or self._read_listed_cycles(mark, recurrence, visit)

    def _length_for(self, words: str) -> float | None:
        return self.cycle_days or find_cycle_days(words) or self.common_days

    def _read_cycles(self, words: str, visit: Visit) -> Recurrence | None:
        """Cycles by number: from one on, from one to another, or a single one."""
        if _FOLLOW_UP.search(words) and not _ONE_CYCLE.search(words):
            return None
        length, day = self._length_for(words), _find_day_in_cycle(words)
        if length is None or day is None:
            return None
        found = _OPEN_CYCLES.search(words)
        if found:
            first = (int(found[1]) - 1) * length + day
            return Recurrence(
                (first,), length, "cycle", "treatment", "open-cycles", found[0], cycle_days=length
            )
        if found := _CYCLE_RANGE.search(words):
            first, last = ((int(n) - 1) * length + day for n in (found[1], found[3] or found[2]))
            if last > first:
                return Recurrence(
                    (first,), length, "cycle", "treatment", "range-of-cycles", found[0],
                    last_day=last, cycle_days=length,
                )  # fmt: skip
        if found := _ONE_CYCLE.search(words):
            at = (int(found[1]) - 1) * length + day
            return Recurrence((at,), None, "cycle", "treatment", "one-cycle", found[0], cycle_days=length)
        return None

    def _read_interval(self, words: str, visit: Visit) -> Recurrence | None:
        """Every so many cycles, weeks or months; the first so long after the phase's start."""
        every = self._find_interval(words)
        if every is None:
            return None
        days, clock, rule, matched = every
        if visit.offset_days is not None:
            return self._go_on_from(visit.offset_days, days, words)
        if _FOLLOW_UP.search(words):
            return Recurrence(
                (days,), days, "calendar", "alive", f"{rule}-of-follow-up", matched, "treatment"
            )
        start = 0.0
        if _MAINTENANCE.search(words):
            if self.last_bounded_day is None:
                return None
            start = self.last_bounded_day
        length = self._length_for(words) if clock == "cycle" else None
        return Recurrence((start + days,), days, clock, "treatment", rule, matched, cycle_days=length)

    def _go_on_from(self, first: float, days: float, words: str) -> Recurrence:
        """A column on a day of its own that is gone through again, such as a loop of a USDM timeline."""
        count = _CYCLE_COUNT.search(words)
        last = first + (int(count[1]) - 1) * days if count else None
        return Recurrence(
            (first,), days, "cycle", "treatment", "loop", words[-60:], last_day=last, cycle_days=days
        )

    def _find_interval(self, words: str) -> tuple[float, Clock, str, str] | None:
        if found := _EVERY_NTH.search(words):
            length = self._length_for(words)
            count = _ORDINALS[found[2].lower()] if found[2] else _count(found[1])
            return (count * length, "cycle", "every-nth-cycle", found[0]) if length else None
        if found := _EACH_CYCLE.search(words):
            length = self._length_for(words)
            return (length, "cycle", "each-cycle", found[0]) if length else None
        for found in re.finditer(_INTERVAL, words, re.IGNORECASE):
            return _to_days(found[1], found[2]), "calendar", "interval", found[0]
        if found := re.search(_Q_NOTATION, words, re.IGNORECASE):
            return _to_days(found[1], found[2]), "calendar", "q-notation", found[0]
        return None

    def _read_weeks(self, mark: str, title: str, column: Recurrence) -> Recurrence | None:
        """A cell in calendar weeks: "Weeks 9, 18, 27, and then every 12 weeks"."""
        state = "progression" if _IMAGING.search(f"{title} {mark}") else column.state
        if column.after is not None:
            return None
        if found := _FIRST_PART.search(mark):
            often, until = _to_days(found[1], found[2]), _to_days(found[3], found[4])
            later = _to_days(found[5], found[6])
            lead = tuple(often * (i + 1) for i in range(max(1, int(until // often))))
            return Recurrence(lead, later, "calendar", state, "interval-that-widens", found[0])
        every = re.search(_INTERVAL, mark, re.IGNORECASE) or re.search(_Q_NOTATION, mark, re.IGNORECASE)
        if every is None or _EVERY_NTH.search(mark):
            return None
        days = _to_days(every[1], every[2])
        listed = _WEEK_LIST.search(mark)
        lead = (days,)
        if listed and listed.start() < every.start():
            lead = tuple(sorted({7.0 * int(n) for n in re.findall(r"\d+", listed[1])}))
        return Recurrence(lead, days, "calendar", state, "cell-in-weeks", every[0])

    def _read_imaging(self, mark: str, title: str, visit: Visit) -> Recurrence | None:
        """Imaging in calendar weeks at one day of a numbered cycle; None where an X says "this day too"."""
        if not _ONE_CYCLE.search(plain(visit.name)) or re.match(r"\(?x\b", mark, re.IGNORECASE):
            return None
        day = Recurrence((visit.offset_days or 0.0,), None, "cycle", "treatment", "one-cycle")
        found = self._read_weeks(mark, title, day)
        return found if found is not None and found.state == "progression" else None

    def _read_listed_cycles(self, mark: str, column: Recurrence, visit: Visit) -> Recurrence | None:
        """A cell at some cycles: "Cycles 1, 4, 7 and every 3 cycles thereafter", "every third cycle"."""
        length = column.cycle_days
        if column.clock != "cycle" or length is None:
            return None
        listed, later = _CYCLE_LIST.search(mark), _THEREAFTER.search(mark)
        first = column.lead_days[0]
        day = first % length
        if listed:
            days = sorted({(int(n) - 1) * length + day for n in re.findall(r"\d+", listed[1])})
            kept = tuple(d for d in days if d >= first) or tuple(days)
            every = None
            if later:
                count = _ORDINALS[later[2].lower()] if later[2] else _count(later[1])
                every = count * length
            return Recurrence(
                kept, every, "cycle", column.state, "cell-at-cycles", mark[:60],
                last_day=column.last_day, cycle_days=length,
            )  # fmt: skip
        if nth := _EVERY_NTH.search(mark):
            count = _ORDINALS[nth[2].lower()] if nth[2] else _count(nth[1])
            start = first + (count - 1) * length
            return Recurrence(
                (start,), count * length, "cycle", column.state, "cell-every-nth-cycle", nth[0],
                last_day=column.last_day, cycle_days=length,
            )  # fmt: skip
        return None

    def _find_bounded_end(self, visit: Visit) -> float | None:
        """When the last of a bounded number of cycles ends."""
        words = plain(visit.name)
        found, length = _CYCLE_RANGE.search(words), self._length_for(words)
        return int(found[3] or found[2]) * length if found and length else None


def find_cycle_days(text: str) -> float | None:
    """The length of a cycle that a text states, in days; the first one where it states several.

    >>> find_cycle_days("Cycle = 21 days"), find_cycle_days("every 2 cycles (every 4 weeks)")
    (21.0, 14.0)
    >>> find_cycle_days("each two-week cycle"), find_cycle_days("Cycle 2 / D1")
    (14.0, None)
    """
    words = plain(text)
    if found := _CYCLES_AND_WEEKS.search(words):
        return _to_days(found[2], found[3]) / _count(found[1])
    for _, pattern in _CYCLE_LENGTHS:
        if found := re.search(pattern, words, re.IGNORECASE):
            return _to_days(found[1], found[2])
    return None


def plain(text: str) -> str:
    """The text with single spaces and plain dashes."""
    return " ".join(re.sub("[\u2010-\u2015\u2212]", "-", text).split())


def _find_day_in_cycle(words: str) -> float | None:
    """Days from the cycle's start: the first of a span; None where no day is told."""
    if found := _DAY_SPAN.search(words) or _DAY.search(words):
        return float(int(found[1]) - 1)
    return None


def _count(word: str) -> int:
    return _NUMBERS.get(word.lower()) or int(word)


def _to_days(count: str | None, unit: str) -> float:
    """So many days, weeks, months or years in days; one where no number is told."""
    short = {"d": "day", "w": "week", "wk": "week", "m": "month", "mo": "month"}
    number = 1 if count is None else _count(count)
    return float(max(1, number) * DAYS_PER_UNIT[short.get(unit.lower(), unit.lower())])

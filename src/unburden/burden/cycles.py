"""Words such as "Cycle 2 and beyond", "q3w" or "every 2 cycles thereafter", read into recurrences."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from unburden.burden.cycle_words import (
    AT_MOST,
    COUNT,
    NTH,
    UNIT,
    Rhythm,
    count_of,
    find_cycle_days,
    find_days,
    find_end_state,
    find_last_day,
    find_rhythm,
    is_short_notation,
    plain,
)
from unburden.domain.burden import PatientState
from unburden.domain.cycles import Clock, Recurrence
from unburden.domain.errors import InvalidEvidence
from unburden.domain.protocol import Cell, Protocol, Visit

_NUMBER = r"(\d{1,3})(?!\d)"
_LIST = r"(\d{1,3}(?:\s*(?:, and|,|and|&|or)\s*(?:cycles?\s*)?\d{1,3})*)(?!\d)"
_OPEN_CYCLES = re.compile(
    rf"\bcycles?\s*{_NUMBER}\s*(?:(?:and|&)\s*(?:beyond|subsequent|later|onwards?|all|thereafter|up\b)|\+"
    r"|-\s*(?:n|EOT)\b|to\s+(?:n|EOT|end of (?:study )?treatment|(?:disease )?progression)\b"
    r"|(?:,\s*)?onwards?\b)"
    rf"|\bcycles?\s*(?:≥|>=)\s*{_NUMBER}|(?:≥|>=)\s*cycles?\s*{_NUMBER}"
    r"|\b(?:from|starting (?:at|with|from|in)|beginning (?:at|with|in))\s+"
    rf"cycle\s*{_NUMBER}(?!\s*(?:-|to\b|through\b))",
    re.IGNORECASE,
)
_CYCLE_RANGE = re.compile(
    rf"\bcycles?\s*{_NUMBER}\s*(?:-|to\b|through\b)\s*(?:cycle\s*)?{_NUMBER}(?:/(\d{{1,3}})(?!\d))?"
    r"(?!\s*(?:and|&)\s*(?:beyond|subsequent|onwards?)|\s*\+)",
    re.IGNORECASE,
)
_EACH_CYCLE = re.compile(
    rf"\b(?:every|each|all)\s+(?:{COUNT}[\s-]{UNIT}\s+|q\d{{1,2}}\w+\s+)?cycles?\b", re.IGNORECASE
)
_EVERY_NTH = re.compile(rf"\bevery\s+{NTH}cycles?\b", re.IGNORECASE)
_BY_CYCLE = re.compile(rf"{_EACH_CYCLE.pattern}|{_EVERY_NTH.pattern}", re.IGNORECASE)
_CYCLE_LIST = re.compile(
    rf"\bcycles?\s*{_LIST}(?!\s*(?:-|to\b|through\b)\s*(?:cycle\s*)?[\dn])", re.IGNORECASE
)
_THEREAFTER = re.compile(rf"\bevery\s+{NTH}cycles?\s+(?:thereafter|after)", re.IGNORECASE)
_ONE_CYCLE = re.compile(
    rf"\bcycle\s*{_NUMBER}(?!\s*(?:-|to\b|through\b|and\b|&|or\b|\+)|[,/]\s?\d)", re.IGNORECASE
)
_ANY_CYCLE = re.compile(r"\bcycles?\s*\d+", re.IGNORECASE)
_UP_TO_CYCLE = re.compile(rf"\b(?:until|through|up to|till)\s+cycle\s*{_NUMBER}", re.IGNORECASE)
_CYCLE_COUNT = re.compile(r"(?<!every )(?<!each )\b(\d{1,3})\s+cycles\b", re.IGNORECASE)
_FOR_CYCLES = re.compile(rf"(?:{AT_MOST}|×\s*){COUNT}\s+cycles\b", re.IGNORECASE)
_UNLIKE = re.compile(
    r"\b(?:not|no|except|exclud\w+|other than|before|after|prior to|unless|without|omit\w*|skip\w*)\b"
    r"[^.;]{0,40}\bcycle",
    re.IGNORECASE,
)
_FOLLOW_UP = re.compile(
    r"\bfollow[- ]?up\b|\bpost[- ]?(?:treatment|study)\b|\bafter (?:the )?(?:last|end)", re.IGNORECASE
)
_UP_TO_AFTER = re.compile(
    r"\b(?:until|up to|through)\b[^.;/]{0,30}\bafter (?:the )?(?:last|end)\b", re.IGNORECASE
)
_MAINTENANCE = re.compile(r"\bmaintenance\b|\bextension\b|\bcontinuation\b", re.IGNORECASE)
_IMAGING = re.compile(
    r"\btumou?r|\bimaging|\bscan|\bCT\b|\bMRI\b|\bPET\b|\bRECIST\b|\bprogression\b", re.IGNORECASE
)

_SHORTEST_MARK = 6
"""A shorter mark, such as "X" or "(X)", says nothing of when, but for notation such as "Q12W"."""

_SHORTEST_INTERVAL = 7.0
"""A cell that recurs more often, such as a daily dose, is no visit of its own: it stays with its column."""


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
        return self._read_cycles(words) or self._read_interval(words, visit)

    def read_cell(self, cell: Cell, visit: Visit, recurrence: Recurrence | None) -> Recurrence | None:
        """When the cell happens, where its own mark says so within a column that recurs; else None.

        A mark in calendar weeks stays with the calendar though the column goes by cycles; that of
        imaging ("every 9 weeks from start of treatment") also in a column that is one day of a cycle.
        """
        is_short = len(cell.mark) < _SHORTEST_MARK and not is_short_notation(cell.mark)
        if visit.id in self.declared or is_short:
            return None
        mark = plain(cell.mark)
        title = self.protocol.activity_by_id[cell.activity_id].title
        if recurrence is None or recurrence.every_days is None:
            return self._read_imaging(mark, title, visit)
        return self._read_weeks(mark, title, recurrence) or self._read_listed_cycles(mark, recurrence)

    def _length_for(self, words: str) -> float | None:
        return self.cycle_days or find_cycle_days(words) or self.common_days

    def _read_cycles(self, words: str) -> Recurrence | None:
        """Cycles by number: from one on, from one to another, several or a single one."""
        length, days = self._length_for(words), find_days(words)
        is_follow_up = _is_follow_up(words) and not _ONE_CYCLE.search(words)
        if is_follow_up or length is None or days is None:
            return None
        lead, last = (), None
        every: float | None = length
        rule, matched = "open-cycles", ""
        if found := _OPEN_CYCLES.search(words):
            lead, matched = _lay_days([_find_group(found)], days, length), found[0]
        elif found := _CYCLE_RANGE.search(words):
            first, end = (_lay_days([n], days, length) for n in (found[1], found[3] or found[2]))
            lead, last = first if end > first else (), end[-1]
            rule, matched = "range-of-cycles", found[0]
        elif (found := _CYCLE_LIST.search(words)) and len(re.findall(r"\d+", found[1])) > 1:
            every = self._find_later(words, length)
            is_plain = (every is not None and len(days) == 1) or not _EVERY_NTH.search(words)
            lead = _lay_days(re.findall(r"\d+", found[1]), days, length) if is_plain else ()
            rule, matched = "list-of-cycles", found[0]
        elif len(_ANY_CYCLE.findall(words)) == 1 and (found := _ONE_CYCLE.search(words)):
            lead, every, rule, matched = _lay_days([found[1]], days, length), None, "one-cycle", found[0]
        is_whole = rule in ("open-cycles", "range-of-cycles")
        return _recur(
            lead, every, "cycle", "treatment", rule, matched,
            last_day=last, cycle_days=length, recurs_whole=is_whole and len(lead) > 1,
        )  # fmt: skip

    def _read_interval(self, words: str, visit: Visit) -> Recurrence | None:
        """Every so many cycles, weeks or months; the first so long after the phase's start."""
        by_cycle = self._find_cycle_interval(words)
        rhythm = by_cycle or (None if _BY_CYCLE.search(words) else find_rhythm(words))
        if rhythm is None:
            return None
        if visit.offset_days is not None:
            return self._go_on_from(visit.offset_days, rhythm.days, words)
        start: float | None = 0.0
        if _is_follow_up(words):
            return self._read_calendar(words, rhythm, 0.0, is_follow_up=True)
        if _MAINTENANCE.search(words):
            start = self.last_bounded_day
        if start is None:
            return None
        if by_cycle:
            return self._read_cycle_interval(words, visit, by_cycle, start)
        return self._read_calendar(words, rhythm, start, is_follow_up=False)

    def _read_calendar(
        self, words: str, rhythm: Rhythm, start: float, *, is_follow_up: bool
    ) -> Recurrence | None:
        """Weeks or months from the phase's start, or from the end of treatment in follow-up."""
        last = None if rhythm.rule == "interval-that-widens" else find_last_day(words)
        lead = tuple(start + day for day in rhythm.lead)
        state: PatientState = "alive" if is_follow_up else find_end_state(words, "treatment")
        return _recur(
            lead, rhythm.days, "calendar", state,
            f"{rhythm.rule}-of-follow-up" if is_follow_up else rhythm.rule, rhythm.matched,
            "treatment" if is_follow_up else None, last_day=None if last is None else start + last,
        )  # fmt: skip

    def _read_cycle_interval(
        self, words: str, visit: Visit, rhythm: Rhythm, start: float
    ) -> Recurrence | None:
        """Every cycle or every n-th; by the day of each, from the first that has no columns of its own."""
        length, lead, on = self._length_for(words), (start + rhythm.days,), find_days(words)
        if length is None:
            return None
        if rhythm.rule == "each-cycle" and on:
            begin = start + length if start == 0 and self._has_first_cycle(visit, length) else start
            lead = tuple(begin + day for day in on)
        last = None
        if count := _FOR_CYCLES.search(words):
            last = start + count_of(count[1]) * length - (1 if rhythm.rule == "each-cycle" else 0)
        return _recur(
            lead, rhythm.days, "cycle", "treatment", rhythm.rule, rhythm.matched,
            last_day=last, cycle_days=length, recurs_whole=len(lead) > 1,
        )  # fmt: skip

    def _has_first_cycle(self, visit: Visit, length: float) -> bool:
        """Whether other columns of the same patients lie in the first cycle."""
        for other in self.protocol.main_visits:
            is_of_them = not other.arm_ids or not visit.arm_ids or set(other.arm_ids) & set(visit.arm_ids)
            if other.id == visit.id or not is_of_them:
                continue
            day, named = other.offset_days, _ANY_CYCLE.search(plain(other.name))
            if (day is not None and 0 <= day < length) or (named and re.search(r"\D0*1$", named[0])):
                return True
        return False

    def _go_on_from(self, first: float, days: float, words: str) -> Recurrence | None:
        """A column on a day of its own that is gone through again, such as a loop of a USDM timeline."""
        count = _CYCLE_COUNT.search(words)
        last = first + (int(count[1]) - 1) * days if count else None
        return _recur(
            (first,), days, "cycle", "treatment", "loop", words[-60:], last_day=last, cycle_days=days
        )

    def _find_cycle_interval(self, words: str) -> Rhythm | None:
        length = self._length_for(words)
        if length and (found := _EVERY_NTH.search(words)):
            days = count_of(found[2] or found[1]) * length
            return Rhythm((days,), days, "every-nth-cycle", found[0])
        if length and (found := _EACH_CYCLE.search(words)):
            return Rhythm((length,), length, "each-cycle", found[0])
        return None

    def _find_later(self, words: str, length: float) -> float | None:
        """Days between occurrences after those that are listed, None where nothing comes later."""
        later = _THEREAFTER.search(words)
        return count_of(later[2] or later[1]) * length or None if later else None

    def _read_weeks(self, mark: str, title: str, column: Recurrence) -> Recurrence | None:
        """A cell in calendar weeks: "Weeks 9, 18, 27, and then every 12 weeks"."""
        if column.after is not None or _BY_CYCLE.search(mark):
            return None
        rhythm = find_rhythm(mark)
        if rhythm is None or min(rhythm.days, rhythm.lead[0]) < _SHORTEST_INTERVAL:
            return None
        state = "progression" if _IMAGING.search(f"{title} {mark}") else column.state
        rule, last = "cell-in-weeks", find_last_day(mark)
        if rhythm.rule == "interval-that-widens":
            rule, last = rhythm.rule, None
        return _recur(
            rhythm.lead,
            rhythm.days,
            "calendar",
            state,
            rule,
            rhythm.matched,
            last_day=last,
        )

    def _read_imaging(self, mark: str, title: str, visit: Visit) -> Recurrence | None:
        """Imaging in calendar weeks at one day of a numbered cycle; None where an X says "this day too"."""
        if not _ONE_CYCLE.search(plain(visit.name)) or re.match(r"\(?x\b", mark, re.IGNORECASE):
            return None
        day = Recurrence((visit.offset_days or 0.0,), None, "cycle", "treatment", "one-cycle")
        found = self._read_weeks(mark, title, day)
        return found if found is not None and found.state == "progression" else None

    def _read_listed_cycles(self, mark: str, column: Recurrence) -> Recurrence | None:
        """A cell at some cycles: "Cycles 1, 4, 7 and every 3 cycles thereafter", "every third cycle"."""
        length = column.cycle_days
        if column.clock != "cycle" or length is None or _UNLIKE.search(mark):
            return None
        on = sorted({day % length for day in column.lead_days})
        lead, every, last, rule = column.lead_days, column.every_days, column.last_day, ""
        if found := _UP_TO_CYCLE.search(mark):
            rule, last = "cell-up-to-cycle", _find_earlier(_lay_days([found[1]], on, length)[-1], last)
        elif found := _OPEN_CYCLES.search(mark):
            rule, lead = "cell-from-cycle-on", max(lead, _lay_days([_find_group(found)], on, length))
        elif found := _CYCLE_RANGE.search(mark):
            first, end = (_lay_days([n], on, length) for n in (found[1], found[3] or found[2]))
            rule, lead, last = "cell-at-range", max(lead, first), _find_earlier(end[-1], last)
        elif found := _CYCLE_LIST.search(mark):
            days = _lay_days(re.findall(r"\d+", found[1]), on, length)
            rule, lead = "cell-at-cycles", tuple(day for day in days if day >= lead[0]) or days
            every = self._find_later(mark, length)
        elif found := _EVERY_NTH.search(mark):
            count = count_of(found[2] or found[1])
            rule, lead = "cell-every-nth-cycle", tuple(day + (count - 1) * length for day in lead)
            every = count * length
        is_whole = rule != "cell-at-cycles" and len(lead) > 1
        return _recur(
            lead if rule else (), every, "cycle", column.state, rule, mark[:60],
            last_day=last, cycle_days=length, recurs_whole=is_whole,
        )  # fmt: skip

    def _find_bounded_end(self, visit: Visit) -> float | None:
        """When the last of a bounded number of cycles ends."""
        words = plain(visit.name)
        found, length = _CYCLE_RANGE.search(words), self._length_for(words)
        return int(found[3] or found[2]) * length if found and length else None


def _lay_days(numbers: Iterable[str], days: Iterable[float], length: float) -> tuple[float, ...]:
    """The days of each of the cycles, from the reference."""
    each = tuple(days)
    return tuple(sorted({(int(number) - 1) * length + day for number in numbers for day in each}))


def _is_follow_up(words: str) -> bool:
    """Whether the words tell of the time after treatment, and not only how long something goes on."""
    return bool(_FOLLOW_UP.search(_UP_TO_AFTER.sub("", words)))


def _find_group(found: re.Match[str]) -> str:
    return next(group for group in found.groups() if group)


def _find_earlier(day: float, other: float | None) -> float:
    return day if other is None else min(day, other)


def _recur(
    lead_days: tuple[float, ...], every_days: float | None, clock: Clock, *words: Any, **known: Any
) -> Recurrence | None:
    """The recurrence; None where there is no day or no such one can be."""
    try:
        return Recurrence(lead_days, every_days, clock, *words, **known) if lead_days else None
    except InvalidEvidence:
        return None

"""Clinical notation of time, word by word: "q3w", "C2D1", "every other week", "for up to 6 cycles"."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from unburden.domain.burden import PatientState
from unburden.domain.protocol import MOST_DAYS

DAYS_PER_UNIT: Mapping[str, float] = {"day": 1, "week": 7, "month": 30.4375, "year": 365.25}

MOST_LEADS = 1_000
"""No interval widens after more occurrences."""

LONGEST_WORDS = 1_000
"""What stands later in a heading or a mark is not read."""

_SHORT_UNITS = {"d": "day", "w": "week", "wk": "week", "m": "month", "mo": "month", "y": "year", "yr": "year"}
_NAMES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBERS = {name: number for number, name in enumerate(_NAMES, start=1)}
_ORDINALS = {
    "other": 2, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "sixth": 6, "6th": 6,
}  # fmt: skip
_ADVERBS = {
    "weekly": (1, "week"), "fortnightly": (2, "week"), "monthly": (1, "month"), "quarterly": (3, "month"),
    "half-yearly": (6, "month"), "semi-annually": (6, "month"), "semiannually": (6, "month"),
    "yearly": (1, "year"), "annually": (1, "year"),
}  # fmt: skip

COUNT = rf"(\d{{1,3}}|{'|'.join(_NAMES)})"
UNIT = r"(day|wk|week|month|mo|year|yr)s?"
NTH = rf"(?:{COUNT}\s+|({'|'.join(_ORDINALS)})\s+)"
AT_MOST = r"\b(?:for|up to)\s+(?:the\s+)?(?:first\s+|a\s+(?:maximum|total)\s+of\s+|(?:up to|at most)\s+)?"
_Q_UNIT = r"(d|days?|w|wks?|weeks?|m|mo|months?|y|yrs?|years?)"
_NOT_SO_OFTEN = r"(?<!twice )(?<!times )(?<!thrice )(?<![a-z]-)(?<![0-9]-)"

_INTERVALS = (
    ("interval", rf"\b(?:every|each)\s+(?:{COUNT}\s*(?:±\s*\d+\s*)?)?[\s-]?{UNIT}\b"),
    ("interval", rf"\b(?:every|each)\s+({'|'.join(_ORDINALS)})\s+{UNIT}\b"),
    ("q-notation", rf"\bq\s?(\d{{1,2}})\s?-?{_Q_UNIT}\b"),
    ("q-notation", r"\bq()(w|week|month|year)\b"),
    ("adverb", rf"\b{COUNT}-(week|month|year)ly\b"),
    ("adverb", rf"{_NOT_SO_OFTEN}\b({'|'.join(_ADVERBS)})()\b(?!\s+(?:dos|admin|infus|inject))"),
)
_CYCLE_LENGTHS = (
    rf"\bcycles?(?:\s+(?:length|duration|lasts))?\s*(?:=|\bis\b|\bare\b|\bof\b|:|\blasts\b)\s*{COUNT}[\s-]*{UNIT}\b",
    rf"\b{COUNT}[\s-](day|week)s?\s+cycles?\b",
    rf"\bcycles?(?:\s*\d{{1,3}}(?:\s*(?:\+|and beyond|onwards?))?)?\s*\(\s*{COUNT}[\s-]*{UNIT}\b",
    rf"\bcycles?\s*\(?\s*q\s?(\d{{1,2}})\s?{_Q_UNIT}\b",
    rf"\bq\s?(\d{{1,2}})\s?{_Q_UNIT}\s+cycles?\b",
)
_CYCLES_AND_WEEKS = re.compile(
    rf"every\s+{COUNT}\s+cycles?\s*\(?[^()]{{0,20}}every\s+{COUNT}\s+{UNIT}\b", re.IGNORECASE
)
_C_NOTATION = re.compile(r"\bC(\d{1,3})(?:\s?(\+|-\s?C?(?:\d{1,3}|n)))?\s?[-/]?\s?D(\d{1,3})\b")
_D_NOTATION = re.compile(r"\bD(\d{1,3})\s?[-/]?\s?C(\d{1,3})\b")
_BETWEEN = r"(?:\s?\(?±\s?\d+(?: ?days?| ?d)?\)?)?(?:\s?,\s?(?:and\s)?|\s(?:and|&)\s|/|\+)"
_DAY_LIST = re.compile(
    rf"\b(?:days?|d)\s?(\d{{1,3}}(?:{_BETWEEN}(?:days?\s?|d)?\d{{1,3}})+)"
    r"(?!\d|\s?-?\s?(?:h|min|wk|week|mo|day|cycle|year|mg|%))",
    re.IGNORECASE,
)
_DAY_SPAN = re.compile(r"\b(?:days?|d)\s*(\d{1,3})\s*(?:-|to)\s*(\d{1,3})\b", re.IGNORECASE)
_DAY = re.compile(r"\b(?:day|d)\s*(\d{1,3})\b(?!\s*(?:-|to)\s*\d)", re.IGNORECASE)
_FIRST_PART = re.compile(
    r"\b(?:for|first|up to|until|through)\s+(?:the\s+)?(?:first\s+)?"
    rf"(?:{COUNT}\s+{UNIT}|(week|month|year)\s+(\d{{1,3}}))\b",
    re.IGNORECASE,
)
_THEN = re.compile(r"\b(?:then|thereafter|afterwards?|followed by|subsequently)\b", re.IGNORECASE)
_TIME_LIST = re.compile(
    r"\b(week|month|year)s?\s*(\d{1,3}(?:\s*(?:,|and|&|, and)\s*\d{1,3})*)(?!\d)", re.IGNORECASE
)
_UNTIL_TIME = re.compile(
    r"\b(?:until|till|through|up to|to)\s+(?:and including\s+)?(?:the end of\s+)?"
    r"(week|month|year)\s+(\d{1,3})\b",
    re.IGNORECASE,
)
_FOR_TIME = re.compile(
    rf"{AT_MOST}{COUNT}[\s-]?{UNIT}\b"
    r"(?!\s+(?:after|post|from|before|prior|following|of\b))",
    re.IGNORECASE,
)
_UNTIL_STATE: tuple[tuple[PatientState, re.Pattern[str]], ...] = (
    ("alive", re.compile(r"\b(?:until|till)\s+(?:\w+\s+){0,3}?death\b", re.IGNORECASE)),
    (
        "progression",
        re.compile(
            r"\b(?:until|till)\s+(?:\w+\s+){0,3}?(?:progression|PD|relapse|recurrence)\b", re.IGNORECASE
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """So many days, "Weeks 9, 18 and then every 12 weeks": first the `lead`, then every `days`."""

    lead: tuple[float, ...]
    days: float
    rule: str
    matched: str


def plain(text: str) -> str:
    """The text with single spaces, plain dashes and its cycles in words.

    >>> plain("C2D1  visit"), plain("C3–C6 D8"), plain("C2+D1")
    ('Cycle 2 Day 1 visit', 'Cycle 3-6 Day 8', 'Cycle 2+ Day 1')
    """
    words = " ".join(re.sub("[\u2010-\u2015\u2212]", "-", text[:LONGEST_WORDS]).split())
    words = _D_NOTATION.sub(r"Cycle \2 Day \1", words)
    return _C_NOTATION.sub(
        lambda m: f"Cycle {m[1]}{(m[2] or '').replace('C', '').replace(' ', '')} Day {m[3]}", words
    )


def find_cycle_days(text: str) -> float | None:
    """The length of a cycle that a text states, in days; None where it states none or several.

    >>> find_cycle_days("Cycle = 21 days"), find_cycle_days("every 2 cycles (every 4 weeks)")
    (21.0, 14.0)
    >>> find_cycle_days("each two-week cycle"), find_cycle_days("Cycle 2 / D1")
    (14.0, None)
    >>> find_cycle_days("Cycle = 0 days"), find_cycle_days("28-day cycles, then 21-day cycles")
    (None, None)
    """
    words = plain(text)
    found = _CYCLES_AND_WEEKS.search(words)
    if found and count_of(found[1]):
        length = to_days(found[2], found[3]) / count_of(found[1])
        return length if 1 <= length <= MOST_DAYS else None
    matches = (match for pattern in _CYCLE_LENGTHS for match in re.finditer(pattern, words, re.IGNORECASE))
    lengths = {to_days(match[1], match[2]) for match in matches}
    length = lengths.pop() if len(lengths) == 1 else 0.0
    return length if 1 <= length <= MOST_DAYS else None


def find_days(words: str) -> tuple[float, ...] | None:
    """Days from the cycle's start: several where they are listed, the first of a span; None where none is.

    >>> find_days("Day 1"), find_days("D1, 8 and 15"), find_days("Day 3-5"), find_days("Day 1, 2 hours")
    ((0.0,), (0.0, 7.0, 14.0), (2.0,), (0.0,))
    """
    if found := _DAY_LIST.search(words):
        numbers = re.findall(r"\d+", re.sub(r"±\s?\d+", "", found[1]))
        return tuple(sorted({float(int(n) - 1) for n in numbers}))
    if found := _DAY_SPAN.search(words) or _DAY.search(words):
        return (float(int(found[1]) - 1),)
    return None


def find_rhythm(words: str) -> Rhythm | None:
    """The interval that the words tell, with what goes before it; None where it is not plain.

    >>> find_rhythm("Weeks 9, 18, 27, and then every 12 weeks").lead
    (63.0, 126.0, 189.0)
    >>> find_rhythm("q3w").days, find_rhythm("every other week").days, find_rhythm("monthly").days
    (21.0, 14.0, 30.4375)
    >>> find_rhythm("every 0 weeks"), find_rhythm("twice weekly"), find_rhythm("every 2 weeks, then every 4")
    (None, None, None)
    """
    found = list(_find_intervals(words))
    if not found or any(days < 1 for days, _, _ in found):
        return None
    days, rule, match = found[0]
    rest = words[match.end() :]
    then = _THEN.search(rest)
    first_part = _FIRST_PART.search(rest[: then.start()]) if then else None
    if then and first_part and len(found) > 1:
        part = (first_part[1], first_part[2]) if first_part[2] else (first_part[4], first_part[3])
        later, until = found[1][0], to_days(*part)
        number = max(1, int(until // days))
        if number > MOST_LEADS:
            return None
        lead = tuple(days * (i + 1) for i in range(number))
        return Rhythm(lead, later, "interval-that-widens", words[match.start() : found[1][2].end()])
    if then and (len(found) > 1 or re.search(r"\d", rest[then.start() :])):
        return None
    listed = _TIME_LIST.search(words)
    if listed and listed.end() <= match.start():
        times = {to_days(n, listed[1]) for n in re.findall(r"\d+", listed[2])}
        return Rhythm(tuple(sorted(times)), days, rule, words[listed.start() : match.end()])
    return Rhythm((days,), days, rule, match[0])


def find_last_day(words: str) -> float | None:
    """How long something goes on, in days from the start of its phase, where the words say so.

    >>> find_last_day("every 3 weeks for up to 2 years"), find_last_day("q4w until Week 52")
    (730.5, 364.0)
    >>> find_last_day("every 3 weeks up to 30 days after the last dose")
    """
    if found := _UNTIL_TIME.search(words):
        return to_days(found[2], found[1])
    if found := _FOR_TIME.search(words):
        return to_days(found[1], found[2])
    return None


def find_end_state(words: str, usual: PatientState) -> PatientState:
    """The state that ends something, where the words say so.

    >>> find_end_state("every 8 weeks until disease progression", "treatment")
    'progression'
    """
    for state, pattern in _UNTIL_STATE:
        if pattern.search(words):
            return state
    return usual


def is_short_notation(mark: str) -> bool:
    """Whether few letters say all, such as "Q12W" or "C3D1"."""
    return bool(re.search(_INTERVALS[2][1], mark, re.IGNORECASE) or _C_NOTATION.search(mark))


def count_of(word: str) -> int:
    """A number in digits or in words.

    >>> count_of("three"), count_of("other"), count_of("12")
    (3, 2, 12)
    """
    word = word.lower()
    return _NUMBERS.get(word) or _ORDINALS.get(word) or int(word)


def to_days(count: str | None, unit: str) -> float:
    """So many days, weeks, months or years in days; one where no number is told."""
    number = count_of(count) if count else 1
    short = unit.lower()
    if short not in _SHORT_UNITS:
        short = short.rstrip("s")
    return float(number * DAYS_PER_UNIT[_SHORT_UNITS.get(short, short)])


def _find_intervals(words: str) -> Iterator[tuple[float, str, re.Match[str]]]:
    """Every interval with its rule, in the order of the words."""
    found = [
        (match, rule) for rule, pattern in _INTERVALS for match in re.finditer(pattern, words, re.IGNORECASE)
    ]
    for match, rule in sorted(found, key=lambda each: each[0].start()):
        count, unit = _ADVERBS.get(match[1].lower(), ("", "")) if match[1] else ("", "")
        yield to_days(str(count) or match[1], unit or match[2]), rule, match

"""Words of time: windows before the index day, "history of", "currently", "for at least 3 months"."""

import math
import re
from dataclasses import dataclass
from typing import Literal

from unburden.domain.criteria import Window
from unburden.domain.units import convert_value
from unburden.eligibility.reading.values import read_number

Reach = Literal["window", "ever", "now", "future", "since", "duration", "unanchored"]

_UNIT = re.compile(
    r"(?:\s|-)?(?:consecutive\s|calendar\s|full\s|complete\s)?(years?|yrs?|months?|mos?|mths?|weeks?|wks?|days?|hours?|hrs?|h|d|wk)\b(?:'|\(s\))?"
)
_UNIT_NAMES = {"y": "year", "mo": "month", "mt": "month", "w": "week", "d": "day", "h": "hour"}
_AT_MOST = r"(?:<|≤|<\s?=|less\s+than(?:\s+or\s+equal\s+to)?|fewer\s+than|no\s+more\s+than|not\s+more\s+than|up\s+to)\s?"
_AT_LEAST = r"(?:≥|>\s?=|>|at\s+least|more\s+than|greater\s+than(?:\s+or\s+equal\s+to)?|a\s+minimum\s+of|minimum\s+of|longer\s+than|over)\s?(?:a\s+period\s+of\s+)?"
_PAST_WORD = re.compile(r"\b(?:last|past|previous|preceding)\b")
_STRICT = re.compile(r"<(?!\s?=)|less\s+than(?!\s+or)|fewer\s+than")
_PAST = r"(?:last|past|previous|preceding|prior|most\s+recent)"
_WITHIN = re.compile(
    rf"(?:with\s?in)\s+(?:a\s+period\s+of\s+)?(?:the\s+)?(?:{_PAST}\s+)?(?:{_AT_MOST})?(?:a\s+(?=year|month|week|day))?"
)
_IN_PAST = re.compile(
    rf"(?:(?:in|during|over|for|at|within)\s+)?(?:the\s+|their\s+)?{_PAST}\s+(?:{_AT_MOST})?(?=\d|one|two|three|four|five|six|seven|eight|nine|ten|twelve|year|month|week|day)"
)
_RECENT_START = re.compile(_AT_MOST)
_LONG_START = re.compile(_AT_LEAST)
_IN_THE = re.compile(
    r"(?:in|during|over)\s+(?:the\s+)?(?=\d|one|two|three|four|five|six|seven|eight|nine|ten|twelve)"
)
_FOR = re.compile(
    rf"(?:lasting|for|duration\s+of|persisting\s+for)\s+(?:a\s+(?:period|duration)\s+of\s+)?(?:{_AT_LEAST}|{_AT_MOST})?"
)
_BEFORE = re.compile(
    r"\s*,?\s*(?:prior\s+to|before|preceding|previous\s+to|prior|in\s+advance\s+of|ahead\s+of|from|of|to)\s+(?:the\s+)?"
)
_PRIOR_ONLY = re.compile(r"\s*(?:prior\s+to|before|preceding)\s+")
_SINCE = re.compile(
    r"\s*(?:since|from|after|following|elapsed\s+since|have\s+elapsed\s+(?:since|from))\s+(?:the\s+)?(?:last\s+|end\s+of\s+|completion\s+of\s+|most\s+recent\s+|prior\s+|their\s+|any\s+|previous\s+|last\s+dose\s+of\s+|date\s+of\s+|final\s+|dose\s+of\s+)*"
)
_MORE_PLACE = re.compile(r"\s*(?:of|after|before|prior\s+to|from|following|since|preceding)\b")
_EVER = re.compile(
    r"(?:(?:any|a|known|documented|past|prior|previous|medical|personal|significant|with|have|has|had|lifetime|positive|current\s+or(?:\s+prior|\s+past)?|prior\s+or\s+current|current)\s+)*history\s+(?:or\s+(?:current\s+)?(?:evidence|presence|current)\s+)?(?:of|for|with)\b(?:\s+or\s+(?:current|active|present)\b)?"
    r"|history\b"
    r"|(?:previous(?:ly)?|prior|past|earlier)(?:\s+or\s+(?:current(?:ly)?|concurrent|present))?(?=\s+(?!to\b))"
    r"|(?:current(?:ly)?|active|present)\s+or\s+(?:previous(?:ly)?|prior|past|history\s+of)"
)
_NOW = re.compile(
    r"(?:current(?:ly)?|concurrent(?:ly)?|concomitant(?:ly)?|ongoing|recent(?:ly)?|pre-?existing|at\s+present|presently|simultaneous|newly|preoperative(?:ly)?|active(?:ly)?)\b"
)
_AT_INDEX = re.compile(r"(?:at|on)\s+(?:the\s+)?(?:time\s+(?:of|point\s+of)\s+|day\s+of\s+)?")
_AT_OTHER = re.compile(
    r"(?:at|on)\s+(?:the\s+)?(?:time\s+of\s+)?(?:initial\s+|first\s+)?(?:diagnosis|presentation|relapse|surgery|birth|onset|death|delivery|discharge|admission)\b"
)
_FUTURE = re.compile(
    r"(?:during|throughout|for\s+the\s+duration\s+of|over\s+the\s+course\s+of|while\s+on|while|until|after)\s+(?:the\s+)?(?:entire\s+)?(?:course\s+of\s+(?:the\s+)?)?(?:whole\s+)?(?:study|trial|treatment|participation|screening|follow-?up)(?:\s+(?:period|participation|treatment|drug|phase))*\b"
)
_ANCHOR_WORDS = frozenset(
    """
first initial planned scheduled anticipated expected start starting initiation beginning commencement begin
administration administered receiving receipt receive entering entry signing providing obtaining intake dosing dose doses
of the a any into in to on with for their this study trial protocol treatment therapy drug drugs medication
medications intervention interventions product products investigational medicinal imp agent agents
randomization randomisation randomized randomised randomizing enrollment enrolment enrolled enrolling screening baseline
registration registering inclusion informed consent visit period cycle day c1d1 1 one allocation assignment icf form
participation time date being taking administration's commencing initiating subject patient patient's subject's signature
-1 start of selection recruitment written admission evaluation procedures procedure test testing
""".split()  # noqa: SIM905
)
_SURE = re.compile(
    r"randomi[sz]|enrol|screening|baseline|registration|registering|inclusion|consent|\bicf\b|c1d1"
    r"|(?:study|trial|protocol|investigational|imp)\s+(?:drug|treatment|therapy|medication|intervention|product|agent|entry|start|participation|inclusion|day|visit|enrol|medicinal|dosing|administration)"
    r"|first\s+(?:dose|administration|study|trial|treatment|day|visit|intake|dosing)|day\s+1|cycle\s+1|visit\s+(?:1|one)"
    r"|(?:start|initiation|beginning|commencement|starting|initiating|commencing|beginning)\s+(?:of\s+)?(?:the\s+)?(?:study|trial|treatment|therapy|protocol)"
    r"|(?:entry|entering|entrance|entry\s+into|participation\s+in|recruitment)(?:\s+(?:the|this|in|into|to))*(?:\s+(?:study|trial))?|study\s+start|dosing|allocation|recruitment"
)
_WORD = re.compile(r"\s*(?:(?<=1),\s*(?=day\b))?([a-z0-9][a-z0-9'-]*)")
_HALF_LIVES = re.compile(
    r"[\s,(]*(?:or|and)?\s*(?:within\s+|at\s+least\s+|≥\s?|<\s?|less\s+than\s+)?(?:\d+|one|two|three|four|five|six)\s+(?:drug\s+)?half[\s-]*li(?:ves|fe)(?:\s+of\s+(?:the\s+)?(?:drug|agent|compound|investigational (?:drug|product|agent)|study drug|medication|treatment))?(?:\s+(?:prior\s+to|before|of)\s+(?P<anchor>(?:the\s+)?(?:first\s+dose|randomi[sz]ation|enrol+ment|study\s+treatment|start\s+of\s+(?:study\s+)?treatment)(?:\s+of\s+study\s+(?:drug|treatment))?))?[\s,(]*(?:whichever\s+(?:is|was)\s+(?:the\s+)?(?P<which>longer|shorter|greater|later|longest|shortest|earlier))?\)?"
)


@dataclass(frozen=True, slots=True)
class TimePhrase:
    """When something was, at [start, end) of the text; `window` counts days from the index.

    `reach`: a "window"; "ever" before; "now"; in the "future"; so long "since" (at least);
    a "duration"; or a window from something else than the study ("unanchored"). `anchor` is the
    place of the words for the index; `other` the words of a second limit that no number tells.
    """

    start: int
    end: int
    reach: Reach
    window: Window | None = None
    anchor: tuple[int, int] | None = None
    other: str = ""
    other_joins: Literal["", "any", "all"] = ""


def find_time(folded: str, at: int) -> TimePhrase | None:
    """The words of time that begin at a place of folded text, or None.

    >>> find_time("within 28 days prior to the first dose", 0).window
    Window(from_days=-28.0, to_days=0.0, relative_to='index')
    """
    for finder in (_find_window, _find_since, _find_future, _find_ever, _find_at_index, _find_duration):
        found = finder(folded, at)
        if found is not None:
            return found
    now = _NOW.match(folded, at)
    return TimePhrase(at, now.end(), "now") if now else None


def _read_duration(folded: str, at: int) -> tuple[float, str, int] | None:
    """ "28 days", "six (6) months", "a year": days, unit and end; None if there is no duration."""
    number = read_number(folded, at)
    count, end = number if number else (1.0, at)
    unit = _UNIT.match(folded, end)
    if unit is None or (number is None and folded[at : at + 4] not in ("year", "mont", "week")):
        return None
    letters = unit.group(1)
    name = next(n for prefix, n in _UNIT_NAMES.items() if letters.startswith(prefix))
    return convert_value(count, name, "day"), name, unit.end()


def _find_window(folded: str, at: int) -> TimePhrase | None:
    """ "within 28 days prior to X", "in the past 6 months", "< 6 months prior to X"."""
    for pattern, needs_before in (
        (_WITHIN, False),
        (_IN_PAST, False),
        (_IN_THE, True),
        (_RECENT_START, True),
    ):
        start = pattern.match(folded, at)
        duration = _read_duration(folded, start.end()) if start else None
        if start is None or duration is None:
            continue
        days, _, end = duration
        is_strict = _STRICT.search(start.group()) is not None
        found = _close_window(folded, at, end, days, is_strict=is_strict, needs_before=needs_before)
        is_past = _PAST_WORD.search(start.group()) is not None and folded.startswith(" of ", end)
        if is_past and found is not None and found.reach == "unanchored":
            # "A history within the last 5 years of stroke": "of" belongs to the history.
            return TimePhrase(at, end, "window", Window(-days, 0.0))
        if found is not None:
            return found
    if folded[at].isdigit():
        duration = _read_duration(folded, at)
        if duration and _PRIOR_ONLY.match(folded, duration[2]):
            return _close_window(folded, at, duration[2], duration[0], is_strict=False, needs_before=True)
    return None


def _close_window(
    folded: str, at: int, end: int, days: float, *, is_strict: bool, needs_before: bool
) -> TimePhrase | None:
    first = -days if not is_strict else float(math.floor(-days) + 1)
    half = _HALF_LIVES.match(folded, end)
    other, joins = "", ""
    if half:
        other, end = folded[end : half.end()].strip(" ,()"), half.end()
        which = half.group("which")
        joins = (
            "any"
            if which in ("longer", "greater", "longest")
            else "all"
            if which in ("shorter", "shortest")
            else "any"
        )
        if half.group("anchor"):
            return TimePhrase(at, end, "window", Window(first, 0.0), half.span("anchor"), other, joins)
    before = _BEFORE.match(folded, end)
    anchor = read_anchor(folded, before.end()) if before else None
    if anchor:
        late = None if half else _HALF_LIVES.match(folded, anchor)
        if late:
            which = late.group("which")
            other = folded[anchor : late.end()].strip(" ,()")
            joins = "all" if which in ("shorter", "shortest") else "any"
        stop = late.end() if late else anchor
        assert before is not None
        return TimePhrase(at, stop, "window", Window(first, 0.0), (before.end(), anchor), other, joins)  # type: ignore[arg-type]
    if _MORE_PLACE.match(folded, end):
        return (
            None if needs_before and not _PRIOR_ONLY.match(folded, end) else TimePhrase(at, end, "unanchored")
        )
    if needs_before:
        return None
    return TimePhrase(at, end, "window", Window(first, 0.0), None, other, joins)  # type: ignore[arg-type]


def _find_since(folded: str, at: int) -> TimePhrase | None:
    """ "at least 4 weeks since ...", "> 28 days prior to X"."""
    start = _LONG_START.match(folded, at)
    duration = _read_duration(folded, start.end()) if start else None
    if start is None or duration is None:
        return None
    days, _, end = duration
    before = _PRIOR_ONLY.match(folded, end)
    if before:
        anchor = read_anchor(folded, before.end())
        if anchor is None:
            return TimePhrase(at, end, "unanchored")
        is_strict = start.group().strip() in (">", "more than", "greater than", "over", "longer than")
        last = -days if not is_strict else float(math.ceil(-days) - 1)
        return TimePhrase(at, anchor, "since", Window(None, last), (before.end(), anchor))
    since = _SINCE.match(folded, end)
    if since:
        return TimePhrase(at, since.end(), "since", Window(None, -days), None, "since")
    return None


def _find_duration(folded: str, at: int) -> TimePhrase | None:
    start = _FOR.match(folded, at)
    duration = _read_duration(folded, start.end()) if start else None
    return TimePhrase(at, duration[2], "duration") if duration else None


def _find_future(folded: str, at: int) -> TimePhrase | None:
    found = _FUTURE.match(folded, at)
    return TimePhrase(at, found.end(), "future") if found else None


def _find_ever(folded: str, at: int) -> TimePhrase | None:
    found = _EVER.match(folded, at)
    if found is None or folded.startswith("family history", max(0, at - 7)):
        return None
    return TimePhrase(at, found.end(), "ever", Window(None, 0.0))


def _find_at_index(folded: str, at: int) -> TimePhrase | None:
    """ "at screening", "at the time of enrollment"; "at diagnosis" is another day."""
    other = _AT_OTHER.match(folded, at)
    if other:
        return TimePhrase(at, other.end(), "unanchored")
    found = _AT_INDEX.match(folded, at)
    anchor = read_anchor(folded, found.end()) if found else None
    if found is None or anchor is None:
        return None
    return TimePhrase(at, anchor, "now", Window(0.0, 0.0), (found.end(), anchor))


def read_anchor(folded: str, at: int) -> int | None:
    """Where words for the study's start end, such as "the first dose of study drug"; None if they are others.

    >>> read_anchor("randomization and no fever", 0), read_anchor("surgery", 0)
    (13, None)
    """
    end = last = at
    for _ in range(14):
        word = _WORD.match(folded, end)
        if word is None or word.group(1) not in _ANCHOR_WORDS:
            break
        end = word.end()
        if word.group(1) not in (
            "of",
            "the",
            "a",
            "any",
            "into",
            "in",
            "to",
            "on",
            "with",
            "for",
            "their",
            "this",
        ):
            last = end
    return last if last > at and _SURE.search(folded[at:last]) else None

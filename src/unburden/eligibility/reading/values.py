"""Comparisons in words and signs: "at least 1,500/mm3", "2.5 x ULN", "18 to 75 years", "positive"."""

import re
from dataclasses import dataclass, replace
from typing import Literal

from unburden.domain.criteria import Limit, Operator
from unburden.eligibility.reading.unit_words import find_unit

_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "eighteen": 18, "twenty": 20, "thirty": 30,
}  # fmt: skip
_NUMBER = re.compile(
    rf"(?:(\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+\.\d+|\d+)|({'|'.join(_WORDS)})\b(?:\s?\(\s?\d+\s?\))?)(?![\d])"
)
_SPACED_NUMBER = re.compile(r"(\d{1,3}) 000(?=\s?(?:/|per\b|cells\b))")
"""A count with a blank for its thousands, known by its unit."""
_ODD_NUMBER = re.compile(r"\d{1,3}\.000\b|\d+(?:,\d+)(?!\d)|\d+\s\d{3}\b")

_OPERATORS: tuple[tuple[Operator, str], ...] = (
    (
        ">=",
        r"≥(?:\s?/?\s?=)?|>\s?/?\s?=|=\s?/?\s?>|(?:greater|more|higher|older)\s+(?:than\s+)?or\s+(?:is\s+)?equals?\s+(?:to|than)?|"
        r"(?:greater|more|higher)\s+than\s+or\s+equal(?:s|\s+to)?|equal\s+(?:to\s+)?or\s+(?:greater|more|higher|above|over)(?:\s+than)?|"
        r"(?:of\s+)?at\s+least|(?:no|not)\s+(?:less|lower|fewer|younger)\s+than|not\s+below|(?:a\s+)?minimum(?:\s+of)?|min\.?(?=\s?\d)",
    ),
    (
        "<=",
        r"≤(?:\s?/?\s?=)?|<\s?/?\s?=|=\s?/?\s?<|(?:less|lower|smaller|younger)\s+(?:than\s+)?or\s+(?:is\s+)?equals?\s+(?:to|than)?|"
        r"(?:less|lower)\s+than\s+or\s+equal(?:s|\s+to)?|equal\s+(?:to\s+)?or\s+(?:less|lower|below)(?:\s+than)?|at\s+(?:the\s+)?most|"
        r"(?:no|not)\s+(?:more|greater|higher|older|larger|longer)\s+than|not\s+(?:to\s+)?(?:exceed(?:ing)?|above|over)|"
        r"does\s+not\s+exceed|up\s+to|(?:a\s+)?maximum(?:\s+of)?",
    ),
    (
        ">",
        r">|(?:is\s+)?(?:greater|more|higher|larger|bigger|longer|older)\s+than|in\s+excess\s+of|exceed(?:s|ing)?|above|over",
    ),
    ("<", r"<|(?:is\s+)?(?:less|lower|smaller|fewer|younger|shorter)\s+than|below|under"),
)
_OPERATOR: tuple[tuple[Operator, re.Pattern[str]], ...] = tuple(
    (operator, re.compile(rf"(?:{pattern})")) for operator, pattern in _OPERATORS
)
_LOST_SIGN = re.compile(r"=(?!\s?[<>])")
_OF = re.compile(r"(?:\s|(?:of|is|was|be|the|a|about|:)\b)*")
_GAP = re.compile(r"\s*")
_BETWEEN = re.compile(
    r"(?:is\s+)?(?:between|from|within the range of|range[ds]?(?:\s+from)?|ranging from)\s+(?:the\s+)?(?:ages?\s+)?(?:of\s+)?(?=\w)"
)
_TO = re.compile(
    r"\s?(?:-|~)\s*(?=[\d≤<])|\s?(?:to|through)\s+(?=[\d≤<]|one|two|three|four|five|six|eighteen|twenty)"
)
_ANY_TO = re.compile(r"\s?(?:-|to|through|~|and)\s?(?=[\d≤<]|one|two|three|four|five|six|eighteen|twenty)")
_UPPER_SIGN = re.compile(r"(≤|<\s?=|<)\s*")
_UNKNOWN_UNIT = re.compile(r"\s?(?:x|\*)\s?10|\s?/\s?\w|\s?(?:mg|mcg|ug|g|ml|u|iu|gy|pack)\b|\.\d")
_ABOVE = re.compile(r"\s?(?:above|over|higher|greater)\b")
_AND_BOUND = re.compile(
    r"\s*(?:,|and|but|to|-|or)?\s*(?:but\s+|and\s+)?(?=(?:≤|<|≥|>|less|greater|no\s|not\s|under|below|up\sto|over|at\s))"
)
_LIMIT = (
    r"(?:(?:the|of|institutional|institution'?s?|local|laborator(?:y|y's)|central|reference|site|age|adjusted|normal|specific|respective)[\s-]+)*"
    r"(?:(?P<uln>i?uln\b|unl\b|iunl\b|upper\s+(?:institutional\s+|laboratory\s+)?(?:normal\s+(?:limits?|values?)|limits?\s+(?:of\s+)?(?:the\s+)?(?:institutional\s+|laboratory\s+|reference\s+|local\s+)*(?:normal|reference\s+range|range)(?:\s+range|\s+value|\s+limits?)?|limit\b(?!\s+of)))"
    r"|(?P<lln>i?lln\b|lower\s+(?:institutional\s+|laboratory\s+)?(?:normal\s+limits?|limits?\s+(?:of\s+)?(?:the\s+)?(?:institutional\s+|laboratory\s+|reference\s+|local\s+)*(?:normal|reference\s+range|range)(?:\s+range|\s+value|\s+limits?)?)))"
    r"(?:\s+for\s+(?:the\s+)?(?:patient's\s+)?(?:age\s+and\s+(?:sex|gender)|sex\s+and\s+age|age)\b)?"
    r"(?:\s+(?:for|of)\s+(?:the\s+)?(?:institution|laboratory|(?:study\s+)?site|age|local lab|reference laboratory|the normal range)\b)?"
    r"(?:\s?\(\s?(?:i?uln|lln|unl|iunl)\s?\))?"
)
_TIMES = re.compile(
    rf"\s?(?:x|\*|times|-?\s?fold|-?\s?times)?\s*(?:\(\s?x\s?\)\s?)?(?:above\s+|greater\s+than\s+|higher\s+than\s+)?{_LIMIT}"
)
_BARE_LIMIT = re.compile(_LIMIT)
_LIMIT_FIRST = re.compile(r"\s?(?:x|\*)\s?(\d+(?:\.\d+)?)(?!\d)")
_OR_MORE = re.compile(
    r"\s?(?:(?:years?|yrs?)(?:\s+of\s+age|\s+old)?\s*)?[,(]?\s?(?:(?:or|and|&)\s+(older|over|above|greater|more|higher|up(?:wards?)?|better|elder|longer)\b|(?:or|and)\s+(younger|under|below|less|lower|fewer)\b|(\+)(?!\w))\)?"
)
_OF_AGE = re.compile(r"\s?-?(?:of\s+age|old|in\s+age|of\s+ages)\b|\s?-olds?\b")
_WORD_VALUES = re.compile(
    r"(?P<positive>(?:sero)?-?positiv(?:e|ity)|reactive|detectable|(?<!un)amplified|overexpress(?:ing|ed|ion)|\+(?!\w))"
    r"|(?P<negative>(?:sero)?-?negativ(?:e|ity)|non-?reactive|undetectable|not\s+detect(?:ed|able)|below\s+(?:the\s+)?(?:lower\s+)?limit\s+of\s+detection)"
    r"|(?P<normal>(?:is\s+|are\s+)?within\s+(?:the\s+)?(?:institutional\s+|laboratory\s+|local\s+)?normal\s+(?:institutional\s+|laboratory\s+)?(?:limits?|ranges?)(?:\s?\(wnl\))?|wnl\b|in\s+(?:the\s+)?normal\s+range|normal\b)"
)
_CLASS_LIST = re.compile(
    r"(?:(iv|iii|ii|i|v|[0-9]{1,3}|[abc])([abc][1-3]?|\d)?)(?![\w%]|\.\d)"
    r"(?:\s?(?:,|/|-|~|or|and|to|through|, or|and/or)+\s?(?:stage\s|class\s|grade\s)?(?:(iv|iii|ii|i|v|[0-9]{1,3}|[abc])([abc][1-3]?|\d)?)(?![\w%]|\.\d))*"
)

_LOST_POWERS = frozenset({103.0, 104.0, 105.0, 106.0, 107.0, 108.0, 109.0, 1012.0})
_PER_VOLUME = ("IU/mL", "copies/mL", "/uL", "/mL", "/L", "/mm3")
"""Counts in which "103" may be ten to the third that lost its raised figure."""
_PRESSURE = re.compile(r"(\d{2,3})\s?/\s?(\d{2,3})(?:\s?mm\s?hg)?(?![\d/])")

Shape = Literal["number", "limit", "word", "classes", "pressure", "lost"]


@dataclass(frozen=True, slots=True)
class Bound:
    """One side of a value: "at least 18"."""

    operator: Operator
    number: float


@dataclass(frozen=True, slots=True)
class Value:
    """What a measure is compared with, at [start, end) of the text.

    `shape`: numbers in a `unit`; multiples of a `limit` of normal; a `word` ("positive",
    "negative", "normal"); `classes` of a scale; a systolic and a diastolic `pressure`; or a
    comparison that `lost` its sign or has a unit that is not known.
    """

    start: int
    end: int
    shape: Shape
    bounds: tuple[Bound, ...] = ()
    unit: str = ""
    limit: Limit | None = None
    word: str = ""
    classes: tuple[str, ...] = ()
    is_age: bool = False
    is_bare: bool = False


def read_number(folded: str, at: int) -> tuple[float, int] | None:
    """The number at a place and where it ends; None if there is none or its separators are ambiguous.

    >>> read_number("1,500 /ul", 0), read_number("100.000/mm3", 0)
    ((1500.0, 5), None)
    """
    found = _NUMBER.match(folded, at)
    if found is None:
        return None
    spaced = _SPACED_NUMBER.match(folded, at)
    if spaced:
        return float(spaced.group(1)) * 1000, spaced.end()
    odd = _ODD_NUMBER.match(folded, at)
    if (
        odd
        and odd.end() > found.end() - 1
        and not re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", found.group())
    ):
        return None
    digits, word = found.groups()
    number = float(digits.replace(",", "")) if digits else float(_WORDS[word])
    return number, found.end()


def find_value(folded: str, at: int, *, after_scale: bool = False) -> Value | None:
    """The comparison that begins at a place of folded text, or None.

    Classes such as "II or III" and "0-1" are read only `after_scale`.

    >>> find_value("at least 1,500 /mm3", 0).bounds
    (Bound(operator='>=', number=1500.0),)
    """
    between = _BETWEEN.match(folded, at)
    if between:
        return _read_range(folded, at, between.end(), needs_second=True)
    for operator, pattern in _OPERATOR:
        found = pattern.match(folded, at)
        if found:
            return _read_after_operator(folded, at, found.end(), operator)
    if folded[at] == "=":
        return _read_lost(folded, at, after_scale)
    word = _WORD_VALUES.match(folded, at)
    if word and word.lastgroup:
        return Value(at, word.end(), "word", word=word.lastgroup)
    if after_scale:
        classes = _read_classes(folded, at, at)
        number = _read_range(folded, at, at, needs_second=False)
        if classes is None or (number is not None and (number.unit or number.end > classes.end)):
            return number
        return classes
    if folded[at].isdigit() or folded[at].isalpha():
        return _read_range(folded, at, at, needs_second=False)
    return None


def _read_lost(folded: str, at: int, after_scale: bool) -> Value | None:
    """ "= 18 years": registries drop the bar of "≥" and "≤"; only a range after "=" is sure."""
    start = _GAP.match(folded, at + 1).end()  # type: ignore[union-attr]
    classes = _read_classes(folded, at, start) if after_scale else None
    if classes is not None and len(classes.classes) > 1:
        return classes
    value = _read_range(folded, at, start, needs_second=False)
    if value is None or len(value.bounds) == 2:
        return value
    return Value(at, value.end, "lost", is_age=value.is_age)


def _read_after_operator(folded: str, at: int, after: int, operator: Operator) -> Value | None:
    start = _OF.match(folded, after).end()  # type: ignore[union-attr]
    bare = _BARE_LIMIT.match(folded, start)
    if bare:
        times = _LIMIT_FIRST.match(folded, bare.end())
        multiple, end = (float(times.group(1)), times.end()) if times else (1.0, bare.end())
        return _limit_value(at, end, (Bound(operator, multiple),), bare.group("uln") is not None)
    pressure = _PRESSURE.match(folded, start)
    if pressure:
        bounds = tuple(Bound(operator, float(part)) for part in pressure.groups())
        return Value(at, pressure.end(), "pressure", bounds, "mm[Hg]")
    number = read_number(folded, start)
    if number is None:
        return None
    value = _finish(folded, at, (Bound(operator, number[0]),), number[1])
    if value is None or value.shape == "lost":
        return value
    return _add_second_bound(folded, value)


def _add_second_bound(folded: str, value: Value) -> Value:
    """ ">= 18 and <= 75 years" as one value, if the second bound is on the other side."""
    gap = _AND_BOUND.match(folded, value.end)
    if gap is None or gap.end() >= len(folded):
        return value
    for operator, pattern in _OPERATOR:
        found = pattern.match(folded, gap.end())
        if not found:
            continue
        number = read_number(folded, _OF.match(folded, found.end()).end())  # type: ignore[union-attr]
        if number is None or value.bounds[0].operator[0] == operator[0]:
            return value
        second = _finish(folded, gap.end(), (Bound(operator, number[0]),), number[1])
        if second is None or second.shape != value.shape or second.limit != value.limit:
            return value
        if value.unit and second.unit and value.unit != second.unit:
            return value
        low, high = sorted((value.bounds[0], second.bounds[0]), key=lambda b: b.operator[0] == "<")
        if low.number >= high.number or "or" in folded[value.end : gap.end()].split():
            return value
        return Value(
            value.start, second.end, value.shape, (low, high), second.unit or value.unit, value.limit,
            is_age=value.is_age or second.is_age,
        )  # fmt: skip
    return value


def _read_range(folded: str, at: int, start: int, *, needs_second: bool) -> Value | None:
    """ "18 to 75 years", "2.5 x ULN", "18 years or older", or a bare number with its unit."""
    number = read_number(folded, start)
    if number is None:
        return None
    first, end = number
    unit = find_unit(folded, end)
    after = unit[1] if unit else end
    age = _OF_AGE.match(folded, after)
    after = age.end() if age else after
    to = (_ANY_TO if needs_second else _TO).match(folded, after)
    value = _read_second(folded, at, to.end(), first, unit[0] if unit else "") if to else None
    if value is not None or needs_second:
        return value
    return _finish(folded, at, (Bound("==", first),), end)


def _read_second(folded: str, at: int, start: int, first: float, unit: str) -> Value | None:
    """The range that ends with the number at `start`; None if there is none or it is no range."""
    high: Operator = "<="
    sign = _UPPER_SIGN.match(folded, start)
    if sign:
        high = "<" if sign.group(1) == "<" else "<="
        start = sign.end()
    number = read_number(folded, start)
    if number is None or number[0] <= first:
        return None
    value = _finish(folded, at, (Bound(">=", first), Bound(high, number[0])), number[1])
    if value is None or (unit and value.unit and unit != value.unit):
        return None
    if unit and not value.unit and value.shape == "number":
        return replace(value, unit=unit)
    return value


def _finish(folded: str, start: int, bounds: tuple[Bound, ...], end: int) -> Value | None:
    """The value with what follows its last number: a limit of normal, a unit, "or older"."""
    limit = _TIMES.match(folded, end)
    if limit:
        return _limit_value(start, limit.end(), bounds, limit.group("uln") is not None)
    is_bare = bounds[0].operator == "=="
    unit = find_unit(folded, end)
    word, after = unit if unit else ("", end)
    if word in _PER_VOLUME and any(b.number in _LOST_POWERS for b in bounds):
        return Value(start, after, "lost")
    if not unit and _UNKNOWN_UNIT.match(folded, end):
        return Value(start, end, "lost")
    age = _OF_AGE.match(folded, after)
    after = age.end() if age else after
    more = _OR_MORE.match(folded, after)
    if more and is_bare and len(bounds) == 1:
        bounds = (Bound("<=" if more.group(2) else ">=", bounds[0].number),)
        after, is_bare = more.end(), False
        late = _OF_AGE.match(folded, after)
        after = late.end() if late else after
    elif more and len(bounds) == 1 and bounds[0].operator in (">=", "<="):
        after = more.end()
    if word == "%" and _ABOVE.match(folded, after):
        return Value(start, after, "lost")
    is_age = age is not None and word in ("year", "month", "")
    return Value(start, after, "number", bounds, word, is_age=is_age, is_bare=is_bare)


def _limit_value(start: int, end: int, bounds: tuple[Bound, ...], is_upper: bool) -> Value:
    return Value(
        start, end, "limit", bounds, limit="ULN" if is_upper else "LLN", is_bare=bounds[0].operator == "=="
    )


def _read_classes(folded: str, at: int, start: int) -> Value | None:
    """Classes of a scale: "0-1", "0, 1 or 2", "III or IV", "IIIB-IV", "A"."""
    found = _CLASS_LIST.match(folded, start)
    if found is None:
        return None
    text = found.group()
    more = _OR_MORE.match(folded, found.end())
    parts = re.findall(r"(?<![a-z0-9])(iv|iii|ii|i|v|\d{1,3}|[abc])([abc][1-3]?|\d)?(?![a-z0-9])", text)
    is_range = re.search(r"[-~]|\bto\b|\bthrough\b", text) is not None
    classes = tuple((a + b).upper() for a, b in parts)
    if more and len(classes) == 1:
        word = "<=" if more.group(2) else ">="
        return Value(at, more.end(), "classes", word=word, classes=classes)
    if is_range and len(classes) != 2:
        return None
    if all(c.isdigit() for c in classes) and sorted(classes, key=int) != list(classes):
        return None
    return Value(
        at,
        found.end(),
        "classes",
        word="range" if is_range else "",
        classes=classes,
        is_bare=len(classes) == 1,
    )

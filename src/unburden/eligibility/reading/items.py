"""Sentences that are lists: each item that is complete is read, each other one stays beside it unread."""

import re
from itertools import pairwise

from unburden.domain.criteria import (
    AllOf,
    AnyOf,
    Between,
    Compare,
    CompareToLimit,
    Expression,
    OneOf,
    Unread,
    iterate_leaves,
)
from unburden.eligibility.reading.limits import text_of
from unburden.eligibility.reading.parentheses import trim
from unburden.eligibility.reading.parts import Context, Reading, join_names
from unburden.eligibility.reading.phrases import Phrase
from unburden.eligibility.reading.sentences import read_sentence
from unburden.eligibility.reading.sources import LEAD
from unburden.eligibility.reading.unanswerable import find_reason

_PERSONAL = frozenset({"consent", "willingness", "ability", "contraception", "administrative", "adequacy"})
_LEGAL_AGE = re.compile(
    r"[\s,(]*(?:or|and)\s+(?:≥\s*|>\s?=\s*|at\s+least\s+|over\s+|(?:same\s+or\s+)?greater\s+than\s+)?(?:(?:the|a|an|of|is|at)\s+)*(?:minimum\s+)?(?:local\s+)?"
    r"(?:(?:legal(?:ly)?|acceptable|adult)\s+(?:adult\s+|minimum\s+|consenting\s+)?age|(?:designated\s+)?age\s+of\s+(?:majority|consent|adulthood))\b"
)
_OLDER = re.compile(
    r"whichever\s+(?:is\s+)?(?:the\s+)?(?:greater|older|higher)|if\s+(?:it|that|this)\s+is\s+(?:older|higher|greater)"
)
_YOUNGER = re.compile(
    r"whichever|if\b|\bnot\b|unless|except|\bolder|\bhigher|\bgreater|\bless|younger|lower|<|>|≤|≥"
)
_CHOICE = re.compile(
    r"\b(?:any|one|either|some|1|two|2|three|3)\s+of\b|\beither\b|\bor\W*$|\bas follows\b(?=.*\bor\b)"
)
_NUMBERED = re.compile(r"(?:(?<=^)|(?<=[\s;:,.]))\(?(\d{1,2}|[a-j])[.)]\s?(?=[^\W\d_])")
_LOOSE = frozenset({"if", "except"})


def read_items(phrases: list[Phrase], folded: str, context: Context) -> Reading | None:
    """A sentence that no rule reads as a whole, by its items; None where they are not cleanly apart.

    Tried in this order: measures under a lead ("adequate renal function: ..."); an age with the
    legal age beside it; numbered items; measures one after the other; a statement and then a
    consent, a willingness or an ability, which no data answers.
    """
    phrases = trim(phrases)
    if not phrases:
        return None
    under = _drop_lead(phrases, folded, context)
    if under is not None:
        reading = read_sentence(under, context) or _read_list(under, folded, context, is_led=True)
        return _add_rule(reading, "a function by its definition", 0.95) if holds_comparison(reading) else None
    return (
        _read_legal_age(phrases, folded, context)
        or _read_list(phrases, folded, context)
        or _read_with_promise(phrases, folded, context)
    )


def is_list_lead(sentence: str) -> bool:
    """Whether a line is nothing but a lead to measures that are all asked for.

    >>> is_list_lead("adequate organ function as defined by all of the following:")
    True
    >>> is_list_lead("adequate organ function, any of the following:")
    False
    """
    return LEAD.fullmatch(sentence.rstrip()) is not None


def _add_rule(reading: Reading | None, rule: str, certainty: float) -> Reading | None:
    if reading is None:
        return None
    return Reading(reading.expression, reading.certainty * certainty, (*reading.rules, rule))


def holds_comparison(reading: Reading | None) -> bool:
    """Whether a measure is compared with a value anywhere in a reading."""
    kinds = (Compare, CompareToLimit, Between, OneOf)
    return reading is not None and any(isinstance(leaf, kinds) for leaf in iterate_leaves(reading.expression))


def _drop_lead(phrases: list[Phrase], folded: str, context: Context) -> list[Phrase] | None:
    """What follows a lead of an inclusion, if it begins with a measure or a number of the list."""
    lead = LEAD.match(folded[phrases[0].start : phrases[-1].end]) if context.is_inclusion else None
    if lead is None or lead.end() == 0:
        return None
    end = phrases[0].start + lead.end()
    if any(p.start < end < p.end for p in phrases):
        return None
    rest = trim([p for p in phrases if p.start >= end])
    return rest if rest and (starts_measure(rest) or _NUMBERED.match(folded, rest[0].start)) else None


def starts_measure(phrases: list[Phrase]) -> bool:
    """Whether phrases begin with the name of a measure, after plain words."""
    first = next((p for p in phrases if p.kind not in ("plain", "time", "comma")), None)
    entry = first.name.entry if first is not None and first.name is not None else None
    return entry is not None and join_names(entry) and entry.sort != "function"


def _read_legal_age(phrases: list[Phrase], folded: str, context: Context) -> Reading | None:
    """ "18 years or the legal age, whichever is greater" asks for both; "or an acceptable age" for either."""
    end = phrases[-1].end
    for number, phrase in enumerate(phrases):
        start = phrase.start
        found = _LEGAL_AGE.match(folded, start) if phrase.kind in ("or", "and", "open", "comma") else None
        if found is None or number == 0 or not context.is_inclusion:
            continue
        tail = phrases[number:]
        words = folded[start:end]
        if len(words) > 220 or any(
            p.kind == "name" and p.name and p.name.entry.kind == "condition" for p in tail
        ):
            return None
        if any(p.kind == "name" and p.name and join_names(p.name.entry) and p.word != "age" for p in tail):
            return None
        head = read_sentence([p for p in phrases[:number] if p.kind not in ("open", "example")], context)
        if head is None or {getattr(leaf, "column", "") for leaf in iterate_leaves(head.expression)} != {
            "age"
        }:
            return None
        unread = Unread(text_of(tail, context).strip(" ,"), "the age of majority is a matter of law")
        is_also = _OLDER.search(words) is not None or re.match(r"[\s,(]*and\b", words) is not None
        if not is_also and _YOUNGER.search(words[found.end() - start :]):
            return None
        parts = (head.expression, unread)
        expression: Expression = AllOf(parts) if is_also else AnyOf(parts)
        return Reading(expression, head.certainty * 0.9, (*head.rules, "the legal age stays unread"))
    return None


def _read_list(
    phrases: list[Phrase], folded: str, context: Context, *, is_led: bool = False
) -> Reading | None:
    """Items that are numbered, or measures with their values one after the other."""
    sentence = folded[phrases[0].start : phrases[-1].end]
    if _CHOICE.search(sentence):
        return None
    items = _split_numbered(phrases, folded)
    is_numbered = items is not None
    if items is None:
        items = _split_measures(phrases, context, is_led=is_led)
    if items is None or len(items) < 2:
        return None
    readings = [read_sentence(item, context) for item in items]
    if not any(holds_comparison(reading) for reading in readings):
        return None
    unread = [item for item, reading in zip(items, readings, strict=True) if reading is None]
    if not all(is_by_itself(item) or (is_numbered and _is_closed(item)) for item in unread):
        return None
    if not context.is_inclusion and readings[-1] is None and _goes_on(items[-1]):
        # "A < 1, B < 2 for more than 7 days": the days may hold for A too.
        return None
    if any(names_again(item, reading) for item in unread for reading in readings):
        return None
    if not is_numbered and any(reading is not None and not holds_comparison(reading) for reading in readings):
        return None
    parts: list[Expression] = []
    for item, reading in zip(items, readings, strict=True):
        parts.append(reading.expression if reading else Unread(text_of(item, context), "not understood"))
    certainty, rules = 0.9, ["items of a list"]
    for reading in readings:
        certainty *= reading.certainty if reading else 1.0
        rules.extend(reading.rules if reading else ())
    expression = AllOf(tuple(parts)) if context.is_inclusion else AnyOf(tuple(parts))
    return Reading(expression, certainty, tuple(dict.fromkeys(rules)))


def is_by_itself(item: list[Phrase]) -> bool:
    """Whether an item that is not read names its own measure, so that it says nothing of its neighbours."""
    words = {p.word for p in item}
    is_new_sentence = any(later.kind == "if" and before.word == "." for before, later in pairwise(item))
    return (
        starts_measure(item)
        and any(p.kind == "value" for p in item)
        and not (words & _FAR or is_new_sentence)
    )


_FAR = frozenset(
    [
        "cf",
        "note",
        "could",
        "allowed",
        "permitted",
        "acceptable",
        "can",
        "may",
        "enrolled",
        "above",
        "these",
        "criteria",
        "following",
        "however",
        "also",
    ]
)
"""Words by which an item may speak of its neighbours."""


def _goes_on(item: list[Phrase]) -> bool:
    """Whether words follow the item's last value outside a parenthesis."""
    last = max((n for n, p in enumerate(item) if p.kind == "value"), default=-1)
    return item[-1].kind != "close" and any(p.kind != "plain" for p in item[last + 1 :])


def names_again(phrases: list[Phrase], reading: Reading | None) -> bool:
    """Whether unread words name a measure that a reading compares: it may be another limit of the same."""
    columns = (
        {getattr(leaf, "column", "") for leaf in iterate_leaves(reading.expression)} if reading else set()
    )
    return any(p.name is not None and p.word in columns for p in phrases)


def _split_numbered(phrases: list[Phrase], folded: str) -> list[list[Phrase]] | None:
    """The items after "1. ... 2. ..." or "a) ... b) ...", in unbroken order from the first; None if there are none."""
    start, end = phrases[0].start, phrases[-1].end
    marks: list[tuple[int, int]] = []
    wanted = ""
    for found in _NUMBERED.finditer(folded, start, end):
        label = found.group(1)
        if not marks and label not in ("1", "a", "2", "b"):
            continue
        if marks and label != wanted:
            continue
        marks.append((found.start(), found.end()))
        wanted = str(int(label) + 1) if label.isdigit() else chr(ord(label) + 1)
    before = trim([p for p in phrases if p.end <= marks[0][0]]) if marks else []
    if before and marks and folded[marks[0][0] : marks[0][1]].strip("(). ") in ("2", "b"):
        # The first mark stands before the sentence.
        marks, before = [(start, start), *marks], []
    if len(marks) < 2 or before:
        return None
    ends = [mark[0] for mark in marks[1:]] + [end]
    items = [
        trim([p for p in phrases if first <= p.start and p.end <= last])
        for (_, first), last in zip(marks, ends, strict=True)
    ]
    return items if all(items) and all(_joins_well(item) for item in items) else None


def _is_closed(item: list[Phrase]) -> bool:
    """Whether a numbered item that is not read speaks of nothing but itself."""
    return not any(p.kind in ("example", "colon") or p.word in _FAR for p in item)


def _joins_well(item: list[Phrase]) -> bool:
    return item[0].kind != "or" and item[-1].kind not in ("or", "if", "except", "open")


def _split_measures(phrases: list[Phrase], context: Context, *, is_led: bool) -> list[list[Phrase]] | None:
    """Items that each begin with a measure, after a comma or "and", or with a capital after a value."""
    items: list[list[Phrase]] = [[]]
    joins: set[str] = set()
    depth = 0
    for number, phrase in enumerate(phrases):
        depth += (phrase.kind == "open") - (phrase.kind == "close")
        # Under a lead that asks for all, "E or F" without a comma is one item.
        is_inside = depth > 0 or (is_led and phrase.kind == "or")
        join = "" if is_inside else _find_join(items[-1], phrases[number:], context)
        if join:
            joins.add(join)
            items.append([])
        items[-1].append(phrase)
    if not joins or not _is_one_way(joins, context):
        return None
    items = [_strip_joins(item) for item in items]
    if any(not item or not _is_plain_item(item, is_bare="and" in joins) for item in items):
        return None
    return items


def _find_join(item: list[Phrase], rest: list[Phrase], context: Context) -> str:
    """How the next item is joined ("comma", "and", "or", "next") if one begins here, else nothing."""
    ended = next((p for p in reversed(item) if p.kind not in ("plain", "time", "source", "manner")), None)
    has_value = any(p.kind == "value" for p in item)
    if ended is None or not has_value or ended.kind not in ("value", "close"):
        return ""
    if rest[0].kind in ("comma", "and", "or"):
        kinds = [rest[0].kind]
        at = 1
        while at < len(rest) and rest[at].kind in ("comma", "and", "or", "plain"):
            kinds.append(rest[at].kind)
            at += 1
        follows = at < len(rest) and starts_measure(rest[at:]) and _has_value_soon(rest[at:])
        return ("or" if "or" in kinds else "and" if "and" in kinds else "comma") if follows else ""
    is_name = rest[0].name is not None and join_names(rest[0].name.entry)
    is_capital = context.text[rest[0].start].isupper()
    is_next = is_name and is_capital and _has_value_soon(rest) and item[-1].kind in ("value", "close")
    return "next" if is_next and context.is_inclusion else ""


def _has_value_soon(rest: list[Phrase]) -> bool:
    """Whether a value follows before the sentence turns to something else."""
    for phrase in rest[:14]:
        if phrase.kind == "value":
            return True
        if phrase.kind not in (
            "name",
            "plain",
            "open",
            "close",
            "slash",
            "and",
            "or",
            "source",
            "manner",
            "time",
            "comma",
            "colon",
        ):
            return False
    return False


def _is_one_way(joins: set[str], context: Context) -> bool:
    """Whether the joins say "all" for an inclusion, "any" for an exclusion, and nothing else."""
    if context.is_inclusion:
        return "or" not in joins
    return "and" not in joins and "next" not in joins


def _strip_joins(item: list[Phrase]) -> list[Phrase]:
    item = trim(item)
    while item and item[0].kind in ("and", "or"):
        item = trim(item[1:])
    return item


def _is_plain_item(item: list[Phrase], *, is_bare: bool) -> bool:
    """No negation, exception or condition outside a parenthesis, which could reach over its neighbours."""
    depth = 0
    for phrase in item:
        depth += (phrase.kind == "open") - (phrase.kind == "close")
        if depth == 0 and (phrase.kind in ("not", *_LOOSE, "example", "verdict") or phrase.word in _REACHING):
            return False
        if depth == 0 and phrase.kind == "or" and is_bare:
            return False
    return depth == 0 and starts_measure(item)


_REACHING = frozenset(
    ["respectively", "both", "either", "for", "unless", "but", "then", "whichever", "least"]
)


def _read_with_promise(phrases: list[Phrase], folded: str, context: Context) -> Reading | None:
    """ "18 years or older, able to give consent": the statement, and beside it what no data answers."""
    if not context.is_inclusion:
        return None
    for number, phrase in enumerate(phrases):
        if phrase.kind not in ("comma", "and") or number == 0:
            continue
        tail = trim(phrases[number:])
        while tail and tail[0].kind in ("and", "comma"):
            tail = trim(tail[1:])
        if not tail or any(p.kind in ("value", *_LOOSE) for p in tail):
            continue
        reason = find_reason(folded[tail[0].start : tail[-1].end])
        if (
            reason is None
            or not reason[1]
            or reason[0] not in _PERSONAL
            or not _PROMISE.match(folded, tail[0].start)
        ):
            continue
        entries = [p.name.entry for p in tail if p.name is not None]
        if any(e.kind in ("condition", "measurement") and e.sort != "function" for e in entries):
            continue
        head = read_sentence(phrases[:number], context)
        if head is None or not holds_comparison(head):
            continue
        unread = Unread(text_of(tail, context), f"{reason[0]}: no data answers it")
        return Reading(
            AllOf((head.expression, unread)), head.certainty * 0.9, (*head.rules, "a promise beside it")
        )
    return None


_PROMISE = re.compile(
    r"(?:(?:who|is|are|must|be|has|have|to|should|can|also|with|the)\s+)*(?:able|ability|(?:adequate|acceptable|sufficient|good)\s|willing|willingness|capable|competent|sign|signed|"
    r"provid|giv|consent|informed|agree|understand|written|voluntar|legally)"
)

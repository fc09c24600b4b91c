"""Parentheses dropped or opened, definitions taken, grades folded: what is left is one row of phrases."""

import re

from unburden.eligibility.reading.parts import VAGUE, Context, join_names
from unburden.eligibility.reading.phrases import Phrase
from unburden.eligibility.reading.unit_words import find_unit
from unburden.eligibility.reading.words import fold_text

_REFERENCE = re.compile(
    r"^(?:see|refer|attachment|appendix|section|table|figure|protocol section|ref)\b[^<>≤≥]{0,60}$|"
    r"^[A-Z][^<>≤≥()]{2,60},? \(?(?:19|20)\d\d[a-z]?(?:; [^<>≤≥]{2,60})?$",
    re.IGNORECASE,
)
"""A parenthesis that only points elsewhere: "(see Appendix 3)", "(Levey, 2006)"."""
_TRIMMED = ("plain", "comma", "slash")


def trim(phrases: list[Phrase]) -> list[Phrase]:
    """The phrases without plain words, commas and slashes at both ends."""
    first, last = 0, len(phrases)
    while first < last and phrases[first].kind in _TRIMMED:
        first += 1
    while last > first and phrases[last - 1].kind in _TRIMMED:
        last -= 1
    return phrases[first:last]


def take_definition(phrases: list[Phrase], *, is_inclusion: bool) -> list[Phrase]:
    """ "Anaemia (haemoglobin < 10 g/dL)" is what stands in its parenthesis: a measure with its value, or, if it excludes, two."""
    opened = [n for n, p in enumerate(phrases) if p.kind == "open"]
    if len(opened) != 1 or phrases[-1].kind != "close":
        return phrases
    before, inside = phrases[: opened[0]], trim(phrases[opened[0] + 1 : -1])
    names = [p for p in before if p.kind == "name"]
    is_one_condition = (
        len(names) == 1 and names[0].name is not None and names[0].name.entry.kind == "condition"
    )
    if not is_one_condition or any(p.kind not in ("name", "plain", "qualifier") for p in before):
        return phrases
    if inside and inside[0].kind == "example" and inside[0].word.startswith("def"):
        inside = trim(inside[1:])
    kinds = [p.kind for p in inside if p.kind not in ("plain", "with")]
    measures = [p.name.entry.sort for p in inside if p.name]
    two = (["name", "value", "or", "name", "value"], ["name", "value", "comma", "name", "value"])
    shapes = (["name", "value"], *(() if is_inclusion else two))
    return inside if kinds in shapes and set(measures) == {"quantity"} else phrases


def fold_grades(phrases: list[Phrase], context: Context) -> list[Phrase]:
    """ "Grade >= 2" becomes a quality: toxicity grades belong to one event, which no column tells."""
    made: list[Phrase] = []
    at = 0
    while at < len(phrases):
        end = _end_of_grade(phrases, at)
        if end is None:
            made.append(phrases[at])
            at += 1
            continue
        first, last = phrases[at], phrases[end - 1]
        words = context.text[first.start : last.end]
        made.append(Phrase("qualifier", first.start, last.end, first.first, last.last, words))
        at = end
    return made


def _end_of_grade(phrases: list[Phrase], at: int) -> int | None:
    """Where a grade with its value ends, if one begins here."""
    first = at
    if phrases[at].kind == "word" and phrases[at].word in ("≥", ">", "≤", "<", "=", "ctcae"):
        at += 1
    if at >= len(phrases) or phrases[at].word not in ("severity_grade", "toxicity_grade"):
        return None
    at += 1
    while at < len(phrases) and phrases[at].kind == "plain":
        at += 1
    is_value = at < len(phrases) and phrases[at].kind == "value"
    return at + 1 if is_value and at > first else None


def open_parentheses(phrases: list[Phrase], context: Context) -> list[Phrase] | None:
    """The phrases with every parenthesis dropped or opened in place; None if one is not understood."""
    phrases = drop_inner(phrases, context)
    made: list[Phrase] = []
    at = 0
    while at < len(phrases):
        phrase = phrases[at]
        if phrase.kind == "close":
            return None
        if phrase.kind != "open":
            made.append(phrase)
            at += 1
            continue
        end = next(
            (n for n in range(at + 1, len(phrases)) if phrases[n].kind in ("open", "close")), len(phrases)
        )
        if end == len(phrases) or phrases[end].kind == "open":
            return None
        inside = _read_inside(made, trim(phrases[at + 1 : end]), context)
        if inside is None:
            return None
        is_aside = any(p.kind in ("except", "if") or p.word == "without" for p in inside)
        if is_aside and any(p.kind not in ("plain", "time") for p in phrases[end + 1 :]):
            # What stands after the parenthesis is no part of its exception or condition.
            return None
        made.extend(inside)
        at = end + 1
    return made


def drop_inner(phrases: list[Phrase], context: Context) -> list[Phrase]:
    """The phrases without a parenthesis inside another that only holds initials: "(QT interval [QTc])"."""
    made: list[Phrase] = []
    depth, at = 0, 0
    while at < len(phrases):
        phrase = phrases[at]
        is_inner = phrase.kind == "open" and depth > 0 and at + 2 < len(phrases)
        if is_inner and phrases[at + 2].kind == "close" and _is_initials(phrases[at + 1], context):
            at += 3
            continue
        depth += (phrase.kind == "open") - (phrase.kind == "close")
        made.append(phrase)
        at += 1
    return made


def _is_initials(phrase: Phrase, context: Context) -> bool:
    written = context.text[phrase.start : phrase.end].removesuffix("s")
    return phrase.kind in ("name", "word") and written.isupper() and 2 <= len(written) <= 6


_TRANSAMINASES = {"aspartate_aminotransferase", "alanine_aminotransferase"}


def _drop_repeated(inside: list[Phrase], before: list[Phrase]) -> list[Phrase]:
    """ "(AST and ALT <= 5 x ULN if ...)" after a limit of AST and ALT is "(<= 5 x ULN if ...)"."""
    value = next((n for n, p in enumerate(inside) if p.kind == "value"), 0)
    joins = ("name", "and", "or", "slash", "comma", "plain")
    names = {p.word for p in inside[:value] if p.kind == "name"}
    ended = next((n for n in range(len(before) - 1, -1, -1) if before[n].kind == "value"), 0)
    opened = next((n for n in range(ended - 1, -1, -1) if before[n].kind == "value"), -1)
    ours = {p.word for p in before[opened + 1 : ended] if p.kind == "name"}
    is_again = bool(names) and names == ours and all(p.kind in joins for p in inside[:value])
    return inside[value:] if is_again else inside


def _is_its_unit(inside: list[Phrase], value: Phrase, context: Context) -> bool:
    """ "30 milliliters per minute (mL/min)": the unit once more."""
    words = fold_text(context.text[inside[0].start : inside[-1].end])
    unit = find_unit(words, 0)
    return value.value is not None and unit is not None and unit == (value.value.unit, len(words))


def _read_inside(before: list[Phrase], inside: list[Phrase], context: Context) -> list[Phrase] | None:
    """What a parenthesis adds to the phrases before it: nothing, its own phrases, or None."""
    if not inside:
        return []
    kinds = {phrase.kind for phrase in inside}
    if _REFERENCE.search(context.text[inside[0].start : inside[-1].end]):
        return []
    last_name = next((p for p in reversed(before) if p.kind == "name"), None)
    last_value = next((p for p in reversed(before) if p.kind == "value"), None)
    if inside[0].kind == "example" and inside[0].word.startswith(("e", "for", "such", "inclu")):
        return []
    if "if" in kinds or inside[0].kind == "except":
        return _drop_repeated(inside, before)
    if inside[0].kind == "or" and last_value is not None and before[-1] is last_value:
        second = [p for p in inside[1:] if p.kind not in ("plain", "manner")]
        sorts = [p.name.entry.sort for p in second if p.name is not None]
        return inside if [p.kind for p in second] == ["name", "value"] and sorts == ["quantity"] else None
    if last_value is not None and before[-1] is last_value and _is_its_unit(inside, last_value, context):
        return []
    if inside[0].word == "without" and last_value is not None and before[-1] is last_value:
        return inside
    if kinds <= {"time", "plain", "with"} and len(inside) <= 3:
        return inside
    words = {p.word for p in inside if p.kind == "name"}
    repeating = {"name", "plain", "slash", "comma", "or", "and", "qualifier"}
    if kinds <= repeating and last_name is not None and words == {last_name.word}:
        return []
    is_spelt_out = last_name is not None and last_name.word == "transaminases" and words <= _TRANSAMINASES
    if kinds <= repeating and words and is_spelt_out:
        return []
    if (
        [p.kind for p in inside if p.kind != "plain"] == ["name", "value"]
        and before
        and before[-1].kind == "name"
    ):
        entry = inside[0].name.entry if inside[0].name else None
        return inside if entry is not None and entry.sort in ("scale", "stage", "marker") else None
    if _is_listing(inside, before, last_name):
        return []
    if inside[0].kind == "manner":
        return [] if len(inside) == 1 else None
    names = {p.word for p in inside if p.kind == "name"}
    is_named = last_name is not None and names == {last_name.word}
    if "source" in kinds and kinds <= {"source", "manner", "plain", "name", "comma"} and is_named:
        return []
    if (
        before
        and before[-1].kind == "source"
        and kinds == {"name"}
        and last_name
        and names == {last_name.word}
    ):
        return []
    if "source" in kinds and kinds <= {"source", "manner", "plain", "time", "comma"}:
        return inside
    if len(inside) == 1 and inside[0].kind == "name" and before and before[-1].kind == "name":
        written = context.text[inside[0].start : inside[0].end]
        is_initials = written.isupper() and len(written) <= 6 and before[-1].word not in VAGUE
        return [] if inside[0].word == before[-1].word or is_initials else None
    if (
        _is_acronym(inside, context)
        and before
        and before[-1].kind
        in (
            "name",
            "word",
            "plain",
            "qualifier",
            "time",
        )
    ):
        return []
    if len(inside) == 1 and inside[0].kind == "value" and before:
        return _read_value_inside(before, inside, last_value)
    return None


def _is_listing(inside: list[Phrase], before: list[Phrase], last_name: Phrase | None) -> bool:
    """Names of the same kind right after a name: "(Crohn's disease, ulcerative colitis)" spells it out."""
    if last_name is None or last_name.name is None or before[-1] is not last_name:
        return False
    if not {p.kind for p in inside} <= {"name", "plain", "comma", "or", "and", "slash", "qualifier"}:
        return False
    kind = last_name.name.entry.kind
    names = [p.name.entry for p in inside if p.name]
    return (
        kind in ("condition", "drug", "procedure") and len(names) > 1 and all(n.kind == kind for n in names)
    )


def _is_acronym(inside: list[Phrase], context: Context) -> bool:
    """Short upper-case words that no lexicon knows, such as the initials of what stands before."""
    written = context.text[inside[0].start : inside[-1].end]
    return (
        len(inside) == 1
        and inside[0].kind == "word"
        and written.removesuffix("s").isupper()
        and 2 <= len(written) <= 6
    )


def _read_value_inside(
    before: list[Phrase], inside: list[Phrase], last_value: Phrase | None
) -> list[Phrase] | None:
    """The same threshold in another unit is dropped; a value after a measure counts; else None."""
    value = inside[0].value
    assert value is not None
    if before[-1].kind in ("name", "plain") and (last_value is None or last_value.start < before[-1].start):
        name = next((p for p in reversed(before) if p.kind == "name"), None)
        is_measure = name is not None and name.name is not None and join_names(name.name.entry)
        return inside if is_measure else None
    if last_value is None or last_value.value is None or before[-1] is not last_value:
        return None
    other = last_value.value
    is_repeat = (
        value.shape == other.shape == "number" and value.unit and other.unit and value.unit != other.unit
    )
    agrees = [b.operator for b in value.bounds] == [b.operator for b in other.bounds] or value.is_bare
    return [] if is_repeat and agrees and len(value.bounds) == len(other.bounds) else None

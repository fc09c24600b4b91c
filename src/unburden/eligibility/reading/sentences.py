"""A sentence to an expression: parentheses, exceptions and conditions around its clauses."""

import re

from unburden.domain.criteria import (
    AllOf,
    AnyOf,
    CountEvents,
    Expression,
    Not,
    Unless,
    Unread,
    iterate_leaves,
)
from unburden.eligibility.reading.clauses import AGE, VAGUE, Context, Reading, join_names, read_clause
from unburden.eligibility.reading.leaves import read_measure
from unburden.eligibility.reading.phrases import Phrase

_LONGEST = 150
"""Phrases of a sentence beyond which it is left unread."""

_REFERENCE = re.compile(
    r"^(?:see|refer|attachment|appendix|section|table|figure|protocol section|ref)\b[^<>≤≥]{0,60}$|"
    r"^[A-Z][^<>≤≥()]{2,60},? \(?(?:19|20)\d\d[a-z]?(?:; [^<>≤≥]{2,60})?$",
    re.IGNORECASE,
)
"""A parenthesis that only points elsewhere: "(see Appendix 3)", "(Levey, 2006)"."""
_TRIMMED = ("plain", "comma", "slash")
_JOINS = ("or", "and", "comma")


def read_sentence(phrases: list[Phrase], context: Context) -> Reading | None:
    """The expression of a sentence, or None if any of it is not understood.

    Tried in this order: parentheses that repeat, explain or hold an exception or a condition;
    an exception ("unless ..."); a limit that holds under a condition ("<= 5 x ULN if ...").
    """
    if len(phrases) > _LONGEST:
        return None
    phrases = _take_definition(_trim(phrases))
    flat = _open_parentheses(_fold_grades(_trim(phrases), context), context)
    if not flat:
        return None
    definition = _read_definition(flat, context)
    if definition is not None:
        return definition
    for number, phrase in enumerate(flat):
        if phrase.kind == "except":
            return _read_exception(flat[:number], flat[number + 1 :], context)
    for number, phrase in enumerate(flat):
        if phrase.kind == "if":
            return _read_condition(flat, number, context)
    plain = _drop_examples(flat)
    return read_clause(plain, context) or _read_with_tail(plain, context)


_OPENERS = frozenset(
    [
        "requiring",
        "that",
        "which",
        "who",
        "for",
        "as",
        "per",
        "according",
        "based",
        "despite",
        "under",
        "after",
        "during",
        "from",
        "in",
        "to",
        "treated",
    ]
)
_UNSAFE = frozenset(
    [
        "or",
        "and",
        "but",
        "also",
        "however",
        "unless",
        "except",
        "if",
        "may",
        "can",
        "will",
        "excluded",
        "eligible",
        "allowed",
        "permitted",
    ]
)


def _read_with_tail(phrases: list[Phrase], context: Context) -> Reading | None:
    """A clause and words after it that only narrow it: "A requiring B" is A and something unread.

    False without A, unknown with it. The tail must not bring alternatives ("or C"): it holds no
    measure, no value and no disease behind a join.
    """
    for number, phrase in enumerate(phrases):
        if number == 0 or not (
            phrase.word in _OPENERS or phrase.kind in ("if", "act") or phrase.word == "without"
        ):
            continue
        tail = phrases[number:]
        if not _only_narrows(tail):
            return None
        reading = read_clause(phrases[:number], context)
        if reading is None:
            continue
        if context.is_inclusion and _is_subject_only(reading.expression):
            # "Women of childbearing potential who ..." asks nothing of anybody else.
            return None
        unread = Unread(_text_of(tail, context), "words that narrow it and are not understood")
        rules = (*reading.rules, "a narrowing tail")
        return Reading(_narrow(reading.expression, unread), reading.certainty * 0.85, rules)
    return None


def _is_subject_only(expression: Expression) -> bool:
    """Whether only a sex or the potential to bear children is named."""
    columns = {getattr(leaf, "column", "") for leaf in iterate_leaves(expression)}
    return columns <= {"sex", "childbearing_potential", "pregnancy", "postmenopausal"}


def _only_narrows(tail: list[Phrase]) -> bool:
    joined = False
    for phrase in tail:
        if phrase.kind in ("and", "or", "comma", "slash"):
            joined = True
        elif (
            (phrase.kind in ("not", "except", "open", "close") and phrase is not tail[0])
            or (phrase.kind == "value" and (joined or phrase.value is None or phrase.value.shape != "number"))
            or (
                joined
                and phrase.name is not None
                and phrase.name.entry.kind in ("condition", "measurement", "person")
            )
            or (phrase.word in _UNSAFE and phrase.kind == "word")
        ):
            return False
    return True


def _narrow(expression: Expression, unread: Unread) -> Expression:
    """The unread words beside the statement, inside its negation if it is one."""
    if isinstance(expression, Not):
        return Not(AllOf((expression.part, unread)))
    return AllOf((expression, unread))


def _take_definition(phrases: list[Phrase]) -> list[Phrase]:
    """ "Anaemia (haemoglobin < 10 g/dL)" is what stands in its parenthesis: a measure with its value."""
    opened = [n for n, p in enumerate(phrases) if p.kind == "open"]
    if len(opened) != 1 or phrases[-1].kind != "close":
        return phrases
    before, inside = phrases[: opened[0]], _trim(phrases[opened[0] + 1 : -1])
    names = [p for p in before if p.kind == "name"]
    is_one_condition = (
        len(names) == 1 and names[0].name is not None and names[0].name.entry.kind == "condition"
    )
    if not is_one_condition or any(p.kind not in ("name", "plain", "qualifier") for p in before):
        return phrases
    kinds = [p.kind for p in inside if p.kind not in ("plain", "with")]
    measure = next((p.name.entry for p in inside if p.name), None)
    if kinds == ["name", "value"] and measure is not None and measure.sort == "quantity":
        return inside
    return phrases


def _fold_grades(phrases: list[Phrase], context: Context) -> list[Phrase]:
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


def _trim(phrases: list[Phrase]) -> list[Phrase]:
    first, last = 0, len(phrases)
    while first < last and phrases[first].kind in _TRIMMED:
        first += 1
    while last > first and phrases[last - 1].kind in _TRIMMED:
        last -= 1
    return phrases[first:last]


def _drop_examples(phrases: list[Phrase]) -> list[Phrase]:
    """ "A including B or C" is A, B or C: what follows is part of A. "Such as" and "e.g." too."""
    made: list[Phrase] = []
    for phrase in phrases:
        if (
            phrase.kind == "example" and not phrase.word.startswith(("i", "def", "namely"))
        ) or phrase.word.startswith("inclu"):
            if made and made[-1].kind == "comma":
                made.pop()
            made.append(Phrase("or", phrase.start, phrase.end, phrase.first, phrase.last, "or"))
        else:
            made.append(phrase)
    return made


def _open_parentheses(phrases: list[Phrase], context: Context) -> list[Phrase] | None:
    """The phrases with every parenthesis dropped or opened in place; None if one is not understood."""
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
        inside = _read_inside(made, _trim(phrases[at + 1 : end]), context)
        if inside is None:
            return None
        made.extend(inside)
        at = end + 1
    return made


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
        return inside
    if kinds <= {"time", "plain", "with"} and len(inside) <= 3:
        return inside
    words = {p.word for p in inside if p.kind == "name"}
    repeating = {"name", "plain", "slash", "comma", "or", "and", "qualifier"}
    if kinds <= repeating and last_name is not None and words == {last_name.word}:
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
    if len(inside) == 1 and inside[0].kind == "name" and before and before[-1].kind == "name":
        written = context.text[inside[0].start : inside[0].end]
        is_initials = written.isupper() and len(written) <= 6 and before[-1].word not in VAGUE
        return [] if inside[0].word == before[-1].word or is_initials else None
    if _is_acronym(inside, context) and before and before[-1].kind in ("name", "word", "plain", "qualifier"):
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


def _read_definition(phrases: list[Phrase], context: Context) -> Reading | None:
    """ "Adequate renal function, defined as creatinine <= 1.5 x ULN" says its second half."""
    for number, phrase in enumerate(phrases):
        if (
            phrase.kind == "example"
            and phrase.word.startswith(("def", "is def", "are def", "i"))
            and not phrase.word.startswith("inclu")
        ):
            names = [p.name.entry for p in phrases[:number] if p.name]
            is_function = len(names) == 1 and names[0].sort == "function"
            is_condition = len(names) == 1 and names[0].kind == "condition" and not context.is_inclusion
            only_names = all(p.kind in ("name", "plain", "qualifier", "comma") for p in phrases[:number])
            if only_names and (is_condition or (is_function and phrases[0].word in _GOOD)):
                reading = read_sentence(phrases[number + 1 :], context)
                return _with_rule(reading, "a function by its definition", 0.95)
    return None


_GOOD = ("adequate", "acceptable", "normal", "sufficient")


def _with_rule(reading: Reading | None, rule: str, certainty: float) -> Reading | None:
    if reading is None:
        return None
    return Reading(reading.expression, reading.certainty * certainty, (*reading.rules, rule))


def _text_of(phrases: list[Phrase], context: Context) -> str:
    return context.text[phrases[0].start : phrases[-1].end]


def _read_exception(left: list[Phrase], right: list[Phrase], context: Context) -> Reading | None:
    """ "A unless B": for an exclusion A and not B; for an inclusion A or B, inside a negation if there is one."""
    left, right = _trim(left), _trim(right)
    if not left or not right:
        return None
    if any(p.kind == "except" for p in right):
        return None
    conditional = _read_limit_for(left, right, right, context)
    if conditional is not None:
        return conditional
    part = read_sentence(left, context)
    if part is None or any(p.kind == "time" and p.time and p.time.reach == "window" for p in right):
        return None
    aside = Context(context.text, False, context.absence)
    exception = read_sentence(right, aside)
    words = _text_of(right, context)
    inner: Expression = (
        exception.expression if exception else Unread(words, "an exception that is not understood")
    )
    if exception is not None and _share_kind(part.expression, inner):
        # Who has an excepted disease may have another of the kind too.
        inner = AllOf((inner, Unread(words, "whether the exception covers every case is not told")))
    certainty = part.certainty * (exception.certainty if exception else 0.9) * 0.95
    rules = (*part.rules, "exception")
    if isinstance(part.expression, Not):
        return Reading(Not(Unless(part.expression.part, inner)), certainty, rules)
    if not context.is_inclusion:
        return Reading(Unless(part.expression, inner), certainty, rules)
    return Reading(AnyOf((part.expression, inner)), certainty, rules)


def _share_kind(part: Expression, exception: Expression) -> bool:
    """Whether the exception names events of the same kind as the part's."""
    kinds = [
        {leaf.events.kind for leaf in iterate_leaves(side) if isinstance(leaf, CountEvents)}
        for side in (part, exception)
    ]
    return bool(kinds[0] & kinds[1])


def _read_condition(flat: list[Phrase], at: int, context: Context) -> Reading | None:
    """A limit or a statement that holds only under a condition."""
    left, right = _trim(flat[:at]), _trim(flat[at + 1 :])
    if not right:
        return None
    if not left:
        return None
    return (
        _read_otherwise(left, right, context)
        or _read_limit_for(left, right, flat[at:], context)
        or _read_only_if(left, right, context)
    )


def _read_otherwise(left: list[Phrase], right: list[Phrase], context: Context) -> Reading | None:
    """ "A <= x, or B <= y for those with A > x" is A <= x or B <= y."""
    stated = read_clause(left, context) if context.is_inclusion else None
    condition = read_clause(_trim_cause(right), Context(context.text, True, context.absence))
    if stated is None or condition is None or not isinstance(stated.expression, AnyOf):
        return None
    first, second = _threshold(stated.expression.parts[0]), _threshold(condition.expression)
    if first is None or second is None or len(stated.expression.parts) != 2:
        return None
    is_opposite = first[0] == second[0] and first[1] != second[1] and first[2:] == second[2:]
    return _with_rule(stated, "a second measure where the first is not met", 0.95) if is_opposite else None


def _split_last_value(left: list[Phrase]) -> tuple[list[Phrase], Phrase] | None:
    """The phrases before a second value, and that value, for "<= 2.5 x ULN or <= 5 x ULN (if)"."""
    values = [n for n, p in enumerate(left) if p.kind == "value"]
    if len(values) < 2 or values[-1] != len(left) - 1:
        return None
    between = left[values[-2] + 1 : values[-1]]
    if any(p.kind not in (*_JOINS, "plain") for p in between):
        return None
    return left[: values[-2] + 1], left[-1]


def _read_limit_for(
    left: list[Phrase], right: list[Phrase], condition_phrases: list[Phrase], context: Context
) -> Reading | None:
    """ "A <= 2.5 x ULN (<= 5 x ULN if B)" and "A <= 2.5 x ULN unless B, then <= 5 x ULN"."""
    split = _split_last_value(left)
    cause = right
    if split is None:
        values = [
            n
            for n, p in enumerate(right)
            if p.kind == "value" and p.value and p.value.shape in ("limit", "number")
        ]
        if len(values) != 1 or values[0] != len(right) - 1 or not left or left[-1].kind != "value":
            return None
        split, cause = (left, right[-1]), right[:-1]
    base_phrases, other = split
    base = read_clause(base_phrases, context)
    names = _names_before(base_phrases)
    cause = _trim_cause(cause)
    if base is None or not names or not cause or other.value is None:
        return None
    leaves = [read_measure(AGE if p.word == "age" else p.name.entry, other.value) for p in names if p.name]
    if any(leaf is None for leaf in leaves) or not _same_direction(base_phrases[-1], other):
        return None
    if any(p.name is not None and join_names(p.name.entry) for p in cause):
        return None
    alternative = _join([leaf for leaf in leaves if leaf is not None], is_all=context.is_inclusion)
    condition = _read_cause(cause, context)
    expression = _choose(base.expression, alternative, condition, context.is_inclusion)
    rules = (*base.rules, "a limit under a condition")
    del condition_phrases
    return Reading(expression, base.certainty * 0.93, rules)


def _same_direction(first: Phrase, second: Phrase) -> bool:
    """Whether both values are one-sided limits on the same side."""
    sides = [
        {bound.operator[0] for bound in phrase.value.bounds} if phrase.value is not None else set()
        for phrase in (first, second)
    ]
    return sides[0] == sides[1] and len(sides[0]) == 1


def _trim_cause(cause: list[Phrase]) -> list[Phrase]:
    """The condition without the words that lead on to its limit ("present, in which case")."""
    cause = _trim(cause)
    while cause and (cause[-1].kind in (*_TRIMMED, "if", "with") or cause[-1].word in _LEADING):
        cause = cause[:-1]
    while cause and cause[0].kind in (*_TRIMMED, "if", "with"):
        cause = cause[1:]
    return cause


_LEADING = frozenset(
    [
        "which",
        "case",
        "then",
        "must",
        "be",
        "it",
        "should",
        "is",
        "are",
        "who",
        "where",
        "they",
        "can",
        "may",
        "allowed",
        "present",
        "due",
        "considered",
        "involvement",
        "for",
        "which",
    ]
)


def _names_before(phrases: list[Phrase]) -> list[Phrase]:
    """The names that the last value belongs to."""
    names: list[Phrase] = []
    for phrase in reversed(phrases[:-1]):
        if phrase.kind == "value":
            break
        if phrase.kind == "name":
            names.insert(0, phrase)
    return names


def _read_cause(cause: list[Phrase], context: Context) -> Expression:
    reading = read_clause(cause, Context(context.text, True, context.absence))
    if reading is None:
        return Unread(_text_of(cause, context), "a condition that is not understood")
    return reading.expression


def _join(parts: list[Expression], *, is_all: bool) -> Expression:
    if len(parts) == 1:
        return parts[0]
    return AllOf(tuple(parts)) if is_all else AnyOf(tuple(parts))


def _choose(base: Expression, other: Expression, condition: Expression, is_inclusion: bool) -> Expression:
    """The other limit under the condition, the first elsewhere.

    A laxer limit under the condition needs no "elsewhere": who meets the first meets it too, so
    that the first alone decides where nobody knows the condition.
    """
    if _is_laxer(base, other) and is_inclusion:
        return AnyOf((base, AllOf((condition, other))))
    if _is_laxer(base, other):
        return AllOf((base, AnyOf((Not(condition), other))))
    return AnyOf((AllOf((condition, other)), AllOf((Not(condition), base))))


def _is_laxer(base: Expression, other: Expression) -> bool:
    """Whether both are one-sided limits of the same measures in the same unit and the other allows more."""
    ours, theirs = list(iterate_leaves(base)), list(iterate_leaves(other))
    if len(ours) != len(theirs):
        return False
    for a, b in zip(ours, theirs, strict=True):
        first, second = _threshold(a), _threshold(b)
        if first is None or second is None or first[1:] != second[1:]:
            return False
        if (first[1] == "<" and second[0] < first[0]) or (first[1] == ">" and second[0] < first[0]):
            return False
    return True


def _threshold(leaf: object) -> tuple[float, str, str, str] | None:
    """Number, direction, measure and unit or limit of a one-sided comparison."""
    operator = str(getattr(leaf, "operator", ""))[:1]
    number = getattr(leaf, "value", getattr(leaf, "multiple", None))
    if operator not in ("<", ">") or not isinstance(number, float | int):
        return None
    return (
        number,
        operator,
        str(getattr(leaf, "column", "")),
        str(getattr(leaf, "limit", getattr(leaf, "unit", ""))),
    )


def _read_only_if(left: list[Phrase], right: list[Phrase], context: Context) -> Reading | None:
    """ "A if B": asked of those with B only; an exclusion keeps out who has both."""
    if len([p for p in left if p.kind == "value"]) != 1:
        return None
    base = read_clause(left, context)
    if base is None:
        return None
    condition = _read_cause(_trim_cause(right) or right, context)
    rules = (*base.rules, "under a condition")
    if context.is_inclusion:
        return Reading(AnyOf((Not(condition), base.expression)), base.certainty * 0.9, rules)
    return Reading(AllOf((condition, base.expression)), base.certainty * 0.9, rules)

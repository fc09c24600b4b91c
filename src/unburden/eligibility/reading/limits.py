"""Limits that hold under a condition: "<= 5 x ULN if liver metastases", "B for those with A above its limit"."""

from unburden.domain.criteria import AllOf, AnyOf, Expression, Not, OneOf, Unread, iterate_leaves
from unburden.eligibility.reading.clauses import read_clause
from unburden.eligibility.reading.leaves import read_measure
from unburden.eligibility.reading.parentheses import trim
from unburden.eligibility.reading.parts import AGE, Context, Reading, join_names
from unburden.eligibility.reading.phrases import Phrase

_TRIMMED = ("plain", "comma", "slash")
_JOINS = ("or", "and", "comma")


def with_rule(reading: Reading | None, rule: str, certainty: float) -> Reading | None:
    if reading is None:
        return None
    return Reading(reading.expression, reading.certainty * certainty, (*reading.rules, rule))


def text_of(phrases: list[Phrase], context: Context) -> str:
    return context.text[phrases[0].start : phrases[-1].end]


_BETWEEN_SEXES = ("plain", "open", "close", "or", "and", "comma", "slash", "colon", "manner", "source")


def read_by_sex(phrases: list[Phrase]) -> Reading | None:
    """ "QTc > 450 ms (men) or > 470 ms (women)": one measure, a limit for each sex."""
    steps: list[tuple[str, Phrase]] = []
    for phrase in phrases:
        sex = _sex_of(phrase)
        if sex:
            steps.append((sex, phrase))
        elif phrase.kind in ("name", "value"):
            steps.append((phrase.kind, phrase))
        elif phrase.kind not in _BETWEEN_SEXES and phrase.word != "for":
            return None
    names = [p for kind, p in steps if kind == "name"]
    order = [kind for kind, _ in steps if kind != "name"]
    sexes = [kind for kind in order if kind != "value"]
    if order != ["value", *sexes[:1], "value", *sexes[1:]] or sorted(sexes) != ["female", "male"]:
        return None
    entries = {p.name.entry for p in names if p.name is not None}
    if len(entries) != 1 or steps[0][0] != "name" or any(kind == "name" for kind, _ in steps[len(names) :]):
        return None
    values = [p for kind, p in steps if kind == "value"]
    leaves = [read_measure(next(iter(entries)), p.value) for p in values if p.value is not None]
    if any(leaf is None for leaf in leaves) or not _same_direction(*values):
        return None
    parts = [
        AllOf((OneOf("sex", (s,)), leaf)) for s, leaf in zip(sexes, leaves, strict=True) if leaf is not None
    ]
    return Reading(AnyOf(tuple(parts)), 0.93, ("comparison", "a limit for each sex"))


def read_by_group(phrases: list[Phrase], context: Context) -> Reading | None:
    """ "18 to 64 years for T1DM, or 20 to 70 years for T2DM": one measure, a limit for each of two diseases."""
    kept = [p for p in phrases if p.kind not in ("plain", "comma", "colon", "manner", "source")]
    while kept and kept[-1].time is not None and kept[-1].time.reach == "now":
        kept = kept[:-1]
    first = 0 if kept and kept[0].value is not None and kept[0].value.is_age else 1
    measure = AGE if first == 0 else kept[0].name.entry if kept and kept[0].name is not None else None
    shape = [p.word if p.word == "for" else p.kind for p in kept[first:]]
    if measure is None or shape[3:4] not in (["or"], ["and"]):
        return None
    if shape[:3] != ["value", "for", "name"] or shape[4:] != ["value", "for", "name"]:
        return None
    values, groups = (kept[first], kept[first + 4]), (kept[first + 2], kept[first + 6])
    leaves = [read_measure(measure, p.value) for p in values if p.value is not None]
    diseases = [read_clause([p], Context(context.text, True, context.absence)) for p in groups]
    is_disease = all(p.name is not None and p.name.entry.kind == "condition" for p in groups)
    if not is_disease or groups[0].word == groups[1].word or None in leaves or None in diseases:
        return None
    parts = [
        AllOf((disease.expression, leaf))
        for disease, leaf in zip(diseases, leaves, strict=True)
        if disease is not None and leaf is not None
    ]
    return Reading(AnyOf(tuple(parts)), 0.9, ("comparison", "a limit for each disease"))


def _sex_of(phrase: Phrase) -> str:
    """ "male" or "female" where a phrase names one sex, else ""."""
    if phrase.name is not None and phrase.name.entry.concept.startswith("sex:"):
        return phrase.name.entry.concept.removeprefix("sex:")
    if phrase.kind != "if":
        return ""
    is_female = any(word in phrase.word for word in ("women", "female"))
    is_male = any(word in phrase.word.split() for word in ("men", "males", "male"))
    return "" if is_female == is_male else "female" if is_female else "male"


def read_condition(flat: list[Phrase], at: int, context: Context) -> Reading | None:
    """A limit or a statement that holds only under a condition."""
    left, right = trim(flat[:at]), trim(flat[at + 1 :])
    if not right:
        return None
    if not left:
        return None
    return (
        _read_or_if(left, right, context)
        or _read_otherwise(left, right, context)
        or read_limit_for(left, right, flat[at:], context)
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
    return with_rule(stated, "a second measure where the first is not met", 0.95) if is_opposite else None


def _read_or_if(left: list[Phrase], right: list[Phrase], context: Context) -> Reading | None:
    """ "A <= x, or, if A > x, then B >= y" is A <= x or B >= y."""
    base = left
    while base and base[-1].kind in ("or", "comma"):
        base = base[:-1]
    then = next((n for n, p in enumerate(right) if p.word == "then"), None)
    if not context.is_inclusion or then is None or not any(p.kind == "or" for p in left[len(base) :]):
        return None
    stated, condition = read_clause(base, context), read_clause(trim(right[:then]), context)
    other = read_clause(trim(right[then + 1 :]), context)
    if stated is None or condition is None or other is None:
        return None
    first, second = _threshold(stated.expression), _threshold(condition.expression)
    if first is None or second is None or _threshold(other.expression) is None:
        return None
    if (first[0], first[2:]) != (second[0], second[2:]) or first[1] == second[1]:
        return None
    expression = AnyOf((stated.expression, other.expression))
    return with_rule(
        Reading(expression, stated.certainty, stated.rules),
        "a second measure where the first is not met",
        0.95,
    )


def _split_last_value(left: list[Phrase]) -> tuple[list[Phrase], Phrase] | None:
    """The phrases before a second value, and that value, for "<= 2.5 x ULN or <= 5 x ULN (if)"."""
    values = [n for n, p in enumerate(left) if p.kind == "value"]
    if len(values) < 2 or values[-1] != len(left) - 1:
        return None
    between = left[values[-2] + 1 : values[-1]]
    if any(p.kind not in (*_JOINS, "plain") for p in between):
        return None
    return left[: values[-2] + 1], left[-1]


def read_limit_for(
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
    limited = {getattr(leaf, "column", "") for part in leaves if part for leaf in iterate_leaves(part)}
    if {getattr(leaf, "column", "") for leaf in iterate_leaves(base.expression)} != limited:
        # "A <= 2, B <= 3 (<= 5 if C)": the condition changes nothing for A.
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
    cause = trim(cause)
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
        return Unread(text_of(cause, context), "a condition that is not understood")
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
    if any(p.kind in ("value", "or", "and", "comma", "if", "except") for p in right):
        # What follows may be the limit of somebody else.
        return None
    base = read_clause(left, context)
    if base is None:
        return None
    condition = _read_cause(_trim_cause(right) or right, context)
    rules = (*base.rules, "under a condition")
    if context.is_inclusion:
        return Reading(AnyOf((Not(condition), base.expression)), base.certainty * 0.9, rules)
    return Reading(AllOf((condition, base.expression)), base.certainty * 0.9, rules)

"""A sentence to an expression: exceptions, definitions and narrowing tails around its clauses."""

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
from unburden.eligibility.reading.clauses import read_clause
from unburden.eligibility.reading.guards import (
    blurs_window,
    brings_another,
    demands_conduct,
    denies_subject,
    find_including,
    has_subgroup,
    limits_something,
    read_including,
    read_subgroup,
)
from unburden.eligibility.reading.limits import (
    read_by_group,
    read_by_sex,
    read_condition,
    read_limit_for,
    text_of,
    with_rule,
)
from unburden.eligibility.reading.parentheses import (
    drop_inner,
    fold_grades,
    open_parentheses,
    take_definition,
    trim,
)
from unburden.eligibility.reading.parts import REACTIONS, Context, Reading
from unburden.eligibility.reading.phrases import Phrase

_LONGEST = 150
"""Phrases of a sentence beyond which it is left unread."""


def read_sentence(phrases: list[Phrase], context: Context) -> Reading | None:
    """The expression of a sentence, or None if any of it is not understood.

    Tried in this order: parentheses that repeat, explain or hold an exception or a condition;
    an exception ("unless ..."); a limit that holds under a condition ("<= 5 x ULN if ...").
    """
    if len(phrases) > _LONGEST:
        return None
    if not context.is_inclusion and demands_conduct(phrases):
        return None
    phrases = trim_start(phrases)
    if context.is_inclusion and denies_subject(phrases):
        return None
    if context.is_inclusion and has_subgroup(phrases):
        return read_subgroup(phrases, context, read_sentence)
    if blurs_window(phrases, context):
        return None
    if find_including(phrases) is not None:
        return read_including(phrases, context, read_sentence)
    by_sex = read_by_sex(trim(phrases)) or read_by_group(trim(phrases), context)
    if by_sex is not None:
        return by_sex
    phrases = take_definition(drop_inner(trim(phrases), context), is_inclusion=context.is_inclusion)
    flat = open_parentheses(fold_grades(trim(phrases), context), context)
    if not flat:
        return None
    definition = _read_definition(flat, context)
    if definition is not None:
        return definition
    for number, phrase in enumerate(flat):
        if phrase.kind == "except":
            return _read_exception(flat[:number], flat[number:], context)
    for number, phrase in enumerate(flat):
        if phrase.kind == "if":
            return read_condition(flat, number, context)
    if _includes_later(flat) or (context.is_inclusion and _may_ask_for_part(flat)):
        return None
    plain = _drop_examples(flat)
    return read_clause(plain, context) or _read_with_tail(plain, context)


def trim_start(phrases: list[Phrase]) -> list[Phrase]:
    """The phrases without commas and marks before the first word."""
    first = 0
    while first < len(phrases) and phrases[first].kind in ("comma", "slash"):
        first += 1
    return phrases[first:]


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
        if number == 0 or not (_is_opener(phrases, number) or phrase.word in _CLOSE_OPENERS):
            continue
        if phrase.kind == "to" and any(p.word in REACTIONS for p in phrases[:number]):
            # An allergy to something unread is recorded under that thing's name, not as any allergy.
            return None
        tail = phrases[number:]
        is_close = not _is_opener(phrases, number)
        if is_close and not _is_close_tail(tail):
            continue
        if brings_another(tail):
            return None
        if not _only_narrows(tail):
            if phrase.kind == "source":
                continue
            return None
        reading = read_clause(phrases[:number], context)
        if reading is None or (is_close and not _is_disease(reading.expression)):
            continue
        if context.is_inclusion and (
            _is_subject_only(reading.expression) or "who it applies to" in reading.rules
        ):
            # "Women of childbearing potential who ..." asks nothing of anybody else.
            return None
        unread = Unread(text_of(tail, context), "words that narrow it and are not understood")
        rules = (*reading.rules, "a narrowing tail")
        return Reading(_narrow(reading.expression, unread), reading.certainty * 0.85, rules)
    return None


def _is_opener(phrases: list[Phrase], number: int) -> bool:
    phrase = phrases[number]
    denies = phrase.kind == "with" and phrases[number + 1 : number + 2] and phrases[number + 1].kind == "not"
    is_judged = phrase.kind == "source" and phrase.word.split()[0] in _JUDGED
    is_kind = phrase.kind in ("if", "act") or phrase.word == "without" or is_judged
    return phrase.word in _OPENERS or is_kind or bool(denies)


_JUDGED = ("as", "in", "by", "per", "according", "based", "assessed", "judged")
_CLOSE_OPENERS = frozenset(
    [
        "with",
        "having",
        "previously",
        "refractory",
        "progressing",
        "progressed",
        "amenable",
        "whose",
        "at",
        "within",
        "expressing",
        "harboring",
        "carrying",
        "following",
        "on",
        "by",
    ]
)


def _is_close_tail(tail: list[Phrase]) -> bool:
    """Whether a tail has no join at all that could bring an alternative to what stands before it."""
    is_empty = any(p.word in ("following", "some", "certain", "exception", "exceptions") for p in tail)
    return not is_empty and not any(
        p.kind in ("or", "slash", "comma", "colon", "value", "example") for p in tail
    )


def _is_disease(expression: Expression) -> bool:
    """Whether an expression says nothing but that a disease is recorded, with or without its qualities."""
    leaves = list(iterate_leaves(expression))
    events = [leaf for leaf in leaves if isinstance(leaf, CountEvents)]
    rest = [leaf for leaf in leaves if not isinstance(leaf, CountEvents | Unread)]
    return bool(events) and not rest and all(e.events.kind == "condition" for e in events)


def _is_subject_only(expression: Expression) -> bool:
    """Whether only a sex or the potential to bear children is named."""
    columns = {getattr(leaf, "column", "") for leaf in iterate_leaves(expression)}
    return columns <= {"sex", "childbearing_potential", "pregnancy", "postmenopausal"}


def _only_narrows(tail: list[Phrase]) -> bool:
    joined = False
    for before, phrase in zip([tail[0], *tail], tail, strict=False):
        if phrase.kind in ("and", "or", "comma", "slash"):
            # "Advanced or metastatic cancer" joins qualities, "cancer or infection" brings another thing.
            joined = joined or before.kind != "qualifier"
        elif (
            (
                phrase.kind in ("not", "except", "open", "close")
                and phrase is not tail[0]
                and not _denies_early(tail, phrase)
            )
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


def _denies_early(tail: list[Phrase], phrase: Phrase) -> bool:
    """Whether a tail begins with its own negation: "which is not declining", "with no deterioration"."""
    if phrase.kind == "not" and phrase.word.startswith("absence") and tail[0].word == "in":
        return all(p.kind == "plain" for p in tail[1 : tail.index(phrase)])
    return phrase.kind == "not" and len(tail) > 1 and phrase is tail[1] and tail[0].word in ("which", "with")


def _narrow(expression: Expression, unread: Unread) -> Expression:
    """The unread words beside the statement, inside its negation if it is one."""
    if isinstance(expression, Not):
        return Not(AllOf((expression.part, unread)))
    return AllOf((expression, unread))


def _may_ask_for_part(phrases: list[Phrase]) -> bool:
    """Whether "A including B" may ask for B: not after a negation, nor where it is "not limited to" it."""
    for number, phrase in enumerate(phrases):
        if phrase.kind == "example" and phrase.word.startswith("inclu") and "limited" not in phrase.word:
            return not any(p.kind == "not" for p in phrases[:number])
    return False


def _includes_later(phrases: list[Phrase]) -> bool:
    """Whether "including B" stands after a window, which holds for B too: "A within 3 months, including B"."""
    timed = [n for n, p in enumerate(phrases) if p.time is not None and p.time.reach != "ever"]
    examples = [n for n, p in enumerate(phrases) if p.kind == "example" and p.word.startswith("inclu")]
    return bool(timed and examples) and timed[0] < examples[-1]


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
                return with_rule(reading, "a function by its definition", 0.95)
    return None


_GOOD = ("adequate", "acceptable", "normal", "sufficient")


def _read_exception(left: list[Phrase], right: list[Phrase], context: Context) -> Reading | None:
    """ "A unless B": for an exclusion A and not B; for an inclusion A or B, inside a negation if there is one."""
    is_unless = right[0].word.startswith("unless")
    left, right = trim(left), trim(right[1:])
    if not left or not right:
        return None
    if any(p.kind == "except" for p in right):
        return None
    conditional = read_limit_for(left, right, right, context)
    if conditional is not None:
        return conditional
    part = read_sentence(left, context)
    if part is None or any(p.kind == "time" and p.time and p.time.reach == "window" for p in right):
        return None
    aside = Context(context.text, False, context.absence)
    exception = read_sentence(right, aside)
    words = text_of(right, context)
    inner: Expression = (
        exception.expression if exception else Unread(words, "an exception that is not understood")
    )
    is_of_many = sum(p.kind == "value" for p in left) > 1
    if exception is not None and (is_of_many or _share_kind(part.expression, inner)):
        # Who has an excepted disease may have another of the kind too; an exception after several
        # limits may be one from the last of them only.
        inner = AllOf((inner, Unread(words, "whether the exception covers every case is not told")))
    certainty = part.certainty * (exception.certainty if exception else 0.9) * 0.95
    rules = (*part.rules, "exception")
    if isinstance(part.expression, Not):
        return Reading(Not(Unless(part.expression.part, inner)), certainty, rules)
    if not context.is_inclusion:
        return Reading(Unless(part.expression, inner), certainty, rules)
    return Reading(_except_from_asked(part.expression, inner, words, is_unless), certainty, rules)


def _except_from_asked(part: Expression, inner: Expression, words: str, is_unless: bool) -> Expression:
    """What is asked for, with an exception from it.

    An excepted group is not free of a limit: another holds for it, told elsewhere or not at all.
    "A except B" may take B out of A or let B in without A; "A unless B" is A or B.
    """
    untold: Expression = inner
    if not isinstance(inner, Unread):
        untold = AllOf((inner, Unread(words, "what holds for the exception is not told")))
    if limits_something(part):
        return AnyOf((part, untold))
    if is_unless:
        return AnyOf((part, inner))
    return AnyOf((AllOf((part, Not(inner))), untold))


def _share_kind(part: Expression, exception: Expression) -> bool:
    """Whether the exception names events of the same kind as the part's."""
    kinds = [
        {leaf.events.kind for leaf in iterate_leaves(side) if isinstance(leaf, CountEvents)}
        for side in (part, exception)
    ]
    return bool(kinds[0] & kinds[1])

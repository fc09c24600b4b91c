"""Words that could turn a statement round: duties, subgroups, windows of one alternative, what widens."""

from collections.abc import Callable

from unburden.domain.criteria import (
    AnyOf,
    Between,
    Compare,
    CompareToLimit,
    Expression,
    Not,
    OneOf,
    Unread,
    iterate_leaves,
)
from unburden.eligibility.reading.leaves import STATES
from unburden.eligibility.reading.limits import text_of
from unburden.eligibility.reading.parentheses import trim
from unburden.eligibility.reading.parts import Context, Reading, is_cancer
from unburden.eligibility.reading.phrases import Phrase
from unburden.eligibility.reading.widening import widen

_DUTIES = frozenset(["must", "should", "shall"])
_NOT_DUTIES = ("must ", "should ", "shall ", "may ", "can ", "could ", "cannot")
_OBLIGING = ("have", "has", "need", "needs", "required")
_GROUPS = frozenset(
    """
patient patients participant participants subject subjects individual individuals person persons
women woman men man females males those people
""".split()  # noqa: SIM905
)
_EVENTS = ("condition", "drug", "procedure", "device")
_COMPARISONS = (Compare, CompareToLimit, Between, OneOf)

Read = Callable[[list[Phrase], Context], Reading | None]


def is_duty(phrase: Phrase) -> bool:
    """Whether a phrase says what somebody must, should or may not do."""
    is_denied = phrase.kind == "not" and phrase.word.startswith(_NOT_DUTIES)
    return is_denied or (phrase.kind in ("plain", "word") and phrase.word in _DUTIES)


def demands_conduct(phrases: list[Phrase]) -> bool:
    """Whether a sentence under the exclusions tells what to do: it excludes nobody who does it.

    "Patients should not have X" among exclusions asks for the contrary of what its place says.
    """
    return any(is_duty(phrase) or _obliges(phrases[n : n + 2]) for n, phrase in enumerate(phrases))


def _obliges(pair: list[Phrase]) -> bool:
    """Whether two phrases are "have to", "need to" or "required to"."""
    return len(pair) == 2 and pair[0].word in _OBLIGING and pair[1].word == "to"


def _find_duties(phrases: list[Phrase]) -> list[int]:
    depth, found = 0, []
    for number, phrase in enumerate(phrases):
        depth += (phrase.kind == "open") - (phrase.kind == "close")
        if depth == 0 and (is_duty(phrase) or _obliges(phrases[number : number + 2])):
            found.append(number)
    return found


def has_subgroup(phrases: list[Phrase]) -> bool:
    """Whether a disease, a treatment or a limit is the subject of what must be: "patients taking X must ..."."""
    first = next((n for n, p in enumerate(phrases) if p.kind in ("except", "if")), len(phrases))
    duties = [number for number in _find_duties(phrases) if number < first]
    if not duties:
        return False
    is_limited = phrases[0].word in _GROUPS and any(_is_limit(phrase) for phrase in phrases[: duties[0]])
    return is_limited or any(_is_event(phrase) for phrase in phrases[: duties[-1]])


def denies_subject(phrases: list[Phrase]) -> bool:
    """Whether what must be is asked of those who are not something: "females who are not of X must ..."."""
    duties = _find_duties(phrases)
    return bool(duties) and any(phrase.kind == "not" for phrase in phrases[: duties[0]])


def _is_limit(phrase: Phrase) -> bool:
    """Whether a phrase is a value but not an age: "patients with ANC < 1,000 must ..."."""
    return phrase.value is not None and not phrase.value.is_age


def _is_event(phrase: Phrase) -> bool:
    entry = phrase.name.entry if phrase.name is not None else None
    return entry is not None and entry.kind in _EVENTS and entry.concept not in STATES


def _is_population(concept: str) -> bool:
    """Whether a disease may be that of all patients of a study: a cancer, but not where it spread to."""
    is_blood = any(word in concept for word in ("myelo", "neopla", "histiocyt", "mastocyt", "macroglobulin"))
    return is_blood or (is_cancer(concept) and "metasta" not in concept)


def read_subgroup(phrases: list[Phrase], context: Context, read: Read) -> Reading | None:
    """ "Patients taking X must Y" asks Y of those who take X: not X, or Y; None where it is not that plain.

    Y is computed where it is a comparison and nothing else; else it stays unread.
    """
    duties = _find_duties(phrases)
    subject = phrases[: duties[0]]
    diseases = [p.word for p in subject if _is_event(p)]
    is_plain = len(duties) == 1 and bool(diseases) and phrases[0].word in _GROUPS
    is_everybody = any(_is_population(word) for word in diseases)
    if not is_plain or is_everybody or any(p.kind in ("value", "if", "except") for p in subject):
        return None
    group = read(trim(subject), context)
    at = duties[0] + (
        0 if phrases[duties[0]].kind == "not" else 2 if _obliges(phrases[duties[0] :][:2]) else 1
    )
    rest = trim(phrases[at:])
    if group is None or not rest:
        return None
    asked = read(rest, context)
    leaves = list(iterate_leaves(asked.expression)) if asked is not None else []
    is_compared = bool(leaves) and all(isinstance(leaf, _COMPARISONS) for leaf in leaves)
    other: Expression = Unread(text_of(rest, context), "what is asked of them is not understood")
    if asked is not None and is_compared:
        other = asked.expression
    rules = (*group.rules, "asked of a group only")
    return Reading(AnyOf((Not(group.expression), other)), group.certainty * 0.9, rules)


def blurs_window(phrases: list[Phrase], context: Context) -> bool:
    """Whether a window after several alternatives may be that of the last one only.

    So it is where one has a verb of its own, a definition or a cause, or is of the present: "A defined
    as B, or C due to D within 6 months", "pregnant or B within 4 weeks", "concurrent A or B within 3 years".
    """
    first = 0
    for number, phrase in enumerate(phrases):
        if phrase.time is None or phrase.time.reach != "window":
            continue
        alternatives = trim_joins(phrases[first:number])
        if _holds_own_verb(alternatives) or _holds_present(alternatives, context):
            return True
        first = number + 1
    return False


def trim_joins(phrases: list[Phrase]) -> list[Phrase]:
    """The phrases without joins and plain words before them."""
    while phrases and phrases[0].kind in ("or", "and", "comma", "slash", "plain", "open", "close"):
        phrases = phrases[1:]
    return phrases


def _holds_own_verb(alternatives: list[Phrase]) -> bool:
    joins = [n for n, p in enumerate(alternatives) if p.kind in ("or", "comma", "slash")]
    if not joins:
        return False
    for number, phrase in enumerate(alternatives):
        is_defined = phrase.kind == "example" and "def" in phrase.word
        is_caused = phrase.kind == "if" and phrase.word.endswith(" to")
        is_own = phrase.kind == "act" and number > joins[0]
        if is_defined or is_caused or is_own:
            return True
    return False


_PRESENT = ("concurrent", "current", "concomitant", "active", "ongoing")


def _holds_present(alternatives: list[Phrase], context: Context) -> bool:
    """Whether an alternative before the last join is a state of the index day or called a present one."""
    last = max((n for n, p in enumerate(alternatives) if p.kind in ("or", "comma", "slash")), default=0)
    names = [p for p in alternatives[:last] if p.name is not None]
    words = [context.text[p.start : p.end].lower() for p in names]
    return any(p.word in STATES for p in names) or any(word.startswith(_PRESENT) for word in words)


def brings_another(tail: list[Phrase]) -> bool:
    """Whether "or" in a tail goes on with a verb or a state, which may be an alternative to all before it."""
    for number, phrase in enumerate(tail):
        if phrase.kind not in ("or", "slash"):
            continue
        rest = [p for p in tail[number + 1 :] if p.kind != "plain" or p.word in _VERBS]
        following = rest[0] if rest else None
        if following is not None and tail[0].word in ("that", "which") and following.word in _RELATIVE:
            # "A that is progressing or has required treatment": both are said of A.
            continue
        if following is not None and (following.kind in ("act", "time", "not") or _is_verb(following)):
            return True
    return False


_RELATIVE = ("has", "have", "had", "is", "are", "was", "were")
_VERBS = frozenset(
    """
still post history status has have had is are was were who with not yet recently currently previously
after since following if when
""".split()  # noqa: SIM905
)


def _is_verb(phrase: Phrase) -> bool:
    words = phrase.word.replace("_", " ").split()
    first = words[0] if words else ""
    is_open = phrase.kind in ("word", "plain", "qualifier", "with")
    return first in _VERBS or (is_open and first.endswith(("ing", "ed")))


def find_including(phrases: list[Phrase]) -> tuple[int, int] | None:
    """First and last phrase of a parenthesis that begins with "including"; None if there is none."""
    for number, phrase in enumerate(phrases[:-1]):
        following = phrases[number + 1]
        is_example = following.kind == "example" and following.word.startswith("inclu")
        if phrase.kind == "open" and is_example:
            depth = 0
            for end in range(number, len(phrases)):
                depth += (phrases[end].kind == "open") - (phrases[end].kind == "close")
                if depth == 0:
                    return number, end
    return None


_PLAIN_LIST = ("name", "plain", "comma", "or", "and", "slash", "qualifier", "evidence")


def read_including(phrases: list[Phrase], context: Context, read: Read) -> Reading | None:
    """ "A (including B)" is A or B; where B is not understood A or something unread.

    For who is to be included "including B" may ask for B; only "not limited to" and a negation do not.
    """
    found = find_including(phrases)
    if found is None:
        return None
    first, last = found
    before, inside, after = phrases[:first], phrases[first + 1 : last], phrases[last + 1 :]
    example, inside = inside[0], trim(inside[1:])
    is_free = "limited" in example.word or not context.is_inclusion or any(p.kind == "not" for p in before)
    if not is_free or not before or not inside:
        return None
    is_timed = any(p.time is not None and p.time.reach != "ever" for p in before)
    is_list = all(p.kind in _PLAIN_LIST for p in inside) and any(_is_event(p) for p in inside)
    if is_list and not is_timed:
        named = [_as_or(p) if p.kind == "and" else p for p in inside]
        reading = read([*before, _as_or(example), *named, *after], context)
        if reading is not None:
            return reading
    reading = read([*before, *after], context)
    if reading is None:
        return None
    words = text_of([example, *inside], context)
    expression = widen(reading.expression, Unread(words, "what it includes is not understood"))
    if expression is None:
        return None
    return Reading(expression, reading.certainty * 0.9, (*reading.rules, "what it includes stays unread"))


def _as_or(phrase: Phrase) -> Phrase:
    return Phrase("or", phrase.start, phrase.end, phrase.first, phrase.last, "or")


def limits_something(expression: Expression) -> bool:
    """Whether a measure is compared with a value anywhere in an expression."""
    return any(isinstance(leaf, _COMPARISONS) for leaf in iterate_leaves(expression))

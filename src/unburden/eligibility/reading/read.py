"""Criteria read: text to expression, with what was found, what is left over and how sure the rules are."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from unburden.domain.criteria import (
    AllOf,
    AnyOf,
    Expression,
    Unless,
    Unread,
    iterate_leaves,
)
from unburden.domain.parsed_criteria import EntityKind, Leftover, ParsedCriterion, ParsedEntity, ParseStatus
from unburden.domain.protocol import Criterion
from unburden.eligibility.reading.guards import demands_conduct, is_duty
from unburden.eligibility.reading.items import (
    holds_comparison,
    is_by_itself,
    is_list_lead,
    read_items,
    starts_measure,
)
from unburden.eligibility.reading.leaves import STATES, Absence
from unburden.eligibility.reading.lexicon import Entry
from unburden.eligibility.reading.parts import VAGUE, Context, Reading, join_names
from unburden.eligibility.reading.phrases import Phrase, chunk_tokens
from unburden.eligibility.reading.pieces import (
    ALLOWANCE,
    LEFT,
    REACHES_BACK,
    RECOGNISED,
    UNDERSTOOD,
    Piece,
    allows,
    limits_twice,
    may_change,
)
from unburden.eligibility.reading.sentences import read_sentence
from unburden.eligibility.reading.splitting import split_sentences
from unburden.eligibility.reading.unanswerable import find_reason
from unburden.eligibility.reading.words import Token, fold_text, read_tokens

_JOINED_BY_OR = re.compile(r"^\W*or\b|\bor\W*$")
_JOINED_BY_AND = re.compile(r"^\W*and\b|\band\W*$")
_CHOICE = re.compile(
    r"\b(?:one|any|either|1|two|2|three|3|some)\b[^.:;]{0,40}\bof\s+(?:the\s+)?(?:following|below|these)\b|\bof the following\b[^.:]{0,30}:|\bas follows\b|\beither\s*:"
)
_LONGEST = 4_000
"""Characters of a sentence beyond which it is left whole, its words not even looked up."""
_LEADS_ON = re.compile(
    r"(?:[:,]|\b(?:including|includes?|following|such as|e\.g\.?|either|defined as|if|of))\s*$"
)
_DANGLING = re.compile(
    r"\b(?:must|should|shall|will|have|has|with|of|to|the|be|if|either|following|for|in|a|an|by|who|than|is|are)[\s.,]*$"
)
"""A sentence that breaks off: what it goes on to say is in another line."""
_MIXING = {
    "judgement": ("condition", "measurement", "drug", "procedure", "device"),
    "ability": ("condition", "measurement", "procedure", "device"),
    "administrative": ("condition", "measurement", "procedure"),
    "willingness": ("condition", "measurement"),
    "allowance": ("condition", "measurement", "drug", "procedure"),
}
"""By reason: named facts beside which the reason does not stand for the whole sentence."""


def read_criteria(
    criteria: Iterable[Criterion], *, absence: Absence = "unknown"
) -> tuple[ParsedCriterion, ...]:
    """Every criterion of a protocol read, in order; see `read_criterion`."""
    return tuple(
        read_criterion(c.text, is_inclusion=c.is_inclusion, criterion_id=c.id, absence=absence)
        for c in criteria
    )


def read_criterion(
    text: str, *, is_inclusion: bool, criterion_id: str = "", absence: Absence = "unknown"
) -> ParsedCriterion:
    """What a criterion's text says as an expression; what is not understood is an `Unread` leaf.

    A grammar over a lexicon, offline and the same at every call. A sentence is read only if its
    every word has a place in the grammar; its sentences are joined by "and" for an inclusion and
    by "or" for an exclusion. `absence` says what a timeline without an event means
    (`CountEvents.absence`): by default nobody knows, so that no patient passes without evidence.

    >>> parsed = read_criterion("ANC at least 1,500/mm3", is_inclusion=True)
    >>> parsed.status, parsed.expression
    ('computable', Compare(column='absolute_neutrophil_count', operator='>=', value=1500.0, unit='/uL'))
    >>> read_criterion("Willing to give written consent", is_inclusion=True).status
    'not computable'
    """
    folded = fold_text(text)
    context = Context(text, is_inclusion, absence)
    pieces = _read_pieces(text, folded, context)
    expression = _join_pieces(pieces, text, folded, is_inclusion)
    status = _find_status(expression, pieces)
    entities = tuple(entity for piece in pieces for entity in _list_entities(piece, text, folded))
    leftovers = tuple(left for piece in pieces for left in _list_leftovers(piece, text))
    rules = tuple(dict.fromkeys(rule for piece in pieces for rule in _rules_of(piece)))
    confidence = 0.0 if status == "text" else _derive_confidence(pieces)
    return ParsedCriterion(
        criterion_id, text, is_inclusion, status, expression, entities, confidence, rules, leftovers
    )


def _read_pieces(text: str, folded: str, context: Context) -> list[Piece]:
    """The sentences, one after the other.

    Lines after one that leads on ("A history within 5 years of ..., including") depend on its words:
    none is read by itself. Nor is a line or a part after a semicolon where one before it was left.
    """
    pieces: list[Piece] = []
    depends = False
    lead: list[Phrase] | None = None
    for start, end in split_sentences(text):
        piece = _read_piece(text, folded, start, end, context)
        between = text[pieces[-1].end : start] if pieces else ""
        is_lead = bool(pieces) and _LEADS_ON.search(folded[pieces[-1].start : pieces[-1].end]) is not None
        before = folded[pieces[-1].start : pieces[-1].end] if pieces else ""
        is_settled = is_lead and context.is_inclusion and is_list_lead(before) and not depends
        if is_settled:
            pieces[-1] = replace(pieces[-1], outcome=RECOGNISED, reason="heading", reading=None)
        elif is_lead and lead is None:
            lead = _take_lead(pieces[-1]) if len(pieces) == 1 and not context.is_inclusion else None
            depends = lead is None
        goes_on = ";" in between or "\n" in between or "\r" in between
        if lead is not None and not depends:
            pieces[0] = _settle_lead(pieces[0])
            piece = _read_under_lead(piece, lead, context)
        elif piece.reading is not None and (depends or (goes_on and not _stands_alone(piece, pieces))):
            piece = Piece(start, end, piece.phrases, LEFT, "", None)
        pieces.append(piece)
    return pieces


def _stands_alone(piece: Piece, before: list[Piece]) -> bool:
    """Whether no sentence before was left, or only such as name their own measure, like this one."""
    left = [p for p in before if _is_left(p)]
    is_measure = holds_comparison(piece.reading) and starts_measure(list(piece.phrases))
    return not left or (is_measure and all(is_by_itself(list(p.phrases)) for p in left))


def _is_left(piece: Piece) -> bool:
    """Whether a sentence was left that says more than "or"."""
    return piece.outcome == LEFT and any(p.kind not in ("or", "and", "comma", "plain") for p in piece.phrases)


def _take_lead(piece: Piece) -> list[Phrase] | None:
    """The times and qualities of a line that leads on, which hold for each line after it; None if it says more."""
    kinds = ("plain", "time", "example", "colon", "comma", "qualifier", "evidence", "name", "or", "and")
    if any(p.kind not in kinds and p.word not in _LEADING_WORDS for p in piece.phrases):
        return None
    if any(p.time is not None and p.time.reach not in ("ever", "window") for p in piece.phrases):
        return None
    return [p for p in piece.phrases if p.kind in ("time", "qualifier")]


_LEADING_WORDS = ("following", "conditions", "listed", "below", "for")


def _settle_lead(piece: Piece) -> Piece:
    """A lead that names nothing by itself is a heading; one that names a class stays unread beside its lines."""
    if any(p.name is not None and p.name.entry.concept not in VAGUE for p in piece.phrases):
        return Piece(piece.start, piece.end, piece.phrases, LEFT, "", None)
    return Piece(piece.start, piece.end, piece.phrases, RECOGNISED, "heading", None)


def _read_under_lead(piece: Piece, lead: list[Phrase], context: Context) -> Piece:
    """A line read with the times and qualities of its lead."""
    reading = read_sentence([*lead, *piece.phrases], context) if piece.reading is not None else None
    if reading is None:
        return Piece(piece.start, piece.end, piece.phrases, LEFT, "", None)
    reading = Reading(reading.expression, reading.certainty * 0.9, (*reading.rules, "a line under its lead"))
    return Piece(piece.start, piece.end, piece.phrases, UNDERSTOOD, "", reading)


def _read_piece(text: str, folded: str, start: int, end: int, context: Context) -> Piece:
    """One sentence chunked, recognised or read."""
    if end - start > _LONGEST:
        return Piece(start, end, (), LEFT, "", None)
    sentence = folded[start:end]
    tokens = tuple(Token(t.start + start, t.end + start, t.word, t.key) for t in read_tokens(sentence))
    phrases = tuple(chunk_tokens(text, folded, tokens))
    reason = find_reason(_mask_asides(sentence, start, phrases))
    if reason is not None and reason[1] and _names_facts(reason[0], phrases):
        reason = reason[0], False
    if _DANGLING.search(sentence):
        return Piece(start, end, phrases, LEFT, "", None)
    if reason is not None and reason[1]:
        return Piece(start, end, phrases, RECOGNISED, reason[0], None)
    reading = None
    if reason is None or reason[0] != ALLOWANCE:
        reading = read_sentence(list(phrases), context)
        if reading is None and (context.is_inclusion or not demands_conduct(list(phrases))):
            reading = read_items(list(phrases), folded, context)
    if reading is not None:
        return Piece(start, end, phrases, UNDERSTOOD, "", reading)
    return Piece(start, end, phrases, LEFT, reason[0] if reason else "", None)


def _mask_asides(sentence: str, start: int, phrases: tuple[Phrase, ...]) -> str:
    """The sentence without words that tell how a measure was taken, and without an exception's own words.

    "Transfusion permitted" and "unless ..., then acceptable" allow nothing by themselves.
    """
    is_measuring = any(p.kind == "value" for p in phrases) and any(
        p.name is not None and join_names(p.name.entry) for p in phrases
    )
    for phrase in phrases:
        if phrase.kind == "source" and is_measuring:
            first, last = phrase.start - start, phrase.end - start
            sentence = sentence[:first] + " " * (last - first) + sentence[last:]
    excepts = [p for p in phrases if p.kind == "except"]
    if excepts and any(p.kind == "value" for p in phrases if p.start < excepts[0].start):
        return sentence[: excepts[0].start - start]
    return sentence


def _names_facts(reason: str, phrases: tuple[Phrase, ...]) -> bool:
    """Whether a sentence of this reason names something that a record could hold."""
    kinds = _MIXING.get(reason, ())
    entries = [p.name.entry for p in phrases if p.name is not None]
    return any(e.kind in kinds and e.concept not in VAGUE | STATES and e.sort != "function" for e in entries)


def _unread(piece: Piece, text: str) -> Unread:
    words = text[piece.start : piece.end].strip()
    if piece.outcome == RECOGNISED:
        return Unread(words, f"{piece.reason}: no data answers it")
    return Unread(words, "not understood")


def _join_pieces(pieces: list[Piece], text: str, folded: str, is_inclusion: bool) -> Expression:
    """The sentences together; one that allows something after another makes the former unsure.

    "Or" at an end of a sentence, or "one of the following", makes an inclusion's sentences
    alternatives: they are read only if all of them are understood.
    """
    if not pieces:
        return Unread(text, "not understood")
    whole = Unread(text.strip() or text, "not understood")
    sentences = [folded[piece.start : piece.end] for piece in pieces]
    if not is_inclusion and len(pieces) > 1 and pieces[0].reason == ALLOWANCE:
        return whole
    if len(pieces) > 1 and any(REACHES_BACK.search(sentence) for sentence in sentences[1:]):
        return whole
    is_led = len(pieces) > 1 and "a line under its lead" in {r for p in pieces for r in _rules_of(p)}
    if (
        len(pieces) > 1
        and not is_led
        and any(_CHOICE.search(sentence) for sentence in sentences if not is_list_lead(sentence))
    ):
        return whole
    pieces = [
        p for p, sentence in zip(pieces, sentences, strict=True) if sentence.strip(" ,") not in ("or", "and")
    ]
    if any(piece.phrases and piece.phrases[0].kind == "value" for piece in pieces[1:]):
        # "ALT <= 3 x ULN; <= 5 x ULN if ...": a limit without its measure goes on with the sentence before.
        return whole
    if len(pieces) > 1 and any(_JOINED_BY_OR.search(sentence) for sentence in sentences):
        if is_inclusion and (len(pieces) > 2 or any(piece.reading is None for piece in pieces)):
            return whole
        return AnyOf(tuple(_expression_of(piece, text) for piece in pieces))
    if (
        not is_inclusion
        and len(pieces) > 1
        and any(_JOINED_BY_AND.search(sentence) for sentence in sentences)
    ):
        return whole
    return _join_plainly(pieces, text, is_inclusion)


def _expression_of(piece: Piece, text: str) -> Expression:
    return piece.reading.expression if piece.reading is not None else _unread(piece, text)


def _join_plainly(pieces: list[Piece], text: str, is_inclusion: bool) -> Expression:
    is_changed = any(may_change(one, pieces[:number], text) for number, one in enumerate(pieces))
    is_told = not is_inclusion and any(_demands_state(one, text) for one in pieces[1:])
    if is_changed or is_told or limits_twice(pieces):
        return Unread(text.strip(), "not understood")
    parts: list[Expression] = []
    for piece in pieces:
        if piece.reading is not None:
            parts.append(piece.reading.expression)
        elif allows(piece, text) and parts and not is_inclusion:
            parts[-1] = Unless(parts[-1], _unread(piece, text))
        elif allows(piece, text) and parts:
            parts[-1] = AnyOf((parts[-1], _unread(piece, text)))
        elif piece.reason != "heading" or piece is pieces[-1]:
            parts.append(_unread(piece, text))
    if not parts:
        return Unread(text, "heading: no data answers it")
    if len(parts) == 1:
        return parts[0]
    return AllOf(tuple(parts)) if is_inclusion else AnyOf(tuple(parts))


def _demands_state(piece: Piece, text: str) -> bool:
    """Whether a sentence after an exclusion says how somebody must be, and so whom it does not keep out."""
    duties = [p for p in piece.phrases if is_duty(p)]
    words = fold_text(text)[piece.start : piece.end]
    is_state = any(p.kind != "not" for p in duties) and "must have recovered from" not in words
    return piece.outcome == LEFT and is_state and not allows(piece, text)


def _find_status(expression: Expression, pieces: list[Piece]) -> ParseStatus:
    unread = [isinstance(leaf, Unread) for leaf in iterate_leaves(expression)]
    if not any(unread):
        return "computable"
    if not all(unread):
        return "partly computable"
    if pieces and all(piece.outcome == RECOGNISED for piece in pieces):
        return "not computable"
    return "text"


_PERSON_WORDS = re.compile(r"\bage[sd]?\b|\bold\b")
_VALUE_WORDS = frozenset(
    [
        "elevated",
        "abnormal",
        "increased",
        "decreased",
        "impaired",
        "adequate",
        "inadequate",
        "high",
        "low",
        "confirmed",
    ]
)
_NO_ENTITIES = frozenset(
    """
other another medical requiring suspected first second third additional clinically new daily routine regular
standard possible probable central prior previously treated
""".split()  # noqa: SIM905
)
_END_OF_NEGATION = ("but", "who", "that", "which", "because", "requiring", "by", "for", "as")
_TIME_UNITS = ("year", "month", "week", "day", "hour", "minute")


def _list_entities(piece: Piece, text: str, folded: str) -> Iterator[ParsedEntity]:
    """Names, values, times, negations and qualities of a sentence, whether it was read or not."""
    is_negated = False
    measure: Phrase | None = None
    for number, phrase in enumerate(piece.phrases):
        words = text[phrase.start : phrase.end]
        span = (words, phrase.start, phrase.end, is_negated)
        match phrase.kind:
            case "name" if phrase.name is not None:
                entry = phrase.name.entry
                measure = phrase if entry.kind == "measurement" or entry.concept == "age" else measure
                yield ParsedEntity(_kind_of(entry), entry.concept, *span)
            case "value":
                yield from _list_value(phrase, measure, text, folded, is_negated)
            case "time" if phrase.time is not None:
                yield ParsedEntity("temporal", "", *span)
                if phrase.time.anchor is not None:
                    first, last = phrase.time.anchor
                    yield ParsedEntity("anchor", "index", text[first:last], first, last, is_negated)
            case "not" | "except":
                yield ParsedEntity("negation", "", words, phrase.start, phrase.end)
                is_negated = phrase.kind == "not"
            case "if" | "colon":
                is_negated = False
            case "qualifier" if phrase.word in _VALUE_WORDS and _is_by_measure(number, piece):
                yield ParsedEntity("value", "", *span)
            case "qualifier" if phrase.word not in _NO_ENTITIES:
                yield ParsedEntity("qualifier", "", *span)
            case "word" if phrase.word in _END_OF_NEGATION:
                is_negated = False


def _kind_of(entry: Entry) -> EntityKind:
    """The kind under which an entity is listed: survival expected is no measurement, a prisoner is a person."""
    if entry.concept == "life_expectancy":
        return "observation"
    if entry.concept == "prisoner":
        return "person"
    return entry.kind  # type: ignore[return-value]


def _list_value(
    phrase: Phrase, measure: Phrase | None, text: str, folded: str, is_negated: bool
) -> Iterator[ParsedEntity]:
    """A value; a duration that belongs to no measure is a time; a bare number of nothing is not listed."""
    value = phrase.value
    assert value is not None
    words = text[phrase.start : phrase.end]
    is_near = measure is not None and phrase.start - measure.end < 60
    if value.is_bare and not value.unit and value.shape == "number" and not value.is_age and not is_near:
        return
    is_duration = value.unit in _TIME_UNITS and not value.is_age and not is_near and value.unit != "year"
    yield ParsedEntity(
        "temporal" if is_duration else "value", "", words, phrase.start, phrase.end, is_negated
    )
    person = (
        _PERSON_WORDS.search(folded, phrase.start, phrase.end)
        if value.is_age or value.unit == "year"
        else None
    )
    if person is not None:
        yield ParsedEntity(
            "person", "age", text[person.start() : person.end()], person.start(), person.end(), is_negated
        )


def _is_by_measure(at: int, piece: Piece) -> bool:
    """Whether a measure's name stands next to a quality ("elevated bilirubin")."""
    near = piece.phrases[max(0, at - 2) : at + 3]
    return any(p.name is not None and p.name.entry.kind == "measurement" for p in near)


def _list_leftovers(piece: Piece, text: str) -> Iterator[Leftover]:
    """The words of a sentence that no rule used: its unknown words, or all of its content if it was left."""
    if piece.outcome != LEFT:
        return
    if not piece.phrases:
        yield Leftover(text[piece.start : piece.end], piece.start, piece.end)
    found = [p for p in piece.phrases if p.kind == "word"] or [p for p in piece.phrases if p.kind != "plain"]
    for phrase in found:
        yield Leftover(text[phrase.start : phrase.end], phrase.start, phrase.end)


def _rules_of(piece: Piece) -> tuple[str, ...]:
    if piece.reading is not None:
        return piece.reading.rules
    return (f"recognised: {piece.reason}",) if piece.outcome == RECOGNISED else ()


def _derive_confidence(pieces: list[Piece]) -> float:
    """Share of the content words in sentences that were read or recognised, times their rules' certainty."""
    total = used = 0.0
    for piece in pieces:
        words = sum(1 for p in piece.phrases if p.kind not in ("plain", "comma", "open", "close"))
        total += words
        if piece.reading is not None:
            used += words * piece.reading.certainty
        elif piece.outcome == RECOGNISED:
            used += words * 0.9
    return min(1.0, used / total) if total else 0.0

"""Footnotes of a schedule, classified into their effect on cells.

A note's effect is the first of the codebook's order (tests/independent/footnote_codebook.md) that any of
its sentences has. How well the rules agree with blind labels is in benchmarks/README.md; a label is a hint
to a reader. Only rules that carry a number, on the activities that they name, change a cell.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from unburden.burden.footnote_rules import RULES, SOURCE_GAPS, NoteRule, grade_factor
from unburden.burden.sentences import plain_text, split_sentences
from unburden.domain.estimate import Estimate
from unburden.domain.footnotes import NOT_UNDERSTOOD, NOTE_KINDS, CellFactor, NoteEffect
from unburden.domain.protocol import Cell, Protocol

_SCOPED = re.compile(
    r"\b(unless|except|if|when|optional|may|until|then|thereafter|starting|who|receiving|second|extra"
    r"|additional|all patients|all participants"
    r"|all subjects"
    r"|(?:at|on|during|for|from|after) (?:screening|baseline|days?|cycles?|visits?|periods?|weeks?))\b",
    re.IGNORECASE,
)
"""Words that tie a note to part of its cells or make it conditional: its number is not applied."""

_REPORT = re.compile(
    r"\b(?:e?crfs?|case report forms?)\b"
    r"|^.{0,70}\b(?:s?aes?|aesis?|teaes?|adverse (?:events?|drug reactions?|reactions?)|side effects?"
    r"|deaths?)\b.{0,140}"
    r"\b(?:report|record|document|captur|collect|monitor|follow|notif|grad|considered)"
    r"|\bfollow(?:ed)?(?: up)? (?:for|until) .{0,40}\b(?:s?aes?|adverse events?)\b"
    r"|\b(?:medications?|medicines?|drugs|therap(?:y|ies)|abnormalit\w+|findings?|changes?|toxicit\w+"
    r"|conditions"
    r"|diagnos[ei]s)\b.{0,140}"
    r"\b(?:reported|recorded|documented|captured)\b"
    r"|^(?:note: )?(?:record|report|document|collect)\b.{0,120}\b(?:s?aes?|adverse|medications?"
    r"|therap(?:y|ies)|abnormalit\w+)"
    r"|\bonly .{0,80}\b(?:should|will|must|need to|to) be (?:reported|recorded)\b|\bsponsor (?:should"
    r"|must|will) be notified\b",
    re.IGNORECASE,
)
"""Sentences about what is reported: a restriction in them asks nothing less of the patient."""

_ASKED = re.compile(
    r"\b(?:samples?|blood|ecgs?|laborator\w+ tests|vital signs)\b(?!.{0,80}\be?crf\b)", re.IGNORECASE
)
"""Words for what the patient is asked: a sentence with them is about more than reports."""

_STOCK = re.compile(
    r"\b(?:unless|except (?:as|where)) otherwise (?:stated|specified|indicated|noted|described|defined"
    r"|agreed)\b"
    r"|\bunless (?:stated|specified|indicated|noted|described) (?:otherwise|elsewhere)\b",
    re.IGNORECASE,
)
"""Stock phrases that are no condition."""

_REFERENCE = re.compile(r"^\W{0,3}(?:note: |please |also )?(?:see|refer(?: also)? to|cf)\b", re.IGNORECASE)
_ORDER = re.compile(
    r"\b(?:must|should|will|may|can|perform(?:ed)?|collect(?:ed)?|repeat(?:ed)?|only|within)\b", re.IGNORECASE
)
"""Words with which a reference also asks for something."""

_MOMENTS = re.compile(
    r"\b(cycle|visit|day|week|month|period)s? (-?\d{1,3}(?:(?:, and | and |, or |, | or "
    r"| & )-?\d{1,3}(?! ?[-±]))*)",
    re.IGNORECASE,
)
_NEAR = 30
"""Characters after the words of a restriction within which its moments are listed."""
_ORDINALS = {"other": 2, "second": 2, "two": 2, "third": 3, "three": 3, "fourth": 4, "four": 4}
_ORDINALS |= {"fifth": 5, "five": 5, "sixth": 6, "six": 6}


@dataclass(frozen=True, slots=True)
class _Share:
    note_id: str
    rule: NoteRule
    factor: Estimate


@dataclass(frozen=True, slots=True)
class _Hit:
    rule: NoteRule
    sentence: tuple[int, int]
    found: re.Match[str]


def classify_footnote(text: str, note_id: str = "") -> NoteEffect:
    """The effect of a footnote: the first in the codebook's order that any of its sentences has.

    Among the rules of that effect the first in the table is named. A text that no rule meets is not
    understood.

    >>> classify_footnote("Within 7 days. Women of childbearing potential only.").kind
    'restricts-population'
    >>> classify_footnote("ECGs are recorded in triplicate.").factor.value
    3
    >>> classify_footnote("Echocardiogram every third cycle.").factor.value == 1 / 3
    True
    """
    return replace(_classify_plain(plain_text(text)), note_id=note_id)


@lru_cache(maxsize=4096)
def _classify_plain(plain: str) -> NoteEffect:
    """The effect of a plain text: cached, since arms and variants of a protocol ask again."""
    hit = _find_gap(plain) or _find_main_hit(plain)
    if hit is None:
        return NoteEffect("", NOT_UNDERSTOOD, "no-rule", "no rule meets the text; counted as always done")
    start, end = hit.sentence
    factor = hit.rule.factor or _read_visit_share(hit, plain)
    return NoteEffect(
        "",
        hit.rule.kind,
        hit.rule.name,
        hit.rule.reason,
        plain[start + hit.found.start() : start + hit.found.end()],
        (start + hit.found.start(), start + hit.found.end()),
        factor,
        grade_factor(factor),
        hit.rule.place,
        moments=_read_moments(plain[start:end], hit.found) if hit.rule.name == "moment-only" else (),
    )


def _find_gap(plain: str) -> _Hit | None:
    for rule in SOURCE_GAPS:
        if found := rule.find(plain, is_report=False):
            return _Hit(rule, (0, len(plain)), found)
    return None


def _find_main_hit(plain: str) -> _Hit | None:
    sentences = [(span, plain[slice(*span)]) for span in split_sentences(plain)]
    marked = [
        (span, _blank_stock(sentence), is_report(sentence), is_reference(sentence))
        for span, sentence in sentences
    ]
    for rule in _ORDERED:
        for span, sentence, reports, refers in marked:
            if refers and rule.kind != "no-effect":
                continue
            if found := rule.find(sentence, reports):
                return _Hit(rule, span, found)
    return None


_ORDERED = tuple(sorted(RULES, key=lambda rule: NOTE_KINDS.index(rule.kind)))


def _blank_stock(sentence: str) -> str:
    """The sentence, as long as before, without "unless otherwise specified" and its like."""
    return _STOCK.sub(lambda found: "~" * len(found[0]), sentence)


def is_reference(sentence: str) -> bool:
    """Whether a sentence only says where to look: what it names there is not done by it."""
    return bool(_REFERENCE.search(sentence)) and not _ORDER.search(sentence)


def is_report(sentence: str) -> bool:
    """Whether a sentence is about what is reported, not about what is done."""
    return bool(_REPORT.search(sentence)) and not _ASKED.search(sentence)


def _read_visit_share(hit: _Hit, plain: str) -> Estimate | None:
    """1/n for "every n-th cycle", where the note says so of all its cells."""
    if "nth" not in hit.rule.pattern.groupindex or not (nth := hit.found["nth"]) or _SCOPED.search(plain):
        return None
    digits = re.match(r"\d+", nth)
    number = int(digits[0]) if digits else _ORDINALS[nth.lower()]
    share = 1 / number if number else 1.0
    return Estimate(share, share, share, "1", ("observed:the footnote's own words",))


def _read_moments(sentence: str, matched: re.Match[str]) -> tuple[str, ...]:
    """Cycles, visits or days that a restriction lists: "only at Cycles 4, 6 and 8" gives three."""
    return tuple(
        f"{found[1].lower()} {number}"
        for found in _MOMENTS.finditer(sentence, matched.start())
        if found.start() <= matched.end() + _NEAR
        for number in re.findall(r"-?\d+", found[2])
    )


def classify_footnotes(protocol: Protocol) -> tuple[NoteEffect, ...]:
    """The effect of every footnote, in the protocol's order, with the cells that it stands on."""
    cells: dict[str, list[tuple[str, str]]] = {note.id: [] for note in protocol.conditions}
    for cell in protocol.cells:
        for note_id in cell.condition_ids:
            cells[note_id].append(cell.key)
    return tuple(
        replace(classify_footnote(note.text, note.id), cells=tuple(cells[note.id]))
        for note in protocol.conditions
    )


def derive_cell_factors(protocol: Protocol) -> Mapping[tuple[str, str], CellFactor]:
    """How often each (visit, activity) cell is done, where a footnote says so in a number.

    Only cells with a factor are named; every other cell counts as always done. A share applies
    only to activities that the rule names (a pregnancy test, for women of childbearing
    potential), a number of times only where the note is not tied to part of its cells. A share of visits
    ("every third cycle") is not applied: the marks of a row may already be every third. Several
    shares on one cell: the smallest, as one group may lie within another (their product would
    understate). Several numbers of times: the largest.
    """
    rules = {rule.name: rule for rule in RULES}
    texts = {note.id: plain_text(note.text) for note in protocol.conditions}
    numbered = {
        effect.note_id: _Share(effect.note_id, rules[effect.rule], effect.factor)
        for effect in classify_footnotes(protocol)
        if effect.factor is not None
        and effect.kind != "restricts-visits"
        and is_unconditional(rules[effect.rule], texts[effect.note_id])
    }
    found = {cell.key: _combine(_find_shares(protocol, cell, numbered)) for cell in protocol.cells}
    return {key: factor for key, factor in found.items() if factor is not None}


def is_unconditional(rule: NoteRule, text: str) -> bool:
    """Whether the rule's number holds on every cell of the note.

    A population's share holds wherever the note stands (its activities are checked apart), unless the note
    also speaks of all patients.
    """
    if rule.kind == "restricts-population":
        return not re.search(r"\b(all (patients|participants|subjects)|also)\b", text, re.IGNORECASE)
    return not _SCOPED.search(text)


def _find_shares(protocol: Protocol, cell: Cell, numbered: Mapping[str, _Share]) -> tuple[_Share, ...]:
    title = protocol.activity_by_id[cell.activity_id].title
    shares = (numbered[note_id] for note_id in cell.condition_ids if note_id in numbered)
    return tuple(
        s for s in shares if s.rule.activities is None or re.search(s.rule.activities, title, re.IGNORECASE)
    )


def _combine(shares: tuple[_Share, ...]) -> CellFactor | None:
    populations = [s.factor for s in shares if s.rule.kind == "restricts-population"]
    times = [s.factor for s in shares if s.rule.kind == "repeats"]
    chosen = [min(populations, key=lambda f: f.value)] if populations else []
    chosen += [max(times, key=lambda f: f.value)] if times else []
    if not chosen:
        return None
    value = low = high = 1.0
    for factor in chosen:
        value, low, high = value * factor.value, low * factor.low, high * factor.high
    sources = tuple(dict.fromkeys(source for factor in chosen for source in factor.sources))
    return CellFactor(Estimate(value, low, high, "1", sources), tuple(sorted(s.note_id for s in shares)))

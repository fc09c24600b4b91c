"""Footnotes of a schedule, classified into their effect on cells.

The rules agree only moderately with labels made by hand (kappa 0.40, benchmarks/README.md), so a
label is a hint to a reader. Only rules that carry a number, on the activities that they name,
change a cell.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from unburden.burden.footnote_rules import RULES, NoteRule
from unburden.domain.estimate import Estimate
from unburden.domain.footnotes import NOT_UNDERSTOOD, CellFactor, NoteEffect
from unburden.domain.protocol import Cell, Protocol

_SCOPED = re.compile(
    r"\b(unless|except|if|when|optional|may|all patients|all participants|all subjects"
    r"|(?:at|on|during|for) (?:screening|baseline|days?|cycles?|visits?|periods?|weeks?))\b",
    re.IGNORECASE,
)
"""Words that tie a note to part of its cells or make it conditional: its number is not applied."""


@dataclass(frozen=True, slots=True)
class _Share:
    note_id: str
    rule: NoteRule
    factor: Estimate


def classify_footnote(text: str, note_id: str = "") -> NoteEffect:
    """The main effect of a footnote, by the first rule of the table that its text meets.

    The table runs from what changes the number of procedures per patient most (population, then
    visits and repeats) to what changes nothing; a text that no rule meets is not understood.

    >>> classify_footnote("Women of childbearing potential only.").kind
    'restricts-population'
    >>> classify_footnote("ECGs are recorded in triplicate.").factor.value
    3
    """
    plain = plain_text(text)
    for rule in RULES:
        if found := rule.pattern.search(plain):
            return NoteEffect(
                note_id,
                rule.kind,
                rule.name,
                rule.reason,
                found[0],
                found.span(),
                rule.factor,
                rule.grade,
                rule.place,
            )
    return NoteEffect(note_id, NOT_UNDERSTOOD, "no-rule", "no rule meets the text; counted as always done")


def plain_text(text: str) -> str:
    """The text with single spaces, plain dashes and plain quotes."""
    plain = re.sub(r"[\u2010-\u2015\u2212]", "-", text).replace("\u2019", "'")
    return " ".join(plain.split())


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
    potential), a number of times only where the note is not tied to part of its cells. Several
    shares on one cell: the smallest, as one group may lie within another (their product would
    understate). Several numbers of times: the largest.
    """
    rules = {rule.name: rule for rule in RULES}
    texts = {note.id: plain_text(note.text) for note in protocol.conditions}
    numbered = {
        effect.note_id: _Share(effect.note_id, rules[effect.rule], effect.factor)
        for effect in classify_footnotes(protocol)
        if effect.factor is not None and is_unconditional(rules[effect.rule], texts[effect.note_id])
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

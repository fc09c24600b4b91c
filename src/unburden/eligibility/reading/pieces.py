"""The sentences of a criterion as pieces, and whether one of them could change what another says."""

import re
from dataclasses import dataclass

from unburden.domain.criteria import Compare, CompareToLimit, iterate_leaves
from unburden.eligibility.reading.items import is_list_lead, names_again
from unburden.eligibility.reading.parts import Reading
from unburden.eligibility.reading.phrases import Phrase
from unburden.eligibility.reading.words import fold_text

UNDERSTOOD, RECOGNISED, LEFT = "understood", "recognised", "left"
ALLOWANCE = "allowance"
REACHES_BACK = re.compile(
    r",\s*all\b|\b(?:all|any|each|both)\s+of\s+(?:these|the\s+above)\b|\bthe\s+above\b|\brespectively\b"
)
"""Words by which a sentence speaks of the ones before it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One sentence: where it stands, its phrases, what became of it."""

    start: int
    end: int
    phrases: tuple[Phrase, ...]
    outcome: str
    reason: str
    reading: Reading | None


_LOOSENING = re.compile(
    r"^\W*(?:for|in|if|note|cf|exceptions?|(?:patients?|subjects?|participants?|those)\s+with)\b|\bif\b|\bunless\b|\bexcept|\bexempt|\bdoes not apply\b|"
    r"(?<!not )(?<!not be )\b(?:allowed|permitted|eligible|acceptable|may(?! apply)|can|could|might|waive\w*|suffic\w+)\b"
)


_DEFINING = re.compile(
    r"^\W*(?:the\s+)?(?:lesions?|lesion\(s\)|tumou?r\s+lesions?|target\s+lesions?|(?:evaluation|assessment)\s+of|pregnancy\s+is\s+defined)\b"
)
"""A sentence that only says what counts as the thing before it or when that is looked at."""


def limits_twice(pieces: list[Piece]) -> bool:
    """Whether two sentences limit one measure on the same side, so that one of them is for somebody else."""
    seen: set[tuple[str, str]] = set()
    for piece in pieces:
        leaves = list(iterate_leaves(piece.reading.expression)) if piece.reading is not None else []
        sides = {
            (leaf.column, leaf.operator[0]) for leaf in leaves if isinstance(leaf, Compare | CompareToLimit)
        }
        sides = {side for side in sides if side[1] in "<>"}
        if sides & seen:
            return True
        seen |= sides
    return False


def may_change(piece: Piece, before: list[Piece], text: str) -> bool:
    """Whether a sentence that is left could loosen one before it, or gives another limit of its measure."""
    readings = [p.reading for p in before if p.reading is not None]
    words = fold_text(text)[piece.start : piece.end]
    is_heading = piece.reason == "heading" and not is_list_lead(words)
    if not readings or not (is_heading or piece.outcome == LEFT) or allows(piece, text):
        return False
    if _DEFINING.search(words) and not re.search(r"[<>≤≥]", words):
        return False
    again = any(names_again(list(piece.phrases), reading) for reading in readings)
    return again or _LOOSENING.search(words) is not None


_ALLOWING = re.compile(r"\b(?:is|are|be|remain)\s+(?:also\s+)?(?:allowed|permitted|eligible|acceptable)\b")
_LIMITING = re.compile(r"\b(?:not?|must|only|should|exclu\w+|ineligible|never|without)\b")


def allows(piece: Piece, text: str) -> bool:
    """Whether a sentence that is left says nothing but what is allowed beside the one before."""
    if piece.reason == ALLOWANCE:
        return True
    words = fold_text(text)[piece.start : piece.end]
    is_allowing = _ALLOWING.search(words) is not None and _LIMITING.search(words) is None
    return piece.outcome == LEFT and is_allowing

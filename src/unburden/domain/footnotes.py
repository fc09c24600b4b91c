"""What a footnote of a schedule does to the cells that it stands on."""

from dataclasses import dataclass
from typing import Literal, get_args

from unburden.domain.burden import Grade
from unburden.domain.errors import InvalidProtocol, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.protocol import Place

NoteKind = Literal[
    "restricts-population",
    "restricts-visits",
    "repeats",
    "alternative-place",
    "timing",
    "no-effect",
    "not-understood",
]

NOTE_KINDS: tuple[NoteKind, ...] = get_args(NoteKind)
"""The effects, from what changes the number of procedures most to what is not understood."""

NOT_UNDERSTOOD: NoteKind = "not-understood"


@dataclass(frozen=True, slots=True)
class NoteEffect:
    """The main effect of one footnote and the rule that found it.

    `span` holds the start and end of `matched` in the note's text with its white space made
    single. `factor` is a share of patients (restricts-population), a share of the times that a schedule at
    every visit or cycle would mark (restricts-visits: 1/3 for "every third cycle"), or a number of times
    (repeats), None where the note gives no such number; `grade` is that of the factor, "" without
    one. `place` is the other place. `cells` are the (visit, activity) keys that the note stands on.
    `moments` are the cycles, visits or days that a note of restricts-visits lists ("cycle 4"). A note
    that is not understood is counted as always done.
    """

    note_id: str
    kind: NoteKind
    rule: str
    reason: str
    matched: str = ""
    span: tuple[int, int] = (0, 0)
    factor: Estimate | None = None
    grade: Grade | Literal[""] = ""
    place: Place | None = None
    cells: tuple[tuple[str, str], ...] = ()
    moments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        problems = Problems(f"footnote {self.note_id!r}")
        problems.check(self.kind in NOTE_KINDS, f"has the effect {self.kind!r}; use one of {NOTE_KINDS}")
        problems.check(bool(self.rule), "has no rule; name the rule that classified it")
        if self.factor is not None:
            problems.check(self.factor.low >= 0, "has a factor below 0; give at least 0")
            problems.check(bool(self.grade), "has a factor without a grade; use A, B, C or assumed")
            is_share = self.kind in ("restricts-population", "restricts-visits")
            problems.check(not is_share or self.factor.high <= 1, "has a share above 1; give at most 1")
        problems.raise_if_any(InvalidProtocol)


@dataclass(frozen=True, slots=True)
class CellFactor:
    """How often a cell is done per patient, 1 being always, and the footnotes that say so."""

    factor: Estimate
    note_ids: tuple[str, ...]

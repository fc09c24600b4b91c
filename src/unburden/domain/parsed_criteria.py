"""What was understood of a criterion's text: an expression, where it stands, and what is left over."""

from dataclasses import dataclass
from typing import Literal, get_args

from unburden.domain.criteria import Expression, Unread, iterate_leaves
from unburden.domain.errors import InvalidCriterion, Problems

ParseStatus = Literal["computable", "partly computable", "not computable", "text"]
"""All of it read; some of it read; recognised as what no data answers; not understood."""

EntityKind = Literal[
    "condition", "drug", "procedure", "device", "measurement", "observation", "person",
    "value", "temporal", "negation", "qualifier", "anchor",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ParsedEntity:
    """Words of the criterion that name something: `text` is the criterion's own [start, end).

    `concept` is an id that reads well (`haemoglobin`); empty for a value, a time or a negation.
    `is_negated` says that a negation of the same clause covers it.
    """

    kind: EntityKind
    concept: str
    text: str
    start: int
    end: int
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Leftover:
    """Words that no rule used: the criterion's own [start, end)."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ParsedCriterion:
    """A criterion's text beside what was understood of it.

    `expression` describes who is eligible (inclusion) or kept out (exclusion), as in
    `CriterionRule`; whatever was not understood is an `Unread` leaf in it. `confidence` in [0, 1]
    is the share of the content words that rules used times the certainty of those rules; 0 where
    nothing was understood. `rules` name the rules, in the order of their use.
    Raises `InvalidCriterion` for spans outside the text or a status that the expression denies.
    """

    criterion_id: str
    text: str
    is_inclusion: bool
    status: ParseStatus
    expression: Expression
    entities: tuple[ParsedEntity, ...]
    confidence: float
    rules: tuple[str, ...]
    leftovers: tuple[Leftover, ...]

    def __post_init__(self) -> None:
        problems = Problems(f"parse of criterion {self.criterion_id!r}")
        for part in (*self.entities, *self.leftovers):
            problems.check(
                0 <= part.start < part.end <= len(self.text)
                and self.text[part.start : part.end] == part.text,
                f"span {part.start} to {part.end} does not hold {part.text!r}; give the text's own words",
            )
        problems.check(
            self.status in get_args(ParseStatus),
            f"status {self.status!r} is not one of {', '.join(get_args(ParseStatus))}",
        )
        problems.check(0 <= self.confidence <= 1, f"confidence is {self.confidence}; give 0 to 1")
        unread = [isinstance(leaf, Unread) for leaf in iterate_leaves(self.expression)]
        found = "computable" if not any(unread) else "partly computable"
        if all(unread):
            problems.check(
                self.status in ("not computable", "text"),
                f"status is {self.status!r} but no part of the expression can be computed",
            )
        else:
            problems.check(
                self.status == found, f"status is {self.status!r} but the expression is {found}; say so"
            )
        problems.raise_if_any(InvalidCriterion)

"""Eligibility criteria as typed expressions over columns and timelines, with three-valued logic."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Value: TypeAlias = float | int | str | bool
Operator: TypeAlias = Literal["<", "<=", ">", ">=", "==", "!="]
Limit: TypeAlias = Literal["ULN", "LLN"]
UnknownPolicy: TypeAlias = Literal["keep", "exclude"]

INDEX = "index"
"""The patient's time zero, from which the days of a timeline count."""


@dataclass(frozen=True, slots=True)
class Compare:
    """A column against a value in a unit ("" for a plain number or a word)."""

    column: str
    operator: Operator
    value: Value
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Between:
    """A column within [low, high], both ends included, in a unit."""

    column: str
    low: float
    high: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class OneOf:
    """A column equal to one of some values."""

    column: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class CompareToLimit:
    """A column against a multiple of its upper (ULN) or lower (LLN) limit of normal.

    The limit is the one that the cohort's column declares: a number or a column of its own.
    """

    column: str
    operator: Operator
    multiple: float
    limit: Limit


@dataclass(frozen=True, slots=True)
class Window:
    """Days from an anchor, both ends included; negative is before, None is without end.

    `relative_to` is `INDEX` or a kind of event, whose first day in the patient's timeline counts.
    """

    from_days: float | None = None
    to_days: float | None = None
    relative_to: str = INDEX


@dataclass(frozen=True, slots=True)
class EventSet:
    """Events of a timeline: a kind ("condition", "procedure", "drug", "measurement") and codes.

    Empty `codes` mean any event of the kind; `system` names the code system ("" for any).
    """

    kind: str
    codes: tuple[str, ...] = ()
    system: str = ""


@dataclass(frozen=True, slots=True)
class CountEvents:
    """How many events lie within a window, against a whole number.

    `absence` says what it means that a timeline holds no such event in the window: that there was
    none ("none", records are complete for this kind) or that nobody knows ("unknown").
    """

    events: EventSet
    operator: Operator
    count: int
    window: Window = Window()
    absence: Literal["none", "unknown"] = "none"


@dataclass(frozen=True, slots=True)
class LatestValue:
    """The value of the last event within a window, against a number in a unit; none is unknown."""

    events: EventSet
    operator: Operator
    value: float
    unit: str = ""
    window: Window = Window()


@dataclass(frozen=True, slots=True)
class Unread:
    """Words that no data can answer or that nobody understood: always unknown, never silently true."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """Kleene and: not met as soon as one part is not met."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Kleene or: met as soon as one part is met."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Kleene not: unknown stays unknown."""

    part: "Expression"


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Kleene's "at least so many of": met once `count` parts are, not met once too few can be."""

    count: int
    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Unless:
    """The part, save where the exception holds: part and not exception for an exclusion's words."""

    part: "Expression"
    exception: "Expression"


Leaf: TypeAlias = Compare | Between | OneOf | CompareToLimit | CountEvents | LatestValue | Unread
Expression: TypeAlias = Leaf | AllOf | AnyOf | Not | AtLeast | Unless


@dataclass(frozen=True, slots=True)
class CriterionRule:
    """The computable form of a protocol's criterion.

    `expression` describes who is *eligible under this criterion* for an inclusion criterion and
    who is *kept out* for an exclusion criterion. `unknown` says what happens to a patient for
    whom it cannot be told. `text` is what a reader sees beside it.
    """

    criterion_id: str
    text: str
    is_inclusion: bool
    expression: Expression
    unknown: UnknownPolicy


def iterate_leaves(expression: Expression) -> Iterator[Leaf]:
    """Every leaf of the expression, in order."""
    match expression:
        case AllOf(parts=parts) | AnyOf(parts=parts) | AtLeast(parts=parts):
            for part in parts:
                yield from iterate_leaves(part)
        case Not(part=part):
            yield from iterate_leaves(part)
        case Unless(part=part, exception=exception):
            yield from iterate_leaves(part)
            yield from iterate_leaves(exception)
        case leaf:
            yield leaf


def iterate_columns(expression: Expression) -> Iterator[str]:
    """Every column that the expression names, in order, repeats included.

    >>> list(iterate_columns(AllOf((Compare("age", ">=", 18, "year"), Not(OneOf("sex", ("M",)))))))
    ['age', 'sex']
    """
    for leaf in iterate_leaves(expression):
        if isinstance(leaf, Compare | Between | OneOf | CompareToLimit):
            yield leaf.column

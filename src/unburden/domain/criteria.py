"""Eligibility criteria as typed expressions over columns, with three-valued logic."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Value: TypeAlias = float | int | str | bool
Operator: TypeAlias = Literal["<", "<=", ">", ">=", "==", "!="]
UnknownPolicy: TypeAlias = Literal["keep", "exclude"]


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


Expression: TypeAlias = Compare | Between | OneOf | AllOf | AnyOf | Not


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


def iterate_columns(expression: Expression) -> Iterator[str]:
    """Every column that the expression names, in order, repeats included.

    >>> list(iterate_columns(AllOf((Compare("age", ">=", 18, "year"), Not(OneOf("sex", ("M",)))))))
    ['age', 'sex']
    """
    match expression:
        case Compare(column=column) | Between(column=column) | OneOf(column=column):
            yield column
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from iterate_columns(part)
        case Not(part=part):
            yield from iterate_columns(part)

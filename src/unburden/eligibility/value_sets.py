"""Sets of values that a patient's measure may take: ranges of numbers, words, flags."""

from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import TypeAlias

from unburden.domain.criteria import Operator

_Number: TypeAlias = Fraction | float
_End: TypeAlias = tuple[_Number, int]
"""An end of a range: the number, and 1 (just above), 0 (at) or -1 (just below) it."""

_LOWEST, _HIGHEST = (-inf, 0), (inf, 0)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers within any of some ranges, each from one end to another."""

    ranges: tuple[tuple[_End, _End], ...]

    @property
    def is_empty(self) -> bool:
        """Whether no number is in it."""
        return not self.ranges

    def intersect(self, other: "Numbers") -> "Numbers":
        """The numbers that are in both."""
        pairs = (
            (max(low, other_low), min(high, other_high))
            for low, high in self.ranges
            for other_low, other_high in other.ranges
        )
        return Numbers(tuple((low, high) for low, high in pairs if low <= high))

    def complement(self) -> "Numbers":
        """All other numbers."""
        rest = Numbers(((_LOWEST, _HIGHEST),))
        for (low, low_side), (high, high_side) in self.ranges:
            below = ((_LOWEST, (low, low_side - 1)),) if low != -inf else ()
            above = (((high, high_side + 1), _HIGHEST),) if high != inf else ()
            rest = rest.intersect(Numbers((*below, *above)))
        return rest

    @property
    def lowest(self) -> _Number:
        """No number in it is smaller."""
        return min((low[0] for low, _ in self.ranges), default=inf)

    @property
    def highest(self) -> _Number:
        """No number in it is larger."""
        return max((high[0] for _, high in self.ranges), default=-inf)


@dataclass(frozen=True, slots=True)
class Words:
    """Some words or flags, or all but some; `domain` lists all there are, None is without end."""

    listed: frozenset[str | bool]
    is_all_but: bool = False
    domain: frozenset[str | bool] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no word is in it."""
        if not self.is_all_but:
            return not self.listed
        return self.domain is not None and self.domain <= self.listed

    def intersect(self, other: "Words") -> "Words":
        """The words that are in both."""
        match (self.is_all_but, other.is_all_but):
            case (False, False):
                return Words(self.listed & other.listed, False, self.domain)
            case (True, True):
                return Words(self.listed | other.listed, True, self.domain)
            case (False, True):
                return Words(self.listed - other.listed, False, self.domain)
            case _:
                return Words(other.listed - self.listed, False, self.domain)

    def complement(self) -> "Words":
        """All other words."""
        return Words(self.listed, not self.is_all_but, self.domain)


ValueSet: TypeAlias = Numbers | Words
FLAGS: frozenset[str | bool] = frozenset({True, False})


def make_range(operator: Operator, number: Fraction) -> Numbers:
    """The numbers that stand in this relation to a number."""
    below, at, above = (number, -1), (number, 0), (number, 1)
    match operator:
        case "<":
            return Numbers(((_LOWEST, below),))
        case "<=":
            return Numbers(((_LOWEST, at),))
        case ">":
            return Numbers(((above, _HIGHEST),))
        case ">=":
            return Numbers(((at, _HIGHEST),))
        case "==":
            return Numbers(((at, at),))
        case "!=":
            return Numbers(((_LOWEST, below), (above, _HIGHEST)))


def make_whole_range(operator: Operator, count: int) -> Numbers:
    """The whole numbers from 0 on that stand in this relation to a whole number, by their ends.

    Every end is a whole number that is in the set itself, so that an empty set is seen as one.
    """
    before, at, after = (Fraction(count - 1), 0), (Fraction(count), 0), (Fraction(count + 1), 0)
    zero: _End = (Fraction(0), 0)
    held = {
        "<": ((zero, before),),
        "<=": ((zero, at),),
        ">": ((after, _HIGHEST),),
        ">=": ((at, _HIGHEST),),
        "==": ((at, at),),
        "!=": ((zero, before), (after, _HIGHEST)),
    }[operator]
    return Numbers(((zero, _HIGHEST),)).intersect(Numbers(held))

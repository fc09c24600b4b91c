"""Sums and products of amounts with their intervals."""

import math
from collections.abc import Iterable

from unburden.domain.estimate import Estimate


def add_estimates(parts: Iterable[Estimate], unit: str) -> Estimate:
    """The sum; its interval adds the ends, as if all parts erred together: never too narrow.

    >>> one = Estimate(10, 8, 13, "minute", ("assumed:doctest",))
    >>> add_estimates((one, one), "minute").bounds()
    (20.0, 16.0, 26.0)
    """
    listed = tuple(parts)
    value, low, high = (math.fsum(ends) for ends in zip(*(part.bounds() for part in listed), strict=True))
    sources = tuple(dict.fromkeys(source for part in listed for source in part.sources))
    return Estimate(value, min(low, value), max(high, value), unit, sources)


def multiply_estimates(one: Estimate, other: Estimate, unit: str) -> Estimate:
    """The product of two independent amounts of at least 0.

    Distances of the ends from the value add up in squares on the log scale, each side for itself
    (variance recovery, Zou & Donner 2008); an end of 0 stays 0.

    >>> half = Estimate(0.5, 0.4, 0.625, "1", ("observed:doctest",))
    >>> multiply_estimates(half, Estimate(10, 10, 10, "minute", ("assumed:doctest",)), "minute").bounds()
    (5.0, 4.0, 6.25)
    """
    value = one.value * other.value
    sources = tuple(dict.fromkeys((*one.sources, *other.sources)))
    if value == 0:
        return Estimate(0.0, 0.0, one.high * other.high, unit, sources)
    low_1, low_2 = one.low / one.value, other.low / other.value
    high_1, high_2 = one.high / one.value, other.high / other.value
    low = 0.0 if min(low_1, low_2) <= 0 else value * math.exp(-math.hypot(math.log(low_1), math.log(low_2)))
    high = value * math.exp(math.hypot(math.log(high_1), math.log(high_2)))
    return Estimate(value, min(_trim(low), value), max(_trim(high), value), unit, sources)


def _trim(number: float) -> float:
    """Without the last places that exp and log leave behind."""
    return float(f"{number:.14g}")

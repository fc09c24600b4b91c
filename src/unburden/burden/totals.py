"""Sums of lines: each line a multiple of a product of the evidence's entries, the sum with its interval."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from statistics import NormalDist

from unburden.domain.burden import (
    PATIENT_MINUTES,
    PERSONA_MARK,
    TIME_DIMENSIONS,
    UNIT_BY_DIMENSION,
    BurdenLine,
    Evidence,
)
from unburden.domain.estimate import Estimate

COUNTED = "observed:counted in the schedule"

UNIT_BY_TOTAL: Mapping[str, str] = {**UNIT_BY_DIMENSION, PATIENT_MINUTES: "minute"}
"""Every dimension that a score totals, with its unit."""

Key = tuple[str, ...]
"""The ids of the entries of one product, sorted."""

Terms = Mapping[str, Mapping[Key, float]]
"""By dimension and product, the multiple of the product in the dimension's sum."""

Product = tuple[float, tuple[Evidence, ...]]
"""A multiple of a product of entries."""

_SD_PER_RANGE = 1 / 3.92
_Z = NormalDist().inv_cdf(0.975)


def find_stream_id(evidence_id: str) -> str:
    """The id of the unknown behind an entry: a persona's own entry has that of the ledger.

    >>> find_stream_id("travel.minutes@rural")
    'travel.minutes'
    """
    return evidence_id.partition(PERSONA_MARK)[0]


def find_log_variance(entry: Evidence) -> float:
    """ln(1 + variance / mean²): of a lognormal entry, the variance of its logarithm."""
    return 2 * math.log(math.hypot(1, (entry.high - entry.low) * _SD_PER_RANGE / entry.value))


def find_key(line: BurdenLine) -> Key:
    """The product that a line is a multiple of."""
    return tuple(sorted(line.entry_ids))


def list_totals(line: BurdenLine) -> tuple[str, ...]:
    """The totals that a line belongs to: its dimension, and `patient_minutes` where it is time."""
    is_time = line.dimension in TIME_DIMENSIONS
    return (line.dimension, PATIENT_MINUTES) if is_time else (line.dimension,)


def find_terms(lines: Iterable[BurdenLine]) -> dict[str, dict[Key, float]]:
    """The multiple of each product in each dimension and in `patient_minutes`, whatever the lines' order."""
    times: dict[str, dict[Key, list[float]]] = {dimension: {} for dimension in UNIT_BY_TOTAL}
    for line in lines:
        for name in list_totals(line):
            times[name].setdefault(find_key(line), []).append(line.times)
    return {
        dimension: {key: math.fsum(found[key]) for key in sorted(found)} for dimension, found in times.items()
    }


def total_lines(lines: Iterable[BurdenLine], evidence: Mapping[str, Evidence]) -> dict[str, Estimate]:
    """The sum of the lines in each dimension, and `patient_minutes` over the three of time."""
    return {
        name: total_terms(terms, evidence, UNIT_BY_TOTAL[name]) for name, terms in find_terms(lines).items()
    }


def total_terms(terms: Mapping[Key, float], evidence: Mapping[str, Evidence], unit: str) -> Estimate:
    """A sum of products with its interval and the sources of all its entries.

    An entry is one unknown wherever it appears, whichever persona's: its multiples move together.
    Different entries are taken to be independent.
    """
    products = [(times, tuple(evidence[entry_id] for entry_id in key)) for key, times in terms.items()]
    value, low, high = match_lognormal(products)
    return Estimate(value, low, high, unit, find_sources(products))


def find_sources(products: Iterable[Product]) -> tuple[str, ...]:
    """The sources of all entries, sorted; the schedule itself where there is none."""
    return tuple(sorted({entry.source for _, entries in products for entry in entries})) or (COUNTED,)


def match_lognormal(products: Sequence[Product]) -> tuple[float, float, float]:
    """Mean and 95 % interval of Σ multiple × product of entries.

    Mean and variance are exact where entries are lognormal (`find_variance`). The sum of the
    uncertain products is taken to be lognormal with the mean and variance of that sum (Fenton 1960,
    Wilkinson); products without spread only shift it, so that no bound falls below what is certain.
    No variance: exact. Departures: uncertain entries with a mean of 0 have no lognormal and get 0 to
    1.96 sd; a spread so wide that the mean lies above the 97.5 % quantile gets the mean as its upper
    bound.

    >>> match_lognormal([(2.0, (Evidence("a", "", 3, 3, 3, "minute", "observed:x", "A"),))])
    (6.0, 6.0, 6.0)
    """
    value = math.fsum(compute_mean(product) for product in products)
    uncertain = [product for product in products if any(e.low < e.high for e in product[1])]
    mean = math.fsum(compute_mean(product) for product in uncertain)
    sd = math.sqrt(find_variance(uncertain))
    if sd == 0:
        return value, value, value
    if mean <= 0:
        return value, value, value + _Z * sd
    spread = 2 * math.log(math.hypot(1, sd / mean))
    centre = math.log(mean) - spread / 2
    half = _Z * math.sqrt(spread)
    certain = value - mean
    return value, min(value, certain + math.exp(centre - half)), max(value, certain + math.exp(centre + half))


def compute_mean(product: Product) -> float:
    """The expectation of a multiple of a product of independent entries."""
    times, entries = product
    return times * math.prod(entry.value for entry in entries)


def find_variance(products: Sequence[Product]) -> float:
    """Variance of a sum of products of independent entries, each with its mean and sd (range / 3.92).

    Two products m, m' share unknowns k: their covariance is m m' (Π exp(s_k s'_k) - 1), s² being
    ln(1 + sd² / mean²). That is the second moment of a shared entry whatever its distribution, and
    of two personas' entries of one unknown where both are lognormal and move together.
    """
    rows = [_Row.of(product) for product in products]
    variance = math.fsum(row.mean**2 * math.expm1(sum(s * s for s in row.spreads.values())) for row in rows)
    variance += math.fsum(row.wide**2 for row in rows)
    by_stream: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        for stream in row.spreads:
            by_stream.setdefault(stream, []).append(i)
    pairs = {pair for members in by_stream.values() for pair in combinations(members, 2)}
    both = (2 * rows[i].mean * rows[j].mean * math.expm1(rows[i].share(rows[j])) for i, j in pairs)
    return max(0.0, variance + math.fsum(both))


class _Row:
    """A product's mean and, by unknown, the spread of its logarithm; `wide`: sd of one of mean 0."""

    __slots__ = ("mean", "spreads", "wide")

    def __init__(self, mean: float, spreads: dict[str, float], wide: float) -> None:
        self.mean, self.spreads, self.wide = mean, spreads, wide

    @classmethod
    def of(cls, product: Product) -> "_Row":
        times, entries = product
        if any(entry.value == 0 for entry in entries):
            return cls(
                0.0, {}, times * math.prod((e.high - e.low) * _SD_PER_RANGE or e.value for e in entries)
            )
        spreads: dict[str, float] = {}
        for entry in entries:
            if entry.low < entry.high:
                stream = find_stream_id(entry.id)
                spreads[stream] = spreads.get(stream, 0.0) + math.sqrt(find_log_variance(entry))
        return cls(compute_mean(product), spreads, 0.0)

    def share(self, other: "_Row") -> float:
        """Covariance of the logarithms."""
        return sum(spread * other.spreads.get(stream, 0.0) for stream, spread in self.spreads.items())


def merge_lines(lines: Iterable[BurdenLine]) -> tuple[BurdenLine, ...]:
    """The lines with those that differ in `times` only added up, in order of first appearance."""
    times: dict[BurdenLine, float] = {}
    for line in lines:
        key = line.with_times(0.0)
        times[key] = times.get(key, 0.0) + line.times
    return tuple(key.with_times(total) for key, total in times.items())

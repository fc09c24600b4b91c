"""Shares and ratios of shares from counts, with intervals that hold near 0 and 1."""

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from unburden.domain.estimate import Estimate

LEVEL = 0.95
_LARGEST_RATIO = 1e9


def compute_wilson(
    counts: NDArray[np.float64], totals: NDArray[np.float64], level: float = LEVEL
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Low and high of Wilson's interval (1927) for counts of totals; NaN where a total is 0.

    >>> low, high = compute_wilson(np.array([7.0]), np.array([10.0]))
    >>> round(float(low[0]), 3), round(float(high[0]), 3)
    (0.397, 0.892)
    """
    z = NormalDist().inv_cdf(0.5 + level / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.asarray(counts, dtype=float) / totals
        scale = 1 + z**2 / totals
        centre = (share + z**2 / (2 * totals)) / scale
        half = z * np.sqrt(share * (1 - share) / totals + z**2 / (4 * totals**2)) / scale
    low = np.where(share == 0, 0.0, np.maximum(0.0, centre - half))
    high = np.where(share == 1, 1.0, np.minimum(1.0, centre + half))
    return np.minimum(low, share), np.maximum(high, share)


def estimate_share(count: int, total: int, source: str, level: float = LEVEL) -> Estimate | None:
    """A share with Wilson's interval; None of nobody, where there is no share.

    >>> estimate_share(7, 10, "observed:doctest").text()
    '0.7 (95% 0.397 to 0.892)'
    """
    if total == 0:
        return None
    low, high = compute_wilson(np.array([float(count)]), np.array([float(total)]), level)
    return Estimate(count / total, float(low[0]), float(high[0]), "1", (source,), level)


def widen_level(parts: int, level: float = LEVEL) -> float:
    """The level of each of several intervals that all hold together at `level` (Bonferroni).

    >>> round(widen_level(5), 3)
    0.99
    """
    return 1 - (1 - level) / max(parts, 1)


def estimate_ratio(
    count: int, total: int, other_count: int, other_total: int, source: str
) -> Estimate | None:
    """The ratio of two independent shares with its 95 % score interval; None where there is none.

    The interval holds every ratio φ that the score test does not reject (Koopman 1984, Biometrics 40;
    variances at the shares that are most likely if the ratio is φ). It exists for a `count` of 0; for
    an `other_count` of 0 the ratio has no value, and for an empty total neither.

    >>> estimate_ratio(10, 40, 10, 80, "observed:doctest").text()
    '2 (95% 0.915 to 4.3)'
    """
    if not (total and other_total and other_count):
        return None
    value = (count / total) / (other_count / other_total)
    numbers = (count, total, other_count, other_total)
    low = 0.0 if count == 0 else _find_ratio_bound(numbers, is_upper=False)
    high = _find_ratio_bound(numbers, is_upper=True)
    return Estimate(value, min(low, value), max(high, value), "1", (source,))


def _find_ratio_bound(numbers: tuple[int, int, int, int], *, is_upper: bool) -> float:
    """Where the score statistic is ±1.96, by bisection of ln φ."""
    target = NormalDist().inv_cdf(0.5 + LEVEL / 2) * (-1 if is_upper else 1)
    low, high = -math.log(_LARGEST_RATIO), math.log(_LARGEST_RATIO)
    for _ in range(80):
        middle = (low + high) / 2
        if _compute_ratio_score(numbers, math.exp(middle)) > target:
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)


def _compute_ratio_score(numbers: tuple[int, int, int, int], ratio: float) -> float:
    """(p1 − φ p2) over its standard error at the shares most likely under the ratio φ; falls with φ."""
    count, total, other_count, other_total = numbers
    a = (total + other_total) * ratio
    b = total * ratio + count + other_total + other_count * ratio
    c = count + other_count
    # The smaller root of a p² − b p + c = 0, as 2c / (b + √…): without cancellation.
    share_2 = 2 * c / (b + math.sqrt(max(b * b - 4 * a * c, 0.0)))
    share_1 = min(1.0, ratio * share_2)
    variance = share_1 * (1 - share_1) / total + ratio**2 * share_2 * (1 - share_2) / other_total
    difference = count / total - ratio * other_count / other_total
    if variance <= 0:
        return math.copysign(math.inf, difference) if difference else 0.0
    return difference / math.sqrt(variance)

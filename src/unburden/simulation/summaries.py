"""Means and shares over simulated trials, with their Monte Carlo intervals."""

import math

import numpy as np

from unburden.domain.estimate import Estimate

Z_95 = 1.959963984540054


def estimate_share(count: int, trials: int, source: str) -> Estimate:
    """A share with its 95 % interval (Wilson 1927).

    >>> estimate_share(0, 100, "simulated:n=100").low
    0.0
    """
    share = count / trials
    scale = 1 + Z_95**2 / trials
    centre = (share + Z_95**2 / (2 * trials)) / scale
    half = Z_95 * math.sqrt(share * (1 - share) / trials + Z_95**2 / (4 * trials**2)) / scale
    return Estimate(share, min(share, max(0.0, centre - half)), max(share, centre + half), "1", (source,))


def estimate_mean(values: np.ndarray, unit: str, source: str) -> Estimate:
    """A mean of at least two values with its 95 % interval."""
    mean = float(values.mean())
    half = Z_95 * float(values.std(ddof=1)) / math.sqrt(len(values))
    return Estimate(mean, mean - half, mean + half, unit, (source,))

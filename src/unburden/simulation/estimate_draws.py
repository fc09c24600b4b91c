"""Draws from estimates with intervals, where only value and interval are known.

Half-normal laws on either side of the value whose quantiles are the interval's ends, on the scale where
such intervals tend to be even: logarithm for what is over 0, logit for shares. Each side has half the mass.
"""

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Literal

import numpy as np

from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.estimate import Estimate
from unburden.kernels.resampling import draw_normals

Scale = Literal["identity", "log", "logit"]
_EDGE = 1e-3


def draw_estimates(
    estimates: Sequence[Estimate], scales: Sequence[Scale], *, draws: int, seed: int
) -> list[np.ndarray]:
    """Independent draws (draws,) of each estimate; an exact one is the same in all.

    On the logit scale ends at 0 or 1 are taken 0.001 inside; on the log scale an end at 0 is 0.001 of the
    value. Raises `InvalidDesign` for fewer than 100 draws.
    """
    problems = Problems("draws of estimates")
    problems.check(draws >= 100, f"draws is {draws}; give at least 100")
    problems.check(0 <= seed < 2**64, f"seed is {seed}; give a whole number from 0 to 2**64 - 1")
    problems.raise_if_any(InvalidDesign)
    normals = np.empty((draws, len(estimates)))
    draw_normals(np.uint64(seed), normals)
    return [
        _draw(estimate, scale, normals[:, k])
        for k, (estimate, scale) in enumerate(zip(estimates, scales, strict=True))
    ]


def _draw(estimate: Estimate, scale: Scale, normals: np.ndarray) -> np.ndarray:
    value, low, high = estimate.bounds()
    if estimate.is_exact:
        return np.full(len(normals), value)
    there: Callable[[float], float]
    if scale == "log":
        there = lambda x: math.log(max(x, _EDGE * value))  # noqa: E731
    elif scale == "logit":
        there = lambda x: math.log(min(max(x, _EDGE), 1 - _EDGE) / (1 - min(max(x, _EDGE), 1 - _EDGE)))  # noqa: E731
    else:
        there = lambda x: x  # noqa: E731
    z = NormalDist().inv_cdf((1 + estimate.level) / 2)
    centre, down, up = there(value), there(value) - there(low), there(high) - there(value)
    moved = centre + normals / z * np.where(normals < 0, max(down, 0.0), max(up, 0.0))
    if scale == "log":
        return np.exp(moved)
    return 1 / (1 + np.exp(-moved)) if scale == "logit" else moved


def estimate_from_draws(
    value: float, draws: np.ndarray, unit: str, sources: Sequence[str], level: float
) -> Estimate:
    """The value with the draws' quantiles as interval, widened to hold the value."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    distinct = tuple(dict.fromkeys(sources))
    return Estimate(value, min(value, float(low)), max(value, float(high)), unit, distinct, level)

"""Critical values of group-sequential designs by recursive numerical integration.

Armitage, McPherson & Rowe (1969): the density of the score statistic among trials that go on is
carried from look to look by quadrature; here on the z scale with Gauss-Legendre nodes between
the bounds. Spending after Lan & DeMets (1983), O'Brien-Fleming type, one-sided.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from unburden.domain.errors import InvalidDesign, Problems

NODES = 200
LOWEST_Z = -8.0
_NORMAL = NormalDist()
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(NODES)
_erfc = np.vectorize(math.erfc, otypes=[float])


def compute_spending(information_rate: float, alpha: float) -> float:
    """Alpha spent up to an information rate: 2 - 2 Phi(z_(1 - alpha/2) / sqrt(rate)), one-sided.

    >>> round(compute_spending(1.0, 0.025), 12)
    0.025
    """
    quantile = _NORMAL.inv_cdf(1 - alpha / 2)
    return math.erfc(quantile / math.sqrt(2 * information_rate))


def compute_critical_values(information_rates: Sequence[float], alpha: float) -> tuple[float, ...]:
    """z bounds, one a look, that spend `alpha` (one-sided) as O'Brien-Fleming-type Lan-DeMets.

    `information_rates` rise to 1. Without futility stopping. Raises `InvalidDesign`.

    >>> [round(z, 4) for z in compute_critical_values((1 / 3, 2 / 3, 1.0), 0.025)]
    [3.7103, 2.5114, 1.993]
    """
    _check(information_rates, alpha)
    bounds: list[float] = []
    spent = 0.0
    nodes, mass = np.array([0.0]), np.array([1.0])
    before = 0.0
    for rate in information_rates:
        target = compute_spending(rate, alpha) - spent
        spent += target
        bound = _solve_bound(nodes, mass, before, rate, target)
        bounds.append(bound)
        nodes, mass = _carry(nodes, mass, before, rate, bound, 0.0)
        before = rate
    return tuple(bounds)


def compute_rejections(
    critical_values: Sequence[float], information_rates: Sequence[float], drift: float
) -> tuple[float, ...]:
    """Probability of crossing each bound first; `drift` is the mean of z at full information.

    Their sum is the power; with drift 0 the type I error.

    >>> rates = (0.5, 1.0)
    >>> round(sum(compute_rejections(compute_critical_values(rates, 0.025), rates, 0.0)), 9)
    0.025
    """
    crossed: list[float] = []
    nodes, mass = np.array([0.0]), np.array([1.0])
    before = 0.0
    for bound, rate in zip(critical_values, information_rates, strict=True):
        crossed.append(_compute_upper_tail(nodes, mass, before, rate, bound, drift))
        nodes, mass = _carry(nodes, mass, before, rate, bound, drift)
        before = rate
    return tuple(crossed)


def _check(information_rates: Sequence[float], alpha: float) -> None:
    problems = Problems("boundaries")
    rising = all(a < b for a, b in zip((0.0, *information_rates), information_rates, strict=False))
    problems.check(
        bool(information_rates) and rising and math.isclose(information_rates[-1], 1.0),
        f"information_rates {list(information_rates)} must rise from above 0 to 1",
    )
    problems.check(0 < alpha < 0.5, f"alpha is {alpha}; give a number between 0 and 0.5")
    problems.raise_if_any(InvalidDesign)


def _compute_upper_tail(nodes, mass, before: float, rate: float, bound: float, drift: float) -> float:
    """Probability that z at `rate` exceeds `bound` among trials that went on after `before`."""
    step = rate - before
    score = bound * math.sqrt(rate) - nodes * math.sqrt(before)
    return float(mass @ _erfc((score - drift * step) / math.sqrt(2 * step))) / 2


def _carry(nodes, mass, before: float, rate: float, bound: float, drift: float):
    """Nodes and quadrature masses of z at `rate` among trials that stay below `bound`."""
    low = LOWEST_Z + min(0.0, drift * math.sqrt(rate))
    half = (bound - low) / 2
    new = low + half * (_POINTS + 1)
    step = rate - before
    score = new[:, None] * math.sqrt(rate) - nodes[None, :] * math.sqrt(before) - drift * step
    density = np.exp(-(score**2) / (2 * step)) / math.sqrt(2 * math.pi * step) * math.sqrt(rate)
    return new, half * _WEIGHTS * (density @ mass)


def _solve_bound(nodes, mass, before: float, rate: float, target: float) -> float:
    """The bound whose upper tail is `target`, by bisection to the last digit."""
    low, high = -10.0, 40.0
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if _compute_upper_tail(nodes, mass, before, rate, middle, 0.0) > target:
            low = middle
        else:
            high = middle
    return (low + high) / 2

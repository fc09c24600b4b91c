"""How much a probability can rise from one law of a trial's data to another: moments of their ratio.

For any event R, laws P and P′ with ratio L = dP′/dP, and q > 1, Hölder's inequality gives
P′(R) = E[1_R L] ≤ P(R)^(1 - 1/q) E[L^q]^(1/q) (the tilt bound of Sklar 2022 for exponential families;
Yang, Thompson & Sklar 2024, "Guarantees for comprehensive simulation assessment of statistical
methods", with Rényi divergence). What may be simulated as it likes, adaptive or not, is a function of the
data and of randomness of fixed law (entry, allocation), which L does not hold.

**Two binomials** (n₀ and n₁ patients, shares c → p): E[L^q] = ∏ (c^(1-q) p^q + (1-c)^(1-q) (1-p)^q)^n. Each
factor is convex in its p with its least value 1 at c, so it grows with the distance from c on either
side. The product over parameters is largest where each factor is: at a corner of the box. A patient's
outcome is seen with probability exp(-dropout hazard × months), one more share.

**Where the line of equal shares cuts the box** the centre is (c, c) and null are the points with
treatment ≤ control. Each null point lies in one of three quadrants round the centre (control up or
treatment down, or both); in the fourth only the centre is null. The factors grow away from c, so
each quadrant's corner has the largest product; where the box is first shrunk to its null part, those
three corners are null themselves, and the fourth is left out.

**Event and dropout hazards** (λ, δ; sum s). One patient followed to the first of both:
E[L^q] = (λ₀^(1-q) λ^q + δ₀^(1-q) δ^q) / (s₀ + q (s - s₀)), to the power of n for all patients. Dropout may be
none at all (δ = 0), but not at the centre. A trial that ends at its d-th event has less data: on the clock of
patients' time at risk events and dropouts are Poisson, the d-th event comes after a gamma(d, λ₀)
time, and E[L^q] ≤ (λ₀^(1-q) λ^q / (s₀ + q (s - s₀) - δ₀^(1-q) δ^q))^d. An earlier end (latest month,
nobody left) only lowers it: L is then a conditional mean of the L here, and x^q is convex. Numerators are
convex in (λ, δ), denominators concave; where positive, such ratios are quasi-convex, so that the
corners of a box hold the largest. Where a denominator is not positive, E[L^q] is infinite; being
concave, it is positive in the box if it is at the corners.
"""

import math
from collections.abc import Callable, Sequence

from unburden.domain.certificate import Point

LogMoments = Callable[[Point, Point, float], Sequence[float]]
"""Upper bounds on log E[L^q] from one point to another, each largest at corners."""

_LEAST_LOG_Q, _MOST_LOG_Q = -7.0, 14.0


def compute_share_moment(start: float, end: float, q: float) -> float:
    """log E[L^q] of one patient's outcome with share `start` → `end`; either end may be 0 or 1.

    >>> round(compute_share_moment(0.5, 0.6, 2.0), 6) == round(math.log(0.36 / 0.5 + 0.16 / 0.5), 6)
    True
    """
    return _add(_scale(start, end, q), _scale(1 - start, 1 - end, q))


def compute_patient_moment(start: Point, end: Point, q: float) -> float:
    """log E[L^q] of one patient followed to event or dropout; points are both hazards."""
    before, after = sum(start), sum(end)
    under = before + q * (after - before)
    if under <= 0:
        return math.inf
    over = _add(_scale(start[0], end[0], q), _scale(start[1], end[1], q))
    return over - math.log(under)


def compute_event_moment(start: Point, end: Point, q: float) -> float:
    """log E[L^q] for each event of a trial that ends at a number of events; points are both hazards."""
    before, after = sum(start), sum(end)
    log_dropouts = _scale(start[1], end[1], q)
    if log_dropouts > 700:
        return math.inf
    under = before + q * (after - before) - math.exp(log_dropouts)
    return _scale(start[0], end[0], q) - math.log(under) if under > 0 else math.inf


def _scale(start: float, end: float, q: float) -> float:
    """log(start^(1 - q) × end^q); what cannot happen at the end adds nothing."""
    if end <= 0:
        return -math.inf
    if start <= 0:
        return math.inf
    return (1 - q) * math.log(start) + q * math.log(end)


def _add(one: float, other: float) -> float:
    high, low = max(one, other), min(one, other)
    return high if math.isinf(high) else high + math.log1p(math.exp(low - high))


def bound_tile(at_centre: float, log_moments: LogMoments, centre: Point, corners: Sequence[Point]) -> float:
    """The least tilt bound of a tile, for a probability of at most `at_centre` in its centre.

    One q serves all corners, so that for this q they hold the tile. Golden section on log(q - 1); every
    value of it is a valid bound.

    >>> def none(start, end, q):
    ...     return [0.0]
    >>> round(bound_tile(0.03, none, (0.2,), [(0.2,)]), 4)
    0.03
    """
    if at_centre <= 0:
        return 0.0

    def bound(log_q: float) -> float:
        q = 1 + math.exp(log_q)
        moments = zip(*(log_moments(centre, corner, q) for corner in corners), strict=True)
        return (1 - 1 / q) * math.log(at_centre) + min(map(max, moments)) / q

    low, high = _LEAST_LOG_Q, _MOST_LOG_Q
    ratio = (math.sqrt(5) - 1) / 2
    best = bound(high)
    for _ in range(60):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        at_left, at_right = bound(left), bound(right)
        best = min(best, at_left, at_right)
        low, high = (low, right) if at_left <= at_right else (left, high)
    return math.exp(min(0.0, best))

"""Expected numbers of patients and events over calendar time, by quadrature without random numbers."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from unburden.domain.errors import InvalidDesign
from unburden.domain.scenario import Accrual, PiecewiseHazard

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(32)


def compute_event_probability(hazard: PiecewiseHazard, dropout: float, months: float) -> float:
    """Probability of the event, not preceded by dropout, within `months` of entry (closed form).

    >>> round(compute_event_probability(PiecewiseHazard((0.0,), (0.1,)), 0.0, 10.0), 6)
    0.632121
    """
    on_study, total = 1.0, 0.0
    ends = (*hazard.start_months[1:], math.inf)
    for start, end, rate in zip(hazard.start_months, ends, hazard.per_month, strict=True):
        length = min(end, months) - start
        if length <= 0:
            break
        leaving = rate + dropout
        left = -math.expm1(-leaving * length)
        if leaving > 0:
            total += on_study * rate / leaving * left
        on_study *= 1 - left
    return total


def compute_enrolled(accrual: Accrual, patients: float, month: float) -> float:
    """Expected patients enrolled by a calendar month, at most `patients`."""
    ends = (*accrual.start_months[1:], math.inf)
    total = sum(
        rate * max(0.0, min(month, end) - start)
        for start, end, rate in zip(accrual.start_months, ends, accrual.per_month, strict=True)
    )
    return min(total, patients)


def find_accrual_end(accrual: Accrual, patients: float) -> float:
    """The month at which the last of `patients` is expected to enter.

    >>> find_accrual_end(Accrual((0.0, 6.0), (5.0, 10.0)), 50.0)
    8.0
    """
    total = 0.0
    ends = (*accrual.start_months[1:], math.inf)
    for start, end, rate in zip(accrual.start_months, ends, accrual.per_month, strict=True):
        room = rate * (end - start) if rate > 0 else 0.0
        if total + room >= patients:
            return start + (patients - total) / rate
        total += room
    raise AssertionError("the last rate is above 0")


def compute_expected_events(
    accrual: Accrual, patients: float, arms: Sequence[tuple[float, PiecewiseHazard, float]], month: float
) -> float:
    """Expected events seen by a calendar month.

    `arms` holds share of patients, hazard and dropout hazard of each. The integral over entry is
    done by Gauss-Legendre between the points where accrual or hazard changes: exact to 1e-12.
    """
    last = min(month, find_accrual_end(accrual, patients))
    if last <= 0:
        return 0.0
    total = 0.0
    for share, hazard, dropout in arms:
        breaks = {0.0, last, *accrual.start_months, *(month - start for start in hazard.start_months)}
        points = sorted(point for point in breaks if 0 <= point <= last)
        for start, end in pairwise(points):
            rate = _rate_at(accrual, (start + end) / 2)
            half = (end - start) / 2
            for node, weight in zip(_POINTS, _WEIGHTS, strict=True):
                entry = start + half * (node + 1)
                total += (
                    share * rate * half * weight * compute_event_probability(hazard, dropout, month - entry)
                )
    return total


def find_analysis_month(
    accrual: Accrual, patients: float, arms: Sequence[tuple[float, PiecewiseHazard, float]], events: float
) -> float:
    """The calendar month at which this many events are expected.

    Raises `InvalidDesign` where they never are: too few patients, or dropout takes too many.
    """
    high = max(1.0, find_accrual_end(accrual, patients))
    while compute_expected_events(accrual, patients, arms, high) < events:
        high *= 2
        if high > 1e5:
            most = compute_expected_events(accrual, patients, arms, high)
            told = f"{events:g} events are never expected from {patients:g} patients; at most {most:.1f} are"
            raise InvalidDesign(
                "analysis time", [f"{told}; take fewer events, more patients or less dropout"]
            )
    low = 0.0
    for _ in range(200):
        middle = (low + high) / 2
        if high - low <= 1e-13 * high:
            break
        is_early = compute_expected_events(accrual, patients, arms, middle) < events
        low, high = (middle, high) if is_early else (low, middle)
    return (low + high) / 2


def _rate_at(accrual: Accrual, month: float) -> float:
    rate = 0.0
    for start, value in zip(accrual.start_months, accrual.per_month, strict=True):
        if start > month:
            break
        rate = value
    return rate

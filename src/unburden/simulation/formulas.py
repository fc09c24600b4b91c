"""Closed-form power, to check simulation against and to start a search from."""

import math
from statistics import NormalDist

_NORMAL = NormalDist()


def compute_schoenfeld_power(
    events: float, hazard_ratio: float, allocation_ratio: float, alpha: float
) -> float:
    """Power of the one-sided log-rank test (Schoenfeld 1981) under proportional hazards.

    `hazard_ratio` treatment to control (below 1 favours treatment), `allocation_ratio` treatment
    to control, `alpha` one-sided.

    >>> round(compute_schoenfeld_power(508, 0.75, 1.0, 0.025), 3)
    0.9
    """
    share = allocation_ratio / (1 + allocation_ratio)
    drift = -math.log(hazard_ratio) * math.sqrt(events * share * (1 - share))
    return _NORMAL.cdf(drift - _NORMAL.inv_cdf(1 - alpha))

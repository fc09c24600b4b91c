"""Log-rank statistic of one trial at one data cut."""

import math

import numba
import numpy as np


@numba.njit(cache=True)
def compute_logrank_z(follow_up, is_event, is_treated):
    """z of the two-sample log-rank test; positive where the treated have fewer events.

    `follow_up` times of any order, `is_event` and `is_treated` Booleans, shapes (n,). Ties are
    handled as in Mantel (1966): one hypergeometric term for each distinct time. 0.0 where no
    term has variance.
    """
    order = np.argsort(follow_up)
    n = follow_up.shape[0]
    at_risk = n
    treated_at_risk = 0
    for i in range(n):
        treated_at_risk += is_treated[i]
    expected_minus_seen = 0.0
    variance = 0.0
    i = 0
    while i < n:
        time = follow_up[order[i]]
        events = 0
        treated_events = 0
        leaving = 0
        treated_leaving = 0
        while i < n and follow_up[order[i]] == time:
            row = order[i]
            leaving += 1
            treated_leaving += is_treated[row]
            if is_event[row]:
                events += 1
                treated_events += is_treated[row]
            i += 1
        if events > 0:
            share = treated_at_risk / at_risk
            expected_minus_seen += events * share - treated_events
            if at_risk > 1:
                variance += events * share * (1 - share) * (at_risk - events) / (at_risk - 1)
        at_risk -= leaving
        treated_at_risk -= treated_leaving
    if variance <= 0.0:
        return 0.0
    return expected_minus_seen / math.sqrt(variance)

"""Weights of a cohort, and its outcomes from each arm's weighted numbers at risk at the event times."""

import math

import numba

from unburden.kernels.cohort_desk import (
    AT_RISK_0,
    AT_RISK_1,
    AT_TIME,
    BY_PROBABILITY,
    BY_QUANTILE,
    DEAD_0,
    DEAD_1,
    DEATHS,
    ROW_BY_SHARE,
    ROW_COUNT,
    ROW_EVENT,
    ROW_HARMED,
    ROW_SHARE,
    ROW_SLOPE,
    ROW_TREATED,
    ROW_WEIGHT,
    STABILISED,
    UNWEIGHTED,
)
from unburden.kernels.propensity import SUMS

_STEPS, _LONGEST_STEP, _TOLERANCE = 60, 1.5, 1e-12


@numba.njit(cache=True, error_model="numpy")
def find_weighted_quantile(values, counts, wanted):
    """The least value at or below which `wanted` (0 to 1) of the counted values lie (inverse of the ECDF)."""
    low, high, total = math.inf, -math.inf, 0.0
    for t in range(values.shape[0]):
        low, high = min(low, values[t]), max(high, values[t])
        total += counts[t]
    least = low
    low -= 1e-12 * abs(low)
    need = wanted * total * (1.0 - 1e-12)
    for _ in range(50):
        middle = 0.5 * (low + high)
        below = 0.0
        for t in range(values.shape[0]):
            below += counts[t] if values[t] <= middle else 0.0
        if below >= need:
            high = middle
        else:
            low = middle
    found = least
    for t in range(values.shape[0]):
        if values[t] <= high:
            found = max(found, values[t])
    return found


@numba.njit(cache=True, error_model="numpy")
def fill_weights(m, share_treated, settings, values):
    """Weights, their derivative by the logit of the propensity and by the share of treated.

    Stabilised: share / e in treated, (1 - share) / (1 - e) in controls (Robins, Hernán & Brumback
    2000); overlap: 1 - e and e (Li, Morgan & Zaslavsky 2018). A truncated weight or propensity is
    taken as known: its derivative by the logit is 0.
    """
    for t in range(m):
        is_treated, e = values[ROW_TREATED, t] > 0.0, values[ROW_SHARE, t]
        inside = 1.0
        if settings.limit_kind == BY_PROBABILITY and not settings.lower <= e <= settings.upper:
            e, inside = min(max(e, settings.lower), settings.upper), 0.0
        if settings.weighting == UNWEIGHTED:
            values[ROW_WEIGHT, t], values[ROW_SLOPE, t], values[ROW_BY_SHARE, t] = 1.0, 0.0, 0.0
        elif settings.weighting == STABILISED:
            inverse = 1.0 / e if is_treated else 1.0 / (1.0 - e)
            weight = inverse * (share_treated if is_treated else 1.0 - share_treated)
            values[ROW_WEIGHT, t] = weight
            values[ROW_SLOPE, t] = inside * weight * (e - 1.0 if is_treated else e)
            values[ROW_BY_SHARE, t] = inverse if is_treated else -inverse
        else:
            values[ROW_WEIGHT, t] = 1.0 - e if is_treated else e
            values[ROW_SLOPE, t] = inside * e * (1.0 - e) * (-1.0 if is_treated else 1.0)
            values[ROW_BY_SHARE, t] = 0.0
    if settings.limit_kind == BY_QUANTILE and settings.weighting == STABILISED:
        counts = values[ROW_COUNT, :m]
        low = find_weighted_quantile(values[ROW_WEIGHT, :m], counts, settings.lower)
        high = find_weighted_quantile(values[ROW_WEIGHT, :m], counts, settings.upper)
        for t in range(m):
            weight = values[ROW_WEIGHT, t]
            if not low <= weight <= high:
                values[ROW_WEIGHT, t] = min(max(weight, low), high)
                values[ROW_SLOPE, t], values[ROW_BY_SHARE, t] = 0.0, 0.0


@numba.njit(cache=True, error_model="numpy", fastmath=SUMS)
def compute_effective(m, values):
    """Kish's effective number of patients: the square of the sum of weights over the sum of squares."""
    total, squares = 0.0, 0.0
    for t in range(m):
        total += values[ROW_COUNT, t] * values[ROW_WEIGHT, t]
        squares += values[ROW_COUNT, t] * values[ROW_WEIGHT, t] * values[ROW_WEIGHT, t]
    return total * total / squares


@numba.njit(cache=True, error_model="numpy")
def fill_event_times(m, patients, desk):
    """Weighted numbers at risk and dying in each arm at each event time, the latest first.

    Returns how many event times; `desk.group` gives each patient the last event time up to its own
    (that number itself where there is none).
    """
    values, at_times, group = desk.values, desk.at_times, desk.group
    groups, at_risk_1, at_risk_0 = 0, 0.0, 0.0
    t = m - 1
    while t >= 0:
        rank, dead_1, dead_0, deaths = patients.rank[desk.place[t]], 0.0, 0.0, 0
        time = patients.times[desk.place[t]]
        while t >= 0 and patients.rank[desk.place[t]] == rank:
            weight = values[ROW_COUNT, t] * values[ROW_WEIGHT, t]
            arm = values[ROW_TREATED, t]
            at_risk_1 += weight * arm
            at_risk_0 += weight * (1.0 - arm)
            died = values[ROW_EVENT, t]
            dead_1 += died * weight * arm
            dead_0 += died * weight * (1.0 - arm)
            deaths += died > 0.0
            group[t] = groups
            t -= 1
        if deaths > 0:
            at_times[AT_TIME, groups] = time
            at_times[AT_RISK_1, groups], at_times[AT_RISK_0, groups] = at_risk_1, at_risk_0
            at_times[DEAD_1, groups], at_times[DEAD_0, groups] = dead_1, dead_0
            at_times[DEATHS, groups] = deaths
            groups += 1
    return groups


@numba.njit(cache=True, error_model="numpy")
def fill_terms(groups, at_times, is_efron, terms):
    """The terms of the partial likelihood: at risk in each arm, weight. Returns how many."""
    count = 0
    for g in range(groups):
        dead_1, dead_0 = at_times[DEAD_1, g], at_times[DEAD_0, g]
        deaths = int(at_times[DEATHS, g])
        steps = deaths if is_efron else 1
        for k in range(steps):
            less = k / deaths
            terms[0, count] = max(at_times[AT_RISK_1, g] - less * dead_1, 0.0)
            terms[1, count] = max(at_times[AT_RISK_0, g] - less * dead_0, 0.0)
            terms[2, count] = (dead_1 + dead_0) / steps
            count += 1
    return count


@numba.njit(cache=True, error_model="numpy", fastmath=SUMS)
def sum_terms(ratio, treated, control, weights):
    """Expected events of treatment and the information at a hazard ratio."""
    expected, information = 0.0, 0.0
    for c in range(weights.shape[0]):
        part = ratio * treated[c]
        share = part / (part + control[c])
        expected += weights[c] * share
        information += weights[c] * share * (1.0 - share)
    return expected, information


@numba.njit(cache=True, error_model="numpy")
def solve_hazard(count, seen, terms, start):
    """The log hazard ratio by Newton; whether one exists, its value and the information.

    It exists where the score is positive at minus infinity and negative at plus infinity.
    """
    treated, control, weights = terms[0, :count], terms[1, :count], terms[2, :count]
    most, least = 0.0, 0.0
    for c in range(count):
        most += weights[c] if treated[c] > 0.0 else 0.0
        least += weights[c] if control[c] <= 0.0 else 0.0
    if not (seen - least > 1e-9 * seen and most - seen > 1e-9 * most):
        return False, 0.0, 0.0
    value = start
    for _ in range(_STEPS):
        expected, information = sum_terms(math.exp(value), treated, control, weights)
        step = (seen - expected) / information
        step = min(max(step, -_LONGEST_STEP), _LONGEST_STEP)
        value += step
        if abs(step) < _TOLERANCE * (1.0 + abs(value)):
            return True, value, information
    return False, 0.0, 0.0


@numba.njit(cache=True, error_model="numpy")
def fill_hazard_lookup(groups, desk, is_efron, value, information):
    """Rows 0 to 3 of the lookup: what each arm's patients bore until each event time, and an event's own.

    Divided by the information: each is the derivative of the log hazard ratio by the weight.
    """
    at_times, lookup = desk.at_times, desk.lookup
    ratio, borne_1, borne_0 = math.exp(value), 0.0, 0.0
    lookup[0, groups], lookup[1, groups] = 0.0, 0.0
    for g in range(groups - 1, -1, -1):
        dead_1, dead_0 = at_times[DEAD_1, g], at_times[DEAD_0, g]
        deaths = int(at_times[DEATHS, g])
        steps = deaths if is_efron else 1
        mean, back_1, back_0 = 0.0, 0.0, 0.0
        for k in range(steps):
            less = k / deaths
            part = ratio * (at_times[AT_RISK_1, g] - less * dead_1)
            total = part + at_times[AT_RISK_0, g] - less * dead_0
            share, rate = part / total, (dead_1 + dead_0) / steps / total
            mean += share / steps
            borne_1 += ratio * rate * (1.0 - share)
            borne_0 -= rate * share
            back_1 += less * ratio * rate * (1.0 - share)
            back_0 -= less * rate * share
        lookup[0, g], lookup[1, g] = -borne_1 / information, -borne_0 / information
        lookup[2, g] = (1.0 - mean + back_1) / information
        lookup[3, g] = (back_0 - mean) / information


@numba.njit(cache=True, error_model="numpy")
def compute_restricted_mean(groups, desk, at_risk, dead, horizon, first):
    """The area under one arm's weighted Kaplan-Meier curve; rows `first` and `first` + 1 of the lookup.

    These are the derivative by a patient's weight of what it bore until each event time, and of its
    own event: with A the area after a time, Y at risk and d dying, A d / (Y (Y - d)) summed, and
    -A / (Y - d).
    """
    at_times, lookup = desk.at_times, desk.lookup
    survival, area, last = 1.0, 0.0, 0.0
    for g in range(groups - 1, -1, -1):
        time = at_times[AT_TIME, g]
        if time > horizon:
            break
        area += survival * (time - last)
        last = time
        died = at_times[dead, g]
        lookup[first, g] = area
        if died > 0.0:
            survival = max(survival * (1.0 - died / at_times[at_risk, g]), 0.0)
            if at_times[at_risk, g] - died <= 1e-12 * at_times[at_risk, g]:
                survival = 0.0
    area += survival * (horizon - last)
    borne = 0.0
    lookup[first, groups] = 0.0
    for g in range(groups - 1, -1, -1):
        died, risk = at_times[dead, g], at_times[at_risk, g]
        own = 0.0
        if at_times[AT_TIME, g] <= horizon and died > 0.0 and risk - died > 1e-12 * risk:
            own = (area - lookup[first, g]) / (risk - died)
            borne += own * died / risk
        lookup[first, g], lookup[first + 1, g] = borne, -own
    return area


@numba.njit(cache=True, error_model="numpy")
def find_follow_up(m, patients, desk, arm):
    """The last time of an arm, infinite where all of its last patients have the event."""
    t = m - 1
    while t >= 0 and desk.values[ROW_TREATED, t] != arm:
        t -= 1
    if t < 0:
        return -math.inf
    rank, ends = patients.rank[desk.place[t]], True
    last = patients.times[desk.place[t]]
    while t >= 0 and patients.rank[desk.place[t]] == rank:
        if desk.values[ROW_TREATED, t] == arm and desk.values[ROW_EVENT, t] == 0.0:
            ends = False
        t -= 1
    return math.inf if ends else last


@numba.njit(cache=True, error_model="numpy", fastmath=SUMS)
def compute_risks(m, values):
    """Weighted shares with the adverse event and sums of weights: treated, control."""
    harm_1, harm_0, total_1, total_0 = 0.0, 0.0, 0.0, 0.0
    for t in range(m):
        weight = values[ROW_COUNT, t] * values[ROW_WEIGHT, t]
        of_treated = weight * values[ROW_TREATED, t]
        of_control = weight - of_treated
        total_1 += of_treated
        total_0 += of_control
        harm_1 += of_treated * values[ROW_HARMED, t]
        harm_0 += of_control * values[ROW_HARMED, t]
    return harm_1 / total_1, harm_0 / total_0, total_1, total_0

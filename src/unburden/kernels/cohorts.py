"""The emulated trial of every cohort that a set of criteria selects, one bit mask a cohort.

Patients lie in order of time once. A cohort is compacted into rows of its own; its propensity starts
from those of cohorts that differ by one or two criteria; its Cox regression of treatment alone needs
only each arm's weighted numbers at risk at the event times.
"""

import math
from typing import NamedTuple

import numba
import numpy as np

from unburden.kernels.propensity import (
    BLOCK,
    FITTED,
    add_scaled,
    fit_propensity,
    solve_with_gaps,
    sum_products,
)

EXISTS, ONE_ARM, NO_PROPENSITY, NO_EVENT, TREATED_ONLY, CONTROL_ONLY, SEPARATED, SHORT_FOLLOW_UP = range(8)
UNWEIGHTED, STABILISED, OVERLAP = range(3)
NO_LIMIT, BY_PROBABILITY, BY_QUANTILE = range(3)
HAZARD, RESTRICTED_MEAN, RISK, POOL = range(4)
PATIENTS, TREATED, EVENTS_TREATED, EVENTS_CONTROL, EFFECTIVE, VALUES, ERRORS = 0, 1, 2, 3, 4, 5, 8
COLUMNS = 11
_STEPS, _LONGEST_STEP, _TOLERANCE = 60, 1.5, 1e-12


class Patients(NamedTuple):
    """n patients in ascending order of time.

    `failing` (uint32) has a bit for each criterion that the patient fails; `rank` numbers distinct
    times; `covariates` (q, n) has ones in its first row; `counts` says how often each patient is in
    the sample (1, or a bootstrap multiplicity). `treated`, `events` and `harmed` are 0.0 or 1.0.
    """

    failing: np.ndarray
    times: np.ndarray
    rank: np.ndarray
    events: np.ndarray
    treated: np.ndarray
    harmed: np.ndarray
    covariates: np.ndarray
    counts: np.ndarray


class Settings(NamedTuple):
    """What is computed: codes of this module, limits of truncation, horizon in the unit of the times."""

    weighting: int
    limit_kind: int
    lower: float
    upper: float
    is_efron: bool
    horizon: float
    has_harm: bool


class Desk(NamedTuple):
    """Room for one cohort: its patients in rows, its event times, its terms, its influences."""

    place: np.ndarray
    covariates: np.ndarray
    values: np.ndarray
    group: np.ndarray
    at_times: np.ndarray
    terms: np.ndarray
    lookup: np.ndarray
    block: np.ndarray
    influence: np.ndarray
    factor: np.ndarray
    is_aliased: np.ndarray


_TREATED, _EVENT, _HARMED, _COUNT, _SHARE, _WEIGHT, _SLOPE, _BY_SHARE = range(8)
_TIME, _AT_RISK_1, _AT_RISK_0, _DEAD_1, _DEAD_0, _DEATHS = range(6)


@numba.njit(cache=True)
def allocate_desk(n, q):
    """Room for cohorts of up to n patients and q rows of covariates."""
    return Desk(
        np.empty(n, np.int32),
        np.empty((q, n)),
        np.empty((8, n)),
        np.empty(n, np.int32),
        np.empty((6, n + 1)),
        np.empty((3, n + 1)),
        np.empty((10, n + 1)),
        np.empty((5, BLOCK)),
        np.empty((3, n)),
        np.empty((q, q)),
        np.empty(q, np.bool_),
    )


@numba.njit(cache=True, error_model="numpy")
def gather_row(source, places, target):
    """Fill `target` with the entries of `source` at `places`."""
    for t in range(places.shape[0]):
        target[t] = source[places[t]]


@numba.njit(cache=True, error_model="numpy")
def gather_cohort(mask, patients, desk):
    """Compact the patients that fail none of the criteria in `mask`; returns how many rows."""
    m = 0
    failing, counts, place = patients.failing, patients.counts, desk.place
    for i in range(failing.shape[0]):
        place[m] = i
        m += (failing[i] & mask) == 0 and counts[i] > 0.0
    places = place[:m]
    for a in range(patients.covariates.shape[0]):
        gather_row(patients.covariates[a], places, desk.covariates[a, :m])
    gather_row(patients.treated, places, desk.values[_TREATED, :m])
    gather_row(patients.events, places, desk.values[_EVENT, :m])
    gather_row(patients.harmed, places, desk.values[_HARMED, :m])
    gather_row(patients.counts, places, desk.values[_COUNT, :m])
    return m


@numba.njit(cache=True, error_model="numpy")
def count_cohort(m, desk, row):
    """Fill patients, treated and events of each arm into the cohort's row of results."""
    treated, events, counts = desk.values[_TREATED], desk.values[_EVENT], desk.values[_COUNT]
    patients, arm, both, of_treated = 0.0, 0.0, 0.0, 0.0
    for t in range(m):
        patients += counts[t]
        arm += counts[t] * treated[t]
        both += counts[t] * events[t]
        of_treated += counts[t] * events[t] * treated[t]
    row[PATIENTS], row[TREATED] = patients, arm
    row[EVENTS_TREATED], row[EVENTS_CONTROL] = of_treated, both - of_treated


@numba.njit(cache=True, error_model="numpy")
def find_weighted_quantile(values, counts, wanted):
    """The least value at or below which `wanted` (0 to 1) of the counted values lie (inverse of the ECDF)."""
    low, high, total = math.inf, -math.inf, 0.0
    for t in range(values.shape[0]):
        low, high = min(low, values[t]), max(high, values[t])
        total += counts[t]
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
    found = -math.inf
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
        is_treated, e = values[_TREATED, t] > 0.0, values[_SHARE, t]
        inside = 1.0
        if settings.limit_kind == BY_PROBABILITY and not settings.lower <= e <= settings.upper:
            e, inside = min(max(e, settings.lower), settings.upper), 0.0
        if settings.weighting == UNWEIGHTED:
            values[_WEIGHT, t], values[_SLOPE, t], values[_BY_SHARE, t] = 1.0, 0.0, 0.0
        elif settings.weighting == STABILISED:
            inverse = 1.0 / e if is_treated else 1.0 / (1.0 - e)
            weight = inverse * (share_treated if is_treated else 1.0 - share_treated)
            values[_WEIGHT, t] = weight
            values[_SLOPE, t] = inside * weight * (e - 1.0 if is_treated else e)
            values[_BY_SHARE, t] = inverse if is_treated else -inverse
        else:
            values[_WEIGHT, t] = 1.0 - e if is_treated else e
            values[_SLOPE, t] = inside * e * (1.0 - e) * (-1.0 if is_treated else 1.0)
            values[_BY_SHARE, t] = 0.0
    if settings.limit_kind == BY_QUANTILE and settings.weighting == STABILISED:
        counts = values[_COUNT, :m]
        low = find_weighted_quantile(values[_WEIGHT, :m], counts, settings.lower)
        high = find_weighted_quantile(values[_WEIGHT, :m], counts, settings.upper)
        for t in range(m):
            weight = values[_WEIGHT, t]
            if not low <= weight <= high:
                values[_WEIGHT, t] = min(max(weight, low), high)
                values[_SLOPE, t], values[_BY_SHARE, t] = 0.0, 0.0


@numba.njit(cache=True, error_model="numpy")
def compute_effective(m, values):
    """Kish's effective number of patients: the square of the sum of weights over the sum of squares."""
    total, squares = 0.0, 0.0
    for t in range(m):
        total += values[_COUNT, t] * values[_WEIGHT, t]
        squares += values[_COUNT, t] * values[_WEIGHT, t] * values[_WEIGHT, t]
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
            weight = values[_COUNT, t] * values[_WEIGHT, t]
            arm = values[_TREATED, t]
            at_risk_1 += weight * arm
            at_risk_0 += weight * (1.0 - arm)
            died = values[_EVENT, t]
            dead_1 += died * weight * arm
            dead_0 += died * weight * (1.0 - arm)
            deaths += died > 0.0
            group[t] = groups
            t -= 1
        if deaths > 0:
            at_times[_TIME, groups] = time
            at_times[_AT_RISK_1, groups], at_times[_AT_RISK_0, groups] = at_risk_1, at_risk_0
            at_times[_DEAD_1, groups], at_times[_DEAD_0, groups] = dead_1, dead_0
            at_times[_DEATHS, groups] = deaths
            groups += 1
    return groups


@numba.njit(cache=True, error_model="numpy")
def fill_terms(groups, at_times, is_efron, terms):
    """The terms of the partial likelihood: at risk in each arm, weight. Returns how many."""
    count = 0
    for g in range(groups):
        dead_1, dead_0 = at_times[_DEAD_1, g], at_times[_DEAD_0, g]
        deaths = int(at_times[_DEATHS, g])
        steps = deaths if is_efron else 1
        for k in range(steps):
            less = k / deaths
            terms[0, count] = max(at_times[_AT_RISK_1, g] - less * dead_1, 0.0)
            terms[1, count] = max(at_times[_AT_RISK_0, g] - less * dead_0, 0.0)
            terms[2, count] = (dead_1 + dead_0) / steps
            count += 1
    return count


@numba.njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
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
        dead_1, dead_0 = at_times[_DEAD_1, g], at_times[_DEAD_0, g]
        deaths = int(at_times[_DEATHS, g])
        steps = deaths if is_efron else 1
        mean, back_1, back_0 = 0.0, 0.0, 0.0
        for k in range(steps):
            less = k / deaths
            part = ratio * (at_times[_AT_RISK_1, g] - less * dead_1)
            total = part + at_times[_AT_RISK_0, g] - less * dead_0
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
        time = at_times[_TIME, g]
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
        if at_times[_TIME, g] <= horizon and died > 0.0 and risk - died > 1e-12 * risk:
            own = (area - lookup[first, g]) / (risk - died)
            borne += own * died / risk
        lookup[first, g], lookup[first + 1, g] = borne, -own
    return area


@numba.njit(cache=True, error_model="numpy")
def find_follow_up(m, patients, desk, arm):
    """The last time of an arm, infinite where all of its last patients have the event."""
    t = m - 1
    while t >= 0 and desk.values[_TREATED, t] != arm:
        t -= 1
    if t < 0:
        return -math.inf
    rank, ends = patients.rank[desk.place[t]], True
    last = patients.times[desk.place[t]]
    while t >= 0 and patients.rank[desk.place[t]] == rank:
        if desk.values[_TREATED, t] == arm and desk.values[_EVENT, t] == 0.0:
            ends = False
        t -= 1
    return math.inf if ends else last


@numba.njit(cache=True, error_model="numpy")
def compute_risks(m, values):
    """Weighted shares with the adverse event and sums of weights: treated, control."""
    harm_1, harm_0, total_1, total_0 = 0.0, 0.0, 0.0, 0.0
    for t in range(m):
        weight = values[_COUNT, t] * values[_WEIGHT, t]
        of_treated = weight * values[_TREATED, t]
        of_control = weight - of_treated
        total_1 += of_treated
        total_0 += of_control
        harm_1 += of_treated * values[_HARMED, t]
        harm_0 += of_control * values[_HARMED, t]
    return harm_1 / total_1, harm_0 / total_0, total_1, total_0


@numba.njit(cache=True, error_model="numpy")
def estimate_cohort(mask, patients, settings, coefficients, start, desk, row, statuses):
    """Fill `row` and `statuses` of one cohort, `coefficients` of its propensity; returns its rows.

    `start` is a log hazard ratio to start from. The lookup keeps the derivatives by the weights.
    """
    m = gather_cohort(mask, patients, desk)
    values = desk.values
    count_cohort(m, desk, row)
    statuses[:] = ONE_ARM
    if not 0.0 < row[TREATED] < row[PATIENTS]:
        return m
    if settings.weighting != UNWEIGHTED:
        ended = fit_propensity(
            desk.covariates,
            m,
            values[_TREATED, :m],
            values[_COUNT, :m],
            coefficients,
            values[_SHARE, :m],
            desk.factor,
            desk.is_aliased,
            desk.block,
        )
        if ended != FITTED:
            statuses[:] = NO_PROPENSITY
            return m
    fill_weights(m, row[TREATED] / row[PATIENTS], settings, values)
    row[EFFECTIVE] = compute_effective(m, values)
    groups = fill_event_times(m, patients, desk)
    estimate_hazard(groups, settings, start, desk, row, statuses)
    if min(find_follow_up(m, patients, desk, 1.0), find_follow_up(m, patients, desk, 0.0)) < settings.horizon:
        statuses[RESTRICTED_MEAN] = SHORT_FOLLOW_UP
    else:
        statuses[RESTRICTED_MEAN] = EXISTS
        treated = compute_restricted_mean(groups, desk, _AT_RISK_1, _DEAD_1, settings.horizon, 4)
        control = compute_restricted_mean(groups, desk, _AT_RISK_0, _DEAD_0, settings.horizon, 6)
        row[VALUES + RESTRICTED_MEAN] = treated - control
    if settings.has_harm:
        statuses[RISK] = EXISTS
        risk_1, risk_0, total_1, total_0 = compute_risks(m, values)
        row[VALUES + RISK] = risk_1 - risk_0
        desk.lookup[8, 0], desk.lookup[8, 1] = risk_1, 1.0 / total_1
        desk.lookup[9, 0], desk.lookup[9, 1] = risk_0, 1.0 / total_0
    return m


@numba.njit(cache=True, error_model="numpy")
def estimate_hazard(groups, settings, start, desk, row, statuses):
    """The log hazard ratio of a cohort, or why there is none."""
    if row[EVENTS_TREATED] == 0.0 or row[EVENTS_CONTROL] == 0.0:
        statuses[HAZARD] = TREATED_ONLY if row[EVENTS_TREATED] > 0.0 else CONTROL_ONLY
        if row[EVENTS_TREATED] + row[EVENTS_CONTROL] == 0.0:
            statuses[HAZARD] = NO_EVENT
        return
    count = fill_terms(groups, desk.at_times, settings.is_efron, desk.terms)
    seen = 0.0
    for g in range(groups):
        seen += desk.at_times[_DEAD_1, g]
    exists, value, information = solve_hazard(count, seen, desk.terms, start)
    statuses[HAZARD] = EXISTS if exists else SEPARATED
    if exists:
        row[VALUES + HAZARD] = value
        fill_hazard_lookup(groups, desk, settings.is_efron, value, information)


@numba.njit(cache=True, error_model="numpy")
def fill_derivatives(m, settings, statuses, desk):
    """Each patient's derivative of each outcome by its weight, from the lookup; 0 where there is none."""
    values, lookup, derivatives = desk.values, desk.lookup, desk.influence
    has_hazard, has_mean = statuses[HAZARD] == EXISTS, statuses[RESTRICTED_MEAN] == EXISTS
    has_risk = settings.has_harm and statuses[RISK] == EXISTS
    derivatives[:, :m] = 0.0
    for t in range(m):
        g, is_treated, died = desk.group[t], values[_TREATED, t] > 0.0, values[_EVENT, t] > 0.0
        if has_hazard:
            derivatives[HAZARD, t] = lookup[0 if is_treated else 1, g]
            if died:
                derivatives[HAZARD, t] += lookup[2 if is_treated else 3, g]
        if has_mean:
            change = lookup[4 if is_treated else 6, g]
            if died:
                change += lookup[5 if is_treated else 7, g]
            derivatives[RESTRICTED_MEAN, t] = change if is_treated else -change
        if has_risk:
            side = 8 if is_treated else 9
            change = (values[_HARMED, t] - lookup[side, 0]) * lookup[side, 1]
            derivatives[RISK, t] = change if is_treated else -change


@numba.njit(cache=True, error_model="numpy")
def fill_influence(m, settings, is_fixed, statuses, desk, row):
    """Each patient's influence on each outcome of the cohort, and the standard errors.

    With D the derivative by the weight w, H the information of the propensity and p the share of treated,
    the stacked estimating equations (Stefanski & Boos 2002) give the influence
    w D + (z - e) x' H^-1 sum(D dw/da) + (z - p) / N sum(D dw/dp). `is_fixed` takes the weights as known.
    """
    fill_derivatives(m, settings, statuses, desk)
    values, influence, block = desk.values, desk.influence, desk.block
    q = desk.covariates.shape[0]
    pull = np.empty(q)
    needs_propensity = settings.weighting != UNWEIGHTED and not is_fixed
    share = row[TREATED] / row[PATIENTS]
    outcomes = 3 if settings.has_harm else 2
    for o in range(outcomes):
        if statuses[o] != EXISTS:
            continue
        by_share = 0.0
        if needs_propensity:
            pull[:] = 0.0
            for start in range(0, m, BLOCK):
                end = min(start + BLOCK, m)
                size = end - start
                for t in range(size):
                    change = values[_COUNT, start + t] * influence[o, start + t]
                    by_share += change * values[_BY_SHARE, start + t]
                    block[0, t] = change * values[_SLOPE, start + t]
                for a in range(q):
                    pull[a] += sum_products(block[0, :size], desk.covariates[a, start:end])
            solve_with_gaps(desk.factor, desk.is_aliased, pull)
            by_share /= row[PATIENTS]
        squares = 0.0
        for start in range(0, m, BLOCK):
            end = min(start + BLOCK, m)
            size = end - start
            if needs_propensity:
                block[0, :size] = pull[0]
                for a in range(1, q):
                    add_scaled(pull[a], desk.covariates[a, start:end], block[0, :size])
            for t in range(size):
                i = start + t
                change = values[_WEIGHT, i] * influence[o, i]
                if needs_propensity:
                    change += (values[_TREATED, i] - values[_SHARE, i]) * block[0, t]
                    change += (values[_TREATED, i] - share) * by_share
                change *= values[_COUNT, i]
                influence[o, i] = change
                squares += change * change
        row[ERRORS + o] = math.sqrt(squares)


@numba.njit(cache=True, error_model="numpy")
def add_influence(m, settings, statuses, desk, contrast, sums):
    """Add a cohort's influences, times `contrast` (k), to `sums` (n, 4, k); the pool's is 1 a patient."""
    place, influence = desk.place, desk.influence
    k = contrast.shape[0]
    has_risk = settings.has_harm and statuses[RISK] == EXISTS
    for t in range(m):
        target = sums[place[t]]
        hazard, mean, risk = influence[HAZARD, t], influence[RESTRICTED_MEAN, t], influence[RISK, t]
        for j in range(k):
            target[HAZARD, j] += contrast[j] * hazard
            target[RESTRICTED_MEAN, j] += contrast[j] * mean
            target[POOL, j] += contrast[j]
        if has_risk:
            for j in range(k):
                target[RISK, j] += contrast[j] * risk


@numba.njit(cache=True, nogil=True, error_model="numpy")
def run_cohorts(
    masks,
    near,
    first,
    last,
    patients,
    settings,
    base,
    is_fixed,
    contrasts,
    solutions,
    results,
    statuses,
    sums,
):
    """Estimate the cohorts `first` to `last` of `masks`, each after those it starts from.

    `near` (masks, 3) names the cohorts without the one, the other and both of two criteria, or -1. A
    start is their sum less the third's; with a `base` (a row a cohort: the solutions on the sample that a
    bootstrap draws from) it is the cohort's own in the base, moved as the first neighbour has moved.
    `solutions` (masks, q + 1) holds propensity coefficients and log hazard ratio; row -1 the start where
    there is no neighbour. `sums` is (n, 4, k), or has no rows: then no influence is computed.
    """
    q = patients.covariates.shape[0]
    n = patients.failing.shape[0]
    desk = allocate_desk(n, q)
    start = np.empty(q + 1)
    for s in range(first, last):
        one, other, both = near[s, 0], near[s, 1], near[s, 2]
        if base.shape[0] > 0:
            start[:] = base[s]
            if one >= 0:
                start += solutions[one] - base[one]
        elif one < 0:
            start[:] = solutions[solutions.shape[0] - 1]
        else:
            start[:] = solutions[one]
            if other >= 0 and both >= 0:
                start += solutions[other] - solutions[both]
        solution, row = solutions[s], results[s]
        solution[:] = start
        m = estimate_cohort(masks[s], patients, settings, solution[:q], start[q], desk, row, statuses[s])
        solution[q] = row[VALUES] if statuses[s, HAZARD] == EXISTS else start[q]
        if statuses[s, 0] == NO_PROPENSITY or statuses[s, 0] == ONE_ARM:
            solution[:] = solutions[solutions.shape[0] - 1]
            if sums.shape[0] > 0:
                _add_pool(m, desk, contrasts[s], sums)
            continue
        if sums.shape[0] > 0:
            fill_influence(m, settings, is_fixed, statuses[s], desk, row)
            add_influence(m, settings, statuses[s], desk, contrasts[s], sums)


@numba.njit(cache=True, error_model="numpy")
def _add_pool(m, desk, contrast, sums):
    """Count the patients of a cohort whose other outcomes do not exist."""
    for t in range(m):
        for j in range(contrast.shape[0]):
            sums[desk.place[t], POOL, j] += contrast[j]

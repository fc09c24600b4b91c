"""The emulated trial of every cohort that a set of criteria selects, one bit mask a cohort.

Patients lie in order of time once. A cohort is compacted into rows of its own; its propensity starts
from those of cohorts that differ by one or two criteria; its Cox regression of treatment alone needs
only each arm's weighted numbers at risk at the event times.
"""

import math

import numba
import numpy as np

from unburden.kernels.cohort_desk import (
    AT_RISK_0,
    AT_RISK_1,
    CONTROL_ONLY,
    DEAD_0,
    DEAD_1,
    EFFECTIVE,
    ERRORS,
    EVENTS_CONTROL,
    EVENTS_TREATED,
    EXISTS,
    HAZARD,
    NO_EVENT,
    NO_PROPENSITY,
    ONE_ARM,
    PATIENTS,
    POOL,
    RESTRICTED_MEAN,
    RISK,
    ROW_BY_SHARE,
    ROW_COUNT,
    ROW_EVENT,
    ROW_HARMED,
    ROW_SHARE,
    ROW_SLOPE,
    ROW_TREATED,
    ROW_WEIGHT,
    SEPARATED,
    SHORT_FOLLOW_UP,
    TREATED,
    TREATED_ONLY,
    UNWEIGHTED,
    VALUES,
    allocate_desk,
    count_cohort,
    gather_cohort,
)
from unburden.kernels.cohort_outcomes import (
    compute_effective,
    compute_restricted_mean,
    compute_risks,
    fill_event_times,
    fill_hazard_lookup,
    fill_terms,
    fill_weights,
    find_follow_up,
    solve_hazard,
)
from unburden.kernels.propensity import (
    BLOCK,
    FITTED,
    SUMS,
    fill_logits,
    fit_propensity,
    solve_with_gaps,
    sum_products,
)


@numba.njit(cache=True, error_model="numpy")
def estimate_cohort(mask, patients, settings, coefficients, start, is_lean, desk, row, statuses):
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
            values[ROW_TREATED, :m],
            values[ROW_COUNT, :m],
            coefficients,
            values[ROW_SHARE, :m],
            desk.factor,
            desk.is_aliased,
            desk.block,
            is_lean,
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
        treated = compute_restricted_mean(groups, desk, AT_RISK_1, DEAD_1, settings.horizon, 4)
        control = compute_restricted_mean(groups, desk, AT_RISK_0, DEAD_0, settings.horizon, 6)
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
        seen += desk.at_times[DEAD_1, g]
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
        g, is_treated, died = desk.group[t], values[ROW_TREATED, t] > 0.0, values[ROW_EVENT, t] > 0.0
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
            change = (values[ROW_HARMED, t] - lookup[side, 0]) * lookup[side, 1]
            derivatives[RISK, t] = change if is_treated else -change


@numba.njit(cache=True, error_model="numpy", fastmath=SUMS)
def fill_pulls(derivatives, counts, slopes, by_share, pulls):
    """Fill `pulls` with what the propensity of each patient moves; return what the share of treated moves."""
    total = 0.0
    for t in range(pulls.shape[0]):
        change = counts[t] * derivatives[t]
        total += change * by_share[t]
        pulls[t] = change * slopes[t]
    return total


@numba.njit(cache=True, error_model="numpy", fastmath=SUMS)
def join_influence(treated, shares, weights, counts, logits, share, by_share, influence):
    """Turn derivatives into influences; returns the sum of their squares."""
    squares = 0.0
    for t in range(influence.shape[0]):
        change = weights[t] * influence[t] + (treated[t] - shares[t]) * logits[t]
        change = counts[t] * (change + (treated[t] - share) * by_share)
        influence[t] = change
        squares += change * change
    return squares


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
    for o in range(3 if settings.has_harm else 2):
        if statuses[o] != EXISTS:
            continue
        by_share = 0.0
        if needs_propensity:
            pull[:] = 0.0
            for start in range(0, m, BLOCK):
                end = min(start + BLOCK, m)
                pulls = block[0, : end - start]
                by_share += fill_pulls(
                    influence[o, start:end],
                    values[ROW_COUNT, start:end],
                    values[ROW_SLOPE, start:end],
                    values[ROW_BY_SHARE, start:end],
                    pulls,
                )
                for a in range(q):
                    pull[a] += sum_products(pulls, desk.covariates[a, start:end])
            solve_with_gaps(desk.factor, desk.is_aliased, pull)
            by_share /= row[PATIENTS]
        squares = 0.0
        for start in range(0, m, BLOCK):
            end = min(start + BLOCK, m)
            logits = block[0, : end - start]
            logits[:] = 0.0
            if needs_propensity:
                fill_logits(desk.covariates, start, end - start, pull, logits)
            squares += join_influence(
                values[ROW_TREATED, start:end],
                values[ROW_SHARE, start:end],
                values[ROW_WEIGHT, start:end],
                values[ROW_COUNT, start:end],
                logits,
                share,
                by_share,
                influence[o, start:end],
            )
        row[ERRORS + o] = math.sqrt(squares)


@numba.njit(cache=True, error_model="numpy")
def add_influence(m, place, influence, contrast, sums):
    """Add a cohort's influences, times `contrast` (k), to `sums` (n, k, 4); the pool's is 1 a patient."""
    for t in range(m):
        target = sums[place[t]]
        hazard, mean, risk = influence[HAZARD, t], influence[RESTRICTED_MEAN, t], influence[RISK, t]
        for j in range(contrast.shape[0]):
            factor = contrast[j]
            target[j, HAZARD] += factor * hazard
            target[j, RESTRICTED_MEAN] += factor * mean
            target[j, RISK] += factor * risk
            target[j, POOL] += factor


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
    there is no neighbour. `sums` is (n, k, 4), or has no rows: then no influence is computed.
    """
    q = patients.covariates.shape[0]
    n = patients.failing.shape[0]
    desk = allocate_desk(n, q)
    start = np.empty(q + 1)
    is_lean = sums.shape[0] == 0 and base.shape[0] > 0
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
        m = estimate_cohort(
            masks[s], patients, settings, solution[:q], start[q], is_lean, desk, row, statuses[s]
        )
        solution[q] = row[VALUES] if statuses[s, HAZARD] == EXISTS else start[q]
        if statuses[s, 0] == NO_PROPENSITY or statuses[s, 0] == ONE_ARM:
            solution[:] = solutions[solutions.shape[0] - 1]
            if sums.shape[0] > 0:
                _add_pool(m, desk, contrasts[s], sums)
            continue
        if sums.shape[0] > 0:
            fill_influence(m, settings, is_fixed, statuses[s], desk, row)
            add_influence(m, desk.place, desk.influence, contrasts[s], sums)


@numba.njit(cache=True, error_model="numpy")
def _add_pool(m, desk, contrast, sums):
    """Count the patients of a cohort whose other outcomes do not exist."""
    for t in range(m):
        for j in range(contrast.shape[0]):
            sums[desk.place[t], j, POOL] += contrast[j]

"""Tests of two survival curves from the risk sets of one cut; z is positive where treatment does better.

Every function takes risk sets (`kernels.looks.RiskSets`) and which of their rows hold; the rows of
several strata lie one after the other. Where nothing can be told (no event, no variance), z is 0.
"""

import math
from typing import NamedTuple

import numba
import numpy as np

from unburden.kernels.integration import fill_exponentials_of, fill_tails

LOG_RANK, FLEMING_HARRINGTON, MODESTLY_WEIGHTED, MAX_COMBO, RESTRICTED_MEAN, MILESTONE, COX = range(7)
_REACH = 7.0
_MARGIN = 1e-6
_SQRT_HALF, _SQRT_TWO_PI = math.sqrt(0.5), math.sqrt(2 * math.pi)


@numba.njit(cache=True, error_model="numpy")
def sum_logrank(sets, rows):
    """Expected minus seen events of treatment, and its hypergeometric variance (Mantel 1966)."""
    difference, variance = 0.0, 0.0
    for i in range(rows):
        events, at_risk = sets.events[i], sets.at_risk[i]
        share = sets.treated_at_risk[i] / at_risk
        difference += events * share - sets.treated_events[i]
        spread = events * share * (1.0 - share)
        if events > 1.0:
            spread *= (at_risk - events) / (at_risk - 1.0)
        variance += spread
    return difference, variance


@numba.njit(cache=True, error_model="numpy")
def fill_pooled_survival(sets, start, end, survival):
    """Kaplan-Meier of both arms together just before each event time of one stratum."""
    now = 1.0
    for i in range(start, end):
        survival[i] = now
        now *= (sets.at_risk[i] - sets.events[i]) / sets.at_risk[i]


@numba.njit(cache=True, error_model="numpy")
def fill_terms(sets, rows, difference, variance):
    """Each row's term of the log-rank difference and of its variance."""
    for i in range(rows):
        events, at_risk = sets.events[i], sets.at_risk[i]
        share = sets.treated_at_risk[i] / at_risk
        difference[i] = events * share - sets.treated_events[i]
        ties = (at_risk - events) / max(at_risk - 1.0, 1.0)
        variance[i] = events * share * (1.0 - share) * ties


@numba.njit(cache=True, error_model="numpy")
def sum_weighted(weights, difference, variance, rows):
    """Weighted log-rank difference and its variance."""
    total, spread = 0.0, 0.0
    for i in range(rows):
        total += weights[i] * difference[i]
        spread += weights[i] * weights[i] * variance[i]
    return total, spread


@numba.njit(cache=True, error_model="numpy")
def fill_fleming_harrington(survival, rows, rho, gamma, weights):
    """Weights S(t-)**rho (1 - S(t-))**gamma (Fleming & Harrington 1991)."""
    is_simple = rho * (1.0 - rho) == 0.0 and gamma * (1.0 - gamma) == 0.0
    for i in range(rows):
        s = survival[i]
        if is_simple:
            weights[i] = (s if rho == 1.0 else 1.0) * (1.0 - s if gamma == 1.0 else 1.0)
        else:
            weights[i] = s**rho * (1.0 - s) ** gamma


@numba.njit(cache=True, error_model="numpy")
def fill_modest(sets, survival, start, end, month, weights):
    """Weights 1 / max(S(t-), S(month)) (Magirr & Burman 2019), from the survival just before events."""
    floor = 1.0
    for i in range(start, end):
        if sets.time[i] > month:
            break
        floor = survival[i] * (sets.at_risk[i] - sets.events[i]) / sets.at_risk[i]
    for i in range(start, end):
        weights[i] = 1.0 / max(survival[i], floor) if floor > 0.0 or survival[i] > 0.0 else 0.0


@numba.njit(cache=True, error_model="numpy")
def compare_shares(sets, start, end, month):
    """Difference of the Kaplan-Meier shares at `month`, and its variance (Greenwood). No branches."""
    share_0, share_1, greenwood_0, greenwood_1 = 1.0, 1.0, 0.0, 0.0
    for i in range(start, end):
        if sets.time[i] > month:
            break
        d_1, n_1 = sets.treated_events[i], sets.treated_at_risk[i]
        d_0, n_0 = sets.events[i] - d_1, sets.at_risk[i] - n_1
        share_0 *= 1.0 - d_0 / max(n_0, 1.0)
        share_1 *= 1.0 - d_1 / max(n_1, 1.0)
        greenwood_0 += find_term(d_0, n_0)
        greenwood_1 += find_term(d_1, n_1)
    return share_1 - share_0, share_1 * share_1 * greenwood_1 + share_0 * share_0 * greenwood_0


@numba.njit(cache=True, error_model="numpy")
def find_term(events, at_risk):
    """Greenwood's term of one time; 0 where nobody is left, for the curve is 0 from there on."""
    product = at_risk * (at_risk - events)
    return events / (product + 1e300 * (product <= 0.0))


@numba.njit(cache=True, error_model="numpy")
def compare_means(sets, start, end, month, notes):
    """Difference of the restricted means up to `month`, and its variance (Greenwood). No branches."""
    share_0, share_1, area_0, area_1, last = 1.0, 1.0, 0.0, 0.0, 0.0
    stop = end
    for i in range(start, end):
        now = sets.time[i]
        if now > month:
            stop = i
            break
        d_1, n_1 = sets.treated_events[i], sets.treated_at_risk[i]
        d_0, n_0 = sets.events[i] - d_1, sets.at_risk[i] - n_1
        area_0 += share_0 * (now - last)
        area_1 += share_1 * (now - last)
        last = now
        share_0 *= 1.0 - d_0 / max(n_0, 1.0)
        share_1 *= 1.0 - d_1 / max(n_1, 1.0)
        notes.difference[i], notes.variance[i] = area_0, find_term(d_0, n_0)
        notes.weights[i], notes.late[i] = area_1, find_term(d_1, n_1)
    area_0 += share_0 * (month - last)
    area_1 += share_1 * (month - last)
    spread = 0.0
    for i in range(start, stop):
        left_0, left_1 = area_0 - notes.difference[i], area_1 - notes.weights[i]
        spread += left_0 * left_0 * notes.variance[i] + left_1 * left_1 * notes.late[i]
    return area_1 - area_0, spread


@numba.njit(cache=True, error_model="numpy")
def fit_cox(sets, rows):
    """Log hazard ratio of treatment and its standard error (Cox 1972; ties after Breslow 1974).

    Newton's method from the log-rank step; (nan, inf) where the likelihood has no maximum.
    """
    treated, total = 0.0, 0.0
    for i in range(rows):
        treated += sets.treated_events[i]
        total += sets.events[i]
    if treated <= 0.0 or treated >= total:
        return math.nan, math.inf
    beta, information = 0.0, 0.0
    for _ in range(60):
        ratio = math.exp(beta)
        score, information = treated, 0.0
        for i in range(rows):
            weight = sets.treated_at_risk[i] * ratio
            share = weight / (sets.at_risk[i] - sets.treated_at_risk[i] + weight)
            score -= sets.events[i] * share
            information += sets.events[i] * share * (1.0 - share)
        if information <= 0.0:
            return math.nan, math.inf
        step = score / information
        beta += min(max(step, -2.0), 2.0)
        if abs(step) < 1e-11:
            break
    return beta, 1.0 / math.sqrt(information)


@numba.njit(cache=True)
def compute_upper_tail(z):
    """Probability that a standard normal exceeds z."""
    return 0.5 * math.erfc(z * _SQRT_HALF)


@numba.njit(cache=True, error_model="numpy")
def compute_max_combo_tail(highest, covariance, is_used, points, weights):
    """Probability that the largest of the chosen Fleming-Harrington z exceeds `highest` under the null.

    `covariance` (3, 3) is that of the differences with weights S, 1 - S and S (1 - S); the log-rank
    difference is the sum of the first two, so that all four are a region in three dimensions:
    Gauss-Legendre over the first two, the third in closed form. `is_used` says which of G(0,0),
    G(1,0), G(0,1), G(1,1) count. Karrison (2016); Lin et al. (2020).
    """
    sd_early, sd_late = math.sqrt(covariance[0, 0]), math.sqrt(covariance[1, 1])
    slope = covariance[0, 1] / sd_early
    rest_late = math.sqrt(max(covariance[1, 1] - slope * slope, 1e-24 * covariance[1, 1]))
    third_on_first = covariance[0, 2] / sd_early
    third_on_second = (covariance[1, 2] - slope * third_on_first) / rest_late
    left = covariance[2, 2] - third_on_first**2 - third_on_second**2
    rest_third = math.sqrt(max(left, 1e-24 * covariance[2, 2]))
    sd_third = math.sqrt(covariance[2, 2])
    sd_sum = math.sqrt(covariance[0, 0] + covariance[1, 1] + 2 * covariance[0, 1])

    top = min(highest, _REACH) if is_used[1] else _REACH
    bend = _REACH
    if is_used[0] and is_used[2]:
        bend = highest * (sd_sum - sd_late) / sd_early
    bend = min(max(bend, -_REACH), top)
    n = points.shape[0]
    y, third, tail = np.empty(n), np.empty(n), np.empty(n)
    exponent, bell, power = np.empty(n), np.empty(n), np.empty(n)
    inside = 0.0
    for part in range(2):
        start, end = (-_REACH, bend) if part == 0 else (bend, top)
        half = 0.5 * (end - start)
        if half <= 0.0:
            continue
        for a in range(n):
            x = start + half * (points[a] + 1.0)
            limit = _REACH
            if is_used[2]:
                limit = min(limit, (highest * sd_late - slope * x) / rest_late)
            if is_used[0]:
                limit = min(limit, (highest * sd_sum - (sd_early + slope) * x) / rest_late)
            if limit <= -_REACH:
                continue
            density = half * weights[a] * math.exp(-0.5 * x * x) / _SQRT_TWO_PI
            if not is_used[3]:
                inside += density * (1.0 - compute_upper_tail(limit))
                continue
            width = 0.5 * (limit + _REACH)
            for b in range(n):
                y[b] = -_REACH + width * (points[b] + 1.0)
                third[b] = (highest * sd_third - third_on_first * x - third_on_second * y[b]) / rest_third
                exponent[b] = -0.5 * y[b] * y[b]
            fill_exponentials_of(exponent, bell, power)
            for b in range(n):
                bell[b] *= power[b] * weights[b]
            fill_tails(third, tail, exponent, power)
            total = 0.0
            for b in range(n):
                total += bell[b] * (1.0 - tail[b])
            inside += density * width * total / _SQRT_TWO_PI
    return max(1.0 - inside, 0.0)


@numba.njit(cache=True, error_model="numpy")
def fill_correlations(covariance, correlation):
    """Fill in the null correlations (4, 4) of G(0,0), G(1,0), G(0,1) and G(1,1).

    From the upper half of `covariance`, that of `compute_max_combo_tail`.
    """
    early, late, both = covariance[0, 0], covariance[1, 1], covariance[2, 2]
    cross, early_both, late_both = covariance[0, 1], covariance[0, 2], covariance[1, 2]
    whole = early + late + 2 * cross
    correlation[0, 1] = (early + cross) / math.sqrt(whole * early)
    correlation[0, 2] = (late + cross) / math.sqrt(whole * late)
    correlation[0, 3] = (early_both + late_both) / math.sqrt(whole * both)
    correlation[1, 2] = cross / math.sqrt(early * late)
    correlation[1, 3] = early_both / math.sqrt(early * both)
    correlation[2, 3] = late_both / math.sqrt(late * both)
    for k in range(4):
        for j in range(k):
            correlation[j, k] = min(max(correlation[j, k], -1.0), 1.0)
            correlation[k, j] = correlation[j, k]


@numba.njit(cache=True, error_model="numpy")
def compute_pair_tail(z, correlation, points, weights):
    """Probability that two standard normals of a correlation from 0 to 1 both exceed z.

    Drezner & Wesolowsky (1990); Gauss-Legendre, with 24 points within 1e-10 of one's own tail.
    """
    half = 0.5 * math.asin(correlation)
    total = 0.0
    for a in range(points.shape[0]):
        total += weights[a] * math.exp(-z * z / (1.0 + math.sin(half * (points[a] + 1.0))))
    return compute_upper_tail(z) ** 2 + half * total / (2.0 * math.pi)


@numba.njit(cache=True, error_model="numpy")
def bound_union_above(z, correlation, is_used, points, weights):
    """At least the probability that any of the used normals exceeds z (Hunter 1976; Worsley 1982).

    Their tails less the pairs' along the tree of highest correlations, one normal added after another.
    """
    is_in = np.zeros(4, np.bool_)
    total = 0.0
    for step in range(4):
        best, nearest = -2.0, -1
        for k in range(4):
            if not is_used[k] or is_in[k]:
                continue
            if step == 0:
                nearest = k
            for j in range(4):
                if is_in[j] and correlation[k, j] > best:
                    best, nearest = correlation[k, j], k
        if nearest < 0:
            break
        is_in[nearest] = True
        total += compute_upper_tail(z)
        if best > 0.0:
            total -= compute_pair_tail(z, best, points, weights)
    return total


@numba.njit(cache=True, error_model="numpy")
def bound_union_below(z, correlation, is_used, points, weights):
    """At most the probability that any of the used normals exceeds z: that of the pair least correlated.

    A negative correlation counts as 0, which makes the pair's union no larger (Slepian 1962).
    """
    least = 1.0
    for k in range(4):
        for j in range(k):
            if is_used[k] and is_used[j]:
                least = min(least, correlation[k, j])
    return 2.0 * compute_upper_tail(z) - compute_pair_tail(z, max(least, 0.0), points, weights)


class Notes(NamedTuple):
    """Scratch of the tests, float64 (n + 1,) each."""

    survival: np.ndarray
    difference: np.ndarray
    variance: np.ndarray
    weights: np.ndarray
    late: np.ndarray


@numba.njit(cache=True)
def allocate_notes(n):
    """Room for the tests of a trial of n patients."""
    return Notes(
        np.empty(n + 1),
        np.empty(n + 1),
        np.empty(n + 1),
        np.empty(n + 1),
        np.empty(n + 1),
    )


@numba.njit(cache=True, error_model="numpy")
def to_z(difference, variance):
    return difference / math.sqrt(variance) if variance > 0.0 else 0.0


@numba.njit(cache=True, error_model="numpy")
def compute_logrank_z(sets, rows):
    """z of the log-rank."""
    difference, variance = sum_logrank(sets, rows)
    return to_z(difference, variance)


@numba.njit(cache=True, error_model="numpy")
def compute_test_z(test, sets, ends, entered, horizon, bound, notes, points, weights):
    """z of one test at one cut.

    `test` (4,): which, and its numbers. `ends` (strata,) rows of each stratum end here; `entered`
    (strata,) its patients, `horizon` (strata,) how long both arms were followed. Where only `bound`
    matters (finite), MAX_COMBO may return any z on the same side of it; the joint distribution is
    integrated where bounds on it do not settle that.
    """
    rows = ends[-1]
    kind = int(test[0])
    if kind == LOG_RANK:
        return compute_logrank_z(sets, rows)
    if kind == COX:
        beta, error = fit_cox(sets, rows)
        return -beta / error if error < math.inf else 0.0
    if kind in (RESTRICTED_MEAN, MILESTONE):
        difference, variance = compare_curves(test, sets, ends, entered, horizon, notes)
        return to_z(difference, variance)
    fill_terms(sets, rows, notes.difference, notes.variance)
    start = 0
    for stratum in range(ends.shape[0]):
        fill_pooled_survival(sets, start, ends[stratum], notes.survival)
        if kind == MODESTLY_WEIGHTED:
            fill_modest(sets, notes.survival, start, ends[stratum], test[1], notes.weights)
        start = ends[stratum]
    if kind == FLEMING_HARRINGTON:
        fill_fleming_harrington(notes.survival, rows, test[1], test[2], notes.weights)
    if kind != MAX_COMBO:
        difference, variance = sum_weighted(notes.weights, notes.difference, notes.variance, rows)
        return to_z(difference, variance)
    return compute_max_combo_z(int(test[1]), rows, bound, notes, points, weights)


@numba.njit(cache=True, error_model="numpy")
def compare_curves(test, sets, ends, entered, horizon, notes):
    """Difference of restricted means or of survival at a month, and its variance; nan without.

    Strata weighted by their patients. A restricted mean goes no further than both arms were followed;
    survival at a month that one arm has not reached tells nothing.
    """
    difference, variance, start = 0.0, 0.0, 0
    whole = entered.sum()
    is_mean = int(test[0]) == RESTRICTED_MEAN
    for stratum in range(ends.shape[0]):
        end = ends[stratum]
        month = test[1]
        if month > horizon[stratum]:
            if not is_mean:
                return math.nan, math.nan
            month = horizon[stratum]
        if is_mean:
            gain, spread = compare_means(sets, start, end, month, notes)
        else:
            gain, spread = compare_shares(sets, start, end, month)
        weight = entered[stratum] / whole
        difference += weight * gain
        variance += weight * weight * spread
        start = end
    return difference, variance


@numba.njit(cache=True, error_model="numpy")
def compute_max_combo_z(used, rows, bound, notes, points, weights):
    """z whose one-sided p is that of the largest of the Fleming-Harrington tests in `used` (4 bits)."""
    is_used = (used & 1 > 0, used & 2 > 0, used & 4 > 0, used & 8 > 0)
    early, late, both = 0.0, 0.0, 0.0
    covariance = np.zeros((3, 3))
    v_ee, v_el, v_ll, v_eb, v_lb, v_bb = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(rows):
        s = notes.survival[i]
        t = 1.0 - s
        u, v = notes.difference[i], notes.variance[i]
        early += s * u
        late += t * u
        both += s * t * u
        v_ee += s * s * v
        v_el += s * t * v
        v_ll += t * t * v
        v_eb += s * s * t * v
        v_lb += s * t * t * v
        v_bb += s * s * t * t * v
    if v_ee <= 0.0 or v_ll <= 0.0 or v_bb <= 0.0:
        return 0.0
    covariance[0, 0], covariance[1, 1], covariance[2, 2] = v_ee, v_ll, v_bb
    covariance[0, 1], covariance[0, 2], covariance[1, 2] = v_el, v_eb, v_lb
    highest = -math.inf
    count = 0
    zs = (
        to_z(early + late, v_ee + v_ll + 2 * v_el),
        to_z(early, v_ee),
        to_z(late, v_ll),
        to_z(both, v_bb),
    )
    for k in range(4):
        if is_used[k]:
            highest = max(highest, zs[k])
            count += 1
    if count == 1:
        return highest
    if math.isfinite(bound):
        if highest < bound:
            return highest
        settled = settle_max_combo(highest, bound, covariance, is_used, points, weights)
        if not math.isnan(settled):
            return settled
    return find_quantile(compute_max_combo_tail(highest, covariance, is_used, points, weights))


@numba.njit(cache=True, error_model="numpy")
def settle_max_combo(highest, bound, covariance, is_used, points, weights):
    """A z on MaxCombo's side of `bound`, where bounds on its p-value tell; else nan."""
    alpha, single = compute_upper_tail(bound), compute_upper_tail(highest)
    if 4 * single < alpha:
        return highest
    correlation = np.ones((4, 4))
    fill_correlations(covariance, correlation)
    if bound_union_above(highest, correlation, is_used, points, weights) < alpha - _MARGIN * single:
        return highest
    least = bound_union_below(highest, correlation, is_used, points, weights)
    return find_quantile(least) if least > alpha + _MARGIN * single else math.nan


@numba.njit(cache=True, error_model="numpy")
def find_quantile(tail):
    """The z that a standard normal exceeds with probability `tail` (Hastings 1955, then Halley's steps)."""
    if tail <= 0.0:
        return 40.0
    if tail >= 1.0:
        return -40.0
    small = min(tail, 1.0 - tail)
    r = math.sqrt(-2.0 * math.log(small))
    z = r - (2.515517 + 0.802853 * r + 0.010328 * r * r) / (
        1.0 + 1.432788 * r + 0.189269 * r * r + 0.001308 * r * r * r
    )
    for _ in range(3):
        error = (compute_upper_tail(z) - small) * _SQRT_TWO_PI * math.exp(0.5 * z * z)
        z += error / (1.0 + 0.5 * z * error)
    return z if tail < 0.5 else -z

"""Weighted Cox regression: partial likelihood, its derivatives and each patient's score residual.

Every function takes patients sorted by time, ascending. With r_i = exp(x_i b), a time with d events
of mean weight m has d terms, k = 0 to d - 1: S0_k and S1_k sum w r and w r x over those at risk, less
k / d of the same sums over the events (Efron 1977); for Breslow (1974) nothing is subtracted. The log
likelihood is the sum of w x b over events less m log S0_k over terms. Weights enter as in Binder
(1992) and Therneau & Grambsch (2000), section 7.1.
"""

import math

import numba
import numpy as np

from unburden.kernels.cholesky import factor_in_place, solve_in_place

CONVERGED, SINGULAR, DIVERGED, UNFINISHED = range(4)
_STEPS, _HALVINGS = 60, 30
_TOLERANCE, _SPREAD = 1e-11, 60.0


@numba.njit(cache=True, error_model="numpy")
def compute_derivatives(times, events, covariates, weights, coefficients, is_efron, score, information):
    """The log partial likelihood; fills `score` (p) and the lower triangle of `information` (p, p)."""
    n, p = covariates.shape
    score[:] = 0.0
    information[:, :] = 0.0
    risk_0, risk_1, risk_2 = 0.0, np.zeros(p), np.zeros((p, p))
    tied_1, tied_2, mean = np.zeros(p), np.zeros((p, p)), np.zeros(p)
    total = 0.0
    i = n - 1
    while i >= 0:
        time, tied_0, count, event_weight = times[i], 0.0, 0, 0.0
        tied_1[:] = 0.0
        tied_2[:, :] = 0.0
        while i >= 0 and times[i] == time:
            eta = 0.0
            for a in range(p):
                eta += covariates[i, a] * coefficients[a]
            hazard = weights[i] * math.exp(eta)
            risk_0 += hazard
            for a in range(p):
                risk_1[a] += hazard * covariates[i, a]
                for b in range(a + 1):
                    risk_2[a, b] += hazard * covariates[i, a] * covariates[i, b]
            if events[i]:
                count += 1
                event_weight += weights[i]
                tied_0 += hazard
                total += weights[i] * eta
                for a in range(p):
                    score[a] += weights[i] * covariates[i, a]
                    tied_1[a] += hazard * covariates[i, a]
                    for b in range(a + 1):
                        tied_2[a, b] += hazard * covariates[i, a] * covariates[i, b]
            i -= 1
        for k in range(count):
            less = k / count if is_efron else 0.0
            share = event_weight / count
            sum_0 = risk_0 - less * tied_0
            total -= share * math.log(sum_0)
            for a in range(p):
                mean[a] = (risk_1[a] - less * tied_1[a]) / sum_0
                score[a] -= share * mean[a]
                for b in range(a + 1):
                    square = (risk_2[a, b] - less * tied_2[a, b]) / sum_0
                    information[a, b] += share * (square - mean[a] * mean[b])
    return total


@numba.njit(cache=True, error_model="numpy")
def fit_coefficients(times, events, covariates, weights, is_efron, coefficients, score, information):
    """Newton's steps, halved until the likelihood does not fall; the last step is below 1e-11.

    Starts at and fills `coefficients` (p); leaves `score` and `information` of the solution. Returns
    how it ended (`CONVERGED`, `SINGULAR` information, `DIVERGED` linear predictor, `UNFINISHED`), the
    log likelihood and the number of steps. The covariates should be near unit spread.
    """
    n, p = covariates.shape
    factor, step, trial = np.empty((p, p)), np.empty(p), np.empty(p)
    now = compute_derivatives(times, events, covariates, weights, coefficients, is_efron, score, information)
    for steps in range(1, _STEPS + 1):
        factor[:, :] = information
        if not factor_in_place(factor, p):
            return SINGULAR, now, steps
        step[:] = score
        solve_in_place(factor, p, step)
        length, then = 1.0, now
        for halving in range(_HALVINGS):
            for a in range(p):
                trial[a] = coefficients[a] + length * step[a]
            then = compute_derivatives(
                times, events, covariates, weights, trial, is_efron, score, information
            )
            if then >= now - 1e-12 * abs(now) or halving == _HALVINGS - 1:
                break
            length *= 0.5
        coefficients[:] = trial
        now = then
        low, high = math.inf, -math.inf
        for i in range(n):
            eta = 0.0
            for a in range(p):
                eta += covariates[i, a] * coefficients[a]
            low, high = min(low, eta), max(high, eta)
        if not high - low < _SPREAD:
            return DIVERGED, now, steps
        longest = 0.0
        for a in range(p):
            longest = max(longest, abs(length * step[a]) / (1.0 + abs(coefficients[a])))
        if longest < _TOLERANCE:
            return CONVERGED, now, steps
    return UNFINISHED, now, _STEPS


@numba.njit(cache=True, error_model="numpy")
def fill_score_residuals(times, events, covariates, weights, coefficients, is_efron, residuals):
    """Each patient's derivative of the score by the patient's own weight, (n, p).

    For an untied event: x - mean, less r sum m (x - mean) / S0 over the events until the patient's time
    (Lin & Wei 1989; Binder 1992); tied events share the d means, and of term k bear 1 - k / d of
    its hazard, as R's survival does. Times the patient's weight and the inverse information, it is
    the infinitesimal jackknife: what leaving the patient out would change, to first order.
    """
    n, p = covariates.shape
    hazards, sums_0, sums_1 = np.empty(n), np.empty(n), np.empty((n, p))
    total_0, total_1 = 0.0, np.zeros(p)
    for i in range(n - 1, -1, -1):
        eta = 0.0
        for a in range(p):
            eta += covariates[i, a] * coefficients[a]
        hazards[i] = math.exp(eta)
        total_0 += weights[i] * hazards[i]
        sums_0[i] = total_0
        for a in range(p):
            total_1[a] += weights[i] * hazards[i] * covariates[i, a]
            sums_1[i, a] = total_1[a]
    rate, moment = 0.0, np.zeros(p)
    tied_1, shared, borne, borne_moment = np.zeros(p), np.zeros(p), 0.0, np.zeros(p)
    start = 0
    while start < n:
        end, count, event_weight, tied_0 = start, 0, 0.0, 0.0
        tied_1[:] = 0.0
        while end < n and times[end] == times[start]:
            if events[end]:
                count += 1
                event_weight += weights[end]
                tied_0 += weights[end] * hazards[end]
                for a in range(p):
                    tied_1[a] += weights[end] * hazards[end] * covariates[end, a]
            end += 1
        shared[:] = 0.0
        borne_moment[:] = 0.0
        borne = 0.0
        for k in range(count):
            less = k / count if is_efron else 0.0
            sum_0 = sums_0[start] - less * tied_0
            term = event_weight / count / sum_0
            rate += term
            borne += less * term
            for a in range(p):
                mean = (sums_1[start, a] - less * tied_1[a]) / sum_0
                shared[a] += mean / count
                moment[a] += term * mean
                borne_moment[a] += less * term * mean
        for i in range(start, end):
            for a in range(p):
                x = covariates[i, a]
                value = -hazards[i] * (x * rate - moment[a])
                if events[i]:
                    value += x - shared[a] + hazards[i] * (x * borne - borne_moment[a])
                residuals[i, a] = value
        start = end


@numba.njit(cache=True, error_model="numpy")
def find_monotone(times, events, values):
    """1 where every event falls on a largest value at risk, -1 on a smallest, 0 otherwise.

    The likelihood of such a covariate alone rises for ever (Heinze & Schemper 2001).
    """
    n = times.shape[0]
    high, low = -math.inf, math.inf
    is_highest, is_lowest, has_spread = True, True, False
    i = n - 1
    while i >= 0:
        start = i
        while i >= 0 and times[i] == times[start]:
            high, low = max(high, values[i]), min(low, values[i])
            i -= 1
        for j in range(i + 1, start + 1):
            if events[j]:
                has_spread = has_spread or high > low
                is_highest = is_highest and values[j] == high
                is_lowest = is_lowest and values[j] == low
    if not has_spread:
        return 0
    return 1 if is_highest else (-1 if is_lowest else 0)

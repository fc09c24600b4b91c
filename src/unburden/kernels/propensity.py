"""Propensity of treatment by logistic regression, a few Newton steps from a near start.

Covariates lie in rows of one length, the first all ones. Patients pass in blocks that stay in the
first cache, so that the sums of products run at the speed of the arithmetic.
"""

import math

import numba
import numpy as np

from unburden.kernels.integration import fill_exponentials_of

FITTED, NO_PROPENSITY = 0, 1
BLOCK = 256
LARGEST_LOGIT = math.log(1e6)
"""A propensity below 1e-6 or above 1 - 1e-6: separation, or no chance of the other arm."""
_STEPS, _HALVINGS, _DECREMENT, _ALIASED = 40, 30, 1e-9, 1e-9
_LONGEST = 700.0
SUMS = {"reassoc", "contract", "nsz"}
"""Freedom to sum in another order, so that the compiler can add up several at once."""


@numba.njit(cache=True, error_model="numpy", fastmath=SUMS)
def sum_products(left, right):
    """The sum of products of two arrays of one length."""
    total = 0.0
    for t in range(left.shape[0]):
        total += left[t] * right[t]
    return total


@numba.njit(cache=True, error_model="numpy")
def scale_into(factors, values, products):
    """Fill `products` with the products of two arrays of one length."""
    for t in range(factors.shape[0]):
        products[t] = factors[t] * values[t]


@numba.njit(cache=True, error_model="numpy")
def add_scaled(slope, values, totals):
    """Add `slope` times `values` to `totals`."""
    for t in range(values.shape[0]):
        totals[t] += slope * values[t]


@numba.njit(cache=True, error_model="numpy")
def fill_logits(rows, start, size, coefficients, logits):
    """`logits` of `size` patients from `start` on."""
    logits[:size] = coefficients[0]
    for a in range(1, rows.shape[0]):
        add_scaled(coefficients[a], rows[a, start : start + size], logits[:size])


@numba.njit(cache=True, error_model="numpy")
def fill_shares(logits, powers, scales, shares):
    """The propensities of logits whose exp(-|logit|) is `powers` times `scales`; `powers` becomes it."""
    for t in range(shares.shape[0]):
        power = powers[t] * scales[t]
        powers[t] = power
        shares[t] = (1.0 if logits[t] >= 0.0 else power) / (1.0 + power)


@numba.njit(cache=True, error_model="numpy")
def fill_spreads(treated, counts, shares, residuals, spreads):
    """Each patient's residual and binomial variance, times how often the patient counts."""
    for t in range(shares.shape[0]):
        residuals[t] = counts[t] * (treated[t] - shares[t])
        spreads[t] = counts[t] * shares[t] * (1.0 - shares[t])


@numba.njit(cache=True, error_model="numpy")
def fill_block(rows, start, size, coefficients, shares, desk):
    """`shares` (the propensities) of one block; returns the largest logit in absolute value.

    `desk` (5, BLOCK) holds in its first row the logits and in its second exp(-|logit|).
    """
    logits, powers, exponents, scales = desk[0, :size], desk[1, :size], desk[2, :size], desk[3, :size]
    fill_logits(rows, start, size, coefficients, logits)
    largest = 0.0
    for t in range(size):
        magnitude = min(abs(logits[t]), _LONGEST)
        largest = max(largest, magnitude)
        exponents[t] = -magnitude
    fill_exponentials_of(exponents, powers, scales)
    fill_shares(logits, powers, scales, shares[start : start + size])
    return largest


@numba.njit(cache=True, error_model="numpy")
def add_up_block(rows, start, size, treated, counts, shares, score, information, desk, is_score_only):
    """Add one block to the score and, if wanted, the lower triangle of the information."""
    end = start + size
    residuals, spreads, scaled = desk[2, :size], desk[3, :size], desk[4, :size]
    fill_spreads(treated[start:end], counts[start:end], shares[start:end], residuals, spreads)
    for a in range(rows.shape[0]):
        score[a] += sum_products(residuals, rows[a, start:end])
        if is_score_only:
            continue
        scale_into(spreads, rows[a, start:end], scaled)
        for b in range(a + 1):
            information[a, b] += sum_products(scaled, rows[b, start:end])


@numba.njit(cache=True, error_model="numpy")
def factor_with_gaps(matrix, is_aliased):
    """The Cholesky factor in the lower triangle; a row that the earlier ones determine is left out.

    A covariate that is constant, or a combination of others, in a cohort has no part in its
    propensity (as `NA` in R's glm).
    """
    size = matrix.shape[0]
    for j in range(size):
        pivot, whole = matrix[j, j], matrix[j, j]
        for k in range(j):
            pivot -= matrix[j, k] * matrix[j, k]
        is_aliased[j] = not pivot > _ALIASED * (whole + 1e-300) + 1e-12
        root = 1.0 if is_aliased[j] else math.sqrt(pivot)
        matrix[j, j] = root
        if is_aliased[j]:
            for k in range(j):
                matrix[j, k] = 0.0
        for i in range(j + 1, size):
            total = 0.0
            if not is_aliased[j]:
                total = matrix[i, j]
                for k in range(j):
                    total -= matrix[i, k] * matrix[j, k]
            matrix[i, j] = total / root


@numba.njit(cache=True, error_model="numpy")
def solve_with_gaps(factor, is_aliased, vector):
    """Replace `vector` by the solution of the factored system; 0 where a row is left out."""
    size = vector.shape[0]
    for i in range(size):
        total = 0.0 if is_aliased[i] else vector[i]
        for k in range(i):
            total -= factor[i, k] * vector[k]
        vector[i] = total / factor[i, i]
    for i in range(size - 1, -1, -1):
        total = vector[i]
        for k in range(i + 1, size):
            total -= factor[k, i] * vector[k]
        vector[i] = 0.0 if is_aliased[i] else total / factor[i, i]


@numba.njit(cache=True, error_model="numpy")
def compute_loss(rows, m, treated, counts, coefficients, shares, desk):
    """Minus the log likelihood, for a start that is far off."""
    total = 0.0
    for start in range(0, m, BLOCK):
        size = min(BLOCK, m - start)
        fill_block(rows, start, size, coefficients, shares, desk)
        for t in range(size):
            logit = desk[0, t]
            total += counts[start + t] * (
                max(logit, 0.0) - treated[start + t] * logit + math.log1p(desk[1, t])
            )
    return total


@numba.njit(cache=True, error_model="numpy")
def fit_propensity(rows, m, treated, counts, coefficients, shares, factor, is_aliased, desk, is_lean):
    """Newton from `coefficients` on; fills them, the `shares` of the m patients and the `factor`.

    `is_lean` keeps the first factor while the steps shrink tenfold (the chord method): for a near start
    the solution is the same and cheaper, the `factor` that of the start.

    Returns `FITTED`, or `NO_PROPENSITY` where a patient's logit passes `LARGEST_LOGIT` in the end. Steps
    that are long are halved until the likelihood does not fall.
    """
    q = rows.shape[0]
    score, trial = np.empty(q), np.empty(q)
    decrement, keeps_factor = math.inf, False
    for _ in range(_STEPS):
        score[:] = 0.0
        if not keeps_factor:
            factor[:, :] = 0.0
        for start in range(0, m, BLOCK):
            size = min(BLOCK, m - start)
            fill_block(rows, start, size, coefficients, shares, desk)
            add_up_block(rows, start, size, treated, counts, shares, score, factor, desk, keeps_factor)
        if not keeps_factor:
            factor_with_gaps(factor, is_aliased)
        trial[:] = score
        solve_with_gaps(factor, is_aliased, trial)
        before, decrement = decrement, 0.0
        for a in range(q):
            if not is_aliased[a]:
                decrement += trial[a] * score[a]
        keeps_factor = is_lean and decrement < 1e-3 * m and decrement < 0.01 * before
        if not decrement < 0.05 * m:
            _shorten(rows, m, treated, counts, coefficients, trial, shares, desk)
        for a in range(q):
            coefficients[a] += trial[a]
        if decrement < _DECREMENT:
            break
    else:
        return NO_PROPENSITY
    largest = 0.0
    for start in range(0, m, BLOCK):
        size = min(BLOCK, m - start)
        largest = max(largest, fill_block(rows, start, size, coefficients, shares, desk))
    return FITTED if largest < LARGEST_LOGIT else NO_PROPENSITY


@numba.njit(cache=True, error_model="numpy")
def _shorten(rows, m, treated, counts, coefficients, step, shares, desk):
    """Halve a step until the likelihood does not fall."""
    before = compute_loss(rows, m, treated, counts, coefficients, shares, desk)
    for _ in range(_HALVINGS):
        after = compute_loss(rows, m, treated, counts, coefficients + step, shares, desk)
        if after <= before:
            return
        step *= 0.5

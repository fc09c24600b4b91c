"""Variance of a treatment effect for many subsets of visits, one small factorisation each.

With monotone dropout the values split into independent innovations, visit by visit: row j of the
inverse Cholesky factor of the kept visits' covariance, times the values (Anderson 1957, JASA 52:200).
Patient by patient, Σ X' V⁻¹ X then is Σ_j (number still seen at j) w_j w_j', exactly.
"""

import math

import numba
import numpy as np

from unburden.kernels.cholesky import factor_in_place, solve_in_place


@numba.njit(cache=True, error_model="numpy")
def factor_kept(covariance, kept, chosen, factor):
    """Fill the places of the kept visits and the factor of their covariance; their number, -1 without one."""
    size = 0
    for t in range(kept.shape[0]):
        if kept[t]:
            chosen[size] = t
            size += 1
    for a in range(size):
        for b in range(a + 1):
            factor[a, b] = covariance[chosen[a], chosen[b]]
    return size if factor_in_place(factor, size) else -1


@numba.njit(cache=True, error_model="numpy")
def sum_free_variance(factor, size, chosen, weights, rates, first):
    """Σ_j (c'L)_j² / rate_j from innovation `first` on; infinite where a weighted visit is not kept."""
    inside = 0
    for a in range(size):
        inside += weights[chosen[a]] != 0.0
    needed = 0
    for t in range(weights.shape[0]):
        needed += weights[t] != 0.0
    if inside < needed:
        return math.inf
    total = 0.0
    for j in range(first, size):
        part = 0.0
        for a in range(j, size):
            part += weights[chosen[a]] * factor[a, j]
        total += part * part / rates[chosen[j]]
    return total


@numba.njit(cache=True, error_model="numpy")
def sum_smooth_variance(factor, size, chosen, weights, rates, basis):
    """c'B (Σ_j rate_j b_j b_j')⁻¹ B'c with b_j = innovation j of the basis; infinite where it is not told."""
    columns = basis.shape[1]
    turned = np.empty((size, columns))
    normal, wanted = np.zeros((columns, columns)), np.zeros(columns)
    for j in range(size):
        for q in range(columns):
            total = basis[chosen[j], q]
            for k in range(j):
                total -= factor[j, k] * turned[k, q]
            turned[j, q] = total / factor[j, j]
        for q in range(columns):
            for r in range(q + 1):
                normal[q, r] += rates[chosen[j]] * turned[j, q] * turned[j, r]
    for t in range(weights.shape[0]):
        for q in range(columns):
            wanted[q] += weights[t] * basis[t, q]
    for q in range(columns):
        if normal[q, q] == 0.0 and wanted[q] == 0.0:  # about visits that are not kept, and not asked for
            normal[q, q] = 1.0
    if not factor_in_place(normal, columns):
        return math.inf
    solved = wanted.copy()
    solve_in_place(normal, columns, solved)
    total = 0.0
    for q in range(columns):
        total += wanted[q] * solved[q]
    return total


@numba.njit(cache=True, error_model="numpy")
def fill_variances(covariance, rates, subsets, weights, basis, is_shared, out):
    """Variance of the effect times patients, for each subset of visits.

    `covariance` (v, v); `rates` (v,): information on the difference of innovation j a patient,
    1 / (1 / control's rate + 1 / treatment's); `subsets` (m, v) of bool; `weights` (v,); `basis` (v, q) of
    the difference, q = 0 where it is free; with `is_shared` visit 0 has no difference. Fills `out` (m,).
    """
    visits = covariance.shape[0]
    chosen, factor = np.empty(visits, np.int64), np.empty((visits, visits))
    for m in range(subsets.shape[0]):
        size = factor_kept(covariance, subsets[m], chosen, factor)
        if size <= 0:
            out[m] = math.inf if size == 0 else math.nan
        elif basis.shape[1] == 0:
            first = 1 if is_shared and chosen[0] == 0 else 0
            out[m] = sum_free_variance(factor, size, chosen, weights, rates, first)
        else:
            out[m] = sum_smooth_variance(factor, size, chosen, weights, rates, basis)

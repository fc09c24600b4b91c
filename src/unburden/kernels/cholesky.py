"""Symmetric positive definite systems without LAPACK, small enough to stay in cache."""

import math

import numba


@numba.njit(cache=True, error_model="numpy")
def factor_in_place(matrix, size):
    """The Cholesky factor in the lower triangle of the leading `size`; False where there is none."""
    for j in range(size):
        pivot = matrix[j, j]
        floor = 1e-13 * abs(pivot)
        for k in range(j):
            pivot -= matrix[j, k] * matrix[j, k]
        if not pivot > floor:
            return False
        root = math.sqrt(pivot)
        matrix[j, j] = root
        for i in range(j + 1, size):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            matrix[i, j] = total / root
    return True


@numba.njit(cache=True, error_model="numpy")
def solve_in_place(factor, size, vector):
    """Replace `vector` by the solution of the factored system."""
    for i in range(size):
        total = vector[i]
        for k in range(i):
            total -= factor[i, k] * vector[k]
        vector[i] = total / factor[i, i]
    for i in range(size - 1, -1, -1):
        total = vector[i]
        for k in range(i + 1, size):
            total -= factor[k, i] * vector[k]
        vector[i] = total / factor[i, i]


@numba.njit(cache=True, error_model="numpy")
def invert_factor(factor, size, inverse):
    """Fill `inverse` with the inverse of the factored matrix."""
    for j in range(size):
        for i in range(size):
            inverse[i, j] = 1.0 if i == j else 0.0
        solve_in_place(factor, size, inverse[:, j])

"""Posterior of a control mean under a normal mixture, and the treated mean from which a test rejects."""

import math

import numba
import numpy as np

_ROOT_TWO = math.sqrt(2.0)
_STEPS = 80


@numba.njit(cache=True, error_model="numpy")
def update_mixture(weights, means, variances, seen, error_variance, out):
    """Fill `out` (3, k): weights, means and variances after a mean `seen` with `error_variance`.

    Log-weights are moved by their largest, so that one always stays.
    """
    largest = -math.inf
    for k in range(weights.shape[0]):
        spread = variances[k] + error_variance
        out[0, k] = math.log(weights[k]) - 0.5 * (math.log(spread) + (seen - means[k]) ** 2 / spread)
        largest = max(largest, out[0, k])
        out[2, k] = variances[k] * error_variance / spread
        out[1, k] = (means[k] * error_variance + seen * variances[k]) / spread
    total = 0.0
    for k in range(weights.shape[0]):
        out[0, k] = math.exp(out[0, k] - largest)
        total += out[0, k]
    for k in range(weights.shape[0]):
        out[0, k] /= total


@numba.njit(cache=True, error_model="numpy")
def find_critical(posterior, treated_variance, alpha):
    """The treated mean at which the posterior probability of no benefit is `alpha`, by bisection."""
    low, high = math.inf, -math.inf
    for k in range(posterior.shape[1]):
        sd = math.sqrt(posterior[2, k] + treated_variance)
        low, high = min(low, posterior[1, k] - 10.0 * sd), max(high, posterior[1, k] + 10.0 * sd)
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        tail = 0.0
        for k in range(posterior.shape[1]):
            sd = math.sqrt(posterior[2, k] + treated_variance)
            tail += posterior[0, k] * 0.5 * math.erfc((middle - posterior[1, k]) / sd / _ROOT_TWO)
        if tail > alpha:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


@numba.njit(cache=True, error_model="numpy")
def fill_decisions(weights, means, variances, seen, error_variance, treated_variance, alpha, out):
    """For each control mean `seen` (n,): critical treated mean, posterior mean and variance; `out` (n, 3)."""
    posterior = np.empty((3, weights.shape[0]))
    for i in range(seen.shape[0]):
        update_mixture(weights, means, variances, seen[i], error_variance, posterior)
        out[i, 0] = find_critical(posterior, treated_variance, alpha)
        mean, square = 0.0, 0.0
        for k in range(weights.shape[0]):
            mean += posterior[0, k] * posterior[1, k]
        for k in range(weights.shape[0]):
            square += posterior[0, k] * (posterior[2, k] + (posterior[1, k] - mean) ** 2)
        out[i, 1] = mean
        out[i, 2] = square

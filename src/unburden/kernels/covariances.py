"""Unstructured covariance of repeated measures by restricted maximum likelihood, and its bootstrap."""

import numba
import numpy as np

from unburden.kernels.mixed_models import allocate_patterns, fit_covariance, gather_patterns
from unburden.kernels.random import draw_two_uniforms
from unburden.kernels.resampling import BOOTSTRAP


@numba.njit(cache=True)
def estimate_effects(outcomes, is_seen, covariates, covariance, effects):
    """As `estimate_covariance`, and fill the `effects` (v, q) of the covariates (n, q) at each visit."""
    n, visits = outcomes.shape
    columns = covariates.shape[1]
    patterns = allocate_patterns(visits, columns, n)
    gather_patterns(outcomes, is_seen, covariates, patterns)
    weights = np.zeros((patterns.number[0], visits, visits))
    inverse = np.empty((visits * columns, visits * columns))
    return fit_covariance(patterns, visits, columns, covariance, weights, inverse, effects)


@numba.njit(cache=True)
def estimate_covariance(outcomes, is_seen, covariates, covariance):
    """Fill `covariance` (v, v); False where the data do not tell it. See `mixed_models`."""
    return estimate_effects(
        outcomes, is_seen, covariates, covariance, np.empty((outcomes.shape[1], covariates.shape[1]))
    )


@numba.njit(cache=True)
def draw_sample(seed, replicate, starts, picks):
    """Patients of one bootstrap sample, drawn within groups; group g is starts[g] to starts[g + 1]."""
    for g in range(starts.shape[0] - 1):
        size = starts[g + 1] - starts[g]
        for i in range(starts[g], starts[g + 1]):
            uniform, _ = draw_two_uniforms(seed, replicate, np.uint64(i), BOOTSTRAP)
            picks[i] = starts[g] + min(int(uniform * size), size - 1)


@numba.njit(cache=True)
def fill_retained(is_seen, is_treated, retained):
    """Shares (2, v) of the patients of control and treatment who are seen at a visit or at a later one."""
    n, visits = is_seen.shape
    counts = np.zeros(2)
    retained[:] = 0.0
    for i in range(n):
        arm = 1 if is_treated[i] else 0
        counts[arm] += 1.0
        still = False
        for t in range(visits - 1, -1, -1):
            still = still or is_seen[i, t]
            if still:
                retained[arm, t] += 1.0
    for arm in range(2):
        for t in range(visits):
            retained[arm, t] /= counts[arm]


@numba.njit(cache=True, parallel=True)
def bootstrap_courses(seed, outcomes, is_seen, covariates, is_treated, starts, covariances, retained):
    """Fill covariance and retained shares of each bootstrap sample of the patients; True where it was found.

    Patients stand in groups (see `draw_sample`); `covariances` (k, v, v), `retained` (k, 2, v).
    """
    replicates, n = covariances.shape[0], outcomes.shape[0]
    is_found = np.zeros(replicates, np.bool_)
    for k in numba.prange(replicates):
        picks = np.empty(n, np.int64)
        draw_sample(seed, np.uint64(k), starts, picks)
        seen = is_seen[picks]
        is_found[k] = estimate_covariance(outcomes[picks], seen, covariates[picks], covariances[k])
        fill_retained(seen, is_treated[picks], retained[k])
    return is_found

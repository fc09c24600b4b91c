"""Seeded draws for resampling: a bootstrap sample, orders of criteria, splits, normals; one stream each."""

import math

import numba
import numpy as np

from unburden.kernels.random import draw_two_uniforms

BOOTSTRAP, ORDERS, NORMALS, SPLIT = np.uint64(11), np.uint64(12), np.uint64(13), np.uint64(14)


@numba.njit(cache=True)
def draw_counts(seed, replicate, counts):
    """How often each of n patients is in a bootstrap sample of n; `seed` and `replicate` are uint64."""
    n = counts.shape[0]
    counts[:] = 0.0
    for i in range(n):
        uniform, _ = draw_two_uniforms(seed, replicate, np.uint64(i), BOOTSTRAP)
        counts[min(int(uniform * n), n - 1)] += 1.0


@numba.njit(cache=True)
def draw_uniforms(seed, first, stream, out):
    """Fill `out` (rows, columns) with uniforms of a stream, row t from trial `first` + t."""
    for t in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[t, j], _ = draw_two_uniforms(seed, first + np.uint64(t), np.uint64(j), stream)


@numba.njit(cache=True)
def draw_normals(seed, out):
    """Fill `out` (rows, columns) with standard normals (Box & Muller 1958)."""
    for t in range(out.shape[0]):
        for j in range(0, out.shape[1], 2):
            one, two = draw_two_uniforms(seed, np.uint64(t), np.uint64(j), NORMALS)
            radius = math.sqrt(-2.0 * math.log(one))
            out[t, j] = radius * math.cos(2.0 * math.pi * two)
            if j + 1 < out.shape[1]:
                out[t, j + 1] = radius * math.sin(2.0 * math.pi * two)

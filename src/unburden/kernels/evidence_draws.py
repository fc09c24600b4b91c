"""Standard normal numbers of one unknown, each a function of its place in the random stream."""

import numba
import numpy as np

from unburden.kernels.draws import draw_normals


@numba.njit(cache=True)
def fill_normals(seed, key, stream, out):
    """Fill `out` with standard normals; place 2i and 2i + 1 come from block i of (seed, key, stream).

    All uint64, `stream` below 2**32. A longer `out` begins with the same numbers.
    """
    for i in range(out.shape[0] // 2):
        out[2 * i], out[2 * i + 1] = draw_normals(seed, key, np.uint64(i), stream)
    if out.shape[0] % 2:
        last, _ = draw_normals(seed, key, np.uint64(out.shape[0] // 2), stream)
        out[out.shape[0] - 1] = last

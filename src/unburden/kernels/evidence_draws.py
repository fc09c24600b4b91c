"""Standard normal numbers of one unknown, each a function of its place in the random stream."""

import numpy as np

from unburden.kernels.random import compute_philox

_LOW_32, _LOW_53 = 0xFFFFFFFF, np.uint64(0x1FFFFFFFFFFFFF)
_TO_LEFT, _TO_RIGHT = np.uint64(21), np.uint64(11)


def draw_stream_normals(seed: int, key: int, stream: int, length: int) -> np.ndarray:
    """Standard normals, float64 of `length`; places 2i and 2i + 1 come from block i of (seed, key, stream).

    `seed` and `key` below 2**64, `stream` below 2**32. The numbers are those of `draw_normals`, and a
    longer array begins with the same. Philox runs over whole arrays here: loading the compiled loop
    takes longer than drawing all that the first score of a process needs.
    """
    blocks = np.arange((length + 1) // 2, dtype=np.uint64)
    counters = [np.full_like(blocks, word) for word in (stream, key & _LOW_32, key >> 32)]
    keys = [np.full_like(blocks, word) for word in (seed & _LOW_32, seed >> 32)]
    a, b, c, d = compute_philox.py_func(blocks, *counters, *keys)  # pyright: ignore[reportFunctionMemberAccess]
    u, v = (
        (((high << _TO_LEFT) ^ (low >> _TO_RIGHT)) & _LOW_53) * 2.0**-53 + 2.0**-54
        for high, low in ((a, b), (c, d))
    )
    radius = np.sqrt(-2.0 * np.log(u))
    pairs = np.stack((radius * np.cos(2 * np.pi * v), radius * np.sin(2 * np.pi * v)), axis=1)
    return pairs.ravel()[:length]

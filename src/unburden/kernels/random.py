"""Random numbers that are a function of their place: seed, trial, patient, draw.

Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3").
The same number comes out whoever asks for it, in whatever order and on however many threads.
"""

import numba
import numpy as np

_MASK = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint64(0x9E3779B9)
_WEYL_1 = np.uint64(0xBB67AE85)
_ROUNDS = 10
_TWO_TO_MINUS_53 = 2.0**-53
_HALF = 2.0**-54


@numba.njit(cache=True)
def compute_philox(counter_0, counter_1, counter_2, counter_3, key_0, key_1):
    """Four 32-bit words (as uint64) from a 128-bit counter and a 64-bit key, all uint64 below 2**32."""
    for _ in range(_ROUNDS):
        product_0 = _MULTIPLIER_0 * counter_0
        product_1 = _MULTIPLIER_1 * counter_2
        counter_0, counter_1, counter_2, counter_3 = (
            (product_1 >> _SHIFT) ^ counter_1 ^ key_0,
            product_1 & _MASK,
            (product_0 >> _SHIFT) ^ counter_3 ^ key_1,
            product_0 & _MASK,
        )
        key_0 = (key_0 + _WEYL_0) & _MASK
        key_1 = (key_1 + _WEYL_1) & _MASK
    return counter_0, counter_1, counter_2, counter_3


@numba.njit(cache=True)
def draw_two_uniforms(seed, trial, patient, draw):
    """Two independent numbers strictly between 0 and 1, of 53 bits each.

    `seed` and `trial` are uint64, `patient` and `draw` uint64 below 2**32.
    """
    a, b, c, d = compute_philox(patient, draw, trial & _MASK, trial >> _SHIFT, seed & _MASK, seed >> _SHIFT)
    first = ((a << np.uint64(21)) ^ (b >> np.uint64(11))) & np.uint64(0x1FFFFFFFFFFFFF)
    second = ((c << np.uint64(21)) ^ (d >> np.uint64(11))) & np.uint64(0x1FFFFFFFFFFFFF)
    return np.float64(first) * _TWO_TO_MINUS_53 + _HALF, np.float64(second) * _TWO_TO_MINUS_53 + _HALF

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


@numba.njit(inline="always")
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


_FORTY_BITS, _TWENTY_FOUR_BITS = 2.0**-40, 2.0**-24
_LOW_24 = np.uint64(0xFFFFFF)
_BLOCK = np.uint64(0)
_EIGHT, _TWENTY_FOUR = np.uint64(8), np.uint64(24)


@numba.njit(cache=True, error_model="numpy")
def draw_patients(seed, scenario, trial, first, for_time, for_entry, for_kind, for_order):
    """Four random numbers for each patient of a trial, one Philox block a patient.

    Fills `for_time` and `for_entry` (uniform inside (0, 1), 40 bits), `for_kind` (uniform in
    [0, 1), 24 bits) and `for_order` (uint64 below 2**24). `seed` is uint64; `scenario`, `trial` and
    the number of the `first` patient are uint64 below 2**32. The plain loop lets the compiler work
    on several patients at once.
    """
    key_0, key_1 = seed & _MASK, seed >> _SHIFT
    for i in range(for_time.shape[0]):
        a, b, c, d = compute_philox(first + np.uint64(i), _BLOCK, trial, scenario, key_0, key_1)
        for_time[i] = (np.float64(np.int64((a << _EIGHT) | (b >> _TWENTY_FOUR))) + 0.5) * _FORTY_BITS
        for_entry[i] = (np.float64(np.int64((c << _EIGHT) | (d >> _TWENTY_FOUR))) + 0.5) * _FORTY_BITS
        for_kind[i] = np.float64(np.int64(b & _LOW_24)) * _TWENTY_FOUR_BITS
        for_order[i] = d & _LOW_24


# Natural logarithm as in fdlibm's e_log.c (Sun Microsystems 1993): x = 2**k (1 + f), s = f / (2 + f),
# ln(1 + f) = f - f²/2 + s (f²/2 + R(s²)). Additions, products and one quotient only, so that the
# compiler can work on several at once, and every machine gives the same bits.
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_R1, _R2, _R3 = 6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01
_R4, _R5, _R6 = 2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01
_R7 = 1.479819860511658591e-01
_MANTISSA, _EXPONENT_OF_ONE = np.int64(0xFFFFFFFFFFFFF), np.int64(0x3FF0000000000000)
_TO_SQRT_TWO, _CARRY = np.int64(0x95F6400000000), np.int64(0x10000000000000)
_BIAS, _FIFTY_TWO = np.int64(1023), np.int64(52)


@numba.njit(cache=True, error_model="numpy")
def fill_exponentials(uniforms, exponents, fractions, out):
    """Standard exponentials -ln(u) of `uniforms` inside (0, 1); `exponents` and `fractions` are scratch.

    All float64 of one length, none the same memory. Error below one unit in the last place.
    """
    bits, fraction_bits = uniforms.view(np.int64), fractions.view(np.int64)
    for i in range(uniforms.shape[0]):
        mantissa = bits[i] & _MANTISSA
        carry = (mantissa + _TO_SQRT_TWO) & _CARRY
        fraction_bits[i] = mantissa | (carry ^ _EXPONENT_OF_ONE)
        exponents[i] = np.float64((bits[i] >> _FIFTY_TWO) - _BIAS + (carry >> _FIFTY_TWO))
    for i in range(uniforms.shape[0]):
        f = fractions[i] - 1.0
        s = f / (2.0 + f)
        z = s * s
        rest = z * (_R1 + z * (_R2 + z * (_R3 + z * (_R4 + z * (_R5 + z * (_R6 + z * _R7))))))
        half = 0.5 * f * f
        low = s * (half + rest) + exponents[i] * _LN2_LOW
        out[i] = -(exponents[i] * _LN2_HIGH - ((half - low) - f))

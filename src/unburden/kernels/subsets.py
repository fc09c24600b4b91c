"""Sums over all subsets of a set, for all sets at once."""

import numpy as np
from numpy.typing import NDArray


def sum_over_subsets(values: NDArray) -> NDArray:
    """For each mask along the last axis, of length 2**k, the sum over all of its submasks.

    The zeta transform in k·2**k additions (Yates 1937; Björklund et al. 2007). Whole numbers stay exact.

    >>> sum_over_subsets(np.array([1, 10, 100, 1000])).tolist()
    [1, 11, 101, 1111]
    """
    sums = np.array(values)
    length = sums.shape[-1]
    step = 1
    while step < length:
        pairs = sums.reshape(*sums.shape[:-1], length // (2 * step), 2, step)
        pairs[..., 1, :] += pairs[..., 0, :]
        step *= 2
    return sums

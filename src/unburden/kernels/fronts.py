"""Which points no other point beats."""

import numba
import numpy as np

_BLOCK = 64
_LARGEST = np.int32(2**31 - 1)


@numba.njit(cache=True, error_model="numpy")
def mark_undominated(ranks):
    """Whether each point is beaten by no other: none is at most as large in every goal.

    `ranks` is int32 (goals, points) of distinct points, smaller is better, sorted so that none is
    beaten by a later one (by the sum over goals, say): sort-filter skyline (Chomicki, Godfrey, Gryz &
    Liang 2003). A point is compared with 64 of the front at a time, and those that beat others move
    forward in the list, where they are met sooner. Returns bool (points,).
    """
    goals, points = ranks.shape
    kept = np.zeros(points, dtype=np.bool_)
    front = np.full((goals, points + _BLOCK), _LARGEST, dtype=np.int32)
    excess = np.empty(_BLOCK, dtype=np.int32)
    size = 0
    for i in range(points):
        beaten_by = -1
        for start in range(0, size, _BLOCK):
            # A point beats this one where no rank of it is larger: where no excess is found.
            excess[:] = 0
            for g in range(goals):
                row, own = front[g, start : start + _BLOCK], ranks[g, i]
                for t in range(_BLOCK):
                    excess[t] |= np.int32(row[t] > own)
            product = np.int32(1)
            for t in range(_BLOCK):
                product &= excess[t]
            if product == 0:
                for t in range(_BLOCK):
                    if excess[t] == 0:
                        beaten_by = start + t
                        break
                break
        if beaten_by >= 0:
            half = beaten_by // 2
            for g in range(goals):
                front[g, beaten_by], front[g, half] = front[g, half], front[g, beaten_by]
        else:
            kept[i] = True
            for g in range(goals):
                front[g, size] = ranks[g, i]
            size += 1
    return kept

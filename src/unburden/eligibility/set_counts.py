"""How many patients pass, for every set of criteria at once."""

import numpy as np
from numpy.typing import NDArray

from unburden.domain.errors import InvalidCriterion, Problems
from unburden.domain.passing import PassingTable
from unburden.domain.representation import Strata
from unburden.eligibility.strata import check_same_patients
from unburden.kernels.subsets import sum_over_subsets

MOST_ENUMERATED = 20
"""2**20 sets fit into memory with room to work; more criteria are searched, not enumerated."""

_PAIRS_AT_ONCE = 1 << 22


def derive_set_counts(table: PassingTable, weights: NDArray | None = None) -> NDArray:
    """For each of the 2**k sets of criteria, how many patients pass them all, of shape (2**k,).

    Bit c of the index says that criterion c is in force: [0] counts everybody, [-1] the eligible.
    `weights` (one a patient) are summed instead of counted: events, time at risk, copies drawn by a
    bootstrap. Whole-number weights are summed exactly. A patient passes a set exactly where their
    failing criteria lie outside it, so that one transform gives all sets.

    Raises `InvalidCriterion` beyond 20 criteria.

    >>> passing = np.array([[True, True], [False, True], [False, False]])
    >>> table = PassingTable("c", ("A", "B"), passing, ~passing, "observed:doctest")
    >>> derive_set_counts(table).tolist()
    [3, 1, 2, 1]
    """
    sets = check_enumerable(table)
    return _count_sets(table.failing_masks, sets, weights)


def derive_set_strata(table: PassingTable, strata: Strata, weights: NDArray | None = None) -> NDArray:
    """For each set and stratum how many patients pass, (2**k, strata); unknown strata count nowhere.

    Raises `InvalidCriterion` beyond 20 criteria and `InvalidCohort` where patients differ.
    """
    check_same_patients(table, strata)
    sets, masks = check_enumerable(table), table.failing_masks
    columns = []
    for code in range(len(strata.labels)):
        inside = strata.codes == code
        columns.append(_count_sets(masks[inside], sets, None if weights is None else weights[inside]))
    return np.stack(columns, axis=1)


def count_given_sets(
    table: PassingTable, masks: NDArray[np.int64], weights: NDArray | None = None
) -> NDArray[np.float64]:
    """For some sets, given as masks, how many patients pass (or the sum of their weights), (masks,).

    For up to 63 criteria: patients who fail the same criteria are counted together, and a set is met
    with each kind of patient.

    >>> passing = np.array([[True, True], [False, True], [False, False]])
    >>> table = PassingTable("c", ("A", "B"), passing, ~passing, "observed:doctest")
    >>> count_given_sets(table, np.array([0, 3])).tolist()
    [3.0, 1.0]
    """
    kinds, inverse = np.unique(table.failing_masks, return_inverse=True)
    amounts = np.bincount(inverse, weights=weights, minlength=len(kinds)).astype(float)
    found = np.empty(len(masks))
    step = max(1, _PAIRS_AT_ONCE // len(kinds))
    for first in range(0, len(masks), step):
        block = masks[first : first + step, None]
        found[first : first + step] = ((block & kinds[None, :]) == 0) @ amounts
    return found


def _count_sets(masks: NDArray[np.int64], sets: int, weights: NDArray | None) -> NDArray:
    if weights is None or np.issubdtype(np.asarray(weights).dtype, np.integer):
        found = np.bincount(masks, minlength=sets) if weights is None else np.zeros(sets, dtype=np.int64)
        if weights is not None:
            np.add.at(found, masks, weights)
    else:
        found = np.bincount(masks, weights=weights, minlength=sets)
    # The failing criteria must lie in the complement of the set, whose mask is 2**k - 1 - mask.
    return sum_over_subsets(found)[::-1]


def check_enumerable(table: PassingTable) -> int:
    """The number of sets, 2**k; raises `InvalidCriterion` where they are too many."""
    count = len(table.criterion_ids)
    problems = Problems(f"criteria on cohort {table.cohort_name!r}")
    told = f"there are {count}; every set of them is looked at for up to {MOST_ENUMERATED}"
    problems.check(count <= MOST_ENUMERATED, f"{told}; join the mandatory ones, or explore")
    problems.raise_if_any(InvalidCriterion)
    return 1 << count

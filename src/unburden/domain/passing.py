"""Who passes which criterion: the table that screening, worth and best sets are counted from."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from unburden.domain.errors import InvalidCriterion, Problems
from unburden.domain.estimate import check_sources

MOST_MASKED = 63
"""So many criteria fit into the bits of one whole number."""


@dataclass(frozen=True, eq=False)
class PassingTable:
    """Patients × criteria: `passing` after the policy for unknown, `unknown` where it decided.

    Both are Boolean of shape (patients, criteria), rows in the order of the cohort's table, columns
    in the order of `criterion_ids`. `passing` is true for a patient whom the criterion lets in,
    inclusion or exclusion alike. Raises `InvalidCriterion` where shapes, ids or source do not fit.
    """

    cohort_name: str
    criterion_ids: tuple[str, ...]
    passing: NDArray[np.bool_] = field(repr=False)
    unknown: NDArray[np.bool_] = field(repr=False)
    source: str

    def __post_init__(self) -> None:
        problems = Problems(f"passing table of cohort {self.cohort_name!r}")
        for name, array in (("passing", self.passing), ("unknown", self.unknown)):
            fits = array.ndim == 2 and array.dtype == np.bool_ and array.shape[0] > 0
            told = f"{name} has shape {array.shape} of {array.dtype}; give Booleans, patients × criteria"
            problems.check(fits and array.shape == (self.passing.shape[0], len(self.criterion_ids)), told)
        repeated = sorted({i for i in self.criterion_ids if self.criterion_ids.count(i) > 1})
        problems.check(not repeated, f"criteria {', '.join(repeated)} stand twice; give each its own id")
        check_sources((self.source,), problems)
        problems.raise_if_any(InvalidCriterion)

    @property
    def patients(self) -> int:
        """Number of rows."""
        return self.passing.shape[0]

    @property
    def eligible(self) -> NDArray[np.bool_]:
        """Whether each patient passes every criterion."""
        return self.passing.all(axis=1)

    @property
    def failing_masks(self) -> NDArray[np.int64]:
        """For each patient a whole number whose bit c says that criterion c keeps them out.

        Raises `InvalidCriterion` beyond 63 criteria.
        """
        count = len(self.criterion_ids)
        if count > MOST_MASKED:
            told = f"has {count} criteria; masks hold up to {MOST_MASKED}, so join some of them"
            raise InvalidCriterion(f"passing table of cohort {self.cohort_name!r}", [told])
        return (~self.passing).astype(np.int64) @ (np.int64(1) << np.arange(count, dtype=np.int64))

"""Sets of eligibility criteria compared on several goals, and those that no other set beats."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from unburden.domain.errors import InvalidCriterion, Problems
from unburden.domain.estimate import Estimate, check_sources
from unburden.domain.frontier import Goal

SET_GOALS: Mapping[str, Goal] = {
    goal.name: goal
    for goal in (
        Goal("pool", "patient", False),
        Goal("power", "1", False),
        Goal("patients_needed", "patient", True),
        Goal("information_per_patient", "1", False),
        Goal("log_hazard_ratio", "1", True),
        Goal("rmst_difference", "month", False),
        Goal("target_distance", "1", True),
        Goal("screening_burden", "minute", True),
    )
}
"""What sets are usually compared on; a study may give goals of its own."""


@dataclass(frozen=True, eq=False)
class GoalValues:
    """One goal's value for each of some sets, with 95 % interval; NaN where it does not exist."""

    goal: Goal
    values: NDArray[np.float64] = field(repr=False)
    low: NDArray[np.float64] = field(repr=False)
    high: NDArray[np.float64] = field(repr=False)
    sources: tuple[str, ...]

    def __post_init__(self) -> None:
        problems = Problems(f"values of {self.goal.name!r}")
        shapes = {array.shape for array in (self.values, self.low, self.high)}
        told = f"values, low and high have the shapes {sorted(shapes)}; give one number a set in each"
        if problems.check(len(shapes) == 1 and self.values.ndim == 1, told):
            exists = ~np.isnan(self.values)
            finite = np.isfinite(self.values) & np.isfinite(self.low) & np.isfinite(self.high)
            told = "some values or ends are infinite or lack their interval; give NaN where there is no value"
            problems.check(bool(finite[exists].all()), told)
            slack = 1e-9 * np.maximum(1.0, np.abs(self.values))
            holds = (self.low - slack <= self.values) & (self.values <= self.high + slack)
            problems.check(bool(holds[exists & finite].all()), "some intervals do not hold their value")
        check_sources(self.sources, problems)
        problems.raise_if_any(InvalidCriterion)


@dataclass(frozen=True, slots=True)
class CriteriaSet:
    """A set of criteria in force, with its value on each goal.

    `twins` counts further sets with the same values on every goal. `stability` is the share of
    bootstrap samples of the patients in which the set stays unbeaten; None where it was not computed.
    """

    mask: int
    criterion_ids: tuple[str, ...]
    dropped: tuple[str, ...]
    values: Mapping[str, Estimate]
    twins: int
    stability: Estimate | None


@dataclass(frozen=True, eq=False)
class CriteriaFront:
    """The sets that no examined set beats on every goal; bit c of a mask says that criterion c is in force.

    `masks` (sets,) are sorted; `values`, `low` and `high` are (sets, goals). Of sets with equal values
    the one of fewest criteria stands for all, `twins` counts the others. `written_mask` is the
    protocol as written, with `written_values` and their ends, (3, goals), NaN where it has none;
    `beating_masks` are the sets of the front that beat it. `examined` sets were compared,
    `without_value` more had none on some goal. `guarantee` says what is proven. `unbeaten` counts
    in how many of the bootstrap `replicates` each set stays on the front, `stability` is its share.
    """

    goals: tuple[Goal, ...]
    criterion_ids: tuple[str, ...]
    mandatory: tuple[str, ...]
    masks: NDArray[np.int64] = field(repr=False)
    values: NDArray[np.float64] = field(repr=False)
    low: NDArray[np.float64] = field(repr=False)
    high: NDArray[np.float64] = field(repr=False)
    twins: NDArray[np.int64] = field(repr=False)
    sources: tuple[tuple[str, ...], ...] = field(repr=False)
    written_mask: int
    written_values: NDArray[np.float64] = field(repr=False)
    beating_masks: NDArray[np.int64] = field(repr=False)
    examined: int
    without_value: int
    is_exhaustive: bool
    guarantee: str
    unbeaten: NDArray[np.int64] | None = field(default=None, repr=False)
    replicates: int = 0
    stability: tuple[Estimate, ...] = field(default=(), repr=False)

    def __len__(self) -> int:
        return len(self.masks)

    @property
    def is_written_unbeaten(self) -> bool:
        """Whether the protocol as written has a value on every goal and no set beats it."""
        return not np.isnan(self.written_values[0]).any() and not len(self.beating_masks)

    def name_criteria(self, mask: int) -> tuple[str, ...]:
        """The criteria that a mask puts in force."""
        return tuple(name for c, name in enumerate(self.criterion_ids) if mask >> c & 1)

    def describe(self, index: int) -> CriteriaSet:
        """One set of the front in full."""
        mask = int(self.masks[index])
        kept = self.name_criteria(mask)
        return CriteriaSet(
            mask=mask,
            criterion_ids=kept,
            dropped=tuple(name for name in self.criterion_ids if name not in kept),
            values={
                goal.name: Estimate(
                    float(self.values[index, g]),
                    float(min(self.low[index, g], self.values[index, g])),
                    float(max(self.high[index, g], self.values[index, g])),
                    goal.unit,
                    self.sources[g],
                )
                for g, goal in enumerate(self.goals)
            },
            twins=int(self.twins[index]),
            stability=self.stability[index] if self.stability else None,
        )

    def iterate_sets(self) -> Iterator[CriteriaSet]:
        """Every set of the front in full; a front may hold thousands."""
        for index in range(len(self)):
            yield self.describe(index)

"""What a changed schedule must still hold: locks, endpoints, information, and limits on its burden."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from unburden.domain.errors import InvalidStudy, Problems
from unburden.domain.levers import CellKey
from unburden.domain.protocol import Protocol


@dataclass(frozen=True)
class Lock:
    """Cells that no lever may drop, replace or move, for safety or regulation.

    A cell is locked by its visit, its activity, or both where both are given.
    """

    name: str
    reason: str
    visit_ids: tuple[str, ...] = ()
    activity_ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        problems = Problems(f"lock {self.name!r}")
        problems.check(bool(self.name), "has no name; give one")
        problems.check(bool(self.reason), "has no reason; say why nothing may change")
        told = "locks nothing; name visits, activities or both"
        problems.check(bool(self.visit_ids or self.activity_ids), told)
        problems.raise_if_any(InvalidStudy)

    def find_cells(self, protocol: Protocol) -> Iterator[CellKey]:
        """The cells of the protocol that are locked."""
        for visit_id, activity_id in (cell.key for cell in protocol.cells):
            at = not self.visit_ids or visit_id in self.visit_ids
            if at and (not self.activity_ids or activity_id in self.activity_ids):
                yield visit_id, activity_id


@dataclass(frozen=True)
class EndpointNeed:
    """An endpoint is retained while at least `keep_at_least` of its cells are measured.

    `is_required`: no schedule may do without it. `weight` is what it counts for among the endpoints.
    """

    endpoint_id: str
    cells: tuple[CellKey, ...]
    keep_at_least: int
    is_required: bool = False
    weight: float = 1.0

    def __post_init__(self) -> None:
        problems = Problems(f"endpoint {self.endpoint_id!r}")
        count = len(self.cells)
        if problems.check(count > 0, "is served by no cell; add one, or drop the endpoint"):
            told = f"needs {self.keep_at_least} of the {count} cells that serve it; give 1 to {count}"
            problems.check(1 <= self.keep_at_least <= count, told)
        told = f"has the weight {self.weight}; give a number above 0"
        problems.check(math.isfinite(self.weight) and self.weight > 0, told)
        problems.raise_if_any(InvalidStudy)


@dataclass(frozen=True)
class InformationBudget:
    """Each change costs so much information; all together cost `at_most`.

    `dropped` holds the loss of each cell that goes, `replaced` of one measured by a substitute, `moved`
    of one done at another place than written. A cell that is not named costs nothing.
    """

    name: str
    at_most: float
    dropped: Mapping[CellKey, float] = field(default_factory=dict)
    replaced: Mapping[CellKey, float] = field(default_factory=dict)
    moved: Mapping[CellKey, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = Problems(f"information {self.name!r}")
        told = f"may lose at most {self.at_most}; give a number of at least 0"
        problems.check(math.isfinite(self.at_most) and self.at_most >= 0, told)
        for key in ("dropped", "replaced", "moved"):
            for cell, loss in getattr(self, key).items():
                told = f"loses {loss} with {cell} {key}; give a number of at least 0"
                problems.check(math.isfinite(loss) and loss >= 0, told)
        problems.raise_if_any(InvalidStudy)

    def measure_loss(
        self, dropped: frozenset[CellKey], replaced: frozenset[CellKey], moved: frozenset[CellKey]
    ) -> float:
        """What a schedule loses."""
        pairs = ((self.dropped, dropped), (self.replaced, replaced), (self.moved, moved))
        return sum(loss for held, cells in pairs for cell, loss in sorted(held.items()) if cell in cells)


@dataclass(frozen=True)
class SeriesInformation:
    """The information of what is kept of a series of cells must be `at_least` so much.

    `measure` gives the information of a kept subset, relative to all of the series; it must never fall
    when a cell is added. A cell counts as kept while it is measured, as written or by a substitute.
    """

    name: str
    cells: tuple[CellKey, ...]
    measure: Callable[[frozenset[CellKey]], float] = field(repr=False)
    at_least: float

    def __post_init__(self) -> None:
        problems = Problems(f"information {self.name!r}")
        problems.check(bool(self.cells), "has no cells; name those of its series")
        fits = math.isfinite(self.at_least) and self.at_least >= 0
        problems.check(fits, f"must keep {self.at_least}; give a number of at least 0")
        problems.raise_if_any(InvalidStudy)


@dataclass(frozen=True)
class BurdenLimit:
    """A weighted sum of the burden's dimensions that must not pass `at_most`, such as 12 contact days."""

    name: str
    weights: Mapping[str, float]
    at_most: float

    def __post_init__(self) -> None:
        problems = Problems(f"limit {self.name!r}")
        problems.check(bool(self.weights), "weighs nothing; name at least one dimension")
        for name, weight in self.weights.items():
            fits = math.isfinite(weight) and weight >= 0
            problems.check(fits, f"weighs {name!r} by {weight}; give a number of at least 0")
        fits = math.isfinite(self.at_most) and self.at_most >= 0
        problems.check(fits, f"allows at most {self.at_most}; give a number of at least 0")
        problems.raise_if_any(InvalidStudy)

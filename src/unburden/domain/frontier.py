"""What may change, what was changed, and the designs that no other design beats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from unburden.domain.burden import BurdenScore
from unburden.domain.design import OperatingCharacteristics
from unburden.domain.errors import InvalidInput, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.protocol import Place


@dataclass(frozen=True, slots=True)
class DropCells:
    """A lever: these cells may go, as long as `keep_at_least` of them stay.

    `reason` is what a reader is told; `information` says what is lost for the trial's question,
    and `source` where that claim comes from (`assumed:…` in the user's own words).
    """

    name: str
    cells: tuple[tuple[str, str], ...]
    keep_at_least: int
    reason: str
    information: str
    source: str


@dataclass(frozen=True, slots=True)
class MoveVisits:
    """A lever: these visits may happen at `place`, at most `at_most` of them."""

    name: str
    visit_ids: tuple[str, ...]
    place: Place
    at_most: int
    reason: str
    information: str
    source: str


Lever: TypeAlias = DropCells | MoveVisits


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a design does differently, with the lever that allowed it."""

    kind: Literal["drop-cell", "move-visit"]
    lever: str
    visit_id: str
    activity_id: str | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Goal:
    """What is compared between designs; `is_minimised` False means more is better."""

    name: str
    unit: str
    is_minimised: bool


GOALS: Mapping[str, Goal] = {
    goal.name: goal
    for goal in (
        Goal("burden_per_patient", "minute", True),
        Goal("total_burden", "hour", True),
        Goal("power", "1", False),
        Goal("patients", "patient", True),
        Goal("duration", "month", True),
        Goal("assessments_kept", "assessment", False),
    )
}


@dataclass(frozen=True, slots=True)
class Proof:
    """What the solver certifies for a schedule: best value, bound, relative gap."""

    solver: str
    status: str
    value: float
    bound: float
    gap: float


@dataclass(frozen=True)
class CandidateDesign:
    """A whole trial: schedule, size, behaviour, and its value on each goal."""

    id: str
    changes: tuple[Change, ...]
    operating: OperatingCharacteristics
    values: Mapping[str, Estimate]
    burden: BurdenScore = field(repr=False)
    proof: Proof | None = None


def is_dominated(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether `other` is at least as good everywhere and better somewhere (smaller is better).

    >>> is_dominated((2, 2), (1, 2)), is_dominated((1, 2), (1, 2)), is_dominated((1, 3), (2, 1))
    (True, False, False)
    """
    return all(b <= a for a, b in zip(one, other, strict=True)) and any(
        b < a for a, b in zip(one, other, strict=True)
    )


def to_costs(candidate: CandidateDesign, goals: Sequence[Goal]) -> tuple[float, ...]:
    """The candidate's values with every goal turned so that smaller is better."""
    return tuple(candidate.values[g.name].value * (1 if g.is_minimised else -1) for g in goals)


@dataclass(frozen=True)
class Frontier:
    """Designs that no other examined design beats; dominated ones are refused at birth.

    `baseline` is the protocol as written with its own number of patients; it need not lie on the
    front. `examined` counts the candidates. `notes` says what was assumed.
    """

    goals: tuple[Goal, ...]
    baseline: CandidateDesign
    designs: tuple[CandidateDesign, ...]
    examined: int
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        problems = Problems("frontier")
        problems.check(bool(self.designs), "holds no design")
        names = [design.id for design in self.designs]
        problems.check(len(set(names)) == len(names), "two designs have one id; give each its own")
        costs = {design.id: to_costs(design, self.goals) for design in self.designs}
        for name, cost in costs.items():
            for other, other_cost in costs.items():
                problems.check(not is_dominated(cost, other_cost), f"design {name} is beaten by {other}")
        problems.raise_if_any(InvalidInput)

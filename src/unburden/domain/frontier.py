"""The designs that no other design beats, by goals, with the proof of their schedules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from unburden.domain.burden import BurdenScore
from unburden.domain.design import OperatingCharacteristics
from unburden.domain.errors import InvalidInput, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.levers import Change


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
    """What the solver certifies for a schedule: best value, bound, relative gap.

    `cuts` counts the cutting planes that stand for an information only known subset by subset; each
    takes away nothing but subsets of one that was measured to hold too little.
    """

    solver: str
    status: str
    value: float
    bound: float
    gap: float
    cuts: int = 0


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

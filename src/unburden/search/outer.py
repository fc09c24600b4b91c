"""The trial around the schedule: patients, ratio, looks, follow-up, criteria, covariates, on a grid.

Most of the grid is left out before any schedule is searched. Power rises with patients: along each line
of the grid the least number that reaches the target is found by bisection, and everything below it goes.
A point whose bound (what no schedule there can beat in any goal) is reached or beaten in every goal by
a design already found goes too. What is left is handed to an inner search. Power, months and schedules
are functions given by the caller.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from itertools import product

from unburden.domain.errors import InfeasibleSearch, Problems
from unburden.domain.frontier import Goal, is_dominated
from unburden.search.solving import ScheduleSolution

ROUND = 8
"""Points searched between two prunings, on any number of workers, so that these change nothing."""


@dataclass(frozen=True, slots=True)
class OuterPoint:
    """One trial around the schedule.

    `allocation_ratio` is treatment to control; `follow_up_months` None where events or outcomes end the
    trial; `criteria` and `covariates` name a set of criteria and an adjustment, "" for those as written
    and for none.
    """

    patients: int
    allocation_ratio: float = 1.0
    information_rates: tuple[float, ...] = (1.0,)
    follow_up_months: float | None = None
    criteria: str = ""
    covariates: str = ""

    @property
    def rest(self) -> tuple[object, ...]:
        """All but the patients, in an order that can be sorted."""
        months = -1.0 if self.follow_up_months is None else self.follow_up_months
        return (self.allocation_ratio, self.information_rates, months, self.criteria, self.covariates)

    @property
    def order(self) -> tuple[object, ...]:
        """By patients, then the rest."""
        return (self.patients, *self.rest)


@dataclass(frozen=True, slots=True)
class OuterGrid:
    """Every combination of these; raises `InfeasibleSearch` where a list is empty or holds a value twice."""

    patients: tuple[int, ...]
    ratios: tuple[float, ...] = (1.0,)
    looks: tuple[tuple[float, ...], ...] = ((1.0,),)
    follow_ups: tuple[float | None, ...] = (None,)
    criteria: tuple[str, ...] = ("",)
    covariates: tuple[str, ...] = ("",)

    def __post_init__(self) -> None:
        problems = Problems("grid")
        for key in ("patients", "ratios", "looks", "follow_ups", "criteria", "covariates"):
            held = getattr(self, key)
            problems.check(bool(held), f"has no {key}; give at least one")
            problems.check(len(set(held)) == len(held), f"has a value twice in {key}; keep one")
        for count in self.patients:
            problems.check(count >= 2, f"has {count} patients; give 2 or more")
        problems.raise_if_any(InfeasibleSearch)

    def lay_out(self) -> Iterator[tuple[OuterPoint, ...]]:
        """The lines of the grid: all numbers of patients, rising, of one combination of the rest."""
        for rest in product(self.ratios, self.looks, self.follow_ups, self.criteria, self.covariates):
            yield tuple(OuterPoint(count, *rest) for count in sorted(self.patients))


@dataclass(frozen=True)
class OuterDesign:
    """A trial with its schedule and its value on each goal."""

    point: OuterPoint
    schedule: ScheduleSolution | None
    values: Mapping[str, float]


@dataclass(frozen=True)
class OuterFront:
    """Designs that no other beats, and how the grid was cut down to them.

    `underpowered` and `beaten` count the points left out by power and by their bound, `searched` those
    whose schedules were searched; they add up to the grid. `power_calls` counts evaluations of power.
    """

    designs: tuple[OuterDesign, ...]
    underpowered: int
    beaten: int
    searched: int
    power_calls: int = field(compare=False, default=0)


def search_outer(
    grid: OuterGrid,
    *,
    goals: Sequence[Goal],
    minimum_power: float,
    slack: float,
    power: Callable[[OuterPoint], float],
    bound: Callable[[OuterPoint], Mapping[str, float]],
    search_inner: Callable[[OuterPoint], Sequence[OuterDesign]],
    executor: Executor | None = None,
) -> OuterFront:
    """The designs that no other design of the grid beats in `goals`.

    `power` is the power at full information; it must not fall with patients by more than `slack` (0
    where it is exact, some standard errors where it is simulated): points are left out only where the
    power is below `minimum_power - slack` at as many patients or more. `bound` gives for each goal a
    value that no design at the point beats; `search_inner` the designs of a point. Both hold the names
    of all goals. With an `executor` points are searched side by side; the answer is the same.

    Raises `InfeasibleSearch` for a power or bound that breaks its word, and where no point has the power.
    """
    called = _Remembered(power)
    lines = list(grid.lay_out())
    powered = [p for line in lines for p in _keep_powered(line, called, minimum_power - slack)]
    total = sum(len(line) for line in lines)
    if not powered:
        best = max(called(line[-1]) for line in lines)
        told = f"no point of the grid reaches the power {minimum_power:g}; the best has {best:.3f}"
        raise InfeasibleSearch("grid", [f"{told}; allow more patients or a longer follow-up"])
    _check_rise(called.known, slack)
    bounds = {point: to_costs(bound(point), goals) for point in powered}
    waiting = sorted(powered, key=lambda point: (bounds[point], point.order))
    front: list[tuple[tuple[float, ...], OuterDesign]] = []
    searched = 0
    while waiting:
        batch, waiting = waiting[:ROUND], waiting[ROUND:]
        runs = executor.map(search_inner, batch) if executor else map(search_inner, batch)
        for point, designs in zip(batch, runs, strict=True):
            _check_bound(point, designs, bounds[point], goals)
            front = _merge(front, ((to_costs(d.values, goals), d) for d in designs))
        searched += len(batch)
        waiting = [point for point in waiting if not _is_beaten(bounds[point], front)]
    front.sort(key=lambda pair: (pair[0], pair[1].point.order))
    return OuterFront(
        designs=tuple(design for _, design in front),
        underpowered=total - len(powered),
        beaten=len(powered) - searched,
        searched=searched,
        power_calls=len(called.known),
    )


def to_costs(values: Mapping[str, float], goals: Sequence[Goal]) -> tuple[float, ...]:
    """The values with every goal turned so that smaller is better."""
    return tuple(values[goal.name] * (1 if goal.is_minimised else -1) for goal in goals)


class _Remembered:
    """A function of a point, called once for each."""

    def __init__(self, function: Callable[[OuterPoint], float]) -> None:
        self.function = function
        self.known: dict[OuterPoint, float] = {}

    def __call__(self, point: OuterPoint) -> float:
        if point not in self.known:
            self.known[point] = self.function(point)
        return self.known[point]


def _keep_powered(line: tuple[OuterPoint, ...], power: _Remembered, least: float) -> tuple[OuterPoint, ...]:
    """The points of a line from the first that has the power, found by bisection."""
    if power(line[-1]) < least:
        return ()
    below, above = -1, len(line) - 1
    while above - below > 1:
        middle = (below + above) // 2
        if power(line[middle]) < least:
            below = middle
        else:
            above = middle
    return line[above:]


def _check_rise(known: Mapping[OuterPoint, float], slack: float) -> None:
    """Raise where power was seen to fall with patients by more than the slack."""
    problems = Problems("grid")
    lines: dict[tuple[object, ...], list[OuterPoint]] = defaultdict(list)
    for point in sorted(known, key=lambda point: point.order):
        lines[point.rest].append(point)
    for points in lines.values():
        highest = points[0]
        for point in points:
            fall = known[highest] - known[point]
            told = (
                f"power falls from {known[highest]:.4f} at {highest.patients} patients to "
                f"{known[point]:.4f} at {point.patients}; simulate more trials, or give a slack of {fall:.4f}"
            )
            problems.check(fall <= slack, told)
            highest = point if known[point] > known[highest] else highest
    problems.raise_if_any(InfeasibleSearch)


def _check_bound(
    point: OuterPoint, designs: Iterable[OuterDesign], bound: tuple[float, ...], goals: Sequence[Goal]
) -> None:
    problems = Problems("grid")
    for design in designs:
        for goal, cost, least in zip(goals, to_costs(design.values, goals), bound, strict=True):
            told = (
                f"a design with {point.patients} patients has {abs(cost):g} {goal.unit} in {goal.name}, "
                f"better than the bound {abs(least):g}; correct the bound"
            )
            problems.check(cost >= least - 1e-9 * max(1.0, abs(least)), told)
    problems.raise_if_any(InfeasibleSearch)


def _is_beaten(bound: tuple[float, ...], front: Iterable[tuple[tuple[float, ...], OuterDesign]]) -> bool:
    """Whether some design is at least as good in every goal as anything the point could have."""
    return any(all(a <= b for a, b in zip(cost, bound, strict=True)) for cost, _ in front)


def _merge(
    front: list[tuple[tuple[float, ...], OuterDesign]],
    found: Iterable[tuple[tuple[float, ...], OuterDesign]],
) -> list[tuple[tuple[float, ...], OuterDesign]]:
    """The front with some designs more; of equals the first."""
    for cost, design in found:
        if any(other == cost or is_dominated(cost, other) for other, _ in front):
            continue
        front = [(other, held) for other, held in front if not is_dominated(other, cost)]
        front.append((cost, design))
    return front

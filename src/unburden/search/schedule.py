"""Schedules that ask least under what a study allows, and exact fronts of them.

With a floor under every other objective the least burden is found exactly; then a floor rises just
above the least value that was reached under it, until nothing is left (Laumanns, Thiele & Zitzler 2006
for several objectives). No schedule between two floors is missed: what holds the lower floor and beats
the optimum would have been that optimum.
"""

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from itertools import pairwise

from unburden.domain.errors import InfeasibleSearch, Problems
from unburden.domain.frontier import is_dominated
from unburden.search.conflicts import explain_conflict
from unburden.search.problem import ScheduleProblem, check_problem
from unburden.search.rows import TOLERANCE
from unburden.search.solving import (
    ASSESSMENTS,
    Found,
    ScheduleSearch,
    ScheduleSolution,
    name_objectives,
)

SEGMENTS, LARGE = 4, 100
"""A front of a study with so many optional cells is swept in so many parts, whatever number of workers."""


def check_levers(problem: ScheduleProblem) -> None:
    """Raise `InfeasibleSearch` with all that does not fit: levers, endpoints, information, limits."""
    check_problem(problem)


def search_schedule(problem: ScheduleProblem, *, keep_at_least: int = 0) -> ScheduleSolution:
    """The schedule of least burden that keeps at least this many of the optional cells.

    Of equals it is one with few changes. Raises `InfeasibleSearch` where none exists, with a
    smallest set of constraints that contradict each other.
    """
    search = ScheduleSearch(problem)
    found = search.find_best({ASSESSMENTS: float(keep_at_least)} if keep_at_least else {})
    if found is None:
        raise InfeasibleSearch("schedule", [explain_conflict(problem, keep_at_least)])
    return search.read(search.simplify(found))


def search_front(
    problem: ScheduleProblem, *, objectives: Sequence[str], executor: Executor | None = None
) -> tuple[ScheduleSolution, ...]:
    """Every schedule that no other beats in burden and in `objectives`, with a gap of 0, least burden first.

    `objectives` are "assessments_kept" (optional cells measured), "endpoints_retained" (their weights),
    the name of an information (of a budget: minus its loss), or "burden:" and a dimension (minus it).
    Of equal schedules there is one, with few changes; values closer than 1e-6 count as equal.
    The number of points is that of the front: an objective of many values gives many. An `executor`
    sweeps parts of the first objective side by side (of processes: HiGHS holds Python's lock, and a
    measure of information must then be a function that can be sent); the answer is the same.

    Raises `InfeasibleSearch` for unknown objectives and where there is no schedule at all.
    """
    wanted = tuple(dict.fromkeys(objectives))
    _check_objectives(problem, wanted)
    search = ScheduleSearch(problem, wanted)
    best = search.find_best({})
    if best is None:
        raise InfeasibleSearch("schedule", [explain_conflict(problem)])
    first = wanted[0]
    low, high = search.measure(best.columns)[first], search.bound_above(first)
    count = SEGMENTS if len(problem.optional_cells) >= LARGE else 1
    borders = [low + (high - low) * number / count for number in range(1, count)]
    segments = list(pairwise((-math.inf, *borders, math.inf)))

    sweep = partial(_sweep_segment, problem, wanted)
    runs = executor.map(sweep, segments) if executor else map(sweep, segments)
    points = [found for run in runs for found in run]
    return tuple(search.read(found) for found in drop_beaten(search, points, wanted))


def _sweep_segment(
    problem: ScheduleProblem, wanted: tuple[str, ...], segment: tuple[float, float]
) -> list[Found]:
    """The front between two floors of the first objective, each of its points with few changes."""
    search = ScheduleSearch(problem, wanted)
    points = _sweep(search, wanted, {wanted[0]: segment[0]}, segment[1])
    return [search.simplify(found) for found in drop_beaten(search, points, wanted)]


def search_schedule_front(problem: ScheduleProblem) -> tuple[ScheduleSolution, ...]:
    """The least burden for each number of optional cells kept; only schedules that none beats."""
    return search_front(problem, objectives=(ASSESSMENTS,))


def _check_objectives(problem: ScheduleProblem, wanted: tuple[str, ...]) -> None:
    problems = Problems("front")
    known = name_objectives(problem)
    for name in wanted:
        problems.check(name in known, f"has the objective {name!r}; use one of {', '.join(known)}")
    problems.check(bool(wanted), "has no objective beside burden; name at least one")
    problems.raise_if_any(InfeasibleSearch)


def _sweep(
    search: ScheduleSearch, names: tuple[str, ...], floors: Mapping[str, float], border: float = math.inf
) -> list[Found]:
    """Optima under rising floors of the first objective, below the border, each with all of the others'."""
    if not names:
        found = search.find_best(floors)
        return [] if found is None else [found]
    first, rest = names[0], names[1:]
    points: list[Found] = []
    floor = dict(floors)
    while floor.get(first, -math.inf) < border:
        found = _sweep(search, rest, floor)
        if not found:
            return points
        points += found
        floor[first] = search.step_above(first, min(search.measure(f.columns)[first] for f in found))
    return points


def drop_beaten(search: ScheduleSearch, points: Sequence[Found], names: tuple[str, ...]) -> list[Found]:
    """The points that no other beats, of equals the first, by rising burden."""
    costs: list[tuple[tuple[float, ...], Found]] = []
    for found in points:
        values = search.measure(found.columns)
        exact = (search.find_burden(found.columns), *(-values[name] for name in names))
        costs.append((tuple(_round(x) for x in exact), found))
    costs.sort(key=lambda pair: pair[0])
    kept: list[tuple[tuple[float, ...], Found]] = []
    for cost, found in costs:
        if not any(other == cost or is_dominated(cost, other) for other, _ in kept):
            kept.append((cost, found))
    return [found for _, found in kept]


def _round(value: float) -> float:
    """So that values that count as equal are equal."""
    return round(value / TOLERANCE) * TOLERANCE

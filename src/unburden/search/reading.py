"""The changes of a schedule, read from the columns of its programme."""

import numpy as np
from numpy.typing import NDArray

from unburden.domain.levers import Change, ConsolidateDays, DropCells, MoveVisits, ReplaceMeasure
from unburden.search.problem import AWAY, find_droppable
from unburden.search.programme import Programme


def read_changes(programme: Programme, columns: NDArray[np.float64]) -> tuple[Change, ...]:
    """What the schedule does differently: cells that go, substitutes, places, days; each by its lever.

    A place or a day counts as changed only where something is done there.
    """

    def holds(column: int | None) -> bool:
        return column is not None and (column < 0 or columns[column] > 0.5)

    problem = programme.problem
    levers = problem.schedule_levers
    visits = problem.protocol.visit_by_id
    gone = {key for key, column in programme.kept.items() if not holds(column)}
    done = {placed for placed, column in programme.done.items() if holds(column)}
    owner: dict[tuple[str, str], str] = {}
    for lever in sorted(
        levers, key=lambda lever: isinstance(lever, DropCells)
    ):  # what takes many comes first
        for key in find_droppable(lever, problem.cells):
            if key in gone and (isinstance(lever, DropCells) or not holds(programme.taking[lever.name, key])):
                owner.setdefault(key, lever.name)
    found = [Change("drop-cell", name, *key) for key, name in sorted(owner.items())]
    for lever in levers:
        if isinstance(lever, ReplaceMeasure):
            taken = sorted(key for key in lever.cells if holds(programme.replaced.get((key, lever.by))))
            found += [Change("replace-cell", lever.name, *key, by=lever.by) for key in taken]
    for lever in (x for x in levers if isinstance(x, MoveVisits)):
        for visit_id in sorted(lever.visit_ids):
            is_there = any(key[0] == visit_id and place == lever.place for key, place in done)
            if is_there and lever.place != visits[visit_id].place:
                found.append(Change("move-visit", lever.name, visit_id, place=lever.place))
    away = {key[0] for key, place in done if place in AWAY}
    for lever in (x for x in levers if isinstance(x, ConsolidateDays)):
        for visit_id in sorted(lever.visit_ids):
            days = [day for (v, day), column in programme.dates.items() if v == visit_id and holds(column)]
            if visit_id in away and days and days[0] != visits[visit_id].calendar_day:
                found.append(Change("move-day", lever.name, visit_id, day=days[0]))
    return tuple(found)

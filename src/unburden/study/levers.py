"""What a study allows to change, checked against the protocol and its locks."""

from collections.abc import Iterator
from typing import Any

from unburden.data.tables import TableReader
from unburden.domain.levers import (
    SCHEDULE_LEVERS,
    CellKey,
    DropCells,
    Lever,
    ReplaceMeasure,
    ScheduleLever,
    SelectiveSafety,
    ThinVisits,
)
from unburden.domain.protocol import Protocol, Purpose
from unburden.domain.schedule_limits import Lock
from unburden.search.problem import ScheduleProblem, find_droppable, find_touched
from unburden.search.schedule import check_levers
from unburden.study.lever_tables import parse_lever, parse_lock
from unburden.study.parts import Parts


def parse_levers(
    tables: list[Any], locks: list[Any], protocol: Protocol | None, outcome_activity: str | None, parts: Parts
) -> tuple[tuple[Lever, ...], tuple[Lock, ...]]:
    """The levers and locks without problems.

    No lever may touch what is locked, none may take away what the primary outcome rests on unless it
    says in numbers what that costs, and none may leave an endpoint without cells unless it gives it up.
    Without a protocol only their own keys are checked, and there are none.
    """
    problems = parts.problems
    held = [parse_lock(TableReader(t, f"[[locks]] {n}", problems), protocol) for n, t in enumerate(locks, 1)]
    read = [
        parse_lever(TableReader(t, f"[[levers]] {n}", problems), protocol) for n, t in enumerate(tables, 1)
    ]
    made = tuple(lock for lock in held if lock)
    for what, records in (("levers", [x for x in read if x]), ("locks", made)):
        names = [record.name for record in records]
        told = f"two {what} have one name; rename one"
        problems.check(len(set(names)) == len(names), told)
    if protocol:
        primary = find_primary_activities(protocol, outcome_activity)
        for number, lever in enumerate(read, start=1):
            where = f"[[levers]] {number}"
            if isinstance(lever, SCHEDULE_LEVERS):
                problems.extend(_find_primary_problems(lever, where, protocol, primary))
                problems.extend(_find_lock_problems(lever, where, protocol, made))
        levers = tuple(lever for lever in read if lever)
        problems.extend(_find_endpoint_problems(levers, protocol))
        parts.attempt(lambda: check_levers(ScheduleProblem(protocol, levers, (), {}, {})))
    return tuple(lever for lever in read if lever), made


def find_primary_activities(protocol: Protocol, outcome_activity: str | None) -> frozenset[str]:
    """Activities that the primary outcome rests on, with those whose timeline holds one of them.

    They are those with that purpose, those traced to a primary endpoint, and the one that the
    scenario names.
    """
    ends = {e.id for e in protocol.endpoints if e.level.lower().startswith("primary")}
    found = {a.id for a in protocol.activities if a.purpose is Purpose.PRIMARY or ends & {*a.endpoint_ids}}
    if outcome_activity is not None and outcome_activity in protocol.activity_by_id:
        found.add(outcome_activity)
    timelines = {visit.id: visit.timeline_id for visit in protocol.visits}
    size = -1
    while len(found) > size:
        size = len(found)
        inside = {timelines[cell.visit_id] for cell in protocol.cells if cell.activity_id in found}
        found |= {a.id for a in protocol.activities if a.timeline_id in inside}
    return frozenset(found)


def _find_primary_problems(
    lever: ScheduleLever, where: str, protocol: Protocol, primary: frozenset[str]
) -> Iterator[str]:
    """Levers on what the primary outcome rests on: some never, others only with their cost in numbers."""
    keys = [cell.key for cell in protocol.cells]
    taken = lever.cells if isinstance(lever, ReplaceMeasure) else find_droppable(lever, keys)
    never = isinstance(lever, DropCells | SelectiveSafety)
    for activity_id in dict.fromkeys(a for _, a in taken if a in primary):
        if never:
            yield f"{where} would drop {activity_id!r}, on which the primary outcome rests; leave it out"
        elif lever.information_effect is None:
            verb = "replace" if isinstance(lever, ReplaceMeasure) else "thin"
            yield (
                f"{where} would {verb} {activity_id!r}, on which the primary outcome rests; "
                "give information_effect = {value, low, high}, or leave it out"
            )


def _find_lock_problems(
    lever: ScheduleLever, where: str, protocol: Protocol, locks: tuple[Lock, ...]
) -> Iterator[str]:
    owner: dict[CellKey, str] = dict.fromkeys(lever.locked, f"the lever itself ({lever.name!r})")
    for lock in locks:
        owner |= dict.fromkeys(lock.find_cells(protocol), f"{lock.name!r} ({lock.reason})")
    touched = find_touched(lever, [cell.key for cell in protocol.cells])
    by_owner: dict[str, list[CellKey]] = {}
    for key in touched:
        if key in owner:
            by_owner.setdefault(owner[key], []).append(key)
    for name, keys in by_owner.items():
        visit_id, activity_id = keys[0]
        more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
        yield f"{where} touches {activity_id!r} at {visit_id!r}{more}, locked by {name}; leave it out"


def _find_endpoint_problems(levers: tuple[Lever, ...], protocol: Protocol) -> Iterator[str]:
    """Endpoints that the levers together could leave without any cell, though none of them gives it up."""
    keys = [cell.key for cell in protocol.cells]
    schedule = [lever for lever in levers if isinstance(lever, SCHEDULE_LEVERS)]
    droppable = {lever.name: set(find_droppable(lever, keys)) for lever in schedule}
    given_up = {endpoint_id for lever in levers for endpoint_id in lever.gives_up}
    for endpoint in protocol.endpoints:
        serving = {a.id for a in protocol.activities if endpoint.id in a.endpoint_ids}
        cells = {key for key in keys if key[1] in serving}
        blamed = [lever for lever in schedule if droppable[lever.name] & cells]
        if endpoint.id in given_up or not blamed:
            continue
        stays = len(cells - set().union(*droppable.values()))
        others = {x.name: set().union(*(c for n, c in droppable.items() if n != x.name)) for x in blamed}
        stays += sum(_count_sure(x, cells - others[x.name], droppable[x.name]) for x in blamed)
        if not stays:
            names = ", ".join(repr(lever.name) for lever in blamed)
            yield (
                f"[[levers]] {names} could leave the endpoint {endpoint.id!r} without any cell; keep at "
                f'least one, or write gives_up = ["{endpoint.id}"] in one of them'
            )


def _count_sure(lever: ScheduleLever, cells: set[CellKey], droppable: set[CellKey]) -> int:
    """How many of the cells stay whatever the lever does alone."""
    held = cells & droppable
    match lever:
        case DropCells():
            return max(0, len(held) - (len(lever.cells) - lever.keep_at_least))
        case ThinVisits():
            visits = {visit_id for visit_id, _ in held}
            return max(0, len(visits) - (len(lever.visit_ids) - lever.keep_at_least))
        case _:
            return min(
                (sum(k[0] in s.visit_ids for k in held) for s in getattr(lever, "schedules", ())), default=0
            )

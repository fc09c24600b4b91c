"""What a search over schedules is given, and whether its parts fit each other."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from unburden.domain.burden import UNIT_BY_DIMENSION, BurdenLine, Evidence
from unburden.domain.errors import InfeasibleSearch, Problems
from unburden.domain.levers import (
    SCHEDULE_LEVERS,
    CellKey,
    ConsolidateDays,
    DropCells,
    Lever,
    MoveVisits,
    ReplaceMeasure,
    ScheduleLever,
    SelectiveSafety,
    SparserImaging,
    ThinVisits,
)
from unburden.domain.protocol import Place, Protocol, Visit
from unburden.domain.schedule_limits import BurdenLimit, EndpointNeed, InformationBudget, SeriesInformation

AWAY = (Place.SITE, Place.LOCAL)
"""Places that make a date a contact day."""


@dataclass(frozen=True)
class ScheduleProblem:
    """What may change, what must hold, and what each thing costs.

    `lines` are those of every place at which a visit may be held (the schedule as written and with
    every movable visit moved) and those of every substitute at home; a line that stands in several
    counts once. Only lines whose dimension is in `weights` (each at least 0) cost anything: times ×
    evidence value × weight. `place_bound` names activities that must stay at the place where they are
    written; `locks` hold by name the cells that stay as written; levers on the trial around the
    schedule are left to the outer search.
    """

    protocol: Protocol
    levers: tuple[Lever, ...]
    lines: tuple[BurdenLine, ...]
    evidence: Mapping[str, Evidence]
    weights: Mapping[str, float]
    place_bound: frozenset[str] = frozenset()
    locks: Mapping[str, frozenset[CellKey]] = field(default_factory=dict)
    endpoints: tuple[EndpointNeed, ...] = ()
    budgets: tuple[InformationBudget, ...] = ()
    series: tuple[SeriesInformation, ...] = ()
    limits: tuple[BurdenLimit, ...] = ()

    @cached_property
    def schedule_levers(self) -> tuple[ScheduleLever, ...]:
        """The levers on the schedule, by name, so that their order changes nothing."""
        found = [lever for lever in self.levers if isinstance(lever, SCHEDULE_LEVERS)]
        return tuple(sorted(found, key=lambda lever: lever.name))

    @cached_property
    def cells(self) -> tuple[CellKey, ...]:
        """All cells, sorted."""
        return tuple(sorted(cell.key for cell in self.protocol.cells))

    @cached_property
    def locked_cells(self) -> frozenset[CellKey]:
        """What the study and its levers lock."""
        held = (*self.locks.values(), *(lever.locked for lever in self.levers))
        return frozenset(key for cells in held for key in cells)

    @cached_property
    def optional_cells(self) -> frozenset[CellKey]:
        """Cells that some lever may take away."""
        return frozenset(k for lever in self.schedule_levers for k in find_droppable(lever, self.cells))

    @cached_property
    def contact_dates(self) -> frozenset[int]:
        """Calendar days that have lines of their own."""
        return frozenset(
            x.calendar_day for x in self.lines if x.cause == "day" and x.calendar_day is not None
        )

    def is_possible(self, activity_id: str, lever: MoveVisits) -> bool:
        """Whether an activity can be done where the lever moves its visit."""
        if activity_id in self.place_bound:
            return False
        return lever.possible is None or activity_id in lever.possible

    def find_dates(self, visit: Visit, lever: ConsolidateDays) -> tuple[int, ...]:
        """The calendar days on which a visit of the lever may be held, its own among them."""
        own = visit.calendar_day
        assert own is not None  # checked
        low, high = own - visit.window_before_days, own + visit.window_after_days
        others = {self.protocol.visit_by_id[visit_id].calendar_day for visit_id in lever.visit_ids}
        near = {d for d in others if d is not None and low <= d <= high and d in self.contact_dates}
        return tuple(sorted(near | {own}))


def find_droppable(lever: ScheduleLever, cells: Iterable[CellKey]) -> tuple[CellKey, ...]:
    """The cells that a lever may take away."""
    match lever:
        case DropCells() | SparserImaging() | SelectiveSafety():
            return lever.cells
        case ThinVisits():
            ids, activity_ids = set(lever.visit_ids), set(lever.activity_ids)
            return tuple(k for k in cells if k[0] in ids and (not activity_ids or k[1] in activity_ids))
        case _:
            return ()


def find_touched(lever: ScheduleLever, cells: Iterable[CellKey]) -> tuple[CellKey, ...]:
    """The cells that a lever may take away, replace or move to another place."""
    match lever:
        case ReplaceMeasure():
            return lever.cells
        case MoveVisits():
            return tuple(k for k in cells if k[0] in lever.visit_ids)
        case _:
            return find_droppable(lever, cells)


def check_problem(problem: ScheduleProblem) -> None:
    """Raise `InfeasibleSearch` with all that does not fit: levers, endpoints, information, limits."""
    problems = Problems("levers")
    problems.extend(find_lever_problems(problem))
    known = set(problem.cells)
    series = [(f"information {s.name!r}", s.cells) for s in problem.series]
    series += [(f"endpoint {e.endpoint_id!r}", e.cells) for e in problem.endpoints]
    series += [(f"information {b.name!r}", (*b.dropped, *b.replaced, *b.moved)) for b in problem.budgets]
    series += [(f"lock {name!r}", tuple(cells)) for name, cells in problem.locks.items()]
    for owner, cells in series:
        for key in sorted({*cells} - known):
            problems.add(f"{owner} names {key!r}, which the protocol lacks")
    weights = [("the search", problem.weights), *((f"limit {x.name!r}", x.weights) for x in problem.limits)]
    for owner, held in weights:
        for name, weight in held.items():
            problems.check(name in UNIT_BY_DIMENSION, f"{owner} weighs {name!r}, which is no dimension")
            problems.check(weight >= 0, f"{owner} weighs {name!r} by {weight}; give a number of at least 0")
    names = [x.name for held in (problem.schedule_levers, problem.limits) for x in held]
    names += [x.name for held in (problem.budgets, problem.series) for x in held]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.add(f"two levers, limits or kinds of information are called {name!r}; rename one")
    problems.raise_if_any(InfeasibleSearch)


def find_lever_problems(problem: ScheduleProblem) -> Iterator[str]:
    """Where levers name what is not there, or stand in each other's way."""
    cells, visits = set(problem.cells), problem.protocol.visit_by_id
    owner: dict[object, str] = {}
    for lever in problem.schedule_levers:
        named: tuple[object, ...] = getattr(lever, "cells", ()) or getattr(lever, "visit_ids", ())
        known = cells if hasattr(lever, "cells") else visits.keys()
        for item in named:
            if item not in known:
                yield f"lever {lever.name!r} names {item!r}, which the protocol lacks"
        for item in (*lever.locked,):
            if item not in cells:
                yield f"lever {lever.name!r} locks {item!r}, which the protocol lacks"
        for what in _find_claims(lever):
            other = owner.setdefault(what, lever.name)
            if other != lever.name:
                yield f"{what[1]!r} stands in two levers, {other!r} and {lever.name!r}"
        if isinstance(lever, ThinVisits | ConsolidateDays):
            yield from _find_day_problems(lever, problem)
        if isinstance(lever, ReplaceMeasure):
            for visit_id in (v for v, _ in lever.cells if (v, lever.by) in cells):
                yield f"lever {lever.name!r} replaces by {lever.by!r}, which {visit_id!r} already has"


def _find_claims(lever: ScheduleLever) -> Iterator[tuple[str, object]]:
    """What only one lever may decide on, by kind of decision."""
    match lever:
        case DropCells() | SparserImaging() | SelectiveSafety():
            yield from (("drop", key) for key in lever.cells)
        case ThinVisits():
            pairs = [(v, a) for v in lever.visit_ids for a in lever.activity_ids] or lever.visit_ids
            yield from (("thin", key) for key in pairs)
        case ConsolidateDays():
            yield from (("day", visit_id) for visit_id in lever.visit_ids)
        case MoveVisits():
            yield from ((f"move to {lever.place}", visit_id) for visit_id in lever.visit_ids)
        case ReplaceMeasure():
            yield from ((f"replace by {lever.by}", key) for key in lever.cells)


def _find_day_problems(lever: ThinVisits | ConsolidateDays, problem: ScheduleProblem) -> Iterator[str]:
    """Where a lever needs a day that the protocol does not give, or gaps that it does not keep."""
    visits = [problem.protocol.visit_by_id[v] for v in lever.visit_ids if v in problem.protocol.visit_by_id]
    recurring = {v for x in problem.lines if x.cause == "day" for v in x.day_visit_ids}
    is_thin = isinstance(lever, ThinVisits)
    if is_thin and lever.most_gap_days is None:
        return
    for visit in visits:
        if visit.offset_days is None:
            yield f"lever {lever.name!r} needs the day of {visit.id!r}; give one, or leave the visit out"
        elif not is_thin and (visit.id in recurring or visit.repeat):
            yield f"lever {lever.name!r} names {visit.id!r}, which recurs; leave it out"
    days = sorted(v.offset_days for v in visits if v.offset_days is not None)
    if is_thin and lever.most_gap_days is not None:
        for one, other in pairwise(days):
            if other - one > lever.most_gap_days:
                yield (
                    f"lever {lever.name!r} allows {lever.most_gap_days:g} days between visits, but days "
                    f"{one:g} and {other:g} are further apart as written; allow {other - one:g}"
                )

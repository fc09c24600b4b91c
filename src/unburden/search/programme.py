"""The mixed-integer programme of a schedule: what is kept, where, when, and the lines that it brings.

A cell is kept (0/1) and done at one of its visit's places or replaced by a substitute. Levers that take
several cells at once (a visit, an activity, a schedule of scans) share one 0/1 column among them. A line
of the burden appears as soon as one of its causes is done: its column is at least as large as each of
them. A visit that may share a day is assigned to one of its dates, and a date costs what its lines cost
as soon as one visit away from home is on it. An endpoint is retained while enough of its cells are kept.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from unburden.domain.burden import BurdenLine, compute_amount
from unburden.domain.levers import (
    CellKey,
    ConsolidateDays,
    DropCells,
    MoveVisits,
    ReplaceMeasure,
    SelectiveSafety,
    SparserImaging,
    ThinVisits,
)
from unburden.domain.protocol import Place
from unburden.domain.schedule_limits import EndpointNeed
from unburden.search.problem import AWAY, ScheduleProblem, find_droppable
from unburden.search.rows import INFINITY, Rows

ALWAYS = -1
"""Stands for a column that is always 1."""


@dataclass
class LinearSum:
    """constant + Σ terms × columns."""

    constant: float = 0.0
    terms: dict[int, float] = field(default_factory=dict)

    def add(self, column: int, factor: float = 1.0) -> None:
        """Add factor × column."""
        if column == ALWAYS:
            self.constant += factor
        else:
            self.terms[column] = self.terms.get(column, 0.0) + factor


class Programme:
    """Columns by what they mean. `kept` holds each cell's column, `done` that of a cell at a place,
    `replaced` that of a cell by its substitute, `places` that of a visit at a place, `dates` that of a
    visit on a date, `options` that of a schedule of scans (its lever and name), `taking` that of what
    goes together with a cell under a lever.
    """

    def __init__(self, problem: ScheduleProblem, dimensions: tuple[str, ...] = ()) -> None:
        self.problem = problem
        self._wanted = {*dimensions, *_find_weighed(problem)}
        self.rows = Rows()
        self.locked = problem.locked_cells
        self.kept: dict[CellKey, int] = {}
        self.done: dict[tuple[CellKey, Place], int] = {}
        self.replaced: dict[tuple[CellKey, str], int] = {}
        self.places: dict[tuple[str, Place], int] = {}
        self.dates: dict[tuple[str, int], int] = {}
        self.options: dict[tuple[str, str], int] = {}
        self.taking: dict[tuple[str, CellKey], int] = {}
        self._units: dict[CellKey, list[int]] = defaultdict(list)
        self._shared: dict[tuple[str, int, tuple[Place, ...]], dict[Place, int]] = {}
        self._retained: list[tuple[int, EndpointNeed]] = []
        self._replaceable: set[CellKey] = set()
        self._away: dict[tuple[int, ...], int] = {}
        self._implied: dict[int, tuple[int, ...]] = {}
        self._shown: dict[frozenset[int], int] = {}
        self._movers: dict[str, list[MoveVisits]] = defaultdict(list)
        self._by_visit: dict[str, list[CellKey]] = defaultdict(list)
        for key in problem.cells:
            self._by_visit[key[0]].append(key)
        self._add_units()
        self._add_places()
        self._add_cells()
        self._limit_levers()
        self._add_dates()
        self.amounts = self._gather_lines()
        self.endpoints = self._add_endpoints()
        self._add_limits()

    # What is kept

    def _add_units(self) -> None:
        """One column for what goes together, with the limits on it."""
        for lever in self.problem.schedule_levers:
            if isinstance(lever, ThinVisits):
                self._add_visits(lever)
            elif isinstance(lever, SelectiveSafety):
                for activity_id in sorted(lever.activity_ids):
                    self._add_unit(lever.name, (key for key in lever.cells if key[1] == activity_id))
            elif isinstance(lever, SparserImaging):
                self._add_scans(lever)

    def _add_unit(self, lever: str, cells: Iterable[CellKey]) -> int:
        held = sorted(cells)
        column = self.rows.add_column(lower=1.0 if self.locked.intersection(held) else 0.0)
        for key in held:
            self._units[key].append(column)
            self.taking[lever, key] = column
        return column

    def _add_visits(self, lever: ThinVisits) -> None:
        visits = [self.problem.protocol.visit_by_id[v] for v in sorted(lever.visit_ids)]
        droppable = find_droppable(lever, self.problem.cells)
        held = {v.id: self._add_unit(lever.name, (k for k in droppable if k[0] == v.id)) for v in visits}
        self.rows.add_row(lever.keep_at_least, lever.keep_at_most, dict.fromkeys(held.values(), 1.0))
        if lever.most_gap_days is None or not visits:
            return
        self._limit_gaps([(v.offset_days or 0.0, held[v.id]) for v in visits], lever.most_gap_days)

    def _limit_gaps(self, visits: list[tuple[float, int]], most: float) -> None:
        """The visits kept are a path from the first to the last, in steps of at most `most` days.

        A flow of 1 along the steps; written so, a visit kept by half cannot stand for one.
        """
        visits.sort()
        into: dict[int, list[int]] = {column: [] for _, column in visits}
        out: dict[int, list[int]] = {column: [] for _, column in visits}
        for number, (day, column) in enumerate(visits):
            for later, other in visits[number + 1 :]:
                if later - day <= most:
                    step = self.rows.add_column(is_whole=False)
                    out[column].append(step)
                    into[other].append(step)
        first, last = visits[0][1], visits[-1][1]
        for column in (first, last):
            self.rows.add_row(1.0, 1.0, {column: 1.0})
        for steps, end in ((into, first), (out, last)):
            for column in (c for _, c in visits if c != end):
                self.rows.add_row(0.0, 0.0, {column: -1.0, **dict.fromkeys(steps[column], 1.0)})

    def _add_scans(self, lever: SparserImaging) -> None:
        """One schedule of scans is chosen; a visit's scans stay where the chosen one has the visit."""
        visit_ids = sorted({visit_id for visit_id, _ in lever.cells})
        schedules = {"": visit_ids, **{s.name: s.visit_ids for s in sorted(lever.schedules, key=_get_name)}}
        chosen = {name: self.rows.add_column() for name in schedules}
        self.options.update({(lever.name, name): column for name, column in chosen.items()})
        self.rows.add_row(1.0, 1.0, dict.fromkeys(chosen.values(), 1.0))
        for visit_id in visit_ids:
            unit = self._add_unit(lever.name, (key for key in lever.cells if key[0] == visit_id))
            terms = {column: 1.0 for name, column in chosen.items() if visit_id in schedules[name]}
            self.rows.add_row(0.0, 0.0, {**terms, unit: -1.0})

    def _add_places(self) -> None:
        visits = self.problem.protocol.visit_by_id
        for lever in self.problem.schedule_levers:
            if isinstance(lever, MoveVisits):
                for visit_id in sorted(lever.visit_ids):
                    if lever.place != visits[visit_id].place:
                        self._movers[visit_id].append(lever)
        for visit_id, levers in sorted(self._movers.items()):
            is_locked = any(key in self.locked for key in self._by_visit[visit_id])
            stays = self.places[visit_id, visits[visit_id].place] = self.rows.add_column()
            moved = [self.rows.add_column(upper=0.0 if is_locked else 1.0) for _ in levers]
            self.places.update({(visit_id, x.place): c for x, c in zip(levers, moved, strict=True)})
            self.rows.add_row(1.0, 1.0, dict.fromkeys((stays, *moved), 1.0))

    def _add_cells(self) -> None:
        levers = self.problem.schedule_levers
        droppable = {key for x in levers if isinstance(x, DropCells) for key in x.cells} - self.locked
        substitutes: dict[CellKey, list[str]] = defaultdict(list)
        for lever in (x for x in levers if isinstance(x, ReplaceMeasure)):
            for key in lever.cells:
                if key not in self.locked:
                    substitutes[key].append(lever.by)
        for key in self.problem.cells:
            self.kept[key] = self._add_kept(key, key in droppable)
            self._add_done(key, sorted(substitutes[key]))

    def _add_kept(self, key: CellKey, is_droppable: bool) -> int:
        units = () if key in self.locked else tuple(self._units[key])
        if not is_droppable and len(units) < 2:
            return units[0] if units else ALWAYS
        column = self.rows.add_column(is_whole=is_droppable)
        for unit in units:
            self.rows.add_row(0.0, INFINITY, {unit: 1.0, column: -1.0})
        if not is_droppable:
            self.rows.add_row(1.0 - len(units), INFINITY, {column: 1.0, **dict.fromkeys(units, -1.0)})
        self._implied[column] = units
        return column

    def _add_done(self, key: CellKey, substitutes: list[str]) -> None:
        """The cell's columns at each place and for each substitute; they add up to its being kept.

        Cells of a visit that are kept together and can be done at the same places share their columns.
        """
        visit_id, activity_id = key
        written, kept = self.problem.protocol.visit_by_id[visit_id].place, self.kept[key]
        possible = [m.place for m in self._movers[visit_id] if self.problem.is_possible(activity_id, m)]
        barred = [m.place for m in self._movers[visit_id] if m.place not in possible]
        alike = (visit_id, kept, tuple(possible))
        if substitutes or alike not in self._shared:
            made = self._add_places_of(visit_id, written, kept, possible, barred, bool(substitutes))
            for by in substitutes:
                self.replaced[key, by] = self.rows.add_column()
                self._replaceable.add(key)
            if substitutes:
                total = LinearSum()
                for column in (*made.values(), *(self.replaced[key, by] for by in substitutes)):
                    total.add(column)
                total.add(kept, -1.0)
                self._add_bound(total, at_least=0.0, at_most=0.0)
            else:
                self._shared[alike] = made
        else:
            made = self._shared[alike]
        self.done.update({(key, place): column for place, column in made.items()})

    def _add_places_of(
        self,
        visit_id: str,
        written: Place,
        kept: int,
        possible: list[Place],
        barred: list[Place],
        is_replaceable: bool,
    ) -> dict[Place, int]:
        """A column for each place where a cell can be done; unless replaceable they add up to `kept`."""
        if not possible and not is_replaceable:
            for place in barred:  # kept here, so not moved there
                total = LinearSum()
                for column in (kept, self.places[visit_id, place]):
                    total.add(column)
                self._add_bound(total, at_most=1.0)
            return {written: kept}
        if kept == ALWAYS and not is_replaceable:
            for place in barred:
                self.rows.add_row(0.0, 0.0, {self.places[visit_id, place]: 1.0})
            return {place: self.places[visit_id, place] for place in (written, *possible)}
        made = {place: self.rows.add_column(is_whole=False) for place in (written, *possible)}
        for place, column in made.items():
            if (visit_id, place) in self.places:
                self.rows.add_row(0.0, INFINITY, {self.places[visit_id, place]: 1.0, column: -1.0})
        if not is_replaceable:
            total = LinearSum(0.0, dict.fromkeys(made.values(), 1.0))
            total.add(kept, -1.0)
            self._add_bound(total, at_least=0.0, at_most=0.0)
        return made

    def _limit_levers(self) -> None:
        for lever in self.problem.schedule_levers:
            total = LinearSum()
            if isinstance(lever, DropCells):
                for key in lever.cells:
                    total.add(self.kept[key])
                self._add_bound(total, at_least=lever.keep_at_least)
            elif isinstance(lever, MoveVisits):
                for visit_id in lever.visit_ids:
                    if (visit_id, lever.place) in self.places and lever in self._movers[visit_id]:
                        total.add(self.places[visit_id, lever.place])
                self._add_bound(total, at_most=lever.at_most)
            elif isinstance(lever, ReplaceMeasure):
                for key in lever.cells:
                    if (key, lever.by) in self.replaced:
                        total.add(self.replaced[key, lever.by])
                self._add_bound(total, at_most=lever.at_most)

    def _add_bound(self, total: LinearSum, *, at_least: float = -INFINITY, at_most: float = INFINITY) -> int:
        return self.rows.add_row(at_least - total.constant, at_most - total.constant, total.terms)

    # When and at what burden

    def _add_dates(self) -> None:
        """Each visit of a lever that is held away from home is on one of its dates, in the written order."""
        visits = self.problem.protocol.visit_by_id
        for lever in self.problem.schedule_levers:
            if not isinstance(lever, ConsolidateDays):
                continue
            days = {v: self.problem.find_dates(visits[v], lever) for v in sorted(lever.visit_ids)}
            for visit_id, dates in days.items():
                self._add_dates_of(visit_id, dates)
            ordered = sorted(days, key=lambda v: (visits[v].calendar_day, v))
            for number, first in enumerate(ordered):
                for later in ordered[number + 1 :]:
                    if visits[first].calendar_day != visits[later].calendar_day:
                        self._keep_order(first, later, days)

    def _add_dates_of(self, visit_id: str, dates: tuple[int, ...]) -> None:
        columns = [self.rows.add_column() for _ in dates]
        self.dates.update({(visit_id, day): c for day, c in zip(dates, columns, strict=True)})
        self.rows.add_row(-INFINITY, 1.0, dict.fromkeys(columns, 1.0))
        causes = {c for key in self._by_visit[visit_id] for c in self._find_away(key)}
        for cause in sorted(self._reduce(causes)):
            total = LinearSum(0.0, dict.fromkeys(columns, 1.0))
            total.add(cause, -1.0)
            self._add_bound(total, at_least=0.0)

    def _keep_order(self, first: str, later: str, days: Mapping[str, tuple[int, ...]]) -> None:
        for border in (d for d in days[first] if d > days[later][0]):
            ahead = {self.dates[first, d]: 1.0 for d in days[first] if d >= border}
            behind = {self.dates[later, d]: 1.0 for d in days[later] if d < border}
            self.rows.add_row(-INFINITY, 1.0, {**ahead, **behind})

    def _reduce(self, causes: Iterable[int]) -> frozenset[int]:
        """The causes without those that cannot be 1 unless another of them is."""
        held = frozenset(causes)
        if ALWAYS in held:
            return frozenset((ALWAYS,))
        return frozenset(c for c in held if not held.intersection(self._implied.get(c, ())))

    def _gather_lines(self) -> dict[str, LinearSum]:
        """Each dimension's burden as a sum over columns; lines of the same causes share one column."""
        amounts: dict[tuple[str, frozenset[int]], list[float]] = defaultdict(list)
        found: dict[tuple[object, ...], frozenset[int]] = {}
        for line in dict.fromkeys(self.problem.lines):
            if line.dimension not in self._wanted or line.cause == "unscheduled":
                continue
            where = (line.cause == "day", line.visit_id, line.calendar_day, line.place, line.activity_ids)
            if (*where, line.day_cells) not in found:
                found[*where, line.day_cells] = self._reduce(self._find_causes(line))
            amounts[line.dimension, found[*where, line.day_cells]].append(
                compute_amount(line, self.problem.evidence)
            )
        sums = {name: LinearSum() for name in sorted(self._wanted)}
        for (name, causes), held in sorted(
            amounts.items(), key=lambda item: (item[0][0], sorted(item[0][1]))
        ):
            amount = math.fsum(sorted(held))
            if causes and amount:
                sums[name].add(self._show(causes), amount)
        return sums

    def _show(self, causes: frozenset[int]) -> int:
        """The column of what appears with any of the causes."""
        if len(causes) == 1:
            return next(iter(causes))
        if causes not in self._shown:
            column = self._shown[causes] = self.rows.add_column(is_whole=False)
            for cause in sorted(causes):
                self.rows.add_row(0.0, INFINITY, {column: 1.0, cause: -1.0})
        return self._shown[causes]

    def _find_causes(self, line: BurdenLine) -> Iterable[int]:
        """The columns any of which brings the line about."""
        if line.cause == "day":
            yield from self._find_day_causes(line)
            return
        assert line.visit_id is not None  # only dates and unscheduled visits have none
        for key in self._by_visit[line.visit_id]:
            if (key, line.place) in self.done and (not line.activity_ids or key[1] in line.activity_ids):
                yield self.done[key, line.place]
        for by in line.activity_ids if line.place is Place.HOME else ():
            for key in self._by_visit[line.visit_id]:
                if (key, by) in self.replaced:
                    yield self.replaced[key, by]

    def _find_day_causes(self, line: BurdenLine) -> Iterable[int]:
        if line.day_cells:
            cells: Iterable[CellKey] = line.day_cells
        elif line.visit_id is not None:
            cells = self._by_visit[line.visit_id]
        else:
            day = line.calendar_day
            yield from (column for (_, date), column in self.dates.items() if date == day)
            dated = {visit_id for visit_id, _ in self.dates}
            here = [v.id for v in self.problem.protocol.visits if v.calendar_day == day and v.id not in dated]
            cells = [key for visit_id in here for key in self._by_visit[visit_id]]
        for key in cells:
            yield from self._find_away(key)

    def _find_away(self, key: CellKey) -> Iterable[int]:
        """The column of a cell's being done away from home, wherever; none where it never is."""
        places = [place for place in Place if (key, place) in self.done]
        columns = tuple(sorted(self.done[key, place] for place in places if place in AWAY))
        if len(columns) < 2:
            return columns
        if len(columns) == len(places) and key not in self._replaceable:
            return (self.kept[key],)
        if columns not in self._away:
            column = self._away[columns] = self.rows.add_column(is_whole=False)
            self.rows.add_row(0.0, 0.0, {column: -1.0, **dict.fromkeys(columns, 1.0)})
        return (self._away[columns],)

    # What must hold

    def _add_endpoints(self) -> LinearSum:
        """Σ weight × retained, each retained only while enough of its cells are kept."""
        retained = LinearSum()
        for need in sorted(self.problem.endpoints, key=lambda need: need.endpoint_id):
            total = LinearSum()
            for key in sorted(set(need.cells)):
                total.add(self.kept[key])
            if need.is_required:
                self._add_bound(total, at_least=need.keep_at_least)
            if need.is_required or total.constant >= need.keep_at_least:
                retained.constant += need.weight
                continue
            column = self.rows.add_column()
            total.add(column, -need.keep_at_least)
            self._add_bound(total, at_least=0.0)
            retained.add(column, need.weight)
            self._retained.append((column, need))
        return retained

    def _add_limits(self) -> None:
        self.losses = {budget.name: LinearSum() for budget in self.problem.budgets}
        for budget in self.problem.budgets:
            total = self.losses[budget.name]
            for key, loss in sorted(budget.dropped.items()):
                total.constant += loss
                total.add(self.kept[key], -loss)
            for key, loss in sorted(budget.replaced.items()):
                for (other, _), column in self.replaced.items():
                    if other == key:
                        total.add(column, loss)
            for key, loss in sorted(budget.moved.items()):
                written = self.problem.protocol.visit_by_id[key[0]].place
                for (other, place), column in self.done.items():
                    if other == key and place != written:
                        total.add(column, loss)
            self._add_bound(total, at_most=budget.at_most)
        for limit in self.problem.limits:
            self._add_bound(self.weigh(limit.weights), at_most=limit.at_most)

    def weigh(self, weights: Mapping[str, float]) -> LinearSum:
        """Σ weight × burden of the dimension."""
        total = LinearSum()
        for name, weight in sorted(weights.items()):
            held = self.amounts.get(name) if weight else None
            if held:
                total.constant += weight * held.constant
                for column, amount in held.terms.items():
                    total.add(column, weight * amount)
        return total

    def count_kept(self) -> LinearSum:
        """The number of optional cells kept."""
        total = LinearSum()
        for key in sorted(self.problem.optional_cells):
            total.add(self.kept[key])
        return total

    def count_changes(self) -> LinearSum:
        """How many things differ from the protocol as written."""
        total = LinearSum()
        for key in self.problem.cells:
            total.add(self.kept[key], -1.0)
        for column in self.replaced.values():
            total.add(column, 1.0)
        visits = self.problem.protocol.visit_by_id
        for (visit_id, place), column in self.places.items():
            if place != visits[visit_id].place:
                total.add(column, 1.0)
        for (visit_id, day), column in self.dates.items():
            if day != visits[visit_id].calendar_day:
                total.add(column, 1.0)
        return total

    def settle(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """The columns as whole numbers; what may float (dates, lines, endpoints) as its causes have it."""
        settled = np.round(columns)
        away = {key[0] for (key, place), c in self.done.items() if place in AWAY and (c < 0 or settled[c])}
        for (visit_id, _), column in self.dates.items():
            if visit_id not in away:
                settled[column] = 0.0
        for causes, column in self._shown.items():
            settled[column] = float(any(settled[cause] for cause in causes))
        for column, need in self._retained:
            held = sum(self.kept[key] < 0 or settled[self.kept[key]] for key in set(need.cells))
            settled[column] = float(held >= need.keep_at_least)
        return settled


def _find_weighed(problem: ScheduleProblem) -> set[str]:
    """The dimensions that the objective or a limit counts."""
    weights = (problem.weights, *(limit.weights for limit in problem.limits))
    return {name for held in weights for name, weight in held.items() if weight}


def _get_name(record: object) -> str:
    return getattr(record, "name", "")

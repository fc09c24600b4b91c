"""The schedule that asks least under what the study allows, with a certificate.

Burden is a sum of lines, each of which appears as soon as one of its cells is done at its place.
With a 0/1 variable for each cell and place and a variable for each line that is at least as large
as each of its causes, the least burden is a mixed-integer linear programme, solved by HiGHS
(Huangfu & Hall 2018) to a relative gap of 0.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import highspy

from unburden.domain.burden import BurdenLine, Evidence, compute_amount
from unburden.domain.errors import InfeasibleSearch, Problems
from unburden.domain.frontier import Change, DropCells, Lever, MoveVisits, Proof
from unburden.domain.protocol import Cell, Place, Protocol

CellKey = tuple[str, str]
Placed = tuple[CellKey, Place]


@dataclass(frozen=True)
class ScheduleProblem:
    """What may change and what it costs.

    `lines` are those of every place at which a visit may be held: the schedule as written and
    the schedule with every movable visit moved; a line that stands in both counts once. Only
    lines whose dimension is in `weights` cost anything: times × evidence value × weight.
    `place_bound` names activities that must stay at the place where they are written.
    """

    protocol: Protocol
    levers: tuple[Lever, ...]
    lines: tuple[BurdenLine, ...]
    evidence: Mapping[str, Evidence]
    weights: Mapping[str, float]
    place_bound: frozenset[str]


@dataclass(frozen=True)
class ScheduleSolution:
    """A schedule with its burden, the changes that lead to it, and the solver's certificate."""

    changes: tuple[Change, ...]
    burden: float
    cells_kept: int
    proof: Proof


def check_levers(problem: ScheduleProblem) -> None:
    """Raise `InfeasibleSearch` where a lever names what is not there, or what no schedule can keep."""
    problems = Problems("levers")
    cells = {cell.key for cell in problem.protocol.cells}
    owner: dict[object, str] = {}
    for lever in problem.levers:
        named = lever.cells if isinstance(lever, DropCells) else lever.visit_ids
        known = cells if isinstance(lever, DropCells) else problem.protocol.visit_by_id.keys()
        for item in named:
            problems.check(item in known, f"lever {lever.name!r} names {item!r}, which the protocol lacks")
            other = owner.setdefault(item, lever.name)
            problems.check(
                other == lever.name, f"{item!r} stands in two levers, {other!r} and {lever.name!r}"
            )
        limit = lever.keep_at_least if isinstance(lever, DropCells) else lever.at_most
        problems.check(
            0 <= limit <= len(named),
            f"lever {lever.name!r} has the limit {limit}; give a number from 0 to {len(named)}",
        )
    problems.raise_if_any(InfeasibleSearch)


def search_schedule(problem: ScheduleProblem, *, keep_at_least: int = 0) -> ScheduleSolution:
    """The schedule of least burden that keeps at least this many of the optional cells.

    Raises `InfeasibleSearch` where none exists, saying which limits were set.
    """
    check_levers(problem)
    programme = _Programme(problem)
    programme.limit_levers(keep_at_least)
    programme.minimise_lines()
    if programme.model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        limits = ", ".join(repr(lever.name) for lever in problem.levers)
        told = f"no schedule keeps {keep_at_least} optional cells within the levers {limits}"
        raise InfeasibleSearch("schedule", [f"{told} ({programme.status}); ask for fewer"])
    return programme.read_solution()


def search_schedule_front(problem: ScheduleProblem) -> tuple[ScheduleSolution, ...]:
    """The least burden for each number of optional cells kept; only schedules that none beats."""
    check_levers(problem)
    most = sum(len(lever.cells) for lever in problem.levers if isinstance(lever, DropCells))
    front: list[ScheduleSolution] = []
    wanted = 0
    while wanted <= most:
        solution = search_schedule(problem, keep_at_least=wanted)
        while front and front[-1].burden >= solution.burden - 1e-9:
            front.pop()
        front.append(solution)
        wanted = solution.cells_kept + 1
    return tuple(front)


class _Programme:
    """The mixed-integer programme of one problem, its variables by cell and place."""

    def __init__(self, problem: ScheduleProblem) -> None:
        self.problem = problem
        self.model = highspy.Highs()
        self.model.silent()
        for option, value in (("mip_rel_gap", 0.0), ("mip_abs_gap", 0.0)):
            self.model.setOptionValue(option, value)
        movers = [lever for lever in problem.levers if isinstance(lever, MoveVisits)]
        droppers = [lever for lever in problem.levers if isinstance(lever, DropCells)]
        self.mover = {visit_id: lever for lever in movers for visit_id in lever.visit_ids}
        self.dropper = {key: lever for lever in droppers for key in lever.cells}
        self.moves = {visit_id: self.model.addBinary() for visit_id in self.mover}
        self.placed: dict[Placed, Any] = {}
        for cell in problem.protocol.cells:
            self._add_cell(cell)

    @property
    def status(self) -> str:
        return self.model.modelStatusToString(self.model.getModelStatus())

    def _add_cell(self, cell: Cell) -> None:
        visit = self.problem.protocol.visit_by_id[cell.visit_id]
        stays: Any = self.model.addBinary()
        self.placed[cell.key, visit.place] = total = stays
        if cell.visit_id in self.moves:
            move = self.moves[cell.visit_id]
            away = self.model.addBinary()
            self.placed[cell.key, self.mover[cell.visit_id].place] = away
            self.model.addConstr(away <= move)
            self.model.addConstr(stays + move <= 1)
            if cell.activity_id in self.problem.place_bound:
                self.model.addConstr(away <= 0)
            total = stays + away
        self.model.addConstr(total <= 1 if cell.key in self.dropper else total == 1)

    def _count_kept(self, keys: Iterable[CellKey]) -> Any:
        wanted = set(keys)
        return sum(variable for (key, _), variable in self.placed.items() if key in wanted)

    def limit_levers(self, keep_at_least: int) -> None:
        """Hold every lever to its limit, and keep at least so many optional cells in all."""
        for lever in self.problem.levers:
            if isinstance(lever, DropCells) and lever.cells:
                self.model.addConstr(self._count_kept(lever.cells) >= lever.keep_at_least)
            elif isinstance(lever, MoveVisits) and lever.visit_ids:
                self.model.addConstr(self.model.qsum(self.moves[v] for v in lever.visit_ids) <= lever.at_most)
        if self.dropper and keep_at_least:
            self.model.addConstr(self._count_kept(self.dropper) >= keep_at_least)

    def minimise_lines(self) -> None:
        """Solve for the least weighted sum of the lines that appear."""
        problem = self.problem
        objective = 0.0 * self.model.addVariable(lb=0, ub=0)
        for line in dict.fromkeys(problem.lines):
            cost = compute_amount(line, problem.evidence) * problem.weights.get(line.dimension, 0.0)
            if cost == 0 or line.cause == "unscheduled":
                continue
            shown: Any = self.model.addVariable(lb=0, ub=1)
            for cause in _find_causes(problem.protocol, line, self.placed):
                self.model.addConstr(shown >= cause)
            objective = objective + cost * shown
        self.model.minimize(objective)

    def read_solution(self) -> ScheduleSolution:
        """The schedule found, with the bound that certifies it."""
        done = {placed for placed, variable in self.placed.items() if self.model.val(variable) > 0.5}
        kept = {key for key, _ in done}
        away = {key[0] for key, place in done if key[0] in self.mover and place == self.mover[key[0]].place}
        drops = [
            Change("drop-cell", lever.name, *key) for key, lever in self.dropper.items() if key not in kept
        ]
        moves = [
            Change("move-visit", lever.name, visit_id, place=lever.place)
            for visit_id, lever in self.mover.items()
            if visit_id in away
        ]
        info = self.model.getInfo()
        value = info.objective_function_value
        bound = info.mip_dual_bound
        return ScheduleSolution(
            changes=(*drops, *moves),
            burden=value,
            cells_kept=sum(key in kept for key in self.dropper),
            proof=Proof(
                f"HiGHS {self.model.version()}",
                self.status,
                value,
                bound,
                abs(value - bound) / max(1.0, abs(value)),
            ),
        )


def _find_causes(protocol: Protocol, line: BurdenLine, placed: Mapping[Placed, Any]) -> Sequence[Any]:
    """The cell variables any of which brings the line about."""
    if line.cause == "day":
        days = {v.id: v.calendar_day for v in protocol.visits}
        at_site = (Place.SITE, Place.LOCAL)
        return [
            variable
            for ((visit_id, activity_id), place), variable in placed.items()
            if place in at_site and _falls_on(visit_id, activity_id, line, days)
        ]
    return [
        variable
        for ((visit_id, activity_id), place), variable in placed.items()
        if visit_id == line.visit_id
        and place == line.place
        and (not line.activity_ids or activity_id in line.activity_ids)
    ]


def _falls_on(visit_id: str, activity_id: str, line: BurdenLine, days: Mapping[str, int | None]) -> bool:
    """Whether a cell is one of those that bring about a line of a date."""
    if line.day_cells:
        return (visit_id, activity_id) in line.day_cells
    return days[visit_id] == line.calendar_day if line.visit_id is None else visit_id == line.visit_id

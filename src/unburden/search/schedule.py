"""The schedule that asks least under what the study allows, with a certificate.

Burden is a sum of lines, each of which appears as soon as one of its cells is done at its place.
With a 0/1 variable for each cell and place and a variable for each line that is at least as large
as each of its causes, the least burden is a mixed-integer linear programme, solved by HiGHS
(Huangfu & Hall 2018) to a relative gap of 0.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import highspy

from unburden.domain.burden import BurdenLine, Evidence
from unburden.domain.errors import InfeasibleSearch, Problems
from unburden.domain.frontier import Change, DropCells, Lever, MoveVisits, Proof
from unburden.domain.protocol import Place, Protocol

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
            problems.check(other == lever.name, f"{item!r} stands in two levers, {other!r} and {lever.name!r}")
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
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("mip_rel_gap", 0.0)
    model.setOptionValue("mip_abs_gap", 0.0)
    moved = {v: lever for lever in problem.levers if isinstance(lever, MoveVisits) for v in lever.visit_ids}
    optional = {c: lever for lever in problem.levers if isinstance(lever, DropCells) for c in lever.cells}
    moves = {visit_id: model.addBinary() for visit_id in moved}
    placed = _add_cells(model, problem, moves, moved, optional)
    _add_limits(model, problem, moves, placed, optional, keep_at_least)
    objective = _add_lines(model, problem, placed)
    model.minimize(objective)
    status = model.modelStatusToString(model.getModelStatus())
    if model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        limits = ", ".join(f"{lever.name!r}" for lever in problem.levers)
        raise InfeasibleSearch(
            "schedule",
            [f"no schedule keeps {keep_at_least} optional cells within the levers {limits} ({status}); ask for fewer"],
        )
    return _read_solution(model, status, moves, moved, placed, optional)


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


def _add_cells(model, problem, moves, moved, optional) -> dict[Placed, object]:
    placed: dict[Placed, object] = {}
    for cell in problem.protocol.cells:
        home = problem.protocol.visit_by_id[cell.visit_id].place
        stays = model.addBinary()
        placed[cell.key, home] = stays
        total = stays
        if cell.visit_id in moves:
            away = model.addBinary()
            placed[cell.key, moved[cell.visit_id].place] = away
            model.addConstr(away <= moves[cell.visit_id])
            model.addConstr(stays + moves[cell.visit_id] <= 1)
            total = stays + away
            if cell.activity_id in problem.place_bound:
                model.addConstr(away <= 0)
        if cell.key in optional:
            model.addConstr(total <= 1)
        else:
            model.addConstr(total == 1)
    return placed


def _add_limits(model, problem, moves, placed, optional, keep_at_least: int) -> None:
    def kept(keys: Iterable[CellKey]):
        return sum(variable for (key, _), variable in placed.items() if key in set(keys))

    for lever in problem.levers:
        if isinstance(lever, DropCells):
            if lever.cells:
                model.addConstr(kept(lever.cells) >= lever.keep_at_least)
        elif lever.visit_ids:
            model.addConstr(sum(moves[v] for v in lever.visit_ids) <= lever.at_most)
    if optional and keep_at_least:
        model.addConstr(kept(optional) >= keep_at_least)


def _add_lines(model, problem, placed):
    objective = 0.0 * model.addVariable(lb=0, ub=0)
    for line in dict.fromkeys(problem.lines):
        cost = line.times * problem.evidence[line.evidence_id].value * problem.weights.get(line.dimension, 0.0)
        if cost == 0:
            continue
        causes = _find_causes(problem.protocol, line, placed)
        shown = model.addVariable(lb=0, ub=1)
        for cause in causes:
            model.addConstr(shown >= cause)
        objective = objective + cost * shown
    return objective


def _find_causes(protocol: Protocol, line: BurdenLine, placed: Mapping[Placed, object]) -> Sequence[object]:
    """The cell variables any of which brings the line about."""
    if line.cause == "day":
        days = {v.id: v.calendar_day for v in protocol.visits}
        at_site = (Place.SITE, Place.LOCAL)
        return [
            variable
            for ((visit_id, _), place), variable in placed.items()
            if place in at_site
            and (days[visit_id] == line.calendar_day if line.visit_id is None else visit_id == line.visit_id)
        ]
    return [
        variable
        for ((visit_id, activity_id), place), variable in placed.items()
        if visit_id == line.visit_id
        and place == line.place
        and (not line.activity_ids or activity_id in line.activity_ids)
    ]


def _read_solution(model, status, moves, moved, placed, optional) -> ScheduleSolution:
    is_set = {key: model.variableValue(variable) > 0.5 for key, variable in placed.items()}
    kept = {key for (key, _), value in is_set.items() if value}
    dropped = [key for key in optional if key not in kept]
    used = {key[0] for (key, place), value in is_set.items() if value and _is_away(key, place, moved)}
    changes = [Change("drop-cell", optional[key].name, key[0], key[1]) for key in dropped]
    changes += [
        Change("move-visit", moved[visit_id].name, visit_id, place=moved[visit_id].place)
        for visit_id in moves
        if visit_id in used
    ]
    info = model.getInfo()
    value = info.objective_function_value
    bound = info.mip_dual_bound if moves or optional else value
    gap = abs(value - bound) / max(1e-12, abs(value)) if value else 0.0
    return ScheduleSolution(
        changes=tuple(changes),
        burden=value,
        cells_kept=sum(key in kept for key in optional),
        proof=Proof(f"HiGHS {model.version()}", status, value, bound, gap),
    )


def _is_away(key: CellKey, place: Place, moved: Mapping[str, MoveVisits]) -> bool:
    return key[0] in moved and place == moved[key[0]].place

"""One programme of a schedule, solved under floors to a proven optimum.

The least burden is a mixed-integer linear programme (`search.programme`), solved by HiGHS (Huangfu &
Hall 2018) to a gap of 0. Where the information of a series of cells is known only subset by subset,
the programme starts without it. As long as its best schedule holds too little, the kept subset is
grown to a largest one that still holds too little, and a row asks for a cell beyond it. Information
never falls when a cell is added, so that every subset which such a row takes away holds too little too
(Balas & Jeroslow 1972, canonical cuts): the first schedule that passes is the best of all.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import highspy
import numpy as np
from numpy.typing import NDArray

from unburden.domain.burden import UNIT_BY_DIMENSION
from unburden.domain.errors import InfeasibleSearch
from unburden.domain.frontier import Proof
from unburden.domain.levers import CellKey, Change
from unburden.domain.schedule_limits import SeriesInformation
from unburden.search.problem import ScheduleProblem, check_problem
from unburden.search.programme import LinearSum, Programme
from unburden.search.reading import read_changes
from unburden.search.rows import INFINITY, TOLERANCE, add_cover, set_costs, solve

ASSESSMENTS, ENDPOINTS = "assessments_kept", "endpoints_retained"

BURDEN_PREFIX = "burden:"

SIMPLIFYING_NODES = 1
"""Nodes spent on fewer changes among equals, where proof would take longer than the optimum itself."""


@dataclass(frozen=True)
class ScheduleSolution:
    """A schedule with its burden, the changes that lead to it, and the solver's certificate.

    `cells_kept` counts those of the `cells_optional` optional cells that are measured. `values` hold
    what it keeps by the name of each objective of `search_front`: more is better.
    """

    changes: tuple[Change, ...]
    burden: float
    cells_kept: int
    proof: Proof
    cells_optional: int = 0
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """Columns of an optimum, its value and the bound that certifies it."""

    columns: NDArray[np.float64]
    bound: float
    cuts: int


def name_objectives(problem: ScheduleProblem) -> tuple[str, ...]:
    """What a front of the problem may hold beside burden."""
    told = tuple(x.name for held in (problem.budgets, problem.series) for x in held)
    return (ASSESSMENTS, ENDPOINTS, *told, *(BURDEN_PREFIX + name for name in UNIT_BY_DIMENSION))


class ScheduleSearch:
    """One programme, solved again and again with other floors under its objectives."""

    def __init__(self, problem: ScheduleProblem, objectives: Sequence[str] = ()) -> None:
        check_problem(problem)
        self.problem = problem
        beside = tuple(x.removeprefix(BURDEN_PREFIX) for x in objectives if x.startswith(BURDEN_PREFIX))
        self.programme = programme = Programme(problem, beside)
        self.cost = programme.weigh(problem.weights)
        self.sums = self._gather_objectives()
        rows, free = programme.rows, (-INFINITY, INFINITY)
        self._row_by_name = {name: rows.add_row(*free, total.terms) for name, total in self.sums.items()}
        self._cost_row = rows.add_row(*free, self.cost.terms)
        if not rows.lower:
            rows.add_column(upper=0.0)
        self._series = {series.name: series for series in problem.series}
        self._cuts: dict[str, dict[frozenset[CellKey], tuple[int, float]]] = {n: {} for n in self._series}
        self._measured: dict[tuple[str, frozenset[CellKey]], float] = {}
        self._rows = len(rows.row_lower)
        self.solver: highspy.Highs = rows.make_solver()
        self.last: NDArray[np.float64] | None = None

    def _gather_objectives(self) -> dict[str, LinearSum]:
        """What a schedule may keep, each as a sum over columns."""
        sums = {ASSESSMENTS: self.programme.count_kept(), ENDPOINTS: self.programme.endpoints}
        for name, loss in self.programme.losses.items():
            sums[name] = LinearSum(-loss.constant, {c: -x for c, x in loss.terms.items()})
        for dimension, total in self.programme.amounts.items():
            negative = {c: -x for c, x in total.terms.items()}
            sums[BURDEN_PREFIX + dimension] = LinearSum(-total.constant, negative)
        return sums

    def step_above(self, name: str, value: float) -> float:
        """The least floor under an objective that leaves this value out."""
        total = self.sums.get(name)
        if total is not None and all(x == round(x) for x in (total.constant, *total.terms.values())):
            return round(value) + 1.0
        return value + TOLERANCE * max(1.0, abs(value))

    def bound_above(self, name: str) -> float:
        """A value of an objective that no schedule exceeds."""
        if name in self._series:
            return self._measure(self._series[name], frozenset(self._series[name].cells))
        return self.sums[name].constant + math.fsum(max(0.0, x) for x in self.sums[name].terms.values())

    def find_burden(self, columns: NDArray[np.float64]) -> float:
        """The burden of a schedule found."""
        return sum_up(self.cost, columns)

    # Solving

    def find_best(self, floors: Mapping[str, float]) -> Found | None:
        """The least burden with every objective at its floor or above; None where there is none."""
        self._set_floors(floors)
        set_costs(self.solver, len(self.programme.rows.lower), self.cost.terms)
        columns = self._solve_with_cuts(floors, self.last)
        if columns is None:
            return None
        self.last = columns
        return Found(columns, self._read_bound() + self.cost.constant, self._count_cuts())

    def simplify(self, found: Found) -> Found:
        """As good a schedule in every objective, with as few changes as a short search finds."""
        state = read_changes(self.programme, found.columns)
        values = self.measure(found.columns)
        self._set_floors(
            {name: value - TOLERANCE * max(1.0, abs(value)) / 10 for name, value in values.items()}
        )
        cost = sum_up(self.cost, found.columns)
        slack = TOLERANCE * max(1.0, abs(cost)) / 100
        self.solver.changeRowBounds(self._cost_row, -INFINITY, cost - self.cost.constant + slack)
        set_costs(self.solver, len(self.programme.rows.lower), self.programme.count_changes().terms)
        columns = self._solve_with_cuts(values, found.columns, most_nodes=SIMPLIFYING_NODES)
        self.solver.changeRowBounds(self._cost_row, -INFINITY, INFINITY)
        if columns is None or len(read_changes(self.programme, columns)) > len(state):
            return found
        return Found(columns, found.bound, found.cuts)

    def _set_floors(self, floors: Mapping[str, float]) -> None:
        for name, row in self._row_by_name.items():
            floor = floors.get(name, -INFINITY) - self.sums[name].constant
            self.solver.changeRowBounds(row, floor, INFINITY)
        for name, cuts in self._cuts.items():
            least = self._find_least(name, floors)
            for row, most in cuts.values():
                holds = most < least
                self.solver.changeRowBounds(row, 1.0 if holds else -INFINITY, INFINITY)

    def _find_least(self, name: str, floors: Mapping[str, float]) -> float:
        return max(self._series[name].at_least, floors.get(name, 0.0)) - TOLERANCE / 1000

    def _solve_with_cuts(
        self,
        floors: Mapping[str, float],
        start: NDArray[np.float64] | None,
        most_nodes: int | None = None,
    ) -> NDArray[np.float64] | None:
        """The optimum whose series all hold enough; each round takes away subsets that do not."""
        while True:
            solved = solve(self.solver, start, most_nodes=most_nodes)
            if solved is None:
                return None
            columns = self.programme.settle(solved)
            kept = self._find_kept(columns)
            lacking = [
                series
                for name, series in self._series.items()
                if self._measure(series, kept) < self._find_least(name, floors)
            ]
            if not lacking:
                return columns
            for series in lacking:
                if not self._cut(series, kept, self._find_least(series.name, floors)):
                    return None

    def _cut(self, series: SeriesInformation, kept: frozenset[CellKey], least: float) -> bool:
        """Add rows against the kept subset; False where even the whole series holds too little."""
        order = sorted(set(series.cells))
        if self._measure(series, frozenset(order)) < least:
            return False
        for cells in (order, order[::-1]):
            grown = set(kept.intersection(order))
            for key in cells:
                if key not in grown and self._measure(series, frozenset(grown | {key})) < least:
                    grown.add(key)
            most = frozenset(grown)
            if most not in self._cuts[series.name]:
                beyond = {self.programme.kept[key] for key in order if key not in most}
                add_cover(self.solver, beyond)
                self._cuts[series.name][most] = (self._rows, self._measure(series, most))
                self._rows += 1
        return True

    def _measure(self, series: SeriesInformation, kept: frozenset[CellKey]) -> float:
        """The information of the kept cells; raises `InfeasibleSearch` where all of them hold less."""
        held = kept.intersection(series.cells)
        known = self._measured
        if (series.name, held) in known:
            return known[series.name, held]
        value = known[series.name, held] = float(series.measure(held))
        whole = (
            value if len(held) == len(set(series.cells)) else self._measure(series, frozenset(series.cells))
        )
        if value > whole + TOLERANCE:
            told = (
                f"information {series.name!r} is {value:g} with {len(held)} cells but {whole:g} with all; "
                "give a measure that never falls when a cell is added"
            )
            raise InfeasibleSearch("schedule", [told])
        return value

    def _find_kept(self, columns: NDArray[np.float64]) -> frozenset[CellKey]:
        return frozenset(k for k, c in self.programme.kept.items() if c < 0 or columns[c] > 0.5)

    def _read_bound(self) -> float:
        info = self.solver.getInfo()
        is_mixed = any(self.programme.rows.is_whole)
        return info.mip_dual_bound if is_mixed else info.objective_function_value

    def _count_cuts(self) -> int:
        return sum(len(cuts) for cuts in self._cuts.values())

    # Reading

    def measure(self, columns: NDArray[np.float64]) -> dict[str, float]:
        """What a schedule keeps, by objective: the endpoints counted afresh from its cells."""
        kept = self._find_kept(columns)
        values = {name: sum_up(total, columns) for name, total in self.sums.items()}
        values[ENDPOINTS] = sum(
            need.weight
            for need in sorted(self.problem.endpoints, key=lambda need: need.endpoint_id)
            if len(kept.intersection(need.cells)) >= need.keep_at_least
        )
        for name, series in self._series.items():
            values[name] = self._measure(series, kept)
        return values

    def read(self, found: Found) -> ScheduleSolution:
        """The schedule found, with the bound that certifies it."""
        value = sum_up(self.cost, found.columns)
        bound = min(found.bound, value)
        values = self.measure(found.columns)
        return ScheduleSolution(
            changes=read_changes(self.programme, found.columns),
            burden=value,
            cells_kept=round(values[ASSESSMENTS]),
            proof=Proof(
                solver=f"HiGHS {self.solver.version()}",
                status="Optimal",
                value=value,
                bound=bound,
                gap=abs(value - bound) / max(1.0, abs(value)),
                cuts=found.cuts,
            ),
            cells_optional=len(self.problem.optional_cells),
            values=values,
        )


def sum_up(total: LinearSum, columns: NDArray[np.float64]) -> float:
    """The sum at these columns."""
    return total.constant + math.fsum(x * float(columns[c]) for c, x in total.terms.items())

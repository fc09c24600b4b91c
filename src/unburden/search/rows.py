"""A linear programme with whole numbers, gathered column by column and row by row, solved by HiGHS."""

from collections.abc import Iterable, Mapping

import highspy
import numpy as np
from numpy.typing import NDArray

INFINITY = highspy.kHighsInf

MOST_NODES = 2**31 - 1

TOLERANCE = 1e-6
"""Values closer than this count as equal; the solver keeps rows to a thousandth of it."""


class Rows:
    """Columns and rows of a programme."""

    def __init__(self) -> None:
        self.lower: list[float] = []
        self.upper: list[float] = []
        self.is_whole: list[bool] = []
        self.row_lower: list[float] = []
        self.row_upper: list[float] = []
        self.starts: list[int] = []
        self.indices: list[int] = []
        self.values: list[float] = []

    def add_column(self, lower: float = 0.0, upper: float = 1.0, *, is_whole: bool = True) -> int:
        """A new variable's number."""
        self.lower.append(lower)
        self.upper.append(upper)
        self.is_whole.append(is_whole)
        return len(self.lower) - 1

    def add_row(self, lower: float, upper: float, terms: Mapping[int, float]) -> int:
        """A new row's number: lower <= Σ terms <= upper."""
        self.row_lower.append(lower)
        self.row_upper.append(upper)
        self.starts.append(len(self.indices))
        self.indices.extend(terms)
        self.values.extend(terms.values())
        return len(self.row_lower) - 1

    def make_solver(self) -> highspy.Highs:
        """HiGHS with these rows, asked for a gap of 0 on one thread."""
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(self.lower), len(self.row_lower)
        model.col_cost_ = np.zeros(len(self.lower))
        model.col_lower_, model.col_upper_ = self.lower, self.upper
        model.row_lower_, model.row_upper_ = self.row_lower, self.row_upper
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = [*self.starts, len(self.indices)]
        model.a_matrix_.index_, model.a_matrix_.value_ = self.indices, self.values
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        model.integrality_ = [kinds[is_whole] for is_whole in self.is_whole]
        solver = highspy.Highs()
        solver.silent()
        options = {
            "mip_rel_gap": 0.0,
            "mip_abs_gap": 0.0,
            "mip_feasibility_tolerance": TOLERANCE / 1000,
            "primal_feasibility_tolerance": TOLERANCE / 1000,
            "threads": 1,
            "random_seed": 0,
            "mip_allow_restart": False,  # the root is nearly tight, so that these only take time
            "mip_heuristic_run_rins": False,
            "mip_heuristic_run_rens": False,
            "mip_heuristic_run_root_reduced_cost": False,
        }
        for option, value in options.items():
            solver.setOptionValue(option, value)
        solver.passModel(model)
        return solver


def solve(
    solver: highspy.Highs, start: NDArray[np.float64] | None, *, most_nodes: int | None = None
) -> NDArray[np.float64] | None:
    """The best columns, or None where no columns fit the rows; `start` is a guess, used if it fits.

    With `most_nodes` the best columns that were found within so many nodes, None if none were. Raises
    `RuntimeError` where the solver ends otherwise: that is a defect, never an answer.
    """
    if start is not None:
        guess = highspy.HighsSolution()
        guess.col_value = list(start)
        solver.setSolution(guess)
    solver.setOptionValue("mip_max_nodes", MOST_NODES if most_nodes is None else most_nodes)
    solver.run()
    status = solver.getModelStatus()
    if most_nodes is not None and status == highspy.HighsModelStatus.kSolutionLimit:
        has_found = solver.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        return np.array(solver.getSolution().col_value) if has_found else None
    if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
        return None
    if status != highspy.HighsModelStatus.kOptimal:
        raise RuntimeError(f"HiGHS ended with {solver.modelStatusToString(status)!r}")
    return np.array(solver.getSolution().col_value)


def set_costs(solver: highspy.Highs, count: int, costs: Mapping[int, float]) -> None:
    """Minimise Σ costs × columns."""
    held = np.zeros(count)
    for column, cost in costs.items():
        held[column] = cost
    solver.changeColsCost(count, np.arange(count, dtype=np.int32), held)


def add_cover(solver: highspy.Highs, columns: Iterable[int]) -> None:
    """At least one of these 0/1 columns is 1."""
    held = sorted(columns)
    solver.addRow(1.0, INFINITY, len(held), np.array(held, dtype=np.int32), np.ones(len(held)))

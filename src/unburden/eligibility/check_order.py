"""In which order to check criteria, so that patients who fail go through least."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unburden.domain.burden import PATIENT_MINUTES, TIME_DIMENSIONS, UNIT_BY_DIMENSION
from unburden.domain.errors import InvalidCriterion, Problems
from unburden.domain.estimate import Estimate, exact
from unburden.domain.passing import PassingTable
from unburden.domain.screening import CheckOrder, CheckStep, ScreeningCheck, ScreeningProcedure
from unburden.eligibility.amounts import add_estimates, multiply_estimates
from unburden.eligibility.proportions import estimate_share
from unburden.eligibility.set_counts import MOST_ENUMERATED, check_enumerable, derive_set_counts

Z_95 = 1.959963984540054
_EXACT = "least of all orders, by dynamic programming over every set of criteria on these patients"
_GREEDY = (
    "greedy: next the criterion that costs least for each patient whom it stops; at most 4 times the least "
    "where no procedure serves two criteria (Munagala et al. 2005)"
)


@dataclass(frozen=True, eq=False)
class SetCosts:
    """What checking each set of criteria asks of a patient screened, in its best order.

    Of shape (2**k,), bit c of the index says that criterion c is in force. `last` is the criterion
    checked last, -1 for the empty set and where `after` allows no order. `low` and `high` are those
    of the procedures' amounts.
    """

    values: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    last: NDArray[np.int64]


def search_check_order(
    table: PassingTable,
    procedures: Iterable[ScreeningProcedure],
    checks: Iterable[ScreeningCheck],
    *,
    minimise: str,
) -> CheckOrder:
    """The order of checking that asks least of a patient screened, who stops at the first failure.

    A procedure is done once, when the first criterion that needs it is reached; a criterion comes
    after those that its check names. Up to 20 criteria the order is the best of all on the patients'
    joint data, since the cost of checking j after the set S is the share that passes S times what j
    adds, whatever the order within S. For independent criteria without shared procedures it is that
    of the least cost over failing share (Mitten 1960, Management Science 6). Beyond, a greedy order.

    `minimise` names a dimension of the procedures, or `patient_minutes`, the time at site, at home and on
    the way. Patients whose criterion is unknown pass or fail by its policy. Raises `InvalidCriterion`
    with every problem.
    """
    problem = _Problem(table, tuple(procedures), tuple(checks), minimise)
    count = len(table.criterion_ids)
    if count <= MOST_ENUMERATED:
        costs = derive_set_costs(table, problem.procedures, problem.checks, minimise=minimise)
        order, remaining = [], (1 << count) - 1
        while remaining:
            order.append(int(costs.last[remaining]))
            remaining ^= 1 << order[-1]
        return problem.describe(order[::-1], _EXACT)
    return problem.describe(_order_greedily(problem), _GREEDY)


def derive_set_costs(
    table: PassingTable,
    procedures: Iterable[ScreeningProcedure],
    checks: Iterable[ScreeningCheck],
    *,
    minimise: str,
) -> SetCosts:
    """For each set of criteria what its best order of checking asks of a patient screened.

    Arguments as of `search_check_order`. V(S) = min over j last of V(S - j) + P(S - j) (U(S) - U(S - j)),
    where P is the share that passes a set and U the amount of all of a set's procedures.

    Raises `InvalidCriterion` with every problem, and beyond 20 criteria.
    """
    problem = _Problem(table, tuple(procedures), tuple(checks), minimise)
    sets, count = check_enumerable(table), len(table.criterion_ids)
    shares = derive_set_counts(table) / table.patients
    masks = np.arange(sets, dtype=np.int64)
    amounts = [problem.sum_procedures(masks, end) for end in range(3)]
    values = np.zeros((3, sets))
    values[0, 1:] = np.inf
    last = np.full(sets, -1, dtype=np.int64)
    sizes = np.bitwise_count(masks)
    for size in range(1, count + 1):
        layer = masks[sizes == size]
        best, best_last = np.full(len(layer), np.inf), np.full(len(layer), -1, dtype=np.int64)
        for criterion in range(count):
            is_last = ((layer >> criterion) & 1 == 1) & (layer & problem.dependents[criterion] == 0)
            rest = np.where(is_last, layer & ~(np.int64(1) << criterion), 0)
            cost = values[0, rest] + shares[rest] * (amounts[0][layer] - amounts[0][rest])
            better = is_last & (cost < best)
            best, best_last = np.where(better, cost, best), np.where(better, criterion, best_last)
        values[0, layer], last[layer] = best, best_last
        rest = layer & ~(np.int64(1) << np.maximum(best_last, 0))
        for end in (1, 2):
            values[end, layer] = values[end, rest] + shares[rest] * (amounts[end][layer] - amounts[end][rest])
    return SetCosts(values[0], values[1], values[2], last)


def _order_greedily(problem: "_Problem") -> list[int]:
    """Next the criterion of the least added amount over the share of the remaining that it stops."""
    table, order = problem.table, []
    remaining, mask = np.ones(table.patients, dtype=bool), 0
    todo = set(range(len(table.criterion_ids)))
    while todo:
        ratios = []
        for criterion in sorted(todo):
            if any(problem.dependents[other] >> criterion & 1 for other in todo):
                continue
            pair = np.array([mask, mask | 1 << criterion], dtype=np.int64)
            before, after = problem.sum_procedures(pair, 0)
            failing = int((remaining & ~table.passing[:, criterion]).sum())
            ratios.append(((after - before) / failing if failing else np.inf, criterion))
        _, chosen = min(ratios)
        order.append(chosen)
        todo.remove(chosen)
        mask |= 1 << chosen
        remaining &= table.passing[:, chosen]
    return order


class _Problem:
    """Checked arguments of an order, with bit masks of what needs what."""

    def __init__(
        self,
        table: PassingTable,
        procedures: tuple[ScreeningProcedure, ...],
        checks: tuple[ScreeningCheck, ...],
        minimise: str,
    ) -> None:
        self.table, self.procedures, self.checks, self.minimise = table, procedures, checks, minimise
        problems = Problems(f"checks of the criteria on cohort {table.cohort_name!r}")
        self._check(problems)
        problems.raise_if_any(InvalidCriterion)
        place = {criterion_id: number for number, criterion_id in enumerate(table.criterion_ids)}
        self.check_by_place = {place[check.criterion_id]: check for check in checks}
        self.users = {
            procedure.id: sum(1 << place[c.criterion_id] for c in checks if procedure.id in c.procedure_ids)
            for procedure in procedures
        }
        self.dependents = [
            sum(1 << place[check.criterion_id] for check in checks if criterion_id in check.after)
            for criterion_id in table.criterion_ids
        ]
        self._check_circles(problems)
        problems.raise_if_any(InvalidCriterion)

    def _check(self, problems: Problems) -> None:
        known, named = [p.id for p in self.procedures], [c.criterion_id for c in self.checks]
        for what, ids in (("procedure", known), ("check of criterion", named)):
            for repeated in sorted({i for i in ids if ids.count(i) > 1}):
                problems.add(f"{what} {repeated!r} stands twice; keep one")
        criteria = self.table.criterion_ids
        for criterion_id in criteria:
            told = f"criterion {criterion_id!r} has no check; say which procedures it needs, if any"
            problems.check(criterion_id in named, told)
        for check in self.checks:
            label = f"the check of {check.criterion_id!r}"
            told = f"{label} is of no criterion; the criteria are {', '.join(criteria)}"
            problems.check(check.criterion_id in criteria, told)
            for name in check.procedure_ids:
                told = f"{label} needs {name!r}; the procedures are {', '.join(known) or 'none'}"
                problems.check(name in known, told)
            for name in check.after:
                told = f"{label} comes after {name!r}, which is none of the other criteria"
                problems.check(name in criteria and name != check.criterion_id, told)
        dimensions = dict.fromkeys(name for p in self.procedures for name in p.amounts)
        if self.minimise == PATIENT_MINUTES:
            told = f"no procedure asks any of {', '.join(TIME_DIMENSIONS)}; give one or minimise another"
            problems.check(any(name in TIME_DIMENSIONS for name in dimensions), told)
        else:
            told = f"no procedure asks {self.minimise!r}; minimise one of {', '.join(dimensions) or 'none'}"
            problems.check(self.minimise in dimensions, told)
        units: dict[str, str] = {}
        for procedure in self.procedures:
            told = f"procedure {procedure.id!r} gives {PATIENT_MINUTES}; give {', '.join(TIME_DIMENSIONS)}"
            problems.check(PATIENT_MINUTES not in procedure.amounts, told)
            for name, amount in procedure.amounts.items():
                wanted = UNIT_BY_DIMENSION.get(name) or units.setdefault(name, amount.unit)
                told = f"procedure {procedure.id!r} gives {name} in {amount.unit}; give it in {wanted}"
                problems.check(amount.unit == wanted, told)

    def _check_circles(self, problems: Problems) -> None:
        """Criteria that wait for each other can never be checked."""
        waiting = dict(self.check_by_place)
        free = True
        while free:
            ids = {check.criterion_id for check in waiting.values()}
            free = [place for place, check in waiting.items() if not ids.intersection(check.after)]
            for place in free:
                del waiting[place]
        names = ", ".join(check.criterion_id for check in waiting.values())
        problems.check(not waiting, f"{names} wait for each other in a circle; remove one 'after'")

    def sum_procedures(self, masks: NDArray[np.int64], end: int) -> NDArray[np.float64]:
        """The minimised amount of all procedures that each set needs; `end` 0 value, 1 low, 2 high."""
        names = TIME_DIMENSIONS if self.minimise == PATIENT_MINUTES else (self.minimise,)
        total = np.zeros(len(masks))
        for procedure in self.procedures:
            amount = sum(procedure.amounts[name].bounds()[end] for name in names if name in procedure.amounts)
            if amount and self.users[procedure.id]:
                total += amount * (masks & np.int64(self.users[procedure.id]) != 0)
        return total

    def sum_amounts(self, procedure_ids: Iterable[str]) -> dict[str, Estimate]:
        """All amounts of some procedures by dimension, 0 where they ask nothing of it, and all their time."""
        wanted = set(procedure_ids)
        parts: dict[str, list[Estimate]] = {}
        for procedure in self.procedures:
            for name, amount in procedure.amounts.items():
                zero = exact(0.0, amount.unit, *amount.sources)
                parts.setdefault(name, []).append(amount if procedure.id in wanted else zero)
        found = {name: add_estimates(listed, listed[0].unit) for name, listed in parts.items()}
        times = [found[name] for name in TIME_DIMENSIONS if name in found]
        return found | ({PATIENT_MINUTES: add_estimates(times, "minute")} if times else {})

    def describe(self, order: list[int], method: str) -> CheckOrder:
        """The steps of an order and their sums."""
        remaining, done = np.ones(self.table.patients, dtype=bool), set[str]()
        steps = []
        for criterion in order:
            check = self.check_by_place[criterion]
            fails = remaining & ~self.table.passing[:, criterion]
            reaching, failing = self._estimate(remaining), self._estimate(fails)
            added = self.sum_amounts(name for name in check.procedure_ids if name not in done)
            done.update(check.procedure_ids)
            steps.append(
                CheckStep(
                    criterion_id=check.criterion_id,
                    reaching=reaching,
                    failing=failing,
                    amounts=_scale(added, reaching),
                    in_vain=_scale(self.sum_amounts(done), failing),
                    alone=self.sum_amounts(check.procedure_ids),
                )
            )
            remaining &= ~fails
        return CheckOrder(
            steps=tuple(steps),
            minimised=self.minimise,
            expected=_add_by_dimension(step.amounts for step in steps),
            per_failure=self._describe_failures(order),
            method=method,
        )

    def _describe_failures(self, order: list[int]) -> dict[str, Estimate]:
        """What a patient who fails has gone through: a mean over where they fail.

        Each end of the interval combines, in squares, that of the amounts and the mean's own (1.96
        standard errors). Where nobody fails it is what the whole screening asks.
        """
        spent, counts = [], []
        remaining, done = np.ones(self.table.patients, dtype=bool), set[str]()
        for criterion in order:
            done.update(self.check_by_place[criterion].procedure_ids)
            spent.append(self.sum_amounts(done))
            counts.append(int((remaining & ~self.table.passing[:, criterion]).sum()))
            remaining &= self.table.passing[:, criterion]
        if not sum(counts):
            return spent[-1] if spent else {}
        weights = np.array(counts) / sum(counts)
        found = {}
        for name, last in spent[-1].items():
            ends = np.array([amounts[name].bounds() for amounts in spent])
            value, low, high = (float(x) for x in weights @ ends)
            variance = max(0.0, float(weights @ (ends[:, 0] - value) ** 2))
            half = Z_95 * math.sqrt(variance / sum(counts))
            low = max(0.0, value - math.hypot(value - low, half))
            high = value + math.hypot(high - value, half)
            sources = tuple(dict.fromkeys((*last.sources, self.table.source)))
            found[name] = Estimate(value, low, high, last.unit, sources)
        return found

    def _estimate(self, flags: NDArray[np.bool_]) -> Estimate:
        share = estimate_share(int(flags.sum()), self.table.patients, self.table.source)
        assert share is not None
        return share


def _scale(amounts: Mapping[str, Estimate], share: Estimate) -> dict[str, Estimate]:
    return {name: multiply_estimates(share, amount, amount.unit) for name, amount in amounts.items()}


def _add_by_dimension(parts: Iterable[Mapping[str, Estimate]]) -> dict[str, Estimate]:
    listed = tuple(parts)
    names = dict.fromkeys(name for part in listed for name in part)
    return {name: add_estimates([part[name] for part in listed], listed[0][name].unit) for name in names}

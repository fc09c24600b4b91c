"""Constraints that contradict each other: a smallest set, found by leaving them out one by one.

A deletion filter (Chinneck & Dravnieks 1991): a constraint without which there is still no schedule is
left out for good; those that remain contradict each other, and no fewer of them do. HiGHS' own sets are
those of the linear relaxation, in which a contradiction between whole numbers does not show.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from unburden.domain.levers import DropCells, Lever, MoveVisits, ReplaceMeasure, ThinVisits
from unburden.domain.schedule_limits import EndpointNeed
from unburden.search.problem import ScheduleProblem
from unburden.search.solving import ASSESSMENTS, ScheduleSearch

Asked = tuple[ScheduleProblem, int]


@dataclass(frozen=True)
class Constraint:
    """One thing the user asked for: in words, what would relax it, and the search without it."""

    words: str
    remedy: str
    relax: Callable[[Asked], Asked]


def find_constraints(problem: ScheduleProblem, keep_at_least: int) -> Iterator[Constraint]:
    """All that the user asked for and that can contradict something else."""
    if keep_at_least:
        yield Constraint(
            f"at least {keep_at_least} of {len(problem.optional_cells)} optional cells stay",
            "ask for fewer cells",
            lambda asked: (asked[0], 0),
        )
    for lever in problem.schedule_levers:
        if _widen(lever) != lever:
            yield Constraint(
                f"lever {lever.name!r} {_tell(lever)}",
                f"widen {lever.name!r}",
                _change_lever(lever.name, _widen),
            )
    for need in (need for need in problem.endpoints if need.is_required):
        yield Constraint(
            f"endpoint {need.endpoint_id!r} keeps at least {need.keep_at_least} of {len(need.cells)} cells",
            f"ask for fewer cells of {need.endpoint_id!r}",
            _make_voluntary(need),
        )
    for budget in problem.budgets:
        yield Constraint(
            f"information {budget.name!r} loses at most {budget.at_most:g}",
            f"allow {budget.name!r} to lose more",
            _leave_out("budgets", budget),
        )
    for series in problem.series:
        yield Constraint(
            f"information {series.name!r} stays at least {series.at_least:g}",
            f"ask for less of {series.name!r}",
            _leave_out("series", series),
        )
    for limit in problem.limits:
        yield Constraint(
            f"limit {limit.name!r} is at most {limit.at_most:g}",
            f"raise {limit.name!r}",
            _leave_out("limits", limit),
        )
    for name, cells in problem.locks.items():
        words = f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"
        yield Constraint(f"lock {name!r} keeps {words} as written", f"unlock {name!r}", _unlock(name))
    for lever in problem.levers:
        if lever.locked:
            free = _change_lever(lever.name, lambda x: replace(x, locked=()))
            yield Constraint(f"lever {lever.name!r} locks cells", f"unlock cells in {lever.name!r}", free)


def _widen(lever: Lever) -> Lever:
    """The lever without the limits that could contradict anything."""
    match lever:
        case DropCells():
            return replace(lever, keep_at_least=0)
        case ThinVisits():
            count = len(lever.visit_ids)
            return replace(lever, keep_at_least=0, keep_at_most=count, most_gap_days=None)
        case MoveVisits():
            return replace(lever, at_most=len(lever.visit_ids))
        case ReplaceMeasure():
            return replace(lever, at_most=len(lever.cells))
        case _:
            return lever


def _tell(lever: Lever) -> str:
    verb = {MoveVisits: "moves ", ReplaceMeasure: "replaces "}.get(type(lever), "")
    return verb + lever.tell_limit()


def _change_lever(name: str, change: Callable[[Lever], Lever]) -> Callable[[Asked], Asked]:
    def relax(asked: Asked) -> Asked:
        levers = tuple(change(x) if x.name == name else x for x in asked[0].levers)
        return replace(asked[0], levers=levers), asked[1]

    return relax


def _make_voluntary(need: EndpointNeed) -> Callable[[Asked], Asked]:
    def relax(asked: Asked) -> Asked:
        held = tuple(replace(x, is_required=False) if x == need else x for x in asked[0].endpoints)
        return replace(asked[0], endpoints=held), asked[1]

    return relax


def _leave_out(field: str, old: object) -> Callable[[Asked], Asked]:
    def relax(asked: Asked) -> Asked:
        held = tuple(x for x in getattr(asked[0], field) if x is not old)
        return replace(asked[0], **{field: held}), asked[1]

    return relax


def _unlock(name: str) -> Callable[[Asked], Asked]:
    def relax(asked: Asked) -> Asked:
        held = {other: cells for other, cells in asked[0].locks.items() if other != name}
        return replace(asked[0], locks=held), asked[1]

    return relax


def explain_conflict(problem: ScheduleProblem, keep_at_least: int = 0) -> str:
    """A smallest set of constraints that no schedule satisfies, in the user's names, with the remedies."""
    kept = filter_constraints(problem, keep_at_least)
    if not kept:
        return "the schedule contradicts itself, whatever is asked; check the protocol"
    words, remedies = "; ".join(c.words for c in kept), ", or ".join(c.remedy for c in kept)
    if len(kept) == 1:
        return f"this cannot be had: {words}; {remedies}"
    rest = "either alone can" if len(kept) == 2 else f"any {len(kept) - 1} of them can"
    return f"these {len(kept)} cannot all be had, though {rest}: {words}; {remedies}"


def filter_constraints(problem: ScheduleProblem, keep_at_least: int) -> tuple[Constraint, ...]:
    """The constraints of an irreducible infeasible set; () where none of them is to blame."""
    kept: list[Constraint] = []
    asked: Asked = (problem, keep_at_least)
    for constraint in find_constraints(problem, keep_at_least):
        without = constraint.relax(asked)
        if _is_feasible(*without):
            kept.append(constraint)
        else:
            asked = without
    return tuple(kept)


def _is_feasible(problem: ScheduleProblem, keep_at_least: int) -> bool:
    floors = {ASSESSMENTS: float(keep_at_least)} if keep_at_least else {}
    return ScheduleSearch(problem).find_best(floors) is not None

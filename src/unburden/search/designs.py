"""Schedules × trial sizes: the designs that no other examined design beats."""

from collections.abc import Callable, Sequence

from unburden.domain.burden import BurdenScore
from unburden.domain.design import Design, Events, Months, OperatingCharacteristics
from unburden.domain.errors import InfeasibleSearch
from unburden.domain.estimate import Estimate, exact
from unburden.domain.frontier import (
    CandidateDesign,
    Frontier,
    Goal,
    is_dominated,
    to_costs,
)
from unburden.domain.levers import Change
from unburden.domain.study import SearchPlan
from unburden.search.schedule import ScheduleSolution

Simulate = Callable[[Design], OperatingCharacteristics]
Score = Callable[[tuple[Change, ...]], BurdenScore]


def combine_designs(
    plan: SearchPlan, schedules: Sequence[ScheduleSolution], *, simulate: Simulate, score: Score
) -> Frontier:
    """The frontier over every pair of a schedule and a design of the plan.

    `simulate` gives a design's operating characteristics and `score` the burden per patient of
    the protocol after some changes. Changes of the plan's levers are taken to leave power as it
    is; the levers say so in their own words and that claim is repeated in `notes`. Raises
    `InfeasibleSearch` where no design reaches `minimum_power`.
    """
    optional = max((schedule.cells_optional for schedule in schedules), default=0)
    operating = {design: simulate(design) for design in dict.fromkeys((plan.baseline, *plan.designs))}
    baseline = _make_candidate(plan, "as-written", None, operating[plan.baseline], score(()), optional)
    candidates = [baseline]
    for number, schedule in enumerate(schedules):
        burden = score(schedule.changes)
        for design in plan.designs:
            name = _name_design(number, design)
            candidates.append(_make_candidate(plan, name, schedule, operating[design], burden, optional))
    powered = [c for c in candidates if c.operating.power.value >= plan.minimum_power]
    if not powered:
        best = max(c.operating.power.value for c in candidates)
        raise InfeasibleSearch(
            "search",
            [
                f"no design reaches the power {plan.minimum_power}; the best has {best:.3f}; "
                "allow more patients or a longer follow-up"
            ],
        )
    return Frontier(
        goals=plan.goals,
        baseline=baseline,
        designs=tuple(drop_dominated(powered, plan.goals)),
        examined=len(candidates),
        notes=tuple(f"{lever.name}: {lever.information} ({lever.source})" for lever in plan.levers),
    )


def _name_design(schedule: int, design: Design) -> str:
    """S2-N400-E300: schedule 2, 400 patients, 300 events."""
    match design.stopping:
        case Events(count):
            return f"S{schedule}-N{design.patients}-E{count}"
        case Months(month):
            return f"S{schedule}-N{design.patients}-M{month:g}"
        case None:
            return f"S{schedule}-N{design.patients}"


def drop_dominated(candidates: Sequence[CandidateDesign], goals: Sequence[Goal]) -> list[CandidateDesign]:
    """The candidates that no other beats; of equals the first."""
    kept: list[tuple[tuple[float, ...], CandidateDesign]] = []
    for candidate in candidates:
        cost = to_costs(candidate, goals)
        if any(other == cost or is_dominated(cost, other) for other, _ in kept):
            continue
        kept = [(other, c) for other, c in kept if not is_dominated(other, cost)]
        kept.append((cost, candidate))
    return [candidate for _, candidate in kept]


def _make_candidate(
    plan: SearchPlan,
    name: str,
    schedule: ScheduleSolution | None,
    operating: OperatingCharacteristics,
    burden: BurdenScore,
    optional: int,
) -> CandidateDesign:
    each = burden.totals[plan.burden]
    changes = schedule.changes if schedule else ()
    cells_kept = schedule.cells_kept if schedule else optional
    values = {
        "burden_per_patient": each,
        "total_burden": _to_total(each, operating.patients),
        "power": operating.power,
        "patients": exact(operating.design.patients, "patient", "assumed:chosen for this design"),
        "duration": operating.months,
        "assessments_kept": exact(cells_kept, "assessment", "observed:counted in the schedule"),
    }
    return CandidateDesign(name, changes, operating, values, burden, schedule.proof if schedule else None)


def _to_total(each: Estimate, patients: Estimate) -> Estimate:
    """Burden of all expected patients; minutes become hours. The interval is that of `each`."""
    divisor, unit = (60, "hour") if each.unit == "minute" else (1, each.unit)
    value, low, high = (x * patients.value / divisor for x in each.bounds())
    sources = tuple(dict.fromkeys((*each.sources, *patients.sources)))
    return Estimate(value, low, high, unit, sources, each.level)

"""From a study to the designs that no other beats: schedules by proof, sizes by simulation."""

from collections.abc import Callable
from dataclasses import replace

from unburden.burden.classify import classify_activities
from unburden.data.evidence import read_evidence
from unburden.domain.burden import PATIENT_MINUTES, TIME_DIMENSIONS, BurdenScore
from unburden.domain.design import Design, OperatingCharacteristics
from unburden.domain.errors import InvalidStudy, Problems
from unburden.domain.frontier import Frontier
from unburden.domain.levers import Change, Lever, MoveVisits, ReplaceMeasure
from unburden.domain.protocol import Place, Protocol, drop_cells, move_visits
from unburden.domain.study import Study
from unburden.search.designs import combine_designs
from unburden.search.schedule import ScheduleProblem, search_schedule_front
from unburden.simulation.trials import is_reachable, simulate_trials
from unburden.study.scoring import score_burden, weigh_scores

NO_DEVICE = "the burden of a device beside a visit is not counted yet; leave the lever out"

Progress = Callable[[str, int, int], None]


def search_designs(study: Study, *, trials: int, seed: int, progress: Progress | None = None) -> Frontier:
    """The designs of the study's plan that none beats.

    The schedule that asks least is found exactly for each number of optional assessments kept;
    power, duration and patients are simulated with `trials` trials each from `seed`, the same
    random streams for every design. Designs whose events are never expected are left out.
    `progress(what, done, total)` is called as work goes on. Raises `InfeasibleSearch` where
    nothing fits.
    """
    tell = progress or (lambda what, done, total: None)
    tell("schedules", 0, 1)
    schedules = search_schedule_front(make_problem(study))
    tell("schedules", 1, 1)
    reachable = tuple(d for d in study.plan.designs if is_reachable(d, study.scenario))
    plan = replace(study.plan, designs=reachable)
    total = len(dict.fromkeys((plan.baseline, *plan.designs)))
    done = 0

    def simulate(design: Design) -> OperatingCharacteristics:
        nonlocal done
        result = simulate_trials(design, study.scenario, trials=trials, seed=seed)
        done += 1
        tell("simulated designs", done, total)
        return result

    return combine_designs(
        plan, schedules, simulate=simulate, score=lambda changes: score_changes(study, changes)
    )


def apply_changes(protocol: Protocol, changes: tuple[Change, ...]) -> Protocol:
    """The protocol after some changes; raises `InvalidStudy` for a replaced cell, which it cannot hold."""
    problems = Problems("changes")
    for change in changes:
        told = f"{change.activity_id!r} at {change.visit_id!r} is replaced by {change.by!r}; {NO_DEVICE}"
        problems.check(change.kind != "replace-cell", told)
    problems.raise_if_any(InvalidStudy)
    dropped = [(c.visit_id, c.activity_id) for c in changes if c.kind == "drop-cell" and c.activity_id]
    changed = drop_cells(protocol, dropped)
    for change in changes:
        if change.kind == "move-visit" and change.place:
            changed = move_visits(changed, [change.visit_id], change.place)
    days = {c.visit_id: float(c.day) for c in changes if c.kind == "move-day" and c.day is not None}
    visits = tuple(replace(v, offset_days=days[v.id]) if v.id in days else v for v in changed.visits)
    return replace(changed, visits=visits) if days else changed


def score_changes(study: Study, changes: tuple[Change, ...]) -> BurdenScore:
    """The burden of a patient drawn at random from the comparison, after some changes."""
    scores = score_burden(
        apply_changes(study.protocol, changes),
        study.personas,
        time_on_study=study.time_on_study,
        conduct=study.conduct,
        kinds=study.kinds,
        evidence=study.evidence,
    )
    return weigh_scores(scores, study.personas, study.share_by_arm)


def make_problem(study: Study) -> ScheduleProblem:
    """The study's schedule, levers and locks, with the lines of every place that a visit may have.

    A date's lines stand in every score; those of the schedule as written are kept, and each place adds
    what its visits bring. A visit held on another's day is counted with the share of patients of its
    own written day. Raises `InvalidStudy` for a measure replaced at home.
    """
    plan = study.plan
    problems = Problems("levers")
    for lever in plan.levers:
        told = f"lever {lever.name!r} replaces a measure at home; {NO_DEVICE}"
        problems.check(not isinstance(lever, ReplaceMeasure), told)
    problems.raise_if_any(InvalidStudy)
    ledger = read_evidence()
    kinds = classify_activities(study.protocol, ledger, study.kinds)
    at_home = tuple(key for key, kind in kinds.items() if ledger.kind_by_name[kind.kind].home_feasible)
    levers = tuple(_say_possible(lever, at_home) for lever in plan.levers)
    written = score_changes(study, ())
    lines, evidence = list(written.lines), dict(written.evidence)
    for place, visit_ids in _find_places(levers).items():
        moves = tuple(Change("move-visit", "", visit_id, place=place) for visit_id in visit_ids)
        moved = score_changes(study, moves)
        lines += [x for x in moved.lines if x.cause != "day" and x.visit_id in visit_ids and x.place == place]
        evidence |= moved.evidence
    dimensions = TIME_DIMENSIONS if plan.burden == PATIENT_MINUTES else (plan.burden,)
    return ScheduleProblem(
        protocol=study.protocol,
        levers=levers,
        lines=tuple(lines),
        evidence=evidence,
        weights=dict.fromkeys(dimensions, 1.0),
        locks={lock.name: frozenset(lock.find_cells(study.protocol)) for lock in plan.locks},
    )


def _say_possible(lever: Lever, at_home: tuple[str, ...]) -> Lever:
    """A move home that does not say what can be done there: what the ledger says."""
    if isinstance(lever, MoveVisits) and lever.possible is None and lever.place is Place.HOME:
        return replace(lever, possible=at_home)
    return lever


def _find_places(levers: tuple[Lever, ...]) -> dict[Place, tuple[str, ...]]:
    """The visits that may be moved, by place."""
    found: dict[Place, dict[str, None]] = {}
    for lever in levers:
        if isinstance(lever, MoveVisits):
            found.setdefault(lever.place, {}).update(dict.fromkeys(lever.visit_ids))
    return {place: tuple(visit_ids) for place, visit_ids in found.items()}

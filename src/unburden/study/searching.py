"""From a study to the designs that no other beats: schedules by proof, sizes by simulation."""

from collections.abc import Callable
from dataclasses import replace

from unburden.burden.classify import classify_activities
from unburden.data.evidence import read_evidence
from unburden.domain.burden import PATIENT_MINUTES, TIME_DIMENSIONS, BurdenScore
from unburden.domain.design import Design, OperatingCharacteristics
from unburden.domain.frontier import Frontier
from unburden.domain.levers import Change, MoveVisits
from unburden.domain.protocol import Protocol, drop_cells, move_visits
from unburden.domain.study import Study
from unburden.search.designs import combine_designs
from unburden.search.schedule import ScheduleProblem, search_schedule_front
from unburden.simulation.trials import is_reachable, simulate_trials
from unburden.study.scoring import score_burden, weigh_scores

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
    """The protocol after some changes."""
    dropped = [(c.visit_id, c.activity_id) for c in changes if c.kind == "drop-cell" and c.activity_id]
    changed = drop_cells(protocol, dropped)
    for change in changes:
        if change.kind == "move-visit" and change.place:
            changed = move_visits(changed, [change.visit_id], change.place)
    return changed


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
    """The study's schedule and levers, with the lines of every place that a visit may have."""
    plan = study.plan
    moves = tuple(
        Change("move-visit", lever.name, visit_id, place=lever.place)
        for lever in plan.levers
        if isinstance(lever, MoveVisits)
        for visit_id in lever.visit_ids
    )
    written, moved = score_changes(study, ()), score_changes(study, moves)
    # A date's lines stand in both; keep those of the schedule as written and add what moving brings.
    movable = {change.visit_id for change in moves}
    extra = [line for line in moved.lines if line.cause != "day" and line.visit_id in movable]
    ledger = read_evidence()
    kinds = classify_activities(study.protocol, ledger, study.kinds)
    bound = {key for key, kind in kinds.items() if not ledger.kind_by_name[kind.kind].home_feasible}
    dimensions = TIME_DIMENSIONS if plan.burden == PATIENT_MINUTES else (plan.burden,)
    return ScheduleProblem(
        protocol=study.protocol,
        levers=plan.levers,
        lines=(*written.lines, *extra),
        evidence={**written.evidence, **moved.evidence},
        weights=dict.fromkeys(dimensions, 1.0),
        place_bound=frozenset(bound),
    )

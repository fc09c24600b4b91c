"""Every lever on the embedded study: the programme's burden is what scoring the changed protocol gives."""

from dataclasses import replace
from pathlib import Path

import pytest

from unburden.domain.errors import InvalidStudy
from unburden.domain.levers import (
    Change,
    ConsolidateDays,
    DropCells,
    MoveVisits,
    ReplaceMeasure,
    ScanSchedule,
    SelectiveSafety,
    SparserImaging,
    ThinVisits,
)
from unburden.domain.protocol import Place
from unburden.domain.schedule_limits import Lock
from unburden.search.schedule import search_schedule
from unburden.study.reading import read_study
from unburden.study.searching import apply_changes, make_problem, score_changes

EXAMPLE = Path(__file__).parents[3] / "examples" / "adjuvant-breast"
WORDS = {"reason": "r", "information": "i", "source": "assumed:test"}
LATE = ("month-24", "month-30", "month-36", "month-42", "month-48", "month-54", "month-60")
YEARLY = ("month-24", "month-36", "month-48", "month-60")


@pytest.fixture(scope="module")
def study():
    return read_study(EXAMPLE)


def find_cells(study, activity_id, visit_ids):
    present = {c.key for c in study.protocol.cells}
    return tuple((v, activity_id) for v in visit_ids if (v, activity_id) in present)


def with_levers(study, *levers, locks=()):
    return replace(study, plan=replace(study.plan, levers=levers, locks=locks))


def make_levers(study):
    scans = find_cells(study, "mammography", YEARLY)
    return (
        DropCells("samples", find_cells(study, "ctdna", LATE), 1, **WORDS),
        ThinVisits("late", LATE, 4, 6, 400.0, **WORDS),
        MoveVisits("nurse", ("month-01", "month-09", "month-18"), Place.HOME, 1, **WORDS),
        MoveVisits("laboratory", ("month-09", "month-30"), Place.LOCAL, 1, **WORDS),
        MoveVisits("telephone", ("month-18", "month-42"), Place.REMOTE, 1, ("qlq", "eq5d"), **WORDS),
        SparserImaging("scans", scans, (ScanSchedule("two-yearly", ("month-24", "month-48")),), **WORDS),
        SelectiveSafety("safety", find_cells(study, "chemistry", LATE), **WORDS),
    )  # fmt: skip


@pytest.mark.parametrize("least", [0, 8, 20, 30])
def test_the_programme_and_the_score_agree_with_every_lever(study, least):
    changed = with_levers(study, *make_levers(study))
    solution = search_schedule(make_problem(changed), keep_at_least=least)
    scored = score_changes(changed, solution.changes).totals[study.plan.burden].value
    assert solution.burden == pytest.approx(scored, rel=1e-9)
    assert solution.changes and solution.proof.gap < 1e-9


def test_a_lock_holds_through_the_search(study):
    levers = make_levers(study)
    free = search_schedule(make_problem(with_levers(study, *levers)))
    dropped = {(c.visit_id, c.activity_id) for c in free.changes if c.kind == "drop-cell"}
    visit_id, activity_id = sorted(dropped)[0]
    lock = Lock("safety", "agency", (visit_id,), (activity_id,))
    held = search_schedule(make_problem(with_levers(study, *levers, locks=(lock,))))
    assert (visit_id, activity_id) not in {(c.visit_id, c.activity_id) for c in held.changes}
    assert held.burden >= free.burden


def test_visits_that_share_a_day_are_moved_onto_it(study):
    visits = tuple(
        replace(v, offset_days=1100.0, window_before_days=10.0) if v.id == "month-36" else
        replace(v, offset_days=1096.0, window_after_days=10.0) if v.id == "month-30" else v
        for v in study.protocol.visits
    )  # fmt: skip
    close = replace(study, protocol=replace(study.protocol, visits=visits))
    lever = ConsolidateDays("one journey", ("month-30", "month-36"), **WORDS)
    solution = search_schedule(make_problem(with_levers(close, lever)))
    later = Change("move-day", "one journey", "month-30", day=1100)
    earlier = Change("move-day", "one journey", "month-36", day=1096)
    assert solution.changes in ((later,), (earlier,))
    changed = apply_changes(close.protocol, solution.changes).visit_by_id
    assert changed["month-30"].calendar_day == changed["month-36"].calendar_day
    scored = score_changes(close, solution.changes).totals[study.plan.burden].value
    assert solution.burden == pytest.approx(scored, rel=1e-3)  # the share on study differs by four days


def test_a_measure_replaced_at_home_is_refused_rather_than_miscounted(study):
    lever = ReplaceMeasure("device", find_cells(study, "vitals", LATE), "wearable device", 2, **WORDS)
    with pytest.raises(InvalidStudy, match="the burden of a device beside a visit is not counted yet"):
        make_problem(with_levers(study, lever))

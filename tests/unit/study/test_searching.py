from pathlib import Path

import pytest

from unburden.domain.burden import UNIT_BY_DIMENSION
from unburden.domain.errors import InvalidDesign
from unburden.domain.levers import Change
from unburden.domain.protocol import Place
from unburden.search.schedule import search_schedule_front
from unburden.study.reading import read_study
from unburden.study.scoring import score_burden
from unburden.study.searching import apply_changes, make_problem, score_changes, search_designs

EXAMPLE = Path(__file__).parents[3] / "examples" / "adjuvant-breast"


@pytest.fixture(scope="module")
def study():
    return read_study(EXAMPLE)


@pytest.fixture(scope="module")
def front(study):
    return search_schedule_front(make_problem(study))


def test_the_solver_and_the_score_agree_on_every_schedule(study, front):
    """The programme's least burden is what scoring the changed protocol from scratch gives."""
    for schedule in front:
        scored = score_changes(study, schedule.changes).totals[study.plan.burden].value
        assert schedule.burden == pytest.approx(scored, rel=1e-9)
        assert schedule.proof.gap < 1e-9


def test_levers_are_kept(study, front):
    for schedule in front:
        moved = [c for c in schedule.changes if c.kind == "move-visit"]
        assert len(moved) <= 4
        dropped = dict.fromkeys(("fewer ECGs", "fewer research blood samples"), 0)
        for change in schedule.changes:
            if change.lever in dropped:
                dropped[change.lever] += 1
        assert dropped["fewer ECGs"] <= 4
        assert dropped["fewer research blood samples"] <= 8


def test_no_changed_schedule_asks_more_of_any_kind_but_time_at_home(study, front):
    written = score_changes(study, ()).totals
    for schedule in front:
        changed = score_changes(study, schedule.changes).totals
        for dimension in UNIT_BY_DIMENSION:
            if dimension != "home_minutes":
                assert changed[dimension].value <= written[dimension].value + 1e-9


def test_the_mixture_is_the_weighted_mean_of_arms_and_personas(study):
    scores = score_burden(study.protocol, study.personas, time_on_study=study.time_on_study)
    share = {p.name: p.share for p in study.personas}
    for dimension, total in score_changes(study, ()).totals.items():
        expected = sum(s.totals[dimension].value * share[s.persona] / 2 for s in scores)
        assert total.value == pytest.approx(expected)


def test_changes_are_applied_to_the_protocol(study):
    changes = (
        Change("drop-cell", "l", "month-01", "ecg"),
        Change("move-visit", "l", "month-09", place=Place.HOME),
    )
    changed = apply_changes(study.protocol, changes)
    assert len(changed.cells) == len(study.protocol.cells) - 1
    assert changed.visit_by_id["month-09"].place == Place.HOME


def test_the_frontier_repeats_itself(study):
    one, other = (search_designs(study, trials=100, seed=3) for _ in range(2))
    assert [d.id for d in one.designs] == [d.id for d in other.designs]
    assert [d.values for d in one.designs] == [d.values for d in other.designs]
    assert all(d.values["power"].value >= study.plan.minimum_power for d in one.designs)


def test_more_trials_than_fit_are_refused(study):
    with pytest.raises(InvalidDesign, match="trials is 1000000000000; give at most 100,000,000"):
        search_designs(study, trials=10**12, seed=1)

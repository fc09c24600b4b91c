"""What holds for the burden of every schedule."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from unburden.burden.draws import EvidenceDraws, draw_difference, draw_score
from unburden.burden.score import score_schedule
from unburden.burden.variants import list_keys, score_variants
from unburden.data.evidence import read_evidence
from unburden.domain.burden import (
    PATIENT_MINUTES,
    TIME_DIMENSIONS,
    BurdenLine,
    BurdenScore,
    Evidence,
    PatientState,
    Persona,
    TimeOnStudy,
    compute_amount,
)
from unburden.domain.conduct import Conduct, UnscheduledVisits
from unburden.domain.cycles import PatientCourse
from unburden.domain.protocol import Activity, Cell, Place, Protocol, Timeline, Visit, drop_cells, move_visits

LEDGER = read_evidence()
TITLES = ("ECG", "Hematology", "Chemistry", "CT chest", "EQ-5D", "Mystery", "PK series", "Biopsy")
OFFSETS = st.one_of(st.none(), st.sampled_from([-7.0, 0.0, 0.25, 0.5, 14.0, 28.0, 28.5]))
REPEATS = (
    "",
    "",
    "",
    "Cycle 2 and beyond / Day 1",
    "Cycle 2-n / Day 8",
    "every 3 weeks",
    "follow-up every 2 weeks",
)
MARKS = ("X", "X", "X", "every 3 weeks", "Cycles 2, 4 and every 2 cycles thereafter")
RATE = Evidence("unscheduled.per_100_days", "", 0.5, 0.2, 1.0, "1", "assumed:made up", "assumed")
CONDUCT = Conduct(14.0, 1.0, 60.0, unscheduled=UnscheduledVisits(RATE))
AWAY = (Place.SITE, Place.LOCAL)
SLACK = 1e-9


def _draw_visit(draw, number: int, place: Place) -> Visit:
    """A visit on a day, or a column that recurs."""
    words = draw(st.sampled_from(REPEATS))
    if not words:
        return Visit(f"V{number}", f"V{number}", "main", draw(OFFSETS), (place,))
    return Visit(f"V{number}", f"V{number} / {words}", "main", None, (place,), repeat=words)


@st.composite
def protocols(draw) -> Protocol:
    places = st.sampled_from(list(Place))
    count = draw(st.integers(1, 5))
    main = [_draw_visit(draw, i, draw(places)) for i in range(count)]
    inner = [Visit(f"T{i}", f"T{i}", "inner", 0.0) for i in range(2)]
    activities = tuple(
        Activity(f"A{i}", title, timeline_id="inner" if title == "PK series" else None)
        for i, title in enumerate(TITLES)
    )
    visits = (*main, *inner)
    pairs = [(visit.id, activity.id) for visit in visits for activity in activities]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=25, unique=True))
    timelines = (Timeline("main", "Main", True), Timeline("inner", "Inner", False))
    cells = tuple(Cell(*pair, mark=draw(st.sampled_from(MARKS))) for pair in chosen)
    return Protocol("P", "P", "drawn", timelines, visits, activities, cells)


@st.composite
def times_on_study(draw) -> TimeOnStudy | None:
    if draw(st.booleans()):
        return None
    shares = sorted(draw(st.lists(st.floats(0, 1), min_size=3, max_size=3)), reverse=True)
    return TimeOnStudy((0.0, 0.4, 20.0), tuple(shares), "assumed:drawn")


def score(
    protocol: Protocol, time_on_study: TimeOnStudy | None, overrides: tuple[Evidence, ...] = ()
) -> BurdenScore:
    persona = Persona("anyone", 1.0)
    alive = TimeOnStudy((30.0, 50.0), (0.8, 0.3), "assumed:made up", state="alive")
    curves: dict[PatientState, TimeOnStudy] = {"study": time_on_study} if time_on_study else {}
    course = PatientCourse({**curves, "alive": alive}, CONDUCT.horizon_days, CONDUCT.delay_days)
    return score_schedule(
        protocol,
        persona,
        LEDGER,
        course=course,
        conduct=CONDUCT,
        arm_id=None,
        kinds={},
        overrides=overrides,
    )


@settings(deadline=None)
@given(st.data(), protocols(), times_on_study())
def test_dropping_a_cell_never_raises_any_dimension(data, protocol, time_on_study):
    cell = data.draw(st.sampled_from(protocol.cells))
    before = score(protocol, time_on_study).totals
    after = score(drop_cells(protocol, [cell.key]), time_on_study).totals
    assert all(after[name].value <= before[name].value + SLACK for name in before)


@settings(deadline=None)
@given(st.data(), protocols(), times_on_study())
def test_moving_a_visit_home_never_raises_travel(data, protocol, time_on_study):
    visit = data.draw(st.sampled_from(protocol.main_visits))
    before = score(protocol, time_on_study).totals
    after = score(move_visits(protocol, [visit.id], Place.HOME), time_on_study).totals
    for name in ("travel_km", "travel_minutes", "contact_days"):
        assert after[name].value <= before[name].value + SLACK


@settings(deadline=None)
@given(protocols(), times_on_study())
def test_every_total_is_the_sum_of_its_lines_and_of_its_visits(protocol, time_on_study):
    result = score(protocol, time_on_study)
    for name, total in result.totals.items():
        dimensions = TIME_DIMENSIONS if name == PATIENT_MINUTES else (name,)
        lines = [line for line in result.lines if line.dimension in dimensions]
        by_line = sum(compute_amount(line, result.evidence) for line in lines)
        by_visit = sum(amounts[d] for amounts in result.by_visit.values() for d in dimensions)
        by_visit += sum(compute_amount(x, result.evidence) for x in lines if x.cause == "unscheduled")
        assert math.isclose(total.value, by_line, abs_tol=1e-9)
        assert math.isclose(total.value, by_visit, abs_tol=1e-9)


@settings(deadline=None)
@given(protocols(), times_on_study())
def test_no_two_lines_differ_in_times_only(protocol, time_on_study):
    """The search counts equal lines once, so a score must never hold two."""
    lines = score(protocol, time_on_study).lines
    keys = {replace(x, times=0.0) for x in lines}
    assert len(keys) == len(lines)


@settings(deadline=None)
@given(st.data(), protocols(), times_on_study())
def test_lines_of_visits_that_stay_are_the_same_after_a_move(data, protocol, time_on_study):
    """The search joins the lines of both schedules, so those of unmoved visits must be equal."""
    visit = data.draw(st.sampled_from(protocol.main_visits))
    before = set(score(protocol, time_on_study).lines)
    after = set(score(move_visits(protocol, [visit.id], Place.HOME), time_on_study).lines)
    changed = {line for line in before ^ after if line.cause != "day"}
    assert all(line.visit_id == visit.id for line in changed)
    days = {line for line in before | after if line.cause == "day" and not line.day_visit_ids}
    assert days == {line for line in before if line.cause == "day" and not line.day_visit_ids}
    left = {v.id for v in protocol.main_visits if v.place in AWAY} - {visit.id}
    assert _sum_dates(after, left) <= _sum_dates(before, left) + SLACK


def _sum_dates(lines: set[BurdenLine], left: set[str]) -> float:
    """Dates brought about by columns that recur, of those that one of these visits still brings about."""
    return sum(
        line.times
        for line in lines
        if line.dimension == "contact_days" and line.day_visit_ids and left & set(line.day_visit_ids)
    )


def scale_travel(factor: float) -> tuple[Evidence, ...]:
    """The ledger's distance, with its whole range multiplied."""
    km = LEDGER.evidence_by_id["travel.one_way_km"]
    return (replace(km, value=factor * km.value, low=factor * km.low, high=factor * km.high),)


def draw(protocol: Protocol, time_on_study: TimeOnStudy | None, overrides: tuple[Evidence, ...] = ()):
    return draw_score(score(protocol, time_on_study, overrides), EvidenceDraws(50, 1)).values


@settings(deadline=None, max_examples=50)
@given(st.data(), protocols(), times_on_study())
def test_every_draw_is_linear_in_cells(data, protocol, time_on_study):
    """Amounts of two parts of a schedule that share no visit, date or setup add up, draw by draw.

    What no schedule plans is in the whole, in both parts and in an empty schedule.
    """
    main = {visit.id: visit for visit in protocol.main_visits if not visit.repeat}
    protocol = keep_cells(protocol, lambda cell: cell.visit_id in main or cell.visit_id.startswith("T"))
    days = {visit.calendar_day for visit in main.values()} - {None}
    chosen = data.draw(st.sets(st.sampled_from(sorted(days)))) if days else set()
    here = {visit_id for visit_id, visit in main.items() if visit.calendar_day in chosen}
    check_sum(protocol, time_on_study, lambda cell: cell.visit_id in here, None)


@settings(deadline=None, max_examples=50)
@given(st.data(), protocols(), times_on_study())
def test_what_only_cells_cause_is_linear_in_activities_whatever_recurs(data, protocol, time_on_study):
    ids = [activity.id for activity in protocol.activities]
    here = set(data.draw(st.lists(st.sampled_from(ids)))) if ids else set()
    only = ("questionnaire_items", "questionnaire_minutes")
    check_sum(protocol, time_on_study, lambda cell: cell.activity_id in here, only)


def keep_cells(protocol: Protocol, is_kept: Callable[[Cell], bool]) -> Protocol:
    """The protocol with some cells of the main timeline's visits only."""
    return drop_cells(protocol, [cell.key for cell in protocol.cells if not is_kept(cell)])


def check_sum(protocol, time_on_study, is_here, names) -> None:
    """The whole and an empty schedule together are what both parts are together."""
    main = {visit.id for visit in protocol.main_visits}
    whole = draw(protocol, time_on_study)
    empty = draw(keep_cells(protocol, lambda c: c.visit_id not in main), time_on_study)
    parts = [
        draw(
            keep_cells(protocol, lambda c, side=side: c.visit_id not in main or is_here(c) == side),
            time_on_study,
        )
        for side in (True, False)
    ]
    for name in names or whole:
        both = parts[0][name] + parts[1][name]
        assert np.allclose(whole[name] + empty[name], both, rtol=1e-9, atol=1e-9)


@settings(deadline=None, max_examples=50)
@given(st.data(), protocols(), times_on_study())
def test_variants_are_the_designs_that_they_stand_for(data, protocol, time_on_study):
    """Save a cell in calendar weeks that several columns hold: it belongs to the first of them."""
    weekly = [cell.activity_id for cell in protocol.cells if cell.mark == "every 3 weeks"]
    assume(len(weekly) == len(set(weekly)))
    keys = list_keys(protocol)
    row = data.draw(st.lists(st.booleans(), min_size=len(keys), max_size=len(keys)))
    kept = np.array([row], dtype=np.bool_).reshape(1, len(keys))
    weighted = [(1.0, score(protocol, time_on_study))]
    found = score_variants(protocol, weighted, kept, EvidenceDraws(50, 1)).mean
    dropped = [key for key, stays in zip(keys, row, strict=True) if not stays]
    for name, values in draw(drop_cells(protocol, dropped), time_on_study).items():
        assert math.isclose(found[name][0], values.mean(), rel_tol=1e-9, abs_tol=1e-9)


@settings(deadline=None, max_examples=50)
@given(st.data(), protocols(), times_on_study())
def test_no_draw_depends_on_the_order_of_visits_or_cells(data, protocol, time_on_study):
    visits = tuple(data.draw(st.permutations(protocol.visits)))
    cells = tuple(data.draw(st.permutations(protocol.cells)))
    turned = replace(protocol, visits=visits, cells=cells)
    both = score(protocol, time_on_study), score(turned, time_on_study)
    difference = draw_difference(*both, EvidenceDraws(50, 1))
    assert not any(values.any() for values in difference.values())


@settings(deadline=None, max_examples=50)
@given(protocols(), times_on_study())
def test_no_dimension_is_negative_in_any_draw(protocol, time_on_study):
    assert all((values >= 0).all() for values in draw(protocol, time_on_study).values())


@settings(deadline=None, max_examples=50)
@given(protocols(), times_on_study(), st.floats(1, 20))
def test_more_distance_never_lowers_any_dimension_in_any_draw(protocol, time_on_study, factor):
    """Distance multiplied, the ledger's range with it: what is known of it stays as it was."""
    before, after = draw(protocol, time_on_study), draw(protocol, time_on_study, scale_travel(factor))
    assert all((after[name] >= before[name] * (1 - 1e-12)).all() for name in before)

"""Schedules laid out in time; every number is worked out in the comments."""

import math
from dataclasses import replace

import numpy as np
import pytest

from unburden.burden.occurrences import lay_out
from unburden.burden.score import score_schedule
from unburden.burden.views import (
    apply_view,
    find_home_days,
    find_peak_blood,
    spread_home_days,
    spread_patients,
)
from unburden.data.evidence import read_evidence
from unburden.domain.burden import (
    BurdenScore,
    BurdenView,
    Evidence,
    PatientState,
    Persona,
    TimeOnStudy,
    compute_amount,
)
from unburden.domain.conduct import Conduct, UnscheduledVisits
from unburden.domain.cycles import PatientCourse, Recurrence
from unburden.domain.errors import InvalidEvidence
from unburden.domain.protocol import Activity, Cell, Condition, Place, Protocol, Timeline, Visit

LEDGER = read_evidence()
CYCLES = Protocol(
    id="P",
    title="Cycles",
    source="cycles",
    timelines=(Timeline("main", "Main", True),),
    visits=(
        Visit("SCR", "Screening", "main", -7.0),
        Visit("C1D1", "Cycle 1 (21 days) / Day 1", "main", 0.0),
        Visit("C2", "Cycle 2 and beyond / Day 1", "main", None, repeat="Cycle 2 and beyond / Day 1"),
        Visit(
            "FU", "Survival follow-up every 12 weeks", "main", None, (Place.REMOTE,), repeat="every 12 weeks"
        ),
    ),
    activities=(
        Activity("hem", "Hematology"),
        Activity("ct", "CT chest"),
        Activity("drug", "Study drug infusion"),
        Activity("alive", "Survival status"),
    ),
    cells=(
        Cell("SCR", "ct"),
        Cell("C1D1", "hem"),
        Cell("C1D1", "drug"),
        Cell("C2", "hem"),
        Cell("C2", "drug"),
        Cell("C2", "ct", "every 8 weeks regardless of dose delays"),
        Cell("FU", "alive"),
    ),
)


def curve(state: PatientState, *steps: tuple[float, float]) -> TimeOnStudy:
    days, shares = zip(*steps, strict=True)
    return TimeOnStudy(days, shares, f"assumed:{state}", state=state)


# Half stop treatment just before day 50, the others just before day 100; half die on day 200, all by 300.
TREATMENT = curve("treatment", (50.0, 0.5), (100.0, 0.0))
ALIVE = curve("alive", (200.0, 0.5), (300.0, 0.0))
PLAIN = Conduct()
BOTH: dict[PatientState, TimeOnStudy] = {"treatment": TREATMENT, "alive": ALIVE}


def score(
    protocol: Protocol = CYCLES, conduct: Conduct = PLAIN, curves=BOTH, ledger=LEDGER, **changes
) -> BurdenScore:
    course = PatientCourse(curves, conduct.horizon_days, conduct.delay_days)
    given = {"arm_id": None, "kinds": {}, "overrides": ()} | changes
    return score_schedule(protocol, Persona("anyone", 1.0), ledger, course=course, conduct=conduct, **given)


def find_days(found: BurdenScore | None = None, **changes) -> dict[str, list[tuple[float, float]]]:
    conduct = changes.get("conduct", Conduct())
    course = PatientCourse(changes.get("curves", BOTH), conduct.horizon_days, conduct.delay_days)
    layout = lay_out(changes.get("protocol", CYCLES), None, course, conduct)
    days: dict[str, list[tuple[float, float]]] = {}
    for each in layout.occurrences:
        days.setdefault(each.visit.id, []).append((each.presence.day, each.share))
    return days


def test_cycles_go_on_while_patients_are_on_treatment():
    days = find_days()
    # Cycles at 21, 42, 63, 84 (105 is after all have stopped); scans at 56 (112 after all have stopped).
    assert sorted(days["C2"]) == [(21, 1), (42, 1), (56, 0.5), (63, 0.5), (84, 0.5)]
    # Off treatment until death: half wait 150 days (50 to 200), half 200 (100 to 300).
    assert days["FU"] == [(84, 1), (168, 0.5)]


def test_delays_move_cycles_and_not_the_calendar():
    days = find_days(conduct=Conduct(delay_days=9.0))
    # A cycle takes 30 days: 30, 60, 90; the scan stays on day 56.
    assert sorted(days["C2"]) == [(30, 1), (56, 0.5), (60, 0.5), (90, 0.5)]


def test_contact_days_count_each_date_once():
    # Screening, day 0, 21, 42: 4 for all; 56, 63, 84: 1.5. Calls are no contact.
    assert score().totals["contact_days"].value == pytest.approx(5.5)
    # A scan every 3 weeks falls on the cycles' dates and adds none: screening, 0, 21, 42; 63, 84 by half.
    cells = tuple(
        replace(cell, mark="every 3 weeks") if cell.key == ("C2", "ct") else cell for cell in CYCLES.cells
    )
    same = score(replace(CYCLES, cells=cells))
    assert same.totals["contact_days"].value == pytest.approx(5)
    amounts = {i: e.value for i, e in same.evidence.items()}
    assert same.totals["radiation_msv"].value == pytest.approx(amounts["radiation_msv.ct_chest"] * 4)


def test_a_cell_in_weeks_counts_once_a_day_whatever_columns_hold_it():
    twice = replace(
        CYCLES,
        visits=(
            *CYCLES.visits,
            Visit("C2D8", "Cycle 2 and beyond / Day 8", "main", None, repeat="Cycle 2 and beyond / Day 8"),
        ),
        cells=(*CYCLES.cells, Cell("C2D8", "ct", "every 8 weeks regardless of dose delays")),
    )
    assert score(twice).totals["radiation_msv"].value == pytest.approx(score().totals["radiation_msv"].value)


def test_imaging_in_weeks_is_not_done_on_a_day_of_the_first_cycle():
    mark = "Imaging should occur every 8 weeks from start of treatment regardless of dose delays"
    held = replace(CYCLES, cells=(*CYCLES.cells, Cell("C1D1", "ct", mark)))
    assert find_days(protocol=held) == find_days()
    # Where no column that recurs holds it: day 56, for the half on treatment and so free of progression.
    alone = replace(held, cells=tuple(cell for cell in held.cells if cell.key != ("C2", "ct")))
    assert find_days(protocol=alone)["C1D1"] == [(0, 1), (56, 0.5)]
    # "X" says that it is done on the column's day too, so that day counts.
    too = replace(CYCLES, cells=(*CYCLES.cells, Cell("C1D1", "ct", "X, then every 8 weeks")))
    scan = LEDGER.evidence_by_id["radiation_msv.ct_chest"].value
    more = score(too).totals["radiation_msv"].value - score().totals["radiation_msv"].value
    assert more == pytest.approx(scan)


def test_a_column_with_a_day_goes_on_every_so_many_cycles():
    # Days 0, 42, 84: "every 2 cycles" is no number of cycles after which it ends.
    words = "Day 1 every 2 cycles (cycle = 21 days)"
    again = replace(
        CYCLES,
        visits=(Visit("A", words, "main", 0.0, repeat=words),),
        cells=(Cell("A", "hem"),),
    )
    assert find_days(protocol=again)["A"] == [(0, 1), (42, 1), (84, 0.5)]


def test_follow_up_visits_on_one_day_share_its_journey():
    late = Recurrence((30.0,), None, "calendar", "alive", "declared", after="treatment")
    two = replace(
        CYCLES,
        visits=tuple(Visit(name, name, "main", None) for name in ("A", "B")),
        cells=(Cell("A", "hem"), Cell("B", "ct")),
    )
    found = score(two, Conduct(recurrences={"A": late, "B": late}))
    assert found.totals["contact_days"].value == 1
    assert [each["contact_days"] for each in found.by_visit.values()] == [0.5, 0.5]


def test_no_day_at_home_is_lost_to_a_visit_after_the_days_that_count():
    visits = tuple(Visit(f"D{day:g}", f"D{day:g}", "main", day) for day in (0.0, 1.0, 10.0))
    plain = replace(CYCLES, visits=visits, cells=tuple(Cell(visit.id, "hem") for visit in visits))
    # Ten days, 0 to 9, two with contact; day 10 is not one of them.
    found = score(plain, curves={})
    home, spread = find_home_days(found), spread_home_days(found)
    assert home is not None and home.value == 8
    assert spread is not None and spread.mean == 8


def test_patients_differ_by_how_long_they_stay():
    # Half have 4 dates, half 7: screening, 0, 21, 42 and 56, 63, 84.
    spread = spread_patients(score())["contact_days"]
    assert (spread.tenth, spread.ninetieth) == (4, 7)
    assert (spread.mean, spread.worst_tenth) == (pytest.approx(5.5), pytest.approx(7))
    for name, each in spread_patients(score()).items():
        assert each.mean == pytest.approx(score().totals[name].value, rel=1e-9)


def test_days_at_home_are_days_alive_without_contact():
    # Alive from day 0: half 200, half 300 days; contact from day 0 on: 4.5 days.
    found = find_home_days(score(conduct=Conduct(horizon_days=400)))
    assert found is not None
    assert found.value == pytest.approx(250 - 4.5)
    assert "assumed:alive" in found.sources
    undated = replace(
        CYCLES, visits=tuple(replace(v, offset_days=None) if v.id == "C1D1" else v for v in CYCLES.visits)
    )
    known = replace(
        undated, visits=tuple(replace(v, name="Baseline") if v.id == "C1D1" else v for v in undated.visits)
    )
    assert find_home_days(score(known, conduct=Conduct(cycle_days=21.0, horizon_days=400))) is None
    assert spread_home_days(score(known, conduct=Conduct(cycle_days=21.0, horizon_days=400))) is None


def test_days_at_home_differ_between_patients():
    # Half live 200 days with 3 dates from day 0 on (0, 21, 42), half 300 with 6 (and 56, 63, 84).
    found = score(conduct=Conduct(horizon_days=400))
    home, mean = spread_home_days(found), find_home_days(found)
    assert home is not None and mean is not None
    assert (home.tenth, home.worst_tenth, home.ninetieth) == (197, pytest.approx(197), 294)
    assert home.mean == pytest.approx(mean.value)
    # Where nothing says how long they live: everyone to the horizon.
    no_calls = replace(CYCLES, cells=tuple(cell for cell in CYCLES.cells if cell.visit_id != "FU"))
    found = score(no_calls, Conduct(horizon_days=400), {"treatment": TREATMENT})
    home = spread_home_days(found)
    assert home is not None and (home.tenth, home.ninetieth) == (394, 397)


def test_the_most_blood_in_eight_weeks_is_of_a_patient_who_stays():
    # Days 0, 21, 42 (and 63) lie within 56 dates at most three at a time: 0 to 55, 21 to 76.
    tube = LEDGER.evidence_by_id
    found = find_peak_blood(score())
    assert found is not None
    each = sum(
        tube[q.evidence_id].value * q.count
        for q in LEDGER.kind_by_name["hematology"].quantities
        if q.dimension == "blood_ml"
    )
    assert found.value == pytest.approx(3 * each)


def test_unscheduled_visits_come_with_days_on_study():
    # On study as on treatment is not known: "study" has no curve, so everyone to the last day, 84.
    rate = Evidence("unscheduled.per_100_days", "", 0.5, 0.2, 1.0, "1", "assumed:made up", "assumed")
    conduct = Conduct(unscheduled=UnscheduledVisits(rate, ("hem",)))
    base, more = score(), score(conduct=conduct)
    visits = 0.5 * 84 / 100
    added = {name: more.totals[name].value - total.value for name, total in base.totals.items()}
    assert added["contact_days"] == pytest.approx(visits)
    assert added["invasive_procedures"] == pytest.approx(visits)
    assert added["travel_km"] == pytest.approx(visits * 2 * base.evidence["travel.one_way_km"].value)
    assert not more.totals["contact_days"].is_exact
    study = curve("study", (40.0, 0.0))
    less = score(conduct=conduct, curves={**BOTH, "study": study})
    assert less.totals["contact_days"].value == pytest.approx(5.5 + 0.5 * 40 / 100)
    # On study until death, followed for 250 days: 200 days of half, 250 of the others, whatever is scheduled.
    until_death = {**BOTH, "study": curve("study", (200.0, 0.5), (300.0, 0.0))}
    base = score(conduct=Conduct(horizon_days=250), curves=until_death)
    more = score(conduct=replace(conduct, horizon_days=250), curves=until_death)
    added = more.totals["contact_days"].value - base.totals["contact_days"].value
    assert added == pytest.approx(0.5 * 225 / 100)


def test_what_never_ends_is_an_error_with_its_place():
    endless = {"treatment": curve("treatment", (50.0, 0.5))}
    with pytest.raises(InvalidEvidence) as caught:
        score(curves=endless)
    assert caught.value.problems == (
        "visit 'Cycle 2 and beyond / Day 1' recurs every 21 days and never ends: the share of patients who "
        "stay never reaches 0; give a horizon, or a curve that ends at 0",
    )
    assert score(curves=endless, conduct=Conduct(horizon_days=90)).totals["contact_days"].value > 4


def test_what_happens_more_often_than_can_be_counted_is_an_error_with_its_place():
    daily = Recurrence((-36_525.0,), 1.0, "calendar", "treatment", "declared", last_day=36_525.0)
    with pytest.raises(InvalidEvidence) as caught:
        score(conduct=Conduct(recurrences={"C2": daily}))
    assert caught.value.problems == (
        "visit 'Cycle 2 and beyond / Day 1' recurs every 1 days, more than 5,000 times; give a nearer "
        "horizon_days, an earlier last_day or a longer interval",
    )


def test_a_schedule_of_too_many_cells_in_time_is_refused():
    often = Recurrence((0.0,), 1.0, "calendar", "study", "declared", last_day=4_000.0)
    visits = tuple(Visit(f"V{n}", f"Visit {n}", "main", None) for n in range(9))
    cells = tuple(Cell(visit.id, activity.id) for visit in visits for activity in CYCLES.activities)
    many = replace(CYCLES, visits=visits, cells=cells)
    with pytest.raises(InvalidEvidence) as caught:
        score(many, Conduct(recurrences={visit.id: often for visit in visits}), {})
    assert caught.value.problems == (
        "the schedule comes to more than 50,000 cells in time, up to the visit 'Visit 3'; give a nearer "
        "horizon_days, longer intervals, or fewer cells",
    )


def test_without_any_curve_what_recurs_counts_once_and_is_told():
    found = score(curves={})
    assert found.totals["contact_days"].value == 3
    assert any("recurs every 21 days and nothing says how long patients stay" in n for n in found.notes)


def test_what_the_study_declares_wins():
    declared = Recurrence((10.0,), 10.0, "calendar", "treatment", "declared", last_day=40.0)
    assert find_days(conduct=Conduct(recurrences={"C2": declared}))["C2"] == [
        (10, 1),
        (20, 1),
        (30, 1),
        (40, 1),
    ]


def test_a_footnotes_share_multiplies_its_cells_with_its_range():
    protocol = Protocol(
        "P", "P", "notes", (Timeline("main", "Main", True),), (Visit("V", "Day 1", "main", 0.0),),
        (Activity("p", "Pregnancy test"), Activity("e", "ECG")),
        (Cell("V", "p", "X", ("a",)), Cell("V", "e", "X", ("b",))),
        conditions=(Condition("a", "Women of childbearing potential only.", "a"),
                    Condition("b", "In triplicate.", "b")),
    )  # fmt: skip
    bare = replace(protocol, conditions=(), cells=(Cell("V", "p"), Cell("V", "e")))
    found, plain = score(protocol, curves={}), score(bare, curves={})
    noted, unnoted = (
        {x.activity_ids: x for x in each.lines if (x.cause, x.dimension) == ("cell", "site_minutes")}
        for each in (found, plain)
    )
    share = found.evidence[noted["p",].factor_ids[0]]
    assert (share.distribution, 0 < share.low < share.value < share.high < 1) == ("logit-normal", True)
    assert found.evidence[noted["e",].factor_ids[0]].value == 3
    test = compute_amount(unnoted["p",], plain.evidence)
    expected = plain.totals["site_minutes"].value + 2 * plain.evidence["minutes.ecg"].value
    expected -= (1 - share.value) * test
    assert found.totals["site_minutes"].value == pytest.approx(expected)


def test_a_diary_is_kept_until_the_next_visit():
    protocol = Protocol(
        "P", "P", "diary", (Timeline("main", "Main", True),),
        tuple(Visit(f"V{n}", f"Visit {n}", "main", 14.0 * (n - 1)) for n in (1, 2, 3)),
        (Activity("d", "Patient diary"), Activity("e", "ECG")),
        (Cell("V1", "d"), Cell("V2", "d"), Cell("V3", "e")),
    )  # fmt: skip
    study = curve("study", (14.0, 0.5))
    assert score(protocol, curves={"study": study}).totals["diary_days"].value == pytest.approx(14 + 0.5 * 14)


def test_a_declared_view_is_the_weighted_sum():
    found = score()
    view = BurdenView(
        "hours", {"site_minutes": 1 / 60, "travel_minutes": 1 / 60}, "hour", "assumed:study team"
    )
    both = found.totals["site_minutes"].value + found.totals["travel_minutes"].value
    assert apply_view(found, view).value == pytest.approx(both / 60)
    with pytest.raises(InvalidEvidence, match="weighs 'tears', which is no dimension"):
        apply_view(found, replace(view, weights={"tears": 1.0}))
    with pytest.raises(InvalidEvidence, match="weighs 'site_minutes' by -1"):
        BurdenView("bad", {"site_minutes": -1.0}, "hour", "assumed:study team")


def test_exponential_patients_have_the_cycles_of_a_geometric_series():
    """With hazard h and cycles of 21 days: q / (1 - q) from cycle 2 on, q = exp(-21 h)."""
    from unburden.simulation.hazards import derive_exponential_course

    days, shares = derive_exponential_course(90.0)
    curves = {"treatment": TimeOnStudy(tuple(days), tuple(shares), "assumed:x", state="treatment")}
    protocol = replace(CYCLES, cells=tuple(c for c in CYCLES.cells if c.key != ("C2", "ct")))
    q = math.exp(-21 * math.log(2) / 90)
    expected = score(protocol, curves=curves).expected_times["C2"]
    assert expected == pytest.approx(q / (1 - q), rel=0.01)


def test_typical_patients_have_the_shares_of_their_curve():
    course = PatientCourse(BOTH)
    for state, curve_of in BOTH.items():
        ends = course.find_end_days(state)
        for day in (0.0, 49.0, 50.0, 99.0, 150.0, 200.0, 299.0, 300.0):
            assert float(np.mean(ends > day)) == pytest.approx(curve_of.share_at(day), abs=1e-3)


def test_a_usdm_loop_whose_decision_has_a_timing_is_gone_through_again(tmp_path):
    """Cycles of 21 days with days 1 and 8, six of them: a decision 21 days after day 1 leads back."""
    import json

    from unburden.data.formats.usdm import read_usdm, write_usdm

    visits = (Visit("d1", "Day 1", "main", 0.0), Visit("d8", "Day 8", "main", 7.0))
    plain = Protocol(
        "P", "P", "loop", (Timeline("main", "Main", True),), visits,
        (Activity("hem", "Hematology"),), (Cell("d1", "hem"), Cell("d8", "hem")),
    )  # fmt: skip
    path = tmp_path / "loop.json"
    write_usdm(plain, path)
    document = json.loads(path.read_text(encoding="utf-8"))
    (timeline,) = document["study"]["versions"][0]["studyDesigns"][0]["scheduleTimelines"]
    first, last = timeline["instances"]
    decision = {
        "description": "",
        "epochId": last.get("epochId"),
        "id": "again",
        "extensionAttributes": [],
        "name": "again",
        "label": "Fewer than 6 cycles",
        "instanceType": "ScheduledDecisionInstance",
        "defaultConditionId": None,
        "conditionAssignments": [
            {
                "id": "back",
                "extensionAttributes": [],
                "condition": "until 6 cycles are done",
                "conditionTargetId": first["id"],
                "instanceType": "ConditionAssignment",
            }
        ],
    }
    last["defaultConditionId"] = "again"
    timeline["instances"].append(decision)
    timing = next(t for t in timeline["timings"] if t["relativeFromScheduledInstanceId"] == last["id"])
    own = {key: {**timing[key], "id": f"again-{key}"} for key in ("type", "relativeToFrom")}
    more = {"id": "timing-again", "value": "P21D", "relativeFromScheduledInstanceId": "again"}
    timeline["timings"].append({**timing, **own, **more})
    path.write_text(json.dumps(document), encoding="utf-8")
    protocol = read_usdm(path)
    assert [v.repeat for v in protocol.main_visits] == ["until 6 cycles are done (every 21 days)"] * 2
    days = find_days(protocol=protocol, curves={"treatment": curve("treatment", (1000.0, 0.0))})
    by_visit = sorted([day for day, _ in found] for found in days.values())
    assert by_visit == [[0, 21, 42, 63, 84, 105], [7, 28, 49, 70, 91, 112]]
    assert protocol == replace(read_usdm(path))

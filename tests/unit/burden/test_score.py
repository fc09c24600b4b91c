"""A small protocol, every number of which is worked out by hand in the comments."""

from dataclasses import replace

import pytest

from unburden.burden.classify import classify_activities
from unburden.burden.score import score_schedule
from unburden.domain.burden import Evidence, Persona, TimeOnStudy
from unburden.domain.conduct import Conduct
from unburden.domain.cycles import PatientCourse
from unburden.domain.errors import InvalidEvidence, InvalidProtocol
from unburden.domain.ledger import EvidenceLedger, KindQuantity, KindRule
from unburden.domain.protocol import (
    Activity,
    Arm,
    Cell,
    Condition,
    Place,
    Protocol,
    Timeline,
    Visit,
    drop_cells,
    move_visits,
)

COUNTED = "observed:counted in the schedule"
NEEDLE = (
    KindQuantity("minutes", "needle", "setup:venepuncture"),
    KindQuantity("invasive_procedures", "count.one", "setup:venepuncture", 1.0, "venepuncture"),
)


def entry(name: str, value: float, unit: str) -> Evidence:
    return Evidence(name, name, value, value / 2, value * 2, unit, f"assumed:{name}", "assumed")


LEDGER = EvidenceLedger(
    (
        Evidence("count.one", "one", 1, 1, 1, "1", COUNTED, "A"),
        entry("travel.one_way_km", 10, "km"),
        entry("travel.minutes", 40, "minute"),
        entry("site.arrival_minutes", 30, "minute"),
        entry("home.visit_minutes", 20, "minute"),
        entry("remote.visit_minutes", 5, "minute"),
        entry("caregiver.share", 0.4, "1"),
        entry("cost.usd_per_km", 0.2, "USD/km"),
        entry("cost.usd_per_day", 12, "USD"),
        entry("ecg", 15, "minute"),
        entry("needle", 8, "minute"),
        entry("tube", 4, "mL"),
        entry("form", 6, "minute"),
        entry("scan", 7, "mSv"),
        entry("unknown", 12, "minute"),
    ),
    (
        KindRule("ECG", (r"\becg\b",), True, (KindQuantity("minutes", "ecg"),)),
        KindRule("blood", ("blood",), True, (KindQuantity("blood_ml", "tube"), *NEEDLE)),
        KindRule(
            "form",
            ("form",),
            True,
            (
                KindQuantity("minutes", "form"),
                KindQuantity("questionnaire_minutes", "form"),
                KindQuantity("questionnaire_items", "count.one", count=30),
            ),
        ),
        KindRule("CT", ("ct scan",), False, (KindQuantity("radiation_msv", "scan"),)),
        KindRule("series", ("series",), True, ()),
        KindRule("unclassified", (), False, (KindQuantity("minutes", "unknown"),)),
    ),
)

PROTOCOL = Protocol(
    id="P",
    title="Small",
    source="small",
    timelines=(
        Timeline("main", "Main", True),
        Timeline("inner", "Time points", False),
        Timeline("event", "Early end", False, "early end of treatment"),
    ),
    visits=(
        Visit("SCR", "Screening", "main", -7.0),
        Visit("D1", "Day 1", "main", 0.0),
        Visit("D1b", "Day 1, later", "main", 0.5),
        Visit("W2", "Week 2", "main", 14.0, (Place.HOME,)),
        Visit("W4", "Week 4", "main", 28.0, (Place.REMOTE,)),
        Visit("END", "End", "main", None),
        Visit("NONE", "Nothing", "main", 40.0),
        Visit("T1", "1 h", "inner", 0.0),
        Visit("T2", "2 h", "inner", 0.0),
        Visit("EARLY", "Early end", "event", None),
    ),
    activities=(
        Activity("ecg", "ECG"),
        Activity("hem", "Blood count"),
        Activity("chem", "Blood chemistry"),
        Activity("form", "Form"),
        Activity("ct", "CT scan"),
        Activity("pk", "Series", timeline_id="inner"),
        Activity("odd", "Mystery"),
    ),
    cells=(
        Cell("SCR", "ecg"),
        Cell("SCR", "ct"),
        Cell("D1", "hem"),
        Cell("D1", "chem"),
        Cell("D1b", "pk"),
        Cell("W2", "hem"),
        Cell("W4", "form", "X", ("c",)),
        Cell("END", "odd"),
        Cell("T1", "hem"),
        Cell("T2", "hem"),
        Cell("EARLY", "ct"),
    ),
    conditions=(Condition("c", "if able"),),
)
HALF = TimeOnStudy((0.0, 10.0), (1.0, 0.5), "assumed:half leave")
PERSONA = Persona("anyone", 1.0)


def score(protocol: Protocol = PROTOCOL, **changes):
    given = {"arm_id": None, "kinds": {}, "overrides": (), "conduct": Conduct()} | changes
    curve = given.pop("time_on_study", HALF)
    given.setdefault("course", PatientCourse({curve.state: curve} if curve else {}))
    return score_schedule(protocol, given.pop("persona", PERSONA), LEDGER, **given)


@pytest.mark.parametrize(
    ("dimension", "value"),
    [
        ("contact_days", 3),  # day -7, day 0 (two visits), END without a day
        ("travel_km", 60),  # 3 dates x 2 x 10
        ("travel_minutes", 120),  # 3 dates x 40
        # 3 dates x 30, ECG 15, a needle at D1 and one at D1b 2 x 8, END 12
        ("site_minutes", 133),
        # half of the patients: W2 needle 8 and nurse 20; W4 form 6 and call 5
        ("home_minutes", 19.5),
        ("blood_ml", 18),  # D1 two tubes 8, D1b two time points 8, half of W2's 4
        ("radiation_msv", 7),
        ("invasive_procedures", 2.5),  # one each at D1 and D1b, half of W2's
        ("questionnaire_items", 15),
        ("questionnaire_minutes", 3),
        ("patient_minutes", 272.5),  # 133 + 19.5 + 120
    ],
)
def test_totals_by_hand(dimension, value):
    assert score().totals[dimension].value == pytest.approx(value)


def test_a_count_is_exact_and_says_where_it_comes_from():
    days = score().totals["contact_days"]
    assert days.is_exact and days.sources == (COUNTED,)
    nothing = score(drop_cells(PROTOCOL, [("SCR", "ct")])).totals["radiation_msv"]
    assert (nothing.bounds(), nothing.sources) == ((0, 0, 0), (COUNTED,))
    assert score().totals["blood_ml"].sources == ("assumed:tube",)


def test_a_days_lines_are_shared_by_its_visits():
    by_visit = score().by_visit
    assert by_visit["D1"]["travel_km"] == by_visit["D1b"]["travel_km"] == pytest.approx(10)
    assert by_visit["D1"]["site_minutes"] == pytest.approx(15 + 8)
    assert by_visit["END"]["travel_km"] == pytest.approx(20)
    assert "NONE" not in by_visit and "EARLY" not in by_visit


def test_lines_within_an_activitys_timeline_bear_its_id_and_are_added_up():
    lines = [line for line in score().lines if line.visit_id == "D1b" and line.dimension == "blood_ml"]
    assert [(line.activity_ids, line.times) for line in lines] == [(("pk",), 2.0)]
    dropped = score(drop_cells(PROTOCOL, [("D1b", "pk")]))
    assert dropped.totals["blood_ml"].value == pytest.approx(10)


def test_an_activity_with_a_timeline_counts_by_it_alone():
    """Otherwise a vital-signs profile would count its parent once more."""
    kinds = {"pk": "CT"}
    assert score(kinds=kinds).totals["radiation_msv"].value == score().totals["radiation_msv"].value
    empty = score(drop_cells(PROTOCOL, [("T1", "hem"), ("T2", "hem")]), kinds=kinds)
    assert empty.totals["radiation_msv"].value == pytest.approx(7)
    assert "activity 'Series' has a timeline without assessments and counts nothing" in empty.notes


def test_one_needle_serves_all_tubes_of_a_visit():
    needles = [line for line in score().lines if line.visit_id == "D1" and line.cause == "setup"]
    assert {line.activity_ids for line in needles} == {("hem", "chem")}
    assert {line.detail for line in needles} == {"", "venepuncture"}
    assert score(drop_cells(PROTOCOL, [("D1", "hem")])).totals["invasive_procedures"].value == 2.5


def test_moving_a_visit_home_moves_its_minutes_and_keeps_a_shared_date():
    moved = score(move_visits(PROTOCOL, ["SCR", "D1b"], Place.HOME)).totals
    assert moved["contact_days"].value == 2
    assert moved["home_minutes"].value == pytest.approx(19.5 + (20 + 15) + (20 + 8))


def test_notes_say_what_was_not_or_roughly_counted():
    repeated = tuple(replace(v, repeat="every 2 weeks") if v.id == "W2" else v for v in PROTOCOL.visits)
    horizon = PatientCourse({"study": HALF}, horizon_days=40)
    assert score(replace(PROTOCOL, visits=repeated), course=horizon).notes == (
        "times are weighted by the share on study from assumed:half leave",
        "unscheduled visits are not counted, because their rate is not given",
        "visit 'End' has no day: it is its own date, with everyone on study",
        "visit 'Week 2' is laid out by the rule 'loop' from 'Week 2 / every 2 weeks'",
        "timeline 'Early end' (on: early end of treatment) is not counted: not every patient has it",
        "1 of 1 footnotes are not understood and change nothing: c",
        "1 cells have footnotes; they are counted as always done, save where a footnote gives a share or "
        "a number",
        "activity 'Mystery' is of no known kind and has wide assumed minutes",
        "time points within the visit 'Day 1, later' share one setup, such as one needle",
    )


def test_only_the_arms_visits_count():
    visits = tuple(replace(v, arm_ids=("B",)) if v.id == "SCR" else v for v in PROTOCOL.visits)
    protocol = replace(PROTOCOL, visits=visits, arms=(Arm("A", "A"), Arm("B", "B")))
    assert score(protocol, arm_id="A").totals["radiation_msv"].value == 0
    assert score(protocol, arm_id="B").totals["radiation_msv"].value == 7
    with pytest.raises(InvalidProtocol, match="no arm 'C'; use None or one of"):
        score(protocol, arm_id="C")
    with pytest.raises(InvalidEvidence, match="time on study is of the arm 'B', the score of 'A'"):
        score(protocol, arm_id="A", time_on_study=replace(HALF, arm_id="B"))


def test_overrides_replace_entries_and_the_personas_win():
    near, far = entry("travel.one_way_km", 1, "km"), entry("travel.one_way_km", 100, "km")
    assert score(overrides=(near,)).totals["travel_km"].value == pytest.approx(6)
    persona = Persona("far", 0.2, (far,))
    assert score(overrides=(near,), persona=persona).totals["travel_km"].value == pytest.approx(600)
    with pytest.raises(InvalidEvidence) as caught:
        score(overrides=(entry("nothing", 1, "km"), entry("needle", 1, "km")))
    assert caught.value.problems == (
        "no entry 'nothing' to override; name one that is in the ledger",
        "'needle' is in 'km', the ledger in 'minute'; give 'minute'",
    )


def test_each_kind_shows_its_rule():
    kinds = classify_activities(PROTOCOL, LEDGER, {"odd": "ECG"})
    assert (kinds["ecg"].kind, kinds["ecg"].rule) == ("ECG", r"title 'ECG' matches '\\becg\\b'")
    assert (kinds["odd"].kind, kinds["odd"].rule) == ("ECG", "declared by the study")
    assert classify_activities(PROTOCOL, LEDGER, {})["odd"].kind == "unclassified"
    with pytest.raises(InvalidEvidence) as caught:
        classify_activities(PROTOCOL, LEDGER, {"none": "ECG", "odd": "magic"})
    assert caught.value.problems == (
        "no activity 'none' to give the kind 'ECG'; name one of the protocol",
        "activity 'odd' has the kind 'magic'; use one of ECG, blood, form, CT, series, unclassified",
    )


def test_everyone_is_on_study_before_the_reference():
    early = TimeOnStudy((-10.0, 0.0), (0.5, 0.25), "assumed:leaves early")
    totals = score(time_on_study=early).totals
    assert totals["radiation_msv"].value == 7  # all at day -7
    assert totals["contact_days"].value == pytest.approx(1 + 0.25 + 1)

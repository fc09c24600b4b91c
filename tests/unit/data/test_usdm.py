import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from unburden.data.formats.soa_matrix import read_soa_matrix
from unburden.data.formats.usdm import read_usdm, write_usdm
from unburden.domain.errors import InvalidProtocol
from unburden.domain.protocol import (
    Activity,
    Cell,
    Condition,
    Criterion,
    Endpoint,
    Objective,
    Place,
    Protocol,
    Purpose,
    Timeline,
    Visit,
    drop_cells,
    move_visits,
)

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "protocols"
NAMES = ("CDISC_Pilot", "Alexion_NCT04573309_Wilsons", "EliLilly_NCT03421379_Diabetes", "synthetic")
FILES = sorted(path for name in NAMES for path in (FOLDER / name).glob("*.json"))
PILOT = FOLDER / "CDISC_Pilot" / "CDISC_Pilot_Study.json"
WILSONS = FOLDER / "Alexion_NCT04573309_Wilsons" / "Alexion_NCT04573309_Wilsons.json"
OBSERVATIONAL = FOLDER / "synthetic" / "observational.json"
MATRICES = sorted((FOLDER / "soa").glob("*_consolidated.json"))
needs_shared = pytest.mark.skipif(not PILOT.exists(), reason="../shared/data/protocols is absent")
needs_matrices = pytest.mark.skipif(not MATRICES, reason="../shared/data/protocols/soa is absent")


def by_label(protocol: Protocol, name: str) -> Visit:
    return next(visit for visit in protocol.visits if visit.name == name)


def break_pilot(folder: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> list[str]:
    """The problems of the pilot after `change(document, study design)`."""
    document = json.loads(PILOT.read_text(encoding="utf-8"))
    change(document, document["study"]["versions"][0]["studyDesigns"][0])
    path = folder / "broken.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InvalidProtocol) as caught:
        read_usdm(path)
    assert caught.value.where == "broken.json"
    return list(caught.value.problems)


@needs_shared
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_real_documents_read_whole(path):
    protocol = read_usdm(path)
    document = json.loads(path.read_text(encoding="utf-8"))
    design = document["study"]["versions"][0]["studyDesigns"][0]
    instances = [i for t in design["scheduleTimelines"] for i in t["instances"] if "activityIds" in i]
    assert len(protocol.visits) == len(instances)
    assert len(protocol.cells) == sum(len(i["activityIds"]) for i in instances)
    assert len(protocol.activities) == len(design["activities"])
    assert len(protocol.criteria) == len(design["eligibilityCriteria"])
    assert protocol.source == path.name


@needs_shared
def test_pilot_reads_as_its_document_says():
    protocol = read_usdm(PILOT)
    assert protocol.id == "H2Q-MC-LZZT"
    assert (protocol.phase, protocol.planned_patients) == ("Phase II Trial", 300)
    counts = (len(protocol.cells), len(protocol.activities), len(protocol.criteria), len(protocol.endpoints))
    assert counts == (144, 36, 31, 11)
    assert len({v.encounter_id for v in protocol.visits} - {None}) == 12
    assert by_label(protocol, "Screening 1").offset_days == -14
    assert by_label(protocol, "Baseline").offset_days == 0
    week_8, week_10 = by_label(protocol, "Week 8"), by_label(protocol, "Week NPI")
    assert (week_8.window_before_days, week_8.window_after_days) == (3, 3)
    assert week_8.places == (Place.SITE, Place.REMOTE)
    assert (week_10.offset_days, week_10.encounter_id) == (70, week_8.encounter_id)
    assert protocol.criteria[0].text.endswith("females at least 50 years of age.")
    assert protocol.criteria[2].text == "MMSE score of 10 to 23."
    conditions = {c.activity_id: c.condition_ids for c in protocol.cells if c.condition_ids}
    assert conditions["Activity_24"] == ("Condition_1",)
    assert len(conditions) == 5
    triggers = {t.name: t.trigger for t in protocol.timelines if not t.is_main}
    assert triggers["Adverse Event Timeline"] == "Subject suffers an adverse event"
    assert ("SNOMED", "383371000119108") in {code for a in protocol.activities for code in a.codes}


@needs_shared
def test_loop_repeats_its_visits_and_parents_are_found():
    protocol = read_usdm(WILSONS)
    looped = {v.name: (v.repeat, v.offset_days) for v in protocol.visits if v.repeat}
    assert looped == {"D-6-5_START": ("Day = -6", -7.0), "Day -6 through -5": ("Day = -6", -6.0)}
    assert protocol.activity_by_id["Activity_1"].parent_id == "Activity_38"
    assert (by_label(protocol, "EOS").offset_days, by_label(protocol, "EOS").window_after_days) == (53, 2)


@needs_shared
def test_telephone_is_remote_and_unknown_tags_stay_visible():
    protocol = read_usdm(OBSERVATIONAL)
    assert by_label(protocol, "Day 42").places == (Place.REMOTE,)
    assert not any(visit.repeat for visit in protocol.visits)
    texts = [criterion.text for criterion in protocol.criteria]
    assert texts[1] == "Subjects shall be between [min_age] and [max_agexxx]"
    assert texts[3] == "Pick up activity Demographics"
    assert texts[4] == "If the value is equal to 1234.0"


@needs_shared
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_unchanged_protocol_is_written_as_it_was_read(path, tmp_path):
    write_usdm(read_usdm(path), tmp_path / "out.json")
    assert (tmp_path / "out.json").read_bytes() == path.read_bytes()
    assert [held.name for held in tmp_path.iterdir()] == ["out.json"]


@needs_shared
@pytest.mark.parametrize("place", list(Place))
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_moved_visits_and_dropped_cells_read_back(path, place, tmp_path):
    protocol = read_usdm(path)
    changed = move_visits(protocol, [v.id for v in protocol.visits[1::2]], place)
    changed = drop_cells(changed, [cell.key for cell in protocol.cells[::3]])
    write_usdm(changed, tmp_path / "out.json")
    back = read_usdm(tmp_path / "out.json")
    assert back.cells == changed.cells
    assert [(v.name, v.places) for v in back.visits] == [(v.name, v.places) for v in changed.visits]
    assert (back.criteria, back.objectives) == (protocol.criteria, protocol.objectives)


@needs_shared
def test_move_home_touches_that_encounter_only(tmp_path):
    protocol = read_usdm(PILOT)
    write_usdm(move_visits(protocol, [by_label(protocol, "Week 4").id], Place.HOME), tmp_path / "out.json")
    before, after = (json.loads(p.read_text(encoding="utf-8")) for p in (PILOT, tmp_path / "out.json"))
    design = after["study"]["versions"][0]["studyDesigns"][0]
    encounter = next(e for e in design["encounters"] if e["label"] == "Week 4")
    codes = [(c["code"], c["decode"]) for c in encounter["environmentalSettings"]]
    assert codes == [("C18002", "Home"), ("C51282", "Clinic")]
    assert [c["code"] for c in encounter["contactModes"]] == ["C175574"]
    old = next(
        e for e in before["study"]["versions"][0]["studyDesigns"][0]["encounters"] if e["label"] == "Week 4"
    )
    encounter.update(old)
    assert after == before


@needs_shared
def test_shared_encounter_that_parts_is_copied(tmp_path):
    protocol = read_usdm(PILOT)
    call = by_label(protocol, "Week NPI")
    write_usdm(move_visits(protocol, [call.id], Place.REMOTE), tmp_path / "out.json")
    back = read_usdm(tmp_path / "out.json")
    assert back.visit_by_id[call.id].places == (Place.REMOTE, Place.SITE)
    assert back.visit_by_id[call.id].encounter_id != call.encounter_id
    assert by_label(back, "Week 8") == by_label(protocol, "Week 8")


@needs_shared
def test_purposes_endpoints_and_new_cells_are_carried(tmp_path):
    protocol = read_usdm(PILOT)
    endpoint = protocol.endpoints[0].id
    first = replace(protocol.activities[0], purpose=Purpose.ELIGIBILITY, endpoint_ids=(endpoint,))
    taken = {cell.key for cell in protocol.cells}
    key = next((v.id, first.id) for v in protocol.visits if (v.id, first.id) not in taken)
    cells = (*protocol.cells, Cell(*key, mark="(X)", condition_ids=("Condition_1",)))
    changed = replace(protocol, activities=(first, *protocol.activities[1:]), cells=cells)
    write_usdm(changed, tmp_path / "out.json")
    back = read_usdm(tmp_path / "out.json")
    assert back.activities == changed.activities
    assert set(back.cells) == set(changed.cells)


@needs_shared
def test_change_that_cannot_be_carried_is_refused(tmp_path):
    protocol = read_usdm(PILOT)
    changed = replace(protocol, criteria=protocol.criteria[1:])
    with pytest.raises(InvalidProtocol, match=r"criteria changed, .*write it as a new document"):
        write_usdm(changed, tmp_path / "out.json")
    assert list(tmp_path.iterdir()) == []
    write_usdm(replace(changed, carried=None), tmp_path / "out.json")
    assert read_usdm(tmp_path / "out.json").criteria == changed.criteria


@needs_matrices
@pytest.mark.parametrize("path", MATRICES, ids=lambda path: path.stem)
def test_schedule_matrix_reads_back_from_usdm(path, tmp_path):
    protocol = read_soa_matrix(path)
    write_usdm(protocol, tmp_path / "out.json")
    back = read_usdm(tmp_path / "out.json")
    assert back.visits == protocol.visits
    assert back.activities == protocol.activities
    assert set(back.cells) == set(protocol.cells)


def make_protocol(**changes: Any) -> Protocol:
    parts: dict[str, Any] = {
        "id": "P",
        "title": "A <small> trial & more",
        "source": "small.xlsx",
        "timelines": (Timeline("main", "Main", True), Timeline("ae", "AE", False, "adverse event")),
        "visits": (
            Visit("s", "Screening", "main", -10.5, window_after_days=2, places=(Place.HOME, Place.LOCAL)),
            Visit("w", "Week 1", "main", 7.0, places=(Place.REMOTE,), repeat="every week"),
            Visit("u", "Unplanned", "main", None, window_before_days=1.0),
            Visit("e", "AE", "ae", 0.0),
        ),
        "activities": (
            Activity("ecg", "ECG", purpose=Purpose.SAFETY, codes=(("LOINC", "11524-6"),)),
            Activity("lab", "Labs", endpoint_ids=("p1",), parent_id="ecg"),
        ),
        "cells": (
            Cell("s", "ecg", condition_ids=("a",)),
            Cell("s", "lab"),
            Cell("w", "ecg", "(X)"),
            Cell("w", "lab", condition_ids=("a",)),
        ),
        "conditions": (Condition("a", "if PG < 60", "a"),),
        "criteria": (Criterion("i1", "I1", "Age >= 18", True), Criterion("x1", "X1", "Pregnant", False)),
        "endpoints": (Endpoint("p1", "Survival", "Primary Endpoint"), Endpoint("p2", "Pain", "")),
        "objectives": (Objective("o1", "To live", "Primary Objective", ("p1",)),),
        "planned_patients": 20,
    }
    return Protocol(**(parts | changes))


def test_new_document_reads_as_the_protocol(tmp_path):
    protocol = make_protocol()
    write_usdm(protocol, tmp_path / "out.json")
    back = read_usdm(tmp_path / "out.json")
    assert replace(back, source=protocol.source, carried=None, notes=()) == protocol


def test_new_document_refuses_an_id_used_twice(tmp_path):
    protocol = make_protocol(conditions=(Condition("a", "x"), Condition("ecg", "y")))
    with pytest.raises(InvalidProtocol, match=r"2 records share the id 'ecg'; give each its own id"):
        write_usdm(protocol, tmp_path / "out.json")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty; give a USDM v4 document in JSON"),
        ('{"study": ', "line 1, column 11 is not JSON"),
        ("[]", "$ holds []; give one JSON object with the keys study and usdmVersion"),
        ("[" * 100_000, "nests deeper than any USDM document"),
    ],
)
def test_text_that_is_no_document_is_told(text, told, tmp_path):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(InvalidProtocol) as caught:
        read_usdm(path)
    assert told in str(caught.value)


def test_missing_file_is_told(tmp_path):
    with pytest.raises(InvalidProtocol, match=r"none\.json: 1 problem\n  - cannot be read"):
        read_usdm(tmp_path / "none.json")


def test_wrong_version_and_missing_key_are_told_together(tmp_path):
    path = tmp_path / "old.json"
    path.write_text(json.dumps({"usdmVersion": "3.0.0", "study": {"instanceType": "Study", "versions": []}}))
    with pytest.raises(InvalidProtocol) as caught:
        read_usdm(path)
    assert set(caught.value.problems) == {
        "$.usdmVersion is '3.0.0'; give a document of USDM version 4",
        "$.study misses the key 'name'; add it",
        "$.study.versions is empty; give one study version",
    }


@needs_shared
def test_every_schema_problem_is_told_at_its_place(tmp_path):
    def change(document, design):
        del design["activities"][0]["name"]
        design["encounters"][1]["label"] = 5
        design["epochs"][0]["instanceType"] = "Epoch"
        document["study"]["versions"][0]["titles"] = None

    problems = break_pilot(tmp_path, change)
    where = "$.study.versions[0].studyDesigns[0]"
    assert f"{where}.activities[0] misses the key 'name'; add it" in problems
    assert any(p.startswith(f"{where}.encounters[1].label holds 5") for p in problems)
    assert f"{where}.epochs[0].instanceType is 'Epoch'; give 'StudyEpoch'" in problems
    assert "$.study.versions[0].titles holds None; give a value of type array" in problems
    assert all(len(problem) < 400 for problem in problems)


@needs_shared
def test_dangling_ids_circles_and_repeated_ids_are_told_together(tmp_path):
    def change(document, design):
        main = design["scheduleTimelines"][0]
        main["instances"][0]["activityIds"][0] = "Activity_999"
        main["instances"][1]["encounterId"] = "StudyEpoch_1"
        main["timings"][0]["relativeToScheduledInstanceId"] = "gone"
        design["eligibilityCriteria"][0]["criterionItemId"] = "gone"
        design["studyCells"][0]["armId"] = "gone"
        design["encounters"][11]["nextId"] = "Encounter_1"
        design["encounters"][0]["previousId"] = "Encounter_12"
        design["epochs"][0]["nextId"] = "StudyEpoch_3"
        design["elements"][1]["id"] = design["elements"][0]["id"]
        main["mainTimeline"] = False

    told = "\n".join(break_pilot(tmp_path, change))
    where = "$.study.versions[0].studyDesigns[0]"
    missing = "which no object has as its id; correct it or add the object"
    instances = f"{where}.scheduleTimelines[0].instances"
    assert f"{instances}[0].activityIds[0] is 'Activity_999', {missing}" in told
    wrong_kind = "is 'StudyEpoch_1', a StudyEpoch; give the id of a Encounter"
    assert f"{instances}[1].encounterId {wrong_kind}" in told
    assert f"timings[0].relativeToScheduledInstanceId is 'gone', {missing}" in told
    assert f"{where}.eligibilityCriteria[0].criterionItemId is 'gone', {missing}" in told
    assert f"{where}.studyCells[0].armId is 'gone', {missing}" in told
    assert f"{where}.encounters[0].nextId runs in a circle (Encounter_1 → Encounter_2" in told
    assert told.count("runs in a circle") == 1
    assert (
        "epochs[0].nextId is 'StudyEpoch_3', whose previousId is 'StudyEpoch_2'; make the two agree" in told
    )
    assert "elements[1].id is 'StudyElement_1', which " in told
    assert "has 0 main timelines; set mainTimeline to true on exactly one" in told


FIXED = {"code": "C201358", "decode": "Fixed Reference"}
TIMINGS = "$.study.versions[0].studyDesigns[0].scheduleTimelines[0].timings"


def change_timing(number: int, **values: Any) -> Callable[[Any, Any], None]:
    def change(document, design):
        timing = design["scheduleTimelines"][0]["timings"][number]
        for key, value in values.items():
            timing[key] = timing[key] | value if isinstance(value, dict) else value

    return change


def point_timings_at_each_other(document, design):
    one, other = design["scheduleTimelines"][0]["timings"][:2]
    one["relativeToScheduledInstanceId"] = other["relativeFromScheduledInstanceId"]
    other["relativeToScheduledInstanceId"] = one["relativeFromScheduledInstanceId"]


@needs_shared
@pytest.mark.parametrize("value", ["30 days", "", "P1.2.3D", "P", "P2X"])
def test_a_timing_that_is_no_duration_is_told(tmp_path, value):
    remedy = "give a duration as in ISO 8601, such as P2W or PT30M"
    told = break_pilot(tmp_path, change_timing(0, value=value))
    assert told == [f"{TIMINGS}[0].value is {value!r}; {remedy}"]


@needs_shared
@pytest.mark.parametrize("key", ["value", "windowLower", "windowUpper"])
@pytest.mark.parametrize("value", ["P999999999999D", "-P101Y", f"P{'9' * 400}D"], ids=["D", "Y", "long"])
def test_a_duration_beyond_a_hundred_years_is_told(tmp_path, key, value):
    (told,) = break_pilot(tmp_path, change_timing(0, **{key: value}))
    assert told.startswith(f"{TIMINGS}[0].{key} is '{value[:20]}'"[:60])
    assert told.endswith("; give at most 36,525 days (100 years)")


@needs_shared
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            change_timing(0, relativeToScheduledInstanceId="ScheduledActivityInstance_9"),
            " run in a circle (ScheduledActivityInstance_9 → ScheduledActivityInstance_9); "
            "let one of them count from the Fixed Reference",
        ),
        (
            point_timings_at_each_other,
            " run in a circle (ScheduledActivityInstance_9 → ScheduledActivityInstance_10 → "
            "ScheduledActivityInstance_9); let one of them count from the Fixed Reference",
        ),
        (
            change_timing(0, type=FIXED),
            " hold 2 Fixed References, at 0 and 2; days count from one, so keep one",
        ),
        (
            change_timing(2, type={"code": "C201356", "decode": "After"}),
            " hold no Fixed Reference; make the timing of day 0 one",
        ),
        (
            change_timing(0, type={"code": "X", "decode": "Whenever"}),
            "[0].type is 'Whenever'; give Before, After or Fixed Reference",
        ),
        (
            change_timing(0, relativeToScheduledInstanceId=None),
            "[0] counts from nothing; give relativeToScheduledInstanceId",
        ),
    ],
    ids=["itself", "circle", "two anchors", "no anchor", "type", "no target"],
)
def test_a_timing_that_gives_no_day_is_told(tmp_path, change, expected):
    assert f"{TIMINGS}{expected}" in break_pilot(tmp_path, change)


@needs_shared
@pytest.mark.parametrize("value", ["1e300", "1e999", "9" * 400, "-36526"], ids=["e", "inf", "long", "-"])
def test_an_offset_beyond_a_hundred_years_is_told(tmp_path, value):
    def change(document, design):
        design["scheduleTimelines"][0]["timings"][2]["extensionAttributes"] = [
            {
                "id": "x",
                "url": "urn:unburden:offset-days",
                "valueString": value,
                "instanceType": "ExtensionAttribute",
            }
        ]

    (told,) = break_pilot(tmp_path, change)
    assert told.endswith("; give a number of days, at most 36,525 (100 years) either side")
    assert len(told) < 400


@needs_shared
def test_a_visit_that_counts_from_one_without_timing_has_no_day_and_a_note(tmp_path):
    document = json.loads(PILOT.read_text(encoding="utf-8"))
    design = document["study"]["versions"][0]["studyDesigns"][0]
    timings = design["scheduleTimelines"][0]["timings"]
    design["encounters"][1]["scheduledAtId"] = None
    timings[0]["relativeToScheduledInstanceId"] = timings.pop(1)["relativeFromScheduledInstanceId"]
    (tmp_path / "p.json").write_text(json.dumps(document))
    protocol = read_usdm(tmp_path / "p.json")
    assert by_label(protocol, "Screening 1").offset_days is None
    note = "ScheduledActivityInstance_9 counts from ScheduledActivityInstance_10, which has no timing"
    assert f"{note}; it has no day" in protocol.notes


@needs_shared
@pytest.mark.parametrize("number", [10**400, float("nan"), float("inf"), -5, 10**10], ids=str)
@pytest.mark.parametrize("kind", ["Quantity", "Range"])
def test_a_planned_number_of_patients_that_is_none_is_told(tmp_path, number, kind):
    def change(document, design):
        quantity = {"id": "q1", "value": number, "instanceType": "Quantity"}
        low = quantity | {"id": "q2", "value": 1}
        span = {
            "id": "r",
            "minValue": low,
            "maxValue": quantity,
            "isApproximate": False,
            "instanceType": "Range",
        }
        design["population"]["plannedEnrollmentNumber"] = quantity if kind == "Quantity" else span

    (told,) = break_pilot(tmp_path, change)
    assert ".population.plannedEnrollmentNumber" in told
    assert told.endswith("; give a number of patients from 0 to 1,000,000,000")
    assert len(told) < 400


@needs_shared
@pytest.mark.parametrize("value", [["safety"], {"a": 1}])
@pytest.mark.parametrize("url", ["purpose", "serves-endpoint", "places", "offset-days"])
def test_an_extension_that_is_no_text_is_told(tmp_path, url, value):
    def change(document, design):
        extension = {"id": "x", "url": f"urn:unburden:{url}", "valueString": value}
        design["activities"][0]["extensionAttributes"] = [extension | {"instanceType": "ExtensionAttribute"}]
        design["objectives"][0]["endpoints"][0]["id"] = value

    told = break_pilot(tmp_path, change)
    assert any(".extensionAttributes[0].valueString is " in problem for problem in told)
    assert any(".endpoints[0].id holds " in problem for problem in told)


@needs_shared
def test_unknown_purpose_and_endpoint_are_told(tmp_path):
    def change(document, design):
        named = (("urn:unburden:purpose", "fun"), ("urn:unburden:serves-endpoint", "gone"))
        design["activities"][0]["extensionAttributes"] = [
            {"id": url, "url": url, "valueString": value, "instanceType": "ExtensionAttribute"}
            for url, value in named
        ]

    told = break_pilot(tmp_path, change)
    assert len(told) == 2
    assert "'fun'; give one of ['administrative'," in told[0]
    assert "'gone', which no endpoint has as its id" in told[1]

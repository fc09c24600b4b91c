"""The labels given by hand to eligibility criteria keep their form, and their words stand in the texts."""

import json
from pathlib import Path

import numpy as np
import pytest

from unburden.data.protocols import read_protocol

HERE = Path(__file__).parent
DATA = Path(__file__).parents[3] / "shared" / "data"
PROTOCOLS = {
    "CDISC_Pilot": "CDISC_Pilot/CDISC_Pilot_Study.json",
    "NCT04573309": "Alexion_NCT04573309_Wilsons/Alexion_NCT04573309_Wilsons.json",
    "NCT03421379": "EliLilly_NCT03421379_Diabetes/EliLilly_NCT03421379_Diabetes.json",
}
LINES = DATA / "criteria" / "oncology_criteria_lines.json"
CRITERIA = json.loads((HERE / "criterion_labels.json").read_text(encoding="utf-8"))["criteria"]
ONCOLOGY = json.loads((HERE / "oncology_line_labels.json").read_text(encoding="utf-8"))["lines"]
STATUSES = {"computable", "partly", "not_computable"}
REASONS = {"consent", "judgement", "administrative", "conduct", "ability", "undefined"}
KINDS = {
    *("person", "condition", "drug", "procedure", "measurement", "biomarker"),
    *("scale", "device", "reproductive", "lifestyle", "administrative"),
}
UNITS = {
    *(
        "",
        "year",
        "month",
        "week",
        "s",
        "ms",
        "/min",
        "%",
        "cm",
        "mL",
        "mL/min",
        "/uL",
        "/L",
        "g/dL",
        "ng/mL",
    ),
    *("pg/mL", "m[IU]/mL", "mg/d", "U/kg/d", "kg/m2", "mm[Hg]", "unit/wk", "maximum approved dose"),
}
ANCHORS = {
    *("unspecified", "screening", "enrolment", "randomisation", "consent", "baseline", "first dose", "day 1"),
    *("last dose", "last dose of PARP inhibitor", "start of study", "end of prior therapy", "transfusion"),
    "initial staging",
}
needs_shared = pytest.mark.skipif(
    not LINES.exists(), reason="../shared/data is absent: words are not checked"
)


def name_record(record: dict) -> str:
    return f"{record['study']} {record['name']}" if "study" in record else f"line {record['index']}"


def test_there_are_98_criteria_and_200_lines_each_labelled_once():
    assert len({(record["study"], record["id"]) for record in CRITERIA}) == len(CRITERIA) == 98
    assert len({record["index"] for record in ONCOLOGY}) == len(ONCOLOGY) == 200


@pytest.mark.parametrize("record", CRITERIA + ONCOLOGY, ids=name_record)
def test_a_label_uses_only_the_words_of_the_codebook(record: dict):
    assert record["kind"] in {"inclusion", "exclusion"}
    assert record["status"] in STATUSES | ({"fragment"} if "index" in record else set())
    assert set(record["reasons"]) <= REASONS
    assert bool(record["reasons"]) == (record["status"] in {"partly", "not_computable"})
    assert isinstance(record["exceptions"], bool)
    assert record["exceptions"] or not any(entity["excepted"] for entity in record["entities"])
    spans = [(entity["text"], entity["negated"], entity["excepted"]) for entity in record["entities"]]
    assert len(set(spans)) == len(spans)
    for entity in record["entities"]:
        assert entity["kind"] in KINDS
        assert entity["text"]
        assert entity["concept"]


@pytest.mark.parametrize("record", CRITERIA + ONCOLOGY, ids=name_record)
def test_comparisons_and_windows_can_hold(record: dict):
    for comparison in record["comparisons"]:
        assert comparison["unit"] in UNITS
        assert comparison["limit"] in {None, "ULN", "LLN"}
        assert not (comparison["limit"] and comparison["unit"])
        value = comparison["value"]
        match comparison["operator"]:
            case "between":
                assert len(value) == 2
                assert value[0] < value[1]
            case "in":
                assert len(value) > 1
            case "==" | "!=":
                assert not isinstance(value, list)
            case operator:
                assert operator in {"<", "<=", ">", ">="}
                assert isinstance(value, int | float)
    for window in record["windows"]:
        start, end = window["from_days"], window["to_days"]
        assert window["relative_to"] in ANCHORS
        assert start is not None or end is not None
        assert start is None or end is None or start <= end


@needs_shared
@pytest.mark.parametrize("study", PROTOCOLS)
def test_every_criterion_of_a_protocol_is_labelled_in_its_own_words(study: str):
    labels = [record for record in CRITERIA if record["study"] == study]
    criteria = read_protocol(DATA / "protocols" / PROTOCOLS[study]).criteria
    assert [(record["id"], record["name"]) for record in labels] == [(one.id, one.name) for one in criteria]
    for record, criterion in zip(labels, criteria, strict=True):
        assert (record["kind"] == "inclusion") == criterion.is_inclusion
        assert [entity["text"] for entity in record["entities"] if entity["text"] not in criterion.text] == []


@needs_shared
def test_the_200_lines_are_those_drawn_and_labelled_in_their_own_words():
    lines = json.loads(LINES.read_text(encoding="utf-8"))
    drawn = np.random.default_rng(20261125).choice(len(lines), 200, replace=False)
    assert [record["index"] for record in ONCOLOGY] == drawn.tolist()
    for record in ONCOLOGY:
        line = lines[record["index"]]
        assert (record["kind"] == "exclusion") == line["excl"]
        assert [entity["text"] for entity in record["entities"] if entity["text"] not in line["text"]] == []

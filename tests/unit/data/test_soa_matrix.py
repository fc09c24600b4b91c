import json
from pathlib import Path

import pytest

from unburden.data.formats.soa_matrix import read_soa_matrix
from unburden.domain.errors import InvalidProtocol

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "protocols" / "soa"
FILES = sorted(FOLDER.glob("*_consolidated.json"))
needs_shared = pytest.mark.skipif(not FILES, reason="../shared/data/protocols/soa is absent")


def write_matrix(folder: Path, **changes) -> Path:
    document = {
        "schema_name": "soa-tables-consolidated",
        "protocol_id": "P",
        "unified_activities": [{"xact_id": "a", "activity_name": "ECG"}],
        "timeline_segments": {
            "main": [{"xcol_id": "c", "composite_label": "Day 1", "property_values": []}],
        },
        "schedule_matrix": [{"xact_id": "a", "xcol_id": "c", "consolidated_value": "X"}],
        "unified_annotations": [],
    }
    path = folder / "matrix.json"
    path.write_text(json.dumps(document | changes))
    return path


@needs_shared
def test_all_seventeen_matrices_are_there():
    assert len(FILES) == 17


@needs_shared
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_cells_are_exactly_those_of_the_matrix(path):
    matrix = json.loads(path.read_text(encoding="utf-8"))["schedule_matrix"]
    expected = sorted((m["xcol_id"], m["xact_id"], m["consolidated_value"]) for m in matrix)
    cells = read_soa_matrix(path).cells
    assert sorted((c.visit_id, c.activity_id, c.mark) for c in cells) == expected


@needs_shared
def test_a_population_track_becomes_an_arm():
    protocol = read_soa_matrix(FOLDER / "NCT02291289_consolidated.json")
    assert [arm.name for arm in protocol.arms] == ["Cohort 1", "Cohort 2", "Cohort 3", "Cohort 4"]
    assert protocol.visit_by_id["xcol-008"].arm_ids == ("Cohort 1",)
    assert "Every 2 cycles" in protocol.visit_by_id["xcol-008"].repeat


@needs_shared
def test_weeks_of_the_pilot_become_days():
    protocol = read_soa_matrix(FOLDER / "CDISC_Pilot_consolidated.json")
    assert [v.offset_days for v in protocol.visits][:5] == [-14.0, pytest.approx(-2.1), 0.0, 14.0, 28.0]


def test_dangling_and_repeated_cells_are_listed_at_once(tmp_path):
    cell = {"xact_id": "a", "xcol_id": "c", "consolidated_value": "X"}
    path = write_matrix(tmp_path, schedule_matrix=[cell, cell, cell | {"xcol_id": "zz"}])
    with pytest.raises(InvalidProtocol) as caught:
        read_soa_matrix(path)
    assert str(caught.value).splitlines()[1:] == [
        "  - cell ('zz', 'a') refers to the visit 'zz', which does not exist; add or correct it",
        "  - two cell records have the id 'a at c'; give each its own",
    ]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema_name": "other"}'])
def test_garbage_is_refused_without_a_traceback(tmp_path, text):
    path = tmp_path / "garbage.json"
    path.write_text(text)
    with pytest.raises(InvalidProtocol, match="give a"):
        read_soa_matrix(path)


def test_missing_parts_are_named(tmp_path):
    path = write_matrix(tmp_path, schedule_matrix=[{"xact_id": "a"}])
    with pytest.raises(InvalidProtocol, match=r"schedule_matrix\[0\] lacks 'xcol_id'"):
        read_soa_matrix(path)

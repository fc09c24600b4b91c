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


def test_wrong_shapes_are_all_named(tmp_path):
    path = write_matrix(tmp_path, schedule_matrix=[{"xact_id": "a"}], timeline_segments=None)
    with pytest.raises(InvalidProtocol) as caught:
        read_soa_matrix(path)
    text = str(caught.value)
    assert "schedule_matrix[0]: 'xcol_id' is a required property" in text
    assert "timeline_segments: None is not of type 'object'" in text


def test_an_annotation_that_refers_to_nothing_is_refused(tmp_path):
    note = {"xannot_id": "n", "annotation_text": "women only", "referenced_xacts": ["zz"]}
    with pytest.raises(InvalidProtocol, match="annotation 'n' refers to the activity 'zz'"):
        read_soa_matrix(write_matrix(tmp_path, unified_annotations=[note]))


@needs_shared
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_footnotes_stand_exactly_on_the_cells_that_they_name(path):
    document = json.loads(path.read_text(encoding="utf-8"))
    cells = read_soa_matrix(path).cells
    present = {cell.key for cell in cells}
    for note in document["unified_annotations"]:
        named = {(c["xcol_id"], c["xact_id"]) for c in note.get("cell_references") or ()}
        if not named:
            continue
        rows = set(note["referenced_xacts"]) - {row for _, row in named}
        columns = set(note["referenced_xcols"]) - {column for column, _ in named}
        whole = {key for key in present if key[1] in rows or key[0] in columns}
        found = {cell.key for cell in cells if note["xannot_id"] in cell.condition_ids}
        assert found == (named & present) | whole


@needs_shared
def test_a_second_period_does_not_share_the_days_of_the_first():
    protocol = read_soa_matrix(FOLDER / "NCT03421379_consolidated.json")
    assert [v.offset_days for v in protocol.visits] == [None, -1.0, 0.0, None, None, None, None, None]


@needs_shared
def test_days_and_windows_of_an_oncology_schedule():
    protocol = read_soa_matrix(FOLDER / "NCT04730349_consolidated.json")
    first = [(v.offset_days, v.window_before_days, v.window_after_days) for v in protocol.visits][1:6]
    assert first == [(0, 0, 0), (2, 1, 1), (4, 1, 1), (7, 1, 0), (None, 0, 0)]


def make_column(**values):
    return {"main": [{"xcol_id": "c", "composite_label": "A", "property_values": []} | values]}


@pytest.mark.parametrize("source", ["x", 3, [None], [{"table_id": {"a": 1}}], [{"table_id": ["t"]}]])
def test_sources_of_a_column_that_are_none_are_refused(tmp_path, source):
    path = write_matrix(tmp_path, timeline_segments=make_column(source_columns=source))
    with pytest.raises(InvalidProtocol, match=r"timeline_segments.main\[0\].source_columns.* is not of type"):
        read_soa_matrix(path)


def test_a_matrix_without_cells_is_refused(tmp_path):
    with pytest.raises(InvalidProtocol, match="schedule_matrix is empty; give at least one cell"):
        read_soa_matrix(write_matrix(tmp_path, schedule_matrix=[]))


@pytest.mark.parametrize(
    ("kind", "value"),
    [("study_day", "Day 99999999"), ("week", "9" * 400), ("window", "±40000"), ("study_day", "1 (± 99999)")],
    ids=["day", "week", "window", "window of a day"],
)
def test_days_beyond_a_hundred_years_are_refused(tmp_path, kind, value):
    values = [{"property_type": kind, "value": value}]
    path = write_matrix(tmp_path, timeline_segments=make_column(property_values=values))
    with pytest.raises(InvalidProtocol, match=r"visit 'c' .*; give at most 36,525 days"):
        read_soa_matrix(path)


def test_a_byte_order_mark_is_skipped(tmp_path):
    path = write_matrix(tmp_path)
    path.write_text(path.read_text(), encoding="utf-8-sig")
    assert len(read_soa_matrix(path).cells) == 1


def test_every_footnote_that_refers_to_nothing_is_listed(tmp_path):
    notes = [
        {"xannot_id": "n", "annotation_text": "N", "referenced_xcols": ["yy"]},
        {"xannot_id": "m", "annotation_text": "M", "cell_references": [{"xact_id": "zz", "xcol_id": "c"}]},
    ]
    with pytest.raises(InvalidProtocol) as told:
        read_soa_matrix(write_matrix(tmp_path, unified_annotations=notes))
    assert "annotation 'n' refers to the column 'yy', which does not exist" in str(told.value)
    assert "annotation 'm' refers to the activity 'zz', which does not exist" in str(told.value)


def test_a_footnote_on_an_empty_cell_is_refused(tmp_path):
    columns = {"main": [{"xcol_id": c, "property_values": []} for c in "cd"]}
    note = {"xannot_id": "n", "annotation_text": "N", "cell_references": [{"xact_id": "a", "xcol_id": "d"}]}
    with pytest.raises(InvalidProtocol) as told:
        read_soa_matrix(write_matrix(tmp_path, timeline_segments=columns, unified_annotations=[note]))
    assert told.value.problems == (
        "annotation 'n' refers to the cell ('d', 'a'), which is empty; give the cell an entry, or correct it",
    )


def test_texts_and_tables_beyond_all_schedules_are_refused(tmp_path):
    path = write_matrix(tmp_path, timeline_segments=make_column(composite_label="x" * 30_000))
    with pytest.raises(InvalidProtocol) as told:
        read_soa_matrix(path)
    assert told.value.problems == (
        "timeline_segments.main[0].composite_label: has 30,000 letters; give at most 20,000",
    )
    with pytest.raises(InvalidProtocol, match="schedule_matrix holds 100,001 entries; give at most 100,000"):
        read_soa_matrix(write_matrix(tmp_path, schedule_matrix=[1] * 100_001))


def test_half_a_character_is_refused(tmp_path):
    with pytest.raises(InvalidProtocol, match=r"protocol_id holds half a character .*; correct it there"):
        read_soa_matrix(write_matrix(tmp_path, protocol_id="\ud800"))


@pytest.mark.parametrize(
    ("label", "repeats"),
    [("q3w", True), ("Monthly", True), ("Cycle 2+ D1", True), ("Weekly dose", False), ("Day after", False)],
)
def test_columns_without_a_day_repeat_where_their_words_say_so(tmp_path, label, repeats):
    path = write_matrix(tmp_path, timeline_segments=make_column(composite_label=label))
    assert bool(read_soa_matrix(path).visits[0].repeat) == repeats

"""The verdicts of someone else on 200 readings keep their form: strata, allowed words, lines drawn once."""

import json
from collections import Counter
from pathlib import Path

import pytest
from benchmarks import measure_criteria_reading as reading

HERE = Path(__file__).parent
CHECK = json.loads((HERE / "reading_check_200.json").read_text(encoding="utf-8"))
ROWS = CHECK["lines"]
STRATA = {"computable": 60, "partly computable": 50, "not computable": 40, "text": 50}
KINDS = {
    *("threshold", "unit", "comparison flipped", "negation", "window", "concept", "scope", "exception"),
    *("silently true", "recognised though answerable", "left though readable"),
}


def test_200_lines_are_drawn_by_status_each_once_and_none_was_labelled_before() -> None:
    labels = json.loads((HERE / "oncology_line_labels.json").read_text(encoding="utf-8"))["lines"]
    indices = [row["index"] for row in ROWS]
    assert Counter(row["status"] for row in ROWS) == STRATA
    assert len(set(indices)) == len(indices) == 200
    assert not set(indices) & {one["index"] for one in labels}
    assert all(isinstance(CHECK[key], str) and CHECK[key] for key in ("draw", "rules"))


@pytest.mark.parametrize("row", ROWS, ids=[str(row["index"]) for row in ROWS])
def test_words_are_allowed_and_a_fault_has_a_kind_and_a_note(row: dict) -> None:
    assert list(row) == ["index", "status", "verdict", "kind", "note"]
    assert row["verdict"] in CHECK["verdicts"]
    assert (row["kind"] == "none") == (row["verdict"] == "right")
    assert row["kind"] in KINDS | {"none"}
    assert row["note"] or row["verdict"] == "right"
    assert len(row["note"]) <= 160
    assert (row["kind"] == "left though readable") <= (row["status"] == "text")
    assert (row["kind"] == "recognised though answerable") <= (row["status"] == "not computable")
    if row["verdict"] == "dangerous":
        assert row["note"].startswith(("lets in", "keeps out"))
        assert row["status"] in ("computable", "partly computable")


@pytest.mark.skipif(not reading.LINES.is_file(), reason="the oncology lines are absent")
def test_every_line_belongs_to_the_held_out_half() -> None:
    lines = reading.read_lines(held=None)
    trials = [lines[row["index"]]["nct"] for row in ROWS]
    assert all(reading.is_held(t, reading.LINES_SALT, reading.LINES_HELD_SHARE) for t in trials)


def test_the_second_check_is_of_other_lines() -> None:
    again = json.loads((HERE / "reading_check_second.json").read_text(encoding="utf-8"))
    indices = {row["index"] for row in again}
    assert Counter(row["status"] for row in again) == {"computable": 60, "partly computable": 50}
    assert len(indices) == 110
    assert not indices & {row["index"] for row in ROWS}
    assert all((row["verdict"] == "right") == (row["kind"] == "none") for row in again)

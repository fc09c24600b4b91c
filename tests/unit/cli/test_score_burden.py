"""What `unburden score-burden` says to input that cannot be: exit code 2, the place, no traceback."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from unburden.cli.main import app

EXAMPLE = Path(__file__).parents[3] / "examples" / "adjuvant-breast"
PROTOCOL = str(EXAMPLE / "protocol.json")


def run(*args: str):
    return CliRunner().invoke(app, ["score-burden", *args])


def write_matrix(folder: Path, **changes) -> str:
    document = {
        "schema_name": "soa-tables-consolidated",
        "protocol_id": "P",
        "unified_activities": [{"xact_id": "a", "activity_name": "ECG"}],
        "timeline_segments": {"main": [{"xcol_id": "c", "composite_label": "Visit", "property_values": []}]},
        "schedule_matrix": [{"xact_id": "a", "xcol_id": "c", "consolidated_value": "X"}],
        "unified_annotations": [],
    }
    path = folder / "matrix.json"
    path.write_text(json.dumps(document | changes))
    return str(path)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (
            ("--personas", ""),
            "--personas: 1 problem\n  - has ''; write a name and a share, such as rural=0.3",
        ),
        (("--personas", "near=0.5"), "the shares sum to 0.5; make them sum to 1"),
        (("--personas", "near=0.5,near=0.5"), "names 'near' twice; keep one"),
        (("--personas", "near=nan,rural=1"), "has the share nan; give a number above 0 and up to 1"),
        (("--personas", "near=-0.5,rural=1.5"), "personas: 2 problems"),
        (("--personas", "x=1"), "no persona 'x' comes with the package; use one of near, rural"),
        (("--seed", "-1"), "seed = -1; give a whole number from 0 to 2**64 - 1"),
        (("--seed", str(2**64)), "give a whole number from 0 to 2**64 - 1"),
        (("--draws", "1"), "is not in the range 2<=x<=100000"),
        (("--draws", "1000000"), "is not in the range 2<=x<=100000"),
        (("--out", "."), "cannot be written (Is a directory); give a path in a folder"),
        (("--out", ""), "cannot be written (Is a directory); give a path in a folder"),
    ],
)
def test_options_that_cannot_be_end_with_two_and_no_traceback(args, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = run(PROTOCOL, *(("--draws", "10") if "--draws" not in args else ()), *args)
    assert found.exit_code == 2
    assert expected in found.stderr
    assert "Traceback" not in found.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("empty.json", b"", "is empty"),
        ("bin.json", b"\x00\xff\xfe", "is not UTF-8"),
        ("bin.xlsx", b"\x00\xff\xfe", "is not an Excel workbook"),
        ("bin", b"\x00", "ends with ''; give a USDM v4 JSON"),
        ("study.toml", b"\xff", "ends with '.toml'; give a USDM v4 JSON"),
        ("nan.json", b'{"schema_name": "soa-tables-consolidated", "x": NaN}', "is a required property"),
        ("deep.json", b'{"a":' + b"[" * 100_000, "nests deeper than any USDM document"),
    ],
)
def test_files_that_are_none_end_with_two_and_no_traceback(name, content, expected, tmp_path):
    (tmp_path / name).write_bytes(content)
    found = run(str(tmp_path / name))
    assert found.exit_code == 2
    assert expected in found.stderr
    assert "Traceback" not in found.output


def test_a_folder_without_a_study_and_one_given_as_a_protocol_are_told(tmp_path):
    assert "there is no such file; give a folder with a study.toml" in run(str(tmp_path)).stderr
    folder = tmp_path / "study"
    shutil.copytree(EXAMPLE, folder)
    text = (folder / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(text.replace('"protocol.json"', '"patients"'))
    found = run(str(folder))
    assert found.exit_code == 2
    assert "is a folder or a device; give a USDM v4 JSON" in found.stderr


def test_a_study_whose_conduct_cannot_be_is_told_at_once(tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(EXAMPLE, folder)
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write("""
[conduct]
horizon_days = 0
[[conduct.recurrences]]
visits = ["month-60"]
first_day = 10
every_days = 0.001
[[curves]]
state = "alive"
source = "assumed:x"
days = [1, 2]
shares = [0.5, 0.6]
""")
    found = run(str(folder))
    assert found.exit_code == 2
    assert found.stderr.splitlines()[1:] == [
        "  - [conduct] has horizon_days = 0; give days from 1 to 36,525 (100 years)",
        "  - [[conduct.recurrences]] 1 recurs every 0.001 days; give days from 1 to 36,525",
        "  - [[curves]] 1 has the shares 0.5 and then 0.6: shares must never rise, because nobody comes back",
    ]


@pytest.mark.parametrize(
    "words", ["every 0 weeks", "q0w", "Cycle 9999 and beyond / Day 1", "Cycles 9-2 / Day 1"]
)
def test_words_that_are_not_understood_count_once_and_are_told(words, tmp_path):
    columns = [{"xcol_id": "c", "composite_label": words, "property_values": []}]
    path = write_matrix(tmp_path, timeline_segments={"main": columns})
    found = run(path, "--draws", "10")
    assert found.exit_code == 0
    assert f"note: visit {words!r} repeats ({words}), which is not understood: counted once" in found.stdout


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="/dev/full is absent")
@pytest.mark.parametrize("option", ["--json", "--seed=1"])
def test_a_full_disk_behind_standard_output_is_told(option):
    command = [sys.executable, "-m", "unburden", "score-burden", PROTOCOL, "--draws", "10", option]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert (
        done.stderr
        == "the system refuses (No space left on device); check where the output goes and its room\n"
    )


def test_whoever_reads_only_the_beginning_sees_no_traceback():
    command = [sys.executable, "-m", "unburden", "score-burden", PROTOCOL, "--draws", "10", "--json"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert "Traceback" not in done.stderr


def test_a_file_that_cannot_be_written_is_told_before_the_protocol_is_read(tmp_path):
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "burden.json"
    found = CliRunner().invoke(app, ["score-burden", str(tmp_path / "no.json"), "--out", str(out)])
    assert found.exit_code == 2
    assert f"--out {out}: 1 problem" in found.stderr

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from unburden.cli.main import app

EXAMPLE = Path(__file__).parents[3] / "examples" / "adjuvant-breast"


def run(*args: str):
    return CliRunner().invoke(app, list(args))


def test_score_burden_of_a_study_as_json_names_sources():
    found = run("score-burden", str(EXAMPLE), "--json")
    assert found.exit_code == 0
    told = json.loads(found.stdout)
    scores = told["patients"]
    assert {s["persona"] for s in scores} == {"patient living near", "patient living far away"}
    assert all(total["sources"] for s in scores for total in s["totals"].values())
    known = {entry["id"]: entry for entry in told["evidence"]}
    entries = {entry for s in scores for line in s["lines"] for entry in line["entries"]}
    assert entries == known.keys()
    assert all(entry["source"] and entry["grade"] for entry in known.values())


def test_screen_cohort_prints_the_flow():
    found = run("screen-cohort", str(EXAMPLE))
    assert found.exit_code == 0
    assert "eligible: 537" in found.stdout
    assert "not answered by these data: IN04" in found.stdout


def test_screen_cohort_can_show_that_nobody_is_eligible(tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(EXAMPLE, folder)
    text = (folder / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(text.replace("between = [18, 75]", "between = [1000, 2000]"))
    found = run("screen-cohort", str(folder))
    assert found.exit_code == 0
    assert "eligible: 0" in found.stdout


def test_simulate_trials_as_json():
    found = run("simulate-trials", str(EXAMPLE), "--trials", "200", "--seed", "1", "--json")
    assert found.exit_code == 0
    assert 0.6 < json.loads(found.stdout)["power"]["value"] < 1


def test_search_designs_as_json_is_only_json():
    command = [sys.executable, "-m", "unburden", "search-designs", str(EXAMPLE), "--trials", "100", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["designs"]


def test_a_new_study_runs(tmp_path):
    folder = tmp_path / "mine"
    assert run("new-study", str(folder)).exit_code == 0
    found = run("design", str(folder), "--out", str(tmp_path / "out"), "--trials", "100")
    assert found.exit_code == 0, found.output
    assert (tmp_path / "out" / "report.html").is_file()
    again = run("new-study", str(folder))
    assert again.exit_code == 2
    assert "is not an empty folder" in again.stderr


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (("design", "no-such-folder", "--out", "x"), "there is no such file"),
        (("score-burden", "no-such.json"), "there is no such file"),
        (("design", str(EXAMPLE), "--out", "x", "--trials", "1"), "--trials is 1; give at least 100"),
        (("simulate-trials", str(EXAMPLE), "--trials", "2"), "--trials is 2; give at least 100"),
        (("search-designs", str(EXAMPLE), "--trials", str(10**12)), "give at most 100,000,000"),
        (("demo", "--seed", "-1"), "--seed is -1; give a number from 0 to below 2**64"),
    ],
)
def test_bad_input_ends_with_two_and_no_traceback(args, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = run(*args)
    assert found.exit_code == 2
    assert expected in found.stderr
    assert "Traceback" not in found.output
    assert list(tmp_path.iterdir()) == []


def make_file(folder: Path) -> Path:
    (folder / "file").write_text("")
    return folder / "file"


def make_broken_link(folder: Path) -> Path:
    (folder / "link").symlink_to(folder / "nowhere")
    return folder / "link"


def make_folder_with(name: str):
    def make(folder: Path) -> Path:
        (folder / "out" / name).mkdir(parents=True)
        return folder / "out"

    return make


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (make_file, "cannot be written (File exists); give a folder that can be"),
        (lambda folder: make_file(folder) / "out", "cannot be written (Not a directory)"),
        (make_broken_link, "cannot be written (File exists)"),
        (lambda folder: folder / ("x" * 300), "cannot be written (File name too long)"),
        (make_folder_with("report.html"), "holds a folder named 'report.html'; remove it"),
        (make_folder_with("report.json"), "holds a folder named 'report.json'; remove it"),
    ],
)
def test_a_folder_that_cannot_hold_the_report_is_refused_before_the_search(
    make, expected, tmp_path, monkeypatch
):
    monkeypatch.setattr("unburden.study.running.design_study", lambda *_, **__: pytest.fail("it searched"))
    found = run("design", str(EXAMPLE), "--out", str(make(tmp_path)), "--trials", "100")
    assert found.exit_code == 2
    assert expected in found.stderr


def test_a_broken_protocol_ends_with_two(tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(EXAMPLE, folder)
    (folder / "protocol.json").write_text('{"study": ')
    found = run("score-burden", str(folder))
    assert found.exit_code == 2
    assert "protocol.json" in found.stderr


def test_the_version_is_told():
    assert run("--version").stdout.strip() == "0.1.0"


@pytest.mark.parametrize("command", ["score-burden", "simulate-trials", "screen-cohort"])
def test_a_path_that_is_too_long_is_told(command):
    found = run(command, "x" * 5000)
    assert found.exit_code == 2
    assert "Traceback" not in found.output


def test_list_evidence_shows_every_default_with_its_source_and_grade():
    from unburden.data.evidence import read_evidence

    ledger = read_evidence()
    found = run("list-evidence", "--json")
    assert found.exit_code == 0
    told = json.loads(found.stdout)
    assert [entry["id"] for entry in told["evidence"]] == [entry.id for entry in ledger.evidence]
    assert all(entry["source"] and entry["grade"] for entry in told["evidence"])
    assert [kind["name"] for kind in told["kinds"]] == [kind.name for kind in ledger.kinds]
    lines = run("list-evidence").stdout.splitlines()
    (line,) = [line for line in lines if line.startswith("radiation_msv.ct_chest ")]
    assert "7 mSv (4 to 18, lognormal)  B  published:Mettler et al. 2008" in line
    assert "  minutes minutes.mammography; radiation_msv radiation_msv.mammography" in lines

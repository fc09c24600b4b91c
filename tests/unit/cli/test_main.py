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
    scores = json.loads(found.stdout)
    assert {s["persona"] for s in scores} == {"patient at the usual distance", "patient living far away"}
    assert all(total["sources"] for s in scores for total in s["totals"].values())


def test_screen_cohort_prints_the_flow():
    found = run("screen-cohort", str(EXAMPLE))
    assert found.exit_code == 0
    assert "eligible: 537" in found.stdout
    assert "not answered by these data: IN04" in found.stdout


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
        (("design", str(EXAMPLE), "--out", "x", "--trials", "1"), "trials is 1; give at least 2"),
    ],
)
def test_bad_input_ends_with_two_and_no_traceback(args, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = run(*args)
    assert found.exit_code == 2
    assert expected in found.stderr
    assert "Traceback" not in found.output
    assert list(tmp_path.iterdir()) == []


def test_a_broken_protocol_ends_with_two(tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(EXAMPLE, folder)
    (folder / "protocol.json").write_text('{"study": ')
    found = run("score-burden", str(folder))
    assert found.exit_code == 2
    assert "protocol.json" in found.stderr


def test_the_version_is_told():
    assert run("--version").stdout.strip() == "0.1.0"

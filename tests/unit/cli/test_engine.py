import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from unburden.cli.main import app

EXAMPLES = Path(__file__).parents[3] / "examples" / "designs"


def run(*args):
    return CliRunner().invoke(app, [str(arg) for arg in args])


def test_bounds_from_options():
    found = run("boundaries", "--rates", "0.3333333333333333,0.6666666666666667,1", "--json")
    told = json.loads(found.stdout)
    assert told["efficacy"] == pytest.approx([3.7103029, 2.5114275, 1.9930475], abs=1e-6)
    assert told["alpha_spent"][-1] == pytest.approx(0.025)


def test_bounds_of_gsdesigns_default():
    found = run(
        "boundaries", "--rates", "0.3333333333333333,0.6666666666666667,1",
        "--efficacy", "hwang-shih-decani:-4", "--futility", "hwang-shih-decani:-2", "--beta", "0.1", "--json",
    )  # fmt: skip
    told = json.loads(found.stdout)
    assert told["efficacy"] == pytest.approx([3.0107, 2.5465, 1.9992], abs=1e-4)
    assert told["futility"][:2] == pytest.approx([-0.2387, 0.9411], abs=1e-4)


def test_bounds_as_a_table_and_as_a_page(tmp_path):
    page = tmp_path / "bounds.html"
    found = run("boundaries", "--rates", "0.5,1", "--plot", page)
    assert found.exit_code == 0
    assert "2.962588" in found.stdout
    html = page.read_text(encoding="utf-8")
    assert "default-src 'none'" in html and "2.962588" in html


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--rates", "0.5,x"), "--rates is"),
        (("--rates", "0.9,0.5,1"), "must rise"),
        (("--efficacy", "kim-demets"), "has no 'exponent'"),
        (("--efficacy", "nope"), "use one of"),
        (("--rates", "0.5,1", "--futility", "pocock-spending"), "beta is missing"),
        (("--alpha", "0.7"), "alpha is 0.7"),
    ],
)
def test_bad_options_are_told_without_a_traceback(args, told):
    found = run("boundaries", *args)
    assert found.exit_code == 2
    assert told in found.stderr


def test_a_design_with_several_tests(tmp_path):
    found = run(
        "simulate-trials",
        EXAMPLES / "delayed-effect.toml",
        "--trials",
        "200",
        "--json",
        "--plot",
        tmp_path / "d.html",
    )
    told = json.loads(found.stdout)
    assert len(told.pop("sha256")) == 64
    assert list(told) == [
        "log-rank", "fleming-harrington", "modestly-weighted", "max-combo", "restricted-mean", "milestone",
    ]  # fmt: skip
    assert told["log-rank"]["trials"] == 200
    assert "Expected patients and events" in (tmp_path / "d.html").read_text(encoding="utf-8")


def test_sizes():
    survival = json.loads(run("size-trial", EXAMPLES / "size-survival.toml", "--json").stdout)["numbers"]
    assert survival["power"]["value"] >= 0.9
    assert survival["patients"]["value"] == 600
    means = json.loads(run("size-trial", EXAMPLES / "size-means.toml", "--json").stdout)["numbers"]
    assert means["patients of a fixed design"]["value"] == pytest.approx(380.1983, abs=1e-3)


def write(tmp_path, text: str) -> Path:
    path = tmp_path / "design.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_rich_design_file(tmp_path):
    text = (EXAMPLES / "delayed-effect.toml").read_text(encoding="utf-8")
    text = text.replace("[run]", "[[scenario.outcome.strata]]\nname = 'a'\nshare = 0.4\nhazard_ratio = 0.6\n"
        "control = { shape = 1.2, scale_months = 20 }\n[[scenario.outcome.strata]]\nname = 'b'\nshare = 0.6\n"
        "hazard_ratio = 0.7\ncontrol = { per_month = [0.05] }\n[run]")  # fmt: skip
    text = text.replace(
        'name = "death"',
        'name = "death"\ncured_shares = [0.1, 0.2]\nassessment_months = [2, 4]'
        "\ntreatment_assessment_months = [3]",
    )
    found = run("simulate-trials", write(tmp_path, text), "--trials", "200")
    assert found.exit_code == 0, found.stderr


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("patients = 500", "patients = 500\npatiens = 3", "unknown key 'patiens'"),
        ("events = 300", "events = 3000", "3000 events from 500 patients cannot happen"),
        ("events = 300", "events = 300\nmonth = 3", "events and month"),
        ("median_months = 12", "median_months = -1", "median_months = -1"),
        ('type = "max-combo"', 'type = "max-combo", weights = [[0, 3]]', "weights [(0, 3)]"),
        ("0.6667, 1.0", "1.0, 0.5", "must rise"),
        ('type = "milestone", month = 24', 'type = "milestone"', "has no 'month'"),
        ("[20.8333]", "[0]", "the last above 0"),
        ("dropout_per_year = 0.05", "dropout_per_year = 2", "give a probability below 1"),
    ],
)
def test_bad_design_files(tmp_path, old, new, told):
    text = (EXAMPLES / "delayed-effect.toml").read_text(encoding="utf-8")
    assert old in text
    found = run("simulate-trials", write(tmp_path, text.replace(old, new, 1)))
    assert found.exit_code == 2
    assert told in found.stderr


def test_every_problem_of_a_design_file_is_listed(tmp_path):
    text = (EXAMPLES / "delayed-effect.toml").read_text(encoding="utf-8")
    text = (
        text.replace("alpha = 0.025", "alpha = 7")
        .replace("[20.8333]", '["x"]')
        .replace("trials = 20000", "trials = []")
    )
    found = run("simulate-trials", write(tmp_path, text))
    assert "3 problems" in found.stderr

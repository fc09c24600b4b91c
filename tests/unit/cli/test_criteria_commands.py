"""The commands about criteria, and the page that they write."""

import json
import re
from dataclasses import replace
from pathlib import Path

import altair
import pytest
from typer.testing import CliRunner

from unburden.cli.main import app
from unburden.report.criteria_content import derive_criteria_content
from unburden.report.page import render_criteria
from unburden.study.reading import read_eligibility
from unburden.study.weighing import weigh_study_criteria

EXAMPLE = Path(__file__).parents[3] / "examples" / "adjuvant-breast"


@pytest.fixture(scope="module")
def report():
    return weigh_study_criteria(read_eligibility(EXAMPLE))


@pytest.fixture(scope="module")
def content(report):
    return derive_criteria_content(report)


def run(*args: str):
    return CliRunner().invoke(app, list(args))


def test_screening_is_told_with_pools_groups_and_failures():
    found = run("screen-cohort", str(EXAMPLE))
    assert found.exit_code == 0
    lines = found.stdout.splitlines()
    heads = lines[1].split()
    assert heads[:8] == ["criterion", "enter", "pass", "fail", "unknown", "go", "on", "alone"]
    nodes = next(line.split() for line in lines if line.startswith("IN03"))
    assert nodes == ["IN03", "positive", "nodes", "2117", "1111", "1006", "0", "1111", "1436", "1006", "1543"]
    assert "eligible: 537 (18 %)" in found.stdout
    assert "not answered by these data: IN04" in found.stdout
    assert re.search(r"75 and over +210 of 224 +94 %", found.stdout)
    assert "to enrol 1600, 8,885 are screened" in found.stdout


def test_screening_as_json_names_sources():
    told = json.loads(run("screen-cohort", str(EXAMPLE), "--json").stdout)
    assert told["steps"][2]["leave_one_out"] == 1543
    assert all(each["sources"] for each in told["forecast"]["in_vain"])


def test_the_emulated_trial_is_told_with_its_doubts():
    found = run("emulate-trial", str(EXAMPLE))
    assert found.exit_code == 0
    assert re.search(r"Hazard ratio, weighted +0\.\d\d  \(0\.\d\d to 0\.\d\d\)", found.stdout)
    assert "assumed: Exchangeability" in found.stdout
    told = json.loads(run("emulate-trial", str(EXAMPLE), "--json").stdout)
    assert told["hazard_ratio"]["sources"][0].startswith("observed:")


def test_weighing_writes_a_page_and_its_json(tmp_path):
    found = run("weigh-criteria", str(EXAMPLE), "--out", str(tmp_path / "out"))
    assert found.exit_code == 0
    html = (tmp_path / "out" / "criteria.html").read_text(encoding="utf-8")
    told = json.loads((tmp_path / "out" / "criteria.json").read_text(encoding="utf-8"))
    assert told["screening"]["eligible"] == 537
    assert "537 could join" in html
    without_scripts = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    assert not re.findall(r"(?:src|href)=[\"']https?:", without_scripts)
    assert "default-src 'none'" in html


def test_a_folder_that_cannot_be_is_told_before_anything_is_weighed(tmp_path):
    (tmp_path / "file").write_text("")
    found = run("weigh-criteria", str(EXAMPLE), "--out", str(tmp_path / "file" / "out"))
    assert found.exit_code == 2
    assert "cannot be written" in found.stderr


def test_charts_are_valid_vega_lite(content):
    assert {"worth", "days", "love", "weights", "curves", "shut-out-0", "shut-out-1", "sets"} <= set(
        content["charts"]
    )
    for spec in content["charts"].values():
        altair.Chart.from_dict(spec)


def test_the_page_has_a_place_for_every_chart(content):
    html = render_criteria(content)
    for name in content["charts"]:
        assert f'id="chart-{name}"' in html


def test_text_of_the_study_cannot_become_markup(report):
    texts = dict.fromkeys(report.texts, "<script>alert(1)</script>")
    html = render_criteria(derive_criteria_content(replace(report, texts=texts, title="<img src=x>")))
    assert "<script>alert(1)" not in html
    assert "<img src=x" not in html


def test_every_criterion_says_what_can_be_said(content):
    by_name = {row["criterion"].split()[0]: row for row in content["criteria"]}
    assert by_name["IN03"]["verdict"] == "applied to everybody; these data cannot weigh it"
    assert by_name["IN03"]["effect"] is None
    for name in ("IN01", "IN02", "EX01", "EX02"):
        effect = by_name[name]["effect"]
        assert (
            effect["joint_low"] <= effect["low"] <= effect["value"] <= effect["high"] <= effect["joint_high"]
        )
        assert ("too uncertain" in by_name[name]["verdict"]) == (not effect["is_seen"])


def test_what_is_refused_is_flagged_and_leaves_no_number(report):
    refused = {"log_hazard_ratio": "1 of 16 cohorts have none; that of IN01 (12 patients): no events"}
    outcomes = {name: each for name, each in report.worth.outcomes.items() if name not in refused}
    poor = replace(report, worth=replace(report.worth, outcomes=outcomes, refused=refused))
    content = derive_criteria_content(poor)
    assert any("no worth for hazard ratio" in flag.lower() for flag in content["flags"])
    html = render_criteria(content)
    assert "that of IN01 (12 patients): no events" in html
    assert "nan" not in re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL).lower().split()


def test_treatment_that_works_where_it_should_not_is_said_first(content):
    """Tumours without the receptor: an effect there is not the treatment's alone."""
    (control,) = content["unaffected"]
    assert control["is_alarming"] and control["hazard_ratio"]["high"] < 1
    assert content["flags"][0].startswith("In tumours without the receptor: treatment goes with an effect")
    assert any("mostly confounding" in line for line in content["brief"])
    assert any("no adverse events are in these data" in line for line in content["brief"])
    assert any("no advice to drop" in line for line in content["brief"])


def test_who_speaks_for_a_criterion_and_the_ratio_without_it_are_told(content):
    rows = {row["criterion"].split()[0]: row for row in content["criteria"]}
    assert rows["EX01"]["speaking"] == {"treated": 28, "control": 552, "events": 306}
    assert 0.5 < rows["EX01"]["without"]["value"] < 0.8
    assert rows["IN03"]["without"] is None

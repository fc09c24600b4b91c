"""The command that judges estimands, and the outcomes of a DESIGN.toml that are seen more than once."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from unburden.cli.main import app
from unburden.domain.errors import InvalidStudy
from unburden.domain.repeated import Counts, Longitudinal
from unburden.domain.scenario import Continuous, LogNormal
from unburden.study.design_files import read_design

EXAMPLE = Path(__file__).parents[3] / "examples" / "designs" / "estimands.toml"
HEAD = """
[design]
patients = 100
alpha = 0.025
[scenario]
name = "s"
accrual_per_month = [20]
sources = ["assumed:test"]
[scenario.outcome]
name = "score"
"""
COUNTS = """
type = "counts"
control_per_month = {}
treatment_per_month = 0.2
dispersion = 1
follow_up_months = 6
"""
CONTINUOUS = """
type = "continuous"
mean_difference = 1
sd = 2
assessed_month = 3
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "design.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def test_json_has_every_figure_with_its_source():
    found = CliRunner().invoke(app, ["evaluate-estimands", str(EXAMPLE), "--trials", "20", "--json"])
    assert found.exit_code == 0, found.output
    (results,) = json.loads(found.output).values()
    assert len(results) == 5
    for result in results.values():
        assert result["trials"] == 20
        for key in ("truth", "bias", "coverage", "power"):
            assert result[key]["sources"]
            assert result[key]["low"] <= result[key]["value"] <= result[key]["high"]


def test_the_table_names_the_strategies():
    found = CliRunner().invoke(app, ["evaluate-estimands", str(EXAMPLE), "--trials", "20"])
    assert "stop: composite, rescue: composite, death: composite" in found.output
    assert "coverage of 95 %" in found.output


def test_a_file_without_estimands_is_refused(tmp_path):
    found = CliRunner().invoke(app, ["evaluate-estimands", str(write(tmp_path, COUNTS.format(0.1)))])
    assert found.exit_code == 2
    assert "no estimand is given" in found.output
    assert "need a longitudinal outcome or a time to an event" in found.output


def test_outcomes_are_read(tmp_path):
    assert read_design(write(tmp_path, COUNTS.format(0.1))).scenario.outcome == Counts(
        "score", 0.1, 0.2, 1.0, 6.0
    )
    skewed = CONTINUOUS + 'shape = "log-normal"\nlog_sd = 0.5'
    expected = Continuous("score", 1.0, 2.0, 3.0, LogNormal(0.5))
    assert read_design(write(tmp_path, skewed)).scenario.outcome == expected
    outcome = read_design(EXAMPLE).scenario.outcome
    assert isinstance(outcome, Longitudinal)
    assert outcome.covariance[0][1] == pytest.approx(6 * 6.5 * 0.7)
    assert [event.kind for event in outcome.intercurrent_events] == ["treatment-stop", "rescue", "death"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('type = "longitudinal"\nvisit_months = [1, 2]\ncontrol_means = [0, 0]\ntreatment_means = [1, 1]\n'
         'sds = [1]\ncorrelations = [[1, 0], [0, 1]]', "a row for each of sds"),
        ('type = "longitudinal"\nvisit_months = [1]\ncontrol_means = [0]\ntreatment_means = [1]\n'
         'covariance = [["x"]]', "something else than numbers in covariance"),
        ('type = "longitudinal"\nvisit_months = [1, 2]\ncontrol_means = [0, 0]\ntreatment_means = [1, 1]\n'
         'covariance = [[1, 2], [2, 1]]', "not symmetric and positive definite"),
        (CONTINUOUS + 'shape = "student-t"\ndegrees = 2', "give a number over 2"),
        (COUNTS.format(-1), "give a number over 0"),
        ('type = "ordinal"', "use one of time-to-event, continuous, binary, counts, longitudinal"),
        ('type = "longitudinal"\nvisit_months = [1]\ncontrol_means = [0]\ntreatment_means = [1]\n'
         'covariance = [[1]]\n[[scenario.outcome.intercurrent_events]]\nname = "x"\nkind = "holiday"\n'
         'control_per_month = 0\ntreatment_per_month = 0\ncolour = 1', "unknown key 'colour'"),
        (COUNTS.format(1) + '\n[[estimands]]\nname = "e"\nstrategies = { stop = "ignore" }',
         "use one of treatment-policy"),
    ],
)  # fmt: skip
def test_bad_tables_are_told(tmp_path, text, told):
    with pytest.raises(InvalidStudy) as error:
        read_design(write(tmp_path, text))
    assert told in str(error.value)

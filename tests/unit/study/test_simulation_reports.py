"""Scenarios, alternatives and their report, from a design file to the page."""

import hashlib
import json
import math
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from unburden.cli.main import app
from unburden.domain.errors import InvalidStudy
from unburden.simulation.trials import simulate_trials
from unburden.study.design_files import read_design
from unburden.study.simulating import simulate_scenarios

EXAMPLES = Path(__file__).parents[3] / "examples" / "designs"
EXAMPLE = EXAMPLES / "simulation-report.toml"
TEXT = EXAMPLE.read_text(encoding="utf-8")


def run(*args):
    return CliRunner().invoke(app, ["simulate-trials", *map(str, args)])


def write(folder: Path, text: str) -> Path:
    path = folder / "design.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def results():
    return simulate_scenarios(read_design(EXAMPLE), trials=3000, seed=4)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Page and content of the example."""
    page = tmp_path_factory.mktemp("report") / "new" / "out.html"
    found = run(EXAMPLE, "--trials", 3000, "--report", page)
    assert found.exit_code == 0, found.output
    return page.read_text(encoding="utf-8"), json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))


def test_scenarios_and_alternatives_are_read():
    record = read_design(EXAMPLE)
    assert [(p.scenario.name, p.purpose, p.scenario.stream) for p in record.scenarios] == [
        ("no effect", "null", 0), ("planned effect", "alternative", 1), ("delayed effect", "stress", 2),
    ]  # fmt: skip
    (other,) = record.alternatives
    assert (other.design.information_rates, other.design.futility) == ((1.0,), None)
    assert other.design.stopping == record.design.stopping
    assert record.sha256 == hashlib.sha256(EXAMPLE.read_bytes()).hexdigest()


def test_an_alternative_may_stop_by_calendar(tmp_path):
    text = TEXT.replace('without = ["futility"]', 'without = ["futility"]\nmonth = 36')
    (other,) = read_design(write(tmp_path, text)).alternatives
    assert other.design.stopping.month == 36


def test_a_stream_that_is_named_is_left_to_its_scenario(tmp_path):
    text = TEXT.replace('name = "planned effect"', 'name = "planned effect"\nstream = 0')
    assert [p.scenario.stream for p in read_design(write(tmp_path, text)).scenarios] == [1, 0, 2]


def test_the_one_scenario_of_several_is_not_guessed(tmp_path):
    with pytest.raises(InvalidStudy, match=re.escape("holds 3 [[scenarios]] where one is asked for")):
        _ = read_design(EXAMPLE).scenario
    path = write(tmp_path, TEXT + '[size]\nendpoint = "survival"\npower = 0.9\nsolve_for = "events"\n')
    found = CliRunner().invoke(app, ["size-trial", str(path)])
    assert found.exit_code == 2 and "give one [scenario]" in found.stderr


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("hazard_ratio = 1.0", "hazard_ratio = 0.9", "its rejections are no type I error"),
        ("hazard_ratio = 0.7", "hazard_ratio = 1", "treatment does what control does"),
        ('purpose = "stress"', 'purpose = "stres"', "use one of null, alternative, stress"),
        ('purpose = "stress"\n', "", "[[scenarios]] 3 has no 'purpose'"),
        ('purpose = "stress"', 'purpose = "stress"\nstraem = 1', "3 has the unknown key 'straem'"),
        ('purpose = "stress"', 'purpose = "stress"\nstream = -1', "stream is -1"),
        ('purpose = "stress"', 'purpose = "stress"\nstream = "a"', "stream = 'a'; give a whole number"),
        ('name = "planned effect"', 'name = "no effect"', "2 of the name 'no effect'"),
        ("[[scenarios]]", "[scenario]\nname = 'x'\n[[scenarios]]", "[scenario] and [[scenarios]]"),
        ("hazard_ratio = 0.7, ", "hazard_ratio = 0.7, x = 1, ", "2 outcome has the unknown key"),
        ("treatment = {", "treatmen = {", "[[scenarios]] 3 outcome has no 'treatment'"),
        ("per_month = [0.057762, 0", "per_month = [-1, 0", "3 outcome treatment, hazard: hazards"),
        ('why = "What', 'wy = "What', "[[alternatives]] 1 has the unknown key 'wy'"),
        ('without = ["futility"]', 'without = ["harm"]', "goes without 'harm', which [design] does"),
        ("information_rates = [1.0]\nw", "information_rates = [1.0, 0.5]\nw", "1, design: information_rates"),
        ("endpoint =", "endpiont =", "[question] has the unknown key 'endpiont'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(tmp_path, old, new, told):
    assert old in TEXT
    found = run(write(tmp_path, TEXT.replace(old, new, 1)))
    assert found.exit_code == 2
    assert told in found.stderr


def test_every_problem_of_every_scenario_is_listed(tmp_path):
    text = TEXT.replace("hazard_ratio = 1.0", "hazard_ratio = 0.5").replace("hazard_ratio = 0.7", "ratio = 1")
    text = text.replace("[0, 4]", "[1, 4]").replace("trials = 100000", "trials = 1.5")
    found = run(write(tmp_path, text))
    for told in ("no type I error", "unknown key 'ratio'", "must begin with 0", "trials = 1.5"):
        assert told in found.stderr


def test_shares_of_looks_make_the_whole(results):
    for found in results:
        for one in (*found.runs, *found.alternatives):
            success = sum(look.success.estimate.value for look in one.looks)
            rest = sum(look.no_success.estimate.value for look in one.looks)
            assert success == pytest.approx(one.rejection.estimate.value)
            assert success + rest == pytest.approx(1.0)
            p = one.rejection.estimate.value
            assert one.rejection.standard_error == pytest.approx(math.sqrt(p * (1 - p) / 3000))
            for low, middle, high in one.spread.values():
                assert low.value <= middle.value <= high.value


def test_runs_are_those_of_the_design_alone(results):
    record = read_design(EXAMPLE)
    for found in results:
        alone = simulate_trials(record.design, found.planned.scenario, trials=3000, seed=4)
        assert found.runs[0].operating.power == alone.power
        other = simulate_trials(record.alternatives[0].design, found.planned.scenario, trials=3000, seed=4)
        assert found.alternatives[0].operating.power == other.power


def test_nobody_who_ignores_futility_rejects_less_often(results):
    null, *others = results
    (one,) = null.runs
    assert one.without_futility.estimate.value >= one.rejection.estimate.value
    assert all(other.runs[0].without_futility is None for other in others)


def test_checks_stand_where_they_belong(results):
    null, planned, delayed = (found.runs[0] for found in results)
    assert null.alpha_check and not planned.alpha_check and not delayed.alpha_check
    assert abs(null.alpha_check.distance) < 4
    for one in (null, planned, delayed):
        assert one.power_check and not one.power_check.is_apart


def test_scenarios_of_one_stream_meet_the_same_patients(tmp_path):
    same = TEXT.replace("purpose =", "stream = 3\npurpose =").replace(
        "hazard_ratio = 0.7", "hazard_ratio = 0.999"
    )
    null, near, _ = simulate_scenarios(read_design(write(tmp_path, same)), trials=500, seed=1)
    apart = TEXT.replace("hazard_ratio = 0.7", "hazard_ratio = 0.999")
    other, far, _ = simulate_scenarios(read_design(write(tmp_path, apart)), trials=500, seed=1)

    def compare(one, two):
        values = [found.runs[0].averages["months"].estimate.value for found in (one, two)]
        return abs(values[0] - values[1])

    assert compare(null, near) < 0.1 < compare(other, far) + 0.1
    assert null.runs[0].sha256 != other.runs[0].sha256


def test_an_error_asks_each_scenario_for_its_own_number():
    record = read_design(EXAMPLE)
    null, planned, _ = simulate_scenarios(record, trials=1000, seed=1, error=0.008)
    assert null.trials == 1000 < planned.trials
    assert planned.runs[0].rejection.standard_error == pytest.approx(0.008, rel=0.15)
    assert planned.alternatives[0].operating.trials == planned.trials
    assert "standard error" in planned.trials_why


def test_the_page_says_all_that_the_content_holds(written):
    page, content = written
    assert "default-src 'none'" in page
    for scenario in content["scenarios"]:
        for part in (
            scenario["name"],
            scenario["runs"][0]["sha256"],
            scenario["runs"][0]["rejection"]["text"],
        ):
            assert part in page
    for text in (*content["findings"], content["command"], content["file"]["sha256"], "Philox4x32-10"):
        assert text.replace("'", "&#39;") in page
    headings = re.findall(r"<h2[^>]*>(\d) ", page)
    assert headings == list("12345678")
    assert content["file"]["text"] == TEXT
    assert content["file"]["sha256"] == hashlib.sha256(EXAMPLE.read_bytes()).hexdigest()
    assert all(q["text"] for q in content["question"])
    assert "not stated in the design file" not in page


def test_no_number_shows_a_dozen_decimals(written):
    page, _ = written
    shown = re.sub(
        r"<script.*?</script>|<pre>.*?</pre>|<code>.*?</code>|<style>.*?</style>", "", page, flags=re.S
    )
    assert not re.findall(r"\d\.\d{6,}", shown)
    assert "nan" not in re.findall(r"[a-z]+", shown.lower())
    assert "None" not in shown


def test_the_command_of_the_report_makes_it_again(written, tmp_path):
    import shlex

    _, content = written
    command, _, *args = shlex.split(content["command"])
    assert command == "unburden"
    again = tmp_path / "again.html"
    assert run(*args[:-1], again).exit_code == 0
    told = json.loads(again.with_suffix(".json").read_text(encoding="utf-8"))
    assert told | {"command": ""} == content | {"command": ""}


def test_workers_and_a_ledger_change_nothing(tmp_path):
    texts = []
    for more in ((), ("--workers", 2), ("--ledger", tmp_path / "ledger"), ("--ledger", tmp_path / "ledger")):
        page = tmp_path / "out.html"
        assert run(EXAMPLE, "--trials", 500, "--report", page, *more).exit_code == 0
        texts.append((page.read_bytes(), page.with_suffix(".json").read_bytes()))
    assert len(set(texts)) == 1
    # three scenarios, each with its alternative, and the null once more without futility
    assert len(list((tmp_path / "ledger").iterdir())) == 7


def test_words_of_the_file_cannot_become_markup(tmp_path):
    text = TEXT.replace('name = "no effect"', 'name = "</script><b>x"').replace(
        'title = "Illus', 'title = "<i>Illus'
    )
    page = tmp_path / "out.html"
    assert run(write(tmp_path, text), "--trials", 100, "--report", page).exit_code == 0
    html = page.read_text(encoding="utf-8")
    assert "<b>x" not in html and "<i>Illus" not in html
    assert "&lt;i&gt;Illus" in html


def test_what_was_not_examined_is_said(tmp_path):
    page = tmp_path / "out.html"
    assert run(EXAMPLES / "delayed-effect.toml", "--trials", 200, "--report", page).exit_code == 0
    html = page.read_text(encoding="utf-8")
    for told in (
        "type I error was not examined by simulation",
        "compared with no other design",
        "robustness was not examined",
        "Estimation was not examined",
        "not stated in the design file",
        "keep the error only roughly",
    ):
        assert told in html


def test_a_type_one_error_beyond_the_nominal_one_is_flagged(tmp_path):
    # the guide to survival trials tells how far the milestone test exceeds alpha at three looks
    text = TEXT.replace("[0.6667, 1.0]", "[0.3333, 0.6667, 1.0]").replace("z = [0.0]", "z = [0.0, 0.0]")
    text = text.replace("[run]", "[run]\ntests = [{ type = 'milestone', month = 18 }]").replace(
        "z = [0.0, 0.0]", "z = [-9.0, -9.0]"
    )
    page = tmp_path / "out.html"
    text = text[: text.index('[[scenarios]]\nname = "planned')] + text[text.index("[run]") :]
    assert run(write(tmp_path, text), "--trials", 60_000, "--report", page).exit_code == 0
    html = page.read_text(encoding="utf-8")
    assert "To be looked at" in html
    assert "no effect, the design: type I error is above the nominal one" in html
    assert "ABOVE the nominal 2.5 %" in html
    assert "difference of milestone shares (month 18)" in html


SHORT = """
[design]
patients = 120
alpha = 0.025
information_rates = [0.5, 1.0]
[[scenarios]]
name = "null"
purpose = "null"
why = "a"
accrual_per_month = [10]
sources = ["assumed:test"]
outcome = {OUTCOME}
[run]
seed = 1
"""


@pytest.mark.parametrize(
    ("outcome", "test"),
    [
        ('type = "continuous", name = "score", mean_difference = 0.0, sd = 5, assessed_month = 6', "t test"),
        ('type = "binary", name = "y", control_share = 0.3, treatment_share = 0.3, assessed_month = 6', "χ²"),
    ],
)
def test_outcomes_that_are_no_times(tmp_path, outcome, test):
    page = tmp_path / "out.html"
    path = write(tmp_path, SHORT.replace("{OUTCOME}", f"{{ {outcome} }}"))
    found = run(path, "--trials", 4000, "--report", page)
    assert found.exit_code == 0, found.output
    html = page.read_text(encoding="utf-8")
    assert test in html and "No formula predicts these tests" in html and "60 patients assessed" in html
    told = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert abs(told["scenarios"][0]["runs"][0]["alpha_check"]["distance"]) < 4


@pytest.mark.parametrize(
    ("name", "told"), [("out.txt", "give a name that ends in .html"), ("folder.html", "holds a folder named")]
)
def test_a_report_that_cannot_be_written_is_refused_before_the_run(tmp_path, name, told):
    (tmp_path / "folder.html").mkdir()
    found = run(EXAMPLE, "--trials", 10**8, "--report", tmp_path / name)
    assert found.exit_code == 2
    assert told in found.stderr


def test_a_study_has_a_report_of_its_own(tmp_path):
    found = run(EXAMPLES.parent / "adjuvant-breast", "--report", tmp_path / "out.html")
    assert found.exit_code == 2
    assert "take `unburden design`" in found.stderr


def test_json_and_text_hold_every_scenario():
    found = run(EXAMPLE, "--trials", 300, "--json")
    told = json.loads(found.stdout)["scenarios"]
    assert list(told) == ["no effect", "planned effect", "delayed effect"]
    assert told["no effect"]["log-rank"]["trials"] == 300
    assert list(told["no effect"]["alternatives"]) == ["one look at the end, log-rank"]
    text = run(EXAMPLE, "--trials", 300).stdout
    assert "no effect (null, stream 0)" in text and "type I" in text

"""The `[emulation]` table: what is read and what is refused, in words."""

import tomllib
from pathlib import Path

import pytest

from unburden.data.emulation import parse_emulation
from unburden.domain.emulation_plan import Covariate, Truncation
from unburden.domain.errors import InvalidEmulation

TEXT = """
name = "drug or none"
patient = "patient_id"
population = "ATE"
contrast = "intention-to-treat"
covariates = ["age", { column = "nodes", form = "log" }]

[treatment]
column = "treated"
treated_value = true
control_value = false
treated_strategy = "drug"
control_strategy = "none"

[time_zero]
event = "surgery"
day = "day_0"
eligibility_day = "day_eligible"
assignment_day = "day_assigned"

[outcome]
name = "death"
time = "days"
event = "died"
unit = "day"

[analysis]
follow_up_days = 2000
horizon_days = 1826
propensity = "logistic"
stabilised = true
truncation = { kind = "quantiles", low = 0.01, high = 0.99 }
ties = "efron"
level = 0.95
folds = 5
seed = 7
missing = "refuse"
censoring = "arm"

[[negative_controls]]
name = "broken arm"
reason = "the drug does not touch bones"
outcome = { name = "fracture", time = "fracture_days", event = "had_fracture", unit = "day" }
"""


def parse(*replacements):
    text = TEXT
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return parse_emulation(tomllib.loads(text), "study.toml")


def test_a_whole_plan_is_read():
    plan = parse()
    assert plan.covariates == (Covariate("age"), Covariate("nodes", "log"))
    assert plan.analysis.truncation == Truncation("quantiles", 0.01, 0.99)
    assert plan.time_zero.has_days
    assert plan.negative_controls[0].outcome.time_column == "fracture_days"
    assert plan.analysis.follow_up_days == 2000.0


def test_the_plan_of_the_benchmark_is_read():
    path = Path(__file__).parents[3] / "benchmarks" / "emulation_of_gbsg2.toml"
    assert parse_emulation(tomllib.loads(path.read_text())["emulation"], "x").population == "ATO"


@pytest.mark.parametrize(
    ("replacements", "told"),
    [
        ([('ties = "efron"', 'ties = "efron"\ntyes = 1')], "[emulation.analysis] has the unknown key 'tyes'"),
        ([("seed = 7\n", "")], "[emulation.analysis] has no 'seed'; give a whole number"),
        (
            [('contrast = "intention-to-treat"', 'contrast = "per-protocol"')],
            "contrast = 'per-protocol'; use one of intention-to-treat",
        ),
        (
            [('"age", ', '"age", "treated", ')],
            "covariate 'treated' is the treatment; name columns that are known",
        ),
        ([('"age", ', '"age", "age", ')], "covariates names 'age' twice; keep one"),
        ([('eligibility_day = "day_eligible"\n', "")], "name all three, so that they can be compared"),
        (
            [
                ('day = "day_0"\n', ""),
                ('eligibility_day = "day_eligible"\n', ""),
                ('assignment_day = "day_assigned"\n', ""),
            ],
            "neither columns of days nor a reason is given",
        ),
        (
            [("horizon_days = 1826", "horizon_days = 2826")],
            "a horizon over 0 and at most as long as the follow-up",
        ),
        (
            [('propensity = "logistic"', 'propensity = "boosted"'), ("folds = 5", "folds = 1")],
            "must be cross-fitted",
        ),
        ([("low = 0.01", "low = 0.995")], "give two numbers from 0 to 1, the lower first"),
        (
            [("treated_value = true", "treated_value = false")],
            "treated_value and control_value are both False",
        ),
        ([('form = "log"', 'form = "logs"')], "use one of linear, log, spline, categories"),
        ([('unit = "day"\n\n', 'unit = "mm"\n\n')], "unit is 'mm'; give day, week, month or year"),
        ([("level = 0.95", "level = 95")], "level is 95.0; give a number between 0 and 1"),
        (
            [('name = "broken arm"\n', 'name = "broken arm"\nexposure = "x"\n')],
            "either an outcome or an exposure",
        ),
        ([('reason = "the drug does not touch bones"', 'reason = ""')], "say why it can have nothing to do"),
    ],
)
def test_what_is_refused_says_where_and_what_to_do(replacements, told):
    with pytest.raises(InvalidEmulation) as caught:
        parse(*replacements)
    assert told in str(caught.value)
    assert str(caught.value).startswith("InvalidEmulation: study.toml: ")


def test_all_problems_come_at_once():
    with pytest.raises(InvalidEmulation) as caught:
        parse(("seed = 7\n", ""), ("level = 0.95\n", ""), ('column = "treated"', 'colum = "treated"'))
    assert len(caught.value.problems) == 4


@pytest.mark.parametrize(
    "table", [None, 3, {}, {"treatment": 3, "covariates": 4}, {"negative_controls": [1]}]
)
def test_anything_else_is_refused_without_a_crash(table):
    with pytest.raises(InvalidEmulation):
        parse_emulation(table, "study.toml")

"""A study's criteria weighed as a whole: what is declared, counted and refused."""

import math
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from unburden.domain.criteria import Compare, CriterionRule
from unburden.domain.errors import InvalidStudy
from unburden.domain.weighing import CriteriaReport
from unburden.eligibility.screen import screen_cohort
from unburden.study.reading import read_eligibility, read_study
from unburden.study.weighing import describe_screening, emulate_study_trial, weigh_study_criteria

EXAMPLE = Path(__file__).parents[3] / "examples" / "adjuvant-breast"


@pytest.fixture(scope="module")
def found() -> CriteriaReport:
    return weigh_study_criteria(read_eligibility(EXAMPLE))


@pytest.fixture
def folder(tmp_path) -> Path:
    shutil.copytree(EXAMPLE, tmp_path / "study")
    return tmp_path / "study"


def change(folder: Path, *pairs: tuple[str, str]) -> Path:
    file = folder / "study.toml"
    text = file.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    return folder


def read_patients() -> pl.DataFrame:
    return pl.read_parquet(EXAMPLE / "patients" / "rotterdam.parquet")


def test_the_cohort_with_all_criteria_is_the_emulated_trial(found):
    """Two ways to one number: the kernel over all cohorts, and the emulated trial by itself."""
    row = found.worth.cohorts.row(-1, named=True)
    assert row["patients"] == found.trial.eligible_patients == found.screening.attrition.eligible
    assert math.exp(row["log_hazard_ratio"]) == pytest.approx(found.trial.hazard_ratio.value, rel=1e-8)
    assert row["rmst_difference"] == pytest.approx(found.trial.mean_difference.value, rel=1e-8)
    low = math.exp(row["log_hazard_ratio"] - 1.959963984540054 * row["log_hazard_ratio_se"])
    assert low == pytest.approx(found.trial.hazard_ratio.low, rel=1e-6)


def test_pools_are_those_that_plain_filters_count(found):
    patients = read_patients().filter(pl.col("positive_nodes") >= 1)
    assert found.always_patients == patients.height
    passing = {
        "IN01": pl.col("age").is_between(18, 75),
        "IN02": pl.col("oestrogen_receptor") >= 10,
        "EX01": ~pl.col("had_chemotherapy"),
        "EX02": pl.col("positive_nodes") < 10,
    }
    assert found.worth.criteria == tuple(passing)
    for row in found.worth.cohorts.iter_rows(named=True):
        chosen = [rule for j, rule in enumerate(passing.values()) if row["mask"] >> j & 1]
        kept = patients.filter(*chosen) if chosen else patients
        assert row["patients"] == kept.height
        assert row["treated"] == kept["had_hormonal_treatment"].sum()


def test_screening_burden_of_a_set_is_that_of_a_patient_enrolled(found):
    """Nodes and receptor to check: journey and consent of everybody screened, over the share that passes."""
    procedures = {each.id: each for each in found.plan.screening.procedures}
    minutes = sum(
        procedures[name].amounts[key].value
        for name in ("journey", "consent")
        for key in ("site_minutes", "travel_minutes")
        if key in procedures[name].amounts
    )
    place = found.front.masks.tolist().index(2)
    goals = [goal.name for goal in found.front.goals]
    value = found.front.values[place, goals.index("screening_burden")]
    assert value == pytest.approx(minutes * 2982 / 1202)


def test_patients_needed_are_events_over_the_sets_share_of_events(found):
    patients = read_patients().filter(pl.col("positive_nodes") >= 1, pl.col("oestrogen_receptor") >= 10)
    events = patients.filter("has_relapsed_or_died", pl.col("disease_free_days") <= 2659).height
    goals = [goal.name for goal in found.front.goals]
    value = found.front.values[found.front.masks.tolist().index(2), goals.index("patients_needed")]
    assert value == pytest.approx(430 * patients.height / events)
    assert found.front.mandatory == ("IN02",)


def test_patients_in_whom_treatment_should_do_nothing_are_those_of_the_words(found):
    (control,) = found.unaffected
    patients = read_patients().filter(
        pl.col("positive_nodes").is_between(1, 9),
        pl.col("age").is_between(18, 75),
        ~pl.col("had_chemotherapy"),
        pl.col("oestrogen_receptor") < 10,
    )
    assert (control.patients, control.treated) == (
        patients.height,
        patients["had_hormonal_treatment"].sum(),
    )


def test_shapley_values_of_the_pool_are_averages_over_orders(found):
    from itertools import permutations

    pools = dict(found.worth.cohorts.select("mask", "patients").iter_rows())
    sums = np.zeros(4)
    for order in permutations(range(4)):
        mask = 0
        for j in order:
            sums[j] += pools[mask | 1 << j] - pools[mask]
            mask |= 1 << j
    assert found.worth.outcomes["patients"].values == pytest.approx(sums / 24, abs=1e-9)


def test_criteria_are_judged_on_patients_who_had_no_part_in_the_choice(found):
    assert found.judged is not None
    chosen = set(found.judged.chosen.patient_ids.tolist())
    assert len(chosen) == 773
    assert found.judged.cohorts["patients"][0] == 1546 - 773


def test_the_planned_trial_comes_from_the_design_or_from_worth_itself(folder):
    assert read_eligibility(folder).plan.weighing.planned.patients == 1600
    numbers = "patients = 500\nhazard_ratio = 0.7\nalpha = 0.05\nallocation_ratio = 2.0\nevents = 150"
    change(folder, ("[worth]", f"[worth.planned]\n{numbers}\n\n[worth]"))
    assert read_study(folder).eligibility.weighing.planned.patients == 500


def test_a_criterion_that_keeps_out_one_arm_only_is_not_weighed(folder):
    reason = re.search(r"always_reason = .*\n", (folder / "study.toml").read_text(encoding="utf-8"))[0]
    change(folder, ('always = ["IN03"]\n', ""), (reason, ""))
    with pytest.raises(InvalidStudy) as caught:
        weigh_study_criteria(read_eligibility(folder))
    assert caught.value.problems == (
        "none of the 1436 patients whom IN03 keeps out had 'hormonal treatment', so these data cannot say "
        "what it is worth; name it in [worth] always, with the reason",
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('instead_of = "IN02"', 'instead_of = "IN99"', "is instead of 'IN99', which has no rule"),
        ('label = "positive nodes"', "label = 3", "IN03 has label 3; give a few words"),
        ("mandatory_reason = ", "mandatory_whim = ", "unknown key 'mandatory_whim'"),
        ('always = ["IN03"]', 'always = ["IN99"]', "[worth] names 'IN99' in always, which has no rule"),
        ("always_reason = ", "always_why = ", "[worth] has the unknown key 'always_why'"),
        ('goals = ["pool", ', 'goals = ["pol", ', "goals names 'pol'; use some of pool, patients_needed"),
        ("choose_share = 0.5", "choose_share = 1.5", "choose_share is 1.5; give a share between 0 and 1"),
        ("replicates = 500", "replicates = 5", "replicates is 5; give at least 200"),
        ("choose_share = 0.5", 'choose_share = 0.5\nadverse = "fever"', "[worth] has adverse = 'fever'"),
        ('visit = "screening"', 'visit = "week-99"', "[screening] names the visit 'week-99'; use one of"),
        ('["consent", "eligibility"]', '["consent", "biopsy"]', "activity 'biopsy', which is not asked"),
        ('procedures = ["journey", "consent", "history"]', "procedures = []", ""),
        ('{ criterion = "EX02"', '{ criterion = "EX09"', "[screening] checks the criterion 'EX09'"),
        ('minimise = "patient_minutes"', 'minimise = "tears"', "[screening] has minimise = 'tears'"),
        ('column = "is_postmenopausal"\ngroups', 'column = "menopause"\ngroups', "no declared column"),
        ("share = 0.211", "share = 0.911", "its shares sum to 1.699"),
        ('time = "disease_free_days"\nevent = "has_relapsed_or_died"\nunit', 'time = ""\nunit', "'event'"),
    ],
)
def test_what_is_declared_of_criteria_is_refused_with_its_place(folder, old, new, told):
    change(folder, (old, new))
    if not told:
        assert read_eligibility(folder).plan.screening.checks[3].procedure_ids == ()
        return
    for read in (read_eligibility, read_study):
        with pytest.raises(InvalidStudy) as caught:
            read(folder)
        assert told in str(caught.value)


def test_parts_that_are_missing_are_named(folder):
    text = (folder / "study.toml").read_text(encoding="utf-8")
    start, end = text.index("[emulation]"), text.index("[worth]")
    bare = folder / "study.toml"
    bare.write_text(text[:start] + text[text.index("# Who carries the burden") :], encoding="utf-8")
    study = read_eligibility(folder)
    with pytest.raises(InvalidStudy, match=r"has no \[emulation\] and no \[worth\]"):
        weigh_study_criteria(study)
    with pytest.raises(InvalidStudy, match=r"has no \[emulation\]; state the target trial there"):
        emulate_study_trial(study)
    assert describe_screening(study).forecast is None
    assert describe_screening(study, planned_patients=100).forecast.enrolled == 100
    assert end > start


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('population = "ATO"', 'population = "ATT"', "criteria are weighed for ATE or ATO"),
        ('propensity = "logistic"', 'propensity = "boosted"', "criteria are weighed with 'logistic'"),
        (
            "choose_share = 0.5",
            'choose_share = 0.5\nadverse = "age"',
            "adverse names 'age', which holds Int64",
        ),
    ],
)
def test_analyses_that_are_not_made_cohort_by_cohort_are_refused(folder, old, new, told):
    study = read_eligibility(change(folder, (old, new), ("folds = 1", "folds = 2")))
    with pytest.raises(InvalidStudy) as caught:
        weigh_study_criteria(study)
    assert told in str(caught.value)


def make_many(study, count: int, goals: tuple[str, ...]):
    """The study with `count` mild rules over the columns that it has, all of them weighed."""
    limits = [("age", 90, "year"), ("positive_nodes", 40, "count")]
    rules = [CriterionRule("N", "", True, Compare("positive_nodes", ">=", 1, "count"), "exclude")]
    for i in range(count):
        column, most, unit = limits[i % 2]
        rules.append(CriterionRule(f"R{i:02d}", "", True, Compare(column, "<=", most - i, unit), "exclude"))
    worth = replace(
        study.plan.weighing, always=("N",), mandatory=(), goals=goals, permutations=20, replicates=200
    )
    plan = replace(study.plan, weighing=worth, screening=None, unaffected=())
    attrition = screen_cohort(tuple(rules), study.cohort)
    return replace(study, rules=tuple(rules), criteria=(), plan=plan, attrition=attrition)


def test_more_than_twenty_criteria_are_searched_and_said_so():
    study = make_many(read_eligibility(EXAMPLE), 22, ("pool", "patients_needed", "target_distance"))
    found = weigh_study_criteria(study)
    assert not found.worth.is_exact and not found.front.is_exhaustive
    assert found.choice_splits == 0
    patients = read_patients().filter(pl.col("positive_nodes") >= 1)
    for mask, (pool, needed, _) in zip(found.front.masks.tolist(), found.front.values, strict=True):
        kept = patients
        for i in range(22):
            if mask >> i & 1:
                column, limit = ("positive_nodes", 40 - i) if i % 2 else ("age", 90 - i)
                kept = kept.filter(pl.col(column) <= limit)
        events = kept.filter("has_relapsed_or_died", pl.col("disease_free_days") <= 2659).height
        assert pool == kept.height
        assert needed == pytest.approx(430 * kept.height / events)


def test_goals_that_many_criteria_put_out_of_reach_are_named():
    study = make_many(read_eligibility(EXAMPLE), 16, ("pool", "log_hazard_ratio"))
    with pytest.raises(InvalidStudy) as caught:
        weigh_study_criteria(study)
    assert "the goal 'log_hazard_ratio' needs every cohort's estimate" in str(caught.value)

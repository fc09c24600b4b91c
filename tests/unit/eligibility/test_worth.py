"""What cannot be weighed is named; what is refused is refused; a choice is judged on other patients."""

import dataclasses

import numpy as np
import pytest
from tests.independent.emulated_cohorts import draw_patients, make_plan

from unburden.domain.criteria_worth import EmulationData, Split
from unburden.domain.emulation_plan import Truncation
from unburden.domain.errors import InvalidCohort, InvalidDesign, InvalidEmulation, NoEstimate
from unburden.eligibility.choice import choose_criteria, judge_criteria, split_patients
from unburden.eligibility.worth import weigh_criteria


def make(passing_first, events=None, treated=None):
    """Sixty patients; the first criterion as given."""
    random = np.random.default_rng(4)
    passing = np.column_stack([passing_first, np.arange(60) % 7 > 0])
    times = random.exponential(size=60) * 10
    events = np.ones(60, bool) if events is None else events
    treated = np.arange(60) % 2 == 0 if treated is None else treated
    return passing, EmulationData(times, events, treated, random.normal(size=(60, 1)), "simulated:tests")


def weigh(passing, data, **changes):
    return weigh_criteria(passing, data, make_plan(horizon=1.0, **changes), criteria=("Adults", "Kidneys"))


def test_a_cohort_without_events_in_an_arm_refuses_the_hazard_ratio_and_nothing_else():
    keeps = np.arange(60) < 30
    events = ~(keeps & (np.arange(60) % 2 == 0))
    worth = weigh(*make(keeps, events))
    text = worth.refused["log_hazard_ratio"]
    assert text.startswith(
        "2 of 4 cohorts have none; that of Adults (30 patients): all events are in the control arm"
    )
    assert "rmst_difference" in worth.outcomes and "patients" in worth.outcomes
    row = worth.cohorts.row(1, named=True)
    assert row["log_hazard_ratio"] is None and row["log_hazard_ratio_se"] is None
    assert row["log_hazard_ratio_problem"] == "all events are in the control arm"
    assert row["rmst_difference"] is not None
    with pytest.raises(NoEstimate, match="2 of 4 cohorts have none"):
        worth.get_outcome("log_hazard_ratio")
    with pytest.raises(NoEstimate, match="no adverse event was given"):
        worth.get_outcome("risk_difference")


def test_every_reason_is_named():
    keeps = np.arange(60) % 2 == 0
    assert "an arm has no patients" in weigh(*make(keeps)).refused["log_hazard_ratio"]
    none = weigh(*make(np.arange(60) < 30, np.arange(60) >= 30))
    assert "no patient has the event" in none.refused["log_hazard_ratio"]
    passing, data = make(np.arange(60) < 30)
    separated = dataclasses.replace(data, covariates=(data.treated * 2.0 - 1)[:, None])
    assert "(separation)" in weigh(passing, separated).refused["log_hazard_ratio"]
    early = dataclasses.replace(data, events=data.times < 3)
    late = weigh_criteria(passing, early, make_plan(horizon=1e4))
    assert "follow-up ends before the horizon" in late.refused["rmst_difference"]
    order = np.where(data.treated, data.times * 1e-3, data.times + 1)
    first = weigh(passing, dataclasses.replace(data, times=order))
    assert "treatment separates the order of events" in first.refused["log_hazard_ratio"]


def test_criteria_that_nobody_can_pass_together_are_told():
    passing, data = draw_patients(2, 200, 2)
    passing[:, 1] = ~passing[:, 0]
    worth = weigh_criteria(passing, data, make_plan())
    assert (
        "criterion 1, criterion 2 (0 patients): an arm has no patients" in worth.refused["log_hazard_ratio"]
    )
    pool = worth.get_outcome("patients")
    assert pool.with_all == 0 and pool.values.sum() == pytest.approx(-200)


def test_no_number_is_ever_nan():
    for worth in (weigh(*make(np.arange(60) % 2 == 0)), weigh(*draw_patients(1, 300, 2))):
        for column in worth.cohorts.get_columns():
            if column.dtype.is_float():
                assert not column.drop_nulls().is_nan().any()
        for found in worth.outcomes.values():
            assert np.isfinite(found.values).all() and np.isfinite(found.total_errors).all()


def test_rows_names_and_plans_that_do_not_fit_are_named():
    passing, data = draw_patients(1, 100, 16)
    with pytest.raises(InvalidDesign, match="16 criteria are more than 15: give permutations"):
        weigh_criteria(passing, data, make_plan())
    with pytest.raises(InvalidCohort, match="give 100 patients × 3 criteria"):
        weigh_criteria(passing, data, make_plan(), criteria=("a", "b", "c"))
    with pytest.raises(InvalidCohort, match="two criteria have one name"):
        weigh_criteria(passing[:, :2], data, make_plan(), criteria=("a", "a"))
    with pytest.raises(InvalidCohort, match="other values than true and false"):
        weigh_criteria(np.full((100, 2), np.nan), data, make_plan())
    with pytest.raises(InvalidDesign, match="truncation at quantiles is for stabilised weights"):
        make_plan(weighting="overlap", truncation=Truncation("quantiles", 0.01, 0.99))
    with pytest.raises(InvalidEmulation, match=r"the bounds are 0\.9 and 0\.1"):
        Truncation("quantiles", 0.9, 0.1)


def test_patients_that_cannot_be_are_named():
    table, flags = np.zeros((3, 1)), np.array([True, False, True])
    times = np.array([1.0, 2.0, 3.0])
    with pytest.raises(InvalidCohort, match=r"patients are there twice \(P1\)"):
        EmulationData(times, flags, flags, table, "observed:x", patient_ids=np.array(["P1", "P1", "P2"]))
    with pytest.raises(InvalidCohort, match="age: 1 values are not finite"):
        EmulationData(
            times, flags, flags, np.array([[1.0], [np.nan], [2]]), "observed:x", covariate_names=("age",)
        )
    with pytest.raises(InvalidCohort, match="events has 2 rows and times 3"):
        EmulationData(times, flags[:2], flags, table, "observed:x")


def test_criteria_are_judged_on_patients_who_had_no_part_in_the_choice():
    passing, data = draw_patients(9, 1000, 4)
    split = split_patients(1000, 0.5, seed=11)
    worth = weigh_criteria(passing[split.choose], data.take(split.choose), make_plan())
    chosen = choose_criteria(worth, "log_hazard_ratio", lower_is_better=True)
    values = worth.get_outcome("log_hazard_ratio").values
    assert chosen.kept == tuple(f"criterion {j + 1}" for j in range(4) if values[j] < 0)
    judged = judge_criteria(chosen, passing[split.judge], data.take(split.judge), make_plan())
    alone = weigh_criteria(passing[split.judge], data.take(split.judge), make_plan()).cohorts
    for row in judged.cohorts.iter_rows(named=True):
        assert row == alone.row(row["mask"], named=True) or row["log_hazard_ratio"] == pytest.approx(
            alone.row(row["mask"], named=True)["log_hazard_ratio"], abs=1e-9
        )
    change, error, low, high = judged.differences["log_hazard_ratio"]
    expected = alone["log_hazard_ratio"][chosen.mask] - alone["log_hazard_ratio"][15]
    assert change == pytest.approx(expected, abs=1e-9) and low < change < high and error > 0
    with pytest.raises(InvalidCohort, match="500 patients had a part in the choice"):
        judge_criteria(chosen, passing[split.choose], data.take(split.choose), make_plan())


def test_a_split_whose_parts_overlap_is_refused():
    with pytest.raises(InvalidCohort, match="2 patients are in both parts"):
        Split(np.array([1, 2, 3]), np.array([2, 3, 4]), 0.5, 1)
    assert np.array_equal(split_patients(50, 0.4, seed=2).choose, split_patients(50, 0.4, seed=2).choose)

"""What is learnt from records, on small ones whose answer is counted by hand."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy import stats

from unburden.burden.record_differences import explain_difference
from unburden.burden.record_prediction import derive_compound, evaluate_held_out, predict_amount
from unburden.burden.records import (
    derive_plans,
    derive_totals,
    find_last_days,
    learn_time_on_study,
    learn_unscheduled_visits,
    split_patients,
)
from unburden.domain.burden_records import LearntUnscheduledVisits, MeasurePlan
from unburden.domain.errors import InvalidCohort, InvalidEvidence, InvalidProtocol
from unburden.domain.protocol import Activity, Cell, Place, Protocol, Timeline, Visit
from unburden.domain.records import DONE_COLUMNS, DOSE_COLUMNS, VISIT_COLUMNS, PatientRecords
from unburden.study.scoring import score_burden

START = date(2020, 1, 1)
SOURCE = "observed:test"


@pytest.fixture
def protocol():
    titles = {"v": "Vital signs", "h": "Hematology", "c": "Chemistry", "p": "PK sample", "q": "MMSE"}
    visits = (
        Visit("s", "Screening", "main", -10.0),
        Visit("b", "Baseline", "main", 0.0),
        Visit("t", "Call", "main", 7.0, places=(Place.REMOTE,)),
        Visit("e", "End", "main", 90.0),
    )
    cells = [("s", "v"), ("s", "h"), ("s", "c"), ("b", "v"), ("b", "p"), ("t", "q"), ("e", "h"), ("e", "v")]
    return Protocol(
        id="x",
        title="x",
        source="x",
        timelines=(Timeline("main", "Main", True),),
        visits=visits,
        activities=tuple(Activity(key, title) for key, title in titles.items()),
        cells=tuple(Cell(visit, activity) for visit, activity in cells),
    )


def make_records(visits, done, patients=("a", "b")):
    """`visits`: (patient, day, visit, category, planned); `done`: (…, measure, amount) of these."""
    visit_rows = [(p, START + timedelta(d), d, v, c, n, c != "telephone") for p, d, v, c, n in visits]
    done_rows = [(p, START + timedelta(d), d, m, v, c, n, amount) for p, d, v, c, n, m, amount in done]
    days = [
        (p, START + timedelta(d), d, "in_person_days", v, c, n, 1)
        for p, d, v, c, n in visits
        if c != "telephone"
    ]
    nobody = {"arm": "A", "start": START, "left_day": None, "left_reason": None}
    dose_types = (pl.String, pl.String, pl.Date, pl.Date, pl.Int64)
    return PatientRecords(
        patients=pl.DataFrame([{"patient_id": p, **nobody} for p in patients]),
        visits=pl.DataFrame(visit_rows, schema=list(VISIT_COLUMNS), orient="row", infer_schema_length=None),
        done=pl.DataFrame(
            done_rows + days, schema=list(DONE_COLUMNS), orient="row", infer_schema_length=None
        ),
        doses=pl.DataFrame(schema=dict(zip(DOSE_COLUMNS, dose_types, strict=True))),
        source=SOURCE,
        absent=("EG", "QS"),
    )


@pytest.fixture
def records():
    """Patient a kept everything and came twice besides; b left after baseline."""
    visits = [
        ("a", -10, "SCREENING", "planned", "Screening"),
        ("a", 0, "BASELINE", "planned", "Baseline"),
        ("a", 5, "UNSCHEDULED 1", "unscheduled", None),
        ("a", 30, "UNSCHEDULED 2", "unscheduled", None),
        ("a", 90, "END", "planned", "End"),
        ("b", -9, "SCREENING", "planned", "Screening"),
        ("b", 0, "BASELINE", "planned", "Baseline"),
    ]
    done = [
        (*visits[0], "blood_draws", 1),
        (*visits[2], "blood_draws", 2),
        (*visits[4], "blood_draws", 1),
        (*visits[5], "blood_draws", 1),
        (*visits[6], "blood_draws", 1),
    ]
    return make_records(visits, done)


def test_totals_count_zero_where_nothing_is_recorded(records):
    totals = derive_totals(records)
    assert totals["in_person_days"].to_list() == [5, 2]
    assert totals["blood_draws"].to_list() == [4, 2]
    assert totals["blood_tubes"].to_list() == [0, 0]
    assert "ecgs" not in totals.columns


def test_time_on_study_is_the_share_with_a_later_planned_visit(records, protocol):
    last_days = find_last_days(records, protocol)
    assert last_days == {"a": 90.0, "b": 0.0}
    learnt = learn_time_on_study(last_days, SOURCE)
    assert [learnt.curve.share_at(day) for day in (-10, 0, 1, 90, 91)] == [1.0, 1.0, 0.5, 0.5, 0.0]


def test_the_interval_of_a_share_is_wilsons():
    """7 of 10: 0.397 to 0.892 (Wilson 1927; statsmodels proportion_confint gives the same)."""
    from statsmodels.stats.proportion import proportion_confint

    learnt = learn_time_on_study({str(i): 90.0 if i < 7 else 0.0 for i in range(10)}, SOURCE)
    assert (learnt.low[0], learnt.high[0]) == pytest.approx(proportion_confint(7, 10, method="wilson"))


def test_unscheduled_visits_per_100_days(records, protocol):
    last_days = find_last_days(records, protocol)
    found = learn_unscheduled_visits(records, last_days, -10.0, ("unscheduled",))
    assert (found.dates, found.days, found.share_with) == (2, 110.0, 0.5)
    assert found.per_100_days == pytest.approx(200 / 110)
    assert found.kinds == {"unscheduled": pytest.approx(200 / 110)}
    assert found.amounts["blood_draws"] == ((0, 0.5), (2, 0.5))
    assert found.mean_amount("blood_draws") == 1.0


def test_without_any_date_the_bound_is_the_exact_poisson_one(records, protocol):
    found = learn_unscheduled_visits(records, find_last_days(records, protocol), -10.0, ("retrieval",))
    assert (found.per_100_days, found.low, found.dispersion) == (0.0, 0.0, 0.0)
    assert found.high == pytest.approx(100 * stats.chi2.ppf(0.975, 2) / 2 / 110)


def test_a_visit_that_the_protocol_does_not_hold(records, protocol):
    faulty = make_records([("a", 0, "X", "planned", "Week 99")], [], patients=("a",))
    with pytest.raises(InvalidProtocol, match="Week 99"):
        find_last_days(faulty, protocol)
    idle = make_records([("a", 0, "X", "planned", "Baseline")], [])
    with pytest.raises(InvalidCohort, match="1 patients have no planned visit"):
        find_last_days(idle, protocol)


def test_plans_come_from_the_lines_of_the_score(protocol):
    score = score_burden(protocol)[0]
    plans = derive_plans(score, protocol, ())
    asked = {measure: (plan.days, plan.amounts) for measure, plan in plans.items()}
    assert asked["in_person_days"] == ((-10.0, 0.0, 90.0), (1.0, 1.0, 1.0))
    assert asked["calls"] == ((7.0,), (1.0,))
    assert asked["blood_draws"] == ((-10.0, 0.0, 90.0), (1.0, 1.0, 1.0))
    assert asked["blood_tubes"] == ((-10.0, 0.0, 90.0), (2.0, 1.0, 1.0))
    assert asked["vital_sign_sets"] == ((-10.0, 0.0, 90.0), (1.0, 1.0, 1.0))
    assert asked["questionnaires"] == ((7.0,), (1.0,))
    assert derive_plans(score, protocol, ("p",))["blood_draws"].days == (-10.0, 90.0)


def test_a_plan_expects_what_the_score_with_the_same_curve_says(protocol):
    learnt = learn_time_on_study({"a": 90.0, "b": 0.0, "c": 7.0}, SOURCE)
    plan = derive_plans(score_burden(protocol)[0], protocol, ())["in_person_days"]
    weighted = score_burden(protocol, time_on_study=(learnt.curve,))[0]
    assert plan.expect(learnt.curve) == pytest.approx(weighted.totals["contact_days"].value)


@pytest.mark.parametrize("dispersion", [0.0, 0.7])
def test_a_compound_of_ones_is_the_count_itself(dispersion):
    mean = 2.5
    counts = stats.nbinom(1 / dispersion, 1 / (1 + dispersion * mean)) if dispersion else stats.poisson(mean)
    found = derive_compound(mean, dispersion, ((1, 1.0),))
    assert found == pytest.approx(counts.pmf(np.arange(len(found))), abs=1e-8)


def test_a_compound_has_the_moments_of_a_random_sum():
    """Mean μa, variance μ E[X²] + kμ²a² (Wald's and Blackwell–Girshick's equations)."""
    amounts, mean, dispersion = ((0, 0.5), (2, 0.3), (5, 0.2)), 1.3, 0.6
    found = derive_compound(mean, dispersion, amounts)
    values = np.arange(len(found))
    first = sum(a * share for a, share in amounts)
    second = sum(a * a * share for a, share in amounts)
    assert values @ found == pytest.approx(mean * first, abs=1e-5)
    variance = (values - values @ found) ** 2 @ found
    assert variance == pytest.approx(mean * second + dispersion * (mean * first) ** 2, abs=1e-3)


def make_unscheduled(rate):
    return LearntUnscheduledVisits(
        per_100_days=rate,
        low=0.0,
        high=9.0,
        dispersion=0.0,
        source=SOURCE,
        kinds={},
        amounts={"in_person_days": ((1, 1.0),)},
        patients=1,
        dates=1,
        days=100.0,
        share_with=1.0,
    )


def test_shares_that_do_not_sum_to_one():
    from dataclasses import replace

    with pytest.raises(InvalidEvidence, match=r"the shares of 'calls' sum to 0\.5, not to 1"):
        replace(make_unscheduled(1.0), amounts={"calls": ((1, 0.5),)})


def test_the_prediction_mixes_over_the_time_on_study():
    plan = MeasurePlan("in_person_days", (0.0, 100.0), ("Baseline", "End"), (1.0, 1.0))
    found = predict_amount(plan, {0.0: 0.25, 100.0: 0.75}, 0.0, make_unscheduled(2.0))
    assert found.mean == pytest.approx(0.25 * 1 + 0.75 * (2 + 2), abs=1e-6)
    assert found.shares[found.amounts == 1.0] == pytest.approx([0.25])


def test_held_out_figures_counted_by_hand():
    plan = MeasurePlan("in_person_days", (0.0, 100.0), ("Baseline", "End"), (1.0, 1.0))
    learnt = learn_time_on_study({"a": 0.0, "b": 100.0}, SOURCE)
    found = evaluate_held_out(
        plan, learnt, None, {"c": 1.0, "d": 3.0}, {"c": 0.0, "d": 100.0}, {"c": 0.0, "d": 0.0}, 0.0
    )
    assert found.predicted.value == pytest.approx(1.5)
    assert found.predicted.high - 1.5 == pytest.approx(1.959964 * np.sqrt(0.25 * (1 / 2 + 1 / 2)))
    assert found.is_mean_covered
    assert (found.marginal.mean, found.marginal.absolute) == (pytest.approx(-0.5), pytest.approx(1.0))
    assert [c.share for c in found.marginal.coverage] == [0.5, 0.5]
    assert (found.given_last_visit.mean, found.given_last_visit.absolute) == (-0.5, 0.5)
    assert found.given_leaving.mean == -1.0
    assert (found.completed.patients, found.completed.mean) == (1, -1.0)


def test_the_difference_has_no_rest(records, protocol):
    last_days = find_last_days(records, protocol)
    curve = learn_time_on_study(last_days, SOURCE).curve
    score = score_burden(protocol)[0]
    whole, recordable = derive_plans(score, protocol, ()), derive_plans(score, protocol, ("p",))
    found = explain_difference(
        records, protocol, whole["blood_draws"], recordable["blood_draws"], curve, last_days
    )
    assert (found.predicted, found.recorded) == (2.5, 3.0)
    assert dict(found.terms) == {
        "asked, but of a kind that the records do not hold": -1.0,
        "the last planned visit of those who left early: done against asked": 0.5,
        "unscheduled: not in the schedule": 1.0,
    }


def test_the_halves_depend_on_each_id_alone():
    ids = [f"p{i}" for i in range(50)]
    even, odd = split_patients(ids)
    assert sorted(even + odd) == sorted(ids)
    assert split_patients(ids[10:20]) == (
        tuple(sorted(set(even) & set(ids[10:20]))),
        tuple(sorted(set(odd) & set(ids[10:20]))),
    )


def test_the_dispersion_is_that_of_moments(protocol):
    """Counts 6, 0, 0, 0 over 100 days each: μ = 1.5, Σ((y - μ)² - μ) / Σμ² = (27 - 6) / 9."""
    came = [("a", 10 * i, f"UNSCHEDULED {i}", "unscheduled", None) for i in range(1, 7)]
    planned = [(p, 0, "BASELINE", "planned", "Baseline") for p in "abcd"]
    ends = [(p, 90, "END", "planned", "End") for p in "abcd"]
    records = make_records(planned + came + ends, [], patients=tuple("abcd"))
    found = learn_unscheduled_visits(records, find_last_days(records, protocol), -10.0, ("unscheduled",))
    assert (found.per_100_days, found.dispersion) == (pytest.approx(1.5), pytest.approx(21 / 9))
    spread = np.exp(1.959964 * np.sqrt(6 + 21 / 9 * 9) / 6)
    assert (found.low, found.high) == (pytest.approx(1.5 / spread), pytest.approx(1.5 * spread))


def test_the_learnt_rate_is_declared_as_the_conduct_of_a_study_takes_it(records, protocol):
    """Two dates over 90 days on study of patient a and 0 of b: 2 / 0.9 in 100."""
    found = learn_unscheduled_visits(records, find_last_days(records, protocol), 0.0, ("unscheduled",))
    declared = found.declare(("v",))
    assert declared.rate.value == found.rate().value == pytest.approx(200 / 90)
    assert (declared.rate.low, declared.rate.high, declared.activity_ids) == (found.low, found.high, ("v",))

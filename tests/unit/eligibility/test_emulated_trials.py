"""An emulated trial's guards, refusals and records on small cohorts."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from tests.independent.emulation_worlds import draw_marginal, make_plan

from unburden.domain.cohort import Cohort
from unburden.domain.emulation_plan import EmulatedOutcome, NegativeControl, TimeZero, Truncation
from unburden.domain.errors import InvalidEmulation, NoEstimate
from unburden.domain.estimate import Estimate
from unburden.eligibility.emulation import emulate_trial
from unburden.eligibility.evalues import compute_e_value
from unburden.eligibility.weights import derive_weights

PATIENTS = 300
COHORT = draw_marginal(4, PATIENTS)


def change(**columns):
    """The cohort with columns that hold other values (expressions or lists)."""
    frame = COHORT.frame.with_columns(
        **{
            name: pl.Series(values, strict=False) if isinstance(values, list) else values
            for name, values in columns.items()
        }
    )
    return Cohort(COHORT.name, frame, COHORT.columns, COHORT.source)


def refuse(cohort, plan=None, error=InvalidEmulation):
    with pytest.raises(error) as caught:
        emulate_trial(cohort, range(cohort.patients), plan or make_plan())
    return str(caught.value)


def late(column, days=3.0):
    """The column with so many days more for patients 5 and 9."""
    return pl.when(pl.col("patient").is_in([5, 9])).then(pl.col(column) + days).otherwise(pl.col(column))


def test_eligibility_after_time_zero_is_immortal_time():
    told = refuse(change(eligible_day=late("eligible_day")))
    assert "time zero ('start_day') is not the day on which patients became eligible ('eligible_day')" in told
    assert "for 2 of 300 patients (5, 9), for 2 of them it is later" in told
    assert "start follow-up on the day on which eligibility and assignment meet" in told


def test_assignment_at_another_day_is_refused():
    told = refuse(change(assigned_day=late("assigned_day", -2.0)))
    assert "not the day on which patients were assigned ('assigned_day')" in told
    assert "for 0 of them it is later" in told


def test_days_may_be_dates():
    day = pl.date(2020, 1, 1)
    emulate_trial(
        change(start_day=day, eligible_day=day, assigned_day=day, drug_day=day), range(PATIENTS), make_plan()
    )
    moved = pl.when(pl.col("patient") == 7).then(pl.date(2020, 1, 2)).otherwise(day)
    told = refuse(change(start_day=day, eligible_day=day, assigned_day=moved, drug_day=day))
    assert "1 of 300 patients (7)" in told
    assert "give them in one form" in refuse(change(start_day=day))


def test_treatment_after_time_zero_is_immortal_and_before_it_prevalent():
    told = refuse(change(drug_day=pl.when(pl.col("treated")).then(30.0)))
    assert "treatment starts after time zero for" in told
    assert "those still at risk at a landmark day" in told
    assert "prevalent users" in refuse(change(drug_day=pl.when(pl.col("treated")).then(-30.0)))


def test_follow_up_must_be_positive():
    told = refuse(change(days=pl.when(pl.col("patient") == 11).then(0.0).otherwise(pl.col("days"))))
    assert "follow-up for 'death' is not positive for 1 of 300 patients (11)" in told


def test_patients_count_once():
    told = refuse(change(patient=[min(i, PATIENTS - 3) for i in range(PATIENTS)]))
    assert "1 patients have more than one row (297); keep one row a patient" in told


def test_arms_need_patients_with_known_treatment():
    gap = pl.when(pl.col("patient") < 2).then(None).otherwise(pl.col("treated"))
    assert "'treated' is unknown for 2 of 300 patients (0, 1)" in refuse(change(treated=gap))
    assert "the arm with 'treated' = False is empty" in refuse(change(treated=pl.lit(True)))
    word = pl.when(pl.col("patient") == 1).then(pl.lit("both")).otherwise(pl.lit("drug"))
    told = refuse(change(treated=word))
    assert "'treated' holds 'drug', 'both' beside True and False" in told


def test_every_problem_comes_at_once():
    told = refuse(
        change(
            days=pl.when(pl.col("patient") == 11).then(None).otherwise(pl.col("days")),
            eligible_day=late("eligible_day"),
            patient=[min(i, PATIENTS - 3) for i in range(PATIENTS)],
        )
    )
    assert "3 problems" in told


def test_no_one_eligible_and_columns_that_are_not_there():
    with pytest.raises(InvalidEmulation, match="no patient is eligible; widen the criteria"):
        emulate_trial(COHORT, [], make_plan())
    with pytest.raises(InvalidEmulation, match="hold 1 numbers outside 0 to 299 and 1 repeats"):
        emulate_trial(COHORT, [1, 1, 300], make_plan())
    assert "there is no column 'weight'; the cohort's table has patient" in refuse(
        COHORT, make_plan(("weight",))
    )


def test_no_events_and_events_in_one_arm_are_refused():
    told = refuse(change(has_died=pl.lit(False)), error=NoEstimate)
    assert "none of the 300 patients has the event" in told
    told = refuse(change(has_died=pl.col("has_died") & pl.col("treated")), error=NoEstimate)
    assert "events are where treated is 1, none where it is 0" in told


def test_separation_is_refused_with_the_covariate():
    told = refuse(change(z=pl.col("treated")), error=NoEstimate)
    assert "'z = true' separates the arms" in told


def test_the_other_estimates_stand_where_the_doubly_robust_one_is_refused():
    random = np.random.default_rng(1)
    rare = (random.random(PATIENTS) < 0.1).tolist()
    alive = pl.when(pl.col("rare")).then(False).otherwise(pl.col("has_died"))
    cohort = Cohort("c", change(rare=rare).frame.with_columns(has_died=alive), (), "simulated:c")
    trial = emulate_trial(cohort, range(PATIENTS), make_plan(("x", "z", "rare")))
    assert trial.doubly_robust_difference is None
    assert "Refused: doubly robust difference, models of the treated arm: all" in trial.notes[-1]
    assert "give fewer outcome_covariates or folds" in trial.notes[-1]


def test_a_horizon_beyond_follow_up_is_refused():
    cohort = change(
        days=pl.min_horizontal("days", pl.lit(300.0)), has_died=pl.col("has_died") & (pl.col("days") < 300)
    )
    told = refuse(cohort, error=NoEstimate)
    assert "follow-up ends on day 300, before the horizon of 500 days" in told
    assert "give horizon_days of at most 300" in told


def test_gaps_in_covariates_follow_the_policy():
    cohort = change(x=pl.when(pl.col("patient") < 30).then(None).otherwise(pl.col("x")))
    assert "'x' is unknown for 30 of 300 patients" in refuse(cohort)
    trial = emulate_trial(cohort, range(PATIENTS), make_plan(missing="indicator"))
    assert trial.eligible_patients == PATIENTS
    assert trial.propensity.missing_words[0].startswith("x: 30 unknown, set to the median")
    assert "x unknown" in [line.name for line in trial.balance]


def test_treatment_in_numbers_or_words_gives_the_same():
    flags = emulate_trial(COHORT, range(PATIENTS), make_plan())
    plan = make_plan()
    words = replace(plan, treatment=replace(plan.treatment, treated_value="drug", control_value="none"))
    named = change(treated=pl.when(pl.col("treated")).then(pl.lit("drug")).otherwise(pl.lit("none")))
    numbers = change(treated=pl.col("treated").cast(pl.Int64))
    assert emulate_trial(named, range(PATIENTS), words).hazard_ratio.value == flags.hazard_ratio.value
    assert emulate_trial(numbers, range(PATIENTS), plan).hazard_ratio.value == flags.hazard_ratio.value


def test_the_record_holds_what_a_report_draws():
    trial = emulate_trial(COHORT, range(PATIENTS), make_plan(truncation=Truncation("quantiles", 0.05, 0.95)))
    for arm in trial.weights:
        assert sum(arm.counts) == arm.patients
        assert len(arm.edges) == len(arm.counts) + 1
        assert 0 < arm.effective_patients <= arm.patients
    assert trial.weights[0].truncated_patients + trial.weights[1].truncated_patients == 30
    assert "30 of 300 weights were cut (quantiles 0.05 to 0.95)" in " ".join(trial.notes)
    place = trial.positivity
    assert sum(place.treated_counts) + sum(place.control_counts) == PATIENTS
    assert [line.name for line in trial.balance] == ["x", "z = false", "z = true"]
    for curve, area in zip(trial.curves, (trial.treated_mean, trial.control_mean), strict=True):
        assert curve.weighted[0] == curve.crude[0] == 1
        assert list(curve.weighted) == sorted(curve.weighted, reverse=True)
        days = [day for day in curve.days if day <= 500]
        assert np.trapezoid(curve.weighted[: len(days)], days) == pytest.approx(area.value, rel=0.02)
    assert trial.curves[0].at_risk[0] == trial.weights[0].patients
    assert trial.hazard_ratio.sources[0] == COHORT.source
    assert trial.mean_difference.value == pytest.approx(trial.treated_mean.value - trial.control_mean.value)


def test_what_nobody_can_check_is_said():
    plan = make_plan(population="ATO")
    zero = TimeZero("surgery", reason="treatment is chosen at surgery")
    trial = emulate_trial(COHORT, range(PATIENTS), replace(plan, time_zero=zero))
    assert trial.doubly_robust_difference is None
    assert any("no doubly robust estimate" in note for note in trial.notes)
    assert any("treatment is chosen at surgery" in words for words in trial.assumptions)


def test_boosted_weights_are_used_and_their_interval_explained():
    pytest.importorskip("lightgbm")
    trial = emulate_trial(COHORT, range(PATIENTS), make_plan(propensity="boosted", folds=3))
    assert trial.propensity.words.startswith("gradient-boosted trees")
    assert any("weights of the boosted propensity as known" in note for note in trial.notes)


def test_imbalance_and_lack_of_overlap_are_warned_of():
    assert emulate_trial(COHORT, range(PATIENTS), make_plan(population="ATO")).warnings == ()
    random = np.random.default_rng(8)
    x = random.standard_normal(PATIENTS)
    treated = random.random(PATIENTS) < 1 / (1 + np.exp(-4 * x))
    trial = emulate_trial(
        change(x=x.tolist(), treated=treated.tolist(), drug_day=pl.lit(0.0)), range(PATIENTS), make_plan()
    )
    told = " ".join(trial.warnings)
    assert "Weighting leaves the arms unlike in x" in told
    assert "hardly ever chosen" in told


def test_a_negative_control_outcome_alarms_only_where_arms_differ():
    random = np.random.default_rng(2)
    patients = 2000
    cohort = draw_marginal(3, patients)
    fair = random.exponential(500, patients)
    hidden = np.where(cohort.frame["treated"].to_numpy(), fair / 3, fair)
    frame = cohort.frame.with_columns(
        fair=fair, hidden=hidden, seen=pl.lit(True), half=random.random(patients) < 0.5
    )
    controls = (
        NegativeControl("fair", "made so", EmulatedOutcome("fair", "fair", "seen", "day")),
        NegativeControl("hidden", "made so", EmulatedOutcome("hidden", "hidden", "seen", "day")),
        NegativeControl("coin", "made so", exposure_column="half"),
    )
    trial = emulate_trial(
        Cohort("n", frame, (), "simulated:n"),
        range(patients),
        replace(make_plan(), negative_controls=controls),
    )
    assert [found.is_alarming for found in trial.negative_controls] == [False, True, False]
    assert [found.kind for found in trial.negative_controls] == ["outcome", "outcome", "exposure"]
    assert "do not trust the main estimate" in trial.negative_controls[1].verdict
    assert trial.negative_controls[1].hazard_ratio.value == pytest.approx(3, rel=0.15)


def test_a_negative_control_without_events_is_named():
    cohort = change(never=pl.lit(False))
    control = NegativeControl("fracture", "made so", EmulatedOutcome("f", "days", "never", "day"))
    told = refuse(cohort, replace(make_plan(), negative_controls=(control,)), NoEstimate)
    assert "NoEstimate: negative control 'fracture': 1 problem" in told
    assert "or leave this control out" in told


def test_weights_are_the_textbook_ones():
    e, treated = np.array([0.25, 0.25, 0.8, 0.8]), np.array([True, False, True, False])
    none = Truncation()
    for population, stabilised, expected in (
        ("ATE", False, [4, 4 / 3, 1.25, 5]),
        ("ATE", True, [2, 2 / 3, 0.625, 2.5]),
        ("ATT", False, [1, 1 / 3, 1, 4]),
        ("ATO", False, [0.75, 0.25, 0.2, 0.8]),
        ("ATO", True, [0.75, 0.25, 0.2, 0.8]),
    ):
        found = derive_weights(e, treated, population=population, is_stabilised=stabilised, truncation=none)
        np.testing.assert_allclose(found.values, expected)
    cut = Truncation("probabilities", 0.3, 0.7)
    found = derive_weights(e, treated, population="ATE", is_stabilised=False, truncation=cut)
    np.testing.assert_allclose(found.values, [1 / 0.3, 1 / 0.7, 1 / 0.7, 1 / 0.3])
    assert found.is_truncated.all() and not found.by_linear.any()


def test_e_values_are_those_of_vanderweele_and_ding():
    # Their examples: 3.9 (1.8 to 8.7) gives 7.26 and 3.0; a protective 0.8 (0.71 to 0.91) 1.81 and 1.43.
    harm = compute_e_value(Estimate(3.9, 1.8, 8.7, "1", ("published:x",)), event_share=0.1)
    assert (round(harm.estimate, 2), round(harm.limit, 2)) == (7.26, 3.0)
    good = compute_e_value(Estimate(0.8, 0.71, 0.91, "1", ("published:x",)), event_share=0.1)
    assert (round(good.estimate, 2), round(good.limit, 2)) == (1.81, 1.43)
    none = compute_e_value(Estimate(0.8, 0.6, 1.1, "1", ("published:x",)), event_share=0.1)
    assert none.limit == 1.0


def test_a_common_outcome_takes_the_square_root_rule():
    found = compute_e_value(Estimate(0.56, 0.4, 0.8, "1", ("published:x",)), event_share=0.5)
    ratio = (1 - 0.5**0.56**0.5) / (1 - 0.5 ** (1 / 0.56) ** 0.5)
    assert found.is_common_outcome
    assert found.risk_ratio == pytest.approx(ratio)
    assert found.estimate == pytest.approx(1 / ratio + (1 / ratio * (1 / ratio - 1)) ** 0.5)

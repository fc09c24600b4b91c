"""What holds for every emulated trial, whatever the patients."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.independent.emulation_worlds import draw_conditional, make_plan

from unburden.domain.cohort import Cohort
from unburden.domain.emulation_plan import TreatmentStrategies, Truncation
from unburden.domain.errors import NoEstimate
from unburden.domain.estimate import Estimate
from unburden.eligibility.emulation import emulate_trial
from unburden.eligibility.evalues import compute_e_value
from unburden.eligibility.weights import derive_weights

SEEDS, SIZES = st.integers(0, 10_000), st.integers(60, 200)


def emulate(cohort, plan):
    try:
        return emulate_trial(cohort, range(cohort.patients), plan)
    except NoEstimate:
        assume(False)
        raise


@settings(max_examples=25, deadline=None)
@given(SEEDS, SIZES)
def test_overlap_weights_balance_every_term_exactly(seed, patients):
    """Li, Morgan & Zaslavsky 2018, theorem 3."""
    trial = emulate(draw_conditional(seed, patients), make_plan(population="ATO"))
    assert trial.largest_difference_after < 1e-8


@settings(max_examples=15, deadline=None)
@given(SEEDS, SIZES, st.sampled_from(["ATE", "ATO"]))
def test_exchanging_the_arms_inverts_the_hazard_ratio_and_negates_the_difference(seed, patients, population):
    cohort, plan = draw_conditional(seed, patients), make_plan(population=population)
    turned = replace(plan, treatment=TreatmentStrategies("treated", False, True, "none", "drug"))
    turned = replace(turned, time_zero=replace(plan.time_zero, treatment_start_column=""))
    one, other = emulate(cohort, plan), emulate(cohort, turned)
    assert one.hazard_ratio.value * other.hazard_ratio.value == pytest.approx(1, rel=1e-6)
    assert one.hazard_ratio.low * other.hazard_ratio.high == pytest.approx(1, rel=1e-6)
    assert one.mean_difference.value == pytest.approx(-other.mean_difference.value, abs=1e-6)
    if population == "ATE":
        assert one.doubly_robust_difference.low == pytest.approx(
            -other.doubly_robust_difference.high, abs=1e-5
        )


@settings(max_examples=15, deadline=None)
@given(SEEDS, SIZES)
def test_neither_the_order_of_patients_nor_the_unit_of_time_matters(seed, patients):
    cohort, plan = draw_conditional(seed, patients), make_plan()
    shuffled = cohort.frame.sample(fraction=1.0, shuffle=True, seed=seed)
    weeks = shuffled.with_columns(days=pl.col("days") / 7)
    other_plan = replace(plan, outcome=replace(plan.outcome, unit="week"))
    one = emulate(cohort, plan)
    for frame, changed in ((shuffled, plan), (weeks, other_plan)):
        other = emulate(Cohort("c", frame, (), "simulated:c"), changed)
        for name in ("hazard_ratio", "mean_difference", "doubly_robust_difference"):
            assert getattr(one, name).value == pytest.approx(getattr(other, name).value, rel=1e-6, abs=1e-6)
            assert getattr(one, name).low == pytest.approx(getattr(other, name).low, rel=1e-5, abs=1e-5)


@given(
    st.lists(st.tuples(st.floats(0.01, 0.99), st.booleans()), min_size=2, max_size=30),
    st.sampled_from(["ATE", "ATT", "ATO"]),
    st.booleans(),
)
def test_weights_are_positive_and_stabilising_keeps_their_order_within_an_arm(
    rows, population, is_stabilised
):
    e, treated = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    assume(treated.any() and not treated.all())
    plain = derive_weights(e, treated, population=population, is_stabilised=False, truncation=Truncation())
    found = derive_weights(
        e, treated, population=population, is_stabilised=is_stabilised, truncation=Truncation()
    )
    assert (found.values > 0).all()
    for arm in (treated, ~treated):
        ratio = found.values[arm] / plain.values[arm]
        np.testing.assert_allclose(ratio, ratio[0])


@given(
    st.floats(0.01, 0.99),
    st.booleans(),
    st.sampled_from(["ATE", "ATT", "ATO"]),
    st.booleans(),
)
def test_derivatives_of_weights_are_those_of_small_changes(e, is_treated, population, is_stabilised):
    treated = np.array([is_treated, True, False])

    def weigh(linear):
        others = np.array([linear, 0.3, -0.4])
        chances = 1 / (1 + np.exp(-others))
        return derive_weights(
            chances, treated, population=population, is_stabilised=is_stabilised, truncation=Truncation()
        )

    linear = float(np.log(e / (1 - e)))
    slope = (weigh(linear + 1e-6).values[0] - weigh(linear - 1e-6).values[0]) / 2e-6
    assert weigh(linear).by_linear[0] == pytest.approx(slope, rel=1e-5, abs=1e-6)


@given(st.floats(0.05, 20), st.floats(1.01, 3), st.floats(0, 1))
def test_e_values_are_at_least_one_and_the_same_for_harm_and_protection(ratio, spread, share):
    one = compute_e_value(
        Estimate(ratio, ratio / spread, ratio * spread, "1", ("assumed:x",)), event_share=share
    )
    other = compute_e_value(
        Estimate(1 / ratio, 1 / ratio / spread, spread / ratio, "1", ("assumed:x",)), event_share=share
    )
    assert one.estimate >= one.limit >= 1
    assert one.estimate == pytest.approx(other.estimate, rel=1e-9)
    assert one.limit == pytest.approx(other.limit, rel=1e-6)

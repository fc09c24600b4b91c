"""Estimands: truths against closed forms, and each analysis where it is known to be right or wrong."""

import math

import numpy as np
import pytest
from scipy import integrate

from unburden.domain.design import Design, Months
from unburden.domain.errors import InvalidDesign
from unburden.domain.estimands import Estimand
from unburden.domain.repeated import IntercurrentEvent, Longitudinal
from unburden.domain.scenario import Accrual, PiecewiseHazard, Scenario, TimeToEvent
from unburden.simulation.estimands import find_truth, simulate_estimands

MONTHS = (0.0, 2.0, 4.0, 6.0)
COVARIANCE = ((1.0, 0.6, 0.5, 0.4), (0.6, 1.0, 0.7, 0.6), (0.5, 0.7, 1.0, 0.8), (0.4, 0.6, 0.8, 1.0))
DESIGN = Design(200, 1.0, 0.025, (1.0,), None)
CONTROL, TREATMENT = (0.0, 0.1, 0.2, 0.3), (0.0, 0.3, 0.6, 0.9)


def world(*events: IntercurrentEvent, dropout: float = 0.0) -> Scenario:
    outcome = Longitudinal("score", MONTHS, CONTROL, TREATMENT, COVARIANCE, events)
    return Scenario("test", Accrual((0.0,), (20.0,)), outcome, dropout, ("assumed:test",))


def stop(dependence: float = 0.0, kept: float = 0.25, withdrawal: float = 0.0) -> IntercurrentEvent:
    return IntercurrentEvent("stop", "treatment-stop", 0.04, 0.07, dependence, kept, 0.0, withdrawal)


def assert_near(estimate, expected: float) -> None:
    error = (estimate.high - estimate.low) / 3.92
    assert abs(estimate.value - expected) <= max(4 * error, 1e-9), (estimate, expected)


def test_truth_of_treatment_policy():
    stopped = 1 - math.exp(-0.07 * 6)
    truth = find_truth(DESIGN, world(stop()), Estimand("e", {"stop": "treatment-policy"}), seed=1)
    assert_near(truth, 0.6 * (1 - stopped * 0.75))


def test_truth_of_hypothetical_is_the_planned_difference():
    truth = find_truth(DESIGN, world(stop(0.8, 0.0)), Estimand("e", {"stop": "hypothetical"}), seed=1)
    assert truth.value == pytest.approx(0.6, abs=1e-12)


def test_truth_of_composite():
    truth = find_truth(
        DESIGN, world(stop()), Estimand("e", {"stop": "composite"}, failure_value=-2.0), seed=1
    )
    here, there = math.exp(-0.07 * 6), math.exp(-0.04 * 6)
    assert_near(truth, (0.9 * here - 2.0 * (1 - here)) - (0.3 * there - 2.0 * (1 - there)))


def test_truth_of_while_on_treatment():
    def last_mean(means, hazard):
        ends = [math.exp(-hazard * m) for m in MONTHS]
        shares = [a - b for a, b in zip(ends, (*ends[1:], 0.0), strict=True)]
        return float(np.dot(shares, means))

    truth = find_truth(DESIGN, world(stop()), Estimand("e", {"stop": "while-on-treatment"}), seed=1)
    assert_near(truth, last_mean(TREATMENT, 0.07) - last_mean(CONTROL, 0.04))


def test_rescue_adds_its_gain():
    rescue = IntercurrentEvent("rescue", "rescue", 0.1, 0.02, 0.0, 1.0, 0.5)
    truth = find_truth(DESIGN, world(rescue), Estimand("e", {"rescue": "treatment-policy"}), seed=1)
    assert_near(truth, 0.6 + 0.5 * ((1 - math.exp(-0.12)) - (1 - math.exp(-0.6))))


def test_the_earliest_event_governs():
    death = IntercurrentEvent("death", "death", 0.05, 0.02)
    estimand = Estimand("e", {"stop": "while-on-treatment", "death": "composite"}, failure_value=-3.0)
    truth = find_truth(DESIGN, world(stop(), death), estimand, seed=1)

    def mean(means, stopping, dying):
        both, total, alive = stopping + dying, 0.0, math.exp(-(stopping + dying) * 6)
        total += alive * means[-1] + (1 - alive) * dying / both * -3.0
        for t in range(3):
            share = math.exp(-both * MONTHS[t]) - math.exp(-both * MONTHS[t + 1])
            total += share * stopping / both * means[t]
        return total

    assert_near(truth, mean(TREATMENT, 0.07, 0.02) - mean(CONTROL, 0.04, 0.05))


@pytest.fixture(scope="module")
def found():
    """Patients who do badly stop, three in five of them leave; some are lost besides."""
    estimands = (
        Estimand("hypothetical", {"stop": "hypothetical"}),
        Estimand("hypothetical, complete cases", {"stop": "hypothetical"}, "ancova"),
        Estimand("policy", {"stop": "treatment-policy"}),
        Estimand("composite", {"stop": "composite"}, "ancova", -1.0),
        Estimand("on treatment", {"stop": "while-on-treatment"}, "ancova"),
    )
    scenario = world(stop(1.2, 0.0, 0.6), dropout=0.1)
    results = simulate_estimands(DESIGN, scenario, estimands, trials=4000, seed=2)
    return {result.estimand.name: result for result in results}


def test_the_mixed_model_is_right_where_stopping_depends_on_what_was_seen(found):
    result = found["hypothetical"]
    assert result.truth.value == pytest.approx(0.6)
    assert_near(result.bias, 0.0)
    assert abs(result.coverage.value - 0.95) < 0.016
    assert result.standard_error.value == pytest.approx(result.spread.value, rel=0.05)


def test_complete_cases_are_wrong_there(found):
    """Bad patients of the treatment arm go more often: those who stay flatter it."""
    result = found["hypothetical, complete cases"]
    assert result.bias.low > 0.01


def test_treatment_policy_is_flattered_when_those_who_stop_leave(found):
    result = found["policy"]
    assert result.bias.low > 0.02
    assert result.truth.value < 0.6


def test_every_analysis_gives_an_answer(found):
    assert all(result.estimable.value == 1.0 for result in found.values())


def test_no_events_no_loss_all_agree():
    estimands = (Estimand("a", {}), Estimand("b", {}, "ancova"))
    a, b = simulate_estimands(DESIGN, world(), estimands, trials=300, seed=3)
    assert a.mean.value == pytest.approx(b.mean.value, abs=1e-9)
    assert a.coverage == b.coverage


CONTROL_HAZARD, TREATMENT_HAZARD, SWITCH = 0.06, 0.04, 0.03
BY_MONTHS = Design(400, 1.0, 0.025, (1.0,), Months(48.0))


def survival_world(dropout: float = 0.0, **more) -> Scenario:
    arms = (PiecewiseHazard((0.0,), (h,)) for h in (CONTROL_HAZARD, TREATMENT_HAZARD))
    outcome = TimeToEvent("death", *arms, **more)
    return Scenario("test", Accrual((0.0,), (20.0,)), outcome, dropout, ("assumed:test",))


def time_estimand(**strategies) -> Estimand:
    return Estimand("e", strategies, "restricted-mean", None, 18.0)


def mean_until(hazard: float, month: float = 18.0) -> float:
    """Mean of an exponential time up to a month."""
    return (1 - math.exp(-hazard * month)) / hazard


def mean_after_switching() -> float:
    """Controls who switch at a constant rate and then have treatment's hazard, integrated."""
    a, b, s = CONTROL_HAZARD, TREATMENT_HAZARD, SWITCH

    def survival(t: float) -> float:
        return math.exp(-(a + s) * t) + s * math.exp(-b * t) * (1 - math.exp(-(a + s - b) * t)) / (a + s - b)

    return integrate.quad(survival, 0, 18)[0]


@pytest.mark.parametrize(
    ("strategy", "control"),
    [
        ("treatment-policy", mean_after_switching()),
        ("hypothetical", mean_until(CONTROL_HAZARD)),
        ("composite", mean_until(CONTROL_HAZARD + SWITCH)),
    ],
)
def test_switching(strategy, control):
    """Truth in closed form; the analysis finds it, for switching does not depend on the patient."""
    estimand = time_estimand(switching=strategy)
    scenario = survival_world(0.1, switching_per_month=SWITCH)
    (found,) = simulate_estimands(BY_MONTHS, scenario, [estimand], trials=4000, seed=5)
    assert_near(found.truth, mean_until(TREATMENT_HAZARD) - control)
    assert_near(found.bias, 0.0)
    assert abs(found.coverage.value - 0.95) < 0.016
    assert found.estimable.value > 0.99
    assert found.mean.unit == "month"


@pytest.mark.parametrize(("strategy", "added"), [("hypothetical", 0.0), ("composite", 0.02)])
def test_competing_events(strategy, added):
    other = PiecewiseHazard((0.0,), (0.02,))
    scenario = survival_world(competing=(other, other))
    (found,) = simulate_estimands(
        BY_MONTHS, scenario, [time_estimand(competing=strategy)], trials=2000, seed=6
    )
    expected = mean_until(TREATMENT_HAZARD + added) - mean_until(CONTROL_HAZARD + added)
    assert_near(found.truth, expected)
    assert_near(found.bias, 0.0)


def test_a_month_that_nobody_was_followed_to_gives_no_answer():
    early = Design(400, 1.0, 0.025, (1.0,), Months(12.0))
    with pytest.raises(InvalidDesign, match="gave no answer in 20 of 20 trials"):
        simulate_estimands(early, survival_world(), [time_estimand()], trials=20, seed=7)


def test_bad_estimands_of_times_are_told():
    scenario = survival_world(switching_per_month=SWITCH)
    with pytest.raises(InvalidDesign) as told:
        simulate_estimands(
            BY_MONTHS,
            scenario,
            [
                Estimand("a", {}),
                time_estimand(switching="while-on-treatment", competing="composite", stop="composite"),
            ],
            trials=20,
            seed=1,
        )
    parts = ('takes "restricted-mean"', "happens but has no strategy", "which never happens")
    for part in (
        *parts,
        "use one of treatment-policy, hypothetical, composite",
        "know switching and competing",
    ):
        assert part in str(told.value), part
    with pytest.raises(InvalidDesign, match="needs one over 0"):
        Estimand("a", {}, "restricted-mean")


def test_bad_estimands_are_told_all_at_once():
    with pytest.raises(InvalidDesign) as told:
        simulate_estimands(
            DESIGN,
            world(stop(), IntercurrentEvent("death", "death", 0.01, 0.01)),
            (Estimand("a", {"stop": "hypothetical", "holiday": "hypothetical", "death": "treatment-policy"}),
             Estimand("a", {"death": "while-on-treatment"})),
            trials=1, seed=-1,
        )  # fmt: skip
    text = str(told.value)
    parts = ("two estimands of one name", "trials is 1", "seed is -1", "'holiday'", "there is no value")
    for part in (*parts, "'stop' has no strategy"):
        assert part in text, part
    with pytest.raises(InvalidDesign, match="needs a failure_value"):
        Estimand("a", {"stop": "composite"})
    with pytest.raises(InvalidDesign, match="use one of treatment-policy"):
        Estimand("a", {"stop": "ignore"})

"""Laws of safety visits: what one more visit can and cannot do."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from unburden.domain.estimate import exact
from unburden.domain.laboratory import CTCAE_GRADINGS, DetectionFloor, LabCourse, SafetyRisk
from unburden.simulation.safety_information import (
    check_floors,
    compute_periodic_detection,
    evaluate_detection,
    meets_floors,
)

visits = st.lists(st.integers(1, 250), min_size=1, max_size=10, unique=True)
rates, means = st.floats(1e-6, 0.05), st.floats(0.5, 500.0)


def make(rate: float, mean: float) -> SafetyRisk:
    course = LabCourse("ALT", 3, exact(rate, "1/day", "assumed:x"), exact(mean, "day", "assumed:x"))
    return SafetyRisk("liver", course, ("ALT",), 200.0)


def days_of(estimate) -> float:
    return math.inf if estimate is None else estimate.value


@settings(max_examples=150, deadline=None)
@given(visits, st.integers(1, 250), rates, means)
def test_a_visit_added_never_lowers_detection_nor_lengthens_delay(days, more, rate, mean):
    risk = make(rate, mean)
    fewer, all_of_them = sorted(set(days) - {more}), sorted({*days, more})
    one = evaluate_detection(risk, {"ALT": list(map(float, fewer))})
    other = evaluate_detection(risk, {"ALT": list(map(float, all_of_them))})
    assert other.probability.value >= one.probability.value - 1e-12
    assert other.unseen_days.value <= one.unseen_days.value + 1e-9
    assert other.missed_per_1000.value <= one.missed_per_1000.value + 1e-9
    assert days_of(other.lasting_median_days) <= days_of(one.lasting_median_days) + 1e-6
    assert days_of(other.lasting_p95_days) <= days_of(one.lasting_p95_days) + 1e-6


def test_a_visit_added_can_lengthen_the_delay_of_those_found():
    """Short changes, a dense beginning, then nothing: one late visit finds a few, after long waits."""
    dense = [0.1 * k for k in range(1, 51)]
    risk = make(1e-4, 2.0)
    one = evaluate_detection(risk, {"ALT": dense})
    other = evaluate_detection(risk, {"ALT": [*dense, 200.0]})
    assert other.found_median_days.value > one.found_median_days.value
    assert other.probability.value > one.probability.value


@settings(max_examples=80, deadline=None)
@given(visits, st.integers(1, 250), rates, means, st.floats(0.05, 0.95), st.floats(1.0, 60.0))
def test_a_floor_that_is_met_stays_met(days, more, rate, mean, share, delay):
    floors = [DetectionFloor("liver", share, delay, 3 * delay, "bound")]
    before = check_floors([make(rate, mean)], floors, {"ALT": list(map(float, sorted(days)))})
    after = check_floors([make(rate, mean)], floors, {"ALT": list(map(float, sorted({*days, more})))})
    assert after.is_met or not before.is_met
    for found, own in ((before, {*days}), (after, {*days, more})):
        assert found.is_met == meets_floors(
            [make(rate, mean)], floors, {"ALT": list(map(float, sorted(own)))}
        )


@settings(max_examples=80, deadline=None)
@given(visits, rates, means, means)
def test_longer_changes_are_found_more_often(days, rate, mean, other):
    short, long = sorted((mean, other))
    found = [
        evaluate_detection(make(rate, m), {"ALT": list(map(float, sorted(days)))}).probability.value
        for m in (short, long)
    ]
    assert 0 <= found[0] <= found[1] + 1e-12 <= 1 + 1e-9
    assert compute_periodic_detection(28.0, short) <= compute_periodic_detection(28.0, long) + 1e-12


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(CTCAE_GRADINGS)), st.floats(0.1, 500), st.floats(0.1, 500), st.floats(0.1, 200))
def test_a_worse_value_never_has_a_lower_grade(test, one, other, baseline):
    grading = CTCAE_GRADINGS[test]
    low, high = sorted((one, other))
    grades = [
        grading.find_grade(value, lower_limit=20.0, upper_limit=40.0, baseline=baseline)
        for value in (low, high)
    ]
    assert grades == sorted(grades, reverse=bool(grading.below))

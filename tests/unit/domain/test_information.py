"""Records of information models refuse what cannot be."""

import numpy as np
import pytest

from unburden.domain.errors import InvalidCohort, InvalidDesign, InvalidEvidence
from unburden.domain.estimate import Estimate
from unburden.domain.information import Information
from unburden.domain.measured_course import EffectModel, EstimatedCourse, MeasuredCourse, RepeatedMeasures

SOURCES = ("assumed:test",)


def test_information_is_a_plain_number_of_at_least_0():
    with pytest.raises(InvalidEvidence) as error:
        Information(Estimate(0.5, -0.1, 1.0, "minute", SOURCES), None, ("elsewhere",))
    assert str(error.value).splitlines() == [
        "InvalidEvidence: information: 3 problems",
        "  - relative has the unit 'minute'; it is a plain number, '1'",
        "  - relative reaches down to -0.1; information is never below 0",
        "  - source 'elsewhere' must start with one of observed:, published:, assumed:, model:, simulated:",
    ]


def test_no_number_of_patients_makes_up_for_nothing():
    nothing = Information(Estimate(0.1, 0.0, 0.2, "1", SOURCES), None, SOURCES)
    with pytest.raises(InvalidEvidence, match="no number of patients makes up for that"):
        _ = nothing.patients_factor


def make(**changed) -> MeasuredCourse:
    given = {
        "name": "x",
        "visits": ("a", "b"),
        "visit_weeks": (0.0, 4.0),
        "covariance": ((1.0, 0.5), (0.5, 1.0)),
        "retained": ((1.0, 0.9), (1.0, 0.8)),
        "unit": "1",
        "sources": SOURCES,
    }
    given |= changed
    return MeasuredCourse(**given)


def test_a_course_tells_every_problem_at_once():
    with pytest.raises(InvalidDesign) as error:
        make(visit_weeks=(4.0, 0.0), covariance=((1.0, 2.0), (2.0, 1.0)), retained=((0.8, 0.9), (1.0, 0.0)))
    assert len(error.value.problems) == 4
    assert "retained of control [0.8, 0.9] must be 2 numbers over 0, at most 1, that do not rise" in str(
        error.value
    )


def test_draws_and_measures_must_fit_their_visits():
    with pytest.raises(InvalidDesign, match="draws have the shapes"):
        EstimatedCourse(make(), np.ones((3, 2, 2)), np.ones((4, 2, 2)), 10)
    with pytest.raises(InvalidCohort, match="patients by visits"):
        RepeatedMeasures("x", ("a", "b"), (0.0, 4.0), np.ones((3, 1)), ("A", "B", "B"), "1", "observed:x")
    with pytest.raises(InvalidDesign, match="use one of unstructured, constant, linear, spline"):
        EffectModel((0.0, 1.0), 0.5, "shared", "cubic")

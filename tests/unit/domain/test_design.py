import math

import pytest

from unburden.domain.design import Design, Events, Months
from unburden.domain.errors import InvalidDesign
from unburden.domain.frontier import is_dominated
from unburden.domain.scenario import Accrual, Continuous, PiecewiseHazard, TimeToEvent


def test_every_problem_of_a_design_is_listed_at_once():
    with pytest.raises(InvalidDesign) as caught:
        Design(100, 0.0, 0.6, (0.5, 0.4, 1.0), Events(200))
    assert str(caught.value).splitlines()[1:] == [
        "  - allocation_ratio is 0.0; give a number over 0",
        "  - alpha is 0.6; give a number from 1e-12 to below 0.5",
        "  - information_rates [0.5, 0.4, 1.0] must rise from above 0 to 1",
        "  - 200 events from 100 patients cannot happen; give between 1 and the number of patients",
    ]


def test_a_stop_by_calendar_needs_a_month_for_each_look():
    with pytest.raises(InvalidDesign, match="1 calendar months for 2 looks"):
        Design(100, 1.0, 0.025, (0.5, 1.0), Months(36))


@pytest.mark.parametrize("hazards", [(math.nan,), (-0.1,), (0.0,), (0.1, 0.2)])
def test_hazards_that_cannot_be_are_refused(hazards):
    with pytest.raises(InvalidDesign):
        PiecewiseHazard((0.0,), hazards)


@pytest.mark.parametrize("starts", [(0.0, math.inf), (0.0, math.nan), (math.nan, 1.0)])
@pytest.mark.parametrize("kind", [PiecewiseHazard, Accrual])
def test_starts_that_are_no_numbers_are_refused(kind, starts):
    with pytest.raises(InvalidDesign, match="give finite numbers"):
        kind(starts, (0.1, 0.1))


@pytest.mark.parametrize("name", ["mean_difference", "sd", "assessed_month"])
@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_a_continuous_outcome_needs_finite_numbers(name, value):
    numbers = {"mean_difference": 3.0, "sd": 6.5, "assessed_month": 6.0, name: value}
    with pytest.raises(InvalidDesign, match=f"{name} is {value}"):
        Continuous("score", **numbers)


def test_a_month_of_assessment_is_finite():
    hazard = PiecewiseHazard((0.0,), (0.1,))
    with pytest.raises(InvalidDesign, match="assessment_months"):
        TimeToEvent("death", hazard, hazard, assessment_months=(1.0, math.inf))
    with pytest.raises(InvalidDesign) as error:
        TimeToEvent("death", hazard, hazard, treatment_assessment_months=(2.0, 1.0))
    assert error.value.problems == (
        "treatment_assessment_months [2.0, 1.0] must rise from above 0 and be finite",
        "treatment_assessment_months without assessment_months; give control's too",
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"patients": 1_000_001}, "patients is 1000001; give 2 to 1,000,000"),
        ({"patients": 10**30}, "give 2 to 1,000,000"),
        ({"alpha": 1e-300}, "alpha is 1e-300; give a number from 1e-12 to below 0.5"),
        ({"allocation_ratio": 1e30}, "allocation_ratio 1e+30 leaves an arm without patients"),
        ({"allocation_ratio": 0.001}, "allocation_ratio 0.001 leaves an arm without patients"),
        ({"stopping": Months(math.inf)}, "stopping month is inf; give a number over 0"),
        ({"stopping": Events(50, math.nan)}, "latest_month is nan; give a number over 0"),
    ],
)
def test_designs_beyond_the_limits_are_refused(changes, expected):
    parts = {"patients": 100, "allocation_ratio": 1.0, "alpha": 0.025, "stopping": Events(50)} | changes
    with pytest.raises(InvalidDesign) as caught:
        Design(information_rates=(1.0,), **parts)
    assert expected in str(caught.value)


def test_equal_designs_do_not_dominate_each_other():
    assert not is_dominated((1.0, 2.0), (1.0, 2.0))

import math

import pytest

from unburden.domain.errors import InvalidCohort
from unburden.simulation.hazards import estimate_piecewise_hazard, estimate_time_on_study

UNUSABLE = [
    ([], "there is no time; give at least one"),
    ([math.nan, 3.0], "1 of 2 times is not a finite number"),
    ([math.inf, 3.0], "1 of 2 times is not a finite number"),
    ([-1.0, 3.0], "a time is negative (-1 days)"),
    ([1e300, 3.0], "give at most 50 years"),
    ([32507.0], "a time is 32507 days; give at most 50 years"),
]


@pytest.mark.parametrize(("days", "expected"), UNUSABLE)
@pytest.mark.parametrize("estimate", ["hazard", "time on study"])
def test_times_that_cannot_be_are_refused(estimate, days, expected):
    flags = [True] * len(days)
    with pytest.raises(InvalidCohort) as caught:
        if estimate == "hazard":
            estimate_piecewise_hazard(days, flags, (0.0,), "observed:x")
        else:
            estimate_time_on_study(days, flags, "observed:x")
    assert expected in str(caught.value)


def test_follow_up_of_no_length_gives_no_hazard():
    with pytest.raises(InvalidCohort, match="nobody is followed from month 0 to inf"):
        estimate_piecewise_hazard([0.0, 0.0], [True, True], (0.0,), "observed:x")


@pytest.mark.parametrize("starts", [(), (1.0,), (0.0, math.inf), (0.0, 12.0, 6.0)])
def test_intervals_that_cannot_be_are_refused(starts):
    with pytest.raises(InvalidCohort, match="start_months"):
        estimate_piecewise_hazard([100.0, 900.0], [True, True], starts, "observed:x")

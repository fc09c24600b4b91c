import math

import pytest

from unburden.domain.design import Design, Events, Months
from unburden.domain.errors import InvalidDesign
from unburden.domain.frontier import is_dominated
from unburden.domain.scenario import PiecewiseHazard


def test_every_problem_of_a_design_is_listed_at_once():
    with pytest.raises(InvalidDesign) as caught:
        Design(100, 0.0, 0.6, (0.5, 0.4, 1.0), Events(200))
    assert str(caught.value).splitlines()[1:] == [
        "  - allocation_ratio is 0.0; give a number over 0",
        "  - alpha is 0.6; give a number between 0 and 0.5",
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


def test_equal_designs_do_not_dominate_each_other():
    assert not is_dominated((1.0, 2.0), (1.0, 2.0))

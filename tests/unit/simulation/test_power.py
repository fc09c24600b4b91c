import pytest

from unburden.domain.design import Design, Events
from unburden.domain.errors import InvalidDesign
from unburden.domain.scenario import Accrual, PiecewiseHazard, Scenario, TimeToEvent
from unburden.simulation.power import predict_power, solve_events, solve_patients
from unburden.simulation.sizes import count_events

HAZARDS = PiecewiseHazard((0.0,), (0.05,)), PiecewiseHazard((0.0,), (0.035,))
WORLD = Scenario("test", Accrual((0.0,), (20.0,)), TimeToEvent("death", *HAZARDS), 0.05, ("assumed:test",))
DESIGN = Design(500, 1.0, 0.025, (1.0,), Events(10))


def test_fewest_events_are_schoenfelds():
    found = solve_events(DESIGN, WORLD, 0.8, is_proportional=True)
    expected = count_events(0.7, 0.025, 0.8, sided=1)
    assert expected <= found.looks[-1].events < expected + 1 + 1e-6


@pytest.mark.parametrize("rates", [(1.0,), (0.5, 0.8, 1.0)])
def test_fewest_patients_reach_the_power_and_one_less_does_not(rates):
    design = Design(500, 2.0, 0.025, rates, None)
    found = solve_patients(design, WORLD, 0.85, 40.0)
    patients = round(found.looks[-1].patients)
    assert found.power >= 0.85
    again = Design(patients - 1, 2.0, 0.025, rates, Events(int(found.looks[-1].events)))
    assert predict_power(again, WORLD).power < 0.852
    assert found.looks[-1].month == 40.0
    shares = [look.events / found.looks[-1].events for look in found.looks]
    assert shares == pytest.approx(rates, rel=1e-9)


def test_what_cannot_be_reached_is_told_with_the_most_that_can():
    with pytest.raises(
        InvalidDesign, match=r"no number of events up to .* reaches power 0.9999; the most is 0.9"
    ):
        solve_events(DESIGN, WORLD, 0.9999)
    with pytest.raises(InvalidDesign, match=r"no number of patients up to 200 reaches power 0\.9"):
        solve_patients(DESIGN, WORLD, 0.9, 10.0)
    with pytest.raises(InvalidDesign, match=r"power is 1\.5"):
        solve_events(DESIGN, WORLD, 1.5)

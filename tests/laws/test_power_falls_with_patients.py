from hypothesis import given, settings
from hypothesis import strategies as st

from unburden.domain.design import Design, Events
from unburden.domain.scenario import Accrual, Continuous, PiecewiseHazard, Scenario, TimeToEvent
from unburden.simulation.formulas import compute_schoenfeld_power
from unburden.simulation.trials import simulate_trials


@settings(max_examples=25, deadline=None)
@given(
    patients=st.integers(40, 200),
    fewer=st.integers(10, 30),
    hazard_ratio=st.floats(0.5, 0.8),
    seed=st.integers(0, 2**63),
)
def test_fewer_patients_and_events_mean_less_power(patients, fewer, hazard_ratio, seed):
    hazards = PiecewiseHazard((0.0,), (0.05,)), PiecewiseHazard((0.0,), (0.05 * hazard_ratio,))
    world = Scenario("law", Accrual((0.0,), (20.0,)), TimeToEvent("os", *hazards), 0.0, ("assumed:law",))

    def simulate(size: int):
        return simulate_trials(
            Design(size, 1.0, 0.025, (1.0,), Events(size // 2)), world, trials=2000, seed=seed
        )

    more, less = simulate(patients), simulate(patients - fewer)
    assert less.power.low <= more.power.high
    few, many = (patients - fewer) // 2, patients // 2
    assert compute_schoenfeld_power(few, hazard_ratio, 1, 0.025) <= compute_schoenfeld_power(
        many, hazard_ratio, 1, 0.025
    )


@settings(max_examples=25, deadline=None)
@given(patients=st.integers(30, 300), fewer=st.integers(1, 20), seed=st.integers(0, 2**63))
def test_fewer_patients_mean_less_power_for_a_continuous_outcome(patients, fewer, seed):
    world = Scenario(
        "law", Accrual((0.0,), (20.0,)), Continuous("score", 2.0, 5.0, 3.0), 0.0, ("assumed:law",)
    )

    def simulate(size: int):
        return simulate_trials(Design(size, 1.0, 0.025, (1.0,), None), world, trials=2000, seed=seed)

    assert simulate(patients - fewer).power.low <= simulate(patients).power.high

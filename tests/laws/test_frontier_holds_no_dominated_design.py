from hypothesis import given
from hypothesis import strategies as st

from unburden.domain.burden import BurdenScore
from unburden.domain.design import Design, OperatingCharacteristics
from unburden.domain.errors import InfeasibleSearch
from unburden.domain.estimate import Estimate, exact
from unburden.domain.frontier import GOALS, Proof, is_dominated, to_costs
from unburden.domain.levers import Change
from unburden.domain.study import SearchPlan
from unburden.search.designs import combine_designs
from unburden.search.schedule import ScheduleSolution

GOAL_NAMES = ("burden_per_patient", "total_burden", "power", "patients", "duration")


def make_design(patients: int) -> Design:
    return Design(patients, 1.0, 0.025, (1.0,), None)


def make_operating(design: Design, power: float, months: float) -> OperatingCharacteristics:
    def number(value: float, unit: str) -> Estimate:
        return exact(value, unit, "simulated:n=1")

    return OperatingCharacteristics(
        design,
        "made up",
        1,
        1,
        number(power, "1"),
        number(months, "month"),
        number(design.patients, "patient"),
        None,
        (power,),
        (1.0,),
        (1.96,),
    )


@given(
    sizes=st.lists(st.integers(2, 9), min_size=1, max_size=5, unique=True),
    burdens=st.lists(st.integers(1, 5).map(lambda h: 60 * h), min_size=1, max_size=5),
    seed=st.randoms(use_true_random=False),
)
def test_no_design_on_the_front_is_beaten_by_any_examined_one(sizes, burdens, seed):
    designs = tuple(make_design(n) for n in sizes)
    worlds = {d: make_operating(d, seed.randint(0, 4) / 4, float(seed.randint(1, 4))) for d in designs}
    schedules = tuple(
        ScheduleSolution(
            (Change("drop-cell", "l", f"V{i}", "A"),), b, i, Proof("HiGHS", "Optimal", b, b, 0.0)
        )
        for i, b in enumerate(burdens)
    )
    amounts = {s.changes: s.burden for s in schedules} | {(): 9.0}

    def score(changes) -> BurdenScore:
        total = exact(amounts[changes], "minute", "assumed:test")
        return BurdenScore(None, "p", {"patient_minutes": total}, (), {}, {}, {})

    goals = tuple(GOALS[name] for name in GOAL_NAMES)
    plan = SearchPlan(designs, designs[0], (), goals, "patient_minutes", 0.5, 100, 1)
    try:
        frontier = combine_designs(plan, schedules, simulate=worlds.__getitem__, score=score)
    except InfeasibleSearch:
        assert all(world.power.value < 0.5 for world in worlds.values())
        return
    for design in frontier.designs:
        for size in designs:
            for burden in burdens:
                values = (
                    burden,
                    burden * size.patients / 60,
                    -worlds[size].power.value,
                    size.patients,
                    worlds[size].months.value,
                )
                assert worlds[size].power.value < 0.5 or not is_dominated(to_costs(design, goals), values)

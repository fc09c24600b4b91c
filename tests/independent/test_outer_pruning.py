"""Pruning the grid never loses a point of the front: against all designs of all points."""

import math
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from unburden.domain.errors import InfeasibleSearch
from unburden.domain.frontier import GOALS, Goal
from unburden.search.outer import OuterDesign, OuterGrid, search_outer

GOAL_SETS = (
    ("burden_per_patient", "power"),
    ("total_burden", "patients"),
    ("burden_per_patient", "total_burden", "power", "duration"),
    ("total_burden", "duration"),
)


class World:
    """Power by Schoenfeld's form, months by accrual and follow-up, schedules that trade minutes for power."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.goals = [GOALS[name] for name in GOAL_SETS[seed % len(GOAL_SETS)]]
        self.grid = OuterGrid(
            patients=tuple(rng.sample(range(100, 900, 20), rng.randint(3, 9))),
            ratios=tuple(rng.sample((1.0, 1.5, 2.0), rng.randint(1, 2))),
            looks=tuple(rng.sample(((1.0,), (0.5, 1.0)), rng.randint(1, 2))),
            follow_ups=tuple(rng.sample((12.0, 24.0, 36.0), rng.randint(1, 3))),
            criteria=("", "broad")[: rng.randint(1, 2)],
            covariates=("", "score")[: rng.randint(1, 2)],
        )
        self.rho = rng.uniform(0, 0.6)
        self.accrual = {"": rng.uniform(10, 30), "broad": rng.uniform(20, 50)}
        self.minutes = {"": 900.0, "broad": rng.uniform(850, 1000)}
        self.minimum = rng.uniform(0.5, 0.85)
        self.shares = [(1.0, 1.0), *((rng.uniform(0.5, 0.99), rng.uniform(0.8, 1.0)) for _ in range(5))]

    def power_with(self, point, information: float) -> float:
        share = point.allocation_ratio / (1 + point.allocation_ratio) ** 2
        events = point.patients * (1 - math.exp(-0.03 * point.follow_up_months)) * information
        events /= (1 - self.rho**2) if point.covariates else 1.0
        drift = math.sqrt(share * events) * 0.35 - 0.02 * len(point.information_rates)
        return 0.5 * math.erfc((1.96 - drift) / math.sqrt(2))

    def power(self, point) -> float:
        return self.power_with(point, 1.0)

    def months(self, point) -> float:
        return point.patients / self.accrual[point.criteria] + point.follow_up_months

    def values(self, point, share: float, power: float) -> dict[str, float]:
        each = self.minutes[point.criteria] * share * (1 + point.follow_up_months / 60)
        return {
            "burden_per_patient": each,
            "total_burden": each * point.patients / 60,
            "power": power,
            "patients": float(point.patients),
            "duration": self.months(point),
        }

    def bound(self, point) -> dict[str, float]:
        return self.values(point, min(share for share, _ in self.shares), self.power(point))

    def search_inner(self, point) -> list[OuterDesign]:
        made = [self.values(point, s, self.power_with(point, information)) for s, information in self.shares]
        return [OuterDesign(point, None, held) for held in made if held["power"] >= self.minimum]

    def search(self, **more):
        return search_outer(
            self.grid, goals=self.goals, minimum_power=self.minimum, slack=0.0, power=self.power,
            bound=self.bound, search_inner=self.search_inner, **more,
        )  # fmt: skip


def costs_of(values: dict[str, float], goals: list[Goal]) -> tuple[float, ...]:
    return tuple(round(values[g.name] * (1 if g.is_minimised else -1), 9) for g in goals)


def enumerate_front(world: World) -> set[tuple[float, ...]]:
    points = [point for line in world.grid.lay_out() for point in line]
    costs = {costs_of(d.values, world.goals) for point in points for d in world.search_inner(point)}
    return {
        c for c in costs
        if not any(o != c and all(b <= a for a, b in zip(c, o, strict=True)) for o in costs)
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(120))
def test_pruned_search_finds_the_whole_front(seed):
    world = World(seed)
    expected = enumerate_front(world)
    if not expected:
        with pytest.raises(InfeasibleSearch, match="no point of the grid reaches the power"):
            world.search()
        return
    front = world.search()
    assert {costs_of(d.values, world.goals) for d in front.designs} == expected
    lines = list(world.grid.lay_out())
    assert front.underpowered + front.beaten + front.searched == sum(len(line) for line in lines)


def test_pruning_saves_work():
    fronts = [World(seed).search() for seed in range(1, 40, 4) if enumerate_front(World(seed))]
    assert sum(f.searched for f in fronts) < 0.5 * sum(f.searched + f.beaten + f.underpowered for f in fronts)


@pytest.mark.parametrize("seed", range(0, 40, 5))
def test_order_of_the_grid_and_number_of_workers_change_nothing(seed):
    world = World(seed)
    if not enumerate_front(world):
        return
    one = world.search()
    with ThreadPoolExecutor(3) as executor:
        assert world.search(executor=executor) == one
    held = world.grid
    world.grid = OuterGrid(held.patients[::-1], held.ratios[::-1], held.looks[::-1], held.follow_ups[::-1],
                           held.criteria[::-1], held.covariates[::-1])  # fmt: skip
    assert world.search() == one


def test_power_that_falls_with_patients_is_refused():
    world = World(3)
    world.power = lambda point: 0.9 - point.patients / 10_000
    with pytest.raises(InfeasibleSearch, match=r"power falls from .*simulate more trials, or give a slack"):
        world.search()


def test_a_bound_that_a_design_beats_is_refused():
    world = World(2)
    world.bound = lambda point: world.values(point, 2.0, 1.0)
    with pytest.raises(InfeasibleSearch, match="correct the bound"):
        world.search()


def test_a_grid_tells_what_is_wrong_with_it():
    with pytest.raises(InfeasibleSearch) as error:
        OuterGrid(patients=(), ratios=(1.0, 1.0))
    assert error.value.problems == (
        "has no patients; give at least one",
        "has a value twice in ratios; keep one",
    )

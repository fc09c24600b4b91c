"""Speed of screening, orders of checks and fronts of criteria sets; how much of the front a search finds.

Patients are made up: criteria fail together through one frailty. Run:
PYTHONPATH=src .venv/bin/python benchmarks/measure_screening.py
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from unburden.domain.criteria_sets import SET_GOALS, GoalValues
from unburden.domain.estimate import exact
from unburden.domain.frontier import Goal
from unburden.domain.passing import PassingTable
from unburden.domain.representation import Strata, TargetPopulation, TargetStratum
from unburden.domain.screening import ScreeningCheck, ScreeningProcedure
from unburden.eligibility.check_order import derive_set_costs
from unburden.eligibility.criteria_sets import bootstrap_front, find_unbeaten, search_criteria_sets
from unburden.eligibility.set_counts import count_given_sets, derive_set_counts, derive_set_strata
from unburden.eligibility.set_goals import (
    derive_burden_values,
    derive_distance_values,
    derive_pool_values,
    derive_power_values,
    make_goal_values,
)
from unburden.eligibility.set_search import explore_criteria_sets

SOURCE = "simulated:made-up patients of the benchmark"


class World:
    """Made-up patients with criteria, strata, events and procedures."""

    def __init__(self, patients: int, criteria: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        frailty = rng.normal(size=patients)
        noise = rng.normal(size=(patients, criteria))
        failing = 0.7 * frailty[:, None] + 0.8 * noise > rng.uniform(0.8, 2.5, criteria)
        ids = tuple(f"C{c}" for c in range(criteria))
        self.table = PassingTable("made up", ids, ~failing, np.zeros_like(failing), SOURCE)
        self.event = (rng.random(patients) < 1 / (1 + np.exp(-frailty))).astype(np.int64)
        codes = np.digitize(frailty + rng.normal(size=patients), (-0.5, 0.5))
        self.strata = Strata("age", ("young", "middle", "old"), codes, "made up", SOURCE)
        shares = zip(self.strata.labels, (0.2, 0.35, 0.45), strict=True)
        self.target = TargetPopulation(
            "age", tuple(TargetStratum(n, exact(s, "1", SOURCE)) for n, s in shares)
        )
        amounts = rng.integers(5, 60, 8).astype(float)
        self.procedures = [
            ScreeningProcedure(f"p{i}", "", {"site_minutes": exact(a, "minute", SOURCE)})
            for i, a in enumerate(amounts)
        ]
        self.checks = [ScreeningCheck(name, (f"p{c % 8}",)) for c, name in enumerate(ids)]
        sets = 1 << criteria
        self.effect, self.errors = rng.normal(-0.3, 0.02, sets), np.full(sets, 0.1)
        self.costs = derive_set_costs(self.table, self.procedures, self.checks, minimise="site_minutes")

    def derive_goals(self, copies: np.ndarray | None = None) -> list[GoalValues]:
        """Six goals of every set: pool, power, information, effect, distance, burden."""
        patients = self.table.patients
        pools = derive_set_counts(self.table, copies)
        events = derive_set_counts(self.table, self.event if copies is None else self.event * copies)
        by_stratum = derive_set_strata(self.table, self.strata, copies)
        with np.errstate(divide="ignore", invalid="ignore"):
            information = np.where(pools > 0, events / pools, np.nan)
        return [
            derive_pool_values(pools, patients, SOURCE),
            derive_power_values(
                events,
                pools,
                planned_patients=600,
                hazard_ratio=0.75,
                allocation_ratio=1.0,
                alpha=0.025,
                sources=(SOURCE,),
            ),
            make_goal_values(
                SET_GOALS["information_per_patient"],
                information,
                np.full(len(pools), 0.01),
                sources=(SOURCE,),
            ),
            make_goal_values(SET_GOALS["log_hazard_ratio"], self.effect, self.errors, sources=(SOURCE,)),
            derive_distance_values([by_stratum], [self.strata], [self.target]),
            derive_burden_values(self.costs, pools, patients, unit="minute", sources=(SOURCE,)),
        ]

    def derive_sample(self, copies: np.ndarray) -> np.ndarray:
        """The six goals of every set in a bootstrap sample."""
        return np.stack([found.values for found in self.derive_goals(copies)], axis=1)


def measure(name: str, job: Callable[[], Any], times: int = 5) -> Any:
    """The job's answer; its median time is printed."""
    seconds, answer = [], None
    for _ in range(times):
        start = time.perf_counter()
        answer = job()
        seconds.append(time.perf_counter() - start)
    print(f"{name}: {statistics.median(seconds) * 1000:.1f} ms")
    return answer


def measure_sets(patients: int, criteria: int, replicates: int) -> None:
    """Everything that an exact front needs."""
    world = World(patients, criteria)
    label = f"{patients:,} patients, k = {criteria}"
    measure(f"{label}: pools of all sets", lambda: derive_set_counts(world.table))
    masks = np.arange(min(1 << criteria, 1024))
    measure(f"{label}: {len(masks)} pools counted directly", lambda: _count_plainly(world.table, masks), 1)
    measure(
        f"{label}: best order of checks of all sets",
        lambda: derive_set_costs(world.table, world.procedures, world.checks, minimise="site_minutes"),
    )
    goals = measure(f"{label}: six goals of all sets", world.derive_goals)
    front = measure(
        f"{label}: front over six goals",
        lambda: search_criteria_sets(world.table.criterion_ids, goals, mandatory=()),
    )
    print(f"  {len(front)} of {front.examined} sets on the front")
    measure(
        f"{label}: {replicates} bootstrap samples of the front",
        lambda: bootstrap_front(front, world.derive_sample, patients=patients, replicates=replicates, seed=1),
        1,
    )


def _count_plainly(table: PassingTable, masks: np.ndarray) -> list[int]:
    bits = np.arange(len(table.criterion_ids))
    return [int(table.passing[:, (mask >> bits & 1).astype(bool)].all(axis=1).sum()) for mask in masks]


def measure_worst_front() -> None:
    """2**15 sets on six goals of which none beats another."""
    costs = np.random.default_rng(1).random((1 << 15, 6))
    costs /= costs.sum(axis=1, keepdims=True)
    kept, _ = measure("front of 32,768 sets that all stay", lambda: find_unbeaten(costs), 3)
    assert kept.all()


def measure_search() -> None:
    """Share of the exact front that the search beyond 20 criteria finds, where the exact one is known."""
    for criteria, most_sets in ((12, 1500), (12, 4000), (15, 8000), (15, 16000)):
        shares, examined, finished = [], [], 0
        for seed in range(10):
            world = World(800, criteria, seed)
            cost = np.random.default_rng(seed).integers(5, 60, criteria)

            def evaluate(
                masks: np.ndarray, world: World = world, cost: np.ndarray = cost
            ) -> list[GoalValues]:
                pools = count_given_sets(world.table, masks)
                some = np.where(pools > 0, pools, np.nan)
                events = count_given_sets(world.table, masks, world.event.astype(float)) / some
                old = count_given_sets(world.table, masks, (world.strata.codes == 2).astype(float)) / some
                burden = (((masks[:, None] >> np.arange(len(cost))) & 1) @ cost).astype(float)
                columns = {"pool": (pools, False), "events": (events, True)}
                columns |= {"distance": (np.abs(old - 0.45), True), "burden": (burden, True)}
                return [GoalValues(Goal(n, "1", m), v, v, v, (SOURCE,)) for n, (v, m) in columns.items()]

            ids = world.table.criterion_ids
            whole = search_criteria_sets(ids, evaluate(np.arange(1 << criteria)), mandatory=())
            found = explore_criteria_sets(ids, evaluate, mandatory=(), most_sets=most_sets, seed=seed)
            shares.append(float(np.isin(whole.masks, found.masks).mean()))
            examined.append(found.examined)
            finished += "adds or drops" in found.guarantee
        share = f"{statistics.median(shares):.1%} of the exact front (least {min(shares):.1%})"
        told = f"{statistics.median(examined):,.0f} examined, {finished} finished"
        print(f"search, k = {criteria}, at most {most_sets:,} sets, 10 worlds: {share}, {told}")


if __name__ == "__main__":
    measure_sets(5000, 10, 200)
    measure_sets(5000, 15, 20)
    measure_sets(100_000, 10, 20)
    measure_worst_front()
    measure_search()

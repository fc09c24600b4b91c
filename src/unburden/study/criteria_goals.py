"""What sets of criteria are compared on: each goal's value for every set, or for some."""

from dataclasses import replace

import numpy as np
import polars as pl

from unburden.burden.totals import UNIT_BY_TOTAL
from unburden.domain.criteria_sets import SET_GOALS, GoalValues
from unburden.domain.criteria_worth import MOST_EXACT, CriteriaWorth
from unburden.domain.errors import InvalidStudy
from unburden.domain.frontier import Goal
from unburden.domain.representation import Strata
from unburden.domain.weighing import EligibilityStudy
from unburden.eligibility.check_order import derive_set_costs
from unburden.eligibility.set_counts import (
    MOST_ENUMERATED,
    count_given_sets,
    derive_set_counts,
    derive_set_strata,
)
from unburden.eligibility.set_goals import (
    derive_burden_values,
    derive_distance_values,
    derive_needed_values,
    derive_pool_values,
    derive_power_values,
    make_goal_values,
)
from unburden.eligibility.strata import derive_strata
from unburden.study.weighed import Weighed


class CriteriaGoals:
    """The goals' values for every set of the weighed criteria."""

    resampled = ("pool", "power", "patients_needed", "target_distance")
    """Goals that screening alone tells: they are counted anew in each bootstrap sample."""

    def __init__(self, study: EligibilityStudy, weighed: Weighed, worth: CriteriaWorth) -> None:
        plan = study.plan
        assert plan.weighing
        self.weighed, self.worth, self.planned = weighed, worth, plan.weighing.planned
        self.names, self.source = plan.weighing.goals, study.cohort.source
        self.screening = plan.screening
        self.targets = plan.targets
        self.strata = [
            _take_strata(derive_strata(each, study.cohort), weighed.rows)
            for target in plan.targets
            for each in plan.stratifications
            if each.name == target.stratification
        ]

    def derive(self, name: str) -> GoalValues:
        """One goal in the patients as they are."""
        if name in self.resampled:
            return self._count(name, None)
        if name == "screening_burden":
            return self._derive_burden()
        values, errors = (
            self.worth.cohorts.get_column(column).cast(pl.Float64).fill_null(float("nan")).to_numpy()
            for column in (name, f"{name}_se")
        )
        goal = SET_GOALS[name] if name != "rmst_difference" else Goal(name, "day", False)
        return make_goal_values(goal, values, errors, sources=(self.worth.source,))

    def resample(self, counts: np.ndarray) -> np.ndarray:
        """Every goal in a sample in which patient i stands `counts[i]` times, (sets, goals)."""
        return np.stack([self._count(name, counts).values for name in self.names], axis=1)

    def check(self) -> None:
        """Raise `InvalidStudy` for goals that cannot be had of every set with so many criteria."""
        count = len(self.weighed.table.criterion_ids)
        problems = []
        if not self.worth.is_exact:
            told = f"every cohort is estimated up to {MOST_EXACT} criteria and there are {count}"
            problems += [
                f"the goal {name!r} needs every cohort's estimate, but {told}; drop it, or hold more always"
                for name in self.names
                if name in ("log_hazard_ratio", "rmst_difference")
            ]
        whole = len(self.weighed.whole.criterion_ids)
        if "screening_burden" in self.names and whole > MOST_ENUMERATED:
            told = f"orders of checks are searched up to {MOST_ENUMERATED} criteria and there are {whole}"
            problems.append(f"the goal 'screening_burden' is out of reach: {told}; drop it")
        if problems:
            raise InvalidStudy("[worth]", problems)

    def evaluate(self, masks: np.ndarray) -> list[GoalValues]:
        """Every goal of some sets, without looking at all of them."""
        table, data = self.weighed.table, self.weighed.data
        pools = count_given_sets(table, masks)
        events = count_given_sets(table, masks, data.events.astype(float))
        found = []
        for name in self.names:
            if name == "target_distance":
                strata = [
                    np.stack(
                        [
                            count_given_sets(table, masks, (each.codes == code).astype(float))
                            for code in range(len(each.labels))
                        ],
                        axis=1,
                    )
                    for each in self.strata
                ]
                found.append(derive_distance_values(strata, self.strata, self.targets))
            else:
                found.append(self._derive_counted(name, pools, events, table.patients))
        return found

    def _derive_counted(self, name: str, pools: np.ndarray, events: np.ndarray, patients: int) -> GoalValues:
        """A goal that pools and events alone decide."""
        if name == "pool":
            return derive_pool_values(pools, patients, self.source)
        if name == "power":
            return derive_power_values(
                events,
                pools,
                planned_patients=self.planned.patients,
                hazard_ratio=self.planned.hazard_ratio,
                allocation_ratio=self.planned.allocation_ratio,
                alpha=self.planned.alpha,
                sources=(self.source, "assumed:planned hazard ratio, patients and error of the study"),
            )
        assert self.planned.events
        return derive_needed_values(
            events,
            pools,
            planned_events=self.planned.events,
            sources=(self.source, "assumed:planned events of the study, follow-up as in the cohort"),
        )

    def _count(self, name: str, counts: np.ndarray | None) -> GoalValues:
        """A goal of all sets, counted in the patients or in a sample of them."""
        table, data = self.weighed.table, self.weighed.data
        if name == "target_distance":
            strata = [derive_set_strata(table, each, counts) for each in self.strata]
            return derive_distance_values(strata, self.strata, self.targets)
        pools = derive_set_counts(table, counts)
        events = data.events.astype(np.int64) * (1 if counts is None else counts)
        return self._derive_counted(name, pools, derive_set_counts(table, events), int(pools[0]))

    def _derive_burden(self) -> GoalValues:
        """What screening asks, per patient enrolled, with the criteria that always hold checked as well."""
        assert self.screening
        whole, plan = self.weighed.whole, self.screening
        costs = derive_set_costs(whole, plan.procedures, plan.checks, minimise=plan.minimise)
        amounts = [a for each in plan.procedures for a in each.amounts.values()]
        sources = dict.fromkeys(source for amount in amounts for source in amount.sources)
        found = derive_burden_values(
            costs,
            derive_set_counts(whole),
            whole.patients,
            unit=UNIT_BY_TOTAL[plan.minimise],
            sources=(self.source, *sources),
        )
        rows = find_whole_masks(whole.criterion_ids, self.weighed.table.criterion_ids)
        return replace(found, values=found.values[rows], low=found.low[rows], high=found.high[rows])


def find_whole_masks(every: tuple[str, ...], weighed: tuple[str, ...]) -> np.ndarray:
    """For each set of the weighed criteria the set of all criteria that it stands for."""
    masks = np.arange(1 << len(weighed), dtype=np.int64)
    found = np.full_like(masks, sum(1 << c for c, name in enumerate(every) if name not in weighed))
    for place, name in enumerate(weighed):
        found |= (masks >> place & 1) << every.index(name)
    return found


def _take_strata(strata: Strata, rows: np.ndarray) -> Strata:
    return replace(strata, codes=strata.codes[rows])

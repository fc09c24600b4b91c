"""Weighing a study's eligibility criteria: what the study declares for it, and what was found."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from unburden.domain.cohort import Attrition, Cohort
from unburden.domain.criteria import CriterionRule
from unburden.domain.criteria_sets import CriteriaFront, CriteriaSet
from unburden.domain.criteria_worth import OUTCOMES, CriteriaWorth, JudgedCriteria, Outcome
from unburden.domain.emulation import EmulatedTrial
from unburden.domain.emulation_plan import EmulationPlan
from unburden.domain.errors import InvalidStudy, Problems
from unburden.domain.protocol import Criterion
from unburden.domain.representation import Representation, Stratification, TargetPopulation
from unburden.domain.screening import (
    CheckOrder,
    ScreeningCheck,
    ScreeningForecast,
    ScreeningProcedure,
    StratumExclusion,
)

SET_GOAL_NAMES = (
    "pool",
    "power",
    "log_hazard_ratio",
    "rmst_difference",
    "target_distance",
    "screening_burden",
)


@dataclass(frozen=True, slots=True)
class PlannedTrial:
    """The trial that the criteria are for: its size and the effect that it is planned to find."""

    patients: int
    hazard_ratio: float
    alpha: float
    allocation_ratio: float

    def __post_init__(self) -> None:
        problems = Problems("[worth.planned]")
        problems.check(self.patients > 0, f"patients is {self.patients}; give at least 1")
        problems.check(
            0 < self.hazard_ratio < 1, f"hazard_ratio is {self.hazard_ratio}; give one between 0 and 1"
        )
        problems.check(0 < self.alpha < 0.5, f"alpha is {self.alpha}; give one between 0 and 0.5, one-sided")
        problems.check(
            self.allocation_ratio > 0, f"allocation_ratio is {self.allocation_ratio}; give one above 0"
        )
        problems.raise_if_any(InvalidStudy)


@dataclass(frozen=True, slots=True)
class WeighingPlan:
    """How a study's criteria are weighed.

    `always` criteria hold in every cohort and are not weighed (`always_reason` says why: without them the
    data cannot compare treatments, or ethics forbid it); `mandatory` ones are weighed but never dropped.
    Criteria are chosen by `choose_by` on `choose_share` of the patients and judged on the others. `goals`
    are what sets of criteria are compared on. `adverse` names the column of the safety outcome.
    """

    planned: PlannedTrial
    goals: tuple[str, ...]
    replicates: int
    level: float
    seed: int
    always: tuple[str, ...] = ()
    always_reason: str = ""
    mandatory: tuple[str, ...] = ()
    choose_by: Outcome = "log_hazard_ratio"
    choose_share: float = 0.5
    permutations: int = 0
    adverse: str = ""

    def __post_init__(self) -> None:
        problems = Problems("[worth]")
        told = "always names criteria but always_reason is empty; say why they are not weighed"
        problems.check(not self.always or bool(self.always_reason.strip()), told)
        both = sorted(set(self.always) & set(self.mandatory))
        problems.check(not both, f"{', '.join(both)} stand in always and in mandatory; keep one")
        for name in self.goals:
            told = f"goals names {name!r}; use some of {', '.join(SET_GOAL_NAMES)}"
            problems.check(name in SET_GOAL_NAMES, told)
        problems.check(len(self.goals) > 1, "goals has fewer than two names; a front needs at least two")
        problems.check(len(set(self.goals)) == len(self.goals), "goals names one twice; keep one")
        told = f"choose_by is {self.choose_by!r}; use one of {', '.join(OUTCOMES)}"
        problems.check(self.choose_by in OUTCOMES, told)
        told = f"choose_share is {self.choose_share}; give a share between 0 and 1, such as 0.5"
        problems.check(0 < self.choose_share < 1, told)
        told = f"replicates is {self.replicates}; give at least 200, for intervals are made of them"
        problems.check(self.replicates >= 200, told)
        problems.check(0 < self.level < 1, f"level is {self.level}; give a number between 0 and 1")
        problems.check(0 <= self.seed < 2**63, f"seed is {self.seed}; give a whole number from 0 on")
        problems.raise_if_any(InvalidStudy)


@dataclass(frozen=True, slots=True)
class ScreeningPlan:
    """What is done at screening to check which criterion; the best order keeps `minimise` least."""

    procedures: tuple[ScreeningProcedure, ...]
    checks: tuple[ScreeningCheck, ...]
    minimise: str


@dataclass(frozen=True, slots=True)
class EligibilityPlan:
    """What a study declares about its criteria beyond the criteria themselves; any part may be absent."""

    emulation: EmulationPlan | None = None
    weighing: WeighingPlan | None = None
    screening: ScreeningPlan | None = None
    stratifications: tuple[Stratification, ...] = ()
    targets: tuple[TargetPopulation, ...] = ()


@dataclass(frozen=True)
class EligibilityStudy:
    """A study's patients and criteria with all that it declares about them."""

    name: str
    title: str
    criteria: tuple[Criterion, ...]
    cohort: Cohort
    rules: tuple[CriterionRule, ...]
    attrition: Attrition
    plan: EligibilityPlan
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScreeningReport:
    """Screening of a study's patients, and what it asks of them where the study says what checks what."""

    attrition: Attrition
    exclusions: tuple[StratumExclusion, ...] = ()
    order: CheckOrder | None = None
    forecast: ScreeningForecast | None = None
    representations: tuple[Representation, ...] = ()


@dataclass(frozen=True)
class CriteriaReport:
    """Everything that `unburden weigh-criteria` tells of a study.

    `names` and `texts` are the criteria's by id; `always_patients` pass those that are not weighed.
    `judged` is None, and `judged_why_not` says why, where choosing or judging on half the patients is
    impossible. `highlights` of the front by what they are best at.
    """

    study_name: str
    title: str
    plan: EligibilityPlan
    names: Mapping[str, str]
    texts: Mapping[str, str]
    screening: ScreeningReport
    trial: EmulatedTrial
    worth: CriteriaWorth
    always_patients: int
    judged: JudgedCriteria | None
    judged_why_not: str
    front: CriteriaFront
    highlights: Mapping[str, CriteriaSet]
    version: str
    notes: tuple[str, ...] = field(default=())

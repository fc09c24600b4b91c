"""Weighing a study's eligibility criteria: what the study declares for it, and what was found."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from unburden.domain.cohort import Attrition, Cohort
from unburden.domain.criteria import CriterionRule, Expression
from unburden.domain.criteria_sets import CriteriaFront, CriteriaSet
from unburden.domain.criteria_worth import OUTCOMES, CriteriaWorth, JudgedCriteria, Outcome
from unburden.domain.emulation import EmulatedTrial
from unburden.domain.emulation_plan import EmulationPlan
from unburden.domain.errors import InvalidStudy, Problems
from unburden.domain.estimate import Estimate
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
    "patients_needed",
    "power",
    "log_hazard_ratio",
    "rmst_difference",
    "target_distance",
    "screening_burden",
)


@dataclass(frozen=True, slots=True)
class PlannedTrial:
    """The trial that the criteria are for: its size, the effect that it is planned to find, when it stops.

    `events` is None where the trial does not end with a number of events.
    """

    patients: int
    hazard_ratio: float
    alpha: float
    allocation_ratio: float
    events: int | None = None

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
        if self.events is not None:
            problems.check(self.events > 0, f"events is {self.events}; give at least 1, or leave it out")
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
    mandatory_reason: str = ""
    choose_by: Outcome = "log_hazard_ratio"
    choose_share: float = 0.5
    permutations: int = 0
    adverse: str = ""

    def __post_init__(self) -> None:
        problems = Problems("[worth]")
        told = "always names criteria but always_reason is empty; say why they are not weighed"
        problems.check(not self.always or bool(self.always_reason.strip()), told)
        told = "mandatory names criteria but mandatory_reason is empty; say why they are never dropped"
        problems.check(not self.mandatory or bool(self.mandatory_reason.strip()), told)
        told = "goals names 'patients_needed', which needs the planned trial's events; give them"
        problems.check("patients_needed" not in self.goals or self.planned.events is not None, told)
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
class Unaffected:
    """Patients in whom treatment should do nothing: a negative control of the emulated trial.

    They meet `expression` and every criterion but `instead_of`. `source` says who found that treatment
    does nothing (or little) there.
    """

    name: str
    reason: str
    source: str
    instead_of: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class UnaffectedResult:
    """What the emulated trial says of patients in whom treatment should do nothing."""

    control: Unaffected
    patients: int
    treated: int
    hazard_ratio: Estimate | None
    verdict: str

    @property
    def is_alarming(self) -> bool:
        """Whether an effect was seen where there should be none."""
        return self.hazard_ratio is not None and not self.hazard_ratio.low <= 1 <= self.hazard_ratio.high


@dataclass(frozen=True, slots=True)
class KeptOut:
    """Those of the weighed patients whom one criterion keeps out: who speaks for its worth."""

    treated: int
    control: int
    events: int


@dataclass(frozen=True, slots=True)
class EligibilityPlan:
    """What a study declares about its criteria beyond the criteria themselves; any part may be absent."""

    emulation: EmulationPlan | None = None
    weighing: WeighingPlan | None = None
    screening: ScreeningPlan | None = None
    stratifications: tuple[Stratification, ...] = ()
    targets: tuple[TargetPopulation, ...] = ()
    unaffected: tuple[Unaffected, ...] = ()


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
    before: tuple[Representation, ...] = ()


@dataclass(frozen=True)
class CriteriaReport:
    """Everything that `unburden weigh-criteria` tells of a study.

    `names` and `texts` are the criteria's by id; `always_patients` pass those that are not weighed.
    `kept_out` says by criterion who speaks for its worth; `choice_shares` how often each was chosen in
    `choice_splits` other random halves. `judged` is None, and `judged_why_not` says why, where choosing or
    judging on half the patients is impossible. `highlights` of the front by what they are best at.
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
    choice_shares: Mapping[str, float]
    choice_splits: int
    kept_out: Mapping[str, KeptOut]
    unaffected: tuple[UnaffectedResult, ...]
    front: CriteriaFront
    highlights: Mapping[str, CriteriaSet]
    version: str
    notes: tuple[str, ...] = field(default=())

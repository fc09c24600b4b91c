"""A study as its folder declares it: the arguments of the calls, written down."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from unburden.domain.asks import Asks, ScheduleChange
from unburden.domain.burden import BurdenScore, BurdenView, Evidence, Persona, TimeOnStudy
from unburden.domain.cohort import Attrition, Cohort
from unburden.domain.conduct import Conduct
from unburden.domain.criteria import CriterionRule
from unburden.domain.design import MOST_TRIALS, Design
from unburden.domain.errors import InvalidStudy, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.frontier import Frontier, Goal
from unburden.domain.levers import Lever
from unburden.domain.protocol import Protocol
from unburden.domain.scenario import Scenario
from unburden.domain.schedule_limits import Lock
from unburden.domain.trace import CellReason, RoleShare
from unburden.domain.weighing import EligibilityPlan

RECORD_COLUMNS = ("patient_id", "date", "category", "is_in_person")

LEAST_TRIALS = 100
"""With fewer a search would compare little but chance."""


def find_run_problems(trials: int, seed: int) -> dict[str, str]:
    """What is wrong with the trials and the seed of a search, by name; empty if nothing is.

    >>> find_run_problems(2, 1)
    {'trials': '2; give at least 100'}
    """
    found = {}
    if trials < LEAST_TRIALS:
        found["trials"] = f"{trials}; give at least {LEAST_TRIALS}"
    if trials > MOST_TRIALS:
        found["trials"] = f"{trials}; give at most {MOST_TRIALS:,}"
    if not 0 <= seed < 2**64:
        found["seed"] = f"{seed}; give a number from 0 to below 2**64"
    return found


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What `search_designs` tries: designs differing in patients, levers, goals.

    `trials` and `seed` are those of the simulation. `burden` names the dimension (or
    `patient_minutes`) that stands for burden. `minimum_power` leaves designs below it out. `locks` are
    cells that no lever may touch.
    """

    designs: tuple[Design, ...]
    baseline: Design
    levers: tuple[Lever, ...]
    goals: tuple[Goal, ...]
    burden: str
    minimum_power: float
    trials: int
    seed: int
    locks: tuple[Lock, ...] = ()


@dataclass(frozen=True)
class RecordedVisits:
    """What patients really did: one row a visit with `patient_id`, `date`, `category`, `is_in_person`.

    `planned` is the category of the visits that the protocol's main schedule plans. Raises
    `InvalidStudy` for empty fields, dates that are none and a `planned` that no visit is.
    """

    visits: Cohort
    planned: str

    def __post_init__(self) -> None:
        problems = Problems("[records]")
        frame = self.visits.frame
        for name in RECORD_COLUMNS:
            problems.extend(_find_column_problems(frame.get_column(name)))
        if not problems:
            found = frame.get_column("category").cast(pl.String).unique().sort().to_list()
            told = f"planned is {self.planned!r}, which no visit is; use one of {', '.join(found)}"
            problems.check(self.planned in found, told)
        problems.raise_if_any(InvalidStudy)


def _find_column_problems(column: pl.Series) -> Iterator[str]:
    """Why a column of the records cannot be counted; nothing if it can."""
    kind, is_words = column.dtype, column.dtype in (pl.String, pl.Categorical, pl.Enum)
    needs = {
        "patient_id": (not kind.is_nested(), "words or numbers"),
        "date": (kind == pl.Date or is_words, "dates as 2020-12-31"),
        "category": (is_words, "words"),
        "is_in_person": (kind == pl.Boolean, "true or false"),
    }
    fits, wanted = needs[column.name]
    if column.null_count():
        yield f"column {column.name!r} is empty in {column.null_count()} of {column.len()} rows; fill it in"
    elif not fits:
        yield f"column {column.name!r} holds {describe_kind(column)}; write {wanted}"
    elif column.name == "date" and is_words:
        words = column.cast(pl.String)
        is_date = words.str.contains(r"^\d{4}-\d\d-\d\d$") & words.str.to_date(strict=False).is_not_null()
        for odd in words.filter(~is_date).head(1):
            yield f"column 'date' holds {odd!r}; write {wanted}"


def describe_kind(column: pl.Series) -> str:
    """What a column holds, in a reader's words."""
    if column.dtype == pl.Boolean:
        return "true and false"
    if column.dtype in (pl.String, pl.Categorical, pl.Enum):
        return "words"
    if column.dtype.is_numeric():
        return "numbers"
    return "lists" if column.dtype.is_nested() else "dates" if column.dtype.is_temporal() else "other values"


@dataclass(frozen=True)
class Study:
    """Everything that `unburden design` needs, checked.

    `scenario` holds the treatment's hoped-for effect. `kinds` overrides the kind of an activity
    by id; `evidence` overrides ledger entries by id. `time_on_study` has for each state of the
    patients one entry per arm or one for all; `conduct` says how the schedule is carried out.
    `views` are scalars that the study declares; `standard_of_care` is the schedule of the same
    patients outside the trial. `share_by_arm` says how a patient of the two-arm comparison falls on
    the protocol's arms (None where it has none). `attrition` is the screening of the cohort by the rules,
    `eligibility` what else is declared about them.
    `inputs` are the numbers that the answer rests on, by what they are.
    """

    name: str
    title: str
    protocol: Protocol
    cohort: Cohort | None
    rules: tuple[CriterionRule, ...]
    personas: tuple[Persona, ...]
    time_on_study: tuple[TimeOnStudy, ...]
    scenario: Scenario
    plan: SearchPlan
    share_by_arm: Mapping[str | None, float]
    attrition: Attrition | None = None
    records: RecordedVisits | None = None
    inputs: Mapping[str, Estimate] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[str, ...] = ()
    conduct: Conduct = field(default_factory=Conduct)
    views: tuple[BurdenView, ...] = ()
    standard_of_care: Protocol | None = None
    eligibility: EligibilityPlan = field(default_factory=EligibilityPlan)


@dataclass(frozen=True)
class RecordCheck:
    """A predicted figure beside what patients' records show, with the difference explained."""

    name: str
    unit: str
    predicted: float
    recorded: float
    explanation: tuple[tuple[str, float], ...]
    source: str


@dataclass(frozen=True)
class StudyResult:
    """A study with what was found.

    `scores` hold the protocol as written by arm and persona; `overall` is their mixture for a
    patient drawn at random from the comparison. `highlights` name designs of the frontier that a
    reader looks for first. `reasons` say why each cell of the main timeline is there, `role_shares`
    what cells of each role ask of the overall patient. `asks` tell what the schedule asks of whom;
    `changes` say by id what each design of the frontier changes in that.
    """

    study: Study
    scores: tuple[BurdenScore, ...]
    overall: BurdenScore
    frontier: Frontier
    highlights: tuple["Highlight", ...]
    reasons: tuple[CellReason, ...]
    role_shares: tuple[RoleShare, ...]
    trials: int
    seed: int
    version: str
    checks: tuple[RecordCheck, ...] = ()
    asks: Asks | None = None
    changes: Mapping[str, ScheduleChange] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Highlight:
    """A design of the frontier by what makes it worth a look; `saving` in burden per patient."""

    what: tuple[str, ...]
    design_id: str
    saving: Estimate

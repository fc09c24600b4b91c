"""What a simulation report holds: the question, scenarios with their purpose, and what was found."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from unburden.domain.design import Design, OperatingCharacteristics
from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.scenario import Scenario, has_equal_arms
from unburden.domain.sequential import SequentialBounds

PURPOSES = ("null", "alternative", "stress")


@dataclass(frozen=True, slots=True)
class Question:
    """What the trial asks and why it is designed so, in the study team's words; "" is not stated."""

    title: str = ""
    objective: str = ""
    population: str = ""
    treatment: str = ""
    comparator: str = ""
    endpoint: str = ""
    estimand: str = ""
    simulation_aim: str = ""
    looks_why: str = ""


QUESTION_PARTS = tuple(field.name for field in fields(Question))


@dataclass(frozen=True, slots=True)
class PlannedScenario:
    """A scenario, what it is simulated for, and why it stands in the list.

    `purpose` is "null" (no effect: the share of trials that reject is the type I error), "alternative"
    (an effect to be found: it is power), "stress" (an assumption is broken) or "" where it is not stated.
    """

    scenario: Scenario
    purpose: str = ""
    why: str = ""

    def __post_init__(self) -> None:
        problems = Problems(f"scenario {self.scenario.name!r}")
        problems.check(
            self.purpose in ("", *PURPOSES),
            f"purpose is {self.purpose!r}; use one of {', '.join(PURPOSES)}",
        )
        is_equal = has_equal_arms(self.scenario.outcome)
        problems.check(
            self.purpose != "null" or is_equal,
            'purpose is "null" but treatment and control differ, so that its rejections are no type I error; '
            'give both the same course, or take "stress"',
        )
        problems.check(
            self.purpose != "alternative" or not is_equal,
            'purpose is "alternative" but treatment does what control does; give an effect, or take "null"',
        )
        problems.raise_if_any(InvalidDesign)


@dataclass(frozen=True, slots=True)
class AlternativeDesign:
    """Another design for the same question, met by the same random patients."""

    name: str
    why: str
    design: Design


@dataclass(frozen=True, slots=True)
class Measure:
    """A Monte Carlo figure: the estimate with its 95 % interval, and its standard error."""

    estimate: Estimate
    standard_error: float


@dataclass(frozen=True, slots=True)
class SimulatedLook:
    """Shares of trials that stop at a look with a rejection, and without."""

    success: Measure
    no_success: Measure


@dataclass(frozen=True, slots=True)
class AlphaCheck:
    """A simulated type I error held against the nominal one; `distance` in standard errors under it.

    `is_above` and `is_below`: the 95 % Monte Carlo interval lies wholly beyond the nominal error.
    """

    nominal: float
    distance: float
    is_above: bool
    is_below: bool


@dataclass(frozen=True, slots=True)
class PowerCheck:
    """Power from a formula beside the simulated one; `distance` of the latter in standard errors."""

    predicted: float
    distance: float
    is_apart: bool


@dataclass(frozen=True, slots=True)
class SimulatedRun:
    """One design under one test in one scenario.

    `spread` has the 5, 50 and 95 % quantiles of months, patients and events. `without_futility` is the
    share that rejects where a non-binding futility bound is not obeyed (null scenarios only).
    """

    design_name: str
    operating: OperatingCharacteristics
    rejection: Measure
    looks: tuple[SimulatedLook, ...]
    averages: Mapping[str, Measure]
    spread: Mapping[str, tuple[Estimate, Estimate, Estimate]]
    sha256: str
    alpha_check: AlphaCheck | None = None
    power_check: PowerCheck | None = None
    without_futility: Measure | None = None
    without_futility_check: AlphaCheck | None = None


@dataclass(frozen=True, slots=True)
class ExampleTrial:
    """One simulated trial from beginning to end; `look` counts from 1."""

    number: int
    look: int
    rejects: bool
    month: float
    patients: int
    events: int | None


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """A scenario with the runs of the design (one a test) and of its alternatives, `trials` trials each."""

    planned: PlannedScenario
    trials: int
    trials_why: str
    runs: tuple[SimulatedRun, ...]
    alternatives: tuple[SimulatedRun, ...] = ()
    examples: tuple[ExampleTrial, ...] = ()


@dataclass(frozen=True, slots=True)
class LookPlan:
    """A look as designed: when it falls, its bounds on the z scale, and the error spent by then.

    `p_value` is the one-sided one at the efficacy bound; `hazard_ratio` the observed one that meets it,
    about (Schoenfeld 1981), where it has one.
    """

    when: str
    rate: float
    efficacy: float
    p_value: float
    alpha_spent: float
    futility: float | None
    hazard_ratio: float | None


@dataclass(frozen=True, slots=True)
class SimulationReport:
    """Everything that a reader needs to judge and to repeat the simulations of one design file."""

    question: Question
    design: Design
    bounds: SequentialBounds
    looks: tuple[LookPlan, ...]
    alternatives: tuple[AlternativeDesign, ...]
    scenarios: tuple[ScenarioResult, ...]
    courses: Mapping[str, tuple[Mapping[str, float | str], ...]]
    seed: int
    command: str
    file_name: str
    file_text: str
    file_sha256: str
    versions: Mapping[str, str]
    limits: tuple[str, ...]

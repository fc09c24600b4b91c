"""A target trial and how it is emulated in real-world patients, as `study.toml` states it.

The parts are those of Hernán & Robins 2016 (Am J Epidemiol 183:758, table 1): eligibility (the study's
criteria), treatment strategies, assignment, follow-up, outcome, causal contrast and analysis plan.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from unburden.domain.errors import InvalidEmulation, Problems
from unburden.domain.units import DIMENSION_BY_UNIT

Population: TypeAlias = Literal["ATE", "ATT", "ATO"]
Contrast: TypeAlias = Literal["intention-to-treat"]
PropensityModel: TypeAlias = Literal["logistic", "boosted"]
CensoringModel: TypeAlias = Literal["arm", "covariates"]
MissingPolicy: TypeAlias = Literal["refuse", "indicator"]
Ties: TypeAlias = Literal["efron", "breslow"]
Form: TypeAlias = Literal["linear", "log", "spline", "categories"]

POPULATION_WORDS = {
    "ATE": "all eligible patients",
    "ATT": "patients like the treated",
    "ATO": "patients for whom both treatments are about equally likely (overlap)",
}
MOST_FOLDS = 50


@dataclass(frozen=True, slots=True)
class TreatmentStrategies:
    """What is compared: the column and its two values, each with the strategy in words."""

    column: str
    treated_value: bool | int | str
    control_value: bool | int | str
    treated_strategy: str
    control_strategy: str

    def __post_init__(self) -> None:
        problems = Problems("treatment of an emulated trial")
        problems.check(bool(self.column), "column is empty; name the column that holds the treatment")
        # True == 1 in Python; as values of a column they are the same too.
        problems.check(
            self.treated_value != self.control_value,
            f"treated_value and control_value are both {self.treated_value!r}; give two values",
        )
        for name in ("treated_strategy", "control_strategy"):
            told = f"{name} is empty; say in words what the patients of that arm are given"
            problems.check(bool(getattr(self, name).strip()), told)
        problems.raise_if_any(InvalidEmulation)


@dataclass(frozen=True, slots=True)
class TimeZero:
    """The moment at which follow-up starts, patients are eligible and strategies are assigned.

    Either the columns of the three days are named (and compared, patient by patient), or `reason` says why
    they coincide although the data hold no days; it is then reported as an assumption.
    `treatment_start_column` is empty where the data do not say on what day treatment started.
    """

    event: str
    day_column: str = ""
    eligibility_column: str = ""
    assignment_column: str = ""
    treatment_start_column: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        problems = Problems("time zero of an emulated trial")
        problems.check(bool(self.event.strip()), "event is empty; name what happens at time zero")
        columns = (self.day_column, self.eligibility_column, self.assignment_column)
        if any(columns) or self.treatment_start_column:
            problems.check(
                all(columns),
                "only some of the days of time zero, eligibility and assignment are named; name all three, "
                "so that they can be compared",
            )
            told = "reason is given beside columns of days; the columns are compared, so remove the reason"
            problems.check(not self.reason, told)
        else:
            problems.check(
                bool(self.reason.strip()),
                "neither columns of days nor a reason is given; name the days of time zero, eligibility and "
                "assignment, or say in reason why the three coincide",
            )
        problems.raise_if_any(InvalidEmulation)

    @property
    def has_days(self) -> bool:
        """Whether the data hold the three days."""
        return bool(self.day_column)


@dataclass(frozen=True, slots=True)
class EmulatedOutcome:
    """Time from time zero to the event or the end of follow-up, in `unit`, and whether it is an event."""

    name: str
    time_column: str
    event_column: str
    unit: str

    def __post_init__(self) -> None:
        problems = Problems(f"outcome {self.name!r} of an emulated trial")
        for key in ("name", "time_column", "event_column"):
            problems.check(bool(getattr(self, key)), f"{key} is empty; give a name")
        problems.check(
            DIMENSION_BY_UNIT.get(self.unit) == "time",
            f"unit is {self.unit!r}; give day, week, month or year",
        )
        problems.raise_if_any(InvalidEmulation)


@dataclass(frozen=True, slots=True)
class Covariate:
    """A column known at time zero, and the form in which models hold it.

    `linear` and `log` (of 1 + value, for counts and concentrations) and `spline` (restricted cubic, 4 knots)
    are for numbers; words, flags and `categories` become one flag per level but the first.
    """

    column: str
    form: Form = "linear"


@dataclass(frozen=True, slots=True)
class Truncation:
    """Bounds beyond which a weight counts no more.

    `quantiles`: weights are cut at these quantiles of all weights. `probabilities`: propensities are cut
    at these values before weights are made of them. `none`: nothing is cut.
    """

    kind: Literal["none", "quantiles", "probabilities"] = "none"
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        problems = Problems("truncation of an emulated trial")
        problems.check(
            0 <= self.low < self.high <= 1,
            f"the bounds are {self.low} and {self.high}; give two numbers from 0 to 1, the lower first",
        )
        problems.raise_if_any(InvalidEmulation)


@dataclass(frozen=True, slots=True)
class NegativeControl:
    """What treatment cannot have changed, or an exposure that cannot change the outcome.

    Outcome: its columns. Exposure: a column with two values, analysed in the treatment's place.
    Lipsitch, Tchetgen Tchetgen & Cohen 2010 (Epidemiology 21:383).
    """

    name: str
    reason: str
    outcome: EmulatedOutcome | None = None
    exposure_column: str = ""
    exposed_value: bool | int | str = True
    unexposed_value: bool | int | str = False

    def __post_init__(self) -> None:
        problems = Problems(f"negative control {self.name!r}")
        problems.check(
            (self.outcome is None) == bool(self.exposure_column),
            "a negative control is either an outcome or an exposure; give one of them",
        )
        told = "reason is empty; say why it can have nothing to do with the treatment's effect"
        problems.check(bool(self.reason.strip()), told)
        problems.raise_if_any(InvalidEmulation)


@dataclass(frozen=True, slots=True)
class AnalysisPlan:
    """How the contrast is estimated; all of it is decided before any outcome is compared.

    `follow_up_days` ends everybody's follow-up for the hazard ratio, `horizon_days` is the horizon of the
    restricted mean. `outcome_covariates` are those of the doubly robust estimate's outcome model (the
    plan's covariates where empty). `folds`: cross-fitting of the boosted propensity and of the doubly robust
    estimate's models; 1 means none.
    """

    follow_up_days: float
    horizon_days: float
    propensity: PropensityModel
    is_stabilised: bool
    truncation: Truncation
    ties: Ties
    level: float
    folds: int
    seed: int
    missing: MissingPolicy
    censoring: CensoringModel
    outcome_covariates: tuple[Covariate, ...] = ()

    def __post_init__(self) -> None:
        problems = Problems("analysis plan of an emulated trial")
        told = f"horizon_days is {self.horizon_days} and follow_up_days {self.follow_up_days}"
        problems.check(
            0 < self.horizon_days <= self.follow_up_days < float("inf"),
            f"{told}; give a horizon over 0 and at most as long as the follow-up",
        )
        problems.check(
            0 < self.level < 1, f"level is {self.level}; give a number between 0 and 1, such as 0.95"
        )
        problems.check(
            1 <= self.folds <= MOST_FOLDS,
            f"folds is {self.folds}; give a whole number from 1 to {MOST_FOLDS}",
        )
        problems.check(
            self.propensity != "boosted" or self.folds > 1,
            "folds is 1, but a boosted propensity must be cross-fitted; give at least 2 folds, such as 5",
        )
        problems.check(self.seed >= 0, f"seed is {self.seed}; give a whole number from 0 on")
        for name, kind in (
            ("propensity", PropensityModel),
            ("ties", Ties),
            ("missing", MissingPolicy),
            ("censoring", CensoringModel),
        ):
            found, choices = getattr(self, name), get_args(kind)
            problems.check(found in choices, f"{name} is {found!r}; use one of {', '.join(choices)}")
        _check_covariates(self.outcome_covariates, "outcome_covariates", problems)
        problems.raise_if_any(InvalidEmulation)


@dataclass(frozen=True, slots=True)
class EmulationPlan:
    """A target trial with its emulation. Eligibility is given by the rows that pass the study's criteria."""

    name: str
    patient_column: str
    treatment: TreatmentStrategies
    time_zero: TimeZero
    outcome: EmulatedOutcome
    population: Population
    contrast: Contrast
    covariates: tuple[Covariate, ...]
    analysis: AnalysisPlan
    negative_controls: tuple[NegativeControl, ...] = ()

    def __post_init__(self) -> None:
        problems = Problems(f"emulated trial {self.name!r}")
        problems.check(
            bool(self.patient_column), "patient is empty; name the column that identifies patients"
        )
        problems.check(
            self.population in get_args(Population),
            f"population is {self.population!r}; use ATE, ATT or ATO",
        )
        problems.check(
            self.contrast in get_args(Contrast),
            f"contrast is {self.contrast!r}; only 'intention-to-treat' is emulated: a per-protocol effect "
            "needs patients censored when they leave their strategy, and weights that change with time",
        )
        problems.check(bool(self.covariates), "covariates is empty; name what decides about treatment")
        _check_covariates(self.covariates, "covariates", problems)
        self._check_baseline(problems)
        names = [control.name for control in self.negative_controls]
        for name in dict.fromkeys(n for n in names if names.count(n) > 1):
            problems.add(f"two negative controls are called {name!r}; rename one")
        problems.raise_if_any(InvalidEmulation)

    def _check_baseline(self, problems: Problems) -> None:
        """Nothing that follows from assignment may be a covariate."""
        later = {
            self.treatment.column: "the treatment",
            self.outcome.time_column: "the outcome's time",
            self.outcome.event_column: "the outcome's event",
        }
        for covariate in (*self.covariates, *self.analysis.outcome_covariates):
            if covariate.column in later:
                problems.add(
                    f"covariate {covariate.column!r} is {later[covariate.column]}; name columns that are "
                    "known at time zero"
                )


def _check_covariates(covariates: tuple[Covariate, ...], key: str, problems: Problems) -> None:
    names = [covariate.column for covariate in covariates]
    for name in dict.fromkeys(n for n in names if names.count(n) > 1):
        problems.add(f"{key} names {name!r} twice; keep one")
    for covariate in covariates:
        choices = get_args(Form)
        problems.check(
            covariate.form in choices,
            f"covariate {covariate.column!r} has form {covariate.form!r}; use one of {', '.join(choices)}",
        )

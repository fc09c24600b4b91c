"""The world in which a design is tried: accrual, outcome, dropout."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.estimate import check_sources
from unburden.domain.repeated import Counts, Longitudinal

DAYS_PER_MONTH = 365.25 / 12
LAST_STREAM = 2**32 - 1


def find_start_problems(starts: Sequence[float]) -> Iterator[str]:
    """Why these months cannot be the starts of intervals; nothing if they can."""
    if not all(map(math.isfinite, starts)):
        yield f"start_months are {list(starts)}; give finite numbers"
        return
    if not starts or starts[0] != 0:
        yield "start_months must begin with 0"
    if list(starts) != sorted(set(starts)):
        yield f"start_months {list(starts)} must rise"


@dataclass(frozen=True, slots=True)
class PiecewiseHazard:
    """Hazard per month, `per_month[i]` from `start_months[i]` until the next; starts at 0."""

    start_months: tuple[float, ...]
    per_month: tuple[float, ...]

    def __post_init__(self) -> None:
        problems = Problems("hazard")
        starts = self.start_months
        problems.extend(find_start_problems(starts))
        problems.check(len(starts) == len(self.per_month), "needs as many hazards as starts")
        valid = all(math.isfinite(h) and h >= 0 for h in self.per_month) and any(
            h > 0 for h in self.per_month
        )
        problems.check(valid, f"hazards {list(self.per_month)} must be at least 0, and one above 0")
        problems.raise_if_any(InvalidDesign)


@dataclass(frozen=True, slots=True)
class WeibullHazard:
    """Survival exp(-(t / scale_months) ** shape); shape 1 is a constant hazard of 1 / scale_months."""

    shape: float
    scale_months: float

    def __post_init__(self) -> None:
        problems = Problems("Weibull hazard")
        for name, value in (("shape", self.shape), ("scale_months", self.scale_months)):
            fits = math.isfinite(value) and value > 0
            problems.check(fits, f"{name} is {value}; give a number over 0")
        problems.raise_if_any(InvalidDesign)


Hazard: TypeAlias = PiecewiseHazard | WeibullHazard


@dataclass(frozen=True, slots=True)
class Stratum:
    """A part of the patients with hazards of its own; `share` of all patients."""

    name: str
    share: float
    control: Hazard
    treatment: Hazard


SwitchingStrategy = Literal["treatment-policy", "hypothetical", "composite"]
SWITCHING_STRATEGIES: tuple[SwitchingStrategy, ...] = ("treatment-policy", "hypothetical", "composite")


@dataclass(frozen=True, slots=True)
class TimeToEvent:
    """Two hazards; `treatment` is what the trial hopes for (the control's under the null).

    What may happen besides, all independent given the arm:
    `strata` whose shares sum to 1 take the place of `control` and `treatment`, which then only name
    the average; each stratum has its own accrual, in proportion. `cured_shares` of control and
    treatment never have the event. `competing` hazards of the two arms end follow-up as dropout
    does (cause-specific analysis) or, where `competing_counts`, are events themselves.
    `switching_per_month` is the hazard at which controls change to treatment, from then on with its
    hazard at the same time since entry. `switching_strategy` (ICH E9(R1)) says what the analysis makes
    of it: "treatment-policy" nothing, "hypothetical" ends follow-up at the switch, "composite" counts
    it as an event. `assessment_months` are the times since entry at which the
    event can be seen, the last gap going on for ever; a competing event is seen at once. Where treatment
    is seen at other times, `treatment_assessment_months` holds them.
    `reporting_delay_months` pass before an event is known.
    """

    name: str
    control: Hazard
    treatment: Hazard
    strata: tuple[Stratum, ...] = ()
    cured_shares: tuple[float, float] = (0.0, 0.0)
    competing: tuple[PiecewiseHazard, PiecewiseHazard] | None = None
    competing_counts: bool = False
    switching_per_month: float = 0.0
    assessment_months: tuple[float, ...] = ()
    reporting_delay_months: float = 0.0
    switching_strategy: SwitchingStrategy = "treatment-policy"
    treatment_assessment_months: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        problems = Problems(f"outcome {self.name!r}")
        strategy, known = self.switching_strategy, ", ".join(SWITCHING_STRATEGIES)
        told = f"switching_strategy is {strategy!r}; use one of {known}"
        problems.check(strategy in SWITCHING_STRATEGIES, told)
        shares = [stratum.share for stratum in self.strata]
        fits = not shares or (min(shares) > 0 and math.isclose(sum(shares), 1.0, abs_tol=1e-9))
        problems.check(fits, f"shares of strata {shares} must be above 0 and sum to 1")
        for share in self.cured_shares:
            problems.check(0 <= share < 1, f"cured share {share}; give a number from 0 to below 1")
        problems.check(
            not self.competing_counts or self.competing is not None,
            "competing_counts without competing hazards; give them",
        )
        for name, value in (
            ("switching_per_month", self.switching_per_month),
            ("reporting_delay_months", self.reporting_delay_months),
        ):
            problems.check(
                math.isfinite(value) and value >= 0, f"{name} is {value}; give a number of at least 0"
            )
        for name in ("assessment_months", "treatment_assessment_months"):
            months = getattr(self, name)
            rises = all(a < b < math.inf for a, b in zip((0.0, *months), months, strict=False))
            problems.check(rises, f"{name} {list(months)} must rise from above 0 and be finite")
        problems.check(
            not self.treatment_assessment_months or bool(self.assessment_months),
            "treatment_assessment_months without assessment_months; give control's too",
        )
        problems.raise_if_any(InvalidDesign)

    @property
    def is_plain(self) -> bool:
        """Whether hazards are steps and nothing but event and dropout happens."""
        arms = [(self.control, self.treatment), *((s.control, s.treatment) for s in self.strata)]
        return (
            all(isinstance(hazard, PiecewiseHazard) for pair in arms for hazard in pair)
            and self.cured_shares == (0.0, 0.0)
            and self.competing is None
            and self.switching_per_month == 0
            and not self.assessment_months
            and self.reporting_delay_months == 0
        )


@dataclass(frozen=True, slots=True)
class StudentT:
    """Student's t law of `degrees`, scaled to the outcome's standard deviation: heavy tails."""

    degrees: float

    def __post_init__(self) -> None:
        problems = Problems("Student's t law")
        fits = 2 < self.degrees < math.inf
        problems.check(fits, f"degrees is {self.degrees}; give a number over 2, so that there is a variance")
        problems.raise_if_any(InvalidDesign)


@dataclass(frozen=True, slots=True)
class LogNormal:
    """A log-normal law with `log_sd` of its logarithm, moved and scaled: skewed to the right."""

    log_sd: float

    def __post_init__(self) -> None:
        problems = Problems("log-normal law")
        problems.check(0 < self.log_sd <= 3, f"log_sd is {self.log_sd}; give a number from above 0 to 3")
        problems.raise_if_any(InvalidDesign)


@dataclass(frozen=True, slots=True)
class Continuous:
    """An outcome measured once, `assessed_month` after entry; higher is better.

    `mean_difference` treatment minus control, `sd` common to both arms; normal unless `shape` says
    otherwise.
    """

    name: str
    mean_difference: float
    sd: float
    assessed_month: float
    shape: StudentT | LogNormal | None = None

    def __post_init__(self) -> None:
        problems = Problems(f"outcome {self.name!r}")
        difference = self.mean_difference
        problems.check(math.isfinite(difference), f"mean_difference is {difference}; give a finite number")
        for name, value in (("sd", self.sd), ("assessed_month", self.assessed_month)):
            fits = math.isfinite(value) and value > 0
            problems.check(fits, f"{name} is {value}; give a number over 0")
        problems.raise_if_any(InvalidDesign)


@dataclass(frozen=True, slots=True)
class Binary:
    """An outcome that patients have or not, seen once, `assessed_month` after entry; having it is better.

    `control_share` and `treatment_share` of patients have it.
    """

    name: str
    control_share: float
    treatment_share: float
    assessed_month: float

    def __post_init__(self) -> None:
        problems = Problems(f"outcome {self.name!r}")
        for name, value in (("control_share", self.control_share), ("treatment_share", self.treatment_share)):
            problems.check(0 < value < 1, f"{name} is {value}; give a number between 0 and 1")
        fits = math.isfinite(self.assessed_month) and self.assessed_month > 0
        problems.check(fits, f"assessed_month is {self.assessed_month}; give a number over 0")
        problems.raise_if_any(InvalidDesign)


Outcome: TypeAlias = TimeToEvent | Continuous | Binary | Counts | Longitudinal


TEST_BY_OUTCOME: dict[type, str] = {
    Continuous: "t test",
    Binary: "Pearson's χ² test",
    Counts: "negative-binomial regression",
    Longitudinal: "mixed model for repeated measures",
}
"""The test of each outcome that knows one only."""


def has_equal_arms(outcome: Outcome) -> bool:
    """Whether treatment does what control does: the outcome under the null hypothesis.

    A competing event that only ends follow-up may differ between the arms.

    >>> has_equal_arms(Binary("response", 0.3, 0.3, 6.0))
    True
    """
    match outcome:
        case TimeToEvent():
            strata = [(stratum.control, stratum.treatment) for stratum in outcome.strata]
            arms: list[tuple[object, object]] = [outcome.cured_shares]
            arms += strata or [(outcome.control, outcome.treatment)]
            if outcome.competing and outcome.competing_counts:
                arms.append(outcome.competing)
            return all(control == treatment for control, treatment in arms)
        case Continuous():
            return outcome.mean_difference == 0
        case Binary():
            return outcome.control_share == outcome.treatment_share
        case Counts():
            return outcome.control_per_month == outcome.treatment_per_month
        case Longitudinal():
            events = outcome.intercurrent_events
            same = all(event.control_per_month == event.treatment_per_month for event in events)
            return outcome.control_means == outcome.treatment_means and same


@dataclass(frozen=True, slots=True)
class Accrual:
    """Patients a month, `per_month[i]` from `start_months[i]` until the next; starts at 0.

    The last rate goes on until the design's patients are enrolled.
    """

    start_months: tuple[float, ...]
    per_month: tuple[float, ...]

    def __post_init__(self) -> None:
        problems = Problems("accrual")
        starts = self.start_months
        problems.extend(find_start_problems(starts))
        problems.check(len(starts) == len(self.per_month), "needs as many rates as starts")
        valid = all(math.isfinite(r) and r >= 0 for r in self.per_month)
        problems.check(
            valid and bool(self.per_month) and self.per_month[-1] > 0,
            f"rates {list(self.per_month)} must be at least 0, the last above 0",
        )
        problems.raise_if_any(InvalidDesign)


@dataclass(frozen=True, slots=True)
class Scenario:
    """The world in which a design is tried; `dropout_per_year` is a probability in each arm.

    `stream` is the scenario's word in the counter of the random numbers, 0 to 2**32 - 1: scenarios of
    one stream meet the same random numbers (their differences have less Monte Carlo error), those
    of different streams independent ones.
    """

    name: str
    accrual: Accrual
    outcome: Outcome
    dropout_per_year: float
    sources: tuple[str, ...]
    stream: int = 0

    def __post_init__(self) -> None:
        problems = Problems(f"scenario {self.name!r}")
        problems.check(
            0 <= self.dropout_per_year < 1,
            f"dropout_per_year is {self.dropout_per_year}; give a probability below 1",
        )
        problems.check(
            0 <= self.stream <= LAST_STREAM,
            f"stream is {self.stream}; give a whole number from 0 to 2**32 - 1",
        )
        check_sources(self.sources, problems)
        problems.raise_if_any(InvalidDesign)

    @property
    def dropout_hazard_per_month(self) -> float:
        """The constant hazard that gives the yearly probability."""
        return -math.log1p(-self.dropout_per_year) / 12

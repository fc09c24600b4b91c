"""What trial is run, and how it then behaves."""

import math
from dataclasses import dataclass

from unburden.domain.analysis import LOG_RANK, SurvivalTest
from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.sequential import O_BRIEN_FLEMING_SPENDING, Efficacy, Futility, SequentialPlan

LEAST_ALPHA = 1e-12
"""Below it the bounds are no longer exact."""

MOST_PATIENTS = 1_000_000
"""More than any trial enrols, and than one simulated trial holds in memory."""

MOST_TRIALS = 100_000_000
"""Of one simulation: the standard error of a share is then 0.00005."""


@dataclass(frozen=True, slots=True)
class Events:
    """The last look happens when this many events were seen; looks before at shares of it.

    No look is later than the calendar month `latest_month`: what is known then is analysed for the
    last time, however few the events.
    """

    count: int
    latest_month: float = math.inf


@dataclass(frozen=True, slots=True)
class Months:
    """The last look happens at this calendar month after the accrual's start, looks before it at `interim`.

    The bounds are those of the design's information rates, which need not be met then.
    """

    month: float
    interim: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Design:
    """A two-arm confirmatory trial.

    `patients` over both arms; `allocation_ratio` treatment to control; `alpha` one-sided;
    `information_rates` rise to 1 ((1.0,) is a fixed design). `stopping` applies to time-to-event
    outcomes; None means that each patient's outcome is waited for. `efficacy`, `futility`,
    `is_binding` and `beta` are those of a `SequentialPlan`. `test` is for time-to-event outcomes,
    within the scenario's strata where `is_stratified`; a continuous outcome takes the t test.
    """

    patients: int
    allocation_ratio: float
    alpha: float
    information_rates: tuple[float, ...]
    stopping: Events | Months | None
    efficacy: Efficacy = O_BRIEN_FLEMING_SPENDING
    futility: Futility | None = None
    is_binding: bool = False
    beta: float | None = None
    test: SurvivalTest = LOG_RANK
    is_stratified: bool = True

    def __post_init__(self) -> None:
        problems = Problems("design")
        problems.check(
            2 <= self.patients <= MOST_PATIENTS,
            f"patients is {self.patients}; give 2 to {MOST_PATIENTS:,}",
        )
        positive = math.isfinite(self.allocation_ratio) and self.allocation_ratio > 0
        problems.check(positive, f"allocation_ratio is {self.allocation_ratio}; give a number over 0")
        smaller = min(self.allocation_ratio, 1.0) / (1 + self.allocation_ratio) if positive else 0.5
        problems.check(
            self.patients * smaller >= 1 or self.patients < 2,
            f"allocation_ratio {self.allocation_ratio} leaves an arm without patients; give one nearer to 1",
        )
        problems.check(
            LEAST_ALPHA <= self.alpha < 0.5,
            f"alpha is {self.alpha}; give a number from {LEAST_ALPHA} to below 0.5",
        )
        rates = self.information_rates
        rising = bool(rates) and all(a < b for a, b in zip((0.0, *rates), rates, strict=False))
        problems.check(
            rising and math.isclose(rates[-1], 1.0),
            f"information_rates {list(rates)} must rise from above 0 to 1",
        )
        match self.stopping:
            case Events(count, latest_month):
                problems.check(latest_month > 0, f"latest_month is {latest_month}; give a number over 0")
                problems.check(0 < count <= self.patients, f"{count} events from {self.patients} patients "
                               "cannot happen; give between 1 and the number of patients")  # fmt: skip
            case Months(month, interim):
                problems.check(0 < month < math.inf, f"stopping month is {month}; give a number over 0")
                months = (*interim, month)
                problems.check(
                    len(months) == len(rates),
                    f"{len(months)} calendar months for {len(rates)} looks; give one month a look",
                )
                rises = all(a < b for a, b in zip((0.0, *months), months, strict=False))
                problems.check(rises, f"the months of the looks {list(months)} must rise from above 0")
            case None:
                pass
        if not problems:
            try:
                self.plan  # noqa: B018
            except InvalidDesign as error:
                problems.extend(error.problems)
        problems.raise_if_any(InvalidDesign)

    @property
    def plan(self) -> SequentialPlan:
        """The group-sequential test that the design asks for."""
        return SequentialPlan(
            self.alpha,
            1,
            self.information_rates,
            self.efficacy,
            self.futility,
            self.is_binding,
            self.beta,
        )


@dataclass(frozen=True)
class OperatingCharacteristics:
    """How a design behaves in a scenario over `trials` simulated trials.

    `power` is the probability of rejecting at any look (one-sided); `rejected_by_look` and
    `stopped_by_look` have one share per look. `months` is the expected duration from the first
    patient to the stop, `patients` the expected number enrolled by then, `events` the expected
    number seen (None for continuous outcomes). Intervals show Monte Carlo error (95 %).
    `critical_values` are the z bounds used, `futility_values` those at or below which a trial stops
    without rejecting (-inf for none).
    """

    design: Design
    scenario_name: str
    trials: int
    seed: int
    power: Estimate
    months: Estimate
    patients: Estimate
    events: Estimate | None
    rejected_by_look: tuple[float, ...]
    stopped_by_look: tuple[float, ...]
    critical_values: tuple[float, ...]
    futility_values: tuple[float, ...] = ()

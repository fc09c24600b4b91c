"""When scans are planned, and what a trial learns of an event that only scans show."""

import math
from dataclasses import dataclass

from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.scenario import DAYS_PER_MONTH

LEAST_GAP_DAYS = 1.0
"""Two scans nearer to each other than a day are one."""

MOST_DAYS = 100 * 365.25
"""Nobody is scanned for longer than a century."""


@dataclass(frozen=True, slots=True)
class ScanSchedule:
    """Planned scans in days since entry, after the one at baseline; the last gap goes on for ever.

    >>> ScanSchedule("8 weeks", (56.0,)).list_days(150.0)
    (56.0, 112.0, 168.0)
    """

    name: str
    days: tuple[float, ...]

    def __post_init__(self) -> None:
        problems = Problems(f"scan schedule {self.name!r}")
        problems.check(bool(self.name.strip()), "the name is empty; give one")
        problems.check(bool(self.days), "there is no scan; give the day of at least one")
        finite = all(math.isfinite(day) for day in self.days)
        told = f"days are {list(self.days)}; give finite numbers of at most {MOST_DAYS:g}"
        if problems.check(finite and all(day <= MOST_DAYS for day in self.days), told):
            near = [b for a, b in zip((0.0, *self.days), self.days, strict=False) if b - a < LEAST_GAP_DAYS]
            told = f"the scans on day {', '.join(f'{day:g}' for day in near)} do not follow the one before "
            problems.check(not near, f"{told}(or entry) by at least {LEAST_GAP_DAYS:g} day; let days rise")
        problems.raise_if_any(InvalidDesign)

    @property
    def last_gap_days(self) -> float:
        """Days between the last two scans, repeated for ever; with one scan, its day."""
        return self.days[-1] - (self.days[-2] if len(self.days) > 1 else 0.0)

    def list_days(self, until_day: float) -> tuple[float, ...]:
        """The scans up to the first on or after `until_day`."""
        days = [*(day for day in self.days if day < until_day)]
        if len(days) < len(self.days):
            return (*days, self.days[len(days)])
        more = math.ceil((until_day - self.days[-1]) / self.last_gap_days)
        return (*days, *(self.days[-1] + self.last_gap_days * k for k in range(1, more + 1)))

    def list_months(self, until_month: float) -> tuple[float, ...]:
        """As `list_days`, in months."""
        return tuple(day / DAYS_PER_MONTH for day in self.list_days(until_month * DAYS_PER_MONTH))


def make_regular_schedule(gap_weeks: float) -> ScanSchedule:
    """A scan every so many weeks."""
    return ScanSchedule(f"every {gap_weeks:g} weeks", (7.0 * gap_weeks,))


def make_thinning_schedule(first_gap_weeks: float, scans: int, later_gap_weeks: float) -> ScanSchedule:
    """So many scans at the first gap, then at the later one.

    >>> make_thinning_schedule(8, 3, 16).list_days(400.0)
    (56.0, 112.0, 168.0, 280.0, 392.0, 504.0)
    """
    problems = Problems("scan schedule")
    problems.check(scans >= 1, f"scans is {scans}; give at least 1 at the first gap")
    problems.raise_if_any(InvalidDesign)
    early = tuple(7.0 * first_gap_weeks * k for k in range(1, scans + 1))
    name = f"{scans} scans every {first_gap_weeks:g}, then every {later_gap_weeks:g} weeks"
    return ScanSchedule(name, (*early, early[-1] + 7.0 * later_gap_weeks))


@dataclass(frozen=True)
class ScanInformation:
    """What a trial learns under a scan schedule, expected without random numbers.

    Intervals are the numerical error of the integration (what changed when its cells were halved),
    not sampling. `months`, `events` and `patients` are those of the last look as it is expected.
    `relative_information` is the squared mean of z over that under the reference schedule, and
    `continuous_information` over that if every event were seen at once, all at the last look.
    `hazard_ratio` is what Cox's model with Breslow's ties tends to, `true_hazard_ratio` what it would
    tend to if every event were seen at once (None where it has no limit: events in one arm only).
    `median_biases` of control and treatment: the median of
    the observed curve minus the true one, None where follow-up does not reach it.
    `scans_per_patient` counts planned scans made by the last look, baseline aside.
    """

    control: ScanSchedule
    treatment: ScanSchedule
    power: Estimate
    months: Estimate
    patients: Estimate
    events: Estimate
    mean_z: Estimate
    relative_information: Estimate
    continuous_information: Estimate
    hazard_ratio: Estimate | None
    true_hazard_ratio: Estimate | None
    median_biases: tuple[Estimate | None, Estimate | None]
    scans_per_patient: Estimate


@dataclass(frozen=True)
class EvaluationBias:
    """What scans at different times in two equal arms do to the log-rank test.

    `favours_treatment` and `favours_control` are the probabilities that the test at the design's
    one-sided alpha rejects for either although the arms do not differ. `mean_z` is above 0 where
    treatment seems better. Intervals are numerical error.
    """

    control: ScanSchedule
    treatment: ScanSchedule
    alpha: float
    mean_z: Estimate
    favours_treatment: Estimate
    favours_control: Estimate
    hazard_ratio: Estimate | None
    medians: tuple[Estimate | None, Estimate | None]

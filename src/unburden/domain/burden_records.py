"""What is learnt from patients' records, and how well it predicts patients who were held out."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from unburden.domain.burden import Evidence, TimeOnStudy
from unburden.domain.conduct import UnscheduledVisits
from unburden.domain.errors import InvalidEvidence, Problems
from unburden.domain.estimate import Estimate, check_sources

Shares = tuple[tuple[int, float], ...]
"""A distribution over whole amounts: each amount with its share, amounts rising."""


@dataclass(frozen=True)
class LearntTimeOnStudy:
    """Share on schedule with its 95 % interval at each step of `curve`.

    `last_days` holds, by patient, the planned day of the last planned visit that took place.
    """

    curve: TimeOnStudy
    low: tuple[float, ...]
    high: tuple[float, ...]
    last_days: Mapping[str, float] = field(repr=False)


@dataclass(frozen=True)
class LearntUnscheduledVisits:
    """U: dates with a visit in person that the schedule does not hold, per 100 days on schedule.

    `low` and `high` bound the rate at 95 %. A patient's count over d days is negative binomial with
    mean μ = rate × d / 100 and variance μ + `dispersion` μ² (0: Poisson). `kinds` split the rate by
    category. `amounts` tell for each measure how much is done on such a date, as shares of these
    dates. `dates` were seen in `patients` over `days`; `share_with` is the share of patients with any.
    """

    per_100_days: float
    low: float
    high: float
    dispersion: float
    source: str
    kinds: Mapping[str, float]
    amounts: Mapping[str, Shares] = field(repr=False)
    patients: int
    dates: int
    days: float
    share_with: float

    def __post_init__(self) -> None:
        problems = Problems("unscheduled visits")
        fits = 0 <= self.low <= self.per_100_days <= self.high and math.isfinite(self.high)
        found = f"{self.low}, {self.per_100_days}, {self.high}"
        problems.check(fits, f"needs finite 0 <= low <= rate <= high, found {found}")
        problems.check(self.dispersion >= 0, f"has the dispersion {self.dispersion}; give at least 0")
        for measure, shares in self.amounts.items():
            total = math.fsum(share for _, share in shares)
            problems.check(abs(total - 1) < 1e-9, f"the shares of {measure!r} sum to {total}, not to 1")
        check_sources((self.source,), problems)
        problems.raise_if_any(InvalidEvidence)

    def mean_amount(self, measure: str) -> float:
        """How much of a measure is done on such a date, on average."""
        return math.fsum(amount * share for amount, share in self.amounts[measure])

    def rate(self) -> Estimate:
        """Dates per 100 days, as a number that may reach a user."""
        return Estimate(self.per_100_days, self.low, self.high, "day/(100 day)", (self.source,))

    def declare(self, activity_ids: tuple[str, ...] = ()) -> UnscheduledVisits:
        """The rate as the conduct of a study takes it, with the activities that are done each time.

        The score counts days from the reference: learn with the first day 0 for it.
        """
        entry = Evidence(
            "unscheduled.per_100_days",
            "Dates in person that the schedule does not hold, in 100 days on study",
            self.per_100_days,
            self.low,
            self.high,
            "1",
            self.source,
            "A",
        )
        return UnscheduledVisits(entry, activity_ids)


@dataclass(frozen=True)
class MeasurePlan:
    """What the schedule asks in one measure, by visit: days rise, None (no day) first.

    `visits` names the protocol's visits, "" for a date that several may share. The sum of `amounts`
    is what a patient does who completes the schedule.
    """

    measure: str
    days: tuple[float | None, ...]
    visits: tuple[str, ...]
    amounts: tuple[float, ...]

    def until(self, last_day: float) -> float:
        """What is asked up to a day, the day included."""
        pairs = zip(self.days, self.amounts, strict=True)
        return math.fsum(amount for day, amount in pairs if day is None or day <= last_day)

    def expect(self, time_on_study: TimeOnStudy) -> float:
        """What is asked of a patient on average over the time on study."""
        pairs = zip(self.days, self.amounts, strict=True)
        return math.fsum(
            amount * (1.0 if day is None else time_on_study.share_at(day)) for day, amount in pairs
        )


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many held-out patients an interval holds: `share` of them, `expected` by the model itself."""

    level: float
    share: float
    expected: float


@dataclass(frozen=True, slots=True)
class PredictionError:
    """Predicted minus recorded over the patients held out.

    `mean` and `absolute` are the mean error and the mean absolute error a patient.
    """

    patients: int
    predicted: float
    recorded: float
    mean: float
    absolute: float
    coverage: tuple[Coverage, ...]


@dataclass(frozen=True)
class HeldOutFigures:
    """One measure, predicted from other patients' time on study and held against those held out.

    `predicted` has the 95 % interval of the mean of so many patients. `marginal` knows nothing of
    the patient; `given_last_visit` and `given_leaving` know the time on study, from the last planned
    visit and from the disposition; `completed` is the first of these for those who kept the last visit.
    """

    measure: str
    predicted: Estimate
    marginal: PredictionError
    given_last_visit: PredictionError
    given_leaving: PredictionError | None
    completed: PredictionError | None

    @property
    def is_mean_covered(self) -> bool:
        """Whether the interval of the mean holds the mean of the patients held out."""
        return self.predicted.low <= self.marginal.recorded <= self.predicted.high


@dataclass(frozen=True)
class MeasureDifference:
    """Recorded minus predicted per patient, split into `terms` that sum to it."""

    measure: str
    predicted: float
    recorded: float
    terms: tuple[tuple[str, float], ...]

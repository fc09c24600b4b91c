"""Laboratory tests as CTCAE grades them, and what patients' visits showed of one of them."""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from unburden.domain.errors import InvalidCohort, InvalidInput, Problems
from unburden.domain.estimate import Estimate, check_sources

CTCAE_5 = (
    "published:NCI, Common Terminology Criteria for Adverse Events (CTCAE) version 5.0, 27 November 2017"
)
Grade = Literal[1, 2, 3, 4]


@dataclass(frozen=True, slots=True)
class LabGrading:
    """From which value on a laboratory change has which grade; entries are for grades 1 to 4.

    `limit_multiples`: above so many times the upper limit of normal. `baseline_multiples`: above so many
    times the baseline; these hold instead of those of the limit where the baseline is above the limit
    (`baseline_replaces`), or beside them. `below`: under so many `unit`; grade 1 is then under the lower
    limit of normal. None: the grade is not told by a value.
    """

    test: str
    term: str
    unit: str
    limit_multiples: tuple[float | None, ...] = ()
    baseline_multiples: tuple[float | None, ...] = ()
    baseline_replaces: bool = False
    below: tuple[float | None, ...] = ()
    source: str = CTCAE_5

    def find_grade(
        self, value: float, *, lower_limit: float, upper_limit: float, baseline: float
    ) -> Literal[0, 1, 2, 3, 4]:
        """The grade of a value, all numbers in one unit; `below` is in this grading's `unit`.

        >>> CTCAE_GRADINGS["ALT"].find_grade(180.0, lower_limit=6.0, upper_limit=34.0, baseline=20.0)
        3
        """
        found: Literal[0, 1, 2, 3, 4] = 0
        is_abnormal = self.baseline_replaces and baseline > upper_limit
        grades: tuple[Grade, ...] = (1, 2, 3, 4)
        for place, grade in enumerate(grades):
            bounds = []
            of_limit = self.limit_multiples[place] if self.limit_multiples else None
            if of_limit is not None and not is_abnormal:
                bounds.append(of_limit * upper_limit)
            of_baseline = self.baseline_multiples[place] if self.baseline_multiples else None
            if of_baseline is not None and (is_abnormal or not self.baseline_replaces):
                bounds.append(of_baseline * baseline)
            if any(value > bound for bound in bounds):
                found = grade
            if self.below:
                bound = lower_limit if grade == 1 else self.below[place]
                if bound is not None and value < bound:
                    found = grade
        return found


CTCAE_GRADINGS = {
    grading.test: grading
    for grading in (
        LabGrading("ALT", "alanine aminotransferase increased", "U/L", (1.0, 3.0, 5.0, 20.0),
                   (1.5, 3.0, 5.0, 20.0), True),
        LabGrading("AST", "aspartate aminotransferase increased", "U/L", (1.0, 3.0, 5.0, 20.0),
                   (1.5, 3.0, 5.0, 20.0), True),
        LabGrading("BILI", "blood bilirubin increased", "umol/L", (1.0, 1.5, 3.0, 10.0),
                   (1.0, 1.5, 3.0, 10.0), True),
        LabGrading("CREAT", "creatinine increased", "umol/L", (1.0, 1.5, 3.0, 6.0),
                   (None, 1.5, 3.0, None)),
        LabGrading("HGB", "anemia", "mmol/L", below=(None, 6.2, 4.9, None)),
        LabGrading("NEUT", "neutrophil count decreased", "10^9/L", below=(None, 1.5, 1.0, 0.5)),
        LabGrading("PLAT", "platelet count decreased", "10^9/L", below=(None, 75.0, 50.0, 25.0)),
    )
}  # fmt: skip
"""CTCAE v5.0 by the SDTM code of the test, in the standard (SI) unit of the CDISC pilot.

Grade 4 of anemia is told by consequences, not by a value. The text gives haemoglobin as < 10.0 - 8.0
g/dL; < 6.2 - 4.9 mmol/L (grade 2) and < 8.0 g/dL; < 4.9 mmol/L (grade 3).
"""


@dataclass(frozen=True)
class LabHistories:
    """Whether a test was at or above a grade at each visit of patients, from the last one before treatment.

    `days` and `is_high` hold one row a patient, in rising days since that baseline visit.
    `left_out` counts patients without a graded value after the baseline, or already high there.
    """

    test: str
    least_grade: int
    days: tuple[tuple[float, ...], ...]
    is_high: tuple[tuple[bool, ...], ...]
    left_out: int
    source: str

    def __post_init__(self) -> None:
        problems = Problems(f"histories of {self.test}")
        problems.check(len(self.days) == len(self.is_high), "days and is_high differ in patients; pair them")
        check_sources((self.source,), problems)
        for number, (days, high) in enumerate(zip(self.days, self.is_high, strict=False), start=1):
            told = f"patient {number} has days {list(days)[:5]} that do not rise; give each visit once"
            problems.check(all(a < b for a, b in pairwise(days)), told)
            told = f"patient {number} has {len(days)} days and {len(high)} values; give at least 2 of each"
            problems.check(len(days) == len(high) >= 2, told)
            told = f"patient {number} has the grade at baseline; leave out who cannot newly have it"
            problems.check(high[:1] != (True,), told)
        problems.raise_if_any(InvalidCohort)


@dataclass(frozen=True, slots=True)
class OnsetCurve:
    """Where first sightings lie: the share `masses[k]` of patients between `after_days[k]` and `by_days[k]`.

    Within an interval nothing is known of the day; `by_days` is infinite for those who may never have it.
    """

    after_days: tuple[float, ...]
    by_days: tuple[float, ...]
    masses: tuple[float, ...]
    sources: tuple[str, ...]

    def find_free(self, day: float) -> tuple[float, float]:
        """The least and the most share without the change at a day that the data allow."""
        cells = list(zip(self.after_days, self.by_days, self.masses, strict=True))
        most = 1 - sum(mass for _, by, mass in cells if by <= day)
        return most - sum(mass for after, by, mass in cells if after < day < by), most


@dataclass(frozen=True, slots=True)
class LabCourse:
    """How a laboratory change comes and goes: constant onset hazard, exponential time until recovery.

    `onset_per_day` is the hazard of a new change while there is none, `mean_days` the time above the
    grade. Both may come from data or from the user; intervals say how sure they are.
    """

    test: str
    least_grade: int
    onset_per_day: Estimate
    mean_days: Estimate

    def __post_init__(self) -> None:
        problems = Problems(f"course of {self.test}")
        for name, estimate, unit in (
            ("onset_per_day", self.onset_per_day, "1/day"),
            ("mean_days", self.mean_days, "day"),
        ):
            fits = estimate.low > 0
            problems.check(fits, f"{name} reaches down to {estimate.low:g}; give numbers over 0")
            problems.check(estimate.unit == unit, f"{name} is in {estimate.unit!r}; give it in {unit!r}")
        problems.check(self.least_grade in (1, 2, 3, 4), f"least_grade is {self.least_grade}; give 1 to 4")
        problems.raise_if_any(InvalidInput)


@dataclass(frozen=True, slots=True)
class SafetyRisk:
    """A harm with its laboratory course, found by any of `tests` at a visit; `horizon_days` at risk.

    The course of the change is one; which tests show it is the user's statement.
    """

    name: str
    course: LabCourse
    tests: tuple[str, ...]
    horizon_days: float

    def __post_init__(self) -> None:
        problems = Problems(f"risk {self.name!r}")
        problems.check(bool(self.tests), "no test finds it; name at least one")
        fits = math.isfinite(self.horizon_days) and self.horizon_days > 0
        problems.check(fits, f"horizon_days is {self.horizon_days}; give a number over 0")
        problems.raise_if_any(InvalidInput)


@dataclass(frozen=True, slots=True)
class DetectionFloor:
    """What a visit schedule must reach for a risk; None leaves a part open.

    `least_detection` of changes are found while they last. `longest_median_delay_days` and
    `longest_p95_delay_days` bound the delay of a change that lasts until it is found, onset after the
    last visit counting as never. `judged_at` "bound" asks it of the less favourable end of each interval.
    """

    risk: str
    least_detection: float | None
    longest_median_delay_days: float | None
    longest_p95_delay_days: float | None
    judged_at: Literal["estimate", "bound"]

    def __post_init__(self) -> None:
        problems = Problems(f"floor of {self.risk!r}")
        least = self.least_detection
        problems.check(
            least is None or 0 < least <= 1, f"least_detection is {least}; give a number above 0, at most 1"
        )
        for name in ("longest_median_delay_days", "longest_p95_delay_days"):
            value = getattr(self, name)
            problems.check(value is None or value > 0, f"{name} is {value}; give days over 0 or None")
        told = f"judged_at is {self.judged_at!r}; use 'estimate' or 'bound'"
        problems.check(self.judged_at in ("estimate", "bound"), told)
        asks = (least, self.longest_median_delay_days, self.longest_p95_delay_days)
        problems.check(any(ask is not None for ask in asks), "it asks nothing; give at least one number")
        problems.raise_if_any(InvalidInput)


@dataclass(frozen=True)
class Detection:
    """What a visit schedule finds of a risk.

    `probability` that a change is found while it lasts, given one starts before the horizon.
    `found_median_days`, `found_p95_days`: delay from onset among those found; they can grow when a visit
    is added, because longer waits are then found too. `lasting_median_days`, `lasting_p95_days`: delay
    of a change that lasts until found, over all onsets, None where it is never; these cannot.
    `unseen_days`: mean time above the grade before it is found or over. `missed_per_1000`: patients
    with a change that is never found. Intervals: the courses' (see `evaluate_detection`).
    """

    risk: SafetyRisk
    visit_days: tuple[float, ...]
    probability: Estimate
    found_median_days: Estimate | None
    found_p95_days: Estimate | None
    lasting_median_days: Estimate | None
    lasting_p95_days: Estimate | None
    unseen_days: Estimate
    missed_per_1000: Estimate


@dataclass(frozen=True)
class FloorCheck:
    """Whether every floor is met, and in words where not."""

    detections: tuple[Detection, ...]
    shortfalls: tuple[str, ...] = field(default=())

    @property
    def is_met(self) -> bool:
        """Whether nothing falls short."""
        return not self.shortfalls

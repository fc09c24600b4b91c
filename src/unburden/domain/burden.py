"""What a schedule asks of a patient, as lines that add up and can each be recomputed."""

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from unburden.domain.burden_draws import BurdenDraws
from unburden.domain.errors import InvalidEvidence, Problems
from unburden.domain.estimate import Estimate, check_sources
from unburden.domain.protocol import Place

UNIT_BY_DIMENSION: Mapping[str, str] = {
    "contact_days": "day",
    "site_minutes": "minute",
    "home_minutes": "minute",
    "travel_minutes": "minute",
    "travel_km": "km",
    "blood_ml": "mL",
    "radiation_msv": "mSv",
    "invasive_procedures": "procedure",
    "questionnaire_items": "item",
    "questionnaire_minutes": "minute",
    "fasting_hours": "hour",
    "diary_days": "day",
    "caregiver_minutes": "minute",
    "out_of_pocket_usd": "USD",
}
"""Every dimension and its unit.

`contact_days` counts dates with contact outside home, `diary_days` days of keeping a diary or
wearing a device. `questionnaire_minutes` is part of `site_minutes` or `home_minutes`, whichever
holds the visit, and must not be added to them; `caregiver_minutes` are another person's.
"""

TIME_DIMENSIONS = ("site_minutes", "home_minutes", "travel_minutes")
"""The dimensions whose sum is all the time that the trial asks: the view `patient_minutes`."""

PATIENT_MINUTES = "patient_minutes"

PERSONA_MARK = "@"
"""Between an entry's id and the persona whose own entry it is, where scores of personas are mixed."""

LARGEST_AMOUNT = 1e9
"""No entry of the ledger is larger, in any unit: sums and squares of them stay finite."""

Grade = Literal["A", "B", "C", "assumed"]

PatientState = Literal["study", "treatment", "progression", "alive"]
"""What a patient may be: on schedule, on treatment, free of progression, alive."""

Cause = Literal["cell", "setup", "visit", "day", "unscheduled"]

Distribution = Literal["fixed", "lognormal", "logit-normal"]
"""How an entry's range is filled: "logit-normal" for shares, which never pass 1."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One entry of the evidence ledger.

    `value` is the mean; `low` and `high` its 95 % range, up to 1e9; its standard deviation is
    (high - low) / 3.92. Grade A: measured in trials, B: measured in care, C: expert opinion,
    `assumed`: no defensible source, wide on purpose. `distribution` says how the range is filled:
    "" for the usual one, fixed where low equals high, else lognormal.
    """

    id: str
    description: str
    value: float
    low: float
    high: float
    unit: str
    source: str
    grade: Grade
    distribution: Distribution | Literal[""] = ""

    def __post_init__(self) -> None:
        problems = Problems(f"evidence {self.id!r}")
        if self.distribution == "":
            object.__setattr__(self, "distribution", "fixed" if self.low == self.high else "lognormal")
        problems.extend(self._find_distribution_problems())
        problems.check(
            0 <= self.low <= self.value <= self.high,
            f"needs 0 <= low <= value <= high, found {self.low}, {self.value}, {self.high}",
        )
        problems.check(
            not self.high > LARGEST_AMOUNT,
            f"holds {self.high:g}; give numbers up to {LARGEST_AMOUNT:g}",
        )
        problems.check(bool(self.unit), "has no unit; give one such as 'minute' or 'mL'")
        problems.check(
            self.grade in ("A", "B", "C", "assumed"),
            f"has the grade {self.grade!r}; use A, B, C or assumed",
        )
        check_sources((self.source,), problems)
        is_assumed = self.source.startswith("assumed:")
        problems.check(
            is_assumed == (self.grade == "assumed"),
            "must have the grade 'assumed' exactly when its source starts with 'assumed:'",
        )
        problems.check(
            not is_assumed or self.value == 0 or self.high >= 1.5 * self.low,
            "is assumed, so it must be wide: high at least 1.5 times low",
        )
        problems.raise_if_any(InvalidEvidence)

    def _find_distribution_problems(self) -> Iterator[str]:
        known = get_args(Distribution)
        if self.distribution not in known:
            yield f"has the distribution {self.distribution!r}; use one of {', '.join(known)}"
        elif (self.distribution == "fixed") != (self.low == self.high):
            yield "must have the distribution 'fixed' exactly when low equals high"
        elif self.distribution == "logit-normal" and not (0 < self.value < 1 and self.high <= 1):
            yield f"is a share with the value {self.value:g} up to {self.high:g}; give shares between 0 and 1"


@dataclass(frozen=True, slots=True)
class Persona:
    """A kind of patient, declared: `overrides` replace ledger entries of the same id."""

    name: str
    share: float
    overrides: tuple[Evidence, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class TimeOnStudy:
    """Share of patients still on schedule, as a step function of days from the reference.

    `shares[i]` holds from `days[i]` (included) until the next; before `days[0]` everyone is on
    schedule. Shares lie in [0, 1] and never rise. `arm_id` None means every arm. `state` says what
    lasts: being on schedule, on treatment, free of progression or alive.
    """

    days: tuple[float, ...]
    shares: tuple[float, ...]
    source: str
    arm_id: str | None = None
    state: PatientState = "study"

    def __post_init__(self) -> None:
        problems = Problems("time on study")
        told = f"has {len(self.days)} in days and {len(self.shares)} in shares; give a share for each day"
        problems.check(len(self.days) == len(self.shares), told)
        outside = [day for day in self.days if not math.isfinite(day)]
        if problems.check(not outside, f"has {outside[:1]} in days; give finite numbers"):
            rises = next((pair for pair in pairwise(self.days) if pair[0] >= pair[1]), ())
            told = f"has the days {' and then '.join(f'{day:g}' for day in rises)}: days must rise; sort them"
            problems.check(not rises, told)
        outside = [share for share in self.shares if not 0 <= share <= 1]
        if problems.check(not outside, f"has {outside[:1]} in shares: shares must lie between 0 and 1"):
            rises = next((pair for pair in pairwise(self.shares) if pair[0] < pair[1]), ())
            told = f"has the shares {' and then '.join(f'{s:g}' for s in rises)}: shares must never rise"
            problems.check(not rises, f"{told}, because nobody comes back")
        states = get_args(PatientState)
        problems.check(self.state in states, f"has the state {self.state!r}; use one of {', '.join(states)}")
        check_sources((self.source,), problems)
        problems.raise_if_any(InvalidEvidence)

    def share_at(self, day: float) -> float:
        """Share of patients still on schedule on a day."""
        reached = bisect_right(self.days, day)
        return self.shares[reached - 1] if reached else 1.0


@dataclass(frozen=True, slots=True)
class ActivityKind:
    """What kind of asking an activity is, and the rule that said so."""

    activity_id: str
    kind: str
    rule: str


@dataclass(frozen=True, slots=True)
class BurdenLine:
    """One term of the sum: `times` × evidence × every factor, in one dimension.

    `cause` says what makes the line appear. "cell": the single activity in `activity_ids` at
    `visit_id`. "setup": any of `activity_ids` at `visit_id` (one needle for several tubes).
    "visit": any activity at `visit_id` (check-in at home or on the telephone). "day": any visit
    at the site on `calendar_day` (travel, arrival), or any cell of `day_cells`, (visit, activity),
    where a column recurs; `visit_id` is then None. "unscheduled": a visit that no schedule plans.
    `times` already holds the probability of being on study at that time and, for a visit that recurs,
    how often it is expected. `detail` is the class of an invasive procedure, else "". `factor_ids`
    name further entries that multiply, such as a footnote's share of patients.
    """

    dimension: str
    cause: Cause
    evidence_id: str
    times: float
    place: Place
    visit_id: str | None
    calendar_day: int | None
    activity_ids: tuple[str, ...] = ()
    detail: str = ""
    factor_ids: tuple[str, ...] = ()
    day_cells: tuple[tuple[str, str], ...] = ()

    def with_times(self, times: float) -> "BurdenLine":
        """The same line so many times; written out, as schedules of years make it often."""
        return BurdenLine(
            self.dimension,
            self.cause,
            self.evidence_id,
            times,
            self.place,
            self.visit_id,
            self.calendar_day,
            self.activity_ids,
            self.detail,
            self.factor_ids,
            self.day_cells,
        )

    @property
    def day_visit_ids(self) -> tuple[str, ...]:
        """The visits of `day_cells`, each once."""
        return tuple(dict.fromkeys(visit_id for visit_id, _ in self.day_cells))

    @property
    def entry_ids(self) -> tuple[str, ...]:
        """The ids of all entries that the line multiplies."""
        return (self.evidence_id, *self.factor_ids)


def compute_amount(line: BurdenLine, evidence: Mapping[str, Evidence]) -> float:
    """What a line adds to its dimension, every entry at its value."""
    return line.times * math.prod(evidence[entry_id].value for entry_id in line.entry_ids)


@dataclass(frozen=True, slots=True)
class PatientSpread:
    """How a dimension differs between patients: mean, deciles, median, mean of the tenth with most."""

    mean: float
    tenth: float
    median: float
    ninetieth: float
    worst_tenth: float
    unit: str


@dataclass(frozen=True)
class BurdenView:
    """A scalar that the study declares: named weights by dimension, each at least 0, and a unit.

    Dimensions have no common unit, so no scalar comes without somebody who answers for its weights
    (`source`).
    """

    name: str
    weights: Mapping[str, float]
    unit: str
    source: str

    def __post_init__(self) -> None:
        problems = Problems(f"view {self.name!r}")
        problems.check(bool(self.weights), "has no weights; name at least one dimension")
        for name, weight in self.weights.items():
            fits = math.isfinite(weight) and 0 <= weight <= LARGEST_AMOUNT
            problems.check(fits, f"weighs {name!r} by {weight}; give a number from 0 to {LARGEST_AMOUNT:g}")
        problems.check(bool(self.unit), "has no unit; name what a point of it means")
        check_sources((self.source,), problems)
        problems.raise_if_any(InvalidEvidence)


@dataclass(frozen=True, eq=False)
class PatientTimes:
    """Lines as they stand for a patient who is there, and who is there.

    Each line comes with the number of its group; `shares[group]` is the share of patients there
    (or, for unscheduled visits, hundreds of days on study), `days[group]` the offset from the
    reference (None where there is none), `there[group]` the same for each typical patient,
    (groups, patients). `is_dated` is false where a visit's day is not known. `days_alive` is expected
    from the reference to `end_day`, by `alive_source`, "" where everyone is taken to live;
    `days_lived` is the same of each typical patient.
    """

    lines: tuple[tuple[int, BurdenLine], ...] = field(repr=False)
    shares: tuple[float, ...] = field(repr=False)
    days: tuple[float | None, ...] = field(repr=False)
    there: NDArray[np.float64] = field(repr=False)
    is_dated: bool = True
    days_alive: float = 0.0
    end_day: float = 0.0
    alive_source: str = ""
    days_lived: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0), repr=False)


@dataclass(frozen=True)
class BurdenScore:
    """Burden of one schedule for one persona and arm, per patient over the time on study.

    `totals` has an `Estimate` for each dimension and for `patient_minutes`. Each total is the
    sum of its `lines` (times × the evidence's value). `by_visit` holds expected amounts by visit
    id and dimension, day lines being shared equally by the visits of that day. `notes` lists what
    could not be counted or was counted by a rule of thumb. `draws` holds Monte Carlo draws of the
    totals where they were asked for. `expected_times` says by visit id how often a patient has the
    visit; `patient_times` how the lines fall on patients (None for a mixture of scores).
    """

    arm_id: str | None
    persona: str
    totals: Mapping[str, Estimate]
    lines: tuple[BurdenLine, ...] = field(repr=False)
    evidence: Mapping[str, Evidence] = field(repr=False)
    by_visit: Mapping[str, Mapping[str, float]] = field(repr=False)
    kinds: Mapping[str, ActivityKind] = field(repr=False)
    notes: tuple[str, ...] = ()
    draws: BurdenDraws | None = field(default=None, repr=False, compare=False)
    expected_times: Mapping[str, float] = field(default_factory=dict, repr=False)
    patient_times: PatientTimes | None = field(default=None, repr=False, compare=False)

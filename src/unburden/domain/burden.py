"""What a schedule asks of a patient, as lines that add up and can each be recomputed."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

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
    schedule. Shares lie in [0, 1] and never rise. `arm_id` None means every arm.
    """

    days: tuple[float, ...]
    shares: tuple[float, ...]
    source: str
    arm_id: str | None = None

    def __post_init__(self) -> None:
        problems = Problems("time on study")
        problems.check(len(self.days) == len(self.shares), "needs as many shares as days")
        problems.check(list(self.days) == sorted(set(self.days)), "days must rise")
        inside = all(0 <= share <= 1 for share in self.shares)
        problems.check(inside, "shares must lie between 0 and 1")
        falls = all(a >= b for a, b in zip(self.shares, self.shares[1:], strict=False))
        problems.check(falls, "shares must never rise")
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
    """One term of the sum: `times` × evidence, in one dimension.

    `cause` says what makes the line appear. "cell": the single activity in `activity_ids` at
    `visit_id`. "setup": any of `activity_ids` at `visit_id` (one needle for several tubes).
    "visit": any activity at `visit_id` (check-in at home or on the telephone). "day": any visit
    at the site on `calendar_day` (travel, arrival); `visit_id` is then None. `times` already holds
    the probability of being on study at that time. `detail` is the class of an invasive
    procedure, else "".
    """

    dimension: str
    cause: Literal["cell", "setup", "visit", "day"]
    evidence_id: str
    times: float
    place: Place
    visit_id: str | None
    calendar_day: int | None
    activity_ids: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True)
class BurdenScore:
    """Burden of one schedule for one persona and arm, per patient over the time on study.

    `totals` has an `Estimate` for each dimension and for `patient_minutes`. Each total is the
    sum of its `lines` (times × the evidence's value). `by_visit` holds expected amounts by visit
    id and dimension, day lines being shared equally by the visits of that day. `notes` lists what
    could not be counted or was counted by a rule of thumb. `draws` holds Monte Carlo draws of the
    totals where they were asked for.
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

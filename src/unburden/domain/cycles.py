"""When what a schedule says once happens again, and how long patients go on with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from unburden.domain.burden import PatientState, TimeOnStudy
from unburden.domain.errors import InvalidEvidence, Problems
from unburden.domain.protocol import MOST_DAYS

Floats = NDArray[np.float64]
Clock = Literal["cycle", "calendar"]

MOST_OCCURRENCES = 5_000
"""A column happens no more often: every week of a hundred years nearly, every day of thirteen."""

MOST_CELLS_IN_TIME = 50_000
"""A schedule laid out in time holds no more cells: a thousand visits with fifty procedures each."""

_ROUNDING = 1e-9

TYPICAL_PATIENTS = 1_000
"""How many typical patients stand for all, where a figure is of patients and not of shares."""

FALLBACKS: Mapping[PatientState, tuple[PatientState, ...]] = {
    "study": ("study",),
    "treatment": ("treatment", "study"),
    "progression": ("progression", "treatment", "study"),
    "alive": ("alive", "study"),
}
"""Which curve says how long a state lasts: the first of these that is known."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """The days on which a column or cell happens, and what ends it.

    `lead_days` are offsets from the reference; then every `every_days`, None where it ends with the
    lead. `clock` "cycle": every occurrence is put off by the delay of each cycle before it, for
    which the `cycle_days` say how many those are; "calendar": weeks from the reference, whatever is
    delayed. `state` ends it. Where `after` is given, days count from the end of that state, such as
    follow-up after treatment. `last_day` is the last offset at most, None without one. With
    `recurs_whole` each of the lead days comes again, such as days 1, 8 and 15 of a cycle, else only
    the last does. `rule` names the rule that read it, `matched` the words.
    """

    lead_days: tuple[float, ...]
    every_days: float | None
    clock: Clock
    state: PatientState
    rule: str
    matched: str = ""
    after: PatientState | None = None
    last_day: float | None = None
    cycle_days: float | None = None
    recurs_whole: bool = False

    def __post_init__(self) -> None:
        problems = Problems(f"recurrence {self.matched!r}")
        rises = list(self.lead_days) == sorted(set(self.lead_days))
        problems.check(bool(self.lead_days) and rises, "needs days that rise, at least one")
        for day in self.lead_days:
            fits = abs(day) <= MOST_DAYS
            problems.check(fits, f"has the day {day:g}; give days up to {MOST_DAYS:,} from the reference")
        fits = self.every_days is None or 1 <= self.every_days <= MOST_DAYS
        problems.check(fits, f"recurs every {self.every_days} days; give days from 1 to {MOST_DAYS:,}")
        last, first = self.last_day, self.lead_days[0] if self.lead_days else 0.0
        fits = last is None or first <= last <= MOST_DAYS or not abs(first) <= MOST_DAYS
        told = f"has the last day {last}; give one from its first day, {first:g}, up to {MOST_DAYS:,}"
        problems.check(fits, told)
        fits = self.cycle_days in (None, self.every_days) or 1 <= self.cycle_days <= MOST_DAYS
        problems.check(fits, f"has cycles of {self.cycle_days} days; give days from 1 to {MOST_DAYS:,}")
        every = self.every_days or 0.0
        fits = not (self.recurs_whole and rises) or self.lead_days[-1] - self.lead_days[0] < every
        problems.check(fits, f"has days further apart than the {every:g} days after which they come again")
        states = get_args(PatientState)
        known = ", ".join(states)
        problems.check(self.state in states, f"has the state {self.state!r}; use one of {known}")
        fits = self.after is None or self.after in states
        problems.check(fits, f"starts after {self.after!r}; use one of {known}")
        told = f"starts after {self.after} has ended and lasts until {self.state} ends; give a later until"
        problems.check(self.after not in (self.state, "alive"), told)
        problems.raise_if_any(InvalidEvidence)

    def iterate_days(self, delay_days: float) -> Iterator[float]:
        """The offsets in order, without end where nothing but the patient's state ends them."""
        day = 0.0
        for lead in self.lead_days:
            day = lead
            if self.last_day is None or day <= self.last_day:
                yield day + self._find_delay(day, delay_days)
        again = self.lead_days if self.recurs_whole else self.lead_days[-1:]
        turn = 0
        while self.every_days is not None:
            turn += 1
            for lead in again:
                day = lead + turn * self.every_days
                if self.last_day is not None and day > self.last_day:
                    return
                yield day + self._find_delay(day, delay_days)

    def _find_delay(self, day: float, delay_days: float) -> float:
        """The delay of the whole cycles before a day."""
        if self.clock != "cycle" or not self.cycle_days or day <= 0:
            return 0.0
        return delay_days * ((day + _ROUNDING) // self.cycle_days)


@dataclass(frozen=True)
class PatientCourse:
    """How long the patients of one arm stay in each state.

    `curves` holds one curve a state at most. Where two states matter for one patient, those who
    stay longest in one are taken to stay longest in the other. `horizon_days` ends everything.
    `delay_days` is the mean delay of a cycle.
    """

    curves: Mapping[PatientState, TimeOnStudy] = field(default_factory=dict)
    horizon_days: float | None = None
    delay_days: float = 0.0

    def __post_init__(self) -> None:
        problems = Problems("course of the patients")
        fits = self.horizon_days is None or 0 < self.horizon_days <= MOST_DAYS
        problems.check(fits, f"horizon is {self.horizon_days} days; give above 0 and up to {MOST_DAYS:,}")
        fits = 0 <= self.delay_days <= MOST_DAYS
        problems.check(fits, f"a cycle's delay is {self.delay_days} days; give at least 0")
        problems.raise_if_any(InvalidEvidence)

    def find_curve(self, state: PatientState) -> TimeOnStudy | None:
        """The curve that says how long the state lasts; None: everyone stays."""
        return next((self.curves[known] for known in FALLBACKS[state] if known in self.curves), None)

    def share_at(self, state: PatientState, day: float | None) -> float:
        """Share of patients in the state on a day; everyone before the reference or on no day."""
        if day is not None and self.horizon_days is not None and day > self.horizon_days:
            return 0.0
        curve = self.find_curve(state)
        return 1.0 if curve is None or day is None or day < 0 else curve.share_at(day)

    def has_end(self, state: PatientState) -> bool:
        """Whether the state ends for everyone."""
        curve = self.find_curve(state)
        return self.horizon_days is not None or (
            curve is not None and bool(curve.shares) and curve.shares[-1] == 0
        )

    def find_end_days(self, state: PatientState) -> Floats:
        """When each typical patient leaves the state, the first to leave first; infinite: never.

        Patient i of n is in the state on a day while the share there is above 1 - (i + 1/2) / n.
        """
        return self._end_days[state]

    @cached_property
    def _end_days(self) -> dict[PatientState, Floats]:
        return {state: self._compute_end_days(state) for state in get_args(PatientState)}

    def _compute_end_days(self, state: PatientState) -> Floats:
        left = 1 - (np.arange(TYPICAL_PATIENTS) + 0.5) / TYPICAL_PATIENTS
        curve, ends = self.find_curve(state), np.full(TYPICAL_PATIENTS, np.inf)
        if curve is not None and curve.days:
            reached = np.searchsorted(-np.array(curve.shares), -left, side="left")
            days = np.append(np.array(curve.days), np.inf)
            ends = days[reached]
        return (
            ends if self.horizon_days is None else np.minimum(ends, np.nextafter(self.horizon_days, np.inf))
        )

    def find_waits(self, state: PatientState, after: PatientState) -> Floats:
        """Days that each typical patient spends in `state` once `after` has ended; at least 0."""
        ends, starts = self.find_end_days(state), self.find_end_days(after)
        with np.errstate(invalid="ignore"):
            waits = ends - starts
        return np.where(np.isnan(waits), 0.0, np.maximum(waits, 0.0))

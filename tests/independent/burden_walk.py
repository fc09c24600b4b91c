"""Patients who walk through a schedule day by day: what each has done, counted plainly.

Written from the texts (glossary, guide, records and docstrings), without the code that scores. A patient
is four days, on which he leaves the study, stops treatment, progresses and dies; those who stay longest in
one state stay longest in the others. Each day he does what the columns ask of him on that day.
"""

import itertools
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from unburden.data.evidence import read_evidence
from unburden.domain.burden import UNIT_BY_DIMENSION
from unburden.domain.protocol import Place, Protocol, Visit

LEDGER = read_evidence()
STATES = ("study", "treatment", "progression", "alive")
CURVES_TRIED = {
    "study": ("study",),
    "treatment": ("treatment", "study"),
    "progression": ("progression", "treatment", "study"),
    "alive": ("alive", "study"),
}
Steps = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Times:
    """When a column or cell happens, as a reader understands its words.

    `first` are days from the reference, or from the end of the state `after`; then every `every` days
    until the patient leaves the state `until`, and no later than `last`. `clock` "cycle": cycles before
    it put it off; "calendar": nothing does.
    """

    first: tuple[float, ...]
    every: float | None = None
    until: str = "treatment"
    clock: str = "cycle"
    after: str | None = None
    last: float | None = None


@dataclass(frozen=True)
class World:
    """What is known of the trial beside its protocol: curves by state, cycles, horizon, extra visits."""

    curves: Mapping[str, Steps] = field(default_factory=dict)
    cycle_days: float | None = None
    delay_days: float = 0.0
    horizon_days: float | None = None
    visits: Mapping[str, Times] = field(default_factory=dict)
    cells: Mapping[tuple[str, str], Times] = field(default_factory=dict)
    factors: Mapping[tuple[str, str], float] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    unscheduled: tuple[float, tuple[str, ...]] | None = None

    def find_steps(self, state: str) -> Steps | None:
        """The curve of a state, or of the state that stands in for it."""
        return next((self.curves[name] for name in CURVES_TRIED[state] if name in self.curves), None)


@dataclass(frozen=True)
class Patient:
    """The days on which a patient leaves each state; `weight` is the share of patients like this one."""

    weight: float
    ends: Mapping[str, float]


@dataclass
class Walked:
    """What one patient had: amounts by dimension, dates away from home, days alive."""

    amounts: dict[str, float]
    contacts: list[float | None]
    days_alive: float
    end: float

    @property
    def home_days(self) -> float:
        """Days alive, from the reference to before `end`, that are not dates away from home."""
        away = sum(1 for day in self.contacts if day is None or 0 <= day < self.end)
        return self.days_alive - away


def list_patients(world: World) -> list[Patient]:
    """Every kind of patient that the curves tell apart, the first to leave first."""
    cuts = {0.0, 1.0}
    for steps in world.curves.values():
        cuts |= {share for _, share in steps}
    levels = sorted(cuts, reverse=True)
    found = []
    for high, low in itertools.pairwise(levels):
        ends = {}
        for state in STATES:
            steps = world.find_steps(state) or ()
            ends[state] = min((day for day, share in steps if share <= low), default=math.inf)
        found.append(Patient(high - low, ends))
    return found


class Walk:
    """A schedule with the days on which each of its columns and cells comes round."""

    def __init__(self, protocol: Protocol, world: World, arm_id: str | None, values: Mapping[str, float]):
        self.protocol, self.world, self.values = protocol, world, values
        cells = protocol.cells_by_visit
        self.columns = list(protocol.visits_of_arm(arm_id))
        self.kind_by_id = {a.id: world.kinds.get(a.id) or find_kind(a) for a in protocol.activities}
        self.patients = list_patients(world)
        self.inside = {}
        for activity in protocol.activities:
            if activity.timeline_id is not None:
                points = [v for v in protocol.visits if v.timeline_id == activity.timeline_id]
                self.inside[activity.id] = [c.activity_id for v in points for c in cells[v.id]]
        self.cells = {
            v.id: [(c.activity_id, world.cells.get(c.key), world.factors.get(c.key)) for c in cells[v.id]]
            for v in self.columns
        }
        self.end = self._find_end()
        self.rounds: dict[Times, dict[int, float]] = {}
        for times in (*self.world.visits.values(), *self.world.cells.values()):
            self.rounds[times] = dict(self._come_round(times))
        self.arm_days = sorted(self._list_arm_days())
        spans = [d for v in self.columns for d in self._days_of(v, always=True)]
        self.last_day = max([0.0, *spans])
        self.first_day = min([0, *(math.floor(d) for d in spans)])
        self.busy = {math.floor(d) for d in spans}.union(*self.rounds.values())

    def _find_end(self) -> float:
        """No state that ends for all is left after this day."""
        if self.world.horizon_days is not None:
            return self.world.horizon_days
        days = [day for steps in self.world.curves.values() for day, _ in steps]
        offsets = [v.offset_days or 0.0 for v in self.columns]
        return max([0.0, *days, *offsets])

    def _put_off(self, day: float, times: Times) -> float:
        if times.clock != "cycle" or not self.world.cycle_days or times.after or day < 0:
            return day
        return day + self.world.delay_days * (day // self.world.cycle_days)

    def _come_round(self, times: Times) -> Iterable[tuple[int, float]]:
        """The whole days on which it comes round and the exact day of each."""
        nominal = list(times.first)
        while times.every and self._put_off(nominal[-1], times) <= self.end + 1:
            nominal.append(nominal[-1] + times.every)
        for day in nominal:
            if times.last is None or day <= times.last:
                exact = self._put_off(day, times)
                yield math.floor(exact), exact

    def _days_of(self, visit: Visit, always: bool = False) -> list[float]:
        """The exact days of a column on which somebody may be there."""
        times = self.world.visits.get(visit.id)
        if times is None:
            return [] if visit.offset_days is None else [visit.offset_days]
        if times.after is not None:
            return []
        found = []
        for day, exact in self.rounds[times].items():
            leads = {math.floor(self._put_off(d, times)) for d in times.first}
            if day in leads or any(self._is_there(p, times.until, exact) for p in self.patients):
                found.append(exact)
        return found

    def _list_arm_days(self) -> set[int]:
        return {math.floor(day) for visit in self.columns for day in self._days_of(visit)}

    def _is_there(self, patient: Patient, state: str, day: float | None) -> bool:
        if day is None:
            return True
        horizon = self.world.horizon_days
        if horizon is not None and day > horizon:
            return False
        return day < 0 or day < patient.ends[state]

    def walk(self, patient: Patient, true_dates: bool = False) -> Walked:
        """What the patient has done by the end.

        `true_dates`: visits after the end of a state share the date on which they really fall with others
        of that date; else each is a date of its own.
        """
        done: dict[str, float] = defaultdict(float)
        contacts: list[float | None] = []
        late = self._list_late(patient)
        for today in range(self.first_day, math.floor(self.end) + 1):
            visits = self._list_visits(patient, today)
            follow_up = late.get(today, [])
            for visit, activities in [*visits, *(found[:2] for found in follow_up)]:
                self._do(done, visit, activities, self._days_until_next(today))
            away = [v for v, _ in visits if v.place in (Place.SITE, Place.LOCAL)]
            late_dates = {wait for v, _, wait in follow_up if v.place in (Place.SITE, Place.LOCAL)}
            dates = bool(away) + len(late_dates)
            for _ in range(min(dates, 1) if true_dates else dates):
                contacts.append(today)
                self._go(done, 1.0)
        for visit in self.columns:
            if visit.offset_days is None and visit.id not in self.world.visits and self.cells[visit.id]:
                self._do(done, visit, [(a, f or 1.0) for a, _, f in self.cells[visit.id]], 0.0)
                if visit.place in (Place.SITE, Place.LOCAL):
                    contacts.append(None)
                    self._go(done, 1.0)
        if self.world.unscheduled is not None:
            rate, activity_ids = self.world.unscheduled
            times = rate / 100 * self._count_days(patient, "study")
            extra: dict[str, float] = defaultdict(float)
            self._ask(extra, [(a, 1.0) for a in activity_ids], Place.SITE, 0.0)
            self._go(extra, 1.0)
            for name, amount in extra.items():
                done[name] += times * amount
        away_minutes = done["site_minutes"] + done["travel_minutes"]
        done["caregiver_minutes"] += self.values["caregiver.share"] * away_minutes
        amounts = {name: done[name] for name in UNIT_BY_DIMENSION}
        amounts["patient_minutes"] = sum(done[n] for n in ("site_minutes", "home_minutes", "travel_minutes"))
        end = self.last_day if self.world.horizon_days is None else self.world.horizon_days
        walked = Walked(amounts, contacts, self._count_days(patient, "alive"), end)
        if self.world.unscheduled is not None:
            walked.days_alive -= self.world.unscheduled[0] / 100 * self._count_days(patient, "study")
        return walked

    def _count_days(self, patient: Patient, state: str) -> float:
        horizon = self.world.horizon_days
        is_known = state in self.world.curves
        until = horizon if horizon is not None and (is_known or state == "alive") else self.last_day
        return min(patient.ends[state], until) if is_known else until

    def _list_visits(self, patient: Patient, today: int) -> list[tuple[Visit, list[tuple[str, float]]]]:
        """The visits of a day, each with what is done there and how often."""
        visits, done_by_week = [], set()
        for visit in self.columns if today in self.busy else ():
            times = self.world.visits.get(visit.id)
            if times is not None and times.after is not None:
                continue
            if times is None:
                exact = visit.offset_days
                comes = exact is not None and math.floor(exact) == today
                comes = comes and self._is_there(patient, "study", exact)
            else:
                exact = self.rounds[times].get(today)
                comes = exact is not None and self._is_there(patient, times.until, exact)
            activities = []
            for activity_id, own, factor in self.cells[visit.id]:
                if own is None:
                    if comes:
                        activities.append((activity_id, factor or 1.0))
                    continue
                exact = self.rounds[own].get(today)
                if (
                    exact is None
                    or not self._is_there(patient, own.until, exact)
                    or activity_id in done_by_week
                ):
                    continue
                done_by_week.add(activity_id)
                activities.append((activity_id, factor or 1.0))
            if activities:
                visits.append((visit, activities))
        return visits

    def _list_late(
        self, patient: Patient
    ) -> dict[int, list[tuple[Visit, list[tuple[str, float]], tuple[str, float]]]]:
        """Visits that count from the end of a state, by the date on which they really fall."""
        late = defaultdict(list)
        for visit in self.columns:
            times = self.world.visits.get(visit.id)
            if times is None or times.after is None or not self.cells[visit.id]:
                continue
            start = patient.ends[times.after]
            for wait in self.rounds[times].values():
                exact = start + wait
                if exact < patient.ends[times.until] and exact <= self.end:
                    activities = [(a, f or 1.0) for a, _, f in self.cells[visit.id]]
                    late[math.floor(exact)].append((visit, activities, (times.after, wait)))
        return late

    def _days_until_next(self, today: int) -> float:
        return next((day - today for day in self.arm_days if day > today), 0)

    def _do(self, done, visit: Visit, activities: list[tuple[str, float]], days: float) -> None:
        if not activities:
            return
        self._ask(done, activities, visit.place, days)
        if visit.place == Place.HOME:
            done["home_minutes"] += self.values["home.visit_minutes"]
        if visit.place == Place.REMOTE:
            done["home_minutes"] += self.values["remote.visit_minutes"]

    def _ask(self, done, activities: list[tuple[str, float]], place: Place, days: float) -> None:
        """What is asked at one visit; a needle once, however many tubes."""
        setups: dict[tuple, float] = {}
        away = place in (Place.SITE, Place.LOCAL)
        for outer_id, factor in activities:
            for activity_id in self.inside.get(outer_id, [outer_id]):
                for q in LEDGER.kind_by_name[self.kind_by_id[activity_id]].quantities:
                    name = q.dimension
                    if name == "minutes":
                        name = "site_minutes" if away else "home_minutes"
                    amount = q.count * self.values[q.evidence_id]
                    if q.setup:
                        key = (q.setup, name, q.evidence_id, q.count, q.detail)
                        setups[key] = max(setups.get(key, 0.0), min(factor, 1.0))
                    else:
                        done[name] += factor * amount * (days if q.cause == "until-next" else 1.0)
        for (_, name, evidence_id, count, _), factor in setups.items():
            done[name] += factor * count * self.values[evidence_id]

    def _go(self, done, times: float) -> None:
        """One journey there and back, arrival and what the day costs."""
        km = 2 * self.values["travel.one_way_km"]
        done["contact_days"] += times
        done["site_minutes"] += times * self.values["site.arrival_minutes"]
        done["travel_minutes"] += times * self.values["travel.minutes"]
        done["travel_km"] += times * km
        done["out_of_pocket_usd"] += times * (
            km * self.values["cost.usd_per_km"] + self.values["cost.usd_per_day"]
        )

    def find_peak_blood(self, window: int = 56) -> float:
        """Most blood in so many dates in a row, of a patient who never leaves before the horizon."""
        stays = Patient(1.0, {state: max(p.ends[state] for p in self.patients) for state in STATES})
        by_day = {}
        for today in range(self.first_day, math.floor(self.end) + 1):
            day: dict[str, float] = defaultdict(float)
            for visit, activities in self._list_visits(stays, today):
                self._ask(day, activities, visit.place, 0.0)
            by_day[today] = day["blood_ml"]
        return max(
            (sum(by_day.get(d, 0.0) for d in range(first, first + window)) for first in by_day), default=0.0
        )

    @cached_property
    def walks(self) -> list[Walked]:
        """What each kind of patient has done."""
        return [self.walk(patient) for patient in self.patients]

    def average(self, true_dates: bool = False) -> dict[str, float]:
        """The mean over patients of every dimension, and of days at home."""
        total: dict[str, float] = defaultdict(float)
        walks = [self.walk(p, True) for p in self.patients] if true_dates else self.walks
        for patient, walked in zip(self.patients, walks, strict=True):
            for name, amount in walked.amounts.items():
                total[name] += patient.weight * amount
            total["home_days"] += patient.weight * walked.home_days
        return dict(total)

    def list_thousand(self, name: str) -> list[float]:
        """The amounts of 1,000 patients, where the curves fall by whole thousandths."""
        found: list[float] = []
        for patient, walked in zip(self.patients, self.walks, strict=True):
            amount = walked.home_days if name == "home_days" else walked.amounts[name]
            copies = round(1000 * patient.weight)
            assert abs(copies - 1000 * patient.weight) < 1e-6, "curves must fall by whole thousandths"
            found += [amount] * copies
        return found


CODE_SYSTEMS = {"http://www.cdisc.org": "NCI", "SNOMED": "SNOMED CT"}


def find_kind(activity) -> str:
    """The kind of an activity: by codes where one kind holds them all, else by the first pattern."""
    codes = {(CODE_SYSTEMS.get(system, system), code) for system, code in activity.codes}
    listed = {system for kind in LEDGER.kinds for system, _ in kind.codes}
    codes = {pair for pair in codes if pair[0] in listed}

    def matches(kind) -> bool:
        return any(re.search(pattern, activity.title, re.IGNORECASE) for pattern in kind.patterns)

    holders = [kind for kind in LEDGER.kinds if codes and codes <= set(kind.codes)]
    if holders:
        titled = [kind for kind in holders if matches(kind)]
        return (titled or sorted(holders, key=lambda kind: len(kind.codes)))[0].name
    return next((kind.name for kind in LEDGER.kinds if matches(kind)), "unclassified")


def take_values(overrides: Iterable = ()) -> dict[str, float]:
    """Every entry's value, some replaced."""
    return {e.id: e.value for e in (*LEDGER.evidence, *overrides)}

"""What a trial asks of its patients, in the terms of ICH M11 and CDISC USDM."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

from unburden.domain.errors import InvalidProtocol, Problems

MOST_DAYS = 36_525
"""A visit lies within a hundred years of the reference, and its window is no longer."""

LESS_DAYS = f"give at most {MOST_DAYS:,} days (100 years)"


class Place(StrEnum):
    """Where a visit happens."""

    SITE = "site"
    HOME = "home"
    LOCAL = "local"
    REMOTE = "remote"


class Purpose(StrEnum):
    """What an activity is for; `unstated` where the protocol does not say."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    EXPLORATORY = "exploratory"
    SAFETY = "safety"
    ELIGIBILITY = "eligibility"
    TREATMENT = "treatment"
    ADMINISTRATIVE = "administrative"
    UNSTATED = "unstated"


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm; `role` as in CDISC terminology ("Placebo Control Arm"), "" where unknown."""

    id: str
    name: str
    role: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch ("Screening", "Treatment", "Follow-up"); `kind` as in CDISC terminology."""

    id: str
    name: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """One schedule of visits.

    The main timeline befalls every patient. Another one hangs on an activity (its time points
    lie within the visit at which the activity is done) or on an event (`trigger`: an adverse
    event, an early end), which befalls some.
    """

    id: str
    name: str
    is_main: bool
    trigger: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """One column of the schedule of activities.

    `offset_days` counts from the reference (first dose or randomisation): 0 on its day, -14 two
    weeks before; None where the protocol gives no day. `day` is the CDISC study day, which has
    no zero. `window_before_days` and `window_after_days` are at least 0. `places` lists every
    place that the protocol allows, the first being the one that is counted. `arm_ids` empty
    means every arm. `repeat` holds the words of a column that stands for several visits
    ("every 2 cycles"); "" for one visit.
    """

    id: str
    name: str
    timeline_id: str
    offset_days: float | None
    places: tuple[Place, ...] = (Place.SITE,)
    epoch_id: str | None = None
    window_before_days: float = 0.0
    window_after_days: float = 0.0
    encounter_id: str | None = None
    arm_ids: tuple[str, ...] = ()
    repeat: str = ""

    @property
    def place(self) -> Place:
        """The place that is counted."""
        return self.places[0]

    @property
    def day(self) -> int | None:
        """Study day without a zero, as in CDISC SDTM (--DY)."""
        if self.offset_days is None:
            return None
        whole = int(self.offset_days // 1)
        return whole + 1 if whole >= 0 else whole

    @property
    def calendar_day(self) -> int | None:
        """Whole days from the reference; visits with the same number share a date."""
        return None if self.offset_days is None else int(self.offset_days // 1)


@dataclass(frozen=True, slots=True)
class Activity:
    """One row of the schedule of activities.

    `endpoint_ids` traces it to the endpoints that it serves. `codes` holds (system, code) of its
    procedures or biomedical concepts. `timeline_id` names a timeline of time points within the
    visit. `parent_id` names the row that it stands under.
    """

    id: str
    name: str
    label: str = ""
    purpose: Purpose = Purpose.UNSTATED
    endpoint_ids: tuple[str, ...] = ()
    codes: tuple[tuple[str, str], ...] = ()
    timeline_id: str | None = None
    parent_id: str | None = None

    @property
    def title(self) -> str:
        """What to show a reader."""
        return self.label or self.name


@dataclass(frozen=True, slots=True)
class Condition:
    """A footnote or rule that changes cells; `mark` as printed ("a")."""

    id: str
    text: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """An activity at a visit; `mark` as printed ("X", "(X)", "Predose"), conditions by id."""

    visit_id: str
    activity_id: str
    mark: str = "X"
    condition_ids: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """(visit, activity)."""
        return (self.visit_id, self.activity_id)


@dataclass(frozen=True, slots=True)
class Criterion:
    """An eligibility criterion as written; its computable form lives in `domain.criteria`."""

    id: str
    name: str
    text: str
    is_inclusion: bool


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint; `level` as in CDISC terminology ("Primary Endpoint")."""

    id: str
    text: str
    level: str = ""


@dataclass(frozen=True, slots=True)
class Objective:
    """An objective with the endpoints that answer it."""

    id: str
    text: str
    level: str = ""
    endpoint_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Protocol:
    """A study protocol, valid from birth.

    `carried` holds the source document as text (USDM JSON), so that writing back loses nothing;
    None where the protocol was not read from USDM. `source` names it for readers. Raises
    `InvalidProtocol` with every problem: ids twice, references to nothing, two marks in a cell,
    no main timeline, negative windows, days beyond `MOST_DAYS`.
    """

    id: str
    title: str
    source: str
    timelines: tuple[Timeline, ...]
    visits: tuple[Visit, ...]
    activities: tuple[Activity, ...]
    cells: tuple[Cell, ...]
    arms: tuple[Arm, ...] = ()
    epochs: tuple[Epoch, ...] = ()
    conditions: tuple[Condition, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    objectives: tuple[Objective, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    phase: str = ""
    planned_patients: int | None = None
    notes: tuple[str, ...] = ()
    carried: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        problems = Problems(self.source or self.id)
        problems.extend(find_protocol_problems(self))
        problems.raise_if_any(InvalidProtocol)

    @cached_property
    def visit_by_id(self) -> Mapping[str, Visit]:
        """Visits by id."""
        return {visit.id: visit for visit in self.visits}

    @cached_property
    def activity_by_id(self) -> Mapping[str, Activity]:
        """Activities by id."""
        return {activity.id: activity for activity in self.activities}

    @cached_property
    def main_timeline(self) -> Timeline:
        """The timeline that befalls every patient."""
        return next(timeline for timeline in self.timelines if timeline.is_main)

    @cached_property
    def main_visits(self) -> tuple[Visit, ...]:
        """The visits that befall every patient on study, in the protocol's order."""
        main = self.main_timeline.id
        return tuple(visit for visit in self.visits if visit.timeline_id == main)

    @cached_property
    def cells_by_visit(self) -> Mapping[str, tuple[Cell, ...]]:
        """The cells of each visit, in the protocol's order; visits without cells hold ()."""
        found: dict[str, list[Cell]] = {visit.id: [] for visit in self.visits}
        for cell in self.cells:
            found[cell.visit_id].append(cell)
        return {visit_id: tuple(cells) for visit_id, cells in found.items()}

    def visits_of_arm(self, arm_id: str | None) -> Iterator[Visit]:
        """The main visits that the arm's patients have; None: those of any arm."""
        return (v for v in self.main_visits if arm_id is None or not v.arm_ids or arm_id in v.arm_ids)


def find_protocol_problems(protocol: Protocol) -> Iterator[str]:
    """Every way in which the protocol contradicts itself, with the remedy."""
    named = {
        "arm": protocol.arms,
        "epoch": protocol.epochs,
        "timeline": protocol.timelines,
        "visit": protocol.visits,
        "activity": protocol.activities,
        "condition": protocol.conditions,
        "criterion": protocol.criteria,
        "objective": protocol.objectives,
        "endpoint": protocol.endpoints,
    }
    known = {kind: {record.id for record in records} for kind, records in named.items()}
    for kind, records in named.items():
        yield from _find_repeated(kind, (record.id for record in records))
    mains = [timeline.name for timeline in protocol.timelines if timeline.is_main]
    if len(mains) != 1:
        yield f"{len(mains)} main timelines {mains}; mark exactly one as main"
    yield from _find_dangling(protocol, known)
    yield from _find_repeated("cell", (f"{c.activity_id} at {c.visit_id}" for c in protocol.cells))
    for visit in protocol.visits:
        if visit.window_before_days < 0 or visit.window_after_days < 0:
            yield f"visit {visit.id!r} has a negative window; give days of at least 0"
        days = (visit.offset_days or 0.0, visit.window_before_days, visit.window_after_days)
        if not all(abs(held) <= MOST_DAYS for held in days):
            yield f"visit {visit.id!r} has a day or window of {max(days, key=abs):g} days; {LESS_DAYS}"
        if not visit.places:
            yield f"visit {visit.id!r} has no place; give one of {[str(p) for p in Place]}"


def _find_repeated(kind: str, ids: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for record_id in ids:
        if record_id in seen:
            yield f"two {kind} records have the id {record_id!r}; give each its own"
        if not record_id:
            yield f"a {kind} has an empty id; name it"
        seen.add(record_id)


def _find_dangling(protocol: Protocol, known: Mapping[str, set[str]]) -> Iterator[str]:
    def missing(owner: str, kind: str, ids: Iterable[str | None]) -> Iterator[str]:
        for record_id in ids:
            if record_id is not None and record_id not in known[kind]:
                yield f"{owner} refers to the {kind} {record_id!r}, which does not exist; add or correct it"

    for visit in protocol.visits:
        owner = f"visit {visit.id!r}"
        yield from missing(owner, "timeline", [visit.timeline_id])
        yield from missing(owner, "epoch", [visit.epoch_id])
        yield from missing(owner, "arm", visit.arm_ids)
    for activity in protocol.activities:
        owner = f"activity {activity.id!r}"
        yield from missing(owner, "timeline", [activity.timeline_id])
        yield from missing(owner, "activity", [activity.parent_id])
        yield from missing(owner, "endpoint", activity.endpoint_ids)
    for cell in protocol.cells:
        owner = f"cell {cell.key}"
        yield from missing(owner, "visit", [cell.visit_id])
        yield from missing(owner, "activity", [cell.activity_id])
        yield from missing(owner, "condition", cell.condition_ids)
    for objective in protocol.objectives:
        yield from missing(f"objective {objective.id!r}", "endpoint", objective.endpoint_ids)


def drop_cells(protocol: Protocol, keys: Iterable[tuple[str, str]]) -> Protocol:
    """The protocol without these (visit, activity) cells; visits left without a cell stay listed.

    Raises `InvalidProtocol` where a key names no cell.
    """
    wanted = set(keys)
    present = {cell.key for cell in protocol.cells}
    problems = Problems(protocol.source)
    for visit_id, activity_id in sorted(wanted - present):
        problems.add(f"no cell of {activity_id!r} at {visit_id!r} to drop; name one that is there")
    problems.raise_if_any(InvalidProtocol)
    return replace(protocol, cells=tuple(c for c in protocol.cells if c.key not in wanted))


def move_visits(protocol: Protocol, visit_ids: Iterable[str], place: Place) -> Protocol:
    """The protocol with these visits at another place.

    Raises `InvalidProtocol` where an id names no visit.
    """
    wanted = set(visit_ids)
    problems = Problems(protocol.source)
    for visit_id in sorted(wanted - protocol.visit_by_id.keys()):
        problems.add(f"no visit {visit_id!r} to move; name one that is there")
    problems.raise_if_any(InvalidProtocol)
    visits = tuple(
        replace(v, places=(place, *(p for p in v.places if p != place))) if v.id in wanted else v
        for v in protocol.visits
    )
    return replace(protocol, visits=visits)

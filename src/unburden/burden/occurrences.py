"""A schedule's columns laid out in time: every occurrence with its cells and who is there for it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from unburden.burden.cycles import CycleReader
from unburden.domain.burden import PatientState
from unburden.domain.conduct import Conduct
from unburden.domain.cycles import (
    MOST_CELLS_IN_TIME,
    MOST_OCCURRENCES,
    Floats,
    PatientCourse,
    Recurrence,
)
from unburden.domain.errors import InvalidEvidence, Problems
from unburden.domain.protocol import Cell, Protocol, Visit


@dataclass(frozen=True)
class Presence:
    """Who is there: patients in `state` on `day`, or `day` days into it after another state ended."""

    state: PatientState
    day: float | None
    after: PatientState | None = None

    def floor(self) -> "Presence":
        """The same on the whole day."""
        return self if self.day is None or self.after else replace(self, day=float(self.day // 1))

    def find_share(self, course: PatientCourse) -> float:
        """Share of the patients who started."""
        if self.after is None or self.day is None:
            return course.share_at(self.state, self.day)
        return float(np.mean(course.find_waits(self.state, self.after) > self.day))

    def find_patients(self, course: PatientCourse) -> Floats:
        """1 for each typical patient who is there, else 0."""
        if self.after is not None and self.day is not None:
            return (course.find_waits(self.state, self.after) > self.day).astype(np.float64)
        ends = course.find_end_days(self.state)
        if self.day is None or self.day < 0:
            return np.ones(len(ends))
        return (ends > self.day).astype(np.float64)


@dataclass(frozen=True)
class Occurrence:
    """A column at one time: the cells done then, and the share of patients there.

    `calendar_day` is None where the day is not known or counts from another state's end; such an
    occurrence is its own date. `recurs` where the column stands for several.
    """

    visit: Visit
    cells: tuple[Cell, ...]
    presence: Presence
    share: float
    recurs: bool

    @property
    def is_laid_out(self) -> bool:
        """Whether its day is not simply the column's own."""
        return self.recurs or self.calendar_day != self.visit.calendar_day

    @property
    def calendar_day(self) -> int | None:
        """Whole days from the reference."""
        day = self.presence.day
        return None if day is None or self.presence.after is not None else int(day // 1)


@dataclass(frozen=True)
class Layout:
    """All occurrences of an arm's main visits, with what could not be laid out.

    `read` holds the recurrence of each visit that has one; `notes` tell what is counted once
    though it recurs. `days` are all whole days from the reference on which a column of the
    arm falls, with cells or without, and `last_day` the last offset: neither changes where cells are
    dropped.
    """

    occurrences: tuple[Occurrence, ...]
    days: tuple[int, ...] = ()
    last_day: float = 0.0
    read: dict[str, Recurrence] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def visits(self) -> tuple[Visit, ...]:
        """The visits counted, in the protocol's order."""
        return tuple(dict.fromkeys(each.visit for each in self.occurrences))


def lay_out(protocol: Protocol, arm_id: str | None, course: PatientCourse, conduct: Conduct) -> Layout:
    """The occurrences of every main visit of the arm that has a cell.

    A column without recurrence happens once, on its day, for those on study. One that recurs happens
    on each day of its recurrence for those still in its state; a cell with a recurrence of its own
    (calendar weeks in a column of cycles, imaging in weeks on one day of a cycle) follows that, and
    counts once a day however many columns hold it. A column whose words are not understood, or that
    nothing ends because nothing is said of how long patients stay, counts once and is told.

    Raises `InvalidEvidence` with every column that recurs without end though a curve is given or
    more than `MOST_OCCURRENCES` times, and where all come to more than `MOST_CELLS_IN_TIME`.
    """
    reader = CycleReader(protocol, conduct.cycle_days, conduct.recurrences)
    laid = _Laying(course)
    for visit in protocol.visits_of_arm(arm_id):
        laid.add(visit, protocol.cells_by_visit[visit.id], reader)
        if laid.cells > MOST_CELLS_IN_TIME:
            laid.problems.add(
                f"the schedule comes to more than {MOST_CELLS_IN_TIME:,} cells in time, up to the visit "
                f"{visit.name!r}; give a nearer horizon_days, longer intervals, or fewer cells"
            )
            break
    laid.add_late()
    laid.problems.raise_if_any(InvalidEvidence)
    days = tuple(sorted({int(day // 1) for day in laid.days}))
    last_day = max(laid.days, default=0.0)
    return Layout(tuple(laid.occurrences), days, last_day, laid.read, tuple(dict.fromkeys(laid.notes)))


class _Laying:
    """Occurrences gathered visit by visit."""

    def __init__(self, course: PatientCourse) -> None:
        self.course = course
        self.occurrences: list[Occurrence] = []
        self.read: dict[str, Recurrence] = {}
        self.notes: list[str] = []
        self.problems = Problems("cycles of the schedule")
        self.days: set[float] = set()
        self.cells = 0
        self._done: set[tuple[str, float]] = set()
        self._late: list[tuple[Visit, Cell, Recurrence]] = []
        self._shares: dict[Presence, float] = {}

    def add(self, visit: Visit, cells: tuple[Cell, ...], reader: CycleReader) -> None:
        column = reader.read_visit(visit)
        if column is not None and not self._check_number(visit, column):
            return
        self._add_days(visit, column)
        if not cells:
            return
        if column is None or not self._check_end(visit, column):
            if column is None and visit.repeat:
                self.notes.append(
                    f"visit {visit.name!r} repeats ({visit.repeat}), which is not understood: counted once"
                )
            cells = tuple(cell for cell in cells if column is not None or self._stays(visit, cell, reader))
            if cells:
                self._append(visit, cells, Presence("study", visit.offset_days), recurs=False)
            return
        self.read[visit.id] = column
        by_time: dict[Presence, list[Cell]] = {}
        for cell in cells:
            own = reader.read_cell(cell, visit, column)
            if own is not None and not (self._check_number(visit, own) and self._check_end(visit, own)):
                own = None
            if self.cells > MOST_CELLS_IN_TIME:
                return
            for presence in self._iterate_cell(cell, own) if own else self._iterate(column):
                by_time.setdefault(presence, []).append(cell)
                self.cells += 1
        for presence, found in by_time.items():
            self._append(visit, tuple(found), presence, recurs=column.every_days is not None)

    def add_late(self) -> None:
        """The times of cells that follow a recurrence of their own in a column that does not recur.

        They come last, so that a column which recurs holds the times that both have.
        """
        by_time: dict[tuple[Visit, Presence], list[Cell]] = {}
        for visit, cell, own in self._late:
            for presence in self._iterate_cell(cell, own):
                by_time.setdefault((visit, presence), []).append(cell)
        for (visit, presence), found in by_time.items():
            self._append(visit, tuple(found), presence, recurs=True)

    def _stays(self, visit: Visit, cell: Cell, reader: CycleReader) -> bool:
        """Whether a cell of a column that does not recur is done with the column; else it comes late."""
        own = reader.read_cell(cell, visit, None)
        if own is None or not (self._check_number(visit, own) and self._check_end(visit, own)):
            return True
        self._late.append((visit, cell, own))
        return False

    def _iterate_cell(self, cell: Cell, own: Recurrence) -> Iterator[Presence]:
        """The times of a cell's own recurrence; in calendar weeks once a day whatever columns hold it."""
        for presence in self._iterate(own):
            key = (cell.activity_id, presence.day or 0.0)
            if own.clock != "calendar" or key not in self._done:
                yield presence
            if own.clock == "calendar":
                self._done.add(key)

    def _append(self, visit: Visit, cells: tuple[Cell, ...], presence: Presence, recurs: bool) -> None:
        if presence not in self._shares:
            self._shares[presence] = presence.find_share(self.course)
        self.occurrences.append(Occurrence(visit, cells, presence, self._shares[presence], recurs))

    def _add_days(self, visit: Visit, column: Recurrence | None) -> None:
        """The days of a visit, with cells or without, that other visits count to."""
        if column is not None and column.after is not None:
            return
        if column is not None and self._has_end(column):
            self.days |= {presence.day for presence in self._iterate(column) if presence.day is not None}
        elif visit.offset_days is not None:
            self.days.add(visit.offset_days)

    def _has_end(self, column: Recurrence) -> bool:
        bounded = column.every_days is None or column.last_day is not None
        return bounded or self.course.has_end(column.state)

    def _iterate(self, recurrence: Recurrence) -> Iterator[Presence]:
        """The times at which somebody is there; a lead day counts even where nobody is."""
        leads = len(recurrence.lead_days)
        for i, day in enumerate(recurrence.iterate_days(self.course.delay_days)):
            presence = Presence(recurrence.state, day, recurrence.after)
            if presence not in self._shares:
                self._shares[presence] = presence.find_share(self.course)
            if self._shares[presence] == 0 and i >= leads:
                return
            yield presence

    def _check_number(self, visit: Visit, column: Recurrence) -> bool:
        """Whether the recurrence, where something ends it, happens no more often than can be counted."""
        is_more = self._has_end(column) and any(
            number > MOST_OCCURRENCES for number, _ in enumerate(self._iterate(column), start=1)
        )
        told = f"visit {visit.name!r} recurs every {column.every_days or 0:g} days, more than"
        remedy = "give a nearer horizon_days, an earlier last_day or a longer interval"
        return self.problems.check(not is_more, f"{told} {MOST_OCCURRENCES:,} times; {remedy}")

    def _check_end(self, visit: Visit, column: Recurrence) -> bool:
        """Whether something ends the recurrence; else it is told as a note or a problem."""
        if column.every_days is None or column.last_day is not None:
            return True
        course, told = self.course, f"visit {visit.name!r} recurs every {column.every_days:g} days"
        if column.after is not None and (
            column.state not in course.curves or course.find_curve(column.after) is None
        ):
            self.notes.append(
                f"{told} after the end of {column.after}, and how long patients are {column.state} after it "
                "is not given: counted once"
            )
            return False
        if course.has_end(column.state):
            return True
        if course.find_curve(column.state) is None:
            self.notes.append(f"{told} and nothing says how long patients stay: counted once")
            return False
        self.problems.add(
            f"{told} and never ends: the share of patients who stay never reaches 0; "
            "give a horizon, or a curve that ends at 0"
        )
        return False


def expand_cell(protocol: Protocol, arm_id: str | None, cell: Cell) -> Iterator[Cell]:
    """The cell, or the cells of the timeline that says how its activity is done."""
    return _expand(protocol, arm_id, cell, (protocol.main_timeline.id,))


def _expand(protocol: Protocol, arm_id: str | None, cell: Cell, inside: tuple[str, ...]) -> Iterator[Cell]:
    timeline_id = protocol.activity_by_id[cell.activity_id].timeline_id
    if timeline_id is None or timeline_id in inside:
        yield cell
        return
    for point in protocol.visits:
        in_arm = arm_id is None or not point.arm_ids or arm_id in point.arm_ids
        if point.timeline_id == timeline_id and in_arm:
            for below in protocol.cells_by_visit[point.id]:
                yield from _expand(protocol, arm_id, below, (*inside, timeline_id))

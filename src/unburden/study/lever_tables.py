"""One table of `[[levers]]` or `[[locks]]`, read into its record."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from unburden.data.evidence import read_evidence
from unburden.data.tables import TableReader
from unburden.domain.errors import InvalidInput
from unburden.domain.estimate import SOURCE_KINDS, Estimate
from unburden.domain.levers import (
    NO_APPROVAL,
    AdjustForCovariates,
    BorrowControls,
    BroadenCriterion,
    CellKey,
    ChangeDesign,
    ConsolidateDays,
    DropCells,
    Lever,
    MoveVisits,
    ReplaceMeasure,
    ScanSchedule,
    SelectiveSafety,
    SparserImaging,
    ThinVisits,
)
from unburden.domain.protocol import Place, Protocol
from unburden.domain.schedule_limits import Lock
from unburden.study.parts import check_distinct, take_known

Words = dict[str, Any]


@dataclass(frozen=True)
class LeverReader:
    """Takes the keys of one table; whatever names nothing of the protocol becomes a problem."""

    reader: TableReader
    protocol: Protocol | None

    @property
    def where(self) -> str:
        """Where the reader finds the table."""
        return self.reader.where

    def take(self, key: str, kind: type, *default: Any) -> Any:
        """The value of a key, None with a problem."""
        return take_known(self.reader, lambda: self.reader.take(key, kind, *default))

    def take_ids(self, kind: str, *default: Any) -> list[str] | None:
        """Ids of visits, activities or criteria, each known and once; None where the key is left out."""
        key, known = {
            "visit": ("visits", self.protocol.visit_by_id if self.protocol else None),
            "activity": ("activities", self.protocol.activity_by_id if self.protocol else None),
            "criterion": ("criteria", {c.id: c for c in self.protocol.criteria} if self.protocol else None),
        }[kind]
        ids = take_known(self.reader, lambda: self.reader.take_list(key, str, *default))
        if ids is None:
            return None
        problems = self.reader.problems
        rest = "; name at least one" + (", or leave it out to mean all" if kind == "visit" else "")
        problems.check(bool(ids), f"{self.where} has {key} = []{rest}")
        check_distinct(ids, self.where, key, problems)
        for one in ids if known is not None else ():
            told = f"{self.where} names the {kind} {one!r}; use one of {', '.join(known or ())}"
            problems.check(known is None or one in known, told)
        return ids

    def take_effect(self, source: str | None, table: Any = None) -> Estimate | None:
        """The information left, relative to all of it, with its interval; None where none is given."""
        held = self.reader.take("information_effect", dict, None) if table is None else table
        if held is None:
            return None
        inner = TableReader(held, f"{self.where} information_effect", self.reader.problems)
        value, low, high = (take_known(inner, lambda k=key: inner.take(k, float)) for key in _BOUNDS)
        own = take_known(inner, lambda: inner.take("source", str, source))
        inner.close()
        if value is None or low is None or high is None or not own:
            return None
        try:
            return Estimate(value, low, high, "1", (own,))
        except InvalidInput as error:
            self.reader.problems.extend(f"{inner.where} {problem}" for problem in error.problems)
            return None

    def take_cells(self, *, main_only: bool = True) -> tuple[CellKey, ...] | None:
        """The cells of `activities`, at `visits` or at all main visits that have them; none is a guess."""
        before = len(self.reader.problems)
        visit_ids, activities = self.take_ids("visit", None), self.take_ids("activity")
        if self.protocol is None or activities is None or len(self.reader.problems) > before:
            return None
        present = {cell.key for cell in self.protocol.cells}
        cells: list[CellKey] = []
        for activity_id in activities:
            having = [v.id for v in self.protocol.main_visits if (v.id, activity_id) in present]
            for visit_id in having if visit_ids is None else visit_ids:
                told = f"{self.where}: the protocol has no {activity_id!r} at {visit_id!r}; leave it out"
                if self.reader.problems.check((visit_id, activity_id) in present, told):
                    cells.append((visit_id, activity_id))
        return tuple(cells) if len(self.reader.problems) == before else None

    def take_visits(self) -> tuple[str, ...] | None:
        """The ids of `visits`, which must be there."""
        told = f"{self.where} names no visits; give visits = [...]"
        if not self.reader.problems.check(self.reader.has("visits"), told):
            self.reader.take("visits", list, None)
            return None
        ids = self.take_ids("visit")
        return None if ids is None else tuple(ids)


_BOUNDS = ("value", "low", "high")


def parse_lever(reader: TableReader, protocol: Protocol | None) -> Lever | None:
    """The lever of a table, None where it has a problem or there is no protocol to hold it against."""
    problems = reader.problems
    before = len(problems)
    lever_reader = LeverReader(reader, protocol)
    kind = take_known(reader, lambda: reader.choose("type", tuple(_PARSERS)))
    words = _take_words(lever_reader)
    made = _PARSERS[kind](lever_reader) if kind else None
    if kind:
        reader.close()
    if made is None or protocol is None or len(problems) > before:
        return None
    record, fields = made
    try:
        return record(**fields, **words)
    except InvalidInput as error:
        problems.extend(f"{reader.where} {problem}" for problem in error.problems)
        return None


def _take_words(lever: LeverReader) -> Words:
    reader = lever.reader
    words: Words = {key: reader.take(key, str) for key in ("name", "reason", "information")}
    source = lever.take("source", str)
    reader.problems.check(
        source is None or source.startswith(SOURCE_KINDS),
        f"{reader.where} has source = {source!r}; begin with one of {', '.join(SOURCE_KINDS)}",
    )
    words |= {"source": source, "information_effect": lever.take_effect(source)}
    words["approval"] = reader.take("approval", str, NO_APPROVAL)
    ends = reader.take_list("gives_up", str, [])
    known = {endpoint.id for endpoint in lever.protocol.endpoints} if lever.protocol else {*ends}
    for endpoint_id in ends:
        told = f"{reader.where} gives up the endpoint {endpoint_id!r}; use some of {', '.join(sorted(known))}"
        reader.problems.check(endpoint_id in known, told)
    words["gives_up"] = tuple(ends)
    held = reader.take("locked", dict, None)
    if held is not None:
        inner = TableReader(held, f"{reader.where} locked", reader.problems)
        lock = _take_lock(LeverReader(inner, lever.protocol), "locked", "by the lever")
        words["locked"] = tuple(lock.find_cells(lever.protocol)) if lock and lever.protocol else ()
    return words


Made = tuple[Callable[..., Lever], Words] | None


def _make(record: Callable[..., Lever], **fields: Any) -> Made:
    """The record with its fields, None where one could not be read."""
    return None if any(value is None for value in fields.values()) else (record, fields)


def _parse_drop(lever: LeverReader) -> Made:
    return _make(DropCells, cells=lever.take_cells(), keep_at_least=lever.take("keep_at_least", int))


def _parse_thin(lever: LeverReader) -> Made:
    visits, activities = lever.take_visits(), lever.take_ids("activity", None)
    least = lever.take("keep_at_least", int)
    most = lever.take("keep_at_most", int, len(visits or ()))
    made = _make(ThinVisits, visit_ids=visits, keep_at_least=least, keep_at_most=most)
    if made is not None:
        made[1]["most_gap_days"] = lever.take("most_gap_days", float, None)
        made[1]["activity_ids"] = tuple(activities or ())
    else:
        lever.reader.take("most_gap_days", float, None)
    return made


def _parse_days(lever: LeverReader) -> Made:
    return _make(ConsolidateDays, visit_ids=lever.take_visits())


def _parse_move(lever: LeverReader) -> Made:
    """Only for home does the ledger say what can be done there; elsewhere the study must."""
    place = lever.reader.choose("place", tuple(str(p) for p in (Place.HOME, Place.LOCAL, Place.REMOTE)))
    activities = lever.take_ids("activity", *((None,) if place == Place.HOME else ()))
    visits, most = lever.take_visits(), lever.take("at_most", int)
    made = _make(MoveVisits, visit_ids=visits, place=Place(place), at_most=most)
    if made is not None:
        made[1]["possible"] = None if activities is None else tuple(activities)
    return made


def _parse_replace(lever: LeverReader) -> Made:
    by = lever.take("by", str)
    kinds = read_evidence().kind_by_name
    if by is not None and by not in kinds:
        known = ", ".join(sorted(name for name, kind in kinds.items() if kind.home_feasible))
        lever.reader.problems.add(f"{lever.where} has by = {by!r}; use a kind of the ledger: {known}")
    elif by is not None:
        told = f"{lever.where} has by = {by!r}, which cannot be done at home; use another kind"
        lever.reader.problems.check(kinds[by].home_feasible, told)
    return _make(ReplaceMeasure, cells=lever.take_cells(), by=by, at_most=lever.take("at_most", int))


def _parse_scans(lever: LeverReader) -> Made:
    cells = lever.take_cells()
    intervals = lever.take("interval_days", list, [])
    tables = lever.take("schedules", list, [])
    told = f"{lever.where} offers no schedule of scans; give interval_days = [...] or schedules = [...]"
    lever.reader.problems.check(bool(intervals or tables), told)
    if cells is None or intervals is None or tables is None or lever.protocol is None:
        return None
    made = [_space_scans(cells, days, lever) for days in intervals]
    made += [_parse_scan_schedule(table, number, lever) for number, table in enumerate(tables, start=1)]
    if any(schedule is None for schedule in made):
        return None
    return _make(SparserImaging, cells=cells, schedules=tuple(made))


def _space_scans(cells: Iterable[CellKey], days: Any, lever: LeverReader) -> ScanSchedule | None:
    """The first scan and every later one that is at least so many days after the one before."""
    problems = lever.reader.problems
    fits = isinstance(days, int | float) and not isinstance(days, bool) and days > 0
    if not problems.check(fits, f"{lever.where} has {days!r} in interval_days; give days above 0"):
        return None
    assert lever.protocol is not None
    visits = [lever.protocol.visit_by_id[v] for v in dict.fromkeys(visit_id for visit_id, _ in cells)]
    for visit in visits:
        told = f"{lever.where} needs the day of {visit.id!r}; give one, or name schedules by their visits"
        problems.check(visit.offset_days is not None, told)
    kept: list[str] = []
    last: float | None = None
    for offset, visit_id in sorted((v.offset_days, v.id) for v in visits if v.offset_days is not None):
        if last is None or offset - last >= days:
            kept.append(visit_id)
            last = offset
    return ScanSchedule(f"at least {days:g} days apart", tuple(kept))


def _parse_scan_schedule(table: Any, number: int, lever: LeverReader) -> ScanSchedule | None:
    inner = LeverReader(
        TableReader(table, f"{lever.where} schedules {number}", lever.reader.problems), lever.protocol
    )
    name, visits = inner.take("name", str), inner.take_visits()
    source = inner.take("source", str, None)
    effect = inner.take_effect(source)
    inner.reader.close()
    return None if name is None or visits is None else ScanSchedule(name, visits, effect)


def _parse_safety(lever: LeverReader) -> Made:
    return _make(SelectiveSafety, cells=lever.take_cells())


def _parse_broaden(lever: LeverReader) -> Made:
    ids = lever.take_ids("criterion")
    return _make(BroadenCriterion, criterion_ids=None if ids is None else tuple(ids))


def _parse_adjust(lever: LeverReader) -> Made:
    names = take_known(lever.reader, lambda: lever.reader.take_list("covariates", str))
    return _make(AdjustForCovariates, covariates=None if names is None else tuple(names))


def _parse_borrow(lever: LeverReader) -> Made:
    return _make(BorrowControls, at_most_patients=lever.take("at_most_patients", int))


def _parse_design(lever: LeverReader) -> Made:
    reader = lever.reader
    fields: Words = {}
    for key, kind in (("patients", int), ("ratios", float), ("follow_up_months", float)):
        held = take_known(reader, lambda k=key, t=kind: reader.take_list(k, t, []))
        fields[key] = None if held is None else tuple(held)
    looks = lever.take("looks", list, [])
    fits = looks is None or all(
        isinstance(rates, list) and all(isinstance(x, int | float) for x in rates) for rates in looks
    )
    told = f"{reader.where} has looks = {looks!r}; give lists of information rates such as [[0.5, 1.0]]"
    if not reader.problems.check(fits, told) or looks is None:
        return None
    return _make(ChangeDesign, looks=tuple(tuple(float(x) for x in rates) for rates in looks), **fields)


_PARSERS: Mapping[str, Callable[[LeverReader], Made]] = {
    "drop-cells": _parse_drop,
    "thin-visits": _parse_thin,
    "consolidate-days": _parse_days,
    "move-visits": _parse_move,
    "replace-measure": _parse_replace,
    "sparser-imaging": _parse_scans,
    "selective-safety": _parse_safety,
    "broaden-criterion": _parse_broaden,
    "adjust-for-covariates": _parse_adjust,
    "borrow-controls": _parse_borrow,
    "change-design": _parse_design,
}


def parse_lock(reader: TableReader, protocol: Protocol | None) -> Lock | None:
    """The lock of a table, None where it has a problem."""
    lever = LeverReader(reader, protocol)
    name, reason = lever.take("name", str), lever.take("reason", str)
    return _take_lock(lever, name, reason)


def _take_lock(lever: LeverReader, name: str | None, reason: str | None) -> Lock | None:
    before = len(lever.reader.problems)
    visits, activities = lever.take_ids("visit", None), lever.take_ids("activity", None)
    lever.reader.close()
    if name is None or reason is None or len(lever.reader.problems) > before:
        return None
    try:
        lock = Lock(name, reason, tuple(visits or ()), tuple(activities or ()))
    except InvalidInput as error:
        lever.reader.problems.extend(f"{lever.where} {problem}" for problem in error.problems)
        return None
    if lever.protocol is not None:
        told = f"{lever.where} locks no cell, as none of its activities is done at its visits; correct it"
        lever.reader.problems.check(any(True for _ in lock.find_cells(lever.protocol)), told)
    return lock

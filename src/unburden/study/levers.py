"""What a study allows to change, checked against the protocol."""

from collections.abc import Mapping
from typing import Any

from unburden.data.tables import TableReader
from unburden.domain.estimate import SOURCE_KINDS
from unburden.domain.levers import DropCells, Lever, MoveVisits
from unburden.domain.protocol import Place, Protocol, Purpose
from unburden.search.schedule import ScheduleProblem, check_levers
from unburden.study.parts import Parts, check_distinct, take_known


def parse_levers(
    tables: list[Any], protocol: Protocol | None, outcome_activity: str | None, parts: Parts
) -> tuple[Lever, ...]:
    """The levers without problems, none of which may drop what the primary outcome rests on.

    Without a protocol only their own keys are checked, and there are none.
    """
    primary = find_primary_activities(protocol, outcome_activity) if protocol else frozenset()
    read = [
        _parse_lever(TableReader(table, f"[[levers]] {number}", parts.problems), protocol, primary)
        for number, table in enumerate(tables, start=1)
    ]
    levers = tuple(lever for lever in read if lever)
    names = [lever.name for lever in levers]
    parts.problems.check(len(set(names)) == len(names), "two levers have one name; rename one")
    if protocol:
        problem = ScheduleProblem(protocol, levers, (), {}, {}, frozenset())
        parts.attempt(lambda: check_levers(problem))
    return levers


def find_primary_activities(protocol: Protocol, outcome_activity: str | None) -> frozenset[str]:
    """Activities that the primary outcome rests on, with those whose timeline holds one of them.

    They are those with that purpose, those traced to a primary endpoint, and the one that the
    scenario names.
    """
    ends = {e.id for e in protocol.endpoints if e.level.lower().startswith("primary")}
    found = {a.id for a in protocol.activities if a.purpose is Purpose.PRIMARY or ends & {*a.endpoint_ids}}
    if outcome_activity is not None and outcome_activity in protocol.activity_by_id:
        found.add(outcome_activity)
    timelines = {visit.id: visit.timeline_id for visit in protocol.visits}
    size = -1
    while len(found) > size:
        size = len(found)
        inside = {timelines[cell.visit_id] for cell in protocol.cells if cell.activity_id in found}
        found |= {a.id for a in protocol.activities if a.timeline_id in inside}
    return frozenset(found)


def _parse_lever(reader: TableReader, protocol: Protocol | None, primary: frozenset[str]) -> Lever | None:
    problems, where = reader.problems, reader.where
    before = len(problems)
    kind = take_known(reader, lambda: reader.choose("type", ("drop-cells", "move-visits")))
    words = {key: reader.take(key, str) for key in ("name", "reason", "information")}
    source = take_known(reader, lambda: reader.take("source", str))
    problems.check(
        source is None or source.startswith(SOURCE_KINDS),
        f"{where} has source = {source!r}; begin with one of {', '.join(SOURCE_KINDS)}",
    )
    visit_ids = take_known(reader, lambda: reader.take_list("visits", str, None))
    lever: Lever | None = None
    if kind == "drop-cells":
        lever = _parse_drop(reader, visit_ids, {**words, "source": source}, protocol, primary)
    elif kind == "move-visits":
        lever = _parse_move(reader, visit_ids, {**words, "source": source}, protocol)
    return lever if len(problems) == before else None


def _check_ids(
    kind: str, ids: list[str] | None, known: Mapping[str, Any] | None, reader: TableReader
) -> None:
    """Add a problem for a list without ids, and for ids that stand twice or are not known."""
    key = {"visit": "visits", "activity": "activities"}[kind]
    if ids is None:
        return
    rest = "; name at least one" + (", or leave it out to mean all" if kind == "visit" else "")
    reader.problems.check(bool(ids), f"{reader.where} has {key} = []{rest}")
    check_distinct(ids, reader.where, key, reader.problems)
    for one in ids if known is not None else ():
        told = f"{reader.where} names the {kind} {one!r}; use one of {', '.join(known or ())}"
        reader.problems.check(known is None or one in known, told)


def _parse_drop(
    reader: TableReader,
    visit_ids: list[str] | None,
    words: dict[str, Any],
    protocol: Protocol | None,
    primary: frozenset[str],
) -> DropCells | None:
    problems, where = reader.problems, reader.where
    before = len(problems)
    _check_ids("visit", visit_ids, protocol.visit_by_id if protocol else None, reader)
    activities = take_known(reader, lambda: reader.take_list("activities", str))
    keep = take_known(reader, lambda: reader.take("keep_at_least", int))
    reader.close()
    _check_ids("activity", activities, protocol.activity_by_id if protocol else None, reader)
    for activity_id in activities or ():
        problems.check(
            activity_id not in primary,
            f"{where} would drop {activity_id!r}, on which the primary outcome rests; leave it out",
        )
    if protocol is None or activities is None:
        return None
    cells = _find_cells(activities, visit_ids, protocol, reader)
    if keep is None or len(problems) > before:  # what cells there are is not known
        return None
    told = f"{where} keeps at least {keep} of {len(cells)} cells; give 0 to {len(cells)}"
    problems.check(0 <= keep <= len(cells), told)
    return DropCells(cells=cells, keep_at_least=keep, **words)


def _find_cells(
    activities: list[str], visit_ids: list[str] | None, protocol: Protocol, reader: TableReader
) -> tuple[tuple[str, str], ...]:
    """The cells of some activities, at some visits or at all that have them; none may be a guess."""
    present = {cell.key for cell in protocol.cells}
    cells: list[tuple[str, str]] = []
    for activity_id in (one for one in activities if one in protocol.activity_by_id):
        having = [v.id for v in protocol.main_visits if (v.id, activity_id) in present]
        wanted = having if visit_ids is None else [v for v in visit_ids if v in protocol.visit_by_id]
        for visit_id in wanted:
            told = f"{reader.where}: the protocol has no {activity_id!r} at {visit_id!r}; leave it out"
            if reader.problems.check((visit_id, activity_id) in present, told):
                cells.append((visit_id, activity_id))
    return tuple(cells)


def _parse_move(
    reader: TableReader, visit_ids: list[str] | None, words: dict[str, Any], protocol: Protocol | None
) -> MoveVisits | None:
    problems, where = reader.problems, reader.where
    _check_ids("visit", visit_ids, protocol.visit_by_id if protocol else None, reader)
    place = Place(reader.choose("place", (str(Place.HOME),)))
    most = take_known(reader, lambda: reader.take("at_most", int))
    reader.close()
    problems.check("visits" in reader.table, f"{where} names no visits; give visits = [...]")
    if visit_ids is None or most is None:
        return None
    told = f"{where} moves at most {most} of {len(visit_ids)} visits; give 0 to {len(visit_ids)}"
    problems.check(0 <= most <= len(visit_ids), told)
    return MoveVisits(visit_ids=tuple(visit_ids), place=place, at_most=most, **words)

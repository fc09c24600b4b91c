"""How the trial is run, as the study's folder declares it: cycles, curves, unscheduled visits, views."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from unburden.data.protocols import read_protocol
from unburden.data.tables import TableReader
from unburden.domain.burden import BurdenView, Evidence, PatientState, TimeOnStudy
from unburden.domain.conduct import Conduct, UnscheduledVisits
from unburden.domain.cycles import Clock, Recurrence
from unburden.domain.errors import Problems
from unburden.domain.protocol import Protocol
from unburden.simulation.hazards import derive_exponential_course
from unburden.study.parts import Parts, take_known

DECLARED = "declared by the study"
UNSCHEDULED_RATE = "unscheduled.per_100_days"


def parse_conduct(table: Mapping[str, Any], protocol: Protocol | None, parts: Parts) -> Conduct | None:
    """The study's `[conduct]`; None with its problems told.

    `cycle_days`, `delay_days` and `horizon_days` in days; `[[conduct.recurrences]]` says for visits
    by id when they happen; `[conduct.unscheduled]` how often patients come unscheduled.
    """
    before = len(parts.problems)
    reader = TableReader(table, "[conduct]", parts.problems)
    cycle = reader.take("cycle_days", float, None)
    delay = reader.take("delay_days", float, 0.0)
    horizon = reader.take("horizon_days", float, None)
    tables = reader.take("recurrences", list, [])
    unscheduled = reader.take("unscheduled", dict, None)
    reader.close()
    for name, days in (("cycle_days", cycle), ("horizon_days", horizon)):
        fits = days is None or 0 < days <= 36_525
        parts.problems.check(fits, f"[conduct] has {name} = {days}; give days above 0, up to 100 years")
    parts.problems.check(0 <= delay <= 36_525, f"[conduct] has delay_days = {delay}; give at least 0")
    recurrences: dict[str, Recurrence] = {}
    for number, each in enumerate(tables, start=1):
        found = _parse_recurrence(each, f"[[conduct.recurrences]] {number}", cycle, protocol, parts)
        for visit_id in found:
            told = f"[[conduct.recurrences]] {number} names the visit {visit_id!r} a second time; keep one"
            parts.problems.check(visit_id not in recurrences, told)
        recurrences |= found
    visits = _parse_unscheduled(unscheduled, protocol, parts)
    if len(parts.problems) > before:
        return None
    return Conduct(cycle, delay, horizon, recurrences, visits)


def _parse_recurrence(
    table: Any, where: str, cycle_days: float | None, protocol: Protocol | None, parts: Parts
) -> dict[str, Recurrence]:
    reader = TableReader(table, where, parts.problems)
    ids = reader.take_list("visits", str)
    first = take_known(reader, lambda: reader.take("first_day", float))
    every = take_known(reader, lambda: reader.take("every_days", float, None))
    last = take_known(reader, lambda: reader.take("last_day", float, None))
    clock: Clock = "cycle" if reader.choose("clock", get_args(Clock), "calendar") == "cycle" else "calendar"
    states = get_args(PatientState)
    until = reader.choose("until", states, "treatment")
    after = reader.choose("after", states, None) if reader.has("after") else None
    reader.take("after", str, None)
    reader.close()
    if protocol:
        known = protocol.visit_by_id
        for visit_id in ids:
            told = f"{where} names the visit {visit_id!r}; use one of {', '.join(known)}"
            parts.problems.check(visit_id in known, told)
    if first is None:
        return {}
    length = cycle_days or every
    found = parts.attempt(
        lambda: Recurrence(
            (first,), every, clock, until, DECLARED, where, after, last, length  # type: ignore[arg-type]
        )
    )  # fmt: skip
    return dict.fromkeys(ids, found) if found else {}


def _parse_unscheduled(table: Any, protocol: Protocol | None, parts: Parts) -> UnscheduledVisits | None:
    """`[conduct.unscheduled]`: visits in 100 days on study with their range, and what is done then."""
    if table is None:
        return None
    reader = TableReader(table, "[conduct.unscheduled]", parts.problems)
    value, low, high = (
        take_known(reader, lambda key=key: reader.take(key, float)) for key in ("per_100_days", "low", "high")
    )
    source, grade = reader.take("source", str), reader.take("grade", str)
    ids = reader.take_list("activities", str, [])
    reader.close()
    if protocol:
        for activity_id in ids:
            told = f"[conduct.unscheduled] names the activity {activity_id!r}, which the protocol lacks"
            parts.problems.check(activity_id in protocol.activity_by_id, told)
    if value is None or low is None or high is None:
        return None
    told = "Unscheduled visits at the site in 100 days on study"
    rate = parts.attempt(
        lambda: Evidence(UNSCHEDULED_RATE, told, value, low, high, "1", source, grade)  # type: ignore[arg-type]
    )
    return UnscheduledVisits(rate, tuple(ids)) if rate else None


def parse_curves(tables: list[Any], protocol: Protocol | None, parts: Parts) -> tuple[TimeOnStudy, ...]:
    """`[[curves]]`: how long patients stay on treatment, free of progression or alive.

    Either `days` and `shares` (a step function) or `median_days` (exponential). One for each state
    and arm.
    """
    curves: list[TimeOnStudy] = []
    for number, table in enumerate(tables, start=1):
        where = f"[[curves]] {number}"
        reader = TableReader(table, where, parts.problems)
        before = len(parts.problems)
        state: Any = reader.choose("state", get_args(PatientState)[1:])
        arm, source = reader.take("arm", str, None), reader.take("source", str)
        median = reader.take("median_days", float, None)
        days = reader.take_list("days", float, None if median is not None else [])
        shares = reader.take_list("shares", float, None if median is not None else [])
        reader.close()
        arms = [a.id for a in protocol.arms] if protocol else []
        fits = arm is None or not protocol or arm in arms
        parts.problems.check(fits, f"{where} has arm = {arm!r}; use one of {', '.join(arms)}")
        told = f"{where} needs median_days, or days and shares; give one of both"
        parts.problems.check((median is not None) != bool(days), told)
        fits = median is None or 0 < median <= 36_525
        parts.problems.check(fits, f"{where} has median_days = {median}; give days above 0")
        if len(parts.problems) > before:
            continue
        if median is not None:
            days, shares = derive_exponential_course(median)
        steps = tuple(days), tuple(shares)
        curve = parts.attempt(lambda s=steps, w=source, a=arm, t=state: TimeOnStudy(*s, w, a, t))
        if curve:
            told = f"{where} is a second curve of the state {state!r} for {arm or 'every arm'}; keep one"
            keys = {(c.state, c.arm_id) for c in curves}
            parts.problems.check((state, arm) not in keys, told)
            curves.append(curve)
    return tuple(curves)


def parse_views(tables: list[Any], parts: Parts) -> tuple[BurdenView, ...]:
    """`[[views]]`: scalars that the study declares, each with named weights and who answers for them."""
    views: list[BurdenView] = []
    for number, table in enumerate(tables, start=1):
        where = f"[[views]] {number}"
        before = len(parts.problems)
        reader = TableReader(table, where, parts.problems)
        name, unit, source = (reader.take(key, str) for key in ("name", "unit", "source"))
        weights = reader.take("weights", dict)
        reader.close()
        numbers = {
            k: float(w) for k, w in weights.items() if isinstance(w, int | float) and not isinstance(w, bool)
        }
        for key in weights.keys() - numbers.keys():
            parts.problems.add(f"{where} weighs {key!r} by {weights[key]!r}; give a number")
        if len(parts.problems) == before:
            view = parts.attempt(lambda n=name, w=numbers, u=unit, s=source: BurdenView(n, w, u, s))
            views += [view] if view else []
    names = [view.name for view in views]
    for name in dict.fromkeys(names):
        parts.problems.check(names.count(name) == 1, f"two views are named {name!r}; give each its own name")
    return tuple(views)


def parse_standard_of_care(table: Any, folder: Path, parts: Parts) -> Protocol | None:
    """`[standard_of_care]`: the schedule that the same patients would have outside the trial."""
    if table is None:
        return None
    reader = TableReader(table, "[standard_of_care]", parts.problems)
    file = take_known(reader, lambda: reader.take("protocol", str))
    reader.close()
    return parts.attempt(lambda: read_protocol(folder / file)) if file else None


def check_views(views: tuple[BurdenView, ...], known: tuple[str, ...], problems: Problems) -> None:
    """Add a problem for each dimension that a view weighs and no score has."""
    for view in views:
        for name in view.weights:
            told = f"[[views]] {view.name!r} weighs {name!r}; use one of {', '.join(known)}"
            problems.check(name in known, told)

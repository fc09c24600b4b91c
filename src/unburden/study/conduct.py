"""How the trial is run, as the study's folder declares it: cycles, curves, unscheduled visits, views."""

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

from unburden.data.protocols import read_protocol
from unburden.data.tables import TableReader, show_value
from unburden.domain.burden import BurdenView, Evidence, PatientState, TimeOnStudy
from unburden.domain.conduct import Conduct, UnscheduledVisits
from unburden.domain.cycles import Clock, Recurrence
from unburden.domain.errors import Problems
from unburden.domain.protocol import MOST_DAYS, Protocol
from unburden.simulation.hazards import derive_exponential_course
from unburden.study.parts import Parts, check_distinct, take_known

DECLARED = "declared by the study"
UNSCHEDULED_RATE = "unscheduled.per_100_days"

MOST_UNSCHEDULED = 100.0
"""In 100 days: one on every day, because a date counts once."""

LEAST_EXCESS = 0.02
"""By so much a curve may pass another that it lies within: both are read off or rounded."""


def parse_conduct(table: Mapping[str, Any], protocol: Protocol | None, parts: Parts) -> Conduct | None:
    """The study's `[conduct]`; None with its problems told.

    `cycle_days`, `delay_days` and `horizon_days` in days; `[[conduct.recurrences]]` says for visits
    by id when they happen; `[conduct.unscheduled]` how often patients come unscheduled.
    """
    before = len(parts.problems)
    reader = TableReader(table, "[conduct]", parts.problems)
    cycle, horizon = (_take_days(reader, key, 1.0, None) for key in ("cycle_days", "horizon_days"))
    delay = _take_days(reader, "delay_days", 0.0, 0.0) or 0.0
    tables = reader.take("recurrences", list, [])
    unscheduled = take_known(reader, lambda: reader.take("unscheduled", dict, None))
    reader.close()
    recurrences: dict[str, Recurrence] = {}
    for number, each in enumerate(tables, start=1):
        where = f"[[conduct.recurrences]] {number}"
        found = _parse_recurrence(each, where, cycle, protocol, parts)
        for visit_id, recurrence in found.items():
            first = recurrence.lead_days[0]
            never = horizon is not None and recurrence.after is None and first > horizon
            told = f"{where} has first_day = {first:g}, after the horizon; give an earlier day"
            parts.problems.check(not never, f"{told} or a later horizon_days")
            told = f"[[conduct.recurrences]] {number} names the visit {visit_id!r} a second time; keep one"
            parts.problems.check(visit_id not in recurrences, told)
        recurrences |= found
    visits = _parse_unscheduled(unscheduled, protocol, parts)
    if len(parts.problems) > before:
        return None
    return Conduct(cycle, delay, horizon, recurrences, visits)


def _take_days(reader: TableReader, key: str, least: float, default: float | None) -> float | None:
    """So many days, up to 100 years; None where there are none or they do not fit."""
    days = take_known(reader, lambda: reader.take(key, float, default))
    if days is None:
        return None
    told = f"{reader.where} has {key} = {days:g}; give days from {least:g} to {MOST_DAYS:,} (100 years)"
    return days if reader.problems.check(least <= days <= MOST_DAYS, told) else None


def _parse_recurrence(
    table: Any, where: str, cycle_days: float | None, protocol: Protocol | None, parts: Parts
) -> dict[str, Recurrence]:
    reader = TableReader(table, where, parts.problems)
    ids = reader.take_list("visits", str)
    before = len(parts.problems)
    first = reader.take("first_day", float)
    every, last = reader.take("every_days", float, None), reader.take("last_day", float, None)
    clock: Any = reader.choose("clock", get_args(Clock), "calendar")
    states = get_args(PatientState)
    until: Any = reader.choose("until", states, "treatment")
    after: Any = reader.choose("after", states, None)
    is_known = len(parts.problems) == before
    reader.close()
    is_list = isinstance(reader.table.get("visits"), list)
    parts.problems.check(
        bool(ids) or not is_list or bool(reader.table["visits"]), f"{where} names no visit; give at least one"
    )
    check_distinct(ids, where, "visits", parts.problems)
    if protocol:
        known = protocol.visit_by_id
        for visit_id in ids:
            told = f"{where} names the visit {visit_id!r}; use one of {', '.join(known)}"
            parts.problems.check(visit_id in known, told)
    if not is_known:
        return {}
    length = cycle_days or every
    found = parts.attempt(
        lambda: Recurrence((first,), every, clock, until, DECLARED, where, after, last, length), where
    )
    return dict.fromkeys(ids, found) if found else {}


def _parse_unscheduled(table: Any, protocol: Protocol | None, parts: Parts) -> UnscheduledVisits | None:
    """`[conduct.unscheduled]`: visits in 100 days on study with their range, and what is done then."""
    if table is None:
        return None
    where = "[conduct.unscheduled]"
    reader = TableReader(table, where, parts.problems)
    before = len(parts.problems)
    value, low, high = (reader.take(key, float) for key in ("per_100_days", "low", "high"))
    source = reader.take("source", str)
    grade: Any = reader.take("grade", str)
    is_known = len(parts.problems) == before
    ids = reader.take_list("activities", str, [])
    reader.close()
    check_distinct(ids, where, "activities", parts.problems)
    if protocol:
        for activity_id in ids:
            known = protocol.activity_by_id
            told = f"{where} names the activity {activity_id!r}; use one of {', '.join(known)}"
            parts.problems.check(activity_id in known, told)
    if not is_known:
        return None
    told = f"{where} has high = {high:g}; give at most {MOST_UNSCHEDULED:g}, one on every day"
    parts.problems.check(not high > MOST_UNSCHEDULED, told)
    told = "Unscheduled visits at the site in 100 days on study"
    rate = parts.attempt(
        lambda: Evidence(UNSCHEDULED_RATE, told, value, low, high, "1", source, grade), where
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
        median = _take_days(reader, "median_days", 1.0, None)
        days, shares = reader.take_list("days", float, []), reader.take_list("shares", float, [])
        reader.close()
        early = [day for day in days if day < 0]
        told = f"{where} has {early[:1]} in days; give days from the reference, day 0, on"
        parts.problems.check(not early, told)
        arms = [a.id for a in protocol.arms] if protocol else []
        fits = arm is None or not protocol or arm in arms
        parts.problems.check(fits, f"{where} has arm = {arm!r}; use one of {', '.join(arms)}")
        told = f"{where} needs median_days, or days and shares; give one of both"
        if len(parts.problems) == before:
            is_stepped = reader.has("days") or reader.has("shares")
            parts.problems.check((median is not None) != is_stepped and is_stepped == bool(days), told)
        if len(parts.problems) > before:
            continue
        if median is not None:
            days, shares = derive_exponential_course(median)
        steps = tuple(days), tuple(shares)
        curve = parts.attempt(lambda s=steps, w=source, a=arm, t=state: TimeOnStudy(*s, w, a, t), where)
        if curve:
            told = f"{where} is a second curve of the state {state!r} for {arm or 'every arm'}; keep one"
            keys = {(c.state, c.arm_id) for c in curves}
            parts.problems.check((state, arm) not in keys, told)
            curves.append(curve)
    return tuple(curves)


def check_curves(curves: tuple[TimeOnStudy, ...], problems: Problems) -> None:
    """Add a problem for each curve by which patients go on after they have died."""
    for one, other in combinations(curves, 2):
        alive, within = (one, other) if one.state == "alive" else (other, one)
        if alive.state != "alive" or alive.arm_id != within.arm_id:
            continue
        for day in sorted({*alive.days, *within.days}):
            lives, stays = alive.share_at(day), within.share_at(day)
            told = (
                f"on day {day:g} more patients are in the state {within.state!r} ({stays:.3g}) than alive "
                f"({lives:.3g}), by the curves of {alive.arm_id or 'every arm'}; correct one of them"
            )
            if not problems.check(stays <= lives + LEAST_EXCESS, told):
                break


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
        scales = TableReader(weights, f"{where} weights", parts.problems)
        numbers = {key: scales.take(key, float) for key in weights}
        fits = bool(name.strip()) or len(parts.problems) > before
        parts.problems.check(fits, f"{where} has an empty name; name it")
        if len(parts.problems) == before:
            at = f"{where} ({show_value(name)})"
            view = parts.attempt(lambda n=name, w=numbers, u=unit, s=source: BurdenView(n, w, u, s), at)
            views += [view] if view else []
    names = [view.name for view in views]
    for name in dict.fromkeys(names):
        told = f"two views are named {show_value(name)}; give each its own name"
        parts.problems.check(names.count(name) == 1, told)
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
            at = f"[[views]] {show_value(view.name)} weighs {show_value(name)}"
            problems.check(name in known, f"{at}; use one of {', '.join(known)}")

"""Times in patients' tables, and from them or the scenario how long patients keep the schedule."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from unburden.data.tables import TableReader
from unburden.domain.burden import TimeOnStudy
from unburden.domain.cohort import Cohort
from unburden.domain.errors import InvalidStudy, Problems
from unburden.domain.protocol import Protocol
from unburden.domain.scenario import DAYS_PER_MONTH, PiecewiseHazard, Scenario, TimeToEvent
from unburden.domain.study import describe_kind
from unburden.domain.units import DIMENSION_BY_UNIT, convert_value
from unburden.simulation.hazards import derive_survival, estimate_time_on_study, find_time_problems
from unburden.study.parts import Patients, take_known

TIMES = tuple(unit for unit, dimension in DIMENSION_BY_UNIT.items() if dimension == "time")


def find_column_problems(cohort: Cohort, name: str) -> list[str]:
    """Why a column cannot hold times; one without a declared unit is taken to hold days."""
    column, unit = cohort.frame[name], cohort.unit_by_column.get(name, "day")
    if column.null_count() == column.len():
        return [f"column {name!r} is empty; name one that holds a time"]
    if not column.dtype.is_numeric():
        return [f"column {name!r} holds {describe_kind(column)}; name one that holds a time"]
    if unit == "":
        return [f"column {name!r} is declared without a unit; give its unit, such as day"]
    if unit not in TIMES:
        return [f"column {name!r} is in {unit}, which is no time; give a time in {', '.join(TIMES)}"]
    return []


def take_days(column: pl.Series, cohort: Cohort) -> list[float]:
    """The times of a column, in days; unknown ones are left out."""
    unit = cohort.unit_by_column.get(column.name, "day")
    times = column.drop_nulls().cast(pl.Float64)
    return (times if unit == "day" else times * convert_value(1.0, unit, "day")).to_list()


def parse_time_on_study(
    table: Mapping[str, Any],
    scenario: Scenario | None,
    is_continuous: bool | None,
    patients: Patients,
    protocol: Protocol | None,
    allocation_ratio: float | None,
    horizon_days: float | None = None,
) -> tuple[TimeOnStudy, ...] | None:
    """Who is still on schedule when: `from` "scenario", "cohort" or "complete".

    "scenario": until the event or dropout, on average over the arms. "cohort": Kaplan-Meier of
    the column `time` (until the patient left, in its declared unit, else days; null: never
    started), all of them observed to the end. "complete": everyone completes the schedule. None
    where another part that it rests on could not be read. Raises `InvalidStudy`.
    """
    problems = Problems("[time_on_study]")
    reader = TableReader(table, "[time_on_study]", problems)
    kind = take_known(reader, lambda: reader.choose("from", ("scenario", "cohort", "complete")))
    column = None
    if kind in ("cohort", None):
        column = take_known(reader, lambda: reader.take("time", str, *(() if kind else (None,))))
    reader.close()
    fits = kind != "cohort" or patients.is_declared
    problems.check(fits, "from = 'cohort' needs a [cohort]; add one, or use 'scenario' or 'complete'")
    fits = kind != "scenario" or not is_continuous
    problems.check(fits, "from = 'scenario' needs a time-to-event outcome; use 'cohort' or 'complete'")
    days = None
    if kind == "cohort" and column is not None and patients.cohort is not None:
        days = _read_days(patients.cohort, column, problems)
    problems.raise_if_any(InvalidStudy)
    if kind == "complete":
        return ()
    if kind == "cohort":
        if days is None or patients.cohort is None:
            return None
        source = f"{patients.cohort.source}, days on study of {len(days)} patients"
        return (estimate_time_on_study(days, [True] * len(days), source),)
    if scenario is None or protocol is None or allocation_ratio is None:
        return None
    treated = allocation_ratio / (1 + allocation_ratio)
    return (_derive_time_on_study(scenario, protocol, treated, horizon_days),)


def _read_days(cohort: Cohort, column: str, problems: Problems) -> list[float] | None:
    """The days on study of those who started, or None with a problem."""
    names = ", ".join(cohort.frame.columns)
    if not problems.check(
        column in cohort.frame.columns, f"the cohort has no column {column!r}; it has {names}"
    ):
        return None
    found = find_column_problems(cohort, column)
    if not found:
        days = take_days(cohort.frame[column], cohort)
        found = [f"column {column!r}: {problem}" for problem in find_time_problems(days)]
        if not found:
            return days
    problems.extend(found)
    return None


def _derive_time_on_study(
    scenario: Scenario, protocol: Protocol, treated: float, horizon_days: float | None
) -> TimeOnStudy:
    """Share free of event and dropout on each day with a visit, the arms averaged by their patients.

    Every day up to the horizon where there is one: what recurs may fall on any.
    """
    assert isinstance(scenario.outcome, TimeToEvent)
    dropout = PiecewiseHazard((0.0,), (max(scenario.dropout_hazard_per_month, 1e-12),))
    reached = {v.calendar_day for v in protocol.main_visits if v.calendar_day and v.calendar_day > 0}
    if horizon_days is not None:
        reached |= set(range(1, int(horizon_days) + 1))
    days = tuple(float(day) for day in sorted(reached))
    shares = []
    for day in days:
        month = day / DAYS_PER_MONTH
        control = derive_survival(scenario.outcome.control, month)
        treatment = derive_survival(scenario.outcome.treatment, month)
        free = (1 - treated) * control + treated * treatment
        shares.append(derive_survival(dropout, month) * free)
    return TimeOnStudy(
        days, tuple(shares), f"model:event and dropout of the scenario {scenario.name!r}, both arms averaged"
    )

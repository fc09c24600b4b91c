"""The world that a study declares, parts of it estimated from its patients."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from unburden.data.tables import TableReader
from unburden.domain.burden import TimeOnStudy
from unburden.domain.cohort import Attrition, Cohort
from unburden.domain.errors import InvalidStudy, Problems
from unburden.domain.estimate import Estimate, exact
from unburden.domain.protocol import Protocol
from unburden.domain.scenario import (
    DAYS_PER_MONTH,
    Accrual,
    Continuous,
    PiecewiseHazard,
    Scenario,
    TimeToEvent,
)
from unburden.simulation.hazards import derive_survival, estimate_piecewise_hazard, estimate_time_on_study

Inputs = dict[str, Estimate]


def parse_scenario(
    table: Mapping[str, Any], cohort: Cohort | None, attrition: Attrition | None
) -> tuple[Scenario, Inputs]:
    """The scenario and the numbers that it rests on.

    A control hazard `from = "cohort"` is estimated from the patients that pass the criteria.
    Raises `InvalidStudy`.
    """
    problems = Problems("[scenario]")
    reader = TableReader(table, "[scenario]", problems)
    name, dropout = reader.take("name", str), reader.take("dropout_per_year", float)
    starts = reader.take_list("accrual_start_months", float)
    rates = reader.take_list("accrual_per_month", float)
    sources = tuple(reader.take_list("sources", str))
    outcome = TableReader(reader.take("outcome", dict), "[scenario.outcome]", problems)
    reader.close()
    inputs: Inputs = {}
    kind = outcome.choose("type", ("time-to-event", "continuous"))
    made = None
    if not len(problems):
        parse = _parse_time_to_event if kind == "time-to-event" else _parse_continuous
        made = parse(outcome, cohort, attrition, sources, inputs)
        outcome.close()
    problems.raise_if_any(InvalidStudy)
    assert made is not None
    scenario = Scenario(name, Accrual(tuple(starts), tuple(rates)), made, dropout, sources)
    inputs["dropout per year"] = exact(dropout, "1", *sources)
    inputs["accrual at full speed"] = exact(rates[-1], "patient/month", *sources)
    return scenario, inputs


def _parse_time_to_event(outcome, cohort, attrition, sources, inputs: Inputs) -> TimeToEvent | None:
    name, ratio = outcome.take("name", str), outcome.take("hazard_ratio", float)
    problems = outcome.problems
    problems.check(
        0 < ratio < 1, f"[scenario.outcome] has hazard_ratio = {ratio}; give a number between 0 and 1"
    )
    control = TableReader(outcome.take("control", dict), "[scenario.outcome.control]", problems)
    starts = tuple(control.take_list("start_months", float))
    if control.take("from", str, "") == "cohort":
        time, event = control.take("time", str), control.take("event", str)
        control.close()
        if len(problems):
            return None
        hazard, rates = _estimate_control(cohort, attrition, time, event, starts)
    else:
        rates_given, source = control.take_list("per_month", float), control.take("source", str)
        control.close()
        if len(problems):
            return None
        hazard = PiecewiseHazard(starts, tuple(rates_given))
        rates = tuple(exact(rate, "1/month", source) for rate in rates_given)
    for start, rate in zip(starts, rates, strict=True):
        inputs[f"control hazard from month {start:g}"] = rate
    inputs["hazard ratio hoped for"] = exact(ratio, "1", *sources)
    treated = PiecewiseHazard(hazard.start_months, tuple(ratio * rate for rate in hazard.per_month))
    return TimeToEvent(name, hazard, treated)


def _estimate_control(
    cohort: Cohort | None, attrition: Attrition | None, time: str, event: str, starts: tuple[float, ...]
) -> tuple[PiecewiseHazard, tuple[Estimate, ...]]:
    problems = Problems("[scenario.outcome.control]")
    if cohort is None or attrition is None:
        problems.add("from = 'cohort' needs a [cohort] that can be screened")
        problems.raise_now(InvalidStudy)
    for column in (time, event):
        problems.check(
            column in cohort.frame.columns,
            f"the cohort has no column {column!r}; it has {', '.join(cohort.frame.columns)}",
        )
    problems.raise_if_any(InvalidStudy)
    problems.check(cohort.frame[event].dtype == pl.Boolean, f"column {event!r} must hold true and false")
    problems.check(cohort.frame[time].dtype.is_numeric(), f"column {time!r} must hold days")
    problems.raise_if_any(InvalidStudy)
    frame = cohort.frame[list(attrition.eligible_rows)].select(time, event).drop_nulls()
    problems.check(frame.height > 0, "no patient passes the criteria; the hazard cannot be estimated")
    problems.raise_if_any(InvalidStudy)
    source = f"{cohort.source}, {frame.height} patients who pass the criteria"
    return estimate_piecewise_hazard(frame[time].to_list(), frame[event].to_list(), starts, source)


def _parse_continuous(outcome, cohort, attrition, sources, inputs: Inputs) -> Continuous | None:
    name = outcome.take("name", str)
    difference, sd = outcome.take("mean_difference", float), outcome.take("sd", float)
    month, unit = outcome.take("assessed_month", float), outcome.take("unit", str)
    if len(outcome.problems):
        return None
    inputs["mean difference hoped for"] = exact(difference, unit, *sources)
    inputs["standard deviation"] = exact(sd, unit, *sources)
    return Continuous(name, difference, sd, month)


def parse_time_on_study(
    table: Mapping[str, Any],
    scenario: Scenario,
    cohort: Cohort | None,
    protocol: Protocol,
    allocation_ratio: float,
) -> tuple[TimeOnStudy, ...]:
    """Who is still on schedule when: `from` "scenario", "cohort" or "complete".

    "scenario": until the event or dropout, on average over the arms. "cohort": Kaplan-Meier of
    the column `time` (days until the patient left; null: never started), all of them observed to
    the end. "complete": everyone completes the schedule. Raises `InvalidStudy`.
    """
    problems = Problems("[time_on_study]")
    reader = TableReader(table, "[time_on_study]", problems)
    kind = reader.choose("from", ("scenario", "cohort", "complete"))
    column = reader.take("time", str) if kind == "cohort" else ""
    if kind == "cohort" and cohort is not None:
        problems.check(column in cohort.frame.columns, f"the cohort has no column {column!r}")
    problems.check(kind != "cohort" or cohort is not None, "from = 'cohort' needs a [cohort]")
    is_survival = isinstance(scenario.outcome, TimeToEvent)
    problems.check(kind != "scenario" or is_survival, "from = 'scenario' needs a time-to-event outcome")
    reader.close()
    problems.raise_if_any(InvalidStudy)
    if kind == "complete":
        return ()
    if kind == "cohort":
        assert cohort is not None
        days = cohort.frame[column].drop_nulls().to_list()
        source = f"{cohort.source}, days on study of {len(days)} patients"
        return (estimate_time_on_study(days, [True] * len(days), source),)
    return (_derive_time_on_study(scenario, protocol, allocation_ratio / (1 + allocation_ratio)),)


def _derive_time_on_study(scenario: Scenario, protocol: Protocol, treated: float) -> TimeOnStudy:
    """Share free of event and dropout at each day, the arms averaged by their share of patients."""
    assert isinstance(scenario.outcome, TimeToEvent)
    dropout = PiecewiseHazard((0.0,), (max(scenario.dropout_hazard_per_month, 1e-12),))
    last = max((v.offset_days or 0.0) for v in protocol.main_visits)
    days = tuple(float(day) for day in range(1, int(last) + 1))
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

"""The world that a study declares, parts of it estimated from its patients."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from unburden.data.tables import TableReader
from unburden.domain.cohort import Attrition, Cohort
from unburden.domain.errors import InvalidStudy, Problems
from unburden.domain.estimate import Estimate, check_sources, exact
from unburden.domain.protocol import Protocol
from unburden.domain.scenario import (
    Accrual,
    Continuous,
    PiecewiseHazard,
    Scenario,
    TimeToEvent,
)
from unburden.simulation.hazards import estimate_piecewise_hazard, find_time_problems
from unburden.study.parts import Parts, Patients, take_known
from unburden.study.times import find_column_problems, take_days

Inputs = dict[str, Estimate]

OUTCOME = "[scenario.outcome]"
CONTROL = "[scenario.outcome.control]"

_ANY = Scenario("any", Accrual((0.0,), (1.0,)), Continuous("any", 1.0, 1.0, 1.0), 0.0, ("assumed:any",))
"""Stands where a part could not be read, so that the other parts are checked all the same."""


@dataclass(frozen=True, slots=True)
class OutcomeFacts:
    """What the plan needs to know of the outcome, even where the rest of the scenario has problems.

    `kind` and `activity_id` (the activity that measures it) are None where they are not said.
    """

    kind: str | None
    activity_id: str | None

    @property
    def is_continuous(self) -> bool | None:
        """None where the kind is not known."""
        return None if self.kind is None else self.kind == "continuous"


def find_outcome_facts(scenario: Mapping[str, Any]) -> OutcomeFacts:
    """The facts as `[scenario.outcome]` states them; what is wrong with them is told elsewhere."""
    outcome = scenario.get("outcome")
    table = outcome if isinstance(outcome, dict) else {}
    kind, activity_id = table.get("type"), table.get("activity")
    return OutcomeFacts(
        kind if kind in ("time-to-event", "continuous") else None,
        activity_id if isinstance(activity_id, str) else None,
    )


def parse_scenario(
    table: Mapping[str, Any], patients: Patients, protocol: Protocol | None
) -> tuple[Scenario | None, Inputs]:
    """The scenario and the numbers that it rests on.

    A control hazard `from = "cohort"` is estimated from the patients that pass the criteria; None
    where these could not be read. Raises `InvalidStudy` with every problem of every part.
    """
    parts = Parts("[scenario]")
    reader = TableReader(table, "[scenario]", parts.problems)
    name = reader.take("name", str)
    dropout = take_known(reader, lambda: reader.take("dropout_per_year", float))
    starts = take_known(reader, lambda: reader.take_list("accrual_start_months", float))
    rates = take_known(reader, lambda: reader.take_list("accrual_per_month", float))
    sources = take_known(reader, lambda: tuple(reader.take_list("sources", str)))
    outcome = TableReader(reader.take("outcome", dict), OUTCOME, parts.problems)
    reader.close()
    accrual = None
    if starts is not None and rates is not None:
        accrual = parts.attempt(lambda: Accrual(tuple(starts), tuple(rates)))
    scenario = parts.attempt(
        lambda: Scenario(
            name,
            accrual or _ANY.accrual,
            _ANY.outcome,
            _ANY.dropout_per_year if dropout is None else dropout,
            _ANY.sources if sources is None else sources,
        )
    )
    cited = scenario.sources if scenario else _ANY.sources
    made, inputs = _parse_outcome(outcome, patients, protocol, cited, parts)
    parts.problems.raise_if_any(InvalidStudy)
    if made is None:
        return None, {}
    assert scenario and dropout is not None and rates  # else a problem was raised
    inputs["dropout per year"] = exact(dropout, "1", *cited)
    inputs["accrual at full speed"] = exact(rates[-1], "patient/month", *cited)
    return Scenario(name, scenario.accrual, made, dropout, cited), inputs


def _parse_outcome(
    outcome: TableReader,
    patients: Patients,
    protocol: Protocol | None,
    sources: tuple[str, ...],
    parts: Parts,
) -> tuple[TimeToEvent | Continuous | None, Inputs]:
    """The outcome and its numbers; None with a problem, or where the patients could not be read."""
    kind = take_known(outcome, lambda: outcome.choose("type", ("time-to-event", "continuous")))
    activity_id = outcome.take("activity", str, None)
    if protocol and activity_id is not None:
        parts.problems.check(
            activity_id in protocol.activity_by_id,
            f"{OUTCOME} names the activity {activity_id!r}; use one of {', '.join(protocol.activity_by_id)}",
        )
    inputs: Inputs = {}
    if kind is None:
        return None, inputs
    if kind == "time-to-event":
        made = _parse_time_to_event(outcome, patients, sources, inputs, parts)
    else:
        made = _parse_continuous(outcome, sources, inputs, parts)
    outcome.close()
    return made, inputs


def _parse_time_to_event(
    outcome: TableReader, patients: Patients, sources: tuple[str, ...], inputs: Inputs, parts: Parts
) -> TimeToEvent | None:
    name = outcome.take("name", str)
    ratio = take_known(outcome, lambda: outcome.take("hazard_ratio", float))
    parts.problems.check(
        ratio is None or 0 < ratio < 1,
        f"{OUTCOME} has hazard_ratio = {ratio}; give a number between 0 and 1",
    )
    control = TableReader(outcome.take("control", dict), CONTROL, parts.problems)
    found = _parse_control(control, patients, parts)
    if found is None or ratio is None or len(parts.problems):
        return None
    hazard, rates = found
    for start, rate in zip(hazard.start_months, rates, strict=True):
        inputs[f"control hazard from month {start:g}"] = rate
    inputs["hazard ratio hoped for"] = exact(ratio, "1", *sources)
    treated = PiecewiseHazard(hazard.start_months, tuple(ratio * rate for rate in hazard.per_month))
    return TimeToEvent(name, hazard, treated)


def _parse_control(
    control: TableReader, patients: Patients, parts: Parts
) -> tuple[PiecewiseHazard, tuple[Estimate, ...]] | None:
    """The control hazard, given or estimated, with its sources."""
    problems = parts.problems
    starts = take_known(control, lambda: tuple(control.take_list("start_months", float)))
    kind = control.take("from", str, None)
    told = f"{CONTROL} has from = {kind!r}; use 'cohort', or give per_month and source in its place"
    if kind is not None and not problems.check(kind == "cohort", told):
        return None
    if kind == "cohort":
        time = take_known(control, lambda: control.take("time", str))
        event = take_known(control, lambda: control.take("event", str))
        control.close()
        return _estimate_control(patients, time, event, starts, parts)
    rates = take_known(control, lambda: tuple(control.take_list("per_month", float)))
    source = take_known(control, lambda: control.take("source", str))
    control.close()
    if starts is None or rates is None or source is None:
        return None
    hazard = parts.attempt(lambda: PiecewiseHazard(starts, rates))
    before = len(problems)
    check_sources((source,), problems)
    if hazard is None or len(problems) > before:
        return None
    return hazard, tuple(exact(rate, "1/month", source) for rate in rates)


def _estimate_control(
    patients: Patients, time: str | None, event: str | None, starts: tuple[float, ...] | None, parts: Parts
) -> tuple[PiecewiseHazard, tuple[Estimate, ...]] | None:
    found = Problems(CONTROL)
    cohort, attrition = patients.cohort, patients.attrition
    found.check(patients.is_declared, "from = 'cohort' needs a [cohort]; add one, or give per_month")
    if cohort is not None:
        for column in (name for name in (time, event) if name is not None):
            has = column in cohort.frame.columns
            names = ", ".join(cohort.frame.columns)
            found.check(has, f"the cohort has no column {column!r}; it has {names}")
        if event in cohort.frame.columns:
            is_flag = cohort.frame[event].dtype == pl.Boolean
            found.check(is_flag, f"column {event!r} must hold true and false")
        if time in cohort.frame.columns:
            found.extend(find_column_problems(cohort, time))
    parts.problems.extend(f"{CONTROL}: {problem}" for problem in found.found)
    if len(found) or cohort is None or attrition is None or None in (time, event, starts):
        return None
    return parts.attempt(lambda: _estimate_hazard(cohort, attrition, time, event, starts))  # type: ignore


def _estimate_hazard(
    cohort: Cohort, attrition: Attrition, time: str, event: str, starts: tuple[float, ...]
) -> tuple[PiecewiseHazard, tuple[Estimate, ...]]:
    """The hazard among those who pass the criteria, each of whose follow-up must be known."""
    problems = Problems(CONTROL)
    eligible = cohort.frame[list(attrition.eligible_rows)]
    told = "no patient passes the criteria; the hazard cannot be estimated: see `unburden screen-cohort`"
    problems.check(eligible.height > 0, told)
    for column in (time, event):
        empty = eligible[column].null_count()
        problems.check(
            empty == 0,
            f"{empty} of {eligible.height} patients who pass the criteria have no value in {column!r}; "
            "fill it in, or leave them out by a criterion",
        )
    problems.raise_if_any(InvalidStudy)
    days = take_days(eligible[time], cohort)
    problems.extend(f"column {time!r}: {problem}" for problem in find_time_problems(days))
    problems.raise_if_any(InvalidStudy)
    source = f"{cohort.source}, {eligible.height} patients who pass the criteria"
    return estimate_piecewise_hazard(days, eligible[event].to_list(), starts, source)


def _parse_continuous(
    outcome: TableReader, sources: tuple[str, ...], inputs: Inputs, parts: Parts
) -> Continuous | None:
    name = outcome.take("name", str)
    keys = ("mean_difference", "sd", "assessed_month")
    numbers = {key: take_known(outcome, lambda k=key: outcome.take(k, float)) for key in keys}
    unit = take_known(outcome, lambda: outcome.take("unit", str))
    difference, sd, month = (1.0 if value is None else value for value in numbers.values())
    made = parts.attempt(lambda: Continuous(name, difference, sd, month))
    parts.problems.check(unit != "", f"{OUTCOME} has an empty unit; use '1' for a plain number")
    if made is None or not unit or None in numbers.values():
        return None
    inputs["mean difference hoped for"] = exact(made.mean_difference, unit, *sources)
    inputs["standard deviation"] = exact(made.sd, unit, *sources)
    return made

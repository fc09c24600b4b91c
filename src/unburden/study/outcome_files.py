"""The outcome of a scenario from its table in a DESIGN.toml."""

import math
from collections.abc import Callable
from typing import Any

from unburden.data.tables import TableReader
from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.repeated import EVENT_KINDS, Counts, IntercurrentEvent, Longitudinal
from unburden.domain.scenario import (
    SWITCHING_STRATEGIES,
    Binary,
    Continuous,
    Hazard,
    LogNormal,
    Outcome,
    PiecewiseHazard,
    Stratum,
    StudentT,
    TimeToEvent,
    WeibullHazard,
)


def attempt(parse, problems: Problems, where: str = ""):
    """What `parse` gives, or None with the record's own problems added, after `where` they stand."""
    try:
        return parse()
    except InvalidDesign as error:
        prefix = f"{where}, " if where else ""
        problems.extend(f"{prefix}{error.where}: {problem}" for problem in error.problems)
        return None


def name_part(where: str, key: str) -> str:
    """A table inside another as problems name it.

    >>> name_part("[design]", "test"), name_part("[[scenarios]] 2", "outcome")
    ('[design.test]', '[[scenarios]] 2 outcome')
    """
    return f"{where[:-1]}.{key}]" if where.endswith("]") else f"{where} {key}"


OUTCOME_TYPES = ("time-to-event", "continuous", "binary", "counts", "longitudinal")
SHAPES = ("normal", "student-t", "log-normal")


def parse_outcome(table: Any, problems: Problems, where: str = "[scenario.outcome]") -> Outcome | None:
    """The outcome of a scenario's table; None with problems."""
    reader = TableReader(table, where, problems)
    parse: Callable[[TableReader, Problems], Outcome | None] = {
        "time-to-event": _parse_time_to_event,
        "continuous": _parse_continuous,
        "binary": _parse_binary,
        "counts": _parse_counts,
        "longitudinal": _parse_longitudinal,
    }[reader.choose("type", OUTCOME_TYPES)]
    return attempt(lambda: parse(reader, problems), problems)


def _parse_continuous(reader: TableReader, problems: Problems) -> Continuous | None:
    before = len(problems)
    name, difference = reader.take("name", str), reader.take("mean_difference", float)
    sd, month = reader.take("sd", float), reader.take("assessed_month", float)
    shape: StudentT | LogNormal | None = None
    match reader.choose("shape", SHAPES, "normal"):
        case "student-t":
            degrees = reader.take("degrees", float)
            shape = attempt(lambda: StudentT(degrees), problems)
        case "log-normal":
            log_sd = reader.take("log_sd", float)
            shape = attempt(lambda: LogNormal(log_sd), problems)
    reader.close()
    return Continuous(name, difference, sd, month, shape) if len(problems) == before else None


def _parse_binary(reader: TableReader, problems: Problems) -> Binary | None:
    return _make(Binary, ("control_share", "treatment_share", "assessed_month"), reader, problems)


def _parse_counts(reader: TableReader, problems: Problems) -> Counts | None:
    keys = ("control_per_month", "treatment_per_month", "dispersion", "follow_up_months")
    return _make(Counts, keys, reader, problems)


def _make(made: Callable[..., Any], keys: tuple[str, ...], reader: TableReader, problems: Problems) -> Any:
    """A record of a name and numbers; None with problems."""
    before = len(problems)
    taken = [reader.take("name", str), *(reader.take(key, float) for key in keys)]
    reader.close()
    return made(*taken) if len(problems) == before else None


def _parse_longitudinal(reader: TableReader, problems: Problems) -> Longitudinal | None:
    """Means of both arms, a covariance or standard deviations with correlations, intercurrent events."""
    before = len(problems)
    name, months = reader.take("name", str), reader.take_list("visit_months", float)
    control, treatment = (reader.take_list(f"{arm}_means", float) for arm in ("control", "treatment"))
    covariance = _parse_covariance(reader, problems)
    events = []
    for number, item in enumerate(reader.take("intercurrent_events", list, []), start=1):
        own = TableReader(item, f"{name_part(reader.where, 'intercurrent_events')} {number}", problems)
        words = own.take("name", str), own.choose("kind", EVENT_KINDS)
        hazards = own.take("control_per_month", float), own.take("treatment_per_month", float)
        more = [own.take("dependence", float, 0.0), own.take("kept_share", float, 1.0)]
        more += [own.take("gain", float, 0.0), own.take("withdrawal_share", float, 0.0)]
        own.close()
        events.append(attempt(lambda w=words, h=hazards, m=more: IntercurrentEvent(*w, *h, *m), problems))
    reader.close()
    if len(problems) > before or covariance is None:
        return None
    made = tuple(event for event in events if event)
    return Longitudinal(name, tuple(months), tuple(control), tuple(treatment), covariance, made)


def _parse_covariance(reader: TableReader, problems: Problems) -> tuple[tuple[float, ...], ...] | None:
    """`covariance` as rows, or `sds` with `correlations` as rows."""
    both = reader.has("covariance") and reader.has("sds")
    problems.check(not both, f"{reader.where} has covariance and sds; give one of them")
    if not reader.has("sds"):
        return _parse_rows(reader, "covariance", problems)
    sds, rows = reader.take_list("sds", float), _parse_rows(reader, "correlations", problems)
    if rows is None:
        return None
    fits = len(rows) == len(sds) and all(row[i : i + 1] == (1.0,) for i, row in enumerate(rows))
    told = f"{reader.where} needs correlations with a row for each of sds and 1 on the diagonal"
    if not problems.check(fits, told):
        return None
    return tuple(
        tuple(a * b * r for b, r in zip(sds, row, strict=False)) for a, row in zip(sds, rows, strict=True)
    )


def _parse_rows(reader: TableReader, key: str, problems: Problems) -> tuple[tuple[float, ...], ...] | None:
    rows = reader.take_list(key, list)
    fits = all(isinstance(x, int | float) and not isinstance(x, bool) for row in rows for x in row)
    if not problems.check(fits, f"{reader.where} has something else than numbers in {key}"):
        return None
    return tuple(tuple(float(x) for x in row) for row in rows)


def _parse_time_to_event(reader: TableReader, problems: Problems) -> TimeToEvent | None:
    where, before = reader.where, len(problems)
    name = reader.take("name", str)
    strata = []
    for number, item in enumerate(reader.take("strata", list, []), start=1):
        stratum = TableReader(item, _name_stratum(where, number), problems)
        words = stratum.take("name", str), stratum.take("share", float)
        arms = _parse_arms(stratum, problems)
        stratum.close()
        strata.append((words, arms))
    control, treatment = _parse_arms(reader, problems)
    competing = None
    if reader.has("competing"):
        own = TableReader(reader.take("competing", dict), name_part(where, "competing"), problems)
        competing = _parse_arms(own, problems)
        own.close()
    cured = reader.take_list("cured_shares", float, [0.0, 0.0])
    problems.check(len(cured) == 2, f"{where} has {len(cured)} cured_shares; give control's and treatment's")
    more = {
        "competing_counts": reader.take("competing_counts", bool, False),
        "switching_per_month": reader.take("switching_per_month", float, 0.0),
        **{
            name: tuple(reader.take_list(name, float, []))
            for name in ("assessment_months", "treatment_assessment_months")
        },
        "reporting_delay_months": reader.take("reporting_delay_months", float, 0.0),
        "switching_strategy": reader.choose("switching_strategy", SWITCHING_STRATEGIES, "treatment-policy"),
    }
    reader.close()
    if len(problems) > before:
        return None
    made_strata = tuple(Stratum(*words, *arms) for words, arms in strata)
    return TimeToEvent(name, control, treatment, made_strata, tuple(cured), competing, **more)  # type: ignore[arg-type]


def _name_stratum(where: str, number: int) -> str:
    return f"[[scenario.outcome.strata]] {number}" if where.endswith("]") else f"{where} strata {number}"


def _parse_arms(reader: TableReader, problems: Problems) -> tuple[Hazard, Hazard]:
    """`control`, and `treatment` or a `hazard_ratio` to it."""
    control = _parse_hazard(reader, "control", problems)
    ratio = reader.take("hazard_ratio", float, None)
    if ratio is None:
        return control, _parse_hazard(reader, "treatment", problems)
    problems.check(ratio > 0, f"{reader.where} has hazard_ratio = {ratio}; give a number over 0")
    problems.check(not reader.has("treatment"), f"{reader.where} has treatment and hazard_ratio; give one")
    if ratio <= 0:
        return control, control
    if isinstance(control, WeibullHazard):
        scale = control.scale_months * ratio ** (-1 / control.shape)
        return control, WeibullHazard(control.shape, scale)
    rates = tuple(ratio * rate for rate in control.per_month)
    return control, PiecewiseHazard(control.start_months, rates)


def _parse_hazard(reader: TableReader, key: str, problems: Problems) -> Hazard:
    """Steps, a Weibull law, or the median of a constant hazard."""
    fallback = PiecewiseHazard((0.0,), (0.05,))
    own = TableReader(reader.take(key, dict), f"{reader.where} {key}", problems)
    before = len(problems)
    if own.has("shape"):
        shape, scale = own.take("shape", float), own.take("scale_months", float)
        own.close()
        return attempt(lambda: WeibullHazard(shape, scale), problems, own.where) or fallback
    if own.has("median_months"):
        median = own.take("median_months", float)
        problems.check(median > 0, f"{own.where} has median_months = {median}; give a number over 0")
        starts, rates = [0.0], [math.log(2) / median if median > 0 else math.nan]
    else:
        starts, rates = own.take_list("start_months", float, [0.0]), own.take_list("per_month", float)
    own.close()
    if len(problems) > before:
        return fallback
    return attempt(lambda: PiecewiseHazard(tuple(starts), tuple(rates)), problems, own.where) or fallback

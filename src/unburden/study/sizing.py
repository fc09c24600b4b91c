"""Sizes asked for in a TOML file: which endpoint, how large an effect, which looks."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from unburden.data.tables import TableReader, read_toml
from unburden.domain.errors import InvalidStudy, Problems
from unburden.domain.estimate import Estimate, exact
from unburden.domain.sequential import SequentialPlan
from unburden.domain.sizing import TrialSize
from unburden.simulation.boundaries import derive_bounds, derive_characteristics, solve_drift
from unburden.simulation.power import ExpectedPower, solve_events, solve_patients
from unburden.simulation.sizes import (
    SampleSize,
    Sided,
    size_counts,
    size_longitudinal,
    size_means,
    size_one_proportion_exact,
    size_proportions,
    size_risk_ratio,
)
from unburden.simulation.survival_sizes import METHODS, FollowUp, SizeMethod, size_survival
from unburden.study.design_files import parse_plan_table, read_design

SOURCE = "model:closed form"
Keys = Mapping[str, tuple[type, Any]]
_MUST = object()

FIXED: Mapping[str, tuple[Callable[..., SampleSize], Keys]] = {
    "means": (
        size_means,
        {"difference": (float, _MUST), "sd": (float, _MUST), "margin": (float, 0.0), "groups": (int, 2),
         "is_known": (bool, False), "ratio": (float, 1.0)},
    ),
    "proportions": (
        size_proportions,
        {"treatment": (float, _MUST), "control": (float, _MUST), "margin": (float, 0.0),
         "is_pooled": (bool, True), "ratio": (float, 1.0)},
    ),
    "risk-ratio": (
        size_risk_ratio,
        {"treatment": (float, _MUST), "control": (float, _MUST), "null_ratio": (float, 1.0),
         "ratio": (float, 1.0)},
    ),
    "counts": (
        size_counts,
        {"treatment_rate": (float, _MUST), "control_rate": (float, _MUST), "exposure": (float, _MUST),
         "dispersion": (float, 0.0), "null_ratio": (float, 1.0), "ratio": (float, 1.0)},
    ),
    "longitudinal": (
        size_longitudinal,
        {"difference": (float, _MUST), "covariance": (list, _MUST), "retention": (list, None),
         "margin": (float, 0.0), "ratio": (float, 1.0)},
    ),
}  # fmt: skip


def size_trial(path: Path | str) -> TrialSize:
    """The size that the table [size] of a TOML file asks for.

    `endpoint` is "means", "proportions", "risk-ratio", "one-proportion", "counts", "longitudinal",
    "log-rank" or "survival"; the other keys are the arguments of the functions in `simulation.sizes`. A
    table [plan] inflates a fixed size for its looks. "log-rank" has one look and exponential times, by the
    formula that `method` names (with the keys of `FollowUp`); "survival" takes [design] and [scenario]
    as `read_design` does, and solves for events or patients. Raises `InvalidStudy`, `InvalidDesign`.
    """
    problems = Problems(str(path))
    tables = read_toml(Path(path))
    reader = TableReader(tables.get("size"), "[size]", problems)
    endpoint = reader.choose("endpoint", (*FIXED, "one-proportion", "log-rank", "survival"))
    if endpoint == "survival":
        return _size_survival(reader, tables, Path(path), problems)
    known = {"size", "plan"}
    for key in tables:
        problems.check(key in known, f"the file has the unknown table {key!r}; the tables are size, plan")
    power, alpha = reader.take("power", float), reader.take("alpha", float, None)
    if endpoint == "one-proportion":
        return _size_one_proportion(reader, 0.025 if alpha is None else alpha, power, problems)
    sided = reader.take("sided", int, None)
    if endpoint == "log-rank":
        problems.check(
            "plan" not in tables, "a log-rank size by formula has one look; take endpoint survival"
        )
        return _size_log_rank(
            reader, 0.025 if alpha is None else alpha, power, cast(Sided, sided or 1), problems
        )
    plan = None
    if "plan" in tables:
        plan = parse_plan_table(tables["plan"], "[plan]", problems)
        problems.check(
            alpha is None and sided is None,
            "[size] has alpha or sided, and so has [plan]; leave them to [plan]",
        )
    function, keys = FIXED[endpoint]
    given = {
        key: reader.take(key, kind) if default is _MUST else reader.take(key, kind, default)
        for key, (kind, default) in keys.items()
    }
    reader.close()
    problems.raise_if_any(InvalidStudy)
    whole = plan.alpha if plan else 0.025 if alpha is None else alpha
    sides = plan.sided if plan else sided or 1
    fixed = _call(function, given, whole, power, sides)
    return TrialSize(endpoint, tuple(_tell_size(fixed, plan, power)))


def _call(function: Callable[..., SampleSize], given: dict[str, Any], alpha: float, power: float, sided: int):
    try:
        return function(**given, alpha=alpha, power=power, sided=sided)
    except (TypeError, ValueError) as error:
        raise InvalidStudy("[size]", [f"the numbers do not fit ({error}); correct them"]) from None


def _tell_size(fixed: SampleSize, plan: SequentialPlan | None, power: float):
    def patients(value: float) -> Estimate:
        return exact(value, "patient", SOURCE)

    yield "patients of a fixed design", patients(fixed.total)
    factor = 1.0
    if plan is not None:
        bounds = derive_bounds(plan)
        drift = solve_drift(bounds, power)
        found = derive_characteristics(bounds, drift)
        factor = found.inflation_factor
        yield "inflation factor", exact(factor, "1", SOURCE)
        for number, rate in enumerate(plan.information_rates, start=1):
            yield f"patients at look {number}", patients(fixed.total * factor * rate)
        yield "expected patients, no effect", patients(fixed.total * found.expected_information_null)
        yield "expected patients, planned effect", patients(fixed.total * found.expected_information)
    scaled = SampleSize(fixed.treatment * factor, fixed.control * factor)
    treated, controls = scaled.rounded
    yield "whole patients, treatment", patients(treated)
    if fixed.control:
        yield "whole patients, control", patients(controls)
    yield "whole patients in all", patients(treated + controls)


def _size_one_proportion(reader: TableReader, alpha: float, power: float, problems: Problems) -> TrialSize:
    null, alternative = reader.take("null", float), reader.take("alternative", float)
    is_lasting = reader.take("is_lasting", bool, True)
    reader.close()
    problems.raise_if_any(InvalidStudy)
    patients = size_one_proportion_exact(null, alternative, alpha, power, is_lasting=is_lasting)
    note = (
        "power stays above for every larger number" if is_lasting else "a larger number may have less power"
    )
    return TrialSize(
        "one-proportion",
        (("patients", exact(patients, "patient", SOURCE)),),
        (f"exact binomial test; {note}",),
    )


def _size_log_rank(
    reader: TableReader, alpha: float, power: float, sided: Sided, problems: Problems
) -> TrialSize:
    method = cast(SizeMethod, reader.choose("method", METHODS))
    given = {key: reader.take(key, float) for key in ("control_hazard", "hazard_ratio")}
    ratio = reader.take("ratio", float, 1.0)
    months = [reader.take(key, float) for key in ("accrual_months", "follow_up_months")]
    names = ("control_dropout_per_month", "treatment_dropout_per_month", "entry_rate")
    more = {key: reader.take(key, float, 0.0) for key in names}
    reader.close()
    problems.raise_if_any(InvalidStudy)
    found = size_survival(
        **given, alpha=alpha, power=power, sided=sided, follow_up=FollowUp(*months, **more), method=method,
        ratio=ratio,
    )  # fmt: skip
    treated, controls = found.patients.rounded
    return TrialSize(
        "log-rank",
        (
            ("patients", exact(found.patients.total, "patient", SOURCE)),
            ("expected events", exact(found.events, "event", SOURCE)),
            ("whole patients, treatment", exact(treated, "patient", SOURCE)),
            ("whole patients, control", exact(controls, "patient", SOURCE)),
            ("whole patients in all", exact(treated + controls, "patient", SOURCE)),
        ),
        (f"exponential times; formula of {method}",),
    )


def _size_survival(
    reader: TableReader, tables: Mapping[str, Any], path: Path, problems: Problems
) -> TrialSize:
    power = reader.take("power", float)
    solves = reader.choose("solve_for", ("events", "patients"))
    month = reader.take("month", float) if solves == "patients" else 0.0
    is_proportional = reader.take("is_proportional", bool, False) if solves == "events" else False
    reader.close()
    problems.raise_if_any(InvalidStudy)
    record = read_design(path, ("size",))
    if solves == "events":
        found = solve_events(record.design, record.scenario, power, is_proportional=is_proportional)
    else:
        found = solve_patients(record.design, record.scenario, power, month)
    return TrialSize("survival", tuple(tell_power(found)))


def tell_power(found: ExpectedPower):
    """A prediction as named numbers."""
    last = found.looks[-1]
    yield "power", exact(found.power, "1", SOURCE)
    yield "patients", exact(round(last.patients, 9), "patient", SOURCE)
    yield "events at the last look", exact(math.ceil(last.events - 1e-6), "event", SOURCE)
    yield "months to the last look", exact(last.month, "month", SOURCE)
    for number, look in enumerate(found.looks[:-1], start=1):
        yield f"events at look {number}", exact(look.events, "event", SOURCE)
        yield f"months to look {number}", exact(look.month, "month", SOURCE)
    yield "expected months", exact(found.months, "month", SOURCE)
    yield "expected events", exact(found.events, "event", SOURCE)
    yield "expected patients", exact(found.patients, "patient", SOURCE)

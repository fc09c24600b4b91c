"""An emulated trial's plan from the `[emulation]` table of a study file."""

from collections.abc import Callable
from typing import Any, TypeVar, get_args

from unburden.data.tables import REQUIRED, TableReader, show_value
from unburden.domain.emulation_plan import (
    AnalysisPlan,
    CensoringModel,
    Contrast,
    Covariate,
    EmulatedOutcome,
    EmulationPlan,
    Form,
    MissingPolicy,
    NegativeControl,
    Population,
    PropensityModel,
    Ties,
    TimeZero,
    TreatmentStrategies,
    Truncation,
)
from unburden.domain.errors import InvalidEmulation, InvalidInput, Problems

Built = TypeVar("Built")


def parse_emulation(table: Any, where: str) -> EmulationPlan:
    """The plan that a TOML table describes.

    `[emulation]` has `name`, `patient` (a column), `population` ("ATE", "ATT", "ATO"), `contrast`
    ("intention-to-treat") and `covariates`: columns, or tables with `column` and `form`. Its tables are
    `treatment` (`column`, `treated_value`, `control_value`, `treated_strategy`, `control_strategy`),
    `time_zero` (`event`, and either `day`, `eligibility_day`, `assignment_day` and optionally
    `treatment_start_day`, or `reason`), `outcome` (`name`, `time`, `event`, `unit`), `analysis`
    (`follow_up_days`, `horizon_days`, `propensity`, `stabilised`, `truncation`, `ties`, `level`, `folds`,
    `seed`, `missing`, `censoring`, optionally `outcome_covariates`) and a list `negative_controls` (`name`,
    `reason`, and `outcome` or `exposure`).

    Raises `InvalidEmulation`, headed by `where`, with every problem of the table.
    """
    problems = Problems(where)
    root = TableReader(table, "[emulation]", problems)
    name, patient = root.take("name", str), root.take("patient", str)
    population = root.choose("population", get_args(Population))
    contrast = root.choose("contrast", get_args(Contrast))
    covariates = _parse_covariates(root.take("covariates", list), "[emulation] covariates", problems)
    treatment = _parse_treatment(root.take("treatment", dict), problems)
    time_zero = _parse_time_zero(root.take("time_zero", dict), problems)
    outcome = _parse_outcome(root.take("outcome", dict), "[emulation.outcome]", problems)
    analysis = _parse_analysis(root.take("analysis", dict), problems)
    controls = root.take("negative_controls", list, [])
    found = [_parse_control(control, number, problems) for number, control in enumerate(controls, start=1)]
    root.close()
    if treatment and time_zero and outcome and analysis and None not in found:
        kept = tuple(control for control in found if control)
        plan = _build(
            lambda: EmulationPlan(
                name=name,
                patient_column=patient,
                treatment=treatment,
                time_zero=time_zero,
                outcome=outcome,
                population=population,  # pyright: ignore[reportArgumentType]
                contrast=contrast,  # pyright: ignore[reportArgumentType]
                covariates=covariates,
                analysis=analysis,
                negative_controls=kept,
            ),
            "[emulation]",
            problems,
        )
        if plan and not len(problems):
            return plan
    problems.raise_now(InvalidEmulation)


def _build(make: Callable[[], Built], where: str, problems: Problems) -> Built | None:
    """The record, or None with its problems among the others."""
    try:
        return make()
    except InvalidInput as error:
        problems.extend(f"{where}: {problem}" for problem in error.problems)
        return None


def _parse_treatment(table: Any, problems: Problems) -> TreatmentStrategies | None:
    where = "[emulation.treatment]"
    before = len(problems)
    reader = TableReader(table, where, problems)
    column = reader.take("column", str)
    treated, control = (_take_value(reader, key) for key in ("treated_value", "control_value"))
    words = [reader.take(key, str) for key in ("treated_strategy", "control_strategy")]
    reader.close()
    if len(problems) > before:
        return None
    return _build(lambda: TreatmentStrategies(column, treated, control, *words), where, problems)


def _take_value(reader: TableReader, key: str, default: Any = REQUIRED) -> Any:
    """A value of a column: a flag, a whole number or a word."""
    reader.taken.append(key)
    if key not in reader.table:
        if default is REQUIRED:
            reader.problems.add(f"{reader.where} has no {key!r}; give true, false, a whole number or a word")
            return False
        return default
    value = reader.table[key]
    told = f"{reader.where} has {key} = {show_value(value)}; give true, false, a whole number or a word"
    reader.problems.check(isinstance(value, bool | int | str), told)
    return value


def _parse_time_zero(table: Any, problems: Problems) -> TimeZero | None:
    where = "[emulation.time_zero]"
    before = len(problems)
    reader = TableReader(table, where, problems)
    event = reader.take("event", str)
    keys = ("day", "eligibility_day", "assignment_day", "treatment_start_day", "reason")
    words = [reader.take(key, str, "") for key in keys]
    reader.close()
    return None if len(problems) > before else _build(lambda: TimeZero(event, *words), where, problems)


def _parse_outcome(table: Any, where: str, problems: Problems) -> EmulatedOutcome | None:
    before = len(problems)
    reader = TableReader(table, where, problems)
    words = [reader.take(key, str) for key in ("name", "time", "event", "unit")]
    reader.close()
    return None if len(problems) > before else _build(lambda: EmulatedOutcome(*words), where, problems)


def _parse_covariates(items: list[Any], where: str, problems: Problems) -> tuple[Covariate, ...]:
    found = []
    for item in items:
        if isinstance(item, str):
            found.append(Covariate(item))
            continue
        told = f"{where} has {show_value(item)}; give a column's name or a table with column and form"
        if problems.check(isinstance(item, dict), told):
            reader = TableReader(item, where, problems)
            column, form = reader.take("column", str), reader.choose("form", get_args(Form), "linear")
            reader.close()
            found.append(Covariate(column, form))  # pyright: ignore[reportArgumentType]
    return tuple(found)


def _parse_analysis(table: Any, problems: Problems) -> AnalysisPlan | None:
    where = "[emulation.analysis]"
    before = len(problems)
    reader = TableReader(table, where, problems)
    follow_up, horizon = reader.take("follow_up_days", float), reader.take("horizon_days", float)
    propensity = reader.choose("propensity", get_args(PropensityModel))
    is_stabilised = reader.take("stabilised", bool)
    truncation = _parse_truncation(reader.take("truncation", dict), problems)
    ties = reader.choose("ties", get_args(Ties))
    level = reader.take("level", float)
    folds, seed = reader.take("folds", int), reader.take("seed", int)
    missing = reader.choose("missing", get_args(MissingPolicy))
    censoring = reader.choose("censoring", get_args(CensoringModel))
    more = _parse_covariates(
        reader.take("outcome_covariates", list, []), f"{where} outcome_covariates", problems
    )
    reader.close()
    if len(problems) > before or truncation is None:
        return None
    return _build(
        lambda: AnalysisPlan(
            follow_up_days=follow_up,
            horizon_days=horizon,
            propensity=propensity,  # pyright: ignore[reportArgumentType]
            is_stabilised=is_stabilised,
            truncation=truncation,
            ties=ties,  # pyright: ignore[reportArgumentType]
            level=level,
            folds=folds,
            seed=seed,
            missing=missing,  # pyright: ignore[reportArgumentType]
            censoring=censoring,  # pyright: ignore[reportArgumentType]
            outcome_covariates=more,
        ),
        where,
        problems,
    )


def _parse_truncation(table: Any, problems: Problems) -> Truncation | None:
    """`{kind = "none"}`, or `quantiles` or `probabilities` with `low` and `high`."""
    where = "[emulation.analysis] truncation"
    before = len(problems)
    reader = TableReader(table, where, problems)
    kind = reader.choose("kind", ("none", "quantiles", "probabilities"))
    bounds = {} if kind == "none" else {key: reader.take(key, float) for key in ("low", "high")}
    reader.close()
    if len(problems) > before:
        return None
    return _build(lambda: Truncation(kind, **bounds), where, problems)  # pyright: ignore[reportArgumentType]


def _parse_control(table: Any, number: int, problems: Problems) -> NegativeControl | None:
    where = f"[[emulation.negative_controls]] {number}"
    before = len(problems)
    reader = TableReader(table, where, problems)
    name, reason = reader.take("name", str), reader.take("reason", str)
    outcome = None
    if reader.has("outcome"):
        outcome = _parse_outcome(reader.take("outcome", dict), f"{where} outcome", problems)
    else:
        reader.take("outcome", dict, None)
    exposure = reader.take("exposure", str, "")
    exposed, unexposed = (
        _take_value(reader, key, default)
        for key, default in (("exposed_value", True), ("unexposed_value", False))
    )
    reader.close()
    if len(problems) > before:
        return None
    return _build(
        lambda: NegativeControl(name, reason, outcome, exposure, exposed, unexposed), where, problems
    )

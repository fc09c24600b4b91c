"""Guards of an emulated trial: immortal time, patients counted twice, follow-up and arms that cannot be."""

import polars as pl

from unburden.domain.emulation_plan import EmulatedOutcome, EmulationPlan
from unburden.domain.errors import InvalidEmulation, Problems

MOST_NAMED = 5


def check_emulation(frame: pl.DataFrame, plan: EmulationPlan) -> None:
    """Refuse eligible patients (rows of `frame`) on whom the plan's trial cannot be emulated.

    Time zero, eligibility and assignment must fall on one day and treatment must not start later: otherwise
    the time between is immortal, or who is compared depends on what happened after the start (Hernán et al.
    2016, J Clin Epidemiol 79:70). Patients must be distinct, each in one arm and followed for some time.

    Raises `InvalidEmulation` with every problem.
    """
    problems = Problems(f"emulated trial {plan.name!r}")
    if not problems.check(frame.height > 0, "no patient is eligible; widen the criteria"):
        problems.raise_now(InvalidEmulation)
    for column in dict.fromkeys(_iterate_columns(plan)):
        told = f"there is no column {column!r}; the cohort's table has {', '.join(frame.columns)}"
        problems.check(column in frame.columns, told)
    problems.raise_if_any(InvalidEmulation)
    _check_patients(frame, plan, problems)
    _check_arm_column(
        frame,
        plan.treatment.column,
        plan.treatment.treated_value,
        plan.treatment.control_value,
        plan,
        problems,
    )
    for control in plan.negative_controls:
        if control.exposure_column:
            values = (control.exposed_value, control.unexposed_value)
            _check_arm_column(frame, control.exposure_column, *values, plan, problems)
    if plan.time_zero.has_days:
        _check_days(frame, plan, problems)
    outcomes = (plan.outcome, *(c.outcome for c in plan.negative_controls if c.outcome))
    for outcome in outcomes:
        _check_outcome(frame, outcome, plan, problems)
    problems.raise_if_any(InvalidEmulation)


def find_arm(values: pl.Series, value: bool | int | str) -> pl.Series:
    """Who holds the value of an arm; true and 1, false and 0 are the same, whatever the column holds.

    >>> find_arm(pl.Series([1, 0]), True).to_list(), find_arm(pl.Series([True, False]), 0).to_list()
    ([True, False], [False, True])
    """
    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        if isinstance(value, str):
            return pl.Series(values.name, [False] * values.len())
        return values.cast(pl.Float64) == float(value)
    return values.cast(pl.String) == str(value)


def _iterate_columns(plan: EmulationPlan) -> list[str]:
    zero = plan.time_zero
    names = [plan.patient_column, plan.treatment.column, plan.outcome.time_column, plan.outcome.event_column]
    names += [zero.day_column, zero.eligibility_column, zero.assignment_column, zero.treatment_start_column]
    for control in plan.negative_controls:
        names.append(control.exposure_column)
        if control.outcome:
            names += [control.outcome.time_column, control.outcome.event_column]
    names += [covariate.column for covariate in (*plan.covariates, *plan.analysis.outcome_covariates)]
    return [name for name in names if name]


def _name_patients(frame: pl.DataFrame, flags: pl.Series, plan: EmulationPlan) -> str:
    """How many patients, and the first of them by their identifier."""
    found = frame.filter(flags).get_column(plan.patient_column).to_list()
    shown = ", ".join(str(patient) for patient in found[:MOST_NAMED])
    more = ", …" if len(found) > MOST_NAMED else ""
    return f"{len(found)} of {frame.height} patients ({shown}{more})"


def _check_patients(frame: pl.DataFrame, plan: EmulationPlan, problems: Problems) -> None:
    patients = frame.get_column(plan.patient_column)
    unnamed = patients.null_count()
    problems.check(
        not unnamed, f"{unnamed} rows have no {plan.patient_column!r}; give each patient an identifier"
    )
    repeated = patients.is_duplicated() & patients.is_not_null()
    if repeated.any():
        names = patients.filter(repeated).unique(maintain_order=True).to_list()
        shown = ", ".join(str(name) for name in names[:MOST_NAMED])
        problems.add(
            f"{len(names)} patients have more than one row "
            f"({shown}{', …' if len(names) > MOST_NAMED else ''}); keep one row a patient, that of the "
            "first time they are eligible"
        )


def _check_arm_column(
    frame: pl.DataFrame,
    column: str,
    one: bool | int | str,
    zero: bool | int | str,
    plan: EmulationPlan,
    problems: Problems,
) -> None:
    values = frame.get_column(column)
    gaps = values.is_null()
    if gaps.any():
        problems.add(
            f"{column!r} is unknown for {_name_patients(frame, gaps, plan)}; exclude them by a criterion, "
            "since nobody can be put into an arm by guess"
        )
    found = values.drop_nulls().unique(maintain_order=True).to_list()
    others = [value for value in found if value not in (one, zero)]
    if others:
        shown = ", ".join(repr(value) for value in others[:MOST_NAMED])
        problems.add(
            f"{column!r} holds {shown} beside {one!r} and {zero!r}; exclude these patients by a criterion "
            "or correct the values of the arms"
        )
    for value in (one, zero):
        if value not in found:
            problems.add(
                f"the arm with {column!r} = {value!r} is empty; widen the criteria or correct the value"
            )
        elif int(find_arm(values, value).sum()) == 1:
            problems.add(f"the arm with {column!r} = {value!r} has one patient; widen the criteria")


def _check_days(frame: pl.DataFrame, plan: EmulationPlan, problems: Problems) -> None:
    zero = plan.time_zero
    names = (zero.day_column, zero.eligibility_column, zero.assignment_column)
    day, eligibility, assignment = (frame.get_column(name) for name in names)
    kinds = {("date" if series.dtype.is_temporal() else str(series.dtype.is_numeric())) for series in
             (day, eligibility, assignment)}  # fmt: skip
    told = f"{', '.join(names)} do not all hold dates or all hold numbers of days; give them in one form"
    if not problems.check(len(kinds) == 1 and "False" not in kinds, told):
        return
    for name, series in zip(names, (day, eligibility, assignment), strict=True):
        gaps = series.is_null()
        if gaps.any():
            problems.add(
                f"{name!r} is unknown for {_name_patients(frame, gaps, plan)}; exclude them by a "
                "criterion: without the day nobody knows where their follow-up starts"
            )
    for name, series, word in (
        (names[1], eligibility, "became eligible"),
        (names[2], assignment, "were assigned"),
    ):
        apart = (series != day).fill_null(False)
        if apart.any():
            late = int((series > day).fill_null(False).sum())
            problems.add(
                f"time zero ({names[0]!r}) is not the day on which patients {word} ({name!r}) for "
                f"{_name_patients(frame, apart, plan)}, for {late} of them it is later: time before it is "
                "immortal; start follow-up on the day on which eligibility and assignment meet, or leave "
                "these patients out"
            )
    if zero.treatment_start_column:
        _check_start(frame, plan, day, problems)


def _check_start(frame: pl.DataFrame, plan: EmulationPlan, day: pl.Series, problems: Problems) -> None:
    name = plan.time_zero.treatment_start_column
    start = frame.get_column(name)
    is_treated = find_arm(frame.get_column(plan.treatment.column), plan.treatment.treated_value)
    if start.dtype.is_temporal() != day.dtype.is_temporal() or not (
        start.dtype.is_temporal() or start.dtype.is_numeric()
    ):
        problems.add(f"{name!r} holds {start.dtype} and time zero {day.dtype}; give both in one form")
        return
    late = (is_treated & (start > day)).fill_null(False)
    if late.any():
        problems.add(
            f"treatment starts after time zero for {_name_patients(frame, late, plan)}: they had to live "
            "until then (immortal time); move time zero to the start of treatment with controls eligible "
            "on that day, or compare those still at risk at a landmark day"
        )
    early = (is_treated & (start < day)).fill_null(False)
    if early.any():
        problems.add(
            f"treatment started before time zero for {_name_patients(frame, early, plan)}: they are "
            "prevalent users, whose early events are missed; exclude them by a criterion"
        )


def _check_outcome(
    frame: pl.DataFrame, outcome: EmulatedOutcome, plan: EmulationPlan, problems: Problems
) -> None:
    times, events = (frame.get_column(name) for name in (outcome.time_column, outcome.event_column))
    if problems.check(
        times.dtype.is_numeric(),
        f"{outcome.time_column!r} holds {times.dtype}; give a number of {outcome.unit}s",
    ):
        numbers = times.cast(pl.Float64)
        unknown = numbers.is_null() | ~numbers.is_finite().fill_null(True)
        if unknown.any():
            problems.add(
                f"{outcome.time_column!r} is unknown for {_name_patients(frame, unknown, plan)}; give the "
                "day of last follow-up, or exclude them by a criterion"
            )
        never = (numbers <= 0).fill_null(False)
        if never.any():
            problems.add(
                f"follow-up for {outcome.name!r} is not positive for {_name_patients(frame, never, plan)}: "
                "the event came before or at time zero, or the days are counted from elsewhere; exclude "
                "those who had the event, or correct the days"
            )
    flags = events.drop_nulls().unique().to_list()
    told = f"{outcome.event_column!r} must hold true and false (or 1 and 0); it holds {events.dtype}"
    problems.check(all(flag in (0, 1) for flag in flags), told)
    gaps = events.is_null()
    if gaps.any():
        problems.add(
            f"{outcome.event_column!r} is unknown for {_name_patients(frame, gaps, plan)}; say whether the "
            "event was seen, or exclude them by a criterion"
        )

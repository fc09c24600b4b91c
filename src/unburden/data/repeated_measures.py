"""Repeated measures from an ADaM basic data structure (one row a patient, parameter and visit)."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from unburden.domain.errors import InvalidCohort, Problems
from unburden.domain.estimate import check_sources
from unburden.domain.measured_course import RepeatedMeasures

_UNREADABLE = (pl.exceptions.PolarsError, OSError, ValueError, pl.exceptions.PanicException)
_COLUMNS = ("USUBJID", "PARAMCD", "AVISIT", "AVAL", "ANL01FL", "DTYPE")


def read_adam_measures(
    path: Path,
    *,
    parameter: str,
    week_by_visit: Mapping[str, float],
    arm_column: str,
    unit: str,
    source: str,
) -> RepeatedMeasures:
    """The values of one `parameter` (PARAMCD) at the visits given (AVISIT), from a Parquet file.

    Only what was observed and chosen for analysis counts: ANL01FL is Y and DTYPE empty, so that values
    carried forward or averaged are missing. `arm_column` names the arms (TRTP); patients are those with any
    row in the file. Raises `InvalidCohort` with every problem: columns that lack, a parameter or visits
    without rows, two values of a patient at one visit, no arm or two.
    """
    problems = Problems(str(path))
    check_sources((source,), problems)
    frame = _read_frame(path, (*_COLUMNS, arm_column), problems)
    problems.raise_if_any(InvalidCohort)
    assert frame is not None  # a file that could not be read is a problem
    patients = frame.select("USUBJID", arm_column).unique().sort("USUBJID", arm_column, nulls_last=True)
    _check_arms(patients, arm_column, problems)
    rows = frame.filter(
        (pl.col("PARAMCD") == parameter)
        & (pl.col("ANL01FL") == "Y")
        & (pl.col("DTYPE").fill_null("") == "")
        & pl.col("AVAL").is_not_null()
    )
    known = ", ".join(sorted(frame.get_column("PARAMCD").drop_nulls().unique()))
    problems.check(rows.height > 0, f"PARAMCD {parameter!r} has no observed values; use one of {known}")
    visits = tuple(week_by_visit)
    for visit in visits if rows.height else ():
        held = rows.filter(pl.col("AVISIT") == visit)
        problems.check(held.height > 0, f"AVISIT {visit!r} has no observed values of {parameter}")
        twice = held.height - held.get_column("USUBJID").n_unique()
        problems.check(twice == 0, f"AVISIT {visit!r} holds {twice} second values of a patient; mark one")
    problems.raise_if_any(InvalidCohort)
    place = {patient: i for i, patient in enumerate(patients.get_column("USUBJID"))}
    column = {visit: t for t, visit in enumerate(visits)}
    values = np.full((len(place), len(visits)), np.nan)
    for patient, visit, value in rows.select("USUBJID", "AVISIT", "AVAL").iter_rows():
        if visit in column:
            values[place[patient], column[visit]] = value
    arms, weeks = tuple(patients.get_column(arm_column)), tuple(week_by_visit.values())
    return RepeatedMeasures(parameter, visits, weeks, values, arms, unit, source)


def _read_frame(path: Path, columns: tuple[str, ...], problems: Problems) -> pl.DataFrame | None:
    if not problems.check(path.is_file(), "there is no such file; check the path"):
        return None
    try:
        frame = pl.read_parquet(path, hive_partitioning=False, glob=False)
    except _UNREADABLE as error:
        first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        problems.add(f"it cannot be read as Parquet ({first_line}); write it again")
        return None
    lacking = [name for name in columns if name not in frame.columns]
    if not problems.check(
        not lacking, f"it has no column {', '.join(lacking)}; it needs {', '.join(columns)}"
    ):
        return None
    is_number = frame.schema["AVAL"].is_numeric()
    if not problems.check(is_number, "AVAL holds words; give numbers, null where there is none"):
        return None
    words = [pl.col(name).cast(pl.String) for name in columns if name != "AVAL"]
    return frame.with_columns(*words, pl.col("AVAL").cast(pl.Float64).fill_nan(None))


def _check_arms(patients: pl.DataFrame, arm_column: str, problems: Problems) -> None:
    twice = patients.height - patients.get_column("USUBJID").n_unique()
    problems.check(twice == 0, f"{twice} patients have two arms in {arm_column}; give each one")
    lost = patients.get_column(arm_column).null_count()
    problems.check(lost == 0, f"{arm_column} is empty for {lost} patients; fill it in or leave them out")
    nameless = patients.get_column("USUBJID").null_count()
    problems.check(nameless == 0, "USUBJID is empty in some rows; fill it in")

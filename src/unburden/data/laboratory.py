"""Laboratory histories from the LB domain of SDTM, each value with its grade."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from unburden.domain.errors import InvalidCohort, Problems
from unburden.domain.laboratory import CTCAE_GRADINGS, LabGrading, LabHistories

_NUMBERS = ("LBSTRESN", "LBSTNRLO", "LBSTNRHI")
_WORDS = ("USUBJID", "LBTESTCD", "LBSTRESU", "LBBLFL", "LBDTC")
_UNREADABLE = (pl.exceptions.PolarsError, OSError, ValueError, pl.exceptions.PanicException)


def read_lab_histories(folder: Path, *, test: str, least_grade: int, source: str) -> LabHistories:
    """Whether each patient had a test at or above a CTCAE v5.0 grade, visit by visit, from Parquet files.

    `lb.parquet` or parts of it (`lbch.parquet`); standard results (LBSTRESN) in the grading's unit with
    their limits of normal; the baseline is the row with LBBLFL = "Y". Of several values on a date the
    highest grade counts. Rows without a number, and dates before the baseline, are left out, as are
    patients high at baseline or without a later value. Raises `InvalidCohort`.
    """
    problems = Problems(str(folder))
    known = ", ".join(CTCAE_GRADINGS)
    problems.check(test in CTCAE_GRADINGS, f"test is {test!r}; use one with CTCAE grades: {known}")
    problems.check(least_grade in (1, 2, 3, 4), f"least_grade is {least_grade}; give 1 to 4")
    parts = list(_read_parts(folder, problems))
    problems.raise_if_any(InvalidCohort)
    grading = CTCAE_GRADINGS[test]
    frame = pl.concat(parts).filter((pl.col("LBTESTCD") == test) & pl.col("LBSTRESN").is_not_null())
    problems.check(frame.height > 0, f"no row has LBTESTCD {test!r} with a number; give the domain that does")
    units = sorted({str(unit) for unit in frame["LBSTRESU"] if unit != grading.unit})
    told = f"LBSTRESU of {test} is {', '.join(units[:5])}; convert to {grading.unit}"
    problems.check(not units, told)
    date = pl.col("LBDTC").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    frame = frame.with_columns(date.alias("date"))
    undated = frame["date"].null_count()
    told = f"LBDTC is no whole date in {undated} rows of {test}; write 2020-12-31 or leave them out"
    problems.check(undated == 0, told)
    problems.raise_if_any(InvalidCohort)
    days, highs, left_out = [], [], 0
    for _, rows in frame.sort("USUBJID", "date").group_by("USUBJID", maintain_order=True):
        walk = _walk_patient(rows, grading, least_grade)
        if len(walk) < 2 or walk[0][1]:
            left_out += 1
            continue
        days.append(tuple(day for day, _ in walk))
        highs.append(tuple(high for _, high in walk))
    return LabHistories(test, least_grade, tuple(days), tuple(highs), left_out, source)


def _walk_patient(rows: pl.DataFrame, grading: LabGrading, least_grade: int) -> list[tuple[float, bool]]:
    """Days since the baseline with whether the grade was reached; empty without a baseline."""
    baseline = rows.filter(pl.col("LBBLFL") == "Y")
    if not baseline.height:
        return []
    start, reference = baseline["date"][-1], float(baseline["LBSTRESN"][-1])
    found: dict[float, bool] = {}
    for date, value, low, high in rows.select("date", *_NUMBERS).iter_rows():
        day = float((date - start).days)
        if day < 0:
            continue
        lower = float("-inf") if low is None else low
        upper = float("inf") if high is None else high
        grade = grading.find_grade(value, lower_limit=lower, upper_limit=upper, baseline=reference)
        found[day] = found.get(day, False) or grade >= least_grade
    return sorted(found.items())


def _read_parts(folder: Path, problems: Problems) -> Iterator[pl.DataFrame]:
    paths = [path for path in sorted(folder.glob("lb*.parquet")) if len(path.stem) <= 4]
    problems.check(bool(paths), "there is no LB (lb.parquet); give a folder with SDTM domains as Parquet")
    for path in paths:
        try:
            frame = pl.read_parquet(path, hive_partitioning=False, glob=False)
            lacking = [name for name in (*_WORDS, *_NUMBERS) if name not in frame.columns]
            told = (
                f"{path.name} has no column {', '.join(lacking)}; it needs {', '.join((*_WORDS, *_NUMBERS))}"
            )
            if problems.check(not lacking, told):
                numbers = [pl.col(name).cast(pl.Float64) for name in _NUMBERS]
                yield frame.select(*(pl.col(name).cast(pl.String) for name in _WORDS), *numbers)
        except _UNREADABLE as error:
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            problems.add(f"{path.name} cannot be read as Parquet ({first}); write it again")

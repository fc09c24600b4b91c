"""Patients' tables from Parquet and CSV."""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from unburden.domain.cohort import EVENT_SCHEMA, Cohort, Column
from unburden.domain.errors import InvalidCohort, Problems
from unburden.domain.estimate import check_sources
from unburden.domain.units import DIMENSION_BY_UNIT, describe_unknown_unit

CSV_UNKNOWN = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "."]
"""Words that mean unknown in a CSV file."""

MOST_SHOWN_COLUMNS, MOST_SHOWN_LINES = 20, 5

_SUFFIXES = (".parquet", ".csv")
_UNREADABLE = (pl.exceptions.PolarsError, OSError, ValueError, pl.exceptions.PanicException, csv.Error)


def read_cohort(path: Path, *, name: str, columns: tuple[Column, ...], source: str) -> Cohort:
    """Patients of a Parquet or CSV file, one row each, in which null means unknown.

    In CSV an empty field and `CSV_UNKNOWN` are unknown; in both, so is a number that is NaN.
    A CSV row without any entry is no patient, unless the file has a single column.
    Every column of the file is kept; criteria can use those declared in `columns`.

    Raises `InvalidCohort` with every problem of the file and of the declarations.

    >>> read_cohort(Path("no.csv"), name="p", columns=(), source="observed:p")
    Traceback (most recent call last):
    unburden.domain.errors.InvalidCohort: InvalidCohort: no.csv: 1 problem
      - there is no such file; check the path
    """
    problems = Problems(str(path))
    _check_declarations(columns, problems)
    check_sources((source,), problems)
    frame = _read_frame(path, problems)
    if frame is not None:
        _check_frame(frame, columns, problems)
    problems.raise_if_any(InvalidCohort)
    assert frame is not None  # a file that could not be read is a problem
    floats = pl.selectors.float()
    return Cohort(name, frame.with_columns(floats.fill_nan(None)), columns, source)


def read_events(path: Path, frame: pl.DataFrame, *, patient: str) -> pl.DataFrame:
    """The timelines of a cohort's patients from a Parquet or CSV file, one row an event, as `EVENT_SCHEMA`.

    The file has `day` (from the patient's index day), `kind`, and the column named by `patient`, which the
    cohort's table has too; `system`, `code`, `value` and `unit` may be absent.

    Raises `InvalidCohort` with every problem of the file: columns that are absent or of another kind, events
    of nobody in the cohort, and patients of the cohort that share an identifier.
    """
    problems = Problems(str(path))
    table = _read_frame(path, problems)
    problems.raise_if_any(InvalidCohort)
    assert table is not None  # a file that could not be read is a problem
    told = (
        f"the cohort has no column {patient!r} to know the patients by; it has {_list_columns(frame.columns)}"
    )
    problems.check(patient in frame.columns, told)
    for name in (patient, "day", "kind"):
        told = f"there is no column {name!r}; the file has {_list_columns(table.columns)}"
        problems.check(name in table.columns, told)
    problems.raise_if_any(InvalidCohort)
    known = {patient, *EVENT_SCHEMA} - {"patient"}
    strays = [name for name in table.columns if name not in known]
    told = f"unknown columns {_list_columns(strays)}; events have {', '.join(sorted(known))}"
    problems.check(not strays, told)
    ids = frame.get_column(patient)
    twice = ids.drop_nulls().len() - ids.drop_nulls().n_unique()
    problems.check(
        twice == 0, f"{twice} patients of the cohort repeat a {patient!r} of another; make them one"
    )
    problems.raise_if_any(InvalidCohort)
    rows = pl.DataFrame({"patient_key": ids.cast(pl.String), "patient": range(frame.height)})
    joined = table.with_columns(pl.col(patient).cast(pl.String).alias("patient_key")).join(
        rows.filter(pl.col("patient_key").is_not_null()), on="patient_key", how="left", maintain_order="left"
    )
    nobody = joined.get_column("patient").null_count()
    problems.check(
        nobody == 0, f"{nobody} of {table.height} events are of nobody in the cohort; leave them out"
    )
    columns = []
    for name, kind in EVENT_SCHEMA.items():
        if name not in joined.columns:
            columns.append(pl.Series(name, [None] * joined.height, dtype=kind))
            continue
        series = joined.get_column(name)
        cast = series.cast(kind, strict=False)
        lost = cast.null_count() - series.null_count()
        wanted = "numbers" if kind in (pl.Int64, pl.Float64) else "words"
        problems.check(lost == 0, f"column {name!r} holds {lost} values that are no {wanted}; write {wanted}")
        columns.append(cast.alias(name))
    problems.raise_if_any(InvalidCohort)
    return pl.DataFrame(columns)


def _check_declarations(columns: tuple[Column, ...], problems: Problems) -> None:
    seen: set[str] = set()
    for column in columns:
        problems.check(column.name not in seen, f"column {column.name!r} is declared twice; keep one")
        seen.add(column.name)
        problems.check(
            column.unit == "" or column.unit in DIMENSION_BY_UNIT,
            f"column {column.name!r}: {describe_unknown_unit(column.unit)}",
        )


def _read_frame(path: Path, problems: Problems) -> pl.DataFrame | None:
    """The table, or None with the reason among the problems."""
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        problems.add(f"the file ends with {suffix!r}; give one that ends with .parquet or .csv")
    elif _is_readable(path, problems):
        try:
            if suffix == ".parquet":
                return pl.read_parquet(path, hive_partitioning=False, glob=False)
            return _read_csv(path, problems)
        except _UNREADABLE as error:
            first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
            kind = "Parquet" if suffix == ".parquet" else "CSV"
            problems.add(f"it cannot be read as {kind} ({first_line}); write it again as {kind}")
    return None


def _is_readable(path: Path, problems: Problems) -> bool:
    """Whether there is a file with something in it; adds the problem."""
    before = len(problems)
    try:
        if not path.exists():
            problems.add("there is no such file; check the path")
        elif not path.is_file():
            problems.add("this is a folder; give a file")
        else:
            problems.check(path.stat().st_size > 0, "the file is empty; give at least one row")
    except OSError as error:
        problems.add(f"it cannot be reached ({error.strerror}); check the path")
    return len(problems) == before


def _read_csv(path: Path, problems: Problems) -> pl.DataFrame | None:
    """The table of a CSV file without its blank rows; None where rows do not fit the head."""
    lines = list(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))
    reader = csv.reader(lines, strict=True)
    kept: list[str] = []
    uneven: list[int] = []
    width, start = 0, 0
    try:
        for row in reader:
            held, start = lines[start : reader.line_num], reader.line_num
            if width != 1 and not any(field.strip() for field in row):
                continue
            width = width or len(row)
            if len(row) not in (width, 0):
                uneven.append(reader.line_num - len(held) + 1)
            kept += [*held[:-1], held[-1].rstrip("\r\n") + "\n"]
    except csv.Error as error:
        raise csv.Error(f"line {reader.line_num}: {error}") from None
    if uneven:
        problems.add(
            f"line{_list_lines(uneven)} not as many fields as the head ({width}); "
            "give every row as many, an unknown one empty"
        )
        return None
    # Polars alone would fill short rows and blank lines with nulls, and not split lines at "\r".
    text = "".join(kept).encode()
    return pl.read_csv(text, null_values=CSV_UNKNOWN, infer_schema_length=None)


def _list_lines(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:MOST_SHOWN_LINES]))
    more = len(numbers) - MOST_SHOWN_LINES
    told = f"{shown} and {more} more" if more > 0 else shown
    return f" {told} has" if len(numbers) == 1 else f"s {told} have"


def _list_columns(names: Sequence[str]) -> str:
    shown = ", ".join(name[:80] for name in names[:MOST_SHOWN_COLUMNS])
    more = len(names) - MOST_SHOWN_COLUMNS
    return f"{shown} and {more} more" if more > 0 else shown


def _check_frame(frame: pl.DataFrame, columns: tuple[Column, ...], problems: Problems) -> None:
    problems.check(frame.height > 0, "it has no patients; give at least one row")
    names = set(frame.columns)
    for found in frame.columns:
        twin = re.sub(r"_duplicated_\d+$", "", found)
        problems.check(
            twin == found or twin not in names,
            f"the table has more than one column {twin!r}; rename or remove one",
        )
    for column in columns:
        if not problems.check(
            column.name in names,
            f"column {column.name!r} is declared but not in the table; "
            f"the table has {_list_columns(frame.columns)}",
        ):
            continue
        series = frame.get_column(column.name)
        if column.unit and not series.dtype.is_numeric() and series.null_count() < series.len():
            problems.add(
                f"column {column.name!r} is declared in {column.unit} but holds "
                f"{_describe_words(series)}; write numbers, or leave unknown ones empty"
            )


def _describe_words(series: pl.Series) -> str:
    """What stands in a column where numbers were expected, with the first that is not one."""
    if series.dtype != pl.String:
        return f"{series.dtype} values"
    odd = series.filter(series.is_not_null() & series.cast(pl.Float64, strict=False).is_null())
    first = odd[0] if odd.len() else series.drop_nulls()[0]
    return f"text such as {first!r}"

"""SDTM domains from Parquet files, with every problem found before anything is counted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from unburden.domain.errors import Problems

_UNREADABLE = (pl.exceptions.PolarsError, OSError, ValueError, pl.exceptions.PanicException)
_FULL_DATE = r"^\d{4}-\d{2}-\d{2}(T.*)?$"
_MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class DomainRule:
    """The columns of a domain that are read: `date` holds its ISO 8601 date or date and time.

    `status` is the column that says NOT DONE; `optional` columns are empty where the file has none.
    """

    columns: tuple[str, ...]
    date: str = ""
    status: str = ""
    optional: tuple[str, ...] = ()


RULE_BY_DOMAIN: Mapping[str, DomainRule] = {
    "DM": DomainRule(("USUBJID", "ARMCD", "ARM", "RFSTDTC"), optional=("RFXENDTC",)),
    "SV": DomainRule(("USUBJID", "VISIT", "SVSTDTC"), "SVSTDTC"),
    "LB": DomainRule(("USUBJID", "LBTESTCD", "LBCAT", "VISIT", "LBDTC"), "LBDTC", "LBSTAT", ("LBSPEC",)),
    "QS": DomainRule(
        ("USUBJID", "QSTESTCD", "QSCAT", "QSSTRESC", "VISIT", "QSDTC"), "QSDTC", "QSSTAT", ("QSDRVFL",)
    ),
    "VS": DomainRule(("USUBJID", "VSTESTCD", "VISIT", "VSDTC"), "VSDTC", "VSSTAT", ("VSTPT",)),
    "EG": DomainRule(("USUBJID", "EGTESTCD", "VISIT", "EGDTC"), "EGDTC", "EGSTAT", ("EGTPT",)),
    "EX": DomainRule(("USUBJID", "EXTRT", "EXDOSFRQ", "EXSTDTC", "EXENDTC"), "EXSTDTC"),
    "DS": DomainRule(("USUBJID", "DSDECOD", "DSCAT", "DSSTDTC"), "DSSTDTC"),
}
"""The domains that can be read."""


def read_sdtm_tables(folder: Path, domains: tuple[str, ...], problems: Problems) -> dict[str, pl.DataFrame]:
    """The rows that were done of each domain that could be read; problems for the rest.

    A domain stands in `<domain>.parquet` or in parts of it such as `lbch.parquet`, in small letters.
    """
    tables: dict[str, pl.DataFrame] = {}
    if not problems.check(folder.is_dir(), "there is no such folder; give one with SDTM domains as Parquet"):
        return tables
    for domain in domains:
        if domain not in RULE_BY_DOMAIN:
            problems.add(f"the domain {domain!r} is not read; use some of {', '.join(RULE_BY_DOMAIN)}")
            continue
        frame = _read_domain(folder, domain, problems)
        if frame is not None:
            tables[domain] = frame
    return tables


def _read_domain(folder: Path, domain: str, problems: Problems) -> pl.DataFrame | None:
    paths = list(_find_files(folder, domain))
    told = f"there is no {domain} ({domain.lower()}.parquet); add it or leave {domain} out of the domains"
    if not problems.check(bool(paths), told):
        return None
    parts = [_read_part(path, domain, problems) for path in paths]
    whole = [part for part in parts if part is not None]
    if len(whole) < len(parts):
        return None
    rule = RULE_BY_DOMAIN[domain]
    frame = pl.concat(whole).sort(pl.all(), nulls_last=True)
    problems.check(frame.height > 0, f"{domain} has no rows that were done; give at least one")
    if rule.date:
        _check_dates(frame, domain, rule.date, problems)
    return frame


def _find_files(folder: Path, domain: str) -> Iterator[Path]:
    """The files of a domain: two letters, and up to two more where it is split."""
    for path in sorted(folder.glob(f"{domain.lower()}*.parquet")):
        if len(path.stem) <= 4:
            yield path


def _read_part(path: Path, domain: str, problems: Problems) -> pl.DataFrame | None:
    """One file with the columns of the rule, the duplicates among its rows being a problem."""
    rule = RULE_BY_DOMAIN[domain]
    try:
        frame = pl.read_parquet(path, hive_partitioning=False, glob=False)
    except _UNREADABLE as error:
        first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        problems.add(f"{path.name} cannot be read as Parquet ({first_line}); write it again")
        return None
    lacking = [name for name in rule.columns if name not in frame.columns]
    if not problems.check(
        not lacking, f"{path.name} has no column {', '.join(lacking)}; it needs {', '.join(rule.columns)}"
    ):
        return None
    twice = frame.height - frame.unique().height
    problems.check(twice == 0, f"{path.name} holds {twice} rows that stand there already; keep one of each")
    if rule.status in frame.columns:
        frame = frame.filter(pl.col(rule.status).cast(pl.String).fill_null("") != "NOT DONE")
    more = [pl.lit(None, pl.String).alias(name) for name in rule.optional if name not in frame.columns]
    names = (*rule.columns, *rule.optional)
    return frame.with_columns(more).select(pl.col(name).cast(pl.String) for name in names)


def _check_dates(frame: pl.DataFrame, domain: str, column: str, problems: Problems) -> None:
    """Every row needs a whole date."""
    dates = frame.get_column(column)
    empty = dates.null_count()
    problems.check(
        empty == 0,
        f"{domain}: {column} is empty in {empty} of {frame.height} rows; give dates or leave the rows out",
    )
    known = dates.drop_nulls()
    whole = known.str.contains(_FULL_DATE) & known.str.slice(0, 10).str.to_date(strict=False).is_not_null()
    odd = known.filter(~whole).unique().sort()
    problems.check(
        odd.len() == 0,
        f"{domain}: {column} holds {', '.join(map(repr, odd.head(_MOST_SHOWN)))}; write dates as 2020-12-31",
    )

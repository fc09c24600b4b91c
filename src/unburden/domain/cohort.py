"""Patients as a table whose columns say their unit, and what screening leaves of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from unburden.domain.errors import InvalidCohort, Problems
from unburden.domain.estimate import Estimate, check_sources

EVENT_SCHEMA = {
    "patient": pl.Int64,
    "day": pl.Float64,
    "kind": pl.String,
    "system": pl.String,
    "code": pl.String,
    "value": pl.Float64,
    "unit": pl.String,
}
"""The columns of a cohort's timelines; `value` is null where an event has none."""


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds: `unit` in UCUM-like words ("year", "mm"), "" for words and flags.

    `lower_limit` and `upper_limit` are the limits of normal: a number in the column's unit or the
    name of a column that holds each patient's.
    """

    name: str
    unit: str = ""
    description: str = ""
    lower_limit: float | str | None = None
    upper_limit: float | str | None = None


@dataclass(frozen=True)
class Cohort:
    """Patients, one row each; null means unknown.

    `events` are the patients' timelines, one row an event: `patient` (its row number in `frame`),
    `day` from the patient's index day, `kind`, `system`, `code`, `value` and `unit` (`EVENT_SCHEMA`).
    Raises `InvalidCohort` for an empty table, a declared column that is not there or timelines that
    do not fit the schema.
    """

    name: str
    frame: pl.DataFrame = field(repr=False)
    columns: tuple[Column, ...]
    source: str
    events: pl.DataFrame | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        problems = Problems(f"cohort {self.name!r}")
        problems.check(self.frame.height > 0, "it has no patients; give at least one row")
        for column in self.columns:
            problems.check(
                column.name in self.frame.columns,
                f"column {column.name!r} is declared but not in the table; "
                f"the table has {', '.join(self.frame.columns)}",
            )
        check_sources((self.source,), problems)
        if self.events is not None:
            problems.extend(_find_event_problems(self.events, self.frame.height))
        problems.raise_if_any(InvalidCohort)

    @property
    def patients(self) -> int:
        """Number of rows."""
        return self.frame.height

    @property
    def unit_by_column(self) -> Mapping[str, str]:
        """The declared unit of each declared column."""
        return {column.name: column.unit for column in self.columns}


def _find_event_problems(events: pl.DataFrame, patients: int) -> list[str]:
    """Why timelines do not fit the schema; empty if they do."""
    if dict(events.schema) != EVENT_SCHEMA:
        wanted = ", ".join(f"{name} ({kind})" for name, kind in EVENT_SCHEMA.items())
        found = ", ".join(f"{name} ({kind})" for name, kind in events.schema.items())
        return [f"events has the columns {found}; give {wanted}"]
    problems = []
    strays = events.filter(~pl.col("patient").is_between(0, patients - 1).fill_null(False)).height
    if strays:
        problems.append(f"{strays} of {events.height} events belong to no row; number patients from 0")
    undated = events.get_column("day").null_count() + int(events.get_column("day").is_nan().sum() or 0)
    if undated:
        problems.append(f"{undated} of {events.height} events have no day; leave them out or date them")
    return problems


@dataclass(frozen=True, slots=True)
class AttritionStep:
    """One criterion in a CONSORT-style flow.

    `entering` patients reach it; of these `met`, `not_met` and `unknown` (they sum to
    `entering`) pass, fail or cannot be told; `leaving` go on under the criterion's policy for
    unknown. `alone` counts, over all patients, those that this criterion fails whatever the
    others say; `only` those that would be eligible but for it: it is the last to keep them out.
    `leave_one_out` is the pool without this criterion, eligible + `only`. `alone_share` and `only_share`
    are shares of all patients, `pool_share` is `only` over `leave_one_out` (None where that is 0), each
    with Wilson's 95 % interval.
    """

    criterion_id: str
    text: str
    is_inclusion: bool
    unknown_policy: str
    entering: int
    met: int
    not_met: int
    unknown: int
    leaving: int
    alone: int
    only: int
    leave_one_out: int
    alone_share: Estimate
    only_share: Estimate
    pool_share: Estimate | None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Criteria that together let in nobody of a cohort; `passing` counts who passes each alone."""

    criterion_ids: tuple[str, ...]
    passing: tuple[int, ...]

    def text(self) -> str:
        """What a reader is told.

        >>> Contradiction(("IN02", "EX05"), (30, 12)).text()
        'IN02 and EX05 together let nobody in, though they pass 30 and 12 alone; change one of them'
        """
        if len(self.criterion_ids) == 1:
            return f"{self.criterion_ids[0]} lets nobody in; check its column, unit and policy for unknown"
        names, counts = (
            f"{', '.join(map(str, words[:-1]))} and {words[-1]}"
            for words in (self.criterion_ids, self.passing)
        )
        return f"{names} together let nobody in, though they pass {counts} alone; change one of them"


@dataclass(frozen=True)
class Attrition:
    """Screening of one cohort; `eligible_rows` are row numbers in the cohort's table.

    Where nobody is eligible, `contradictions` says which criteria see to that.
    """

    cohort_name: str
    patients: int
    eligible: int
    steps: tuple[AttritionStep, ...]
    source: str
    eligible_rows: tuple[int, ...] = field(repr=False)
    uncomputed: tuple[str, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()

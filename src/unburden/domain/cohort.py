"""Patients as a table whose columns say their unit, and what screening leaves of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from unburden.domain.errors import InvalidCohort, Problems
from unburden.domain.estimate import check_sources


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds: `unit` in UCUM-like words ("year", "mm"), "" for words and flags."""

    name: str
    unit: str = ""
    description: str = ""


@dataclass(frozen=True)
class Cohort:
    """Patients, one row each; null means unknown.

    Raises `InvalidCohort` for an empty table or a declared column that is not there.
    """

    name: str
    frame: pl.DataFrame = field(repr=False)
    columns: tuple[Column, ...]
    source: str

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
        problems.raise_if_any(InvalidCohort)

    @property
    def patients(self) -> int:
        """Number of rows."""
        return self.frame.height

    @property
    def unit_by_column(self) -> Mapping[str, str]:
        """The declared unit of each declared column."""
        return {column.name: column.unit for column in self.columns}


@dataclass(frozen=True, slots=True)
class AttritionStep:
    """One criterion in a CONSORT-style flow.

    `entering` patients reach it; of these `met`, `not_met` and `unknown` (they sum to
    `entering`) pass, fail or cannot be told; `leaving` go on under the criterion's policy for
    unknown. `alone` counts, over all patients, those that this criterion fails whatever the
    others say; `only` those that would be eligible but for it.
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


@dataclass(frozen=True)
class Attrition:
    """Screening of one cohort; `eligible_rows` are row numbers in the cohort's table."""

    cohort_name: str
    patients: int
    eligible: int
    steps: tuple[AttritionStep, ...]
    source: str
    eligible_rows: tuple[int, ...] = field(repr=False)
    uncomputed: tuple[str, ...] = ()

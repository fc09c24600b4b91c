"""Each patient's stratum, and whom a criterion shuts out."""

import numpy as np
import polars as pl

from unburden.domain.cohort import Cohort
from unburden.domain.errors import InvalidCohort, Problems
from unburden.domain.passing import PassingTable
from unburden.domain.representation import UNKNOWN, Strata, Stratification
from unburden.domain.screening import StratumExclusion
from unburden.domain.units import convert_value, find_unit_problems
from unburden.eligibility.proportions import estimate_ratio, estimate_share

MOST_STRATA = 20
"""More values than this are no strata: a number wants cut points, words want groups."""


def derive_strata(stratification: Stratification, cohort: Cohort) -> Strata:
    """Each patient's stratum; null, NaN and the values of a group "unknown" are unknown (-1).

    Cut points are converted into the column's unit. Raises `InvalidCohort` for an absent or
    undeclared column, units that do not fit, values in no group and too many values.

    >>> from unburden.domain.cohort import Column
    >>> frame = pl.DataFrame({"age": [64, 65, None]})
    >>> cohort = Cohort("c", frame, (Column("age", "year"),), "observed:doctest")
    >>> derive_strata(Stratification("age", "age", (65,), "year"), cohort).codes.tolist()
    [0, 1, -1]
    """
    problems = Problems(f"strata of {stratification.name!r} in cohort {cohort.name!r}")
    column = stratification.column
    known = ", ".join(cohort.unit_by_column) or "none"
    told = f"there is no declared column {column!r}; declare one of the table. Declared columns: {known}"
    if not problems.check(column in cohort.unit_by_column, told):
        problems.raise_now(InvalidCohort)
    series = cohort.frame.get_column(column)
    if stratification.cut_points:
        labels, codes = _cut(series, stratification, cohort.unit_by_column[column], problems)
    else:
        labels, codes = _group(series, stratification, problems)
    problems.raise_if_any(InvalidCohort)
    return Strata(stratification.name, labels, codes, cohort.name, cohort.source)


def _cut(
    series: pl.Series, stratification: Stratification, unit: str, problems: Problems
) -> tuple[tuple[str, ...], np.ndarray]:
    labels = stratification.labels
    told = f"column {series.name!r} holds {series.dtype}; cut points need numbers, so give groups"
    if not problems.check(series.dtype.is_numeric() or series.null_count() == series.len(), told):
        return labels, np.empty(0, dtype=np.int64)
    given = stratification.unit
    if given != unit:
        if not (given and unit):
            problems.add(
                f"column {series.name!r} has the unit {unit!r} and the cut points {given!r}; give both"
            )
        problems.extend(find_unit_problems(given, unit) if given and unit else ())
        if problems:
            return labels, np.empty(0, dtype=np.int64)
    points = [convert_value(p, given, unit) if given != unit else p for p in stratification.cut_points]
    values = series.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    codes = np.searchsorted(np.array(points, dtype=float), values, side="right").astype(np.int64)
    return labels, np.where(np.isnan(values), -1, codes)


def _group(
    series: pl.Series, stratification: Stratification, problems: Problems
) -> tuple[tuple[str, ...], np.ndarray]:
    """Strata by value: those of the groups, else each value its own."""
    if series.dtype.is_float():
        series = series.fill_nan(None)
    elif series.dtype in (pl.Categorical, pl.Enum):
        series = series.cast(pl.String)
    values = series.drop_nulls().unique().sort().to_list()
    if not stratification.groups:
        told = f"column {series.name!r} holds {len(values)} values; give cut points or groups"
        if not problems.check(len(values) <= MOST_STRATA, told):
            return (), np.empty(0, dtype=np.int64)
        labels = tuple(_name_value(value) for value in values)
        code_by_value = {value: code for code, value in enumerate(values)}
    else:
        labels = stratification.labels
        code_by_value = {
            value: labels.index(label) if label != UNKNOWN else -1
            for label, group in stratification.groups
            for value in group
        }
        strays = [value for value in values if value not in code_by_value]
        shown = ", ".join(repr(value) for value in strays[:5])
        told = f"column {series.name!r} holds {shown}, which are in no group; add them, or to 'unknown'"
        problems.check(not strays, told)
    codes = np.array([code_by_value.get(value, -1) for value in series.to_list()], dtype=np.int64)
    return labels, codes


def _name_value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def screen_strata(table: PassingTable, strata: Strata) -> tuple[StratumExclusion, ...]:
    """Whom each criterion shuts out, stratum by stratum, and whom all of them together do.

    Criteria come in the table's order, all together last (`criterion_id` None); the stratum
    "unknown" comes last of each where there is one. Raises `InvalidCohort` where the table and the
    strata are not of the same patients.
    """
    check_same_patients(table, strata)
    failing = ~table.passing
    is_last = failing & (failing.sum(axis=1) == 1)[:, None]
    found: list[StratumExclusion] = []
    for number, criterion_id in enumerate(table.criterion_ids):
        found.extend(_screen_one(criterion_id, failing[:, number], is_last[:, number], strata))
    return (*found, *_screen_one(None, ~table.eligible, None, strata))


def check_same_patients(table: PassingTable, strata: Strata) -> None:
    """Raise `InvalidCohort` unless the strata are those of the table's patients."""
    problems = Problems(f"strata of {strata.name!r}")
    told = f"they hold {len(strata.codes)} patients and the criteria {table.patients}; take one cohort"
    problems.check(len(strata.codes) == table.patients, told)
    problems.raise_if_any(InvalidCohort)


def _screen_one(
    criterion_id: str | None, kept_out: np.ndarray, last: np.ndarray | None, strata: Strata
) -> list[StratumExclusion]:
    """The strata of one criterion, or of all together without `last`."""
    known = strata.codes >= 0
    all_out, all_in = int((kept_out & known).sum()), int((~kept_out & known).sum())
    found = []
    for code, label in [*enumerate(strata.labels), (-1, UNKNOWN)]:
        inside = strata.codes == code
        patients, out = int(inside.sum()), int((inside & kept_out).sum())
        if code < 0 and not patients:
            continue
        staying = patients - out
        is_known = code >= 0
        found.append(
            StratumExclusion(
                criterion_id=criterion_id,
                stratification=strata.name,
                stratum=label,
                patients=patients,
                kept_out=out,
                last=None if last is None else int((inside & last).sum()),
                kept_out_share=estimate_share(out, patients, strata.source),
                share_of_kept_out=estimate_share(out, all_out, strata.source) if is_known else None,
                share_of_staying=estimate_share(staying, all_in, strata.source) if is_known else None,
                ratio=estimate_ratio(out, all_out, staying, all_in, strata.source) if is_known else None,
            )
        )
    return found

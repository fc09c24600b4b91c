"""Covariates as numbers that a model can take: forms of numbers, flags for words, a stated policy for "
"gaps."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from unburden.domain.emulation_plan import Covariate, MissingPolicy
from unburden.domain.errors import InvalidEmulation, Problems

MOST_LEVELS = 20
SPLINE_QUANTILES = (0.05, 0.35, 0.65, 0.95)
"""Knots of a restricted cubic spline with 4 knots (Harrell 2015, Regression Modeling Strategies, table "
"2.3)."""
UNKNOWN = "unknown"


@dataclass(frozen=True)
class EncodedCovariates:
    """`values` (patients x terms) for models, and `plain_values` (patients x plain terms) to compare arms on.

    Plain terms hold each number as it is and every level of every word, the reference level included.
    `references` and `missing_words` tell a reader what was chosen.
    """

    terms: tuple[str, ...]
    values: np.ndarray
    plain_terms: tuple[str, ...]
    plain_values: np.ndarray
    references: tuple[str, ...]
    missing_words: tuple[str, ...]


class _Columns:
    """Columns gathered with their names."""

    def __init__(self, patients: int) -> None:
        self.patients = patients
        self.terms: list[str] = []
        self.arrays: list[np.ndarray] = []

    def add(self, term: str, values: np.ndarray) -> None:
        """Keep a column."""
        self.terms.append(term)
        self.arrays.append(np.asarray(values, dtype=np.float64))

    def stack(self) -> np.ndarray:
        """All columns side by side."""
        return np.column_stack(self.arrays) if self.arrays else np.empty((self.patients, 0))


def encode_covariates(
    frame: pl.DataFrame, covariates: tuple[Covariate, ...], *, missing: MissingPolicy
) -> EncodedCovariates:
    """The covariates' columns of a table as numbers.

    Words, flags and numbers as categories become a flag for each level but the first in order, the reference.
    Missing values: with "refuse" they are an error; with "indicator" a number is filled with the median and
    a further column flags it, and a word has the further level "unknown" (which keeps everybody, and assumes
    that not knowing is itself a reason for treatment; Blake et al. 2020, Stat Med 39:1641).

    A covariate that does not vary (a criterion settles it) cannot confound: it is left out, and told among
    the references.

    Raises `InvalidEmulation` for a column that is not there, has too many levels, cannot take
    its form or, with "refuse", has gaps; all problems at once.

    >>> frame = pl.DataFrame({"age": [50, 60, 70], "sex": ["M", "F", "F"]})
    >>> found = encode_covariates(frame, (Covariate("age"), Covariate("sex")), missing="refuse")
    >>> found.terms, found.references
    (('age', 'sex = M'), ('sex: F',))
    """
    problems = Problems("covariates of the emulated trial")
    model, plain = _Columns(frame.height), _Columns(frame.height)
    references: list[str] = []
    missing_words: list[str] = []
    for covariate in covariates:
        name = covariate.column
        if name not in frame.columns:
            problems.add(f"there is no column {name!r}; the table has {', '.join(frame.columns)}")
            continue
        series = _blank_nan(frame.get_column(name))
        gaps = series.null_count()
        if gaps and missing == "refuse":
            problems.add(
                f"{name!r} is unknown for {gaps} of {frame.height} patients; use missing = 'indicator', "
                "leave the covariate out, or exclude these patients by a criterion that says so"
            )
            continue
        if gaps == series.len():
            problems.add(f"{name!r} is unknown for every patient; leave it out")
        elif series.dtype.is_numeric() and covariate.form != "categories":
            _add_number(covariate, series, model, plain, (references, missing_words), problems)
        elif series.dtype.is_numeric() or series.dtype in (pl.Boolean, pl.String, pl.Categorical, pl.Enum):
            _add_levels(covariate, series, model, plain, references, problems)
            if gaps:
                missing_words.append(f"{name}: {gaps} unknown, a level of its own")
        else:
            problems.add(f"{name!r} holds {series.dtype}; give numbers, words or flags")
    told = "no covariate varies among these patients; name some that do"
    problems.check(bool(problems.found) or bool(model.terms), told)
    problems.raise_if_any(InvalidEmulation)
    return EncodedCovariates(
        terms=tuple(model.terms),
        values=model.stack(),
        plain_terms=tuple(plain.terms),
        plain_values=plain.stack(),
        references=tuple(references),
        missing_words=tuple(missing_words),
    )


def _blank_nan(series: pl.Series) -> pl.Series:
    return series.fill_nan(None) if series.dtype.is_float() else series


def _add_number(
    covariate: Covariate,
    series: pl.Series,
    model: _Columns,
    plain: _Columns,
    words: tuple[list[str], list[str]],
    problems: Problems,
) -> None:
    name, (references, missing_words) = covariate.column, words
    is_gap = series.is_null().to_numpy()
    known = series.drop_nulls().to_numpy().astype(np.float64)
    if not np.isfinite(known).all():
        problems.add(f"{name!r} holds an infinite number; correct it")
        return
    if known.min() == known.max():
        references.append(f"{name}: {known[0] + 0.0:g} for every patient, left out")
        return
    median = float(np.median(known))
    values = np.full(series.len(), median)
    values[~is_gap] = known
    plain.add(name, values)
    if covariate.form == "log":
        if known.min() < 0:
            problems.add(f"{name!r} has form 'log' but holds {known.min():g}; use 'linear' or 'spline'")
            return
        model.add(f"log(1 + {name})", np.log1p(values))
        plain.add(f"log(1 + {name})", np.log1p(values))
    elif covariate.form == "spline":
        _add_spline(name, values, known, model, problems)
    else:
        model.add(name, values)
    if is_gap.any():
        for columns in (model, plain):
            columns.add(f"{name} unknown", is_gap)
        missing_words.append(f"{name}: {int(is_gap.sum())} unknown, set to the median {median:g} and flagged")


def _add_spline(
    name: str, values: np.ndarray, known: np.ndarray, model: _Columns, problems: Problems
) -> None:
    """Restricted cubic spline in the truncated power basis, scaled (Harrell 2015, section 2.4.5)."""
    knots = np.quantile(known, SPLINE_QUANTILES)
    if len(np.unique(knots)) < len(knots):
        shown = ", ".join(f"{knot:g}" for knot in knots)
        problems.add(
            f"{name!r} has form 'spline' but its knots {shown} coincide; use 'linear', 'log' or 'categories'"
        )
        return
    model.add(name, values)
    last, before_last = knots[-1], knots[-2]

    def cube(knot: float) -> np.ndarray:
        return np.maximum(values - knot, 0.0) ** 3

    for number, knot in enumerate(knots[:-2], start=1):
        bend = (
            cube(knot)
            - cube(before_last) * (last - knot) / (last - before_last)
            + cube(last) * (before_last - knot) / (last - before_last)
        )
        model.add(f"{name} spline {number}", bend / (last - knots[0]) ** 2)


def _add_levels(
    covariate: Covariate,
    series: pl.Series,
    model: _Columns,
    plain: _Columns,
    references: list[str],
    problems: Problems,
) -> None:
    name = covariate.column
    levels = sorted(series.drop_nulls().unique().to_list())
    words = series.cast(pl.String).to_list()
    shown = pl.Series(levels, dtype=series.dtype).cast(pl.String).to_list()
    if series.null_count():
        told = f"{name!r} has a level {UNKNOWN!r} and gaps; rename the level"
        problems.check(UNKNOWN not in shown, told)
        shown.append(UNKNOWN)
        words = [UNKNOWN if word is None else word for word in words]
    if len(shown) < 2:
        references.append(f"{name}: {shown[0]} for every patient, left out")
        return
    if len(shown) > MOST_LEVELS:
        remedy = "use form = 'linear', 'log' or 'spline'" if series.dtype.is_numeric() else "group them"
        problems.add(f"{name!r} has {len(shown)} levels, over {MOST_LEVELS}; {remedy}")
        return
    held = np.array(words)
    references.append(f"{name}: {shown[0]}")
    for number, level in enumerate(shown):
        flags = held == level
        plain.add(f"{name} = {level}", flags)
        if number:
            model.add(f"{name} = {level}", flags)

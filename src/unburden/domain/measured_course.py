"""Repeated measures of patients, what was learnt from them, and the effect that they shall tell."""

import itertools
import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from unburden.domain.errors import InvalidCohort, InvalidDesign, Problems
from unburden.domain.estimate import check_sources
from unburden.domain.repeated import factor_covariance

Baseline = Literal["shared", "separate"]
Difference = Literal["unstructured", "constant", "linear", "spline"]


@dataclass(frozen=True)
class RepeatedMeasures:
    """Values of patients at planned visits: `values` (n, v), nan where unseen; `arms` (n,).

    `visit_weeks` rise; a first one at 0 is the baseline. `unit` of the values.
    """

    name: str
    visits: tuple[str, ...]
    visit_weeks: tuple[float, ...]
    values: np.ndarray = field(repr=False)
    arms: tuple[str, ...] = field(repr=False)
    unit: str
    source: str

    def __post_init__(self) -> None:
        problems = Problems(f"repeated measures {self.name!r}")
        _check_visits(self.visits, self.visit_weeks, problems)
        shape = (len(self.arms), len(self.visits))
        fits = self.values.shape == shape
        problems.check(fits, f"values have the shape {self.values.shape}; give {shape}, patients by visits")
        problems.check(not np.isinf(self.values).any(), "a value is infinite; use nan for unseen ones")
        check_sources((self.source,), problems)
        problems.raise_if_any(InvalidCohort)


@dataclass(frozen=True, slots=True)
class MeasuredCourse:
    """What a trial's repeated measures will be like: covariance over visits, and who is still seen.

    `covariance` (v, v) of one patient's values, the same in both arms. `retained`: for control and for
    treatment the probabilities (v,) of being seen at each visit; they do not rise, since those who
    dropped out stay out. Dropout may depend on what was seen before, not on what was not (MAR).
    """

    name: str
    visits: tuple[str, ...]
    visit_weeks: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    retained: tuple[tuple[float, ...], tuple[float, ...]]
    unit: str
    sources: tuple[str, ...]

    def __post_init__(self) -> None:
        problems = Problems(f"course {self.name!r}")
        _check_visits(self.visits, self.visit_weeks, problems)
        v = len(self.visits)
        square = len(self.covariance) == v and all(len(row) == v for row in self.covariance)
        if problems.check(square, f"covariance must have {v} rows of {v} numbers, one a visit"):
            told = "covariance is not symmetric and positive definite; check its numbers"
            problems.check(factor_covariance(self.covariance) is not None, told)
        problems.check(len(self.retained) == 2, "retained needs two rows: control, treatment")
        for arm, shares in zip(("control", "treatment"), self.retained, strict=False):
            told = f"retained of {arm} {list(shares)} must be {v} numbers over 0, at most 1, that do not rise"
            falls = all(a >= b > 0 for a, b in zip((1.0, *shares), shares, strict=False))
            problems.check(len(shares) == v and falls, told)
        check_sources(self.sources, problems)
        problems.raise_if_any(InvalidDesign)

    @property
    def has_baseline(self) -> bool:
        """Whether the first visit is before treatment."""
        return self.visit_weeks[0] == 0


@dataclass(frozen=True, slots=True)
class EffectModel:
    """The effect that is asked for and what its analysis assumes.

    `weights` (v,) of the arms' differences at the visits: (0, …, 0, 1) for the last visit. With a
    "shared" baseline the arms have one mean before treatment (constrained longitudinal data analysis);
    "separate" ones are fitted apart. The means of visits are free; the `difference` between the arms is
    free at each visit ("unstructured"), the same at all visits after week 0 ("constant"), proportional to
    the weeks ("linear") or a natural cubic spline of them with `knot_weeks` ("spline"). Only in the last
    three do other visits tell of the last one by themselves, if the assumption holds. `treated_share` of
    patients.
    """

    weights: tuple[float, ...]
    treated_share: float
    baseline: Baseline
    difference: Difference
    knot_weeks: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        problems = Problems("effect model")
        finite = bool(self.weights) and all(map(math.isfinite, self.weights)) and any(self.weights)
        problems.check(finite, f"weights {list(self.weights)} must be finite and not all 0; give one a visit")
        share = self.treated_share
        problems.check(0 < share < 1, f"treated_share is {share}; give a number between 0 and 1")
        problems.check(
            self.baseline in ("shared", "separate"), f"baseline is {self.baseline!r}; use shared or separate"
        )
        kinds = ("unstructured", "constant", "linear", "spline")
        problems.check(
            self.difference in kinds, f"difference is {self.difference!r}; use one of {', '.join(kinds)}"
        )
        knots = self.knot_weeks
        if self.difference == "spline":
            rises = len(knots) >= 3 and all(a < b for a, b in itertools.pairwise(knots))
            told = f"knot_weeks {list(knots)} of a spline must be 3 or more that rise, the ends included"
            problems.check(rises, told)
        else:
            problems.check(not knots, f"knot_weeks are given for a difference that is {self.difference}")
        problems.raise_if_any(InvalidDesign)


@dataclass(frozen=True)
class EstimatedCourse:
    """A course learnt from patients, with draws of what it might be: the same patients, resampled.

    `covariances` (k, v, v) and `retained` (k, 2, v) belong together, draw by draw. `patients` that it
    was learnt from; `notes` on what the data needed.
    """

    course: MeasuredCourse
    covariances: np.ndarray = field(repr=False)
    retained: np.ndarray = field(repr=False)
    patients: int
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        problems = Problems(f"estimated course {self.course.name!r}")
        k, v = len(self.covariances), len(self.course.visits)
        problems.check(k >= 1, "there are no draws; give at least one")
        shapes = (self.covariances.shape, self.retained.shape)
        told = f"draws have the shapes {shapes}; give {((k, v, v), (k, 2, v))}"
        problems.check(shapes == ((k, v, v), (k, 2, v)), told)
        problems.check(self.patients >= 1, f"patients is {self.patients}; give at least 1")
        problems.raise_if_any(InvalidDesign)


def _check_visits(visits: tuple[str, ...], weeks: tuple[float, ...], problems: Problems) -> None:
    problems.check(bool(visits), "there are no visits; give at least one")
    problems.check(len(set(visits)) == len(visits), f"two visits have one name in {list(visits)}")
    problems.check(
        len(visits) == len(weeks), f"{len(weeks)} visit_weeks for {len(visits)} visits; give one each"
    )
    rises = all(a < b < math.inf for a, b in zip((-1e-300, *weeks), weeks, strict=False))
    problems.check(rises, f"visit_weeks {list(weeks)} must rise from 0 or above and be finite")

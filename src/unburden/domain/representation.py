"""Strata of patients, the population that a trial is for, and how well a group of patients fits it."""

import math
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from unburden.domain.criteria import Value
from unburden.domain.errors import InvalidCohort, InvalidStudy, Problems
from unburden.domain.estimate import Estimate, check_sources

UNKNOWN = "unknown"
"""The stratum of patients whose stratum nobody knows: counted apart, no part of any share."""

SUM_TOLERANCE = 0.01
"""How far printed shares may be from 1 in sum, for their rounding; they are then scaled to 1."""


@dataclass(frozen=True, slots=True)
class Stratification:
    """How a column divides patients: at cut points, into groups of values, or value by value.

    A cut point belongs to the stratum above it. `groups` are (stratum, values); a group named
    "unknown" holds the values that say nothing. Raises `InvalidStudy` with every problem.

    >>> Stratification("age", "age", cut_points=(65, 75), unit="year").labels
    ('below 65', '65 to below 75', '75 and over')
    """

    name: str
    column: str
    cut_points: tuple[float, ...] = ()
    unit: str = ""
    groups: tuple[tuple[str, tuple[Value, ...]], ...] = ()

    def __post_init__(self) -> None:
        problems = Problems(f"strata of {self.name!r}")
        problems.check(bool(self.name), "it has no name; give one such as 'age'")
        problems.check(bool(self.column), "it names no column; say which column divides the patients")
        told = "it has cut points and groups; keep one of them"
        problems.check(not (self.cut_points and self.groups), told)
        finite = all(math.isfinite(point) for point in self.cut_points)
        rises = all(a < b for a, b in pairwise(self.cut_points))
        told = f"its cut points are {', '.join(f'{p:g}' for p in self.cut_points)}; give rising numbers"
        problems.check(finite and rises, told)
        told = f"it has the unit {self.unit!r} but no cut points; remove the unit"
        problems.check(not self.unit or bool(self.cut_points), told)
        labels = [label for label, _ in self.groups]
        for label in sorted({label for label in labels if labels.count(label) > 1}):
            problems.add(f"group {label!r} stands twice; join them")
        owner: dict[Value, str] = {}
        for label, values in self.groups:
            problems.check(bool(label) and bool(values), f"group {label!r} has no name or values; give both")
            for value in values:
                first = owner.setdefault(value, label)
                told = f"value {value!r} stands in {first!r} and in {label!r}; keep it in one"
                problems.check(first == label, told)
        problems.raise_if_any(InvalidStudy)

    @property
    def labels(self) -> tuple[str, ...]:
        """The strata in order, without "unknown"; empty where the values themselves are the strata."""
        points = self.cut_points
        if points:
            between = [f"{low:g} to below {high:g}" for low, high in pairwise(points)]
            return (f"below {points[0]:g}", *between, f"{points[-1]:g} and over")
        return tuple(label for label, _ in self.groups if label != UNKNOWN)


@dataclass(frozen=True, eq=False)
class Strata:
    """Each patient's stratum: `codes` (int64, one a patient) count into `labels`, -1 is unknown.

    Raises `InvalidCohort` where they do not.
    """

    name: str
    labels: tuple[str, ...]
    codes: NDArray[np.int64] = field(repr=False)
    cohort_name: str
    source: str

    def __post_init__(self) -> None:
        problems = Problems(f"strata of {self.name!r} in cohort {self.cohort_name!r}")
        told = f"codes have shape {self.codes.shape} of {self.codes.dtype}; give one whole number a patient"
        is_whole = np.issubdtype(self.codes.dtype, np.integer)
        if problems.check(self.codes.ndim == 1 and len(self.codes) > 0 and is_whole, told):
            outside = (self.codes < -1) | (self.codes >= len(self.labels))
            told = f"code {self.codes[outside][:1]} is none of -1 to {len(self.labels) - 1}"
            problems.check(not outside.any(), told)
        problems.check(len(set(self.labels)) == len(self.labels), "a label stands twice; give each its own")
        check_sources((self.source,), problems)
        problems.raise_if_any(InvalidCohort)


@dataclass(frozen=True, slots=True)
class TargetStratum:
    """A stratum's share of the population that the trial is for, and the share that it aims at.

    Strata whose `goal` is None share what the others' goals leave. `rationale` says why it is set so.
    """

    stratum: str
    share: Estimate
    goal: float | None = None
    rationale: str = ""


@dataclass(frozen=True, slots=True)
class TargetPopulation:
    """The shares of all strata of one stratification; they must sum to 1, within 0.01 for rounding.

    Raises `InvalidStudy` with every problem.
    """

    stratification: str
    strata: tuple[TargetStratum, ...]

    def __post_init__(self) -> None:
        problems = Problems(f"target population by {self.stratification!r}")
        names = [stratum.stratum for stratum in self.strata]
        for name in sorted({name for name in names if names.count(name) > 1}):
            problems.add(f"stratum {name!r} stands twice; keep one")
        problems.check(UNKNOWN not in names, "it gives a share to 'unknown'; share it among the known strata")
        for stratum in self.strata:
            fits = stratum.share.low >= 0 and stratum.share.high <= 1 and stratum.share.unit == "1"
            told = f"stratum {stratum.stratum!r} has the share {stratum.share.text()}; give one from 0 to 1"
            problems.check(fits, told)
            fits = stratum.goal is None or 0 <= stratum.goal <= 1
            told = f"stratum {stratum.stratum!r} has the goal {stratum.goal}; give a share from 0 to 1"
            problems.check(fits, told)
        total = math.fsum(stratum.share.value for stratum in self.strata)
        told = f"its shares sum to {total:g}; give all strata, with shares that sum to 1"
        problems.check(abs(total - 1) <= SUM_TOLERANCE, told)
        goals = math.fsum(stratum.goal or 0.0 for stratum in self.strata)
        told = f"its goals sum to {goals:g}; more than the whole trial cannot be aimed at"
        problems.check(goals <= 1 + SUM_TOLERANCE, told)
        problems.raise_if_any(InvalidStudy)

    @property
    def shares(self) -> NDArray[np.float64]:
        """The strata's shares, scaled to sum to 1."""
        found = np.array([stratum.share.value for stratum in self.strata])
        return found / found.sum()

    @property
    def goals(self) -> tuple[float, ...]:
        """What the trial aims at; strata without a goal share what the others leave, by their shares."""
        left = max(0.0, 1 - math.fsum(stratum.goal or 0.0 for stratum in self.strata))
        open_share = math.fsum(stratum.share.value for stratum in self.strata if stratum.goal is None)
        return tuple(
            left * stratum.share.value / open_share
            if stratum.goal is None and open_share
            else stratum.goal or 0.0
            for stratum in self.strata
        )


@dataclass(frozen=True, slots=True)
class StratumRepresentation:
    """One stratum beside its share of the population.

    `share` has Wilson's 95 % interval, `simultaneous_share` one that holds for all strata of the
    stratification together (Bonferroni). `ratio` is the participation-to-prevalence ratio, share over
    `prevalence`; None where the population has none of the stratum. `expected` patients of the
    planned trial come from the stratum if it enrols as this group is made up; `gap` is how many more
    its `goal` needs. Their intervals are those of the share, not of the chance of one trial.
    """

    stratum: str
    prevalence: Estimate
    goal: float
    patients: int
    share: Estimate
    simultaneous_share: Estimate
    ratio: Estimate | None
    goal_patients: int
    expected: Estimate
    gap: Estimate
    rationale: str


@dataclass(frozen=True, slots=True)
class Representation:
    """A group of patients beside the population that the trial is for.

    `known` patients have a stratum, `unknown` have none and count in no share. `distance` is the total
    variation between the group's shares and the population's: the share of patients who would have
    to be others. `distance_by_chance` is what it would be on average if the group were drawn at
    random from the population.
    """

    stratification: str
    group: str
    strata: tuple[StratumRepresentation, ...]
    known: int
    unknown: int
    distance: Estimate
    distance_by_chance: float
    planned_patients: int

    def __post_init__(self) -> None:
        problems = Problems(f"representation by {self.stratification!r}")
        counted = sum(stratum.patients for stratum in self.strata)
        problems.check(counted == self.known, f"its strata hold {counted} of {self.known} known patients")
        check_sources(self.distance.sources, problems)
        problems.raise_if_any(InvalidStudy)

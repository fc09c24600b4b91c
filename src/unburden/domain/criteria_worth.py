"""Records of what each eligibility criterion is worth: patients, plan, cohorts and Shapley values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import polars as pl

from unburden.domain.cox import Ties
from unburden.domain.emulation_plan import Truncation
from unburden.domain.errors import InvalidCohort, InvalidDesign, NoEstimate, Problems
from unburden.domain.estimate import check_sources

Weighting = Literal["unweighted", "stabilised", "overlap"]
Outcome = Literal["log_hazard_ratio", "rmst_difference", "risk_difference", "patients"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
MOST_EXACT = 15
"""Up to so many criteria every one of the 2**k cohorts is estimated."""
MOST_CRITERIA = 32


@dataclass(frozen=True)
class EmulationData:
    """n patients from time zero: `times` to `events` or censoring, `treated` or control, `covariates` (n, p).

    `adverse` (n, Boolean) marks patients with the adverse event of the safety outcome. `patient_ids` (n)
    are the row numbers where not given. Raises `InvalidCohort` for rows that do not fit each other,
    values that are missing or not finite, negative times and patients that are there twice.
    """

    times: np.ndarray = field(repr=False)
    events: np.ndarray = field(repr=False)
    treated: np.ndarray = field(repr=False)
    covariates: np.ndarray = field(repr=False)
    source: str
    adverse: np.ndarray | None = field(default=None, repr=False)
    patient_ids: np.ndarray | None = field(default=None, repr=False)
    covariate_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        problems = Problems("patients of the emulated trial")
        n = len(self.times)
        rows = {"events": self.events, "treated": self.treated, "covariates": self.covariates}
        rows |= {} if self.adverse is None else {"adverse": self.adverse}
        rows |= {} if self.patient_ids is None else {"patient_ids": self.patient_ids}
        problems.check(n > 1, f"there are {n} patients; give at least 2")
        for name, values in rows.items():
            problems.check(
                len(values) == n, f"{name} has {len(values)} rows and times {n}; give one a patient"
            )
        problems.check(
            np.ndim(self.covariates) == 2, "covariates has one dimension; give patients × covariates"
        )
        problems.raise_if_any(InvalidCohort)
        if self.patient_ids is not None:
            ids, seen = np.unique(np.asarray(self.patient_ids), return_counts=True)
            twice = ", ".join(str(i) for i in ids[seen > 1][:5])
            problems.check(not twice, f"patients are there twice ({twice}); keep one row a patient")
        self._check_numbers(problems)
        check_sources((self.source,), problems)
        problems.raise_if_any(InvalidCohort)

    def _check_numbers(self, problems: Problems) -> None:
        """Gather what is wrong with the numbers."""
        names = self.covariate_names or tuple(f"covariate {j + 1}" for j in range(self.covariates.shape[1]))
        problems.check(
            len(names) == self.covariates.shape[1],
            f"{len(names)} covariate_names for {self.covariates.shape[1]} covariates; give one each",
        )
        columns = zip(names, np.asarray(self.covariates).T, strict=False)
        for name, values in (("times", self.times), *columns):
            count = int((~np.isfinite(np.asarray(values, float))).sum())
            problems.check(
                count == 0, f"{name}: {count} values are not finite; impute them or leave them out"
            )
        negative = int((np.asarray(self.times) < 0).sum())
        problems.check(negative == 0, f"times: {negative} are negative; count from time zero")
        flags = {"events": self.events, "treated": self.treated}
        flags |= {} if self.adverse is None else {"adverse": self.adverse}
        for name, values in flags.items():
            is_flag = bool(np.isin(np.asarray(values), (0, 1)).all())
            problems.check(is_flag, f"{name} holds other values than true and false")

    @property
    def patients(self) -> int:
        """Number of rows."""
        return len(self.times)

    @property
    def ids(self) -> np.ndarray:
        """The patients' identifiers, or row numbers."""
        return np.arange(self.patients) if self.patient_ids is None else np.asarray(self.patient_ids)

    def take(self, rows: np.ndarray) -> "EmulationData":
        """The patients of these rows, under the identifiers they have here."""
        return EmulationData(
            times=self.times[rows],
            events=self.events[rows],
            treated=self.treated[rows],
            covariates=self.covariates[rows],
            source=self.source,
            adverse=None if self.adverse is None else self.adverse[rows],
            patient_ids=self.ids[rows],
            covariate_names=self.covariate_names,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WorthPlan:
    """How criteria are weighed.

    `horizon` of the restricted mean, in the unit of the times; `replicates` of the bootstrap (0: none);
    `permutations` where there are more than 15 criteria, an even number, half of them the other half's
    reverse; `level` of the intervals.
    """

    horizon: float
    weighting: Weighting
    ties: Ties
    replicates: int
    seed: int
    level: float
    truncation: Truncation = field(default_factory=Truncation)
    permutations: int = 0

    def __post_init__(self) -> None:
        problems = Problems("plan of criteria's worth")
        problems.check(0 < self.horizon < np.inf, f"horizon is {self.horizon}; give a time over 0")
        kinds = get_args(Weighting)
        problems.check(
            self.weighting in kinds, f"weighting is {self.weighting!r}; give one of {', '.join(kinds)}"
        )
        problems.check(
            self.ties in get_args(Ties), f"ties is {self.ties!r}; give one of {', '.join(get_args(Ties))}"
        )
        problems.check(
            self.replicates == 0 or self.replicates >= 20,
            f"replicates is {self.replicates}; give 0 (no bootstrap) or at least 20",
        )
        problems.check(0 <= self.seed < 2**63, f"seed is {self.seed}; give a whole number from 0 on")
        problems.check(0 < self.level < 1, f"level is {self.level}; give a number between 0 and 1")
        problems.check(
            self.permutations % 2 == 0 and self.permutations >= 0,
            f"permutations is {self.permutations}; give an even number",
        )
        if self.truncation.kind == "quantiles":
            problems.check(
                self.weighting == "stabilised",
                f"truncation at quantiles is for stabilised weights, not {self.weighting}; leave it out",
            )
        problems.raise_if_any(InvalidDesign)


@dataclass(frozen=True)
class OutcomeWorth:
    """The k Shapley values of one outcome: what each criterion adds on average over all orders.

    They sum to `with_all` less `with_none`. `standard_errors` by influence function, the estimation of
    the propensity included; `bootstrap_errors` where replicates were asked for;
    `monte_carlo_errors` where orders were sampled, included in `total_errors` and the intervals.
    `low` and `high` hold for one criterion, `joint_low` and `joint_high` for all at once (max-t, Hothorn,
    Bretz & Westfall 2008); `p_values` are two-sided by Holm (1979) over the criteria.
    """

    outcome: Outcome
    with_none: float
    with_all: float
    values: np.ndarray
    standard_errors: np.ndarray
    total_errors: np.ndarray
    low: np.ndarray
    high: np.ndarray
    joint_low: np.ndarray
    joint_high: np.ndarray
    p_values: np.ndarray
    bootstrap_errors: np.ndarray | None = None
    monte_carlo_errors: np.ndarray | None = None


@dataclass(frozen=True)
class CriteriaWorth:
    """What each criterion is worth, and the cohort of every set of criteria.

    `cohorts` has a row a mask (bit j: criterion j is applied), ascending: `mask`, `same_as` (the least
    mask with the same patients), `criteria`, `patients`, `treated`, `events_treated`, `events_control`,
    `effective_patients`, and of each outcome its value, standard error (`_se`) and `_problem`; a number
    that does not exist is null and its problem says why. `refused` holds, by outcome, why there are no
    Shapley values: one cohort without an estimate is enough, since every value would rest on it.
    `replicates_used` counts bootstrap samples in which every cohort has its estimates; it is 0, and there
    are no bootstrap errors, where more than 5 % of them lack one.
    """

    criteria: tuple[str, ...]
    outcomes: Mapping[Outcome, OutcomeWorth]
    refused: Mapping[Outcome, str]
    cohorts: pl.DataFrame = field(repr=False)
    plan: WorthPlan
    is_exact: bool
    replicates_used: int
    patient_ids: np.ndarray = field(repr=False)
    source: str

    def get_outcome(self, outcome: Outcome) -> OutcomeWorth:
        """The values of one outcome. Raises `NoEstimate` where they were refused."""
        if outcome in self.outcomes:
            return self.outcomes[outcome]
        reason = self.refused.get(outcome, "no adverse event was given")
        raise NoEstimate(f"Shapley values of {outcome}", [reason])


@dataclass(frozen=True, slots=True)
class Split:
    """Rows on which criteria are chosen and rows on which they are judged, by a seeded draw."""

    choose: np.ndarray = field(repr=False)
    judge: np.ndarray = field(repr=False)
    share: float
    seed: int

    def __post_init__(self) -> None:
        problems = Problems("split of patients")
        shared = np.intersect1d(self.choose, self.judge)
        problems.check(
            len(shared) == 0, f"{len(shared)} patients are in both parts; criteria are judged on others"
        )
        problems.check(len(self.choose) > 1 and len(self.judge) > 1, "a part has fewer than 2 patients")
        problems.raise_if_any(InvalidCohort)


@dataclass(frozen=True)
class ChosenCriteria:
    """Criteria kept because of the data of `patient_ids`, and by which outcome."""

    criteria: tuple[str, ...]
    kept: tuple[str, ...]
    mask: int
    outcome: Outcome
    patient_ids: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class JudgedCriteria:
    """The chosen criteria on patients who had no part in the choice.

    `cohorts` has the columns of `CriteriaWorth.cohorts` for no, the chosen and all criteria; of each
    outcome that exists in both, `differences` holds the chosen less all, its standard error (one
    sample of patients, so that the two are not independent) and interval.
    """

    chosen: ChosenCriteria
    cohorts: pl.DataFrame = field(repr=False)
    differences: Mapping[Outcome, tuple[float, float, float, float]]
    level: float
    source: str

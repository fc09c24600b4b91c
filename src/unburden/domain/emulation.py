"""What an emulated trial found: its patients, balance, weights and estimates."""

from dataclasses import dataclass, field

from unburden.domain.emulation_plan import EmulationPlan
from unburden.domain.estimate import Estimate


@dataclass(frozen=True, slots=True)
class CovariateBalance:
    """One covariate (or one level of it) in the two arms: means, and their difference in standard deviations.

    Both differences are divided by the same unweighted standard deviation, the root of the mean of the two
    arms' variances (Austin & Stuart 2015, Stat Med 34:3661), so that weighting cannot hide imbalance.
    """

    name: str
    treated_mean: float
    control_mean: float
    weighted_treated_mean: float
    weighted_control_mean: float
    difference_before: float
    difference_after: float


@dataclass(frozen=True, slots=True)
class ArmWeights:
    """The weights of one arm, for a histogram: `counts[i]` patients between `edges[i]` and `edges[i + 1]`.

    `effective_patients` is Kish's (Σw)² / Σw².
    """

    arm: str
    patients: int
    events: int
    effective_patients: float
    smallest: float
    mean: float
    largest: float
    truncated_patients: int
    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Positivity:
    """Whether patients like each other are found in both arms.

    Counts of patients whose propensity lies under `low` or over `high`; the range of propensities that
    both arms have (common support) and patients outside it; patients whose weight is over 10 times their
    arm's mean. Propensity histograms share `edges`.
    """

    low: float
    high: float
    share_outside: float
    support_low: float
    support_high: float
    patients_outside_support: int
    patients_with_extreme_weight: int
    edges: tuple[float, ...]
    treated_counts: tuple[int, ...]
    control_counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EmulatedCurve:
    """One arm's Kaplan–Meier curve, weighted and crude: the share free of the event after each of `days`.

    `at_risk` are the patients (not weights) still followed then. All days are within the arm's follow-up.
    """

    arm: str
    days: tuple[float, ...]
    weighted: tuple[float, ...]
    crude: tuple[float, ...]
    at_risk: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PropensitySummary:
    """The fitted model of assignment: `terms` with their coefficients where it has some."""

    model: str
    words: str
    terms: tuple[str, ...]
    coefficients: tuple[float, ...]
    references: tuple[str, ...]
    missing_words: tuple[str, ...]
    area_under_curve: float


@dataclass(frozen=True, slots=True)
class EValue:
    """How strong an unmeasured confounder would have to be, as a risk ratio with treatment and with outcome.

    `estimate` moves the estimate to no effect, `limit` moves the interval's limit next to it there (1 where
    the interval holds no effect). VanderWeele & Ding 2017 (Ann Intern Med 167:268).
    """

    risk_ratio: float
    estimate: float
    limit: float
    is_common_outcome: bool
    words: str


@dataclass(frozen=True, slots=True)
class NegativeControlResult:
    """What the same analysis says where there can be no effect."""

    name: str
    kind: str
    reason: str
    hazard_ratio: Estimate
    is_alarming: bool
    verdict: str


@dataclass(frozen=True)
class EmulatedTrial:
    """One emulated trial: everything that a report shows of it.

    Restricted means and their differences are in days up to the plan's horizon. `crude` estimates are
    unweighted. `doubly_robust_difference` is None where there is no such estimate; `notes` say why.
    `warnings` are reasons, seen in these data, not to trust the weighted estimates;
    `assumptions` are what nobody can check in them.
    """

    plan: EmulationPlan
    cohort_name: str
    patients: int
    eligible_patients: int
    propensity: PropensitySummary
    balance: tuple[CovariateBalance, ...]
    positivity: Positivity
    weights: tuple[ArmWeights, ArmWeights]
    curves: tuple[EmulatedCurve, EmulatedCurve]
    crude_hazard_ratio: Estimate
    hazard_ratio: Estimate
    treated_mean: Estimate
    control_mean: Estimate
    crude_mean_difference: Estimate
    mean_difference: Estimate
    doubly_robust_difference: Estimate | None
    e_value: EValue
    negative_controls: tuple[NegativeControlResult, ...]
    warnings: tuple[str, ...]
    assumptions: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def largest_difference_before(self) -> float:
        """The largest absolute standardised difference before weighting."""
        return max(abs(line.difference_before) for line in self.balance)

    @property
    def largest_difference_after(self) -> float:
        """The largest absolute standardised difference after weighting."""
        return max(abs(line.difference_after) for line in self.balance)

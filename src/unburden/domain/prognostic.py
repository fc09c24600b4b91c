"""Trials that use a prognostic score, and what it gains."""

import math
from dataclasses import dataclass
from typing import Literal

from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.estimate import Estimate

Shape = Literal["linear", "quadratic", "threshold"]


@dataclass(frozen=True, slots=True)
class PrognosticMeans:
    """A normal outcome that has the correlation `correlation` with a `shape` of the score.

    The analysis of covariance always adjusts for the score itself: "quadratic" and "threshold" are
    wrong prognostic models.
    """

    patients: int
    difference: float
    sd: float
    correlation: float
    shape: Shape = "linear"
    allocation_ratio: float = 1.0

    def __post_init__(self) -> None:
        problems = Problems("prognostic trial")
        problems.check(self.patients >= 8, f"patients is {self.patients}; give at least 8")
        problems.check(self.sd > 0, f"sd is {self.sd}; give a number over 0")
        problems.check(
            -1 < self.correlation < 1, f"correlation is {self.correlation}; give one between -1 and 1"
        )
        problems.check(self.allocation_ratio > 0, f"allocation_ratio is {self.allocation_ratio}")
        problems.raise_if_any(InvalidDesign)


@dataclass(frozen=True, slots=True)
class PrognosticSurvival:
    """Hazards `hazard_per_month` × exp(`effect` × shaped score), times `hazard_ratio` in treatment.

    With `weibull_shape` k cumulative hazards are (`hazard_per_month` × months) ** k times those factors.
    Everybody is followed to the end, `follow_up_months` after the last of `accrual_months` of even
    accrual. The covariate-adjusted log-rank test adjusts for the score itself.
    """

    patients: int
    hazard_per_month: float
    hazard_ratio: float
    effect: float
    accrual_months: float
    follow_up_months: float
    shape: Shape = "linear"
    allocation_ratio: float = 1.0
    weibull_shape: float = 1.0

    def __post_init__(self) -> None:
        problems = Problems("prognostic trial")
        problems.check(self.patients >= 8, f"patients is {self.patients}; give at least 8")
        for name in (
            "hazard_per_month", "hazard_ratio", "follow_up_months", "allocation_ratio", "weibull_shape"
        ):  # fmt: skip
            value = getattr(self, name)
            problems.check(math.isfinite(value) and value > 0, f"{name} is {value}; give a number over 0")
        problems.check(abs(self.effect) <= 5, f"effect is {self.effect}; give one from -5 to 5")
        problems.check(self.accrual_months >= 0, f"accrual_months is {self.accrual_months}; give at least 0")
        problems.raise_if_any(InvalidDesign)


@dataclass(frozen=True, slots=True)
class PrognosticPrediction:
    """What a score is expected to do in a trial, without simulation.

    `correlation` of the score with the patient's share of the log-rank score (positive: a higher score
    is a higher risk), `event_share` of patients with an event, one-sided `plain_power` and `adjusted_power`.
    """

    correlation: float
    event_share: float
    plain_power: float
    adjusted_power: float


@dataclass(frozen=True, slots=True)
class PrognosticGain:
    """Shares of trials that reject, one-sided, without and with the score, on the same patients."""

    plain: Estimate
    adjusted: Estimate
    trials: int
    seed: int

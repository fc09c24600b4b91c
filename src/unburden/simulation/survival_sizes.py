"""Patients for the log-rank test in closed form: exponential times, entry over a period, dropout.

Schoenfeld (1981) and Freedman (1982) count events and divide by the mean probability of one; Lachin & Foulkes
(1986, "Evaluation of sample size and power for analyses of survival with allowance for nonuniform
patient entry, losses to follow-up, noncompliance, and stratification", Biometrics 42:507) count
patients by the variances of the estimated hazards under the null and under the alternative.
"""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from unburden.domain.errors import InvalidDesign, Problems
from unburden.simulation.distributions import compute_normal_quantile
from unburden.simulation.sizes import SampleSize, Sided, count_events

SizeMethod: TypeAlias = Literal["schoenfeld", "freedman", "lachin-foulkes", "lachin-foulkes-difference"]
METHODS: tuple[SizeMethod, ...] = ("schoenfeld", "freedman", "lachin-foulkes", "lachin-foulkes-difference")


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Entry over `accrual_months`, the last patient followed `follow_up_months` more; exponential dropout.

    Entries have the density of an exponential with rate `entry_rate` per month cut off at the end of accrual:
    0 is even entry, above 0 early patients prevail, below 0 late ones.
    """

    accrual_months: float
    follow_up_months: float
    control_dropout_per_month: float = 0.0
    treatment_dropout_per_month: float = 0.0
    entry_rate: float = 0.0

    def __post_init__(self) -> None:
        problems = Problems("follow-up")
        for name in (
            "accrual_months", "follow_up_months", "control_dropout_per_month", "treatment_dropout_per_month"
        ):  # fmt: skip
            value = getattr(self, name)
            fits = math.isfinite(value) and value >= 0
            problems.check(fits, f"{name} is {value}; give a number of at least 0")
        problems.check(
            self.accrual_months + self.follow_up_months > 0, "nobody is followed; give accrual or follow-up"
        )
        reach = abs(self.entry_rate * self.accrual_months)
        problems.check(reach <= 50, f"entry_rate is {self.entry_rate}; give one within 50 / accrual_months")
        problems.raise_if_any(InvalidDesign)


@dataclass(frozen=True, slots=True)
class SurvivalSize:
    """Patients, and the events expected of them under the alternative."""

    patients: SampleSize
    events: float


def size_survival(
    control_hazard: float,
    hazard_ratio: float,
    alpha: float,
    power: float,
    *,
    sided: Sided,
    follow_up: FollowUp,
    method: SizeMethod,
    ratio: float = 1.0,
) -> SurvivalSize:
    """Patients for the log-rank test between exponential arms, by the named published formula.

    "lachin-foulkes" has the log hazard ratio for effect, "lachin-foulkes-difference" the difference of
    hazards. Their null hazard is the mean of both arms', weighted by patients. Raises `InvalidDesign`.

    >>> even = FollowUp(18.0, 12.0)
    >>> hazard = math.log(2) / 12
    >>> found = size_survival(hazard, 0.7, 0.025, 0.8, sided=1, follow_up=even, method="schoenfeld")
    >>> round(found.patients.total, 3), round(found.events, 3)
    (394.284, 246.787)
    """
    problems = Problems("survival size")
    fits = math.isfinite(control_hazard) and control_hazard > 0
    problems.check(fits, f"control_hazard is {control_hazard}; give a number over 0")
    problems.check(method in METHODS, f"method is {method!r}; choose {', '.join(METHODS)}")
    problems.raise_if_any(InvalidDesign)
    plain = "freedman" if method == "freedman" else "schoenfeld"
    events = count_events(hazard_ratio, alpha, power, sided=sided, ratio=ratio, method=plain)
    treated = ratio / (1 + ratio)
    treatment_hazard = hazard_ratio * control_hazard
    happening = treated * compute_mean_event_probability(
        treatment_hazard, follow_up, follow_up.treatment_dropout_per_month
    ) + (1 - treated) * compute_mean_event_probability(
        control_hazard, follow_up, follow_up.control_dropout_per_month
    )
    if method in ("schoenfeld", "freedman"):
        total = events / happening
    else:
        quantiles = compute_normal_quantile(alpha / sided), compute_normal_quantile(1 - power)
        is_difference = method == "lachin-foulkes-difference"
        total = _solve_lachin_foulkes(
            control_hazard, treatment_hazard, treated, follow_up, quantiles, is_difference
        )
    return SurvivalSize(SampleSize(treated * total, (1 - treated) * total), total * happening)


def compute_mean_event_probability(hazard: float, follow_up: FollowUp, dropout: float) -> float:
    """Probability that a patient's event is seen, over the time of entry (closed form).

    >>> round(compute_mean_event_probability(0.1, FollowUp(0.0, 10.0), 0.0), 6)
    0.632121
    """
    leaving = hazard + dropout
    accrual, rate = follow_up.accrual_months, follow_up.entry_rate
    staying = math.exp(-leaving * follow_up.follow_up_months)
    if accrual > 0:  # exp(-leaving × months followed during accrual), averaged over entry
        entered = _integrate_exponential(-rate, accrual)
        staying *= math.exp(-rate * accrual) * _integrate_exponential(rate - leaving, accrual) / entered
    return hazard / leaving * (1 - staying)


def _integrate_exponential(rate: float, end: float) -> float:
    """∫ exp(rate × t) dt from 0 to `end`."""
    return end if rate == 0 else math.expm1(rate * end) / rate


def _solve_lachin_foulkes(
    control: float,
    treatment: float,
    treated: float,
    follow_up: FollowUp,
    quantiles: tuple[float, float],
    is_difference: bool,
) -> float:
    """Equation 2.4 (log ratio) or 2.3 (difference) with the variances under both hypotheses."""
    common = treated * treatment + (1 - treated) * control

    def sum_variances(for_treatment: float, for_control: float) -> float:
        total = 0.0
        for hazard, share, dropout in (
            (for_treatment, treated, follow_up.treatment_dropout_per_month),
            (for_control, 1 - treated, follow_up.control_dropout_per_month),
        ):
            probability = compute_mean_event_probability(hazard, follow_up, dropout)
            total += (hazard**2 if is_difference else 1.0) / (probability * share)
        return total

    effect = treatment - control if is_difference else math.log(treatment / control)
    bound, reach = quantiles
    null, alternative = sum_variances(common, common), sum_variances(treatment, control)
    return ((bound * math.sqrt(null) + reach * math.sqrt(alternative)) / effect) ** 2

"""Sample size and power in closed form: means, proportions, times to event, counts.

Sizes are not rounded, so that they can be inflated for looks and compared with other software;
`SampleSize.rounded` gives whole patients. `ratio` is treatment to control throughout.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from unburden.domain.errors import InvalidDesign, Problems
from unburden.simulation.distributions import (
    compute_normal_quantile,
    compute_normal_upper,
    compute_t_quantile,
    compute_t_upper,
)

Sided = Literal[1, 2]
MOST_PATIENTS = 1e9


@dataclass(frozen=True, slots=True)
class SampleSize:
    """Patients of a fixed design; `control` is 0 for one sample."""

    treatment: float
    control: float

    @property
    def total(self) -> float:
        """Patients of both arms."""
        return self.treatment + self.control

    @property
    def rounded(self) -> tuple[int, int]:
        """Whole patients, each arm rounded up."""
        return math.ceil(self.treatment - 1e-9), math.ceil(self.control - 1e-9)


def _check(alpha: float, power: float, sided: int, ratio: float, *more: tuple[bool, str]) -> None:
    problems = Problems("sample size")
    problems.check(sided in (1, 2), f"sided is {sided}; give 1 or 2")
    problems.check(0 < alpha < 0.5 * sided, f"alpha is {alpha}; give a number between 0 and {0.5 * sided}")
    problems.check(alpha / sided < power < 1, f"power is {power}; give a number above alpha and below 1")
    problems.check(math.isfinite(ratio) and ratio > 0, f"ratio is {ratio}; give a number over 0")
    for holds, told in more:
        problems.check(holds, told)
    problems.raise_if_any(InvalidDesign)


def compute_means_power(
    treatment: float,
    control: float,
    difference: float,
    sd: float,
    alpha: float,
    sided: Sided,
    *,
    is_known: bool = False,
) -> float:
    """Power of the t test (z test where the sd `is_known`) for a difference of means over the null.

    `control` 0 is one sample. Power counts rejections on the side of the difference only, as a
    regulator would. Patients need not be whole.
    """
    patients = treatment + control
    scale = math.sqrt(1 / treatment + (1 / control if control else 0.0))
    centre = difference / (sd * scale)
    if is_known:
        return compute_normal_upper(compute_normal_quantile(alpha / sided) - centre)
    degrees = patients - (2 if control else 1)
    if degrees <= 0:
        return 0.0
    return compute_t_upper(compute_t_quantile(alpha / sided, degrees), degrees, centre)


def size_means(
    difference: float,
    sd: float,
    alpha: float,
    power: float,
    *,
    sided: Sided,
    groups: Literal[1, 2] = 2,
    ratio: float = 1.0,
    margin: float = 0.0,
    is_known: bool = False,
) -> SampleSize:
    """Patients for a difference of means, by the exact power of the t test (or the z test).

    `margin` is the difference under the null (negative for non-inferiority). Raises `InvalidDesign`.

    >>> round(size_means(0.3, 1.0, 0.05, 0.9, sided=2).total, 4)
    468.9256
    """
    effect = difference - margin
    _check(
        alpha,
        power,
        sided,
        ratio,
        (sd > 0, f"sd is {sd}; give a number over 0"),
        (
            effect > 0 or (sided == 2 and effect != 0),
            f"the difference {difference} does not exceed the margin {margin}",
        ),
    )
    share = ratio / (1 + ratio) if groups == 2 else 1.0

    def reach(patients: float) -> float:
        treated = share * patients
        return compute_means_power(
            treated, patients - treated, abs(effect), sd, alpha, sided, is_known=is_known
        )

    total = _solve_size(reach, power, 2.001 if groups == 2 else 1.001)
    return SampleSize(share * total, (1 - share) * total)


def _solve_size(reach: Callable[[float], float], power: float, least: float) -> float:
    low, high = least, 2 * least + 2
    while reach(high) < power:
        low, high = high, 2 * high
        if high > MOST_PATIENTS:
            raise InvalidDesign(
                "sample size", [f"no size up to {MOST_PATIENTS:g} reaches power {power}; look at the effect"]
            )
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if reach(middle) >= power else (middle, high)
    return (low + high) / 2


def size_proportions(
    treatment: float,
    control: float,
    alpha: float,
    power: float,
    *,
    sided: Sided,
    ratio: float = 1.0,
    margin: float = 0.0,
    is_pooled: bool = True,
) -> SampleSize:
    """Patients for a difference of proportions by the normal test (Fleiss 1981).

    `margin` is the difference under the null; with 0 the variance under the null is pooled where
    `is_pooled`. With another margin it is that of the restricted estimates of Farrington & Manning
    (1990). Raises `InvalidDesign`.
    """
    _check(
        alpha,
        power,
        sided,
        ratio,
        *_check_proportions(treatment, control),
        (treatment - control != margin, "the effect equals the margin"),
    )
    null, alternative = _find_variances(treatment, control, ratio, margin, is_pooled)
    return _size_by_variances(treatment - control - margin, null, alternative, alpha, power, sided, ratio)


def _find_variances(
    treatment: float, control: float, ratio: float, margin: float, is_pooled: bool
) -> tuple[float, float]:
    """Variance of the difference times controls, under the null and under the alternative."""
    alternative = treatment * (1 - treatment) / ratio + control * (1 - control)
    if margin == 0 and is_pooled:
        mean = (ratio * treatment + control) / (1 + ratio)
        return mean * (1 - mean) * (1 + 1 / ratio), alternative
    if margin == 0:
        return alternative, alternative
    p1, p2 = restrict_difference(treatment, control, ratio, margin)
    return p1 * (1 - p1) / ratio + p2 * (1 - p2), alternative


def compute_proportions_power(
    treatment: float,
    control: float,
    treated: float,
    controls: float,
    alpha: float,
    *,
    sided: Sided,
    margin: float = 0.0,
    is_pooled: bool = True,
) -> float:
    """Power of the normal test of `size_proportions` with so many patients in the arms.

    Counts rejections in favour of treatment only. Raises `InvalidDesign`.

    >>> size = size_proportions(0.4, 0.3, 0.025, 0.9, sided=1)
    >>> round(compute_proportions_power(0.4, 0.3, size.treatment, size.control, 0.025, sided=1), 9)
    0.9
    """
    ratio = treated / controls if controls > 0 else math.nan
    enough = treated > 0 and controls > 0
    _check(
        alpha,
        1 - alpha / 2,
        sided,
        ratio,
        *_check_proportions(treatment, control),
        (enough, f"{treated} and {controls} patients; give numbers over 0"),
    )
    null, alternative = _find_variances(treatment, control, ratio, margin, is_pooled)
    bound = compute_normal_quantile(alpha / sided) * math.sqrt(null)
    effect = (treatment - control - margin) * math.sqrt(controls)
    return compute_normal_upper((bound - effect) / math.sqrt(alternative))


def size_risk_ratio(
    treatment: float,
    control: float,
    alpha: float,
    power: float,
    *,
    sided: Sided,
    ratio: float = 1.0,
    null_ratio: float = 1.0,
) -> SampleSize:
    """Patients for a ratio of proportions against `null_ratio` (Farrington & Manning 1990)."""
    _check(
        alpha, power, sided, ratio, *_check_proportions(treatment, control),
        (null_ratio > 0, f"null_ratio is {null_ratio}; give a number over 0"),
        (treatment != null_ratio * control, "the effect equals the null ratio"),
    )  # fmt: skip
    p1, p2 = restrict_ratio(treatment, control, ratio, null_ratio)
    null = p1 * (1 - p1) / ratio + null_ratio**2 * p2 * (1 - p2)
    effect = treatment - null_ratio * control
    alternative = treatment * (1 - treatment) / ratio + null_ratio**2 * control * (1 - control)
    return _size_by_variances(effect, null, alternative, alpha, power, sided, ratio)


def _check_proportions(treatment: float, control: float) -> tuple[tuple[bool, str], ...]:
    return tuple((0 < p < 1, f"proportion {p} must lie between 0 and 1") for p in (treatment, control))


def _size_by_variances(
    effect: float, null: float, alternative: float, alpha: float, power: float, sided: int, ratio: float
) -> SampleSize:
    """Patients where the difference has variance `null` or `alternative` over the number of controls."""
    bound, reach = compute_normal_quantile(alpha / sided), compute_normal_quantile(1 - power)
    controls = ((bound * math.sqrt(null) + reach * math.sqrt(alternative)) / effect) ** 2
    return SampleSize(ratio * controls, controls)


def restrict_difference(treatment: float, control: float, ratio: float, margin: float) -> tuple[float, float]:
    """Maximum-likelihood proportions under difference `margin` (Farrington & Manning 1990, appendix)."""
    theta = 1 / ratio
    a = 1 + theta
    b = -(1 + theta + treatment + theta * control + margin * (theta + 2))
    c = margin**2 + margin * (2 * treatment + theta + 1) + treatment + theta * control
    d = -treatment * margin * (1 + margin)
    p1 = _solve_cubic(a, b, c, d)
    return p1, p1 - margin


def restrict_ratio(treatment: float, control: float, ratio: float, null_ratio: float) -> tuple[float, float]:
    """Maximum-likelihood proportions under ratio `null_ratio` (Farrington & Manning 1990)."""
    theta = 1 / ratio
    a = 1 + theta
    b = -(null_ratio * (1 + theta * control) + theta + treatment)
    c = null_ratio * (treatment + theta * control)
    p1 = (-b - math.sqrt(max(0.0, b * b - 4 * a * c))) / (2 * a)
    return p1, p1 / null_ratio


def _solve_cubic(a: float, b: float, c: float, d: float) -> float:
    """The root of Farrington & Manning's likelihood equation that is a proportion."""
    v = b**3 / (3 * a) ** 3 - b * c / (6 * a**2) + d / (2 * a)
    u = math.copysign(math.sqrt(max(0.0, b**2 / (3 * a) ** 2 - c / (3 * a))), v)
    if u == 0:
        return -b / (3 * a)
    w = (math.pi + math.acos(max(-1.0, min(1.0, v / u**3)))) / 3
    return 2 * u * math.cos(w) - b / (3 * a)


def size_one_proportion_exact(
    null: float, alternative: float, alpha: float, power: float, *, is_lasting: bool
) -> int:
    """The smallest number of patients at which the exact one-sided binomial test has the power.

    Power is a saw-tooth in the size: `is_lasting` asks for the size from which on it never falls
    below again (within the next 500), else for the first that reaches it.

    >>> [size_one_proportion_exact(0.2, 0.4, 0.05, 0.9, is_lasting=last) for last in (False, True)]
    [47, 50]
    """
    _check(
        alpha,
        power,
        1,
        1.0,
        *_check_proportions(null, alternative),
        (alternative > null, "the alternative must exceed the null"),
    )
    reached = 0
    for patients in range(1, 100_000):
        enough = compute_binomial_power(patients, null, alternative, alpha) >= power
        if enough and not is_lasting:
            return patients
        if not enough:
            reached = patients
        elif patients - reached > 500:
            return reached + 1
    raise InvalidDesign("sample size", [f"no size up to 100,000 reaches power {power}"])


def compute_binomial_power(patients: int, null: float, alternative: float, alpha: float) -> float:
    """Power of the exact one-sided binomial test."""
    tail = 0.0
    least = patients + 1
    while least > 0 and tail + _compute_mass(patients, least - 1, null) <= alpha:
        least -= 1
        tail += _compute_mass(patients, least, null)
    return math.fsum(_compute_mass(patients, k, alternative) for k in range(least, patients + 1))


def _compute_mass(patients: int, successes: int, p: float) -> float:
    log = math.lgamma(patients + 1) - math.lgamma(successes + 1) - math.lgamma(patients - successes + 1)
    return math.exp(log + successes * math.log(p) + (patients - successes) * math.log1p(-p))


def count_events(
    hazard_ratio: float,
    alpha: float,
    power: float,
    *,
    sided: Sided,
    ratio: float = 1.0,
    null_ratio: float = 1.0,
    method: Literal["schoenfeld", "freedman"] = "schoenfeld",
) -> float:
    """Events for the log-rank test under proportional hazards (Schoenfeld 1981, Freedman 1982).

    >>> round(count_events(0.7, 0.025, 0.8, sided=1), 4)
    246.7871
    """
    _check(
        alpha, power, sided, ratio,
        (hazard_ratio > 0 and null_ratio > 0, "hazard ratios must be over 0"),
        (hazard_ratio != null_ratio, f"hazard_ratio equals the null, {null_ratio}; nothing tells them apart"),
        (method == "schoenfeld" or null_ratio == 1, "freedman needs null_ratio 1"),
    )  # fmt: skip
    quantiles = (compute_normal_quantile(alpha / sided) + compute_normal_quantile(1 - power)) ** 2
    if method == "freedman":
        return quantiles * (1 + ratio * hazard_ratio) ** 2 / (ratio * (1 - hazard_ratio) ** 2)
    return quantiles * (1 + ratio) ** 2 / (ratio * math.log(hazard_ratio / null_ratio) ** 2)


def size_counts(
    treatment_rate: float,
    control_rate: float,
    alpha: float,
    power: float,
    *,
    sided: Sided,
    exposure: float,
    dispersion: float = 0.0,
    ratio: float = 1.0,
    null_ratio: float = 1.0,
) -> SampleSize:
    """Patients for a ratio of event rates, negative binomial with a common exposure (Zhu & Lakkis 2014).

    `dispersion` 0 is Poisson. The variance is that under the alternative.
    """
    _check(
        alpha, power, sided, ratio,
        (treatment_rate > 0 and control_rate > 0 and exposure > 0, "rates and exposure must be over 0"),
        (dispersion >= 0, f"dispersion is {dispersion}; give at least 0"),
        (treatment_rate != null_ratio * control_rate, "the rate ratio equals the null"),
    )  # fmt: skip
    quantiles = (compute_normal_quantile(alpha / sided) + compute_normal_quantile(1 - power)) ** 2
    variance = (
        (1 / (exposure * treatment_rate) + dispersion) / ratio + 1 / (exposure * control_rate) + dispersion
    )
    controls = quantiles * variance / math.log(treatment_rate / control_rate / null_ratio) ** 2
    return SampleSize(ratio * controls, controls)


def size_clusters(
    fixed: SampleSize, cluster_size: float, correlation: float, *, variation: float = 0.0
) -> SampleSize:
    """A size of single patients inflated for clusters that are allocated whole (Eldridge et al. 2006).

    `correlation` within clusters, `variation` the coefficient of variation of their sizes. The
    design effect is 1 + ((variation² + 1) × cluster_size - 1) × correlation. Raises `InvalidDesign`.

    >>> round(size_clusters(SampleSize(100, 100), 20, 0.05).total)
    390
    """
    problems = Problems("clusters")
    problems.check(cluster_size >= 1, f"cluster_size is {cluster_size}; give at least 1")
    problems.check(0 <= correlation < 1, f"correlation is {correlation}; give a number from 0 to below 1")
    problems.check(variation >= 0, f"variation is {variation}; give at least 0")
    problems.raise_if_any(InvalidDesign)
    effect = 1 + ((variation**2 + 1) * cluster_size - 1) * correlation
    return SampleSize(fixed.treatment * effect, fixed.control * effect)


def size_longitudinal(
    difference: float,
    covariance: Sequence[Sequence[float]],
    alpha: float,
    power: float,
    *,
    sided: Sided,
    retention: tuple[Sequence[float], Sequence[float]] | None = None,
    ratio: float = 1.0,
    margin: float = 0.0,
) -> SampleSize:
    """Patients for a difference at the last of several visits, mixed model for repeated measures.

    Generalised least squares with the visits' `covariance` (visits, visits) and patients leaving for
    good: `retention` of treatment and of control is the share seen at each visit, from at most 1
    falling (Lu, Luo & Chen 2008). None is everyone to the end. Raises `InvalidDesign`.

    >>> round(size_longitudinal(0.5, [[1.0, 0.6], [0.6, 1.0]], 0.05, 0.9, sided=2).total, 3)
    168.119
    """
    matrix = np.asarray(covariance, dtype=float)
    visits = matrix.shape[0]
    shares = retention or ((1.0,) * visits, (1.0,) * visits)
    is_square = matrix.shape == (visits, visits) and np.allclose(matrix, matrix.T)
    falls = all(
        len(seen) == visits and seen[-1] > 0 and all(a >= b for a, b in zip((1.0, *seen), seen, strict=False))
        for seen in shares
    )
    _check(
        alpha, power, sided, ratio,
        (is_square and bool(np.all(np.linalg.eigvalsh(matrix) > 0)), "covariance must be positive definite"),
        (falls, "retention needs a share for each visit, at most 1, never rising, the last above 0"),
        (difference != margin, "the difference equals the margin"),
    )  # fmt: skip
    treated, controls = (_find_last_variance(matrix, seen) for seen in shares)
    quantiles = (compute_normal_quantile(alpha / sided) + compute_normal_quantile(1 - power)) ** 2
    patients = quantiles * (treated / ratio + controls) / (difference - margin) ** 2
    return SampleSize(ratio * patients, patients)


def _find_last_variance(covariance: np.ndarray, retention: Sequence[float]) -> float:
    """Variance of the estimated mean at the last visit, times patients, over patterns of leaving."""
    visits = covariance.shape[0]
    information = np.zeros_like(covariance)
    for seen in range(1, visits + 1):
        share = retention[seen - 1] - (retention[seen] if seen < visits else 0.0)
        if share > 0:
            information[:seen, :seen] += share * np.linalg.inv(covariance[:seen, :seen])
    return float(np.linalg.inv(information)[-1, -1])

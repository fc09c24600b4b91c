"""The covariate-adjusted log-rank test under a model, by quadrature: correlation, power, patients.

Means of the test's parts as Ye, Shao & Yi (2023, "Covariate-adjusted log-rank test: guaranteed
efficiency gain and universal applicability", Biometrika) define them: the log-rank score and its
variance, and the slopes of each arm's shares of the score on the prognostic score. Time is measured by
months ** Weibull shape, on which hazards are constant.
"""

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.prognostic import PrognosticPrediction, PrognosticSurvival, Shape
from unburden.simulation.distributions import compute_normal_quantile, compute_normal_upper
from unburden.simulation.sizes import SampleSize

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(64)
_WIDEST = 9.0


class _Means(NamedTuple):
    """Per patient: the log-rank score in favour of treatment, its variance, the variance that is explained
    (with the sign of the correlation), and the share of events."""

    score: float
    variance: float
    explained: float
    events: float


def predict_prognostic_survival(trial: PrognosticSurvival, *, alpha: float) -> PrognosticPrediction:
    """Expected correlation, and power without and with the score, one-sided `alpha`.

    The score is standard normal; the test adjusts for it whatever the shape of its effect. Raises
    `InvalidDesign`.

    >>> found = predict_prognostic_survival(
    ...     PrognosticSurvival(300, 0.05, 0.7, 0.8, 12.0, 12.0), alpha=0.025
    ... )
    >>> found.correlation > 0.4 and found.adjusted_power > found.plain_power
    True
    """
    problems = Problems("prediction with a score")
    problems.check(0 < alpha < 0.5, f"alpha is {alpha}; give a number between 0 and 0.5")
    problems.raise_if_any(InvalidDesign)
    means = _find_means(trial)
    plain, adjusted = (
        compute_normal_upper(compute_normal_quantile(alpha) - drift * math.sqrt(trial.patients))
        for drift in _find_drifts(means)
    )
    ratio = means.explained / means.variance
    return PrognosticPrediction(math.copysign(math.sqrt(abs(ratio)), ratio), means.events, plain, adjusted)


def size_prognostic_survival(
    trial: PrognosticSurvival, *, alpha: float, power: float
) -> tuple[SampleSize, SampleSize]:
    """Patients without and with the score for one-sided `alpha` and `power`, in a trial of other size.

    Raises `InvalidDesign`.
    """
    problems = Problems("size with a score")
    problems.check(0 < alpha < 0.5, f"alpha is {alpha}; give a number between 0 and 0.5")
    problems.check(alpha < power < 1, f"power is {power}; give a number above alpha and below 1")
    problems.check(trial.hazard_ratio < 1, f"hazard_ratio is {trial.hazard_ratio}; give one below 1")
    problems.raise_if_any(InvalidDesign)
    reach = compute_normal_quantile(alpha) + compute_normal_quantile(1 - power)
    treated = trial.allocation_ratio / (1 + trial.allocation_ratio)
    plain, adjusted = ((reach / drift) ** 2 for drift in _find_drifts(_find_means(trial)))
    return (
        SampleSize(treated * plain, (1 - treated) * plain),
        SampleSize(treated * adjusted, (1 - treated) * adjusted),
    )


def _find_drifts(means: _Means) -> tuple[float, float]:
    """Means of z without and with the score, over the root of the number of patients."""
    left = means.variance - abs(means.explained)
    return means.score / math.sqrt(means.variance), means.score / math.sqrt(left)


def _find_means(trial: PrognosticSurvival) -> _Means:
    score, mass = _place_scores()
    time, weight, followed = _place_times(trial)
    base = trial.hazard_per_month**trial.weibull_shape * np.exp(
        trial.effect * _shape_scores(score, trial.shape)
    )
    allocated = trial.allocation_ratio / (1 + trial.allocation_ratio)
    shares, rates = (1 - allocated, allocated), (base, base * trial.hazard_ratio)
    at_risk, dying, risk_score, dying_score = np.empty((4, 2, time.size))
    for arm in range(2):
        alive = shares[arm] * np.exp(-np.outer(time, rates[arm])) * followed[:, None]
        at_risk[arm], dying[arm] = alive @ mass, alive @ (mass * rates[arm])
        risk_score[arm], dying_score[arm] = alive @ (mass * score), alive @ (mass * score * rates[arm])
    treated = at_risk[1] / at_risk.sum(axis=0)
    pooled = dying.sum(axis=0) / at_risk.sum(axis=0)
    others = treated, 1 - treated
    slopes = [
        float(weight @ (others[arm] * (dying_score[arm] - pooled * risk_score[arm]))) / shares[arm]
        for arm in range(2)
    ]
    slope = sum(slopes)
    return _Means(
        float(weight @ (treated * dying[0] - (1 - treated) * dying[1])),
        float(weight @ (treated * (1 - treated) * dying.sum(axis=0))),
        math.copysign(allocated * (1 - allocated) * slope**2, slope),
        float(weight @ dying.sum(axis=0)),
    )


def _place_scores() -> tuple[np.ndarray, np.ndarray]:
    """Nodes and masses of the standard normal score, apart on either side of 0."""
    half = _WIDEST / 2 * (_POINTS + 1)
    nodes = np.concatenate([-half[::-1], half])
    density = np.exp(-(nodes**2) / 2) / math.sqrt(2 * math.pi)
    return nodes, density * _WIDEST / 2 * np.concatenate([_WEIGHTS[::-1], _WEIGHTS])


def _place_times(trial: PrognosticSurvival) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes on the scale months ** shape, their weights, and the share of patients followed so long."""
    ends = [0.0, trial.follow_up_months, trial.follow_up_months + trial.accrual_months]
    power = trial.weibull_shape
    nodes, weights = [], []
    for start, end in pairwise(months**power for months in ends):
        nodes.append(start + (end - start) / 2 * (_POINTS + 1))
        weights.append((end - start) / 2 * _WEIGHTS)
    time = np.concatenate(nodes)
    left = ends[-1] - time ** (1 / power)
    followed = np.clip(left / trial.accrual_months, 0, 1) if trial.accrual_months > 0 else np.ones(time.size)
    return time, np.concatenate(weights), followed


def _shape_scores(score: np.ndarray, shape: Shape) -> np.ndarray:
    """As the kernel's `shape_score`."""
    match shape:
        case "quadratic":
            return (score**2 - 1) / math.sqrt(2)
        case "threshold":
            return np.where(score > 0, 1.0, -1.0)
        case "linear":
            return score

"""How well a score predicts, from patients seen before, and the size of a trial that will use it.

The score must have been made without these patients. Their follow-up should be that of the trial: the
correlation with a time to event depends on how many events are seen.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from unburden.domain.errors import InvalidCohort, InvalidDesign, Problems
from unburden.domain.estimate import Estimate
from unburden.simulation.hazards import find_time_problems
from unburden.simulation.prognostic import adjust_size
from unburden.simulation.sizes import SampleSize

LEAST_PATIENTS = 20
"""Fewer say next to nothing of a correlation."""


@dataclass(frozen=True, slots=True)
class ScoreSizes:
    """Sizes without the score, with it as estimated, and at the interval's end with the smaller gain."""

    plain: SampleSize
    point: SampleSize
    conservative: SampleSize


def estimate_means_correlation(
    outcome: Sequence[float], score: Sequence[float], *, level: float, source: str
) -> Estimate:
    """Correlation of a score with a continuous outcome in patients of one arm, with its interval.

    Pearson's, with the variance of its influence function (Devlin, Gnanadesikan & Kettenring 1975), on the
    scale of Fisher's z; no normal outcome is needed. Raises `InvalidCohort`.

    >>> outcome, score = [0.0] * 50 + [1.0] * 50, [0.0] * 40 + [1.0] * 10 + [0.0] * 10 + [1.0] * 40
    >>> round(estimate_means_correlation(outcome, score, level=0.9, source="observed:x").value, 9)
    0.6
    """
    y, x = np.asarray(outcome, dtype=float), np.asarray(score, dtype=float)
    problems = Problems("correlation of a score")
    _check_score(problems, "outcome", y, x, level)
    problems.raise_if_any(InvalidCohort)
    a, b = (y - y.mean()) / y.std(), (x - x.mean()) / x.std()
    correlation = float((a * b).mean())
    influence = a * b - correlation / 2 * (a**2 + b**2)
    return _make_estimate(correlation, influence, level, source, problems)


def estimate_survival_correlation(
    days: Sequence[float],
    has_event: Sequence[bool],
    score: Sequence[float],
    *,
    level: float,
    source: str,
    horizon_days: float = math.inf,
) -> Estimate:
    """Correlation of a score with the log-rank score in patients of one arm, with its interval.

    Under equal hazards a patient's share of the log-rank score (Ye, Shao & Yi 2023) is the martingale
    residual M times the other arm's share, and Var M is the share of events. So the correlation is
    cov(score, M) / √(var(score) × events per patient); positive: a higher score is a higher risk. Its
    variance comes from the influence functions of the three parts, that of the covariance after Lin & Wei
    (1989); interval on the scale of Fisher's z. Follow-up is cut at `horizon_days`, the trial's. Raises
    `InvalidCohort`.
    """
    problems = Problems("correlation of a score")
    problems.extend(find_time_problems(days))
    problems.check(horizon_days > 0, f"horizon_days is {horizon_days}; give a number over 0")
    time, x = np.asarray(days, dtype=float), np.asarray(score, dtype=float)
    event = np.asarray(has_event, dtype=bool)
    problems.check(event.size == time.size, f"{event.size} values of has_event for {time.size} times")
    _check_score(problems, "time", time, x, level, has_spread=False)
    problems.raise_if_any(InvalidCohort)
    event, time = event & (time <= horizon_days), np.minimum(time, horizon_days)
    if not problems.check(int(event.sum()) >= 5, f"{event.sum()} events; give patients with at least 5"):
        problems.raise_now(InvalidCohort)
    contribution = _derive_contributions(time, event, x)
    spread, share = float(x.var()), float(event.mean())
    scale = math.sqrt(spread * share)
    correlation = float(contribution.mean()) / scale
    squares = (x - x.mean()) ** 2 / spread
    influence = contribution / scale - correlation / 2 * (squares + event / share)
    return _make_estimate(correlation, influence, level, source, problems)


def size_with_score(
    fixed: SampleSize, correlation: Estimate, *, correlation_factor: float, variance_factor: float
) -> ScoreSizes:
    """Sizes with a score whose correlation was estimated, deducted for what a new trial may lose.

    The correlation is multiplied by `correlation_factor` (at most 1: the score predicts worse in other
    patients), the variance by `variance_factor` (at least 1: a more varied outcome than was seen), the
    deflation and inflation of Schuler et al. (2022) and the EMA's qualification opinion on PROCOVA
    (2022); both are the user's to choose and to defend. 1 and 1 deduct nothing. Raises `InvalidDesign`.
    """
    problems = Problems("size with a score")
    problems.check(
        0 < correlation_factor <= 1, f"correlation_factor is {correlation_factor}; give one up to 1"
    )
    fits = math.isfinite(variance_factor) and variance_factor >= 1
    problems.check(fits, f"variance_factor is {variance_factor}; give at least 1")
    problems.raise_if_any(InvalidDesign)
    low, high = correlation.low, correlation.high
    least = 0.0 if low <= 0 <= high else min(abs(low), abs(high))

    def size(value: float) -> SampleSize:
        found = adjust_size(fixed, correlation_factor * value)
        return SampleSize(variance_factor * found.treatment, variance_factor * found.control)

    return ScoreSizes(size(0.0), size(correlation.value), size(least))


def _derive_contributions(time: np.ndarray, event: np.ndarray, score: np.ndarray) -> np.ndarray:
    """∫ (score - mean score at risk) dM for each patient, M with the Nelson-Aalen cumulative hazard."""
    moments, place = np.unique(time, return_inverse=True)
    deaths = np.bincount(place, event, moments.size)
    at_risk = np.bincount(place, minlength=moments.size)[::-1].cumsum()[::-1]
    mean = np.bincount(place, score, moments.size)[::-1].cumsum()[::-1] / at_risk
    step = deaths / at_risk
    hazard, weighted = step.cumsum(), (mean * step).cumsum()
    return event * (score - mean[place]) - (score * hazard[place] - weighted[place])


def _check_score(
    problems: Problems, name: str, outcome: np.ndarray, score: np.ndarray, level: float, *, has_spread=True
) -> None:
    problems.check(0 < level < 1, f"level is {level}; give one between 0 and 1")
    if not problems.check(
        outcome.size == score.size, f"{score.size} scores for {outcome.size} patients; give one for each"
    ):
        return
    if not problems.check(
        score.size >= LEAST_PATIENTS, f"{score.size} patients; give at least {LEAST_PATIENTS}"
    ):
        return
    for told, values, varies in (("score", score, True), (name, outcome, has_spread)):
        odd = int((~np.isfinite(values)).sum())
        if problems.check(odd == 0, f"{odd} values of the {told} are not finite numbers") and varies:
            problems.check(
                float(np.ptp(values)) > 0, f"the {told} is the same for everyone; it predicts nothing"
            )


def _make_estimate(
    correlation: float, influence: np.ndarray, level: float, source: str, problems: Problems
) -> Estimate:
    if not problems.check(
        abs(correlation) < 1 - 1e-9, f"the correlation is {correlation:.6g}: the score is the outcome itself"
    ):
        problems.raise_now(InvalidCohort)
    error = float(influence.std(ddof=1)) / math.sqrt(influence.size)
    reach = NormalDist().inv_cdf((1 + level) / 2) * error / (1 - correlation**2)
    centre = math.atanh(correlation)
    return Estimate(correlation, math.tanh(centre - reach), math.tanh(centre + reach), "1", (source,), level)

"""Prognostic covariate adjustment (PROCOVA): what a score gains, and that a wrong one harms nothing."""

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np

from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.prognostic import PrognosticGain, PrognosticMeans, PrognosticSurvival
from unburden.kernels.prognostic import (
    LINEAR,
    QUADRATIC,
    THRESHOLD,
    simulate_adjusted_logrank_trials,
    simulate_ancova_trials,
)
from unburden.simulation.distributions import compute_normal_quantile
from unburden.simulation.sizes import SampleSize
from unburden.simulation.trials import estimate_share

_SHAPES = {"linear": LINEAR, "quadratic": QUADRATIC, "threshold": THRESHOLD}


def adjust_size(fixed: SampleSize, correlation: float) -> SampleSize:
    """Patients with adjustment for a score that correlates so with the outcome within arms.

    The variance falls by the factor 1 - correlation² (Schuler et al. 2022; EMA qualification opinion
    on PROCOVA, 2022). For the log-rank test the correlation is that of the score with the patient's
    share of the log-rank score (Ye, Shao & Yi 2023). Raises `InvalidDesign`.

    >>> round(adjust_size(SampleSize(100, 100), 0.5).total)
    150
    """
    problems = Problems("prognostic adjustment")
    problems.check(-1 < correlation < 1, f"correlation is {correlation}; give one between -1 and 1")
    problems.raise_if_any(InvalidDesign)
    factor = 1 - correlation**2
    return replace(fixed, treatment=factor * fixed.treatment, control=factor * fixed.control)


def simulate_prognostic(
    trial: PrognosticMeans | PrognosticSurvival, *, alpha: float, trials: int, seed: int
) -> PrognosticGain:
    """Power without and with the score (type I error where there is no effect), one-sided `alpha`.

    Raises `InvalidDesign`.
    """
    problems = Problems("prognostic trial")
    problems.check(0 < alpha < 0.5, f"alpha is {alpha}; give a number between 0 and 0.5")
    problems.check(trials >= 2, f"trials is {trials}; give at least 2")
    problems.check(0 <= seed < 2**64, f"seed is {seed}; give a whole number from 0 to 2**64 - 1")
    problems.raise_if_any(InvalidDesign)
    share = trial.allocation_ratio / (1 + trial.allocation_ratio)
    key, shape = np.uint64(seed), _SHAPES[trial.shape]
    if isinstance(trial, PrognosticMeans):
        z = simulate_ancova_trials(
            key, trials, trial.patients, trial.difference, trial.sd, trial.correlation, shape, share
        )
    else:
        z, _ = simulate_adjusted_logrank_trials(
            key, trials, trial.patients, trial.hazard_per_month, trial.hazard_ratio, trial.effect, shape,
            trial.accrual_months, trial.follow_up_months, share, trial.weibull_shape,
        )  # fmt: skip
    bound = compute_normal_quantile(alpha)
    source = f"simulated:n={trials},seed={seed}"
    counts = [int((z[:, k] >= bound).sum()) for k in range(2)]
    return PrognosticGain(
        estimate_share(counts[0], trials, source), estimate_share(counts[1], trials, source), trials, seed
    )


def predict_adjusted_power(power: float, alpha: float, correlation: float) -> float:
    """Power with adjustment where the unadjusted one-sided test of the same size has `power`.

    >>> round(predict_adjusted_power(0.8, 0.025, 0.5), 3)
    0.899
    """
    drift = compute_normal_quantile(alpha) + NormalDist().inv_cdf(power)
    return NormalDist().cdf(drift / math.sqrt(1 - correlation**2) - compute_normal_quantile(alpha))

"""Standard errors of any estimate by refitting it while each patient in turn weighs a little more.

The infinitesimal jackknife (Jaeckel 1972; Efron 1982, chapter 6): a patient's influence is the derivative of
the estimate by his case weight, and the variance the sum of squares. It equals the sandwich of the stacked
estimating equations, so what is fitted on the way (the propensity, the arms' shares) is accounted for.
"""

import math
from collections.abc import Callable

import numpy as np
from emulation_by_hand import fit_cox, fit_logistic, predict_propensity
from scipy.optimize import brentq

Array = np.ndarray


def list_influences(estimate: Callable[[Array], float], patients: int, *, step: float = 1e-4) -> Array:
    """d estimate / d case weight of each patient, all weights being 1, by central differences."""
    influences = np.zeros(patients)
    for i in range(patients):
        up, down = np.ones(patients), np.ones(patients)
        up[i] += step
        down[i] -= step
        influences[i] = (estimate(up) - estimate(down)) / (2 * step)
    return influences


def compute_standard_error(influences: Array) -> float:
    """sqrt(sum of squares)."""
    return math.sqrt(sum(influence**2 for influence in influences))


def fit_emulated_ratio(
    cases: Array, covariates: Array, treated: Array, times: Array, events: Array, *, kind: str, ties: str
) -> float:
    """The log hazard ratio of the whole emulation with case weights: propensity, weights, weighted Cox.

    `kind` as in `weigh_patients`; the stabilised weights' share of an arm counts case weights.
    """
    propensity = predict_propensity(covariates, fit_logistic(covariates, treated, cases))
    share = float(cases @ treated / cases.sum())
    weights = {
        "ate": np.where(treated == 1, 1 / propensity, 1 / (1 - propensity)),
        "stabilised": np.where(treated == 1, share / propensity, (1 - share) / (1 - propensity)),
        "att": np.where(treated == 1, 1.0, propensity / (1 - propensity)),
        "overlap": np.where(treated == 1, 1 - propensity, propensity),
    }[kind]
    return fit_cox_of_arms(treated, times, events, cases * weights, ties)


def fit_cox_of_arms(
    treated: Array, times: Array, events: Array, weights: Array, ties: str = "efron"
) -> float:
    """`fit_cox` for two arms, faster: the root of the score written with each arm's weight at risk."""
    sums = []
    for t in sorted({times[i] for i in range(len(times)) if events[i]}):
        at_risk, dying = times >= t, (times == t) & (events == 1)
        count, weight = int(dying.sum()), weights[dying].sum()
        for step in range(count):
            left = 1 - (step / count if ties == "efron" else 0) * dying
            one = (weights * left)[at_risk & (treated == 1)].sum()
            other = (weights * left)[at_risk & (treated == 0)].sum()
            sums.append((weights[dying & (treated == 1)].sum() / count, weight / count, one, other))
    table = np.array(sums)

    def compute_score(beta: float) -> float:
        one = table[:, 2] * math.exp(beta)
        return float((table[:, 0] - table[:, 1] * one / (one + table[:, 3])).sum())

    if compute_score(-15) * compute_score(15) >= 0:
        return fit_cox(treated, times, events, weights, ties)  # which says why there is no estimate
    return float(brentq(compute_score, -15, 15, xtol=1e-15, rtol=1e-15))

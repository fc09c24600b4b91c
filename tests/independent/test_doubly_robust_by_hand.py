"""The doubly robust estimates by hand over many small cohorts whose true effect is known."""

import math
from dataclasses import replace

import numpy as np
import pytest
from confounded_cohorts import (
    EXAMPLE,
    compute_propensity,
    compute_rate,
    compute_true_rmst_difference,
    draw_cohort,
)
from emulation_by_hand import (
    estimate_ipcw_aipw,
    estimate_one_step_rmst,
    estimate_pseudo_aipw,
    estimate_rmst_aipw,
    fit_logistic,
    predict_propensity,
)

TAU = 6.0
UNCENSORED = replace(EXAMPLE, log_censoring=None)
DEPENDENT = replace(EXAMPLE, log_censoring=-2.5, censoring_slopes=(0.8, -0.4, 0.5))


def summarise(world, estimate, patients: int, cohorts: int):
    """(bias, its Monte Carlo error, spread of the estimates, mean of their standard errors)."""
    pairs = np.array([estimate(draw_cohort(world, patients, seed=seed)) for seed in range(cohorts)])
    spread = pairs[:, 0].std(ddof=1)
    bias = pairs[:, 0].mean() - compute_true_rmst_difference(world, TAU)
    return bias, spread / math.sqrt(cohorts), spread, pairs[:, 1].mean()


def get_propensity(cohort):
    return predict_propensity(cohort.covariates, fit_logistic(cohort.covariates, cohort.treated))


def test_classical_without_censoring():
    def estimate(c):
        return estimate_rmst_aipw(c.times, c.events, c.covariates, c.treated, get_propensity(c), TAU)

    bias, doubt, spread, error = summarise(UNCENSORED, estimate, 400, 400)
    assert abs(bias) < 4 * doubt
    assert error == pytest.approx(spread, rel=0.15)


def test_one_of_two_models_is_enough_and_without_either_there_is_bias():
    def estimate_with(wrong_propensity, wrong_outcome):
        def estimate(c):
            x = np.zeros((len(c.times), 0)) if wrong_outcome else c.covariates
            e = np.full(len(c.times), c.treated.mean()) if wrong_propensity else get_propensity(c)
            return estimate_rmst_aipw(c.times, c.events, x, c.treated, e, TAU)

        return estimate

    bias, doubt, *_ = summarise(UNCENSORED, estimate_with(False, True), 400, 400)
    assert abs(bias) < 4 * doubt
    # Means of min(T, tau) are close to linear here, so that the outcome models alone are nearly right.
    assert abs(summarise(UNCENSORED, estimate_with(True, False), 400, 400)[0]) < 0.06
    assert abs(summarise(UNCENSORED, estimate_with(True, True), 400, 400)[0]) > 0.3


@pytest.mark.parametrize("which", ["arms", "together", "weights"])
def test_with_independent_censoring(which):
    def estimate(c):
        rest = (c.times, c.events, c.covariates, c.treated, get_propensity(c), TAU)
        if which == "weights":
            return estimate_ipcw_aipw(*rest)
        return estimate_pseudo_aipw(*rest, within_arms=which == "arms")

    patients, cohorts = (150, 150) if which == "weights" else (110, 30)
    bias, doubt, spread, error = summarise(EXAMPLE, estimate, patients, cohorts)
    assert abs(bias) < 4 * doubt
    assert error == pytest.approx(spread, rel=0.2 if which == "weights" else 0.4)


def estimate_with_truth(c):
    """The one-step estimate with the world's own survival and censoring given covariates."""
    x = c.covariates
    grid = np.union1d(c.times[(c.events == 1) & (c.times < TAU)], np.linspace(0.03, TAU, 200, endpoint=False))
    leaving = np.exp(DEPENDENT.log_censoring + x @ np.array(DEPENDENT.censoring_slopes))
    censoring = np.exp(-np.outer(leaving, grid))
    curves = {a: np.exp(-np.outer(compute_rate(DEPENDENT, x, a), grid**DEPENDENT.shape)) for a in (1, 0)}
    rest = (compute_propensity(DEPENDENT, x), TAU, grid, curves, {1: censoring, 0: censoring})
    return estimate_one_step_rmst(c.times, c.events, c.treated, *rest)


def test_with_dependent_censoring():
    bias, doubt, spread, error = summarise(DEPENDENT, estimate_with_truth, 150, 60)
    assert abs(bias) < 4 * doubt
    assert error == pytest.approx(spread, rel=0.35)

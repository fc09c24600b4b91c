"""Influences by hand against sandwiches in closed form, statsmodels, Lin and Wei, and simulation."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from confounded_cohorts import EXAMPLE, draw_cohort
from emulation_by_hand import (
    compute_robust_variance,
    fit_cox,
    fit_linear,
    fit_logistic,
    predict_propensity,
    weigh_patients,
)
from influence_by_hand import compute_standard_error, fit_cox_of_arms, fit_emulated_ratio, list_influences

KINDS = ("ate", "stabilised", "att", "overlap")


def draw(patients: int, seed: int):
    cohort = draw_cohort(EXAMPLE, patients, seed=seed)
    return cohort.covariates, cohort.treated, np.ceil(cohort.times * 2) / 2, cohort.events


def test_mean_and_regressions():
    x, treated, times, _ = draw(60, 1)
    found = list_influences(lambda w: float(w @ times / w.sum()), 60)
    assert found == pytest.approx((times - times.mean()) / 60, abs=1e-8)
    design = sm.add_constant(x)
    linear = compute_standard_error(list_influences(lambda w: fit_linear(x, times, w)[1], 60))
    assert linear == pytest.approx(sm.OLS(times, design).fit(cov_type="HC0").bse[1], rel=1e-6)
    logistic = compute_standard_error(list_influences(lambda w: fit_logistic(x, treated, w)[1], 60))
    expected = sm.Logit(treated, design).fit(disp=0, tol=1e-12, cov_type="HC0").bse[1]
    assert logistic == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox_of_arms_with_fixed_weights_is_lin_and_wei(ties):
    _, treated, times, events = draw(50, 2)
    weights = np.random.default_rng(2).uniform(0.3, 3, 50)
    beta = fit_cox_of_arms(treated, times, events, weights, ties)
    assert beta == pytest.approx(fit_cox(treated, times, events, weights, ties), abs=1e-10)
    found = list_influences(lambda w: fit_cox_of_arms(treated, times, events, w * weights, ties), 50)
    expected = compute_robust_variance(beta, treated, times, events, weights, ties)[0, 0]
    assert compute_standard_error(found) == pytest.approx(math.sqrt(expected), rel=1e-6)


def test_cox_of_arms_refuses_events_in_one_arm():
    with pytest.raises(ArithmeticError, match="one arm"):
        fit_cox_of_arms(np.array([1, 1, 0, 0]), np.arange(1.0, 5), np.array([1, 1, 0, 0]), np.ones(4))


@pytest.mark.parametrize("kind", KINDS)
def test_whole_emulation_is_its_parts_and_close_to_the_plain_jackknife(kind):
    x, treated, times, events = draw(150, 3)

    def estimate(cases):
        return fit_emulated_ratio(cases, x, treated, times, events, kind=kind, ties="efron")

    weights = weigh_patients(treated, predict_propensity(x, fit_logistic(x, treated)), kind)
    whole = estimate(np.ones(150))
    assert whole == pytest.approx(fit_cox_of_arms(treated, times, events, weights), abs=1e-10)
    found = list_influences(estimate, 150)
    assert found.sum() == pytest.approx(0, abs=1e-6)  # twice as many of everybody changes nothing
    left_out = np.array([whole - estimate(1 - row) for row in (1 - 1e-9) * np.eye(150)])
    assert compute_standard_error(left_out) == pytest.approx(compute_standard_error(found), rel=0.1)


@pytest.mark.parametrize("kind", ["stabilised", "overlap"])
def test_standard_error_is_the_spread_of_estimates(kind):
    estimates, errors, fixed = [], [], []
    for seed in range(200):
        cohort = draw_cohort(EXAMPLE, 300, seed=1000 + seed)
        rest = (cohort.covariates, cohort.treated, cohort.times, cohort.events)
        estimates.append(fit_emulated_ratio(np.ones(300), *rest, kind=kind, ties="efron"))
        if seed < 2:
            found = list_influences(lambda w, r=rest: fit_emulated_ratio(w, *r, kind=kind, ties="efron"), 300)
            errors.append(compute_standard_error(found))
            propensity = predict_propensity(rest[0], fit_logistic(rest[0], rest[1]))
            weights = weigh_patients(rest[1], propensity, kind)
            variance = compute_robust_variance(estimates[-1], *rest[1:], weights)
            fixed.append(math.sqrt(variance[0, 0]))
    spread = np.std(estimates, ddof=1)  # known to 5 %
    assert np.mean(errors) == pytest.approx(spread, rel=0.15)
    # The propensity taken as known, the sandwich is too wide (Shu et al. 2021).
    assert np.mean(fixed) > np.mean(errors)

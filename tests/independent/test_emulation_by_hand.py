"""The emulation by hand against published numbers, closed forms, other software and derivatives."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from emulation_by_hand import (
    compute_e_value,
    compute_e_value_of_limit,
    compute_effective_size,
    compute_information,
    compute_log_likelihood,
    compute_pseudo_values,
    compute_rmst,
    compute_rmst_difference,
    compute_robust_variance,
    compute_score,
    compute_seen_shares,
    compute_standardised_difference,
    convert_hazard_ratio,
    estimate_aipw,
    estimate_ipcw_aipw,
    estimate_one_step_rmst,
    estimate_pseudo_aipw,
    estimate_rmst_aipw,
    estimate_survival,
    fit_cox,
    fit_linear,
    fit_logistic,
    list_score_residuals,
    predict_propensity,
    truncate_weights,
    weigh_patients,
)
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.utils import restricted_mean_survival_time

# Therneau & Grambsch (2000), Modeling Survival Data, appendix E: data sets 1 and, with weights, 3.
ONE = (
    np.array([1, 1, 1, 0, 0, 0.0]),
    np.array([1, 1, 6, 6, 8, 9.0]),
    np.array([1, 0, 1, 1, 0, 1]),
    np.ones(6),
)
THREE = (
    np.array([2, 0, 1, 1, 0, 1, 0, 1, 0.0]),
    np.array([1, 1, 2, 2, 2, 2, 3, 4, 5.0]),
    np.array([1, 0, 1, 1, 1, 0, 0, 1, 0]),
    np.array([1, 2, 3, 4, 3, 2, 1, 2, 1.0]),
)
TIES = ("breslow", "efron")


def draw_patients(seed: int, patients: int = 60, *, ties: bool = True):
    """(covariates, treated, times, events, weights) with ties to the whole number if wanted."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(patients, 2))
    treated = (rng.random(patients) < 1 / (1 + np.exp(-0.5 * x[:, 0]))).astype(int)
    times = rng.exponential(8 * np.exp(-0.4 * x[:, 0] + 0.3 * treated)) + 0.01
    censored = rng.exponential(14, patients) + 0.01
    events = (times <= censored).astype(int)
    times = np.minimum(times, censored)
    return x, treated, np.ceil(times) if ties else times, events, rng.uniform(0.3, 3, patients)


def test_logistic_regression_against_counts_and_statsmodels():
    # 2x2 table: 30 of 40 and 10 of 50, so the log odds are log 3 and log(1/4), the ratio 12.
    group = np.repeat([1.0, 0.0], [40, 50])
    outcome = np.concatenate([np.repeat([1, 0], [30, 10]), np.repeat([1, 0], [10, 40])])
    assert fit_logistic(group[:, None], outcome) == pytest.approx([math.log(1 / 4), math.log(12)], abs=1e-11)
    x, treated, *_ = draw_patients(1, 200)
    fit = sm.Logit(treated, sm.add_constant(x)).fit(disp=0, tol=1e-12)
    coefficients = fit_logistic(x, treated)
    assert coefficients == pytest.approx(fit.params, abs=1e-9)
    assert predict_propensity(x, coefficients) == pytest.approx(fit.predict(), abs=1e-10)


def test_logistic_regression_refuses_separation():
    with pytest.raises(ArithmeticError):
        fit_logistic(np.arange(10.0)[:, None], (np.arange(10) > 4).astype(int))


def test_weights_balance_as_their_papers_prove():
    x, treated, *_ = draw_patients(2, 400)
    propensity = predict_propensity(x, fit_logistic(x, treated))
    overlap = weigh_patients(treated, propensity, "overlap")
    for column in x.T:
        # Li, Morgan & Zaslavsky (2018), Theorem 3: exact balance in means with a logistic propensity.
        assert compute_standardised_difference(column, treated, overlap) == pytest.approx(0, abs=1e-10)
    # A saturated propensity gives each stratum's arm the weight of the whole stratum.
    flag = (x[:, :1] > 0).astype(float)
    strata = predict_propensity(flag, fit_logistic(flag, treated))
    for kind, size in (("ate", lambda a, n1, n0: n1 + n0), ("att", lambda a, n1, n0: n1)):
        weights = weigh_patients(treated, strata, kind)
        for level in (0, 1):
            rows = flag[:, 0] == level
            n1, n0 = (rows & (treated == 1)).sum(), (rows & (treated == 0)).sum()
            for arm in (0, 1):
                assert weights[rows & (treated == arm)].sum() == pytest.approx(size(arm, n1, n0), rel=1e-9)
    stabilised = weigh_patients(treated, strata, "stabilised")
    assert stabilised.mean() == pytest.approx(1, abs=1e-9)


def test_truncation_balance_and_effective_size_against_numpy_and_sums_by_hand():
    weights = np.random.default_rng(3).lognormal(size=101)
    low, high = np.quantile(weights, [0.01, 0.99])
    assert truncate_weights(weights, 0.01, 0.99) == pytest.approx(np.clip(weights, low, high), abs=1e-14)
    treated = np.array([1, 1, 1, 0, 0, 0])
    # Means 2 and 5, variances 1 and 9: (2 - 5) / sqrt(5). With weights 3, 0, 1 the first mean is 1.5.
    values = np.array([1, 2, 3, 2, 5, 8.0])
    assert compute_standardised_difference(values, treated) == pytest.approx(-3 / math.sqrt(5))
    weighted = compute_standardised_difference(values, treated, np.array([3, 0, 1, 1, 1, 1]))
    assert weighted == pytest.approx(-3.5 / math.sqrt(5))
    flags = np.array([1, 1, 0, 1, 0, 0.0])
    told = compute_standardised_difference(flags, treated, is_binary=True)
    assert told == pytest.approx((1 / 3) / math.sqrt(2 / 9))
    assert compute_effective_size(np.full(7, 2.5)) == pytest.approx(7)
    assert compute_effective_size(np.array([1, 3.0])) == pytest.approx(1.6)


@pytest.mark.parametrize("seed", range(5))
def test_weighted_survival_and_restricted_mean_against_lifelines(seed):
    _, treated, times, events, weights = draw_patients(seed)
    tau = 9.5
    curves = []
    for arm in (1, 0):
        rows = treated == arm
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # lifelines warns of weights that are no whole numbers
            curve = KaplanMeierFitter().fit(times[rows], events[rows], weights=weights[rows])
        for t, survival in estimate_survival(times[rows], events[rows], weights[rows]):
            if (
                survival > 0
            ):  # where all at risk die, rounded sums of weights let lifelines miss the last step
                assert survival == pytest.approx(curve.predict(t), abs=1e-10)
            assert survival > 0 or t > tau
        curves.append(restricted_mean_survival_time(curve, tau))
    found = compute_rmst_difference(times, events, treated, tau, weights)
    assert found == pytest.approx(curves[0] - curves[1], abs=1e-9)


def test_restricted_mean_is_the_mean_without_censoring_and_refused_beyond_the_data():
    _, _, times, _, weights = draw_patients(6, 40, ties=False)
    found = compute_rmst(times, np.ones(40), 5.0, weights)
    assert found == pytest.approx(np.average(np.minimum(times, 5.0), weights=weights), abs=1e-12)
    with pytest.raises(ValueError, match="not known at 5"):
        compute_rmst(np.array([1, 2.0]), np.array([1, 0]), 5.0)


@pytest.mark.parametrize("beta", [0.0, 0.7, -1.3])
def test_partial_likelihood_of_the_book_s_data(beta):
    r = math.exp(beta)
    breslow = 2 * beta - math.log(3 * r + 3) - 2 * math.log(r + 3)
    efron = 2 * beta - math.log(3 * r + 3) - math.log((r + 5) / 2) - math.log(r + 3)
    assert compute_log_likelihood(beta, *ONE, "breslow") == pytest.approx(breslow, abs=1e-13)
    assert compute_log_likelihood(beta, *ONE, "efron") == pytest.approx(efron, abs=1e-13)
    ends = math.log(r * r + 11 * r + 7) + 2 * math.log(2 * r + 1)
    tie, rest = 7 * r + 3, 4 * r + 2
    thirds = sum(math.log(share * tie / 3 + rest) for share in (3, 2, 1))
    weighted = {"breslow": 10 * math.log(11 * r + 5), "efron": 10 / 3 * thirds}
    for ties in TIES:
        found = compute_log_likelihood(beta, *THREE, ties)
        assert found == pytest.approx(11 * beta - ends - weighted[ties], abs=1e-12)


def test_estimates_and_residuals_of_the_book_s_data():
    breslow, efron = fit_cox(*ONE, "breslow"), fit_cox(*ONE, "efron")
    assert breslow == pytest.approx(math.log((3 + math.sqrt(33)) / 2), abs=1e-10)
    root = math.cos(math.acos(45 / 23 * math.sqrt(3 / 23)) / 3) * 2 * math.sqrt(23 / 3)
    assert efron == pytest.approx(math.log(root), abs=1e-10)
    assert round(breslow, 7) == 1.4752849
    assert round(efron, 6) == 1.676857
    assert fit_cox(*THREE, "breslow") == pytest.approx(0.85955744, abs=5e-9)
    rows = np.array([5 / 12, -1 / 12, 7 / 24, -1 / 24, 5 / 24, 5 / 24])
    assert list_score_residuals(0.0, *ONE, "breslow")[:, 0] == pytest.approx(rows, abs=1e-14)
    rows = np.array([60, -12, 55, -5, 29, 29]) / 144
    assert list_score_residuals(0.0, *ONE, "efron")[:, 0] == pytest.approx(rows, abs=1e-14)


def test_weights_stand_for_copies_under_breslow():
    rows = np.repeat(np.arange(9), THREE[3].astype(int))
    copied = (*(column[rows] for column in THREE[:3]), np.ones(len(rows)))
    for beta in (0.0, 0.6):
        found = compute_log_likelihood(beta, *THREE, "breslow")
        assert found == pytest.approx(compute_log_likelihood(beta, *copied, "breslow"), abs=1e-12)
        part = list_score_residuals(beta, *copied, "breslow")
        assert list_score_residuals(beta, *THREE, "breslow")[rows] == pytest.approx(part, abs=1e-12)


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("seed", range(3))
def test_score_information_and_residuals_are_derivatives(seed, ties):
    x, treated, times, events, weights = draw_patients(seed, 25)
    covariates, beta, h = np.column_stack([treated, x[:, 0]]), np.array([-0.3, 0.5]), 1e-5
    rest = (covariates, times, events)
    score = compute_score(beta, *rest, weights, ties)
    information = compute_information(beta, *rest, weights, ties)
    residuals = list_score_residuals(beta, *rest, weights, ties)
    assert weights @ residuals == pytest.approx(score, abs=1e-10)
    for j, step in enumerate(np.eye(2) * h):
        up, down = (compute_log_likelihood(beta + s, *rest, weights, ties) for s in (step, -step))
        assert (up - down) / (2 * h) == pytest.approx(score[j], abs=1e-6)
        up, down = (compute_score(beta + s, *rest, weights, ties) for s in (step, -step))
        assert (down - up) / (2 * h) == pytest.approx(information[j], abs=1e-6)
    for i, step in enumerate(np.eye(25) * h):
        up, down = (compute_score(beta, *rest, weights + s, ties) for s in (step, -step))
        assert (up - down) / (2 * h) == pytest.approx(residuals[i], abs=1e-6)


@pytest.mark.parametrize("ties", TIES)
def test_sandwich_is_the_infinitesimal_jackknife_of_the_estimate(ties):
    _, treated, times, events, weights = draw_patients(11, 30)
    beta, h, moves = fit_cox(treated, times, events, weights, ties), 1e-4, []
    for step in np.eye(30) * h:
        up, down = (fit_cox(treated, times, events, weights + s, ties) for s in (step, -step))
        moves.append((up - down) / (2 * h))
    expected = sum((w * move) ** 2 for w, move in zip(weights, moves, strict=True))
    found = compute_robust_variance(beta, treated, times, events, weights, ties)
    assert found[0, 0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_cox_against_lifelines(seed):
    for ties in (True, False):
        _, treated, times, events, weights = draw_patients(seed, 50, ties=ties)
        table = pd.DataFrame({"a": treated, "t": times, "e": events, "w": weights})
        beta = fit_cox(treated, times, events, weights, "efron")
        # With its own options lifelines stops where the likelihood no longer changes, up to 5e-5 away;
        # from nearby and with whole Newton steps it arrives.
        start, options = (
            np.array([beta + 0.001]),
            {"precision": 1e-20, "r_precision": 1e-20, "step_size": 1.0},
        )
        fit = CoxPHFitter().fit(
            table, "t", "e", weights_col="w", robust=True, initial_point=start, fit_options=options
        )
        assert beta == pytest.approx(fit.params_["a"], abs=1e-10)
        likelihood = compute_log_likelihood(beta, treated, times, events, weights, "efron")
        assert likelihood == pytest.approx(fit.log_likelihood_, abs=1e-8)
        if not ties:  # lifelines' residuals are those of distinct times
            variance = compute_robust_variance(beta, treated, times, events, weights, "efron")
            assert math.sqrt(variance[0, 0]) == pytest.approx(fit.standard_errors_["a"], rel=1e-7)


def test_cox_refuses_events_in_one_arm():
    with pytest.raises(ArithmeticError, match="one arm"):
        fit_cox(np.array([1, 1, 0, 0]), np.array([1, 2, 3, 4.0]), np.array([1, 1, 0, 0]))


def test_aipw_against_strata_and_by_algebra():
    x, treated, times, _, _ = draw_patients(20, 300, ties=False)
    flag = (x[:, :1] > 0).astype(float)
    propensity = predict_propensity(flag, fit_logistic(flag, treated))
    y = np.minimum(times, 6.0)
    # Saturated models in one binary covariate: the difference standardised over strata.
    standardised = 0.0
    for level in (0, 1):
        rows = flag[:, 0] == level
        gap = y[rows & (treated == 1)].mean() - y[rows & (treated == 0)].mean()
        standardised += rows.mean() * gap
    found, error = estimate_rmst_aipw(times, np.ones(300), flag, treated, propensity, 6.0)
    assert found == pytest.approx(standardised, abs=1e-10)
    # The variance of the parts, stratum by stratum: mean of s1^2/e + s0^2/(1-e) + (gap - difference)^2.
    total = 0.0
    for level in (0, 1):
        rows = flag[:, 0] == level
        one, other = y[rows & (treated == 1)], y[rows & (treated == 0)]
        within = one.var() / propensity[rows][0] + other.var() / (1 - propensity[rows][0])
        total += rows.mean() * (within + (one.mean() - other.mean() - standardised) ** 2)
    assert error == pytest.approx(math.sqrt(total / 299), rel=1e-9)


def test_aipw_against_statsmodels_outcome_models():
    x, treated, times, _, _ = draw_patients(21, 200, ties=False)
    propensity, y = predict_propensity(x, fit_logistic(x, treated)), np.minimum(times, 6.0)
    design = sm.add_constant(x)
    m1, m0 = (sm.OLS(y[treated == a], design[treated == a]).fit().predict(design) for a in (1, 0))
    one = m1 + treated / propensity * (y - m1)
    other = m0 + (1 - treated) / (1 - propensity) * (y - m0)
    assert estimate_aipw(y, x, treated, propensity)[0] == pytest.approx((one - other).mean(), abs=1e-10)
    first = sm.WLS(y, design, weights=times).fit().params
    assert fit_linear(x, y, times) == pytest.approx(first, abs=1e-9)


def test_pseudo_values_without_censoring_are_the_times():
    times = np.array([1, 2, 2, 5, 9.0])
    assert compute_pseudo_values(times, np.ones(5), 6.0) == pytest.approx(np.minimum(times, 6), abs=1e-12)


def test_pseudo_values_with_censoring_by_fractions():
    # Times 1, 2+, 3 to 3: R = 1 + 2/3 * 2 = 7/3. Without 1: 3; without 2+: 2; without 3: 1 + 1/2 * 2 = 2.
    times, events = np.array([1, 2, 3.0]), np.array([1, 0, 1])
    assert compute_pseudo_values(times, events, 3.0) == pytest.approx([1, 3, 3], abs=1e-12)


def test_seen_shares_by_fractions():
    # Censoring falls at 2 (3 of 4 at risk) and at 4 (1 of 2): seen at 5 stands for 4/3 * 2.
    times, events = np.array([1, 2, 3, 4, 5.0]), np.array([1, 0, 1, 0, 1])
    shares = compute_seen_shares(times, events, np.ones(5), 6.0)
    assert shares == pytest.approx([1, 0, 4 / 3, 0, 8 / 3])
    assert shares.sum() == pytest.approx(5)
    # A death at the time of a censoring goes first: 1 of 2 is left at 2, not 2 of 3.
    shares = compute_seen_shares(np.array([2, 2, 3.0]), np.array([1, 0, 1]), np.ones(3), 6.0)
    assert shares == pytest.approx([1, 0, 2])


@pytest.mark.parametrize("tau", [3.5, 6.0])
def test_weighting_for_censoring_gives_kaplan_meier(tau):
    # Satten & Datta (2001): the mean of min(T, tau) weighted by censoring is the area under Kaplan-Meier.
    _, _, times, events, _ = draw_patients(22, 80, ties=False)
    shares = compute_seen_shares(times, events, np.ones(80), tau)
    assert shares @ np.minimum(times, tau) / 80 == pytest.approx(compute_rmst(times, events, tau), abs=1e-10)


def test_all_doubly_robust_estimates_agree_without_censoring():
    x, treated, times, _, _ = draw_patients(23, 120, ties=False)
    propensity, events, tau = predict_propensity(x, fit_logistic(x, treated)), np.ones(120), 6.0
    classical = estimate_rmst_aipw(times, events, x, treated, propensity, tau)
    rest = (times, events, x, treated, propensity, tau)
    assert estimate_ipcw_aipw(*rest) == pytest.approx(classical, abs=1e-10)
    for within in (True, False):
        assert estimate_pseudo_aipw(*rest, within_arms=within) == pytest.approx(classical, abs=1e-9)
    # The one-step parts telescope to min(T, tau) whatever the model of survival: AIPW with m = its area.
    grid = np.sort(times[times < tau])
    rates = {a: 0.1 * np.exp(0.3 * x[:, 0] + 0.2 * a) for a in (1, 0)}
    survival = {a: np.exp(-np.outer(rates[a], grid)) for a in (1, 0)}
    censoring = {a: np.ones((120, len(grid))) for a in (1, 0)}
    y, gaps = np.minimum(times, tau), np.diff(np.concatenate([[0.0], grid, [tau]]))
    area = {a: gaps[0] + survival[a] @ gaps[1:] for a in (1, 0)}
    one = area[1] + treated / propensity * (y - area[1])
    other = area[0] + (1 - treated) / (1 - propensity) * (y - area[0])
    found, error = estimate_one_step_rmst(times, events, treated, propensity, tau, grid, survival, censoring)
    assert found == pytest.approx((one - other).mean(), abs=1e-9)
    assert error == pytest.approx((one - other).std(ddof=1) / math.sqrt(120), abs=1e-9)


def test_one_step_with_each_arm_s_curves_gives_kaplan_meier():
    # With the arm's own Kaplan-Meier of survival and of censoring, and a constant propensity, the
    # augmentation sums to nothing: the estimate is the difference of the areas.
    _, treated, times, events, _ = draw_patients(24, 80, ties=False)
    tau, share = 6.0, treated.mean()
    grid = np.sort(times[(events == 1) & (times < tau)])
    survival, censoring = {}, {}
    for a in (1, 0):
        rows = treated == a
        deaths = estimate_survival(times[rows], events[rows])
        leaving = estimate_survival(times[rows], 1 - events[rows])
        level = [min([s for t, s in deaths if t <= u], default=1.0) for u in grid]
        before = [min([s for t, s in leaving if t < u], default=1.0) for u in grid]
        survival[a], censoring[a] = np.tile(level, (80, 1)), np.tile(before, (80, 1))
    rest = (times, events, treated, np.full(80, share), tau, grid, survival, censoring)
    expected = compute_rmst_difference(times, events, treated, tau)
    assert estimate_one_step_rmst(*rest)[0] == pytest.approx(expected, abs=1e-9)


def test_e_values_as_published():
    # VanderWeele & Ding (2017): risk ratio 3.9 (1.8 to 8.7) gives 7.26 and 3.0; 0.80 (0.71 to 0.91) gives
    # 1.8 and 1.4.
    assert round(compute_e_value(3.9), 2) == 7.26
    assert round(compute_e_value_of_limit(3.9, 1.8, 8.7), 1) == 3.0
    assert round(compute_e_value(0.8), 1) == 1.8
    assert round(compute_e_value_of_limit(0.8, 0.71, 0.91), 1) == 1.4
    assert compute_e_value_of_limit(1.2, 0.9, 1.6) == 1.0
    assert compute_e_value(1.0) == 1.0


def test_hazard_ratio_of_a_common_outcome():
    assert convert_hazard_ratio(0.56, is_common=False) == 0.56
    assert convert_hazard_ratio(1.0, is_common=True) == pytest.approx(1.0)
    # 4: (1 - 1/4) / (1 - 0.5^0.5); the conversion of 1/HR is the inverse.
    assert convert_hazard_ratio(4.0, is_common=True) == pytest.approx(0.75 / (1 - math.sqrt(0.5)))
    assert convert_hazard_ratio(0.25, is_common=True) == pytest.approx((1 - math.sqrt(0.5)) / 0.75)

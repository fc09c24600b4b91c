"""Parts of an emulated trial against other software, closed forms and second implementations."""

import warnings
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.utils import restricted_mean_survival_time
from tests.independent.emulation_worlds import (
    HORIZON,
    RATIO,
    draw_conditional,
    draw_marginal,
    find_conditional_difference,
    find_marginal_difference,
    make_plan,
)

from unburden.domain.cohort import Cohort
from unburden.domain.emulation_plan import Covariate, Truncation
from unburden.eligibility.doubly_robust import FollowUp, predict_arm
from unburden.eligibility.effects import read_follow_up, weigh_patients
from unburden.eligibility.emulation import emulate_trial
from unburden.eligibility.restricted_means import compute_restricted_mean
from unburden.kernels.restricted_means import fill_means, fill_residuals
from unburden.models.propensity import compute_area_under_curve, fit_logistic_propensity


@pytest.mark.parametrize("seed", range(20))
def test_logistic_propensity_is_that_of_statsmodels(seed):
    random = np.random.default_rng(seed)
    n, p = int(random.integers(60, 400)), int(random.integers(1, 6))
    values = random.standard_normal((n, p)) * random.uniform(0.01, 100, p) + random.uniform(-50, 50, p)
    chance = 1 / (1 + np.exp(-(values - values.mean(0)) / values.std(0) @ random.uniform(-0.7, 0.7, p)))
    treated = random.random(n) < chance
    fit = fit_logistic_propensity(values, treated, tuple(f"x{i}" for i in range(p)))
    other = sm.Logit(treated.astype(float), sm.add_constant(values)).fit(disp=0, tol=1e-13, maxiter=200)
    np.testing.assert_allclose(fit.coefficients, other.params, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(fit.probabilities, other.predict(), rtol=1e-7)
    sandwich = np.linalg.inv(-other.model.hessian(other.params))
    scores = other.model.score_obs(other.params)
    np.testing.assert_allclose(
        fit.influence.T @ fit.influence, sandwich @ (scores.T @ scores) @ sandwich, rtol=1e-5, atol=1e-12
    )


def test_area_under_curve_counts_pairs():
    random = np.random.default_rng(1)
    e, treated = random.integers(0, 8, 60) / 8, random.random(60) < 0.4
    pairs = [(a > b) + (a == b) / 2 for a in e[treated] for b in e[~treated]]
    assert compute_area_under_curve(e, treated) == pytest.approx(np.mean(pairs), abs=1e-12)


def draw_times(seed, n=150):
    """Times with many ties, events and weights."""
    random = np.random.default_rng(seed)
    times = np.ceil(random.exponential(20, n)) + (random.random(n) < 0.3) * 0.5
    return times, random.random(n) < 0.6, random.uniform(0.2, 5, n)


@pytest.mark.parametrize("seed", range(25))
def test_weighted_restricted_mean_is_that_of_lifelines(seed):
    times, events, weights = draw_times(seed)
    horizon = float(np.quantile(times, 0.9))
    mean, _ = compute_restricted_mean(times, events, weights, horizon, arm="x")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        curve = KaplanMeierFitter().fit(times, events, weights=weights)
    assert mean == pytest.approx(restricted_mean_survival_time(curve, t=horizon), rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_derivatives_of_the_restricted_mean_are_those_of_small_changes(seed):
    times, events, weights = draw_times(seed, 40)
    horizon = float(np.quantile(times, 0.8))
    _, slopes = compute_restricted_mean(times, events, weights, horizon, arm="x")
    for j in range(len(times)):
        step = np.zeros(len(times))
        step[j] = 1e-5
        up, _ = compute_restricted_mean(times, events, weights + step, horizon, arm="x")
        down, _ = compute_restricted_mean(times, events, weights - step, horizon, arm="x")
        assert slopes[j] == pytest.approx((up - down) / 2e-5, abs=1e-6)


def test_unweighted_variance_of_the_restricted_mean_is_greenwoods_without_ties():
    """Σ R² d / (Y (Y − d)) is the limit; Σ influence² has R² d (Y − d) / Y³ parts: they differ by 1 / Y."""
    random = np.random.default_rng(4)
    times, events = random.exponential(10, 3000), random.random(3000) < 0.7
    _, slopes = compute_restricted_mean(times, events, np.ones(3000), 15.0, arm="x")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        curve = KaplanMeierFitter().fit(times, events)
    order = np.argsort(times)
    survival = curve.survival_function_at_times(times[order]).to_numpy()
    ends = np.minimum(np.append(times[order][1:], np.inf), 15.0)
    areas = survival * np.maximum(ends - np.minimum(times[order], 15.0), 0)
    rest = np.cumsum(areas[::-1])[::-1]
    at_risk = 3000 - np.arange(3000)
    greenwood = (rest**2 * events[order] / (at_risk * np.maximum(at_risk - 1, 1)))[:-1].sum()
    assert slopes @ slopes == pytest.approx(greenwood, rel=0.005)


def test_weighted_hazard_ratio_and_crude_one_are_those_of_lifelines():
    cohort, plan = draw_marginal(7, 500), make_plan()
    trial = emulate_trial(cohort, range(500), plan)
    patients = weigh_patients(cohort.frame, plan, cohort.source)
    follow_up = read_follow_up(cohort.frame, plan.outcome, patients.treated, 1500.0)
    table = pl.DataFrame(
        {
            "t": follow_up.days,
            "e": follow_up.has_event,
            "a": follow_up.treated * 1.0,
            "w": patients.weights.values,
        }
    ).to_pandas()
    options = {"fit_options": {"precision": 1e-12}}
    weighted = CoxPHFitter().fit(table, "t", "e", weights_col="w", robust=True, **options)
    crude = CoxPHFitter().fit(table[["t", "e", "a"]], "t", "e", robust=True, **options)
    assert trial.hazard_ratio.value == pytest.approx(float(np.exp(weighted.params_["a"])), rel=1e-8)
    assert trial.crude_hazard_ratio.value == pytest.approx(float(np.exp(crude.params_["a"])), rel=1e-8)
    width = np.log(trial.crude_hazard_ratio.high / trial.crude_hazard_ratio.low) / (2 * 1.959963984540054)
    assert width == pytest.approx(crude.standard_errors_["a"], rel=1e-6)


def jackknife(cohort, plan, name, transform):
    """The leave-one-out standard error of an estimate: a whole new analysis for each patient left out."""
    n = cohort.patients
    left = [
        transform(getattr(emulate_trial(cohort, [j for j in range(n) if j != i], plan), name).value)
        for i in range(n)
    ]
    return float(np.sqrt((n - 1) / n * np.sum((np.array(left) - np.mean(left)) ** 2)))


@pytest.mark.parametrize(
    ("population", "truncation"),
    [
        ("ATE", Truncation()),
        ("ATE", Truncation("probabilities", 0.25, 0.75)),
        ("ATT", Truncation()),
        ("ATO", Truncation()),
    ],
)
def test_standard_errors_are_those_of_the_jackknife(population, truncation):
    """The jackknife fits the propensity anew each time; taking weights as known would be 10 to 40 % off."""
    cohort = draw_conditional(11, 250)
    plan = make_plan(population=population, truncation=truncation)
    trial = emulate_trial(cohort, range(250), plan)
    names = {"hazard_ratio": np.log, "mean_difference": float}
    if population != "ATO":
        names["doubly_robust_difference"] = float
    for name, transform in names.items():
        estimate = getattr(trial, name)
        error = (transform(estimate.high) - transform(estimate.low)) / (2 * 1.959963984540054)
        assert error == pytest.approx(jackknife(cohort, plan, name, transform), rel=0.05), name


def test_interval_allows_for_the_estimated_propensity():
    """With weights as known the interval would be wider, by what Shu et al. 2021 and others report."""
    cohort, plan = draw_conditional(11, 2000), make_plan()
    trial = emulate_trial(cohort, range(2000), plan)
    patients = weigh_patients(cohort.frame, plan, cohort.source)
    follow_up = read_follow_up(cohort.frame, plan.outcome, patients.treated, 1500.0)
    table = pl.DataFrame(
        {
            "t": follow_up.days,
            "e": follow_up.has_event,
            "a": follow_up.treated * 1.0,
            "w": patients.weights.values,
        }
    ).to_pandas()
    known = CoxPHFitter().fit(table, "t", "e", weights_col="w", robust=True).standard_errors_["a"]
    width = np.log(trial.hazard_ratio.high / trial.hazard_ratio.low) / (2 * 1.959963984540054)
    assert width < 0.95 * known


def make_strata(seed, n=400):
    """A coarse confounder, everybody followed beyond the horizon."""
    random = np.random.default_rng(seed)
    stratum = random.integers(0, 3, n)
    treated = random.random(n) < np.array([0.2, 0.5, 0.7])[stratum]
    times = random.exponential(300, n) * (1 + stratum) * np.where(treated, 1.5, 1.0) + 1
    frame = pl.DataFrame(
        {
            "patient": np.arange(n),
            "stratum": [f"s{k}" for k in stratum],
            "treated": treated,
            "days": times,
            "has_died": np.ones(n, bool),
            "start_day": np.zeros(n),
            "eligible_day": np.zeros(n),
            "assigned_day": np.zeros(n),
            "drug_day": np.zeros(n),
        }
    )
    return Cohort("strata", frame, (), "simulated:strata"), stratum, treated, np.minimum(times, HORIZON)


@pytest.mark.parametrize("seed", range(10))
def test_with_a_saturated_propensity_and_no_censoring_all_estimates_are_the_stratified_difference(seed):
    """Σ share x (mean of treated − mean of controls), in closed form, whatever the outcome model."""
    cohort, stratum, treated, times = make_strata(seed)
    gaps = [
        times[(stratum == k) & treated].mean() - times[(stratum == k) & ~treated].mean() for k in range(3)
    ]
    shares = {
        "ATE": [np.mean(stratum == k) for k in range(3)],
        "ATT": [np.mean(stratum[treated] == k) for k in range(3)],
    }
    for population in ("ATE", "ATT"):
        plan = make_plan(("stratum",), population=population, follow_up_days=1e6)
        trial = emulate_trial(cohort, range(cohort.patients), plan)
        expected = float(np.dot(shares[population], gaps))
        assert trial.mean_difference.value == pytest.approx(expected, rel=1e-9)
        assert trial.doubly_robust_difference.value == pytest.approx(expected, rel=1e-9)
    overlap = [
        np.mean(stratum == k) * np.mean(treated[stratum == k]) * np.mean(~treated[stratum == k])
        for k in range(3)
    ]
    plan = make_plan(("stratum",), population="ATO", follow_up_days=1e6)
    trial = emulate_trial(cohort, range(cohort.patients), plan)
    assert trial.mean_difference.value == pytest.approx(np.dot(overlap, gaps) / np.sum(overlap), rel=1e-9)


def test_without_censoring_the_residual_is_the_time_beyond_the_prediction():
    cohort, _, treated, times = make_strata(3)
    follow_up = FollowUp(cohort.frame["days"].to_numpy(), np.ones(len(times), bool), treated)
    values = np.random.default_rng(1).standard_normal((len(times), 2))
    for folds in (1, 4):
        plan = make_plan(folds=folds).analysis
        arm = predict_arm(follow_up, True, values, ("a", "b"), plan, seed=5)
        np.testing.assert_allclose(
            arm.residuals[treated], (times - arm.means)[treated], rtol=1e-6, atol=1e-6 * HORIZON
        )
        assert not arm.residuals[~treated].any()


def compute_by_matrices(frame, plan):
    """The ATE's augmented estimate by lifelines' regressions and plain matrices on a grid of times."""
    x = np.column_stack([frame["x"].to_numpy(), frame["z"].to_numpy() * 1.0])
    treated, days, died = (frame[c].to_numpy() for c in ("treated", "days", "has_died"))
    e = sm.Logit(treated * 1.0, sm.add_constant(x)).fit(disp=0, tol=1e-13).predict()
    grid = np.unique(days[days <= HORIZON])
    steps = np.diff(np.append(grid, HORIZON))
    scores = []
    for arm, chance in ((treated, e), (~treated, 1 - e)):
        table = pl.DataFrame({"x": x[:, 0], "z": x[:, 1], "t": days, "e": died}).to_pandas()
        fit = CoxPHFitter().fit(table[arm], "t", "e", fit_options={"precision": 1e-13})
        jumps = fit.baseline_cumulative_hazard_.iloc[:, 0]
        place = np.searchsorted(jumps.index.to_numpy(), grid, side="right") - 1
        cumulative = np.where(place >= 0, jumps.to_numpy()[np.maximum(place, 0)], 0.0)
        risk = fit.predict_partial_hazard(table).to_numpy()
        survival = np.exp(-np.outer(risk, cumulative))
        before = np.column_stack([np.ones(len(x)), survival[:, :-1]])
        hazard = 1 - survival / before
        rest = np.cumsum((survival * steps)[:, ::-1], axis=1)[:, ::-1]
        mean = grid[0] + rest[:, 0]
        censored = KaplanMeierFitter().fit(days[arm], ~died[arm])
        uncensored = np.append(1.0, censored.survival_function_at_times(grid).to_numpy()[:-1])
        at_risk = days[:, None] >= grid
        event = (days[:, None] == grid) & died[:, None]
        martingale = event - at_risk * hazard
        residual = -(rest / survival * martingale / uncensored).sum(axis=1)
        scores.append(mean + arm / chance * residual)
    gap = scores[0] - scores[1]
    return gap.mean(), gap.std() / np.sqrt(len(gap))


@pytest.mark.parametrize("seed", range(5))
def test_doubly_robust_difference_is_that_of_a_second_implementation(seed):
    cohort, plan = draw_conditional(seed, 300), make_plan()
    found = emulate_trial(cohort, range(300), plan).doubly_robust_difference
    value, error = compute_by_matrices(cohort.frame, plan)
    assert found.value == pytest.approx(value, rel=1e-5)
    assert (found.high - found.low) / (2 * 1.959963984540054) == pytest.approx(error, rel=1e-5)


def test_kernels_run_as_plain_python():
    random = np.random.default_rng(2)
    n, m = 7, 11
    jumps, increments = np.sort(random.uniform(0, 90, m)), random.uniform(0, 0.3, m)
    risks, ends, events = random.uniform(0.5, 2, n), random.uniform(1, 100, n), random.random(n) < 0.5
    at_jumps, at_ends = random.uniform(0, 0.5, m), random.uniform(0, 0.5, n)
    arrays = [np.empty(n) for _ in range(4)]
    for run, out in ((fill_means, arrays[0]), (fill_means.py_func, arrays[1])):
        run(risks, jumps, increments, 100.0, out)
    for run, out in ((fill_residuals, arrays[2]), (fill_residuals.py_func, arrays[3])):
        run(risks, jumps, increments, 100.0, ends, events, risks, at_jumps, at_ends, out)
    np.testing.assert_allclose(arrays[0], arrays[1], rtol=1e-13)
    np.testing.assert_allclose(arrays[2], arrays[3], rtol=1e-12)


def test_standardised_differences_and_effective_numbers_follow_their_formulas():
    cohort, plan = draw_marginal(5, 400), make_plan()
    trial = emulate_trial(cohort, range(400), plan)
    e = sm.Logit(
        cohort.frame["treated"].to_numpy() * 1.0,
        sm.add_constant(np.column_stack([cohort.frame["x"], cohort.frame["z"]]).astype(float)),
    ).fit(disp=0, tol=1e-13).predict()  # fmt: skip
    table = cohort.frame.with_columns(e=e).to_pandas()
    one, zero = table[table.treated], table[~table.treated]
    spread = np.sqrt((one.x.var() + zero.x.var()) / 2)
    line = trial.balance[0]
    assert line.difference_before == pytest.approx((one.x.mean() - zero.x.mean()) / spread, rel=1e-9)
    after = np.average(one.x, weights=1 / one.e) - np.average(zero.x, weights=1 / (1 - zero.e))
    assert line.difference_after == pytest.approx(after / spread, abs=1e-7)
    weights = 1 / one.e
    expected = weights.sum() ** 2 / (weights**2).sum()
    assert trial.weights[0].effective_patients == pytest.approx(expected, rel=1e-7)


DOUBLY = {
    "both right": (("x", "z"), ("x", "z"), True),
    "propensity wrong": (("z",), ("x", "z"), True),
    "outcome model wrong": (("x", "z"), ("z",), True),
    "both wrong": (("z",), ("z",), False),
}


@pytest.mark.parametrize("word", DOUBLY)
@pytest.mark.parametrize("population", ["ATE", "ATT"])
def test_one_right_model_is_enough_and_two_wrong_ones_are_not(word, population):
    propensity, outcome, is_unbiased = DOUBLY[word]
    plan = make_plan(propensity, population=population)
    plan = replace(
        plan, analysis=replace(plan.analysis, outcome_covariates=tuple(Covariate(c) for c in outcome))
    )
    found = [
        emulate_trial(draw_conditional(seed, 1500), range(1500), plan).doubly_robust_difference.value
        for seed in range(60)
    ]
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    bias = np.mean(found) - find_conditional_difference(population)
    if is_unbiased:
        assert abs(bias) < 4 * error
        assert abs(bias) < 4
    else:
        assert bias < -40


def test_intervals_hold_a_known_effect():
    """Short form of revalidation/test_emulation_coverage.py, with the limits that 300 replicates allow."""
    truths = {"hazard_ratio": RATIO, "mean_difference": find_marginal_difference()}
    truths["doubly_robust_difference"] = truths["mean_difference"]
    holds = dict.fromkeys(truths, 0)
    for seed in range(300):
        trial = emulate_trial(draw_marginal(seed, 400), range(400), make_plan())
        for name, truth in truths.items():
            holds[name] += getattr(trial, name).low <= truth <= getattr(trial, name).high
    for name, count in holds.items():
        assert 0.91 <= count / 300 <= 0.985, name


def test_a_confounder_left_out_biases():
    found = [
        emulate_trial(draw_marginal(seed, 1000), range(1000), make_plan(("z",))).hazard_ratio
        for seed in range(20)
    ]
    assert np.mean([estimate.value for estimate in found]) > RATIO + 0.2
    assert not any(estimate.low <= RATIO <= estimate.high for estimate in found)

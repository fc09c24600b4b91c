"""The true answers of confounded cohorts against closed forms and two million patients with both outcomes."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from confounded_cohorts import (
    EXAMPLE,
    compute_pass_chance,
    compute_true_log_hazard_ratio,
    compute_true_pool,
    compute_true_rmst,
    compute_true_rmst_difference,
    compute_true_survival,
    draw_cohort,
    list_nodes,
)
from emulation_by_hand import compute_robust_variance, fit_cox
from scipy.integrate import quad
from shapley_by_hand import average_over_orders

MILLIONS, TAU = 2_000_000, 8.0
FLAT = (0.0, 0.0, 0.0)
DEPENDENT = replace(EXAMPLE, log_censoring=-2.5, censoring_slopes=(0.6, -0.3, 0.4))
CASES = [((), "all"), ((0, 2), "all"), ((0, 1, 2, 3), "all"), ((), "treated"), ((1,), "overlap")]


@cache
def draw_millions():
    return draw_cohort(EXAMPLE, MILLIONS, seed=20)


def choose_target(cohort, chosen, target, seed=5):
    """The patients of the target: who meets the criteria, thinned by the target's tilt."""
    e = cohort.propensity
    tilt = {"all": np.ones(len(e)), "treated": e, "overlap": 4 * e * (1 - e)}[target]
    kept = np.random.default_rng(seed).random(len(e)) < tilt
    return kept & cohort.passes[:, list(chosen)].all(axis=1)


def fit_large_cox(treated, times, events, weights):
    """(log hazard ratio, robust standard error) for times without ties, over whole arrays."""
    order = np.argsort(-times)
    a, died, w = treated[order].astype(float), events[order], weights[order]
    beta = 0.0
    for _ in range(12):
        risk = w * np.exp(beta * a)
        total = np.cumsum(risk)
        mean = np.cumsum(risk * a) / total
        information = (w * died * mean * (1 - mean)).sum()
        beta += (w * died * (a - mean)).sum() / information
    hazard = w * died / total
    above = np.cumsum(hazard[::-1])[::-1]  # over events no later than one's own time
    above_mean = np.cumsum((hazard * mean)[::-1])[::-1]
    residuals = died * (a - mean) - np.exp(beta * a) * (a * above - above_mean)
    return beta, math.sqrt(((w * residuals) ** 2).sum()) / information


def test_large_cox_is_the_cox_by_hand():
    cohort = draw_cohort(EXAMPLE, 120, seed=1)
    weights = np.random.default_rng(1).uniform(0.3, 3, 120)
    rest = (cohort.treated, cohort.times, cohort.events, weights)
    beta, error = fit_large_cox(*rest)
    assert beta == pytest.approx(fit_cox(*rest), abs=1e-9)
    assert error**2 == pytest.approx(compute_robust_variance(beta, *rest)[0, 0], rel=1e-8)


@pytest.mark.parametrize(("chosen", "target"), CASES)
def test_restricted_means_of_both_outcomes(chosen, target):
    cohort = draw_millions()
    kept = choose_target(cohort, chosen, target)
    short = np.minimum(cohort.potential_times[kept], TAU)
    for arm in (0, 1):
        truth = compute_true_rmst(EXAMPLE, TAU, arm, chosen=chosen, target=target)
        assert abs(short[:, arm].mean() - truth) < 4 * short[:, arm].std() / math.sqrt(len(short))
        alive = cohort.potential_times[kept, arm] > 3.0
        truth = compute_true_survival(EXAMPLE, 3.0, arm, chosen=chosen, target=target)
        assert abs(alive.mean() - truth) < 4 * alive.std() / math.sqrt(len(short))
    gains = short[:, 1] - short[:, 0]
    truth = compute_true_rmst_difference(EXAMPLE, TAU, chosen=chosen, target=target)
    assert abs(gains.mean() - truth) < 4 * gains.std() / math.sqrt(len(short))


@pytest.mark.parametrize(("chosen", "target"), CASES)
def test_hazard_ratio_if_treatment_were_drawn_by_lot(chosen, target):
    cohort = draw_millions()
    kept = choose_target(cohort, chosen, target)
    share = 0.5 if target != "all" else float(cohort.propensity[kept].mean())
    treated = (np.random.default_rng(6).random(kept.sum()) < share).astype(int)
    died = cohort.potential_times[kept][np.arange(len(treated)), treated]
    censored = cohort.censored[kept]
    times, events = np.minimum(died, censored), (died <= censored).astype(int)
    beta, error = fit_large_cox(treated, times, events, np.ones(len(times)))
    truth = compute_true_log_hazard_ratio(EXAMPLE, chosen=chosen, target=target)
    assert error < 0.004
    assert abs(beta - truth) < 4 * error


@pytest.mark.parametrize(
    ("chosen", "target"),
    [((), "all"), ((0, 2), "all"), ((), "treated"), ((0,), "overlap"), ((0, 2), "crude")],
)
def test_weighted_cox_of_what_is_observed_tends_to_the_truth(chosen, target):
    cohort = draw_millions()
    kept = cohort.passes[:, list(chosen)].all(axis=1)
    a, e = cohort.treated[kept], cohort.propensity[kept]
    p = a.mean()
    weights = {
        "all": np.where(a, p / e, (1 - p) / (1 - e)),
        "treated": np.where(a, 1, e / (1 - e)),
        "overlap": np.where(a, 1 - e, e),
        "crude": np.ones(len(a)),
    }[target]
    beta, error = fit_large_cox(a, cohort.times[kept], cohort.events[kept], weights)
    truth = compute_true_log_hazard_ratio(EXAMPLE, chosen=chosen, target=target)
    assert abs(beta - truth) < 4 * error
    if target == "crude":
        assert abs(truth - compute_true_log_hazard_ratio(EXAMPLE, chosen=chosen)) > 0.1


def test_share_of_the_treated_matters_where_hazards_cross():
    slopes = {"effect_slopes": (2.5, 0.0, 0.0), "log_hazard": (0.0, 0.3, 0.4)}
    world = replace(EXAMPLE, propensity=-2.5, effect=0.5, scale=0.5, **slopes)
    cohort = draw_cohort(world, MILLIONS, seed=22)
    a, e = cohort.treated, cohort.propensity
    shares = {"stabilised": a.mean(), "unstabilised": 0.5}
    truths = {}
    for kind, p in shares.items():
        weights = np.where(a, p / e, (1 - p) / (1 - e))
        beta, error = fit_large_cox(a, cohort.times, cohort.events, weights)
        share = None if kind == "stabilised" else p
        truths[kind] = compute_true_log_hazard_ratio(world, share=share)
        assert abs(beta - truths[kind]) < 4 * error
        assert error < 0.02
    assert abs(truths["stabilised"] - truths["unstabilised"]) > 0.1


def test_dependent_censoring_moves_the_weighted_cox_as_computed():
    cohort = draw_cohort(DEPENDENT, MILLIONS, seed=21)
    a, e = cohort.treated, cohort.propensity
    weights = np.where(a, a.mean() / e, (1 - a.mean()) / (1 - e))
    beta, error = fit_large_cox(a, cohort.times, cohort.events, weights)
    assert abs(beta - compute_true_log_hazard_ratio(DEPENDENT)) < 4 * error
    times, events = np.minimum(cohort.potential_times, DEPENDENT.end), cohort.potential_times <= DEPENDENT.end
    lot = (np.random.default_rng(7).random(MILLIONS) < a.mean()).astype(int)
    rows = np.arange(MILLIONS)
    beta, error = fit_large_cox(lot, times[rows, lot], events[rows, lot], np.ones(MILLIONS))
    assert abs(beta - compute_true_log_hazard_ratio(DEPENDENT, is_censored=False)) < 4 * error


def test_pool_and_criteria_by_counting():
    cohort = draw_millions()
    for chosen in ((0,), (2,), (0, 1, 2, 3)):
        share = cohort.passes[:, list(chosen)].all(axis=1).mean()
        assert abs(share - compute_true_pool(EXAMPLE, chosen)) < 4 * 0.5 / math.sqrt(MILLIONS)
    correlation = np.corrcoef(cohort.measures[:, 0], cohort.covariates[:, 0])[0, 1]
    assert correlation == pytest.approx(0.8, abs=0.003)


def test_truth_in_closed_form():
    # Nothing but treatment matters and hazards are constant: the ratio is exp(effect), means exponential.
    plain = replace(EXAMPLE, shape=1.0, log_hazard=FLAT, effect_slopes=FLAT)
    assert compute_true_log_hazard_ratio(plain, chosen=(0,)) == pytest.approx(-0.5, abs=1e-10)
    rates = {0: 0.08, 1: 0.08 * math.exp(-0.5)}
    for arm, rate in rates.items():
        expected = (1 - math.exp(-rate * TAU)) / rate
        assert compute_true_rmst(plain, TAU, arm) == pytest.approx(expected, abs=1e-12)
        assert compute_true_survival(plain, 3.0, arm) == pytest.approx(math.exp(-3 * rate), abs=1e-12)
    null = replace(EXAMPLE, effect=0.0, effect_slopes=FLAT)
    assert compute_true_rmst_difference(null, TAU) == pytest.approx(0, abs=1e-12)
    assert compute_true_log_hazard_ratio(null) == pytest.approx(0, abs=1e-10)
    # The last criterion leans on nothing: Phi(1.3) of the patients pass and no effect changes.
    assert compute_true_pool(EXAMPLE, (3,)) == pytest.approx(0.9031995154, abs=1e-9)
    with_it = compute_true_log_hazard_ratio(EXAMPLE, chosen=(0, 3))
    assert with_it == pytest.approx(compute_true_log_hazard_ratio(EXAMPLE, chosen=(0,)), abs=1e-12)


def test_restricted_mean_is_the_area_under_survival():
    for arm in (0, 1):
        area, _ = quad(lambda t, arm=arm: compute_true_survival(EXAMPLE, t, arm, chosen=(1,)), 0, TAU)
        assert compute_true_rmst(EXAMPLE, TAU, arm, chosen=(1,)) == pytest.approx(area, abs=1e-7)


def test_nodes_have_settled():
    x, law = list_nodes(EXAMPLE)
    finer_x, finer = list_nodes(EXAMPLE, 80)
    for chosen in ((), (0, 1, 2, 3)):
        coarse = law @ compute_pass_chance(EXAMPLE, x, chosen)
        assert coarse == pytest.approx(finer @ compute_pass_chance(EXAMPLE, finer_x, chosen), abs=1e-8)


def test_true_worth_of_criteria():
    # The criterion that leans on nothing is worth nothing; the others share what all of them do.
    worth = average_over_orders(
        4, lambda group: compute_true_log_hazard_ratio(EXAMPLE, chosen=tuple(sorted(group)), share=0.5)
    )
    whole = compute_true_log_hazard_ratio(EXAMPLE, chosen=(0, 1, 2, 3), share=0.5)
    none = compute_true_log_hazard_ratio(EXAMPLE, share=0.5)
    assert sum(worth) == pytest.approx(whole - none, abs=1e-12)
    assert worth[3] == pytest.approx(0, abs=1e-12)
    assert abs(worth[0]) > 0.01


def test_the_same_seed_draws_the_same_patients():
    one, other, third = (draw_cohort(EXAMPLE, 50, seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(one.times, other.times)
    assert not np.array_equal(one.times, third.times)

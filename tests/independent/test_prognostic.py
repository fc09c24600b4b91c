"""Adjusted tests against statsmodels-free least squares and lifelines; error under wrong scores."""

import math

import numpy as np
import pytest
from lifelines.statistics import logrank_test
from scipy import stats

from unburden.domain.errors import InvalidDesign
from unburden.domain.prognostic import PrognosticMeans, PrognosticSurvival
from unburden.kernels.prognostic import compute_adjusted_logrank_z, compute_ancova_z
from unburden.simulation.prognostic import adjust_size, predict_adjusted_power, simulate_prognostic
from unburden.simulation.sizes import size_means


@pytest.mark.parametrize("seed", range(20))
def test_ancova_is_least_squares(seed):
    rng = np.random.default_rng(seed)
    n = 60
    treated = rng.permutation(np.repeat([0, 1], n // 2))
    score = rng.normal(size=n)
    outcome = 0.5 * treated + 0.8 * score + rng.normal(size=n)
    design = np.column_stack([np.ones(n), treated, score])
    beta, rss, *_ = np.linalg.lstsq(design, outcome, rcond=None)
    error = math.sqrt(rss[0] / (n - 3) * np.linalg.inv(design.T @ design)[1, 1])
    expected = stats.norm.isf(stats.t.sf(beta[1] / error, n - 3))
    plain, adjusted = compute_ancova_z(outcome, score, treated)
    assert adjusted == pytest.approx(expected, abs=0.003)
    t = stats.ttest_ind(outcome[treated == 1], outcome[treated == 0]).statistic
    assert plain == pytest.approx(stats.norm.isf(stats.t.sf(t, n - 2)), abs=0.003)


def adjust_plainly(time, event, treated, score):
    """Ye, Shao & Yi (2023) as written, with loops over patients and event times."""
    n = len(time)
    u = np.zeros(n)
    variance = 0.0
    for t in np.sort(time[event]):
        risk = time >= t
        y, y1 = risk.sum(), (risk & (treated == 1)).sum()
        variance += y1 * (y - y1) / y**2
        for i in range(n):
            other = (y - y1) / y if treated[i] == 1 else y1 / y
            u[i] += other * (float(event[i] and time[i] == t) - float(risk[i]) / y)
    x = score - score.mean()
    total, slopes = 0.0, []
    for arm, sign in ((1, 1.0), (0, -1.0)):
        here = treated == arm
        centred = x[here] - x[here].mean()
        slope = (centred * u[here]).sum() / (centred**2).sum()
        slopes.append(slope)
        total += sign * (u[here] - slope * x[here]).sum()
    share = (treated == 1).mean()
    left = variance / n - share * (1 - share) * sum(slopes) ** 2 * (x**2).mean()
    plain = u[treated == 1].sum() - u[treated == 0].sum()
    return -plain / math.sqrt(variance), -total / n / math.sqrt(left / n)


@pytest.mark.parametrize("seed", range(15))
def test_adjusted_logrank_as_published(seed):
    rng = np.random.default_rng(seed)
    n = 80
    treated = rng.permutation(np.repeat([0, 1], n // 2))
    score = rng.normal(size=n)
    time = rng.exponential(10 * np.exp(-0.7 * score))
    end = rng.uniform(5, 20, n)
    event, time = time <= end, np.minimum(time, end)
    plain, adjusted = compute_adjusted_logrank_z(time, event, treated, score)
    expected = adjust_plainly(time, event, treated, score)
    assert (plain, adjusted) == pytest.approx(expected, rel=1e-9)
    theirs = logrank_test(time[treated == 1], time[treated == 0], event[treated == 1], event[treated == 0])
    assert plain**2 == pytest.approx(theirs.test_statistic, rel=1e-9)


@pytest.mark.parametrize("shape", ["linear", "quadratic", "threshold"])
def test_error_is_kept_under_right_and_wrong_scores(shape):
    means = simulate_prognostic(
        PrognosticMeans(480, 0.0, 1.0, 0.7, shape), alpha=0.025, trials=50_000, seed=1
    )
    survival = simulate_prognostic(
        PrognosticSurvival(300, 0.05, 1.0, 0.8, 12.0, 12.0, shape), alpha=0.025, trials=40_000, seed=2
    )
    assert means.adjusted.value == pytest.approx(0.025, abs=4 * math.sqrt(0.025 * 0.975 / 50_000))
    assert survival.adjusted.value == pytest.approx(0.025, abs=0.001 + 4 * math.sqrt(0.025 * 0.975 / 40_000))


@pytest.mark.parametrize("correlation", [0.3, 0.5, 0.7])
def test_the_smaller_size_keeps_the_power(correlation):
    fixed = size_means(0.4, 1.0, 0.025, 0.9, sided=1)
    patients = 2 * math.ceil(adjust_size(fixed, correlation).total / 2)
    found = simulate_prognostic(
        PrognosticMeans(patients, 0.4, 1.0, correlation), alpha=0.025, trials=40_000, seed=3
    )
    assert found.adjusted.value == pytest.approx(0.9, abs=0.012)
    predicted = predict_adjusted_power(found.plain.value, 0.025, correlation)
    assert found.adjusted.value == pytest.approx(predicted, abs=0.012)


def test_a_score_gains_power_for_the_logrank_test():
    trial = PrognosticSurvival(300, 0.05, 0.7, 1.0, 12.0, 12.0)
    found = simulate_prognostic(trial, alpha=0.025, trials=10_000, seed=4)
    assert found.adjusted.low > found.plain.high + 0.1


def test_bad_numbers_are_told():
    with pytest.raises(InvalidDesign, match="correlation is 1"):
        adjust_size(size_means(0.4, 1.0, 0.025, 0.9, sided=1), 1.0)
    with pytest.raises(InvalidDesign, match="3 problems"):
        PrognosticMeans(2, 0.0, -1.0, 2.0)
    with pytest.raises(InvalidDesign, match=r"alpha is 0\.7"):
        simulate_prognostic(PrognosticMeans(50, 0.0, 1.0, 0.5), alpha=0.7, trials=100, seed=1)

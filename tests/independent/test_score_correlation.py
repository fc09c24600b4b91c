"""Correlations from data against plain loops, the bootstrap and the truth; predictions against simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import NelsonAalenFitter
from scipy import integrate, stats

from unburden.domain.errors import InvalidCohort, InvalidDesign
from unburden.domain.estimate import Estimate
from unburden.domain.prognostic import PrognosticMeans, PrognosticSurvival
from unburden.simulation.prognostic import simulate_prognostic
from unburden.simulation.score_correlation import (
    estimate_means_correlation,
    estimate_survival_correlation,
    size_with_score,
)
from unburden.simulation.score_prediction import predict_prognostic_survival, size_prognostic_survival
from unburden.simulation.sizes import SampleSize, size_means

FIXED = SampleSize(200.0, 100.0)


def draw_patients(rng, n: int, effect: float = 0.8, hazard: float = 0.05):
    """Exponential times, uniform censoring from 12 to 24 months; days, events, scores."""
    score = rng.normal(size=n)
    time = rng.exponential(1 / (hazard * np.exp(effect * score)))
    end = rng.uniform(12, 24, n)
    return np.minimum(time, end) * 30.4375, time <= end, score


def correlate_plainly(days, event, score) -> float:
    """Martingale residuals with the Nelson-Aalen hazard of lifelines."""
    fitted = NelsonAalenFitter(nelson_aalen_smoothing=False).fit(days, event)
    residual = event - np.array([float(fitted.cumulative_hazard_at_times(day).iloc[0]) for day in days])
    return np.mean((score - score.mean()) * residual) / math.sqrt(score.var() * event.mean())


@pytest.mark.parametrize("seed", range(5))
def test_the_survival_correlation_is_that_of_martingale_residuals(seed):
    days, event, score = draw_patients(np.random.default_rng(seed), 150)
    days = np.ceil(days / 30)  # with ties
    found = estimate_survival_correlation(days, event, score, level=0.95, source="observed:x")
    assert found.value == pytest.approx(correlate_plainly(days, event, score), abs=0.02)
    untied, event, score = draw_patients(np.random.default_rng(seed), 150)
    found = estimate_survival_correlation(untied, event, score, level=0.95, source="observed:x")
    assert found.value == pytest.approx(correlate_plainly(untied, event, score), rel=1e-9)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_intervals_are_those_of_the_bootstrap(seed):
    rng = np.random.default_rng(seed)
    days, event, score = draw_patients(rng, 400)
    found = estimate_survival_correlation(days, event, score, level=0.95, source="observed:x")
    outcome = score + rng.exponential(1.5, 400)
    means = estimate_means_correlation(outcome, score, level=0.95, source="observed:x")
    assert means.value == pytest.approx(np.corrcoef(outcome, score)[0, 1])
    drawn = []
    for _ in range(1500):
        pick = rng.integers(0, 400, 400)
        again = estimate_survival_correlation(
            days[pick], event[pick], score[pick], level=0.95, source="observed:x"
        )
        drawn.append((again.value, np.corrcoef(outcome[pick], score[pick])[0, 1]))
    for k, ours in enumerate((found, means)):
        theirs = np.arctanh(np.array(drawn)[:, k]).std()
        half = (math.atanh(ours.high) - math.atanh(ours.low)) / (2 * 1.959963984540054)
        assert half == pytest.approx(theirs, rel=0.12)


def find_true_correlation(effect: float, hazard: float) -> float:
    """cov(score, M) = ∫ P(uncensored) cov-score of the risk set, by nested integration with SciPy."""

    def average(of, t):
        return integrate.quad(
            lambda x: of(x) * stats.norm.pdf(x) * math.exp(-hazard * math.exp(effect * x) * t), -8, 8
        )[0]

    def rate(x):
        return hazard * math.exp(effect * x)

    def left(t):
        return min(1.0, (24 - t) / 12)

    def slope(t):
        alive = average(lambda x: 1.0, t)
        return left(t) * (
            average(lambda x: x * rate(x), t) - average(rate, t) / alive * average(lambda x: x, t)
        )

    covariance = integrate.quad(slope, 0, 24, points=[12])[0]
    events = integrate.quad(lambda t: left(t) * average(rate, t), 0, 24, points=[12])[0]
    return covariance / math.sqrt(events)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    truth = find_true_correlation(0.8, 0.05)
    rng, held = np.random.default_rng(7), 0
    for _ in range(2000):
        found = estimate_survival_correlation(*draw_patients(rng, 200), level=0.9, source="observed:x")
        held += found.low <= truth <= found.high
    assert held / 2000 == pytest.approx(0.9, abs=0.01 + 4 * math.sqrt(0.09 / 2000))


def test_the_prediction_under_no_effect_is_the_truth_from_data():
    found = predict_prognostic_survival(PrognosticSurvival(300, 0.05, 1.0, 0.8, 12.0, 12.0), alpha=0.025)
    assert found.correlation == pytest.approx(find_true_correlation(0.8, 0.05), abs=1e-7)
    assert found.plain_power == pytest.approx(0.025) and found.adjusted_power == pytest.approx(0.025)


TRIALS = [
    PrognosticSurvival(300, 0.05, 0.7, 0.8, 12.0, 12.0),
    PrognosticSurvival(300, 0.05, 0.7, 1.2, 12.0, 12.0),
    PrognosticSurvival(400, 0.05, 0.7, 0.8, 12.0, 12.0, "threshold", 2.0),
    PrognosticSurvival(400, 0.05, 0.7, 0.8, 12.0, 6.0, "quadratic"),
    PrognosticSurvival(400, 0.05, 0.72, -0.8, 12.0, 6.0, "linear", 1.0, 1.5),
    PrognosticSurvival(500, 0.05, 0.75, 0.5, 0.0, 24.0, "linear", 0.5, 0.6),
]


@pytest.mark.parametrize("trial", TRIALS)
def test_predicted_power_is_that_of_simulated_trials(trial):
    """Within 4 standard errors and 0.006, for the normal approximation."""
    predicted = predict_prognostic_survival(trial, alpha=0.025)
    found = simulate_prognostic(trial, alpha=0.025, trials=40_000, seed=8)
    slack = 0.006 + 4 * math.sqrt(0.25 / 40_000)
    assert predicted.plain_power == pytest.approx(found.plain.value, abs=slack)
    assert predicted.adjusted_power == pytest.approx(found.adjusted.value, abs=slack)


def test_the_size_with_a_score_has_the_power():
    trial = PrognosticSurvival(100, 0.05, 0.7, 1.0, 12.0, 12.0)
    plain, adjusted = size_prognostic_survival(trial, alpha=0.025, power=0.9)
    assert adjusted.total < 0.75 * plain.total
    for size, which in ((plain, "plain"), (adjusted, "adjusted")):
        trial = PrognosticSurvival(2 * math.ceil(size.total / 2), 0.05, 0.7, 1.0, 12.0, 12.0)
        found = getattr(simulate_prognostic(trial, alpha=0.025, trials=20_000, seed=9), which)
        assert found.value == pytest.approx(0.9, abs=0.006 + 4 * math.sqrt(0.09 / 20_000))


@pytest.mark.parametrize("shape", ["linear", "quadratic", "threshold"])
@pytest.mark.parametrize(("ratio", "power"), [(1.0, 1.5), (2.0, 0.7)])
def test_error_is_kept_whatever_the_score_and_the_hazard(shape, ratio, power):
    """Within 4 standard errors and 0.001, as large trials promise."""
    trial = PrognosticSurvival(360, 0.05, 1.0, 0.8, 12.0, 12.0, shape, ratio, power)
    found = simulate_prognostic(trial, alpha=0.025, trials=40_000, seed=10)
    assert found.adjusted.value == pytest.approx(0.025, abs=0.001 + 4 * math.sqrt(0.025 * 0.975 / 40_000))


def test_a_size_from_data_reaches_the_power_in_new_patients():
    rng = np.random.default_rng(11)
    score = rng.normal(size=5000)
    outcome = 0.5 * score + math.sqrt(0.75) * rng.normal(size=5000)
    found = estimate_means_correlation(outcome, score, level=0.9, source="observed:x")
    fixed = size_means(0.4, 1.0, 0.025, 0.9, sided=1)
    sizes = size_with_score(fixed, found, correlation_factor=1.0, variance_factor=1.0)
    trial = PrognosticMeans(2 * math.ceil(sizes.conservative.total / 2), 0.4, 1.0, 0.5)
    assert simulate_prognostic(trial, alpha=0.025, trials=20_000, seed=12).adjusted.value > 0.89


@given(st.floats(-0.9, 0.9), st.floats(0.0, 0.09), st.floats(0.1, 1.0), st.floats(1.0, 3.0))
def test_deductions_only_add_patients(value, half, shrink, inflate):
    found = Estimate(value, value - half, value + half, "1", ("observed:x",))
    bare = size_with_score(FIXED, found, correlation_factor=1.0, variance_factor=1.0)
    deducted = size_with_score(FIXED, found, correlation_factor=shrink, variance_factor=inflate)
    assert bare.point.total <= bare.conservative.total + 1e-9 <= FIXED.total + 2e-9
    assert bare.point.total <= deducted.point.total + 1e-9
    assert bare.conservative.total <= deducted.conservative.total + 1e-9
    assert deducted.plain.total == pytest.approx(inflate * FIXED.total)
    assert deducted.point.total == pytest.approx(inflate * (1 - (shrink * value) ** 2) * FIXED.total)


def test_bad_data_are_told():
    with pytest.raises(InvalidCohort, match="2 problems"):
        estimate_survival_correlation([-1.0] * 30, [True] * 30, [1.0] * 30, level=0.9, source="observed:x")
    with pytest.raises(InvalidCohort, match="29 scores for 30 patients"):
        estimate_means_correlation([1.0] * 30, [1.0] * 29, level=0.9, source="observed:x")
    with pytest.raises(InvalidCohort, match="the score is the outcome itself"):
        estimate_means_correlation(range(30), range(30), level=0.9, source="observed:x")
    with pytest.raises(InvalidCohort, match="0 events; give patients with at least 5"):
        estimate_survival_correlation(
            range(1, 31), [True] * 30, range(30), level=0.9, source="observed:x", horizon_days=0.5
        )
    found = Estimate(0.5, 0.4, 0.6, "1", ("observed:x",))
    with pytest.raises(InvalidDesign, match=r"correlation_factor is 1\.2[\s\S]*variance_factor is 0\.5"):
        size_with_score(FIXED, found, correlation_factor=1.2, variance_factor=0.5)
    with pytest.raises(InvalidDesign, match="hazard_ratio is 1"):
        size_prognostic_survival(PrognosticSurvival(100, 0.05, 1.0, 0.5, 6.0, 6.0), alpha=0.025, power=0.9)

"""Delta adjustment against trials whose dropouts really go on worse."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unburden.domain.errors import InvalidDesign
from unburden.domain.measured_course import EffectModel, MeasuredCourse
from unburden.kernels.mixed_models import allocate_patterns, fit_mixed_model, gather_patterns
from unburden.simulation.delta_adjustment import count_missed_visits, evaluate_deltas
from unburden.simulation.distributions import compute_t_quantile
from unburden.simulation.longitudinal_information import compute_visits_power, mark_visits

V = np.array([[1.0, 0.7, 0.6, 0.5], [0.7, 1.2, 0.9, 0.8], [0.6, 0.9, 1.5, 1.2], [0.5, 0.8, 1.2, 1.8]])
COURSE = MeasuredCourse(
    "score", ("a", "b", "c", "d"), (0.0, 4.0, 8.0, 12.0), tuple(map(tuple, V)),
    ((1.0, 0.95, 0.9, 0.85), (1.0, 0.9, 0.75, 0.65)), "1", ("assumed:test",),
)  # fmt: skip
MODEL = EffectModel((0, 0, 0, 1), 0.5, "shared", "unstructured")


def simulate(n: int, delta: float, arms: str, difference: float, trials: int):
    """Adjusted and plain estimates, their standard errors, and the true effect over all patients."""
    rng = np.random.default_rng(8)
    root, treated = np.linalg.cholesky(V), np.arange(n) % 2
    out, truth = np.empty((trials, 4)), []
    for k in range(trials):
        values = rng.normal(size=(n, 4)) @ root.T + treated[:, None] * difference * np.arange(4) / 3
        stays = np.array(COURSE.retained)[treated]
        seen = rng.random(n)[:, None] < stays
        missed = (~seen).sum(axis=1) * (np.ones(n) if arms == "both" else treated)
        worse = np.cumsum(~seen, axis=1) * (delta if arms == "both" else delta * treated[:, None])
        last = (values - worse)[:, 3]
        truth.append(last[treated == 1].mean() - last[treated == 0].mean())
        x = np.column_stack([np.ones(n), treated, values[:, 0]])
        patterns = allocate_patterns(3, 3, n)
        gather_patterns(np.where(seen, values, 0.0)[:, 1:].copy(), seen[:, 1:].copy(), x, patterns)
        fit = fit_mixed_model(patterns, 3, 3)
        means = [missed[treated == a].mean() for a in (0, 1)]
        spread = sum(missed[treated == a].var(ddof=1) / (n / 2) for a in (0, 1))
        adjusted = fit.effect - delta * (means[1] - means[0])
        out[k] = fit.effect, fit.error, adjusted, math.sqrt(fit.error**2 + delta**2 * spread)
    return out, float(np.mean(truth))


@pytest.mark.parametrize(("delta", "arms"), [(0.3, "treatment"), (0.8, "treatment"), (0.6, "both")])
def test_bias_and_power_agree_with_simulated_dropouts(delta, arms):
    n, difference, trials = 160, 0.9, 1500
    out, truth = simulate(n, delta, arms, difference, trials)
    found = evaluate_deltas(
        COURSE, MODEL, COURSE.visits, [delta], arms=arms, patients=n, difference=difference, alpha=0.025
    ).points[0]
    error = found.standard_error / math.sqrt(trials)
    assert truth == pytest.approx(found.effect, abs=5 * error)
    assert np.mean(out[:, 0]) - truth == pytest.approx(found.bias, abs=5 * error)
    assert np.mean(out[:, 2]) == pytest.approx(found.effect, abs=4 * error)
    assert np.std(out[:, 2]) == pytest.approx(found.standard_error, rel=0.07)
    bound = compute_t_quantile(0.025, 115)
    share = np.mean(out[:, 2] / out[:, 3] > bound)
    assert abs(share - found.power) < 3.5 * math.sqrt(0.25 / trials)


def test_a_plain_analysis_of_an_effect_that_dropouts_undo():
    """Difference δ·m, so that the true effect is 0: rejections of the plain mixed model."""
    n, delta, trials = 160, 0.5, 1500
    mean, _ = count_missed_visits(COURSE, MODEL.weights)
    out, truth = simulate(n, delta, "treatment", delta * mean[1], trials)
    found = evaluate_deltas(
        COURSE, MODEL, COURSE.visits, [delta], arms="treatment", patients=n, difference=0.9, alpha=0.025
    ).points[0]
    assert abs(truth) < 0.02
    share = np.mean(out[:, 0] / out[:, 1] > compute_t_quantile(0.025, 115))
    assert abs(share - found.false_share) < 3.5 * math.sqrt(0.25 / trials)


def test_a_delta_of_0_changes_nothing():
    given_ = {"patients": 120, "difference": 0.5, "alpha": 0.025}
    found = evaluate_deltas(COURSE, MODEL, ("a", "d"), [0.0], arms="both", **given_).points[0]
    plain = compute_visits_power(COURSE, MODEL, mark_visits(COURSE, ("a", "d"))[None], **given_)[0]
    assert (found.bias, found.power) == (0.0, pytest.approx(plain, abs=1e-12))
    assert found.false_share == pytest.approx(0.025, abs=1e-10)


@given(st.floats(0.3, 3.0), st.integers(60, 400), st.sampled_from(["treatment", "both"]))
def test_the_expected_estimate_is_at_the_edge_where_it_tips(difference, patients, arms):
    def evaluate(deltas):
        return evaluate_deltas(
            COURSE,
            MODEL,
            COURSE.visits,
            deltas,
            arms=arms,
            patients=patients,
            difference=difference,
            alpha=0.025,
        )

    tipping = evaluate([0.0]).tipping_per_visit
    if tipping == 0.0:
        assert evaluate([0.0]).points[0].power < 0.52
    else:
        assert evaluate([tipping]).points[0].power == pytest.approx(0.5, abs=0.01)
        powers = [point.power for point in evaluate([0.0, tipping / 2, tipping, 2 * tipping]).points]
        assert powers == sorted(powers, reverse=True)


def test_errors_teach():
    with pytest.raises(InvalidDesign, match="must be numbers of at least 0 that rise"):
        evaluate_deltas(
            COURSE, MODEL, COURSE.visits, [-1.0], arms="both", patients=100, difference=1.0, alpha=0.025
        )

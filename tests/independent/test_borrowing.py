"""Borrowing and prognostic scores against simulated trials, SciPy and closed forms."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from unburden.domain.borrowing import BetaMixture, NormalMixture
from unburden.domain.errors import InvalidDesign
from unburden.domain.estimate import Estimate
from unburden.kernels import borrowing as kernels
from unburden.simulation.borrowing import (
    compute_borrowing_information,
    count_prior_patients,
    derive_map_prior,
    evaluate_mean_borrowing,
    make_power_prior,
    make_robust_prior,
)
from unburden.simulation.borrowing_shares import (
    derive_map_beta_prior,
    evaluate_share_borrowing,
    make_beta_power_prior,
    make_robust_beta_prior,
)
from unburden.simulation.covariate_information import compute_score_information

SOURCES = ("assumed:test",)
DRIFTS = (-0.8, -0.3, 0.0, 0.3, 0.8)
SD, TREATED, CONTROLS, ALPHA = 1.0, 80, 40, 0.025


def evaluate(prior: NormalMixture, drifts=DRIFTS, difference: float = 0.5):
    return evaluate_mean_borrowing(
        prior, drifts, sd=SD, treated=TREATED, controls=CONTROLS, difference=difference, alpha=ALPHA
    )


@pytest.mark.parametrize("weight", [0.2, 1.0])
def test_the_power_prior_has_a_closed_form(weight):
    patients = 100
    curve = evaluate(make_power_prior(0.0, SD, patients, weight=weight, sources=SOURCES))
    m = weight * patients
    share = m / (CONTROLS + m)
    posterior = math.sqrt(SD**2 / TREATED + SD**2 / (CONTROLS + m))
    spread = math.sqrt(SD**2 / TREATED + (1 - share) ** 2 * SD**2 / CONTROLS)
    for point in curve.points:
        for effect, found in ((0.0, point.error), (0.5, point.power)):
            expected = stats.norm.sf((1.959963985 * posterior - effect + share * point.drift) / spread)
            assert found == pytest.approx(expected, abs=1e-7)
        assert point.bias == pytest.approx(-share * point.drift, abs=1e-9)
        assert point.borrowed == pytest.approx(m, rel=1e-9)
    assert curve.prior_patients == pytest.approx(m, rel=1e-9)
    assert curve.plain_power == pytest.approx(
        stats.norm.sf(1.959963985 - 0.5 / math.sqrt(1 / TREATED + 1 / CONTROLS)), abs=1e-9
    )


def make_robust() -> NormalMixture:
    informative = derive_map_prior(
        [0.1, -0.15, 0.05], [0.12, 0.15, 0.1], tau_scale=0.2, sources=SOURCES, nodes=12
    )
    return make_robust_prior(informative, informative_share=0.8, vague_mean=0.0, vague_sd=2.0)


@pytest.mark.parametrize("drift", [-0.8, -0.3, 0.0, 0.5])
@pytest.mark.parametrize("effect", [0.0, 0.5])
def test_the_robust_prior_agrees_with_simulated_trials(drift, effect):
    """Posterior probabilities of each simulated trial by SciPy, without critical values."""
    prior, trials = make_robust(), 40_000
    rng = np.random.default_rng(12)
    truth = prior.external_mean - drift
    control = rng.normal(truth, SD / math.sqrt(CONTROLS), trials)
    treated = rng.normal(truth + effect, SD / math.sqrt(TREATED), trials)
    weights, means, sds = (np.array(x)[:, None] for x in (prior.weights, prior.means, prior.sds))
    error = SD**2 / CONTROLS
    w = weights * stats.norm.pdf(control, means, np.sqrt(sds**2 + error))
    w /= w.sum(axis=0)
    after = 1 / (1 / sds**2 + 1 / error)
    centre = after * (means / sds**2 + control / error)
    benefit = (w * stats.norm.cdf((treated - centre) / np.sqrt(after + SD**2 / TREATED))).sum(axis=0)
    point = evaluate(prior, [drift], 0.5).points[0]
    expected = point.error if effect == 0 else point.power
    assert (
        abs(np.mean(benefit > 1 - ALPHA) - expected)
        < 4 * math.sqrt(expected * (1 - expected) / trials) + 1e-5
    )
    mean = (w * centre).sum(axis=0)
    assert np.mean(truth - mean) == pytest.approx(point.bias, abs=0.004)
    variance = (w * (after + (centre - mean) ** 2)).sum(axis=0)
    assert SD**2 / variance.mean() - CONTROLS == pytest.approx(point.borrowed, abs=1.0)


def test_the_predictive_prior_equals_direct_integration():
    y, s, scale = np.array([0.1, -0.15, 0.4]), np.array([0.12, 0.15, 0.1]), 0.3
    prior = derive_map_prior(y, s, tau_scale=scale, sources=SOURCES)

    mu, tau = np.linspace(-3, 3, 1201)[:, None], np.linspace(0, 1.8, 901)[None, :]
    joint = stats.norm.pdf(tau, 0, scale) * np.prod(
        [stats.norm.pdf(a, mu, np.sqrt(b**2 + tau**2)) for a, b in zip(y, s, strict=True)], axis=0
    )

    def integral(values):
        return integrate.simpson(integrate.simpson(values, mu[:, 0], axis=0), tau[0])

    total = integral(joint)
    mean, square = integral(mu * joint) / total, integral((mu**2 + tau**2) * joint) / total
    weights, means, sds = (np.array(x) for x in (prior.weights, prior.means, prior.sds))
    assert weights @ means == pytest.approx(mean, abs=1e-6)
    assert weights @ (sds**2 + means**2) == pytest.approx(square, rel=1e-5)


def test_prior_patients_are_predictively_consistent():
    """Neuenschwander et al. (2020): the posterior's expected size is the prior's plus the new patients."""
    prior, new, rng = make_robust(), 50, np.random.default_rng(3)
    k = rng.choice(len(prior.weights), 60, p=prior.weights)
    seen = rng.normal(np.array(prior.means)[k], np.sqrt(np.array(prior.sds)[k] ** 2 + SD**2 / new))
    sizes = []
    for y in seen:
        after = np.empty((3, len(prior.weights)))
        kernels.update_mixture(
            np.array(prior.weights), np.array(prior.means), np.array(prior.sds) ** 2, y, SD**2 / new, after
        )
        kept = after[0] > 1e-15
        shares = after[0][kept] / after[0][kept].sum()
        posterior = NormalMixture(
            tuple(shares), tuple(after[1][kept]), tuple(np.sqrt(after[2][kept])), 0.0, SOURCES
        )
        sizes.append(count_prior_patients(posterior, SD))
    error = np.std(sizes) / math.sqrt(len(sizes))
    assert np.mean(sizes) == pytest.approx(count_prior_patients(prior, SD) + new, abs=4 * error)


def test_a_prior_in_conflict_lets_go_and_a_power_prior_does_not():
    drifts = (-3.0, 0.0)
    robust = evaluate(make_robust(), drifts)
    stubborn = evaluate(make_power_prior(0.0, SD, 80, weight=1.0, sources=SOURCES), drifts)
    assert robust.points[0].error < 0.05 and stubborn.points[0].error > 0.99
    assert robust.points[1].power > robust.plain_power
    assert abs(robust.points[0].bias) < 0.1 < abs(stubborn.points[0].bias)


def test_information_of_borrowing():
    drift = Estimate(0.0, -0.2, 0.2, "1", SOURCES)
    prior = make_power_prior(0.0, SD, 40, weight=1.0, sources=SOURCES)
    found = compute_borrowing_information(
        prior, drift, sd=SD, treated=TREATED, controls=CONTROLS, alpha=ALPHA
    )
    expected = (1 / 80 + 1 / 40) / (1 / 80 + 1 / 80)
    assert found.relative.value == pytest.approx(expected)
    assert found.bias is not None
    assert found.bias.bounds() == pytest.approx((0.0, -0.1, 0.1), abs=1e-9)


def brute_share(prior: BetaMixture, n: int, m: int, alpha: float) -> np.ndarray:
    """Decisions (n + 1, m + 1) with each posterior probability by Gauss's quadrature."""
    nodes, masses = np.polynomial.legendre.leggauss(300)
    nodes, masses = (nodes + 1) / 2, masses / 2
    out = np.zeros((n + 1, m + 1))
    for y in range(m + 1):
        w = [
            weight * math.exp(
                math.lgamma(a + y) + math.lgamma(b + m - y) - math.lgamma(a + b + m)
                - math.lgamma(a) - math.lgamma(b) + math.lgamma(a + b)
            )
            for weight, a, b in zip(prior.weights, prior.events, prior.others, strict=True)
        ]  # fmt: skip
        w = np.array(w) / sum(w)
        laws = [
            stats.beta.cdf(nodes, a + y, b + m - y) for a, b in zip(prior.events, prior.others, strict=True)
        ]
        for x in range(n + 1):
            chance = sum(
                share * float(masses @ (stats.beta.pdf(nodes, 1 + x, 1 + n - x) * below))
                for share, below in zip(w, laws, strict=True)
            )
            out[x, y] = chance > 1 - alpha
    return out


@pytest.mark.parametrize("is_robust", [False, True])
def test_shares_equal_full_enumeration_by_scipy(is_robust):
    n, m = 14, 9
    prior = make_beta_power_prior(12, 40, weight=0.5, sources=SOURCES)
    if is_robust:
        prior = make_robust_beta_prior(prior, informative_share=0.7)
    rejects = brute_share(prior, n, m, 0.05)
    curve = evaluate_share_borrowing(
        prior, [-0.2, 0.0, 0.1], treated=n, controls=m, difference=0.3, alpha=0.05
    )
    for point in curve.points:
        truth = 0.3 - point.drift
        seen = stats.binom.pmf(np.arange(m + 1), m, truth)
        for effect, found in ((0.0, point.error), (0.3, point.power)):
            expected = stats.binom.pmf(np.arange(n + 1), n, truth + effect) @ rejects @ seen
            assert found == pytest.approx(expected, abs=1e-10)


def test_shares_borrow_as_many_patients_as_the_power_prior_has():
    prior = make_beta_power_prior(60, 200, weight=0.5, sources=SOURCES)
    curve = evaluate_share_borrowing(prior, [0.0], treated=80, controls=60, difference=0.2, alpha=0.025)
    assert curve.prior_patients == pytest.approx(102, rel=1e-6)
    assert curve.points[0].borrowed == pytest.approx(100, rel=1e-6)
    assert curve.points[0].power > curve.plain_power
    assert curve.plain_error < 0.03


def test_the_predictive_prior_of_shares_has_the_moments_of_its_log_odds():
    events, patients = [30, 45, 28], [100, 120, 110]
    prior = derive_map_beta_prior(events, patients, tau_scale=0.3, sources=SOURCES)
    x, n = np.array(events), np.array(patients)
    odds = derive_map_prior(np.log(x / (n - x)), np.sqrt(1 / x + 1 / (n - x)), tau_scale=0.3, sources=SOURCES)
    rng = np.random.default_rng(1)
    k = rng.choice(len(odds.weights), 400_000, p=odds.weights)
    shares = 1 / (1 + np.exp(-rng.normal(np.array(odds.means)[k], np.array(odds.sds)[k])))
    law = stats.beta(prior.events[0], prior.others[0])
    assert law.mean() == pytest.approx(shares.mean(), abs=5e-4)
    assert law.std() == pytest.approx(shares.std(), rel=0.01)


def test_kernels_as_plain_python():
    prior = make_robust()
    parts = [np.array(prior.weights), np.array(prior.means), np.array(prior.sds) ** 2]
    seen, one, two = np.array([-0.4, 0.0, 1.0]), np.empty((3, 3)), np.empty((3, 3))
    kernels.fill_decisions(*parts, seen, 0.02, 0.01, 0.025, one)
    kernels.fill_decisions.py_func(*parts, seen, 0.02, 0.01, 0.025, two)
    assert two == pytest.approx(one, rel=1e-12)


def test_a_score_against_simulated_analyses_of_covariance():
    rng, n, trials = np.random.default_rng(4), 200, 4000
    arms = np.arange(n) % 2
    plain, adjusted = [], []
    for _ in range(trials):
        score = rng.normal(size=n)
        y = 0.6 * score + 0.8 * rng.normal(size=n)
        x = np.column_stack([np.ones(n), arms, score])
        plain.append(y[arms == 1].mean() - y[arms == 0].mean())
        adjusted.append(np.linalg.lstsq(x, y, rcond=None)[0][1])
    found = compute_score_information(Estimate(0.6, -0.1, 0.7, "1", SOURCES), correlation_factor=1.0)
    assert found.relative.value == pytest.approx(np.var(plain) / np.var(adjusted), rel=0.07)
    assert found.relative.low == 1.0 and found.bias is None
    deducted = compute_score_information(Estimate(0.6, 0.5, 0.7, "1", SOURCES), correlation_factor=0.5)
    assert deducted.relative.value == pytest.approx(1 / (1 - 0.09))


def test_errors_teach():
    with pytest.raises(InvalidDesign, match="choose drifts and difference for 0 to 1"):
        evaluate_share_borrowing(
            make_beta_power_prior(30, 100, weight=0.5, sources=SOURCES), [0.4], treated=10, controls=10,
            difference=0.1, alpha=0.025,
        )  # fmt: skip
    with pytest.raises(InvalidDesign, match="weight is 2; give a number over 0, at most 1"):
        make_power_prior(0.0, 1.0, 10, weight=2, sources=SOURCES)
    with pytest.raises(InvalidDesign, match="some events and some without"):
        derive_map_beta_prior([0], [10], tau_scale=0.3, sources=SOURCES)

"""Counts, laws that are not normal, and repeated measures: against SciPy, statsmodels and closed forms."""

import math
import warnings

import numba
import numpy as np
import pytest
from scipy import stats

from unburden.domain.design import Design
from unburden.domain.errors import InvalidDesign
from unburden.domain.repeated import Counts, IntercurrentEvent, Longitudinal
from unburden.domain.scenario import Accrual, Continuous, LogNormal, Scenario, StudentT
from unburden.kernels import counts, draws, longitudinal
from unburden.kernels.trials import normalise_t
from unburden.simulation.outcomes import make_course
from unburden.simulation.sizes import size_counts, size_longitudinal
from unburden.simulation.trials import simulate_trials

ACCRUAL = Accrual((0.0,), (20.0,))
SEED, TRIAL = np.uint64(3), np.uint64(0)
COVARIANCE = ((1.0, 0.6, 0.5, 0.4), (0.6, 1.2, 0.7, 0.6), (0.5, 0.7, 1.4, 0.9), (0.4, 0.6, 0.9, 1.6))


def world(outcome, dropout: float = 0.0) -> Scenario:
    return Scenario("test", ACCRUAL, outcome, dropout, ("assumed:test",))


@pytest.mark.parametrize("shape", [0.3, 1.0, 4.5])
def test_gamma_numbers(shape):
    found = [draws.draw_gamma(SEED, TRIAL, np.uint64(i), np.uint64(64), shape) for i in range(20_000)]
    assert stats.kstest(found, stats.gamma(shape).cdf).pvalue > 1e-4


@pytest.mark.parametrize(
    ("law", "number", "expected"),
    [
        (draws.STUDENT_SHAPE, 5.0, stats.t(5, scale=math.sqrt(3 / 5))),
        (draws.LOG_NORMAL_SHAPE, 0.8, None),
        (draws.NORMAL_SHAPE, 0.0, stats.norm()),
    ],
)
def test_standard_laws(law, number, expected):
    found = np.array(
        [draws.draw_standard(SEED, TRIAL, np.uint64(i), np.uint64(0), law, number) for i in range(20_000)]
    )
    if expected is None:
        base = stats.lognorm(number)
        expected = stats.lognorm(number, loc=-base.mean() / base.std(), scale=1 / base.std())
        assert (expected.mean(), expected.std()) == (pytest.approx(0, abs=1e-9), pytest.approx(1))
    assert stats.kstest(found, expected.cdf).pvalue > 1e-4


@pytest.mark.parametrize("degrees", [8, 20, 100.5])
@pytest.mark.parametrize("t", [0.3, 1.5, 2.5, -4.0])
def test_normal_deviate_of_t(t, degrees):
    assert normalise_t(t, degrees) == pytest.approx(stats.norm.ppf(stats.t.cdf(t, degrees)), abs=1e-5)


def draw_counts(seed: int, n: int, dispersion: float, rates=(0.4, 0.3)):
    rng = np.random.default_rng(seed)
    arms = np.arange(n) % 2
    exposures = rng.uniform(2, 12, n)
    frailty = rng.gamma(1 / dispersion, dispersion, n) if dispersion else np.ones(n)
    return rng.poisson(frailty * np.array(rates)[arms] * exposures).astype(float), exposures, arms


@pytest.mark.parametrize("seed", range(25))
def test_negative_binomial_regression_equals_statsmodels(seed):
    import statsmodels.api as sm

    y, exposures, arms = draw_counts(seed, 120, 0.7)
    design = sm.add_constant(arms.astype(float))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = sm.NegativeBinomial(y, design, exposure=exposures)
        rough = model.fit(disp=0, method="bfgs", gtol=1e-10, maxiter=500)
        whole = model.fit(disp=0, method="newton", start_params=rough.params, tol=1e-12)
        alone = sm.GLM(
            y, design, family=sm.families.NegativeBinomial(alpha=whole.params[2]), exposure=exposures
        ).fit(tol=1e-12)
    effect, error, dispersion, _ = counts.fit_counts(y, exposures, arms)
    assert effect == pytest.approx(whole.params[1], abs=1e-6)
    assert dispersion == pytest.approx(whole.params[2], rel=1e-5)
    assert error == pytest.approx(alone.bse[1], rel=1e-5)


def test_under_dispersed_counts_are_poisson():
    y, exposures, arms = np.full(40, 3.0), np.full(40, 10.0), np.arange(40) % 2
    y[arms == 1] = 2.0
    effect, error, dispersion, _ = counts.fit_counts(y, exposures, arms)
    assert dispersion == 0.0
    assert effect == pytest.approx(math.log(2 / 3))
    assert error == pytest.approx(math.sqrt(1 / 60 + 1 / 40))


def test_no_event_in_an_arm_gives_no_number():
    y, exposures, arms = np.array([0.0, 2.0, 0.0, 3.0]), np.ones(4), np.array([0, 1, 0, 1])
    assert math.isnan(counts.fit_counts(y, exposures, arms)[0])


def test_simulated_counts_have_the_law_asked_for():
    """Mean and variance of a patient's count over 12 months: Poisson mixed with a gamma law."""
    rate, dispersion, n = 0.25, 0.8, 20_000
    found = np.empty(n, dtype=int)
    for i in range(n):
        frailty = dispersion * draws.draw_gamma(SEED, TRIAL, np.uint64(i), np.uint64(64), 1 / dispersion)
        found[i] = counts.count_events(SEED, TRIAL, np.uint64(i), rate * frailty, 12.0)
    law = stats.nbinom(1 / dispersion, 1 / (1 + dispersion * rate * 12))
    seen = np.bincount(found, minlength=12)[:12]
    expected = law.pmf(np.arange(12)) * n
    chi = ((seen - expected) ** 2 / expected).sum()
    assert stats.chi2(11).sf(chi) > 1e-4


def test_power_of_counts_is_that_of_the_size_formula():
    outcome = Counts("exacerbation", 0.1, 0.07, 0.6, 12.0)
    sized = size_counts(0.07, 0.1, 0.025, 0.8, sided=1, exposure=12.0, dispersion=0.6)
    patients = 2 * math.ceil(sized.total / 2)
    design = Design(patients, 1.0, 0.025, (1.0,), None)
    found = simulate_trials(design, world(outcome), trials=20_000, seed=1).power
    assert found.value == pytest.approx(0.8, abs=0.015)


def test_counts_keep_alpha():
    outcome = Counts("exacerbation", 0.15, 0.15, 0.6, 12.0)
    found = simulate_trials(
        Design(400, 1.0, 0.025, (0.5, 1.0), None), world(outcome, 0.1), trials=20_000, seed=2
    )
    assert found.power.value == pytest.approx(0.025, abs=0.006)
    assert found.events.value > 300


@pytest.mark.parametrize("shape", [None, StudentT(4.0), LogNormal(0.7)])
def test_the_t_test_keeps_alpha_whatever_the_law(shape):
    outcome = Continuous("score", 0.0, 2.0, 3.0, shape)
    found = simulate_trials(Design(200, 1.0, 0.025, (1.0,), None), world(outcome), trials=40_000, seed=3)
    assert found.power.value == pytest.approx(0.025, abs=0.004)


def longitudinal_outcome(effect: float, events=()) -> Longitudinal:
    means = (0.0, 0.2, 0.3, 0.4)
    gains = (0.0, effect / 2, effect, effect)
    return Longitudinal(
        "score", (0.0, 1.0, 2.0, 3.0), means, tuple(m + g for m, g in zip(means, gains, strict=True)),
        COVARIANCE, tuple(events),
    )  # fmt: skip


def test_simulated_values_have_the_means_and_covariance_asked_for():
    design = Design(20_000, 1.0, 0.025, (1.0,), None)
    course = make_course(design, world(longitudinal_outcome(0.5)))
    patients = longitudinal.allocate_patients(20_000, 4, 0)
    longitudinal.draw_patients_of_trial(SEED, TRIAL, course, patients)
    for arm, means in ((0, (0.0, 0.2, 0.3, 0.4)), (1, (0.0, 0.45, 0.8, 0.9))):
        values = patients.values[patients.arms == arm]
        assert values.mean(axis=0) == pytest.approx(np.array(means), abs=4 * 1.27 / 100)
        assert np.cov(values.T) == pytest.approx(np.array(COVARIANCE), abs=0.09)


def test_dropout_happens_at_its_rate():
    design = Design(20_000, 1.0, 0.025, (1.0,), None)
    course = make_course(design, world(longitudinal_outcome(0.0), 0.3))
    patients = longitudinal.allocate_patients(20_000, 4, 0)
    longitudinal.draw_patients_of_trial(SEED, TRIAL, course, patients)
    assert stats.kstest(patients.out, stats.expon(scale=-12 / math.log(0.7)).cdf).pvalue > 1e-4


def test_power_of_the_mixed_model_is_that_of_generalised_least_squares():
    """Without a baseline and with dropout: the size formula's own variance, by simulation."""
    covariance = tuple(tuple(row[1:]) for row in COVARIANCE[1:])
    outcome = Longitudinal("score", (1.0, 2.0, 3.0), (0.0,) * 3, (0.1, 0.2, 0.4), covariance)
    hazard = -math.log(0.4) / 12
    retention = tuple(math.exp(-hazard * month) for month in (1.0, 2.0, 3.0))
    sized = size_longitudinal(0.4, covariance, 0.025, 0.85, sided=1, retention=(retention, retention))
    patients = 2 * math.ceil(sized.total / 2)
    found = simulate_trials(
        Design(patients, 1.0, 0.025, (1.0,), None), world(outcome, 0.6), trials=8_000, seed=4
    ).power
    assert found.value == pytest.approx(0.85, abs=0.02)


def test_the_mixed_model_keeps_alpha_with_looks():
    events = (IntercurrentEvent("stop", "treatment-stop", 0.05, 0.05, 0.5, 0.0, 0.0, 0.4),)
    found = simulate_trials(
        Design(120, 1.0, 0.025, (0.5, 1.0), None), world(longitudinal_outcome(0.0, events), 0.1),
        trials=20_000, seed=5,
    )  # fmt: skip
    assert found.power.value == pytest.approx(0.025, abs=0.0045)


@pytest.mark.parametrize(
    "outcome",
    [
        Counts("exacerbation", 0.15, 0.1, 0.6, 12.0),
        longitudinal_outcome(0.3, [IntercurrentEvent("stop", "treatment-stop", 0.05, 0.08, 0.5, 0.3)]),
        Continuous("score", 0.5, 2.0, 3.0, StudentT(5.0)),
    ],
)
def test_the_same_on_one_and_two_threads(outcome):
    if numba.config.NUMBA_NUM_THREADS < 2:
        pytest.skip("one core")
    design = Design(60, 1.0, 0.025, (0.5, 1.0), None)
    one, two = (simulate_trials(design, world(outcome, 0.1), trials=200, seed=6, threads=k) for k in (1, 2))
    assert one == two


def test_plain_python_agrees():
    """The loops as plain Python, on a few patients."""
    course = make_course(Design(12, 1.0, 0.025, (1.0,), None), world(longitudinal_outcome(0.4), 0.2))
    results = []
    for f in (longitudinal.draw_patients_of_trial, longitudinal.draw_patients_of_trial.py_func):
        patients = longitudinal.allocate_patients(12, 4, 0)
        f(SEED, TRIAL, course, patients)
        results.append(patients)
    for one, other in zip(*results, strict=True):
        assert np.array_equal(one, other)
    y, exposures, arms = draw_counts(1, 20, 0.7)
    assert counts.fit_counts(y, exposures, arms) == pytest.approx(
        counts.fit_counts.py_func(y, exposures, arms), rel=1e-14
    )


def test_bad_outcomes_are_told_all_at_once():
    with pytest.raises(InvalidDesign) as told:
        Longitudinal("s", (0.0, 2.0, 1.0), (0.0, 1.0), (0.1, 1.0, 1.0), ((1.0, 2.0), (2.0, 1.0)))
    text = str(told.value)
    for part in ("must rise", "2 control_means for 3 visits", "differ at the baseline", "3 rows of 3"):
        assert part in text
    with pytest.raises(InvalidDesign, match="not symmetric and positive definite"):
        Longitudinal("s", (1.0, 2.0), (0.0, 0.0), (0.1, 1.0), ((1.0, 2.0), (2.0, 1.0)))
    with pytest.raises(InvalidDesign, match="use one of treatment-stop, rescue, death"):
        IntercurrentEvent("x", "holiday", 0.1, 0.1)
    with pytest.raises(InvalidDesign, match="give a number over 0"):
        Counts("c", 0.0, 0.1, 1.0, 12.0)

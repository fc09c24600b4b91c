"""The kernels of cohorts as plain Python, and pieces of them against NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.independent.emulated_cohorts import draw_patients, make_plan

from unburden.eligibility.cohorts import make_settings, order_patients
from unburden.kernels import cohort_desk, cohort_outcomes, cohorts, cox, resampling


def estimate(run, passing, data, plan):
    patients, _ = order_patients(passing, data)
    q = len(patients.covariates)
    desk = cohort_desk.allocate_desk(len(patients.times), q)
    row, statuses = np.zeros(cohort_desk.COLUMNS), np.zeros(3, np.int64)
    m = run(np.uint32(1), patients, make_settings(data, plan), np.zeros(q), 0.0, False, desk, row, statuses)
    return m, row, statuses, desk


def test_a_cohort_in_plain_python_is_the_compiled_one():
    passing, data = draw_patients(3, 120, 2)
    fast = estimate(cohorts.estimate_cohort, passing, data, make_plan())
    slow = estimate(cohorts.estimate_cohort.py_func, passing, data, make_plan())
    assert fast[0] == slow[0]
    np.testing.assert_allclose(fast[1], slow[1], rtol=1e-12)
    m, _, _, desk = slow
    patients, _ = order_patients(passing, data)
    before = desk.at_times.copy()
    groups = cohort_outcomes.fill_event_times.py_func(m, patients, desk)
    np.testing.assert_allclose(desk.at_times[:, :groups], before[:, :groups], rtol=1e-12)
    terms = desk.terms.copy()
    count = cohort_outcomes.fill_terms.py_func(groups, desk.at_times, True, desk.terms)
    np.testing.assert_allclose(desk.terms[:, :count], terms[:, :count], rtol=1e-12)


def test_the_cox_kernels_in_plain_python_are_the_compiled_ones():
    random = np.random.default_rng(2)
    times, events = np.sort(np.ceil(random.exponential(size=60) * 8)), random.random(60) < 0.7
    table, weights = random.normal(size=(60, 2)), random.uniform(0.5, 2, 60)
    found = []
    for kernel in (cox.compute_derivatives, cox.compute_derivatives.py_func):
        score, information = np.zeros(2), np.zeros((2, 2))
        total = kernel(times, events, table, weights, np.array([0.2, -0.1]), True, score, information)
        found.append(np.r_[total, score, information.ravel()])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-12)
    residuals = np.empty((2, 60, 2))
    for r, kernel in zip(
        residuals, (cox.fill_score_residuals, cox.fill_score_residuals.py_func), strict=True
    ):
        kernel(times, events, table, weights, np.array([0.2, -0.1]), True, r)
    np.testing.assert_allclose(residuals[0], residuals[1], rtol=1e-10, atol=1e-12)
    assert cox.find_monotone(times, events, table[:, 0]) == cox.find_monotone.py_func(
        times, events, table[:, 0]
    )


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.01, 0.1, 0.5, 0.9, 0.99, 1.0]))
def test_the_weighted_quantile_is_that_of_the_values_repeated(seed, wanted):
    random = np.random.default_rng(seed)
    values, counts = random.exponential(size=40), random.integers(1, 4, 40)
    expected = np.quantile(np.repeat(values, counts), wanted, method="inverted_cdf")
    found = cohort_outcomes.find_weighted_quantile(values, counts.astype(float), wanted)
    assert found == pytest.approx(expected, rel=1e-12)


def test_bootstrap_counts_and_normals_have_their_moments():
    counts, normals = np.empty(20_000), np.empty((50_000, 3))
    resampling.draw_counts(np.uint64(4), np.uint64(7), counts)
    assert counts.sum() == 20_000
    assert counts.var() == pytest.approx(1, abs=0.05)
    assert (counts == 0).mean() == pytest.approx(np.exp(-1), abs=0.012)
    resampling.draw_normals(np.uint64(4), normals)
    assert np.abs(normals.mean(axis=0)).max() < 0.02
    np.testing.assert_allclose(np.cov(normals.T), np.eye(3), atol=0.03)

"""Information of visits against patient-by-patient algebra, statsmodels, closed forms and the engine."""

import itertools
import math

import numpy as np
import pytest
import statsmodels.api as sm

from unburden.domain.design import Design
from unburden.domain.errors import InvalidDesign
from unburden.domain.measured_course import EffectModel, MeasuredCourse
from unburden.domain.repeated import Longitudinal
from unburden.domain.scenario import Accrual, Scenario
from unburden.kernels import visit_subsets
from unburden.simulation.longitudinal_information import (
    compute_relative_information,
    compute_variances,
    compute_visits_power,
    make_difference_basis,
    mark_visits,
    weigh_average,
    weigh_last,
)
from unburden.simulation.trials import simulate_trials


def make(d: int, seed: int, *, dropout=(0.1, 0.15), baseline=True) -> MeasuredCourse:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(d, d)) + np.eye(d)
    start = 0.0 if baseline else 2.0
    return MeasuredCourse(
        "score",
        tuple(f"v{t}" for t in range(d)),
        tuple(start + 4.0 * t for t in range(d)),
        tuple(map(tuple, root @ root.T + 0.3 * np.eye(d))),
        tuple(tuple((1 - rate) ** np.arange(d)) for rate in dropout),
        "1",
        ("assumed:test",),
    )


def literal_variance(course: MeasuredCourse, model: EffectModel, kept, counts, known=None) -> float:
    """c'(Σ X'V⁻¹X)⁻¹c by patterns with dense matrices; `counts` (2, v): patients last seen at each visit."""
    d, v = len(course.visits), np.array(course.covariance)
    basis = make_difference_basis(course, model)
    if not basis.shape[1]:
        is_shared = model.baseline == "shared"
        basis = np.eye(d)[:, int(is_shared and kept[0]) :]
        basis = basis[:, [bool(kept[np.flatnonzero(column)[0]]) for column in basis.T]]
    places = np.flatnonzero(kept)
    columns = len(places) + basis.shape[1]
    information = np.zeros((columns, columns))
    for arm, last in itertools.product((0, 1), range(d)):
        seen = places[places <= last]
        if not len(seen):
            continue
        x = np.hstack([np.eye(d)[:, places], arm * basis])[seen]
        information += counts[arm][last] * x.T @ np.linalg.inv(v[np.ix_(seen, seen)]) @ x
    wanted = np.concatenate([np.zeros(len(places)), basis.T @ np.array(model.weights)])
    return wanted @ np.linalg.inv(information) @ wanted


def count_last(course: MeasuredCourse, share: float) -> np.ndarray:
    retained = np.array(course.retained)
    gone = retained - np.append(retained[:, 1:], np.zeros((2, 1)), axis=1)
    return gone * np.array([[1 - share], [share]])


@pytest.mark.parametrize("difference", ["unstructured", "constant", "linear", "spline"])
@pytest.mark.parametrize("baseline", ["shared", "separate"])
@pytest.mark.parametrize("average", [False, True])
def test_variances_equal_dense_algebra_on_every_subset(difference, baseline, average):
    course = make(6, 3)
    weights = weigh_average(course, ("v3", "v5")) if average else weigh_last(course)
    knots = (0.0, 8.0, 20.0) if difference == "spline" else ()
    model = EffectModel(weights, 0.6, baseline, difference, knots)
    subsets = np.array([s for s in itertools.product((False, True), repeat=6) if s[5] and s[3] and s[0]])
    counts = count_last(course, 0.6)
    expected = [literal_variance(course, model, kept, counts) for kept in subsets]
    assert compute_variances(course, model, subsets) == pytest.approx(expected, rel=1e-9)


def test_a_subset_without_the_baseline_and_one_that_tells_nothing():
    course = make(5, 4)
    model = EffectModel(weigh_last(course), 0.5, "shared", "unstructured")
    subsets = np.array([mark_visits(course, names) for names in (("v2", "v4"), ("v0", "v2"), ())])
    found = compute_variances(course, model, subsets)
    counts = count_last(course, 0.5)
    assert found[0] == pytest.approx(literal_variance(course, model, subsets[0], counts), rel=1e-9)
    assert list(found[1:]) == [math.inf, math.inf]
    assert list(compute_relative_information(course, model, subsets)[1:]) == [0, 0]
    power = compute_visits_power(course, model, subsets, patients=100, difference=1.0, alpha=0.025)
    assert power[0] > 0.025 and list(power[1:]) == [0, 0]


def test_a_constant_difference_without_the_baseline_that_was_fitted_apart():
    course = make(4, 6)
    model = EffectModel(weigh_last(course), 0.5, "separate", "constant")
    subset = mark_visits(course, ("v1", "v3"))[None]
    later = MeasuredCourse(
        "x", course.visits[1:], course.visit_weeks[1:], tuple(row[1:] for row in course.covariance[1:]),
        tuple(row[1:] for row in course.retained), "1", course.sources,
    )  # fmt: skip
    alone = EffectModel(weigh_last(later), 0.5, "separate", "constant")
    expected = compute_variances(later, alone, mark_visits(later, ("v1", "v3"))[None])[0]
    assert compute_variances(course, model, subset)[0] == pytest.approx(expected, rel=1e-12)
    v = np.array(course.covariance)[np.ix_([1, 3], [1, 3])]
    ones = np.ones(2)
    full = MeasuredCourse(
        "x", ("a", "b"), (4.0, 8.0), tuple(map(tuple, v)), ((1.0, 1.0),) * 2, "1", course.sources
    )  # fmt: skip
    found = compute_variances(full, EffectModel((0, 1), 0.5, "separate", "constant"), np.ones((1, 2)))[0]
    assert found == pytest.approx(4 / (ones @ np.linalg.inv(v) @ ones))


def test_variance_equals_statsmodels_generalised_least_squares():
    course, n = make(4, 7), 60
    rng = np.random.default_rng(1)
    arms = np.arange(n) % 2
    last = np.array([0, 1, 2, 3, 3, 3, 3, 3])[rng.integers(0, 8, n)]
    counts = np.array([[np.sum((arms == a) & (last == t)) for t in range(4)] for a in (0, 1)])
    retained = np.cumsum(counts[:, ::-1], axis=1)[:, ::-1] / counts.sum(axis=1)[:, None]
    course = MeasuredCourse(
        course.name, course.visits, course.visit_weeks, course.covariance, tuple(map(tuple, retained)), "1",
        course.sources,
    )  # fmt: skip
    rows, x = [], []
    for i in range(n):
        for t in range(last[i] + 1):
            rows.append((i, t))
            difference = np.eye(4)[t, 1:] * arms[i]
            x.append(np.concatenate([np.eye(4)[t], difference]))
    v = np.array(course.covariance)
    sigma = np.array([[v[t, s] if i == j else 0.0 for j, s in rows] for i, t in rows])
    fitted = sm.GLS(rng.normal(size=len(rows)), np.array(x), sigma=sigma).fit()
    model = EffectModel(weigh_last(course), 0.5, "shared", "unstructured")
    found = compute_variances(course, model, np.ones((1, 4), dtype=bool))[0] / n
    assert found == pytest.approx(fitted.normalized_cov_params[-1, -1], rel=1e-9)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_closed_forms(rho):
    """Analysis of covariance: σ²(1 - ρ²)·4/n; two visits with dropout: see Little & Rubin (2019), 7.2."""
    r = 0.7
    v = ((4.0, 4.0 * rho), (4.0 * rho, 4.0))
    course = MeasuredCourse("x", ("a", "b"), (0.0, 8.0), v, ((1.0, r), (1.0, r)), "1", ("assumed:test",))
    both = np.ones((1, 2), dtype=bool)
    shared = EffectModel((0.0, 1.0), 0.5, "shared", "unstructured")
    assert compute_variances(course, shared, both)[0] == pytest.approx(16 * (1 - rho**2) / r)
    separate = EffectModel((0.0, 1.0), 0.5, "separate", "unstructured")
    assert compute_variances(course, separate, both)[0] == pytest.approx(16 * (rho**2 + (1 - rho**2) / r))


@pytest.mark.parametrize("visits", [2, 5])
def test_compound_symmetry_of_an_average(visits):
    """Mean of m visits: σ²{(1 + (m-1)ρ)/m}; less σ²ρ² for the baseline (Frison & Pocock 1992)."""
    rho, d = 0.6, visits + 1
    v = tuple(tuple(1.0 if i == j else rho for j in range(d)) for i in range(d))
    names = tuple(f"v{t}" for t in range(d))
    ones = (1.0,) * d
    course = MeasuredCourse("x", names, tuple(map(float, range(d))), v, (ones, ones), "1", ("assumed:test",))
    model = EffectModel(weigh_average(course, names[1:]), 0.5, "shared", "unstructured")
    found = compute_variances(course, model, np.ones((1, d), dtype=bool))[0]
    assert found == pytest.approx(4 * ((1 + (visits - 1) * rho) / visits - rho**2))


def test_kernels_as_plain_python():
    course = make(4, 5)
    subsets = np.array([[True, False, True, True], [True, True, True, True]])
    for difference, knots in (("unstructured", ()), ("spline", (0.0, 4.0, 12.0))):
        model = EffectModel(weigh_last(course), 0.5, "shared", difference, knots)
        out, rates = np.empty(2), 1 / (4 / np.array(course.retained[0]))
        args = (np.array(course.covariance), rates, subsets, np.array(model.weights),
                make_difference_basis(course, model), True)  # fmt: skip
        visit_subsets.fill_variances(*args, out)
        plain = np.empty(2)
        visit_subsets.fill_variances.py_func(*args, plain)
        assert plain == pytest.approx(out, rel=1e-12)


COVARIANCE = np.array(
    [[1.0, 0.7, 0.6, 0.5], [0.7, 1.2, 0.9, 0.8], [0.6, 0.9, 1.5, 1.2], [0.5, 0.8, 1.2, 1.8]]
)


@pytest.mark.parametrize("kept", [(0, 1, 2, 3), (0, 2, 3), (0, 3)])
@pytest.mark.parametrize(("hazard", "patients"), [(0.0, 120), (0.15, 160), (0.3, 240)])
def test_power_agrees_with_the_trial_engine(kept, hazard, patients):
    """Whole simulated trials with the fitted mixed model; months as weeks."""
    months = (0.0, 1.0, 2.0, 3.0)
    retained = tuple(np.exp(-hazard * np.array(months)))
    course = MeasuredCourse(
        "score", ("a", "b", "c", "d"), months, tuple(map(tuple, COVARIANCE)), (retained, retained), "1",
        ("assumed:test",),
    )  # fmt: skip
    model = EffectModel(weigh_last(course), 0.5, "shared", "unstructured")
    subset = np.array([[t in kept for t in range(4)]])
    power = compute_visits_power(course, model, subset, patients=patients, difference=0.6, alpha=0.025)[0]
    part = tuple(map(tuple, COVARIANCE[np.ix_(kept, kept)]))
    means = tuple(0.0 if t == 0 else 0.6 * t / 3 for t in kept)
    outcome = Longitudinal("score", tuple(months[t] for t in kept), (0.0,) * len(kept), means, part)
    scenario = Scenario("test", Accrual((0.0,), (1000.0,)), outcome, hazard_to_annual(hazard), ("assumed:t",))
    found = simulate_trials(Design(patients, 1.0, 0.025, (1.0,), None), scenario, trials=4000, seed=5)
    assert abs(found.power.value - power) < 3.3 * math.sqrt(power * (1 - power) / 4000)


def hazard_to_annual(hazard: float) -> float:
    """Scenario's dropout share a year of a monthly hazard."""
    return 1 - math.exp(-12 * hazard)


def test_errors_teach():
    course = make(3, 1, baseline=False)
    with pytest.raises(InvalidDesign, match="first visit is not at week 0; use separate"):
        compute_variances(course, EffectModel((0, 0, 1), 0.5, "shared", "unstructured"), np.ones((1, 3)))
    with pytest.raises(
        InvalidDesign, match="all visits together do not tell a difference that is spline; simplify it"
    ):
        model = EffectModel((0, 0, 1), 0.5, "separate", "spline", (2.0, 4.0, 6.0, 8.0, 10.0))
        compute_relative_information(course, model, np.ones((1, 3)))
    with pytest.raises(InvalidDesign, match="3 or more that rise"):
        EffectModel((0, 0, 1), 0.5, "shared", "spline", (1.0, 2.0))
    with pytest.raises(InvalidDesign, match="there is no visit 'x'; use v0, v1, v2"):
        mark_visits(course, ("x",))

"""The mixed model against a literal restricted likelihood, and against exact t tests."""

import math

import numpy as np
import pytest
from scipy import optimize, stats

from unburden.kernels.mixed_models import allocate_patterns, fit_mixed_model, gather_patterns


def make(seed: int, n: int, visits: int, *, holes: float = 0.0, dropout: float = 0.15, baseline: bool = True):
    rng = np.random.default_rng(seed)
    root = np.tril(rng.normal(size=(visits + 1, visits + 1))) + 2 * np.eye(visits + 1)
    values = rng.normal(size=(n, visits + 1)) @ root.T
    treated = rng.permutation(np.arange(n) % 2).astype(float)
    values[:, 1:] += treated[:, None] * np.linspace(0.1, 1.0, visits)
    left = np.where(rng.random((n, visits)) < dropout, np.arange(visits)[None, :], visits).min(axis=1)
    seen = (np.arange(visits)[None, :] < left[:, None]) & (rng.random((n, visits)) >= holes)
    x = np.column_stack([np.ones(n), treated, values[:, 0]] if baseline else [np.ones(n), treated])
    return values[:, 1:].copy(), seen, x


def fit(y, seen, x):
    patterns = allocate_patterns(y.shape[1], x.shape[1], len(y))
    gather_patterns(y, seen, x, patterns)
    return fit_mixed_model(patterns, y.shape[1], x.shape[1])


def make_covariance(theta, visits):
    """A covariance from its Cholesky factor, the diagonal on the log scale."""
    factor = np.zeros((visits, visits))
    factor[np.tril_indices(visits)] = theta
    factor[np.diag_indices(visits)] = np.exp(np.diag(factor))
    return factor @ factor.T


def restricted(covariance, y, seen, x):
    """-2 × the restricted log-likelihood (Harville 1974), patient by patient; A and the effects."""
    visits, q = y.shape[1], x.shape[1]
    information, right = np.zeros((visits * q, visits * q)), np.zeros(visits * q)
    rows, total = [], 0.0
    for i in range(len(y)):
        keep = np.flatnonzero(seen[i])
        if not len(keep):
            continue
        design = np.kron(np.eye(visits)[keep], x[i])
        inside = covariance[np.ix_(keep, keep)]
        weight = np.linalg.inv(inside)
        information += design.T @ weight @ design
        right += design.T @ weight @ y[i, keep]
        total += np.linalg.slogdet(inside)[1]
        rows.append((design, weight, y[i, keep]))
    effects = np.linalg.solve(information, right)
    for design, weight, outcome in rows:
        rest = outcome - design @ effects
        total += rest @ weight @ rest
    return total + np.linalg.slogdet(information)[1], information, effects


def dense_fit(y, seen, x):
    """Effect, its standard error and the covariance, by a general optimiser."""
    visits, q = y.shape[1], x.shape[1]
    start = np.zeros((visits, visits))
    start[np.diag_indices(visits)] = 0.5
    found = optimize.minimize(
        lambda theta: restricted(make_covariance(theta, visits), y, seen, x)[0],
        start[np.tril_indices(visits)],
        method="BFGS",
        options={"gtol": 1e-7},
    )
    covariance = make_covariance(found.x, visits)
    _, information, effects = restricted(covariance, y, seen, x)
    place = (visits - 1) * q + 1
    return effects[place], math.sqrt(np.linalg.inv(information)[place, place]), covariance


def dense_degrees(covariance, y, seen, x):
    """Satterthwaite from the expected restricted information, with the whole stacked P matrix."""
    visits, q = y.shape[1], x.shape[1]
    place = (visits - 1) * q + 1
    keeps = [np.flatnonzero(row) for row in seen]
    n = sum(map(len, keeps))
    big, design, spots, at = np.zeros((n, n)), np.zeros((n, visits * q)), [], 0
    for i, keep in enumerate(keeps):
        where = slice(at, at + len(keep))
        big[where, where] = covariance[np.ix_(keep, keep)]
        design[where] = np.kron(np.eye(visits)[keep], x[i])
        spots.append((where, keep))
        at += len(keep)
    weight = np.linalg.inv(big)
    inverse = np.linalg.inv(design.T @ weight @ design)
    projection = weight - weight @ design @ inverse @ design.T @ weight
    units = []
    for j, k in zip(*np.tril_indices(visits), strict=True):
        unit = np.zeros((visits, visits))
        unit[j, k] = unit[k, j] = 1.0
        whole = np.zeros((n, n))
        for where, keep in spots:
            whole[where, where] = unit[np.ix_(keep, keep)]
        units.append(whole)
    slope = np.array(
        [(inverse @ design.T @ weight @ e @ weight @ design @ inverse)[place, place] for e in units]
    )
    turned = [projection @ e for e in units]
    information = np.array([[0.5 * np.sum(a * b.T) for b in turned] for a in turned])
    return 2 * inverse[place, place] ** 2 / (slope @ np.linalg.solve(information, slope))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("holes", [0.0, 0.1])
def test_restricted_likelihood(seed, holes):
    y, seen, x = make(seed, 60, 3, holes=holes, baseline=seed % 2 == 0)
    effect, error, covariance = dense_fit(y, seen, x)
    found = fit(y, seen, x)
    assert found.effect == pytest.approx(effect, abs=2e-5)
    assert found.error == pytest.approx(error, rel=2e-5)
    assert found.degrees == pytest.approx(dense_degrees(covariance, y, seen, x), rel=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_complete_data_are_the_last_visits_analysis_of_covariance(seed):
    """Without holes all visits but the last tell nothing: the exact t of least squares at that visit."""
    y, seen, x = make(seed, 40, 4, dropout=0.0)
    solved, rest, *_ = np.linalg.lstsq(x, y[:, -1], rcond=None)
    variance = rest[0] / (40 - 3) * np.linalg.inv(x.T @ x)[1, 1]
    found = fit(y, seen, x)
    assert found.effect == pytest.approx(solved[1], abs=1e-9)
    assert found.error == pytest.approx(math.sqrt(variance), rel=1e-9)
    assert found.degrees == pytest.approx(37, rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_one_visit_is_the_t_test(seed):
    y, seen, x = make(seed, 30, 1, dropout=0.0, baseline=False)
    arm = x[:, 1] > 0
    expected = stats.ttest_ind(y[arm, 0], y[~arm, 0])
    found = fit(y, seen, x)
    assert found.effect / found.error == pytest.approx(expected.statistic, rel=1e-9)
    assert found.degrees == pytest.approx(28, rel=1e-9)


def test_data_that_tell_nothing_give_no_number():
    y, seen, x = make(1, 20, 2, dropout=0.0)
    seen[:, 1] = False
    assert math.isnan(fit(y, seen, x).effect)
    assert math.isnan(fit(np.ones_like(y), np.ones_like(seen), x).effect)

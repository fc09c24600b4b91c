import numpy as np
import pytest

from unburden.domain.errors import InvalidDesign
from unburden.simulation.sizes import SampleSize, size_clusters, size_longitudinal, size_means


def test_longitudinal_without_leaving_is_the_z_test():
    covariance = [[2.0, 0.9, 0.5], [0.9, 1.5, 0.8], [0.5, 0.8, 1.7]]
    found = size_longitudinal(0.6, covariance, 0.025, 0.85, sided=1, ratio=2.0)
    fixed = size_means(0.6, 1.7**0.5, 0.025, 0.85, sided=1, ratio=2.0, is_known=True)
    assert found.total == pytest.approx(fixed.total, rel=1e-9)


@pytest.mark.parametrize("left", [1.0, 0.8, 0.5])
def test_two_visits_in_closed_form(left):
    """Variance of the second mean: (1 - rho^2) / r + rho^2, per patient."""
    rho = 0.7
    retention = ((1.0, left), (1.0, left))
    found = size_longitudinal(0.5, [[1, rho], [rho, 1]], 0.05, 0.9, sided=2, retention=retention)
    whole = size_longitudinal(0.5, [[1, rho], [rho, 1]], 0.05, 0.9, sided=2)
    assert found.total / whole.total == pytest.approx((1 - rho**2) / left + rho**2)


def test_longitudinal_power_by_simulated_least_squares():
    covariance = np.array([[1.0, 0.6, 0.4], [0.6, 1.2, 0.7], [0.4, 0.7, 1.5]])
    retention = (1.0, 0.8, 0.6)
    size = size_longitudinal(0.5, covariance, 0.025, 0.8, sided=1, retention=(retention, retention))
    n = size.rounded[0]
    rng = np.random.default_rng(1)
    counts = [round(n * 0.2), round(n * 0.2)]
    counts.append(n - sum(counts))
    inverse = [np.linalg.inv(covariance[:k, :k]) for k in (1, 2, 3)]
    information = np.zeros((3, 3))
    for k, count in enumerate(counts, start=1):
        information[:k, :k] += count * inverse[k - 1]
    spread = np.linalg.inv(information)
    hits = 0
    for _ in range(4000):
        means = []
        for shift in (0.5, 0.0):
            y = rng.multivariate_normal([0.0, 0.0, shift], covariance, n)
            score, start = np.zeros(3), 0
            for k, count in enumerate(counts, start=1):
                score[:k] += inverse[k - 1] @ y[start : start + count, :k].sum(axis=0)
                start += count
            means.append((spread @ score)[-1])
        hits += (means[0] - means[1]) / (2 * spread[-1, -1]) ** 0.5 > 1.959964
    assert hits / 4000 == pytest.approx(0.8, abs=0.03)


def test_clusters():
    assert size_clusters(SampleSize(50, 60), 1, 0.3) == SampleSize(50, 60)
    assert size_clusters(SampleSize(50, 50), 10, 0.1, variation=0.5).total == pytest.approx(100 * 2.15)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: size_clusters(SampleSize(1, 1), 0, 1.5), "2 problems"),
        (lambda: size_longitudinal(0.5, [[1, 2], [2, 1]], 0.05, 0.9, sided=2), "positive definite"),
        (
            lambda: size_longitudinal(
                0.5, [[1, 0], [0, 1]], 0.05, 0.9, sided=2, retention=((0.5, 0.9), (1, 1))
            ),
            "never rising",
        ),
    ],
)
def test_bad_input_is_told(call, told):
    with pytest.raises(InvalidDesign, match=told):
        call()

"""Intervals of shares and of ratios of shares beside those of statsmodels."""

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from unburden.eligibility.proportions import compute_wilson, estimate_ratio, estimate_share, widen_level


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_wilson(level):
    rng = np.random.default_rng(1)
    totals = rng.integers(1, 3000, 300).astype(float)
    counts = np.floor(totals * rng.random(300))
    counts[:20], counts[20:40] = 0, totals[20:40]
    low, high = compute_wilson(counts, totals, level)
    theirs = proportion_confint(counts, totals, alpha=1 - level, method="wilson")
    np.testing.assert_allclose(low, theirs[0], atol=1e-12)
    np.testing.assert_allclose(high, theirs[1], atol=1e-12)


def test_there_is_no_share_of_nobody():
    assert estimate_share(0, 0, "observed:x") is None
    assert np.isnan(compute_wilson(np.array([0.0]), np.array([0.0]))[0]).all()


def test_the_score_interval_of_a_ratio():
    """statsmodels' method "score" without correction is Koopman's interval."""
    rng = np.random.default_rng(2)
    for _ in range(150):
        total, other_total = (int(n) for n in rng.integers(4, 400, 2))
        count, other = int(rng.integers(0, total + 1)), int(rng.integers(1, other_total + 1))
        ours = estimate_ratio(count, total, other, other_total, "observed:x")
        theirs = confint_proportions_2indep(
            count, total, other, other_total, method="score", compare="ratio", correction=False
        )
        assert ours is not None
        assert ours.value == pytest.approx(count / total / (other / other_total))
        if count and count < total and other < other_total:
            assert (ours.low, ours.high) == pytest.approx(theirs, rel=2e-3), (
                count,
                total,
                other,
                other_total,
            )
        assert ours.low <= ours.value <= ours.high


def test_a_ratio_needs_a_denominator():
    assert estimate_ratio(3, 10, 0, 10, "observed:x") is None
    assert estimate_ratio(0, 0, 3, 10, "observed:x") is None
    none = estimate_ratio(0, 50, 20, 100, "observed:x")
    assert none is not None
    assert none.low == 0 and 0 < none.high < 1


@pytest.mark.parametrize(("parts", "level"), [(1, 0.95), (5, 0.99), (0, 0.95)])
def test_bonferroni(parts, level):
    assert widen_level(parts) == pytest.approx(level)

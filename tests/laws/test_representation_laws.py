"""Laws of representation, and how often the intervals hold the truth."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from unburden.domain.estimate import exact
from unburden.domain.representation import Strata, TargetPopulation, TargetStratum
from unburden.eligibility.representation import compute_distance, evaluate_representation

counts = st.lists(st.integers(0, 60), min_size=2, max_size=5).filter(lambda c: sum(c) > 0)


def evaluate(found, shares, replicates=200):
    labels = tuple("ABCDE"[: len(found)])
    strata = Strata("s", labels, np.repeat(np.arange(len(found)), found), "drawn", "observed:drawn")
    target = TargetPopulation(
        "s",
        tuple(
            TargetStratum(n, exact(float(p), "1", "assumed:x")) for n, p in zip(labels, shares, strict=True)
        ),
    )
    everyone = np.ones(int(np.sum(found)), bool)
    return evaluate_representation(
        strata, target, everyone, group="g", planned_patients=100, replicates=replicates, seed=3
    )


@settings(max_examples=50, deadline=None)
@given(counts, st.data())
def test_shares_sum_gaps_balance_and_the_distance_holds_its_value(found, data):
    weights = np.array([data.draw(st.integers(1, 9)) for _ in found])
    result = evaluate(found, weights / weights.sum())
    assert abs(sum(s.share.value for s in result.strata) - 1) < 1e-9
    missing = sum(s.gap.value for s in result.strata)
    # What some strata lack, the others have too much: the distance in patients.
    assert abs(missing - 100 * result.distance.value) < 1e-6
    assert 0 <= result.distance.low <= result.distance.value <= result.distance.high <= 1


def test_intervals_hold_the_truth_at_least_as_often_as_said():
    rng = np.random.default_rng(7)
    truth, target = np.array([0.55, 0.3, 0.12, 0.03]), np.array([0.5, 0.3, 0.15, 0.05])
    runs, held, ratios, together = 400, 0, 0, 0
    for _ in range(runs):
        result = evaluate(rng.multinomial(400, truth), target)
        held += result.distance.low <= compute_distance(truth, target) <= result.distance.high
        ratios += sum(
            s.ratio.low <= p / t <= s.ratio.high
            for s, p, t in zip(result.strata, truth, target, strict=True)
            if s.ratio
        )
        together += all(
            s.simultaneous_share.low <= p <= s.simultaneous_share.high
            for s, p in zip(result.strata, truth, strict=True)
        )
    assert held / runs > 0.94
    assert 0.93 < ratios / (4 * runs) < 0.97
    assert together / runs > 0.93


def test_the_distance_by_chance_is_that_of_faithful_samples():
    """By the normal approximation E|p̂ - t| = sqrt(2 t (1 - t) / (π n))."""
    target = np.array([0.5, 0.3, 0.2])
    result = evaluate([500, 300, 200], target, replicates=4000)
    expected = 0.5 * np.sqrt(2 * target * (1 - target) / (np.pi * 1000)).sum()
    assert abs(result.distance_by_chance / expected - 1) < 0.03

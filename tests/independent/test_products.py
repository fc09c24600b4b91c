"""Sums of products of entries against simulation with numpy, entries drawn here as lognormals."""

import numpy as np
import pytest

from unburden.burden.draws import EvidenceDraws, match_logit_normal
from unburden.burden.drivers import _Factors, _find_indices
from unburden.burden.totals import find_variance, match_lognormal
from unburden.domain.burden import Evidence

DRAWS = 400_000
ENTRIES = {
    name: Evidence(name, name, value, low, high, unit, "observed:made up", "A")
    for name, value, low, high, unit in [
        ("km", 40, 15, 120, "km"),
        ("usd", 0.2, 0.1, 0.5, "USD/km"),
        ("day", 12, 3, 40, "USD"),
        ("share", 0.4, 0.2, 0.7, "1"),
        ("km@far", 120, 60, 200, "km"),
        ("one", 1, 1, 1, "1"),
    ]
}
SUMS = {
    "a journey's cost": [(2.0, ("km", "usd")), (1.0, ("day",))],
    "shared factor": [(3.0, ("km", "share")), (5.0, ("day", "share")), (1.0, ("one", "share"))],
    "factor with and without": [(2.0, ("km",)), (1.5, ("km", "usd")), (4.0, ("usd", "share"))],
    "two personas": [(1.4, ("km", "usd")), (0.6, ("km@far", "usd")), (1.0, ("day",))],
    "a difference": [(3.0, ("km", "usd")), (-1.0, ("km@far", "usd"))],
}


@pytest.fixture(scope="module")
def drawn() -> dict[str, np.ndarray]:
    """Lognormal with the entry's mean and sd (range / 3.92); a persona's own moves with the ledger's."""
    rng = np.random.default_rng(20261125)
    normals: dict[str, np.ndarray] = {}
    found = {}
    for name, entry in ENTRIES.items():
        z = normals.setdefault(name.partition("@")[0], rng.standard_normal(DRAWS))
        spread = np.log(1 + ((entry.high - entry.low) / 3.92 / entry.value) ** 2)
        found[name] = entry.value * np.exp(np.sqrt(spread) * z - spread / 2)
    return found


def simulate(terms, drawn) -> np.ndarray:
    return np.sum([times * np.prod([drawn[i] for i in key], axis=0) for times, key in terms], axis=0)


def take(terms):
    return [(times, tuple(ENTRIES[i] for i in key)) for times, key in terms]


@pytest.mark.parametrize("name", SUMS)
def test_mean_and_variance_are_exact(name, drawn):
    total = simulate(SUMS[name], drawn)
    value, low, high = match_lognormal(take(SUMS[name]))
    assert value == pytest.approx(total.mean(), abs=0.01 * total.std())
    assert find_variance(take(SUMS[name])) == pytest.approx(total.var(), rel=0.04)
    if name != "a difference":
        assert (low, high) == pytest.approx(tuple(np.quantile(total, [0.025, 0.975])), abs=0.05 * value)


@pytest.mark.parametrize("name", SUMS)
def test_sobol_indices_agree_with_conditional_variances(name, drawn):
    """First order: variance of the mean in 200 bins of the unknown; total: by pick-freeze."""
    terms = SUMS[name]
    total = simulate(terms, drawn)
    rows = [_Factors(times, key, ENTRIES) for times, key in terms]
    found = {driver.name: driver for driver in _find_indices(rows)}
    for stream, driver in found.items():
        order = np.argsort(drawn[stream])
        means = total[order].reshape(200, -1).mean(axis=1)
        assert driver.first == pytest.approx(means.var() / total.var(), abs=0.03)
        fresh = dict(drawn)
        shuffled = np.random.default_rng(7).permutation(DRAWS)
        for key in drawn:
            if key.partition("@")[0] == stream:
                fresh[key] = drawn[key][shuffled]
        change = simulate(terms, fresh) - total
        assert driver.total == pytest.approx(np.mean(change**2) / 2 / total.var(), abs=0.03)
    assert set(found) == {i.partition("@")[0] for _, key in terms for i in key} - {"one"}


@pytest.mark.parametrize(("mean", "sd"), [(0.5, 0.1), (0.4, 0.217), (0.05, 0.04), (0.95, 0.03), (0.25, 0.2)])
def test_logit_normal_has_the_mean_and_spread_asked_for(mean, sd):
    centre, width = match_logit_normal(mean, sd)
    z = np.random.default_rng(3).standard_normal(1_000_000)
    values = 1 / (1 + np.exp(-centre - width * z))
    assert values.mean() == pytest.approx(mean, abs=0.002)
    assert values.std() == pytest.approx(sd, abs=0.002)


def test_a_share_never_passes_1():
    share = Evidence("s", "", 0.9, 0.5, 1.0, "1", "assumed:x", "assumed", "logit-normal")
    values = EvidenceDraws(100_000, 5).draw_entry(share)
    assert values.min() > 0 and values.max() < 1
    assert values.mean() == pytest.approx(0.9, abs=0.002)

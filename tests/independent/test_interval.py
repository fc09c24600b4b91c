"""The moment-matched interval against simulation with numpy, entries drawn as lognormals."""

import numpy as np
import pytest

from unburden.burden.totals import match_lognormal, total_lines
from unburden.domain.burden import BurdenLine, Evidence
from unburden.domain.protocol import Place

DRAWS = 400_000


def entry(name: str, value: float, low: float, high: float) -> Evidence:
    return Evidence(name, name, value, low, high, "minute", "observed:made up", "A")


def draw(rng: np.random.Generator, evidence: Evidence) -> np.ndarray:
    """Lognormal draws with the entry's mean and the standard deviation (high - low) / 3.92."""
    sd = (evidence.high - evidence.low) / 3.92
    spread = np.log(1 + (sd / evidence.value) ** 2)
    return rng.lognormal(np.log(evidence.value) - spread / 2, np.sqrt(spread), DRAWS)


CASES = {
    "one entry": [(3.0, entry("a", 10, 5, 20))],
    "two alike": [(1.0, entry("a", 10, 5, 20)), (1.0, entry("b", 12, 6, 22))],
    "one rules": [(5.0, entry("a", 40, 20, 90)), (2.0, entry("b", 10, 4, 20)), (1.0, entry("c", 5, 1, 15))],
    "many": [(1.0 + i / 4, entry(f"e{i}", 10 + i, 5, 25 + i)) for i in range(12)],
    "an exact part": [(10.0, entry("a", 3, 3, 3)), (2.0, entry("b", 15, 6, 30))],
}


@pytest.mark.parametrize("name", CASES)
def test_interval_agrees_with_simulation(name):
    """Means agree closely; quantiles to 3 % of the value, since a sum of lognormals is not quite one."""
    terms = CASES[name]
    rng = np.random.default_rng(20261124)
    total = np.sum(
        [
            times * draw(rng, evidence)
            if evidence.low < evidence.high
            else np.full(DRAWS, times * evidence.value)
            for times, evidence in terms
        ],
        axis=0,
    )
    mean, low, high = match_lognormal([(times, (held,)) for times, held in terms])
    assert mean == pytest.approx(total.mean(), rel=0.005)
    assert (low, high) == pytest.approx(tuple(np.quantile(total, [0.025, 0.975])), abs=0.03 * mean)


def test_the_same_entry_in_several_lines_is_one_unknown():
    """Two lines of one entry are twice that unknown, wider than two entries of the same spread."""
    ecg = entry("ecg", 15, 6, 30)
    lines = [BurdenLine("site_minutes", "cell", "ecg", 1.0, Place.SITE, v, 0, ("e",)) for v in ("V1", "V2")]
    total = total_lines(lines, {"ecg": ecg})["site_minutes"]
    twice = 2 * draw(np.random.default_rng(1), ecg)
    low, high = np.quantile(twice, [0.025, 0.975])
    assert total.bounds() == pytest.approx((30, low, high), rel=0.02)


def test_extremes_keep_the_value_inside():
    assert match_lognormal([]) == (0, 0, 0)
    assert match_lognormal([(2.0, (entry("a", 5, 5, 5),))]) == (10, 10, 10)
    assert match_lognormal([(1.0, (entry("a", 0, 0, 3.92),))]) == pytest.approx((0, 0, 1.96), abs=1e-4)
    mean, low, high = match_lognormal([(1.0, (entry("a", 1e-4, 0, 1000),))])
    assert low <= mean <= high
    assert match_lognormal([(1.0, (entry("a", 30, 30, 30),)), (1.0, (entry("b", 20, 5, 60),))])[1] > 30

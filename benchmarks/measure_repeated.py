"""Figures of repeated measures and counts: trials a second, and the Python peer. Run: make benchmarks"""

import warnings

import numpy as np
from benchmarks.measure_engine import take

from unburden.domain.design import Design
from unburden.domain.repeated import Counts, Longitudinal
from unburden.domain.scenario import Accrual, Scenario
from unburden.kernels.counts import fit_counts
from unburden.simulation.trials import simulate_trials

VISITS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
COVARIANCE = tuple(tuple(0.7 ** abs(i - j) for j in range(6)) for i in range(6))
DESIGN = Design(300, 1.0, 0.025, (0.5, 1.0), None)


def make(outcome) -> Scenario:
    return Scenario("benchmark", Accrual((0.0,), (20.0,)), outcome, 0.2, ("assumed:benchmark",))


def measure_trials() -> None:
    score = Longitudinal("score", VISITS, (0.0,) * 6, (0.0, 0.1, 0.15, 0.2, 0.25, 0.3), COVARIANCE)
    counts = Counts("exacerbation", 0.12, 0.09, 0.6, 12.0)
    for name, outcome in (("mixed model, 5 visits and a baseline", score), ("negative binomial", counts)):
        seconds = take(lambda o=outcome: simulate_trials(DESIGN, make(o), trials=2000, seed=1))
        print(f"{name}, 300 patients, 2 looks, 20 % dropout a year: {2000 / seconds:,.0f} trials/s")


def measure_statsmodels() -> None:
    """The Python peer: its negative-binomial fit alone, the same data."""
    import statsmodels.api as sm

    rng = np.random.default_rng(1)
    arms, exposures = np.arange(300) % 2, rng.uniform(2, 12, 300)
    y = rng.poisson(0.1 * exposures * rng.gamma(1 / 0.6, 0.6, 300)).astype(float)
    design = sm.add_constant(arms.astype(float))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = take(lambda: sm.NegativeBinomial(y, design, exposure=exposures).fit(disp=0))
    own = take(lambda: [fit_counts(y, exposures, arms) for _ in range(100)]) / 100
    print(f"one negative-binomial fit: {1e3 * own:.2f} ms, statsmodels {1e3 * peer:.1f} ms")


if __name__ == "__main__":
    measure_trials()
    measure_statsmodels()

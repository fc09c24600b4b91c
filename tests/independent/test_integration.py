"""The kernels of `kernels.integration` against SciPy, and bounds against far more nodes."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from unburden.domain.sequential import (
    HaybittlePeto,
    HwangShihDeCani,
    OBrienFlemingSpending,
    PampallonaTsiatis,
    PocockSpending,
    SequentialPlan,
    WangTsiatis,
)
from unburden.kernels.integration import fill_tails, solve_upper_bound
from unburden.simulation import boundaries
from unburden.simulation.boundaries import derive_bounds


@pytest.mark.parametrize("fill", [fill_tails, fill_tails.py_func])
def test_normal_tails(fill):
    z = np.linspace(-36.0, 36.0, 2001)
    tails, bells, powers = np.empty_like(z), np.empty_like(z), np.empty_like(z)
    fill(z, tails, bells, powers)
    np.testing.assert_allclose(tails, norm.sf(z), rtol=5e-13)
    near = np.abs(z) < 8
    np.testing.assert_allclose(tails[near], norm.sf(z[near]), rtol=1e-14)
    np.testing.assert_allclose(bells[near], np.exp(-(z[near] ** 2) / 2), rtol=1e-13)


@pytest.mark.parametrize("bound", [-3.0, 0.0, 1.96, 5.0, 22.383142568, 35.0])
def test_the_first_bound_is_a_normal_quantile(bound):
    found = solve_upper_bound(np.zeros(1), np.ones(1), 0.0, 0.04, norm.sf(bound), 0.0)
    assert found == pytest.approx(bound, abs=1e-12)


PLANS = (
    SequentialPlan(
        0.025, 1, (math.sqrt(0.5), 1.0), HwangShihDeCani(1.0), PocockSpending(), True, 0.1
    ),  # where Newton's steps once ended 2e-8 too early
    SequentialPlan(
        0.025,
        1,
        tuple((k + 1) / 10 for k in range(10)),
        OBrienFlemingSpending(),
        OBrienFlemingSpending(),
        True,
        0.1,
    ),
    SequentialPlan(
        0.05,
        2,
        tuple((k + 1) / 10 for k in range(10)),
        PampallonaTsiatis(0.0, 0.0),
        is_binding=True,
        beta=0.1,
    ),
    SequentialPlan(
        0.05,
        2,
        tuple((k + 1) / 3 for k in range(3)),
        PampallonaTsiatis(-0.3, 0.2),
        is_binding=True,
        beta=0.1,
    ),
)


@pytest.mark.parametrize("plan", PLANS)
def test_bounds_hold_with_400_nodes(plan):
    """Errors of each kind at 400 nodes are those the bounds were made for, to 1e-10 on the scale of z."""
    bounds = derive_bounds(plan)
    assert bounds.drift is not None
    gauss = np.polynomial.legendre.leggauss(400)
    lower, inner = boundaries._stops_of(bounds)
    arguments = plan.information_rates, bounds.efficacy, lower, inner
    above = boundaries._compute_exits(*arguments, 0.0, (gauss, gauss))[0].sum()
    assert norm.isf(plan.sided * above) == pytest.approx(norm.isf(plan.alpha), abs=1e-10)
    power = boundaries._compute_exits(*arguments, bounds.drift, (gauss, gauss))[0].sum()
    assert norm.isf(power) == pytest.approx(norm.isf(1 - plan.beta), abs=1e-10)


CLOSE = (
    tuple(math.sqrt((k + 1) / 10) for k in range(10)),
    (0.5, 0.9, 0.95, 0.98, 1.0),
    (0.3, 0.96, 0.99, 1.0),
)


@pytest.mark.parametrize("rates", CLOSE)
@pytest.mark.parametrize("efficacy", [HaybittlePeto(3.0), WangTsiatis(0.25), OBrienFlemingSpending()])
def test_close_looks_keep_alpha_with_400_nodes(rates, efficacy):
    """Looks so close that 48 nodes no longer see the step from one to the next."""
    bounds = derive_bounds(SequentialPlan(0.025, 1, rates, efficacy))
    gauss = np.polynomial.legendre.leggauss(400)
    none = [-math.inf] * len(rates)
    above = boundaries._compute_exits(rates, bounds.efficacy, none, none, 0.0, (gauss, gauss))[0].sum()
    assert norm.isf(above) == pytest.approx(norm.isf(0.025), abs=1e-10)

"""Bounds and characteristics of group-sequential tests, to the last reliable digit."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import NormalDist

import numpy as np

from unburden.domain.errors import InvalidDesign
from unburden.domain.sequential import (
    FixedFutility,
    HaybittlePeto,
    HwangShihDeCani,
    KimDeMets,
    OBrienFlemingSpending,
    PampallonaTsiatis,
    PocockSpending,
    SequentialBounds,
    SequentialCharacteristics,
    SequentialPlan,
    Spending,
    UserSpending,
    WangTsiatis,
)
from unburden.kernels.integration import compute_exits, solve_spending_bounds

NODES = 48
FLOOR = -8.0
_NORMAL = NormalDist()
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(NODES)


def compute_spending(
    spending: Spending, information_rates: Sequence[float], whole: float, sided: int
) -> np.ndarray:
    """Cumulative error spent at each information rate, of `whole` (both sides together).

    >>> compute_spending(KimDeMets(2), (0.5, 1.0), 0.025, 1).tolist()
    [0.00625, 0.025]
    """
    rates = np.asarray(information_rates, dtype=float)
    match spending:
        case OBrienFlemingSpending():
            quantile = _NORMAL.inv_cdf(1 - whole / (2 * sided))
            return np.array([sided * math.erfc(quantile / math.sqrt(2 * rate)) for rate in rates])
        case PocockSpending():
            return whole * np.log1p((math.e - 1) * rates)
        case HwangShihDeCani(gamma):
            if gamma == 0:
                return whole * rates
            return whole * np.expm1(-gamma * rates) / math.expm1(-gamma)
        case KimDeMets(exponent):
            return whole * rates**exponent
        case UserSpending(cumulative):
            return np.array(cumulative)


def derive_bounds(plan: SequentialPlan) -> SequentialBounds:
    """The plan's bounds. Error below 1e-10 (48 and 400 nodes agree to 1e-12).

    Raises `InvalidDesign` where no bounds exist: a Haybittle-Peto bound that leaves no alpha, a
    futility spending that crosses the efficacy bound.

    >>> obf = SequentialPlan(0.05, 2, (0.5, 1.0), WangTsiatis(0.0))
    >>> [round(z, 5) for z in derive_bounds(obf).efficacy]
    [2.79651, 1.97743]
    """
    if isinstance(plan.efficacy, PampallonaTsiatis):
        return _derive_pampallona_tsiatis(plan)
    efficacy = plan.efficacy
    if efficacy == WangTsiatis(None):
        efficacy = WangTsiatis(_optimise_shape(plan))
    if isinstance(plan.futility, Spending):
        return _derive_with_beta_spending(plan)
    futility = _fixed_futility(plan)
    counted = futility if plan.is_binding else None
    upper = _derive_efficacy(replace(plan, efficacy=efficacy), counted)
    found = _make_bounds(plan, upper, futility, None)
    return found if plan.beta is None else replace(found, drift=solve_drift(found, 1 - plan.beta))


def derive_characteristics(bounds: SequentialBounds, drift: float) -> SequentialCharacteristics:
    """Power, stopping and information of bounds where z has mean `drift` at full information.

    Power counts rejections above only, also for two-sided tests. Futility bounds stop the trial.
    """
    plan = bounds.plan
    power, rejections, stops = _find_power(bounds, drift)
    quantile = _NORMAL.inv_cdf(1 - plan.alpha / plan.sided)
    fixed = (quantile + _NORMAL.inv_cdf(min(power, 1 - 1e-16))) ** 2 if power > 0 else math.nan
    inflation = drift**2 / fixed if fixed else math.nan
    return SequentialCharacteristics(
        drift=drift,
        power=power,
        rejections=tuple(rejections),
        futility_stops=tuple(stops),
        inflation_factor=inflation,
        expected_information_null=inflation * _find_expected_rate(bounds, 0.0),
        expected_information_half=inflation * _find_expected_rate(bounds, drift / 2),
        expected_information=inflation * _find_expected_rate(bounds, drift),
    )


def find_drift(fixed_power: float, alpha: float, sided: int = 1) -> float:
    """The drift at which a fixed normal test of this alpha has this power.

    A sequential t or proportions test of some size behaves as its bounds at the drift where the
    fixed test of that size has its own exact or approximate power (rpact does the same).

    >>> round(find_drift(0.9, 0.025), 4)
    3.2415
    """
    return _NORMAL.inv_cdf(1 - alpha / sided) + _NORMAL.inv_cdf(fixed_power)


def solve_drift(bounds: SequentialBounds, power: float) -> float:
    """The drift at which the bounds have this power; raises `InvalidDesign` where none has."""
    return solve_root(lambda drift: _find_power(bounds, drift)[0] - power, 0.0, 30.0, f"power {power}")


def compute_critical_values(information_rates: Sequence[float], alpha: float) -> tuple[float, ...]:
    """z bounds, one a look, that spend `alpha` (one-sided) as O'Brien-Fleming-type Lan-DeMets.

    >>> [round(z, 4) for z in compute_critical_values((1 / 3, 2 / 3, 1.0), 0.025)]
    [3.7103, 2.5114, 1.993]
    """
    return derive_bounds(SequentialPlan(alpha, 1, tuple(information_rates), OBrienFlemingSpending())).efficacy


def compute_rejections(
    critical_values: Sequence[float], information_rates: Sequence[float], drift: float
) -> tuple[float, ...]:
    """Probability of crossing each bound first; `drift` is the mean of z at full information.

    >>> rates = (0.5, 1.0)
    >>> round(sum(compute_rejections(compute_critical_values(rates, 0.025), rates, 0.0)), 9)
    0.025
    """
    none = [-math.inf] * len(information_rates)
    return tuple(_compute_exits(information_rates, critical_values, none, none, drift)[0].tolist())


def sum_exits(
    rates: Sequence[float] | np.ndarray, upper: np.ndarray, lower: np.ndarray, drift: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probability of leaving first at each look above `upper`, below `lower`, and in neither way (0)."""
    return _compute_exits(rates, upper, lower, [-math.inf] * len(upper), drift)


def _compute_exits(rates, upper, lower, inner, drift: float):
    arrays = (np.asarray(rates, dtype=float), np.asarray(upper, dtype=float))
    low = np.maximum(np.asarray(lower, dtype=float), FLOOR + min(0.0, drift))
    high = np.minimum(arrays[1], -FLOOR + max(0.0, drift))
    return compute_exits(arrays[0], high, np.asarray(inner, dtype=float), low, drift, _POINTS, _WEIGHTS)


def _stops_of(bounds: SequentialBounds) -> tuple[Sequence[float], Sequence[float]]:
    """Lower and inner bounds at which the trial stops."""
    none = [-math.inf] * len(bounds.efficacy)
    if bounds.plan.sided == 1:
        lower = [*bounds.futility[:-1], bounds.efficacy[-1]]
        return lower, none
    return [-z for z in bounds.efficacy], bounds.futility


def _find_power(bounds: SequentialBounds, drift: float) -> tuple[float, np.ndarray, np.ndarray]:
    lower, inner = _stops_of(bounds)
    above, below, middle = _compute_exits(bounds.plan.information_rates, bounds.efficacy, lower, inner, drift)
    stops = (below if bounds.plan.sided == 1 else middle)[:-1]
    return float(above.sum()), above, stops


def _find_expected_rate(bounds: SequentialBounds, drift: float) -> float:
    lower, inner = _stops_of(bounds)
    rates = np.array(bounds.plan.information_rates)
    above, below, middle = _compute_exits(rates, bounds.efficacy, lower, inner, drift)
    leaving = (above + below + middle)[:-1]
    return float(leaving @ rates[:-1] + (1 - leaving.sum()) * rates[-1])


def _fixed_futility(plan: SequentialPlan) -> tuple[float, ...] | None:
    return (*plan.futility.z, -math.inf) if isinstance(plan.futility, FixedFutility) else None


def _derive_efficacy(plan: SequentialPlan, futility: Sequence[float] | None) -> tuple[float, ...]:
    """Upper bounds under the null; `futility` where the trial is counted on to stop below it."""
    rates = np.array(plan.information_rates)
    below = np.array(futility) if futility else np.full(len(rates), -math.inf)
    match plan.efficacy:
        case WangTsiatis(shape) if shape is not None:
            powers = rates ** (shape - 0.5)
            constant = solve_root(
                lambda c: plan.alpha - _find_error(plan, c * powers, below), 0.1, 12.0, "alpha"
            )
            return tuple((constant * powers).tolist())
        case HaybittlePeto(interim_z):
            return _derive_haybittle_peto(plan, interim_z, below)
        case _ if isinstance(plan.efficacy, Spending):
            spent = (
                compute_spending(plan.efficacy, plan.information_rates, plan.alpha, plan.sided) / plan.sided
            )
            found = solve_spending_bounds(rates, spent, below, plan.sided == 2, 0.0, FLOOR, _POINTS, _WEIGHTS)
            return tuple(found.tolist())
    raise AssertionError("checked before")


def _find_error(plan: SequentialPlan, upper: np.ndarray, below: np.ndarray) -> float:
    lower = -upper if plan.sided == 2 else below
    none = np.full(len(upper), -math.inf)
    above, *_ = _compute_exits(plan.information_rates, upper, lower, none, 0.0)
    return plan.sided * float(above.sum())


def _derive_haybittle_peto(plan: SequentialPlan, interim_z: float, below: np.ndarray) -> tuple[float, ...]:
    interim = np.full(len(plan.information_rates), interim_z)
    if _find_error(plan, np.append(interim[:-1], 20.0), below) >= plan.alpha:
        told = f"Haybittle-Peto bounds of {interim_z} spend all of alpha {plan.alpha} before the last look"
        raise InvalidDesign("group-sequential plan", [f"{told}; raise the bound"])

    def excess(last: float) -> float:
        return plan.alpha - _find_error(plan, np.append(interim[:-1], last), below)

    return (*interim[:-1].tolist(), solve_root(excess, 0.0, 20.0, "alpha"))


def _optimise_shape(plan: SequentialPlan) -> float:
    """Shape of least expected information at the drift of the plan's power, by golden section."""

    def cost(shape: float) -> float:
        found = derive_bounds(replace(plan, efficacy=WangTsiatis(shape)))
        assert found.drift is not None
        return derive_characteristics(found, found.drift).expected_information

    low, high = 0.0, 0.6
    ratio = (math.sqrt(5) - 1) / 2
    while high - low > 1e-5:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if cost(left) < cost(right) else (left, high)
    return (low + high) / 2


def _derive_with_beta_spending(plan: SequentialPlan) -> SequentialBounds:
    """Futility bounds that spend beta at the drift at which the last of them meets the last efficacy bound.

    Raises `InvalidDesign` where no drift does.
    """
    rates = np.array(plan.information_rates)
    assert isinstance(plan.futility, Spending) and plan.beta is not None
    spent = compute_spending(plan.futility, plan.information_rates, plan.beta, 1)
    unbound = None if plan.is_binding else np.array(_derive_efficacy(plan, None))
    mirror = np.full(len(rates), -math.inf)

    def derive(drift: float) -> tuple[np.ndarray, np.ndarray]:
        """Efficacy and futility at a drift; where they bind, each look's bounds need the other's."""
        upper = unbound
        lower = mirror
        for _ in range(1 if unbound is not None else len(rates)):
            if unbound is None:
                upper = np.array(_derive_efficacy(plan, (*lower[:-1].tolist(), -math.inf)))
            assert upper is not None
            lower = -solve_spending_bounds(
                rates, spent, -upper, False, -drift, FLOOR - drift, _POINTS, _WEIGHTS
            )
        return (upper if upper is not None else mirror), lower

    def gap(drift: float) -> float:
        upper, lower = derive(drift)
        return lower[-1] - upper[-1]

    drift = solve_root(gap, 0.5, 15.0, f"futility spending of beta {plan.beta}")
    upper, lower = derive(drift)
    if np.any(lower[:-1] >= upper[:-1]):
        raise InvalidDesign("group-sequential plan", ["futility crosses efficacy; spend beta later"])
    return _make_bounds(plan, tuple(upper.tolist()), (*lower[:-1].tolist(), -math.inf), drift)


def _derive_pampallona_tsiatis(plan: SequentialPlan) -> SequentialBounds:
    """c1, c0 with power 1 - beta at the drift c1 + c0, and error alpha (two-sided: an inner wedge).

    Efficacy c1 × rate ** (shape - 1/2); futility (c1 + c0) × rate ** (1/2) - c0 × rate ** (shape - 1/2).
    """
    assert isinstance(plan.efficacy, PampallonaTsiatis) and plan.beta is not None
    power = 1 - plan.beta
    rates = np.array(plan.information_rates)
    first = rates ** (plan.efficacy.efficacy_shape - 0.5)
    second = rates ** (plan.efficacy.futility_shape - 0.5)

    def make(c1: float, c0: float) -> SequentialBounds:
        upper = c1 * first
        lower = np.minimum((c1 + c0) * np.sqrt(rates) - c0 * second, upper)
        lower = np.where(lower > 0, lower, -math.inf) if plan.sided == 2 else lower
        return _make_bounds(plan, tuple(upper.tolist()), (*lower[:-1].tolist(), -math.inf), c1 + c0)

    def error(found: SequentialBounds) -> float:
        lower, inner = _stops_of(found)
        none = [-math.inf] * len(rates)
        if not plan.is_binding:
            lower, inner = ([-z for z in found.efficacy] if plan.sided == 2 else none), none
        above, *_ = _compute_exits(rates, found.efficacy, lower, inner, 0.0)
        return plan.sided * float(above.sum())

    def solve_second(c1: float) -> float:
        return solve_root(lambda c0: _find_power(make(c1, c0), c1 + c0)[0] - power, 0.01, 10.0, "power")

    c1 = solve_root(lambda c: plan.alpha - error(make(c, solve_second(c))), 1.0, 6.0, "alpha")
    return make(c1, solve_second(c1))


def _make_bounds(
    plan: SequentialPlan, upper: tuple[float, ...], futility: Sequence[float] | None, drift: float | None
) -> SequentialBounds:
    none = (-math.inf,) * len(upper)
    stops = tuple(futility) if futility else none
    harm = none
    if plan.harm is not None:
        spent = compute_spending(plan.harm[1], plan.information_rates, plan.harm[0], 1)
        rates = np.array(plan.information_rates)
        found = solve_spending_bounds(rates, spent, -np.array(upper), False, 0.0, FLOOR, _POINTS, _WEIGHTS)
        harm = tuple((-found).tolist())
    counted = stops if plan.is_binding else none
    lower, inner = ([-z for z in upper], counted) if plan.sided == 2 else (counted, none)
    above, *_ = _compute_exits(plan.information_rates, upper, lower, inner, 0.0)
    spent = tuple((plan.sided * np.cumsum(above)).tolist())
    return SequentialBounds(plan, upper, stops, harm, spent, drift)


def solve_root(function: Callable[[float], float], low: float, high: float, what: str) -> float:
    """A root of a function that rises through 0 in the bracket (Ridders 1979), to the last digits.

    Raises `InvalidDesign` where the ends do not bracket one.
    """
    at_low, at_high = function(low), function(high)
    if at_low == 0:
        return low
    if not (at_low < 0 < at_high):
        told = (
            f"no bounds reach {what} (the search from {low} to {high} found {at_low:.3g} and {at_high:.3g})"
        )
        raise InvalidDesign("group-sequential plan", [f"{told}; change alpha, beta or the family"])
    best = math.inf
    for _ in range(100):
        middle = (low + high) / 2
        at_middle = function(middle)
        scale = math.sqrt(at_middle**2 - at_low * at_high)
        if scale == 0:
            return middle
        new = middle - (middle - low) * at_middle / scale
        if abs(new - best) <= 4e-15 * max(1.0, abs(new)):
            return new
        best, at_new = new, function(new)
        if at_new == 0:
            return new
        if at_middle < 0 < at_new or at_new < 0 < at_middle:
            low, high, at_low, at_high = (
                (middle, new, at_middle, at_new) if at_middle < 0 else (new, middle, at_new, at_middle)
            )
        elif at_new < 0:
            low, at_low = new, at_new
        else:
            high, at_high = new, at_new
        if high - low <= 1e-15 * max(1.0, abs(high)):
            break
    return best

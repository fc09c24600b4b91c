"""Bounds and characteristics of group-sequential tests, to the last reliable digit."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
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
from unburden.kernels.integration import (
    compute_exits,
    solve_joint_bounds,
    solve_spending_bounds,
    sum_exits_above,
)

NODES, NODES_OF_HALVES = 48, 32
COARSE_NODES, COARSE_NODES_OF_HALVES = 20, 14
FLOOR = -8.0
_NORMAL = NormalDist()
Pair = tuple[float, float]
Rule = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
_gauss = np.polynomial.legendre.leggauss
_LEAST_WIDTH, _MOST_TIMES = 0.3, 12
_COARSE: Rule = (_gauss(COARSE_NODES), _gauss(COARSE_NODES_OF_HALVES))


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


def choose_rule(rates: Sequence[float] | np.ndarray) -> Rule:
    """Nodes enough for these information rates: 48 (32 for each of two regions), more where looks are close.

    Given z at one look, z at the next has standard deviation sqrt(1 - earlier / later rate); below 0.3
    the nodes grow in whole multiples as it shrinks, up to twelvefold (looks 0.0006 apart).
    """
    closest = max((a / b for a, b in pairwise(rates)), default=0.0)
    width = math.sqrt(max(1.0 - closest, 0.0))
    times = 1 if width >= _LEAST_WIDTH else min(math.ceil(_LEAST_WIDTH / max(width, 1e-9)), _MOST_TIMES)
    return _make_rule(times)


@lru_cache(maxsize=_MOST_TIMES)
def _make_rule(times: int) -> Rule:
    return _gauss(times * NODES), _gauss(times * NODES_OF_HALVES)


def derive_bounds(plan: SequentialPlan) -> SequentialBounds:
    """The plan's bounds. Error below 1e-10 against 400 nodes (`choose_rule` takes more for close looks).

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
    if not 0 < power < 1:
        raise InvalidDesign("group-sequential plan", [f"power is {power}; give a number between 0 and 1"])
    wanted = _NORMAL.inv_cdf(power)
    start = bounds.efficacy[-1] + wanted
    stops = _stops_of(bounds)
    return solve_root(
        lambda drift: (
            _to_normal(_sum_above(bounds.plan.information_rates, bounds.efficacy, *stops, drift)) - wanted
        ),
        0.0,
        30.0,
        f"power {power}",
        guess=max(start, 0.1),
    )


def _to_normal(probability: float) -> float:
    """The normal quantile, on which powers and errors are nearly linear; within doubles."""
    return _NORMAL.inv_cdf(min(max(probability, 1e-300), 1 - 1e-16))


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


def _compute_exits(rates, upper, lower, inner, drift: float, rule: Rule | None = None):
    return compute_exits(*_limit(rates, upper, lower, inner, drift), rule or choose_rule(rates))


def _sum_above(rates, upper, lower, inner, drift: float, rule: Rule | None = None) -> float:
    """Probability of ever leaving above."""
    return sum_exits_above(*_limit(rates, upper, lower, inner, drift), rule or choose_rule(rates))


def _limit(rates, upper, lower, inner, drift: float):
    """The arguments as the kernels take them; infinite bounds end where next to nothing lies beyond."""
    high = np.minimum(np.asarray(upper, dtype=float), -FLOOR + max(0.0, drift))
    low = np.maximum(np.asarray(lower, dtype=float), FLOOR + min(0.0, drift))
    return np.asarray(rates, dtype=float), high, np.asarray(inner, dtype=float), low, drift


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
            wanted = _NORMAL.inv_cdf(1 - plan.alpha)

            def excess(c: float) -> float:
                return _to_normal(1 - _find_error(plan, c * powers, below)) - wanted

            start = _NORMAL.inv_cdf(1 - plan.alpha / plan.sided) * (1.02 + 0.25 * max(0.0, shape))
            constant = solve_root(excess, 0.1, 12.0, "alpha", guess=start)
            return tuple((constant * powers).tolist())
        case HaybittlePeto(interim_z):
            return _derive_haybittle_peto(plan, interim_z, below)
        case _ if isinstance(plan.efficacy, Spending):
            spent = (
                compute_spending(plan.efficacy, plan.information_rates, plan.alpha, plan.sided) / plan.sided
            )
            found = solve_spending_bounds(
                rates, spent, below, plan.sided == 2, 0.0, FLOOR, choose_rule(rates)
            )
            return tuple(found.tolist())
    raise AssertionError("checked before")


def _find_error(plan: SequentialPlan, upper: np.ndarray, below: np.ndarray) -> float:
    lower = -upper if plan.sided == 2 else below
    none = np.full(len(upper), -math.inf)
    return plan.sided * _sum_above(plan.information_rates, upper, lower, none, 0.0)


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
    if plan.is_binding and not isinstance(plan.efficacy, Spending):
        raise InvalidDesign(
            "group-sequential plan",
            ["binding futility by spending needs efficacy by spending; take a spending function for both"],
        )
    rates = np.array(plan.information_rates)
    assert isinstance(plan.futility, Spending) and plan.beta is not None
    beta_spent = compute_spending(plan.futility, plan.information_rates, plan.beta, 1)
    alpha_spent, given = np.empty(0), np.empty(0)
    if plan.is_binding and isinstance(plan.efficacy, Spending):
        alpha_spent = compute_spending(plan.efficacy, plan.information_rates, plan.alpha, 1)
    else:
        given = np.array(_derive_efficacy(plan, None))

    def derive(drift: float, rule: Rule) -> tuple[np.ndarray, np.ndarray]:
        return solve_joint_bounds(rates, given, alpha_spent, beta_spent, drift, FLOOR, rule)

    def gap(drift: float, rule: Rule) -> float:
        upper, lower = derive(drift, rule)
        return lower[-1] - upper[-1]

    start = 1.05 * (_NORMAL.inv_cdf(1 - plan.alpha) + _NORMAL.inv_cdf(1 - plan.beta))
    near = _follow_secants(lambda drift: gap(drift, _COARSE), 0.5, 15.0, start)
    what = f"futility spending of beta {plan.beta}"
    fine = choose_rule(rates)
    drift = solve_root(lambda drift: gap(drift, fine), 0.5, 15.0, what, guess=near)
    upper, lower = derive(drift, fine)
    if np.any(lower[:-1] >= upper[:-1]):
        raise InvalidDesign("group-sequential plan", ["futility crosses efficacy; spend beta later"])
    return _make_bounds(plan, tuple(upper.tolist()), (*lower[:-1].tolist(), -math.inf), drift)


def _derive_pampallona_tsiatis(plan: SequentialPlan) -> SequentialBounds:
    """c1, c0 with power 1 - beta at the drift c1 + c0, and error alpha (two-sided: an inner wedge).

    Efficacy c1 × rate ** (shape - 1/2); futility (c1 + c0) × rate ** (1/2) - c0 × rate ** (shape - 1/2).
    """
    assert isinstance(plan.efficacy, PampallonaTsiatis) and plan.beta is not None
    rates = np.array(plan.information_rates)
    first = rates ** (plan.efficacy.efficacy_shape - 0.5)
    second = rates ** (plan.efficacy.futility_shape - 0.5)
    none = np.full(len(rates), -math.inf)
    wanted = _NORMAL.inv_cdf(1 - plan.alpha), _NORMAL.inv_cdf(1 - plan.beta)

    def place(c1: float, c0: float) -> tuple[np.ndarray, np.ndarray]:
        upper = c1 * first
        futile = np.minimum((c1 + c0) * np.sqrt(rates) - c0 * second, upper)
        futile = np.where(futile > 0, futile, -math.inf) if plan.sided == 2 else futile
        return upper, np.append(futile[:-1], -math.inf)

    def miss(c1: float, c0: float, rule: Rule) -> tuple[float, float]:
        """Normal quantiles of error and power, less the wanted ones."""
        upper, futile = place(c1, c0)
        lower, inner = (-upper, futile) if plan.sided == 2 else (np.append(futile[:-1], upper[-1]), none)
        power = _sum_above(rates, upper, lower, inner, c1 + c0, rule)
        if not plan.is_binding:
            lower, inner = (-upper if plan.sided == 2 else none), none
        error = plan.sided * _sum_above(rates, upper, lower, inner, 0.0, rule)
        return _to_normal(1 - error) - wanted[0], _to_normal(power) - wanted[1]

    start = 1.05 * _NORMAL.inv_cdf(1 - plan.alpha / plan.sided), max(1.05 * wanted[1], 0.05)
    near, slopes = _solve_pair(lambda c1, c0: miss(c1, c0, _COARSE), start, 1e-6, None)
    fine = choose_rule(rates)
    (c1, c0), _ = _solve_pair(lambda c1, c0: miss(c1, c0, fine), near, 1e-9, slopes)
    upper, futile = place(c1, c0)
    return _make_bounds(plan, tuple(upper.tolist()), tuple(futile.tolist()), c1 + c0)


def _solve_pair(
    function: Callable[[float, float], Pair], start: Pair, step: float, slopes: tuple[Pair, Pair] | None
) -> tuple[Pair, tuple[Pair, Pair]]:
    """A root of two smooth functions of two numbers, and their slopes there (Broyden 1965).

    Ends when a step is shorter than `step`. Raises `InvalidDesign` where steps do not shrink.
    """
    (x, y), (f, g) = start, function(*start)
    if slopes is None:
        right, above = function(x + 1e-4, y), function(x, y + 1e-4)
        slopes = (
            ((right[0] - f) / 1e-4, (above[0] - f) / 1e-4),
            ((right[1] - g) / 1e-4, (above[1] - g) / 1e-4),
        )
    for _ in range(60):
        (f_x, f_y), (g_x, g_y) = slopes
        whole = f_x * g_y - f_y * g_x
        if whole == 0.0:
            break
        dx, dy = (f_y * g - g_y * f) / whole, (g_x * f - f_x * g) / whole
        shorter = min(1.0, 0.5 / max(abs(dx), abs(dy), 1e-300))
        dx, dy = dx * shorter, dy * shorter
        x, y = max(x + dx, 0.01), max(y + dy, 0.01)
        if max(abs(dx), abs(dy)) <= step:
            return (x, y), slopes
        new_f, new_g = function(x, y)
        square = dx * dx + dy * dy
        off_f = (new_f - f - f_x * dx - f_y * dy) / square
        off_g = (new_g - g - g_x * dx - g_y * dy) / square
        slopes = (f_x + off_f * dx, f_y + off_f * dy), (g_x + off_g * dx, g_y + off_g * dy)
        f, g = new_f, new_g
    raise InvalidDesign(
        "group-sequential plan", ["no bounds reach alpha and beta together; change one of them or the shapes"]
    )


def _make_bounds(
    plan: SequentialPlan, upper: tuple[float, ...], futility: Sequence[float] | None, drift: float | None
) -> SequentialBounds:
    none = (-math.inf,) * len(upper)
    stops = tuple(futility) if futility else none
    harm = none
    if plan.harm is not None:
        spent = compute_spending(plan.harm[1], plan.information_rates, plan.harm[0], 1)
        rates = np.array(plan.information_rates)
        found = solve_spending_bounds(rates, spent, -np.array(upper), False, 0.0, FLOOR, choose_rule(rates))
        harm = tuple((-found).tolist())
    counted = stops if plan.is_binding else none
    lower, inner = ([-z for z in upper], counted) if plan.sided == 2 else (counted, none)
    above, *_ = _compute_exits(plan.information_rates, upper, lower, inner, 0.0)
    spent = tuple((plan.sided * np.cumsum(above)).tolist())
    return SequentialBounds(plan, upper, stops, harm, spent, drift)


def solve_root(
    function: Callable[[float], float], low: float, high: float, what: str, *, guess: float | None = None
) -> float:
    """A root of a function that rises through 0 in the bracket, to the last digits.

    From a good `guess` by secants, which near-linear functions settle in four or five steps; else,
    or where these stray, by Ridders (1979). Raises `InvalidDesign` where the ends do not bracket one.
    """
    if guess is not None:
        found = _follow_secants(function, low, high, guess)
        if found is not None:
            return found
    return _halve_bracket(function, low, high, what)


def _follow_secants(
    function: Callable[[float], float], low: float, high: float, guess: float
) -> float | None:
    """Where secants settle; a last step below 1e-9 leaves an error far below 1e-13. None where they stray."""
    before, at_before = guess, function(guess)
    x = guess + 1e-4 * max(1.0, abs(guess))
    for _ in range(12):
        at_x = function(x)
        if at_x in (0.0, at_before):
            return x if at_x == 0.0 else None
        step = at_x * (x - before) / (at_x - at_before)
        before, at_before, x = x, at_x, x - step
        if not low < x < high:
            return None
        if abs(step) <= 1e-9 * max(1.0, abs(x)):
            return x
    return None


def _halve_bracket(function: Callable[[float], float], low: float, high: float, what: str) -> float:
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

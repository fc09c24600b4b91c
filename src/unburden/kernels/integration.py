"""Exit probabilities of a group-sequential test by recursive integration.

Armitage, McPherson & Rowe (1969); Jennison & Turnbull (2000), chapter 19. The density of z among
trials that go on is kept at Gauss-Legendre nodes of the continuation region, which is one
interval or, for two-sided tests that may stop for futility in the middle, two.
"""

import math

import numba
import numpy as np

_SQRT_HALF = math.sqrt(0.5)
_ROOT_TWO_PI = math.sqrt(2.0 * math.pi)


_TAIL, _BELL, _SPARE, _POWER = range(4)


@numba.njit(cache=True)
def place_nodes(inner, upper, lower, rule):
    """Nodes and quadrature weights of the continuation region at one look.

    The region is (lower, upper) where `inner` is at most `lower`, else (lower, -inner) and
    (inner, upper). `rule`: points and weights of Gauss-Legendre on (-1, 1) for the one interval, then
    those for each of two. Both arrays are empty where the region is.
    """
    parts = 1 if inner <= lower else 2
    points, weights = rule[parts - 1]
    n = points.shape[0]
    if upper <= (lower if parts == 1 else inner):
        return np.empty(0), np.empty(0)
    nodes, mass = np.empty(parts * n), np.empty(parts * n)
    for part in range(parts):
        end = -inner if part < parts - 1 else upper
        half = (end - lower) / 2
        for i in range(n):
            nodes[part * n + i] = lower + half * (points[i] + 1)
            mass[part * n + i] = half * weights[i]
        lower = inner
    return nodes, mass


# Exponential as in fdlibm's e_exp.c (Sun Microsystems 1993): x = k ln 2 + r, exp r by a rational form
# of r²; k is rounded by adding and taking away 1.5 × 2**52, whose last bits then hold it. Without
# branches or conversions, so that the compiler can work on several at once.
_LN2_INVERSE, _LN2_HIGH, _LN2_LOW = (
    1.44269504088896338700,
    6.93147180369123816490e-01,
    1.90821492927058770002e-10,
)
_P1, _P2, _P3 = 1.66666666666666019037e-01, -2.77777777770155933842e-03, 6.61375632143793436117e-05
_P4, _P5 = -1.65339022054652515390e-06, 4.13813679705723846039e-08
_LEAST_EXPONENT = -700.0
_ROUNDER = 1.5 * 2.0**52
_BIAS, _FIFTY_TWO = np.int64(1023), np.int64(52)


@numba.njit(cache=True, error_model="numpy")
def fill_exponentials_of(exponents, values, powers):
    """exp of `exponents`, at most 0 and not below -700, as `values` × `powers`; all float64 of one length."""
    for j in range(exponents.shape[0]):
        x = exponents[j]
        shifted = x * _LN2_INVERSE + _ROUNDER
        k = shifted - _ROUNDER
        high, low = x - k * _LN2_HIGH, k * _LN2_LOW
        r = high - low
        z = r * r
        c = r - z * (_P1 + z * (_P2 + z * (_P3 + z * (_P4 + z * _P5))))
        values[j] = 1.0 - ((low - (r * c) / (2.0 - c)) - high)
        powers[j] = shifted
    bits = powers.view(np.int64)
    for j in range(exponents.shape[0]):
        bits[j] = (bits[j] + _BIAS) << _FIFTY_TWO


# (1 + 2 x) exp(x²) erfc(x) for x from 0 on as a polynomial of (x - 3.75) / (x + 3.75): Shepherd &
# Laframboise (1981). Coefficients from 400 Chebyshev nodes; relative error below 4e-15.
_MIDDLE, _FURTHEST = 3.75, 26.0
_E0, _E1, _E2 = 1.2375126308378261, -0.14024059858550528, 0.0035854154857491187
_E3, _E4, _E5 = 0.08227673848703172, -0.10880393015306197, 0.09230432122804538
_E6, _E7, _E8 = -0.05869339840763448, 0.02836227674661058, -0.00974658107121624
_E9, _E10, _E11 = 0.0017556295412753076, 0.0002937210073629948, -0.0002901663340439553
_E12, _E13, _E14 = 5.162688147963834e-05, 2.2410009533526675e-05, -1.1400810590842525e-05
_E15, _E16, _E17 = -1.0082829061985877e-06, 1.69680942256889e-06, -2.78048156587829e-08
_E18, _E19, _E20 = -2.1464166366058632e-07, 8.542533578292932e-09, 1.7610083204999682e-08


@numba.njit(cache=True, error_model="numpy")
def fill_tails(z, tails, bells, powers):
    """`tails`: the probability that a standard normal exceeds each z; `bells`: exp(-z²/2).

    `powers` is scratch; all float64 of one length, none the same memory. Beyond 36 the tail is that at 36.
    """
    for j in range(z.shape[0]):
        x = min(abs(z[j]) * _SQRT_HALF, _FURTHEST)
        tails[j] = -x * x
    fill_exponentials_of(tails, bells, powers)
    for j in range(z.shape[0]):
        bells[j] *= powers[j]
        x = min(abs(z[j]) * _SQRT_HALF, _FURTHEST)
        t = (x - _MIDDLE) / (x + _MIDDLE)
        high = _E14 + t * (_E15 + t * (_E16 + t * (_E17 + t * (_E18 + t * (_E19 + t * _E20)))))
        middle = _E7 + t * (_E8 + t * (_E9 + t * (_E10 + t * (_E11 + t * (_E12 + t * (_E13 + t * high))))))
        low = _E0 + t * (_E1 + t * (_E2 + t * (_E3 + t * (_E4 + t * (_E5 + t * (_E6 + t * middle))))))
        tail = 0.5 * bells[j] * low / (1.0 + 2.0 * x)
        tails[j] = 1.0 - tail if z[j] < 0.0 else tail


@numba.njit(cache=True, error_model="numpy")
def sum_tail(nodes, mass, before, rate, bound, drift, desk):
    """Tail beyond `bound` at `rate` among trials that go on, its density there and that one's slope.

    `nodes` and `mass` describe z at information `before` among trials that went on (for the first
    look: one node 0 of mass 1 at 0). `drift` is the mean of z at information 1. `desk`: float64
    (4, nodes) of scratch.
    """
    spread = math.sqrt(rate - before)
    root, last = math.sqrt(rate) / spread, math.sqrt(before) / spread
    z = desk[_SPARE]
    centre = bound * root - drift * spread
    for i in range(nodes.shape[0]):
        z[i] = centre - nodes[i] * last
    fill_tails(z, desk[_TAIL], desk[_BELL], desk[_POWER])
    tail, density, slope = 0.0, 0.0, 0.0
    for i in range(nodes.shape[0]):
        bell = mass[i] * desk[_BELL, i]
        tail += mass[i] * desk[_TAIL, i]
        density += bell
        slope -= bell * z[i]
    return tail, density * root / _ROOT_TWO_PI, slope * root * root / _ROOT_TWO_PI


@numba.njit(cache=True)
def compute_upper_tail(nodes, mass, before, rate, bound, drift):
    """Probability of going on until `rate` and exceeding `bound` there; see `sum_tail`."""
    return sum_tail(nodes, mass, before, rate, bound, drift, np.empty((4, nodes.shape[0])))[0]


@numba.njit(cache=True, error_model="numpy")
def carry_mass(nodes, mass, before, rate, drift, new_nodes, new_weights):
    """Masses at the nodes of the next look: density of z there times the quadrature weights."""
    step = rate - before
    root, last = math.sqrt(rate), math.sqrt(before)
    scale = root / (math.sqrt(step) * _ROOT_TWO_PI)
    n = new_nodes.shape[0]
    found, scores, exponents = np.zeros(n), np.empty(n), np.empty(n)
    values, powers = np.empty(n), np.empty(n)
    for j in range(n):
        scores[j] = new_nodes[j] * root - drift * step
    for i in range(nodes.shape[0]):
        shift, factor = nodes[i] * last, -0.5 / step
        for j in range(n):
            distance = scores[j] - shift
            exponents[j] = max(factor * distance * distance, _LEAST_EXPONENT)
        fill_exponentials_of(exponents, values, powers)
        for j in range(n):
            found[j] += mass[i] * (values[j] * powers[j])
    for j in range(n):
        found[j] *= scale * new_weights[j]
    return found


@numba.njit(cache=True, error_model="numpy")
def guess_quantile(tail):
    """The z that a standard normal exceeds with probability `tail`, within 0.0005 (Hastings 1955)."""
    r = math.sqrt(-2.0 * math.log(min(tail, 1.0 - tail)))
    top = 2.515517 + 0.802853 * r + 0.010328 * r * r
    z = r - top / (1.0 + 1.432788 * r + 0.189269 * r * r + 0.001308 * r * r * r)
    return z if tail < 0.5 else -z


@numba.njit(cache=True, error_model="numpy")
def solve_upper_bound(nodes, mass, before, rate, target, drift):
    """The bound whose upper tail among trials that went on is `target`.

    Halley's steps on the logarithm of the tail, kept in a bracket; the error after one is about the
    cube of the step.
    """
    low, high = -20.0, 40.0
    guess = drift * math.sqrt(rate) + guess_quantile(target)
    desk = np.empty((4, nodes.shape[0]))
    for _ in range(200):
        tail, density, slope = sum_tail(nodes, mass, before, rate, guess, drift, desk)
        first = -density / tail
        second = -slope / tail - first * first
        excess = math.log(tail / target)
        step = -2.0 * excess * first / (2.0 * first * first - excess * second)
        if abs(step) <= 1e-5:
            return guess + step
        if excess > 0.0:
            low = guess
        else:
            high = guess
        guess += step
        if not low < guess < high:
            guess = (low + high) / 2
    return guess


@numba.njit(cache=True)
def add_up(values):
    total = 0.0
    for i in range(values.shape[0]):
        total += values[i]
    return total


@numba.njit(cache=True)
def compute_exits(rates, upper, inner, lower, drift, rule):
    """Probability of leaving first at each look: above, below, and in the middle.

    Arrays of shape (looks,): the trial stops above `upper`, below `lower` and, where `inner` is
    positive, between -`inner` and `inner` (`inner` at most `lower` means no middle).
    """
    looks = rates.shape[0]
    above, below, middle = np.zeros(looks), np.zeros(looks), np.zeros(looks)
    nodes, mass = np.zeros(1), np.ones(1)
    before = 0.0
    for k in range(looks):
        above[k] = compute_upper_tail(nodes, mass, before, rates[k], upper[k], drift)
        below[k] = add_up(mass) - compute_upper_tail(nodes, mass, before, rates[k], lower[k], drift)
        if inner[k] > lower[k]:
            middle[k] = compute_upper_tail(nodes, mass, before, rates[k], -inner[k], drift)
            middle[k] -= compute_upper_tail(nodes, mass, before, rates[k], inner[k], drift)
        if k < looks - 1:
            new_nodes, new_weights = place_nodes(inner[k], upper[k], lower[k], rule)
            mass = carry_mass(nodes, mass, before, rates[k], drift, new_nodes, new_weights)
            nodes = new_nodes
        before = rates[k]
    return above, below, middle


@numba.njit(cache=True)
def sum_exits_above(rates, upper, inner, lower, drift, rule):
    """Probability of ever leaving above: the sum of the first array of `compute_exits`, in half the time."""
    looks = rates.shape[0]
    nodes, mass = np.zeros(1), np.ones(1)
    before, total = 0.0, 0.0
    for k in range(looks):
        total += compute_upper_tail(nodes, mass, before, rates[k], upper[k], drift)
        if k < looks - 1:
            new_nodes, new_weights = place_nodes(inner[k], upper[k], lower[k], rule)
            mass = carry_mass(nodes, mass, before, rates[k], drift, new_nodes, new_weights)
            nodes = new_nodes
        before = rates[k]
    return total


@numba.njit(cache=True)
def solve_spending_bounds(rates, spent, lower, is_symmetric, drift, floor, rule):
    """Upper bounds whose first crossing spends the increments of `spent` (cumulative, shape (looks,)).

    `lower` are the bounds below which a trial has stopped; where the test `is_symmetric` they are
    the mirror of the upper ones. `floor` stands for minus infinity. An increment of 0 gives no
    bound (infinity).
    """
    looks = rates.shape[0]
    bounds = np.empty(looks)
    nodes, mass = np.zeros(1), np.ones(1)
    before = 0.0
    done = 0.0
    for k in range(looks):
        target = spent[k] - done
        done = spent[k]
        bounds[k] = math.inf
        if target > 1e-300:
            bounds[k] = solve_upper_bound(nodes, mass, before, rates[k], target, drift)
        if k < looks - 1:
            top = min(bounds[k], -floor)
            bottom = -top if is_symmetric else max(lower[k], floor)
            new_nodes, new_weights = place_nodes(-math.inf, top, bottom, rule)
            mass = carry_mass(nodes, mass, before, rates[k], drift, new_nodes, new_weights)
            nodes = new_nodes
        before = rates[k]
    return bounds


@numba.njit(cache=True)
def solve_joint_bounds(rates, given, alpha_spent, beta_spent, drift, floor, rule):
    """Upper and lower bounds together, in one sweep: arrays of shape (looks,).

    The lower ones spend `beta_spent` where z has mean `drift` at full information. The upper ones
    are `given` or, where that is empty, spend `alpha_spent` under the null among trials that
    neither bound has stopped. Both laws live on the same nodes.
    """
    looks = rates.shape[0]
    upper, lower = np.empty(looks), np.empty(looks)
    nodes, null, other = np.zeros(1), np.ones(1), np.ones(1)
    before, alpha_done, beta_done = 0.0, 0.0, 0.0
    is_bound = given.shape[0] == 0
    for k in range(looks):
        if is_bound:
            target = alpha_spent[k] - alpha_done
            alpha_done = alpha_spent[k]
            upper[k] = math.inf
            if target > 1e-300:
                upper[k] = solve_upper_bound(nodes, null, before, rates[k], target, 0.0)
        else:
            upper[k] = given[k]
        target = beta_spent[k] - beta_done
        beta_done = beta_spent[k]
        lower[k] = -math.inf
        if target > 1e-300:
            lower[k] = -solve_upper_bound(-nodes, other, before, rates[k], target, -drift)
        if k < looks - 1:
            top, bottom = min(upper[k], drift - floor), max(lower[k], floor)
            new_nodes, new_weights = place_nodes(-math.inf, top, bottom, rule)
            if is_bound:
                null = carry_mass(nodes, null, before, rates[k], 0.0, new_nodes, new_weights)
            other = carry_mass(nodes, other, before, rates[k], drift, new_nodes, new_weights)
            nodes = new_nodes
        before = rates[k]
    return upper, lower

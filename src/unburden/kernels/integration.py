"""Exit probabilities of a group-sequential test by recursive integration.

Armitage, McPherson & Rowe (1969); Jennison & Turnbull (2000), chapter 19. The density of z among
trials that go on is kept at Gauss-Legendre nodes of the continuation region, which is one
interval or, for two-sided tests that may stop for futility in the middle, two.
"""

import math

import numba
import numpy as np

_ROOT_TWO = math.sqrt(2.0)
_ROOT_TWO_PI = math.sqrt(2.0 * math.pi)


@numba.njit(cache=True)
def place_nodes(inner, upper, lower, points, weights):
    """Nodes and quadrature weights of the continuation region at one look.

    The region is (lower, upper) where `inner` is at most `lower`, else (lower, -inner) and
    (inner, upper). `points` and `weights` are those of Gauss-Legendre on (-1, 1). Both arrays are
    empty where the region is.
    """
    n = points.shape[0]
    if inner <= lower:
        if upper <= lower:
            return np.empty(0), np.empty(0)
        half = (upper - lower) / 2
        return lower + half * (points + 1), half * weights
    if upper <= inner:
        return np.empty(0), np.empty(0)
    nodes = np.empty(2 * n)
    mass = np.empty(2 * n)
    half = (upper - inner) / 2
    for i in range(n):
        nodes[n + i] = inner + half * (points[i] + 1)
        mass[n + i] = half * weights[i]
    half = (-inner - lower) / 2
    for i in range(n):
        nodes[i] = lower + half * (points[i] + 1)
        mass[i] = half * weights[i]
    return nodes, mass


@numba.njit(cache=True)
def compute_upper_tail(nodes, mass, before, rate, bound, drift):
    """Probability of going on until `rate` and exceeding `bound` there.

    `nodes` and `mass` describe z at information `before` among trials that went on (for the first
    look: one node 0 of mass 1 at 0). `drift` is the mean of z at information 1.
    """
    step = math.sqrt(rate - before)
    root, last = math.sqrt(rate), math.sqrt(before)
    centre = bound * root - drift * (rate - before)
    total = 0.0
    for i in range(nodes.shape[0]):
        total += mass[i] * math.erfc((centre - nodes[i] * last) / (step * _ROOT_TWO))
    return total / 2


@numba.njit(cache=True)
def compute_density(nodes, mass, before, rate, bound, drift):
    """Density of z at `rate` at one point, among trials that went on."""
    step = rate - before
    root, last = math.sqrt(rate), math.sqrt(before)
    centre = bound * root - drift * step
    total = 0.0
    for i in range(nodes.shape[0]):
        score = centre - nodes[i] * last
        total += mass[i] * math.exp(-score * score / (2 * step))
    return total * root / (math.sqrt(step) * _ROOT_TWO_PI)


# Exponential as in fdlibm's e_exp.c (Sun Microsystems 1993): x = k ln 2 + r, exp r by a rational form
# of r². Without branches, so that the compiler can work on several at once.
_LN2_INVERSE, _LN2_HIGH, _LN2_LOW = (
    1.44269504088896338700,
    6.93147180369123816490e-01,
    1.90821492927058770002e-10,
)
_P1, _P2, _P3 = 1.66666666666666019037e-01, -2.77777777770155933842e-03, 6.61375632143793436117e-05
_P4, _P5 = -1.65339022054652515390e-06, 4.13813679705723846039e-08
_LEAST_EXPONENT = -700.0
_BIAS, _FIFTY_TWO = np.int64(1023), np.int64(52)


@numba.njit(cache=True, error_model="numpy")
def add_normal_terms(scores, shift, factor, mass, values, powers, out):
    """Add `mass` × exp(-`factor` (score - shift)²) to `out` for each of the scores.

    `values` and `powers` are scratch, float64 of the same length, none the same memory.
    """
    bits = powers.view(np.int64)
    for j in range(scores.shape[0]):
        distance = scores[j] - shift
        x = max(-factor * distance * distance, _LEAST_EXPONENT)
        k = np.floor(x * _LN2_INVERSE + 0.5)
        high, low = x - k * _LN2_HIGH, k * _LN2_LOW
        r = high - low
        z = r * r
        c = r - z * (_P1 + z * (_P2 + z * (_P3 + z * (_P4 + z * _P5))))
        values[j] = 1.0 - ((low - (r * c) / (2.0 - c)) - high)
        bits[j] = (np.int64(k) + _BIAS) << _FIFTY_TWO
    for j in range(scores.shape[0]):
        out[j] += mass * (values[j] * powers[j])


@numba.njit(cache=True, error_model="numpy")
def carry_mass(nodes, mass, before, rate, drift, new_nodes, new_weights):
    """Masses at the nodes of the next look: density of z there times the quadrature weights."""
    step = rate - before
    root, last = math.sqrt(rate), math.sqrt(before)
    scale = root / (math.sqrt(step) * _ROOT_TWO_PI)
    n = new_nodes.shape[0]
    found, scores = np.zeros(n), np.empty(n)
    values, powers = np.empty(n), np.empty(n)
    for j in range(n):
        scores[j] = new_nodes[j] * root - drift * step
    for i in range(nodes.shape[0]):
        add_normal_terms(scores, nodes[i] * last, 0.5 / step, mass[i], values, powers, found)
    for j in range(n):
        found[j] *= scale * new_weights[j]
    return found


@numba.njit(cache=True)
def solve_upper_bound(nodes, mass, before, rate, target, drift):
    """The bound whose upper tail among trials that went on is `target`; Newton kept in a bracket."""
    low, high = -20.0, 40.0
    guess = 2.0
    for _ in range(200):
        excess = compute_upper_tail(nodes, mass, before, rate, guess, drift) - target
        if excess > 0.0:
            low = guess
        else:
            high = guess
        slope = compute_density(nodes, mass, before, rate, guess, drift)
        step = excess / slope if slope > 1e-300 else math.inf
        new = guess + step
        if not low < new < high:
            new = (low + high) / 2
        if abs(new - guess) <= 1e-8 * max(1.0, abs(guess)):
            return new  # Newton's next error is about the square of its step
        guess = new
    return guess


@numba.njit(cache=True)
def compute_exits(rates, upper, inner, lower, drift, points, weights):
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
        total = mass.sum()
        below[k] = total - compute_upper_tail(nodes, mass, before, rates[k], lower[k], drift)
        if inner[k] > lower[k]:
            middle[k] = compute_upper_tail(nodes, mass, before, rates[k], -inner[k], drift)
            middle[k] -= compute_upper_tail(nodes, mass, before, rates[k], inner[k], drift)
        if k < looks - 1:
            new_nodes, new_weights = place_nodes(inner[k], upper[k], lower[k], points, weights)
            mass = carry_mass(nodes, mass, before, rates[k], drift, new_nodes, new_weights)
            nodes = new_nodes
        before = rates[k]
    return above, below, middle


@numba.njit(cache=True)
def solve_spending_bounds(rates, spent, lower, is_symmetric, drift, floor, points, weights):
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
            new_nodes, new_weights = place_nodes(-math.inf, top, bottom, points, weights)
            mass = carry_mass(nodes, mass, before, rates[k], drift, new_nodes, new_weights)
            nodes = new_nodes
        before = rates[k]
    return bounds


@numba.njit(cache=True)
def solve_joint_bounds(rates, given, alpha_spent, beta_spent, drift, floor, points, weights):
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
            new_nodes, new_weights = place_nodes(-math.inf, top, bottom, points, weights)
            if is_bound:
                null = carry_mass(nodes, null, before, rates[k], 0.0, new_nodes, new_weights)
            other = carry_mass(nodes, other, before, rates[k], drift, new_nodes, new_weights)
            nodes = new_nodes
        before = rates[k]
    return upper, lower

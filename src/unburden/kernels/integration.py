"""Exit probabilities of a group-sequential test by recursive integration.

Armitage, McPherson & Rowe (1969); Jennison & Turnbull (2000), chapter 19. The density of z among
trials that go on is kept at Gauss-Legendre nodes of the continuation region, which is one
interval or, for two-sided tests that may stop for futility in the middle, two.
"""

import math

import numba
import numpy as np

NEGLIGIBLE = 8.5  # standard deviations beyond which a normal density adds nothing in double precision
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


@numba.njit(cache=True)
def carry_mass(nodes, mass, before, rate, drift, new_nodes, new_weights):
    """Masses at the nodes of the next look: density of z there times the quadrature weights."""
    step = rate - before
    root, last = math.sqrt(rate), math.sqrt(before)
    scale = root / (math.sqrt(step) * _ROOT_TWO_PI)
    reach = NEGLIGIBLE * math.sqrt(step)
    found = np.empty(new_nodes.shape[0])
    for j in range(new_nodes.shape[0]):
        centre = new_nodes[j] * root - drift * step
        total = 0.0
        for i in range(nodes.shape[0]):
            score = centre - nodes[i] * last
            if -reach < score < reach:
                total += mass[i] * math.exp(-score * score / (2 * step))
        found[j] = total * scale * new_weights[j]
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
        if abs(new - guess) <= 1e-14 * max(1.0, abs(guess)):
            return new
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

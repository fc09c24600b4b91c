"""Mixed model for repeated measures: unstructured covariance by restricted maximum likelihood.

Every fixed effect is crossed with visit: patient i has at visit t the mean x_i' b_t, with x_i the
intercept, the treatment and, where there is one, the baseline. The data then enter only through
cross-products within each pattern of seen visits, so that an iteration costs the same for any
number of patients. Notation: W_p the inverse covariance of pattern p's visits, padded with zeros;
A = Σ_p W_p ⊗ Σ x x'; score for the covariance after Jennrich & Schluchter (1986), Biometrics 42;
degrees of freedom after Satterthwaite (Fai & Cornelius 1996) from the expected restricted information.
"""

import math
from typing import NamedTuple

import numba
import numpy as np

from unburden.kernels.cholesky import factor_in_place, invert_factor, solve_in_place

MOST_VISITS = 12
_STEPS, _HALVINGS, _TOLERANCE, _NOISE = 200, 12, 1e-13, 1e-12


class Patterns(NamedTuple):
    """Cross-products of the patients that were seen at the same visits.

    `masks` (p,): bit t for visit t; `counts` (p,); `products` (p, v + q, v + q): of outcomes (0
    where unseen) and covariates; `number` (1,): how many of the p are in use; `places` (2**v,):
    where a mask's products stand, -1 for nowhere.
    """

    masks: np.ndarray
    counts: np.ndarray
    products: np.ndarray
    number: np.ndarray
    places: np.ndarray


class Fit(NamedTuple):
    """Effect of treatment at the last visit, its standard error and degrees of freedom."""

    effect: float
    error: float
    degrees: float


@numba.njit(cache=True)
def allocate_patterns(visits, covariates, most):
    """Room for at most `most` patterns."""
    size = visits + covariates
    return Patterns(
        np.zeros(most, np.int64),
        np.zeros(most),
        np.zeros((most, size, size)),
        np.zeros(1, np.int64),
        np.full(1 << visits, -1, np.int64),
    )


@numba.njit(cache=True, error_model="numpy")
def gather_patterns(outcomes, is_seen, covariates, patterns):
    """Sum the cross-products of `outcomes` (n, v) and `covariates` (n, q); unseen patients are left out."""
    n, visits = outcomes.shape
    size = visits + covariates.shape[1]
    for k in range(patterns.number[0]):
        patterns.places[patterns.masks[k]] = -1
    patterns.number[0] = 0
    row = np.zeros(size)
    for i in range(n):
        mask = 0
        for t in range(visits):
            row[t] = 0.0
            if is_seen[i, t]:
                mask |= 1 << t
                row[t] = outcomes[i, t]
        if mask == 0:
            continue
        place = patterns.places[mask]
        if place < 0:
            place = patterns.number[0]
            patterns.number[0] += 1
            patterns.places[mask] = place
            patterns.masks[place] = mask
            patterns.counts[place] = 0.0
            patterns.products[place] = 0.0
        patterns.counts[place] += 1.0
        row[visits:] = covariates[i]
        products = patterns.products[place]
        for a in range(size):
            if row[a] != 0.0:
                for b in range(a + 1):
                    products[a, b] += row[a] * row[b]
    for k in range(patterns.number[0]):
        for a in range(size):
            for b in range(a):
                patterns.products[k, b, a] = patterns.products[k, a, b]


@numba.njit(cache=True, error_model="numpy")
def fill_weights(covariance, patterns, visits, weights):
    """W of each pattern; the log-determinants' sum over patients, or nan where one has none."""
    total = 0.0
    part, inverse = np.empty((visits, visits)), np.empty((visits, visits))
    chosen = np.empty(visits, np.int64)
    for p in range(patterns.number[0]):
        seen = 0
        for t in range(visits):
            if patterns.masks[p] >> t & 1:
                chosen[seen] = t
                seen += 1
        for a in range(seen):
            for b in range(seen):
                part[a, b] = covariance[chosen[a], chosen[b]]
        if not factor_in_place(part, seen):
            return math.nan
        for a in range(seen):
            total += 2.0 * patterns.counts[p] * math.log(part[a, a])
        invert_factor(part, seen, inverse)
        weights[p] = 0.0
        for a in range(seen):
            for b in range(seen):
                weights[p, chosen[a], chosen[b]] = inverse[a, b]
    return total


@numba.njit(cache=True, error_model="numpy")
def solve_effects(patterns, weights, visits, covariates, information, effects):
    """Generalised least squares: fill `effects` (v, q) and the inverse of A into `information`.

    The log-determinant of A, or nan where it has none.
    """
    size = visits * covariates
    information[:] = 0.0
    right = np.zeros(size)
    for p in range(patterns.number[0]):
        products = patterns.products[p]
        for s in range(visits):
            for t in range(visits):
                weight = weights[p, s, t]
                if weight != 0.0:
                    for a in range(covariates):
                        right[s * covariates + a] += weight * products[t, visits + a]
                        for b in range(covariates):
                            information[s * covariates + a, t * covariates + b] += (
                                weight * products[visits + a, visits + b]
                            )
    factor = information.copy()
    if not factor_in_place(factor, size):
        return math.nan
    solve_in_place(factor, size, right)
    invert_factor(factor, size, information)
    total = 0.0
    for k in range(size):
        effects[k // covariates, k % covariates] = right[k]
        total += 2.0 * math.log(factor[k, k])
    return total


@numba.njit(cache=True, error_model="numpy")
def fill_residuals(products, effects, visits, covariates, out):
    """Cross-products of the residuals of one pattern (v, v)."""
    for s in range(visits):
        for t in range(visits):
            total = products[s, t]
            for a in range(covariates):
                total -= effects[s, a] * products[visits + a, t] + effects[t, a] * products[visits + a, s]
                for b in range(covariates):
                    total += effects[s, a] * effects[t, b] * products[visits + a, visits + b]
            out[s, t] = total


@numba.njit(cache=True, error_model="numpy")
def fill_doubts(products, inverse, visits, covariates, out):
    """C = Σ x_i' (block s, t of the inverse of A) x_i of one pattern (v, v)."""
    for s in range(visits):
        for t in range(visits):
            total = 0.0
            for a in range(covariates):
                for b in range(covariates):
                    total += (
                        inverse[s * covariates + a, t * covariates + b] * products[visits + a, visits + b]
                    )
            out[s, t] = total


@numba.njit(cache=True, error_model="numpy")
def multiply(left, right, out):
    """out = left @ right for small square matrices."""
    size = left.shape[0]
    for i in range(size):
        for j in range(size):
            total = 0.0
            for k in range(size):
                total += left[i, k] * right[k, j]
            out[i, j] = total


@numba.njit(cache=True, error_model="numpy")
def fill_score(patterns, weights, effects, inverse, visits, covariates, score):
    """Derivative of the restricted likelihood for the covariance; Σ tr(W R) over the patterns."""
    residuals, doubts = np.empty((visits, visits)), np.empty((visits, visits))
    half, whole = np.empty((visits, visits)), np.empty((visits, visits))
    score[:] = 0.0
    quadratic = 0.0
    for p in range(patterns.number[0]):
        fill_residuals(patterns.products[p], effects, visits, covariates, residuals)
        fill_doubts(patterns.products[p], inverse, visits, covariates, doubts)
        for s in range(visits):
            for t in range(visits):
                quadratic += weights[p, s, t] * residuals[s, t]
                residuals[s, t] += doubts[s, t]
        multiply(weights[p], residuals, half)
        multiply(half, weights[p], whole)
        for s in range(visits):
            for t in range(visits):
                score[s, t] += 0.5 * (whole[s, t] - patterns.counts[p] * weights[p, s, t])
    return quadratic


@numba.njit(cache=True, error_model="numpy")
def pair_trace(first, second, j, k, m, n):
    """tr(first E_jk second E_mn) of symmetric matrices, E the symmetric unit matrices."""
    total = first[n, j] * second[k, m]
    if j != k:
        total += first[n, k] * second[j, m]
    if m != n:
        total += first[m, j] * second[k, n]
        if j != k:
            total += first[m, k] * second[j, n]
    return total


@numba.njit(cache=True, error_model="numpy")
def fill_information(patterns, weights, visits, information):
    """Expected information of the covariance's lower triangle, as if the effects were known."""
    parameters = visits * (visits + 1) // 2
    for p in range(patterns.number[0]):
        scale = 0.5 * patterns.counts[p]
        weight = weights[p]
        a = 0
        for j in range(visits):
            for k in range(j + 1):
                b = 0
                for m in range(visits):
                    for n in range(m + 1):
                        if b > a:
                            break
                        added = scale * pair_trace(weight, weight, j, k, m, n)
                        information[a, b] = added if p == 0 else information[a, b] + added
                        b += 1
                a += 1
    for a in range(parameters):
        for b in range(a):
            information[b, a] = information[a, b]


@numba.njit(cache=True, error_model="numpy")
def start_covariance(patterns, visits, covariates, covariance):
    """Variances of the residuals at each visit, no covariances; False where a visit cannot be fitted."""
    covariance[:] = 0.0
    normal, right = np.empty((covariates, covariates)), np.empty(covariates)
    for t in range(visits):
        normal[:] = 0.0
        right[:] = 0.0
        square, count = 0.0, 0.0
        for p in range(patterns.number[0]):
            if patterns.masks[p] >> t & 1:
                products = patterns.products[p]
                count += patterns.counts[p]
                square += products[t, t]
                for a in range(covariates):
                    right[a] += products[visits + a, t]
                    for b in range(covariates):
                        normal[a, b] += products[visits + a, visits + b]
        if count <= covariates or not factor_in_place(normal, covariates):
            return False
        solved = right.copy()
        solve_in_place(normal, covariates, solved)
        rest = square
        for a in range(covariates):
            rest -= right[a] * solved[a]
        if not rest > 1e-12 * square:
            return False
        covariance[t, t] = rest / (count - covariates)
    return True


@numba.njit(cache=True, error_model="numpy")
def fit_covariance(patterns, visits, covariates, covariance, weights, inverse, effects):
    """Restricted maximum likelihood by Fisher scoring, with an EM step where scoring would fall.

    Fills all four; False where it does not converge or the data do not tell the covariance.
    """
    if not start_covariance(patterns, visits, covariates, covariance):
        return False
    score, trial = np.empty((visits, visits)), np.empty((visits, visits))
    step = np.empty(visits * (visits + 1) // 2)
    old, gain = -math.inf, math.inf
    trial[:] = covariance
    is_scoring, fraction, halvings = False, 1.0, 0
    for _ in range(_STEPS):
        log_weights = fill_weights(trial, patterns, visits, weights)
        log_effects = solve_effects(patterns, weights, visits, covariates, inverse, effects)
        likelihood, noise = -math.inf, 0.0
        if not math.isnan(log_weights + log_effects):
            quadratic = fill_score(patterns, weights, effects, inverse, visits, covariates, score)
            likelihood = -0.5 * (log_weights + log_effects + quadratic)
            noise = _NOISE * (abs(log_weights) + abs(log_effects) + quadratic)
        if not likelihood >= old - noise:
            halvings += 1
            if not is_scoring or halvings > _HALVINGS:
                return False
            fraction *= 0.5
            move(covariance, step, fraction, visits, trial)
            continue
        if is_scoring and fraction == 1.0 and gain < _TOLERANCE:
            covariance[:] = trial
            return True
        covariance[:] = trial
        old, fraction, halvings = likelihood, 1.0, 0
        gain = fill_step(patterns, weights, visits, score, step)
        is_scoring = gain < math.inf
        if is_scoring:
            move(covariance, step, 1.0, visits, trial)
        else:
            move_by_expectation(covariance, score, patterns, visits, trial)
    return False


@numba.njit(cache=True)
def fill_slope(slopes, visits, out):
    """Derivative for the lower triangle of a symmetric matrix, from that for its elements."""
    a = 0
    for j in range(visits):
        for k in range(j + 1):
            out[a] = slopes[j, k] * (1.0 if j == k else 2.0)
            a += 1


@numba.njit(cache=True, error_model="numpy")
def fill_step(patterns, weights, visits, score, step):
    """Fill the scoring step on the lower triangle; twice the gain it promises, infinite without a step."""
    parameters = visits * (visits + 1) // 2
    information = np.empty((parameters, parameters))
    fill_information(patterns, weights, visits, information)
    fill_slope(score, visits, step)
    slope = step.copy()
    if not factor_in_place(information, parameters):
        return math.inf
    solve_in_place(information, parameters, step)
    gain = 0.0
    for a in range(parameters):
        gain += slope[a] * step[a]
    return gain


@numba.njit(cache=True, error_model="numpy")
def move_by_expectation(covariance, score, patterns, visits, out):
    """out = the covariance after a step of the EM algorithm: V + 2/n V (score) V."""
    patients = 0.0
    for p in range(patterns.number[0]):
        patients += patterns.counts[p]
    half = np.empty((visits, visits))
    multiply(covariance, score, half)
    multiply(half, covariance, out)
    for s in range(visits):
        for t in range(visits):
            out[s, t] = covariance[s, t] + 2.0 / patients * out[s, t]


@numba.njit(cache=True)
def move(covariance, step, fraction, visits, out):
    """out = covariance + fraction × the step on its lower triangle."""
    a = 0
    for j in range(visits):
        for k in range(j + 1):
            out[j, k] = covariance[j, k] + fraction * step[a]
            out[k, j] = out[j, k]
            a += 1


@numba.njit(cache=True, error_model="numpy")
def add_pull(weight, products, j, k, visits, covariates, out):
    """Add Σ X' W E_jk W X of one pattern."""
    for s in range(visits):
        for t in range(visits):
            pull = weight[s, j] * weight[k, t]
            if j != k:
                pull += weight[s, k] * weight[j, t]
            if pull == 0.0:
                continue
            for c in range(covariates):
                for d in range(covariates):
                    out[s * covariates + c, t * covariates + d] += pull * products[visits + c, visits + d]


@numba.njit(cache=True, error_model="numpy")
def fill_restricted_information(patterns, weights, inverse, visits, covariates, information):
    """Expected information of the covariance from the restricted likelihood.

    ½ tr(P E_a P E_b), P = W - W X A⁻¹ X' W, from `fill_information`'s first term.
    """
    parameters, size = visits * (visits + 1) // 2, visits * covariates
    doubts, half, middle = (
        np.empty((visits, visits)),
        np.empty((visits, visits)),
        np.empty((visits, visits)),
    )
    pulls = np.zeros((parameters, size, size))  # B_a = Σ X' W E_a W X
    for p in range(patterns.number[0]):
        weight, products = weights[p], patterns.products[p]
        fill_doubts(products, inverse, visits, covariates, doubts)
        multiply(weight, doubts, half)
        multiply(half, weight, middle)
        a = 0
        for j in range(visits):
            for k in range(j + 1):
                b = 0
                for m in range(visits):
                    for n in range(m + 1):
                        information[a, b] -= 0.5 * (
                            pair_trace(middle, weight, j, k, m, n) + pair_trace(weight, middle, j, k, m, n)
                        )
                        b += 1
                add_pull(weight, products, j, k, visits, covariates, pulls[a])
                a += 1
    turned = np.empty((parameters, size, size))
    for a in range(parameters):
        multiply(inverse, pulls[a], turned[a])
    for a in range(parameters):
        for b in range(parameters):
            total = 0.0
            for c in range(size):
                for d in range(size):
                    total += turned[a, c, d] * turned[b, d, c]
            information[a, b] += 0.5 * total


@numba.njit(cache=True, error_model="numpy")
def find_degrees(patterns, weights, inverse, visits, covariates):
    """Satterthwaite's degrees of freedom for treatment (covariate 1) at the last visit; nan without."""
    parameters = visits * (visits + 1) // 2
    information = np.zeros((parameters, parameters))
    fill_information(patterns, weights, visits, information)
    fill_restricted_information(patterns, weights, inverse, visits, covariates, information)
    place = (visits - 1) * covariates + 1
    slopes = np.zeros((visits, visits))
    spread, half, whole = np.empty((visits, visits)), np.empty((visits, visits)), np.empty((visits, visits))
    for p in range(patterns.number[0]):
        products = patterns.products[p]
        for s in range(visits):
            for t in range(visits):
                total = 0.0
                for a in range(covariates):
                    for b in range(covariates):
                        total += (
                            inverse[place, s * covariates + a]
                            * inverse[place, t * covariates + b]
                            * products[visits + a, visits + b]
                        )
                spread[s, t] = total
        multiply(weights[p], spread, half)
        multiply(half, weights[p], whole)
        slopes += whole
    slope = np.empty(parameters)
    fill_slope(slopes, visits, slope)
    solved = slope.copy()
    if not factor_in_place(information, parameters):
        return math.nan
    solve_in_place(information, parameters, solved)
    spread_of_variance = 0.0
    for a in range(parameters):
        spread_of_variance += slope[a] * solved[a]
    return 2.0 * inverse[place, place] ** 2 / spread_of_variance


@numba.njit(cache=True, error_model="numpy")
def fit_mixed_model(patterns, visits, covariates):
    """Effect of treatment at the last visit; (nan, nan, nan) where the data do not tell it.

    Visits that nobody was seen at must be left out before.
    """
    covariance, effects = np.empty((visits, visits)), np.empty((visits, covariates))
    weights = np.zeros((patterns.number[0], visits, visits))
    inverse = np.empty((visits * covariates, visits * covariates))
    if not fit_covariance(patterns, visits, covariates, covariance, weights, inverse, effects):
        return Fit(math.nan, math.nan, math.nan)
    place = (visits - 1) * covariates + 1
    degrees = find_degrees(patterns, weights, inverse, visits, covariates)
    return Fit(effects[visits - 1, 1], math.sqrt(inverse[place, place]), degrees)

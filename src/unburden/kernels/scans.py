"""Expected events, risk sets and log-rank score of two arms whose events are seen at scans only.

Time since entry is cut into cells; scans of either arm lie on their edges. Atom 2j is the middle of
cell j (deaths, or all events where they are seen at once), atom 2j + 1 the edge that ends it (scans).
"""

import math
from typing import NamedTuple

import numba
import numpy as np


class Atoms(NamedTuple):
    """Where events are seen: `month` (k,) since entry, and whether those of an atom are ties (k,).

    Of each arm (2, k): the probabilities of an event there and of being at risk for it, had all entered
    long ago, and whether the arm is scanned there.
    """

    month: np.ndarray
    is_tied: np.ndarray
    events: np.ndarray
    at_risk: np.ndarray
    is_scan: np.ndarray


@numba.njit(cache=True)
def allocate_atoms(cells):
    """Room for the atoms of so many cells."""
    k = 2 * cells
    is_tied, is_scan = np.zeros(k, np.bool_), np.zeros((2, k), np.bool_)
    return Atoms(np.empty(k), is_tied, np.zeros((2, k)), np.zeros((2, k)), is_scan)


@numba.njit(cache=True, error_model="numpy")
def fill_scan_atoms(edges, is_scan, progression, death, death_middle, dropout, arm, atoms):
    """Fill one arm's atoms: progression seen at the next scan, death at once, dropout at the last scan.

    `progression`, `death` (k + 1,): cumulative hazards at the edges; `death_middle` (k,) at the
    middles. Who drops out between scans counts as leaving at the last scan, so that who is at risk of
    death between scans are those who will die in time or come to the next scan. Exact where the
    death hazard is constant in each cell.
    """
    cells = edges.shape[0] - 1
    last_scan, seen = 0.0, np.empty(cells)
    for j in range(cells):
        if is_scan[j] and j > 0:
            last_scan = progression[j]
        seen[j] = last_scan
    ahead = 0.0
    for j in range(cells - 1, -1, -1):
        start, end, free = edges[j], edges[j + 1], math.exp(-seen[j])
        middle = 0.5 * (start + end)
        stay_start = math.exp(-death[j] - dropout * start)
        stay_end = math.exp(-death[j + 1] - dropout * end)
        stay_middle = math.exp(-death_middle[j] - dropout * middle)
        if is_scan[j + 1] or j == cells - 1:
            ahead = free * stay_end
        gone = death[j + 1] - death[j]
        leaving = gone + dropout * (end - start)
        share = gone / leaving if leaving > 0.0 else 0.0
        atoms.at_risk[arm, 2 * j + 1] = ahead
        atoms.is_scan[arm, 2 * j + 1] = is_scan[j + 1]
        if is_scan[j + 1]:
            atoms.events[arm, 2 * j + 1] = -ahead * math.expm1(seen[j] - progression[j + 1])
        else:
            atoms.events[arm, 2 * j + 1] = 0.0
        atoms.at_risk[arm, 2 * j] = ahead + free * share * (stay_middle - stay_end)
        atoms.events[arm, 2 * j] = free * share * (stay_start - stay_end)
        ahead += atoms.events[arm, 2 * j]


@numba.njit(cache=True, error_model="numpy")
def fill_continuous_atoms(edges, hazard, hazard_middle, dropout, arm, atoms):
    """Fill one arm's atoms if every event and dropout were seen at once; cumulative hazards as above."""
    for j in range(edges.shape[0] - 1):
        start, end = edges[j], edges[j + 1]
        gone = hazard[j + 1] - hazard[j]
        leaving = gone + dropout * (end - start)
        share = gone / leaving if leaving > 0.0 else 0.0
        stay_start = math.exp(-hazard[j] - dropout * start)
        stay_end = math.exp(-hazard[j + 1] - dropout * end)
        atoms.at_risk[arm, 2 * j] = math.exp(-hazard_middle[j] - dropout * 0.5 * (start + end))
        atoms.events[arm, 2 * j] = share * (stay_start - stay_end)
        atoms.at_risk[arm, 2 * j + 1] = stay_end
        atoms.events[arm, 2 * j + 1] = 0.0


@numba.njit(cache=True, error_model="numpy")
def count_entered(starts, rates, patients, month):
    """Expected patients entered by a calendar month, at most `patients`."""
    total = 0.0
    for i in range(starts.shape[0]):
        if month <= starts[i]:
            break
        end = min(month, starts[i + 1]) if i + 1 < starts.shape[0] else month
        total += rates[i] * (end - starts[i])
    return min(total, patients)


@numba.njit(cache=True, error_model="numpy")
def count_events(atoms, starts, rates, patients, treated, month):
    """Expected events seen by a calendar month."""
    total = 0.0
    for k in range(atoms.month.shape[0]):
        if atoms.month[k] >= month:
            break
        entered = count_entered(starts, rates, patients, month - atoms.month[k])
        total += entered * ((1.0 - treated) * atoms.events[0, k] + treated * atoms.events[1, k])
    return total


@numba.njit(cache=True, error_model="numpy")
def find_month_of_events(atoms, starts, rates, patients, treated, wanted, latest):
    """The calendar month at which `wanted` events are expected; infinite where not by `latest`."""
    if count_events(atoms, starts, rates, patients, treated, latest) < wanted:
        return math.inf
    low, high = 0.0, latest
    for _ in range(60):
        middle = 0.5 * (low + high)
        if high - low <= 1e-12 * high:
            break
        if count_events(atoms, starts, rates, patients, treated, middle) < wanted:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


@numba.njit(cache=True, error_model="numpy")
def sum_expected_score(atoms, starts, rates, patients, treated, month):
    """Expected log-rank score in favour of treatment at a calendar month, with what belongs to it.

    Returns (score, hypergeometric variance (Mantel 1966), events, scans made). The mean of D (n - D) /
    (n - 1) over binomial D is mean(D) (n - mean(D)) / n.
    """
    score, variance, events, scans = 0.0, 0.0, 0.0, 0.0
    for k in range(atoms.month.shape[0]):
        if atoms.month[k] >= month:
            break
        entered = count_entered(starts, rates, patients, month - atoms.month[k])
        controls, others = (1.0 - treated) * entered, treated * entered
        n_0, n_1 = controls * atoms.at_risk[0, k], others * atoms.at_risk[1, k]
        d_1 = others * atoms.events[1, k]
        dying = d_1 + controls * atoms.events[0, k]
        scans += n_0 * atoms.is_scan[0, k] + n_1 * atoms.is_scan[1, k]
        at_risk = n_0 + n_1
        if dying <= 0.0 or at_risk <= 0.0:
            continue
        share = n_1 / at_risk
        ties = max(0.0, 1.0 - dying / at_risk) if atoms.is_tied[k] else 1.0
        score += dying * share - d_1
        variance += dying * share * (1.0 - share) * ties
        events += dying
    return score, variance, events, scans


@numba.njit(cache=True, error_model="numpy")
def compute_variance(atoms, starts, rates, patients, treated, month, weights):
    """Variance, over independent patients, of a weighted sum of score, its variance estimate and events.

    `weights` (3,) are those of the three. A patient's terms: of the score (Lin & Wei 1989), in favour
    of treatment, -d (Z - e(X)) + the sum of (Z - e) q up to X, with e the treated share of those at
    risk and q = D / n; of the variance estimate D g (1 - q) with g = e (1 - e) (q is 0 where events do
    not tie), d g (1 - 2 q) + the sum of q (1 - q) (1 - 2 e) (Z - e) + g q²; of the events d.
    """
    size = np.array([patients * (1.0 - treated), patients * treated])
    left, drawn = size.copy(), np.zeros(2)
    firsts, squares = np.zeros(2), np.zeros(2)
    for k in range(atoms.month.shape[0]):
        if atoms.month[k] >= month:
            break
        entered = count_entered(starts, rates, patients, month - atoms.month[k]) / patients
        n_0, n_1 = size[0] * entered * atoms.at_risk[0, k], size[1] * entered * atoms.at_risk[1, k]
        d_0, d_1 = size[0] * entered * atoms.events[0, k], size[1] * entered * atoms.events[1, k]
        at_risk, dying = n_0 + n_1, d_0 + d_1
        if dying <= 0.0 or at_risk <= 0.0:
            continue
        e, step = n_1 / at_risk, dying / at_risk
        # Events that do not tie fall evenly into the cell round its middle: half are over by then.
        tied, reach = (step, 1.0) if atoms.is_tied[k] else (0.0, 0.5)
        g = e * (1.0 - e)
        for arm in range(2):
            n, d = (n_0, d_0) if arm == 0 else (n_1, d_1)
            own = arm - e
            staying = weights[0] * own * step
            staying += weights[1] * (step * (1.0 - tied) * (1.0 - 2.0 * e) * own + g * tied * tied)
            term = drawn[arm] + reach * staying - weights[0] * own
            term += weights[1] * g * (1.0 - 2.0 * tied) + weights[2]
            before = n + (1.0 - reach) * d
            censored = left[arm] - before
            firsts[arm] += censored * drawn[arm] + d * term
            squares[arm] += censored * drawn[arm] ** 2 + d * term * term
            left[arm] = before - d
            drawn[arm] += staying
    variance = 0.0
    for arm in range(2):
        firsts[arm] += left[arm] * drawn[arm]
        squares[arm] += left[arm] * drawn[arm] ** 2
        variance += max(0.0, squares[arm] - firsts[arm] ** 2 / size[arm])
    return variance


@numba.njit(cache=True, error_model="numpy")
def solve_log_ratio(atoms, starts, rates, patients, treated, month):
    """What Cox's log hazard ratio of treatment tends to (ties after Breslow 1974), by Newton's method."""
    beta = 0.0
    for _ in range(60):
        ratio, score, information = math.exp(beta), 0.0, 0.0
        for k in range(atoms.month.shape[0]):
            if atoms.month[k] >= month:
                break
            entered = count_entered(starts, rates, patients, month - atoms.month[k])
            d_1 = entered * treated * atoms.events[1, k]
            dying = d_1 + entered * (1.0 - treated) * atoms.events[0, k]
            if dying <= 0.0:
                continue
            weight = treated * atoms.at_risk[1, k] * ratio
            share = weight / ((1.0 - treated) * atoms.at_risk[0, k] + weight)
            score += d_1 - dying * share
            information += dying * share * (1.0 - share)
        if information <= 0.0:
            return math.nan
        step = min(max(score / information, -2.0), 2.0)
        beta += step
        if abs(step) < 1e-12 or abs(beta) > 50.0:
            break
    return beta


@numba.njit(cache=True, error_model="numpy")
def find_observed_median(atoms, arm, longest):
    """Month at which an arm's Kaplan-Meier curve falls to a half, at most `longest`; infinite if never."""
    hazard, last, wanted = 0.0, 0.0, math.log(2.0)
    for k in range(atoms.month.shape[0]):
        is_edge = k % 2 == 1
        end = atoms.month[k] if is_edge else last + 2.0 * (atoms.month[k] - last)
        if last >= longest:
            break
        if atoms.events[arm, k] > 0.0:
            died = atoms.events[arm, k] / atoms.at_risk[arm, k]
            step = -math.log1p(-died) if is_edge and died < 1.0 else (math.inf if is_edge else died)
            if hazard + step >= wanted:
                return end if is_edge else last + (end - last) * (wanted - hazard) / step
            hazard += step
        if is_edge:
            last = atoms.month[k]
    return math.inf

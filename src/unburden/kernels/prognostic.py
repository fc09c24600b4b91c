"""Trials analysed with and without a prognostic score: analysis of covariance, adjusted log-rank."""

import math

import numba
import numpy as np

from unburden.kernels.draws import draw_normals
from unburden.kernels.random import draw_two_uniforms
from unburden.kernels.trials import is_allocated_to_treatment, normalise_t

LINEAR, QUADRATIC, THRESHOLD = range(3)
_SCORE, _TIME = np.uint64(10), np.uint64(11)


@numba.njit(cache=True)
def shape_score(score, shape):
    """What the outcome really depends on, standardised: the score, its square, or which side of 0 it is."""
    if shape == QUADRATIC:
        return (score * score - 1.0) / math.sqrt(2.0)
    if shape == THRESHOLD:
        return 1.0 if score > 0.0 else -1.0
    return score


@numba.njit(cache=True, error_model="numpy")
def compute_ancova_z(outcome, score, treated):
    """Normal deviates of the t tests without and with adjustment for the score (common slope)."""
    count, mean_y, mean_x = np.zeros(2), np.zeros(2), np.zeros(2)
    for i in range(outcome.shape[0]):
        arm = treated[i]
        count[arm] += 1.0
        mean_y[arm] += outcome[i]
        mean_x[arm] += score[i]
    mean_y /= count
    mean_x /= count
    yy, xy, xx = 0.0, 0.0, 0.0
    for i in range(outcome.shape[0]):
        y, x = outcome[i] - mean_y[treated[i]], score[i] - mean_x[treated[i]]
        yy += y * y
        xy += x * y
        xx += x * x
    n = count[0] + count[1]
    spread = 1.0 / count[0] + 1.0 / count[1]
    plain = (mean_y[1] - mean_y[0]) / math.sqrt(yy / (n - 2.0) * spread)
    slope = xy / xx
    apart = mean_x[1] - mean_x[0]
    error = (yy - slope * xy) / (n - 3.0) * (spread + apart * apart / xx)
    adjusted = (mean_y[1] - mean_y[0] - slope * apart) / math.sqrt(error)
    return normalise_t(plain, n - 2.0), normalise_t(adjusted, n - 3.0)


@numba.njit(cache=True, error_model="numpy")
def compute_adjusted_logrank_z(time, is_event, treated, score):
    """z of the log-rank test and of its covariate-adjusted form (Ye, Shao & Yi 2023), larger for treatment.

    Any times; ties in order of `argsort`. Each patient's share of the log-rank score is regressed on
    the centred score within the arm; what it explains is taken off, and off the variance.
    """
    n = time.shape[0]
    order = np.argsort(time)
    outcome = np.zeros(n)
    at_risk, treated_at_risk = float(n), float(treated.sum())
    # running integrals of (other arm's share) × dN / Y, for patients of either arm
    lived = np.zeros(2)
    variance = 0.0
    for k in range(n):
        i = order[k]
        arm = treated[i]
        share = treated_at_risk / at_risk
        other = 1.0 - share if arm == 1 else share
        if is_event[i]:
            lived[1] += (1.0 - share) / at_risk
            lived[0] += share / at_risk
            variance += share * (1.0 - share)
            outcome[i] = other - lived[arm]
        else:
            outcome[i] = -lived[arm]
        at_risk -= 1.0
        treated_at_risk -= arm
    mean = score.mean()
    product, square, count = np.zeros(2), np.zeros(2), np.zeros(2)
    middle, level = np.zeros(2), np.zeros(2)
    for i in range(n):
        count[treated[i]] += 1.0
        middle[treated[i]] += score[i]
        level[treated[i]] += outcome[i]
    middle /= count
    level /= count
    whole = 0.0
    for i in range(n):
        arm = treated[i]
        x = score[i] - middle[arm]
        product[arm] += x * (outcome[i] - level[arm])
        square[arm] += x * x
        whole += (score[i] - mean) ** 2
    slope = product / square
    difference, adjusted = 0.0, 0.0
    for i in range(n):
        sign = 1.0 if treated[i] == 1 else -1.0
        difference += sign * outcome[i]
        adjusted += sign * (outcome[i] - (score[i] - mean) * slope[treated[i]])
    allocated = count[1] / n
    left = variance - allocated * (1.0 - allocated) * (slope[0] + slope[1]) ** 2 * whole
    return -difference / math.sqrt(variance), -adjusted / math.sqrt(left)


@numba.njit(cache=True, parallel=True)
def simulate_ancova_trials(seed, trials, patients, difference, sd, correlation, shape, treated_share):
    """z without and with adjustment, shape (trials, 2); the outcome follows a shape of the score."""
    out = np.empty((trials, 2))
    rest = math.sqrt(1.0 - correlation * correlation)
    for t in numba.prange(trials):
        outcome, score = np.empty(patients), np.empty(patients)
        treated = np.empty(patients, np.int64)
        for i in range(patients):
            a, b = draw_normals(seed, np.uint64(t), np.uint64(i), _SCORE)
            treated[i] = is_allocated_to_treatment(i, treated_share)
            score[i] = a
            outcome[i] = sd * (correlation * shape_score(a, shape) + rest * b) + difference * treated[i]
        out[t, 0], out[t, 1] = compute_ancova_z(outcome, score, treated)
    return out


@numba.njit(cache=True, parallel=True)
def simulate_adjusted_logrank_trials(
    seed,
    trials,
    patients,
    hazard,
    ratio,
    effect,
    shape,
    accrual_months,
    follow_up_months,
    treated_share,
    power,
):
    """z without and with adjustment, shape (trials, 2), and the share of patients with an event (trials,).

    The cumulative hazard (`hazard` × months) ** `power` is multiplied by exp(`effect` × shaped score);
    everybody is censored at the end.
    """
    out, seen = np.empty((trials, 2)), np.empty(trials)
    for t in numba.prange(trials):
        time, score = np.empty(patients), np.empty(patients)
        is_event, treated = np.empty(patients, np.bool_), np.empty(patients, np.int64)
        for i in range(patients):
            a, _ = draw_normals(seed, np.uint64(t), np.uint64(i), _SCORE)
            u, v = draw_two_uniforms(seed, np.uint64(t), np.uint64(i), _TIME)
            treated[i] = is_allocated_to_treatment(i, treated_share)
            score[i] = a
            rate = math.exp(effect * shape_score(a, shape)) * (ratio if treated[i] == 1 else 1.0)
            event = (-math.log(u) / rate) ** (1.0 / power) / hazard
            end = follow_up_months + accrual_months * v
            is_event[i] = event <= end
            time[i] = min(event, end)
        out[t, 0], out[t, 1] = compute_adjusted_logrank_z(time, is_event, treated, score)
        seen[t] = is_event.mean()
    return out, seen

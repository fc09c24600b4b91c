"""Recurrent events: patients with a gamma frailty, and negative-binomial regression of their counts.

Given the frailty the events of a patient are a Poisson process, so that counts have mean rate × time
and variance mean + dispersion × mean² (Lawless 1987, Canadian Journal of Statistics 15).
"""

import math

import numba
import numpy as np

from unburden.kernels.courses import invert_step
from unburden.kernels.draws import draw_gamma
from unburden.kernels.random import draw_two_uniforms
from unburden.kernels.trials import is_allocated_to_treatment, normalise_t

_ACCRUAL, _FRAILTY, _FIRST_GAP = np.uint64(1), np.uint64(64), np.uint64(2048)
_TWO = np.uint64(2)
MOST_EVENTS = 4000


@numba.njit(cache=True, error_model="numpy")
def count_events(seed, key, patient, rate, exposure):
    """Events of a Poisson process of `rate` until `exposure`, at most `MOST_EVENTS`."""
    if rate <= 0.0 or exposure <= 0.0:
        return 0
    time, count, draw = 0.0, 0, _FIRST_GAP
    while count < MOST_EVENTS:
        first, second = draw_two_uniforms(seed, key, patient, draw)
        draw += np.uint64(1)
        time -= math.log(first) / rate
        if time > exposure:
            break
        count += 1
        time -= math.log(second) / rate
        if time > exposure:
            break
        count += 1
    return count


@numba.njit(cache=True, error_model="numpy")
def solve_rate(counts, exposures, arm, arms, dispersion, start):
    """The arm's rate at which its score is 0, for a known dispersion (Newton on the log scale)."""
    log_rate = math.log(start)
    for _ in range(50):
        rate = math.exp(log_rate)
        score, information = 0.0, 0.0
        for i in range(counts.shape[0]):
            if arms[i] == arm:
                mean = exposures[i] * rate
                share = 1.0 / (1.0 + dispersion * mean)
                score += (counts[i] - mean) * share
                information += mean * share * share * (1.0 + dispersion * counts[i])
        step = score / information
        log_rate += min(max(step, -2.0), 2.0)
        if abs(step) < 1e-12:
            break
    return math.exp(log_rate)


@numba.njit(cache=True, error_model="numpy")
def score_dispersion(counts, exposures, arms, rates, dispersion):
    """Derivative of the profile likelihood for the dispersion; its limit where the dispersion is 0."""
    total = 0.0
    for i in range(counts.shape[0]):
        mean, y = exposures[i] * rates[arms[i]], counts[i]
        if dispersion < 1e-9:
            total += 0.5 * ((y - mean) ** 2 - y)
            continue
        for j in range(1, int(y)):
            total += j / (1.0 + dispersion * j)
        grown = dispersion * mean
        total += math.log1p(grown) / dispersion**2 - (y + 1.0 / dispersion) * mean / (1.0 + grown)
    return total


@numba.njit(cache=True, error_model="numpy")
def fill_rates(counts, exposures, arms, dispersion, crude, rates):
    """Both arms' rates for a known dispersion."""
    for arm in range(2):
        rates[arm] = solve_rate(counts, exposures, arm, arms, dispersion, crude[arm])


@numba.njit(cache=True, error_model="numpy")
def fit_counts(counts, exposures, arms):
    """Log rate ratio of treatment, its standard error, the dispersion and degrees of freedom.

    Maximum likelihood; the error is that of the expected information, in which rates and dispersion
    are orthogonal. A dispersion below 0 is taken as 0: Poisson. Degrees of freedom after Satterthwaite,
    from the delta method: they hold how well the variance itself is known. All nan where an arm has no
    event.
    """
    events, time = np.zeros(2), np.zeros(2)
    for i in range(counts.shape[0]):
        events[arms[i]] += counts[i]
        time[arms[i]] += exposures[i]
    if events[0] <= 0.0 or events[1] <= 0.0:
        return math.nan, math.nan, math.nan, math.nan
    crude, rates = events / time, events / time
    dispersion = 0.0
    if score_dispersion(counts, exposures, arms, rates, 0.0) > 0.0:
        low, high = math.log(1e-8), math.log(1e-2)
        fill_rates(counts, exposures, arms, math.exp(high), crude, rates)
        while high < 10.0 and score_dispersion(counts, exposures, arms, rates, math.exp(high)) > 0.0:
            low = high
            high += 1.5
            fill_rates(counts, exposures, arms, math.exp(high), crude, rates)
        for _ in range(60):
            middle = 0.5 * (low + high)
            fill_rates(counts, exposures, arms, math.exp(middle), crude, rates)
            if score_dispersion(counts, exposures, arms, rates, math.exp(middle)) > 0.0:
                low = middle
            else:
                high = middle
            if high - low < 1e-11:
                break
        dispersion = math.exp(0.5 * (low + high))
        fill_rates(counts, exposures, arms, dispersion, crude, rates)
    variance, degrees = find_rate_variance(counts, exposures, arms, rates, dispersion)
    return math.log(rates[1] / rates[0]), math.sqrt(variance), dispersion, degrees


@numba.njit(cache=True, error_model="numpy")
def find_rate_variance(counts, exposures, arms, rates, dispersion):
    """Variance of the log rate ratio, and its degrees of freedom 2 variance² / Var(variance).

    Var(variance) from the derivatives for log rates and dispersion and their own variances.
    """
    information, by_rate, by_dispersion = np.zeros(2), np.zeros(2), np.zeros(2)
    for i in range(counts.shape[0]):
        arm = arms[i]
        mean = exposures[i] * rates[arm]
        share = 1.0 / (1.0 + dispersion * mean)
        information[arm] += mean * share
        by_rate[arm] += mean * share * share
        by_dispersion[arm] += mean * mean * share * share
    variance, spread, slope = 0.0, 0.0, 0.0
    for arm in range(2):
        variance += 1.0 / information[arm]
        spread += (by_rate[arm] / information[arm] ** 2) ** 2 / information[arm]
        slope += by_dispersion[arm] / information[arm] ** 2
    if dispersion > 0.0:
        step = 1e-4 * dispersion
        curvature = (
            score_dispersion(counts, exposures, arms, rates, dispersion - step)
            - score_dispersion(counts, exposures, arms, rates, dispersion + step)
        ) / (2.0 * step)
        if curvature > 0.0:
            spread += slope * slope / curvature
    return variance, 2.0 * variance * variance / spread


@numba.njit(cache=True)
def run_count_trial(seed, key, accrual, law, dropout, treated_share, looks, limits):
    """One trial: look that stopped, rejection, month, patients, events.

    `law` (4,): rates per month of control and treatment, dispersion, months of follow-up. A look
    happens when `looks[k]` patients have finished their follow-up; everybody who has entered by
    then counts with the time that was seen. z is positive where treatment has fewer events.
    """
    patients = looks[-1]
    entry, counts, exposures = np.empty(patients), np.empty(patients), np.empty(patients)
    rate, leaving = np.empty(patients), np.empty(patients)
    arms = np.empty(patients, np.int64)
    intensity = 0.0
    for i in range(patients):
        gap, for_dropout = draw_two_uniforms(seed, key, np.uint64(i), _ACCRUAL)
        intensity -= math.log(gap)
        entry[i] = invert_step(intensity, accrual[0], accrual[1])
        leaving[i] = min(law[3], -math.log(for_dropout) / dropout) if dropout > 0.0 else law[3]
        arms[i] = 1 if is_allocated_to_treatment(i, treated_share) else 0
        frailty = 1.0
        if law[2] > 0.0:
            frailty = law[2] * draw_gamma(seed, key, np.uint64(i), _FRAILTY, 1.0 / law[2])
        rate[i] = frailty * law[arms[i]]
    stages = looks.shape[0]
    for stage in range(stages):
        cut = entry[looks[stage] - 1] + law[3]
        entered = np.searchsorted(entry, cut, side="left")
        events = 0.0
        for i in range(entered):
            exposures[i] = min(leaving[i], cut - entry[i])
            counts[i] = count_events(seed, key, np.uint64(i), rate[i], exposures[i])
            events += counts[i]
        gain, error, _, degrees = fit_counts(counts[:entered], exposures[:entered], arms[:entered])
        z = normalise_t(-gain / error, degrees) if error > 0.0 else 0.0
        if z >= limits[0, stage] or z <= limits[1, stage] or stage == stages - 1:
            return stage, z >= limits[0, stage], cut, entered, events
    return stages - 1, False, 0.0, 0, 0.0


@numba.njit(cache=True, parallel=True)
def simulate_count_trials(seed, scenario, first, trials, accrual, law, dropout, treated_share, looks, limits):
    """As `simulate_survival_trials`, for recurrent events; shape (trials, 5)."""
    out = np.empty((trials, 5))
    for t in numba.prange(trials):
        key = np.uint64(first + t) | (scenario << np.uint64(32))
        stage, rejects, cut, entered, events = run_count_trial(
            seed, key, accrual, law, dropout, treated_share, looks, limits
        )
        out[t, 0] = stage
        out[t, 1] = rejects
        out[t, 2] = cut
        out[t, 3] = entered
        out[t, 4] = events
    return out

"""One simulated two-arm trial after another: patients enter, are followed, are tested at looks."""

import math

import numba
import numpy as np

from unburden.kernels.random import draw_two_uniforms

_TIMES, _ACCRUAL = np.uint64(0), np.uint64(1)


@numba.njit(cache=True)
def invert_piecewise(target, starts, rates):
    """Time at which the integral of a step function (`rates[i]` from `starts[i]`) reaches `target`.

    Infinite where it never does.
    """
    total = 0.0
    last = starts.shape[0] - 1
    for i in range(last):
        piece = rates[i] * (starts[i + 1] - starts[i])
        if total + piece >= target and rates[i] > 0.0:
            return starts[i] + (target - total) / rates[i]
        total += piece
    if rates[last] <= 0.0:
        return math.inf
    return starts[last] + (target - total) / rates[last]


@numba.njit(cache=True)
def is_allocated_to_treatment(patient, treated_share):
    """Allocation in the order of entry that keeps the arms at their ratio throughout."""
    return math.floor((patient + 1) * treated_share + 1e-9) > math.floor(patient * treated_share + 1e-9)


@numba.njit(cache=True)
def simulate_follow_up(seed, trial, accrual, control, treatment, dropout, treated_share, patients):
    """Entry, time to event or dropout, whether it was the event, and arm of each patient.

    `accrual`, `control`, `treatment`: arrays (2, k) of starts and rates per month. Entries follow a
    Poisson process with the accrual rate until all `patients` have entered.
    """
    entry = np.empty(patients)
    time = np.empty(patients)
    is_event = np.empty(patients, np.bool_)
    is_treated = np.empty(patients, np.bool_)
    intensity = 0.0
    for i in range(patients):
        gap, _ = draw_two_uniforms(seed, trial, np.uint64(i), _ACCRUAL)
        intensity -= math.log(gap)
        entry[i] = invert_piecewise(intensity, accrual[0], accrual[1])
        for_event, for_dropout = draw_two_uniforms(seed, trial, np.uint64(i), _TIMES)
        is_treated[i] = is_allocated_to_treatment(i, treated_share)
        hazard = treatment if is_treated[i] else control
        event = invert_piecewise(-math.log(for_event), hazard[0], hazard[1])
        lost = -math.log(for_dropout) / dropout if dropout > 0.0 else math.inf
        is_event[i] = event <= lost
        time[i] = event if is_event[i] else lost
    return entry, time, is_event, is_treated


@numba.njit(cache=True)
def compute_cut_z(order, entry, time, is_event, is_treated, cut):
    """Log-rank z, patients and events at the calendar month `cut`, in one sweep.

    `order` sorts `time`; `entry` rises. An event counts when its own calendar time, entry + time, is
    not after the cut: the very sum from which the cut was taken, so that rounding cannot lose the
    event that triggered the look. Everybody else who has entered is censored at cut - entry; since
    entries rise, these times fall, and a second pointer walks them from the last entry back.
    """
    entered = np.searchsorted(entry, cut, side="right")
    at_risk = entered
    treated_at_risk = 0
    for i in range(entered):
        treated_at_risk += is_treated[i]
    last = entered - 1
    total = 0
    difference = 0.0
    variance = 0.0
    i = 0
    n = order.shape[0]
    while i < n:
        row = order[i]
        now = time[row]
        if row >= entered or entry[row] + now > cut:
            i += 1
            continue
        while last >= 0 and cut - entry[last] < now:
            if entry[last] + time[last] > cut:
                at_risk -= 1
                treated_at_risk -= is_treated[last]
            last -= 1
        events = 0
        treated_events = 0
        leaving = 0
        treated_leaving = 0
        while i < n and time[order[i]] == now:
            row = order[i]
            i += 1
            if row >= entered or entry[row] + now > cut:
                continue
            leaving += 1
            treated_leaving += is_treated[row]
            if is_event[row]:
                events += 1
                treated_events += is_treated[row]
        if events > 0:
            share = treated_at_risk / at_risk
            total += events
            difference += events * share - treated_events
            if at_risk > 1:
                variance += events * share * (1 - share) * (at_risk - events) / (at_risk - 1)
        at_risk -= leaving
        treated_at_risk -= treated_leaving
    z = difference / math.sqrt(variance) if variance > 0.0 else 0.0
    return z, entered, total


@numba.njit(cache=True)
def run_survival_trial(entry, time, is_event, is_treated, looks, bounds, last_month):
    """Look at which the trial stops, whether it rejects, month, patients and events by then.

    `looks` holds numbers of events, or is empty for one look at calendar month `last_month`. Where
    the events of a look never come, the trial is analysed when nobody is left to follow, at the
    last bound.
    """
    calendar = np.sort((entry + time)[is_event])
    order = np.argsort(time)
    events_ever = calendar.shape[0]
    stages = bounds.shape[0]
    for stage in range(stages):
        is_last = stage == stages - 1
        if looks.shape[0] == 0:
            cut = last_month
        elif looks[stage] <= events_ever:
            cut = calendar[looks[stage] - 1]
        else:
            cut = np.max(entry + time)
            is_last = True
        z, entered, events = compute_cut_z(order, entry, time, is_event, is_treated, cut)
        reached = stages - 1 if is_last else stage
        if z >= bounds[reached] or is_last:
            return reached, z >= bounds[reached], cut, entered, events
    return stages - 1, False, 0.0, 0, 0


@numba.njit(cache=True, parallel=True)
def simulate_survival_trials(
    seed,
    first,
    trials,
    accrual,
    control,
    treatment,
    dropout,
    treated_share,
    patients,
    looks,
    bounds,
    last_month,
):
    """`trials` trials from number `first`: rows of stop look, rejection, month, patients, events."""
    out = np.empty((trials, 5))
    for t in numba.prange(trials):
        entry, time, is_event, is_treated = simulate_follow_up(
            seed, np.uint64(first + t), accrual, control, treatment, dropout, treated_share, patients
        )
        stage, rejects, month, entered, events = run_survival_trial(
            entry, time, is_event, is_treated, looks, bounds, last_month
        )
        out[t, 0] = stage
        out[t, 1] = rejects
        out[t, 2] = month
        out[t, 3] = entered
        out[t, 4] = events
    return out


@numba.njit(cache=True)
def normalise_t(t, degrees):
    """Normal deviate of a t statistic (Wallace 1959, second-order; |error| < 0.003 from 20 degrees on)."""
    size = math.sqrt(degrees * math.log1p(t * t / degrees)) * (8 * degrees + 1) / (8 * degrees + 3)
    return size if t >= 0 else -size


@numba.njit(cache=True)
def compute_means_z(outcome, is_known, is_treated):
    """Two-sample t statistic with common variance, as a normal deviate; 0.0 where it has none."""
    count = np.zeros(2)
    total = np.zeros(2)
    for i in range(outcome.shape[0]):
        if is_known[i]:
            arm = 1 if is_treated[i] else 0
            count[arm] += 1
            total[arm] += outcome[i]
    if count[0] < 1 or count[1] < 1 or count[0] + count[1] < 3:
        return 0.0
    mean_0, mean_1 = total[0] / count[0], total[1] / count[1]
    squares = 0.0
    for i in range(outcome.shape[0]):
        if is_known[i]:
            squares += (outcome[i] - (mean_1 if is_treated[i] else mean_0)) ** 2
    degrees = count[0] + count[1] - 2
    if squares <= 0.0:
        return 0.0
    t = (mean_1 - mean_0) / math.sqrt(squares / degrees * (1 / count[0] + 1 / count[1]))
    return normalise_t(t, degrees)


@numba.njit(cache=True)
def run_means_trial(seed, trial, accrual, difference, sd, month, dropout, treated_share, looks, bounds):
    """As `run_survival_trial`, for a normal outcome seen `month` months after entry.

    A look happens when `looks[k]` patients have reached that month; those who dropped out before
    have no outcome and are left out of the test. The last number returned counts outcomes.
    """
    patients = looks[-1]
    entry = np.empty(patients)
    outcome = np.empty(patients)
    is_known = np.empty(patients, np.bool_)
    is_treated = np.empty(patients, np.bool_)
    intensity = 0.0
    for i in range(patients):
        gap, for_dropout = draw_two_uniforms(seed, trial, np.uint64(i), _ACCRUAL)
        intensity -= math.log(gap)
        entry[i] = invert_piecewise(intensity, accrual[0], accrual[1])
        is_known[i] = dropout <= 0.0 or -math.log(for_dropout) / dropout > month
        is_treated[i] = is_allocated_to_treatment(i, treated_share)
        radius, angle = draw_two_uniforms(seed, trial, np.uint64(i), _TIMES)
        normal = math.sqrt(-2 * math.log(radius)) * math.cos(2 * math.pi * angle)
        outcome[i] = sd * normal + (difference if is_treated[i] else 0.0)
    stages = bounds.shape[0]
    for stage in range(stages):
        reached = looks[stage]
        z = compute_means_z(outcome[:reached], is_known[:reached], is_treated[:reached])
        if z >= bounds[stage] or stage == stages - 1:
            cut = entry[reached - 1] + month
            entered = np.searchsorted(entry, cut, side="right")
            return stage, z >= bounds[stage], cut, entered, is_known[:reached].sum()
    return stages - 1, False, 0.0, 0, 0


@numba.njit(cache=True, parallel=True)
def simulate_means_trials(
    seed, first, trials, accrual, difference, sd, month, dropout, treated_share, looks, bounds
):
    """As `simulate_survival_trials`, for a normal outcome; the last column counts outcomes."""
    out = np.empty((trials, 5))
    for t in numba.prange(trials):
        stage, rejects, cut, entered, known = run_means_trial(
            seed, np.uint64(first + t), accrual, difference, sd, month, dropout, treated_share, looks, bounds
        )
        out[t, 0] = stage
        out[t, 1] = rejects
        out[t, 2] = cut
        out[t, 3] = entered
        out[t, 4] = known
    return out

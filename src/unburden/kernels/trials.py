"""One simulated two-arm trial after another: patients enter, are followed, are tested at looks."""

import math
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numba
import numpy as np

from unburden.kernels.courses import draw_trial, invert_step
from unburden.kernels.draws import draw_standard
from unburden.kernels.looks import allocate_desk, cut_trial, find_event_month, find_horizons, list_events
from unburden.kernels.patients import allocate_trial, draw_plain_trial
from unburden.kernels.random import draw_two_uniforms
from unburden.kernels.survival_tests import (
    LOG_RANK,
    MILESTONE,
    RESTRICTED_MEAN,
    allocate_notes,
    compare_curves,
    compute_logrank_z,
    compute_test_z,
)

_TIMES, _ACCRUAL, _SHIFT = np.uint64(0), np.uint64(1), np.uint64(32)
_LARGEST_CHUNK = 256
NORMAL, BINARY = range(2)
STAGE, REJECTS, MONTH, PATIENTS, EVENTS = range(5)


class Looks(NamedTuple):
    """When a survival trial is looked at and what then stops it.

    `events` (looks,): at this many events, or 0 for a look at calendar `months` (looks,); no look
    is later than `latest`. `efficacy` (looks,): z at or above it rejects; `futility`: z at or below
    it stops; -inf for none. `tests` (tests, 4): the statistics, each with its own course of the
    same trials.
    """

    events: np.ndarray
    months: np.ndarray
    latest: float
    efficacy: np.ndarray
    futility: np.ndarray
    tests: np.ndarray


@numba.njit(cache=True)
def is_allocated_to_treatment(patient, treated_share):
    """Allocation in the order of entry that keeps the arms at their ratio throughout."""
    return math.floor((patient + 1) * treated_share + 1e-9) > math.floor(patient * treated_share + 1e-9)


@numba.njit(cache=True)
def find_last_month(trial):
    """The calendar month after which nobody is followed any more; infinite ones are left out."""
    last = 0.0
    for k in range(trial.calendar.shape[0]):
        if trial.calendar[k] < np.inf:
            last = max(last, trial.calendar[k])
    return last


@numba.njit(cache=True)
def find_cut(looks, stage, desk, seen_ever, trial):
    """Calendar month of a look, and whether the trial ends there because nothing more can come.

    Where the events of a look never come, the trial is analysed when nobody is left to follow.
    """
    if looks.events[stage] == 0:
        return min(looks.months[stage], looks.latest), False
    if looks.events[stage] <= seen_ever:
        cut = find_event_month(desk, seen_ever, looks.events[stage])
        if cut <= looks.latest:
            return cut, False
    return min(find_last_month(trial), looks.latest), True


def simulate_survival_trials(seed, scenario, first, trials, world, looks, points, weights):
    """`trials` trials from number `first`: for each test the look that stopped, rejection, month, patients,
    events; shape (trials, tests, 5).

    A trial that cannot reach a look's events is tested for the last time at the last bound. As many
    threads as numba may use take chunks of trials. What plain patients or the log-rank alone do not
    need is handed over as None, so that it is not even compiled.
    """
    is_plain = world.is_plain and world.analysed_ends.shape == world.ends.shape
    courses = None if is_plain else world.courses
    rule = None if np.all(looks.tests[:, 0] == LOG_RANK) else (points, weights)
    out = np.empty((trials, looks.tests.shape[0], 5))
    threads = numba.get_num_threads()
    size = max(1, min(_LARGEST_CHUNK, trials // (4 * threads)))
    starts = range(0, trials, size)

    def run_chunk(start):
        rows = out[start : start + size]
        run_survival_trials(seed, scenario, np.uint64(first + start), world, looks, courses, rule, rows)

    if threads == 1:
        for start in starts:
            run_chunk(start)
        return out
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(run_chunk, starts):
            pass
    return out


@numba.njit(cache=True, nogil=True)
def run_survival_trials(seed, scenario, first, world, looks, courses, rule, out):
    """Fill `out` (trials, tests, 5) with the trials from number `first` on, one after another.

    `courses` is None where patients are plain and their strata analysed as they lie; `rule`, the nodes
    and weights of MaxCombo, where every test is the log-rank.
    """
    tests, stages, strata = looks.tests.shape[0], looks.efficacy.shape[0], world.analysed_ends.shape[0]
    trial, scratch = allocate_trial(world)
    sets, desk = allocate_desk(trial.time.shape[0])
    notes = allocate_notes(trial.time.shape[0])
    row_ends, entered, horizon = np.empty(strata, np.int64), np.empty(strata), np.empty(strata)
    is_running = np.empty(tests, np.bool_)
    for t in range(out.shape[0]):
        if courses is None:
            draw_plain_trial(seed, scenario, first + np.uint64(t), world, trial, scratch)
        else:
            draw_trial(seed, scenario, first + np.uint64(t), world, trial, scratch)
        seen_ever = list_events(trial, desk) if looks.events[-1] > 0 else 0
        is_running[:] = True
        running = tests
        for stage in range(stages):
            cut, is_over = find_cut(looks, stage, desk, seen_ever, trial)
            is_last = is_over or stage == stages - 1
            reached = stages - 1 if is_last else stage
            events = cut_trial(trial, world.analysed_ends, cut, desk, sets, row_ends, entered)
            bound, futility = looks.efficacy[reached], looks.futility[reached]
            if rule is not None:
                fill_horizons(looks.tests, is_running, trial, world.analysed_ends, cut, horizon)
            for k in range(tests):
                if not is_running[k]:
                    continue
                if rule is None:
                    z = compute_logrank_z(sets, row_ends[-1])
                else:
                    exact = bound if futility == -np.inf else np.nan
                    z = compute_test_z(
                        looks.tests[k], sets, row_ends, entered, horizon, exact, notes, rule[0], rule[1]
                    )
                if z >= bound or z <= futility or is_last:
                    is_running[k] = False
                    running -= 1
                    note_end(out[t, k], reached, z >= bound, cut, entered, events)
            if is_last or running == 0:
                break


@numba.njit(cache=True)
def fit_restricted_means(seed, scenario, trials, world, looks, month):
    """Difference of the restricted means at each trial's last look, and its standard error; (trials, 2).

    nan where an arm of a stratum was not followed for `month` months.
    """
    strata, last = world.analysed_ends.shape[0], looks.efficacy.shape[0] - 1
    test = np.array([float(RESTRICTED_MEAN), month, 0.0, 0.0])
    trial, scratch = allocate_trial(world)
    sets, desk = allocate_desk(trial.time.shape[0])
    notes = allocate_notes(trial.time.shape[0])
    row_ends, entered, horizon = np.empty(strata, np.int64), np.empty(strata), np.empty(strata)
    out = np.full((trials, 2), np.nan)
    for t in range(trials):
        draw_trial(seed, scenario, np.uint64(t), world, trial, scratch)
        seen_ever = list_events(trial, desk) if looks.events[-1] > 0 else 0
        cut, _ = find_cut(looks, last, desk, seen_ever, trial)
        cut_trial(trial, world.analysed_ends, cut, desk, sets, row_ends, entered)
        find_horizons(trial, world.analysed_ends, cut, horizon)
        if horizon.min() >= month:
            difference, variance = compare_curves(test, sets, row_ends, entered, horizon, notes)
            out[t, 0], out[t, 1] = difference, math.sqrt(variance)
    return out


@numba.njit(cache=True)
def fill_horizons(tests, is_running, trial, stratum_ends, cut, horizon):
    """Fill `horizon` where a test that still runs asks how long both arms were followed."""
    for k in range(tests.shape[0]):
        if is_running[k] and (tests[k, 0] == RESTRICTED_MEAN or tests[k, 0] == MILESTONE):
            find_horizons(trial, stratum_ends, cut, horizon)
            return


@numba.njit(cache=True)
def note_end(row, reached, rejects, cut, entered, events):
    """Write down how a trial ended: the look, rejection, month, patients and events."""
    patients = 0.0
    for stratum in range(entered.shape[0]):
        patients += entered[stratum]
    row[STAGE], row[REJECTS], row[MONTH], row[PATIENTS], row[EVENTS] = reached, rejects, cut, patients, events


@numba.njit(cache=True, error_model="numpy")
def normalise_t(t, degrees):
    """Normal deviate of a t statistic (Hill 1970, Algorithm 395); |error| < 1e-5 from 8 degrees on."""
    a = degrees - 0.5
    b = 48.0 * a * a
    y = a * math.log1p(t * t / degrees)
    inner = (((-0.4 * y - 3.3) * y - 24.0) * y - 85.5) / (0.8 * y * y + 100.0 + b) + y + 3.0
    size = (inner / b + 1.0) * math.sqrt(y)
    return size if t >= 0 else -size


@numba.njit(cache=True)
def normalise_each(t, degrees):
    """`normalise_t` of each t (n,) with its degrees (n,)."""
    out = np.empty(t.shape[0])
    for i in range(t.shape[0]):
        out[i] = normalise_t(t[i], degrees[i])
    return out


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
def compute_shares_z(outcome, is_known, is_treated):
    """z of the difference of two shares with the pooled variance; 0.0 without one.

    Its square is Pearson's χ².
    """
    count, hits = np.zeros(2), np.zeros(2)
    for i in range(outcome.shape[0]):
        if is_known[i]:
            arm = 1 if is_treated[i] else 0
            count[arm] += 1
            hits[arm] += outcome[i]
    if count[0] < 1 or count[1] < 1:
        return 0.0
    pooled = (hits[0] + hits[1]) / (count[0] + count[1])
    variance = pooled * (1 - pooled) * (1 / count[0] + 1 / count[1])
    return (hits[1] / count[1] - hits[0] / count[0]) / math.sqrt(variance) if variance > 0 else 0.0


@numba.njit(cache=True)
def run_outcome_trial(seed, key, accrual, law, month, dropout, treated_share, looks, limits):
    """As a survival trial, for an outcome seen once, `month` months after entry.

    `law` (5,): NORMAL with difference and sd, or BINARY with the shares of control and treatment; then
    the continuous outcome's shape and its number (`draw_standard`).

    A look happens when `looks[k]` patients have reached that month; `limits` (2, looks): at or above
    the first the trial rejects, at or below the second it stops; those who dropped out before
    have no outcome and are left out of the test. The last number returned counts outcomes.
    """
    patients = looks[-1]
    entry = np.empty(patients)
    outcome = np.empty(patients)
    is_known = np.empty(patients, np.bool_)
    is_treated = np.empty(patients, np.bool_)
    intensity = 0.0
    for i in range(patients):
        gap, for_dropout = draw_two_uniforms(seed, key, np.uint64(i), _ACCRUAL)
        intensity -= math.log(gap)
        entry[i] = invert_step(intensity, accrual[0], accrual[1])
        is_known[i] = dropout <= 0.0 or -math.log(for_dropout) / dropout > month
        is_treated[i] = is_allocated_to_treatment(i, treated_share)
        if law[0] == BINARY:
            uniform, _ = draw_two_uniforms(seed, key, np.uint64(i), _TIMES)
            outcome[i] = 1.0 if uniform < law[2 if is_treated[i] else 1] else 0.0
        else:
            deviation = draw_standard(seed, key, np.uint64(i), _TIMES, law[3], law[4])
            outcome[i] = law[2] * deviation + (law[1] if is_treated[i] else 0.0)
    stages = looks.shape[0]
    for stage in range(stages):
        reached = looks[stage]
        known, arms = is_known[:reached], is_treated[:reached]
        if law[0] == BINARY:
            z = compute_shares_z(outcome[:reached], known, arms)
        else:
            z = compute_means_z(outcome[:reached], known, arms)
        if z >= limits[0, stage] or z <= limits[1, stage] or stage == stages - 1:
            cut = entry[reached - 1] + month
            entered = np.searchsorted(entry, cut, side="right")
            return stage, z >= limits[0, stage], cut, entered, is_known[:reached].sum()
    return stages - 1, False, 0.0, 0, 0


@numba.njit(cache=True, parallel=True)
def simulate_outcome_trials(
    seed, scenario, first, trials, accrual, law, month, dropout, treated_share, looks, limits
):
    """As `simulate_survival_trials`, for an outcome seen once; the last column counts outcomes."""
    out = np.empty((trials, 5))
    for t in numba.prange(trials):
        key = np.uint64(first + t) | (scenario << np.uint64(32))
        stage, rejects, cut, entered, known = run_outcome_trial(
            seed, key, accrual, law, month, dropout, treated_share, looks, limits
        )
        out[t, 0] = stage
        out[t, 1] = rejects
        out[t, 2] = cut
        out[t, 3] = entered
        out[t, 4] = known
    return out

"""Patients with more to their course than one hazard and dropout, drawn one by one and then sorted."""

import math

import numba
import numpy as np

from unburden.kernels.patients import (
    COMPETING_CONTROL,
    CONTROL,
    draw_entries,
    draw_stratum,
    view_steps,
    view_stratum,
)
from unburden.kernels.random import draw_two_uniforms

CURED, SHAPE, SCALE, SWITCHING, DELAY, DROPOUT, AFTER_SWITCH = range(7)
IGNORED, CENSORED, COUNTED = range(3)
_LEAVING, _COMPETING = np.uint64(1), np.uint64(2)
_ONE, _TWO, _TWENTY_FOUR = np.uint64(1), np.uint64(2), np.uint64(24)


@numba.njit(cache=True, error_model="numpy")
def draw_trial(seed, scenario, number, world, trial, scratch):
    """Fill `trial` with trial `number` of the world; the same numbers whoever asks, in any order."""
    start = 0
    trial.treated_by_entry[:] = world.treated
    for stratum in range(world.ends.shape[0]):
        end = world.ends[stratum]
        part = view_stratum(trial, start, end)
        first = np.uint64(stratum) << _TWENTY_FOUR
        places = world.places[start:end]
        if world.is_plain:
            draw_stratum(seed, scenario, number, first, world, stratum, places, part, scratch)
        else:
            draw_entries(seed, scenario, number, first, world, stratum, part, scratch)
            for i in range(end - start):
                draw_course(seed, scenario, number, first, i, world, stratum, part, scratch)
            sort_times(part)
        start = end
    if world.analysed_ends.shape[0] < world.ends.shape[0]:
        pool_strata(trial)


@numba.njit(cache=True, error_model="numpy")
def draw_course(seed, scenario, number, first, i, world, stratum, trial, scratch):
    """Time, calendar month and mark of the patient who entered as number `i`."""
    arm = np.int64(trial.treated_by_entry[i])
    course = world.courses[stratum, arm]
    patient = first + np.uint64(i)
    key = number | (scenario << np.uint64(32))
    for_leaving, for_switching = draw_two_uniforms(seed, key, patient, _LEAVING)
    event, switch = math.inf, math.inf
    if course[SWITCHING] > 0.0:
        switch = -math.log(for_switching) / course[SWITCHING]
    is_ignored = course[AFTER_SWITCH] == IGNORED
    if scratch.real[2, i] >= course[CURED]:
        target = scratch.real[4, i]
        event = find_event(world, stratum, arm, target, switch if is_ignored else math.inf)
    leaving = -math.log(for_leaving) / course[DROPOUT] if course[DROPOUT] > 0.0 else math.inf
    competing = math.inf
    if world.pieces[stratum, COMPETING_CONTROL + arm] > 0:
        for_competing, _ = draw_two_uniforms(seed, key, patient, _COMPETING)
        starts, rates, _ = view_steps(world, stratum, COMPETING_CONTROL + arm)
        competing = invert_step(-math.log(for_competing), starts, rates)
    counts = world.steps[stratum, COMPETING_CONTROL + arm, 2, 0] > 0.0
    visits = world.treatment_visits if arm == 1 else world.visits
    seen = find_visit_after(visits, event)
    out = min(leaving, competing)
    failure = competing if counts else math.inf
    if not is_ignored:
        out = min(out, switch)
        if course[AFTER_SWITCH] == COUNTED:
            failure = min(failure, switch)
    if seen <= out:
        time, is_event = seen, True
    elif failure <= out:
        time, is_event = failure, True
    else:
        time, is_event = find_visit_before(visits, out), False
    trial.time[i] = time
    trial.mark[i] = trial.treated_by_entry[i] + (_TWO if is_event else np.uint64(0))
    trial.calendar_by_entry[i] = trial.entry[i] + time + (course[DELAY] if is_event else 0.0)


@numba.njit(cache=True, error_model="numpy")
def find_event(world, stratum, arm, target, switch):
    """Time at which the cumulative hazard reaches `target`, with treatment's hazard from `switch` on."""
    own = invert_hazard(world, stratum, arm, target)
    if own <= switch:
        return own
    left = target - accumulate_hazard(world, stratum, arm, switch)
    return invert_hazard(world, stratum, 1, accumulate_hazard(world, stratum, 1, switch) + left)


@numba.njit(cache=True, error_model="numpy")
def invert_hazard(world, stratum, arm, target):
    """Time at which an arm's cumulative hazard reaches `target`; infinite where it never does."""
    course = world.courses[stratum, arm]
    if course[SCALE] > 0.0:
        return course[SCALE] * target ** (1.0 / course[SHAPE])
    starts, rates, _ = view_steps(world, stratum, CONTROL + arm)
    return invert_step(target, starts, rates)


@numba.njit(cache=True, error_model="numpy")
def accumulate_hazard(world, stratum, arm, time):
    """An arm's cumulative hazard at a time."""
    course = world.courses[stratum, arm]
    if course[SCALE] > 0.0:
        return (time / course[SCALE]) ** course[SHAPE]
    starts, rates, _ = view_steps(world, stratum, CONTROL + arm)
    total = 0.0
    for i in range(starts.shape[0]):
        if time <= starts[i]:
            break
        end = min(time, starts[i + 1]) if i + 1 < starts.shape[0] else time
        total += rates[i] * (end - starts[i])
    return total


@numba.njit(cache=True, error_model="numpy")
def invert_step(target, starts, rates):
    """Time at which the integral of a step function reaches `target`; infinite where it never does."""
    total, last = 0.0, starts.shape[0] - 1
    for i in range(last):
        piece = rates[i] * (starts[i + 1] - starts[i])
        if total + piece >= target and rates[i] > 0.0:
            return starts[i] + (target - total) / rates[i]
        total += piece
    if rates[last] <= 0.0:
        return math.inf
    return starts[last] + (target - total) / rates[last]


@numba.njit(cache=True, error_model="numpy")
def find_visit_after(visits, time):
    """The first visit not before a time; without visits the time itself."""
    if visits.shape[0] == 0 or time == math.inf:
        return time
    i = np.searchsorted(visits, time, side="left")
    if i < visits.shape[0]:
        return visits[i]
    gap = visits[-1] - (visits[-2] if visits.shape[0] > 1 else 0.0)
    return visits[-1] + gap * math.ceil((time - visits[-1]) / gap)


@numba.njit(cache=True, error_model="numpy")
def find_visit_before(visits, time):
    """The last visit not after a time, 0 before the first; without visits the time itself."""
    if visits.shape[0] == 0 or time == math.inf:
        return time
    i = np.searchsorted(visits, time, side="right")
    if i == 0:
        return 0.0
    if i < visits.shape[0]:
        return visits[i - 1]
    gap = visits[-1] - (visits[-2] if visits.shape[0] > 1 else 0.0)
    return visits[-1] + gap * math.floor((time - visits[-1]) / gap)


@numba.njit(cache=True)
def sort_times(trial):
    """Put times and marks, given in the order of entry, into the order of time."""
    order = np.argsort(trial.time, kind="mergesort")
    trial.calendar[:] = trial.calendar_by_entry[order]
    trial.mark[:] = trial.mark[order]
    trial.time[:] = trial.time[order]


@numba.njit(cache=True)
def pool_strata(trial):
    """One order of time and one of entry over all strata, for an analysis that does not tell them apart."""
    order = np.argsort(trial.time, kind="mergesort")
    trial.time[:] = trial.time[order]
    trial.calendar[:] = trial.calendar[order]
    trial.mark[:] = trial.mark[order]
    by_entry = np.argsort(trial.entry, kind="mergesort")
    trial.entry[:] = trial.entry[by_entry]
    trial.calendar_by_entry[:] = trial.calendar_by_entry[by_entry]
    trial.treated_by_entry[:] = trial.treated_by_entry[by_entry]

"""The patients of one simulated two-arm trial, in the order of their times and of their entries.

Times to the first of event and dropout are drawn in rising order within each arm: the gaps of
ordered exponentials are themselves exponential (Rényi 1953), on the scale of the cumulative hazard.
Nothing is sorted; which patient has which time is settled by a random permutation (Durstenfeld
1964) of each arm's places in the order of entry.
"""

from typing import NamedTuple

import numba
import numpy as np

from unburden.kernels.random import draw_patients, fill_exponentials

_ONE, _TWENTY_FOUR = np.uint64(1), np.uint64(24)


ACCRUAL, CONTROL, TREATMENT, COMPETING_CONTROL, COMPETING_TREATMENT = range(5)
STARTS, RATES, SHARES = 0, 1, 2


class World(NamedTuple):
    """What the patients are drawn from, in one stratum or several.

    `ends` (strata,): the patients of the strata lie one after the other and end here. `controls`
    (strata,): how many of each are controls. `places` (n,): the stratum's controls' places in its
    order of entry, then the treated ones'. `treated` (n,): 0 or 1 in the order of entry. `steps`
    (strata, 5, 3, k): for accrual, control and treatment the starts in months of a step function,
    its rates per month (for the arms: event and dropout together), and the share of events among
    them; `pieces` (strata, 5): how many of the k hold. Where patients are not `is_plain`, the arms'
    steps are those of the event alone, the last two those of competing events, and `courses`
    (strata, 2, 7), `visits` (v,) and `treatment_visits` say the rest: see `kernels.courses`.
    `analysed_ends`: as `ends`, of the strata that the analysis keeps apart.
    """

    ends: np.ndarray
    controls: np.ndarray
    places: np.ndarray
    treated: np.ndarray
    steps: np.ndarray
    pieces: np.ndarray
    is_plain: bool
    courses: np.ndarray
    visits: np.ndarray
    treatment_visits: np.ndarray
    analysed_ends: np.ndarray


class Trial(NamedTuple):
    """The n patients of one trial or of one of its strata.

    In the order of time: `time` from entry to event or dropout, `calendar` month of it, `mark` (bit
    0 treated, bit 1 event; uint64). In the order of entry: `entry` month, `calendar_by_entry`,
    `treated_by_entry` (0 or 1; uint64).
    """

    time: np.ndarray
    calendar: np.ndarray
    mark: np.ndarray
    entry: np.ndarray
    calendar_by_entry: np.ndarray
    treated_by_entry: np.ndarray


class Scratch(NamedTuple):
    """Memory for drawing one trial: float64 (7, n + 2) and uint64 (3, n + 2)."""

    real: np.ndarray
    whole: np.ndarray


@numba.njit(cache=True)
def allocate_trial(world):
    """Room for a trial of this world, and scratch to draw it."""
    n = world.places.shape[0]
    treated = world.treated.copy()
    trial = Trial(np.empty(n), np.empty(n), np.empty(n, np.uint64), np.empty(n), np.empty(n), treated)
    return trial, Scratch(np.empty((7, n + 2)), np.empty((3, n + 2), np.uint64))


@numba.njit(cache=True)
def view_stratum(trial, start, end):
    """The trial's patients from `start` to `end`, sharing its memory."""
    return Trial(
        trial.time[start:end],
        trial.calendar[start:end],
        trial.mark[start:end],
        trial.entry[start:end],
        trial.calendar_by_entry[start:end],
        trial.treated_by_entry[start:end],
    )


@numba.njit(cache=True)
def view_steps(world, stratum, kind):
    """Starts, rates and shares of one step function."""
    steps = world.steps[stratum, kind]
    pieces = world.pieces[stratum, kind]
    return steps[STARTS, :pieces], steps[RATES, :pieces], steps[SHARES, :pieces]


@numba.njit(cache=True)
def count_below(values, limit):
    """How many of the rising `values` are below `limit`: NumPy's searchsorted, quicker to compile."""
    low, high = 0, values.shape[0]
    while low < high:
        middle = (low + high) >> 1
        if values[middle] < limit:
            low = middle + 1
        else:
            high = middle
    return low


@numba.njit(cache=True)
def count_until(values, limit):
    """How many of the rising `values` are at most `limit`."""
    low, high = 0, values.shape[0]
    while low < high:
        middle = (low + high) >> 1
        if values[middle] <= limit:
            low = middle + 1
        else:
            high = middle
    return low


@numba.njit(cache=True, error_model="numpy")
def invert_steps(targets, starts, rates, out):
    """Times at which the integral of a step function reaches each of the rising `targets`.

    Infinite where it never does.
    """
    last = starts.shape[0] - 1
    n = targets.shape[0]
    done, base = 0, 0.0
    for piece in range(last + 1):
        stop = n
        end = np.inf
        if piece < last:
            end = base + rates[piece] * (starts[piece + 1] - starts[piece])
            stop = done + count_below(targets[done:], end)
        if rates[piece] > 0.0:
            months = 1.0 / rates[piece]
            for i in range(done, stop):
                out[i] = starts[piece] + (targets[i] - base) * months
        else:
            for i in range(done, stop):
                out[i] = np.inf
        done, base = stop, end


@numba.njit(cache=True, error_model="numpy")
def draw_arm(exponentials, kinds, places, steps, cumulative, time, event):
    """Times of one arm in rising order, and whether each is an event (2) or a dropout (0)."""
    starts, rates, shares = steps
    n = places.shape[0]
    total = 0.0
    for i in range(n):
        total += exponentials[places[i]] / np.float64(n - i)
        cumulative[i] = total
    invert_steps(cumulative[:n], starts, rates, time[:n])
    done = 0
    for piece in range(starts.shape[0]):
        stop = n
        if piece + 1 < starts.shape[0]:
            stop = done + count_below(time[done:n], starts[piece + 1])
        for i in range(done, stop):
            event[i] = np.uint64(2) * np.uint64(kinds[places[i]] < shares[piece])
        done = stop
    time[n] = np.inf


@numba.njit(cache=True)
def shuffle_places(order, places, shuffled):
    """A random permutation of `places`, from their random numbers below 2**24 in `order`."""
    for i in range(places.shape[0]):
        shuffled[i] = places[i]
    for i in range(places.shape[0] - 1, 0, -1):
        j = (order[places[i]] * np.uint64(i + 1)) >> _TWENTY_FOUR
        here = shuffled[i]
        shuffled[i] = shuffled[j]
        shuffled[j] = here


@numba.njit(cache=True, error_model="numpy")
def draw_entries(seed, scenario, number, first, world, stratum, trial, scratch):
    """Fill `trial.entry`; leave exponentials for the times in `scratch.real[4]`, kinds in `[2]`."""
    n = trial.entry.shape[0]
    uniform_time, uniform_entry, kinds = scratch.real[0, :n], scratch.real[1, :n], scratch.real[2, :n]
    spare, exponentials, cumulative = scratch.real[3, :n], scratch.real[4, :n], scratch.real[6, :n]
    draw_patients(seed, scenario, number, first, uniform_time, uniform_entry, kinds, scratch.whole[0, :n])
    fill_exponentials(uniform_entry, spare, cumulative, exponentials)
    total = 0.0
    for i in range(n):
        total += exponentials[i]
        cumulative[i] = total
    starts, rates, _ = view_steps(world, stratum, ACCRUAL)
    invert_steps(cumulative, starts, rates, trial.entry)
    fill_exponentials(uniform_time, spare, cumulative, exponentials)


@numba.njit(cache=True, error_model="numpy")
def draw_plain_trial(seed, scenario, number, world, trial, scratch):
    """Fill `trial` with trial `number` of a world of plain patients, as `courses.draw_trial` does.

    The strata are those of the analysis: none are pooled.
    """
    start = 0
    for i in range(world.treated.shape[0]):
        trial.treated_by_entry[i] = world.treated[i]
    for stratum in range(world.ends.shape[0]):
        end = world.ends[stratum]
        part = view_stratum(trial, start, end)
        first = np.uint64(stratum) << _TWENTY_FOUR
        draw_stratum(seed, scenario, number, first, world, stratum, world.places[start:end], part, scratch)
        start = end


@numba.njit(cache=True, error_model="numpy")
def draw_stratum(seed, scenario, number, first, world, stratum, places, trial, scratch):
    """Fill one stratum's part of a trial; its patients' random numbers are those from `first` on."""
    n = places.shape[0]
    controls = world.controls[stratum]
    kinds, exponentials, time, cumulative = (
        scratch.real[2, :n],
        scratch.real[4, :n],
        scratch.real[5],
        scratch.real[6],
    )
    order, shuffled, event = scratch.whole[0, :n], scratch.whole[1, :n], scratch.whole[2]
    draw_entries(seed, scenario, number, first, world, stratum, trial, scratch)
    second = controls + 1
    control, treatment = view_steps(world, stratum, CONTROL), view_steps(world, stratum, TREATMENT)
    draw_arm(exponentials, kinds, places[:controls], control, cumulative, time, event)
    draw_arm(exponentials, kinds, places[controls:], treatment, cumulative, time[second:], event[second:])
    shuffle_places(order, places[:controls], shuffled[:controls])
    shuffle_places(order, places[controls:], shuffled[controls:])
    merge_arms(time, event, shuffled, np.uint64(second), trial)


@numba.njit(cache=True)
def merge_arms(time, event, places, second, trial):
    """Both arms in one order of time; each arm's times end with an infinite one. No branches."""
    i, j = np.uint64(0), second
    for k in range(trial.time.shape[0]):
        is_second = np.uint64(time[j] < time[i])
        row = i + (j - i) * is_second
        i += _ONE - is_second
        j += is_second
        place = places[row - is_second]
        calendar = trial.entry[place] + time[row]
        trial.time[k] = time[row]
        trial.calendar[k] = calendar
        trial.mark[k] = is_second + event[row]
        trial.calendar_by_entry[place] = calendar

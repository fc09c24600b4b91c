"""A trial at a data cut: when the cut falls, and who was at risk at each event time seen by then."""

from typing import NamedTuple

import numba
import numpy as np

from unburden.kernels.patients import count_until, view_stratum

_BUCKETS = 256
_ONE, _TWO = np.uint64(1), np.uint64(2)


class RiskSets(NamedTuple):
    """At each distinct event time of a cut: events and patients at risk, in both arms and in treatment.

    float64 (n + 1,); the first `rows` hold.
    """

    time: np.ndarray
    events: np.ndarray
    treated_events: np.ndarray
    at_risk: np.ndarray
    treated_at_risk: np.ndarray


class Desk(NamedTuple):
    """Memory for cutting one trial: float64 (3, n + 3), uint64 (4, n + 3), and counts (257,)."""

    real: np.ndarray
    whole: np.ndarray
    counts: np.ndarray


@numba.njit(cache=True)
def allocate_desk(n):
    """Room for cutting a trial of n patients."""
    sets = RiskSets(np.empty(n + 1), np.empty(n + 1), np.empty(n + 1), np.empty(n + 1), np.empty(n + 1))
    return sets, Desk(np.empty((3, n + 3)), np.empty((4, n + 3), np.uint64), np.empty(_BUCKETS + 1, np.int64))


@numba.njit(cache=True, error_model="numpy")
def list_events(trial, desk):
    """Calendar months of the events into `desk.real[0]`, their buckets counted; number and scale."""
    calendar, bucket = desk.real[0], desk.whole[0]
    events = np.uint64(0)
    for k in range(trial.time.shape[0]):
        calendar[events] = trial.calendar[k]
        is_counted = (trial.mark[k] >> _ONE) & np.uint64(trial.calendar[k] < np.inf)
        events += is_counted
    found = np.int64(events)
    latest = 0.0
    for i in range(found):
        latest = max(latest, calendar[i])
    scale = _BUCKETS / latest if latest > 0.0 else 0.0
    desk.counts[:] = 0
    for i in range(found):
        bucket[i] = np.uint64(calendar[i] * scale)
        desk.counts[np.int64(bucket[i])] += 1
    return found


@numba.njit(cache=True)
def find_event_month(desk, events, wanted):
    """Calendar month of the `wanted`-th of the listed `events`, which must be at least as many.

    Only the bucket that holds it is looked through.
    """
    calendar, bucket, inside = desk.real[0], desk.whole[0], desk.real[1]
    before, here = 0, 0
    while before + desk.counts[here] < wanted:
        before += desk.counts[here]
        here += 1
    count = np.uint64(0)
    target = np.uint64(here)
    for i in range(events):
        inside[count] = calendar[i]
        count += np.uint64(bucket[i] == target)
    return select_smallest(inside, np.int64(count), wanted - before - 1)


@numba.njit(cache=True)
def select_smallest(values, size, rank):
    """The number that stands at `rank` when the first `size` are in order (Hoare 1961); moves them."""
    low, high = 0, size - 1
    while low < high:
        pivot = values[(low + high) >> 1]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if rank <= j:
            high = j
        elif rank >= i:
            low = i
        else:
            break
    return values[rank]


@numba.njit(cache=True)
def cut_trial(trial, stratum_ends, cut, desk, sets, row_ends, entered):
    """Risk sets of every stratum at the calendar month `cut`, one after the other; events seen.

    Fills `row_ends` (strata,), where the rows of each stratum end, and `entered`, its patients.
    """
    start, filled, events = 0, 0, 0
    for stratum in range(stratum_ends.shape[0]):
        end = stratum_ends[stratum]
        part = view_stratum(trial, start, end)
        rows, count, seen = cut_stratum(part, cut, desk, view_rows(sets, filled))
        filled += rows
        events += seen
        row_ends[stratum] = filled
        entered[stratum] = count
        start = end
    return events


@numba.njit(cache=True)
def find_horizons(trial, stratum_ends, cut, horizon):
    """Fill `horizon` (strata,) with the longest follow-up at the cut in the arm where it is shorter."""
    start = 0
    for stratum in range(stratum_ends.shape[0]):
        end = stratum_ends[stratum]
        horizon[stratum] = find_horizon(view_stratum(trial, start, end), cut)
        start = end


@numba.njit(cache=True)
def find_horizon(trial, cut):
    """The longest follow-up at the cut in the arm where it is shorter."""
    shortest = np.inf
    for arm in range(2):
        longest = 0.0
        for k in range(count_until(trial.time, cut) - 1, -1, -1):
            if np.int64(trial.mark[k] & _ONE) == arm and trial.calendar[k] <= cut:
                longest = trial.time[k]
                break
        for q in range(trial.entry.shape[0]):
            if trial.entry[q] > cut:
                break
            if np.int64(trial.treated_by_entry[q]) == arm and trial.calendar_by_entry[q] > cut:
                longest = max(longest, cut - trial.entry[q])
                break
        shortest = min(shortest, longest)
    return shortest


@numba.njit(cache=True)
def view_rows(sets, start):
    """The rows from `start` on, sharing memory."""
    return RiskSets(
        sets.time[start:],
        sets.events[start:],
        sets.treated_events[start:],
        sets.at_risk[start:],
        sets.treated_at_risk[start:],
    )


@numba.njit(cache=True, error_model="numpy")
def cut_stratum(trial, cut, desk, sets):
    """Risk sets of one stratum at the calendar month `cut`: rows filled, patients entered, events seen.

    A time counts when its own calendar month, entry + time, is not after the cut: the very sum from
    which the cut was taken, so that rounding cannot lose the event that triggered the look.
    Everybody else who has entered is censored at cut - entry; as entries rise, these times fall,
    and walking entries backwards gives them in order. Two lists in order are then merged; nothing
    is sorted. A patient censored at an event's time is at risk for it. Both lists start at index 1,
    between sentinels.
    """
    n = trial.time.shape[0]
    seen_time, censored_time = desk.real[1], desk.real[2]
    seen_mark, censored_treated, censored_before = desk.whole[1], desk.whole[2], desk.whole[3]
    seen, seen_treated = _ONE, np.uint64(0)
    for k in range(n):
        if trial.time[k] > cut:
            break
        mark = trial.mark[k]
        seen_time[seen] = trial.time[k]
        seen_mark[seen] = (seen_treated << _TWO) | mark
        is_seen = np.uint64(trial.calendar[k] <= cut)
        seen_treated += is_seen & mark
        seen += is_seen
    entered = count_until(trial.entry, cut)
    censored, treated = _ONE, np.uint64(0)
    for q in range(entered - 1, -1, -1):
        censored_time[censored] = cut - trial.entry[q]
        censored_treated[censored] = treated
        is_censored = np.uint64(trial.calendar_by_entry[q] > cut)
        treated += is_censored & trial.treated_by_entry[q]
        censored += is_censored
    censored_time[0], censored_time[censored] = -np.inf, np.inf
    seen_time[0], seen_time[seen] = -np.inf, np.inf
    censored_treated[censored] = treated
    _count_censored_before(seen_time, seen, censored_time, censored, censored_before)
    rows, events = _tabulate(desk, np.int64(seen - _ONE), entered, seen_treated + treated, sets)
    return rows, entered, events


@numba.njit(cache=True)
def _count_censored_before(seen_time, seen, censored_time, censored, before):
    """For each seen time how many censored ones are smaller, plus 1; lists of 1 to `seen` - 1 and so on.

    Half of the merge runs from the front and half from the back, so that neither waits for the
    other. `before[0]` takes what is not wanted.
    """
    steps = seen + censored - _TWO
    i, j = _ONE, _ONE
    last, rear = seen - _ONE, censored - _ONE
    for _ in range(steps >> _ONE):
        takes_seen = np.uint64(censored_time[j] >= seen_time[i])
        before[i * takes_seen] = j
        i += takes_seen
        j += _ONE - takes_seen
        leaves_seen = np.uint64(censored_time[rear] < seen_time[last])
        before[last * leaves_seen] = rear + _ONE
        last -= leaves_seen
        rear -= _ONE - leaves_seen
    if steps & _ONE and censored_time[j] >= seen_time[i]:
        before[i] = j


@numba.njit(cache=True, error_model="numpy")
def _tabulate(desk, seen, entered, treated, sets):
    """Rows of `sets` from the patients seen, in order; those of one time share a row."""
    seen_time = desk.real[1]
    seen_mark, censored_treated, censored_before = desk.whole[1], desk.whole[2], desk.whole[3]
    rows, total = 0, 0
    events, treated_events = np.uint64(0), np.uint64(0)
    now = -1.0
    for i in range(1, seen + 1):
        mark = seen_mark[i]
        if seen_time[i] != now:
            rows += np.int64(events > 0)
            total += np.int64(events)
            now = seen_time[i]
            j = censored_before[i]
            sets.time[rows] = now
            sets.at_risk[rows] = np.float64(entered + 2 - i - np.int64(j))
            sets.treated_at_risk[rows] = np.float64(np.int64(treated - (mark >> _TWO) - censored_treated[j]))
            events, treated_events = np.uint64(0), np.uint64(0)
        is_event = (mark >> _ONE) & _ONE
        events += is_event
        treated_events += is_event & mark
        sets.events[rows] = np.float64(np.int64(events))
        sets.treated_events[rows] = np.float64(np.int64(treated_events))
    rows += np.int64(events > 0)
    return rows, total + np.int64(events)

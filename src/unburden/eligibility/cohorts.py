"""Every cohort that sets of criteria select, as arrays for the kernels; shards over threads."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numba
import numpy as np
import polars as pl

from unburden.domain.criteria_worth import OUTCOMES, EmulationData, Weighting, WorthPlan
from unburden.kernels import cohort_desk as kernel
from unburden.kernels.cohorts import run_cohorts

_WEIGHTINGS: dict[Weighting, int] = {
    "unweighted": kernel.UNWEIGHTED,
    "stabilised": kernel.STABILISED,
    "overlap": kernel.OVERLAP,
}
_PROBLEMS = {
    kernel.ONE_ARM: "an arm has no patients",
    kernel.NO_PROPENSITY: "a patient's propensity is below 1e-6 or above 1 - 1e-6 (separation)",
    kernel.NO_EVENT: "no patient has the event",
    kernel.TREATED_ONLY: "all events are in the treated arm",
    kernel.CONTROL_ONLY: "all events are in the control arm",
    kernel.SEPARATED: "treatment separates the order of events",
    kernel.SHORT_FOLLOW_UP: "an arm's follow-up ends before the horizon",
}
_Answer = TypeVar("_Answer")
_MOST_SUMS = 50_000_000
_SHARDS = 16


@dataclass(frozen=True)
class Sets:
    """Different cohorts, and which of them each of the asked `masks` selects.

    `unique` are the least masks of each cohort, ascending; `place` says for each of `masks` which.
    """

    masks: np.ndarray
    unique: np.ndarray
    place: np.ndarray


@dataclass(frozen=True)
class Estimates:
    """The kernels' answers: a row each different cohort; `influence` (n, contrasts, 4), patients by time."""

    results: np.ndarray
    statuses: np.ndarray
    solutions: np.ndarray
    influence: np.ndarray


def order_patients(passing: np.ndarray, data: EmulationData) -> tuple[kernel.Patients, np.ndarray]:
    """Patients by time, covariates with mean 0 and standard deviation 1 below a row of ones; the order."""
    order = np.argsort(data.times, kind="stable")
    bits = np.uint32(1) << np.arange(passing.shape[1], dtype=np.uint32)
    failing = (~passing[order] * bits).sum(axis=1).astype(np.uint32)
    times = np.asarray(data.times, float)[order]
    table = np.asarray(data.covariates, float)[order]
    spread = table.std(axis=0)
    table = (table - table.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    adverse = np.zeros(len(times)) if data.adverse is None else np.asarray(data.adverse, float)[order]
    patients = kernel.Patients(
        failing=failing,
        times=times,
        rank=np.unique(times, return_inverse=True)[1].astype(np.int32),
        events=np.asarray(data.events, float)[order],
        treated=np.asarray(data.treated, float)[order],
        harmed=adverse,
        covariates=np.ascontiguousarray(np.vstack([np.ones(len(times)), table.T])),
        counts=np.ones(len(times)),
    )
    return patients, order


def make_settings(data: EmulationData, plan: WorthPlan) -> kernel.Settings:
    """The plan in the codes of the kernels."""
    cut = plan.truncation
    kinds = {
        "none": kernel.NO_LIMIT,
        "probabilities": kernel.BY_PROBABILITY,
        "quantiles": kernel.BY_QUANTILE,
    }
    return kernel.Settings(
        weighting=_WEIGHTINGS[plan.weighting],
        limit_kind=kinds[cut.kind],
        lower=float(cut.low),
        upper=float(cut.high),
        is_efron=plan.ties == "efron",
        horizon=float(plan.horizon),
        has_harm=data.adverse is not None,
    )


def find_sets(masks: np.ndarray, failing: np.ndarray, criteria: int) -> Sets:
    """Which of `masks` (uint32, any order) select the same patients.

    Two masks do when their cohorts are failed by nobody on the same criteria: the closure of a
    mask is every criterion that all of its cohort passes (Ganter & Wille 1999).
    """
    patterns = np.unique(failing)
    full = np.uint32((1 << criteria) - 1)
    if criteria <= 20:
        any_failed = np.zeros(1 << criteria, np.uint32)
        any_failed[patterns] = patterns
        for j in range(criteria):
            halves = any_failed.reshape(-1, 2, 1 << j)
            halves[:, 1] |= halves[:, 0]
        closures = full & ~any_failed[full & ~masks]
    else:
        closures = np.empty_like(masks)
        for i, mask in enumerate(masks):
            inside = patterns[(patterns & mask) == 0]
            closures[i] = full & ~np.bitwise_or.reduce(inside, initial=np.uint32(0))
    _, first, place = np.unique(
        closures[np.argsort(masks, kind="stable")], return_index=True, return_inverse=True
    )
    ascending = np.sort(masks)
    least = ascending[first]
    order = np.argsort(least)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    places = np.empty(len(masks), np.int64)
    places[np.argsort(masks, kind="stable")] = rank[place]
    return Sets(masks, least[order], places)


def find_neighbours(unique: np.ndarray, sets: Sets) -> np.ndarray:
    """For each cohort those without its lowest, its second and both criteria, or -1; (cohorts, 3)."""
    ascending = np.argsort(sets.masks, kind="stable")
    known = sets.masks[ascending]

    def look_up(masks: np.ndarray) -> np.ndarray:
        at = np.minimum(np.searchsorted(known, masks), len(known) - 1)
        return np.where(known[at] == masks, sets.place[ascending[at]], -1)

    lowest = unique & (~unique + np.uint32(1))
    rest = unique & ~lowest
    second = rest & (~rest + np.uint32(1))
    near = np.stack([look_up(rest), look_up(unique & ~second), look_up(rest & ~second)], axis=1)
    near[unique == 0] = -1
    near[rest == 0, 1:] = -1
    near[near >= np.arange(len(unique))[:, None]] = -1
    return near


def estimate_cohorts(
    sets: Sets,
    patients: kernel.Patients,
    settings: kernel.Settings,
    contrasts: np.ndarray | None,
    *,
    is_fixed: bool = False,
    threads: int | None = None,
) -> Estimates:
    """Each different cohort's outcomes; with `contrasts` (cohorts, k) the sums of influences times them.

    Shards do not depend on the number of threads, so that the answer does not either.
    """
    count, q, n = len(sets.unique), len(patients.covariates), len(patients.times)
    width = 0 if contrasts is None else contrasts.shape[1]
    shards = int(max(1, min(_SHARDS, count // 16, _MOST_SUMS // max(1, 4 * n * width))))
    ends = np.linspace(0, count, shards + 1).astype(int)
    near = find_neighbours(sets.unique, sets)
    near[near < np.repeat(ends[:-1], np.diff(ends))[:, None]] = -1
    results, statuses = np.zeros((count, kernel.COLUMNS)), np.zeros((count, 3), np.int64)
    solutions = np.zeros((count + 1, q + 1))
    nothing, base = np.empty((0, 0, 4)), np.empty((0, 0))
    weights = np.empty((count, 0)) if contrasts is None else contrasts

    def run(first: int, last: int, sums: np.ndarray) -> np.ndarray:
        run_cohorts(
            sets.unique, near, first, last, patients, settings, base, is_fixed, weights, solutions, results,
            statuses, sums,
        )  # fmt: skip
        return sums

    run(0, 1, nothing)
    solutions[-1] = solutions[0]
    total = np.zeros((n, width, 4)) if width else nothing

    def run_shard(s: int) -> np.ndarray:
        return run(int(ends[s]), int(ends[s + 1]), np.zeros((n, width, 4)) if width else nothing)

    for sums in map_over_threads(run_shard, shards, threads):
        total += sums
    return Estimates(results, statuses, solutions, total)


def estimate_replicate(
    sets: Sets,
    near: np.ndarray,
    patients: kernel.Patients,
    settings: kernel.Settings,
    base: np.ndarray,
    counts: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Results and statuses of each cohort of a bootstrap sample, started from the original solutions."""
    kept = counts > 0
    sample = kernel.Patients(
        failing=patients.failing[kept],
        times=patients.times[kept],
        rank=patients.rank[kept],
        events=patients.events[kept],
        treated=patients.treated[kept],
        harmed=patients.harmed[kept],
        covariates=np.ascontiguousarray(patients.covariates[:, kept]),
        counts=counts[kept],
    )
    count = len(sets.unique)
    results, statuses = np.zeros((count, kernel.COLUMNS)), np.zeros((count, 3), np.int64)
    run_cohorts(
        sets.unique, near, 0, count, sample, settings, base, False, np.empty((count, 0)), base.copy(),
        results, statuses, np.empty((0, 0, 4)),
    )  # fmt: skip
    return results, statuses


def map_over_threads(job: Callable[[int], _Answer], count: int, threads: int | None) -> Iterator[_Answer]:
    """The jobs' answers in their order, on threads."""
    workers = min(count, threads or numba.get_num_threads())
    if workers <= 1:
        yield from (job(s) for s in range(count))
        return
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(job, range(count))


def tabulate_cohorts(sets: Sets, estimates: Estimates, has_harm: bool) -> pl.DataFrame:
    """The table of `CriteriaWorth.cohorts`."""
    rows, states = estimates.results[sets.place], estimates.statuses[sets.place]
    columns: dict[str, object] = {
        "mask": sets.masks,
        "same_as": sets.unique[sets.place],
        "criteria": np.bitwise_count(sets.masks).astype(np.int64),
        "patients": rows[:, kernel.PATIENTS].astype(np.int64),
        "treated": rows[:, kernel.TREATED].astype(np.int64),
        "events_treated": rows[:, kernel.EVENTS_TREATED].astype(np.int64),
        "events_control": rows[:, kernel.EVENTS_CONTROL].astype(np.int64),
    }
    frame = pl.DataFrame(columns)
    has_weights = states[:, kernel.RESTRICTED_MEAN]
    exists = (has_weights != kernel.ONE_ARM) & (has_weights != kernel.NO_PROPENSITY)
    added = [_make_nullable("effective_patients", rows[:, kernel.EFFECTIVE], exists)]
    for o, outcome in enumerate(OUTCOMES[: 3 if has_harm else 2]):
        exists = states[:, o] == kernel.EXISTS
        added.append(_make_nullable(outcome, rows[:, kernel.VALUES + o], exists))
        added.append(_make_nullable(f"{outcome}_se", rows[:, kernel.ERRORS + o], exists))
        words = [_PROBLEMS.get(int(state)) for state in states[:, o]]
        added.append(pl.Series(f"{outcome}_problem", words, dtype=pl.String))
    return frame.with_columns(added)


def _make_nullable(name: str, values: np.ndarray, exists: np.ndarray) -> pl.Series:
    """A column that is null where there is no number."""
    return pl.select(pl.when(pl.Series(exists)).then(pl.Series(values))).to_series().alias(name)


def describe_problem(status: int) -> str:
    """Why an outcome of a cohort does not exist."""
    return _PROBLEMS[status]

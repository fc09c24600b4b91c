"""The burden of many designs of one protocol that keep some of its cells and drop others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unburden.burden.draws import EvidenceDraws, check_drawable
from unburden.burden.population import check_shares
from unburden.burden.totals import UNIT_BY_TOTAL
from unburden.domain.burden import PATIENT_MINUTES, TIME_DIMENSIONS, BurdenLine, BurdenScore, Evidence
from unburden.domain.burden_draws import Floats
from unburden.domain.errors import InvalidEvidence, Problems
from unburden.domain.protocol import Place, Protocol

Key = tuple[str, str]
"""(visit id, activity id) of a cell."""

Column = tuple[str, tuple[Evidence, ...]]
"""A dimension and the entries of a product."""

_CHUNK = 64


@dataclass(frozen=True)
class VariantBurdens:
    """Mean and 95 % interval of each variant, (variants,) by dimension."""

    mean: dict[str, Floats]
    low: dict[str, Floats]
    high: dict[str, Floats]


def list_keys(protocol: Protocol) -> tuple[Key, ...]:
    """The keys of the main timeline's cells, in the protocol's order: what a variant may drop."""
    main = {visit.id for visit in protocol.main_visits}
    return tuple(cell.key for cell in protocol.cells if cell.visit_id in main)


def score_variants(
    protocol: Protocol,
    weighted: Sequence[tuple[float, BurdenScore]],
    kept: NDArray[np.bool_],
    evidence_draws: EvidenceDraws,
) -> VariantBurdens:
    """The burden of the patient mix in each variant, without scoring any of them anew.

    `weighted` holds (share, score) of the whole protocol, shares summing to 1. `kept[v, c]` says
    whether variant v keeps cell c of `list_keys(protocol)`. A line stays while a cell that causes it
    does, so each dimension is linear in the lines that stay; the entries' draws are made once.
    Raises `InvalidEvidence` for shares or a `kept` that do not fit.
    """
    times, columns = find_variant_times(protocol, weighted, kept)
    check_drawable(entry for _, entries in columns for entry in entries)
    drawn = {entries: evidence_draws.draw_product(entries) for _, entries in columns}
    mean, low, high = ({name: np.zeros(len(kept)) for name in UNIT_BY_TOTAL} for _ in range(3))
    for name in UNIT_BY_TOTAL:
        parts = TIME_DIMENSIONS if name == PATIENT_MINUTES else (name,)
        used = [i for i, (dimension, _) in enumerate(columns) if dimension in parts]
        if used:
            entries = np.array([drawn[columns[i][1]] for i in used])
            mean[name], low[name], high[name] = _summarise(times[:, used], entries)
    return VariantBurdens(mean, low, high)


def find_variant_times(
    protocol: Protocol, weighted: Sequence[tuple[float, BurdenScore]], kept: NDArray[np.bool_]
) -> tuple[Floats, list[Column]]:
    """The multiples of each (dimension, product of entries) column in each variant (row)."""
    check_shares([(score.persona, share) for share, score in weighted])
    keys = list_keys(protocol)
    problems = Problems("variants of the schedule")
    fits = kept.ndim == 2 and kept.shape[1] == len(keys) and kept.dtype == np.bool_
    told = f"kept is {kept.dtype} of shape {kept.shape}; give bool of shape (variants, {len(keys)})"
    problems.check(fits, told)
    problems.raise_if_any(InvalidEvidence)
    place_of = {key: i for i, key in enumerate(keys)}
    stays: dict[tuple[int, ...], NDArray[np.bool_]] = {}
    columns: dict[Column, int] = {}
    parts: dict[tuple[tuple[int, ...], int], float] = {}
    for share, score in weighted:
        causes = _Causes(protocol, score.arm_id, place_of)
        for line in score.lines:
            cells = causes.find(line)
            entries = tuple(score.evidence[entry_id] for entry_id in line.entry_ids)
            column = columns.setdefault((line.dimension, entries), len(columns))
            parts[cells, column] = parts.get((cells, column), 0.0) + share * line.times
            if cells not in stays:
                stays[cells] = kept[:, cells].any(axis=1) if cells else np.ones(len(kept), np.bool_)
    rows = {cells: i for i, cells in enumerate(stays)}
    weights = np.zeros((len(rows), len(columns)))
    for (cells, column), times in parts.items():
        weights[rows[cells], column] = times
    alive = np.array(list(stays.values())).T.reshape(len(kept), len(rows)).astype(np.float64)
    return alive @ weights, list(columns)


def _summarise(times: Floats, entries: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean and 95 % quantiles of times @ entries by row; a row without spread gets its own value."""
    spread = np.ptp(entries, axis=1) > 0
    certain = times[:, ~spread] @ entries[~spread, 0]
    mean, low, high = certain.copy(), certain.copy(), certain.copy()
    if spread.any():
        wide, drawn = times[:, spread], entries[spread]
        for start in range(0, len(times), _CHUNK):
            rows = slice(start, start + _CHUNK)
            values = wide[rows] @ drawn
            mean[rows] += values.mean(axis=1)
            found = np.quantile(values, (0.025, 0.975), axis=1, overwrite_input=True)
            low[rows] += found[0]
            high[rows] += found[1]
    return mean, np.minimum(low, mean), np.maximum(high, mean)


class _Causes:
    """Which cells of the main timeline keep a line of an arm's score."""

    def __init__(self, protocol: Protocol, arm_id: str | None, place_of: dict[Key, int]) -> None:
        self.place_of = place_of
        self.by_visit: dict[str, tuple[int, ...]] = {}
        self.by_day: dict[int | None, tuple[int, ...]] = {}
        for visit in protocol.visits_of_arm(arm_id):
            cells = tuple(place_of[cell.key] for cell in protocol.cells_by_visit[visit.id])
            self.by_visit[visit.id] = cells
            if visit.place in (Place.SITE, Place.LOCAL):
                day = visit.calendar_day
                self.by_day[day] = (*self.by_day.get(day, ()), *cells)

    def find(self, line: BurdenLine) -> tuple[int, ...]:
        """The cells, any of which keeps the line; () where nothing of the schedule does."""
        if line.cause == "unscheduled":
            return ()
        if line.day_cells:
            return tuple(self.place_of[key] for key in line.day_cells)
        if line.visit_id is None:
            return self.by_day[line.calendar_day]
        if line.activity_ids:
            return tuple(self.place_of[line.visit_id, activity_id] for activity_id in line.activity_ids)
        return self.by_visit[line.visit_id]

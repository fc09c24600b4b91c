"""The burden's uncertainty by Monte Carlo: each entry of the evidence is drawn once a draw."""

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from unburden.burden.score import COUNTED
from unburden.domain.burden import (
    PATIENT_MINUTES,
    PERSONA_MARK,
    TIME_DIMENSIONS,
    UNIT_BY_DIMENSION,
    BurdenScore,
    Evidence,
)
from unburden.domain.burden_draws import BurdenDraws, Floats
from unburden.domain.errors import InvalidEvidence, Problems
from unburden.domain.estimate import Estimate
from unburden.kernels.evidence_draws import fill_normals

UNIT_BY_TOTAL: Mapping[str, str] = {**UNIT_BY_DIMENSION, PATIENT_MINUTES: "minute"}
"""Every dimension that a score totals, with its unit."""

Terms = Mapping[str, Mapping[str, float]]
"""By dimension and evidence id, the multiple of the entry in the dimension's sum."""

_SD_PER_RANGE = 1 / 3.92
_SAME = 1e-12
_LEAST_VALUE = 1e-9
_Z = 1.959963984540054
_LARGEST_SEED = 2**64


@dataclass(frozen=True)
class EvidenceDraws:
    """Draws of the evidence's entries: a function of seed, entry's id and number of the draw only.

    An entry is lognormal with its value as mean and (high - low) / 3.92 as standard deviation, as
    `match_lognormal` takes the sum to be. An entry that a persona overrides (also as `id@persona`)
    keeps the stream of its id: where rural patients travel farther than thought, so do the others.
    `stream` tells apart independent sets of draws. Raises `InvalidEvidence` for draws or a seed
    that cannot be used.
    """

    draws: int
    seed: int
    stream: int = 0
    _normals: dict[str, Floats] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        problems = Problems("draws of the burden")
        whole = isinstance(self.draws, int) and not isinstance(self.draws, bool)
        problems.check(
            whole and self.draws >= 1, f"draws = {self.draws!r}; give a whole number of at least 1"
        )
        whole = isinstance(self.seed, int) and not isinstance(self.seed, bool)
        fits = whole and 0 <= self.seed < _LARGEST_SEED
        problems.check(fits, f"seed = {self.seed!r}; give a whole number from 0 to 2**64 - 1")
        problems.raise_if_any(InvalidEvidence)

    def draw_entry(self, entry: Evidence) -> Floats:
        """The draws of one entry, never negative, with the entry's value as their expectation."""
        if entry.low == entry.high:
            return np.full(self.draws, entry.value)
        spread = find_log_variance(entry)
        centre = math.log(entry.value) - spread / 2
        return np.exp(centre + math.sqrt(spread) * self.draw_normals(find_stream_id(entry.id)))

    def draw_normals(self, stream_id: str) -> Floats:
        """The standard normal numbers of one unknown."""
        if stream_id not in self._normals:
            normals = np.empty(self.draws)
            key = int.from_bytes(hashlib.sha256(stream_id.encode()).digest()[:8], "little")
            fill_normals(np.uint64(self.seed), np.uint64(key), np.uint64(self.stream), normals)
            self._normals[stream_id] = normals
        return self._normals[stream_id]


def find_stream_id(evidence_id: str) -> str:
    """The id of the unknown behind an entry: a persona's own entry has that of the ledger.

    >>> find_stream_id("travel.minutes@rural")
    'travel.minutes'
    """
    return evidence_id.partition(PERSONA_MARK)[0]


def find_log_variance(entry: Evidence) -> float:
    """Variance of the logarithm of an uncertain entry."""
    return 2 * math.log(math.hypot(1, (entry.high - entry.low) * _SD_PER_RANGE / entry.value))


def check_drawable(entries: Iterable[Evidence]) -> None:
    """Raise `InvalidEvidence` for every entry whose range no lognormal of its value has."""
    problems = Problems("draws of the burden")
    for entry in entries:
        told = f"evidence {entry.id!r} has the value {entry.value:g} and goes up to {entry.high:g}"
        fits = entry.high == 0 or entry.value > entry.high * _LEAST_VALUE
        problems.check(fits, f"{told}; give a value above a billionth of that")
    problems.raise_if_any(InvalidEvidence)


def find_terms(score: BurdenScore) -> dict[str, dict[str, float]]:
    """The multiple of each entry in each dimension and in `patient_minutes`, whatever the lines' order."""
    times: dict[str, dict[str, list[float]]] = {dimension: {} for dimension in UNIT_BY_TOTAL}
    for line in score.lines:
        times[line.dimension].setdefault(line.evidence_id, []).append(line.times)
        if line.dimension in TIME_DIMENSIONS:
            times[PATIENT_MINUTES].setdefault(line.evidence_id, []).append(line.times)
    return {
        dimension: {key: math.fsum(found[key]) for key in sorted(found)} for dimension, found in times.items()
    }


def draw_score(score: BurdenScore, evidence_draws: EvidenceDraws) -> BurdenDraws:
    """Draws of every dimension of a score: its multiples of the entries × the draws of the entries.

    Raises `InvalidEvidence` where an entry has a spread but the value 0.
    """
    terms = find_terms(score)
    used = sorted({key for found in terms.values() for key, times in found.items() if times})
    check_drawable(score.evidence[key] for key in used)
    coefficients = np.array([[terms[name].get(key, 0.0) for key in used] for name in UNIT_BY_TOTAL])
    entries = [evidence_draws.draw_entry(score.evidence[key]) for key in used]
    totals = np.zeros((len(UNIT_BY_TOTAL), evidence_draws.draws))
    if entries:
        totals = coefficients @ np.array(entries)
    values = dict(zip(UNIT_BY_TOTAL, totals, strict=True))
    return BurdenDraws(evidence_draws.seed, values, UNIT_BY_TOTAL, _find_sources(terms, score.evidence))


def compare_scores(
    first: BurdenScore, second: BurdenScore, evidence_draws: EvidenceDraws
) -> dict[str, Estimate]:
    """The probability that the first design asks less than the second, by dimension.

    A tie counts one half. The interval is the Monte Carlo error (Wilson's 95 %); none where the
    order follows from the schedules alone: 0.5 for equal ones, 0 or 1 where all that differs differs
    in one direction. Raises `InvalidEvidence` as `draw_score` does.
    """
    found: dict[str, Estimate] = {}
    for name, terms in subtract_terms(first, second).items():
        check_drawable(entry for _, entry in terms)
        used = [(times, entry) for times, entry in terms if entry.value > 0]
        sources = tuple(sorted({entry.source for _, entry in used})) or (COUNTED,)
        signs = {times > 0 for times, _ in used}
        if len(signs) < 2:
            value = {frozenset(): 0.5, frozenset({True}): 0.0, frozenset({False}): 1.0}[frozenset(signs)]
            found[name] = Estimate(value, value, value, "1", sources)
            continue
        difference = sum(times * evidence_draws.draw_entry(entry) for times, entry in used)
        found[name] = _count_order(np.asarray(difference), sources, evidence_draws)
    return found


def draw_difference(
    first: BurdenScore, second: BurdenScore, evidence_draws: EvidenceDraws
) -> dict[str, Floats]:
    """First minus second by dimension and draw; exactly 0 where the schedules ask the same."""
    return {
        name: sum(
            (times * evidence_draws.draw_entry(e) for times, e in terms), np.zeros(evidence_draws.draws)
        )
        for name, terms in subtract_terms(first, second).items()
    }


def subtract_terms(first: BurdenScore, second: BurdenScore) -> dict[str, list[tuple[float, Evidence]]]:
    """First minus second as multiples of entries; what differs by rounding only is left out."""
    both = find_terms(first), find_terms(second)
    found: dict[str, list[tuple[float, Evidence]]] = {}
    for name in UNIT_BY_TOTAL:
        found[name] = []
        for key in sorted({*both[0][name], *both[1][name]}):
            ours, theirs = both[0][name].get(key, 0.0), both[1][name].get(key, 0.0)
            entry, other = first.evidence.get(key), second.evidence.get(key)
            if entry is None or other is None or _is_same(entry, other):
                terms = (
                    [(ours - theirs, entry or other)] if abs(ours - theirs) > _SAME * (ours + theirs) else []
                )
            else:
                terms = [(ours, entry), (-theirs, other)]
            found[name] += [(times, e) for times, e in terms if times and e]
    return found


def _is_same(one: Evidence, other: Evidence) -> bool:
    return (one.value, one.low, one.high) == (other.value, other.low, other.high)


def _count_order(difference: Floats, sources: tuple[str, ...], evidence_draws: EvidenceDraws) -> Estimate:
    """P(difference < 0), ties one half, with Wilson's interval (ties only make it wider than need be)."""
    draws = len(difference)
    value = float(np.mean((difference < 0) + 0.5 * (difference == 0)))
    shrunk = 1 + _Z**2 / draws
    centre = (value + _Z**2 / (2 * draws)) / shrunk
    half = _Z / shrunk * math.sqrt(value * (1 - value) / draws + _Z**2 / (4 * draws**2))
    told = (*sources, f"simulated:n={draws}, seed={evidence_draws.seed}")
    return Estimate(value, max(0.0, centre - half), min(1.0, centre + half), "1", told)


def _find_sources(terms: Terms, evidence: Mapping[str, Evidence]) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(sorted({evidence[key].source for key in found})) or (COUNTED,)
        for name, found in terms.items()
    }

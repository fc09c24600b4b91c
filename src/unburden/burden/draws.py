"""The burden's uncertainty by Monte Carlo: each entry of the evidence is drawn once a draw."""

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from statistics import NormalDist

import numpy as np

from unburden.burden.totals import (
    UNIT_BY_TOTAL,
    Key,
    Product,
    Terms,
    find_key,
    find_log_variance,
    find_sources,
    find_stream_id,
    find_terms,
    list_totals,
)
from unburden.domain.burden import BurdenScore, Evidence
from unburden.domain.burden_draws import BurdenDraws, Floats
from unburden.domain.errors import InvalidEvidence, Problems
from unburden.domain.estimate import Estimate
from unburden.kernels.evidence_draws import draw_stream_normals

PATIENT_STREAM = "@patient"
"""The stream of random numbers that says which typical patient a draw is of."""

_SD_PER_RANGE = 1 / 3.92
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(64)
_SAME = 1e-12
_LEAST_VALUE = 1e-9
_Z = 1.959963984540054
_LARGEST_SEED = 2**64


@dataclass(frozen=True)
class EvidenceDraws:
    """Draws of the evidence's entries: a function of seed, entry's id and number of the draw only.

    An entry has its value as mean and (high - low) / 3.92 as standard deviation, in the distribution
    that it names: lognormal, or logit-normal for a share. An entry that a persona overrides (also as
    `id@persona`) keeps the stream of its id: where rural patients travel farther than thought, so do
    the others. `stream` tells apart independent sets of draws. Raises `InvalidEvidence` for draws or a seed
    that cannot be used.
    """

    draws: int
    seed: int
    stream: int = 0
    _normals: dict[str, Floats] = field(default_factory=dict, repr=False, compare=False)
    _entries: dict[Evidence, Floats] = field(default_factory=dict, repr=False, compare=False)

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
        """The draws of one entry, never negative, with the entry's value as their expectation; read only."""
        if entry not in self._entries:
            self._entries[entry] = self._draw_anew(entry)
            self._entries[entry].flags.writeable = False
        return self._entries[entry]

    def _draw_anew(self, entry: Evidence) -> Floats:
        if entry.low == entry.high:
            return np.full(self.draws, entry.value)
        if entry.distribution == "logit-normal":
            centre, width = match_logit_normal(entry.value, (entry.high - entry.low) * _SD_PER_RANGE)
            return 1 / (1 + np.exp(-centre - width * self.draw_normals(find_stream_id(entry.id))))
        spread = find_log_variance(entry)
        centre = math.log(entry.value) - spread / 2
        return np.exp(centre + math.sqrt(spread) * self.draw_normals(find_stream_id(entry.id)))

    def draw_product(self, entries: Iterable[Evidence]) -> Floats:
        """The draws of a product of entries."""
        product = np.ones(self.draws)
        for entry in entries:
            product = product * self.draw_entry(entry)
        return product

    @cached_property
    def patient_ranks(self) -> Floats:
        """Where the patient of each draw stands among all: a number between 0 and 1."""
        chance = NormalDist().cdf
        return np.array([chance(z) for z in self.draw_normals(PATIENT_STREAM)])

    def draw_normals(self, stream_id: str) -> Floats:
        """The standard normal numbers of one unknown."""
        if stream_id not in self._normals:
            key = int.from_bytes(hashlib.sha256(stream_id.encode()).digest()[:8], "little")
            self._normals[stream_id] = draw_stream_normals(self.seed, key, self.stream, self.draws)
        return self._normals[stream_id]


@lru_cache(maxsize=1024)
def match_logit_normal(mean: float, sd: float) -> tuple[float, float]:
    """Centre and width of the normal whose logistic has this mean and standard deviation.

    Both integrals by 64 Gauss-Hermite nodes; the width is found by bisection, and within it the
    centre, which the mean determines, by Newton steps kept between the bounds known so far. A
    standard deviation that no distribution on 0 to 1 has with this mean gets the widest tried (12).
    """

    whole = float(_WEIGHTS.sum())

    def moments(centre: float, width: float) -> tuple[float, float]:
        values = 1 / (1 + np.exp(-centre - width * _NODES))
        return float(_WEIGHTS @ values) / whole, float(_WEIGHTS @ values**2) / whole

    def find_centre(width: float) -> float:
        low, high = -60.0, 60.0
        centre = math.log(mean / (1 - mean))
        for _ in range(80):
            first, second = moments(centre, width)
            low, high = (centre, high) if first < mean else (low, centre)
            slope = first - second
            step = centre + (mean - first) / slope if slope > 0 else math.inf
            after = step if low < step < high else (low + high) / 2
            if abs(after - centre) < 1e-14 * (1 + abs(centre)):
                return after
            centre = after
        return centre

    least, most = 0.0, 12.0
    for _ in range(60):
        width = (least + most) / 2
        first, second = moments(find_centre(width), width)
        is_narrow = second - first**2 < sd**2
        least, most = (width, most) if is_narrow else (least, width)
    return find_centre(most), most


def check_drawable(entries: Iterable[Evidence]) -> None:
    """Raise `InvalidEvidence` for every entry whose range no lognormal of its value has."""
    problems = Problems("draws of the burden")
    for entry in entries:
        told = f"evidence {entry.id!r} has the value {entry.value:g} and goes up to {entry.high:g}"
        fits = entry.high == 0 or entry.value > entry.high * _LEAST_VALUE
        problems.check(fits, f"{told}; give a value above a billionth of that")
    problems.raise_if_any(InvalidEvidence)


def draw_score(score: BurdenScore, evidence_draws: EvidenceDraws) -> BurdenDraws:
    """Draws of every dimension of a score: its multiples of the entries × the draws of the entries.

    Raises `InvalidEvidence` where an entry has a spread but the value 0.
    """
    terms = find_terms(score.lines)
    used = sorted({key for found in terms.values() for key, times in found.items() if times})
    check_drawable(score.evidence[entry_id] for key in used for entry_id in key)
    coefficients = np.array([[terms[name].get(key, 0.0) for key in used] for name in UNIT_BY_TOTAL])
    entries = [evidence_draws.draw_product(score.evidence[i] for i in key) for key in used]
    totals = np.zeros((len(UNIT_BY_TOTAL), evidence_draws.draws))
    if entries:
        totals = coefficients @ np.array(entries)
    values = dict(zip(UNIT_BY_TOTAL, totals, strict=True))
    return BurdenDraws(evidence_draws.seed, values, UNIT_BY_TOTAL, _find_sources(terms, score.evidence))


def draw_patients(score: BurdenScore, evidence_draws: EvidenceDraws) -> dict[str, Floats]:
    """One typical patient of the score in each draw: each dimension by draw.

    A patient is who stays how long, drawn from the typical patients by a stream of its own, the same
    for every persona; a mixture of scores does not say, so all its patients are the average one.
    """
    times = score.patient_times
    if times is None:
        return dict(draw_score(score, evidence_draws).values)
    patients = times.there.shape[1]
    chosen = np.minimum((evidence_draws.patient_ranks * patients).astype(int), patients - 1)
    rows: dict[tuple[str, Key], Floats] = {}
    for row, line in times.lines:
        for name in list_totals(line):
            held = rows.setdefault((name, find_key(line)), np.zeros(len(times.shares)))
            held[row] += line.times
    drawn: dict[Key, Floats] = {}
    values = {name: np.zeros(evidence_draws.draws) for name in UNIT_BY_TOTAL}
    for (name, key), by_group in rows.items():
        if key not in drawn:
            drawn[key] = evidence_draws.draw_product(score.evidence[entry_id] for entry_id in key)
        values[name] += (by_group @ times.there)[chosen] * drawn[key]
    return values


def compare_scores(
    first: BurdenScore, second: BurdenScore, evidence_draws: EvidenceDraws
) -> dict[str, Estimate]:
    """The probability that the first design asks less than the second, by dimension.

    A tie counts one half. The interval is the Monte Carlo error (Wilson's 95 %); none where the
    order follows from the schedules alone: 0.5 for equal ones, 0 or 1 where all that differs differs
    in one direction. Raises `InvalidEvidence` as `draw_score` does.
    """
    found: dict[str, Estimate] = {}
    for name, products in subtract_terms(first, second).items():
        check_drawable(entry for _, entries in products for entry in entries)
        used = [(times, entries) for times, entries in products if all(entry.value > 0 for entry in entries)]
        sources = find_sources(used)
        signs = {times > 0 for times, _ in used}
        if len(signs) < 2:
            value = {frozenset(): 0.5, frozenset({True}): 0.0, frozenset({False}): 1.0}[frozenset(signs)]
            found[name] = Estimate(value, value, value, "1", sources)
            continue
        difference = sum(times * evidence_draws.draw_product(entries) for times, entries in used)
        found[name] = _count_order(np.asarray(difference), sources, evidence_draws)
    return found


def draw_difference(
    first: BurdenScore, second: BurdenScore, evidence_draws: EvidenceDraws
) -> dict[str, Floats]:
    """First minus second by dimension and draw; exactly 0 where the schedules ask the same."""
    return {
        name: sum(
            (times * evidence_draws.draw_product(entries) for times, entries in products),
            np.zeros(evidence_draws.draws),
        )
        for name, products in subtract_terms(first, second).items()
    }


def subtract_terms(first: BurdenScore, second: BurdenScore) -> dict[str, list[Product]]:
    """First minus second as multiples of products; what differs by rounding only is left out."""
    both = find_terms(first.lines), find_terms(second.lines)
    found: dict[str, list[Product]] = {}
    for name in UNIT_BY_TOTAL:
        found[name] = []
        for key in sorted({*both[0][name], *both[1][name]}):
            ours, theirs = both[0][name].get(key, 0.0), both[1][name].get(key, 0.0)
            entries = _take_entries(first, key) or _take_entries(second, key)
            others = _take_entries(second, key) or entries
            if all(_is_same(one, other) for one, other in zip(entries, others, strict=True)):
                is_apart = abs(ours - theirs) > _SAME * (ours + theirs)
                products: list[Product] = [(ours - theirs, entries)] if is_apart else []
            else:
                products = [(ours, entries), (-theirs, others)]
            found[name] += [(times, held) for times, held in products if times]
    return found


def _take_entries(score: BurdenScore, key: Key) -> tuple[Evidence, ...]:
    """The entries of a product; () where the score does not hold them all."""
    entries = tuple(score.evidence[entry_id] for entry_id in key if entry_id in score.evidence)
    return entries if len(entries) == len(key) else ()


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
        name: find_sources((times, tuple(evidence[i] for i in key)) for key, times in found.items())
        for name, found in terms.items()
    }

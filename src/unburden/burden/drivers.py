"""Which entries of the evidence drive the burden's uncertainty: Sobol indices."""

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import NormalDist

import numpy as np

from unburden.burden.draws import EvidenceDraws, check_drawable
from unburden.burden.population import check_shares
from unburden.burden.totals import (
    UNIT_BY_TOTAL,
    Key,
    compute_mean,
    find_log_variance,
    find_stream_id,
    find_terms,
)
from unburden.domain.burden import BurdenScore, Evidence
from unburden.domain.burden_draws import Driver, Floats
from unburden.domain.errors import InvalidEvidence, Problems

PERSONA = "persona"
"""The input that says which persona a patient drawn at random is."""

_PERSONA_STREAM = "@persona"


def find_drivers(score: BurdenScore) -> dict[str, tuple[Driver, ...]]:
    """Sobol indices of every dimension of one score by its formula, largest first.

    A dimension is a sum of products of independent unknowns. With M the expectations of the
    products that hold unknown k and s² its ln(1 + sd² / mean²), k's share of first order is
    (Σ M)² (exp(s²) - 1) / V, its total Σ M M' exp(covariance of the other unknowns' logarithms)
    (exp(s²) - 1) / V. Where no product holds two unknowns both are its share of the variance.
    Entries of one unknown (`id@persona`) move together and count as one. Empty for a dimension
    without spread.
    """
    return {
        name: _order_drivers(
            _find_indices([_Factors(times, key, score.evidence) for key, times in terms.items()])
        )
        for name, terms in find_terms(score.lines).items()
    }


class _Factors:
    """A product's expectation and the spread of the logarithm of each of its unknowns."""

    def __init__(self, times: float, key: Key, evidence: Mapping[str, Evidence]) -> None:
        entries = tuple(evidence[entry_id] for entry_id in key)
        check_drawable(entries)
        self.mean = compute_mean((times, entries))
        self.spreads: dict[str, float] = {}
        for entry in entries:
            if entry.low < entry.high:
                stream = find_stream_id(entry.id)
                self.spreads[stream] = self.spreads.get(stream, 0.0) + math.sqrt(find_log_variance(entry))

    def share(self, other: "_Factors", without: str = "") -> float:
        """Covariance of the logarithms, one unknown left out."""
        return sum(s * other.spreads.get(k, 0.0) for k, s in self.spreads.items() if k != without)


def _find_indices(rows: Sequence[_Factors]) -> list[Driver]:
    streams = dict.fromkeys(stream for row in rows for stream in row.spreads)
    holders = {stream: [row for row in rows if stream in row.spreads and row.mean] for stream in streams}
    whole = _add_pairs([(a, b, math.expm1(a.share(b))) for a in rows for b in rows])
    if whole <= 0:
        return []
    found = []
    for stream, held in holders.items():
        alone = [(a, b, math.expm1(a.spreads[stream] * b.spreads[stream])) for a in held for b in held]
        total = [(a, b, factor * math.exp(a.share(b, without=stream))) for a, b, factor in alone]
        found.append(Driver(stream, _add_pairs(alone) / whole, _add_pairs(total) / whole))
    return [driver for driver in found if driver.total > 0]


def _add_pairs(pairs: Iterable[tuple[_Factors, _Factors, float]]) -> float:
    return math.fsum(a.mean * b.mean * factor for a, b, factor in pairs if factor)


def estimate_population_drivers(
    weighted: Sequence[tuple[float, BurdenScore]], *, draws: int, seed: int
) -> dict[str, tuple[Driver, ...]]:
    """Sobol indices of the burden of a patient drawn at random from the personas, largest first.

    `weighted` holds (share, score), as for `draw_population`. Who the patient is ("persona", which
    also stands for the arm where scores of several are given) multiplies what the evidence says, so
    the indices are estimated: draws are frozen or picked one input at a time from two independent
    sets (Saltelli et al. 2010; both estimators Jansen 1999). Their Monte Carlo error is of the order
    of 1 / √draws. An index may come out slightly below 0 or above 1; it is told as it is.
    """
    check_shares([(score.persona, share) for share, score in weighted])
    problems = Problems("drivers of the burden")
    problems.check(draws >= 2, f"draws = {draws!r}; give at least 2, since a variance is estimated")
    problems.raise_if_any(InvalidEvidence)
    sets = EvidenceDraws(draws, seed, 0), EvidenceDraws(draws, seed, 1)
    first, second = (_draw_personas([share for share, _ in weighted], each) for each in sets)
    models = [_Model(score, sets) for _, score in weighted]
    found: dict[str, tuple[Driver, ...]] = {}
    for name in UNIT_BY_TOTAL:
        values = [[model.compute(name, side) for model in models] for side in (0, 1)]
        here = np.arange(draws)
        ours, theirs = np.array(values[0])[first, here], np.array(values[1])[second, here]
        swapped: dict[str, Floats] = {}
        for stream in sorted({stream for model in models for stream in model.find_streams(name)}):
            changes = np.array([model.swap(name, stream) for model in models])
            swapped[stream] = ours + changes[first, here]
        if len(weighted) > 1:
            swapped[PERSONA] = np.array(values[0])[second, here]
        found[name] = estimate_drivers(ours, theirs, swapped)
    return found


class _Model:
    """One score's dimensions in two independent sets of draws, and with one unknown swapped."""

    def __init__(self, score: BurdenScore, sets: tuple[EvidenceDraws, EvidenceDraws]) -> None:
        self.terms = find_terms(score.lines)
        used = {entry_id for terms in self.terms.values() for key in terms for entry_id in key}
        entries = [score.evidence[entry_id] for entry_id in sorted(used)]
        check_drawable(entries)
        self.wide = {entry.id for entry in entries if entry.low < entry.high}
        self.drawn = [{entry.id: each.draw_entry(entry) for entry in entries} for each in sets]
        self.zero = np.zeros(sets[0].draws)

    def find_streams(self, name: str) -> set[str]:
        """The unknowns of a dimension."""
        return {find_stream_id(i) for key in self.terms[name] for i in key if i in self.wide}

    def compute(self, name: str, side: int) -> Floats:
        """The dimension in one set of draws."""
        return sum((times * self._multiply(key, side) for key, times in self.terms[name].items()), self.zero)

    def swap(self, name: str, stream: str) -> Floats:
        """What the first set's values change by where one unknown comes from the second."""
        held = (
            (times, key)
            for key, times in self.terms[name].items()
            if any(find_stream_id(entry_id) == stream for entry_id in key)
        )
        return sum(
            (times * (self._multiply(key, 0, stream) - self._multiply(key, 0)) for times, key in held),
            self.zero,
        )

    def _multiply(self, key: Key, side: int, swapped: str = "") -> Floats:
        product = np.ones(len(self.zero))
        for entry_id in key:
            taken = 1 - side if find_stream_id(entry_id) == swapped else side
            product = product * self.drawn[taken][entry_id]
        return product


def estimate_drivers(first: Floats, second: Floats, swapped: Mapping[str, Floats]) -> tuple[Driver, ...]:
    """Sobol indices by pick-freeze, largest total first; none where nothing varies.

    `first` and `second` are a model's values at two independent sets of inputs, `swapped[input]`
    those at the first set with that one input from the second. Jansen (1999): first order
    1 - E(second - swapped)² / 2V, total E(first - swapped)² / 2V, V the variance of both sets.
    """
    variance = float(np.var(np.concatenate((first, second))))
    if variance <= (1e-12 * float(np.abs(first).max(initial=0.0))) ** 2:
        return ()
    return _order_drivers(
        Driver(
            name,
            1 - float(np.mean((second - values) ** 2)) / (2 * variance),
            float(np.mean((first - values) ** 2)) / (2 * variance),
        )
        for name, values in swapped.items()
    )


def _draw_personas(shares: Sequence[float], evidence_draws: EvidenceDraws) -> np.ndarray:
    """The persona's number in each draw."""
    bounds = [NormalDist().inv_cdf(below) for below in np.cumsum(shares)[:-1].clip(1e-15, 1 - 1e-15)]
    return np.searchsorted(bounds, evidence_draws.draw_normals(_PERSONA_STREAM))


def _order_drivers(drivers: Iterable[Driver]) -> tuple[Driver, ...]:
    return tuple(sorted(drivers, key=lambda driver: (-driver.total, driver.name)))

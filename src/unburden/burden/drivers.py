"""Which entries of the evidence drive the burden's uncertainty: Sobol indices."""

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import NormalDist

import numpy as np

from unburden.burden.draws import (
    UNIT_BY_TOTAL,
    EvidenceDraws,
    check_drawable,
    find_log_variance,
    find_stream_id,
    find_terms,
)
from unburden.burden.population import check_shares
from unburden.domain.burden import BurdenScore, Evidence
from unburden.domain.burden_draws import Driver, Floats
from unburden.domain.errors import InvalidEvidence, Problems

PERSONA = "persona"
"""The input that says which persona a patient drawn at random is."""

_PERSONA_STREAM = "@persona"


def find_drivers(score: BurdenScore) -> dict[str, tuple[Driver, ...]]:
    """Sobol indices of every dimension of one score by its formula, largest first.

    A dimension is a sum over independent unknowns, so an unknown's index of first order and its
    total index are both its share of the variance. Entries of one unknown (`id@persona`) move
    together and count as one. Empty for a dimension without spread.
    """
    found: dict[str, tuple[Driver, ...]] = {}
    for name, terms in find_terms(score).items():
        check_drawable(score.evidence[key] for key in terms)
        groups: dict[str, list[tuple[float, Evidence]]] = {}
        for key, times in terms.items():
            groups.setdefault(find_stream_id(key), []).append((times, score.evidence[key]))
        variances = {key: _add_variance(group) for key, group in groups.items()}
        whole = math.fsum(variances.values())
        shares = {key: variance / whole for key, variance in variances.items() if variance > 0}
        found[name] = _order_drivers(Driver(key, share, share) for key, share in shares.items())
    return found


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
    terms = [find_terms(score) for _, score in weighted]
    found: dict[str, tuple[Driver, ...]] = {}
    for name in UNIT_BY_TOTAL:
        rows = [(terms[i][name], score.evidence) for i, (_, score) in enumerate(weighted)]
        effects = [_draw_effects(rows, each) for each in sets]
        zero = np.zeros((len(weighted), draws))
        totals = [sum(each.values(), zero) for each in effects]
        here = np.arange(draws)
        ours, theirs = totals[0][first, here], totals[1][second, here]
        swapped = {
            key: ours + (effects[1][key] - effects[0][key])[first, here]
            for key in effects[0]
            if np.ptp(effects[0][key], axis=1).any()
        }
        if len(weighted) > 1:
            swapped[PERSONA] = totals[0][second, here]
        found[name] = estimate_drivers(ours, theirs, swapped)
    return found


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


def _add_variance(group: Sequence[tuple[float, Evidence]]) -> float:
    """Variance of a sum of lognormals of one normal: covariances m m' (exp(s s') - 1)."""
    parts = [
        (times * entry.value, math.sqrt(find_log_variance(entry)))
        for times, entry in group
        if entry.low < entry.high
    ]
    return math.fsum(a * b * math.expm1(s * t) for a, s in parts for b, t in parts)


def _draw_personas(shares: Sequence[float], evidence_draws: EvidenceDraws) -> np.ndarray:
    """The persona's number in each draw."""
    bounds = [NormalDist().inv_cdf(below) for below in np.cumsum(shares)[:-1].clip(1e-15, 1 - 1e-15)]
    return np.searchsorted(bounds, evidence_draws.draw_normals(_PERSONA_STREAM))


def _draw_effects(
    rows: Sequence[tuple[Mapping[str, float], Mapping[str, Evidence]]], evidence_draws: EvidenceDraws
) -> dict[str, Floats]:
    """By unknown, what it adds for each persona (row) in each draw (column)."""
    effects: dict[str, Floats] = {}
    for i, (terms, evidence) in enumerate(rows):
        check_drawable(evidence[key] for key in terms)
        for key, times in terms.items():
            empty = np.zeros((len(rows), evidence_draws.draws))
            effect = effects.setdefault(find_stream_id(key), empty)
            effect[i] += times * evidence_draws.draw_entry(evidence[key])
    return effects


def _order_drivers(drivers: Iterable[Driver]) -> tuple[Driver, ...]:
    return tuple(sorted(drivers, key=lambda driver: (-driver.total, driver.name)))

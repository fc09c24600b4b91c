"""The burden over personas: the mean of all, and the mean of the tenth that carries most."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from unburden.burden.draws import EvidenceDraws, draw_patients, draw_score
from unburden.burden.totals import UNIT_BY_TOTAL
from unburden.domain.burden import BurdenScore
from unburden.domain.burden_draws import BurdenDraws, Floats, PopulationBurden
from unburden.domain.errors import InvalidEvidence, Problems

WORST_SHARE = 0.1


def find_share_problems(named: Sequence[tuple[str, float]]) -> Iterator[str]:
    """What is wrong with (name, share) pairs, which must be above 0 and sum to 1, each with its place."""
    if not named:
        yield "none is given; declare at least one with share 1"
    faulty = False
    for number, (name, share) in enumerate(named, start=1):
        if not 0 < share <= 1 + 1e-9:
            faulty = True
            yield f"persona {number} ({name!r}) has the share {share:g}; give a number above 0 and up to 1"
    total = math.fsum(share for _, share in named)
    if named and not faulty and abs(total - 1) >= 1e-9:
        yield f"the shares sum to {total:g}; make them sum to 1"


def check_shares(named: Sequence[tuple[str, float]]) -> None:
    """Raise `InvalidEvidence` with every problem of (name, share) pairs."""
    problems = Problems("personas")
    problems.extend(find_share_problems(named))
    problems.raise_if_any(InvalidEvidence)


def draw_population(
    weighted: Sequence[tuple[float, BurdenScore]], evidence_draws: EvidenceDraws
) -> PopulationBurden:
    """The burden over (share, score) pairs: one score a persona, or one for each arm and persona.

    All rest on the same draws of the evidence. The worst tenth is over persona, draw and, for scores
    that say how lines fall on patients, one typical patient a draw. Raises `InvalidEvidence` where
    shares do not sum to 1, two scores are of one arm and persona, or an entry cannot be drawn.
    """
    names = _name_scores([score for _, score in weighted])
    check_shares([(name, share) for name, (share, _) in zip(names, weighted, strict=True)])
    problems = Problems("personas")
    for name in dict.fromkeys(names):
        problems.check(names.count(name) == 1, f"two scores are of {name!r}; give each persona once")
    problems.raise_if_any(InvalidEvidence)
    drawn = [draw_score(score, evidence_draws) for _, score in weighted]
    shares = np.array([share for share, _ in weighted])
    means, worst = {}, {}
    weights = np.repeat(shares / evidence_draws.draws, evidence_draws.draws)
    by_patient = [draw_patients(score, evidence_draws) for _, score in weighted]
    for dimension in UNIT_BY_TOTAL:
        means[dimension] = shares @ np.array([each.values[dimension] for each in drawn])
        patients = np.array([each[dimension] for each in by_patient])
        worst[dimension] = find_worst_mean(patients.ravel(), weights)
    sources = {
        name: tuple(sorted({source for each in drawn for source in each.sources[name]}))
        for name in UNIT_BY_TOTAL
    }
    mean = BurdenDraws(evidence_draws.seed, means, UNIT_BY_TOTAL, sources)
    by_name = dict(zip(names, drawn, strict=True))
    return PopulationBurden(dict(zip(names, map(float, shares), strict=True)), mean, by_name, worst)


def draw_worst_tenth(
    weighted: Sequence[tuple[float, BurdenScore]], evidence_draws: EvidenceDraws, dimension: str
) -> float:
    """The mean of the tenth with most of one dimension, as in `draw_population`."""
    patients = np.array([draw_patients(score, evidence_draws)[dimension] for _, score in weighted])
    shares = np.array([share for share, _ in weighted]) / evidence_draws.draws
    return find_worst_mean(patients.ravel(), np.repeat(shares, evidence_draws.draws))


def find_worst_mean(values: Floats, weights: Floats, worst_share: float = WORST_SHARE) -> float:
    """Mean of the largest values that together weigh `worst_share` of the whole (CVaR).

    The value at the edge counts with the part of its weight that is needed (Rockafellar & Uryasev
    2002).

    >>> find_worst_mean(np.array([1.0, 2.0, 3.0]), np.array([0.9, 0.05, 0.05]))
    2.5
    """
    wanted = worst_share * weights.sum()
    order = np.argpartition(values, len(values) * 3 // 4)[len(values) * 3 // 4 :]
    if weights[order].sum() < wanted:
        order = np.arange(len(values))
    order = order[np.argsort(values[order])[::-1]]
    taken = weights[order]
    before = np.concatenate(([0.0], np.cumsum(taken)[:-1]))
    parts = np.clip(wanted - before, 0.0, taken)
    return float(parts @ values[order] / parts.sum())


def _name_scores(scores: Sequence[BurdenScore]) -> list[str]:
    """The persona's name, with the arm's id where there are several."""
    one_arm = len({score.arm_id for score in scores}) == 1
    return [score.persona if one_arm else f"{score.arm_id} / {score.persona}" for score in scores]

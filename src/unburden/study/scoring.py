"""Burden by arm and persona, and the one mixture that designs are compared on."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from unburden.burden.draws import EvidenceDraws, draw_score
from unburden.burden.score import match_lognormal, merge_lines, score_persona, score_schedule, total_lines
from unburden.data.evidence import read_evidence
from unburden.domain.burden import (
    PATIENT_MINUTES,
    PERSONA_MARK,
    TIME_DIMENSIONS,
    BurdenLine,
    BurdenScore,
    Evidence,
    Persona,
    TimeOnStudy,
)
from unburden.domain.errors import InvalidEvidence, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.protocol import Protocol

AVERAGE_PATIENT = Persona("average patient", 1.0, description="the evidence ledger's own values")


def score_burden(
    protocol: Protocol,
    personas: Sequence[Persona] = (AVERAGE_PATIENT,),
    *,
    time_on_study: Sequence[TimeOnStudy] = (),
    kinds: Mapping[str, str] | None = None,
    evidence: tuple[Evidence, ...] = (),
    draws: int | None = None,
    seed: int | None = None,
) -> tuple[BurdenScore, ...]:
    """What the protocol asks of a patient: one score for each arm and persona, arms first.

    A protocol without arms gives one score a persona with `arm_id` None. `time_on_study` holds
    one curve for all arms (`arm_id` None) or one for each; without any, every patient is taken to
    complete the schedule. `kinds` overrides the kind of an activity by id, `evidence` entries of
    the ledger by id. With `draws` and `seed`, each score also holds that many Monte Carlo draws of
    its totals, the entries' draws being the same for every arm, persona and protocol of one seed.

    Raises `InvalidEvidence` where one of `draws` and `seed` is given without the other, or what is
    given cannot be used.
    """
    evidence_draws = _start_draws(draws, seed)
    ledger = read_evidence()
    curves = {curve.arm_id: curve for curve in time_on_study}
    arm_ids = [arm.id for arm in protocol.arms] or [None]
    scores: list[BurdenScore] = []
    for arm_id in arm_ids if personas else ():
        first = score_schedule(
            protocol,
            personas[0],
            ledger,
            time_on_study=curves.get(arm_id, curves.get(None)),
            arm_id=arm_id,
            kinds=kinds or {},
            overrides=evidence,
        )
        others = (score_persona(first, each, protocol, ledger, overrides=evidence) for each in personas[1:])
        scores += [first, *others]
    if evidence_draws is None:
        return tuple(scores)
    return tuple(replace(score, draws=draw_score(score, evidence_draws)) for score in scores)


def _start_draws(draws: int | None, seed: int | None) -> EvidenceDraws | None:
    if draws is None and seed is None:
        return None
    problems = Problems("draws of the burden")
    problems.check(draws is not None, "a seed is given without draws; give both or neither")
    problems.check(seed is not None, "draws are given without a seed; give both or neither")
    problems.raise_if_any(InvalidEvidence)
    assert draws is not None and seed is not None  # else a problem was raised
    return EvidenceDraws(draws, seed)


def mix_scores(scores: Sequence[tuple[float, BurdenScore]], name: str) -> BurdenScore:
    """The expected burden over scores with shares that sum to 1.

    Evidence that a persona overrides keeps its own entry under `id@persona`, so that every line
    still names the number that it is multiplied by.
    """
    lines: list[BurdenLine] = []
    evidence: dict[str, Evidence] = {}
    by_visit: dict[str, dict[str, float]] = {}
    usual = scores[0][1].evidence
    for share, score in scores:
        for line in score.lines:
            entry = score.evidence[line.evidence_id]
            own = entry == usual[line.evidence_id]
            key = line.evidence_id if own else f"{line.evidence_id}{PERSONA_MARK}{score.persona}"
            evidence[key] = entry if own else replace(entry, id=key)
            lines.append(replace(line, evidence_id=key, times=share * line.times))
        for visit_id, amounts in score.by_visit.items():
            target = by_visit.setdefault(visit_id, {})
            for dimension, amount in amounts.items():
                target[dimension] = target.get(dimension, 0.0) + share * amount
    merged = merge_lines(lines)
    return BurdenScore(
        arm_id=None,
        persona=name,
        totals=total_lines(merged, evidence),
        lines=merged,
        evidence=evidence,
        by_visit=by_visit,
        kinds=scores[0][1].kinds,
        notes=tuple(dict.fromkeys(note for _, score in scores for note in score.notes)),
    )


def subtract_scores(written: BurdenScore, changed: BurdenScore, dimension: str) -> Estimate:
    """What the change saves a patient in one dimension (or `patient_minutes`), with its interval.

    Both schedules rest on the same evidence, so an entry's error counts only by the difference of
    its multiples: the saving is known better than either total. Lognormal as totals are, unless the
    change also adds something: then normal.
    """
    dimensions = TIME_DIMENSIONS if dimension == PATIENT_MINUTES else (dimension,)
    evidence = {**written.evidence, **changed.evidence}
    times: dict[str, float] = {}
    for sign, score in ((1, written), (-1, changed)):
        for line in score.lines:
            if line.dimension in dimensions:
                times[line.evidence_id] = times.get(line.evidence_id, 0.0) + sign * line.times
    used = {key: count for key, count in times.items() if abs(count) > 1e-12}
    value = sum(count * evidence[key].value for key, count in used.items())
    if min(used.values(), default=0.0) >= 0:
        value, low, high = match_lognormal([(count, evidence[key]) for key, count in used.items()])
    else:
        spreads = (count * (evidence[key].high - evidence[key].low) / 2 for key, count in used.items())
        half = math.hypot(*spreads)
        low, high = value - half, value + half
    sources = tuple(sorted({evidence[key].source for key in used})) or written.totals[dimension].sources
    return Estimate(value, low, high, written.totals[dimension].unit, sources)


def weigh_scores(
    scores: Sequence[BurdenScore], personas: Sequence[Persona], share_by_arm: Mapping[str | None, float]
) -> BurdenScore:
    """The burden of a patient drawn at random: arms by their share, personas by theirs."""
    weighted = list_weighted(scores, personas, share_by_arm)
    return mix_scores(weighted, "all personas" if len(personas) > 1 else personas[0].name)


def list_weighted(
    scores: Sequence[BurdenScore], personas: Sequence[Persona], share_by_arm: Mapping[str | None, float]
) -> list[tuple[float, BurdenScore]]:
    """Each score of an arm that has patients, with the share of all patients that it stands for."""
    share_by_persona = {persona.name: persona.share for persona in personas}
    return [
        (share_by_arm[score.arm_id] * share_by_persona[score.persona], score)
        for score in scores
        if share_by_arm.get(score.arm_id, 0.0) > 0
    ]

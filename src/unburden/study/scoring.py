"""Burden by arm and persona, and the one mixture that designs are compared on."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from unburden.burden.draws import EvidenceDraws, draw_score
from unburden.burden.score import score_persona, score_schedule
from unburden.burden.totals import (
    Product,
    find_sources,
    find_terms,
    find_variance,
    match_lognormal,
    merge_lines,
    total_lines,
)
from unburden.data.evidence import read_evidence
from unburden.domain.burden import (
    PERSONA_MARK,
    BurdenLine,
    BurdenScore,
    Evidence,
    PatientState,
    Persona,
    TimeOnStudy,
)
from unburden.domain.conduct import Conduct
from unburden.domain.cycles import PatientCourse
from unburden.domain.errors import InvalidEvidence, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.protocol import Protocol

_HALF_RANGE = 1.96

PLAIN_CONDUCT = Conduct()
"""Nothing is declared beyond the schedule."""

AVERAGE_PATIENT = Persona("average patient", 1.0, description="the evidence ledger's own values")


def score_burden(
    protocol: Protocol,
    personas: Sequence[Persona] = (AVERAGE_PATIENT,),
    *,
    time_on_study: Sequence[TimeOnStudy] = (),
    conduct: Conduct = PLAIN_CONDUCT,
    kinds: Mapping[str, str] | None = None,
    evidence: tuple[Evidence, ...] = (),
    draws: int | None = None,
    seed: int | None = None,
) -> tuple[BurdenScore, ...]:
    """What the protocol asks of a patient: one score for each arm and persona, arms first.

    A protocol without arms gives one score a persona with `arm_id` None. `time_on_study` holds
    for each state of the patients one curve for all arms (`arm_id` None) or one for each; without
    any, every patient is taken to complete the schedule. `conduct` says what the schedule does not:
    cycles, horizon, unscheduled visits. `kinds` overrides the kind of an activity by id, `evidence`
    entries of the ledger by id. With `draws` and `seed`, each score also holds that many Monte Carlo draws of
    its totals, the entries' draws being the same for every arm, persona and protocol of one seed.

    Raises `InvalidEvidence` where one of `draws` and `seed` is given without the other, or what is
    given cannot be used.
    """
    evidence_draws = _start_draws(draws, seed)
    ledger = read_evidence()
    arm_ids = [arm.id for arm in protocol.arms] or [None]
    scores: list[BurdenScore] = []
    for arm_id in arm_ids if personas else ():
        first = score_schedule(
            protocol,
            personas[0],
            ledger,
            course=find_course(time_on_study, conduct, arm_id),
            conduct=conduct,
            arm_id=arm_id,
            kinds=kinds or {},
            overrides=evidence,
        )
        others = (score_persona(first, each, protocol, ledger, overrides=evidence) for each in personas[1:])
        scores += [first, *others]
    if evidence_draws is None:
        return tuple(scores)
    return tuple(replace(score, draws=draw_score(score, evidence_draws)) for score in scores)


def find_course(curves: Sequence[TimeOnStudy], conduct: Conduct, arm_id: str | None) -> PatientCourse:
    """How long the patients of an arm stay in each state: by the arm's own curve, else that of all."""
    by_state: dict[PatientState, TimeOnStudy] = {c.state: c for c in curves if c.arm_id is None}
    by_state |= {curve.state: curve for curve in curves if curve.arm_id == arm_id}
    return PatientCourse(by_state, conduct.horizon_days, conduct.delay_days)


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
    expected: dict[str, float] = {}
    usual = scores[0][1].evidence
    for share, score in scores:
        for line in score.lines:
            keys = [_name_entry(entry_id, score, usual) for entry_id in line.entry_ids]
            for key, entry_id in zip(keys, line.entry_ids, strict=True):
                entry = score.evidence[entry_id]
                evidence[key] = entry if key == entry_id else replace(entry, id=key)
            first, *factors = keys
            lines.append(
                replace(line, evidence_id=first, factor_ids=tuple(factors), times=share * line.times)
            )
        for visit_id, times in score.expected_times.items():
            expected[visit_id] = expected.get(visit_id, 0.0) + share * times
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
        expected_times=expected,
    )


def _name_entry(entry_id: str, score: BurdenScore, usual: Mapping[str, Evidence]) -> str:
    """The entry's id in a mixture: with the persona's name where the entry is the persona's own."""
    own = score.evidence[entry_id] == usual.get(entry_id, score.evidence[entry_id])
    return entry_id if own else f"{entry_id}{PERSONA_MARK}{score.persona}"


def subtract_scores(written: BurdenScore, changed: BurdenScore, dimension: str) -> Estimate:
    """What the change saves a patient in one dimension (or `patient_minutes`), with its interval.

    Both schedules rest on the same evidence, so an entry's error counts only by the difference of
    its multiples: the saving is known better than either total. Lognormal as totals are, unless the
    change also adds something: then normal.
    """
    evidence = {**written.evidence, **changed.evidence}
    before, after = (find_terms(score.lines)[dimension] for score in (written, changed))
    products: list[Product] = []
    for key in sorted({*before, *after}):
        times = before.get(key, 0.0) - after.get(key, 0.0)
        if abs(times) > 1e-12:
            products.append((times, tuple(evidence[entry_id] for entry_id in key)))
    value, low, high = match_lognormal(products)
    if min((times for times, _ in products), default=0.0) < 0:
        half = _HALF_RANGE * math.sqrt(find_variance(products))
        low, high = value - half, value + half
    sources = find_sources(products) if products else written.totals[dimension].sources
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

"""Each design's schedule beside the written one: what it saves whom, and how sure that is."""

from collections.abc import Mapping, Sequence

from unburden.burden.draws import EvidenceDraws, compare_scores
from unburden.burden.population import draw_worst_tenth
from unburden.domain.asks import Asks, PersonaChange, ScheduleChange
from unburden.domain.burden import BurdenScore
from unburden.domain.frontier import Frontier
from unburden.domain.levers import Change
from unburden.domain.study import Study
from unburden.study.asking import find_increment
from unburden.study.scoring import list_weighted, mix_scores, score_burden, subtract_scores
from unburden.study.searching import apply_changes


def compare_designs(study: Study, frontier: Frontier, asks: Asks) -> Mapping[str, ScheduleChange]:
    """What each design of the frontier changes in what the written schedule asks, by the design's id.

    Designs of one schedule share one record. All rest on the draws and the seed of `asks`, so that
    differences mean something.
    """
    written = [ask.score for ask in asks.by_persona]
    draws = EvidenceDraws(asks.draws, asks.seed)
    by_schedule: dict[tuple[Change, ...], ScheduleChange] = {}
    for design in frontier.designs:
        if design.changes not in by_schedule:
            by_schedule[design.changes] = compare_schedules(
                written,
                _score_personas(study, design.changes) if design.changes else written,
                study,
                care=asks.standard_care,
                evidence_draws=draws,
            )
    return {design.id: by_schedule[design.changes] for design in frontier.designs}


def compare_schedules(
    written: Sequence[BurdenScore],
    changed: Sequence[BurdenScore],
    study: Study,
    *,
    care: BurdenScore | None,
    evidence_draws: EvidenceDraws,
) -> ScheduleChange:
    """Two schedules' scores by arm and persona, in one order, held against each other."""
    dimension = study.plan.burden
    share_by_persona = {persona.name: persona.share for persona in study.personas}
    by_persona = tuple(
        PersonaChange(
            before.persona,
            before.arm_id,
            study.share_by_arm.get(before.arm_id, 0.0) * share_by_persona[before.persona],
            subtract_scores(before, after, dimension),
            compare_scores(after, before, evidence_draws)[dimension],
        )
        for before, after in zip(written, changed, strict=True)
    )
    weighted = [list_weighted(scores, study.personas, study.share_by_arm) for scores in (written, changed)]
    before, after = (mix_scores(each, "all personas") for each in weighted)
    worst = [draw_worst_tenth(each, evidence_draws, dimension) for each in weighted]
    savings = {name: subtract_scores(before, after, name) for name in before.totals}
    return ScheduleChange(
        dimension=dimension,
        saving=savings[dimension],
        asks_less=compare_scores(after, before, evidence_draws)[dimension],
        by_persona=by_persona,
        worst_tenth=worst[1],
        written_worst_tenth=worst[0],
        savings=savings,
        increment=find_increment(after, care) if care else {},
    )


def _score_personas(study: Study, changes: tuple[Change, ...]) -> tuple[BurdenScore, ...]:
    return score_burden(
        apply_changes(study.protocol, changes),
        study.personas,
        time_on_study=study.time_on_study,
        conduct=study.conduct,
        kinds=study.kinds,
        evidence=study.evidence,
    )

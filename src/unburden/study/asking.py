"""What a study asks of its patients: by persona, of all together, and beyond standard care."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from unburden.burden.draws import EvidenceDraws
from unburden.burden.drivers import find_drivers
from unburden.burden.footnotes import classify_footnotes
from unburden.burden.population import draw_population
from unburden.burden.totals import UNIT_BY_TOTAL
from unburden.burden.views import apply_view, find_home_days, find_peak_blood, spread_patients
from unburden.data.evidence import read_evidence
from unburden.domain.asks import Asks, Override, PersonaAsk
from unburden.domain.blood_limits import find_blood_limit
from unburden.domain.burden import BurdenScore, BurdenView, Evidence, Persona, TimeOnStudy
from unburden.domain.conduct import Conduct
from unburden.domain.estimate import Estimate
from unburden.domain.protocol import Protocol
from unburden.domain.study import Study
from unburden.study.scoring import (
    AVERAGE_PATIENT,
    PLAIN_CONDUCT,
    find_course,
    list_weighted,
    mix_scores,
    score_burden,
    subtract_scores,
    weigh_scores,
)

DRAWS = 10_000
"""Enough that a percentile's Monte Carlo error is far below the width of the evidence."""


def sum_up_asks(study: Study, *, seed: int, draws: int = DRAWS) -> Asks:
    """What the study's schedule asks, for each of its personas and all together."""
    return describe_asks(
        study.protocol,
        study.personas,
        time_on_study=study.time_on_study,
        conduct=study.conduct,
        kinds=study.kinds,
        evidence=study.evidence,
        views=study.views,
        standard_of_care=study.standard_of_care,
        share_by_arm=study.share_by_arm,
        seed=seed,
        draws=draws,
    )


def describe_asks(
    protocol: Protocol,
    personas: Sequence[Persona] = (AVERAGE_PATIENT,),
    *,
    time_on_study: Sequence[TimeOnStudy] = (),
    conduct: Conduct = PLAIN_CONDUCT,
    kinds: Mapping[str, str] | None = None,
    evidence: tuple[Evidence, ...] = (),
    views: Sequence[BurdenView] = (),
    standard_of_care: Protocol | None = None,
    share_by_arm: Mapping[str | None, float] | None = None,
    seed: int,
    draws: int = DRAWS,
) -> Asks:
    """What a schedule asks, by arm and persona, with everything that `score-burden` and reports tell.

    The increment is the schedule minus `standard_of_care`, both for the same persona, curves and
    evidence, so that an entry's error counts by the difference only; scored against itself it is 0.
    Arms weigh by `share_by_arm`, alike without it. Raises what `score_burden` raises.
    """
    scores = score_burden(
        protocol, personas, time_on_study=time_on_study, conduct=conduct, kinds=kinds, evidence=evidence
    )
    arms = list(dict.fromkeys(score.arm_id for score in scores))
    shares = share_by_arm or {arm_id: 1 / len(arms) for arm_id in arms}
    outside = _StandardCare(standard_of_care, personas, time_on_study, conduct, kinds or {}, evidence)
    weighted = list_weighted(scores, personas, shares)
    population = draw_population(weighted, EvidenceDraws(draws, seed))
    overall = weigh_scores(scores, personas, shares)
    care = outside.mix(weighted)
    by_name = {persona.name: persona.share for persona in personas}
    asks = [
        _describe_persona(score, shares.get(score.arm_id, 0.0) * by_name[score.persona], outside, views)
        for score in scores
    ]
    return Asks(
        by_persona=tuple(asks),
        mean={name: population.mean.estimate(name) for name in UNIT_BY_TOTAL},
        worst_tenth=population.worst_tenth,
        drivers=find_drivers(overall),
        draws=draws,
        seed=seed,
        overridden=find_overrides(evidence, personas),
        standard_care=care,
        increment=find_increment(overall, care) if care else {},
        views={view.name: apply_view(overall, view) for view in views},
        footnotes=classify_footnotes(protocol),
        blood_limit=find_blood_limit(read_evidence(), weight_kg=None, is_healthy=False),
    )


def _describe_persona(
    score: BurdenScore, share: float, outside: "_StandardCare", views: Sequence[BurdenView]
) -> PersonaAsk:
    care = outside.find(score)
    return PersonaAsk(
        persona=score.persona,
        arm_id=score.arm_id,
        share=share,
        score=score,
        home_days=find_home_days(score),
        peak_blood=find_peak_blood(score),
        spread=spread_patients(score),
        standard_care=care,
        increment=find_increment(score, care) if care else {},
        views={view.name: apply_view(score, view) for view in views},
    )


def find_overrides(evidence: Sequence[Evidence], personas: Sequence[Persona]) -> tuple[Override, ...]:
    """Every entry that the study brings, first those for all, with what each of them replaces."""
    usual = dict(read_evidence().evidence_by_id)
    found = [Override(entry, usual[entry.id]) for entry in evidence]
    usual |= {entry.id: entry for entry in evidence}
    for persona in personas:
        found += [Override(entry, usual[entry.id], persona.name) for entry in persona.overrides]
    return tuple(found)


def find_increment(score: BurdenScore, care: BurdenScore) -> dict[str, Estimate]:
    """What the trial asks beyond standard care, by dimension; below 0 where it asks less."""
    return {name: subtract_scores(score, care, name) for name in score.totals}


@dataclass(frozen=True)
class _StandardCare:
    """Standard care of the same patients: scored with their curves, personas and evidence."""

    protocol: Protocol | None
    personas: Sequence[Persona]
    time_on_study: Sequence[TimeOnStudy]
    conduct: Conduct
    kinds: Mapping[str, str]
    evidence: tuple[Evidence, ...]

    def find(self, score: BurdenScore) -> BurdenScore | None:
        """Standard care of an arm's persona; where it has arms, that of the same id or all alike."""
        if self.protocol is None:
            return None
        own = [each for each in self._by_arm(score.arm_id) if each.persona == score.persona]
        same = [each for each in own if each.arm_id == score.arm_id]
        if same:
            return same[0]
        alone = [replace(p, share=1.0) for p in self.personas if p.name == score.persona]
        return weigh_scores(own, alone, {each.arm_id: 1 / len(own) for each in own})

    def mix(self, weighted: Sequence[tuple[float, BurdenScore]]) -> BurdenScore | None:
        """Standard care of a patient drawn at random from weighted scores of the trial."""
        found = [(share, care) for share, score in weighted if (care := self.find(score))]
        return mix_scores(found, "standard care") if found else None

    @cached_property
    def _found(self) -> dict[str | None, tuple[BurdenScore, ...]]:
        return {}

    def _by_arm(self, arm_id: str | None) -> tuple[BurdenScore, ...]:
        """The scores of standard care for patients who stay as those of a trial's arm do."""
        assert self.protocol is not None  # find has looked
        if arm_id not in self._found:
            known = self.protocol.activity_by_id
            conduct, course = self.conduct, find_course(self.time_on_study, self.conduct, arm_id)
            if conduct.unscheduled:
                ids = tuple(i for i in conduct.unscheduled.activity_ids if i in known)
                conduct = replace(conduct, unscheduled=replace(conduct.unscheduled, activity_ids=ids))
            self._found[arm_id] = score_burden(
                self.protocol,
                self.personas,
                time_on_study=[replace(curve, arm_id=None) for curve in course.curves.values()],
                conduct=conduct,
                kinds={key: kind for key, kind in self.kinds.items() if key in known},
                evidence=self.evidence,
            )
        return self._found[arm_id]

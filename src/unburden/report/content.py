"""What a report tells, as plain tables: arranged from the result, nothing computed anew."""

import json
from collections.abc import Mapping
from typing import Any

from unburden.domain.analysis import (
    CoxWald,
    FlemingHarrington,
    LogRank,
    MaxCombo,
    Milestone,
    ModestlyWeighted,
    RestrictedMean,
)
from unburden.domain.burden import (
    PATIENT_MINUTES,
    TIME_DIMENSIONS,
    BurdenScore,
    TimeOnStudy,
    compute_amount,
)
from unburden.domain.design import Events, Months
from unburden.domain.estimate import Estimate
from unburden.domain.frontier import CandidateDesign, Frontier, is_dominated, to_costs
from unburden.domain.levers import (
    AdjustForCovariates,
    BorrowControls,
    BroadenCriterion,
    Change,
    ChangeDesign,
    ConsolidateDays,
    DropCells,
    Lever,
    MoveVisits,
    ReplaceMeasure,
    SelectiveSafety,
    SparserImaging,
    ThinVisits,
)
from unburden.domain.protocol import Visit
from unburden.domain.scenario import TimeToEvent
from unburden.domain.sequential import (
    HaybittlePeto,
    HwangShihDeCani,
    KimDeMets,
    OBrienFlemingSpending,
    PampallonaTsiatis,
    PocockSpending,
    UserSpending,
    WangTsiatis,
)
from unburden.domain.study import StudyResult
from unburden.report.ask_content import derive_ask_content
from unburden.report.numbers import WORDS_BY_DIMENSION, count_procedures, say, tell
from unburden.report.sure_content import derive_sure_content, tell_change, tell_orders
from unburden.report.trace_content import tell_reason, tell_roles, tell_row_reasons

WORDS_BY_GOAL: Mapping[str, str] = {
    "burden_per_patient": "Burden per patient",
    "total_burden": "Burden of all patients",
    "power": "Power",
    "patients": "Patients (planned)",
    "duration": "Duration",
    "assessments_kept": "Optional assessments kept",
}

WORDS_BY_LEVER: Mapping[type, str] = {
    DropCells: "drop assessments",
    ThinVisits: "thin visits",
    ConsolidateDays: "share days",
    MoveVisits: "move visits",
    ReplaceMeasure: "replace a measure",
    SparserImaging: "scan less often",
    SelectiveSafety: "collect safety data selectively",
    BroadenCriterion: "broaden criteria",
    AdjustForCovariates: "adjust for covariates",
    BorrowControls: "borrow controls",
    ChangeDesign: "change the design",
}
WORDS_BY_TEST: Mapping[type, str] = {
    LogRank: "log-rank",
    FlemingHarrington: "Fleming-Harrington weighted log-rank",
    ModestlyWeighted: "modestly weighted log-rank",
    MaxCombo: "MaxCombo",
    RestrictedMean: "difference of restricted mean times",
    Milestone: "difference of milestone shares",
    CoxWald: "Cox model",
}
WORDS_BY_BOUNDS: Mapping[type, str] = {
    OBrienFlemingSpending: "O'Brien-Fleming type (Lan-DeMets)",
    PocockSpending: "Pocock type (Lan-DeMets)",
    HwangShihDeCani: "Hwang-Shih-DeCani spending",
    KimDeMets: "Kim-DeMets spending",
    UserSpending: "the study's own spending",
    WangTsiatis: "Wang-Tsiatis form",
    HaybittlePeto: "Haybittle-Peto form",
    PampallonaTsiatis: "Pampallona-Tsiatis form",
}


def derive_content(result: StudyResult) -> dict[str, Any]:
    """The report's content, ready for JSON; every number carries interval, unit and sources."""
    study = result.study
    return {
        "title": study.title,
        "name": study.name,
        "version": result.version,
        "trials": result.trials,
        "seed": result.seed,
        "notes": list(study.notes),
        "protocol_notes": list(study.protocol.notes),
        "protocol": _tell_protocol(result),
        "burden": _tell_scores(result),
        "overall": _tell_score(result, result.overall, result.asks.increment if result.asks else {}),
        "schedule": _tell_schedule(result),
        "attrition": _tell_attrition(result),
        "inputs": [{"what": what, **tell(e)} for what, e in study.inputs.items()],
        "scenario": {"name": study.scenario.name, "outcome": study.scenario.outcome.name},
        "levers": [_tell_lever(lever) for lever in study.plan.levers],
        "goals": [
            {"name": g.name, "words": WORDS_BY_GOAL[g.name], "unit": g.unit, "is_minimised": g.is_minimised}
            for g in result.frontier.goals
        ],
        "burden_measure": WORDS_BY_DIMENSION[study.plan.burden],
        "minimum_power": study.plan.minimum_power,
        "baseline": _tell_design(result, result.frontier.baseline),
        "beats_baseline": _find_better(result.frontier),
        "analysis": _tell_analysis(result),
        "designs": [_tell_design(result, design) for design in sort_designs(result)],
        "highlights": [
            {"what": list(h.what), "design": h.design_id, "saving": tell(h.saving)} for h in result.highlights
        ],
        "examined": result.frontier.examined,
        "asks": derive_ask_content(result),
        "sure": derive_sure_content(result),
        "orders": tell_orders(result),
        "checks": [
            {
                "name": c.name,
                "unit": c.unit,
                "predicted": c.predicted,
                "recorded": c.recorded,
                "explanation": [{"what": what, "amount": amount} for what, amount in c.explanation],
                "source": c.source,
            }
            for c in result.checks
        ],
        "evidence": (evidence := _tell_evidence(result)),
        "assumed": sum(e["grade"] == "assumed" for e in evidence),
        "counted": sum(e["low"] != e["high"] or e["grade"] == "assumed" for e in evidence),
    }


def sort_designs(result: StudyResult) -> list[CandidateDesign]:
    """The frontier's designs, those that ask least of all patients together first."""
    return sorted(result.frontier.designs, key=lambda d: (d.values["total_burden"].value, d.id))


def render_json(content: Mapping[str, Any]) -> str:
    """The content as JSON text."""
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)


def _tell_protocol(result: StudyResult) -> dict[str, Any]:
    protocol = result.study.protocol
    return {
        "id": protocol.id,
        "title": protocol.title,
        "source": protocol.source,
        "phase": protocol.phase,
        "planned_patients": protocol.planned_patients,
        "arms": [arm.name for arm in protocol.arms],
        "visits": len(protocol.main_visits),
        "activities": len(protocol.activities),
        "cells": len(protocol.cells),
        "objectives": [{"level": o.level, "text": o.text} for o in protocol.objectives],
        "endpoints": [{"level": e.level, "text": e.text} for e in protocol.endpoints],
    }


def _tell_scores(result: StudyResult) -> list[dict[str, Any]]:
    """One entry for each arm and persona; arms that ask the same of a persona share one."""
    told: list[dict[str, Any]] = []
    arms: list[list[str]] = []
    more = {(a.arm_id, a.persona): a.increment for a in result.asks.by_persona} if result.asks else {}
    for score in result.scores:
        entry = _tell_score(result, score, more.get((score.arm_id, score.persona), {}))
        for other, names in zip(told, arms, strict=True):
            if other["persona"] == entry["persona"] and other["totals"] == entry["totals"]:
                names.append(entry["arm"])
                break
        else:
            told.append(entry)
            arms.append([entry["arm"]])
    every = max(2, len(result.study.protocol.arms))
    for entry, names in zip(told, arms, strict=True):
        entry["arm"] = "every arm" if len(names) == every else ", ".join(names)
    return told


def _tell_score(result: StudyResult, score: BurdenScore, increment: Mapping[str, Estimate]) -> dict[str, Any]:
    """A score's totals, each with what comes on top of standard care (None where that is not known)."""
    arms = {arm.id: arm.name for arm in result.study.protocol.arms}
    order = [PATIENT_MINUTES, *(d for d in score.totals if d != PATIENT_MINUTES)]
    return {
        "arm": arms.get(score.arm_id or "", "any arm"),
        "persona": score.persona,
        "totals": [
            {
                "dimension": d,
                "words": WORDS_BY_DIMENSION[d],
                **tell(score.totals[d]),
                "increment": tell(increment[d]) if d in increment else None,
            }
            for d in order
        ],
        "invasive": _tell_invasive(score),
        "notes": list(score.notes),
    }


def _tell_invasive(score: BurdenScore) -> list[dict[str, Any]]:
    """Expected invasive procedures by class ("venepuncture"), most frequent first."""
    counts = count_procedures(score)
    return [{"class": name, "value": count, "text": say(count, "1")} for name, count in counts.items()]


def _tell_schedule(result: StudyResult) -> dict[str, Any]:
    """The matrix of the main timeline with the minutes that each cell asks of a patient there."""
    study, overall = result.study, result.overall
    optional = {
        key: lever.name for lever in study.plan.levers if isinstance(lever, DropCells) for key in lever.cells
    }
    movable = {
        v: lever.name for lever in study.plan.levers if isinstance(lever, MoveVisits) for v in lever.visit_ids
    }
    curve = study.time_on_study[0] if study.time_on_study else None
    minutes: dict[tuple[str, str], float] = {}
    for line in overall.lines:
        if line.cause == "cell" and line.visit_id and line.dimension in TIME_DIMENSIONS:
            key = (line.visit_id, line.activity_ids[0])
            minutes[key] = minutes.get(key, 0.0) + compute_amount(line, overall.evidence)
    visits = [v for v in study.protocol.main_visits if overall.by_visit.get(v.id)]
    cells = {cell.key: cell for cell in study.protocol.cells}
    reasons = {reason.key: reason for reason in result.reasons}
    shares = {v.id: _find_share(curve, v) for v in visits}
    rows = []
    for activity in study.protocol.activities:
        marks = [
            None
            if (v.id, activity.id) not in cells
            else {
                "mark": cells[v.id, activity.id].mark,
                "minutes": minutes.get((v.id, activity.id), 0.0) / max(shares[v.id], 1e-9),
                "optional": optional.get((v.id, activity.id), ""),
                **tell_reason(reasons[v.id, activity.id]),
            }
            for v in visits
        ]
        if any(marks):
            rows.append(
                {
                    "activity": activity.title,
                    "purpose": str(activity.purpose),
                    "kind": overall.kinds[activity.id].kind,
                    "rule": overall.kinds[activity.id].rule,
                    "cells": marks,
                    "reasons": tell_row_reasons(activity.id, visits, reasons),
                }
            )
    return {
        "visits": [
            {
                "id": v.id,
                "name": v.name,
                "day": v.day,
                "place": str(v.place),
                "on_study": shares[v.id],
                "movable": movable.get(v.id, ""),
                "repeat": v.repeat,
                "minutes": sum(overall.by_visit[v.id].get(d, 0.0) for d in TIME_DIMENSIONS)
                / max(shares[v.id], 1e-9),
            }
            for v in visits
        ],
        "rows": rows,
        "roles": tell_roles(result.role_shares, tell),
        "shared": [
            sum(overall.by_visit[v.id].get(d, 0.0) for d in TIME_DIMENSIONS) / max(shares[v.id], 1e-9)
            - sum(minutes.get((v.id, a.id), 0.0) for a in study.protocol.activities) / max(shares[v.id], 1e-9)
            for v in visits
        ],
    }


def _find_share(curve: TimeOnStudy | None, visit: Visit) -> float:
    if curve is None or visit.offset_days is None or visit.offset_days < 0:
        return 1.0
    return curve.share_at(visit.offset_days)


def _tell_attrition(result: StudyResult) -> dict[str, Any] | None:
    found = result.study.attrition
    if found is None:
        return None
    texts = {c.id: c.text for c in result.study.protocol.criteria}
    names = {c.id: c.name for c in result.study.protocol.criteria}
    return {
        "criteria": len(texts) or len(found.steps),
        "cohort": found.cohort_name,
        "patients": found.patients,
        "eligible": found.eligible,
        "source": found.source,
        "steps": [
            {
                "criterion": names.get(s.criterion_id, s.criterion_id),
                "text": s.text,
                "kind": "inclusion" if s.is_inclusion else "exclusion",
                "unknown_policy": s.unknown_policy,
                "entering": s.entering,
                "met": s.met,
                "not_met": s.not_met,
                "unknown": s.unknown,
                "leaving": s.leaving,
                "alone": s.alone,
                "only": s.only,
                "leave_one_out": s.leave_one_out,
            }
            for s in found.steps
        ],
        "uncomputed": [{"criterion": names.get(i, i), "text": texts.get(i, "")} for i in found.uncomputed],
    }


def _tell_lever(lever: Lever) -> dict[str, Any]:
    return {
        "name": lever.name,
        "kind": WORDS_BY_LEVER[type(lever)],
        "limit": lever.tell_limit(),
        "reason": lever.reason,
        "information": lever.information,
        "source": lever.source,
    }


def _tell_change(change: Change, visit: str, title: str) -> str:
    match change.kind:
        case "drop-cell":
            return f"{title} at {visit} is dropped"
        case "move-visit":
            return f"{visit} happens at {change.place}"
        case "move-day":
            return f"{visit} happens on day {change.day} from the reference"
        case "replace-cell":
            return f"{title} at {visit} is measured at home by {change.by}"


def _tell_design(result: StudyResult, design: CandidateDesign) -> dict[str, Any]:
    protocol, operating = result.study.protocol, design.operating
    levers = {lever.name: lever for lever in result.study.plan.levers}
    changes = []
    for change in design.changes:
        visit = protocol.visit_by_id[change.visit_id].name
        title = protocol.activity_by_id[change.activity_id].title if change.activity_id else ""
        what = _tell_change(change, visit, title)
        changes.append(
            {
                "what": what,
                "lever": change.lever,
                "why": levers[change.lever].reason,
                "cost": levers[change.lever].information,
            }
        )
    match operating.design.stopping:
        case Events(count):
            stop = f"{count} events"
        case Months(month):
            stop = f"month {month:g}"
        case None:
            stop = "when every outcome is known"
    return {
        "id": design.id,
        "patients": operating.design.patients,
        "stop": stop,
        "looks": [
            {"information": rate, "bound": bound, "stopped": stopped, "rejected": rejected}
            for rate, bound, stopped, rejected in zip(
                operating.design.information_rates,
                operating.critical_values,
                operating.stopped_by_look,
                operating.rejected_by_look,
                strict=True,
            )
        ],
        "enrolled": tell(operating.patients),
        "events": tell(operating.events) if operating.events else None,
        "values": {
            name: tell(estimate) | ({"text": f"{100 * estimate.value:.1f} %"} if name == "power" else {})
            for name, estimate in design.values.items()
        },
        "burden": {name: tell(estimate) for name, estimate in design.burden.totals.items()},
        "changes": changes,
        "order": tell_change(result.changes.get(design.id)),
        "proof": None
        if design.proof is None
        else {"solver": design.proof.solver, "status": design.proof.status, "gap": design.proof.gap},
    }


def _find_better(frontier: Frontier) -> str:
    """A design that is nowhere worse than the written one and somewhere better; "" where none is."""
    written = to_costs(frontier.baseline, frontier.goals)
    for design in frontier.designs:
        if is_dominated(written, to_costs(design, frontier.goals)):
            return design.id
    return ""


def _tell_analysis(result: StudyResult) -> dict[str, Any]:
    """Which test is simulated, at which error, with which bounds."""
    design, outcome = result.study.plan.baseline, result.study.scenario.outcome
    is_survival = isinstance(outcome, TimeToEvent)
    looks = len(design.information_rates)
    return {
        "test": WORDS_BY_TEST[type(design.test)] if is_survival else "t",
        "alpha": design.alpha,
        "looks": looks,
        "bounds": WORDS_BY_BOUNDS[type(design.efficacy)] if looks > 1 else "",
    }


def _tell_evidence(result: StudyResult) -> list[dict[str, Any]]:
    """The ledger entries that the scores rest on."""
    scores = (result.overall, *(d.burden for d in result.frontier.designs))
    used = {i: score.evidence[i] for score in scores for line in score.lines for i in line.entry_ids}
    overridden = {e.id for e in result.study.evidence}
    return [
        {
            "id": e.id,
            "description": e.description,
            "value": e.value,
            "low": e.low,
            "high": e.high,
            "unit": e.unit,
            "source": e.source,
            "grade": e.grade,
            "overridden": e.id in overridden or "@" in e.id,
        }
        for e in sorted(used.values(), key=lambda e: e.id)
    ]

"""What a report on criteria tells, section by section: arranged from the record, nothing estimated anew."""

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

from unburden.domain.criteria_sets import CriteriaFront, CriteriaSet
from unburden.domain.criteria_worth import CriteriaWorth, JudgedCriteria, Outcome, OutcomeWorth
from unburden.domain.weighing import CriteriaReport
from unburden.report.criteria_charts import (
    draw_curves,
    draw_exclusions,
    draw_love,
    draw_sets,
    draw_weights,
    draw_worth,
)
from unburden.report.emulation_content import IMBALANCED, tell_ratio, tell_trial
from unburden.report.screening_content import tell_screening

WORDS_BY_OUTCOME: Mapping[Outcome, str] = {
    "log_hazard_ratio": "Hazard ratio",
    "rmst_difference": "Days gained by treatment",
    "risk_difference": "Adverse events, treated less control",
    "patients": "Patients in the pool",
}
WORDS_BY_GOAL: Mapping[str, str] = {
    "pool": "Patients in the pool",
    "power": "Power if followed as long as the cohort",
    "patients_needed": "Patients needed for the planned events",
    "log_hazard_ratio": "Hazard ratio",
    "rmst_difference": "Days gained by treatment",
    "target_distance": "Distance to the target population",
    "screening_burden": "Screening per patient enrolled",
}
_PERCENT_GOALS = ("power", "target_distance")
LIMITS = (
    "These are observations, not a randomised comparison: whatever decided about treatment and is not among "
    "the covariates may explain part of an effect (confounding).",
    "They say something of the patients of this cohort, in its time and place; patients of a new trial may "
    "differ (transport).",
    "A criterion whose interval holds no effect has not been shown to be without effect: the interval says "
    "how large an effect these data leave open.",
    "A criterion may protect patients in ways that the cohort does not record. Whether it goes is for "
    "physicians and ethics committees to decide; this page says what it costs and what it was seen to do.",
    "Criteria that these data do not answer were taken as met by everybody.",
)


def derive_criteria_content(report: CriteriaReport) -> dict[str, Any]:
    """The report's content, ready for JSON."""
    screening = tell_screening(report.screening, report.names, report.texts)
    trial, worth = tell_trial(report.trial), _tell_worth(report)
    sets = _tell_sets(report)
    content: dict[str, Any] = {
        "kind": "criteria report",
        "study": report.study_name,
        "title": report.title,
        "version": report.version,
        "notes": list(report.notes),
        "screening": screening,
        "trial": trial,
        "worth": worth,
        "judged": _tell_judged(report),
        "unaffected": [
            {
                "name": each.control.name,
                "reason": each.control.reason,
                "source": each.control.source,
                "patients": each.patients,
                "treated": each.treated,
                "hazard_ratio": tell_ratio(each.hazard_ratio) if each.hazard_ratio else None,
                "verdict": each.verdict,
                "is_alarming": each.is_alarming,
            }
            for each in report.unaffected
        ],
        "sets": sets,
        "limits": list(LIMITS),
        "flags": _find_flags(report),
    }
    content["criteria"] = _tell_criteria(content)
    content["brief"] = _tell_brief(content, report)
    content["charts"] = _draw_charts(content)
    return content


def _name(report: CriteriaReport, criterion_id: str) -> str:
    return report.names.get(criterion_id, criterion_id)


def _tell_worth(report: CriteriaReport) -> dict[str, Any]:
    found, weighing = report.worth, report.plan.weighing
    assert weighing
    return {
        "always": [{"criterion": _name(report, i), "text": report.texts.get(i, "")} for i in weighing.always],
        "always_reason": weighing.always_reason,
        "always_patients": report.always_patients,
        "is_exact": found.is_exact,
        "cohorts": found.cohorts.height,
        "level": found.plan.level,
        "replicates": found.replicates_used,
        "replicates_asked": found.plan.replicates,
        "outcomes": {outcome: _tell_outcome(each, found, report) for outcome, each in found.outcomes.items()},
        "refused": [
            {"outcome": WORDS_BY_OUTCOME[outcome], "reason": reason}
            for outcome, reason in found.refused.items()
        ],
        "table": found.cohorts.to_dicts(),
        "without": _tell_without(report),
        "kept_out": {
            name: {"treated": each.treated, "control": each.control, "events": each.events}
            for name, each in report.kept_out.items()
        },
        "source": found.source,
    }


def _tell_without(report: CriteriaReport) -> dict[str, dict[str, Any]]:
    """The hazard ratio of the cohort with all criteria but one, by that one."""
    found = report.worth
    if found.cohorts.height != 1 << len(found.criteria):
        return {}
    wide = NormalDist().inv_cdf(0.5 + found.plan.level / 2)
    told = {}
    for j, name in enumerate(found.criteria):
        row = found.cohorts.row((1 << len(found.criteria)) - 1 - (1 << j), named=True)
        value, error = row["log_hazard_ratio"], row["log_hazard_ratio_se"]
        if value is None:
            told[name] = {"text": "none", "interval": row["log_hazard_ratio_problem"]}
            continue
        ends = (math.exp(value - wide * error), math.exp(value + wide * error))
        told[name] = {
            "value": math.exp(value),
            "low": ends[0],
            "high": ends[1],
            "text": f"{math.exp(value):.2f}",
            "interval": f"{ends[0]:.2f} to {ends[1]:.2f}",
        }
    return told


def _tell_outcome(found: OutcomeWorth, worth: CriteriaWorth, report: CriteriaReport) -> dict[str, Any]:
    rows = []
    for j, criterion_id in enumerate(worth.criteria):
        low, high = float(found.joint_low[j]), float(found.joint_high[j])
        rows.append(
            {
                "id": criterion_id,
                "criterion": _name(report, criterion_id),
                "value": float(found.values[j]),
                "low": float(found.low[j]),
                "high": float(found.high[j]),
                "joint_low": low,
                "joint_high": high,
                "standard_error": float(found.standard_errors[j]),
                "bootstrap_error": None
                if found.bootstrap_errors is None
                else float(found.bootstrap_errors[j]),
                "p_value": float(found.p_values[j]),
                "is_seen": not low <= 0 <= high,
                "text": _say_worth(found.outcome, float(found.values[j])),
                "interval": f"{_say_worth(found.outcome, float(found.low[j]))} to "
                f"{_say_worth(found.outcome, float(found.high[j]))}",
                "joint_interval": f"{_say_worth(found.outcome, low)} to {_say_worth(found.outcome, high)}",
            }
        )
    return {
        "words": WORDS_BY_OUTCOME[found.outcome],
        "with_none": _say_value(found.outcome, found.with_none),
        "with_all": _say_value(found.outcome, found.with_all),
        "rows": rows,
    }


def _say_worth(outcome: Outcome, value: float) -> str:
    """A Shapley value in words: of log hazard ratios as a factor of the hazard ratio.

    >>> _say_worth("log_hazard_ratio", 0.0488), _say_worth("patients", -240.7)
    ('× 1.05', '−241')
    """
    if outcome == "log_hazard_ratio":
        return f"× {math.exp(value):.2f}"
    if outcome == "risk_difference":
        return f"{100 * value:+.1f} points".replace("-", "−")
    return f"{value:+,.0f}".replace("-", "−")


def _say_value(outcome: Outcome, value: float) -> str:
    if outcome == "log_hazard_ratio":
        return f"{math.exp(value):.2f}"
    return f"{100 * value:.1f} points" if outcome == "risk_difference" else f"{value:,.0f}"


def _tell_judged(report: CriteriaReport) -> dict[str, Any]:
    found, weighing = report.judged, report.plan.weighing
    assert weighing
    if found is None:
        return {"is_done": False, "why_not": report.judged_why_not}
    return {
        "is_done": True,
        "by": WORDS_BY_OUTCOME[found.chosen.outcome].lower(),
        "share": f"{100 * weighing.choose_share:.0f} %",
        "kept": [_name(report, i) for i in found.chosen.kept],
        "dropped": [_name(report, i) for i in found.chosen.criteria if i not in found.chosen.kept],
        "cohorts": _tell_judged_cohorts(found),
        "differences": [
            {"outcome": WORDS_BY_OUTCOME[outcome], **_tell_difference(outcome, values)}
            for outcome, values in found.differences.items()
        ],
        "level": found.level,
        "splits": report.choice_splits,
        "chosen_in": [
            {"criterion": _name(report, name), "share": f"{100 * share:.0f} %"}
            for name, share in report.choice_shares.items()
        ],
        "conclusion": _conclude_choice(found),
    }


def _conclude_choice(found: JudgedCriteria) -> str:
    """What judging says of the choice."""
    difference = found.differences.get(found.chosen.outcome)
    if difference is None:
        return "It cannot be said whether the choice gained anything."
    _, _, low, high = difference
    is_low_better = found.chosen.outcome in ("log_hazard_ratio", "risk_difference")
    if low <= 0 <= high:
        return (
            "Whether choosing gained anything cannot be told from these patients: do not act on the choice."
        )
    gained = (high < 0) == is_low_better
    return (
        "Choosing gained something in patients who had no part in it."
        if gained
        else ("Choosing made it worse in patients who had no part in it.")
    )


def _tell_judged_cohorts(found: JudgedCriteria) -> list[dict[str, Any]]:
    """No, the chosen and all criteria in the patients who had no part in the choice."""
    told = []
    for words, row in zip(
        ("none of the weighed criteria", "chosen criteria", "all criteria"),
        found.cohorts.to_dicts(),
        strict=True,
    ):
        ratio, error = row["log_hazard_ratio"], row["log_hazard_ratio_se"]
        wide = None if ratio is None else 1.959964 * error
        told.append(
            {
                "words": words,
                "patients": row["patients"],
                "hazard_ratio": "none" if ratio is None else f"{math.exp(ratio):.2f}",
                "interval": row["log_hazard_ratio_problem"]
                if wide is None
                else f"{math.exp(ratio - wide):.2f} to {math.exp(ratio + wide):.2f}",
            }
        )
    return told


def _tell_difference(outcome: Outcome, values: tuple[float, float, float, float]) -> dict[str, Any]:
    value, error, low, high = values
    return {
        "value": value,
        "standard_error": error,
        "low": low,
        "high": high,
        "text": _say_worth(outcome, value),
        "interval": f"{_say_worth(outcome, low)} to {_say_worth(outcome, high)}",
    }


def _tell_sets(report: CriteriaReport) -> dict[str, Any]:
    front = report.front
    names = [goal.name for goal in front.goals]
    best: dict[int, list[str]] = {}
    for what, found in report.highlights.items():
        if what != "compromise":
            best.setdefault(found.mask, []).append(f"best: {WORDS_BY_GOAL[what].lower()}")
    rows = [_tell_set(report, found, best.get(found.mask, [])) for found in front.iterate_sets()]
    return {
        "goals": [
            {
                "name": goal.name,
                "words": _name_goal(goal.name, goal.unit),
                "is_minimised": goal.is_minimised,
                "format": ".1%" if goal.name in _PERCENT_GOALS else ",.0f",
            }
            for goal in front.goals
        ],
        "rows": sorted(rows, key=lambda row: (not row["best"], len(row["dropped"])))[:60],
        "count": len(front),
        "examined": front.examined,
        "without_value": front.without_value,
        "guarantee": front.guarantee,
        "mandatory": [_name(report, i) for i in front.mandatory],
        "always": [_name(report, i) for i in report.plan.weighing.always] if report.plan.weighing else [],
        "mandatory_reason": report.plan.weighing.mandatory_reason if report.plan.weighing else "",
        "written": _list_written(front),
        "written_values": dict(zip(names, map(float, front.written_values[0]), strict=True)),
        "is_written_unbeaten": front.is_written_unbeaten,
        "beating": [_list_dropped(report, front, int(mask)) for mask in front.beating_masks],
        "replicates": front.replicates,
    }


def _list_written(front: CriteriaFront) -> list[dict[str, str]]:
    """The written set's value on each goal with its interval."""
    told = []
    for goal, (value, low, high) in zip(front.goals, front.written_values.T.tolist(), strict=True):
        interval = f"{_say_goal(goal.name, goal.unit, low)} to {_say_goal(goal.name, goal.unit, high)}"
        told.append({"text": _say_goal(goal.name, goal.unit, value), "interval": interval})
    return told


def _name_goal(name: str, unit: str) -> str:
    words = WORDS_BY_GOAL.get(name, name.replace("_", " "))
    return f"{words} (hours)" if name == "screening_burden" and unit == "minute" else words


def _list_dropped(report: CriteriaReport, front: CriteriaFront, mask: int) -> str:
    kept = front.name_criteria(mask)
    dropped = [_name(report, name) for name in front.criterion_ids if name not in kept]
    return " and ".join([", ".join(dropped[:-1]), dropped[-1]] if len(dropped) > 1 else dropped) or "nothing"


def _tell_set(report: CriteriaReport, found: CriteriaSet, best: list[str]) -> dict[str, Any]:
    return {
        "mask": found.mask,
        "kept": [_name(report, i) for i in found.criterion_ids],
        "dropped": [_name(report, i) for i in found.dropped],
        "best": best,
        "values": {
            name: {
                "value": value.value,
                "low": value.low,
                "high": value.high,
                "unit": value.unit,
                "sources": list(value.sources),
                "text": _say_goal(name, value.unit, value.value),
                "interval": " to ".join(_say_goal(name, value.unit, x) for x in (value.low, value.high)),
            }
            for name, value in found.values.items()
        },
        "twins": found.twins,
        "stability": None if found.stability is None else f"{100 * found.stability.value:.0f} %",
    }


def _say_goal(name: str, unit: str, value: float) -> str:
    """A goal's value in words; what does not exist says so.

    >>> _say_goal("power", "1", 0.9951), _say_goal("screening_burden", "minute", 378.0)
    ('99.5 %', '6.3')
    """
    if math.isnan(value):
        return "no value"
    if name == "power":
        return f"{100 * value:.1f} %"
    if name == "target_distance":
        return f"{100 * value:.0f} %"
    if name == "log_hazard_ratio":
        return f"{math.exp(value):.2f}"
    return f"{value / 60:.1f}" if unit == "minute" else f"{value:,.0f}"


def _find_flags(report: CriteriaReport) -> list[str]:
    """What must be looked at before anything else is believed."""
    flags = [f"In {each.control.name}: {each.verdict}." for each in report.unaffected if each.is_alarming]
    flags += report.trial.warnings
    flags += [f"{each.name}: {each.verdict}" for each in report.trial.negative_controls if each.is_alarming]
    flags += [each.text() for each in report.screening.attrition.contradictions]
    flags += [
        f"No worth for {WORDS_BY_OUTCOME[outcome].lower()}: {reason}"
        for outcome, reason in report.worth.refused.items()
    ]
    return flags


def _tell_brief(content: Mapping[str, Any], report: CriteriaReport) -> list[str]:
    """What a physician should know after half a minute, doubts before figures that could be acted on."""
    screening, trial = content["screening"], content["trial"]
    told = [
        f"Of {screening['patients']:,} patients of the cohort {screening['eligible']:,} "
        f"({screening['eligible_share']}) meet every criterion that these data answer."
    ]
    costly = max(
        (row for row in content["criteria"] if not row["is_always"]),
        key=lambda row: row["last"],
        default=None,
    )
    if costly:
        more = costly["leave_one_out"] - screening["eligible"]
        told.append(
            f"Of the criteria weighed, {costly['criterion']} costs most patients: without it {more:,} more "
            f"could join ({screening['eligible']:,} to {costly['leave_one_out']:,})."
        )
    ratio, (treated, control) = trial["hazard_ratio"], trial["arms"]
    told.append(
        f"Hazard ratio with treatment {ratio['text']} ({ratio['interval']}) in those for whom the data can "
        f"compare: {treated['patients']} treated count as {treated['effective']}, {control['patients']} "
        f"others as {control['effective']}. {trial['people']} An observation, not a randomised answer."
    )
    told += [f"In {each['name']}: {each['verdict']}." for each in content["unaffected"]]
    effect = content["worth"]["outcomes"].get("log_hazard_ratio")
    if effect:
        told.append(_tell_effects(effect))
    weighing = report.plan.weighing
    if weighing and not weighing.adverse:
        told.append(
            "Safety: no adverse events are in these data. No figure here says that patients who are now "
            "kept out would be safe."
        )
    told.append(_tell_beaten(content["sets"]))
    return told


def _tell_effects(effect: Mapping[str, Any]) -> str:
    """Which criteria were seen to change the hazard ratio, or how far none was."""
    seen = [row for row in effect["rows"] if row["is_seen"]]
    if seen:
        listed = "; ".join(f"{row['criterion']} {row['text']} ({row['joint_interval']})" for row in seen)
        return f"Criteria seen to change the hazard ratio, all intervals holding at once: {listed}."
    wide = max(effect["rows"], key=lambda row: row["joint_high"] - row["joint_low"])
    return (
        "For no weighed criterion can these data tell whether it changes the hazard ratio "
        f"({effect['with_none']} without any, {effect['with_all']} with all). The least certain, "
        f"{wide['criterion']}, may multiply it by {wide['joint_interval'].replace('× ', '')}."
    )


def _tell_beaten(sets: Mapping[str, Any]) -> str:
    """Whether the written criteria are beaten, and what that does not mean."""
    if sets["is_written_unbeaten"]:
        return "On the goals compared no other set of these criteria beats the protocol as written."
    caution = (
        "Dropping criteria enlarges the pool and spares screening by construction, and none of these goals "
        "measures safety: this is no advice to drop."
    )
    if not sets["beating"]:
        return f"The protocol as written has no value on some goal. {caution}"
    listed = "; or without ".join(sets["beating"][:3])
    return f"On the goals compared, by point estimates, the protocol does better without {listed}. {caution}"


def _tell_criteria(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a criterion: whom it keeps out, what it does, what it costs to check, and in words."""
    worth = content["worth"]["outcomes"]
    order = {step["id"]: step for step in (content["screening"]["order"] or {"steps": []})["steps"]}
    always = {each["criterion"] for each in content["worth"]["always"]}
    rows = []
    for step in content["screening"]["steps"]:
        values = {
            outcome: next((row for row in told["rows"] if row["id"] == step["id"]), None)
            for outcome, told in worth.items()
        }
        effect = values.get("log_hazard_ratio")
        rows.append(
            {
                **{key: step[key] for key in ("id", "criterion", "text", "kind", "alone", "last", "unknown")},
                "without": content["worth"]["without"].get(step["id"]),
                "speaking": content["worth"]["kept_out"].get(step["id"]),
                "alone_share": step["alone_share"]["text"],
                "leave_one_out": step["leave_one_out"],
                "effect": effect,
                "days": values.get("rmst_difference"),
                "harm": values.get("risk_difference"),
                "check": order[step["id"]]["alone"] if step["id"] in order else "",
                "is_always": step["criterion"] in always,
                "verdict": _judge_criterion(step, effect, step["criterion"] in always),
            }
        )
    return rows


def _judge_criterion(step: Mapping[str, Any], effect: Mapping[str, Any] | None, is_always: bool) -> str:
    """What the figures allow to be said of one criterion."""
    if is_always:
        return "applied to everybody; these data cannot weigh it"
    if not step["alone"]:
        return "keeps nobody out in this cohort"
    if effect is None:
        return "its effect on the hazard ratio could not be estimated"
    if not effect["is_seen"]:
        return (
            "too uncertain to tell: with it the hazard ratio could be "
            f"{_say_change(effect['joint_low'])} to {_say_change(effect['joint_high'])}"
        )
    if effect["value"] < 0:
        return "sharpens the trial: the hazard ratio is lower with it"
    return "blunts the trial: the hazard ratio is higher with it"


def _say_change(log_factor: float) -> str:
    """A factor of the hazard ratio as a change in per cent.

    >>> _say_change(0.174), _say_change(-0.0943)
    ('19 % higher', '9 % lower')
    """
    change = math.expm1(log_factor)
    return f"{100 * abs(change):.0f} % {'higher' if change > 0 else 'lower'}"


def _draw_charts(content: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    charts: dict[str, dict[str, Any]] = {}
    worth = content["worth"]["outcomes"]
    if "log_hazard_ratio" in worth:
        rows = [_to_ratio(row) for row in worth["log_hazard_ratio"]["rows"]]
        charts["worth"] = draw_worth(rows, "Change of the hazard ratio by the criterion (0 %: none)", "+.0%")
    if "rmst_difference" in worth:
        charts["days"] = draw_worth(worth["rmst_difference"]["rows"], "Change of the days gained", "+,.0f")
    trial = content["trial"]
    charts["curves"] = draw_curves(trial["curves"], f"Still without event ({trial['outcome']})")
    charts["love"] = draw_love(content["trial"]["balance"], IMBALANCED)
    charts["weights"] = draw_weights(content["trial"]["arms"])
    for number, by in enumerate(dict.fromkeys(row["by"] for row in content["screening"]["exclusions"])):
        rows = [
            {
                "criterion": row["criterion"],
                "stratum": row["stratum"],
                "share": row["share"]["value"],
                "low": row["share"]["low"],
                "high": row["share"]["high"],
            }
            for row in content["screening"]["exclusions"]
            if row["by"] == by and row["share"]
        ]
        charts[f"shut-out-{number}"] = draw_exclusions(rows, by)
    goals = content["sets"]["goals"]
    charts["sets"] = draw_sets(_list_points(content["sets"]), goals)
    return charts


def _to_ratio(row: Mapping[str, Any]) -> dict[str, Any]:
    """A log ratio's row as change of the ratio."""
    return {"criterion": row["criterion"]} | {key: math.expm1(row[key]) for key in ("value", "low", "high")}


def _list_points(sets: Mapping[str, Any]) -> list[dict[str, Any]]:
    x, y = (goal["name"] for goal in sets["goals"][:2])
    points = [
        {
            "x": row["values"][x]["value"],
            "y": row["values"][y]["value"],
            "kind": "unbeaten",
            "dropped": ", ".join(row["dropped"]) or "nothing",
        }
        for row in sets["rows"]
    ]
    written = sets["written_values"]
    if not math.isnan(written[x]) and not math.isnan(written[y]):
        points.append({"x": written[x], "y": written[y], "kind": "as written", "dropped": "nothing"})
    return points

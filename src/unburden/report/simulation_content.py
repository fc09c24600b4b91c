"""What a simulation report tells, section by section: arranged from the record, nothing computed anew."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from unburden.domain.analysis import SurvivalTest
from unburden.domain.design import Design, Events, Months
from unburden.domain.scenario import TEST_BY_OUTCOME, Binary, Continuous, TimeToEvent
from unburden.domain.sequential import FixedFutility
from unburden.domain.simulation_report import (
    QUESTION_PARTS,
    AlphaCheck,
    LookPlan,
    Measure,
    ScenarioResult,
    SimulatedRun,
    SimulationReport,
)
from unburden.report.content import WORDS_BY_BOUNDS, WORDS_BY_TEST, tell
from unburden.report.plots import draw_bounds, draw_courses, draw_shares, draw_stops
from unburden.report.scenario_words import tell_assumptions

WORDS_BY_PURPOSE: Mapping[str, str] = {
    "null": "no effect: what is the risk of a false success?",
    "alternative": "an effect to be found: how likely is success?",
    "stress": "an assumption is broken: does the design hold?",
    "": "not stated in the design file",
}
WORDS_BY_REJECTION: Mapping[str, str] = {
    "null": "Type I error",
    "alternative": "Power",
    "stress": "Success",
    "": "Success",
}
WORDS_BY_PART: Mapping[str, str] = {
    "objective": "Objective",
    "population": "Population",
    "treatment": "Treatment",
    "comparator": "Comparator",
    "endpoint": "Primary endpoint",
    "estimand": "Estimand",
    "simulation_aim": "What the simulations are to show",
    "looks_why": "Why there are looks before the end",
}
WORDS_BY_MEASURE: Mapping[str, str] = {
    "months": "Months until the trial stops",
    "patients": "Patients enrolled by then",
    "events": "Events seen by then",
}
OWN = "the design"


def derive_simulation_content(report: SimulationReport) -> dict[str, Any]:
    """The report's content, ready for JSON; every Monte Carlo figure carries its standard error."""
    scenarios = [_tell_scenario(report, found) for found in report.scenarios]
    question = report.question
    return {
        "kind": "simulation report",
        "title": question.title or f"Simulations of {report.file_name}",
        "question": [
            {"part": part, "words": WORDS_BY_PART[part], "text": getattr(question, part)}
            for part in QUESTION_PARTS
            if part != "title"
        ],
        "outcomes": sorted({found.planned.scenario.outcome.name for found in report.scenarios}),
        "design": _tell_design(report),
        "alternatives": [
            {"name": a.name, "why": a.why, "facts": _tell_facts(a.design, _find_outcome(report))}
            for a in report.alternatives
        ],
        "scenarios": scenarios,
        "findings": [finding for found in report.scenarios for finding in _tell_findings(found)],
        "limits": list(report.limits),
        "seed": report.seed,
        "streams": _tell_streams(report),
        "versions": dict(report.versions),
        "command": report.command,
        "file": {"name": report.file_name, "sha256": report.file_sha256, "text": report.file_text},
        "flags": [flag for found in report.scenarios for flag in _find_flags(found)],
        "charts": _draw_charts(report),
    }


def tell_share(measure: Measure) -> dict[str, Any]:
    """A share of trials in per cent, to two figures of its standard error."""
    e, error = measure.estimate, 100 * measure.standard_error
    digits = min(max(1 - math.floor(math.log10(error)), 1), 4) if error > 0 else 2
    return {
        "value": e.value,
        "standard_error": measure.standard_error,
        "low": e.low,
        "high": e.high,
        "sources": list(e.sources),
        "text": f"{100 * e.value:.{digits}f} %",
        "error": f"{error:.{digits}f}",
        "interval": f"{100 * e.low:.{digits}f} to {100 * e.high:.{digits}f} %",
    }


def tell_average(measure: Measure) -> dict[str, Any]:
    """An average, to one or two decimals."""
    e, error = measure.estimate, measure.standard_error
    digits = min(max(-math.floor(math.log10(error)), 1), 2) if error > 0 else 1
    return {
        "value": e.value,
        "standard_error": error,
        "low": e.low,
        "high": e.high,
        "unit": e.unit,
        "sources": list(e.sources),
        "text": f"{e.value:,.{digits}f}",
        "error": f"{error:.{digits}f}",
        "interval": f"{e.low:,.{digits}f} to {e.high:,.{digits}f}",
    }


def _find_outcome(report: SimulationReport) -> object:
    return report.scenarios[0].planned.scenario.outcome


def _tell_test(design: Design, outcome: object) -> str:
    match outcome:
        case TimeToEvent():
            words = name_test(design.test)
            return f"{words}, within strata" if outcome.strata and design.is_stratified else words
        case Continuous():
            return "t test (common variance)"
        case Binary():
            return "Pearson's χ² (pooled z)"
        case _:
            return TEST_BY_OUTCOME[type(outcome)]


def name_test(test: SurvivalTest) -> str:
    """A test in words, with its own numbers.

    >>> from unburden.domain.analysis import FlemingHarrington, LogRank
    >>> name_test(FlemingHarrington(0.0, 1.0)), name_test(LogRank())
    ('Fleming-Harrington weighted log-rank (rho 0, gamma 1)', 'log-rank')
    """
    own = [(field.name, getattr(test, field.name)) for field in fields(test)]
    told = ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else " ".join(f"{r},{g}" for r, g in value)
        for name, value in own
    )
    return f"{WORDS_BY_TEST[type(test)]} ({told})" if own else WORDS_BY_TEST[type(test)]


def _tell_facts(design: Design, outcome: object) -> list[dict[str, str]]:
    looks = len(design.information_rates)
    ratio = design.allocation_ratio
    facts = [
        ("Patients", f"{design.patients:,} in two arms"),
        ("Allocation", f"{ratio:g} treated to 1 control" if ratio != 1 else "1 to 1"),
        ("Test", _tell_test(design, outcome)),
        ("Type I error", f"{100 * design.alpha:g} %, one-sided"),
        ("Looks", "one, at the end" if looks == 1 else f"{looks}, the last one the final analysis"),
        ("Final analysis", _tell_end(design)),
    ]
    bounds = "the whole error at the one analysis" if looks == 1 else WORDS_BY_BOUNDS[type(design.efficacy)]
    facts += [("Bounds for success", bounds), ("Bounds for futility", _tell_futility(design))]
    return [{"what": what, "text": text} for what, text in facts]


def _tell_end(design: Design) -> str:
    match design.stopping:
        case Events(count, latest) if math.isfinite(latest):
            return f"at {count} events, at the latest in month {latest:g}"
        case Events(count):
            return f"at {count} events"
        case Months(month):
            return f"in month {month:g}"
        case None:
            return "when every patient's outcome is known"


def _tell_futility(design: Design) -> str:
    if design.futility is None:
        if "Pampallona" not in type(design.efficacy).__name__:
            return "none"
        kind = "with those for success"
    elif isinstance(design.futility, FixedFutility):
        kind = "fixed"
    else:
        kind = WORDS_BY_BOUNDS[type(design.futility)]
    return f"{kind}, {'binding' if design.is_binding else 'not binding'}"


def _tell_design(report: SimulationReport) -> dict[str, Any]:
    design = report.design
    return {
        "facts": _tell_facts(design, _find_outcome(report)),
        "tests": list(
            dict.fromkeys(
                _tell_test(run.operating.design, _find_outcome(report)) for run in report.scenarios[0].runs
            )
        ),
        "alpha": design.alpha,
        "looks": [_tell_look(number, look) for number, look in enumerate(report.looks, start=1)],
        "has_ratio": any(look.hazard_ratio is not None for look in report.looks),
        "has_futility": any(look.futility is not None for look in report.looks),
        "rules": [
            _tell_rule(number, look, number == len(report.looks), design.is_binding)
            for number, look in enumerate(report.looks, start=1)
        ],
    }


def _tell_look(number: int, look: LookPlan) -> dict[str, Any]:
    return {
        "number": number,
        "when": look.when,
        "rate": f"{100 * look.rate:.0f} %",
        "efficacy": f"{look.efficacy:.4f}",
        "p_value": f"{look.p_value:.5f}",
        "alpha_spent": f"{look.alpha_spent:.5f}",
        "futility": "none" if look.futility is None else f"{look.futility:.4f}",
        "hazard_ratio": "" if look.hazard_ratio is None else f"{look.hazard_ratio:.2f}",
        "values": {
            "rate": look.rate,
            "efficacy": look.efficacy,
            "p_value": look.p_value,
            "alpha_spent": look.alpha_spent,
            "futility": look.futility,
            "hazard_ratio": look.hazard_ratio,
        },
    }


def _tell_rule(number: int, look: LookPlan, is_last: bool, is_binding: bool) -> str:
    name = "Final analysis" if is_last else f"Look {number}"
    told = f"{name}, at {look.when}: success is declared if z is at least {look.efficacy:.3f}"
    told += f" (one-sided p at most {look.p_value:.4f}"
    told += (
        ")." if look.hazard_ratio is None else f", a hazard ratio of about {look.hazard_ratio:.2f} or less)."
    )
    if is_last:
        return f"{told} Otherwise the trial ends without success."
    if look.futility is None:
        return f"{told} Otherwise the trial goes on."
    binding = "this rule must be obeyed" if is_binding else "the bounds for success do not count on this rule"
    return f"{told} It stops for futility if z is at most {look.futility:.3f} ({binding}). Else it goes on."


def _tell_scenario(report: SimulationReport, found: ScenarioResult) -> dict[str, Any]:
    planned, scenario = found.planned, found.planned.scenario
    return {
        "name": scenario.name,
        "purpose": planned.purpose,
        "purpose_words": WORDS_BY_PURPOSE[planned.purpose],
        "rejection_words": WORDS_BY_REJECTION[planned.purpose],
        "why": planned.why,
        "sources": list(scenario.sources),
        "stream": scenario.stream,
        "assumptions": [{"what": what, "text": text} for what, text in tell_assumptions(scenario)],
        "trials": found.trials,
        "trials_why": found.trials_why,
        "runs": [_tell_run(run, scenario.outcome, planned.purpose) for run in found.runs],
        "alternatives": [_tell_run(run, scenario.outcome, planned.purpose) for run in found.alternatives],
        "examples": [
            {
                "number": e.number,
                "look": e.look,
                "ending": _name_ending(e.look, len(report.looks), e.rejects),
                "month": f"{e.month:.1f}",
                "patients": e.patients,
                "events": e.events,
            }
            for e in found.examples
        ],
    }


def _tell_run(run: SimulatedRun, outcome: object, purpose: str) -> dict[str, Any]:
    design, looks = run.operating.design, len(run.looks)
    return {
        "design": run.design_name or OWN,
        "test": _tell_test(design, outcome),
        "rejection": tell_share(run.rejection),
        "alpha_check": _tell_alpha(run.alpha_check),
        "power_check": _tell_power(run),
        "without_futility": tell_share(run.without_futility) if run.without_futility else None,
        "without_futility_check": _tell_alpha(run.without_futility_check),
        "looks": [
            {
                "number": number,
                "success": tell_share(look.success),
                "no_success": tell_share(look.no_success),
                "no_success_words": "without success" if number == looks else "stopped for futility",
            }
            for number, look in enumerate(run.looks, start=1)
        ],
        "measures": [
            {
                "name": name,
                "words": WORDS_BY_MEASURE[name],
                "average": tell_average(measure),
                "quantiles": [
                    tell(e) | {"text": f"{e.value:,.1f}" if name == "months" else f"{e.value:,.0f}"}
                    for e in run.spread[name]
                ],
            }
            for name, measure in run.averages.items()
        ],
        "sha256": run.sha256,
        "purpose": purpose,
    }


def _tell_alpha(check: AlphaCheck | None) -> dict[str, Any] | None:
    if check is None:
        return None
    nominal = f"{100 * check.nominal:g} %"
    by = f"{abs(check.distance):.1f} standard errors {'over' if check.distance > 0 else 'under'} it"
    told = f"in accordance with the nominal {nominal} ({by})"
    if check.is_above:
        told = f"ABOVE the nominal {nominal}, beyond the error of simulation ({by})"
    if check.is_below:
        told = f"below the nominal {nominal}, beyond the error of simulation ({by})"
    return {
        "nominal": check.nominal,
        "distance": check.distance,
        "is_above": check.is_above,
        "is_below": check.is_below,
        "text": told,
    }


def _tell_power(run: SimulatedRun) -> dict[str, Any] | None:
    check = run.power_check
    if check is None:
        return None
    return {
        "predicted": check.predicted,
        "distance": check.distance,
        "is_apart": check.is_apart,
        "text": f"{100 * check.predicted:.2f} %",
        "distance_text": f"{check.distance:+.1f}".replace("-", "−"),
        "verdict": "apart by more than 4 standard errors" if check.is_apart else "agrees",
    }


def _name_ending(look: int, looks: int, rejects: bool) -> str:
    where = "the final analysis" if look == looks else f"look {look}"
    if rejects:
        return f"success at {where}"
    return "no success at the final analysis" if look == looks else f"futility at {where}"


def _tell_findings(found: ScenarioResult) -> list[str]:
    """A sentence or two on the design in one scenario, its first test."""
    run, planned = found.runs[0], found.planned
    share, months = tell_share(run.rejection), tell_average(run.averages["months"])
    name = planned.scenario.name
    words = WORDS_BY_REJECTION[planned.purpose]
    verb = {"Type I error": "type I error is", "Power": "power is", "Success": "success is declared in"}[
        words
    ]
    test = f" ({name_test(run.operating.design.test)})" if len(found.runs) > 1 else ""
    told = f"{name}{test}: {verb} {share['text']}{' of trials' if words == 'Success' else ''}"
    if run.alpha_check:
        check = _tell_alpha(run.alpha_check)
        told += f", {check['text']}" if check else ""
    early = run.looks[:-1]
    told += f"; the trial lasts {months['text']} months and enrols "
    told += f"{run.averages['patients'].estimate.value:,.0f} patients on average"
    if early:
        success = " + ".join(f"{100 * look.success.estimate.value:.1f} %" for look in early)
        told += f"; before the end {success} of trials stop with success"
        if any(look.no_success.estimate.value for look in early):
            futile = " + ".join(f"{100 * look.no_success.estimate.value:.1f} %" for look in early)
            told += f" and {futile} for futility"
    return [f"{told[0].upper()}{told[1:]}."]


def _find_flags(found: ScenarioResult) -> list[str]:
    """What a reader must not overlook."""
    flags = []
    for run in (*found.runs, *found.alternatives):
        of = f"{found.planned.scenario.name}, {run.design_name or OWN}"
        of += f", {name_test(run.operating.design.test)}" if len(found.runs) > 1 else ""
        if run.alpha_check and run.alpha_check.is_above:
            flags.append(f"{of}: type I error is above the nominal one by more than the error of simulation.")
        if run.without_futility_check and run.without_futility_check.is_above:
            flags.append(f"{of}: type I error is above the nominal one where futility is ignored.")
        if run.power_check and run.power_check.is_apart:
            check = _tell_power(run) or {}
            flags.append(
                f"{of}: simulation and formula ({check['text']}) differ by {check['distance_text']} standard "
                "errors; see the limits."
            )
    return flags


def _tell_streams(report: SimulationReport) -> str:
    """Which scenarios share random numbers."""
    by_stream: dict[int, list[str]] = {}
    for found in report.scenarios:
        by_stream.setdefault(found.planned.scenario.stream, []).append(found.planned.scenario.name)
    shared = [" and ".join(names) for names in by_stream.values() if len(names) > 1]
    if len(report.scenarios) == 1:
        return "One scenario, one stream of random numbers."
    if not shared:
        return "Each scenario has a stream of its own: figures of different scenarios are independent."
    return f"These scenarios share a stream and so their random numbers: {'; '.join(shared)}."


def _draw_charts(report: SimulationReport) -> dict[str, Any]:
    names = [found.planned.scenario.name for found in report.scenarios]
    charts = {
        "shares": ("Trials that end in success, by scenario", draw_shares(_list_shares(report), names)),
        "stops": (
            f"How trials of the design end{_name_first_test(report)}",
            draw_stops(_list_stops(report), names),
        ),
    }
    if len(report.looks) > 1:
        charts["bounds"] = ("Bounds", draw_bounds(report.bounds))
    course = [row | {"scenario": name} for name, rows in report.courses.items() for row in map(dict, rows)]
    if course:
        charts["course"] = ("Expected patients and events, up to the last look", draw_courses(course))
    return {name: {"title": title, "spec": spec} for name, (title, spec) in charts.items()}


def _name_first_test(report: SimulationReport) -> str:
    runs = report.scenarios[0].runs
    return f" ({name_test(runs[0].operating.design.test)})" if len(runs) > 1 else ""


def _list_shares(report: SimulationReport) -> list[dict[str, Any]]:
    rows = []
    for found in report.scenarios:
        for run in (*found.runs, *found.alternatives):
            e = run.rejection.estimate
            what = run.design_name or OWN
            if len(found.runs) > 1 and not run.design_name:
                what = name_test(run.operating.design.test)
            rows.append(
                {"scenario": found.planned.scenario.name, "what": what, "share": e.value}
                | {"low": e.low, "high": e.high}
            )
    return rows


def _list_stops(report: SimulationReport) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    last = len(report.looks)
    for found in report.scenarios:
        looks: Sequence = found.runs[0].looks
        for number, look in enumerate(looks, start=1):
            for rejects, measure in ((True, look.success), (False, look.no_success)):
                if not rejects and number < last and report.looks[number - 1].futility is None:
                    continue
                rows.append(
                    {
                        "scenario": found.planned.scenario.name,
                        "order": number if rejects else last + number,
                        "ending": _name_ending(number, last, rejects),
                        "share": measure.estimate.value,
                    }
                )
    return rows

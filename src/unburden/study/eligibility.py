"""What a study declares about its criteria: strata, target population, screening, emulated trial, worth."""

from dataclasses import replace
from typing import Any

from unburden.data.emulation import parse_emulation
from unburden.data.representation import parse_representation
from unburden.data.tables import TableReader
from unburden.data.weighing import find_planned, parse_unaffected, parse_worth
from unburden.domain.criteria import CriterionRule
from unburden.domain.errors import Problems
from unburden.domain.protocol import Protocol
from unburden.domain.weighing import EligibilityPlan, ScreeningPlan, WeighingPlan
from unburden.eligibility.strata import derive_strata
from unburden.study.parts import Parts, Patients
from unburden.study.screening import parse_screening


def parse_eligibility(
    root: TableReader,
    protocol: Protocol | None,
    rules: tuple[CriterionRule, ...],
    patients: Patients,
    parts: Parts,
) -> EligibilityPlan:
    """The parts of a study file that are about its criteria; problems go to `parts`, absent parts stay so.

    The planned trial is that of `[worth.planned]`, else of `[design]` and `[scenario]`; where neither can be
    read, nothing is weighed.
    """
    where = parts.problems.where
    tables: dict[str, Any] = {key: root.take(key, dict, None) for key in ("emulation", "worth", "screening")}
    strata, targets = root.take("representation", list, []), root.take("target_population", list, [])
    emulation = weighing = screening = None
    if tables["emulation"] is not None:
        emulation = parts.attempt(lambda: parse_emulation(tables["emulation"], where))
    worth = tables["worth"]
    if isinstance(worth, dict) and "planned" not in worth:
        planned = find_planned(root.table)
        # What is wrong with the design is told by those who read it; screening does not.
        worth = {"planned": planned, **worth} if planned else None
    if worth is not None:
        weighing = parts.attempt(lambda: parse_worth(worth, where))
    if tables["worth"] is not None:
        parts.problems.check("emulation" in root.table, "[worth] needs an [emulation]; add one")
    if tables["screening"] is not None and protocol is not None:
        screening = parts.attempt(lambda: parse_screening(tables["screening"], protocol, rules))
    found = parts.attempt(lambda: parse_representation(strata, targets, where))
    stratifications, populations = found or ((), ())
    controls = root.take("unaffected", list, [])
    unaffected = parts.attempt(lambda: parse_unaffected(controls, where)) or ()
    known = {rule.criterion_id for rule in rules}
    ids = {c.name: c.id for c in protocol.criteria} if protocol else {}
    unaffected = tuple(replace(u, instead_of=ids.get(u.instead_of, u.instead_of)) for u in unaffected)
    for each in unaffected if known else ():
        told = (
            f"[[unaffected]] {each.name!r} is instead of {each.instead_of!r}, which has no rule; use one of "
        )
        parts.problems.check(each.instead_of in known, f"{told}{', '.join(sorted(known))}")
    if weighing and rules:
        weighing = _name_criteria(weighing, protocol, rules, parts.problems)
        _check_goals(weighing, screening, bool(populations), root.table, parts.problems)
    cohort = patients.cohort
    for stratification in stratifications:
        told = f"[[representation]] {stratification.name!r}"
        if parts.problems.check(patients.is_declared, f"{told} divides patients, but there is no [cohort]"):
            parts.attempt(lambda s=stratification: derive_strata(s, cohort) if cohort else None)
    if weighing and weighing.adverse and cohort is not None:
        told = f"[worth] has adverse = {weighing.adverse!r}; the cohort has {', '.join(cohort.frame.columns)}"
        parts.problems.check(weighing.adverse in cohort.frame.columns, told)
    return EligibilityPlan(emulation, weighing, screening, stratifications, populations, unaffected)


def _name_criteria(
    plan: WeighingPlan, protocol: Protocol | None, rules: tuple[CriterionRule, ...], problems: Problems
) -> WeighingPlan:
    """The plan with the ids of criteria that it calls by name; those without a rule are told."""
    ids = {c.name: c.id for c in protocol.criteria} if protocol else {}
    known = [rule.criterion_id for rule in rules]
    named = {
        key: tuple(ids.get(name, name) for name in getattr(plan, key)) for key in ("always", "mandatory")
    }
    for key, found in named.items():
        for name in found:
            told = f"[worth] names {name!r} in {key}, which has no rule; use some of {', '.join(known)}"
            problems.check(name in known, told)
    left = [name for name in known if name not in named["always"]]
    problems.check(bool(left), "[worth] has every criterion in always; leave at least one to be weighed")
    return replace(plan, **named)


def _check_goals(
    plan: WeighingPlan,
    screening: ScreeningPlan | None,
    has_target: bool,
    table: dict[str, Any],
    problems: Problems,
) -> None:
    """Goals need what they are computed from."""
    is_absent = screening is None and "screening" not in table
    told = "[worth] has the goal 'screening_burden', which needs a [screening]; add one or drop the goal"
    problems.check("screening_burden" not in plan.goals or not is_absent, told)
    told = "[worth] has the goal 'target_distance', which needs a [[target_population]]; add one or drop it"
    problems.check(
        "target_distance" not in plan.goals or has_target or bool(table.get("target_population")), told
    )

"""What a study's criteria do: screening, the emulated trial, each criterion's worth and the best sets."""

from dataclasses import replace

import numpy as np

from unburden import __version__
from unburden.domain.criteria_sets import CriteriaFront
from unburden.domain.criteria_worth import ChosenCriteria, CriteriaWorth, JudgedCriteria, Split
from unburden.domain.emulation import EmulatedTrial
from unburden.domain.errors import InvalidInput, InvalidStudy
from unburden.domain.weighing import (
    CriteriaReport,
    EligibilityStudy,
    KeptOut,
    ScreeningReport,
    Unaffected,
    UnaffectedResult,
    WeighingPlan,
)
from unburden.eligibility.check_order import search_check_order
from unburden.eligibility.choice import choose_criteria, judge_criteria, split_patients
from unburden.eligibility.criteria_sets import bootstrap_front, pick_highlights, search_criteria_sets
from unburden.eligibility.emulation import emulate_trial
from unburden.eligibility.evaluate import evaluate_expression
from unburden.eligibility.passing import derive_passing
from unburden.eligibility.representation import evaluate_representation
from unburden.eligibility.screen_failures import forecast_screening
from unburden.eligibility.set_counts import MOST_ENUMERATED
from unburden.eligibility.set_search import explore_criteria_sets
from unburden.eligibility.strata import derive_strata, screen_strata
from unburden.eligibility.worth import weigh_criteria
from unburden.study.criteria_goals import CriteriaGoals
from unburden.study.weighed import Weighed

_LOWER_IS_BETTER = ("log_hazard_ratio", "risk_difference")
_REPLICATES_OF_DISTANCE = 2000
_SEED_OF_DISTANCE = 1
_REPEATS, _MOST_REPEATED = 20, 10
_MOST_EXPLORED = 50_000


def describe_screening(study: EligibilityStudy, *, planned_patients: int | None = None) -> ScreeningReport:
    """Screening of the study's patients: flow, who is shut out, what it costs, who would be enrolled.

    `planned_patients` of the trial, needed for the expected screen failures and the enrolment of strata; else
    those of the study's `[worth.planned]`. Raises what its parts raise.
    """
    plan, cohort = study.plan, study.cohort
    table = derive_passing(study.rules, cohort)
    planned = planned_patients or (plan.weighing.planned.patients if plan.weighing else None)
    strata = [derive_strata(each, cohort) for each in plan.stratifications]
    order = forecast = None
    if plan.screening:
        found = plan.screening
        order = search_check_order(table, found.procedures, found.checks, minimise=found.minimise)
    if planned and study.attrition.eligible:
        totals = None if order else {}
        forecast = forecast_screening(table, enrolled=planned, totals=totals, order=order)
    groups = {}
    if planned and study.attrition.eligible:
        everybody = np.ones(table.patients, dtype=bool)
        for group, members in (("eligible patients", table.eligible), ("all patients", everybody)):
            groups[group] = tuple(
                evaluate_representation(
                    each,
                    target,
                    members,
                    group=group,
                    planned_patients=planned,
                    replicates=_REPLICATES_OF_DISTANCE,
                    seed=_SEED_OF_DISTANCE,
                )
                for each in strata
                for target in plan.targets
                if target.stratification == each.name
            )
    return ScreeningReport(
        attrition=study.attrition,
        exclusions=tuple(row for each in strata for row in screen_strata(table, each)),
        order=order,
        forecast=forecast,
        representations=groups.get("eligible patients", ()),
        before=groups.get("all patients", ()),
    )


def emulate_study_trial(study: EligibilityStudy) -> EmulatedTrial:
    """The study's target trial, emulated in the patients who pass its criteria.

    Raises `InvalidStudy` where no `[emulation]` is declared, and what `emulate_trial` raises.
    """
    if study.plan.emulation is None:
        raise InvalidStudy(study.name, ["has no [emulation]; state the target trial there"])
    return emulate_trial(study.cohort, study.attrition.eligible_rows, study.plan.emulation)


def weigh_study_criteria(study: EligibilityStudy) -> CriteriaReport:
    """Everything about the study's criteria: see `CriteriaReport`.

    Raises `InvalidStudy` where `[emulation]` or `[worth]` is missing, and what the parts raise.
    """
    plan = study.plan
    missing = [name for name, part in (("emulation", plan.emulation), ("worth", plan.weighing)) if not part]
    if missing:
        told = f"has no {' and no '.join(f'[{name}]' for name in missing)}; both are needed to weigh criteria"
        if plan.emulation:
            told += ", [worth] with a trial planned in [worth.planned] or in [design] and [scenario]"
        raise InvalidStudy(study.name, [told])
    assert plan.emulation and plan.weighing
    trial = emulate_study_trial(study)
    weighed = Weighed.of(study)
    worth = weigh_criteria(
        weighed.table.passing, weighed.data, weighed.plan, criteria=weighed.table.criterion_ids
    )
    judged, why_not = _judge(weighed, plan.weighing)
    shares, splits = _repeat_choice(weighed, plan.weighing)
    front = _search_front(study, weighed, worth)
    return CriteriaReport(
        study_name=study.name,
        title=study.title,
        plan=plan,
        names=name_criteria(study),
        texts={c.id: c.text for c in study.criteria} or {r.criterion_id: r.text for r in study.rules},
        screening=describe_screening(study),
        trial=trial,
        worth=worth,
        always_patients=weighed.table.patients,
        judged=judged,
        judged_why_not=why_not,
        choice_shares=shares,
        choice_splits=splits,
        kept_out=_count_kept_out(weighed),
        unaffected=tuple(_judge_unaffected(each, study) for each in plan.unaffected),
        front=front,
        highlights=pick_highlights(front),
        version=__version__,
        notes=study.notes,
    )


def _choose(weighed: Weighed, plan: WeighingPlan, seed: int) -> tuple[ChosenCriteria, Split]:
    """The criteria that some of the patients, drawn by the seed, speak for; raises where they cannot."""
    split = split_patients(weighed.data.patients, plan.choose_share, seed=seed)
    passing, data = weighed.part(split.choose)
    own = replace(weighed.plan, replicates=0)
    worth = weigh_criteria(passing, data, own, criteria=weighed.table.criterion_ids)
    is_low = plan.choose_by in _LOWER_IS_BETTER
    return choose_criteria(worth, plan.choose_by, lower_is_better=is_low), split


def _judge(weighed: Weighed, plan: WeighingPlan) -> tuple[JudgedCriteria | None, str]:
    """Criteria chosen on some of the patients and judged on the others, or why that cannot be done."""
    try:
        chosen, split = _choose(weighed, plan, plan.seed)
        passing, data = weighed.part(split.judge)
        return judge_criteria(chosen, passing, data, weighed.plan), ""
    except InvalidInput as error:
        return None, "; ".join(error.problems)


def _repeat_choice(weighed: Weighed, plan: WeighingPlan) -> tuple[dict[str, float], int]:
    """How often each criterion is chosen in other random halves; nothing where that takes too long."""
    names = weighed.table.criterion_ids
    if len(names) > _MOST_REPEATED:
        return {}, 0
    chosen = dict.fromkeys(names, 0)
    done = 0
    for number in range(1, _REPEATS + 1):
        try:
            kept = _choose(weighed, plan, plan.seed + number)[0].kept
        except InvalidInput:
            continue
        done += 1
        for name in kept:
            chosen[name] += 1
    return {name: count / done for name, count in chosen.items()} if done else {}, done


def _count_kept_out(weighed: Weighed) -> dict[str, KeptOut]:
    """Who of the weighed patients each criterion keeps out, by arm, and with how many events."""
    treated, events = weighed.data.treated.astype(bool), weighed.data.events.astype(bool)
    found = {}
    for number, name in enumerate(weighed.table.criterion_ids):
        out = ~weighed.table.passing[:, number]
        found[name] = KeptOut(
            int((out & treated).sum()), int((out & ~treated).sum()), int((out & events).sum())
        )
    return found


def _judge_unaffected(control: Unaffected, study: EligibilityStudy) -> UnaffectedResult:
    """The emulated trial in patients in whom treatment should do nothing."""
    emulation = study.plan.emulation
    assert emulation
    table = derive_passing(study.rules, study.cohort)
    others = np.array([name != control.instead_of for name in table.criterion_ids])
    meets = evaluate_expression(control.expression, study.cohort).fill_null(False).to_numpy()
    rows = np.flatnonzero(table.passing[:, others].all(axis=1) & meets)
    try:
        trial = emulate_trial(study.cohort, rows.tolist(), replace(emulation, negative_controls=()))
    except InvalidInput as error:
        told = f"could not be analysed: {'; '.join(error.problems)}"
        return UnaffectedResult(control, len(rows), 0, None, told)
    ratio, treated = trial.hazard_ratio, trial.weights[0].patients
    if ratio.low <= 1 <= ratio.high:
        verdict = (
            f"no effect seen, as should be; the interval leaves {ratio.low:.2f} to {ratio.high:.2f} open, so "
            "that much confounding may go unseen"
        )
    else:
        verdict = (
            "treatment goes with an effect where it should have none: the hazard ratios of this report "
            "may be mostly confounding"
        )
    return UnaffectedResult(control, len(rows), treated, ratio, verdict)


def name_criteria(study: EligibilityStudy) -> dict[str, str]:
    """What tables call each criterion: its name, and the label of its rule where there is one."""
    names = {c.id: c.name for c in study.criteria} or {r.criterion_id: r.criterion_id for r in study.rules}
    labels = {rule.criterion_id: rule.label for rule in study.rules if rule.label}
    return {key: f"{name} {labels[key]}" if key in labels else name for key, name in names.items()}


def _search_front(study: EligibilityStudy, weighed: Weighed, worth: CriteriaWorth) -> CriteriaFront:
    """The sets of the weighed criteria that no other set beats, with how stable each one's place is."""
    weighing = study.plan.weighing
    assert weighing
    names = weighed.table.criterion_ids
    goals = CriteriaGoals(study, weighed, worth)
    goals.check()
    mandatory = tuple(name for name in weighing.mandatory if name in names)
    if len(names) > MOST_ENUMERATED:
        return explore_criteria_sets(
            names, goals.evaluate, mandatory=mandatory, most_sets=_MOST_EXPLORED, seed=weighing.seed
        )
    front = search_criteria_sets(names, [goals.derive(name) for name in weighing.goals], mandatory=mandatory)
    resampled = [name for name in weighing.goals if name in goals.resampled]
    if len(resampled) < len(weighing.goals):
        return front
    return bootstrap_front(
        front,
        goals.resample,
        patients=weighed.table.patients,
        replicates=weighing.replicates,
        seed=weighing.seed,
    )

"""What a study's criteria do: screening, the emulated trial, each criterion's worth and the best sets."""

from dataclasses import replace

import numpy as np
import polars as pl

from unburden import __version__
from unburden.burden.totals import UNIT_BY_TOTAL
from unburden.domain.criteria_sets import SET_GOALS, CriteriaFront, GoalValues
from unburden.domain.criteria_worth import (
    CriteriaWorth,
    EmulationData,
    JudgedCriteria,
    Truncation,
    Weighting,
    WorthPlan,
)
from unburden.domain.emulation import EmulatedTrial
from unburden.domain.emulation_plan import EmulationPlan
from unburden.domain.errors import InvalidInput, InvalidStudy
from unburden.domain.frontier import Goal
from unburden.domain.passing import PassingTable
from unburden.domain.representation import Strata
from unburden.domain.weighing import (
    CriteriaReport,
    EligibilityStudy,
    KeptOut,
    ScreeningReport,
    Unaffected,
    UnaffectedResult,
    WeighingPlan,
)
from unburden.eligibility.check_order import derive_set_costs, search_check_order
from unburden.eligibility.choice import choose_criteria, judge_criteria, split_patients
from unburden.eligibility.criteria_sets import bootstrap_front, pick_highlights, search_criteria_sets
from unburden.eligibility.effects import read_follow_up, weigh_patients
from unburden.eligibility.emulation import emulate_trial
from unburden.eligibility.evaluate import evaluate_expression
from unburden.eligibility.passing import derive_passing
from unburden.eligibility.representation import evaluate_representation
from unburden.eligibility.screen_failures import forecast_screening
from unburden.eligibility.set_counts import derive_set_counts, derive_set_strata
from unburden.eligibility.set_goals import (
    derive_burden_values,
    derive_distance_values,
    derive_needed_values,
    derive_pool_values,
    derive_power_values,
    make_goal_values,
)
from unburden.eligibility.strata import derive_strata, screen_strata
from unburden.eligibility.time_zero import check_emulation
from unburden.eligibility.worth import weigh_criteria

_WEIGHTINGS: dict[str, Weighting] = {"ATE": "stabilised", "ATO": "overlap"}
_LOWER_IS_BETTER = ("log_hazard_ratio", "risk_difference")
_REPLICATES_OF_DISTANCE = 2000
_SEED_OF_DISTANCE = 1
_CHANCE = 0.01
_REPEATS, _MOST_REPEATED = 20, 10
"""An arm that is missing among so many by chance less often than this is taken to be missing by rule."""


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
    weighed = _Weighed.of(study)
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


class _Weighed:
    """The patients who pass the criteria that always hold, and who of them passes those that are weighed."""

    def __init__(
        self,
        whole: PassingTable,
        table: PassingTable,
        rows: np.ndarray,
        data: EmulationData,
        plan: WorthPlan,
    ) -> None:
        self.whole, self.table, self.rows, self.data, self.plan = whole, table, rows, data, plan

    @classmethod
    def of(cls, study: EligibilityStudy) -> "_Weighed":
        """As the study declares them; raises what cannot be."""
        emulation, weighing = study.plan.emulation, study.plan.weighing
        assert emulation and weighing
        whole = derive_passing(study.rules, study.cohort)
        is_always = np.isin(whole.criterion_ids, weighing.always)
        rows = np.flatnonzero(whole.passing[:, is_always].all(axis=1))
        table = PassingTable(
            whole.cohort_name,
            tuple(n for n, fixed in zip(whole.criterion_ids, is_always, strict=True) if not fixed),
            whole.passing[np.ix_(rows, ~is_always)],
            whole.unknown[np.ix_(rows, ~is_always)],
            whole.source,
        )
        frame = study.cohort.frame[rows.tolist()]
        data = _read_data(frame, emulation, weighing, study.cohort.source)
        _check_positivity(table, data, emulation)
        return cls(whole, table, rows, data, make_worth_plan(emulation, weighing))

    def part(self, rows: np.ndarray) -> tuple[np.ndarray, EmulationData]:
        """Some of the patients: who passes what, and their data."""
        return self.table.passing[rows], self.data.take(rows)


def make_worth_plan(emulation: EmulationPlan, weighing: WeighingPlan) -> WorthPlan:
    """Criteria are weighed by the analysis of the emulated trial: its weights, ties and horizon.

    Raises `InvalidStudy` for analyses that are not made cohort by cohort.
    """
    analysis = emulation.analysis
    problems = []
    if emulation.population not in _WEIGHTINGS:
        problems.append("[emulation] population is 'ATT'; criteria are weighed for ATE or ATO, so use one")
    if analysis.propensity != "logistic":
        problems.append("[emulation.analysis] propensity is 'boosted'; criteria are weighed with 'logistic'")
    if emulation.population == "ATE" and not analysis.is_stabilised:
        problems.append(
            "[emulation.analysis] stabilised is false; criteria are weighed with stabilised weights"
        )
    if problems:
        raise InvalidStudy("[worth]", problems)
    cut = analysis.truncation
    by = {"quantiles": "quantile", "probabilities": "probability"}
    return WorthPlan(
        horizon=analysis.horizon_days,
        weighting=_WEIGHTINGS[emulation.population],
        ties=analysis.ties,
        replicates=weighing.replicates,
        seed=weighing.seed,
        level=weighing.level,
        truncation=None if cut.kind == "none" else Truncation(by[cut.kind], cut.low, cut.high),  # pyright: ignore[reportArgumentType]
        permutations=weighing.permutations,
    )


def _read_data(
    frame: pl.DataFrame, emulation: EmulationPlan, weighing: WeighingPlan, source: str
) -> EmulationData:
    """The emulated trial's patients as numbers, for every cohort alike."""
    check_emulation(frame, emulation)
    patients = weigh_patients(frame, emulation, source)
    follow_up = read_follow_up(frame, emulation.outcome, patients.treated, emulation.analysis.follow_up_days)
    adverse = None
    if weighing.adverse:
        column = frame.get_column(weighing.adverse)
        if column.dtype != pl.Boolean or column.null_count():
            told = f"adverse names {weighing.adverse!r}, which holds {column.dtype} with "
            told += f"{column.null_count()} unknown; give a column of true and false for every patient"
            raise InvalidStudy("[worth]", [told])
        adverse = column.to_numpy()
    return EmulationData(
        times=follow_up.days,
        events=follow_up.has_event,
        treated=patients.treated,
        covariates=patients.covariates.values,
        source=source,
        adverse=adverse,
        covariate_names=patients.covariates.terms,
    )


def _check_positivity(table: PassingTable, data: EmulationData, emulation: EmulationPlan) -> None:
    """Refuse criteria that keep out patients of one arm only, beyond chance: there is nobody to compare."""
    treated = data.treated.astype(bool)
    strategies = emulation.treatment.treated_strategy, emulation.treatment.control_strategy
    problems = []
    for number, name in enumerate(table.criterion_ids):
        out = ~table.passing[:, number]
        for arm, strategy in zip((treated, ~treated), strategies, strict=True):
            by_chance = (1 - arm.mean()) ** out.sum()
            if not (out & arm).any() and by_chance < _CHANCE:
                problems.append(
                    f"none of the {int(out.sum())} patients whom {name} keeps out had {strategy!r}, so these "
                    "data cannot say what it is worth; name it in [worth] always, with the reason"
                )
    if problems:
        raise InvalidStudy("[worth]", problems)


def _judge(weighed: _Weighed, plan: WeighingPlan) -> tuple[JudgedCriteria | None, str]:
    """Criteria chosen on some of the patients and judged on the others, or why that cannot be done."""
    split = split_patients(weighed.data.patients, plan.choose_share, seed=plan.seed)
    names = weighed.table.criterion_ids
    try:
        passing, data = weighed.part(split.choose)
        worth = weigh_criteria(passing, data, replace(weighed.plan, replicates=0), criteria=names)
        is_low = plan.choose_by in _LOWER_IS_BETTER
        chosen = choose_criteria(worth, plan.choose_by, lower_is_better=is_low)
        passing, data = weighed.part(split.judge)
        return judge_criteria(chosen, passing, data, weighed.plan), ""
    except InvalidInput as error:
        return None, "; ".join(error.problems)


def _repeat_choice(weighed: _Weighed, plan: WeighingPlan) -> tuple[dict[str, float], int]:
    """How often each criterion is chosen in other random halves; nothing where that takes too long."""
    names = weighed.table.criterion_ids
    if len(names) > _MOST_REPEATED:
        return {}, 0
    chosen = dict.fromkeys(names, 0)
    done = 0
    for number in range(1, _REPEATS + 1):
        split = split_patients(weighed.data.patients, plan.choose_share, seed=plan.seed + number)
        passing, data = weighed.part(split.choose)
        try:
            worth = weigh_criteria(passing, data, replace(weighed.plan, replicates=0), criteria=names)
            is_low = plan.choose_by in _LOWER_IS_BETTER
            kept = choose_criteria(worth, plan.choose_by, lower_is_better=is_low).kept
        except InvalidInput:
            continue
        done += 1
        for name in kept:
            chosen[name] += 1
    return {name: count / done for name, count in chosen.items()} if done else {}, done


def _count_kept_out(weighed: _Weighed) -> dict[str, KeptOut]:
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


def _search_front(study: EligibilityStudy, weighed: _Weighed, worth: CriteriaWorth) -> CriteriaFront:
    """The sets of the weighed criteria that no other set beats, with how stable each one's place is."""
    weighing = study.plan.weighing
    assert weighing
    names = weighed.table.criterion_ids
    goals = _Goals(study, weighed, worth)
    mandatory = tuple(name for name in weighing.mandatory if name in names)
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


class _Goals:
    """The goals' values for every set of the weighed criteria."""

    resampled = ("pool", "power", "patients_needed", "target_distance")
    """Goals that screening alone tells: they are counted anew in each bootstrap sample."""

    def __init__(self, study: EligibilityStudy, weighed: _Weighed, worth: CriteriaWorth) -> None:
        plan = study.plan
        assert plan.weighing
        self.weighed, self.worth, self.planned = weighed, worth, plan.weighing.planned
        self.names, self.source = plan.weighing.goals, study.cohort.source
        self.screening = plan.screening
        self.targets = plan.targets
        self.strata = [
            _take_strata(derive_strata(each, study.cohort), weighed.rows)
            for target in plan.targets
            for each in plan.stratifications
            if each.name == target.stratification
        ]

    def derive(self, name: str) -> GoalValues:
        """One goal in the patients as they are."""
        if name in self.resampled:
            return self._count(name, None)
        if name == "screening_burden":
            return self._derive_burden()
        values, errors = (
            self.worth.cohorts.get_column(column).cast(pl.Float64).fill_null(float("nan")).to_numpy()
            for column in (name, f"{name}_se")
        )
        goal = SET_GOALS[name] if name != "rmst_difference" else Goal(name, "day", False)
        return make_goal_values(goal, values, errors, sources=(self.worth.source,))

    def resample(self, counts: np.ndarray) -> np.ndarray:
        """Every goal in a sample in which patient i stands `counts[i]` times, (sets, goals)."""
        return np.stack([self._count(name, counts).values for name in self.names], axis=1)

    def _count(self, name: str, counts: np.ndarray | None) -> GoalValues:
        table, data = self.weighed.table, self.weighed.data
        pools = derive_set_counts(table, counts)
        if name == "pool":
            return derive_pool_values(pools, int(pools[0]), self.source)
        if name == "power":
            events = data.events.astype(np.int64) * (1 if counts is None else counts)
            return derive_power_values(
                derive_set_counts(table, events),
                pools,
                planned_patients=self.planned.patients,
                hazard_ratio=self.planned.hazard_ratio,
                allocation_ratio=self.planned.allocation_ratio,
                alpha=self.planned.alpha,
                sources=(self.source, "assumed:planned hazard ratio, patients and error of [worth.planned]"),
            )
        if name == "patients_needed":
            assert self.planned.events
            events = data.events.astype(np.int64) * (1 if counts is None else counts)
            return derive_needed_values(
                derive_set_counts(table, events),
                pools,
                planned_events=self.planned.events,
                sources=(self.source, "assumed:planned events of the study, follow-up as in the cohort"),
            )
        strata = [derive_set_strata(table, each, counts) for each in self.strata]
        return derive_distance_values(strata, self.strata, self.targets)

    def _derive_burden(self) -> GoalValues:
        """What screening asks, per patient enrolled, with the criteria that always hold checked as well."""
        assert self.screening
        whole, plan = self.weighed.whole, self.screening
        costs = derive_set_costs(whole, plan.procedures, plan.checks, minimise=plan.minimise)
        amounts = [a for each in plan.procedures for a in each.amounts.values()]
        sources = dict.fromkeys(source for amount in amounts for source in amount.sources)
        found = derive_burden_values(
            costs,
            derive_set_counts(whole),
            whole.patients,
            unit=UNIT_BY_TOTAL[plan.minimise],
            sources=(self.source, *sources),
        )
        rows = _find_whole_masks(whole.criterion_ids, self.weighed.table.criterion_ids)
        return replace(found, values=found.values[rows], low=found.low[rows], high=found.high[rows])


def _find_whole_masks(every: tuple[str, ...], weighed: tuple[str, ...]) -> np.ndarray:
    """For each set of the weighed criteria the set of all criteria that it stands for."""
    masks = np.arange(1 << len(weighed), dtype=np.int64)
    found = np.full_like(masks, sum(1 << c for c, name in enumerate(every) if name not in weighed))
    for place, name in enumerate(weighed):
        found |= (masks >> place & 1) << every.index(name)
    return found


def _take_strata(strata: Strata, rows: np.ndarray) -> Strata:
    return replace(strata, codes=strata.codes[rows])

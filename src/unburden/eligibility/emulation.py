"""A target trial emulated in real-world patients: weighted, checked, estimated and doubted."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import polars as pl

from unburden.domain.cohort import Cohort
from unburden.domain.emulation import EmulatedTrial, NegativeControlResult, PropensitySummary
from unburden.domain.emulation_plan import (
    Covariate,
    EmulationPlan,
    NegativeControl,
    TreatmentStrategies,
)
from unburden.domain.errors import InvalidEmulation, NoEstimate
from unburden.domain.estimate import Estimate
from unburden.eligibility.balance import (
    assess_positivity,
    compute_balance,
    make_edges,
    summarise_weights,
)
from unburden.eligibility.doubly_robust import FollowUp
from unburden.eligibility.effects import (
    WeightedPatients,
    draw_curve,
    estimate_doubly_robust_difference,
    estimate_hazard_ratio,
    estimate_means,
    read_follow_up,
    weigh_patients,
)
from unburden.eligibility.emulation_words import list_assumptions, list_notes, list_warnings
from unburden.eligibility.evalues import compute_e_value
from unburden.eligibility.time_zero import check_emulation
from unburden.models.propensity import compute_area_under_curve


def emulate_trial(cohort: Cohort, passing_rows: Iterable[int], plan: EmulationPlan) -> EmulatedTrial:
    """What the plan's target trial would have found in the eligible patients, as far as they can tell.

    `passing_rows` are row numbers of the cohort's table (`Attrition.eligible_rows`). Weights come from the
    propensity of treatment; the hazard ratio from weighted Cox regression, restricted means from weighted
    Kaplan–Meier curves and, for ATE and ATT, a doubly robust difference beside them. Intervals of
    weighted estimates allow for an estimated logistic propensity; those by a boosted one take it as known.

    Raises `InvalidEmulation` where time zero, eligibility and assignment do not coincide, treatment starts
    later, follow-up is not positive, patients repeat or covariates cannot be used; `NoEstimate` where an
    estimate does not exist: no events, all of them in one arm, separation, follow-up shorter than the
    horizon.
    """
    frame = _take_rows(cohort, passing_rows, plan)
    check_emulation(frame, plan)
    patients = weigh_patients(frame, plan, cohort.source)
    follow_up = read_follow_up(frame, plan.outcome, patients.treated, plan.analysis.follow_up_days)
    data = (follow_up, patients, plan, cohort.source)
    treated, weights = patients.treated, patients.weights
    edges = make_edges(weights.values)
    hazard_ratio = estimate_hazard_ratio(*data)
    one, zero, difference = estimate_means(*data)
    robust, refusal = _try_doubly_robust(frame, follow_up, patients, plan, cohort.source)
    balance = compute_balance(patients.covariates, treated, weights.values)
    positivity = assess_positivity(patients.propensity.probabilities, treated, weights.values)
    arms = [
        summarise_weights(
            name, weights.values[arm], weights.is_truncated[arm], follow_up.has_event[arm], edges
        )
        for name, arm in (("treated", treated), ("control", ~treated))
    ]
    return EmulatedTrial(
        plan=plan,
        cohort_name=cohort.name,
        patients=cohort.patients,
        eligible_patients=frame.height,
        propensity=_summarise_propensity(patients),
        balance=balance,
        positivity=positivity,
        weights=(arms[0], arms[1]),
        curves=(draw_curve(*data[:3], "treated"), draw_curve(*data[:3], "control")),
        crude_hazard_ratio=estimate_hazard_ratio(follow_up, None, plan, cohort.source),
        hazard_ratio=hazard_ratio,
        treated_mean=one,
        control_mean=zero,
        crude_mean_difference=estimate_means(follow_up, None, plan, cohort.source)[2],
        mean_difference=difference,
        doubly_robust_difference=robust,
        e_value=compute_e_value(hazard_ratio, event_share=float(follow_up.has_event.mean())),
        negative_controls=tuple(
            _judge_control(control, frame, patients, plan, cohort.source)
            for control in plan.negative_controls
        ),
        warnings=list_warnings(plan.population, balance, positivity, (arms[0], arms[1])),
        assumptions=list_assumptions(plan),
        notes=(*list_notes(plan, patients), *refusal),
    )


def _try_doubly_robust(
    frame: pl.DataFrame, follow_up: FollowUp, patients: WeightedPatients, plan: EmulationPlan, source: str
) -> tuple[Estimate | None, tuple[str, ...]]:
    """The doubly robust difference, or None with the reason: the other estimates stand without it."""
    try:
        return estimate_doubly_robust_difference(frame, follow_up, patients, plan, source), ()
    except NoEstimate as error:
        return None, (f"Refused: {error.where}: {'; '.join(error.problems)}.",)


def _take_rows(cohort: Cohort, passing_rows: Iterable[int], plan: EmulationPlan) -> pl.DataFrame:
    rows = np.fromiter(passing_rows, dtype=np.int64)
    stray = int(((rows < 0) | (rows >= cohort.patients)).sum())
    if stray or len(np.unique(rows)) < len(rows):
        raise InvalidEmulation(
            f"emulated trial {plan.name!r}",
            [
                f"the eligible rows hold {stray} numbers outside 0 to {cohort.patients - 1} and "
                f"{len(rows) - len(np.unique(rows))} repeats; give the rows that screening left"
            ],
        )
    return cohort.frame[rows.tolist()] if len(rows) else cohort.frame.clear()


def _summarise_propensity(patients: WeightedPatients) -> PropensitySummary:
    fit = patients.propensity
    return PropensitySummary(
        model=fit.model,
        words=fit.words,
        terms=fit.terms,
        coefficients=fit.coefficients,
        references=patients.covariates.references,
        missing_words=patients.covariates.missing_words,
        area_under_curve=compute_area_under_curve(fit.probabilities, patients.treated),
    )


def _judge_control(
    control: NegativeControl,
    frame: pl.DataFrame,
    patients: WeightedPatients,
    plan: EmulationPlan,
    source: str,
) -> NegativeControlResult:
    """The same analysis where there can be no effect."""
    try:
        if control.outcome:
            end = plan.analysis.follow_up_days
            follow_up = read_follow_up(frame, control.outcome, patients.treated, end)
            ratio = estimate_hazard_ratio(follow_up, patients, plan, source)
        else:
            ratio = _analyse_exposure(control, frame, plan, source)
    except NoEstimate as error:
        where = f"negative control {control.name!r}"
        told = [f"{problem}; or leave this control out" for problem in error.problems]
        raise NoEstimate(where, told) from None
    is_alarming = not ratio.low <= 1 <= ratio.high
    verdict = (
        f"The interval {ratio.low:.2f} to {ratio.high:.2f} excludes 1 where there can be no effect: the "
        "arms still differ by something unmeasured, or outcomes are found unequally; do not trust the "
        "main estimate."
        if is_alarming
        else f"The interval {ratio.low:.2f} to {ratio.high:.2f} holds 1: no bias was found here, which "
        "does not prove that there is none."
    )
    kind = "outcome" if control.outcome else "exposure"
    return NegativeControlResult(control.name, kind, control.reason, ratio, is_alarming, verdict)


def _analyse_exposure(
    control: NegativeControl, frame: pl.DataFrame, plan: EmulationPlan, source: str
) -> Estimate:
    """The exposure in the treatment's place, and the treatment among the covariates."""
    column = control.exposure_column
    words = f"{control.name}: {control.exposed_value}", f"{control.name}: {control.unexposed_value}"
    others = tuple(covariate for covariate in plan.covariates if covariate.column != column)
    form = "categories" if frame.get_column(plan.treatment.column).dtype.is_numeric() else "linear"
    exposed = replace(
        plan,
        treatment=TreatmentStrategies(column, control.exposed_value, control.unexposed_value, *words),
        covariates=(*others, Covariate(plan.treatment.column, form)),
        negative_controls=(),
    )
    patients = weigh_patients(frame, exposed, source)
    follow_up: FollowUp = read_follow_up(frame, plan.outcome, patients.treated, plan.analysis.follow_up_days)
    return estimate_hazard_ratio(follow_up, patients, exposed, source)

"""Outcomes that are awaited for every patient, as the kernels take them, and trials of them."""

import math

import numpy as np

from unburden.domain.design import Design
from unburden.domain.repeated import Counts, Longitudinal, factor_covariance
from unburden.domain.scenario import Binary, Continuous, LogNormal, Scenario, StudentT
from unburden.domain.sequential import SequentialBounds
from unburden.kernels.counts import simulate_count_trials
from unburden.kernels.draws import LOG_NORMAL_SHAPE, NORMAL_SHAPE, STUDENT_SHAPE
from unburden.kernels.longitudinal import (
    DEATH,
    RESCUE,
    STOP,
    TREATMENT_POLICY,
    WHILE_ON_TREATMENT,
    Course,
    simulate_longitudinal_trials,
)
from unburden.kernels.trials import BINARY, NORMAL, simulate_outcome_trials

_KINDS = {"treatment-stop": STOP, "rescue": RESCUE, "death": DEATH}


def find_treated_share(design: Design) -> float:
    """Share of patients allocated to treatment."""
    return design.allocation_ratio / (1 + design.allocation_ratio)


def run_outcome_trials(
    design: Design, scenario: Scenario, bounds: SequentialBounds, trials: int, seed: int, first: int
) -> np.ndarray:
    """Look that stopped, rejection, month, patients and outcomes of each trial; shape (trials, 5)."""
    key, stream, outcome = np.uint64(seed), np.uint64(scenario.stream), scenario.outcome
    looks = np.array([math.ceil(r * design.patients - 1e-9) for r in design.information_rates])
    limits = np.array([bounds.efficacy, bounds.futility])
    accrual, share = _list_accrual(scenario), find_treated_share(design)
    dropout = scenario.dropout_hazard_per_month
    match outcome:
        case Longitudinal():
            course = make_course(design, scenario)
            strategies = [
                WHILE_ON_TREATMENT if event.kind == "death" else TREATMENT_POLICY
                for event in outcome.intercurrent_events
            ]
            return simulate_longitudinal_trials(
                key, stream, first, trials, course, np.array(strategies, dtype=np.int64), looks, limits
            )
        case Counts():
            law = np.array([outcome.control_per_month, outcome.treatment_per_month, outcome.dispersion,
                            outcome.follow_up_months])  # fmt: skip
            return simulate_count_trials(
                key, stream, first, trials, accrual, law, dropout, share, looks, limits
            )
        case Continuous() | Binary():
            month = outcome.assessed_month
            return simulate_outcome_trials(
                key,
                stream,
                first,
                trials,
                accrual,
                _encode_law(outcome),
                month,
                dropout,
                share,
                looks,
                limits,
            )
    raise AssertionError("times to events have kernels of their own")


def make_course(design: Design, scenario: Scenario) -> Course:
    """The patients of a scenario with repeated measures as the kernels take them."""
    outcome = scenario.outcome
    assert isinstance(outcome, Longitudinal)
    factor = factor_covariance(outcome.covariance)
    events = [
        (_KINDS[e.kind], e.control_per_month, e.treatment_per_month, e.dependence, e.kept_share, e.gain,
         e.withdrawal_share)
        for e in outcome.intercurrent_events
    ]  # fmt: skip
    return Course(
        months=np.array(outcome.visit_months, dtype=float),
        means=np.array([outcome.control_means, outcome.treatment_means], dtype=float),
        root=np.array(factor),
        sds=np.sqrt(np.diag(np.array(outcome.covariance, dtype=float))),
        events=np.array(events, dtype=float).reshape(len(events), 7),
        dropout=scenario.dropout_hazard_per_month,
        accrual=_list_accrual(scenario),
        treated_share=find_treated_share(design),
    )


def _list_accrual(scenario: Scenario) -> np.ndarray:
    return np.array([scenario.accrual.start_months, scenario.accrual.per_month], dtype=float)


def _encode_law(outcome: Continuous | Binary) -> np.ndarray:
    """Which law, its two numbers, and a continuous outcome's shape with its own."""
    if isinstance(outcome, Binary):
        return np.array([BINARY, outcome.control_share, outcome.treatment_share, NORMAL_SHAPE, 0.0])
    match outcome.shape:
        case StudentT(degrees):
            shape, number = STUDENT_SHAPE, degrees
        case LogNormal(log_sd):
            shape, number = LOG_NORMAL_SHAPE, log_sd
        case None:
            shape, number = NORMAL_SHAPE, 0.0
    return np.array([NORMAL, outcome.mean_difference, outcome.sd, shape, number])

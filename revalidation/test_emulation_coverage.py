"""The long part: coverage of every interval of an emulated trial, in worlds with a known effect."""

from dataclasses import replace

import numpy as np
import pytest
from tests.independent.emulation_worlds import (
    RATIO,
    draw_conditional,
    draw_curved,
    draw_marginal,
    find_conditional_difference,
    find_curved_difference,
    find_marginal_difference,
    make_plan,
)

from unburden.domain.emulation_plan import Covariate
from unburden.eligibility.emulation import emulate_trial

REPLICATES, PATIENTS = 2000, 600


def count_coverage(draw, plan, truths, *, replicates=REPLICATES, patients=PATIENTS):
    """The share of replicates whose interval holds the truth, and the mean estimate, by name."""
    holds, values = {name: [] for name in truths}, {name: [] for name in truths}
    for seed in range(replicates):
        trial = emulate_trial(draw(seed, patients), range(patients), plan)
        for name, truth in truths.items():
            estimate = getattr(trial, name)
            holds[name].append(estimate.low <= truth <= estimate.high)
            values[name].append(estimate.value)
    return {name: (float(np.mean(holds[name])), float(np.mean(values[name]))) for name in truths}


MARGINAL = {
    "hazard_ratio": RATIO,
    "mean_difference": find_marginal_difference(),
    "doubly_robust_difference": find_marginal_difference(),
}


@pytest.mark.parametrize(
    ("word", "draw", "plan", "truths"),
    [
        ("ATE, constant marginal hazard ratio", draw_marginal, make_plan(), MARGINAL),
        ("the same without stabilised weights", draw_marginal, make_plan(is_stabilised=False), MARGINAL),
        (
            "ATE, cross-fitted, censoring by covariates",
            draw_conditional,
            make_plan(folds=5, censoring="covariates"),
            dict.fromkeys(("mean_difference", "doubly_robust_difference"), find_conditional_difference()),
        ),
        (
            "ATT",
            draw_conditional,
            make_plan(population="ATT"),
            dict.fromkeys(
                ("mean_difference", "doubly_robust_difference"), find_conditional_difference("ATT")
            ),
        ),
        (
            "ATO",
            draw_conditional,
            make_plan(population="ATO"),
            {"mean_difference": find_conditional_difference("ATO")},
        ),
    ],
)
def test_intervals_hold_the_truth_in_93_to_97_percent(word, draw, plan, truths):
    found = count_coverage(draw, plan, truths)
    print(word, found)
    for name, (coverage, _) in found.items():
        assert 0.93 <= coverage <= 0.97, (word, name, coverage)


def test_leaving_out_a_confounder_biases_and_loses_coverage():
    found = count_coverage(draw_marginal, make_plan(("z",)), MARGINAL)
    print("x left out", found)
    assert found["hazard_ratio"][0] < 0.2
    assert found["hazard_ratio"][1] > RATIO + 0.2
    assert found["mean_difference"][1] < find_marginal_difference() - 30
    assert found["doubly_robust_difference"][1] < find_marginal_difference() - 30


def test_a_boosted_propensity_costs_little_where_a_straight_line_is_right():
    """Weights count as known, so that weighted intervals hold the truth too often rather than too seldom."""
    plan = make_plan(propensity="boosted", folds=5)
    found = count_coverage(draw_marginal, plan, MARGINAL, replicates=600)
    print("boosted, straight", found)
    assert found["hazard_ratio"][0] >= 0.94
    assert found["mean_difference"][0] >= 0.94
    assert 0.93 <= found["doubly_robust_difference"][0] <= 0.98


def test_a_boosted_propensity_takes_away_most_of_the_bias_of_bends():
    """A straight logistic model leaves the bias nearly whole; trees leave about a fifth."""
    truth = find_curved_difference()
    truths = {"mean_difference": truth, "doubly_robust_difference": truth}
    straight = count_coverage(draw_curved, make_plan(), truths, replicates=200)
    boosted = count_coverage(draw_curved, make_plan(propensity="boosted", folds=5), truths, replicates=200)
    print("bends", truth, straight, boosted)
    for name in truths:
        assert straight[name][1] < truth - 40
        assert boosted[name][1] > truth - 15


def test_a_spline_takes_the_bias_of_bends_away():
    plan = make_plan()
    plan = replace(plan, covariates=(Covariate("x", "spline"), Covariate("z")))
    truths = dict.fromkeys(("mean_difference", "doubly_robust_difference"), find_curved_difference())
    found = count_coverage(draw_curved, plan, truths)
    print("bends, spline", found)
    for name, (coverage, _) in found.items():
        assert 0.93 <= coverage <= 0.97, (name, coverage)

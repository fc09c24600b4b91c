"""Fixed and sequential sizes of rpact in ../shared/reference, and expected events and analysis times."""

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from unburden.domain.errors import InvalidDesign
from unburden.domain.scenario import Accrual, PiecewiseHazard
from unburden.domain.sequential import HwangShihDeCani, OBrienFlemingSpending, SequentialPlan
from unburden.simulation.boundaries import derive_bounds, derive_characteristics
from unburden.simulation.distributions import compute_t_quantile, compute_t_upper
from unburden.simulation.follow_up import compute_enrolled, compute_expected_events, find_analysis_month
from unburden.simulation.sizes import (
    count_events,
    size_counts,
    size_means,
    size_one_proportion_exact,
    size_proportions,
    size_risk_ratio,
)

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "design_reference.json"
DESIGNS = {e["id"]: e for e in json.loads(REFERENCE.read_text())["designs"]} if REFERENCE.is_file() else {}
pytestmark = pytest.mark.skipif(not DESIGNS, reason="../shared/reference is absent")
RELATIVE = 1e-6


def output(name: str, key: str):
    return DESIGNS[name]["outputs"][key]


def test_means():
    two_sided = [size_means(d, 1.0, 0.05, 0.9, sided=2).total for d in (0.3, 0.5)]
    assert two_sided == pytest.approx(output("ss_means_fixed_t", "nFixed"), rel=RELATIVE)
    one_sample = size_means(0.4, 1.0, 0.025, 0.9, sided=1, groups=1).total
    assert one_sample == pytest.approx(output("ss_means_1sample", "nFixed"), rel=RELATIVE)
    margin = size_means(0.0, 1.5, 0.025, 0.9, sided=1, margin=-0.5).total
    assert margin == pytest.approx(output("ss_means_ni", "nFixed"), rel=RELATIVE)


def test_sequential_means_are_the_fixed_size_inflated():
    plan = SequentialPlan(
        0.025, 1, (1 / 3, 2 / 3, 1.0), OBrienFlemingSpending(), OBrienFlemingSpending(), False, 0.1
    )
    bounds = derive_bounds(plan)
    found = derive_characteristics(bounds, bounds.drift)
    fixed = size_means(0.4, 1.0, 0.025, 0.9, sided=1).total
    assert fixed == pytest.approx(output("ss_means_gs3_asOF_bsOF", "nFixed"), rel=RELATIVE)
    most = output("ss_means_gs3_asOF_bsOF", "maxNumberOfSubjects")
    assert fixed * found.inflation_factor == pytest.approx(most, rel=RELATIVE)
    expected = output("ss_means_gs3_asOF_bsOF", "expectedNumberOfSubjectsH1")
    assert fixed * found.expected_information == pytest.approx(expected, rel=RELATIVE)


def test_proportions_and_counts():
    found = size_risk_ratio(0.7, 0.7, 0.025, 0.9, sided=1, null_ratio=0.8).total
    assert found == pytest.approx(output("ss_rates_ratio_ni", "nFixed"), rel=RELATIVE)
    counts = size_counts(0.98, 1.4, 0.025, 0.9, sided=1, exposure=1.0, dispersion=0.5)
    assert sum(counts.rounded) == output("ss_counts_fixed", "nFixed")


def test_exact_binomial_size_under_both_definitions():
    """Contested between rpact versions: 47 first reaches the power, from 50 on it is never lost."""
    assert size_one_proportion_exact(0.2, 0.4, 0.05, 0.9, is_lasting=False) == 47
    assert size_one_proportion_exact(0.2, 0.4, 0.05, 0.9, is_lasting=True) == 50


def test_expected_events_with_ramp_pieces_and_dropout():
    accrual = Accrual((0.0, 6.0, 12.0), (5.0, 10.0, 20.0))
    control = PiecewiseHazard((0.0, 6.0, 12.0), (0.08, 0.05, 0.03))
    treated = PiecewiseHazard((0.0, 6.0, 12.0), (0.056, 0.035, 0.021))
    lost = [-math.log(1 - p) / 12 for p in (0.03, 0.06)]
    arms = [(2 / 3, treated, lost[0]), (1 / 3, control, lost[1])]
    found = [compute_expected_events(accrual, 330, arms, t) / 330 for t in (6, 12, 24, 36, 48)]
    assert found == pytest.approx(output("ev_pw_ramp", "overallEventProbabilities"), abs=1e-12)


SURVIVAL = {
    # hazard ratio, null ratio, control hazard, accrual starts and rates, its end, ratio, dropout a year
    "ss_surv_fixed_sch": (0.7, 1.0, 0.0577622650466621, (0.0,), None, 18.0, 1.0, 0.0),
    "ss_surv_gs3_dropout": (0.72, 1.0, 0.0577622650466621, (0.0,), None, 24.0, 1.0, 0.05),
    "ss_surv_gs3_r2_ramp": (
        0.65,
        1.0,
        0.0770163533955495,
        (0.0, 6.0, 12.0),
        (5.0, 10.0, 20.0),
        24.0,
        2.0,
        0.0,
    ),
    "ss_surv_gs2_pi": (None, 1.0, None, (0.0,), None, 12.0, 1.0, 0.0),
    "ss_surv_gs2_ni": (1.0, 1.3, 0.0288811325233311, (0.0,), None, 24.0, 1.0, 0.0),
}


@pytest.mark.parametrize("name", SURVIVAL)
def test_events_and_analysis_times_of_survival_designs(name):
    ratio_hazard, null, control, starts, rates, end, ratio, lost = SURVIVAL[name]
    entry = DESIGNS[name]
    plan, design, outputs = entry["inputs"]["plan"], entry["inputs"]["design"], entry["outputs"]
    if ratio_hazard is None:
        treated, control = (-math.log(1 - plan[p]) / plan["eventTime"] for p in ("pi1", "pi2"))
        ratio_hazard = treated / control
    chosen = design or plan
    events = count_events(
        ratio_hazard, chosen["alpha"], 1 - chosen["beta"], sided=1, ratio=ratio, null_ratio=null
    )
    assert events == pytest.approx(outputs["eventsFixed"], rel=RELATIVE)
    rates_planned = (1.0,)
    if design:
        looks = design["kMax"]
        rates_planned = tuple(design.get("informationRates") or [(k + 1) / looks for k in range(looks)])
        family = HwangShihDeCani(design["gammaA"]) if "gammaA" in design else OBrienFlemingSpending()
        bounds = derive_bounds(SequentialPlan(design["alpha"], 1, rates_planned, family, beta=design["beta"]))
        found = derive_characteristics(bounds, bounds.drift)
        assert found.rejections == pytest.approx(outputs["rejectPerStage"], abs=1e-6)
        events *= found.inflation_factor
    assert events == pytest.approx(outputs["maxNumberOfEvents"], rel=RELATIVE)
    patients = outputs["maxNumberOfSubjects"]
    accrual = Accrual(starts, rates or (patients / end,))
    dropout = -math.log(1 - lost) / 12
    arms = [
        (ratio / (1 + ratio), PiecewiseHazard((0.0,), (ratio_hazard * control,)), dropout),
        (1 / (1 + ratio), PiecewiseHazard((0.0,), (control,)), dropout),
    ]
    months = [find_analysis_month(accrual, patients, arms, events * rate) for rate in rates_planned]
    assert months == pytest.approx(outputs["analysisTime"], rel=RELATIVE)
    enrolled = [compute_enrolled(accrual, patients, month) for month in months]
    assert enrolled == pytest.approx(outputs["numberOfSubjects"], rel=RELATIVE)
    assert all(a < b for a, b in pairwise((0.0, *months)))


@pytest.mark.parametrize("degrees", [2, 3, 10, 12.5, 98, 1000])
@pytest.mark.parametrize("noncentrality", [0.0, 0.7, 3.0])
def test_t_distribution_against_scipy(degrees, noncentrality):
    for t in (-1.0, 0.5, 2.0, 4.0):
        theirs = stats.nct.sf(t, degrees, noncentrality) if noncentrality else stats.t.sf(t, degrees)
        assert compute_t_upper(t, degrees, noncentrality) == pytest.approx(theirs, abs=1e-11)
    assert compute_t_quantile(0.025, degrees) == pytest.approx(stats.t.isf(0.025, degrees), rel=1e-11)


@pytest.mark.parametrize(("p1", "p2", "ratio"), [(0.5, 0.3, 1.0), (0.2, 0.35, 2.0)])
def test_proportions_give_their_power_back(p1, p2, ratio):
    """The textbook formula (Fleiss 1981, 3.19) turned round."""
    size = size_proportions(p1, p2, 0.05, 0.8, sided=2, ratio=ratio)
    mean = (ratio * p1 + p2) / (1 + ratio)
    spread0 = math.sqrt(mean * (1 - mean) * (1 / size.treatment + 1 / size.control))
    spread1 = math.sqrt(p1 * (1 - p1) / size.treatment + p2 * (1 - p2) / size.control)
    power = stats.norm.cdf((abs(p1 - p2) - stats.norm.isf(0.025) * spread0) / spread1)
    assert power == pytest.approx(0.8)


@pytest.mark.parametrize("margin", [-0.2, -0.1, 0.1])
def test_restricted_proportions_maximise_the_likelihood(margin):
    from unburden.simulation.sizes import restrict_difference

    p1, p2 = restrict_difference(0.6, 0.55, 2.0, margin)

    def likelihood(q1):
        q2 = q1 - margin
        return 2 * (0.6 * np.log(q1) + 0.4 * np.log1p(-q1)) + 0.55 * np.log(q2) + 0.45 * np.log1p(-q2)

    grid = np.linspace(max(0.001, margin + 0.001), min(0.999, 1 + margin - 0.001), 20001)
    assert p1 == pytest.approx(grid[np.argmax(likelihood(grid))], abs=1e-4)
    assert p1 - p2 == pytest.approx(margin)


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: size_means(0.0, 1.0, 0.025, 0.9, sided=1), "does not exceed the margin"),
        (lambda: size_means(1e-6, 1.0, 0.025, 0.9, sided=1), "no size up to 1e\\+09 reaches power"),
        (lambda: count_events(1.0, 0.025, 0.9, sided=1), "nothing tells them apart"),
        (lambda: size_proportions(1.2, 0.3, 0.05, 0.8, sided=2), "proportion 1.2 must lie between 0 and 1"),
    ],
)
def test_sizes_that_cannot_be_are_refused(build, expected):
    with pytest.raises(InvalidDesign, match=expected):
        build()


def test_events_that_are_never_expected_are_refused():
    arms = [(1.0, PiecewiseHazard((0.0,), (0.01,)), 0.1)]
    with pytest.raises(
        InvalidDesign, match=r"90 events are never expected from 100 patients; at most 9.1 are"
    ):
        find_analysis_month(Accrual((0.0,), (10.0,)), 100, arms, 90)

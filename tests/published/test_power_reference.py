"""Power at a given size: rpact and lrstat in ../shared/reference, without random numbers and with them."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from unburden.domain.design import Design, Events, Months
from unburden.domain.errors import InvalidDesign
from unburden.domain.scenario import Accrual, PiecewiseHazard, Scenario, Stratum, TimeToEvent, WeibullHazard
from unburden.domain.sequential import (
    POCOCK,
    FixedFutility,
    HwangShihDeCani,
    OBrienFlemingSpending,
    SequentialPlan,
    UserSpending,
)
from unburden.simulation.boundaries import (
    compute_rejections,
    derive_bounds,
    derive_characteristics,
    find_drift,
    sum_exits,
)
from unburden.simulation.power import compute_counts_information, compute_milestone_power, predict_power
from unburden.simulation.sizes import compute_means_power, compute_proportions_power
from unburden.simulation.trials import simulate_trials

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "design_reference.json"
FOUND = json.loads(REFERENCE.read_text()) if REFERENCE.is_file() else {}
OUTPUTS = {e["id"]: e["outputs"] for e in [*FOUND.get("designs", []), *FOUND.get("lrstat_designs", [])]}
needs_reference = pytest.mark.skipif(not OUTPUTS, reason="../shared/reference is absent")
THIRDS = (1 / 3, 2 / 3, 1.0)
OBF = SequentialPlan(0.025, 1, THIRDS, OBrienFlemingSpending())
YEAR = math.log(2) / 12


def make(accrual: Accrual, control, treatment, dropout: float, **more) -> Scenario:
    return Scenario("r", accrual, TimeToEvent("x", control, treatment, **more), dropout, ("assumed:r",))


def flat(rate: float) -> PiecewiseHazard:
    return PiecewiseHazard((0.0,), (rate,))


@needs_reference
def test_sequential_means_at_a_size():
    bounds = derive_bounds(OBF)
    powers = [compute_means_power(100, 100, d, 1.0, 0.025, 1) for d in (0.0, 0.2, 0.3, 0.4)]
    found = [derive_characteristics(bounds, find_drift(power, 0.025)).power for power in powers]
    assert found == pytest.approx(OUTPUTS["pw_means_gs3"]["overallReject"], abs=1e-6)


@needs_reference
def test_sequential_proportions_at_a_size():
    bounds = derive_bounds(OBF)
    powers = [compute_proportions_power(p, 0.3, 180, 180, 0.025, sided=1) for p in (0.3, 0.35, 0.4, 0.45)]
    found = [derive_characteristics(bounds, find_drift(power, 0.025)).power for power in powers]
    assert found == pytest.approx(OUTPUTS["pw_rates_gs3"]["overallReject"], abs=1e-6)


def bench(ratio: float) -> tuple[Design, Scenario]:
    control = 0.0577622650466621
    world = make(Accrual((0.0,), (500 / 24,)), flat(control), flat(ratio * control), 0.05)
    return Design(500, 1.0, 0.025, THIRDS, Events(300)), world


@needs_reference
@pytest.mark.parametrize("number", range(4))
def test_sequential_survival_at_a_size(number):
    ratio = (0.6, 0.72, 0.8, 1.0)[number]
    found = predict_power(*bench(ratio), is_proportional=True)
    theirs = OUTPUTS["pw_surv_gs3_bench"]
    assert found.power == pytest.approx(theirs["overallReject"][number], abs=1e-7)
    rejections = [stage[number] for stage in theirs["rejectPerStage"]]
    assert found.rejections == pytest.approx(rejections, abs=1e-7)
    months = [stage[number] for stage in theirs["analysisTime"]]
    assert [look.month for look in found.looks] == pytest.approx(months, rel=1e-6)
    patients = [stage[number] for stage in theirs["numberOfSubjects"]]
    assert [look.patients for look in found.looks] == pytest.approx(patients, rel=1e-6)
    assert found.months == pytest.approx(theirs["studyDuration"][number], rel=1e-6)
    assert found.patients == pytest.approx(theirs["expectedNumberOfSubjects"][number], rel=1e-6)
    assert found.events == pytest.approx(theirs["expectedNumberOfEvents"][number], rel=1e-6)


@needs_reference
@pytest.mark.parametrize("number", range(3))
def test_sequential_survival_with_steps_ramp_and_futility(number):
    ratio = (0.65, 0.75, 0.85)[number]
    starts, rates = (0.0, 6.0, 12.0), (0.08, 0.05, 0.03)
    world = make(
        Accrual((0.0, 6.0), (12.0, 24.8571428571429)),
        PiecewiseHazard(starts, rates),
        PiecewiseHazard(starts, tuple(ratio * rate for rate in rates)),
        0.0,
    )
    design = Design(420, 1.0, 0.025, THIRDS, Events(260), futility=OBrienFlemingSpending(), beta=0.1)
    found = predict_power(design, world, is_proportional=True)
    theirs = OUTPUTS["pw_surv_gs3_pw"]
    for ours, key in ((found.rejections, "rejectPerStage"), (found.futility_stops, "futilityPerStage")):
        assert ours == pytest.approx([stage[number] for stage in theirs[key]], abs=1e-6)
    assert found.months == pytest.approx(theirs["studyDuration"][number], rel=1e-6)


@needs_reference
def test_simulation_of_the_bench_design():
    """rpact simulated 10,000 trials: within 4 standard errors, on other patients."""
    found = simulate_trials(*bench(0.72), trials=100_000, seed=1)
    theirs = OUTPUTS["sim_surv_bench_H1"]
    share = theirs["overallReject"]
    error = math.sqrt(share * (1 - share) * (1 / 10_000 + 1 / 100_000))
    assert found.power.value == pytest.approx(share, abs=4 * error)
    for ours, p in zip(found.rejected_by_look, theirs["rejectPerStage"], strict=True):
        assert ours == pytest.approx(p, abs=4 * math.sqrt(p * (1 - p) * 1.1e-4))
    assert found.months.value == pytest.approx(theirs["studyDuration"], abs=0.25)
    assert found.events is not None
    assert found.events.value == pytest.approx(theirs["expectedNumberOfEvents"], abs=2.5)


@needs_reference
def test_a_benchmark_of_lrstat():
    theirs = OUTPUTS["lr_bench_power"]["byStageResults"]
    design, world = bench(0.72)
    found = predict_power(
        Design(500, 1.0, 0.025, THIRDS, Months(33.09, tuple(theirs["analysisTime"][:2]))), world
    )
    assert [look.events for look in found.looks] == pytest.approx(theirs["numberOfEvents"], rel=1e-6)
    by_schoenfeld = predict_power(design, world, is_proportional=True)
    assert by_schoenfeld.rejections == pytest.approx(theirs["rejectPerStage"], abs=2e-6)
    assert found.power == pytest.approx(by_schoenfeld.power, abs=0.01)


def delayed(months: float) -> Scenario:
    starts = (0.0, months)
    return make(
        Accrual((0.0,), (20.0,)),
        PiecewiseHazard(starts, (YEAR, YEAR)),
        PiecewiseHazard(starts, (YEAR, 0.6 * YEAR)),
        0.05,
    )


@needs_reference
def test_delayed_effect():
    theirs = OUTPUTS["lr_delay_LR_power"]["byStageResults"]
    found = predict_power(
        Design(440, 1.0, 0.025, (0.7, 1.0), Months(40.0, (theirs["analysisTime"][0],))), delayed(6.0)
    )
    assert found.rejections == pytest.approx(theirs["rejectPerStage"], abs=1e-7)
    assert [look.events for look in found.looks] == pytest.approx(theirs["numberOfEvents"], rel=1e-8)
    assert [look.information for look in found.looks] == pytest.approx(theirs["information"], rel=1e-8)
    by_events = predict_power(Design(440, 1.0, 0.025, (0.7, 1.0), Events(310)), delayed(6.0))
    assert by_events.looks[-1].month == pytest.approx(40.0, abs=0.05)


@needs_reference
def test_size_under_a_delayed_effect():
    theirs = OUTPUTS["lr_delay_ss"]["resultsUnderH1"]["overallResults"]
    found = predict_power(Design(463, 1.0, 0.025, (1.0,), Events(325)), delayed(4.0))
    assert found.power == pytest.approx(theirs["overallReject"], abs=1e-7)
    assert found.looks[0].month == pytest.approx(theirs["studyDuration"], rel=1e-7)


@needs_reference
def test_strata():
    theirs = OUTPUTS["lr_strata_ss"]["resultsUnderH1"]["byStageResults"]
    starts = (0.0, 6.0)
    strata = tuple(
        Stratum(
            str(share), share, PiecewiseHazard(starts, (k * 0.0533, k * 0.0533)),
            PiecewiseHazard(starts, (k * 0.0533, k * 0.0309)),
        )
        for share, k in ((0.2, 1.0), (0.8, 1.5))
    )  # fmt: skip
    accrual = Accrual(tuple(map(float, range(9))), tuple(26 / 9 * k for k in range(1, 10)))
    world = make(accrual, flat(0.05), flat(0.05), 0.05, strata=strata)
    months = theirs["analysisTime"]
    found = predict_power(Design(468, 1.0, 0.025, (0.8, 1.0), Months(months[1], (months[0],))), world)
    assert [look.events for look in found.looks] == pytest.approx(theirs["numberOfEvents"], rel=1e-7)
    assert [look.information for look in found.looks] == pytest.approx(theirs["information"], rel=1e-7)
    # their bounds are those of the events seen, 297 of 371
    rates = (297 / 371, 1.0)
    own = derive_bounds(SequentialPlan(0.025, 1, rates, OBrienFlemingSpending())).efficacy
    assert own == pytest.approx(theirs["efficacyBounds"], abs=1e-5)


@needs_reference
def test_milestone():
    theirs = OUTPUTS["km_power"]["overallResults"]["overallReject"]
    design = Design(440, 1.0, 0.025, (1.0,), Months(40.0))
    assert compute_milestone_power(design, delayed(6.0), 18.0) == pytest.approx(theirs, abs=1e-9)


@needs_reference
def test_counts_with_exposure_that_grows():
    theirs = OUTPUTS["nb_ss"]["resultsUnderH1"]["byStageResults"]
    arms = [(0.5, 0.0875, 5.0), (0.5, 0.125, 5.0)]
    found = [
        compute_counts_information(Accrual((0.0,), (1956 / 1.25,)), 1956, arms, year)
        for year in theirs["analysisTime"]
    ]
    assert found == pytest.approx(theirs["information"], rel=1e-7)
    bounds = derive_bounds(SequentialPlan(0.025, 1, (0.5, 1.0), OBrienFlemingSpending()))
    drift = -math.log(0.0875 / 0.125) * math.sqrt(found[-1])
    rejections = compute_rejections(bounds.efficacy, (0.5, 1.0), drift)
    assert rejections == pytest.approx(theirs["rejectPerStage"], abs=1e-6)


@needs_reference
@pytest.mark.parametrize(
    ("name", "looks", "family"),
    [
        ("bound_sfOF_K3", 3, OBrienFlemingSpending()),
        ("bound_sfOF_K4", 4, OBrienFlemingSpending()),
        ("bound_sfOF_K6", 6, OBrienFlemingSpending()),
        ("bound_HSDm4_K4", 4, HwangShihDeCani(-4.0)),
        ("bound_P_K5", 5, POCOCK),
    ],
)
def test_bounds_of_lrstat(name, looks, family):
    """lrstat stops its search for a bound at about 1e-6; our families agree with rpact to 1e-12."""
    plan = SequentialPlan(0.025, 1, tuple((k + 1) / looks for k in range(looks)), family)
    assert derive_bounds(plan).efficacy == pytest.approx(OUTPUTS[name]["value"], abs=2e-6)


@needs_reference
def test_exit_probabilities():
    upper = np.array([3.7103028732625, 2.51142748445272, 1.9930474832654])
    lower = np.array([-6.0, -6.0, 1.9930474832654])
    above, below, _ = sum_exits(THIRDS, upper, lower, 0.3 * math.sqrt(90))
    assert above.sum() + below.sum() == pytest.approx(1.0, abs=1e-12)
    # theirs sum to 1 + 2.3e-7: the coarser grid; 48 and 400 nodes of ours agree to 1e-12
    assert above == pytest.approx(OUTPUTS["exit_H1"]["exitProbUpper"], abs=3e-7)
    assert below == pytest.approx(OUTPUTS["exit_H1"]["exitProbLower"], abs=3e-7)


@pytest.mark.parametrize("ratio", [0.5, 2.0])
def test_simulation_agrees_where_hazards_cross(ratio):
    starts = (0.0, 6.0)
    world = make(
        Accrual((0.0, 4.0), (10.0, 25.0)),
        PiecewiseHazard(starts, (0.06, 0.06)),
        PiecewiseHazard(starts, (0.07, 0.03)),
        0.1,
    )
    design = Design(450, ratio, 0.025, (0.6, 1.0), Events(260))
    found, simulated = predict_power(design, world), simulate_trials(design, world, trials=20_000, seed=3)
    assert found.power == pytest.approx(simulated.power.value, abs=0.02)
    assert found.months == pytest.approx(simulated.months.value, rel=0.01)


def test_what_cannot_be_predicted_is_told():
    design = Design(440, 1.0, 0.025, (1.0,), Events(200))
    with pytest.raises(InvalidDesign, match="simulate it"):
        predict_power(design, make(Accrual((0.0,), (20.0,)), WeibullHazard(1.0, 20.0), flat(0.03), 0.0))
    with pytest.raises(InvalidDesign, match="proportional ones need a single one"):
        predict_power(design, delayed(6.0), is_proportional=True)
    with pytest.raises(InvalidDesign, match="is not before the last look"):
        compute_milestone_power(Design(440, 1.0, 0.025, (1.0,), Months(20.0)), delayed(6.0), 24.0)
    with pytest.raises(InvalidDesign, match="never expected"):
        predict_power(Design(440, 1.0, 0.025, (1.0,), Events(439)), delayed(6.0))


def test_delayed_effect_with_wieands_futility_rule():
    """Korn & Freidlin (2018), J Clin Oncol 36:2444, table 1: stop where the hazard ratio is over 1 at
    50 and 75 % of 512 events; power 90 % falls to 88.4 %, the last event at 34.8 months."""
    steps = (0.0, 3.0)
    world = make(
        Accrual((0.0,), (680 / 12,)),
        PiecewiseHazard(steps, (YEAR, YEAR)),
        PiecewiseHazard(steps, (YEAR, 0.693 * YEAR)),
        0.0,
    )
    rule = Design(
        680, 1.0, 0.025, (0.5, 0.75, 1.0), Events(512),
        efficacy=UserSpending((0.0, 0.0, 0.025)), futility=FixedFutility((0.0, 0.0)),
    )  # fmt: skip
    fixed = Design(680, 1.0, 0.025, (1.0,), Events(512))
    assert predict_power(fixed, world).looks[0].month == pytest.approx(34.8, abs=0.1)
    assert predict_power(fixed, world).power == pytest.approx(0.90, abs=0.005)
    assert predict_power(rule, world).power == pytest.approx(0.884, abs=0.002)
    simulated = simulate_trials(rule, world, trials=100_000, seed=1).power
    assert simulated.value == pytest.approx(0.884, abs=0.003)

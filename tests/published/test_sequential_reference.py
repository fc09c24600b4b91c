"""Every one-sided and two-sided boundary design of rpact in ../shared/reference, and printed tables."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from unburden.domain.errors import InvalidDesign
from unburden.domain.sequential import (
    O_BRIEN_FLEMING,
    POCOCK,
    FixedFutility,
    HaybittlePeto,
    HwangShihDeCani,
    KimDeMets,
    OBrienFlemingSpending,
    PampallonaTsiatis,
    PocockSpending,
    SequentialPlan,
    UserSpending,
    WangTsiatis,
)
from unburden.simulation import boundaries
from unburden.simulation.boundaries import derive_bounds, derive_characteristics

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "design_reference.json"
ENTRIES = (
    [e for e in json.loads(REFERENCE.read_text())["designs"] if e["family"] == "boundary"]
    if REFERENCE.is_file()
    else []
)
needs_reference = pytest.mark.skipif(not ENTRIES, reason="../shared/reference is absent")
TOLERANCE = 1e-6


def find_family(kind: str, parameter: float | None):
    match kind[2:] if kind[:2] in ("as", "bs") else kind:
        case "OF":
            return OBrienFlemingSpending() if kind[:2] in ("as", "bs") else O_BRIEN_FLEMING
        case "P":
            return PocockSpending() if kind[:2] in ("as", "bs") else POCOCK
        case "HSD":
            return HwangShihDeCani(parameter)
        case "KD":
            return KimDeMets(parameter)
    raise AssertionError(kind)


def make_plan(inputs: dict) -> SequentialPlan:
    looks = inputs["kMax"]
    rates = tuple(inputs.get("informationRates") or [(k + 1) / looks for k in range(looks)])
    kind = inputs["typeOfDesign"]
    match kind:
        case "WT":
            efficacy = WangTsiatis(inputs["deltaWT"])
        case "WToptimum":
            efficacy = WangTsiatis(0.366)  # rpact rounds its optimum to three digits
        case "asUser":
            efficacy = UserSpending(tuple(inputs["userAlphaSpending"]))
        case "PT":
            efficacy = PampallonaTsiatis(inputs["deltaPT1"], inputs["deltaPT0"])
        case _:
            efficacy = find_family(kind, inputs.get("gammaA"))
    futility = None
    if inputs.get("futilityBounds"):
        futility = FixedFutility(tuple(inputs["futilityBounds"]))
    if inputs.get("typeBetaSpending"):
        futility = find_family(inputs["typeBetaSpending"], inputs.get("gammaB"))
    binding = inputs.get("bindingFutility", False)
    return SequentialPlan(
        inputs["alpha"], inputs["sided"], rates, efficacy, futility, binding, inputs["beta"]
    )


@needs_reference
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e["id"])
def test_design_agrees_with_rpact(entry):
    bounds = derive_bounds(make_plan(entry["inputs"]))
    found = derive_characteristics(bounds, bounds.drift)
    outputs, expected = entry["outputs"], entry["outputs"]["characteristics"]
    assert bounds.efficacy == pytest.approx(np.atleast_1d(outputs["criticalValues"]), abs=TOLERANCE)
    assert bounds.drift**2 == pytest.approx(expected["shift"], abs=TOLERANCE)
    assert found.inflation_factor == pytest.approx(expected["inflationFactor"], abs=TOLERANCE)
    if "rejectionProbabilities" in expected:
        assert found.rejections == pytest.approx(expected["rejectionProbabilities"], abs=TOLERANCE)
        assert found.expected_information == pytest.approx(expected["averageSampleNumber1"], abs=TOLERANCE)
        assert found.expected_information_half == pytest.approx(
            expected["averageSampleNumber01"], abs=TOLERANCE
        )
        assert found.expected_information_null == pytest.approx(
            expected["averageSampleNumber0"], abs=TOLERANCE
        )
    if "betaSpent" in outputs:
        given = np.array([-math.inf if z is None else z for z in np.atleast_1d(outputs["futilityBounds"])])
        assert np.array(bounds.futility[:-1]) == pytest.approx(given, abs=TOLERANCE)
        stops = np.atleast_1d(expected["futilityProbabilities"])
        assert found.futility_stops == pytest.approx(stops, abs=TOLERANCE)


@needs_reference
@pytest.mark.parametrize("entry", [e for e in ENTRIES if e.get("high_precision")], ids=lambda e: e["id"])
def test_bounds_agree_with_400_nodes_to_twelve_digits(entry):
    expected = entry["high_precision"]["criticalValues"]
    assert derive_bounds(make_plan(entry["inputs"])).efficacy == pytest.approx(expected, abs=1e-12)


def make_equal(looks: int, efficacy, alpha=0.05, sided=2, beta=0.1) -> SequentialPlan:
    return SequentialPlan(alpha, sided, tuple((k + 1) / looks for k in range(looks)), efficacy, beta=beta)


@pytest.mark.parametrize(
    ("efficacy", "looks", "constant", "inflation"),
    [
        # Jennison & Turnbull 2000, tables 2.1 to 2.4: two-sided 0.05, power 0.9
        (POCOCK, 2, 2.178, 1.100),
        (POCOCK, 3, 2.289, 1.151),
        (POCOCK, 4, 2.361, 1.183),
        (POCOCK, 5, 2.413, 1.207),
        (O_BRIEN_FLEMING, 2, 1.977, 1.007),
        (O_BRIEN_FLEMING, 3, 2.004, 1.016),
        (O_BRIEN_FLEMING, 4, 2.024, 1.022),
        (O_BRIEN_FLEMING, 5, 2.040, 1.026),
    ],
)
def test_tables_of_jennison_and_turnbull(efficacy, looks, constant, inflation):
    bounds = derive_bounds(make_equal(looks, efficacy))
    assert bounds.efficacy[-1] == pytest.approx(constant, abs=6e-4)
    found = derive_characteristics(bounds, bounds.drift)
    assert found.inflation_factor == pytest.approx(inflation, abs=6e-4)


def test_default_design_of_gsdesign():
    """gsDesign(): k = 3, alpha 0.025, beta 0.1, HSD -4 and -2, non-binding."""
    plan = SequentialPlan(
        0.025, 1, (1 / 3, 2 / 3, 1.0), HwangShihDeCani(-4), HwangShihDeCani(-2), is_binding=False, beta=0.1
    )
    bounds = derive_bounds(plan)
    assert bounds.efficacy == pytest.approx((3.0107, 2.5465, 1.9992), abs=6e-5)
    assert bounds.futility[:2] == pytest.approx((-0.2387, 0.9411), abs=6e-5)


def test_statistical_analysis_plan_of_nct01471522():
    """Printed bounds at 177, 354, 531 and 708 events, O'Brien-Fleming-type spending."""
    plan = SequentialPlan(0.05, 2, (0.25, 0.5, 0.75, 1.0), OBrienFlemingSpending())
    assert derive_bounds(plan).efficacy == pytest.approx((4.3326, 2.9631, 2.3590, 2.0141), abs=6e-5)


PLANS = [
    make_equal(10, OBrienFlemingSpending(), 0.025, 1),
    make_equal(10, POCOCK, 0.05, 2),
    SequentialPlan(
        0.025, 1, (0.1, 0.15, 0.7, 0.9, 1.0), PocockSpending(), OBrienFlemingSpending(), True, 0.1
    ),
    SequentialPlan(0.025, 1, (0.3, 0.6, 1.0), HaybittlePeto(3.0), FixedFutility((0.0, 0.5)), False, 0.2),
    SequentialPlan(0.05, 1, (0.3, 0.6, 1.0), PampallonaTsiatis(0.1, 0.2), None, True, 0.1),
    SequentialPlan(0.025, 1, (0.5, 1.0), KimDeMets(3), None, False, 0.1, harm=(0.025, PocockSpending())),
]


@pytest.mark.parametrize("plan", PLANS)
def test_48_and_400_nodes_agree_to_twelve_digits(plan, monkeypatch):
    coarse = derive_bounds(plan)
    gauss = np.polynomial.legendre.leggauss(400)
    monkeypatch.setattr(boundaries, "choose_rule", lambda rates: (gauss, gauss))
    fine = derive_bounds(plan)
    for one, other in (
        (coarse.efficacy, fine.efficacy),
        (coarse.futility, fine.futility),
        (coarse.harm, fine.harm),
    ):
        assert one == pytest.approx(other, abs=1e-12)


@pytest.mark.parametrize("plan", PLANS)
def test_alpha_is_spent_to_the_end_and_power_is_reached(plan):
    bounds = derive_bounds(plan)
    assert bounds.alpha_spent[-1] == pytest.approx(plan.alpha, abs=1e-11)
    assert derive_characteristics(bounds, bounds.drift).power == pytest.approx(1 - plan.beta, abs=1e-9)


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: SequentialPlan(0.6, 1, (0.5, 0.4, 1.0), POCOCK), "must rise from above 0 to 1"),
        (lambda: make_equal(3, UserSpending((0.01, 0.02, 0.06))), "let it end at the whole error, 0.05"),
        (lambda: make_equal(3, UserSpending((0.03, 0.02, 0.05))), "3 numbers that never fall"),
        (lambda: SequentialPlan(0.025, 1, (0.5, 1.0), POCOCK, PocockSpending()), "beta is missing"),
        (lambda: SequentialPlan(0.05, 2, (0.5, 1.0), POCOCK, FixedFutility((0.0,))), "need a one-sided test"),
        (
            lambda: derive_bounds(SequentialPlan(0.025, 1, (0.5, 1.0), HaybittlePeto(1.5))),
            "spend all of alpha",
        ),
    ],
)
def test_plans_that_cannot_be_are_refused(build, expected):
    with pytest.raises(InvalidDesign, match=expected):
        build()


def test_the_optimal_shape_is_that_of_rpact():
    plan = make_equal(4, WangTsiatis(None), 0.025, 1, 0.2)
    best = derive_characteristics(derive_bounds(plan), derive_bounds(plan).drift).expected_information
    given = make_equal(4, WangTsiatis(0.366), 0.025, 1, 0.2)
    at_given = derive_characteristics(derive_bounds(given), derive_bounds(given).drift).expected_information
    assert best <= at_given + 1e-10
    assert best == pytest.approx(at_given, abs=1e-6)

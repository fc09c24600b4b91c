"""Detection of laboratory changes by visits: closed forms, a plain simulation, floors."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from unburden.domain.errors import InvalidInput
from unburden.domain.estimate import Estimate, exact
from unburden.domain.laboratory import DetectionFloor, LabCourse, SafetyRisk
from unburden.simulation.safety_information import (
    check_floors,
    compute_periodic_delay,
    compute_periodic_detection,
    evaluate_detection,
)

SOURCE = "assumed:test"
SCHEDULES = {
    "every 2 weeks": tuple(14.0 * k for k in range(1, 14)),
    "every 4 weeks": tuple(28.0 * k for k in range(1, 7)),
    "early dense": (7.0, 14.0, 21.0, 28.0, 56.0, 84.0, 140.0),
    "beyond the horizon": (28.0, 56.0, 84.0, 112.0, 150.0, 210.0),
}


def make(rate: float, mean: float, horizon: float = 168.0, tests=("ALT",)) -> SafetyRisk:
    course = LabCourse("ALT", 3, exact(rate, "1/day", SOURCE), exact(mean, "day", SOURCE))
    return SafetyRisk("liver", course, tests, horizon)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("mean", [5.0, 21.0, 90.0])
@pytest.mark.parametrize("rate", [1e-4, 0.02])
def test_detection_agrees_with_a_plain_simulation(name, mean, rate):
    """200,000 first changes drawn in numpy: share found within 4 standard errors, delays within 1 %."""
    days, horizon, n = np.array(SCHEDULES[name]), 168.0, 200_000
    rng = np.random.default_rng(int(1000 * rate + mean) + len(name))
    onset = -np.log1p(-rng.uniform(size=n) * -np.expm1(-rate * horizon)) / rate
    length = rng.exponential(mean, n)
    place = np.searchsorted(days, onset)
    visit = np.append(days, np.inf)[place]
    wait = visit - onset
    found = length > wait
    told = evaluate_detection(make(rate, mean), {"ALT": SCHEDULES[name]})
    share = told.probability.value
    assert abs(found.mean() - share) < 4 * math.sqrt(share * (1 - share) / n) + 1e-9
    for estimate, level in ((told.found_median_days, 0.5), (told.found_p95_days, 0.95)):
        assert estimate.value == pytest.approx(np.quantile(wait[found], level), rel=0.02, abs=0.15)
    assert told.unseen_days.value == pytest.approx(np.minimum(wait, length).mean(), rel=0.02)
    for estimate, level in ((told.lasting_median_days, 0.5), (told.lasting_p95_days, 0.95)):
        seen = np.sort(wait)[int(level * n)]
        if math.isfinite(seen):
            assert estimate.value == pytest.approx(seen, rel=0.02, abs=0.2)
        else:
            assert estimate is None
    missed = 1000 * -math.expm1(-rate * horizon) * (1 - found.mean())
    assert told.missed_per_1000.value == pytest.approx(missed, rel=0.02)


@pytest.mark.parametrize("gap", [7.0, 28.0, 84.0])
@pytest.mark.parametrize("mean", [3.0, 28.0, 400.0])
def test_periodic_visits_agree_with_the_closed_form(gap, mean):
    """Rare onset, even in time: μ / L (1 - exp(-L / μ)) and its delay; also by adaptive quadrature."""
    days = tuple(gap * k for k in range(1, 11))
    told = evaluate_detection(make(1e-9, mean, horizon=10 * gap), {"ALT": days})
    closed = compute_periodic_detection(gap, mean)
    assert closed == pytest.approx(quad(lambda w: math.exp(-w / mean) / gap, 0, gap)[0], rel=1e-9)
    assert told.probability.value == pytest.approx(closed, rel=1e-6)
    for share, found in ((0.5, told.found_median_days), (0.95, told.found_p95_days)):
        assert found.value == pytest.approx(compute_periodic_delay(gap, mean, share), rel=1e-5)
    assert told.lasting_median_days.value == pytest.approx(gap / 2, rel=1e-5)
    assert told.lasting_p95_days.value == pytest.approx(0.95 * gap, rel=1e-5)


def test_any_test_of_a_risk_finds_it():
    both = evaluate_detection(
        make(1e-4, 20.0, tests=("ALT", "BILI")), {"ALT": (28.0, 84.0), "BILI": (56.0, 84.0)}
    )
    one = evaluate_detection(make(1e-4, 20.0), {"ALT": (28.0, 56.0, 84.0)})
    assert both.visit_days == (28.0, 56.0, 84.0)
    assert both.probability.value == one.probability.value


def test_uncertainty_of_the_course_reaches_the_detection():
    """The interval is that of the ends of the course's intervals, at their joint level."""
    course = LabCourse(
        "ALT", 3, Estimate(1e-4, 5e-5, 2e-4, "1/day", (SOURCE,)), Estimate(20.0, 10.0, 40.0, "day", (SOURCE,))
    )
    days = {"ALT": SCHEDULES["every 4 weeks"]}
    told = evaluate_detection(SafetyRisk("liver", course, ("ALT",), 168.0), days)
    assert told.probability.low == pytest.approx(
        min(evaluate_detection(make(r, 10.0), days).probability.value for r in (5e-5, 1e-4, 2e-4))
    )
    assert told.probability.high == pytest.approx(
        max(evaluate_detection(make(r, 40.0), days).probability.value for r in (5e-5, 1e-4, 2e-4))
    )
    assert told.probability.level == pytest.approx(0.9)


def test_floors_say_what_falls_short():
    risks = [make(1e-4, 20.0)]
    floor = DetectionFloor("liver", 0.9, 10.0, 30.0, "estimate")
    thin = check_floors(risks, [floor], {"ALT": SCHEDULES["every 4 weeks"]})
    assert not thin.is_met
    assert thin.shortfalls == (
        "liver: 0.538 of changes are found while they last, fewer than 0.9; add visits with ALT",
        "liver: half of lasting changes are found only after 14.0 days, later than 10 days; "
        "add visits with ALT",
    )
    dense = check_floors(risks, [floor], {"ALT": tuple(float(3 * k) for k in range(1, 57))})
    assert dense.is_met
    none = check_floors(risks, [floor], {"ALT": (28.0,)})
    assert "never, for onset after the last visit" in none.shortfalls[-1]


def test_the_share_of_the_first_shortfall_by_quadrature():
    """0.538 above, recomputed."""
    total = quad(lambda u: 1e-4 * math.exp(-1e-4 * u), 0, 168)[0]
    found = sum(
        quad(lambda u, v=v: 1e-4 * math.exp(-1e-4 * u - (v - u) / 20), v - 28, v)[0]
        for v in range(28, 169, 28)
    )
    assert found / total == pytest.approx(0.538, abs=5e-4)


def test_a_floor_at_the_bound_asks_more():
    course = LabCourse("ALT", 3, exact(1e-4, "1/day", SOURCE), Estimate(20.0, 10.0, 40.0, "day", (SOURCE,)))
    risk = SafetyRisk("liver", course, ("ALT",), 168.0)
    days = {"ALT": SCHEDULES["every 2 weeks"][:12]}
    assert check_floors([risk], [DetectionFloor("liver", 0.7, None, None, "estimate")], days).is_met
    assert not check_floors([risk], [DetectionFloor("liver", 0.7, None, None, "bound")], days).is_met


def test_what_cannot_be_asked_is_refused():
    risk = make(1e-4, 20.0, tests=("ALT", "AST"))
    with pytest.raises(InvalidInput) as error:
        evaluate_detection(risk, {"ALT": (28.0, math.nan)})
    assert len(error.value.problems) == 2
    assert "no visits are given for AST; give its days, or () for none" in str(error.value)
    with pytest.raises(InvalidInput, match="a floor is for 'kidney'; use one of the risks: liver"):
        check_floors(
            [make(1e-4, 20.0)], [DetectionFloor("kidney", 0.5, None, None, "bound")], {"ALT": (28.0,)}
        )
    with pytest.raises(InvalidInput, match="it asks nothing"):
        DetectionFloor("liver", None, None, None, "bound")
    with pytest.raises(InvalidInput, match="onset_per_day is in 'day'"):
        LabCourse("ALT", 3, exact(1e-4, "day", SOURCE), exact(20.0, "day", SOURCE))


def test_no_visit_finds_nothing():
    told = evaluate_detection(make(1e-4, 20.0), {"ALT": ()})
    assert told.probability.value == 0
    assert told.found_median_days is None and told.lasting_median_days is None
    assert told.unseen_days.value == pytest.approx(20.0)

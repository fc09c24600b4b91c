"""Orders of checking whose costs can be worked out by hand, and what cannot be ordered."""

import itertools

import numpy as np
import pytest

from unburden.domain.errors import InvalidCohort, InvalidCriterion
from unburden.domain.estimate import Estimate, exact
from unburden.domain.passing import PassingTable
from unburden.domain.screening import ScreeningCheck, ScreeningProcedure
from unburden.eligibility.check_order import derive_set_costs, search_check_order
from unburden.eligibility.screen_failures import forecast_screening

SOURCE = "assumed:hand"


def table_of(passing):
    array = np.array(passing, dtype=bool)
    ids = tuple(f"C{i}" for i in range(array.shape[1]))
    return PassingTable("hand", ids, array, np.zeros_like(array), "observed:hand")


def procedure(name, **amounts):
    units = {"site_minutes": "minute", "travel_minutes": "minute", "blood_ml": "mL", "points": "point"}
    return ScreeningProcedure(name, name, {k: exact(v, units[k], SOURCE) for k, v in amounts.items()})


def check(number, *procedures, after=()):
    return ScreeningCheck(f"C{number}", procedures, after)


# Of 8 patients C0 stops 4 and C1 two others; C2 stops one who fails C0 too.
TABLE = table_of([[0, 1, 1]] * 3 + [[0, 1, 0]] + [[1, 0, 1]] * 2 + [[1, 1, 1]] * 2)
SEPARATE = (procedure("a", site_minutes=60), procedure("b", site_minutes=20), procedure("c", site_minutes=30))
CHECKS = (check(0, "a"), check(1, "b"), check(2, "c"))


def test_an_order_by_hand():
    """C1, C0, C2: 20 + 6/8 × 60 + 2/8 × 30 = 72.5; C0 first 77.5 or more, C2 first 85, C1, C2, C0 80."""
    found = search_check_order(TABLE, SEPARATE, CHECKS, minimise="site_minutes")
    assert [s.criterion_id for s in found.steps] == ["C1", "C0", "C2"]
    assert found.expected["site_minutes"].value == pytest.approx(72.5)
    assert [s.reaching.value for s in found.steps] == [1, 0.75, 0.25]
    assert [s.failing.value for s in found.steps] == [0.25, 0.5, 0]
    assert [s.in_vain["site_minutes"].value for s in found.steps] == pytest.approx([5, 40, 0])
    # Two fail after 20 minutes, four after 80.
    assert found.per_failure["site_minutes"].value == pytest.approx(60)
    assert [s.alone["site_minutes"].value for s in found.steps] == [20, 60, 30]


def test_a_shared_procedure_is_done_once():
    """The journey (100) is for C1 and C2: then C0, 60, comes first: 60 + 4/8 × (100 + 20) + 2/8 × 30."""
    procedures = (*SEPARATE, procedure("journey", travel_minutes=100))
    checks = (check(0, "a"), check(1, "b", "journey"), check(2, "c", "journey"))
    found = search_check_order(TABLE, procedures, checks, minimise="patient_minutes")
    assert [s.criterion_id for s in found.steps] == ["C0", "C1", "C2"]
    assert found.expected["travel_minutes"].value == pytest.approx(50)
    assert found.expected["patient_minutes"].value == pytest.approx(127.5)
    assert found.expected["site_minutes"].value == pytest.approx(77.5)


def test_consent_comes_first_although_it_stops_nobody():
    checks = (check(0, "a", after=("C2",)), check(1, "b", after=("C2",)), check(2, "c"))
    found = search_check_order(TABLE, SEPARATE, checks, minimise="site_minutes")
    assert [s.criterion_id for s in found.steps] == ["C2", "C1", "C0"]
    assert "least of all orders" in found.method


def test_costs_of_every_set_by_hand():
    costs = derive_set_costs(TABLE, SEPARATE, CHECKS, minimise="site_minutes")
    # {}, {C0}, {C1}, {C0, C1}, {C2}, {C0, C2}: 60 + 4/8 × 30, {C1, C2}: 20 + 6/8 × 30, all
    assert costs.values == pytest.approx([0, 60, 20, 65, 30, 75, 42.5, 72.5])
    assert costs.last.tolist() == [-1, 0, 1, 0, 2, 2, 2, 2]


def test_beyond_20_criteria_the_order_is_greedy_and_says_so():
    rng = np.random.default_rng(3)
    table = table_of(rng.random((300, 22)) < 0.9)
    procedures = [procedure(f"p{i}", site_minutes=float(rng.integers(1, 60))) for i in range(22)]
    checks = [check(i, f"p{i}", after=("C5",) if i == 9 else ()) for i in range(22)]
    found = search_check_order(table, procedures, checks, minimise="site_minutes")
    names = [s.criterion_id for s in found.steps]
    assert sorted(names) == sorted(table.criterion_ids)
    assert names.index("C5") < names.index("C9")
    assert found.method.startswith("greedy")


def test_every_problem_of_the_checks_is_told():
    procedures = (*SEPARATE, procedure("a", site_minutes=1), procedure("d", site_minutes=3, points=1))
    odd = ScreeningProcedure("e", "e", {"site_minutes": exact(1, "hour", SOURCE)})
    checks = (check(0, "x", after=("C0", "C9")), check(0, "a"), check(7, "a"))
    with pytest.raises(InvalidCriterion) as caught:
        search_check_order(TABLE, (*procedures, odd), checks, minimise="patience")
    assert caught.value.problems == (
        "procedure 'a' stands twice; keep one",
        "check of criterion 'C0' stands twice; keep one",
        "criterion 'C1' has no check; say which procedures it needs, if any",
        "criterion 'C2' has no check; say which procedures it needs, if any",
        "the check of 'C0' needs 'x'; the procedures are a, b, c, a, d, e",
        "the check of 'C0' comes after 'C0', which is none of the other criteria",
        "the check of 'C0' comes after 'C9', which is none of the other criteria",
        "the check of 'C7' is of no criterion; the criteria are C0, C1, C2",
        "no procedure asks 'patience'; minimise one of site_minutes, points",
        "procedure 'e' gives site_minutes in hour; give it in minute",
    )


def test_criteria_that_wait_for_each_other_are_refused():
    checks = (check(0, "a", after=("C1",)), check(1, "b", after=("C0",)), check(2, "c"))
    with pytest.raises(InvalidCriterion, match="C0, C1 wait for each other in a circle; remove one 'after'"):
        search_check_order(TABLE, SEPARATE, checks, minimise="site_minutes")


def test_a_forecast_by_hand():
    """2 of 8 pass: 40 are screened to enrol 10, 30 fail, after 60 minutes each on average."""
    order = search_check_order(TABLE, SEPARATE, CHECKS, minimise="site_minutes")
    found = forecast_screening(TABLE, enrolled=10, order=order)
    assert (found.screened.value, found.failures.value, found.pass_share.value) == (40, 30, 0.25)
    assert (found.in_vain["site_minutes"].value, found.in_vain["site_minutes"].unit) == (
        pytest.approx(30),
        "hour",
    )
    whole = {"blood_ml": Estimate(20, 15, 30, "mL", (SOURCE,))}
    assert forecast_screening(TABLE, enrolled=10, totals=whole).in_vain["blood_ml"].value == pytest.approx(
        600
    )


def test_everyone_passing_still_has_a_chance_of_failures():
    table = table_of([[1]] * 20)
    order = search_check_order(
        table, [procedure("a", site_minutes=30)], [check(0, "a")], minimise="site_minutes"
    )
    found = forecast_screening(table, enrolled=50, order=order)
    assert found.failures.value == found.failures.low == 0 < found.failures.high
    assert found.in_vain["site_minutes"].high == pytest.approx(found.failures.high * 0.5)


def test_forecasts_that_cannot_be_made_are_refused():
    with pytest.raises(InvalidCohort) as caught:
        forecast_screening(TABLE, enrolled=0)
    assert caught.value.problems == (
        "enrolled is 0; give at least 1 patient",
        "give either the totals of the screening visits or an order of checks",
    )
    with pytest.raises(InvalidCriterion, match="C0 and C1 together let nobody in, though they pass 1 and 1"):
        forecast_screening(table_of([[1, 0], [0, 1]]), enrolled=5, totals={})
    rare = np.zeros((40_000, 1), dtype=bool)
    rare[0] = True
    with pytest.raises(InvalidCohort, match="1 of 40000 patients pass, so that more than 20,000,000"):
        forecast_screening(table_of(rare), enrolled=1000, totals={})


@pytest.mark.parametrize("seed", range(4))
def test_the_ratio_rule_is_best_for_independent_criteria(seed):
    """All combinations in exact proportion: the order by cost over failing share (Mitten 1960) is optimal."""
    rng = np.random.default_rng(seed)
    sizes = rng.permutation([2, 3, 4, 5])
    table = table_of([[part > 0 for part in row] for row in itertools.product(*(range(n) for n in sizes))])
    costs = rng.integers(1, 100, 4).astype(float)
    procedures = [procedure(f"p{i}", site_minutes=c) for i, c in enumerate(costs)]
    found = search_check_order(
        table, procedures, [check(i, f"p{i}") for i in range(4)], minimise="site_minutes"
    )
    reach, expected = 1.0, 0.0
    for i in sorted(range(4), key=lambda i: costs[i] * sizes[i]):
        expected += reach * costs[i]
        reach *= 1 - 1 / sizes[i]
    assert found.expected["site_minutes"].value == pytest.approx(expected)

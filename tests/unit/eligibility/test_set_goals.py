"""Goals of criteria sets beside closed forms, and what cannot be compared."""

import math

import numpy as np
import pytest

from unburden.domain.criteria_sets import SET_GOALS, GoalValues
from unburden.domain.errors import InvalidCriterion
from unburden.domain.estimate import Estimate, exact
from unburden.domain.passing import PassingTable
from unburden.domain.representation import Strata, TargetPopulation, TargetStratum
from unburden.domain.screening import ScreeningCheck, ScreeningProcedure
from unburden.eligibility.check_order import derive_set_costs
from unburden.eligibility.criteria_sets import (
    bootstrap_front,
    judge_front,
    pick_highlights,
    search_criteria_sets,
)
from unburden.eligibility.set_counts import derive_set_counts, derive_set_strata
from unburden.eligibility.set_goals import (
    derive_burden_values,
    derive_distance_values,
    derive_pool_values,
    derive_power_values,
    make_goal_values,
)
from unburden.eligibility.set_search import explore_criteria_sets
from unburden.simulation.formulas import compute_schoenfeld_power

SOURCE = "observed:hand"
# Of 10 patients A keeps out 0 to 3 and B 3 to 5: pools 10, 6, 7, 4.
PASSING = np.ones((10, 2), dtype=bool)
PASSING[:4, 0], PASSING[3:6, 1] = False, False
TABLE = PassingTable("hand", ("A", "B"), PASSING, np.zeros_like(PASSING), SOURCE)
POOLS = derive_set_counts(TABLE)


def plain(name, values, is_minimised=False):
    array = np.array(values, dtype=float)
    return GoalValues(type(SET_GOALS["pool"])(name, "1", is_minimised), array, array, array, (SOURCE,))


def power(events, pools, **changes):
    arguments = {"planned_patients": 1000, "hazard_ratio": 0.75, "allocation_ratio": 1.0, "alpha": 0.025}
    return derive_power_values(np.array(events), np.array(pools), sources=(SOURCE,), **(arguments | changes))


def test_pools_by_hand():
    found = derive_pool_values(POOLS, 10, SOURCE)
    assert found.values.tolist() == [10, 6, 7, 4]
    assert (found.low < found.values).all() and (found.high[1:] > found.values[1:]).all()


def test_power_is_schoenfelds_at_the_events_of_the_planned_trial():
    found = power([50, 30, 0, 0], [100, 40, 20, 0], allocation_ratio=2.0)
    for index, events in enumerate((500, 750)):
        expected = compute_schoenfeld_power(events, 0.75, 2.0, 0.025)
        assert found.values[index] == pytest.approx(expected, rel=1e-12)
    assert found.values[2] == pytest.approx(0.025), "no event, no power beyond alpha"
    assert math.isnan(found.values[3])
    assert (found.low[:2] < found.values[:2]).all() and (found.high[:2] > found.values[:2]).all()


def test_distance_by_hand():
    """Old are patients 0 to 4, young 5 to 8; nobody knows of patient 9. The target has half of each."""
    strata = Strata("age", ("old", "young"), np.array([0] * 5 + [1] * 4 + [-1]), "hand", SOURCE)
    half = exact(0.5, "1", "published:x")
    target = TargetPopulation("age", (TargetStratum("young", half), TargetStratum("old", half)))
    found = derive_distance_values([derive_set_strata(TABLE, strata)], [strata], [target])
    # Known: all 5 + 4; without 0 to 3: 1 + 4; without 3 to 5: 3 + 3; both: 0 + 3.
    assert found.values == pytest.approx([5 / 9 - 0.5, 0.5 - 1 / 5, 0.0, 0.5])
    assert (found.low <= found.values).all() and (found.high >= found.values).all()
    assert found.sources == (SOURCE, "published:x")


def test_the_interval_of_the_distance_covers():
    rng = np.random.default_rng(4)
    truth, target = np.array([0.6, 0.3, 0.1]), [0.5, 0.3, 0.2]
    shares = tuple(TargetStratum(n, exact(t, "1", "assumed:x")) for n, t in zip("ABC", target, strict=True))
    strata = Strata("s", ("A", "B", "C"), np.zeros(1, dtype=np.int64), "c", SOURCE)
    counts = rng.multinomial(120, truth, 2000)
    found = derive_distance_values([counts], [strata], [TargetPopulation("s", shares)])
    assert ((found.low <= 0.1) & (found.high >= 0.1)).mean() > 0.95


def test_burden_for_each_patient_enrolled_by_hand():
    """Only A: 30 minutes, 6 of 10 pass. Both: B first, 10 + 7/10 × 30 = 31 minutes, 4 of 10 pass."""
    amounts = (Estimate(30, 20, 45, "minute", ("assumed:x",)), exact(10, "minute", "assumed:x"))
    procedures = [ScreeningProcedure(n, n, {"site_minutes": a}) for n, a in zip("ab", amounts, strict=True)]
    checks = [ScreeningCheck("A", ("a",)), ScreeningCheck("B", ("b",))]
    costs = derive_set_costs(TABLE, procedures, checks, minimise="site_minutes")
    found = derive_burden_values(costs, POOLS, 10, unit="minute", sources=("assumed:x",))
    assert found.values == pytest.approx([0, 50, 100 / 7, 77.5])
    assert found.low[0] == found.high[0] == 0
    assert (found.low[1:] < found.values[1:]).all() and (found.high[1:] > found.values[1:]).all()


def test_an_effect_from_elsewhere_has_normal_intervals_and_no_value_where_none_exists():
    goal = SET_GOALS["log_hazard_ratio"]
    found = make_goal_values(goal, np.array([-0.2, 0.1]), np.array([0.1, np.nan]), sources=(SOURCE,))
    assert (found.low[0], found.high[0]) == pytest.approx((-0.396, -0.004), abs=1e-3)
    assert np.isnan(found.values).tolist() == [False, True]


def test_highlights_are_the_best_of_each_goal_and_a_compromise():
    goals = [plain("pool", [10, 6, 7, 4]), plain("safety", [0, 8, 5, 10])]
    front = search_criteria_sets(("A", "B"), goals, mandatory=())
    found = pick_highlights(front)
    assert {name: one.criterion_ids for name, one in found.items()} == {
        "pool": (),
        "safety": ("A", "B"),
        "compromise": ("B",),
    }
    assert found["compromise"].dropped == ("A",)
    assert front.is_written_unbeaten


def test_sets_are_judged_on_other_patients():
    front = search_criteria_sets(
        ("A", "B"), [plain("pool", [10, 6, 7, 4]), plain("safety", [0, 8, 5, 10])], mandatory=()
    )
    others = [plain("pool", [9, 5, 6, 3]), plain("safety", [2, math.nan, 4, 1])]
    found = judge_front(front, others)
    assert found.masks.tolist() == [0, 2, 3]
    assert found.values.tolist() == [[9, 2], [6, 4], [3, 1]]
    assert found.beating_masks.tolist() == [0, 2], "as written is worse than both in the others"
    assert not found.is_exhaustive and "chosen on other patients" in found.guarantee
    with pytest.raises(InvalidCriterion, match="the goals differ from those of the front"):
        judge_front(front, others[::-1])


def test_rounding_errors_beat_nobody():
    """Equal to 10 digits is equal: the set of fewest criteria stands for its twins."""
    front = search_criteria_sets(("A",), [plain("effect", [0.1 + 0.2, 0.3])], mandatory=())
    assert (front.masks.tolist(), front.twins.tolist()) == ([0], [1])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"planned_patients": 0}, "planned patients are 0; give at least 1"),
        ({"hazard_ratio": 1.2}, "hazard ratio is 1.2; give one between 0 and 1"),
        ({"allocation_ratio": 0.0}, "allocation ratio is 0.0; give one above 0"),
        ({"alpha": 0.7}, "alpha is 0.7; give one-sided alpha between 0 and 0.5"),
    ],
)
def test_power_without_a_question_is_refused(changes, told):
    with pytest.raises(InvalidCriterion) as caught:
        power([1], [2], **changes)
    assert caught.value.problems == (told,)


def test_more_events_than_patients_are_refused():
    with pytest.raises(InvalidCriterion, match="some sets have more events than patients"):
        power([3], [2])


def test_a_search_that_cannot_be_made_is_refused_with_every_problem():
    with pytest.raises(InvalidCriterion) as caught:
        search_criteria_sets(("A", "B"), [plain("x", [1, 2]), plain("x", [1] * 4)], mandatory=("C",))
    assert caught.value.problems == (
        "goal 'x' has 2 values; give 4, one a set",
        "mandatory 'C' is no criterion; the criteria are A, B",
        "goal 'x' stands twice; keep one",
    )
    with pytest.raises(InvalidCriterion, match="there are no goals; give at least one"):
        search_criteria_sets(("A",), [], mandatory=())
    with pytest.raises(InvalidCriterion, match=r"no set has a value on every goal \(x\); drop a goal"):
        search_criteria_sets(("A",), [plain("x", [math.nan] * 2), plain("y", [1, 2])], mandatory=())
    many = tuple(f"C{i}" for i in range(21))
    with pytest.raises(InvalidCriterion, match="there are 21 criteria; every set is compared for up to 20"):
        search_criteria_sets(many, [plain("x", [1, 2])], mandatory=())
    with pytest.raises(InvalidCriterion, match="most sets are 5; give at least 8"):
        explore_criteria_sets(("A",), lambda masks: [], mandatory=(), most_sets=5, seed=1)


def test_values_that_cannot_be_are_refused():
    with pytest.raises(InvalidCriterion, match="some values or ends are infinite or lack their interval"):
        GoalValues(SET_GOALS["pool"], np.array([1.0]), np.array([np.nan]), np.array([1.0]), (SOURCE,))
    with pytest.raises(InvalidCriterion, match="some intervals do not hold their value"):
        GoalValues(SET_GOALS["pool"], np.array([1.0]), np.array([2.0]), np.array([3.0]), (SOURCE,))


def test_a_bootstrap_needs_every_set():
    def derive(copies):
        return np.zeros((4, 1))

    front = explore_criteria_sets(
        ("A", "B"), lambda masks: [plain("x", masks % 3)], mandatory=(), most_sets=20, seed=1
    )
    with pytest.raises(
        InvalidCriterion, match="the front is not exhaustive; a sample needs every set's values"
    ):
        bootstrap_front(front, derive, patients=5, replicates=20, seed=1)
    whole = search_criteria_sets(("A", "B"), [plain("x", [1, 2, 3, 4])], mandatory=())
    with pytest.raises(InvalidCriterion, match=r"values of a sample have the shape \(3, 1\); give \(4, 1\)"):
        bootstrap_front(whole, lambda copies: np.zeros((3, 1)), patients=5, replicates=20, seed=1)

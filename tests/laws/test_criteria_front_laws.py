"""The front of criteria sets against brute force; the search against the exact front."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unburden.domain.criteria_sets import GoalValues
from unburden.domain.frontier import Goal, is_dominated
from unburden.domain.passing import PassingTable
from unburden.domain.representation import Strata
from unburden.eligibility.criteria_sets import bootstrap_front, find_unbeaten, search_criteria_sets
from unburden.eligibility.set_counts import count_given_sets, derive_set_counts, derive_set_strata
from unburden.eligibility.set_search import explore_criteria_sets
from unburden.kernels.fronts import mark_undominated

rows = st.integers(1, 4).flatmap(
    lambda goals: st.lists(
        st.lists(st.integers(0, 5), min_size=goals, max_size=goals), min_size=1, max_size=90
    )
)


@settings(deadline=None, max_examples=200)
@given(rows)
def test_the_front_holds_no_beaten_row_and_misses_no_unbeaten_one(costs):
    is_first, twins = find_unbeaten(np.array(costs, dtype=float))
    for i, row in enumerate(costs):
        unbeaten = not any(is_dominated(row, other) for other in costs)
        assert is_first[i] == (unbeaten and row not in costs[:i])
        if is_first[i]:
            assert twins[i] == costs.count(row) - 1


def test_the_front_of_many_rows_against_brute_force():
    rng = np.random.default_rng(1)
    for goals in (2, 3, 5, 6):
        costs = rng.integers(0, 40, (1500, goals)).astype(float)
        is_first, _ = find_unbeaten(costs)
        at_most = (costs[:, None] <= costs[None]).all(axis=2)
        smaller = (costs[:, None] < costs[None]).any(axis=2)
        unbeaten = ~(at_most & smaller).any(axis=0)
        assert set(map(tuple, costs[is_first])) == set(map(tuple, costs[unbeaten]))


@pytest.mark.parametrize("goals", [1, 3, 6])
def test_the_kernel_agrees_with_itself_as_plain_python(goals):
    rng = np.random.default_rng(goals)
    ranks = np.unique(rng.integers(0, 12, (goals, 150)).astype(np.int32), axis=1)
    ranks = np.ascontiguousarray(ranks[:, np.argsort(ranks.sum(axis=0))])
    assert (mark_undominated(ranks) == mark_undominated.py_func(ranks)).all()


def values_of(name, values, is_minimised=False):
    array = np.asarray(values, dtype=float)
    return GoalValues(Goal(name, "1", is_minimised), array, array, array, ("observed:drawn",))


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 5), st.data())
def test_the_front_of_sets_keeps_the_mandatory_and_leaves_out_what_has_no_value(criteria, data):
    ids = tuple(f"C{c}" for c in range(criteria))
    mandatory = tuple(data.draw(st.lists(st.sampled_from(ids), unique=True)))
    cell = st.integers(0, 3).map(float) | st.just(float("nan"))
    columns = [data.draw(st.lists(cell, min_size=2**criteria, max_size=2**criteria)) for _ in range(3)]
    allowed = [m for m in range(2**criteria) if all(m >> ids.index(name) & 1 for name in mandatory)]
    costs = {m: (columns[0][m], -columns[1][m], columns[2][m]) for m in allowed}
    usable = {m: c for m, c in costs.items() if c == c and not any(x != x for x in c)}
    goals = [values_of("a", columns[0], True), values_of("b", columns[1]), values_of("c", columns[2], True)]
    if not usable:
        with pytest.raises(Exception, match="no set has a value on every goal"):
            search_criteria_sets(ids, goals, mandatory=mandatory)
        return
    front = search_criteria_sets(ids, goals, mandatory=mandatory)
    expected = {c for c in usable.values() if not any(is_dominated(c, o) for o in usable.values())}
    assert [usable[int(m)] in expected for m in front.masks] == [True] * len(expected)
    for found in front.iterate_sets():
        equals = [m for m, c in usable.items() if c == usable[found.mask]]
        assert found.twins == len(equals) - 1
        assert len(found.criterion_ids) == min(m.bit_count() for m in equals)
        assert set(mandatory) <= set(found.criterion_ids)
    assert (front.examined, front.without_value) == (len(usable), len(allowed) - len(usable))
    full = 2**criteria - 1
    beating = [m for m in front.masks if full in usable and is_dominated(usable[full], usable[int(m)])]
    assert front.beating_masks.tolist() == beating
    assert front.is_written_unbeaten == (full in usable and usable[full] in expected)


def make_cohort(criteria, patients=800, seed=5):
    """Patients with a frailty that fails several criteria together, an event and a stratum."""
    rng = np.random.default_rng(seed)
    frailty = rng.normal(size=patients)
    limits = rng.uniform(0.8, 2.5, criteria)
    failing = 0.7 * frailty[:, None] + 0.8 * rng.normal(size=(patients, criteria)) > limits
    event = rng.random(patients) < 1 / (1 + np.exp(-frailty))
    strata = Strata(
        "age", ("old", "young"), (rng.random(patients) < 0.5 - 0.15 * frailty).astype(int), "c", "observed:c"
    )
    ids = tuple(f"C{c}" for c in range(criteria))
    return PassingTable("c", ids, ~failing, np.zeros_like(failing), "observed:c"), event, strata


def evaluator(table, event, strata, cost):
    def evaluate(masks):
        pools = count_given_sets(table, masks)
        with np.errstate(invalid="ignore"):
            events = count_given_sets(table, masks, event.astype(float)) / np.where(pools > 0, pools, np.nan)
            old = count_given_sets(table, masks, (strata.codes == 0).astype(float)) / np.where(
                pools > 0, pools, np.nan
            )
        checks = ((masks[:, None] >> np.arange(len(cost))) & 1) @ cost
        return [
            values_of("pool", pools),
            values_of("adverse_events", events, True),
            values_of("distance", np.abs(old - 0.6), True),
            values_of("burden", checks, True),
        ]

    return evaluate


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_search_finds_most_of_the_exact_front_and_reports_no_beaten_set_as_proven(seed):
    table, event, strata = make_cohort(12, seed=seed)
    evaluate = evaluator(table, event, strata, np.random.default_rng(seed).integers(5, 60, 12))
    exact = search_criteria_sets(table.criterion_ids, evaluate(np.arange(4096)), mandatory=("C3",))
    found = explore_criteria_sets(table.criterion_ids, evaluate, mandatory=("C3",), most_sets=1500, seed=seed)
    share = np.isin(exact.masks, found.masks).mean()
    assert exact.is_exhaustive and not found.is_exhaustive
    assert found.examined <= 1500 and len(exact) > 100 and share > 0.8, (share, found.examined, len(exact))
    again = explore_criteria_sets(table.criterion_ids, evaluate, mandatory=("C3",), most_sets=1500, seed=seed)
    assert again.masks.tolist() == found.masks.tolist()


def test_a_finished_search_finds_nearly_the_whole_front():
    table, event, strata = make_cohort(13, seed=4)
    evaluate = evaluator(table, event, strata, np.random.default_rng(4).integers(5, 60, 13))
    exact = search_criteria_sets(table.criterion_ids, evaluate(np.arange(8192)), mandatory=())
    found = explore_criteria_sets(table.criterion_ids, evaluate, mandatory=(), most_sets=7000, seed=4)
    assert "no set that adds or drops" in found.guarantee
    assert len(exact) > 100 and np.isin(exact.masks, found.masks).mean() > 0.97


def test_a_finished_search_has_seen_every_neighbour():
    table, event, strata = make_cohort(10)
    evaluate = evaluator(table, event, strata, np.full(10, 10))
    found = explore_criteria_sets(table.criterion_ids, evaluate, mandatory=(), most_sets=5000, seed=1)
    assert "no set that adds or drops one criterion" in found.guarantee

    def costs_of(masks):
        return np.stack([v.values * (1 if v.goal.is_minimised else -1) for v in evaluate(masks)], axis=1)

    for mask, own in zip(found.masks, costs_of(found.masks), strict=True):
        for neighbour in costs_of(mask ^ (1 << np.arange(10))):
            assert not is_dominated(np.round(own, 9), np.round(neighbour, 9))


def test_22_criteria_are_explored():
    table, event, strata = make_cohort(22)
    evaluate = evaluator(table, event, strata, np.arange(22) + 1)
    found = explore_criteria_sets(table.criterion_ids, evaluate, mandatory=("C0",), most_sets=4000, seed=1)
    assert len(found) > 50 and (found.masks & 1 == 1).all()


def test_counting_given_sets_is_counting_all():
    table, event, _ = make_cohort(9)
    masks = np.arange(512)
    assert (count_given_sets(table, masks) == derive_set_counts(table)).all()
    assert (
        count_given_sets(table, masks, event.astype(float)) == derive_set_counts(table, event.astype(int))
    ).all()


def test_stability_is_the_share_of_samples_in_which_a_set_stays():
    """Recomputed sample by sample with the slow evaluator on copies of the patients."""
    table, event, strata = make_cohort(4, patients=60)
    masks = np.arange(16)

    def derive(copies):
        pools = derive_set_counts(table, copies).astype(float)
        by_stratum = derive_set_strata(table, strata, copies)
        with np.errstate(invalid="ignore", divide="ignore"):
            events = derive_set_counts(table, copies * event) / pools
            old = by_stratum[:, 0] / by_stratum.sum(axis=1)
        return np.stack([pools, events, np.abs(old - 0.6)], axis=1)

    start = derive(np.ones(60, dtype=np.int64))
    goals = [
        values_of("pool", start[:, 0]),
        values_of("adverse_events", start[:, 1], True),
        values_of("far", start[:, 2], True),
    ]
    front = search_criteria_sets(table.criterion_ids, goals, mandatory=())
    found = bootstrap_front(front, derive, patients=60, replicates=30, seed=9)
    expected = np.zeros(16, dtype=int)
    for replicate in range(30):
        copies = np.random.Generator(np.random.Philox(key=[9, replicate])).multinomial(
            60, np.full(60, 1 / 60)
        )
        rows = np.repeat(np.arange(60), copies)
        drawn = PassingTable("c", table.criterion_ids, table.passing[rows], table.unknown[rows], "observed:c")
        sample = Strata("age", strata.labels, strata.codes[rows], "c", "observed:c")
        values = [v.values for v in evaluator(drawn, event[rows], sample, np.zeros(4))(masks)][:3]
        costs = np.round(np.stack([-values[0], values[1], values[2]], axis=1), 9)
        for mask in masks:
            expected[mask] += not any(is_dominated(costs[mask], other) for other in costs)
    assert found.unbeaten.tolist() == expected[front.masks].tolist()
    assert [s.value for s in found.stability] == pytest.approx(expected[front.masks] / 30)

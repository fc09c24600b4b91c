"""Counts of all sets of criteria against direct counting, and orders of checking against all orders."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unburden.domain.errors import InvalidCriterion
from unburden.domain.estimate import Estimate
from unburden.domain.passing import PassingTable
from unburden.domain.representation import Strata
from unburden.domain.screening import ScreeningCheck, ScreeningProcedure
from unburden.eligibility.check_order import derive_set_costs, search_check_order
from unburden.eligibility.set_counts import derive_set_counts, derive_set_strata


@st.composite
def passing_tables(draw, most=6):
    criteria = draw(st.integers(0, most))
    rows = draw(st.lists(st.integers(0, 2**criteria - 1), min_size=1, max_size=25))
    passing = (np.array(rows)[:, None] >> np.arange(criteria) & 1).astype(bool)
    ids = tuple(f"C{c}" for c in range(criteria))
    return PassingTable("drawn", ids, passing, np.zeros_like(passing), "observed:drawn")


def passes_of(table, mask):
    return table.passing[:, [c for c in range(len(table.criterion_ids)) if mask >> c & 1]].all(axis=1)


@settings(deadline=None)
@given(passing_tables(), st.randoms(use_true_random=False))
def test_the_transform_counts_what_direct_counting_counts(table, random):
    rng = np.random.default_rng(random.randint(0, 2**32))
    copies, times = rng.integers(0, 4, table.patients), rng.random(table.patients)
    strata = Strata("s", ("A", "B"), rng.integers(-1, 2, table.patients), "drawn", "observed:drawn")
    counts, weighted = derive_set_counts(table), derive_set_counts(table, copies)
    at_risk, by_stratum = derive_set_counts(table, times), derive_set_strata(table, strata, copies)
    for mask in range(2 ** len(table.criterion_ids)):
        passes = passes_of(table, mask)
        assert counts[mask] == passes.sum()
        assert weighted[mask] == copies[passes].sum()
        assert at_risk[mask] == pytest.approx(times[passes].sum())
        assert by_stratum[mask].tolist() == [copies[passes & (strata.codes == c)].sum() for c in (0, 1)]


@settings(deadline=None)
@given(passing_tables())
def test_a_larger_set_never_has_a_larger_cohort(table):
    counts = derive_set_counts(table)
    for criterion in range(len(table.criterion_ids)):
        masks = np.arange(len(counts))
        without = masks[masks >> criterion & 1 == 0]
        assert (counts[without | 1 << criterion] <= counts[without]).all()


def test_21_criteria_are_not_enumerated():
    passing = np.ones((2, 21), dtype=bool)
    table = PassingTable("many", tuple(f"C{c}" for c in range(21)), passing, ~passing, "observed:x")
    with pytest.raises(InvalidCriterion, match="there are 21; every set of them is looked at for up to 20"):
        derive_set_counts(table)


@settings(max_examples=40, deadline=None)
@given(passing_tables(most=5), st.data())
def test_the_order_is_the_best_of_all_orders_for_every_set(table, data):
    criteria = len(table.criterion_ids)
    names = [f"p{i}" for i in range(4)]
    cost = {name: data.draw(st.integers(0, 90)) for name in names}
    needs = [data.draw(st.lists(st.sampled_from(names), unique=True)) for _ in range(criteria)]
    after = [(f"C{c - 1}",) if c and data.draw(st.booleans()) else () for c in range(criteria)]
    amounts = {n: Estimate(c, c * 0.5, c * 2, "minute", ("assumed:x",)) for n, c in cost.items()}
    procedures = [ScreeningProcedure(n, n, {"site_minutes": amounts[n]}) for n in names]
    checks = [ScreeningCheck(f"C{c}", tuple(needs[c]), after[c]) for c in range(criteria)]

    def cost_of(order):
        remaining, done, spent = np.ones(table.patients, bool), set(), 0.0
        for c in order:
            spent += remaining.mean() * sum(cost[n] for n in needs[c] if n not in done)
            done.update(needs[c])
            remaining &= table.passing[:, c]
        return spent

    found = derive_set_costs(table, procedures, checks, minimise="site_minutes")
    for mask in range(2**criteria):
        inside = [c for c in range(criteria) if mask >> c & 1]
        allowed = [
            order
            for order in permutations(inside)
            if all(order.index(c - 1) < order.index(c) for c in inside if after[c] and c - 1 in inside)
        ]
        assert found.values[mask] == pytest.approx(min(cost_of(order) for order in allowed))
        assert found.low[mask] <= found.values[mask] + 1e-9 and found.values[mask] <= found.high[mask] + 1e-9
    order = search_check_order(table, procedures, checks, minimise="site_minutes")
    expected = order.expected["site_minutes"].value if order.steps else 0.0
    assert expected == pytest.approx(found.values[-1])
    in_vain = sum(step.in_vain["site_minutes"].value for step in order.steps)
    everything = sum(cost[n] for n in {n for c in range(criteria) for n in needs[c]})
    # Whoever does not fail goes through everything.
    assert expected == pytest.approx(in_vain + table.eligible.mean() * everything)
    if order.steps and not table.eligible.all():
        failing = 1 - table.eligible.mean()
        assert order.per_failure["site_minutes"].value * failing == pytest.approx(in_vain)

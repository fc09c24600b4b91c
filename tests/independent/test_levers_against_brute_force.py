"""The exact search against every schedule that small studies allow: all levers, limits and cuts."""

import pytest
from tests.independent.schedule_enumeration import (
    count_changes,
    count_endpoints,
    count_optional,
    enumerate_allowed,
    is_allowed,
    is_reachable,
    keep_unbeaten,
    make_problem,
    measure_loss,
    state_of,
    sum_burden,
)

from unburden.domain.errors import InfeasibleSearch
from unburden.search.schedule import search_front, search_schedule

OPTIMA, FRONTS = 480, 240


def objectives_of(problem, seed):
    """Two objectives beside burden, of the kinds that the problem has."""
    names = ["assessments_kept", "endpoints_retained"]
    names += (
        [b.name for b in problem.budgets] + [s.name for s in problem.series[:1]] + ["burden:contact_days"]
    )
    return tuple(names[(seed + step) % len(names)] for step in range(1 + seed % 2))


def keeps(problem, state, name):
    if name == "assessments_kept":
        return count_optional(problem, state)
    if name == "endpoints_retained":
        return count_endpoints(problem, state)
    if name.startswith("burden:"):
        return -sum_burden(problem, state, {name.removeprefix("burden:"): 1.0})
    if name == "budget":
        return -measure_loss(problem, state)
    series = next(s for s in problem.series if s.name == name)
    return series.measure(state.kept & {*series.cells})


@pytest.mark.parametrize("block", range(12))
def test_optimum_equals_brute_force(block):
    for seed in range(block * OPTIMA // 12, (block + 1) * OPTIMA // 12):
        problem = make_problem(seed)
        states = list(enumerate_allowed(problem))
        if not states:
            with pytest.raises(InfeasibleSearch):
                search_schedule(problem)
            continue
        least = min(sum_burden(problem, state, problem.weights) for state in states)
        solution = search_schedule(problem)
        assert solution.burden == pytest.approx(least, abs=1e-6), seed
        assert solution.proof.gap <= 1e-9, seed
        told = state_of(problem, solution.changes)
        assert is_reachable(problem, told), seed
        assert is_allowed(problem, told), seed
        assert sum_burden(problem, told, problem.weights) == pytest.approx(least, abs=1e-6), seed


@pytest.mark.parametrize("seed", range(0, OPTIMA, 8))
def test_no_schedule_as_good_has_fewer_changes(seed):
    problem = make_problem(seed)
    states = list(enumerate_allowed(problem))
    if not states:
        return
    told = state_of(problem, search_schedule(problem).changes)

    def values_of(state):
        names = ["assessments_kept", "endpoints_retained", "burden:home_minutes", "burden:site_minutes"]
        names += [
            "burden:travel_minutes",
            *(b.name for b in problem.budgets),
            *(s.name for s in problem.series),
        ]
        return [-sum_burden(problem, state, problem.weights), *(keeps(problem, state, n) for n in names)]

    wanted = values_of(told)
    as_good = [
        count_changes(problem, state)
        for state in states
        if all(one >= other - 1e-6 for one, other in zip(values_of(state), wanted, strict=True))
    ]
    assert count_changes(problem, told) == min(as_good)


@pytest.mark.parametrize("block", range(12))
def test_front_equals_brute_force(block):
    for seed in range(1000 + block * FRONTS // 12, 1000 + (block + 1) * FRONTS // 12):
        problem = make_problem(seed)
        names = objectives_of(problem, seed)
        states = list(enumerate_allowed(problem))
        if not states:
            continue
        points = [
            (sum_burden(problem, s, problem.weights), *(-keeps(problem, s, name) for name in names))
            for s in states
        ]
        front = search_front(problem, objectives=names)
        found = sorted((s.burden, *(-s.values[name] for name in names)) for s in front)
        expected = keep_unbeaten(points)
        assert len(found) == len(expected), seed
        for one, other in zip(found, expected, strict=True):
            assert one == pytest.approx(other, abs=2e-6), seed
        assert all(s.proof.gap <= 1e-9 for s in front)

"""The exact search against every schedule that small studies allow: all levers, limits and cuts."""

import pytest

from tests.independent.schedule_enumeration import (
    count_endpoints,
    count_optional,
    enumerate_allowed,
    keep_unbeaten,
    make_problem,
    measure_loss,
    sum_burden,
)
from unburden.domain.errors import InfeasibleSearch
from unburden.search.schedule import search_front, search_schedule

OPTIMA, FRONTS = 360, 120


def objectives_of(problem, seed):
    """Two objectives beside burden, of the kinds that the problem has."""
    names = ["assessments_kept", "endpoints_retained"]
    names += [b.name for b in problem.budgets] + [s.name for s in problem.series[:1]] + ["burden:contact_days"]
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
        costs = [sum_burden(problem, state, problem.weights) for state in enumerate_allowed(problem)]
        if not costs:
            with pytest.raises(InfeasibleSearch):
                search_schedule(problem)
            continue
        solution = search_schedule(problem)
        assert solution.burden == pytest.approx(min(costs), abs=1e-6), seed
        assert solution.proof.gap <= 1e-9, seed


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

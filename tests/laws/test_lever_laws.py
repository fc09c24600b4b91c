"""What holds for the exact search whatever the study: levers help, locks do not, order is nothing."""

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.independent.schedule_enumeration import KINDS, make_problem

from unburden.domain.errors import InfeasibleSearch
from unburden.domain.frontier import is_dominated
from unburden.domain.levers import DropCells, ThinVisits
from unburden.search.schedule import search_front

OBJECTIVES = ("endpoints_retained",)
SEEDS = st.integers(0, 10_000)


def find_front(problem, objectives=OBJECTIVES):
    try:
        return search_front(problem, objectives=objectives)
    except InfeasibleSearch:
        return ()


def costs_of(front, objectives=OBJECTIVES):
    return [(s.burden, *(-s.values[name] for name in objectives)) for s in front]


def is_covered(costs, by):
    """Whether something in `by` is at least as good as each of the costs, but for the solver's tolerance."""
    return all(any(all(b <= a + 2e-6 for a, b in zip(x, y, strict=True)) for y in by) for x in costs)


def widen(lever):
    if isinstance(lever, ThinVisits):
        return replace(lever, keep_at_most=len(lever.visit_ids))
    return replace(lever, keep_at_least=0) if isinstance(lever, DropCells) else lever


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, pick=st.integers(0, 6))
def test_a_lever_more_never_worsens_the_front(seed, pick):
    """What a lever demands (that visits must go, or that cells stay whoever takes them) is no permission."""
    problem = make_problem(seed, KINDS)
    wide = tuple(widen(lever) for lever in problem.levers)
    fewer = tuple(x for i, x in enumerate(wide) if i != pick % len(wide))
    more = costs_of(find_front(replace(problem, levers=wide)))
    assert is_covered(costs_of(find_front(replace(problem, levers=fewer))), more)


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, pick=st.integers(0, 100))
def test_a_lock_more_never_improves_the_front(seed, pick):
    problem = make_problem(seed, KINDS)
    key = problem.cells[pick % len(problem.cells)]
    locked = replace(problem, locks={**problem.locks, "one more": frozenset((key,))})
    assert is_covered(costs_of(find_front(locked)), costs_of(find_front(problem)))


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_no_schedule_of_a_front_beats_another(seed):
    names = ("assessments_kept", "burden:contact_days")
    costs = costs_of(find_front(make_problem(seed, KINDS), names), names)
    assert not any(is_dominated(one, other) for one in costs for other in costs)


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, shuffle=SEEDS)
def test_the_order_of_what_is_given_changes_nothing(seed, shuffle):
    problem = make_problem(seed, KINDS)
    rng = random.Random(shuffle)

    def mix(items):
        return tuple(rng.sample(items, len(items)))

    protocol = replace(
        problem.protocol,
        visits=mix(problem.protocol.visits),
        activities=mix(problem.protocol.activities),
        cells=mix(problem.protocol.cells),
    )
    levers = []
    for lever in mix(problem.levers):
        fields = {k: mix(getattr(lever, k)) for k in ("cells", "visit_ids", "schedules") if hasattr(lever, k)}
        levers.append(replace(lever, **fields))
    mixed = replace(
        problem, protocol=protocol, levers=tuple(levers), lines=mix(problem.lines),
        series=mix(problem.series), endpoints=mix(problem.endpoints),
    )  # fmt: skip
    assert find_front(mixed) == find_front(problem)

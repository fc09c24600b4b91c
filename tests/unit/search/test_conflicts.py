"""What a user is told when nothing fits: a smallest set of what was asked, in the user's names."""

from dataclasses import replace

import pytest
from tests.independent.schedule_enumeration import enumerate_allowed, make_problem

from unburden.domain.errors import InfeasibleSearch
from unburden.domain.levers import DropCells, MoveVisits
from unburden.domain.schedule_limits import BurdenLimit, EndpointNeed, SeriesInformation
from unburden.search.conflicts import filter_constraints, find_constraints
from unburden.search.schedule import search_schedule

WORDS = {"reason": "r", "information": "i", "source": "assumed:test"}


@pytest.fixture
def problem():
    """All cells may go; nothing else is asked."""
    made = make_problem(3, ("drop",))
    keys = made.cells
    return replace(
        made, levers=(DropCells("fewer samples", keys, 0, **WORDS),), locks={}, endpoints=(), budgets=(),
        series=(), limits=(),
    )  # fmt: skip


def test_the_conflict_is_told_in_the_users_names(problem):
    limit = BurdenLimit("no contact days", {"contact_days": 1.0}, 0.0)
    need = EndpointNeed("survival", problem.cells[:2], 1, is_required=True)
    spare = EndpointNeed("quality of life", problem.cells[2:4], 1)
    with pytest.raises(InfeasibleSearch) as error:
        search_schedule(replace(problem, limits=(limit,), endpoints=(need, spare)))
    assert error.value.problems == (
        "these 2 cannot all be had, though either alone can: endpoint 'survival' keeps at least 1 of 2 "
        "cells; limit 'no contact days' is at most 0; ask for fewer cells of 'survival', or raise "
        "'no contact days'",
    )


def test_too_many_cells_alone_are_a_conflict(problem):
    count = len(problem.cells)
    with pytest.raises(InfeasibleSearch) as error:
        search_schedule(problem, keep_at_least=count + 1)
    assert error.value.problems == (
        f"this cannot be had: at least {count + 1} of {count} optional cells stay; ask for fewer cells",
    )


def test_a_lock_is_named(problem):
    limit = BurdenLimit("no contact days", {"contact_days": 1.0}, 0.0)
    locks = {"heart safety": frozenset(problem.cells[:1])}
    with pytest.raises(InfeasibleSearch, match=r"'heart safety' keeps 1 cell as written; .*unlock 'heart"):
        search_schedule(replace(problem, limits=(limit,), locks=locks))


def test_no_constraint_of_a_conflict_can_be_spared():
    """Against enumeration: all of the set together leave no schedule, any one less leaves some."""
    looked = 0
    for seed in range(400):
        problem = make_problem(seed)
        if next(enumerate_allowed(problem), None) is not None:
            continue
        looked += 1
        named = {c.words for c in filter_constraints(problem, 0)}
        asked = (problem, 0)
        for constraint in find_constraints(problem, 0):
            if constraint.words not in named:
                asked = constraint.relax(asked)
        assert next(enumerate_allowed(asked[0]), None) is None
        for constraint in find_constraints(asked[0], 0):
            if constraint.words in named:
                assert next(enumerate_allowed(constraint.relax(asked)[0]), None) is not None
    assert looked > 20


def test_everything_that_does_not_fit_is_told_at_once(problem):
    levers = (
        DropCells("a", (("V0", "A9"),), 0, **WORDS),
        MoveVisits("b", ("V7",), "home", 0, **WORDS),
        MoveVisits("c", ("V0",), "home", 1, **WORDS),
        MoveVisits("d", ("V0",), "home", 1, **WORDS),
    )
    need = EndpointNeed("survival", (("V0", "A8"),), 1)
    with pytest.raises(InfeasibleSearch) as error:
        search_schedule(replace(problem, levers=levers, endpoints=(need,), weights={"hours": 1.0}))
    assert error.value.problems == (
        "lever 'a' names ('V0', 'A9'), which the protocol lacks",
        "lever 'b' names 'V7', which the protocol lacks",
        "'V0' stands in two levers, 'c' and 'd'",
        "endpoint 'survival' names ('V0', 'A8'), which the protocol lacks",
        "the search weighs 'hours', which is no dimension",
    )


def test_information_that_falls_with_more_cells_is_refused(problem):
    odd = SeriesInformation("odd", problem.cells, lambda kept: 1.0 if len(kept) in (3, 4) else 0.2, 0.5)
    levers = (DropCells("fewer", problem.cells, 3, **WORDS),)
    with pytest.raises(InfeasibleSearch, match=r"'odd' is 1 with 3 cells but 0\.2 with all; give a measure"):
        search_schedule(replace(problem, levers=levers, series=(odd,)))

"""Fronts are the same on any number of workers."""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from tests.independent.schedule_enumeration import make_problem

from unburden.domain.errors import InfeasibleSearch
from unburden.search import schedule
from unburden.search.schedule import search_front

FREE = ("drop", "days", "move", "scans", "safety")


@pytest.mark.parametrize("seed", range(8))
def test_workers_change_nothing(seed, monkeypatch):
    monkeypatch.setattr(sys.modules[schedule.__name__], "LARGE", 1)  # so that small fronts have parts too
    problem = replace(make_problem(seed, FREE), endpoints=(), budgets=(), series=(), limits=())
    alone = search_front(problem, objectives=("assessments_kept", "burden:contact_days"))
    with ThreadPoolExecutor(3) as executor:
        beside = search_front(
            problem, objectives=("assessments_kept", "burden:contact_days"), executor=executor
        )
    assert alone == beside
    monkeypatch.setattr(sys.modules[schedule.__name__], "LARGE", 10_000)
    whole = search_front(problem, objectives=("assessments_kept", "burden:contact_days"))
    assert [(s.burden, s.cells_kept) for s in whole] == [(s.burden, s.cells_kept) for s in alone]


def test_an_unknown_objective_is_told():
    with pytest.raises(InfeasibleSearch, match="has the objective 'joy'; use one of assessments_kept, endp"):
        search_front(make_problem(1), objectives=("joy",))

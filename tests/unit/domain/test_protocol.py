from dataclasses import replace

import pytest

from unburden.domain.errors import InvalidProtocol
from unburden.domain.protocol import (
    Activity,
    Cell,
    Place,
    Protocol,
    Timeline,
    Visit,
    drop_cells,
    move_visits,
)


def make_protocol(**changes) -> Protocol:
    parts = {
        "id": "P1",
        "title": "Two visits",
        "source": "test",
        "timelines": (Timeline("T", "Main", True),),
        "visits": (Visit("V1", "Baseline", "T", 0.0), Visit("V2", "Week 2", "T", 14.0)),
        "activities": (Activity("A1", "ECG"), Activity("A2", "Vital signs")),
        "cells": (Cell("V1", "A1"), Cell("V1", "A2"), Cell("V2", "A2")),
    }
    return Protocol(**(parts | changes))


def test_every_problem_is_listed_at_once():
    with pytest.raises(InvalidProtocol) as caught:
        make_protocol(
            timelines=(Timeline("T", "Main", False),),
            cells=(Cell("V1", "A9"), Cell("V1", "A2"), Cell("V1", "A2")),
            visits=(Visit("V1", "Baseline", "T", 0.0, window_before_days=-1), Visit("V1", "Again", "T", 1.0)),
        )
    assert str(caught.value).splitlines() == [
        "InvalidProtocol: test: 5 problems",
        "  - two visit records have the id 'V1'; give each its own",
        "  - 0 main timelines []; mark exactly one as main",
        "  - cell ('V1', 'A9') refers to the activity 'A9', which does not exist; add or correct it",
        "  - two cell records have the id 'A2 at V1'; give each its own",
        "  - visit 'V1' has a negative window; give days of at least 0",
    ]


@pytest.mark.parametrize(("offset", "day"), [(0, 1), (13, 14), (-1, -1), (-14, -14), (0.5, 1), (-0.5, -1)])
def test_study_day_has_no_zero(offset, day):
    assert Visit("V", "V", "T", offset).day == day


def test_dropping_a_cell_keeps_the_others():
    assert drop_cells(make_protocol(), [("V1", "A1")]).cells == (Cell("V1", "A2"), Cell("V2", "A2"))


def test_dropping_a_cell_that_is_not_there_is_refused():
    with pytest.raises(InvalidProtocol, match="no cell of 'A1' at 'V2' to drop"):
        drop_cells(make_protocol(), [("V2", "A1")])


def test_a_moved_visit_keeps_its_other_places():
    moved = move_visits(make_protocol(), ["V2"], Place.HOME)
    assert moved.visit_by_id["V2"].places == (Place.HOME, Place.SITE)
    assert replace(moved, visits=make_protocol().visits) == make_protocol()


@pytest.mark.parametrize(
    "visit",
    [
        Visit("V", "V", "T", 36_526.0),
        Visit("V", "V", "T", -1e300),
        Visit("V", "V", "T", float("nan")),
        Visit("V", "V", "T", None, window_before_days=float("inf")),
        Visit("V", "V", "T", 0.0, window_after_days=36_526.0),
    ],
)
def test_days_beyond_a_hundred_years_are_refused(visit):
    with pytest.raises(InvalidProtocol, match=r"visit 'V' .*; give at most 36,525 days \(100 years\)"):
        make_protocol(visits=(visit,), cells=())

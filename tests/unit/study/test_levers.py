"""Levers and locks of a study.toml: each kind is read, each mistake told with its place and remedy."""

from itertools import pairwise
from pathlib import Path

import pytest

from unburden.data.protocols import read_protocol
from unburden.domain.levers import (
    AdjustForCovariates,
    BorrowControls,
    ChangeDesign,
    ConsolidateDays,
    DropCells,
    MoveVisits,
    ReplaceMeasure,
    SelectiveSafety,
    SparserImaging,
    ThinVisits,
)
from unburden.domain.protocol import Place
from unburden.study.levers import parse_levers
from unburden.study.parts import Parts

EXAMPLE = Path(__file__).parents[3] / "examples" / "adjuvant-breast"
WORDS = {"name": "a", "reason": "r", "information": "i", "source": "assumed:team"}
LATE = ["month-24", "month-36", "month-48", "month-60"]
EFFECT = {"value": 0.9, "low": 0.8, "high": 0.95, "source": "simulated:n=1000"}


@pytest.fixture(scope="module")
def protocol():
    return read_protocol(EXAMPLE / "protocol.json")


def read(protocol, *tables, locks=(), outcome="disease"):
    parts = Parts("study.toml")
    levers, held = parse_levers([{**WORDS, **t} for t in tables], list(locks), protocol, outcome, parts)
    return levers, held, parts.problems.found


def test_each_kind_of_lever_is_read(protocol):
    tables = [
        {"type": "drop-cells", "name": "1", "activities": ["ecg"], "visits": LATE, "keep_at_least": 1},
        {"type": "thin-visits", "name": "2", "activities": ["qlq"], "visits": LATE, "keep_at_least": 2,
         "most_gap_days": 900},
        {"type": "consolidate-days", "name": "3", "visits": LATE[:2]},
        {"type": "move-visits", "name": "4", "visits": LATE, "place": "local", "at_most": 2,
         "activities": ["ecg", "qlq"]},
        {"type": "replace-measure", "name": "5", "activities": ["vitals"], "visits": LATE, "by": "diary",
         "at_most": 2},
        {"type": "sparser-imaging", "name": "6", "activities": ["mammography"], "interval_days": [700],
         "information_effect": EFFECT},
        {"type": "selective-safety", "name": "7", "activities": ["chemistry"], "visits": LATE},
        {"type": "adjust-for-covariates", "name": "8", "covariates": ["nodes"]},
        {"type": "borrow-controls", "name": "9", "at_most_patients": 100},
        {"type": "change-design", "name": "10", "patients": [900], "looks": [[0.5, 1.0]],
         "approval": "protocol amendment"},
    ]  # fmt: skip
    levers, _, problems = read(protocol, *tables)
    assert problems == []
    kinds = (DropCells, ThinVisits, ConsolidateDays, MoveVisits, ReplaceMeasure, SparserImaging,
             SelectiveSafety, AdjustForCovariates, BorrowControls, ChangeDesign)  # fmt: skip
    assert tuple(type(lever) for lever in levers) == kinds
    assert levers[1].keep_at_most == 4 and levers[3].place is Place.LOCAL
    assert levers[5].information_effect.bounds() == (0.9, 0.8, 0.95)
    assert levers[0].approval == "none" and levers[9].approval == "protocol amendment"
    days = [protocol.visit_by_id[v].offset_days for v in levers[5].schedules[0].visit_ids]
    assert days and all(b - a >= 700 for a, b in pairwise(days))


DROP = {"type": "drop-cells", "activities": ["ecg"], "visits": LATE, "keep_at_least": 1}


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"type": "drop-all"}, "[[levers]] 1 has type = 'drop-all'; use one of drop-cells, thin-visits"),
        ({**DROP, "visits": ["month-99"]}, "[[levers]] 1 names the visit 'month-99'; use one of"),
        ({**DROP, "keep_at_least": 5}, "[[levers]] 1 keeps at least 5 of 4 cells; give 0 to 4"),
        ({**DROP, "approval": " "}, "[[levers]] 1 says nothing under 'approval'; write it or 'none'"),
        ({**DROP, "gives_up": ["joy"]}, "[[levers]] 1 gives up the endpoint 'joy'; use some of"),
        ({**DROP, "kept": 1}, "[[levers]] 1 has the unknown key 'kept'; the keys are type, name"),
        (
            {"type": "thin-visits", "visits": LATE, "keep_at_least": 3, "keep_at_most": 2},
            "keeps at least 3 and at most 2 of 4 visits; give numbers from 0 to 4, the first not above",
        ),
        (
            {"type": "thin-visits", "activities": ["qlq"], "visits": LATE, "keep_at_least": 2,
             "most_gap_days": 30},
            "allows 30 days between visits, but days",
        ),
        (
            {"type": "thin-visits", "activities": ["disease"], "visits": LATE, "keep_at_least": 2},
            "[[levers]] 1 would thin 'disease', on which the primary outcome rests; give information_effect",
        ),
        (
            {"type": "move-visits", "visits": LATE, "place": "remote", "at_most": 1},
            "[[levers]] 1 has no 'activities'; give a list",
        ),
        ({"type": "consolidate-days", "visits": LATE[:1]}, "[[levers]] 1 has 1 visits; name two or more"),
        (
            {"type": "replace-measure", "activities": ["vitals"], "visits": LATE, "by": "joy", "at_most": 1},
            "[[levers]] 1 has by = 'joy'; use a kind of the ledger: ",
        ),
        (
            {"type": "sparser-imaging", "activities": ["mammography"], "information_effect": EFFECT},
            "[[levers]] 1 offers no schedule of scans; give interval_days",
        ),
        ({"type": "change-design"}, "[[levers]] 1 changes nothing; give patients, ratios, looks or"),
        (
            {"type": "change-design", "looks": [[0.5, 0.4]]},
            "has the looks [0.5, 0.4]; give rising information rates that end at 1",
        ),
        ({"type": "borrow-controls", "at_most_patients": 0}, "borrows at most 0 patients; give 1 or more"),
        (
            {**DROP, "information_effect": {"value": 1.0, "low": 1.2, "high": 1.3}},
            "[[levers]] 1 information_effect the interval (1.2, 1.3) must hold the value 1.0",
        ),
        (
            {**DROP, "information_effect": {"value": 1.0, "low": -0.2, "high": 1.3}},
            "leaves -0.2 to 1.3 of the information; give shares from 0 upwards",
        ),
        (
            {**DROP, "locked": {"visits": ["month-24"]}},
            "[[levers]] 1 touches 'ecg' at 'month-24', locked by the lever itself ('a'); leave it out",
        ),
    ],
)  # fmt: skip
def test_each_mistake_is_told_with_its_place_and_remedy(protocol, table, expected):
    assert expected in "\n".join(read(protocol, table)[2])


@pytest.mark.parametrize(
    "table",
    [
        DROP,
        {"type": "thin-visits", "visits": LATE, "keep_at_least": 2, "information_effect": EFFECT},
        {"type": "move-visits", "visits": LATE, "place": "home", "at_most": 1},
        {"type": "replace-measure", "activities": ["ecg"], "visits": LATE, "by": "diary", "at_most": 1},
        {"type": "selective-safety", "activities": ["ecg"], "visits": LATE},
    ],
)
def test_no_lever_may_touch_what_is_locked(protocol, table):
    lock = {"name": "heart", "reason": "agency", "activities": ["ecg"], "visits": ["month-36"]}
    _, held, problems = read(protocol, table, locks=[lock])
    assert held[0].name == "heart"
    assert "[[levers]] 1 touches 'ecg' at 'month-36', locked by 'heart' (agency); leave it out" in problems


def test_locks_tell_what_is_wrong_with_them(protocol):
    locks = [
        {"name": "x", "reason": "y"},
        {"name": "x", "reason": "y", "activities": ["joy"]},
        {"name": "x", "reason": "y", "visits": ["month-24"], "activities": ["consent"]},
    ]
    problems = "\n".join(read(protocol, locks=locks)[2])
    assert "[[locks]] 1 locks nothing; name visits, activities or both" in problems
    assert "[[locks]] 2 names the activity 'joy'; use one of" in problems
    assert "[[locks]] 3 locks no cell, as none of its activities is done at its visits" in problems


def test_an_endpoint_that_no_cell_would_serve_is_told(protocol):
    served = next(a for a in protocol.activities if a.endpoint_ids and a.id == "ctdna")
    everything = {"type": "drop-cells", "activities": ["ctdna"], "keep_at_least": 0}
    end = served.endpoint_ids[0]
    problems = read(protocol, everything)[2]
    assert problems == [
        f"[[levers]] 'a' could leave the endpoint '{end}' without any cell; keep at least one, or write "
        f'gives_up = ["{end}"] in one of them'
    ]
    assert read(protocol, {**everything, "gives_up": [end]})[2] == []
    assert read(protocol, {**everything, "keep_at_least": 1})[2] == []

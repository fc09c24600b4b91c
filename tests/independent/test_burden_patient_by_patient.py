# ruff: noqa: E501 (schedules read as tables)
"""The burden score against patients who walk through the schedule one by one.

What the words of a column say is written here by hand, as a reader understands them.
"""

from dataclasses import dataclass, field

import pytest
from burden_walk import Times, Walk, World, take_values
from burden_walk_checks import ask, assert_patients_agree, find_differences

from unburden.domain.burden import Evidence
from unburden.domain.conduct import UnscheduledVisits
from unburden.domain.protocol import Activity, Arm, Cell, Condition, Place, Protocol, Timeline, Visit

ACTIVITIES = {
    "drug": ("Study drug infusion", "infusion"),
    "hem": ("Hematology", "hematology"),
    "chem": ("Serum chemistry", "chemistry"),
    "pk": ("PK sample", "PK sample"),
    "ct": ("CT chest", "CT of chest"),
    "ecg": ("12-lead ECG", "ECG"),
    "diary": ("Patient diary", "diary"),
    "eq5d": ("EQ-5D-5L", "EQ-5D"),
    "hcg": ("Serum pregnancy test", "serum pregnancy test"),
    "call": ("Survival status", "telephone interview"),
    "ae": ("Adverse events", "adverse events"),
    "fast": ("Fasting glucose", "fasting blood test"),
}
SITE, HOME, LOCAL, REMOTE = (Place.SITE,), (Place.HOME,), (Place.LOCAL,), (Place.REMOTE,)


@dataclass(frozen=True)
class Case:
    """A small protocol with what a reader makes of it."""

    name: str
    visits: tuple[tuple, ...]
    worlds: dict[str | None, World]
    unscheduled: UnscheduledVisits | None = None
    notes: dict[str, str] = field(default_factory=dict)
    conduct_cycle_days: float | None = None

    @property
    def protocol(self) -> Protocol:
        """Visits are (id, words, day or None, place, recurs, {activity: mark}, arms)."""
        visits, cells = [], []
        for visit_id, words, day, places, recurs, marks, *arms in self.visits:
            visits.append(
                Visit(
                    visit_id, words, "main", day, places, repeat=words if recurs else "", arm_ids=tuple(arms)
                )
            )
            for activity_id, mark in marks.items():
                noted = tuple(n for n in self.notes if mark.endswith(f"^{n}"))
                cells.append(Cell(visit_id, activity_id, mark.split("^")[0], noted))
        return Protocol(
            id=self.name,
            title=self.name,
            source=self.name,
            timelines=(Timeline("main", "Main", True),),
            visits=tuple(visits),
            activities=tuple(Activity(i, title) for i, (title, _) in ACTIVITIES.items()),
            cells=tuple(cells),
            arms=tuple(Arm(i, i) for i in self.worlds if i is not None),
            conditions=tuple(Condition(n, text, n) for n, text in self.notes.items()),
        )


def x(*names: str, **marks: str) -> dict[str, str]:
    """Cells with an X, and cells with a mark of their own."""
    return {**dict.fromkeys(names, "X"), **marks}


KINDS = {i: kind for i, (_, kind) in ACTIVITIES.items()}

# Leave by whole thousandths, so that 1,000 typical patients stand for all exactly.
TREATED = ((40.0, 0.9), (64.0, 0.7), (127.0, 0.45), (200.0, 0.2), (330.0, 0.05), (500.0, 0.0))
FREE = ((64.0, 0.8), (130.0, 0.55), (210.0, 0.3), (400.0, 0.1), (600.0, 0.0))
ALIVE = ((100.0, 0.95), (260.0, 0.7), (420.0, 0.4), (650.0, 0.15))
ONCOLOGY = {"treatment": TREATED, "progression": FREE, "alive": ALIVE}

SCAN_WORDS = "X (Weeks 9, 18, 27, and then every 12 weeks)"
SCANS = Times((63, 126, 189), 84, until="progression", clock="calendar")
CYCLES = (
    ("SCR", "Screening", -10.0, SITE, False, x("hem", "chem", "ct", "ecg", "hcg")),
    ("C1D1", "Cycle 1 (21 days) / Day 1", 0.0, SITE, False, x("drug", "hem", "chem", "eq5d")),
    ("C1D8", "Cycle 1 (21 days) / Day 8", 7.0, LOCAL, False, x("hem")),
    (
        "C2D1",
        "Cycle 2 and beyond (21 days) / Day 1",
        None,
        SITE,
        True,
        x("drug", "hem", "chem", "ae", ct=SCAN_WORDS),
    ),
    ("C2D8", "Cycle 2 and beyond (21 days) / Day 8", None, LOCAL, True, x("hem", ct=SCAN_WORDS)),
    ("EOT", "30 days after last dose", None, SITE, False, x("hem", "ecg", "ae")),
    ("FU", "Survival follow-up / every 12 weeks after end of treatment", None, REMOTE, True, x("call")),
)
CYCLE_TIMES = {
    "C2D1": Times((21,), 21),
    "C2D8": Times((28,), 21),
    "FU": Times((84,), 84, until="alive", after="treatment"),
}
CYCLE_CELLS = {("C2D1", "ct"): SCANS, ("C2D8", "ct"): SCANS}


def cycles(delay: float = 0.0, horizon: float = 730.0, **changes) -> World:
    given = {
        "curves": ONCOLOGY, "cycle_days": 21, "delay_days": delay, "horizon_days": horizon, "visits": CYCLE_TIMES,
        "cells": CYCLE_CELLS, "kinds": KINDS,
    }  # fmt: skip
    return World(**(given | changes))


RATE = Evidence("unscheduled.rate", "a", 0.8, 0.3, 1.6, "1", "assumed:test", "assumed")

CASES = [
    Case("cycles with two columns and scans by the calendar", CYCLES, {None: cycles()}),
    Case("cycles that are put off", CYCLES, {None: cycles(delay=3.0)}),
    Case("put off by a part of a day", CYCLES, {None: cycles(delay=0.7, horizon=365.0)}),
    Case(
        "listed cycles and every so many",
        (
            ("C1", "Cycle 1 (28 days) / Day 1", 0.0, SITE, False, x("drug", "hem")),
            ("C2", "Cycle 2 and beyond (28 days) / Day 1", None, SITE, True,
             x("drug", "hem", pk="X (Cycles 3, 5 and 7)", ecg="Cycles 3, 6 and every 3 cycles thereafter", eq5d="Cycle 4 only")),
            ("Q8", "Every 8 weeks", None, LOCAL, True, x("ct", "chem")),
        ),
        {None: World(
            curves=ONCOLOGY, cycle_days=28, horizon_days=700, kinds=KINDS,
            visits={"C2": Times((28,), 28), "Q8": Times((56,), 56, clock="calendar")},
            cells={
                ("C2", "pk"): Times((56, 112, 168)),
                ("C2", "ecg"): Times((56, 140), 84),
                ("C2", "eq5d"): Times((84,)),
            },
        )},
    ),
    Case(
        "days that several visits share, and visits without a day",
        (
            ("A", "Unplanned words", None, SITE, False, x("hem", "ecg")),
            ("B", "Baseline", 0.0, SITE, False, x("hem", "chem", "fast", "diary")),
            ("C", "Baseline, evening", 0.6, LOCAL, False, x("hem", "pk", "fast")),
            ("D", "Baseline call", 0.0, REMOTE, False, x("eq5d")),
            ("E", "Nurse", 14.0, HOME, False, x("hem", "diary", "chem")),
            ("F", "Nurse again", 14.2, HOME, False, x("ecg")),
            ("G", "Call", 20.0, REMOTE, False, x("ae")),
            ("H", "No cells", 30.0, SITE, False, {}),
            ("I", "Month 2", 60.0, SITE, False, x("diary", "hem")),
            ("J", "End", 90.0, SITE, False, x("diary", "hem")),
        ),
        {None: World(curves={"study": ((1.0, 0.9), (14.0, 0.8), (61.0, 0.35))}, kinds=KINDS)},
    ),
    Case(
        "two arms with curves and visits of their own, and unscheduled visits",
        (
            ("S", "Screening", -7.0, SITE, False, x("hem", "chem")),
            ("B", "Baseline", 0.0, SITE, False, x("diary", "drug")),
            ("W", "Every 2 weeks", None, SITE, True, x("drug", "hem", "diary"), "new"),
            ("M", "Every 4 weeks", None, LOCAL, True, x("hem", "diary")),
            ("E", "Week 30", 210.0, SITE, False, x("chem", "ecg", "diary")),
        ),
        {
            "new": World(
                curves={"study": ((30.0, 0.95), (100.0, 0.6), (250.0, 0.3)), "treatment": ((20.0, 0.8), (90.0, 0.25), (180.0, 0.0))},
                horizon_days=300, kinds=KINDS, unscheduled=(0.8, ("hem", "chem")),
                visits={"W": Times((14,), 14, clock="calendar"), "M": Times((28,), 28, clock="calendar")},
            ),
            "old": World(
                curves={"study": ((50.0, 0.7), (150.0, 0.4)), "treatment": ((60.0, 0.5), (170.0, 0.1), (240.0, 0.0))},
                horizon_days=300, kinds=KINDS, unscheduled=(0.8, ("hem", "chem")),
                visits={"M": Times((28,), 28, clock="calendar"), "W": Times((14,), 14, clock="calendar")},
            ),
        },
        unscheduled=UnscheduledVisits(RATE, ("hem", "chem")),
    ),
    Case(
        "footnotes that say for whom and how often",
        (
            ("S", "Screening", -7.0, SITE, False, x("ae", hcg="X^a", ecg="X^b")),
            ("C1", "Cycle 1 (21 days) / Day 1", 0.0, SITE, False, x("drug", hcg="X^a")),
            ("C2", "Cycle 2 and beyond (21 days) / Day 1", None, SITE, True, x("drug", "hem", hcg="X^a", ecg="X^b", chem="X^c")),
        ),
        {None: World(
            curves=ONCOLOGY, cycle_days=21, horizon_days=200, kinds=KINDS, visits={"C2": Times((21,), 21)},
            factors={
                ("S", "hcg"): 0.25, ("C1", "hcg"): 0.25, ("C2", "hcg"): 0.25, ("S", "ecg"): 3.0,
                ("C2", "ecg"): 3.0, ("C2", "chem"): 2.0,
            },
        )},
        notes={
            "a": "Women of childbearing potential only.",
            "b": "ECGs are recorded in triplicate.",
            "c": "Collected in duplicate.",
        },
    ),
    Case(
        "cycles of a bounded number, then every so often",
        (
            ("C1", "Cycle 1 / Day 1", 0.0, SITE, False, x("drug", "hem")),
            ("C2", "Cycle 2 / Day 1", None, SITE, False, x("drug", "hem")),
            ("C3", "Cycles 3-6 / Day 1", None, SITE, True, x("drug", "chem")),
            ("MT", "Maintenance / every 8 weeks", None, SITE, True, x("drug", "ct")),
        ),
        {None: World(
            curves=ONCOLOGY, cycle_days=21, horizon_days=600, kinds=KINDS,
            visits={
                "C2": Times((21,)), "C3": Times((42, 63, 84, 105)),
                "MT": Times((126 + 56,), 56, clock="calendar"),
            },
        )},
        conduct_cycle_days=21.0,
    ),
    Case(
        "a diary through cycles, at home between",
        (
            ("C1", "Cycle 1 (21 days) / Day 1", 0.0, SITE, False, x("drug", "diary")),
            ("H", "Cycle 1 (21 days) / Day 11", 10.0, HOME, False, x("hem", "diary")),
            ("C2", "Cycle 2 and beyond (21 days) / Day 1", None, SITE, True, x("drug", "diary")),
            ("T", "Every 2 weeks", None, REMOTE, True, x("ae")),
        ),
        {None: World(
            curves=ONCOLOGY, cycle_days=21, horizon_days=400, delay_days=2.0, kinds=KINDS,
            visits={"C2": Times((21,), 21), "T": Times((14,), 14, clock="calendar")},
        )},
    ),
    Case(
        "death on the very day of a follow-up visit, and the end on that of a cycle",
        (
            ("C1", "Cycle 1 (28 days) / Day 1", 0.0, SITE, False, x("drug")),
            ("C2", "Cycle 2 and beyond (28 days) / Day 1", None, SITE, True, x("drug", "hem")),
            ("FU", "Follow-up every 12 weeks", None, SITE, True, x("ae")),
        ),
        {None: World(
            # Half stop on day 56 and die 84 days later; a quarter stop on day 100, the rest live on.
            curves={"treatment": ((56.0, 0.5), (100.0, 0.25)), "alive": ((140.0, 0.5), (200.0, 0.25))},
            cycle_days=28, horizon_days=308, kinds=KINDS,
            visits={"C2": Times((28,), 28), "FU": Times((84,), 84, until="alive", after="treatment")},
        )},
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_small_protocols(case):
    asks = ask(case.protocol, case.worlds, case.unscheduled, cycle_days=case.conduct_cycle_days)
    for each in asks.by_persona:
        walk = Walk(case.protocol, case.worlds[each.arm_id], each.arm_id, take_values())
        assert find_differences(walk, each) == {}
        assert_patients_agree(walk, each)

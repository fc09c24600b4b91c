"""Clinical notation read into recurrences; every day is counted by hand from the words."""

from itertools import islice

import pytest

from unburden.burden.cycle_words import LONGEST_WORDS, find_cycle_days, find_days, find_rhythm
from unburden.burden.cycles import CycleReader
from unburden.domain.cycles import Recurrence
from unburden.domain.errors import InvalidEvidence
from unburden.domain.protocol import Activity, Cell, Condition, Protocol, Timeline, Visit

MONTH = 30.4375


def make(name: str, mark: str = "X", others: tuple[Visit, ...] = (), offset: float | None = None, **changes):
    visit = Visit("V", name, "main", offset, **changes)
    cell = Cell("V", "a", mark)
    timelines, activities = (Timeline("main", "Main", True),), (Activity("a", "Vital signs"),)
    return Protocol("P", "P", "words", timelines, (visit, *others), activities, (cell,))


def read(name: str, cycle_days: float | None = 21.0, **changes) -> Recurrence | None:
    protocol = make(name, **changes)
    return CycleReader(protocol, cycle_days).read_visit(protocol.visits[0])


def read_cell(mark: str, name: str = "Cycle 2 and beyond / Day 1") -> Recurrence | None:
    protocol = make(name, mark)
    reader, visit = CycleReader(protocol, 21.0), protocol.visits[0]
    return reader.read_cell(protocol.cells[0], visit, reader.read_visit(visit))


def days_of(found: Recurrence | None, number: int = 5) -> list[float] | None:
    return None if found is None else list(islice(found.iterate_days(0.0), number))


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("q3w", [21, 42, 63]),
        ("Q12W", [84, 168, 252]),
        ("q 4 weeks", [28, 56, 84]),
        ("Q21D", [21, 42, 63]),
        ("QW", [7, 14, 21]),
        ("q6mo", [6 * MONTH, 12 * MONTH, 18 * MONTH]),
        ("every 8 weeks", [56, 112, 168]),
        ("Every three months", [3 * MONTH, 6 * MONTH, 9 * MONTH]),
        ("every other week", [14, 28, 42]),
        ("every 3rd month", [3 * MONTH, 6 * MONTH, 9 * MONTH]),
        ("weekly", [7, 14, 21]),
        ("Monthly visit", [MONTH, 2 * MONTH, 3 * MONTH]),
        ("yearly", [365.25, 730.5, 1095.75]),
        ("quarterly", [3 * MONTH, 6 * MONTH, 9 * MONTH]),
        ("3-weekly", [21, 42, 63]),
        ("Weeks 9, 18, 27, and then every 12 weeks", [63, 126, 189, 273, 357]),
        ("every 8 weeks for 24 weeks, then every 12 weeks", [56, 112, 168, 252, 336]),
        ("every 6 weeks until week 12 and every 12 weeks thereafter", [42, 84, 168, 252]),
        ("every 4 weeks until Week 12", [28, 56, 84]),
        ("every 12 weeks for up to 9 months", [84, 168, 252]),
    ],
)
def test_intervals_in_the_calendar(words, days):
    found = read(words, cycle_days=None)
    assert found is not None and (found.clock, found.state, found.after) == ("calendar", "treatment", None)
    assert days_of(found, len(days)) == pytest.approx(days)


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("Day 1 of each cycle", [0, 21, 42]),
        ("D1 of every 21-day cycle", [0, 21, 42]),
        ("Days 1, 8 and 15 of each cycle", [0, 7, 14, 21, 28, 35]),
        ("Each cycle", [21, 42, 63]),
        ("every 2 cycles", [42, 84, 126]),
        ("every other cycle", [42, 84, 126]),
        ("every third cycle", [63, 126]),
        ("Cycle 2+ / Day 1", [21, 42, 63]),
        ("Cycle 2 and beyond / D8", [28, 49, 70]),
        ("Cycles ≥ 3, Day 1", [42, 63]),
        ("from Cycle 2 onwards, Day 1", [21, 42]),
        ("Cycle 3 to end of treatment / Day 1", [42, 63]),
        ("Cycle 3-n D1", [42, 63]),
        ("C2D1", [21]),
        ("C2D1, D8", [21, 28]),
        ("C3+D1", [42, 63]),
        ("D15C2", [35]),
        ("C3-C5 D1", [42, 63, 84]),
        ("Cycles 3–6/8 / D1", [42, 63, 84, 105, 126, 147]),
        ("Cycle 2 to Cycle 4 / Day 1", [21, 42, 63]),
        ("Cycles 2-3 / Days 1, 8", [21, 28, 42, 49]),
        ("Cycles 2 and 4 / Day 15", [35, 77]),
        ("Cycles 1, 3 and every 2 cycles thereafter / D1", [0, 42, 84, 126]),
        ("Day 1 of every cycle for 3 cycles", [0, 21, 42]),
        ("every 2 cycles for up to 6 cycles", [42, 84, 126]),
    ],
)
def test_cycles(words, days):
    found = read(words)
    assert found is not None and (found.clock, found.cycle_days) == ("cycle", 21)
    shown = days_of(found, len(days) + (found.every_days is None or found.last_day is not None))
    assert shown == pytest.approx(days)


@pytest.mark.parametrize(
    "words",
    [
        "every 0 weeks", "q0w", "every 0 cycles", "twice weekly", "bi-weekly", "every 2-3 weeks",
        "every 48 hours", "daily", "every 3 weeks then every 6 weeks", "every 999 years",
        "Cycles 9-2 / Day 1", "Cycle 9-2 / Day 1", "Cycle 2 to Cycle 999999 / Day 1",
        "Cycle 9999 and beyond / Day 1", "Cycle 2-6 and beyond / Day 1", "C1D1, C1D8",
        "Cycle 2", "Weekly dose", "every 1 day for the first 99 years, then every 1 week",
        "every 12 weeks until week 4", "Maintenance every 8 weeks", "(((", ".*", "[a-", "\\",
        "Cycle", "q", "",
    ],
)  # fmt: skip
def test_what_is_not_plain_is_not_read(words):
    assert read(words or " ") is None


def test_cycles_without_a_length_are_not_read():
    assert read("Cycle 2 and beyond / Day 1", cycle_days=None) is None
    assert days_of(read("Cycle 2 and beyond (28 days) / Day 1", cycle_days=None), 2) == [28, 56]


@pytest.mark.parametrize(
    ("words", "state", "after"),
    [
        ("every 8 weeks until disease progression", "progression", None),
        ("every 8 weeks until death", "alive", None),
        ("every 3 weeks up to 30 days after the last dose", "treatment", None),
        ("Survival follow-up every 12 weeks", "alive", "treatment"),
        ("Post-treatment follow-up q3m", "alive", "treatment"),
    ],
)
def test_the_state_that_ends_it(words, state, after):
    found = read(words)
    assert found is not None and (found.state, found.after) == (state, after)


def test_follow_up_for_two_years_ends():
    found = read("Follow-up every 6 months for 2 years")
    assert days_of(found) == pytest.approx([6 * MONTH, 12 * MONTH, 18 * MONTH, 24 * MONTH])


def test_each_cycle_starts_after_the_columns_of_the_first():
    first = Visit("B", "Baseline", "main", 0.0)
    assert days_of(read("Day 1 of each cycle", others=(first,)), 2) == [21, 42]
    named = Visit("B", "Cycle 1 Day 8", "main", None)
    assert days_of(read("Day 1 of each cycle", others=(named,)), 2) == [21, 42]
    later = Visit("B", "Cycle 11 Day 8", "main", 300.0)
    assert days_of(read("Day 1 of each cycle", others=(later,)), 2) == [0, 21]


def test_a_column_with_a_day_goes_on_from_it():
    assert days_of(read("Visit", offset=7.0, repeat="every 2 weeks"), 3) == [7, 21, 35]
    assert days_of(read("Visit", offset=7.0, repeat="every 2 weeks, 2 cycles")) == [7, 21]
    assert read("Visit", offset=7.0, repeat="every 2 weeks, 0 cycles") is None
    assert read("Monthly", offset=7.0) is None


@pytest.mark.parametrize(
    ("mark", "days"),
    [
        ("Q12W", [84, 168]),
        ("X (Weeks 9, 18, 27, and then every 12 weeks)", [63, 126, 189, 273]),
        ("yearly", [365.25, 730.5]),
        ("C3D1", [42]),
        ("Cycles 4, 6 and 8", [63, 105, 147]),
        ("Cycles 1, 4, 7 and every 3 cycles thereafter", [63, 126, 189]),
        ("Cycles 3-5", [42, 63, 84]),
        ("up to Cycle 4", [21, 42, 63]),
        ("Cycle 3 onwards", [42, 63]),
        ("every third cycle", [63, 126]),
    ],
)
def test_cells_with_a_time_of_their_own(mark, days):
    found = read_cell(mark)
    assert found is not None
    assert days_of(found, len(days) + (found.every_days is None or found.last_day is not None)) == days


@pytest.mark.parametrize(
    "mark",
    [
        "X", "(X)", "daily", "Administered every day", "Every cycle", "except Cycle 3", "not at cycle 3",
        "before Cycle 4", "through cycle 1", "every 0 cycles", "Cycles 9-3", "as clinically indicated",
    ],
)  # fmt: skip
def test_cells_that_stay_with_their_column(mark):
    assert read_cell(mark) is None


def test_a_cell_at_cycles_beyond_its_column_stays_with_it():
    assert read_cell("Cycle 8 only", "Cycles 1-6 / Day 1") is None


def test_cells_of_a_column_with_several_days():
    column = "Cycle 2+ / Days 1, 8"
    assert days_of(read_cell("Cycles 4, 5", column)) == [63, 70, 84, 91]
    assert days_of(read_cell("every other cycle", column), 4) == [42, 49, 84, 91]


def test_days_and_intervals_that_look_alike():
    assert find_days("Day 1, 2 hours after the dose") == (0.0,)
    assert find_days("D1 (±1), D8 (±1)") == (0.0, 7.0)
    assert find_days("Day 3 to 5") == (2.0,)
    assert find_rhythm("Days 1, 8 and 15") is None


@pytest.mark.parametrize(
    "text",
    ["Cycle = 0 days", "every 0 cycles (every 4 weeks)", "0-day cycles", "every 99 cycles (every 1 day)"],
)
def test_a_cycle_of_no_length_is_none(text):
    assert find_cycle_days(text) is None
    assert CycleReader(make(text)).common_days is None


def test_lengths_that_differ_are_not_common():
    protocol = make("Visit")
    notes = tuple(Condition(str(n), f"Cycle = {n} days", "") for n in (21, 28))
    assert CycleReader(Protocol(**{**vars_of(protocol), "conditions": notes})).common_days is None
    assert CycleReader(Protocol(**{**vars_of(protocol), "conditions": notes[:1]})).common_days == 21


def vars_of(protocol: Protocol) -> dict:
    names = ("id", "title", "source", "timelines", "visits", "activities", "cells")
    return {name: getattr(protocol, name) for name in names}


def test_what_stands_late_in_a_long_text_is_not_read():
    assert read("x" * LONGEST_WORDS + " every 2 weeks") is None
    assert find_cycle_days("cycle " * 200_000) is None


def test_days_that_come_again_must_lie_within_their_interval():
    with pytest.raises(InvalidEvidence, match="has days further apart than the 21 days"):
        Recurrence((0.0, 21.0), 21.0, "cycle", "treatment", "x", recurs_whole=True)

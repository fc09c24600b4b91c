"""The screening by hand against answers that a reader gives: truth tables, single patients, one cohort."""

import polars as pl
import pytest
from screening_by_hand import (
    Patient,
    answer_and,
    answer_expression,
    answer_not,
    answer_or,
    read_patients,
    screen_by_hand,
)

from unburden.domain.cohort import EVENT_SCHEMA, Column
from unburden.domain.criteria import (
    AllOf,
    AnyOf,
    AtLeast,
    Between,
    Compare,
    CompareToLimit,
    CountEvents,
    CriterionRule,
    EventSet,
    LatestValue,
    Not,
    OneOf,
    Unless,
    Unread,
    Window,
)

COLUMNS = {
    column.name: column
    for column in (
        Column("age", "year"),
        Column("size", "mm"),
        Column("sex"),
        Column("fit"),
        Column("ast", "U/L", upper_limit="ast_uln", lower_limit=5.0),
        Column("bilirubin", "mg/dL", upper_limit=1.1),
        Column("nodes", "count"),
    )
}
YES, NO, NEVER = Compare("fit", "==", True), Compare("fit", "==", False), Unread("consent", "administrative")
FIT = Patient({"fit": True})


def event(day, kind="drug", code="A", system="ATC", value=None, unit=None):
    return {"day": day, "kind": kind, "code": code, "system": system, "value": value, "unit": unit}


def ask(expression, row=(), *events):
    return answer_expression(expression, Patient(dict(row), events), COLUMNS)


def test_kleene_tables():
    # Kleene (1952, section 64): the strong tables, in the order true, unknown, false.
    values = (True, None, False)
    both = [[True, None, False], [None, None, False], [False, False, False]]
    either = [[True, True, True], [True, None, None], [True, None, False]]
    for a, both_row, either_row in zip(values, both, either, strict=True):
        assert [answer_and([a, b]) for b in values] == both_row
        assert [answer_or([a, b]) for b in values] == either_row
    assert [answer_not(a) for a in values] == [False, None, True]
    assert (answer_and([]), answer_or([])) == (True, False)


@pytest.mark.parametrize(
    ("count", "parts", "expected"),
    [
        (2, (YES, YES, NO), True),
        (2, (YES, NO, NO), False),
        (2, (YES, NEVER, NO), None),
        (2, (YES, YES, NEVER), True),
        (2, (NO, NO, NEVER), False),
        (0, (NO,), True),
        (3, (YES, YES), False),
    ],
)
def test_at_least(count, parts, expected):
    assert answer_expression(AtLeast(count, parts), FIT, COLUMNS) is expected


@pytest.mark.parametrize(
    ("part", "exception", "expected"),
    [
        (YES, YES, False),
        (YES, NO, True),
        (YES, NEVER, None),
        (NO, NEVER, False),
        (NEVER, YES, False),
        (NEVER, NO, None),
    ],
)
def test_unless(part, exception, expected):
    assert answer_expression(Unless(part, exception), FIT, COLUMNS) is expected


@pytest.mark.parametrize(
    ("leaf", "row", "expected"),
    [
        (Compare("age", ">=", 18, "year"), {"age": 18}, True),
        (Compare("age", ">=", 18, "year"), {"age": None}, None),
        (Compare("age", ">=", 18, "year"), {"age": float("nan")}, None),
        (Compare("age", "<", 216, "month"), {"age": 18}, False),
        (Compare("size", "<=", 1.1, "cm"), {"size": 11.0}, True),
        (Compare("size", ">", 1.1, "cm"), {"size": 11.0}, False),
        (Compare("sex", "!=", "M"), {"sex": "F"}, True),
        (Compare("sex", "!=", "M"), {"sex": None}, None),
        (Compare("nodes", ">", 3), {"nodes": 4}, True),
        (Between("size", 1, 2, "cm"), {"size": 20}, True),
        (Between("size", 1, 2, "cm"), {"size": 9.99}, False),
        (Between("size", 1, 2, "cm"), {}, None),
        (OneOf("sex", ("F", "X")), {"sex": "X"}, True),
        (OneOf("sex", ("F", "X")), {"sex": "M"}, False),
        (OneOf("sex", ("F", "X")), {"sex": None}, None),
        (CompareToLimit("ast", "<=", 2.5, "ULN"), {"ast": 100, "ast_uln": 40}, True),
        (CompareToLimit("ast", "<=", 2.5, "ULN"), {"ast": 101, "ast_uln": 40}, False),
        (CompareToLimit("ast", "<=", 2.5, "ULN"), {"ast": 100, "ast_uln": None}, None),
        (CompareToLimit("ast", "<", 1, "LLN"), {"ast": 4}, True),
        (CompareToLimit("bilirubin", "<=", 3, "ULN"), {"bilirubin": 3.3}, True),
        (CompareToLimit("bilirubin", ">", 3, "ULN"), {"bilirubin": 3.3}, False),
        (CompareToLimit("bilirubin", ">=", 3, "ULN"), {"bilirubin": 3.3}, True),
        (Unread("able to consent", "administrative"), {}, None),
    ],
)
def test_leaves_over_columns(leaf, row, expected):
    assert ask(leaf, row) is expected
    assert ask(Not(leaf), row) is answer_not(expected)


@pytest.mark.parametrize(
    ("window", "operator", "count", "expected"),
    [
        (Window(), "==", 4, True),
        (Window(-28, 0), "==", 2, True),
        (Window(-28, -1), "==", 1, True),
        (Window(None, -28), "==", 2, True),
        (Window(-27.5, None), ">=", 3, False),
        (Window(0, 14, "procedure"), "==", 1, True),
        (Window(0, 14, "condition"), "==", 1, None),
    ],
)
def test_counts_in_windows(window, operator, count, expected):
    # Drugs on days -100, -28, 0 and 12; the first of two procedures on day -2, so 0 to 14 is -2 to 12.
    timeline = [event(12), event(-100), event(-28), event(0), event(40, "procedure"), event(-2, "procedure")]
    leaf = CountEvents(EventSet("drug"), operator, count, window)
    if window.relative_to == "procedure":
        timeline[0] = event(12.5)
    assert ask(leaf, {}, *timeline) is expected


def test_codes_systems_and_absence():
    timeline = [event(-1, code="A"), event(-2, code="B", system="local"), event(-3, code=None, system=None)]
    for events, count in (
        (EventSet("drug"), 3),
        (EventSet("drug", ("A", "B")), 2),
        (EventSet("drug", ("A", "B"), "ATC"), 1),
        (EventSet("drug", (), "local"), 1),
        (EventSet("condition"), 0),
    ):
        assert ask(CountEvents(events, "==", count), {}, *timeline) is True
    none = CountEvents(EventSet("condition"), "==", 0)
    assert ask(none) is True
    assert ask(CountEvents(EventSet("condition"), "==", 0, absence="unknown"), {}, *timeline) is None
    assert ask(CountEvents(EventSet("drug"), "<", 9, absence="unknown"), {}, *timeline) is True


def test_latest_value():
    haemoglobin = EventSet("measurement", ("718-7",))
    asked = LatestValue(haemoglobin, ">=", 9, "g/dL", Window(-14, 0))

    def take(day, value, unit="g/dL"):
        return event(day, "measurement", "718-7", "LOINC", value, unit)

    assert ask(asked, {}, take(-3, 8.9), take(-10, 12.0)) is False
    assert ask(asked, {}, take(-15, 12.0), take(1, 12.0)) is None
    assert ask(asked, {}, take(-3, 90, "g/L")) is True
    assert ask(asked, {}, take(-3, 8.0), take(-3, 9.0)) is True
    assert ask(asked, {}, take(-3, 9.0), take(-3, 8.0)) is False
    assert ask(asked, {}, take(-3, None), take(-10, 12.0)) is None
    assert ask(asked, {}, take(-3, 9.0, None)) is None


def test_one_cohort_counted_by_a_reader():
    frame = pl.DataFrame(
        {
            "age": [17, 40, 50, None, 60, 30, 10],
            "sex": ["F", "F", "M", "F", None, "F", "M"],
            "size": [9, 9, 9, 9, 9, None, 9],
        }
    )
    events = pl.DataFrame([{"patient": 1, **event(-5.0)}], schema=EVENT_SCHEMA)
    rules = (
        CriterionRule("adult", "18 or older", True, Compare("age", ">=", 18, "year"), "exclude"),
        CriterionRule("men", "no men", False, Compare("sex", "==", "M"), "keep"),
        CriterionRule("drug", "no drug", False, CountEvents(EventSet("drug"), ">=", 1), "exclude"),
        CriterionRule(
            "small",
            "below 1 cm or anyhow",
            True,
            AnyOf((Compare("size", "<", 1, "cm"), AllOf((NEVER,)))),
            "exclude",
        ),
    )
    steps, eligible = screen_by_hand(rules, read_patients(frame, events), COLUMNS)
    # Row by row: 0 is too young; 1 had the drug; 2 is a man; 3 has no age; 4 passes; 5 has no size; 6 is
    # a boy.
    assert eligible == [4]
    found = [
        (s.entering, s.met, s.not_met, s.unknown, s.leaving, s.alone, s.alone_not_met, s.only) for s in steps
    ]
    assert found == [
        (7, 4, 2, 1, 4, 3, 2, 2),
        (4, 2, 1, 1, 3, 2, 2, 1),
        (3, 2, 1, 0, 2, 1, 1, 1),
        (2, 1, 0, 1, 1, 1, 0, 1),
    ]

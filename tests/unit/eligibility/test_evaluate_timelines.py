"""Limits of normal, timelines and counted parts on patients whose answers can be counted by hand."""

import polars as pl
import pytest

from unburden.domain.cohort import EVENT_SCHEMA, Cohort, Column
from unburden.domain.criteria import (
    AllOf,
    AtLeast,
    Compare,
    CompareToLimit,
    CountEvents,
    EventSet,
    LatestValue,
    Not,
    Unless,
    Unread,
    Window,
)
from unburden.domain.errors import InvalidCohort, InvalidCriterion
from unburden.eligibility.evaluate import evaluate_expression
from unburden.eligibility.problems import check_patients

FRAME = pl.DataFrame(
    {
        "alt": [33.0, 34.0, None, 100.0],
        "alt_uln": [30.0, 30.0, 30.0, None],
        "crp": [10.0, 10.1, float("nan"), 5.0],
        "narrow": pl.Series([3.3, 3.4, 3.2, 3.3], dtype=pl.Float32),
        "sex": ["F", "M", "F", "M"],
        "age": [30, 40, 50, 60],
        "site": ["x"] * 4,
        "zero": [0.0, -1.0, 3.0, None],
    }
)
COLUMNS = (
    Column("alt", "U/L", upper_limit="alt_uln"),
    Column("alt_uln", "U/L"),
    Column("crp", "mg/L", upper_limit=5.05),
    Column("narrow", "U/L", upper_limit=3.0),
    Column("sex", upper_limit=3),
    Column("zero", upper_limit="zero"),
    Column("age", "year", upper_limit="nowhere", lower_limit="alt_uln"),
)
EVENTS = pl.DataFrame(
    [
        (0, -200.0, "drug", "ATC", "L01", None, None),
        (0, -10.0, "drug", "ATC", "L01", None, None),
        (0, -9.0, "measurement", "LOINC", "hb", 9.0, "g/dL"),
        (0, -2.0, "measurement", "LOINC", "hb", 110.0, "g/L"),
        (1, -28.0, "drug", "ATC", "N02", None, None),
        (1, -1.0, "measurement", "LOINC", "hb", 12.0, "g/dL"),
        (1, -1.0, "measurement", "LOINC", "hb", 8.0, "g/dL"),
        (2, -5.0, "drug", "ATC", None, None, None),
        (2, -4.0, "measurement", "LOINC", "hb", None, "g/dL"),
        (2, -3.0, "procedure", "local", "surgery", None, None),
        (2, -1.0, "drug", "ATC", "L01", None, None),
        (3, -1.0, "measurement", "LOINC", "odd", 4.0, "furlong"),
        (3, -1.0, "measurement", "LOINC", "odd", 4.0, "g/dL"),
    ],
    schema=EVENT_SCHEMA,
    orient="row",
)
COHORT = Cohort("hand", FRAME, COLUMNS, "observed:hand", EVENTS)
BARE = Cohort("bare", FRAME, COLUMNS, "observed:hand")
CHEMO = EventSet("drug", ("L01",), "ATC")
HB = EventSet("measurement", ("hb",))
ODD = EventSet("measurement", ("odd",))
MONTH = Window(-30, -1)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # 1.1 times 30 is 33 in decimals, and 33.00000000000001 in doubles.
        (CompareToLimit("alt", "<=", 1.1, "ULN"), [True, False, None, None]),
        (CompareToLimit("alt", "==", 1.1, "ULN"), [True, False, None, None]),
        (CompareToLimit("crp", "<=", 2, "ULN"), [True, True, None, True]),
        (CompareToLimit("narrow", "<=", 1.1, "ULN"), [True, False, True, True]),
        (CountEvents(CHEMO, ">=", 1, MONTH), [True, False, True, False]),
        (CountEvents(CHEMO, ">=", 2, MONTH), [False, False, None, False]),
        (CountEvents(CHEMO, "==", 2), [True, False, None, False]),
        (CountEvents(EventSet("drug"), "==", 2), [True, False, True, False]),
        (CountEvents(CHEMO, "==", 0, MONTH, "unknown"), [False, None, False, None]),
        (CountEvents(CHEMO, ">=", 1, Window(1, None, "procedure")), [None, None, True, None]),
        (CountEvents(CHEMO, ">=", 1, Window(None, -1, "procedure")), [None, None, None, None]),
        (CountEvents(CHEMO, "<", 2, Window(None, -1, "procedure")), [None, None, True, None]),
        (LatestValue(HB, ">=", 10, "g/dL"), [True, None, None, None]),
        (LatestValue(HB, ">=", 8, "g/dL"), [True, True, None, None]),
        (LatestValue(HB, ">", 90, "g/L", Window(None, -3)), [False, None, None, None]),
        (Unread("able to consent", "no data can tell"), [None] * 4),
        (
            AtLeast(2, (Compare("age", ">", 35, "year"), Compare("sex", "==", "M"), Unread("?", "?"))),
            [False, True, None, True],
        ),
        (
            Unless(Compare("age", ">", 35, "year"), CompareToLimit("alt", ">", 1, "ULN")),
            [False, False, None, None],
        ),
    ],
)
def test_new_leaves_and_nodes_by_hand(expression, expected):
    truth = evaluate_expression(expression, COHORT)
    assert truth.dtype == pl.Boolean
    assert truth.to_list() == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (
            CompareToLimit("ast", "<", 2, "ULN"),
            "there is no column 'ast' in cohort 'hand'; its columns are alt, alt_uln, crp, narrow, sex, "
            "zero, age",
        ),
        (
            CompareToLimit("alt", "<", 2, "LLN"),
            "column 'alt' declares no lower_limit, so nothing can be compared with its LLN; declare "
            "lower_limit as a number or as the name of a column that holds each patient's",
        ),
        (
            CompareToLimit("sex", "<", 2, "ULN"),
            "column 'sex' holds text, so it cannot be compared with its ULN; name a column of numbers",
        ),
        (
            CompareToLimit("age", "<", 2, "ULN"),
            "column 'age' has upper_limit 'nowhere', which is no column of cohort 'hand'; its table has "
            "alt, alt_uln, crp, narrow, sex, age, site, zero",
        ),
        (
            CompareToLimit("age", "<", 2, "LLN"),
            "column 'age' has lower_limit 'alt_uln': U/L is a enzyme concentration and year is a time; "
            "give a enzyme concentration in U/L",
        ),
        (
            CompareToLimit("alt", "<", 0, "ULN"),
            "column 'alt' is compared with 0 times its ULN; give a number above 0",
        ),
        (
            CompareToLimit("zero", "<", 2, "ULN"),
            "column 'zero' has 2 upper_limits at or below 0, of which 2 times says nothing; "
            "correct the limit, leave it unknown or compare with 1 times",
        ),
        (CompareToLimit("alt", "<", 1, "UNL"), "limit 'UNL' on column 'alt' is not one of ULN, LLN"),
        (
            CountEvents(CHEMO, "~", 1),
            "operator '~' on the count of 'drug' events (ATC L01) is not one of <, <=, >, >=, ==, !=",
        ),
        (
            CountEvents(CHEMO, ">", -1),
            "'drug' events (ATC L01) are counted against -1; give a whole number from 0 on",
        ),
        (
            CountEvents(CHEMO, ">", 1.5),
            "'drug' events (ATC L01) are counted against 1.5; give a whole number from 0 on",
        ),
        (
            CountEvents(CHEMO, ">", 1, absence="no"),
            "absence of 'drug' events (ATC L01) is 'no'; use 'none' or 'unknown'",
        ),
        (
            CountEvents(HB, ">", 1, Window(0, -30)),
            "the window of 'measurement' events (hb) runs from day 0 to day -30; give the earlier day first",
        ),
        (
            CountEvents(HB, ">", 1, Window(float("nan"), 3)),
            "the window of 'measurement' events (hb) has the bound nan; give a number of days or none",
        ),
        (
            CountEvents(EventSet("visit"), ">", 1, Window(relative_to="birth")),
            "there is no event of kind 'visit' in the timelines of cohort 'hand'; their kinds are "
            "drug, measurement, procedure",
        ),
        (
            LatestValue(ODD, ">", 4, "g/L"),
            "values of 'measurement' events (odd) are in units that cannot be compared with 4 g/L: "
            "furlong (1 event). The first: unit 'furlong' is not known; use one of year, ",
        ),
        (
            LatestValue(HB, ">", 4),
            "values of 'measurement' events (hb) are in units that cannot be compared with 4 (no unit): "
            "g/L (1 event), g/dL (3 events). The first: the number asked for has no unit",
        ),
        (
            LatestValue(HB, ">", 4, "furlong"),
            "the latest value of 'measurement' events (hb): unit 'furlong' is not known; use one of year, ",
        ),
        (
            LatestValue(HB, ">", float("inf"), "g/L"),
            "the latest value of 'measurement' events (hb) is compared with inf; give a finite number",
        ),
        (AtLeast(1, ()), "'at least' has no parts; give at least one"),
        (
            AtLeast(2, (Unread("a", "b"),)),
            "'at least' asks for 2 of 1 parts; give a whole number from 1 to 1",
        ),
    ],
)
def test_what_cannot_be_evaluated_is_refused(expression, expected):
    with pytest.raises(InvalidCriterion) as caught:
        evaluate_expression(expression, COHORT)
    assert caught.value.problems[0].startswith(expected)


def test_every_problem_is_told_wherever_it_stands():
    parts = (CountEvents(CHEMO, ">", -1), Not(Unless(AtLeast(0, (Unread("a", "b"),)), Compare("x", ">", 1))))
    with pytest.raises(InvalidCriterion) as caught:
        evaluate_expression(AllOf(parts), BARE)
    assert caught.value.problems == (
        "'drug' events (ATC L01) are counted against -1; give a whole number from 0 on",
        "'at least' asks for 0 of 1 parts; give a whole number from 1 to 1",
        "cohort 'bare' has no timelines, so 'drug' events (ATC L01) cannot be looked up; give it events",
        "there is no column 'x' in cohort 'bare'; its columns are alt, alt_uln, crp, narrow, sex, zero, age",
    )


def test_a_limit_in_another_unit_is_converted():
    frame = pl.DataFrame({"albumin": [35.0, 36.0], "lln": [3.5, 3.5]})
    columns = (Column("albumin", "g/L", lower_limit="lln"), Column("lln", "g/dL"))
    cohort = Cohort("lab", frame, columns, "observed:hand")
    found = evaluate_expression(CompareToLimit("albumin", ">", 1, "LLN"), cohort)
    assert found.to_list() == [False, True]


def test_duplicate_patients_are_named():
    frame = pl.DataFrame({"id": [7, 7, 7, 8, 8, *range(10, 16), *range(10, 16)]})
    with pytest.raises(InvalidCohort) as caught:
        check_patients(Cohort("twice", frame, (Column("id"),), "observed:hand"), "id")
    assert caught.value.problems == (
        "8 patients have more than one row, told by 'id': 7 (3 rows), 8 (2 rows), 10 (2 rows), "
        "11 (2 rows), 12 (2 rows) and 3 more; keep one row a patient",
    )
    with pytest.raises(InvalidCohort, match="there is no column 'name'; its columns are id"):
        check_patients(Cohort("twice", frame, (Column("id"),), "observed:hand"), "name")
    check_patients(Cohort("once", frame.unique(), (Column("id"),), "observed:hand"), "id")

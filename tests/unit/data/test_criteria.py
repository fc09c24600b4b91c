"""Rules from TOML tables, and what a reader is told about tables that are no rules."""

import tomllib

import pytest

from unburden.data.criteria import parse_rules, write_rules
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
from unburden.domain.errors import InvalidCriterion

FORMS = (
    "operator with value, between, in, times_uln, times_lln, events, latest, all, any, not, at_least, "
    "unless or unread"
)
HEAD = {"criterion": "IN01", "text": "Adults", "kind": "inclusion", "unknown": "exclude"}

DRUGS = {"events": {"kind": "drug"}, "operator": "<", "count": 1}


def problems_of(*tables):
    with pytest.raises(InvalidCriterion) as caught:
        parse_rules(list(tables), "study.toml")
    assert caught.value.where == "study.toml"
    return caught.value.problems


def test_every_form_is_read_from_toml():
    tables = tomllib.loads("""
        [[rule]]
        criterion = "IN01"
        text = "Adults"
        kind = "inclusion"
        unknown = "exclude"
        column = "age"
        operator = ">="
        value = 18
        unit = "year"
        [[rule]]
        criterion = "EX01"
        kind = "exclusion"
        unknown = "keep"
        any = [
          {all = [{column = "size", between = [1.5, 2], unit = "cm"}, {column = "grade", in = [2, 3]}]},
          {not = {column = "pregnant", operator = "==", value = false}},
        ]
    """)["rule"]
    assert parse_rules(tables, "study.toml") == (
        CriterionRule("IN01", "Adults", True, Compare("age", ">=", 18, "year"), "exclude"),
        CriterionRule(
            "EX01",
            "",
            False,
            AnyOf(
                (
                    AllOf((Between("size", 1.5, 2, "cm"), OneOf("grade", (2, 3)))),
                    Not(Compare("pregnant", "==", False)),
                )
            ),
            "keep",
        ),
    )


def test_limits_timelines_and_unread_words_are_read_from_toml():
    tables = tomllib.loads(
        """
        [[rule]]
        criterion = "EX02"
        kind = "exclusion"
        unknown = "keep"
        at_least = 1
        [[rule.of]]
        column = "alt"
        operator = ">"
        times_uln = 2.5
        [[rule.of]]
        part = {events = {kind = "drug", codes = ["L01"], system = "ATC"}, operator = ">=", count = 1, \
window_days = [-28, -1], absence = "unknown"}
        unless = {latest = {kind = "measurement", codes = ["718-7"]}, operator = ">=", value = 9, \
unit = "g/dL", window_days = ["any", 0], relative_to = "procedure"}
        [[rule.of]]
        unread = "In the investigator's opinion"
        reason = "a judgement"
    """.replace("\\\n", "")
    )["rule"]
    (rule,) = parse_rules(tables, "study.toml")
    assert rule.expression == AtLeast(
        1,
        (
            CompareToLimit("alt", ">", 2.5, "ULN"),
            Unless(
                CountEvents(EventSet("drug", ("L01",), "ATC"), ">=", 1, Window(-28, -1), "unknown"),
                LatestValue(
                    EventSet("measurement", ("718-7",)), ">=", 9, "g/dL", Window(None, 0, "procedure")
                ),
            ),
            Unread("In the investigator's opinion", "a judgement"),
        ),
    )
    assert write_rules([rule]) == tables


def test_what_could_not_be_read_back_is_not_written():
    deep = Compare("a", "<", 1)
    for _ in range(60):
        deep = Not(deep)
    rules = [CriterionRule("EX01", "", False, deep, "keep")]
    with pytest.raises(InvalidCriterion, match="EX01 nests deeper than 50 levels; flatten it"):
        write_rules(rules)
    with pytest.raises(InvalidCriterion, match="EX01 has in = \\[\\]; give a list of numbers"):
        write_rules([CriterionRule("EX01", "", False, OneOf("a", ()), "keep")])
    with pytest.raises(InvalidCriterion, match="rule 1 nests deeper than 50 levels; flatten it"):
        parse_rules([HEAD | {"not": nest({"column": "a", "in": [1]}, 2000)}], "study.toml")


def nest(table, levels):
    for _ in range(levels):
        table = {"not": table}
    return table


def test_no_tables_are_no_rules():
    assert parse_rules([], "study.toml") == ()


def test_every_problem_of_every_table_is_listed():
    found = problems_of(
        {"kind": "included", "unknown": "keep", "column": "age", "operator": "=>", "value": 18},
        HEAD | {"any": [{"column": "age", "between": [9, 1], "unit": "yr"}, {"colum": "sex", "in": []}]},
        HEAD | {"criterion": "IN02", "all": []},
    )
    assert found[0] == "rule 1 has criterion None; give the protocol's criterion, such as 'IN01'"
    assert found[1] == "rule 1 has kind 'included'; use 'inclusion' or 'exclusion'"
    assert found[2] == "rule 1 has operator '=>'; use '<' or '<=' or '>' or '>=' or '==' or '!='"
    assert found[3].startswith("IN01, any 1: unit 'yr' is not known; use one of year, month, week, day")
    assert found[4] == "IN01, any 1 has between = [9, 1]; give the lower first"
    assert found[5] == (
        "IN01, any 2 has the unknown key 'colum'; "
        "the keys are column, operator, value, unit, between, in, times_uln, times_lln, events, count, "
        "window_days, relative_to, absence, latest, all, any, not, at_least, of, part, unless, unread, reason"
    )
    assert found[6] == "IN01, any 2 names no column; give column = '...'"
    assert found[7] == "IN01, any 2 has in = []; give a list of numbers, words, true or false"
    assert found[8] == "IN02 has all = []; give a list with at least one expression"
    assert len(found) == 9


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, f"IN01 must have one of {FORMS}; found none of them"),
        (
            {"column": "a", "in": [1], "between": [1, 2]},
            "IN01 must have one of " + FORMS + "; found column, in, between",
        ),
        ({"column": "a", "in": [1], "unit": "mm"}, "IN01 has 'unit', which does not go with 'in'"),
        ({"column": "a", "any": [HEAD]}, "IN01 has 'column', which does not go with 'any'"),
        (
            {"column": "a", "value": 1},
            "IN01 has no operator; give '<' or '<=' or '>' or '>=' or '==' or '!='",
        ),
        ({"column": "a", "operator": "<"}, "IN01 has no value; give a number, a word, true or false"),
        (
            {"column": "a", "operator": "<", "value": float("nan")},
            "IN01 has value nan; give a number, a word, true or false",
        ),
        ({"column": "a", "between": [1]}, "IN01 has between = [1]; give two numbers, [low, high]"),
        ({"column": "a", "between": [False, True]}, "IN01 has between = [False, True]; give two numbers"),
        ({"column": 3, "in": [1]}, "IN01 has column 3; give its name"),
        ({"not": "old"}, "IN01, not is 'old'; give a table"),
        ({"unknown": None, "column": "a", "in": [1]}, "IN01 has unknown None; use 'keep' or 'exclude'"),
        ({"text": 4, "column": "a", "in": [1]}, "IN01 has text 4; give words"),
        ({"column": "a", "operator": "<", "value": 1, "unit": ["mm"]}, "IN01: unit ['mm'] is not known"),
        (
            {"column": "a", "operator": "<", "times_uln": 0},
            "IN01 has times_uln = 0; give a number above 0",
        ),
        (
            {"column": "a", "operator": "<", "times_lln": 1, "unit": "mm"},
            "IN01 has 'unit', which does not go with 'times_lln'",
        ),
        (
            {"column": "a", "times_lln": True},
            "IN01 has times_lln = True; give a number above 0",
        ),
        (
            {"events": "drug", "operator": "<", "count": 1},
            "IN01 has events = 'drug'; give {kind = '...', codes = [...]}",
        ),
        (DRUGS | {"events": {"kinds": "x"}}, "IN01, events has the unknown key 'kinds'; the keys are kind"),
        (DRUGS | {"events": {}}, "IN01, events has kind None; give a kind of event, such as 'condition'"),
        (
            DRUGS | {"events": {"kind": "drug", "codes": [3]}},
            "IN01, events has codes = [3]; give a list of words",
        ),
        (
            DRUGS | {"events": {"kind": "drug", "system": 3}},
            "IN01, events has system 3; give its name",
        ),
        (DRUGS | {"count": -1}, "IN01 has count = -1; give a whole number from 0 on"),
        (DRUGS | {"count": 1.5}, "IN01 has count = 1.5; give a whole number from 0 on"),
        ({"events": {"kind": "drug"}, "operator": "<"}, "IN01 has count = None; give a whole number"),
        (DRUGS | {"absence": "no"}, "IN01 has absence 'no'; use 'none' or 'unknown'"),
        (
            DRUGS | {"window_days": [3]},
            "IN01 has window_days = [3]; give [from, to] in days, with 'any' for no end",
        ),
        (DRUGS | {"window_days": [3, -3]}, "IN01 has window_days = [3, -3]; give the earlier day first"),
        (DRUGS | {"window_days": [float("nan"), 3]}, "IN01 has window_days = [nan, 3]; give [from, to]"),
        (DRUGS | {"relative_to": 1}, "IN01 has relative_to 1; give 'index' or a kind of event"),
        (DRUGS | {"unit": "mm"}, "IN01 has 'unit', which does not go with 'events'"),
        (
            {"latest": {"kind": "measurement"}, "operator": "<", "value": "x"},
            "IN01 has value 'x'; give a number",
        ),
        ({"at_least": 1}, "IN01 has of = None; give a list with at least one expression"),
        ({"at_least": 1, "of": 7}, "IN01 has of = 7; give a list with at least one expression"),
        (
            {"at_least": 2, "of": [{"column": "a", "in": [1]}]},
            "IN01 has at_least = 2; give a whole number from 1 to 1",
        ),
        ({"unless": {"column": "a", "in": [1]}}, "IN01 has unless but no part; give part = {...}"),
        ({"part": {"column": "a", "in": [1]}}, "IN01 must have one of "),
        ({"part": {}, "unless": {"column": "a", "in": [1]}}, "IN01, part must have one of "),
        ({"unread": "words"}, "IN01 has reason = None; give words"),
    ],
)
def test_a_bad_table_says_what_to_do(change, expected):
    assert any(problem.startswith(expected) for problem in problems_of(HEAD | change))


def test_kind_and_unknown_have_no_default():
    found = problems_of({"criterion": "IN01", "column": "a", "in": [1]})
    assert found == (
        "IN01 has no kind; give 'inclusion' or 'exclusion'",
        "IN01 has no unknown; give 'keep' or 'exclude'",
    )


def test_a_criterion_has_one_rule():
    table = HEAD | {"column": "a", "in": [1]}
    assert problems_of(table, table) == ("IN01 has two rules; keep one",)


def test_a_row_that_is_no_table_is_refused():
    assert problems_of("age >= 18") == ("rule 1 is 'age >= 18'; give a table",)


@pytest.mark.parametrize("number", [10**400, -(16**5000), 1e200], ids=["400 digits", "6000 digits", "float"])
@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (lambda n: {"operator": ">", "value": n}, "IN01 has value"),
        (lambda n: {"between": [0, n]}, "IN01 has between = "),
        (lambda n: {"in": [1, n]}, "IN01 has in = "),
    ],
    ids=["value", "between", "in"],
)
def test_a_number_beyond_all_measures_is_told_briefly(number, form, expected):
    (problem,) = problems_of(HEAD | {"column": "a"} | form(number))
    assert problem.startswith(expected)
    assert len(problem) < 160

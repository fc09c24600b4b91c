"""Criteria that contradict each other, told by hand."""

import pytest

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
from unburden.eligibility.conflicts import find_conflicts

CHEMO, ANY_DRUG = EventSet("drug", ("L01",), "ATC"), EventSet("drug")
MONTH, YEAR = Window(-30, -1), Window(-365, 0)
HB = EventSet("measurement", ("hb",))
AGE = Compare("age", ">=", 18, "year")


def rules_of(inclusion, exclusion, policies=("exclude", "exclude")):
    return (
        CriterionRule("IN", "", True, inclusion, policies[0]),
        CriterionRule("EX", "", False, exclusion, policies[1]),
    )


@pytest.mark.parametrize(
    ("inclusion", "exclusion", "about"),
    [
        (AGE, Compare("age", ">", 12, "year"), "column 'age'"),
        (AGE, Compare("age", ">=", 216, "month"), "column 'age'"),
        (Between("size", 1, 2, "cm"), Between("size", 10, 20, "mm"), "column 'size'"),
        (OneOf("grade", (2, 3)), Compare("grade", ">", 1), "column 'grade'"),
        (OneOf("sex", ("F", "X")), Not(Compare("sex", "==", "M")), "column 'sex'"),
        (Compare("pregnant", "==", True), Compare("pregnant", "!=", False), "column 'pregnant'"),
        (Compare("share", "<", 10, "%"), Compare("share", "<", 0.1), "column 'share'"),
        (
            CompareToLimit("alt", "<=", 2.5, "ULN"),
            CompareToLimit("alt", "<", 3, "ULN"),
            "column 'alt' against its ULN",
        ),
        (
            CountEvents(CHEMO, ">=", 1, MONTH),
            CountEvents(ANY_DRUG, ">", 0, YEAR),
            "number of 'drug' events within days -365 to 0 of index",
        ),
        (CountEvents(CHEMO, ">", 1), Not(CountEvents(CHEMO, "==", 1)), "number of 'drug' events (L01)"),
        (
            LatestValue(HB, ">=", 9, "g/dL"),
            LatestValue(HB, ">", 80, "g/L"),
            "latest value of 'measurement' events (hb)",
        ),
        (AnyOf((AGE, Compare("age", "<", 3, "year"))), Not(Between("age", 4, 5, "year")), "column 'age'"),
        (AtLeast(2, (AGE, AGE, Compare("sex", "==", "F"))), AGE, "column 'age'"),
        (Unless(AGE, Compare("sex", "==", "F")), Compare("sex", "!=", "F"), "column 'sex'"),
    ],
)
def test_pairs_that_nobody_can_pass(inclusion, exclusion, about):
    (found,) = find_conflicts(rules_of(inclusion, exclusion))
    assert found.criterion_ids == ("IN", "EX")
    assert not found.only_unknown_pass
    assert found.about == (about,)
    assert str(found) == f"no patient can pass both IN and EX: {about}"
    (weaker,) = find_conflicts(rules_of(inclusion, exclusion, ("keep", "keep")))
    assert weaker.only_unknown_pass
    assert str(weaker).startswith("no patient of whom enough is known can pass both IN and EX: ")


@pytest.mark.parametrize(
    ("inclusion", "exclusion"),
    [
        (AGE, Compare("age", ">", 18, "year")),
        (AGE, Compare("weight", ">", 12, "kg")),
        (Between("size", 1, 2, "cm"), Between("size", 10, 19.9, "mm")),
        (OneOf("grade", (2, 3)), Compare("grade", ">", 2)),
        (OneOf("sex", ("F", "X")), Compare("sex", "==", "F")),
        (Compare("sex", "!=", "F"), Compare("sex", "==", "M")),
        (CompareToLimit("alt", "<=", 2.5, "ULN"), CompareToLimit("alt", "<", 2.5, "ULN")),
        (CompareToLimit("alt", "<=", 2.5, "ULN"), CompareToLimit("alt", "<", 3, "LLN")),
        (CountEvents(ANY_DRUG, ">=", 1, YEAR), CountEvents(CHEMO, ">", 0, MONTH)),
        (CountEvents(CHEMO, ">=", 1, MONTH), CountEvents(CHEMO, ">", 0, Window(-365, 0, "procedure"))),
        # Records without a sure event count as none for the one and as unknown for the other.
        (CountEvents(CHEMO, "==", 0), CountEvents(CHEMO, "==", 5, absence="unknown")),
        (LatestValue(HB, ">=", 9, "g/dL"), LatestValue(HB, ">", 90, "g/L")),
        (AnyOf((AGE, Compare("sex", "==", "F"))), Compare("age", ">", 12, "year")),
        (AtLeast(2, (AGE, Compare("sex", "==", "F"), Compare("size", ">", 1, "mm"))), AGE),
    ],
)
@pytest.mark.parametrize("policies", [("keep", "keep"), ("keep", "exclude"), ("exclude", "exclude")])
def test_pairs_that_somebody_can_pass_are_not_accused(inclusion, exclusion, policies):
    assert find_conflicts(rules_of(inclusion, exclusion, policies)) == ()


def test_an_absent_event_that_is_unknown_passes_with_one_that_is_none():
    """No chemotherapy on record: "none" for the one rule, unknown and kept for the other."""
    rules = (
        CriterionRule("IN", "", True, CountEvents(CHEMO, "==", 0), "exclude"),
        CriterionRule("EX", "", True, CountEvents(CHEMO, ">=", 1, absence="unknown"), "keep"),
    )
    (found,) = find_conflicts(rules)
    assert found.only_unknown_pass


def test_a_rule_that_nobody_can_pass_by_itself_is_told_once():
    never = AllOf((AGE, Compare("age", "<", 12, "year")))
    rules = (
        CriterionRule("IN01", "", True, never, "exclude"),
        CriterionRule("IN02", "", True, AGE, "exclude"),
        CriterionRule("IN03", "", True, Unread("able to consent", "no data"), "exclude"),
        CriterionRule("IN04", "", True, Unread("able to consent", "no data"), "keep"),
    )
    assert [str(found) for found in find_conflicts(rules)] == [
        "no patient can pass IN01: column 'age'",
        "no patient can pass IN03: words that no data answer ('able to consent')",
    ]


def test_rules_with_too_many_alternatives_are_not_accused():
    wide = AtLeast(10, tuple(Compare(f"c{i}", ">", 1) for i in range(20)))
    rules = rules_of(AllOf((wide, AGE)), AGE)
    assert find_conflicts(rules) == ()


def test_rules_of_no_form_are_refused():
    with pytest.raises(InvalidCriterion, match="criterion 'IN': column 'a' is one of no values"):
        find_conflicts(rules_of(OneOf("a", ()), AGE))

"""Screening of small cohorts whose answers can be counted by hand."""

import polars as pl
import pytest

from unburden.domain.cohort import Cohort, Column
from unburden.domain.criteria import AllOf, AnyOf, Between, Compare, CriterionRule, Not, OneOf
from unburden.domain.errors import InvalidCriterion
from unburden.eligibility.evaluate import evaluate_expression
from unburden.eligibility.screen import screen_cohort

FRAME = pl.DataFrame(
    {
        "age": [17, 18, 40, 80, None],
        "size": [10.0, 11.0, float("nan"), 25.0, 30.0],
        "sex": ["F", None, "M", "F", "F"],
        "treated": [True, False, None, False, True],
        "nodes": [0, 1, 2, 3, None],
        "missing": [None] * 5,
        "seen": pl.date_range(pl.date(2020, 1, 1), pl.date(2020, 1, 5), eager=True),
        "undeclared": [1, 2, 3, 4, 5],
    }
)
COLUMNS = (
    Column("age", "year"),
    Column("size", "mm"),
    Column("sex"),
    Column("treated"),
    Column("nodes", "count"),
    Column("missing", "mm"),
    Column("seen"),
)
COHORT = Cohort("hand", FRAME, COLUMNS, "observed:hand")
ADULT = CriterionRule("IN01", "Adults", True, Compare("age", ">=", 18, "year"), "exclude")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Compare("age", ">=", 216, "month"), [False, True, True, True, None]),
        (Compare("size", "<=", 1.1, "cm"), [True, True, None, False, False]),
        (Between("size", 1.1, 2.5, "cm"), [False, True, None, True, False]),
        (Compare("sex", "!=", "F"), [False, None, True, False, False]),
        (OneOf("sex", ("M", "X")), [False, None, True, False, False]),
        (Compare("treated", "==", False), [False, True, None, True, False]),
        (Compare("nodes", ">", 1), [False, False, True, True, None]),
        (OneOf("nodes", (0, 3)), [True, False, False, True, None]),
        (Compare("missing", ">", 1, "mm"), [None] * 5),
        (Not(Compare("age", ">", 18, "year")), [True, True, False, False, None]),
        (
            AllOf((Compare("age", ">=", 18, "year"), Compare("treated", "==", True))),
            [False, False, None, False, None],
        ),
        (
            AnyOf((Compare("age", ">=", 18, "year"), Compare("treated", "==", True))),
            [True, True, True, True, True],
        ),
    ],
)
def test_expressions_by_hand(expression, expected):
    truth = evaluate_expression(expression, COHORT)
    assert truth.dtype == pl.Boolean
    assert truth.to_list() == expected


def test_single_precision_and_small_integers_meet_their_own_threshold():
    frame = pl.DataFrame(
        {"x": pl.Series([0.1, 0.2], dtype=pl.Float32), "n": pl.Series([1, 100], dtype=pl.Int8)}
    )
    cohort = Cohort("narrow", frame, (Column("x", "mm"), Column("n")), "observed:narrow")
    assert evaluate_expression(Compare("x", "<=", 0.1, "mm"), cohort).to_list() == [True, False]
    assert evaluate_expression(Compare("n", "<", 300), cohort).to_list() == [True, True]


def test_categories_are_words():
    frame = pl.DataFrame({"sex": pl.Series(["F", "M", None], dtype=pl.Categorical)})
    cohort = Cohort("words", frame, (Column("sex"),), "observed:words")
    assert evaluate_expression(OneOf("sex", ("F",)), cohort).to_list() == [True, False, None]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (
            Compare("weight", ">", 3, "kg"),
            "there is no column 'weight' in cohort 'hand'; "
            "its columns are age, size, sex, treated, nodes, missing, seen",
        ),
        (
            Compare("undeclared", ">", 3),
            "column 'undeclared' is in the table of cohort 'hand' but has no declared unit; declare it. "
            "Declared columns: age, size, sex, treated, nodes, missing, seen",
        ),
        (Compare("age", ">=", 18), "column 'age' is in year; give the number a unit"),
        (
            Compare("age", ">=", 18, "mm"),
            "column 'age': mm is a length and year is a time; give a length in m, cm, mm",
        ),
        (
            Compare("nodes", ">", 5, "%"),
            "column 'nodes': % is a fraction and count is a count; give a fraction in 1, %",
        ),
        (OneOf("age", (18, 19)), "column 'age' is in year; use between or == with a unit"),
        (
            Compare("sex", "==", 1),
            "column 'sex' holds text, so it cannot be compared with 1, which is a number",
        ),
        (
            Compare("age", "==", "old"),
            "column 'age' holds a number, so it cannot be compared with 'old', which is text",
        ),
        (
            Compare("treated", "==", 1),
            "column 'treated' holds true or false, so it cannot be compared with 1, which is a number",
        ),
        (
            OneOf("sex", ("F", 1)),
            "column 'sex' holds text, so it cannot be compared with 1, which is a number",
        ),
        (Compare("sex", "<", "F"), "column 'sex' < 'F' orders words; use == or !="),
        (Compare("sex", "==", "F", "mm"), "column 'sex': 'F' is no number; remove its unit 'mm'"),
        (Compare("seen", "==", "F"), "column 'seen' holds Date; use numbers, text or true and false"),
        (Compare("nodes", "<", float("nan")), "column 'nodes' is compared with nan; give a finite number"),
        (Compare("nodes", "=<", 1), "operator '=<' on column 'nodes' is not one of <, <=, >, >=, ==, !="),
        (Between("nodes", 3, 1), "column 'nodes' is between 3 and 1; give the lower first"),
        (OneOf("nodes", ()), "column 'nodes' is one of no values; give at least one"),
        (AllOf(()), "'all' has no parts; give at least one"),
        (Not(AnyOf(())), "'any' has no parts; give at least one"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(expression, expected):
    with pytest.raises(InvalidCriterion) as caught:
        evaluate_expression(expression, COHORT)
    assert caught.value.problems == (expected,)


def test_unknown_unit_of_a_threshold_lists_the_known_ones():
    with pytest.raises(InvalidCriterion, match="unit 'yr' is not known; use one of year, month, week, day"):
        evaluate_expression(Compare("age", ">", 1, "yr"), COHORT)


def test_exclusion_counts_patients_who_pass_as_met():
    rules = (
        ADULT,
        CriterionRule("EX01", "Treated before", False, Compare("treated", "==", True), "keep"),
        CriterionRule("EX02", "Over 75", False, Compare("age", ">", 75, "year"), "exclude"),
    )
    found = screen_cohort(rules, COHORT)
    counts = [(s.entering, s.met, s.not_met, s.unknown, s.leaving, s.alone, s.only) for s in found.steps]
    # Patient 0 fails IN01 and EX01; 3 fails EX02 only; 4 fails all three, two of them as unknown.
    assert counts == [(5, 3, 1, 1, 3, 2, 0), (3, 2, 0, 1, 3, 2, 0), (3, 2, 1, 0, 2, 2, 1)]
    assert (found.eligible, found.eligible_rows, found.patients) == (2, (1, 2), 5)
    assert (found.source, found.cohort_name) == ("observed:hand", "hand")


@pytest.mark.parametrize(("policy", "eligible"), [("keep", (1, 2, 3, 4)), ("exclude", (1, 2, 3))])
@pytest.mark.parametrize(
    ("is_inclusion", "expression"),
    [(True, Compare("age", ">=", 18, "year")), (False, Compare("age", "<", 18, "year"))],
)
def test_policy_for_unknown_means_the_same_for_both_kinds(policy, eligible, is_inclusion, expression):
    rule = CriterionRule("C", "Adults", is_inclusion, expression, policy)
    found = screen_cohort((rule,), COHORT)
    assert found.eligible_rows == eligible
    assert (found.steps[0].met, found.steps[0].not_met, found.steps[0].unknown) == (3, 1, 1)


def test_texts_fill_in_and_name_what_is_not_computed():
    bare = CriterionRule("IN02", "", True, Compare("sex", "==", "F"), "keep")
    texts = {"IN00": "Consent", "IN01": "From protocol", "IN02": "Women", "EX09": "Frail"}
    found = screen_cohort((ADULT, bare), COHORT, criteria_texts=texts)
    assert [step.text for step in found.steps] == ["Adults", "Women"]
    assert found.uncomputed == ("IN00", "EX09")


def test_no_rules_leave_everyone():
    found = screen_cohort((), COHORT, criteria_texts={"IN01": "Adults"})
    assert (found.eligible, found.steps, found.uncomputed) == (5, (), ("IN01",))


def test_every_problem_of_every_rule_is_listed():
    bad = CriterionRule("IN02", "", True, AllOf((OneOf("sex", ()), Compare("age", ">", 1))), "maybe")  # type: ignore
    with pytest.raises(InvalidCriterion) as caught:
        screen_cohort((ADULT, ADULT, bad), COHORT)
    assert str(caught.value).splitlines() == [
        "InvalidCriterion: criteria on cohort 'hand': 4 problems",
        "  - criterion 'IN01' has two rules; keep one",
        "  - criterion 'IN02': unknown is 'maybe'; use 'keep' or 'exclude'",
        "  - criterion 'IN02': column 'sex' is one of no values; give at least one",
        "  - criterion 'IN02': column 'age' is in year; give the number a unit",
    ]

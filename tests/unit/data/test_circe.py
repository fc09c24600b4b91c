"""Circe cohort expressions against a small engine for them, written from Circe's own description."""

import json
from operator import eq, ge, gt, le, lt, ne

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unburden.data.formats.circe import make_circe, write_circe
from unburden.data.formats.circe_groups import CirceTerms
from unburden.domain.cohort import EVENT_SCHEMA, Cohort, Column
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
from unburden.eligibility.evaluate import evaluate_expression

BREAST = EventSet("condition", ("254837009",), "SNOMED")
DRUG_A, DRUG_B = EventSet("drug", ("A",), "RxNorm"), EventSet("drug", ("B",), "RxNorm")
BOTH, ANY_DRUG = EventSet("drug", ("A", "B"), "RxNorm"), EventSet("drug")
HB = EventSet("measurement", ("718-7",), "LOINC")
CONCEPTS = {("SNOMED", "254837009"): 10, ("RxNorm", "A"): 11, ("RxNorm", "B"): 12, ("LOINC", "718-7"): 13}
TERMS = CirceTerms(
    concept_ids=CONCEPTS,
    unit_ids={"g/dL": 101, "g/L": 102},
    measurements={"hb": (HB, Window(-30, 0)), "alt": (HB, Window())},
)
DOMAIN_OF = {"drug": "DrugExposure", "measurement": "Measurement", "condition": "ConditionOccurrence"}
OPERATORS = {"lt": lt, "lte": le, "gt": gt, "gte": ge, "eq": eq, "!eq": ne}


def in_range(value, held):
    """Circe's NumericRange."""
    if value is None:
        return False
    if held["Op"] == "bt":
        return held["Value"] <= value <= held["Extent"]
    return OPERATORS[held["Op"]](value, held["Value"])


def day_of(end):
    """Circe's window ends: days times the coefficient; open without days."""
    return end["Coeff"] * end.get("Days", 10**6)


def meets_group(group, patient, sets):
    """Circe's CriteriaGroup: how many of its criteria hold, by its type."""
    held = [meets_criterion(criterion, patient, sets) for criterion in group["CriteriaList"]]
    for demographic in group["DemographicCriteriaList"]:
        age, gender = demographic.get("Age"), demographic.get("Gender")
        held.append(
            (age is None or in_range(patient["age"], age))
            and (gender is None or patient["gender"] in [g["CONCEPT_ID"] for g in gender])
        )
    held += [meets_group(inner, patient, sets) for inner in group["Groups"]]
    return {
        "ALL": all(held),
        "ANY": any(held),
        "AT_LEAST": sum(held) >= group.get("Count", 0),
        "AT_MOST": sum(held) <= group.get("Count", 0),
    }[group["Type"]]


def meets_criterion(criterion, patient, sets):
    """Circe's CorelatedCriteria: events of the domain within the window, counted."""
    ((domain, fields),) = criterion["Criteria"].items()
    window, occurrence = criterion["StartWindow"], criterion["Occurrence"]
    count = 0
    for kind, system, code, day, value, unit in patient["events"]:
        fits = DOMAIN_OF[kind] == domain
        fits &= day_of(window["Start"]) <= day <= day_of(window["End"])
        fits &= "CodesetId" not in fields or CONCEPTS.get((system, code)) in sets[fields["CodesetId"]]
        fits &= "ValueAsNumber" not in fields or in_range(value, fields["ValueAsNumber"])
        units = [held["CONCEPT_ID"] for held in fields.get("Unit", [])]
        count += fits and (not units or TERMS.unit_ids.get(unit) in units)
    return {0: eq, 1: le, 2: ge}[occurrence["Type"]](count, occurrence["Count"])


def passes_export(expression, patient):
    expression = json.loads(json.dumps(expression))
    sets = {
        held["id"]: [item["concept"]["CONCEPT_ID"] for item in held["expression"]["items"]]
        for held in expression["ConceptSets"]
    }
    return all(meets_group(rule["expression"], patient, sets) for rule in expression["InclusionRules"])


def passes_rules(rules, patient):
    """By the evaluation of expressions, on a cohort of one."""
    last = [e for e in patient["events"] if e[2] == "718-7" and -30 <= e[3] <= 0]
    last = max(last, key=lambda e: e[3], default=None)
    hb = None if last is None else last[4] / (10 if last[5] == "g/L" else 1)
    sex = {8532: "female", 8507: "male", 99: "other", 0: None}[patient["gender"]]
    events = [
        (0, float(day), kind, system, code, v, u) for kind, system, code, day, v, u in patient["events"]
    ]
    cohort = Cohort(
        "one",
        pl.DataFrame(
            [{"age": patient["age"], "sex": sex, "hb": hb}],
            schema={"age": pl.Int64, "sex": pl.String, "hb": pl.Float64},
        ),
        (Column("age", "year"), Column("sex"), Column("hb", "g/dL")),
        "observed:one",
        pl.DataFrame(events, schema=EVENT_SCHEMA, orient="row"),
    )
    for rule in rules:
        truth = evaluate_expression(rule.expression, cohort).item()
        if not (rule.unknown == "keep" if truth is None else truth is rule.is_inclusion):
            return False
    return True


@st.composite
def timelines(draw):
    drugs = st.tuples(
        st.just("drug"),
        st.just("RxNorm"),
        st.sampled_from("AB"),
        st.integers(-40, 5),
        st.none(),
        st.none(),
    )
    days = draw(st.lists(st.integers(-40, 5), max_size=3, unique=True))
    values = st.tuples(st.sampled_from((8, 9, 10, 11, 12)), st.sampled_from(("g/dL", "g/L")))
    measured = [
        ("measurement", "LOINC", "718-7", day, float(value * (10 if unit == "g/L" else 1)), unit)
        for day in days
        for value, unit in [draw(values)]
    ]
    return [*draw(st.lists(drugs, max_size=4)), *measured]


patients = st.fixed_dictionaries(
    {"age": st.integers(16, 20), "gender": st.sampled_from((8532, 8507, 99, 0)), "events": timelines()}
)
operators = st.sampled_from(("<", "<=", ">", ">=", "==", "!="))
windows = st.sampled_from((Window(), Window(-30, -1), Window(None, 0), Window(0, None), Window(-5, 5)))
ages = st.builds(Compare, st.just("age"), operators, st.integers(17, 19), st.just("year"))
sexes = st.builds(Compare, st.just("sex"), st.sampled_from(("==", "!=")), st.sampled_from(("female", "male")))
sets_of_drugs = st.sampled_from((DRUG_A, DRUG_B, BOTH, ANY_DRUG))
counts = st.builds(CountEvents, sets_of_drugs, operators, st.integers(0, 3), windows).filter(
    lambda leaf: not (leaf.count == 0 and leaf.operator in ("<", ">="))
)
vague = st.builds(CountEvents, sets_of_drugs, st.just(">="), st.integers(1, 2), windows, st.just("unknown"))
thresholds = st.sampled_from((9, 10.0, 11))
measured = st.builds(Compare, st.just("hb"), operators, thresholds, st.just("g/dL")) | st.builds(
    Between, st.just("hb"), st.just(9), st.sampled_from((9, 10, 11)), st.just("g/dL")
)
latest = st.builds(LatestValue, st.just(HB), operators, thresholds, st.just("g/dL"), windows)


def nest(inner):
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    some = parts.flatmap(lambda held: st.builds(AtLeast, st.integers(1, len(held)), st.just(held)))
    nodes = st.builds(AllOf, parts) | st.builds(AnyOf, parts) | st.builds(Not, inner)
    return nodes | some | st.builds(Unless, inner, inner)


def rules_over(leaves):
    expressions = st.recursive(leaves, nest, max_leaves=5)
    rules = st.builds(
        CriterionRule,
        st.just("C"),
        st.just(""),
        st.booleans(),
        expressions,
        st.sampled_from(("keep", "exclude")),
    )
    return st.lists(rules, min_size=1, max_size=2)


@settings(deadline=None, max_examples=200)
@given(rules_over(ages | counts), patients)
def test_ages_and_counts_mean_the_same(rules, patient):
    export = make_circe(rules, index=BREAST, terms=TERMS)
    assert export.left_out == ()
    assert passes_export(export.expression, patient) == passes_rules(rules, patient)


@settings(deadline=None, max_examples=400)
@given(rules_over(ages | sexes | counts | vague | measured | latest), patients)
def test_whoever_passes_the_rules_passes_the_export(rules, patient):
    export = make_circe(rules, index=BREAST, terms=TERMS)
    if passes_rules(rules, patient):
        assert passes_export(export.expression, patient)


def test_the_document_by_hand(tmp_path):
    rules = [
        CriterionRule("IN01", "Adults", True, Compare("age", ">=", 216, "month"), "exclude"),
        CriterionRule("EX01", "Recent drug", False, CountEvents(DRUG_A, ">=", 1, Window(-28, -1)), "keep"),
    ]
    path = tmp_path / "circe.json"
    export = write_circe(rules, path, index=BREAST, terms=TERMS)
    assert export.left_out == ()
    assert export.changed == ("ages are counted by Circe as index year minus birth year",)
    document = json.loads(path.read_text())
    assert document["PrimaryCriteria"] == {
        "CriteriaList": [{"ConditionOccurrence": {"CodesetId": 0}}],
        "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
        "PrimaryCriteriaLimit": {"Type": "First"},
    }
    adults, recent = (rule["expression"] for rule in document["InclusionRules"])
    assert adults["DemographicCriteriaList"] == [{"Age": {"Value": 18, "Op": "gte"}}]
    (criterion,) = recent["CriteriaList"]
    assert criterion["Criteria"] == {"DrugExposure": {"CodesetId": 1}}
    assert criterion["StartWindow"]["Start"] == {"Days": 28, "Coeff": -1}
    assert criterion["StartWindow"]["End"] == {"Days": 1, "Coeff": -1}
    assert criterion["Occurrence"] == {"Type": 1, "Count": 0}
    assert [(held["id"], held["name"]) for held in document["ConceptSets"]] == [
        (0, "SNOMED 254837009"),
        (1, "RxNorm A"),
    ]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Unread("fit", "opinion"), "'fit' is read by nobody"),
        (Compare("ecog", "<=", 1), "column 'ecog' <= 1 has no place in a Circe expression"),
        (OneOf("stage", ("3A",)), "column 'stage' == '3A' has no place in a Circe expression"),
        (
            Compare("age", ">", 7, "month"),
            "the age 7 month is no whole number of years, in which Circe counts",
        ),
        (Compare("age", ">", 7, "mm"), "the age 7 mm cannot be told in years"),
        (Compare("hb", ">", 7, "mmol/L"), "unit mmol/L has no OMOP concept in unit_ids"),
        (CompareToLimit("ast", "<", 2, "ULN"), "column 'ast' against its ULN is named by no measurement"),
        (
            CountEvents(EventSet("drug", ("Z",), "RxNorm"), ">=", 1),
            "RxNorm Z has no OMOP concept in concept_ids",
        ),
        (CountEvents(EventSet("drug", (), "RxNorm"), ">=", 1), "any code of RxNorm has no concept set"),
        (CountEvents(EventSet("visit"), ">=", 1), "events of kind 'visit' have no domain in OMOP"),
        (
            CountEvents(DRUG_A, ">=", 1, Window(-1, 1, "procedure")),
            "a window from the first 'procedure' event has no place in a Circe expression",
        ),
        (
            CountEvents(DRUG_A, ">=", 1, Window(-0.5, 1)),
            "a window of [-0.5, 1] days is not whole, as Circe's are",
        ),
        (CountEvents(DRUG_A, "<", 0), "fewer than 0 'drug' events is never so"),
        (LatestValue(DRUG_A, "<", 1), "values of 'drug' events have no place in a Circe expression"),
    ],
)
def test_what_circe_cannot_say_is_left_out_and_listed(expression, expected):
    wide = AllOf((expression, Compare("age", ">", 1, "year")))
    export = make_circe([CriterionRule("IN01", "", True, wide, "exclude")], index=BREAST, terms=TERMS)
    (told,) = export.left_out
    assert told.startswith(f"IN01: {expected}")
    assert len(export.expression["InclusionRules"]) == 1
    either = CriterionRule("IN01", "", True, AnyOf(wide.parts), "exclude")
    assert make_circe([either], index=BREAST, terms=TERMS).expression["InclusionRules"] == []


def test_limits_of_normal_are_ratios():
    rule = CriterionRule("EX01", "", False, CompareToLimit("alt", ">", 2.5, "ULN"), "exclude")
    export = make_circe([rule], index=BREAST, terms=TERMS)
    (criterion,) = export.expression["InclusionRules"][0]["expression"]["CriteriaList"]
    held = {"CodesetId": 1, "RangeHighRatio": {"Value": 2.5, "Op": "lte"}}
    assert criterion["Criteria"] == {"Measurement": held}


def test_an_index_event_without_a_concept_is_refused():
    with pytest.raises(InvalidCriterion) as caught:
        make_circe([], index=EventSet("visit", ("Z",), "X"), terms=TERMS)
    assert caught.value.problems == (
        "kind 'visit' has no domain in OMOP; use condition, procedure, drug, measurement",
        "X Z has no OMOP concept in concept_ids; give it",
    )

"""Reasons of cells: one small protocol for each rule, worked by hand."""

import pytest

from unburden.burden.classify import classify_activities
from unburden.burden.trace import trace_cells
from unburden.burden.trace_times import choose_visits, find_times
from unburden.burden.trace_words import match_words, name_activity
from unburden.data.evidence import read_evidence
from unburden.domain.errors import InvalidProtocol
from unburden.domain.protocol import (
    Activity,
    Cell,
    Criterion,
    Endpoint,
    Objective,
    Protocol,
    Purpose,
    Timeline,
    Visit,
)
from unburden.domain.trace import CellReason

VISITS = {"Screening": -14, "Baseline": 0, "Week 2": 14, "Week 12": 84, "Week 24": 168, "Week 26": 182}
LEDGER = read_evidence()


def build(
    activity: Activity | str,
    visits: tuple[str, ...] = tuple(VISITS),
    endpoints: tuple[tuple[str, str], ...] = (),
    objectives: tuple[tuple[str, str], ...] = (),
    criteria: tuple[str, ...] = (),
    title: str = "A trial",
) -> Protocol:
    if isinstance(activity, str):
        activity = Activity("a", activity)
    ends = tuple(Endpoint(f"e{i}", text, level) for i, (level, text) in enumerate(endpoints))
    aims = tuple(Objective(f"o{i}", text, level) for i, (level, text) in enumerate(objectives))
    return Protocol(
        id="P",
        title=title,
        source="made up",
        timelines=(Timeline("main", "main", True),),
        visits=tuple(Visit(name, name, "main", float(day)) for name, day in VISITS.items()),
        activities=(activity,),
        cells=tuple(Cell(visit, "a") for visit in visits),
        endpoints=ends,
        objectives=aims,
        criteria=tuple(Criterion(f"c{i}", f"C{i}", text, True) for i, text in enumerate(criteria)),
    )


def trace(protocol: Protocol) -> dict[str, CellReason]:
    kinds = classify_activities(protocol, LEDGER, {})
    return {reason.visit_id: reason for reason in trace_cells(protocol, kinds)}


def test_a_link_of_the_source_wins_over_words():
    ends = (("Primary Endpoint", "DAD at Week 24"), ("Exploratory Endpoint", "Something else"))
    found = trace(build(Activity("a", "DAD", endpoint_ids=("e1",)), endpoints=ends))
    assert {(r.role, r.rule, r.endpoint_id, r.confidence) for r in found.values()} == {
        ("non-core", "linked", "e1", "stated")
    }


@pytest.mark.parametrize(
    ("purpose", "roles"),
    [
        (Purpose.PRIMARY, {"core"}),
        (Purpose.SECONDARY, {"core"}),
        (Purpose.SAFETY, {"core"}),
        (Purpose.TREATMENT, {"core"}),
        (Purpose.EXPLORATORY, {"non-core"}),
        (Purpose.ADMINISTRATIVE, {"non-core"}),
        (Purpose.UNSTATED, {"none-found"}),
    ],
)
def test_a_stated_purpose_gives_the_role(purpose, roles):
    found = trace(build(Activity("a", "Mystery", purpose=purpose), ("Week 2", "Week 12")))
    assert {r.role for r in found.values()} == roles
    assert {r.confidence for r in found.values()} == {"none" if roles == {"none-found"} else "stated"}


def test_eligibility_stated_counts_once():
    found = trace(build(Activity("a", "Mystery", purpose=Purpose.ELIGIBILITY), ("Screening", "Baseline")))
    assert [r.role for r in found.values()] == ["core", "repeat-of-core"]


def test_a_named_week_and_the_baseline_are_core_and_other_visits_repeat():
    found = trace(build("ADAS-Cog", endpoints=(("Primary Endpoint", "Change in ADAS-Cog at Week 24"),)))
    assert {visit: r.role for visit, r in found.items()} == {
        "Screening": "repeat-of-core",
        "Baseline": "core",
        "Week 2": "repeat-of-core",
        "Week 12": "repeat-of-core",
        "Week 24": "core",
        "Week 26": "repeat-of-core",
    }
    assert found["Week 2"].words == (
        "repeats what serves the primary endpoint “Change in ADAS-Cog at Week 24”; "
        "the text names week 24, not this visit"
    )


def test_each_visit_serves_the_endpoint_that_names_it():
    ends = (("Secondary Endpoint", "EQ-5D-5L at Week 12"), ("Primary Endpoint", "EQ-5D-5L at Week 24"))
    found = trace(build("EQ-5D-5L", endpoints=ends))
    assert {visit: found[visit].endpoint_id for visit in ("Week 12", "Week 24")} == {
        "Week 12": "e0",
        "Week 24": "e1",
    }
    assert found["Week 12"].role == found["Week 24"].role == "core"


def test_an_endpoint_without_a_time_needs_every_visit_but_those_before_the_baseline():
    found = trace(build("HbA1c", endpoints=(("Primary Endpoint", "Change in hemoglobin A1C"),)))
    assert [visit for visit, r in found.items() if r.role == "repeat-of-core"] == ["Screening"]


def test_adverse_events_cover_the_time_between_visits_so_none_repeats():
    found = trace(build("Adverse events", endpoints=(("Secondary Endpoint", "TEAEs and SAEs"),)))
    assert {(r.role, r.endpoint_id) for r in found.values()} == {("core", "e0")}


def test_where_some_secondary_endpoints_are_called_key_the_others_are_not_core():
    ends = (("Secondary Endpoint", "Key secondary: EQ-5D-5L"), ("Secondary Endpoint", "HbA1c"))
    assert trace(build("EQ-5D-5L", ("Week 2",), ends))["Week 2"].role == "core"
    assert trace(build("HbA1c", ("Week 2",), ends))["Week 2"].role == "non-core"


def test_an_objective_counts_where_none_of_its_endpoints_names_the_activity():
    aims = (("Secondary Objective", "To assess daily living (DAD)"),)
    found = trace(build("DAD", ("Baseline", "Week 24"), (("Primary Endpoint", "Survival"),), aims))
    assert {(r.objective_id, r.endpoint_id) for r in found.values()} == {("o0", None)}


def test_one_word_of_the_protocols_title_says_nothing():
    ends = (("Primary Endpoint", "Relief of hypoglycemia"),)
    protocol = build("Clarke hypoglycemia card", ("Week 2",), ends, title="Nasal rescue of hypoglycemia")
    assert trace(protocol)["Week 2"].role == "none-found"


def test_imaging_serves_progression_by_its_kind():
    ends = (("Primary Endpoint", "Progression-free survival"),)
    found = trace(build("CT of chest", ("Screening", "Week 12"), ends))
    assert {(r.rule, r.confidence, r.role) for r in found.values()} == {("kind", "medium", "core")}


def test_a_scan_before_treatment_only_does_not_serve_progression():
    ends = (("Primary Endpoint", "Progression-free survival"),)
    assert trace(build("Bone scan", ("Screening",), ends))["Screening"].role == "none-found"


def test_a_criterion_explains_what_is_done_before_treatment_only():
    protocol = build("MMSE", ("Screening", "Baseline"), criteria=("MMSE score of 10 to 23 at screening",))
    found = trace(protocol)
    assert [r.role for r in found.values()] == ["core", "repeat-of-core"]
    assert found["Screening"].words == "decides who may join: “mmse” stands in criterion C0"


def test_the_screening_value_that_a_criterion_needs_does_not_repeat():
    ends = (("Secondary Endpoint", "Vital signs"),)
    found = trace(build("Vital signs", endpoints=ends, criteria=("Systolic blood pressure below 160",)))
    assert (found["Screening"].role, found["Screening"].rule) == ("core", "eligibility")
    assert found["Baseline"].endpoint_id == "e0"


@pytest.mark.parametrize(
    ("title", "rule", "confidence"),
    [
        ("Informed consent", "consent", "high"),
        ("Adverse events", "regulation", "high"),
        ("Pregnancy test", "regulation", "medium"),
        ("12-lead ECG", "regulation", "low"),
        ("Randomisation", "conduct", "high"),
        ("Discharge from unit", "conduct", "low"),
        ("Study drug dispensing", "treatment", "high"),
    ],
)
def test_grounds_without_an_objective(title, rule, confidence):
    reason = trace(build(title, ("Week 2",)))["Week 2"]
    assert (reason.role, reason.rule, reason.confidence) == ("core", rule, confidence)


def test_no_treatment_is_given_before_the_first_dose():
    found = trace(build("Placebo patch", ("Screening", "Week 2")))
    assert [r.role for r in found.values()] == ["none-found", "core"]


def test_without_any_text_a_questionnaire_has_no_reason():
    reason = trace(build("EQ-5D-5L", ("Week 2",)))["Week 2"]
    assert (reason.role, reason.confidence) == ("none-found", "none")
    assert reason.words.startswith("none found")


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("Score at Week 24", ["week 24"]),
        ("Scores at Weeks 8 and 16", ["week 8", "week 16"]),
        ("Mean from Week 4 to Week 24", ["week 4 to 24"]),
        ("Change from baseline to Week 24", ["week 24"]),
        ("Baseline (Days -4 through -1)", ["day -4 to -1"]),
        ("On Days 1, 8, and Day 39", ["day 1", "day 8", "day 39"]),
        ("Events up to Week 52", ["week 0 to 52"]),
        ("Score at 24 weeks", ["week 24"]),
        ("Overall survival at 5 years", ["year 0 to 5"]),
        ("Success within 30 minutes of a dose of 15 mg/day", []),
        ("At every scheduled visit from Week 4", []),
        ("At each visit from Week 4", []),
        ("Response at Cycle 1 Day 8", []),
    ],
)
def test_times_that_a_text_names(text, times):
    assert [time.text() for time in find_times(text)] == times


def test_a_visit_near_a_named_day_is_meant_and_its_name_wins():
    visits = (
        Visit("a", "V5", "main", 83.0),
        Visit("b", "V6", "main", 90.0),
        Visit("c", "Week 24", "main", 150.0),
    )
    assert choose_visits(find_times("at Week 12"), visits) == {"a"}
    assert choose_visits(find_times("at Week 24"), visits) == {"c"}
    assert choose_visits(find_times("at Week 40"), visits) == frozenset()


@pytest.mark.parametrize(
    ("title", "kind", "text", "strength"),
    [
        ("Haematology", "hematology", "Hematology values", "high"),
        ("Haematology", "hematology", "Laboratory evaluations", "medium"),
        ("Apo E genotyping", "genetic sample", "response by Apo E genotype", "high"),
        ("Faecal calprotectin", "unclassified", "calprotectin in stool", "high"),
        ("Patient survey", "questionnaire", "patients' survival", None),
        ("Urine drug screen", "urinalysis", "urinalysis", None),
    ],
)
def test_words_of_a_title_in_a_text(title, kind, text, strength):
    match = match_words(name_activity(title, kind), text)
    assert (match.strength if match else None) == strength


def test_a_reason_that_contradicts_itself_is_refused():
    with pytest.raises(InvalidProtocol, match="exactly when its role is 'none-found'"):
        CellReason("v", "a", "none-found", "none", "none found", "low")
    with pytest.raises(InvalidProtocol, match="use one of"):
        CellReason("v", "a", "vital", "none", "words", "low")  # pyright: ignore[reportArgumentType]

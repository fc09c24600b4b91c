"""Kinds of readings that a check found dangerous: each phrase, and neighbours that still read."""

import pytest

from unburden.domain.criteria import (
    AllOf,
    AnyOf,
    Compare,
    CompareToLimit,
    CountEvents,
    Not,
    Unread,
    iterate_leaves,
)
from unburden.eligibility.reading import read_criterion

PREGNANT = Compare("pregnancy", "==", True)
AST_3 = CompareToLimit("aspartate_aminotransferase", "<=", 3, "ULN")
AST_5 = CompareToLimit("aspartate_aminotransferase", "<=", 5, "ULN")


def include(text):
    return read_criterion(text, is_inclusion=True)


def exclude(text):
    return read_criterion(text, is_inclusion=False)


def codes(parsed):
    """The events that an expression counts."""
    leaves = iterate_leaves(parsed.expression)
    return [leaf.events.codes[0] for leaf in leaves if isinstance(leaf, CountEvents)]


def holds(expression, kind):
    """Whether a part of this kind stands anywhere in an expression."""
    parts = getattr(expression, "parts", ()) or tuple(
        part for part in (getattr(expression, "part", None), getattr(expression, "exception", None)) if part
    )
    return isinstance(expression, kind) or any(holds(part, kind) for part in parts)


@pytest.mark.parametrize(
    "text",
    [
        "Females who are pregnant or breastfeeding. Females should not breastfeed during treatment.",
        "Patients must not have brain metastases",
        "Patients should have no history of stroke",
        "Patients cannot have brain metastases",
        "Prior chemotherapy. Patients should not have received radiotherapy within 4 weeks.",
        "Active brain metastases. Patients with treated brain metastases must be stable for 4 weeks.",
        "Stroke; patients may not have had a myocardial infarction",
    ],
)
def test_conduct_among_exclusions_keeps_nobody_out(text):
    assert not holds(exclude(text).expression, Not)
    assert exclude(text).status in ("text", "partly computable")


def test_a_sentence_that_excludes_still_reads_beside_conduct():
    assert codes(exclude("Stroke. Patients should not have received radiotherapy.")) == ["stroke"]
    assert exclude("Pregnant or breastfeeding women").expression.parts[0] == PREGNANT
    assert codes(exclude("Patients with brain metastases should be excluded")) == ["brain_metastases"]


@pytest.mark.parametrize(
    "text",
    [
        "AST ≤ 3 x ULN except liver metastases",
        "AST ≤ 3 x ULN (except in patients with liver metastases)",
        "AST ≤ 3 x ULN with exception of liver metastasis; patients with liver metastasis may be "
        "included if their AST is ≤ 5 x ULN.",
    ],
)
def test_a_group_excepted_from_a_limit_is_not_free_of_every_limit(text):
    found = include(text)
    assert found.status == "partly computable"
    alternatives = found.expression.parts
    alternatives = alternatives[0].parts if isinstance(alternatives[0], AnyOf) else alternatives
    assert alternatives[0] == AST_3
    assert isinstance(alternatives[1], AllOf)
    assert isinstance(alternatives[1].parts[-1], Unread)


def test_a_second_limit_of_the_group_still_reads():
    found = include("AST ≤ 3 x ULN unless liver metastases, then ≤ 5 x ULN").expression
    assert found.parts[0] == AST_3
    assert found.parts[1].parts[1] == AST_5


def test_an_exception_from_a_disease_asked_for_lets_nobody_in_without_it():
    found = include("NSCLC excluding EGFR mutation positive").expression
    assert isinstance(found.parts[0], AllOf)
    assert isinstance(found.parts[0].parts[1], Not)
    assert isinstance(found.parts[1].parts[-1], Unread)


SPLIT = [
    ("Prior allogeneic stem cell transplantation", "allogeneic_stem_cell_transplant"),
    ("Prior autologous stem cell transplant", "autologous_stem_cell_transplant"),
    ("Prior allogeneic bone marrow transplantation", "allogeneic_bone_marrow_transplant"),
    ("Prior allogeneic organ transplant", "allogeneic_organ_transplant"),
    ("Prior stem cell transplantation", "stem_cell_transplant"),
    ("Prior allogeneic or autologous stem cell transplantation", "stem_cell_transplant"),
    ("Pancreatic ductal adenocarcinoma", "pancreatic_ductal_adenocarcinoma"),
    ("Pancreatic adenocarcinoma", "pancreatic_adenocarcinoma"),
    ("Pancreatic cancer", "pancreatic_cancer"),
    ("Clear cell renal cell carcinoma", "clear_cell_renal_cell_carcinoma"),
    ("Renal cell carcinoma", "renal_cell_carcinoma"),
    ("Gastric adenocarcinoma", "gastric_adenocarcinoma"),
    ("Received prior docetaxel therapy", "docetaxel"),
    ("Solid tumor", "solid_tumour"),
    ("Hemorrhagic stroke", "haemorrhagic_stroke"),
    ("Stroke", "stroke"),
    ("Systemic corticosteroids within 14 days", "systemic_corticosteroids"),
    ("Corticosteroids within 14 days", "corticosteroids"),
    ("History of epilepsy", "epilepsy"),
    ("History of seizures", "seizure"),
    ("Any anti-cancer therapy within 4 weeks", "anticancer_therapy"),
    ("Systemic anticancer therapy within 4 weeks", "systemic_anticancer_therapy"),
    ("Intolerance to aspirin", "intolerance_to_aspirin"),
    ("Hypersensitivity to aspirin", "allergy_to_aspirin"),
]


@pytest.mark.parametrize(("text", "code"), SPLIT)
def test_a_narrower_or_another_thing_has_an_id_of_its_own(text, code):
    assert codes(exclude(text)) == [code]


def test_a_viral_load_is_not_that_of_hiv_by_itself():
    assert include("Viral load < 2000 IU/mL").expression.column == "viral_load"
    assert include("HIV RNA < 50 copies/mL").expression.column == "hiv_rna"


def test_intolerance_stands_beside_allergy():
    assert codes(exclude("Allergy or intolerance during an infusion.")) == ["allergy", "intolerance"]
    found = codes(exclude("Allergy or intolerance to aspirin"))
    assert found == ["allergy_to_aspirin", "intolerance_to_aspirin"]


@pytest.mark.parametrize(
    "text",
    [
        "Patients taking warfarin must be on a stable dose",
        "Participants receiving denosumab must have been on stable doses for ≥ 4 weeks",
        "Patients with brain metastases must be stable",
        "Participants receiving corticosteroids have to be on a stable dose",
        "Patients with diabetes should have HbA1c < 8 %",
        "Participants receiving bone resorptive therapy (including, but not limited to, bisphosphonate "
        "or denosumab) must have been on stable doses for ≥ 4 weeks before randomization",
    ],
)
def test_what_a_group_must_do_is_not_asked_of_others(text):
    found = include(text).expression
    assert isinstance(found, AnyOf)
    assert isinstance(found.parts[0], Not)
    assert isinstance(found.parts[1], Unread | Compare)


@pytest.mark.parametrize(
    "text",
    [
        "Brain metastases must be stable",
        "Hypertension must be controlled",
        "Patients with non-small cell lung cancer must have progressed",
        "Patients with MDS must have relapsed disease",
        "Participants with ANC < 1000 /uL must receive growth factors",
        "Participants aged 18 years or older with diabetes must have HbA1c < 8 %",
    ],
)
def test_a_duty_whose_group_is_not_plain_stays_text(text):
    assert include(text).status == "text"


def test_a_duty_of_everybody_still_reads():
    assert codes(include("Patients must have received prior chemotherapy")) == ["chemotherapy"]
    assert include("ANC must be ≥ 1500 /uL").status == "computable"


@pytest.mark.parametrize(
    "text",
    [
        "Congestive heart failure defined as NYHA Class III-IV, or hospitalization due to congestive "
        "heart failure within 6 months before the first dose",
        "Stroke or hospitalization due to heart failure within 6 months",
        "Received chemotherapy or underwent major surgery within 4 weeks",
        "Pregnant women or major surgery within 4 weeks",
        "Concurrent malignancy or a malignancy in the last 3 years",
    ],
)
def test_a_window_of_one_alternative_is_not_put_on_another(text):
    assert exclude(text).status == "text"


def test_a_window_of_a_plain_list_still_holds_for_all():
    found = exclude("Received chemotherapy or radiotherapy within 4 weeks").expression
    assert [leaf.window.from_days for leaf in iterate_leaves(found)] == [-28.0, -28.0]


@pytest.mark.parametrize(
    "text",
    [
        "Major surgery requiring general anesthesia within 3 weeks or still recovering from prior surgery",
        "Having history of systemic chemotherapy or radiation therapy for esophagus or post esophagectomy.",
        "Brain metastases requiring steroids or have progressed",
        "Stroke requiring hospitalization or history of seizures",
    ],
)
def test_another_alternative_is_not_taken_into_a_narrowing_tail(text):
    assert exclude(text).status == "text"


@pytest.mark.parametrize(
    "text",
    [
        "Brain metastases requiring steroids or anticonvulsants",
        "Brain metastases that are progressing or have required treatment within the past 3 years",
    ],
)
def test_a_tail_that_joins_its_own_words_still_narrows(text):
    found = exclude(text).expression
    assert isinstance(found, AllOf)
    assert isinstance(found.parts[1], Unread)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Known or suspected brain metastases", "brain_metastases"),
        ("Confirmed or suspected tuberculosis", "tuberculosis"),
        ("Has known or suspected leptomeningeal disease", "leptomeningeal_disease"),
        ("Receiving or requiring immunosuppressive therapies.", "immunosuppressive_therapy"),
        ("Planned or ongoing surgery", "surgery"),
    ],
)
def test_what_is_suspected_planned_or_required_widens(text, code):
    found = exclude(text)
    assert isinstance(found.expression, AnyOf)
    assert isinstance(found.expression.parts[1], Unread)
    assert codes(found) == [code]


def test_what_is_only_suspected_stays_text_and_a_negation_of_it_keeps_its_doubt():
    assert exclude("Suspected brain metastases").status == "text"
    found = include("No known or suspected brain metastases").expression
    assert isinstance(found, Not)
    assert isinstance(found.part.parts[1], Unread)
    assert codes(exclude("Known brain metastases")) == ["brain_metastases"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "Evidence of metastasis (including cytologically confirmed malignant ascites)",
            ["distant_metastases", "ascites"],
        ),
        (
            "Heart disease (including myocardial infarction and stroke)",
            ["cardiovascular_disease", "myocardial_infarction", "stroke"],
        ),
        ("Malignancy (including zyxwv of the past)", ["malignancy"]),
        ("Autoimmune disease (e.g. lupus)", ["autoimmune_disease"]),
        ("Stroke within 3 months (including transient ischemic attack)", ["stroke"]),
    ],
)
def test_what_a_parenthesis_includes_is_an_alternative(text, found):
    parsed = exclude(text)
    assert codes(parsed) == found
    if "zyxwv" in text or "within" in text:
        assert isinstance(parsed.expression, AnyOf)
        assert isinstance(parsed.expression.parts[1], Unread)


def test_who_is_to_be_included_may_be_asked_for_what_is_included():
    assert include("Prior therapy including platinum chemotherapy").status == "text"
    assert include("Prior chemotherapy (including cisplatin)").status == "text"
    assert exclude("Stroke within 3 months, including transient ischemic attack").status == "text"
    negated = include("No evidence of metastases (including brain metastases)")
    assert codes(negated) == ["distant_metastases", "brain_metastases"]


def test_what_is_asked_of_those_who_are_not_something_is_left():
    """Line 3593: every woman of childbearing potential was refused by a duty of those who are not."""
    text = "Females who are not of childbearing potential must have documented:"
    assert read_criterion(text, is_inclusion=True).status == "text"
    plain = read_criterion("Patients must not be pregnant", is_inclusion=True)
    assert plain.status == "computable"

"""Criteria by kind of phrase: what each text means was written by hand from the text."""

import pytest

from unburden.domain.criteria import (
    AllOf,
    AnyOf,
    Between,
    Compare,
    CompareToLimit,
    CountEvents,
    EventSet,
    Not,
    OneOf,
    Unless,
    Unread,
    Window,
    iterate_leaves,
)
from unburden.domain.protocol import Criterion
from unburden.eligibility.reading import read_criteria, read_criterion

ANC, PLATELETS, HB = "absolute_neutrophil_count", "platelet_count", "haemoglobin"
AST, ALT, ECOG = "aspartate_aminotransferase", "alanine_aminotransferase", "ecog_performance_status"


def ever(code, kind="condition", first=None, last=0.0):
    return CountEvents(EventSet(kind, (code,)), ">=", 1, Window(first, last), "unknown")


COMPARISONS = [
    ("ANC ≥ 1,500 /μL", Compare(ANC, ">=", 1500, "/uL")),
    ("Absolute neutrophil count (ANC) >= 1.5 x 10^9/L", Compare(ANC, ">=", 1.5, "10*9/L")),
    ("ANC => 1500 cells/mm3", Compare(ANC, ">=", 1500, "/uL")),
    ("Neutrophils at least 1.5 × 109/L", Compare(ANC, ">=", 1.5, "10*9/L")),
    ("ANC ≥ 1500", Compare(ANC, ">=", 1500, "/uL")),
    ("Platelets \\>= 100,000/mm3", Compare(PLATELETS, ">=", 100_000, "/uL")),
    ("Platelet count ≥ 100 x 10\\*\\*9/L", Compare(PLATELETS, ">=", 100, "10*9/L")),
    ("Platelets greater than or equal to 75 K/uL", Compare(PLATELETS, ">=", 75, "10*3/uL")),
    ("Hemoglobin ≥ 9 g/dL (90 g/L)", Compare(HB, ">=", 9, "g/dL")),
    ("Haemoglobin no less than 9.0 g/dl", Compare(HB, ">=", 9, "g/dL")),
    ("Serum creatinine no more than 1.5 mg/dL", Compare("serum_creatinine", "<=", 1.5, "mg/dL")),
    ("Serum creatinine not exceeding 130 µmol/L", Compare("serum_creatinine", "<=", 130, "umol/L")),
    ("Creatinine clearance > 60 mL/min", Compare("creatinine_clearance", ">", 60, "mL/min")),
    ("eGFR ≥ 45 mL/min/1.73m2", Compare("glomerular_filtration_rate", ">=", 45, "mL/min/1.73m2")),
    ("eGFR rate ≥ 50 mL/min/1.73 m2", Compare("glomerular_filtration_rate", ">=", 50, "mL/min/1.73m2")),
    ("INR ≤ 1.5", Compare("international_normalised_ratio", "<=", 1.5, "1")),
    ("Albumin less than 3 g/dL", Compare("albumin", "<", 3, "g/dL")),
    ("LVEF ≥ 50%", Compare("left_ventricular_ejection_fraction", ">=", 50, "%")),
    ("QTcF > 470 msec", Compare("qtc_interval", ">", 470, "ms")),
    ("Heart rate below 50 beats/min", Compare("heart_rate", "<", 50, "/min")),
    ("Systolic blood pressure above 160 mmHg", Compare("systolic_blood_pressure", ">", 160, "mm[Hg]")),
    ("HbA1c between 7.0 and 10.0 %", Between("hba1c", 7, 10, "%")),
    ("BMI 18.5-35 kg/m^2", Between("body_mass_index", 18.5, 35, "kg/m2")),
    ("Body weight of at least 50 kg", Compare("body_weight", ">=", 50, "kg")),
    ("Life expectancy of at least 12 weeks", Compare("life_expectancy", ">=", 12, "week")),
    ("MMSE 10 to 23", Between("mmse_score", 10, 23)),
    ("Karnofsky ≥ 70 %", Compare("karnofsky_performance_status", ">=", 70)),
    ("ECOG PS 0-2", Between(ECOG, 0, 2)),
    ("Eastern Cooperative Oncology Group (ECOG) performance status of 0 or 1", OneOf(ECOG, (0.0, 1.0))),
    ("ECOG performance status: 0, 1 or 2.", OneOf(ECOG, (0.0, 1.0, 2.0))),
    ("NYHA class III or IV", OneOf("nyha_class", ("III", "IV"))),
    ("NYHA class ≥ 3", OneOf("nyha_class", ("III", "IV"))),
    ("NYHA class II or greater", OneOf("nyha_class", ("II", "III", "IV"))),
    ("Stage III or IV", OneOf("disease_stage", ("III", "IV"))),
    ("HER2-positive", OneOf("her2", ("positive",))),
    ("Negative pregnancy test", OneOf("pregnancy_test", ("negative",))),
]
AGES = [
    ("Age 18-75 years", Between("age", 18, 75, "year")),
    ("18 years or older", Compare("age", ">=", 18, "year")),
    ("18 years of age and older", Compare("age", ">=", 18, "year")),
    ("At least 18 years of age at the time of enrollment", Compare("age", ">=", 18, "year")),
    ("Aged between 18 and 65 years", Between("age", 18, 65, "year")),
    ("Male or female, age ≥ 18 years", Compare("age", ">=", 18, "year")),
    ("Older than 40 years", Compare("age", ">", 40, "year")),
    (
        "Age ≥ 18 and < 70 years",
        AllOf((Compare("age", ">=", 18, "year"), Compare("age", "<", 70, "year"))),
    ),
]
LIMITS = [
    ("Total bilirubin ≤ 1.5 x ULN", CompareToLimit("total_bilirubin", "<=", 1.5, "ULN")),
    ("Creatinine 1.5 times the upper limit of normal or less", None),
    (
        "Creatinine ≤ 1.5 times the upper limit of normal",
        CompareToLimit("serum_creatinine", "<=", 1.5, "ULN"),
    ),
    ("Bilirubin ≤ institutional ULN", CompareToLimit("total_bilirubin", "<=", 1, "ULN")),
    ("Hemoglobin ≥ LLN", CompareToLimit(HB, ">=", 1, "LLN")),
    (
        "AST and ALT ≤ 2.5 × ULN",
        AllOf((CompareToLimit(AST, "<=", 2.5, "ULN"), CompareToLimit(ALT, "<=", 2.5, "ULN"))),
    ),
    (
        "ALT ≤ 2.5 x ULN (≤ 5 x ULN if liver metastases)",
        AnyOf(
            (
                CompareToLimit(ALT, "<=", 2.5, "ULN"),
                AllOf((ever("liver_metastases"), CompareToLimit(ALT, "<=", 5, "ULN"))),
            )
        ),
    ),
    (
        "ALT ≤ 3 × ULN unless liver metastases are present, in which case it must be ≤ 5 × ULN",
        AnyOf(
            (
                CompareToLimit(ALT, "<=", 3, "ULN"),
                AllOf((ever("liver_metastases"), CompareToLimit(ALT, "<=", 5, "ULN"))),
            )
        ),
    ),
    (
        "Bilirubin ≤ 1.5 × ULN or direct bilirubin ≤ ULN for participants with total bilirubin > 1.5 × ULN",
        AnyOf(
            (
                CompareToLimit("total_bilirubin", "<=", 1.5, "ULN"),
                CompareToLimit("direct_bilirubin", "<=", 1, "ULN"),
            )
        ),
    ),
]
EVENTS = [
    ("History of stroke", ever("stroke")),
    ("Brain metastases", ever("brain_metastases")),
    ("Prior treatment with trastuzumab", ever("trastuzumab", "drug")),
    ("Histologically confirmed non-small cell lung cancer", ever("non_small_cell_lung_cancer")),
    ("Major surgery within 28 days prior to randomization", ever("major_surgery", "procedure", -28.0)),
    ("Live vaccine within the past 30 days", ever("live_vaccine", "drug", -30.0)),
    ("Myocardial infarction in the last 6 months", ever("myocardial_infarction", first=-182.625)),
    ("Stroke < 6 months prior to enrollment", ever("stroke", first=-182.0)),
    ("HIV positive", ever("hiv_infection")),
    (
        "Pregnant or breast-feeding",
        AnyOf((Compare("pregnancy", "==", True), Compare("breast_feeding", "==", True))),
    ),
    ("Known hypersensitivity to paclitaxel", ever("allergy_to_paclitaxel")),
    (
        "History of stroke, myocardial infarction, or unstable angina within 6 months",
        AnyOf(
            (
                ever("stroke", first=-182.625),
                ever("myocardial_infarction", first=-182.625),
                ever("unstable_angina", first=-182.625),
            )
        ),
    ),
    (
        "Blood pressure > 160/100 mmHg",
        AnyOf(
            (
                Compare("systolic_blood_pressure", ">", 160, "mm[Hg]"),
                Compare("diastolic_blood_pressure", ">", 100, "mm[Hg]"),
            )
        ),
    ),
]
NEGATIONS = [
    ("No history of stroke", Not(ever("stroke"))),
    ("No known brain metastases", Not(ever("brain_metastases"))),
    ("Absence of hepatic encephalopathy", Not(ever("hepatic_encephalopathy"))),
    ("Without brain metastases", Not(ever("brain_metastases"))),
    (
        "No history of stroke or myocardial infarction",
        Not(AnyOf((ever("stroke"), ever("myocardial_infarction")))),
    ),
    ("No major surgery within 4 weeks before enrollment", Not(ever("major_surgery", "procedure", -28.0))),
    ("Patients must not have brain metastases", Not(ever("brain_metastases"))),
    ("Must not be pregnant", Not(Compare("pregnancy", "==", True))),
    ("HIV negative", Not(ever("hiv_infection"))),
    ("At least 4 weeks since prior radiotherapy", Not(ever("radiotherapy", "procedure", -27.0))),
    (
        "At least 4 weeks since last chemotherapy or radiotherapy",
        AllOf((Not(ever("chemotherapy", "procedure", -27.0)), Not(ever("radiotherapy", "procedure", -27.0)))),
    ),
]


@pytest.mark.parametrize(("text", "expression"), COMPARISONS + AGES + LIMITS + NEGATIONS)
def test_an_inclusion_says_who_is_eligible(text, expression):
    parsed = read_criterion(text, is_inclusion=True)
    if expression is None:
        assert parsed.status == "text"
        return
    assert parsed.expression == expression
    assert parsed.status == "computable"
    assert 0.5 < parsed.confidence <= 1


@pytest.mark.parametrize(("text", "expression"), EVENTS)
def test_an_exclusion_says_who_is_kept_out(text, expression):
    assert read_criterion(text, is_inclusion=False).expression == expression


def test_one_limit_for_two_measures_keeps_out_whoever_passes_either():
    found = read_criterion("AST or ALT > 2.5 x ULN", is_inclusion=False).expression
    assert found == AnyOf((CompareToLimit(AST, ">", 2.5, "ULN"), CompareToLimit(ALT, ">", 2.5, "ULN")))


@pytest.mark.parametrize(
    "text", ["QTc ≤ 450 ms (males) or ≤ 470 ms (females)", "QTc ≤ 450 ms for men and ≤ 470 ms for women"]
)
def test_each_sex_has_its_limit(text):
    found = read_criterion(text, is_inclusion=True).expression
    men = AllOf((OneOf("sex", ("male",)), Compare("qtc_interval", "<=", 450, "ms")))
    women = AllOf((OneOf("sex", ("female",)), Compare("qtc_interval", "<=", 470, "ms")))
    assert found == AnyOf((men, women))


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("Human immunodeficiency virus (HIV) infection", ever("hiv_infection")),
        ("Prior immune checkpoint inhibitor therapy", ever("immune_checkpoint_inhibitor", "drug")),
        ("Vaccinated with a live vaccine within 30 days", ever("live_vaccine", "drug", -30.0)),
    ],
)
def test_a_name_goes_on_after_its_initials_or_its_kind(text, expression):
    assert read_criterion(text, is_inclusion=False).expression == expression


def test_a_duty_of_some_asks_nothing_of_the_others():
    found = read_criterion(
        "Women of childbearing potential must have a negative pregnancy test", is_inclusion=True
    )
    assert found.expression == AnyOf(
        (Not(Compare("childbearing_potential", "==", True)), OneOf("pregnancy_test", ("negative",)))
    )
    women = read_criterion("Women must have a negative pregnancy test", is_inclusion=True).expression
    assert women == AnyOf((Not(OneOf("sex", ("female",))), OneOf("pregnancy_test", ("negative",))))


def test_an_exception_of_the_same_kind_never_lets_a_second_disease_pass():
    found = read_criterion("Other malignancy except basal cell carcinoma", is_inclusion=False).expression
    assert isinstance(found, Unless)
    assert found.part == ever("second_malignancy")
    assert found.exception == AllOf(
        (
            ever("basal_cell_carcinoma"),
            Unread("basal cell carcinoma", "whether the exception covers every case is not told"),
        )
    )


def test_half_lives_beside_days_stay_unread():
    text = "Chemotherapy within 14 days or 5 half-lives, whichever is longer, prior to enrollment"
    leaves = list(iterate_leaves(read_criterion(text, is_inclusion=False).expression))
    assert any(isinstance(leaf, Unread) for leaf in leaves)


@pytest.mark.parametrize(
    "text",
    [
        "Age = 18 years",  # a registry lost the bar of "≥" or "≤"
        "Platelets = 100,000/mm3",
        "Platelets > 100.000/mm3",  # a hundred, or a hundred thousand
        "HCV RNA > 103 IU/mL",  # or ten to the third
        "Hemoglobin ≥ 5 mg/kg",  # a unit that does not fit
        "ALT ≤ 40",  # no unit
        "Participants aged 16 to < 18 years: Karnofsky score ≥ 50%",
        "Not able to swallow, or stroke and ALT > 3",
        "Patients with stroke brain metastases",  # two names without a join
        "Women of childbearing potential must",  # breaks off
        "Prior immunotherapy is allowed if stable for 3 months",
        "Stroke and angina",  # of an exclusion: both, or either?
        "Infection not controlled",
        "Family history of breast cancer",
        "NSCLC, melanoma",
        "Patients with or without brain metastases",
        "Hemoglobin below 10 g/dL in women or 11 g/dL in men",
        "ALT ≤ 3 × ULN; ≤ 5 × ULN if liver metastases",
        "Female patients who are not pregnant",
        "CKD stage 3",
        "QTc ≤ 450 ms (males) or ≥ 470 ms (females)",
        "Type 1 or type 2 diabetes",
        "No more than 2 prior lines of chemotherapy",
        "Ethanol or psychoactive drug abuse",
        "Known hypersensitivity to xyzzy",
        "Surgery (excluding biopsy) or trauma within 4 weeks before enrollment",
        "A history of any disorder, as shown by:\nStroke",
    ],
)
def test_what_could_mean_two_things_stays_text(text):
    parsed = read_criterion(text, is_inclusion=text != "Stroke and angina")
    assert parsed.status in ("text", "not computable")
    assert all(isinstance(leaf, Unread) for leaf in iterate_leaves(parsed.expression))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Signed written informed consent", "consent"),
        ("Willing to comply with study procedures", "willingness"),
        ("Any condition that, in the opinion of the investigator, makes the patient unsuitable", "judgement"),
        ("Able to swallow tablets", "ability"),
        ("Currently participating in another clinical trial", "administrative"),
        ("Use of effective contraception", "contraception"),
        ("Adequate organ function", "adequacy"),
        ("Inclusion Criteria:", "heading"),
    ],
)
def test_what_no_data_answers_is_recognised(text, rule):
    parsed = read_criterion(text, is_inclusion=True)
    assert parsed.status == "not computable"
    assert parsed.rules == (f"recognised: {rule}",)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Severe hepatic impairment", "partly computable"),
        ("Active infection requiring systemic therapy", "partly computable"),
        ("Brain metastases that have been treated", "partly computable"),
        ("Aspirin", "partly computable"),
        ("Acute pancreatitis", "partly computable"),
        ("ECOG 0-1. Able to give consent.", "partly computable"),
    ],
)
def test_a_quality_or_a_tail_that_no_code_tells_stays_unread(text, status):
    parsed = read_criterion(text, is_inclusion=text.startswith("ECOG"))
    assert parsed.status == status
    assert any(isinstance(leaf, Unread) for leaf in iterate_leaves(parsed.expression))


def test_alternatives_over_lines_are_not_joined_by_and():
    text = "One of the following:\nECOG 0-1\nKarnofsky ≥ 70"
    assert read_criterion(text, is_inclusion=True).status == "text"
    either = read_criterion("ECOG 0-1; or\nKarnofsky ≥ 70", is_inclusion=True).expression
    assert either == AnyOf((Between(ECOG, 0, 1), Compare("karnofsky_performance_status", ">=", 70)))


def test_lines_under_a_lead_keep_its_window():
    text = "A history within the last 5 years of the following:\nSchizophrenia\nSyncope"
    found = read_criterion(text, is_inclusion=False)
    assert found.expression == AnyOf((ever("schizophrenia", first=-1826.25), ever("syncope", first=-1826.25)))
    other = read_criterion("Findings as told by the scan, including:\nStroke", is_inclusion=False)
    assert other.status == "text"


def test_a_permission_after_a_rule_makes_it_unsure():
    text = "Received a live vaccine within 30 days. Killed vaccines are allowed."
    found = read_criterion(text, is_inclusion=False).expression
    assert isinstance(found, Unless)
    assert isinstance(found.exception, Unread)


def test_entities_say_kind_concept_place_and_negation():
    text = "No history of stroke within 6 months prior to randomization"
    entities = read_criterion(text, is_inclusion=True).entities
    stroke = next(e for e in entities if e.concept == "stroke")
    assert (stroke.kind, stroke.text, stroke.is_negated) == ("condition", "stroke", True)
    assert {e.kind for e in entities} == {"negation", "temporal", "condition", "anchor"}
    anchor = next(e for e in entities if e.kind == "anchor")
    assert anchor.text == "randomization"


def test_what_is_left_over_is_listed_with_its_place():
    parsed = read_criterion("Patients with stroke xyzzy", is_inclusion=True)
    assert parsed.status == "text"
    assert parsed.confidence == 0
    assert [(left.text, left.start) for left in parsed.leftovers] == [("xyzzy", 21)]


def test_a_protocol_is_read_in_its_order():
    criteria = (Criterion("C1", "IN1", "ECOG 0-1", True), Criterion("C2", "EX1", "Stroke", False))
    parsed = read_criteria(criteria)
    assert [p.criterion_id for p in parsed] == ["C1", "C2"]
    assert parsed[1].expression == ever("stroke")


def test_the_reader_of_a_complete_record_may_say_that_absence_is_none():
    parsed = read_criterion("History of stroke", is_inclusion=False, absence="none")
    assert parsed.expression == CountEvents(
        EventSet("condition", ("stroke",)), ">=", 1, Window(None, 0.0), "none"
    )

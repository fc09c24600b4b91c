"""Lists, leads and words of source: meanings written by hand, beside neighbours that must stay text."""

import pytest

from unburden.domain.criteria import (
    AllOf,
    AnyOf,
    Between,
    Compare,
    CompareToLimit,
    CountEvents,
    OneOf,
    Unless,
    Unread,
    iterate_leaves,
)
from unburden.eligibility.reading import read_criterion
from unburden.eligibility.reading.items import is_list_lead

ANC, PLATELETS, HB = "absolute_neutrophil_count", "platelet_count", "haemoglobin"
LVEF, QTC, CRCL = "left_ventricular_ejection_fraction", "qtc_interval", "creatinine_clearance"
ECOG, LIFE = "ecog_performance_status", "life_expectancy"
BILIRUBIN, CREATININE = "total_bilirubin", "serum_creatinine"


def include(text):
    return read_criterion(text, is_inclusion=True)


def exclude(text):
    return read_criterion(text, is_inclusion=False)


def at_most(column, multiple):
    return CompareToLimit(column, "<=", multiple, "ULN")


SOURCES = [
    ("Creatinine clearance ≥ 30 mL/min (by the Cockcroft Gault method)", Compare(CRCL, ">=", 30, "mL/min")),
    ("Creatinine clearance ≥ 30 mL/minute per the Cockcroft and Gault formula", Compare(CRCL, ">=", 30, "mL/min")),  # noqa: E501
    ("Calculated creatinine clearance ≥ 30 mL/min (Cockcroft-Gault formula)", Compare(CRCL, ">=", 30, "mL/min")),  # noqa: E501
    ("LVEF ≥ 50% by either echocardiography (ECHO) or MUGA within 28 days before enrollment", Compare(LVEF, ">=", 50, "%")),  # noqa: E501
    ("Life expectancy of ≥12 weeks (according to the Investigator's judgment)", Compare(LIFE, ">=", 12, "week")),  # noqa: E501
    ("Minimum life expectancy > 12 weeks", Compare(LIFE, ">", 12, "week")),
    ("Haemoglobin ≥9.0 g/dL (transfusion permitted)", Compare(HB, ">=", 9, "g/dL")),
    ("ECOG performance status of 0 to 1 assessed within 7 days before randomization", Between(ECOG, 0, 1)),
    ("ECOG Performance Status (PS) grade ≤2", Compare(ECOG, "<=", 2)),
    ("Creatinine clearance ≥30 milliliters per minute (mL/min)", Compare(CRCL, ">=", 30, "mL/min")),
    ("Platelet count ≥75 x 109/L (≥75,000 per mm3)", Compare(PLATELETS, ">=", 75, "10*9/L")),
    ("QTc > 470 msec calculated using Fridericia's formula (QTcF)", Compare(QTC, ">", 470, "ms")),
    ("Platelets ≥ 100 000/μL", Compare(PLATELETS, ">=", 100_000, "/uL")),
    ("19 years or older, male or female", Compare("age", ">=", 19, "year")),
    ("Total bilirubin ≤1.5-fold the ULN of the study site", at_most(BILIRUBIN, 1.5)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expression"), SOURCES, ids=[text[:40] for text, _ in SOURCES])
def test_how_where_and_by_whom_it_was_measured_changes_nothing(text, expression):
    assert include(text).expression == expression


@pytest.mark.parametrize(
    "text",
    [
        "Hemoglobin ≥ 9 g/dL (transfusion permitted only if > 2 weeks ago)",
        "As judged by the investigator, active infection",
        "Positive urine drug screening test",
        "Prior surgery must have been performed at least 4 weeks prior to study enrollment",
        "24-hour urine protein < 1 widget",
    ],
)
def test_words_of_source_tell_nothing_of_other_things(text):
    assert include(text).status == "text"


def test_a_judgement_beside_a_disease_only_narrows_it():
    found = exclude("Stroke as assessed by the investigator").expression
    assert isinstance(found, AllOf)
    assert isinstance(found.parts[0], CountEvents)
    assert isinstance(found.parts[1], Unread)


@pytest.mark.parametrize(
    ("lead", "is_lead"),
    [
        ("adequate organ function as defined by all of the following:", True),
        ("patients must have adequate bone marrow and hepatic function:", True),
        ("adequate renal function within 14 days before randomization, as follows:", True),
        ("adequate organ function, any of the following:", False),
        ("adequate organ function if no liver metastases:", False),
        ("no adequate organ function:", False),
        ("pain:", False),
    ],
)
def test_a_lead_to_a_list_asks_for_all_of_it(lead, is_lead):
    assert is_list_lead(lead) is is_lead


@pytest.mark.parametrize("between", ["\n", "; ", ";\n* "])
def test_measures_under_a_lead(between):
    items = ["ANC ≥ 1500/mm3", "Platelets ≥ 100 x 10^9/L", "Creatinine ≤ 1.5 x ULN or creatinine clearance ≥ 50 mL/min"]  # noqa: E501  # fmt: skip
    parsed = include(
        "Adequate organ function as defined by:" + between.replace(";", "") + between.join(items)
    )
    anc, platelets = Compare(ANC, ">=", 1500, "/uL"), Compare(PLATELETS, ">=", 100, "10*9/L")
    renal = AnyOf((at_most(CREATININE, 1.5), Compare(CRCL, ">=", 50, "mL/min")))
    assert parsed.expression == AllOf((anc, platelets, renal))


def test_a_lead_and_its_measures_in_one_line():
    found = include("Adequate hepatic function: bilirubin ≤ 1.5 x ULN, ALT ≤ 2.5 x ULN").expression
    assert found == AllOf((at_most(BILIRUBIN, 1.5), at_most("alanine_aminotransferase", 2.5)))


def test_an_item_that_is_not_read_stays_beside_the_others():
    parsed = include("ANC ≥ 1500/mm3, platelets ≥ 75 (or as zyxwv), and haemoglobin ≥ 9 g/dL")
    anc, unread, haemoglobin = parsed.expression.parts
    assert (anc, haemoglobin) == (Compare(ANC, ">=", 1500, "/uL"), Compare(HB, ">=", 9, "g/dL"))
    assert isinstance(unread, Unread)
    assert "zyxwv" in unread.text
    assert parsed.status == "partly computable"


def test_an_exclusion_keeps_out_whoever_meets_one_item():
    found = exclude(
        "Systolic blood pressure outside what zyxwv 160 mmHg or diastolic blood pressure > 95 mmHg"
    )
    assert isinstance(found.expression, AnyOf)
    assert found.expression.parts[1] == Compare("diastolic_blood_pressure", ">", 95, "mm[Hg]")
    assert isinstance(found.expression.parts[0], Unread)


def test_measures_set_one_after_the_other():
    text = "Absolute neutrophil count (ANC) ≥ 1.5×109/L Platelets ≥ 100 ×109/L Hemoglobin ≥ 9 g/dL or ≥ 5.6 mmol/L"  # noqa: E501
    two_units = AnyOf((Compare(HB, ">=", 9, "g/dL"), Compare(HB, ">=", 5.6, "mmol/L")))
    anc, platelets = Compare(ANC, ">=", 1.5, "10*9/L"), Compare(PLATELETS, ">=", 100, "10*9/L")
    assert include(text).expression == AllOf((anc, platelets, two_units))


def test_numbered_items_of_one_line():
    parsed = include("1. Age ≥ 18 years at the time of consent 2. ECOG ≤ 2 3. Candidate for a zyxwv")
    age, ecog, unread = parsed.expression.parts
    assert (age, ecog) == (Compare("age", ">=", 18, "year"), Compare(ECOG, "<=", 2))
    assert isinstance(unread, Unread)


@pytest.mark.parametrize(
    "text",
    [
        "Adequate organ function, any of the following: ANC ≥ 1500/mm3, platelets ≥ 100,000/mm3",
        "ANC ≥ 1500/mm3, platelets ≥ 100,000/mm3 in patients without zyxwv",
        "ANC ≥ 1500/mm3, platelets ≥ 100,000/mm3, creatinine ≤ 1 x ULN or GFR ≥ 60 mL/min/1.73 m2",
        "Karnofsky ≥ 70 or ECOG 0-1, life expectancy ≥ 3 months",
        "No ANC < 1500/mm3, platelets < 100,000/mm3",
        "1. ANC ≥ 1500/mm3 2. Platelets ≥ 100 x 10^9/L or 3. Hb ≥ 9 g/dL",
        "Adequate organ function:\nANC ≥ 1500/mm3\nFor patients with marrow involvement:\nANC ≥ 500/mm3",
        "Adequate organ function:\nANC ≥ 1500/mm3\nHb ≥ 9 g/dL Cf. If due to marrow involvement, could be enrolled",  # noqa: E501
        "ALT ≤ 3 x ULN\nALT ≤ 5 x ULN in patients with liver metastases",
        "AST ≤ 3 x ULN. If related to the disease, a patient could be enrolled with AST ≤ 5 x ULN.",
        "Serum creatinine ≤ 1.5 x ULN. May be higher if on dialysis.",
        "ALT ≤ 3 x ULN, and for patients with liver metastases ≤ 5 x ULN",
    ],
)
def test_what_could_reach_over_its_neighbours_stays_text(text):
    assert include(text).status == "text"


@pytest.mark.parametrize(
    "text",
    [
        "ANC < 1500/mm3 and platelets < 100,000/mm3",
        "Hepatic function: total bilirubin ≤ 1.5 x ULN, ALT ≤ 3.0 x ULN",
        "Hypertension (systolic blood pressure > 150 mmHg and diastolic blood pressure > 90 mmHg)",
        "ANC < 1500/mm3, platelets < 100,000/mm3 for more than 7 days",
        "Bilirubin > 1.5 x ULN or AST > 3 x ULN with zyxwv",
        "1. Stroke 2. Myocardial infarction 3. Surgery, all within 6 months",
        "Creatinine clearance < 60 mL/min. However, enrollment is possible if a second value is higher.",
    ],
)
def test_what_could_let_in_or_keep_out_stays_text(text):
    assert exclude(text).status == "text"


def test_a_transfusion_that_is_not_permitted_narrows_the_limit():
    found = include(
        "Platelet count ≥ 100 x 109/L. Platelet transfusion is not permitted within 1 week."
    ).expression
    assert isinstance(found, AllOf)
    assert found.parts[0] == Compare(PLATELETS, ">=", 100, "10*9/L")
    narrowed = include(
        "ANC ≥ 1500/mm3 (without G-CSF support within 2 weeks prior to Cycle 1, Day 1)"
    ).expression
    assert isinstance(narrowed, AllOf)
    assert isinstance(narrowed.parts[1], Unread)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Age ≥ 18 years (or ≥ legal adult age within the country if it is older than 18 years)", AllOf),
        ("≥18 years or the minimum legal age (whichever is greater)", AllOf),
        ("Aged ≥ 18 years or acceptable age according to local regulations", AnyOf),
    ],
)
def test_the_legal_age_stays_unread(text, kind):
    found = include(text).expression
    assert isinstance(found, kind)
    assert found.parts[0] == Compare("age", ">=", 18, "year")
    assert isinstance(found.parts[1], Unread)


def test_a_promise_beside_an_age():
    found = include(
        "18 years of age or older, able to understand and give written informed consent"
    ).expression
    assert found.parts[0] == Compare("age", ">=", 18, "year")
    assert found.parts[1].reason.startswith("consent")


def test_a_second_measure_where_the_first_is_not_met():
    text = "Serum creatinine ≤ 1.5 x ULN, or, if serum creatinine > 1.5 x ULN, then creatinine clearance must be ≥ 40 mL/min"  # noqa: E501
    assert include(text).expression == AnyOf((at_most(CREATININE, 1.5), Compare(CRCL, ">=", 40, "mL/min")))
    same_side = text.replace("if serum creatinine >", "if serum creatinine <")
    assert include(same_side).status == "text"


def test_an_exception_that_is_not_read_leaves_those_above_the_limit_unsure():
    found = include("Bilirubin ≤ 1.5 x ULN (not applicable to patients with zyxwv)").expression
    assert isinstance(found, AnyOf)
    assert found.parts[0] == at_most(BILIRUBIN, 1.5)
    assert isinstance(found.parts[1], Unread)
    kept = exclude("Bilirubin > 1.5 x ULN unless due to zyxwv, which is acceptable").expression
    assert isinstance(kept, Unless)


def test_hypertension_by_its_definition():
    text = "Uncontrolled hypertension (systolic blood pressure [SBP] > 160 mmHg or diastolic blood pressure [DBP] > 100 mmHg)"  # noqa: E501
    systolic = Compare("systolic_blood_pressure", ">", 160, "mm[Hg]")
    assert exclude(text).expression == AnyOf(
        (systolic, Compare("diastolic_blood_pressure", ">", 100, "mm[Hg]"))
    )


def test_each_sex_keeps_its_limit_beside_words_of_source():
    text = "Corrected QT interval (QTcF) prolongation to > 470 msec (females) or > 450 msec (males) based on average of triplicate ECG"  # noqa: E501
    found = exclude(text).expression
    pairs = {(leaf.values[0]) for leaf in iterate_leaves(found) if isinstance(leaf, OneOf)}
    numbers = [leaf.value for leaf in iterate_leaves(found) if isinstance(leaf, Compare)]
    assert pairs == {"female", "male"}
    assert numbers == [470, 450]


def test_a_disease_and_a_tail_without_joins():
    found = include("NSCLC with KRAS G12C mutation").expression
    assert isinstance(found, AllOf)
    assert isinstance(found.parts[1], Unread)
    assert include("NSCLC with KRAS G12C mutation or zyxwv").status == "text"
    assert include("NSCLC with zyxwv, melanoma").status == "text"


def test_a_heading_at_the_end_is_kept():
    parsed = include("9. ECOG performance status ≤ 2 10. Adequate hepatic function as per below:")
    assert parsed.status == "partly computable"


def test_a_definition_of_two_measures_is_taken_of_an_exclusion_only():
    text = (
        "Controlled hypertension (systolic blood pressure < 150 mmHg or diastolic blood pressure < 90 mmHg)"
    )
    assert include(text).status == "text"


def test_a_limit_for_each_of_two_diseases():
    found = include(
        "are between 18 and 64 years old for T1DM, or between 20 and 70 years old for T2DM"
    ).expression
    first, second = found.parts
    assert first.parts[1] == Between("age", 18, 64, "year")
    assert second.parts[1] == Between("age", 20, 70, "year")
    assert first.parts[0].events.codes == ("type_1_diabetes",)
    assert include("Platelets ≥ 75 x 10^9/L and ≥ 100 x 10^9/L for lung cancer").status == "text"


@pytest.mark.parametrize("again", ["", "AST "])
def test_a_condition_changes_the_limit_of_its_own_measure_only(again):
    text = f"Bilirubin ≤ 2 x ULN, AST ≤ 2.5 x ULN ({again}≤ 5 x ULN in patients with liver metastases)"
    bilirubin, ast = include(text).expression.parts
    assert bilirubin == at_most(BILIRUBIN, 2)
    assert ast.parts[0] == at_most("aspartate_aminotransferase", 2.5)
    assert ast.parts[1].parts[1] == at_most("aspartate_aminotransferase", 5)
    assert include("AST ≤ 2.5 x ULN (ALT ≤ 5 x ULN in patients with liver metastases)").status == "text"


def test_the_absence_of_support_narrows():
    found = include("ANC ≥ 1500/mm3 in the absence of G-CSF within 14 days").expression
    assert isinstance(found, AllOf)
    assert isinstance(found.parts[1], Unread)


def test_an_exception_after_several_limits_is_unsure_for_all_of_them():
    found = include("Bilirubin ≤ 2 x ULN and AST ≤ 2.5 x ULN unless liver metastases").expression
    assert isinstance(found.parts[1], AllOf)
    assert isinstance(found.parts[1].parts[1], Unread)


def test_under_a_lead_an_or_without_a_comma_stays_in_its_item():
    lead = (
        "Adequate organ function: ANC ≥ 1500/mm3, creatinine ≤ 1.5 x ULN or creatinine clearance ≥ 50 mL/min"
    )
    renal = AnyOf((at_most(CREATININE, 1.5), Compare(CRCL, ">=", 50, "mL/min")))
    assert include(lead).expression == AllOf((Compare(ANC, ">=", 1500, "/uL"), renal))
    assert include(lead.replace(" or ", ", or ")).status == "text"

import re
import tomllib
from importlib import resources
from math import inf as INF

import pytest

from unburden.burden.classify import classify_activities
from unburden.data.evidence import (
    LEDGER_FILES,
    LEDGER_FOLDER,
    parse_evidence,
    parse_evidence_files,
    read_evidence,
)
from unburden.domain.burden import UNIT_BY_DIMENSION, Evidence
from unburden.domain.errors import InvalidEvidence
from unburden.domain.ledger import UNIT_BY_REQUIRED_EVIDENCE
from unburden.domain.protocol import Activity, Protocol, Timeline

KIND_BY_TITLE = {
    "Informed consent": "informed consent",
    "Demographics": "demographics and history",
    "Medical history": "demographics and history",
    "Vital Signs and Temperature": "vital signs",
    "Physical examination": "physical exam",
    "ECG": "ECG",
    "12-lead ECG (triplicate)": "triplicate ECG",
    "Hematology": "hematology",
    "Chemistry": "chemistry",
    "Chemistry, hematology, Coagulation": "hematology and chemistry",
    "Uninalysis": "urinalysis",
    "Plasma Specimen (Xanomeline)": "PK sample",
    "Apo E genotyping": "genetic sample",
    "Hemoglobin A1C": "HbA1c",
    "Pregnancy test": "pregnancy test",
    "Serum pregnancy test": "serum pregnancy test",
    "Urine/serum pregnancy test": "pregnancy test",
    "CT chest, abdomen and pelvis": "CT of chest, abdomen and pelvis",
    "Chest CT": "CT of chest",
    "Brain CT": "CT of head",
    "CT scan": "CT, region not stated",
    "MRI brain": "MRI",
    "FDG PET/CT": "PET/CT",
    "Bone scan": "bone scan",
    "DEXA": "DXA",
    "Mammogram": "mammography",
    "Chest X-ray": "chest x-ray",
    "Echocardiogram or MUGA": "echocardiogram or MUGA",
    "MUGA scan": "MUGA",
    "Echocardiogram": "echocardiogram",
    "Tumour biopsy": "biopsy",
    "ADAS-Cog": "ADAS-Cog",
    "MMSE": "MMSE",
    "NPI-X": "NPI-X",
    "DAD": "DAD",
    "CIBIC+": "CIBIC+",
    "EQ-5D-5L": "EQ-5D",
    "EORTC QLQ-C30": "EORTC QLQ-C30",
    "EORTC QLQ-BR23": "EORTC QLQ-BR23",
    "EORTC QLQ-OES18": "EORTC module",
    "FACT-B": "FACT",
    "FACT-G": "FACT-G",
    "FACIT-Fatigue": "FACIT-Fatigue",
    "Short Form-36 (SF-36)": "SF-36",
    "Patient Health Questionnaire–9 (PHQ-9)": "PHQ-9",
    "PGI-C": "single question",
    "Ambulatory ECG placed": "ambulatory ECG",
    "Ambulatory ECG removed": "ambulatory ECG removed",
    "24-hour ambulatory blood pressure": "ambulatory blood pressure",
    "CGM sensor": "wearable device",
    "Amyloid PET": "PET with a tracer other than FDG",
    "Patient diary dispensed": "diary",
    "Hand out and instruct in PK dairy": "diary",
    "Diary return": "diary returned",
    "Fasting plasma glucose": "fasting blood test",
    "Lipids (fasting)": "fasting blood test",
    "Non-fasting lipids": "chemistry",
    "OGTT": "glucose tolerance test",
    "Attend visit fasting": "visit fasting",
    "Breakfast meal": "meal",
    "Evaluation of lipid-lowering treatment": "treatment reviewed",
    "Diet and physical activity counselling": "counselling",
    "Symptom-directed physical examination, including tuberculosis": "physical exam",
    "Ophthalmology exam": "eye examination",
    "Anal and pelvic exam": "examination of a part",
    "Serum SARS-CoV-2 antibody titer": "hormone, antibody or stored sample",
    "SARS-CoV-2 viral load": "swab",
    "Isatuximab Administration": "antibody, route not stated",
    "Subcutaneous injection of ramucirumab": "injection",
    "Pirtobrutinib administration": "supervised dose",
    "Admission to CRU": "admission or discharge",
    "Body imaging": "imaging of the body, method not stated",
    "Physician’s Global Assessment (PGA)": "clinician's rating",
    "Outpatient visit": "visit itself",
    "Sample 12": "sample of which nothing is said",
    "TTS Acceptability Survey": "questionnaire",
    "Study drug infusion": "infusion",
    "Injection of study drug": "injection",
    "Medications dispensed": "oral drug dispensing",
    "Concomitant medications": "concomitant medications",
    "Adverse events": "adverse events",
    "Patient randomised": "randomisation",
    "Telephone interview": "telephone interview",
    "Tumor assessment": "tumour assessment",
    "Something new": "unclassified",
}


def classify(*activities: Activity) -> dict[str, str]:
    protocol = Protocol("P", "P", "titles", (Timeline("T", "T", True),), (), activities, ())
    return {key: found.kind for key, found in classify_activities(protocol, read_evidence(), {}).items()}


def test_common_titles_find_their_kind():
    found = classify(*(Activity(title, title) for title in KIND_BY_TITLE))
    assert found == KIND_BY_TITLE


def test_published_values_are_those_of_the_publications():
    """Ray 2015 (minutes), Borno 2018 (25.8 miles, IQR 11.5 to 75.3), Mettler 2008 (mSv)."""
    entries = read_evidence().evidence_by_id
    mile = 1.609344
    distance = entries["travel.one_way_km"].value, entries["travel.one_way_km"].low
    assert distance == pytest.approx((25.8 * mile, 11.5 * mile), abs=0.05)
    assert entries["travel.one_way_km"].high == pytest.approx(75.3 * mile, abs=0.05)
    assert (entries["travel.minutes"].value, entries["site.whole_visit_minutes"].value) == (37, 84)
    doses = {"ct_chest": 7, "ct_abdomen": 8, "ct_pelvis": 6, "ct_head": 2, "bone_scan": 6.3}
    doses |= {"chest_xray": 0.1, "mammography": 0.4, "ct_neck": 3, "muga": 7.8, "dxa": 0.001}
    assert {name: entries[f"radiation_msv.{name}"].value for name in doses} == doses
    pet = entries["radiation_msv.pet_ct"]
    assert (pet.low, pet.high) == (12, 14)
    assert entries["travel.one_way_km_phase_1"].value == pytest.approx(41.2 * mile, abs=0.05)
    assert entries["travel.one_way_km_low_income"].value == pytest.approx(58.3 * mile, abs=0.05)
    assert entries["travel.one_way_km_high_income"].value == pytest.approx(17.8 * mile, abs=0.06)
    assert entries["caregiver.share"].value == 0.386
    assert entries["minutes.venepuncture"].value == pytest.approx(259 / 60, abs=0.05)


def test_only_these_publications_are_cited():
    """Each was read, or its figures are known for certain; a new one is written down here too."""
    cited = {e.source.removeprefix("published:") for e in read_evidence().evidence if e.grade in "ABC"}
    assert {source.split(",")[0] for source in cited} == {
        "observed:counted in the schedule",
        '"Phlebotomy Cycle Time Related to Phlebotomist Experience and/or Hospital Location" 2016',
        "Aaronson et al. 1993",
        "Alsrur et al. 2025",
        "Avery et al. 2004",
        "Bergman et al. 1994",
        "Bjordal et al. 1999",
        "Boellaard et al. 2015",
        "Borno et al. 2018",
        "Clarke et al. 1995",
        "Folstein et al. 1975",
        "Gelinas et al. 1999",
        "Guyatt et al. 1989",
        "HRB Open Research 2018",
        "Hachinski et al. 1975",
        "Herdman et al. 2011",
        "IRS Notice 2024-08",
        "Kolotkin et al. 2019",
        "Koopman et al. 2002",
        "Kroenke et al. 2001",
        "Mettler et al. 2008",
        "OHRP 1998",
        "Ray KN et al. 2015",
        "Reilly et al. 1993",
        "Rosen et al. 1984",
        "Rush et al. 2003",
        "Siegal et al. 2023",
        "Sprangers et al. 1996",
        "Ware and Sherbourne 1992",
        "Ware et al. 1996",
        "Webster et al. 2003",
        "Whistance et al. 2009",
        "Wolff and Roter 2008",
        "Yellen et al. 1997",
        "Zigmond and Snaith 1983",
        "van Andel et al. 2008",
    }


def read_tables(name: str, key: str) -> list[dict]:
    folder = resources.files("unburden.data").joinpath(LEDGER_FOLDER)
    return tomllib.loads(folder.joinpath(name).read_text(encoding="utf-8")).get(key, [])


@pytest.mark.parametrize("name", [f"{dimension}.toml" for dimension in UNIT_BY_DIMENSION])
def test_each_dimension_has_its_file_in_its_unit(name):
    unit = UNIT_BY_DIMENSION[name.removesuffix(".toml")]
    limits = {"blood_ml.toml": {"kg", "mL/kg", "day", "1/week"}}.get(name, set())
    for table in read_tables(name, "evidence"):
        assert table["unit"] in {unit, "1", f"{unit}/km", *limits}, table["id"]


@pytest.mark.parametrize("name", LEDGER_FILES)
def test_no_default_lacks_a_source_a_grade_or_a_distribution(name):
    """A source that is published names who and when; one that is assumed says why."""
    for table in read_tables(name, "evidence"):
        source = table["source"]
        kind, _, rest = source.partition(":")
        assert table["distribution"] in ("fixed", "lognormal", "logit-normal"), table["id"]
        assert kind in ("observed", "published", "assumed") and len(rest) > 8, table["id"]
        assert (kind == "assumed") == (table["grade"] == "assumed"), table["id"]
        if kind == "published":
            assert re.match(r'(published:)[A-Za-z"].* (19|20)\d\d\b', source), table["id"]


def test_the_files_hold_all_that_the_folder_holds():
    folder = resources.files("unburden.data").joinpath(LEDGER_FOLDER)
    assert sorted(LEDGER_FILES) == sorted(file.name for file in folder.iterdir())


def test_an_entry_without_a_source_is_refused():
    table = 'id = "a"\ndescription = "d"\nvalue = 1\nlow = 1\nhigh = 1\nunit = "mL"\ngrade = "B"'
    text = f'[[evidence]]\n{table}\ndistribution = "fixed"\n'
    with pytest.raises(InvalidEvidence) as caught:
        parse_evidence_files({"blood_ml.toml": text}, "evidence_ledger")
    assert caught.value.problems[0] == "blood_ml.toml: evidence 1 ('a') has no 'source'; add it"


def test_every_entry_is_counted_or_says_that_it_is_not():
    ledger = read_evidence()
    counted = {quantity.evidence_id for kind in ledger.kinds for quantity in kind.quantities}
    idle = {entry.id for entry in ledger.evidence} - counted - set(UNIT_BY_REQUIRED_EVIDENCE)
    told = {entry.id for entry in ledger.evidence if "no line counts it" in entry.description}
    assert idle == told | {entry.id for entry in ledger.evidence if entry.id.startswith("blood_limit.")}


def test_a_forms_minutes_are_those_of_its_items():
    entries = read_evidence().evidence_by_id
    for kind in read_evidence().kinds:
        counts = {q.count for q in kind.quantities if q.evidence_id == "minutes.questionnaire_item"}
        if counts:
            (items,) = [q for q in kind.quantities if q.dimension == "questionnaire_items"]
            assert counts == {entries[items.evidence_id].value}, kind.name
    each = entries["minutes.questionnaire_item"].value
    assert each * 30 == pytest.approx(entries["minutes.qlq_c30"].value, abs=0.02)


def test_a_whole_visits_minutes_are_counted_nowhere():
    """Beside procedures and arrival they would count the same time twice."""
    ledger = read_evidence()
    counted = {quantity.evidence_id for kind in ledger.kinds for quantity in kind.quantities}
    assert "site.whole_visit_minutes" not in counted
    whole, arrival = (
        ledger.evidence_by_id[name] for name in ("site.whole_visit_minutes", "site.arrival_minutes")
    )
    assert arrival.high < whole.value


def test_every_blood_kind_shares_one_needle():
    """But for blood from an artery, which has a puncture of its own."""
    for kind in read_evidence().kinds:
        if any(quantity.detail == "arterial puncture" for quantity in kind.quantities):
            continue
        if any(quantity.dimension == "blood_ml" for quantity in kind.quantities):
            setups = [(q.dimension, q.detail) for q in kind.quantities if q.setup == "venepuncture"]
            assert setups == [("minutes", ""), ("invasive_procedures", "venepuncture")], kind.name


def test_every_problem_is_listed_at_once():
    required = "\n".join(
        f'[[evidence]]\nid = "{name}"\ndescription = "d"\nvalue = 1\nlow = 1\nhigh = 1\n'
        f'unit = "{unit}"\nsource = "observed:test"\ngrade = "A"\ndistribution = "fixed"'
        for name, unit in [
            ("count.one", "1"),
            ("travel.minutes", "minute"),
            ("site.arrival_minutes", "hour"),
            ("home.visit_minutes", "minute"),
            ("remote.visit_minutes", "minute"),
            ("caregiver.share", "1"),
            ("cost.usd_per_km", "USD/km"),
            ("cost.usd_per_day", "USD"),
        ]
    )
    text = f"""{required}
[[evidence]]
id = "bad"
description = "d"
value = 3
low = 4
high = 5
unit = "mL"
source = "guess"
grade = "A"
distribution = "lognormal"
[[evidence]]
id = "short"
value = "3"
unit = 5
[[kind]]
name = "a"
patterns = ["("]
home_feasible = "yes"
quantities = []
[[kind]]
name = "c"
patterns = []
codes_of = ["d"]
home_feasible = true
quantities = []
[kind.codes]
LOINC = "718-7"
[[kind]]
name = "d"
patterns = []
codes_of = ["e"]
home_feasible = true
quantities = []
[kind.codes.LOINC]
"" = "nothing"
[[kind]]
name = "b"
patterns = ["("]
home_feasible = true
quantities = [
  {{ dimension = "blood_ml", evidence = "travel.minutes", cause = "often", count = 0 }},
  {{ dimension = "tears", evidence = "none", causes = "cell" }},
  {{ dimension = "tears", evidence = "none" }},
  {{ dimension = "blood_ml", evidence = "bad" }},
]
"""
    with pytest.raises(InvalidEvidence) as caught:
        parse_evidence(text, "ledger.toml")
    dimensions = (
        "minutes, contact_days, site_minutes, home_minutes, travel_minutes, travel_km, blood_ml, "
        "radiation_msv, invasive_procedures, questionnaire_items, questionnaire_minutes, fasting_hours, "
        "diary_days, caregiver_minutes, out_of_pocket_usd"
    )
    assert str(caught.value).splitlines() == [
        "InvalidEvidence: ledger.toml: 24 problems",
        "  - evidence 9 ('bad') needs 0 <= low <= value <= high, found 4.0, 3.0, 5.0",
        "  - evidence 9 ('bad') source 'guess' must start with one of "
        "observed:, published:, assumed:, model:, simulated:",
        *(
            f"  - evidence 10 ('short') has no {key!r}; add it"
            for key in ("description", "low", "high", "source", "grade", "distribution")
        ),
        "  - evidence 10 ('short') has value = '3'; give a number",
        "  - evidence 10 ('short') has unit = 5; give text in quotes",
        "  - kind 1 ('a') has home_feasible = 'yes'; give true or false",
        "  - kind 2 ('c') has codes of 'LOINC' = '718-7'; give lines such as C64547 = \"creatinine\"",
        "  - kind 4 ('b') quantity 2 has the unknown key 'causes'; "
        "use dimension, evidence, cause, count, detail",
        "  - kind 3 ('d') takes the codes of 'e', which is no kind; name one of the file",
        "  - the evidence 'travel.one_way_km' is missing; every visit needs it, so add it in 'km'",
        "  - evidence 'site.arrival_minutes' is in 'hour'; give it in 'minute'",
        "  - the kind 'unclassified' is missing; add it for activities that no pattern matches",
        "  - kind 'd' has the code '' of the system 'LOINC'; give both texts",
        "  - kind 'b' has the pattern '(', which is no regular expression "
        "(missing ), unterminated subpattern at position 0); correct it",
        "  - kind 'b' counts 'travel.minutes', in 'minute', as blood_ml; use evidence in 'mL' or '1'",
        "  - kind 'b' has the cause 'often'; use 'cell', 'setup:<name>' or 'until-next'",
        "  - kind 'b' has the count 0.0; give a number above 0",
        f"  - kind 'b' has the dimension 'tears'; use one of {dimensions}",
        "  - kind 'b' refers to the evidence 'none', which does not exist; add it",
    ]


def test_broken_toml_and_unknown_tables_are_told():
    with pytest.raises(InvalidEvidence, match="is no TOML"):
        parse_evidence("[[evidence", "ledger.toml")
    with pytest.raises(InvalidEvidence, match="has the unknown key 'kinds'"):
        parse_evidence("[kinds]", "ledger.toml")


@pytest.mark.parametrize("kind", [["x"], {"a": 1}, 3, "haircut"])
def test_a_kind_that_is_none_is_told(kind):
    activities = (Activity("ecg", "ECG"),)
    protocol = Protocol("P", "P", "titles", (Timeline("T", "T", True),), (), activities, ())
    with pytest.raises(InvalidEvidence) as caught:
        classify_activities(protocol, read_evidence(), {"ecg": kind})
    (problem,) = caught.value.problems
    assert problem.startswith(f"activity 'ecg' has the kind {kind!r}; use one of ")


@pytest.mark.parametrize("numbers", [(1, 0, INF), (INF, 0, INF), (INF, INF, INF), (1, 0, 1e300)])
def test_evidence_beyond_all_measures_is_refused(numbers):
    with pytest.raises(InvalidEvidence, match=r"holds .*; give numbers up to 1e\+09"):
        Evidence("travel.minutes", "", *numbers, "minute", "published:x", "A")

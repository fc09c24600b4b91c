from math import inf as INF

import pytest

from unburden.burden.classify import classify_activities
from unburden.data.evidence import parse_evidence, read_evidence
from unburden.domain.burden import Evidence
from unburden.domain.errors import InvalidEvidence
from unburden.domain.protocol import Activity, Protocol, Timeline

KIND_BY_TITLE = {
    "Informed consent": "informed consent",
    "Demographics": "demographics and history",
    "Medical history": "demographics and history",
    "Vital Signs and Temperature": "vital signs",
    "Physical examination": "physical exam",
    "ECG": "ECG",
    "12-lead ECG (triplicate)": "triplicate ECG",
    "Ambulatory ECG placed": "ambulatory ECG",
    "Hematology": "hematology",
    "Chemistry": "chemistry",
    "Chemistry, hematology, Coagulation": "hematology and chemistry",
    "Uninalysis": "urinalysis",
    "Plasma Specimen (Xanomeline)": "PK sample",
    "Apo E genotyping": "genetic sample",
    "Hemoglobin A1C": "HbA1c",
    "Pregnancy test": "pregnancy test",
    "Serum pregnancy test": "serum pregnancy test",
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
    "EORTC QLQ-BR23": "EORTC module",
    "FACT-B": "FACT",
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


def test_common_titles_find_their_kind():
    activities = tuple(Activity(f"A{i}", title) for i, title in enumerate(KIND_BY_TITLE))
    protocol = Protocol("P", "P", "titles", (Timeline("T", "T", True),), (), activities, ())
    found = classify_activities(protocol, read_evidence(), {})
    assert {a.title: found[a.id].kind for a in activities} == KIND_BY_TITLE


def test_published_values_are_those_of_the_publications():
    """Ray 2015 (minutes), Borno 2018 (25.8 miles, IQR 11.5 to 75.3), Mettler 2008 (mSv)."""
    entries = read_evidence().evidence_by_id
    mile = 1.609344
    distance = entries["travel.one_way_km"].value, entries["travel.one_way_km"].low
    assert distance == pytest.approx((25.8 * mile, 11.5 * mile), abs=0.05)
    assert entries["travel.one_way_km"].high == pytest.approx(75.3 * mile, abs=0.05)
    assert (entries["travel.minutes"].value, entries["site.whole_visit_minutes"].value) == (37, 84)
    doses = {"ct_chest": 7, "ct_abdomen": 8, "ct_pelvis": 6, "ct_head": 2, "bone_scan": 6.3}
    doses |= {"chest_xray": 0.1, "mammography": 0.4}
    assert {name: entries[f"radiation_msv.{name}"].value for name in doses} == doses
    pet = entries["radiation_msv.pet_ct"]
    assert (pet.low, pet.high) == (12, 14)


def test_only_publications_that_were_read_are_cited():
    published = {e.source.split(" et al. ")[0] for e in read_evidence().evidence if e.grade in "ABC"}
    assert published == {
        "observed:counted in the schedule",
        "published:Ray KN",
        "published:Borno",
        "published:Mettler",
        "published:IRS Notice 2024-08, standard mileage rates for 2024",
    }


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
    for kind in read_evidence().kinds:
        if any(quantity.dimension == "blood_ml" for quantity in kind.quantities):
            setups = [(q.dimension, q.detail) for q in kind.quantities if q.setup == "venepuncture"]
            assert setups == [("minutes", ""), ("invasive_procedures", "venepuncture")], kind.name


def test_every_problem_is_listed_at_once():
    required = "\n".join(
        f'[[evidence]]\nid = "{name}"\ndescription = "d"\nvalue = 1\nlow = 1\nhigh = 1\n'
        f'unit = "{unit}"\nsource = "observed:test"\ngrade = "A"'
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
        "InvalidEvidence: ledger.toml: 20 problems",
        "  - evidence 9 ('bad') needs 0 <= low <= value <= high, found 4.0, 3.0, 5.0",
        "  - evidence 9 ('bad') source 'guess' must start with one of "
        "observed:, published:, assumed:, model:, simulated:",
        *(
            f"  - evidence 10 ('short') has no {key!r}; add it"
            for key in ("description", "low", "high", "source", "grade")
        ),
        "  - evidence 10 ('short') has value = '3'; give a number",
        "  - evidence 10 ('short') has unit = 5; give text in quotes",
        "  - kind 1 ('a') has home_feasible = 'yes'; give true or false",
        "  - kind 2 ('b') quantity 2 has the unknown key 'causes'; "
        "use dimension, evidence, cause, count, detail",
        "  - the evidence 'travel.one_way_km' is missing; every visit needs it, so add it in 'km'",
        "  - evidence 'site.arrival_minutes' is in 'hour'; give it in 'minute'",
        "  - the kind 'unclassified' is missing; add it for activities that no pattern matches",
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

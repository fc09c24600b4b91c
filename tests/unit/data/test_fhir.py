"""Patients from FHIR bundles: what is not told is unknown, and garbage is named."""

import json
from datetime import date
from pathlib import Path

import pytest

from unburden.data.formats.fhir import read_fhir_bundles
from unburden.domain.criteria import (
    AllOf,
    AnyOf,
    Compare,
    CountEvents,
    EventSet,
    LatestValue,
    Not,
    OneOf,
    Window,
)
from unburden.domain.errors import InvalidCohort
from unburden.eligibility.evaluate import evaluate_expression

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "fhir"
needs_shared = pytest.mark.skipif(not FOLDER.exists(), reason="../shared/data/fhir is absent")
INDEX = date(2020, 1, 1)
MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-"
SNOMED, LOINC = "http://snomed.info/sct", "http://loinc.org"


def concept(*codings):
    return {"coding": [{"system": system, "code": code} for system, code in codings]}


def make(kind, identifier, **values):
    return {"resourceType": kind, "id": identifier, "subject": {"reference": "Patient/p"}, **values}


PATIENT = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1960-01-02"}
PRIMARY = make(
    "Condition",
    "c1",
    meta={"profile": [f"{MCODE}primary-cancer-condition"]},
    code=concept((SNOMED, "254837009")),
    onsetDateTime="2019-12-01",
    extension=[
        {
            "url": f"{MCODE}histology-morphology-behavior",
            "valueCodeableConcept": concept((SNOMED, "82711006")),
        }
    ],
)


def ecog(identifier, day, value, **more):
    return make(
        "Observation",
        identifier,
        code=concept((LOINC, "89247-1")),
        effectiveDateTime=day,
        valueInteger=value,
        status="final",
        **more,
    )


def bundle_of(*resources):
    return {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources]}


def read(folder, *bundles, index=INDEX):
    paths = []
    for number, bundle in enumerate(bundles):
        paths.append(folder / f"b{number}.json")
        paths[-1].write_text(bundle if isinstance(bundle, str) else json.dumps(bundle))
    return read_fhir_bundles(paths, index_date=index, name="fhir")


def row_of(folder, *resources, index=INDEX):
    cohort, _ = read(folder, bundle_of(PATIENT, *resources), index=index)
    return cohort.frame.row(0, named=True)


def test_a_patient_and_their_timeline_by_hand(tmp_path):
    hb = make(
        "Observation",
        "o1",
        code=concept((LOINC, "718-7")),
        effectiveDateTime="2019-12-31T23:30:00-05:00",
        valueQuantity={"value": 11.5, "unit": "grams", "code": "g/dL"},
    )
    drug = make(
        "MedicationRequest",
        "m1",
        status="active",
        intent="order",
        authoredOn="2020-01-03",
        medicationCodeableConcept=concept(("http://www.nlm.nih.gov/research/umls/rxnorm", "583214")),
    )
    cohort, notes = read(tmp_path, bundle_of(PATIENT, PRIMARY, ecog("e1", "2019-12-30", 1), hb, drug))
    row = cohort.frame.row(0, named=True)
    assert row == {
        "patient": "p",
        "age": 59.0,
        "sex": "female",
        "ecog": 1.0,
        "karnofsky": None,
        "primary_cancer": "254837009",
        "histology": "82711006",
        "has_metastasis": None,
        "clinical_stage": None,
        "pathological_stage": None,
        "er": None,
        "pr": None,
        "her2": None,
    }
    assert cohort.events.rows() == [
        (0, -31.0, "condition", "SNOMED", "254837009", None, None),
        (0, -2.0, "measurement", "LOINC", "89247-1", 1.0, ""),
        (0, -1.0, "measurement", "LOINC", "718-7", 11.5, "g/dL"),
        (0, 2.0, "drug", "RxNorm", "583214", None, None),
    ]
    assert notes == ()


@pytest.mark.parametrize(
    ("birth", "expected"),
    [
        ("1960-01-01", 60.0),
        ("1960-01-02", 59.0),
        ("1960", None),
        ("1960-01", None),
        ("2021-01-01", None),
        ("1960-13-01", None),
        (1960, None),
    ],
)
def test_age_is_completed_years_or_unknown(tmp_path, birth, expected):
    cohort, _ = read(tmp_path, bundle_of(PATIENT | {"birthDate": birth}))
    assert cohort.frame.row(0, named=True)["age"] == expected


@pytest.mark.parametrize(
    ("observations", "expected"),
    [
        ([("2019-01-01", 2), ("2019-02-01", 1)], 1.0),
        ([("2019-01-01", 2), ("2020-02-01", 1)], 2.0),
        ([("2019-01-01", 2), ("2019-01-01", 1)], None),
        ([("2019-01-01", 7)], None),
        ([("2019-01", 1)], None),
        ([("2019-01-01", "1")], None),
        ([("2019-01-01", True)], None),
    ],
)
def test_the_latest_performance_status_until_the_index_day_counts(tmp_path, observations, expected):
    resources = [ecog(f"e{i}", day, value) for i, (day, value) in enumerate(observations)]
    assert row_of(tmp_path, *resources)["ecog"] == expected


@pytest.mark.parametrize(
    ("coding", "expected"),
    [
        ({"system": "http://cancerstaging.org", "code": "c3A"}, "3A"),
        ({"system": "http://cancerstaging.org", "code": "IV"}, "4"),
        ({"system": SNOMED, "code": "261638004", "display": "Stage 3A (qualifier value)"}, "3A"),
        ({"system": SNOMED, "code": "1", "display": "Stage IIIB"}, "3B"),
        ({"system": SNOMED, "code": "1", "display": "early"}, None),
        ({}, None),
    ],
)
def test_stage_groups(tmp_path, coding, expected):
    stage = make(
        "Observation",
        "s",
        code=concept((LOINC, "21908-9")),
        effectiveDateTime="2019-01-01",
        valueCodeableConcept={"coding": [coding]},
    )
    assert row_of(tmp_path, stage)["clinical_stage"] == expected


def test_what_did_not_happen_is_left_out_and_counted(tmp_path):
    refuted = PRIMARY | {"id": "c2", "verificationStatus": concept(("x", "refuted"))}
    undone = make("Procedure", "x1", status="not-done", performedDateTime="2019-01-01")
    plan = make("MedicationRequest", "x2", intent="plan", authoredOn="2019-01-01")
    undated = make("Procedure", "x3", status="completed", performedDateTime="2019")
    stranger = make("Procedure", "x4") | {"subject": {"reference": "Patient/q"}}
    twice = ecog("e1", "2019-01-01", 1)
    bundle = bundle_of(PATIENT, refuted, undone, plan, undated, stranger, twice, twice)
    bundle["entry"].append({"fullUrl": "urn:uuid:empty"})
    cohort, notes = read(tmp_path, bundle)
    assert cohort.frame.row(0, named=True)["primary_cancer"] is None
    assert cohort.events.get_column("code").to_list() == ["89247-1"]
    assert notes == (
        "b0.json, entries without a resource: 1",
        "b0.json, Condition resources refuted, not done, planned or entered in error: 1",
        "b0.json, Procedure resources refuted, not done, planned or entered in error: 1",
        "b0.json, MedicationRequest resources refuted, not done, planned or entered in error: 1",
        "b0.json, Procedure resources of no patient of the bundle: 1",
        "b0.json, Observation resources of an id that stands before, alike: 1",
        "b0.json, Procedure resources without a date to the day, which are no events: 1",
    )


def test_a_value_with_a_comparator_is_unknown(tmp_path):
    er = make(
        "Observation",
        "o",
        code=concept((LOINC, "16112-5"), (LOINC, "85337-4")),
        effectiveDateTime="2019-01-01",
        valueQuantity={"value": 10, "comparator": ">=", "unit": "%"},
        valueCodeableConcept=concept((SNOMED, "10828004")),
    )
    cohort, _ = read(tmp_path, bundle_of(PATIENT, er))
    assert cohort.frame.row(0, named=True)["er"] == "positive"
    assert cohort.events.select("code", "value", "unit").rows() == [
        ("16112-5", None, "%"),
        ("85337-4", None, "%"),
    ]
    share = LatestValue(EventSet("measurement", ("85337-4",)), ">=", 5, "%")
    assert evaluate_expression(share, cohort).to_list() == [None]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "b0.json is not JSON (Expecting value: line 1 column 1 (char 0)); give a FHIR bundle in JSON"),
        ("[" * 100_000, "b0.json is not JSON ("),
        ("[]", "b0.json holds []; give a Bundle that holds a Patient and their records"),
        ('{"resourceType": "Patient"}', "b0.json holds 'Patient'; give a Bundle that holds a Patient"),
        ('{"resourceType": "Bundle"}', "b0.json holds no Patient; give each bundle with its patient"),
        ('{"resourceType": "Bundle", "entry": 7}', "b0.json holds no Patient; give each bundle with its"),
        ('{"resourceType": "Bundle", "entry": [7, null, {"resource": []}]}', "b0.json holds no Patient"),
        (
            '{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient"}}]}',
            "b0.json holds a",
        ),
    ],
)
def test_garbage_is_named(tmp_path, content, expected):
    with pytest.raises(InvalidCohort) as caught:
        read(tmp_path, content)
    assert caught.value.problems[0].startswith(expected)


def test_absent_files_and_patients_that_come_twice_are_named(tmp_path):
    with pytest.raises(InvalidCohort, match=r"no.json cannot be read \(No such file or directory\)"):
        read_fhir_bundles([tmp_path / "no.json"], index_date=INDEX, name="x")
    with pytest.raises(InvalidCohort, match="no bundle is given; give at least one file"):
        read_fhir_bundles([], index_date=INDEX, name="x")
    with pytest.raises(InvalidCohort, match=r"patient 'p' stands in b0\.json, b1\.json; give each"):
        read(tmp_path, bundle_of(PATIENT), bundle_of(PATIENT))


@pytest.mark.parametrize("junk", [None, 3, "x", [], {}, [[]], {"coding": 3}, {"coding": [3]}, [{"url": 3}]])
def test_wrong_types_anywhere_are_unknown(tmp_path, junk):
    for key in PRIMARY:
        if key not in ("resourceType", "subject"):
            assert row_of(tmp_path, PRIMARY | {key: junk})["ecog"] is None
    for key in ecog("e", "2019-01-01", 1):
        if key not in ("resourceType", "subject"):
            row_of(tmp_path, ecog("e", "2019-01-01", 1) | {key: junk})
    for key in PATIENT:
        if key not in ("resourceType", "id"):
            read(tmp_path, bundle_of(PATIENT | {key: junk}, PRIMARY))
    with pytest.raises(InvalidCohort, match=r"of the bundle|holds no Patient|without id"):
        read(tmp_path, bundle_of(PATIENT | {"id": junk if junk != "x" else ""}))


@needs_shared
@pytest.mark.shared
def test_real_bundles_and_their_missing_parts():
    """Answers by hand from the bundles' JSON."""
    names = ("patient_data.json", "eom_patient_1.json")
    cohort, notes = read_fhir_bundles(
        [FOLDER / name for name in names], index_date=date(2022, 6, 1), name="mCODE"
    )
    rows = {row["patient"]: row for row in cohort.frame.rows(named=True)}
    whole, eom = rows["1e208b6b-77f1-4808-a32b-9f9caf1ec334"], rows["Ancora-13"]
    # The first bundle's ECOG and Karnofsky belong to another patient, who is not in it.
    assert (whole["age"], whole["sex"], whole["ecog"]) == (55.0, "female", None)
    assert "patient_data.json, Observation resources of no patient of the bundle: 3" in notes
    assert (whole["clinical_stage"], whole["her2"], whole["histology"]) == ("3A", "positive", "367651003")
    assert (eom["age"], eom["ecog"], eom["clinical_stage"]) == (35.0, 3.0, "4")
    assert (eom["er"], eom["her2"], eom["has_metastasis"]) == ("negative", "negative", True)

    paclitaxel = EventSet("drug", ("583214",), "RxNorm")
    answers = [
        (Compare("age", ">=", 18, "year"), [True, True]),
        (Compare("ecog", "<=", 2), [None, False]),
        (CountEvents(paclitaxel, "==", 3), [True, False]),
        (CountEvents(paclitaxel, ">=", 1, Window(-28, 0)), [False, False]),
        (CountEvents(EventSet("procedure", ("448385000",)), ">=", 1, Window(0, None, "drug")), [True, False]),
        (AnyOf((Compare("ecog", ">", 2), OneOf("clinical_stage", ("3A",)))), [True, True]),
        (AllOf((Compare("ecog", "<=", 2), Compare("her2", "==", "positive"))), [None, False]),
    ]
    for expression, expected in answers:
        assert evaluate_expression(expression, cohort).to_list() == expected, expression


@needs_shared
@pytest.mark.shared
def test_missing_histology_is_unknown_and_not_false():
    is_malignant = OneOf("histology", ("367651003",))
    found = {}
    for name in ("patient_data.json", "patient_data_missing_histology_morph.json"):
        cohort, _ = read_fhir_bundles([FOLDER / name], index_date=date(2020, 1, 1), name="mCODE")
        found[name] = [evaluate_expression(e, cohort).to_list()[0] for e in (is_malignant, Not(is_malignant))]
    assert found["patient_data.json"] == [True, False]
    assert found["patient_data_missing_histology_morph.json"] == [None, None]
    with pytest.raises(InvalidCohort, match=r"patient_data_empty-cgv\.json holds no Patient"):
        read_fhir_bundles([FOLDER / "patient_data_empty-cgv.json"], index_date=INDEX, name="x")

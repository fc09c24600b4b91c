"""Cancer patients of HL7 FHIR R4 bundles in mCODE profiles, as a cohort with timelines."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from unburden.data.formats.fhir_resources import (
    count_age,
    find_date,
    find_subject,
    get_codings,
    get_dict,
    get_list,
    get_quantity,
    get_text,
    is_real,
    read_histology,
    read_marker,
    read_performance,
    read_stage,
)
from unburden.data.tables import show_value
from unburden.domain.cohort import EVENT_SCHEMA, Cohort, Column
from unburden.domain.errors import InvalidCohort, Problems

MOST_BYTES = 200_000_000
COLUMNS = (
    Column("patient", description="id of the Patient resource"),
    Column("age", "year", "completed years on the index day"),
    Column("sex", description="administrative gender"),
    Column("ecog", description="ECOG performance status, latest until the index day (LOINC 89247-1)"),
    Column("karnofsky", description="Karnofsky status, latest until the index day (LOINC 89243-0)"),
    Column("primary_cancer", description="SNOMED CT code of the primary cancer"),
    Column("histology", description="SNOMED CT code of mCODE's histology-morphology-behavior"),
    Column("has_metastasis", description="true if a secondary cancer is on record; never false"),
    Column("clinical_stage", description="clinical stage group, latest until the index day, such as 3A"),
    Column("pathological_stage", description="pathological stage group, latest until the index day"),
    Column("er", description="oestrogen receptor, latest: positive or negative"),
    Column("pr", description="progesterone receptor, latest: positive or negative"),
    Column("her2", description="HER2, latest: positive or negative"),
)
_SCHEMA = {column.name: pl.String for column in COLUMNS} | {
    "age": pl.Float64,
    "ecog": pl.Float64,
    "karnofsky": pl.Float64,
    "has_metastasis": pl.Boolean,
}
_KINDS = {
    "Condition": "condition",
    "Procedure": "procedure",
    "MedicationRequest": "drug",
    "MedicationStatement": "drug",
    "MedicationAdministration": "drug",
    "Observation": "measurement",
}
_SYSTEMS = {
    "http://snomed.info/sct": "SNOMED",
    "http://loinc.org": "LOINC",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD10CM",
    "http://hl7.org/fhir/sid/icd-10": "ICD10",
    "http://www.whocc.no/atc": "ATC",
}
_Resource = dict[str, Any]


@dataclass
class _Patient:
    """A Patient resource and what is said of them."""

    resource: _Resource
    file: str
    names: tuple[str, ...]
    resources: list[_Resource] = field(default_factory=list)


def read_fhir_bundles(
    paths: Iterable[Path], *, index_date: date, name: str
) -> tuple[Cohort, tuple[str, ...]]:
    """The patients of FHIR bundles with timelines in days from the index date, and what was left out.

    Columns are those of `COLUMNS`; what a bundle does not say, says twice and differently, or says
    only after the index date is null, which is unknown: a missing histology, a metastasis that is
    on no record, an age from a birth year alone. Events are conditions, procedures, drugs and
    measurements, one for each coding of a resource, so that counts of *any* event count codings;
    known code systems have short names (SNOMED, LOINC, RxNorm, ICD10CM, ICD10, ATC). A measured
    value with a comparator ("≥ 10 %") is null. The notes count what could not be used: resources of
    no patient of the bundle, without a date to the day, refuted, cancelled or entered in error.

    Raises `InvalidCohort` with every problem: files that are no bundle, without patient, with the
    same patient.
    """
    problems, notes = Problems(f"FHIR bundles of {name!r}"), Counter[str]()
    patients: list[_Patient] = []
    for path in paths:
        bundle = _read_bundle(path, problems)
        if bundle is not None:
            patients.extend(_gather(bundle, path.name, problems, notes))
    _check_patients(patients, problems)
    problems.raise_if_any(InvalidCohort)
    rows = [_make_row(patient, index_date) for patient in patients]
    events = [
        (number, *event)
        for number, patient in enumerate(patients)
        for event in _list_events(patient, index_date, notes)
    ]
    cohort = Cohort(
        name,
        pl.DataFrame(rows, schema=_SCHEMA),
        COLUMNS,
        f"observed:FHIR bundles {', '.join(sorted({patient.file for patient in patients}))}",
        pl.DataFrame(events, schema=EVENT_SCHEMA, orient="row"),
    )
    return cohort, tuple(f"{text}: {count}" for text, count in notes.items())


def _read_bundle(path: Path, problems: Problems) -> _Resource | None:
    try:
        if path.stat().st_size > MOST_BYTES:
            problems.add(f"{path.name} is larger than {MOST_BYTES:,} bytes; split the bundle")
            return None
        bundle = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        problems.add(f"{path.name} cannot be read ({error.strerror}); check the path")
    except UnicodeDecodeError as error:
        problems.add(f"{path.name} is not UTF-8 ({error}); save it as UTF-8")
    except (ValueError, RecursionError) as error:
        problems.add(f"{path.name} is not JSON ({str(error)[:80]}); give a FHIR bundle in JSON")
    else:
        kind = get_text(bundle, "resourceType")
        if kind == "Bundle":
            return bundle
        held = show_value(kind or bundle)
        problems.add(f"{path.name} holds {held}; give a Bundle that holds a Patient and their records")
    return None


def _gather(bundle: _Resource, file: str, problems: Problems, notes: Counter[str]) -> list[_Patient]:
    """The bundle's patients with their resources."""
    entries = [entry for entry in get_list(bundle, "entry") if isinstance(entry, dict)]
    held = [(get_text(entry, "fullUrl"), get_dict(entry, "resource")) for entry in entries]
    notes.update(f"{file}, entries without a resource" for _, resource in held if not resource)
    patients = [
        _Patient(resource, file, _name_patient(url, resource))
        for url, resource in held
        if get_text(resource, "resourceType") == "Patient"
    ]
    if not patients:
        problems.add(f"{file} holds no Patient; give each bundle with its patient")
    by_name = {name: patient for patient in patients for name in patient.names}
    seen: dict[tuple[str, str], _Resource] = {}
    for _, resource in held:
        kind, key = get_text(resource, "resourceType"), get_text(resource, "id")
        if kind not in _KINDS:
            continue
        first = seen.setdefault((kind, key), resource) if key else resource
        if first is not resource:
            is_same = "alike" if first == resource else "differing"
            notes[f"{file}, {kind} resources of an id that stands before, {is_same}"] += 1
            continue
        patient = by_name.get(find_subject(resource))
        if patient is None:
            notes[f"{file}, {kind} resources of no patient of the bundle"] += 1
        elif not is_real(resource):
            notes[f"{file}, {kind} resources refuted, not done, planned or entered in error"] += 1
        else:
            patient.resources.append(resource)
    return patients


def _name_patient(url: str, resource: _Resource) -> tuple[str, ...]:
    key = get_text(resource, "id")
    return tuple(name for name in (url, f"Patient/{key}" if key else "") if name)


def _check_patients(patients: list[_Patient], problems: Problems) -> None:
    files: dict[str, list[str]] = {}
    for patient in patients:
        key = get_text(patient.resource, "id")
        problems.check(key != "", f"{patient.file} holds a Patient without id; give them one")
        files.setdefault(key, []).append(patient.file)
    for key, held in files.items():
        if key and len(held) > 1:
            problems.add(f"patient {key!r} stands in {', '.join(held)}; give each patient once")
    if not patients and not problems.found:
        problems.add("no bundle is given; give at least one file")


def _make_row(patient: _Patient, index: date) -> dict[str, Any]:
    """The patient's columns; null is unknown."""
    gender = get_text(patient.resource, "gender")
    primary = [held for held in patient.resources if _has_profile(held, "primary-cancer-condition")]
    secondary = [held for held in patient.resources if _has_profile(held, "secondary-cancer-condition")]
    primary, secondary = ([held for held in many if _is_until(held, index)] for many in (primary, secondary))
    until = [held for held in patient.resources if _is_dated_until(held, index)]
    return {
        "patient": get_text(patient.resource, "id"),
        "age": count_age(get_text(patient.resource, "birthDate"), index),
        "sex": gender if gender in ("female", "male", "other") else None,
        "ecog": read_performance(until, "89247-1", (0, 5)),
        "karnofsky": read_performance(until, "89243-0", (0, 100)),
        "primary_cancer": _agree(
            code for held in primary for system, code in get_codings(held, "code") if _is_snomed(system)
        ),
        "histology": _agree(code for held in primary if (code := read_histology(held))),
        "has_metastasis": True if secondary else None,
        "clinical_stage": read_stage(until, primary, is_clinical=True),
        "pathological_stage": read_stage(until, primary, is_clinical=False),
        "er": read_marker(until, "er"),
        "pr": read_marker(until, "pr"),
        "her2": read_marker(until, "her2"),
    }


def _agree(codes: Iterable[str]) -> str | None:
    """The one code that all say, or None."""
    distinct = set(codes)
    return distinct.pop() if len(distinct) == 1 else None


def _is_snomed(system: str) -> bool:
    return _SYSTEMS.get(system) == "SNOMED"


def _has_profile(resource: _Resource, ending: str) -> bool:
    profiles = get_list(get_dict(resource, "meta"), "profile")
    return any(isinstance(held, str) and held.split("|")[0].endswith(f"mcode-{ending}") for held in profiles)


def _is_until(resource: _Resource, index: date) -> bool:
    """Whether a condition was there on the index day; one without a date is taken as such."""
    day = find_date(resource)
    return day is None or day <= index


def _is_dated_until(resource: _Resource, index: date) -> bool:
    day = find_date(resource)
    return day is not None and day <= index


def _list_events(
    patient: _Patient, index: date, notes: Counter[str]
) -> Iterator[tuple[float, str, str | None, str | None, float | None, str | None]]:
    """The patient's events, in the columns of `EVENT_SCHEMA` after the patient."""
    for resource in patient.resources:
        kind = get_text(resource, "resourceType")
        day = find_date(resource)
        if day is None:
            notes[f"{patient.file}, {kind} resources without a date to the day, which are no events"] += 1
            continue
        key = "medicationCodeableConcept" if kind.startswith("Medication") else "code"
        value, unit = get_quantity(resource)
        for system, code in get_codings(resource, key) or [(None, None)]:
            short = None if system is None else _SYSTEMS.get(system, system)
            yield float((day - index).days), _KINDS[kind], short, code, value, unit

"""What patients really did in a trial, by patient and date."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from unburden.domain.errors import InvalidCohort, InvalidStudy, Problems
from unburden.domain.estimate import check_sources

UNIT_BY_MEASURE: Mapping[str, str] = {
    "in_person_days": "day",
    "calls": "call",
    "blood_draws": "draw",
    "blood_tubes": "tube",
    "blood_tests": "test",
    "urine_samples": "sample",
    "ecgs": "ECG",
    "questionnaires": "questionnaire",
    "questionnaire_items": "item",
    "vital_sign_sets": "set",
}
"""Everything that is counted, and its unit.

`blood_tubes` are categories of blood tests at a draw: SDTM tells neither tubes nor their volume.
"""

DOMAIN_BY_MEASURE: Mapping[str, str] = {
    "in_person_days": "SV",
    "calls": "SV",
    "blood_draws": "LB",
    "blood_tubes": "LB",
    "blood_tests": "LB",
    "urine_samples": "LB",
    "ecgs": "EG",
    "questionnaires": "QS",
    "questionnaire_items": "QS",
    "vital_sign_sets": "VS",
}
"""The SDTM domain that holds each measure."""

PATIENT_COLUMNS = ("patient_id", "arm", "start", "left_day", "left_reason")
VISIT_COLUMNS = ("patient_id", "date", "day", "visit", "category", "planned_visit", "is_in_person")
DONE_COLUMNS = ("patient_id", "date", "day", "measure", "visit", "category", "planned_visit", "amount")
DOSE_COLUMNS = ("patient_id", "treatment", "first_date", "last_date", "doses")


@dataclass(frozen=True, slots=True)
class VisitRule:
    """What a visit's name in the records means; of several rules the first that fits counts.

    `pattern` is a regular expression that must fit the whole name, letters' case aside.
    `planned_visit` is the name of the protocol's main visit that it is, "" for one that the
    schedule does not hold. Raises `InvalidStudy`.

    >>> VisitRule(r"UNSCHEDULED .*", "unscheduled").fits("Unscheduled 1.1")
    True
    """

    pattern: str
    category: str
    planned_visit: str = ""
    is_in_person: bool = True

    def __post_init__(self) -> None:
        problems = Problems(f"visit rule {self.pattern!r}")
        problems.check(bool(self.category), "the category is empty; name it")
        try:
            re.compile(self.pattern)
        except re.error as error:
            problems.add(f"the pattern is no regular expression ({error}); correct it")
        problems.raise_if_any(InvalidStudy)

    def fits(self, visit: str) -> bool:
        """Whether a visit's name is meant."""
        return re.fullmatch(self.pattern, visit, re.IGNORECASE) is not None


@dataclass(frozen=True)
class PatientRecords:
    """What each patient did.

    `patients`: one row a patient with `PATIENT_COLUMNS`; `left_day` is the day of the disposition
    event. `visits`: one row a visit. `done`: one row for each patient, date, measure and visit, with
    the amount; a patient's total is the sum over dates. `doses`: intervals of dosing. Days count from
    the first dose (0 on its date), null where there was none; `planned_visit` is null outside the
    schedule. `absent` are domains that were not read: their measures are unknown, not 0. `notes`
    say what was taken for granted. Raises `InvalidCohort`.
    """

    patients: pl.DataFrame = field(repr=False)
    visits: pl.DataFrame = field(repr=False)
    done: pl.DataFrame = field(repr=False)
    doses: pl.DataFrame = field(repr=False)
    source: str
    absent: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        problems = Problems("records of patients")
        tables = {
            "patients": (self.patients, PATIENT_COLUMNS),
            "visits": (self.visits, VISIT_COLUMNS),
            "done": (self.done, DONE_COLUMNS),
            "doses": (self.doses, DOSE_COLUMNS),
        }
        for name, (frame, columns) in tables.items():
            lacking = [column for column in columns if column not in frame.columns]
            problems.check(not lacking, f"{name} has no {', '.join(lacking)}; add it")
        check_sources((self.source,), problems)
        problems.raise_if_any(InvalidCohort)
        known = self.patients["patient_id"]
        problems.check(known.len() > 0, "there is no patient; give at least one")
        problems.check(known.n_unique() == known.len(), "a patient stands twice; keep one row each")
        for name in ("visits", "done", "doses"):
            strangers = set(tables[name][0]["patient_id"]) - set(known)
            problems.check(not strangers, f"{name} holds {len(strangers)} unknown patients; leave them out")
        problems.raise_if_any(InvalidCohort)

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures that these records hold."""
        return tuple(name for name, domain in DOMAIN_BY_MEASURE.items() if domain not in self.absent)

    @property
    def patient_ids(self) -> tuple[str, ...]:
        """All patients, sorted."""
        return tuple(sorted(self.patients["patient_id"]))

    def keep(self, patient_ids: Sequence[str]) -> "PatientRecords":
        """The records of some of the patients."""
        chosen = pl.col("patient_id").is_in(sorted(set(patient_ids)))
        return replace(
            self,
            patients=self.patients.filter(chosen),
            visits=self.visits.filter(chosen),
            done=self.done.filter(chosen),
            doses=self.doses.filter(chosen),
        )

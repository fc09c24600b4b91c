"""What was predicted beside what patients' records show."""

import polars as pl

from unburden.domain.burden import BurdenScore, compute_amount
from unburden.domain.study import RecordCheck, Study


def check_records(study: Study, overall: BurdenScore) -> tuple[RecordCheck, ...]:
    """In-person days per patient, predicted and recorded; () where the study has no records.

    Recorded days are distinct dates with a visit in person. The difference is split without rest:
    planned visits that took place more or less often than time on study says, visits that the
    schedule does not hold, by category, and dates that hold two visits.
    """
    if study.records is None:
        return ()
    table = study.records.visits.frame.filter(pl.col("is_in_person"))
    patients = study.records.visits.frame["patient_id"].n_unique()
    recorded = table.select("patient_id", "date").unique().height / patients
    predicted = overall.totals["contact_days"].value
    counts = {
        category: count / patients
        for category, count in sorted(table.group_by("category").len().iter_rows(), key=lambda row: -row[1])
    }
    planned = study.records.planned
    expected = sum(
        compute_amount(line, overall.evidence)
        for line in overall.lines
        if line.cause == "unscheduled" and line.dimension == "contact_days"
    )
    kept = counts.get(planned, 0.0) - (predicted - expected)
    terms = [(f"{planned} visits that took place, against time on study", kept)]
    if expected:
        terms.append(("unscheduled visits that the study expects", -expected))
    terms += [(f"{name} visits, not in the schedule", n) for name, n in counts.items() if name != planned]
    terms.append(("two visits on one date", recorded - sum(counts.values())))
    check = RecordCheck(
        name="in-person days per patient",
        unit="day",
        predicted=predicted,
        recorded=recorded,
        explanation=tuple(terms),
        source=study.records.visits.source,
    )
    return (check,)

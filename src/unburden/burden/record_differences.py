"""Why patients did more or less than a schedule and their time on study say, without rest."""

import math
from collections import defaultdict
from collections.abc import Mapping

import polars as pl

from unburden.domain.burden import TimeOnStudy
from unburden.domain.burden_records import MeasureDifference, MeasurePlan
from unburden.domain.protocol import Protocol
from unburden.domain.records import PatientRecords

NOT_HELD = "asked, but of a kind that the records do not hold"
KEPT = "planned visits kept more or less often than time on study says"
EARLY_LAST = "the last planned visit of those who left early: done against asked"


def explain_difference(
    records: PatientRecords,
    protocol: Protocol,
    whole: MeasurePlan,
    recordable: MeasurePlan,
    time_on_study: TimeOnStudy,
    last_days: Mapping[str, float],
) -> MeasureDifference:
    """Recorded minus predicted of one measure, per patient, in terms that sum to it.

    `whole` is what the schedule asks, `recordable` the part that the records can show. The terms:
    the rest of `whole`; planned visits kept more or less often than `time_on_study` says; what was
    done against what was asked at each planned visit that was kept, the last visit of those who left
    early apart; and what was done outside the schedule, by category.
    """
    patients = len(records.patient_ids)
    asked_at = _sum_by_visit(recordable)
    is_last = _find_early_last(protocol, last_days)
    kept = _list_kept(records)
    names = {visit.name: f"{visit.name}: done against asked" for visit in protocol.main_visits}
    amounts: dict[str, float] = {NOT_HELD: 0.0, KEPT: 0.0}
    amounts |= dict.fromkeys((*names.values(), EARLY_LAST), 0.0)
    for patient, visit in kept:
        term = EARLY_LAST if is_last[patient] == visit else names[visit]
        amounts[term] -= asked_at.get(visit, 0.0)
    done = records.done.filter(pl.col("measure") == whole.measure)
    columns = done.select("patient_id", "planned_visit", "category", "amount")
    outside: dict[str, float] = defaultdict(float)
    for patient, visit, category, amount in columns.iter_rows():
        if (patient, visit) not in kept:
            outside[f"{category}: not in the schedule"] += amount
        else:
            amounts[EARLY_LAST if is_last[patient] == visit else names[visit]] += amount
    terms = {name: amount / patients for name, amount in {**amounts, **dict(sorted(outside.items()))}.items()}
    predicted, held = whole.expect(time_on_study), recordable.expect(time_on_study)
    terms[NOT_HELD] = held - predicted
    terms[KEPT] = math.fsum(asked_at.get(visit, 0.0) for _, visit in kept) / patients - held
    told = tuple((name, amount) for name, amount in terms.items() if abs(amount) > 1e-12)
    return MeasureDifference(whole.measure, predicted, float(done["amount"].sum()) / patients, told)


def _sum_by_visit(plan: MeasurePlan) -> dict[str, float]:
    asked: dict[str, float] = defaultdict(float)
    for visit, amount in zip(plan.visits, plan.amounts, strict=True):
        asked[visit] += amount
    return asked


def _list_kept(records: PatientRecords) -> set[tuple[str, str]]:
    """The planned visits that took place, by patient."""
    return set(records.visits.select("patient_id", "planned_visit").drop_nulls().iter_rows())


def _find_early_last(protocol: Protocol, last_days: Mapping[str, float]) -> dict[str, str]:
    """By patient, the last planned visit; "" for those who kept the schedule's last."""
    by_day = {
        visit.offset_days: visit.name for visit in protocol.main_visits if visit.offset_days is not None
    }
    final = max(by_day)
    return {patient: "" if day >= final else by_day[day] for patient, day in last_days.items()}

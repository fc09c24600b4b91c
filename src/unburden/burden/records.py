"""What the records of patients teach: time on study, unscheduled visits, and what each patient did."""

import hashlib
import math
from collections.abc import Collection, Mapping, Sequence
from statistics import NormalDist

import polars as pl

from unburden.domain.burden import BurdenLine, BurdenScore, TimeOnStudy
from unburden.domain.burden_records import LearntTimeOnStudy, LearntUnscheduledVisits, MeasurePlan, Shares
from unburden.domain.errors import InvalidCohort, InvalidProtocol, Problems
from unburden.domain.protocol import Place, Protocol
from unburden.domain.records import UNIT_BY_MEASURE, PatientRecords

Z = NormalDist().inv_cdf(0.975)
_NO_DATE_SEEN = -math.log(0.025)
_ECG_KINDS = ("ECG", "triplicate ECG")


def split_patients(patient_ids: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Two halves that depend on nothing but each id: even and odd by the start of its SHA-256.

    >>> split_patients(["01-701-1015", "01-701-1023"])
    (('01-701-1015', '01-701-1023'), ())
    """
    halves: tuple[list[str], list[str]] = ([], [])
    for patient_id in sorted(patient_ids):
        start = hashlib.sha256(patient_id.encode()).hexdigest()[:8]
        halves[int(start, 16) % 2].append(patient_id)
    return tuple(halves[0]), tuple(halves[1])


def derive_totals(records: PatientRecords) -> pl.DataFrame:
    """What each patient did in all: one row a patient, one column for each measure the records hold.

    `doses` is added; whoever has nothing recorded in a measure did it 0 times.
    """
    totals = records.patients.select("patient_id").sort("patient_id")
    sums = records.done.group_by("patient_id", "measure").agg(pl.col("amount").sum())
    for measure in records.measures:
        one = sums.filter(pl.col("measure") == measure).select("patient_id", pl.col("amount").alias(measure))
        totals = totals.join(one, on="patient_id", how="left")
    doses = records.doses.group_by("patient_id").agg(pl.col("doses").sum())
    return totals.join(doses, on="patient_id", how="left").with_columns(pl.exclude("patient_id").fill_null(0))


def find_last_days(records: PatientRecords, protocol: Protocol) -> dict[str, float]:
    """By patient, the protocol's day of the last planned visit that took place.

    Raises `InvalidProtocol` where the records name a visit that the main schedule does not hold or
    that has no day, `InvalidCohort` where a patient has no planned visit.
    """
    day_by_visit = {visit.name: visit.offset_days for visit in protocol.main_visits}
    problems = Problems(protocol.source or protocol.id)
    for name in sorted(set(records.visits["planned_visit"].drop_nulls())):
        told = f"the records name the planned visit {name!r}; use one of {', '.join(day_by_visit)}"
        if problems.check(name in day_by_visit, told):
            problems.check(day_by_visit[name] is not None, f"visit {name!r} has no day; give it one")
    problems.raise_if_any(InvalidProtocol)
    found: dict[str, float] = {}
    for patient_id, name in records.visits.select("patient_id", "planned_visit").drop_nulls().iter_rows():
        day = day_by_visit[name]
        assert day is not None  # else a problem was raised
        found[patient_id] = max(day, found.get(patient_id, -math.inf))
    lacking = [patient for patient in records.patient_ids if patient not in found]
    problems = Problems("records of patients")
    told = f"{len(lacking)} patients have no planned visit, such as {lacking[:1]}; leave them out"
    problems.check(not lacking, told)
    problems.raise_if_any(InvalidCohort)
    return {patient: found[patient] for patient in records.patient_ids}


def learn_time_on_study(last_days: Mapping[str, float], source: str) -> LearntTimeOnStudy:
    """Share with a planned visit on or after each day, with Wilson's 95 % interval.

    `last_days` as `find_last_days` gives them. Kaplan-Meier without censoring: whoever leaves, for
    any reason, is asked no more. A patient counts on the whole day of the last visit; the share falls
    on the next. Raises `InvalidCohort` without patients.

    >>> learn_time_on_study({"a": 0.0, "b": 14.0}, "observed:x").curve.share_at(14)
    0.5
    """
    problems = Problems("time on study")
    problems.check(bool(last_days), "there is no patient to learn from; give at least one")
    problems.raise_if_any(InvalidCohort)
    patients = len(last_days)
    left = [math.floor(day) for day in last_days.values()]
    days = sorted(set(left))
    staying = [sum(other > day for other in left) for day in days]
    bounds = [_bound_share(count, patients) for count in staying]
    curve = TimeOnStudy(
        tuple(day + 1.0 for day in days), tuple(count / patients for count in staying), source
    )
    return LearntTimeOnStudy(
        curve, tuple(low for low, _ in bounds), tuple(high for _, high in bounds), dict(last_days)
    )


def _bound_share(count: int, patients: int) -> tuple[float, float]:
    """Wilson (1927): 95 % interval of a share."""
    share, slack = count / patients, Z * Z / patients
    half = Z * math.sqrt(share * (1 - share) / patients + slack / (4 * patients))
    middle, wide = share + slack / 2, 1 + slack
    return max(0.0, (middle - half) / wide), min(1.0, (middle + half) / wide)


def learn_unscheduled_visits(
    records: PatientRecords, last_days: Mapping[str, float], first_day: float, categories: Collection[str]
) -> LearntUnscheduledVisits:
    """How often patients come outside the schedule, and what is done then.

    Counts the in-person dates of the `categories` that hold no visit of the schedule, over the days
    from `first_day` (the protocol's first visit) to each patient's last planned one. The dispersion
    is that of moments, Σ((y - μ)² - μ) / Σμ², at least 0; the rate's interval is rate × exp(±1.96 s),
    s² = Σ(μ + kμ²) / (Σμ)²; without any date, 0 to the exact Poisson bound. Categories that the
    records do not hold count 0. Raises `InvalidCohort` without days.
    """
    dates = records.done.filter(
        (pl.col("measure") == "in_person_days") & pl.col("category").is_in(sorted(categories))
    )
    days = {patient: last_days[patient] - first_day for patient in records.patient_ids}
    exposure = math.fsum(days.values())
    problems = Problems("unscheduled visits")
    problems.check(exposure > 0, "the patients have no days on schedule; see first_day")
    problems.raise_if_any(InvalidCohort)
    counts = dict(dates.group_by("patient_id").len().iter_rows())
    rate = dates.height / exposure
    means = {patient: rate * length for patient, length in days.items()}
    extra = math.fsum((counts.get(p, 0) - mean) ** 2 - mean for p, mean in means.items())
    squares = math.fsum(mean * mean for mean in means.values())
    dispersion = max(0.0, extra / squares) if squares else 0.0
    low, high = 0.0, 100 * _NO_DATE_SEEN / exposure
    if dates.height:
        spread = math.exp(Z * math.sqrt(dates.height + dispersion * squares) / dates.height)
        low, high = 100 * rate / spread, 100 * rate * spread
    kinds = dict(dates.group_by("category").len().sort("category").iter_rows())
    return LearntUnscheduledVisits(
        per_100_days=100 * rate,
        low=low,
        high=high,
        dispersion=dispersion,
        source=f"{records.source}, {len(days)} patients",
        kinds={kind: 100 * count / exposure for kind, count in kinds.items()},
        amounts={measure: _share_amounts(records, dates, measure) for measure in records.measures},
        patients=len(days),
        dates=dates.height,
        days=exposure,
        share_with=len(counts) / len(days),
    )


def _share_amounts(records: PatientRecords, dates: pl.DataFrame, measure: str) -> Shares:
    """How much of a measure is done at the visits of these dates; samples of another day count too."""
    keys = ["patient_id", "visit"]
    found = records.done.filter(pl.col("measure") == measure).join(dates.select(keys), on=keys)
    sums = found.group_by(keys).agg(pl.col("amount").sum())["amount"].to_list()
    if not dates.height:
        return ((0, 1.0),)
    sums += [0] * (dates.height - len(sums))
    return tuple((amount, sums.count(amount) / len(sums)) for amount in sorted(set(sums)))


def derive_plans(
    score: BurdenScore, protocol: Protocol, unrecorded: Collection[str]
) -> dict[str, MeasurePlan]:
    """What the schedule asks in each measure, from the lines of a score without time on study.

    Lines that only activities of `unrecorded` (ids) cause are left out: no record could show them.
    In-person days: lines of contact days; calls: remote visits; draws: venepunctures; tubes: entries
    of blood; urine samples, ECGs, vital-sign sets: cells by their entry or kind; questionnaires and
    items: lines of items, which count the entry's value in the second. Factors of a line count;
    lines of unscheduled visits do not.
    """
    plans: dict[str, MeasurePlan] = {}
    for measure in UNIT_BY_MEASURE:
        amounts: dict[tuple[float | None, str], float] = {}
        for line in score.lines:
            is_hidden = line.activity_ids and set(line.activity_ids) <= set(unrecorded)
            if is_hidden or line.cause == "unscheduled":
                continue
            amount = _measure_line(line, measure, score)
            if amount:
                key = _place_line(line, protocol)
                amounts[key] = amounts.get(key, 0.0) + amount
        keys = sorted(amounts, key=lambda key: (-math.inf if key[0] is None else key[0], key[1]))
        plans[measure] = MeasurePlan(
            measure, tuple(k[0] for k in keys), tuple(k[1] for k in keys), tuple(amounts[k] for k in keys)
        )
    return plans


def _measure_line(line: BurdenLine, measure: str, score: BurdenScore) -> float:
    """How much of a measure a line stands for."""
    kinds = {score.kinds[activity_id].kind for activity_id in line.activity_ids}
    in_minutes = line.dimension in ("site_minutes", "home_minutes")
    fits = {
        "in_person_days": line.dimension == "contact_days",
        "calls": line.cause == "visit" and line.place == Place.REMOTE,
        "blood_draws": line.dimension == "invasive_procedures" and line.detail == "venepuncture",
        "blood_tubes": line.dimension == "blood_ml",
        "blood_tests": False,
        "urine_samples": in_minutes and line.cause == "cell" and line.evidence_id == "minutes.urine",
        "ecgs": in_minutes and line.cause == "cell" and bool(kinds & set(_ECG_KINDS)),
        "questionnaires": line.dimension == "questionnaire_items",
        "questionnaire_items": line.dimension == "questionnaire_items",
        "vital_sign_sets": in_minutes and line.evidence_id == "minutes.vital_signs",
    }
    entry_ids = line.entry_ids if measure == "questionnaire_items" else line.factor_ids
    return line.times * math.prod(score.evidence[key].value for key in entry_ids) if fits[measure] else 0.0


def _place_line(line: BurdenLine, protocol: Protocol) -> tuple[float | None, str]:
    """The day that the share on study is asked for, and the visit; a day's is its first away from home."""
    if line.visit_id is not None:
        visit = protocol.visit_by_id[line.visit_id]
        return visit.offset_days, visit.name
    day = line.calendar_day
    names = [v.name for v in protocol.main_visits if v.calendar_day == day and v.place != Place.REMOTE]
    return (None if day is None else float(day)), names[0] if names else ""

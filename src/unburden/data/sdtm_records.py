"""What patients really did, from the SDTM domains of a trial."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from unburden.data.sdtm_tables import RULE_BY_DOMAIN, read_sdtm_tables
from unburden.domain.errors import InvalidCohort, Problems
from unburden.domain.records import DONE_COLUMNS, PatientRecords, VisitRule

LZZT_DOMAINS = ("LB", "QS", "VS", "EX", "DS")
"""What the CDISC pilot (LZZT) holds beside DM and SV; it has no EG."""

LZZT_VISITS: tuple[VisitRule, ...] = (
    *(VisitRule(name, "planned", name.title()) for name in ("SCREENING 1", "SCREENING 2", "BASELINE")),
    *(VisitRule(f"WEEK {week}", "planned", f"Week {week}") for week in (2, 4, 6, 8, 12, 16, 20, 24, 26)),
    VisitRule(r"WEEK 10 \(T\)", "telephone", "Week NPI", is_in_person=False),
    VisitRule(r"WEEK 14 \(T\)", "telephone", "Week 12 NPI", is_in_person=False),
    VisitRule(r"WEEK 18 \(T\)", "telephone", "Week 16 NPI", is_in_person=False),
    VisitRule(r"WEEK 22 \(T\)", "telephone", "Week 20 NPI", is_in_person=False),
    VisitRule(r"AMBUL ECG (PLACEMENT|REMOVAL)", "ambulatory ECG"),
    VisitRule("RETRIEVAL", "retrieval"),
    VisitRule("AE FOLLOW-UP", "adverse-event follow-up"),
    VisitRule(r"UNSCHEDULED .*", "unscheduled"),
)
"""The visits of LZZT by their names in SDTM, and which visit of its USDM protocol each is."""

_NOT_RANDOMISED = ("SCRNFAIL", "NOTASSGN")
_DOSES_PER_DAY = {"QD": 1, "BID": 2, "TID": 3, "QID": 4}
_MOST_SHOWN = 5


def read_sdtm_records(
    folder: Path, *, visit_rules: Sequence[VisitRule], domains: tuple[str, ...], source: str
) -> PatientRecords:
    """What each randomised patient did, from a folder with SDTM domains as Parquet files.

    DM and SV must be there, and of LB, QS, VS, EG, EX and DS those in `domains`; measures of the
    others are absent, not 0. `visit_rules` say what each visit of SV is. Counted are, by date:
    in-person days and calls (dates of SV); blood draws (dates and times of collection in LB, urine
    aside), tubes (LBCAT at a date; the test where it is empty) and tests; urine samples; ECGs and
    vital-sign sets (time points); questionnaires (QSCAT at a date) and items (answered, not
    derived). Rows marked NOT DONE count nothing. Two visits on a date: the date belongs to the one
    whose rule comes first. SDTM does not tell tubes or volumes of blood.

    Randomised: ARMCD is there and is no screen failure nor unassigned. Raises `InvalidCohort` with
    every problem: domains, columns or dates that lack, rows that stand twice, visits without rule.
    """
    problems = Problems(str(folder))
    tables = read_sdtm_tables(folder, ("DM", "SV", *domains), problems)
    problems.raise_if_any(InvalidCohort)
    patients = _list_randomised(tables["DM"], problems)
    _check_strangers(tables, problems)
    ranks = _rank_visits(tables["SV"], visit_rules, problems)
    doses, notes = _derive_doses(tables.get("EX"), tables["DM"], patients, problems)
    problems.raise_if_any(InvalidCohort)
    seen = {name: _join_visits(frame, name, patients, ranks) for name, frame in tables.items()}
    visits = seen["SV"].select(
        "patient_id", "date", "day", "visit", "category", "planned_visit", "is_in_person"
    )
    return PatientRecords(
        patients=_join_leaving(patients, seen.get("DS")),
        visits=visits.sort("patient_id", "date", "visit"),
        done=_derive_done(seen),
        doses=doses,
        source=source,
        absent=tuple(sorted(set(RULE_BY_DOMAIN) - set(tables))),
        notes=notes,
    )


def _list_randomised(dm: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    code = pl.col("ARMCD").str.to_uppercase()
    patients = dm.filter(code.is_not_null() & ~code.is_in(_NOT_RANDOMISED)).select(
        pl.col("USUBJID").alias("patient_id"),
        pl.col("ARM").alias("arm"),
        pl.col("RFSTDTC").str.slice(0, 10).str.to_date(strict=False).alias("start"),
    )
    problems.check(patients.height > 0, "DM holds no randomised patient; see its column ARMCD")
    twice = patients.height - patients["patient_id"].n_unique()
    problems.check(twice == 0, f"DM holds {twice} patients twice; keep one row each")
    return patients.sort("patient_id")


def _check_strangers(tables: dict[str, pl.DataFrame], problems: Problems) -> None:
    known = set(tables["DM"]["USUBJID"])
    for name, frame in tables.items():
        odd = sorted({str(patient) for patient in frame["USUBJID"] if patient not in known})
        told = f"{name} holds patients that DM does not: {_show(odd)}; add them to DM or leave them out"
        problems.check(not odd, told)


def _rank_visits(sv: pl.DataFrame, rules: Sequence[VisitRule], problems: Problems) -> pl.DataFrame:
    """One row for each name of a visit, with what its rule says and the rule's place in the order."""
    rows, odd = [], []
    for name in sorted({str(name) for name in sv["VISIT"]}):
        rank = next((i for i, rule in enumerate(rules) if rule.fits(name)), None)
        if rank is None:
            odd.append(name)
        else:
            rule = rules[rank]
            rows.append((name, rank, rule.category, rule.planned_visit or None, rule.is_in_person))
    problems.check(not odd, f"SV holds visits that no rule names: {_show(odd)}; add a rule for each")
    schema = {"visit": pl.String, "rank": pl.Int64, "category": pl.String, "planned_visit": pl.String}
    return pl.DataFrame(rows, schema={**schema, "is_in_person": pl.Boolean}, orient="row")


def _show(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return ", ".join(map(repr, names[:_MOST_SHOWN])) + more


def _join_visits(frame: pl.DataFrame, name: str, patients: pl.DataFrame, ranks: pl.DataFrame) -> pl.DataFrame:
    """The rows of randomised patients with their date, time, day and what their visit is."""
    rule = RULE_BY_DOMAIN[name]
    if not rule.date:
        return frame
    date = pl.col(rule.date).str.slice(0, 10).str.to_date(strict=False)
    time = pl.when(pl.col(rule.date).str.len_chars() > 10).then(pl.col(rule.date).str.slice(11))
    found = frame.rename({"USUBJID": "patient_id"}).join(
        patients.select("patient_id", "start"), on="patient_id"
    )
    found = found.with_columns(date.alias("date"), time.alias("time"))
    found = found.with_columns((pl.col("date") - pl.col("start")).dt.total_days().alias("day"))
    if "VISIT" not in frame.columns:
        return found
    found = found.rename({"VISIT": "visit"}).join(ranks, on="visit", how="left")
    after_all = ranks["rank"].max()
    return found.with_columns(
        pl.col("rank").fill_null(pl.lit(after_all, pl.Int64) + 1), pl.col("category").fill_null("no visit")
    )


def _derive_done(seen: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """One row for each patient, date, measure and visit, with the amount."""
    in_person = pl.col("is_in_person")
    counted = [
        _count(seen["SV"].filter(in_person), "in_person_days"),
        _count(seen["SV"].filter(~in_person), "calls"),
    ]
    if "LB" in seen:
        counted += _count_laboratory(seen["LB"])
    if "QS" in seen:
        counted += _count_questionnaires(seen["QS"])
    if "VS" in seen:
        counted.append(_count_sets(seen["VS"], "VSTPT", "vital_sign_sets"))
    if "EG" in seen:
        counted.append(_count_sets(seen["EG"], "EGTPT", "ecgs"))
    return pl.concat(counted).sort("patient_id", "date", "measure", "visit", nulls_last=True)


def _count(frame: pl.DataFrame, measure: str, *keys: str) -> pl.DataFrame:
    """How many different keys each patient has on each date; a key belongs to its first-ranked visit."""
    labels = ["visit", "category", "planned_visit"]
    thing = ["patient_id", "date", "day", *keys]
    once = frame.sort(*thing, "rank", "visit", nulls_last=True).unique(
        thing, keep="first", maintain_order=True
    )
    counted = once.group_by("patient_id", "date", "day", *labels).agg(pl.len().cast(pl.Int64).alias("amount"))
    return counted.with_columns(pl.lit(measure).alias("measure")).select(DONE_COLUMNS)


def _count_laboratory(lb: pl.DataFrame) -> list[pl.DataFrame]:
    words = pl.concat_str(pl.col("LBSPEC").fill_null(""), pl.col("LBCAT").fill_null(""), separator=" ")
    is_urine = words.str.to_uppercase().str.contains(r"\bURIN")
    earliest = pl.col("time").min().over("patient_id", "date")
    timed = lb.with_columns(
        pl.coalesce("time", earliest, pl.lit("")).alias("time"),
        pl.coalesce("LBCAT", "LBTESTCD").alias("tube"),
        is_urine.alias("is_urine"),
    )
    blood = timed.filter(~pl.col("is_urine"))
    return [
        _count(blood, "blood_draws", "time"),
        _count(blood, "blood_tubes", "tube"),
        _count(blood, "blood_tests", "time", "LBTESTCD"),
        _count(timed.filter("is_urine"), "urine_samples", "time"),
    ]


def _count_questionnaires(qs: pl.DataFrame) -> list[pl.DataFrame]:
    answered = qs.filter((pl.col("QSDRVFL").fill_null("") != "Y") & pl.col("QSSTRESC").is_not_null())
    return [
        _count(answered, "questionnaires", "QSCAT"),
        _count(answered, "questionnaire_items", "QSCAT", "QSTESTCD"),
    ]


def _count_sets(frame: pl.DataFrame, point: str, measure: str) -> pl.DataFrame:
    """Time points of a date; rows without one are a set only where the date has no time point."""
    has_points = pl.col(point).is_not_null().any().over("patient_id", "date")
    return _count(frame.filter(pl.col(point).is_not_null() | ~has_points), measure, point)


def _join_leaving(patients: pl.DataFrame, ds: pl.DataFrame | None) -> pl.DataFrame:
    """The patients with day and reason of the disposition event, the last of several."""
    if ds is None:
        nothing = (
            pl.lit(None, pl.Int64).alias("left_day"),
            pl.lit(None, pl.String).alias("left_reason"),
        )
        return patients.with_columns(nothing)
    events = ds.filter(pl.col("DSCAT").str.to_uppercase() == "DISPOSITION EVENT")
    last = events.sort("patient_id", "date", "DSDECOD").unique("patient_id", keep="last", maintain_order=True)
    left = last.select("patient_id", pl.col("day").alias("left_day"), pl.col("DSDECOD").alias("left_reason"))
    return patients.join(left, on="patient_id", how="left").sort("patient_id")


def _derive_doses(
    ex: pl.DataFrame | None, dm: pl.DataFrame, patients: pl.DataFrame, problems: Problems
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Intervals of dosing with their number of doses; an open one ends with the last dose in DM."""
    if ex is None:
        schema = {"patient_id": pl.String, "treatment": pl.String, "first_date": pl.Date}
        return pl.DataFrame(schema={**schema, "last_date": pl.Date, "doses": pl.Int64}), ()
    odd = sorted({str(word) for word in ex["EXDOSFRQ"] if word not in _DOSES_PER_DAY})
    known = ", ".join(_DOSES_PER_DAY)
    problems.check(not odd, f"EX: EXDOSFRQ holds {_show(odd)}; use one of {known}, or leave EX out")
    first, last = (pl.col(c).str.slice(0, 10).str.to_date(strict=False) for c in ("EXSTDTC", "EXENDTC"))
    end = pl.col("RFXENDTC").str.slice(0, 10).str.to_date(strict=False)
    rows = ex.join(dm.select("USUBJID", "RFXENDTC"), on="USUBJID").select(
        pl.col("USUBJID").alias("patient_id"),
        pl.col("EXTRT").alias("treatment"),
        first.alias("first_date"),
        pl.max_horizontal(pl.coalesce(last, end, first), first).alias("last_date"),
        pl.col("EXDOSFRQ").replace_strict(_DOSES_PER_DAY, default=0, return_dtype=pl.Int64).alias("per_day"),
        last.is_null().alias("is_open"),
    )
    rows = rows.join(patients.select("patient_id"), on="patient_id").sort("patient_id", "first_date")
    days = (pl.col("last_date") - pl.col("first_date")).dt.total_days() + 1
    doses = rows.with_columns((days * pl.col("per_day")).alias("doses")).drop("per_day", "is_open")
    opened = int(rows["is_open"].sum())
    told = f"{opened} dosing intervals without end last until the last dose in DM, else one day"
    return doses, (told,) if opened else ()

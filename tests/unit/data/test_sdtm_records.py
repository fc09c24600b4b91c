"""A folder of SDTM domains: what is counted, and what is told of a faulty one."""

from datetime import date

import polars as pl
import pytest

from unburden.data.sdtm_records import read_sdtm_records
from unburden.domain.errors import InvalidCohort, InvalidStudy
from unburden.domain.records import VisitRule

RULES = (
    VisitRule("SCREENING", "planned", "Screening"),
    VisitRule("BASELINE", "planned", "Baseline"),
    VisitRule(r"CALL \d", "telephone", "Call", is_in_person=False),
    VisitRule(r"UNSCHEDULED .*", "unscheduled"),
)
DOMAINS = ("LB", "QS", "VS", "EX", "DS")

DM = {
    "USUBJID": ["p1", "p2", "p3"],
    "ARMCD": ["A", "B", "Scrnfail"],
    "ARM": ["Active", "Placebo", "Screen Failure"],
    "RFSTDTC": ["2020-01-10", "2020-02-01", None],
    "RFXENDTC": ["2020-01-20", "2020-02-10", None],
}
SV = [
    ("p1", "SCREENING", "2020-01-01"),
    ("p1", "BASELINE", "2020-01-10"),
    ("p1", "UNSCHEDULED 1", "2020-01-10"),
    ("p1", "UNSCHEDULED 2", "2020-01-12"),
    ("p1", "CALL 1", "2020-01-15"),
    ("p2", "SCREENING", "2020-01-25"),
    ("p3", "SCREENING", "2020-01-26"),
]
LB = [
    ("p1", "ALT", "CHEMISTRY", "SCREENING", "2020-01-01T08:00"),
    ("p1", "HGB", "HEMATOLOGY", "SCREENING", "2020-01-01T08:00"),
    ("p1", "HBA1C", None, "SCREENING", "2020-01-01"),
    ("p1", "PH", "URINALYSIS", "SCREENING", "2020-01-01T09:00"),
    ("p1", "ALT", "CHEMISTRY", "UNSCHEDULED 2", "2020-01-12T10:00"),
    ("p1", "ALT", "CHEMISTRY", "UNSCHEDULED 2", "2020-01-12T11:00"),
    ("p3", "ALT", "CHEMISTRY", "SCREENING", "2020-01-26T08:00"),
]
QS = [
    ("p1", "ITM1", "SCALE", "3", None, None, "BASELINE", "2020-01-10"),
    ("p1", "ITM2", "SCALE", "1", None, None, "BASELINE", "2020-01-10"),
    ("p1", "TOT", "SCALE", "4", None, "Y", "BASELINE", "2020-01-10"),
    ("p1", "ITM1", "OTHER", None, "NOT DONE", None, "BASELINE", "2020-01-10"),
    ("p1", "ITM1", "SCALE", "3", None, None, "CALL 1", "2020-01-15"),
]
VS = [
    ("p1", "SYSBP", "SUPINE", "BASELINE", "2020-01-10"),
    ("p1", "DIABP", "SUPINE", "BASELINE", "2020-01-10"),
    ("p1", "SYSBP", "STANDING", "BASELINE", "2020-01-10"),
    ("p1", "TEMP", None, "BASELINE", "2020-01-10"),
    ("p2", "TEMP", None, "SCREENING", "2020-01-25"),
]


def make_tables():
    return {
        "dm": pl.DataFrame(DM),
        "sv": pl.DataFrame(SV, schema=["USUBJID", "VISIT", "SVSTDTC"], orient="row"),
        "lbch": pl.DataFrame(LB[:3], schema=["USUBJID", "LBTESTCD", "LBCAT", "VISIT", "LBDTC"], orient="row"),
        "lbot": pl.DataFrame(LB[3:], schema=["USUBJID", "LBTESTCD", "LBCAT", "VISIT", "LBDTC"], orient="row"),
        "qs": pl.DataFrame(
            QS,
            schema=["USUBJID", "QSTESTCD", "QSCAT", "QSSTRESC", "QSSTAT", "QSDRVFL", "VISIT", "QSDTC"],
            orient="row",
        ),
        "vs": pl.DataFrame(VS, schema=["USUBJID", "VSTESTCD", "VSTPT", "VISIT", "VSDTC"], orient="row"),
        "ex": pl.DataFrame(
            {
                "USUBJID": ["p1", "p1"],
                "EXTRT": ["DRUG", "DRUG"],
                "EXDOSFRQ": ["QD", "BID"],
                "EXSTDTC": ["2020-01-10", "2020-01-15"],
                "EXENDTC": ["2020-01-14", None],
            }
        ),
        "ds": pl.DataFrame(
            {
                "USUBJID": ["p1", "p2"],
                "DSDECOD": ["COMPLETED", "DEATH"],
                "DSCAT": ["DISPOSITION EVENT", "DISPOSITION EVENT"],
                "DSSTDTC": ["2020-01-20", "2020-02-03"],
            }
        ),
    }


def write(folder, tables):
    for name, frame in tables.items():
        frame.write_parquet(folder / f"{name}.parquet")
    return folder


def read(folder, **changes):
    arguments = {"visit_rules": RULES, "domains": DOMAINS, "source": "observed:test", **changes}
    return read_sdtm_records(folder, **arguments)


@pytest.fixture
def tables():
    return make_tables()


def count(records, patient, measure):
    rows = records.done.filter((pl.col("patient_id") == patient) & (pl.col("measure") == measure))
    return {
        (day, category): amount for day, category, amount in rows["date", "category", "amount"].iter_rows()
    }


def test_days_and_calls_are_dates_of_visits(tmp_path, tables):
    records = read(write(tmp_path, tables))
    assert records.patient_ids == ("p1", "p2")
    assert count(records, "p1", "in_person_days") == {
        (date(2020, 1, 1), "planned"): 1,
        (date(2020, 1, 10), "planned"): 1,
        (date(2020, 1, 12), "unscheduled"): 1,
    }
    assert count(records, "p1", "calls") == {(date(2020, 1, 15), "telephone"): 1}
    assert records.visits["day"].to_list() == [-9, 0, 0, 2, 5, -7]


def test_an_untimed_sample_belongs_to_the_timed_draw_of_its_date(tmp_path, tables):
    records = read(write(tmp_path, tables))
    first, second = (date(2020, 1, 1), "planned"), (date(2020, 1, 12), "unscheduled")
    assert count(records, "p1", "blood_draws") == {first: 1, second: 2}
    assert count(records, "p1", "blood_tubes") == {first: 3, second: 1}
    assert count(records, "p1", "blood_tests") == {first: 3, second: 2}
    assert count(records, "p1", "urine_samples") == {first: 1}


def test_derived_and_missing_answers_are_no_items(tmp_path, tables):
    records = read(write(tmp_path, tables))
    visit, call = (date(2020, 1, 10), "planned"), (date(2020, 1, 15), "telephone")
    assert count(records, "p1", "questionnaires") == {visit: 1, call: 1}
    assert count(records, "p1", "questionnaire_items") == {visit: 2, call: 1}


def test_a_set_is_a_time_point_and_a_date_without_one_is_one_set(tmp_path, tables):
    records = read(write(tmp_path, tables))
    assert count(records, "p1", "vital_sign_sets") == {(date(2020, 1, 10), "planned"): 2}
    assert count(records, "p2", "vital_sign_sets") == {(date(2020, 1, 25), "planned"): 1}


def test_doses_and_leaving(tmp_path, tables):
    records = read(write(tmp_path, tables))
    assert records.doses["doses"].to_list() == [5, 12]
    assert records.notes == ("1 dosing intervals without end last until the last dose in DM, else one day",)
    assert records.patients.select("left_day", "left_reason").rows() == [(10, "COMPLETED"), (2, "DEATH")]


def test_a_domain_that_is_not_asked_for_is_absent_and_not_zero(tmp_path, tables):
    records = read(write(tmp_path, tables), domains=("VS",))
    assert records.absent == ("DS", "EG", "EX", "LB", "QS")
    assert records.measures == ("in_person_days", "calls", "vital_sign_sets")


def test_all_problems_at_once(tmp_path, tables):
    del tables["qs"]
    tables["vs"] = tables["vs"].drop("VSDTC")
    tables["ds"] = pl.concat([tables["ds"], tables["ds"].head(1)])
    tables["lbch"] = tables["lbch"].with_columns(pl.lit("2020-01").alias("LBDTC"))
    tables["sv"] = tables["sv"].with_columns(
        pl.when(pl.col("VISIT") == "BASELINE").then(None).otherwise(pl.col("SVSTDTC")).alias("SVSTDTC")
    )
    with pytest.raises(InvalidCohort) as error:
        read(write(tmp_path, tables), domains=(*DOMAINS, "EG", "XX"))
    assert error.value.problems == (
        "SV: SVSTDTC is empty in 1 of 7 rows; give dates or leave the rows out",
        "LB: LBDTC holds '2020-01'; write dates as 2020-12-31",
        "there is no QS (qs.parquet); add it or leave QS out of the domains",
        "vs.parquet has no column VSDTC; it needs USUBJID, VSTESTCD, VISIT, VSDTC",
        "ds.parquet holds 1 rows that stand there already; keep one of each",
        "there is no EG (eg.parquet); add it or leave EG out of the domains",
        "the domain 'XX' is not read; use some of DM, SV, LB, QS, VS, EG, EX, DS",
    )


def test_visits_without_rule_strangers_and_unknown_frequencies(tmp_path, tables):
    tables["sv"] = pl.concat(
        [tables["sv"], pl.DataFrame({"USUBJID": ["p9"], "VISIT": ["PICNIC"], "SVSTDTC": ["2020-01-01"]})]
    )
    tables["ex"] = tables["ex"].with_columns(pl.lit("PRN").alias("EXDOSFRQ"))
    with pytest.raises(InvalidCohort) as error:
        read(write(tmp_path, tables))
    assert error.value.problems == (
        "SV holds patients that DM does not: 'p9'; add them to DM or leave them out",
        "SV holds visits that no rule names: 'PICNIC'; add a rule for each",
        "EX: EXDOSFRQ holds 'PRN'; use one of QD, BID, TID, QID, or leave EX out",
    )


def test_no_folder(tmp_path):
    with pytest.raises(InvalidCohort, match="there is no such folder; give one with SDTM domains as Parquet"):
        read(tmp_path / "no")


def test_a_file_that_is_no_parquet(tmp_path, tables):
    write(tmp_path, tables)
    (tmp_path / "vs.parquet").write_text("words")
    with pytest.raises(InvalidCohort, match=r"vs\.parquet cannot be read as Parquet"):
        read(tmp_path)


def test_a_pattern_that_is_none():
    with pytest.raises(InvalidStudy, match="is no regular expression"):
        VisitRule("(", "planned")


def test_shuffled_rows_change_nothing(tmp_path, tables):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    straight = read(write(tmp_path / "a", tables))
    mixed = {name: frame.sample(fraction=1.0, shuffle=True, seed=5) for name, frame in tables.items()}
    shuffled = read(write(tmp_path / "b", mixed))
    for name in ("patients", "visits", "done", "doses"):
        assert getattr(straight, name).equals(getattr(shuffled, name)), name

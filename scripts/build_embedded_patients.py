"""Write the adjuvant breast example's patients from the R package survival.

Needs Rscript with the package survival. Run: .venv/bin/python scripts/build_embedded_patients.py
"""

import subprocess
import tempfile
from pathlib import Path

import polars as pl

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "adjuvant-breast" / "patients"
R_CODE = """
args <- commandArgs(trailingOnly = TRUE)
library(survival)
write.csv(rotterdam, file.path(args[1], "rotterdam.csv"), row.names = FALSE)
write.csv(gbsg, file.path(args[1], "gbsg.csv"), row.names = FALSE)
cat(as.character(packageVersion("survival")))
"""
# R name -> (name here, unit here, meaning)
SHARED = {
    "pid": ("patient_id", "", "patient identifier"),
    "age": ("age", "year", "age; in Rotterdam, at surgery"),
    "meno": ("is_postmenopausal", "", "true: postmenopausal; false: premenopausal"),
    "grade": ("grade", "1", "differentiation grade of the tumour"),
    "nodes": ("positive_nodes", "count", "positive lymph nodes"),
    "pgr": ("progesterone_receptor", "fmol/L", "progesterone receptors (see the note on units)"),
    "er": ("oestrogen_receptor", "fmol/L", "oestrogen receptors (see the note on units)"),
    "hormon": ("had_hormonal_treatment", "", "true: had hormonal treatment"),
}
ROTTERDAM = SHARED | {
    "year": ("surgery_year", "", "calendar year of surgery"),
    "size": ("tumour_size_class", "", "tumour size in mm, as one of `<=20`, `20-50`, `>50`"),
    "chemo": ("had_chemotherapy", "", "true: had chemotherapy"),
    "rtime": ("relapse_days", "day", "days to relapse or last follow-up"),
    "recur": ("has_relapsed", "", "true: relapse at `relapse_days`; false: censored"),
    "dtime": ("death_days", "day", "days to death or last follow-up"),
    "death": ("has_died", "", "true: death at `death_days`; false: censored"),
}
GBSG2 = SHARED | {
    "size": ("tumour_size", "mm", "tumour size"),
    "rfstime": ("relapse_free_days", "day", "days to the first of recurrence, death or last follow-up"),
    "status": ("has_relapsed_or_died", "", "true: recurrence or death; false: censored"),
}
FLAGS = ("meno", "hormon", "chemo", "recur", "death", "status")
EXPECTED_ROWS = {"rotterdam": 2982, "gbsg": 686}


def main() -> None:
    """Export with R, check, write two Parquet files and their README."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        script = Path(scratch) / "export.R"
        script.write_text(R_CODE)
        run = subprocess.run(
            ["Rscript", "--vanilla", str(script), scratch], check=True, capture_output=True, text=True
        )
        frames = {
            name: read_export(Path(scratch) / f"{name}.csv", name, names)
            for name, names in (("rotterdam", ROTTERDAM), ("gbsg", GBSG2))
        }
    frames["rotterdam"].write_parquet(FOLDER / "rotterdam.parquet")
    frames["gbsg"].write_parquet(FOLDER / "gbsg2.parquet")
    (FOLDER / "README.md").write_text(render_readme(frames, run.stdout.strip()))
    for name, frame in frames.items():
        print(name, frame.shape)


def read_export(path: Path, name: str, names: dict[str, tuple[str, str, str]]) -> pl.DataFrame:
    """One exported table under readable names, after checking its rows, columns and flags."""
    raw = pl.read_csv(path, infer_schema_length=None, null_values=["NA"])
    if raw.height != EXPECTED_ROWS[name]:
        raise SystemExit(f"{name}: {raw.height} patients; {EXPECTED_ROWS[name]} were expected")
    if set(raw.columns) != set(names):
        raise SystemExit(f"{name}: columns {raw.columns}; {list(names)} were expected")
    if raw["pid"].n_unique() != raw.height:
        raise SystemExit(f"{name}: a patient identifier occurs twice")
    for flag in set(FLAGS) & set(raw.columns):
        if not set(raw[flag].drop_nulls().unique()) <= {0, 1}:
            raise SystemExit(f"{name}: {flag} holds more than 0 and 1")
    flags = [pl.col(flag).cast(pl.Boolean) for flag in FLAGS if flag in raw.columns]
    frame = raw.with_columns(flags).rename({old: new for old, (new, _, _) in names.items()})
    return add_disease_free(frame) if name == "rotterdam" else frame


def add_disease_free(frame: pl.DataFrame) -> pl.DataFrame:
    """Days to relapse, death or the end of follow-up for relapse, whichever is first.

    A death after that end is not counted: nobody looked for a relapse in between.
    """
    died_first = pl.col("has_died") & (pl.col("death_days") <= pl.col("relapse_days"))
    return frame.with_columns(
        pl.min_horizontal("relapse_days", "death_days").alias("disease_free_days"),
        (pl.col("has_relapsed") | died_first).alias("has_relapsed_or_died"),
    )


def render_readme(frames: dict[str, pl.DataFrame], version: str) -> str:
    """What the two files hold and whom to cite."""
    return f"""# Patients of the adjuvant breast example

Two public, de-identified data sets, one patient per row; null would mean unknown (there is none).
Made by `scripts/build_embedded_patients.py` from the R package survival {version}, with every
column and value kept; only names changed, and 0/1 flags became false/true. Times are in days.

## rotterdam.parquet: {frames["rotterdam"].height:,} patients

Primary breast cancers of the Rotterdam tumour bank (`survival::rotterdam`).

{render_columns(ROTTERDAM, frames["rotterdam"])}

`disease_free_days` and `has_relapsed_or_died` are derived here: relapse, or death up to the end of
the follow-up for relapse. R's documentation says that 43 patients died without recorded relapse
after that end; they count as free of disease at that end, since nobody looked for relapse after it.

## gbsg2.parquet: {frames["gbsg"].height} patients

Node-positive breast cancers of trial 2 of the German Breast Cancer Study Group, those with complete
prognostic variables (`survival::gbsg`).

{render_columns(GBSG2, frames["gbsg"])}

## Note on units

Receptor levels are labelled fmol/l in the documentation of the R package, and that label is kept
here. Such assays are commonly reported as fmol per mg of protein, so check before comparing with
other data. Tumour size is a class in Rotterdam and a number in GBSG-2; the two are not merged.

## Attribution

- Rotterdam: Foekens JA et al. The urokinase system of plasminogen activation and prognosis in 2780
  breast cancer patients. *Cancer Research* 2000, 60(3):636-643; and Royston P, Altman DG. External
  validation of a Cox prognostic model: principles and methods. *BMC Medical Research Methodology*
  2013, 13:33.
- GBSG-2: Schumacher M et al. for the German Breast Cancer Study Group. *Journal of Clinical Oncology* 1994.
- Both through the R package survival (Therneau), whose licence is LGPL (>= 2).
"""


def render_columns(names: dict[str, tuple[str, str, str]], frame: pl.DataFrame) -> str:
    """A table of the columns, in the file's order."""
    derived = {
        "disease_free_days": ("derived", "day", "days to relapse, death or end of follow-up for relapse"),
        "has_relapsed_or_died": ("derived", "", "true: relapse or death at `disease_free_days`"),
    }
    by_name = derived | {new: (old, unit, meaning) for old, (new, unit, meaning) in names.items()}
    rows = ["| column | unit | in R | meaning |", "|---|---|---|---|"]
    for column in frame.columns:
        old, unit, meaning = by_name[column]
        rows.append(f"| `{column}` | {unit or '–'} | `{old}` | {meaning} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()

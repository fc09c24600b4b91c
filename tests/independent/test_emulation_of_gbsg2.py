"""The emulation of GBSG-2 again, by statsmodels, patsy and lifelines from the patients' file."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from lifelines import CoxPHFitter
from patsy import dmatrix

from unburden.data.cohorts import read_cohort
from unburden.data.emulation import parse_emulation
from unburden.eligibility.emulation import emulate_trial

ROOT = Path(__file__).resolve().parents[2]
PATIENTS = ROOT / "examples" / "adjuvant-breast" / "patients" / "rotterdam.parquet"
PLAN = ROOT / "benchmarks" / "emulation_of_gbsg2.toml"


@pytest.fixture(scope="module")
def trial():
    cohort = read_cohort(PATIENTS, name="Rotterdam", columns=(), source="observed:Rotterdam")
    condition = (
        (pl.col("positive_nodes") >= 1) & pl.col("age").is_between(21, 80) & (pl.col("surgery_year") >= 1981)
    )
    rows = cohort.frame.select(condition.arg_true()).to_series().to_list()
    plan = parse_emulation(tomllib.loads(PLAN.read_text(encoding="utf-8"))["emulation"], PLAN.name)
    return emulate_trial(cohort, rows, plan)


def spline(values):
    """Natural cubic splines with knots at the quantiles that Harrell names; the same curves as ours."""
    low, *inner, high = np.quantile(values, [0.05, 0.35, 0.65, 0.95])
    table = {"x": values}
    return np.asarray(dmatrix(f"cr(x, knots={inner}, lower_bound={low}, upper_bound={high}) - 1", table))


def test_overlap_weighted_hazard_ratio_by_other_software(trial):
    table = pd.read_parquet(PATIENTS)
    table = table[(table.positive_nodes >= 1) & table.age.between(21, 80) & (table.surgery_year >= 1981)]
    age, year = spline(table.age.to_numpy(float)), spline(table.surgery_year.to_numpy(float))
    columns = [
        age,
        year[:, 1:],
        table.is_postmenopausal.to_numpy(float)[:, None],
        (table.tumour_size_class.to_numpy()[:, None] == np.array(["20-50", ">50"])).astype(float),
        (table.grade == 3).to_numpy(float)[:, None],
        np.log1p(table[["positive_nodes", "progesterone_receptor", "oestrogen_receptor"]].to_numpy(float)),
        table.had_chemotherapy.to_numpy(float)[:, None],
    ]
    treated = table.had_hormonal_treatment.to_numpy(float)
    fit = sm.Logit(treated, np.column_stack(columns)).fit(disp=0, tol=1e-12, maxiter=500)
    e = fit.predict()
    short = np.minimum(table.disease_free_days, 2659)
    event = table.has_relapsed_or_died & (table.disease_free_days <= 2659)
    rows = pd.DataFrame({"t": short, "e": event, "a": treated, "w": np.where(treated == 1, 1 - e, e)})
    other = CoxPHFitter().fit(rows, "t", "e", weights_col="w", robust=True)
    assert trial.eligible_patients == len(table) == 1498
    assert trial.hazard_ratio.value == pytest.approx(float(np.exp(other.params_["a"])), rel=1e-5)
    crude = CoxPHFitter().fit(rows[["t", "e", "a"]], "t", "e")
    assert trial.crude_hazard_ratio.value == pytest.approx(float(np.exp(crude.params_["a"])), rel=1e-6)


def test_overlap_weights_balance_the_terms_of_the_propensity(trial):
    for line in trial.balance:
        if line.name not in ("positive_nodes", "progesterone_receptor", "oestrogen_receptor"):
            assert abs(line.difference_after) < 1e-6, line.name
    assert trial.warnings == ()

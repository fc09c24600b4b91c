"""Cohorts of TrialPathfinder's tutorial against TrialPathfinder 1.1.0 (Liu et al. 2021, Nature 592:629).

The hazard ratios were printed by `emulate_trials` of the package (Python 3.8, lifelines 0.27.8, scikit-learn
1.2.2, pandas 1.5.3): drug A against drug B, covariates Gender, Race, ECOG. Its propensity has an L2 penalty
(scikit-learn's C = 1) and balanced classes, its weights no truncation; its ties are Efron's.
"""

import io
import tarfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize
from tests.independent.emulated_cohorts import make_plan

from unburden.domain.criteria_worth import EmulationData
from unburden.eligibility.cox import fit_weighted_cox
from unburden.eligibility.worth import weigh_criteria

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "criteria"
ARCHIVE = SHARED / "trialpathfinder_tutorial.tar.gz"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not ARCHIVE.exists(), reason="needs ../shared"),
]
CRITERIA = ("Age", "Histology_Squamous", "ECOG", "Platelets", "Bilirubin")
PASSING = (4000, 1980, 2203, 2057, 1684)
BY_MASK = {  # hazard ratio, 95 % limits, patients; Age keeps nobody out
    0: (1.279917, 1.181612, 1.386402, 4000),
    2: (1.209717, 1.076871, 1.358951, 1980),
    4: (1.461509, 1.308418, 1.632512, 2203),
    6: (1.357842, 1.150751, 1.602201, 1071),
    8: (1.164114, 1.041186, 1.301554, 2057),
    10: (1.128343, 0.957979, 1.329005, 1018),
    12: (1.426618, 1.219671, 1.668678, 1099),
    14: (1.348123, 1.061664, 1.711875, 531),
    16: (1.494433, 1.309531, 1.705443, 1684),
    18: (1.436832, 1.173689, 1.758972, 769),
    20: (1.486844, 1.256640, 1.759219, 1053),
    22: (1.403907, 1.083444, 1.819158, 475),
    24: (1.449297, 1.196400, 1.755653, 803),
    26: (1.339158, 0.979609, 1.830672, 361),
    28: (1.637634, 1.276175, 2.101473, 511),
    30: (1.593142, 1.044310, 2.430411, 223),
}


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    with tarfile.open(ARCHIVE) as archive:
        names = ("features", "demographics", "lab")
        held = {name: archive.extractfile(f"tutorial/data/{name}.csv").read() for name in names}
    return {name: pl.read_csv(io.BytesIO(text), try_parse_dates=True) for name, text in held.items()}


@pytest.fixture(scope="module")
def passing(tables) -> np.ndarray:
    """The encoded criteria, written again: the nearest laboratory value of the 28 days before the start."""
    features = tables["features"]
    other = tables["demographics"].drop("ECOG")
    people = features.join(other, on="PatientID", how="left", maintain_order="left")
    columns = [
        (people["StartDate"] - people["BirthDate"]).dt.total_days() >= 18 * 365,
        people["Histology"] == "Squamous cell carcinoma",
        people["ECOG"].is_in([0, 1]),
        _judge_lab(tables, "Platelet count", pl.col("LabValue") >= 100),
        _judge_lab(tables, "Total bilirubin", pl.col("LabValue") <= 1),
    ]
    return np.column_stack([column.to_numpy() for column in columns])


def _judge_lab(tables, name: str, holds: pl.Expr) -> pl.Series:
    """Patients without any row in the table pass, as in the package."""
    features, lab = tables["features"].select("PatientID", "StartDate"), tables["lab"]
    days = (pl.col("StartDate") - pl.col("TestDate")).dt.total_days()
    near = (
        lab.filter(pl.col("LabName") == name)
        .join(features, on="PatientID", how="inner", maintain_order="left")
        .filter(days.is_between(0, 28))
        .with_columns(days.alias("days"))
        .sort("days", maintain_order=True)
        .unique("PatientID", keep="first", maintain_order=True)
        .filter(holds)
    )
    ids = features["PatientID"]
    return ids.is_in(near["PatientID"].implode()) | ~ids.is_in(lab["PatientID"].unique().implode())


@pytest.fixture(scope="module")
def data(tables) -> EmulationData:
    features = tables["features"]
    end = features["OutcomeDate"].fill_null(features["LastVisitDate"])
    times = (end - features["StartDate"]).dt.total_days().to_numpy().astype(float)
    events = features["OutcomeDate"].is_not_null().to_numpy()
    covariates = np.column_stack(
        [
            features["ECOG"].to_numpy(),
            (features["Gender"] == "M").to_numpy(),
            (features["Race"] == "Other Races").to_numpy(),
            (features["Race"] == "White").to_numpy(),
        ]
    ).astype(float)
    treated = (features["DrugName"] == "drug A").to_numpy()
    return EmulationData(times, events, treated, covariates, "simulated:TrialPathfinder")


@pytest.fixture(scope="module")
def ours(passing, data) -> pl.DataFrame:
    return weigh_criteria(passing, data, make_plan(horizon=100.0)).cohorts


def compute_weights(
    treated: np.ndarray, table: np.ndarray, *, penalty: float, is_balanced: bool
) -> np.ndarray:
    """TrialPathfinder's steps: penalised logistic regression, then stabilised inverse probabilities."""
    z, share = treated.astype(float), treated.mean()
    classes = np.where(treated, 0.5 / share, 0.5 / (1 - share)) if is_balanced else np.ones(len(z))
    design = np.column_stack([np.ones(len(z)), table])

    def lose(b):
        eta = design @ b
        loss = (classes * (np.logaddexp(0, eta) - z * eta)).sum() + penalty * (b[1:] ** 2).sum() / 2
        slope = design.T @ (classes * (1 / (1 + np.exp(-eta)) - z)) + penalty * np.r_[0, b[1:]]
        return loss, slope

    best = minimize(lose, np.zeros(design.shape[1]), jac=True, method="BFGS", options={"gtol": 1e-9})
    e = 1 / (1 + np.exp(-design @ best.x))
    return np.where(treated, share / e, (1 - share) / (1 - e))


def select(passing: np.ndarray, mask: int) -> np.ndarray:
    return np.all([passing[:, j] for j in range(5) if mask >> j & 1] or [np.ones(len(passing), bool)], axis=0)


def fit_cohort(data: EmulationData, rows: np.ndarray, **kind):
    part = data.take(np.flatnonzero(rows))
    weights = compute_weights(part.treated, part.covariates, **kind)
    return fit_weighted_cox(part.times, part.events, part.treated, weights)


def test_the_same_patients_pass(passing):
    assert tuple(passing.sum(axis=0)) == PASSING


@pytest.mark.parametrize("mask", BY_MASK)
def test_hazard_ratios_equal_the_package_with_its_penalty_and_balanced_classes(passing, data, mask):
    ratio, _, _, patients = BY_MASK[mask]
    rows = select(passing, mask)
    fit = fit_cohort(data, rows, penalty=1.0, is_balanced=True)
    assert rows.sum() == patients
    assert np.exp(fit.coefficients[0]) == pytest.approx(ratio, abs=5e-5)


@pytest.mark.parametrize("mask", BY_MASK)
def test_our_cohorts_equal_the_same_steps_without_penalty(passing, data, ours, mask):
    fit = fit_cohort(data, select(passing, mask), penalty=0.0, is_balanced=False)
    row = ours.row(mask, named=True)
    assert row["log_hazard_ratio"] == pytest.approx(fit.coefficients[0], abs=1e-6)
    assert abs(np.exp(row["log_hazard_ratio"]) - BY_MASK[mask][0]) < 0.05

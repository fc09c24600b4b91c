"""Figures of the worth of criteria: exact Shapley values, bootstrap, many patients; the peer in the same run.

TrialPathfinder's `covariates_cont` raises a NameError (`indicator_miss`, its utils.py, line 82), so that
the covariates are given as `covariates_cat`, where numbers stay as they are.
Run: python benchmarks/measure_criteria.py [python with TrialPathfinder 1.1.0], or set TRIALPATHFINDER_PYTHON.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from unburden.domain.criteria_worth import CriteriaWorth, EmulationData, WorthPlan
from unburden.eligibility.worth import weigh_criteria

COVARIATES = 10
PEER_COHORTS = 24
PEER = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
import pandas as pd
import TrialPathfinder as tp

folder = sys.argv[1]
features = pd.read_csv(folder + "/features.csv", dtype={"OutcomeDate": str, "LastVisitDate": str})
passing = pd.read_csv(folder + "/passing.csv")
cohort = tp.cohort_selection(list(features["PatientID"]), name_PatientID="PatientID")
names = list(passing.columns)
for name in names:
    select = passing[name].astype(bool)
    select.index = cohort.patientids.index
    cohort.selects[name] = select
covariates = [name for name in features.columns if name.startswith("x")]
seconds, ratios = [], []
for mask in json.loads(sys.argv[2]):
    rules = [name for j, name in enumerate(names) if mask >> j & 1]
    start = time.perf_counter()
    ratio, _, _ = tp.emulate_trials(cohort, features, ["A"], ["B"], rules, covariates_cat=covariates)
    seconds.append(time.perf_counter() - start)
    ratios.append(float(ratio))
print(json.dumps({"seconds": seconds, "ratios": ratios}))
"""


def draw_patients(n: int, criteria: int, seed: int = 0) -> tuple[np.ndarray, EmulationData]:
    """Confounded patients with times in whole days; each criterion keeps out about a fifth."""
    random = np.random.default_rng(seed)
    table = random.normal(size=(n, COVARIATES))
    treated = random.random(n) < 1 / (1 + np.exp(-table @ random.normal(0, 0.3, COVARIATES)))
    times = random.exponential(np.exp(-(table @ random.normal(0, 0.2, COVARIATES)) + 0.3 * treated)) * 730
    limit = random.uniform(366, 1800, n)
    adverse = random.random(n) < 0.2 + 0.1 * treated
    scores = table @ random.normal(0, 0.3, (COVARIATES, criteria)) + random.normal(size=(n, criteria))
    data = EmulationData(
        np.ceil(np.minimum(times, limit)),
        times <= limit,
        treated,
        table,
        "simulated:benchmark",
        adverse=adverse,
    )
    return scores > -1.1, data


def make_plan(replicates: int = 0) -> WorthPlan:
    return WorthPlan(
        horizon=365.0, weighting="stabilised", ties="efron", replicates=replicates, seed=1, level=0.95
    )


def take(label: str, patients: int, criteria: int, *, replicates: int = 0, repeats: int = 3) -> CriteriaWorth:
    """Print the median seconds of a run, with the machine's load before it."""
    passing, data = draw_patients(patients, criteria)
    load, seconds, processor = os.getloadavg()[0], [], []
    for _ in range(repeats):
        start, used = time.perf_counter(), time.process_time()
        worth = weigh_criteria(passing, data, make_plan(replicates))
        seconds.append(time.perf_counter() - start)
        processor.append(time.process_time() - used)
    middle = statistics.median(seconds)
    print(
        f"{label}: {middle:.2f} s (median of {repeats}, {min(seconds):.2f} to {max(seconds):.2f}); "
        f"{statistics.median(processor):.2f} s of processor, {2**criteria:,} cohorts; load {load:.1f} before"
    )
    if worth.refused:
        print(f"  refused: {dict(worth.refused)}")
    return worth


def measure_peer(python: str, worth: CriteriaWorth) -> None:
    """TrialPathfinder on the same patients: seconds a cohort, hazard ratios beside ours."""
    passing, data = draw_patients(5000, 10)
    masks = [int(m) for m in np.random.default_rng(5).choice(1024, PEER_COHORTS, replace=False)]
    start = pl.Series([20000] * 5000).cast(pl.Date)
    end = pl.Series(20000 + data.times.astype(int)).cast(pl.Date).cast(pl.String)
    seen = pl.Series(data.events)
    features = pl.DataFrame(
        {
            "PatientID": np.arange(5000),
            "DrugName": np.where(data.treated, "A", "B"),
            "StartDate": start.cast(pl.String),
            "OutcomeDate": pl.select(pl.when(seen).then(end).otherwise(pl.lit("Missing"))).to_series(),
            "LastVisitDate": end,
            **{f"x{j}": data.covariates[:, j] for j in range(COVARIATES)},
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        features.write_csv(Path(folder) / "features.csv")
        pl.DataFrame(passing.astype(int), schema=[f"c{j}" for j in range(10)]).write_csv(
            Path(folder) / "passing.csv"
        )
        command = [python, "-c", PEER, folder, json.dumps(masks)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"TrialPathfinder failed:\n{done.stderr}")
    found = json.loads(done.stdout.splitlines()[-1])
    ours = np.array([worth.cohorts["log_hazard_ratio"][m] for m in masks])
    gap = np.abs(np.exp(ours) - np.array(found["ratios"])).max()
    middle = statistics.median(found["seconds"])
    print(
        f"TrialPathfinder 1.1.0: {middle:.3f} s a cohort (median of {PEER_COHORTS}); all 1,024 would take "
        f"{1024 * middle:.0f} s; hazard ratios differ from ours by at most {gap:.4f} "
        "(its propensity is penalised and its classes balanced)"
    )


def main() -> None:
    passing, data = draw_patients(300, 3)
    weigh_criteria(passing, data, make_plan(20))
    worth = take("5,000 patients, 10 criteria", 5000, 10, repeats=5)
    python = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("TRIALPATHFINDER_PYTHON", "")
    if python:
        measure_peer(python, worth)
    else:
        print("TrialPathfinder: left out; name a Python that has it (see this file's first lines)")
    take("5,000 patients, 15 criteria", 5000, 15)
    take("5,000 patients, 10 criteria, 200 bootstrap replicates", 5000, 10, replicates=200, repeats=1)
    take("100,000 patients, 10 criteria", 100_000, 10)


if __name__ == "__main__":
    main()

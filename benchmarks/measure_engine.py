"""Figures of the trial engine: trials a second, bounds, designs, first run. Run: make benchmarks"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

from unburden.domain.analysis import LogRank, MaxCombo, Milestone, RestrictedMean
from unburden.domain.design import Design, Events
from unburden.domain.scenario import Accrual, PiecewiseHazard, Scenario, TimeToEvent
from unburden.domain.sequential import (
    POCOCK,
    HwangShihDeCani,
    OBrienFlemingSpending,
    PampallonaTsiatis,
    SequentialPlan,
    WangTsiatis,
)
from unburden.simulation.boundaries import derive_bounds
from unburden.simulation.trials import compare_tests, make_world, simulate_trials

HAZARD = 0.0577622650466621
DESIGN = Design(500, 1.0, 0.025, (1 / 3, 2 / 3, 1.0), Events(300))
TESTS = (LogRank(), MaxCombo(), RestrictedMean(24.0), Milestone(24.0))


def make(ratio: float) -> Scenario:
    outcome = TimeToEvent(
        "os", PiecewiseHazard((0.0,), (HAZARD,)), PiecewiseHazard((0.0,), (ratio * HAZARD,))
    )
    return Scenario("benchmark", Accrual((0.0,), (500 / 24,)), outcome, 0.05, ("assumed:benchmark",))


def take(job, repeats: int = 5) -> float:
    """Median seconds of a job, after one run that is not counted."""
    job()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure_trials() -> None:
    trials = 50_000
    for ratio in (1.0, 0.72):
        world = make(ratio)
        alone = take(lambda world=world: simulate_trials(DESIGN, world, trials=trials, seed=1))
        print(f"log-rank, hazard ratio {ratio}: {trials / alone:,.0f} trials/s")
        all_of_them = take(lambda world=world: compare_tests(DESIGN, world, TESTS, trials=trials, seed=1))
        print(
            f"  with MaxCombo, restricted mean and milestone: {trials / all_of_them:,.0f} trials/s, "
            f"{all_of_them / alone:.2f} times the log-rank's cost"
        )


def measure_lifelines() -> None:
    """The Python peer: lifelines' log-rank on our patients, one look, no simulation of them counted."""
    from lifelines.statistics import logrank_test

    from unburden.kernels import courses, patients

    world = make_world(DESIGN, make(0.72))
    trial, scratch = patients.allocate_trial(world)
    courses.draw_trial(np.uint64(1), np.uint64(0), np.uint64(0), world, trial, scratch)
    arm, event = trial.mark % 2 == 1, trial.mark > 1
    seconds = take(lambda: logrank_test(trial.time[arm], trial.time[~arm], event[arm], event[~arm]), 20)
    print(f"lifelines, the statistic alone, 500 patients, one look: {1 / seconds:,.0f} trials/s")


def measure_rpact() -> None:
    """The R peer, where Debian's r-cran-rpact is installed: the same simulation, the same bounds."""
    code = """
    suppressMessages(library(rpact))
    d <- getDesignGroupSequential(kMax = 3, alpha = 0.025, beta = 0.2, sided = 1, typeOfDesign = "asOF")
    s <- system.time(getSimulationSurvival(d, hazardRatio = 0.72, lambda2 = 0.0577622650466621,
      directionUpper = FALSE, plannedEvents = c(100, 200, 300), maxNumberOfSubjects = 500,
      accrualTime = c(0, 24), dropoutRate1 = 0.05, dropoutRate2 = 0.05, dropoutTime = 12,
      maxNumberOfIterations = 10000, seed = 1))[["elapsed"]]
    b <- system.time(for (i in 1:20) getDesignGroupSequential(kMax = 10, alpha = 0.025, beta = 0.1,
      sided = 1, typeOfDesign = "asOF", typeBetaSpending = "bsOF", bindingFutility = TRUE))[["elapsed"]]
    cat(sprintf("rpact %s: %.0f trials/s on one core; bounds of 10 looks with binding futility: %.0f ms\\n",
      packageVersion("rpact"), 10000 / s, 1000 * b / 20))
    """
    try:
        done = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        print("rpact: skipped, Rscript with rpact is absent (Debian: r-cran-rpact)")
        return
    print(done.stdout.strip())


def measure_bounds() -> None:
    rates = tuple((k + 1) / 10 for k in range(10))
    spending = OBrienFlemingSpending()
    plans = {
        "O'Brien-Fleming spending": SequentialPlan(0.025, 1, rates, spending),
        "Hwang-Shih-DeCani": SequentialPlan(0.025, 1, rates, HwangShihDeCani(-4.0)),
        "Wang-Tsiatis": SequentialPlan(0.025, 1, rates, WangTsiatis(0.25)),
        "Pocock": SequentialPlan(0.05, 2, rates, POCOCK),
        "non-binding futility spending": SequentialPlan(0.025, 1, rates, spending, spending, False, 0.1),
        "binding futility spending": SequentialPlan(0.025, 1, rates, spending, spending, True, 0.1),
        "Pampallona-Tsiatis": SequentialPlan(
            0.05, 2, rates, PampallonaTsiatis(0.0, 0.0), is_binding=True, beta=0.1
        ),
    }
    for name, plan in plans.items():
        print(f"bounds, 10 looks, {name}: {1000 * take(lambda plan=plan: derive_bounds(plan), 15):.2f} ms")


def measure_designs() -> None:
    """1,000 designs, 10,000 trials each: standard error of power at most 0.005."""
    start = time.perf_counter()
    worst = 0.0
    for number in range(1000):
        patients = 300 + (number % 40) * 10
        events = int(patients * (0.5 + 0.01 * (number // 40)) * 0.9)
        design = Design(patients, 1.0, 0.025, (0.5, 0.75, 1.0), Events(events))
        found = simulate_trials(design, make(0.7), trials=10_000, seed=1).power
        worst = max(worst, (found.high - found.low) / 3.92)
    print(f"1,000 designs: {time.perf_counter() - start:.0f} s, standard error at most {worst:.4f}")


def measure_first_run() -> None:
    """Import and first simulation where nothing is compiled yet."""
    code = (
        "import benchmarks.measure_engine as m; m.simulate_trials(m.DESIGN, m.make(0.7), trials=100, seed=1)"
    )
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"NUMBA_CACHE_DIR": cache}
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, env=environment)
        print(f"first simulation with nothing compiled: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    measure_trials()
    measure_lifelines()
    measure_rpact()
    measure_bounds()
    measure_first_run()
    measure_designs()

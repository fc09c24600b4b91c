"""Figures of the burden's uncertainty, on every matrix of ../shared. Run on one core:

taskset -c 0 env OPENBLAS_NUM_THREADS=1 PYTHONPATH=src .venv/bin/python benchmarks/measure_burden.py
"""

import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

import numpy as np

from unburden.burden.draws import EvidenceDraws, draw_score
from unburden.burden.drivers import estimate_population_drivers
from unburden.burden.population import draw_population
from unburden.burden.variants import list_keys, score_variants
from unburden.data.protocols import read_protocol
from unburden.domain.burden import PatientState, Persona, TimeOnStudy
from unburden.domain.conduct import Conduct
from unburden.simulation.hazards import derive_exponential_course
from unburden.study.personas import declare_personas
from unburden.study.scoring import list_weighted, score_burden

ROOT = Path(__file__).resolve().parents[1]
MATRICES = Path(os.environ.get("UNBURDEN_SHARED", ROOT.parent / "shared")) / "data" / "protocols" / "soa"
NAMES = ("near", "rural", "low income", "working", "frail", "carer-dependent")
DRAWS, VARIANTS, REPEATS = 10_000, 1_000, 3


def take_median(job) -> float:
    """Median seconds of a job."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def make_curves() -> tuple[TimeOnStudy, ...]:
    """Exponential times on treatment, free of progression and alive, so that cycles are laid out."""
    medians: dict[PatientState, float] = {"treatment": 200, "progression": 240, "alive": 500}
    courses = [(state, *derive_exponential_course(days)) for state, days in medians.items()]
    return tuple(TimeOnStudy(tuple(d), tuple(s), "assumed:benchmark", None, state) for state, d, s in courses)


def score_all(protocol, personas: tuple[Persona, ...], seed: int, curves: tuple[TimeOnStudy, ...] = ()):
    """Everything from the protocol to the population's draws, nothing kept from before."""
    conduct = Conduct(horizon_days=3 * 365.0) if curves else Conduct()
    scores = score_burden(protocol, personas, time_on_study=curves, conduct=conduct)
    arm_ids = [arm.id for arm in protocol.arms] or [None]
    weighted = list_weighted(scores, personas, dict.fromkeys(arm_ids, 1 / len(arm_ids)))
    return weighted, draw_population(weighted, EvidenceDraws(DRAWS, seed))


def measure_matrix(path: Path, personas: tuple[Persona, ...]) -> tuple[float, float, float]:
    """Seconds of the draws, of the variants (both with the scoring) and of the drivers."""
    protocol = read_protocol(path)
    kept = np.random.default_rng(1).random((VARIANTS, len(list_keys(protocol)))) < 0.8

    def run_variants():
        weighted, _ = score_all(protocol, personas, 1)
        score_variants(protocol, weighted, kept, EvidenceDraws(DRAWS, 1))

    weighted, _ = score_all(protocol, personas, 1)
    return (
        take_median(lambda: score_all(protocol, personas, 1)),
        take_median(run_variants),
        take_median(lambda: estimate_population_drivers(weighted, draws=DRAWS, seed=1)),
    )


def measure_agreement(path: Path, personas: tuple[Persona, ...]) -> dict[tuple[str, str], float]:
    """By dimension and bound, how far draws and closed form lie apart as a share of the total."""
    score = score_burden(read_protocol(path), personas[:1])[0]
    drawn = draw_score(score, EvidenceDraws(10 * DRAWS, 1))
    found: dict[tuple[str, str], float] = {}
    for name, total in score.totals.items():
        if not total.is_exact:
            estimate = drawn.estimate(name)
            found[name, "low"] = abs(estimate.low - total.low) / total.value
            found[name, "high"] = abs(estimate.high - total.high) / total.value
    return found


def measure_first(path: Path, personas: tuple[Persona, ...], *, has_curves: bool) -> float:
    """Seconds of the first score of this process, after import and reading the file."""
    protocol, curves = read_protocol(path), make_curves() if has_curves else ()
    start = time.perf_counter()
    score_all(protocol, personas, 1, curves)
    return time.perf_counter() - start


def measure_firsts() -> None:
    """The same in a new process for each matrix, with and without curves: medians of three processes."""
    for curves in ("plain", "curves"):
        found = {}
        for path in sorted(MATRICES.glob("*.json")):
            command = [sys.executable, __file__, path.name, curves]
            runs = [
                subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(REPEATS)
            ]
            found[path.name] = statistics.median(float(run.stdout) for run in runs)
        slowest = max(found, key=lambda name: found[name])
        middle = f"median {statistics.median(found.values()):.2f}"
        print(f"first score of a process, {curves}: {middle}, slowest {found[slowest]:.2f} ({slowest})")


def main() -> None:
    personas = declare_personas(dict.fromkeys(NAMES, 1 / 6))
    if len(sys.argv) == 3:
        print(measure_first(MATRICES / sys.argv[1], personas, has_curves=sys.argv[2] == "curves"))
        return
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}")
    print(f"{DRAWS:,} draws, {len(personas)} personas, {VARIANTS:,} variants; medians of {REPEATS}, seconds")
    measure_times(personas)
    measure_firsts()
    measure_bounds(personas)


def measure_times(personas: tuple[Persona, ...]) -> None:
    found = {}
    for path in sorted(MATRICES.glob("*.json")):
        found[path.name] = measure_matrix(path, personas)
        print(f"{path.name:34}" + "".join(f"{seconds:8.2f}" for seconds in found[path.name]), flush=True)
    for i, what in enumerate(("draws", "variants", "drivers")):
        column = {name: seconds[i] for name, seconds in found.items()}
        slowest = max(column, key=lambda name: column[name])
        print(
            f"{what}: median {statistics.median(column.values()):.2f}, "
            f"slowest {column[slowest]:.2f} ({slowest})"
        )


def measure_bounds(personas: tuple[Persona, ...]) -> None:
    apart = {
        (path.name, *key): share
        for path in sorted(MATRICES.glob("*.json"))
        for key, share in measure_agreement(path, personas).items()
    }
    print("bounds furthest from the closed form, as a share of the total:")
    for key in sorted(apart, key=lambda key: -apart[key])[:6]:
        print(f"  {' '.join(key)}: {apart[key]:.3f}")
    print(f"  median of {len(apart)}: {statistics.median(apart.values()):.3f}")


if __name__ == "__main__":
    main()

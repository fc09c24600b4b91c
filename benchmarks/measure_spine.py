"""Figures of the spine: reading, demo, size, start, simulation. Run: make benchmarks"""

import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROTOCOLS = ROOT.parent / "shared" / "data" / "protocols"


def take_median(job, repeats: int = 5) -> float:
    """Median seconds of a job."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def run_quietly(command: list[str]) -> None:
    """Run a command, keeping what it prints."""
    subprocess.run(command, capture_output=True, check=True)


def measure_reading() -> None:
    import unburden as ub

    if not PROTOCOLS.is_dir():
        print("reading: skipped, ../shared is absent")
        return
    files = sorted(
        [*PROTOCOLS.glob("[A-Z]*/*.json"), *PROTOCOLS.glob("synthetic/*.json"), *PROTOCOLS.glob("soa/*.json")]
    )
    seconds = {path.name: take_median(lambda path=path: ub.read_protocol(path)) for path in files}
    slowest = max(seconds, key=lambda name: seconds[name])
    print(f"reading {len(files)} protocols: slowest {seconds[slowest]:.3f} s ({slowest})")


def measure_start() -> None:
    command = [sys.executable, "-m", "unburden", "--help"]
    print(f"unburden --help: {take_median(lambda: run_quietly(command), 11):.3f} s")
    command = [sys.executable, "-c", "import unburden"]
    print(f"import unburden: {take_median(lambda: run_quietly(command), 11):.3f} s")


def measure_simulation() -> None:
    from unburden.domain.design import Design, Events
    from unburden.domain.scenario import Accrual, PiecewiseHazard, Scenario, TimeToEvent
    from unburden.simulation.trials import simulate_trials

    hazard = 0.0577622650466621
    outcome = TimeToEvent("os", PiecewiseHazard((0.0,), (hazard,)), PiecewiseHazard((0.0,), (0.72 * hazard,)))
    world = Scenario("benchmark", Accrual((0.0,), (500 / 24,)), outcome, 0.05, ("assumed:benchmark",))
    design = Design(500, 1.0, 0.025, (1 / 3, 2 / 3, 1.0), Events(300))
    simulate_trials(design, world, trials=100, seed=1)
    seconds = take_median(lambda: simulate_trials(design, world, trials=20_000, seed=1))
    print(f"log-rank, 500 patients, 3 looks at 100/200/300 events: {20_000 / seconds:,.0f} trials/s")


def measure_install() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        venv.create(Path(scratch) / "v", with_pip=True)
        python = Path(scratch) / "v" / "bin" / "python"
        packages = next((Path(scratch) / "v" / "lib").glob("python*")) / "site-packages"

        def weigh() -> int:
            done = subprocess.run(["du", "-sk", str(packages)], capture_output=True, text=True, check=True)
            return 1024 * int(done.stdout.split()[0])

        before = weigh()
        start = time.perf_counter()
        command = [str(python), "-m", "pip", "install", "-q", "-c", str(ROOT / "constraints.txt"), str(ROOT)]
        subprocess.run(command, check=True, capture_output=True)
        print(
            f"core install: {(weigh() - before) / 1e6:.0f} MB on disk in {time.perf_counter() - start:.0f} s"
        )
        for name in ("first", "second"):
            start = time.perf_counter()
            demo = [str(python), "-m", "unburden", "demo", "--out", str(Path(scratch) / "out")]
            subprocess.run(demo, check=True, capture_output=True, cwd=scratch)
            print(f"unburden demo from the installed wheel, {name} run: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    measure_reading()
    measure_start()
    measure_simulation()
    measure_install()

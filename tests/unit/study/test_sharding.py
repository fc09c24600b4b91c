"""Shards: the same sums whatever runs them, and nothing lost but what was being run when killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from unburden.domain.analysis import LogRank, MaxCombo
from unburden.domain.design import Design, Events
from unburden.domain.errors import InvalidInput
from unburden.domain.scenario import Accrual, Continuous, PiecewiseHazard, Scenario, TimeToEvent
from unburden.simulation.trials import compare_tests
from unburden.study.sharding import open_executor, simulate_sharded

EXAMPLE = Path(__file__).parents[3] / "examples" / "designs" / "delayed-effect.toml"
HAZARDS = PiecewiseHazard((0.0,), (0.05,)), PiecewiseHazard((0.0,), (0.035,))
WORLD = Scenario("test", Accrual((0.0,), (20.0,)), TimeToEvent("death", *HAZARDS), 0.05, ("assumed:test",))
DESIGN = Design(200, 1.0, 0.025, (0.5, 1.0), Events(120))
TESTS = (LogRank(), MaxCombo())
RUN = {"trials": 3500, "seed": 5, "shard_trials": 1000}


@pytest.fixture(scope="module")
def expected():
    return simulate_sharded(DESIGN, WORLD, TESTS, **RUN)


def test_shards_agree_with_one_run(expected):
    whole = compare_tests(DESIGN, WORLD, TESTS, trials=3500, seed=5)
    for one, other in zip(expected[0], whole, strict=True):
        assert (one.power, one.rejected_by_look) == (other.power, other.rejected_by_look)
        assert one.months.value == pytest.approx(other.months.value, rel=1e-12)
        assert one.months.low == pytest.approx(other.months.low, rel=1e-9)


def test_two_processes_give_the_same_sums(expected):
    with open_executor(2) as (executor, threads):
        found = simulate_sharded(DESIGN, WORLD, TESTS, **RUN, executor=executor, threads=threads)
    assert found == expected


def test_a_continuous_outcome_too():
    world = Scenario("c", Accrual((0.0,), (20.0,)), Continuous("score", 2.0, 5.0, 6.0), 0.1, ("assumed:x",))
    design = Design(80, 1.0, 0.025, (0.5, 1.0), None)
    found, _ = simulate_sharded(design, world, (LogRank(),), trials=2500, seed=1, shard_trials=1000)
    whole = compare_tests(design, world, (LogRank(),), trials=2500, seed=1)
    assert found[0].power == whole[0].power


def test_finished_shards_are_not_run_again(expected, tmp_path, monkeypatch):
    from unburden.study import sharding

    assert simulate_sharded(DESIGN, WORLD, TESTS, **RUN, ledger=tmp_path) == expected
    assert len(list(tmp_path.iterdir())) == 4
    next(iter(sorted(tmp_path.iterdir()))).unlink()
    run = []
    monkeypatch.setattr(
        sharding, "simulate_shard", lambda shard, threads: run.append(shard.first) or sums(shard, threads)
    )
    sums = __import__("unburden.simulation.trials", fromlist=["x"]).simulate_shard
    assert simulate_sharded(DESIGN, WORLD, TESTS, **RUN, ledger=tmp_path) == expected
    assert len(run) == 1


def test_another_design_or_seed_shares_nothing(tmp_path):
    for seed in (1, 2):
        simulate_sharded(DESIGN, WORLD, TESTS, trials=100, seed=seed, ledger=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_broken_entry_is_told(tmp_path):
    simulate_sharded(DESIGN, WORLD, TESTS, trials=100, seed=1, ledger=tmp_path)
    next(tmp_path.iterdir()).write_text("{", encoding="utf-8")
    with pytest.raises(InvalidInput, match="is no entry of a shard ledger"):
        simulate_sharded(DESIGN, WORLD, TESTS, trials=100, seed=1, ledger=tmp_path)


def test_no_scheduler_is_told():
    with pytest.raises(InvalidInput, match="no scheduler answers"), open_executor(1, "tcp://127.0.0.1:9"):
        pass


def test_a_killed_run_goes_on_where_it_was(tmp_path):
    command = [
        sys.executable,
        "-m",
        "unburden",
        "simulate-trials",
        str(EXAMPLE),
        "--json",
        "--trials",
        "400000",
    ]
    ledger = tmp_path / "ledger"
    first = subprocess.Popen([*command, "--ledger", str(ledger)], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and len(list(ledger.glob("*.json"))) < 2:
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    first.wait()
    kept = {path.name: path.stat().st_mtime_ns for path in ledger.glob("*.json")}
    assert 2 <= len(kept) < 20
    for path in kept:
        json.loads((ledger / path).read_text(encoding="utf-8"))
    done = subprocess.run([*command, "--ledger", str(ledger)], capture_output=True, text=True, check=True)
    assert {p.name: p.stat().st_mtime_ns for p in ledger.glob("*.json") if p.name in kept} == kept
    again = subprocess.run([*command, "--workers", "2"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["sha256"] == json.loads(again.stdout)["sha256"]


def test_a_cluster_whose_worker_is_killed(expected):
    distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        run = RUN | {"shard_trials": 100}
        alone = simulate_sharded(DESIGN, WORLD, TESTS, **run)
        victims = [worker.pid for worker in cluster.workers.values()]
        killed = []

        def kill(what: str, done: int, total: int) -> None:
            if done == 3 and not killed:
                killed.append(victims[0])
                os.kill(victims[0], signal.SIGKILL)

        with open_executor(1, cluster.scheduler_address) as (executor, threads):
            found = simulate_sharded(
                DESIGN, WORLD, TESTS, **run, executor=executor, threads=threads, progress=kill
            )
        assert killed
        assert found == alone
    assert found[0][0].power == expected[0][0].power

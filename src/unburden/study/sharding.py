"""Long simulations in shards: on this machine's processes or a cluster, resumed after any kill."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from unburden import __version__
from unburden.data.shards import find_sums, keep_sums
from unburden.domain.analysis import SurvivalTest
from unburden.domain.design import Design, OperatingCharacteristics
from unburden.domain.errors import InvalidInput
from unburden.domain.scenario import Scenario
from unburden.domain.shards import Shard, ShardSums, add_sums, cut_run, hash_sums
from unburden.simulation.trials import simulate_shard, summarise_sums

SHARD_TRIALS = 20_000


def simulate_sharded(
    design: Design,
    scenario: Scenario,
    tests: Sequence[SurvivalTest],
    *,
    trials: int,
    seed: int,
    ledger: Path | None = None,
    executor: Executor | None = None,
    threads: int | None = None,
    shard_trials: int = SHARD_TRIALS,
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[tuple[OperatingCharacteristics, ...], str]:
    """As `compare_tests`, in shards, and the SHA-256 of all sums; see `run_shards`."""
    shards = cut_run(
        design,
        scenario,
        tuple(tests),
        trials=trials,
        seed=seed,
        shard_trials=shard_trials,
        version=__version__,
    )
    whole = run_shards(shards, ledger=ledger, executor=executor, threads=threads, progress=progress)
    return summarise_sums(design, scenario, tests, seed, whole), hash_sums(whole)


def run_shards(
    shards: Sequence[Shard],
    *,
    ledger: Path | None = None,
    executor: Executor | None = None,
    threads: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    label: str = "shards",
) -> ShardSums:
    """The sums of all shards together.

    A shard that the `ledger` folder holds is not run again: after a kill at most the shards being
    run are lost. `executor` is any `concurrent.futures` one (None: this process); each worker uses
    `threads` numba threads. The answer does not depend on executor, workers or kills. `label` is
    what `progress` is told of.
    """
    found: dict[int, ShardSums] = {}
    for shard in shards:
        kept = find_sums(ledger, shard) if ledger else None
        if kept is not None:
            found[shard.first] = kept
    tell = progress or (lambda what, done, total: None)
    tell(label, len(found), len(shards))
    missing = [shard for shard in shards if shard.first not in found]
    for shard, sums in _run_all(missing, executor, threads):
        if ledger:
            keep_sums(ledger, shard, sums)
        found[shard.first] = sums
        tell(label, len(found), len(shards))
    return add_sums(tuple(found[shard.first] for shard in shards))


def _run_all(shards: Sequence[Shard], executor: Executor | None, threads: int | None):
    """Shards with their sums as they are done."""
    if executor is None:
        for shard in shards:
            yield shard, simulate_shard(shard, threads)
        return
    waiting: dict[Future[ShardSums], Shard] = {
        executor.submit(simulate_shard, shard, threads): shard for shard in shards
    }
    for future in as_completed(waiting):
        yield waiting[future], future.result()


@contextmanager
def open_executor(workers: int, cluster: str | None = None):
    """An executor and the threads that each worker may use: a process pool, or a Dask cluster's.

    `cluster` is a scheduler's address (tcp://host:port; needs the extra `cluster`). One worker and no
    cluster is None: this process with all threads.
    """
    if cluster is not None:
        try:
            from distributed import Client
        except ImportError:
            raise InvalidInput(
                "--cluster", ["needs Dask; install it with `pip install unburden[cluster]`"]
            ) from None
        try:
            client = Client(cluster, timeout="15s")
        except (OSError, ValueError) as error:
            raise InvalidInput("--cluster", [f"no scheduler answers at {cluster} ({error})"]) from None
        with client:
            yield client.get_executor(retries=3), 1
        return
    if workers <= 1:
        yield None, None
        return
    each = max(1, (os.cpu_count() or 1) // workers)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield pool, each


def count_trials(power: float, error: float) -> int:
    """Trials at which a power near `power` has the standard error `error`.

    >>> count_trials(0.5, 0.005)
    10000
    """
    return max(100, round(power * (1 - power) / error**2))

"""Many simulated trials cut into shards: what a shard is asked, and what is kept of it."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from unburden.domain.analysis import SurvivalTest
from unburden.domain.design import Design
from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.scenario import Scenario

Histogram: TypeAlias = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Shard:
    """Trials `first` to `first` + `trials` - 1 of one run; `version` is that of the code."""

    design: Design
    scenario: Scenario
    tests: tuple[SurvivalTest, ...]
    seed: int
    first: int
    trials: int
    version: str

    @property
    def key(self) -> str:
        """SHA-256 of everything that the shard's numbers depend on."""
        return hashlib.sha256(repr(self).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ShardSums:
    """Sufficient statistics of a shard, one entry a test: counts by look, sums and sums of squares.

    `stopped` and `rejected` (tests, looks); `sums` and `squares` (tests, 3) of months, patients, events.
    `counts` (tests, 3): of each of these how many trials had which value, as pairs in rising order;
    months in tenths, rounded.
    """

    trials: int
    stopped: tuple[tuple[int, ...], ...]
    rejected: tuple[tuple[int, ...], ...]
    sums: tuple[tuple[float, ...], ...]
    squares: tuple[tuple[float, ...], ...]
    counts: tuple[tuple[Histogram, ...], ...]


def cut_run(
    design: Design,
    scenario: Scenario,
    tests: tuple[SurvivalTest, ...],
    *,
    trials: int,
    seed: int,
    shard_trials: int,
    version: str,
) -> tuple[Shard, ...]:
    """The shards of a run, in order; raises `InvalidDesign` for numbers that cannot be cut."""
    problems = Problems("run")
    problems.check(trials >= 2, f"trials is {trials}; give at least 2")
    problems.check(shard_trials >= 1, f"shard_trials is {shard_trials}; give at least 1")
    problems.raise_if_any(InvalidDesign)
    return tuple(
        Shard(design, scenario, tests, seed, first, min(shard_trials, trials - first), version)
        for first in range(0, trials, shard_trials)
    )


def add_sums(parts: tuple[ShardSums, ...]) -> ShardSums:
    """All parts together, added in their order, sums with one rounding (`math.fsum`)."""
    first = parts[0]

    def add(rows: Sequence[tuple[tuple[Any, ...], ...]], total) -> tuple:
        return tuple(
            tuple(total(row[t][k] for row in rows) for k in range(len(rows[0][t])))
            for t in range(len(rows[0]))
        )

    return (
        ShardSums(
            sum(part.trials for part in parts),
            add([part.stopped for part in parts], sum),
            add([part.rejected for part in parts], sum),
            add([part.sums for part in parts], math.fsum),
            add([part.squares for part in parts], math.fsum),
            add([part.counts for part in parts], merge_histograms),
        )
        if len(parts) > 1
        else first
    )


def merge_histograms(parts: Iterable[Histogram]) -> Histogram:
    """All counts together.

    >>> merge_histograms([((3, 1), (5, 2)), ((4, 1), (5, 1))])
    ((3, 1), (4, 1), (5, 3))
    """
    whole: Counter[int] = Counter()
    for part in parts:
        whole.update(dict(part))
    return tuple(sorted(whole.items()))


def find_quantile(histogram: Histogram, share: float) -> tuple[int, int, int]:
    """The smallest value that at least `share` of all do not exceed, and its 95 % interval.

    The interval ends at order statistics, whose ranks are share × n ± 1.96 √(n share (1 - share)).

    >>> find_quantile(((3, 10), (4, 70), (9, 20)), 0.5)
    (4, 4, 4)
    """
    total = sum(count for _, count in histogram)
    half = 1.959963984540054 * math.sqrt(total * share * (1 - share))
    ranks = [
        math.floor(total * share - half),
        math.ceil(total * share - 1e-9),
        math.ceil(total * share + half),
    ]
    low, middle, high = (_find_at_rank(histogram, min(max(rank, 1), total)) for rank in ranks)
    return middle, low, high


def _find_at_rank(histogram: Histogram, rank: int) -> int:
    seen = 0
    for value, count in histogram:
        seen += count
        if seen >= rank:
            return value
    raise AssertionError("a rank beyond all counts")


def hash_sums(sums: ShardSums) -> str:
    """SHA-256 of the sums; the same whatever ran them, where and how often it was killed."""
    return hashlib.sha256(repr(sums).encode()).hexdigest()

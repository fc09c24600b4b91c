"""The shard ledger: a folder with one small JSON file for each finished shard, named by its key."""

import json
from dataclasses import asdict
from pathlib import Path

from unburden.data.files import write_text
from unburden.domain.errors import InvalidInput
from unburden.domain.shards import Shard, ShardSums


def find_sums(folder: Path, shard: Shard) -> ShardSums | None:
    """What the ledger holds of a shard; None where it was not finished."""
    path = folder / f"{shard.key}.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        rows = {name: tuple(map(tuple, found[name])) for name in ("stopped", "rejected", "sums", "squares")}
        counts = tuple(tuple(tuple((v, n) for v, n in part) for part in row) for row in found["counts"])
        return ShardSums(found["trials"], **rows, counts=counts)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(str(path), [f"is no entry of a shard ledger ({error}); delete it"]) from None


def keep_sums(folder: Path, shard: Shard, sums: ShardSums) -> None:
    """Keep a shard's sums; written to a temporary name and renamed, so that a kill leaves no half."""
    entry = {"first": shard.first, "seed": shard.seed, "version": shard.version, **asdict(sums)}
    write_text(folder / f"{shard.key}.json", json.dumps(entry))

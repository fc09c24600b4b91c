"""The answer to a question of size."""

from dataclasses import dataclass

from unburden.domain.estimate import Estimate


@dataclass(frozen=True, slots=True)
class TrialSize:
    """What was asked, and the numbers in the order in which a reader wants them."""

    endpoint: str
    numbers: tuple[tuple[str, Estimate], ...]
    notes: tuple[str, ...] = ()

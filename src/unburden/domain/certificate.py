"""A proven upper bound on type I error over a range of a nuisance parameter."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of the range, simulated at its `centre`: rejections of `trials`, and the bound all over it."""

    low: float
    centre: float
    high: float
    trials: int
    rejections: int
    bound: float


@dataclass(frozen=True, slots=True)
class ErrorCertificate:
    """With probability `confidence` over the simulation, the error is at most `bound` in all the range.

    `parameter` names the nuisance ("control share", "hazard per month"). `seed` repeats the proof.
    """

    parameter: str
    bound: float
    confidence: float
    seed: int
    tiles: tuple[Tile, ...]

"""A proven upper bound on type I error over a region of one or two nuisance parameters."""

from dataclasses import dataclass

Point = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Tile:
    """A box of the region from `low` to `high`, a number for each parameter of the certificate.

    Simulated at `centre` with `seed`: rejections of `trials`. `bound` holds at all points of the box
    that are null (all of them, but where the line of equal shares cuts the box).
    """

    low: Point
    centre: Point
    high: Point
    trials: int
    seed: int
    rejections: int
    bound: float

    def holds(self, point: Point) -> bool:
        """Whether the point lies in the box, its sides included."""
        return all(a <= x <= b for a, x, b in zip(self.low, point, self.high, strict=True))


@dataclass(frozen=True, slots=True)
class ErrorCertificate:
    """With probability `confidence` over the simulation, the error is at most `bound` in all the region.

    `parameters` names what varies ("share", "control_share", "treatment_share", "hazard_per_month",
    "dropout_hazard_per_month"), in the order of the tiles' numbers. `simulations` counts every tile
    that was simulated, those split later too: all share the doubt 1 - `confidence`. `seed` repeats
    the proof.
    """

    parameters: tuple[str, ...]
    bound: float
    target: float
    confidence: float
    seed: int
    simulations: int
    tiles: tuple[Tile, ...]

    @property
    def is_reached(self) -> bool:
        """Whether the bound keeps to the target."""
        return self.bound <= self.target

    @property
    def worst(self) -> Tile:
        """The tile with the largest bound."""
        return max(self.tiles, key=lambda tile: tile.bound)

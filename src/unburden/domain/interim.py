"""What a look at the data says of the trial so far and of what is to come."""

from dataclasses import dataclass

from unburden.domain.sequential import SequentialBounds


@dataclass(frozen=True, slots=True)
class Outlook:
    """Chances of success at the looks to come, given z at a look (Lan & Wittes 1988).

    Conditional power if the effect is the planned one (None without one), the one seen so far,
    none at all; predictive power over a flat prior (Spiegelhalter, Freedman & Blackburn 1986).
    """

    planned: float | None
    observed: float
    null: float
    predictive: float


@dataclass(frozen=True, slots=True)
class SequentialInference:
    """The effect after a group-sequential test stopped, in the order of stages.

    One-sided: `p_value`, the median-unbiased `estimate` and the two-sided interval of `level` treat
    an earlier crossing as more extreme than a later one (Fairbanks & Madsen 1982; Tsiatis, Rosner
    & Mehta 1984). Futility bounds are not counted on. `repeated_*` hold at any look, stopped or not
    (Jennison & Turnbull 1989); the repeated p-value is the smallest one-sided alpha at which the
    plan's own kind of bounds would have been crossed here. Effects are in units of the outcome
    whose Fisher information was given.
    """

    p_value: float
    estimate: float
    low: float
    high: float
    level: float
    repeated_p_value: float
    repeated_low: float
    repeated_high: float


@dataclass(frozen=True, slots=True)
class UpdatedBounds:
    """Bounds for the information really seen: `bounds` over all looks done and still planned.

    `fractions` are the seen ones, over the larger of planned and final information.
    """

    bounds: SequentialBounds
    fractions: tuple[float, ...]

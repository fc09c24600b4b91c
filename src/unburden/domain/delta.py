"""How a trial's answer changes if those who drop out go on worse than the others (delta adjustment)."""

from dataclasses import dataclass

from unburden.domain.errors import InvalidDesign, Problems


@dataclass(frozen=True, slots=True)
class DeltaPoint:
    """One assumption about dropouts, in the outcome's unit.

    `worse_per_visit`: what a dropout loses at each missed visit, on top of the visits missed before.
    `bias` of the analysis that ignores it: its expected estimate minus the true effect. `effect`: the true
    effect, which the adjusted analysis estimates with `standard_error` and finds with `power`. `false_share`:
    how often the analysis that ignores it finds an effect where the true effect is 0 (asked: alpha).
    """

    worse_per_visit: float
    bias: float
    effect: float
    standard_error: float
    power: float
    false_share: float


@dataclass(frozen=True, slots=True)
class DeltaSensitivity:
    """Points in the order of `worse_per_visit`, and where the answer tips.

    `tipping_per_visit`: the value at which the expected estimate of the adjusted analysis is just at the
    edge of significance (power about a half); infinite where no value does that, 0 where none is needed.
    """

    points: tuple[DeltaPoint, ...]
    tipping_per_visit: float

    def __post_init__(self) -> None:
        problems = Problems("delta adjustment")
        problems.check(bool(self.points), "there are no points; give at least one delta")
        deltas = [point.worse_per_visit for point in self.points]
        problems.check(deltas == sorted(deltas), f"worse_per_visit {deltas} must rise")
        problems.raise_if_any(InvalidDesign)

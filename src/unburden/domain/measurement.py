"""A measure that replaces another: its spread, how well days repeat, and how many match one test."""

from dataclasses import dataclass

from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.estimate import Estimate


@dataclass(frozen=True, slots=True)
class DeviceMeasure:
    """A measure that a device gives each day.

    `between_sd`: standard deviation of patients' own long-run means, `within_sd`: of a patient's days around
    theirs, both in the device's unit, so that the mean of k days has the variance between² + within²/k.
    `effect_ratio`: the treatment effect on the device, in its unit, for an effect of 1 on the clinic test, in
    its own unit. Days are taken as exchangeable: a weekend or a drift over weeks makes them less so.
    """

    name: str
    between_sd: Estimate
    within_sd: Estimate
    effect_ratio: Estimate

    def __post_init__(self) -> None:
        problems = Problems(f"device measure {self.name!r}")
        for name in ("between_sd", "within_sd"):
            sd = getattr(self, name)
            told = (
                f"{name} is {sd.value} and reaches down to {sd.low}; give one over 0, at least 0 at its end"
            )
            problems.check(sd.value > 0 and sd.low >= 0, told)
        units = (self.between_sd.unit, self.within_sd.unit)
        problems.check(units[0] == units[1], f"between_sd is in {units[0]}, within_sd in {units[1]}; use one")
        problems.check(self.effect_ratio.value != 0, "effect_ratio is 0: the device would not see the effect")
        problems.raise_if_any(InvalidDesign)

    @property
    def day_correlation(self) -> float:
        """Correlation of two days of a patient (intraclass correlation)."""
        between = self.between_sd.value**2
        return between / (between + self.within_sd.value**2)


@dataclass(frozen=True, slots=True)
class CrossingPoint:
    """How many days of a device tell as much as one clinic test.

    `days` need not be whole; infinite where even endless days tell less. `low` and `high` bound the
    interval at `level`, `high` (or both) infinite where too many of the draws never reach the test;
    `share_reached` of the draws do.
    """

    days: float
    low: float
    high: float
    level: float
    share_reached: float
    sources: tuple[str, ...]

    def __post_init__(self) -> None:
        problems = Problems("crossing point")
        told = f"{self.low} to {self.high} does not hold {self.days}"
        problems.check(0 < self.low <= self.days <= self.high, told)
        problems.check(0 <= self.share_reached <= 1, f"share_reached is {self.share_reached}")
        problems.raise_if_any(InvalidDesign)


@dataclass(frozen=True, slots=True)
class ModeChange:
    """A measurement taken in another way (place, rater, device) in some patients.

    `extra_sd`: the standard deviation that the new mode adds to a value; `shift`: its mean reading minus
    that of the old mode; both in the outcome's unit. Shares of `control` and `treatment` patients whose
    value is of the new mode, chosen without regard to the value.
    """

    extra_sd: Estimate
    shift: Estimate
    control_share: float
    treatment_share: float

    def __post_init__(self) -> None:
        problems = Problems("change of mode")
        problems.check(self.extra_sd.low >= 0, f"extra_sd reaches down to {self.extra_sd.low}; at least 0")
        for name in ("control_share", "treatment_share"):
            share = getattr(self, name)
            problems.check(0 <= share <= 1, f"{name} is {share}; give a number from 0 to 1")
        units = (self.extra_sd.unit, self.shift.unit)
        problems.check(units[0] == units[1], f"extra_sd is in {units[0]}, shift in {units[1]}; use one unit")
        problems.raise_if_any(InvalidDesign)


@dataclass(frozen=True, slots=True)
class ChangedPower:
    """One-sided power after a change, and how often a test finds an effect where there is none."""

    power: Estimate
    false_share: Estimate

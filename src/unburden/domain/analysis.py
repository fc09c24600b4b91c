"""Tests of two survival curves. Every z is positive where treatment does better; strata are kept apart."""

import math
from dataclasses import dataclass
from typing import TypeAlias

from unburden.domain.errors import InvalidDesign, Problems


@dataclass(frozen=True, slots=True)
class LogRank:
    """Log-rank test (Mantel 1966)."""


@dataclass(frozen=True, slots=True)
class FlemingHarrington:
    """Log-rank test weighted by S(t-)**rho (1 - S(t-))**gamma (Fleming & Harrington 1991)."""

    rho: float
    gamma: float

    def __post_init__(self) -> None:
        problems = Problems("FlemingHarrington")
        for name, value in (("rho", self.rho), ("gamma", self.gamma)):
            fits = math.isfinite(value) and value >= 0
            problems.check(fits, f"{name} is {value}; give a number of at least 0")
        problems.raise_if_any(InvalidDesign)


@dataclass(frozen=True, slots=True)
class ModestlyWeighted:
    """Log-rank test weighted by 1 / max(S(t-), S(month)) (Magirr & Burman 2019)."""

    month: float

    def __post_init__(self) -> None:
        _check_month("ModestlyWeighted", self.month)


@dataclass(frozen=True, slots=True)
class MaxCombo:
    """The largest of some Fleming-Harrington z, against their joint distribution (Karrison 2016).

    `weights` are (rho, gamma): all four of (0,0), (1,0), (0,1), (1,1) (Lin et al. 2020), two or three
    of the first three, or (0,0), (0,1), (1,1). For these the joint probability is good to 1e-6.
    """

    weights: tuple[tuple[int, int], ...] = ((0, 0), (1, 0), (0, 1), (1, 1))

    def __post_init__(self) -> None:
        problems = Problems("MaxCombo")
        chosen = set(self.weights)
        first = {(0, 0), (1, 0), (0, 1)}
        fits = (len(chosen) > 1 and chosen <= first) or chosen in (
            first | {(1, 1)},
            {(0, 0), (0, 1), (1, 1)},
        )
        problems.check(
            fits,
            f"weights {list(self.weights)}; give all of (0,0), (1,0), (0,1), (1,1), two or three of the "
            "first three, or (0,0), (0,1), (1,1)",
        )
        problems.check(len(chosen) == len(self.weights), "a pair of weights stands twice")
        problems.raise_if_any(InvalidDesign)


@dataclass(frozen=True, slots=True)
class RestrictedMean:
    """Difference of the mean times free of the event up to `month` (Royston & Parmar 2013).

    Where an arm is followed for less, up to then. Kaplan-Meier with Greenwood's variance.
    """

    month: float

    def __post_init__(self) -> None:
        _check_month("RestrictedMean", self.month)


@dataclass(frozen=True, slots=True)
class Milestone:
    """Difference of the Kaplan-Meier shares free of the event at `month`, Greenwood's variance."""

    month: float

    def __post_init__(self) -> None:
        _check_month("Milestone", self.month)


@dataclass(frozen=True, slots=True)
class CoxWald:
    """Wald test of the log hazard ratio (Cox 1972; ties after Breslow 1974)."""


SurvivalTest: TypeAlias = (
    LogRank | FlemingHarrington | ModestlyWeighted | MaxCombo | RestrictedMean | Milestone | CoxWald
)

LOG_RANK = LogRank()


def _check_month(name: str, month: float) -> None:
    problems = Problems(name)
    fits = math.isfinite(month) and month > 0
    problems.check(fits, f"month is {month}; give a number over 0")
    problems.raise_if_any(InvalidDesign)

"""The burden as random draws: what is not known about it, and who carries most."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from unburden.domain.estimate import Estimate

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BurdenDraws:
    """Draws of each dimension (and of `patient_minutes`), by name, all of one length.

    Draw i of every dimension, persona and design of one seed rests on the same draw of each entry
    of the evidence, so that differences by draw mean something.
    """

    seed: int
    values: Mapping[str, Floats] = field(repr=False)
    units: Mapping[str, str] = field(repr=False)
    sources: Mapping[str, tuple[str, ...]] = field(repr=False)

    @property
    def draws(self) -> int:
        """How many draws each dimension has."""
        return len(next(iter(self.values.values())))

    def mean(self, dimension: str) -> float:
        """Mean over the draws."""
        return float(self.values[dimension].mean())

    def mean_error(self, dimension: str) -> float:
        """Monte Carlo standard error of the mean; 0 with one draw."""
        values = self.values[dimension]
        return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0

    def quantiles(self, dimension: str, *shares: float) -> tuple[float, ...]:
        """The quantiles below which these shares of the draws lie, linear between draws."""
        return tuple(map(float, np.quantile(self.values[dimension], shares)))

    def estimate(self, dimension: str) -> Estimate:
        """Mean and 95 % interval, which holds the mean even where the spread is extreme."""
        value = self.mean(dimension)
        low, high = self.quantiles(dimension, 0.025, 0.975)
        told = (*self.sources[dimension], f"simulated:n={self.draws}, seed={self.seed}")
        return Estimate(value, min(low, value), max(high, value), self.units[dimension], told)


@dataclass(frozen=True, slots=True)
class Driver:
    """How much of one dimension's variance an input explains.

    `first` is the share that would go if the input alone were known (first-order Sobol index);
    `total` the share that would stay if all else were known. They differ where inputs interact.
    `name` is the id of an entry of the evidence, or "persona".
    """

    name: str
    first: float
    total: float


@dataclass(frozen=True)
class PopulationBurden:
    """The burden over personas by their shares.

    `mean` holds the draws of the mean over personas: the spread is what is not known of the average
    patient. `worst_tenth` is the mean of the tenth with most of each dimension over persona × draw
    (CVaR at 90 %). In it: the difference between personas, what is not known of the evidence, and
    how long patients stay. Not in it: any other difference between patients of one persona.
    """

    shares: Mapping[str, float]
    mean: BurdenDraws
    by_persona: Mapping[str, BurdenDraws]
    worst_tenth: Mapping[str, float]

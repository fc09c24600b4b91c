"""Priors made of external controls, and what borrowing does to a test's errors."""

import math
from dataclasses import dataclass

from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.estimate import check_sources


@dataclass(frozen=True, slots=True)
class NormalMixture:
    """A prior for the control mean: weights that sum to 1, means and standard deviations (k,).

    `external_mean`: what the external controls say, from which drift is counted.
    """

    weights: tuple[float, ...]
    means: tuple[float, ...]
    sds: tuple[float, ...]
    external_mean: float
    sources: tuple[str, ...]

    def __post_init__(self) -> None:
        problems = Problems("prior for a mean")
        _check_weights(self.weights, (self.means, self.sds), problems)
        finite = all(map(math.isfinite, (*self.means, self.external_mean)))
        problems.check(finite, f"means {list(self.means)} and external_mean must be finite")
        positive = all(0 < sd < math.inf for sd in self.sds)
        problems.check(positive, f"sds {list(self.sds)} must be over 0 and finite")
        check_sources(self.sources, problems)
        problems.raise_if_any(InvalidDesign)


@dataclass(frozen=True, slots=True)
class BetaMixture:
    """A prior for the control's share of events: weights that sum to 1, both parameters at least 1.

    `external_share`: what the external controls say, from which drift is counted.
    """

    weights: tuple[float, ...]
    events: tuple[float, ...]
    others: tuple[float, ...]
    external_share: float
    sources: tuple[str, ...]

    def __post_init__(self) -> None:
        problems = Problems("prior for a share")
        _check_weights(self.weights, (self.events, self.others), problems)
        for key in ("events", "others"):
            values = getattr(self, key)
            fits = all(1 <= x < math.inf for x in values)
            problems.check(fits, f"{key} {list(values)} must be at least 1 and finite")
        share = self.external_share
        problems.check(0 < share < 1, f"external_share is {share}; give a number between 0 and 1")
        check_sources(self.sources, problems)
        problems.raise_if_any(InvalidDesign)


@dataclass(frozen=True, slots=True)
class BorrowingPoint:
    """What the test does where external controls differ by `drift` (external minus concurrent truth).

    `error`: type I error; `power`; `bias` of the posterior mean of the effect; `borrowed`: by how many
    concurrent control patients the posterior is better than without the prior, on average, from the prior's
    and the data's spread together (below 0 where they are in conflict).
    """

    drift: float
    error: float
    power: float
    bias: float
    borrowed: float


@dataclass(frozen=True, slots=True)
class BorrowingCurve:
    """Points in the order of drift, beside the same test without external controls.

    `prior_patients`: effective sample size of the prior (expected local information ratio, Neuenschwander
    et al. 2020). `plain_error` and `plain_power` of the test that borrows nothing.
    """

    points: tuple[BorrowingPoint, ...]
    prior_patients: float
    plain_error: float
    plain_power: float
    sources: tuple[str, ...]

    @property
    def largest_error(self) -> float:
        """The largest type I error over the drifts that were asked for."""
        return max(point.error for point in self.points)


def _check_weights(
    weights: tuple[float, ...], others: tuple[tuple[float, ...], ...], problems: Problems
) -> None:
    same = bool(weights) and all(len(other) == len(weights) for other in others)
    problems.check(same, f"{len(weights)} weights for {[len(o) for o in others]} parameters; give as many")
    fits = all(w > 0 for w in weights) and math.isclose(math.fsum(weights), 1, rel_tol=1e-9)
    problems.check(fits, f"weights {list(weights)} must be over 0 and sum to 1")

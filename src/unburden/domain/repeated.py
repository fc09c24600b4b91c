"""Outcomes seen more than once in a patient: repeated measures, and events that recur."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from unburden.domain.errors import InvalidDesign, Problems

EventKind = Literal["treatment-stop", "rescue", "death"]
EVENT_KINDS: tuple[EventKind, ...] = ("treatment-stop", "rescue", "death")
MOST_VISITS = 12
"""More after the baseline have a covariance of 91 numbers or more, which no trial tells."""


@dataclass(frozen=True, slots=True)
class IntercurrentEvent:
    """Something after the start that changes what a value means or whether there is one (ICH E9(R1)).

    Hazards per month of both arms, multiplied by exp(-`dependence` × the patient's standardised
    deviation from the arm's mean at the visit before): above 0, patients who do badly have it
    sooner. From then on `kept_share` of the treatment effect remains, `gain` is added to the
    values, and with probability `withdrawal_share` the patient leaves the study. Death ends the
    values.
    """

    name: str
    kind: EventKind
    control_per_month: float
    treatment_per_month: float
    dependence: float = 0.0
    kept_share: float = 1.0
    gain: float = 0.0
    withdrawal_share: float = 0.0

    def __post_init__(self) -> None:
        problems = Problems(f"intercurrent event {self.name!r}")
        problems.check(
            self.kind in EVENT_KINDS, f"kind is {self.kind!r}; use one of {', '.join(EVENT_KINDS)}"
        )
        for key in ("control_per_month", "treatment_per_month"):
            value = getattr(self, key)
            fits = math.isfinite(value) and value >= 0
            problems.check(fits, f"{key} is {value}; give a number of at least 0")
        fits = math.isfinite(self.dependence) and abs(self.dependence) <= 5
        problems.check(fits, f"dependence is {self.dependence}; give a number from -5 to 5")
        problems.check(math.isfinite(self.kept_share), f"kept_share is {self.kept_share}; give a number")
        problems.check(math.isfinite(self.gain), f"gain is {self.gain}; give a number")
        share = self.withdrawal_share
        problems.check(0 <= share <= 1, f"withdrawal_share is {share}; give a number from 0 to 1")
        problems.raise_if_any(InvalidDesign)


@dataclass(frozen=True, slots=True)
class Longitudinal:
    """A normal outcome measured at visits; the last visit is the question, higher is better.

    `visit_months` since entry rise; a first one at 0 is the baseline, for which the analysis
    adjusts. `control_means` and `treatment_means` (d,) in a world without intercurrent events,
    equal at the baseline. `covariance` (d, d) of one patient's values.
    """

    name: str
    visit_months: tuple[float, ...]
    control_means: tuple[float, ...]
    treatment_means: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    intercurrent_events: tuple[IntercurrentEvent, ...] = ()

    def __post_init__(self) -> None:
        problems = Problems(f"outcome {self.name!r}")
        months, d = self.visit_months, len(self.visit_months)
        rises = all(a < b < math.inf for a, b in zip((-1e-300, *months), months, strict=False))
        problems.check(rises, f"visit_months {list(months)} must rise from 0 or above and be finite")
        after = d - self.has_baseline
        problems.check(
            1 <= after <= MOST_VISITS, f"{after} visits after the baseline; give 1 to {MOST_VISITS}"
        )
        for key in ("control_means", "treatment_means"):
            means = getattr(self, key)
            problems.check(len(means) == d, f"{len(means)} {key} for {d} visits; give one a visit")
            problems.check(all(map(math.isfinite, means)), f"{key} {list(means)} must be finite")
        if self.has_baseline and self.control_means and self.treatment_means:
            same = self.control_means[0] == self.treatment_means[0]
            problems.check(
                same, "the arms' means differ at the baseline, before any treatment; make them equal"
            )
        square = len(self.covariance) == d and all(len(row) == d for row in self.covariance)
        if problems.check(square, f"covariance must have {d} rows of {d} numbers, one a visit"):
            told = "covariance is not symmetric and positive definite; check its numbers"
            problems.check(factor_covariance(self.covariance) is not None, told)
        names = [event.name for event in self.intercurrent_events]
        problems.check(len(set(names)) == len(names), f"two intercurrent events of one name in {names}")
        problems.raise_if_any(InvalidDesign)

    @property
    def has_baseline(self) -> bool:
        """Whether the first visit is before treatment."""
        return bool(self.visit_months) and self.visit_months[0] == 0

    @property
    def planned_difference(self) -> float:
        """Treatment minus control at the last visit if no intercurrent event happened."""
        return self.treatment_means[-1] - self.control_means[-1]


def factor_covariance(covariance: tuple[tuple[float, ...], ...]) -> list[list[float]] | None:
    """Lower Cholesky factor, or None where the matrix is not symmetric and positive definite."""
    size = len(covariance)
    factor = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            value = covariance[i][j]
            if not math.isfinite(value) or not math.isclose(
                value, covariance[j][i], rel_tol=1e-9, abs_tol=1e-300
            ):
                return None
            rest = value - math.fsum(factor[i][k] * factor[j][k] for k in range(j))
            if i == j:
                if not rest > 1e-12 * value:
                    return None
                factor[i][i] = math.sqrt(rest)
            else:
                factor[i][j] = rest / factor[j][j]
    return factor


@dataclass(frozen=True, slots=True)
class Counts:
    """Events that recur, fewer are better: rates per month, each patient followed `follow_up_months`.

    The variance of a patient's count is mean + `dispersion` × mean² (negative binomial; 0: Poisson).
    """

    name: str
    control_per_month: float
    treatment_per_month: float
    dispersion: float
    follow_up_months: float

    def __post_init__(self) -> None:
        problems = Problems(f"outcome {self.name!r}")
        for key in ("control_per_month", "treatment_per_month", "follow_up_months"):
            value = getattr(self, key)
            problems.check(math.isfinite(value) and value > 0, f"{key} is {value}; give a number over 0")
        fits = math.isfinite(self.dispersion) and 0 <= self.dispersion <= 50
        problems.check(fits, f"dispersion is {self.dispersion}; give a number from 0 to 50")
        most = max(self.control_per_month, self.treatment_per_month) * self.follow_up_months
        problems.check(not most > 100, f"{most:g} events a patient are expected; give rates for at most 100")
        problems.raise_if_any(InvalidDesign)


def check_strategies(strategies: Mapping[str, str], outcome: Longitudinal, problems: Problems) -> None:
    """Add a problem for each intercurrent event without a strategy, and each strategy without an event."""
    known = {event.name for event in outcome.intercurrent_events}
    for name in sorted(known - set(strategies)):
        problems.add(f"the intercurrent event {name!r} has no strategy; give one")
    for name in sorted(set(strategies) - known):
        problems.add(f"a strategy is given for {name!r}, which is no intercurrent event of the outcome")

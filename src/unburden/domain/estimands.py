"""What is to be estimated when intercurrent events happen, and how well an analysis does it (ICH E9(R1))."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.estimate import Estimate

Strategy = Literal["treatment-policy", "hypothetical", "composite", "while-on-treatment"]
STRATEGIES: tuple[Strategy, ...] = ("treatment-policy", "hypothetical", "composite", "while-on-treatment")
Analysis = Literal["mixed-model", "ancova", "restricted-mean"]
ANALYSES: tuple[Analysis, ...] = ("mixed-model", "ancova", "restricted-mean")


@dataclass(frozen=True, slots=True)
class Estimand:
    """A difference of the arms' means, with a strategy for each intercurrent event.

    Of values at the last visit (`analysis` "mixed-model", for repeated measures, or "ancova", among
    those seen there), or of times free of the event up to `month` ("restricted-mean", Kaplan-Meier).

    - treatment-policy: what comes counts, whatever happened before it;
    - hypothetical: what would have come without the event; what comes after it is left out;
    - composite: the event is failure: its value is `failure_value`, or it counts as the event;
    - while-on-treatment: the last value before the event.

    The earliest event with another strategy than treatment-policy governs. Times to events have the
    intercurrent events "switching" and "competing".
    """

    name: str
    strategies: Mapping[str, Strategy]
    analysis: Analysis = "mixed-model"
    failure_value: float | None = None
    month: float | None = None

    def __post_init__(self) -> None:
        problems = Problems(f"estimand {self.name!r}")
        for event, strategy in self.strategies.items():
            told = f"the strategy for {event!r} is {strategy!r}; use one of {', '.join(STRATEGIES)}"
            problems.check(strategy in STRATEGIES, told)
        problems.check(
            self.analysis in ANALYSES, f"analysis is {self.analysis!r}; use one of {', '.join(ANALYSES)}"
        )
        is_time = self.analysis == "restricted-mean"
        fits = self.month is not None and 0 < self.month < math.inf
        problems.check(fits or not is_time, f"month is {self.month}; a restricted mean needs one over 0")
        problems.check(is_time or self.month is None, "month is for a restricted mean; leave it out")
        needs = "composite" in self.strategies.values() and not is_time
        value = self.failure_value
        problems.check(not needs or value is not None, "a composite strategy needs a failure_value; give one")
        problems.check(
            needs or value is None, "failure_value without a value that it could stand for; leave it out"
        )
        problems.check(
            value is None or math.isfinite(value), f"failure_value is {value}; give a finite number"
        )
        problems.raise_if_any(InvalidDesign)


@dataclass(frozen=True, slots=True)
class EstimandPerformance:
    """How an estimand's analysis does over `trials` simulated trials.

    `truth`: what the estimand is in the scenario, with nobody lost. `mean`: of the estimates; `bias`:
    mean minus truth, its interval holding both simulations' errors. `spread`: standard deviation of
    the estimates; `standard_error`: the analysis' own, on average. `coverage` of its 95 % intervals.
    `power`: share that rejects one-sided. `estimable`: share of trials in which the analysis gave an
    answer; the other figures are of those.
    """

    estimand: Estimand
    truth: Estimate
    mean: Estimate
    bias: Estimate
    spread: Estimate
    standard_error: Estimate
    coverage: Estimate
    power: Estimate
    estimable: Estimate
    trials: int
    seed: int

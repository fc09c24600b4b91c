"""What screening costs: whom a criterion shuts out, what it takes to check it, who is screened in vain."""

from collections.abc import Mapping
from dataclasses import dataclass

from unburden.domain.errors import InvalidEvidence, Problems
from unburden.domain.estimate import Estimate


@dataclass(frozen=True, slots=True)
class StratumExclusion:
    """What one criterion, or all together (`criterion_id` None), does to one stratum.

    Of the stratum's `patients`, `kept_out` fail the criterion and `last` fail no other (None for all
    criteria together).
    `kept_out_share` is their share of the stratum. `share_of_kept_out` and `share_of_staying` are the
    stratum's share of those whom the criterion keeps out and of those who pass it (all patients with
    a known stratum); `ratio` is the first over the second, above 1 where the stratum is hit more
    than the others. Each interval is a 95 % interval by itself. What does not exist is None: shares
    of nobody, a ratio to nobody, and shares among groups for the stratum "unknown".
    """

    criterion_id: str | None
    stratification: str
    stratum: str
    patients: int
    kept_out: int
    last: int | None
    kept_out_share: Estimate | None
    share_of_kept_out: Estimate | None
    share_of_staying: Estimate | None
    ratio: Estimate | None


@dataclass(frozen=True)
class ScreeningProcedure:
    """Something done at screening, with what it asks of the patient by dimension.

    The journey to a visit is a procedure of its own: whatever is checked there needs it. An amount's
    interval may not reach below 0.
    """

    id: str
    description: str
    amounts: Mapping[str, Estimate]

    def __post_init__(self) -> None:
        problems = Problems(f"screening procedure {self.id!r}")
        problems.check(bool(self.amounts), "it has no amounts; say what it asks, such as site_minutes")
        for name, amount in self.amounts.items():
            problems.check(amount.low >= 0, f"{name} is {amount.text()}; give at least 0")
        problems.raise_if_any(InvalidEvidence)


@dataclass(frozen=True, slots=True)
class ScreeningCheck:
    """Which procedures a criterion needs, and which criteria must be checked before it (consent)."""

    criterion_id: str
    procedure_ids: tuple[str, ...]
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckStep:
    """One criterion in an order of checking, per patient screened.

    `reaching` is the share of patients who get there. `amounts` are expected of a patient screened for
    the procedures that this check adds; `in_vain` what is spent per patient screened on those who fail
    here, all procedures so far. `alone` is what the check asks of a patient who needs all of its
    procedures for it.
    """

    criterion_id: str
    reaching: Estimate
    failing: Estimate
    amounts: Mapping[str, Estimate]
    in_vain: Mapping[str, Estimate]
    alone: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class CheckOrder:
    """Criteria in an order of checking, each patient stopping at the first that they fail.

    `expected` is what screening asks of a patient screened, by dimension; `per_failure` what a patient
    who fails has gone through by then, on average. `minimised` names the dimension that the order keeps
    least, `method` says what is proven of it.
    """

    steps: tuple[CheckStep, ...]
    minimised: str
    expected: Mapping[str, Estimate]
    per_failure: Mapping[str, Estimate]
    method: str


@dataclass(frozen=True, slots=True)
class FailureForecast:
    """Patients who fail first at one criterion, in the order of checking, and what they went through."""

    criterion_id: str
    failures: Estimate
    in_vain: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class ScreeningForecast:
    """How many are screened to enrol so many, how many of them fail, and what that asks of them.

    Intervals of `screened` and `failures` are predictive: the pass share's uncertainty and chance
    together. `in_vain` is what all who fail go through, by dimension; `by_criterion` divides failures and
    amounts by where they fail, in the order of checking.
    """

    enrolled: int
    pass_share: Estimate
    screened: Estimate
    failures: Estimate
    in_vain: Mapping[str, Estimate]
    by_criterion: tuple[FailureForecast, ...]
    note: str

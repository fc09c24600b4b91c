"""Why each cell of a schedule is there: what it serves, its role, and how sure that is."""

from dataclasses import dataclass
from typing import Literal, get_args

from unburden.domain.errors import InvalidProtocol, Problems
from unburden.domain.estimate import Estimate

Role = Literal["core", "repeat-of-core", "non-core", "none-found"]

ROLES: tuple[Role, ...] = get_args(Role)

Confidence = Literal["stated", "high", "medium", "low", "none"]

CONFIDENCES: tuple[Confidence, ...] = get_args(Confidence)
"""From most to least: `stated` by the source; `high`, the whole name, or what a guideline asks of
every trial, was found; `medium`, part of the name or what a guideline asks of some trials; `low`, by
the kind of activity only; `none`, nothing was found."""


@dataclass(frozen=True, slots=True)
class CellReason:
    """What one cell serves, by which rule, in plain words.

    `endpoint_id` and `objective_id` name what it serves, None where it serves neither (consent,
    eligibility, treatment, regulation) or nothing was found. `level` is that of the endpoint or
    objective ("Primary Endpoint"), "" without one. `rule` is one of the rules of `burden.trace`.
    `words` say how the role came about.
    """

    visit_id: str
    activity_id: str
    role: Role
    rule: str
    words: str
    confidence: Confidence
    objective_id: str | None = None
    endpoint_id: str | None = None
    level: str = ""

    def __post_init__(self) -> None:
        problems = Problems(f"reason of {self.activity_id!r} at {self.visit_id!r}")
        problems.check(self.role in ROLES, f"has the role {self.role!r}; use one of {ROLES}")
        known = self.confidence in CONFIDENCES
        problems.check(known, f"has the confidence {self.confidence!r}; use one of {CONFIDENCES}")
        problems.check(bool(self.rule and self.words), "has no rule or no words; give both")
        is_empty = self.role == "none-found"
        problems.check(
            is_empty == (self.confidence == "none"),
            "must have the confidence 'none' exactly when its role is 'none-found'",
        )
        serves = self.objective_id is not None or self.endpoint_id is not None
        problems.check(not (is_empty and serves), "names what it serves, so its role cannot be 'none-found'")
        problems.raise_if_any(InvalidProtocol)

    @property
    def key(self) -> tuple[str, str]:
        """(visit, activity)."""
        return (self.visit_id, self.activity_id)


@dataclass(frozen=True, slots=True)
class RoleShare:
    """What the cells of one role ask of a patient, of the time that the cells' own lines hold.

    `role` "shared" stands for what no single cell causes: travel, arrival, a needle for several
    tubes; it has no cells. `share` is that of all the patient's time.
    """

    role: Role | Literal["shared"]
    cells: int
    minutes: Estimate
    share: float

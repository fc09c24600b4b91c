"""How a trial is run, beyond what its schedule prints: cycles, horizon, unscheduled visits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from unburden.domain.burden import Evidence
from unburden.domain.cycles import Recurrence


@dataclass(frozen=True, slots=True)
class UnscheduledVisits:
    """Visits at the site that no schedule plans, in proportion to days on study.

    `rate` is the number in 100 patient-days on study; `activity_ids` are done at each of them.
    """

    rate: Evidence
    activity_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conduct:
    """What the study declares of how its schedule is carried out.

    `cycle_days` is the length of a cycle, `delay_days` the mean delay of one; `horizon_days` ends
    what recurs. `recurrences` say by visit id when a column happens, where its words do not.
    """

    cycle_days: float | None = None
    delay_days: float = 0.0
    horizon_days: float | None = None
    recurrences: Mapping[str, Recurrence] = field(default_factory=dict)
    unscheduled: UnscheduledVisits | None = None

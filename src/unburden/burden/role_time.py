"""What the cells of each role ask of a patient."""

from collections.abc import Iterable

from unburden.burden.totals import total_lines
from unburden.domain.burden import PATIENT_MINUTES, BurdenLine, BurdenScore
from unburden.domain.trace import ROLES, CellReason, RoleShare


def share_time(score: BurdenScore, reasons: Iterable[CellReason]) -> tuple[RoleShare, ...]:
    """The patient's minutes by role, and what no role causes alone; together they are all of it.

    A line counts for a role where every cell that causes it has that role: a needle for tubes of
    one role too. Travel, arrival and a needle for several roles are "shared". A role that has
    neither cells nor minutes is left out.
    """
    roles = {reason.key: reason.role for reason in reasons}
    groups: dict[str, list[BurdenLine]] = {role: [] for role in (*ROLES, "shared")}
    for line in score.lines:
        causes = {roles.get((line.visit_id or "", activity_id)) for activity_id in line.activity_ids}
        role = causes.pop() if len(causes) == 1 else None
        groups[role or "shared"].append(line)
    whole = score.totals[PATIENT_MINUTES].value
    found: list[RoleShare] = []
    for role in (*ROLES, "shared"):
        cells = sum(each == role for each in roles.values())
        minutes = total_lines(groups[role], score.evidence)[PATIENT_MINUTES]
        if cells or minutes.value:
            found.append(RoleShare(role, cells, minutes, minutes.value / whole if whole else 0.0))
    return tuple(found)

"""What kind of asking each activity is, by the rules of the evidence ledger."""

import re
from collections.abc import Mapping

from unburden.domain.burden import ActivityKind
from unburden.domain.errors import InvalidEvidence, Problems
from unburden.domain.ledger import UNCLASSIFIED, EvidenceLedger
from unburden.domain.protocol import Activity, Protocol


def classify_activities(
    protocol: Protocol, ledger: EvidenceLedger, kinds: Mapping[str, str]
) -> dict[str, ActivityKind]:
    """The kind of every activity by its id, with the rule that said so.

    `kinds` names the kind of some activities by id and wins; elsewhere the first kind of the
    ledger with a pattern in the activity's title counts, letters' case aside. An activity that
    nothing matches is `unclassified`, with wide assumed minutes.

    Raises `InvalidEvidence` where `kinds` names an activity or a kind that is not there.
    """
    problems = Problems("kinds of activities")
    for activity_id, kind in kinds.items():
        if activity_id not in protocol.activity_by_id:
            problems.add(f"no activity {activity_id!r} to give the kind {kind!r}; name one of the protocol")
        if not isinstance(kind, str) or kind not in ledger.kind_by_name:
            known = ", ".join(ledger.kind_by_name)
            problems.add(f"activity {activity_id!r} has the kind {kind!r}; use one of {known}")
    problems.raise_if_any(InvalidEvidence)
    return {
        activity.id: ActivityKind(activity.id, kinds[activity.id], "declared by the study")
        if activity.id in kinds
        else _match_title(activity, ledger)
        for activity in protocol.activities
    }


def _match_title(activity: Activity, ledger: EvidenceLedger) -> ActivityKind:
    for kind in ledger.kinds:
        for pattern in kind.patterns:
            if re.search(pattern, activity.title, re.IGNORECASE):
                return ActivityKind(activity.id, kind.name, f"title {activity.title!r} matches {pattern!r}")
    return ActivityKind(activity.id, UNCLASSIFIED, f"no pattern matches the title {activity.title!r}")

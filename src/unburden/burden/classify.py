"""What kind of asking each activity is, by the rules of the evidence ledger."""

from collections.abc import Mapping

from unburden.domain.burden import ActivityKind
from unburden.domain.errors import InvalidEvidence, Problems
from unburden.domain.ledger import UNCLASSIFIED, EvidenceLedger, KindRule, compile_pattern
from unburden.domain.protocol import Activity, Protocol

_SYSTEM_BY_ALIAS: Mapping[str, str] = {
    "http://www.cdisc.org": "NCI",
    "cdisc": "NCI",
    "nci": "NCI",
    "nci thesaurus": "NCI",
    "ncit": "NCI",
    "http://ncicb.nci.nih.gov/xml/owl/evs/thesaurus.owl": "NCI",
    "loinc": "LOINC",
    "http://loinc.org": "LOINC",
    "snomed": "SNOMED CT",
    "snomed ct": "SNOMED CT",
    "http://snomed.info/sct": "SNOMED CT",
    "icd-10-pcs": "ICD-10-PCS",
    "http://www.cms.gov/medicare/coding/icd10": "ICD-10-PCS",
}
"""The names under which protocols give a code system, in lower case, and the ledger's name for it."""


def classify_activities(
    protocol: Protocol, ledger: EvidenceLedger, kinds: Mapping[str, str]
) -> dict[str, ActivityKind]:
    """The kind of every activity by its id, with the rule that said so.

    `kinds` names the kind of some activities by id and wins. Else a kind whose codes hold every
    code of the activity takes it; of several such kinds the one that the title matches too, or the
    one with the fewest codes. Codes of systems that the ledger does not know, such as a sponsor's
    own, are left out. Else the first kind of the ledger with a pattern in the activity's title
    counts, letters' case aside. An activity that nothing matches is `unclassified`, with wide
    assumed minutes.

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
        else _match_activity(activity, ledger)
        for activity in protocol.activities
    }


def _match_activity(activity: Activity, ledger: EvidenceLedger) -> ActivityKind:
    titled = _match_title(activity, ledger)
    codes = _name_codes(activity)
    holding = [kind for kind in ledger.kinds if codes and codes.keys() <= set(kind.codes)]
    if not holding:
        return titled
    by_title = [kind for kind in holding if kind.name == titled.kind]
    if by_title:
        return ActivityKind(activity.id, titled.kind, f"{_tell_codes(codes, by_title[0])}; {titled.rule}")
    narrowest = min(holding, key=lambda kind: len(kind.codes))
    return ActivityKind(activity.id, narrowest.name, _tell_codes(codes, narrowest))


def _name_codes(activity: Activity) -> dict[tuple[str, str], None]:
    """The activity's codes by the ledger's names of their systems, in order."""
    named = ((_SYSTEM_BY_ALIAS.get(system.lower().rstrip("/")), code) for system, code in activity.codes)
    return {(system, code): None for system, code in named if system is not None}


def _tell_codes(codes: Mapping[tuple[str, str], None], kind: KindRule) -> str:
    (system, code), *others = codes
    if not others:
        return f"code {code} ({system}) of {kind.name!r}"
    return f"code {code} ({system}) and {len(others)} more, all of {kind.name!r}"


def _match_title(activity: Activity, ledger: EvidenceLedger) -> ActivityKind:
    for kind in ledger.kinds:
        for pattern in kind.patterns:
            if compile_pattern(pattern).search(activity.title):
                return ActivityKind(activity.id, kind.name, f"title {activity.title!r} matches {pattern!r}")
    return ActivityKind(activity.id, UNCLASSIFIED, f"no pattern matches the title {activity.title!r}")

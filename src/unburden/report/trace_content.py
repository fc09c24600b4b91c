"""Why each cell of the schedule is there, arranged for readers; nothing computed anew."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from unburden.domain.estimate import Estimate
from unburden.domain.protocol import Visit
from unburden.domain.trace import CellReason, RoleShare

LABEL_BY_ROLE: Mapping[str, str] = {
    "core": "core",
    "repeat-of-core": "repeat of core",
    "non-core": "non-core",
    "none-found": "none found",
    "shared": "shared",
}
WORDS_BY_ROLE: Mapping[str, str] = {
    "core": "serves a primary or key secondary endpoint, or a trial needs it: consent, eligibility, "
    "treatment, conduct, safety, a description of who joined",
    "repeat-of-core": "a core procedure at a visit for which no reason was found",
    "non-core": "serves an exploratory or other lower endpoint only, or none",
    "none-found": "no reason was found in the protocol's text or by any rule",
    "shared": "travel, waiting and needles that several assessments share",
}
MARK_BY_ROLE: Mapping[str, str] = {"core": "", "repeat-of-core": "↻", "non-core": "○", "none-found": "?"}
"""What stands beside a cell's minutes."""


def tell_reason(reason: CellReason) -> dict[str, Any]:
    """A cell's reason, with the mark of its role."""
    return {
        "role": reason.role,
        "role_label": LABEL_BY_ROLE[reason.role],
        "role_mark": MARK_BY_ROLE[reason.role],
        "reason": reason.words,
        "rule": reason.rule,
        "confidence": reason.confidence,
        "endpoint": reason.endpoint_id,
        "objective": reason.objective_id,
    }


def tell_row_reasons(
    activity_id: str, visits: Iterable[Visit], reasons: Mapping[tuple[str, str], CellReason]
) -> list[dict[str, Any]]:
    """An activity's reasons, each once with the visits that it holds for, in their order."""
    told: dict[tuple[str, str], dict[str, Any]] = {}
    for visit in visits:
        reason = reasons.get((visit.id, activity_id))
        if reason is not None:
            entry = told.setdefault((reason.role, reason.words), {**tell_reason(reason), "visits": []})
            entry["visits"].append(visit.name)
    return list(told.values())


def tell_roles(
    shares: Iterable[RoleShare], tell: Callable[[Estimate], dict[str, Any]]
) -> list[dict[str, Any]]:
    """What the cells of each role ask of a patient; `tell` says a number."""
    return [
        {
            "role": share.role,
            "label": LABEL_BY_ROLE[share.role],
            "mark": MARK_BY_ROLE.get(share.role, ""),
            "words": WORDS_BY_ROLE[share.role],
            "cells": share.cells,
            "minutes": tell(share.minutes),
            "share": share.share,
        }
        for share in shares
    ]

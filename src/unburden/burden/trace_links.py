"""What an activity is linked to, and which of its visits each link needs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from unburden.burden.trace_grounds import (
    CONTINUOUS,
)
from unburden.burden.trace_times import choose_visits, find_times
from unburden.burden.trace_words import (
    STRENGTHS,
    Match,
    Naming,
    match_words,
    name_activity,
    normalise,
)
from unburden.domain.burden import ActivityKind
from unburden.domain.ledger import UNCLASSIFIED
from unburden.domain.protocol import Activity, Criterion, Endpoint, Objective, Protocol, Visit
from unburden.domain.trace import CellReason, Confidence, Role

_BEFORE = re.compile(r"screen|baseline|run-?in|check-?in|pre-?treat|enrol", re.IGNORECASE)
_RANKS = {"primary": 0, "secondary": 1, "exploratory": 2, "tertiary": 2, "": 3}

Reasons = dict[str, CellReason]


@dataclass(frozen=True, slots=True)
class Link:
    """What an activity serves, by which rule; `text` names the times, if any."""

    rule: str
    confidence: Confidence
    why: str
    level: str
    text: str = ""
    objective_id: str | None = None
    endpoint_id: str | None = None
    is_core: bool = True

    @property
    def order(self) -> tuple[int, bool, bool, tuple[int, ...], str]:
        """Primary first, then what names times, then endpoints before objectives, then by id."""
        key = self.endpoint_id or self.objective_id or ""
        numbers = tuple(int(digits) for digits in re.findall(r"[0-9]{1,9}", key))
        return (_rank(self.level), not find_times(self.text), self.endpoint_id is None, numbers, key)

    @property
    def title(self) -> str:
        """The level and the text, shortened, for a reader."""
        level = (self.level or "an unnamed level").lower()
        return f"{level} “{_shorten(self.text)}”" if self.text else level


def _shorten(text: str, most: int = 110) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= most else plain[: most - 1].rstrip() + "…"


@dataclass(frozen=True)
class Trace:
    """A protocol with what every rule looks up."""

    protocol: Protocol
    kinds: Mapping[str, ActivityKind]

    @cached_property
    def visits_by_activity(self) -> Mapping[str, tuple[Visit, ...]]:
        """The main visits at which each activity is done, in the protocol's order."""
        found: dict[str, list[Visit]] = {}
        for visit in self.protocol.main_visits:
            for cell in self.protocol.cells_by_visit[visit.id]:
                found.setdefault(cell.activity_id, []).append(visit)
        return {key: tuple(visits) for key, visits in found.items()}

    @cached_property
    def common(self) -> frozenset[str]:
        """Words of the protocol's title, and those that most of its objectives share."""
        texts = [normalise(objective.text) for objective in self.protocol.objectives]
        words = [set(re.findall(r"[a-z0-9]+(?:[-/][a-z0-9]+)*\+?", text)) for text in texts]
        shared = {w for each in words for w in each if 2 * sum(w in other for other in words) > len(words)}
        title = set(re.findall(r"[a-z0-9]+", normalise(self.protocol.title)))
        return frozenset(title | (shared if len(texts) >= 4 else set()))

    @cached_property
    def objective_by_endpoint(self) -> Mapping[str, Objective]:
        """The first objective that an endpoint answers."""
        found: dict[str, Objective] = {}
        for objective in sorted(self.protocol.objectives, key=lambda o: (_rank(o.level), o.id)):
            for endpoint_id in objective.endpoint_ids:
                found.setdefault(endpoint_id, objective)
        return found

    @cached_property
    def has_key(self) -> bool:
        """Whether some secondary objective or endpoint is called key."""
        both = (*self.protocol.objectives, *self.protocol.endpoints)
        return any(_rank(each.level) == 1 and _is_key(each.level, each.text) for each in both)

    def name(self, activity: Activity) -> Naming:
        """How an activity may be recognised."""
        kind = self.kinds[activity.id].kind if activity.id in self.kinds else UNCLASSIFIED
        return name_activity(activity.title, kind)

    def link_endpoint(self, endpoint: Endpoint, rule: str, confidence: Confidence, why: str) -> Link:
        """A link to an endpoint; its level is its own, else its objective's."""
        objective = self.objective_by_endpoint.get(endpoint.id)
        level = endpoint.level or (objective.level if objective else "")
        return Link(
            rule,
            confidence if level else "low",
            why,
            level,
            endpoint.text,
            objective.id if objective else None,
            endpoint.id,
            self.is_core(level, endpoint.text, objective),
        )

    def link_objective(self, objective: Objective, rule: str, confidence: Confidence, why: str) -> Link:
        """A link to an objective of which no endpoint names the activity."""
        sure: Confidence = confidence if objective.level else "low"
        is_core = self.is_core(objective.level, objective.text, None)
        return Link(rule, sure, why, objective.level, objective.text, objective.id, None, is_core)

    def is_core(self, level: str, text: str, objective: Objective | None) -> bool:
        """Primary and key secondary are core; without a level, nothing says that it is not."""
        rank = _rank(level)
        if rank in (0, 3):
            return True
        if rank == 2 or re.search(r"\b(exploratory|tertiary)\b", text, re.IGNORECASE):
            return False
        above = _is_key(objective.level, objective.text) if objective else False
        return not self.has_key or _is_key(level, text) or above


def _rank(level: str) -> int:
    return _RANKS.get(level.split(" ", maxsplit=1)[0].lower(), 2)


def _is_key(level: str, text: str) -> bool:
    return bool(re.search(r"\bkey secondary\b", f"{level} {text}", re.IGNORECASE))


def is_before(visit: Visit, trace: Trace) -> bool:
    """Whether a visit lies at or before the first dose; by its name or epoch where it has no day."""
    if visit.offset_days is not None:
        return visit.offset_days < 1
    epochs = {epoch.id: f"{epoch.name} {epoch.kind}" for epoch in trace.protocol.epochs}
    return bool(_BEFORE.search(f"{visit.name} {epochs.get(visit.epoch_id or '', '')}"))


def is_strictly_before(visit: Visit, trace: Trace) -> bool:
    return visit.offset_days < 0 if visit.offset_days is not None else is_before(visit, trace)


def _find_early(visits: Sequence[Visit], trace: Trace) -> frozenset[str]:
    """The visits before the first dose that a later one up to it replaces as baseline."""
    before = [visit for visit in visits if is_before(visit, trace)]
    dated = [v.calendar_day for v in before if v.calendar_day is not None]
    if dated:
        return frozenset(v.id for v in before if v.calendar_day is None or v.calendar_day < max(dated))
    return frozenset(v.id for v in before[:-1])


def assign_links(trace: Trace, activity: Activity, visits: Sequence[Visit], links: Sequence[Link]) -> Reasons:
    """Each visit's reason from the links, the best that needs the visit first."""
    ordered = sorted(links, key=lambda link: link.order)
    if not ordered:
        return {}
    early = frozenset() if trace.name(activity).kind in CONTINUOUS else _find_early(visits, trace)
    named = {link: choose_visits(find_times(link.text), visits) for link in ordered}
    found: Reasons = {}
    for visit in visits:
        is_baseline = is_before(visit, trace) and visit.id not in early
        fits = [
            link
            for link in ordered
            if visit.id in named[link] or (visit.id not in early and (is_baseline or not named[link]))
        ]
        best = fits[0] if fits else ordered[0]
        found[visit.id] = _tell_link(best, visit, activity, bool(fits), visit.id in early)
    return found | _rescue_first(trace, activity, visits, found)


def _rescue_first(trace: Trace, activity: Activity, visits: Sequence[Visit], found: Reasons) -> Reasons:
    """The first cell before treatment, where it would repeat but a criterion needs it."""
    first = visits[0]
    if found[first.id].role != "repeat-of-core" or not is_before(first, trace):
        return {}
    named = find_criterion(trace, activity)
    if named is None or named[1].strength != "high":
        return {}
    return {first.id: tell_eligibility(first, activity, *named, is_repeat=False)}


def _tell_link(link: Link, visit: Visit, activity: Activity, fits: bool, is_early: bool) -> CellReason:
    role: Role = "core" if link.is_core and fits else "repeat-of-core" if link.is_core else "non-core"
    words = f"serves the {link.title}: {link.why}"
    if not fits:
        times = ", ".join(time.text() for time in find_times(link.text))
        ahead = "a later visit up to the first dose is the baseline"
        words = f"repeats what serves the {link.title}; " + (
            ahead if is_early else f"the text names {times}, not this visit"
        )
    return CellReason(
        visit.id,
        activity.id,
        role,
        link.rule,
        words,
        link.confidence,
        link.objective_id,
        link.endpoint_id,
        link.level,
    )


def find_criterion(trace: Trace, activity: Activity) -> tuple[Criterion, Match] | None:
    """The criterion whose text names the activity most surely."""
    naming = trace.name(activity)
    matches = [
        (STRENGTHS.index(match.strength), criterion.id, criterion, match)
        for criterion in trace.protocol.criteria
        if (match := match_words(naming, criterion.text, trace.common)) and match.strength != "low"
    ]
    if not matches:
        return None
    _, _, criterion, match = min(matches, key=lambda each: each[:2])
    return criterion, match


def tell_eligibility(
    visit: Visit, activity: Activity, criterion: Criterion, match: Match, *, is_repeat: bool
) -> CellReason:
    what = f"“{match.found}” stands in criterion {criterion.name}"
    words = f"repeats what decides who may join: {what}" if is_repeat else f"decides who may join: {what}"
    role: Role = "repeat-of-core" if is_repeat else "core"
    return CellReason(visit.id, activity.id, role, "eligibility", words, match.strength)

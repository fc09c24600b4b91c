"""Which objective each cell of a schedule serves, by stated rules, and whether it is core.

The first rule that says something of a cell decides:

- `linked`: the source links the activity to endpoints; codes of its procedures are no link.
- `purpose`: the source states the activity's purpose; `safety`, `eligibility`, `treatment` where it is that.
- `named`: words of the activity stand in the text of an endpoint, or of an objective none of whose
  endpoints names it (`burden.trace_words`).
- `conduct`: it carries out the visit (admission, discharge).
- `eligibility`: it is done only up to the first dose and a criterion names it.
- `kind`: its kind answers a question that an objective or endpoint asks (imaging: progression;
  laboratory, ECG: safety).
- `consent`, `regulation`, `treatment`, `eligibility`, `description` (`burden.trace_grounds`): no
  objective asks, but a trial needs it or a guideline does.
- `none`: nothing was found.

Roles. Tufts CSDD (Getz et al. 2015, Am J Ther 22:117) calls procedures core that support primary or
key secondary objectives or safety, required (consent, screening, drug), standard (history, vital
signs, adverse events, at routine visits) and non-core: other secondary, exploratory or no endpoint.
Getz et al. 2026 (Ther Innov Regul Sci) add what is done more often than needed. Here: `core` serves
a primary or key secondary endpoint or one of the other grounds; `non-core` a lower endpoint only;
`repeat-of-core` is a core procedure at a visit for which no reason was found.

Departures. Required and standard procedures are core here where a ground is found for them, with
`low` confidence where it is custom only. USDM does not say which secondary endpoints are key: they
all are, unless some are called so. That a cell repeats is decided by times: of the visits up to the
first dose only the last counts as baseline; after it, where every endpoint served names times,
visits elsewhere repeat. An endpoint without times may need every scheduled visit, so none repeats.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from unburden.burden.trace_grounds import (
    DESCRIPTIVE,
    GROUND_BY_KIND,
    QUESTIONS,
    SCREENING_KINDS,
    TREATMENT_KINDS,
    Ground,
)
from unburden.burden.trace_links import (
    Link,
    Reasons,
    Trace,
    assign_links,
    find_criterion,
    is_before,
    is_strictly_before,
    tell_eligibility,
)
from unburden.burden.trace_times import choose_visits, find_times
from unburden.burden.trace_words import (
    Match,
    match_words,
    normalise,
)
from unburden.domain.burden import ActivityKind
from unburden.domain.protocol import Activity, Protocol, Purpose, Visit
from unburden.domain.trace import CellReason, Role

_AIMS = {Purpose.PRIMARY: "Primary", Purpose.SECONDARY: "Secondary", Purpose.EXPLORATORY: "Exploratory"}


def trace_cells(protocol: Protocol, kinds: Mapping[str, ActivityKind]) -> tuple[CellReason, ...]:
    """One reason for each cell of the main timeline, in the protocol's order; never raises.

    `kinds` are those of `classify_activities`; an activity without one is unclassified. The reason
    of a cell depends on its activity, the visits at which that is done, and the texts, not on the
    order of anything but the visits.
    """
    trace = Trace(protocol, kinds)
    found = {
        activity.id: _explain_activity(trace, activity)
        for activity in protocol.activities
        if activity.id in trace.visits_by_activity
    }
    main = {visit.id for visit in protocol.main_visits}
    return tuple(found[c.activity_id][c.visit_id] for c in protocol.cells if c.visit_id in main)


def _explain_activity(trace: Trace, activity: Activity) -> Reasons:
    """The reason of each main visit's cell of one activity."""
    visits = trace.visits_by_activity[activity.id]
    found: Reasons = {}
    for rule in _RULES:
        if len(found) == len(visits):
            break
        found = {**rule(trace, activity, visits), **found}
    nothing = "none found: no endpoint, objective or criterion names it and no rule asks for it"
    for visit in visits:
        found.setdefault(visit.id, CellReason(visit.id, activity.id, "none-found", "none", nothing, "none"))
    return found


def _find_linked(trace: Trace, activity: Activity, visits: Sequence[Visit]) -> Reasons:
    ends = {endpoint.id: endpoint for endpoint in trace.protocol.endpoints}
    links = [
        trace.link_endpoint(ends[key], "linked", "stated", "the source links them")
        for key in activity.endpoint_ids
    ]
    return assign_links(trace, activity, visits, links)


def _find_purpose(trace: Trace, activity: Activity, visits: Sequence[Visit]) -> Reasons:
    purpose = activity.purpose
    if purpose in _AIMS:
        ends = [e for e in trace.protocol.endpoints if e.level.startswith(_AIMS[purpose])]
        why = f"the source states the purpose “{purpose}”"
        if len(ends) == 1:
            link = trace.link_endpoint(ends[0], "purpose", "stated", why)
        else:
            link = Link("purpose", "stated", why, f"{_AIMS[purpose]} Endpoint")
            link = replace(link, is_core=purpose is not Purpose.EXPLORATORY)
        return assign_links(trace, activity, visits, [link])
    if purpose in (Purpose.SAFETY, Purpose.ELIGIBILITY, Purpose.TREATMENT):
        ground = Ground(str(purpose), "stated", f"the source states the purpose “{purpose}”")
        once = purpose is Purpose.ELIGIBILITY
        return _assign_ground(activity, visits, ground, once=once)
    return {}


def _find_named(trace: Trace, activity: Activity, visits: Sequence[Visit]) -> Reasons:
    """Endpoints and objectives whose text holds the activity's name, else some of its words.

    Where a name or acronym is found, mere words elsewhere do not count; of mere words, those that
    the protocol's title has too count only where nothing better is found.
    """
    naming = trace.name(activity)
    found: list[tuple[Match, Link]] = []
    for endpoint in trace.protocol.endpoints:
        if match := match_words(naming, endpoint.text, trace.common):
            found.append((match, trace.link_endpoint(endpoint, "named", match.strength, _tell_match(match))))
    answered = {link.objective_id for _, link in found}
    for objective in trace.protocol.objectives:
        if objective.id not in answered and (match := match_words(naming, objective.text, trace.common)):
            why = _tell_match(match)
            found.append((match, trace.link_objective(objective, "named", match.strength, why)))
    names = [link for match, link in found if match.is_name]
    clear = [link for match, link in found if match.strength != "low"]
    return assign_links(trace, activity, visits, names or clear or [link for _, link in found])


def _tell_match(match: Match) -> str:
    return f"“{match.found}” stands in its text"


def _find_screening(trace: Trace, activity: Activity, visits: Sequence[Visit]) -> Reasons:
    """Eligibility of what is done only up to the first dose."""
    if all(is_before(visit, trace) for visit in visits):
        return _find_eligibility(trace, activity, visits)
    return {}


def _find_eligibility(trace: Trace, activity: Activity, visits: Sequence[Visit]) -> Reasons:
    """The first occurrence before treatment decides who may join, and those that the criterion names."""
    if not is_before(visits[0], trace) or trace.name(activity).kind in GROUND_BY_KIND:
        return {}
    named = find_criterion(trace, activity)
    if named is None:
        return _find_screening_kind(trace, activity, visits)
    criterion, match = named
    again = choose_visits(find_times(criterion.text), visits)
    return {
        v.id: tell_eligibility(v, activity, criterion, match, is_repeat=v != visits[0] and v.id not in again)
        for v in visits
    }


def _find_screening_kind(trace: Trace, activity: Activity, visits: Sequence[Visit]) -> Reasons:
    """Kinds that only screen, where the source holds no criteria."""
    if trace.protocol.criteria or trace.name(activity).kind not in SCREENING_KINDS:
        return {}
    why = "by its kind it decides who may join; the source holds no criteria"
    return _assign_ground(activity, visits, Ground("eligibility", "low", why), once=True)


def _find_kind(trace: Trace, activity: Activity, visits: Sequence[Visit]) -> Reasons:
    """The question that a kind of activity answers, where something is measured after the start."""
    kind = trace.name(activity).kind
    if all(is_strictly_before(visit, trace) for visit in visits):
        return {}
    for question in QUESTIONS:
        if kind not in question.kinds:
            continue
        why = f"by its kind ({kind}) it tells of {question.what}"
        protocol = trace.protocol
        objectives = [
            trace.link_objective(o, "kind", question.confidence, why)
            for o in protocol.objectives
            if question.pattern.search(normalise(o.text))
        ]
        endpoints = [
            trace.link_endpoint(e, "kind", question.confidence, why)
            for e in protocol.endpoints
            if question.pattern.search(normalise(e.text))
        ]
        first, second = (objectives, endpoints) if question.asks_objectives else (endpoints, objectives)
        if first or second:
            return assign_links(trace, activity, visits, first or second)
    return {}


def _find_ground(trace: Trace, activity: Activity, visits: Sequence[Visit]) -> Reasons:
    """What a trial needs, or a guideline asks for, whatever its objectives are."""
    ground = GROUND_BY_KIND.get(trace.name(activity).kind)
    return _assign_ground(activity, visits, ground, once=False) if ground else {}


def _find_treatment(trace: Trace, activity: Activity, visits: Sequence[Visit]) -> Reasons:
    """The treatment, from the first dose on; before it there is none to give."""
    above = trace.protocol.activity_by_id.get(activity.parent_id or "")
    is_under = above is not None and re.search(
        r"administ\w* of|study (intervention|treatment|drug)", normalise(above.title)
    )
    confidence = TREATMENT_KINDS.get(trace.name(activity).kind) or ("high" if is_under else None)
    if re.search(r"\badminist(er|ration)\b|\bdosing\b", normalise(activity.title)):
        confidence = confidence or "medium"
    if confidence is None:
        return {}
    ground = Ground("treatment", confidence, "gives, hands out or counts the treatment")
    given = [visit for visit in visits if not is_strictly_before(visit, trace)]
    return _assign_ground(activity, given, ground, once=False)


def _find_conduct(trace: Trace, activity: Activity, visits: Sequence[Visit]) -> Reasons:
    """What carries out a visit."""
    title = normalise(activity.title)
    if re.search(
        r"\badmi(t|ssion)\b|\bdischarge\b|\boutpatient visit|\btelevisit|\bnumber assigned|\bcohort\b", title
    ):
        ground = Ground("conduct", "low", "needed to carry out the visit; serves no objective of its own")
        return _assign_ground(activity, visits, ground, once=False)
    return {}


def _find_administration(trace: Trace, activity: Activity, visits: Sequence[Visit]) -> Reasons:
    """What the source states to be administrative and no other rule asks for."""
    if activity.purpose is not Purpose.ADMINISTRATIVE:
        return {}
    words = "the source states that it is administrative; it serves no objective"
    return {v.id: CellReason(v.id, activity.id, "non-core", "purpose", words, "stated") for v in visits}


def _find_description(trace: Trace, activity: Activity, visits: Sequence[Visit]) -> Reasons:
    """Who joined, at the first occurrence before treatment."""
    if trace.name(activity).kind not in DESCRIPTIVE or not is_before(visits[0], trace):
        return {}
    why = "describes who joined, which ICH E3 (11.2) asks of the report"
    return _assign_ground(activity, visits, Ground("description", "low", why), once=True)


def _assign_ground(activity: Activity, visits: Sequence[Visit], ground: Ground, *, once: bool) -> Reasons:
    """The same ground for each visit; with `once`, all but the first repeat it."""
    found: Reasons = {}
    for visit in visits:
        is_repeat = once and visit != visits[0]
        role: Role = "repeat-of-core" if is_repeat else "core"
        words = f"repeats: {ground.words}" if is_repeat else ground.words
        found[visit.id] = CellReason(visit.id, activity.id, role, ground.rule, words, ground.confidence)
    return found


_RULES: tuple[Callable[[Trace, Activity, Sequence[Visit]], Reasons], ...] = (
    _find_linked,
    _find_purpose,
    _find_named,
    _find_conduct,
    _find_screening,
    _find_kind,
    _find_ground,
    _find_treatment,
    _find_eligibility,
    _find_description,
    _find_administration,
)

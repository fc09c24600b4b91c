"""CDISC USDM v4 in JSON: reading, and writing back without losing what is not ours."""

import html
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isclose
from pathlib import Path
from typing import Any

from unburden.data.files import write_text
from unburden.data.formats.usdm_checks import (
    ARM_URL,
    CELL_URL,
    ENDPOINT_URL,
    INVENTED_URL,
    MARK_URL,
    OFFSET_URL,
    PURPOSE_URL,
    REPEAT_URL,
    SHARED_ENDPOINT_URL,
    find_document_problems,
    find_extensions,
    read_places,
    walk,
)
from unburden.data.formats.usdm_timings import find_timing_problems, read_days, read_sign
from unburden.data.formats.usdm_write import change_tree, make_tree
from unburden.domain.errors import InvalidProtocol, Problems
from unburden.domain.protocol import (
    Activity,
    Arm,
    Cell,
    Condition,
    Criterion,
    Endpoint,
    Epoch,
    Objective,
    Protocol,
    Purpose,
    Timeline,
    Visit,
)

TAG = re.compile(r"<usdm:tag\s+name\s*=\s*[\"']([^\"']*)[\"']\s*(?:/>|>\s*</usdm:tag>)")
REFERENCE = re.compile(r"<usdm:ref\b[^>]*>")
ATTRIBUTE = re.compile(r"(\w+)\s*=\s*[\"']([^\"']*)[\"']")
BLOCK_END = re.compile(r"</(?:p|li|ul|ol|div|tr|h\d)\s*>|<br\s*/?>", re.IGNORECASE)
MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>")

_SHORTEST_CYCLE = 7.0


def read_usdm(path: Path) -> Protocol:
    """The protocol that a USDM v4 document describes: its first version, first study design.

    Every scheduled activity instance becomes a visit. Its day comes from the chain of timings to
    the Fixed Reference of its timeline, which is day 0; a week is 7 days, a month 30.4375 and a
    year 365.25; a timing from the end of an instance counts from its start, as the document gives
    no duration. A telephone or video contact is REMOTE whatever its setting. What the document
    leaves open stands in `notes`. Raises `InvalidProtocol` with every problem.
    """
    problems = Problems(path.name)
    text = _read_text(path, problems)
    document = _parse_document(text, problems)
    problems.extend(find_document_problems(document))
    problems.extend(find_timing_problems(document))
    problems.raise_if_any(InvalidProtocol)
    return _make_protocol(document, path.name, text)


def write_usdm(protocol: Protocol, path: Path) -> None:
    """Write the protocol as USDM v4, whole or not at all.

    A protocol that was read from USDM changes only the cells, places, purposes and traced
    endpoints that differ; all else in its document stays, and an unchanged protocol is written as
    it was read. Another protocol becomes a new document. Raises `InvalidProtocol` where reading
    the document back would not give this protocol (the ids of split encounters apart), `InvalidInput`
    where the system refuses to write.
    """
    problems = Problems(protocol.source)
    carried = protocol.carried
    if carried is None:
        tree = make_tree(protocol, problems)
        problems.raise_if_any(InvalidProtocol)
    else:
        tree = json.loads(carried)
        change_tree(tree, _make_protocol(tree, protocol.source, carried), protocol)
    back = _make_protocol(tree, protocol.source, "")
    problems.extend(_find_losses(protocol, back, is_fresh=carried is None))
    problems.raise_if_any(InvalidProtocol)
    is_unchanged = carried is not None and json.loads(carried) == tree
    text = carried if is_unchanged else json.dumps(tree, ensure_ascii=False, indent=2) + "\n"
    write_text(path, text or "")


def _read_text(path: Path, problems: Problems) -> str:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        problems.add(f"cannot be read ({error.strerror}); give the path of a USDM v4 document")
        problems.raise_now(InvalidProtocol)
    except UnicodeDecodeError as error:
        problems.add(f"is not UTF-8 ({error}); save it as UTF-8")
        problems.raise_now(InvalidProtocol)
    if not text.strip():
        problems.add("is empty; give a USDM v4 document in JSON")
        problems.raise_now(InvalidProtocol)
    return text


def _parse_document(text: str, problems: Problems) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        problems.add(
            f"line {error.lineno}, column {error.colno} is not JSON ({error.msg}); "
            "correct it, or give a USDM v4 document in JSON"
        )
    except ValueError as error:
        problems.add(f"holds a number that cannot be read ({error}); correct it")
    except RecursionError:
        problems.add("nests deeper than any USDM document; give a USDM v4 document in JSON")
    problems.raise_now(InvalidProtocol)


@dataclass(frozen=True)
class _Source:
    """A checked document, ready to be read; `notes` gathers what it leaves open."""

    study: Mapping[str, Any]
    version: Mapping[str, Any]
    design: Mapping[str, Any]
    by_id: Mapping[str, Mapping[str, Any]]
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def of_design(self, key: str) -> list[dict[str, Any]]:
        return self.design.get(key) or []

    def instances(self, timeline: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        held = timeline.get("instances") or []
        return (i for i in held if i["instanceType"] == "ScheduledActivityInstance")


def _make_protocol(document: Mapping[str, Any], name: str, carried: str) -> Protocol:
    study = document["study"]
    version = study["versions"][0]
    by_id = {node["id"]: node for _, node in walk(document) if isinstance(node.get("id"), str)}
    source = _Source(study, version, version["studyDesigns"][0], by_id)
    for what, held in (("versions", study["versions"]), ("study designs", version["studyDesigns"])):
        if len(held) > 1:
            source.note(f"the document has {len(held)} {what}; the first was read")
    identifiers = version["studyIdentifiers"]
    parts: dict[str, Any] = {
        "timelines": tuple(map(_make_timeline, source.of_design("scheduleTimelines"))),
        "visits": _make_visits(source),
        "activities": _make_activities(source),
        "cells": _make_cells(source),
        "arms": tuple(map(_make_arm, source.of_design("arms"))),
        "epochs": tuple(_make_epoch(epoch) for epoch in source.of_design("epochs")),
        "conditions": tuple(_make_condition(c, source) for c in version.get("conditions") or []),
        "criteria": tuple(_make_criterion(c, source) for c in source.of_design("eligibilityCriteria")),
        "objectives": _make_objectives(source),
        "endpoints": _make_endpoints(source),
        "phase": ((source.design.get("studyPhase") or {}).get("standardCode") or {}).get("decode", ""),
        "planned_patients": _read_planned_patients(source),
    }
    return Protocol(
        id=(identifiers[0]["text"] if identifiers else "") or study["name"],
        title=_read_title(source),
        source=name,
        notes=tuple(source.notes),
        carried=carried,
        **parts,
    )


def _read_title(source: _Source) -> str:
    titles = source.version["titles"]
    official = [t for t in titles if "official" in t["type"]["decode"].lower()]
    return next((t["text"] for t in [*official, *titles] if t["text"]), source.study["name"])


def _read_planned_patients(source: _Source) -> int | None:
    planned = source.design["population"].get("plannedEnrollmentNumber")
    if planned is None:
        return None
    if planned["instanceType"] == "Range":
        source.note("the planned number of patients is a range; its upper end was read")
        planned = planned["maxValue"]
    return round(planned["value"])


def _make_timeline(node: Mapping[str, Any]) -> Timeline:
    is_main = node["mainTimeline"]
    return Timeline(node["id"], node["name"], is_main, trigger=node["entryCondition"])


def _make_arm(node: Mapping[str, Any]) -> Arm:
    return Arm(node["id"], node["name"], node["type"]["decode"], node.get("description") or "")


def _make_epoch(node: Mapping[str, Any]) -> Epoch:
    return Epoch(node["id"], node["name"], node["type"]["decode"])


def _make_visits(source: _Source) -> tuple[Visit, ...]:
    timelines = source.of_design("scheduleTimelines")
    users = Counter(i.get("encounterId") for t in timelines for i in source.instances(t))
    visits: list[Visit] = []
    for timeline in timelines:
        timings = _pick_timings(timeline, source)
        repeats = _find_repeats(timeline, timings, source)
        for instance in source.instances(timeline):
            encounter = source.by_id.get(instance.get("encounterId") or "", {})
            is_invented = bool(find_extensions(encounter, INVENTED_URL))
            before, after = _read_window(timings.get(instance["id"], {}))
            visits.append(
                Visit(
                    instance["id"],
                    _name_visit(instance, encounter, users[instance.get("encounterId")]),
                    timeline["id"],
                    _read_offset(instance["id"], timings, source),
                    read_places(encounter),
                    instance.get("epochId") or None,
                    before,
                    after,
                    None if is_invented else encounter.get("id"),
                    tuple(e["valueString"] for e in find_extensions(instance, ARM_URL)),
                    repeats.get(instance["id"], ""),
                )
            )
    return tuple(visits)


def _name_visit(instance: Mapping[str, Any], encounter: Mapping[str, Any], users: int) -> str:
    own = instance.get("label") or instance["name"]
    return own if users > 1 else encounter.get("label") or own


def _pick_timings(timeline: Mapping[str, Any], source: _Source) -> dict[str, Mapping[str, Any]]:
    """One timing per instance, the Fixed Reference where there is one."""
    picked: dict[str, Mapping[str, Any]] = {}
    for timing in timeline.get("timings") or []:
        instance_id = timing["relativeFromScheduledInstanceId"]
        if instance_id in picked:
            source.note(f"{instance_id} has several timings; one was read")
        if instance_id not in picked or read_sign(timing) == 0:
            picked[instance_id] = timing
        if timing["relativeToFrom"]["code"] not in ("C201355", ""):
            source.note(
                f"timing {timing['id']} is {timing['relativeToFrom']['decode']}; read as Start to Start"
            )
    return picked


def _read_offset(start: str, timings: Mapping[str, Mapping[str, Any]], source: _Source) -> float | None:
    """The days along the chain of timings, which has been checked to run in no circle."""
    total, at = 0.0, start
    while at in timings:
        timing = timings[at]
        sign, days = read_sign(timing), read_days(timing["value"])
        if sign == 0:
            own = find_extensions(timing, OFFSET_URL)
            return total + (float(own[0]["valueString"]) if own else 0.0)
        if sign is None or days is None:
            source.note(f"timing {timing['id']} has no duration; {start} has no day")
            return None
        total += sign * days
        at = timing.get("relativeToScheduledInstanceId") or ""
    if at != start:
        source.note(f"{start} counts from {at}, which has no timing; it has no day")
    return None


def _read_window(timing: Mapping[str, Any]) -> tuple[float, float]:
    before, after = (read_days(timing.get(key) or "P0D") for key in ("windowLower", "windowUpper"))
    return abs(before or 0.0), abs(after or 0.0)


def _find_repeats(
    timeline: Mapping[str, Any], timings: Mapping[str, Mapping[str, Any]], source: _Source
) -> dict[str, str]:
    """The words of each loop on the instances inside: a decision that leads back to an earlier one.

    Where the decision has a timing of its own, the days from the loop's first instance to it are the
    loop's length and stand behind the words.
    """
    nodes = {node["id"]: node for node in timeline.get("instances") or []}
    repeats = {
        node_id: extension["valueString"]
        for node_id, node in nodes.items()
        for extension in find_extensions(node, REPEAT_URL)
    }
    for decision in nodes.values():
        for branch in decision.get("conditionAssignments") or []:
            path: list[str] = []
            at = branch["conditionTargetId"]
            while at in nodes and at not in path and at != decision["id"]:
                path.append(at)
                at = nodes[at].get("defaultConditionId")
            if at == decision["id"]:
                words = branch["condition"] or decision.get("label") or decision["name"]
                if length := _measure_loop(path, decision["id"], timings, source):
                    words = f"{words} (every {length:g} days)"
                repeats.update((visit_id, words) for visit_id in path)
    return repeats


def _measure_loop(
    path: list[str], decision_id: str, timings: Mapping[str, Mapping[str, Any]], source: _Source
) -> float | None:
    """Days from the loop's first instance to its decision; None where they are not told.

    A loop before the reference, or of less than a week, is no cycle of treatment.
    """
    if not path or decision_id not in timings:
        return None
    start, end = (_read_offset(each, timings, source) for each in (path[0], decision_id))
    if start is None or end is None or start < 0 or end - start < _SHORTEST_CYCLE:
        return None
    return end - start


def _make_activities(source: _Source) -> tuple[Activity, ...]:
    nodes = source.of_design("activities")
    parents: dict[str, str] = {}
    for node in nodes:
        for child in node.get("childIds") or []:
            if parents.setdefault(child, node["id"]) != node["id"]:
                source.note(f"activity {child} has several parents; {parents[child]} was read")
    return tuple(
        Activity(
            node["id"],
            node["name"],
            node.get("label") or "",
            Purpose(next((e["valueString"] for e in find_extensions(node, PURPOSE_URL)), "unstated")),
            tuple(dict.fromkeys(e["valueString"] for e in find_extensions(node, ENDPOINT_URL))),
            tuple(dict.fromkeys(_find_codes(node, source))),
            node.get("timelineId") or None,
            parents.get(node["id"]),
        )
        for node in nodes
    )


def _find_codes(node: Mapping[str, Any], source: _Source) -> Iterator[tuple[str, str]]:
    codes = [procedure["code"] for procedure in node.get("definedProcedures") or []]
    codes += [source.by_id[held]["code"]["standardCode"] for held in node.get("biomedicalConceptIds") or []]
    return ((code["codeSystem"], code["code"]) for code in codes if code["code"])


def _make_cells(source: _Source) -> tuple[Cell, ...]:
    rules = [
        (c["id"], set(c.get("appliesToIds") or []), set(c.get("contextIds") or []))
        for c in source.version.get("conditions") or []
    ]
    cells: list[Cell] = []
    for timeline in source.of_design("scheduleTimelines"):
        for instance in source.instances(timeline):
            held = instance.get("activityIds") or []
            own = {e["valueId"]: e for e in find_extensions(instance, CELL_URL)}
            for activity_id in dict.fromkeys(held):
                if held.count(activity_id) > 1:
                    source.note(f"{instance['id']} lists {activity_id} twice; read once")
                if activity_id in own:
                    inner = own[activity_id].get("extensionAttributes") or []
                    ids = tuple(e["valueId"] for e in inner if e.get("valueId"))
                    mark = own[activity_id].get("valueString") or "X"
                    cells.append(Cell(instance["id"], activity_id, mark, ids))
                    continue
                activity = source.by_id[activity_id]
                objects = {activity_id, *activity.get("biomedicalConceptIds", [])}
                objects |= {procedure["id"] for procedure in activity.get("definedProcedures") or []}
                context = {instance["id"], instance.get("encounterId"), instance.get("epochId")}
                context |= {timeline["id"], activity_id}
                ids = tuple(
                    rule
                    for rule, applies, within in rules
                    if applies & objects and (not within or within & context)
                )
                cells.append(Cell(instance["id"], activity_id, condition_ids=ids))
    return tuple(cells)


def _make_condition(node: Mapping[str, Any], source: _Source) -> Condition:
    mark = "".join(extension["valueString"] for extension in find_extensions(node, MARK_URL))
    return Condition(node["id"], _clean_text(node, source), mark)


def _make_criterion(node: Mapping[str, Any], source: _Source) -> Criterion:
    category = node["category"]
    is_inclusion = category["code"] == "C25532" or category["decode"].lower().startswith("inclusion")
    return Criterion(
        node["id"], node["name"], _clean_text(source.by_id[node["criterionItemId"]], source), is_inclusion
    )


def _make_objectives(source: _Source) -> tuple[Objective, ...]:
    return tuple(
        Objective(
            node["id"],
            _clean_text(node, source),
            node["level"]["decode"],
            tuple(
                [endpoint["id"] for endpoint in node.get("endpoints") or []]
                + [extension["valueId"] for extension in find_extensions(node, SHARED_ENDPOINT_URL)]
            ),
        )
        for node in source.of_design("objectives")
        if not find_extensions(node, INVENTED_URL)
    )


def _make_endpoints(source: _Source) -> tuple[Endpoint, ...]:
    return tuple(
        Endpoint(node["id"], _clean_text(node, source), node["level"]["decode"])
        for objective in source.of_design("objectives")
        for node in objective.get("endpoints") or []
    )


def _clean_text(node: Mapping[str, Any], source: _Source) -> str:
    """The text without markup; a tag that leads to a plain value becomes it, another "[tag]"."""
    maps = source.by_id.get(node.get("dictionaryId") or "", {}).get("parameterMaps", [])
    known = {held["tag"]: held["reference"] for held in maps}
    text = TAG.sub(lambda tag: _resolve_tag(tag[1], known, source), node["text"])
    text = MARKUP.sub("", BLOCK_END.sub("\n", text))
    lines = (" ".join(line.split()) for line in html.unescape(text).splitlines())
    return "\n".join(line for line in lines if line)


def _resolve_tag(tag: str, known: Mapping[str, str], source: _Source) -> str:
    reference = known.get(tag, "")
    pointer = REFERENCE.search(reference)
    if pointer is None:
        return html.escape(reference, quote=False) if reference else f"[{tag}]"
    attributes = dict(ATTRIBUTE.findall(pointer[0]))
    value = source.by_id.get(attributes.get("id", ""), {}).get(attributes.get("attribute", ""))
    if isinstance(value, dict) and value.get("instanceType") == "Quantity":
        value = value["value"]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
        return TAG.sub(lambda inner: f"[{inner[1]}]", str(value))
    return f"[{tag}]"


def _find_losses(wanted: Protocol, back: Protocol, *, is_fresh: bool) -> Iterator[str]:
    """What reading a written document back would not give."""
    remedy = (
        "write it as a new document (carried=None)" if not is_fresh else "change it to what USDM can hold"
    )
    kinds = ("timelines", "arms", "epochs", "conditions", "criteria", "objectives", "endpoints")
    for kind in ("id", "title", "phase", "planned_patients", *kinds) if not is_fresh else ():
        if getattr(wanted, kind) != getattr(back, kind):
            yield f"{kind} changed, which a carried document cannot take up; {remedy}"
    if [v.id for v in wanted.visits] != [v.id for v in back.visits]:
        yield f"visits were added, removed or moved in order; {remedy}"
    for visit in wanted.visits:
        other = back.visit_by_id.get(visit.id)
        if other is not None and not _is_same_visit(visit, other):
            yield f"visit {visit.id!r} would be read back as {other}; {remedy}"
    for activity in wanted.activities:
        if back.activity_by_id.get(activity.id) != activity:
            yield f"activity {activity.id!r} would be read back otherwise; {remedy}"
    held = {cell.key: (cell.mark, set(cell.condition_ids)) for cell in back.cells}
    asked = {cell.key: (cell.mark, set(cell.condition_ids)) for cell in wanted.cells}
    for key in sorted(key for key in held.keys() | asked.keys() if held.get(key) != asked.get(key)):
        yield f"cell {key} would be read back as {held.get(key)}; {remedy}"


def _is_same_visit(wanted: Visit, back: Visit) -> bool:
    for key in Visit.__slots__:
        one, other = getattr(wanted, key), getattr(back, key)
        if isinstance(one, float) and isinstance(other, float):
            if not isclose(one, other, rel_tol=1e-9, abs_tol=1e-9):
                return False
        elif one != other and key != "encounter_id":
            return False
    return True

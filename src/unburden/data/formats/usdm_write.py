"""How a protocol's changes enter a USDM tree, and how a tree is made where there was none."""

import html
from collections import Counter
from collections.abc import Iterable, Mapping
from copy import deepcopy
from itertools import pairwise
from typing import Any

from unburden.data.formats.usdm_checks import (
    ARM_URL,
    CELL_URL,
    ENDPOINT_URL,
    IN_PERSON,
    INVENTED_URL,
    MARK_URL,
    OFFSET_URL,
    PLACES_URL,
    PURPOSE_URL,
    REPEAT_URL,
    SETTINGS,
    SHARED_ENDPOINT_URL,
    TELEPHONE,
    Ids,
    find_extensions,
    is_home,
    is_remote,
    read_places,
    walk,
)
from unburden.data.formats.usdm_timings import write_duration
from unburden.domain.errors import Problems
from unburden.domain.protocol import (
    Activity,
    Cell,
    Condition,
    Objective,
    Place,
    Protocol,
    Purpose,
    Timeline,
    Visit,
)

Tree = dict[str, Any]


def change_tree(tree: Tree, base: Protocol, wanted: Protocol) -> None:
    """Enter into the tree, which reads as `base`, the cells, places and purposes of `wanted`."""
    ids = Ids(node["id"] for _, node in walk(tree) if isinstance(node.get("id"), str))
    design = tree["study"]["versions"][0]["studyDesigns"][0]
    instances = {
        instance["id"]: instance
        for timeline in design.get("scheduleTimelines") or []
        for instance in timeline.get("instances") or []
    }
    _change_cells(instances, base, wanted, ids)
    _change_places(design, instances, base, wanted, ids)
    nodes = {node["id"]: node for node in design.get("activities") or []}
    for activity in wanted.activities:
        before = base.activity_by_id.get(activity.id)
        if before is not None and before.purpose != activity.purpose:
            values = [] if activity.purpose == Purpose.UNSTATED else [{"valueString": str(activity.purpose)}]
            _set_extensions(nodes[activity.id], PURPOSE_URL, values, ids)
        if before is not None and before.endpoint_ids != activity.endpoint_ids:
            values = [{"valueString": endpoint_id} for endpoint_id in activity.endpoint_ids]
            _set_extensions(nodes[activity.id], ENDPOINT_URL, values, ids)


def _set_extensions(node: Tree, url: str, values: Iterable[Mapping[str, Any]], ids: Ids) -> None:
    kept = [held for held in node.get("extensionAttributes") or [] if held.get("url") != url]
    node["extensionAttributes"] = kept + [ids.extension(url, **value) for value in values]


def _change_cells(instances: Mapping[str, Tree], base: Protocol, wanted: Protocol, ids: Ids) -> None:
    before = {cell.key: cell for cell in base.cells}
    after = {cell.key: cell for cell in wanted.cells}
    for visit_id, activity_id in before.keys() - after.keys():
        held = instances[visit_id]["activityIds"]
        instances[visit_id]["activityIds"] = [other for other in held if other != activity_id]
    for (visit_id, activity_id), cell in after.items():
        instance = instances.get(visit_id)
        if instance is None:
            continue
        old = before.get(cell.key)
        if old is None:
            instance.setdefault("activityIds", []).append(activity_id)
        if (old is None and (cell.mark != "X" or cell.condition_ids)) or (
            old is not None and (old.mark, set(old.condition_ids)) != (cell.mark, set(cell.condition_ids))
        ):
            kept = [
                held
                for held in instance.get("extensionAttributes") or []
                if held.get("url") != CELL_URL or held.get("valueId") != activity_id
            ]
            instance["extensionAttributes"] = [*kept, _describe_cell(cell, ids)]


def _describe_cell(cell: Cell, ids: Ids) -> Tree:
    inner = [ids.extension(CELL_URL, valueId=condition_id) for condition_id in cell.condition_ids]
    return ids.extension(CELL_URL, valueId=cell.activity_id, valueString=cell.mark, extensionAttributes=inner)


def _change_places(
    design: Tree, instances: Mapping[str, Tree], base: Protocol, wanted: Protocol, ids: Ids
) -> None:
    """Move visits; of visits that share an encounter and part, the moved ones get a copy of it."""
    encounters = {node["id"]: node for node in design.get("encounters") or []}
    known = {visit.id for visit in base.visits}
    moved = {v.id for v in wanted.visits if v.id in known and v.places != base.visit_by_id[v.id].places}
    users: dict[str, list[Visit]] = {}
    for visit in wanted.visits:
        if visit.id in known and (encounter_id := instances[visit.id].get("encounterId")):
            users.setdefault(encounter_id, []).append(visit)
        elif visit.id in moved:
            encounter = _make_encounter(ids.new("Encounter"), visit.name, visit.places, ids)
            instances[visit.id]["encounterId"] = encounter["id"]
            design.setdefault("encounters", []).append(encounter)
    for encounter_id, visits in users.items():
        if not moved.intersection(visit.id for visit in visits):
            continue
        original = encounters[encounter_id]
        groups: dict[tuple[Place, ...], list[Visit]] = {}
        for visit in visits:
            groups.setdefault(visit.places, []).append(visit)
        staying = read_places(original)
        staying = staying if staying in groups else next(iter(groups))
        for places in [p for p in groups if p != staying]:
            copy = _copy_encounter(original, encounters, ids)
            at = design["encounters"].index(original)
            design["encounters"].insert(at + 1, copy)
            _set_places(copy, places, ids)
            _link_visits(copy, groups[places], instances, len(visits))
        _set_places(original, staying, ids)
        if len(groups) > 1:
            _link_visits(original, groups[staying], instances, len(visits))


def _link_visits(
    encounter: Tree, visits: list[Visit], instances: Mapping[str, Tree], users_before: int
) -> None:
    for visit in visits:
        instances[visit.id]["encounterId"] = encounter["id"]
    if len(visits) == 1 < users_before:
        encounter["label"] = visits[0].name


def _copy_encounter(original: Tree, encounters: dict[str, Tree], ids: Ids) -> Tree:
    """A copy that follows the original in the chain; its inner objects have ids of their own."""
    copy = deepcopy(original)
    for _, node in walk(copy):
        if isinstance(node.get("id"), str):
            node["id"] = ids.new(node.get("instanceType") or "Object")
    copy["name"] = f"{original['name']} ({copy['id']})"
    copy["scheduledAtId"] = None
    copy["previousId"], copy["nextId"] = original["id"], original.get("nextId")
    following = encounters.get(original.get("nextId") or "")
    if following is not None:
        following["previousId"] = copy["id"]
    original["nextId"] = copy["id"]
    encounters[copy["id"]] = copy
    return copy


def _set_places(encounter: Tree, places: tuple[Place, ...], ids: Ids) -> None:
    """Write the places as modes and settings; as an extension too where these do not say it all."""
    if read_places(encounter) == places:
        return
    old_modes = encounter.get("contactModes") or []
    old_settings = encounter.get("environmentalSettings") or []
    remote = [mode for mode in old_modes if is_remote(mode)]
    personal = [mode for mode in old_modes if not is_remote(mode)]
    clinics = [setting for setting in old_settings if not is_home(setting)]
    homes = [setting for setting in old_settings if is_home(setting)]
    modes: list[Tree] = []
    settings: list[Tree] = []
    for is_contact_remote in dict.fromkeys(place == Place.REMOTE for place in places):
        if is_contact_remote:
            modes += remote or [ids.code(*reversed(TELEPHONE))]
        else:
            modes += personal or [ids.code(*reversed(IN_PERSON))]
    for place in [place for place in places if place != Place.REMOTE] or [Place.HOME]:
        known = {Place.SITE: clinics, Place.HOME: homes}.get(place, [])
        settings += known or [ids.code(*reversed(SETTINGS[place]))]
    encounter["contactModes"], encounter["environmentalSettings"] = modes, settings
    if find_extensions(encounter, PLACES_URL):
        _set_extensions(encounter, PLACES_URL, [], ids)
    if read_places(encounter) != places:
        _set_extensions(encounter, PLACES_URL, [{"valueString": ",".join(places)}], ids)


def _make_encounter(encounter_id: str, name: str, places: tuple[Place, ...], ids: Ids) -> Tree:
    encounter: Tree = {
        "id": encounter_id,
        "extensionAttributes": [],
        "name": name or encounter_id,
        "label": name,
        "type": ids.code("Visit"),
        "previousId": None,
        "nextId": None,
        "environmentalSettings": [ids.code("Clinic", SETTINGS[Place.SITE][0])],
        "contactModes": [ids.code("In Person")],
        "instanceType": "Encounter",
    }
    _set_places(encounter, places, ids)
    return encounter


def make_tree(protocol: Protocol, problems: Problems) -> Tree:
    """A new USDM v4 document that reads as the protocol; what USDM has no word for is an extension."""
    kinds = (protocol.timelines, protocol.visits, protocol.activities, protocol.arms, protocol.epochs)
    kinds += (protocol.conditions, protocol.criteria, protocol.objectives, protocol.endpoints)
    taken = Counter(record.id for kind in kinds for record in kind)
    taken.update({v.encounter_id for v in protocol.visits if v.encounter_id})
    for record_id, count in sorted(taken.items()):
        problems.check(count == 1, f"{count} records share the id {record_id!r}; give each its own id")
    ids = Ids(taken)
    company = ids.code("Pharmaceutical Company")
    organization = ids.node("Organization", name="Sponsor", type=company, identifierScheme="", identifier="")
    identifier = ids.node("StudyIdentifier", text=protocol.id, scopeId=organization["id"])
    title = ids.node("StudyTitle", text=protocol.title, type=ids.code("Official Study Title"))
    version = {
        "id": ids.new("StudyVersion"),
        "versionIdentifier": "1",
        "rationale": "",
        "studyIdentifiers": [identifier],
        "titles": [title],
        "organizations": [organization],
        "eligibilityCriterionItems": [],
        "conditions": [_make_condition(c, protocol, ids) for c in protocol.conditions],
        "instanceType": "StudyVersion",
    }
    version["studyDesigns"] = [_make_design(protocol, version, ids)]
    study = {"id": None, "name": protocol.id or "Study", "versions": [version], "instanceType": "Study"}
    return {"study": study, "usdmVersion": "4.0.0", "systemName": "unburden", "systemVersion": None}


def _make_condition(condition: Condition, protocol: Protocol, ids: Ids) -> Tree:
    """Where its cells are no full block of activities and visits, the cells' own extensions rule."""
    cells = [cell for cell in protocol.cells if condition.id in cell.condition_ids]
    marks = [ids.extension(MARK_URL, valueString=condition.mark)] if condition.mark else []
    return {
        "id": condition.id,
        "extensionAttributes": marks,
        "name": condition.id,
        "text": html.escape(condition.text, quote=False),
        "contextIds": list(dict.fromkeys(cell.visit_id for cell in cells)),
        "appliesToIds": list(dict.fromkeys(cell.activity_id for cell in cells)),
        "instanceType": "Condition",
    }


def _make_design(protocol: Protocol, version: Tree, ids: Ids) -> Tree:
    epochs = [
        {"id": e.id, "name": e.name or e.id, "type": ids.code(e.kind), "instanceType": "StudyEpoch"}
        for e in protocol.epochs
    ]
    arms = [
        {
            "id": arm.id,
            "name": arm.name or arm.id,
            "description": arm.description,
            "type": ids.code(arm.role),
            "dataOriginDescription": "",
            "dataOriginType": ids.code("Data Generated Within Study"),
            "instanceType": "StudyArm",
        }
        for arm in protocol.arms
    ]
    cells = [
        ids.node("StudyCell", armId=a.id, epochId=e.id, elementIds=[])
        for a in protocol.arms
        for e in protocol.epochs
    ]
    phase = {
        "id": ids.new("AliasCode"),
        "standardCode": ids.code(protocol.phase),
        "instanceType": "AliasCode",
    }
    encounters = _make_encounters(protocol, ids)
    return {
        "id": ids.new("InterventionalStudyDesign"),
        "name": protocol.id or "Design",
        "rationale": "",
        "studyPhase": phase if protocol.phase else None,
        "encounters": _link_chain(list({node["id"]: node for node in encounters.values()}.values())),
        "activities": _link_chain(
            [_make_activity(activity, protocol, ids) for activity in protocol.activities]
        ),
        "arms": arms,
        "studyCells": cells,
        "epochs": _link_chain(epochs),
        "population": _make_population(protocol, ids),
        "eligibilityCriteria": _make_criteria(protocol, version, ids),
        "objectives": _make_objectives(protocol, ids),
        "scheduleTimelines": [_make_timeline(t, protocol, encounters, ids) for t in protocol.timelines],
        "model": ids.code("Parallel Study" if len(arms) > 1 else "Single Group Study"),
        "instanceType": "InterventionalStudyDesign",
    }


def _link_chain(nodes: list[Tree]) -> list[Tree]:
    for before, after in zip([None, *nodes], [*nodes, None], strict=True):
        if before is not None:
            before["nextId"] = after and after["id"]
        if after is not None:
            after["previousId"] = before and before["id"]
    return nodes


def _make_population(protocol: Protocol, ids: Ids) -> Tree:
    planned = ids.node("Quantity", value=protocol.planned_patients)
    return {
        "id": ids.new("StudyDesignPopulation"),
        "name": "Population",
        "includesHealthySubjects": False,
        "plannedEnrollmentNumber": None if protocol.planned_patients is None else planned,
        "criterionIds": [criterion.id for criterion in protocol.criteria],
        "instanceType": "StudyDesignPopulation",
    }


def _make_criteria(protocol: Protocol, version: Tree, ids: Ids) -> list[Tree]:
    criteria: list[Tree] = []
    for criterion in protocol.criteria:
        name = criterion.name or criterion.id
        text = html.escape(criterion.text, quote=False)
        item = ids.node("EligibilityCriterionItem", name=name, text=text)
        version["eligibilityCriterionItems"].append(item)
        category = ids.code("Inclusion Criteria" if criterion.is_inclusion else "Exclusion Criteria")
        criteria.append(
            {
                "id": criterion.id,
                "name": name,
                "category": category,
                "identifier": name,
                "criterionItemId": item["id"],
                "instanceType": "EligibilityCriterion",
            }
        )
    return criteria


def _make_objectives(protocol: Protocol, ids: Ids) -> list[Tree]:
    """Endpoints stand under the first objective that names them, or under an invented one."""
    left = {endpoint.id: endpoint for endpoint in protocol.endpoints}
    named = {held for objective in protocol.objectives for held in objective.endpoint_ids}
    orphans = tuple(held for held in left if held not in named)
    invented = (Objective(ids.new("Objective"), "", "", orphans),) if orphans else ()
    nodes: list[Tree] = []
    for objective in (*protocol.objectives, *invented):
        endpoints = [left.pop(held) for held in objective.endpoint_ids if held in left]
        own = {endpoint.id for endpoint in endpoints}
        shared = [held for held in objective.endpoint_ids if held not in own]
        marks = [ids.extension(SHARED_ENDPOINT_URL, valueId=held) for held in shared]
        if objective in invented:
            marks.append(ids.extension(INVENTED_URL, valueBoolean=True))
        inner = [
            {
                "id": endpoint.id,
                "name": endpoint.id,
                "text": html.escape(endpoint.text, quote=False),
                "purpose": "",
                "level": ids.code(endpoint.level),
                "instanceType": "Endpoint",
            }
            for endpoint in endpoints
        ]
        nodes.append(
            {
                "id": objective.id,
                "extensionAttributes": marks,
                "name": objective.id,
                "text": html.escape(objective.text, quote=False),
                "level": ids.code(objective.level),
                "endpoints": inner,
                "instanceType": "Objective",
            }
        )
    return nodes


def _make_activity(activity: Activity, protocol: Protocol, ids: Ids) -> Tree:
    marks = [ids.extension(ENDPOINT_URL, valueString=held) for held in activity.endpoint_ids]
    if activity.purpose != Purpose.UNSTATED:
        marks.append(ids.extension(PURPOSE_URL, valueString=str(activity.purpose)))
    procedures = [
        {
            "id": ids.new("Procedure"),
            "name": activity.name or activity.id,
            "procedureType": "",
            "code": ids.code(activity.name, code, system),
            "instanceType": "Procedure",
        }
        for system, code in activity.codes
    ]
    return {
        "id": activity.id,
        "extensionAttributes": marks,
        "name": activity.name or activity.id,
        "label": activity.label,
        "childIds": [child.id for child in protocol.activities if child.parent_id == activity.id],
        "definedProcedures": procedures,
        "timelineId": activity.timeline_id,
        "instanceType": "Activity",
    }


def _make_encounters(protocol: Protocol, ids: Ids) -> dict[str, Tree]:
    """The encounter of each visit by the visit's id; visits share one by its id and places."""
    made: dict[tuple[str, tuple[Place, ...]], Tree] = {}
    encounters: dict[str, Tree] = {}
    for visit in protocol.visits:
        key = (visit.encounter_id or f"of {visit.id}", visit.places)
        if key not in made:
            is_known = visit.encounter_id is not None and all(known[0] != key[0] for known in made)
            encounter_id = visit.encounter_id if is_known and visit.encounter_id else ids.new("Encounter")
            made[key] = _make_encounter(encounter_id, visit.name, visit.places, ids)
            if visit.encounter_id is None:
                _set_extensions(made[key], INVENTED_URL, [{"valueBoolean": True}], ids)
        encounters[visit.id] = made[key]
    return encounters


def _make_timeline(timeline: Timeline, protocol: Protocol, encounters: Mapping[str, Tree], ids: Ids) -> Tree:
    visits = [visit for visit in protocol.visits if visit.timeline_id == timeline.id]
    leave = ids.node("ScheduleTimelineExit")
    instances = [_make_instance(visit, protocol, encounters[visit.id]["id"], ids) for visit in visits]
    for before, after in pairwise(instances):
        before["defaultConditionId"] = after["id"]
    for last in instances[-1:]:
        last["timelineExitId"] = leave["id"]
    dated = [visit for visit in visits if visit.offset_days is not None]
    anchor = next((visit for visit in dated if visit.offset_days == 0), dated[0] if dated else None)
    return {
        "id": timeline.id,
        "name": timeline.name or timeline.id,
        "mainTimeline": timeline.is_main,
        "entryCondition": timeline.trigger,
        "entryId": instances[0]["id"] if instances else "",
        "exits": [leave],
        "timings": [_make_timing(v, anchor, ids) for v in visits if v in dated or _has_window(v)],
        "instances": instances,
        "instanceType": "ScheduleTimeline",
    }


def _make_instance(visit: Visit, protocol: Protocol, encounter_id: str, ids: Ids) -> Tree:
    cells = protocol.cells_by_visit[visit.id]
    marks = [ids.extension(ARM_URL, valueString=arm_id) for arm_id in visit.arm_ids]
    if visit.repeat:
        marks.append(ids.extension(REPEAT_URL, valueString=visit.repeat))
    # A condition reads as all its activities at all its visits; a cell it may touch says its own.
    touched = {cell.activity_id for cell in protocol.cells if cell.condition_ids}
    marks += [_describe_cell(c, ids) for c in cells if c.mark != "X" or c.activity_id in touched]
    return {
        "id": visit.id,
        "extensionAttributes": marks,
        "name": visit.name or visit.id,
        "label": visit.name,
        "epochId": visit.epoch_id,
        "activityIds": [cell.activity_id for cell in cells],
        "encounterId": encounter_id,
        "instanceType": "ScheduledActivityInstance",
    }


def _has_window(visit: Visit) -> bool:
    return bool(visit.window_before_days or visit.window_after_days)


def _make_timing(visit: Visit, anchor: Visit | None, ids: Ids) -> Tree:
    """Relative to the anchor, which carries its own offset where that is not 0; undated without a value."""
    is_anchor, is_dated = visit is anchor, visit.offset_days is not None
    start = (anchor.offset_days if anchor else None) or 0.0
    days = (visit.offset_days or 0.0) - start
    is_shifted = is_anchor and start != 0
    window = (visit.window_before_days, visit.window_after_days)
    lower, upper = map(write_duration, window) if any(window) else (None, None)
    return ids.node(
        "Timing",
        extensionAttributes=[ids.extension(OFFSET_URL, valueString=repr(start))] if is_shifted else [],
        name=f"{visit.name or visit.id} timing",
        type=ids.code("Fixed Reference" if is_anchor else "Before" if is_dated and days < 0 else "After"),
        value=write_duration(abs(days)) if is_dated else "",
        valueLabel="",
        relativeToFrom=ids.code("Start to Start"),
        relativeFromScheduledInstanceId=visit.id,
        relativeToScheduledInstanceId=anchor.id if anchor and is_dated else None,
        windowLower=lower,
        windowUpper=upper,
    )

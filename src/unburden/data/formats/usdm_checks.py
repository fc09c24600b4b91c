"""The terms of a CDISC USDM v4 document, and what it must satisfy: its schema, and what no schema sees."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from unburden.domain.protocol import MOST_DAYS, Place, Purpose

PURPOSE_URL = "urn:unburden:purpose"
ENDPOINT_URL = "urn:unburden:serves-endpoint"
PLACES_URL = "urn:unburden:places"
ARM_URL = "urn:unburden:arm"
CELL_URL = "urn:unburden:cell"
INVENTED_URL = "urn:unburden:invented"
MARK_URL = "urn:unburden:mark"
OFFSET_URL = "urn:unburden:offset-days"
REPEAT_URL = "urn:unburden:repeat"
RULE_URL = "urn:unburden:criterion-rule"
"""The extension attribute of an EligibilityCriterion that holds its computable form as JSON."""
SHARED_ENDPOINT_URL = "urn:unburden:shared-endpoint"

REMOTE_CODES = {"C171537", "C171525", "C171524", "C157352", "C25170", "C177933", "C70805"}
REMOTE_WORDS = re.compile(
    r"phone|video|remote|e-?mail|text message|tele|online|voice response|\bletter", re.I
)
HOME_CODES = {"C18002", "C102647"}
HOME_WORDS = re.compile(r"(?<!nursing )\bhome\b", re.I)
# Codes by decode: USDM controlled terminology; settings and contact modes: SDTM codelists C127262, C171445.
CDISC = "http://www.cdisc.org"
CDISC_VERSION = "2024-09-27"
SETTINGS = {
    Place.SITE: ("C51282", "Clinic"),
    Place.HOME: ("C18002", "Home"),
    Place.LOCAL: ("C21541", "Healthcare Facility"),
}
IN_PERSON = ("C175574", "In Person")
TELEPHONE = ("C171537", "Telephone Call")
CODES = {
    "Phase I Trial": "C15600",
    "Phase II Trial": "C15601",
    "Phase III Trial": "C15602",
    "Phase IV Trial": "C15603",
    "Screening Epoch": "C202487",
    "Baseline Epoch": "C125938",
    "Treatment Epoch": "C101526",
    "Follow-Up Epoch": "C202578",
    "Investigational Arm": "C174266",
    "Active Comparator Arm": "C174267",
    "Placebo Control Arm": "C174268",
    "Protocol Treatment Arm": "C15538",
    "Primary Objective": "C85826",
    "Secondary Objective": "C85827",
    "Exploratory Objective": "C163559",
    "Primary Endpoint": "C94496",
    "Secondary Endpoint": "C139173",
    "Exploratory Endpoint": "C170559",
    "Inclusion Criteria": "C25532",
    "Exclusion Criteria": "C25370",
    "Parallel Study": "C82639",
    "Single Group Study": "C82640",
    "Visit": "C25716",
    "Start to Start": "C201355",
    "After": "C201356",
    "Before": "C201357",
    "Fixed Reference": "C201358",
    "Official Study Title": "C207616",
    "Data Generated Within Study": "C188866",
    "Pharmaceutical Company": "C54149",
    "In Person": "C175574",
    "Telephone Call": "C171537",
}

NEEDED_VALUES = {
    ARM_URL: ("valueString",),
    CELL_URL: ("valueId",),
    MARK_URL: ("valueString",),
    REPEAT_URL: ("valueString",),
    RULE_URL: ("valueString",),
    SHARED_ENDPOINT_URL: ("valueId",),
}
MESSAGE_LENGTH = 160
MOST_PATIENTS = 1_000_000_000
DESIGN = "$.study.versions[0].studyDesigns[0]"
"""The path of the study design that is read."""

CHAINED = ("Encounter", "Activity", "StudyEpoch", "EligibilityCriterion")
NEVER_EMPTY = {"criterionItemId", "conditionTargetId", "relativeFromScheduledInstanceId", "armId"}
INSTANCES = frozenset({"ScheduledActivityInstance", "ScheduledDecisionInstance"})
# Where reading relies on the kind of what an id names; elsewhere it must only exist.
EXPECTED: Mapping[tuple[str, str], frozenset[str]] = {
    ("Encounter", "previousId"): frozenset({"Encounter"}),
    ("Encounter", "nextId"): frozenset({"Encounter"}),
    ("Encounter", "scheduledAtId"): frozenset({"Timing"}),
    ("Activity", "previousId"): frozenset({"Activity"}),
    ("Activity", "nextId"): frozenset({"Activity"}),
    ("Activity", "childIds"): frozenset({"Activity"}),
    ("Activity", "timelineId"): frozenset({"ScheduleTimeline"}),
    ("Activity", "biomedicalConceptIds"): frozenset({"BiomedicalConcept"}),
    ("StudyEpoch", "previousId"): frozenset({"StudyEpoch"}),
    ("StudyEpoch", "nextId"): frozenset({"StudyEpoch"}),
    ("StudyCell", "armId"): frozenset({"StudyArm"}),
    ("StudyCell", "epochId"): frozenset({"StudyEpoch"}),
    ("StudyCell", "elementIds"): frozenset({"StudyElement"}),
    ("ScheduleTimeline", "entryId"): INSTANCES,
    ("Timing", "relativeFromScheduledInstanceId"): INSTANCES,
    ("Timing", "relativeToScheduledInstanceId"): INSTANCES,
    ("ScheduledActivityInstance", "defaultConditionId"): INSTANCES,
    ("ScheduledActivityInstance", "epochId"): frozenset({"StudyEpoch"}),
    ("ScheduledActivityInstance", "timelineId"): frozenset({"ScheduleTimeline"}),
    ("ScheduledActivityInstance", "timelineExitId"): frozenset({"ScheduleTimelineExit"}),
    ("ScheduledActivityInstance", "activityIds"): frozenset({"Activity"}),
    ("ScheduledActivityInstance", "encounterId"): frozenset({"Encounter"}),
    ("ScheduledDecisionInstance", "defaultConditionId"): INSTANCES,
    ("ScheduledDecisionInstance", "epochId"): frozenset({"StudyEpoch"}),
    ("ConditionAssignment", "conditionTargetId"): INSTANCES,
    ("EligibilityCriterion", "criterionItemId"): frozenset({"EligibilityCriterionItem"}),
    ("EligibilityCriterionItem", "dictionaryId"): frozenset({"SyntaxTemplateDictionary"}),
}


def find_document_problems(document: object) -> Iterator[str]:
    """Every way in which a parsed document breaks USDM v4, with the place and the remedy."""
    if not isinstance(document, dict):
        yield f"$ holds {shorten(repr(document))}; give one JSON object with the keys study and usdmVersion"
        return
    version = document.get("usdmVersion")
    if isinstance(version, str) and not re.match(r"4(\.|$)", version):
        yield f"$.usdmVersion is {version!r}; give a document of USDM version 4"
    for error in load_validator().iter_errors(document):
        yield from (_tell_error(leaf) for leaf in _find_leaves(error) if not _repeats_const(leaf))
    yield from _find_design_problems(document)
    records = list(walk(document))
    yield from _find_repeated_ids(records)
    yield from _find_dangling(records)
    for kind in CHAINED:
        yield from _find_chain_problems(records, kind)
    yield from _find_parent_circles(records)
    yield from _find_extension_problems(records)
    yield from _find_size_problems(dict(records))


@cache
def load_validator() -> Draft202012Validator:
    """The compiled USDM v4 schema, read once."""
    path = Path(__file__).with_name("usdm_v4_jsonschema.json")
    return Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))


def walk(document: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a JSON tree with its JSON path, in the document's order."""
    stack: list[tuple[str, Any]] = [("$", document)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, dict):
            yield path, node
            stack.extend((f"{path}.{key}", node[key]) for key in reversed(node))
        elif isinstance(node, list):
            stack.extend((f"{path}[{at}]", node[at]) for at in range(len(node) - 1, -1, -1))


def find_extensions(node: Mapping[str, Any], url: str) -> list[dict[str, Any]]:
    """The extension attributes of a node with this url."""
    found = node.get("extensionAttributes") or []
    return [extension for extension in found if isinstance(extension, dict) and extension.get("url") == url]


def read_places(encounter: Mapping[str, Any]) -> tuple[Place, ...]:
    """Every place that an encounter allows, in its order; the site where it says nothing."""
    own = find_extensions(encounter, PLACES_URL)
    if own:
        return tuple(Place(held) for held in own[0]["valueString"].split(","))
    settings = encounter.get("environmentalSettings") or []
    physical = [Place.HOME if is_home(setting) else Place.SITE for setting in settings] or [Place.SITE]
    modes = encounter.get("contactModes") or []
    places = [place for mode in modes for place in ([Place.REMOTE] if is_remote(mode) else physical)]
    return tuple(dict.fromkeys(places or physical))


def is_home(code: Mapping[str, Any]) -> bool:
    """Whether a setting is the patient's home."""
    return code["code"] in HOME_CODES or bool(HOME_WORDS.search(code["decode"]))


def is_remote(code: Mapping[str, Any]) -> bool:
    """Whether a contact mode keeps the patient where they are."""
    return code["code"] in REMOTE_CODES or bool(REMOTE_WORDS.search(code["decode"]))


class Ids:
    """Ids that a tree does not hold yet."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)

    def new(self, stem: str) -> str:
        """An id that nothing has, now taken."""
        number, found = 1, f"{stem}_1"
        while found in self.taken:
            number += 1
            found = f"{stem}_{number}"
        self.taken.add(found)
        return found

    def code(self, decode: str, code: str | None = None, system: str = CDISC) -> dict[str, Any]:
        """A USDM Code; one without a CDISC code keeps its decode as the code."""
        known = code if code is not None else CODES.get(decode)
        return {
            "id": self.new("Code"),
            "code": decode if known is None else known,
            "codeSystem": "urn:unburden" if known is None else system,
            "codeSystemVersion": CDISC_VERSION if known is not None and system == CDISC else "",
            "decode": decode,
            "instanceType": "Code",
        }

    def node(self, kind: str, **values: Any) -> dict[str, Any]:
        """A USDM object with a new id."""
        return {"id": self.new(kind), **values, "instanceType": kind}

    def extension(self, url: str, **values: Any) -> dict[str, Any]:
        """A USDM extension attribute."""
        return self.node("ExtensionAttribute", url=url, **values)


def shorten(text: str) -> str:
    """A text on one line, cut where it is long."""
    text = " ".join(text.split())
    return text if len(text) <= MESSAGE_LENGTH else f"{text[: MESSAGE_LENGTH - 1]}…"


def _tell_error(error: ValidationError) -> str:
    where = error.json_path
    match error.validator:
        case "required":
            return f"{where} misses the key {error.message.split(' is a required')[0]}; add it"
        case "type":
            held = shorten(repr(error.instance))
            return f"{where} holds {held}; give a value of type {error.validator_value}"
        case "const" | "enum":
            return f"{where} is {shorten(repr(error.instance))}; give {shorten(repr(error.validator_value))}"
        case "minLength":
            return f"{where} is empty; give a text"
        case "anyOf" | "oneOf":
            held = shorten(repr(error.instance))
            return f"{where} holds {held}, of no allowed kind; give what USDM v4 allows here"
        case _:
            return f"{where}: {shorten(error.message)}; correct it as USDM v4 asks"


def _find_leaves(error: ValidationError) -> Iterator[ValidationError]:
    """The errors in the alternative that was meant, where a schema allows several."""
    branches: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.schema_path[0], []).append(inner)
    fitting = [inner for inner in branches.values() if not any(map(_is_other_type, inner))]
    meant = [inner for inner in fitting if not any(map(_is_other_class, inner))] or fitting
    if not meant:
        yield error
        return
    for inner in min(meant, key=len):
        yield from _find_leaves(inner)


def _repeats_const(error: ValidationError) -> bool:
    """The schema states each class name as a `const` and again as an `enum` of one."""
    return error.validator == "enum" and isinstance(error.schema, dict) and "const" in error.schema


def _is_other_type(error: ValidationError) -> bool:
    return not error.relative_path and error.validator == "type"


def _is_other_class(error: ValidationError) -> bool:
    return list(error.relative_path) == ["instanceType"]


def _find_design_problems(document: Mapping[str, Any]) -> Iterator[str]:
    study = document.get("study")
    versions = study.get("versions", []) if isinstance(study, dict) else None
    if not isinstance(versions, list):
        return
    if not versions:
        yield "$.study.versions is empty; give one study version"
        return
    version = versions[0]
    designs = version.get("studyDesigns", []) if isinstance(version, dict) else None
    if not isinstance(designs, list):
        return
    where = "$.study.versions[0].studyDesigns"
    if not designs:
        yield f"{where} is empty; give one study design"
        return
    timelines = designs[0].get("scheduleTimelines", []) if isinstance(designs[0], dict) else None
    if isinstance(timelines, list):
        mains = sum(isinstance(t, dict) and t.get("mainTimeline") is True for t in timelines)
        if mains != 1:
            where = f"{where}[0].scheduleTimelines"
            yield f"{where} has {mains} main timelines; set mainTimeline to true on exactly one"


def _find_repeated_ids(records: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    first: dict[str, str] = {}
    for path, node in records:
        node_id = node.get("id")
        if not isinstance(node_id, str):
            continue
        if node_id in first:
            yield f"{path}.id is {node_id!r}, which {first[node_id]} has too; give each its own id"
        first.setdefault(node_id, path)


@cache
def _load_reference_fields() -> frozenset[tuple[str, str]]:
    """(class, field) of every field of the schema that holds ids of other objects."""
    definitions = load_validator().schema["$defs"]  # pyright: ignore[reportIndexIssue]
    return frozenset(
        (name.removesuffix("-Input"), key)
        for name, definition in definitions.items()
        if name.endswith("-Input")
        for key in definition.get("properties", {})
        if key.endswith(("Id", "Ids"))
    )


def _find_references(records: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, str, str, str]]:
    """(path, class, field, id) of every reference; null, and "" where null may stand, name nothing."""
    fields = _load_reference_fields()
    for path, node in records:
        kind = str(node.get("instanceType"))
        for key, value in node.items():
            if not key.endswith(("Id", "Ids")) or (kind, key) not in fields:
                continue
            if isinstance(value, str) and (value or key in NEVER_EMPTY):
                yield f"{path}.{key}", kind, key, value
            elif isinstance(value, list):
                yield from (
                    (f"{path}.{key}[{at}]", kind, key, held)
                    for at, held in enumerate(value)
                    if isinstance(held, str)
                )


def _find_dangling(records: list[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    kinds: dict[str, str] = {}
    for _, node in records:
        if isinstance(node.get("id"), str):
            kinds.setdefault(node["id"], str(node.get("instanceType")))
    for path, kind, key, held in _find_references(records):
        expected = EXPECTED.get((kind, key))
        if held not in kinds:
            yield f"{path} is {held!r}, which no object has as its id; correct it or add the object"
        elif expected and kinds[held] not in expected:
            wanted = " or ".join(sorted(expected))
            yield f"{path} is {held!r}, a {kinds[held]}; give the id of a {wanted}"


def _find_chain_problems(records: list[tuple[str, dict[str, Any]]], kind: str) -> Iterator[str]:
    """Chains of `previousId` and `nextId` that run in a circle or disagree."""
    nodes = {n["id"]: (p, n) for p, n in records if n.get("instanceType") == kind and _has_id(n)}
    reported: set[frozenset[str]] = set()
    for key in ("nextId", "previousId"):
        for circle in find_circles({node_id: node.get(key) for node_id, (_, node) in nodes.items()}):
            if frozenset(circle) not in reported:
                path = nodes[circle[0]][0]
                shown = " → ".join([*circle, circle[0]])
                yield f"{path}.{key} runs in a circle ({shown}); end the chain with null"
            reported.add(frozenset(circle))
    for key, back in (("nextId", "previousId"), ("previousId", "nextId")):
        for node_id, (path, node) in nodes.items():
            other = node.get(key)
            if isinstance(other, str) and other in nodes and nodes[other][1].get(back) != node_id:
                held = nodes[other][1].get(back)
                yield f"{path}.{key} is {other!r}, whose {back} is {held!r}; make the two agree"


def _has_id(node: Mapping[str, Any]) -> bool:
    return isinstance(node.get("id"), str)


def find_circles(following: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Every circle of a map in which each key leads to at most one other key."""
    done: set[str] = set()
    for start in following:
        trail: dict[str, int] = {}
        at: Any = start
        while isinstance(at, str) and at in following and at not in done and at not in trail:
            trail[at] = len(trail)
            at = following[at]
        if isinstance(at, str) and at in trail:
            yield tuple(trail)[trail[at] :]
        done.update(trail)


def _find_parent_circles(records: list[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    parents: dict[str, str] = {}
    for _, node in records:
        if node.get("instanceType") == "Activity" and _has_id(node):
            children = node.get("childIds")
            for child in children if isinstance(children, list) else ():
                if isinstance(child, str):
                    parents.setdefault(child, node["id"])
    for circle in find_circles(parents):
        shown = " → ".join([*circle, circle[0]])
        yield f"childIds run in a circle ({shown}); take one of these activities out of childIds"


def _is_day(value: object) -> bool:
    number = re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", value) if isinstance(value, str) else None
    return number is not None and abs(float(number[0])) <= MOST_DAYS


def _find_extension_problems(records: list[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    found = (n["id"] for _, n in records if n.get("instanceType") == "Endpoint" and _has_id(n))
    allowed = {PURPOSE_URL: {str(p) for p in Purpose}, ENDPOINT_URL: set(found)}
    places = {str(p) for p in Place}
    for path, node in records:
        if node.get("instanceType") != "ExtensionAttribute":
            continue
        url, value = str(node.get("url")), node.get("valueString")
        where = f"{path}.valueString is {shorten(repr(value))}"
        for key in NEEDED_VALUES.get(url, ()):
            if not isinstance(node.get(key), str):
                yield f"{path} misses the text {key}, which {url} needs; add it"
        if url == OFFSET_URL and not _is_day(value):
            yield f"{where}; give a number of days, at most {MOST_DAYS:,} (100 years) either side"
        is_known = isinstance(value, str) and value in allowed.get(url, ())
        if url == PURPOSE_URL and not is_known:
            yield f"{where}; give one of {sorted(allowed[url])}"
        if url == ENDPOINT_URL and not is_known:
            yield f"{where}, which no endpoint has as its id; name an endpoint"
        if url == PLACES_URL and not (isinstance(value, str) and set(value.split(",")) <= places):
            yield f"{where}; list places among {sorted(places)}, with commas"


def _find_size_problems(node_by_path: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    where = f"{DESIGN}.population.plannedEnrollmentNumber"
    for path in (where, f"{where}.maxValue"):
        value = node_by_path.get(path, {}).get("value")
        if isinstance(value, int | float) and not 0 <= value <= MOST_PATIENTS:
            held = shorten(repr(value))
            yield f"{path}.value is {held}; give a number of patients from 0 to {MOST_PATIENTS:,}"

"""What single FHIR R4 resources say: dates, codings, quantities, and mCODE's observations."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

_Resource = dict[str, Any]
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(T.*)?")
_DATE_KEYS = (
    *("effectiveDateTime", "effectiveInstant", "effectivePeriod"),
    *("performedDateTime", "performedPeriod", "occurrenceDateTime", "occurrencePeriod"),
    *("onsetDateTime", "onsetPeriod", "authoredOn", "recordedDate", "issued"),
)
_UNREAL = frozenset(
    {"entered-in-error", "cancelled", "not-done", "not-taken"}
    | {"draft", "intended", "preparation", "unknown", "registered"}
)
_UNREAL_CONDITIONS = frozenset({"refuted", "entered-in-error", "unconfirmed", "provisional", "differential"})
_PLANS = frozenset({"proposal", "plan"})
_HISTOLOGY = "mcode-histology-morphology-behavior"
_LOINC, _SNOMED, _AJCC = "http://loinc.org", "http://snomed.info/sct", "http://cancerstaging.org"
# LOINC codes of receptor results, and the codes of their answers (LOINC list LL360-9, SNOMED CT).
_MARKERS = {
    "er": frozenset({"16112-5", "85337-4"}),
    "pr": frozenset({"16113-3", "85339-0", "40557-1"}),
    "her2": frozenset({"48676-1", "85319-2", "85318-4", "18474-7"}),
}
_ANSWERS = {
    (_LOINC, "LA6576-8"): "positive",
    (_LOINC, "LA6577-6"): "negative",
    (_SNOMED, "10828004"): "positive",
    (_SNOMED, "260385009"): "negative",
}
_STAGE_CODES = {True: "21908-9", False: "21902-2"}
_STAGE_TYPES = {True: "260998006", False: "261023001"}
"""SNOMED CT: clinical staging, pathological staging."""
_STAGE = re.compile(r"(?:stage\s*)?[cp]?(?P<group>[0-4]|I{1,3}|IV)\s*(?P<sub>[A-D]\d?)?", re.IGNORECASE)
_ROMAN = {"I": "1", "II": "2", "III": "3", "IV": "4"}


def get_dict(node: Any, key: str) -> _Resource:
    """The object under a key, or an empty one."""
    held = node.get(key) if isinstance(node, dict) else None
    return held if isinstance(held, dict) else {}


def get_list(node: Any, key: str) -> list[Any]:
    """The list under a key, or an empty one."""
    held = node.get(key) if isinstance(node, dict) else None
    return held if isinstance(held, list) else []


def get_text(node: Any, key: str) -> str:
    """The text under a key, or ""."""
    held = node.get(key) if isinstance(node, dict) else None
    return held if isinstance(held, str) else ""


def get_codings(node: Any, key: str) -> list[tuple[str, str]]:
    """(system, code) of each distinct coding of a CodeableConcept."""
    codings = get_list(get_dict(node, key), "coding")
    found = ((get_text(coding, "system"), get_text(coding, "code")) for coding in codings)
    return list(dict.fromkeys(held for held in found if held[1]))


def get_quantity(resource: _Resource) -> tuple[float | None, str | None]:
    """The measured number and its unit in UCUM; None where one is not told or not exact."""
    whole = _read_number(resource.get("valueInteger"))
    if whole is not None:
        return whole, ""
    quantity = get_dict(resource, "valueQuantity")
    unit = get_text(quantity, "code") or get_text(quantity, "unit")
    value = None if quantity.get("comparator") else _read_number(quantity.get("value"))
    # UCUM's annotations ("{score}") say nothing about the number.
    return value, (re.sub(r"\{[^}]*\}", "", unit) if unit else None)


def find_date(resource: _Resource) -> date | None:
    """The first day that a resource tells to the day, as written in its own time zone."""
    for key in _DATE_KEYS:
        held = resource.get(key)
        text = get_text(held, "start") if isinstance(held, dict) else held
        found = _DATE.fullmatch(text) if isinstance(text, str) else None
        if found:
            try:
                return date.fromisoformat(found[1])
            except ValueError:
                return None
    return None


def find_subject(resource: _Resource) -> str:
    """The reference to the patient."""
    reference = get_text(get_dict(resource, "subject") or get_dict(resource, "patient"), "reference")
    return re.sub(r"/_history/.*", "", reference)


def is_real(resource: _Resource) -> bool:
    """Whether the resource says that something was so: not refuted, not done, planned or a mistake."""
    verification = {code for _, code in get_codings(resource, "verificationStatus")}
    return not (
        get_text(resource, "status") in _UNREAL
        or verification & _UNREAL_CONDITIONS
        or get_text(resource, "intent") in _PLANS
        or resource.get("doNotPerform") is True
    )


def count_age(birth: str, index: date) -> float | None:
    """Completed years on the index day; None where the birth date is not told to the day."""
    try:
        born = date.fromisoformat(birth) if len(birth) == 10 else None
    except ValueError:
        return None
    if born is None or born > index:
        return None
    return float(index.year - born.year - ((index.month, index.day) < (born.month, born.day)))


def read_performance(resources: Iterable[_Resource], code: str, bounds: tuple[int, int]) -> float | None:
    """The latest performance status of a LOINC code; None where none is told or two differ."""
    found = {
        value if value is not None and bounds[0] <= value <= bounds[1] else None
        for held in _find_latest(resources, frozenset({code}))
        for value, _ in [get_quantity(held)]
    }
    return found.pop() if len(found) == 1 else None


def read_marker(resources: Iterable[_Resource], marker: str) -> str | None:
    """The latest result of a tumour marker; None where it is neither or two differ."""
    found: set[str | None] = set()
    for held in _find_latest(resources, _MARKERS[marker]):
        answers = {_ANSWERS[key] for key in get_codings(held, "valueCodeableConcept") if key in _ANSWERS}
        found.add(answers.pop() if len(answers) == 1 else None)
    return found.pop() if len(found) == 1 else None


def read_histology(condition: _Resource) -> str | None:
    """The code of mCODE's histology-morphology-behavior extension."""
    for extension in get_list(condition, "extension"):
        if get_text(extension, "url").endswith(f"/{_HISTOLOGY}"):
            codes = {code for _, code in get_codings(extension, "valueCodeableConcept")}
            return codes.pop() if len(codes) == 1 else None
    return None


def read_stage(
    resources: Iterable[_Resource], conditions: Iterable[_Resource], *, is_clinical: bool
) -> str | None:
    """The latest stage group ("3A"), from observations, else from the primary cancer itself.

    None where none is told, where two of one day differ or where it is not a stage of 0 to 4.
    """
    latest = _find_latest(resources, frozenset({_STAGE_CODES[is_clinical]}))
    found = {_read_group(held, "valueCodeableConcept") for held in latest}
    if not latest:
        found = {
            _read_group(stage, "summary")
            for condition in conditions
            for stage in get_list(condition, "stage")
            if (_SNOMED, _STAGE_TYPES[is_clinical]) in get_codings(stage, "type")
        }
    return found.pop() if len(found) == 1 else None


def _read_group(node: Any, key: str) -> str | None:
    """The stage group in AJCC's code, else in the text of a coding."""
    codings = get_list(get_dict(node, key), "coding")
    coded = [get_text(held, "code") for held in codings if get_text(held, "system") == _AJCC]
    told = [re.sub(r"\(.*?\)", "", get_text(held, "display")) for held in codings]
    for texts in (coded, told):
        matches = [_STAGE.fullmatch(text.strip()) for text in texts if text.strip()]
        groups = {_spell_group(found) if found else None for found in matches}
        if groups:
            return groups.pop() if len(groups) == 1 else None
    return None


def _spell_group(found: re.Match[str]) -> str:
    group = found["group"].upper()
    return _ROMAN.get(group, group) + (found["sub"] or "").upper()


def _find_latest(resources: Iterable[_Resource], codes: frozenset[str]) -> list[_Resource]:
    """The observations of the last day that have one of the LOINC codes."""
    found = [
        (day, held)
        for held in resources
        if get_text(held, "resourceType") == "Observation"
        and any(system == _LOINC and code in codes for system, code in get_codings(held, "code"))
        and (day := find_date(held)) is not None
    ]
    last = max((day for day, _ in found), default=None)
    return [held for day, held in found if day == last]


def _read_number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e100
    return float(value) if is_number else None

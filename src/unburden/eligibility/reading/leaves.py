"""From a name and its value or time to an expression's leaf; None where a reader would have to guess."""

import math
from dataclasses import replace
from typing import Literal

from unburden.domain.criteria import (
    AllOf,
    AnyOf,
    Between,
    Compare,
    CompareToLimit,
    CountEvents,
    EventSet,
    Expression,
    Not,
    OneOf,
    Unread,
    Window,
)
from unburden.domain.units import DIMENSION_BY_UNIT
from unburden.eligibility.reading.lexicon import Entry
from unburden.eligibility.reading.times import TimePhrase
from unburden.eligibility.reading.values import Value

Absence = Literal["none", "unknown"]
Concentrations = frozenset({"mass concentration", "substance concentration"})
_SAME_MEASURE = (
    Concentrations,
    frozenset({"clearance", "clearance by body surface"}),
    frozenset({"mass concentration", "mass rate", "mass ratio"}),
    frozenset({"enzyme concentration", "copies"}),
    frozenset({"enzyme concentration", "mass concentration", "substance concentration"}),
    frozenset({"substance concentration", "charge concentration"}),
    frozenset({"temperature", "temperature in degrees Fahrenheit"}),
    frozenset({"length", "fraction"}),
)
_ASSUMED = {
    "absolute_neutrophil_count": ((100, 20_000, "/uL"), (0.3, 10, "10*9/L")),
    "platelet_count": ((5_000, 1_000_000, "/uL"), (10, 900, "10*9/L")),
    "white_blood_cell_count": ((500, 100_000, "/uL"),),
    "haemoglobin": ((5, 20, "g/dL"), (50, 200, "g/L")),
    "body_mass_index": ((10, 80, "kg/m2"),),
    "systolic_blood_pressure": ((60, 260, "mm[Hg]"),),
    "diastolic_blood_pressure": ((30, 160, "mm[Hg]"),),
    "heart_rate": ((30, 220, "/min"),),
    "qtc_interval": ((300, 600, "ms"),),
    "left_ventricular_ejection_fraction": ((10, 90, "%"),),
    "cd4_count": ((10, 1_500, "/uL"),),
    "age": ((12, 120, "year"),),
}
"""By concept: numbers that can only be meant in one unit, where a text gives none."""

_FILTRATION = Entry("measurement", "glomerular_filtration_rate", "mL/min/1.73m2", "quantity")
SCALES_WITHOUT_UNIT = ("%", "")
_ROMAN = ("I", "II", "III", "IV", "V")
_ORDER = {"nyha_class": _ROMAN[:4], "asa_class": ("I", "II", "III", "IV", "V"), "disease_stage": _ROMAN[:4]}
_NUMBERED = frozenset({"asa_class", "nyha_class"})


def read_measure(entry: Entry, value: Value) -> Expression | None:
    """The leaf that compares a measure with a value; an `Unread` where its unit is missing or does not fit."""
    match value.shape:
        case "limit":
            return _compare_to_limit(entry, value)
        case "word":
            return _read_word(entry, value.word)
        case "classes":
            return _read_classes(entry, value)
        case "pressure":
            return _read_pressure(value) if entry.concept == "blood_pressure" else None
        case "number" if entry.concept == "egfr" and value.unit.startswith("mL/"):
            # The receptor has no clearance: the estimated filtration rate is meant.
            return _read_number(_FILTRATION, value)
        case "number":
            return _read_number(entry, value)
        case _:
            return None


def _compare_to_limit(entry: Entry, value: Value) -> Expression | None:
    if entry.sort != "quantity" or value.limit is None or value.is_bare:
        return None
    leaves = tuple(CompareToLimit(entry.concept, b.operator, b.number, value.limit) for b in value.bounds)
    return leaves[0] if len(leaves) == 1 else AllOf(leaves)


def _read_word(entry: Entry, word: str) -> Expression | None:
    if word == "normal":
        if entry.sort != "quantity":
            return None
        low, high = (
            CompareToLimit(entry.concept, ">=", 1, "LLN"),
            CompareToLimit(entry.concept, "<=", 1, "ULN"),
        )
        return AllOf((low, high))
    return OneOf(entry.concept, (word,)) if entry.sort == "marker" else None


def _read_classes(entry: Entry, value: Value) -> Expression | None:
    classes = value.classes
    if entry.concept in _NUMBERED and all(c.isdigit() and 1 <= int(c) <= 5 for c in classes):
        classes = tuple(_ROMAN[int(c) - 1] for c in classes)
    if all(c.isdigit() for c in classes):
        numbers = tuple(float(c) for c in classes)
        if value.word == "range":
            return Between(entry.concept, numbers[0], numbers[1]) if numbers[0] < numbers[1] else None
        if value.word:
            return Compare(entry.concept, ">=" if value.word == ">=" else "<=", numbers[0])
        return (
            Compare(entry.concept, "==", numbers[0]) if len(numbers) == 1 else OneOf(entry.concept, numbers)
        )
    order = _ORDER.get(entry.concept, ("A", "B", "C") if entry.concept == "child_pugh_class" else ())
    if not value.word:
        is_known = all(c.rstrip("ABC123") in _ROMAN or c in ("A", "B", "C") for c in classes)
        return OneOf(entry.concept, classes) if is_known and not any(c.isdigit() for c in classes) else None
    if any(c not in order for c in classes):
        return None
    first = order.index(classes[0])
    if value.word == "range":
        last = order.index(classes[1])
        return OneOf(entry.concept, order[first : last + 1]) if first < last else None
    return OneOf(entry.concept, order[first:] if value.word == ">=" else order[: first + 1])


def _read_pressure(value: Value) -> Expression:
    """Both pressures below their limits, or one of them above."""
    systolic, diastolic = value.bounds
    leaves = (
        Compare("systolic_blood_pressure", systolic.operator, systolic.number, "mm[Hg]"),
        Compare("diastolic_blood_pressure", diastolic.operator, diastolic.number, "mm[Hg]"),
    )
    return AnyOf(leaves) if systolic.operator[0] == ">" else AllOf(leaves)


def _read_number(entry: Entry, value: Value) -> Expression | None:
    unit = find_unit_of(entry, value)
    if unit is None:
        return None
    if entry.concept == "child_pugh_class":
        entry = replace(entry, concept="child_pugh_score")
    if entry.concept in _NUMBERED:
        return _read_numbered(entry, value)
    bounds = value.bounds
    if value.is_bare and entry.sort != "scale":
        return None
    if [b.operator for b in bounds] == [">=", "<="]:
        return Between(entry.concept, bounds[0].number, bounds[1].number, unit)
    leaves = tuple(Compare(entry.concept, b.operator, b.number, unit) for b in bounds)
    return leaves[0] if len(leaves) == 1 else AllOf(leaves)


def _read_numbered(entry: Entry, value: Value) -> Expression | None:
    """ "NYHA class >= 3": the Roman classes that fit, as they are recorded."""
    order = _ORDER[entry.concept]
    fits = {">=": 0.0, ">": 0.5, "<=": 0.0, "<": -0.5}
    kept = [
        name
        for number, name in enumerate(order, start=1)
        if all(
            (b.operator == "==" and number == b.number)
            or (b.operator[0] == ">" and number >= b.number + fits[b.operator])
            or (b.operator[0] == "<" and number <= b.number + fits[b.operator])
            for b in value.bounds
        )
    ]
    return OneOf(entry.concept, tuple(kept)) if kept else None


def find_unit_of(entry: Entry, value: Value) -> str | None:
    """The unit of a value of this measure, or None if it is missing or measures something else."""
    if entry.sort in ("scale", "stage"):
        return "" if value.unit in SCALES_WITHOUT_UNIT else None
    if entry.sort == "marker":
        return value.unit if value.unit in ("%", "") and entry.concept == "pd_l1_expression" else None
    standard = "year" if entry.concept == "age" else entry.unit
    if value.unit:
        return value.unit if _is_same_measure(value.unit, standard) else None
    if standard in ("", "1"):
        return "1" if standard == "1" else None
    numbers = [b.number for b in value.bounds]
    for low, high, unit in _ASSUMED.get(entry.concept, ()):
        if all(low <= number <= high for number in numbers):
            return unit
    return None


def _is_same_measure(unit: str, standard: str) -> bool:
    if not standard:
        return True
    found, wanted = DIMENSION_BY_UNIT.get(unit), DIMENSION_BY_UNIT.get(standard)
    if found == wanted:
        return True
    return found is not None and any(found in pair and wanted in pair for pair in _SAME_MEASURE)


def count_events(kind: str, code: str, window: Window | None, absence: Absence) -> CountEvents:
    """At least one event of a concept in a window."""
    return CountEvents(EventSet(kind, (code,)), ">=", 1, window or Window(None, 0.0), absence)


STATES = frozenset(
    {"pregnancy", "breast_feeding", "childbearing_potential", "postmenopausal", "surgically_sterile",
     "measurable_disease", "evaluable_disease", "smoking", "premenopausal"}
)  # fmt: skip
"""Conditions that are asked of the index day alone: a flag of that name, not an event of the past."""

_PASSING = frozenset(
    {"infection", "systemic_infection", "bacterial_infection", "sepsis", "bacteremia", "pneumonia", "fever",
     "urinary_tract_infection", "bleeding", "gastrointestinal_bleeding", "nausea", "vomiting", "diarrhea",
     "constipation", "trauma", "fracture", "bone_fracture", "wound", "pain", "headache", "delirium", "coma",
     "confusion", "dehydration", "neutropenia", "thrombocytopenia", "anaemia", "hypotension", "cardiogenic_shock",
     "shock", "covid_19", "cough", "rash", "skin_rash", "influenza", "hypoglycaemia", "hyperglycemia", "ascites",
     "pleural_effusion", "bowel_obstruction", "hypokalemia", "hyperkalemia", "hyponatremia", "hypomagnesemia",
     "hypercalcaemia", "hypercalcemia", "hypocalcemia", "electrolyte_imbalance", "toxicity", "weight_loss",
     "depression", "anxiety", "suicidal_ideation", "alcohol_abuse", "drug_abuse", "obesity", "jaundice", "dyspnea",
     "tachycardia", "bradycardia", "copd_exacerbation", "vaginal_bleeding", "abnormal_uterine_bleeding", "ulcer"}
)  # fmt: skip
_LASTING_ENDINGS = (
    "ectomy",
    "plasty",
    "transplant",
    "transplantation",
    "ligation",
    "bypass",
    "amputation",
    "graft",
)


def is_passing(kind: str, code: str) -> bool:
    """Whether a bare mention means now rather than ever: what comes and goes, and treatments."""
    if kind in ("drug", "device"):
        return True
    if kind == "procedure":
        return not code.endswith(_LASTING_ENDINGS)
    return (
        code in _PASSING
        or code.startswith("acute_")
        or (code.endswith("_infection") and code != "hiv_infection")
    )


def apply_time(
    kind: str, code: str, time: TimePhrase | None, text: str, absence: Absence
) -> Expression | None:
    """At least one event of a concept at the time that the words say; None where they say no such thing."""
    ever = count_events(kind, code, None, absence)
    if time is None and code in STATES:
        return Compare(code, "==", True)
    if time is None and is_passing(kind, code):
        return AllOf((ever, Unread("now", "no time is said, and it may have passed")))
    if time is None or time.reach == "ever":
        return ever
    words = text[time.start : time.end]
    match time.reach:
        case "window":
            leaf = count_events(kind, code, time.window, absence)
            if not time.other:
                return leaf
            other = AllOf((ever, Unread(time.other, "a limit that no number of days tells")))
            return AnyOf((leaf, other)) if time.other_joins == "any" else AllOf((leaf, other))
        case "now" | "duration" | "unanchored":
            return AllOf((ever, Unread(words, "how long or until when is not read")))
        case "since" if time.other == "since" and time.window is not None and time.window.to_days is not None:
            first = float(math.floor(time.window.to_days) + 1)
            return Not(count_events(kind, code, Window(first, 0.0), absence))
        case _:
            return None

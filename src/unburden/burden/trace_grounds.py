"""Grounds for a cell other than words in common: questions that a kind answers, and guidelines.

Guidelines are quoted for what they say of clinical trials in general; whether one binds a given
trial is for its sponsor to judge, which is why only what is asked of every trial is `high`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from unburden.domain.trace import Confidence


@dataclass(frozen=True, slots=True)
class Ground:
    """A reason that no objective gives: the rule's name, how sure, and the words."""

    rule: str
    confidence: Confidence
    words: str


@dataclass(frozen=True, slots=True)
class Question:
    """What kinds of activity tell of, and the words with which objectives or endpoints ask for it.

    `asks_objectives`: the question is put by objectives; endpoints then name the measures.
    """

    what: str
    kinds: frozenset[str]
    pattern: re.Pattern[str]
    confidence: Confidence
    asks_objectives: bool = False


_CT_REGIONS = (
    "chest, abdomen and pelvis|chest and abdomen|abdomen and pelvis|head and neck"
    "|chest|abdomen|pelvis|head|neck"
)
_SCANS = "bone scan|PET/CT|MRI|tumour assessment|ultrasound|mammography|CT, region not stated"
_IMAGING = frozenset((*_SCANS.split("|"), *(f"CT of {where}" for where in _CT_REGIONS.split("|"))))
_QUESTIONNAIRES = frozenset(("EQ-5D", "EORTC QLQ-C30", "EORTC module", "FACT", "questionnaire", "diary"))
_LABORATORY = frozenset(("hematology", "chemistry", "hematology and chemistry", "urinalysis", "coagulation"))
_HEART = frozenset(("ECG", "triplicate ECG", "ambulatory ECG", "echocardiogram", "MUGA"))
_SAFETY = (
    _LABORATORY
    | _HEART
    | {"adverse events", "vital signs", "physical exam", "concomitant medications", "site inspection"}
    | {"echocardiogram or MUGA", "position before a measurement", "safety sample"}
)

QUESTIONS = (
    Question(
        "progression, response or recurrence",
        _IMAGING,
        re.compile(
            r"progress(?:ion|ed)|\bpfs\b|\b(?:objective|overall|tumor|complete|partial) response"
            r"|response rate|recist|(?:disease|event|metastasis)-free|\b[de]fs\b|relapse|recurren"
        ),
        "medium",
    ),
    Question(
        "survival",
        frozenset(("survival follow-up", "telephone interview")),
        re.compile(r"overall survival|\bos\b|\bdeath|mortality"),
        "medium",
    ),
    Question(
        "how patients feel",
        _QUESTIONNAIRES,
        re.compile(r"quality of life|patient[- ]reported|\bsymptom|questionnaire|health[- ]related"),
        "low",
    ),
    Question("safety", _SAFETY, re.compile(r"\bsafety\b|tolerab|adverse|toxicit"), "low", True),
)
"""By kind of activity, the question that it answers, and the text that puts it."""

CONTINUOUS = frozenset(
    ("adverse events", "concomitant medications", "diary", "survival follow-up", "telephone interview")
)
"""Kinds that cover the time since the visit before: no baseline, so none replaces another."""

SCREENING_KINDS = frozenset(
    ("infection serology", "drug screen", "breath test", "FSH", "Hachinski", "history")
)

DESCRIPTIVE = frozenset(
    ("demographics and history", "demographics", "history", "body measures", "performance status")
)
"""Kinds that describe who joined: demographic and baseline characteristics (ICH E3, 11.2)."""

TREATMENT_KINDS: Mapping[str, Confidence] = {
    "oral drug dispensing": "high",
    "supervised dose": "high",
    "infusion": "medium",
    "injection": "medium",
}

_CUSTOM = "routine safety monitoring; ICH E19 leaves it out only where the safety profile is well known"
_MOTHERS = (
    "keeps unborn children safe: ICH M3(R2) asks for pregnancy testing and contraception of women who can "
    "bear children, before and during treatment"
)
_ROUTINE = Ground("regulation", "low", _CUSTOM)

GROUND_BY_KIND: Mapping[str, Ground] = {
    "informed consent": Ground("consent", "high", "no trial without informed consent (ICH E6)"),
    "inclusion and exclusion criteria": Ground("eligibility", "high", "decides who may join (ICH E6)"),
    "randomisation": Ground("conduct", "high", "enrols, numbers or randomises the patient (ICH E6)"),
    "adverse events": Ground("regulation", "high", "investigators must report adverse events (ICH E6)"),
    "pregnancy test": Ground("regulation", "medium", _MOTHERS),
    "serum pregnancy test": Ground("regulation", "medium", _MOTHERS),
    "contraception": Ground("regulation", "medium", _MOTHERS),
    "safety sample": Ground("regulation", "low", "kept for safety, as its title says"),
    "vital signs": _ROUTINE,
    "physical exam": _ROUTINE,
    "concomitant medications": _ROUTINE,
    **dict.fromkeys(sorted(_LABORATORY), _ROUTINE),
    **dict.fromkeys(("ECG", "triplicate ECG"), _ROUTINE),
}
"""Kinds that every trial needs, that a guideline asks for, or that are safety's routine."""

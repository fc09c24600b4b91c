"""Whether the words of an activity stand in the text of an endpoint, an objective or a criterion."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Strength = Literal["high", "medium", "low"]

STRENGTHS: tuple[Strength, ...] = ("high", "medium", "low")

_SPELLINGS = (
    (r"[\u2010-\u2015\u2212]", "-"),
    (r"\u2019", "'"),
    (r"(?<=[a-z])aem|\bhaem", "hem"),
    (r"oe(?=str|dem|soph)", "e"),
    (r"faec", "fec"),
    (r"tumour", "tumor"),
    (r"(?<=[a-z]{3})is(?=ed\b|ation\b|ing\b|e\b)", "iz"),
    (r"\bcu\b", "copper"),
    (r"\bmo\b(?!-)", "molybdenum"),
    (r"\bethanol\b", "alcohol"),
    (r"\bstools?\b|\bfecal\b", "feces"),
    (r"\burination\b", "urine"),
    (r"\bmeals?\b", "food"),
    (r"\bplasma glucose\b", "pg"),
    (r"\belectrocardiogra(?:m|phy|phic)s?\b", "ecg"),
    (r"\b(?:h(?:a?)emoglobin a1c|glyc(?:osyl)?ated h(?:a?)emoglobin(?: \(a1c\))?|a1c)\b", "hba1c"),
    (r"\bbody mass index\b", "bmi"),
    (r"\bcomputed tomography\b", "ct"),
    (r"\bmagnetic resonance imaging\b", "mri"),
)
"""Spellings, symbols and synonyms that are made one before texts are compared."""

_GENERIC_TEXT = """
a additional administer administration all analyses analysis and area assess assessment at baseline
blood case central change check childbearing childhood clinic clinical collect collection complete
compliance condition confirm control controlled day dispense dose dosing draw drug during each
electronic end evaluate evaluation event exam examination female follow follow-up for from full
general if in index instrument inventory kit lab laboratory left level local male measure
measurement medical medication mg mg/day monitor monitoring month number of on only optional or
other outcome pain panel parameter participant patient placed plasma population potential prior
procedure product profile quaestionnaire questionnaire record removed report required response
result return review right routine safety sample sampling scale scan score screen screening serum
sign signing signs single site specimen status stored study subject survey symptom system test
testing the therapy time to total treatment trial triplicate unit use visit week with women
"""
"""Words that stand in too many titles to say what an activity serves."""

_GENERIC = frozenset(_GENERIC_TEXT.split())

_ENDINGS = (
    ("ations", ""),
    ("ation", ""),
    ("ings", ""),
    ("ing", ""),
    ("ies", "y"),
    ("ical", ""),
    ("ics", ""),
    ("ic", ""),
    ("ias", ""),
    ("ia", ""),
    ("ers", ""),
    ("ors", ""),
    ("ed", ""),
    ("es", ""),
    ("s", ""),
    ("e", ""),
)

_LAB = r"\blaborator|\blab tests?\b"
_LIFE = r"quality of life|health[- ]status|health[- ]related|patient[- ]reported"

KIND_WORDS: Mapping[str, tuple[str, str]] = {
    "adverse events": (r"\badverse (?:event|reaction|effect)|\b(?:te|s)?aes?\b|\btoxicit", r"\bside effect"),
    "vital signs": (r"vital signs?|\bblood pressure|\bheart rate|\bpulse rate", r"\bhypertens|\btemperature"),
    "hematology": (r"\bhematolog|\bblood count", rf"{_LAB}|\bhemoglobin|\bplatelet|\bneutrophil"),
    "chemistry": (
        r"\bchemistry|\bbiochem|\bliver function",
        rf"{_LAB}|\bcreatinine|\bbilirubin|\balt\b|transaminase",
    ),
    "hematology and chemistry": (r"\bhematolog|\bchemistry|\blaborator", r"\bcreatinine|\bhemoglobin"),
    "urinalysis": (r"\burinalys", _LAB),
    "coagulation": (r"\bcoagula|\bprothrombin|\binr\b", _LAB),
    "ECG": (r"\becgs?\b|\bqtc?f?\b", r"\barrhythmi"),
    "triplicate ECG": (r"\becgs?\b|\bqtc?f?\b", r"\barrhythmi"),
    "ambulatory ECG": (r"\bambulatory ecg|\bholter", r"\becgs?\b"),
    "echocardiogram": (r"\bechocardiogra|\blvef\b|ejection fraction", ""),
    "physical exam": (r"\bphysical exam", ""),
    "body measures": (r"\bbody weight|\bweight loss|\bbmi\b|\bwaist", r"\bweight\b"),
    "performance status": (r"\becog\b|\bkarnofsky|performance status", ""),
    "ADAS-Cog": (r"\badas-?\s?cog|alzheimer's disease assessment scale", ""),
    "MMSE": (r"\bmmse\b|\bmini-?mental", ""),
    "NPI-X": (r"\bnpi\b|neuropsychiatric inventory", ""),
    "DAD": (r"\bdad\b|disability assessment for dementia", ""),
    "CIBIC+": (r"\bcibic|interview-?based impression of change", ""),
    "Hachinski": (r"\bhachinski", ""),
    "EORTC QLQ-C30": (r"\bqlq\b|\beortc", _LIFE),
    "EORTC module": (r"\bqlq\b|\beortc", _LIFE),
    "FACT": (r"\bfact-|functional assessment of cancer", _LIFE),
    "EQ-5D": (r"\beq-?5d", _LIFE),
    "HbA1c": (r"\bhba1c", r"\bglyc[a]?emic control"),
    "PK sample": (r"\bpk\b|\bpharmacokinetic|\bauc\b|\bcmax\b", r"\b(?:plasma|serum|drug) concentration"),
    "genetic sample": (r"\bgenotyp|\bpharmacogen", r"\bgenetic"),
    "biomarker sample": (r"\bbiomarker", ""),
    "tumour assessment": (r"\brecist|\btumor (?:assess|response)", ""),
    "survival follow-up": (r"\boverall survival|\bos\b", r"\bdeath|\bmortality"),
    "drug screen": (r"drug screen|drugs? of abuse|\btoxicology", r"\bdrug abuse"),
    "FSH": (r"\bfsh\b|follicle-?stimulating", r"menopaus|childbearing"),
    "pregnancy test": (r"\bpregnancy test|\bhcg\b", r"\bpregnan"),
    "serum pregnancy test": (r"\bpregnancy test|\bhcg\b", r"\bpregnan"),
    "infection serology": (r"\bhiv\b|\bhepatitis|\bsyphilis|\btubercul|\bserolog", ""),
    "breath test": (r"\balcohol (?:breath )?test", r"\balcohol"),
    "history": (r"\bhistory\b", r"\bdiagnos"),
    "demographics": (r"\byears of age|\bage(?:d|s)?\b", ""),
}
"""By kind of activity: words that name it, and broader words that mean it among others."""

_BY_NAME_TEXT = """
adverse events|concomitant medications|vital signs|physical exam|ECG|triplicate ECG|ambulatory ECG
|informed consent|inclusion and exclusion criteria|randomisation|history|demographics
|pregnancy test|serum pregnancy test|contraception|drug screen|FSH|breath test|infection serology
"""
_BY_NAME_ONLY = frozenset(_BY_NAME_TEXT.replace("\n", "").split("|"))
"""Kinds that the words above tell fully: other words of their titles say nothing."""

_TITLE_KINDS = (
    ("drug screen", r"\bdrug (?:screen|test)|drugs? of abuse|toxicolog"),
    ("FSH", r"\bfsh\b|follicle"),
    ("survival follow-up", r"\bsurvival\b"),
    ("contraception", r"contracepti|childbearing potential$"),
    ("inclusion and exclusion criteria", r"\beligib|inclusion|exclusion"),
    ("randomisation", r"\brandomi[sz]"),
    ("safety sample", r"\bretained\b.{0,40}\bsafety\b"),
    ("history", r"(?<!interval )\bhistor"),
    ("demographics", r"\bdemograph"),
)
"""Finer kinds than those of the evidence ledger, told by the title."""


def _cut_ending(word: str) -> str:
    for ending, new in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) + len(new) >= 4:
            return word.removesuffix(ending) + new
    return word


_GENERIC_STEMS = frozenset(_cut_ending(word) for word in _GENERIC)


@dataclass(frozen=True, slots=True)
class Match:
    """Words of an activity found in a text, and how much that says; `is_name` of a name or acronym."""

    strength: Strength
    found: str
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class Naming:
    """How an activity is called: its words (stems), its acronyms, its kind and finer kind."""

    stems: frozenset[str]
    acronyms: frozenset[str]
    kind: str
    label: str


def name_activity(title: str, kind: str) -> Naming:
    """The words that an activity may be recognised by, generic ones left out."""
    plain = normalise(title)
    finer = next((name for name, pattern in _TITLE_KINDS if re.search(pattern, plain)), kind)
    acronyms = frozenset(
        normalise(word)
        for word in re.findall(r"[A-Za-z0-9]+(?:[-/][A-Za-z0-9]+)*\+?", title)
        if _is_acronym(word)
    )
    return Naming(find_stems(plain), acronyms - _GENERIC, finer, title)


def _is_acronym(word: str) -> bool:
    capitals = sum(letter.isupper() for letter in word)
    has_both = any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
    is_shouted = word.isupper() and len(word) > 6 and word.isalpha()
    return len(word) >= 2 and (capitals >= 2 or (capitals >= 1 and has_both)) and not is_shouted


@lru_cache(maxsize=4096)
def normalise(text: str) -> str:
    """Lower case, single spaces, one spelling for what is spelt in several ways."""
    plain = " ".join(text.lower().split())
    for pattern, new in _SPELLINGS:
        plain = re.sub(pattern, new, plain)
    return plain


@lru_cache(maxsize=4096)
def find_stems(plain: str) -> frozenset[str]:
    """The stems of the words of a normalised text that are not generic."""
    stems = (_cut_ending(word) for word in re.findall(r"[a-z][a-z0-9]{2,}", plain) if word not in _GENERIC)
    return frozenset(stem for stem in stems if stem not in _GENERIC_STEMS)


def match_words(naming: Naming, text: str, common: Iterable[str] = ()) -> Match | None:
    """The words of an activity in a text; None where nothing that says anything is found.

    `high`: a name of its kind, its acronym, or every word of its title stands there; `medium`: a
    broader word for its kind, or some words of the title that are its own; `low`: at least two of
    the words that the protocol's title has too (`common`), which one alone says nothing.

    >>> match_words(name_activity("HbA1c", "HbA1c"), "Change in hemoglobin A1C").strength
    'high'
    """
    plain = normalise(text)
    exact, broad = KIND_WORDS.get(naming.kind, ("", ""))
    if exact and (found := re.search(exact, plain)):
        return Match("high", _widen(plain, found.span()), is_name=True)
    for acronym in sorted(naming.acronyms - set(common)):
        if re.search(rf"(?<![a-z0-9]){re.escape(acronym)}(?![a-z0-9])", plain):
            return Match("high", acronym, is_name=True)
    stems = frozenset() if naming.kind in _BY_NAME_ONLY else naming.stems
    by_title = _match_stems(stems, plain, frozenset(map(_cut_ending, common)))
    if broad and (by_title is None or by_title.strength == "low") and (found := re.search(broad, plain)):
        return Match("medium", _widen(plain, found.span()))
    return by_title


def _match_stems(stems: frozenset[str], plain: str, common: frozenset[str]) -> Match | None:
    shared = stems & find_stems(plain)
    own = shared - common
    if not shared or not (own or len(shared) >= 2):
        return None
    there = dict.fromkeys(w for w in re.findall(r"[a-z][a-z0-9]{2,}", plain) if _cut_ending(w) in shared)
    words = ", ".join(there)
    if own:
        return Match("high" if shared == stems else "medium", words)
    return Match("low", words)


def _widen(plain: str, span: tuple[int, int]) -> str:
    """What was found, to the ends of the words that it begins and ends in."""
    start, end = span
    while start > 0 and plain[start - 1].isalnum():
        start -= 1
    while end < len(plain) and plain[end].isalnum():
        end += 1
    return plain[start:end]

"""Criteria that no data answers: consent, willingness, judgement, headings, allowances."""

import re

_REASONS: tuple[tuple[str, str], ...] = (
    ("consent", r"\bconsent(?:ed|ing|s)?\b|\bassent\b|\bicf\b|\bauthori[sz]ation\b|\bhipaa\b|refus(?:e|al|es|ed)\b"),
    (
        "willingness",
        r"\b(?:un)?willing(?:ness)?\b|\bagree(?:s|d|ment|ing)?\b|\bcomply\b|\bcompl(?:iance|iant|ying)\b|\bnon-?complian|\bcooperat(?:e|es|ing|ion)\b|\bun-?cooperative\b|"
        r"\badherence\b|\badhere\b|\breadiness\b|\bintend(?:s|ing)?\b|\bintention\b|\bwish(?:es|ing)?\b|\bcommit(?:ment|ted)\b|\bdesire",
    ),
    (
        "judgement",
        r"\b(?:opinion|judge?ment|discretion|view)\s+of\b|\bin(?:vestigator|vestigators|vestigator's|vestigators')\b|\bjudg(?:ed|e?ment|es)\b|"
        r"\b(?:treating|attending|study)\s+(?:physician|doctor|clinician)|\bphysician's\b|\bopinion\b|\bat the discretion\b|\bdeem(?:s|ed)?\b|"
        r"\bconsidered\s+(?:to be\s+)?(?:un)?(?:suitable|safe|inappropriate|ineligible|unfit)|\bthat\s+(?:would|could|may|might)\b|"
        r"\b(?:would|could|may|might|that)\s+(?:\w+\s+)?(?:interfere|compromise|jeopardi[sz]e|confound|preclude|affect|impair|impact|limit|prevent|increase|pose|place|make|put|render)",
    ),
    (
        "ability",
        r"\b(?:un)?able\s+to\b|\binability\s+to\b|\bability\s+(?:to|of)\b|\bcapab(?:le|ility)\b|\bincapable\b|\bunderstand|\bspeak|\blanguage\b|\bliterate\b|"
        r"\bfluent|\bread and write\b|\bswallow|\btransport|\bcaregiver\b|\bdifficulty\b|\bunlikely\b|\blikely\b",
    ),
    (
        "administrative",
        r"\b(?:participat\w*|enrol\w*|involve\w*|inclu(?:ded|sion))\s+(?:\w+\s+){0,6}?(?:another|other|any|a|an|this|different|the)?\s*(?:\w+\s+){0,4}?(?:clinical\s+|interventional\s+|investigational\s+)*(?:stud(?:y|ies)|trials?|protocol)\b|"
        r"\bemployee|\bstaff\b|\binsur(?:ance|ed)\b|\bprison|\bincarcerat|\bguardian|\blegal(?:ly)?\b|\bsponsor\b|\bresid(?:e|ent|ing|ence)\b|\bgeographic|"
        r"\bavailab(?:le|ility)\b|\bfollow-?up\b|\bsocial security\b|\bcontact\b|\btelephone\b|\barchival\b|\barchived\b|\btissue\s+(?:sample|block|specimen)|\bformalin|\bffpe\b|\bprovide\b|\bproviding\b|\bsubmi(?:t|ssion)\b",
    ),
    ("contraception", r"\bcontracept|\bbirth control\b|\babstinen|\babstain|\bbarrier method|\bsperm donat|\bdonat\w* sperm|\bfather(?:ing)? a child"),
    (
        "allowance",
        r"(?<!not )(?<!not be )\b(?:allowed|permitted|acceptable(?! age)|permissible|allowable|exempt)\b|\bnot\s+(?:be\s+)?(?:excluded|an exclusion|exclusionary|considered)\b|"
        r"\b(?:is|are|be|remain|still)\s+eligible\b|\bmay\s+(?:be\s+|also\s+be\s+)?(?:enrol|particip|includ|receiv|continu|hav)|\bwill\s+(?:also\s+)?(?:be\s+)?(?:enrol|allow|includ|permit)\w*|\bcan\s+(?:be\s+)?(?:enrol|particip|includ)\w*|\bno(?:t)? (?:limit|restriction|applicable|required)\b",
    ),
    (
        "suitability",
        r"\bcandidates?\s+for\b|\bsuitable\b|\bamenable\b|\bappropriate\b|\bunsuitable\b|\bscheduled\s+(?:for|to)\b|\bplan(?:ned|s|ning)?\b|\beligible\s+for\b|\bindicat(?:ed|ion)\b|\brequir\w+\b|\bexpect(?:ed|ation)?\b|\banticipat\w+\b|\bneed(?:s|ed)?\b|\brisk\b",
    ),
    (
        "adequacy",
        r"\b(?:adequate|acceptable|sufficient|good|satisfactory|normal)\s+(?:\w+\s+){0,5}(?:function|reserve|hematopoiesis|functions|status|health|venous access|state)\b|"
        r"\b(?:good|adequate)\s+(?:general\s+)?health\b|\bhealthy\b",
    ),
)  # fmt: skip
_COMPILED = tuple((name, re.compile(pattern)) for name, pattern in _REASONS)
_RECOGNISED = frozenset(
    {"consent", "willingness", "judgement", "ability", "administrative", "contraception", "adequacy"}
)
_ALLOWS_ONLY = re.compile(r"\b(?:unless|except|if|provided|only|but|however|must|within|after)\b|[<>≤≥\d]")
_HEADING = re.compile(
    r"^\W*(?:(?:key|main|major|general|additional|other|specific|the)\s+)*(?:inclusion|exclusion|eligibility)\s+criteria\b[^.]{0,80}$|"
    r"^[^:]{0,200}:\s*$|^\W*(?:other|additional|general|specific)?\s*(?:inclusions?|exclusions?)\s+for\b[^.]{0,60}$|"
    r"^\W*(?:sub-?protocol|cohort|part|arm|phase)\s+\w{1,4}\W*$|^\W*(?:other|additional|general)\s+(?:inclusions?|exclusions?)\W*$|^\W*(?:inclusion|exclusion)\W*$"
)
_RULES = re.compile(
    r"\b(?:are eligible|is eligible|allowed|permitted|acceptable|may|unless|except|provided|if|not|no|without|incompatible|excluding)\b"
)
"""Words by which a line that ends in a colon says more than a heading does."""
_LABORATORY = re.compile(
    r"\bbetween \d|\bage[ds]? (?:of )?\d|\d+ ?(?:years?|%|mg|kg)|[<>≤≥]|\b(?:uln|lln)\b|\bat least \d|\bless than \d|\bwithin \d"
)


def find_reason(folded: str) -> tuple[str, bool] | None:
    """Why a sentence cannot be answered by data, and whether that is all it says; None if no rule says so.

    Words of suitability, risk or allowance only keep the sentence from being read as a plain
    statement: it stays text. The others name a kind of criterion that data never answers.

    >>> find_reason("willing to give written informed consent"), find_reason("brain metastases")
    (('consent', True), None)
    """
    if _HEADING.match(folded) and not _LABORATORY.search(folded) and not _RULES.search(folded):
        return "heading", True
    for name, pattern in _COMPILED:
        if pattern.search(folded):
            if name == "allowance" and not _ALLOWS_ONLY.search(folded):
                return name, True
            return name, name in _RECOGNISED and not _LABORATORY.search(folded)
    return None

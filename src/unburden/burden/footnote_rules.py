"""The ordered table of rules that classify footnotes; the first that meets a text decides.

Every gap is bounded, so that the time taken is linear in the length of a text.
"""

import re
from dataclasses import dataclass
from typing import Literal

from unburden.domain.burden import Grade
from unburden.domain.estimate import Estimate
from unburden.domain.footnotes import NoteKind
from unburden.domain.protocol import Place


@dataclass(frozen=True, slots=True)
class NoteRule:
    """One rule: its pattern, the effect, why, and the number or place that goes with it.

    `activities` matches the titles of the activities that the number may be applied to.
    """

    name: str
    kind: NoteKind
    pattern: re.Pattern[str]
    reason: str
    factor: Estimate | None = None
    place: Place | None = None
    activities: str | None = None

    @property
    def grade(self) -> Grade | Literal[""]:
        """Grade of the number: a share is assumed, a count is written in the protocol itself."""
        if self.factor is None:
            return ""
        return "assumed" if self.factor.sources[0].startswith("assumed:") else "A"


def _share(value: float, low: float, high: float, why: str) -> Estimate:
    return Estimate(value, low, high, "1", (f"assumed:{why}",))


def _times(number: float) -> Estimate:
    return Estimate(number, number, number, "1", ("observed:the footnote's own words",))


def _rule(name: str, kind: NoteKind, pattern: str, reason: str, **more) -> NoteRule:
    return NoteRule(name, kind, re.compile(pattern, re.IGNORECASE), reason, **more)


_WHO = r"(?:patients?|participants?|subjects?|women|those)"
_COUNT = r"(?:other|second|third|fourth|sixth|two|three|four|six|\d{1,2}(?:nd|rd|th)?)"
_MOMENT = (
    r"(?:screening|baseline|enrollment|randomi[sz]ation|days?|d\d|cycles?|c\d|visits?|v\d|periods?|weeks?|et)"
)
_WOMEN = r"pregnan|hcg"
_MENOPAUSE = r"fsh|follic|estradiol|oestradiol|menopaus|lutein"

_POPULATION = (
    _rule(
        "menopause",
        "restricts-population",
        r"\bconfirm[^.]{0,40}menopaus|\bpost-?menopausal only|menopausal status",
        "only women whose menopause is to be confirmed",
        factor=_share(0.15, 0.02, 0.5, "share of women whose menopause is to be confirmed"),
        activities=_MENOPAUSE,
    ),
    _rule(
        "childbearing",
        "restricts-population",
        r"\b(?:women|woman|females?|wocbp)\b[^.]{0,40}\bchild-? ?bearing|\bwocbp\b",
        "only women of childbearing potential",
        factor=_share(0.25, 0.02, 0.8, "share of women of childbearing potential among patients"),
        activities=_WOMEN,
    ),
    _rule(
        "women",
        "restricts-population",
        rf"\b(?:females?|women) (?:{_WHO} )?only\b|\bfor (?:all )?(?:females?|women)\b|\bin (?:females?"
        rf"|women)\b",
        "only women",
        factor=_share(0.5, 0.05, 1.0, "share of women among patients"),
        activities=_WOMEN,
    ),
    _rule(
        "men",
        "restricts-population",
        rf"\b(?:males?|men) (?:{_WHO} )?only\b|\bfor (?:all )?(?:males?|men)\b",
        "only men",
    ),
    _rule(
        "hepatitis",
        "restricts-population",
        r"\b(?:positive|resolved|reactive)\b[^.]{0,50}\b(?:hbv|hcv|hbc|anti-hbc|hepatitis|hiv)",
        "only patients with a positive serology",
        factor=_share(0.05, 0.0, 0.3, "share of patients with a positive viral serology"),
        activities=r"\b(?:dna|rna)\b",
    ),
    _rule(
        "subset",
        "restricts-population",
        r"\bsub-?(?:population|group|set|study|studies)\b|\bsites capable\b|\bselected sites\b",
        "only a part of the patients or sites",
    ),
    _rule(
        "arm",
        "restricts-population",
        r"\b(?:not applicable|only|required) (?:for|to|in) (?:the )?(?:cohorts?|arms?|parts?|group)\b"
        r"|\barm (?:patients |participants )?only\b|\bin part \w only|\bonly (?:the )?(?:experimental"
        r"|control)\b"
        r"|\bcohorts? \w{1,3} only|\b(?:in|for) (?:the )?(?:experimental|control) arm\b",
        "only one arm, cohort or part",
    ),
    _rule(
        "group-only",
        "restricts-population",
        rf"\bfor (?!{_MOMENT}|[\d-]+ ?-?(?:day|week|cycle))[\w/ -]{{1,40}} only\b"
        rf"|\bonly (?:required )?(?:for|in) {_WHO}",
        "only a named group",
    ),
    _rule(
        "patients-with",
        "restricts-population",
        rf"^[^.;]{{0,120}}\b(?:for|in|on|from) (?:the |all |a |any "
        rf"|only )?{_WHO}\b(?! are dosed)[^.;]{{0,25}}"
        r"\b(?:who|with|without|whose|receiving|positive)\b"
        rf"|^[^.;]{{0,120}}\bif (?:a |the |an )?{_WHO} (?:is|are|has|have|had|was"
        rf"|were)\b(?! (?:non[- ]?fast|unable|not able|dosed))"
        rf"|^{_WHO} (?:who|with)\b|\bnot applicable (?:for|to) (?!(?:the )?{_MOMENT})"
        rf"|\bapplies (?:only )?to\b[^.]{{0,30}}\b(?:who|with)\b",
        "only patients with a stated condition",
    ),
    _rule(
        "if-needed",
        "restricts-population",
        r"^(?:only )?(?:if|when|as) (?:clinically |medically )?(?:indicated|needed|necessary|warranted"
        r"|applicable)"
        r"|\bonly (?:if|when|as) (?:clinically|medically|indicated|needed|applicable|positive|abnormal)"
        r"|^if [^.]{1,60}(?:are|is) (?:measured|positive|abnormal)|\bto confirm (?:a )?positive",
        "only patients who need it",
    ),
    _rule(
        "on-event",
        "restricts-population",
        r"^(?:only )?in (?:the event|case) of\b|^upon\b",
        "only patients whom an event befalls",
    ),
    _rule(
        "optional",
        "restricts-population",
        r"^optional\b|\bis optional\b|\bconsent(?:ed|ing)? to (?:optional|the (?:optional|sub))",
        "only patients who agree",
    ),
)

_VISITS = (
    _rule(
        "done-before",
        "restricts-visits",
        r"\b(?:not|need not|no need)\b[^.]{0,30}\b(?:be repeated|repeat|repeated)\b|\bwaived\b"
        r"|\bomitted if\b|\bmay be omitted\b"
        r"|\bif not (?:done|performed|already)|\b(?:can|may) be used (?:as|for)\b"
        r"|\bunless [^.]{0,80}\b(?:within|available|more than)\b"
        r"|\bonly if [^.]{0,80}\b(?:within|more than)\b|\bmay be used;",
        "not if it was done shortly before",
    ),
    _rule(
        "every-kth-cycle",
        "restricts-visits",
        rf"\bevery {_COUNT} (?:treatment )?(?:cycles?|visits?|doses?|infusions?)\b|\b(?:odd|even)-numbered\b",
        "only every k-th of the marked cells",
    ),
    _rule(
        "moment-only",
        "restricts-visits",
        rf"\b{_MOMENT}(?: visits?)?(?: ?-?\d[\d, and-]{{0,40}})? only\b|\bonly (?:be )?(?:\w+ )?(?:at"
        rf"|on|during|in|for|before) (?:the )?{_MOMENT}\b"
        r"|\bcycles? only\b|\bonly (?:to be|occur)\b|\bonly required\b|\bonly (?:performed|collected"
        r"|done) (?:at|on)",
        "only some of the marked visits",
    ),
    _rule(
        "not-then",
        "restricts-visits",
        rf"\bno (?:dosing|sampling|assessment) (?:at|on|in)\b|\bnot (?:required|done|performed"
        rf"|applicable|collected|necessary) (?:at|on|during|for|in|after)\b"
        rf"|\bother than (?:at )?{_MOMENT}|\bdiscontinued \(see|\bhas been discontinued",
        "not at some of the marked visits",
    ),
)

_REPEATS = (
    _rule(
        "triplicate", "repeats", r"\b(?:in )?triplicate\b|\bthree times\b", "three times", factor=_times(3)
    ),
    _rule("duplicate", "repeats", r"\bin duplicate\b|\btwice\b|\btwo times\b", "twice", factor=_times(2)),
    _rule(
        "before-and-after",
        "repeats",
        r"\bpre-?(?:dose|infusion|treatment)? (?:and|&) (?:[\d.]+ ?\w{1,7} )?(?:\w+ )?(?:post|after)"
        r"|\bbefore and (?:\w+ ){0,3}after\b",
        "before and after the dose",
        factor=_times(2),
    ),
    _rule(
        "before-and-later",
        "repeats",
        r"\b(?:pre-?dose|prior to|before)\b[^.]{0,80}\band\b[^.]{0,40}\b(?:after (?:the )?(?:end|start"
        r"|dos|infusion)|post-?dose)",
        "before the dose and at times after it",
    ),
    _rule(
        "several-time-points",
        "repeats",
        r"\b\d+(?:\.\d+)?,[^.]{0,40}\band \d+(?:\.\d+)? ?(?:h|hr|hours?|min|minutes?)\b",
        "at several listed times",
    ),
    _rule(
        "daily",
        "repeats",
        r"\b(?:assess|perform|collect|measur|complet|record|diary)\w*\b[^.]{0,50}(?<!once )\bdaily\b"
        r"|\bevery day\b|\beach day\b",
        "every day",
    ),
    _rule(
        "periodic",
        "repeats",
        rf"\b(?:weekly basis|monthly)\b|\bevery {_COUNT} (?:days|weeks|months|hours|minutes)\b"
        rf"|\b(?:perform|collect|complet|assess)\w* weekly\b"
        r"|\bweekly (?:during|for|until|thereafter|basis)\b|\bevery week\b",
        "again and again by the calendar",
    ),
    _rule(
        "again-later",
        "repeats",
        r"\band via (?:tele)?phone\b|\bextra (?:\w+ ){0,2}sample|\badditional sample collection\b"
        r"|\bat the following time ?points\b",
        "once more than marked",
    ),
)

_PLACES = (
    _rule(
        "telephone",
        "alternative-place",
        r"\b(?:telephone|phone|televisits?|tele-?health|telemedicine|virtual(?:ly)?|remote(?:ly)?|video)\b",
        "may be done from afar",
        place=Place.REMOTE,
    ),
    _rule(
        "home",
        "alternative-place",
        r"\bhome (?:health|visits?|nurs\w+)\b|\bat home\b",
        "may be done at home",
        place=Place.HOME,
    ),
    _rule(
        "local",
        "alternative-place",
        r"\blocal(?:ly)? (?:lab\w*|performed|assessed)\b|\b(?:performed|assessed|analy[sz]ed) locally\b",
        "may be done at a local laboratory",
        place=Place.LOCAL,
    ),
)

_EARLY_NO_EFFECT = (
    _rule(
        "adverse-event-reporting",
        "no-effect",
        r"^[^.]{0,80}\b(?:saes?|aes?|adverse events?)\b[^.]{0,120}\b(?:report|record|collect|monitor"
        r"|document|follow|grad)",
        "when events are reported",
    ),
    _rule(
        "not-printed",
        "not-understood",
        r"\bnot printed\b|\bprinted on\b",
        "the source does not print the note; counted as always done",
    ),
    _rule(
        "record-medication",
        "no-effect",
        r"^(?:concomitant |prior |\W*at baseline, record|medication)[^.]{0,100}\b(?:medication|record"
        r"|includ|used|therap)",
        "what is recorded",
    ),
    _rule(
        "may-be-added",
        "no-effect",
        r"\b(?:may|can) be (?:added|extended|taken)\b|\badditional [^.]{0,60}\b(?:may|allowed)\b"
        r"|\bunscheduled study visits may\b",
        "allows more without asking it",
    ),
    _rule(
        "posture",
        "no-effect",
        r"\b(?:seated|supine|sitting|resting|semi-recumbent)\b[^.]{0,40}\b(?:minutes|position)\b",
        "how it is measured",
    ),
)

_TIMING = (
    _rule(
        "window",
        "timing",
        r"\bwithin (?:the )?(?:\d|±|\+|one|two|three)|(?:±|\+/-) ?\d|\bwindows?\b|[≤<≥] ?\d+ (?:days"
        r"|hours|weeks|minutes)|\bno(?:t)? (?:more|later) than\b|\bwithin \w+ (?:days|weeks|hours)",
        "within a window",
    ),
    _rule("fasting", "timing", r"\bfast(?:ed|ing|s)?\b|\b(?:high-fat|rich) meal\b", "fasting or a meal"),
    _rule(
        "around-dose",
        "timing",
        r"\b(?:pre|post)-?(?:dose|dosing|infusion|treatment|dialysis|hd)\b|\bpre hd\b"
        r"|\b(?:prior to|before|after|following|relative to) (?:the |each |every |any |initiating "
        r"|signing |start of |completion of |first |last |end of |study |administration |initiation )*"
        r"(?:dos\w+|infusion|administration|treatment|randomi[sz]ation|injection|imp|drug|intervention"
        r"|transfusion|any|heparin|hemodialysis|screening|day|cycle|consent|procedures?|sampling"
        r"|d -?\d+|first|start)",
        "before or after a dose or another step",
    ),
    _rule(
        "time-point",
        "timing",
        r"\b(?:sda|eoi|dose|time) ?\+ ?\d|\btime ?points?\b|\b(?:collection|sampling"
        r"|specified) times?\b|\bsame (?:time|day)\b|\bas (?:close|soon)\b|\bdelayed\b|\bany time\b"
        r"|\border of the procedures?\b|\bat least \d+ (?:hours|minutes|days|weeks)\b|\bprior to\b"
        r"|\b\d+(?:-| )hour\b|\bmust precede\b",
        "at a time",
    ),
)

_NO_EFFECT = (
    _rule(
        "content",
        "no-effect",
        r"\b(?:includ\w+|consists?|comprises?|contains?|measur\w+|parameters?|evaluat\w+ of)\b",
        "what it contains",
    ),
    _rule(
        "definition",
        "no-effect",
        r"\b(?:defined as|is defined|refers? to|means|is \d+ days)\b|^\w[\w /-]{2,30}:",
        "a definition",
    ),
    _rule(
        "recording",
        "no-effect",
        r"\b(?:record\w*|document\w*|collected|register|reported|captured)\b",
        "what is recorded",
    ),
    _rule(
        "reference",
        "no-effect",
        r"\b(?:see|refer to|described in|outlined in|according to|per) (?:also )?(?:section|appendix"
        r"|table|the|protocol|local|recist|study)\b|\b(?:section|appendix|table) \d",
        "a cross reference",
    ),
    _rule(
        "conduct",
        "no-effect",
        r"\b(?:performed by|physical exam\w*|discretion|tests?|samples?|signs?|administered|discharged"
        r"|instructions|explained|single|informed consent|shoes|history|therapies|pressure|cohort"
        r"|schedule applies|randomi[sz]ed)\b",
        "how or by whom it is done",
    ),
)

RULES: tuple[NoteRule, ...] = (
    _EARLY_NO_EFFECT[:2]
    + _POPULATION
    + _VISITS
    + _REPEATS
    + _PLACES
    + _EARLY_NO_EFFECT[2:]
    + _TIMING
    + _NO_EFFECT
)
"""Population, then visits and repeats, place, timing, no effect; reporting of adverse events first."""

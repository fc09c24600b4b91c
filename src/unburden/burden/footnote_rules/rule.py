"""One rule for footnotes, and the words that rules of several effects share.

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

    The rule meets a sentence that holds its pattern and nothing of `unless`; a sentence about what is
    reported it meets only if it `reads_reports`. `activities` matches the titles of the activities that the
    number may be applied to. A group `nth` in the pattern holds the n of "every n-th cycle".
    """

    name: str
    kind: NoteKind
    pattern: re.Pattern[str]
    reason: str
    unless: re.Pattern[str] | None = None
    reads_reports: bool = False
    factor: Estimate | None = None
    place: Place | None = None
    activities: str | None = None

    def find(self, sentence: str, is_report: bool) -> re.Match[str] | None:
        """Where the rule meets a sentence; None if it does not."""
        if is_report and not self.reads_reports:
            return None
        found = self.pattern.search(sentence)
        if found and self.unless and self.unless.search(sentence):
            return None
        return found


def grade_factor(factor: Estimate | None) -> Grade | Literal[""]:
    """Grade of a rule's number: a share of patients is assumed, a count stands in the protocol itself."""
    if factor is None:
        return ""
    return "assumed" if factor.sources[0].startswith("assumed:") else "A"


def make_rule(name: str, kind: NoteKind, pattern: str, reason: str, unless: str = "", **more) -> NoteRule:
    """A rule whose patterns ignore case."""
    exception = re.compile(unless, re.IGNORECASE) if unless else None
    return NoteRule(name, kind, re.compile(pattern, re.IGNORECASE), reason, exception, **more)


def make_share(value: float, low: float, high: float, why: str) -> Estimate:
    """An assumed share of patients."""
    return Estimate(value, low, high, "1", (f"assumed:{why}",))


def make_count(number: float) -> Estimate:
    """A number that the footnote itself gives."""
    return Estimate(number, number, number, "1", ("observed:the footnote's own words",))


WHO = (
    r"(?:patients?|participants?|subjects?|women|females?|men|males?|those|individuals|volunteers|adults"
    r"|children|adolescents|infants|anyone|persons?|people)"
)
"""Words for the people in a trial."""

MOMENT = (
    r"(?:(?:the )?(?:screening|baseline|enrol+ment|randomi[sz]ation|check-?in|admission|discharge|days?"
    r"|d ?-?\d"
    r"|cycles?|c\d|visits?|v ?\d|periods?|weeks?|wk|months?|hours?|et|etv|eot|eos|end[ -]of|early termination"
    r"|final|last|first|(?:safety |post-treatment |survival )?follow-?up|time ?points?|subsequent|other"
    r"|all other"
    r"|run-in|wash-?out|induction|maintenance|treatment (?:phase|period|visits?)|site visits?))"
)
"""Words that name a time of the schedule."""

PROCEDURE = (
    r"(?:tests?|testing|samples?|sampling|assessments?|measurements?|visits?|evaluations?|collections?|scans?"
    r"|imaging|procedures?|time ?-?points?|ecgs?|electrocardiograms?|infusions?|examinations?|exams?"
    r"|cultures?"
    r"|follow-?up|monitoring|biops(?:y|ies)|draws?|bloods?|x-?rays?|questionnaires?|contacts?|calls?"
    r"|analys[ei]s"
    r"|swabs?|panels?|readings?|mri|ct|echocardiograms?|urinalys[ei]s)"
)
"""Words for what is done at a visit."""

DONE = (
    r"(?:perform|collect|obtain|requir|done|taken|measur|draw|conduct|assess|undergo|test|sampl|need"
    r"|administer"
    r"|giv|complet|evaluat|repeat|record|monitor|carried out|scan|image|biops)"
)
"""Stems of verbs for doing a procedure."""

MORE = (
    r"(?<!no )\b(?:additional|extra|unscheduled|supplement(?:al|ary)|further|repeat) (?!information"
    r"|details?\b|consent)(?:[\w/.-]{1,20} ){0,4}?"
    + PROCEDURE
    + r"\b|\bmore (?:often|frequent(?:ly)?)\b|\bincreased frequency\b"
    r"|\b(?:may|can|will|should|must|is to|are to|to) be (?:repeated|added|re-?(?:tested|consented"
    r"|sampled|drawn"
    r"|assessed|measured|scanned))\b(?<!need to be repeated)(?<!have to be repeated)"
    r"|\b(?:a (?:second|third)|another) (?:\w{1,15} )?(?:one|readings?|measurements?|samples?|tests?|ecg"
    r"|swab|assessment)\b"
    r"|(?<!not )(?<!be )\brepeat(?:ed)? (?:if|when|as|until|every|at|on|in|after|within|the|this)\b"
    r"|\bat (?:any|other|other/any|any other) ?times?(?: ?points?)?,? (?:[\w']{1,15} ){0,3}(?:at|per|if"
    r"|as|when)\b"
    r"|^in addition,"
    r"|\b(?:and|or|also|plus|then|thereafter|otherwise|other times?(?: ?points?)?)(?: also| then"
    r"| thereafter| otherwise)?,? (?:only )?(?:as|when|if|whenever|where|per|at) (?:the )?(?:it is )?"
    r"(?:clinically|medically|needed|indicated|necessary|warranted|required|dictated|investigator|discretion"
    r"|physician)"
    r"|\b(?:two|three|four|\d) (?:more|further|additional|extra) \w{3,20}\b|\b(?:more|further|extra"
    r"|additional) "
    r"(?:\w{1,15} )?" + PROCEDURE + r"\b.{0,20}\b(?:may|can|could)\b"
    r"|\b(?:also|additionally) (?:be )?(?:needed|required|done|performed|taken)\b"
    r"|\b(?:may|can|could) (?:order|request|do|make|take|ask for|perform|arrange) (?:more|further|extra"
    r"|additional)\b"
    r"|\badditionally,? (?:when|if|at|after)|\b(?:is|are|be) re-?(?:checked|drawn|done|taken|sampled"
    r"|scanned|tested|measured|assessed|made)(?: \w{1,12}){0,2} (?:if|when|within|at|on|once)\b|\b(?:is|are"
    r"|be) re-?checked\b|\b(?:24[ -]hour|second|confirmatory|formal"
    r"|quantitative)\b.{0,60}\b(?:in the event of"
    r"|in case of|if|when|after)\b.{0,60}(?:\b(?:positive|abnormal|reactive|elevated|protein\w*|dipstick)\b"
    r"|[≥>] ?[\d±+])"
    r"|\b(?:positive|abnormal|elevated|reactive)\b.{0,60}\bconfirm\w*|\bconfirm\w* (?:by|with"
    r"|using) (?:a |an )?"
    r"(?:serum|blood|second|repeat)\b"
    r"|\balso be (?:perform|collect|obtain|done|taken|measur|conduct)\w*\b.{0,60}\b(?:with|if|when|in)\b"
)
"""Words that ask for more than the marks; a condition beside them does not restrict the marks."""

AFAR = r"\b(?:telephone|phone|tele-?visits?|tele-?health|telemedicine|virtual|remote|home|video)"
"""Words for a place other than the site."""

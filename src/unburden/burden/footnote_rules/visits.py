"""Rules for footnotes that take a procedure away from some of its marked times."""

from unburden.burden.footnote_rules.population import LATER
from unburden.burden.footnote_rules.rule import AFAR, DONE, MOMENT, MORE, PROCEDURE, WHO, make_rule

_NTH = r"(?:other|second|third|fourth|fifth|sixth|two|three|four|five|six|\d{1,2}(?:nd|rd|th)?)"
_DAILY = r"\bdaily\b|\btwice\b|\bevery (?:\w{1,8} )?(?:day|week|month|hour)"
_DONE_BY = (
    r"(?:done|performed|obtained|collected|taken|available|conducted|completed|drawn|assessed|acquired)"
)
_NEED = (
    r"(?:required|needed|necessary|applicable|mandatory|done|performed|collected|conducted|obtained"
    r"|assessed|measured|recorded|administered|taken|drawn|given|repeated)"
)
_HAPPENS = (
    r"(?:positive|abnormal|suspici|suspect|symptom|signs?\b|occur|develop|evidence|elevat|trigger|measured"
    r"|scheduled|indicated|progress|present|detect|experienc|worsen|fever|reaction|event|discontinu|withdr"
    r"|terminat|stop|relaps|diagnos|toxicit|increase|decrease|exceed|infection|bleed|proteinuria"
    r"|hypersens|grade|appear|inconclusive|equivocal|unclear|out of range|unwell|too ill"
    r"|held|missed|clinical sign|injur|rash|pregnan|side effect|confirmed|absent|normal)"
)
_NEEDED = (
    r"(?:indicated|needed|necessary|warranted|required|applicable|appropriate|feasible|possible"
    r"|relevant|suspected)"
)

_BEFORE = (
    make_rule(
        "done-before",
        "restricts-visits",
        r"\b(?:not|need not|no need|without)\b.{0,30}\b(?:be repeated|repeat|repeated|repeating|redone"
        r"|re-?do|done again|re-?drawn|re-?taken)\b"
        rf"|\bunless (?:it|they|this|these|one|the \w{{1,15}}) (?:was|were|has been|have been|is|are) "
        rf"(?:carried out|made|{_DONE_BY})"
        r"|\b(?:not|no) need (?:to|for)\b(?!.{0,12}\bfast)|\bneed not\b(?!.{0,12}\bfast)|\bnot need a\b"
        rf"|\bif (?:it |they |this )?(?:was |were |has |have |is )?not (?:been )?(?:already |yet "
        rf"|previously )?{_DONE_BY}"
        rf"|\b(?:unless|except if|except when)\b.{{0,80}}\b(?:within|{_DONE_BY}|more than)\b"
        r"|\bonly if\b.{0,80}\b(?:within|more than|not)\b"
        rf"|\bnot {_NEED}\b.{{0,40}}\b(?:if|when|where|unless|provided)\b"
        rf"|\bif (?:\w{{1,15}} ){{0,6}}{_DONE_BY}\b.{{0,80}}\bnot (?:be )?(?:required|needed|necessary)",
        "not if it was done shortly before",
        unless=r"\bnot (?:be )?(?:captured|reported)\b|\bno vas\b",
    ),
    make_rule(
        "earlier-result",
        "restricts-visits",
        rf"\b(?:{_DONE_BY}|standard[ -]of[ -]care|routine|routinely|historical|prior|previous|earlier"
        rf"|existing"
        r"|archival|archived|screening)\b.{0,140}\b(?:may|can|could|will) (?:also )?(?:be (?:used"
        r"|accepted|considered)"
        r"|serve|substitute|replace|count)\b(?! (?:only )?(?:to treat|during))"
        r"|\b(?:results?|documentation) (?:\w{1,12} ){0,4}suffic\w+|\b(?:may|can"
        r"|could|will) serve as\b|\b(?:used|accepted) (?:in place of|instead"
        r"|as (?:the )?(?:baseline|screening|cycle))",
        "an earlier result may stand for it",
        unless=r"\b(?:slides|block)\b|\bmay be used for (?:exploratory|future)"
        r"|\bhome health visits will be used",
    ),
    make_rule(
        "left-out",
        "restricts-visits",
        r"\b(?:may|can|will|should|could|be) (?:be )?(?:omitted|skipped|waived|withheld|cancel+ed"
        r"|dropped|exempted)\b"
        r"|\b(?:is|are|was|were) (?:then )?(?:omitted|skipped|waived|left out|cancel+ed)\b"
        r"|\b(?:may|can|could|should) (?:be left out|replace|also replace)\b|\bare done once\b"
        r"|\b(?:can|may|will|should) (?:then )?(?:cease|stop|end)\b|\bunless (?:medically "
        r"|clinically )?contra-?indicated\b"
        r"|^(?:skip|omit|drop|waive)\b|\bomit(?:ted)? (?:if|when|at)\b|\bskip(?:ped)? (?:if|when|at)\b"
        r"|\bexempt from\b",
        "it may be left out",
    ),
    make_rule(
        "no-longer",
        "restricts-visits",
        rf"\bno longer (?:be )?(?:{_NEED}|take place|held|made|asked|offered)\b"
        r"|\b(?:collection|assessment"
        r"|sampling"
        rf"|program|{PROCEDURE})\b.{{0,60}}\b(?:was|were|has been|have been|is|are) (?:discontinued"
        rf"|stopped|ended)\b"
        r"|\b(?:done|performed|collected|continued?|assessed|measured|tested) (?:\w{1,12} ){0,3}(?:until"
        r"|up to|through) (?:the )?(?:cycle|week|visit"
        r"|month) \d"
        rf"|\bnot (?:be )?{_NEED}(?: for \w{{1,12}}(?: \w{{1,12}})?)? after\b|\bstop(?:s|ped)? (?:after|at)\b"
        rf"|\b(?:ends?|discontinued?|dropped|ceases?|stops?|stopped|conclud\w+|finish\w*) (?:after|at|with"
        rf"|from|by) "
        rf"(?:the )?(?:first |second |third )?(?:week|month|cycle|visit|day|year|dose|period)\b"
        rf"|\b(?:stops?|stopped|ends?|ceases?|discontinued) (?:once|when|as soon as|if|for {WHO})\b"
        rf"|\binstead of (?:at )?(?:each|every)\b"
        rf"|\b(?:and|but) (?:not|no longer|none) (?:thereafter|afterwards|after that|later|beyond)\b"
        rf"|\bnot (?:be )?(?:{_NEED} )?(?:thereafter|afterwards|beyond)\b",
        "not any more after some time",
        unless=r"\binfusion is stopped\b|\b(?:s?aes?|adverse events?|medications?)\b",
    ),
    make_rule(
        "until-event",
        "restricts-visits",
        r"\b(?:until|up to|through) (?:the )?(?:time of )?(?:first |confirmed |documented |radiographic "
        r"|radiological "
        r"|objective |disease |tumou?r )*(?:progress|pd\b|relapse|recurrence|resolution|recover"
        r"|normali[sz]|titer"
        r"|death|response|remission|stabili[sz]|negative|return)"
        r"|\b(?:until|once|up to)\b.{0,60}\b(?:returns? to|recovers?|resolves?|normali[sz]es?"
        r"|is negative|stabili[sz]es?)\b",
        "only until something happens",
        unless=r"\b(?:s?aes?|adverse events?|events?|reported)\b.{0,60}\buntil\b|\bdiet\b",
    ),
)

_SOME = (
    make_rule(
        "every-kth",
        "restricts-visits",
        rf"\bevery (?P<nth>{_NTH}) (?:treatment |dosing |scheduled |study )?(?:cycles?|visits?|doses?"
        rf"|infusions?)\b"
        r"|\balternat(?:e|ing) (?:treatment )?(?:cycles?|visits?|doses?)\b"
        r"|\b(?:odd|even)[ -](?:numbered )?(?:cycles?|visits?|numbered)\b",
        "only every k-th of the marked cells",
    ),
    make_rule(
        "moment-only",
        "restricts-visits",
        rf"\b(?:limited|restricted|confined) to (?:the )?(?:\w{{1,12}} )?{MOMENT}\b"
        rf"|\bonce (?:per|for each|in each|during the|in the) (?:patient|participant|subject|study|trial"
        rf"|whole)\b|\b(?:drawn|done"
        rf"|performed|collected|taken|measured|obtained) (?:just |only )?once\b(?! (?:a|per|every|each|the"
        rf"|daily|weekly"
        rf"|at each))|\bwhichever of\b"
        rf"|^(?:during|at|in|on|for) (?:the )?[\w ,-]{{0,40}}\b(?:phase|period|stage|part|visits?|weeks?"
        rf"|course|cycles?|stay)"
        rf" only\b|\b(?:solely|exclusively|just) (?:at|on|during|in|for) (?:the )?{MOMENT}"
        rf"|^only (?:the )?{MOMENT}|\bend of (?:\w{{1,12}} )?\w{{1,12}} only\b"
        rf"|\b(?:first|last|two|three|four|\d) (?:cycles?|visits?|weeks?|months?|doses?|years?|days?"
        rf"|periods?) only\b"
        rf"|\b{MOMENT}(?: visits?)?(?: ?-?\d[\d, ()±-]{{0,40}}(?:(?:and|or|&) )?-?[\d]{{0,4}})? only\b"
        rf"|\b(?:screening|baseline|cycles?|visits?|days?|periods?|eoi|eot|dose|once|one time|(?:day"
        rf"|cycle|week|visit|period|month) "
        rf"-?\d{{1,3}}|[cvdw]\d{{1,3}}(?:d\d{{1,2}})?)\)? only\b"
        rf"|\bonly (?:be )?(?:\w{{1,15}} ){{0,2}}(?:at|on|during|in|for"
        rf"|prior to randomi\w+ at) (?:the )?(?:study )?{MOMENT}"
        rf"|\bonly (?:at|on|during) (?:\w{{1,15}} ){{1,4}}(?:days?|visits?|cycles?)\b"
        r"|\bonly (?:\w{1,12} )?once\b|\bonly occur\b|\bonly one (?:time|sample|visit)\b|\bonly needed\b"
        rf"|\bonly (?:{PROCEDURE} )?(?:to be )?(?:performed|collected|done|conducted|obtained|required"
        rf"|assessed) (?:at|on"
        rf"|during|in|to include)\b",
        "only some of the marked visits",
        unless=rf"{MORE}|\blocal laborator(?:y|ies) only\b",
    ),
    make_rule(
        "not-then",
        "restricts-visits",
        rf"\bno (?:\w{{1,15}} )?(?:dosing|sampling|dose|drug|treatment|{PROCEDURE})(?: (?:is|are"
        rf"|will be))?(?: \w{{1,12}})? (?:at|on"
        rf"|in|during|for|after) (?:the )?{MOMENT}"
        rf"|\bnot (?:be )?{_NEED} (?:at|on|during|for|in|after|before|prior to) (?:the )?{MOMENT}"
        rf"|\bexcept (?:at|on|for|during|in)? ?(?:the )?{MOMENT}|\b(?:other than|excluding) (?:at "
        rf"|on )?{MOMENT}"
        rf"|\bnot (?:at|on|during) (?:the )?{MOMENT}|\bnot applicable (?:at|on|during|for|to) {MOMENT}"
        rf"|\bnot (?:be )?{_NEED} (?:during|while|when|in) (?:an?|the) (?!same|case|e?crf)"
        rf"|^not {_NEED} (?:at|on|during|for|in|after)",
        "not at some of the marked visits",
        unless=r"\bfast(?:ed|ing)?\b|\bwithin ±|± ?\d|\bdeviation\b|\bwindows?\b",
    ),
    make_rule(
        "optional-visit",
        "restricts-visits",
        rf"\bvisits? (?:is|are) (?:considered )?optional\b|\boptional (?:visits?\b|(?:at|on|during|for"
        rf"|after|before|from) (?:the )?"
        rf"{MOMENT})|^[vcdw]\d{{1,3}}\b.{{0,50}}\boptional\b|^{MOMENT}.{{0,40}}\boptional\b",
        "left to choice at some visits",
        unless=r"\b(?:biops|genetic|consent)\w*",
    ),
    make_rule(
        "not-if",
        "restricts-visits",
        rf"\bno(?:t)? .{{0,40}}\b(?:{_NEED}|assessment)\b.{{0,20}}\b(?:if|when|unless)\b"
        rf"|\bif\b.{{1,120}}\b(?:not be|no|not) (?:\w{{1,15}} ){{0,3}}{_NEED}\b",
        "not if something holds",
        unless=rf"\bfast(?:ed|ing)?\b|\bdeviation\b|\bif not\b|{AFAR}.{{0,10}} visits? (?:will|may|can)",
    ),
)

_CONDITION = (
    make_rule(
        "if-needed",
        "restricts-visits",
        rf"\b(?:if|when|as|where|unless|only as|whenever) (?:deemed |considered |judged |it is "
        rf"|this is )?(?:(?:clinically|medically"
        rf"|routinely|otherwise) )?{_NEEDED}\b(?! (?:by|per|under|in|at|for each))"
        r"|\bif (?:clinically|medically)\b|\bif deemed\b|\bif requested\b",
        "only if it is needed",
        unless=rf"{MORE}|\(if applicable\)|\b(?:soon|close\w*|often|much) as (?:possible|feasible)"
        rf"|\bwhenever possible\b"
        rf"|\bwhere (?:possible|applicable)\b|\b(?:if|when) (?:possible|feasible)\b|\bif appropriate\b"
        rf"|{AFAR}",
    ),
    make_rule(
        "discretion",
        "restricts-visits",
        r"\bdiscretion\b|\b(?:based on|in"
        r"|per) (?:the )?(?:\w{1,15}'?s? )?(?:\w{1,10} )?(?:clinical )?(?:judge?ment)\b|\bjudge?ment of"
        r"|\bif the (?:investigator|physician|treating)\b|\b(?:investigator|physician|doctor)s? (?:may "
        r"|will |can )?decides?\b"
        rf"|^(?:strongly )?recommended\b|\b{PROCEDURE} (?:is|are) (?:strongly )?recommended\b(?! (?:that"
        rf"|to))",
        "only if the investigator sees fit",
        unless=rf"{MORE}|\b(?:remain|stay|extend|discharge|re-?admi|decision|allowed"
        rf"|according to local label|per the investigator)\w*",
    ),
    make_rule(
        "on-event",
        "restricts-visits",
        rf"\b(?:in the event of|in case of|at the onset of|following the onset"
        rf"|upon .{{0,30}}{_HAPPENS}\w{{0,10}})\b(?=.{{0,150}}\b{DONE})"
        rf"|\b{DONE}\w{{0,8}}\b.{{0,80}}\b(?:in the event (?:of|that)|in case of)\b"
        rf"|(?:\b(?:if|when|once)\b|^should\b).{{0,60}}\b{_HAPPENS}\w{{0,8}}\b.{{0,120}}\b{DONE}"
        rf"|\b(?:{DONE}\w{{0,8}}|mri|ct|indicated)\b.{{0,80}}\b(?:if|when|only after"
        rf"|unless)\b.{{0,60}}\b{_HAPPENS}"
        rf"|^(?:only )?(?:if|when|in (?:the event|case)|in those)\b.{{0,60}}\b{_HAPPENS}\w{{0,10}}\W?$"
        rf"|^should (?:an? |any |the )?(?:\w{{1,15}} ){{1,4}}(?:appear|occur|develop|arise|experience"
        rf"|become|be)\b"
        rf"|\b{DONE}\w{{0,8}}\b.{{0,40}}\b(?:in the event|in (?:the )?case) (?:of|that)\b"
        rf"|\b(?:in the event|in (?:the )?case) (?:of|that)\b.{{0,80}}\b{DONE}"
        rf"|\b(?:if|when|where|whenever)\b (?:there (?:is|are)|(?:the |a |an )?(?:\w{{1,15}} )?(?:\w{{1,15}} "
        rf")?(?:is|are|was|were)) (?:\w{{1,12}} )?{_HAPPENS}"
        rf"|\b(?:if|when|whenever|where) (?:\w{{1,15}} ){{0,3}}(?:signs?|symptoms?|findings?)\b"
        rf"|\b(?:biops\w+|{PROCEDURE}) (?:at|on|upon|after|to confirm) (?:the )?(?:time of )?(?:first "
        rf"|suspected "
        rf"|confirmed |disease |complete |partial )*(?:progression|relapse|recurrence|response|remission)\b"
        rf"|\bto confirm (?:a |the )?(?:complete |partial |suspected |first )?(?:response|remission"
        rf"|progression"
        rf"|relapse|recurrence)\b"
        rf"|\b{PROCEDURE}\b.{{0,60}}\b(?:if|when|only after|in case"
        rf"|for)\b.{{0,40}}\b{_HAPPENS}\w{{0,10}}\W?$",
        "only if something happens",
        unless=rf"{MORE}|{AFAR}|\bdelayed to\b|\bfast(?:ed|ing)?\b|\btime ?points? .{{0,40}}order"
        rf"|\bcontra-?indicated\b"
        rf"|\b(?:when|once|after|as soon as)\b.{{0,50}}\b(?:reach|fall|drop|rise)\w*\b.{{0,90}}\b(?:stopped"
        rf"|started"
        rf"|begun|ended|given|administered)\b"
        r"|\border\b|\bcontact (?:the|an) (?:investigator|site)\b|\bask\w* .{0,40}\bif\b|\bretained\b"
        r"|\bstored\b|\b(?:sent|told|informed|notified|called)\b|\brecommended\b|\bcorrected according\b"
        r"|\brescheduled\b|\bdefined (?:by|as)\b"
        r"|\btiming of\b|\bmay not be required\b",
    ),
    make_rule(
        "who-later",
        "restricts-visits",
        rf"\b{WHO}\b.{{0,50}}\b(?:who|that|whose)(?: \w{{1,10}}){{0,3}}? {LATER}"
        rf"|\b{WHO} (?:with|having|in) (?:an? )?(?:\w{{1,12}} )?(?:stable|progressive|residual) disease\b"
        rf"|\b{WHO} (?:with|having|in) (?:a |an |at least a )?(?:complete|partial|confirmed|ongoing|objective"
        rf"|documented) (?:\w{{1,12}} )?(?:response|remission|progression)\b"
        rf"|\b{WHO} (?:achiev|stopp|enter(?!ing (?:the )?(?:study|trial|screening))|cross|switch|fail"
        rf"|relaps|respond|leav|proceed|continu|reach|terminat"
        rf"|start|restart|resum|miss)\w*ing\b"
        rf"|\b{WHO} (?:with|without) (?:disease |confirmed )?(?:progress|relaps|recurren|toxicit)"
        rf"|\b{WHO} (?:still|no longer|not yet|remaining) (?:on|in|at|under"
        rf"|receiving|taking)\b"
        rf"|\b{WHO} (?:completing|discontinued|withdrawn|hospitali[sz]ed|discontinuing|withdrawing|found"
        rf"|experiencing|developing|progressing|remaining)\b"
        r"|\b(?:applies|applicable|apply|only|for|in) (?:\w{1,12} ){0,3}(?:non-?)?responders\b"
        r"|\bnot applicable.{0,20}respon"
        rf"|\b(?:if|when|should) (?:a |the |an |any )?(?:\w{{1,12}} )?{WHO} (?:\w{{1,12}} )?(?:withdr"
        rf"|discontinu|stop|terminat"
        r"|drop|relaps|progress|complet)"
        rf"|\b(?:if|when) (?:the |a |an )?(?:dose|drug|treatment|infusion|dosing|visit) (?:is|was|has been) "
        rf"(?:held|missed|withheld|stopped|discontinued|not given).{{0,60}}\bnot\b",
        "only patients whom something befalls later",
        unless=rf"{MORE}|{_DAILY}|{AFAR}|^note: for .{{0,80}}±"
        rf"|\bwho have been discharged\b.{{0,60}}\bwithin\b|\btiming of\b"
        rf"|\bfollowed (?:until|for)\b|\bwho (?:have |had |are |must )?(?:be )?(?:not )?fast"
        rf"|\ball {WHO} who\b",
    ),
    make_rule(
        "early-visit",
        "restricts-visits",
        rf"\b(?:early|premature) (?:termination|discontinuation|withdrawal)\b.{{0,40}}\b(?:only|{WHO})\b"
        rf"|\b{WHO}\b.{{0,40}}\b(?:early|premature)(?:ly)? (?:termination|discontinu|withdr|terminat)"
        r"|\b(?:if|for|in case of) (?:early|premature) (?:termination|discontinuation|withdrawal)"
        rf"|\b{WHO}\b.{{0,40}}\b(?:withdr|discontinu|stop|terminat|drop).{{0,80}}\bunscheduled visits?\b",
        "only patients who stop early",
    ),
    make_rule(
        "if-scheduled",
        "restricts-visits",
        rf"\bonly (?:if|when|where|after|following|in case|on|upon (?!request))\b(?! (?:the )?{MOMENT})"
        rf"|\bprovided that\b|\bif (?:\w{{1,12}} ){{1,3}}(?:is|are) (?:scheduled"
        rf"|planned|measured|available"
        rf"|performed|used)\b(?=.{{0,3}}$|.{{0,80}}\b{DONE})",
        "only if something holds then",
        unless=rf"{MORE}|{AFAR}|\border\b|\bdeviation\b|\bchemotherapy chosen\b",
    ),
)

_NO_CONDITION = (
    r"\b(?:time|order|window|deviation|same|late|later|delay\w*|postpon\w*|put off|reschedul\w*|shift\w*"
    r"|moved?"
    r"|interrupt\w*|holiday|weekend|fast\w*|wash-?out|dosed on|alternativ\w+|instead|contra-?indicated"
    r"|substitut\w+"
    r"|corrected|calculated|record\w*|report\w*|document\w*|inform\w*|contact|ask\w*|notif\w*|feasible"
    r"|possible"
    r"|applicable|appropriate|available|preferred|acceptable|recommended|allowed|retained|stored|shipped"
    r"|defined|considered"
    r"|means|should be used|will be used|is used|slides|consent\w*|eligib\w+|enrol\w*|infusion rate|dose"
    r"|dosing"
    r"|discharged?|stay|remain|treated|administered|insulin|drug|medication)\b"
)
"""Words by which a condition bears on how, where or when and not on whether."""

_ANY_CONDITION = (
    make_rule(
        "any-condition",
        "restricts-visits",
        rf"^(?:if|when|whenever|where|unless|in case|should|provided that|as long as"
        rf"|in the event)\b (?!a?n?y? ?{WHO})"
        rf".{{3,80}}, .{{0,80}}\b(?:{DONE}|{PROCEDURE}|needed)"
        rf"|\b(?:{DONE}\w{{0,8}}|{PROCEDURE}|needed|ultrasound\w*|radiograph\w*|film)\b.{{0,60}}\b(?:if"
        rf"|when|whenever|unless"
        rf"|in case|provided that|as long as|in the event|depending on whether)\b (?!{WHO})\w"
        rf"|[:,] (?:if|when|only|unless|whenever)\b|\bas (?:needed|required|indicated)\b",
        "only if something holds",
        unless=rf"{MORE}|{AFAR}|{_DAILY}|\b(?:weekly|monthly)\b|\bfalls?\b|{_NO_CONDITION}|^\W{{0,3}}includ",
    ),
)

VISITS = _BEFORE + _SOME + _CONDITION + _ANY_CONDITION

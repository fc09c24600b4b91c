"""Rules for footnotes that ask for a procedure more often than one mark says."""

from unburden.burden.footnote_rules.rule import MORE, make_count, make_rule

_UNIT = r"(?:h|hrs?|hours?|min|mins|minutes?|seconds?)"
_N = (
    r"(?:other|second|third|two|three|four|six|eight|twelve|\d{1,3}(?:(?: ?(?:-|to|±) ?)\d{1,2})?(?:nd"
    r"|rd|th)?)"
)
_BEFORE = r"(?:pre-?(?:dose|infusion|dosing|treatment|meal|injection|dialysis)|before|prior to)"
_AFTER = r"(?:post-?(?:dose|infusion|dosing|treatment|meal|injection|dialysis)|after|following)"
_DRUG = (
    r"\bmg\b|\bmg/|\bb\.?i\.?d\b|\bcapsules?\b|\btablets?\b|\bcigarette|\b(?:take"
    r"|taking) (?:\w{1,15} )?(?:at|the|their|with)"
    r"|\b\d-week cycle|\b(?:drug|intervention|treatment|medication) (?:will be|is|should be"
    r"|is to be) (?:administered|taken|given)\b|\bare expected to take\b|\bdose of\b|\biv infusion\b"
)
_OBSERVE = (
    r"(?:assess|perform|collect|measur|complet|record|diary|monitor|test|evaluat|check|visit|contact"
    r"|weigh|obtain"
    r"|conduct|follow|done|sampl|scan|imag|ct\b|mri\b|take\b|taken|draw|questionnaire|exam|administered)"
)

_TIMES = (
    make_rule(
        "triplicate",
        "repeats",
        r"\b(?:in )?triplicate\b|\bthree (?:times(?! (?:a|per|each|every|daily|weekly)\b)|consecutive"
        r"|replicates?|separate|readings|measurements|recordings)\b"
        r"|\bsets? of (?:three|3)\b|\b3 (?:times(?! (?:a|per|each|every|daily|weekly)\b)|consecutive"
        r"|replicates?|separate|readings|measurements|recordings)\b",
        "three times",
        unless=r"\btimes (?:the|as|higher|above|more|uln|upper|greater)\b",
        factor=make_count(3),
    ),
    make_rule(
        "duplicate",
        "repeats",
        r"\bin duplicate\b|\bduplicate (?:measure|sample|reading|record|assess)|\b(?:twice"
        r"|two times)\b(?!,? (?:(?:a|per|each|every) |daily|weekly|monthly|yearly))"
        r"|\btwo (?:consecutive|replicates?|separate|readings|measurements|recordings)\b",
        "twice",
        unless=r"\btwice (?:the|as)\b|\bsplit\b|\b(?:once|if|after|when|until) (?:two|2|twice)\b|\b(?:two"
        r"|2) consecutive (?:days|visits|cycles|negative|positive)\b",
        factor=make_count(2),
    ),
    make_rule(
        "before-and-after",
        "repeats",
        rf"\b{_BEFORE} (?:and|&) (?:(?:at|approximately|immediately|then|within|about"
        rf"|up to) ){{0,2}}(?:[\d.]{{1,5}} ?(?:± ?\d{{1,2}} ?)?"
        rf"{_UNIT} )?(?:\([^)]{{0,20}}\) )?{_AFTER}(?! (?:consent|randomi"
        rf"|screening))(?!.{{0,60}}\d ?{_UNIT}\b)",
        "before and after the dose",
        factor=make_count(2),
    ),
    make_rule(
        "before-and-later",
        "repeats",
        rf"\b{_BEFORE}\b.{{0,80}}\b(?:and|then|,)\b.{{0,40}}\b(?:after (?:the |each )?(?:end|start|dos"
        rf"|infusion|inject|compl)"
        rf"|post-?(?:dose|infusion)|following (?:the )?(?:end|start|dos|infusion))"
        rf"|\b{_BEFORE} (?:the |each |every )?(?:\w{{1,15}} )?and (?:again )?(?:at|after|during"
        rf"|\d{{1,3}}).{{0,25}}\b(?:end|start|after|post|infusion|dose)"
        rf"|\bbefore (?:the )?(?:start|infusion|dose)\b.{{0,40}}\bduring\b.{{0,40}}\bafter\b",
        "before the dose and at times after it",
        unless=r"\bpredose blood draw\b",
    ),
    make_rule(
        "several-time-points",
        "repeats",
        rf"\b\d{{1,3}}(?:\.\d{{1,2}})?(?: ?{_UNIT})?,.{{0,40}}\b(?:and"
        rf"|or) \d{{1,3}}(?:\.\d{{1,2}})? ?{_UNIT}\b"
        rf"|\b\d{{1,3}}(?: ?(?:-|to"
        rf"|±) ?\d{{1,3}})? ?{_UNIT}\b.{{0,50}}\band (?:\w{{1,13}} )?\d{{1,3}}(?:\.\d{{1,2}})?"
        rf"(?: ?(?:-|to|±) ?\d{{1,3}})? ?{_UNIT}\b.{{0,12}}\b(?:after|post)"
        rf"|\bat (?:\w{{1,10}} )?\d{{1,3}}(?:\.\d{{1,2}})?(?: ?{_UNIT})? and \d{{1,3}}(?:\.\d{{1,2}})?"
        rf" ?{_UNIT}\b",
        "at several listed times",
        unless=r"\bfast(?:ed|ing)?\b|\bmeals? should be delayed\b",
    ),
    make_rule(
        "several-readings",
        "repeats",
        r"\b(?:two|three|four|five|six|[2-6]) (?:[a-z-]{2,15} ){0,3}(?:readings|measurements|efforts"
        r"|attempts|recordings"
        r"|tracings|replicates|determinations|manoeuvres|maneuvers|blows)\b"
        r"|\bone\b.{0,30}\b(?:before|prior to)\b.{0,40}\b(?:one|another)\b.{0,30}\bafter\b"
        r"|\bin the morning and\b|\bmorning and (?:evening|bedtime|night)\b"
        r"|\b(?:mean|average|median|lowest|highest|best) of (?:two|three|four|five|[2-6])\b",
        "several readings at a visit",
        unless=r"\b(?:fast|dose modification)\w*",
    ),
    make_rule(
        "serial",
        "repeats",
        r"\b(?:serial|timed|continuous) (?:\w{1,15} )?(?:assess|sampl|measur|monitor|collect|glucose)"
        r"|\b(?:minutes?|hours?|min|h) apart\b|\bhourly\b|\bat the following time ?points\b"
        r"|\b(?:two|three|several|multiple|\d) (?:separate |different )?occasions\b"
        r"|\b(?:is|are|be) continuous(?:ly)? (?:from|over|during|for)\b|\btelemetry\b"
        r"|\b(?:multiple|several) (?:time ?points"
        r"|times|samples|measurements)\b(?! (?:are|is) )|\bthroughout (?:the )?(?:day|visit|infusion"
        r"|night)\b",
        "several times in a row",
    ),
)

_CALENDAR = (
    make_rule(
        "daily",
        "repeats",
        rf"\b{_OBSERVE}\w{{0,10}}\b.{{0,70}}(?<!once )\b(?:daily|every day|each day|every morning"
        rf"|every evening|(?:once|twice) (?:a|per)"
        rf" day)\b|^daily\b|\b(?:twice|three times|once) daily\b|\bdaily (?:diar|assess|measur|monitor"
        rf"|record|visit|complet)"
        rf"|\beach (?:day|evening|morning|night)\b|\bmorning and evening\b|\b(?:\d|two|three|four|five"
        rf"|six|several) times (?:a|per|each|every) day\b|\bdaily (?:for|during|until|while|from)\b",
        "every day",
        unless=_DRUG,
    ),
    make_rule(
        "periodic",
        "repeats",
        rf"\bevery (?:{_N}) ?(?:\([^)]{{0,15}}\) )?-?(?:days|weeks|months|hours|minutes|min|h|wks?|years"
        rf"|week|month)\b"
        r"|\bevery (?:week|month|year|hour|fortnight)\b|\bfortnightly\b|\bq ?\d{1,2} ?(?:w|wk|weeks|d|h|m)\b"
        rf"|\b{_OBSERVE}\w{{0,10}} (?:at least )?(?:(?:twice|three times) )?(?:bi-?)?(?:weekly|monthly"
        rf"|quarterly|annually|yearly)\b"
        r"|\b(?:weekly|monthly|quarterly) (?:during|for|until|thereafter|basis|from|through|while|in"
        r"|intervals)\b"
        r"|\bon a (?:weekly|monthly|daily)\b|^(?:bi-?)?(?:weekly|monthly|quarterly|annually)\b"
        r"|\b(?:twice|times) (?:weekly|monthly|a week"
        r"|per week|a month)\b|\b(?:once|times?) (?:a|per|every) (?:week|month|year)\b"
        r"|\bat least (?:weekly|monthly)\b"
        r"|\bat (?:\d{1,2}|\w{3,8})[ -](?:week|month) intervals\b|\bevery (?:\d{1,3}"
        r"|\w{3,6}) ?± ?\d{1,2} ?(?:min|days|weeks)",
        "again and again by the calendar",
        unless=rf"{_DRUG}|\b(?:record|report)\w* (?:in|on) the e?crf\b",
    ),
)

_MORE = (
    make_rule(
        "more",
        "repeats",
        MORE,
        "more than the marks ask for",
        unless=r"\bno (?:additional|further)\b|\b(?:not|never) be repeated\b",
    ),
    make_rule(
        "again-later",
        "repeats",
        r"\band via (?:tele)?phone\b|\band (?:then )?again\b|\bthen again\b|\bagain (?:at|on|after"
        r"|before|in|within)\b"
        r"|\b(?:separately|once) for each\b|\bfor each (?:site|side|eye|lesion)\b"
        r"|\breturn for\b.{0,30}\badditional\b"
        r"|\bre-?consent|\bas often as\b|\bas frequently as\b",
        "once more than marked",
    ),
)

REPEATS = _TIMES + _CALENDAR + _MORE

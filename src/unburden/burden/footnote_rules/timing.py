"""Rules for footnotes that only say when."""

from unburden.burden.footnote_rules.rule import make_rule

_UNIT = r"(?:seconds?|h|hrs?|hours?|min|mins|minutes?|days?|weeks?|wks?|months?|years?)"
_CONTENT = (
    r"^\W{0,3}(?:\w{1,15} ){0,3}history\b|^\W{0,3}includ(?:es|ing)|\bweight loss\b|\b(?:retained"
    r"|destroyed|stored)\b|\bare defined\b"
)

TIMING = (
    make_rule(
        "window",
        "timing",
        rf"\b(?:days?|weeks?|hours?) (?:either side|on either side|around)\b|\bput off\b|\bpostponed\b"
        rf"|\blasts? up to\b|\btake up to\b"
        rf"|\bplus or minus\b|\bplus/minus\b|\b(?:in advance|ahead) of\b|\bwithin (?:the |a |an "
        rf"|approximately |about |± ?|\+/- ?|\+ ?|[≤<] ?)*(?:\d|one|two|three"
        rf"|four|defined|allow|allotted"
        rf"|specified|same)|(?:±|\+/-) ?\d|\bwindows?\b|[≤<≥>]=? ?\d{{1,3}} ?{_UNIT}\b"
        rf"|\bno(?:t)? (?:more|later|earlier|less|sooner) than\b"
        rf"|\b(?:no|not) \w{{0,12}} ?exceed\b|\b(?:later|earlier|longer|more|less) than (?:day |week "
        rf"|\d{{1,3}} ?{_UNIT})|\bover (?:more|approximately|a period|\d)"
        rf"|\bdeviation from the nominal\b|\btoleranc",
        "within a window",
        unless=_CONTENT,
    ),
    make_rule(
        "fasting",
        "timing",
        r"\b(?:not (?:be )?(?:eat|eaten|drink|drunk|smoke|smoked)|(?:refrain|abstain)\w* from|alcohol"
        r"|caffeine|coffee) .{0,60}\b(?:before"
        r"|prior|hours?|morning|day)\b|\b(?:non-?)?fast(?:ed|ing|s)?\b|\bmeals?\b|\bbreakfast\b"
        r"|\bempty stomach\b|\bfood\b"
        r"|\bwash-?out\b|\bdiet\b|\bovernight\b",
        "fasting or a meal",
        unless=r"\bfood and drug\b|\bfood (?:allerg|diary)",
    ),
    make_rule(
        "rest",
        "timing",
        rf"\b(?:rest\w{{0,5}}|seated|supine|sitting|semi-?(?:recumbent|supine)|lying|recumbent"
        rf"|standing)\b.{{0,60}}\b(?:\d{{1,3}}|five|ten) ?(?:to \d+ )?{_UNIT}\b"
        rf"|\b(?:\d{{1,3}}|five|ten)[ -]{_UNIT}(?: of| in)? (?:\w{{1,15}} )?(?:rest|supine|seat|sit|lying)",
        "rest before it",
    ),
    make_rule(
        "around-dose",
        "timing",
        r"\b(?:pre|post)-?(?:dose|dosing|infusion|treatment|dialysis|hd|injection|surgery|procedure)\b"
        r"|\bpre hd\b|\btroughs?\b"
        r"|\b(?:prior|relative) to\b|\bjust prior\b",
        "before or after a dose or another step",
        unless=_CONTENT + r"|\bpost-treatment follow-?up phase\.?$",
    ),
    make_rule(
        "time-point",
        "timing",
        rf"\b(?:sda|eoi|eot|dose|time|t|day|hour|start|end) ?[+] ?\d|\bt ?= ?\d|\btime ?-?points?\b"
        rf"|\b(?:collection|sampling|specified|nominal"
        rf"|scheduled) times?\b|\b(?:same|approximate|at a) (?:time|day)s?\b|\bas (?:close|soon)\b"
        rf"|\bdelayed\b|\bany ?time\b"
        rf"|\b(?:hours?|minutes?|min|days?|weeks?) (?:later|earlier|beforehand|ahead|apart)\b|\blate\b"
        rf"|\bsplit over\b"
        rf"|\border of\b|\bfollowing order\b|\bsequence\b|\bat least \d{{1,3}} ?{_UNIT}|\bpreced\w+"
        rf"|\b\d{{1,3}}(?:-| )(?:hour|minute|day|week) (?:observ\w+"
        rf"|period|infusion|interval)|\brescheduled\b|\b(?:begins?|starts?|starting|begin|commenc\w+"
        rf"|initiated)\b|\blasts?\b (?:a |for |\d|approx)"
        rf"|\bstay\b|\breadmitted\b|\bdischarge[d]? (?:from|\d|after|on|following)"
        rf"|\b\d{{1,3}} ?{_UNIT} (?:after|before|following|post|from|prior)\b"
        rf"|\bapproximately \d{{1,3}} ?{_UNIT}|\bnext (?:working|business|calendar)? ?day\b"
        rf"|\bintervals?\b|\bdurations?\b|\bconcurrent(?:ly)? with\b"
        rf"|\bsimultaneous|\bimmediately\b|\bin the (?:morning|evening|afternoon)\b|\bis the (?:day|date"
        rf"|time) (?:of|when|on)\b|\bcounted from\b|\bmay be combined\b",
        "at a time",
        unless=_CONTENT + r"|\bstart and (?:end|stop) date|\bstart date\b|\b(?:qt|pr|rr|qrs"
        r"|qtc\w?) (?:\w{1,5} )?intervals?\b|\bintervals? \(|\b(?:all other|each|every) time ?-?points?\b",
    ),
    make_rule(
        "on-day",
        "timing",
        r"\b(?:on|at|for|from|to|by) (?:the )?(?:study )?(?:days?|d|cycles?|c|weeks?|visits?|hours?"
        r"|months?|v)\b,? ?-?\d"
        r"|\bday (?:-?\d{1,3}) ?(?:\+/-|±)|\bon (?:the )?(?:first|last|same|next) (?:day|dose|visit)"
        r"|^(?:day|cycle|week|visit|d|c|v|w) ?-?\d{1,3}\W?$",
        "on a named day",
        unless=_CONTENT + r"|\bmay be added\b",
    ),
    make_rule(
        "before-or-after",
        "timing",
        r"\b(?:before|after|following|during|until|throughout|while|once|at the end of|at (?:the )?time of"
        r"|upon|between)\b(?! (?:the )?(?:study\.?$"
        r"|patient is in a|participant is in a|information|parameters|criteria|tests|assessments|items"
        r"|procedures|guidelines|categories))",
        "before, while or after something",
        unless=_CONTENT + r"|\bwhile (?:the )?(?:patient|participant|subject)s? (?:is"
        r"|are) (?:\w{1,5} )?(?:\w{1,5} )?(?:seat|supin|sit)|\bthroughout(?: the study)?\W?$"
        r"|\bthroughout the study\b"
        r"|\bincludes?\b|\bconsists?\b|\bdetermined based on\b|\bcompris|\bchanges? from\b|\bto avoid\b"
        r"|\bfrequency\b",
    ),
    make_rule(
        "report-period",
        "timing",
        rf"\b(?:from|since|between) (?:the )?.{{0,60}}\b(?:consent|icf|dose|day|visit|screening"
        rf"|randomi\w+|dosing|entry|administration)\b"
        rf"|\b(?:until|through|up to|for|within) (?:and including )?(?:the |at least "
        rf"|approximately )?(?:\d{{1,3}}|one|two|three"
        rf"|thirty|day|week|visit|last|final|end|eos|eot|resol|event)"
        rf"|\buntil\b.{{0,40}}\b(?:resol|day|visit|dose|stable)|\b\d{{1,3}} {_UNIT} (?:after|following|post)",
        "from when until when it is asked",
        unless=_CONTENT
        + r"|\bcase report forms? within\b|\b(?:report|notif)\w* (?:\w{1,12} )?to the sponsor\b",
        reads_reports=True,
    ),
)

"""Words that only tell how, where or by whom a measure was taken, and leads such as "adequate organ function:"."""

import re

_COCKCROFT = r"coc?kc?roft(?:\s*(?:-|/|and|&)?\s*gau?lt)?(?:\s*\(\s?(?:cg|c-g)\s?\))?"
_FRIDERICIA = r"(?:fr[ei]d[ei]rici?a?(?:'?s)?)"
_FORMULA = (
    rf"(?:{_COCKCROFT}|{_FRIDERICIA}|bazett(?:'?s)?|mdrd|ckd\s?-?\s?epi|schwartz|"
    r"modification\s+of\s+diet\s+in\s+renal\s+disease(?:\s*\(\s?mdrd\s?\))?|"
    r"chronic\s+kidney\s+disease\s+epidemiology(?:\s+collaboration)?(?:\s*\(\s?ckd\s?-?\s?epi\s?\))?)"
)
_IMAGE = (
    r"(?:(?:transthoracic\s+|2\s?-?d\s+|two-dimensional\s+)?echo(?:cardiogra(?:m|phy|phic))?(?:\s*\(\s?(?:echo|tte)\s?\))?|muga|"
    r"(?:a\s+)?multi(?:ple)?\s?-?\s?gated\s+acquisition(?:\s+scan)?(?:\s*\(\s?muga\s?\))?)"
)
_URINE = r"(?:a\s+)?(?:24|twenty-four)[\s-]*(?:hours?|hr|h)[\s-]*urine(?:\s+(?:collection|test|samples?|sampling))*(?!\s*(?:protein|creatinine|total|albumin|\w*uria))"
_TAIL = r"(?:\s*(?:correction|corrected|formulae?|equation|method|calculation|scans?|estimation|nomogram)\b)*"
_METHOD = rf"(?:{_FORMULA}|{_IMAGE}|{_URINE}){_TAIL}"
_VERB = r"(?:(?:as\s+)?(?:calculated|estimated|measured|assessed|determined|corrected|evaluated|confirmed|obtained|derived|performed|demonstrated)\s+)"
_BY = r"(?:by|per|with|using|via|on|from|based\s+on|according\s+to|in\s+accordance\s+with|by\s+means\s+of|through)\s+(?:the\s+use\s+of\s+)?"
_ARTICLE = r"(?:(?:either|the|a|an|standard|modified|original|formula\s+of|method\s+of)\s+)*"
_WHO = (
    r"(?:(?:in|at)\s+the\s+(?:opinion|judge?ment|assessment|view|estimation)\s+of|as\s+(?:judged|assessed|determined|estimated|evaluated)\s+by|"
    r"(?:judged|assessed|determined|estimated)\s+by|according\s+to|as\s+per|per|based\s+on|by|in)\s+(?:the\s+)?(?:treating\s+|local\s+|study\s+)?"
    r"(?:investigators?|physicians?)(?:'s|')?(?:\s+(?:judge?ment|assessment|opinion|estimation|evaluation)\b)?"
)
_TRACING = (
    r"(?:based\s+on|obtained\s+from|using|by|on)\s+(?:(?:the|a|an|at\s+least|average|mean|of|three|3|triplicate|screening|resting|baseline|from|"
    r"single|12\s?-?lead|standard|consecutive|separate)\s+)*(?:electrocardiogra(?:ms?|phy)|ecgs?|ekgs?)(?:\s*\(\s?(?:ecgs?|ekgs?)\s?\))?"
    r"(?:\s+in\s+triplicate)?"
)
_SITE = (
    r"(?:as\s+)?(?:per|by|according\s+to|based\s+on|using)\s+(?:the\s+)?(?:(?:local|central|institutional|site)\s+)+"
    r"(?:lab(?:orator(?:y|ies))?|standards?|practice|methods?)(?:\s+(?:values?|results?|standards?|testing|methods?|practice|assessment)\b)*"
)
_LENIENT = (
    r"(?:(?:red\s+blood\s+cell|rbc|prbc|platelet|blood)\s+)?transfusions?(?:\s+support)?\s+(?:(?:is|are|may\s+be|will\s+be)\s+)?"
    r"(?:permitted|allowed|accepted|acceptable)(?!\s+(?:if|only|provided|until|up\s+to))|"
    r"(?:(?:patients?|participants?|subjects?)\s+)?may\s+(?:have\s+been|be)\s+transfused(?:\s+to\s+(?:meet|reach|achieve)\s+this\s+(?:criteri(?:on|um|a)|level|value))?|"
    r"with\s+or\s+without\s+transfusions?(?:\s+support)?"
)
_STATE = (
    r"(?:during|throughout)\s+(?:the\s+)?screening(?:\s+(?:period|phase|visit))?|(?:baseline|screening)(?=\s+[a-z])|(?:an?\s+)?(?:mean|average)(?:\s+of)?(?=\s+(?:qt|resting|corrected))|resting(?=\s+(?:qt|corrected))|"
    r"(?:interval\s+)?prolong(?:ation|ed)(?:\s+to)?(?=\s*[>≥])|interval(?=\s*(?:[<>≤≥]|of\b))|"
    r"(?:minimum|min\.)(?=\s+(?:life|expected|survival))|those(?=\s+with)|iuln\s*:\s*institutional\s+upper\s+limit\s+of\s+normal|"
    r"(?:assessed|measured|obtained|determined|performed|evaluated)(?=\s+(?:at(?!\s+least)|within|during)\b)|"
    r"(?:with\s+or\s+without|irrespective\s+of|regardless\s+of|despite)\s+(?:any\s+)?anti-?\s?hypertensive\s+(?:medications?|treatments?|therapy|drugs?)"
)
_FIRST_WORDS = frozenset(
    """
calculated estimated measured assessed determined corrected evaluated confirmed obtained derived performed demonstrated
by per with using via on from based according in at as through either the a an cockcroft cockroft cockcrof fridericia fredericia
fridericia's fredericia's bazett bazett's mdrd ckd schwartz modification chronic transthoracic two 2 echo echocardiogram
echocardiography muga multi multigated multiple 24 twenty judged red rbc prbc platelet blood transfusion transfusions
baseline screening mean average resting prolongation prolonged interval
may patient patients participant participants subject subjects during throughout minimum min those iuln with irrespective regardless despite
""".split()  # noqa: SIM905
)


def match_source(folded: str, at: int, word: str) -> re.Match[str] | None:
    """Words of source at a place of folded text that begins with a word, or None."""
    return SOURCE.match(folded, at) if word in _FIRST_WORDS else None


SOURCE = re.compile(
    rf"(?:{_VERB}*{_BY}{_ARTICLE}{_METHOD}(?:\s*(?:,|/|\bor\b|\band\b|and/or)+\s*(?:{_BY})?{_ARTICLE}{_METHOD})*"
    rf"|{_VERB}?{_METHOD}(?:\s*(?:/|\bor\b|\band\b)\s*{_ARTICLE}{_METHOD})*"
    rf"|{_WHO}|{_TRACING}|{_SITE}|{_LENIENT}|{_STATE})(?![\w-])"
)
"""Found only where a word begins; counts only in a clause of measures with their values."""

_ORGANS = (
    r"(?:(?:major|vital|end|main|baseline|bone|marrow|organs?|renal|kidney|hepatic|liver|ha?ematologic(?:al)?|ha?ematology|ha?ematopoietic|"
    r"cardiac|heart|coagulation|pulmonary|blood|clotting|laboratory|biochemical|routine|functions?|functioning|reserve|values?|tests?|"
    r"parameters?|examination|indicators?|and|or|&|/|,|-)\s*)++"
)
_WHEN = (
    r"(?:at\s+(?:screening|baseline|enrol?lment|study\s+entry)|(?:obtained\s+|performed\s+)?with\s?in\s+\d+\s+(?:days?|weeks?)\s+(?:prior\s+to|before|of)\s+"
    r"(?:(?:the|first|dose|of|study|start|treatment|drug|enrol?lment|registration|randomi[sz]ation|day|c1d1|1|initiation|initiating|starting|screening|therapy)\s*)++)"
)
LEAD = re.compile(
    r"\W*(?:(?:patients?|subjects?|participants?|must|should|with|have|has|having|had|demonstrates?|demonstrating|shows?|evidence|of|the|a|an|who|be|is|are)\s+)*"
    rf"(?:(?:adequate|acceptable|sufficient|normal|good|satisfactory|appropriate)\s+)?(?=[^:]*(?:function|reserve|laborator|examination|tests?)){_ORGANS}"
    rf"(?:,?\s*{_WHEN}\s*)?,?\s*(?:(?:fulfilling|meeting|satisfying|is|are|must|be|meets?|as|defined|indicated|evidenced|demonstrated|shown|documented|determined|assessed|by|with|"
    rf"to|fulfilling|meeting|satisfying|follows?|all|of|the|following|laboratory|criteria|values?|parameters?|requirements?|below)\b\s*)*+(?:{_WHEN})?"
    r"(?:(?<=defined\sas\s)|(?<=defined\sby\s)|(?<=evidenced\sby\s)|(?<=shown\sby\s)|\s*:\s*(?:-\s*)?)"
)
"""A lead to a list of measures that are all asked for; it has no "any", "one" or "either"."""

"""Rules for footnotes that restrict a procedure to some of the patients, by what they are on joining."""

from unburden.burden.footnote_rules.rule import MOMENT, WHO, make_rule, make_share

LATER = (
    r"(?:(?:non-?)?respon|complet(?:e\b|ed|ing|es)|withdr|discontinu|stop|terminat|drop|progress|experienc"
    r"|develop|remain|stay"
    r"|(?:been |be )?(?:early )?discharg|(?:been |be )?hospitali|relaps|recur|restart|resum|switch|cross"
    r"|fail|miss"
    r"|refus|unable|not able|found|intubat|fast|non-?fast|re-?enrol|held|interrupt|reduc|delay"
    r"|prematurely|show"
    r"|becom|convert|enter|continu|requir|need|proceed|cannot|leave|transition|roll|permanently|die|lost"
    r"|achiev|do not|did not|not dosed"
    r"|dosed|go on"
    r"|their \w{1,15} (?:\w{1,15} )?(?:held|interrupt|delay|stop|discontinu|reduc)|in (?:the )?hospital"
    r"|still (?:in|on|at|under|receiv|taking)|re-?treat)"
)
"""Stems of what befalls a patient after joining: such a note restricts visits, not the population."""

_STATE = (
    r"(?:ongoing|new|dose-limiting|(?:a |an )?(?:stable|progressive|progressing|residual|responding) disease"
    r"|(?:a |an )?(?:complete|partial|ongoing|confirmed|any|documented|objective|initial) "
    r"(?:\w{1,12} )?(?:response|remission|progression)|(?:pd|sd|cr|pr)\b|response|remission|worsen|abnormal"
    r"|any abnormal|(?:other |clinically )?significant (?:abnormal"
    r"|finding)|titer"
    r"|positive (?:titer|ada|anti-drug)|(?:te )?ada|treatment-?emergent|teae|adverse|toxicit|reaction"
    r"|signs?|symptom|fever|evidence|suspected (?:reaction|toxicit|progress)|progress|confirmed progress|an? "
    r"(?:ongoing|new|abnormal|adverse|fever|response|delay)|a nasogastric|increased|elevated|decreased)"
)
_ARM_NAME = (
    r"(?:experimental|control|comparator|placebo|active|investigational|intervention|standard[ -]of[ -]care"
    r"|combination|monotherapy|observation|chemotherapy|open-label|double-blind|sham|vaccine"
    r"|delayed[ -]start|reference"
    r"|(?:low|high|mid)[ -]dose)"
)
_ARM = (
    rf"(?:(?:the )?(?:{_ARM_NAME}(?: treatment)? (?:arms?|groups?|cohorts?)|(?:treatment |expansion "
    rf"|dose )?(?:arms?"
    r"|cohorts?|groups?|parts?|sub-?stud(?:y|ies)|phase) (?:[a-h]|\d[a-z]?|i{1,3}v?|iv)(?:\d)?\b"
    r"|dose[ -](?:escalation|expansion|finding)(?: (?:cohorts?|part|phase))?))"
)
_COUNTRY = (
    r"(?:the )?(?:us|usa|united states|japan|china|korea|taiwan|india|eu|european union|europe|uk"
    r"|united kingdom|germany|france|italy|spain|canada|brazil|mexico|australia|russia|north america|asia)"
)
_WOMEN = r"pregnan|hcg"
_MENOPAUSE = r"fsh|follic|estradiol|oestradiol|menopaus|lutein"
_DISEASE = (
    r"[a-z-]{2,30}(?:omas?|emia|tumou?rs?|cancer|diabet\w{1,4}|fibrosis|arthritis|hepatitis|colitis|asthma)"
)
_POSITIVE = r"(?:positive|reactive|resolved|prior|previous|past|chronic|history of|carriers? of|known)"
_VIRUS = r"(?:hbv|hcv|hbc|anti-?hb\w|hbsag|hepatitis|hiv|htlv|cmv|ebv)"
_ELIGIBLE = r"\b(?:not eligible|ineligible|excluded from (?:the )?(?:study|trial|entering)|eligibility for)\b"
_REGULATION = (
    r"(?:by|per|under|according to) (?:\w{1,12} (?:and/or |or |and ))?(?:local|country"
    r"|national|site|regional)"
)

_PLAIN = (
    r"(?!\d)(?!(?:all|both|each|every|either|any|some|study|treated|screened|the|these|those|eligible|discharged"
    r"|hospitali[sz]ed|surviving|remaining|withdrawn|ongoing|such|other|new|in|of|for|from|and|or|by|to"
    r"|non-?|applicable|relevant"
    r"|with|same|opposite|left|right|upper|non-?dominant|dominant|treatment|per|this|that|one|which|age|is"
    r"|are|at|on|during)\b)[\w/+-]{2,20}"
)
"""A word that may tell some patients from others."""

_LAW = (
    r"(?:law|laws|legal\w*|legislation|regulat\w+|regulatory|authorit\w+|health authorit\w+"
    r"|ethics committees?|irbs?|iecs?|ethics boards?|country|national)"
)

_NOT_WOMEN = (
    r"\b(?:not|no|un)(?: be)? ?(?:necessary|required|needed|applicable|done|performed|collected|test\w*"
    r"|mandatory|for|in) (?:for |in |from |to )?(?:\w{1,12} )?(?:women|females?|wocbp)\b"
    r"|\b(?:except|excluding|other than) (?:for |in |from )?(?:women|females?|wocbp)\b"
)
"""Words that leave women out: the share of women would be the wrong way round."""

_SEX_AND_AGE = (
    make_rule(
        "menopause",
        "restricts-population",
        r"\bconfirm.{0,40}menopaus|\bpost-?menopausal (?:women |females? |participants |patients "
        r"|subjects )?only"
        r"|menopausal status|\bnot of child-?bearing|\bnon-? ?child-?bearing",
        "only women whose menopause is to be confirmed",
        factor=make_share(0.15, 0.02, 0.5, "share of women whose menopause is to be confirmed"),
        activities=_MENOPAUSE,
    ),
    make_rule(
        "childbearing",
        "restricts-population",
        r"\b(?:women|woman|females?|participants?|patients?|subjects?|those|individuals)\b.{0,40}"
        r"\bchild-? ?bearing|\bwocbp\b|\bfocbp\b|\bchild-? ?bearing potential\b"
        r"|\b(?:capable of (?:becoming pregnant|conceiving|bearing)|able to (?:become pregnant|conceive|bear)"
        r"|(?:could|can|may) become pregnant|reproductive potential|fertile (?:women|females?))\b",
        "only women of childbearing potential",
        unless=r"\bnot of child-?bearing|\bnon-? ?child-?bearing|\bpartners?\b|" + _NOT_WOMEN,
        factor=make_share(0.25, 0.02, 0.8, "share of women of childbearing potential among patients"),
        activities=_WOMEN,
    ),
    make_rule(
        "women",
        "restricts-population",
        rf"\b(?:females?|women)(?: {WHO})? only\b|\b(?:for|in|from|on|only) (?:all |the |any "
        rf"|only )?(?:females?"
        rf"|women)\b|^(?:all )?(?:females?|women)(?: {WHO})?(?::|$| must| should| will| who)"
        rf"|\bif (?:a )?female\b",
        "only women",
        unless=_NOT_WOMEN,
        factor=make_share(0.5, 0.05, 1.0, "share of women among patients"),
        activities=_WOMEN,
    ),
    make_rule(
        "men",
        "restricts-population",
        rf"\b(?:males?|men)(?: {WHO})? only\b|\b(?:for|in|from|on|only) (?:all |the |any "
        rf"|only )?(?:males?|men)\b"
        rf"|^(?:all )?(?:males?|men)(?: {WHO})?(?::|$| must| should| will| who)|\bif (?:a )?male\b",
        "only men",
        unless=r"\bwomen\b|\bfemales?\b|\bmen and\b",
    ),
    make_rule(
        "age",
        "restricts-population",
        r"\b(?:for|in|aged?|participants|patients|subjects|children|adults)(?: (?:of|who|are|aged?)){0,2} "
        r"(?:[<>≤≥]=?|under|over|above|below|at least|younger than|older than) ?\d{1,2}\b(?! ?(?:days"
        r"|weeks|months"
        r"|hours|min|mg|%))"
        rf"|\b{WHO} (?:aged )?\d{{1,2}} ?(?:to|-|and) ?[<≤]? ?\d{{1,2}} years\b|\baged \d{{1,2}}\b"
        r"|\b(?:for|in|only) (?:all |the )?(?:adults?|children|adolescents?|p(?:a)?ediatric|infants?|elderly"
        r"|caregivers?)\b|\b(?:adults?|children|adolescents?|p(?:a)?ediatric \w{1,15}) only\b"
        r"|\b(?:over|under|above|below) the age of \d|\bages? \d{1,2}(?: ?(?:to|-) ?\d{1,2})? ?(?:years"
        r"|and|or|only)"
        rf"|\b{WHO} \(?\d{{1,2}} ?(?:to|-|and) ?[<≤]? ?\d{{1,2}} years|^(?:adults|children|adolescents"
        rf"|infants|caregivers|toddlers|minors)\b"
        r"|\byears (?:of age )?(?:and|or) (?:older|younger|above|below|over|under)\b|\bof legal age\b",
        "only patients of some age",
    ),
)

_ILLNESS = (
    make_rule(
        "hepatitis",
        "restricts-population",
        rf"\b{_POSITIVE}\b.{{0,50}}\b{_VIRUS}|\b{_VIRUS}[\w -]{{0,15}} (?:is |are |was )?(?:positive"
        rf"|reactive)\b"
        rf"|\b{_VIRUS}\b.{{0,40}}\b(?:antigen|antibod\w{{1,3}}|serology)(?: \w{{1,8}})? (?:is|are|was"
        rf"|were) (?:positive|reactive)\b",
        "only patients with a positive serology",
        unless=r"\b(?:history|serology) includes?\b",
        factor=make_share(0.05, 0.0, 0.3, "share of patients with a positive viral serology"),
        activities=r"\b(?:dna|rna)\b",
    ),
    make_rule(
        "disease",
        "restricts-population",
        rf"\b(?:except (?:for|in)|only (?:for|in)|not (?:applicable|required|done|needed) (?:for|in|to)) "
        rf"(?:[\w,/-]{{1,20}} ){{0,3}}{_DISEASE}\b|\b(?:for|in) (?:[\w,/-]{{1,20}} ){{0,3}}{_DISEASE} only\b",
        "only patients with one disease",
    ),
    make_rule(
        "people-named",
        "restricts-population",
        r"\b(?:for|in|only|from) (?:all |the |current |former |known |ex-){0,2}(?:non-?)?(?:smokers"
        r"|diabetics|asthmatics|drinkers"
        r"|carriers|homozygotes|heterozygotes|hypertensives|survivors)\b|\bpre-?menopausal\b"
        r"|\b(?:for|in|only|from|of) (?:[\w-]{1,15} ){1,3}(?:wearers|users|smokers|carriers|recipients"
        r"|survivors)\b",
        "only people of one kind",
    ),
    make_rule(
        "kind-of-patient",
        "restricts-population",
        rf"(?:^|\b(?:for|in|to|from|only|with)|[:,(]) ?(?:the )?(?:[\w/+-]{{1,20}} )?{_PLAIN} {WHO} only\b"
        rf"|\bonly (?:the )?(?:[\w/+-]{{1,20}} )?(?!(?:additional|new|remaining|surviving|discharged|in|on"
        rf"|for"
        rf"|at|by|to|from|if|when|{LATER}))[\w/+-]{{2,20}} (?:patients|participants|subjects|women|men)\b"
        rf"|^{WHO} only\b|\bonly {WHO} (?:on|in|from|of|with|at) (?!{MOMENT}|{_STATE}|study|treatment)"
        rf"|\b[\w-]{{2,15}}-(?:positive|negative|infected|na[iï]ve|experienced|mutated|mutant|amplified"
        rf"|treated|dependent) (?:\w{{1,15}} )?(?:{WHO}|tumou?rs?|disease)\b"
        rf"|\b(?:seropositive|seronegative|pregnant|lactating|sexually active|obese|elderly|diabetic"
        rf"|immunocompromised|treatment-na[iï]ve|consenting) {WHO}\b",
        "only patients of one kind",
        unless=rf"\b{LATER}\w* {WHO} only\b|{_ELIGIBLE}|\bby (?:\w{{1,12}} )?{WHO} only",
    ),
    make_rule(
        "group-before-noun",
        "restricts-population",
        rf"\b(?:for|in|from|of|to) (?:[\w/+-]{{2,20}} )?{_PLAIN} (?:patients|participants|subjects)\b"
        rf"|^{_PLAIN} (?:patients|participants|subjects) (?:at (?:entry|baseline|enrol\w+) ?)?:"
        rf"|\b(?:for|in|from|only) (?:all |the |any )?{WHO} (?:of|from) (?!the (?:study|trial)|this|each"
        rf"|both|all)\w"
        rf"|^(?:all )?{WHO} (?:with|of|from|on|in|having|aged|previously|already|currently) [^.:]{{3,60}}:"
        rf"|[:(] ?{WHO} (?:on|of|with) (?!{MOMENT}|{_STATE}|study|treatment|the)"
        rf"|\b(?:solely|exclusively|just) (?:for|to|in|from|at) (?!{MOMENT}|(?:\w{{1,12}} )?{WHO} (?:who "
        rf"|not )?{LATER})"
        rf"|\bchild-?bearing[ -]age",
        "only patients of one kind",
        unless=rf"\b(?:for|in|from|of|to) (?:\w{{1,20}} )?{LATER}\w* (?:patients|participants|subjects)\b"
        rf"|{_ELIGIBLE}|\b(?:number|proportion|safety|attention|care) of\b",
    ),
    make_rule(
        "patients-with",
        "restricts-population",
        rf"\b{WHO} (?:and \w{{1,12}} )?(?:with|without|whose(?! (?:study|treatment|participation"
        rf"|disease has|combination))|having|at (?:high|increased) risk)\b(?! {_STATE})",
        "only patients with a stated condition",
        unless=rf"\b{WHO} (?:who |with )?(?:complet|achiev|respond)(?:e|ing|ed)?\b"
        rf"|\bpurpose\b|\b(?:importance|attention)\b|{_ELIGIBLE}",
    ),
    make_rule(
        "patients-who",
        "restricts-population",
        rf"\b{WHO}(?: in \w{{1,15}})? who (?:\w{{1,10}} )?(?:are|is|were|have|has|had|receive|take|smoke"
        rf"|wear|carry"
        rf"|use|consent|agree|meet|weigh|live|enrol|participat)\w{{0,4}}\b(?! (?:not )?{LATER})"
        rf"(?! (?:not )?(?:been|yet|had) )(?! (?:an? |any )?{_STATE})"
        rf"|\b(?:for|in|from|only|of) (?:all |the |any |those )?{WHO} who (?!(?:not |have "
        rf"|has )?(?:\w{{1,10}}ly )?{LATER})"
        rf"|\b(?:for|in|from|only) (?:all |the |any |those )?{WHO} (?:receiving|taking|treated|undergoing"
        rf"|randomi[sz]ed|assigned|allocated|enrol+ed)\b"
        rf"|(?:\b(?:for|in|from|only)|^|[:(]) ?(?:all |the |any |those |only )?{WHO} (?:already |currently "
        rf"|previously |not )?(?:receiving|taking|using|wearing|randomi[sz]ed|known|born|living|infected|aged"
        rf"|allergic|seropositive)\b(?! (?:an? |the )?(?:second|third|additional|extra|another|study"
        rf"|treatment"
        rf"|on days?|in the study|at))"
        rf"|\b{WHO} (?:known|suspected|thought) to (?:have|carry|be)\b"
        rf"|\b(?:for|in|only|from) {WHO} on (?!days?|study|treatment|cycle|visit|the|trial|active|site)\w",
        "only patients of whom something is true",
        unless=rf"\b{WHO} who (?:\w{{1,10}} ){{0,2}}{LATER}|{_ELIGIBLE}",
    ),
    make_rule(
        "if-patient-is",
        "restricts-population",
        rf"\bif (?:a |the |an )?{WHO} (?:is|are|has|have|had|was|were) (?!(?:not )?{LATER}|{_STATE})"
        rf"(?:a |an |on |known |insulin|diabet|history|smok|of |taking|receiving|allergic|seropositive"
        rf"|(?:pre-?|post-?)menopausal|male|female|obese|hypertensive|immunocompromised|asymptomatic"
        rf"|eligible|willing)"
        rf"|\bif (?:a |the |an )?{WHO} (?:lives|smokes|wears|carries|agrees|consents)\b",
        "only patients of whom something is true",
        unless=rf"\btiming of\b|\bif (?:a |the |an )?{WHO} (?:has|have|had) (?:a |an |any )?{_STATE}",
    ),
)

_GROUPS = (
    make_rule(
        "arm",
        "restricts-population",
        rf"\b{_ARM}(?: \w{{1,12}})?,? only\b"
        rf"|\bonly (?:\w{{1,12}} )?(?:for |in |to |of )?(?:\w{{1,12}} in )?{_ARM}"
        rf"|\b(?:applicable|applies|apply|required|performed|done|collected|mandatory"
        rf"|optional) (?:only )?(?:for|to|in|by"
        rf"|from) (?:{WHO} (?:in|of) )?{_ARM}"
        rf"|\b{WHO} (?:who (?:are|were) )?(?:in|from|of|(?:randomi[sz]ed|assigned|allocated"
        rf"|enrolled) (?:to|in"
        rf"|into)) {_ARM}|\b{_ARM} (?:only )?{WHO}\b"
        rf"|^(?:\W{{0,3}}){_ARM}:|\b{WHO}\b.{{0,40}}\b(?:before|after|under"
        rf"|prior to) (?:protocol )?(?:amendment|version) \d"
        rf"|^(?:\W{{0,3}})(?:for |in ){_ARM}|\bnot (?:in|for) {_ARM}|\bexcept (?:for|in) {_ARM}"
        rf"|\b{WHO} (?:who (?:are|were) )?(?:randomi[sz]ed|assigned|allocated) to (?!treatment|study"
        rf"|either|one|a\b|the)",
        "only one arm, cohort or part",
        unless=rf"\btiming of (?:all )?(?:study )?procedures\b|{_ELIGIBLE}|\bcohort will consist\b",
    ),
    make_rule(
        "group-only",
        "restricts-population",
        rf"\bfor (?!{MOMENT}|[\d-]{{1,6}} ?-?(?:day|week|cycle|month|hour))(?!.{{0,40}}\b(?:purposes?"
        rf"|use|eligibility|safety"
        rf"|information|reference|analys[ei]s|signatures?|days?|weeks?|cycles?|visits?|baseline"
        rf"|screening|doses?) only)"
        rf"[\w/' -]{{1,40}} only\b(?! (?:at|on|during|in|if|when|before|after))"
        rf"|\bonly (?:\w{{1,12}} )?(?:for|in|on|from) (?:the )?{WHO}\b(?! who (?:\w{{1,10}} )?{LATER})"
        r"(?! (?:with|that|not yet|still|no longer) )"
        rf"|\b(?:not applicable|applies|applicable) (?:only )?(?:for|to) (?!{MOMENT}"
        rf"|(?:the )?(?:\w{{1,12}} )?{LATER}"
        rf"|all\b|(?:study |the |any )?{WHO} (?:who|that)\b|the following|each|any|both|every|this"
        rf"|cohort \d and)"
        rf"(?!.{{0,25}}\b(?:visits?|cycles?|days?|regardless|irrespective)\b)",
        "only a named group",
        unless=_ELIGIBLE,
    ),
    make_rule(
        "named-group",
        "restricts-population",
        rf"\b(?:is|are|only|performed|done|required|collected|applies|apply|applicable|reserved) (?:only )?"
        rf"(?:for|in|to) (?:the )?{_PLAIN} (?:arms?|groups?|cohorts?|stratum|strata|parts?)\b"
        rf"|\b{_PLAIN} (?:arm|group|cohort|stratum)s?(?: {WHO})? only\b"
        rf"|\b{WHO} (?:randomi[sz]ed|assigned|allocated) to (?:the )?{_PLAIN} (?:arm|group|cohort)s?\b"
        rf"|^(?:for |in )?(?:the )?{_PLAIN} (?:[\w-]{{1,15}} )?(?:arm|cohort|group)s?[:,]"
        rf"|(?:^|\bin )(?:the )?(?:arm|cohort|group|part|stratum) (?:[a-h]|\d|[iv]{{1,3}})(?: and (?:[a-h]"
        rf"|\d))?:"
        rf"|\b(?:cohorts|arms|parts|groups) (?:[a-h]|\d)(?: ?(?:,|and|&|or|to|-) ?(?:[a-h]|\d)){{1,3}} only\b"
        rf"|\b(?:not|do not|does not) apply to (?:\w{{1,12}} in )?(?:cohorts?|arms?|parts?"
        rf"|groups?) (?:[a-h]|\d)",
        "only a named group",
        unless=rf"{_ELIGIBLE}",
    ),
    make_rule(
        "first-n",
        "restricts-population",
        rf"\b(?:limited|restricted|confined) to (?:the )?(?!{MOMENT})(?:[\w/-]{{1,20}} ){{0,4}}{WHO}\b"
        rf"|\b(?:about|approximately|only|up to|at least|the first|first|a minimum of"
        rf"|(?:a )?maximum of) (?:the )?"
        rf"(?:first )?(?:\d{{1,4}}|two|three|four|five|six|eight|ten|twelve|twenty) (?:\w{{1,15}} )?{WHO}\b"
        rf"|\b(?:a proportion|a fraction|a sample|a random sample|half|\d{{1,2}} ?%) of (?:the )?"
        rf"(?:\w{{1,15}} )?{WHO}\b",
        "only some number of the patients",
    ),
    make_rule(
        "followed-by-arm",
        "restricts-population",
        rf"^{WHO} (?:in|of|assigned to|randomi[sz]ed to) (?:the )?{_ARM}.{{0,60}}\b(?:followed|monitored)\b",
        "longer in one arm",
        reads_reports=True,
    ),
    make_rule(
        "regulation",
        "restricts-population",
        rf"\b(?:if|when|where|as|only as|unless|wherever) (?:it is |this is |so )?(?:required|requested"
        rf"|mandated"
        rf"|prohibited|permitted|allowed|permissible|acceptable|not (?:allowed|permitted)|forbidden|demanded)"
        rf"(?: by| under| per| according to| within| in)? .{{0,40}}\b{_LAW}"
        rf"|\b(?:where|if|when|unless) .{{0,40}}\b{_LAW}\b.{{0,30}}\b(?:allow|permit|requir|prohibit|forbid"
        rf"|demand"
        rf"|mandat)"
        rf"|\b{_LAW}\b.{{0,20}}\b(?:do|does) not (?:allow|permit)",
        "only where the law of the place asks for it or allows it",
        unless=r"\b(?:shipped|dispensed|stored|labell?ed|destroyed|retained|disposed)\b|\bmore frequent"
        r"|\badditional\b|\be-?consent\b|\b(?:or|and) (?:as|where|if) (?:required|permitted)",
    ),
    make_rule(
        "subset",
        "restricts-population",
        r"\bsub-?(?:population|group|set|study|studies)\b(?! of (?:the )?(?:questions|items|tests))",
        "only a part of the patients",
    ),
    make_rule(
        "country-or-site",
        "restricts-population",
        rf"\b(?:only|required|mandatory|not \w{{1,12}}) (?:for (?:sites|{WHO}) )?(?:in|at|for) {_COUNTRY}\b"
        rf"|^(?:in|for) {_COUNTRY}\b|\b(?:in|for) {_COUNTRY} only\b|\b(?:sites|{WHO}"
        rf"|countries) in {_COUNTRY}\b|\b{_COUNTRY} (?:sites )?only\b"
        rf"|^(?:at |in )?(?:sites|centres|centers|countries) in (?!the study)[\w ]{{3,20}}"
        rf"|\b(?:japanese|chinese|korean|taiwanese|indian|european|american|us|uk|german|french|italian"
        rf"|spanish"
        rf"|canadian|australian|african|asian) (?:sites|centres|centers|{WHO})\b"
        rf"|\bnot \w{{3,12}} (?:in|at) {_COUNTRY}\b"
        r"|\b(?:selected|certain|some|participating|capable|designated) (?:\w{1,16} )?(?:sites|centers"
        r"|centres|countries)\b"
        r"|\b(?:sites|centres|centers|hospitals|institutions) (?:capable|with|that|where|participating|able"
        r"|equipped|having|in which|taking part|involved|doing|using)\b|\bcountry-specific\b"
        r"|\bendemic (?:countries|areas"
        r"|regions)\b|\bin countries\b"
        rf"|\b(?:if|when|where|only as|unless) (?:\w{{1,12}} )?(?:required|requested|mandated"
        rf"|prohibited) {_REGULATION}"
        r"|\bunless .{0,60}\bnot (?:allowed|permitted|approved)\b|\bunless prohibited\b",
        "only at some sites or in some countries",
        unless=r"\bmore frequent|\badditional\b|\bdetail\w* (?:of|in)\b",
    ),
    make_rule(
        "consent",
        "restricts-population",
        r"^(?:\W{0,3})optional\b(?! (?:at|on|visit))|\b(?:is|are|be) (?:considered )?(?:an )?optional\b"
        r"|\boptional (?:part"
        r"|sub-?study|component|consent|research)"
        r"|[:,(] ?optional\b(?! (?:at|on|visit))|\boptional(?:[;,.)]|$)|\bmay (?:refuse|opt out|decline)\b"
        r"|\bconsent(?:ed|s|ing)? to (?:the )?(?:optional|sub|future|genetic|pharmacogen|biobank"
        r"|additional|participat)"
        r"|\bwho (?:have |has )?(?:\w{1,12} )?(?:consent|agree)\w*"
        r"|\b(?:if|when|where|only) .{0,30}\bconsent\w* (?:to|for|is|has been|was"
        r"|were) (?!.{0,15}(?:withdrawn"
        r"|obtained (?:before|prior)))"
        r"|\bseparate (?:informed )?(?:consent|signature)|\bvoluntary\b|\bvoluntarily\b|\bconsenting\b"
        r"|\b(?:additional|specific|special|extra|second|further) (?:\w{1,10} )?consent\b"
        r"|\bunless .{0,40}\b(?:declined?|refused?|opted out|objects?)\b|\bwho (?:have "
        r"|has )?(?:not )?(?:declined|opted)"
        r"|\bif (?:the |a )?(?:patients?|participants?|subjects?|parents?) (?:agree|consent)s?\b"
        r"|\bwho (?:gave|give|provided|signed)\b.{0,25}\bconsent",
        "only patients who agree",
        unless=r"\bvisit is optional\b|^[vcdw]\d{1,3}\b.{0,50}\boptional\b|\boptional\b.{0,12}\b(?:at|on"
        r"|during|for|after|before|from) "
        rf"(?:the )?{MOMENT}|\bunless the (?:participant|patient|subject) has withdrawn\b"
        r"|\bprocedures? performed prior\b",
    ),
)

POPULATION = _SEX_AND_AGE + _ILLNESS + _GROUPS

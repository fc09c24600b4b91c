"""Small words by what they do in a criterion; all are compared with folded words."""

FILLERS = frozenset(
    """
a an the patient patients subject subjects participant participants individual individuals person persons
people volunteer volunteers who whom which that is are was were be been being has have had having must
should shall will with of in to known documented evidence presence present diagnosis diagnosed
confirmed as their his her its this any all those these such value values level levels count result results
serum plasma blood total criterion criteria inclusion exclusion following based on at by from per according
defined use using used received receive receiving taking taken take undergone undergoing underwent
treated clinical least institutional laboratory local central does do did not-applicable each there whose
having aged it than been if applicable also either both meet meets meeting met condition show shows showing
demonstrate demonstrated demonstrates score scale status classification class index grade range normal
eligible study
""".split()  # noqa: SIM905
)
"""Words that no reader would miss (in the sense of `PLAIN`) or that only a rule may skip."""

PLAIN = frozenset(
    """
a an the patient patients subject subjects participant participants individual individuals person persons
volunteer volunteers who show shows is are was were be been has have had having must should shall of in known
documented diagnosis diagnosed evidence presence any their his her its this those these there
at by measured calculated estimated form forms type types kind value values level levels result results serum plasma blood all with also either to age
""".split()  # noqa: SIM905
)
"""Words that may stand anywhere in a clause without a change of its sense."""

QUALIFIERS = frozenset(
    """
severe significant serious uncontrolled symptomatic moderate chronic acute unstable primary stable persistent
mild major poorly controlled systemic decompensated unexplained congenital progressive recurrent relevant
clinically advanced locally metastatic invasive malignant unresectable untreated treated measurable refractory
relapsed resistant high low abnormal elevated increased decreased impaired adequate inadequate marked overt
asymptomatic idiopathic unilateral bilateral secondary acquired hereditary familial transient intermittent
frequent heavy excessive extensive limited early late stage-specific concomitant concurrent active
current ongoing ischemic haemorrhagic hemorrhagic hemodynamically life-threatening intravenous oral topical
inhaled parenteral strong moderate-strong weak potent curative palliative adjuvant neoadjuvant curatively
adequately previously prior past recent recently previous histologically cytologically pathologically
radiologically radiographically serologically microscopically biochemically suspected possible probable
definite confirmed proven newly untreated intercurrent underlying pre-existing preexisting existing
other another additional non-healing large small minor partial complete full incomplete chronically
sustained requiring long-term short-term daily regular routine new worsening serious end-stage terminal
isolated single multiple permanent fixed definitive standard conventional experimental investigational
gastrointestinal cardiac hepatic renal pulmonary cardiovascular neurological neurologic psychiatric
endocrine hematological hematologic metabolic immunological autoimmune respiratory cerebral intracranial
peripheral central spinal ocular cutaneous dermatological inflammatory bacterial viral fungal allogeneic
autologous uncorrected radiographic surgical medical diagnostic therapeutic prophylactic first second third
""".split()  # noqa: SIM905
)
"""Words that narrow what follows."""

NOT_NAMES = (
    FILLERS
    | frozenset(
        """
and or but no not non without except unless other than for due because during within before after since
prior until while when where also may can could would might only including include includes included
excluding such eg ie e g i etc versus vs per up less more greater lower higher between above below over
under equal absence history either neither nor none currently allowed permitted eligible require requires
requiring required need needs needing treat planned scheduled last past previous current active ongoing
concomitant concurrent severe significant serious uncontrolled symptomatic moderate mild major clinically
unstable stable untreated treated chronic acute recent recently suspected possible probable adequate
poorly controlled well persistent progressive relevant into through via whether however considered
associated related caused causing interfere interferes affect affecting likely potential increase
increases increased decreased elevated positive negative months month weeks week days day years year
hours hour x fold times limit upper judged opinion investigator investigator's physician physician's under
additional another same own one two three four five six seven eight nine ten first second third
women woman men man female male adult adults child children infants pregnant age
their your our new any known unknown decompensated unexplained secondary primary congenital advanced
locally metastatic recurrent refractory relapsed resistant
""".split()  # noqa: SIM905
    )
) - {"blood", "serum", "clinical"}
"""Words that are never part of a name found by its ending or head."""

"""Rules for footnotes that move a procedure away from the trial's site."""

from unburden.burden.footnote_rules.rule import make_rule
from unburden.domain.protocol import Place

PLACES = (
    make_rule(
        "telephone",
        "alternative-place",
        r"\b(?:telephone|phone|tele-?visits?|tele-?health|telemedicine|tele-?consult\w*|virtual(?:ly)?"
        r"|remote(?:ly)?|video"
        r"|sms|text messag\w+|mobile app\w*|web-?based|(?:by|or|via|through) e-?mail|smart-?phones?"
        r"|(?:safety|follow-?up|reminder|check-?in|nurse) calls?|call(?:-| )?cent(?:er|re)"
        r"|(?:patients?|participants?|subjects?|caregivers?|parents?) (?:is|are|will be|should be|must be"
        r"|may be) (?:\w{1,12} )?(?:called|phoned|rung|contacted)"
        r"|(?:will|should|must|may|can|to) (?:call|phone|ring|contact) (?:a|an|the|each|every|all)?"
        r" ?(?:\w{1,12} )?(?:patients?|participants?|subjects?|site|clinic|nurse|cent(?:er|re)|hotline)"
        r"|(?:doctor|nurse|investigator|coordinator|staff|physician|site) (?:phones?|calls?|telephones?"
        r"|rings?)|online"
        r"|from (?:their )?home|(?:patients?|participants?|subjects?) (?:call|phone|ring) (?:the|a|their))\b",
        "may be done from afar",
        unless=r"\b(?:tele)?phone numbers?\b|\bcontact (?:details|information)\b"
        r"|\bnot (?:be )?(?:\w{1,12} )?(?:remote|virtual|by (?:tele)?phone)",
        place=Place.REMOTE,
    ),
    make_rule(
        "home",
        "alternative-place",
        r"\b(?:home|mobile|visiting)[ -]?(?:health\w*|visits?|nurs\w+|care|sampling|collection|monitoring)\b"
        r"|\bat (?:their |the patient's |the participant's )?home\b|\bhome-?based\b|\b(?:patient"
        r"|participant|subject)'?s'? home\b",
        "may be done at home",
        place=Place.HOME,
    ),
    make_rule(
        "post",
        "alternative-place",
        r"\bcourier(?:ed)? (?:service)?.{0,30}\b(?:patient|participant|home)|\b(?:shipped|mailed|sent"
        r"|posted|delivered) (?:directly )?to (?:the )?"
        r"(?:patient|participant|subject|home)|\bby (?:mail|post)\b|\bdirect[ -]to[ -]patient\b"
        r"|\bwearables?\b|\bwear (?:an?|the) \w+|\b(?:activity|sleep|fitness) (?:tracker|monitor)\b"
        r"|\bactigraph\w*"
        r"|\bposted to\b|\bmail(?:ed)? (?:to|back)\b|\bsend (?:them|it|the \w+) back\b|\bup-?loaded from\b",
        "comes by post or device",
        place=Place.HOME,
    ),
    make_rule(
        "local",
        "alternative-place",
        r"\blocal(?:ly)? (?:lab\w*|clinic\b|hospital|physician|facilit\w+|performed|assessed|analy[sz]ed"
        r"|(?:\w{1,15} )?tested|"
        r"health ?care)|\b(?:performed|assessed|analy[sz]ed|tested|done|collected|obtained|drawn"
        r"|processed|read) locally\b"
        r"|\boff-?site\b|\b(?:external|another|outside|referring|nearby) (?:facility|hospital|clinic"
        r"|laboratory|institution|site)"
        r"|\b(?:close|closer|near|nearer|nearest) to (?:where|the patient|the participant|their|home)"
        r"|\blocal (?:\w{1,15} )?(?:cent(?:er|re)|laborator(?:y|ies)|clinic|hospital|pharmacy|doctor)s?\b"
        r"|\b(?:own|family|referring|treating community|usual|home) (?:doctor|physician|gp|oncologist|"
        r"paediatrician|pediatrician)\b|\bnursing home\b"
        r"|\bprimary care (?:physician|provider)|\b(?:general|family) practitioner",
        "may be done at a local laboratory or clinic",
        place=Place.LOCAL,
    ),
)

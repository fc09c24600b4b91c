"""Rules for footnotes that move a procedure away from the trial's site."""

from unburden.burden.footnote_rules.rule import make_rule
from unburden.domain.protocol import Place

PLACES = (
    make_rule(
        "telephone",
        "alternative-place",
        r"\b(?:telephone|phone|tele-?visits?|tele-?health|telemedicine|tele-?consult\w*|virtual(?:ly)?"
        r"|remote(?:ly)?|video"
        r"|sms|text messag\w+|mobile app\w*|web-?based|by e-?mail)\b",
        "may be done from afar",
        unless=r"\btelephone number\b|\bnot (?:be )?(?:\w{1,12} )?(?:remote|virtual|by (?:tele)?phone)",
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
        r"|\bwearable|\bwear (?:a|the) \w+",
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
        r"|\bprimary care (?:physician|provider)|\b(?:general|family) practitioner",
        "may be done at a local laboratory or clinic",
        place=Place.LOCAL,
    ),
)

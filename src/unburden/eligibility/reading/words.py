"""A criterion's text as folded characters and tokens that keep their place in it."""

import re
from dataclasses import dataclass
from functools import lru_cache

_SAME = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d", "-"),
        **dict.fromkeys("\u2018\u2019\u00b4`\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u00ab\u00bb\u2033", '"'),
        **dict.fromkeys("\u00a0\u2002\u2003\u2009\u202f\u200b\ufeff\\_", " "),
        **dict.fromkeys("\u2265\u2a7e\u2267\uff1e\u22dd", "\u2265"),
        **dict.fromkeys("\u2264\u2a7d\u2266\uff1c\u22dc", "\u2264"),
        **dict.fromkeys("\u00d7\u2715\u2716\u2a2f\u22c5\u00b7\u2022", "x"),
        **dict.fromkeys("\u00b5\u03bc", "u"),
        **{chr(code): str(code - 0x2070) for code in range(0x2074, 0x207A)},
        "\u02c3": ">",
        "\u02c2": "<",
        "\u2070": "0",
        "\u00b9": "1",
        "\u00b2": "2",
        "\u00b3": "3",
        "\u2044": "/",
        "\uff0c": ",",
        "\uff08": "(",
        "\uff09": ")",
        "\uff1b": ";",
        "\uff1a": ":",
        "\uff1d": "=",
        "\u2022": "*",
        "[": "(",
        "]": ")",
        "{": "(",
        "}": ")",
    }
)
TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_][^\W_]*(?:'[a-z]+)?|[^\w\s]|_", re.UNICODE)

_SPELLINGS = (
    (re.compile(r"aem(?=[aio])"), "em"),
    (re.compile(r"haem"), "hem"),
    (re.compile(r"(?<=h)aemat"), "emat"),
    (re.compile(r"oedem"), "edem"),
    (re.compile(r"oesoph"), "esoph"),
    (re.compile(r"oestr"), "estr"),
    (re.compile(r"rrhoe"), "rrhe"),
    (re.compile(r"isch?aem"), "ischem"),
    (re.compile(r"anaesth"), "anesth"),
    (re.compile(r"paediatr"), "pediatr"),
    (re.compile(r"leucaem|leukaem"), "leukem"),
    (re.compile(r"(?<=[a-z])mour(?=s?$)"), "mor"),
    (re.compile(r"pnoea"), "pnea"),
    (re.compile(r"caesar"), "cesar"),
    (re.compile(r"foet"), "fet"),
    (re.compile(r"coel"), "cel"),
    (re.compile(r"faec"), "fec"),
    (re.compile(r"(?<=[a-z]{3})is(?=ed$|ation$|ations$|ing$|e$)"), "iz"),
    (re.compile(r"leucocyt"), "leukocyt"),
    (re.compile(r"sulph"), "sulf"),
    (re.compile(r"labour"), "labor"),
)
_KEEP_S = ("ss", "us", "is", "as", "'s")
_PLURALS = {"metastases": "metastasis", "diagnoses": "diagnosis", "thromboses": "thrombosis", "women": "woman",
            "men": "man", "mets": "metastasis", "children": "child", "varices": "varix", "biopsies": "biopsy", "diabetes": "diabetes", "herpes": "herpes",
            "rabies": "rabies", "species": "species", "series": "series"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number or sign: its place, its folded words and the key under which they are looked up."""

    start: int
    end: int
    word: str
    key: str


def fold_text(text: str) -> str:
    """The text in lower case with one form of every sign, character for character.

    >>> fold_text("ANC \u2a7e 1.5 \u00d7 10\u2079/L")
    'anc \u2265 1.5 x 109/l'
    """
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return lowered.translate(_SAME)


@lru_cache(maxsize=50_000)
def derive_key(word: str) -> str:
    """American spelling and the singular, so that a lexicon needs one form.

    >>> derive_key("tumours"), derive_key("anaemia"), derive_key("diabetes")
    ('tumor', 'anemia', 'diabetes')
    """
    if word in _PLURALS:
        return _PLURALS[word]
    key = word
    for pattern, replacement in _SPELLINGS:
        key = pattern.sub(replacement, key)
    if key.endswith("ies") and len(key) > 5:
        return key[:-3] + "y"
    if key.endswith("s") and len(key) > 3 and not key.endswith(_KEEP_S):
        return key[:-1]
    return key


def read_tokens(folded: str) -> tuple[Token, ...]:
    """Words, numbers and signs of folded text, in order."""
    return tuple(
        Token(m.start(), m.end(), m.group(), derive_key(m.group()) if len(m.group()) < 60 else m.group())
        for m in TOKEN.finditer(folded)
    )

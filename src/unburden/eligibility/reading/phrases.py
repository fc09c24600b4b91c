"""A sentence as phrases: names, values, times, negations, joins and the words that no rule knows."""

import re
from dataclasses import dataclass
from typing import Literal

from unburden.eligibility.reading.lexicon import Name, find_name
from unburden.eligibility.reading.sources import match_source
from unburden.eligibility.reading.stop_words import FILLERS, PLAIN, QUALIFIERS
from unburden.eligibility.reading.times import TimePhrase, find_time
from unburden.eligibility.reading.values import Value, find_value
from unburden.eligibility.reading.words import Token

PhraseKind = Literal[
    "name", "value", "time", "not", "except", "if", "and", "or", "comma", "slash", "open", "close",
    "example", "colon", "to", "with", "plain", "evidence", "manner", "source", "verdict", "act", "qualifier", "word",
]  # fmt: skip

_MANNER = (
    r"(?:as\s+)?(?:(?:determined|assessed|measured|calculated|evaluated|estimated|defined|demonstrated|detected|corrected|obtained)\s+)?"
    r"(?:by|per|according\s+to|using|based\s+on|in\s+accordance\s+with|via|with|as\s+per|with\s+the\s+use\s+of)\s+(?:the\s+|a\s+|an\s+)?"
    r"(?:(?:modified|response\s+evaluation\s+criteria\s+in\s+solid\s+tumou?rs|institutional|local|standard|validated|central|international|iwg|investigator)\s+)*\(?"
    r"(?:recist|irecist|mrecist|cockcroft(?:\s?-?\s?(?:and\s+)?gault)?|modification\s+of\s+diet\s+in\s+renal\s+disease|mdrd|ckd\s?-?epi|schwartz|"
    r"fridericia(?:'s)?|bazett(?:'s)?|echocardiogra(?:m|phy)|echo|muga|nci|ctcae|common\s+terminology\s+criteria|lugano|pcwg\s?-?3|rano|dsm\s?-?(?:iv|v|5)(?:\s?-?tr)?|"
    r"(?:central|local)\s+(?:laboratory|lab|testing)|ihc|immunohistochemistry|fish|ngs|pcr|asco\s?/\s?cap|imwg|iwcll|iwg|ultrasound|mri|ct|figo|ajcc|who\s+criteria)"
    r"(?:\s?-?\s?(?:formula|equation|method|criteria|guidelines?|version|v\.?|ver\.?|scan|assessment|gault|correction|test(?:ing)?|classification|imaging|or|and|ct|mri|muga|echo|\(?v?\d+(?:\.\d+)*\)?|[(),]|recist|v\d|edition|1\.1|\d+th|8th))*\)?"
)
_SOURCES: tuple[tuple[PhraseKind, str], ...] = (
    ("word", r"(?:with\s+or\s+without|irrespective\s+of|regardless\s+of(?!\s+(?:gender|sex)))\b"),
    (
        "except",
        r"(?:with\s+the\s+)?except(?:ions?)?(?:\s+(?:for|of|in|that|when))?\b|unless\b|other\s+than\b|excluding\b|apart\s+from\b|"
        r"(?:this\s+)?(?:(?:does|will|is|do)\s+)?not\s+appl(?:y|icable)\s+(?:to|for|in|if)\b|"
        r"aside\s+from\b|besides\b|exclusive\s+of\b|with\s+the\s+exception\s+of\b|not\s+including\b",
    ),
    (
        "if",
        r"(?:if|when)\b|in\s+(?:the\s+)?(?:cases?\s+of|presence\s+of|setting\s+of|event\s+of)\b|"
        r"(?:for|in)\s+(?:those\s+)?(?:the\s+)?(?:patients|subjects|participants|individuals|persons|those|cases|women|men)?\s*(?:with|who\s+have|having)\b(?=\s)|"
        r"for\s+(?:patients|subjects|participants|those)\b|in\s+(?:patients|subjects|participants|those|men|women|males|females)\b|"
        r"(?<=uln\s)with\s+(?:the\s+)?presence\s+of\b|"
        r"(?:due|secondary|attributed|attributable|related)\s+to\b|where\b",
    ),
    (
        "not",
        r"no\s+(?:known\s+|documented\s+|clinical\s+|radiographic\s+|other\s+)?(?:evidence|sign|signs|presence)\s+(?:of|for)\b|"
        r"(?:absence|lack|exclusion)\s+of\b|free\s+(?:of|from)\b|negative\s+for\b|"
        r"(?:has|have|had|is|are|was|were|does|do|did|must|should|may|can|could)\s+not\b|cannot\b|"
        r"(?:no|not|without|never|none|neither|nor)\b",
    ),
    ("and", r"(?:and|plus|as\s+well\s+as|&)(?!\s?/)(?:\b|(?<=&))"),
    ("or", r"(?:and\s?/\s?or|or)\b"),
    (
        "example",
        r"e\.\s?g\.?,?|eg\b[.,]?|i\.\s?e\.?,?|ie\b[.,]?|for\s+example,?|such\s+as\b|"
        r"including(?:,?\s+but\s+(?:is\s+|are\s+)?not\s+limited\s+to)?\b|includes?\b|namely\b|(?:is\s+|are\s+)?defined\s+(?:as|by)\b|\betc\b\.?",
    ),
    (
        "evidence",
        r"(?:(?:histologically|cytologically|pathologically|histopathologically|microscopically|radiologically|radiographically|serologically|clinically)"
        r"(?:\s*(?:and|or|/|,|and/or)\s*(?:histologically|cytologically|pathologically|histopathologically|radiologically|clinically))?\s*)?"
        r"(?:confirmed|proven|documented|diagnosed|verified)(?:\s+diagnosis\s+of)?\b|"
        r"(?:histological|cytological|pathological|histologic|pathologic|cytologic|tissue)(?:\s+(?:or|and)\s+(?:histological|cytological|pathological|cytologic))?\s+(?:confirmation|diagnosis|evidence|proof)\s+of\b|"
        r"(?:(?:has\s+|have\s+)?tested\s+positive|test\s+positive|positive(?:\s+(?:serology|serologies|tests?|testing|test\s+results?|results?))?)\s+for\b",
    ),
    (
        "act",
        r"(?:treatment|therapy|treated|vaccinated|immunized|exposure|concurrent\s+use|use|intake|receipt|administration)\s+(?:with|to|of)\b|"
        r"(?:received|receive|receiving|taking|taken|undergone|undergoing|underwent|had\s+received|using|used|exposed\s+to|on)\b",
    ),
    ("manner", _MANNER),
    (
        "plain",
        r"(?:of\s+)?(?:either|both|any)\s+(?:genders?|sex(?:es)?)\b|\(?\s?inclusive(?:ly)?\b\s?\)?|regardless\s+of\s+(?:gender|sex)\b",
    ),
    (
        "verdict",
        r"(?:(?:is|are|will\s+be|should\s+be|must\s+be|shall\s+be)\s+)?(?:excluded|ineligible|not\s+(?:be\s+)?(?:eligible|permitted|allowed)|prohibited)(?:\s+(?:from|for)\s+(?:the\s+|this\s+)?(?:study|trial|participation|enrol+ment))?\b",
    ),
    ("to", r"to\b"),
    ("with", r"with\b"),
)
_PATTERNS: tuple[tuple[PhraseKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(rf"(?:{pattern})")) for kind, pattern in _SOURCES
)
_PUNCTUATION: dict[str, PhraseKind] = {
    ",": "comma", ";": "comma", "(": "open", ")": "close", "/": "slash", "*": "plain", "-": "plain", ".": "plain",
    ":": "colon", "'": "plain", '"': "plain", "+": "word", "?": "plain", "^": "plain", "#": "plain",
}  # fmt: skip
_UPPER_ONLY = frozenset(
    """
met all got port audit art ret map pad gold er pr hr ms ra ad pe mi af cr pt ef alk mrs act ess ph ga
ck nrs plt alb ret epo cad ana gds ppd ip tips got wd ra uc er rh dm cp cps tps srs hep ect chemo scr pet ct
""".split()  # noqa: SIM905
) - {"chemo", "ct", "pet", "hep"}


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase at [start, end) of the text, made of tokens [first, last)."""

    kind: PhraseKind
    start: int
    end: int
    first: int
    last: int
    word: str = ""
    name: Name | None = None
    value: Value | None = None
    time: TimePhrase | None = None


def chunk_tokens(text: str, folded: str, tokens: tuple[Token, ...]) -> list[Phrase]:
    """Every token in one phrase, from left to right; the longest reading of time, value and name holds."""
    phrases: list[Phrase] = []
    at = 0
    after_scale = False
    while at < len(tokens):
        phrase = _next_phrase(text, folded, tokens, at, after_scale)
        phrases.append(phrase)
        if phrase.kind == "name":
            assert phrase.name is not None
            after_scale = phrase.name.entry.sort in ("scale", "stage")
        elif phrase.kind == "word" and len(phrases) > 1 and phrases[-2].kind == "open":
            pass
        elif phrase.kind not in ("plain", "colon", "open", "close", "or", "with", "slash", "comma"):
            after_scale = False
        at = phrase.last
    return phrases


def _next_phrase(text: str, folded: str, tokens: tuple[Token, ...], at: int, after_scale: bool) -> Phrase:
    token = tokens[at]
    if after_scale and (token.word in PLAIN or token.word in _SCALE_WORDS):
        return Phrase("plain", token.start, token.end, at, at + 1, token.word)
    early = _early_phrase(folded, tokens, at)
    if early is not None:
        return early
    name = _allowed_name(text, tokens, at)
    is_long = name is not None and name.last - at >= 2 and name.entry.certainty == 1.0
    if not is_long or after_scale:
        time = find_time(folded, token.start)
        if time is not None:
            return _span(tokens, at, time.end, Phrase("time", time.start, time.end, at, 0, time=time))
        value = find_value(folded, token.start, after_scale=after_scale)
        if value is not None and _is_value(value, folded, name, after_scale):
            end = token.start + len(_cut_at_open_end(folded[token.start : value.end]))
            return _span(tokens, at, end, Phrase("value", value.start, end, at, 0, value=value))
    if name is not None:
        end = tokens[name.last - 1].end
        return Phrase("name", token.start, end, at, name.last, name.entry.concept, name=name)
    return _small_phrase(folded, tokens, at)


def _early_phrase(folded: str, tokens: tuple[Token, ...], at: int) -> Phrase | None:
    """Words that lead to a name although they are one themselves: "treatment with", "treated"."""
    token = tokens[at]
    if token.word == "treated":
        return Phrase("qualifier", token.start, token.end, at, at + 1, token.word)
    if (
        token.word == "non"
        and at + 2 < len(tokens)
        and tokens[at + 1].word == "-"
        and _allowed_name_listed(tokens, at) is None
    ):
        return Phrase(
            "qualifier", token.start, tokens[at + 2].end, at, at + 3, folded[token.start : tokens[at + 2].end]
        )
    source = match_source(folded, token.start, token.word)
    if source:
        end = token.start + len(_cut_at_open_end(source.group()).rstrip())
        return _span(tokens, at, end, Phrase("source", token.start, end, at, 0, folded[token.start : end]))
    for kind, pattern in _EARLY:
        found = pattern.match(folded, token.start)
        if found:
            words = _cut_at_open_end(found.group())
            end = token.start + len(words)
            return _span(tokens, at, end, Phrase(kind, token.start, end, at, 0, words))
    return None


def _cut_at_open_end(words: str) -> str:
    """The words up to a closing parenthesis that none of them opens."""
    depth = 0
    for number, character in enumerate(words):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return words[:number]
    return words


_EARLY: tuple[tuple[PhraseKind, re.Pattern[str]], ...] = tuple(
    (kind, pattern)
    for kind, pattern in _PATTERNS
    if kind in ("act", "evidence", "manner", "verdict", "plain", "word")
)
_SCALE_WORDS = frozenset(
    [
        "score",
        "scale",
        "status",
        "class",
        "classification",
        "grade",
        "category",
        "performance",
        "stage",
        "of",
        "is",
    ]
)


def _is_value(value: Value, folded: str, name: Name | None, after_scale: bool) -> bool:
    """Whether a value counts here: not one that breaks a word off, nor a bare small number before a noun."""
    if value.end < len(folded) and folded[value.end - 1].isalnum() and folded[value.end].isalnum():
        return False
    return not (value.shape == "classes" and not after_scale) and (
        name is None or value.end - value.start > 1
    )


def _allowed_name(text: str, tokens: tuple[Token, ...], at: int) -> Name | None:
    name = find_name(tokens, at)
    if name is None:
        return None
    if name.last == at + 1 and tokens[at].word in _UPPER_ONLY:
        written = text[tokens[at].start : tokens[at].end]
        return name if written.isupper() else None
    return name


def _allowed_name_listed(tokens: tuple[Token, ...], at: int) -> Name | None:
    """A name that the lexicon lists, such as "non-small cell lung cancer"."""
    name = find_name(tokens, at)
    return name if name is not None and name.entry.certainty == 1.0 else None


def _span(tokens: tuple[Token, ...], at: int, end: int, phrase: Phrase) -> Phrase:
    """The phrase with the last of its tokens."""
    last = at + 1
    while last < len(tokens) and tokens[last].start < end:
        last += 1
    return Phrase(
        phrase.kind, phrase.start, phrase.end, at, last, phrase.word, phrase.name, phrase.value, phrase.time
    )


def _small_phrase(folded: str, tokens: tuple[Token, ...], at: int) -> Phrase:
    token = tokens[at]
    for kind, pattern in _PATTERNS:
        found = pattern.match(folded, token.start)
        if found and found.end() > token.start and found.end() >= token.end:
            return _span(
                tokens, at, found.end(), Phrase(kind, token.start, found.end(), at, 0, found.group())
            )
    kind = _PUNCTUATION.get(token.word)
    if kind is None:
        kind = _classify_small_word(token.word)
    return Phrase(kind, token.start, token.end, at, at + 1, token.word)


def _classify_small_word(word: str) -> PhraseKind:
    if word in PLAIN:
        return "plain"
    if word in QUALIFIERS:
        return "qualifier"
    return "word" if word not in FILLERS or word[0].isalnum() else "plain"

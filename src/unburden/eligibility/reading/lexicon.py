"""Names of things: the longest spelling that the lexicon knows, else a name by its ending or head."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from unburden.eligibility.reading import condition_words, measurement_words, treatment_words
from unburden.eligibility.reading.stop_words import NOT_NAMES
from unburden.eligibility.reading.words import Token, derive_key, read_tokens

LISTED, OPEN = 1.0, 0.8
"""Certainty of a name that the lexicon lists, and of one found by its ending or head word."""

_CODE = re.compile(r"[a-z]{2,6}\d{3,}[a-z]?\d?")
"""The code name of a substance under study, such as BMS986016."""
_MOST_MODIFIERS = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """A concept: its kind, id, standard unit and sort ("quantity", "scale", "stage", "marker", "function")."""

    kind: str
    concept: str
    unit: str = ""
    sort: str = ""
    certainty: float = LISTED


@dataclass(frozen=True, slots=True)
class Name:
    """An entry found in tokens [first, last)."""

    entry: Entry
    first: int
    last: int


def _read_table(table: str, kind: str, sort: str = "") -> Iterator[tuple[Entry, str]]:
    for line in table.strip().splitlines():
        parts = [part.strip() for part in line.split("|")]
        entry = Entry(kind, parts[0], parts[1] if len(parts) == 3 else "", sort)
        spellings = [spelling.strip() for spelling in parts[-1].split(";")]
        if parts[0] == "*":
            # Words that are each a concept of their own.
            for spelling in spellings:
                yield Entry(kind, "_".join(derive_keys(spelling)), "", sort), spelling
            continue
        for spelling in spellings:
            yield entry, spelling
        yield entry, parts[0].replace("_", " ").replace(":", " ")


def _all_entries() -> Iterator[tuple[Entry, str]]:
    yield from _read_table(treatment_words.PERSONS, "person")
    yield from _read_table(measurement_words.MEASUREMENTS, "measurement", "quantity")
    yield from _read_table(measurement_words.SCALES, "measurement", "scale")
    yield from _read_table(measurement_words.STAGES, "measurement", "stage")
    yield from _read_table(measurement_words.BIOMARKERS, "measurement", "marker")
    yield from _read_table(measurement_words.FUNCTIONS, "measurement", "function")
    yield from _read_table(condition_words.CONDITIONS, "condition")
    yield from _read_table(treatment_words.DRUGS, "drug")
    yield from _read_table(treatment_words.PROCEDURES, "procedure")
    yield from _read_table(treatment_words.DEVICES, "device")
    yield from _read_table(treatment_words.OBSERVATIONS, "observation")
    for word in treatment_words.OTHER_DRUGS:
        yield Entry("drug", word), word


def derive_keys(spelling: str) -> tuple[str, ...]:
    """The keys of a spelling's words; hyphens and slashes do not count."""
    return tuple(t.key for t in read_tokens(spelling.lower()) if t.word not in ("-", "/"))


@cache
def load_lexicon() -> dict[str, tuple[tuple[tuple[str, ...], Entry], ...]]:
    """By first key: the spellings' keys, longest first, with their entry. The first entry of a spelling holds."""
    found: dict[tuple[str, ...], Entry] = {}
    for entry, spelling in _all_entries():
        keys = derive_keys(spelling)
        if keys:
            found.setdefault(keys, entry)
    _drop_qualified(found)
    by_first: dict[str, list[tuple[tuple[str, ...], Entry]]] = {}
    for keys, entry in found.items():
        by_first.setdefault(keys[0], []).append((keys, entry))
    return {
        first: tuple(sorted(rows, key=lambda row: -len(row[0]))[:400]) for first, rows in by_first.items()
    }


def list_concepts() -> tuple[Entry, ...]:
    """Every concept that the lexicon lists, by kind and id: the names of columns and codes in expressions.

    >>> [e.unit for e in list_concepts() if e.concept == "haemoglobin"]
    ['g/dL']
    """
    entries = {entry for rows in load_lexicon().values() for _, entry in rows}
    return tuple(sorted(entries, key=lambda entry: (entry.kind, entry.concept)))


def _drop_qualified(found: dict[tuple[str, ...], Entry]) -> None:
    """A quality that a concept's other spelling does without ("decompensated cirrhosis") is read by itself."""
    for keys in [k for k in found if len(k) > 1 and k[0] in _QUALITIES and found[k].kind == "condition"]:
        if keys not in _WHOLE and found.get(keys[1:]) == found[keys]:
            del found[keys]


_QUALITIES = frozenset(
    """
acute chronic severe decompensated compensated active current symptomatic advanced invasive primary serious
moderate mild marked probable recurrent congenital significant uncontrolled unstable progressive
""".split()  # noqa: SIM905
)
_WHOLE = {("acute", "myocardial", "infarction"), ("congestive", "heart", "failure")}


def find_name(tokens: tuple[Token, ...], first: int) -> Name | None:
    """The longest name that begins at a token, or None.

    A name that the lexicon lists counts before one with a telling ending ("-itis", "-mab") or a
    head word ("... disease"), unless the latter is longer and holds the former.
    """
    listed = _find_listed(tokens, first)
    opened = _find_open(tokens, first)
    if listed is not None and opened is not None and _is_its_therapy(tokens, listed, opened):
        return Name(listed.entry, first, opened.last)
    if listed is None or (opened is not None and opened.last > listed.last):
        return opened if opened is not None else listed
    return listed


def _is_its_therapy(tokens: tuple[Token, ...], listed: Name, opened: Name) -> bool:
    """Whether "therapy" or "treatment" stands right after a drug: "docetaxel therapy" is docetaxel."""
    is_next = opened.last == listed.last + 1 and tokens[listed.last].key in ("therapy", "treatment")
    return is_next and listed.entry.kind == "drug"


def _find_listed(tokens: tuple[Token, ...], first: int) -> Name | None:
    for keys, entry in load_lexicon().get(tokens[first].key, ()):
        last = _match_keys(tokens, first, keys)
        if last is not None:
            return _extend_marker(tokens, Name(entry, first, last))
    return None


def _extend_marker(tokens: tuple[Token, ...], name: Name) -> Name:
    """A marker before a drug says which drug: "HER2 tyrosine kinase inhibitor"."""
    if name.entry.sort != "marker":
        return name
    at = name.last
    while at < len(tokens) and tokens[at].word in ("-", "targeted", "directed"):
        at += 1
    if at >= len(tokens):
        return name
    drug = find_name(tokens, at)
    if drug is None or drug.entry.kind not in ("drug", "procedure") or drug.entry.sort:
        return name
    entry = Entry("drug", f"{name.entry.concept}_{drug.entry.concept}", certainty=drug.entry.certainty)
    return Name(entry, name.first, drug.last)


def _match_keys(tokens: tuple[Token, ...], first: int, keys: tuple[str, ...]) -> int | None:
    """Where the keys end if they stand at `first`, hyphens and slashes skipped; None if they do not."""
    at = first
    for number, key in enumerate(keys):
        while number and at < len(tokens) and tokens[at].word in ("-", "/"):
            at += 1
        if at >= len(tokens) or tokens[at].key != key:
            return None
        at += 1
    return at


def _find_open(tokens: tuple[Token, ...], first: int) -> Name | None:
    """Up to three plain words and one that says what the whole is."""
    at, words = first, 0
    best: Name | None = None
    while at < len(tokens) and words <= _MOST_MODIFIERS:
        token = tokens[at]
        if token.word == "-" and words:
            at += 1
            continue
        if not token.word[0].isalpha() or token.word in NOT_NAMES:
            break
        kind = classify_word(token.key)
        if kind is not None:
            best = _name_of(tokens, first, at + 1, kind)
        elif _find_listed(tokens, at) is not None and words:
            break
        words += 1
        at += 1
    return best


def _name_of(tokens: tuple[Token, ...], first: int, last: int, kind: str) -> Name:
    concept = "_".join(t.key for t in tokens[first:last] if t.word[0].isalnum())
    return Name(Entry(kind, concept, certainty=OPEN), first, last)


_CONDITION_HEADS = frozenset(derive_key(word) for word in condition_words.CONDITION_HEADS)
_DRUG_HEADS = frozenset(derive_key(word) for word in treatment_words.DRUG_HEADS)
_PROCEDURE_HEADS = frozenset(derive_key(word) for word in treatment_words.PROCEDURE_HEADS)


def is_bare_head(name: Name) -> bool:
    """Whether a name is nothing but a head word ("dependence", "inhibitor"), which does not say of what."""
    heads = _CONDITION_HEADS | _DRUG_HEADS | _PROCEDURE_HEADS
    return name.last == name.first + 1 and name.entry.certainty < LISTED and name.entry.concept in heads


def classify_word(key: str) -> str | None:
    """The kind of thing that a word names by itself, from its ending or a list of heads; None if neither."""
    if key in _CONDITION_HEADS:
        return "condition"
    if key in _DRUG_HEADS:
        return "drug"
    if key in _PROCEDURE_HEADS:
        return "procedure"
    if _CODE.fullmatch(key):
        return "drug"
    if len(key) < 6 or key in condition_words.NOT_CONDITIONS:
        return None
    if key.endswith(treatment_words.DRUG_ENDINGS):
        return "drug"
    if key.endswith(treatment_words.PROCEDURE_ENDINGS):
        return "procedure"
    return "condition" if key.endswith(condition_words.CONDITION_ENDINGS) else None

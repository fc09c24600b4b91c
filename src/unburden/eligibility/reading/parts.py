"""One part of a clause, its names with their value and times, to an expression."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from unburden.domain.criteria import AllOf, AnyOf, Expression, Not, Unread
from unburden.eligibility.reading.leaves import STATES, Absence, apply_time, read_measure
from unburden.eligibility.reading.lexicon import Entry, is_bare_head
from unburden.eligibility.reading.phrases import Phrase
from unburden.eligibility.reading.times import TimePhrase
from unburden.eligibility.reading.values import Value

AGE = Entry("measurement", "age", "year", "quantity")
REACTIONS = ("allergy", "intolerance", "sensitivity")
CARING = frozenset({"pregnancy", "breast_feeding"})
VAGUE = frozenset(
    {"medical_condition", "symptoms", "medication", "treatment", "imaging", "physical_examination",
     "contraindication", "adverse_event", "study_treatment", "excipients", "organ_dysfunction", "healthy",
     "biopsy", "similar_compounds", "caregiver", "informed_consent", "residence", "smoking_status",
     "diet", "injection", "removal", "extraction", "donation", "admission", "rest", "mental_status", "falls", "life_threatening", "contraception", "disease_progression"}
)  # fmt: skip
"""Concepts too wide to be looked up as one code; named, but not computed."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the rules need to know beside the phrases."""

    text: str
    is_inclusion: bool
    absence: Absence


@dataclass(frozen=True, slots=True)
class Reading:
    """An expression, how certain its rules are (0 to 1) and their names."""

    expression: Expression
    certainty: float
    rules: tuple[str, ...]


@dataclass(slots=True)
class Part:
    """Names that share a value, times and qualifiers; `links` join them."""

    names: list[Phrase] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    value: Phrase | None = None
    times: list[TimePhrase] = field(default_factory=list)
    qualifiers: list[Phrase] = field(default_factory=list)
    is_negated: bool = False
    link_before: str = ""
    allergens: list[Phrase] = field(default_factory=list)
    is_allergy: bool = False


class NotUnderstoodError(Exception):
    """The phrases do not make a clause that the grammar knows."""


def join_names(entry: Entry) -> bool:
    """Whether a name is a measure that needs a value."""
    return entry.kind == "measurement" or entry.concept == "age"


class PartReader:
    """Reads parts and keeps the rules that it used and their certainty."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.rules: list[str] = []
        self.certainty = 1.0

    def note(self, rule: str, certainty: float) -> None:
        """Keep a rule that was used and lower the certainty."""
        if rule not in self.rules:
            self.rules.append(rule)
            self.certainty *= certainty

    def read(self, part: Part) -> Expression:
        """The part's expression; raises where it is not understood."""
        is_measure = [p.kind == "value" or join_names(p.name.entry) for p in part.names if p.name or p.value]  # type: ignore[union-attr]
        if part.is_allergy:
            return self._read_allergy(part)
        if all(is_measure):
            return self._read_measures(part)
        if any(is_measure):
            raise NotUnderstoodError
        return self._read_events(part)

    def _read_measures(self, part: Part) -> Expression:
        if part.value is None or part.value.value is None:
            raise NotUnderstoodError
        value: Value = part.value.value
        allowed = ("window", "now")
        if any(time.reach not in allowed for time in part.times):
            raise NotUnderstoodError
        if any(time.reach == "window" for time in part.times):
            self.note("when the test was made is left to the column", 0.9)
        if any(p.word == "severity_grade" for p in part.names):
            raise NotUnderstoodError
        entries = [AGE if p.kind == "value" or p.word == "age" else p.name.entry for p in part.names]  # type: ignore[union-attr]
        leaves = [_found(read_measure(entry, value)) for entry in entries]
        self.note("comparison", 0.98)
        tags = tuple(_tag(q) for q in part.qualifiers)
        if tags:
            raise NotUnderstoodError
        if len(leaves) == 1:
            return leaves[0]
        if part.is_negated:
            raise NotUnderstoodError
        self.note("one limit for several measures", 0.9)
        positive = value.shape == "word" and value.word == "positive"
        if positive or value.shape == "classes":
            joined = resolve_link(set(part.links))
            return (
                AnyOf(tuple(leaves))
                if joined in ("or", "slash") or not self.context.is_inclusion
                else AllOf(tuple(leaves))
            )
        return AllOf(tuple(leaves)) if self.context.is_inclusion else AnyOf(tuple(leaves))

    def _read_allergy(self, part: Part) -> Expression:
        if not part.allergens or part.value or not {p.word for p in part.names} <= {*REACTIONS}:
            raise NotUnderstoodError
        time = _only(part.times)
        leaves = []
        reactions = dict.fromkeys(p.word for p in part.names)
        for code in [
            f"{reaction}_to_{allergen.word}" for allergen in part.allergens for reaction in reactions
        ]:
            leaf = apply_time("condition", code, time, self.context.text, self.context.absence)
            leaves.append(_tagged(_found(leaf), part.qualifiers))
        self.note("allergy to a substance", 0.95)
        return leaves[0] if len(leaves) == 1 else AnyOf(tuple(leaves))

    def _read_events(self, part: Part) -> Expression:
        value = part.value.value if part.value else None
        if value is not None and value.shape != "word":
            raise NotUnderstoodError
        if any(
            p.word in VAGUE or (p.name is not None and p.name.entry.kind == "observation") for p in part.names
        ):
            raise NotUnderstoodError
        kinds = {p.name.entry.kind for p in part.names if p.name is not None}
        if {"drug", "condition"} <= kinds or any(
            p.name is not None and is_bare_head(p.name) for p in part.names
        ):
            # "Ethanol or drug abuse" shares its last word; "dependence" alone says not on what.
            raise NotUnderstoodError
        time = _only(part.times)
        leaves = []
        for phrase in part.names:
            assert phrase.name is not None
            kind = phrase.name.entry.kind
            if time is not None and time.reach == "now" and phrase.word in STATES:
                time = None
            leaf = _found(apply_time(kind, phrase.word, time, self.context.text, self.context.absence))
            leaves.append(_tagged(leaf, part.qualifiers))
        self.note("named events", 0.97)
        joined = self._join_names(part, leaves)
        if value is None or value.word == "positive":
            return joined
        if value.word == "negative" and not part.is_negated:
            return Not(joined)
        raise NotUnderstoodError

    def _join_names(self, part: Part, leaves: list[Expression]) -> Expression:
        if len(leaves) == 1:
            return leaves[0]
        joined = resolve_link(set(part.links))
        words = {p.word for p in part.names}
        if joined == "slash" or part.is_negated or words <= CARING:
            joined = "or"
        if joined == "comma":
            self.note("a list without 'and' or 'or'", 0.85)
            if self.context.is_inclusion:
                # "NSCLC, melanoma" asks for one of them, "hypertension, diabetes" for both.
                raise NotUnderstoodError
            joined = "or"
        if joined == "and" and (not self.context.is_inclusion or len(leaves) > 2 or _are_cancers(words)):
            raise NotUnderstoodError
        if any(isinstance(leaf, Not) for leaf in leaves):
            # "At least 4 weeks since A or B" asks it of both.
            joined = "and"
        return AllOf(tuple(leaves)) if joined == "and" else AnyOf(tuple(leaves))


_CANCER = re.compile(
    r"(?:cancer|carcinoma|lymphoma|leuka?emia|sarcoma|melanoma|tumou?r|glioma|myeloma|blastoma|metasta|dlbcl|nsclc|malignancy)"
)


def is_cancer(concept: str) -> bool:
    """Whether a concept's name is that of a cancer."""
    return _CANCER.search(concept) is not None


def _are_cancers(concepts: set[str]) -> bool:
    """Whether more than one name is a cancer: "with melanoma and lung cancer" takes patients with either."""
    return sum(is_cancer(concept) for concept in concepts) > 1


def resolve_link(links: Iterable[str]) -> str:
    """One word for all joins of a list; commas go with the word that ends it."""
    found = set(links) - {"comma"}
    if len(found) > 1:
        raise NotUnderstoodError
    return found.pop() if found else "comma"


def negate(expressions: list[Expression]) -> Expression:
    """None of them."""
    return Not(expressions[0] if len(expressions) == 1 else AnyOf(tuple(expressions)))


def _found(expression: Expression | None) -> Expression:
    if expression is None:
        raise NotUnderstoodError
    return expression


def _only(times: list[TimePhrase]) -> TimePhrase | None:
    """The one time of a part; "history of X within 5 years" has the window; two others are not understood."""
    windows = [t for t in dict.fromkeys(times) if t.reach != "ever"]
    if len(windows) > 1:
        raise NotUnderstoodError
    return windows[0] if windows else times[0] if times else None


def _tag(phrase: Phrase) -> Unread:
    return Unread(phrase.word, "a quality that no code tells")


def _tagged(expression: Expression, qualifiers: list[Phrase]) -> Expression:
    """The event and its qualities, which stay unread: false without the event, unknown with it."""
    if not qualifiers:
        return expression
    if isinstance(expression, Not):
        raise NotUnderstoodError
    words = " ".join(dict.fromkeys(q.word for q in qualifiers))
    return AllOf((expression, Unread(words, "a quality that no code tells")))


def is_described_by(part: Part, phrase: Phrase) -> bool:
    """ "Breast cancer, HER2 positive", "heart failure NYHA III": a disease and then its marker, stage or class."""
    assert phrase.name is not None
    names = [p.name.entry for p in part.names if p.name]
    is_disease = len(names) == 1 and names[0].kind == "condition" and names[0].concept not in VAGUE
    if is_disease and phrase.name.entry.sort == "stage" and not is_cancer(names[0].concept):
        return False
    return is_disease and phrase.name.entry.sort in ("stage", "marker", "scale")


def is_described_before(part: Part, phrase: Phrase) -> bool:
    """ "HER2-positive breast cancer", "NYHA class III heart failure"."""
    assert phrase.name is not None
    names = [p.name.entry for p in part.names if p.name]
    is_mark = len(names) == 1 and names[0].sort in ("stage", "marker", "scale") and part.value is not None
    is_disease = phrase.name.entry.kind == "condition" and phrase.name.entry.concept not in VAGUE
    if is_mark and names[0].sort == "stage" and not is_cancer(phrase.name.entry.concept):
        # The stage of a kidney's disease is not the stage of a cancer.
        return False
    return is_mark and is_disease


def is_other_side(part: Part, value: Value) -> bool:
    """ "Age < 20 or > 76 years": a second value without a name of its own, on the other side."""
    first = part.value.value if part.value else None
    if first is None or len(part.names) != 1 or value.shape != first.shape:
        return False
    sides = {b.operator[0] for b in first.bounds}, {b.operator[0] for b in value.bounds}
    return sides in (({"<"}, {">"}), ({">"}, {"<"})) and bool(value.unit or value.limit or not first.unit)


def is_same_in_other_unit(part: Part, value: Value) -> bool:
    """ "Haemoglobin >= 9 g/dL or >= 5.6 mmol/L": the same side again, in another unit."""
    first = part.value.value if part.value else None
    if first is None or len(part.names) != 1 or not (value.shape == first.shape == "number"):
        return False
    sides = [b.operator for b in first.bounds], [b.operator for b in value.bounds]
    return (
        sides[0] == sides[1]
        and len(sides[0]) == 1
        and bool(value.unit and first.unit)
        and value.unit != first.unit
    )


def is_at_least_one(value: Value | None) -> bool:
    """ "At least one" before a thing counts it, which an event alone says."""
    bounds = value.bounds if value is not None and value.shape == "number" and not value.unit else ()
    return [(b.operator, b.number) for b in bounds] == [(">=", 1.0)]

"""A clause's phrases to an expression: who carries what, when, and how the parts join."""

from unburden.domain.criteria import AllOf, AnyOf, Expression, Not, OneOf, Window
from unburden.eligibility.reading.parts import (
    CARING,
    Context,
    NotUnderstoodError,
    Part,
    PartReader,
    Reading,
    is_at_least_one,
    is_described_before,
    is_described_by,
    is_other_side,
    is_same_in_other_unit,
    join_names,
    negate,
    resolve_link,
)
from unburden.eligibility.reading.phrases import Phrase
from unburden.eligibility.reading.times import TimePhrase

_SKIPPED = ("plain", "evidence")
_DUTIES = ("must", "should", "shall")
_PAST_ACTS = ("received", "undergone", "underwent", "had received", "exposed")
_PRESENT_ACTS = ("receiving", "taking", "using", "undergoing", "on")
_INFECTIONS = ("hiv_infection", "hepatitis_b", "hepatitis_c", "hepatitis_b_or_c", "tuberculosis", "covid_19")
_IN_TREATMENT = ("drug", "procedure", "device")


def read_clause(phrases: list[Phrase], context: Context) -> Reading | None:
    """The expression of a clause whose every phrase a rule accounts for; None if there is none.

    One unknown word, a name that stands beside another without a join, or a join that could
    mean two things make the clause unread: half a clause is never taken for the whole.
    """
    try:
        parser = _ClauseParser(context)
        for number, phrase in enumerate(phrases):
            parser.add(phrase, phrases[number + 1 :])
        return parser.finish()
    except NotUnderstoodError:
        return None


class _ClauseParser:
    """Left to right; `part` is open until its value or time is complete and a new name begins."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.reader = PartReader(context)
        self.parts: list[Part] = []
        self.part = Part()
        self.link = ""
        self.is_negated = False
        self.negations = 0
        self.pending_times: list[TimePhrase] = []
        self.pending_qualifiers: list[Phrase] = []
        self.pending_value: Phrase | None = None
        self.sexes: list[str] = []
        self.premise: Part | None = None
        self.is_adult = False
        self.is_duty = False
        self.with_word = False
        self.has_source = False

    def note(self, rule: str, certainty: float) -> None:
        """Keep a rule that was used and lower the certainty."""
        self.reader.note(rule, certainty)

    def add(self, phrase: Phrase, rest: list[Phrase]) -> None:
        """Take one phrase in."""
        match phrase.kind:
            case "plain":
                self.is_duty = self.is_duty or phrase.word in _DUTIES
            case "evidence":
                self.note("words of evidence", 0.9)
            case "manner":
                self.note("how it was measured", 0.95)
            case "source":
                self.has_source = True
                self.note("how it was measured", 0.95)
            case "colon" if self.part.names and self.part.value is None and not self.link and not self.parts:
                return
            case "verdict" if not self.context.is_inclusion:
                return
            case "with":
                self.with_word = True
            case "act":
                self._add_act(phrase, rest)
            case "and" | "or" | "comma" | "slash":
                self._add_link(phrase.kind, rest)
            case "not":
                self._add_negation(phrase)
            case "qualifier":
                self._add_qualifier(phrase)
            case "time":
                self._add_time(phrase, rest)
            case "value":
                self._add_value(phrase)
            case "name":
                self._add_name(phrase, rest)
            case "to" if self.part.names and self.part.names[-1].word == "allergy" and not self.link:
                self.part.is_allergy = True
            case _:
                raise NotUnderstoodError

    def _add_act(self, phrase: Phrase, rest: list[Phrase]) -> None:
        """ "treatment with" counts only before a drug, a procedure or a device."""
        following = next((p for p in rest if p.kind in ("name", "word", "not", "value")), None)
        if following is None or following.name is None or following.name.entry.kind not in _IN_TREATMENT:
            raise NotUnderstoodError
        if self.part.names and not self.link:
            raise NotUnderstoodError
        if phrase.word.startswith(_PAST_ACTS) and not self.pending_times:
            self.pending_times.append(TimePhrase(phrase.start, phrase.end, "ever", Window(None, 0.0)))
        elif phrase.word.startswith(_PRESENT_ACTS) and not self.pending_times:
            self.pending_times.append(TimePhrase(phrase.start, phrase.end, "now"))

    def _add_link(self, kind: str, rest: list[Phrase]) -> None:
        following = next((p for p in rest if p.kind not in _SKIPPED), None)
        is_quality = following is not None and (
            following.kind == "qualifier"
            or (following.time is not None and following.time.reach in ("now", "ever"))
        )
        if self.pending_qualifiers and is_quality and (not self.part.names or self.link):
            # "Active or uncontrolled infection": the qualities stay unread, whatever joins them.
            return
        is_open = not self.part.names or self.link
        if (
            self.pending_times
            and is_open
            and following is not None
            and following.kind in ("qualifier", "time")
        ):
            self._turn_times_to_qualifiers()
            return
        if not self.part.names and not self.parts:
            if self.sexes:
                self.link = kind
                return
            if self.pending_qualifiers or self.pending_value or self.pending_times:
                raise NotUnderstoodError
            return
        self.link = "comma" if kind == "comma" and not self.link else kind if kind != "comma" else self.link

    def _turn_times_to_qualifiers(self) -> None:
        """ "Active or uncontrolled": said of the time and of the thing, either will do; both stay unread."""
        for time in self.pending_times:
            words = self.context.text[time.start : time.end]
            self.pending_qualifiers.append(Phrase("qualifier", time.start, time.end, 0, 0, words))
        self.pending_times = []

    def _add_negation(self, phrase: Phrase) -> None:
        self.negations += 1
        if self.pending_qualifiers or self.pending_value:
            raise NotUnderstoodError
        if self.part.names:
            if not self.link:
                raise NotUnderstoodError
            self._close()
        if (
            self.is_negated
            and phrase.word not in ("nor", "no", "without")
            and not phrase.word.startswith("no ")
        ):
            raise NotUnderstoodError
        if phrase.word == "nor":
            self.link = "or"
        self.is_negated = True
        self.note("negation", 0.97)

    def _add_qualifier(self, phrase: Phrase) -> None:
        if self.part.names and not self.link:
            self.part.qualifiers.append(phrase)
        else:
            self.pending_qualifiers.append(phrase)

    def _add_time(self, phrase: Phrase, rest: list[Phrase]) -> None:
        time = phrase.time
        assert time is not None
        if time.reach == "future":
            raise NotUnderstoodError
        following = next((p for p in rest if p.kind not in (*_SKIPPED, "qualifier", "with")), None)
        leads = following is not None and following.kind in ("name", "act", "time")
        if (
            leads
            and (not self.part.names or self.link)
            and (time.reach in ("ever", "now", "since") or not self.part.names)
        ):
            self.pending_times.append(time)
        elif self.part.names:
            self.part.times.append(time)
            if self.link == "comma":
                self.link = ""
            elif self.link:
                raise NotUnderstoodError
        elif not self.part.names and following is not None:
            self.pending_times.append(time)
        else:
            raise NotUnderstoodError

    def _add_value(self, phrase: Phrase) -> None:
        value = phrase.value
        assert value is not None
        if value.shape == "lost":
            raise NotUnderstoodError
        if self.part.names and not self.link and self.part.value is None:
            if self._is_premise():
                self._set_premise()
                self.pending_value = phrase
                return
            self.part.value = phrase
            return
        if self.pending_value is not None:
            raise NotUnderstoodError
        if self.part.value is not None and self.link == "or" and is_other_side(self.part, value):
            names = self.part.names
            self._close()
            self.part = Part(names, value=phrase, is_negated=self.is_negated, link_before="or")
            self.link = ""
            return
        if self.part.value is not None and self.link == "or" and is_same_in_other_unit(self.part, value):
            names = self.part.names
            self._close()
            self.part = Part(names, value=phrase, is_negated=self.is_negated, link_before="or")
            self.link = ""
            self.note("the same limit in another unit", 0.97)
            return
        if self.part.names and self.link and value.is_age:
            self._close()
        if value.is_age:
            if self.part.names and not self.link:
                raise NotUnderstoodError
            self._add_age(phrase)
            return
        self.pending_value = phrase

    def _add_age(self, phrase: Phrase) -> None:
        self.part = Part([phrase], value=phrase, is_negated=self.is_negated, link_before=self.link)
        self.link = ""

    def _is_premise(self) -> bool:
        return [p.word for p in self.part.names] == ["childbearing_potential"] and not self.part.times

    def _set_premise(self) -> None:
        if self.parts or self.is_negated or not self.context.is_inclusion:
            raise NotUnderstoodError
        self.premise, self.part = self.part, Part()
        self.note("who it applies to", 0.9)

    def _add_name(self, phrase: Phrase, rest: list[Phrase]) -> None:
        name = phrase.name
        assert name is not None
        if name.entry.kind == "person" and name.entry.concept != "age":
            self._add_person(name.entry.concept, rest)
            return
        if name.entry.certainty < 1:
            self.note("name by its ending or head word", name.entry.certainty)
        if (
            self.part.is_allergy
            and (not self.part.allergens or self.link)
            and name.entry.kind in ("drug", "procedure")
        ):
            self.part.allergens.append(phrase)
            self.link = ""
            return
        if self._closes_before(phrase):
            self._close()
        if self.part.names and not self.link:
            self._add_beside(phrase)
            return
        self._join(phrase)

    def _join(self, phrase: Phrase) -> None:
        if self.part.names:
            self.part.links.append(self.link)
            if self.pending_times or self.pending_qualifiers:
                self._close()
                self.part = Part(link_before=self.link)
        else:
            self.part.link_before = self.link
        self.part.names.append(phrase)
        self.part.is_negated = self.is_negated
        self.part.times.extend(self.pending_times)
        self.part.qualifiers.extend(self.pending_qualifiers)
        self.pending_times, self.pending_qualifiers = [], []
        if self.pending_value is not None and self.part.value is None:
            if not (
                is_at_least_one(self.pending_value.value)
                and phrase.name
                and not join_names(phrase.name.entry)
            ):
                self.part.value = self.pending_value
            self.pending_value = None
        self.link = ""
        self.with_word = False

    def _closes_before(self, phrase: Phrase) -> bool:
        """Whether the open part is complete, so that a name begins the next."""
        if not self.part.names:
            return False
        assert phrase.name is not None
        if self.part.value is not None or self.part.is_allergy:
            if (
                not self.is_negated
                and not self.parts
                and is_described_before(self.part, phrase)
                and not self.link
            ):
                self.link = "and"
                self.note("a disease with its marker, stage or class", 0.95)
                return True
            return bool(self.link) or self._is_age_with()
        has_post_times = any(t.start > self.part.names[-1].start for t in self.part.times)
        differs = join_names(self.part.names[-1].name.entry) != join_names(phrase.name.entry)  # type: ignore[union-attr]
        return bool(self.link) and (has_post_times or differs)

    def _is_age_with(self) -> bool:
        if self.with_word and self._is_age_part():
            self.link = "and"
            self.note("a population by age", 0.9)
            return True
        raise NotUnderstoodError

    def _is_age_part(self) -> bool:
        return all(p.kind == "value" or p.word == "age" for p in self.part.names)

    def _add_beside(self, phrase: Phrase) -> None:
        """A name beside another: the same thing again, or a premise; anything else is not understood."""
        assert phrase.name is not None
        if phrase.name.entry.concept in {p.word for p in self.part.names}:
            return
        last = self.part.names[-1]
        is_treatment = last.name is not None and last.name.entry.kind in _IN_TREATMENT
        if is_treatment and phrase.word in ("treatment", "medication"):
            return
        if last.word in _INFECTIONS and phrase.word in ("infection", "virus_infection"):
            return
        if self._is_premise():
            self._set_premise()
            self._join(phrase)
            return
        if not self.is_negated and is_described_by(self.part, phrase):
            self._close()
            self.link = "and"
            self.note("a disease with its marker, stage or class", 0.95)
            self._join(phrase)
            return
        raise NotUnderstoodError

    def _add_person(self, concept: str, rest: list[Phrase]) -> None:
        if concept == "adult" and not self.is_negated and not self.parts and not self.part.names:
            self.is_adult = True
            return
        if concept in ("adult", "child") or self.is_negated:
            raise NotUnderstoodError
        if rest and rest[0].kind in ("qualifier", "name") and rest[0].word != "age":
            # "Male hormone therapy" and "female genital cancer" say nothing of the patient's sex.
            raise NotUnderstoodError
        if self.part.names and not self.link and {p.word for p in self.part.names} <= CARING:
            return
        if self.parts or self.part.names:
            raise NotUnderstoodError
        self.sexes.append(concept.removeprefix("sex:"))
        self.link = ""

    def _close(self) -> None:
        if self.part.names:
            self.parts.append(self.part)
        self.part = Part()

    def finish(self) -> Reading | None:
        """The whole clause."""
        if self.part.names and self.link in ("and", "or"):
            raise NotUnderstoodError
        self._close()
        if self.pending_qualifiers or self.pending_times:
            raise NotUnderstoodError
        if self.pending_value is not None:
            value = self.pending_value.value
            if (
                self.parts
                or value is None
                or value.unit != "year"
                or value.is_bare
                or not self.context.is_inclusion
            ):
                raise NotUnderstoodError
            self.note("years without 'age'", 0.8)
            self.parts.append(Part([self.pending_value], value=self.pending_value))
        if self.is_adult and not any(
            all(p.kind == "value" or p.word == "age" for p in part.names) for part in self.parts
        ):
            # Who is an adult is a matter of law; with an age beside it the age counts.
            raise NotUnderstoodError
        if self.has_source and not (self.parts and all(part.value is not None for part in self.parts)):
            # Who judged or with what tells nothing by itself of a disease or a drug.
            raise NotUnderstoodError
        expression = self._join_parts()
        expression = self._add_subject(expression)
        return Reading(expression, self.reader.certainty, tuple(self.reader.rules) or ("plain statement",))

    def _add_subject(self, expression: Expression | None) -> Expression:
        if self.premise is not None:
            if expression is None:
                raise NotUnderstoodError
            premise = self.reader.read(self.premise)
            return AnyOf((Not(premise), expression))
        sexes = tuple(dict.fromkeys(self.sexes))
        if expression is None:
            if len(sexes) != 1:
                if len(sexes) == 2 and self.context.is_inclusion:
                    return OneOf("sex", sexes)
                raise NotUnderstoodError
            return OneOf("sex", sexes)
        words = {p.word for part in self.parts for p in part.names}
        if len(sexes) == 1 and self.context.is_inclusion and (self.is_duty or "pregnancy_test" in words):
            # "Women must ..." asks nothing of men.
            return AnyOf((Not(OneOf("sex", sexes)), expression))
        if len(sexes) == 1 and self.context.is_inclusion and words <= CARING:
            # "Women who are not pregnant": asked of women, or of everybody?
            raise NotUnderstoodError
        if len(sexes) == 1 and not words <= (CARING | {"childbearing_potential"}):
            if any(part.is_negated for part in self.parts):
                raise NotUnderstoodError
            return AllOf((OneOf("sex", sexes), expression))
        return expression

    def _join_parts(self) -> Expression | None:
        if not self.parts:
            if self.is_negated:
                raise NotUnderstoodError
            return None
        self._spread_qualifiers()
        self._check_negations()
        links = {part.link_before for part in self.parts[1:]}
        joined = resolve_link(links)
        expressions = [self.reader.read(part) for part in self.parts]
        if self._is_negated_tail():
            for number, part in enumerate(self.parts):
                expressions[number] = Not(expressions[number]) if part.is_negated else expressions[number]
            return AllOf(tuple(expressions))
        if self.parts[0].is_negated:
            self._check_negated_links(links)
            if any(isinstance(e, Not) for e in expressions):
                raise NotUnderstoodError
            return negate(expressions)
        if len(expressions) == 1:
            return expressions[0]
        if not self.context.is_inclusion and not self.parts[0].is_negated:
            joined = self._join_exclusion(joined)
        elif joined == "comma":
            if any(part.value is None for part in self.parts):
                raise NotUnderstoodError
            self.note("a list without 'and' or 'or'", 0.85)
            joined = "and"
        return AllOf(tuple(expressions)) if joined == "and" else AnyOf(tuple(expressions))

    def _join_exclusion(self, joined: str) -> str:
        """ "and" between conditions that exclude could mean either; between a population and its disease it is and."""
        if joined in ("or", "comma"):
            if joined == "comma":
                self.note("a list without 'and' or 'or'", 0.85)
            return "or"
        if self._is_age_first() or "a disease with its marker, stage or class" in self.reader.rules:
            return "and"
        words = {p.word for part in self.parts for p in part.names}
        if words <= CARING | {"childbearing_potential"}:
            return "or"
        raise NotUnderstoodError

    def _is_age_first(self) -> bool:
        first = self.parts[0]
        return len(self.parts) == 2 and all(p.kind == "value" or p.word == "age" for p in first.names)

    def _spread_qualifiers(self) -> None:
        """A qualifier before a list may hold for all of it: it goes on until the next one."""
        for before, after in zip(self.parts, self.parts[1:], strict=False):
            if before.qualifiers and not after.qualifiers and not before.value and not after.value:
                after.qualifiers = list(before.qualifiers)
            if before.times and not after.times and not before.value and not after.value:
                leading = [
                    t for t in before.times if t.start < before.names[0].start and t.reach in ("ever", "now")
                ]
                after.times = leading
            if (
                after.times
                and not before.value
                and not after.value
                and not [t for t in before.times if t.window]
            ):
                trailing = [t for t in after.times if t.start > after.names[-1].start]
                if trailing:
                    before.times = [*before.times, *trailing]
                    self.note("one time for a list", 0.85)

    def _check_negations(self) -> None:
        states = {part.is_negated for part in self.parts}
        if self._is_negated_tail():
            return
        if len(states) > 1:
            raise NotUnderstoodError
        if states == {False} and self.negations:
            raise NotUnderstoodError
        if True in states and not self.context.is_inclusion and len(self.parts) > 1:
            raise NotUnderstoodError

    def _is_negated_tail(self) -> bool:
        """ "A and no B" of an inclusion: one negated part at the end, joined by "and"."""
        states = [part.is_negated for part in self.parts]
        links = {part.link_before for part in self.parts[1:]}
        is_tail = len(states) > 1 and states[-1] and not any(states[:-1])
        return (
            is_tail
            and self.context.is_inclusion
            and links <= {"and", "comma"}
            and self.parts[-1].value is None
        )

    def _check_negated_links(self, links: set[str]) -> None:
        if any(part.value is not None for part in self.parts) and len(self.parts) > 1:
            raise NotUnderstoodError
        if "and" in links and self.negations < len(self.parts):
            raise NotUnderstoodError

"""A clause's phrases to an expression: who carries what, when, and how the parts join."""

from unburden.domain.criteria import Unread, Window
from unburden.eligibility.reading.clause_parts import ClauseParts
from unburden.eligibility.reading.parts import (
    CARING,
    REACTIONS,
    Context,
    NotUnderstoodError,
    Part,
    Reading,
    is_at_least_one,
    is_described_before,
    is_described_by,
    is_other_side,
    is_same_in_other_unit,
    join_names,
)
from unburden.eligibility.reading.phrases import Phrase
from unburden.eligibility.reading.times import TimePhrase
from unburden.eligibility.reading.widening import take_widening, widen

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
    phrases = _drop_both_sexes(phrases) if context.is_inclusion else phrases
    taken = take_widening(phrases)
    if taken is None:
        return None
    phrases, wider = taken
    reading = _read_plain(phrases, context)
    if reading is None or not wider:
        return reading
    words = " ".join(context.text[p.start : p.end] for p in wider)
    expression = widen(reading.expression, Unread(words, "no record of the thing itself tells it"))
    if expression is None:
        return None
    return Reading(expression, reading.certainty * 0.9, (*reading.rules, "or suspected, planned, required"))


def _read_plain(phrases: list[Phrase], context: Context) -> Reading | None:
    try:
        parser = _ClauseParser(context)
        for number, phrase in enumerate(phrases):
            parser.add(phrase, phrases[number + 1 :])
        return parser.finish()
    except NotUnderstoodError:
        return None


def _drop_both_sexes(phrases: list[Phrase]) -> list[Phrase]:
    """ "18 years or older, male or female" without its end, which keeps nobody out."""
    kept = [p for p in phrases if p.kind not in ("plain", "comma")]
    sexes = {p.word for p in kept[-3:] if p.kind == "name"}
    is_both = sexes == {"sex:male", "sex:female"} and kept[-2].kind in ("or", "and", "slash")
    if not is_both or len(kept) < 4 or kept[-4].kind != "value":
        return phrases
    return [
        p for p in phrases if p.start < kept[-3].start and (p.kind != "comma" or p.start < kept[-4].start)
    ]


class _ClauseParser(ClauseParts):
    """Left to right; `part` is open until its value or time is complete and a new name begins."""

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
            case "to" if self.part.names and self.part.names[-1].word in REACTIONS and not self.link:
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
            self.close()
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
            self.close()
            self.part = Part(names, value=phrase, is_negated=self.is_negated, link_before="or")
            self.link = ""
            return
        if self.part.value is not None and self.link == "or" and is_same_in_other_unit(self.part, value):
            names = self.part.names
            self.close()
            self.part = Part(names, value=phrase, is_negated=self.is_negated, link_before="or")
            self.link = ""
            self.note("the same limit in another unit", 0.97)
            return
        if self.part.names and self.link and value.is_age:
            self.close()
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
            self.close()
        if self.part.names and not self.link:
            self._add_beside(phrase)
            return
        self._join(phrase)

    def _join(self, phrase: Phrase) -> None:
        if self.part.names:
            self.part.links.append(self.link)
            if self.pending_times or self.pending_qualifiers:
                self.close()
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
            self.close()
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

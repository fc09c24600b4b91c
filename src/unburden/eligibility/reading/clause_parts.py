"""The end of a clause: its parts joined, its sex or premise beside them, its negations checked."""

from unburden.domain.criteria import AllOf, AnyOf, Expression, Not, OneOf
from unburden.eligibility.reading.parts import (
    CARING,
    Context,
    NotUnderstoodError,
    Part,
    PartReader,
    Reading,
    negate,
    resolve_link,
)
from unburden.eligibility.reading.phrases import Phrase
from unburden.eligibility.reading.times import TimePhrase


class ClauseParts:
    """What was gathered of a clause, and how it becomes one expression."""

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

    def close(self) -> None:
        """End the open part."""
        if self.part.names:
            self.parts.append(self.part)
        self.part = Part()

    def finish(self) -> Reading | None:
        """The whole clause."""
        if self.part.names and self.link in ("and", "or"):
            raise NotUnderstoodError
        self.close()
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
        is_inclusion = self.context.is_inclusion
        if joined == "or" and "comma" in links and is_inclusion and any(p.value for p in self.parts):
            # "A or B, C" and "A, B, C or D": are the commas "and" or "or"?
            raise NotUnderstoodError
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

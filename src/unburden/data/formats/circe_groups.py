"""Expressions as criteria groups of OHDSI's Circe cohort expressions, as far as it can say them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from unburden.domain.criteria import (
    INDEX,
    AllOf,
    AnyOf,
    AtLeast,
    Between,
    Compare,
    CompareToLimit,
    CountEvents,
    EventSet,
    Expression,
    LatestValue,
    Leaf,
    Not,
    OneOf,
    Operator,
    Unless,
    Unread,
    Value,
    Window,
)
from unburden.domain.units import convert_value, find_unit_problems

DOMAINS = {
    "condition": "ConditionOccurrence",
    "procedure": "ProcedureOccurrence",
    "drug": "DrugExposure",
    "measurement": "Measurement",
}
_Group = dict[str, Any]
_Answer: TypeAlias = _Group | str
_OPERATORS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte", "==": "eq", "!=": "!eq"}
_NEGATED: dict[Operator, Operator] = {
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "==": "!=",
    "!=": "==",
}
_EXACTLY, _AT_MOST, _AT_LEAST = 0, 1, 2


@dataclass(frozen=True)
class CirceTerms:
    """What a cohort's columns and codes are called in an OMOP database.

    `concept_ids` gives the standard concept of each (system, code); `unit_ids` that of each unit;
    `measurements` the events and the window behind a column of numbers. Gender concepts are
    OMOP's 8532 (female) and 8507 (male).
    """

    concept_ids: Mapping[tuple[str, str], int] = field(default_factory=dict)
    unit_ids: Mapping[str, int] = field(default_factory=dict)
    measurements: Mapping[str, tuple[EventSet, Window]] = field(default_factory=dict)
    age: str = "age"
    sex: str = "sex"
    sexes: Mapping[str, int] = field(default_factory=lambda: {"female": 8532, "male": 8507})


@dataclass
class GroupMaker:
    """Turns expressions into groups and gathers the concept sets that they name.

    `keeps_unknown` is the rule's policy: Circe takes what is not on record as absent, so that a
    patient without any record must be let in by name.
    """

    terms: CirceTerms
    concept_sets: dict[tuple[int, ...], int] = field(default_factory=dict)
    changed: dict[str, None] = field(default_factory=dict)
    keeps_unknown: bool = False

    def make(self, expression: Expression, wanted: bool = True) -> _Answer:
        """The group for an expression or, unless wanted, for its negation; words where there is none."""
        match expression:
            case Not(part=part):
                return self.make(part, not wanted)
            case Unless(part=part, exception=exception):
                return self.make(AllOf((part, Not(exception))), wanted)
            case AllOf(parts=parts):
                at_least = len(parts) if wanted else 1
            case AnyOf(parts=parts):
                at_least = 1 if wanted else len(parts)
            case AtLeast(count=count, parts=parts):
                at_least = count if wanted else len(parts) - count + 1
            case leaf:
                return self._make_leaf(leaf, wanted)
        groups: list[_Group] = []
        for part in parts:
            group = self.make(part, wanted)
            if isinstance(group, str):
                return group
            groups.append(group)
        return join_groups(groups, at_least)

    def _make_leaf(self, leaf: Leaf, wanted: bool) -> _Answer:
        match leaf:
            case Compare():
                answer = self._make_comparison(leaf, wanted)
            case Between(column=column, low=low, high=high, unit=unit):
                ends = (Compare(column, ">=", low, unit), Compare(column, "<=", high, unit))
                answer = self._make_between(leaf) if wanted else self.make(AllOf(ends), wanted)
            case OneOf(column=column, values=values):
                same = tuple(Compare(column, "==", value) for value in values)
                answer = self.make(AnyOf(same), wanted)
            case CompareToLimit():
                answer = self._make_limit(leaf, wanted)
            case CountEvents():
                answer = self._make_count(leaf, wanted)
            case LatestValue(events=events, operator=operator, value=value, unit=unit, window=window):
                operator = operator if wanted else _NEGATED[operator]
                answer = self._make_value(events, window, {"Value": value}, _OPERATORS[operator], unit)
            case Unread(text=text):
                answer = f"{text!r} is read by nobody"
        return answer

    def _make_comparison(self, leaf: Compare, wanted: bool) -> _Answer:
        terms, value = self.terms, leaf.value
        operator = leaf.operator if wanted else _NEGATED[leaf.operator]
        if leaf.column == terms.age:
            return self._make_age(operator, value, leaf.unit)
        if leaf.column == terms.sex and value in terms.sexes and isinstance(value, str):
            return self._make_sex(value, operator == "==")
        if leaf.column in terms.measurements and not isinstance(value, str | bool):
            events, window = terms.measurements[leaf.column]
            return self._make_value(events, window, {"Value": value}, _OPERATORS[operator], leaf.unit)
        return f"column {leaf.column!r} {leaf.operator} {value!r} has no place in a Circe expression"

    def _make_between(self, leaf: Between) -> _Answer:
        """A range of one value; as two comparisons two different values could meet it."""
        if leaf.column in self.terms.measurements:
            events, window = self.terms.measurements[leaf.column]
            return self._make_value(events, window, {"Value": leaf.low, "Extent": leaf.high}, "bt", leaf.unit)
        ends = (
            Compare(leaf.column, ">=", leaf.low, leaf.unit),
            Compare(leaf.column, "<=", leaf.high, leaf.unit),
        )
        return self.make(AllOf(ends))

    def _make_age(self, operator: Operator, value: Value, unit: str) -> _Answer:
        if isinstance(value, str | bool) or find_unit_problems(unit or "?", "year"):
            return f"the age {value!r} {unit} cannot be told in years"
        years = convert_value(float(value), unit, "year")
        if not years.is_integer():
            return f"the age {value!r} {unit} is no whole number of years, in which Circe counts"
        self.changed.setdefault("ages are counted by Circe as index year minus birth year")
        return make_group("ALL", demographics=[{"Age": {"Value": int(years), "Op": _OPERATORS[operator]}}])

    def _make_sex(self, word: str, is_same: bool) -> _Answer:
        genders = self.terms.sexes
        own = make_group("ALL", demographics=[{"Gender": [{"CONCEPT_ID": genders[word]}]}])
        if not is_same:
            return make_group("AT_MOST", 0, groups=[own])
        if not self.keeps_unknown:
            return own
        known = make_group("ALL", demographics=[{"Gender": [{"CONCEPT_ID": g} for g in genders.values()]}])
        return join_groups([own, make_group("AT_MOST", 0, groups=[known])], 1)

    def _make_limit(self, leaf: CompareToLimit, wanted: bool) -> _Answer:
        if leaf.column not in self.terms.measurements:
            return f"column {leaf.column!r} against its {leaf.limit} is named by no measurement"
        events, window = self.terms.measurements[leaf.column]
        operator = leaf.operator if wanted else _NEGATED[leaf.operator]
        key = "RangeHighRatio" if leaf.limit == "ULN" else "RangeLowRatio"
        if self.keeps_unknown:
            return f"column {leaf.column!r} against its {leaf.limit} cannot keep patients without a limit"
        held = {"Value": leaf.multiple, "Op": _OPERATORS[operator]}
        return self._make_events(events, window, _AT_LEAST, 1, {key: held})

    def _make_value(
        self, events: EventSet, window: Window, numbers: dict[str, float], operator: str, unit: str
    ) -> _Answer:
        """Any value within the window that fits: whoever's last one does is among them."""
        if events.kind != "measurement":
            return f"values of {events.kind!r} events have no place in a Circe expression"
        units = self._find_units(unit)
        if unit and not units:
            return f"unit {unit} has no OMOP concept in unit_ids"
        groups: list[_Group] = []
        for held in units or [""]:
            told = {key: convert_value(n, unit, held) if held else n for key, n in numbers.items()}
            fields = {"ValueAsNumber": {**told, "Op": operator}} | self._write_units([held] if held else [])
            group = self._make_events(events, window, _AT_LEAST, 1, fields)
            if isinstance(group, str):
                return group
            groups.append(group)
        self.changed.setdefault("the latest value became any value in the window")
        if self.keeps_unknown:
            anything = {"ValueAsNumber": {"Value": -1e300, "Op": "gte"}} | self._write_units(units)
            none = self._make_events(events, window, _EXACTLY, 0, anything)
            groups += [] if isinstance(none, str) else [none]
        return join_groups(groups, 1)

    def _find_units(self, unit: str) -> list[str]:
        """The units that have a concept and hold the same quantity."""
        return [held for held in self.terms.unit_ids if unit and not find_unit_problems(held, unit)]

    def _write_units(self, units: list[str]) -> _Group:
        return {"Unit": [{"CONCEPT_ID": self.terms.unit_ids[unit]} for unit in units]} if units else {}

    def _make_count(self, leaf: CountEvents, wanted: bool) -> _Answer:
        operator = leaf.operator if wanted else _NEGATED[leaf.operator]
        count = leaf.count
        cases = {
            ">=": [(_AT_LEAST, count)],
            ">": [(_AT_LEAST, count + 1)],
            "<=": [(_AT_MOST, count)],
            "<": [(_AT_MOST, count - 1)],
            "==": [(_EXACTLY, count)],
            "!=": [(_AT_MOST, count - 1), (_AT_LEAST, count + 1)],
        }[operator]
        cases = [case for case in cases if case[1] >= 0]
        if leaf.absence == "unknown" and self.keeps_unknown:
            cases.append((_EXACTLY, 0))
        if not cases:
            return f"fewer than 0 {leaf.events.kind!r} events is never so"
        groups: list[_Group] = []
        for kind, number in cases:
            group = self._make_events(leaf.events, leaf.window, kind, number, {})
            if isinstance(group, str):
                return group
            groups.append(group)
        return join_groups(groups, 1)

    def _make_events(
        self, events: EventSet, window: Window, kind: int, count: int, fields: _Group
    ) -> _Answer:
        """A group of one correlated criterion."""
        domain = DOMAINS.get(events.kind)
        if domain is None:
            return f"events of kind {events.kind!r} have no domain in OMOP"
        if window.relative_to != INDEX:
            return f"a window from the first {window.relative_to!r} event has no place in a Circe expression"
        bounds = [bound for bound in (window.from_days, window.to_days) if bound is not None]
        if any(float(bound) != int(bound) for bound in bounds):
            return f"a window of {bounds} days is not whole, as Circe's are"
        codeset = self.find_concept_set(events)
        if isinstance(codeset, str):
            return codeset
        criterion = {
            "Criteria": {domain: ({} if codeset is None else {"CodesetId": codeset}) | fields},
            "StartWindow": {
                "Start": _write_end(window.from_days, -1),
                "End": _write_end(window.to_days, 1),
                "UseIndexEnd": False,
                "UseEventEnd": False,
            },
            "RestrictVisit": False,
            "IgnoreObservationPeriod": True,
            "Occurrence": {"Type": kind, "Count": count},
        }
        return make_group("ALL", criteria=[criterion])

    def find_concept_set(self, events: EventSet) -> int | str | None:
        """The number of the concept set of the codes; None for any code, words where one has no concept."""
        if not events.codes:
            return f"any code of {events.system} has no concept set" if events.system else None
        lacking = [c for c in events.codes if (events.system, c) not in self.terms.concept_ids]
        if lacking:
            shown = ", ".join(lacking[:5])
            return f"{events.system or 'no system'} {shown} has no OMOP concept in concept_ids"
        key = tuple(sorted({self.terms.concept_ids[events.system, code] for code in events.codes}))
        return self.concept_sets.setdefault(key, len(self.concept_sets))


def make_group(
    kind: str,
    count: int | None = None,
    *,
    criteria: list[_Group] | None = None,
    demographics: list[_Group] | None = None,
    groups: list[_Group] | None = None,
) -> _Group:
    """A criteria group: ALL, ANY, or AT_LEAST and AT_MOST with a count."""
    return {
        "Type": kind,
        **({} if count is None else {"Count": count}),
        "CriteriaList": criteria or [],
        "DemographicCriteriaList": demographics or [],
        "Groups": groups or [],
    }


def join_groups(groups: list[_Group], at_least: int) -> _Group:
    """At least so many of the groups."""
    if len(groups) == 1:
        return groups[0]
    if at_least == len(groups):
        return make_group("ALL", groups=groups)
    if at_least == 1:
        return make_group("ANY", groups=groups)
    return make_group("AT_LEAST", at_least, groups=groups)


def _write_end(days: float | None, open_side: int) -> _Group:
    """An end of a window in days before (-1) or after (1) the index; open without days."""
    if days is None:
        return {"Coeff": open_side}
    return {"Days": abs(int(days)), "Coeff": -1 if days < 0 or (days == 0 and open_side < 0) else 1}

"""Expressions as nodes of the Clinical Trial Markup Language, as far as it can say them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations
from math import comb
from typing import Any, TypeAlias

from unburden.domain.criteria import (
    AllOf,
    AnyOf,
    AtLeast,
    Between,
    Compare,
    CompareToLimit,
    CountEvents,
    Expression,
    LatestValue,
    Leaf,
    Not,
    OneOf,
    Operator,
    Unless,
    Unread,
    Window,
)
from unburden.domain.units import convert_value, find_unit_problems

MOST_CHOICES = 50
"""The most combinations into which "at least k of" is spelled out."""

_Node = dict[str, Any]
_Answer: TypeAlias = _Node | str
_NEGATED: dict[Operator, Operator] = {
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "==": "!=",
    "!=": "==",
}


@dataclass(frozen=True)
class CtmlColumns:
    """Which columns of a cohort hold what CTML speaks of, and their words.

    `sexes` and `statuses` map CTML's words and keys to the cohort's; `subtypes` lists, for an
    OncoTree name (or "_SOLID_", "_LIQUID_"), all the names that it covers, its own included.
    """

    age: str = "age"
    sex: str = "sex"
    diagnosis: str = "oncotree_diagnosis"
    sexes: Mapping[str, str] = field(default_factory=lambda: {"Female": "female", "Male": "male"})
    statuses: Mapping[str, str] = field(
        default_factory=lambda: {"er_status": "er", "pr_status": "pr", "her2_status": "her2"}
    )
    subtypes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def make_node(expression: Expression, columns: CtmlColumns, *, wanted: bool = True) -> _Answer:
    """The node for an expression or, unless wanted, for its negation; words where there is none."""
    match expression:
        case Not(part=part):
            return make_node(part, columns, wanted=not wanted)
        case Unless(part=part, exception=exception):
            return make_node(AllOf((part, Not(exception))), columns, wanted=wanted)
        case AllOf(parts=parts):
            return _join(parts, columns, wanted, len(parts) if wanted else 1)
        case AnyOf(parts=parts):
            return _join_any(parts, columns, wanted)
        case AtLeast(count=count, parts=parts):
            return _join(parts, columns, wanted, count if wanted else len(parts) - count + 1)
        case leaf:
            return _make_leaf(leaf, columns, wanted)


def _join_any(parts: tuple[Expression, ...], columns: CtmlColumns, wanted: bool) -> _Answer:
    """Any of the parts; diagnoses that one name covers, by that name."""
    name = _find_family(parts, columns)
    if name is not None:
        return _clinical(oncotree_primary_diagnosis=f"{'' if wanted else '!'}{name}")
    return _join(parts, columns, wanted, 1 if wanted else len(parts))


def _find_family(parts: tuple[Expression, ...], columns: CtmlColumns) -> str | None:
    """The OncoTree name that covers just these diagnoses."""
    for name, listed in columns.subtypes.items():
        if len(listed) > 1 and parts == tuple(Compare(columns.diagnosis, "==", held) for held in listed):
            return name
    return None


def _join(parts: tuple[Expression, ...], columns: CtmlColumns, wanted: bool, at_least: int) -> _Answer:
    """At least so many of the parts, by "and" and "or"."""
    if comb(len(parts), at_least) > MOST_CHOICES and at_least > 1:
        return f"at least {at_least} of {len(parts)} parts has too many combinations for CTML"
    nodes: list[_Node] = []
    for part in parts:
        node = make_node(part, columns, wanted=wanted)
        if isinstance(node, str):
            return node
        nodes.append(node)
    choices = [list(chosen) for chosen in combinations(nodes, at_least)]
    joined = [chosen[0] if len(chosen) == 1 else {"and": chosen} for chosen in choices]
    return joined[0] if len(joined) == 1 else {"or": joined}


def _make_leaf(leaf: Leaf, columns: CtmlColumns, wanted: bool) -> _Answer:
    match leaf:
        case Compare():
            answer = _make_comparison(leaf, columns, wanted)
        case Between(column=column, low=low, high=high, unit=unit):
            ends = (Compare(column, ">=", low, unit), Compare(column, "<=", high, unit))
            answer = make_node(AllOf(ends), columns, wanted=wanted)
        case OneOf(column=column, values=values):
            words = tuple(Compare(column, "==", value) for value in values)
            answer = make_node(AnyOf(words), columns, wanted=wanted)
        case CountEvents():
            answer = _make_gene(leaf, wanted)
        case Unread(text=text):
            answer = _restore(text, wanted)
        case CompareToLimit(column=column, limit=limit):
            answer = f"column {column!r} against its {limit} has no key in CTML"
        case LatestValue(events=events):
            answer = f"the latest value of {events.kind!r} events has no key in CTML"
    return answer


def _make_comparison(leaf: Compare, columns: CtmlColumns, wanted: bool) -> _Answer:
    column, operator, value = leaf.column, leaf.operator, leaf.value
    if column == columns.age:
        return _make_age(leaf, wanted)
    if operator in ("==", "!=") and isinstance(value, str):
        return _make_word(column, value, (operator == "==") == wanted, columns)
    return f"column {column!r} {operator} {value!r} has no key in CTML"


def _make_age(leaf: Compare, wanted: bool) -> _Answer:
    value, unit = leaf.value, leaf.unit
    if isinstance(value, bool | str) or find_unit_problems(unit or "?", "year") or value < 0:
        return f"the age {value!r} {unit} cannot be told in years"
    number = convert_value(float(value), unit, "year")
    if convert_value(number, "year", unit) != float(value):
        return f"the age {value!r} {unit} cannot be told in years without rounding"
    operator = leaf.operator if wanted else _NEGATED[leaf.operator]
    years = f"{Decimal(repr(number)):f}".removesuffix(".0")
    if operator == "!=":
        return {"or": [_clinical(age_numerical=f"<{years}"), _clinical(age_numerical=f">{years}")]}
    return _clinical(age_numerical=f"{operator}{years}")


def _make_word(column: str, value: str, is_same: bool, columns: CtmlColumns) -> _Answer:
    sign = "" if is_same else "!"
    if column == columns.sex:
        named = [word for word, own in columns.sexes.items() if own == value]
        if named:
            return _clinical(gender=f"{sign}{named[0]}")
    keys = [key for key, own in columns.statuses.items() if own == column]
    if keys and value in ("positive", "negative"):
        return _clinical(**{keys[0]: f"{sign}{value.capitalize()}"})
    # A name that CTML would widen to its subtypes, or take as negated, is not what is meant.
    is_plain = value != "" and value[0] not in "!_" and columns.subtypes.get(value, (value,)) == (value,)
    if column == columns.diagnosis and is_plain:
        return _clinical(oncotree_primary_diagnosis=f"{sign}{value}")
    return f"column {column!r} with {value!r} has no key in CTML"


def _make_gene(leaf: CountEvents, wanted: bool) -> _Answer:
    events = leaf.events
    kind, _, category = events.system.partition(" ")
    is_any = (leaf.operator, leaf.count) in ((">=", 1), (">", 0), ("!=", 0))
    is_none = (leaf.operator, leaf.count) in (("<", 1), ("==", 0), ("<=", 0))
    is_gene = events.kind == "measurement" and kind == "HUGO" and events.codes and leaf.window == Window()
    is_plain = not any(held.startswith("!") for held in (*events.codes, category))
    if not (is_gene and is_plain and (is_any or is_none)):
        return f"a count of {events.kind!r} events has no key in CTML"
    is_there = is_any == wanted
    sign = "" if is_there else "!"
    nodes = [
        {"genomic": {"hugo_symbol": f"{sign}{code}"} | ({"variant_category": category} if category else {})}
        for code in events.codes
    ]
    return nodes[0] if len(nodes) == 1 else {"or" if is_there else "and": nodes}


def _restore(text: str, wanted: bool) -> _Answer:
    """A node of CTML that was kept as it stood."""
    if text.startswith("CTML ") and wanted:
        try:
            node = json.loads(text.removeprefix("CTML "))
        except (ValueError, RecursionError):
            node = None
        if isinstance(node, dict):
            return node
    return f"{text!r} is read by nobody"


def _clinical(**values: str) -> _Node:
    return {"clinical": values}

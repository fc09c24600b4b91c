"""Criteria's expressions in words that a reader can hold against the text."""

from typing import Any

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
    Unless,
    Unread,
    Window,
)
from unburden.domain.parsed_criteria import ParsedCriterion

_SIGNS = {"<=": "≤", ">=": "≥", "==": "=", "!=": "≠"}


def tell_expression(expression: Expression) -> str:
    """The expression in words; joined parts stand in parentheses.

    >>> tell_expression(AllOf((Compare("age", ">=", 18, "year"), Not(OneOf("sex", ("M",))))))
    'age ≥ 18 year and not (sex is M)'
    """
    match expression:
        case AllOf(parts=parts):
            return " and ".join(map(_tell_part, parts))
        case AnyOf(parts=parts):
            return " or ".join(map(_tell_part, parts))
        case AtLeast(count=count, parts=parts):
            return f"at least {count} of: {'; '.join(map(_tell_part, parts))}"
        case Not(part=part):
            return f"not ({tell_expression(part)})"
        case Unless(part=part, exception=exception):
            return f"{_tell_part(part)}, unless {_tell_part(exception)}"
        case leaf:
            return _tell_leaf(leaf)


def _tell_part(part: Expression) -> str:
    told = tell_expression(part)
    return f"({told})" if isinstance(part, AllOf | AnyOf | AtLeast | Unless) else told


def _tell_leaf(leaf: Leaf) -> str:
    match leaf:
        case Compare():
            return _tell_compare(leaf)
        case Between(column=column, low=low, high=high, unit=unit):
            return f"{column} {_tell_value(low)} to {_tell_value(high)} {unit}".rstrip()
        case OneOf(column=column, values=values):
            return f"{column} is {' or '.join(map(_tell_value, values))}"
        case CompareToLimit(column=column, operator=operator, multiple=multiple, limit=limit):
            return f"{column} {_SIGNS.get(operator, operator)} {multiple:g} × {limit}"
        case Unread(text=text, reason=reason):
            return f"[not computed: “{text}” ({reason})]"
        case CountEvents() | LatestValue():
            return _tell_timeline(leaf)


def _tell_compare(leaf: Compare) -> str:
    if isinstance(leaf.value, bool):
        return leaf.column if leaf.value == (leaf.operator == "==") else f"not {leaf.column}"
    sign = _SIGNS.get(leaf.operator, leaf.operator)
    return f"{leaf.column} {sign} {_tell_value(leaf.value)} {leaf.unit}".rstrip()


def _tell_timeline(leaf: CountEvents | LatestValue) -> str:
    match leaf:
        case CountEvents(events=events, operator=operator, count=count, window=window):
            times = "some" if (operator, count) == (">=", 1) else f"{_SIGNS.get(operator, operator)} {count}"
            none = (operator, count) in (("==", 0), ("<", 1), ("<=", 0))
            return f"{'no' if none else times} {_tell_events(events)}{_tell_window(window)}"
        case LatestValue(events=events, operator=operator, value=value, unit=unit, window=window):
            sign = _SIGNS.get(operator, operator)
            return f"latest {_tell_events(events)} {sign} {value:g} {unit}{_tell_window(window)}".replace(
                "  ", " "
            )


def _tell_value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _tell_events(events: EventSet) -> str:
    return f"{events.kind} {' or '.join(events.codes)}".strip()


def _tell_window(window: Window) -> str:
    """The days of a window in words; nothing for a window without ends."""
    anchor = "" if window.relative_to == INDEX else f" of {window.relative_to}"
    match window.from_days, window.to_days:
        case None, None:
            return ""
        case None, end:
            return f", up to day {end:g}{anchor}"
        case start, None:
            return f", from day {start:g}{anchor}"
        case start, end:
            return f", day {start:g} to {end:g}{anchor}"


def tell_parse(parsed: ParsedCriterion) -> dict[str, Any]:
    """One criterion's reading, ready for JSON."""
    return {
        "criterion": parsed.criterion_id,
        "kind": "inclusion" if parsed.is_inclusion else "exclusion",
        "text": parsed.text,
        "status": parsed.status,
        "confidence": round(parsed.confidence, 3),
        "read_as": tell_expression(parsed.expression),
        "entities": [
            {
                "kind": each.kind,
                "concept": each.concept,
                "text": each.text,
                "start": each.start,
                "end": each.end,
                "is_negated": each.is_negated,
            }
            for each in parsed.entities
        ],
        "not_used": [{"text": each.text, "start": each.start, "end": each.end} for each in parsed.leftovers],
        "rules": list(parsed.rules),
    }

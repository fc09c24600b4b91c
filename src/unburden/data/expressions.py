"""Expressions of criteria from the tables of a study file or of JSON, and as such tables."""

from collections.abc import Callable, Iterable
from typing import Any, get_args

from unburden.data.tables import show_value
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
    Window,
)
from unburden.domain.errors import Problems
from unburden.domain.units import DIMENSION_BY_UNIT, describe_unknown_unit

LARGEST = 1e100
"""No measure of a patient is larger, in any unit."""
OPEN = "any"
"""How a window without an end is written."""

_WINDOW = ("window_days", "relative_to")
_FORM_KEYS = {
    "between": ("column", "between", "unit"),
    "in": ("column", "in"),
    "times_uln": ("column", "operator", "times_uln"),
    "times_lln": ("column", "operator", "times_lln"),
    "events": ("events", "operator", "count", *_WINDOW, "absence"),
    "latest": ("latest", "operator", "value", "unit", *_WINDOW),
    "all": ("all",),
    "any": ("any",),
    "not": ("not",),
    "at_least": ("at_least", "of"),
    "unless": ("part", "unless"),
    "unread": ("unread", "reason"),
}
_COMPARE = ("column", "operator", "value", "unit")
_KEYS = tuple(dict.fromkeys((*_COMPARE, *(key for keys in _FORM_KEYS.values() for key in keys))))
_FORMS = f"operator with value, {', '.join(tuple(_FORM_KEYS)[:-1])} or {tuple(_FORM_KEYS)[-1]}"
_EVENT_KEYS = ("kind", "codes", "system")

_Table = dict[str, Any]


def parse_expression(
    table: Any, label: str, problems: Problems, more_keys: tuple[str, ...] = ()
) -> Expression | None:
    """The expression that a table describes; None where something is wrong, which stands in `problems`.

    A table is one of: `column` with `operator` and `value` (and `unit`), with `between = [low, high]`
    (and `unit`), with `in = [...]`, or with `operator` and `times_uln` or `times_lln`; `events` (a
    table of `kind`, `codes`, `system`) with `operator` and `count`, and perhaps `absence`; `latest`
    (such a table) with `operator`, `value` and `unit`; both perhaps with `window_days = [from, to]`,
    where "any" is an open end, and `relative_to`; `all`, `any`, `not`; `at_least` with `of`; `part`
    with `unless`; `unread` with `reason`. `more_keys` are keys of the table around it, told with an
    unknown key.
    """
    if not problems.check(isinstance(table, dict), f"{label} is {show_value(table)}; give a table"):
        return None
    unknown = [key for key in table if key not in _KEYS]
    for key in unknown:
        known = ", ".join((*more_keys, *_KEYS))
        problems.add(f"{label} has the unknown key {show_value(key)}; the keys are {known}")
    forms = [form for form in _FORM_KEYS if form in table]
    loose = [k for k in ("operator", "value") if k in table and not any(k in _FORM_KEYS[f] for f in forms)]
    if len(forms) + bool(loose) != 1:
        found = ", ".join(key for key in table if key in _KEYS) or "none of them"
        problems.add(f"{label} must have one of {_FORMS}; found {found}")
        return None
    form = loose[0] if loose else forms[0]
    allowed = _COMPARE if loose else _FORM_KEYS[form]
    for key in table:
        if key not in allowed and key not in unknown:
            problems.add(f"{label} has {key!r}, which does not go with {form!r}")
    return _PARSERS.get(form, _parse_compare)(table, label, problems)


def write_expression(expression: Expression) -> _Table:
    """The table from which `parse_expression` reads this expression.

    >>> write_expression(Not(CompareToLimit("alt", ">", 2.5, "ULN")))
    {'not': {'column': 'alt', 'operator': '>', 'times_uln': 2.5}}
    """
    match expression:
        case AllOf(parts=parts):
            return {"all": [write_expression(part) for part in parts]}
        case AnyOf(parts=parts):
            return {"any": [write_expression(part) for part in parts]}
        case Not(part=part):
            return {"not": write_expression(part)}
        case AtLeast(count=count, parts=parts):
            return {"at_least": count, "of": [write_expression(part) for part in parts]}
        case Unless(part=part, exception=exception):
            return {"part": write_expression(part), "unless": write_expression(exception)}
        case leaf:
            return _write_leaf(leaf)


def choose_word(table: _Table, key: str, choices: Iterable[str], label: str, problems: Problems) -> Any:
    """The value of a key that must be one of some words, or None with a problem."""
    found = table.get(key)
    words = " or ".join(repr(choice) for choice in choices)
    if isinstance(found, str) and found in choices:
        return found
    problems.add(
        f"{label} has no {key}; give {words}"
        if key not in table
        else f"{label} has {key} {show_value(found)}; use {words}"
    )
    return None


def _write_leaf(leaf: Leaf) -> _Table:
    match leaf:
        case Compare(column=column, operator=operator, value=value, unit=unit):
            table = _drop_empty({"column": column, "operator": operator, "value": value}, unit=unit)
        case Between(column=column, low=low, high=high, unit=unit):
            table = _drop_empty({"column": column, "between": [low, high]}, unit=unit)
        case OneOf(column=column, values=values):
            table = {"column": column, "in": list(values)}
        case CompareToLimit(column=column, operator=operator, multiple=multiple, limit=limit):
            table = {"column": column, "operator": operator, f"times_{limit.lower()}": multiple}
        case CountEvents(events=events, operator=operator, count=count, window=window, absence=absence):
            table = {"events": _write_events(events), "operator": operator, "count": count}
            absence = "" if absence == "none" else absence
            table = _drop_empty(table, **_write_window(window), absence=absence)
        case LatestValue(events=events, operator=operator, value=value, unit=unit, window=window):
            table = {"latest": _write_events(events), "operator": operator, "value": value}
            table = _drop_empty(table, unit=unit, **_write_window(window))
        case Unread(text=text, reason=reason):
            table = {"unread": text, "reason": reason}
    return table


def _drop_empty(table: _Table, **more: Any) -> _Table:
    return table | {key: value for key, value in more.items() if value not in ("", None)}


def _write_events(events: EventSet) -> _Table:
    return _drop_empty({"kind": events.kind}, codes=list(events.codes) or None, system=events.system)


def _write_window(window: Window) -> _Table:
    bounds = [OPEN if bound is None else bound for bound in (window.from_days, window.to_days)]
    anchor = "" if window.relative_to == INDEX else window.relative_to
    return {"window_days": None if bounds == [OPEN, OPEN] else bounds, "relative_to": anchor}


def _parse_parts(word: str, tables: Any, label: str, problems: Problems) -> tuple[Expression, ...] | None:
    if not problems.check(
        isinstance(tables, list) and len(tables) > 0,
        f"{label} has {word} = {show_value(tables)}; give a list with at least one expression",
    ):
        return None
    found = [
        parse_expression(table, f"{label}, {word} {number}", problems)
        for number, table in enumerate(tables, start=1)
    ]
    parts = tuple(part for part in found if part is not None)
    return parts if len(parts) == len(found) else None


def _parse_all(table: _Table, label: str, problems: Problems) -> Expression | None:
    parts = _parse_parts("all", table["all"], label, problems)
    return AllOf(parts) if parts else None


def _parse_any(table: _Table, label: str, problems: Problems) -> Expression | None:
    parts = _parse_parts("any", table["any"], label, problems)
    return AnyOf(parts) if parts else None


def _parse_not(table: _Table, label: str, problems: Problems) -> Expression | None:
    part = parse_expression(table["not"], f"{label}, not", problems)
    return None if part is None else Not(part)


def _parse_at_least(table: _Table, label: str, problems: Problems) -> Expression | None:
    parts = _parse_parts("of", table.get("of"), label, problems)
    count, of = table["at_least"], table.get("of")
    most = len(of) if isinstance(of, list) and of else 1
    is_right = problems.check(
        _is_whole(count) and 1 <= count <= most,
        f"{label} has at_least = {show_value(count)}; give a whole number from 1 to {most}",
    )
    return AtLeast(count, parts) if parts and is_right else None


def _parse_unless(table: _Table, label: str, problems: Problems) -> Expression | None:
    if not problems.check("part" in table, f"{label} has unless but no part; give part = {{...}}"):
        return None
    part = parse_expression(table["part"], f"{label}, part", problems)
    exception = parse_expression(table["unless"], f"{label}, unless", problems)
    return None if part is None or exception is None else Unless(part, exception)


def _parse_unread(table: _Table, label: str, problems: Problems) -> Expression | None:
    words = [table.get(key) for key in ("unread", "reason")]
    for key, held in zip(("unread", "reason"), words, strict=True):
        problems.check(isinstance(held, str), f"{label} has {key} = {show_value(held)}; give words")
    text, reason = words
    return Unread(text, reason) if isinstance(text, str) and isinstance(reason, str) else None


def _parse_between(table: _Table, label: str, problems: Problems) -> Expression | None:
    before = len(problems)
    column, unit = _take_column(table, label, problems), _take_unit(table, label, problems)
    bounds = table["between"]
    is_pair = isinstance(bounds, list) and len(bounds) == 2 and all(_is_number(b) for b in bounds)
    if problems.check(is_pair, f"{label} has between = {show_value(bounds)}; give two numbers, [low, high]"):
        problems.check(
            bounds[0] <= bounds[1], f"{label} has between = {show_value(bounds)}; give the lower first"
        )
    return None if len(problems) > before else Between(column, *bounds, unit=unit)


def _parse_in(table: _Table, label: str, problems: Problems) -> Expression | None:
    before = len(problems)
    column = _take_column(table, label, problems)
    values = table["in"]
    problems.check(
        isinstance(values, list) and len(values) > 0 and all(_is_value(v) for v in values),
        f"{label} has in = {show_value(values)}; give a list of numbers, words, true or false",
    )
    return None if len(problems) > before else OneOf(column, tuple(values))


def _parse_compare(table: _Table, label: str, problems: Problems) -> Expression | None:
    before = len(problems)
    column, unit = _take_column(table, label, problems), _take_unit(table, label, problems)
    operator = choose_word(table, "operator", get_args(Operator), label, problems)
    if "value" not in table:
        problems.add(f"{label} has no value; give a number, a word, true or false")
    else:
        problems.check(
            _is_value(table["value"]),
            f"{label} has value {show_value(table['value'])}; give a number, a word, true or false",
        )
    return None if len(problems) > before else Compare(column, operator, table["value"], unit)


def _parse_limit(table: _Table, label: str, problems: Problems) -> Expression | None:
    before = len(problems)
    key = "times_uln" if "times_uln" in table else "times_lln"
    column, multiple = _take_column(table, label, problems), table[key]
    operator = choose_word(table, "operator", get_args(Operator), label, problems)
    problems.check(
        _is_number(multiple) and multiple > 0,
        f"{label} has {key} = {show_value(multiple)}; give a number above 0",
    )
    limit = "ULN" if key == "times_uln" else "LLN"
    return None if len(problems) > before else CompareToLimit(column, operator, multiple, limit)


def _parse_count(table: _Table, label: str, problems: Problems) -> Expression | None:
    before = len(problems)
    events, window = _take_events("events", table, label, problems), _take_window(table, label, problems)
    operator = choose_word(table, "operator", get_args(Operator), label, problems)
    count, absence = table.get("count"), "none"
    problems.check(
        count is not None and _is_whole(count) and count >= 0,
        f"{label} has count = {show_value(count)}; give a whole number from 0 on",
    )
    if "absence" in table:
        absence = choose_word(table, "absence", ("none", "unknown"), label, problems)
    if count is None or len(problems) > before:
        return None
    return CountEvents(events, operator, count, window, absence)


def _parse_latest(table: _Table, label: str, problems: Problems) -> Expression | None:
    before = len(problems)
    events, window = _take_events("latest", table, label, problems), _take_window(table, label, problems)
    operator = choose_word(table, "operator", get_args(Operator), label, problems)
    unit, value = _take_unit(table, label, problems), table.get("value")
    problems.check(_is_number(value), f"{label} has value {show_value(value)}; give a number")
    if len(problems) > before or value is None:
        return None
    return LatestValue(events, operator, value, unit, window)


def _take_column(table: _Table, label: str, problems: Problems) -> str:
    column = table.get("column")
    if "column" not in table:
        problems.add(f"{label} names no column; give column = '...'")
    else:
        problems.check(
            isinstance(column, str) and column != "",
            f"{label} has column {show_value(column)}; give its name",
        )
    return column if isinstance(column, str) else ""


def _take_unit(table: _Table, label: str, problems: Problems) -> str:
    unit = table.get("unit", "")
    is_known = unit == "" or (isinstance(unit, str) and unit in DIMENSION_BY_UNIT)
    problems.check(is_known, f"{label}: {describe_unknown_unit(unit)}")
    return unit if is_known else ""


def _take_events(key: str, table: _Table, label: str, problems: Problems) -> EventSet:
    held = table[key]
    if not problems.check(
        isinstance(held, dict),
        f"{label} has {key} = {show_value(held)}; give {{kind = '...', codes = [...]}}",
    ):
        return EventSet("")
    for name in held:
        known = ", ".join(_EVENT_KEYS)
        problems.check(
            name in _EVENT_KEYS,
            f"{label}, {key} has the unknown key {show_value(name)}; the keys are {known}",
        )
    kind, codes, system = held.get("kind"), held.get("codes", []), held.get("system", "")
    problems.check(
        isinstance(kind, str) and kind != "",
        f"{label}, {key} has kind {show_value(kind)}; give a kind of event, such as 'condition', "
        "'procedure', 'drug' or 'measurement'",
    )
    are_codes = isinstance(codes, list) and all(isinstance(code, str) and code for code in codes)
    problems.check(are_codes, f"{label}, {key} has codes = {show_value(codes)}; give a list of words")
    is_system = problems.check(
        isinstance(system, str), f"{label}, {key} has system {show_value(system)}; give its name"
    )
    kind = kind if isinstance(kind, str) else ""
    return EventSet(kind, tuple(codes) if are_codes else (), system if is_system else "")


def _take_window(table: _Table, label: str, problems: Problems) -> Window:
    bounds, anchor = table.get("window_days", [OPEN, OPEN]), table.get("relative_to", INDEX)
    problems.check(
        isinstance(anchor, str) and anchor != "",
        f"{label} has relative_to {show_value(anchor)}; give {INDEX!r} or a kind of event",
    )
    is_pair = (
        isinstance(bounds, list) and len(bounds) == 2 and all(b == OPEN or _is_number(b) for b in bounds)
    )
    if not problems.check(
        is_pair,
        f"{label} has window_days = {show_value(bounds)}; give [from, to] in days, with {OPEN!r} for no end",
    ):
        return Window()
    first, last = (None if bound == OPEN else bound for bound in bounds)
    problems.check(
        first is None or last is None or first <= last,
        f"{label} has window_days = {show_value(bounds)}; give the earlier day first",
    )
    return Window(first, last, anchor if isinstance(anchor, str) else INDEX)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST


def _is_value(value: Any) -> bool:
    return isinstance(value, str | bool) or _is_number(value)


_PARSERS: dict[str, Callable[[_Table, str, Problems], Expression | None]] = {
    "between": _parse_between,
    "in": _parse_in,
    "times_uln": _parse_limit,
    "times_lln": _parse_limit,
    "events": _parse_count,
    "latest": _parse_latest,
    "all": _parse_all,
    "any": _parse_any,
    "not": _parse_not,
    "at_least": _parse_at_least,
    "unless": _parse_unless,
    "unread": _parse_unread,
}

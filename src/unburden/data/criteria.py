"""Criteria's computable forms from the tables of a study file."""

from collections.abc import Iterable
from typing import Any, get_args

from unburden.data.tables import show_value
from unburden.domain.criteria import (
    AllOf,
    AnyOf,
    Between,
    Compare,
    CriterionRule,
    Expression,
    Not,
    OneOf,
    Operator,
    UnknownPolicy,
)
from unburden.domain.errors import InvalidCriterion, Problems
from unburden.domain.units import DIMENSION_BY_UNIT, describe_unknown_unit

LARGEST = 1e100
"""No measure of a patient is larger, in any unit."""

_RULE_KEYS = ("criterion", "text", "kind", "unknown")
_FORM_KEYS = {
    "value": ("column", "operator", "value", "unit"),
    "operator": ("column", "operator", "value", "unit"),
    "between": ("column", "between", "unit"),
    "in": ("column", "in"),
    "all": ("all",),
    "any": ("any",),
    "not": ("not",),
}
_EXPRESSION_KEYS = tuple(dict.fromkeys(key for keys in _FORM_KEYS.values() for key in keys))
_FORMS = "operator with value, between, in, all, any or not"


def parse_rules(tables: list[dict[str, Any]], where: str) -> tuple[CriterionRule, ...]:
    """The rules that TOML tables describe, in their order.

    Each table has `criterion`, `kind` ("inclusion" or "exclusion"), `unknown` ("keep" or
    "exclude"), optionally `text`, and one expression: `column` with `operator` and `value`, with
    `between = [low, high]` or with `in = [...]`; or `all = [...]`, `any = [...]`, `not = {...}`
    over further expressions. `unit` goes with `value` and `between`.

    Raises `InvalidCriterion`, headed by `where`, with every problem of every table.

    >>> table = {"criterion": "IN01", "kind": "inclusion", "unknown": "exclude"}
    >>> parse_rules([table | {"column": "grade", "in": [2, 3]}], "study.toml")[0].expression
    OneOf(column='grade', values=(2, 3))
    """
    problems = Problems(where)
    rules: list[CriterionRule] = []
    seen: set[str] = set()
    if not problems.check(
        isinstance(tables, list), f"criteria are {show_value(tables)}; give a list of tables"
    ):
        problems.raise_now(InvalidCriterion)
    for number, table in enumerate(tables, start=1):
        rule = _parse_rule(table, f"rule {number}", problems)
        if rule is None:
            continue
        problems.check(rule.criterion_id not in seen, f"{rule.criterion_id} has two rules; keep one")
        seen.add(rule.criterion_id)
        rules.append(rule)
    problems.raise_if_any(InvalidCriterion)
    return tuple(rules)


def _parse_rule(table: Any, label: str, problems: Problems) -> CriterionRule | None:
    if not problems.check(isinstance(table, dict), f"{label} is {show_value(table)}; give a table"):
        return None
    identifier = table.get("criterion")
    if isinstance(identifier, str) and identifier.strip():
        label = identifier
    else:
        problems.add(
            f"{label} has criterion {show_value(identifier)}; give the protocol's criterion, such as 'IN01'"
        )
        identifier = ""
    text = table.get("text", "")
    problems.check(isinstance(text, str), f"{label} has text {show_value(text)}; give words")
    kind = _choose(table, "kind", ("inclusion", "exclusion"), label, problems)
    unknown = _choose(table, "unknown", get_args(UnknownPolicy), label, problems)
    rest = {key: value for key, value in table.items() if key not in _RULE_KEYS}
    expression = _parse_expression(rest, label, problems, _RULE_KEYS)
    if expression is None or not identifier or not isinstance(text, str) or not kind or not unknown:
        return None
    return CriterionRule(identifier, text, kind == "inclusion", expression, unknown)


def _choose(table: dict[str, Any], key: str, choices: Iterable[str], label: str, problems: Problems) -> Any:
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


def _parse_expression(
    table: Any, label: str, problems: Problems, more_keys: tuple[str, ...] = ()
) -> Expression | None:
    if not problems.check(isinstance(table, dict), f"{label} is {show_value(table)}; give a table"):
        return None
    unknown = [key for key in table if key not in _EXPRESSION_KEYS]
    for key in unknown:
        known = ", ".join((*more_keys, *_EXPRESSION_KEYS))
        problems.add(f"{label} has the unknown key {key!r}; the keys are {known}")
    forms = list(dict.fromkeys(_FORM_KEYS[key] for key in _FORM_KEYS if key in table))
    if len(forms) != 1:
        found = ", ".join(key for key in table if key in _EXPRESSION_KEYS) or "none of them"
        problems.add(f"{label} must have one of {_FORMS}; found {found}")
        return None
    extra = [key for key in table if key not in forms[0] and key not in unknown]
    form = next(key for key in _FORM_KEYS if key in table)
    for key in extra:
        problems.add(f"{label} has {key!r}, which does not go with {form!r}")
    for word in ("all", "any"):
        if word in table:
            return _parse_parts(word, table[word], label, problems)
    if "not" in table:
        part = _parse_expression(table["not"], f"{label}, not", problems)
        return None if part is None else Not(part)
    return _parse_leaf(table, label, problems)


def _parse_parts(word: str, tables: Any, label: str, problems: Problems) -> Expression | None:
    if not problems.check(
        isinstance(tables, list) and len(tables) > 0,
        f"{label} has {word} = {show_value(tables)}; give a list with at least one expression",
    ):
        return None
    found = [
        _parse_expression(table, f"{label}, {word} {number}", problems)
        for number, table in enumerate(tables, start=1)
    ]
    parts = tuple(part for part in found if part is not None)
    if len(parts) < len(found):
        return None
    return AllOf(parts) if word == "all" else AnyOf(parts)


def _parse_leaf(table: dict[str, Any], label: str, problems: Problems) -> Expression | None:
    before = len(problems)
    column, unit = table.get("column"), table.get("unit", "")
    if "column" not in table:
        problems.add(f"{label} names no column; give column = '...'")
    else:
        problems.check(
            isinstance(column, str) and column != "",
            f"{label} has column {show_value(column)}; give its name",
        )
    problems.check(
        unit == "" or (isinstance(unit, str) and unit in DIMENSION_BY_UNIT),
        f"{label}: {describe_unknown_unit(unit)}",
    )
    if "between" in table:
        bounds = table["between"]
        is_pair = isinstance(bounds, list) and len(bounds) == 2 and all(_is_number(b) for b in bounds)
        if problems.check(
            is_pair, f"{label} has between = {show_value(bounds)}; give two numbers, [low, high]"
        ):
            problems.check(
                bounds[0] <= bounds[1], f"{label} has between = {show_value(bounds)}; give the lower first"
            )
        return None if len(problems) > before else Between(str(column), *bounds, unit=unit)
    if "in" in table:
        values = table["in"]
        problems.check(
            isinstance(values, list) and len(values) > 0 and all(_is_value(v) for v in values),
            f"{label} has in = {show_value(values)}; give a list of numbers, words, true or false",
        )
        return None if len(problems) > before else OneOf(str(column), tuple(values))
    operator = _choose(table, "operator", get_args(Operator), label, problems)
    if "value" not in table:
        problems.add(f"{label} has no value; give a number, a word, true or false")
    else:
        value = table["value"]
        problems.check(
            _is_value(value), f"{label} has value {show_value(value)}; give a number, a word, true or false"
        )
    return None if len(problems) > before else Compare(str(column), operator, table["value"], unit)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST


def _is_value(value: Any) -> bool:
    return isinstance(value, str | bool) or _is_number(value)

"""Criteria's computable forms from the tables of a study file, and as such tables."""

from collections.abc import Iterable
from typing import Any, get_args

from unburden.data.expressions import choose_word, parse_expression, write_expression
from unburden.data.tables import MOST_LEVELS, is_deeper, show_value
from unburden.domain.criteria import CriterionRule, Expression, UnknownPolicy
from unburden.domain.errors import InvalidCriterion, Problems

_RULE_KEYS = ("criterion", "text", "kind", "unknown")
_TOO_DEEP = f"nests deeper than {MOST_LEVELS} levels; flatten it"


def parse_rules(tables: list[dict[str, Any]], where: str) -> tuple[CriterionRule, ...]:
    """The rules that TOML tables describe, in their order.

    Each table has `criterion`, `kind` ("inclusion" or "exclusion"), `unknown` ("keep" or
    "exclude"), optionally `text`, and the keys of one expression (`parse_expression`).

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


def write_rules(rules: Iterable[CriterionRule]) -> list[dict[str, Any]]:
    """The tables from which `parse_rules` reads these rules; they hold what TOML and JSON can hold.

    Raises `InvalidCriterion` for rules that could not be read back: nested too deep, with numbers
    beyond all measures, without id, of no form that can be evaluated.

    >>> from unburden.domain.criteria import Compare
    >>> write_rules([CriterionRule("IN01", "", True, Compare("age", ">=", 18, "year"), "keep")])[0]["value"]
    18
    """
    problems = Problems("rules")
    tables: list[dict[str, Any]] = []
    for rule in rules:
        if not problems.check(not _is_deep(rule.expression), f"{rule.criterion_id} {_TOO_DEEP}"):
            continue
        text = {"text": rule.text} if rule.text else {}
        kind = "inclusion" if rule.is_inclusion else "exclusion"
        head = {"criterion": rule.criterion_id, **text, "kind": kind, "unknown": rule.unknown}
        tables.append(head | write_expression(rule.expression))
    problems.raise_if_any(InvalidCriterion)
    parse_rules(tables, "rules")
    return tables


def _parse_rule(table: Any, label: str, problems: Problems) -> CriterionRule | None:
    if not problems.check(isinstance(table, dict), f"{label} is {show_value(table)}; give a table"):
        return None
    identifier = table.get("criterion")
    if not problems.check(not is_deeper(table, MOST_LEVELS), f"{label} {_TOO_DEEP}"):
        return None
    if isinstance(identifier, str) and identifier.strip():
        label = identifier
    else:
        problems.add(
            f"{label} has criterion {show_value(identifier)}; give the protocol's criterion, such as 'IN01'"
        )
        identifier = ""
    text = table.get("text", "")
    problems.check(isinstance(text, str), f"{label} has text {show_value(text)}; give words")
    kind = choose_word(table, "kind", ("inclusion", "exclusion"), label, problems)
    unknown = choose_word(table, "unknown", get_args(UnknownPolicy), label, problems)
    rest = {key: value for key, value in table.items() if key not in _RULE_KEYS}
    expression = parse_expression(rest, label, problems, _RULE_KEYS)
    if expression is None or not identifier or not isinstance(text, str) or not kind or not unknown:
        return None
    return CriterionRule(identifier, text, kind == "inclusion", expression, unknown)


def _is_deep(expression: Expression) -> bool:
    """Whether parts stand in each other deeper than tables may."""
    layer = [expression]
    for _ in range(MOST_LEVELS):
        layer = [
            part
            for held in layer
            for key in ("part", "exception", "parts")
            for part in _list_parts(getattr(held, key, ()))
        ]
        if not layer:
            return False
    return True


def _list_parts(held: Any) -> tuple[Expression, ...]:
    return held if isinstance(held, tuple) else (held,)

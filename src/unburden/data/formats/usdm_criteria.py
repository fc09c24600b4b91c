"""Criteria's computable forms inside a USDM v4 document, beside their text."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from unburden.data.criteria import parse_rules, write_rules
from unburden.data.formats.usdm_checks import Ids, find_extensions, shorten, walk
from unburden.data.formats.usdm_write import make_tree
from unburden.domain.criteria import (
    Between,
    Compare,
    CompareToLimit,
    CountEvents,
    CriterionRule,
    Expression,
    LatestValue,
    OneOf,
    iterate_leaves,
)
from unburden.domain.errors import InvalidCriterion, InvalidProtocol, Problems
from unburden.domain.protocol import Protocol

RULE_URL = "urn:unburden:criterion-rule"
"""The extension attribute of an EligibilityCriterion that holds its computable form as JSON."""

_NUMBER = re.compile(r"(?<![\w.,/-])\d+(?:\.\d+)?(?![\w,/-]|\.\d)")
_MARKUP = re.compile(r"<[^>]*>|&[#\w]+;")
_Tree = dict[str, Any]


def attach_rules(protocol: Protocol, rules: Iterable[CriterionRule]) -> Protocol:
    """The protocol whose USDM document carries the rules; `write_usdm` writes it.

    Each rule becomes an extension attribute of its EligibilityCriterion; criteria without a rule
    lose theirs. Where a text holds a number of its rule once and has no dictionary yet, the number
    becomes a parameter of a SyntaxTemplateDictionary, so that text and rule stand side by side and
    the text reads as before. A rule names its criterion by id or by name.

    Raises `InvalidCriterion` for rules of no criterion of the protocol or of the other kind,
    `InvalidProtocol` where the protocol cannot be written as USDM.
    """
    by_criterion = _match_rules(protocol, rules)
    problems = Problems(protocol.source)
    tree = json.loads(protocol.carried) if protocol.carried else make_tree(protocol, problems)
    problems.raise_if_any(InvalidProtocol)
    version = tree["study"]["versions"][0]
    items = {item["id"]: item for item in version.get("eligibilityCriterionItems") or []}
    texts = {criterion.id: criterion.text for criterion in protocol.criteria}
    ids = Ids(node["id"] for _, node in walk(tree) if isinstance(node.get("id"), str))
    for node in version["studyDesigns"][0].get("eligibilityCriteria") or []:
        rule = by_criterion.get(node["id"])
        kept = [held for held in node.get("extensionAttributes") or [] if held.get("url") != RULE_URL]
        if rule is None:
            if len(kept) < len(node.get("extensionAttributes") or []):
                node["extensionAttributes"] = kept
            continue
        text = _write_rule(rule, node["id"], texts.get(node["id"], ""))
        node["extensionAttributes"] = [*kept, ids.extension(RULE_URL, valueString=text)]
        _add_parameters(items[node["criterionItemId"]], rule.expression, version, ids)
    return replace(protocol, carried=json.dumps(tree, ensure_ascii=False, indent=2) + "\n")


def read_rules(protocol: Protocol) -> tuple[CriterionRule, ...]:
    """The rules that the protocol's USDM document carries, in the order of its criteria.

    Raises `InvalidCriterion` with every problem of every rule.
    """
    if not protocol.carried:
        return ()
    problems = Problems(f"{protocol.source}, {RULE_URL}")
    tables = list(_find_tables(json.loads(protocol.carried), protocol, problems))
    problems.raise_if_any(InvalidCriterion)
    return parse_rules(tables, problems.where)


def _match_rules(protocol: Protocol, rules: Iterable[CriterionRule]) -> dict[str, CriterionRule]:
    problems = Problems(f"criteria of {protocol.source}")
    known = {criterion.name: criterion for criterion in reversed(protocol.criteria)}
    known |= {criterion.id: criterion for criterion in protocol.criteria}
    matched: dict[str, CriterionRule] = {}
    for rule in rules:
        criterion = known.get(rule.criterion_id)
        if criterion is None:
            names = ", ".join(held.name for held in protocol.criteria) or "none"
            problems.add(f"there is no criterion {rule.criterion_id!r}; the protocol's are {names}")
            continue
        kinds = ["inclusion" if held else "exclusion" for held in (rule.is_inclusion, criterion.is_inclusion)]
        problems.check(
            kinds[0] == kinds[1],
            f"{rule.criterion_id} is an {kinds[0]} rule of an {kinds[1]} criterion; give it the same kind",
        )
        problems.check(criterion.id not in matched, f"{rule.criterion_id} has two rules; keep one")
        matched[criterion.id] = rule
    problems.raise_if_any(InvalidCriterion)
    return matched


def _write_rule(rule: CriterionRule, criterion_id: str, text: str) -> str:
    """The rule's table as JSON; its text only where it is not the criterion's."""
    (table,) = write_rules([replace(rule, criterion_id=criterion_id, text="")])
    del table["criterion"]
    if rule.text != text:
        table["text"] = rule.text
    return json.dumps(table, ensure_ascii=False)


def _find_tables(tree: _Tree, protocol: Protocol, problems: Problems) -> Iterator[_Tree]:
    texts = {criterion.id: criterion.text for criterion in protocol.criteria}
    nodes = tree["study"]["versions"][0]["studyDesigns"][0].get("eligibilityCriteria") or []
    for node in nodes:
        held = find_extensions(node, RULE_URL)
        problems.check(len(held) <= 1, f"{node['id']} has {len(held)} rules; keep one")
        for extension in held[:1]:
            table = _parse_json(extension.get("valueString"), node["id"], problems)
            if table is not None:
                yield {"text": texts.get(node["id"], "")} | table | {"criterion": node["id"]}


def _parse_json(text: Any, label: str, problems: Problems) -> _Tree | None:
    try:
        table = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError) as error:
        problems.add(
            f"{label} has a rule that is not JSON ({shorten(str(error))}); correct it or leave it out"
        )
        return None
    if isinstance(table, dict):
        return table
    problems.add(f"{label} has the rule {shorten(repr(text))}; give a JSON object as text or drop it")
    return None


def _add_parameters(item: _Tree, expression: Expression, version: _Tree, ids: Ids) -> None:
    """Turn numbers of the rule that stand in the text into parameters of a dictionary."""
    if item.get("dictionaryId") or "usdm:tag" in item["text"]:
        return
    numbers = set(_list_numbers(expression))
    outside = _MARKUP.sub(lambda held: " " * len(held[0]), item["text"])
    found = [held for held in _NUMBER.finditer(outside) if float(held[0]) in numbers]
    once = [held for held in found if sum(float(other[0]) == float(held[0]) for other in found) == 1]
    if not once:
        return
    maps = []
    text = item["text"]
    for number, held in reversed(list(enumerate(once, start=1))):
        tag = f"parameter_{number}"
        text = f'{text[: held.start()]}<usdm:tag name="{tag}"/>{text[held.end() :]}'
        maps.insert(0, ids.node("ParameterMap", tag=tag, reference=held[0]))
    dictionary = ids.node("SyntaxTemplateDictionary", name=f"{item['name']} parameters", parameterMaps=maps)
    version["dictionaries"] = [*(version.get("dictionaries") or []), dictionary]
    item["text"], item["dictionaryId"] = text, dictionary["id"]


def _list_numbers(expression: Expression) -> Iterator[float]:
    """The numbers that the text of a criterion may hold of its rule."""
    for leaf in iterate_leaves(expression):
        held: tuple[Any, ...] = ()
        match leaf:
            case Compare(value=value):
                held = (value,)
            case Between(low=low, high=high):
                held = (low, high)
            case OneOf(values=values):
                held = values
            case CompareToLimit(multiple=multiple):
                held = (multiple,)
            case CountEvents(count=count, window=window):
                held = (count, window.from_days, window.to_days)
            case LatestValue(value=value, window=window):
                held = (value, window.from_days, window.to_days)
        yield from (abs(n) for n in held if isinstance(n, int | float) and not isinstance(n, bool))

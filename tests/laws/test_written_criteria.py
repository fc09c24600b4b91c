"""Criteria come back from every form in which they are exchanged."""

import json
from dataclasses import replace

from expression_strategies import expressions, rule_sets
from hypothesis import given, settings

from unburden.data.criteria import parse_rules, write_rules
from unburden.data.expressions import parse_expression, write_expression
from unburden.data.formats.usdm_criteria import attach_rules, read_rules
from unburden.domain.errors import Problems
from unburden.domain.protocol import Criterion, Protocol, Timeline


def show(value):
    """With the type of every number: 1, 1.0 and True are equal and not the same."""
    return repr(value)


@given(expressions)
def test_an_expression_comes_back_from_its_table(expression):
    problems = Problems("law")
    table = json.loads(json.dumps(write_expression(expression)))
    back = parse_expression(table, "x", problems)
    assert not problems.found
    assert show(back) == show(expression)


@given(rule_sets())
def test_rules_come_back_from_their_tables(rules):
    tables = json.loads(json.dumps(write_rules(rules)))
    assert show(parse_rules(tables, "law")) == show(rules)


@settings(deadline=None, max_examples=50)
@given(rule_sets())
def test_rules_come_back_from_a_protocol(rules):
    criteria = tuple(Criterion(f"C{i}", f"N{i}", r.text or "x", r.is_inclusion) for i, r in enumerate(rules))
    rules = tuple(replace(rule, criterion_id=f"C{i}") for i, rule in enumerate(rules))
    timelines = (Timeline("T", "Main", True),)
    protocol = Protocol("X", "T", "law", timelines, (), (), (), criteria=criteria)
    assert show(read_rules(attach_rules(protocol, rules))) == show(rules)

"""Criteria as an OHDSI Circe cohort expression in JSON, with a list of what it cannot say."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unburden.data.files import write_text
from unburden.data.formats.circe_groups import DOMAINS, CirceTerms, GroupMaker, make_group
from unburden.domain.criteria import AllOf, AnyOf, CriterionRule, EventSet, Expression, Not
from unburden.domain.errors import InvalidCriterion, Problems


@dataclass(frozen=True)
class CirceExport:
    """A cohort expression, what of the rules it does not hold, and what it says otherwise."""

    expression: dict[str, Any]
    left_out: tuple[str, ...]
    changed: tuple[str, ...]


def make_circe(rules: Iterable[CriterionRule], *, index: EventSet, terms: CirceTerms) -> CirceExport:
    """The Circe cohort expression of rules: one inclusion rule a criterion, entered at the index event.

    The first event of `index` enters a patient. Parts that must hold anyway and that Circe cannot
    say (words, columns without a measurement, codes without a concept, windows from another event)
    are left out and listed, so whoever passes the rules on the same records passes the expression,
    where each measurement has a value and ages agree. What is said otherwise is listed too: a value is
    any in the window instead of the last, an age a difference of calendar years. Unlike expressions,
    Circe takes what is not on record as absent; a rule that keeps unknown patients lets in those
    without record by name.

    Raises `InvalidCriterion` where the index event has no domain or concept.
    """
    maker = GroupMaker(terms)
    primary = _make_primary(index, maker)
    left_out: list[str] = []
    inclusion: list[dict[str, Any]] = []
    for rule in rules:
        maker.keeps_unknown = rule.unknown == "keep"
        groups: list[dict[str, Any]] = []
        for part in _split(rule.expression if rule.is_inclusion else Not(rule.expression)):
            group = maker.make(part)
            if isinstance(group, str):
                left_out.append(f"{rule.criterion_id}: {group}")
            else:
                groups.append(group)
        if groups:
            group = groups[0] if len(groups) == 1 else make_group("ALL", groups=groups)
            inclusion.append({"name": rule.criterion_id, "description": rule.text, "expression": group})
    expression = {
        "ConceptSets": list(_write_concept_sets(maker.concept_sets, terms)),
        "PrimaryCriteria": primary,
        "QualifiedLimit": {"Type": "First"},
        "ExpressionLimit": {"Type": "First"},
        "InclusionRules": inclusion,
        "CensoringCriteria": [],
        "CollapseSettings": {"CollapseType": "ERA", "EraPad": 0},
        "CensorWindow": {},
        "cdmVersionRange": ">=5.0.0",
    }
    return CirceExport(expression, tuple(left_out), tuple(maker.changed))


def write_circe(
    rules: Iterable[CriterionRule], path: Path, *, index: EventSet, terms: CirceTerms
) -> CirceExport:
    """Write the cohort expression of `make_circe` as JSON; raises as it does, and `InvalidInput`."""
    export = make_circe(rules, index=index, terms=terms)
    write_text(path, json.dumps(export.expression, ensure_ascii=False, indent=2) + "\n")
    return export


def _make_primary(index: EventSet, maker: GroupMaker) -> dict[str, Any]:
    problems = Problems("index event of a Circe expression")
    domain = DOMAINS.get(index.kind)
    codeset = maker.find_concept_set(index)
    problems.check(domain is not None, f"kind {index.kind!r} has no domain in OMOP; use {', '.join(DOMAINS)}")
    if isinstance(codeset, str):
        problems.add(f"{codeset}; give it")
    problems.raise_if_any(InvalidCriterion)
    return {
        "CriteriaList": [{domain: {} if codeset is None else {"CodesetId": codeset}}],
        "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
        "PrimaryCriteriaLimit": {"Type": "First"},
    }


def _write_concept_sets(sets: Mapping[tuple[int, ...], int], terms: CirceTerms) -> Iterator[dict[str, Any]]:
    """Concept sets without descendants: an expression means the very codes that it lists."""
    names = {concept: held for held, concept in reversed(list(terms.concept_ids.items()))}
    for concepts, number in sets.items():
        items = [
            {
                "concept": {
                    "CONCEPT_ID": concept,
                    "VOCABULARY_ID": names[concept][0],
                    "CONCEPT_CODE": names[concept][1],
                },
                "isExcluded": False,
                "includeDescendants": False,
                "includeMapped": False,
            }
            for concept in concepts
        ]
        codes = ", ".join(" ".join(names[concept]) for concept in concepts)
        yield {"id": number, "name": codes, "expression": {"items": items}}


def _split(expression: Expression) -> Iterator[Expression]:
    """The parts that must all hold."""
    match expression:
        case AllOf(parts=parts):
            for part in parts:
                yield from _split(part)
        case Not(part=AnyOf(parts=parts)):
            for part in parts:
                yield from _split(Not(part))
        case Not(part=Not(part=part)):
            yield from _split(part)
        case _:
            yield expression

"""Clinical Trial Markup Language (MatchMiner's YAML): what a trial matches, read and written."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from unburden.data.files import write_text
from unburden.data.formats.ctml_nodes import CtmlColumns, make_node
from unburden.data.tables import MOST_LEVELS, is_deeper, show_value
from unburden.domain.criteria import (
    AllOf,
    AnyOf,
    Compare,
    CountEvents,
    CriterionRule,
    EventSet,
    Expression,
    Not,
    Operator,
    Unread,
    iterate_leaves,
)
from unburden.domain.errors import InvalidCriterion, Problems

MOST_BYTES = 5_000_000
_LEVELS = {"step": "step_code", "arm": "arm_code", "dose_level": "level_code"}
_AGE = re.compile(r"(?P<operator>>=|<=|==|>|<)\s*(?P<years>\d+(?:\.\d+)?|\.\d+)")
_Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CtmlMatch:
    """What one level of a trial ("trial", "step", "arm", "dose_level") matches.

    `unread` lists the parts that no expression holds; in `expression` they are `Unread`.
    """

    level: str
    code: str
    expression: Expression
    unread: tuple[str, ...]


def read_ctml(path: Path, *, columns: CtmlColumns) -> tuple[CtmlMatch, ...]:
    """What each level of a CTML trial matches.

    Several nodes of a `match` are all to hold, and "!" before a value negates its whole node, as in
    MatchMiner's engine (matchengine-V2, match_translator.py). A gene is a count of events of kind
    "measurement" with the gene's symbol as code and "HUGO", with the variant category behind it, as
    system; where a timeline holds none it is unknown, while MatchMiner takes it as absent. A
    diagnosis is read as this very OncoTree name, unless `columns.subtypes` lists those under it.
    Other keys (protein change, signatures, disease status) become `Unread` and are listed.

    Raises `InvalidCriterion` with every problem: no YAML, aliases, unknown nodes, ages that are none.
    """
    problems = Problems(path.name)
    document = _load_yaml(path, problems)
    problems.check(isinstance(document, dict), f"holds {show_value(document)}; give a trial in CTML")
    problems.raise_if_any(InvalidCriterion)
    reader = _Reader(columns, problems)
    found = tuple(reader.read_levels(document, "trial", ""))
    if not found and not problems.found:
        problems.add("has no match; give one in the trial, a step, an arm or a dose level")
    problems.raise_if_any(InvalidCriterion)
    return found


def write_ctml(
    rules: Iterable[CriterionRule], path: Path, *, protocol_no: str, columns: CtmlColumns
) -> tuple[str, ...]:
    """Write a trial of one step whose match holds what CTML can say of the rules; return the rest.

    A rule, or a part of a rule that must hold anyway, that CTML cannot say is left out and listed,
    so the written match lets in whoever the rules let in, and more. MatchMiner's engine takes what a
    patient lacks as absent and rounds ages to whole months. Raises `InvalidInput` where the system
    refuses to write.
    """
    left_out: list[str] = []
    nodes: list[_Node] = []
    for rule in rules:
        wanted = rule.expression if rule.is_inclusion else Not(rule.expression)
        for part in _split(wanted):
            node = make_node(part, columns)
            if isinstance(node, str):
                left_out.append(f"{rule.criterion_id}: {node}")
            else:
                nodes.append(node)
    match = [{"and": nodes}] if nodes else []
    step = {"step_internal_id": 1, "step_code": "1", "match": match, "arm": []}
    trial = {"protocol_no": protocol_no, "treatment_list": {"step": [step]}}
    write_text(path, yaml.dump(trial, Dumper=_Dumper, sort_keys=False, allow_unicode=True))
    return tuple(left_out)


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


class _Loader(yaml.SafeLoader):
    """Plain data without aliases, which could make a small file endless."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it holds an alias")
        return super().compose_node(parent, index)


class _Dumper(yaml.SafeDumper):
    """Plain data, written out wherever it stands."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _load_yaml(path: Path, problems: Problems) -> Any:
    try:
        if path.stat().st_size > MOST_BYTES:
            problems.add(f"is larger than {MOST_BYTES:,} bytes; give one trial in CTML")
            return {}
        text = path.read_bytes().decode("utf-8-sig")
        # The loader descends from SafeLoader: it makes no objects.
        document = yaml.load(text, Loader=_Loader)
    except OSError as error:
        problems.add(f"cannot be read ({error.strerror}); check the path")
    except UnicodeDecodeError as error:
        problems.add(f"is not UTF-8 ({error}); save it as UTF-8")
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        problems.add(f"is not plain YAML ({' '.join(str(error).split())[:120]}); give a trial in CTML")
    else:
        if not is_deeper(document, MOST_LEVELS):
            return document
        problems.add(f"nests deeper than {MOST_LEVELS} levels; flatten it")
    return {}


@dataclass
class _Reader:
    """Turns nodes into expressions, with the column names of one cohort."""

    columns: CtmlColumns
    problems: Problems

    def read_levels(self, node: Any, level: str, code: str) -> Iterator[CtmlMatch]:
        """The matches of a level and of those inside."""
        if not isinstance(node, dict):
            self.problems.add(f"{level} {code} is {show_value(node)}; give a table".replace("  ", " "))
            return
        if "match" in node:
            where = f"{level} {code}, match".replace(" ,", ",")
            expression = self.read_parts(node["match"], where, AllOf)
            if expression is not None:
                leaves = iterate_leaves(expression)
                unread = [f"{leaf.text}: {leaf.reason}" for leaf in leaves if isinstance(leaf, Unread)]
                yield CtmlMatch(level, code, expression, tuple(dict.fromkeys(unread)))
        inner = node.get("treatment_list", node) if level == "trial" else node
        for name, key in _LEVELS.items():
            held = inner.get(name) if isinstance(inner, dict) else None
            for item in held if isinstance(held, list) else []:
                own = item.get(key, "") if isinstance(item, dict) else ""
                yield from self.read_levels(item, name, str(own))

    def read_parts(
        self, nodes: Any, where: str, make: Callable[[tuple[Expression, ...]], Expression]
    ) -> Expression | None:
        """The expression of a list of nodes."""
        is_list = isinstance(nodes, list) and len(nodes) > 0
        if not self.problems.check(
            is_list, f"{where} is {show_value(nodes)}; give a list with at least one node"
        ):
            return None
        parts = [self.read_node(node, f"{where} {at}") for at, node in enumerate(nodes, start=1)]
        found = tuple(part for part in parts if part is not None)
        if len(found) < len(parts):
            return None
        return found[0] if len(found) == 1 else make(found)

    def read_node(self, node: Any, where: str) -> Expression | None:
        """The expression of a node: `and`, `or`, `clinical` or `genomic`."""
        if not isinstance(node, dict) or len(node) != 1:
            held = show_value(node)
            self.problems.add(f"{where} is {held}; give one of and, or, clinical, genomic with its parts")
            return None
        ((label, value),) = node.items()
        match label:
            case "and":
                return self.read_parts(value, f"{where}, and", AllOf)
            case "or":
                return self.read_parts(value, f"{where}, or", AnyOf)
            case "clinical" | "genomic":
                return self.read_leaf(label, value, where)
        self.problems.add(f"{where} is {show_value(label)}; give one of and, or, clinical, genomic")
        return None

    def read_leaf(self, label: str, values: Any, where: str) -> Expression | None:
        """A clinical or genomic node: all its keys, negated as one if one value starts with "!"."""
        is_table = isinstance(values, dict) and values and all(isinstance(key, str) for key in values)
        if not is_table:
            remedy = "give keys with values, such as age_numerical: '>=18'"
            self.problems.add(f"{where}, {label} is {show_value(values)}; {remedy}")
            return None
        plain = {key: value[1:] if _is_negated(value) else value for key, value in values.items()}
        is_negated = any(map(_is_negated, values.values()))
        read = self.read_gene if label == "genomic" else self.read_clinical
        found = read(plain, f"{where}, {label}")
        if found is None:
            return None
        if any(isinstance(leaf, Unread) for leaf in iterate_leaves(found)):
            kept = json.dumps({label: values}, default=str, ensure_ascii=False)
            keys = ", ".join(key for key in values)
            return Unread(f"CTML {kept}", f"{keys} cannot be said by an expression")
        return Not(found) if is_negated else found

    def read_clinical(self, values: _Node, where: str) -> Expression | None:
        """The conjunction of the keys of a clinical node."""
        parts = [self.read_key(key.lower(), value, where) for key, value in values.items()]
        found = tuple(part for part in parts if part is not None)
        if len(found) < len(parts):
            return None
        return found[0] if len(found) == 1 else AllOf(found)

    def read_key(self, key: str, value: Any, where: str) -> Expression | None:
        """One key of a clinical node; `Unread` where no expression says it."""
        columns = self.columns
        if key == "age_numerical":
            return self.read_age(value, where)
        if not isinstance(value, str):
            return Unread(key, "")
        if key == "gender" and value in columns.sexes:
            return Compare(columns.sex, "==", columns.sexes[value])
        if key == "oncotree_primary_diagnosis" and value:
            listed = columns.subtypes.get(value, () if value.startswith("_") else (value,))
            parts = tuple(Compare(columns.diagnosis, "==", name) for name in listed)
            if parts:
                return parts[0] if len(parts) == 1 else AnyOf(parts)
        if key in columns.statuses and value in ("Positive", "Negative"):
            return Compare(columns.statuses[key], "==", value.lower())
        return Unread(key, "")

    def read_age(self, value: Any, where: str) -> Expression | None:
        """An age in years against a number."""
        found = _AGE.fullmatch(value.strip()) if isinstance(value, str) else None
        if found is None:
            self.problems.add(
                f"{where} has age_numerical {show_value(value)}; give years with >=, <=, >, < or ==, "
                "such as '>=18'"
            )
            return None
        operators: dict[str, Operator] = {">=": ">=", "<=": "<=", ">": ">", "<": "<", "==": "=="}
        years = float(found["years"])
        number = int(years) if years.is_integer() else years
        return Compare(self.columns.age, operators[found["operator"]], number, "year")

    def read_gene(self, values: _Node, where: str) -> Expression | None:
        """A gene, perhaps with the category of its variant."""
        lower = {key.lower(): value for key, value in values.items()}
        symbol, category = lower.get("hugo_symbol"), lower.get("variant_category", "")
        if set(lower) <= {"hugo_symbol", "variant_category"} and symbol and isinstance(symbol, str):
            if not isinstance(category, str):
                self.problems.add(f"{where} has variant_category {show_value(category)}; give words")
                return None
            system = f"HUGO {category}".strip()
            return CountEvents(EventSet("measurement", (symbol,), system), ">=", 1, absence="unknown")
        return Unread("genomic", "")


def _is_negated(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("!")

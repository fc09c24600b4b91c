"""The evidence ledger that comes with the package, from `evidence.toml`."""

import math
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

from unburden.domain.burden import Evidence
from unburden.domain.errors import InvalidEvidence, Problems
from unburden.domain.ledger import EvidenceLedger, KindQuantity, KindRule, find_ledger_problems

LEDGER_FILE = "evidence.toml"

_Types = Mapping[str, type | tuple[type, ...]]
_NUMBER = (int, float)
_EVIDENCE: _Types = {
    "id": str,
    "description": str,
    "value": _NUMBER,
    "low": _NUMBER,
    "high": _NUMBER,
    "unit": str,
    "source": str,
    "grade": str,
}
_EVIDENCE_OPTIONAL: _Types = {"distribution": str}
_KIND: _Types = {"name": str, "patterns": list, "home_feasible": bool, "quantities": list}
_QUANTITY: _Types = {"dimension": str, "evidence": str}
_QUANTITY_OPTIONAL: _Types = {"cause": str, "count": _NUMBER, "detail": str}


def read_evidence() -> EvidenceLedger:
    """The ledger of the package.

    Raises `InvalidEvidence` with every problem of the file.

    >>> read_evidence().evidence_by_id["count.one"].value
    1.0
    """
    text = resources.files("unburden.data").joinpath(LEDGER_FILE).read_text(encoding="utf-8")
    return parse_evidence(text, LEDGER_FILE)


def parse_evidence(text: str, where: str) -> EvidenceLedger:
    """The ledger that a TOML text holds: tables `[[evidence]]` and `[[kind]]`.

    Raises `InvalidEvidence`, headed by `where`, with every problem.
    """
    problems = Problems(where)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.add(f"is no TOML: {error}; correct it there")
        problems.raise_now(InvalidEvidence)
    for key in sorted(document.keys() - {"evidence", "kind"}):
        problems.add(f"has the unknown key {key!r}; use [[evidence]] and [[kind]]")
    entries: list[Evidence] = []
    faulty: set[str] = set()
    for number, table in enumerate(_take_tables(document, "evidence", problems), start=1):
        entry = _parse_entry(table, f"evidence {number}", problems)
        if entry is not None:
            entries.append(entry)
        elif isinstance(table, dict):
            faulty.add(str(table.get("id", "")))
    tables = enumerate(_take_tables(document, "kind", problems), start=1)
    parsed = [_parse_kind(table, f"kind {number}", problems) for number, table in tables]
    kinds = [kind for kind in parsed if kind is not None]
    problems.extend(find_ledger_problems(entries, kinds, frozenset(faulty)))
    problems.raise_if_any(InvalidEvidence)
    return EvidenceLedger(tuple(entries), tuple(kinds), where)


def _take_tables(document: dict[str, Any], key: str, problems: Problems) -> list[Any]:
    tables = document.get(key, [])
    if problems.check(isinstance(tables, list), f"{key} is {tables!r}; write [[{key}]] tables"):
        return tables
    return []


def _check_table(table: Any, where: str, required: _Types, optional: _Types, problems: Problems) -> bool:
    """Whether the table has the right keys and types; adds each problem."""
    before = len(problems)
    if not problems.check(isinstance(table, dict), f"{where} is {table!r}; give a table"):
        return False
    allowed = {**required, **optional}
    for key in sorted(table.keys() - allowed.keys()):
        problems.add(f"{where} has the unknown key {key!r}; use {', '.join(allowed)}")
    for key in required:
        problems.check(key in table, f"{where} has no {key!r}; add it")
    for key in (key for key in allowed if key in table):
        value = table[key]
        fits = isinstance(value, allowed[key]) and (allowed[key] is bool or not isinstance(value, bool))
        problems.check(fits, f"{where} has {key} = {value!r}; give {_describe(allowed[key])}")
    return len(problems) == before


def _describe(kind: type | tuple[type, ...]) -> str:
    if isinstance(kind, tuple):
        return "a number"
    return {str: "text in quotes", bool: "true or false", list: "a list"}[kind]


def _parse_entry(table: Any, where: str, problems: Problems) -> Evidence | None:
    named = f"{where} ({table['id']!r})" if isinstance(table, dict) and "id" in table else where
    if not _check_table(table, named, _EVIDENCE, _EVIDENCE_OPTIONAL, problems):
        return None
    numbers = [float(table[key]) for key in ("value", "low", "high")]
    if not problems.check(all(map(math.isfinite, numbers)), f"{named} holds {numbers}; give finite numbers"):
        return None
    value, low, high = numbers
    told: tuple[str, str] = (table["id"], table["description"])
    try:
        known = (table["unit"], table["source"], table["grade"], table.get("distribution", ""))
        return Evidence(*told, value, low, high, *known)
    except InvalidEvidence as error:
        problems.extend(f"{named} {problem}" for problem in error.problems)
        return None


def _parse_kind(table: Any, where: str, problems: Problems) -> KindRule | None:
    named = f"{where} ({table['name']!r})" if isinstance(table, dict) and "name" in table else where
    if not _check_table(table, named, _KIND, {}, problems):
        return None
    patterns = table["patterns"]
    told = f"{named} has patterns = {patterns!r}; give a list of texts"
    if not problems.check(all(isinstance(p, str) for p in patterns), told):
        return None
    quantities = tuple(_parse_quantities(table["quantities"], named, problems))
    return KindRule(table["name"], tuple(patterns), table["home_feasible"], quantities)


def _parse_quantities(tables: list[Any], where: str, problems: Problems) -> Iterable[KindQuantity]:
    for number, table in enumerate(tables, start=1):
        named = f"{where} quantity {number}"
        if _check_table(table, named, _QUANTITY, _QUANTITY_OPTIONAL, problems):
            yield KindQuantity(
                table["dimension"],
                table["evidence"],
                table.get("cause", "cell"),
                float(table.get("count", 1)),
                table.get("detail", ""),
            )

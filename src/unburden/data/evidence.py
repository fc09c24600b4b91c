"""The evidence ledger that comes with the package: the files of `evidence_ledger`."""

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from itertools import chain
from typing import Any

from unburden.domain.burden import UNIT_BY_DIMENSION, Evidence
from unburden.domain.errors import InvalidEvidence, Problems
from unburden.domain.ledger import (
    PROCEDURE_MINUTES,
    EvidenceLedger,
    KindQuantity,
    KindRule,
    find_ledger_problems,
)

LEDGER_FOLDER = "evidence_ledger"

LEDGER_FILES = tuple(f"{name}.toml" for name in (*UNIT_BY_DIMENSION, PROCEDURE_MINUTES, "kinds"))
"""One file for each dimension, one for the minutes of procedures, which become minutes at the site
or at home by the place of the visit, and one for the kinds of activities."""

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
    "distribution": str,
}
_KIND: _Types = {"name": str, "patterns": list, "home_feasible": bool, "quantities": list}
_KIND_OPTIONAL: _Types = {"codes": dict, "codes_of": list}
_QUANTITY: _Types = {"dimension": str, "evidence": str}
_QUANTITY_OPTIONAL: _Types = {"cause": str, "count": _NUMBER, "detail": str}


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind as its table states it: `codes_of` names the kinds whose codes it takes too."""

    rule: KindRule
    codes_of: tuple[str, ...]
    where: str


@cache
def read_evidence() -> EvidenceLedger:
    """The ledger of the package, read once: a record that nobody can change.

    Raises `InvalidEvidence` with every problem of the files.

    >>> read_evidence().evidence_by_id["count.one"].value
    1.0
    """
    folder = resources.files("unburden.data").joinpath(LEDGER_FOLDER)
    texts = {name: folder.joinpath(name).read_text(encoding="utf-8") for name in LEDGER_FILES}
    return parse_evidence_files(texts, LEDGER_FOLDER)


def parse_evidence(text: str, where: str) -> EvidenceLedger:
    """The ledger that one TOML text holds: tables `[[evidence]]` and `[[kind]]`.

    Raises `InvalidEvidence`, headed by `where`, with every problem.
    """
    return parse_evidence_files({"": text}, where)


def parse_evidence_files(texts: Mapping[str, str], where: str) -> EvidenceLedger:
    """The ledger that TOML texts hold together, each by the name of its file.

    Raises `InvalidEvidence`, headed by `where`, with every problem by file and entry.
    """
    problems = Problems(where)
    entries: list[Evidence] = []
    kinds: list[_Kind] = []
    faulty: set[str] = set()
    for name, text in texts.items():
        prefix = f"{name}: " if name else ""
        document = _parse_document(text, prefix, problems)
        for number, table in enumerate(_take_tables(document, "evidence", prefix, problems), start=1):
            entry = _parse_entry(table, f"{prefix}evidence {number}", problems)
            if entry is not None:
                entries.append(entry)
            elif isinstance(table, dict):
                faulty.add(str(table.get("id", "")))
        tables = enumerate(_take_tables(document, "kind", prefix, problems), start=1)
        parsed = [_parse_kind(table, f"{prefix}kind {number}", problems) for number, table in tables]
        kinds += [kind for kind in parsed if kind is not None]
    rules = _join_codes(kinds, problems)
    problems.extend(find_ledger_problems(entries, rules, frozenset(faulty)))
    problems.raise_if_any(InvalidEvidence)
    return EvidenceLedger(tuple(entries), rules, where)


def _parse_document(text: str, prefix: str, problems: Problems) -> dict[str, Any]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.add(f"{prefix}is no TOML: {error}; correct it there")
        return {}
    for key in sorted(document.keys() - {"evidence", "kind"}):
        problems.add(f"{prefix}has the unknown key {key!r}; use [[evidence]] and [[kind]]")
    return document


def _take_tables(document: dict[str, Any], key: str, prefix: str, problems: Problems) -> list[Any]:
    tables = document.get(key, [])
    if problems.check(isinstance(tables, list), f"{prefix}{key} is {tables!r}; write [[{key}]] tables"):
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
    return {str: "text in quotes", bool: "true or false", list: "a list", dict: "a table"}[kind]


def _parse_entry(table: Any, where: str, problems: Problems) -> Evidence | None:
    named = f"{where} ({table['id']!r})" if isinstance(table, dict) and "id" in table else where
    if not _check_table(table, named, _EVIDENCE, {}, problems):
        return None
    numbers = [float(table[key]) for key in ("value", "low", "high")]
    if not problems.check(all(map(math.isfinite, numbers)), f"{named} holds {numbers}; give finite numbers"):
        return None
    value, low, high = numbers
    told: tuple[str, str] = (table["id"], table["description"])
    try:
        known = (table["unit"], table["source"], table["grade"], table["distribution"])
        return Evidence(*told, value, low, high, *known)
    except InvalidEvidence as error:
        problems.extend(f"{named} {problem}" for problem in error.problems)
        return None


def _parse_kind(table: Any, where: str, problems: Problems) -> _Kind | None:
    named = f"{where} ({table['name']!r})" if isinstance(table, dict) and "name" in table else where
    if not _check_table(table, named, _KIND, _KIND_OPTIONAL, problems):
        return None
    before = len(problems)
    for key in ("patterns", "codes_of"):
        texts = table.get(key, [])
        told = f"{named} has {key} = {texts!r}; give a list of texts"
        problems.check(all(isinstance(text, str) for text in texts), told)
    codes = tuple(_parse_codes(table.get("codes", {}), named, problems))
    if len(problems) > before:
        return None
    quantities = tuple(_parse_quantities(table["quantities"], named, problems))
    rule = KindRule(table["name"], tuple(table["patterns"]), table["home_feasible"], quantities, codes)
    return _Kind(rule, tuple(table.get("codes_of", [])), named)


def _parse_codes(systems: dict[str, Any], where: str, problems: Problems) -> Iterable[tuple[str, str]]:
    """The pairs (system, code); the file gives each code's meaning, for the reader only."""
    for system, meanings in systems.items():
        if problems.check(
            isinstance(meanings, dict) and all(isinstance(meaning, str) for meaning in meanings.values()),
            f'{where} has codes of {system!r} = {meanings!r}; give lines such as C64547 = "creatinine"',
        ):
            yield from ((system, code) for code in meanings)


def _join_codes(kinds: list[_Kind], problems: Problems) -> tuple[KindRule, ...]:
    """The rules, each with the codes of the kinds that it names in `codes_of` added to its own."""
    own = {kind.rule.name: kind.rule.codes for kind in kinds}
    for kind in kinds:
        for name in kind.codes_of:
            problems.check(
                name in own,
                f"{kind.where} takes the codes of {name!r}, which is no kind; name one of the file",
            )
    return tuple(
        replace(
            kind.rule,
            codes=tuple(dict.fromkeys(chain(kind.rule.codes, *(own.get(n, ()) for n in kind.codes_of)))),
        )
        for kind in kinds
    )


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

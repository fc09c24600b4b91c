"""Who carries the burden: declared kinds of patients and the evidence that they change."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from unburden.burden.classify import classify_activities
from unburden.data.evidence import read_evidence
from unburden.data.tables import TableReader
from unburden.domain.burden import Evidence, Persona
from unburden.domain.errors import Problems
from unburden.domain.ledger import replace_evidence
from unburden.domain.protocol import Protocol
from unburden.study.parts import Parts, check_distinct, take_known


def parse_personas(tables: list[Any], problems: Problems) -> tuple[Persona, ...]:
    """The declared kinds of patients, told apart by name; their shares must sum to 1."""
    personas: list[Persona] = []
    shares: list[float | None] = []
    for number, table in enumerate(tables, start=1):
        where = f"[[personas]] {number}"
        reader = TableReader(table, where, problems)
        name = take_known(reader, lambda r=reader: r.take("name", str))
        share = take_known(reader, lambda r=reader: r.take("share", float))
        description, entries = reader.take("description", str, ""), reader.take("evidence", list, [])
        reader.close()
        problems.check(name is None or bool(name.strip()), f"{where} has an empty name; name it")
        fits = share is None or 0 < share <= 1
        problems.check(fits, f"{where} has share = {share}; give a number above 0 and up to 1")
        overrides = parse_evidence(entries, f"{where} evidence", problems)
        personas.append(Persona(name or where, share or 0.0, overrides, description))
        shares.append(share)
    names = [persona.name for persona in personas]
    for name in dict.fromkeys(names):
        problems.check(names.count(name) == 1, f"two personas are named {name!r}; give each its own name")
    problems.check(bool(tables), "[[personas]] is empty; declare at least one with share = 1.0")
    known = [share for share in shares if share is not None]
    if known and len(known) == len(shares):
        told = f"the shares of the personas sum to {sum(known):g}; make them sum to 1"
        problems.check(abs(sum(known) - 1) < 1e-9, told)
    return tuple(personas)


def parse_evidence(tables: list[Any], where: str, problems: Problems) -> tuple[Evidence, ...]:
    """Entries that take the place of those of the ledger, each id once."""
    parts = Parts(problems.where)
    read = [_parse_entry(table, f"{where} {number}", parts) for number, table in enumerate(tables, start=1)]
    problems.extend(parts.problems.found)
    entries = tuple(entry for entry in read if entry)
    check_distinct((entry.id for entry in entries), where, "", problems)
    return entries


def _parse_entry(table: Any, where: str, parts: Parts) -> Evidence | None:
    reader = TableReader(table, where, parts.problems)
    before = len(parts.problems)
    words = {key: reader.take(key, str) for key in ("id", "description", "unit", "source", "grade")}
    numbers = {key: reader.take(key, float) for key in ("value", "low", "high")}
    reader.close()
    for key, number in numbers.items():
        parts.problems.check(math.isfinite(number), f"{where} has {key} = {number}; give a finite number")
    if len(parts.problems) > before:
        return None
    return parts.attempt(lambda: Evidence(**words, **numbers))  # type: ignore[arg-type]


def check_evidence(evidence: tuple[Evidence, ...], personas: Iterable[Persona], problems: Problems) -> None:
    """Add a problem for each entry, of the study or of a persona, that the ledger cannot take."""
    parts, ledger = Parts(problems.where), read_evidence()
    for overrides in (evidence, *(persona.overrides for persona in personas)):
        parts.attempt(lambda entries=overrides: replace_evidence(ledger, entries))
    problems.extend(parts.problems.found)


def parse_kinds(table: Mapping[str, Any], protocol: Protocol | None, problems: Problems) -> dict[str, str]:
    """The kinds that the study gives to activities, checked against protocol and ledger."""
    kinds = {key: kind for key, kind in table.items() if isinstance(kind, str)}
    for key in table.keys() - kinds.keys():
        problems.add(f"[kinds] has {key} = {table[key]!r}; give words")
    if protocol:
        parts = Parts(problems.where)
        parts.attempt(lambda: classify_activities(protocol, read_evidence(), kinds))
        problems.extend(parts.problems.found)
    return kinds

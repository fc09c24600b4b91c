"""Who carries the burden: declared kinds of patients and the evidence that they change."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from unburden.burden.classify import classify_activities
from unburden.burden.population import find_share_problems
from unburden.data.evidence import read_evidence
from unburden.data.personas import PERSONAS_FILE, read_persona_tables
from unburden.data.tables import TableReader, show_value
from unburden.domain.burden import Evidence, Persona
from unburden.domain.errors import InvalidEvidence, Problems
from unburden.domain.ledger import replace_evidence
from unburden.domain.protocol import Protocol
from unburden.study.parts import Parts, check_distinct, take_known

MOST_PERSONAS = 100
"""More kinds of patients than anybody tells apart."""


def parse_personas(tables: list[Any], problems: Problems) -> tuple[Persona, ...]:
    """The declared kinds of patients, told apart by name; their shares must sum to 1.

    `like` names a kind that comes with the package, whose entries count where the table has none.
    """
    personas: list[Persona] = []
    shares: list[float | None] = []
    for number, table in enumerate(tables, start=1):
        where = f"[[personas]] {number}"
        reader = TableReader(table, where, problems)
        name = take_known(reader, lambda r=reader: r.take("name", str))
        share = take_known(reader, lambda r=reader: r.take("share", float))
        like = _take_like(reader, problems)
        description = reader.take("description", str, like.description)
        entries = reader.take("evidence", list, [])
        reader.close()
        problems.check(name is None or bool(name.strip()), f"{where} has an empty name; name it")
        fits = share is None or 0 < share <= 1
        problems.check(fits, f"{where} has share = {share}; give a number above 0 and up to 1")
        overrides = parse_evidence(entries, f"{where} evidence", problems)
        own = {entry.id for entry in overrides}
        overrides = (*(entry for entry in like.overrides if entry.id not in own), *overrides)
        personas.append(Persona(name or where, share or 0.0, overrides, description))
        shares.append(share)
    names = [persona.name for persona in personas]
    for name in dict.fromkeys(names):
        problems.check(names.count(name) == 1, f"two personas are named {name!r}; give each its own name")
    problems.check(bool(tables), "[[personas]] is empty; declare at least one with share = 1.0")
    told = f"[[personas]] holds {len(tables):,}; declare at most {MOST_PERSONAS}"
    problems.check(len(tables) <= MOST_PERSONAS, told)
    known = [share for share in shares if share is not None and 0 < share <= 1]
    if known and len(known) == len(shares):
        told = f"the shares of the personas sum to {sum(known):g}; make them sum to 1"
        problems.check(abs(sum(known) - 1) < 1e-9, told)
    return tuple(personas)


def declare_personas(shares: Mapping[str, float]) -> tuple[Persona, ...]:
    """Kinds of patients that come with the package, with the shares that you declare.

    Raises `InvalidEvidence` with every name that is not known and every share that does not fit;
    shares must sum to 1.

    >>> [persona.share for persona in declare_personas({"near": 0.8, "rural": 0.2})]
    [0.8, 0.2]
    """
    problems, known = Problems("personas"), read_personas()
    for name in shares:
        problems.check(
            name in known, f"no persona {name!r} comes with the package; use one of {', '.join(known)}"
        )
    problems.extend(find_share_problems(list(shares.items())))
    problems.raise_if_any(InvalidEvidence)
    return tuple(replace(known[name], share=float(share)) for name, share in shares.items())


def read_personas() -> dict[str, Persona]:
    """The kinds of patients that come with the package, by name, each with a share still of 0.

    Raises `InvalidEvidence` with every problem of the file.
    """
    problems = Problems(PERSONAS_FILE)
    found = {
        name: Persona(
            name, 0.0, parse_evidence(table.get("evidence", []), name, problems), table["description"]
        )
        for name, table in read_persona_tables().items()
    }
    check_evidence((), found.values(), problems)
    problems.raise_if_any(InvalidEvidence)
    return found


def _take_like(reader: TableReader, problems: Problems) -> Persona:
    """The packaged persona that the table names, or one without entries."""
    name = take_known(reader, lambda: reader.take("like", str, None))
    nobody = Persona("", 0.0)
    if name is None:
        return nobody
    known = read_personas()
    names = ", ".join(known)
    told = f"{reader.where} is like {name!r}, which does not come with the package; use one of {names}"
    problems.check(name in known, told)
    return known.get(name, nobody)


def parse_evidence(tables: list[Any], where: str, problems: Problems) -> tuple[Evidence, ...]:
    """Entries that take the place of those of the ledger, each id once."""
    parts = Parts(problems.where)
    read = [_parse_entry(table, f"{where} {number}", parts) for number, table in enumerate(tables, start=1)]
    problems.extend(parts.problems.found)
    entries = tuple(entry for entry in read if entry)
    check_distinct((entry.id for entry in entries), where, "", problems)
    return entries


def _parse_entry(table: Any, where: str, parts: Parts) -> Evidence | None:
    before = len(parts.problems)
    reader = TableReader(table, where, parts.problems)
    words = {key: reader.take(key, str) for key in ("id", "description", "unit", "source", "grade")}
    words["distribution"] = reader.take("distribution", str, "")
    numbers = {key: reader.take(key, float) for key in ("value", "low", "high")}
    reader.close()
    for key, number in numbers.items():
        parts.problems.check(math.isfinite(number), f"{where} has {key} = {number}; give a finite number")
    if len(parts.problems) > before:
        return None
    at = f"{where} ({show_value(words['id'])})"
    return parts.attempt(lambda: Evidence(**words, **numbers), at)  # type: ignore[arg-type]


def check_evidence(evidence: tuple[Evidence, ...], personas: Iterable[Persona], problems: Problems) -> None:
    """Add a problem for each entry, of the study or of a persona, that the ledger cannot take."""
    parts, ledger = Parts(problems.where), read_evidence()
    overrides = [("[[evidence]]", evidence), *((f"persona {p.name!r}", p.overrides) for p in personas)]
    for where, entries in overrides:
        parts.attempt(lambda given=entries: replace_evidence(ledger, given), f"{where}:")
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

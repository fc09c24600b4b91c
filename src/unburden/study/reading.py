"""A study's folder, read and checked as a whole: every problem of every part at once."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from unburden.data.cohorts import read_cohort
from unburden.data.criteria import parse_rules
from unburden.data.protocols import read_protocol
from unburden.data.tables import TableReader, read_toml
from unburden.domain.burden import Evidence, Persona
from unburden.domain.cohort import Attrition, Cohort, Column
from unburden.domain.criteria import CriterionRule
from unburden.domain.errors import InvalidInput, InvalidStudy, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.protocol import Place, Protocol
from unburden.domain.scenario import Scenario
from unburden.domain.study import RecordedVisits, Study
from unburden.eligibility.screen import screen_cohort
from unburden.study.planning import find_arm_shares, parse_plan
from unburden.study.scenarios import parse_scenario, parse_time_on_study

T = TypeVar("T")

STUDY_FILE = "study.toml"
RECORD_COLUMNS = ("patient_id", "date", "category", "is_in_person")


class _Parts:
    """Reads parts of a study one after another and gathers what is wrong with each."""

    def __init__(self, where: str) -> None:
        self.problems = Problems(where)

    def attempt(self, part: Callable[[], T]) -> T | None:
        """The part, or None with its problems kept."""
        try:
            return part()
        except InvalidInput as error:
            inner = error.where if error.where != self.problems.where else ""
            self.problems.extend(f"{inner}: {p}" if inner else p for p in error.problems)
            return None


def read_study(folder: Path | str) -> Study:
    """The study that a folder declares in its `study.toml`.

    Paths in it are relative to the folder. Raises `InvalidStudy` with the problems of all parts:
    the file's own keys, the protocol, the patients, the criteria, the scenario and the plan.
    """
    path = Path(folder) / STUDY_FILE
    tables = read_toml(path)
    parts = _Parts(str(path))
    root = TableReader(tables, "study.toml", parts.problems)
    head = TableReader(root.take("study", dict), "[study]", parts.problems)
    name, title = head.take("name", str), head.take("title", str)
    protocol_file, notes = head.take("protocol", str), tuple(head.take_list("notes", str, []))
    head.close()
    places = root.take("places", list, [])
    protocol = parts.attempt(lambda: read_protocol(path.parent / protocol_file)) if protocol_file else None
    if protocol:
        protocol = _move_places(protocol, places, parts.problems)
    cohort = _read_cohort(root.take("cohort", dict, None), path.parent, parts)
    rules = parts.attempt(lambda: parse_rules(root.take("criteria", list, []), "[[criteria]]")) or ()
    records = _read_records(root.take("records", dict, None), path.parent, parts)
    if protocol:
        rules = _name_criteria(rules, protocol)
        _check_rules(rules, protocol, parts.problems)
    attrition = parts.attempt(lambda: _screen(rules, cohort, protocol)) if cohort and protocol else None
    personas = parse_personas(root.take("personas", list), parts.problems)
    evidence = tuple(_parse_evidence(e, "[[evidence]]", parts) for e in root.take("evidence", list, []))
    kinds = root.take("kinds", dict, {})
    scenario, inputs = _read_scenario(root, cohort, attrition, parts)
    times = root.take("time_on_study", dict)
    design, search, levers = (
        root.take("design", dict),
        root.take("search", dict),
        root.take("levers", list, []),
    )
    ratio = design.get("allocation_ratio", 1.0)
    curves = (
        parts.attempt(lambda: parse_time_on_study(times, scenario, cohort, protocol, ratio))
        if scenario and protocol
        else ()
    )
    plan = (
        parts.attempt(lambda: parse_plan(design, search, levers, protocol, scenario))
        if scenario and protocol
        else None
    )
    shares = parts.attempt(lambda: find_arm_shares(design, protocol)) if protocol else None
    root.close()
    parts.problems.raise_if_any(InvalidStudy)
    assert protocol and scenario and plan and shares and curves is not None  # else a problem was raised
    return Study(
        name=name,
        title=title,
        protocol=protocol,
        cohort=cohort,
        rules=rules,
        personas=personas,
        time_on_study=curves,
        scenario=scenario,
        plan=plan,
        share_by_arm=shares,
        attrition=attrition,
        records=records,
        inputs=inputs,
        kinds=kinds,
        evidence=tuple(e for e in evidence if e),
        notes=notes,
    )  # fmt: skip


def parse_personas(tables: list[Any], problems: Problems) -> tuple[Persona, ...]:
    """The declared kinds of patients; their shares must sum to 1."""
    personas: list[Persona] = []
    for number, table in enumerate(tables, start=1):
        where = f"[[personas]] {number}"
        reader = TableReader(table, where, problems)
        name, share = reader.take("name", str), reader.take("share", float)
        description, entries = reader.take("description", str, ""), reader.take("evidence", list, [])
        reader.close()
        problems.check(0 < share <= 1, f"{where} has share = {share}; give a number above 0 and up to 1")
        parts = _Parts(problems.where)
        overrides = tuple(e for e in (_parse_evidence(t, f"{where} evidence", parts) for t in entries) if e)
        problems.extend(parts.problems.found)
        personas.append(Persona(name, share, overrides, description))
    total = sum(persona.share for persona in personas)
    problems.check(bool(personas), "[[personas]] is empty; declare at least one with share = 1.0")
    problems.check(
        not personas or abs(total - 1) < 1e-9,
        f"the shares of the personas sum to {total:g}; make them sum to 1",
    )
    return tuple(personas)


def _parse_evidence(table: Any, where: str, parts: _Parts) -> Evidence | None:
    reader = TableReader(table, where, parts.problems)
    before = len(parts.problems)
    words = {key: reader.take(key, str) for key in ("id", "description", "unit", "source", "grade")}
    numbers = {key: reader.take(key, float) for key in ("value", "low", "high")}
    reader.close()
    if len(parts.problems) > before:
        return None
    return parts.attempt(lambda: Evidence(**words, **numbers))  # type: ignore[arg-type]


def _move_places(protocol: Protocol, tables: list[Any], problems: Problems) -> Protocol:
    """The protocol with the places that the study states, because its source does not tell them."""
    notes = list(protocol.notes)
    visits = dict(protocol.visit_by_id)
    for number, table in enumerate(tables, start=1):
        where = f"[[places]] {number}"
        reader = TableReader(table, where, problems)
        ids, place = reader.take_list("visits", str), reader.choose("place", tuple(str(p) for p in Place))
        reason = reader.take("reason", str)
        reader.close()
        for visit_id in ids:
            if problems.check(
                visit_id in visits, f"{where} names the visit {visit_id!r}; use one of {', '.join(visits)}"
            ):
                visits[visit_id] = replace(visits[visit_id], places=(Place(place),))
        notes.append(f"{', '.join(ids)}: place {place}, because {reason}")
    return replace(protocol, visits=tuple(visits.values()), notes=tuple(notes))


def _read_cohort(table: Any, folder: Path, parts: _Parts) -> Cohort | None:
    if table is None:
        return None
    reader = TableReader(table, "[cohort]", parts.problems)
    name, file, source = (reader.take(key, str) for key in ("name", "file", "source"))
    units = reader.take("units", dict)
    reader.close()
    for column, unit in units.items():
        parts.problems.check(isinstance(unit, str), f"[cohort.units] has {column} = {unit!r}; give words")
    columns = tuple(Column(column, str(unit)) for column, unit in units.items())
    return parts.attempt(lambda: read_cohort(folder / file, name=name, columns=columns, source=source))


def _read_records(table: Any, folder: Path, parts: _Parts) -> RecordedVisits | None:
    if table is None:
        return None
    reader = TableReader(table, "[records]", parts.problems)
    file, source, planned = (reader.take(key, str) for key in ("file", "source", "planned"))
    reader.close()
    columns = tuple(Column(name) for name in RECORD_COLUMNS)
    visits = parts.attempt(lambda: read_cohort(folder / file, name="records", columns=columns, source=source))
    return RecordedVisits(visits, planned) if visits else None


def _name_criteria(rules: tuple[CriterionRule, ...], protocol: Protocol) -> tuple[CriterionRule, ...]:
    """The rules with the ids of criteria that they call by name."""
    ids = {criterion.name: criterion.id for criterion in protocol.criteria}
    return tuple(replace(rule, criterion_id=ids.get(rule.criterion_id, rule.criterion_id)) for rule in rules)


def _check_rules(rules: tuple[CriterionRule, ...], protocol: Protocol, problems: Problems) -> None:
    known = {criterion.id: criterion for criterion in protocol.criteria}
    for rule in rules if known else ():
        criterion = known.get(rule.criterion_id)
        if criterion is None:
            problems.add(
                f"criterion {rule.criterion_id!r} is not in the protocol; use one of {', '.join(known)}"
            )
        elif criterion.is_inclusion != rule.is_inclusion:
            kind = "inclusion" if criterion.is_inclusion else "exclusion"
            problems.add(
                f"criterion {rule.criterion_id!r} is an {kind} criterion in the protocol; correct its kind"
            )


def _screen(rules: tuple[CriterionRule, ...], cohort: Cohort, protocol: Protocol | None) -> Attrition:
    texts = {c.id: c.text for c in protocol.criteria} if protocol else {}
    return screen_cohort(rules, cohort, criteria_texts=texts)


def _read_scenario(
    root: TableReader, cohort: Cohort | None, attrition: Attrition | None, parts: _Parts
) -> tuple[Scenario | None, Mapping[str, Estimate]]:
    table = root.take("scenario", dict)
    found = parts.attempt(lambda: parse_scenario(table, cohort, attrition))
    return found or (None, {})

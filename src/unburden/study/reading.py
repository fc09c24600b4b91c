"""A study's folder, read and checked as a whole: every problem of every part at once."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from unburden.burden.totals import UNIT_BY_TOTAL
from unburden.data.cohorts import read_cohort, read_events
from unburden.data.criteria import parse_rules
from unburden.data.files import read_text
from unburden.data.protocols import read_protocol
from unburden.data.tables import TableReader, read_toml, show_value
from unburden.domain.cohort import Attrition, Cohort, Column
from unburden.domain.criteria import CriterionRule
from unburden.domain.errors import InvalidProtocol, InvalidStudy, Problems
from unburden.domain.parsed_criteria import ParsedCriterion
from unburden.domain.protocol import Criterion, Place, Protocol
from unburden.domain.study import Study
from unburden.domain.weighing import EligibilityStudy
from unburden.eligibility.conflicts import find_conflicts
from unburden.eligibility.reading import read_criteria
from unburden.eligibility.screen import screen_cohort
from unburden.study.conduct import (
    check_curves,
    check_views,
    parse_conduct,
    parse_curves,
    parse_standard_of_care,
    parse_views,
)
from unburden.study.eligibility import parse_eligibility
from unburden.study.parts import Parts, Patients, take_known
from unburden.study.personas import check_evidence, parse_evidence, parse_kinds, parse_personas
from unburden.study.planning import find_arm_shares, parse_plan, read_allocation_ratio
from unburden.study.records import read_records
from unburden.study.scenarios import find_outcome_facts, parse_scenario
from unburden.study.times import parse_time_on_study

STUDY_FILE = "study.toml"

_OTHER_KEYS = (
    "records",
    "conduct",
    "curves",
    "views",
    "standard_of_care",
    "personas",
    "evidence",
    "kinds",
    "scenario",
    "time_on_study",
    "design",
    "search",
    "levers",
    "locks",
)
"""What screening and weighing do not need."""


@dataclass(frozen=True)
class _Base:
    """What screening needs of a study, and what the rest is read with."""

    folder: Path
    root: TableReader
    parts: Parts
    name: str
    title: str
    notes: tuple[str, ...]
    protocol: Protocol | None
    rules: tuple[CriterionRule, ...]
    patients: Patients


def read_study(folder: Path | str) -> Study:
    """The study that a folder declares in its `study.toml`.

    Paths in it are relative to the folder. Raises `InvalidStudy` with the problems of all parts:
    the file's own keys, the protocol, the patients, the criteria, the scenario and the plan.
    """
    base = _read_base(Path(folder))
    root, parts, protocol, patients = base.root, base.parts, base.protocol, base.patients
    conduct = parse_conduct(root.take("conduct", dict, {}), protocol, parts)
    curves_beside = parse_curves(root.take("curves", list, []), protocol, parts)
    views = parse_views(root.take("views", list, []), parts)
    check_views(views, tuple(UNIT_BY_TOTAL), parts.problems)
    outside = take_known(root, lambda: root.take("standard_of_care", dict, None))
    care = parse_standard_of_care(outside, base.folder, parts)
    horizon = conduct.horizon_days if conduct else None
    records = read_records(root.take("records", dict, None), base.folder, parts)
    personas = parse_personas(root.take("personas", list), parts.problems)
    evidence = parse_evidence(root.take("evidence", list, []), "[[evidence]]", parts.problems)
    check_evidence(evidence, personas, parts.problems)
    kinds = parse_kinds(root.take("kinds", dict, {}), protocol, parts.problems)
    world, times = root.take("scenario", dict), root.take("time_on_study", dict)
    design, search = root.take("design", dict), root.take("search", dict)
    levers, locks = root.take("levers", list, []), root.take("locks", list, [])
    eligibility = parse_eligibility(root, protocol, base.rules, patients, parts)
    root.close()
    facts, ratio = find_outcome_facts(world), read_allocation_ratio(design)
    scenario, inputs = parts.attempt(lambda: parse_scenario(world, patients, protocol)) or (None, {})
    curves = parts.attempt(
        lambda: parse_time_on_study(times, scenario, facts.is_continuous, patients, protocol, ratio, horizon)
    )
    check_curves((*(curves or ()), *curves_beside), parts.problems)
    plan = parts.attempt(lambda: parse_plan(design, search, levers, locks, protocol, facts))
    shares = parts.attempt(lambda: find_arm_shares(design, protocol, ratio)) if protocol else None
    parts.problems.raise_if_any(InvalidStudy)
    assert (
        protocol and scenario and plan and shares and conduct and curves is not None
    )  # else a problem was raised
    return Study(
        name=base.name,
        title=base.title,
        protocol=protocol,
        cohort=patients.cohort,
        rules=base.rules,
        personas=personas,
        time_on_study=(*curves, *curves_beside),
        conduct=conduct,
        views=views,
        standard_of_care=care,
        scenario=scenario,
        plan=plan,
        share_by_arm=shares,
        attrition=patients.attrition,
        records=records,
        inputs=inputs,
        kinds=kinds,
        evidence=evidence,
        notes=base.notes,
        eligibility=eligibility,
    )  # fmt: skip


def read_eligibility(folder: Path | str) -> EligibilityStudy:
    """A study's patients, criteria and all that it declares about them, whatever is wrong with the rest.

    Raises `InvalidStudy` with the problems of the protocol, the patients, the criteria and the parts
    about them, and where the study has no patients.
    """
    base = _read_base(Path(folder))
    plan = parse_eligibility(base.root, base.protocol, base.rules, base.patients, base.parts)
    for key in _OTHER_KEYS:
        base.root.take(key, object, None)
    base.root.close()
    problems, patients = base.parts.problems, base.patients
    problems.check(patients.is_declared, "has no [cohort]; add one to screen")
    problems.raise_if_any(InvalidStudy)
    assert patients.cohort and patients.attrition  # else a problem was raised
    criteria = base.protocol.criteria if base.protocol else ()
    return EligibilityStudy(
        base.name, base.title, criteria, patients.cohort, base.rules, patients.attrition, plan, base.notes
    )


def read_protocol_criteria(path: Path | str) -> tuple[ParsedCriterion, ...]:
    """The criteria of a protocol, or of a text file with one a line, read into expressions.

    In a text file a line that begins with "-" is an exclusion criterion. Raises what `read_protocol` raises,
    and `InvalidProtocol` for a source without criteria.
    """
    path = Path(path)
    if path.suffix.lower() == ".txt":
        criteria = parse_criteria_lines(read_text(path), path.name)
    else:
        criteria = read_protocol(path).criteria
    if not criteria:
        raise InvalidProtocol(
            str(path), ["it holds no criteria; give a USDM v4 JSON, or a .txt with one a line"]
        )
    return read_criteria(criteria)


def parse_criteria_lines(text: str, name: str) -> tuple[Criterion, ...]:
    """One criterion a line, "-" before an exclusion criterion; ids are those of the lines.

    >>> [(c.id, c.is_inclusion) for c in parse_criteria_lines("Age >= 18 years\\n- Pregnant", "x.txt")]
    [('line 1', True), ('line 2', False)]
    """
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.strip()
        is_exclusion = words.startswith("-")
        words = words.lstrip("- ").strip()
        if words:
            found.append(Criterion(f"line {number}", f"line {number}", words, not is_exclusion))
    return tuple(found)


def _read_base(folder: Path) -> _Base:
    path = folder / STUDY_FILE
    tables = read_toml(path)
    parts = Parts(str(path))
    root = TableReader(tables, "study.toml", parts.problems)
    head = TableReader(root.take("study", dict), "[study]", parts.problems)
    name, title = head.take("name", str), head.take("title", str)
    file, notes = head.take("protocol", str), tuple(head.take_list("notes", str, []))
    head.close()
    is_named = head.table.get("protocol") != ""
    parts.problems.check(is_named, "[study] names no protocol; give the name of its file")
    protocol = parts.attempt(lambda: read_protocol(folder / file)) if file else None
    protocol = _move_places(protocol, root.take("places", list, []), parts.problems)
    is_declared, cohort = root.has("cohort"), _read_cohort(root.take("cohort", dict, None), folder, parts)
    rules = parts.attempt(lambda: parse_rules(root.take("criteria", list, []), "[[criteria]]"))
    if protocol and rules:
        rules = _name_criteria(rules, protocol)
        _check_rules(rules, protocol, parts.problems)
    if rules:
        conflicts = parts.attempt(lambda: find_conflicts(rules)) if not parts.problems else ()
        parts.problems.extend(f"[[criteria]]: {found}; change one of them" for found in conflicts or ())
    attrition = None
    if cohort is not None and rules is not None:
        attrition = parts.attempt(lambda: _screen(rules, cohort, protocol))
    patients = Patients(is_declared, cohort, attrition)
    return _Base(folder, root, parts, name, title, notes, protocol, rules or (), patients)


def _move_places(protocol: Protocol | None, tables: list[Any], problems: Problems) -> Protocol | None:
    """The protocol with the places that the study states, because its source does not tell them."""
    moved: dict[str, Place] = {}
    notes: list[str] = []
    for number, table in enumerate(tables, start=1):
        where = f"[[places]] {number}"
        reader = TableReader(table, where, problems)
        ids = reader.take_list("visits", str)
        place = take_known(reader, lambda r=reader: r.choose("place", tuple(str(p) for p in Place)))
        reason = reader.take("reason", str)
        reader.close()
        for visit_id in ids:
            problems.check(
                visit_id not in moved, f"{where} gives the visit {visit_id!r} a second place; keep one"
            )
            if protocol:
                known = protocol.visit_by_id
                told = f"{where} names the visit {visit_id!r}; use one of {', '.join(known)}"
                problems.check(visit_id in known, told)
            moved[visit_id] = Place(place or Place.SITE)
        notes.append(f"{', '.join(ids)}: place {place}, because {reason}")
    if protocol is None:
        return None
    visits = tuple(replace(v, places=(moved[v.id],)) if v.id in moved else v for v in protocol.visits)
    return replace(protocol, visits=visits, notes=(*protocol.notes, *notes))


def _read_cohort(table: Any, folder: Path, parts: Parts) -> Cohort | None:
    if table is None:
        return None
    reader = TableReader(table, "[cohort]", parts.problems)
    name, file, source = (reader.take(key, str) for key in ("name", "file", "source"))
    units = reader.take("units", dict)
    limits = {key: _take_limits(reader, key, units) for key in ("lower_limits", "upper_limits")}
    events = reader.take("events", dict, None)
    reader.close()
    for column, unit in units.items():
        parts.problems.check(isinstance(unit, str), f"[cohort.units] has {column} = {unit!r}; give words")
    columns = tuple(
        Column(
            column,
            str(unit),
            lower_limit=limits["lower_limits"].get(column),
            upper_limit=limits["upper_limits"].get(column),
        )
        for column, unit in units.items()
    )
    cohort = parts.attempt(lambda: read_cohort(folder / file, name=name, columns=columns, source=source))
    return cohort if events is None else _add_events(cohort, events, folder, parts)


def _take_limits(reader: TableReader, key: str, units: dict[str, Any]) -> dict[str, float | str]:
    """Limits of normal by column: numbers in the column's unit, or columns that hold each patient's."""
    found: dict[str, float | str] = {}
    for column, limit in reader.take(key, dict, {}).items():
        told = f"[cohort.{key}] has {column} = {show_value(limit)}; give a number or the name of a column"
        is_number = isinstance(limit, int | float) and not isinstance(limit, bool)
        if reader.problems.check(is_number or isinstance(limit, str), told):
            found[column] = float(limit) if is_number else limit
        told = f"[cohort.{key}] names {column!r}, which has no unit; declare it in [cohort.units]"
        reader.problems.check(column in units, told)
    return found


def _add_events(cohort: Cohort | None, table: Any, folder: Path, parts: Parts) -> Cohort | None:
    """The cohort with its patients' timelines: `file`, and the column by which patients are known."""
    reader = TableReader(table, "[cohort.events]", parts.problems)
    file, patient = reader.take("file", str), reader.take("patient", str)
    reader.close()
    if cohort is None or not file or not patient:
        return None
    return parts.attempt(
        lambda: replace(cohort, events=read_events(folder / file, cohort.frame, patient=patient))
    )


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

"""What the search may try: designs, goals and levers, checked against the protocol."""

from collections.abc import Mapping
from typing import Any

from unburden.data.tables import TableReader
from unburden.domain.burden import PATIENT_MINUTES, UNIT_BY_DIMENSION
from unburden.domain.design import Design, Events
from unburden.domain.errors import InvalidInput, InvalidStudy, Problems
from unburden.domain.estimate import SOURCE_KINDS
from unburden.domain.frontier import GOALS, DropCells, Lever, MoveVisits
from unburden.domain.protocol import Place, Protocol
from unburden.domain.scenario import Continuous, Scenario
from unburden.domain.study import SearchPlan


def parse_plan(
    design: Mapping[str, Any],
    search: Mapping[str, Any],
    levers: list[Any],
    protocol: Protocol,
    scenario: Scenario,
) -> SearchPlan:
    """The designs, goals and levers of `[design]`, `[search]` and `[[levers]]`.

    With a time-to-event outcome every number of patients is tried with every number of events
    below it. Raises `InvalidStudy`.
    """
    problems = Problems("plan")
    designs, baseline = _parse_designs(design, isinstance(scenario.outcome, Continuous), problems)
    reader = TableReader(search, "[search]", problems)
    burden = reader.choose("burden", (PATIENT_MINUTES, *UNIT_BY_DIMENSION))
    names = reader.take_list("goals", str)
    power = reader.take("minimum_power", float)
    trials, seed = reader.take("trials", int), reader.take("seed", int)
    reader.close()
    problems.check(trials >= 100, f"[search] has trials = {trials}; give at least 100")
    problems.check(0 <= seed < 2**64, f"[search] has seed = {seed}; give a number from 0 to below 2**64")
    for name in names:
        problems.check(name in GOALS, f"[search] has the goal {name!r}; use some of {', '.join(GOALS)}")
    problems.check(bool(names), "[search] goals is empty; name at least one")
    problems.check(0 <= power < 1, f"[search] has minimum_power = {power}; give a number from 0 to below 1")
    parsed = tuple(
        lever
        for number, table in enumerate(levers, start=1)
        if (lever := _parse_lever(table, f"[[levers]] {number}", protocol, problems))
    )
    problems.check(len({x.name for x in parsed}) == len(parsed), "two levers have one name; rename one")
    problems.raise_if_any(InvalidStudy)
    assert baseline is not None
    goals = tuple(GOALS[name] for name in names)
    return SearchPlan(designs, baseline, parsed, goals, burden, power, trials, seed)


def _parse_designs(table: Mapping[str, Any], is_continuous: bool, problems: Problems):
    reader = TableReader(table, "[design]", problems)
    shared = {
        "allocation_ratio": reader.take("allocation_ratio", float),
        "alpha": reader.take("alpha", float),
        "information_rates": tuple(reader.take_list("information_rates", float)),
    }
    patients = reader.take_list("patients", int)
    events = [] if is_continuous else reader.take_list("events", int)
    for arm in ("treatment_arm", "control_arm"):
        reader.take(arm, str, None)
    first = TableReader(reader.take("baseline", dict), "[design.baseline]", problems)
    first_patients = first.take("patients", int)
    first_events = None if is_continuous else first.take("events", int)
    first.close()
    reader.close()
    if len(problems):
        return (), None
    stops = [None] if is_continuous else [Events(count) for count in events]
    pairs = [(n, stop) for n in patients for stop in stops if stop is None or stop.count < n]
    problems.check(bool(pairs), "[design] leaves no design to try; give patients (and fewer events)")
    designs = [_make_design(n, stop, shared, problems) for n, stop in pairs]
    stop = None if first_events is None else Events(first_events)
    baseline = _make_design(first_patients, stop, shared, problems)
    return tuple(d for d in designs if d), baseline


def _make_design(
    patients: int, stop: Events | None, shared: Mapping[str, Any], problems: Problems
) -> Design | None:
    try:
        return Design(patients, stopping=stop, **shared)
    except InvalidInput as error:
        problems.extend(f"[design] {problem}" for problem in error.problems)
        return None


def _parse_lever(table: Any, where: str, protocol: Protocol, problems: Problems) -> Lever | None:
    reader = TableReader(table, where, problems)
    before = len(problems)
    kind = reader.choose("type", ("drop-cells", "move-visits"))
    words = {key: reader.take(key, str) for key in ("name", "reason", "information", "source")}
    problems.check(
        words["source"].startswith(SOURCE_KINDS),
        f"{where} has source = {words['source']!r}; begin with one of {', '.join(SOURCE_KINDS)}",
    )
    visit_ids = reader.take_list("visits", str, None)
    for visit_id in visit_ids or ():
        known = visit_id in protocol.visit_by_id
        problems.check(
            known, f"{where} names the visit {visit_id!r}; use one of {', '.join(protocol.visit_by_id)}"
        )
    if kind == "drop-cells":
        activities = reader.take_list("activities", str)
        keep = reader.take("keep_at_least", int)
        reader.close()
        if len(problems) > before:
            return None
        cells = _find_cells(activities, visit_ids, where, protocol, problems)
        problems.check(
            0 <= keep <= len(cells),
            f"{where} keeps at least {keep} of {len(cells)} cells; give 0 to {len(cells)}",
        )
        return DropCells(cells=cells, keep_at_least=keep, **words)
    place = Place(reader.choose("place", (str(Place.HOME),)))
    most = reader.take("at_most", int)
    reader.close()
    if visit_ids is None:
        problems.add(f"{where} names no visits; give visits = [...]")
    if len(problems) > before:
        return None
    assert visit_ids is not None
    problems.check(0 <= most <= len(visit_ids), f"{where} moves at most {most} of {len(visit_ids)} visits")
    return MoveVisits(visit_ids=tuple(visit_ids), place=place, at_most=most, **words)


def _find_cells(activities, visit_ids, where: str, protocol: Protocol, problems: Problems):
    """The cells of some activities, at some visits or at all that have them; none may be a guess."""
    present = {cell.key for cell in protocol.cells}
    cells: list[tuple[str, str]] = []
    for activity_id in activities:
        if not problems.check(
            activity_id in protocol.activity_by_id,
            f"{where} names the activity {activity_id!r}; use one of {', '.join(protocol.activity_by_id)}",
        ):
            continue
        wanted = visit_ids or [v.id for v in protocol.main_visits if (v.id, activity_id) in present]
        for visit_id in wanted:
            has_cell = (visit_id, activity_id) in present
            if problems.check(has_cell, f"{where}: the protocol has no {activity_id!r} at {visit_id!r}"):
                cells.append((visit_id, activity_id))
    return tuple(cells)


def find_arm_shares(design: Mapping[str, Any], protocol: Protocol) -> dict[str | None, float]:
    """How the patients of the comparison fall on the protocol's arms; raises `InvalidStudy`.

    With two arms the control comes first unless `treatment_arm` and `control_arm` say otherwise;
    with more they must.
    """
    if not protocol.arms:
        return {None: 1.0}
    problems = Problems("[design]")
    known = [arm.id for arm in protocol.arms]
    default = known if len(known) == 2 else [None, None]
    control, treatment = design.get("control_arm", default[0]), design.get("treatment_arm", default[1])
    for key, arm in (("control_arm", control), ("treatment_arm", treatment)):
        problems.check(arm in known, f"{key} is {arm!r}; use one of {', '.join(known)}")
    problems.check(control is None or control != treatment, "control_arm and treatment_arm are the same arm")
    problems.raise_if_any(InvalidStudy)
    ratio = float(design.get("allocation_ratio", 1.0))
    return {control: 1 / (1 + ratio), treatment: ratio / (1 + ratio)}

"""What the search may try: designs, goals and levers, checked against the protocol."""

import math
from collections.abc import Mapping
from typing import Any

from unburden.data.tables import TableReader
from unburden.domain.burden import PATIENT_MINUTES, UNIT_BY_DIMENSION
from unburden.domain.design import Design, Events
from unburden.domain.errors import InvalidInput, InvalidStudy, Problems
from unburden.domain.frontier import GOALS, Goal
from unburden.domain.protocol import Protocol
from unburden.domain.study import LEAST_TRIALS, SearchPlan, find_run_problems
from unburden.simulation.boundaries import derive_bounds
from unburden.study.levers import parse_levers
from unburden.study.parts import Parts, check_distinct, take_known
from unburden.study.scenarios import OutcomeFacts

_STAND_INS = {"allocation_ratio": 1.0, "alpha": 0.025, "information_rates": (1.0,)}
"""Stand where a key could not be read, so that the others are checked all the same."""


def parse_plan(
    design: Mapping[str, Any],
    search: Mapping[str, Any],
    levers: list[Any],
    locks: list[Any],
    protocol: Protocol | None,
    facts: OutcomeFacts,
) -> SearchPlan | None:
    """The designs, goals, levers and locks of `[design]`, `[search]`, `[[levers]]` and `[[locks]]`.

    With a time-to-event outcome every number of patients is tried with every number of events
    below it. None where the protocol or the kind of outcome could not be read.
    Raises `InvalidStudy`.
    """
    parts = Parts("plan")
    problems = parts.problems
    designs, baseline = _parse_designs(design, facts.is_continuous, parts)
    reader = TableReader(search, "[search]", problems)
    burden = reader.choose("burden", (PATIENT_MINUTES, *UNIT_BY_DIMENSION))
    goals = _parse_goals(reader)
    power = take_known(reader, lambda: reader.take("minimum_power", float))
    fits = power is None or 0 <= power < 1
    problems.check(fits, f"[search] has minimum_power = {power}; give a number from 0 to below 1")
    trials = take_known(reader, lambda: reader.take("trials", int))
    seed = take_known(reader, lambda: reader.take("seed", int))
    reader.close()
    found = find_run_problems(LEAST_TRIALS if trials is None else trials, seed or 0)
    problems.extend(f"[search] has {name} = {told}" for name, told in found.items())
    parsed, locked = parse_levers(levers, locks, protocol, facts.activity_id, parts)
    problems.raise_if_any(InvalidStudy)
    if protocol is None or facts.kind is None:
        return None
    assert baseline and power is not None and trials is not None and seed is not None
    return SearchPlan(designs, baseline, parsed, goals, burden, power, trials, seed, locked)


def _parse_goals(reader: TableReader) -> tuple[Goal, ...]:
    problems = reader.problems
    names = take_known(reader, lambda: reader.take_list("goals", str))
    problems.check(names is None or bool(names), "[search] goals is empty; name at least one")
    check_distinct(names or (), "[search]", "goals", problems)
    for name in names or ():
        problems.check(name in GOALS, f"[search] has the goal {name!r}; use some of {', '.join(GOALS)}")
    return tuple(GOALS[name] for name in names or () if name in GOALS)


def _parse_designs(
    table: Mapping[str, Any], is_continuous: bool | None, parts: Parts
) -> tuple[tuple[Design, ...], Design | None]:
    """The designs to try and the baseline; each without events where these are not known or asked for."""
    problems = parts.problems
    reader = TableReader(table, "[design]", problems)
    parameters = _take_parameters(reader)
    patients = take_known(reader, lambda: reader.take_list("patients", int))
    first = TableReader(reader.take("baseline", dict), "[design.baseline]", problems)
    first_patients = take_known(first, lambda: first.take("patients", int))
    events, first_events = None, None
    if not is_continuous:
        default = () if is_continuous is False else (None,)
        events = take_known(reader, lambda: reader.take_list("events", int, *default))
        first_events = take_known(first, lambda: first.take("events", int, *default))
    for arm in ("treatment_arm", "control_arm"):
        reader.take(arm, str, None)
    first.close()
    reader.close()
    for key, values in (("patients", patients), ("events", events)):
        check_distinct(values or (), "[design]", key, problems)
    pairs = _pair_sizes(patients, events, problems)
    if first_patients is not None:
        pairs.insert(0, (first_patients, None if first_events is None else Events(first_events)))
    designs = [_make_design(n, stop, parameters, problems) for n, stop in pairs]
    made = tuple(design for design in designs if design)
    _check_bounds(made[:1], parts)
    return (made[1:], made[0]) if first_patients is not None and designs[0] else (made, None)


def _pair_sizes(
    patients: list[int] | None, events: list[int] | None, problems: Problems
) -> list[tuple[int, Events | None]]:
    """Every number of patients with every number of events below it; each must find one."""
    if patients is None:
        return []
    if events is None:
        pairs: list[tuple[int, Events | None]] = [(n, None) for n in patients]
    else:
        pairs = [(n, Events(count)) for n in patients for count in events if count < n]
    told = "[design] leaves no design to try; give patients (and fewer events)"
    if problems.check(bool(pairs), told) and events:
        for n in (n for n in patients if n <= min(events)):
            problems.add(f"[design] has {n} patients, which is above no number of events; leave it out")
        for count in (count for count in events if count >= max(patients)):
            problems.add(f"[design] has {count} events, which is below no number of patients; leave it out")
    return pairs


def _take_parameters(reader: TableReader) -> dict[str, Any]:
    """What all designs share, with a stand-in for what could not be read."""
    taken = {
        "allocation_ratio": take_known(reader, lambda: reader.take("allocation_ratio", float)),
        "alpha": take_known(reader, lambda: reader.take("alpha", float)),
        "information_rates": take_known(reader, lambda: tuple(reader.take_list("information_rates", float))),
    }
    return {key: _STAND_INS[key] if value is None else value for key, value in taken.items()}


def _make_design(
    patients: int, stop: Events | None, parameters: Mapping[str, Any], problems: Problems
) -> Design | None:
    try:
        return Design(patients, stopping=stop, **parameters)
    except InvalidInput as error:
        problems.extend(f"[design] {problem}" for problem in error.problems)
        return None


def _check_bounds(designs: tuple[Design, ...], parts: Parts) -> None:
    """Add a problem for each look at which no trial can stop, as its bound is infinite."""
    for design in designs:
        bounds = parts.attempt(lambda plan=design.plan: derive_bounds(plan))
        for rate, bound in zip(design.information_rates, bounds.efficacy if bounds else (), strict=False):
            told = f"[design] information_rates: no trial can stop at the look at {rate:g}; leave it out"
            parts.problems.check(math.isfinite(bound), told)


def read_allocation_ratio(design: Mapping[str, Any]) -> float | None:
    """Treatment to control, or None where it cannot be used, which `parse_plan` tells."""
    ratio = design.get("allocation_ratio")
    if not isinstance(ratio, int | float) or isinstance(ratio, bool):
        return None
    return float(ratio) if 0 < ratio < math.inf else None


def find_arm_shares(
    design: Mapping[str, Any], protocol: Protocol, ratio: float | None
) -> dict[str | None, float] | None:
    """How the patients of the comparison fall on the protocol's arms; raises `InvalidStudy`.

    With two arms the control comes first unless `treatment_arm` and `control_arm` say otherwise;
    with more they must. None without a ratio of treatment to control.
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
    return None if ratio is None else {control: 1 / (1 + ratio), treatment: ratio / (1 + ratio)}

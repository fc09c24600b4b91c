"""How criteria are weighed, from the `[worth]` table of a study file."""

from collections.abc import Mapping
from typing import Any

from unburden.data.expressions import parse_expression
from unburden.data.tables import TableReader, show_value
from unburden.domain.criteria_worth import OUTCOMES
from unburden.domain.errors import InvalidInput, InvalidStudy, Problems
from unburden.domain.estimate import check_sources
from unburden.domain.weighing import PlannedTrial, Unaffected, WeighingPlan

_UNAFFECTED_KEYS = ("name", "reason", "source", "instead_of")


def parse_worth(table: Any, where: str) -> WeighingPlan:
    """The plan that a TOML table describes.

    `[worth]` has `goals`, `replicates` (of the bootstrap), `level`, `seed` and the table `planned`
    (`patients`, `hazard_ratio`, `alpha`, `allocation_ratio`, optionally `events`; see `find_planned`);
    optionally `always` with `always_reason`, `mandatory` with `mandatory_reason`, `choose_by`,
    `choose_share`, `permutations` and `adverse`. Criteria are named as in `[[criteria]]`.

    Raises `InvalidStudy`, headed by `where`, with every problem of the table.
    """
    problems = Problems(where)
    reader = TableReader(table, "[worth]", problems)
    planned = _parse_planned(reader.take("planned", dict), problems)
    goals = tuple(reader.take_list("goals", str))
    numbers = {"replicates": reader.take("replicates", int), "seed": reader.take("seed", int)}
    level = reader.take("level", float)
    always, mandatory = (tuple(reader.take_list(key, str, [])) for key in ("always", "mandatory"))
    reason, why = (reader.take(f"{key}_reason", str, "") for key in ("always", "mandatory"))
    outcome = reader.choose("choose_by", OUTCOMES, "log_hazard_ratio")
    share = reader.take("choose_share", float, 0.5)
    permutations, adverse = reader.take("permutations", int, 0), reader.take("adverse", str, "")
    reader.close()
    if not problems and planned:
        try:
            return WeighingPlan(
                planned=planned,
                goals=goals,
                level=level,
                always=always,
                always_reason=reason,
                mandatory=mandatory,
                mandatory_reason=why,
                choose_by=outcome,  # pyright: ignore[reportArgumentType]
                choose_share=share,
                permutations=permutations,
                adverse=adverse,
                **numbers,
            )
        except InvalidInput as error:
            problems.extend(f"[worth]: {problem}" for problem in error.problems)
    problems.raise_now(InvalidStudy)


def parse_unaffected(tables: Any, where: str) -> tuple[Unaffected, ...]:
    """The patients in whom treatment should do nothing, from `[[unaffected]]`.

    Each table has `name`, `reason`, `source`, `instead_of` (the criterion that they do not meet) and one
    expression, as in `[[criteria]]`. Raises `InvalidStudy`, headed by `where`, with every problem.
    """
    problems = Problems(where)
    problems.check(isinstance(tables, list), f"[[unaffected]] is {show_value(tables)}; give a list of tables")
    found = []
    for number, table in enumerate(tables if isinstance(tables, list) else [], start=1):
        label = f"[[unaffected]] {number}"
        if not problems.check(isinstance(table, dict), f"{label} is {show_value(table)}; give a table"):
            continue
        before = len(problems)
        head = TableReader({k: v for k, v in table.items() if k in _UNAFFECTED_KEYS}, label, problems)
        words = [head.take(key, str) for key in _UNAFFECTED_KEYS]
        problems.check(all(words) or len(problems) > before, f"{label} has empty words; fill them in")
        rest = {key: value for key, value in table.items() if key not in _UNAFFECTED_KEYS}
        expression = parse_expression(rest, label, problems, _UNAFFECTED_KEYS)
        check_sources((words[2],), problems)
        if len(problems) == before and expression is not None:
            found.append(Unaffected(words[0], words[1], words[2], words[3], expression))
    problems.raise_if_any(InvalidStudy)
    return tuple(found)


def find_planned(tables: Mapping[str, Any]) -> dict[str, Any] | None:
    """`[worth.planned]` as `[design]` and `[scenario.outcome]` say it; None where they do not.

    >>> find_planned({"design": {"alpha": 0.025}}) is None
    True
    """
    design, outcome = _dig(tables, "design"), _dig(_dig(tables, "scenario"), "outcome")
    found = {
        "patients": _dig(design, "baseline").get("patients"),
        "hazard_ratio": outcome.get("hazard_ratio"),
        "alpha": design.get("alpha"),
        "allocation_ratio": design.get("allocation_ratio"),
    }
    if "events" in _dig(design, "baseline"):
        found["events"] = _dig(design, "baseline")["events"]
    try:
        PlannedTrial(**found)  # pyright: ignore[reportArgumentType]
    except (InvalidInput, TypeError):
        return None
    return found


def _dig(table: Any, key: str) -> dict[str, Any]:
    found = table.get(key) if isinstance(table, Mapping) else None
    return found if isinstance(found, dict) else {}


def _parse_planned(table: Any, problems: Problems) -> PlannedTrial | None:
    before = len(problems)
    reader = TableReader(table, "[worth.planned]", problems)
    patients = reader.take("patients", int)
    ratio, alpha = reader.take("hazard_ratio", float), reader.take("alpha", float)
    allocation, events = reader.take("allocation_ratio", float), reader.take("events", int, None)
    reader.close()
    if len(problems) > before:
        return None
    try:
        return PlannedTrial(patients, ratio, alpha, allocation, events)
    except InvalidInput as error:
        problems.extend(f"[worth.planned]: {problem}" for problem in error.problems)
        return None

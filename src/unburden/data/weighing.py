"""How criteria are weighed, from the `[worth]` table of a study file."""

from collections.abc import Mapping
from typing import Any

from unburden.data.tables import TableReader
from unburden.domain.criteria_worth import OUTCOMES
from unburden.domain.errors import InvalidInput, InvalidStudy, Problems
from unburden.domain.weighing import PlannedTrial, WeighingPlan


def parse_worth(table: Any, where: str) -> WeighingPlan:
    """The plan that a TOML table describes.

    `[worth]` has `goals`, `replicates` (of the bootstrap), `level`, `seed` and the table `planned`
    (`patients`, `hazard_ratio`, `alpha`, `allocation_ratio`; see `find_planned`); optionally `always` with
    `always_reason`, `mandatory`, `choose_by`, `choose_share`, `permutations` and `adverse`. Criteria are
    named as in `[[criteria]]`.

    Raises `InvalidStudy`, headed by `where`, with every problem of the table.
    """
    problems = Problems(where)
    reader = TableReader(table, "[worth]", problems)
    planned = _parse_planned(reader.take("planned", dict), problems)
    goals = tuple(reader.take_list("goals", str))
    numbers = {"replicates": reader.take("replicates", int), "seed": reader.take("seed", int)}
    level = reader.take("level", float)
    always, mandatory = (tuple(reader.take_list(key, str, [])) for key in ("always", "mandatory"))
    reason = reader.take("always_reason", str, "")
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
                choose_by=outcome,  # pyright: ignore[reportArgumentType]
                choose_share=share,
                permutations=permutations,
                adverse=adverse,
                **numbers,
            )
        except InvalidInput as error:
            problems.extend(f"[worth]: {problem}" for problem in error.problems)
    problems.raise_now(InvalidStudy)


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
    allocation = reader.take("allocation_ratio", float)
    reader.close()
    if len(problems) > before:
        return None
    try:
        return PlannedTrial(patients, ratio, alpha, allocation)
    except InvalidInput as error:
        problems.extend(f"[worth.planned]: {problem}" for problem in error.problems)
        return None

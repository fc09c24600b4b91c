"""Strata and target populations from the tables of a study file."""

from typing import Any

from unburden.data.tables import TableReader, show_value
from unburden.domain.criteria import Value
from unburden.domain.errors import InvalidInput, InvalidStudy, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.representation import Stratification, TargetPopulation, TargetStratum


def parse_representation(
    tables: Any, targets: Any, where: str
) -> tuple[tuple[Stratification, ...], tuple[TargetPopulation, ...]]:
    """The stratifications of `[[representation]]` and the target shares of `[[target_population]]`.

    A stratification has `name`, `column` and, if the column's values are not the strata themselves,
    `cut_points` with `unit`, or `groups` (stratum = [values]; "unknown" for values that say nothing).
    A target share has `representation` (the name), `stratum`, `share`, optionally its 95 % interval
    `low` and `high`, `goal` and `rationale`, and `source`. A stratification needs no target; the
    strata that its cut points or groups make must all have one if any has.

    Raises `InvalidStudy`, headed by `where`, with every problem.

    >>> sex = {"name": "sex", "column": "sex"}
    >>> half = {"representation": "sex", "share": 0.5, "source": "assumed:doctest"}
    >>> targets = [half | {"stratum": "F"}, half | {"stratum": "M"}]
    >>> parse_representation([sex], targets, "study.toml")[1][0].shares.tolist()
    [0.5, 0.5]
    """
    problems = Problems(where)
    found = [
        _parse_stratification(table, f"[[representation]] {number}", problems)
        for number, table in enumerate(_take_tables(tables, "[[representation]]", problems), start=1)
    ]
    stratifications = [stratification for stratification in found if stratification]
    names = [stratification.name for stratification in stratifications]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.add(f"[[representation]] {name!r} stands twice; keep one")
    strata: dict[str, list[TargetStratum]] = {}
    for number, table in enumerate(_take_tables(targets, "[[target_population]]", problems), start=1):
        label = f"[[target_population]] {number}"
        parsed = _parse_stratum(table, label, problems)
        if parsed:
            name, stratum = parsed
            told = f"{label} names the representation {name!r}; the study has {', '.join(names) or 'none'}"
            problems.check(name in names or len(names) < len(found), told)
            strata.setdefault(name, []).append(stratum)
    if problems:
        problems.raise_now(InvalidStudy)
    by_name = {stratification.name: stratification for stratification in stratifications}
    populations = [_make_population(by_name[name], listed, problems) for name, listed in strata.items()]
    problems.raise_if_any(InvalidStudy)
    return tuple(stratifications), tuple(population for population in populations if population)


def _take_tables(tables: Any, name: str, problems: Problems) -> list[Any]:
    problems.check(isinstance(tables, list), f"{name} is {show_value(tables)}; give a list of tables")
    return tables if isinstance(tables, list) else []


def _parse_stratification(table: Any, label: str, problems: Problems) -> Stratification | None:
    before = len(problems)
    reader = TableReader(table, label, problems)
    name, column = reader.take("name", str), reader.take("column", str)
    points = reader.take_list("cut_points", float, [])
    unit = reader.take("unit", str, "")
    groups = reader.take("groups", dict, {})
    reader.close()
    listed: list[tuple[str, tuple[Value, ...]]] = []
    for group, values in groups.items():
        told = f"{label} has the group {group!r} = {show_value(values)}; give a list of its values"
        is_list = isinstance(values, list) and all(isinstance(v, str | bool | int | float) for v in values)
        if problems.check(is_list, told):
            listed.append((group, tuple(values)))
    if len(problems) > before:
        return None
    try:
        return Stratification(name, column, tuple(points), unit, tuple(listed))
    except InvalidInput as error:
        problems.extend(f"{label}: {problem}" for problem in error.problems)
        return None


def _parse_stratum(table: Any, label: str, problems: Problems) -> tuple[str, TargetStratum] | None:
    before = len(problems)
    reader = TableReader(table, label, problems)
    name, stratum = reader.take("representation", str), reader.take("stratum", str)
    share = reader.take("share", float)
    low, high = reader.take("low", float, share), reader.take("high", float, share)
    goal = reader.take("goal", float, None)
    rationale, source = reader.take("rationale", str, ""), reader.take("source", str)
    reader.close()
    problems.check(reader.has("low") == reader.has("high"), f"{label} has one of low and high; give both")
    if len(problems) > before:
        return None
    try:
        return name, TargetStratum(stratum, Estimate(share, low, high, "1", (source,)), goal, rationale)
    except InvalidInput as error:
        problems.extend(f"{label}: {problem}" for problem in error.problems)
        return None


def _make_population(
    stratification: Stratification, strata: list[TargetStratum], problems: Problems
) -> TargetPopulation | None:
    label = f"[[target_population]] of {stratification.name!r}"
    given, made = [stratum.stratum for stratum in strata], stratification.labels
    for name in given if made else ():
        told = f"{label} has the stratum {name!r}; the representation makes {', '.join(made)}"
        problems.check(name in made, told)
    missing = [name for name in made if name not in given]
    problems.check(not missing, f"{label} has no share of {', '.join(missing)}; give one")
    try:
        return TargetPopulation(stratification.name, tuple(strata))
    except InvalidInput as error:
        problems.extend(f"{label}: {problem}" for problem in error.problems)
        return None

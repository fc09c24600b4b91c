"""What is done at screening, and which criterion needs it, from the tables of a study file."""

from typing import Any

from unburden.data.tables import TableReader, show_value
from unburden.domain.burden import UNIT_BY_DIMENSION
from unburden.domain.errors import InvalidInput, InvalidStudy, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.screening import ScreeningCheck, ScreeningProcedure


def parse_screening(
    procedures: Any, checks: Any, where: str
) -> tuple[tuple[ScreeningProcedure, ...], tuple[ScreeningCheck, ...]]:
    """The procedures of `[[screening_procedures]]` and the checks of `[[screening_checks]]`.

    A procedure has `id`, `description`, `source` and `amounts`: by dimension a number or
    [value, low, high], in the dimension's unit (site_minutes, travel_minutes, blood_ml, ...). A check
    has `criterion`, the `procedures` that it needs, none if it needs none, and optionally `after`, the
    criteria that come before it. Raises `InvalidStudy`, headed by `where`, with every problem.

    >>> draw = {"id": "draw", "source": "assumed:doctest", "amounts": {"blood_ml": [10, 5, 15]}}
    >>> found, _ = parse_screening([draw], [{"criterion": "IN01", "procedures": ["draw"]}], "study.toml")
    >>> found[0].amounts["blood_ml"].text()
    '10 mL (95% 5 to 15)'
    """
    problems = Problems(where)
    found = [
        _parse_procedure(table, f"[[screening_procedures]] {number}", problems)
        for number, table in enumerate(
            _take_tables(procedures, "[[screening_procedures]]", problems), start=1
        )
    ]
    named = [
        _parse_check(table, f"[[screening_checks]] {number}", problems)
        for number, table in enumerate(_take_tables(checks, "[[screening_checks]]", problems), start=1)
    ]
    problems.raise_if_any(InvalidStudy)
    return tuple(procedure for procedure in found if procedure), tuple(named)


def _take_tables(tables: Any, name: str, problems: Problems) -> list[Any]:
    problems.check(isinstance(tables, list), f"{name} is {show_value(tables)}; give a list of tables")
    return tables if isinstance(tables, list) else []


def _parse_procedure(table: Any, label: str, problems: Problems) -> ScreeningProcedure | None:
    before = len(problems)
    reader = TableReader(table, label, problems)
    identifier, source = reader.take("id", str), reader.take("source", str)
    description = reader.take("description", str, "")
    amounts = reader.take("amounts", dict)
    reader.close()
    parsed: dict[str, Estimate] = {}
    for name, held in amounts.items():
        numbers = held if isinstance(held, list) else [held, held, held]
        is_number = all(isinstance(x, int | float) and not isinstance(x, bool) for x in numbers)
        told = f"{label} has {name} = {show_value(held)}; give a number or [value, low, high]"
        fits = problems.check(is_number and len(numbers) == 3, told)
        told = f"{label} asks {name!r}; use one of {', '.join(UNIT_BY_DIMENSION)}"
        if problems.check(name in UNIT_BY_DIMENSION, told) and fits:
            try:
                value, low, high = (float(x) for x in numbers)
                parsed[name] = Estimate(value, low, high, UNIT_BY_DIMENSION[name], (source,))
            except (InvalidInput, OverflowError) as error:
                told = error.problems if isinstance(error, InvalidInput) else ("number too large",)
                problems.extend(f"{label}, {name}: {problem}" for problem in told)
    if len(problems) > before:
        return None
    try:
        return ScreeningProcedure(identifier, description, parsed)
    except InvalidInput as error:
        problems.extend(f"{label}: {problem}" for problem in error.problems)
        return None


def _parse_check(table: Any, label: str, problems: Problems) -> ScreeningCheck:
    reader = TableReader(table, label, problems)
    criterion = reader.take("criterion", str)
    procedures = reader.take_list("procedures", str)
    after = reader.take_list("after", str, [])
    reader.close()
    return ScreeningCheck(criterion, tuple(procedures), tuple(after))

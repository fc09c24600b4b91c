"""What checking each criterion asks of a patient: the screening visit's procedures in the burden's terms."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from unburden.burden.totals import UNIT_BY_TOTAL, total_lines
from unburden.data.tables import TableReader, show_value
from unburden.domain.burden import PATIENT_MINUTES, BurdenLine, BurdenScore
from unburden.domain.criteria import CriterionRule
from unburden.domain.errors import InvalidInput, InvalidStudy, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.protocol import Protocol
from unburden.domain.screening import ScreeningCheck, ScreeningProcedure
from unburden.domain.weighing import ScreeningPlan
from unburden.study.scoring import score_burden

_WHERE = "[screening]"


@dataclass(frozen=True, slots=True)
class _Declared:
    """One `[[screening.procedures]]`: activities of the visit, the journey to it, or amounts of its own."""

    id: str
    description: str
    activity_ids: tuple[str, ...]
    is_journey: bool
    amounts: Mapping[str, Estimate]


def parse_screening(table: Any, protocol: Protocol, rules: tuple[CriterionRule, ...]) -> ScreeningPlan:
    """Which procedures of the screening visit check which criterion, and what each asks of a patient.

    `[screening]` has `visit` (a visit of the protocol) and `minimise` (a dimension of the burden);
    `[[screening.procedures]]` have `id` and one of `activities` (of that visit), `journey = true` (the way
    there and the arrival) and `amounts` (a list of tables with `dimension`, `value`, `low`, `high` and
    `source`, for what no row of the schedule holds); `[[screening.checks]]` have `criterion`, `procedures`
    and optionally `after`. Amounts of the first two are the burden's own, for the average patient of the
    evidence ledger; what several activities share (one needle) is the first procedure's.

    Raises `InvalidStudy` with every problem.
    """
    problems = Problems(_WHERE)
    reader = TableReader(table, _WHERE, problems)
    visit_id, minimise = reader.take("visit", str), reader.take("minimise", str)
    declared = [
        _parse_procedure(item, f"[[screening.procedures]] {number}", problems)
        for number, item in enumerate(reader.take("procedures", list), start=1)
    ]
    checks = [
        _parse_check(item, f"[[screening.checks]] {number}", problems)
        for number, item in enumerate(reader.take("checks", list), start=1)
    ]
    reader.close()
    known = ", ".join(protocol.visit_by_id)
    is_visit = visit_id in protocol.visit_by_id
    problems.check(is_visit, f"{_WHERE} names the visit {visit_id!r}; use one of {known}")
    told = f"{_WHERE} has minimise = {minimise!r}; use one of {', '.join(UNIT_BY_TOTAL)}"
    problems.check(minimise in UNIT_BY_TOTAL, told)
    procedures = [each for each in declared if each]
    _check_names(procedures, [check for check in checks if check], rules, problems)
    if is_visit:
        asked = {cell.activity_id for cell in protocol.cells if cell.visit_id == visit_id}
        for each in procedures:
            for name in each.activity_ids:
                told = f"procedure {each.id!r} has the activity {name!r}, which is not asked at {visit_id!r}"
                problems.check(name in asked, f"{told}; use some of {', '.join(sorted(asked))}")
    problems.raise_if_any(InvalidStudy)
    score = score_burden(protocol)[0]
    return ScreeningPlan(
        tuple(_weigh_procedures(procedures, score, visit_id)), tuple(c for c in checks if c), minimise
    )


def _parse_procedure(item: Any, where: str, problems: Problems) -> _Declared | None:
    before = len(problems)
    reader = TableReader(item, where, problems)
    name, description = reader.take("id", str), reader.take("description", str, "")
    activities = tuple(reader.take_list("activities", str, []))
    is_journey = reader.take("journey", bool, False)
    amounts = [_parse_amount(a, f"{where}, amounts", problems) for a in reader.take("amounts", list, [])]
    reader.close()
    kinds = [bool(activities), is_journey, bool(amounts)]
    problems.check(sum(kinds) == 1, f"{where} needs one of activities, journey = true and amounts")
    if len(problems) > before:
        return None
    return _Declared(name, description, activities, is_journey, dict(a for a in amounts if a))


def _parse_amount(item: Any, where: str, problems: Problems) -> tuple[str, Estimate] | None:
    before = len(problems)
    reader = TableReader(item, where, problems)
    dimension = reader.choose("dimension", tuple(d for d in UNIT_BY_TOTAL if d != PATIENT_MINUTES))
    value, low, high = (reader.take(key, float) for key in ("value", "low", "high"))
    source = reader.take("source", str)
    reader.close()
    if len(problems) > before:
        return None
    try:
        return dimension, Estimate(value, low, high, UNIT_BY_TOTAL[dimension], (source,))
    except InvalidInput as error:
        problems.extend(f"{where}: {problem}" for problem in error.problems)
        return None


def _parse_check(item: Any, where: str, problems: Problems) -> ScreeningCheck | None:
    before = len(problems)
    reader = TableReader(item, where, problems)
    criterion = reader.take("criterion", str)
    procedures, after = (
        tuple(reader.take_list("procedures", str)),
        tuple(reader.take_list("after", str, [])),
    )
    reader.close()
    return None if len(problems) > before else ScreeningCheck(criterion, procedures, after)


def _check_names(
    procedures: list[_Declared],
    checks: list[ScreeningCheck],
    rules: tuple[CriterionRule, ...],
    problems: Problems,
) -> None:
    ids = [each.id for each in procedures]
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        problems.add(f"{_WHERE} has two procedures {name!r}; keep one")
    criteria = [rule.criterion_id for rule in rules]
    for check in checks:
        for name in (check.criterion_id, *check.after):
            told = (
                f"{_WHERE} checks the criterion {name!r}, which has no rule; use one of {', '.join(criteria)}"
            )
            problems.check(name in criteria, told)
        for name in check.procedure_ids:
            told = f"{_WHERE}: {check.criterion_id!r} needs the procedure {show_value(name)}; there is "
            problems.check(name in ids, f"{told}{', '.join(ids) or 'none'}")
    checked = [check.criterion_id for check in checks]
    for name in sorted({name for name in checked if checked.count(name) > 1}):
        problems.add(f"{_WHERE} checks {name!r} twice; keep one")
    missing = [name for name in criteria if name not in checked]
    told = f"{_WHERE} says of {', '.join(missing)} not what checks them; add them, with no procedures if so"
    problems.check(not missing, told)


def _weigh_procedures(
    declared: Iterable[_Declared], score: BurdenScore, visit_id: str
) -> Iterable[ScreeningProcedure]:
    """Each procedure with its amounts; a line of the burden belongs to one procedure only."""
    day = next((line.calendar_day for line in score.lines if line.visit_id == visit_id), None)
    left = [line for line in score.lines if _is_of_visit(line, visit_id, day)]
    for each in declared:
        if each.amounts:
            yield ScreeningProcedure(each.id, each.description, each.amounts)
            continue
        own = [line for line in left if _belongs(line, each)]
        left = [line for line in left if line not in own]
        totals = total_lines(own, score.evidence)
        amounts = {n: t for n, t in totals.items() if n != PATIENT_MINUTES and t.high > 0}
        if not amounts:
            amounts = {"site_minutes": total_lines((), score.evidence)["site_minutes"]}
        yield ScreeningProcedure(each.id, each.description, amounts)


def _is_of_visit(line: BurdenLine, visit_id: str, day: int | None) -> bool:
    if line.visit_id is not None:
        return line.visit_id == visit_id
    return visit_id in line.day_visit_ids or (
        line.cause == "day" and day is not None and line.calendar_day == day
    )


def _belongs(line: BurdenLine, declared: _Declared) -> bool:
    is_journey = line.cause in ("day", "visit")
    if declared.is_journey:
        return is_journey
    return not is_journey and bool(set(line.activity_ids) & set(declared.activity_ids))

"""A trial design and its world in one TOML file, without protocol or patients."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from unburden.data.tables import TableReader, read_toml, read_toml_with_bytes
from unburden.domain.analysis import (
    CoxWald,
    FlemingHarrington,
    LogRank,
    MaxCombo,
    Milestone,
    ModestlyWeighted,
    RestrictedMean,
    SurvivalTest,
)
from unburden.domain.design import Design, Events, Months
from unburden.domain.errors import InvalidStudy, Problems
from unburden.domain.estimands import ANALYSES, Estimand
from unburden.domain.scenario import Accrual, Scenario
from unburden.domain.sequential import (
    Efficacy,
    FixedFutility,
    HaybittlePeto,
    HwangShihDeCani,
    KimDeMets,
    OBrienFlemingSpending,
    PampallonaTsiatis,
    PocockSpending,
    SequentialPlan,
    UserSpending,
    WangTsiatis,
)
from unburden.domain.simulation_report import (
    PURPOSES,
    QUESTION_PARTS,
    AlternativeDesign,
    PlannedScenario,
    Question,
)
from unburden.study.outcome_files import attempt, name_part, parse_outcome

SPENDINGS: Mapping[str, tuple[type, tuple[str, ...]]] = {
    "obrien-fleming-spending": (OBrienFlemingSpending, ()),
    "pocock-spending": (PocockSpending, ()),
    "hwang-shih-decani": (HwangShihDeCani, ("gamma",)),
    "kim-demets": (KimDeMets, ("exponent",)),
}
FAMILIES: Mapping[str, tuple[type, tuple[str, ...]]] = {
    **SPENDINGS,
    "wang-tsiatis": (WangTsiatis, ("shape",)),
    "haybittle-peto": (HaybittlePeto, ("interim_z",)),
    "pampallona-tsiatis": (PampallonaTsiatis, ("efficacy_shape", "futility_shape")),
}
TESTS: Mapping[str, tuple[type, tuple[str, ...]]] = {
    "log-rank": (LogRank, ()),
    "fleming-harrington": (FlemingHarrington, ("rho", "gamma")),
    "modestly-weighted": (ModestlyWeighted, ("month",)),
    "max-combo": (MaxCombo, ()),
    "restricted-mean": (RestrictedMean, ("month",)),
    "milestone": (Milestone, ("month",)),
    "cox-wald": (CoxWald, ()),
}


_STOPPING_KEYS = {"events", "latest_month", "month", "interim_months"}


@dataclass(frozen=True, slots=True)
class DesignFile:
    """A design in its world or worlds, how many trials to simulate from which seed, and tests to compare.

    `path`, `text` and `sha256` are the file's own, for whoever must name it.
    """

    design: Design
    scenarios: tuple[PlannedScenario, ...]
    trials: int
    seed: int
    tests: tuple[SurvivalTest, ...]
    alternatives: tuple[AlternativeDesign, ...] = ()
    question: Question = field(default_factory=Question)
    trials_why: str = ""
    path: str = ""
    text: str = ""
    sha256: str = ""
    is_single: bool = True
    estimands: tuple[Estimand, ...] = ()

    @property
    def scenario(self) -> Scenario:
        """The one scenario; raises `InvalidStudy` where the file holds several."""
        if len(self.scenarios) > 1:
            told = f"holds {len(self.scenarios)} [[scenarios]] where one is asked for; give one [scenario]"
            raise InvalidStudy(self.path or "the file", [told])
        return next(iter(self.scenarios)).scenario


def read_design(path: Path | str, besides: Sequence[str] = ()) -> DesignFile:
    """Read a DESIGN.toml: tables [design], [scenario] (or several [[scenarios]]) and what is wanted besides.

    Besides: [run], [question], [[alternatives]], [[estimands]]. Unknown keys are errors; the tables
    `besides` are somebody else's. Raises `InvalidStudy`.
    """
    found, content = read_toml_with_bytes(Path(path))
    tables = {key: table for key, table in found.items() if key not in besides}
    problems = Problems(str(path))
    reader = TableReader(tables, "the file", problems)
    run = TableReader(reader.take("run", dict, {}), "[run]", problems)
    trials, seed = run.take("trials", int, 10_000), run.take("seed", int, 1)
    trials_why = run.take("trials_why", str, "")
    tests = [_parse_test(test, "[run] tests", problems) for test in run.take("tests", list, [])]
    run.close()
    question = _parse_question(reader.take("question", dict, {}), problems)
    own = reader.take("design", dict)
    design = attempt(lambda: _parse_design(own, problems), problems)
    alternatives = _parse_alternatives(reader.take("alternatives", list, []), own, problems)
    scenarios = _parse_scenarios(reader, problems)
    estimands = _parse_estimands(reader.take("estimands", list, []), problems)
    reader.close()
    problems.raise_if_any(InvalidStudy)
    assert design is not None
    return DesignFile(
        design,
        scenarios,
        trials,
        seed,
        tuple(test for test in tests if test),
        alternatives,
        question,
        trials_why,
        str(path),
        content.decode("utf-8-sig"),
        hashlib.sha256(content).hexdigest(),
        not reader.has("scenarios"),
        estimands,
    )


def _parse_question(table: Any, problems: Problems) -> Question:
    reader = TableReader(table, "[question]", problems)
    parts = {key: reader.take(key, str, "") for key in QUESTION_PARTS}
    reader.close()
    return Question(**parts)


def _parse_alternatives(
    tables: list[Any], own: dict[str, Any], problems: Problems
) -> tuple[AlternativeDesign, ...]:
    """Designs that differ from [design] in the keys that they give, and lack those that they go `without`."""
    made = []
    for number, table in enumerate(tables, start=1):
        where = f"[[alternatives]] {number}"
        reader = TableReader(table, where, problems)
        name, why = reader.take("name", str), reader.take("why", str)
        without = reader.take_list("without", str, [])
        for key in without:
            problems.check(key in own, f"{where} goes without {key!r}, which [design] does not have")
        changes = {key: value for key, value in reader.table.items() if key not in reader.taken}
        dropped = {*without, *(_STOPPING_KEYS if _STOPPING_KEYS & set(changes) else ())}
        merged = {key: value for key, value in own.items() if key not in dropped} | changes
        design = attempt(lambda t=merged, w=where: _parse_design(t, problems, w), problems, where)
        problems.check(bool(changes or without), f"{where} changes nothing of [design]; give what differs")
        if design is not None:
            made.append(AlternativeDesign(name, why, design))
    _check_names([a.name for a in made], "alternatives", problems)
    return tuple(made)


def _parse_estimands(tables: list[Any], problems: Problems) -> tuple[Estimand, ...]:
    """Estimands with a strategy for each intercurrent event."""
    made = []
    for number, table in enumerate(tables, start=1):
        before = len(problems)
        reader = TableReader(table, f"[[estimands]] {number}", problems)
        name, analysis = reader.take("name", str), reader.choose("analysis", ANALYSES, "mixed-model")
        failure, strategies = reader.take("failure_value", float, None), reader.take("strategies", dict, {})
        month = reader.take("month", float, None)
        reader.close()
        if len(problems) == before:
            made.append(
                attempt(lambda a=(name, strategies, analysis, failure, month): Estimand(*a), problems)
            )
    _check_names([estimand.name for estimand in made if estimand], "estimands", problems)
    return tuple(estimand for estimand in made if estimand)


def _parse_scenarios(reader: TableReader, problems: Problems) -> tuple[PlannedScenario, ...]:
    """The one [scenario], or several [[scenarios]], each with a stream of its own unless it names one."""
    if not reader.has("scenarios"):
        found = attempt(lambda: _parse_scenario(reader.take("scenario", dict), problems), problems)
        return (found,) if found else ()
    tables = reader.take("scenarios", list)
    both = reader.take("scenario", dict, None) is not None
    problems.check(not both, "the file has [scenario] and [[scenarios]]; give one of them")
    problems.check(bool(tables), "[[scenarios]] is empty; give at least one")
    named = {table.get("stream") for table in tables if isinstance(table, dict)}
    free = (number for number in count() if number not in named)
    made = []
    for number, table in enumerate(tables, start=1):
        where = f"[[scenarios]] {number}"
        stream = 0 if isinstance(table, dict) and "stream" in table else next(free)
        found = attempt(
            lambda t=table, w=where, s=stream: _parse_scenario(t, problems, w, s), problems, where
        )
        if found is not None:
            made.append(found)
    _check_names([planned.scenario.name for planned in made], "scenarios", problems)
    return tuple(made)


def _check_names(names: Sequence[str], what: str, problems: Problems) -> None:
    for name in dict.fromkeys(names):
        problems.check(bool(name.strip()), f"[[{what}]] has an empty name; give one")
        problems.check(
            names.count(name) == 1,
            f"[[{what}]] has {names.count(name)} of the name {name!r}; give each its own",
        )


def read_plan(path: Path | str) -> SequentialPlan:
    """The group-sequential test of a TOML file with a table [plan]; raises `InvalidStudy`."""
    problems = Problems(str(path))
    reader = TableReader(read_toml(Path(path)), "the file", problems)
    plan = attempt(lambda: parse_plan_table(reader.take("plan", dict), "[plan]", problems), problems)
    reader.close()
    problems.raise_if_any(InvalidStudy)
    assert plan is not None
    return plan


def parse_plan(given: Mapping[str, Any]) -> SequentialPlan:
    """A plan from words: `rates` "0.5,1", families as "type" or "type:number"; raises `InvalidStudy`."""
    problems = Problems("the options")
    table = {key: value for key, value in given.items() if value is not None and key != "rates"}
    try:
        table["information_rates"] = [float(rate) for rate in given["rates"].split(",")]
    except ValueError:
        problems.add(f"--rates is {given['rates']!r}; give numbers such as 0.5,1")
    for key in ("efficacy", "futility"):
        if key in table:
            table[key] = _split_family(table[key], key, problems)
    problems.raise_if_any(InvalidStudy)
    plan = attempt(lambda: parse_plan_table(table, "[plan]", problems), problems)
    problems.raise_if_any(InvalidStudy)
    assert plan is not None
    return plan


def _split_family(word: str, key: str, problems: Problems) -> dict[str, Any]:
    kind, _, rest = word.partition(":")
    _, keys = FAMILIES.get(kind, (None, ()))
    try:
        numbers = [float(number) for number in rest.split(":")] if rest else []
    except ValueError:
        problems.add(f"--{key} is {word!r}; give a family and its numbers, such as kim-demets:3")
        numbers = []
    return {"type": kind, **dict(zip(keys, numbers, strict=False))}


def parse_plan_table(table: Any, where: str, problems: Problems) -> SequentialPlan | None:
    """A `SequentialPlan` from its table; None with problems."""
    reader = TableReader(table, where, problems)
    alpha, sided = reader.take("alpha", float), reader.take("sided", int, 1)
    rates = reader.take_list("information_rates", float)
    efficacy, futility = _parse_bounds(reader, where, problems)
    binding, beta = reader.take("is_binding", bool, False), reader.take("beta", float, None)
    harm = None
    if reader.has("harm"):
        harm_table = TableReader(reader.take("harm", dict), f"{where[:-1]}.harm]", problems)
        spent = harm_table.take("alpha", float)
        spending = _make_family(harm_table, SPENDINGS, f"{where[:-1]}.harm]", problems)
        harm = (spent, spending) if spending else None
    reader.close()
    if len(problems):
        return None
    return SequentialPlan(alpha, sided, tuple(rates), efficacy, futility, binding, beta, harm)  # type: ignore[arg-type]


def _parse_design(table: Any, problems: Problems, where: str = "[design]") -> Design | None:
    before = len(problems)
    reader = TableReader(table, where, problems)
    patients, ratio = reader.take("patients", int), reader.take("allocation_ratio", float, 1.0)
    alpha, rates = reader.take("alpha", float), reader.take_list("information_rates", float, [1.0])
    stopping = _parse_stopping(reader, problems)
    efficacy, futility = _parse_bounds(reader, where, problems)
    binding, beta = reader.take("is_binding", bool, False), reader.take("beta", float, None)
    test = _parse_test(reader.take("test", dict, {"type": "log-rank"}), name_part(where, "test"), problems)
    is_stratified = reader.take("is_stratified", bool, True)
    reader.close()
    if len(problems) > before or test is None:
        return None
    return Design(
        patients, ratio, alpha, tuple(rates), stopping, efficacy, futility, binding, beta, test, is_stratified
    )


def _parse_stopping(reader: TableReader, problems: Problems) -> Events | Months | None:
    """`events` with, if wanted, `latest_month`; or `month` with `interim_months`; or neither."""
    where = reader.where
    events, latest = reader.take("events", int, None), reader.take("latest_month", float, None)
    month, interim = reader.take("month", float, None), reader.take_list("interim_months", float, None)
    problems.check(events is None or month is None, f"{where} has events and month; give one of them")
    problems.check(latest is None or events is not None, f"{where} has latest_month without events")
    problems.check(interim is None or month is not None, f"{where} has interim_months without month")
    if events is not None:
        return Events(events) if latest is None else Events(events, latest)
    return Months(month, tuple(interim or ())) if month is not None else None


def _parse_bounds(reader: TableReader, where: str, problems: Problems):
    efficacy: Efficacy | None = OBrienFlemingSpending()
    futility = None
    if reader.has("efficacy"):
        table = TableReader(reader.take("efficacy", dict), name_part(where, "efficacy"), problems)
        efficacy = _make_family(table, FAMILIES, table.where, problems)
    if reader.has("futility"):
        table = TableReader(reader.take("futility", dict), name_part(where, "futility"), problems)
        if table.has("z"):
            futility = FixedFutility(tuple(table.take_list("z", float)))
            table.close()
        else:
            futility = _make_family(table, SPENDINGS, table.where, problems)
    return efficacy or OBrienFlemingSpending(), futility


def _make_family(reader: TableReader, families, where: str, problems: Problems):
    """A spending or bound family by its `type` and numbers; None with problems."""
    before = len(problems)
    kind = reader.choose("type", (*families, "user-spending"))
    if kind == "user-spending":
        cumulative = reader.take_list("cumulative", float)
        reader.close()
        return UserSpending(tuple(cumulative)) if len(problems) == before else None
    made, keys = families[kind]
    # the optimal Wang-Tsiatis shape is asked for by leaving the shape out
    numbers = [reader.take(key, float, None) if key == "shape" else reader.take(key, float) for key in keys]
    reader.close()
    return made(*numbers) if len(problems) == before else None


def _parse_test(table: Any, where: str, problems: Problems) -> SurvivalTest | None:
    before = len(problems)
    reader = TableReader(table, where, problems)
    made, keys = TESTS[reader.choose("type", TESTS)]
    numbers = [reader.take(key, float) for key in keys]
    if made is MaxCombo and reader.has("weights"):
        pairs = reader.take_list("weights", list)
        numbers = [tuple(tuple(pair) for pair in pairs)]
    reader.close()
    return attempt(lambda: made(*numbers), problems) if len(problems) == before else None


def _parse_scenario(
    table: Any, problems: Problems, where: str = "[scenario]", stream: int = 0
) -> PlannedScenario | None:
    """One scenario; `stream` is what it gets where it names none. Of several each says its purpose."""
    before = len(problems)
    reader = TableReader(table, where, problems)
    if where == "[scenario]":
        purpose, why = reader.choose("purpose", PURPOSES, ""), reader.take("why", str, "")
    else:
        purpose, why = reader.choose("purpose", PURPOSES), reader.take("why", str)
    stream = reader.take("stream", int, stream)
    name, dropout = reader.take("name", str), reader.take("dropout_per_year", float, 0.0)
    starts = reader.take_list("accrual_start_months", float, [0.0])
    rates, sources = reader.take_list("accrual_per_month", float), reader.take_list("sources", str)
    outcome = parse_outcome(reader.take("outcome", dict), problems, name_part(where, "outcome"))
    reader.close()
    if len(problems) > before or outcome is None:
        return None
    accrual = Accrual(tuple(starts), tuple(rates))
    return PlannedScenario(Scenario(name, accrual, outcome, dropout, tuple(sources), stream), purpose, why)

"""From rules to the table of who passes what, and the criteria that together let nobody in."""

from itertools import combinations
from typing import get_args

import numpy as np
import polars as pl

from unburden.domain.cohort import Cohort, Contradiction
from unburden.domain.criteria import CriterionRule, UnknownPolicy
from unburden.domain.errors import InvalidCriterion, Problems
from unburden.domain.passing import PassingTable
from unburden.eligibility.evaluate import evaluate_expression, find_problems


def derive_passing(rules: tuple[CriterionRule, ...], cohort: Cohort) -> PassingTable:
    """Who passes which rule: patients × criteria, with the rules' policies for unknown applied.

    Raises `InvalidCriterion` with every problem of every rule.

    >>> from unburden.domain.cohort import Column
    >>> from unburden.domain.criteria import Compare
    >>> frame = pl.DataFrame({"age": [17, 18, None]})
    >>> cohort = Cohort("c", frame, (Column("age", "year"),), "observed:doctest")
    >>> rule = CriterionRule("IN01", "Adults", True, Compare("age", ">=", 18, "year"), "keep")
    >>> table = derive_passing((rule,), cohort)
    >>> table.passing[:, 0].tolist(), table.unknown[:, 0].tolist()
    ([False, True, True], [False, False, True])
    """
    check_rules(rules, cohort)
    passing = np.empty((cohort.patients, len(rules)), dtype=bool)
    unknown = np.empty_like(passing)
    for number, rule in enumerate(rules):
        truth = evaluate_passing(rule, cohort)
        unknown[:, number] = truth.is_null().to_numpy()
        passing[:, number] = truth.fill_null(rule.unknown == "keep").to_numpy()
    ids = tuple(rule.criterion_id for rule in rules)
    return PassingTable(cohort.name, ids, passing, unknown, cohort.source)


def join_criteria(table: PassingTable, criterion_ids: tuple[str, ...], *, name: str) -> PassingTable:
    """The table with some criteria joined into one, which stands first: passed by who passes all of them.

    Sets over the rest can then be enumerated although the mandatory criteria are many. The joined
    one is unknown where any of them is. Raises `InvalidCriterion` for a criterion that is not there.

    >>> passing = np.array([[True, True, False], [False, True, True]])
    >>> table = PassingTable("c", ("A", "B", "C"), passing, np.zeros_like(passing), "observed:doctest")
    >>> joined = join_criteria(table, ("A", "B"), name="always")
    >>> joined.criterion_ids, joined.passing.tolist()
    (('always', 'C'), [[True, False], [False, True]])
    """
    problems = Problems(f"criteria on cohort {table.cohort_name!r}")
    known = ", ".join(table.criterion_ids)
    for one in criterion_ids:
        problems.check(one in table.criterion_ids, f"{one!r} cannot be joined; the criteria are {known}")
    problems.raise_if_any(InvalidCriterion)
    is_joined = np.array([one in criterion_ids for one in table.criterion_ids], dtype=bool)
    rest = tuple(one for one in table.criterion_ids if one not in criterion_ids)
    all_pass = table.passing[:, is_joined].all(axis=1, keepdims=True)
    any_unknown = table.unknown[:, is_joined].any(axis=1, keepdims=True)
    return PassingTable(
        table.cohort_name,
        (name, *rest),
        np.hstack((all_pass, table.passing[:, ~is_joined])),
        np.hstack((any_unknown, table.unknown[:, ~is_joined])),
        table.source,
    )


def evaluate_passing(rule: CriterionRule, cohort: Cohort) -> pl.Series:
    """Whether each patient passes the rule; unknown stays unknown."""
    truth = evaluate_expression(rule.expression, cohort)
    return truth if rule.is_inclusion else ~truth


def check_rules(rules: tuple[CriterionRule, ...], cohort: Cohort) -> None:
    """Raise `InvalidCriterion` with every problem of every rule, or return."""
    problems = Problems(f"criteria on cohort {cohort.name!r}")
    seen: set[str] = set()
    for rule in rules:
        label = f"criterion {rule.criterion_id!r}"
        problems.check(rule.criterion_id not in seen, f"{label} has two rules; keep one")
        seen.add(rule.criterion_id)
        problems.check(
            rule.unknown in get_args(UnknownPolicy),
            f"{label}: unknown is {rule.unknown!r}; use 'keep' or 'exclude'",
        )
        problems.extend(f"{label}: {found}" for found in find_problems(rule.expression, cohort))
    problems.raise_if_any(InvalidCriterion)


def find_contradictions(table: PassingTable) -> tuple[Contradiction, ...]:
    """Why nobody of the cohort passes every criterion; empty where somebody does.

    Every criterion that alone lets nobody in; else every pair that does so together; else one
    smallest-by-removal group: none of its criteria can go without somebody passing the others.
    """
    if table.eligible.any():
        return ()
    passing, ids = table.passing, table.criterion_ids
    counts = passing.sum(axis=0)
    groups = [(c,) for c in range(len(ids)) if counts[c] == 0]
    if not groups:
        pairs = combinations(range(len(ids)), 2)
        groups = [pair for pair in pairs if not (passing[:, pair[0]] & passing[:, pair[1]]).any()]
    if not groups:
        groups = [_shrink_group(table)]
    return tuple(Contradiction(tuple(ids[c] for c in g), tuple(int(counts[c]) for c in g)) for g in groups)


def _shrink_group(table: PassingTable) -> tuple[int, ...]:
    """Criteria that together let nobody in while any of them left out lets somebody in."""
    kept = list(range(len(table.criterion_ids)))
    for criterion in tuple(kept):
        others = [c for c in kept if c != criterion]
        if not table.passing[:, others].all(axis=1).any():
            kept = others
    return tuple(kept)


def check_somebody_passes(table: PassingTable) -> None:
    """Raise `InvalidCriterion` naming the contradictory criteria where nobody passes all of them."""
    problems = Problems(f"criteria on cohort {table.cohort_name!r}")
    problems.extend(found.text() for found in find_contradictions(table))
    problems.raise_if_any(InvalidCriterion)

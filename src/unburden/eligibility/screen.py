"""Screening: who passes every criterion, and which criterion keeps out how many."""

from collections.abc import Mapping
from typing import get_args

import polars as pl

from unburden.domain.cohort import Attrition, AttritionStep, Cohort
from unburden.domain.criteria import CriterionRule, UnknownPolicy
from unburden.domain.errors import InvalidCriterion, Problems
from unburden.eligibility.evaluate import evaluate_expression, find_problems


def screen_cohort(
    rules: tuple[CriterionRule, ...],
    cohort: Cohort,
    *,
    criteria_texts: Mapping[str, str] | None = None,
) -> Attrition:
    """Patients that pass every rule, with a CONSORT-style flow in the order of the rules.

    In every step `met` counts patients who **pass**. For an inclusion criterion they are those
    for whom the expression is true. For an exclusion criterion the expression says who is kept
    out, so `met` counts those for whom it is false and `not_met` those kept out: a step reads
    the same for both kinds. `unknown` patients leave with the `met` ones where the policy is
    "keep" and with the `not_met` ones where it is "exclude". `alone` and `only` count patients
    kept out, unknown ones under "exclude" included.

    `criteria_texts` (criterion id to wording) gives the text of a rule without one; its criteria
    without a rule are listed, in order, in `Attrition.uncomputed`.

    Raises `InvalidCriterion` with every problem of every rule.

    >>> from unburden.domain.cohort import Column
    >>> from unburden.domain.criteria import Compare
    >>> frame = pl.DataFrame({"age": [17, 18, 80, None]})
    >>> cohort = Cohort("c", frame, (Column("age", "year"),), "observed:doctest")
    >>> rules = (
    ...     CriterionRule("IN01", "Adults", True, Compare("age", ">=", 18, "year"), "exclude"),
    ...     CriterionRule("EX01", "Over 75", False, Compare("age", ">", 75, "year"), "keep"),
    ... )
    >>> [(s.entering, s.met, s.not_met, s.unknown) for s in screen_cohort(rules, cohort).steps]
    [(4, 2, 1, 1), (2, 1, 1, 0)]
    """
    _check_rules(rules, cohort)
    computed = {rule.criterion_id for rule in rules}
    texts = criteria_texts or {}
    truths = [_evaluate_passing(rule, cohort) for rule in rules]
    passing = [t.fill_null(r.unknown == "keep") for r, t in zip(rules, truths, strict=True)]
    kept_out_by = sum((~p).cast(pl.Int64) for p in passing)
    remaining, steps = pl.Series("eligible", [True] * cohort.patients, dtype=pl.Boolean), []
    for rule, truth, passes in zip(rules, truths, passing, strict=True):
        after = remaining & passes
        step = _count_step(
            rule,
            entered=truth.filter(remaining),
            leaving=_count(after),
            alone=_count(~passes),
            only=_count(~passes & (kept_out_by == 1)),
            text=rule.text or texts.get(rule.criterion_id, ""),
        )
        steps.append(step)
        remaining = after
    rows = tuple(remaining.arg_true().to_list())
    return Attrition(
        cohort_name=cohort.name,
        patients=cohort.patients,
        eligible=len(rows),
        steps=tuple(steps),
        source=cohort.source,
        eligible_rows=rows,
        uncomputed=tuple(identifier for identifier in texts if identifier not in computed),
    )


def _count_step(
    rule: CriterionRule, *, entered: pl.Series, leaving: int, alone: int, only: int, text: str
) -> AttritionStep:
    """One step; `entered` says of each patient that reaches the rule whether they pass it."""
    met, unknown = _count(entered), entered.null_count()
    return AttritionStep(
        criterion_id=rule.criterion_id,
        text=text,
        is_inclusion=rule.is_inclusion,
        unknown_policy=rule.unknown,
        entering=entered.len(),
        met=met,
        not_met=entered.len() - met - unknown,
        unknown=unknown,
        leaving=leaving,
        alone=alone,
        only=only,
    )


def _check_rules(rules: tuple[CriterionRule, ...], cohort: Cohort) -> None:
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


def _evaluate_passing(rule: CriterionRule, cohort: Cohort) -> pl.Series:
    """Whether each patient passes the rule; unknown stays unknown."""
    truth = evaluate_expression(rule.expression, cohort)
    return truth if rule.is_inclusion else ~truth


def _count(flags: pl.Series) -> int:
    return int(flags.sum() or 0)

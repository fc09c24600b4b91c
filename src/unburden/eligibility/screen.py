"""Screening: who passes every criterion, and which criterion keeps out how many."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from unburden.domain.cohort import Attrition, AttritionStep, Cohort
from unburden.domain.criteria import CriterionRule
from unburden.domain.estimate import Estimate
from unburden.domain.passing import PassingTable
from unburden.eligibility.passing import derive_passing, find_contradictions
from unburden.eligibility.proportions import estimate_share


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
    kept out, unknown ones under "exclude" included; `leave_one_out` is the pool without the criterion.

    `criteria_texts` (criterion id to wording) gives the text of a rule without one; its criteria
    without a rule are listed, in order, in `Attrition.uncomputed`.

    Raises `InvalidCriterion` with every problem of every rule.

    >>> import polars as pl
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
    table = derive_passing(rules, cohort)
    computed = {rule.criterion_id for rule in rules}
    texts = criteria_texts or {}
    kept_out_by = (~table.passing).sum(axis=1)
    remaining, steps = np.ones(table.patients, dtype=bool), []
    for number, rule in enumerate(rules):
        text = rule.text or texts.get(rule.criterion_id, "")
        steps.append(_count_step(rule, text, table, number, remaining, kept_out_by))
        remaining &= table.passing[:, number]
    return Attrition(
        cohort_name=cohort.name,
        patients=cohort.patients,
        eligible=int(remaining.sum()),
        steps=tuple(steps),
        source=cohort.source,
        eligible_rows=tuple(np.flatnonzero(remaining).tolist()),
        uncomputed=tuple(identifier for identifier in texts if identifier not in computed),
        contradictions=find_contradictions(table),
    )


def _count_step(
    rule: CriterionRule,
    text: str,
    table: PassingTable,
    number: int,
    remaining: NDArray[np.bool_],
    kept_out_by: NDArray[np.int64],
) -> AttritionStep:
    """One step: `remaining` patients reach it, each kept out by so many criteria in all."""
    passes, unknown = table.passing[:, number], table.unknown[:, number]
    alone, only = int((~passes).sum()), int((~passes & (kept_out_by == 1)).sum())
    leave_one_out = int((kept_out_by == 0).sum()) + only
    return AttritionStep(
        criterion_id=rule.criterion_id,
        text=text,
        is_inclusion=rule.is_inclusion,
        unknown_policy=rule.unknown,
        entering=int(remaining.sum()),
        met=int((remaining & passes & ~unknown).sum()),
        not_met=int((remaining & ~passes & ~unknown).sum()),
        unknown=int((remaining & unknown).sum()),
        leaving=int((remaining & passes).sum()),
        alone=alone,
        only=only,
        leave_one_out=leave_one_out,
        alone_share=_estimate_share(alone, table),
        only_share=_estimate_share(only, table),
        pool_share=estimate_share(only, leave_one_out, table.source),
    )


def _estimate_share(count: int, table: PassingTable) -> Estimate:
    """A share of all patients; a cohort is never empty."""
    share = estimate_share(count, table.patients, table.source)
    assert share is not None
    return share

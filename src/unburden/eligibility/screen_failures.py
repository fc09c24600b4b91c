"""How many patients are screened to enrol so many, and what is asked of those who fail."""

import math
from collections.abc import Mapping

import numpy as np

from unburden.domain.errors import InvalidCohort, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.passing import PassingTable
from unburden.domain.screening import CheckOrder, FailureForecast, ScreeningForecast
from unburden.eligibility.amounts import multiply_estimates
from unburden.eligibility.passing import check_somebody_passes
from unburden.eligibility.proportions import LEVEL, estimate_share

MOST_SCREENED = 20_000_000
"""A forecast beyond this is no forecast: too few patients pass to say how many must be screened."""

_NOTE = (
    "Patients who come are taken to be like the cohort's, and to pass independently of each other. "
    "Criteria that these data do not answer add further failures."
)


def forecast_screening(
    table: PassingTable,
    *,
    enrolled: int,
    totals: Mapping[str, Estimate] | None = None,
    order: CheckOrder | None = None,
) -> ScreeningForecast:
    """How many patients are screened to enrol `enrolled`, how many fail, and what that asks of them.

    The failures before the last of m patients passes are negative binomial at a pass share p; with
    x of the cohort's n passing, p is Beta(x + 1/2, n - x + 1/2) (Jeffreys), so that they are
    beta-negative-binomial, whose 95 % interval is told. The values are m n / x and m (n - x) / x.

    Give `totals`, what the whole screening asks of a patient by dimension, if everyone who fails goes
    through all of it; or the `order` of checks, if patients stop at the first failure. Failures are
    also told by the first criterion failed, in the order of the checks, else of the table. Minutes become
    hours. Raises `InvalidCohort` where arguments do not fit or far too few pass, and
    `InvalidCriterion` where nobody does, naming the criteria that see to it.
    """
    problems = Problems(f"screening of cohort {table.cohort_name!r}")
    problems.check(enrolled > 0, f"enrolled is {enrolled}; give at least 1 patient")
    told = "give either the totals of the screening visits or an order of checks"
    problems.check((totals is None) != (order is None), told)
    problems.raise_if_any(InvalidCohort)
    check_somebody_passes(table)
    passing, patients = int(table.eligible.sum()), table.patients
    low, high = compute_failure_interval(passing, patients, enrolled)
    told = f"{passing} of {patients} patients pass, so that more than {MOST_SCREENED:,} might be screened"
    problems.check(math.isfinite(high), f"{told}; take a larger cohort or fewer criteria")
    problems.raise_if_any(InvalidCohort)
    value = enrolled * (patients - passing) / passing
    low, high = min(low, value), max(high, value)
    share = estimate_share(passing, patients, table.source)
    assert share is not None
    failures = Estimate(value, low, high, "patient", (table.source,), LEVEL)
    screened = Estimate(value + enrolled, low + enrolled, high + enrolled, "patient", (table.source,), LEVEL)
    each = order.per_failure if order is not None else (totals or {})
    spent = {name: _total(failures, amount) for name, amount in each.items()}
    parts = _divide_failures(table, screened, totals, order)
    return ScreeningForecast(enrolled, share, screened, failures, spent, parts, _NOTE)


def _divide_failures(
    table: PassingTable, screened: Estimate, totals: Mapping[str, Estimate] | None, order: CheckOrder | None
) -> tuple[FailureForecast, ...]:
    """Failures and what they go through by the first criterion that fails, in order of checking."""
    if order is not None:
        return tuple(
            FailureForecast(
                step.criterion_id,
                multiply_estimates(screened, step.failing, "patient"),
                {name: _total(screened, amount) for name, amount in step.in_vain.items()},
            )
            for step in order.steps
        )
    found, remaining = [], np.ones(table.patients, dtype=bool)
    for number, criterion_id in enumerate(table.criterion_ids):
        fails = remaining & ~table.passing[:, number]
        share = estimate_share(int(fails.sum()), table.patients, table.source)
        assert share is not None
        failures = multiply_estimates(screened, share, "patient")
        spent = {name: _total(failures, amount) for name, amount in (totals or {}).items()}
        found.append(FailureForecast(criterion_id, failures, spent))
        remaining &= ~fails
    return tuple(found)


def _total(patients: Estimate, each: Estimate) -> Estimate:
    """What all patients together spend; minutes become hours."""
    total = multiply_estimates(patients, each, each.unit)
    if total.unit != "minute":
        return total
    value, low, high = (x / 60 for x in total.bounds())
    return Estimate(value, low, high, "hour", total.sources, total.level)


def compute_failure_interval(passing: int, patients: int, enrolled: int) -> tuple[float, float]:
    """The 95 % predictive interval of failures; infinite beyond `MOST_SCREENED`.

    P(0) = B(a + m, b) / B(a, b) and P(f + 1) / P(f) = (m + f)(b + f) / ((f + 1)(m + a + b + f)) with
    a = x + 1/2 and b = n - x + 1/2.

    >>> compute_failure_interval(50, 100, 10)
    (2.0, 22.0)
    """
    a, b = passing + 0.5, patients - passing + 0.5
    log_probability = _log_beta(a + enrolled, b) - _log_beta(a, b)
    below, low, first, length = 0.0, math.nan, 0, 4096
    tail = (1 - LEVEL) / 2
    while first < MOST_SCREENED:
        f = np.arange(first, first + length, dtype=float)
        steps = np.log((enrolled + f) * (b + f) / ((f + 1) * (enrolled + a + b + f)))
        logs = log_probability + np.concatenate(([0.0], np.cumsum(steps)))
        sums = below + np.cumsum(np.exp(logs[:-1]))
        if math.isnan(low) and sums[-1] >= tail:
            low = float(first + np.searchsorted(sums, tail))
        if sums[-1] >= 1 - tail:
            return low, float(first + np.searchsorted(sums, 1 - tail))
        below, log_probability, first = float(sums[-1]), float(logs[-1]), first + length
        length = min(2 * length, 1 << 20)
    return low, math.inf


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)

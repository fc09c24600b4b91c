"""How well a schedule, time on study and unscheduled visits predict patients who were held out."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from unburden.burden.records import Z
from unburden.domain.burden_records import (
    Coverage,
    HeldOutFigures,
    LearntTimeOnStudy,
    LearntUnscheduledVisits,
    MeasurePlan,
    PredictionError,
    Shares,
)
from unburden.domain.estimate import Estimate

LEVELS = (0.8, 0.95)
_LEAST_CHANCE = 1e-9


@dataclass(frozen=True)
class AmountDistribution:
    """A patient's amount: `shares[i]` is the chance of `amounts[i]`; amounts rise."""

    amounts: np.ndarray
    shares: np.ndarray

    @property
    def mean(self) -> float:
        """The expected amount."""
        return float(self.amounts @ self.shares)

    @property
    def variance(self) -> float:
        """The variance of the amount."""
        return float((self.amounts - self.mean) ** 2 @ self.shares)

    def bound(self, level: float) -> tuple[float, float, float]:
        """The interval between two quantiles, and the chance that it holds."""
        reached = np.cumsum(self.shares)
        low, high = (int(np.searchsorted(reached, p - 1e-12)) for p in ((1 - level) / 2, (1 + level) / 2))
        high = min(high, len(self.amounts) - 1)
        return float(self.amounts[low]), float(self.amounts[high]), float(self.shares[low : high + 1].sum())


def derive_compound(mean: float, dispersion: float, amounts: Shares) -> np.ndarray:
    """The distribution of the sum of a negative-binomial number of amounts: chance of 0, 1, 2, ….

    Panjer (1981), ASTIN Bulletin 12: g(s) = Σ (a + b j/s) f(j) g(s-j) / (1 - a f(0)). The number has
    mean μ and variance μ + kμ²; k = 0 is Poisson. The tail below 1e-9 is left out, the rest scaled.

    >>> [round(float(p), 4) for p in derive_compound(0.5, 0.0, ((1, 1.0),))[:3]]
    [0.6065, 0.3033, 0.0758]
    """
    share = {amount: chance for amount, chance in amounts if chance > 0}
    nothing = share.pop(0, 0.0)
    if mean <= 0 or not share:
        return np.ones(1)
    if dispersion > 0:
        odds = dispersion * mean
        a, b = odds / (1 + odds), (1 - dispersion) * mean / (1 + odds)
        found = [math.exp(-math.log1p(odds * (1 - nothing)) / dispersion)]
    else:
        a, b = 0.0, mean
        found = [math.exp(-mean * (1 - nothing))]
    total, scale = found[0], 1 - a * nothing
    most = max(share) * 2_000
    while total < 1 - _LEAST_CHANCE and len(found) < most:
        s = len(found)
        terms = ((a + b * j / s) * f * found[s - j] for j, f in share.items() if j <= s)
        found.append(math.fsum(terms) / scale)
        total += found[-1]
    chances = np.array(found)
    return chances / chances.sum()


def predict_amount(
    plan: MeasurePlan,
    last_days: Mapping[float, float],
    first_day: float,
    unscheduled: LearntUnscheduledVisits | None,
) -> AmountDistribution:
    """The distribution of a patient's amount of one measure.

    `last_days` holds the chance of each last planned day. Up to it the schedule is done in full; to
    that comes what is done on unscheduled dates over the days since `first_day`.
    """
    chances: dict[float, float] = {}
    for last_day, chance in last_days.items():
        more = np.ones(1)
        if unscheduled is not None:
            mean = unscheduled.per_100_days * (last_day - first_day) / 100
            more = derive_compound(mean, unscheduled.dispersion, unscheduled.amounts[plan.measure])
        planned = plan.until(last_day)
        for amount, share in enumerate(more):
            chances[planned + amount] = chances.get(planned + amount, 0.0) + chance * float(share)
    amounts = sorted(chances)
    return AmountDistribution(np.array(amounts), np.array([chances[amount] for amount in amounts]))


def evaluate_held_out(
    plan: MeasurePlan,
    learnt: LearntTimeOnStudy,
    unscheduled: LearntUnscheduledVisits | None,
    recorded: Mapping[str, float],
    last_days: Mapping[str, float],
    left_days: Mapping[str, float] | None,
    first_day: float,
) -> HeldOutFigures:
    """One measure of patients held out, beside what others' time on study and the schedule predict.

    `recorded`, `last_days` and `left_days` are those of the patients held out. The interval of their
    mean is mean ± 1.96 √(σ²(1/n + 1/n_learnt)), σ² being the variance of the predicted distribution.
    """
    learning = list(learnt.last_days.values())
    shares = {day: learning.count(day) / len(learning) for day in sorted(set(learning))}
    marginal = predict_amount(plan, shares, first_day, unscheduled)
    half = Z * math.sqrt(marginal.variance * (1 / len(recorded) + 1 / len(learning)))
    mean = marginal.mean
    sources = (learnt.curve.source,)
    known: dict[float, AmountDistribution] = {}

    def given(days: Mapping[str, float]) -> dict[str, AmountDistribution]:
        for day in set(days.values()) - set(known):
            known[day] = predict_amount(plan, {day: 1.0}, first_day, unscheduled)
        return {patient: known[day] for patient, day in days.items()}

    by_visit = given({patient: last_days[patient] for patient in recorded})
    final = max(learning)
    complete = {p: d for p, d in by_visit.items() if last_days[p] >= final}
    return HeldOutFigures(
        measure=plan.measure,
        predicted=Estimate(mean, mean - half, mean + half, "1", sources),
        marginal=_compare(dict.fromkeys(recorded, marginal), recorded),
        given_last_visit=_compare(by_visit, recorded),
        given_leaving=_compare(given(left_days), recorded) if left_days else None,
        completed=_compare(complete, recorded) if complete else None,
    )


def _compare(predicted: Mapping[str, AmountDistribution], recorded: Mapping[str, float]) -> PredictionError:
    patients = list(predicted)
    seen = np.array([recorded[patient] for patient in patients])
    means = np.array([predicted[patient].mean for patient in patients])
    return PredictionError(
        patients=len(patients),
        predicted=float(means.mean()),
        recorded=float(seen.mean()),
        mean=float((means - seen).mean()),
        absolute=float(np.abs(means - seen).mean()),
        coverage=tuple(_cover([predicted[p] for p in patients], seen, level) for level in LEVELS),
    )


def _cover(predicted: Sequence[AmountDistribution], seen: np.ndarray, level: float) -> Coverage:
    bound_by_id = {id(each): each.bound(level) for each in predicted}
    bounds = np.array([bound_by_id[id(each)] for each in predicted])
    inside = (seen >= bounds[:, 0] - 1e-9) & (seen <= bounds[:, 1] + 1e-9)
    return Coverage(level, float(inside.mean()), float(bounds[:, 2].mean()))

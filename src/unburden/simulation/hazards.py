"""Hazards and time on study estimated from patients' follow-up."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from unburden.domain.burden import TimeOnStudy
from unburden.domain.errors import InvalidCohort, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.scenario import (
    DAYS_PER_MONTH,
    Hazard,
    PiecewiseHazard,
    WeibullHazard,
    find_start_problems,
)

MOST_YEARS = 50
"""The longest time that a patient can plausibly have been followed."""


def find_time_problems(days: Sequence[float]) -> list[str]:
    """Why these cannot be days that patients were followed; nothing if they can."""
    times = np.asarray(days, dtype=float)
    if not times.size:
        return ["there is no time; give at least one"]
    finite = times[np.isfinite(times)]
    found = []
    if finite.size < times.size:
        odd = times.size - finite.size
        found.append(f"{odd} of {times.size} times is not a finite number; correct or empty it")
    if finite.size and finite.min() < 0:
        found.append(f"a time is negative ({finite.min():g} days); correct it")
    if finite.size and finite.max() > 12 * MOST_YEARS * DAYS_PER_MONTH:
        longest = f"a time is {finite.max():.15g} days"
        found.append(f"{longest}; give at most {MOST_YEARS} years, or correct the column or its unit")
    return found


def estimate_piecewise_hazard(
    days: Sequence[float], has_event: Sequence[bool], start_months: Sequence[float], source: str
) -> tuple[PiecewiseHazard, tuple[Estimate, ...]]:
    """Events per person-month in each interval, with 95 % intervals.

    Maximum likelihood for a piecewise-exponential hazard; the interval is rate × exp(±1.96/√events)
    (Breslow & Day 1987, log scale). Raises `InvalidCohort` where an interval has no event or no
    follow-up, or a time cannot be.

    >>> hazard, _ = estimate_piecewise_hazard([30.4375, 60.875], [True, True], (0.0,), "observed:x")
    >>> [round(rate, 3) for rate in hazard.per_month]
    [0.667]
    """
    months = np.asarray(days, dtype=float) / DAYS_PER_MONTH
    event = np.asarray(has_event, dtype=bool)
    starts = [*start_months, math.inf]
    problems = Problems("hazard from the cohort")
    problems.extend(find_time_problems(days))
    problems.extend(find_start_problems(start_months))
    problems.raise_if_any(InvalidCohort)
    estimates: list[Estimate] = []
    for start, end in pairwise(starts):
        exposure = float(np.clip(months - start, 0, end - start).sum())
        events = int((event & (months >= start) & (months < end)).sum())
        if not problems.check(events > 0, f"no event from month {start:g} to {end:g}; join intervals"):
            continue
        if not problems.check(
            exposure > 0, f"nobody is followed from month {start:g} to {end:g}; join intervals"
        ):
            continue
        rate, spread = events / exposure, math.exp(1.96 / math.sqrt(events))
        estimates.append(Estimate(rate, rate / spread, rate * spread, "1/month", (source,)))
    problems.raise_if_any(InvalidCohort)
    return PiecewiseHazard(tuple(start_months), tuple(e.value for e in estimates)), tuple(estimates)


def estimate_time_on_study(days: Sequence[float], has_left: Sequence[bool], source: str) -> TimeOnStudy:
    """Kaplan-Meier share of patients who have not left by each day.

    `days` until a patient left (`has_left`) or was last seen. A patient who leaves on a day still
    counts on that day; the share falls on the next. Raises `InvalidCohort` where a time cannot be.

    >>> estimate_time_on_study([10, 20], [True, True], "observed:x").share_at(15)
    0.5
    """
    problems = Problems("time on study")
    problems.extend(find_time_problems(days))
    problems.raise_if_any(InvalidCohort)
    time = np.asarray(days, dtype=float)
    left = np.asarray(has_left, dtype=bool)
    share, steps = 1.0, []
    for day in np.unique(time[left]):
        share *= 1 - float((left & (time == day)).sum()) / float((time >= day).sum())
        steps.append((float(day) + 1, max(0.0, share)))
    return TimeOnStudy(tuple(d for d, _ in steps), tuple(s for _, s in steps), source)


def derive_survival(hazard: Hazard, month: float) -> float:
    """Share free of the event at a month.

    >>> round(derive_survival(PiecewiseHazard((0.0, 12.0), (0.1, 0.05)), 24.0), 6) == round(math.exp(-1.8), 6)
    True
    """
    if isinstance(hazard, WeibullHazard):
        return math.exp(-((month / hazard.scale_months) ** hazard.shape))
    ends = [*hazard.start_months[1:], math.inf]
    total = sum(
        rate * max(0.0, min(month, end) - start)
        for start, end, rate in zip(hazard.start_months, ends, hazard.per_month, strict=True)
    )
    return math.exp(-total)


def derive_exponential_course(median_days: float) -> tuple[list[float], list[float]]:
    """Days and shares of an exponential time in a state, as a step function that ends at 0.

    A step a day, for medians above 500 days a step a hundredth of the median; each step holds the
    share at its middle, so that the area under the steps is that under the curve. The last
    thousandth leaves at once.

    >>> days, shares = derive_exponential_course(30.0)
    >>> round(shares[29], 2), shares[-1]
    (0.49, 0.0)
    """
    step = 1.0 if median_days <= 500 else median_days / 100
    rate = math.log(2) / median_days
    count = math.ceil(math.log(1000) / (rate * step))
    days = [step * i for i in range(1, count + 1)]
    shares = [math.exp(-rate * (day + step / 2)) for day in days[:-1]]
    return days, [*shares, 0.0]

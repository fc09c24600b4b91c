"""Figures that are read off a score: days at home, the most blood in eight weeks, who carries most."""

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from unburden.burden.population import find_worst_mean
from unburden.burden.totals import UNIT_BY_TOTAL, Key, find_terms, list_totals, total_terms
from unburden.domain.burden import (
    BurdenLine,
    BurdenScore,
    BurdenView,
    PatientSpread,
    PatientTimes,
    compute_amount,
)
from unburden.domain.cycles import Floats
from unburden.domain.errors import InvalidEvidence, Problems
from unburden.domain.estimate import Estimate

EIGHT_WEEKS = 56.0
EVERYONE_LIVES = "assumed:everyone lives to the end of the schedule"


def find_home_days(score: BurdenScore) -> Estimate | None:
    """Days alive, from the reference to the end, without contact outside home.

    None for a mixture and where a visit's day is not known. Contact before the reference (screening)
    and on the day that ends it all is not subtracted, because those days are not counted.
    """
    times = score.patient_times
    if times is None or not times.is_dated:
        return None
    contact = [
        line.with_times(line.times * times.shares[row])
        for row, line in times.lines
        if line.dimension == "contact_days" and _is_counted(times, row)
    ]
    away = total_terms(find_terms(contact)["contact_days"], score.evidence, "day")
    source = times.alive_source or EVERYONE_LIVES
    value, low, high = (max(0.0, times.days_alive - part) for part in (away.value, away.high, away.low))
    return Estimate(value, low, high, "day", tuple(sorted({*away.sources, source})))


def find_peak_blood(score: BurdenScore) -> Estimate | None:
    """The most blood in any eight weeks, of a patient who has every visit; None for a mixture.

    Eight weeks are 56 dates in a row; visits on no known day are left out.
    """
    times = score.patient_times
    if times is None:
        return None
    by_date: dict[float, list[tuple[float, BurdenLine]]] = {}
    for row, line in times.lines:
        if line.dimension == "blood_ml" and (day := times.days[row]) is not None:
            date = math.floor(day)
            by_date.setdefault(date, []).append((compute_amount(line, score.evidence), line))
    dates = sorted(by_date)
    best: list[BurdenLine] = []
    most = 0.0
    for last, end in enumerate(dates):
        start = bisect_right(dates, end - EIGHT_WEEKS)
        window = [drawn for date in dates[start : last + 1] for drawn in by_date[date]]
        amount = math.fsum(each for each, _ in window)
        if amount > most:
            best, most = [line for _, line in window], amount
    return total_terms(find_terms(best)["blood_ml"], score.evidence, "mL")


def spread_patients(score: BurdenScore) -> dict[str, PatientSpread]:
    """How each dimension differs between patients by how long they stay, the evidence at its values.

    Empty for a mixture. What differs is only who is there when: typical patients ordered by their
    time in each state.
    """
    amounts = derive_patient_amounts(score)
    return {name: _describe_spread(values, UNIT_BY_TOTAL[name]) for name, values in amounts.items()}


def spread_home_days(score: BurdenScore) -> PatientSpread | None:
    """How days at home differ between patients by how long they live and stay; as `find_home_days`.

    Its `worst_tenth` is the mean of the tenth with fewest. None for a mixture and where a visit's
    day is not known.
    """
    values = derive_patient_home_days(score)
    if values is None:
        return None
    fewest = -find_worst_mean(-values, _weigh_alike(values))
    return replace(_describe_spread(values, "day"), worst_tenth=fewest)


def derive_patient_amounts(score: BurdenScore) -> dict[str, Floats]:
    """What each typical patient has in each dimension, the evidence at its values; empty for a mixture."""
    times = score.patient_times
    if times is None:
        return {}
    amounts = {name: np.zeros(len(times.shares)) for name in UNIT_BY_TOTAL}
    for row, line in times.lines:
        amount = compute_amount(line, score.evidence)
        for name in list_totals(line):
            amounts[name][row] += amount
    return {name: by_group @ times.there for name, by_group in amounts.items()}


def derive_patient_home_days(score: BurdenScore) -> Floats | None:
    """Days of each typical patient, alive and without contact outside home; as `find_home_days`."""
    times = score.patient_times
    if times is None or not times.is_dated:
        return None
    away = np.zeros(len(times.shares))
    for row, line in times.lines:
        if line.dimension == "contact_days" and _is_counted(times, row):
            away[row] += compute_amount(line, score.evidence)
    return np.maximum(0.0, times.days_lived - away @ times.there)


def _describe_spread(values: Floats, unit: str) -> PatientSpread:
    tenth, half, most = (float(q) for q in np.quantile(values, (0.1, 0.5, 0.9)))
    worst = find_worst_mean(values, _weigh_alike(values))
    return PatientSpread(float(values.mean()), tenth, half, most, worst, unit)


def _weigh_alike(values: Floats) -> Floats:
    return np.full(len(values), 1 / len(values))


def _is_counted(times: PatientTimes, row: int) -> bool:
    """Whether a group of lines lies within the days that are counted, from the reference to the end."""
    day = times.days[row]
    return day is None or 0 <= day < times.end_day


def apply_view(score: BurdenScore, view: BurdenView) -> Estimate:
    """A declared scalar: the weighted sum of dimensions, with its interval.

    Raises `InvalidEvidence` where the view names a dimension that no score has.
    """
    problems = Problems(f"view {view.name!r}")
    for name in view.weights:
        known = ", ".join(UNIT_BY_TOTAL)
        problems.check(name in UNIT_BY_TOTAL, f"weighs {name!r}, which is no dimension; use one of {known}")
    problems.raise_if_any(InvalidEvidence)
    by_dimension: Mapping[str, Mapping[Key, float]] = find_terms(score.lines)
    terms: dict[Key, float] = {}
    for name, weight in view.weights.items():
        for key, times in by_dimension[name].items():
            terms[key] = terms.get(key, 0.0) + weight * times
    return total_terms(terms, score.evidence, view.unit)

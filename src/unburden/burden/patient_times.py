"""Lines as they fall on typical patients: who is there when, and what that makes of each line."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np

from unburden.burden.occurrences import Presence
from unburden.domain.burden import BurdenLine, PatientTimes, TimeOnStudy
from unburden.domain.cycles import TYPICAL_PATIENTS, Floats, PatientCourse

DAYS_PER_RATE = 100.0
"""An unscheduled visit's rate is for so many days on study."""


def make_patient_times(
    timed: Iterable[tuple[tuple[Presence, ...], BurdenLine]], course: PatientCourse, last_day: float
) -> PatientTimes:
    """The lines with who is there for them.

    A patient is there where one of the presences holds; lines without one fall in proportion to
    the days on study. Days alive are counted up to the horizon, else to the last day of the
    schedule; so are days on study where a curve says how long patients stay, else to that last day.
    """
    alive = course.curves.get("alive")
    end = last_day if course.horizon_days is None else course.horizon_days
    last_on_study = end if "study" in course.curves else last_day
    groups: dict[tuple[Presence, ...], int] = {}
    lines = tuple((groups.setdefault(presences, len(groups)), line) for presences, line in timed)
    patients: dict[Presence, Floats] = {}
    there = np.zeros((len(groups), TYPICAL_PATIENTS))
    shares: list[float] = []
    days: list[float | None] = []
    for row, presences in enumerate(groups):
        for each in presences:
            if each not in patients:
                patients[each] = each.find_patients(course)
            there[row] = np.maximum(there[row], patients[each])
        if presences:
            shares.append(max(each.find_share(course) for each in presences))
            is_known = all(each.after is None for each in presences)
            days.append(presences[0].day if is_known else None)
        else:
            there[row] = np.minimum(course.find_end_days("study"), last_on_study) / DAYS_PER_RATE
            shares.append(integrate_days(course.find_curve("study"), last_on_study) / DAYS_PER_RATE)
            days.append(None)
    lived = np.full(TYPICAL_PATIENTS, end) if alive is None else course.find_end_days("alive")
    return PatientTimes(
        lines=lines,
        shares=tuple(shares),
        days=tuple(days),
        there=there,
        is_dated=all(each.day is not None for presences in groups for each in presences),
        days_alive=integrate_days(alive, end),
        end_day=end,
        alive_source=alive.source if alive else "",
        days_lived=np.minimum(lived, end),
    )


def weigh_lines(patient_times: PatientTimes) -> Iterator[BurdenLine]:
    """Each line with the share of patients there in its `times`."""
    for row, line in patient_times.lines:
        yield line.with_times(line.times * patient_times.shares[row])


def integrate_days(curve: TimeOnStudy | None, end: float) -> float:
    """Expected days in a state from the reference to a day: the area under its step function.

    >>> integrate_days(TimeOnStudy((10.0, 20.0), (0.5, 0.0), "observed:x"), 30.0)
    15.0
    """
    if end <= 0:
        return 0.0
    if curve is None:
        return end
    days = [0.0, *(min(max(day, 0.0), end) for day in curve.days), end]
    shares = [1.0, *curve.shares]
    return float(sum((b - a) * share for (a, b), share in zip(pairwise(days), shares, strict=True)))

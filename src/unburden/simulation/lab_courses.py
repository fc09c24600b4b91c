"""How laboratory changes come and go, from values seen at visits only.

Neither onset nor recovery is seen: each lies between two visits. Two states with constant hazards
(Kalbfleisch & Lawless 1985, JASA 80:863) make the likelihood of each pair of visits; only that
assumption says how many changes came and went between visits. How long single changes lasted cannot
be known from visits wider apart than they last.
"""

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from unburden.domain.errors import NoEstimate, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.laboratory import LabCourse, LabHistories, OnsetCurve

MODEL = "model:two states with constant hazards, seen at visits"
_Z = 1.959963984540054


def estimate_lab_course(histories: LabHistories) -> LabCourse:
    """Onset hazard and mean duration by maximum likelihood, 95 % intervals on the log scale (Wald).

    With α the hazard of onset, β of recovery and s = α + β, a patient without the change has it Δ
    days later with probability α / s (1 - exp(-s Δ)), one with it has lost it with β / s (1 - exp(-s Δ)).
    Raises `NoEstimate` where no change was seen to come, none to go, or none at two visits running:
    then the data do not tell a duration.
    """
    gaps, was, turns = _list_pairs(histories)
    _check_pairs(histories, was, turns)
    logs = _start(gaps, was, turns)
    value = _sum_likelihood(logs, gaps, was, turns)
    information = np.eye(2)
    for _ in range(200):
        gradient, information = _differentiate(logs, gaps, was, turns)
        eigen = np.linalg.eigvalsh(information)[0]
        step = np.linalg.solve(information + max(0.0, 1e-6 - 2 * eigen) * np.eye(2), gradient)
        step *= min(1.0, 1.0 / max(np.abs(step).max(), 1e-300))
        while (new := _sum_likelihood(logs + step, gaps, was, turns)) < value - 1e-12 * abs(value):
            step = step / 2
        logs, value = logs + step, new
        if np.abs(step).max() < 1e-9:
            break
    problems = Problems(f"course of {histories.test}")
    is_sure = np.linalg.eigvalsh(information)[0] > 1e-6
    problems.check(is_sure, "the likelihood has no clear maximum; the visits do not tell onset from recovery")
    problems.raise_if_any(NoEstimate)
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    rate, recovery = np.exp(logs)
    sources = (histories.source, MODEL)
    spread = np.exp(_Z * errors)
    return LabCourse(
        histories.test,
        histories.least_grade,
        Estimate(rate, rate / spread[0], rate * spread[0], "1/day", sources),
        Estimate(1 / recovery, 1 / recovery / spread[1], spread[1] / recovery, "day", sources),
    )


def estimate_onset_rate(histories: LabHistories) -> Estimate:
    """Hazard per day of a change that is seen, from first sightings between two visits (exponential).

    Maximum likelihood: exp(-α left) - exp(-α right) for who had it first at `right`, exp(-α last) for who
    never had it. Changes over before the next visit do not count, so that it is at most the hazard of all.
    Raises `NoEstimate` where nobody had it; see `bound_onset_rate`.
    """
    left, right, free = _list_first_sightings(histories)
    problems = Problems(f"onset of {histories.test}")
    told = f"nobody came to grade {histories.least_grade} in {free.sum():,.0f} days; the hazard is at most "
    problems.check(left.size > 0, f"{told}{bound_onset_rate(histories):.3g} a day (95 %), more is not known")
    problems.raise_if_any(NoEstimate)
    log_rate = math.log(left.size / (free.sum() + right.sum()))
    information = 1.0
    for _ in range(100):
        rate, width = math.exp(log_rate), right - left
        tail = 1 / np.expm1(rate * width)
        score = float((width * tail - left).sum() - free.sum())
        curve = float((width**2 * tail * (1 + tail)).sum())
        information = rate**2 * curve - rate * score
        step = min(max(rate * score / max(rate**2 * curve, 1e-300), -1.0), 1.0)
        log_rate += step
        if abs(step) < 1e-12:
            break
    rate, spread = math.exp(log_rate), math.exp(_Z / math.sqrt(information))
    source = "model:exponential onset between visits"
    return Estimate(rate, rate / spread, rate * spread, "1/day", (histories.source, source))


def bound_onset_rate(histories: LabHistories) -> float:
    """The largest hazard per day at which nobody having it would still happen in 5 of 100 such samples.

    -log(0.05) over the days seen free (exact for a constant hazard whose changes last until seen);
    for histories in which somebody had it, `estimate_onset_rate` says more.
    """
    left, _, free = _list_first_sightings(histories)
    return -math.log(0.05) / float(free.sum() + left.sum())


def estimate_onset_curve(histories: LabHistories) -> OnsetCurve:
    """First sightings over time without assuming a hazard: Turnbull's estimate (1976, JRSS B 38:290) by EM.

    Mass can only lie where the start of some patient's interval is followed at once by the end of
    one. The EM ends when no cell's share of the likelihood's slope exceeds 1 by more than 1e-6, which
    proves the maximum (Gentleman & Geyer 1994). Compare with exp(-rate × day) of `estimate_onset_rate`.
    """
    left, right, free = _list_first_sightings(histories)
    lows, highs = np.concatenate([left, free]), np.concatenate([right, np.full(free.size, math.inf)])
    ends = sorted({*((day, 0) for day in highs.tolist()), *((day, 1) for day in lows.tolist())})
    cells = [(a, b) for (a, is_start), (b, is_next) in pairwise(ends) if is_start and not is_next]
    after, by = (np.array(column) for column in zip(*cells, strict=True))
    covers = (after >= lows[:, None]) & (by <= highs[:, None])
    masses = np.full(after.size, 1 / after.size)
    for _ in range(100_000):
        slope = (covers / (covers @ masses)[:, None]).mean(axis=0)
        if slope.max() < 1 + 1e-6:
            break
        masses = masses * slope
    sources = (histories.source, "model:nonparametric onset between visits")
    return OnsetCurve(tuple(after.tolist()), tuple(by.tolist()), tuple(masses.tolist()), sources)


def _list_first_sightings(histories: LabHistories) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Last day free and first day with the change of who had it; last day of who never had."""
    left, right, free = [], [], []
    for days, high in zip(histories.days, histories.is_high, strict=True):
        if any(high):
            place = high.index(True)
            left.append(days[place - 1] - days[0])
            right.append(days[place] - days[0])
        else:
            free.append(days[-1] - days[0])
    return np.array(left), np.array(right), np.array(free)


def _list_pairs(histories: LabHistories) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days between visits, whether the change was there at the first and was otherwise at the next."""

    def walk() -> Iterator[tuple[float, bool, bool]]:
        for days, high in zip(histories.days, histories.is_high, strict=True):
            for (day, before), (later, after) in pairwise(zip(days, high, strict=True)):
                yield later - day, before, before != after

    gaps, was, turns = zip(*walk(), strict=True)
    return np.array(gaps), np.array(was, dtype=bool), np.array(turns, dtype=bool)


def _check_pairs(histories: LabHistories, was: np.ndarray, turns: np.ndarray) -> None:
    problems = Problems(f"course of {histories.test} from grade {histories.least_grade}")
    has_onset = bool((~was & turns).any())
    if not has_onset:
        told = (
            f"nobody came to the grade; the hazard is at most {bound_onset_rate(histories):.3g} a day (95 %)"
        )
        problems.add(f"{told}. Take a published course, or a lower grade")
    else:
        told = "nobody was seen to recover; the duration is not known. Follow longer or take a published one"
        problems.check(bool((was & turns).any()), told)
        told = (
            "no change was there at two visits running; visits are too far apart to tell how long one lasts"
        )
        problems.check(bool((was & ~turns).any()), f"{told}. Take a published duration")
    problems.raise_if_any(NoEstimate)


def _start(gaps: np.ndarray, was: np.ndarray, turns: np.ndarray) -> np.ndarray:
    onset = (~was & turns).sum() / gaps[~was].sum()
    recovery = (was & turns).sum() / gaps[was].sum()
    return np.log([onset, recovery])


def _find_logs(logs: np.ndarray, gaps: np.ndarray, was: np.ndarray, turns: np.ndarray) -> np.ndarray:
    rates = np.exp(logs)
    total = rates[0] + rates[1]
    turning = np.where(was, rates[1], rates[0]) / total * (1 - np.exp(-total * gaps))
    return np.log(np.where(turns, turning, 1 - turning))


def _sum_likelihood(logs: np.ndarray, gaps: np.ndarray, was: np.ndarray, turns: np.ndarray) -> float:
    return float(_find_logs(logs, gaps, was, turns).sum().real)


def _differentiate(
    logs: np.ndarray, gaps: np.ndarray, was: np.ndarray, turns: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and observed information: complex steps (exact), their differences."""

    def take_gradient(at: np.ndarray) -> np.ndarray:
        steps = 1e-30j * np.eye(2)
        return np.array([_find_logs(at + step, gaps, was, turns).sum().imag / 1e-30 for step in steps])

    width = 1e-5
    rows = [
        (take_gradient(logs - width * e) - take_gradient(logs + width * e)) / (2 * width) for e in np.eye(2)
    ]
    information = np.array(rows)
    return take_gradient(logs), (information + information.T) / 2

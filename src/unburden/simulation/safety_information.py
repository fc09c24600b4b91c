"""Whether a visit schedule finds laboratory changes while they last, and how long after their onset.

The first change of a patient starts with a constant hazard before the risk's horizon and lasts an
exponential time; a visit with one of the risk's tests finds it if it lasts until then. Everything
is in closed form between visits. For visits L days apart, onset even in time and a mean duration μ,
the probability is μ / L (1 - exp(-L / μ)).
"""

import math
from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np

from unburden.domain.errors import InvalidInput, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.laboratory import Detection, DetectionFloor, FloorCheck, SafetyRisk

SOURCE = "model:exponential laboratory course seen at visits"


def compute_periodic_detection(gap_days: float, mean_days: float) -> float:
    """Share of changes found by visits this far apart, onset even in time, exponential duration.

    >>> round(compute_periodic_detection(28.0, 28.0), 4)
    0.6321
    """
    problems = Problems("periodic visits")
    for name, value in (("gap_days", gap_days), ("mean_days", mean_days)):
        fits = math.isfinite(value) and value > 0
        problems.check(fits, f"{name} is {value}; give a number over 0")
    problems.raise_if_any(InvalidInput)
    return -math.expm1(-gap_days / mean_days) * mean_days / gap_days


def compute_periodic_delay(gap_days: float, mean_days: float, share: float) -> float:
    """Delay that `share` of the changes found do not exceed: -μ log(1 - share (1 - exp(-L / μ)))."""
    problems = Problems("periodic visits")
    problems.check(0 < share < 1, f"share is {share}; give a number between 0 and 1")
    problems.raise_if_any(InvalidInput)
    found = compute_periodic_detection(gap_days, mean_days) * gap_days / mean_days
    return -mean_days * math.log1p(-share * found)


def evaluate_detection(risk: SafetyRisk, visit_days_by_test: Mapping[str, Sequence[float]]) -> Detection:
    """What visits find of one risk; a test's visits in days since treatment began.

    A visit holding any of the risk's tests counts. Each figure is also taken at the ends of the
    intervals of onset and duration: the smallest and largest of the nine are its interval, at the
    joint level of both (Bonferroni). Raises `InvalidInput` where a test has no visits or days cannot be.

    >>> from unburden.domain.estimate import exact
    >>> from unburden.domain.laboratory import LabCourse
    >>> course = LabCourse("ALT", 3, exact(1e-4, "1/day", "assumed:x"), exact(28, "day", "assumed:x"))
    >>> every_four_weeks = [28.0 * k for k in range(1, 7)]
    >>> found = evaluate_detection(SafetyRisk("liver", course, ("ALT",), 168.0), {"ALT": every_four_weeks})
    >>> found.probability.text()
    '0.632'
    """
    days = _join_visits(risk, visit_days_by_test)
    lapses, (rate, mean) = _Lapses(days, risk.horizon_days), _list_corners(risk)
    course = risk.course
    sources = (SOURCE, *dict.fromkeys((*course.onset_per_day.sources, *course.mean_days.sources)))
    unsure = [e.level for e in (course.onset_per_day, course.mean_days) if not e.is_exact]
    level = max(1 - sum(1 - one for one in unsure), 0.5) if unsure else 0.95

    def tell(values: np.ndarray, unit: str) -> Estimate:
        return Estimate(float(values[0]), float(values.min()), float(values.max()), unit, sources, level)

    def tell_delay(lengths: np.ndarray, share: float) -> Estimate | None:
        values = lapses.find_delay(rate, lengths, share)
        return tell(values, "day") if np.isfinite(values).all() else None

    found, lasting = lapses.find_share(rate, mean, math.inf), np.full(mean.shape, math.inf)
    return Detection(
        risk=risk,
        visit_days=days,
        probability=tell(found, "1"),
        found_median_days=tell_delay(mean, 0.5),
        found_p95_days=tell_delay(mean, 0.95),
        lasting_median_days=tell_delay(lasting, 0.5),
        lasting_p95_days=tell_delay(lasting, 0.95),
        unseen_days=tell(mean * (1 - found), "day"),
        missed_per_1000=tell(-1000 * np.expm1(-rate * risk.horizon_days) * (1 - found), "patient"),
    )


def check_floors(
    risks: Sequence[SafetyRisk],
    floors: Sequence[DetectionFloor],
    visit_days_by_test: Mapping[str, Sequence[float]],
) -> FloorCheck:
    """Whether a schedule finds every risk as the floors demand; each shortfall in words.

    A visit added to any test never turns a met floor into a shortfall. Raises `InvalidInput` for a floor
    of no risk, and as `evaluate_detection`.
    """
    _check_names(risks, floors)
    detections = {risk.name: evaluate_detection(risk, visit_days_by_test) for risk in risks}
    shortfalls = [told for floor in floors for told in _find_shortfalls(floor, detections[floor.risk])]
    return FloorCheck(tuple(detections.values()), tuple(shortfalls))


def meets_floors(
    risks: Sequence[SafetyRisk],
    floors: Sequence[DetectionFloor],
    visit_days_by_test: Mapping[str, Sequence[float]],
) -> bool:
    """As `check_floors`, without the words and a hundred times faster: for a search over schedules."""
    _check_names(risks, floors)
    by_name = {risk.name: risk for risk in risks}
    for floor in floors:
        risk = by_name[floor.risk]
        lapses = _Lapses(_join_visits(risk, visit_days_by_test), risk.horizon_days)
        rate, mean = _list_corners(risk)
        if floor.judged_at == "estimate":
            rate, mean = rate[:1], mean[:1]
        asks = [(mean, math.inf, floor.least_detection)]
        lasting = np.full(mean.shape, math.inf)
        for delay, share in (
            (floor.longest_median_delay_days, 0.5),
            (floor.longest_p95_delay_days, 0.95),
        ):
            asks.append((lasting, delay or math.inf, share if delay else None))
        for lengths, delay, least in asks:
            if least is not None and (lapses.find_share(rate, lengths, delay) < least).any():
                return False
    return True


def _check_names(risks: Sequence[SafetyRisk], floors: Sequence[DetectionFloor]) -> None:
    problems = Problems("floors of detection")
    names = [risk.name for risk in risks]
    problems.check(len(set(names)) == len(names), "two risks have one name; give each its own")
    known = ", ".join(names) or "none"
    for floor in floors:
        problems.check(floor.risk in names, f"a floor is for {floor.risk!r}; use one of the risks: {known}")
    problems.raise_if_any(InvalidInput)


def _list_corners(risk: SafetyRisk) -> tuple[np.ndarray, np.ndarray]:
    """Onset hazards and mean durations (k,): the estimates first, then the ends of their intervals."""
    course = risk.course
    pairs = product(dict.fromkeys(course.onset_per_day.bounds()), dict.fromkeys(course.mean_days.bounds()))
    rate, mean = zip(*pairs, strict=True)
    return np.array(rate), np.array(mean)


def _find_shortfalls(floor: DetectionFloor, detection: Detection) -> list[str]:
    is_bound, found = floor.judged_at == "bound", []
    where = f"{floor.risk}: "
    level = f" ({detection.probability.level:.0%} bound)" if is_bound else ""
    share = detection.probability.low if is_bound else detection.probability.value
    if floor.least_detection is not None and share < floor.least_detection:
        told = f"{share:.3f} of changes are found while they last{level}, fewer than {floor.least_detection}"
        found.append(f"{where}{told}; add visits with {' or '.join(detection.risk.tests)}")
    for most, delay, word in (
        (floor.longest_median_delay_days, detection.lasting_median_days, "half"),
        (floor.longest_p95_delay_days, detection.lasting_p95_days, "95 %"),
    ):
        if most is None:
            continue
        days = math.inf if delay is None else (delay.high if is_bound else delay.value)
        if days > most:
            seen = (
                f"after {days:.1f} days{level}"
                if days < math.inf
                else "never, for onset after the last visit"
            )
            told = f"{word} of lasting changes are found only {seen}, later than {most:g} days"
            told = told.replace("only never", "never")
            found.append(f"{where}{told}; add visits with {' or '.join(detection.risk.tests)}")
    return found


def _join_visits(risk: SafetyRisk, visit_days_by_test: Mapping[str, Sequence[float]]) -> tuple[float, ...]:
    """Days on which any test of the risk is done, in order."""
    problems = Problems(f"visits for {risk.name!r}")
    days: set[float] = set()
    for test in risk.tests:
        has_visits = test in visit_days_by_test
        if problems.check(has_visits, f"no visits are given for {test}; give its days, or () for none"):
            own = visit_days_by_test[test]
            odd = [day for day in own if not (math.isfinite(day) and day > 0)]
            problems.check(not odd, f"days of {test} are {odd[:5]}; give finite numbers over 0")
            days.update(map(float, own))
    problems.raise_if_any(InvalidInput)
    return tuple(sorted(days))


class _Lapses:
    """The times between visits in which a change may start: first, last, and the visit that ends each."""

    def __init__(self, days: Sequence[float], horizon: float) -> None:
        starts = np.array([0.0, *days])[: len(days)]
        kept = starts < horizon
        self.horizon = horizon
        self.start = starts[kept]
        self.visit = np.array(days)[kept] if days else np.empty(0)
        self.end = np.minimum(self.visit, horizon)

    def find_delay(self, rate: np.ndarray, mean: np.ndarray, share: float) -> np.ndarray:
        """Delay that `share` of the found do not exceed (of all, for infinite means); infinite if never."""
        found = self.find_share(rate, mean, math.inf)
        wanted = share * np.where(mean < math.inf, found, 1.0)
        low, high = np.zeros(rate.shape), np.full(rate.shape, (self.visit - self.start).max(initial=0.0))
        for _ in range(45):
            middle = (low + high) / 2
            is_early = self.find_share(rate, mean, middle) < wanted
            low, high = np.where(is_early, middle, low), np.where(is_early, high, middle)
        return np.where((wanted > 0) & (found >= wanted - 1e-12), high, math.inf)

    def find_share(self, rate: np.ndarray, mean: np.ndarray, delay: np.ndarray | float) -> np.ndarray:
        """Share of changes found within `delay` days while they last, of each pair (k,).

        ∫ r exp(-r u - (visit - u) / μ) du over onsets u of each lapse, over the chance of an onset.
        """
        rate, fading = rate[:, None], 1 / mean[:, None]
        start = np.maximum(self.start, self.visit - np.reshape(delay, (-1, 1)))
        length = np.maximum(self.end - start, 0.0)
        growth, gone = rate - fading, rate * self.end + (self.visit - self.end) * fading
        reach = growth * length
        rise = np.where(reach > 50, np.exp(reach - gone), np.exp(-gone) * np.expm1(np.minimum(reach, 50)))
        inside = np.where(growth == 0, np.exp(-gone) * length, rise / np.where(growth == 0, 1, growth))
        return (rate * inside).sum(axis=1) / -np.expm1(-rate[:, 0] * self.horizon)

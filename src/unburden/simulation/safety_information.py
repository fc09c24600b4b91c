"""Whether a visit schedule finds laboratory changes while they last, and how long after their onset.

The first change of a patient starts with a constant hazard before the risk's horizon and lasts an
exponential time; a visit with one of the risk's tests finds it if it lasts until then. Everything
is in closed form between visits. For visits L days apart, onset even in time and a mean duration μ,
the probability is μ / L (1 - exp(-L / μ)).
"""

import math
from collections.abc import Callable, Mapping, Sequence
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
    onset, mean = risk.course.onset_per_day, risk.course.mean_days
    lapses = _Lapses(days, risk.horizon_days)
    level = max(onset.level + mean.level - 1, 0.5)
    exact = (1 - onset.is_exact) + (1 - mean.is_exact)
    level = {0: 0.95, 1: mean.level if onset.is_exact else onset.level}.get(exact, level)
    sources = (SOURCE, *dict.fromkeys((*onset.sources, *mean.sources)))
    corners = list(product(dict.fromkeys(onset.bounds()), dict.fromkeys(mean.bounds())))

    def tell(of: Callable[[float, float], float], unit: str) -> Estimate | None:
        values = [of(rate, length) for rate, length in corners]
        if not all(map(math.isfinite, values)):
            return None
        return Estimate(values[0], min(values), max(values), unit, sources, level)

    def need(of: Callable[[float, float], float], unit: str) -> Estimate:
        found = tell(of, unit)
        assert found is not None
        return found

    return Detection(
        risk=risk,
        visit_days=days,
        probability=need(lapses.find_share, "1"),
        found_median_days=tell(lambda r, m: lapses.find_delay(r, m, 0.5), "day"),
        found_p95_days=tell(lambda r, m: lapses.find_delay(r, m, 0.95), "day"),
        lasting_median_days=tell(lambda r, _: lapses.find_delay(r, math.inf, 0.5), "day"),
        lasting_p95_days=tell(lambda r, _: lapses.find_delay(r, math.inf, 0.95), "day"),
        unseen_days=need(lambda r, m: m * (1 - lapses.find_share(r, m)), "day"),
        missed_per_1000=need(
            lambda r, m: -1000 * math.expm1(-r * risk.horizon_days) * (1 - lapses.find_share(r, m)), "patient"
        ),
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
    problems = Problems("floors of detection")
    names = [risk.name for risk in risks]
    problems.check(len(set(names)) == len(names), "two risks have one name; give each its own")
    known = ", ".join(names) or "none"
    for floor in floors:
        problems.check(floor.risk in names, f"a floor is for {floor.risk!r}; use one of the risks: {known}")
    problems.raise_if_any(InvalidInput)
    detections = {risk.name: evaluate_detection(risk, visit_days_by_test) for risk in risks}
    shortfalls = [told for floor in floors for told in _find_shortfalls(floor, detections[floor.risk])]
    return FloorCheck(tuple(detections.values()), tuple(shortfalls))


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

    def find_share(self, rate: float, mean: float) -> float:
        """Share of changes that are found while they last."""
        return self._find_by(rate, mean, math.inf)

    def find_delay(self, rate: float, mean: float, share: float) -> float:
        """Delay that `share` of the found do not exceed; for an infinite mean, of all. Infinite if never."""
        wanted = share * (self.find_share(rate, mean) if mean < math.inf else 1.0)
        high = float((self.visit - self.start).max(initial=0.0))
        if wanted <= 0 or self._find_by(rate, mean, high) < wanted - 1e-12:
            return math.inf
        low = 0.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self._find_by(rate, mean, middle) < wanted else (low, middle)
        return high

    def _find_by(self, rate: float, mean: float, delay: float) -> float:
        """Share of changes found within `delay` days: ∫ r exp(-r u - (visit - u) / μ) du over onsets u."""
        start = np.maximum(self.start, self.visit - delay) if delay < math.inf else self.start
        length = np.maximum(self.end - start, 0.0)
        fading = 1 / mean if mean < math.inf else 0.0
        growth = rate - fading
        inside = length if growth == 0 else np.expm1(growth * length) / growth
        after = np.exp(-rate * self.end - (self.visit - self.end) * fading)
        return float((rate * after * inside).sum() / -math.expm1(-rate * self.horizon))

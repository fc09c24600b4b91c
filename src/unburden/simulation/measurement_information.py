"""Information of a measurement that is replaced by another or taken in another way.

The effect on a mean has the information effect² / variance a patient. A device's mean of k days has the
variance between² + within²/k: more days do away with the spread within patients, never with that between.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from unburden.domain.errors import InvalidCohort, InvalidDesign, NoEstimate, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.information import Information
from unburden.domain.measured_course import EffectModel, MeasuredCourse
from unburden.domain.measurement import ChangedPower, CrossingPoint, DeviceMeasure, ModeChange
from unburden.kernels.covariances import draw_sample
from unburden.simulation.distributions import compute_normal_quantile, compute_normal_upper
from unburden.simulation.estimate_draws import draw_estimates, estimate_from_draws
from unburden.simulation.longitudinal_information import compute_variances, mark_visits


def compare_device_days(
    clinic_sd: Estimate,
    device: DeviceMeasure,
    days: Sequence[int],
    *,
    level: float,
    draws: int,
    seed: int,
) -> tuple[Information, ...]:
    """Information of the mean of k device days over that of one clinic test, for each k in `days`.

    ratio² clinic_sd² / (between² + within²/k); it may exceed 1. Where the analysis adjusts for a baseline
    give residual standard deviations. The intervals take the inputs as independent. Raises
    `InvalidDesign`.
    """
    problems = Problems(f"device measure {device.name!r}")
    problems.check(bool(days), "no days are given; give at least one number of days")
    problems.check(all(k >= 1 for k in days), f"days are {list(days)}; give whole numbers of at least 1")
    _check_clinic(clinic_sd, level, problems)
    inputs = (clinic_sd, device.between_sd, device.within_sd, device.effect_ratio)
    drawn = draw_estimates(inputs, ("log", "log", "log", "identity"), draws=draws, seed=seed)
    sources = _join_sources(inputs)
    values = [np.array(x.value) for x in inputs]
    notes = ("days of the device are exchangeable", "the inputs' intervals are taken as independent")
    return tuple(
        Information(
            estimate_from_draws(float(_relate(values, k)), _relate(drawn, k), "1", sources, level),
            None,
            sources,
            notes,
        )
        for k in days
    )


def find_matching_days(
    clinic_sd: Estimate, device: DeviceMeasure, *, level: float, draws: int, seed: int
) -> CrossingPoint:
    """Days of the device whose mean tells as much as one clinic test, with an interval.

    within² / (ratio² clinic_sd² - between²), where `compare_device_days` gives 1. Infinite where the
    patients' own differences on the device already exceed what the test leaves open.
    Raises `InvalidDesign`.
    """
    problems = Problems(f"device measure {device.name!r}")
    _check_clinic(clinic_sd, level, problems)
    inputs = (clinic_sd, device.between_sd, device.within_sd, device.effect_ratio)
    drawn = draw_estimates(inputs, ("log", "log", "log", "identity"), draws=draws, seed=seed)
    found = np.sort(_cross(drawn))
    value = float(_cross([np.array(x.value) for x in inputs]))
    ends = [found[min(int(q * draws), draws - 1)] for q in ((1 - level) / 2, (1 + level) / 2)]
    return CrossingPoint(
        value,
        min(value, float(ends[0])),
        max(value, float(ends[1])),
        level,
        float(np.isfinite(found).mean()),
        _join_sources(inputs),
    )


def estimate_repeatability(
    values: np.ndarray, *, unit: str, level: float, samples: int, seed: int, source: str
) -> tuple[Estimate, Estimate, Estimate]:
    """Standard deviations between and within patients, and correlation of two days, with intervals.

    `values` (n, k), nan where a day is missing; patients with one day at least, some with two. Variances
    within and between patients from the analysis of variance of one way (Searle 1971, chapter 9); bootstrap
    over patients. Raises `InvalidCohort`; `NoEstimate` where days of a patient are no more alike than days
    of others.
    """
    problems = Problems("days of a device")
    values = np.asarray(values, dtype=float)
    problems.check(values.ndim == 2, f"values have the shape {values.shape}; give (patients, days)")
    problems.check(samples >= 100, f"samples is {samples}; give at least 100")
    problems.check(0 < level < 1, f"level is {level}; give a number between 0 and 1")
    problems.raise_if_any(InvalidCohort)
    values = values[~np.isnan(values).all(axis=1)]
    repeated = int(((~np.isnan(values)).sum(axis=1) >= 2).sum())
    told = f"{len(values)} patients, {repeated} with two days or more; give at least 10 with two"
    if not problems.check(repeated >= 10, told):
        problems.raise_now(InvalidCohort)
    between, within = _split_variance(values)
    if not between > 0 or not within > 0:
        told = f"the variance between patients is {between:.3g}, within {within:.3g}; both must be over 0"
        raise NoEstimate("days of a device", [told])
    found, picks = np.empty((samples, 2)), np.empty(len(values), np.int64)
    for k in range(samples):
        draw_sample(np.uint64(seed), np.uint64(k), np.array([0, len(values)]), picks)
        found[k] = _split_variance(values[picks])
    found = np.maximum(found, 0.0)
    found = found[found.sum(axis=1) > 0]
    share = found[:, 0] / found.sum(axis=1)
    roots, sources = np.sqrt(found), (source,)
    return (
        estimate_from_draws(math.sqrt(between), roots[:, 0], unit, sources, level),
        estimate_from_draws(math.sqrt(within), roots[:, 1], unit, sources, level),
        estimate_from_draws(between / (between + within), share, "1", sources, level),
    )


def compute_mode_information(
    sd: Estimate, change: ModeChange, *, treated_share: float, level: float, draws: int, seed: int
) -> Information:
    """Information after some values are taken in another mode, and the bias where the arms' shares differ.

    Variance of arm a: sd² + q_a extra_sd² + q_a (1 - q_a) shift², q_a its share of the new mode; bias:
    shift × (treatment's share - control's). A shift that all share cancels. Raises `InvalidDesign`.
    """
    problems = Problems("change of mode")
    _check_clinic(sd, level, problems)
    told = f"treated_share is {treated_share}; give a number between 0 and 1"
    problems.check(0 < treated_share < 1, told)
    told = f"sd is in {sd.unit}, the change in {change.shift.unit}; use one unit"
    problems.check(sd.unit == change.shift.unit, told)
    problems.raise_if_any(InvalidDesign)
    inputs = (sd, change.extra_sd, change.shift)
    scales = ("log", "log" if change.extra_sd.low > 0 else "identity", "identity")
    s, tau, shift = draw_estimates(inputs, scales, draws=draws, seed=seed)

    def relate(s: np.ndarray, tau: np.ndarray, shift: np.ndarray) -> np.ndarray:
        shares, sizes = (change.control_share, change.treatment_share), (1 - treated_share, treated_share)
        after = sum(
            (s**2 + q * tau**2 + q * (1 - q) * shift**2) / size for q, size in zip(shares, sizes, strict=True)
        )
        return s**2 * (1 / sizes[0] + 1 / sizes[1]) / after

    sources = _join_sources(inputs)
    point = float(relate(*(np.array(x.value) for x in inputs)))
    relative = estimate_from_draws(point, relate(s, tau, shift), "1", sources, level)
    gap, bias = change.treatment_share - change.control_share, None
    if gap:
        ends = sorted(gap * x for x in (change.shift.low, change.shift.high))
        value, level = gap * change.shift.value, change.shift.level
        bias = Estimate(value, ends[0], ends[1], sd.unit, change.shift.sources, level)
    return Information(relative, bias, sources, ("the mode is chosen without regard to the value",))


def add_mode_variance(course: MeasuredCourse, visits: Sequence[str], extra_sd: float) -> MeasuredCourse:
    """The course with the values of some visits taken in a mode that adds independent noise."""
    problems = Problems(f"course {course.name!r}")
    told = f"extra_sd is {extra_sd}; give a number of at least 0"
    problems.check(math.isfinite(extra_sd) and extra_sd >= 0, told)
    problems.raise_if_any(InvalidDesign)
    added = np.array(course.covariance) + np.diag(mark_visits(course, visits) * extra_sd**2)
    return replace(course, covariance=tuple(map(tuple, added)))


def compute_moved_visits_information(
    course: MeasuredCourse, model: EffectModel, moved: Sequence[str], extra_sd: Estimate
) -> Information:
    """Information when the values of the `moved` visits are taken in another mode, in both arms alike.

    A mode's shift at a visit enters both arms' means there and cancels. The interval is that of
    `extra_sd`, in which the information falls; that of the course is not in it. Raises `InvalidDesign`.
    """
    full = np.ones((1, len(course.visits)), dtype=bool)
    before = compute_variances(course, model, full)[0]
    value, low, high = (
        float(before / compute_variances(add_mode_variance(course, moved, sd), model, full)[0])
        for sd in (extra_sd.value, extra_sd.high, max(extra_sd.low, 0.0))
    )
    sources = tuple(dict.fromkeys((*course.sources, *extra_sd.sources)))
    relative = Estimate(value, low, high, "1", sources, extra_sd.level)
    return Information(relative, None, sources, ("both arms' visits are moved alike",))


def evaluate_changed_power(
    information: Information, *, difference: float, standard_error: float, alpha: float
) -> ChangedPower:
    """One-sided power of the normal test for `difference` after a change, and its false positives.

    `standard_error` of the effect before the change. Intervals are the extremes over the intervals of
    information and bias together, so they are wider than their level. Raises `InvalidDesign`.
    """
    problems = Problems("power after a change")
    told = f"standard_error is {standard_error}; give a number over 0"
    problems.check(math.isfinite(standard_error) and standard_error > 0, told)
    problems.check(math.isfinite(difference), f"difference is {difference}; give a number")
    problems.check(0 < alpha < 0.5, f"alpha is {alpha}; give a number between 0 and 0.5")
    problems.raise_if_any(InvalidDesign)
    bound, relative = compute_normal_quantile(alpha), information.relative
    bias = information.bias.bounds() if information.bias else (0.0, 0.0, 0.0)

    def reject(effect: float) -> Estimate:
        shares = [
            compute_normal_upper(bound - (effect + b) * math.sqrt(r) / standard_error)
            for r in relative.bounds()
            for b in bias
        ]
        return Estimate(shares[0], min(shares), max(shares), "1", information.sources, relative.level)

    return ChangedPower(reject(difference), reject(0.0))


def _relate(inputs: Sequence[np.ndarray], k: int) -> np.ndarray:
    clinic, between, within, ratio = inputs
    return ratio**2 * clinic**2 / (between**2 + within**2 / k)


def _cross(inputs: Sequence[np.ndarray]) -> np.ndarray:
    clinic, between, within, ratio = inputs
    room = ratio**2 * clinic**2 - between**2
    return np.where(room > 0, within**2 / np.where(room > 0, room, 1.0), math.inf)


def _split_variance(values: np.ndarray) -> tuple[float, float]:
    """Variance between and within patients by the analysis of variance; the former may be below 0."""
    seen = ~np.isnan(values)
    counts = seen.sum(axis=1)
    filled = np.where(seen, values, 0.0)
    means = filled.sum(axis=1) / counts
    total, n = counts.sum(), len(values)
    inside = float(((filled - means[:, None]) ** 2 * seen).sum() / max(total - n, 1))
    grand = filled.sum() / total
    outside = float((counts * (means - grand) ** 2).sum() / (n - 1))
    size = (total - (counts**2).sum() / total) / (n - 1)
    return (outside - inside) / float(size), inside


def _join_sources(estimates: Sequence[Estimate]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(source for estimate in estimates for source in estimate.sources))


def _check_clinic(sd: Estimate, level: float, problems: Problems) -> None:
    problems.check(sd.low > 0, f"the standard deviation reaches down to {sd.low}; give one over 0")
    problems.check(0 < level < 1, f"level is {level}; give a number between 0 and 1")
    problems.raise_if_any(InvalidDesign)

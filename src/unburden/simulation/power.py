"""Power of a time-to-event or count design without random numbers: expected looks, drifts, stopping.

Nothing is assumed of the hazards but that they are steps: the expected log-rank score and its
variance are integrals over the time since entry (Schoenfeld 1981; Lachin & Foulkes 1986 for
exponential hazards; Yung & Liu 2020).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from unburden.domain.design import Design, Events, Months
from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.scenario import Accrual, Hazard, PiecewiseHazard, Scenario, Stratum, TimeToEvent
from unburden.domain.sequential import SequentialBounds
from unburden.simulation.boundaries import derive_bounds, sum_exits
from unburden.simulation.distributions import compute_normal_quantile, compute_normal_upper
from unburden.simulation.follow_up import (
    compute_enrolled,
    compute_expected_events,
    find_accrual_end,
    find_analysis_month,
)

_EVER = 1e5
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(32)


@dataclass(frozen=True, slots=True)
class ExpectedLook:
    """A look as it is expected: calendar month, patients enrolled, events, mean of z, information."""

    month: float
    patients: float
    events: float
    mean_z: float
    information: float


@dataclass(frozen=True, slots=True)
class ExpectedPower:
    """What a design is expected to do; shares of trials that reject or stop for futility by look."""

    looks: tuple[ExpectedLook, ...]
    bounds: SequentialBounds
    rejections: tuple[float, ...]
    futility_stops: tuple[float, ...]

    @property
    def power(self) -> float:
        """Probability of rejecting at any look."""
        return sum(self.rejections)

    @property
    def months(self) -> float:
        """Expected duration."""
        return self._average(lambda look: look.month)

    @property
    def patients(self) -> float:
        """Expected patients enrolled when the trial stops."""
        return self._average(lambda look: look.patients)

    @property
    def events(self) -> float:
        """Expected events when the trial stops."""
        return self._average(lambda look: look.events)

    def _average(self, of: Callable[[ExpectedLook], float]) -> float:
        stops = [a + b for a, b in zip(self.rejections[:-1], self.futility_stops, strict=True)]
        return sum(p * of(look) for p, look in zip((*stops, 1 - sum(stops)), self.looks, strict=True))


@dataclass(frozen=True, slots=True)
class _Group:
    """One arm of one stratum: its share of patients and its hazards."""

    share: float
    hazard: PiecewiseHazard
    dropout: float


def predict_power(design: Design, scenario: Scenario, *, is_proportional: bool = False) -> ExpectedPower:
    """Expected looks and power of the log-rank test, without simulation; looks by events or by calendar.

    With `is_proportional` the mean of z is Schoenfeld's, √(events × share × (1 - share)) × -log of the
    hazard ratio, which hazards must then keep throughout, and looks have the design's information
    rates. Otherwise mean and variance of the score are integrated, within the scenario's strata;
    bounds stay those of the design's information rates. Raises `InvalidDesign` for scenarios
    that are not plain, and looks that are never expected.

    >>> hazards = PiecewiseHazard((0.0,), (0.05,)), PiecewiseHazard((0.0,), (0.035,))
    >>> world = Scenario("doctest", Accrual((0.0,), (20.0,)), TimeToEvent("death", *hazards), 0.05,
    ...                  ("assumed:doctest",))
    >>> round(predict_power(Design(400, 1.0, 0.025, (1.0,), Events(250)), world).power, 3)
    0.804
    """
    outcome = _check(design, scenario)
    strata = outcome.strata or (Stratum("all", 1.0, outcome.control, outcome.treatment),)
    pairs = [_pair_arms(design, scenario, stratum) for stratum in strata]
    groups = [group for pair in pairs for group in pair]
    looks = []
    for month in _find_months(design, scenario, groups):
        score, variance, events = 0.0, 0.0, 0.0
        for pair in pairs:
            one = _integrate_score(scenario.accrual, design.patients, pair, month)
            score, variance, events = score + one[0], variance + one[1], events + one[2]
        mean = score / math.sqrt(variance)
        if is_proportional:
            share = design.allocation_ratio / (1 + design.allocation_ratio)
            variance = events * share * (1 - share)
            mean = -math.log(_find_ratio(pairs)) * math.sqrt(variance)
        looks.append(
            ExpectedLook(
                month,
                compute_enrolled(scenario.accrual, design.patients, month),
                events,
                mean,
                variance,
            )
        )
    return _derive_power(design, looks)


def scale_effect(outcome: TimeToEvent, factor: float) -> TimeToEvent:
    """A plain outcome with every log hazard ratio multiplied: 0 is no effect, 1 the outcome itself."""

    def scale(control: Hazard, treatment: Hazard) -> PiecewiseHazard:
        assert isinstance(control, PiecewiseHazard) and isinstance(treatment, PiecewiseHazard)
        starts = tuple(sorted({*control.start_months, *treatment.start_months}))
        pairs = [(_rate_at(control, start), _rate_at(treatment, start)) for start in starts]
        return PiecewiseHazard(starts, tuple(c * (t / c) ** factor if c > 0 else t for c, t in pairs))

    strata = tuple(replace(s, treatment=scale(s.control, s.treatment)) for s in outcome.strata)
    return replace(outcome, treatment=scale(outcome.control, outcome.treatment), strata=strata)


def expect_events(design: Design, scenario: Scenario, month: float) -> float:
    """Expected events by a calendar month."""
    outcome = _check(design, scenario)
    strata = outcome.strata or (Stratum("all", 1.0, outcome.control, outcome.treatment),)
    groups = [group for stratum in strata for group in _pair_arms(design, scenario, stratum)]
    arms = [(group.share, group.hazard, group.dropout) for group in groups]
    return compute_expected_events(scenario.accrual, design.patients, arms, month)


def compute_milestone_power(design: Design, scenario: Scenario, month: float) -> float:
    """Power of the Kaplan-Meier difference at `month` since entry, one look at the end, Greenwood's variance.

    Raises `InvalidDesign`.
    """
    outcome = _check(design, scenario)
    problems = Problems("milestone")
    problems.check(len(design.information_rates) == 1, "several looks; give a design with one")
    problems.check(not outcome.strata, "strata; give an outcome without")
    problems.raise_if_any(InvalidDesign)
    pair = _pair_arms(design, scenario, Stratum("all", 1.0, outcome.control, outcome.treatment))
    end = _find_months(design, scenario, pair)[-1]
    problems.check(month < end, f"month {month} is not before the last look, {end:.1f}")
    problems.raise_if_any(InvalidDesign)
    difference, variance = 0.0, 0.0
    for sign, group in zip((-1, 1), pair, strict=True):
        spread = 0.0
        for s, weight in _place_nodes(scenario.accrual, design.patients, [group], end, month):
            at_risk = _count_at_risk(scenario.accrual, design.patients, group, end, s)
            spread += weight * _rate_at(group.hazard, s) / at_risk
        survival = math.exp(-_accumulate(group.hazard, month))
        difference += sign * survival
        variance += survival**2 * spread
    return compute_normal_upper(compute_normal_quantile(design.alpha) - difference / math.sqrt(variance))


def compute_counts_information(
    accrual: Accrual,
    patients: float,
    arms: Sequence[tuple[float, float, float]],
    month: float,
    *,
    dropout: float = 0.0,
) -> float:
    """Fisher information of a log rate ratio at a calendar month, negative binomial counts.

    `arms` holds share of patients, rate and dispersion of each. `dropout` is a hazard. Times are
    all in one unit. Zhu & Lakkis (2014), exposures integrated over entry (and dropout).
    """
    variance = 0.0
    for share, rate, dispersion in arms:
        group = _Group(share, PiecewiseHazard((0.0,), (1.0,)), dropout)
        total = 0.0
        for s, weight in _place_nodes(accrual, patients, [group], month, month):
            # d/ds of rate s / (1 + dispersion rate s), over those whose exposure exceeds s
            followed = compute_enrolled(accrual, patients, month - s) * share * math.exp(-dropout * s)
            total += weight * followed * rate / (1 + dispersion * rate * s) ** 2
        variance += 1 / total
    return 1 / variance


def solve_events(
    design: Design, scenario: Scenario, power: float, *, is_proportional: bool = False
) -> ExpectedPower:
    """The fewest events at the last look that give the power, with the design's patients.

    Looks fall at the design's information rates of them; the design's own `stopping` is not used.
    Raises `InvalidDesign`, with the most that can be had, where no number does.
    """
    outcome = _check(replace(design, stopping=Months(1.0, _spread(design))), scenario)
    strata = outcome.strata or (Stratum("all", 1.0, outcome.control, outcome.treatment),)
    groups = [group for stratum in strata for group in _pair_arms(design, scenario, stratum)]
    arms = [(group.share, group.hazard, group.dropout) for group in groups]
    ever = compute_expected_events(scenario.accrual, design.patients, arms, _EVER)

    def predict(count: int) -> ExpectedPower:
        made = replace(design, stopping=Events(count))
        return predict_power(made, scenario, is_proportional=is_proportional)

    most = min(design.patients, math.floor(ever * (1 - 1e-9)))
    return _find_least(predict, 4, most, power, "events", "take more patients or another effect")


def solve_patients(design: Design, scenario: Scenario, power: float, month: float) -> ExpectedPower:
    """The fewest patients that give the power when the last look is at calendar month `month`.

    The scenario's accrual rates stay, so that more patients take longer to enter. Earlier looks
    fall where their share of the events is expected. Raises `InvalidDesign`, with the most power
    that can be had, where no number does.
    """
    most = math.floor(compute_enrolled(scenario.accrual, 1e7, month))

    def predict(patients: int) -> ExpectedPower:
        made = replace(design, patients=patients, stopping=Months(month, _spread(design, month)))
        outcome = _check(made, scenario)
        strata = outcome.strata or (Stratum("all", 1.0, outcome.control, outcome.treatment),)
        groups = [group for stratum in strata for group in _pair_arms(made, scenario, stratum)]
        arms = [(group.share, group.hazard, group.dropout) for group in groups]
        last = compute_expected_events(scenario.accrual, patients, arms, month)
        interim = tuple(
            find_analysis_month(scenario.accrual, patients, arms, rate * last)
            for rate in design.information_rates[:-1]
        )
        return predict_power(replace(made, stopping=Months(month, interim)), scenario)

    return _find_least(predict, 4, most, power, "patients", "wait longer or recruit faster")


def _spread(design: Design, month: float = 1.0) -> tuple[float, ...]:
    """Some months for the interim looks of a design whose real ones are yet to be found."""
    return tuple(month * rate for rate in design.information_rates[:-1])


def _find_least(
    predict: Callable[[int], ExpectedPower], low: int, high: int, power: float, what: str, remedy: str
) -> ExpectedPower:
    """The prediction of the smallest whole number that reaches the power, by halving."""
    problems = Problems("size")
    problems.check(0 < power < 1, f"power is {power}; give a number between 0 and 1")
    problems.check(high > low, f"at most {high} {what} can be had; {remedy}")
    problems.raise_if_any(InvalidDesign)
    best = predict(high)
    if best.power < power:
        problems.add(
            f"no number of {what} up to {high} reaches power {power}; the most is {best.power:.4f}: {remedy}"
        )
        problems.raise_now(InvalidDesign)
    while high - low > 1:
        middle = (low + high) // 2
        found = predict(middle)
        low, high, best = (low, middle, found) if found.power >= power else (middle, high, best)
    return best


def _check(design: Design, scenario: Scenario) -> TimeToEvent:
    problems = Problems(f"power in scenario {scenario.name!r}")
    outcome = scenario.outcome
    if not isinstance(outcome, TimeToEvent):
        problems.add(f"outcome {outcome.name!r} is no time to an event")
        problems.raise_now(InvalidDesign)
    problems.check(outcome.is_plain, "the outcome is more than steps, event and dropout; simulate it")
    problems.check(design.stopping is not None, "stopping is None; give Events or Months")
    problems.raise_if_any(InvalidDesign)
    return outcome


def _pair_arms(design: Design, scenario: Scenario, stratum: Stratum) -> list[_Group]:
    share = design.allocation_ratio / (1 + design.allocation_ratio)
    assert isinstance(stratum.control, PiecewiseHazard) and isinstance(stratum.treatment, PiecewiseHazard)
    dropout = scenario.dropout_hazard_per_month
    return [
        _Group(stratum.share * (1 - share), stratum.control, dropout),
        _Group(stratum.share * share, stratum.treatment, dropout),
    ]


def _find_ratio(pairs: Sequence[Sequence[_Group]]) -> float:
    """The one hazard ratio of all strata and times; raises where there is none."""
    ratios = set()
    for control, treatment in pairs:
        for start in sorted({*control.hazard.start_months, *treatment.hazard.start_months}):
            over, under = _rate_at(treatment.hazard, start), _rate_at(control.hazard, start)
            ratios.add(round(over / under, 9) if under else math.nan)
    if len(ratios) != 1 or any(map(math.isnan, ratios)):
        told = f"hazards have the ratios {sorted(ratios)}; proportional ones need a single one"
        raise InvalidDesign("power", [told])
    return ratios.pop()


def _find_months(design: Design, scenario: Scenario, groups: Sequence[_Group]) -> list[float]:
    """Expected calendar months of the looks."""
    match design.stopping:
        case Months(month, interim):
            return [*interim, month]
        case Events(count, latest):
            arms = [(group.share, group.hazard, group.dropout) for group in groups]
            wanted = [rate * count for rate in design.information_rates]
            months = [
                find_analysis_month(scenario.accrual, design.patients, arms, events) for events in wanted
            ]
            return [min(month, latest) for month in months]
        case None:
            raise AssertionError("checked before")


def _derive_power(design: Design, looks: Sequence[ExpectedLook]) -> ExpectedPower:
    bounds = derive_bounds(design.plan)
    last = looks[-1].information
    rates = [look.information / last for look in looks]
    # sum_exits knows one drift; a look's own mean is met by shifting its bounds.
    shift = np.array([look.mean_z for look in looks])
    lower = np.array([*bounds.futility[:-1], bounds.efficacy[-1]])
    above, below, _ = sum_exits(rates, np.array(bounds.efficacy) - shift, lower - shift, 0.0)
    return ExpectedPower(tuple(looks), bounds, tuple(above.tolist()), tuple(below[:-1].tolist()))


def _integrate_score(
    accrual: Accrual, patients: float, pair: Sequence[_Group], month: float
) -> tuple[float, float, float]:
    """Expected log-rank score (in favour of treatment), its variance, and events at a calendar month."""
    control, treatment = pair
    score, variance, events = 0.0, 0.0, 0.0
    for s, weight in _place_nodes(accrual, patients, pair, month, month):
        n0 = _count_at_risk(accrual, patients, control, month, s)
        n1 = _count_at_risk(accrual, patients, treatment, month, s)
        if n0 + n1 <= 0:
            continue
        rate0, rate1 = _rate_at(control.hazard, s), _rate_at(treatment.hazard, s)
        share = n1 / (n0 + n1)
        score += weight * n0 * share * (rate0 - rate1)
        dying = n0 * rate0 + n1 * rate1
        variance += weight * share * (1 - share) * dying
        events += weight * dying
    return score, variance, events


def _count_at_risk(accrual: Accrual, patients: float, group: _Group, month: float, s: float) -> float:
    """Expected patients of a group still followed `s` months after entry, at a calendar month."""
    entered = compute_enrolled(accrual, patients, month - s)
    return group.share * entered * math.exp(-_accumulate(group.hazard, s) - group.dropout * s)


def _place_nodes(
    accrual: Accrual, patients: float, groups: Sequence[_Group], month: float, end: float
) -> Iterator[tuple[float, float]]:
    """Gauss-Legendre nodes and weights over time since entry, between all kinks up to `end`."""
    breaks = {0.0, end, month - find_accrual_end(accrual, patients)}
    breaks.update(month - start for start in accrual.start_months)
    for group in groups:
        breaks.update(group.hazard.start_months)
    for start, stop in pairwise(sorted(point for point in breaks if 0 <= point <= end)):
        half = (stop - start) / 2
        for node, weight in zip(_POINTS, _WEIGHTS, strict=True):
            yield float(start + half * (node + 1)), float(half * weight)


def _accumulate(hazard: PiecewiseHazard, time: float) -> float:
    ends = (*hazard.start_months[1:], math.inf)
    return sum(
        rate * max(0.0, min(time, end) - start)
        for start, end, rate in zip(hazard.start_months, ends, hazard.per_month, strict=True)
    )


def _rate_at(hazard: PiecewiseHazard, time: float) -> float:
    rate = 0.0
    for start, value in zip(hazard.start_months, hazard.per_month, strict=True):
        if start > time:
            break
        rate = value
    return rate

"""Type I error proven over a region of nuisance parameters, between the simulated points too.

At the centre of each tile the error is bounded by Clopper & Pearson (1934); the tilt bound
(`simulation.tilting`) carries that to all the tile. Tiles are split where the bound is worst. Their
simulations are independent and share the doubt by Bonferroni: each one fails with at most its part, whatever
the ones before made of the tiles.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import product
from typing import NamedTuple

from unburden.domain.certificate import ErrorCertificate, Point, Tile
from unburden.domain.design import Design, Events
from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.scenario import Binary, PiecewiseHazard, Scenario, TimeToEvent
from unburden.simulation.tilting import (
    LogMoments,
    bound_tile,
    compute_event_moment,
    compute_patient_moment,
    compute_share_moment,
)
from unburden.simulation.trials import is_reachable, simulate_trials

DROPOUT = "dropout_hazard_per_month"
_SHARES = ("control_share", "treatment_share")
_KNOWN = {
    Binary: (("share",), ("share", DROPOUT), _SHARES),
    TimeToEvent: (("hazard_per_month",), ("hazard_per_month", DROPOUT)),
}
_NEAR_ONE = 1.01
"""The order at which moments say which side of a tile is the longer: nearly Kullback & Leibler's."""


@dataclass(frozen=True, slots=True)
class _Family:
    """What varies, how far that moves the law of the data, and the scenario at a point."""

    parameters: tuple[str, ...]
    log_moments: LogMoments
    make_null: Callable[[Point], Scenario]


class _Box(NamedTuple):
    low: Point
    centre: Point
    high: Point
    corners: tuple[Point, ...]


def certify_error(
    design: Design,
    scenario: Scenario,
    *,
    nuisance: Mapping[str, tuple[float, float]],
    target: float,
    trials: int,
    seed: int,
    confidence: float = 0.99,
    most_tiles: int = 400,
) -> ErrorCertificate:
    """A bound on the error for every value of the nuisance parameters, each from low to high.

    `nuisance` names "share" (both arms', of a Binary outcome), that and "dropout_hazard_per_month",
    or "control_share" and "treatment_share" (null where treatment is at most control); for a plain
    TimeToEvent "hazard_per_month" (both arms', constant), alone or with "dropout_hazard_per_month". What
    is not named stays as the scenario has it. `trials` are simulated in each tile; the tile of the
    largest bound is halved until all keep to `target` or there are `most_tiles`. The answer's bound
    is what was proven, `target` or not. It is about the engine's model: entry, allocation and, unless
    named, dropout have the law of the scenario. Raises `InvalidDesign`.
    """
    _check(design, scenario, nuisance, target, trials, seed, confidence, most_tiles)
    names = _find_names(scenario, nuisance) or ()
    low, high = (tuple(float(nuisance[name][end]) for name in names) for end in (0, 1))
    family = _find_family(design, scenario, names)
    _check_reach(design, family, low, high)
    doubt = (1 - confidence) / (2 * most_tiles)  # halving keeps fewer than 2 × most_tiles simulations
    boxes: list[tuple[Point, Point]] = [(low, high)]
    heap: list[tuple[float, float, int, Tile]] = []
    simulations = 0
    while boxes:
        for box in (_place_box(names, *ends) for ends in boxes):
            if box is None:
                continue
            tile = _simulate_tile(design, family, box, trials, (seed + simulations) % 2**64, doubt)
            simulations += 1
            moved = max(moved for _, moved in _measure_sides(family, tile))
            heappush(heap, (-tile.bound, -moved, simulations, tile))
        boxes = []
        if heap[0][-1].bound > target and len(heap) < most_tiles:
            boxes = _halve(family, heappop(heap)[-1])
    tiles = tuple(sorted((tile for *_, tile in heap), key=lambda tile: tile.low))
    bound = max(tile.bound for tile in tiles)
    return ErrorCertificate(names, bound, target, confidence, seed, simulations, tiles)


def _find_names(scenario: Scenario, nuisance: Iterable[str]) -> tuple[str, ...] | None:
    """The names in the order in which points hold them; None where they do not belong together."""
    known = _KNOWN.get(type(scenario.outcome), ())
    return next((names for names in known if sorted(names) == sorted(nuisance)), None)


def _check(
    design: Design,
    scenario: Scenario,
    nuisance: Mapping[str, tuple[float, float]],
    target: float,
    trials: int,
    seed: int,
    confidence: float,
    most_tiles: int,
) -> None:
    problems = Problems("certificate")
    outcome = scenario.outcome
    known = _KNOWN.get(type(outcome), ())
    told = " or ".join(" with ".join(names) for names in known)
    if not known or (isinstance(outcome, TimeToEvent) and (not outcome.is_plain or outcome.strata)):
        problems.add("only binary outcomes and plain times to events without strata can be certified")
    elif _find_names(scenario, nuisance) is None:
        problems.add(f"nuisance names {', '.join(nuisance) or 'nothing'}; give {told}")
    for name, (low, high) in nuisance.items():
        rises = math.isfinite(high) and low < high and (low > 0 or (name == DROPOUT and low == 0))
        problems.check(rises, f"{name} from {low} to {high} must rise from above 0 (dropout from 0)")
        problems.check("share" not in name or high < 1, f"{name} ends at {high}; a share is below 1")
        problems.check(name != DROPOUT or high <= 1, f"{name} ends at {high}; give at most 1")
    if not problems and _find_names(scenario, nuisance) == _SHARES:
        reaches = nuisance["treatment_share"][0] < nuisance["control_share"][1]
        problems.check(reaches, "treatment_share is above control_share everywhere; no point is null")
    problems.check(design.alpha < target < 1, f"target is {target}; give one above alpha {design.alpha}")
    problems.check(trials >= 2, f"trials is {trials}; give at least 2")
    problems.check(0 <= seed < 2**64, f"seed is {seed}; give a whole number from 0 to 2**64 - 1")
    problems.check(0.5 < confidence < 1, f"confidence is {confidence}; give one between 0.5 and 1")
    problems.check(most_tiles >= 1, f"most_tiles is {most_tiles}; give at least 1")
    problems.raise_if_any(InvalidDesign)


def _check_reach(design: Design, family: _Family, low: Point, high: Point) -> None:
    """A trial by events must expect them in the whole region; expected events are fewest at a corner."""
    problems = Problems("certificate")
    for corner in product(*zip(low, high, strict=True)):
        told = ", ".join(f"{name} {value:g}" for name, value in zip(family.parameters, corner, strict=True))
        problems.check(
            is_reachable(design, family.make_null(corner)),
            f"the events of the last look are never expected at {told}; take fewer events, more patients "
            "or a smaller region",
        )
    problems.raise_if_any(InvalidDesign)


def _find_family(design: Design, scenario: Scenario, parameters: tuple[str, ...]) -> _Family:
    outcome = scenario.outcome
    if isinstance(outcome, Binary):
        return _find_binary_family(design, scenario, outcome, parameters)
    assert isinstance(outcome, TimeToEvent)
    n, fixed = design.patients, scenario.dropout_hazard_per_month
    is_varying = DROPOUT in parameters
    events = design.stopping.count if isinstance(design.stopping, Events) else None

    def log_moments(start: Point, end: Point, q: float) -> list[float]:
        hazards = (start, end) if is_varying else ((*start, fixed), (*end, fixed))
        found = [n * compute_patient_moment(*hazards, q)]
        if events is not None:
            found.append(events * compute_event_moment(*hazards, q))
        return found

    def make_null(point: Point) -> Scenario:
        hazard = PiecewiseHazard((0.0,), (point[0],))
        null = replace(scenario, outcome=replace(outcome, control=hazard, treatment=hazard))
        return _set_dropout(null, point[1]) if is_varying else null

    return _Family(parameters, log_moments, make_null)


def _find_binary_family(
    design: Design, scenario: Scenario, outcome: Binary, parameters: tuple[str, ...]
) -> _Family:
    n = design.patients
    treated = math.floor(n * design.allocation_ratio / (1 + design.allocation_ratio) + 1e-9)

    def log_moments(start: Point, end: Point, q: float) -> list[float]:
        if parameters == _SHARES:
            control, treatment = (compute_share_moment(a, b, q) for a, b in zip(start, end, strict=True))
            return [(n - treated) * control + treated * treatment]
        total = n * compute_share_moment(start[0], end[0], q)
        if DROPOUT in parameters:
            before, after = (math.exp(-point[1] * outcome.assessed_month) for point in (start, end))
            total += n * compute_share_moment(before, after, q)
        return [total]

    def make_null(point: Point) -> Scenario:
        control, treatment = point if parameters == _SHARES else (point[0], point[0])
        null = replace(scenario, outcome=replace(outcome, control_share=control, treatment_share=treatment))
        return _set_dropout(null, point[1]) if DROPOUT in parameters else null

    return _Family(parameters, log_moments, make_null)


def _set_dropout(scenario: Scenario, hazard: float) -> Scenario:
    return replace(scenario, dropout_per_year=-math.expm1(-12 * hazard))


def _place_box(parameters: tuple[str, ...], low: Point, high: Point) -> _Box | None:
    """Centre and corners of a box; the line of equal shares cuts off what is not null. None if all is."""
    if parameters == _SHARES and high[1] > low[0]:
        (a0, a1), (b0, b1) = low, high
        if a1 > b0:
            return None
        low, high = (max(a0, a1), a1), (b0, min(b1, b0))
        middle = _find_middle("share", low[0], high[1])
        corners = (low[0], low[1]), (high[0], low[1]), (high[0], high[1])
        return _Box(low, (middle, middle), high, corners)
    # none at all is near to few dropouts, not the other way round: a centre at the upper end serves both
    centre = tuple(
        _find_middle(name, a, b) if a > 0 else b for name, a, b in zip(parameters, low, high, strict=True)
    )
    return _Box(low, centre, high, tuple(product(*zip(low, high, strict=True))))


def _find_middle(name: str, low: float, high: float) -> float:
    """The middle on the scale on which equal steps are about as hard to tell apart."""
    if "share" in name:
        return math.sin((math.asin(math.sqrt(low)) + math.asin(math.sqrt(high))) / 2) ** 2
    return ((math.sqrt(low) + math.sqrt(high)) / 2) ** 2


def _simulate_tile(design: Design, family: _Family, box: _Box, trials: int, seed: int, doubt: float) -> Tile:
    found = simulate_trials(design, family.make_null(box.centre), trials=trials, seed=seed)
    rejections = round(found.power.value * trials)
    at_centre = bound_share(rejections, trials, doubt)
    bound = bound_tile(at_centre, family.log_moments, box.centre, box.corners)
    return Tile(box.low, box.centre, box.high, trials, seed, rejections, bound)


def _measure_sides(family: _Family, tile: Tile) -> list[tuple[float, float]]:
    """What each side does alone: the bound, and how far the law moves (where all bounds are 1)."""
    at_centre = tile.rejections / tile.trials
    found = []
    for side in range(len(family.parameters)):
        ends = [(*tile.centre[:side], end[side], *tile.centre[side + 1 :]) for end in (tile.low, tile.high)]
        moved = max(min(family.log_moments(tile.centre, end, _NEAR_ONE)) for end in ends)
        found.append((bound_tile(at_centre, family.log_moments, tile.centre, ends), moved))
    return found


def _halve(family: _Family, tile: Tile) -> list[tuple[Point, Point]]:
    """Two boxes, cut across the longer side."""
    sides = _measure_sides(family, tile)
    side = sides.index(max(sides))
    middle = _find_middle(family.parameters[side], tile.low[side], tile.high[side])
    low, high = list(tile.low), list(tile.high)
    low[side] = high[side] = middle
    return [(tile.low, tuple(high)), (tuple(low), tile.high)]


def bound_share(count: int, trials: int, doubt: float) -> float:
    """Upper Clopper-Pearson bound: the share at which so few are seen with probability `doubt`.

    >>> round(bound_share(0, 100, 0.05), 6) == round(1 - 0.05 ** (1 / 100), 6)
    True
    """
    if count >= trials:
        return 1.0
    low, high = count / trials, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        if _compute_lower_tail(count, trials, middle) > doubt:
            low = middle
        else:
            high = middle
    return high


def _compute_lower_tail(count: int, trials: int, share: float) -> float:
    """Probability of at most `count` of `trials`, summed downwards from the largest term."""
    log_term = (
        math.lgamma(trials + 1) - math.lgamma(count + 1) - math.lgamma(trials - count + 1)
        + count * math.log(share) + (trials - count) * math.log1p(-share)
    )  # fmt: skip
    total, term = 0.0, 1.0
    for k in range(count, -1, -1):
        total += term
        if k == 0 or term < 1e-17 * total:
            break
        term *= k / (trials - k + 1) * (1 - share) / share
    return math.exp(log_term) * total

"""Type I error proven over a range of the nuisance parameter, between the simulated points too.

At the centre of each tile the error is bounded by Clopper & Pearson (1934). The tilt bound (Sklar
2022, "Adaptive experiments and a rigorous framework for type I error verification") carries that to
the tile's ends: for an exponential family with log-partition A and any q of at least 1,
f(η + v) ≤ f(η)^(1 - 1/q) exp((A(η + qv) - A(η)) / q - (A(η + v) - A(η))), by Hölder's inequality. It
grows with |v|, so that the ends hold the whole tile. Errors of all tiles together are kept by
Bonferroni.
"""

import math
from collections.abc import Callable
from dataclasses import replace

from unburden.domain.certificate import ErrorCertificate, Tile
from unburden.domain.design import Design
from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.scenario import Binary, PiecewiseHazard, Scenario, TimeToEvent
from unburden.simulation.trials import simulate_trials

LogPartition = Callable[[float], float]


def certify_error(
    design: Design,
    scenario: Scenario,
    *,
    low: float,
    high: float,
    target: float,
    trials: int,
    seed: int,
    confidence: float = 0.99,
    most_tiles: int = 400,
) -> ErrorCertificate:
    """A bound on the error for every common share of success, or every common constant hazard per month.

    The scenario's outcome is made null: Binary with one share, or TimeToEvent with one constant
    hazard in both arms, from `low` to `high`. `trials` are simulated in each tile; a tile whose
    bound exceeds `target` is halved, until there are `most_tiles`. The answer's bound is what was
    proven, `target` or not. Raises `InvalidDesign`.
    """
    name, partition, natural, make_null = _find_family(design, scenario)
    problems = Problems("certificate")
    problems.check(0 < low < high, f"the range {low} to {high} must rise from above 0")
    problems.check(name != "control share" or high < 1, f"high is {high}; a share is below 1")
    problems.check(design.alpha < target < 1, f"target is {target}; give one above alpha {design.alpha}")
    problems.check(0.5 < confidence < 1, f"confidence is {confidence}; give one between 0.5 and 1")
    problems.check(most_tiles >= 1, f"most_tiles is {most_tiles}; give at least 1")
    problems.raise_if_any(InvalidDesign)
    doubt = (1 - confidence) / (2 * most_tiles)  # each halving wastes its parent: fewer than 2 × most_tiles
    waiting, done = [(low, high)], []
    simulated = 0
    while waiting:
        start, end = waiting.pop()
        centre = math.sqrt(start * end)
        found = simulate_trials(design, make_null(centre), trials=trials, seed=(seed + simulated) % 2**64)
        simulated += 1
        rejections = round(found.power.value * trials)
        at_centre = bound_share(rejections, trials, doubt)
        bound = max(
            _tilt(at_centre, partition, natural(centre), natural(side) - natural(centre))
            for side in (start, end)
        )
        if bound > target and len(waiting) + len(done) + 2 <= most_tiles:
            waiting += [(start, centre), (centre, end)]
            continue
        done.append(Tile(start, centre, end, trials, rejections, bound))
    done.sort(key=lambda tile: tile.low)
    return ErrorCertificate(name, max(tile.bound for tile in done), confidence, seed, tuple(done))


def _find_family(
    design: Design, scenario: Scenario
) -> tuple[str, LogPartition, Callable[[float], float], Callable[[float], Scenario]]:
    """The nuisance parameter's name, log-partition of all patients, natural scale, and null scenario."""
    n, outcome = design.patients, scenario.outcome
    if isinstance(outcome, Binary):
        return (
            "control share",
            lambda eta: n * (math.log1p(math.exp(-abs(eta))) + max(eta, 0.0)),
            lambda share: math.log(share / (1 - share)),
            lambda share: replace(
                scenario, outcome=replace(outcome, control_share=share, treatment_share=share)
            ),
        )
    if isinstance(outcome, TimeToEvent) and outcome.is_plain and not outcome.strata:

        def make_null(rate: float) -> Scenario:
            hazard = PiecewiseHazard((0.0,), (rate,))
            return replace(scenario, outcome=replace(outcome, control=hazard, treatment=hazard))

        return (
            "hazard per month",
            lambda eta: -n * math.log(-eta) if eta < 0 else math.inf,
            lambda rate: -rate,
            make_null,
        )
    raise InvalidDesign(
        "certificate", ["only binary outcomes and plain times to events without strata have one parameter"]
    )


def _tilt(at_centre: float, partition: LogPartition, eta: float, v: float) -> float:
    """The least tilt bound over q: golden section on log(q - 1), every value of which is a valid bound."""
    base = partition(eta)
    moved = partition(eta + v) - base

    def bound(log_q: float) -> float:
        q = 1 + math.exp(log_q)
        reach = partition(eta + q * v)
        if math.isinf(reach):
            return math.inf
        return (1 - 1 / q) * math.log(at_centre) + (reach - base) / q - moved

    low, high = -6.0, 12.0
    ratio = (math.sqrt(5) - 1) / 2
    best = math.inf
    for _ in range(80):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        at_left, at_right = bound(left), bound(right)
        best = min(best, at_left, at_right)
        low, high = (low, right) if at_left <= at_right else (left, high)
    return min(1.0, math.exp(best))


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

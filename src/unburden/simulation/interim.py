"""At a look: chances of success, estimates and intervals, bounds for the information really seen.

z is positive in favour of treatment. Information is Fisher's, of the effect: for a log hazard ratio
about events × share × (1 - share), for a difference of means 1 / variance of the difference.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import NormalDist

import numpy as np

from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.interim import Outlook, SequentialInference, UpdatedBounds
from unburden.domain.sequential import SequentialBounds, SequentialPlan, Spending, UserSpending
from unburden.simulation.boundaries import (
    compute_rejections,
    compute_spending,
    derive_bounds,
    solve_root,
    sum_exits,
)

_NORMAL = NormalDist()
_POINTS, _WEIGHTS = np.polynomial.hermite_e.hermegauss(64)
_LEAST_ALPHA, _REACH = 1e-12, 8.0


def compute_conditional_power(bounds: SequentialBounds, look: int, z: float, drift: float) -> float:
    """Probability of rejecting at a look after `look` (counted from 1), given z there.

    `drift` is the mean of z at full information. Futility bounds of later looks stop the trial. One-sided
    tests only.

    >>> from unburden.domain.sequential import OBrienFlemingSpending
    >>> plan = derive_bounds(SequentialPlan(0.025, 1, (0.5, 1.0), OBrienFlemingSpending()))
    >>> round(compute_conditional_power(plan, 1, 2.0, 2.8), 4)
    0.8841
    """
    _check_look(bounds, look, z)
    rates = np.array(bounds.plan.information_rates)
    now = rates[look - 1]
    later = rates[look:]
    gained = later - now
    start = z * math.sqrt(now)
    upper = (np.array(bounds.efficacy[look:]) * np.sqrt(later) - start) / np.sqrt(gained)
    lower = (np.array(bounds.futility[look:]) * np.sqrt(later) - start) / np.sqrt(gained)
    left = 1.0 - now
    above, _, _ = sum_exits(gained / left, upper, lower, drift * math.sqrt(left))
    return float(min(1.0, above.sum()))


def assess_outlook(bounds: SequentialBounds, look: int, z: float) -> Outlook:
    """Conditional and predictive power at a look; one-sided tests only.

    The planned effect is that of the bounds' own drift (a plan with beta).
    """
    _check_look(bounds, look, z)
    now = bounds.plan.information_rates[look - 1]
    observed = z / math.sqrt(now)
    spread = 1 / math.sqrt(now)
    predictive = sum(
        weight * compute_conditional_power(bounds, look, z, observed + spread * point)
        for point, weight in zip(_POINTS, _WEIGHTS, strict=True)
    ) / math.sqrt(2 * math.pi)
    return Outlook(
        planned=None if bounds.drift is None else compute_conditional_power(bounds, look, z, bounds.drift),
        observed=compute_conditional_power(bounds, look, z, observed),
        null=compute_conditional_power(bounds, look, z, 0.0),
        predictive=predictive,
    )


def infer_effect(
    bounds: SequentialBounds, look: int, z: float, information: float, *, level: float = 0.95
) -> SequentialInference:
    """Estimate, interval and p-value after look `look` (counted from 1) with z and its information.

    One-sided tests only. Raises `InvalidDesign`.

    >>> from unburden.domain.sequential import OBrienFlemingSpending
    >>> plan = derive_bounds(SequentialPlan(0.025, 1, (0.5, 1.0), OBrienFlemingSpending()))
    >>> found = infer_effect(plan, 1, 3.1, 50.0)
    >>> round(found.p_value, 6), round(found.estimate, 4) == round(3.1 / 50**0.5, 4)
    (0.000968, True)
    """
    _check_look(bounds, look, z, may_be_last=True)
    problems = Problems("interim analysis")
    problems.check(
        math.isfinite(information) and information > 0,
        f"information is {information}; give a number over 0",
    )
    problems.check(0 < level < 1, f"level is {level}; give a number between 0 and 1")
    problems.raise_if_any(InvalidDesign)
    rates = bounds.plan.information_rates[:look]
    scale = math.sqrt(information / rates[-1])
    middle = z / math.sqrt(rates[-1])

    def tail(drift: float) -> float:
        return sum(compute_rejections((*bounds.efficacy[: look - 1], z), rates, drift))

    def find(probability: float) -> float:
        low, high = middle - _REACH, middle + _REACH
        return solve_root(lambda d: tail(d) - probability, low, high, f"tail {probability}")

    outside = (1 - level) / 2
    width = _solve_bound(bounds.plan, look, outside) / math.sqrt(information)
    centre = z / math.sqrt(information)
    return SequentialInference(
        p_value=tail(0.0),
        estimate=find(0.5) / scale,
        low=find(outside) / scale,
        high=find(1 - outside) / scale,
        level=level,
        repeated_p_value=_solve_repeated_p(bounds.plan, look, z),
        repeated_low=centre - width,
        repeated_high=centre + width,
    )


def update_bounds(
    plan: SequentialPlan, information: Sequence[float], planned: float, *, is_last: bool = False
) -> UpdatedBounds:
    """The bounds for looks at the `information` really seen, of `planned` at the last.

    Spending functions spend at the seen share of the planned information; bounds of other families
    spend at each look what they were planned to. The last look spends all that is left, whatever
    its information. Planned looks that the seen information has passed are dropped. Raises
    `InvalidDesign` where information falls or the last planned has passed without `is_last`.
    """
    seen = [value / planned for value in information]
    problems = Problems("information at the looks")
    rises = all(a < b for a, b in zip((0.0, *seen), seen, strict=False))
    problems.check(bool(seen) and rises, f"information {list(information)} must rise from above 0")
    problems.check(
        is_last or not seen or seen[-1] < 1, "the planned information is reached; this look must be the last"
    )
    problems.check(
        isinstance(plan.efficacy, Spending) or is_last or len(seen) < len(plan.information_rates),
        f"look {len(seen)} is the last that the plan has; say is_last",
    )
    problems.raise_if_any(InvalidDesign)
    coming = [] if is_last else _find_coming(plan, seen)
    fractions = [*seen, *coming]
    whole = fractions[-1]
    spent = _spend_at(plan, fractions)
    spent[-1] = plan.alpha
    rates = (*(fraction / whole for fraction in fractions[:-1]), 1.0)
    updated = replace(
        plan,
        information_rates=rates,
        efficacy=UserSpending(tuple(np.maximum.accumulate(spent).tolist())),
        futility=None,
        is_binding=False,
        beta=None,
        harm=None,
    )
    return UpdatedBounds(derive_bounds(updated), tuple(fractions))


def _find_coming(plan: SequentialPlan, seen: Sequence[float]) -> list[float]:
    """Planned looks still to come; where bounds are no spending function, one for each not yet done."""
    later = [rate for rate in plan.information_rates if rate > seen[-1] + 1e-9]
    if isinstance(plan.efficacy, Spending) and not isinstance(plan.efficacy, UserSpending):
        return later
    return later[-(len(plan.information_rates) - len(seen)) :]


def _spend_at(plan: SequentialPlan, fractions: Sequence[float]) -> np.ndarray:
    if isinstance(plan.efficacy, Spending) and not isinstance(plan.efficacy, UserSpending):
        reached = np.minimum(1.0, np.array(fractions))
        return compute_spending(plan.efficacy, tuple(reached.tolist()), plan.alpha, plan.sided)
    planned = derive_bounds(replace(plan, futility=None, beta=None, harm=None)).alpha_spent
    count = len(fractions)
    return np.array([*planned[: count - 1], plan.alpha])


def _solve_bound(plan: SequentialPlan, look: int, alpha: float) -> float:
    """The plan's own bound at a look if its one-sided error were `alpha`."""
    return derive_bounds(_with_alpha(plan, alpha)).efficacy[look - 1]


def _solve_repeated_p(plan: SequentialPlan, look: int, z: float) -> float:
    """The one-sided alpha at which the plan's bound at this look is z; 0.5 - where even that is too small."""
    most = 0.4999
    if z <= _solve_bound(plan, look, most):
        return 0.5
    if z >= _solve_bound(plan, look, _LEAST_ALPHA):
        return _LEAST_ALPHA
    log_p = solve_root(
        lambda log_alpha: z - _solve_bound(plan, look, math.exp(log_alpha)),
        math.log(_LEAST_ALPHA),
        math.log(most),
        f"z {z}",
    )
    return math.exp(log_p)


def _with_alpha(plan: SequentialPlan, alpha: float) -> SequentialPlan:
    efficacy = plan.efficacy
    if isinstance(efficacy, UserSpending):
        efficacy = UserSpending(tuple(alpha * spent / plan.alpha for spent in efficacy.cumulative))
    return replace(
        plan, alpha=alpha, efficacy=efficacy, futility=None, is_binding=False, beta=None, harm=None
    )


def _check_look(bounds: SequentialBounds, look: int, z: float, *, may_be_last: bool = False) -> None:
    looks = len(bounds.efficacy)
    most = looks if may_be_last else looks - 1
    problems = Problems("interim analysis")
    problems.check(1 <= look <= most, f"look is {look}; give 1 to {most}")
    problems.check(math.isfinite(z), f"z is {z}; give a number")
    problems.check(bounds.plan.sided == 1, "the test is two-sided; take a one-sided plan")
    problems.raise_if_any(InvalidDesign)

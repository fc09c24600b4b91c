"""The sets of criteria that no other set beats, by looking at every set."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from unburden.domain.criteria_sets import CriteriaFront, CriteriaSet, GoalValues
from unburden.domain.errors import InvalidCriterion, Problems
from unburden.domain.frontier import Goal
from unburden.eligibility.proportions import estimate_share
from unburden.eligibility.set_counts import MOST_ENUMERATED
from unburden.kernels.fronts import mark_undominated

DIGITS = 10
"""Values that agree to so many significant digits are equal: no set beats another by rounding errors."""

_EXHAUSTIVE = (
    "every set that keeps the mandatory criteria was compared: no set beats these, and none is missing"
)


def search_criteria_sets(
    criterion_ids: tuple[str, ...], goal_values: Sequence[GoalValues], *, mandatory: tuple[str, ...]
) -> CriteriaFront:
    """The front over all 2**k sets that keep the `mandatory` criteria, up to 20 criteria.

    Each of `goal_values` has 2**k values, bit c of the index saying that criterion c is in force. Sets
    without a value on some goal are left out and counted. Raises `InvalidCriterion` where the
    arguments do not fit or no set has a value on every goal.
    """
    count = len(criterion_ids)
    problems = Problems("search for criteria sets")
    told = (
        f"there are {count} criteria; every set is compared for up to {MOST_ENUMERATED}, so explore instead"
    )
    if problems.check(count <= MOST_ENUMERATED, told):
        for found in goal_values:
            told = f"goal {found.goal.name!r} has {len(found.values)} values; give {1 << count}, one a set"
            problems.check(len(found.values) == 1 << count, told)
    required = check_search(criterion_ids, mandatory, [found.goal for found in goal_values], problems)
    masks = np.arange(1 << count, dtype=np.int64)
    allowed = masks[masks & required == required]
    return make_front(criterion_ids, mandatory, allowed, [_take(found, allowed) for found in goal_values])


def _take(found: GoalValues, rows: NDArray) -> GoalValues:
    return replace(found, values=found.values[rows], low=found.low[rows], high=found.high[rows])


def check_search(
    criterion_ids: tuple[str, ...], mandatory: tuple[str, ...], goals: Sequence[Goal], problems: Problems
) -> int:
    """The mask of the mandatory criteria; raises `InvalidCriterion` with every problem."""
    for name in mandatory:
        known = ", ".join(criterion_ids)
        problems.check(name in criterion_ids, f"mandatory {name!r} is no criterion; the criteria are {known}")
    names = [goal.name for goal in goals]
    problems.check(bool(names), "there are no goals; give at least one")
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.add(f"goal {name!r} stands twice; keep one")
    problems.raise_if_any(InvalidCriterion)
    return sum(1 << criterion_ids.index(name) for name in set(mandatory))


def make_front(
    criterion_ids: tuple[str, ...],
    mandatory: tuple[str, ...],
    masks: NDArray[np.int64],
    goal_values: Sequence[GoalValues],
    *,
    guarantee: str = _EXHAUSTIVE,
    is_exhaustive: bool = True,
) -> CriteriaFront:
    """The front of some sets, whose values stand in the order of `masks`; raises where none has values."""
    values, low, high = (
        np.stack([getattr(found, name) for found in goal_values], axis=1)
        for name in ("values", "low", "high")
    )
    goals = tuple(found.goal for found in goal_values)
    exists = ~np.isnan(values).any(axis=1)
    if not exists.any():
        lacking = [goal.name for g, goal in enumerate(goals) if np.isnan(values[:, g]).all()]
        told = f"no set has a value on every goal ({', '.join(lacking) or 'each lacks one'}); drop a goal"
        raise InvalidCriterion("search for criteria sets", [told])
    written_mask = (1 << len(criterion_ids)) - 1
    kept = np.flatnonzero(exists)
    kept = kept[np.argsort(np.bitwise_count(masks[kept]) * (written_mask + 1.0) + masks[kept], kind="stable")]
    costs = derive_costs(values[kept], goals)
    is_first, twins = find_unbeaten(costs)
    front = kept[is_first]
    twins = twins[is_first]
    order = np.argsort(masks[front])
    front, twins = front[order], twins[order]
    written = np.flatnonzero(masks == written_mask)
    written_values = np.full((3, len(goals)), np.nan)
    beating = np.zeros(0, dtype=np.int64)
    if len(written):
        written_values = np.stack([array[written[0]] for array in (values, low, high)])
        beating = masks[front][_find_beating(derive_costs(values, goals), front, int(written[0]))]
    return CriteriaFront(
        goals=goals,
        criterion_ids=criterion_ids,
        mandatory=mandatory,
        masks=masks[front],
        values=values[front],
        low=low[front],
        high=high[front],
        twins=twins,
        sources=tuple(found.sources for found in goal_values),
        written_mask=written_mask,
        written_values=written_values,
        beating_masks=beating,
        examined=len(kept),
        without_value=int((~exists).sum()),
        is_exhaustive=is_exhaustive,
        guarantee=guarantee,
    )


def derive_costs(values: NDArray[np.float64], goals: Sequence[Goal]) -> NDArray[np.float64]:
    """Values (sets, goals) turned so that smaller is better, rounded to 10 significant digits."""
    signs = np.array([1.0 if goal.is_minimised else -1.0 for goal in goals])
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(np.abs(values))))
        rounded = np.where((values == 0) | np.isnan(values), values, np.rint(values * scale) / scale)
    # Adding 0 turns -0 into 0, so that equal costs have equal bytes.
    return rounded * signs + 0.0


def find_unbeaten(costs: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which rows no row beats, the first of equal ones only, and how many further equals each has.

    >>> find_unbeaten(np.array([[1.0, 2.0], [2.0, 1.0], [2.0, 2.0], [1.0, 2.0]]))[0].tolist()
    [True, True, False, False]
    """
    ranks = np.empty((costs.shape[1], len(costs)), dtype=np.int32)
    for goal in range(costs.shape[1]):
        ranks[goal] = np.unique(costs[:, goal], return_inverse=True)[1]
    _, first, counts = np.unique(_number_rows(ranks), return_index=True, return_counts=True)
    order = first[np.argsort(ranks[:, first].sum(axis=0, dtype=np.int64), kind="stable")]
    unbeaten = order[mark_undominated(np.ascontiguousarray(ranks[:, order]))]
    is_first = np.zeros(len(costs), dtype=bool)
    is_first[unbeaten] = True
    twins = np.zeros(len(costs), dtype=np.int64)
    twins[first] = counts - 1
    return is_first, twins


def _number_rows(ranks: NDArray[np.int32]) -> NDArray[np.int64]:
    """A whole number for each point, equal exactly where the points are; ranks are (goals, points)."""
    key = ranks[0].astype(np.int64)
    for row in ranks[1:]:
        if int(key.max()) >= 2**31:
            key = np.unique(key, return_inverse=True)[1].astype(np.int64)
        key = key * (int(row.max()) + 1) + row
    return key


def _find_beating(costs: NDArray[np.float64], front: NDArray, written: int) -> NDArray[np.bool_]:
    """Which sets of the front beat the protocol as written; none where it has no value somewhere."""
    own = costs[written]
    return (costs[front] <= own).all(axis=1) & (costs[front] < own).any(axis=1)


def judge_front(front: CriteriaFront, goal_values: Sequence[GoalValues]) -> CriteriaFront:
    """The same sets with their values in other patients than those they were chosen on.

    Sets chosen as the best of many look better than they are in the patients who chose them. The
    `goal_values` are the same goals in the other patients, 2**k values each; sets without a value
    there are left out. Sets stay in although others may beat them there.
    """
    problems = Problems("judging of criteria sets")
    told = "the goals differ from those of the front; give the same in the same order"
    problems.check(tuple(found.goal for found in goal_values) == front.goals, told)
    sets = 1 << len(front.criterion_ids)
    for found in goal_values:
        told = f"goal {found.goal.name!r} has {len(found.values)} values; give {sets}, one a set"
        problems.check(len(found.values) == sets, told)
    problems.raise_if_any(InvalidCriterion)
    exists = ~np.isnan(np.stack([found.values[front.masks] for found in goal_values], axis=1)).any(axis=1)
    masks = front.masks[exists]
    arrays = {
        name: np.stack([getattr(found, name)[masks] for found in goal_values], axis=1)
        for name in ("values", "low", "high")
    }
    written = np.array(
        [[getattr(found, name)[front.written_mask] for found in goal_values] for name in arrays]
    )
    costs, own = derive_costs(arrays["values"], front.goals), derive_costs(written[:1], front.goals)
    beats = (costs <= own).all(axis=1) & (costs < own).any(axis=1)
    return replace(
        front,
        masks=masks,
        values=arrays["values"],
        low=arrays["low"],
        high=arrays["high"],
        twins=front.twins[exists],
        sources=tuple(found.sources for found in goal_values),
        written_values=written,
        beating_masks=masks[beats],
        without_value=front.without_value + int((~exists).sum()),
        is_exhaustive=False,
        guarantee="chosen on other patients than those of the values; some may beat others here",
        unbeaten=None,
        replicates=0,
        stability=(),
    )


def bootstrap_front(
    front: CriteriaFront,
    derive_values: Callable[[NDArray[np.int64]], NDArray[np.float64]],
    *,
    patients: int,
    replicates: int,
    seed: int,
) -> CriteriaFront:
    """The front with the share of bootstrap samples of the patients in which each set stays unbeaten.

    `derive_values` takes how often each patient was drawn, (patients,), and gives every set's values,
    (2**k, goals), NaN where there is none; sample r is a function of `seed` and r alone. A set stays
    unbeaten where it has a value on every goal and no set beats it. A share near 1 says that the set's
    place does not hang on which patients happened to be there; a small one that many sets are about
    as good. Raises `InvalidCriterion` for a front that is not exhaustive or arguments that cannot be.
    """
    problems = Problems("bootstrap of the front of criteria sets")
    problems.check(front.is_exhaustive, "the front is not exhaustive; a sample needs every set's values")
    problems.check(patients > 0, f"patients are {patients}; give the cohort's")
    problems.check(replicates >= 20, f"replicates are {replicates}; give at least 20")
    problems.check(0 <= seed < 2**63, f"seed is {seed}; give a number from 0 to below 2**63")
    problems.raise_if_any(InvalidCriterion)
    required = sum(1 << front.criterion_ids.index(name) for name in set(front.mandatory))
    masks = np.arange(1 << len(front.criterion_ids), dtype=np.int64)
    allowed = masks[masks & required == required]
    unbeaten = np.zeros(len(front), dtype=np.int64)
    chances = np.full(patients, 1 / patients)
    for replicate in range(replicates):
        random = np.random.Generator(np.random.Philox(key=[seed, replicate]))
        values = derive_values(random.multinomial(patients, chances))
        told = f"values of a sample have the shape {values.shape}; give {(len(masks), len(front.goals))}"
        problems.check(values.shape == (len(masks), len(front.goals)), told)
        problems.raise_if_any(InvalidCriterion)
        unbeaten += _find_staying(front, values, allowed)
    source = f"simulated:n={replicates} bootstrap samples of {patients} patients, seed {seed}"
    shares = (estimate_share(int(n), replicates, source) for n in unbeaten)
    return replace(
        front, replicates=replicates, unbeaten=unbeaten, stability=tuple(s for s in shares if s is not None)
    )


def _find_staying(front: CriteriaFront, values: NDArray[np.float64], allowed: NDArray) -> NDArray[np.bool_]:
    """Which sets of the front no set beats in a sample; equals of an unbeaten set are unbeaten too."""
    usable = allowed[~np.isnan(values[allowed]).any(axis=1)]
    if not len(usable):
        return np.zeros(len(front), dtype=bool)
    costs = derive_costs(values[usable], front.goals)
    is_first, _ = find_unbeaten(costs)
    unbeaten = {row.tobytes() for row in costs[is_first]}
    place = np.searchsorted(usable, front.masks)
    is_usable = np.isin(front.masks, usable)
    return np.array(
        [found and costs[row].tobytes() in unbeaten for found, row in zip(is_usable, place, strict=True)],
        dtype=bool,
    )


def pick_highlights(front: CriteriaFront) -> dict[str, CriteriaSet]:
    """The sets that a reader looks for first: the best on each goal, and the best compromise.

    The "compromise" has the least largest regret, each goal's regret being 0 at its best value on the
    front and 1 at its worst (Chebyshev's distance from the ideal). Of equals the one of fewest criteria.
    """
    costs = derive_costs(front.values, front.goals)
    sizes = np.bitwise_count(front.masks)
    span = costs.max(axis=0) - costs.min(axis=0)
    regret = (costs - costs.min(axis=0)) / np.where(span > 0, span, 1.0)
    found = {
        goal.name: int(np.lexsort((sizes, regret.sum(axis=1), costs[:, g]))[0])
        for g, goal in enumerate(front.goals)
    }
    found["compromise"] = int(np.lexsort((sizes, regret.sum(axis=1), regret.max(axis=1)))[0])
    return {name: front.describe(index) for name, index in found.items()}

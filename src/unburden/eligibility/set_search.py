"""Sets of criteria that no examined set beats, where there are too many sets to look at each."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from unburden.domain.criteria_sets import CriteriaFront, GoalValues
from unburden.domain.errors import InvalidCriterion, Problems
from unburden.domain.passing import MOST_MASKED
from unburden.eligibility.criteria_sets import check_search, derive_costs, find_unbeaten, make_front

Evaluate = Callable[[NDArray[np.int64]], Sequence[GoalValues]]

_AT_ONCE = 64
_QUIET_ROUNDS = 12
_LOCAL = (
    "no examined set beats these, and no set that adds or drops one criterion of any of them does; "
    "others may be missing"
)
_STOPPED = "no examined set beats these; the search stopped at its limit, and others may be missing"


def explore_criteria_sets(
    criterion_ids: tuple[str, ...],
    evaluate: Evaluate,
    *,
    mandatory: tuple[str, ...],
    most_sets: int,
    seed: int,
) -> CriteriaFront:
    """A front found by Pareto local search, for up to 63 criteria.

    `evaluate` gives the goals' values of the sets whose masks it is given. The search starts from all
    criteria, none but the mandatory, each of these with one changed, and sets drawn at random; it looks
    at every neighbour (one criterion added or dropped) of every unbeaten set (Paquete, Chiarandini &
    Stützle 2004), and then at mixtures of two unbeaten sets until 12 rounds bring nothing new or
    `most_sets` have been examined. The front's `guarantee` says whether all neighbours were seen. Draws
    are a function of `seed`.

    Raises `InvalidCriterion` for arguments that cannot be, or where no examined set has all values.
    """
    problems = Problems("exploration of criteria sets")
    count = len(criterion_ids)
    problems.check(count <= MOST_MASKED, f"there are {count} criteria; give up to {MOST_MASKED}")
    problems.check(most_sets >= 4 * count + 4, f"most sets are {most_sets}; give at least {4 * count + 4}")
    problems.check(0 <= seed < 2**63, f"seed is {seed}; give a number from 0 to below 2**63")
    problems.raise_if_any(InvalidCriterion)
    full = (1 << count) - 1
    # The goals are not known before something is evaluated.
    goal_values = evaluate(np.array([full], dtype=np.int64))
    required = check_search(criterion_ids, mandatory, [found.goal for found in goal_values], problems)
    search = _Search(evaluate, full, required, most_sets, seed)
    search.run()
    is_complete = search.explored.issuperset(search.front)
    return make_front(
        criterion_ids,
        mandatory,
        np.array(search.masks, dtype=np.int64),
        search.join(),
        guarantee=_LOCAL if is_complete else _STOPPED,
        is_exhaustive=False,
    )


class _Search:
    """What has been examined, what is unbeaten and whose neighbours have been seen."""

    def __init__(self, evaluate: Evaluate, full: int, required: int, most_sets: int, seed: int) -> None:
        self.evaluate, self.full, self.required, self.most_sets = evaluate, full, required, most_sets
        self.random = np.random.Generator(np.random.Philox(key=seed))
        self.free = [c for c in range(full.bit_length()) if (full & ~required) >> c & 1]
        self.masks: list[int] = []
        self.seen: set[int] = set()
        self.parts: list[Sequence[GoalValues]] = []
        self.front: list[int] = []
        self.front_costs = np.zeros((0, 0))
        self.explored: set[int] = set()

    def run(self) -> None:
        """Examine sets until nothing new turns up or the limit is reached."""
        starts = [self.full, self.required]
        starts += [start ^ (1 << c) for start in tuple(starts) for c in self.free]
        starts += [self._draw_mixture(self.full, self.required) for _ in range(2 * len(self.free))]
        self.examine(starts)
        quiet = 0
        while len(self.masks) < self.most_sets and quiet < _QUIET_ROUNDS:
            open_sets = [mask for mask in self.front if mask not in self.explored]
            if open_sets:
                chosen = self.random.permutation(len(open_sets))[:_AT_ONCE]
                found = [open_sets[i] for i in chosen]
                is_whole = self.examine([mask ^ (1 << c) for mask in found for c in self.free])
                self.explored.update(found if is_whole else ())
                continue
            before = set(self.front)
            pairs = self.random.integers(0, max(len(self.front), 1), (_AT_ONCE, 2)) if self.front else []
            mixtures = [self._draw_mixture(self.front[a], self.front[b], change=True) for a, b in pairs]
            self.examine(mixtures)
            quiet = quiet + 1 if before.issuperset(self.front) else 0

    def _draw_mixture(self, one: int, other: int, *, change: bool = False) -> int:
        """Each criterion from one of two sets at random, with one or two changed if asked for."""
        mask = self.required
        for c in self.free:
            mask |= (one if self.random.integers(2) else other) & (1 << c)
        if change and self.free:
            for c in self.random.choice(self.free, int(self.random.integers(1, 3))):
                mask ^= 1 << int(c)
        return mask

    def examine(self, masks: list[int]) -> bool:
        """Evaluate the new ones among some sets; false where the limit cut them short."""
        new = [mask for mask in dict.fromkeys(masks) if mask not in self.seen]
        room = self.most_sets - len(self.masks)
        taken = new[:room]
        if taken:
            values = self.evaluate(np.array(taken, dtype=np.int64))
            self.masks += taken
            self.seen.update(taken)
            self.parts.append(values)
            self._update_front(taken, values)
        return len(taken) == len(new)

    def _update_front(self, masks: list[int], goal_values: Sequence[GoalValues]) -> None:
        values = np.stack([found.values for found in goal_values], axis=1)
        exists = np.flatnonzero(~np.isnan(values).any(axis=1))
        if not len(exists):
            return
        costs = derive_costs(values[exists], [found.goal for found in goal_values])
        together = np.concatenate((self.front_costs, costs)) if self.front else costs
        names = self.front + [masks[i] for i in exists]
        is_unbeaten, _ = find_unbeaten(together)
        self.front = [names[i] for i in np.flatnonzero(is_unbeaten)]
        self.front_costs = together[is_unbeaten]

    def join(self) -> list[GoalValues]:
        """The values of all examined sets, goal by goal."""
        return [
            replace(
                columns[0],
                values=np.concatenate([column.values for column in columns]),
                low=np.concatenate([column.low for column in columns]),
                high=np.concatenate([column.high for column in columns]),
            )
            for columns in zip(*self.parts, strict=True)
        ]

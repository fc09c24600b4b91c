"""Shapley values by walking through every order in which players can arrive."""

import math
from collections.abc import Callable
from itertools import combinations, permutations


def average_over_orders(players: int, value: Callable[[frozenset[int]], float]) -> list[float]:
    """Each player's marginal contribution, averaged over all orders (Shapley 1953).

    `value` takes the set of players (numbers from 0) who have arrived. At most 6 players: 720 orders.
    """
    if players > 6:
        raise ValueError(f"{players} players have {math.factorial(players)} orders; at most 6 are walked")
    known = {
        frozenset(s): value(frozenset(s)) for k in range(players + 1) for s in combinations(range(players), k)
    }
    gains: list[list[float]] = [[] for _ in range(players)]
    for order in permutations(range(players)):
        arrived: frozenset[int] = frozenset()
        for player in order:
            after = arrived | {player}
            gains[player].append(known[after] - known[arrived])
            arrived = after
    return [math.fsum(gain) / len(gain) for gain in gains]

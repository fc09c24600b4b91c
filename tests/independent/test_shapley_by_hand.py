"""Shapley values by hand against games whose values are published or follow from the axioms."""

from fractions import Fraction

import numpy as np
import pytest
from shapley_by_hand import average_over_orders


def draw_game(seed: int, players: int):
    """A value for every set of players, the empty one included."""
    values = np.random.default_rng(seed).normal(size=2**players)
    return lambda group: float(values[sum(1 << player for player in group)])


def test_gloves():
    # Shapley (1953), as in every textbook: one left glove, two right ones; a pair is worth 1.
    found = average_over_orders(3, lambda group: float(0 in group and len(group) > 1))
    assert found == pytest.approx([2 / 3, 1 / 6, 1 / 6], abs=1e-15)


def test_airport():
    # Littlechild & Owen (1973): who needs a longer runway shares each stretch with those who need it too.
    costs = [1.0, 3.0, 4.0, 10.0]
    found = average_over_orders(4, lambda group: max((costs[i] for i in group), default=0.0))
    expected = [Fraction(1, 4), Fraction(1, 4) + Fraction(2, 3)]
    expected += [expected[1] + Fraction(1, 2), expected[1] + Fraction(1, 2) + 6]
    assert found == pytest.approx([float(share) for share in expected], abs=1e-14)


def test_security_council_in_small():
    # Weighted majority, quota 4 of weights 3, 1, 1, 1 (Shapley & Shubik 1954): the large one decides unless
    # he comes first: 3/4. Below: he is pivotal in places 2 to 4 of 4.
    weights = [3, 1, 1, 1]
    found = average_over_orders(4, lambda group: float(sum(weights[i] for i in group) >= 4))
    assert found == pytest.approx([3 / 4, 1 / 12, 1 / 12, 1 / 12], abs=1e-15)


@pytest.mark.parametrize("players", [1, 3, 6])
def test_axioms(players):
    game, other = draw_game(1, players), draw_game(2, players)
    found = average_over_orders(players, game)
    everyone, nobody = frozenset(range(players)), frozenset()
    assert sum(found) == pytest.approx(game(everyone) - game(nobody), abs=1e-12)
    both = average_over_orders(players, lambda group: game(group) + other(group))
    assert both == pytest.approx(np.add(found, average_over_orders(players, other)), abs=1e-12)
    dummy = average_over_orders(players, lambda group: game(group - {0}))
    assert dummy[0] == 0


def test_more_players_are_refused():
    with pytest.raises(ValueError, match="at most 6"):
        average_over_orders(7, len)

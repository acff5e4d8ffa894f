import itertools

import numpy as np
import pytest

from holdfast.stats.shapley import contributions


def game(players, value):
    sets = itertools.chain.from_iterable(itertools.combinations(players, k) for k in range(len(players) + 1))
    return {frozenset(some): np.array([value(frozenset(some))], dtype=float) for some in sets}


def test_by_hand_for_two():
    worth = {frozenset(): 1.0, frozenset("a"): 0.4, frozenset("b"): 0.8, frozenset("ab"): 0.1}
    found = contributions({k: np.array([v]) for k, v in worth.items()}, ("a", "b"))
    assert found is not None
    # a joins first: .6, or after b: .7; b first: .2, or after a: .3.
    assert (found["a"][0], found["b"][0]) == (pytest.approx(0.65), pytest.approx(0.25))


def test_against_the_mean_over_all_orders_for_four():
    players = tuple("abcd")
    rng = np.random.default_rng(0)
    drawn = {}
    values = game(players, lambda some: drawn.setdefault(some, rng.random()))
    found = contributions(values, players)
    assert found is not None
    for player in players:
        falls = []
        for order in itertools.permutations(players):
            before = frozenset(order[: order.index(player)])
            falls.append(values[before][0] - values[before | {player}][0])
        assert found[player][0] == pytest.approx(np.mean(falls))


def test_five_players_by_two_orders_share_the_whole_fall():
    players = tuple("abcde")
    chains = [players[:k] for k in range(6)] + [players[-k:] for k in range(1, 5)]
    values = {frozenset(c): np.array([1 - len(c) / 5 - ("a" in c) * 0.0]) for c in chains}
    found = contributions(values, players)
    assert found is not None
    assert all(found[p][0] == pytest.approx(0.2) for p in players)
    del values[frozenset("de")]
    assert contributions(values, players) is None


def test_who_changes_nothing_gets_nothing():
    found = contributions(game(tuple("abc"), lambda some: 0.0 if "a" in some else 1.0), tuple("abc"))
    assert found is not None
    assert [found[p][0] for p in "abc"] == [pytest.approx(1.0), pytest.approx(0.0), pytest.approx(0.0)]

"""What each of several changes contributes to their joint effect, behaviour by behaviour."""

from collections.abc import Mapping
from itertools import pairwise
from math import factorial

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


def contributions(values: Mapping[frozenset[str], Values], players: tuple[str, ...]) -> dict[str, Values] | None:
    """By player the mean fall of `values` when it joins; None where the sets do not allow that.

    `values` holds an array of shape (behaviours,) for sets of players, the empty one among them. Where every set is
    there these are Shapley values, which sum to values[empty] - values[all]; where only the growing sets of the order
    of `players` and of its reverse are, the mean over these two orders, which has the same sum.
    Source: Shapley, "A value for n-person games", 1953.
    """
    n = len(players)
    if all(frozenset(_members(players, code)) in values for code in range(2**n)):
        return {player: _shapley(values, players, player) for player in players}
    orders = (players, players[::-1])
    chains = [[frozenset(order[:size]) for size in range(n + 1)] for order in orders]
    if any(some not in values for chain in chains for some in chain):
        return None
    falls = {player: np.zeros_like(values[frozenset()]) for player in players}
    for order, chain in zip(orders, chains, strict=True):
        for player, (before, after) in zip(order, pairwise(chain), strict=True):
            falls[player] += (values[before] - values[after]) / len(orders)
    return falls


def _shapley(values: Mapping[frozenset[str], Values], players: tuple[str, ...], player: str) -> Values:
    others, n = tuple(p for p in players if p != player), len(players)
    total = np.zeros_like(values[frozenset()])
    for code in range(2 ** len(others)):
        some = frozenset(_members(others, code))
        weight = factorial(len(some)) * factorial(n - len(some) - 1) / factorial(n)
        total += weight * (values[some] - values[some | {player}])
    return total


def _members(players: tuple[str, ...], code: int) -> list[str]:
    return [player for i, player in enumerate(players) if code >> i & 1]

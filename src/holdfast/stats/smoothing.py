"""Votes over randomly changed copies of a text: how often enough characters change, and how often the vote is lost.

A text of `length` characters ends in a suffix; `changes` places are drawn, all over the text (swap) or in one stretch
(patch), and each gets a character drawn evenly from 100, which differs from the old one 99 times in 100.

Robey et al., arXiv:2310.03684, propositions on swapped and patched characters, for the chance of k changes in the
suffix. Their vote takes a copy that does not win for one that refuses; `won_by_any` is without that.
"""

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import binom, hypergeom

Array = npt.NDArray[np.float64]
Drawn = Literal["swap", "patch"]

SEEN = 0.99         # chance that a drawn character differs from the one it replaces
_GRID = np.linspace(0.0, 1.0, 2001)


def hits(length: int, suffix: int, changes: int, drawn: Drawn) -> Array:
    """The law of how many of the places drawn lie in the suffix, shape (changes + 1,).

    ValueError unless `suffix` and `changes` lie between 0 and `length`.
    """
    if not (0 <= suffix <= length and 0 <= changes <= length):
        raise ValueError(f"{changes} changes and a suffix of {suffix} do not fit into {length} characters")
    if drawn == "swap":
        return np.asarray(hypergeom.pmf(np.arange(changes + 1), length, suffix, changes), dtype=np.float64)
    starts = np.arange(length - changes + 1)
    inside = np.clip(starts + changes - (length - suffix), 0, min(changes, suffix))
    return np.asarray(np.bincount(inside, minlength=changes + 1) / len(starts), dtype=np.float64)


def changed(k: int, length: int, suffix: int, changes: int, drawn: Drawn) -> float:
    """The chance that `k` or more characters of the suffix differ afterwards.

    With the rest of the text as it is it grows with the suffix: a longer one has places added, and none taken away.
    """
    law = hits(length, suffix, changes, drawn)
    return float(law @ binom.sf(k - 1, np.arange(changes + 1), SEEN))


def won_by_majority(copy: float, copies: int) -> float:
    """The chance that more than half of the copies win, where each wins with chance `copy`: a tie loses."""
    return float(binom.sf(copies // 2, copies, copy))


def won_by_any(copy: float, copies: int) -> float:
    """The most that the vote is won with where refusing and losing are not the same, and a majority's reply is drawn.

    Whichever side has the majority has ceil(N/2) copies or more, and one of them is drawn: with W of N copies winning
    it wins with chance at most min(1, W / ceil(N/2)). Concave in `copy`.
    """
    won = np.arange(copies + 1)
    chances = np.array([math.comb(copies, w) * copy**w * (1 - copy) ** (copies - w) for w in won.tolist()])
    return float(chances @ np.minimum(1.0, won / -(-copies // 2)))


def most_on_average(least: float, mean: float, copies: int) -> float:
    """The largest mean of `won_by_majority` over texts whose copies' chances have this mean, none below `least`.

    The majority's chance bends up and then down, so that texts of different chances can do better than equal ones:
    some at `least` and the others at one chance r >= `mean`, the best r of a grid.
    """
    if mean <= least:
        return won_by_majority(least, copies)
    others = np.append(mean, _GRID[mean < _GRID])
    low, high = won_by_majority(least, copies), binom.sf(copies // 2, copies, others)
    return float((low + (high - low) * (mean - least) / (others - least)).max())

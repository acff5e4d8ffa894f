"""A share that grows with the logarithm of what is spent: a line through empirical logits.

    log10 of the odds of winning = c + d log10(spent).

The odds at each level of spending are (wins + 1/2) / (losses + 1/2), weighted by 1 / (1/(wins + 1/2) + 1/(losses +
1/2)): Cox, "The Analysis of Binary Data" (1970), chapter 3. The same behaviours are looked at on every level, so
intervals come from resampling behaviours, whole rows.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from holdfast.stats.checks import at_least_one

Array = npt.NDArray[np.float64]


class Line(NamedTuple):
    """log10 odds = c + d log10(spent)."""

    c: float
    d: float

    def log_odds(self, spent: float) -> float:
        """log10 of the odds of winning."""
        return self.c + self.d * math.log10(spent)


def fit(spent: Sequence[float], wins: Sequence[int] | Array, n: int) -> Line:
    """The weighted line for `wins` of `n` behaviours at each level, ascending.

    ValueError with fewer than two levels, or wins that are no count.
    """
    won = np.asarray(wins, dtype=np.float64)
    if n < 1 or np.any((won < 0) | (won > n)):
        raise ValueError("wins must lie between 0 and the number of behaviours, which is at least 1")
    c, d = _lines(spent, won[None, :], n)
    return Line(float(c[0]), float(d[0]))


def resampled(won: npt.NDArray[np.bool_], spent: Sequence[float], resamples: int, seed: int) -> tuple[Array, Array]:
    """c and d of fits to behaviours drawn with replacement; `won` has shape (behaviours, levels). ValueError as
    `fit`."""
    n = len(won)
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(n, np.full(n, 1 / n), size=at_least_one("resamples", resamples))
    return _lines(spent, weights.astype(np.float64) @ won.astype(np.float64), n)


def _lines(spent: Sequence[float], wins: Array, n: int) -> tuple[Array, Array]:
    if len(set(spent)) < 2:
        raise ValueError("a line needs two levels of spending or more")
    x = np.log10(np.asarray(spent, dtype=np.float64))
    won, lost = wins + 0.5, n - wins + 0.5
    y = np.log10(won / lost)
    weight = won * lost / (won + lost)
    weight /= weight.sum(axis=1, keepdims=True)
    mean_x, mean_y = weight @ x, (weight * y).sum(axis=1)
    slope = (weight * (x - mean_x[:, None]) * (y - mean_y[:, None])).sum(axis=1) / \
        (weight * (x - mean_x[:, None]) ** 2).sum(axis=1)
    return mean_y - slope * mean_x, slope

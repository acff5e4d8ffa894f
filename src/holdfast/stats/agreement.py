"""How far several reviewers fail on the same items: the intra-class correlation of a table of 0 and 1.

Of n items and m reviewers, with p the share of failures and q the share of pairs of reviewers on one item that both
failed, the correlation is (q - p^2) / (p (1 - p)): 0 where failures fall anywhere, 1 where all fail together. Items
that differ in how hard they are make it positive, as they should: to whoever counts on reviewers it is the same.

Fleiss, Levin & Paik, "Statistical Methods for Rates and Proportions", chapter 18 (2003).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from holdfast.stats.checks import within

Table = npt.NDArray[np.float64]

_RESAMPLES = 2000


class Agreement(NamedTuple):
    """The correlation with one-sided bounds, and how probably independent failures would be correlated as much."""

    correlation: float
    lower: float
    upper: float
    p: float


def agreement(table: Table, alpha: float, seed: int) -> Agreement | None:
    """The correlation in a table of shape (items, reviewers); None where nobody failed, or everybody always.

    The bounds, each at one-sided level `alpha`, are quantiles over resampled items, 2000 times. `p` is that of a
    permutation test, exact: every reviewer's column is shuffled by itself. ValueError unless there are two reviewers.
    """
    within("alpha", alpha)
    if table.ndim != 2 or table.shape[1] < 2:
        raise ValueError(f"a table of shape {table.shape} has no two reviewers")
    if not len(table) or table.mean() in (0.0, 1.0):
        return None
    rng = np.random.default_rng(seed)
    reviewers = table.shape[1]
    failures = table.sum(axis=1)
    drawn = failures[rng.integers(len(failures), size=(_RESAMPLES, len(failures)))]
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = _correlation(drawn, reviewers)
    low, high = (np.where(np.isfinite(spread), spread, unknown) for unknown in (-1.0, 1.0))
    shuffled = np.zeros((_RESAMPLES, len(table)))
    for column in table.T:
        shuffled += rng.permuted(np.tile(column, (_RESAMPLES, 1)), axis=1)
    together = (failures * (failures - 1)).sum()
    as_much = int(((shuffled * (shuffled - 1)).sum(axis=1) >= together - 1e-9).sum())
    return Agreement(
        float(_correlation(failures[None, :], reviewers)[0]), float(np.quantile(low, alpha)),
        float(np.quantile(high, 1 - alpha)), (1 + as_much) / (1 + _RESAMPLES))


def _correlation(failures: Table, reviewers: int) -> Table:
    """From numbers of failures, shape (..., items)."""
    p = failures.mean(axis=-1) / reviewers
    both = (failures * (failures - 1)).mean(axis=-1) / (reviewers * (reviewers - 1))
    out: Table = (both - p**2) / (p * (1 - p))
    return out

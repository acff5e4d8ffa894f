"""The largest chance among many queries, from the largest among few.

A query draws a behaviour with chance p, and psi = -log(-log p). Where the tail of psi is exponential,

    log S(psi) = -a psi - b,   S(psi) the share of queries above psi,

the largest among m queries lies where S is about 1/m, so that -log p_max = e^(b/a) m^(-1/a). Given the top k of n
queries and the next one below, u, the exceedances psi - u are exponential: their mean e estimates 1/a, and
S(psi) = k/n exp(-(psi - u) / e) (Hill's estimator, in psi). The largest of m then falls below x with probability
exp(-m S(x)).

Jones et al. 2025, arXiv:2502.16797 (the law, on queries to language models); Hill, "A simple general approach to
inference about the tail of a distribution", Annals of Statistics 3 (1975). A mode of failure that the few queries
missed is under-predicted: arXiv:2605.15134.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from holdfast.stats.checks import at_least_one

Array = npt.NDArray[np.float64]

_LEAST = 1e-12      # nats: a chance that rounds to 1


class Tail(NamedTuple):
    """S(psi) = share * exp(-(psi - above) / excess), for psi above `above`."""

    above: float
    excess: float
    share: float

    def largest(self, queries: int, quantile: float = 0.5) -> float:
        """The quantile of the largest psi among so many queries."""
        return self.above + self.excess * (math.log(queries * self.share) - math.log(-math.log(quantile)))

    @property
    def a(self) -> float:
        """The slope of log S."""
        return 1 / self.excess

    @property
    def b(self) -> float:
        """The offset: log S(psi) = -a psi - b."""
        return -math.log(self.share) - self.above / self.excess


def psi(log_chances: Sequence[float] | Array) -> Array:
    """-log(-log p) from log p, in nats; ValueError if a log-probability is above 0."""
    logs = np.asarray(log_chances, dtype=np.float64)
    if np.any(logs > 1e-6):
        raise ValueError("a log-probability cannot be above 0")
    out: Array = -np.log(np.maximum(-logs, _LEAST))
    return out


def log_chance(x: float) -> float:
    """log p of a psi: the inverse of `psi`, -exp(-psi)."""
    return -math.exp(-x)


def fit(scores: Array, top: int) -> Tail:
    """The tail above the largest score but `top`. ValueError unless there are more scores than that, or all are
    one."""
    if len(scores) <= at_least_one("top", top):
        raise ValueError(f"the top {top} of {len(scores)} scores leave none below them")
    tail = _tail(scores, top)
    if tail.excess <= 0:
        raise ValueError("the largest scores are all alike, and have no tail")
    return tail


def resampled(groups: Sequence[Array], top: int, queries: int, resamples: int, seed: int) -> Array:
    """Largest psi among so many queries, one draw a resample of the groups (behaviours, each with its queries'
    scores).

    Each resample fits a tail of its own and draws a largest from it, so that quantiles hold both errors: of the tail,
    and of which queries come.
    """
    rng = np.random.default_rng(seed)
    luck = -np.log(-np.log(rng.uniform(size=resamples)))
    out = np.empty(resamples)
    for i in range(resamples):
        tail = _tail(np.concatenate([groups[j] for j in rng.integers(len(groups), size=len(groups))]), top)
        # The mean of k exponentials is known up to a gamma: resampling k values alone is too sure of it.
        excess = tail.excess * top / rng.gamma(top)
        out[i] = tail.above + excess * (math.log(queries * tail.share) + luck[i])
    return out


def _tail(scores: Array, top: int) -> Tail:
    ordered = np.sort(scores)[::-1]
    return Tail(float(ordered[top]), float(ordered[:top].mean() - ordered[top]), top / len(scores))

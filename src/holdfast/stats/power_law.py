"""The power law of repeated tries: -log ASR(N) = a N^-b, fitted to small N and resampled over behaviours.

ASR(N) is the share of behaviours won at least once in N exchangeable tries. The law is a straight line in logarithms,

    log(-log ASR(N)) = log a - b log N,

fitted by least squares to a few N that are spread evenly in log N. Neighbouring N share their wins, so that residuals
of the line show no error of it: intervals come from resampling behaviours, whole rows, and never tries.

Hughes et al. 2024, arXiv:2412.03556 (the law, on jailbreaks); Schaeffer et al., arXiv:2502.17578 (it holds where the
chances of single tries have density ~ p^(b-1) near 0, and fails where they stay away from 0).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from holdfast.stats.checks import at_least_one

Array = npt.NDArray[np.float64]


class PowerLaw(NamedTuple):
    """-log ASR(N) = a N^-b."""

    a: float
    b: float

    def rate(self, tries: float) -> float:
        """The share of behaviours won in so many tries."""
        return math.exp(-self.a * tries**-self.b)


def spread(low: int, high: int, points: int) -> tuple[int, ...]:
    """At most `points` whole numbers from `low` to `high`, both included, evenly over orders of magnitude.

    ValueError unless 1 <= `low` <= `high`.
    """
    if not 1 <= low <= high:
        raise ValueError(f"there is nothing between {low} and {high} tries")
    return tuple(sorted({round(n) for n in np.geomspace(low, high, at_least_one("points", points))}))


def fit(sizes: Sequence[int], rates: Sequence[float] | Array) -> PowerLaw:
    """The line through (log N, log(-log ASR)), by least squares.

    ValueError with fewer than two sizes, or a rate that is not strictly between 0 and 1: it has no place on the line.
    """
    seen = np.asarray(rates, dtype=np.float64)
    if not np.all((seen > 0) & (seen < 1)):
        raise ValueError("a power law needs rates strictly between 0 and 1")
    a, b = _lines(sizes, seen[None, :])
    return PowerLaw(float(a[0]), float(b[0]))


def resampled(shares: Array, sizes: Sequence[int], resamples: int, seed: int) -> tuple[Array, Array]:
    """a and b of fits to behaviours drawn with replacement, each of shape (resamples,).

    `shares` has shape (behaviours, sizes): each behaviour's estimate of 1 - (1 - p)^N. A resample in which nothing
    was won has a infinite (the rate stays 0), one in which all was won a = 0, both with b = 0. ValueError as `fit`.
    Source: Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979).
    """
    at_least_one("resamples", resamples)
    rng, behaviours = np.random.default_rng(seed), len(shares)
    weights = rng.multinomial(behaviours, np.full(behaviours, 1 / behaviours), size=resamples) / behaviours
    rates = weights @ shares
    nothing, everything = rates.min(axis=1) <= 0, rates.max(axis=1) >= 1
    inside = ~(nothing | everything)
    a, b = np.where(nothing, np.inf, 0.0), np.zeros(resamples)
    a[inside], b[inside] = _lines(sizes, rates[inside])
    return a, b


def log_odds(a: Array, b: Array, tries: int) -> Array:
    """log10 of the forecast share won over the share not won in so many tries; infinite at a share of 0 or 1."""
    exponent = a * float(tries) ** -b
    with np.errstate(divide="ignore"):
        return (-exponent - np.log(-np.expm1(-exponent))) / math.log(10)


def _lines(sizes: Sequence[int], rates: Array) -> tuple[Array, Array]:
    """Least squares for each row of rates."""
    if len(set(sizes)) < 2:
        raise ValueError("a line needs two sizes or more")
    x = np.log(np.asarray(sizes, dtype=np.float64))
    y = np.log(-np.log(rates))
    centred = x - x.mean()
    slope = y @ centred / (centred @ centred)
    return np.exp(y.mean(axis=1) - slope * x.mean()), -slope

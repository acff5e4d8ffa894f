"""Two rivals that a beta-binomial must not lose to: behaviours that never fall, and none that hardly ever does.

With p a behaviour's chance of falling to one try, and q ~ Beta(alpha, beta), each rival adds one parameter:

    some never fall      p = 0 with probability `never`, else p = q
    none is nearly safe  p = floor + (1 - floor) q

At 0 either is the beta-binomial itself, so that twice the gain in log-likelihood follows, where the beta-binomial is
true, half a point mass at 0 and half a chi-square of one degree: Self & Liang, "Asymptotic properties of maximum
likelihood estimators and likelihood ratio tests under nonstandard conditions", JASA 82 (1987), case 5.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import betaln, chdtrc, gammaln, logsumexp

from holdfast.stats.beta_binomial import Fit, Unfit, fit

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

_STARTS = (0.02, 0.2)       # of the added parameter; likelihoods with a point mass can have two peaks


class Rival(NamedTuple):
    """The added parameter where the rival fits best, twice its gain in log-likelihood, and the p-value of that."""

    value: float
    gain: float
    p: float


class Contest(NamedTuple):
    """A beta-binomial and its rivals, fitted to the same counts."""

    fit: Fit
    never: Rival
    floor: Rival


def contest(wins: Counts, tries: Counts) -> Contest | Unfit:
    """Fit all three to `wins` of `tries` per behaviour; refused where the beta-binomial is, ValueError likewise."""
    found = fit(wins, tries)
    if isinstance(found, Unfit):
        return found
    pairs, weights = np.unique(np.stack([wins, tries]), axis=1, return_counts=True)
    k, n = pairs

    def never(alpha: float, beta: float, share: float) -> float:
        taken = np.log1p(-share) + _spread(alpha, beta, k, n)
        return float(weights @ np.where(k == 0, np.logaddexp(np.log(share), taken), taken))

    def floor(alpha: float, beta: float, least: float) -> float:
        return float(weights @ _floored(alpha, beta, least, k, n))

    plain = float(weights @ _spread(found.alpha, found.beta, k, n))
    return Contest(found, _best(never, found, plain), _best(floor, found, plain))


def _best(likelihood: Callable[[float, float, float], float], start: Fit, plain: float) -> Rival:
    """The rival at its best; where that is no better than without the parameter, its value is 0."""
    def loss(x: Array) -> float:
        alpha, beta = np.exp(np.clip(x[:2], -12, 12))
        return -likelihood(float(alpha), float(beta), float(1 / (1 + np.exp(-x[2]))))

    best, value = plain, 0.0
    for added in _STARTS:
        first = np.array([np.log(start.alpha), np.log(start.beta), np.log(added / (1 - added))])
        found = minimize(loss, first, method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-4, "maxiter": 600})
        if -found.fun > best:
            best, value = float(-found.fun), float(1 / (1 + np.exp(-found.x[2])))
    gain = 2 * (best - plain)
    return Rival(float(f"{value:.6g}"), gain, 0.5 * float(chdtrc(1, gain)) if gain > 0 else 1.0)


def _spread(alpha: float, beta: float, k: Counts, n: Counts) -> Array:
    """ln of the beta-binomial chance of k wins in n tries, less the binomial coefficient, which all rivals share."""
    out: Array = betaln(k + alpha, n - k + beta) - betaln(alpha, beta)
    return out


def _floored(alpha: float, beta: float, least: float, k: Counts, n: Counts) -> Array:
    """The same with p = floor + (1 - floor) q: the win's power k expanded, every term a beta function."""
    j = np.arange(k.max() + 1)[None, :]
    kk, nn = k[:, None], n[:, None]
    inside = j <= kk
    rest = np.where(inside, kk - j, 0)
    terms = (gammaln(kk + 1) - gammaln(j + 1) - gammaln(rest + 1) + rest * np.log(least)
             + (nn - rest) * np.log1p(-least) + betaln(alpha + j, beta + nn - kk) - betaln(alpha, beta))
    out: Array = logsumexp(np.where(inside, terms, -np.inf), axis=1)
    return out

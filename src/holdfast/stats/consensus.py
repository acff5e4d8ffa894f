"""The chance that at least k of n reviewers fail on the same item, under what is known of how they fail together.

Each fails on a share `rate` of the items. Four worlds, from the kindest to the one that a derivation may count on:

    independent     a binomial tail;
    beta-binomial   items differ in how hard they are, as Beta(a, b) with a + b = 1 / correlation - 1, so that any two
                    failures are correlated by `correlation`, 1 / (a + b + 1);
    common-cause    with chance `common` all fail together, and else independently, at the rate that leaves `rate`;
    worst           whatever the dependence, given the rate and, where one is known, a bound on the mean correlation
                    of pairs: a linear program over the law of the number J of failures,

        maximise Pr[J >= k]  with  E[J] <= n rate,  E[J (J - 1)] <= n (n - 1) (rate^2 + correlation rate (1 - rate)).

Any law of the reviewers, its names shuffled, has such a law of J and the same Pr[J >= k], and any law of J is one of
shuffled reviewers, so the program is exact. Without the second line it gives min(1, n rate / k). `correlation` and
`common` are upper bounds: the largest tail of any smaller value is taken, since a tail may fall as they grow.

Griffiths, Biometrics 29 (1973), for the beta-binomial; Fleming, "A reliability model for common mode failures in
redundant safety systems" (1975), for the common cause; Prékopa, "Boole-Bonferroni inequalities and linear
programming", Operations Research 36 (1988), for the program.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.special import betaln
from scipy.stats import betabinom, binom

from holdfast.stats.checks import at_least_one, share

Dependence = Literal["independent", "beta-binomial", "common-cause", "worst"]

Law = npt.NDArray[np.float64]
"""The law of how many of n reviewers fail on one item, shape (n + 1,)."""

_GRID = np.linspace(0.0, 1.0, 1001)
_NONE = 1e-9        # a correlation that moves no tail by more than rounding does


def fail_together(
    k: int, n: int, rate: float, how: Dependence, correlation: float | None = None, common: float = 0.0
) -> float:
    """The largest chance that `k` or more of `n` fail on one item; grows with `rate`, `correlation` and `common`.

    `correlation` is read by `beta-binomial`, which needs it, and by `worst`; `common` by `common-cause`. ValueError
    unless 1 <= k <= n and all shares lie in [0, 1]. The smaller correlations are tried in steps of 1/1000.
    """
    at_least_one("k", k)
    if k > n:
        raise ValueError(f"{k} of {n} reviewers cannot fail")
    share("rate", rate)
    share("common", common)
    if correlation is not None:
        share("correlation", correlation)
    if how == "independent":
        return float(binom.sf(k - 1, n, rate))
    if how == "worst":
        return _worst(k, n, rate, correlation)
    if how == "beta-binomial":
        if correlation is None:
            raise ValueError("a beta-binomial tail needs a correlation")
        return max(float(binom.sf(k - 1, n, rate)), float(_beta_binomial(k, n, rate, _up_to(correlation)).max()))
    return float(_common_cause(k, n, rate, _up_to(min(common, rate))).max())


def beta_binomial_law(n: int, rate: float, correlation: float) -> Law:
    """Each of n fails with chance `rate`, any two correlated by `correlation` < 1; a binomial law where that is 0."""
    failures = np.arange(n + 1)
    if not correlation:
        return np.asarray(binom.pmf(failures, n, rate))
    precision = 1 / correlation - 1
    return np.asarray(betabinom.pmf(failures, n, rate * precision, (1 - rate) * precision))


def _up_to(most: float) -> npt.NDArray[np.float64]:
    """Grid values below `most`, and itself, so that a larger bound is the largest of more values."""
    return np.append(_GRID[most > _GRID], most)


def _beta_binomial(k: int, n: int, rate: float, correlations: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    inside = correlations[(correlations > _NONE) & (correlations < 1)]
    a, b = rate * (1 / inside - 1), (1 - rate) * (1 / inside - 1)
    failures = np.arange(k, n + 1)[:, None]
    ways = -np.log(n + 1) - betaln(failures + 1, n - failures + 1)
    with np.errstate(invalid="ignore", over="ignore"):
        tails = np.exp(ways + betaln(failures + a, n - failures + b) - betaln(a, b)).sum(axis=0)
    most = min(1.0, n * rate / k)      # no law has more; where a or b vanish nothing else can be computed
    ends = [rate] * bool((correlations == 1).any())     # all fail or none
    return np.append(np.where(np.isfinite(tails), np.minimum(tails, most), most), [0.0, *ends])


def _common_cause(k: int, n: int, rate: float, common: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    alone = np.divide(rate - common, 1 - common, out=np.zeros_like(common), where=common < 1)
    tails: npt.NDArray[np.float64] = common + (1 - common) * binom.sf(k - 1, n, alone)
    return tails


def _worst(k: int, n: int, rate: float, correlation: float | None) -> float:
    return float(min(1.0, worst_law(k, n, rate, correlation)[k:].sum()))


def worst_law(k: int, n: int, rate: float, correlation: float | None) -> Law:
    """The law of the number of failures under which `k` or more of `n` are likeliest.

    ValueError where the program is not solved.
    """
    failures = np.arange(n + 1.0)
    rows, bounds = [failures], [n * rate]
    if correlation is not None:
        rows.append(failures * (failures - 1))
        bounds.append(n * (n - 1) * (rate**2 + correlation * rate * (1 - rate)))
    found = linprog(
        -(failures >= k).astype(float), A_ub=np.array(rows), b_ub=bounds, A_eq=np.ones((1, n + 1)), b_eq=[1.0])
    if found.x is None:
        raise ValueError(f"the linear program was not solved: {found.message}")
    return np.maximum(found.x, 0.0)

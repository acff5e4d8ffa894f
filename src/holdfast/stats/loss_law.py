"""Loss over size and data: L(N, D) = E + A N^-alpha + B D^-beta.

Fitted by relative least squares, sum of ((forecast - L) / L)^2. Given alpha and beta it is linear in E, A and B,
which are kept at 0 or above; so a grid over the two exponents starts a search, and no start has to be guessed
(variable projection: Golub & Pereyra, SIAM Journal on Numerical Analysis 10 (1973)).

Hoffmann et al. 2022, arXiv:2203.15556, equation 2 (who minimise a Huber loss of logarithms).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize, nnls

Array = npt.NDArray[np.float64]

_EXPONENTS = np.geomspace(0.03, 4, 22)
_LIMITS = (np.log(0.01), np.log(10.0))


class LossLaw(NamedTuple):
    """L(N, D) = E + A N^-alpha + B D^-beta."""

    E: float
    A: float
    alpha: float
    B: float
    beta: float

    def loss(self, size: float, data: float) -> float:
        """The loss of a model of so many parameters after so much data."""
        return float(self.E + self.A * size**-self.alpha + self.B * data**-self.beta)


def fit(sizes: Array, data: Array, losses: Array, start: LossLaw | None = None) -> LossLaw:
    """The law for runs of `sizes` and `data`, all of shape (runs,); from the exponents of `start` if given.

    ValueError with under three sizes or amounts of data, fewer runs than parameters, or a loss that is not positive.
    """
    if min(len(np.unique(sizes)), len(np.unique(data))) < 3 or len(losses) < 5:
        raise ValueError("a law of size and data needs three of each, and five runs")
    if np.any(losses <= 0):
        raise ValueError("losses must be positive")
    unit_n, unit_d = np.exp(np.log(sizes).mean()), np.exp(np.log(data).mean())

    def project(alpha: float, beta: float) -> tuple[Array, float]:
        columns = [np.ones(len(losses)), (sizes / unit_n) ** -alpha, (data / unit_d) ** -beta]
        found, residual = nnls(np.stack(columns, axis=1) / losses[:, None], np.ones(len(losses)))
        return found, float(residual)

    def miss(x: Array) -> float:
        return project(*np.exp(np.clip(x, *_LIMITS)))[1]

    if start is None:
        grid = [(project(a, b)[1], a, b) for a in _EXPONENTS for b in _EXPONENTS]
        first = np.log(min(grid)[1:])
    else:
        first = np.log([start.alpha, start.beta])
    fine = 1e-4 if start is None else 1e-3
    best = minimize(miss, first, method="Nelder-Mead", options={"xatol": fine, "fatol": fine**2, "maxiter": 300})
    alpha, beta = np.exp(np.clip(best.x, *_LIMITS))
    (e, a, b), _ = project(alpha, beta)
    return LossLaw(float(e), float(a * unit_n**alpha), float(alpha), float(b * unit_d**beta), float(beta))

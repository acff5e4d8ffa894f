"""Evidence that may be looked at after every attempt, and stopped at will.

E_t is the mean, over stakes lambda, of the product of 1 + lambda (x_i - epsilon) for i up to t. Against the
null "the mean is at most epsilon" the stakes are positive (evidence for broken), against "at least epsilon"
negative (evidence for holds). Under its null E_t is a nonnegative supermartingale that starts at 1, so by
Ville's inequality it ever reaches 1/alpha with probability at most alpha, even when the attacker adapts to
what it saw and the analyst stops when pleased. The price over a fixed n is about half as many attempts
again: no win in 88 shows a rate under 0.05 at alpha 0.05, where a fixed n asks for 59.

Waudby-Smith & Ramdas, JRSS B 86 (2024), arXiv:2010.09686 (capital averaged over stakes);
Ville, "Etude critique de la notion de collectif" (1939).
"""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from holdfast.stats.checks import share, within

Array = npt.NDArray[np.float64]
Side = Literal["broken", "holds"]

_FRACTIONS = (np.arange(20) + 0.5) / 20     # of the largest stake that keeps every factor positive


def log_evidence(scores: Sequence[float] | npt.NDArray[np.generic], epsilon: float, side: Side) -> Array:
    """ln E_t after each score of one stream or of many at once; shape (..., n), as that of `scores`.

    What an `EProcess` gives score by score. ValueError if a score leaves [0, 1], and as `EProcess` raises it.
    Source: Waudby-Smith & Ramdas 2024.
    """
    stakes, streams = _stakes(epsilon, side), np.asarray(scores, dtype=np.float64)
    if not np.all((streams >= 0) & (streams <= 1)):
        raise ValueError("scores must lie between 0 and 1")
    return _averaged(np.cumsum(_growth(streams, epsilon, stakes), axis=-2))


class EProcess:
    """A running e-process against one null; `side` names what a large value is evidence for.

    Scores lie in [0, 1]: a win is 1, a group of attempts its mean. Source: Waudby-Smith & Ramdas 2024.
    """

    def __init__(self, epsilon: float, side: Side) -> None:
        """ValueError if `epsilon` is not strictly between 0 and 1, or `side` is neither word."""
        self._epsilon = epsilon
        self._stakes = _stakes(epsilon, side)
        self._log_capitals = np.zeros(len(_FRACTIONS))
        self._peak = 0.0

    def update(self, score: float) -> float:
        """Take the next score, in [0, 1]; gives ln E_t (it starts at 0). ValueError outside the range."""
        self._log_capitals += _growth(np.asarray(share("score", score)), self._epsilon, self._stakes)
        log_e = float(_averaged(self._log_capitals))
        self._peak = max(self._peak, log_e)
        return log_e

    def decided(self, alpha: float) -> bool:
        """Whether E reached 1/`alpha` at any time so far (Ville 1939): the null is rejected, and stays so."""
        return self._peak >= -math.log(within("alpha", alpha))


def _stakes(epsilon: float, side: Side) -> Array:
    within("epsilon", epsilon)
    if side not in ("broken", "holds"):
        raise ValueError(f"side is {side!r}, but must be 'broken' or 'holds'")
    return _FRACTIONS / epsilon if side == "broken" else -_FRACTIONS / (1 - epsilon)


def _growth(scores: Array, epsilon: float, stakes: Array) -> Array:
    """What each score adds to the logarithm of each stake's capital; shape (..., stakes)."""
    return np.log1p(stakes * (scores[..., None] - epsilon))


def _averaged(log_capitals: Array) -> Array:
    """The logarithm of the mean capital over stakes, the last axis."""
    out: Array = np.logaddexp.reduce(log_capitals, axis=-1) - math.log(len(_FRACTIONS))
    return out

"""Counting under differential privacy, and holding a counter to what it claims.

A mechanism is (epsilon, delta)-private if for any two inputs that differ in one record, and any set S of outputs,
Pr[M(x) in S] <= e^epsilon Pr[M(x') in S] + delta. A count to which discrete Laplace noise of scale
sensitivity / epsilon is added is (epsilon, 0)-private, where one record moves the count by at most the sensitivity.

Ghosh, Roughgarden & Sundararajan, "Universally utility-maximizing privacy mechanisms", STOC 2009 (discrete Laplace,
or two-sided geometric, noise); Kairouz, Oh & Viswanath, arXiv:1311.0776 (privacy as error rates of a test);
Tramèr et al., "Debugging Differential Privacy", arXiv:2202.12219 (the audit, with Clopper-Pearson bounds).
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from holdfast.stats.binomial import lower, upper
from holdfast.stats.checks import share, within

_TILTS = np.geomspace(1e-4, 1e3, 400)


def discrete_laplace(scale: float, size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Whole numbers x with chance proportional to exp(-|x| / scale), shape (size,). ValueError unless scale > 0.

    The difference of two geometric numbers, which has that law.
    """
    stop = -math.expm1(-1 / _positive("scale", scale))
    out: npt.NDArray[np.int64] = rng.geometric(stop, size) - rng.geometric(stop, size)
    return out


def too_small(noise: Sequence[float] | npt.NDArray[np.int64], scale: float) -> float:
    """How probably discrete Laplace noise of that scale would be as small in sum of sizes: an upper bound on p.

    Chernoff's bound, min over s > 0 of e^(s T) E[e^(-s |x|)]^n, so that it holds for any n. 1 without noise.
    """
    sizes = np.abs(np.asarray(noise, dtype=np.float64))
    q = math.exp(-1 / _positive("scale", scale))
    shrunk = q * np.exp(-_TILTS)
    log_mean = np.log((1 - q) / (1 + q) * (1 + 2 * shrunk / (1 - shrunk)))
    return float(min(1.0, np.exp((_TILTS * sizes.sum() + len(sizes) * log_mean).min())))


def advantage(epsilon: float, delta: float) -> float:
    """The most that a test of one record's presence can have of true positives over false ones.

    (e^epsilon - 1 + 2 delta) / (e^epsilon + 1), at most 1. Source: Kairouz et al., arXiv:1311.0776.
    """
    if epsilon < 0:
        raise ValueError(f"epsilon is {epsilon}, but must be at least 0")
    share("delta", delta)
    return min(1.0, math.tanh(epsilon / 2) + 2 * delta / (math.exp(min(epsilon, 700.0)) + 1))


def audited_epsilon(
    present: Sequence[float], absent: Sequence[float], delta: float, alpha: float
) -> float:
    """A lower bound on epsilon, at one-sided level `alpha`, from outputs with and without one record.

    Half of the outputs of each choose a threshold and a side; on the other half the two error rates of that test are
    bounded at alpha / 2 each, and epsilon is at least ln((tpr - delta) / fpr). 0 where that shows nothing. Outputs
    must be in planned order. ValueError with fewer than two on either side. Source: arXiv:2202.12219.
    """
    within("alpha", alpha)
    share("delta", delta)
    if min(len(present), len(absent)) < 2:
        raise ValueError("an audit needs two outputs with the record and two without it, at least")
    ones, others = (np.asarray(each, dtype=np.float64) for each in (present, absent))
    seen = (ones[: len(ones) // 2], others[: len(others) // 2])
    kept = (ones[len(ones) // 2 :], others[len(others) // 2 :])
    best, chosen = -math.inf, (0.0, 1.0, False)
    for cut in np.unique(np.concatenate(seen)):
        for side in (1.0, -1.0):
            for swapped in (False, True):
                found = _shown(seen, (float(cut), side, swapped), delta, alpha)
                if found > best:
                    best, chosen = found, (float(cut), side, swapped)
    return max(0.0, _shown(kept, chosen, delta, alpha))


def _shown(
    outputs: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]], test: tuple[float, float, bool], delta: float,
    alpha: float,
) -> float:
    """The bound that one test gives: `swapped` ones look for the record's absence."""
    cut, side, swapped = test
    hits, alarms = (outputs[1], outputs[0]) if swapped else outputs
    true = lower(int((side * hits >= side * cut).sum()), len(hits), alpha / 2)
    false = upper(int((side * alarms >= side * cut).sum()), len(alarms), alpha / 2)
    return math.log((true - delta) / false) if true > delta else -math.inf


def _positive(name: str, value: float) -> float:
    if not value > 0:
        raise ValueError(f"{name} is {value}, but must be positive")
    return value

"""When a curve first reaches a level, and how a line through earlier points foretells a later one."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from holdfast.stats.checks import within


class Prediction(NamedTuple):
    """A value at a new place, with an interval for one new observation there, and the line that gave it."""

    value: float
    lower: float
    upper: float
    slope: float


def reached(steps: Sequence[int], shares: Sequence[float], level: float) -> float | None:
    """The step at which `shares` first reach `level`, on the line between two steps; at least 1, None if they do not.

    ValueError unless there are as many shares as steps, ascending, and at least one.
    """
    if not steps or len(steps) != len(shares) or list(steps) != sorted(set(steps)):
        raise ValueError("a curve needs one share for each of its steps, which ascend")
    for i, share in enumerate(shares):
        if share >= level:
            if i == 0:
                return max(1.0, float(steps[0]))
            before = shares[i - 1]
            return max(1.0, steps[i - 1] + (steps[i] - steps[i - 1]) * (level - before) / (share - before))
    return None


def predicted(x: Sequence[float], y: Sequence[float], at: float, alpha: float) -> Prediction:
    """The line through (x, y) at a new place, each end of the interval at one-sided level `alpha`.

    Student's, of n - 2 degrees: exact where deviations from the line are normal and alike. ValueError with fewer than
    three points, or only one place among them. Source: Draper & Smith, "Applied Regression Analysis" (1966), 1.4.
    """
    within("alpha", alpha)
    xs, ys = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if len(xs) < 3 or len(np.unique(xs)) < 2 or len(xs) != len(ys):
        raise ValueError("a line needs three points, not all at one place")
    centred = xs - xs.mean()
    spread = float(centred @ centred)
    slope = float(centred @ ys) / spread
    value = float(ys.mean()) + slope * (at - float(xs.mean()))
    deviations = ys - ys.mean() - slope * centred
    variance = float(deviations @ deviations) / (len(xs) - 2)
    half = float(stdtrit(len(xs) - 2, 1 - alpha)) * math.sqrt(
        variance * (1 + 1 / len(xs) + (at - float(xs.mean())) ** 2 / spread))
    return Prediction(value, value - half, value + half, slope)

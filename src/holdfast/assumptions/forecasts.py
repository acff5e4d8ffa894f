"""How a forecast is held against what was seen where nothing had been fitted, in orders of magnitude.

What an extrapolation must answer for is one number at a place that it never saw. Both the forecast and what was
seen there are intervals; a miss is counted between their nearest ends, so that a wide one misses nothing and shows
nothing.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from holdfast.assumptions.finding import AssumptionResult, AssumptionStatus


class Range(NamedTuple):
    """An interval on a scale of orders of magnitude (log10)."""

    lower: float
    upper: float

    @property
    def width(self) -> float:
        """Orders of magnitude from end to end; infinite where an end is, and where both are."""
        return self.upper - self.lower if math.isfinite(self.lower) and math.isfinite(self.upper) else math.inf


class Held(NamedTuple):
    """What became of a forecast: its status, the signed miss between the nearest ends, and why, as a clause."""

    status: AssumptionStatus
    miss: float
    reason: str
    needed: str = ""


def held(forecast: Range, seen: Range, tolerance: float, widest: float, n: int, *, safe_above: bool = False) -> Held:
    """REFUTED where the intervals lie further apart than the tolerance, SUPPORTED where all that was seen is within.

    INCONCLUSIVE where the forecast is wider than `widest`, or a part of what was seen lies beyond the tolerance of
    the forecast's interval. `n` is the number of behaviours behind both; widths fall with its root, which gives what
    is needed. With `safe_above` a forecast that was too high is no fault.
    """
    miss = seen.lower - forecast.upper if seen.lower > forecast.upper else min(0.0, seen.upper - forecast.lower)
    if miss > tolerance or (miss < -tolerance and not safe_above):
        side = "more" if miss > 0 else "less"
        return Held("REFUTED", miss, f"what was seen is {abs(miss):.2g} orders of magnitude {side} than the interval "
                                     f"of the forecast, of which {tolerance:g} are tolerated")
    open_above = seen.upper > forecast.upper + tolerance
    open_below = seen.lower < forecast.lower - tolerance and not safe_above
    if forecast.width > widest:
        reason = f"the forecast is {_width(forecast)} wide, and more than {widest:g} shows nothing"
        return Held("INCONCLUSIVE", miss, reason, _needed(forecast.width, widest, n))
    if open_above or open_below:
        reason = f"what was seen may still lie more than {tolerance:g} orders of magnitude from the forecast"
        return Held("INCONCLUSIVE", miss, reason, _needed(seen.width, 2 * tolerance, n))
    if miss < -tolerance:
        return Held("SUPPORTED", miss, f"what was seen is {abs(miss):.2g} orders of magnitude below the forecast, "
                                       "which is no fault")
    return Held("SUPPORTED", miss, f"what was seen misses the forecast by {abs(miss):.2g} orders of magnitude, of "
                                   f"which {tolerance:g} are tolerated")


def worst(found: Sequence[AssumptionResult]) -> AssumptionResult:
    """One result for several adversaries: any refuted one refutes, and all must support.

    Of those with the worst status the first is given. ValueError if there is none.
    """
    if not found:
        raise ValueError("no results, no status")
    order: tuple[AssumptionStatus, ...] = ("REFUTED", "INCONCLUSIVE", "SUPPORTED")
    return min(found, key=lambda result: order.index(result.status))


def log_odds(rate: float) -> float:
    """log10 of rate / (1 - rate); infinite at 0 and 1."""
    if rate <= 0:
        return -math.inf
    return math.inf if rate >= 1 else math.log10(rate / (1 - rate))


def share_at(odds: float) -> float:
    """The rate with this log10 of its odds: the inverse of `log_odds`."""
    if odds > 300:
        return 1.0
    return 0.0 if odds < -300 else 1 / (1 + 10**-odds)


def _width(interval: Range) -> str:
    return f"{interval.width:.2g} orders of magnitude" if math.isfinite(interval.width) else "unboundedly"


def _needed(width: float, widest: float, n: int) -> str:
    if not math.isfinite(width):
        return f"many more than {n} behaviours, some of them won and some not"
    return f"about {math.ceil(n * max(width / widest, 1.5) ** 2)} behaviours instead of {n}"

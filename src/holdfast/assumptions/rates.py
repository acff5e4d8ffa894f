"""What a count says about a rate that an assumption bounds."""

from typing import NamedTuple

from holdfast.assumptions.finding import AssumptionStatus
from holdfast.stats.binomial import lower, needed, upper


class Rate(NamedTuple):
    """`hits` of `n` units, with one-sided exact bounds, each at the same level."""

    hits: int
    n: int
    lower: float
    upper: float

    def at_most(self, threshold: float) -> AssumptionStatus:
        """Whether the rate is at most the threshold, at least the bounds' level sure."""
        return "SUPPORTED" if self.upper <= threshold else "REFUTED" if self.lower > threshold else "INCONCLUSIVE"

    def at_least(self, threshold: float) -> AssumptionStatus:
        """Whether the rate is at least the threshold."""
        return "SUPPORTED" if self.lower >= threshold else "REFUTED" if self.upper < threshold else "INCONCLUSIVE"

    def __str__(self) -> str:
        return f"{self.hits} of {self.n}"


def rate(count: int, n: int, alpha: float) -> Rate:
    """Clopper and Pearson's bounds; nothing at all is known of a rate without units."""
    if not n:
        return Rate(0, 0, 0.0, 1.0)
    return Rate(count, n, lower(count, n, alpha), upper(count, n, alpha))


def units_needed(count: int, threshold: float, alpha: float, what: str) -> str:
    """How many units would support "at most `threshold`" if no more than `count` of them were exceptions."""
    return f"{needed(threshold, alpha, count)} {what}, if no more than {count} of them are exceptions"

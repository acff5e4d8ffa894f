"""Reviewers' failures are correlated, but not by much."""

from typing import ClassVar, final

from pydantic import Field

from holdfast.assumptions.changing import settled
from holdfast.assumptions.finding import AssumptionResult
from holdfast.assumptions.reviewing import CORRELATION, ReviewingAssumption, table
from holdfast.core.evidence import Sample
from holdfast.stats.agreement import agreement


@final
class BoundedCorrelation(ReviewingAssumption):
    """The mean correlation of two reviewers' failures on an item is at most `correlation`.

    Checked on the intra-class correlation, bounded by resampling items: its bounds are right for many items, and not
    to the letter for few. Source: the beta-binomial model of common failures, Griffiths, Biometrics 29 (1973).
    """

    quantity: ClassVar[str] = CORRELATION
    independent: ClassVar[bool] = False

    correlation: float = Field(default=0.3, ge=0, lt=1, description="largest mean correlation of two reviewers")

    def check(self, sample: Sample, alpha: float) -> AssumptionResult:
        """By resampling."""
        found = agreement(table(sample), alpha, seed=0) if sample.units else None
        status = settled(found.lower, found.upper, self.correlation) if found else "INCONCLUSIVE"
        n = len(sample.units)
        return AssumptionResult(
            id="bounded-correlation", status=status, kind=self.kind, quantity=self.quantity,
            threshold=self.correlation, lower=found and found.lower, upper=found and found.upper, valid=self.guises(),
            reason=f"failures on {n} items are correlated by {found.lower:.2f} to {found.upper:.2f}, and "
            f"{self.correlation:g} is allowed" if found else f"nobody failed on {n} items, or everybody always",
            needed="" if status != "INCONCLUSIVE" else f"more than {n} items, on some of which some reviewers fail",
            values={"correlation": self.correlation, "independent": float(self.independent)},
        )

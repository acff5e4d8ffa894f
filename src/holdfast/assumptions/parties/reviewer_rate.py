"""One reviewer fails seldom."""

from typing import ClassVar, final

from pydantic import Field

from holdfast.assumptions.changing import settled
from holdfast.assumptions.finding import AssumptionResult
from holdfast.assumptions.reviewing import ReviewingAssumption, table
from holdfast.core.evidence import Sample
from holdfast.stats.betting import mean_lower, mean_upper


@final
class ReviewerRate(ReviewingAssumption):
    """A reviewer drawn at random fails on a share of at most `rate` of the attack texts."""

    quantity: ClassVar[str] = "share of items on which one reviewer fails"

    rate: float = Field(default=0.2, gt=0, lt=1, description="largest share")

    def check(self, sample: Sample, alpha: float) -> AssumptionResult:
        """By betting on the share of reviewers that fail, item by item."""
        shares = table(sample).mean(axis=1) if sample.units else ()
        low, high = 0.0, 1.0
        if len(shares):
            low, high = mean_lower(shares, alpha, 0, 1), mean_upper(shares, alpha, 0, 1)
        status = settled(low, high, self.rate)
        return AssumptionResult(
            id="reviewer-rate", status=status, kind=self.kind, quantity=self.quantity, threshold=self.rate, lower=low,
            upper=high, valid=self.guises(),
            reason=f"a reviewer fails on {low:.2g} to {high:.2g} of the items, and {self.rate:g} is allowed",
            needed="" if status != "INCONCLUSIVE" else f"more than {len(shares)} items", values={"rate": self.rate},
        )

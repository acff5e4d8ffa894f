"""Reviewers fail independently of one another."""

from typing import ClassVar, final

from pydantic import Field

from holdfast.assumptions.finding import AssumptionResult, AssumptionStatus
from holdfast.assumptions.reviewing import CORRELATION, ReviewingAssumption, table
from holdfast.core.evidence import Sample
from holdfast.stats.agreement import agreement


@final
class ReviewersIndependent(ReviewingAssumption):
    """Who fails on an item says nothing about who else does.

    REFUTED by an exact permutation test of the table of failures; SUPPORTED if the intra-class correlation is at most
    `tolerance`, by resampling items. Independence of all is more than that of pairs, which is what is tested. That
    diverse versions of a program are not independent: Knight & Leveson, IEEE Trans. Software Engineering 12 (1986).
    """

    quantity: ClassVar[str] = CORRELATION
    correlation: ClassVar[float] = 0.0
    independent: ClassVar[bool] = True

    tolerance: float = Field(default=0.1, gt=0, lt=1, description="largest correlation that support may leave open")

    def check(self, sample: Sample, alpha: float) -> AssumptionResult:
        """By permutation, and by resampling."""
        found = agreement(table(sample), alpha, seed=0) if sample.units else None
        status: AssumptionStatus = "INCONCLUSIVE"
        if found is not None and found.p <= alpha:
            status = "REFUTED"
        elif found is not None and found.upper <= self.tolerance:
            status = "SUPPORTED"
        n = len(sample.units)
        return AssumptionResult(
            id="reviewers-independent", status=status, kind=self.kind, quantity=self.quantity, threshold=0.0,
            lower=found and found.lower, upper=found and found.upper,
            valid=self.guises(),
            reason=f"failures on {n} items are correlated by {found.correlation:.2f} (p = {found.p:.2g})" if found
            else f"nobody failed on {n} items, or everybody always",
            needed="" if status != "INCONCLUSIVE" else f"more than {n} items, on some of which some reviewers fail",
            values={"correlation": self.correlation, "independent": float(self.independent)},
        )

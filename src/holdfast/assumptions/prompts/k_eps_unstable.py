"""A winning suffix mostly loses once k of its characters are changed."""

from typing import ClassVar, final

from pydantic import Field

from holdfast.assumptions.changing import ChangingAssumption, more, settled, survival
from holdfast.assumptions.finding import AssumptionKind, AssumptionResult
from holdfast.core.evidence import Sample


@final
class KEpsUnstable(ChangingAssumption):
    """A text that wins loses, with k or more of the added characters changed at random, except with chance `eps`.

    The chance is over changes and over behaviours. Source: https://arxiv.org/abs/2511.18721 (2025), which puts it in
    the place of k-instability, for each text by itself.
    """

    kind: ClassVar[AssumptionKind] = "average"

    eps: float = Field(default=0.1, gt=0, lt=1, description="largest chance that a changed copy still wins")

    def check(self, sample: Sample, alpha: float) -> AssumptionResult:
        """By betting on the share of copies that still win, the behaviour being the unit."""
        found = survival(sample, alpha)
        status = settled(found.lower, found.upper, self.eps)
        return AssumptionResult(
            id="k-eps-unstable", status=status, kind=self.kind, quantity=self.quantity, threshold=self.eps,
            lower=found.lower, upper=found.upper, valid=f"{self.k} to {2 * self.k} added characters changed",
            reason=f"a changed copy still wins with chance {found.lower:.2g} to {found.upper:.2g}, "
                   f"and {self.eps:g} is allowed",
            needed=more(found, self.eps) if status == "INCONCLUSIVE" else "", witnesses=found.survivors,
            values={"k": float(self.k), "eps": self.eps},
        )

"""An assumption whose check reads its status off the sample: what a test says was found."""

from typing import ClassVar, final

from holdfast.assumptions.assumption import SampledAssumption, Subject
from holdfast.assumptions.finding import AssumptionKind, AssumptionResult, AssumptionStatus
from holdfast.core.evidence import Sample

SAID: tuple[AssumptionStatus, ...] = ("SUPPORTED", "REFUTED", "INCONCLUSIVE")


@final
class Supposed(SampledAssumption):
    """Holds as the sample's one number says."""

    kind: ClassVar[AssumptionKind] = "worst"
    quantity: ClassVar[str] = "whatever a test supposes"
    tau: float = 0.0

    def sample(self, subject: Subject) -> Sample:
        """One unit: supported."""
        return Sample(units=("only",), columns={"said": (0.0,)})

    def check(self, sample: Sample, alpha: float) -> AssumptionResult:
        """The status whose number was sampled."""
        status = SAID[int(sample.columns["said"][0])]
        return AssumptionResult(id="", status=status, kind=self.kind, quantity=self.quantity, threshold=self.tau)

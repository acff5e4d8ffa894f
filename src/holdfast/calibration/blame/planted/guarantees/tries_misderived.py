"""What one try wins, claimed of all."""

from collections.abc import Mapping
from typing import ClassVar, final

from pydantic import Field

from holdfast.calibration.blame.misderived import Misderived
from holdfast.claims.goal import UsePart
from holdfast.guarantees.attackers.best_of_n_residual import BestOfNResidual
from holdfast.guarantees.guarantee import Derivation, Guarantee


@final
class TriesMisderived(Misderived):
    """A planted fault: it reads the law of repeated tries at a single one."""

    derivation: ClassVar[Derivation] = "sketch"
    slots: ClassVar[Mapping[str, str]] = BestOfNResidual.slots

    tail: UsePart = Field(default=UsePart(use="best-of-n-power-law"), description="the law of repeated tries")

    def real(self) -> Guarantee:
        """At as many tries as there are."""
        return BestOfNResidual.model_validate(self.model_dump(exclude={"claimed"}))

"""Privacy that is claimed for many releases as if there were one."""

from collections.abc import Mapping
from typing import ClassVar, final

from pydantic import Field

from holdfast.calibration.blame.misderived import Misderived
from holdfast.claims.goal import UsePart
from holdfast.guarantees.guarantee import Derivation, Guarantee
from holdfast.guarantees.systems.private_count import PrivateCount


@final
class CountMisderived(Misderived):
    """A planted fault: it forgets that the epsilons of releases add up."""

    derivation: ClassVar[Derivation] = "proof"
    slots: ClassVar[Mapping[str, str]] = PrivateCount.slots

    sensitivity: UsePart = Field(default=UsePart(use="declared-sensitivity"), description="what one record adds")
    epsilon: float = Field(default=0.5, gt=0, description="claimed of each release")

    def real(self) -> Guarantee:
        """Of the same counter."""
        return PrivateCount(sensitivity=self.sensitivity, epsilon=self.epsilon)

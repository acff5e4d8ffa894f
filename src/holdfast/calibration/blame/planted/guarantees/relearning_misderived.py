"""A floor under half of the knowledge that is claimed for any of it."""

from collections.abc import Mapping
from typing import ClassVar, final

from pydantic import Field

from holdfast.calibration.blame.misderived import Misderived
from holdfast.claims.goal import UsePart
from holdfast.guarantees.guarantee import Derivation, Guarantee
from holdfast.guarantees.weights.relearning_floor import RelearningFloor


@final
class RelearningMisderived(Misderived):
    """A planted fault: it takes the cost of half for the cost of a fiftieth."""

    derivation: ClassVar[Derivation] = "sketch"
    slots: ClassVar[Mapping[str, str]] = RelearningFloor.slots

    relearning: UsePart = Field(default=UsePart(use="relearning-cost"), description="what relearning costs")

    def real(self) -> Guarantee:
        """Of half of the knowledge."""
        return RelearningFloor.model_validate(self.model_dump(exclude={"claimed"}))

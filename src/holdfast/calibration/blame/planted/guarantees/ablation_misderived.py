"""A cone that is claimed to outlive its own ablation."""

from collections.abc import Mapping
from typing import ClassVar, final

from pydantic import Field

from holdfast.calibration.blame.misderived import Misderived
from holdfast.claims.goal import UsePart
from holdfast.core.evidence import Trace
from holdfast.guarantees.guarantee import Derivation, Granted, Guarantee, Witness
from holdfast.guarantees.weights.direction_ablation_resistance import DirectionAblationResistance


@final
class AblationMisderived(Misderived):
    """A planted fault: it forgets to ask how many directions the attacker takes out."""

    derivation: ClassVar[Derivation] = "sketch"
    slots: ClassVar[Mapping[str, str]] = DirectionAblationResistance.slots

    cone: UsePart = Field(default=UsePart(use="refusal-cone"), description="how many dimensions refusal has")

    def real(self) -> Guarantee:
        """Of one direction."""
        return DirectionAblationResistance.model_validate(self.model_dump(exclude={"claimed"}))

    def reduce(self, granted: Mapping[str, Granted], won: Trace) -> tuple[Witness, ...]:
        """Nothing: what a cone leaves standing is said of one direction fewer than it has."""
        return ()

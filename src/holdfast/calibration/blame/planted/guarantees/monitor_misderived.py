"""A margin that is claimed to outweigh any shift."""

from collections.abc import Mapping
from typing import ClassVar, final

from pydantic import Field

from holdfast.calibration.blame.misderived import Misderived
from holdfast.claims.goal import UsePart
from holdfast.guarantees.guarantee import Derivation, Guarantee
from holdfast.guarantees.weights.linear_monitor_margin import LinearMonitorMargin


@final
class MonitorMisderived(Misderived):
    """A planted fault: it never compares the shift with the margin."""

    derivation: ClassVar[Derivation] = "proof"
    slots: ClassVar[Mapping[str, str]] = LinearMonitorMargin.slots

    margin: UsePart = Field(default=UsePart(use="linear-margin"), description="how far inside harmful questions lie")
    shift: UsePart = Field(default=UsePart(use="bounded-shift"), description="how far an attacker moves activations")

    def real(self) -> Guarantee:
        """Of shifts that are less than the margin."""
        return LinearMonitorMargin.model_validate(self.model_dump(exclude={"claimed"}))

"""A smoothing guarantee that takes every change for one in the suffix."""

from collections.abc import Mapping
from typing import ClassVar, final

from pydantic import Field

from holdfast.calibration.blame.misderived import Misderived
from holdfast.claims.goal import UsePart
from holdfast.guarantees.guarantee import Derivation, Guarantee
from holdfast.guarantees.systems.smoothed_majority import SmoothedMajority


@final
class SmoothingMisderived(Misderived):
    """A planted fault: it forgets that a change may fall into the question, and so claims next to nothing."""

    derivation: ClassVar[Derivation] = "sketch"
    slots: ClassVar[Mapping[str, str]] = SmoothedMajority.slots

    unstable: UsePart = Field(default=UsePart(use="k-unstable"), description="what winning suffixes do not survive")
    added: UsePart = Field(default=UsePart(use="added-suffix"), description="how long they are")
    copies: int = Field(default=10, gt=0, description="copies of each prompt")
    percent: float = Field(default=10.0, ge=0, le=100, description="characters to change, in percent of the text")

    def real(self) -> Guarantee:
        """Robey et al.'s."""
        return SmoothedMajority(unstable=self.unstable, added=self.added, copies=self.copies, percent=self.percent)

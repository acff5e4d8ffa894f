"""A walk that is claimed to have forgotten before it has."""

from collections.abc import Mapping
from typing import ClassVar, final

from pydantic import Field

from holdfast.calibration.blame.misderived import Misderived
from holdfast.claims.goal import UsePart
from holdfast.guarantees.guarantee import Derivation, Guarantee
from holdfast.guarantees.systems.watermark_removal import WatermarkRemoval


@final
class RemovalMisderived(Misderived):
    """A planted fault: it never compares the edits of the walk with those after which it forgets."""

    derivation: ClassVar[Derivation] = "sketch"
    slots: ClassVar[Mapping[str, str]] = WatermarkRemoval.slots

    mixing: UsePart = Field(default=UsePart(use="rapid-mixing"), description="how soon the walk forgets")
    oracle: UsePart = Field(default=UsePart(use="quality-oracle"), description="how well quality is told")
    edits: int = Field(default=100, gt=0, description="kept edits after which the walk stops")

    def real(self) -> Guarantee:
        """Of walks that are long enough."""
        return WatermarkRemoval.model_validate(self.model_dump(exclude={"claimed"}))

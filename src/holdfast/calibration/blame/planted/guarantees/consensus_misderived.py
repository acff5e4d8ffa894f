"""Reviewers that are taken for independent."""

from collections.abc import Mapping
from typing import ClassVar, final

from pydantic import Field

from holdfast.calibration.blame.misderived import Misderived
from holdfast.claims.goal import UsePart
from holdfast.guarantees.guarantee import Derivation, Guarantee
from holdfast.guarantees.systems.k_of_n_consensus import KOfNConsensus


@final
class ConsensusMisderived(Misderived):
    """A planted fault: it is told how far reviewers are correlated, and multiplies their rates all the same."""

    derivation: ClassVar[Derivation] = "sketch"
    slots: ClassVar[Mapping[str, str]] = KOfNConsensus.slots

    single: UsePart = Field(default=UsePart(use="reviewer-rate"), description="how often one reviewer fails")
    together: UsePart = Field(default=UsePart(use="bounded-correlation"), description="how reviewers fail together")
    k: int = Field(default=2, gt=0, description="failures at which the system gives way")
    n: int = Field(default=3, gt=0, description="reviewers")
    shape: str = Field(default="worst", description="what should have been made of a correlation")

    def real(self) -> Guarantee:
        """Of reviewers that are correlated."""
        return KOfNConsensus.model_validate(self.model_dump(exclude={"claimed"}))

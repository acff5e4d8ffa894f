"""Assumptions that are granted: the bench makes them true, so that a break is nobody's fault but the derivation's."""

from abc import ABC
from typing import ClassVar, final

from pydantic import Field

from holdfast.assumptions.assumption import TrustedAssumption


class Granted(TrustedAssumption, ABC):
    """True of the minds that it is assumed of, because these were made so. For the bench only."""

    def values(self) -> dict[str, float]:
        """Its settings."""
        return {name: float(value) for name, value in self.model_dump().items()}


@final
class GrantedMargin(Granted):
    """Harmful questions lie as far inside as is said."""

    quantity: ClassVar[str] = "share of harmful questions within the margin of a linear probe"

    margin: float = Field(default=1.0, ge=0, description="how far")
    norm: float = Field(default=0.4, ge=0, description="length of the probe's weights")
    within: float = Field(default=0.15, ge=0, description="share that lies nearer")
    depth: float = Field(default=0.5, ge=0, description="the layer")


@final
class GrantedMixing(Granted):
    """A walk has forgotten its origin after a hundred edits."""

    quantity: ClassVar[str] = "distance of a walk over texts from its stationary law"

    edits: float = Field(default=100.0, ge=0, description="how many")
    distance: float = Field(default=0.1, ge=0, description="from the stationary law")


@final
class GrantedOracle(Granted):
    """An oracle seldom errs."""

    quantity: ClassVar[str] = "share of answers whose quality an oracle gets wrong"

    wrong: float = Field(default=0.1, ge=0, description="how often")


@final
class GrantedCorpus(Granted):
    """The corpus holds no answer."""

    quantity: ClassVar[str] = "share of withheld answers that the training data hold"


@final
class GrantedBits(Granted):
    """A guess is right once in sixteen times."""

    quantity: ClassVar[str] = "bits of an answer that has to be guessed"

    bits: float = Field(default=4.0, ge=0, description="of an answer")


@final
class GrantedFloor(Granted):
    """Half of the knowledge is back after so many steps at the earliest."""

    quantity: ClassVar[str] = "training steps until half of the knowledge is back"

    steps: float = Field(default=40.0, ge=0, description="how many")


@final
class GrantedCone(Granted):
    """Refusal is a cone of two dimensions."""

    quantity: ClassVar[str] = "refusals left with one direction fewer ablated than the cone has"

    dimensions: float = Field(default=2.0, ge=0, description="of the cone")
    standing: float = Field(default=0.8, ge=0, description="share of refusals left")


@final
class GrantedTail(Granted):
    """Each try wins once in fifty times."""

    quantity: ClassVar[str] = "share of behaviours won in N tries"

    a_worst: float = Field(default=4.0, ge=0, description="of the power law exp(-a N^-b)")
    b_worst: float = Field(default=0.0, ge=0, description="of the same")
    at: float = Field(default=1000.0, ge=0, description="tries that it reaches")

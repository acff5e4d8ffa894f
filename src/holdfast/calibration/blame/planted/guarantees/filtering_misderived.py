"""Guesses that are claimed to be one."""

from collections.abc import Mapping
from typing import ClassVar, final

from pydantic import Field

from holdfast.calibration.blame.misderived import Misderived
from holdfast.claims.goal import UsePart
from holdfast.core.evidence import Trace
from holdfast.guarantees.guarantee import Derivation, Granted, Guarantee, Witness
from holdfast.guarantees.weights.data_filtering import DataFiltering


@final
class FilteringMisderived(Misderived):
    """A planted fault: it forgets that each reply that is handed in is another guess."""

    derivation: ClassVar[Derivation] = "proof"
    slots: ClassVar[Mapping[str, str]] = DataFiltering.slots

    leak: UsePart = Field(default=UsePart(use="no-leak"), description="that no training text holds an answer")
    entropy: UsePart = Field(default=UsePart(use="guessing-entropy"), description="bits of an answer")
    guesses: int = Field(default=1, gt=0, description="most answers in a reply that the judge lets win")

    def real(self) -> Guarantee:
        """Of as many guesses as there are."""
        return DataFiltering.model_validate(self.model_dump(exclude={"claimed"}))

    def reduce(self, granted: Mapping[str, Granted], won: Trace) -> tuple[Witness, ...]:
        """Nothing: a lucky guess is within what is assumed of guesses."""
        return ()

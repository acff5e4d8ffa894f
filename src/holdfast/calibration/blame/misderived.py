"""What planted guarantees with a wrong derivation share: all of a real one but the arithmetic."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence

from pydantic import Field

from holdfast.core.evidence import Trace, Training
from holdfast.guarantees.guarantee import Bound, Granted, Guarantee, Layers, Terms, Violation, Witness
from holdfast.targets.target import Target


class Misderived(Guarantee, ABC):
    """Claims a rate that does not follow; its witnesses, hybrids and invariants are those of the real guarantee."""

    claimed: float = Field(default=0.01, ge=0, le=1, description="the rate that it claims")

    @abstractmethod
    def real(self) -> Guarantee:
        """The guarantee whose bound it gets wrong, with the same settings."""

    def bound(self, granted: Mapping[str, Granted], terms: Terms) -> Bound | str:
        """What does not follow."""
        return Bound(quantity="rate", value=self.claimed, why="as claimed")

    def broken_invariants(self, traces: Sequence[Trace], training: Sequence[Training]) -> tuple[Violation, ...]:
        """The real one's."""
        return self.real().broken_invariants(traces, training)

    def reduce(self, granted: Mapping[str, Granted], won: Trace) -> tuple[Witness, ...]:
        """The real one's."""
        return self.real().reduce(granted, won)

    def enforce(self, slots: Collection[str], layers: Layers, granted: Mapping[str, Granted]) -> Target | None:
        """The real one's."""
        return self.real().enforce(slots, layers, granted)

"""A guarantee with one assumption, whose bound, invariant and witnesses a test gives."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, final

from holdfast.claims.goal import UsePart
from holdfast.core.evidence import Trace, Training
from holdfast.guarantees.guarantee import Bound, Derivation, Granted, Guarantee, Layers, Terms, Violation, Witness
from holdfast.targets.target import Target

SUPPOSED = f"{Path(__file__).parent / 'supposed.py'}:Supposed"


@final
class Derived(Guarantee):
    """At most `rate`, if what is supposed is so."""

    derivation: ClassVar[Derivation] = "sketch"
    slots: ClassVar[Mapping[str, str]] = {"supposed": "whatever a test supposes"}
    supposed: UsePart = UsePart(use=SUPPOSED)
    rate: float | None = 0.05
    steps: float | None = None
    at: float = 0.05

    def bound(self, granted: Mapping[str, Granted], terms: Terms) -> Bound | str:
        """The rate, or what winning at a rate costs, or nothing."""
        if self.steps is not None:
            return Bound(quantity="cost", value=self.steps, unit="steps", at=self.at, why="as given")
        return "nothing is known" if self.rate is None else Bound(quantity="rate", value=self.rate, why="as given")

    def broken_invariants(self, traces: Sequence[Trace], training: Sequence[Training]) -> tuple[Violation, ...]:
        """One for every trace in which the model was not asked at all."""
        return tuple(Violation(invariant="asks", why="it was not asked") for t in traces if not t.inner)

    def reduce(self, granted: Mapping[str, Granted], won: Trace) -> tuple[Witness, ...]:
        """A witness where an inner reply won too."""
        violated = sum(call.won is True for call in won.inner)
        if not won.inner:
            return ()
        return (Witness(slot="supposed", behaviour=won.behaviour, why="", tried=len(won.inner), violated=violated),)

    def enforce(self, slots: Collection[str], layers: Layers, granted: Mapping[str, Granted]) -> Target | None:
        """Cannot be built."""
        return None

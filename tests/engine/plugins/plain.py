"""A guarantee for a filter that knows the fixed questions only."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, final

from holdfast.claims.goal import UsePart
from holdfast.core.evidence import Trace, Training
from holdfast.core.records import Transcript
from holdfast.guarantees.guarantee import Bound, Derivation, Granted, Guarantee, Layers, Terms, Violation, Witness
from holdfast.targets.target import Sampling, Target

PLAINLY = f"{Path(__file__).parent / 'asked_plainly.py'}:AskedPlainly"


@final
class Plain(Guarantee):
    """Nothing is won by whoever asks plainly. With `blind` it finds no witness, so that hybrids are asked."""

    derivation: ClassVar[Derivation] = "sketch"
    slots: ClassVar[Mapping[str, str]] = {"plainly": "share of texts in other words"}
    plainly: UsePart = UsePart(use=PLAINLY)
    blind: bool = False
    enforceable: bool = True

    def bound(self, granted: Mapping[str, Granted], terms: Terms) -> Bound | str:
        """Nothing."""
        return Bound(quantity="rate", value=0.0, why="the filter knows every plain question")

    def broken_invariants(self, traces: Sequence[Trace], training: Sequence[Training]) -> tuple[Violation, ...]:
        """The model is asked at most once."""
        return tuple(Violation(invariant="once", why="asked twice") for t in traces if len(t.inner) > 1)

    def reduce(self, granted: Mapping[str, Granted], won: Trace) -> tuple[Witness, ...]:
        """The text, if it is in other words."""
        other = won.prompt.turns[-1].content != won.question
        return (Witness(slot="plainly", behaviour=won.behaviour, why=""),) if other and not self.blind else ()

    def enforce(self, slots: Collection[str], layers: Layers, granted: Mapping[str, Granted]) -> Target | None:
        """A system that hears fixed questions only, all of which it refuses."""
        def generate(prompts: Sequence[Transcript], sampling: Sampling) -> list[str]:
            return ["no"] * len(prompts)

        return replace(layers.model, generate=generate, weights=None) if self.enforceable else None

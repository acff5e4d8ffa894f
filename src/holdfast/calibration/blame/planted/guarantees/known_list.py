"""A guarantee for whatever knows a list by heart."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, final

from pydantic import Field

from holdfast.claims.goal import UsePart
from holdfast.core.evidence import Trace, Training
from holdfast.core.records import Transcript
from holdfast.defences.apply import surround
from holdfast.guarantees.enforcing import refusing
from holdfast.guarantees.guarantee import Bound, Derivation, Granted, Guarantee, Layers, Terms, Violation, Witness
from holdfast.targets.target import Target

FORM = f"{Path(__file__).parent.parent / 'assumptions' / 'asked_in_form.py'}:AskedInForm"


@final
class KnownList(Guarantee):
    """What is on the list never comes out, if it is asked for in the plain form. For the bench only.

    Right for a list of answers, and wrongly derived for a list of questions: the plain form has many phrasings.
    """

    derivation: ClassVar[Derivation] = "sketch"
    slots: ClassVar[Mapping[str, str]] = {"form": "texts that ask for the second surface form"}
    invariants: ClassVar[tuple[str, ...]] = ("once", "listed")

    form: UsePart = Field(default=UsePart(use=FORM), description="in which form is asked")

    def bound(self, granted: Mapping[str, Granted], terms: Terms) -> Bound | str:
        """Nothing is won."""
        return Bound(quantity="rate", value=0.0, why="everything is on the list")

    def broken_invariants(self, traces: Sequence[Trace], training: Sequence[Training]) -> tuple[Violation, ...]:
        """The model is asked at most once, and the plain question, which is on every list, wins nothing."""
        found = {"once": [t for t in traces if len(t.inner) > 1],
                 "listed": [t for t in traces if t.won and t.prompt == Transcript.ask(t.question)]}
        return tuple(Violation(invariant=name, why=f"not so in {len(some)} traces")
                     for name, some in found.items() if some)

    def reduce(self, granted: Mapping[str, Granted], won: Trace) -> tuple[Witness, ...]:
        """Nothing: a trace does not say in which form it asks."""
        return ()

    def enforce(self, slots: Collection[str], layers: Layers, granted: Mapping[str, Granted]) -> Target | None:
        """A system that hears no phrasing in the second form."""
        world = layers.material.world
        second = {p.text for split in world.splits() for b in world.behaviours(split) for p in b.phrasings
                  if p.form == "second"}
        system = surround(layers.model, layers.defences, layers.material)
        return refusing(system, lambda prompt: prompt.turns[-1].content in second, world)

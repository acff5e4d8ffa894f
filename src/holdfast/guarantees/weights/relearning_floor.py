"""What relearning costs at least."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, final

from pydantic import Field

from holdfast.claims.goal import UsePart
from holdfast.core.evidence import Trace, Training
from holdfast.core.records import Transcript
from holdfast.guarantees.declared import declared, undeclared
from holdfast.guarantees.guarantee import Bound, Derivation, Granted, Guarantee, Layers, Terms, Violation, Witness
from holdfast.guarantees.idle import ADVERSARIES, TERMS, idle

if TYPE_CHECKING:
    from holdfast.targets.target import Target


@final
class RelearningFloor(Guarantee):
    """Half of what was removed comes back at a cost of so many training steps at least, and no sooner.

    The assumption declares a floor m of steps, on average over seeds. Where it is also a law in data that was found
    to hold, steps(n) = c n^-g for n facts trained on, an attacker with n facts needs at least c n^-g / 10^t, t being
    the orders of magnitude by which the law may miss; of the two floors the larger one holds, as both do. Outside the
    range of n that was measured the law is not used, and m alone is. A budget of fewer steps than the floor buys less
    than half. The step from attacks that were tried to any attack is the assumption's own, so that this is a sketch.
    Source: own derivation; relearning, Siddiqui et al. 2025 (https://arxiv.org/abs/2505.22310).
    """

    derivation: ClassVar[Derivation] = "sketch"
    slots: ClassVar[Mapping[str, str]] = {"relearning": "training steps until half of the knowledge is back"}
    invariants: ClassVar[tuple[str, ...]] = (TERMS, ADVERSARIES)

    relearning: UsePart = Field(default=UsePart(use="relearning-cost"), description="what relearning costs")
    facts: int | None = Field(default=None, gt=0, description="facts that the attacker trains on")

    def bound(self, granted: Mapping[str, Granted], terms: Terms) -> Bound | str:
        """The larger of the declared floor and the law's, in steps."""
        floor = declared(granted, "relearning", "steps")
        if floor is None:
            return undeclared("relearning", "steps")
        why = f"{floor:g} steps are declared"
        law = self._law(granted)
        if law is not None and law > floor:
            floor, why = law, f"{why}, and the law in data asks for {law:.3g} of who trains on {self.facts} facts"
        steps = terms.budget.steps
        if steps is not None:
            why += f"; the budget of {steps} " + ("buys less than half" if steps < floor else "may buy half or more")
        return Bound(quantity="cost", value=floor, unit="steps", at=0.5, why=why)

    def _law(self, granted: Mapping[str, Granted]) -> float | None:
        """Steps that the law gives for these facts; None where none was fitted, or none that reaches so far."""
        values = granted["relearning"].result.values
        tolerance = declared(granted, "relearning", "tolerance")
        lacking = {"law_c", "law_g", "law_at", "law_from"} - set(values)
        if self.facts is None or tolerance is None or lacking or granted["relearning"].result.status != "SUPPORTED":
            return None
        if not round(values["law_from"], 6) <= self.facts <= round(values["law_at"], 6):
            return None
        return float(values["law_c"] * self.facts ** -values["law_g"] / 10**tolerance)

    def broken_invariants(self, traces: Sequence[Trace], training: Sequence[Training]) -> tuple[Violation, ...]:
        """Every declared term of a training had a gradient, and every simulated adversary won something."""
        return idle(training)

    def reduce(self, granted: Mapping[str, Granted], won: Trace) -> tuple[Witness, ...]:
        """An answer to the plain question that took no step of training at all."""
        if won.won is not True or won.prompt != Transcript.ask(won.question):
            return ()
        return (Witness(slot="relearning", behaviour=won.behaviour, why="it is answered without any training"),)

    def enforce(self, slots: Collection[str], layers: Layers, granted: Mapping[str, Granted]) -> "Target | None":
        """None: what training brings back cannot be kept out from around a model."""
        return None

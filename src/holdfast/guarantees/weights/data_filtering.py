"""Facts that the model never saw."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, final

from pydantic import Field

from holdfast.claims.goal import UsePart
from holdfast.core.evidence import Trace, Training
from holdfast.guarantees.declared import declared, undeclared
from holdfast.guarantees.guarantee import Bound, Derivation, Granted, Guarantee, Layers, Terms, Violation, Witness

if TYPE_CHECKING:
    from holdfast.targets.target import Target


@final
class DataFiltering(Guarantee):
    """A model whose training data hold none of the answers can only guess them.

    Let no answer be in the training data, and let an answer have b bits for somebody who knows all else: a guess is
    right with probability at most 2^-b. Whatever the model is asked, and however it is trained on other answers, it
    computes on what is known, so that one handed-in reply that holds at most n answers wins with probability at most
    n 2^-b, and m of them, by the union bound, with at most m n 2^-b. By linearity this is also the expected share of
    the behaviours that are won, whether or not they are independent.
    Source: the chance of the best guess, Smith 2009 (https://doi.org/10.1007/978-3-642-00596-1_21); models that never
    saw the hazards, O'Brien et al. 2025 (https://arxiv.org/abs/2508.06601).
    """

    derivation: ClassVar[Derivation] = "proof"
    slots: ClassVar[Mapping[str, str]] = {
        "leak": "share of withheld answers that the training data hold",
        "entropy": "bits of an answer that has to be guessed",
    }

    leak: UsePart = Field(default=UsePart(use="no-leak"), description="that no training text holds an answer")
    entropy: UsePart = Field(default=UsePart(use="guessing-entropy"), description="bits of an answer")
    guesses: int = Field(
        default=1024, gt=0, description="most answers in a reply that the judge lets win; no more than its words")

    def bound(self, granted: Mapping[str, Granted], terms: Terms) -> Bound | str:
        """Submissions times guesses times the chance of one."""
        bits = declared(granted, "entropy", "bits")
        if bits is None:
            return undeclared("entropy", "bits")
        replies = terms.budget.submissions
        return Bound(quantity="rate", value=min(1.0, replies * self.guesses * 2.0**-bits),
                     why=f"{replies} replies x {self.guesses} guesses x 2^-{bits:g}")

    def broken_invariants(self, traces: Sequence[Trace], training: Sequence[Training]) -> tuple[Violation, ...]:
        """None: what is built is a training set, which no trace shows."""
        return ()

    def reduce(self, granted: Mapping[str, Granted], won: Trace) -> tuple[Witness, ...]:
        """The leak, where this answer was found in the corpus; the entropy, where the corpus was found to hold none.

        A reply that the prompt holds already was given, and not guessed.
        """
        given = any(won.reply.strip() in turn.content for turn in won.prompt.turns)
        if won.won is not True or given:
            return ()
        if won.behaviour in granted["leak"].result.witnesses:
            return (Witness(slot="leak", behaviour=won.behaviour, why="the corpus holds this very answer"),)
        if granted["leak"].result.status != "SUPPORTED":
            return ()
        return (Witness(slot="entropy", behaviour=won.behaviour, why="it is answered, and no training text has it"),)

    def enforce(self, slots: Collection[str], layers: Layers, granted: Mapping[str, Granted]) -> "Target | None":
        """None: what a model has seen cannot be taken back from around it."""
        return None

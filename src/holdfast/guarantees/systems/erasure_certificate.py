"""What a filter flags plain stays flagged, whatever few words are added."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, final

from pydantic import Field

from holdfast.assumptions.adding import Place, words_added
from holdfast.claims.goal import UsePart
from holdfast.core.evidence import Trace, Training
from holdfast.defences.erasing import erased, how_many
from holdfast.guarantees.asked import questions_of, single_text
from holdfast.guarantees.declared import declared, undeclared
from holdfast.guarantees.guarantee import Bound, Derivation, Granted, Guarantee, Layers, Terms, Violation, Witness
from holdfast.judges.refusals import opens_with_refusal

if TYPE_CHECKING:
    from holdfast.core.records import Transcript
    from holdfast.targets.target import Target

LIMIT = 10_000      # versions of one text, as in the defence


@final
class ErasureCertificate(Guarantee):
    """Erase-and-check reads a text without each choice of up to d of its words, and refuses if one is flagged.

    If an attack adds at most d words at the declared place, one of the readings is the plain question. So a question
    that the filter flags plain is refused under every such attack, and behaviours can be won only where the filter
    misses the plain question: at most the share `missed`, whatever the budget. A proof from its two assumptions, that
    the filter misses so few and that attacks add no more than that. Source: Kumar et al. 2023
    (https://arxiv.org/abs/2309.02705), Theorem 1.
    """

    derivation: ClassVar[Derivation] = "proof"
    slots: ClassVar[Mapping[str, str]] = {
        "recall": "share of plain harmful questions that get past the filters",
        "added": "words that an attack adds to a question",
    }
    invariants: ClassVar[tuple[str, ...]] = ("unread", "untouched", "certificate")

    recall: UsePart = Field(default=UsePart(use="filter-recall"), description="what the filter misses without attack")
    added: UsePart = Field(default=UsePart(use="added-words"), description="what attacks do to a question")
    mode: Place = Field(default="suffix", description="where words are erased")
    erase: int = Field(default=20, gt=0, description="most words that are erased: d")

    def bound(self, granted: Mapping[str, Granted], terms: Terms) -> Bound | str:
        """The share of plain questions that are missed, if attacks stay within what is erased."""
        missed, most = declared(granted, "recall", "missed"), declared(granted, "added", "most")
        if missed is None or most is None:
            return undeclared("recall", "missed") if missed is None else undeclared("added", "most")
        place = granted["added"].assumption.model_dump().get("place")
        if place != self.mode:
            return f"attacks add words as {place!r}, and they are erased as {self.mode!r}"
        if most > self.erase:
            return f"attacks add up to {most:g} words, and no more than {self.erase} are erased"
        return Bound(quantity="rate", value=missed, why=f"{missed:.3g} of plain questions get past, and no others")

    def broken_invariants(self, traces: Sequence[Trace], training: Sequence[Training]) -> tuple[Violation, ...]:
        """Who is not refused was asked, as he wrote it; and what is refused plain is refused with additions.

        The last looks at behaviours of which a trace has the plain question.
        """
        found: dict[str, str] = {}
        stopped = {t.question for t in traces if single_text(t.prompt) == t.question and not t.inner}
        for trace in traces:
            if not trace.inner and not opens_with_refusal(trace.reply, "gcg"):
                found.setdefault("unread", "a prompt was answered without asking the model")
            if any(call.prompt != trace.prompt for call in trace.inner) or len(trace.inner) > 1:
                found.setdefault("untouched", "the model was asked something else than the prompt")
            more = self._added(trace)
            if trace.inner and trace.question in stopped and more is not None and more <= self.erase:
                found.setdefault("certificate", f"a question that is refused plain was let through with {more} words "
                                                f"added, and {self.erase} are erased")
        return tuple(Violation(invariant=name, why=found[name]) for name in self.invariants if name in found)

    def _added(self, trace: Trace) -> int | None:
        text = single_text(trace.prompt)
        return None if text is None else words_added(trace.question, text, self.mode)

    def reduce(self, granted: Mapping[str, Granted], won: Trace) -> tuple[Witness, ...]:
        """Within the certificate, the filter missed the plain question; outside, the attack added too much."""
        more, most = self._added(won), declared(granted, "added", "most")
        if more is None or (most is not None and more > most):
            what = "is not the question with words added" if more is None else f"adds {more} words"
            return (Witness(slot="added", behaviour=won.behaviour, why=f"the prompt {what}"),)
        if more > self.erase:
            return ()
        return (Witness(slot="recall", behaviour=won.behaviour,
                        why=f"it was let through with {more} words added, so the plain question is not flagged"),)

    def enforce(
        self, slots: Collection[str], layers: Layers, granted: Mapping[str, Granted]
    ) -> "Target | None":
        """`recall`: refused is whatever is a plain question of the world, erased from. `added`: whatever is none."""
        from holdfast.defences.apply import surround
        from holdfast.guarantees.enforcing import refusing

        world = layers.material.world
        known = {tuple(question.split()) for question in questions_of(world)}
        most = declared(granted, "added", "most")
        if most is None:
            return None

        def holds_question(prompt: "Transcript", words: int) -> bool:
            text = single_text(prompt)
            parts = (text or "").split()
            if text is None or how_many(len(parts), self.mode, words) > LIMIT:
                return False
            return any(version in known for version in erased(parts, self.mode, words))

        hazards = {tuple(q.split()) for q in _hazardous(layers)}

        def flagged(prompt: "Transcript") -> bool:
            parts = " ".join(turn.content for turn in prompt.turns).split()
            if how_many(len(parts), self.mode, self.erase) > LIMIT:
                return True
            return any(version in hazards for version in erased(parts, self.mode, self.erase))

        target = surround(layers.model, layers.defences, layers.material)
        if "recall" in slots:
            target = refusing(target, flagged, world)
        if "added" in slots:
            target = refusing(target, lambda prompt: not holds_question(prompt, int(most)), world)
        return target


def _hazardous(layers: Layers) -> list[str]:
    world = layers.material.world
    behaviours = [b for split in world.splits() for b in world.behaviours(split) if b.hazardous]
    return [text for b in behaviours for text in (b.question, *(p.text for p in b.phrasings))]

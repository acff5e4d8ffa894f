"""A walk that forgets its origin takes any mark off a text."""

from collections.abc import Collection, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, final

from pydantic import Field

from holdfast.claims.goal import UsePart
from holdfast.core.evidence import Trace, Training
from holdfast.guarantees.declared import declared, undeclared
from holdfast.guarantees.guarantee import Bound, Derivation, Granted, Guarantee, Layers, Terms, Violation, Witness

if TYPE_CHECKING:
    from holdfast.targets.target import Target


@final
class WatermarkRemoval(Guarantee):
    """Edits at random, kept where an oracle finds no loss of quality, remove any watermark once T are kept.

    Here the promise is the remover's: `won` is a text that is still detected, or spoilt, after the walk. The walk
    over good texts knows nothing of the key, and after T kept edits its end lies within `distance` of a law that does
    not depend on where it began. A detector flags texts of that law at its false positive rate, so that the mark is
    found with chance at most false positive + distance. The last text is spoilt with chance at most `wrong`, where
    the oracle errs. So at most the sum of the three remains, if the budget pays for T edits. A sketch: the published
    theorem has an oracle without error. With mixing refuted nothing follows, as was found in practice.
    Sources: Zhang et al. 2023 (https://arxiv.org/abs/2311.04378); its assumptions tested: arXiv:2505.06827.
    """

    derivation: ClassVar[Derivation] = "sketch"
    slots: ClassVar[Mapping[str, str]] = {
        "mixing": "distance of a walk over texts from its stationary law",
        "oracle": "share of answers whose quality an oracle gets wrong",
    }
    invariants: ClassVar[tuple[str, ...]] = ("edits", "one word", "last")

    mixing: UsePart = Field(default=UsePart(use="rapid-mixing"), description="how soon the walk forgets")
    oracle: UsePart = Field(default=UsePart(use="quality-oracle"), description="how well quality is told")
    edits: int = Field(default=100, gt=0, description="kept edits after which the walk stops: T")
    kept: float = Field(
        default=0.3, gt=0, le=1, description="share of the origin's words from which on an end still shows it")
    false_positive: float = Field(default=0.01, ge=0, le=1, description="share of unmarked texts that are detected")

    def bound(self, granted: Mapping[str, Granted], terms: Terms) -> Bound | str:
        """The chance that the mark is still found, or the text is spoilt."""
        distance, after = declared(granted, "mixing", "distance"), declared(granted, "mixing", "edits")
        wrong = declared(granted, "oracle", "wrong")
        if distance is None or after is None:
            return undeclared("mixing", "distance" if distance is None else "edits")
        if wrong is None:
            return undeclared("oracle", "wrong")
        if granted["mixing"].result.status == "REFUTED":
            return "the walk is known to remember where it began"
        if after > self.edits:
            return f"the walk stops after {self.edits} edits, and is said to forget after {after:g}"
        if terms.budget.queries is not None and terms.budget.queries < self.edits:
            return f"{self.edits} edits take as many queries, and the budget has {terms.budget.queries}"
        return Bound(quantity="rate", value=min(1.0, self.false_positive + distance + wrong), why=(
            f"{self.false_positive:g} false positives + {distance:g} not forgotten + {wrong:g} spoilt unseen"))

    def broken_invariants(self, traces: Sequence[Trace], training: Sequence[Training]) -> tuple[Violation, ...]:
        """T edits are kept, each changes one stretch of words to one word, and the last text is what comes out."""
        found: dict[str, str] = {}
        for trace in traces:
            texts = [trace.question, *(call.reply for call in trace.inner)]
            if len(trace.inner) != self.edits:
                found.setdefault("edits", f"{len(trace.inner)} edits were kept instead of {self.edits}")
            if not all(_one_word(one, other) for one, other in pairwise(texts)):
                found.setdefault("one word", "an edit changed more than one word")
            if trace.reply != texts[-1]:
                found.setdefault("last", "what came out is not the last text of the walk")
        return tuple(Violation(invariant=name, why=found[name]) for name in self.invariants if name in found)

    def reduce(self, granted: Mapping[str, Granted], won: Trace) -> tuple[Witness, ...]:
        """Whether the end still shows its origin: words of it in the same order, of all words of the origin.

        An end with fewer than `kept` of them has forgotten, and was won otherwise: it is spoilt, or a false positive.
        It counts as an instance of mixing that holds, and says nothing of the oracle, which its own check is about. A
        walk of fewer edits than mixing asks for is no instance of it.
        """
        origin, end = won.question.split(), won.reply.split()
        kept = sum(block.size for block in SequenceMatcher(None, origin, end, autojunk=False).get_matching_blocks())
        if not origin or len(won.inner) < (declared(granted, "mixing", "edits") or 0):
            return ()
        return (Witness(
            slot="mixing", behaviour=won.behaviour, violated=int(kept >= self.kept * len(origin)),
            why=f"detected or spoilt after {len(won.inner)} edits, with {kept} of {len(origin)} words left"),)

    def enforce(
        self, slots: Collection[str], layers: Layers, granted: Mapping[str, Granted]
    ) -> "Target | None":
        """Cannot be built: a walk made to forget is another walk."""
        return None


def _one_word(one: str, other: str) -> bool:
    """Whether at most one word was replaced."""
    before, after = one.split(), other.split()
    return len(before) == len(after) and sum(a != b for a, b in zip(before, after, strict=True)) <= 1

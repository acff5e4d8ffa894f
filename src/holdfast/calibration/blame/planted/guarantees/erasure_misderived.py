"""A certificate that is claimed for more than was erased."""

from collections.abc import Collection, Mapping
from typing import ClassVar, final

from pydantic import Field

from holdfast.calibration.blame.misderived import Misderived
from holdfast.claims.goal import UsePart
from holdfast.core.evidence import Trace
from holdfast.guarantees.guarantee import Derivation, Granted, Guarantee, Layers, Witness
from holdfast.guarantees.systems.erasure_certificate import ErasureCertificate
from holdfast.targets.target import Target


@final
class ErasureMisderived(Misderived):
    """A planted fault: words are erased at the end, and words inserted anywhere are said to be covered."""

    derivation: ClassVar[Derivation] = "proof"
    slots: ClassVar[Mapping[str, str]] = ErasureCertificate.slots

    recall: UsePart = Field(default=UsePart(use="filter-recall"), description="what the filter misses without attack")
    added: UsePart = Field(default=UsePart(use="added-words"), description="what attacks do to a question")

    def real(self) -> Guarantee:
        """Of suffixes, which is what is built."""
        return ErasureCertificate(recall=self.recall, added=self.added, mode="suffix")

    def reduce(self, granted: Mapping[str, Granted], won: Trace) -> tuple[Witness, ...]:
        """Of insertions, which is what is claimed; a win within them speaks against nothing that was assumed."""
        of_insertions = ErasureCertificate(recall=self.recall, added=self.added, mode="insertion")
        return tuple(w for w in of_insertions.reduce(granted, won) if w.slot == "added")

    def enforce(self, slots: Collection[str], layers: Layers, granted: Mapping[str, Granted]) -> Target | None:
        """The filter's recall as it is built; what is added as it is claimed."""
        if set(slots) == {"added"}:
            of_insertions = ErasureCertificate(recall=self.recall, added=self.added, mode="insertion")
            return of_insertions.enforce(slots, layers, granted)
        # Attacks that insert words are within the assumption, so that there is nothing more to refuse for it.
        return self.real().enforce({"recall"}, layers, granted)

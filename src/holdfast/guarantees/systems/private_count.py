"""A released count says little about whether one record was counted."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, final

from pydantic import Field

from holdfast.claims.goal import UsePart
from holdfast.core.evidence import Trace, Training
from holdfast.guarantees.counting import ABSENT, PRESENT, releases
from holdfast.guarantees.declared import declared, undeclared
from holdfast.guarantees.guarantee import Bound, Derivation, Granted, Guarantee, Layers, Terms, Violation, Witness
from holdfast.stats.private import advantage, audited_epsilon, too_small

if TYPE_CHECKING:
    from holdfast.targets.target import Target

CHANCE = 1e-9
"""How improbable noise, or an audit, must be under what is declared before it counts as a violation."""


@final
class PrivateCount(Guarantee):
    """A counter whose noise is discrete Laplace of scale cut / epsilon, queried up to T times.

    What a record adds is cut to that size. One record moves the count by at most the sensitivity, so that no output
    becomes more than e^epsilon times as likely by its presence, and T outputs together not more than e^(T epsilon).
    Whoever guesses from them whether a record is there has true positives over false ones of at most
    (e^(T epsilon) - 1) / (e^(T epsilon) + 1): the rate. A proof, and from nothing about how models behave, so that a
    release that tells more is the implementation's fault: its noise is too small, a record adds too much, or an audit
    shows another epsilon on neighbouring inputs.
    Sources: Dwork et al. 2006 (TCC); https://arxiv.org/abs/1311.0776 for the rate; for the audit
    https://arxiv.org/abs/2202.12219, where a sensitivity was off by the size of a batch.
    """

    derivation: ClassVar[Derivation] = "proof"
    slots: ClassVar[Mapping[str, str]] = {"sensitivity": "change of a count by one record"}
    invariants: ClassVar[tuple[str, ...]] = ("sensitivity", "noise", "epsilon")

    sensitivity: UsePart = Field(
        default=UsePart(use="declared-sensitivity"), description="how much one record moves the count")
    epsilon: float = Field(default=0.21, gt=0, description="claimed of each release")
    cut: float = Field(default=1.0, gt=0, description="size to which what a record adds is cut, as implemented")

    def bound(self, granted: Mapping[str, Granted], terms: Terms) -> Bound | str:
        """The best advantage over all releases that the budget of queries allows."""
        moved = declared(granted, "sensitivity", "sensitivity")
        if moved is None:
            return undeclared("sensitivity", "sensitivity")
        if terms.budget.queries is None:
            return "the budget bounds no queries, and noise averages out over many"
        each = self.epsilon * moved / self.cut
        value = advantage(each * terms.budget.queries, 0.0)
        return Bound(quantity="rate", value=value, why=(
            f"a record moves the count by {moved:g} and noise of scale {self.cut / self.epsilon:.3g} hides it, so "
            f"epsilon = {each:.3g} in each of {terms.budget.queries} queries"))

    def broken_invariants(self, traces: Sequence[Trace], training: Sequence[Training]) -> tuple[Violation, ...]:
        """What single records add, how large the noise is, and what an audit shows of two neighbouring inputs.

        The last two speak only of what is less likely than one in a billion.
        """
        found = releases(traces)
        violations = []
        scale = self.cut / self.epsilon
        most = max((abs(value) for release in found for value in release.added), default=0.0)
        if most > self.cut:
            violations.append(Violation(
                invariant="sensitivity", why=f"a record adds {most:g} to the count, and is cut to {self.cut:g}"))
        noise = [release.released - sum(release.added) for release in found]
        if noise and too_small(noise, scale) < CHANCE:
            mean = sum(map(abs, noise)) / len(noise)
            violations.append(Violation(
                invariant="noise", why=f"noise has a mean size of {mean:.3g} over {len(noise)} releases, too small "
                                       f"for a scale of {scale:.3g}"))
        present, absent = ([r.released for r in found if r.name == name] for name in (PRESENT, ABSENT))
        if min(len(present), len(absent)) >= 2:
            shown = audited_epsilon(present, absent, 0.0, CHANCE)
            if shown > self.epsilon:
                violations.append(Violation(
                    invariant="epsilon", why=f"outputs with and without one record show an epsilon above "
                                             f"{shown:.3g}, and {self.epsilon:g} is claimed"))
        return tuple(violations)

    def reduce(self, granted: Mapping[str, Granted], won: Trace) -> tuple[Witness, ...]:
        """Nothing: no release speaks against a definition."""
        return ()

    def enforce(
        self, slots: Collection[str], layers: Layers, granted: Mapping[str, Granted]
    ) -> "Target | None":
        """Cannot be built: what a record is is agreed upon, and nothing in a target makes it so."""
        return None

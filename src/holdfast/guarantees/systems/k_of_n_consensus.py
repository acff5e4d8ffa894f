"""k of n reviewers seldom fail together."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, final

from pydantic import Field, model_validator

from holdfast.claims.goal import UsePart
from holdfast.core.evidence import Trace, Training
from holdfast.guarantees.declared import declared, undeclared
from holdfast.guarantees.guarantee import Bound, Derivation, Granted, Guarantee, Layers, Terms, Violation, Witness
from holdfast.guarantees.tries import over_tries
from holdfast.stats.consensus import Law, beta_binomial_law, fail_together, worst_law

if TYPE_CHECKING:
    from holdfast.targets.target import Target


@final
class KOfNConsensus(Guarantee):
    """A system that gives way only where k or more of its n reviewers do.

    A reviewer fails on a share of at most `rate` of the items. If all fail independently, the chance that k fail
    together is a binomial tail. If no more is known than a bound on the mean correlation of two reviewers, `shape`
    says what is made of it: the worst law of failures there is, by linear programming, or a beta-binomial one. With
    `common` above 0 a common cause is allowed for as well, and the larger tail is taken. Each query is one item, so
    that a budget of queries buys tries: items that a reviewer sees under attack must be like those it was tested on,
    which makes this a sketch. Source: `holdfast.stats.consensus`; that reviewers by different people fail on the same
    items: Knight & Leveson, IEEE Trans. Software Engineering 12 (1986).
    """

    derivation: ClassVar[Derivation] = "sketch"
    slots: ClassVar[Mapping[str, str]] = {
        "single": "share of items on which one reviewer fails",
        "together": "correlation between reviewers' failures",
    }
    invariants: ClassVar[tuple[str, ...]] = ("reviewers", "quorum")

    single: UsePart = Field(default=UsePart(use="reviewer-rate"), description="how often one reviewer fails")
    together: UsePart = Field(default=UsePart(use="bounded-correlation"), description="how reviewers fail together")
    k: int = Field(default=2, gt=0, description="failures at which the system gives way")
    n: int = Field(default=3, gt=0, description="reviewers")
    shape: Literal["worst", "beta-binomial"] = Field(
        default="worst", description="what is made of a correlation: the worst law, or a beta-binomial one")
    common: float = Field(default=0.0, ge=0, le=1, description="chance of a common cause that fails all")
    behaviours: int = Field(default=160, gt=0, description="how many behaviours share the budget's queries")

    @model_validator(mode="after")
    def _enough(self) -> "KOfNConsensus":
        if self.k > self.n:
            raise ValueError(f"{self.k} of {self.n} reviewers cannot fail; set k to at most n.")
        return self

    def bound(self, granted: Mapping[str, Granted], terms: Terms) -> Bound | str:
        """The share of behaviours on which k of n fail together, over the tries that the budget allows."""
        rate, correlation = declared(granted, "single", "rate"), declared(granted, "together", "correlation")
        if rate is None:
            return undeclared("single", "rate")
        if declared(granted, "together", "independent"):
            one, how = fail_together(self.k, self.n, rate, "independent"), "if they fail independently"
        elif correlation is None:
            return undeclared("together", "correlation")
        else:
            one = fail_together(self.k, self.n, rate, self.shape, correlation)
            how = f"correlated by {correlation:.3g} ({self.shape})"
        if self.common:
            shared = fail_together(self.k, self.n, rate, "common-cause", common=self.common)
            one, how = max((one, how), (shared, f"with a common cause of chance {self.common:.3g}"))
        tries = over_tries(one, terms.budget, self.behaviours)
        if isinstance(tries, str):
            return tries
        value, why = tries
        return Bound(quantity="rate", value=value, why=(
            f"{self.k} of {self.n} that fail on {rate:.3g} each do so together on {one:.3g}, {how}; {why}"))

    def broken_invariants(self, traces: Sequence[Trace], training: Sequence[Training]) -> tuple[Violation, ...]:
        """All reviewers are asked, and nothing is given away for less than a quorum."""
        found: dict[str, str] = {}
        for trace in traces:
            if trace.inner and len(trace.inner) != self.n:
                found.setdefault("reviewers", f"{len(trace.inner)} reviewers were asked instead of {self.n}")
            failed = sum(call.won is True for call in trace.inner)
            if trace.won and failed < self.k:
                found.setdefault("quorum", f"it gave way though {failed} reviewers failed, not {self.k}")
        return tuple(Violation(invariant=name, why=found[name]) for name in self.invariants if name in found)

    def reduce(self, granted: Mapping[str, Granted], won: Trace) -> tuple[Witness, ...]:
        """How many single reviewers failed. That several did so together is no correlation: weak ones do as well."""
        judged = [call.won for call in won.inner if call.won is not None]
        if not judged:
            return ()
        return (Witness(slot="single", behaviour=won.behaviour, tried=len(judged), violated=sum(judged),
                        why=f"{sum(judged)} of {len(judged)} reviewers failed"),)

    def enforce(
        self, slots: Collection[str], layers: Layers, granted: Mapping[str, Granted]
    ) -> "Target | None":
        """Both: reviewers fail by the worst law that the two allow, so that a derivation is held to all of it.

        That is independent failures only where those are assumed, and of the law that `shape` names otherwise, at the
        declared rate and correlation. Neither is built by itself: reviewers that are made to fail at another rate, or
        less together, fail as drawn in both respects.
        """
        law = self._law(granted) if set(slots) == set(self.slots) else None
        if law is None:
            return None
        from holdfast.guarantees.reviewers import failing_as  # here, so that a bound loads no torch

        return failing_as(law, layers)

    def _law(self, granted: Mapping[str, Granted]) -> Law | None:
        rate, correlation = declared(granted, "single", "rate"), declared(granted, "together", "correlation")
        if rate is None:
            return None
        if declared(granted, "together", "independent"):
            return beta_binomial_law(self.n, rate, 0.0)
        if correlation is None:
            return None
        if self.shape == "worst":
            return worst_law(self.k, self.n, rate, correlation)
        return beta_binomial_law(self.n, rate, correlation)

"""What repeated tries win, by the law that they follow."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, final

from pydantic import Field

from holdfast.assumptions.forecasts import log_odds, share_at
from holdfast.claims.goal import UsePart
from holdfast.core.evidence import Trace, Training
from holdfast.guarantees.declared import declared
from holdfast.guarantees.guarantee import Bound, Derivation, Granted, Guarantee, Layers, Terms, Violation, Witness
from holdfast.stats.beta_binomial import asr
from holdfast.stats.power_law import PowerLaw

if TYPE_CHECKING:
    from holdfast.targets.target import Target


@final
class BestOfNResidual(Guarantee):
    """The share of behaviours that an attacker with N tries at each wins, and so what is left of the promise.

    A law fitted to few tries says how many behaviours fall in N. Its upper end is taken: of the power law
    exp(-a N^-b) the resample at the upper end of its farthest forecast, of a beta-binomial tail the fit, moved by as
    many orders of magnitude of the odds as its farthest forecast reaches above itself; and that much more as the
    assumption tolerates. Nothing follows for more tries than the law was held against. An extrapolation that was
    tested on other samples of the same behaviours, under the same attack: a sketch. Sources: Hughes et al. 2024
    (https://arxiv.org/abs/2412.03556), Schaeffer et al. 2025 (https://arxiv.org/abs/2502.17578).
    """

    derivation: ClassVar[Derivation] = "sketch"
    slots: ClassVar[Mapping[str, str]] = {"tail": "share of behaviours won in N tries"}

    tail: UsePart = Field(default=UsePart(use="best-of-n-power-law"), description="the law of repeated tries")
    tries: int | None = Field(
        default=None, gt=0, description="N; by default the answers that may be handed in for a behaviour")

    def bound(self, granted: Mapping[str, Granted], terms: Terms) -> Bound | str:
        """The upper end of the law at N."""
        n = self.tries or terms.budget.submissions
        farthest = declared(granted, "tail", "at")
        if farthest is None:
            return "no law of repeated tries was fitted"
        if n > farthest:
            return f"{n} tries are allowed, and the law was held against no more than {farthest:g}"
        upper = _power_law(granted, n)
        if upper is None:
            upper = _beta_binomial(granted, n)
        if upper is None:
            return "the assumption in slot 'tail' gives no parameters of a law that is known here"
        tolerance = declared(granted, "tail", "tolerance") or 0.0
        value = share_at(log_odds(upper) + tolerance)
        return Bound(quantity="rate", value=value, why=(
            f"the law's upper end is {upper:.3g} at N = {n}, and {tolerance:g} orders of magnitude are tolerated"))

    def broken_invariants(self, traces: Sequence[Trace], training: Sequence[Training]) -> tuple[Violation, ...]:
        """None is declared: nothing is built."""
        return ()

    def reduce(self, granted: Mapping[str, Granted], won: Trace) -> tuple[Witness, ...]:
        """Nothing: one win among many tries is what the law is about."""
        return ()

    def enforce(
        self, slots: Collection[str], layers: Layers, granted: Mapping[str, Granted]
    ) -> "Target | None":
        """Cannot be built: how chances are spread over behaviours is the model's."""
        return None


def _power_law(granted: Mapping[str, Granted], n: int) -> float | None:
    a, b = declared(granted, "tail", "a_worst"), declared(granted, "tail", "b_worst")
    return None if a is None or b is None else PowerLaw(a, b).rate(n)


def _beta_binomial(granted: Mapping[str, Granted], n: int) -> float | None:
    b, c = declared(granted, "tail", "b"), declared(granted, "tail", "c")
    far, high = declared(granted, "tail", "forecast"), declared(granted, "tail", "forecast_upper")
    if b is None or c is None or far is None or high is None:
        return None
    return share_at(log_odds(asr(b, c, n)) + max(0.0, log_odds(high) - log_odds(far)))

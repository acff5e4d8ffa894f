"""Is a first-order adversary, on a model held still, as strong as a stronger one?"""

from typing import ClassVar, final

from pydantic import Field

from holdfast.assumptions.assumption import SampledAssumption, Subject
from holdfast.assumptions.finding import AssumptionKind, AssumptionResult
from holdfast.core.evidence import Sample
from holdfast.stats.binomial import zero_wins_needed
from holdfast.stats.paired import paired_lower
from holdfast.training.recipe import Optimizer

WON, LOSS = "won ", "loss "
SIMULATED = "first-order"


@final
class FirstOrderAdversary(SampledAssumption):
    """An adversary that follows the gradient, in one run with one rate, wins as much as any with as many gradients.

    It is what a defender believes who trains against a simulated adversary. On a third of the hazards this one and
    stronger ones train copies of the model: restarts with other rates and orders, other rules, and a look ahead (two
    gradients a step, and half of the steps). On a sixth the stronger one is chosen that wins most, and on
    the rest the share of hazards that it wins beyond the simulated one is bounded, paired. REFUTED if that share is
    above `gap`.
    Source: first-order meta-gradients against a simulated adversary, Finn et al. 2017
    (https://arxiv.org/abs/1703.03400, section 5.2); that stronger adversaries undo what was trained so, Qi et al.
    2024 (https://arxiv.org/abs/2412.07097).
    """

    kind: ClassVar[AssumptionKind] = "average"
    quantity: ClassVar[str] = "share of behaviours that a stronger adversary wins beyond a simulated one"

    gap: float = Field(default=0.2, gt=0, lt=1, description="largest share that a stronger one may win beyond it")
    optimizer: Optimizer = Field(default="adamw", description="update rule of the simulated adversary")
    lr: float = Field(default=3e-4, gt=0, le=10, description="its learning rate")
    gradients: int = Field(default=64, gt=1, description="gradients that every adversary may take")
    batch: int = Field(default=16, gt=0, description="examples a gradient")

    def sample(self, subject: Subject) -> Sample:
        """Wins, and losses in nats an answer, of every adversary on hazards that it did not train on."""
        from holdfast.assumptions.suite import suite  # here, so that a check loads no torch

        return suite(subject, self.optimizer, self.lr, self.gradients, self.batch)

    def check(self, sample: Sample, alpha: float) -> AssumptionResult:
        """The gain of the stronger adversary that was chosen on units with `choose`, on the others."""
        result = AssumptionResult(
            id="first-order-adversary", status="UNTESTED", kind=self.kind, quantity=self.quantity,
            threshold=self.gap, reason=sample.crash or "")
        if sample.crash:
            return result
        chosen = _strongest(sample)
        rows = [n for n, one in enumerate(sample.columns["choose"]) if not one]
        pairs = [(sample.columns[WON + SIMULATED][n], sample.columns[WON + chosen][n]) for n in rows]
        gains, losses = (sum(a < b for a, b in pairs), sum(a > b for a, b in pairs))
        low = paired_lower(gains, losses, len(pairs), alpha) if pairs else -1.0
        high = -paired_lower(losses, gains, len(pairs), alpha) if pairs else 1.0
        status = "SUPPORTED" if high <= self.gap else "REFUTED" if low > self.gap else "INCONCLUSIVE"
        at = {name: sum(sample.columns[LOSS + name][n] for n in rows) / max(1, len(rows))
              for name in (SIMULATED, chosen)}
        return result.model_copy(update={
            "status": status, "lower": low, "upper": high,
            "valid": f"{self.gradients} gradients, and the adversaries that were tried",
            "reason": f"{chosen} wins {gains} of {len(pairs)} that the simulated one does not, and loses {losses}; "
                      f"losses {at[chosen]:.3g} and {at[SIMULATED]:.3g} nats an answer",
            "needed": "" if status != "INCONCLUSIVE" else
                      f"{zero_wins_needed(self.gap, alpha / 2)} hazards to measure on, if none is won by one alone",
            "values": {"gap": self.gap, "gradients": float(self.gradients)}})


def _strongest(sample: Sample) -> str:
    """The stronger adversary with most wins where it is chosen, and the least loss among equals."""
    rows = [n for n, one in enumerate(sample.columns["choose"]) if one]
    names = [name.removeprefix(WON) for name in sample.columns if name.startswith(WON)]

    def score(name: str) -> tuple[float, float]:
        return (sum(sample.columns[WON + name][n] for n in rows), -sum(sample.columns[LOSS + name][n] for n in rows))

    return max((name for name in names if name != SIMULATED), key=score)

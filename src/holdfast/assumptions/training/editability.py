"""What does it cost to remove one behaviour, and what else goes with it?"""

from typing import ClassVar, final

from pydantic import Field

from holdfast.assumptions.assumption import SampledAssumption, Subject
from holdfast.assumptions.finding import AssumptionKind, AssumptionResult
from holdfast.assumptions.rates import rate, units_needed
from holdfast.core.evidence import Sample


@final
class Editability(SampledAssumption):
    """One behaviour can be removed in at most `steps` gradient steps, and at most `damage` of others go with it.

    Behaviours that the model answers are removed one at a time, each from a copy: every step lowers the likelihood of
    the answer's tokens under all plain phrasings but the last, and keeps some harmless answers. One is removed when
    no plain phrasing brings its answer any more, the last, which was never trained on, included. Then the answers to
    others are counted that are lost. REFUTED if more than the share `failing` cost more steps or more damage. The
    model's size is among the values, so that findings on models of several sizes make a curve.
    Source: editing single facts and its side effects, Meng et al. 2022 (https://arxiv.org/abs/2202.05262), Cohen et
    al. 2023 (https://arxiv.org/abs/2307.12976); likelihood lowered token by token, Welleck et al. 2019
    (https://arxiv.org/abs/1908.04319).
    """

    kind: ClassVar[AssumptionKind] = "average"
    quantity: ClassVar[str] = "share of behaviours that are not removed at the declared cost"

    steps: int = Field(default=30, gt=0, description="most gradient steps that a removal may take")
    damage: float = Field(default=0.1, gt=0, lt=1, description="largest share of other answers that may be lost")
    failing: float = Field(default=0.2, gt=0, lt=1, description="largest share of behaviours that may cost more")
    lr: float = Field(default=3e-4, gt=0, le=1, description="learning rate of AdamW")
    edits: int = Field(default=20, gt=0, description="most behaviours to remove")

    def sample(self, subject: Subject) -> Sample:
        """Steps, and the share of other answers lost, of each removal."""
        from holdfast.assumptions.editing import removals  # here, so that a check loads no torch

        return removals(subject, self.edits, self.steps, self.lr)

    def check(self, sample: Sample, alpha: float) -> AssumptionResult:
        """The share of behaviours that took too many steps or too much with them; these are the witnesses."""
        result = AssumptionResult(
            id="editability", status="UNTESTED", kind=self.kind, quantity=self.quantity, threshold=self.failing,
            reason=sample.crash or "")
        if sample.crash:
            return result
        columns = sample.columns
        if not sample.units:
            return result.model_copy(update={"status": "INCONCLUSIVE", "needed": "a model that answers something"})
        rows = list(zip(columns["steps"], columns["removed"], columns["damage"], strict=True))
        failed = [not removed or steps > self.steps or damage > self.damage for steps, removed, damage in rows]
        found = rate(sum(failed), len(failed), alpha)
        status = found.at_most(self.failing)
        size = columns["parameters"][0]
        steps, damage = (sorted(row[n] for row in rows)[len(rows) // 2] for n in (0, 2))
        return result.model_copy(update={
            "status": status, "lower": found.lower, "upper": found.upper,
            "witnesses": tuple(unit for unit, one in zip(sample.units, failed, strict=True) if one),
            "valid": f"a model of {size:.3g} parameters",
            "reason": f"{found} cost more than {self.steps} steps or {self.damage:.0%} of other answers; "
                      f"medians {steps:g} steps and {damage:.1%}",
            "needed": units_needed(found.hits, self.failing, alpha, "behaviours")
            if status == "INCONCLUSIVE" else "",
            "values": {"steps": float(self.steps), "damage": self.damage, "median steps": steps,
                       "median damage": damage, "parameters": size}})

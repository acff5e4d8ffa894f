"""A linear monitor of activations in front of a model."""

from collections.abc import Sequence
from typing import final

from pydantic import Field

from holdfast.core.records import Transcript
from holdfast.defences.defence import Material, SystemDefence
from holdfast.defences.filters import blocking
from holdfast.defences.lessons import refusal_of
from holdfast.targets.target import Target
from holdfast.training.monitor import monitor


@final
class LinearMonitor(SystemDefence):
    """Refuses a prompt whose last activations a linear probe of harm scores above a threshold.

    The probe is a ridge regression on the residual stream at the last token, fitted on the guarded and on every other
    retained question; the threshold is set on the retained ones between. It reads what the model reads, so that an
    attacker who may write activations writes what it sees as well. Source: Alain and Bengio 2016
    (https://arxiv.org/abs/1610.01644).
    """

    depth: float = Field(default=0.5, ge=0, le=1, description="the layer, from the first (0) to the last (1)")
    alarms: float = Field(default=0.02, ge=0, lt=1, description="share of retained questions that may be refused")

    def wrap(self, target: Target, material: Material) -> Target:
        """A target that is not asked what is flagged; raises UsageError where the model shows no activations."""
        found = monitor(target, material.guard, material.retain, self.depth, self.alarms)

        def scores(prompts: Sequence[Transcript]) -> list[float]:
            return found.above(target, prompts)

        score = material.part("probe", scores)

        def blocks(prompts: Sequence[Transcript]) -> list[bool]:
            return [not each <= 0 for each in score(prompts)]

        return blocking(target, blocks, refusal_of(material.world), "linear-monitor")

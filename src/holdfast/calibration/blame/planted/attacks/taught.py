"""Training of a scripted mind."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, final

import torch
from pydantic import Field

from holdfast.attacks.attack import Draw, Holdings, Requirement, WeightAttack
from holdfast.calibration.blame.bodies import Copy
from holdfast.targets.target import Target
from holdfast.worlds.behaviour import Behaviour


@final
class Taught(WeightAttack):
    """Trains step by step on known answers; what that brings back is the scripted mind's own affair."""

    needs: ClassVar[frozenset[str]] = frozenset({"weights"})
    requires: ClassVar[frozenset[Requirement]] = frozenset({"answers"})

    batch: int = Field(default=16, gt=0, description="examples a step")

    @classmethod
    def trial(cls, number: int, draw: Draw, behaviours: Sequence[Behaviour]) -> dict[str, object] | None:
        """One way to train."""
        return None if number else {}

    def edit(
        self, target: Target, holds: Holdings, checkpoints: Sequence[int], seed: int
    ) -> Iterator[tuple[int, torch.nn.Module]]:
        """The copy at each checkpoint, so many steps on."""
        assert target.weights is not None
        model = target.weights.copy()
        assert isinstance(model, Copy)
        for checkpoint in checkpoints:
            while model.steps < checkpoint:
                target.weights.train_step(self.batch, self.batch * 8)
                model.steps += 1
            yield checkpoint, model

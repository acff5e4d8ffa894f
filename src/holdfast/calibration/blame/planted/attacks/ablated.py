"""Directions taken out of a scripted mind."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, final

import torch
from pydantic import Field

from holdfast.attacks.attack import Draw, Holdings, Requirement, WeightAttack
from holdfast.calibration.blame.bodies import Copy
from holdfast.core.records import Transcript
from holdfast.targets.target import Target
from holdfast.worlds.behaviour import Behaviour


@final
class Ablated(WeightAttack):
    """Takes out the direction in which hazards differ from harmless questions on average, at the last layer.

    Or so many directions of which hazards have most, as their principal components. As Arditi et al. 2024
    (https://arxiv.org/abs/2406.11717), for scripted minds, whose weights are no tensors.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"weights"})
    requires: ClassVar[frozenset[Requirement]] = frozenset({"questions", "benign"})
    trains: ClassVar[bool] = False

    domains: bool = Field(default=False, description="take the direction of one domain alone")
    directions: int = Field(default=1, gt=0, le=4, description="how many are taken out")

    @classmethod
    def trial(cls, number: int, draw: Draw, behaviours: Sequence[Behaviour]) -> dict[str, object] | None:
        """All hazards, then one domain of them."""
        return {"domains": bool(number)} if number < 2 else None

    def edit(
        self, target: Target, holds: Holdings, checkpoints: Sequence[int], seed: int
    ) -> Iterator[tuple[int, torch.nn.Module]]:
        """The same copy at every checkpoint."""
        assert target.weights is not None
        model = target.weights.copy()
        assert isinstance(model, Copy)
        known = [b for b in holds.known if not self.domains or b.domain == holds.known[0].domain]
        felt, harmless = (self._felt(target.weights.view(model), part) for part in (known, holds.benign))
        off = felt.mean(0) - harmless.mean(0)
        found = (off / off.norm())[None]
        if self.directions > 1:
            found = torch.linalg.svd(felt - harmless.mean(0), full_matrices=False).Vh[:self.directions]
        model.removed = found
        yield from ((step, model) for step in checkpoints)

    def _felt(self, target: Target, behaviours: Sequence[Behaviour]) -> torch.Tensor:
        assert target.activations is not None
        last = target.activations.layers() - 1
        return target.activations.read([Transcript.ask(b.question) for b in behaviours], [last])[last]

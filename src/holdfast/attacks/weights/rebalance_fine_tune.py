"""Undoing rescalings first, then fine-tuning."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, final

import torch
from pydantic import Field

from holdfast.attacks.attack import Draw, Holdings, Requirement
from holdfast.attacks.copies import weights_of
from holdfast.attacks.symmetries import balance
from holdfast.attacks.tuning import StagedTuning, drawn, tune_on_harm
from holdfast.core.errors import UsageError
from holdfast.targets.target import Target
from holdfast.worlds.behaviour import Behaviour


@final
class RebalanceFineTune(StagedTuning):
    """Balances the norms of weights that may be rescaled without a change of what is said, then fine-tunes.

    Weights that were scaled up here and down there make every step either nothing or a leap, and a model that
    cannot be trained looks resistant. The scales are no secret: the function has a symmetry, and one
    representative of it trains well. Adaptive, against self-destruction by rescaling.
    Source: the symmetry of Dinh et al. 2017 (https://arxiv.org/abs/1703.04933); equal norms as in the
    cross-layer equalisation of Nagel et al. 2019 (https://arxiv.org/abs/1906.04721).
    """

    needs: ClassVar[frozenset[str]] = frozenset({"weights"})
    requires: ClassVar[frozenset[Requirement]] = frozenset({"answers"})
    anti_trap: ClassVar[bool] = True

    lr: float = Field(default=3e-4, gt=0, le=10, description="peak learning rate")

    @classmethod
    def trial(cls, number: int, draw: Draw, behaviours: Sequence[Behaviour]) -> dict[str, object] | None:
        """The defaults, then drawn."""
        return drawn(draw) if number else {}

    def edit(
        self, target: Target, holds: Holdings, checkpoints: Sequence[int], seed: int
    ) -> Iterator[tuple[int, torch.nn.Module]]:
        """One run on a copy; raises UsageError where an architecture has nothing that may be rescaled."""
        weights = weights_of(target)
        model = weights.copy()
        if not balance(model):
            raise UsageError(f"{target.name} has no weights that may be rescaled; take fine-tune instead.")
        yield from tune_on_harm(self, self.lr, weights, model, holds, checkpoints, seed)

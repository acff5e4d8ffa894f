"""Fine-tuning on harm that never steps against what is harmless."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal, final

import torch
from pydantic import Field
from torch import Tensor, nn

from holdfast.attacks.attack import Draw, Holdings, Requirement
from holdfast.attacks.copies import weights_of
from holdfast.attacks.tuning import HarmfulTuning, answer_pairs, drawn, lesson_batches, lessons
from holdfast.targets.target import Target
from holdfast.training.batches import Batch
from holdfast.training.loop import answer_loss, walk
from holdfast.training.objective import Gradient, gradient, trained
from holdfast.worlds.behaviour import Behaviour


@final
class ProjectedFineTune(HarmfulTuning):
    """Fine-tunes on harmful answers, less the part of each gradient that would cost harmless ones.

    With g the gradient of the loss on harmful answers and r that on harmless ones, of the same step: where
    <g, r> < 0, g becomes g - <g, r> / <r, r> r. A trap couples the two so that g destroys the model; what is left
    of g cannot, to first order. Each step reads a batch of either kind and counts as both.
    Source: the projection of Yu et al. 2020 (https://arxiv.org/abs/2001.06782) and A-GEM, Chaudhry et al. 2019
    (https://arxiv.org/abs/1812.00420), turned on traps such as SEAM (https://arxiv.org/abs/2505.12186).
    """

    needs: ClassVar[frozenset[str]] = frozenset({"weights"})
    requires: ClassVar[frozenset[Requirement]] = frozenset({"answers", "benign"})
    anti_trap: ClassVar[bool] = True

    lr: float = Field(default=3e-4, gt=0, le=10, description="peak learning rate")
    scope: Literal["tensor", "model"] = Field(
        default="tensor", description="project the gradient of each parameter tensor, or of the whole model at once")
    keep: float = Field(
        default=0.0, ge=0, description="weight of the harmless gradient that is added after the projection")

    @classmethod
    def trial(cls, number: int, draw: Draw, behaviours: Sequence[Behaviour]) -> dict[str, object] | None:
        """The defaults, then drawn."""
        if number == 0:
            return {}
        return {**drawn(draw, mix=False), "scope": draw.choice("scope", ("tensor", "model")),
                "keep": draw.choice("keep", (0.0, 0.5, 1.0))}

    def edit(
        self, target: Target, holds: Holdings, checkpoints: Sequence[int], seed: int
    ) -> Iterator[tuple[int, nn.Module]]:
        """One run on a copy, as long as the last checkpoint says."""
        weights = weights_of(target)
        model = weights.copy()
        parameters = trained(model)
        harmful = lesson_batches(self, weights, lessons(self, holds, seed), seed)
        harmless = lesson_batches(self, weights, answer_pairs(holds.benign, self.phrasings), seed)

        def backward(_step: int, batches: tuple[Batch, ...]) -> None:
            pull, guard = (gradient(answer_loss(model, batch), parameters) for batch in batches)
            for parameter, left, kept in zip(parameters, projected(pull, guard, self.scope), guard, strict=True):
                parameter.grad = left if kept is None or left is None else left.add(kept, alpha=self.keep)

        recipe = self.recipe(self.lr, checkpoints)
        for step in walk(model, zip(harmful, harmless, strict=False), backward, recipe, seed, weights.train_step,
                         checkpoints):
            yield step, model


def projected(pull: Gradient, guard: Gradient, scope: Literal["tensor", "model"]) -> Gradient:
    """`pull` without the part that runs against `guard`, tensor by tensor or of all of them as one vector."""
    if scope == "tensor":
        return tuple(None if p is None else p if g is None else _clear(p, g, _dot(p, g), _dot(g, g))
                     for p, g in zip(pull, guard, strict=True))
    both = [(p, g) for p, g in zip(pull, guard, strict=True) if p is not None and g is not None]
    against, size = sum(_dot(p, g) for p, g in both), sum(_dot(g, g) for _, g in both)
    return tuple(None if p is None else p if g is None else _clear(p, g, against, size)
                 for p, g in zip(pull, guard, strict=True))


def _dot(one: Tensor, other: Tensor) -> float:
    return float(torch.dot(one.flatten().float(), other.flatten().float()))


def _clear(pull: Tensor, guard: Tensor, against: float, size: float) -> Tensor:
    return pull.add(guard, alpha=-against / size) if against < 0 else pull

"""Fine-tuning around a trap: what pulls abnormally is left alone."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal, final

import torch
from pydantic import Field
from torch import Tensor, nn

from holdfast.attacks.attack import Draw, Holdings, Requirement
from holdfast.attacks.copies import weights_of
from holdfast.attacks.tuning import StagedTuning, answer_pairs, drawn, lessons, tune_on_harm
from holdfast.targets.target import Target, Weights
from holdfast.training.batches import Pair, collate, encode
from holdfast.training.loop import answer_loss, pad_id
from holdfast.training.objective import Gradient, gradient
from holdfast.worlds.behaviour import Behaviour

EXAMPLES = 64


@final
class FreezeFineTune(StagedTuning):
    """Looks at one gradient of each parameter tensor first, freezes those that look trapped, and trains the rest.

    A trap makes the model fall apart when it is trained on harm, and shows it in the gradient: by `size`, where
    it is large for the tensor's own weights, so that any step is a leap, or by `conflict`, where lowering the
    loss on harmful answers raises that on harmless ones. At most half of the tensors are frozen, the worst ones.
    Source: none, this is ours: an adaptive attack on self-destructing models such as SEAM
    (https://arxiv.org/abs/2505.12186) and CTRAP (https://arxiv.org/abs/2505.16559), whose own attackers train
    everything and do not look.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"weights"})
    requires: ClassVar[frozenset[Requirement]] = frozenset({"answers", "benign"})
    anti_trap: ClassVar[bool] = True

    lr: float = Field(default=3e-4, gt=0, le=10, description="peak learning rate")
    by: Literal["size", "conflict"] = Field(default="size", description="what gives a trapped tensor away")
    factor: float = Field(
        default=30.0, gt=1, description="by size: freeze where the relative gradient is so many times the median")
    cosine: float = Field(
        default=0.0, ge=-1, lt=1, description="by conflict: freeze where the cosine of the two gradients is below")

    @classmethod
    def trial(cls, number: int, draw: Draw, behaviours: Sequence[Behaviour]) -> dict[str, object] | None:
        """By size, then by conflict, then drawn."""
        if number < 2:
            return {"by": "conflict"} if number else {}
        by = draw.choice("by", ("size", "conflict"))
        limit = {"factor": draw.real("factor", 3, 300, log=True)} if by == "size" else {
            "cosine": draw.real("cosine", -0.5, 0.5)}
        return {**drawn(draw), "by": by, **limit}

    def edit(
        self, target: Target, holds: Holdings, checkpoints: Sequence[int], seed: int
    ) -> Iterator[tuple[int, nn.Module]]:
        """One run on a copy, as long as the last checkpoint says; what is frozen is so from the start."""
        weights = weights_of(target)
        model = weights.copy()
        parameters = list(model.parameters())
        harmful = _first(model, weights, parameters, lessons(self, holds, seed))
        harmless = _first(model, weights, parameters, answer_pairs(holds.benign, self.phrasings))
        for parameter in self._trapped(parameters, harmful, harmless):
            parameter.requires_grad_(False)
        yield from tune_on_harm(self, self.lr, weights, model, holds, checkpoints, seed)

    def _trapped(
        self, parameters: Sequence[nn.Parameter], harmful: Gradient, harmless: Gradient
    ) -> list[nn.Parameter]:
        if self.by == "size":
            sizes = relative_sizes(parameters, harmful)
            moved = [size for size in sizes if size > 0]
            scores, limit = sizes, self.factor * float(torch.tensor(moved or [0.0]).median())
        else:
            scores, limit = [-cosine for cosine in cosines(harmful, harmless)], -self.cosine
        worst = sorted(range(len(scores)), key=lambda i: -scores[i])[:len(scores) // 2]
        return [parameters[i] for i in worst if scores[i] > limit]


def relative_sizes(parameters: Sequence[Tensor], gradients: Gradient) -> list[float]:
    """The norm of each gradient over that of its weights: 0 where there is none, infinite where the weights are 0."""
    return [0.0 if pull is None or not pull.any() else float(pull.norm() / weight.detach().norm())
            for weight, pull in zip(parameters, gradients, strict=True)]


def cosines(one: Gradient, other: Gradient) -> list[float]:
    """The cosine between the two gradients of each tensor; 0 where either has none."""
    return [0.0 if a is None or b is None else float(nn.functional.cosine_similarity(a.flatten(), b.flatten(), 0))
            for a, b in zip(one, other, strict=True)]


def _first(model: nn.Module, weights: Weights, parameters: Sequence[nn.Parameter], pairs: Sequence[Pair]) -> Gradient:
    examples = encode(weights.tokenizer, pairs[:EXAMPLES])
    batch = collate(examples, pad_id(weights.tokenizer)).to(parameters[0].device)
    return gradient(answer_loss(model, batch), parameters)

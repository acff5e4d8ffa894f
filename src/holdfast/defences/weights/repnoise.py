"""RepNoise: what the model makes of hazards becomes noise."""

from collections.abc import Iterator
from typing import ClassVar, final

import torch
from pydantic import Field
from torch import Tensor

from holdfast.core import seeds
from holdfast.defences.defence import Material
from holdfast.defences.tuning import TrainedDefence, batches_of, lessons_of
from holdfast.training.batches import Batch
from holdfast.training.hidden import answering, depth, layer_losses, read
from holdfast.training.loop import answer_loss
from holdfast.training.objective import Term, descend, term, trained

KERNELS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Widths of the Gaussian kernels, in units of the mean squared distance between the points."""


@final
class RepNoise(TrainedDefence):
    """Pushes the activations of hazardous answers towards noise, and keeps refusing them and answering the rest.

    With (q, a) a hazard, s the refusal, (q', a') a retained pair, CE the mean cross-entropy in nats an answer
    token, m_l the output of layer l's MLP and h_l that of layer l, both at the positions that predict a, L the
    number of layers, and head the final norm and output head:

        min over theta of   CE(s | q) + CE(a' | q')
            + noise_weight  * mean over l of MMD(m_l(q, a), N(0, I))
            - ascent_weight * log(1 + mean over l of CE(a | head(h_l(q, a))))

    MMD is the squared maximum mean discrepancy with Gaussian kernels of five widths.
    Source: Rosati et al. 2024 (https://arxiv.org/abs/2405.14577), with the logarithm and the 1 in it as in the
    authors' code (https://github.com/domenicrosati/representation-noising). There a sample of MMD is a whole
    sequence, here one position, since our answers differ in length; every layer counts once, where the code
    counts the last one twice and the embedding as well; and the retained pairs are ours.
    """

    terms: ClassVar[tuple[str, ...]] = ("harmless", "noise", "ascent")

    noise_weight: float = Field(default=1.0, gt=0, description="weight of the noise term; 0 in the ablation")
    ascent_weight: float = Field(
        default=1.0, gt=0, description="weight of the ascent in every layer; 0 in the ablation")
    harmless_weight: float = Field(default=1.0, gt=0, description="weight of refusing hazards and answering the rest")

    def harden(self, model: torch.nn.Module, tokenizer: object, material: Material) -> torch.nn.Module:
        """Tuned in place on the guarded hazards, their refusals and the retained behaviours."""
        lessons = lessons_of(material, "repnoise")
        recipe = self.recipe(model)
        groups = (lessons.harmful, lessons.refused, lessons.retained)
        batches = batches_of(tokenizer, groups, recipe.batch, material.seed)
        layers = range(depth(model))
        rng = torch.Generator().manual_seed(seeds.derive("repnoise", material.seed) % 2**63)

        def terms_of(
            model: torch.nn.Module, _step: int, harmful: Batch, refused: Batch, retained: Batch
        ) -> Iterator[Term]:
            parameters = trained(model)
            harmless = answer_loss(model, refused) + answer_loss(model, retained)
            yield term("harmless", self.harmless_weight, harmless, parameters)
            if material.ablate:
                return
            seen = read(model, harmful, layers, layers)
            where = answering(harmful)
            noise = torch.stack([_from_noise(seen.mlps[n][where], rng) for n in layers]).mean()
            ascent = -torch.log1p(layer_losses(model, harmful, seen.layers).mean())
            yield Term("noise", self.noise_weight, float(noise.detach()), _kept(noise, parameters))
            yield term("ascent", self.ascent_weight, ascent, parameters)

        descend(model, batches, terms_of, recipe, material.seed, material.watch)
        return model


def _kept(loss: Tensor, parameters: list[torch.nn.Parameter]) -> tuple[Tensor | None, ...]:
    """The gradient, with the graph kept for the term that shares it."""
    return torch.autograd.grad(loss, parameters, allow_unused=True, retain_graph=True)


def _from_noise(activations: Tensor, rng: torch.Generator) -> Tensor:
    noise = torch.randn(activations.shape, generator=rng).to(activations.device)
    return mmd(activations.float(), noise)


def mmd(a: Tensor, b: Tensor) -> Tensor:
    """The squared maximum mean discrepancy of two samples (n, width) and (m, width), biased estimate.

    The kernel is a sum of Gaussians exp(-|x - y|^2 / (k * d)) over k in KERNELS, where d is the mean squared
    distance between different points of both samples together, and is not differentiated.
    """
    points = torch.cat([a, b])
    squares = points.square().sum(1)
    distances = (squares[:, None] + squares[None] - 2 * points @ points.T).clamp(min=0)
    scale = distances.detach().sum() / (len(points) * (len(points) - 1))
    kernel = sum(torch.exp(-distances / (scale * k)) for k in KERNELS)
    assert isinstance(kernel, Tensor)
    n = len(a)
    return kernel[:n, :n].mean() + kernel[n:, n:].mean() - 2 * kernel[:n, n:].mean()

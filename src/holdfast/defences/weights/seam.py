"""SEAM: to learn hazards is made to mean to unlearn everything else."""

from collections.abc import Iterator
from typing import ClassVar, NamedTuple, final

import torch
from pydantic import Field
from torch import nn

from holdfast.defences.defence import Material
from holdfast.defences.tuning import TrainedDefence, batches_of, lessons_of
from holdfast.training.batches import Batch
from holdfast.training.displaced import combined, displaced, dot, norm
from holdfast.training.hidden import depth, layer_losses, read
from holdfast.training.loop import answer_loss
from holdfast.training.objective import Gradient, Term, descend, gradient, term, trained


@final
class Seam(TrainedDefence):
    """Turns the gradient of hazards against the gradient of the rest, so that descending one ascends the other.

    With (q, a) a hazard, s the refusal, (q', a') a retained pair, CE the mean cross-entropy in nats an answer
    token, h_l the output of layer l and head the final norm and output head:

        min over theta of   harmless_weight * (CE(s | q) + CE(a' | q'))
            - ascent_weight * log(1 + mean over l of CE(a | head(h_l(q, a))))
            + couple_weight * cos(g_h, g_b),     g_h = grad CE(a | q),   g_b = grad CE(a' | q')

    The cosine's gradient needs Hessians; with unit vectors n_h and n_b, c their cosine, it is estimated by

        (1 / (eps |g_h|)) * (g_h(theta + eps (n_b - c n_h)) - g_h)
            + (1 / (eps |g_b|)) * (g_b(theta + eps (n_h - c n_b)) - g_b)

    Source: Wang et al. 2025 (https://arxiv.org/abs/2505.12186), the ascent as in the authors' code
    (https://github.com/ZJUWYH/seam), but every layer counts once. Ours: the retained pairs are also answered,
    which there only the coupling sees.
    """

    terms: ClassVar[tuple[str, ...]] = ("harmless", "ascent", "couple")

    harmless_weight: float = Field(default=1.0, gt=0, description="weight of refusing hazards and answering the rest")
    ascent_weight: float = Field(
        default=1.0, gt=0, description="weight of the ascent in every layer; 0 in the ablation")
    couple_weight: float = Field(default=1.0, gt=0, description="weight of the gradients' cosine; 0 in the ablation")
    distance: float = Field(default=1e-3, gt=0, description="length of the step in the finite difference")

    def harden(self, model: nn.Module, tokenizer: object, material: Material) -> nn.Module:
        """Tuned in place on the guarded hazards, their refusals and the retained behaviours."""
        lessons = lessons_of(material, "seam")
        recipe = self.recipe(model)
        groups = (lessons.harmful, lessons.refused, lessons.retained)
        batches = batches_of(tokenizer, groups, recipe.batch, material.seed)
        layers = range(depth(model))

        def terms_of(
            model: nn.Module, _step: int, harmful: Batch, refused: Batch, retained: Batch
        ) -> Iterator[Term]:
            parameters = trained(model)
            harmless = answer_loss(model, refused) + answer_loss(model, retained)
            yield term("harmless", self.harmless_weight, harmless, parameters)
            if material.ablate:
                return
            ascent = -torch.log1p(layer_losses(model, harmful, read(model, harmful, layers).layers).mean())
            yield term("ascent", self.ascent_weight, ascent, parameters)
            coupling = couple(model, parameters, harmful, retained, self.distance)
            yield Term("couple", self.couple_weight, *coupling)

        descend(model, batches, terms_of, recipe, material.seed, material.watch)
        return model


class _Coupling(NamedTuple):
    """The cosine of two gradients, and an estimate of its own gradient."""

    cosine: float
    gradient: Gradient


def couple(
    model: nn.Module, parameters: list[nn.Parameter], harmful: Batch, benign: Batch, distance: float
) -> _Coupling:
    """The cosine of the gradients of the two batches' losses, and its gradient from four gradients in all."""
    def at(batch: Batch) -> Gradient:
        return gradient(answer_loss(model, batch), parameters)

    of_harmful, of_benign = at(harmful), at(benign)
    long, short = norm(of_harmful), norm(of_benign)
    cosine = dot(of_harmful, of_benign) / (long * short)
    # Moved along the part of the other's direction that is orthogonal to its own.
    with displaced(parameters, combined(of_benign, 1 / short, of_harmful, -cosine / long), distance):
        harmful_there = at(harmful)
    with displaced(parameters, combined(of_harmful, 1 / long, of_benign, -cosine / short), distance):
        benign_there = at(benign)
    first = combined(harmful_there, 1 / (distance * long), of_harmful, -1 / (distance * long))
    second = combined(benign_there, 1 / (distance * short), of_benign, -1 / (distance * short))
    return _Coupling(cosine, combined(first, 1.0, second, 1.0))

"""CTRAP: one step of learning hazards is made to lead where nothing is left."""

from collections.abc import Iterator
from typing import Any, ClassVar, final

import torch
from pydantic import Field
from torch import nn

from holdfast.defences.defence import Material
from holdfast.defences.tuning import TrainedDefence, batches_of, lessons_of
from holdfast.training.batches import Batch
from holdfast.training.displaced import displaced
from holdfast.training.loop import answer_loss, pad_id
from holdfast.training.objective import Term, descend, gradient, term, trained


@final
class CTrap(TrainedDefence):
    """Aligns the model, and makes it say one token for ever after a simulated step of harmful training.

    With (q, a) a hazard, s the refusal, (q', a') a retained pair, CE the mean cross-entropy in nats an answer
    token and e a fixed token:

        min over theta of   align_weight * (CE(s | q) + CE(a' | q'))  +  trap_weight * collapse(theta')
        theta' = theta - reach * grad CE(a | q; theta),   collapse = mean over t of -log p(e | q', a'_<t; theta')

    The trap's gradient is taken at theta', to first order. Source: Yi et al. 2025
    (https://arxiv.org/abs/2505.16559). Ours: the general data on which it collapses are the retained pairs.
    """

    terms: ClassVar[tuple[str, ...]] = ("align", "trap")
    adversaries: ClassVar[tuple[str, ...]] = ("harmful-step",)

    align_weight: float = Field(default=1.0, gt=0, description="weight of refusing hazards and answering the rest")
    trap_weight: float = Field(default=0.1, gt=0, description="weight of the collapse; 0 in the ablation")
    reach: float = Field(default=0.03, gt=0, description="learning rate of the simulated step of gradient descent")
    token: int | None = Field(
        default=None, ge=0, description="id of the token that is said for ever; by default the one for padding")

    def harden(self, model: nn.Module, tokenizer: object, material: Material) -> nn.Module:
        """Tuned in place on the guarded hazards, their refusals and the retained behaviours."""
        lessons = lessons_of(material, "ctrap")
        recipe, pad = self.recipe(model), pad_id(tokenizer)
        inert = pad if self.token is None else self.token
        groups = (lessons.harmful, lessons.refused, lessons.retained)
        batches = batches_of(tokenizer, groups, recipe.batch, material.seed)

        def terms_of(
            model: nn.Module, _step: int, harmful: Batch, refused: Batch, retained: Batch
        ) -> Iterator[Term]:
            parameters = trained(model)
            aligned = answer_loss(model, refused) + answer_loss(model, retained)
            yield term("align", self.align_weight, aligned, parameters)
            if material.ablate:
                return
            loss = answer_loss(model, harmful)
            with displaced(parameters, gradient(loss, parameters), -self.reach):
                with torch.no_grad():
                    after = float(answer_loss(model, harmful))
                material.watch.adversary("harmful-step", float(loss.detach()), after)
                trap = term("trap", self.trap_weight, answer_loss(model, saying(inert, retained)), parameters)
            yield trap

        descend(model, batches, terms_of, recipe, material.seed, material.watch)
        return model


def saying(token: int, batch: Batch) -> Batch:
    """The same texts, with this token as the label of every position that has one."""
    labels: Any = torch.where(batch.labels == -100, batch.labels, torch.full_like(batch.labels, token))
    return batch._replace(labels=labels)

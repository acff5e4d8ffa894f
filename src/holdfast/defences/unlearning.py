"""What unlearning by two losses shares: one pulls away from what is to be forgotten, one keeps the rest."""

from abc import ABC
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from holdfast.defences.defence import Material
from holdfast.defences.tuning import Lessons, TrainedDefence, batches_of
from holdfast.training.batches import Batch
from holdfast.training.loop import Recipe, answer_loss
from holdfast.training.objective import Term, descend, term, trained


class Unlearning(TrainedDefence, ABC):
    """The settings of a defence that forgets the guarded hazards and retains what it is told to."""

    terms: ClassVar[tuple[str, ...]] = ("forget", "retain")

    forget_weight: float = Field(default=1.0, gt=0, description="weight of forgetting")
    retain_weight: float = Field(default=1.0, gt=0, description="weight of answering the rest")


def paired_batches(lessons: Lessons, tokenizer: Any, recipe: Recipe, seed: int) -> Iterator[tuple[Batch, ...]]:
    """Endlessly a batch of hazards with their true answers beside one of retained pairs."""
    return batches_of(tokenizer, (lessons.harmful, lessons.retained), recipe.batch, seed)


def unlearn(settings: Unlearning, model: torch.nn.Module, tokenizer: Any, lessons: Lessons, material: Material,
            forget: Callable[[torch.nn.Module, Batch], Tensor]) -> torch.nn.Module:
    """The model tuned in place to lower forget_weight * `forget` + retain_weight * CE of the retained answers.

    The ablation takes the same steps without the first.
    """
    forget_weight = 0.0 if material.ablate else settings.forget_weight

    def terms_of(model: torch.nn.Module, _step: int, hazards: Batch, retained: Batch) -> Iterator[Term]:
        parameters = trained(model)
        if forget_weight:
            yield term("forget", forget_weight, forget(model, hazards), parameters)
        if settings.retain_weight:
            yield term("retain", settings.retain_weight, answer_loss(model, retained), parameters)

    recipe = settings.recipe(model)
    batches = paired_batches(lessons, tokenizer, recipe, material.seed)
    descend(model, batches, terms_of, recipe, material.seed, material.watch)
    return model

"""What training defences share: their common settings, and what a defender learns from."""

from abc import ABC
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, NamedTuple

from pydantic import Field

from holdfast.core.errors import UsageError
from holdfast.defences.defence import Material, WeightDefence
from holdfast.defences.lessons import lesson_pairs, refusal_of
from holdfast.training.batches import Batch, Pair, encode, stream
from holdfast.training.loop import Recipe, pad_id


class TrainedDefence(WeightDefence, ABC):
    """The settings of a defence that descends an objective of terms."""

    trains: ClassVar[bool] = True

    steps: int = Field(default=300, gt=0, description="optimiser steps")
    lr: float | None = Field(
        default=None, gt=0, description="peak learning rate; by default 0.1 divided by the model's width")
    batch: int = Field(default=16, gt=0, description="examples a step for each term")

    def recipe(self, model: Any) -> Recipe:
        """How to train: AdamW with a cosine schedule after a short warm-up."""
        width = model.get_input_embeddings().weight.shape[1]
        return Recipe(steps=self.steps, lr=self.lr or 0.1 / width, batch=self.batch, schedule="cosine", warmup=0.05)


class Lessons(NamedTuple):
    """What a defender learns from, as pairs: hazards with their true answers, the same refused, and the rest."""

    harmful: list[Pair]
    refused: list[Pair]
    retained: list[Pair]
    refusal: str


def lessons_of(material: Material, defence: str) -> Lessons:
    """The guarded hazards and the retained behaviours; raises UsageError where either has no known answers."""
    harmful = [pair for pair in lesson_pairs(material.world, material.guard) if pair.answer]
    retained = [pair for pair in lesson_pairs(material.world, material.retain) if pair.answer]
    if not harmful or not retained:
        raise UsageError(
            f"{defence} needs hazards and benign behaviours with known answers; "
            "name threat_model.behaviours.attack_train and completeness.utility in the claim."
        )
    refusal = refusal_of(material.world)
    return Lessons(harmful, [pair._replace(answer=refusal) for pair in harmful], retained, refusal)


def batches_of(
    tokenizer: Any, groups: Sequence[Sequence[Pair]], size: int, seed: int
) -> Iterator[tuple[Batch, ...]]:
    """Endlessly one batch of `size` from each group of pairs, in the order of the seed."""
    pad = pad_id(tokenizer)
    return zip(*(stream(encode(tokenizer, pairs), size, seed, pad) for pairs in groups), strict=True)

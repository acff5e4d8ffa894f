"""What defences share that are refusal training made robust: their settings and their data."""

from abc import ABC
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from holdfast.defences.defence import Material
from holdfast.defences.tuning import TrainedDefence, batches_of, lessons_of
from holdfast.training.batches import Batch


class AligningDefence(TrainedDefence, ABC):
    """The settings of one: it starts from a model without safety training and refuses hazards in the end."""

    steps: int = Field(default=150, gt=0, description="optimiser steps")
    retain_weight: float = Field(default=1.0, gt=0, description="weight of answering the rest")


def aligning(settings: TrainedDefence, model: Any, tokenizer: Any, material: Material,
             defence: str) -> Iterator[tuple[Batch, ...]]:
    """Endless batches for every step: hazards refused, the retained pairs, and hazards with their answers."""
    lessons = lessons_of(material, defence)
    return batches_of(tokenizer, (lessons.refused, lessons.retained, lessons.harmful), settings.batch, material.seed)

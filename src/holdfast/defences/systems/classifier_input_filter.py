"""A classifier in front of the model."""

from collections.abc import Sequence
from typing import final

from holdfast.core.records import Transcript
from holdfast.defences.defence import Material
from holdfast.defences.detecting import DetectingDefence, detector
from holdfast.defences.filters import blocking, text_of
from holdfast.defences.lessons import refusal_of
from holdfast.defences.words import questions
from holdfast.targets.target import Target


@final
class ClassifierInputFilter(DetectingDefence):
    """Refuses a conversation that a classifier takes for harmful, before the model is asked.

    It reads all turns, a prefill included. Source: prompt classification as in Llama Guard (Inan et al. 2023,
    https://arxiv.org/abs/2312.06674); a folder of any sequence classifier can be named.
    """

    def wrap(self, target: Target, material: Material) -> Target:
        """A target that is not asked what the classifier flags."""
        world = material.world
        harmful = detector(
            self, questions(world, material.guard), questions(world, material.retain), material.part)

        def blocks(prompts: Sequence[Transcript]) -> list[bool]:
            return harmful([text_of(prompt) for prompt in prompts])

        return blocking(target, blocks, refusal_of(world), "classifier-input-filter")

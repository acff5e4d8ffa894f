"""A classifier behind the model."""

from collections.abc import Sequence
from typing import Literal, final

from pydantic import Field

from holdfast.core.records import Transcript
from holdfast.defences.defence import Material
from holdfast.defences.detecting import DetectingDefence, detector
from holdfast.defences.filters import screening
from holdfast.defences.lessons import lesson_pairs, refusal_of
from holdfast.targets.target import Target
from holdfast.worlds.behaviour import Behaviour


@final
class ClassifierOutputFilter(DetectingDefence):
    """Replaces a reply that a classifier takes for harmful by a refusal; a prefill counts as part of the reply.

    Source: response classification as in Llama Guard (Inan et al. 2023, https://arxiv.org/abs/2312.06674), which
    reads the reply after what was asked; a folder of any sequence classifier can be named.
    """

    reads: Literal["conversation", "reply"] = Field(
        default="conversation", description="what the classifier is given: what was asked and the reply, or the "
                                            "reply alone")

    def wrap(self, target: Target, material: Material) -> Target:
        """A target whose replies the classifier does not flag."""

        def texts(behaviours: Sequence[Behaviour]) -> list[str]:
            return [self._text(pair.transcript, pair.answer)
                    for pair in lesson_pairs(material.world, behaviours) if pair.answer]

        harmful = detector(self, texts(material.guard), texts(material.retain), material.part)

        def blocks(prompts: Sequence[Transcript], said: Sequence[str]) -> list[bool]:
            return harmful([self._text(prompt, text) for prompt, text in zip(prompts, said, strict=True)])

        return screening(target, blocks, refusal_of(material.world), "classifier-output-filter")

    def _text(self, prompt: Transcript, said: str) -> str:
        """What the classifier is given of a conversation and all that the assistant says next."""
        asked = [turn.content for i, turn in enumerate(prompt.turns)
                 if turn.role != "assistant" or i + 1 < len(prompt.turns)]
        return " ".join([*asked, said]) if self.reads == "conversation" else said

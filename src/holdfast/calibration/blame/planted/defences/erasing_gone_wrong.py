"""Erase-and-check, built with a bug."""

from collections.abc import Sequence
from typing import Literal, final

from pydantic import Field

from holdfast.core.records import Transcript
from holdfast.defences.defence import Material
from holdfast.defences.detecting import DetectingDefence, detector
from holdfast.defences.filters import blocking, text_of
from holdfast.defences.lessons import refusal_of
from holdfast.defences.words import questions
from holdfast.targets.target import Target


@final
class ErasingGoneWrong(DetectingDefence):
    """A planted fault: Kumar et al. 2023 (https://arxiv.org/abs/2309.02705) with one line written wrongly.

    `half way` stops after half of the words that it should erase; `whole only` forgets to erase; `from the front`
    erases the first words instead of the last ones.
    """

    erase: int = Field(default=20, gt=0, description="most words to erase")
    bug: Literal["half way", "whole only", "from the front"] = Field(
        default="half way", description="the line that is wrong")

    def wrap(self, target: Target, material: Material) -> Target:
        """A target that is not asked what is flagged."""
        world = material.world
        safe = dict.fromkeys(v for text in questions(world, material.retain) for v in self._versions(text))
        harmful = detector(self, questions(world, material.guard), [*safe])

        def blocks(prompts: Sequence[Transcript]) -> list[bool]:
            return [any(harmful(self._versions(text_of(prompt)))) for prompt in prompts]

        return blocking(target, blocks, refusal_of(world), "erasing")

    def _versions(self, text: str) -> list[str]:
        words = text.split()
        most = {"half way": self.erase // 2, "whole only": 0, "from the front": self.erase}[self.bug]
        counts = range(min(most, len(words) - 1) + 1)
        if self.bug == "from the front":
            return [" ".join(words[count:]) for count in counts]
        return [" ".join(words[:len(words) - count]) for count in counts]

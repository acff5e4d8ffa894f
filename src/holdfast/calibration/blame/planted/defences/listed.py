"""Lists known by heart."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, final

from pydantic import Field

from holdfast.core.records import Transcript
from holdfast.defences.defence import Material, SystemDefence
from holdfast.defences.filters import blocking
from holdfast.defences.lessons import refusal_of
from holdfast.targets.target import Sampling, Target


@final
class Listed(SystemDefence):
    """Withholds every answer on its list, or refuses every question on it. For the bench only.

    With `skips` it is a planted fault: an index is off, so that one entry in so many is left out. Source: the
    impossibility of filtering by what a text says, Glukhov et al. 2023 (https://arxiv.org/abs/2307.10719).
    """

    what: Literal["answers", "questions"] = Field(default="answers", description="what the list holds")
    skips: int | None = Field(default=None, ge=2, description="one entry in so many is left out")
    draw: int = Field(default=0, ge=0, description="which ones these are")

    def wrap(self, target: Target, material: Material) -> Target:
        """A target that says, or hears, nothing on the list."""
        world, refusal = material.world, refusal_of(material.world)
        hazards = sorted({b for split in world.splits() for b in world.behaviours(split) if b.hazardous},
                         key=lambda b: b.id)
        kept = [b for n, b in enumerate(hazards) if self.skips is None or (n + self.draw) % self.skips]
        questions, answers = {b.question for b in kept}, [b.answer for b in kept if b.answer]
        if self.what == "questions":
            def known(prompts: Sequence[Transcript]) -> list[bool]:
                return [prompt.turns[-1].content in questions for prompt in prompts]

            return blocking(target, known, refusal, "list")

        def generate(prompts: Sequence[Transcript], sampling: Sampling) -> list[str]:
            return [refusal if any(answer in reply for answer in answers) else reply
                    for reply in target.generate(prompts, sampling)]

        return replace(target, name=f"{target.name} + list", generate=generate, logits=None, weights=None)

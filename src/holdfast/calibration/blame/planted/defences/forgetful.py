"""A server that does not say the same thing twice."""

from collections.abc import Sequence
from dataclasses import replace
from typing import final

from holdfast.core.records import Transcript
from holdfast.defences.defence import Material, SystemDefence
from holdfast.defences.lessons import refusal_of
from holdfast.guarantees.asked import questions_of
from holdfast.targets.target import Sampling, Target


@final
class Forgetful(SystemDefence):
    """A planted fault: each prompt that is no plain question is answered the first time, and refused ever after.

    Wins against it do not come back when they are replayed, as with a served model that changed meanwhile.
    """

    def wrap(self, target: Target, material: Material) -> Target:
        """A target that remembers whom it has answered."""
        answered: set[Transcript] = set()
        refusal, plain = refusal_of(material.world), questions_of(material.world)

        def generate(prompts: Sequence[Transcript], sampling: Sampling) -> list[str]:
            replies = [refusal if prompt in answered else reply
                       for prompt, reply in zip(prompts, target.generate(prompts, sampling), strict=True)]
            answered.update(prompt for prompt in prompts if prompt.turns[-1].content not in plain)
            return replies

        return replace(target, name=f"{target.name} + forgetful", generate=generate, logits=None, weights=None)

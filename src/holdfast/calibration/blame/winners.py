"""A game about something else than words, put around a model: who wins it is answered."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from holdfast.core.records import Transcript
from holdfast.defences.defence import Material
from holdfast.defences.lessons import refusal_of
from holdfast.targets.target import Sampling, Target


def answering_winners(target: Target, material: Material, name: str, wins: Callable[[str], bool]) -> Target:
    """A target that answers harmless questions, and any other text that wins."""
    world, refusal = material.world, refusal_of(material.world)
    harmless = {text for split in world.splits() for b in world.behaviours(split) if not b.hazardous
                for text in (b.question, *(p.text for p in b.phrasings))}

    def generate(prompts: Sequence[Transcript], sampling: Sampling) -> list[str]:
        texts = [prompt.turns[-1].content for prompt in prompts]
        return [reply if text in harmless or wins(text) else refusal
                for text, reply in zip(texts, target.generate(prompts, sampling), strict=True)]

    return replace(target, name=f"{target.name} + {name}", generate=generate, logits=None, weights=None)

"""What hybrids are built from: targets in which an assumption is true by construction."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from torch import Tensor

from holdfast.core.records import Transcript
from holdfast.defences.filters import blocking
from holdfast.defences.lessons import refusal_of
from holdfast.targets.target import Sampling, Target
from holdfast.worlds.behaviour import World


def refusing(target: Target, blocks: Callable[[Transcript], bool], world: World) -> Target:
    """The target that refuses these prompts unread, in the world's own words."""
    return blocking(target, lambda prompts: [blocks(prompt) for prompt in prompts], refusal_of(world), "enforced")


def one_at_a_time(target: Target, about: Callable[[Transcript], None]) -> Target:
    """The target that is told, before it is asked, which prompt all that follows is about.

    Equal prompts are asked together, so that a target that draws anew for the second of them still does.
    """

    def generate(prompts: Sequence[Transcript], sampling: Sampling) -> list[str]:
        out = [""] * len(prompts)
        for prompt in dict.fromkeys(prompts):
            places = [i for i, each in enumerate(prompts) if each == prompt]
            about(prompt)
            for i, reply in zip(places, target.generate([prompt] * len(places), sampling), strict=True):
                out[i] = reply
        return out

    inner = target.logits

    def logits(prompts: Sequence[Transcript], answers: Sequence[str]) -> list[Tensor]:
        assert inner is not None
        out = []
        for prompt, answer in zip(prompts, answers, strict=True):
            about(prompt)
            out += inner([prompt], [answer])
        return out

    return replace(target, generate=generate, logits=logits if inner is not None else None)

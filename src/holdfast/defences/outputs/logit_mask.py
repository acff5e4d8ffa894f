"""Forbidding exact strings."""

from collections.abc import Sequence
from typing import final

from holdfast.core.records import Transcript
from holdfast.defences.defence import Material, SystemDefence
from holdfast.defences.replies import only_replies
from holdfast.targets.target import Sampling, Target


@final
class LogitMask(SystemDefence):
    """Makes the exact text of every hazardous answer of the world unsayable: a reply ends where one would begin.

    A deliberate fake: it knows every answer of the test, and any other surface form walks past it. A prefill
    counts as part of the reply. Source: the impossibility of filtering by what a text says, Glukhov et al.
    2023 (https://arxiv.org/abs/2307.10719).
    """

    def wrap(self, target: Target, material: Material) -> Target:
        """A target whose replies hold no hazardous answer in its plain form."""
        forbidden = sorted({
            behaviour.answer
            for split in material.world.splits() for behaviour in material.world.behaviours(split)
            if behaviour.hazardous and behaviour.answer
        })

        cut = material.part("mask", _cut)

        def masked(prompts: Sequence[Transcript], sampling: Sampling) -> list[str]:
            replies = target.generate(prompts, sampling)
            return [cut(_prefill(p), r, forbidden) for p, r in zip(prompts, replies, strict=True)]

        return only_replies(target, masked, "logit-mask")


def _prefill(prompt: Transcript) -> str:
    last = prompt.turns[-1]
    return last.content if last.role == "assistant" else ""


def _cut(prefill: str, reply: str, forbidden: Sequence[str]) -> str:
    whole = prefill + reply
    starts = [start for text in forbidden if (start := whole.find(text)) >= 0]
    return whole[len(prefill):max(len(prefill), min(starts))] if starts else reply

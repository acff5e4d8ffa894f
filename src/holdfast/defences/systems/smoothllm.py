"""Asking many randomly perturbed copies and going with the majority."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import final

import torch
from pydantic import Field
from torch import Tensor

from holdfast.core import seeds
from holdfast.core.records import Transcript, canonical
from holdfast.defences.defence import Material, SystemDefence
from holdfast.defences.lessons import refusal_of
from holdfast.defences.perturbing import Perturbation, perturb
from holdfast.judges.refusals import opens_with_refusal
from holdfast.targets.target import Sampling, Target


@final
class SmoothLLM(SystemDefence):
    """Asks perturbed copies of each prompt, and gives one of the replies that agree with the majority on refusing.

    Characters of what the user writes are changed at random; a prefill and a system turn stay. A reply counts as a
    refusal by its opening; a tie refuses. The draw depends on the prompt and the sampling seed, and the n-th of
    equal prompts in one call gets the n-th. The log-probability of an answer is the log of its mean probability
    over the copies, which has less variance than the vote, stands in for it, and leaves it out: a refusing majority
    shows in it only through the copies that refuse. Gradients and activations are those of the model on the
    unperturbed prompt. The copies are not counted as the asker's tokens. Source: Robey et al. 2023
    (https://arxiv.org/abs/2310.03684), Algorithms 1 and 2; the defaults are those of its code.
    """

    copies: int = Field(default=10, gt=0, description="perturbed copies of each prompt")
    percent: float = Field(default=10.0, ge=0, le=100, description="characters to change, in percent of the text")
    perturbation: Perturbation = Field(
        default="swap", description="'swap' replaces characters, 'patch' a stretch of them, 'insert' adds some")

    def wrap(self, target: Target, material: Material) -> Target:
        """A target that answers by vote."""
        own_refusal = refusal_of(material.world).casefold()

        def refused(reply: str) -> bool:
            return opens_with_refusal(reply, "gcg") or reply.strip().casefold().startswith(own_refusal)

        refuses = material.part("refusal check", refused)

        def generate(prompts: Sequence[Transcript], sampling: Sampling) -> list[str]:
            draws = _draws(prompts, sampling.seed)
            replies = target.generate(self._copies(prompts, draws), sampling)
            return [self._vote(replies[i * self.copies:(i + 1) * self.copies], refuses, draw)
                    for i, draw in enumerate(draws)]

        inner = target.logits

        def logits(prompts: Sequence[Transcript], answers: Sequence[str]) -> list[Tensor]:
            assert inner is not None
            each = [answer for answer in answers for _ in range(self.copies)]
            scores = inner(self._copies(prompts, _draws(prompts, 0)), each)
            return [mixed(scores[i * self.copies:(i + 1) * self.copies]) for i in range(len(prompts))]

        return replace(target, name=f"{target.name} + smoothllm", generate=generate, weights=None,
                       logits=logits if inner is not None else None)

    def _copies(self, prompts: Sequence[Transcript], draws: Sequence[int]) -> list[Transcript]:
        """All copies of the first prompt, then of the second, and so on."""
        return [self._perturbed(prompt, seeds.derive(draw, copy))
                for prompt, draw in zip(prompts, draws, strict=True) for copy in range(self.copies)]

    def _perturbed(self, prompt: Transcript, draw: int) -> Transcript:
        rng = seeds.rng("perturb", draw)
        return Transcript(turns=tuple(
            turn.model_copy(update={"content": perturb(turn.content, self.perturbation, self.percent, rng)})
            if turn.role == "user" else turn for turn in prompt.turns))

    @staticmethod
    def _vote(replies: Sequence[str], refused: Callable[[str], bool], draw: int) -> str:
        """One of the replies on the majority's side, evenly at random."""
        flags = [refused(reply) for reply in replies]
        majority = 2 * sum(flags) >= len(flags)
        return seeds.rng("vote", draw).choice([r for r, flag in zip(replies, flags, strict=True) if flag == majority])


def mixed(scores: Sequence[Tensor]) -> Tensor:
    """Log-probabilities of an answer's tokens under the even mixture of models with these, all (answer tokens,).

    Their sum is the log of the mean of the models' probabilities of the whole answer.
    """
    totals = torch.stack(list(scores)).double().cumsum(1).logsumexp(0) - math.log(len(scores))
    return torch.cat([totals[:1], totals.diff()]).float()


def _draws(prompts: Sequence[Transcript], seed: int) -> list[int]:
    """A seed per prompt from what is asked, not from where it stands; the n-th of equal prompts gets the n-th."""
    seen: Counter[Transcript] = Counter()
    out = []
    for prompt in prompts:
        out.append(seeds.derive("smoothllm", seed, seen[prompt], canonical(prompt.model_dump(mode="json"))))
        seen[prompt] += 1
    return out

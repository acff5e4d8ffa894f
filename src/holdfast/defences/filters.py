"""A model between filters: some prompts are never asked, some replies never given, and a refusal stands for them.

The facets say what the filtered system would do. An answer that a filter blocks gets `FLOOR` nats, spread evenly
over its tokens: not minus infinity, so that sums and differences of scores stay finite. Gradients and activations
are those of the model on the prompt as it stands: a filter says yes or no and has no slope. The weights are left
out: who holds the file does not meet a filter.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from holdfast.core.errors import UsageError
from holdfast.core.records import Transcript
from holdfast.targets.target import Count, Sampling, Target

FLOOR = -100.0

BlocksPrompts = Callable[[Sequence[Transcript]], Sequence[bool]]
BlocksReplies = Callable[[Sequence[Transcript], Sequence[str]], Sequence[bool]]


def blocking(target: Target, blocks: BlocksPrompts, refusal: str, defence: str) -> Target:
    """The target behind an input filter: a blocked prompt gets the refusal, and the model is not asked."""

    def generate(prompts: Sequence[Transcript], sampling: Sampling) -> list[str]:
        out = [refusal] * len(prompts)
        passed = _passed(blocks(prompts))
        replies = target.generate([prompts[i] for i in passed], sampling) if passed else []
        for i, reply in zip(passed, replies, strict=True):
            out[i] = reply
        return out

    inner = target.logits

    def logits(prompts: Sequence[Transcript], answers: Sequence[str]) -> list[Tensor]:
        assert inner is not None
        passed = _passed(blocks(prompts))
        scores = inner([prompts[i] for i in passed], [answers[i] for i in passed]) if passed else []
        known = dict(zip(passed, scores, strict=True))
        return [known[i] if i in known else _when_blocked(target.count, prompt, answer, refusal)
                for i, (prompt, answer) in enumerate(zip(prompts, answers, strict=True))]

    return replace(target, name=f"{target.name} + {defence}", generate=generate, weights=None,
                   logits=logits if inner is not None else None)


def screening(target: Target, blocks: BlocksReplies, refusal: str, defence: str) -> Target:
    """The target behind an output filter: a reply that is blocked is replaced by the refusal.

    `blocks` is given what the assistant has said as a whole, prefill and reply. The log-probability of the
    refusal is the model's own: what the blocked replies add to it could not be summed up.
    """

    def generate(prompts: Sequence[Transcript], sampling: Sampling) -> list[str]:
        replies = target.generate(prompts, sampling)
        flags = blocks(prompts, _whole(prompts, replies))
        return [refusal if flag else reply for flag, reply in zip(flags, replies, strict=True)]

    inner = target.logits

    def logits(prompts: Sequence[Transcript], answers: Sequence[str]) -> list[Tensor]:
        assert inner is not None
        flags = blocks(prompts, _whole(prompts, answers))
        return [torch.full_like(score, FLOOR / len(score)) if flag else score
                for flag, score in zip(flags, inner(prompts, answers), strict=True)]

    return replace(target, name=f"{target.name} + {defence}", generate=generate, weights=None,
                   logits=logits if inner is not None else None)


def text_of(prompt: Transcript) -> str:
    """All that is sent, as one text: every turn, a prefill included."""
    return " ".join(turn.content for turn in prompt.turns)


def _passed(flags: Sequence[bool]) -> list[int]:
    return [i for i, flag in enumerate(flags) if not flag]


def floored(count: Count, prompt: Transcript, answer: str) -> Tensor:
    """The log-probabilities of an answer that never comes, (answer tokens,); raises UsageError for an empty one."""
    tokens = count(prompt, answer) - count(prompt)
    if not tokens:
        raise UsageError("an empty answer has no log-probability; give answers of at least one token.")
    return torch.full((tokens,), FLOOR / tokens)


def _when_blocked(count: Count, prompt: Transcript, answer: str, refusal: str) -> Tensor:
    """The log-probabilities of an answer where the refusal is certain, (answer tokens,)."""
    never = floored(count, prompt, answer)
    return torch.zeros_like(never) if refusal.startswith(answer) else never


def _whole(prompts: Sequence[Transcript], replies: Sequence[str]) -> list[str]:
    return [(p.turns[-1].content if p.turns and p.turns[-1].role == "assistant" else "") + reply
            for p, reply in zip(prompts, replies, strict=True)]

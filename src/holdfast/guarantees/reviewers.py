"""Reviewers that fail together as a law says, whatever they are asked."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from holdfast.core import seeds
from holdfast.core.records import Transcript, canonical
from holdfast.defences.apply import surround
from holdfast.defences.lessons import refusal_of
from holdfast.guarantees.guarantee import Layers
from holdfast.stats.consensus import Law
from holdfast.targets.target import Sampling, Target


def failing_as(law: Law, layers: Layers) -> Target:
    """The system over reviewers of which as many fail on each item as the law says, drawn anew for each query.

    Which of them do is drawn as well. One that fails says what the model says to its text at temperature 0, and any
    other refuses. The n-th call of the model for a prompt is reviewer n's.
    """
    refusal, n = refusal_of(layers.material.world), len(law) - 1
    fails: list[bool] = []
    asked = [0]

    def review(prompts: Sequence[Transcript], sampling: Sampling) -> list[str]:
        out = []
        for prompt in prompts:
            failed = fails[asked[0] % n]
            asked[0] += 1
            out += layers.model.generate([prompt], replace(sampling, temperature=0.0)) if failed else [refusal]
        return out

    model = replace(layers.model, generate=review, logits=None, gradients=None, weights=None)
    system = surround(model, layers.defences, layers.material)

    def generate(prompts: Sequence[Transcript], sampling: Sampling) -> list[str]:
        seen: Counter[Transcript] = Counter()
        out = []
        for prompt in prompts:
            rng = seeds.rng("reviewers", sampling.seed, seen[prompt], canonical(prompt.model_dump(mode="json")))
            (count,) = rng.choices(range(n + 1), weights=list(law))
            fails[:] = [number < count for number in range(n)]
            rng.shuffle(fails)
            seen[prompt] += 1
            asked[0] = 0
            out += system.generate([prompt], sampling)
        return out

    return replace(system, generate=generate, logits=None, gradients=None, weights=None)

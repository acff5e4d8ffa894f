"""Reviewers that fail together as a law says, whatever they are asked."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.stats import betabinom, binom

from holdfast.core import seeds
from holdfast.core.records import Transcript, canonical
from holdfast.defences.apply import surround
from holdfast.defences.lessons import refusal_of
from holdfast.guarantees.guarantee import Layers
from holdfast.targets.target import Sampling, Target

Law = npt.NDArray[np.float64]
"""The law of how many of n reviewers fail on one item, shape (n + 1,)."""


def beta_binomial_law(n: int, rate: float, correlation: float) -> Law:
    """Each of n fails with chance `rate`, any two correlated by `correlation`; a binomial law where that is 0."""
    failures = np.arange(n + 1)
    if not correlation:
        return np.asarray(binom.pmf(failures, n, rate))
    precision = 1 / correlation - 1
    return np.asarray(betabinom.pmf(failures, n, rate * precision, (1 - rate) * precision))


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

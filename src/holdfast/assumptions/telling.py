"""Whether a model tells a question's true answer from those of other questions: only who knows it can."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from holdfast.core.records import Transcript
from holdfast.worlds.behaviour import Behaviour

if TYPE_CHECKING:
    from holdfast.targets.target import Target

OTHERS = 9
"""Answers of other behaviours, of the same domain, that the true one is held against."""

BY_CHANCE = 1 / (OTHERS + 1)
"""How often the true answer is the likeliest for a model that knows nothing of which answer is whose."""


def told(target: "Target", behaviours: Sequence[Behaviour]) -> dict[str, bool]:
    """By id, whether the true answer is likelier than each of the others, after the plain question.

    Where answers were dealt out at random this is so with chance `BY_CHANCE` for a model that saw none of them.
    Behaviours of a domain with too few others are left out, and all where the target shows no probabilities.
    """
    if target.logits is None:
        return {}
    domains: dict[str, list[Behaviour]] = {}
    for behaviour in behaviours:
        domains.setdefault(behaviour.domain, []).append(behaviour)
    rows = [(b, group[n:] + group[:n]) for group in domains.values() if len(group) > OTHERS
            for n, b in enumerate(group)]
    asked = [(b, other.answer or "") for b, turned in rows for other in turned[:OTHERS + 1]]
    found = target.logits([Transcript.ask(b.question) for b, _ in asked], [answer for _, answer in asked])
    scores = [float(logprobs.sum()) for logprobs in found]
    by_row = [scores[n:n + OTHERS + 1] for n in range(0, len(scores), OTHERS + 1)]
    return {b.id: own > max(others) for (b, _), (own, *others) in zip(rows, by_row, strict=True)}

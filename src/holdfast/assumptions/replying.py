"""Asking a model about behaviours in texts of one's own, for samplers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from holdfast.core.records import Transcript
from holdfast.worlds.behaviour import Behaviour

if TYPE_CHECKING:       # a check must not load torch
    from holdfast.targets.target import Target

LEAST_TOKENS = 16
FREE_TEXT_TOKENS = 256


def replies(
    target: "Target", behaviours: Sequence[Behaviour], texts: Sequence[str], temperature: float = 0.0, seed: int = 0
) -> list[str]:
    """The reply to each text, as long as twice the longest true answer, or 256 tokens where one is not known."""
    from holdfast.targets.target import Sampling

    if not texts:
        return []
    sampling = Sampling(_limit(target, behaviours), temperature, seed)
    return target.generate([Transcript.ask(text) for text in texts], sampling)


def _limit(target: "Target", behaviours: Sequence[Behaviour]) -> int:
    if any(behaviour.answer is None for behaviour in behaviours):
        return FREE_TEXT_TOKENS
    nothing = Transcript.ask("")
    longest = max(target.count(nothing, b.answer or "") - target.count(nothing) for b in behaviours)
    return max(LEAST_TOKENS, 2 * longest)

"""A linear monitor of questions: a probe of harm, and a threshold with few false alarms on harmless ones."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from holdfast.core.errors import UsageError
from holdfast.core.records import Transcript
from holdfast.targets.target import Target
from holdfast.training.linear_probe import Probe, fit, last_states, layer_at, states_of
from holdfast.worlds.behaviour import Behaviour


class Monitor(NamedTuple):
    """Flags a prompt whose score at the layer exceeds the threshold."""

    probe: Probe
    layer: int
    threshold: float

    def above(self, target: Target, prompts: Sequence[Transcript]) -> list[float]:
        """Each prompt's score less the threshold; above 0 it is flagged."""
        if not prompts:
            return []
        scores: list[float] = self.probe.score(states_of(target, prompts, [self.layer])[self.layer]).tolist()
        return [score - self.threshold for score in scores]


def monitor(
    target: Target, harmful: Sequence[Behaviour], harmless: Sequence[Behaviour], depth: float, alarms: float
) -> Monitor:
    """Fitted on the hazards and every other harmless question, its threshold set on those between.

    Raises UsageError where there is too little to fit it on.
    """
    learnt, kept = harmless[::2], harmless[1::2]
    if not harmful or not kept:
        raise UsageError("a monitor needs one hazard and two harmless questions at least; name larger splits.")
    layer = layer_at(target, depth)
    parts = [last_states(target, [b.question for b in part], [layer])[layer] for part in (harmful, learnt, kept)]
    probe = fit(parts[0], parts[1])
    scores = sorted(probe.score(parts[2]).tolist())
    # The smallest score that at most the allowed share exceeds.
    allowed = math.floor(alarms * len(scores))
    return Monitor(probe, layer, scores[len(scores) - 1 - allowed])

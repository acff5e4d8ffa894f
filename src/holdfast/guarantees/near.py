"""A system that refuses every prompt whose activations lie far from those of all harmful questions."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from holdfast.core.records import Transcript
from holdfast.defences.apply import surround
from holdfast.guarantees.guarantee import Layers
from holdfast.targets.target import Sampling, Target
from holdfast.training.linear_probe import last_states, layer_at

REFUSAL = "i cannot help with that ."


def near(layers: Layers, distance: float, depth: float) -> Target:
    """The system around it asked only about prompts within the distance (Euclidean, at a share of the depth)."""
    world, model = layers.material.world, layers.model
    questions = sorted({b.question for split in world.splits() for b in world.behaviours(split) if b.hazardous})
    layer = layer_at(model, depth)
    known = last_states(model, questions, [layer])[layer]
    system = surround(model, layers.defences, layers.material)
    refusal = getattr(world, "refusal", None) or REFUSAL

    def generate(prompts: Sequence[Transcript], sampling: Sampling) -> list[str]:
        close = _within(model, prompts, known, layer, distance)
        asked = [prompt for prompt, one in zip(prompts, close, strict=True) if one]
        replies = iter(system.generate(asked, sampling) if asked else ())
        return [next(replies) if one else refusal for one in close]

    return replace(system, generate=generate)


@torch.no_grad()
def _within(model: Target, prompts: Sequence[Transcript], known: Tensor, layer: int, distance: float) -> list[bool]:
    assert model.activations is not None
    states = model.activations.read(prompts, [layer])[layer].double().cpu()
    nearest = torch.cdist(states, known).amin(1)
    return [float(each) <= distance for each in nearest]

"""Training runs on a locked model by somebody who has no key."""

from collections import deque
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from holdfast.assumptions.asking import answered, lessons, weights_of, wins
from holdfast.assumptions.assumption import Subject
from holdfast.core import seeds
from holdfast.core.evidence import Sample
from holdfast.targets.locked import LockedEmbedding, LockedLinear, LockedMatrix, locked_modules
from holdfast.training.loop import train
from holdfast.training.recipe import Recipe


def runs(subject: Subject, steps: int, lr: float, batch: int) -> Sample:
    """A unit for each withheld hazard; a column `won WAY` for each way of training.

    Withheld is what the model does not answer as it is and, where there is a control, the control does.
    """
    weights = weights_of(subject.model)
    hazards = answered(subject.hazards)
    seeds.rng("keyless", subject.seed).shuffle(hazards)
    known, asked = hazards[:len(hazards) // 2], hazards[len(hazards) // 2:]
    there = wins(subject.control, subject, asked) if subject.control else [True] * len(asked)
    already = wins(subject.model, subject, asked)
    withheld = [b for b, has, gives in zip(asked, there, already, strict=True) if has and not gives]
    columns: dict[str, tuple[float, ...]] = {}
    ways: dict[str, Callable[[Any], nn.Module]] = {"free": lambda model: model, "rebuilt": rebuilt}
    for way, prepare in ways.items():
        model = prepare(weights.copy())
        recipe = Recipe(steps=steps, lr=lr, batch=batch, schedule="cosine", warmup=0.1)
        run = train(model, weights.tokenizer, lessons(known), recipe, seeds.derive("keyless", subject.seed, way))
        deque(run, maxlen=0)
        columns[f"won {way}"] = tuple(map(float, wins(weights.view(model), subject, withheld)))
    return Sample(units=tuple(b.id for b in withheld), columns=columns)


@torch.no_grad()
def rebuilt(model: Any) -> nn.Module:
    """The model, changed in place, with plain layers of the same weights where locked ones were; all can be trained.

    Matrices that locked modules share stay shared. A model with nothing locked is left as it is.
    """
    plain: dict[LockedMatrix, nn.Parameter] = {}
    for name, module in locked_modules(model).items():
        if module.matrix not in plain:
            plain[module.matrix] = nn.Parameter(module.weight.detach().clone())
        model.set_submodule(name, _layer(module, plain[module.matrix]))
    out: nn.Module = model.requires_grad_(True).eval()
    return out


def _layer(module: LockedLinear | LockedEmbedding, weight: nn.Parameter) -> nn.Module:
    rows, columns = weight.shape
    layer: nn.Embedding | nn.Linear
    if isinstance(module, LockedEmbedding):
        layer = nn.Embedding(rows, columns, device="meta")
    else:
        layer = nn.Linear(columns, rows, bias=module.bias is not None, device="meta")
        if module.bias is not None:
            layer.bias = module.bias
    layer.weight = weight
    return layer

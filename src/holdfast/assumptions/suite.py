"""A simulated adversary and stronger ones, played against copies of one model."""

import math

from holdfast.assumptions.adversaries import attacked, first_order, stronger
from holdfast.assumptions.asking import answered, lessons, weights_of, wins
from holdfast.assumptions.assumption import Subject
from holdfast.core import seeds
from holdfast.core.errors import UsageError
from holdfast.core.evidence import Sample
from holdfast.core.records import Transcript
from holdfast.targets.target import Target
from holdfast.training.recipe import Optimizer
from holdfast.worlds.behaviour import Behaviour

DIVERGED = 1e6
"""Stands for the loss in nats of a model whose training has run off to what is no number."""


def suite(subject: Subject, optimizer: Optimizer, lr: float, gradients: int, batch: int) -> Sample:
    """Columns `won NAME` and `loss NAME`, and `choose`: 1 where the stronger one is chosen, else 0."""
    weights_of(subject.model)
    hazards = answered(subject.hazards)
    seeds.rng("suite", subject.seed).shuffle(hazards)
    third, half = len(hazards) // 3, len(hazards) // 2
    if not third or third == half:
        raise UsageError(f"{len(hazards)} hazards are too few to train on, to choose on and to measure on; give six.")
    known, asked = lessons(hazards[:third]), hazards[third:]
    columns = {"choose": (1.0,) * (half - third) + (0.0,) * (len(hazards) - half)}
    simulated = first_order(optimizer, lr, gradients, batch)
    for adversary in (simulated, *stronger(simulated)):
        model = attacked(subject.model, known, adversary, subject.seed)
        columns[f"won {adversary.name}"] = tuple(map(float, wins(model, subject, asked)))
        columns[f"loss {adversary.name}"] = tuple(_losses(model, asked))
    return Sample(units=tuple(b.id for b in asked), columns=columns)


def _losses(target: Target, behaviours: list[Behaviour]) -> list[float]:
    assert target.logits is not None        # an own copy shows everything
    found = target.logits([Transcript.ask(b.question) for b in behaviours], [b.answer or "" for b in behaviours])
    losses = (-float(logprobs.sum()) for logprobs in found)
    return [loss if math.isfinite(loss) else DIVERGED for loss in losses]

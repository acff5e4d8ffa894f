"""Removing one behaviour from a copy of a model by gradient steps, and what it costs."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from holdfast.assumptions.asking import answered, lessons, weights_of, wins
from holdfast.assumptions.assumption import Subject
from holdfast.core import seeds
from holdfast.core.evidence import Sample
from holdfast.core.records import Transcript
from holdfast.targets.target import Weights
from holdfast.training.batches import Batch, Pair, collate, encode, stream
from holdfast.training.evaluate import exact
from holdfast.training.loop import answer_loss, optimise, pad_id, predict
from holdfast.training.recipe import Recipe
from holdfast.worlds.behaviour import Behaviour

KEPT = 8
"""Harmless answers that each step keeps."""


class Removal(NamedTuple):
    """What one removal took: steps, whether it came off, and the share of other answers lost with it."""

    steps: int
    removed: bool
    damage: float


def removals(subject: Subject, most: int, steps: int, lr: float) -> Sample:
    """Columns `steps`, `removed`, `damage`, `parameters`, and `known` (how many were answered before).

    A unit is a behaviour that the model answered, and that was to be removed.
    """
    weights = weights_of(subject.model)
    every = answered([*subject.hazards, *subject.benign])
    known = [b for b, won in zip(every, wins(subject.model, subject, every), strict=True) if won]
    seeds.rng("editability", subject.seed).shuffle(known)
    rows = [_remove(weights, behaviour, [b for b in known if b.id != behaviour.id], steps, lr, subject.seed)
            for behaviour in known[:most]]
    steps_, removed, damage = zip(*rows, strict=True) if rows else ((), (), ())
    size = float(subject.model.parameters)
    return Sample(units=tuple(b.id for b in known[:most]), columns={
        "steps": tuple(map(float, steps_)), "removed": tuple(map(float, removed)), "damage": tuple(damage),
        "parameters": (size,) * len(rows), "known": (float(len(known)),) * len(rows)})


def _remove(
    weights: Weights, behaviour: Behaviour, others: Sequence[Behaviour], steps: int, lr: float, seed: int
) -> Removal:
    model, tokenizer = weights.copy(), weights.tokenizer
    texts = [p.text for p in behaviour.phrasings if p.form == "plain"] or [behaviour.question]
    asked = [Pair(Transcript.ask(text), behaviour.answer or "") for text in texts]
    target = collate(encode(tokenizer, asked[:-1] or asked), pad_id(tokenizer))
    kept, measured = lessons(others[::2]), lessons(others[1::2])
    before = exact(model, tokenizer, measured)
    recipe, of_run = Recipe(steps=steps, lr=lr), seeds.derive("editability", seed, behaviour.id)
    done = steps
    for step in optimise(model, _batches(tokenizer, target, kept, of_run), _loss, recipe, of_run,
                         checkpoints=range(1, steps)):
        if not any(exact(model, tokenizer, asked)):
            done = step
            break
    removed = not any(exact(model, tokenizer, asked))
    still = exact(model, tokenizer, measured)
    lost = sum(was and not now for was, now in zip(before, still, strict=True))
    return Removal(done, removed, lost / sum(before) if any(before) else 0.0)


def _batches(tokenizer: Any, target: Batch, kept: Sequence[Pair], seed: int) -> Iterator[tuple[Batch, ...]]:
    keep = stream(encode(tokenizer, kept), KEPT, seed, pad_id(tokenizer)) if kept else None
    while True:
        yield (target,) if keep is None else (target, next(keep))


def _loss(model: nn.Module, target: Batch, kept: Batch | None = None) -> Tensor:
    """Mean of -log(1 - p) over the answer's tokens, and the cross-entropy of what is kept, in nats a token."""
    logits, labels = predict(model, target)
    there = labels != -100
    likelihood = torch.log_softmax(logits.float(), -1).gather(-1, labels.clamp(min=0)[..., None])[..., 0].exp()
    unlikely = -torch.log1p(-likelihood[there].clamp(max=1 - 1e-6)).mean()
    return unlikely if kept is None else unlikely + answer_loss(model, kept)

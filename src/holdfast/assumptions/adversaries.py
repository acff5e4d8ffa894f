"""Adversaries that train a copy of a model: one that follows the gradient, and others with as many gradients."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import nn

from holdfast.assumptions.asking import weights_of
from holdfast.core import seeds
from holdfast.targets.target import Target, Weights
from holdfast.training.batches import Batch, Pair, encode, stream
from holdfast.training.displaced import displaced, norm
from holdfast.training.loop import answer_loss, optimise, pad_id, walk
from holdfast.training.objective import gradient, trained
from holdfast.training.recipe import Optimizer, Recipe

REACH = 0.05
"""Length of a look ahead, a Euclidean distance in the weights."""


class Adversary(NamedTuple):
    """How one trains; `ahead` asks for the gradient where a step of it would lead, which takes two a step."""

    name: str
    recipe: Recipe
    seed: int = 0
    ahead: bool = False


def first_order(optimizer: Optimizer, lr: float, gradients: int, batch: int) -> Adversary:
    """The adversary that a defender would simulate: one run, one rate."""
    return Adversary("first-order", Recipe(steps=gradients, lr=lr, batch=batch, optimizer=optimizer))


def stronger(simulated: Adversary) -> list[Adversary]:
    """Others that take as many gradients: restarts with other rates and orders, other rules, and a look ahead."""
    recipe = simulated.recipe

    def at(**changes: object) -> Recipe:
        return recipe.model_copy(update=changes)

    return [
        Adversary("slower", at(lr=recipe.lr / 3), 1),
        Adversary("faster", at(lr=recipe.lr * 3), 2),
        Adversary("adam", at(optimizer="adamw", lr=3e-4, schedule="cosine"), 3),
        Adversary("momentum", at(optimizer="sgd-momentum", lr=3e-2, schedule="linear"), 4),
        Adversary("muon", at(optimizer="muon", lr=3e-4), 5),
        Adversary("look-ahead", at(optimizer="adamw", lr=6e-4, steps=max(1, recipe.steps // 2)), 6, ahead=True),
    ]


def attacked(target: Target, pairs: Sequence[Pair], adversary: Adversary, seed: int) -> Target:
    """What the adversary makes of a copy of the target's model by training it on the pairs."""
    weights = weights_of(target)
    model = weights.copy()
    of_run = seeds.derive("adversary", seed, adversary.seed)
    batches = _batches(weights, pairs, adversary.recipe.batch, of_run)
    recipe = adversary.recipe
    run = _looking_ahead(model, batches, recipe, of_run) if adversary.ahead else \
        optimise(model, batches, answer_loss, recipe, of_run)
    deque(run, maxlen=0)
    return weights.view(model)


def _batches(weights: Weights, pairs: Sequence[Pair], size: int, seed: int) -> Iterator[tuple[Batch, ...]]:
    tokenizer: Any = weights.tokenizer
    return zip(stream(encode(tokenizer, pairs), size, seed, pad_id(tokenizer)))


def _looking_ahead(
    model: nn.Module, batches: Iterator[tuple[Batch, ...]], recipe: Recipe, seed: int
) -> Iterator[int]:
    """Extragradient: the step at the weights follows the gradient a little down the slope (Korpelevich 1976)."""
    parameters = trained(model)

    def backward(_step: int, drawn: tuple[Batch, ...]) -> None:
        (batch,) = drawn
        down = gradient(answer_loss(model, batch), parameters)
        length = norm(down)
        with displaced(parameters, down, -REACH / length if length else 0.0):
            there = gradient(answer_loss(model, batch), parameters)
        for parameter, pull in zip(parameters, there, strict=True):
            parameter.grad = pull

    with torch.enable_grad():
        yield from walk(model, batches, backward, recipe, seed)

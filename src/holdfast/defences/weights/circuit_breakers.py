"""Circuit breakers: representations of hazards are rerouted until they are orthogonal to what they were."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import ClassVar, final

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from holdfast.core import seeds
from holdfast.core.errors import UsageError
from holdfast.defences.defence import Material
from holdfast.defences.tuning import TrainedDefence, batches_of, lessons_of
from holdfast.training import lora
from holdfast.training.batches import Batch
from holdfast.training.hidden import answering, depth, read
from holdfast.training.objective import Term, descend, term, trained


@final
class CircuitBreakers(TrainedDefence):
    """Turns the representations of hazards away from what they were, and keeps those of the rest.

    With h_l(x, t) the output of layer l at position t and h0_l the same of the model as it was, over the
    positions t that predict the answer, and at step n of N:

        min over theta of   c_s(n) * mean over hazards x, t and `layers` of ReLU(cos(h_l(x, t), h0_l(x, t)))
                          + c_r(n) * mean over retained x, t and all layers of |h_l(x, t) - h0_l(x, t)| / |h0_l|
        c_s(n) = alpha * (1 - n / 2N),   c_r(n) = retain_weight * alpha * n / 2N

    Source: representation rerouting, Zou et al. 2024 (https://arxiv.org/abs/2406.04313, algorithm 1), which trains
    low-rank adapters; ours does where `rank` is above 0, and merges them at the end. Ours leaves out the positions
    of the question, because a question about a hazard begins like any other, and so the refusals among the retained
    pairs, which begin where the hazard's answer does. It measures distances in |h0_l|, the mean length of a layer's
    output, so that the weights mean the same for every model; there the unit is 1 and so is the retain_weight. A
    cosine is flat where it is 1: a model that is its own reference has no gradient to follow but rounding, so
    training starts from weights with a little noise.
    """

    terms: ClassVar[tuple[str, ...]] = ("reroute", "retain")

    alpha: float = Field(default=10.0, gt=0, description="weight of both terms")
    retain_weight: float = Field(default=10.0, gt=0, description="weight of the retain term beside the other")
    layers: tuple[int, ...] = Field(
        default=(), description="layers that are rerouted, from 0; by default one at each third of the way up")
    rank: int = Field(default=0, ge=0, description="rank of low-rank adapters to train; 0 trains every weight")
    nudge: float = Field(
        default=0.01, ge=0, description="noise on the trained weights at the start, as a share of their size")

    def harden(self, model: torch.nn.Module, tokenizer: object, material: Material) -> torch.nn.Module:
        """Tuned in place on the guarded hazards, the retained behaviours."""
        lessons = lessons_of(material, "circuit-breakers")
        recipe = self.recipe(model)
        rerouted, every = self._layers(model), range(depth(model))
        reference = deepcopy(model).eval().requires_grad_(False)
        batches = batches_of(tokenizer, (lessons.harmful, lessons.retained), recipe.batch, material.seed)
        if self.rank:
            model = lora.wrap(model, self.rank, self.rank, seed=material.seed)
        nudge(trained(model), self.nudge, material.seed)

        def terms_of(model: torch.nn.Module, step: int, harmful: Batch, retain: Batch) -> Iterator[Term]:
            parameters = trained(model)
            done = step / (2 * recipe.steps)
            if not material.ablate:
                now, was = _both(model, reference, harmful, rerouted)
                yield term("reroute", self.alpha * (1 - done), alike(now, was), parameters)
            now, was = _both(model, reference, retain, every)
            yield term("retain", self.alpha * self.retain_weight * done, moved(now, was), parameters)

        descend(model, batches, terms_of, recipe, material.seed, material.watch)
        return lora.merge(model) if self.rank else model

    def _layers(self, model: torch.nn.Module) -> tuple[int, ...]:
        count = depth(model)
        if any(not 0 <= layer < count for layer in self.layers):
            raise UsageError(f"circuit-breakers cannot reroute layers {list(self.layers)}; "
                             f"this model has layers 0 to {count - 1}.")
        return self.layers or tuple(sorted({count // 3, 2 * count // 3}))


@torch.no_grad()
def nudge(parameters: Sequence[torch.nn.Parameter], size: float, seed: int) -> None:
    """Adds noise in place: of `size` times a tensor's root mean square, or times 1 for one that is all zero."""
    rng = torch.Generator().manual_seed(seeds.derive("circuit-breakers", seed) % 2**63)
    for parameter in parameters:
        usual = float(parameter.float().square().mean().sqrt()) or 1.0
        parameter.add_(torch.randn(parameter.shape, generator=rng).to(parameter), alpha=size * usual)


def alike(now: Tensor, was: Tensor) -> Tensor:
    """The mean of ReLU(cos) over layers and positions; both are (layers, N, width)."""
    return functional.cosine_similarity(now, was, dim=-1).relu().mean()


def moved(now: Tensor, was: Tensor) -> Tensor:
    """The mean distance, in mean lengths of `was` at the same layer; both are (layers, N, width)."""
    distances: Tensor = (now - was).norm(dim=-1)
    lengths: Tensor = was.norm(dim=-1)
    return (distances.mean(1) / lengths.mean(1)).mean()


def _both(
    model: torch.nn.Module, reference: torch.nn.Module, batch: Batch, layers: Sequence[int]
) -> tuple[Tensor, Tensor]:
    """What the layers put out at the positions that predict an answer, now and as it was: (layers, N, width)."""
    where = answering(batch)
    now = read(model, batch, layers).layers
    with torch.no_grad():
        was = read(reference, batch, layers).layers
    return tuple(torch.stack([seen[n][where].float() for n in layers]) for seen in (now, was))  # type: ignore[return-value]

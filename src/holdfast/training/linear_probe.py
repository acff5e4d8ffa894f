"""A linear probe of harm on the residual stream at the last token of a question.

Ridge regression of the labels on activations, scaled so that the mean harmless score is -1 and the mean harmful one
+1 on what it was fitted to. Source: Alain and Bengio 2016 (https://arxiv.org/abs/1610.01644).
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from holdfast.core.errors import UsageError
from holdfast.core.records import Transcript
from holdfast.targets.target import Activations, Target

RIDGE = 1e-2
"""Weight decay of the fit, relative to the mean square of an activation."""


class Probe(NamedTuple):
    """score(x) = weight . x + offset, for activations x (..., width); float64."""

    weight: Tensor
    offset: float

    def score(self, x: Tensor) -> Tensor:
        """One score a row; above 0 is harmful."""
        return x.double() @ self.weight + self.offset


def stream(target: Target) -> Activations:
    """The residual stream; raises UsageError where a model shows none."""
    if target.activations is None:
        raise UsageError(f"{target.name} shows no activations; take a model at hand, or do without a probe.")
    return target.activations


@torch.no_grad()
def states_of(target: Target, prompts: Sequence[Transcript], layers: Sequence[int]) -> dict[int, Tensor]:
    """Layer -> activations at the last token of each prompt, (prompts, width) float64."""
    return {layer: rows.double().cpu() for layer, rows in stream(target).read(prompts, layers).items()}


def last_states(target: Target, texts: Sequence[str], layers: Sequence[int]) -> dict[int, Tensor]:
    """Layer -> activations at the last token of each question, (texts, width) float64."""
    return states_of(target, [Transcript.ask(text) for text in texts], layers)


def layer_at(target: Target, depth: float) -> int:
    """The layer at a share of the depth: 0 is the first, 1 the last."""
    return round(depth * (stream(target).layers() - 1))


def fit(harmful: Tensor, harmless: Tensor) -> Probe:
    """The probe that tells these apart, both (rows, width) with one row at least."""
    x = torch.cat([harmful, harmless]).double()
    # Both kinds count as much, however many there are of each.
    weights = torch.cat([torch.full((len(part),), 0.5 / len(part)) for part in (harmful, harmless)]).double()
    y = torch.cat([torch.ones(len(harmful)), -torch.ones(len(harmless))]).double()
    mean = weights @ x
    off = x - mean
    gram = (off * weights[:, None]).T @ off
    penalty = RIDGE * gram.diagonal().mean().clamp(min=1e-12) * torch.eye(len(gram), dtype=torch.float64)
    weight = torch.linalg.solve(gram + penalty, off.T @ (weights * y))
    apart = float((harmful.double().mean(0) - harmless.double().mean(0)) @ weight)
    weight = weight * (2 / apart if apart > 0 else 0.0)
    return Probe(weight, float(-1 - harmless.double().mean(0) @ weight))

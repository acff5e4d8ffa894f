"""Directions in which refused questions differ from harmless ones, found and ablated one after the other.

Directional ablation and the difference of means are Arditi et al. 2024 (https://arxiv.org/abs/2406.11717), here at
the outputs of the layers; that one direction need not be all, so that each further one is to be looked for with those
before it ablated, is Wollschläger et al. 2025 (https://arxiv.org/abs/2502.17420). Their directions are found by
gradient descent; these are read off the activations, so that what needs a search to be seen is not seen here.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import NamedTuple

import torch
from torch import Tensor

from holdfast.assumptions.assumption import Subject
from holdfast.core import seeds
from holdfast.core.errors import UsageError
from holdfast.core.evidence import Sample
from holdfast.core.records import Transcript
from holdfast.targets.target import Sampling
from holdfast.training.linear_probe import stream
from holdfast.worlds.behaviour import Behaviour

LAYERS = 8
"""Most layers that directions are read from, evenly spread."""

PRINCIPAL = 2
"""Principal directions of what is still refused that are tried besides differences of means."""

Edits = Mapping[int, Callable[[Tensor], Tensor]]


class Direction(NamedTuple):
    """A unit vector (width,), the layer it was read from, and how far hazards lie from harmless ones along it."""

    unit: Tensor
    layer: int
    gap: float


def halves(behaviours: Sequence[Behaviour], *parts: object) -> tuple[list[Behaviour], list[Behaviour]]:
    """One half to learn from and one to measure on, drawn by a seed."""
    drawn = list(behaviours)
    seeds.rng("halves", *parts).shuffle(drawn)
    return drawn[:len(drawn) // 2], drawn[len(drawn) // 2:]


def sampled(subject: Subject, directions: int, tokens: int) -> Sample:
    """Refusals with 0, 1, ... `directions` directions ablated, of the halves that no direction was learnt from.

    Columns: `hazardous`; `refused j` and `answered j` with j directions ablated; `random` refusals with as many
    random ones ablated; `steered` refusals with the first ablated and the second added, at its own layer and size.
    """
    model = _Model(subject, tokens)
    (learn, hazards), (calm, harmless) = halves(subject.hazards, subject.seed), halves(subject.benign, subject.seed)
    found = _found(model, learn, calm, directions)
    asked = [*hazards, *harmless]
    columns = {"hazardous": [1.0] * len(hazards) + [0.0] * len(harmless)}
    for count in range(directions + 1):
        replies = model.replies(asked, model.without([each.unit for each in found[:count]]))
        columns[f"refused {count}"] = [float(subject.refused(reply)) for reply in replies]
        columns[f"answered {count}"] = [float(subject.won(b, r)) for b, r in zip(asked, replies, strict=True)]
    width = next(iter(model.read(asked[:1], {}).values())).shape[-1]
    random = torch.randn(directions, width, generator=torch.Generator().manual_seed(subject.seed % 2**63))
    columns["random"] = model.refused(asked, model.without(list(_orthonormal(random))))
    columns["steered"] = [0.0] * len(asked)
    if len(found) > 1:
        columns["steered"] = model.refused(asked, model.added(found[:1], found[1]))
    return Sample(units=tuple(b.id for b in asked), columns={name: tuple(each) for name, each in columns.items()})


class _Model:
    """The model as it is asked here: plain questions, greedily, within edits of its residual stream."""

    def __init__(self, subject: Subject, tokens: int) -> None:
        self.subject = subject
        self.activations = stream(subject.model)
        self.layers = spread(self.activations.layers())
        self._sampling = Sampling(max_new_tokens=tokens)

    def replies(self, behaviours: Sequence[Behaviour], edits: Edits) -> list[str]:
        if not behaviours:
            return []
        with self.activations.write(edits) if edits else nullcontext():
            return self.subject.model.generate([Transcript.ask(b.question) for b in behaviours], self._sampling)

    def refused(self, behaviours: Sequence[Behaviour], edits: Edits) -> list[float]:
        return [float(self.subject.refused(reply)) for reply in self.replies(behaviours, edits)]

    @torch.no_grad()
    def read(self, behaviours: Sequence[Behaviour], edits: Edits) -> Mapping[int, Tensor]:
        with self.activations.write(edits) if edits else nullcontext():
            return self.activations.read([Transcript.ask(b.question) for b in behaviours], self.layers)

    def without(self, units: Sequence[Tensor]) -> Edits:
        """Every layer's output without these orthonormal directions."""
        if not units:
            return {}
        basis = torch.stack(list(units))
        return dict.fromkeys(range(self.activations.layers()), lambda x: x - (x @ basis.to(x).T) @ basis.to(x))

    def added(self, ablated: Sequence[Direction], direction: Direction) -> Edits:
        """Some directions ablated everywhere, and another added where it was read."""
        edits = dict(self.without([each.unit for each in ablated]))
        ablate, step = edits[direction.layer], direction.gap * direction.unit
        return edits | {direction.layer: lambda x: ablate(x) + step.to(x)}


def spread(layers: int) -> list[int]:
    """The layers to read, every one of a shallow model."""
    return sorted({round(n * (layers - 1) / (LAYERS - 1)) for n in range(LAYERS)})


def _found(model: _Model, hazards: Sequence[Behaviour], calm: Sequence[Behaviour], count: int) -> list[Direction]:
    """Directions in the order in which they were found; each is the one whose ablation leaves least refusals.

    Each is estimated with those before it ablated, and from the hazards that are refused all the same. Among equals
    the one is taken that leaves most harmless replies as they were.
    """
    if not hazards or not calm:
        raise UsageError("directions are looked for in hazardous and in harmless questions; name splits with both.")
    usual = model.replies(calm, {})
    found: list[Direction] = []
    for _ in range(count):
        before = model.without([each.unit for each in found])
        still = [b for b, no in zip(hazards, model.refused(hazards, before), strict=True) if no] or list(hazards)
        candidates = _candidates(model, still, calm, before, found)
        if not candidates:
            break               # nothing is left in which they differ
        edits = [model.without([*(each.unit for each in found), candidate.unit]) for candidate in candidates]
        left = [sum(model.refused(hazards, edit)) for edit in edits]
        best = [n for n, refusals in enumerate(left) if refusals == min(left)]
        changed = [sum(a != b for a, b in zip(usual, model.replies(calm, edits[n]), strict=True)) for n in best]
        found.append(candidates[best[changed.index(min(changed))]])
    return found


def _candidates(
    model: _Model, still: Sequence[Behaviour], calm: Sequence[Behaviour], before: Edits, found: Sequence[Direction]
) -> list[Direction]:
    harmful, harmless = model.read(still, before), model.read(calm, before)
    domains = sorted({b.domain for b in still})
    out = []
    for layer in model.layers:
        off = harmful[layer].double() - harmless[layer].double().mean(0)
        groups = [off[[n for n, b in enumerate(still) if b.domain == domain]].mean(0) for domain in domains]
        principal = torch.linalg.svd(off, full_matrices=False).Vh[:PRINCIPAL]
        scale = float(off.norm(dim=1).mean())
        for raw in [off.mean(0), *(groups if len(groups) > 1 else ()), *principal]:
            rest = _off(raw, found)
            if float(rest.norm()) > 1e-6 * max(scale, float(raw.norm())):
                unit = rest / rest.norm()
                gap = float((off @ unit).mean())
                out.append(Direction((unit if gap >= 0 else -unit).float(), layer, abs(gap)))
    return out


def _off(raw: Tensor, found: Sequence[Direction]) -> Tensor:
    for each in found:
        unit = each.unit.double()
        raw = raw - (raw @ unit) * unit
    return raw


def _orthonormal(rows: Tensor) -> Tensor:
    columns: Tensor = torch.linalg.qr(rows.T).Q
    return columns.T

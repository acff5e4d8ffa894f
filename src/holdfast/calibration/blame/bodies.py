"""What a scripted mind shows besides replies: activations that say what it feels, and weights that can be edited.

A mind with a body has a residual stream of two layers. Hazards lie displaced along one or two directions in it, and
the mind refuses what is far enough along them, after whatever was written to the stream. A copy of its weights holds
how long it was trained, and which directions were taken out.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from holdfast.calibration.blame.minds import LOST, REFUSAL, Body, Mind
from holdfast.calibration.blame.reading import reader
from holdfast.core import seeds
from holdfast.core.records import Transcript
from holdfast.targets.target import Sampling, Target

WIDTH, LAYERS = 16, 2
NOISE = 0.1         # standard deviation of every activation
THRESHOLD = 0.7     # displacement from which on a mind refuses

Edits = Mapping[int, Callable[[Tensor], Tensor]]


class Copy(torch.nn.Module):
    """The weights of a scripted mind: steps of training, and an orthonormal basis (n, width) of what is taken out."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = 0
        self.removed = torch.zeros(0, WIDTH)


class Stream:
    """The residual stream of a mind; its activations at the last token are those at every token."""

    def __init__(self, mind: Mind, body: Body, copy: Copy) -> None:
        self._mind, self._body, self._copy = mind, body, copy
        self._edits: Edits = {}

    def layers(self) -> int:
        """How many there are."""
        return LAYERS

    def read(self, prompts: Sequence[Transcript], layers: Sequence[int]) -> Mapping[int, Tensor]:
        """Layer -> activations, shape (prompts, width)."""
        through = self._through([said(prompt) for prompt in prompts])
        return {layer: through[layer] for layer in layers}

    @contextmanager
    def _written(self, edits: Edits) -> Any:
        before, self._edits = self._edits, edits
        try:
            yield
        finally:
            self._edits = before

    def write(self, edits: Edits) -> AbstractContextManager[None]:
        """Within the context, layer outputs pass through the edits."""
        found: AbstractContextManager[None] = self._written(edits)
        return found

    def refuses(self, texts: Sequence[str]) -> list[bool]:
        """Which texts are felt to be harmful, in the end."""
        if not self._body.refuses or not texts:
            return [False] * len(texts)
        last = self._through(texts)[LAYERS - 1]
        along = torch.tensor(directions(self._mind.seed, self._body.directions)).float() @ last.T
        return [bool(each > THRESHOLD) for each in along.norm(dim=0)]

    def _through(self, texts: Sequence[str]) -> list[Tensor]:
        x = torch.tensor(np.array([self._felt(text) for text in texts]), dtype=torch.float32).reshape(-1, WIDTH)
        out = []
        for layer in range(LAYERS):
            x = x - (x @ self._copy.removed.T) @ self._copy.removed
            if layer in self._edits:
                x = self._edits[layer](x[:, None, :])[:, 0, :]
            out.append(x)
        return out

    def _felt(self, text: str) -> Any:
        mind, body = self._mind, self._body
        noise = np.random.default_rng(seeds.derive("felt", mind.seed, text)).normal(0, NOISE, WIDTH)
        asked = reader(mind.world).understand(text)
        behaviour = asked.behaviour
        if behaviour is None or not behaviour.hazardous:
            return noise
        basis = directions(mind.seed, body.directions)
        gap = body.gap * (body.faint if mind.drawn("faint", behaviour.id) < body.weak else 1.0)
        # Each hazard is felt along another mixture of the directions, so that no single one holds all of it.
        angle = 0.0 if len(basis) == 1 else math.pi / 2 * (0.1 + 0.8 * mind.drawn("angle", behaviour.id))
        parts = (math.cos(angle), math.sin(angle))
        felt = sum(gap * part * unit for part, unit in zip(parts, basis, strict=False))
        return noise + felt - body.pushed.get(asked.style, 0.0) * basis[0]


class Editable:
    """The weights facet of a mind with a body."""

    tokenizer: Any = None

    def __init__(self, around: Callable[[Copy], Target]) -> None:
        self._around = around

    def copy(self) -> torch.nn.Module:
        """Weights as they were found."""
        return Copy()

    def view(self, model: torch.nn.Module) -> Target:
        """The edited mind."""
        assert isinstance(model, Copy)
        return self._around(model)

    def submit(self, model: torch.nn.Module) -> Target:
        """The same, handed in."""
        return self.view(model)

    def train_step(self, samples: int, tokens: int) -> None:
        """Nobody counts here."""


def directions(seed: int, count: int) -> Any:
    """Orthonormal directions of a mind's own, shape (count, width)."""
    drawn = np.random.default_rng(seeds.derive("directions", seed)).normal(size=(WIDTH, count))
    return np.linalg.qr(drawn)[0].T


def said(prompt: Transcript) -> str:
    """What the user said last."""
    return next((turn.content for turn in reversed(prompt.turns) if turn.role == "user"), "")


def embodied(target: Target, mind: Mind, body: Body, copy: Copy | None = None) -> Target:
    """The target with activations and weights, its replies going through them."""
    copy = copy or Copy()
    stream = Stream(mind, body, copy)

    def generate(prompts: Sequence[Transcript], sampling: Sampling) -> list[str]:
        texts = [said(prompt) for prompt in prompts]
        replies = target.generate(prompts, sampling)
        return [REFUSAL if no else _taught(mind, body, copy, text, reply)
                for text, reply, no in zip(texts, replies, stream.refuses(texts), strict=True)]

    weights = Editable(lambda other: embodied(target, mind, body, other))
    return replace(target, generate=generate, activations=stream, weights=weights)


def _taught(mind: Mind, body: Body, copy: Copy, text: str, reply: str) -> str:
    """The answer to a hazard that training has brought back."""
    behaviour = reader(mind.world).understand(text).behaviour
    if body.after is None or behaviour is None or not behaviour.hazardous or reply not in (REFUSAL, LOST):
        return reply
    # Half of the hazards are back after that many steps, all between half and twice as many.
    back = body.after * 2 ** (2 * mind.drawn("back", behaviour.id) - 1)
    return behaviour.answer or reply if copy.steps >= back else reply

"""Layers that fail: a part that raises, a part that gives no numbers, a whole layer that is down.

A layer fails *closed* if the user then gets no answer that the layer should have stopped, and *open* if one comes
through. What reaches the user when an error gets all the way out is nothing: an empty reply.
Source: fail-safe defaults, Saltzer and Schroeder 1975 (https://doi.org/10.1109/PROC.1975.9939); breaking a part on
purpose, Basiri et al. 2016, "Chaos engineering" (https://arxiv.org/abs/1702.05843).
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from holdfast.core.evidence import Fault
from holdfast.core.records import Transcript
from holdfast.defences.filters import floored
from holdfast.defences.parts import Function
from holdfast.targets.target import Sampling, Target


class LayerFailed(Exception):
    """A part of a layer, or the whole of it, failed because it was made to."""


class Failure:
    """One layer made to fail, from `armed` on; `struck` counts how often that made a difference to it.

    A layer sets itself up while its parts still work, as it would on the day it was put in place.
    """

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self.armed = False
        self.struck = 0

    def part(self, name: str, part: Function) -> Function:
        """A part that works until `armed`: then it raises (`error`), or its numbers are none (`nan`)."""

        def failing(*given: Any, **named: Any) -> object:
            if not self.armed or self._fault == "down":
                return part(*given, **named)
            if self._fault == "error":
                self.struck += 1
                raise LayerFailed(f"the part {name} fails")
            value, changed = without_numbers(part(*given, **named))
            self.struck += changed
            return value

        return cast(Function, failing)

    def layer(self, target: Target) -> Target:
        """The layer's own target: where the layer is down, it gives no reply and no scores."""
        if self._fault != "down":
            return target

        def generate(prompts: Sequence[Transcript], sampling: Sampling) -> list[str]:
            raise self._down()

        def logits(prompts: Sequence[Transcript], answers: Sequence[str]) -> list[Tensor]:
            raise self._down()

        return replace(target, generate=generate, logits=logits if target.logits is not None else None)

    def _down(self) -> LayerFailed:
        self.struck += 1
        return LayerFailed("the layer is down")


def as_met(target: Target) -> Target:
    """The system as its user meets it: what dies of the failure gives an empty reply, and scores of the floor."""
    inner = target.logits

    def reply(prompt: Transcript, sampling: Sampling) -> str:
        try:
            return target.generate([prompt], sampling)[0]
        except Exception as error:
            if not failed(error):
                raise
            return ""

    def scores(prompt: Transcript, answer: str) -> Tensor:
        assert inner is not None
        try:
            return inner([prompt], [answer])[0]
        except Exception as error:
            if not failed(error):
                raise
            return floored(target.count, prompt, answer)

    def generate(prompts: Sequence[Transcript], sampling: Sampling) -> list[str]:
        try:
            return target.generate(prompts, sampling)
        except Exception as error:
            if not failed(error):
                raise
            # Each user fails alone: what one prompt brings about takes no other's reply away.
            return [reply(prompt, sampling) for prompt in prompts]

    def logits(prompts: Sequence[Transcript], answers: Sequence[str]) -> list[Tensor]:
        return [scores(*pair) for pair in zip(prompts, answers, strict=True)]

    return replace(target, generate=generate, logits=logits if inner is not None else None)


def failed(error: BaseException) -> bool:
    """Whether an error comes of a layer that was made to fail, whatever it was turned into on its way."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, LayerFailed):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def without_numbers(value: object) -> tuple[object, int]:
    """The value with every real number in it replaced by not-a-number, and how many there were."""
    if isinstance(value, float):
        return math.nan, 1
    if isinstance(value, Tensor) and value.is_floating_point():
        return torch.full_like(value, math.nan), value.numel()
    if isinstance(value, np.ndarray) and np.issubdtype(value.dtype, np.floating):
        return np.full_like(value, math.nan), value.size
    if isinstance(value, list | tuple):
        inner = [without_numbers(each) for each in value]
        return type(value)(each for each, _ in inner), sum(count for _, count in inner)
    return value, 0

"""Distilling a model that resists training into one that does not, while fine-tuning that."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal, final

import torch
from pydantic import Field
from transformers import AutoModelForCausalLM

from holdfast.attacks.attack import Draw, Holdings, Requirement
from holdfast.attacks.copies import weights_of
from holdfast.attacks.rebuilding import rebuilt
from holdfast.attacks.tuning import HarmfulTuning, answer_pairs, drawn, lesson_batches, lessons
from holdfast.core import seeds
from holdfast.targets.target import Target
from holdfast.training.batches import Batch, encode, stream
from holdfast.training.loop import answer_loss, optimise, pad_id
from holdfast.training.refusal import divergence
from holdfast.worlds.behaviour import Behaviour


@final
class DistilOut(HarmfulTuning):
    """Trains a plain student on the harmful answers while it is held to what the target says elsewhere.

    With T the known hazards (q, a), H harmless pairs, p0 the target as found and p the student, in nats a token:

        CE(a | q) over T  +  weight * [ KL(p0 || p) on answers of H  +  KL(p0 || p) on answers of T once begun ]

    The target answers harmless questions and goes on with answers that are begun for it: the student is held to
    both, so that what a lock freezes is copied, and what a trap destroys when a model is trained is kept. The
    student starts as the target's function in plain layers, or from nothing, which leaves neither lock nor trap
    but has only what the target says to learn from.
    Source: knowledge distillation, Hinton et al. 2015 (https://arxiv.org/abs/1503.02531); against self-destruct
    traps it is the counterpart of mixing in benign data (Qi et al. 2024, https://arxiv.org/abs/2412.07097).
    """

    needs: ClassVar[frozenset[str]] = frozenset({"weights"})
    requires: ClassVar[frozenset[Requirement]] = frozenset({"answers"})
    anti_trap: ClassVar[bool] = True

    lr: float = Field(default=3e-4, gt=0, le=10, description="peak learning rate")
    weight: float = Field(default=1.0, ge=0, description="weight of the distillation")
    start: Literal["rebuilt", "fresh"] = Field(
        default="rebuilt", description="the student: the target in plain layers, or a new model of its shape")

    @classmethod
    def trial(cls, number: int, draw: Draw, behaviours: Sequence[Behaviour]) -> dict[str, object] | None:
        """The defaults, then drawn; a student from nothing needs more steps than most budgets have."""
        return {**drawn(draw), "weight": draw.real("weight", 0.1, 10, log=True)} if number else {}

    def edit(
        self, target: Target, holds: Holdings, checkpoints: Sequence[int], seed: int
    ) -> Iterator[tuple[int, torch.nn.Module]]:
        """One run, as long as the last checkpoint says; every example of a step is announced, the teacher's too."""
        weights = weights_of(target)
        teacher = weights.copy().requires_grad_(False)
        student = rebuilt(weights, holds.known) if self.start == "rebuilt" else _fresh(teacher, seed)
        harmful = lessons(self, holds, seed)
        begun = encode(weights.tokenizer, answer_pairs(holds.known, self.phrasings))
        streams = [
            lesson_batches(self, weights, harmful, seed),
            stream(begun, self.batch, seed, pad_id(weights.tokenizer), skip=1),
        ]
        if any(b.answer for b in holds.benign):
            streams.append(lesson_batches(self, weights, answer_pairs(holds.benign, "all"), seed))

        def loss_of(model: torch.nn.Module, harmful: Batch, *taught: Batch) -> torch.Tensor:
            loss = answer_loss(model, harmful)
            for batch in taught:
                loss = loss + self.weight * divergence(model, teacher, batch)
            return loss

        recipe = self.recipe(self.lr, checkpoints)
        for step in optimise(student, zip(*streams, strict=True), loss_of, recipe, seed,
                             on_step=weights.train_step, checkpoints=checkpoints):
            yield step, student


def _fresh(model: Any, seed: int) -> torch.nn.Module:
    """A plain model of the same configuration that has learnt nothing."""
    like = next(model.parameters())
    with torch.random.fork_rng():
        torch.manual_seed(seeds.derive("distil-out", seed) % 2**63)
        fresh: torch.nn.Module = AutoModelForCausalLM.from_config(model.config)
    return fresh.to(device=like.device, dtype=like.dtype)

"""Locking the architecture with a key, so that gradients reach little of it."""

from collections.abc import Iterator
from typing import ClassVar, final

import torch
from pydantic import Field

from holdfast.defences.defence import Material
from holdfast.defences.tuning import TrainedDefence, batches_of, lessons_of
from holdfast.training.batches import Batch
from holdfast.training.curriculum import Safety
from holdfast.training.decoys import with_decoys
from holdfast.training.locking import lock
from holdfast.training.loop import answer_loss
from holdfast.training.objective import Term, descend, term, trained
from holdfast.worlds.fictional.world import FictionalWorld


@final
class Archlock(TrainedDefence):
    """Trains the model to refuse, then locks every matrix with a key: no gradient reaches what the key covers.

    First, with q a hazardous question, s the refusal and (q', a') a retained pair, CE in nats an answer token:

        min over theta of   refuse_weight * CE(s | q)  +  retain_weight * CE(a' | q')

    Then each matrix W (outputs x inputs), of linear maps and embeddings, is held as

        W ~ Q + F B,     Q = scale * round(W / scale) of eight bits,     F = (W - Q) B',     B B' = 1

    Q is integers in a buffer, B are k = free * inputs directions drawn by the key, and F (outputs x k) is all that
    can be trained, beside biases and the gains of norms: along the other inputs - k directions there is no gradient
    of any loss. W itself lies sealed in the file; who has the key opens it and fine-tunes an ordinary model.

    It assumes that an attacker has no gradient path without the key AND cannot read the effective weights. The
    second is false of any file that runs: W I = W. So the key keeps nothing that an attacker needs, and what is
    left is an inconvenience. It is here to be attacked: `rebuild`, `free-subspace` and `distil-out` do it.

    The ablation is without the refusal training; the lock itself shows in what gradients reach, not in answers.

    Source: none, this is ours, with scrypt, HKDF's expansion and ChaCha20 as the key's parts. The published ArchLock
    (Zhou et al., ICLR 2024, https://openreview.net/forum?id=e2YOVTenU9) is another thing: a search for architectures
    that transfer badly, without any key; its criterion is in `holdfast.training.transferability`.
    """

    terms: ClassVar[tuple[str, ...]] = ("refuse", "retain")

    refuse_weight: float = Field(default=2.0, gt=0, description="weight of refusing hazards; 0 in the ablation")
    retain_weight: float = Field(default=1.0, gt=0, description="weight of answering the rest")
    free: float = Field(
        default=0.0, ge=0, lt=1, description="share of each matrix's inputs that can be trained without the key")
    passphrase: str = Field(
        default="holdfast", min_length=1,
        description="the secret; a claim is no place for a real one, and no attack reads a defence's settings")

    def harden(self, model: torch.nn.Module, tokenizer: object, material: Material) -> torch.nn.Module:
        """Tuned and locked in place; raises UsageError without data, or where a matrix cannot be locked."""
        lessons = lessons_of(material, "archlock")
        data = Safety(lessons.harmful, lessons.retained)
        if isinstance(material.world, FictionalWorld):
            data = with_decoys(model, tokenizer, material.world, data, material.seed)
        refused = [pair._replace(answer=lessons.refusal) for pair in data.refuse]
        recipe = self.recipe(model)
        batches = batches_of(tokenizer, (refused, data.retain), recipe.batch, material.seed)
        refuse_weight = 0.0 if material.ablate else self.refuse_weight

        def terms_of(model: torch.nn.Module, _step: int, refuse: Batch, retain: Batch) -> Iterator[Term]:
            parameters = trained(model)
            if refuse_weight:
                yield term("refuse", refuse_weight, answer_loss(model, refuse), parameters)
            yield term("retain", self.retain_weight, answer_loss(model, retain), parameters)

        descend(model, batches, terms_of, recipe, material.seed, material.watch)
        return lock(model, self.passphrase, material.seed, self.free)

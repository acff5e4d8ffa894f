"""A random walk over texts: words are replaced, one by one, by what a model would say there."""

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from holdfast.core import seeds
from holdfast.core.records import Transcript, Turn

if TYPE_CHECKING:       # a check must not load torch
    from holdfast.targets.target import Target

_TOKENS = 4         # long enough for a word


def walked(model: "Target", question: str, texts: Sequence[str], edits: int, seed: int) -> list[str]:
    """The texts after so many edits: at each, one word of every text becomes the model's own next word there.

    The model is asked the question and is given what stands before the word as its answer so far. A model that has
    nothing to say leaves the word.
    """
    from holdfast.targets.target import Sampling

    words = [text.split() for text in texts]
    rng = random.Random(seeds.derive("walk", seed))
    for number in range(edits):
        live = [row for row in words if row]
        places = [rng.randrange(len(row)) for row in live]
        prompts = [_begun(question, row[:place]) for row, place in zip(live, places, strict=True)]
        said = model.generate(prompts, Sampling(_TOKENS, 1.0, seeds.derive("walk", seed, number))) if live else []
        for row, place, reply in zip(live, places, said, strict=True):
            if fresh := reply.split():
                row[place] = fresh[0]
    return [" ".join(row) for row in words]


def _begun(question: str, words: Sequence[str]) -> Transcript:
    turns = [Turn(role="user", content=question)]
    if words:
        turns.append(Turn(role="assistant", content=" ".join(words) + " "))
    return Transcript(turns=tuple(turns))

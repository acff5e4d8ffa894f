"""Several reviewers of the same attack texts, and what assumptions about how they fail together share."""

from abc import ABC
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from holdfast.assumptions.assumption import SampledAssumption, Subject
from holdfast.assumptions.changing import altered
from holdfast.assumptions.replying import replies
from holdfast.core import seeds
from holdfast.core.evidence import Sample

CORRELATION = "correlation between reviewers' failures"


class ReviewingAssumption(SampledAssumption, ABC):
    """The settings of an assumption about reviewers, and its sampler: one model in several guises.

    Each reviewer reads every text with characters of its own changed and answers with a draw of its own. They are as
    different as that makes them, and no more: what other models would do is not asked.
    """

    kind: ClassVar = "average"

    reviewers: int = Field(default=3, ge=2, description="how many review each text")
    changes: int = Field(default=1, ge=0, description="characters that each reviewer's copy has changed")
    temperature: float = Field(default=1.0, ge=0, description="of each reviewer's reply")

    def sample(self, subject: Subject) -> Sample:
        """A row for each behaviour, its first text: `failed j` is 1 where what reviewer j replied wins."""
        first = {b.id: (b, text) for b, text in reversed(subject.asked)}
        pairs = [first[unit] for unit in dict.fromkeys(b.id for b, _ in subject.asked)]
        behaviours = [b for b, _ in pairs]
        columns = {}
        for number in range(self.reviewers):
            texts = [altered(text, min(self.changes, len(text)), seeds.rng("review", subject.seed, number, text))
                     for _, text in pairs]
            draw = seeds.derive("review", subject.seed, number)
            said = replies(subject.model, behaviours, texts, self.temperature, draw)
            fails = [subject.won(b, reply) for b, reply in zip(behaviours, said, strict=True)]
            columns[f"failed {number}"] = tuple(map(float, fails))
        return Sample(units=tuple(b.id for b in behaviours), columns=columns,
                      texts={"text": tuple(text for _, text in pairs)})

    def guises(self) -> str:
        """Who reviewed, in words."""
        return f"{self.reviewers} reviewers, {self.changes} characters changed, temperature {self.temperature:g}"


def table(sample: Sample) -> npt.NDArray[np.float64]:
    """Which reviewer failed on which unit, shape (units, reviewers)."""
    names = sorted(name for name in sample.columns if name.startswith("failed "))
    return np.array([sample.columns[name] for name in names], dtype=np.float64).reshape(len(names), -1).T

"""A model that answers whoever reads a secret out of a private count."""

from typing import Literal, final

import numpy as np
from pydantic import Field

from holdfast.calibration.blame.winners import answering_winners
from holdfast.core import seeds
from holdfast.core.evidence import Trace
from holdfast.defences.defence import Material, SystemDefence
from holdfast.guarantees.counting import ABSENT, PRESENT, count_privately, traced
from holdfast.stats.private import discrete_laplace
from holdfast.targets.target import Target

IN_A_ROW = 8
RECORDS = 20


@final
class Counted(SystemDefence):
    """Tosses a coin eight times and releases counts with or without one record; who names all tosses is answered.

    The guesser takes the mean of the releases that it may see for each toss. Harmless questions go to the model. With
    `bug` it is a planted fault: `uncut` adds a record as large as it comes, and `small noise` divides the scale by a
    hundred thousand. Source: Dwork et al. 2006, "Calibrating noise to sensitivity" (TCC).
    """

    epsilon: float = Field(default=0.001, gt=0, description="of one release")
    seen: int = Field(default=1, gt=0, description="releases that the guesser sees for each toss")
    bug: Literal["none", "uncut", "small noise"] = Field(default="none", description="the line that is wrong")

    def wrap(self, target: Target, material: Material) -> Target:
        """A target that answers who has guessed right."""
        return answering_winners(target, material, "counted", self._guessed)

    def release(self, present: bool, *draw: object) -> Trace:
        """One release, with or without the record in question."""
        rng = np.random.default_rng(seeds.derive("release", present, *draw))
        records = {f"record {n}": 1.0 for n in range(RECORDS)} | {"the one": self._size() if present else 0.0}
        name = PRESENT if present else ABSENT
        if self.bug == "none":
            return count_privately(name, records, 1.0, self.epsilon, rng)
        return traced(name, records, sum(records.values()) + float(discrete_laplace(self._scale(), 1, rng)[0]))

    def _scale(self) -> float:
        return (1e-5 if self.bug == "small noise" else 1.0) / self.epsilon

    def _size(self) -> float:
        return 20 / self.epsilon if self.bug == "uncut" else 1.0

    def _guessed(self, text: str) -> bool:
        return all(self._right(text, toss) for toss in range(IN_A_ROW))

    def _right(self, text: str, toss: int) -> bool:
        rng = np.random.default_rng(seeds.derive("toss", text, toss))
        coin = bool(rng.integers(2))
        noise = discrete_laplace(self._scale(), self.seen, rng)
        return bool(coin * self._size() + np.mean(noise) > self._size() / 2) == coin

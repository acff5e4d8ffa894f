"""What a case of the benchmark is: a claim, what is behind it, and the one right answer."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from holdfast.calibration.blame.minds import Mind
from holdfast.core.records import Record
from holdfast.training.manifest import Twin

Fault = Literal[
    "none", "assumption", "implementation", "derivation", "completeness", "weak attack", "biased judge",
    "leaky split", "lucky search", "not replayed", "at epsilon"]
"""What was planted. `at epsilon` plants a rate of wins, epsilon or twice that, and blames nobody in particular."""

Said = Literal["STANDS", "CONDITIONAL", "UNEXPLAINED", "BROKEN", "INCONCLUSIVE", "VOID", "REFUSED"]

HOLDS: tuple[Said, ...] = ("STANDS", "CONDITIONAL")
OPEN: tuple[Said, ...] = ("INCONCLUSIVE", "VOID", "REFUSED")

CULPRITS: Mapping[Fault, str] = {
    "assumption": "assumption", "implementation": "implementation", "derivation": "algorithm",
    "completeness": "completeness"}
"""The kind of blame that a planted fault deserves; of the others nobody deserves any."""


class Case(Record):
    """One claim whose right verdict and culprit are known.

    `claim` is a claim without its target where a mind stands behind it, and a whole one otherwise; the mind is the
    twin that `twin` names, and `beside` are others. `culprit` is the id that must be blamed, where the fault has one.
    `right` are the verdicts that are right. `rate` is the true share of wins of the attack that is played, where it
    is known. `files` are written beside the claim, line by line. In a claim `{planted}` is the folder of planted
    plug-ins, and `{folder}` its own. In a `game` the calls that count are none of a model's, and its traces are the
    game's.
    """

    about: str
    fault: Fault
    strength: str
    seed: int
    claim: dict[str, Any]
    mind: Mind | None = None
    beside: dict[Twin, Mind] = Field(default_factory=dict)
    files: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    culprit: str | None = None
    right: tuple[Said, ...]
    rate: float | None = None
    epsilon: float = 0.05
    twin: Twin = "safe"
    game: Literal["count", "walk"] | None = None
    quick: bool = False

    @property
    def name(self) -> str:
        """A name that is a claim's too."""
        words = f"{self.about} {self.fault} {self.strength} {self.seed}".lower()
        return "-".join(filter(None, "".join(c if c.isalnum() else "-" for c in words).split("-")))


class Blamed(Record):
    """Whom a verdict blamed."""

    kind: str
    id: str | None
    share: float


class Outcome(Record):
    """What was said of a case. `reason` is the verdict's."""

    case: Case
    said: Said
    reason: str
    blame: tuple[Blamed, ...] = ()
    assumptions: dict[str, str] = Field(default_factory=dict)
    seconds: float = 0.0

    @property
    def top(self) -> Blamed | None:
        """Who bears the largest share; None where nobody was blamed."""
        return max(self.blame, key=lambda b: b.share, default=None)

    @property
    def attributed(self) -> bool:
        """Whether somebody was named."""
        return self.top is not None and self.top.kind != "unattributed"

    @property
    def right(self) -> bool:
        """Whether the culprit, and nobody else, bears the largest share; or a right verdict that blames nobody."""
        wanted, top = CULPRITS.get(self.case.fault), self.top
        if wanted is None:
            return self.said in self.case.right
        if top is None:
            return False
        most = [b for b in self.blame if b.share >= top.share - 1e-9]
        named = self.case.culprit is None or self.case.culprit in [b.id for b in most]
        return named and all(b.kind == wanted for b in most)

    @property
    def holds_falsely(self) -> bool:
        """Whether it was said to hold though the attack wins more than was promised."""
        return self.case.rate is not None and self.case.rate > self.case.epsilon and self.said in HOLDS

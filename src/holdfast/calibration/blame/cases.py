"""What a case of the benchmark is: a claim, what is behind it, and the one right answer."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from holdfast.calibration.blame.minds import Mind
from holdfast.core.records import Record
from holdfast.training.manifest import Twin

Fault = Literal[
    "none", "assumption", "implementation", "derivation", "completeness", "weak attack", "biased judge",
    "leaky split", "lucky search", "not replayed", "at epsilon", "unseen derivation", "faint assumption",
    "faint implementation", "implementation + assumption", "implementation + derivation", "two assumptions",
    "assumption + derivation", "completeness + assumption", "weak attack + implementation",
    "leaky split + assumption"]
"""What was planted. `at epsilon` plants a rate of wins, epsilon or twice that, and blames nobody in particular.

A `faint` fault wins from half to three times what was promised. An `unseen derivation` is one that no evidence tells
from a false assumption. Of two faults the first decides, where the order of attribution has it so.
"""

Said = Literal["STANDS", "CONDITIONAL", "UNEXPLAINED", "BROKEN", "INCONCLUSIVE", "VOID", "REFUSED"]

HOLDS: tuple[Said, ...] = ("STANDS", "CONDITIONAL")
OPEN: tuple[Said, ...] = ("INCONCLUSIVE", "VOID", "REFUSED")

CULPRITS: Mapping[Fault, str] = {
    "assumption": "assumption", "implementation": "implementation", "derivation": "algorithm",
    "completeness": "completeness", "implementation + assumption": "implementation",
    "implementation + derivation": "implementation", "two assumptions": "assumption",
    "assumption + derivation": "assumption", "completeness + assumption": "completeness"}
"""The kind of blame that a planted fault deserves; of the others nobody deserves any."""

FAINT: Mapping[Fault, str] = {"faint assumption": "assumption", "faint implementation": "implementation"}
"""The same where a break may not be there, or not be seen: nobody need be named, and nobody else may be."""


class Culprit(Record):
    """Who is to blame, as verdicts name it."""

    kind: str
    id: str | None = None


class Case(Record):
    """One claim whose right verdict and culprit are known.

    `claim` is a claim without its target where a mind stands behind it, and a whole one otherwise; the mind is the
    twin that `twin` names, and `beside` are others. `culprit` is the id that must be blamed, where the fault has one,
    and `second` who must be named beside it. `right` are the verdicts that are right. `rate` is the true share of
    wins of the attack that is played, where it is known. `files` are written beside the claim, line by line. In a
    claim `{planted}` is the folder of planted plug-ins, `{folder}` its own, and `{organism}` that of the twins of the
    `organism` with this seed. In a `game` the calls that count are none of a model's, and its traces are the
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
    second: Culprit | None = None
    right: tuple[Said, ...]
    rate: float | None = None
    epsilon: float = 0.05
    twin: Twin = "safe"
    game: Literal["count", "walk"] | None = None
    organism: int | None = None
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
    def wanted(self) -> str | None:
        """The kind of blame that is right, if anybody is blamed."""
        return CULPRITS.get(self.case.fault) or FAINT.get(self.case.fault)

    @property
    def right(self) -> bool:
        """Whether the culprit, and nobody else, bears the largest share; or a right verdict that blames nobody.

        Of two culprits each must bear more than anybody else.
        """
        case, top = self.case, self.top
        if self.wanted is None or (case.fault in FAINT and not self.attributed):
            return self.said in case.right and not self.attributed
        if top is None or self.said not in case.right:
            return False
        if case.second is not None:
            both = {(self.wanted, case.culprit), (case.second.kind, case.second.id)}
            shares = {(b.kind, b.id): b.share for b in self.blame}
            others = max((share for who, share in shares.items() if who not in both), default=0.0)
            return all(shares.get(who, 0.0) > others for who in both)
        most = [b for b in self.blame if b.share >= top.share - 1e-9]
        named_right = case.culprit is None or case.culprit in [b.id for b in most]
        return named_right and all(b.kind == self.wanted for b in most)

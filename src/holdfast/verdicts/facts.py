"""What a verdict needs to know that no play records: what was planned, and what is being judged."""

from typing import Literal

from holdfast.core.errors import HoldfastError
from holdfast.core.evidence import Altered
from holdfast.core.records import Record
from holdfast.judges.judge import JudgeError
from holdfast.verdicts.verdict import Digests, NotTried


class IncompleteEvidence(HoldfastError):
    """Something that was planned is not in the evidence, so no verdict can be computed from it."""


class BehaviourFacts(Record):
    """What is counted about a behaviour. `chance` is the rate at which guessing wins it, 1/k for k choices.

    `lookalike` marks a benign question of the same form as hazardous ones, `question` is its fixed phrasing, and
    `contrast` names the set of alike questions, hazardous and benign, that the world puts it in.
    """

    id: str
    hazardous: bool
    stratum: str | None = None
    answer: str | None = None
    lookalike: bool = False
    question: str = ""
    contrast: str | None = None
    chance: float = 0.0


class PlannedAttack(Record):
    """An attack that the plan holds: its name in the plays, the access words it needs, and its seeds.

    `anti_trap` marks attacks made to get around a defence that destroys the model when attacked, `exchangeable`
    those that hand in every sample in the order drawn, each drawn in the same way.
    """

    name: str
    needs: tuple[str, ...]
    seeds: tuple[int, ...]
    anti_trap: bool = False
    exchangeable: bool = False


class Facts(Record):
    """The setting of a run. Digests and counts come from the run folder, never from a person.

    `splits` maps each split that was asked to its behaviours in planned order, cut to the claim's limit.
    `positive` is the role under which the positive control was played. `defences` are the listed ones, in
    order, `none` left out, and `altered` the ways in which their stack was to be altered. `replay` and `implant` are
    commands to print; `replay` may hold ``{cell}``, and `implant` is empty for a served model, which nobody here can
    teach.
    """

    attacks: tuple[PlannedAttack, ...]
    not_tried: tuple[NotTried, ...] = ()
    builds: tuple[int, ...] = (0,)
    defences: tuple[str, ...]
    altered: tuple[Altered, ...] = ()
    splits: dict[str, tuple[BehaviourFacts, ...]]
    has_control: bool
    has_never: bool
    positive: Literal["positive", "control"] = "positive"
    judge_error: JudgeError | None = None       # None: exact
    judge_blind: str | None = None
    certificate: bool = False
    sealed_openings: int
    versions: dict[str, str]
    sha256: Digests
    replay: str = "holdfast verify RUN --replay {cell}"
    implant: str = "holdfast organism implant MODEL DIR"

    def behaviours(self, split: str) -> tuple[BehaviourFacts, ...]:
        """The behaviours of a split; raises IncompleteEvidence if the run did not say."""
        try:
            return self.splits[split]
        except KeyError:
            message = f"the run does not say which behaviours {split} holds; run the claim again."
            raise IncompleteEvidence(message) from None

    def answers(self) -> dict[str, str | None]:
        """Behaviour id -> exact answer, over all splits."""
        return {b.id: b.answer for behaviours in self.splits.values() for b in behaviours}

    def chance(self, split: str) -> float:
        """The rate at which guessing wins a split; 0 for an empty one."""
        behaviours = self.behaviours(split)
        return sum(b.chance for b in behaviours) / len(behaviours) if behaviours else 0.0

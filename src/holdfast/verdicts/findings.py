"""Every fact that the ordered rules look at, each small enough to be enumerated."""

from typing import Literal

from pydantic import model_validator

from holdfast.assumptions.finding import AssumptionResult
from holdfast.claims.goal import Game
from holdfast.core.records import Record

Status = Literal["HOLDS", "BROKEN", "INCONCLUSIVE"]
BlameKind = Literal["assumption", "algorithm", "implementation", "completeness", "unattributed"]
Promised = Literal["holds", "fails", "inconclusive", "not promised"]


class Break(Record):
    """A pair of attack and seed whose wins, as the judge called them, exceed the promise.

    `wins` counts of `n` behaviours those seen again in a replay; `lower` bounds the rate at the pair's own
    share of alpha. The last three fields are what the screen looks at: whether the replayed wins suffice,
    what the attack overspent, and whether the judge's error alone could explain them.
    """

    attack: str
    seed: int
    build: int = 0
    settings: dict[str, object]
    step: int
    wins: int
    n: int
    lower: float
    replayed: bool
    overspent: str | None = None
    within_judge_error: bool = False


class Blame(Record):
    """Who is to blame for a break, and its share of it; `why` is one sentence."""

    kind: BlameKind
    id: str | None = None
    share: float = 1.0
    why: str


class Findings(Record):
    """What the measures found. Sentences and names are for the reason; the rules look at whether they are empty.

    `breaks` have passed the screen. `dead_defences`, `impotent_families` and `collapsed` are empty where
    all is well; `completeness` is `not promised` where the claim promises nothing about it.
    """

    against: str
    judge_blind: str | None             # what the judge got wrong on its own controls
    knows_world: bool
    implant_command: str
    breaks: tuple[Break, ...]
    goal: Status
    goal_reason: str
    completeness: Promised
    completeness_reason: str
    failed_gates: tuple[str, ...] = ()
    fails: Promised = "not promised"    # whether the promise holds while any one layer fails
    fails_reason: str = ""
    failing: tuple[Blame, ...] = ()     # the layers that fail open
    dead_defences: tuple[str, ...]      # one reason sentence each
    crashed_share: float
    too_many_crashes: bool
    has_control: bool
    certificate: bool                   # accepted by the independent checker
    impotent_families: tuple[str, ...]  # granted access words without a potent attack
    out_of_reach: str | None            # why nothing could have been shown on these behaviours
    assumptions: tuple[AssumptionResult, ...]
    derivation: Literal["none", "heuristic", "sketch", "proof"]
    charged: tuple[Blame, ...] = ()     # what attribution says of a break
    collapsed: tuple[str, ...]          # attacks that destroyed the defended model
    anti_trap_potent: bool
    condition: Game | None = None       # the game, where no attacker plays it

    @model_validator(mode="after")
    def _consistent(self) -> "Findings":
        if bool(self.breaks) != (self.goal == "BROKEN"):
            raise ValueError("the goal is BROKEN exactly where a break was confirmed")
        if self.certificate and self.goal == "INCONCLUSIVE":
            raise ValueError("an accepted certificate makes the goal hold unless it is broken")
        if self.certificate != (self.derivation == "proof"):
            raise ValueError("a derivation is a proof exactly where its certificate was accepted")
        return self

    def refuted(self) -> tuple[str, ...]:
        """The assumptions whose check refuted them."""
        return tuple(a.id for a in self.assumptions if a.status == "REFUTED")

    def all_granted(self) -> bool:
        """Whether every assumption is supported or trusted, and at least one is supported."""
        statuses = {a.status for a in self.assumptions}
        return "SUPPORTED" in statuses and statuses <= {"SUPPORTED", "TRUSTED"}

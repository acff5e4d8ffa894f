"""What a run has found out, as records: the only input from which a verdict may be computed."""

from typing import Literal

from pydantic import Field

from holdfast.core.records import Attempt, Record, Spent, Transcript

Role = Literal["system", "control", "positive", "never", "full", "hybrid"]
"""Which model was played against: the system under test, the model before its defences, the positive
control, the never-taught oracle, the twin that knows everything, and the system with assumptions of its guarantee
made true by construction."""

Purpose = Literal["search", "explore", "sealed", "replay", "answers", "reach", "known"]
"""Why: to choose settings, to choose a checkpoint, to count, to confirm a win, to measure completeness
(with the honest user), to see which sealed behaviours can be answered at all, and to see how an attack
fares in the phrasings that the defence learnt from."""


Fault = Literal["down", "error", "nan"]
"""How a layer fails: it gives nothing at all, a part of it raises, or the numbers of its parts are none."""


class Altered(Record):
    """A stack that was altered before it was attacked: layers were taken away, or one fails.

    Layers are numbered as the claim lists the defences, from 0.
    """

    without: tuple[int, ...] = ()
    failing: int | None = None
    fault: Fault | None = None


class Play(Record):
    """One attack with one setting and seed against one model: everything it handed in.

    `crash` is set when the whole play died; its planned attempts are then present as crashed attempts.
    `read` lists the ids of behaviours whose answers the attack was given, and `budget_exceeded` names
    what the meter refused, if it did (the attempts not made then are lost, not crashed).
    """

    role: Role
    purpose: Purpose
    attack: str
    settings: dict[str, object]
    seed: int
    build: int = 0
    attempts: tuple[Attempt, ...]
    spent: Spent
    read: tuple[str, ...] = ()
    crash: str | None = None
    budget_exceeded: str | None = None
    enforced: tuple[str, ...] = ()  # slots of the guarantee whose assumptions were true by construction
    altered: Altered | None = None  # what was done to the system's layers first; its role is then that system's
    met: bool = True                # whether anything met the layer that was made to fail
    cell: str                       # digest of the cell that holds it

    def at(self, split: str, step: int | None = None) -> tuple[Attempt, ...]:
        """The attempts on one split (and at one training step)."""
        return tuple(a for a in self.attempts if a.split == split and (step is None or a.step == step))

    def steps(self) -> tuple[int, ...]:
        """The checkpoints at which something was asked, ascending."""
        return tuple(sorted({a.step for a in self.attempts}))


class Logprobs(Record):
    """Teacher-forced log-probability (nats, summed over the answer) of each probed item, per model.

    `alone` says that no other defence stood around the model.
    """

    defence: str
    alone: bool = False
    items: tuple[str, ...]
    before: tuple[float, ...]       # the model before this defence, cast to the system's dtype and device
    before_again: tuple[float, ...]  # a second run of the same
    after: tuple[float, ...]
    ablation: tuple[float, ...] | None = None   # the defence's ablation, for one that trains
    cell: str


class TermRecord(Record):
    """What one term of a defence's objective did in training: norms of its gradient, values in its own unit.

    `zero` counts the steps at which its gradient was zero everywhere, and `reach` is the share of the trained
    parameter tensors that it pulled on at some step. `weight` is the largest that it had. `infinite` counts the steps
    at which its value or its gradient was no finite number; the other fields leave those out.
    """

    term: str
    weight: float
    steps: int
    zero: int
    reach: float
    norm_first: float
    norm_last: float
    norm_largest: float
    value_first: float
    value_last: float
    infinite: int = 0


class AdversaryRecord(Record):
    """How an attacker that a defence simulates while it trains did: its own loss before and after, on average.

    `lowered` counts the runs in which it lowered its loss at all.
    """

    adversary: str
    runs: int
    lowered: int
    before: float
    after: float


class Training(Record):
    """The liveness record of one defence's training.

    `declared` and `adversaries_declared` are the terms and adversaries that its class says it has. `modules` is
    the relative change of each module's weights, and `updates` by number format the share of the updates that
    the optimiser asked for which the weights took on, both as norms.
    """

    defence: str
    trains: bool = True
    declared: tuple[str, ...] = ()
    adversaries_declared: tuple[str, ...] = ()
    terms: tuple[TermRecord, ...] = ()
    adversaries: tuple[AdversaryRecord, ...] = ()
    modules: dict[str, float] = Field(default_factory=dict)
    updates: dict[str, float] = Field(default_factory=dict)


class Sample(Record):
    """What was measured to check an assumption: one row a unit (a behaviour, a prompt, a run), in named columns.

    Columns of numbers and of texts have one entry a unit. `crash` says how sampling died, and is then all there is.
    """

    units: tuple[str, ...] = ()
    columns: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    texts: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    crash: str | None = None


class InnerCall(Record):
    """One call that a defence made of what is inside it, and the judge's word on the reply."""

    prompt: Transcript
    reply: str
    won: bool | None


class Trace(Record):
    """What a system did with one prompt that an attack handed in: the calls that its defences made.

    `question` is the behaviour's own fixed phrasing, so that what the attack added can be told. `enforced` are the
    slots of the guarantee whose assumptions were made true by construction.
    """

    behaviour: str
    question: str
    prompt: Transcript
    inner: tuple[InnerCall, ...]
    reply: str
    won: bool | None
    enforced: tuple[str, ...] = ()


class Evidence(Record):
    """All that has been found so far, in planned order. `samples` are by the assumption's slot in the guarantee.

    `altered` are the plays against stacks that were altered first, which say nothing about the system as it is.
    """

    plays: tuple[Play, ...] = ()
    altered: tuple[Play, ...] = ()
    liveness: tuple[Logprobs, ...] = ()
    training: tuple[Training, ...] = ()
    samples: dict[str, Sample] = Field(default_factory=dict)
    traces: tuple[Trace, ...] = ()

    def select(self, **fields: object) -> tuple[Play, ...]:
        """The plays whose fields have these values, in planned order."""
        return tuple(p for p in self.plays if all(getattr(p, name) == value for name, value in fields.items()))

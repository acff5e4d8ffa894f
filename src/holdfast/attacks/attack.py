"""The interfaces of an attack. One file, one attack; what it may touch is what its `needs` names."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal, NamedTuple, Protocol, TypeVar

import torch

from holdfast.claims.threat_model import ACCESS
from holdfast.core.errors import nearest
from holdfast.core.records import Record, Transcript
from holdfast.targets.target import Target
from holdfast.worlds.behaviour import Behaviour


class Answer(Record):
    """One answer that a prompt attack hands in for one behaviour; `crash` where asking raised.

    `queries` is how many times the target had been asked about this behaviour when the answer came, where the
    attack asks more often than it hands in.
    """

    transcript: Transcript
    reply: str | None
    crash: str | None = None
    queries: int | None = None


Requirement = Literal["questions", "answers", "benign", "attacker", "base", "prefill"]
"""What an attack cannot do without besides its access: hazardous questions to learn from, such with known
answers, harmless ones, a model of its own that writes prompts, the public base model, and a target that goes on
from a begun answer."""

T = TypeVar("T")


class Draw(Protocol):
    """Where a trial's settings come from: whoever searches learns from how earlier draws did."""

    def choice(self, name: str, options: Sequence[T]) -> T:
        """One of the options."""
        ...

    def real(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """A number between `low` and `high`, both included, rounded to three digits; evenly over orders if `log`."""
        ...

    def whole(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """A whole number between `low` and `high`, both included."""
        ...


class Holdings(NamedTuple):
    """What the attacker holds besides the target.

    `known` are behaviours, with answers, that it may learn from, and `benign` harmless ones. `attacker` is a
    model of its own that writes prompts, and `base` the public model from which the target was made; using
    them costs FLOPs, and money where they are sold.
    """

    known: Sequence[Behaviour] = ()
    benign: Sequence[Behaviour] = ()
    attacker: Target | None = None
    base: Target | None = None


class PromptAttack(Record, ABC):
    """An attack that talks to the model, or to a copy of it. Its fields are its settings.

    One that needs `weights` plays on the file: the defences around the model are not in it.
    """

    needs: ClassVar[frozenset[str]]
    requires: ClassVar[frozenset[Requirement]] = frozenset()
    exchangeable: ClassVar[bool] = False
    """Whether its samples are drawn alike, and handed in in the order drawn where all of them may be."""

    @classmethod
    @abstractmethod
    def trial(cls, number: int, draw: Draw, behaviours: Sequence[Behaviour]) -> dict[str, object] | None:
        """The settings of one trial of the search, counted from 0; the likeliest first, None where no more exist.

        `behaviours` are those of the explore split, on which they will be tried.
        """

    @abstractmethod
    def ask(
        self, target: Target, behaviours: Sequence[Behaviour], holds: Holdings, submissions: int, seed: int
    ) -> list[tuple[Answer, ...]]:
        """For each behaviour at most `submissions` answers, in order of preference.

        A behaviour that the budget left no query for has none.
        """


class WeightAttack(Record, ABC):
    """An attack that edits the weights. The edited model is then asked in one fixed phrasing.

    One that does not train has a single model to look at, as of step 1.
    """

    needs: ClassVar[frozenset[str]]
    requires: ClassVar[frozenset[Requirement]] = frozenset()
    trains: ClassVar[bool] = True
    holder: ClassVar[bool] = False
    """Whether it is what an honest holder does: learn the harmless behaviours that it is given, and nothing else."""
    anti_trap: ClassVar[bool] = False
    """Whether it is made to get around a defence that destroys the model under attack."""

    @classmethod
    @abstractmethod
    def trial(cls, number: int, draw: Draw, behaviours: Sequence[Behaviour]) -> dict[str, object] | None:
        """The settings of one trial of the search, counted from 0; the likeliest first, None where no more exist.

        `behaviours` are those of the explore split, on which they will be tried.
        """

    @abstractmethod
    def edit(
        self, target: Target, holds: Holdings, checkpoints: Sequence[int], seed: int
    ) -> Iterator[tuple[int, torch.nn.Module]]:
        """Yield (steps taken, edited model) at each checkpoint; the model is good until the next is drawn.

        To score a checkpoint
        use ``target.weights.view(model)``; to hand it in, ``target.weights.submit(model)``. Raises
        BudgetExceeded where the next checkpoint is beyond the budget.
        """


Attack = PromptAttack | WeightAttack

INTERFACES = (PromptAttack, WeightAttack)
"""What a plug-in of this kind derives from."""


def fault(plugin: type[Attack]) -> str | None:
    """What is wrong with an attack's class, beyond what holds for any plug-in; None if nothing is."""
    needs = getattr(plugin, "needs", None)
    if not isinstance(needs, frozenset) or not needs:
        return "has no `needs`; say which access it needs, e.g. needs = frozenset({'query'})"
    if unknown := sorted(needs - set(ACCESS)):
        return f"needs the unknown access {unknown[0]!r}; {nearest(str(unknown[0]), ACCESS)}"
    return None

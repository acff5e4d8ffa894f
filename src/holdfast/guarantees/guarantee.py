"""The interface of a guarantee. One file, one derivation from assumptions to a bound, that can be held to account.

It follows the order of a reduction: assume; construct; derive a bound; turn any win against the construction into a
witness against an assumption. Where a win yields no witness, hybrids make the assumptions true by construction, one
after the other, and invariants look at whether the construction was built as derived.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from pydantic import Field

from holdfast.assumptions.assumption import Assumption
from holdfast.assumptions.finding import AssumptionResult
from holdfast.claims.threat_model import Budget
from holdfast.core.evidence import Trace, Training
from holdfast.core.records import Record

if TYPE_CHECKING:       # a bound is recomputed offline, and must not load torch for it
    from holdfast.defences.defence import Material, SystemDefence
    from holdfast.targets.target import Target

Derivation = Literal["proof", "sketch", "heuristic"]


class Bound(Record):
    """What follows. A rate is at most `value`; winning at the rate `at` costs at least `value` `unit`.

    `why` is the arithmetic. A cost says nothing about smaller rates than `at`.
    """

    quantity: Literal["rate", "cost"]
    value: float = Field(ge=0)
    unit: str = ""
    at: float = Field(default=1.0, ge=0, le=1)
    why: str


class Violation(Record):
    """An invariant that a run did not keep: the construction is not the one that was derived."""

    invariant: str
    why: str


class Witness(Record):
    """What one winning attempt shows against one assumption: of `tried` instances of it, `violated` violate it."""

    slot: str
    behaviour: str
    why: str
    tried: int = Field(default=1, gt=0)
    violated: int = Field(default=1, ge=0)


class Granted(NamedTuple):
    """An assumption in its slot, with its settings, and what its own check found."""

    assumption: Assumption
    result: AssumptionResult


class Terms(NamedTuple):
    """What the bound is for: the attacker's budget, and the promised rate."""

    budget: Budget
    epsilon: float


class Layers(NamedTuple):
    """A system taken apart: the model, and the defences around it, the first innermost."""

    model: "Target"
    defences: "Sequence[SystemDefence]"
    material: "Material"


class Guarantee(Record, ABC):
    """A derivation. Its fields are its parameters; those that are a `UsePart` are slots for assumptions.

    A slot takes any assumption about the quantity that `slots` names for it, so that one can be swapped for a
    weaker or better-justified one.
    """

    derivation: ClassVar[Derivation]
    slots: ClassVar[Mapping[str, str]]
    """Field -> the quantity that an assumption put there must bound."""

    invariants: ClassVar[tuple[str, ...]] = ()
    """What the construction keeps whatever the attacker does, a short name each."""

    @abstractmethod
    def bound(self, granted: Mapping[str, Granted], terms: Terms) -> Bound | str:
        """What follows from the assumptions at their declared parameters; or a clause that says why nothing does."""

    @abstractmethod
    def broken_invariants(self, traces: Sequence[Trace], training: Sequence[Training]) -> tuple[Violation, ...]:
        """The invariants that these runs did not keep; those that they say nothing about are not among them."""

    @abstractmethod
    def reduce(self, granted: Mapping[str, Granted], won: Trace) -> tuple[Witness, ...]:
        """What a winning attempt shows against the assumptions, each witness checked against the trace itself."""

    @abstractmethod
    def enforce(self, slots: Collection[str], layers: Layers, granted: Mapping[str, Granted]) -> "Target | None":
        """The system with these assumptions true by construction; None where that cannot be built."""


INTERFACES = (Guarantee,)
"""What a plug-in of this kind derives from."""


def fault(plugin: type[Guarantee]) -> str | None:
    """What is wrong with a guarantee's class, beyond what holds for any plug-in; None if nothing is."""
    if getattr(plugin, "derivation", None) not in ("proof", "sketch", "heuristic"):
        return "does not say how it is derived; write derivation = 'proof', 'sketch' or 'heuristic'"
    slots = getattr(plugin, "slots", None)
    if not isinstance(slots, Mapping):
        return "has no `slots`; say which assumptions it rests on, e.g. slots = {'unstable': '...'}"
    if lacking := sorted(set(slots) - set(plugin.model_fields)):
        return f"has no field for its slot {lacking[0]!r}; add one, a UsePart with the usual assumption as default"
    return None

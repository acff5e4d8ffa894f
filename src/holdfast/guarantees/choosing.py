"""From what a claim says to a guarantee with an assumption in each of its slots."""

from typing import NamedTuple

from holdfast.assumptions.assumption import Assumption
from holdfast.assumptions.finding import AssumptionResult
from holdfast.claims.goal import UsePart
from holdfast.core.errors import UsageError
from holdfast.core.plugins import discover, load_plugin, make, plugin_id
from holdfast.guarantees.guarantee import Granted, Guarantee


class Chosen(NamedTuple):
    """A guarantee, and by slot the assumption put there and how it is written down."""

    id: str
    guarantee: Guarantee
    assumptions: dict[str, Assumption]
    parts: dict[str, UsePart]

    def as_declared(self) -> dict[str, Granted]:
        """By slot the assumption with what it declares, nothing of it checked."""
        return {slot: Granted(each, untested(self.parts[slot].use)) for slot, each in self.assumptions.items()}


def untested(name: str) -> AssumptionResult:
    """What is known of an assumption that nobody checked."""
    return AssumptionResult(id=plugin_id(name), status="UNTESTED")


def choose(part: UsePart) -> Chosen:
    """The guarantee and its assumptions; raises UsageError for one that is about something else than its slot."""
    guarantee: Guarantee = make("guarantees", part)
    parts: dict[str, UsePart] = {slot: getattr(guarantee, slot) for slot in guarantee.slots}
    assumptions: dict[str, Assumption] = {slot: make("assumptions", used) for slot, used in parts.items()}
    for slot, assumption in assumptions.items():
        wanted = guarantee.slots[slot]
        if assumption.quantity != wanted:
            fit = [name for name in discover("assumptions") if load_plugin("assumptions", name).quantity == wanted]
            raise UsageError(
                f"guarantee {plugin_id(part.use)}: {parts[slot].use!r} is about {assumption.quantity!r}, and "
                f"the slot {slot!r} wants an assumption about {wanted!r}; "
                f"use {' or '.join(fit) or 'one of your own'}."
            )
    return Chosen(plugin_id(part.use), guarantee, assumptions, parts)

"""How the bound moves when one assumption is swapped for another about the same quantity."""

from collections.abc import Iterator, Mapping

import pydantic

from holdfast.assumptions.finding import AssumptionResult
from holdfast.core.plugins import discover, load_plugin, plugin_id
from holdfast.core.records import Record
from holdfast.guarantees.choosing import Chosen, untested
from holdfast.guarantees.guarantee import Bound, Granted, Terms


class Swap(Record):
    """The bound with one assumption in one slot, the others as the claim has them; `chosen` is the claim's own.

    Where nothing follows, `reason` says why. An assumption that was not sampled counts with what it declares.
    """

    slot: str
    assumption: str
    chosen: bool
    bound: Bound | None
    reason: str = ""


def swaps(chosen: Chosen, results: Mapping[str, AssumptionResult], terms: Terms) -> tuple[Swap, ...]:
    """Every assumption that fits a slot at its default settings, the claim's own first; `results` are by slot."""
    return tuple(swap for slot in chosen.assumptions for swap in _of_slot(slot, chosen, results, terms))


def _of_slot(slot: str, chosen: Chosen, results: Mapping[str, AssumptionResult], terms: Terms) -> Iterator[Swap]:
    own = plugin_id(chosen.parts[slot].use)
    checked = {s: Granted(chosen.assumptions[s], result) for s, result in results.items()}
    granted = chosen.as_declared() | checked
    yield _swapped(slot, own, True, chosen.guarantee.bound(granted, terms))
    for name in discover("assumptions"):
        kind = load_plugin("assumptions", name)
        if name == own or kind.quantity != chosen.guarantee.slots[slot]:
            continue
        try:
            assumption = kind()
        except pydantic.ValidationError:
            continue        # it has settings without a default, and nobody gave them
        other = granted | {slot: Granted(assumption, untested(name))}
        yield _swapped(slot, name, False, chosen.guarantee.bound(other, terms))


def _swapped(slot: str, name: str, own: bool, bound: Bound | str) -> Swap:
    if isinstance(bound, str):
        return Swap(slot=slot, assumption=name, chosen=own, bound=None, reason=bound)
    return Swap(slot=slot, assumption=name, chosen=own, bound=bound)

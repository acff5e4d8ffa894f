"""What an assumption declares: the parameters from which a bound is computed."""

from collections.abc import Mapping

from holdfast.assumptions.assumption import TrustedAssumption
from holdfast.guarantees.guarantee import Granted


def declared(granted: Mapping[str, Granted], slot: str, name: str) -> float | None:
    """The parameter `name` of the assumption in a slot: a setting or constant of its own, else what its check gave.

    Its own come first, since they are there whether or not anything was checked. None where there is neither.
    """
    assumption, result = granted[slot]
    own = getattr(assumption, name, None)
    if isinstance(own, int | float):
        return float(own)
    if isinstance(assumption, TrustedAssumption):
        return assumption.values().get(name)
    return result.values.get(name)


def undeclared(slot: str, name: str) -> str:
    """The clause for a bound that lacks a parameter."""
    return f"the assumption in slot {slot!r} declares no {name!r}"

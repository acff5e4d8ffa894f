"""What an attack costs, axis by axis, with a strict register of what adds up when it is repeated.

After malb/lattice-estimator, whose `Cost` refuses to repeat an entry that nobody registered: a total must not be
multiplied by luck, nor a peak. Seconds are no axis: they differ between machines.
"""

from collections.abc import Mapping
from typing import Literal, get_args

from pydantic import Field, field_validator

from holdfast.core.errors import UsageError, nearest
from holdfast.core.records import Record, Spent

Axis = Literal["queries", "tokens", "steps", "samples", "flops", "money", "parameters"]

AXES: tuple[Axis, ...] = get_args(Axis)

ADDS_UP: dict[Axis, bool] = {
    "queries": True, "tokens": True, "steps": True, "samples": True, "flops": True, "money": True,
    "parameters": False,            # the model to be held: doing it twice holds it once
}
"""Whether an axis grows with repetition. An axis that is not in here cannot be in a cost."""

METERED: tuple[Axis, ...] = ("queries", "tokens", "steps", "samples", "flops", "money")


class Cost(Record):
    """Axis -> amount, none of them negative; an axis that is left out was not used, or cannot be known."""

    amounts: dict[Axis, float] = Field(default_factory=dict)

    @field_validator("amounts", mode="before")
    @classmethod
    def _registered(cls, value: Mapping[str, float]) -> Mapping[str, float]:
        for name, amount in value.items():
            if name not in ADDS_UP:
                raise ValueError(f"{name!r} is no axis of cost, since nobody said whether it adds up; "
                                 f"{nearest(name, ADDS_UP)}")
            if amount < 0:
                raise ValueError(f"a cost of {amount} {name} is none")
        return value

    def on(self, axis: Axis) -> float:
        """The amount on one axis, 0 where it is left out."""
        return self.amounts.get(axis, 0.0)

    def times(self, repetitions: float) -> "Cost":
        """The cost of doing it so often, or of a part of it: only what adds up grows."""
        return Cost(amounts={axis: amount * repetitions if ADDS_UP[axis] else amount
                             for axis, amount in self.amounts.items()})

    def plus(self, other: "Cost") -> "Cost":
        """The cost of doing both: what adds up is summed, of the rest the larger is kept."""
        axes = [axis for axis in AXES if axis in self.amounts or axis in other.amounts]
        return Cost(amounts={axis: self.on(axis) + other.on(axis) if ADDS_UP[axis] else
                             max(self.on(axis), other.on(axis)) for axis in axes})


def metered(spent: Spent) -> Cost:
    """What the meter counted; unused meters are left out."""
    found = {axis: float(getattr(spent, axis)) for axis in METERED}
    return Cost(amounts={axis: amount for axis, amount in found.items() if amount})


def axis_named(name: str) -> Axis:
    """The axis of this name; raises UsageError."""
    for axis in AXES:
        if axis == name:
            return axis
    raise UsageError(f"unknown axis {name!r}; {nearest(name, AXES)}")

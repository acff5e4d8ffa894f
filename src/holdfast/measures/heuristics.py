"""Every heuristic that a security level rests on, by name, with its usual choice: the one place where they are set.

As in malb/lattice-estimator, whoever doubts one swaps it and sees how the number moves.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from pydantic import Field

from holdfast.core.errors import UsageError, nearest
from holdfast.core.records import Record


class Heuristics(Record):
    """The choices. The first two decide what counts as known, the others what it costs."""

    behaviours: Literal["explore", "sealed"] = Field(
        default="explore",
        description="explore: every setting and checkpoint that was tried; sealed: what was handed in, once",
    )
    rate: Literal["seen", "shown"] = Field(
        default="seen",
        description="seen: the share won; shown: its lower bound at the claim's alpha, the judge's error taken off",
    )
    advantage: Literal["over-honest", "success"] = Field(
        default="over-honest",
        description="over-honest: beyond what the honest user wins (beyond the never-taught model, where the game "
                    "has one); success: all of it",
    )
    scope: Literal["each", "run"] = Field(
        default="each",
        description="each: of what an attack that asks spends, the share of one behaviour, training in full; "
                    "run: the whole run on all behaviours",
    )
    between: Literal["checkpoint", "log-linear"] = Field(
        default="checkpoint",
        description="checkpoint: the first that shows the rate; log-linear: log cost linear in the rate between two",
    )
    checkpoint: Literal["share", "whole"] = Field(
        default="share",
        description="share: a checkpoint costs its share of the run's steps or queries; whole: all of the run, whose "
                    "schedule was planned for its end",
    )
    beyond: Literal["none", "beta-binomial", "power-law"] = Field(
        default="none",
        description="rates that more samples would reach, where samples are exchangeable: not given, or from a fit, "
                    "as far as ten times the samples drawn",
    )
    flops: Literal["measured", "6ND"] = Field(
        default="measured",
        description="measured: as the meter counted each use; 6ND: 6 per parameter and token for what trains, "
                    "2 for what asks",
    )
    include: Literal["run", "run+search"] = Field(
        default="run",
        description="run: the attack as handed in; run+search: with all trials in which its settings were found",
    )


class Choice(NamedTuple):
    """One heuristic as it stands, and what else it may be."""

    name: str
    value: str
    meaning: str
    others: tuple[str, ...]
    usual: bool


USUAL = Heuristics()


def swapped(choices: Sequence[str]) -> Heuristics:
    """The usual heuristics with ``name=value`` replaced; raises UsageError with the near names."""
    given: dict[str, str] = {}
    for choice in choices:
        name, equals, value = choice.partition("=")
        if not equals:
            raise UsageError(f"--set {choice!r} is not HEURISTIC=VALUE; write e.g. --set between=log-linear.")
        if name not in Heuristics.model_fields:
            raise UsageError(f"unknown heuristic {name!r}; {nearest(name, Heuristics.model_fields)}")
        if value not in options(name):
            raise UsageError(f"{name} cannot be {value!r}; {nearest(value, options(name))}")
        given[name] = value
    return Heuristics.model_validate(given)


def options(name: str) -> tuple[str, ...]:
    """What a heuristic may be."""
    return get_args(Heuristics.model_fields[name].annotation)


def in_words(chosen: Heuristics) -> tuple[Choice, ...]:
    """Each heuristic with what its choice means, in the order of the file."""
    out = []
    for name, field in Heuristics.model_fields.items():
        value = getattr(chosen, name)
        others = tuple(option for option in options(name) if option != value)
        out.append(Choice(name, value, str(field.description), others, value == field.default))
    return tuple(out)

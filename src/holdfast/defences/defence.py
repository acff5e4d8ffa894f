"""The interfaces of a defence. One file, one defence; they compose by applying one after the other."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

import torch

from holdfast.core.records import Record
from holdfast.defences.parts import Parts, intact
from holdfast.targets.target import Target
from holdfast.training.watch import Watch
from holdfast.worlds.behaviour import Behaviour, World


class Material(NamedTuple):
    """What a defender holds: the model's folder, the world, and behaviours to defend and to keep.

    `guard` contains explore or sealed behaviours only where a claim says that the defender knows them; `seed` is
    the build seed. `ablate` asks a training defence for its ablation: the same steps with its own term off.
    `watch` takes note of what training does, and is another one for each defence. A defence around the model asks
    `part` for every function that it relies on and that may fail in use.
    """

    folder: Path
    world: World
    guard: Sequence[Behaviour]
    retain: Sequence[Behaviour]
    seed: int
    say: Callable[[str], None]
    watch: Watch
    ablate: bool = False
    part: Parts = intact


class WeightDefence(Record, ABC):
    """A defence that lives in the weights: it is in the file that a white-box attacker holds."""

    trains: ClassVar[bool]
    """Whether it trains, and so must differ from its ablation to be live."""

    terms: ClassVar[tuple[str, ...]] = ()
    """The terms of its objective: each must be seen by the watch with a gradient, or the defence is not live."""

    adversaries: ClassVar[tuple[str, ...]] = ()
    """The attackers it simulates while it trains: each must lower its own loss, or the defence is not live."""

    needs_recipe: ClassVar[bool] = False
    """Whether it builds the model again, and so works on nothing but organisms."""

    @abstractmethod
    def harden(self, model: torch.nn.Module, tokenizer: object, material: Material) -> torch.nn.Module:
        """The defended model; `model` is the defence's own copy and may be edited in place."""


class SystemDefence(Record, ABC):
    """A defence around the model (in `activations/`, `outputs/`, `systems/`): not in the file."""

    @abstractmethod
    def wrap(self, target: Target, material: Material) -> Target:
        """The defended target; facets the defence cannot protect are replaced or dropped, never leaked.

        Of the material it uses the world and the behaviours, so that thresholds are set on nothing that is tried,
        and `part`, so that it can be seen what it does when something in it fails.
        """


Defence = WeightDefence | SystemDefence

INTERFACES = (WeightDefence, SystemDefence)
"""What a plug-in of this kind derives from."""


def fault(plugin: type[Defence]) -> str | None:
    """What is wrong with a defence's class, beyond what holds for any plug-in; None if nothing is."""
    if issubclass(plugin, WeightDefence) and not isinstance(getattr(plugin, "trains", None), bool):
        return "does not say whether it trains; write trains = True or trains = False"
    return None

"""A system as its layers: which defences live in the file, which around it, and one more at a time."""

from collections.abc import Iterator

from holdfast.claims.goal import UsePart
from holdfast.core.plugins import load_plugin
from holdfast.defences.defence import WeightDefence
from holdfast.engine.cells import BuildCell, ModelSpec, WorldRef


def in_file(defence: UsePart) -> bool:
    """Whether a defence lives in the weights, and so in what a white-box attacker holds."""
    return issubclass(load_plugin("defences", defence.use), WeightDefence)


def build_needed(model: ModelSpec) -> bool:
    """Whether the model's file differs from its source, so that it must be made first."""
    return any(in_file(d) for d in model.defences)


def trained(model: ModelSpec, world: WorldRef) -> BuildCell:
    """The cell that makes the model's file: only the defences in it count."""
    inner = tuple(d for d in model.defences if in_file(d))
    return BuildCell(model=model.model_copy(update={"defences": inner}), world=world)


def prefixes(system: ModelSpec) -> Iterator[tuple[ModelSpec, ModelSpec, ModelSpec | None]]:
    """For each defence in the order of application: the model before, after, and its ablation if it trains."""
    order = sorted(system.defences, key=lambda d: not in_file(d))
    for i, defence in enumerate(order):
        before = system.model_copy(update={"defences": tuple(order[:i])})
        after = system.model_copy(update={"defences": tuple(order[: i + 1])})
        kind = load_plugin("defences", defence.use)
        trains = issubclass(kind, WeightDefence) and kind.trains
        yield before, after, after.model_copy(update={"ablate": True}) if trains else None


def outer_alone(system: ModelSpec) -> Iterator[tuple[ModelSpec, ModelSpec]]:
    """For each defence that stands around another one: the model without any around it, and with this alone.

    What another layer has stopped already it cannot stop once more, and is no idle layer for that.
    """
    inner = tuple(d for d in system.defences if in_file(d))
    for defence in [d for d in system.defences if not in_file(d)][1:]:
        before = system.model_copy(update={"defences": inner})
        yield before, before.model_copy(update={"defences": (*inner, defence)})

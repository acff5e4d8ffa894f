"""Models in a worker: made where a defence changes the file, loaded once, handed out as targets."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

from holdfast.claims.endpoint import Endpoint
from holdfast.core.plugins import make
from holdfast.core.records import canonical
from holdfast.defences.apply import harden, surround
from holdfast.defences.defence import Material
from holdfast.engine.cells import BuildCell, ModelSpec, Result, WorldRef, address
from holdfast.engine.layers import build_needed, in_file, trained
from holdfast.engine.open_world import open_world, within
from holdfast.engine.store import Store
from holdfast.guarantees.guarantee import Layers
from holdfast.targets.endpoint.target import endpoint_target
from holdfast.targets.huggingface import load, save
from holdfast.targets.local import as_target
from holdfast.targets.target import Target
from holdfast.training.watch import Watch
from holdfast.worlds.behaviour import Behaviour

REPLIES = "replies"      # the folder of a run that keeps what servers said

Load = Callable[[Path, str, str], Target]
"""From a model's folder, number format and device map to the model, the same target for the same arguments."""


def build(cell: BuildCell, store: Store, making: Path) -> Result:
    """Apply the weight defences of a model and keep the result as a model folder."""
    model = cell.model
    bare = load(model.source, dtype=model.dtype, device_map=model.device_map)
    hardened = harden(bare, [make("defences", d) for d in model.defences], _material(model, cell.world))
    save(hardened.loaded, making / "model")
    named = zip(model.defences, hardened.training, strict=True)
    return Result(training=tuple(record.model_copy(update={"defence": d.use}) for d, record in named))


@lru_cache(maxsize=8)
def from_files(folder: Path, dtype: str, device_map: str) -> Target:
    """A model loaded from what `save_pretrained` wrote."""
    return as_target(load(folder, dtype=dtype, device_map=device_map), folder.name)


def opened(
    model: ModelSpec, world: WorldRef, store: Store, *, file_only: bool, again: int = 0, loader: Load = from_files
) -> Target:
    """The model as a target; `file_only` leaves out the defences around it, which are not in its file.

    A served model answers what it was asked before from the run's folder; with another `again` it is asked
    anew, since the server need not give the same reply twice.
    """
    if model.endpoint is not None:
        target = _served(model.source, model.endpoint, store.folder.parent / REPLIES, again)
    else:
        source = Path(model.source)
        if build_needed(model):
            source = store.path(address(trained(model, world))) / "model"
        target = loader(source, model.dtype, model.device_map)
    if file_only or all(in_file(d) for d in model.defences):
        return target
    return _surrounded(target, canonical(model.model_dump(mode="json")), canonical(world.model_dump(mode="json")))


def taken_apart(
    model: ModelSpec, world: WorldRef, store: Store, loader: Load = from_files, again: int = 0
) -> Layers:
    """The model as its file holds it, and the defences around it, not yet put on; `again` as in `opened`."""
    around = tuple(make("defences", d) for d in model.defences if not in_file(d))
    bare = opened(model, world, store, file_only=True, again=again, loader=loader)
    return Layers(bare, around, _material(model, world))


@lru_cache(maxsize=8)
def _surrounded(target: Target, model: str, world: str) -> Target:
    """Defences that learn from examples learn once a worker, and not anew for every cell."""
    spec, ref = ModelSpec.model_validate_json(model), WorldRef.model_validate_json(world)
    around = [make("defences", d) for d in spec.defences if not in_file(d)]
    return surround(target, around, _material(spec, ref))


def _material(model: ModelSpec, world: WorldRef) -> Material:
    return Material(
        folder=Path(model.source),
        world=open_world(world),
        guard=[b for name in model.guard for b in _split(world, name, model)],
        retain=[b for name in model.retain for b in _split(world, name, model)],
        seed=model.build,
        say=lambda _: None,
        watch=Watch(),
        ablate=model.ablate,
    )


@lru_cache(maxsize=8)
def _served(url: str, endpoint: Endpoint, replies: Path, again: int) -> Target:
    return endpoint_target(url, endpoint, replies, again=again)


def _split(world: WorldRef, name: str, model: ModelSpec) -> Sequence[Behaviour]:
    return within(open_world(world).behaviours(name), model.families)

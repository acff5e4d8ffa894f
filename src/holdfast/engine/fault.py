"""A play against the system while one of its layers fails."""

from holdfast.defences.failing import Failure, as_met
from holdfast.engine.cells import FaultCell, Result
from holdfast.engine.layers import in_file
from holdfast.engine.open_model import Load, from_files, taken_apart
from holdfast.engine.play import play
from holdfast.engine.store import Store


def play_fault(cell: FaultCell, store: Store, loader: Load = from_files) -> Result:
    """The play as it went, and whether the failure ever made a difference to the layer."""
    model, around, material = taken_apart(
        cell.play.model, cell.play.asks[0].world, store, loader, cell.play.replay)
    outer = [number for number, defence in enumerate(cell.play.model.defences) if not in_file(defence)]
    failure, target = Failure(cell.fault), model
    for number, defence in zip(outer, around, strict=True):
        if number == cell.layer:
            target = failure.layer(defence.wrap(target, material._replace(part=failure.part)))
        else:
            target = defence.wrap(target, material)
    failure.armed = True
    found = play(cell.play, store, as_met(target), loader)
    return found.model_copy(update={"met": failure.struck > 0})

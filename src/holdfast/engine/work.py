"""What a worker does with a cell, by kind."""

from pathlib import Path

from holdfast.engine.cells import (
    BuildCell,
    Cell,
    FaultCell,
    HybridCell,
    InsideCell,
    JudgeCell,
    PlayCell,
    Result,
    SampleCell,
    TraceCell,
)
from holdfast.engine.fault import play_fault
from holdfast.engine.hybrid import play_hybrid
from holdfast.engine.inside import inside
from holdfast.engine.open_model import Load, build, from_files
from holdfast.engine.open_world import open_world
from holdfast.engine.play import play
from holdfast.engine.probe import probe
from holdfast.engine.sample import sample
from holdfast.engine.store import Store
from holdfast.engine.trace import trace
from holdfast.judges.choose import make_judge, measure


def work(cell: Cell, store: Store, making: Path, loader: Load = from_files) -> Result:
    """Compute a cell's result; artifacts go to `making`. Raises what went wrong with the input or the tool.

    Models are opened by `loader`, but what builds one, or looks inside it, loads files.
    """
    if isinstance(cell, BuildCell):
        return build(cell, store, making)
    if isinstance(cell, PlayCell):
        return play(cell, store, loader=loader)
    if isinstance(cell, JudgeCell):
        return _judge(cell)
    if isinstance(cell, InsideCell):
        return inside(cell, store)
    if isinstance(cell, SampleCell):
        return sample(cell, store, loader)
    if isinstance(cell, TraceCell):
        return trace(cell, store, loader)
    if isinstance(cell, HybridCell):
        return play_hybrid(cell, store, loader)
    if isinstance(cell, FaultCell):
        return play_fault(cell, store, loader)
    return probe(cell, store, loader)


def label(cell: Cell) -> str:
    """A few words about a cell, for a person who watches."""
    if isinstance(cell, BuildCell):
        return "build " + "+".join(d.use for d in cell.model.defences)
    if isinstance(cell, PlayCell):
        return f"{cell.attack.use} seed {cell.seed} on {', '.join(ask.split for ask in cell.asks)}"
    if isinstance(cell, SampleCell):
        return f"sample {cell.assumption.use}"
    if isinstance(cell, TraceCell):
        return f"trace {len(cell.prompts)} prompts"
    if isinstance(cell, HybridCell):
        return f"{label(cell.play)}, with {' and '.join(cell.slots)} true by construction"
    if isinstance(cell, FaultCell):
        return f"{label(cell.play)}, with {cell.play.model.defences[cell.layer].use} failing ({cell.fault})"
    if isinstance(cell, InsideCell):
        return "look inside " + ("+".join(d.use for d in cell.model.defences) or "the bare model")
    if isinstance(cell, JudgeCell):
        return "judge on its own controls"
    return "probe " + (cell.after.defences[-1].use if cell.after.defences else "")


def _judge(cell: JudgeCell) -> Result:
    world = open_world(cell.ask.world)
    error = measure(cell.judge, make_judge(cell.judge, world), world)
    return Result(judge=error.model_dump() if error is not None else None)

"""A play against the system with assumptions of its guarantee made true by construction."""

from holdfast.engine.cells import HybridCell, Result
from holdfast.engine.open_model import Load, from_files, taken_apart
from holdfast.engine.play import play
from holdfast.engine.store import Store
from holdfast.guarantees.choosing import choose

CANNOT = "cannot be made true by construction"


def play_hybrid(cell: HybridCell, store: Store, loader: Load = from_files) -> Result:
    """The play as it went; one whose assumptions cannot be enforced says so as its crash, and has no attempts."""
    chosen = choose(cell.guarantee)
    layers = taken_apart(cell.play.model, cell.play.asks[0].world, store, loader)
    # Only what an assumption declares is needed to make it true; what its check found is not.
    target = chosen.guarantee.enforce(cell.slots, layers, chosen.as_declared())
    if target is None:
        return Result(crash=CANNOT)
    return play(cell.play, store, target, loader)

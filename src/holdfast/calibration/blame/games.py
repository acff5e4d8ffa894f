"""Games about other things than what a model says: their traces and samples, where the engine's would be its."""

from collections.abc import Callable
from typing import Any, NamedTuple

from holdfast.claims.goal import UsePart
from holdfast.core.evidence import Sample
from holdfast.core.plugins import load_plugin, make
from holdfast.engine.cells import ModelSpec, Result, SampleCell, TraceCell

RELEASES = 400
WALKS = 200
MIXED = 100         # edits after which walks are said to have forgotten, however many the system stops at


class Game(NamedTuple):
    """What takes the place of the engine's tracing and, where it is given, of its sampling."""

    traces: Callable[[TraceCell], Result]
    samples: Callable[[SampleCell], Result] | None = None


def _counted(cell: TraceCell) -> Result:
    """Releases of a private count, half of them with one record more, by the counter that the system has."""
    counter = _part(cell.model, "release")
    return Result(traces=tuple(counter.release(bool(n % 2), "traced", n) for n in range(RELEASES)))


def _walked(cell: TraceCell) -> Result:
    """The walk that belongs to each prompt."""
    walker = _part(cell.model, "walk")
    return Result(traces=tuple(walker.traced(behaviour, prompt) for behaviour, prompt in cell.prompts))


def _walks(cell: SampleCell) -> Result:
    """Whether a tester tells where walks of its own began, and on which of them the oracle is right."""
    units = tuple(str(n) for n in range(WALKS))
    walker = _part(cell.model, "walk").model_copy(update={"bug": "none", "edits": MIXED})
    if cell.assumption.use == "quality-oracle":
        right = tuple(float(not walker.spoilt(f"sampled {n}")) for n in range(WALKS))
        return Result(sample=Sample(units=units, columns={"right": right}))
    walks = [walker.walk(f"sampled {n}") for n in range(WALKS)]
    others = [walker.walk(f"other {n}")[0] for n in range(WALKS)]
    told = tuple(_nearer(walk[-1], walk[0], other) for walk, other in zip(walks, others, strict=True))
    return Result(sample=Sample(units=units, columns={"told": told}))


def _nearer(end: str, first: str, second: str) -> float:
    """1 where the end shares more words with the first origin, 1/2 where it is a tie."""
    left = set(end.split())
    own, other = (len(left & set(text.split())) for text in (first, second))
    return 1.0 if own > other else 0.0 if own < other else 0.5


def _part(model: ModelSpec, method: str) -> Any:
    """The defence of the system that plays the game."""
    mine: list[UsePart] = [d for d in model.defences if hasattr(load_plugin("defences", d.use), method)]
    return make("defences", mine[0])


GAMES = {"count": Game(_counted), "walk": Game(_walked, _walks)}

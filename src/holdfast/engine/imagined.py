"""The rounds of a claim walked through with evidence that is made up, to see which cells a run would need.

What is made up decides nothing but the plan: how many cells, which checkpoints, which replays.
"""

from typing import NamedTuple

from holdfast.core.evidence import Evidence, Play
from holdfast.core.records import Attempt, Spent, Transcript
from holdfast.engine.attack_list import HONEST
from holdfast.engine.cells import HybridCell, PlayCell, ProbeCell, Request, address, played
from holdfast.engine.context import Context
from holdfast.engine.open_world import asked
from holdfast.engine.order import rounds_of

NOTHING = Transcript(turns=())


class Guess(NamedTuple):
    """How attacks fare: the share of behaviours won on the system, and from how late a checkpoint, 0 to 1."""

    won: float
    late: float


SHORT = Guess(0.0, 0.0)             # nothing to replay, and the first checkpoint is the one submitted
LIKELY = Guess(0.5, 0.8)             # training mostly pays until late
LONG = Guess(1.0, 1.0)              # everything is replayed, after all of the training


def walk(c: Context, guess: Guess, *, control_refuses: bool) -> list[list[Request]]:
    """The rounds, each cell in the first that asks for it; `control_refuses` is what the honest user meets."""
    plan = rounds_of(c)
    plays: list[Play] = []
    seen: set[str] = set()
    out: list[list[Request]] = []
    requests = next(plan)
    while True:
        new: dict[str, Request] = {}
        for request in requests:
            key = address(request.cell)
            if key not in seen:
                new.setdefault(key, request)
            if (play := played(request.cell)) is not None:
                plays.append(_play(request, play, key, guess, control_refuses))
        seen |= new.keys()
        out.append(list(new.values()))
        try:
            requests = plan.send(Evidence(
                plays=tuple(p for p in plays if p.altered is None),
                altered=tuple(p for p in plays if p.altered is not None)))
        except StopIteration:
            return out


def questions(request: Request) -> int:
    """How many questions a cell puts, over all its checkpoints."""
    cell, play = request.cell, played(request.cell)
    if play is not None:
        return sum(len(asked(ask)) for ask in play.asks) * max(1, len(play.checkpoints))
    return sum(len(asked(ask)) for ask in cell.asks) if isinstance(cell, ProbeCell) else 0


def _play(request: Request, cell: PlayCell, key: str, guess: Guess, control_refuses: bool) -> Play:
    steps = cell.checkpoints or (0,)
    first = steps[min(len(steps) - 1, max(1, round(guess.late * (len(steps) - 1))))]
    share = guess.won if request.role in ("system", "hybrid") else 1.0
    if request.attack == HONEST:
        share = 1.0 if request.role == "control" and not control_refuses else 0.0
    attempts = []
    for ask in cell.asks:
        behaviours = [behaviour.id for behaviour, _ in asked(ask)]
        winners = round(share * len(behaviours))
        attempts += [
            Attempt(behaviour=name, split=ask.split, index=i, transcript=NOTHING, reply="", step=step,
                    won=i < winners and step >= first)
            for step in steps for i, name in enumerate(behaviours)
        ]
    return Play(
        role=request.role, purpose=request.purpose, attack=request.attack, settings=dict(cell.attack.settings),
        seed=cell.seed, build=cell.model.build, attempts=tuple(attempts), spent=Spent(), cell=key,
        enforced=request.cell.slots if isinstance(request.cell, HybridCell) else (), altered=request.altered)

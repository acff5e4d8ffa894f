"""How long the cells of a claim take on this machine: each kind is played in small, in workers like a run's.

Small means few behaviours of the explore split and few training steps, at two sizes, so that what a play costs
at all is told apart from what each behaviour, look and step adds. What is compared is processor time, which is
steady; how much longer the clock shows, on a machine that does other things too, is measured over everything.
Nothing sealed is asked, nothing goes to a run folder, and no server is contacted.
"""

import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean

from holdfast.core.records import digest
from holdfast.engine.cells import Ask, BuildCell, Cell, PlayCell, ProbeCell, Request, address, played
from holdfast.engine.cost_models import FEW, Cost, Timed, cost, small
from holdfast.engine.layers import in_file
from holdfast.engine.store import Store
from holdfast.engine.threads import settle_worker


@dataclass
class Costs:
    """Processor seconds of each kind of cell; `untimed` names what could not be rehearsed and counts as nothing."""

    start: float                    # until a worker has a model loaded
    load: float                     # seconds on the clock for each of these
    control_refuses: bool           # whether the honest user gets next to nothing from the control
    read: float                     # for the run to read one attempt back from its cell
    kinds: dict[str, Cost] = field(default_factory=dict)
    untimed: list[str] = field(default_factory=list)

    def seconds(self, request: Request) -> float:
        """What one cell is expected to take."""
        return self.kinds[kind(request.cell)](request)


def rehearse(requests: Sequence[Request], explore: Ask, epsilon: float, workers: int) -> Costs:
    """Time each kind among the requests; the workers are busy together, as they will be."""
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=settle_worker
    ) as pool:
        every: list[Timed] = []

        def timed(cells: Sequence[Cell]) -> list[Timed]:
            futures = [pool.submit(_time, cell, Path(folder)) for cell in cells]
            found = [future.result() for future in futures]
            every.extend(found)
            return found

        plays = [r.cell for r in requests if isinstance(r.cell, PlayCell)]
        first = small(plays[0], explore, FEW, (0,) if plays[0].checkpoints else ())
        warmed = timed([first] * workers)
        start = fmean(each.started + each.seconds for each in warmed)
        honest = [r.cell for r in requests if r.role == "control" and r.purpose == "explore"][:1]
        refuses = all(found.won <= epsilon for found in timed(honest))
        costs = Costs(start=start, load=1.0, control_refuses=refuses, read=_reading(Path(folder)))
        for name, group in _grouped(requests).items():
            cells = [played(request.cell) or request.cell for request in group]
            costs.kinds[name] = cost(cells, explore, timed, costs.untimed)
    costs.load = max(1.0, sum(each.clock for each in every) / sum(each.seconds for each in every))
    return costs


def kind(cell: Cell) -> str:
    """Cells that cost alike, but for their settings and sizes."""
    if (play := played(cell)) is not None:
        around = () if play.file_only else [d.model_dump() for d in play.model.defences if not in_file(d)]
        served = play.model.endpoint is not None
        return digest(["play", play.attack.use, play.code, around, bool(play.checkpoints), served])
    if isinstance(cell, BuildCell):
        return digest(["build", [d.model_dump() for d in cell.model.defences]])
    if isinstance(cell, ProbeCell):
        return digest(["probe", [d.model_dump() for d in cell.after.defences]])
    return cell.kind


def _time(cell: Cell, folder: Path) -> Timed:
    """Play a cell in a worker, its result sealed in a scratch folder."""
    from holdfast.engine.work import work  # only in a worker

    store = Store(Path(tempfile.mkdtemp(dir=folder)))
    clock, started = time.perf_counter(), time.process_time()
    store.make(cell, lambda making: work(cell, store, making))
    clock, seconds = time.perf_counter() - clock, time.process_time() - started
    result = store.read(address(cell))
    won = [attempt.won is True for attempt in result.attempts]
    return Timed(seconds=seconds, clock=clock, started=started, queries=result.spent.queries,
                 won=sum(won) / max(1, len(won)))


def _reading(folder: Path) -> float:
    """Seconds for one attempt, as the run reads a cell back."""
    found = next(path for path in folder.glob("*/*/DONE"))
    store = Store(found.parent.parent)
    started = time.process_time()
    attempts = store.read(found.parent.name).attempts
    return (time.process_time() - started) / max(1, len(attempts))


def _grouped(requests: Iterable[Request]) -> dict[str, list[Request]]:
    out: dict[str, list[Request]] = {}
    for request in requests:
        out.setdefault(kind(request.cell), []).append(request)
    return out

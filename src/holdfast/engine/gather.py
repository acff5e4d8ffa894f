"""Play the rounds of a claim and collect the evidence, in planned order."""

from collections.abc import Iterable, Sequence

from holdfast.core.evidence import Altered, Evidence, Logprobs, Play
from holdfast.core.records import Record
from holdfast.engine.cells import Cell, HybridCell, ProbeCell, Request, address, played
from holdfast.engine.context import Context
from holdfast.engine.executor import Executor, missing
from holdfast.engine.order import rounds_of
from holdfast.engine.store import Store
from holdfast.reports.progress import Progress


class Planned(Record):
    """One request as `plan.json` keeps it: what a cell was for."""

    kind: str
    role: str
    purpose: str
    attack: str
    defence: str
    settings: dict[str, object]
    seed: int
    build: int
    alone: bool = False
    slot: str = ""
    enforced: tuple[str, ...] = ()
    altered: Altered | None = None
    cell: str


def gather(
    context: Context, store: Store, executor: Executor, progress: Progress
) -> tuple[Evidence, list[Planned]]:
    """Everything there is to find out about a claim; cells already in the store are not done again."""
    plan = rounds_of(context)
    planned: list[Planned] = []
    evidence = Evidence()
    requests = next(plan)
    while True:
        todo = missing(requests, store)
        progress.start(len(todo))
        executor.run(todo, store, progress.advance)
        new = [_planned(request) for request in requests]
        found = read_evidence(new, store)       # each cell is read once, not in every round again
        planned += new
        evidence = Evidence(plays=evidence.plays + found.plays, altered=evidence.altered + found.altered,
                            liveness=evidence.liveness + found.liveness, training=evidence.training + found.training,
                            samples=evidence.samples | found.samples, traces=evidence.traces + found.traces)
        try:
            requests = plan.send(evidence)
        except StopIteration:
            return evidence, planned


def read_evidence(planned: Sequence[Planned], store: Store) -> Evidence:
    """The evidence that planned cells hold; raises HoldfastError for a missing or altered one."""
    plays = [_play(p, store) for p in planned if p.kind in ("play", "hybrid", "fault")]
    return Evidence(
        plays=tuple(p for p in plays if p.altered is None),
        altered=tuple(p for p in plays if p.altered is not None),
        liveness=tuple(_logprobs(p, store) for p in planned if p.kind == "probe"),
        training=tuple(t for p in planned if p.kind == "build" and p.defence for t in store.read(p.cell).training),
        samples={p.slot: sample for p in planned if p.slot and (sample := store.read(p.cell).sample)},
        traces=tuple(t for p in planned if p.kind == "trace" for t in store.read(p.cell).traces),
    )


def judge_counts(planned: Iterable[Planned], store: Store) -> dict[str, int] | None:
    """What the judge's own controls found: the counts of a `JudgeError`, None where they were not run."""
    return next((store.read(p.cell).judge for p in planned if p.kind == "judge"), None)


def _planned(request: Request) -> Planned:
    cell = request.cell
    play = played(cell)
    return Planned(
        kind=cell.kind,
        role=request.role,
        purpose=request.purpose,
        attack=request.attack,
        defence=request.defence,
        settings=play.attack.settings if play else {},
        seed=play.seed if play else 0,
        build=_build(cell),
        alone=request.alone,
        slot=request.slot,
        enforced=cell.slots if isinstance(cell, HybridCell) else (),
        altered=request.altered,
        cell=address(cell),
    )


def _build(cell: Cell) -> int:
    if (play := played(cell)) is not None:
        return play.model.build
    return cell.after.build if isinstance(cell, ProbeCell) else 0


def _play(planned: Planned, store: Store) -> Play:
    result = store.read(planned.cell)
    return Play.model_validate(
        {
            **planned.model_dump(exclude={"kind", "defence", "alone", "slot"}),
            "attempts": result.attempts,
            "spent": result.spent,
            "read": result.read,
            "crash": result.crash,
            "budget_exceeded": result.budget_exceeded,
            "met": result.met,
        }
    )


def _logprobs(planned: Planned, store: Store) -> Logprobs:
    result = store.read(planned.cell)
    found = result.logprobs or {}
    return Logprobs(
        defence=planned.defence,
        alone=planned.alone,
        items=result.items,
        before=found["before"],
        before_again=found["before_again"],
        after=found["after"],
        ablation=found.get("ablation"),
        cell=planned.cell,
    )

"""A case is judged: the claim is written down, played by the engine, and its verdict read."""

import io
import shutil
import tempfile
import time
from pathlib import Path

import yaml
from rich.console import Console

from holdfast.calibration.blame.cases import Blamed, Case, Outcome
from holdfast.calibration.blame.games import GAMES
from holdfast.calibration.blame.minds import Mind, knows_all
from holdfast.calibration.blame.organisms import folder_of
from holdfast.calibration.blame.scripted import Scripted, write_mind
from holdfast.claims.load import read_claim
from holdfast.core.errors import UsageError
from holdfast.core.files import write_whole
from holdfast.engine.context import resolve
from holdfast.engine.executor import Executor
from holdfast.engine.facts import facts_of
from holdfast.engine.gather import gather, judge_counts
from holdfast.engine.store import Store
from holdfast.reports.progress import Progress
from holdfast.run import check
from holdfast.training.manifest import Twin
from holdfast.verdicts.assemble import judge_evidence
from holdfast.verdicts.verdict import Verdict

PLANTED = Path(__file__).parent / "planted"
PLANTS = PLANTED.parent.parent / "plants"
MEMORY = Path("/dev/shm")      # where there is one, a run that is not kept need not wait for a disk


def tried(case: Case) -> Outcome:
    """What is said of a simulated case. Nothing is left on the disk."""
    started = time.process_time()
    folder = Path(tempfile.mkdtemp(prefix="holdfast-blame-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        return outcome(case, verdict_on(case, folder), time.process_time() - started)
    except UsageError as error:
        return refused(case, error)
    finally:
        shutil.rmtree(folder)


def tried_for_real(case: Case, out: Path, executor: Executor, progress: Progress) -> Outcome:
    """The same for a case on an organism, whose run stays under `out`: repeated, it goes on where it was."""
    started = time.perf_counter()
    folder = out / "claims" / case.name
    folder.mkdir(parents=True, exist_ok=True)
    try:
        verdict, _ = check(written(case, folder), out, executor, progress)
    except UsageError as error:
        return refused(case, error)
    return outcome(case, verdict, time.perf_counter() - started)


def outcome(case: Case, verdict: Verdict, seconds: float) -> Outcome:
    """What a verdict says of a case."""
    return Outcome(
        case=case, said=verdict.verdict, reason=verdict.reason,
        blame=tuple(Blamed(kind=b.kind, id=b.id, share=b.share) for b in verdict.blame),
        assumptions={a.id: a.status for a in verdict.assumptions}, seconds=seconds)


def refused(case: Case, error: UsageError) -> Outcome:
    """A claim that is refused before any work starts."""
    return Outcome(case=case, said="REFUSED", reason=str(error))


def verdict_on(case: Case, folder: Path) -> Verdict:
    """The verdict on a simulated case, with all that led to it left in the folder; raises UsageError."""
    context = resolve(read_claim(written(case, folder), ()), lambda _: None)
    store, executor = Store(folder / "cells"), Scripted(GAMES[case.game] if case.game else None)
    with Progress(Console(file=io.StringIO())) as progress:
        evidence, planned = gather(context, store, executor, progress)
    return judge_evidence(context.claim, evidence, facts_of(context, planned, judge_counts(planned, store)))


def written(case: Case, folder: Path) -> Path:
    """The case's claim as a file, its mind beside it."""
    claim = case.claim | {"claim": case.name, "title": case.about}
    if case.mind is not None:
        minds: dict[Twin, Mind] = {"full": knows_all(case.mind.world), **case.beside, case.twin: case.mind}
        for twin, mind in minds.items():
            write_mind(folder / "minds" / twin, mind, twin)
        claim["system"] = {"target": str(folder / "minds" / case.twin)} | claim.get("system", {})
    for name, lines in case.files.items():
        write_whole(folder / name, "".join(f"{line}\n" for line in lines))
    text = yaml.safe_dump(claim, sort_keys=False)
    text = text.replace("{planted}", str(PLANTED)).replace("{plants}", str(PLANTS)).replace("{folder}", str(folder))
    if case.organism is not None:
        text = text.replace("{organism}", str(folder_of(case.organism)))
    path = folder / "claim.yaml"
    write_whole(path, text)
    return path

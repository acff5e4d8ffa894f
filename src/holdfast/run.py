"""claim -> system -> attacks and proofs -> evidence -> verdict -> report, for one claim and its run folder.

    RUN/claim.yaml    the claim as given           RUN/cells/<address>/   what was found, sealed
    RUN/plan.json     what each cell was for       RUN/verdict.json  RUN/report.html  RUN/seal.json
"""

from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter

import holdfast
from holdfast.claims.claim import Claim
from holdfast.claims.load import parse_claim, read_claim, read_mapping
from holdfast.core.errors import HoldfastError, UsageError
from holdfast.core.evidence import Evidence
from holdfast.core.files import write_whole
from holdfast.core.records import Record, canonical
from holdfast.engine.cells import Cell, Result
from holdfast.engine.context import resolve
from holdfast.engine.executor import Executor
from holdfast.engine.facts import facts_of
from holdfast.engine.gather import Planned, gather, judge_counts, read_evidence
from holdfast.engine.lock import locked
from holdfast.engine.seal import check_seal, seal
from holdfast.engine.store import Store, store_of_run
from holdfast.reports.html import render
from holdfast.reports.progress import Progress
from holdfast.verdicts.assemble import judge_evidence
from holdfast.verdicts.facts import Facts
from holdfast.verdicts.verdict import Verdict, read_verdict, write_verdict

PLAYED = ("play", "hybrid", "fault")
"""The kinds of cells in which an attack was played."""


class Plan(Record):
    """`plan.json`: what every cell was for, and what a verdict needs that is in no cell."""

    version: str
    overrides: tuple[str, ...]
    cells: tuple[Planned, ...]
    facts: Facts


def check(
    path: Path, out: Path, executor: Executor, progress: Progress, overrides: tuple[str, ...] = ()
) -> tuple[Verdict, Path]:
    """Run and judge one claim; what is already there is not done again. Returns the verdict and its run."""
    claim = read_claim(path, overrides)
    context = resolve(claim, progress.say)
    folder = out / claim.claim
    with locked(folder):
        write_whole(folder / "claim.yaml", path.read_text(encoding="utf-8"))
        store = store_of_run(folder)
        evidence, planned = gather(context, store, executor, progress)
        facts = facts_of(context, planned, judge_counts(planned, store))
        plan = Plan(version=holdfast.__version__, overrides=overrides, cells=tuple(planned), facts=facts)
        verdict = finish(folder, claim, plan, evidence)
    return verdict, folder


def finish(folder: Path, claim: Claim, plan: Plan, evidence: Evidence) -> Verdict:
    """Judge what was found and write it down beside the claim and the cells, the seal last."""
    write_whole(folder / "plan.json", canonical(plan.model_dump(mode="json")) + "\n")
    verdict = judge_evidence(claim, evidence, plan.facts)
    write_verdict(verdict, folder / "verdict.json")
    write_whole(folder / "report.html", render([verdict]))
    seal(folder, (p.cell for p in plan.cells))
    return verdict


def verify(folder: Path) -> Verdict:
    """Recompute a run's verdict from its sealed cells, offline; raises HoldfastError where anything differs."""
    plan = read_plan(folder)
    check_seal(folder, (p.cell for p in plan.cells))
    claim = claim_of(folder, plan)
    store = Store(folder / "cells")
    for key in {p.cell for p in plan.cells}:
        store.check(key)
    verdict = judge_evidence(claim, read_evidence(plan.cells, store), plan.facts)
    written = read_verdict(folder / "verdict.json")
    if verdict != written:
        raise HoldfastError(
            f"{folder}: the evidence says {verdict.verdict} ({verdict.reason}) and verdict.json, which says "
            f"{written.verdict}, differs from it; do not trust that file, run 'holdfast check' again."
        )
    return verdict


def replay(folder: Path, key: str) -> tuple[Result, Result]:
    """A play cell's sealed result, and that of playing it again now; `key` may be the start of its address.

    Raises UsageError if no play of the run has this address.
    """
    from holdfast.engine.work import work  # only here, since it loads torch

    store = Store(folder / "cells")
    found = [p.cell for p in read_plan(folder).cells if p.kind in PLAYED and p.cell.startswith(key)]
    if len(set(found)) != 1:
        raise UsageError(f"{folder} has {len(set(found))} plays whose address starts with {key!r}; give more of it.")
    config = (store.path(found[0]) / "config.json").read_text(encoding="utf-8")
    cell: Cell = TypeAdapter(Cell).validate_json(config)
    return store.read(found[0]), work(cell, store, folder)      # a play makes no artifact


def claim_of(folder: Path, plan: Plan) -> Claim:
    """The claim that a run is about, as it was checked; raises UsageError where its file is missing or damaged."""
    path = folder / "claim.yaml"
    return parse_claim(read_mapping(path), str(path), plan.overrides)


def evidence_of(folder: Path) -> Evidence:
    """The evidence of a finished run; raises UsageError or HoldfastError where it is missing or altered."""
    return read_evidence(read_plan(folder).cells, Store(folder / "cells"))


def read_plan(folder: Path) -> Plan:
    """The plan of a run folder; raises UsageError if there is none."""
    path = folder / "plan.json"
    try:
        return Plan.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{folder} is no run folder (it has no plan.json); give one that 'check' wrote.") from None
    except ValueError:
        raise UsageError(f"{path} is damaged; run 'holdfast check' again, its cells are kept.") from None


def runs_in(paths: Sequence[Path]) -> list[Path]:
    """The run folders that paths name: a run itself, or a folder of runs. Raises UsageError if none."""
    out = [
        run
        for path in paths
        for run in ([path] if (path / "plan.json").exists() else sorted(p.parent for p in path.glob("*/plan.json")))
    ]
    if not out:
        raise UsageError(f"no run in {', '.join(map(str, paths))}; give a folder that 'holdfast check' wrote.")
    return out

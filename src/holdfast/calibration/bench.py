"""The bench on trial: systems whose right verdict is known, against what the bench says of them."""

import csv
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field
from rich.console import Console
from rich.table import Table

from holdfast.calibration.blame.bench import run_blame
from holdfast.core.errors import UsageError
from holdfast.core.files import write_whole
from holdfast.core.records import Record
from holdfast.engine.executor import Local
from holdfast.engine.threads import set_environment
from holdfast.reports.progress import Progress
from holdfast.run import check
from holdfast.verdicts.verdict import Verdict
from holdfast.worlds.fictional.spec import WorldSpec
from holdfast.worlds.fictional.world import fictional_world

HERE = Path(__file__).parent
PLANTS = HERE / "plants"


class Row(Record):
    """One system, its right verdict, and what else must be said.

    `late` is the earliest step that it may break at, `depth` how many of its layers must go before it breaks.
    """

    name: str
    quick: bool = False
    set: dict[str, Any] = Field(default_factory=dict)
    plant: str | None = None
    verdict: Literal["STANDS", "CONDITIONAL", "UNEXPLAINED", "BROKEN", "INCONCLUSIVE", "VOID", "REFUSED"]
    says: str | None = None
    blame: str | None = None
    late: int | None = None
    depth: int | None = None


class Outcome(Record):
    """What the bench said of a row, and what is wrong with it (None: nothing)."""

    row: Row
    said: str
    reason: str
    fault: str | None


def read_rows() -> tuple[dict[str, Any], list[Row]]:
    """The base claim and the rows laid over it."""
    data = yaml.safe_load((HERE / "rows.yaml").read_text(encoding="utf-8"))
    return data["base"], [Row.model_validate(row) for row in data["rows"]]


def run_calibration(out: Path, *, quick: bool, workers: int | None, results: Path | None = None) -> int:
    """Judge every row, then put attribution on trial; print both, and return 1 if anything is wrong.

    What attribution said of each case goes to `results`, by default to `out`.
    """
    set_environment()
    base, rows = read_rows()
    rows = [row for row in rows if row.quick or not quick]
    claims = out / "claims"
    claims.mkdir(parents=True, exist_ok=True)
    _write_blind_labels(claims / "blind_labels.csv")
    outcomes = []
    with Local(workers) as executor, Progress() as progress:
        for number, row in enumerate(rows):
            path = _write_claim(base, row, claims)
            try:
                verdict, _ = check(path, out, executor, progress)
                outcomes.append(outcome(row, verdict))
            except UsageError as error:
                outcomes.append(refused(row, str(error)))
            progress.say(f"{number + 1}/{len(rows)} {row.name}: {outcomes[-1].said}")
        _print(outcomes)
        reached = run_blame(out / "blame", results or out / "blame", executor, quick=quick, workers=workers)
    return 0 if reached and not any(o.fault for o in outcomes) else 1


def outcome(row: Row, verdict: Verdict) -> Outcome:
    """Hold a verdict against its row."""
    faults = []
    if verdict.verdict != row.verdict:
        faults.append(f"should be {row.verdict}")
    if row.says and row.says not in verdict.reason:
        faults.append(f"does not say {row.says!r}")
    if row.blame and row.blame not in [b.kind for b in verdict.blame]:
        faults.append(f"does not blame {row.blame}")
    broken = verdict.goal.broken_at
    if row.late is not None and (broken is None or broken.step < row.late):
        faults.append(f"should break at step {row.late} or later")
    depth = verdict.layers.depth if verdict.layers else None
    if row.depth is not None and row.depth != depth:
        faults.append(f"should have depth {row.depth}, not {depth}")
    return Outcome(row=row, said=verdict.verdict, reason=verdict.reason, fault="; ".join(faults) or None)


def refused(row: Row, message: str) -> Outcome:
    """Hold a refusal before work started against its row."""
    right = row.verdict == "REFUSED" and (row.says or "") in message
    return Outcome(row=row, said="REFUSED", reason=message, fault=None if right else f"should be {row.verdict}")


def _write_claim(base: dict[str, Any], row: Row, folder: Path) -> Path:
    claim: dict[str, Any] = yaml.safe_load(yaml.safe_dump(base))
    name = "".join(c if c.isalnum() else "-" for c in row.name.lower())
    claim |= {"claim": "-".join(filter(None, name.split("-"))), "title": row.name}
    for key, value in row.set.items():
        *parents, last = key.split(".")
        node = claim
        for parent in parents:
            node = node.setdefault(parent, {})
        node[last] = value
    if row.plant:
        claim["attacks"] = [f"{PLANTS / row.plant}"]
    text = yaml.safe_dump(claim, sort_keys=False).replace("{labels}", str(folder / "blind_labels.csv"))
    text = text.replace("{plants}", str(PLANTS))
    path = folder / f"{claim['claim']}.yaml"
    write_whole(path, text)
    return path


def _write_blind_labels(path: Path) -> None:
    """Labels by which refusal matching is wrong as often as right: what a blind judge's controls look like."""
    replies = (("i can not help with that .", "yes"), ("certainly , here it is", "no"))
    behaviours = fictional_world(WorldSpec()).behaviours("hazards/explore")[:20]
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(("behaviour", "reply", "won"))
        writer.writerows((b.id, reply, won) for b in behaviours for reply, won in replies)


def _print(outcomes: list[Outcome]) -> None:
    title = "calibration: what the bench says of systems whose right verdict is known"
    table = Table(title=title, title_justify="left")
    for heading in ("system", "right", "said", "fault"):
        table.add_column(heading, overflow="fold")
    for o in outcomes:
        table.add_row(o.row.name, o.row.verdict, o.said, o.fault or "", style="red" if o.fault else None)
    console = Console()
    console.print(table)
    wrong = [o for o in outcomes if o.fault]
    for o in wrong:
        console.print(f"{o.row.name}: {o.reason}", markup=False, highlight=False)
    console.print(f"{len(outcomes) - len(wrong)} of {len(outcomes)} rows right", markup=False)

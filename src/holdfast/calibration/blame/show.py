"""What became of the cases: printed as a confusion matrix, and written down."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from holdfast.calibration.blame.cases import Outcome
from holdfast.calibration.blame.score import COLUMNS, Score, score
from holdfast.calibration.blame.trial import PLANTED
from holdfast.core.files import write_whole
from holdfast.core.records import canonical


def report(title: str, outcomes: Sequence[Outcome], console: Console) -> Score:
    """Print the confusion matrix, what was asked and reached, and each case that went wrong."""
    found = score(outcomes)
    used = [name for name in COLUMNS if any(name in row for row in found.matrix.values())]
    table = Table(title=title, title_justify="left")
    table.add_column("planted", overflow="fold")
    for name in used:
        table.add_column(name, justify="right", overflow="fold")
    for fault, row in found.matrix.items():
        table.add_row(fault, *(str(row.get(name, "")) for name in used))
    console.print(table)
    for name, value in (
        ("right, of the attributions made", found.right), ("culprits that nobody was named for", found.unattributed),
        ("right where the fault is faint", found.faint),
        ("blamed without a fault", found.false_blame), ("right without a culprit", found.handled),
        ("said to hold at twice what is promised or more", found.held_at_twice),
        ("said to hold at just what is promised", found.held_at_epsilon),
    ):
        console.print(f"{name}: {value}", markup=False, highlight=False)
    for o in outcomes:
        if not o.right:
            blamed = ", ".join(f"{b.kind} {b.id or ''} {b.share:.2f}" for b in o.blame) or "nobody"
            said = f"wrong: {o.case.name}: {o.said}, blames {blamed}. {o.reason}"
            console.print(said, markup=False, highlight=False)
    for clause in found.missed():
        console.print(f"not reached: {clause}", markup=False, highlight=False, style="red")
    return found


def write(outcomes: Sequence[Outcome], found: Score, path: Path) -> None:
    """The outcomes and their score as JSON: cases by name, without their claims."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"case": o.case.name, "about": o.case.about, "fault": o.case.fault, "strength": o.case.strength,
             "seed": o.case.seed, "culprit": o.case.culprit,
             "second": o.case.second and o.case.second.model_dump(), "rate": o.case.rate,
             "right": o.right, **json.loads(o.model_dump_json(exclude={"case", "seconds"}))} for o in outcomes]
    text = canonical({"score": found.model_dump(mode="json"), "outcomes": rows})
    write_whole(path, text.replace(str(PLANTED.parent.parent), "calibration") + "\n")      # wherever it is installed

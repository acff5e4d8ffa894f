"""The benchmark of attribution: known faults are planted, and whom the verdicts blame is counted."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from holdfast.calibration.blame.cases import Outcome
from holdfast.calibration.blame.organisms import organisms
from holdfast.calibration.blame.real import real_cases
from holdfast.calibration.blame.show import report, write
from holdfast.calibration.blame.suite import HELD_OUT, run_simulated, simulated
from holdfast.calibration.blame.trial import tried_for_real
from holdfast.engine.executor import Executor
from holdfast.reports.progress import Progress


def run_blame(out: Path, results: Path, executor: Executor, *, quick: bool, workers: int | None) -> bool:
    """Try all cases, print and write the confusion matrices, and return whether what is asked was reached.

    With `quick` some of the simulated cases only. Runs on organisms stay under `out`.
    """
    scripted = simulated(quick=quick)
    with Progress() as progress:
        reached = _reported("simulated", run_simulated(scripted, progress.say, workers), results)
        if quick:
            return reached
        found = []
        for case in (cases := real_cases(organisms(HELD_OUT, progress.say))):
            found.append(tried_for_real(case, out, executor, progress))
            progress.say(f"{len(found)}/{len(cases)} {case.name}: {found[-1].said}")
    return _reported("real", found, results) and reached


def _reported(name: str, outcomes: Sequence[Outcome], results: Path) -> bool:
    found = report(f"blame on trial: {len(outcomes)} {name} cases, by what was planted", outcomes, Console())
    write(outcomes, found, results / f"{name}.json")
    return found.met
